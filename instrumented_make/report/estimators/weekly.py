"""Runs by command, person and week: what most estimators begin with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from instrumented_make.report.estimators.panel import Floats, Integers, Truths

DURATION, FAILURES, INTERRUPTIONS = "duration", "failures", "interruptions"
MEASURES = (DURATION, FAILURES, INTERRUPTIONS)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Runs of one command: an element for each person (from 0) and week (as times.week_of counts them).

    ``logarithms``: of the runs that ``succeeded``, the sum of the logarithms of durations in ms, as whole thousandths;
    ``total_ms``: the sum of the durations of all ``runs``.
    """

    person: Integers
    week: Integers
    runs: Integers
    succeeded: Integers
    failed: Integers | Floats
    interrupted: Integers | Floats
    logarithms: Integers | Floats
    total_ms: Integers | Floats

    def values_of(self, measure: str) -> tuple[Integers, Floats]:
        """What ``measure`` is a mean over, and its sum."""
        if measure == DURATION:
            return self.succeeded, self.logarithms / 1000
        return self.runs, (self.failed if measure == FAILURES else self.interrupted).astype(float)

    def of(self, at: Truths | slice) -> Weekly:
        """Only these elements."""
        return Weekly(*(getattr(self, column.name)[at] for column in fields(self)))


def by_command(columns: Mapping[str, Any], names: Sequence[str]) -> Iterator[tuple[str, Weekly]]:
    """The runs of each of ``names``, whose place is the column ``command``; the others are the fields of Weekly."""
    command = columns["command"]
    # Sort, since engines return rows in any order, which affects the last bits of floating-point sums.
    people, weeks = int(columns["person"].max()) + 1, int(columns["week"].max()) + 1
    order = np.argsort((command * people + columns["person"]) * weeks + columns["week"])
    values = Weekly(*(columns[column.name][order] for column in fields(Weekly)))
    ends = np.cumsum(np.bincount(command, minlength=len(names)))
    for name, begin, end in zip(names, [0, *ends], ends, strict=False):
        yield name, values.of(slice(begin, end))


def presence(weekly: Mapping[str, Weekly]) -> tuple[int, Truths]:
    """The first week and, for each person (rows) and week from then on, whether they ran anything."""
    first = min(int(runs.week.min()) for runs in weekly.values())
    last = max(int(runs.week.max()) for runs in weekly.values())
    people = max(int(runs.person.max()) for runs in weekly.values()) + 1
    there = np.zeros((people, last + 1 - first), dtype=bool)
    for runs in weekly.values():
        there[runs.person, runs.week - first] = True
    return first, there


def waits(awaited: Iterable[Weekly], first: int, there: Truths, *, alone: bool) -> tuple[Floats, Floats]:
    """How long each person waited for what is ``awaited``, in ms, and in how many weeks they ran anything.

    ``first`` and ``there``: as of :func:`presence`. ``alone``: there is one person, so an element is a week instead.
    """
    weeks = there.sum(axis=0 if alone else 1)
    total = np.zeros(len(weeks))
    for runs in awaited:
        total += np.bincount(runs.week - first if alone else runs.person, runs.total_ms, len(weeks))
    return total[weeks > 0], weeks[weeks > 0].astype(float)
