"""Events from any source become the same table, and what cannot be read is explained."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import sqlite3
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from generator.cli import cli
from instrumented_make.errors import UserError
from instrumented_make.figures import LONGEST_MS, Selection, Summary
from instrumented_make.layout import write_csv
from instrumented_make.report import queries
from instrumented_make.report.events import Source, columns, open_source
from instrumented_make.report.history import History
from instrumented_make.report.machine_readable import as_json
from instrumented_make.report.options import Options
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions import answer_all
from instrumented_make.report.terminal import text
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import open_outbox
from instrumented_make.reporter.own_summary import summarise_outbox
from instrumented_make.text import printable
from instrumented_make.times import latest_s

ROOT = Path(__file__).resolve().parents[2]
PROPERTIES: dict[str, Any] = {
    "command": "dev.up",
    "command_type": "make",
    "duration_ms": 8421,
    "exit_status": 2,
    "git_checked_out_master": True,
    "git_commit_time": "2021-05-17T15:02:10-04:00",
    "is_test": "false",
    "start_time": "2021-05-17T19:44:09.905052+00:00",
}
RUN = {
    "command": "dev.up",
    "user_id": "u",
    "duration_ms": 8421,
    "exit_status": 2,
    "start_s": 1621280649,
    "commit_s": 1621278130,
    "on_master": True,
    "is_test": False,
}


def rows(source: Source, expression: Any) -> list[dict[str, Any]]:
    found = columns(source, expression)
    return [
        dict(zip(found, row, strict=True)) for row in zip(*(column.tolist() for column in found.values()), strict=True)
    ]


def runs(source: Path | str) -> list[dict[str, Any]]:
    """The rows that the queries see."""
    with open_source(str(source)) as found:
        return runs_of(found)


def runs_of(source: Source) -> list[dict[str, Any]]:
    return rows(source, queries.runs(queries.records(source.events, latest_s())))


def track(number: int = 1, **properties: Any) -> dict[str, Any]:
    """An event as the reporter sends it."""
    return {"messageId": f"m{number}", "userId": "u", "event": "e", "properties": PROPERTIES | properties}


def row(number: int = 1, **columns: Any) -> dict[str, Any]:
    """An event as a warehouse exports it."""
    return {"id": f"m{number}", "user_id": "u", **PROPERTIES, **columns}


def lines(path: Path, *values: object) -> Path:
    """A file of JSON lines."""
    text = "".join(f"{json.dumps(value)}\n" for value in values)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("shape", [track, row])
@pytest.mark.parametrize("name", ["events.jsonl", "events.ndjson", "events.json.gz"])
def test_json_lines(tmp_path: Path, name: str, shape: Any) -> None:
    """Track events and rows of the table are read alike; times are seconds, rounded down; a repeat is one event."""
    unknown = {"git_checked_out_master": None, "git_commit_time": None, "is_test": "yes"}
    path = lines(tmp_path / name, shape(1), shape(1), shape(2, **unknown), shape(3, duration_ms=None))
    found = sorted(runs(path), key=lambda item: item["is_test"])
    assert found == [RUN, RUN | {"on_master": None, "commit_s": None, "is_test": True}]


def test_parquet_files(tmp_path: Path) -> None:
    """One file, a pattern or a folder; columns that never had a value may be missing, and there may be others."""
    for number in (1, 2):
        columns = {name: [value] for name, value in row(number, context_ip="::").items() if not name.startswith("git_")}
        pq.write_table(pa.table(columns), tmp_path / f"{number}.parquet")
    expected = RUN | {"on_master": None, "commit_s": None}
    assert runs(tmp_path / "1.parquet") == [expected]
    assert runs(tmp_path / "*.parquet") == runs(tmp_path) == [expected] * 2


def test_a_pattern_that_matches_a_dangling_link_says_so(tmp_path: Path) -> None:
    pq.write_table(pa.table({name: [value] for name, value in row().items()}), tmp_path / "1.parquet")
    (tmp_path / "2.parquet").symlink_to("nowhere")
    with pytest.raises(UserError, match=r"2\.parquet: error: it cannot be read: No such file or directory"):
        runs(tmp_path / "*.parquet")


def test_column_names_may_be_upper_case(tmp_path: Path) -> None:
    """As in Snowflake."""
    pq.write_table(pa.table({name.upper(): [value] for name, value in row().items()}), tmp_path / "a.parquet")
    assert runs(tmp_path / "a.parquet") == [RUN]


BROKEN = {
    "absent": (None, "nowhere.jsonl: error: it cannot be read: No such file or directory"),
    "no json": ("a\n", "a.jsonl:1:1: error: Expecting value"),
    "empty": ("", "a.jsonl: error: no track event has a command"),
    "list": ("[1]\n", "a.jsonl:1:2: error: an event is not a JSON object"),
    "request": ('{"batch": [1]}\n', "a.jsonl:1:1: error: an event is not a JSON object"),
    "array": (f"[{json.dumps(track())},\n x]\n", "a.jsonl:2:2: error: Expecting value"),
    "other": ('{"id": 1}\n', "a.jsonl:1:1: error: an event has no user_id"),
    "later": (f"{json.dumps(track())}\n{{'x'\n", "a.jsonl:2:2: error: Expecting property name"),
    "bytes": (f"{json.dumps(track())}\n\x00\n", "a.jsonl:2:1: error: Expecting value"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_explained(tmp_path: Path, kind: str) -> None:
    """The message names the file, and the line where there is one."""
    text, expected = BROKEN[kind]
    path = tmp_path / ("nowhere.jsonl" if text is None else "a.jsonl")
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError) as error:
        runs(path)
    assert expected in str(error.value)


def test_an_unsuitable_source_is_explained(tmp_path: Path) -> None:
    """A folder without files, a file of another kind, and Parquet and SQLite files with other content."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("hello")
    pq.write_table(pa.table({"user_id": ["u"], "command": ["c"]}), tmp_path / "a.parquet")
    sqlite3.connect(tmp_path / "a.sqlite3").execute("CREATE TABLE other (a)").connection.close()
    (tmp_path / "b.parquet").write_text("PAR?")
    for name, expected in {
        "empty": "no file in this folder ends in .csv, .duckdb, .gz, .json",
        "a.txt": "a.txt: error: it is neither an outbox nor a DuckDB database, and its name ends in none of",
        "a.parquet": "it has no column duration_ms; its columns: user_id, command",
        "a.sqlite3": "it is not an outbox: no such table: events",
        "b.parquet": "b.parquet: error: ",
    }.items():
        with pytest.raises(UserError) as error:
            runs(tmp_path / name)
        assert expected in str(error.value)


