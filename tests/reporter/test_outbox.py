"""The outbox keeps what it should, and tells what it had to let go."""

from __future__ import annotations

from pathlib import Path

import pytest

from reporter.event import Event
from reporter.outbox import HISTORY_S, Destination, Outbox, opened

NOW_S = 1_800_000_000.0
SERVER = Destination("https://a.example", "key")


def events(count: int, first: int = 0, size: int = 1) -> list[Event]:
    return [
        Event(f"id{n}", "u", "e", "2026-01-01T00:00:00+00:00", {"command": "x" * size})
        for n in range(first, first + count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite3"


def test_the_same_event_is_kept_once(path: Path) -> None:
    """A repeat under the same id changes nothing, not even the state of what was delivered."""
    with opened(path) as outbox:
        outbox.add(events(2), SERVER, NOW_S)
        outbox.settle(["id0"], "delivered", NOW_S)
        outbox.add(events(2), SERVER, NOW_S)
        assert outbox.counts() == {"delivered": 1, "waiting": 1}
    with opened(path) as again:
        assert [event.message_id for event in again.waiting(SERVER, 10)] == ["id1"]


def test_what_is_kept_here_never_waits(path: Path) -> None:
    """Without a destination an event has nowhere to go, and cannot be marked as sent."""
    with opened(path) as outbox:
        outbox.add(events(1), None, NOW_S)
        outbox.settle(["id0"], "delivered", NOW_S)
        assert outbox.counts() == {"local": 1}
        assert outbox.destinations() == []


def test_a_year_is_the_end(path: Path) -> None:
    """History goes silently; what still waited goes with a word."""
    with opened(path) as outbox:
        outbox.add(events(3), SERVER, NOW_S - HISTORY_S - 1)
        outbox.settle(["id0"], "delivered", NOW_S)
        outbox.add(events(2, first=10), SERVER, NOW_S - HISTORY_S + 60)
        outbox.trim(NOW_S)
        assert outbox.counts() == {"waiting": 2}
        assert outbox.lost() == {"waited for more than a year": 2}


def test_the_oldest_of_too_many_go(path: Path) -> None:
    """The number that waits is bounded, and how many were dropped is told, added up over time."""
    with opened(path) as outbox:
        for round_ in range(2):
            outbox.add(events(8, first=10 * round_), SERVER, NOW_S)
            outbox.trim(NOW_S, max_waiting=5)
        assert [event.message_id for event in outbox.waiting(SERVER, 9)] == ["id13", "id14", "id15", "id16", "id17"]
        assert outbox.lost() == {"more than 5 waited": 11}


def test_the_size_is_bounded(path: Path) -> None:
    """Large events go, the oldest first, until the rest fits; only those that waited count as lost."""
    with opened(path) as outbox:
        outbox.add(events(200, size=10_000), SERVER, NOW_S)
        outbox.settle([f"id{n}" for n in range(100)], "delivered", NOW_S)
        outbox.trim(NOW_S, max_bytes=1_000_000)
        assert sum(outbox.counts().values()) < 100
        [(reason, count)] = outbox.lost().items()
        assert reason == "more than 1000000 bytes"
        assert count == 100 - outbox.counts()["waiting"]
        _stays_usable(outbox)


def _stays_usable(outbox: Outbox) -> None:
    before = outbox.counts()["waiting"]
    outbox.add(events(1, first=999), SERVER, NOW_S)
    assert outbox.counts()["waiting"] == before + 1
