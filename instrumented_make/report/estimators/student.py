"""Quantiles of Student's t without SciPy, whose import alone would take a fifth of a report's time."""

from __future__ import annotations

import math

import numpy as np

_STEPS = 20_000


def half_width(freedom: float, level: float) -> float:
    """How many standard errors an interval of this ``level`` reaches to either side; ``freedom`` is at least 1.

    With t = sqrt(freedom) tan(angle), the density is that of cos(angle) ** (freedom - 1), on a finite range.
    """
    angle = np.linspace(0, math.pi / 2, _STEPS + 1)
    density = np.cos(angle) ** (freedom - 1)
    area = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    return math.sqrt(freedom) * math.tan(float(np.interp(level, area / area[-1], angle)))