EVENTS = st.builds(
    lambda command, duration, status, second, master, test: {
        "command": command,
        "duration_ms": duration,
        "exit_status": status,
        "start_time": datetime.fromtimestamp(1_770_000_000 + second, timezone.utc).isoformat(timespec="microseconds"),
        "git_checked_out_master": master,
        "git_commit_time": None,
        "is_test": test,
    },
    st.sampled_from(["dev.up", "dev.pull", "dev.up dev.pull", "ünïcode"]),
    st.integers(0, 10**8) | st.sampled_from([-1, LONGEST_MS, LONGEST_MS + 1, "long", None]),
    st.sampled_from([0, 0, 0, 2, -2, -15]),
    st.floats(0, 20_000_000) | st.sampled_from([-2_000_000_000.0, 2_000_000_000.0]),
    st.sampled_from([True, False, None]),
    st.sampled_from(["false", "false", "yes"]),
)
SELECTIONS = st.builds(
    Selection,
    st.sampled_from([None, 1_774_000_000]),
    st.just(()),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=30)
@given(st.lists(EVENTS, max_size=60), SELECTIONS)
def test_both_front_ends_give_equal_figures(
    tmp_path_factory: pytest.TempPathFactory, events: list[Any], selection: Selection
) -> None:
    """``metrics-stats`` and ``report`` compute the same from an outbox, to the last bit."""
    home = ConfigDir(tmp_path_factory.mktemp("home"))
    with open_outbox(home.outbox) as outbox:
        outbox.add([Event(f"m{number}", "u", "e", "", item) for number, item in enumerate(events)], [], 0)
    assert reported(home.outbox, selection) == summarise_outbox(home.outbox, selection)
    shutil.rmtree(home.path)


