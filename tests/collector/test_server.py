from __future__ import annotations

import gzip
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from collecting import CATALOG, KEY, Collecting, basic, batch, certificates, collect, event, user, write_catalog
from segment.analytics.client import Client
from workbench import HANG_S

from instrumented_make.collector import intake
from instrumented_make.reporter import segment
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination

UNUSUAL: dict[str, Any] = {"git_dirty": True, "git_commit_time": None}


def test_a_batch_is_in_the_file_once_it_is_answered(collecting: Collecting) -> None:
    """With what was agreed to, and nothing else of the request."""
    status, headers, body = collecting.ask(
        "POST",
        "/v1/batch",
        batch(event("m1", **UNUSUAL) | {"context": {"ip": "198.51.100.7"}}),
        basic(KEY) | {"User-Agent": "agent-of-mine/1", "X-Forwarded-For": "198.51.100.7"},
    )
    assert (status, json.loads(body)) == (200, {"success": True})
    assert "server" not in headers
    [row] = collecting.stored("*")
    assert row[1:4] == ("m1", user(1), "devstack.command.run")
    assert row[5:11] == ("dev.pull", "make", 8421, 0, 1, None)
    assert collecting.left() == {intake.OTHER_PROPERTY: 1, intake.CONTEXT: 1}
    assert collecting.stop() == 0
    everything = b"".join(path.read_bytes() for path in Path(collecting.data).iterdir())
    everything += "\n".join([*collecting.told, *collecting.logged]).encode()
    for unwanted in (b"198.51.100.7", b"agent-of-mine", b"127.0.0.1:5", b"sentAt", KEY.encode()):
        assert unwanted not in everything


def test_segments_own_client_is_understood(collecting: Collecting) -> None:
    """Singly and in batches, packed or not, each event arrives once."""
    errors: list[Exception] = []
    host = f"http://127.0.0.1:{collecting.port}"
    for packed, single in ((False, False), (True, False), (False, True)):
        client = Client(
            KEY,
            host=host,
            gzip=packed,
            sync_mode=single,
            on_error=lambda error, _: errors.append(error),
            max_retries=0,
        )
        for number in range(150 if not single else 3):
            call = event(user_id=user(number % 7 + 1))
            client.track(user_id=call["userId"], event=call["event"], properties=call["properties"])
        if not single:
            client.shutdown()
    assert errors == []
    assert len(collecting.stored()) == 303
    assert set(collecting.left()) == {intake.CONTEXT}


def test_one_event_may_come_alone(collecting: Collecting) -> None:
    """In ``/v1/track``."""
    assert collecting.ask("POST", "/v1/track", json.dumps(event("m1")).encode(), basic(KEY))[0] == 200
    assert collecting.stored() == ["m1"]


def test_a_body_may_be_gzip(collecting: Collecting) -> None:
    """As the header says."""
    headers = basic(KEY) | {"Content-Encoding": "gzip"}
    assert collecting.ask("POST", "/v1/batch", gzip.compress(batch(event("m1"))), headers)[0] == 200
    assert collecting.ask("POST", "/v1/batch", batch(event("m2")), headers)[0] == 400
    assert collecting.stored() == ["m1"]


def test_a_repeat_counts_once(collecting: Collecting) -> None:
    """In one batch, in two, and after a restart; its first content stays."""
    assert collecting.send(event("m1"), event("m1", duration_ms=5)) == 200
    assert collecting.send(event("m1", duration_ms=6)) == 200
    assert collecting.stop() == 0
    collecting.start()
    assert collecting.send(event("m1", duration_ms=7), event("m2")) == 200
    assert collecting.stored("id, duration_ms") == [("m1", 8421), ("m2", 8421)]
    assert collecting.left() == {intake.REPEATED: 3}


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track", f"/v1/users/{user(1)}"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic("another-key"),
        basic(""),
        basic("", KEY),
        {"Authorization": f"Basic {KEY}"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic /w=="},
        {"Authorization": f"Bearer {KEY}"},
    ],
)
def test_nobody_writes_without_the_write_key(collecting: Collecting, path: str, headers: dict[str, str]) -> None:
    """It is the user of basic authentication."""
    method = "DELETE" if "users" in path else "POST"
    collecting.send(event("m1"))
    status, given, _ = collecting.ask(method, path, batch(event("m2")), headers)
    assert (status, given["www-authenticate"]) == (401, "Basic")
    assert collecting.stored() == ["m1"]


