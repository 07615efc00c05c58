"""What is kept is read by the report, shown on the page, counted for Prometheus, written for others, and told."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow.parquet as pq
import pytest
import team_history
from capture import Capture
from collecting import KEY, NOW, Collecting, basic, collect, event, user
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from workbench import HANG_S

from instrumented_make.collector.board import Board, unpack
from instrumented_make.collector.openmetrics import text
from instrumented_make.properties import PROPERTIES
from instrumented_make.times import DAY_S


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


def test_a_report_reads_the_folder_and_the_file_while_it_runs(collecting: Collecting) -> None:
    """As many people's events, so that a command of few is not named."""
    collecting.send(*of_team(5), *of_team(4, command="dev.up.lms"))
    found = report(collecting.data, "--format", "json")
    assert {row["command"]: row["runs"] for row in json.loads(found)["commands"]} == {"dev.pull": 5, "other": 4}
    assert report(str(collecting.file), "--format", "json") == found
    assert collecting.stop() == 0
    assert report(collecting.data, "--format", "json") == found


def test_a_report_of_one_person_names_nothing_of_theirs(collecting: Collecting) -> None:
    """Unlike their own outbox, the file belongs to somebody else."""
    collecting.send(event("m1"))
    assert [row["command"] for row in json.loads(report(collecting.data, "--format", "json"))["commands"]] == ["other"]


def test_an_empty_file_has_no_runs(collecting: Collecting) -> None:
    """Which is no error."""
    assert json.loads(report(collecting.data, "--format", "json"))["commands"] == []


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """Half a year of 19 people as a Parquet file, and the same as events; they have the collector's catalog's names."""
    path = tmp_path_factory.mktemp("history") / "history.parquet"
    team_history.write(path, 20_000, seed=3)
    rows = pq.read_table(path).to_pylist()
    names = {row["command"] for row in rows}
    known = dict(zip(sorted(names), [f"dev.up.{name}" for name in sorted(names)], strict=True))
    events = []
    for row in rows:
        row["user_id"] = str(UUID(hex=row["user_id"], version=4))
        times = {name: row[name].isoformat(timespec="microseconds") for name in ("start_time", "git_commit_time")}
        properties = {declared.name: row[declared.name] for declared in PROPERTIES if declared.name in row}
        events.append(event(row["id"], row["user_id"], **{**properties, **times}))
    assert len(known) == len(names)
    return path, events


CATALOG = """\
project: team
event: devstack.command.run
segment:
  write_key: team-key
consent:
  who: The maintainers
  why: to test
targets:
"""


