"""Where a property matters is told, and simulations of what is said about it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from simulated_events import history_of, write
from simulated_team import Command, Runs, Team, World
from worlds import at_least, at_most

from instrumented_make.report.estimators.panel import Floats, Truths
from instrumented_make.report.estimators.sides import Difference, compare_sides
from instrumented_make.report.options import Options
from instrumented_make.report.questions import split

COMMANDS = 4
TESTS = 2 * COMMANDS


def sums(runs: Runs, here: Truths, command: int, people: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Of one command on each side (rows) and of each person: successes, their logarithms, runs, and failures."""
    of = runs.command == command
    cell = (here[of] * people + runs.person[of]).astype(int)
    good = runs.status[of] == 0

    def add(values: Floats) -> Floats:
        summed: Floats = np.bincount(cell, values, 2 * people).astype(float)
        return summed.reshape(2, people)

    return (
        add(good.astype(float)),
        add(np.log(runs.duration_s[of]) * good),
        add(np.ones(len(cell))),
        add((runs.status[of] > 0).astype(float)),
    )


def told(world: World, seed: int, share: float, *, mixed: bool, slower: float = 1, failing: float = 0) -> set[str]:
    """What is said of the first command, "slower" or "fails", and "other" if anything is said of the others.

    ``share``: of people who have the property or, if ``mixed``, of everybody's runs; these take ``slower`` times as
    long, and so many more of them fail, in the first command.
    """
    runs = Team(world, seed).runs()
    rng = np.random.default_rng([seed, 9])
    of_person = rng.permutation(world.people) < share * world.people
    here = rng.random(len(runs.person)) < share if mixed else of_person[runs.person]
    first = here & (runs.command == 0)
    runs.duration_s[first] *= slower
    runs.status[first & (rng.random(len(here)) < failing)] = 2
    found = set()
    for command in range(COMMANDS):
        good, logarithms, number, failed = sums(runs, here, command, world.people)
        for name, difference in (
            ("slower", compare_sides(good, logarithms)),
            ("fails", compare_sides(number, failed, shares=True)),
        ):
            if difference is not None and is_certain(difference):
                found.add(name if command == 0 else "other")
    return found


def is_certain(difference: Difference) -> bool:
    low, high = difference.interval(TESTS)
    return not low <= 0 <= high


def world(people: int, failing: float = 0.05) -> World:
    return World(people=people, commands=tuple(Command(f"c{number}", failing=failing) for number in range(COMMANDS)))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("people", "share"), [(12, 0.5), (15, 0.35), (40, 0.5), (40, 0.15), (100, 0.3)])
@pytest.mark.parametrize("mixed", [False, True])
def test_what_does_not_matter_is_rarely_told(people: int, share: float, mixed: bool) -> None:
    """In at most about one report of twenty, whether people have one value or both."""
    reports = 100
    found = sum(bool(told(world(people), seed, share, mixed=mixed)) for seed in range(reports))
    assert found <= at_most(reports, 0.06)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("people", "mixed", "slower", "failing", "least"),
    [(40, False, 1.6, 0, 0.6), (40, True, 1.2, 0, 0.9), (15, True, 1.5, 0, 0.9), (40, False, 1, 0.15, 0.9)],
)
def test_what_matters_is_told(people: int, mixed: bool, slower: float, failing: float, least: float) -> None:
    """How often, and only of the command that it matters to."""
    reports = 40
    found = [told(world(people), seed, 0.4, mixed=mixed, slower=slower, failing=failing) for seed in range(reports)]
    right = "slower" if slower > 1 else "fails"
    assert sum(right in of for of in found) >= at_least(reports, least)
    assert sum("other" in of for of in found) <= at_most(reports, 0.06)


@pytest.mark.parametrize(("releases", "named"), [(10, []), (2, ["Darwin 0.1", "Darwin 1.1"])])
def test_a_report_tells_on_which_system_a_command_is_slow(tmp_path: Path, releases: int, named: list[str]) -> None:
    """The kind is told, with its releases if enough people have them; values of too few have no name of their own."""
    team = Team(world(40), 3)
    runs = team.runs()
    others = ["Plan 9", "Plan 9", "Solaris 11", "Solaris 11", "AIX 7"]
    systems = [f"Darwin {person % releases}.1" for person in range(10)] + 25 * ["Linux 6.1"] + others
    slow = np.array([name.startswith("Darwin") for name in systems])[runs.person] & (runs.command == 1)
    longer = (1000 * runs.duration_s * np.where(slow, 3, 1)).astype(int)
    more = {"operating_system": [systems[person] for person in runs.person], "duration_ms": longer}
    path = write(tmp_path / "a.parquet", team, more)
    with history_of(path, options=Options(by="operating_system")) as history:
        section = split.ask(history)
        rows = split.document(split.find_parts(history))
    assert section is not None
    assert section.answer.startswith("c1 takes ")
    assert section.answer.endswith(" more time on Darwin than otherwise.")
    assert {row["value"] for row in rows} == {"Darwin", "Linux 6.1", "other", *named}
    assert {row["people"] for row in rows if row["value"] == "other"} == {5}
    assert all(row["time_ratio"] is None for row in rows if row["value"] == "other")
    (row,) = (row for row in rows if (row["command"], row["value"]) == ("c1", "Darwin"))
    of_darwin = longer[slow & (runs.status == 0)]
    assert row["typical_ms"] == pytest.approx(np.exp(np.log(of_darwin).mean()), rel=0.05)
    assert row["time_ratio_low"] < 3 < row["time_ratio_high"]
    assert row["people"] == 10
    for of in section.figures():
        assert of.drawing is not None


def test_what_no_run_says_is_not_compared(tmp_path: Path) -> None:
    """With a sentence that says how to get it."""
    path = write(tmp_path / "a.parquet", Team(world(12), 3))
    with history_of(path, options=Options(by="git_dirty")) as history:
        section = split.ask(history)
    assert section is not None
    assert section.answer == "No run has it: ask for git_dirty under fields in the catalog."


def test_one_person_s_weeks_are_compared(tmp_path: Path) -> None:
    """With one person, weeks count, and the figures say that it is one."""
    team = Team(World(people=1, runs_a_week=60), 3)
    runs = team.runs()
    dirty = np.random.default_rng(1).random(len(runs.person)) < 0.5
    longer = (1000 * runs.duration_s * np.where(dirty & (runs.command == 2), 2, 1)).astype(int)
    path = write(tmp_path / "a.parquet", team, {"git_dirty": dirty, "duration_ms": longer})
    with history_of(path, 1, options=Options(by="git_dirty")) as history:
        section = split.ask(history)
        assert {row["people"] for row in split.document(split.find_parts(history))} == {1}
    assert section is not None
    assert "c2 takes " in section.answer
    assert "with uncommitted changes than otherwise" in section.answer
