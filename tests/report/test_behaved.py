"""How often people run what, before and since a change, and how long they took to have it; with simulations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from simulated_events import history_of, write
from simulated_team import DAY_S, WEEK_S, Change, Command, Runs, Team, World
from worlds import at_least, at_most

from instrumented_make.report.estimators.effect import Days, Often, add_intervals, compare_often
from instrumented_make.report.estimators.panel import Integers, Truths
from instrumented_make.report.options import Options
from instrumented_make.report.questions import behaved

WINDOW_S = 8 * WEEK_S
CHANGED = Change(13)


def often(world: World, seed: int, dropped: float = 0, on_master: Truths | None = None) -> list[Often]:
    """What a report sees of a team in which so many runs of the first command are not made any more, since a commit.

    ``on_master``: of all runs, which are.
    """
    team = Team(world, seed)
    runs = team.runs()
    rng = np.random.default_rng([seed, 8])
    gone = (runs.command == 0) & (runs.pulled_s >= team.change_s) & (rng.random(len(runs.person)) < dropped)
    there = ~gone & (np.abs(runs.start_s - team.change_s) < WINDOW_S)
    number = working_days(runs.of(there))
    if on_master is not None:
        number, there = number[on_master[there]], there & on_master
    runs = runs.of(there)
    after = (runs.pulled_s >= team.change_s).astype(np.int64)
    known, first, of = np.unique(np.stack([runs.person, number]), axis=1, return_index=True, return_inverse=True)
    since = np.bincount(of.ravel(), after)
    whole = (since == 0) | (since == np.bincount(of.ravel()))
    day = np.floor((runs.start_s - team.change_s) / DAY_S).astype(np.int64)
    days = Days(known[0][whole], after[first][whole], day[first][whole])
    found = []
    for command in range(len(world.commands)):
        made = np.bincount(of.ravel()[runs.command == command], minlength=known.shape[1]).astype(np.int64)
        found.append(compare_often(f"c{command}", days, made[whole], np.random.default_rng(0)))
    return add_intervals(found)


def working_days(runs: Runs) -> Integers:
    """The number of the working day that each run is on: of everybody, as a person walks through the runs."""
    number, last_s, of = 0, dict[int, int](), np.zeros(len(runs.person), dtype=np.int64)
    mine: dict[int, int] = {}
    for at, (person, start_s) in enumerate(zip(runs.person.tolist(), runs.start_s.astype(int).tolist(), strict=True)):
        if person not in last_s or start_s - last_s[person] >= 10 * 3600:
            number += 1
            mine[person] = number
        last_s[person] = start_s
        of[at] = mine[person]
    return of


def told(found: list[Often]) -> list[str]:
    return [item.command for item in found if item.runs is not None and item.runs.changed]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "world",
    [
        World(people=8, change=CHANGED),
        World(people=40, change=CHANGED),
        World(people=40, change=CHANGED, retries=0.4, joining=0.2, leaving=0.2, busiest=0.3),
        World(people=100, change=CHANGED, variety=5),
        World(people=12, change=CHANGED, commands=tuple(Command(f"c{n}", 0.02 if n else 1) for n in range(12))),
    ],
    ids=["8 people", "40 people", "people who come and go", "people who differ", "rare commands"],
)
def test_nothing_is_told_where_nothing_changed(world: World) -> None:
    """In at least 95 % of reports."""
    reports = 60
    assert sum(bool(told(often(world, seed))) for seed in range(reports)) <= at_most(reports, 0.05)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("people", "dropped", "least"), [(40, 0.5, 0.9), (15, 0.7, 0.9)])
def test_what_people_run_less_is_told(people: int, dropped: float, least: float) -> None:
    """And the others, of the same days, are not."""
    reports = 40
    found = [
        told(often(World(people=people, change=CHANGED, runs_a_week=20), seed, dropped)) for seed in range(reports)
    ]
    assert sum("c0" in of for of in found) >= at_least(reports, least)
    assert sum(bool({*of} - {"c0"}) for of in found) <= at_most(reports, 0.05)


def test_the_report_counts_the_same_days(tmp_path: Path) -> None:
    """Every figure is that of the runs, by person and day."""
    world = World(people=30, change=CHANGED, commands=tuple(Command(f"c{number}") for number in range(3)))
    team = Team(world, 5)
    on_master = np.random.default_rng(1).random(len(team.runs().person)) < 0.7
    path = write(tmp_path / "a.parquet", team, {"git_checked_out_master": on_master})
    change_s = int(team.change_s)
    with history_of(path, options=Options(change_s)) as history:
        found = behaved.find(history)
    expected = {item.command: item for item in often(world, 5, on_master=on_master)}
    for item in found.often[1:]:
        here, there = expected[item.command].runs, item.runs
        assert here is not None
        assert there is not None
        assert (there.people, there.before, there.after) == pytest.approx((here.people, here.before, here.after))
    every = found.often[0].runs
    assert every is not None
    assert every.before == pytest.approx(sum(item.runs.before for item in expected.values() if item.runs))


def waits(runs: Runs, change_s: int) -> list[tuple[float, bool]]:
    """Of each person who was there before the change: the days until their first run of it, or else their last one."""
    waited = []
    for person in np.unique(runs.person).tolist():
        own = runs.of(runs.person == person)
        if (own.start_s < change_s).any() and (own.start_s >= change_s).any():
            has = own.start_s[(own.pulled_s >= change_s) & (own.start_s >= change_s)]
            waited.append((((has if len(has) else own.start_s[-1:]).min() - change_s) / DAY_S, len(has) > 0))
    return waited


def until(waited: list[tuple[float, bool]], share: float) -> float:
    """When so many of the people have it, by Kaplan and Meier's product."""
    without = 1.0
    for place, (at, has) in enumerate(sorted(waited)):
        without *= 1 - has / (len(waited) - place)
        if without <= 1 - share + 1e-9:
            return at
    return np.inf


