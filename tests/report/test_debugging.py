"""Sessions are those that one finds by walking along each person's runs; simulations of what is said about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from simulated_events import counted_events
from simulated_team import WEEK_S, Change, Command, Runs, Team, World
from worlds import at_least, at_most

from instrumented_make.figures import Selection
from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.ratio import interval, leads
from instrumented_make.report.events import open_source
from instrumented_make.report.history import SPREAD, History
from instrumented_make.report.options import Options, Targets
from instrumented_make.report.progress import Steps
from instrumented_make.report.queries import GAP_S, GAPS_S
from instrumented_make.report.questions import debugging
from instrumented_make.report.wording import about_trend

# A run: who, when, how long in ms, its exit status, and its command.
Walked = tuple[Any, int, int, int, Any]
Session = tuple[Any, Any, int, int, int, int]


def walk(runs: Iterable[Walked], gap_s: int = GAP_S) -> list[Session]:
    """Each session, run by run: who, the command, tries, how long in ms, whether it ended well, and when it began."""
    found: list[Session] = []
    going: dict[Any, list[int]] = {}
    who, end_s = None, 0

    def stop(command: Any, solved: int) -> None:
        start_s, end_ms, tries = going.pop(command)
        found.append((who, command, tries, end_ms - start_s * 1000, solved, start_s))

    for person, start_s, duration_ms, status, command in sorted(runs):
        if person != who or start_s - end_s > gap_s:
            for name in list(going):
                stop(name, 0)
        who, end_s = person, start_s + duration_ms // 1000
        if status != 0 and command not in going:
            going[command] = [start_s, 0, 0]
        if command in going:
            begun_s, end_ms, tries = going[command]
            going[command] = [begun_s, max(end_ms, start_s * 1000 + duration_ms), tries + 1]
            if status == 0:
                stop(command, 1)
    for name in list(going):
        stop(name, 0)
    return found


@pytest.mark.parametrize("gap_s", GAPS_S)
def test_the_query_finds_what_a_walk_finds(history: Path, gap_s: int) -> None:
    """Every session of a team, for each gap."""
    with Steps() as steps, open_source(str(history)) as source:
        asked = History(source, Selection(), 1, steps)
        tried = debugging.tries(asked.stretches, asked.places(asked.commands))
        query = debugging.sessions(tried, gap_s).drop("week")
        rows = asked.ask(query.select("command", "tries", "duration_ms", "solved"))
        found = [(asked.names[row.pop("command")], *row.values()) for row in rows]
        longest = {name: int(3 * values[SPREAD.index(95)]) for name, values in asked.spread.items()}
    events = counted_events(history)
    runs = [
        (
            event["user_id"],
            int(event["start_time"].timestamp()),
            min(event["duration_ms"], longest[event["command"]]),
            event["exit_status"],
            event["command"],
        )
        for event in events
    ]
    expected = [session[1:5] for session in walk(runs, gap_s)]
    assert len(expected) > 500
    assert sorted(found) == sorted(expected)


def test_every_figure_is_that_of_the_sessions(history: Path) -> None:
    """Sums and medians are counted here again; interactive commands begin no session, but keep others going."""
    inside = frozenset({"dev.attach.lms", "dev.shell.lms", "dev.logs.lms"})
    with Steps() as steps, open_source(str(history)) as source:
        asked = History(source, Selection(), 5, steps, Options(targets=Targets(interactive=inside)))
        sessions = debugging.find(asked)
        found, most = sessions.of, sessions.most
        query = debugging.sessions(debugging.tries(asked.stretches, asked.places(asked.commands)), GAP_S)
        of = defaultdict(list)
        for row in asked.ask(query.select("command", "tries", "duration_ms", "solved")):
            of[asked.names[row["command"]]].append(row)
        weeks = len(asked.timeline)
    assert not {item.command for item in found} & inside
    assert len(found) > 5
    assert most[GAP_S] == (found[0].command, found[0].week_ms)
    for item in found:
        rows = of[item.command]
        solved = [row for row in rows if row["solved"]]
        assert item.sessions == len(rows)
        assert item.given_up == len(rows) - len(solved)
        assert item.tries == np.mean([row["tries"] for row in solved])
        assert item.until_ms == pytest.approx(np.median([row["duration_ms"] for row in solved]), abs=0.01)
        assert item.week_ms == pytest.approx(sum(row["duration_ms"] for row in rows) / weeks)
        assert item.range_ms is not None
        assert item.range_ms[0] < item.week_ms < item.range_ms[1]


def time_of(runs: Runs, people: int, commands: int) -> tuple[Floats, Floats]:
    """The time of each person (rows) in sessions with each command, and the weeks in which they ran anything."""
    columns = (runs.person, runs.start_s.astype(int), (runs.duration_s * 1000).astype(int), runs.status, runs.command)
    total = np.zeros((people, commands))
    for person, command, _, took_ms, *_ in walk(zip(*(column.tolist() for column in columns), strict=True)):
        total[person, command] += took_ms
    weeks = np.unique(np.stack([runs.person, runs.start_s // WEEK_S]), axis=1)[0].astype(int)
    return total, np.bincount(weeks, minlength=people).astype(float)


def world(people: int, *failing: float) -> World:
    """Four commands of a minute, which people try again if they fail, and three in a week of each."""
    names = [Command(f"c{number}", median_s=60, failing=share) for number, share in enumerate(failing)]
    return World(people=people, commands=tuple(names), retries=0.6)


@cache
def truth() -> float:
    total, weeks = time_of(Team(world(4_000, *[0.1] * 4), 1).runs(), 4_000, 4)
    return float(total[:, 0].sum() / weeks.sum())


@pytest.mark.sampled(2)
@pytest.mark.parametrize("people", [8, 15, 40])
def test_ranges_of_time_hold_the_truth(people: int) -> None:
    """About nine in ten, as those of waiting."""
    teams, held = 100, 0
    for seed in range(teams):
        total, weeks = time_of(Team(world(people, *[0.1] * 4), seed).runs(), people, 4)
        found = interval(total[:, 0], weeks)
        held += found is not None and found[0] <= truth() <= found[1]
    assert held >= stats.binom.ppf(0.001, teams, 0.88)


def is_told_to_change(world: World, seed: int) -> bool:
    """Whether the report says that the time in sessions became more or less."""
    runs = Team(world, seed).runs()
    columns = (runs.person, runs.start_s.astype(int), (runs.duration_s * 1000).astype(int), runs.status, runs.command)
    total = np.zeros(world.weeks)
    for _, _, _, took_ms, _, begun_s in walk(zip(*(column.tolist() for column in columns), strict=True)):
        total[min(int((begun_s - world.begin_s) // WEEK_S), world.weeks - 1)] += took_ms
    there = np.unique(np.stack([runs.person, (runs.start_s - world.begin_s) // WEEK_S]), axis=1)[1].astype(int)
    people = np.bincount(np.minimum(there, world.weeks - 1), minlength=world.weeks)
    return bool(about_trend("it", list(enumerate((total / people).tolist()))))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("people", [15, 40])
def test_that_it_changed_is_rarely_told_where_it_did_not(people: int) -> None:
    """As rarely as any trend; and nearly always, where one of four commands begins to fail three times as often."""
    alike = world(people, *[0.1] * 4)
    worse = replace(alike, change=Change(13, command="c0", failing=0.4))
    teams = 60
    assert sum(is_told_to_change(alike, seed) for seed in range(teams)) <= at_most(teams, 0.06)
    assert sum(is_told_to_change(worse, seed) for seed in range(teams)) >= at_least(teams, 0.5 if people < 20 else 0.7)


def leading(people: int, *failing: float, seed: int) -> int | None:
    """Which command is said to lead to most, if any is."""
    total, _ = time_of(Team(world(people, *failing), seed).runs(), people, len(failing))
    second, first = np.argsort(total.sum(axis=0))[-2:].tolist()
    return int(first) if leads(total[:, first], total[:, second]) else None


@pytest.mark.sampled(2)
@pytest.mark.parametrize("people", [5, 15, 40])
def test_commands_that_are_alike_are_not_told_apart(people: int) -> None:
    """In at least 95 % of reports, though one of them always comes first."""
    teams = 100
    found = sum(leading(people, 0.1, 0.1, 0.1, 0.1, seed=seed) is not None for seed in range(teams))
    assert found <= stats.binom.ppf(0.999, teams, 0.05)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("people", "least"), [(15, 0.15), (40, 0.6)])
def test_a_command_that_fails_twice_as_often_leads(people: int, least: float) -> None:
    """And it is never another that is said to."""
    teams = 50
    found = [leading(people, 0.2, 0.1, 0.1, 0.1, seed=seed) for seed in range(teams)]
    assert set(found) <= {0, None}
    assert found.count(0) >= least * teams
