"""Do runs end badly more often in some hours of the week? And in which, without the chance in the darkest cell?

The residual of an hour in a week is how many runs ended badly, less how many would have if each person's runs ended as
theirs do in all hours: else, somebody who fails often and works late would make late hours bad. Then each week's mean
is subtracted.

*Do they differ at all?* The statistic is the sum over hours of squared residuals by runs. Under chance, a whole week's
residuals could as well have the opposite signs, so random signs for weeks show how large it gets (Liu 1988). Whatever
clusters within a week, such as a person who tries again and again or an outage of a day, clusters as much then.

*Which?* Each hour's share is drawn towards the overall one, the more the less certain it is (empirical Bayes; Efron and
Morris 1975). Its variance is that between the weeks, at least what all hours together suggest for so many runs; the
variance between hours is found by moments (DerSimonian and Laird 1986).

``tests/report/test_hours.py`` checks both by simulation.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from instrumented_make.report.estimators.panel import Floats, Integers

HOURS = 168
FALSE_ALARM = 0.05
# With fewer, there are too few ways to give them signs.
LEAST_WEEKS = 8
SIGNS = 500
# Hours with less than this share of the runs of a mean hour say nothing.
_LEAST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Hours:
    """Shares of runs that end badly: ``overall``, and for each ``hour`` with enough runs.

    ``differ``: whether they do so by more than chance.
    """

    differ: bool
    overall: float
    hour: Integers
    share: Floats


def compare_hours(hour: Integers, week: Integers, runs: Integers, bad: Integers, expected: Floats) -> Hours | None:
    """The shares by hour of the week; an element for each hour in each week.

    ``bad``: how many of the ``runs`` ended badly; ``expected``: how many would have, in any hour. None with fewer than
    LEAST_WEEKS, or if no run ended badly, or all did.
    """
    weeks, row = np.unique(week, return_inverse=True)
    overall = float(bad.sum() / max(runs.sum(), 1))
    if len(weeks) < LEAST_WEEKS or not 0 < overall < 1:
        return None
    shape = len(weeks), HOURS
    number, residual = (
        np.bincount(row * HOURS + hour, values, len(weeks) * HOURS).reshape(shape).astype(float)
        for values in (runs, bad - expected)
    )
    often = number.sum(axis=0) >= runs.sum() / HOURS * _LEAST_SHARE
    number, residual = number[:, often], residual[:, often]
    residual = residual - number * (residual.sum(axis=1) / np.maximum(number.sum(axis=1), 1))[:, None]
    of_hour = number.sum(axis=0)
    return Hours(
        _differ(residual, of_hour),
        overall,
        np.flatnonzero(often),
        np.clip(overall + _shrink(number, residual, overall), 0.0, 1.0),
    )


def _differ(residual: Floats, of_hour: Floats) -> bool:
    rng = Random(0)
    signs = np.array([[rng.choice((-1.0, 1.0)) for _ in residual] for _ in range(SIGNS)])
    statistic = float((residual.sum(axis=0) ** 2 / of_hour).sum())
    by_chance = ((signs @ residual) ** 2 / of_hour).sum(axis=1)
    return bool((1 + (by_chance >= statistic * (1 - 1e-9)).sum()) / (SIGNS + 1) <= FALSE_ALARM)


def _shrink(number: Floats, residual: Floats, overall: float) -> Floats:
    """How much more often runs end badly in each hour, as far as that is certain."""
    of_hour = number.sum(axis=0)
    mean = residual.sum(axis=0) / of_hour
    squares = ((residual - number * mean) ** 2).sum(axis=0)
    # What these squares would be if runs ended independently.
    independent = overall * (1 - overall) * (of_hour - (number**2).sum(axis=0) / of_hour)
    overdispersion = max(squares.sum() / independent.sum(), 1.0) if independent.sum() > 0 else 1.0
    variance = np.maximum(squares / of_hour**2, overdispersion * overall * (1 - overall) / of_hour)
    if len(mean) < 2:
        return np.zeros_like(mean)
    weight = 1 / variance
    centre = float(weight @ mean / weight.sum())
    excess = float(weight @ (mean - centre) ** 2) - (len(mean) - 1)
    between = max(excess / float(weight.sum() - weight @ weight / weight.sum()), 0.0)
    shrunk: Floats = centre + between / (between + variance) * (mean - centre)
    return shrunk