@pytest.mark.sampled(1)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_days_until_people_have_a_commit_are_those_of_the_team(tmp_path: Path, seed: int) -> None:
    """Until half of them have it, and nine in ten."""
    team = Team(World(people=50, change=CHANGED, pull_every_days=6), seed)
    path = write(tmp_path / "a.parquet", team)
    with history_of(path, options=Options(int(team.change_s))) as history:
        adoption = behaved.find(history).adoption
        section = behaved.ask(history)
    waited = waits(team.runs(), int(team.change_s))
    assert adoption is not None
    assert adoption.people == len(waited)
    assert adoption.days[0.5] == pytest.approx(until(waited, 0.5), abs=0.01)
    assert adoption.days[0.9] == pytest.approx(until(waited, 0.9), abs=0.01)
    assert section is not None
    assert f"Of {len(waited)} people who were there before it, half had it after " in section.answer


def test_people_who_are_all_alike_are_no_certainty() -> None:
    """Six people who all ran it once in ten days before, and twice since: the error is that of so few runs."""
    person, after, day = (axis.ravel() for axis in np.indices((6, 2, 10)))
    days = Days(person, after, day + 20 * after - 20)
    effect = compare_often("c0", days, (day <= after).astype(np.int64), np.random.default_rng(0)).runs
    assert effect is not None
    assert (effect.before, effect.after) == (0.1, 0.2)
    # The mean is 0.15 in a day, and each person weighs 10 * 10 / 20.
    assert effect.standard_error == pytest.approx(np.sqrt(0.15 / 30))


def test_who_leaves_without_it_counts_until_then(tmp_path: Path) -> None:
    """Of ten people, three leave on the third day."""
    team = Team(World(people=40, change=CHANGED, pull_every_days=12, runs_a_week=25), 4)
    change_s = int(team.change_s)
    runs = team.runs()
    leaves_s = np.where(np.arange(40) % 10 < 3, change_s + 3 * DAY_S, np.inf)
    there = runs.start_s < leaves_s[runs.person]
    ids = [f"p{person}" if is_there else None for person, is_there in zip(runs.person, there, strict=True)]
    path = write(tmp_path / "a.parquet", team, {"user_id": ids})
    with history_of(path, options=Options(change_s)) as history:
        adoption = behaved.find(history).adoption
    waited = waits(runs.of(there), change_s)
    assert adoption is not None
    assert adoption.had == sum(has for _, has in waited) < adoption.people == len(waited)
    assert adoption.days[0.5] == pytest.approx(until(waited, 0.5), abs=0.01)


def test_too_few_people_are_told_as_that(tmp_path: Path) -> None:
    """Neither how often nor how long."""
    team = Team(World(people=3, change=CHANGED), 4)
    with history_of(write(tmp_path / "a.parquet", team), options=Options(int(team.change_s))) as history:
        section = behaved.ask(history)
        document = behaved.document(behaved.find(history))
    assert section is not None
    assert "too few people" in section.answer
    assert "too few were there" in section.answer
    assert document == {"often": [], "adoption": None}
