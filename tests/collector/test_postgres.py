"""With PostgreSQL it is the same, for several collectors, and while its server comes and goes."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from collecting import NOW, Collecting, Senders, basic, collect, event, families, of_team, report, user, write_catalog
from postgres_server import Postgres
from workbench import wait_until

from instrumented_make.collector import intake, postgres
from instrumented_make.collector.agreement import COLUMNS
from instrumented_make.collector.intake import Event
from instrumented_make.collector.postgres import PostgresStore
from instrumented_make.collector.sqlite import SqliteStore
from instrumented_make.collector.store import Store
from instrumented_make.errors import UserError


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with Postgres("-c", "synchronous_commit=off", "-c", "timezone=Asia/Kolkata") as running:
        yield running


@pytest.fixture
def url(server: Postgres, request: pytest.FixtureRequest) -> str:
    """The URL of a new database."""
    name = request.node.name.partition("[")[0].lower()[:60]
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server.url.rpartition('/')[0]}/{name}"


def ask(url: str, query: str) -> list[Any]:
    """The rows of an answer."""
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def stored(url: str) -> set[str]:
    """The ids of all events."""
    return {found for (found,) in ask(url, "SELECT id FROM devstack_command_run")}


@pytest.fixture
def running(catalog: Path, url: str) -> Iterator[Collecting]:
    with Collecting(catalog, url, "--page-every", "1s") as collecting:
        yield collecting


def test_both_stores_do_the_same(url: str, tmp_path: Path) -> None:
    """Whatever is added, deleted and asked for."""
    hour_us = 3_600_000_000
    now_us = int(NOW.timestamp()) * 1_000_000 + 123_456

    def one(number: int, person: int, **values: Any) -> Event:
        start_us = now_us - number * 300 * hour_us
        given: dict[str, Any] = {
            "command": f"c{number % 3}",
            "command_type": "make",
            "duration_ms": 2**53 - 1,
            "exit_status": -number,
        }
        given |= {"is_test": "false", "start_time": start_us, "git_commit_time": 1, **values}
        return Event(f"m{number}", user(person), "run", start_us, tuple(given.get(name) for name in COLUMNS[4:]))

    def everything(store: Store) -> list[Any]:
        found: list[Any] = []
        for number in range(30):
            events = [one(number, number % 4), one(number, 9), one(max(number - 1, 0), 1, git_dirty=True)]
            found.append(store.add(events, {intake.CONTEXT: 2}, now_us))
        store.delete_user(user(2))
        found.append(store.add([one(99, 2), one(98, 3)], {}, now_us))
        found.append(store.add([], {}, now_us))
        found += [store.runs(), store.left(), store.months(), store.get("news"), store.get("nothing")]
        found += [store.newest_start_us(now_us), store.newest_start_us(now_us + 1), store.newest_start_us(-(10**15))]
        found.append([row for rows in store.rows(now_us - 2000 * hour_us, now_us) for row in rows])
        found.append([store.delete_before(now_us - 4000 * hour_us, 5) for _ in range(5)])
        store.put({"reader": b"\x00\xff", "board": b""})
        store.put({"reader": b"\x01"})
        found += [store.get("reader"), store.get("board"), store.leads(), store.get("news")]
        return found

    with closing(SqliteStore(tmp_path)) as one_store, closing(PostgresStore(url, "event")) as other:
        expected, found = everything(one_store), everything(other)
    assert len(expected[-6]) == 4  # of those 2000 hours, without the deleted person's
    assert expected[-5][0] == 5
    assert found == expected


def test_its_table_is_that_of_a_warehouse(running: Collecting, url: str) -> None:
    """And a report reads it as it reads any, while events arrive."""
    assert running.send(*of_team(5), *of_team(4, command="dev.up.lms")) == 200
    [(timestamp, start, received)] = ask(
        url, "SELECT DISTINCT timestamp, start_time, pg_typeof(received_at)::text FROM devstack_command_run"
    )
    assert timestamp == start
    assert received == "timestamp with time zone"
    found = json.loads(report(url, "--format", "json"))
    assert {row["command"]: row["runs"] for row in found["commands"]} == {"dev.pull": 5, "other": 4}
    running.wait_for(lambda: "dev.pull" in running.read("/metrics")[1], "a page")
    assert families(running.read("/metrics")[1])["make_runs"] == {("dev.pull",): 5}
    assert "dev.pull" in running.read("/")[1]


def test_an_export_reads_it(running: Collecting, url: str, tmp_path: Path) -> None:
    """Into the same files."""
    running.send(*of_team(5), *of_team(5, git_checked_out_master=None, git_commit_time=None))
    done = collect(str(running.catalog), "--data", url, "--export", str(tmp_path / "parquet"))
    assert done.returncode == 0, done.stderr
    found = json.loads(report(str(tmp_path / "parquet"), "--format", "json"))
    assert [(row["command"], row["runs"]) for row in found["commands"]] == [("dev.pull", 10)]


def test_a_deleted_user_stays_deleted_everywhere(running: Collecting, catalog: Path, url: str) -> None:
    """Several collectors share the events, the deletions, the reader's key and the page."""
    with Collecting(catalog, url, "--page-every", "1s") as other:
        assert "key=" not in "\n".join(other.told)
        running.send(*(event(f"m{number}", user(7)) for number in range(5)), *of_team(5))
        running.wait_for(lambda: running.read("/")[0] == 200, "a page here")
        key = basic("", running.reader_key)
        other.wait_for(lambda: other.ask("GET", "/", headers=key)[0] == 200, "a page there")
        assert other.delete(user(7)) == 204
        assert running.send(event("m9", user(7)), event("n1", user(8))) == 200
        assert {found for found in stored(url) if len(found) < 9} == {"n1"}
        # The one that made the page ends, so the other makes the next.
        running.stop(signal.SIGKILL)
        before = ask(url, "SELECT value FROM devstack_command_run_kept WHERE name = 'board'")
        other.send(event("n2", user(8)))
        other.wait_for(
            lambda: ask(url, "SELECT value FROM devstack_command_run_kept WHERE name = 'board'") != before, "a new page"
        )


