"""What is acknowledged is kept, and nothing longer than it may be."""

from __future__ import annotations

import asyncio
import random
import resource
import shutil
import signal
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from collecting import KEY, NOW, Collecting, Senders, basic, batch, event, user
from workbench import HANG_S, tmpfs

from instrumented_make.collector import intake, retention, sqlite
from instrumented_make.collector.agreement import COLUMNS
from instrumented_make.collector.sqlite import SqliteStore
from instrumented_make.collector.store import Unavailable, count_runs
from instrumented_make.collector.writer import Writer
from instrumented_make.times import DAY_S

_US = 1_000_000


# The deaths that docs/reliability.md counts are many; here are some.
@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.thorough)])
def test_what_was_acknowledged_outlives_a_kill(collecting: Collecting, rounds: int) -> None:
    """Nothing is lost, nothing counts twice, and a client that sends the rest again gets all in."""
    sent: set[str] = set()
    acknowledged: set[str] = set()
    for number in range(rounds):
        with Senders(collecting) as senders:
            goal = 200 + random.randrange(500)
            collecting.wait_for(lambda goal=goal, senders=senders: len(senders.acknowledged) > goal, "events")  # type: ignore[misc]
            collecting.stop(signal.SIGKILL)
        sent |= senders.sent
        acknowledged |= senders.acknowledged
        collecting.start()
        stored = collecting.stored()
        assert len(stored) == len(set(stored)), number
        assert acknowledged <= set(stored) <= sent, number
    rest = sorted(sent)
    for place in range(0, len(rest), 400):
        assert collecting.send(*(event(one) for one in rest[place : place + 400])) == 200
    assert sorted(collecting.stored()) == rest
    [(runs,)] = _rows(collecting.file, "SELECT runs FROM runs")
    assert runs == len(rest)


