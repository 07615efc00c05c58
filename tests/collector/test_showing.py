"""What is kept is read by the report, shown on the page, counted for Prometheus, written for others, and told."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import team_history
from capture import Capture
from collecting import KEY, NOW, Collecting, basic, collect, event, families, labels, of_team, report, user

from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.board import Board, unpack
from instrumented_make.collector.intake import read_batch
from instrumented_make.collector.openmetrics import text
from instrumented_make.collector.sqlite import SqliteStore
from instrumented_make.properties import properties_of
from instrumented_make.report.options import Targets
from instrumented_make.times import DAY_S


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


ROOT = Path(__file__).resolve().parents[2]
CATALOG = """\
project: team
event: devstack.command.run
segment:
  write_key: team-key
fields: [caller]
consent:
  who: The maintainers
  why: to test
targets:
"""


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Half a year of a team as a Parquet file, a folder in which a collector has kept the same, and its catalog."""
    folder = tmp_path_factory.mktemp("history")
    team_history.write(folder / "history.parquet", 40_000, seed=1)
    table = pq.read_table(folder / "history.parquet")
    users = pa.array([str(UUID(hex=one, version=4)) for one in table["user_id"].to_pylist()])
    table = table.set_column(table.schema.get_field_index("user_id"), "user_id", users)
    pq.write_table(table, folder / "history.parquet")
    names = sorted(set(table["command"].to_pylist()))
    (folder / "team.yaml").write_text(CATALOG + "".join(f"  - {name}\n" for name in names))
    calls = []
    for row in table.to_pylist():
        times = {name: row[name].isoformat(timespec="microseconds") for name in ("start_time", "git_commit_time")}
        calls.append(event(row["id"], row["user_id"], **{name: row[name] for name in SAME if name in row}, **times))
    agreed = Agreement("team", "devstack.command.run", "make", KEY, frozenset(names), ("caller",), Targets())
    with closing(SqliteStore(folder / "metrics")) as store:
        for place in range(0, len(calls), 1000):
            taken = read_batch(json.dumps({"batch": calls[place : place + 1000]}).encode(), agreed, 0)
            assert (len(taken.events), taken.left) == (len(calls[place : place + 1000]), {})
            store.add(taken.events, {}, 1)
    return folder / "history.parquet", folder / "metrics", folder / "team.yaml"


SAME = [declared.name for declared in properties_of(("caller",)) if declared.unit != "ISO 8601"]


@pytest.fixture
def filled(history: tuple[Path, Path, Path], tmp_path: Path) -> Iterator[tuple[Collecting, Capture]]:
    """A collector with a team's history, and a chat; it makes its page again at once, and tells what changed."""
    _, metrics, catalog = history
    shutil.copytree(metrics, tmp_path / "metrics")
    with Capture() as chat:
        options = ("--page-every", "1s", "--keep", "9000d", "--notify", f"{chat.host}/hook", "--notify-after", "1s")
        yield Collecting(catalog, str(tmp_path / "metrics"), *options), chat


