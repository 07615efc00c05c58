"""Simulations: real shifts are found and dated, and false alarms are rare.

The worlds are examples/simulated_team.py's: people differ in how often they run a command and in the speed of their
machines; durations are log-normal with a deviation of 0.6, so that nineteen in twenty lie between a third and three
times the median. There are four commands in a report, each with its durations, failures and interruptions, and about
three runs of each by one person in a week.
"""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_team import WEEK_S, Change, Command, Team, World
from worlds import FIRST_WEEK, at_least, at_most, longest_s, weekly

from instrumented_make.report.estimators.shift import (
    FALSE_ALARM,
    LEAST_WEEKS,
    Search,
    Shift,
    commit_days,
    search,
)
from instrumented_make.report.estimators.weekly import DURATION, FAILURES, INTERRUPTIONS, Weekly

SIGMA = 0.6
CHANGED = "c0"


def drifting(a_week: float) -> tuple[Command, ...]:
    """The four commands, each of which gets slower all the time."""
    return tuple(Command(f"c{number}", drift=a_week) for number in range(4))


def searches(count: int, seed: int, world: World) -> Iterator[tuple[Team, Search]]:
    """The search in each of so many such teams."""
    orders = Random(seed)
    for number in range(count):
        team = Team(world, seed * 1000 + number)
        yield team, search(weekly(team), orders, own=world.people == 1)


def reports(count: int, seed: int, world: World) -> Iterator[list[Shift]]:
    """What is found in each of so many such teams."""
    for _, found in searches(count, seed, world):
        yield found.shifts


