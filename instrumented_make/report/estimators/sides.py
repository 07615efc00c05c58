"""Does a command take longer, or fail more often, where something is so than where it is not?

The difference is that of the means of both sides: of the logarithms of durations, or of shares of runs that failed.
Some people are on one side only and some on both, so the error is that of people, each of whom counts as one draw
whatever their runs are like (clustered; Liang and Zeger 1986). A person who runs a command all day counts for at most
as much as four people who run it as often as the median person. The degrees of freedom are the effective number of
people (Kish 1965) of the side that has fewer, less one; the error of failures is at least that of independent ones,
as with hardly any on one side nobody's runs differ from it. The level is divided by the number of differences looked
at (Bonferroni), so FALSE_ALARM is the chance that any of them is told where there is none.

``tests/report/test_split.py`` checks false findings and power by simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from instrumented_make.report.estimators.panel import MOST, Floats, median
from instrumented_make.report.estimators.student import half_width

FALSE_ALARM = 0.05
# With fewer people on a side, its error is a guess.
LEAST_PEOPLE = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """The means ``here`` and ``elsewhere``, and the standard error of their difference; ``people`` are effective."""

    here: float
    elsewhere: float
    error: float
    people: float

    def interval(self, looked_at: int) -> tuple[float, float]:
        """Where the difference may be, if it is one of so many that were looked at."""
        half = half_width(max(self.people - 1, 1), 1 - FALSE_ALARM / looked_at) * self.error
        return self.here - self.elsewhere - half, self.here - self.elsewhere + half


def compare_sides(runs: Floats, total: Floats, *, shares: bool = False) -> Difference | None:
    """The difference of the means of ``total / runs``, elsewhere (first row) and here, of each person (columns).

    ``shares``: the means are shares. None with too few people on a side, or if nothing varies.
    """
    there = runs > 0
    if there.sum(axis=1).min() < LEAST_PEOPLE:
        return None
    weight = np.stack([_capped(side) for side in runs])
    weight /= weight.sum(axis=1, keepdims=True)
    mean = np.where(there, total / np.maximum(runs, 1), 0.0)
    elsewhere, here = (weight * mean).sum(axis=1).tolist()
    influence = weight[1] * (mean[1] - here) - weight[0] * (mean[0] - elsewhere)
    people = float((1 / (weight**2).sum(axis=1)).min())
    error = math.sqrt(float(influence @ influence) * people / max(people - 1, 0.5))
    if shares:
        overall = (here + elsewhere) / 2
        independent = overall * (1 - overall) * float((weight**2 / np.maximum(runs, 1)).sum())
        error = max(error, math.sqrt(independent))
    return Difference(here, elsewhere, error, people) if error > 0 else None


def _capped(runs: Floats) -> Floats:
    most = MOST * median(runs[runs > 0])
    return np.minimum(runs, most)
