"""A collector in a process of its own, and what speaks to it."""

from __future__ import annotations

import base64
import http.client
import json
import os
import random
import re
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4

from prometheus_client.openmetrics.parser import text_string_to_metric_families
from workbench import HANG_S, kept_port, wait_until

from instrumented_make.report.collected import FILE

KEY = "team-key"
CATALOG = """\
project: team
event: devstack.command.run
main_branch: main
segment:
  write_key: {key}
  host: http://127.0.0.1:8765
consent:
  who: The maintainers
  why: to test
{fields}targets:
  - name: dev.up.%
    stems: [lms, studio]
  - name: dev.pull
    help: Fetch everything
  - name: dev.shell
    interactive: true
"""
NOW = datetime.now(timezone.utc)


def write_catalog(path: Path, *, fields: str = "", key: str = KEY) -> Path:
    """A catalog at ``path``; ``fields`` are the optional ones."""
    path.write_text(CATALOG.format(key=key, fields=f"fields: [{fields}]\n" if fields else ""))
    return path


def user(number: int) -> str:
    """The random id of a person, always the same for a number."""
    return str(UUID(int=number << 80 | 0x4 << 76 | 0x8 << 60 | number, version=4))


def certificates(folder: Path) -> tuple[Path, Path, Path]:
    """A made-up authority, and a certificate for this machine with its key."""
    authority, certificate, key = folder / "authority.pem", folder / "host.pem", folder / "host.key"
    request = folder / "host.csr"
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    for line in (
        f"req -x509 -newkey rsa:2048 -nodes -keyout {folder}/authority.key -out {authority} -days 2 -subj /CN=us",
        f"req -newkey rsa:2048 -nodes -keyout {key} -out {request} -subj /CN=localhost",
        f"x509 -req -in {request} -CA {authority} -CAkey {folder}/authority.key -CAcreateserial -days 2 "
        f"-extfile {folder}/names -out {certificate}",
    ):
        subprocess.run(["openssl", *line.split()], check=True, capture_output=True)
    return authority, certificate, key


def event(message_id: str | None = None, user_id: str = user(1), **properties: Any) -> dict[str, Any]:
    """A track event as a client sends it, with these properties in place of usual ones."""
    return {
        "type": "track",
        "event": "devstack.command.run",
        "userId": user_id,
        "messageId": uuid4().hex if message_id is None else message_id,
        "timestamp": "2026-05-17T19:44:09.105052+00:00",
        "properties": {
            "command": "dev.pull",
            "command_type": "make",
            "duration_ms": 8421,
            "exit_status": 0,
            "git_checked_out_master": True,
            "git_commit_time": "2026-05-17T15:02:10-04:00",
            "is_test": "false",
            "start_time": (NOW - timedelta(hours=1)).isoformat(timespec="microseconds"),
            **properties,
        },
    }


def batch(*events: dict[str, Any]) -> bytes:
    """The body of a request with these events."""
    return json.dumps({"batch": list(events), "sentAt": NOW.isoformat()}).encode()


def basic(user: str, password: str = "") -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