NOTHING_CHANGED: dict[str, World] = {
    "1 person": World(people=1, runs_a_week=20),
    "5 people": World(people=5),
    "15 people": World(people=15),
    "40 people, 12 weeks": World(weeks=12),
    "100 people": World(people=100),
    "weeks that differ by 10 %": World(shock=0.1),
    "weeks that differ alike for all commands": World(shock=0.1, shared=True),
    "a year": World(weeks=52, shock=0.1),
    "three times as many runs at the end": World(shock=0.1, growth=3),
    "one makes 60 % of the runs and gets a faster machine": World(people=15, busiest=0.6, new_machine=0.5),
    "hardly any failure": World(people=15, commands=tuple(Command(f"c{number}", failing=0.003) for number in range(4))),
    "the team doubles, and newcomers learn": World(joining=0.5, learning=0.7),
    "half of the people leave": World(leaving=0.5),
    "cold caches every morning": World(cold=2),
    "what fails is tried again": World(retries=0.6),
    "people lose patience": World(patience_s=60),
    "laptops sleep, and some runs take for ever": World(asleep=0.03, tails=0.02),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", NOTHING_CHANGED)
def test_false_alarms_are_as_rare_as_stated(kind: str) -> None:
    """No more than FALSE_ALARM of reports find anything when no level shifted for good."""
    count = 150
    alarms = sum(bool(found) for found in reports(count, len(kind), NOTHING_CHANGED[kind]))
    assert alarms <= at_most(count, FALSE_ALARM)


def test_correlated_weeks_raise_no_more_alarms_than_documented() -> None:
    """Slow weeks come in a row, with a correlation of 0.6: the page says so."""
    count = 200
    alarms = sum(bool(found) for found in reports(count, 98, World(shock=0.1, likeness=0.6)))
    assert alarms <= at_most(count, 0.41)


POWER: dict[str, tuple[World, float]] = {
    "20 % with 15 people": (World(people=15, change=Change(16, speed=0.8)), 0.63),
    "10 % with 40 people": (World(change=Change(16, speed=0.9)), 0.4),
    "30 % with 8 people": (World(people=8, change=Change(16, speed=0.7)), 0.78),
    "20 % with 40 people, weeks that differ by 10 %": (World(shock=0.1, change=Change(16, speed=0.8)), 0.45),
    "25 % slower with 100 people, a month ago": (World(people=100, change=Change(22, speed=1.25)), 0.97),
    "30 % with one person": (World(people=1, runs_a_week=80, change=Change(16, speed=0.7)), 0.7),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", POWER)
def test_a_shift_is_found(kind: str) -> None:
    """As often as docs/report.md says, and dated within a week of when people pulled it."""
    world, share = POWER[kind]
    change = world.change
    assert change is not None
    count = 50
    found = [
        [shift for shift in shifts_ if (shift.command, shift.measure) == (CHANGED, DURATION) and not shift.gradual]
        for shifts_ in reports(count, len(kind), world)
    ]
    assert sum(bool(of_report) for of_report in found) >= at_least(count, share)
    dated = [shift for of_report in found for shift in of_report]
    close = sum(abs(shift.week - FIRST_WEEK - change.week) <= 2 for shift in dated)
    assert close >= at_least(len(dated), 0.8)
    assert sum(shift.worse == (change.speed > 1) for shift in dated) >= at_least(len(dated), 0.97)
    assert sum(shift.until is None for shift in dated) >= at_least(len(dated), 0.9)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "world",
    [
        World(people=15),
        World(shock=0.1),
        World(people=100, weeks=40),
        World(people=15, runs_a_week=4),
        World(people=1, runs_a_week=80),
    ],
    ids=["15 people", "40", "100", "15, few runs", "1"],
)
def test_what_would_have_been_seen_is(world: World) -> None:
    """Where the page says that a change would have been seen in four of five cases, it is: half way, in one command."""
    count = 40
    ratios = [found.ratio for _, found in searches(10, 11, world)]
    ratio = float(np.median([math.inf if ratio is None else ratio for ratio in ratios]))
    change = Change(world.weeks // 2, speed=ratio)
    found = sum(
        any((shift.command, shift.measure) == (CHANGED, DURATION) for shift in shifts_)
        for shifts_ in reports(count, 12, replace(world, change=change, pull_every_days=0.001))
    )
    assert at_least(count, 0.75) <= found


def test_a_step_is_found_beside_a_drift() -> None:
    """All commands get slower by 1 % a week, and one a quarter faster: in nine of ten reports, with its size."""
    count = 30
    found = [
        shift
        for shifts_ in reports(count, 2, World(commands=drifting(0.01), change=Change(16, speed=0.75)))
        for shift in shifts_
        if (shift.command, shift.measure, shift.gradual) == (CHANGED, DURATION, False)
    ]
    assert len(found) >= at_least(count, 0.85)
    assert sum(abs(shift.week - FIRST_WEEK - 16) <= 1 for shift in found) >= at_least(len(found), 0.9)
    assert np.median([shift.after / shift.before for shift in found]) == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize(("people", "share", "slower"), [(40, 0.3, 2.0), (100, 0.3, 1.6), (100, 0.5, 1.6)])
def test_one_office_is_not_everybody(people: int, share: float, slower: float) -> None:
    """Where only some people's runs take longer, the report says of about how many."""
    world = World(people=people, office=(share, 16, slower))
    found = [shift for shifts_ in reports(12, 5, world) for shift in shifts_ if not shift.gradual]
    told = [shift.moved / shift.people for shift in found if shift.moved is not None]
    assert len(told) >= at_least(len(found), 0.97)
    assert np.median(told) == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("change", [Change(16, speed=1.5), Change(16, speed=0.75), Change(16, failing=0.2)], ids=str)
def test_everybody_is_not_one_office(change: Change) -> None:
    """Where everybody's runs take longer or fail more, no report but one in ten says that only some people's do."""
    found = [shift for shifts_ in reports(30, 6, World(change=change)) for shift in shifts_ if shift.command == CHANGED]
    assert sum(shift.moved is not None for shift in found) <= at_most(len(found), 0.1)


def test_failures_that_begin_are_found() -> None:
    """From 5 to 15 % of runs, with 40 people; the cost is a number of runs."""
    count = 30
    found = [
        shift
        for shifts_ in reports(count, 3, World(change=Change(16, failing=0.15)))
        for shift in shifts_
        if (shift.command, shift.measure) == (CHANGED, FAILURES) and not shift.gradual
    ]
    assert len(found) >= at_least(count, 0.9)
    assert np.median([shift.before for shift in found]) == pytest.approx(0.05, abs=0.01)
    assert np.median([shift.after for shift in found]) == pytest.approx(0.15, abs=0.02)
    assert np.median([shift.cost_a_week / shift.runs_a_week for shift in found]) == pytest.approx(0.1, rel=0.25)


COSTS: dict[str, World] = {
    "a quarter less": World(change=Change(16, speed=0.75)),
    "half as long again, 15 people": World(people=15, change=Change(16, speed=1.5)),
    "some runs take for ever": World(tails=0.02, change=Change(16, speed=1.5)),
    "newcomers and retries": World(joining=0.5, learning=0.7, retries=0.5, change=Change(16, speed=1.5)),
    "people lose patience": World(patience_s=60, change=Change(16, speed=2)),
    "for a time": World(people=100, change=Change(10, 18, speed=2)),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", COSTS)
def test_a_shift_has_its_cost(kind: str) -> None:
    """Nine in ten ranges of what it costs everybody in a week hold the truth: what the same runs would have taken."""
    count, held = 0, 0
    costs: list[tuple[float, float]] = []
    for team, found in searches(25, len(kind), COSTS[kind]):
        runs = team.runs()
        week = (runs.start_s - team.world.begin_s) // WEEK_S + FIRST_WEEK
        for shift in found.shifts:
            if (shift.command, shift.measure, shift.gradual) == (CHANGED, DURATION, False):
                at = (runs.command == 0) & (week >= shift.week) & (week < (shift.until or math.inf))
                taken, plain = (np.minimum(times, longest_s(runs)) for times in (runs.duration_s, runs.plain_s))
                truth = 1000 * float((taken - plain)[at].sum()) / (int(np.ptp(week[at])) + 1)
                count += 1
                held += shift.cost_low <= truth <= shift.cost_high
                costs.append((shift.cost_a_week, truth))
    assert held >= at_least(count, 0.9)
    assert np.median([cost - truth for cost, truth in costs]) == pytest.approx(0, abs=0.1 * abs(costs[0][1]))


SPELLS: dict[str, World] = {
    "8 of 26 weeks twice as slow": World(people=100, change=Change(12, 20, speed=2)),
    "6 of 26 weeks": World(people=100, change=Change(10, 16, speed=2)),
    "10 of 26 weeks": World(change=Change(8, 18, speed=2)),
    "14 of 40 weeks": World(weeks=40, change=Change(12, 26, speed=1.6)),
}


@pytest.mark.parametrize("kind", SPELLS)
def test_what_came_and_went_is_found_once(kind: str) -> None:
    """In four of five reports, with its first and its last week."""
    change, count = SPELLS[kind].change, 25
    assert change is not None
    found = [
        [(shift.worse, shift.week - FIRST_WEEK, (shift.until or 0) - FIRST_WEEK) for shift in of_report]
        for of_report in reports(count, len(kind), SPELLS[kind])
    ]
    right = sum(
        [worse for worse, _, _ in spells] == [True]
        and abs(spells[0][1] - change.week) <= 1
        and abs(spells[0][2] - (change.until or 0)) <= 1
        for spells in found
    )
    assert right >= at_least(count, 0.8)


def test_interruptions_that_begin_are_found() -> None:
    """From 2 to 30 % of runs, with 40 people: no other measure says so."""
    count = 20
    found = [
        (shift.command, shift.measure)
        for shifts_ in reports(count, 3, World(change=Change(16, interrupted=0.3)))
        for shift in shifts_
        if shift.worse and shift.until is None
    ]
    assert found.count((CHANGED, INTERRUPTIONS)) >= at_least(count, 0.95)


@given(st.integers(6, 300), st.integers(0, 2**32 - 1), st.sampled_from(["saw", "walk", "jumps", "holes"]))
@settings(max_examples=25)
def test_no_shape_of_levels_stops_the_search(weeks: int, seed: int, shape: str) -> None:
    """A saw, a random walk, jumps, and weeks without runs: what is found has at least LEAST_WEEKS on either side."""
    rng = np.random.default_rng(seed)
    level = {
        "saw": np.arange(weeks) % max(weeks // 7, 2) * 0.3,
        "walk": np.cumsum(rng.standard_normal(weeks)) * 0.3,
        "jumps": rng.choice([0.0, 1.0, 2.0], weeks),
        "holes": np.repeat(rng.standard_normal(-(-weeks // 5)), 5)[:weeks],
    }[shape]
    person, week = np.indices((6, weeks)).reshape(2, -1)
    runs = rng.poisson(1.0 if shape == "holes" else 3.0, len(week))
    at = runs > 0
    failed = rng.binomial(runs, np.clip(level[week] / 3, 0, 1))
    logarithms = np.rint(1000 * runs * (9 + level[week] + 0.1 * rng.standard_normal(len(week))))
    columns = (person, week, runs, runs - failed, failed, runs * 0, logarithms * (runs > failed), runs * 1_000)
    weekly = Weekly(*(np.asarray(column, dtype=np.int64) for column in columns)).of(at)
    if not at.any():
        return
    for shift in search({"c": weekly}, Random(seed)).shifts:
        there = np.unique(weekly.week)
        assert math.isfinite(shift.before)
        assert math.isfinite(shift.after)
        assert shift.gradual or ((there < shift.week).sum() >= LEAST_WEEKS <= (there >= shift.week).sum())
        assert shift.until is None or ((there >= shift.until).sum() >= LEAST_WEEKS)


def test_a_drift_is_found_as_gradual() -> None:
    """Most reports of 1 % slower each week have no date, but the change over the whole time."""
    found = [shift for shifts_ in reports(20, 6, World(commands=drifting(0.01))) for shift in shifts_]
    gradual = [shift for shift in found if shift.gradual]
    assert len(gradual) > len(found) / 2
    assert np.median([shift.after / shift.before for shift in gradual]) == pytest.approx(math.exp(0.25), rel=0.05)


@pytest.mark.parametrize("weeks", [1, 2 * LEAST_WEEKS - 1])
def test_too_few_weeks_have_no_shift(weeks: int) -> None:
    world = World(weeks=weeks, change=Change(weeks // 2, speed=0.1))
    assert search(weekly(Team(world, 7)), Random(7)).shifts == []


def test_commands_with_weeks_of_their_own_take_little_memory() -> None:
    """In bytes. The orders of one set of weeks take 0.4 MiB, so those of all would take 32."""
    rng = np.random.default_rng(9)
    found = {}
    for number in range(80):
        weeks = np.sort(rng.choice(104, 50, replace=False))
        runs = np.full(50, 3)
        logarithms = 3 * rng.normal(9_000, 300, 50).astype(int)
        found[str(number)] = Weekly(runs * 0, weeks, runs, runs, runs * 0, runs * 0, logarithms, runs * 8_000)
    tracemalloc.start()
    try:
        search(found, Random(9), own=True)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()


def test_constant_weeks_have_no_shift() -> None:
    same = {name: Weekly(*[np.ones_like(runs.week)] * 8) for name, runs in weekly(Team(World(people=5), 8)).items()}
    assert search(same, Random(8)).shifts == []
    assert search({}, Random(8)).shifts == []


@pytest.mark.parametrize(("people", "speed"), [(8, 0.6), (15, 0.8), (40, 0.8), (100, 0.9)])
def test_the_days_of_commits_include_the_right_one(people: int, speed: float) -> None:
    """In nineteen of twenty cases, if each working day has a commit and people pull every few days."""
    rng = np.random.default_rng(people)
    count, told, holds = 100, 0, 0
    for _ in range(count):
        person = np.repeat(np.arange(people), rng.poisson(rng.lognormal(0, 0.8, people) * 30))
        every = rng.lognormal(math.log(3.5), 0.9, people)[person]
        start = rng.uniform(-56, 56, len(person))
        pulled = np.floor(start / every) * every
        day = np.floor(pulled).astype(np.int64)
        day -= np.where(day % 7 == 5, 1, np.where(day % 7 == 6, 2, 0))
        logarithm = SIGMA * rng.standard_normal(len(person)) + math.log(speed) * (day >= 1)
        days = commit_days(person, day + 20_000, np.ones(len(person), dtype=np.int64), logarithm)
        told += days is not None
        holds += days is not None and days[0] <= 20_001 <= days[1]
    assert told >= 0.9 * count
    assert holds >= at_least(told, 0.95)


def test_commit_days_need_people_on_both_sides() -> None:
    person = np.arange(10)
    day, one = person % 2, np.ones(10, dtype=np.int64)
    values = np.arange(10, dtype=np.float64)
    assert commit_days(person, day, one, values) is None
    assert commit_days(person, day, one * 0, values) is None
    assert commit_days(person[:0], day[:0], one[:0], values[:0]) is None