def _rows(file: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


@asynccontextmanager
async def writing(store: Any) -> AsyncIterator[Writer]:
    """A writer, which ends with the block, however that ends."""
    writer = Writer(store)
    try:
        yield writer
    finally:
        await writer.close()


def test_many_requests_share_a_commit(tmp_path: Path) -> None:
    """While one is being written, others gather; each is answered when it is on the disk."""
    store = SqliteStore(tmp_path)
    added: list[int] = []
    may_go = threading.Event()

    class Slow:
        def add(self, events: Any, *rest: Any) -> Any:
            may_go.wait(HANG_S)
            added.append(len(events))
            return store.add(events, *rest)

    async def case() -> None:
        agreed = [_kept(f"m{number}") for number in range(100)]
        async with writing(Slow()) as writer:
            requests = [asyncio.ensure_future(writer.add([one], Counter())) for one in agreed]
            await asyncio.sleep(0)
            may_go.set()
            await asyncio.gather(*requests)
            assert (sum(added), writer.kept) == (100, 100)
            assert len(added) < 50
        with pytest.raises(Unavailable):
            await writer.add(agreed, Counter())

    asyncio.run(case())
    assert len(next(store.rows(0, 2**62))) == 100
    store.close()


def _kept(message_id: str, user_id: str = user(1), start_us: int | None = None, **values: Any) -> intake.Event:
    when = int(NOW.timestamp() * _US) if start_us is None else start_us
    given: dict[str, Any] = {"command": "dev.pull", "command_type": "make", "duration_ms": 1, "exit_status": 0}
    given |= {"is_test": "false", "start_time": when, **values}
    return intake.Event(message_id, user_id, "run", when, tuple(given.get(name) for name in COLUMNS[4:]))


def test_what_one_request_brought_costs_no_other(tmp_path: Path) -> None:
    """Even if it got through intake and no store can take it."""
    store = SqliteStore(tmp_path)

    async def case() -> None:
        async with writing(store) as writer:
            requests = [
                asyncio.ensure_future(writer.add([one], Counter()))
                for one in (_kept("m1"), _kept("m2", is_test="\ud800"), _kept("m3"))
            ]
            results = await asyncio.gather(*requests, return_exceptions=True)
            assert [type(result) for result in results] == [type(None), UnicodeEncodeError, type(None)]

    asyncio.run(case())
    assert [row[0] for row in next(store.rows(0, 2**62))] == ["m1", "m3"]
    store.close()


def test_a_full_disk_is_told_and_costs_nothing(collecting: Collecting) -> None:
    """Nothing is acknowledged while the file cannot grow; once it can, the same request goes through."""
    assert collecting.send(event("m1")) == 200
    process = collecting.process.pid
    largest = max(path.stat().st_size for path in Path(collecting.data).iterdir())
    resource.prlimit(process, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    many = [event(f"n{number}") for number in range(400)]
    statuses = {collecting.send(*many) for _ in range(3)}
    assert statuses == {503}
    assert collecting.ask("GET", "/healthz")[0] == 503
    resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    # A monitor sees that the trouble is over, before anybody has sent anything.
    collecting.wait_for(lambda: collecting.ask("GET", "/healthz")[0] == 200, "the trouble to be over")
    assert collecting.send(*many) == 200
    assert len(collecting.stored()) == 401
    assert collecting.stop() == 0


def test_a_disk_without_space_is_told(catalog: Path, tmp_path: Path) -> None:
    """The same on a real file system that is full."""
    folder = tmp_path / "small"
    with tmpfs(folder, "size=2m"), Collecting(catalog, str(folder / "metrics")) as running:
        acknowledged = set()
        status, number = 200, 0
        while status == 200:
            ids = [f"m{number}-{place}" for place in range(400)]
            status = running.send(*(event(one) for one in ids))
            acknowledged |= set(ids) if status == 200 else set()
            number += 1
        assert status == 503
        assert set(running.stored()) == acknowledged
        shutil.copy(running.file, tmp_path / "copy")
        assert running.stop() == 0


def test_a_file_that_somebody_holds_is_told(collecting: Collecting, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readers go on; once it is free, so do writers."""
    assert collecting.send(event("m1")) == 200
    with closing(sqlite3.connect(collecting.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert collecting.send(event("m2")) == 503
        assert collecting.read("/metrics")[0] == 200
        other.execute("ROLLBACK")
    assert collecting.send(event("m2")) == 200
    assert collecting.stored() == ["m1", "m2"]


def test_a_file_that_is_gone_is_told(collecting: Collecting) -> None:
    """What is written into a deleted file is lost when the process ends."""
    assert collecting.send(event("m1")) == 200
    collecting.file.rename(collecting.file.with_name("moved"))
    assert collecting.send(event("m2")) == 503
    collecting.file.with_name("moved").rename(collecting.file)
    assert collecting.send(event("m2")) == 200


def test_a_copy_made_while_it_runs_can_be_put_back(collecting: Collecting, catalog: Path, tmp_path: Path) -> None:
    """With SQLite's own backup; the key and the deletions come with it."""
    collecting.send(event("m1"), event("m2", user(2)))
    collecting.delete(user(2))
    restored = tmp_path / "restored"
    restored.mkdir()
    with (
        closing(sqlite3.connect(collecting.file)) as source,
        closing(sqlite3.connect(restored / collecting.file.name)) as copy,
    ):
        source.backup(copy)
    key = collecting.reader_key
    with Collecting(catalog, str(restored)) as running:
        assert running.send(event("m1"), event("m2", user(2)), event("m3")) == 200
        assert running.stored() == ["m1", "m3"]
        assert running.ask("GET", "/metrics", headers=basic("", key))[0] == 200


def started(**ago: float) -> str:
    """A start that long ago, as an event has it."""
    return (NOW - timedelta(**ago)).isoformat(timespec="microseconds")


def test_what_is_older_than_is_kept_is_deleted_and_refused(catalog: Path, tmp_path: Path) -> None:
    """In steps, at the next start or within the hour; an id of what is gone is not taken again."""
    data = str(tmp_path / "metrics")
    old = [event(f"old{number}", start_time=started(days=9)) for number in range(retention.STEP + 1)]
    with Collecting(catalog, data, "--keep", "10d") as running:
        assert running.send(event("new")) == 200
        for place in range(0, len(old), 400):
            assert running.send(*old[place : place + 400]) == 200
        assert len(running.stored()) == len(old) + 1
        running.options = ("--keep", "1w")
        assert running.stop() == 0
        running.start()
        running.wait_for(lambda: running.stored() == ["new"], "the old events to go")
        assert running.send(old[0], event("new2")) == 200
        assert running.stored() == ["new", "new2"]
        assert running.left() == {intake.TOO_OLD: 1}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    with closing(SqliteStore(tmp_path)) as opened:
        yield opened


def test_nothing_is_given_up_because_one_clock_is_wrong(store: SqliteStore) -> None:
    """A machine's clock is believed a month beyond the last event, and anyone's only if they agree."""
    now_us, keep_s = int(NOW.timestamp()) * _US, 400 * DAY_S
    year_us = 365 * DAY_S * _US
    assert retention.oldest_us(store, now_us, keep_s) == 0
    store.add([_kept("m1", start_us=now_us - 5 * _US)], {}, now_us)
    assert retention.oldest_us(store, now_us, keep_s) == now_us - keep_s * _US
    ahead = retention.oldest_us(store, now_us + 5 * year_us, keep_s)
    assert ahead == now_us - 5 * _US + (retention.BELIEVED_S - keep_s) * _US
    back = retention.oldest_us(store, now_us - 5 * year_us, keep_s)
    assert back == 0
    # A client whose clock is ahead is no reason to believe one here.
    store.add([_kept("m2", start_us=now_us + 9 * year_us)], {}, now_us)
    assert retention.oldest_us(store, now_us, keep_s) == now_us - keep_s * _US
    assert retention.oldest_us(store, now_us + 5 * year_us, keep_s) == ahead


def test_counts_of_runs_are_peoples_and_never_fall(store: SqliteStore) -> None:
    """Tests, agents, programs and repeats are not counted; what is deleted stays counted."""
    events = [
        _kept("m1"),
        _kept("m1"),
        _kept("m2", exit_status=2, caller="person"),
        _kept("m3", exit_status=-2),
        _kept("m4", is_test="nightly"),
        _kept("m5", caller="agent"),
        _kept("m6", caller="program"),
        _kept("m7", command="dev.up.lms"),
    ]
    store.add(events[:3], {}, 1)
    store.add(events[2:], {}, 1)
    assert store.runs() == {"dev.pull": (3, 1, 1), "dev.up.lms": (1, 0, 0)}
    store.delete_user(user(1))
    assert store.runs() == {"dev.pull": (3, 1, 1), "dev.up.lms": (1, 0, 0)}
    assert count_runs([]) == {}


def test_the_counts_that_are_told_have_a_limit(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as many commands as somebody makes up, those with the most runs."""
    monkeypatch.setattr(sqlite, "MOST_COMMANDS", 2)
    store.add([_kept(f"m{number}", command=f"c{number % 4 % 3}") for number in range(40)], {}, 1)
    assert set(store.runs()) == {"c0", "c1"}


def test_the_file_has_a_column_for_everything_that_is_kept(store: SqliteStore, tmp_path: Path) -> None:
    """And for nothing else."""
    found = [name for _, name, *_ in _rows(tmp_path / "events.sqlite3", "PRAGMA table_info(events)")]
    assert found[0] == "number"
    assert found[1:] == list(COLUMNS)


def test_what_is_committed_is_on_the_disk(store: SqliteStore) -> None:
    """Not only in the system's memory, and nothing of what is deleted stays in the file."""
    settings = {
        name: store._connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete")
    }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def test_an_old_file_is_upgraded_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that fails changes nothing; when it works, the events are still there."""
    with closing(SqliteStore(tmp_path)) as old:
        old.add([_kept("m1")], {}, 1)
    steps = sqlite._STEPS
    monkeypatch.setattr(sqlite, "VERSION", len(steps) + 1)
    half = "ALTER TABLE events ADD COLUMN more; ALTER TABLE nothing ADD COLUMN more;"
    monkeypatch.setattr(sqlite, "_STEPS", (*steps, half))
    with pytest.raises(Unavailable):
        SqliteStore(tmp_path)
    monkeypatch.setattr(sqlite, "_STEPS", (*steps, "ALTER TABLE events ADD COLUMN more TEXT;"))
    with closing(SqliteStore(tmp_path)) as new:
        assert [row[0] for row in next(new.rows(0, 2**62))] == ["m1"]


def test_bodies_with_the_same_id_at_the_same_time_count_once(collecting: Collecting) -> None:
    """It does not matter which is first."""
    same = batch(event("m1"))
    threads = [threading.Thread(target=collecting.ask, args=("POST", "/v1/batch", same, basic(KEY))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert collecting.stored() == ["m1"]
    assert collecting.left() == {intake.REPEATED: 19}
