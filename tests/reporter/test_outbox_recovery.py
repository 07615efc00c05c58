"""A damaged outbox: the reporter goes on, and delivers what can be read."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from capture import Capture
from homes import AT_ONCE, START, write
from workbench import HANG_S, wait_until

from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.contract import Contract
from instrumented_make.reporter.delivery import deliver
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import Destination, lock_of, opened
from instrumented_make.reporter.outbox_recovery import LOST, mended
from instrumented_make.reporter.status import show, status

pytestmark = pytest.mark.slow

WAITING = 60
PAGE = 4096
FLIPS = 300
NOW_S = 1_800_000_000.0


def events(first: int, count: int) -> list[Event]:
    return [
        Event(
            f"{number:032x}", "someone", "e", "2026-01-01T00:00:00.000000+00:00", {"command": f"c{number}" + "x" * 400}
        )
        for number in range(first, first + count)
    ]


@pytest.fixture
def home(tmp_path: Path, server: Capture) -> ConfigDir:
    """Consent, 60 delivered events, 60 waiting events, and a count of lost ones."""
    home = ConfigDir(tmp_path / "home")
    home.create(home.pending)
    collection = Collection("e", "make", "main", server.host, "key", ("command",))
    consent.save(home, Consent(consent.REPORT, "2026-01-01", "someone", "digest", "agreement", collection))
    with opened(home.outbox) as outbox:
        outbox.add(events(0, WAITING), Destination(server.host, "key"), NOW_S)
        outbox.settle([event.message_id for event in events(0, WAITING)], "delivered", NOW_S)
        outbox.add(events(WAITING, WAITING), Destination(server.host, "key"), NOW_S)
        outbox.count_lost("of old", 7)
    return home


def goes_on(home: ConfigDir, server: Capture) -> set[str]:
    """Record a run, deliver it and show the status: its event must arrive. Return the ids of all that arrived."""
    write(home, "1-2", START.replace(b"one", b"fresh"))
    server.requests.clear()
    record(home, Repositories())
    deliver(home, AT_ONCE)
    deliver(home, AT_ONCE)  # more than a batch
    decision = consent.load(home)
    assert decision is not None
    assert decision.collection is not None
    assert "Waiting:" in status(home, Contract(decision.collection, "digest", "p", "w", "y", "", 0, ()), "here")
    assert show(home)
    assert "fresh" in {event["properties"]["command"] for event in server.events}
    assert {event["event"] for event in server.events} == {"e"}
    return {event["messageId"] for event in server.events}


def waited_for() -> set[str]:
    return {event.message_id for event in events(WAITING, WAITING)}


def told(home: ConfigDir) -> tuple[int, int]:
    """How many events are parked, and how many are counted as lost to the damage."""

    def read() -> tuple[int, int]:
        with opened(home.outbox) as outbox:
            return outbox.counts().get("parked", 0), outbox.lost().get(LOST, 0)

    return mended(home.outbox, read)


def test_a_flipped_bit_stops_nothing(home: ConfigDir, server: Capture, tmp_path: Path) -> None:
    """Anywhere in the file: at most the events on its page are lost, and they are counted."""
    sound = tmp_path / "sound"
    shutil.copytree(home.path, sound)
    chance = random.Random(7)
    for _ in range(FLIPS):
        shutil.rmtree(home.path)
        shutil.copytree(sound, home.path)
        content = bytearray(home.outbox.read_bytes())
        bit = chance.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        home.outbox.write_bytes(content)
        missing = waited_for() - goes_on(home, server)
        where = f"bit {bit}, page {bit // 8 // PAGE + 1}"
        assert len(missing) <= PAGE // 400, where
        assert len(missing) <= sum(told(home)), where


def zeroed(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[(page - 1) * PAGE : page * PAGE] = bytes(PAGE)
    path.write_bytes(content)


def changed(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.executescript(statement)
    connection.close()


@pytest.mark.parametrize("page", range(1, 14))
def test_a_zeroed_page_loses_only_its_events(home: ConfigDir, server: Capture, page: int) -> None:
    """It may be the file's header, an index, a page of events, or the table's root, without which all are lost."""
    zeroed(home.outbox, page)
    missing = waited_for() - goes_on(home, server)
    if page == 2:  # the root of the table: SQLite cannot find any of its pages
        assert told(home)[1] > 0
    else:
        assert len(missing) <= PAGE // 400
        assert len(missing) <= sum(told(home))


@pytest.mark.parametrize(
    ("damage", "at_most"),
    [
        (lambda path: changed(path, "UPDATE events SET state = 'waitjng' WHERE id = 70"), 0),
        (lambda path: changed(path, "UPDATE events SET event = '{' WHERE id = 70"), 1),
        (lambda path: changed(path, "UPDATE events SET event = replace(event, 'c65x', 'c66x') WHERE id = 66"), 1),
        (lambda path: changed(path, "UPDATE events SET host = 'http://127.0.0.1:1' WHERE id = 70"), 1),
        (lambda path: changed(path, "UPDATE events SET event = x'fffe00' WHERE id = 70"), 1),
        (lambda path: changed(path, "UPDATE events SET message_id = 'other' WHERE id = 70"), 1),
        (lambda path: changed(path, "UPDATE events SET checksum = 1 WHERE id % 2"), WAITING // 2),
        (lambda path: changed(path, "UPDATE events SET settled_s = 1e300 WHERE id = 5"), 0),
        (lambda path: changed(path, "DROP INDEX events_by_state; DROP INDEX events_by_age"), 0),
        (lambda path: changed(path, "DROP TABLE lost; DROP TABLE destinations"), 0),
        (lambda path: changed(path, "PRAGMA user_version = 35"), 0),
        (lambda path: changed(path, "PRAGMA user_version = 1"), 0),
        (lambda path: changed(path, "PRAGMA application_id = 1"), 0),
    ],
    ids=[
        "state",
        "json",
        "content",
        "host",
        "bytes",
        "id",
        "checksums",
        "time",
        "indexes",
        "tables",
        "newer",
        "older",
        "kind",
    ],
)
def test_a_damaged_row_is_parked_and_the_schema_repaired(
    home: ConfigDir, server: Capture, damage: Callable[[Path], None], at_most: int
) -> None:
    """Nothing else is missing."""
    damage(home.outbox)
    missing = waited_for() - goes_on(home, server)
    assert len(missing) <= at_most
    assert told(home) == (len(missing), 0)


@pytest.mark.parametrize(
    "change",
    [
        "json_set(event, '$.event', NULL)",
        "json_set(event, '$.userId', 5)",
        "json_set(event, '$.timestamp', '2026-01-01')",
        "json_set(event, '$.properties.command', 5)",
        "json_set(event, '$.properties.command', NULL)",
        "json_set(event, '$.properties.duration_ms', 1.5)",
        "json_set(event, '$.properties.secret', 'x')",
        "json_set(event, '$.properties', json('[]'))",
    ],
)
def test_a_row_without_a_checksum_is_checked_against_the_declaration(
    home: ConfigDir, server: Capture, change: str
) -> None:
    """Rows of an earlier version have none; one that is not a valid event is parked."""
    changed(home.outbox, f"UPDATE events SET checksum = NULL; UPDATE events SET event = {change} WHERE id = 70")  # noqa: S608
    assert waited_for() - goes_on(home, server) == {events(69, 1)[0].message_id}
    assert told(home) == (1, 0)


def test_an_index_out_of_order_hides_no_events(home: ConfigDir, server: Capture) -> None:
    """A search stops at an entry that is too large, and the events behind it would wait for ever."""
    content = home.outbox.read_bytes()
    entry = f"waiting{server.host}key".encode()
    places = [place for place in range(len(content)) if content.startswith(entry, place)]
    place = places[len(places) // 2]
    home.outbox.write_bytes(content[: place + 2] + b"\xe9" + content[place + 3 :])
    assert goes_on(home, server) >= waited_for()
    assert told(home) == (0, 0)


def test_a_dropped_table_counts_as_a_loss(home: ConfigDir, server: Capture) -> None:
    """Nothing says how many events it had, so one is counted."""
    changed(home.outbox, "DROP TABLE events")
    goes_on(home, server)
    assert told(home) == (0, 1)


WRITER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE lost SET count = count + 1")
print("begun", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
"""


