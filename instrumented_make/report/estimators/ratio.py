"""The interval of a mean per person and week: a sum over people, divided by the sum of their weeks.

The units are the people, since one person's weeks are alike; where there is one person, they are the weeks. The
interval is for people like these: how far the mean of other such people may be from it. It is found on the logarithm
(delta method), as sums of durations are skewed, with Kish's effective number of people less one degrees of freedom: the
few who wait most decide both the mean and its error. So few cannot show how skewed the sums are, and somewhat fewer
intervals than LEVEL hold the truth: ``tests/report/test_ratio.py`` checks by simulation how many.
"""

from __future__ import annotations

import math

from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.student import half_width

LEVEL = 0.95
# With fewer people, a standard error is a guess.
LEAST_UNITS = 4


def interval(total: Floats, weeks: Floats) -> tuple[float, float] | None:
    """Where the sum of ``total`` divided by that of ``weeks`` may be; an element for each unit.

    None with fewer than LEAST_UNITS, or if all totals are zero.
    """
    # Exact sums, so that the order in which an engine returns people does not matter.
    number, sum_ = len(total), math.fsum(total)
    if number < LEAST_UNITS or sum_ == 0:
        return None
    mean = sum_ / math.fsum(weeks)
    error = math.sqrt(number / (number - 1) * math.fsum((total - mean * weeks) ** 2)) / sum_
    effective = sum_**2 / math.fsum(total**2)
    half = half_width(max(effective - 1, 1), LEVEL) * error
    return mean * math.exp(-half), mean * math.exp(min(half, 700.0))


def leads(first: Floats, second: Floats) -> bool:
    """Whether the highest of several sums would be higher than the second for units like these, too.

    To compare these two is enough, whichever they are: then at most 1 - LEVEL of such statements are wrong (Gutmann and
    Maymin 1987, doi:10.1214/aos/1176350281).
    """
    if not second.any():
        return True
    ratio = interval(first, second)
    return ratio is not None and ratio[0] > 1
