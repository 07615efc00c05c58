"""Why does waiting change? Because people run more, because a run takes longer, or because they run other commands.

Waiting per person and week is the sum over commands of how often people run anything, times the command's share of the
runs, times its mean duration. Its change from the first half of the weeks to the second is divided exactly by
logarithms (logarithmic mean Divisia index; Ang 2005, doi:10.1016/j.enpol.2003.10.010). A command that is in one half
only counts with the shares. The intervals are for other such people, by leaving out one group of them at a time
(delete-a-group jackknife; Kott 2001), and hold all at once (Bonferroni). So holidays count as running less.
``tests/report/test_parts.py`` checks by simulation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from instrumented_make.report.estimators.panel import Floats, Integers
from instrumented_make.report.estimators.student import half_width
from instrumented_make.report.estimators.weekly import Weekly, presence

LEVEL = 0.95
# With fewer, a standard error is a guess; with more, nothing is gained.
LEAST_PEOPLE, MOST_GROUPS = 8, 30
LEAST_WEEKS = 8


@dataclass(frozen=True, slots=True)
class Part:
    """How much of the change is due to one cause, in ms per person and week, with its interval."""

    ms: float
    low: float
    high: float

    @property
    def is_certain(self) -> bool:
        """Whether the interval excludes that it is nothing."""
        return not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Parts:
    """The ``whole`` change from the first half of the weeks to the second, and what it is the sum of."""

    whole: Part
    often: Part
    longer: Part
    others: Part


def divide(weekly: Mapping[str, Weekly], awaited: Mapping[str, Weekly]) -> Parts | None:
    """The change of waiting for the commands ``awaited``; a person's weeks are those with any run in ``weekly``.

    The first and the last week do not count, which are rarely complete. None with too few weeks or people.
    """
    if not awaited:
        return None
    first, there = presence(weekly)
    first, there = first + 1, there[:, 1:-1]
    people, length = there.shape
    if length < LEAST_WEEKS or people < LEAST_PEOPLE:
        return None
    middle, last = first + length // 2, first + length
    groups = min(people, MOST_GROUPS)
    group: Integers = np.arange(people) % groups
    weeks = np.stack([_by_group(group, half.sum(axis=1), groups) for half in np.split(there, [middle - first], axis=1)])
    number, total = (np.zeros((2, len(awaited), groups)) for _ in range(2))
    for place, runs in enumerate(awaited.values()):
        for half, at in enumerate(
            ((runs.week >= first) & (runs.week < middle), (runs.week >= middle) & (runs.week < last))
        ):
            number[half, place] = np.bincount(group[runs.person[at]], runs.runs[at], groups)
            total[half, place] = np.bincount(group[runs.person[at]], runs.total_ms[at], groups)
    found = _divide(weeks.sum(axis=-1), number.sum(axis=-1), total.sum(axis=-1))
    without = np.array(
        [_divide(*(sums.sum(axis=-1) - sums[..., one] for sums in (weeks, number, total))) for one in range(groups)]
    )
    if not np.isfinite(found).all() or not np.isfinite(without).all():
        return None
    error = np.sqrt((groups - 1) / groups * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    half_ = half_width(groups - 1, 1 - (1 - LEVEL) / len(found)) * error
    return Parts(
        *(
            Part(*values)
            for values in zip(found.tolist(), (found - half_).tolist(), (found + half_).tolist(), strict=True)
        )
    )


def _by_group(group: Integers, values: Integers, groups: int) -> Floats:
    return np.bincount(group, values, groups).astype(np.float64)


def _divide(weeks: Floats, number: Floats, total: Floats) -> Floats:
    """The whole change, and how much of it is due to how often, how long and which; halves are rows."""
    waits = total / weeks[:, np.newaxis]
    change = waits[1] - waits[0]
    both = (total > 0).all(axis=0)
    before, after = waits[:, both]
    with np.errstate(invalid="ignore"):
        logarithmic_mean = (after - before) / np.log(after / before)
    weight = np.where(np.isclose(before, after), before, logarithmic_mean)
    often = float(np.log(number[1].sum() / weeks[1] * weeks[0] / number[0].sum()))
    mean = total[:, both] / number[:, both]
    longer = float(weight @ np.log(mean[1] / mean[0]))
    more = float(weight.sum()) * often
    return np.array([change.sum(), more, longer, change.sum() - more - longer])
