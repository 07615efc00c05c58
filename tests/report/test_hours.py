"""Simulations: hours that do not differ are not drawn, and bad hours are found.

The people differ in how often they run commands and in how often these end badly. They work in sessions of one to many
runs, three on average, that go well or badly together (a correlation of 0.3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from instrumented_make.report.estimators.hours import FALSE_ALARM, HOURS, Hours, compare_hours

OF_DAY = [1, 1, 1, 1, 1, 2, 6, 20, 60, 95, 100, 85, 50, 70, 95, 100, 90, 60, 30, 16, 10, 6, 3, 2]
OF_WEEK = np.concatenate([np.array(OF_DAY, dtype=float) * day for day in (0.9, 1, 1, 0.95, 0.7, 0.05, 0.04)])
MONDAY_MORNING = range(8, 12)
ALIKE = 0.3


def simulate(
    rng: np.random.Generator,
    people: int,
    *,
    weeks: int = 26,
    monday: float = 1.0,
    shift_hours: int = 0,
    outage: bool = False,
) -> Hours | None:
    """About 40 runs a person and week, of which 8 % end badly, ``monday`` times as many on Monday mornings.

    ``shift_hours``: by how much people's days begin earlier or later, at most; ``outage``: two days in which 40 % do.
    """
    activity, mishaps = rng.lognormal(0, 0.8, people), rng.lognormal(0, 0.4, people)
    parts = []
    for person in range(people):
        sessions = rng.poisson(activity[person] * 40 / 3 * weeks)
        often = np.roll(OF_WEEK, rng.integers(-shift_hours, shift_hours + 1))
        hour, week = rng.choice(HOURS, sessions, p=often / often.sum()), rng.integers(0, weeks, sessions)
        chance = np.minimum(0.08 * mishaps[person] * np.where(np.isin(hour, MONDAY_MORNING), monday, 1), 0.9)
        chance = np.where(outage & (week == weeks // 2) & (hour < 48), 0.4, chance)
        size = rng.geometric(1 / 3, sessions)
        in_session = rng.beta(chance * (1 / ALIKE - 1), (1 - chance) * (1 / ALIKE - 1))
        bad = rng.binomial(size, in_session)
        parts.append(np.stack([hour, week, size, bad, size * (bad.sum() / max(size.sum(), 1))]))
    hour, week, size, bad, expected = np.concatenate(parts, axis=1)
    cells, place = np.unique(week * HOURS + hour, return_inverse=True)
    runs, bad, expected = (np.bincount(place, values) for values in (size, bad, expected))
    of_hour, of_week = (cells % HOURS).astype(int), (cells // HOURS).astype(int)
    return compare_hours(of_hour, of_week, runs.astype(int), bad.astype(int), expected.astype(float))


NO_DIFFERENCE: dict[str, dict[str, Any]] = {
    "1 person": {"people": 1},
    "5 people": {"people": 5},
    "12 people": {"people": 12},
    "12 people who work at different hours": {"people": 12, "shift_hours": 8},
    "40 people": {"people": 40},
    "40 people, 10 weeks": {"people": 40, "weeks": 10},
    "40 people, an outage of two days": {"people": 40, "outage": True},
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", NO_DIFFERENCE)
def test_hours_that_do_not_differ_are_not_drawn(kind: str) -> None:
    """In at least 95 % of reports, whenever people work, and whatever clusters within a week."""
    rng, reports = np.random.default_rng(len(kind)), 100
    found = [simulate(rng, **NO_DIFFERENCE[kind]) for _ in range(reports)]
    assert sum(hours is not None and hours.differ for hours in found) <= stats.binom.ppf(0.999, reports, FALSE_ALARM)


def test_bad_hours_are_found() -> None:
    """Where runs on Monday mornings end badly three times as often, these hours are the worst that is drawn."""
    rng = np.random.default_rng(5)
    for _ in range(10):
        hours = simulate(rng, 40, monday=3)
        assert hours is not None
        assert hours.differ
        worst = hours.hour[np.argsort(-hours.share)[: len(MONDAY_MORNING)]]
        assert len({*worst.tolist()} & {*MONDAY_MORNING}) >= 3
        assert hours.share[hours.hour == 9][0] > 1.5 * hours.overall


def test_chance_is_taken_out_of_each_hour() -> None:
    """In quiet hours of a night, shares spread by chance: what is drawn of them is close to the overall share."""
    rng = np.random.default_rng(6)
    shares = np.concatenate(
        [
            hours.share[~np.isin(hours.hour, MONDAY_MORNING)] / hours.overall
            for hours in (simulate(rng, 40) for _ in range(5))
            if hours
        ]
    )
    assert np.abs(shares - 1).max() < 0.5


def test_a_few_weeks_are_not_compared() -> None:
    """Nor runs that all end alike."""
    hour = np.arange(8) + 9
    runs = np.full(8, 10)
    for week, bad in ((np.arange(8) % 7, runs // 5), (np.arange(8), runs), (np.arange(8), 0 * runs)):
        assert compare_hours(hour, week, runs, bad, runs * 0.2) is None
    assert compare_hours(hour, np.arange(8), runs, runs // 5, runs * 0.2) is not None
