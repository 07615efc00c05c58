"""Each hint of ``report`` is followed to the letter, and then there is a report."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from generator.__main__ import main
from instrumented_make.report.shape import REQUIRED

RUN = {
    "messageId": "1",
    "type": "track",
    "userId": "u",
    "event": "devstack.command.run",
    "properties": {"command": "one", "duration_ms": 5, "exit_status": 0, "start_time": "2026-05-17T19:44:09Z"},
}
RUNS = json.dumps(RUN) + "\n"
SHAPE = "an event must be a row with the table's columns, or a track event with messageId, userId and properties"


def other(text: str = "", **fields: object) -> str:
    """Another event."""
    return json.dumps({**RUN, "messageId": "2", **fields}) + "\n" + text


ROWS = (
    "SELECT 'u' AS user_id, 'one' AS command, 5 AS duration_ms, 0 AS exit_status, 'false' AS is_test, "
    "TIMESTAMP '2026-05-17' AS start_time"
)


@dataclass(frozen=True)
class Hint:
    """Files, what somebody asks of them, the hint, and what they ask after it, maybe of other ``files``."""

    files: dict[str, str]
    asked: str
    hint: str
    then: str = "events.jsonl"
    fixed: str = ""


HINTS = {
    "an engine's own words": Hint(
        {"events.parquet": "no Parquet", "events.jsonl": RUNS},
        "events.parquet",
        "the library that reads it says this; 'python -m generator report --help' lists what can be read",
    ),
    "another kind of file": Hint(
        {"events.docx": "x", "events.jsonl": RUNS},
        "events.docx",
        "for a warehouse, give its URL, such as postgres://user@host/database",
        "postgres",
    ),
    "no JSON": Hint({"events.jsonl": "{,}\n"}, "events.jsonl", SHAPE, fixed=RUNS),
    "JSON, but no object": Hint({"events.jsonl": "[1, 2]\n"}, "events.jsonl", SHAPE, fixed=RUNS),
    "JSON, but no event": Hint({"events.jsonl": '{"a": 1}\n'}, "events.jsonl", SHAPE, fixed=RUNS),
    "a later line": Hint({"events.jsonl": RUNS + "{,}\n"}, "events.jsonl", SHAPE, fixed=RUNS + other()),
    "no event of a command": Hint(
        {"events.jsonl": json.dumps({**RUN, "type": "page"}) + "\n"}, "events.jsonl", SHAPE, fixed=RUNS
    ),
    "no such column": Hint(
        {"events.csv": "a,b\n1,2\n", "events.jsonl": RUNS},
        "events.csv",
        f"the table of a track event has {', '.join(REQUIRED)}",
    ),
    "several tables": Hint(
        {"several.sql": ""}, "several.duckdb", "choose one with --table SCHEMA.TABLE", "several.duckdb --table main.a"
    ),
    "no such table": Hint(
        {},
        "postgres --table devstack.nothing",
        "choose one with --table SCHEMA.TABLE; tables that you may not read are not listed",
        "postgres",
    ),
    "several kinds": Hint(
        {"events.jsonl": RUNS + other(event="two")},
        "events.jsonl",
        "choose one with --event NAME",
        "events.jsonl --event two",
    ),
    "no kinds": Hint({"events.csv": ""}, "events.csv --event one", "leave out --event", "events.csv"),
    "no URL": Hint(
        {"events.jsonl": RUNS}, "postgres://me@[x/database", "write it like postgres://me@host/database", "postgres"
    ),
    "no group": Hint(
        {"events.jsonl": RUNS}, "events.jsonl --group 3", "there are no groups in this report; leave out --group"
    ),
    **{
        f"an earlier report that is {what}": Hint(
            {"events.jsonl": RUNS, "last.json": text},
            "events.jsonl --since-last last.json",
            "give the output of an earlier 'report ... --format json'",
            "events.jsonl --since-last earlier.json",
        )
        for what, text in (("no JSON", "x"), ("another document", "{}"), ("of another encoding", "\udcff"))
    },
}


@pytest.fixture
def warehouse(request: pytest.FixtureRequest) -> Callable[[], str]:
    """The URL of PostgreSQL with a table of events, where one is needed."""
    return lambda: f"{request.getfixturevalue('postgres')} --table devstack.devstack_command_run"


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_leads_on(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    warehouse: Callable[[], str],
    name: str,
) -> None:
    """Without it, nothing is reported but one error."""
    hint = HINTS[name]
    monkeypatch.chdir(tmp_path)
    for path, text in hint.files.items():
        Path(path).write_text(text, errors="surrogateescape")
    if name == "several tables":
        with duckdb.connect("several.duckdb") as connection:
            connection.execute(f"CREATE TABLE a AS {ROWS}; CREATE TABLE b AS {ROWS}")
    if name == "no kinds":
        duckdb.sql(f"COPY ({ROWS}) TO 'events.csv'")

    def ask(words: str) -> int:
        url = warehouse() if words.startswith("postgres") and "@[" not in words else ""
        asked = words.replace("postgres", url.split()[0] if "--table" in words else url, 1) if url else words
        return main(["report", *shlex.split(asked), "--include-test"])

    assert ask(hint.asked) == 1
    said = capsys.readouterr()
    assert f"  hint: {hint.hint}\n" in said.err
    assert said.out == ""
    if hint.fixed:
        Path("events.jsonl").write_text(hint.fixed)
    if "earlier.json" in hint.then:
        assert ask("events.jsonl --format json") == 0
        Path("earlier.json").write_text(capsys.readouterr().out)
    if "--help" in hint.hint:
        [listed] = re.findall("'python -m generator (.*)'", hint.hint)
        assert main(listed.split()) == 0
        assert "JSON" in capsys.readouterr().out
    assert ask(hint.then) == 0
    said = capsys.readouterr()
    assert "hint:" not in said.err
    assert said.out