def test_a_commit_while_the_outbox_is_replaced_is_not_lost(home: ConfigDir) -> None:
    """Recovery waits for a process that has begun to write, and takes over what it commits."""
    runs: list[int] = []

    def damaged_once() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise sqlite3.DatabaseError("database disk image is malformed")

    def waits() -> bool:
        lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
        return any(line[1] == "->" and line[2] == "POSIX" and line[5] == str(os.getpid()) for line in lines)

    command = [sys.executable, "-c", WRITER, str(home.outbox)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        with ThreadPoolExecutor() as pool:
            mending = pool.submit(mended, home.outbox, damaged_once)
            wait_until(lambda: mending.done() or waits(), "the recovery to wait")
            writer.communicate("go on\n", timeout=HANG_S)
            mending.result(timeout=HANG_S)
    with opened(home.outbox) as outbox:
        assert outbox.lost() == {"of old": 8}


def test_recovery_files_are_private(home: ConfigDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the moment they exist."""
    modes = {}
    copied = shutil.copyfile

    def looking(source: Path, target: Path) -> None:
        copied(source, target)
        modes.update({path.name: path.stat().st_mode & 0o777 for path in home.path.glob(".outbox*")})

    monkeypatch.setattr(shutil, "copyfile", looking)
    zeroed(home.outbox, 1)
    told(home)
    assert len(modes) >= 2
    assert set(modes.values()) == {0o600}


def test_recovery_keeps_states_and_counts(home: ConfigDir, server: Capture) -> None:
    """The old file stays beside the new one, as it was."""
    zeroed(home.outbox, 1)
    before = home.outbox.read_bytes()
    goes_on(home, server)
    with opened(home.outbox) as outbox:
        assert outbox.counts() == {"delivered": 2 * WAITING + 1}
        assert outbox.lost() == {"of old": 7}
    [aside] = home.path.glob("outbox.sqlite3.set-aside-*")
    assert aside.read_bytes() == before
    assert sorted(path.name for path in home.path.glob(".outbox*")) == []


@pytest.mark.parametrize("size", [0, 1, 100, PAGE, PAGE + 1, 5 * PAGE, 9 * PAGE + 17])
def test_a_truncated_file_stops_nothing(home: ConfigDir, server: Capture, size: int) -> None:
    """Whatever is left of it."""
    with home.outbox.open("r+b") as file:
        file.truncate(size)
    goes_on(home, server)


def test_recovery_does_not_try_every_id_up_to_a_damaged_one(home: ConfigDir, server: Capture) -> None:
    """One id is far beyond all others, and a page is missing."""
    changed(home.outbox, "UPDATE events SET id = 1 << 60 WHERE id = (SELECT max(id) FROM events)")
    zeroed(home.outbox, 13)
    missing = waited_for() - goes_on(home, server)
    assert len(missing) <= sum(told(home)) <= 2 * PAGE // 400


@pytest.mark.parametrize("in_use", [True, False])
def test_status_does_not_wait_for_a_repair(home: ConfigDir, in_use: bool) -> None:
    """If another process is repairing the outbox, or it is large, the status says so."""
    zeroed(home.outbox, 1)
    decision = consent.load(home)
    assert decision is not None
    assert decision.collection is not None
    with contextlib.ExitStack() as held:
        if in_use:
            fcntl.flock(held.enter_context(lock_of(home.outbox).open("w")), fcntl.LOCK_EX)
        else:
            os.truncate(home.outbox, 50_000_000)
        answer = status(home, Contract(decision.collection, "digest", "p", "w", "y", "", 0, ()), "here")
        with pytest.raises(sqlite3.OperationalError, match="while a reporter repairs it"):
            show(home)
    assert "it is in use or being repaired" in answer
