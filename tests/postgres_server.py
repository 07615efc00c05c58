"""Debian's PostgreSQL, on a free port, for the time of a test."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench import kept_port, missing, wait_until


class Postgres:
    """A server: a context manager. It can be stopped and started again; its data stays until the end."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def __enter__(self) -> Postgres:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not programs:
            missing("PostgreSQL")
        self._programs = programs[-1]
        # It refuses to run as root, and its user must be able to enter its folder.
        account = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="postgres"))
        self._identity: Any = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        if account:
            os.chown(self._folder, account.pw_uid, account.pw_gid)
        self._kept = contextlib.ExitStack()
        self.port = self._kept.enter_context(kept_port())
        initdb = [*("-D", self._data, "-U", "me", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")]
        subprocess.run(
            [str(self._programs / "initdb"), *initdb], cwd="/", check=True, stdout=subprocess.DEVNULL, **self._identity
        )
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.stop()
        self._kept.close()
        shutil.rmtree(self._folder)

    @property
    def url(self) -> str:
        """Its address, with a password that it does not ask for."""
        return f"postgres://me:secret-word@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(self._folder), *self._options]
        self._server = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", self._data, *options],
            cwd="/",
            stderr=subprocess.DEVNULL,
            **self._identity,
        )
        wait_until(self._answers, "PostgreSQL to answer")

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it; by default by a fast shutdown, which does not wait for open connections."""
        if self._server.poll() is None:
            self._server.send_signal(number)
        self._server.wait()

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _answers(self) -> bool:
        import psycopg  # noqa: PLC0415

        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="me", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True
