"""Finds the weeks in which a command's level of duration, or of failures, shifted for good, without being given a date.

*Levels.* A regression with an effect for each person and each week gives one level per week, of the mean logarithm of
durations (runs that succeeded) or of the share of runs that failed. So people who join, leave or are slow do not shift
it. As in :mod:`effect`, one person counts for at most four who run the command as often as the median person.

*Search.* Every split of the weeks with at least LEAST_WEEKS on either side is tried, over all weeks and over some weeks
around it, and so is a straight line, which represents a drift. The statistic is the Gaussian log-likelihood ratio, n
log(1 - explained share). Each finding is subtracted, and the search continues in the rest (binary segmentation; Scott
and Knott 1974).

*False alarms.* The weeks are put into random order, the same order for all commands and both measures, and the largest
statistic of all is recorded (Westfall and Young 1993): FALSE_ALARM is the chance of finding *anything* when no level
shifted. Weeks that differ for everybody are as different in another order, so they raise no alarm. They are moved in
pairs, since neighbouring weeks are alike.

*One person is not a change.* A shift must still be found without the person who contributes most to it, except in one
person's own history.

``tests/report/test_shift.py`` checks false alarms, power and dates by simulation; docs/decisions/0011 says
what was tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from random import Random

import numpy as np
import numpy.typing as npt

from instrumented_make.report.estimators.panel import MOST, Floats, Integers, cap_weights, median, period_effects

FALSE_ALARM = 0.05
# "For good": the old level and the new one each lasted at least this long.
LEAST_WEEKS = 3
PERMUTATIONS = 1_000
# In a history longer than twice this many weeks, this many weeks before are also compared with as many after: a level
# that came and went hardly shows in the whole (moving sums; Eichinger and Kirch 2018).
REACHES = (13, 26, 52)
# Weeks that are moved together.
BLOCK = 2
# Per command and measure; a level that shifts more often is noise.
MOST_SHIFTS = 4
# How far the log-likelihood of a commit's day may be below that of the best day: twice the usual 1.92, since the
# likelihood of a date is not a parabola. Nineteen in twenty ranges contain the true day (test_shift.py).
DAYS_WITHIN = 4.0

DURATION, FAILURES = "duration", "failures"


@dataclass(frozen=True, slots=True)
class Weekly:
    """Runs of one command: an element for each person (from 0) and week (as times.week_of counts them).

    ``logarithms``: of the runs that ``succeeded``, the sum of the logarithms of durations in ms, as whole thousandths;
    ``succeeded_ms``: the sum of their durations.
    """

    person: Integers
    week: Integers
    runs: Integers
    succeeded: Integers
    failed: Integers
    logarithms: Integers
    succeeded_ms: Integers

    def values_of(self, measure: str) -> tuple[Integers, Floats]:
        """What ``measure`` is a mean over, and its sum."""
        if measure == DURATION:
            return self.succeeded, self.logarithms / 1000
        return self.runs, self.failed.astype(float)

    def of(self, at: npt.NDArray[np.bool_] | slice) -> Weekly:
        """Only these elements."""
        return Weekly(*(getattr(self, column.name)[at] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Shift:
    """A level that shifted.

    ``week``: the first on the new level; for a ``gradual`` one, the first week of the history. ``before`` and
    ``after``: typical durations in ms (geometric means), or shares of runs that failed. ``people`` have runs on both
    sides. ``runs_a_week``: since then. ``cost_a_week``: what it costs since then, in ms of everybody's time, or in runs
    that fail; negative if it saves. ``levels``: each week with enough runs, and its level in the unit of ``after``.
    """

    command: str
    measure: str
    week: int
    gradual: bool
    before: float
    after: float
    people: int
    runs_a_week: float
    cost_a_week: float
    levels: tuple[tuple[int, float], ...]

    @property
    def worse(self) -> bool:
        """Whether it got slower, or fails more."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class _Series:
    """One level a week, each with its weight."""

    week: Integers
    level: Floats
    weight: Floats

    @property
    def long_enough(self) -> bool:
        return len(self.week) >= 2 * LEAST_WEEKS and float(np.ptp(self.level)) > 1e-9

    def fit(self) -> _Fit:
        return _fit(self, np.arange(len(self.week))[:, np.newaxis])


@dataclass(frozen=True, slots=True)
class _Fit:
    """How much better the best split (before the element ``place``) and a straight line fit than no change."""

    split: Floats
    line: Floats
    place: Integers

    @property
    def best(self) -> Floats:
        return np.maximum(self.split, self.line)