def reported(source: Path, selection: Selection) -> Summary:
    """The summary that a report is made of."""
    with Steps() as steps, open_source(str(source)) as found:
        return History(found, selection, 5, steps).summary


@pytest.mark.parametrize("name", ["a#b", "a?mode=rwc", "50%25", "ein Ordner"])
def test_an_outbox_path_may_have_special_characters(tmp_path: Path, name: str) -> None:
    """They mean something in a URI: the events are found all the same, and no other file is created."""
    home = ConfigDir(tmp_path / name)
    home.create()
    with open_outbox(home.outbox) as outbox:
        outbox.add([Event("m1", "u", "e", "", dict(PROPERTIES))], [], 0)
    before = sorted(tmp_path.rglob("*"))
    assert runs(home.outbox) == [RUN]
    assert sorted(tmp_path.rglob("*")) == before


def test_an_outbox_is_only_read(tmp_path: Path) -> None:
    """Not a byte of it changes, and no file is created beside it."""
    home = ConfigDir(tmp_path)
    with open_outbox(home.outbox) as outbox:
        outbox.add([Event("m1", "u", "e", "", dict(PROPERTIES))], [], 0)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert runs(home.outbox) == [RUN]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_files_with_differing_columns_are_one_table(tmp_path: Path) -> None:
    """The first file has no git columns; those of the second are read all the same."""
    columns = {name: [value] for name, value in row(1).items()}
    pq.write_table(
        pa.table({name: value for name, value in columns.items() if not name.startswith("git_")} | {"id": ["m2"]}),
        tmp_path / "1.parquet",
    )
    pq.write_table(pa.table(columns), tmp_path / "2.parquet")
    assert sorted(runs(tmp_path), key=str) == sorted([RUN, RUN | {"on_master": None, "commit_s": None}], key=str)


ODD: dict[str, tuple[str, Any, dict[str, Any] | str | None]] = {
    "text never given": ("is_test", pa.array([None]), {"is_test": True}),
    "time never given": ("git_commit_time", pa.array([None]), {"commit_s": None}),
    "truth never given": ("git_checked_out_master", pa.array([None]), {"on_master": None}),
    "number as text": ("duration_ms", pa.array(["8421"]), {}),
    "number with a fraction": ("duration_ms", pa.array([8421.0]), {}),
    "text as number": ("user_id", pa.array([7]), {"user_id": "7"}),
    "truth as number": ("git_checked_out_master", pa.array([1]), {}),
    "number as bytes": ("duration_ms", pa.array([b"1"]), "duration_ms is of type binary, not number"),
    "number too large": ("exit_status", pa.array([2**63], pa.uint64()), None),
    "text as truth": ("is_test", pa.array([False]), {}),
    "text as decimal": ("user_id", pa.array([Decimal(7)]), {"user_id": "7"}),
    "text as UUID": (
        "user_id",
        pa.array([bytes(range(16))], pa.uuid()),
        {"user_id": str(UUID(bytes=bytes(range(16))))},
    ),
    "truth as text": ("git_checked_out_master", pa.array(["T"]), {}),
    "truth as another text": ("git_checked_out_master", pa.array(["perhaps"]), {"on_master": None}),
    "time as date": ("git_commit_time", pa.array([date(2021, 5, 17)]), {"commit_s": 1621209600}),
    "time as seconds": ("start_time", pa.array([1621280649]), {}),
    "time as milliseconds": ("start_time", pa.array([1621280649905]), {}),
    "time as microseconds": ("start_time", pa.array([1621280649905052]), {}),
    "time as nanoseconds": ("start_time", pa.array([1621280649905052000]), {}),
    "time as a number with a fraction": ("start_time", pa.array([1621280649.9]), {}),
    "time as a number in text": ("start_time", pa.array(["1621280649"]), {}),
    "time as Snowflake's text": ("start_time", pa.array(["2021-05-17 12:44:09.905 -0700"]), {}),
    "time as BigQuery's text": ("start_time", pa.array(["2021-05-17 19:44:09.905052 UTC"]), {}),
    "time as truth": ("start_time", pa.array([True]), "start_time is of type boolean, not time"),
    "text as bytes": ("command", pa.array([b"\xff"]), "command is of type binary, not text"),
    "number as list": ("exit_status", pa.array([[1]]), ", not number"),
}