class Collecting:
    """A collector that runs: a context manager. ``told`` are the lines that it prints, ``logged`` those of its log.

    ``authority``: the certificate of whom its clients trust, if it has TLS.
    """

    def __init__(
        self,
        catalog: Path,
        data: str,
        *options: str,
        environment: dict[str, str] | None = None,
        authority: Path | None = None,
    ) -> None:
        self.catalog, self.data, self.options = catalog, data, options
        self.environment = environment or {}
        self.authority = authority
        self.told: list[str] = []
        self.logged: list[str] = []
        self._changed = threading.Condition()
        self._kept = ExitStack()

    def __enter__(self) -> Collecting:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self._collect_rest()
        self._kept.close()

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self.told.clear()
        self.process = subprocess.Popen(
            command(str(self.catalog), "--data", self.data, "--port", "0", *self.options),
            env={**os.environ, "PYTHONWARNINGS": "error", **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._threads = [
            threading.Thread(target=self._read, args=arguments, daemon=True)
            for arguments in ((self.process.stdout, self.told), (self.process.stderr, self.logged))
        ]
        for thread in self._threads:
            thread.start()
        self.wait_for(lambda: len(self.told) >= 2 or self.process.poll() is not None, "the collector to begin")
        assert self.process.poll() is None, "\n".join(self.logged)
        address = re.fullmatch(r"Events: (https?)://(.+):(\d+)/v1/batch", self.told[0])
        assert address, self.told
        self.scheme, self.host, self.port = address[1], address[2].strip("[]"), int(address[3])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; return its exit status."""
        self.process.send_signal(number)
        self.process.wait(HANG_S)
        self._collect_rest()
        return self.process.returncode

    def sleep(self) -> None:
        """End it; nobody answers at its port until it is started again there."""
        assert self.stop() == 0
        self._kept.enter_context(kept_port(self.port))
        self.options = (*self.options, "--port", str(self.port))

    def wait_for(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for a fact."""
        wait_until(is_so, what)

    def wait_for_log(self, pattern: str) -> None:
        """Wait until a line of the log holds this."""
        self.wait_for(lambda: any(re.search(pattern, line) for line in list(self.logged)), f"a line with {pattern}")

    @property
    def reader_key(self) -> str:
        """The reader's key, which the first start tells."""
        [key] = re.findall(r"[?]key=(\S+)", "\n".join(self.told))
        return str(key)

    @property
    def file(self) -> Path:
        """The file with its events."""
        return Path(self.data) / FILE

    def connect(self) -> http.client.HTTPConnection:
        """A connection to it."""
        if self.authority is not None:
            context = ssl.create_default_context(cafile=str(self.authority))
            return http.client.HTTPSConnection("localhost", self.port, timeout=HANG_S, context=context)
        return http.client.HTTPConnection(self.host, self.port, timeout=HANG_S)

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """The status, the headers and the body of an answer."""
        with closing(self.connect()) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def send(self, *events: dict[str, Any], key: str = KEY) -> int:
        """Send a batch; return the status of the answer."""
        return self.ask("POST", "/v1/batch", batch(*events), basic(key))[0]

    def send_as(self, user_id: str) -> int:
        """Send an event of the workbench's only command; return the status of the answer."""
        return self.send(event(user_id=user_id, command="one"), key="test-key")

    def read(self, path: str) -> tuple[int, str]:
        """What a reader with the key gets."""
        status, _, body = self.ask("GET", path, headers=basic("", self.reader_key))
        return status, body.decode()

    def delete(self, user_id: str, key: str = KEY) -> int:
        """Ask for the deletion of an id; return the status."""
        return self.ask("DELETE", f"/v1/users/{user_id}", headers=basic(key))[0]

    def stored(self, columns: str = "id") -> list[Any]:
        """These columns of every event, in the order of arrival; of a single column, its values."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT {columns} FROM events ORDER BY number").fetchall()  # noqa: S608
        return [row[0] for row in rows] if rows and len(rows[0]) == 1 else rows

    def left(self) -> dict[str, int]:
        """How often something was not kept, by reason."""
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            return dict(connection.execute("SELECT reason, count FROM left").fetchall())

    def _read(self, stream: Any, lines: list[str]) -> None:
        for line in stream:
            lines.append(line.rstrip("\n"))

    def _collect_rest(self) -> None:
        self.process.wait(HANG_S)
        for thread in self._threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def command(*arguments: str) -> list[str]:
    """The command line of ``collect`` with these arguments."""
    return [sys.executable, "-m", "generator", "collect", *arguments]


def collect(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``collect``, which is expected to end by itself."""
    return subprocess.run(command(*arguments), capture_output=True, text=True, check=False, timeout=HANG_S)


def report(*arguments: str) -> str:
    """What a report prints."""
    done = subprocess.run(
        [sys.executable, "-m", "generator", "report", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1783324800"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_team(number: int, **properties: Any) -> list[dict[str, Any]]:
    """An event of each of so many people."""
    return [event(user_id=user(one + 1), **properties) for one in range(number)]


def families(content: str) -> dict[str, dict[tuple[str, ...], float]]:
    """The values of each family of metrics by their labels' values, as Prometheus' own client reads them."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(content)  # type: ignore[no-untyped-call]
    }


def labels(content: str) -> dict[str, set[str]]:
    """The names of the labels of each metric."""
    return {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(content)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


class Senders:
    """Threads that send batches of events until they are told to stop; each remembers what was acknowledged."""

    def __init__(self, running: Collecting, threads: int = 4) -> None:
        self.sent: set[str] = set()
        self.acknowledged: set[str] = set()
        self.is_over = threading.Event()
        self._running = running
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(threads)]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        count = 0
        while not self.is_over.is_set():
            count += 1
            ids = [f"{self._running.process.pid}-{number}-{count}-{place}" for place in range(random.choice([1, 20]))]
            self.sent.update(ids)
            try:
                status = self._running.send(*(event(one, user(number + 1)) for one in ids))
            except (OSError, http.client.HTTPException):  # it was killed, maybe in the middle of its answer
                continue
            if status == 200:
                self.acknowledged.update(ids)