@pytest.mark.parametrize("rounds", [2, pytest.param(50, marks=pytest.mark.thorough)])
def test_what_was_acknowledged_outlives_kills_of_both(catalog: Path, rounds: int) -> None:
    """The collector's and the server's: nothing is lost, nothing counts twice."""
    with Postgres("-c", "synchronous_commit=off") as server:
        sent: set[str] = set()
        acknowledged: set[str] = set()
        with Collecting(catalog, server.url) as running:
            for number in range(rounds):
                with Senders(running, 3) as senders:
                    _wait_for_more(running, senders, 200)
                    server.stop(signal.SIGQUIT)
                    running.wait_for(lambda: running.send(event("x")) == 503, "a refusal")
                    server.start()
                    _wait_for_more(running, senders, 200)
                    running.stop(signal.SIGKILL)
                sent |= senders.sent
                acknowledged |= senders.acknowledged
                running.start()
                found = stored(server.url) - {"x"}
                assert acknowledged <= found <= sent, number
        [(count,)] = ask(server.url, "SELECT sum(runs) FROM devstack_command_run_runs")
        assert count == len(stored(server.url))


def _wait_for_more(running: Collecting, senders: Senders, number: int) -> None:
    goal = len(senders.acknowledged) + number
    running.wait_for(lambda: len(senders.acknowledged) >= goal, "events")


def test_one_of_several_leads(url: str) -> None:
    """It makes the page and tells what changed; when it ends, another does."""
    with closing(PostgresStore(url, "event")) as other:
        with closing(PostgresStore(url, "event")) as first:
            assert (first.leads(), other.leads(), first.leads()) == (True, False, True)
        wait_until(other.leads, "the lock to be free")


def test_a_server_that_is_not_there_is_told(catalog: Path, tmp_path: Path) -> None:
    """Without its password."""
    refused = collect(str(catalog), "--data", "postgresql://me:secret-word@127.0.0.1:9/none", "--port", "0")
    assert refused.returncode == 1
    assert "it cannot be used" in refused.stderr
    assert "secret-word" not in refused.stderr


def test_tables_of_others_are_left_alone(url: str, catalog: Path) -> None:
    """A warehouse may have one of that name; and a later version has what this one does not know."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE devstack_command_run (id text)")
    refused = collect(str(catalog), "--data", url, "--port", "0")
    assert (refused.returncode, "something else made this table" in refused.stderr) == (1, True)
    with closing(PostgresStore(url, "mine")) as store:
        store.put({"version": str(postgres.VERSION + 1).encode()})
    with pytest.raises(UserError, match="newer than"):
        PostgresStore(url, "mine")
    for use in ("beside", "read"):
        with pytest.raises(UserError, match="nothing was collected here"):
            PostgresStore(url, "none", use)
    assert ask(url, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'none%'") == [(0,)]


def test_a_value_that_no_table_takes_costs_no_other(url: str) -> None:
    """It is an error of its own, and the connection goes on."""
    given: dict[str, Any] = {"command": "c", "command_type": "make", "duration_ms": 1, "exit_status": 0}
    given |= {"is_test": "a\x00b", "start_time": 10**15}
    bad = Event("m1", user(1), "run", 10**15, tuple(given.get(name) for name in COLUMNS[4:]))
    with closing(PostgresStore(url, "event")) as store:
        with pytest.raises(psycopg.DataError):
            store.add([bad], {}, 1)
        assert store.add([], {"x": 1}, 1) == Counter()


def test_several_catalogs_share_a_database(url: str, tmp_path: Path) -> None:
    """Each event has tables of its own."""
    first = write_catalog(tmp_path / "first.yaml")
    second = tmp_path / "second.yaml"
    second.write_text(first.read_text().replace("devstack.command.run", "other.run"))
    with Collecting(first, url) as one, Collecting(second, url) as other:
        assert one.send(event("m1")) == 200
        assert other.send(event("m1") | {"event": "other.run"}) == 200
        assert ask(url, "SELECT id FROM other_run") == [("m1",)]
        assert one.reader_key != other.reader_key