@pytest.mark.parametrize("kind", ODD)
def test_columns_of_other_types(tmp_path: Path, kind: str) -> None:
    """A type that means the same is converted; any other is explained in one sentence."""
    name, values, expected = ODD[kind]
    table = pa.table({key: values if key == name else [value] for key, value in row().items()})
    pq.write_table(table, tmp_path / "a.parquet")
    if not isinstance(expected, str):
        assert runs(tmp_path / "a.parquet") == ([] if expected is None else [RUN | expected])
    else:
        with pytest.raises(UserError) as error:
            runs(tmp_path / "a.parquet")
        assert expected in str(error.value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_runs_with_an_infinite_duration_are_skipped(tmp_path: Path, value: float) -> None:
    """So are those with NaN; other runs are kept."""
    for number, duration in enumerate((value, 8421.0)):
        pq.write_table(
            pa.table({key: [content] for key, content in row(duration_ms=duration).items()}),
            tmp_path / f"{number}.parquet",
        )
    assert runs(tmp_path) == [RUN]


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "not a number": {"duration_ms": "long"},
    "no status": {"exit_status": {"code": 1}},
    "not a time": {"start_time": "yesterday"},
    "too large a number": {"duration_ms": 10**20},
    "too long": {"duration_ms": 367 * 24 * 3600 * 1000},
    "negative": {"duration_ms": -1},
    "long ago": {"start_time": "1066-10-14T09:00:00+00:00"},
    "in the future": {"start_time": "2121-05-17T19:44:09+00:00"},
}


@pytest.mark.parametrize("kind", ["json", "outbox"])
@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_event_that_cannot_be_a_run_is_left_out_and_counted(tmp_path: Path, name: str, kind: str) -> None:
    """Anyone who knows the write key can send one: it holds up no other. An event of no command is not counted."""
    if kind == "json":
        path = lines(tmp_path / "a.jsonl", track(1), track(2, **IMPOSSIBLE[name]), track(3, command=None))
    else:
        home = ConfigDir(tmp_path)
        home.create()
        path = home.outbox
        with open_outbox(path) as outbox:
            events = [PROPERTIES, PROPERTIES | IMPOSSIBLE[name], PROPERTIES | {"command": None}]
            outbox.add([Event(f"m{number}", "u", "e", "", item) for number, item in enumerate(events)], [], 0)
        assert summarise_outbox(home.outbox, Selection()).figures[0].runs == 1
    with Steps() as steps, open_source(str(path)) as found:
        history_ = History(found, Selection(), 1, steps)
        assert (history_.summary.figures[0].runs, history_.left_out) == (1, 1)
        assert "left out: 1 event with a missing or impossible value" in text(history_, None)
        assert json.loads(as_json(history_))["left_out"] == 1


def test_an_optional_value_that_cannot_be_is_unknown(tmp_path: Path) -> None:
    """The run counts all the same."""
    path = lines(tmp_path / "a.jsonl", track(git_commit_time="recently", git_checked_out_master="perhaps"))
    assert runs(path) == [RUN | {"commit_s": None, "on_master": None}]


def call(kind: str, **more: Any) -> dict[str, Any]:
    """A call of another kind, as Segment keeps it among the track events."""
    return {"type": kind, "messageId": f"other-{kind}", "userId": "u", "traits": {"plan": "x"}, **more}


