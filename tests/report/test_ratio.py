"""Simulations: a range of waiting per person and week holds the truth as often as it says."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.ratio import LEAST_UNITS, interval

WEEKS = 26
RUNS_A_WEEK = 10


def team(rng: np.random.Generator, people: int) -> tuple[Floats, Floats]:
    """How long each waited in half a year, and in how many weeks they ran anything.

    They differ in how often they run commands (a deviation of 0.8, of the logarithm) and in how slow their machines
    are (0.3); durations have heavy tails.
    """
    runs = rng.poisson(np.tile(rng.lognormal(0, 0.8, people) * RUNS_A_WEEK, (WEEKS, 1)))
    person = np.repeat(np.arange(people), runs.sum(axis=0))
    waits = rng.lognormal(0, 0.3, people)[person] * np.exp(0.6 * rng.standard_normal(len(person)))
    waits *= np.where(rng.random(len(person)) < 0.02, 1 + rng.pareto(1.5, len(person)), 1)
    total: Floats = np.bincount(person, waits, people).astype(float)
    return total, (runs > 0).sum(axis=0).astype(float)


@pytest.fixture(scope="module")
def truth() -> float:
    total, weeks = team(np.random.default_rng(0), 50_000)
    return float(total.sum() / weeks.sum())


@pytest.mark.parametrize("people", [8, 15, 40])
def test_ranges_hold_the_truth(people: int, truth: float) -> None:
    """About nine in ten; they are no wider than they must be."""
    rng, teams = np.random.default_rng(people), 600
    ranges = [found for _ in range(teams) if (found := interval(*team(rng, people))) is not None]
    assert len(ranges) == teams
    held = sum(low <= truth <= high for low, high in ranges)
    assert stats.binom.ppf(0.001, teams, 0.9) <= held <= stats.binom.ppf(0.999, teams, 0.95)


def test_a_few_people_have_no_range() -> None:
    """Nor do people who did not wait."""
    total, weeks = team(np.random.default_rng(1), LEAST_UNITS)
    found = interval(total, weeks)
    assert found is not None
    assert found[0] < total.sum() / weeks.sum() < found[1]
    assert interval(total[1:], weeks[1:]) is None
    assert interval(0 * total, weeks) is None


def test_the_order_of_people_does_not_matter() -> None:
    """Not to the last bit: engines return them in any order."""
    rng = np.random.default_rng(2)
    total, weeks = team(rng, 40)
    orders = [rng.permutation(40) for _ in range(10)]
    assert {interval(total[order], weeks[order]) for order in orders} == {interval(total, weeks)}