@pytest.mark.parametrize("path", ["/", "/metrics"])
def test_nobody_reads_without_the_readers_key(collecting: Collecting, path: str) -> None:
    """Neither the write key nor a wrong one is enough; the right one is, in every way."""
    key = collecting.reader_key
    assert len(key) >= 43
    for headers in (
        {},
        basic(KEY),
        basic("", KEY),
        basic("", key[:-1]),
        {"Authorization": "Bearer "},
        {"Authorization": f"Bearer {key}x"},
        {"Cookie": f"reader={key[1:]}"},
    ):
        assert collecting.ask("GET", path, headers=headers)[0] == 401
        assert collecting.ask("GET", f"{path}?key=wrong", headers=headers)[0] == 401
    for headers in (basic("anyone", key), {"Authorization": f"Bearer {key}"}, {"Cookie": f"reader={key}"}):
        assert collecting.ask("GET", path, headers=headers)[0] in (200, 503)
    assert collecting.ask("POST", "/v1/batch", batch(event()), basic(key))[0] == 401


def test_the_key_in_an_address_becomes_a_cookie(collecting: Collecting) -> None:
    """So it is in no history, no page's address and no script's reach."""
    status, headers, _ = collecting.ask("GET", f"/?key={collecting.reader_key}")
    assert (status, headers["location"], headers["cache-control"]) == (303, "/", "no-store")
    cookie, *marks = headers["set-cookie"].split("; ")
    assert cookie == f"reader={collecting.reader_key}"
    assert {"HttpOnly", "SameSite=lax"} <= set(marks)
    assert "Secure" not in marks


def test_the_readers_key_is_told_once_and_kept_as_a_hash(collecting: Collecting) -> None:
    """A new one can be made while the collector runs, and the old one ends."""
    old = collecting.reader_key
    made = collect(str(collecting.catalog), "--data", collecting.data, "--new-reader-key")
    new = made.stdout.strip()
    assert made.returncode == 0
    assert new != old
    collecting.wait_for(lambda: collecting.ask("GET", "/metrics", headers=basic("", new))[0] == 200, "the new key")
    assert collecting.ask("GET", "/metrics", headers=basic("", old))[0] == 401
    assert collecting.stop() == 0
    kept = b"".join(path.read_bytes() for path in Path(collecting.data).iterdir())
    assert old.encode() not in kept
    assert new.encode() not in kept
    collecting.start()
    assert "key=" not in "\n".join(collecting.told)
    assert collecting.ask("GET", "/metrics", headers=basic("", new))[0] == 200


def test_health_needs_no_key_and_says_nothing_else(collecting: Collecting) -> None:
    """For what watches it."""
    status, _, body = collecting.ask("GET", "/healthz")
    assert (status, body) == (200, b'{"status":"ok"}')


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/batch", 405), ("POST", "/", 405), ("GET", "/docs", 404), ("POST", "/v1/identify", 404)],
)
def test_there_is_nothing_else(collecting: Collecting, method: str, path: str, status: int) -> None:
    """Other addresses are told so."""
    assert collecting.ask(method, path)[0] == status


def test_a_deleted_user_stays_deleted(collecting: Collecting) -> None:
    """Their events go at once and leave no trace in any file; repeats and late ones are not kept; others stay."""
    collecting.send(*(event(f"mine{number}", user(7)) for number in range(20)), event("other", user(8)))
    assert collecting.delete(user(7)) == 204
    assert collecting.stored() == ["other"]
    assert user(7).encode() not in b"".join(path.read_bytes() for path in Path(collecting.data).iterdir())
    assert collecting.delete(user(7)) == 204
    assert collecting.send(event("mine1", user(7)), event("mine21", user(7)), event("other2", user(8))) == 200
    assert collecting.stop() == 0
    collecting.start()
    assert collecting.send(event("mine22", user(7))) == 200
    assert collecting.stored() == ["other", "other2"]
    assert collecting.left() == {intake.DELETED: 3}
    assert user(7).encode() not in b"".join(path.read_bytes() for path in Path(collecting.data).iterdir())


def test_an_id_that_was_never_seen_can_be_deleted(collecting: Collecting) -> None:
    """Its events may be waiting on their machine."""
    assert collecting.delete(user(3)) == 204
    collecting.send(event("m1", user(3)))
    assert collecting.stored() == []


@pytest.mark.parametrize("path", ["me@example.com", "%2e%2e", "x" * 1000, "6ba7b810-9dad-11d1-80b4-00c04fd430c8"])
def test_only_an_id_can_be_deleted(collecting: Collecting, path: str) -> None:
    """What no reporter makes is refused."""
    assert collecting.ask("DELETE", f"/v1/users/{path}", headers=basic(KEY))[0] == 400


