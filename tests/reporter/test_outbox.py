"""The outbox keeps events, and counts those that it had to drop."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from instrumented_make.reporter import outbox as outbox_module
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import HISTORY_S, OTLP, VERSION, Destination, Outbox, Trouble, open_outbox

NOW_S = 1_800_000_000.0
SERVER = Destination("https://a.example", "key")
COLLECTOR = Destination("https://collector.example", "", OTLP)


def events(count: int, first: int = 0, size: int = 1) -> list[Event]:
    return [
        Event(f"id{n}", "u", "e", "2026-01-01T00:00:00+00:00", {"command": "x" * size})
        for n in range(first, first + count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


def test_adding_an_event_twice_stores_it_once(path: Path) -> None:
    """Adding a known id again changes nothing, not even the state of a delivered event."""
    with open_outbox(path) as outbox:
        outbox.add(events(2), [SERVER], NOW_S)
        outbox.settle(SERVER, ["id0"], "delivered", NOW_S)
        outbox.add(events(2), [SERVER], NOW_S)
        assert outbox.counts() == {"delivered": 1, "waiting": 1}
    with open_outbox(path) as again:
        assert [event.message_id for event in again.waiting(SERVER, 10)] == ["id1"]


def test_local_events_never_wait_to_be_sent(path: Path) -> None:
    """An event without a destination cannot be marked as delivered either."""
    with open_outbox(path) as outbox:
        outbox.add(events(1), [], NOW_S)
        outbox.settle(SERVER, ["id0"], "delivered", NOW_S)
        assert outbox.counts() == {"local": 1}
        assert outbox.destinations() == []
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT settled_s FROM events").fetchall() == [(None,)]


def test_events_trimmed_while_being_sent_are_ignored(path: Path) -> None:
    """The sender settles those that are left."""
    with open_outbox(path) as sender, open_outbox(path) as recorder:
        recorder.add(events(8), [SERVER], NOW_S)
        sent = [event.message_id for event in sender.waiting(SERVER, 10)]
        recorder.trim(NOW_S, max_waiting=5)
        sender.settle(SERVER, sent, "delivered", NOW_S)
        assert sender.counts() == {"delivered": 5}


@pytest.mark.parametrize("time_s", [-1e300, -1.0])
def test_an_invalid_event_time_is_ignored(path: Path, time_s: float) -> None:
    """If no event has a valid time, the clock is used."""
    with open_outbox(path) as outbox:
        outbox.add(events(1), [SERVER], time_s)
        assert outbox.believe_s(NOW_S) == NOW_S


def test_trim_drops_delivered_events_older_than_a_year(path: Path) -> None:
    """Waiting events stay, however old they are."""
    with open_outbox(path) as outbox:
        outbox.add(events(3), [SERVER], NOW_S - HISTORY_S - 1)
        outbox.settle(SERVER, ["id0"], "delivered", NOW_S)
        outbox.add(events(2, first=10), [SERVER], NOW_S - 60)
        outbox.trim(NOW_S)
        assert outbox.counts() == {"waiting": 4}
        assert outbox.lost() == {}


@pytest.mark.parametrize("days", [60, 365, 3650])
def test_a_clock_that_was_ahead_deletes_no_history(path: Path, days: int) -> None:
    """After one run with the clock ahead and one with the right time, every event is still there."""
    ahead_s = NOW_S + days * 24 * 3600
    with open_outbox(path) as outbox:
        outbox.add(events(3), [SERVER], NOW_S - 3600)
        outbox.settle(SERVER, ["id0", "id1"], "delivered", NOW_S)
        outbox.add(events(1, first=10), [SERVER], ahead_s)
        outbox.trim(ahead_s)
        outbox.trim(NOW_S)
        assert outbox.counts() == {"delivered": 2, "waiting": 2}


def test_trim_drops_the_oldest_waiting_events(path: Path) -> None:
    """Their number is limited, and the dropped ones are counted over time."""
    with open_outbox(path) as outbox:
        for round_ in range(2):
            outbox.add(events(8, first=10 * round_), [SERVER], NOW_S)
            outbox.trim(NOW_S, max_waiting=5)
        assert [event.message_id for event in outbox.waiting(SERVER, 9)] == ["id13", "id14", "id15", "id16", "id17"]
        assert outbox.lost() == {"more than 5 waited": 11}


def test_trim_limits_the_size(path: Path) -> None:
    """The oldest events are dropped until the rest fits; only those that waited count as lost."""
    with open_outbox(path) as outbox:
        outbox.add(events(200, size=10_000), [SERVER], NOW_S)
        outbox.settle(SERVER, [f"id{n}" for n in range(100)], "delivered", NOW_S)
        outbox.trim(NOW_S, max_bytes=1_000_000)
        assert sum(outbox.counts().values()) < 100
        [(reason, count)] = outbox.lost().items()
        assert reason == "more than 1000000 bytes"
        assert count == 100 - outbox.counts()["waiting"]
        _stays_usable(outbox)


def _stays_usable(outbox: Outbox) -> None:
    before = outbox.counts()["waiting"]
    outbox.add(events(1, first=999), [SERVER], NOW_S)
    assert outbox.counts()["waiting"] == before + 1


VERSION_1 = """
PRAGMA application_id = 1768778597;
PRAGMA user_version = 1;
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  message_id TEXT NOT NULL UNIQUE,
  created_s REAL NOT NULL,
  event TEXT NOT NULL,
  host TEXT NOT NULL,
  write_key TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'parked', 'local')),
  settled_s REAL,
  reason TEXT
);
CREATE INDEX events_by_state ON events (state, host, write_key, id);
CREATE INDEX events_by_age ON events (created_s);
CREATE TABLE destinations (
  host TEXT NOT NULL,
  write_key TEXT NOT NULL,
  failures INTEGER NOT NULL,
  next_attempt_s REAL NOT NULL,
  error TEXT NOT NULL,
  error_s REAL NOT NULL,
  PRIMARY KEY (host, write_key)
);
CREATE TABLE lost (reason TEXT PRIMARY KEY, count INTEGER NOT NULL);
INSERT INTO events VALUES (1, 'a', 1800000000, '{"messageId":"a","userId":"u","event":"e",
  "timestamp":"2026-01-01T00:00:00+00:00","properties":{"command":"x"}}',
  'https://a.example', 'key', 'waiting', NULL, NULL);