def shifts(weekly: Mapping[str, Weekly], rng: Random, *, own: bool = False) -> list[Shift]:
    """All shifts in these commands; ``own``: it is one person's history."""
    series = {
        (command, measure): levels
        for command, runs in weekly.items()
        for measure in (DURATION, FAILURES)
        if (levels := _levels(runs, measure)).long_enough
    }
    if not series:
        return []
    orders = _Orders(np.array(sorted({week for levels in series.values() for week in levels.week.tolist()})), rng)
    left = dict(series)
    null = {key: orders.best(levels) for key, levels in left.items()}
    fits = {key: levels.fit() for key, levels in left.items()}
    cuts_of: dict[tuple[str, str], list[int]] = {}
    drifts: set[tuple[str, str]] = set()
    while fits:
        key = max(fits, key=lambda key: float(fits[key].best[0]))
        highest = np.max(list(null.values()), axis=0)
        if not _surprising(fits[key], highest):
            break
        command, measure = key
        place = int(fits[key].place[0])
        cuts = cuts_of.setdefault(key, [])
        if not own:
            without = _without_one(weekly[command], measure, int(left[key].week[place]), cuts)
            if not _surprising(without, highest):
                del fits[key]
                continue
        # A split also has a date to choose, so it has one parameter more (Schwarz 1978).
        if not cuts and fits[key].line[0] > fits[key].split[0] - math.log(len(left[key].week)):
            drifts.add(key)
            del fits[key]
            continue
        cuts.append(int(left[key].week[place]))
        left[key] = _levelled(series[key], cuts)
        null[key] = orders.best(left[key])
        if len(cuts) == MOST_SHIFTS or not left[key].long_enough:
            del fits[key]
        else:
            fits[key] = left[key].fit()
    told = [
        _describe(command, measure, weekly[command], series[command, measure], cuts, cut)
        for (command, measure), cuts in cuts_of.items()
        for cut in sorted(cuts)
    ]
    return told + [_drift(command, measure, weekly[command], series[command, measure]) for command, measure in drifts]


def _levels(runs: Weekly, measure: str) -> _Series:
    number, total = runs.values_of(measure)
    at = number > 0
    if not at.any():
        return _Series(runs.week[at], total[at], total[at])
    _, person = np.unique(runs.person[at], return_inverse=True)
    weeks, week = np.unique(runs.week[at], return_inverse=True)
    people, length = int(person.max()) + 1, len(weeks)
    weight = cap_weights(person, number[at])
    place = person * length + week
    share = np.bincount(place, weight, people * length).reshape(people, length)
    sums = np.bincount(place, weight * total[at] / number[at], people * length).reshape(people, length)
    if people == 1:
        level, information = sums[0] / share[0], share[0]
    else:
        of_person = share.sum(axis=1, keepdims=True)
        within = (sums - share * (sums.sum(axis=1, keepdims=True) / of_person)).sum(axis=0)
        level, information = period_effects(share, within)
    told = information > 1e-9 * information.max()
    if not told.any():  # nobody ran it in two weeks
        return _Series(weeks[told], level[told], information[told])
    # A week with few runs says less; one with many says no more than others, since weeks differ by more than chance.
    return _Series(weeks[told], level[told], np.minimum(information, median(information[told]))[told])


def _fit(series: _Series, orders: Integers) -> _Fit:
    """The fits of the series with its elements in each of these ``orders``, a column of places for each."""
    length = len(series.week)
    centred = series.level - np.average(series.level, weights=series.weight)
    weight, total, squares = (values[orders] for values in series.weight * [np.ones(length), centred, centred**2])
    so_far = np.zeros((3, length + 1, orders.shape[1]))
    np.cumsum([weight, total, squares], axis=1, out=so_far[:, 1:])
    place = np.arange(LEAST_WEEKS, length - LEAST_WEEKS + 1)
    split = _split(so_far, place, np.array([0]), np.array([length]))
    for reach in REACHES:
        if 2 * reach < length:
            around = _split(so_far, place, np.maximum(place - reach, 0), np.minimum(place + reach, length))
            np.maximum(split, around, out=split)
    time = series.week - series.week.mean()
    line = (time @ total) ** 2 / (time**2 @ weight - (time @ weight) ** 2 / so_far[0, -1])
    return _Fit(split.max(axis=0), _ratio(line, so_far[2, -1], length), split.argmax(axis=0) + LEAST_WEEKS)


