"""A mean per person and week, with an interval: sums over people, divided by their weeks.

The units are the people, since one person's weeks are alike. The interval is for people like these: how far the mean of
other such people may be from it. It is found on the logarithm (delta method), as sums of durations are skewed, with
Kish's effective number of people less one degrees of freedom: the few who wait most decide both mean and error.

``tests/report/test_ratio.py`` checks by simulation how often the interval holds the truth.
"""

from __future__ import annotations

import math

from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.student import half_width

LEVEL = 0.95
# With fewer people, a standard error is a guess.
LEAST_UNITS = 4


def interval(total: Floats, weeks: Floats) -> tuple[float, float] | None:
    """Where the sum of ``total`` divided by that of ``weeks`` may be; an element for each person.

    None with fewer than LEAST_UNITS people, or if all totals are zero.
    """
    number, sum_ = len(total), float(total.sum())
    if number < LEAST_UNITS or sum_ == 0:
        return None
    mean = sum_ / float(weeks.sum())
    residual = total - mean * weeks
    error = math.sqrt(number / (number - 1) * float(residual @ residual)) / sum_
    effective = sum_**2 / float(total @ total)
    half = half_width(max(effective - 1, 1), LEVEL) * error
    return mean * math.exp(-half), mean * math.exp(min(half, 700.0))
