"""An outbox with damaged bits: the reporter goes on, and what can be read is delivered."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from capture import Capture

from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.delivery import FOREGROUND, deliver
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import Destination, opened
from instrumented_make.reporter.outbox_recovery import LOST, mended

WAITING = 60
PAGE = 4096
FLIPS = 150
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
    """Consent, 60 events that were delivered, 60 that wait, and some that were lost."""
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
    """Record a run and deliver: the run's event must arrive. Return the ids of all that arrived."""
    (home.pending / "1-2-0.start").write_text("2\nfresh\n- -\n\n\n\n\ndigest agreement\nend\n")
    (home.pending / "1-2-0.end").write_text("0 - -".ljust(63) + "\n")
    server.requests.clear()
    record(home, Repositories())
    deliver(home, FOREGROUND)
    deliver(home, FOREGROUND)  # more than a batch
    assert "fresh" in {event["properties"]["command"] for event in server.events}
    assert {event["event"] for event in server.events} == {"e"}
    return {event["messageId"] for event in server.events}


def waited_for() -> set[str]:
    return {event.message_id for event in events(WAITING, WAITING)}


@mended
def told(home: ConfigDir) -> tuple[int, int]:
    """How many events are parked, and how many are counted as lost for the damage."""
    with opened(home.outbox) as outbox:
        return outbox.counts().get("parked", 0), outbox.lost().get(LOST, 0)


def test_a_flipped_bit_stops_nothing(home: ConfigDir, server: Capture, tmp_path: Path) -> None:
    """Anywhere in the file: at most the events of the page that it is in are lost, and these are counted."""
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
def test_a_page_that_is_gone_costs_what_was_in_it(home: ConfigDir, server: Capture, page: int) -> None:
    """The first, which says what the file is, the indexes, the middle of the table, or a page of events."""
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
        (lambda path: changed(path, "DROP INDEX events_by_state; DROP INDEX events_by_age"), 0),
        (lambda path: changed(path, "DROP TABLE lost; DROP TABLE destinations"), 0),
        (lambda path: changed(path, "PRAGMA user_version = 35"), 0),
        (lambda path: changed(path, "PRAGMA user_version = 1"), 0),
        (lambda path: changed(path, "PRAGMA application_id = 1"), 0),
    ],
    ids=["state", "json", "content", "host", "bytes", "id", "checksums", "indexes", "tables", "newer", "older", "kind"],
)
def test_what_is_wrong_in_a_row_or_the_schema(
    home: ConfigDir, server: Capture, damage: Callable[[Path], None], at_most: int
) -> None:
    """A row is parked by itself, and nothing else is missing; what can be put right is."""
    damage(home.outbox)
    missing = waited_for() - goes_on(home, server)
    assert len(missing) <= at_most
    assert told(home) == (len(missing), 0)


def test_what_was_known_is_taken_over(home: ConfigDir, server: Capture) -> None:
    """States, counts and the rows that were parked; the old file stays beside it, as it was."""
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
def test_a_file_that_was_cut_off(home: ConfigDir, server: Capture, size: int) -> None:
    """Whatever is left of it."""
    with home.outbox.open("r+b") as file:
        file.truncate(size)
    goes_on(home, server)