def _split(so_far: Floats, place: Integers, begin: Integers, end: Integers) -> Floats:
    """How much better two levels fit than one, split at each ``place``, in the weeks from begin to end.

    ``so_far``: before each week, the sums of the weights, of the levels and of their squares, for each order.
    """
    weight, total, squares = so_far[:, end] - so_far[:, begin]
    before, first = so_far[:2, place] - so_far[:2, begin]
    explained = (first - total * before / weight) ** 2 * weight / (before * (weight - before))
    return _ratio(explained, squares - total**2 / weight, (end - begin)[:, np.newaxis])


def _ratio(explained: Floats, squares: Floats, length: Integers | int) -> Floats:
    left = np.clip(1 - explained / np.maximum(squares, 1e-12), 1e-12, 1)
    return np.asarray((2 - length) * np.log(left), dtype=np.float64)


class _Orders:
    """PERMUTATIONS random orders of the same weeks, for every series."""

    def __init__(self, weeks: Integers, rng: Random) -> None:
        self.weeks = weeks
        blocks = np.array([[rng.random() for _ in range(-(-len(weeks) // BLOCK))] for _ in range(PERMUTATIONS)])
        self.keys = np.repeat(blocks, BLOCK, axis=1)[:, : len(weeks)]
        # Most commands are run in the same weeks. Few are kept: thousands of commands may each have weeks of their own.
        self.places = lru_cache(maxsize=8)(self._places)

    def best(self, series: _Series) -> Floats:
        """The best fit in each of the orders."""
        return _fit(series, self.places(tuple(series.week.tolist()))).best

    def _places(self, weeks: tuple[int, ...]) -> Integers:
        """The places of the elements of a series with these ``weeks``, in each of the orders: a column of them."""
        chosen = self.keys[:, np.searchsorted(self.weeks, weeks)]
        return np.argsort(chosen, axis=1, kind="stable").T.copy()


def _surprising(fit: _Fit | None, highest: Floats) -> bool:
    """Whether a fit as good as this has a chance of at most FALSE_ALARM if nothing changed."""
    return fit is not None and (1 + int((highest >= fit.best[0]).sum())) / (1 + len(highest)) <= FALSE_ALARM


def _without_one(runs: Weekly, measure: str, week: int, cuts: list[int]) -> _Fit | None:
    """The best fit without the person who contributes most to the shift in ``week``."""
    number, total = runs.values_of(measure)
    means, weight = _either_side(runs.person, runs.week >= week, number, total)
    if not weight.any():
        return None
    weight = np.minimum(weight, MOST * median(weight[weight > 0]))
    of_person = weight * (means[1] - means[0])
    most = int(np.argmax(of_person * np.sign(of_person.sum())))
    series = _levels(runs.of(runs.person != most), measure)
    if not series.long_enough:
        return None
    return _levelled(series, cuts).fit()


def _either_side(
    person: Integers, after: npt.NDArray[np.bool_], number: Integers, total: Floats
) -> tuple[Floats, Floats]:
    """Each person's mean before (row 0) and after, and the weight of their difference: 0 where one side has no run."""
    people = int(person.max(initial=-1)) + 1
    place = after.astype(np.int64) * people + person
    counts = np.bincount(place, number, 2 * people).reshape(2, people)
    sums = np.bincount(place, total, 2 * people).reshape(2, people)
    weight = counts[0] * counts[1] / np.maximum(counts.sum(axis=0), 1)
    return sums / np.maximum(counts, 1), weight


def _segments(series: _Series, cuts: list[int]) -> Iterator[npt.NDArray[np.bool_]]:
    bounds = [-math.inf, *sorted(cuts), math.inf]
    for low, high in itertools.pairwise(bounds):
        yield (series.week >= low) & (series.week < high)


def _mean(series: _Series, at: npt.NDArray[np.bool_]) -> float:
    return float(np.average(series.level[at], weights=series.weight[at])) if at.any() else 0.0


def _levelled(series: _Series, cuts: list[int]) -> _Series:
    """The series minus the levels found in it."""
    level = series.level.copy()
    for at in _segments(series, cuts):
        level[at] -= _mean(series, at)
    return replace(series, level=level)


def _describe(command: str, measure: str, runs: Weekly, series: _Series, cuts: list[int], cut: int) -> Shift:
    """The shift in the week ``cut``, between the segments on either side of it."""
    place = sorted(cuts).index(cut)
    bounds = [-math.inf, *sorted(cuts), math.inf]
    low, high = bounds[place], bounds[place + 2]
    before, after = list(_segments(series, cuts))[place : place + 2]
    difference = _mean(series, after) - _mean(series, before)
    here = runs.of((runs.week >= low) & (runs.week < high))
    shift = _shift(command, measure, here, cut, here.week >= cut, difference)
    return replace(shift, levels=_averages(series, _mean(series, after), shift))


def _drift(command: str, measure: str, runs: Weekly, series: _Series) -> Shift:
    """The same for a level that moved gradually, from its first week to its last."""
    slope, start = np.polyfit(series.week.astype(float), series.level, 1, w=np.sqrt(series.weight))
    first, last = int(series.week[0]), int(series.week[-1])
    late = runs.week > (first + last) / 2
    shift = _shift(command, measure, runs, first, late, float(slope) * (last - first))
    return replace(shift, gradual=True, levels=_averages(series, float(start + slope * last), shift))


def _shift(
    command: str, measure: str, runs: Weekly, week: int, late: npt.NDArray[np.bool_], difference: float
) -> Shift:
    """``difference``: of the levels; ``before`` and ``after`` are for the people who have runs on both sides."""
    number, total = runs.values_of(measure)
    means, weight = _either_side(runs.person, late, number, total)
    since = runs.of(late)
    weeks = int(np.ptp(since.week)) + 1
    level = float(means[1] @ weight / weight.sum())
    runs_a_week = int(since.runs.sum()) / weeks
    if measure == DURATION:
        after, before = math.exp(level), math.exp(level - difference)
        cost = int(since.succeeded_ms.sum()) / weeks * -math.expm1(-difference)
    else:
        after, before = level, min(max(level - difference, 0.0), 1.0)
        cost = runs_a_week * (after - before)
    return Shift(
        command=command,
        measure=measure,
        week=week,
        gradual=False,
        before=before,
        after=after,
        people=int((weight > 0).sum()),
        runs_a_week=runs_a_week,
        cost_a_week=cost,
        levels=(),
    )


def _averages(series: _Series, level: float, shift: Shift) -> tuple[tuple[int, float], ...]:
    """The series in ms or shares, scaled so that ``level`` becomes the shift's ``after``."""
    if shift.measure == DURATION:
        values = shift.after * np.exp(series.level - level)
    else:
        values = np.clip(shift.after + series.level - level, 0, 1)
    return tuple(zip(series.week.tolist(), values.tolist(), strict=True))


def commit_days(person: Integers, day: Integers, number: Integers, total: Floats) -> tuple[int, int] | None:
    """The first and the last day of the commits that a shift may have come with.

    An element for each person and day of the commit that they had checked out; ``total / number`` is a mean. Each
    person is compared with themselves, on commits before a day and since. None if nobody has both.
    """
    at = number > 0
    days, column = np.unique(day[at], return_inverse=True)
    people = int(person.max(initial=-1)) + 1
    place = person[at] * len(days) + column
    size = people * len(days)
    weight, sums = (
        np.bincount(place, values[at], size).reshape(people, len(days)) for values in (number.astype(float), total)
    )
    of_person = np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
    within = sums - weight * (sums.sum(axis=1, keepdims=True) / of_person)
    # Sums of everything before each day but the first.
    before = np.cumsum(weight, axis=1)[:, :-1]
    information = (before * (1 - before / of_person)).sum(axis=0)
    explained = np.cumsum(within, axis=1)[:, :-1].sum(axis=0) ** 2 / np.maximum(information, 1e-300)
    explained[information <= 1e-9 * max(float(weight.sum()), 1e-300)] = 0
    freedom = int((weight > 0).sum()) - people - 1
    if freedom < 1 or not explained.any():
        return None
    mean = (
        np.divide(sums, weight, out=np.zeros_like(sums), where=weight > 0) - sums.sum(axis=1, keepdims=True) / of_person
    )
    squares = float((weight * mean**2).sum())
    likelihood = -freedom / 2 * np.log(np.maximum(1 - explained / squares, 1e-12))
    close = np.flatnonzero(likelihood >= likelihood.max() - DAYS_WITHIN)
    # The change came after the last old commit, and on the day of the first new one at the latest.
    return int(days[close[0]]) + 1, int(days[close[-1] + 1])
