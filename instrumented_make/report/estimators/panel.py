"""What both estimators share: people who run a command in periods, where nobody counts for too much."""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
import numpy.typing as npt

# One person counts for at most this many people who run a command as often as the median person.
MOST = 4

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


def median(values: Floats | Integers) -> float:
    """The median. NumPy's imports masked arrays first, which is a hundredth of the cost of a small report."""
    return float(statistics.median(values.tolist()))


def cap_weights(person: Integers, number: Integers | Floats) -> Floats:
    """The weight of each element: its ``number`` of runs, less where its ``person`` has more than MOST allows."""
    of_person = np.bincount(person, number)
    return np.asarray(number * np.minimum(1, MOST * median(of_person) / of_person)[person], dtype=np.float64)


def period_effects(share: npt.NDArray[Any], right: npt.NDArray[Any]) -> tuple[Floats, Floats]:
    """The effect of each period in a regression that also has one for each person, and each period's information.

    ``share``: each person's weight (rows) in each period; ``right``: for each period the weighted sum of what a mean
    for each person leaves, in one column or several.
    """
    equations = np.diag(share.sum(axis=0)) - share.T @ (share / share.sum(axis=1, keepdims=True))
    effect, *_ = np.linalg.lstsq(equations, right, rcond=1e-10)
    return effect, np.diag(equations)