@pytest.fixture
def filled(history: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> Any:
    """A collector that was sent a team's history; it makes its page again at once, and tells what changed."""
    _, events = history
    catalog = tmp_path / "team.yaml"
    names = sorted({call["properties"]["command"] for call in events})
    catalog.write_text(CATALOG + "".join(f"  - {name}\n" for name in names))
    with Capture() as chat:
        url = f"http://127.0.0.1:{chat.port}/hook"
        options = ("--page-every", "1s", "--notify", url, "--keep", "9000d")
        with Collecting(catalog, str(tmp_path / "metrics"), *options) as running:
            yield running, events, chat


def send_all(running: Collecting, events: list[dict[str, Any]]) -> None:
    """Send events in batches."""
    for place in range(0, len(events), 500):
        assert running.send(*events[place : place + 500]) == 200


def test_a_teams_history_is_shown_told_and_written(filled: Any, history: Any, tmp_path: Path) -> None:
    """The report is equal to that of the same events from elsewhere; each change is told once, ever."""
    running, events, chat = filled
    send_all(running, events)
    running.wait_for(lambda: "got faster" in running.read("/")[1], "a page with what changed")
    page = running.read("/")[1]
    assert page.startswith("<!doctype html>")
    expected = report(str(history[0]), "--format", "json")
    assert report(running.data, "--format", "json") == expected
    changes = json.loads(expected)["changes"]
    assert len(changes) >= 2

    running.wait_for(lambda: len(chat.requests) >= len(changes), "the changes to be told")
    told = [request.document for request in chat.requests]
    assert [set(message) for message in told] == [{"text"}] * len(changes)
    for change in changes:
        assert any(message["text"].startswith(f"team: {change['command']} ") for message in told)
    # News that changes nothing: the page is made again, here and after a restart, and nobody is told.
    for number in range(2):
        of = _board(running).of
        assert running.send(events[0] | {"messageId": f"again{number}"}) == 200
        running.wait_for(lambda of=of: _board(running).of != of, "a new page")
        assert running.stop() == 0
        running.start()
    assert len(chat.requests) == len(changes)

    exported = collect(str(running.catalog), "--data", running.data, "--export", str(tmp_path / "parquet"))
    assert exported.returncode == 0, exported.stderr
    files = exported.stdout.split()
    assert files == [str(path) for path in sorted((tmp_path / "parquet").iterdir())]
    assert re.fullmatch(r"devstack_command_run-2026-0\d[.]parquet", Path(files[0]).name)
    assert json.loads(report(str(tmp_path / "parquet"), "--format", "json"))["changes"] == changes


def _board(running: Collecting) -> Board:
    [(value,)] = _rows(running, "SELECT value FROM kept WHERE name = 'board'")
    return unpack(value)


def _rows(running: Collecting, query: str) -> list[Any]:
    import sqlite3  # noqa: PLC0415

    with closing(sqlite3.connect(f"file:{running.file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def test_a_change_that_cannot_be_told_is_told_later(filled: Any) -> None:
    """A chat that answers with an error has not taken it; one that redirects sends it nowhere else."""
    running, events, chat = filled
    chat.answers = [(500, {}, b""), (302, {"Location": f"{chat.host}/elsewhere"}, b"")]
    send_all(running, events)
    running.wait_for_log(r"could not be told \(HTTP 500\)")
    number = 0

    def is_told() -> bool:
        nonlocal number
        number += 1
        running.send(events[0] | {"messageId": f"more{number}"})
        return len({request.body for request in chat.requests}) >= 2 and not chat.answers

    running.wait_for(is_told, "the change to be told at last")
    running.wait_for(lambda: not _board(running).changes, "nothing left to tell")
    assert {request.path for request in chat.requests} == {"/hook"}
    assert "http" not in "".join(running.logged)
    told = [request.body for request in chat.requests]
    assert len(told) == len(set(told)) + 2


def test_the_page_is_made_when_there_is_news(collecting: Collecting) -> None:
    """Not before the first event, and the same is shown again until there is another; a restart keeps it."""
    assert collecting.read("/")[0] == 503
    collecting.send(*of_team(5))
    collecting.wait_for(lambda: collecting.read("/")[0] == 200, "a page")
    status, page = collecting.read("/")
    assert (status, "dev.pull" in page) == (200, True)
    # The next is five minutes away: until then the page is the same.
    collecting.send(*of_team(6, command="dev.up.lms"))
    assert collecting.read("/") == (200, page)
    key = collecting.reader_key
    assert collecting.stop() == 0
    collecting.start()
    _, headers, body = collecting.ask("GET", "/", headers=basic("", key) | {"Accept-Encoding": "gzip"})
    assert headers["content-encoding"] == "gzip"
    assert gzip.decompress(body).startswith(b"<!doctype html>")
    collecting.wait_for(
        lambda: b"dev.up.lms" in collecting.ask("GET", "/", headers=basic("", key))[2], "the page of a new start"
    )


def test_the_last_deletion_empties_the_page(catalog: Path, tmp_path: Path) -> None:
    """Whoever is deleted is gone from it at its next making."""
    with Collecting(catalog, str(tmp_path / "metrics"), "--page-every", "1s", "--min-people", "1") as running:
        running.send(event("m1", user(7)))
        running.wait_for(lambda: "dev.pull" in running.read("/")[1], "a page")
        assert running.delete(user(7)) == 204
        running.wait_for(lambda: "No matching runs" in running.read("/")[1], "a page without them")
        assert "dev.pull" not in running.read("/metrics")[1].partition("collector")[0]


def families(content: str) -> dict[str, dict[tuple[str, ...], float]]:
    """The values of each family of metrics by their labels' values, as Prometheus' own client reads them."""
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(content)  # type: ignore[no-untyped-call]
    }


def test_metrics_count_runs_of_commands_that_enough_people_ran(collecting: Collecting) -> None:
    """Failures and interruptions as well, and how long they took in the last weeks."""
    collecting.send(
        *of_team(5, duration_ms=2000),
        *of_team(5, duration_ms=4000, exit_status=2),
        *of_team(1, exit_status=-2),
        *of_team(4, command="dev.up.lms"),
        *of_team(9, is_test="nightly"),
    )
    collecting.wait_for(lambda: "dev.pull" in collecting.read("/metrics")[1], "a command with enough people")
    bearer = {"Authorization": f"Bearer {collecting.reader_key}"}
    status, headers, body = collecting.ask("GET", "/metrics", headers=bearer)
    assert (status, headers["content-type"]) == (200, "application/openmetrics-text; version=1.0.0; charset=utf-8")
    found = families(body.decode())
    assert found["make_runs"] == {("dev.pull",): 11}
    assert found["make_runs_failed"] == {("dev.pull",): 5}
    assert found["make_runs_interrupted"] == {("dev.pull",): 1}
    assert set(found["make_run_duration_seconds"]) == {("dev.pull", "0.5"), ("dev.pull", "0.9")}
    assert 2 <= found["make_run_duration_seconds"]["dev.pull", "0.5"] <= 4
    assert "dev.up.lms" not in body.decode()
    # Runs count at once; which commands are shown is found out with the page.
    collecting.send(*of_team(3))
    assert families(collecting.read("/metrics")[1])["make_runs"] == {("dev.pull",): 14}


def test_metrics_are_text_whatever_a_command_is_called() -> None:
    """Names come from catalogs, reasons from us."""
    odd = 'a"b\\c\nd'
    content = text(Board(commands=(odd,), durations={odd: (1.0, 2.5)}), {odd: (1, 0, 0), "hidden": (9, 9, 9)}, {"x": 1})
    found = families(content)
    assert found["make_runs"] == {(odd,): 1}
    assert found["make_run_duration_seconds"] == {(odd, "0.5"): 0.001, (odd, "0.9"): 0.003}
    assert "hidden" not in content


def test_an_export_has_the_warehouses_columns(collecting: Collecting, tmp_path: Path) -> None:
    """Of each month a whole file; what was deleted is deleted there as well, and other files are left alone."""
    months = [(NOW.replace(day=15, hour=12) - timedelta(seconds=back * 30 * DAY_S)) for back in (2, 1)]
    for number, month in enumerate(months):
        start = month.isoformat(timespec="microseconds")
        unknown = {"git_commit_time": None, "git_checked_out_master": None}
        collecting.send(event(f"m{number}", user(number + 1), start_time=start, **unknown))
    folder = tmp_path / "parquet"
    folder.mkdir()
    (folder / "other.parquet").write_text("not ours")
    arguments = (str(collecting.catalog), "--data", collecting.data, "--export", str(folder))
    done = collect(*arguments)
    assert done.returncode == 0, done.stderr
    files = [f"devstack_command_run-{month:%Y-%m}.parquet" for month in months]
    assert sorted(os.listdir(folder)) == [*files, "other.parquet"]
    [row] = pq.read_table(folder / files[0]).to_pylist()
    assert row == {
        "id": "m0",
        "user_id": user(1),
        "event": "devstack.command.run",
        "timestamp": months[0],
        "received_at": row["received_at"],
        "command": "dev.pull",
        "command_type": "make",
        "duration_ms": 8421,
        "exit_status": 0,
        "git_checked_out_master": None,
        "git_commit_time": None,
        "is_test": "false",
        "start_time": months[0],
        "operating_system": None,
        "hardware": None,
        "git_dirty": None,
        "caller": None,
    }
    assert abs(row["received_at"].timestamp() - NOW.timestamp()) < DAY_S
    found = duckdb.read_parquet(f"{folder}/devstack*.parquet").aggregate("count(*), bool_or(git_dirty)").fetchall()
    assert found == [(2, None)]
    collecting.delete(user(1))
    assert collect(*arguments).stdout.split() == [str(folder / files[1])]
    assert sorted(os.listdir(folder)) == [files[1], "other.parquet"]
    assert (folder / "other.parquet").read_text() == "not ours"


def test_an_export_of_nothing_is_told(catalog: Path, tmp_path: Path) -> None:
    """Nothing is made where nothing was collected."""
    done = collect(str(catalog), "--data", str(tmp_path / "none"), "--export", str(tmp_path / "parquet"))
    assert (done.returncode, "nothing was collected here" in done.stderr) == (1, True)
    assert not (tmp_path / "none").exists()


def test_events_go_on_while_the_page_is_made(collecting: Collecting) -> None:
    """It is another process, whose failure is told."""
    for number in range(20):
        collecting.send(*of_team(5))
        assert collecting.ask("POST", "/v1/batch", b'{"batch": []}', basic(KEY))[0] == 200, number
    collecting.wait_for(lambda: collecting.read("/")[0] == 200, "a page")
    assert not any("could not be made" in line for line in collecting.logged)
