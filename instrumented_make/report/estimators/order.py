"""Which command follows which more often, by a fifth at least, than if the order of runs did not matter?

If it did not, the run after another could as well be any of the other runs of the same stretch of work: where the first
command was followed, by whatever, r times, and the second has b of the other n - 1 runs, the second follows the first r
* b / (n - 1) times on average. That it was followed is given, since people who work inside a command for long come back
to a stretch that is still the same. Each person's excess over this mean is then zero on average, whatever they prefer
to run and when. Two runs have one order that is given, so only longer stretches tell. Random signs for people show how
large the highest of all standardised excesses gets by chance (Westfall and Young 1993), so the chance of any false
finding is at most FALSE_ALARM, over all pairs together.

``tests/report/test_paths.py`` checks false findings and power by simulation.
"""

from __future__ import annotations

from random import Random

import numpy as np

from instrumented_make.report.estimators.panel import Floats, Truths

FALSE_ALARM = 0.05
# Where one pair is a habit, others follow each other somewhat more or less than in any order, only because of that.
TIMES = 1.2
# With fewer people there are too few ways to give them signs.
LEAST_UNITS = 5
SIGNS = 999


def excesses(observed: Floats, expected: Floats) -> Truths:
    """Which pairs (columns) follow each other at least TIMES as often as by chance; a row for each person."""
    units, pairs = observed.shape
    if units < LEAST_UNITS or not pairs:
        return np.zeros(pairs, dtype=bool)
    # In units of chance, so that the few who run most do not decide alone.
    excess = (observed - TIMES * expected) / np.sqrt(np.maximum(expected, 1))
    spread = np.sqrt((excess**2).sum(axis=0))
    standard = excess / np.where(spread > 0, spread, 1)
    bits = np.frombuffer(Random(0).randbytes(SIGNS * units), dtype=np.uint8)
    signs = np.where(bits.reshape(SIGNS, units) & 1, 1.0, -1.0)
    highest = (signs @ standard).max(axis=1)
    reached = (highest[:, None] >= standard.sum(axis=0) - 1e-9).sum(axis=0)
    certain: Truths = (1 + reached) / (SIGNS + 1) <= FALSE_ALARM
    return certain
