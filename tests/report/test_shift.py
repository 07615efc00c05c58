"""Simulations: real shifts are found and dated, and false alarms are rare.

The people differ in how often they run a command and in the speed of their machines; durations are log-normal with a
deviation of 0.6, so that nineteen in twenty lie between a third and three times the median. There are four commands in
a report, each with its durations and its failures, and about three runs of each by one person in a week.
"""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from instrumented_make.report.estimators.panel import Integers
from instrumented_make.report.estimators.shift import (
    DURATION,
    FAILURES,
    FALSE_ALARM,
    INTERRUPTIONS,
    LEAST_WEEKS,
    Shift,
    Weekly,
    commit_days,
    search,
)

SIGMA = 0.6
COMMANDS = 4
CHANGED = "c0"


def simulate(
    rng: np.random.Generator,
    people: int,
    *,
    weeks: int = 26,
    runs_a_week: float = 3,
    speed: float = 1.0,
    failing: tuple[float, float] = (0.05, 0.05),
    interrupting: tuple[float, float] = (0.02, 0.02),
    at: int = 16,
    until: int | None = None,
    pull_days: float = 5.0,
    shock: float = 0.0,
    likeness: float = 0.0,
    drift: float = 0.0,
    growth: float = 1.0,
    busiest: float = 0.0,
    new_machine: float = 1.0,
    shared: bool = False,
) -> dict[str, Weekly]:
    """Four commands, of which the first takes ``speed`` times as long from the week ``at`` on (and until another).

    ``shock``: by how much a week differs from others, in logarithms, for everybody; ``likeness``: how much it is like
    the week before (a correlation); ``shared``: the weeks of all commands differ alike. ``drift``: by how much each
    week is slower than the one before. ``growth``: how many times as many runs there are at the end. ``busiest``: the
    share of all runs that the first person makes, whose machine takes ``new_machine`` times as long from the middle on.
    """
    activity = rng.lognormal(0, 0.8, people)
    if busiest:
        activity[0] = activity[1:].sum() * busiest / (1 - busiest)
    activity /= activity.mean()
    slowness = rng.lognormal(0, 0.3, people)
    often = np.linspace(1, growth, weeks) / np.linspace(1, growth, weeks).mean()
    level = _weeks(rng, weeks, shock, likeness)
    found = {}
    for number in range(COMMANDS):
        if not shared:
            level = _weeks(rng, weeks, shock, likeness)
        person, week = np.indices((people, weeks)).reshape(2, -1)
        of_cell = np.repeat(np.arange(people * weeks), rng.poisson(np.outer(activity, often).ravel() * runs_a_week))
        day = week[of_cell] * 7 + rng.uniform(0, 7, len(of_cell))
        logarithm = math.log(20_000) + SIGMA * rng.standard_normal(len(of_cell)) + np.log(slowness)[person[of_cell]]
        logarithm += level[week[of_cell]] + drift * week[of_cell]
        logarithm += math.log(new_machine) * ((person[of_cell] == 0) & (week[of_cell] >= weeks // 2))
        pulled = 7 * at + rng.exponential(pull_days, people)
        after = (day >= pulled[person[of_cell]]) & (number == 0) & (until is None or day < 7 * (until or 0))
        logarithm += math.log(speed) * after
        ended = rng.random(len(of_cell))
        failed = ended < np.where(after, failing[1], failing[0])
        interrupted = 1 - ended < np.where(after, interrupting[1], interrupting[0])

        def sum_by(values: Any, cells: Integers = of_cell, length: int = people * weeks) -> Integers:
            return np.bincount(cells, values, length).astype(np.int64)

        thousandths = np.rint(logarithm * 1000)
        found[f"c{number}"] = Weekly(
            person=person,
            week=week + 2_900,
            runs=sum_by(np.ones(len(of_cell))),
            succeeded=sum_by(~failed & ~interrupted),
            failed=sum_by(failed),
            interrupted=sum_by(interrupted),
            logarithms=sum_by(thousandths * ~(failed | interrupted)),
            total_ms=sum_by(np.exp(logarithm)),
        )
    return {name: runs.of(runs.runs > 0) for name, runs in found.items()}


def _weeks(rng: np.random.Generator, weeks: int, shock: float, likeness: float) -> np.ndarray[Any, Any]:
    level = rng.standard_normal(weeks)
    for number in range(1, weeks):
        level[number] = likeness * level[number - 1] + math.sqrt(1 - likeness**2) * level[number]
    return level * shock


def reports(count: int, seed: int, **options: Any) -> Iterator[list[Shift]]:
    rng, orders = np.random.default_rng(seed), Random(seed)
    for _ in range(count):
        yield search(simulate(rng, **options), orders, own=options["people"] == 1).shifts


def at_most(count: int, chance: float) -> float:
    """The most times that something of this chance happens, in 999 of 1,000 seeds."""
    return float(stats.binom.ppf(0.999, count, chance))


def at_least(count: int, chance: float) -> float:
    return float(stats.binom.ppf(0.001, count, chance))


NOTHING_CHANGED: dict[str, dict[str, Any]] = {
    "1 person": {"people": 1, "runs_a_week": 5},
    "5 people": {"people": 5},
    "15 people": {"people": 15},
    "40 people, 12 weeks": {"people": 40, "weeks": 12},
    "100 people": {"people": 100},
    "weeks that differ by 10 %": {"people": 40, "shock": 0.1},
    "weeks that differ alike for all commands": {"people": 40, "shock": 0.1, "shared": True},
    "a year": {"people": 40, "weeks": 52, "shock": 0.1},
    "three times as many runs at the end": {"people": 40, "shock": 0.1, "growth": 3},
    "one makes 60 % of the runs and gets a faster machine": {"people": 15, "busiest": 0.6, "new_machine": 0.5},
    "hardly any failure": {"people": 15, "failing": (0.003, 0.003)},
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", NOTHING_CHANGED)
def test_false_alarms_are_as_rare_as_stated(kind: str) -> None:
    """No more than FALSE_ALARM of reports find anything when no level shifted for good."""
    count = 150
    alarms = sum(bool(found) for found in reports(count, len(kind), **NOTHING_CHANGED[kind]))
    assert alarms <= at_most(count, FALSE_ALARM)


def test_correlated_weeks_raise_no_more_alarms_than_documented() -> None:
    """Slow weeks come in a row, with a correlation of 0.6. Moving single weeks, not pairs, would give 41 %."""
    count = 200
    alarms = sum(bool(found) for found in reports(count, 98, people=40, shock=0.1, likeness=0.6))
    assert alarms <= at_most(count, 0.24)


POWER: dict[str, tuple[dict[str, Any], float]] = {
    "20 % with 15 people": ({"people": 15, "speed": 0.8}, 0.65),
    "10 % with 40 people": ({"people": 40, "speed": 0.9}, 0.45),
    "30 % with 8 people": ({"people": 8, "speed": 0.7}, 0.7),
    "20 % with 40 people, weeks that differ by 10 %": ({"people": 40, "speed": 0.8, "shock": 0.1}, 0.65),
    "20 % slower with 100 people, a month ago": ({"people": 100, "speed": 1.25, "at": 22}, 0.9),
    "30 % with one person": ({"people": 1, "runs_a_week": 20, "speed": 0.7}, 0.9),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", POWER)
def test_a_shift_is_found(kind: str) -> None:
    """As often as docs/report.md says, and dated within a week of when people pulled it."""
    options, share = POWER[kind]
    count = 60
    found = [
        [shift for shift in shifts_ if (shift.command, shift.measure) == (CHANGED, DURATION)]
        for shifts_ in reports(count, len(kind), **options)
    ]
    assert sum(bool(of_report) for of_report in found) >= at_least(count, share)
    dated = [shift for of_report in found for shift in of_report if not shift.gradual]
    close = sum(abs(shift.week - 2_900 - options.get("at", 16)) <= 2 for shift in dated)
    assert close >= at_least(len(dated), 0.8)
    assert all(shift.worse == (options["speed"] > 1) for of_report in found for shift in of_report)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "options",
    [
        {"people": 15},
        {"people": 40, "shock": 0.1},
        {"people": 100, "weeks": 40},
        {"people": 15, "runs_a_week": 1},
        {"people": 1, "runs_a_week": 20},
    ],
    ids=str,
)
def test_what_would_have_been_seen_is(options: dict[str, Any]) -> None:
    """Where the page says that a change would have been seen in four of five cases, it is: half way, in one command."""
    rng, orders, count = np.random.default_rng(11), Random(11), 40
    own = options["people"] == 1
    ratios = [search(simulate(rng, **options), orders, own=own).ratio for _ in range(10)]
    ratio = float(np.median([math.inf if ratio is None else ratio for ratio in ratios]))
    at = options.get("weeks", 26) // 2
    found = sum(
        any((shift.command, shift.measure) == (CHANGED, DURATION) for shift in shifts_)
        for shifts_ in reports(count, 12, **options, speed=ratio, at=at, pull_days=0.001)
    )
    assert at_least(count, 0.75) <= found


def test_failures_that_begin_are_found() -> None:
    """From 5 to 15 % of runs, with 40 people; the cost is a number of runs."""
    count = 30
    found = [
        shift
        for shifts_ in reports(count, 3, people=40, failing=(0.05, 0.15))
        for shift in shifts_
        if (shift.command, shift.measure) == (CHANGED, FAILURES) and not shift.gradual
    ]
    assert len(found) >= at_least(count, 0.9)
    assert np.median([shift.before for shift in found]) == pytest.approx(0.05, abs=0.01)
    assert np.median([shift.after for shift in found]) == pytest.approx(0.15, abs=0.015)
    assert np.median([shift.cost_a_week for shift in found]) == pytest.approx(40 * 3 * 0.1, rel=0.25)


def test_a_shift_has_its_size_and_cost() -> None:
    """The median ratio is within 3 % of the truth, and the median cost within a quarter."""
    found = [
        shift
        for shifts_ in reports(40, 4, people=40, speed=0.7)
        for shift in shifts_
        if (shift.command, shift.measure, shift.gradual) == (CHANGED, DURATION, False)
    ]
    ratios = [shift.after / shift.before for shift in found]
    assert np.median(ratios) == pytest.approx(0.7, rel=0.03)
    assert max(abs(math.log(ratio / 0.7)) for ratio in ratios) < 0.2
    mean_ms = math.exp(math.log(20_000) + SIGMA**2 / 2 + 0.3**2 / 2)
    assert np.median([shift.cost_a_week for shift in found]) == pytest.approx(-40 * 3 * mean_ms * 0.3, rel=0.25)
    assert {shift.people for shift in found} <= set(range(36, 41))
    holds = sum(shift.cost_low <= -40 * 3 * mean_ms * 0.3 <= shift.cost_high for shift in found)
    assert holds >= at_least(len(found), 0.9)


SPELLS: dict[str, dict[str, Any]] = {
    "8 of 26 weeks twice as slow": {"people": 100, "speed": 2.0, "at": 12, "until": 20},
    "6 of 26 weeks": {"people": 100, "speed": 2.0, "at": 10, "until": 16},
    "10 of 26 weeks": {"people": 40, "speed": 2.0, "at": 8, "until": 18},
    "14 of 40 weeks": {"people": 40, "weeks": 40, "speed": 1.6, "at": 12, "until": 26},
}


@pytest.mark.parametrize("kind", SPELLS)
def test_what_came_and_went_is_found_once(kind: str) -> None:
    """In four of five reports, with its first and its last week."""
    options, count = SPELLS[kind], 25
    found = [
        [(shift.worse, shift.week - 2_900, (shift.until or 0) - 2_900) for shift in of_report]
        for of_report in reports(count, len(kind), **options)
    ]
    (at, until) = options["at"], options["until"]
    right = sum(
        [worse for worse, _, _ in spells] == [True] and abs(spells[0][1] - at) <= 1 and abs(spells[0][2] - until) <= 1
        for spells in found
    )
    assert right >= at_least(count, 0.8)


def test_interruptions_that_begin_are_found() -> None:
    """From 2 to 30 % of runs, with 40 people: no other measure says so."""
    count = 20
    found = [
        (shift.command, shift.measure)
        for shifts_ in reports(count, 3, people=40, interrupting=(0.02, 0.3))
        for shift in shifts_
        if shift.worse and shift.until is None
    ]
    assert found.count((CHANGED, INTERRUPTIONS)) >= at_least(count, 0.95)


@given(st.integers(6, 300), st.integers(0, 2**32 - 1), st.sampled_from(["saw", "walk", "jumps", "holes"]))
@settings(max_examples=25, deadline=None)
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
    found = [shift for shifts_ in reports(20, 6, people=40, drift=0.01) for shift in shifts_]
    gradual = [shift for shift in found if shift.gradual]
    assert len(gradual) > len(found) / 2
    assert np.median([shift.after / shift.before for shift in gradual]) == pytest.approx(math.exp(0.25), rel=0.05)


@pytest.mark.parametrize("weeks", [1, 2 * LEAST_WEEKS - 1])
def test_too_few_weeks_have_no_shift(weeks: int) -> None:
    rng = np.random.default_rng(7)
    assert search(simulate(rng, 40, weeks=weeks, speed=0.1, at=weeks // 2), Random(7)).shifts == []


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
    rng = np.random.default_rng(8)
    same = {name: Weekly(*[np.ones_like(runs.week)] * 8) for name, runs in simulate(rng, 5).items()}
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