def test_what_was_not_kept_is_told(collecting: Collecting) -> None:
    """At the end at the latest, in one line, without an id."""
    collecting.send(event("m1", secret=1), event("m2", command="rm"), event("m3"))
    assert collecting.stop() == 0
    [line] = collecting.logged
    assert line.endswith(
        "kept 2 events; not kept: a property that the catalog does not ask for (1), the catalog does not name its "
        "command (1)"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_well(collecting: Collecting, number: int) -> None:
    """With status 0, and the data in one file that can be copied."""
    collecting.send(event("m1"))
    assert collecting.stop(number) == 0
    assert sorted(os.listdir(collecting.data)) == ["events.sqlite3", "events.sqlite3.lock"]
    assert collecting.stored() == ["m1"]


def test_a_request_that_is_being_received_is_finished(collecting: Collecting) -> None:
    """A signal does not cost what is under way."""
    body = batch(event("m1"))
    with closing(collecting.connect()) as connection:
        connection.putrequest("POST", "/v1/batch")
        for name, value in (basic(KEY) | {"Content-Length": str(len(body))}).items():
            connection.putheader(name, value)
        connection.endheaders(body[:100])
        # The answer to this shows that the other request has begun.
        collecting.wait_for(lambda: collecting.ask("GET", "/healthz")[0] == 200, "an answer")
        collecting.process.send_signal(signal.SIGTERM)
        collecting.wait_for(lambda: not _listens(collecting), "the collector to listen no more")
        connection.send(body[100:])
        assert connection.getresponse().status == 200
    collecting.process.wait(HANG_S)
    assert collecting.stored() == ["m1"]


def _listens(collecting: Collecting) -> bool:
    try:
        collecting.ask("GET", "/healthz")
    except OSError:
        return False
    return True


def test_files_are_for_their_owner_only(collecting: Collecting) -> None:
    """As is the folder."""
    assert Path(collecting.data).stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in Path(collecting.data).iterdir()} == {0o600}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "plain text"),  # noqa: S104
        (["--host", "::"], "plain text"),
        (["--host", "no.such.host.invalid"], "there is no such address"),
        (["--tls-cert", "x.pem"], "go together"),
        (["--keep", "soon"], "is not a time"),
        (["--keep", "0d"], "is not a time"),
        (["--tls-cert", "x.pem", "--tls-key", "x.key"], "TLS cannot use it"),
    ],
)
def test_what_is_not_safe_or_makes_no_sense_is_refused(
    catalog: Path, tmp_path: Path, options: list[str], said: str
) -> None:
    """With what to do, and without a traceback."""
    refused = collect(str(catalog), "--data", str(tmp_path / "metrics"), "--port", "0", *options)
    assert refused.returncode in (1, 2)
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_catalog_without_a_write_key_is_refused(tmp_path: Path) -> None:
    """Its events stay where they are."""
    refused = collect(str(write_catalog(tmp_path / "targets.yaml", key="''")), "--data", str(tmp_path / "metrics"))
    assert refused.returncode == 1
    assert "no write key" in refused.stderr
    assert not (tmp_path / "metrics").exists()


def test_a_proxy_may_be_in_front(catalog: Path, tmp_path: Path) -> None:
    """Then another address is allowed, and browsers keep the key for https only."""
    with Collecting(catalog, str(tmp_path / "metrics"), "--host", "0.0.0.0", "--behind-proxy") as running:  # noqa: S104
        assert running.send(event("m1")) == 200
        _, headers, _ = running.ask("GET", f"/?key={running.reader_key}")
        assert "Secure" in headers["set-cookie"].split("; ")


def test_one_collector_uses_a_folder(collecting: Collecting) -> None:
    """A second one is told; the first goes on."""
    second = collect(str(collecting.catalog), "--data", collecting.data, "--port", "0")
    assert second.returncode == 1
    assert "another collector uses this folder" in second.stderr
    assert collecting.send(event("m1")) == 200


def test_a_port_in_use_is_told(collecting: Collecting, tmp_path: Path) -> None:
    """With another to choose."""
    second = collect(str(collecting.catalog), "--data", str(tmp_path / "other"), "--port", str(collecting.port))
    assert (second.returncode, "choose another --port" in second.stderr) == (1, True)


def _edit(file: Path, statement: str) -> bytes:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(statement)
    return file.read_bytes()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version = 99", "newer than"),
        ("PRAGMA application_id = 7", "something else made it"),
    ],
)
def test_a_file_that_is_not_ours_to_use_is_left_as_it_is(collecting: Collecting, statement: str, said: str) -> None:
    """One of a later version, and one of another program."""
    collecting.send(event("m1"))
    collecting.stop()
    before = _edit(collecting.file, statement)
    refused = collect(str(collecting.catalog), "--data", collecting.data, "--port", "0")
    assert (refused.returncode, said in refused.stderr) == (1, True)
    assert collecting.file.read_bytes() == before


