"""Axis labels of charts: names shortened to fit, and durations at round values."""

from __future__ import annotations

import math
from collections.abc import Sequence

_CUT = "…"
# In milliseconds: values that are round in the unit shown. There are at least three in any factor of ten.
_ROUND = [
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(value * 1_000 for value in (1, 2, 5, 10, 20, 30)),
    *(value * 60_000 for value in (1, 2, 5, 10, 20, 30)),
    *(value * 3_600_000 for value in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)),
]


def labels(names: Sequence[str], most: int) -> dict[str, str]:
    """For each of ``names`` a text of at most ``most`` characters that no other has.

    A long name keeps its beginning and its end or, if that is ambiguous, the part that differs from the others.
    """
    found: dict[str, str] = {}
    for name in names:
        short = _middle_cut(name, most)
        alike = [other for other in names if other != name and _middle_cut(other, most) == short]
        if alike:
            same = max(_alike(name, other) for other in alike)
            short = f"{_CUT}{name[max(same - 3, 0) :]}"
            short = short if len(short) <= most else f"{short[: most - 1]}{_CUT}"
        number = 1
        while short in found.values():
            number += 1
            end = f"{_CUT}({number})"
            short = f"{short[: most - len(end)]}{end}"
        found[name] = short
    return found


def _alike(one: str, other: str) -> int:
    """The length of their common prefix."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def _middle_cut(name: str, most: int) -> str:
    if len(name) <= most:
        return name
    end = most * 3 // 5
    return f"{name[: most - end - 1]}{_CUT}{name[-end:]}"


def ticks(low: float, high: float, count: int) -> tuple[float, float, list[int]]:
    """The ends of an axis of durations in ms that holds ``low`` and ``high``, and the round values to mark on it.

    There are at least three, and about ``count``.
    """
    low, high = max(low, 1) * 0.9, max(high, 1) * 1.1
    wider = max(math.sqrt(10 * low / high), 1)
    low = max(low / wider, 0.9)
    high = max(high * wider, 10 * low)
    within = [value for value in _ROUND if low <= value <= high]
    step = max(1, min(math.ceil(len(within) / count), (len(within) - 1) // 2))
    return low, high, within[::step]
