"""People lead: what agents and programs run moves no figure, and one line tells how much there is of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulated_team import Command, Runs, Team, World

from instrumented_make.figures import Selection
from instrumented_make.report import terminal
from instrumented_make.report.events import open_source
from instrumented_make.report.history import History
from instrumented_make.report.machine_readable import as_json
from instrumented_make.report.progress import Steps

WEEKS = 26
PEOPLE = World(people=8, weeks=WEEKS, commands=tuple(Command(f"c{number}", failing=0.1) for number in range(4)))
# On one of the eight machines, as many runs as all people make together, and half of them fail.
AGENT = replace(
    PEOPLE,
    people=1,
    runs_a_week=8 * PEOPLE.runs_a_week,
    commands=tuple(replace(command, failing=0.55) for command in PEOPLE.commands),
)


def rows(runs: Runs, caller: str | None) -> list[dict[str, Any]]:
    """These runs as a warehouse would hold them."""
    return [
        {
            "user_id": f"person {runs.person[at]}",
            "command": f"c{runs.command[at]}",
            "duration_ms": round(1000 * runs.duration_s[at]),
            "exit_status": int(runs.status[at]),
            "is_test": "false",
            "start_time": int(runs.start_s[at]),
            "git_commit_time": int(runs.pulled_s[at]),
            "git_checked_out_master": True,
            "caller": caller,
        }
        for at in range(len(runs.person))
    ]


def report(path: Path, events: list[dict[str, Any]], min_people: int = 1, **selection: Any) -> tuple[str, Any]:
    """What a report of these events tells, as text and as JSON."""
    pq.write_table(pa.Table.from_pylist(events), path)
    with Steps() as steps, open_source(str(path)) as source:
        history = History(source, Selection(**selection), min_people, steps)
        return terminal.text(history, None), json.loads(as_json(history))


def failed(text: str) -> float:
    """The headline's share of failed runs, in percent."""
    return float(re.findall(r"Failed: ([\d.]+)%", text)[0])


def share_failed(events: list[dict[str, Any]]) -> float:
    """The truth, in percent."""
    return 100 * sum(bool(row["exit_status"] > 0) for row in events) / len(events)


@pytest.fixture(autouse=True)
def _at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1783000000")


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("unknown", [False, True], ids=["person", "unknown"])
def test_an_agent_that_fails_a_lot_moves_nothing(tmp_path: Path, seed: int, unknown: bool) -> None:
    """Every sentence and figure is that of the people alone; those of an older recorder, unknown, are people."""
    path = tmp_path / "events.parquet"
    people = rows(Team(PEOPLE, seed).runs(), None if unknown else "person")
    agents = rows(Team(AGENT, 1000 + seed).runs(), "agent")
    alone, figures = report(path, people)
    told, document = report(path, [*agents, *people])
    [line] = [line for line in told.splitlines() if line.startswith("Agents and programs")]
    assert told.replace(f"{line}\n", "", 1) == alone
    bad = sum(row["exit_status"] > 0 for row in agents)
    assert document.pop("automated") == {"runs": len(agents), "failed": bad}
    assert figures.pop("automated") is None
    assert document == figures
    share, ended = f"{len(agents) / (len(agents) + len(people)):.1%}", f"{bad / len(agents):.1%}"
    assert line == (
        f"Agents and programs made {len(agents):,} runs more ({share} of all), of which {ended} failed: "
        "not counted; --callers all counts them"
    )
    everything, _ = report(path, [*agents, *people], all_callers=True)
    assert "with runs of agents and programs" in everything
    assert "Agents and programs made" not in everything
    assert failed(told) == pytest.approx(share_failed(people), abs=0.051)
    assert failed(everything) == pytest.approx(share_failed([*agents, *people]), abs=0.051)
    assert failed(everything) > failed(told) + 5


def test_the_line_follows_the_selection(tmp_path: Path) -> None:
    """Of the chosen commands and weeks only; programs count as agents do; other words and test data do not."""
    people = rows(Team(PEOPLE, 1).runs(), "person")
    others = rows(Team(AGENT, 2).runs(), "agent")[::20]
    others += [{**row, "caller": "program"} for row in others] + [{**row, "is_test": "x"} for row in others]
    each = len(others) // 3
    odd = [{**row, "caller": "robot"} for row in others[:each]]
    since = PEOPLE.begin_s + 7 * 86_400
    events = [*people, *others, *odd]
    _, document = report(tmp_path / "events.parquet", events, commands=("c1",), since_s=since)

    def count(events: list[dict[str, Any]]) -> int:
        return sum(row["command"] == "c1" and row["start_time"] >= since for row in events)

    assert document["automated"]["runs"] == count(others[: 2 * each]) > 0
    assert [row["runs"] for row in document["commands"]] == [count(people) + count(odd)]


def test_nothing_is_told_of_few_people(tmp_path: Path) -> None:
    """Of fewer than --min-people people, it is not told how many runs their agents made, nor how these ended."""
    people = rows(Team(PEOPLE, 1).runs(), "person")
    agents = rows(Team(AGENT, 2).runs(), "agent")
    told, document = report(tmp_path / "events.parquet", [*agents, *people], min_people=5)
    assert "Agents and programs made runs too, of too few people to tell more: not counted; --callers all" in told
    assert document["automated"] == {"runs": None, "failed": None}


def test_only_agents(tmp_path: Path) -> None:
    """A report without a person's run has no figures, and says why."""
    told, document = report(tmp_path / "events.parquet", rows(Team(AGENT, 2).runs(), "program"))
    assert "(100.0% of all)" in told
    assert "No matching runs." in told
    assert document["commands"] == []