INSERT INTO lost VALUES ('some reason', 3);
"""


def test_an_outbox_of_version_1_is_upgraded(path: Path) -> None:
    """Its events stay, its schema becomes that of a new outbox, and no file is set aside."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)
    with open_outbox(path) as outbox:
        assert [event.message_id for event in outbox.waiting(SERVER, 10)] == ["a"]
        assert outbox.lost() == {"some reason": 3}
        outbox.settle(SERVER, ["a"], "delivered", NOW_S)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (VERSION,)
        upgraded = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    with open_outbox(path.with_name("new.sqlite3")):
        pass
    with contextlib.closing(sqlite3.connect(path.with_name("new.sqlite3"))) as connection:
        new = connection.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
    assert [(name, " ".join((sql or "").split())) for name, sql in upgraded] == [
        (name, " ".join((sql or "").split())) for name, sql in new
    ]
    assert {file.name for file in path.parent.iterdir()} == {
        f"{name}{suffix}" for name in ("outbox.sqlite3", "new.sqlite3") for suffix in ("", ".lock")
    }


def test_an_outbox_that_is_being_created_is_not_taken_for_another_programs(path: Path) -> None:
    """Another process creates the tables between two looks at the empty file: it is still empty, or an outbox."""
    with contextlib.closing(outbox_module._connect(path, 0)) as looking:

        def meanwhile(statement: str) -> None:
            if "user_version" in statement:
                with contextlib.suppress(sqlite3.OperationalError), open_outbox(path, 0):
                    pass

        looking.set_trace_callback(meanwhile)
        assert outbox_module._version(looking) in (0, VERSION)


def test_damaged_trouble_is_ignored(path: Path) -> None:
    """It would be shown to people, and decide when to try again."""
    with open_outbox(path) as outbox:
        for trouble in (Trouble(1, 2.0, b"\xff", 3.0), Trouble(1, "x", "refused", 3.0)):  # type: ignore[arg-type]
            outbox.set_trouble(SERVER, trouble)
            assert outbox.trouble(SERVER) is None
        outbox.set_trouble(SERVER, Trouble(1, 2.0, "refused", 3.0))
        assert outbox.trouble(SERVER) is not None