def test_a_teams_history_is_shown_told_and_written(
    filled: tuple[Collecting, Capture], history: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    """The report is equal to that of the same events from elsewhere; each change is told once, ever."""
    running, chat = filled
    expected = report(str(history[0]), "--format", "json")
    changes = json.loads(expected)["changes"]
    assert len(changes) == 2
    with running:
        _find_again(running)
        running.wait_for(lambda: len(chat.requests) >= len(changes), "the changes to be told")
        assert "dev.provision got faster" in running.read("/")[1]
        assert report(running.data, "--format", "json") == expected
        told = [request.document for request in chat.requests]
        assert [set(message) for message in told] == [{"text"}] * len(changes)
        for change in changes:
            assert any(message["text"].startswith(f"team: {change['command']} got ") for message in told)
        exported = collect(str(running.catalog), "--data", running.data, "--export", str(tmp_path / "parquet"))
        assert exported.returncode == 0, exported.stderr
        files = exported.stdout.split()
        assert files == [str(path) for path in sorted((tmp_path / "parquet").iterdir())]
        assert len(files) >= 6
        assert re.fullmatch(r"devstack_command_run-20\d\d-\d\d[.]parquet", Path(files[0]).name)
        assert report(str(tmp_path / "parquet"), "--format", "json") == expected
        # News that changes nothing: the page is made again, here and after a restart, and nobody is told.
        for number in range(2):
            of = _board(running).of
            call = event(f"more{number}", start_time="2026-07-01T10:00:00.000000+00:00")
            call["properties"]["command"] = "dev.down"
            assert running.send(call) == 200
            running.wait_for(partial(_is_newer, running, of), "a new page")
            assert running.stop() == 0
            running.start()
    assert len(chat.requests) == len(changes)


def _find_again(running: Collecting) -> None:
    """Have it make its page a second time, of the same runs: what one report finds is not told yet."""
    running.wait_for(lambda: len(_board(running).waiting) == 2, "the changes to be found")
    assert _board(running).changes == ()
    call = event("later", start_time="2026-07-01T10:00:00.000000+00:00", command="dev.down", is_test="again")
    assert running.send(call) == 200


def _board(running: Collecting) -> Board:
    rows = _rows(running, "SELECT value FROM kept WHERE name = 'board'")
    return unpack(rows[0][0] if rows else None)


def _is_newer(running: Collecting, of: str) -> bool:
    return _board(running).of != of


def _has_tried(chat: Capture, times: int) -> bool:
    return len(chat.requests) >= times


def _rows(running: Collecting, query: str) -> list[Any]:
    with closing(sqlite3.connect(f"file:{running.file}?mode=ro", uri=True)) as connection:
        return connection.execute(query).fetchall()


def test_a_change_that_cannot_be_told_is_told_later(filled: tuple[Collecting, Capture]) -> None:
    """A chat that answers with an error has not taken it; one that redirects sends it nowhere else."""
    running, chat = filled
    chat.answers = [(500, {}, b""), (302, {"Location": f"{chat.host}/elsewhere"}, b"")]
    with running:
        _find_again(running)
        for tries in (1, 2):
            running.wait_for(partial(_has_tried, chat, tries), "an attempt")
            running.wait_for(lambda: len(_board(running).changes) == 2, "the changes to be kept")
            assert running.stop() == 0
            running.start()
        running.wait_for(partial(_has_tried, chat, 4), "both changes to be told")
        assert _board(running).changes == ()
    assert {request.path for request in chat.requests} == {"/hook"}
    told = [request.body for request in chat.requests]
    assert (len(told), len(set(told))) == (4, 2)
    said = [line for line in running.logged if "could not be posted" in line]
    assert [("HTTP 500" in line, "HTTP 302" in line) for line in said] == [(True, False), (False, True)]
    assert chat.host not in "".join(running.logged)


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
    """Deleted people are gone from it when it is made next."""
    with Collecting(catalog, str(tmp_path / "metrics"), "--page-every", "1s", "--min-people", "1") as running:
        running.send(event("m1", user(7)))
        running.wait_for(lambda: "dev.pull" in running.read("/")[1], "a page")
        assert running.delete(user(7)) == 204
        running.wait_for(lambda: "No matching runs" in running.read("/")[1], "a page without them")
        assert "dev.pull" not in running.read("/metrics")[1].partition("collector")[0]


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


DASHBOARD = ROOT / "examples" / "collector" / "grafana.json"


def test_the_dashboard_has_what_grafana_knows() -> None:
    """Grafana's own types (of 10.1) know each panel, query and variable of it, and leave out none of its fields."""
    pytest.importorskip("grafana_foundation_sdk", reason="Grafana's types need Python 3.11")
    from grafana_foundation_sdk.cog.encoder import JSONEncoder  # noqa: PLC0415
    from grafana_foundation_sdk.cog.plugins import register_default_plugins  # noqa: PLC0415
    from grafana_foundation_sdk.cog.runtime import panelcfg_config  # noqa: PLC0415
    from grafana_foundation_sdk.models import prometheus  # noqa: PLC0415
    from grafana_foundation_sdk.models.dashboard import Dashboard, VariableType  # noqa: PLC0415

    def left_out(text: str) -> list[str]:
        document = json.loads(text)
        return list(_missing(document, json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(document)))))

    register_default_plugins()
    text = DASHBOARD.read_text()
    assert left_out(text) == []
    assert left_out(text.replace('"expr"', '"exprr"', 1).replace('"unit"', '"unitt"', 1)) == [
        ".panels[0].fieldConfig.defaults.unitt",
        ".panels[0].targets[0].exprr",
    ]
    document = json.loads(text)
    assert all(panelcfg_config(panel["type"]) for panel in document["panels"])
    assert {one["type"] for one in document["templating"]["list"]} <= set(VariableType)
    queries = [query for panel in Dashboard.from_json(document).panels or [] for query in panel.targets or []]  # type: ignore[union-attr]
    assert {type(query) for query in queries} == {prometheus.Dataquery}


def _missing(given: Any, kept: Any, at: str = "") -> Iterator[str]:
    """Where ``kept`` differs from what was ``given``; what it has besides does not matter."""
    if isinstance(given, dict) and isinstance(kept, dict):
        for name, value in given.items():
            yield from _missing(value, kept.get(name), f"{at}.{name}")
    elif isinstance(given, list) and isinstance(kept, list) and len(given) == len(kept):
        for place, (value, other) in enumerate(zip(given, kept, strict=True)):
            yield from _missing(value, other, f"{at}[{place}]")
    elif given != kept:
        yield at


def test_the_dashboard_asks_for_what_there_is(collecting: Collecting) -> None:
    """Each of its queries names metrics and labels that the collector's own output has."""
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [one["query"] for one in dashboard["templating"]["list"] if one["type"] == "query"]
    collecting.send(*of_team(5, exit_status=2), *of_team(5, exit_status=-2, secret=1))
    collecting.wait_for(lambda: "dev.pull" in collecting.read("/metrics")[1], "a page")
    there = labels(collecting.read("/metrics")[1])
    asked: set[str] = set()
    for query in queries:
        for name, inside in re.findall(r"\b((?:make|collector)_\w+)(?:\{(.*?)\})?", query):
            asked.add(name)
            assert set(re.findall(r"(\w+)=~?\"", inside)) <= there[name], query
    assert asked == set(there)
    assert [panel["id"] for panel in dashboard["panels"]] == list(range(1, len(dashboard["panels"]) + 1))
