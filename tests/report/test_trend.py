"""Simulations: a trend is said to be one only where there is one.

Weekly waiting of teams whose people differ in how often they run commands and in the speed of their machines; durations
have heavy tails. Weeks differ by a tenth for everybody.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.student import half_width
from instrumented_make.report.estimators.trend import LEAST_WEEKS, LEVEL, Trend, trend
from instrumented_make.report.history import Time
from instrumented_make.report.questions import weeks as question


def simulate(
    rng: np.random.Generator, people: int, weeks: int, *, likeness: float = 0.0, growth: float = 1.0
) -> Floats:
    """The logarithm of each week's waiting per person, ten runs each.

    ``likeness``: how much a week is like the week before (a correlation); ``growth``: of waiting, over all weeks.
    """
    activity, slowness = rng.lognormal(0, 0.8, people), rng.lognormal(0, 0.3, people)
    level = rng.standard_normal(weeks)
    for week in range(1, weeks):
        level[week] = likeness * level[week - 1] + math.sqrt(1 - likeness**2) * level[week]
    runs = rng.poisson(np.tile(activity * 10, (weeks, 1)))
    cell = np.repeat(np.arange(runs.size), runs.ravel())
    tail = np.where(rng.random(len(cell)) < 0.02, 1 + rng.pareto(1.5, len(cell)), 1)
    waits = slowness[cell % people] * np.exp(0.6 * rng.standard_normal(len(cell))) * tail
    total = np.bincount(cell // people, waits, weeks)
    line = math.log(growth) * np.arange(weeks) / (weeks - 1)
    logarithms: Floats = np.log(total / (runs > 0).sum(axis=1)) + 0.1 * level + line
    return logarithms


def found(rng: np.random.Generator, reports: int, people: int, weeks: int, **options: float) -> list[Trend]:
    trends = [trend(np.arange(weeks, dtype=float), simulate(rng, people, weeks, **options)) for _ in range(reports)]
    return [item for item in trends if item is not None and item.is_certain]


@pytest.mark.parametrize(
    ("people", "weeks", "likeness", "share"),
    [
        (12, 8, 0, 0.05),
        (12, 26, 0, 0.05),
        (12, 52, 0, 0.05),
        (40, 26, 0, 0.05),
        (12, 26, 0.3, 0.08),
        (12, 26, 0.6, 0.1),
    ],
)
def test_false_alarms_are_as_rare_as_stated(people: int, weeks: int, likeness: float, share: float) -> None:
    """One in twenty reports where weeks are independent, up to one in ten where they are alike."""
    reports = 400
    alarms = len(found(np.random.default_rng(weeks), reports, people, weeks, likeness=likeness))
    assert alarms <= stats.binom.ppf(0.999, reports, share)


@pytest.mark.parametrize(("people", "growth", "share"), [(12, 1.5, 0.9), (40, 1.5, 0.95), (12, 1 / 1.5, 0.9)])
def test_a_trend_is_found(people: int, growth: float, share: float) -> None:
    """In half a year, with its direction and about its size."""
    reports = 200
    trends = found(np.random.default_rng(people), reports, people, 26, growth=growth)
    assert len(trends) >= stats.binom.ppf(0.001, reports, share)
    assert np.mean([math.log(item.ratio) for item in trends]) == pytest.approx(math.log(growth), rel=0.15)
    assert (
        np.mean([item.low < growth < item.high for item in trends]) >= stats.binom.ppf(0.001, reports, LEVEL) / reports
    )


def test_a_few_weeks_have_no_trend() -> None:
    """Nor do weeks that are all alike, or that all lie on a line, where nothing says how certain it is."""
    line = np.arange(LEAST_WEEKS, dtype=float)
    noise = (-1) ** line
    assert trend(line, line + noise / 10) is not None
    assert trend(line[1:], (line + noise / 10)[1:]) is None
    assert trend(line, line) is trend(line, 0 * line) is None


def test_quantiles_are_those_of_students_t() -> None:
    """To four digits, for whole and broken degrees of freedom."""
    for freedom in (1, 2, 2.5, 7, 30, 1e5):
        assert half_width(freedom, LEVEL) == pytest.approx(stats.t.ppf(0.5 + LEVEL / 2, freedom), rel=1e-4)


def _answer(*minutes: float) -> str:
    """The answer for weeks of two people who wait this long, from 2026-01-05 on."""
    timeline = [Time(2923 + place, 2, 10, round(wait * 120_000), 0, 0) for place, wait in enumerate(minutes)]
    return question._answer(timeline, own=False)


def test_the_answer_is_a_usual_week() -> None:
    """A trend is mentioned only if there is one."""
    assert _answer(7) == "All runs are from the week of 2026-01-05: each person waited 7.0 min."
    assert _answer(7, 9) == "In a usual week, each person waited 8.0 min."
    usual = "In a usual week, each person waited 20.0 min; in half of the 9 complete weeks, 19.0 min to 21.0 min."
    assert _answer(21, 19, 20, 20, 18, 20, 22, 19, 21) == usual
    rising = _answer(10, 12, 11, 13, 15, 14, 16, 17, 17)
    assert rising.startswith("In a usual week, each person waited 14.0 min;")
    assert " From the week of 2026-01-05 to that of 2026-03-02, waiting rose by 7" in rising
    falling = _answer(17, 17, 16, 14, 15, 13, 11, 12, 10)
    assert " waiting fell by 4" in falling
    assert _answer(17, 17, 16, 14, 0, 13, 11, 12, 10).endswith(" min.")
