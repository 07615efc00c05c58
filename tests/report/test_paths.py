"""What follows what is counted here again; simulations of which pairs are told."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import groupby, pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from simulated_events import counted_events
from simulated_team import Command, Runs, Team, World

from instrumented_make.figures import Selection
from instrumented_make.report.estimators.order import LEAST_UNITS, excesses
from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.events import open_source
from instrumented_make.report.history import SPREAD, History
from instrumented_make.report.progress import Steps
from instrumented_make.report.queries import GAP_S, NOTHING
from instrumented_make.report.questions import paths

# A run: when it began and ended, and its command.
Run = tuple[int, int, str]


def stretches(runs: list[Run]) -> list[list[Run]]:
    """One person's runs, sorted, apart where there is a pause."""
    found = [[runs[0]]]
    for last, run in pairwise(runs):
        if run[0] - last[1] > GAP_S:
            found.append([])
        found[-1].append(run)
    return found


@pytest.fixture(scope="module")
def people(history: Path) -> dict[str, list[list[Run]]]:
    """The stretches of each person."""
    with Steps() as steps, open_source(str(history)) as source:
        spread = History(source, Selection(), 1, steps).spread
    of = defaultdict(list)
    for event in counted_events(history):
        ms = min(event["duration_ms"], int(3 * spread[event["command"]][SPREAD.index(95)]))
        start_s = int(event["start_time"].timestamp())
        of[event["user_id"]].append((start_s, ms, event["exit_status"], event["command"]))
    return {
        who: stretches([(start_s, start_s + ms // 1000, command) for start_s, ms, _, command in sorted(runs)])
        for who, runs in of.items()
    }


def test_pairs_are_those_of_each_persons_stretches(history: Path, people: dict[str, list[list[Run]]]) -> None:
    """How often one followed another, and how often it would if any other run of the stretch could come next."""
    expected = []
    for of in people.values():
        observed: Counter[tuple[str, str]] = Counter()
        chance: Counter[tuple[str, str]] = Counter()
        for stretch in (stretch for stretch in of if len(stretch) > 2):
            names = [command for *_, command in stretch]
            observed.update(pairwise(names))
            for place, before in enumerate(names[:-1]):
                others = Counter(names[:place] + names[place + 1 :])
                for after, number in others.items():
                    chance[before, after] += number / (len(names) - 1)  # type: ignore[assignment]
        expected += [(*pair, observed[pair], chance[pair]) for pair in chance]
    with Steps() as steps, open_source(str(history)) as source:
        asked = History(source, Selection(), 1, steps)
        names = asked.names
        rows = asked.ask(paths.pairs(asked.stretches, range(len(names)), "person"))
    found = [
        (names[row["before"]], names[row["command"]], row["observed"], row["expected"] / 1e6)
        for row in rows
        if row["expected"]
    ]
    assert len(found) > 500
    for one, other in zip(sorted(found), sorted(expected), strict=True):
        assert one[:3] == other[:3]
        assert one[3] == pytest.approx(other[3], abs=1e-3)


def test_paths_are_those_of_each_persons_days(history: Path, people: dict[str, list[list[Run]]]) -> None:
    """A path counts once a day, and only if each of its steps is one of those asked for."""
    steps_ = [("dev.attach.lms", "dev.up.lms"), ("dev.up.lms", "dev.shell.lms"), ("dev.shell.lms", "dev.attach.lms")]
    taken = set()
    for who, of in people.items():
        for stretch in of:
            for length in (3, 4):
                for at in range(len(stretch) - length + 1):
                    names = tuple(command for *_, command in stretch[at : at + length])
                    if all(step in steps_ for step in pairwise(names)):
                        taken.add((names, who, stretch[at + 1][0] // 86_400))
    expected = {
        names: (len({who for _, who, _ in of}), len(of))
        for names, of in ((names, list(of)) for names, of in groupby(sorted(taken), lambda item: item[0]))
    }
    with Steps() as steps, open_source(str(history)) as source:
        asked = History(source, Selection(), 1, steps)
        rows = asked.ask(paths.paths(asked.stretches, [(one, two) for one, two in map(asked.places, steps_)]))
        [row] = asked.ask(paths.days(asked.stretches))
    found = {
        tuple(asked.names[code] for code in list(row.values())[:4] if code != NOTHING): (row["people"], row["days"])
        for row in rows
    }
    assert len(found) == 6
    assert found == expected
    assert row["days"] == len(
        {(who, start_s // 86_400) for who, of in people.items() for stretch in of for start_s, *_ in stretch}
    )


def counted(runs: Runs, number: int, commands: int) -> tuple[Floats, Floats]:
    """How often each pair (columns) was observed and expected of each person (rows), as in the query."""
    observed, expected = np.zeros((2, number, commands, commands))
    for person in range(number):
        of = runs.of(runs.person == person)
        columns = (of.start_s.astype(int), (of.start_s + of.duration_s).astype(int), of.command)
        rows = list(zip(*(column.tolist() for column in columns), strict=True))
        for stretch in stretches(rows) if rows else []:
            if len(stretch) > 2:
                names = np.array([command for *_, command in stretch])
                np.add.at(observed[person], (names[:-1], names[1:]), 1)
                begun, there = np.bincount(names[:-1], minlength=commands), np.bincount(names, minlength=commands)
                expected[person] += (np.outer(begun, there) - np.diag(begun)) / (len(names) - 1)
    return observed.reshape(number, -1), expected.reshape(number, -1)


def told(seed: int, people: int, habit: float = 0, *, prefer: bool = False) -> set[tuple[int, int]]:
    """The pairs that are told of a team that runs four commands, one of them for hours.

    ``habit``: how often c2 is run after c1; ``prefer``: whether people prefer different commands.
    """
    commands = (Command("c0", 4), Command("c1", 2), Command("c2", 1), Command("c3", 2, median_s=1800, sigma=1.3))
    planted = ("c1", "c2", habit) if habit else None
    world = World(people=people, commands=commands, runs_a_week=40, habit=planted)
    runs = Team(world, seed).runs()
    if prefer:
        runs.command[:] = (runs.command + runs.person) % 4
    return {divmod(pair, 4) for pair in np.flatnonzero(excesses(*counted(runs, people, 4))).tolist()}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("prefer", [False, True], ids=["alike", "different"])
@pytest.mark.parametrize("people", [5, 15, 40])
def test_without_an_order_nothing_is_told(people: int, prefer: bool) -> None:
    """In at least 95 % of reports, over all pairs, though people prefer different commands and some take hours."""
    teams = 60
    found = sum(bool(told(seed, people, prefer=prefer)) for seed in range(teams))
    assert found <= stats.binom.ppf(0.999, teams, 0.05)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("people", "habit", "least"), [(15, 0.1, 0.8), (40, 0.1, 0.9)])
def test_a_habit_is_found(people: int, habit: float, least: float) -> None:
    """And hardly ever another pair, though these are in another order, too, because of it."""
    teams = 30
    found = [told(seed, people, habit) for seed in range(teams)]
    assert sum((1, 2) in pairs for pairs in found) >= least * teams
    assert sum(bool(pairs - {(1, 2)}) for pairs in found) <= stats.binom.ppf(0.999, teams, 0.05)


def test_a_few_people_have_no_order() -> None:
    """Five can show one, if all do."""
    often, never = np.full((LEAST_UNITS, 1), 10.0), np.zeros((LEAST_UNITS, 1))
    assert excesses(often, never).tolist() == [True]
    assert excesses(often[1:], never[1:]).tolist() == [False]
    assert excesses(never, often).tolist() == [False]
    alone = np.diag([10.0] * LEAST_UNITS)
    assert excesses(alone, 0 * alone).tolist() == [False] * LEAST_UNITS, "one person's order is nobody's"