def test_what_is_no_database_is_left_as_it_is(catalog: Path, tmp_path: Path) -> None:
    """Whatever it is."""
    (tmp_path / "events.sqlite3").write_bytes(b"a letter" * 1000)
    refused = collect(str(catalog), "--data", str(tmp_path), "--port", "0")
    assert (refused.returncode, "not a collector's file" in refused.stderr) == (1, True)
    assert (tmp_path / "events.sqlite3").read_bytes() == b"a letter" * 1000


def test_the_extra_is_named_if_it_is_missing(catalog: Path, tmp_path: Path) -> None:
    """The command is there without it, and says what to install."""
    code = "import sys; sys.modules['uvicorn'] = None; from generator.__main__ import main; raise SystemExit(main())"
    refused = subprocess.run(
        [sys.executable, "-c", code, "collect", str(catalog), "--data", str(tmp_path / "metrics")],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert (refused.returncode, "instrumented-make[collector]" in refused.stderr) == (1, True)


def test_the_collector_does_without_the_reports_libraries(catalog: Path) -> None:
    """Only the process that makes the page loads them."""
    code = """
import sys
from generator.__main__ import main
sys.argv[0] = "generator"
try:
    main(["collect", sys.argv[1], "--data", "/proc/none"])
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(catalog)], capture_output=True, text=True, check=True, timeout=HANG_S
    )
    loaded: set[Any] = set(done.stdout.split())
    assert {"uvicorn", "starlette", "msgspec"} <= loaded
    assert not {"duckdb", "ibis", "numpy", "pyarrow", "altair", "scipy"} & loaded


def test_the_catalogs_optional_fields_are_kept(tmp_path: Path) -> None:
    """The catalog says which."""
    catalog = write_catalog(tmp_path / "targets.yaml", fields="git_dirty, caller")
    assert "fields" in catalog.read_text() != CATALOG
    with Collecting(catalog, str(tmp_path / "metrics")) as running:
        running.send(event("m1", git_dirty=True, caller="agent", hardware="x86_64"))
        assert running.stored("git_dirty, caller, hardware") == [(1, "agent", None)]
        assert running.left() == {intake.OTHER_PROPERTY: 1}


def test_clients_reach_it_by_tls(catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an authority of one's own; clients that do not know it send nothing."""
    authority, certificate, key = certificates(tmp_path)
    options = ("--host", "0.0.0.0", "--tls-cert", str(certificate), "--tls-key", str(key))  # noqa: S104
    with Collecting(catalog, str(tmp_path / "metrics"), *options) as running:
        assert running.scheme == "https"
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority))
        destination = Destination(f"https://127.0.0.1:{running.port}", KEY)
        properties = event()["properties"]
        mine = Event("m1", user(1), "devstack.command.run", properties["start_time"], properties)
        assert segment.send([mine], destination) == []
        assert running.stored() == ["m1"]
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        [failure] = segment.send([replace(mine, message_id="m2")], destination)
        assert "certificate" in failure.reason.lower()
        assert running.stored() == ["m1"]
        key_cookie = subprocess.run(
            ["curl", "-sSi", "--cacert", str(authority), f"https://127.0.0.1:{running.port}/?key={running.reader_key}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert re.search(r"^set-cookie: .*; Secure", key_cookie, re.M | re.I)


def test_the_reporters_own_delivery_is_understood(collecting: Collecting) -> None:
    """What a developer's machine sends is taken whole, and a repeat of it is no failure."""
    destination = Destination(f"http://127.0.0.1:{collecting.port}", KEY)
    properties = event()["properties"]
    events = [
        Event(f"m{number}", user(1), "devstack.command.run", properties["start_time"], properties)
        for number in range(100)
    ]
    assert segment.send(events, destination) == []
    assert segment.send(events, destination) == []
    assert len(collecting.stored()) == 100
    assert collecting.left() == {intake.CONTEXT: 200, intake.REPEATED: 100}
    [failure] = segment.send(events, replace(destination, write_key="another"))
    assert failure.status == 401


def test_a_catalog_that_changes_is_read_again(collecting: Collecting) -> None:
    """So a new target costs no event; while the catalog is wrong, what it said before counts."""
    collecting.send(event("m1", command="dev.new"))
    text = collecting.catalog.read_text()
    collecting.catalog.write_text(f"{text}  - dev.new\n")
    collecting.wait_for_log("the catalog was read again: it names 6 commands")
    collecting.send(event("m2", command="dev.new"))
    collecting.catalog.write_text("targets: 5\n")
    collecting.wait_for_log("the catalog is not read again: ")
    collecting.send(event("m3", command="dev.new"))
    collecting.catalog.write_text(text.replace("devstack.command.run", "another"))
    collecting.wait_for_log("start the collector again")
    collecting.send(event("m4", command="dev.new"))
    assert collecting.stored() == ["m2", "m3", "m4"]
