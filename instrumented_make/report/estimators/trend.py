"""A trend over weeks: by how much the last is more than the first, with an interval.

A straight line through the logarithms. What happens in one week goes on in the next, so the residuals' correlation with
their neighbours, if positive, reduces the weeks to an effective number (Santer et al. 2000, doi:10.1029/1999JD901105).
A line through few weeks hides some of that correlation, so about as much is added as is lost in independent weeks.

``tests/report/test_trend.py`` checks false alarms and power by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.student import half_width

LEVEL = 0.95
LEAST_WEEKS = 8
# With a correlation above this, hardly anything is left of the weeks.
_MOST_ALIKE = 0.9


@dataclass(frozen=True, slots=True)
class Trend:
    """How many times as much the last week is as the first, by a straight line, and the interval of LEVEL."""

    ratio: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Whether the interval excludes that there is none."""
        return not self.low <= 1 <= self.high


def trend_of(values: Sequence[tuple[int, float]]) -> Trend | None:
    """The trend of the value of each week; None also if there is a week without any, which has no logarithm."""
    if not all(value for _, value in values):
        return None
    week, level = np.array(values, dtype=float).reshape(-1, 2).T
    return trend(week, np.log(level))


def trend(week: Floats, logarithm: Floats) -> Trend | None:
    """The trend of ``logarithm``, in order of ``week``; None with fewer than LEAST_WEEKS, or if nothing varies."""
    number = len(week)
    if number < LEAST_WEEKS:
        return None
    since = week - week.mean()
    slope = float(since @ logarithm / (since @ since))
    residual = logarithm - logarithm.mean() - slope * since
    squares = float(residual @ residual)
    if squares < 1e-12:
        return None
    observed = float(residual[1:] @ residual[:-1]) / squares
    alike = min(max((number * observed + 2) / (number - 4), 0.0), _MOST_ALIKE)
    freedom = number * (1 - alike) / (1 + alike) - 2
    if freedom < 1:
        return None
    half = half_width(freedom, LEVEL) * math.sqrt(squares / freedom / float(since @ since))
    length = float(week[-1] - week[0])
    return Trend(*(math.exp(min(value * length, 700.0)) for value in (slope, slope - half, slope + half)))