def test_other_segment_calls_are_skipped(tmp_path: Path) -> None:
    """A bucket has everything that a source sent, in files named by Segment."""
    path = tmp_path / "day" / "1767225600000_0a1b2c.gz"
    path.parent.mkdir()
    lines(path, call("identify"), {**track(), "type": "track"}, call("page", properties={"url": "/"}), call("group"))
    assert runs(path) == runs(tmp_path) == [RUN]


def test_one_of_several_events_is_chosen_by_name(tmp_path: Path) -> None:
    """Without a name the error lists them."""
    path = lines(tmp_path / "a.jsonl", {**track(1), "event": "one"}, {**track(2), "event": "two"})
    with pytest.raises(UserError, match="several kinds of events: one, two"):
        runs(path)
    with open_source(str(path), event="two") as found:
        assert found.event == "two"
        assert runs_of(found) == [RUN]
    with pytest.raises(UserError, match="there is no track event 'three'"), open_source(str(path), event="three"):
        pass


@pytest.mark.parametrize("shape", ["upper case", "RudderStack", "byte order mark"])
def test_json_rows_of_other_tools_are_read(tmp_path: Path, shape: str) -> None:
    """Snowflake's names, RudderStack's additional columns, and a byte order mark."""
    path = tmp_path / "a.jsonl"
    if shape == "upper case":
        lines(path, {name.upper(): value for name, value in row().items()})
    elif shape == "RudderStack":
        lines(path, row(anonymous_id="a", event="e", event_text="E", original_timestamp="x", sent_at="x", channel="s"))
    else:
        path.write_text("\ufeff" + json.dumps(track()) + "\n", encoding="utf-8")
    assert runs(path) == [RUN]


def test_a_file_without_track_events_is_an_error(tmp_path: Path) -> None:
    """The message says so."""
    path = lines(tmp_path / "a.jsonl", call("identify"))
    with pytest.raises(UserError, match="no track event has a command"):
        runs(path)


@pytest.mark.parametrize("name", ["\x1b[2Jdev", "dev\x00up", "dev\u202epu.ved", "dev\u2028up", "dev\nup", "d\x07"])
def test_control_characters_in_names_are_replaced_on_input(tmp_path: Path, name: str) -> None:
    """None of them reaches a terminal, a page or the progress bar."""
    path = lines(tmp_path / "a.jsonl", *(track(number, command=name) | {"userId": f"u{number}"} for number in range(9)))
    console = Console(record=True, file=io.StringIO())
    with Steps(console, 0.0) as steps, open_source(str(path)) as found:
        history_of = History(found, Selection(), 5, steps, Options(change_s=0))
        (shown,) = [figures.command for figures in history_of.summary.figures]
        assert history_of.commands == [shown] == [printable(name)]
        assert [section.anchor for section in answer_all(history_of)][1] == "helped"
    assert printable(shown, keep="") == shown


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(1)"])
def test_a_command_name_is_not_a_formula_in_csv(name: str) -> None:
    """A spreadsheet shows it as text."""
    text = write_csv(["command", "runs"], [{"command": name, "runs": -1}])
    assert text.splitlines()[1].lstrip('"').startswith("'" + name[0])
    assert text.endswith(",-1\n")