def version_3(path: Path) -> None:
    """An outbox as 0.4 and 0.5 have them: what waits has a checksum, and its destination is in trouble."""
    row = ("a", _event_text("a"), "https://a.example", "key")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        steps = "".join(outbox_module._STEPS[:3])
        connection.executescript(
            f"PRAGMA application_id = {outbox_module.APPLICATION_ID}; PRAGMA user_version = 3; {steps}"
        )
        insert = "INSERT INTO events VALUES (?, ?, 1800000000, ?, ?, ?, ?, ?, ?, ?)"
        sum_ = zlib.crc32("\0".join(row).encode())
        connection.execute(insert, (7, *row, "waiting", None, None, sum_))
        connection.execute(insert, (8, "b", _event_text("b"), "", "", "local", None, None, None))
        connection.execute(insert, (9, "c", _event_text("c"), *row[2:], "parked", 1.0, "HTTP 400", None))
        connection.execute("PRAGMA ignore_check_constraints = 1")
        connection.execute(insert, (10, "d", _event_text("d"), *row[2:], "wa\x01ting", None, None, None))
        connection.execute("INSERT INTO destinations VALUES (?, ?, 3, 4.0, 'refused', 5.0)", row[2:])
        connection.commit()


def _event_text(message_id: str) -> str:
    [made] = events(1)
    return json.dumps({**made.as_json(), "messageId": message_id})


def test_an_outbox_of_version_3_keeps_what_waits_and_why(path: Path) -> None:
    """It is all Segment's: what waits is not taken for damaged, and its pause stays; a damaged state is parked."""
    version_3(path)
    with open_outbox(path) as outbox:
        assert [event.message_id for event in outbox.waiting(SERVER, 10)] == ["a"]
        assert outbox.counts() == {"waiting": 1, "local": 1, "parked": 2}
        assert outbox.parked_reasons() == {"HTTP 400": 1, "?": 1}
        assert outbox.trouble(SERVER) == Trouble(3, 4.0, "refused", 5.0)
        assert outbox.trouble(COLLECTOR) is None


def test_an_event_waits_for_each_of_its_destinations(path: Path) -> None:
    """What one has taken still waits for the other; each row can be damaged by itself."""
    with open_outbox(path) as outbox:
        outbox.add(events(2), [SERVER, COLLECTOR], NOW_S)
        outbox.add(events(2), [SERVER, COLLECTOR], NOW_S)
        outbox.settle(SERVER, ["id0"], "delivered", NOW_S)
        outbox.settle(COLLECTOR, ["id1"], "parked", NOW_S, "bad")
        assert [event.message_id for event in outbox.waiting(SERVER, 10)] == ["id1"]
        assert [event.message_id for event in outbox.waiting(COLLECTOR, 10)] == ["id0"]
        assert outbox.destinations() == [SERVER, COLLECTOR]
        assert outbox.counts_by_host("waiting") == {SERVER.host: 1, COLLECTOR.host: 1}
        assert [event.message_id for event in outbox.last_events("delivered", 10)] == ["id0"]
        assert [event.message_id for event in outbox.last_events("parked", 10, OTLP)] == ["id1"]
        assert len(list(outbox.properties("command"))) == 2
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "UPDATE events SET protocol = 'segment', message_id = 'id0' WHERE protocol = 'otlp' AND id = 2"
        )
        connection.commit()
    with open_outbox(path) as outbox:
        assert outbox.waiting(Destination(COLLECTOR.host, ""), 10) == []
        assert outbox.counts()["parked"] == 2, "a row that names another protocol than it was written for"


def test_what_a_span_has_is_kept_with_the_event(path: Path) -> None:
    """Its name and its trace; an event that goes to Segment alone has the text that it always had."""
    [made] = events(1)
    traced = replace(made, span_name="make x", traceparent="00-1-2-01")
    with open_outbox(path) as outbox:
        outbox.add([traced], [COLLECTOR], NOW_S)
        outbox.add(events(1), [SERVER], NOW_S)
        assert outbox.waiting(COLLECTOR, 1) == [traced]
        assert outbox.waiting(SERVER, 1) == [made]
    with contextlib.closing(sqlite3.connect(path)) as connection:
        texts = [json.loads(text) for (text,) in connection.execute("SELECT event FROM events ORDER BY id")]
    assert texts == [{**made.as_json(), "spanName": "make x", "traceparent": "00-1-2-01"}, made.as_json()]