@pytest.mark.parametrize(
    "url",
    [
        "trino://me:secret-word@h/hive/default",
        "trino://me:pa@secret-word@h/hive/default",
        "trino://me:secret-word@[::1/hive",
        "trino://me@h/hive/default?password=secret-word&x=1",
        "trino://me@h/hive?session=1&client_secret=secret-word",
        "postgres://me:secret%2Dword@127.0.0.1:9/x?sslpassword=secret-word",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    """Wherever it is in the URL, and however the driver repeats it."""
    with pytest.raises(UserError) as error, open_source(url):
        pass
    assert "secret" not in str(error.value).replace("client_secret=", "")


@pytest.mark.parametrize("kind", ["parquet", "outbox"])
def test_an_event_is_chosen_by_name_in_other_sources(tmp_path: Path, kind: str) -> None:
    """An outbox may have several, since a project can rename its event; elsewhere one must be chosen."""
    names = ("one", "two")
    if kind == "outbox":
        home = ConfigDir(tmp_path)
        with open_outbox(home.outbox) as outbox:
            outbox.add([Event(f"m{name}", "u", name, "", dict(PROPERTIES)) for name in names], [], 0)
        path = home.outbox
        assert runs(path) == [RUN] * 2
    else:
        path = tmp_path / "a.parquet"
        values = [row(number, event=name) for number, name in enumerate(names)]
        pq.write_table(pa.Table.from_pylist(values), path)
        with pytest.raises(UserError, match="several kinds of events: one, two"):
            runs(path)
    with open_source(str(path), event="two") as found:
        assert found.event == "two"
        assert runs_of(found) == [RUN]
    expected = "there is no track event 'three'; there are: one, two"
    with pytest.raises(UserError, match=expected), open_source(str(path), event="three"):
        pass


def test_the_only_event_needs_no_name(tmp_path: Path) -> None:
    """Its name is read from the file, for the line above the table."""
    with open_source(str(lines(tmp_path / "a.jsonl", track()))) as found:
        assert found.event == "e"


def outbox_of(folder: Path, *ids: str, user_id: str = "u") -> Path:
    """One person's outbox with these events."""
    home = ConfigDir(folder)
    home.create()
    with open_outbox(home.outbox) as outbox:
        outbox.add([Event(id_, user_id, "e", "", dict(PROPERTIES)) for id_ in ids], [], 0)
    return home.outbox


@pytest.mark.parametrize("place", ["*/outbox.sqlite3", "*", ""])
def test_several_outboxes_are_many_peoples(tmp_path: Path, place: str) -> None:
    """All of them are read, by a pattern of files, of folders or in a folder, and none is anybody's own."""
    for number, name in enumerate(("ann", "bob", "cy"), start=1):
        outbox_of(tmp_path / name, *(f"{name}{run}" for run in range(number)), user_id=name)
    with open_source(str(tmp_path / place)) as found:
        assert sorted(run["user_id"] for run in runs_of(found)) == ["ann", "bob", "bob", "cy", "cy", "cy"]
        assert not found.own


def test_outboxes_of_one_person_are_their_own(tmp_path: Path) -> None:
    """An event that both of them hold counts once."""
    outbox_of(tmp_path / "desk", "m1", "m2")
    outbox_of(tmp_path / "lap", "m2", "m3")
    with open_source(str(tmp_path / "*")) as found:
        assert runs_of(found) == [RUN] * 3
        assert found.own


def csv_file(path: Path, *values: dict[str, Any], separator: str = ",", null: str = "") -> Path:
    """The rows as text, each value as Python prints it."""
    rows: list[list[Any]] = [list(values[0]), *(list(value.values()) for value in values)]
    text = "".join(separator.join(null if cell is None else str(cell) for cell in cells) + "\n" for cells in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def duckdb_file(path: Path, statement: str = "CREATE TABLE runs AS FROM rows") -> Path:
    """A database made from one row."""
    with duckdb.connect(str(path)) as connection:
        connection.register("rows", pa.Table.from_pylist([row(4)]))
        connection.execute(statement)
    return path


def of_each_kind(folder: Path) -> list[Path]:
    """One event in each kind of file, with the ids m1 to m8."""
    parquet = folder / "1.parquet"
    pq.write_table(pa.Table.from_pylist([row(1)]), parquet)
    array, request, pretty = folder / "5.json", folder / "6.jsonl", folder / "7.json"
    array.write_text(json.dumps([row(5)]))
    lines(request, {"batch": [track(6), call("identify")], "sentAt": "2026-07-01T00:00:00Z"})
    pretty.write_text(json.dumps(track(7), indent=2))
    return [
        parquet,
        outbox_of(folder / "home", "m2"),
        csv_file(folder / "3.CSV", row(3)),
        duckdb_file(folder / "4.duckdb"),
        array,
        request,
        pretty,
        csv_file(folder / "8.csv.gz", row(8)),
    ]


def test_a_folder_of_all_kinds_is_read_as_a_whole(tmp_path: Path) -> None:
    """Each file by itself has its one run; together, with an overlapping export, they have all, each once."""
    paths = of_each_kind(tmp_path)
    for path in paths:
        assert runs(path) == [RUN], path
    lines(tmp_path / "again.jsonl", *(row(number) for number in range(1, 9)))
    (tmp_path / "_delta_log").mkdir()
    (tmp_path / "_delta_log" / "0.json").write_text("an engine's own book")
    for name in ("README", "again.jsonl.lock"):
        (tmp_path / name).write_text("nothing")
    assert runs(tmp_path) == [RUN] * 8


@pytest.mark.parametrize(
    "bad", ["z.jsonl", "z.parquet", "z.csv", "z.txt", "z.sqlite3", "z.jsonl.zst", "z-other.parquet"]
)
def test_any_file_of_a_pattern_that_cannot_be_read_is_named(tmp_path: Path, bad: str) -> None:
    """However well the others can."""
    of_each_kind(tmp_path)
    if bad == "z-other.parquet":
        pq.write_table(pa.table({"a": [1]}), tmp_path / bad)
    else:
        (tmp_path / bad).write_text("hello\nworld\n")
    for source in ("[1-9z]*", "") if bad != "z.txt" else ("[1-9z]*",):
        with pytest.raises(UserError) as error:
            runs(tmp_path / source)
        assert str(error.value).startswith(str(tmp_path / bad))


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "duckdb"])
def test_an_id_counts_once_and_events_without_one_all_count(tmp_path: Path, kind: str) -> None:
    """The repetition may be in another file; an empty id is none."""
    parts: list[list[str | None]] = [["a", "a", "b"], ["b", "c", None], ["", ""]]
    for number, ids in enumerate(parts):
        values = [row() | {"id": id_} for id_ in ids]
        path = tmp_path / f"{number}.{kind}"
        if kind == "parquet":
            pq.write_table(pa.Table.from_pylist(values), path)
        elif kind == "csv":
            csv_file(path, *values)
        elif kind == "jsonl":
            lines(path, *values)
        else:
            with duckdb.connect(str(path)) as connection:
                connection.register("rows", pa.Table.from_pylist(values))
                connection.execute("CREATE TABLE runs AS FROM rows")
    assert runs(tmp_path) == [RUN] * 6
    without = {name: [value] * 2 for name, value in row().items() if name != "id"}
    pq.write_table(pa.table(without), tmp_path / "0.parquet")
    assert runs(tmp_path / "0.parquet") == [RUN] * 2


@pytest.mark.parametrize("name", ["z.jsonl.gz", "z.csv.gz", "z.parquet", "z.duckdb", "z.sqlite3"])
def test_a_damaged_file_is_named_in_one_sentence(tmp_path: Path, name: str) -> None:
    """Whatever library finds out, at its beginning or later on: nobody sees a traceback."""
    many = [track(number, command=f"dev.{number * 7919 % 10007}") for number in range(5000)]
    if name == "z.jsonl.gz":
        lines(tmp_path / name, *many)
    elif name == "z.csv.gz":
        csv_file(tmp_path / name, *(row(number, command=f"dev.{number * 7919 % 10007}") for number in range(5000)))
    elif name == "z.parquet":
        pq.write_table(pa.Table.from_pylist([row(number) for number in range(5000)]), tmp_path / name)
    elif name == "z.duckdb":
        duckdb_file(tmp_path / name)
    else:
        outbox_of(tmp_path, *map(str, range(100))).rename(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    half = len(whole) // 2
    for damaged in (whole[:half], whole[:30], whole[:30] + bytes(half) + whole[half + 30 :]):
        (tmp_path / name).write_bytes(damaged)
        with pytest.raises(UserError, match=f"^{tmp_path / name}(:[0-9]+:[0-9]+)?: error: "):
            runs(tmp_path / name)


def test_which_of_two_events_with_one_id_counts_does_not_depend_on_their_order(tmp_path: Path) -> None:
    """An id that is sent again with another value does not change reports back and forth."""
    there = [row(1, duration_ms=duration) for duration in (5, 7)]
    for number, values in enumerate((there, there[::-1])):
        pq.write_table(pa.Table.from_pylist(values), tmp_path / f"{number}.parquet")
        assert [run["duration_ms"] for run in runs(tmp_path / f"{number}.parquet")] == [5]


def test_csv_as_tools_write_it(tmp_path: Path) -> None:
    r"""Metabase's titles as names, semicolons, PostgreSQL's times and truths, Snowflake's \N."""
    titles = {name.replace("_", " ").title(): value for name, value in row().items()}
    assert runs(csv_file(tmp_path / "metabase.csv", titles, separator=";")) == [RUN]
    assert runs(csv_file(tmp_path / "tabs.tsv", row(), separator="\t")) == [RUN]
    postgres = row(git_checked_out_master="t", git_commit_time=None, start_time="2021-05-17 19:44:09.905052+00")
    for null in ("", r"\N", "NULL"):
        rows = [postgres | {"id": None}] * 2
        assert runs(csv_file(tmp_path / "psql.csv", *rows, null=null)) == [RUN | {"commit_s": None}] * 2


def test_a_database_has_one_table_of_events_or_it_is_chosen(tmp_path: Path) -> None:
    """It is the only one with the columns, or the one that is named as the event, or --table names it."""
    path = duckdb_file(
        tmp_path / "a.duckdb", "CREATE TABLE other (a INT); CREATE SCHEMA s; CREATE VIEW s.x AS SELECT 1 AS b"
    )
    with pytest.raises(UserError, match=r"no table alone has user_id, .*; there are: main.other, s.x"):
        runs(path)
    path = duckdb_file(tmp_path / "b.duckdb", "CREATE TABLE a AS FROM rows; CREATE TABLE hm_run AS FROM rows LIMIT 0")
    with pytest.raises(UserError, match=r"there are: main.a, main.hm_run\n.*--table"):
        runs(path)
    with open_source(str(path), usual="hm_run") as found:
        assert runs_of(found) == []
    for table in ("A", "main.a"):
        with open_source(str(path), table) as found:
            assert runs_of(found) == [RUN]
    with pytest.raises(UserError, match="no table is named nothing"), open_source(str(path), "nothing"):
        pass


def test_a_name_with_a_patterns_characters_is_one_file(tmp_path: Path) -> None:
    """Neither this program nor DuckDB takes it for a pattern."""
    for name in ("a[1]", "a1"):
        pq.write_table(pa.Table.from_pylist([row(user_id=name)]), tmp_path / f"{name}.parquet")
        lines(tmp_path / f"{name}.jsonl", row(user_id=name))
    for suffix in ("parquet", "jsonl"):
        assert runs(tmp_path / f"a[1].{suffix}") == [RUN | {"user_id": "a[1]"}]


def test_the_catalog_names_the_table(tmp_path: Path) -> None:
    """As Segment's warehouses name it; --table wins."""
    catalog = tmp_path / "targets.yaml"
    catalog.write_text(
        (ROOT / "examples" / "team_targets.yaml").read_text().replace("devstack.command.run", "HM Make.run")
    )
    path = duckdb_file(
        tmp_path / "a.duckdb", "CREATE TABLE hm_make_run AS FROM rows; CREATE TABLE b AS FROM hm_make_run"
    )
    assert reported_by(f"duckdb://{path}?read_only=True") == "there is no table devstack_command_run"
    for source in (f"duckdb://{path}?read_only=True", str(path)):
        assert reported_by(source, "--catalog", str(catalog)) == ""
        assert reported_by(source, "--catalog", str(catalog), "--table", "b") == ""
        assert reported_by(source, "--catalog", str(catalog), "--table", "c").startswith(
            ("there is no table c", "no table is named c")
        )


def reported_by(*arguments: str) -> str:
    """What the command says went wrong, up to the names of what is there."""
    found = CliRunner().invoke(cli, ["report", *arguments])
    return "" if found.exit_code == 0 else str(found.exception).partition("error: ")[2].split(" that you may")[0]
