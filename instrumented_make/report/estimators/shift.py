"""Finds the weeks in which a command's level shifted, for good or for a time, without being given a date.

*Levels.* A regression with an effect for each person and each week gives one level per week: of the mean logarithm of
durations (runs that succeeded), of the share of runs that failed, and of the share that was interrupted. So people who
join, leave or are slow do not shift it. As in :mod:`effect`, one person counts for at most four who run the command as
often as the median person.

*Search.* Every split of the weeks with at least LEAST_WEEKS on either side is tried, over all weeks and over some weeks
around it, a straight line, which represents a drift, and every spell of SPELLS weeks unlike all others, which is what
came and went (the epidemic alternative; Levin and Kline 1985). The statistic is the Gaussian log-likelihood ratio, n
log(1 - explained share). Each finding is subtracted, and the search continues in the rest (binary segmentation; Scott
and Knott 1974).

*False alarms.* The weeks are put into random order, the same order for all commands and measures, and the largest
statistic of all is recorded (Westfall and Young 1993): FALSE_ALARM is the chance of finding *anything* when no level
shifted. Weeks that differ for everybody are as different in another order, so they raise no alarm. They are moved in
pairs, since neighbouring weeks are alike; where the pairs begin is random too. So what came and went within four weeks
cannot be found: in a history of half a year, two pairs are next to each other too often.

*One person is not a change.* A shift must still be found without the person who contributes most to it, except in one
person's own history.

``tests/report/test_shift.py`` checks false alarms, power and dates by simulation; docs/decisions/0011 says
what was tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
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
# The lengths of spells that are tried, in weeks: each real one is like one of these in four of five of its weeks.
SPELLS = (3, 4, 6, 8, 10, 13, 17, 22)
# Weeks that are moved together.
BLOCK = 2
# Per command and measure; a level that shifts more often is noise.
MOST_SHIFTS = 4
# What is said of the changes that can be seen: that they are in this share of cases, by so many simulated ones.
SEEN = 0.8
SEEN_OF = 200
# No larger change is tried: to this many times as long.
LARGEST = 4.0
# Of the range of what a shift costs, and the resampled teams that it is from.
COST_LEVEL = 0.95
RESAMPLES = 400
# How far the log-likelihood of a commit's day may be below that of the best day: twice the usual 1.92, since the
# likelihood of a date is not a parabola. Nineteen in twenty ranges contain the true day (test_shift.py).
DAYS_WITHIN = 4.0

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
    failed: Integers
    interrupted: Integers
    logarithms: Integers
    total_ms: Integers

    def values_of(self, measure: str) -> tuple[Integers, Floats]:
        """What ``measure`` is a mean over, and its sum."""
        if measure == DURATION:
            return self.succeeded, self.logarithms / 1000
        return self.runs, (self.failed if measure == FAILURES else self.interrupted).astype(float)

    def of(self, at: npt.NDArray[np.bool_] | slice) -> Weekly:
        """Only these elements."""
        return Weekly(*(getattr(self, column.name)[at] for column in fields(self)))


@dataclass(frozen=True, slots=True)
class Shift:
    """A level that shifted.

    ``week``: the first on the new level; for a ``gradual`` one, the first week of the history. ``until``: for a spell,
    the first week on the old level again. ``before`` and ``after``: typical durations in ms (geometric means), or
    shares of runs that failed or were interrupted; for a spell, outside it and in it. ``people`` have runs on both
    sides. ``runs_a_week``: since then, or in the spell. ``cost_a_week``: what it costs then, in ms of everybody's time
    (from ``cost_low`` to ``cost_high``: COST_LEVEL of such ranges hold the truth), or in runs; negative if it saves.
    ``levels``: each week with enough runs, and its level in the unit of ``after``.
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
    cost_low: float
    cost_high: float
    levels: tuple[tuple[int, float], ...]
    until: int | None = None

    @property
    def worse(self) -> bool:
        """Whether it got slower, or fails or is interrupted more."""
        return self.after > self.before


@dataclass(frozen=True, slots=True)
class Search:
    """All ``shifts`` found, and what else could have been.

    ``command`` is the one with most time, and ``ratio`` how many times as long its runs would have to take in the
    second half of the weeks to be found in SEEN of all cases; None if more than LARGEST, or it has too few weeks.
    """

    shifts: list[Shift]
    command: str = ""
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class _Series:
    """One level a week, each with its weight."""

    week: Integers
    level: Floats
    weight: Floats

    @property
    def long_enough(self) -> bool:
        return len(self.week) >= 2 * LEAST_WEEKS and float(np.ptp(self.level)) > 1e-9

    def fit(self, cuts: set[int]) -> _Fit:
        """The best fits besides these ``cuts``, from which a level lasts at least LEAST_WEEKS."""
        taken = np.searchsorted(self.week, sorted(cuts))
        free = [place for place in range(len(self.week) + 1) if all(abs(place - taken) >= LEAST_WEEKS)]
        return _fit(self, np.arange(len(self.week))[:, np.newaxis], np.array(free, dtype=np.int64))


@dataclass(frozen=True, slots=True)
class _Fit:
    """How much better than no change these fit: the best split, a straight line, the best spell.

    A column for each order of the weeks. ``place``: the element that the split comes before; ``begin`` and ``end``:
    those that the spell begins with and ends before.
    """

    split: Floats
    line: Floats
    place: Integers
    spell: Floats
    begin: Integers
    end: Integers
    penalty: float

    @property
    def best(self) -> Floats:
        """The best of all; a spell has one more place to choose, so it has one parameter more (Schwarz 1978)."""
        return np.maximum(np.maximum(self.split, self.line), self.spell - self.penalty)


def search(weekly: Mapping[str, Weekly], rng: Random, *, own: bool = False) -> Search:
    """What shifted in these commands; ``own``: it is one person's history."""
    series = {
        (command, measure): levels
        for command, runs in weekly.items()
        for measure in MEASURES
        if (levels := _levels(runs, measure)).long_enough
    }
    if not series:
        return Search([])
    orders = _Orders(np.array(sorted({week for levels in series.values() for week in levels.week.tolist()})), rng)
    left = dict(series)
    nulls = {key: orders.best(levels) for key, levels in left.items()}
    ahead = {key: levels.fit(set()) for key, levels in left.items()}
    # For each series the spells [first, last) and, as [first, None), the shifts that are found.
    found: dict[tuple[str, str], list[tuple[int, int | None]]] = {}
    drifts: set[tuple[str, str]] = set()
    while ahead:
        key = max(ahead, key=lambda key: float(ahead[key].best[0]))
        highest = np.max(list(nulls.values()), axis=0)
        fit, week = ahead[key], left[key].week
        if not _is_surprising(fit, highest):
            break
        spell = fit.best[0] > max(fit.split[0], fit.line[0])
        first, last = (int(fit.begin[0]), int(fit.end[0])) if spell else (int(fit.place[0]), len(week))
        span = (int(week[first]), int(week[last]) if spell else None)
        cuts = _cuts(found.get(key, []))
        if not own:
            without = _without_one(weekly[key[0]], key[1], span, cuts)
            if without is None or not _is_surprising(without, highest):
                del ahead[key]
                continue
        # A split also has a date to choose, so it has one parameter more.
        if not cuts and not spell and fit.line[0] > fit.split[0] - fit.penalty:
            drifts.add(key)
            del ahead[key]
            continue
        found.setdefault(key, []).append(span)
        cuts = _cuts(found[key])
        left[key] = _levelled(series[key], cuts)
        nulls[key] = orders.best(left[key])
        if len(cuts) >= MOST_SHIFTS or not left[key].long_enough:
            del ahead[key]
        else:
            ahead[key] = left[key].fit(cuts)
    told = [
        _describe(*key, weekly[key[0]], series[key], _cuts(spans), span)
        for key, spans in found.items()
        for span in sorted(spans, key=lambda span: span[0])
    ]
    told += [_drift(*key, weekly[key[0]], series[key]) for key in sorted(drifts)]
    most = max(weekly, key=lambda command: int(weekly[command].total_ms.sum()))
    if (most, DURATION) not in left:
        return Search(told, most)
    beaten = float(np.sort(np.max(list(nulls.values()), axis=0))[-int(FALSE_ALARM * (1 + PERMUTATIONS))])
    return Search(told, most, _smallest_seen(weekly[most], left[most, DURATION], orders, beaten, own=own))


def _smallest_seen(runs: Weekly, series: _Series, orders: _Orders, beaten: float, *, own: bool) -> float | None:
    """The ratio of durations, from the middle on, whose statistic is higher than ``beaten`` in SEEN of all cases."""
    places = orders.places(tuple(series.week.tolist()))[:, :SEEN_OF]
    number = np.arange(len(series.week) + 1)
    late = (number[:-1] >= len(number) // 2).astype(np.float64)

    def share(step: float) -> float:
        return float((_fit(series, places, number, late * step).best >= beaten).mean())

    low, high = 0.0, math.log(LARGEST)
    if share(high) < SEEN:
        return None
    while high - low > 0.005:
        half = (low + high) / 2
        low, high = (low, half) if share(half) >= SEEN else (half, high)
    # It must also be found without one person: simulated teams need this much more (test_shift.py).
    return math.exp(high if own else high * (1 + 1.5 / math.sqrt(int((np.bincount(runs.person) > 0).sum()))))


def _cuts(spans: Iterable[tuple[int, int | None]]) -> set[int]:
    return {week for span in spans for week in span if week is not None}


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


def _fit(series: _Series, orders: Integers, free: Integers, added: Floats | float = 0.0) -> _Fit:
    """The fits of the series with its elements in each of these ``orders``, a column of places for each.

    ``free``: the places that a split may come before, or a spell begin at or end before. ``added``: to the levels, once
    they are in order.
    """
    length = len(series.week)
    weight = series.weight[orders]
    level = series.level[orders] + np.reshape(added, (-1, 1))
    level -= (weight * level).sum(axis=0) / weight.sum(axis=0)
    total, squares = weight * level, weight * level**2
    so_far = np.zeros((3, length + 1, orders.shape[1]))
    np.cumsum([weight, total, squares], axis=1, out=so_far[:, 1:])
    nothing = np.zeros(orders.shape[1])
    nowhere = nothing.astype(np.int64)
    place = free[(free >= LEAST_WEEKS) & (free <= length - LEAST_WEEKS)]
    split, at = nothing, nowhere
    if len(place):
        splits = _split(so_far, place, np.array([0]), np.array([length]))
        for reach in REACHES:
            if 2 * reach < length:
                around = _split(so_far, place, np.maximum(place - reach, 0), np.minimum(place + reach, length))
                np.maximum(splits, around, out=splits)
        split, at = splits.max(axis=0), place[splits.argmax(axis=0)]
    spell, begin, end = nothing, nowhere, nowhere
    is_free = np.zeros(length + 2, dtype=bool)
    is_free[place] = True
    for weeks in SPELLS:
        first = place[is_free[np.minimum(place + weeks, length + 1)]]
        if len(first):
            inside = so_far[:2, first + weeks] - so_far[:2, first]
            explained = _explained(inside, so_far[:2, [-1]])
            values = _ratio(explained, so_far[2, -1], length)
            best, where = values.max(axis=0), first[values.argmax(axis=0)]
            begin, end = np.where(best > spell, where, begin), np.where(best > spell, where + weeks, end)
            spell = np.maximum(best, spell)
    time = series.week - series.week.mean()
    line = (time @ total) ** 2 / (time**2 @ weight - (time @ weight) ** 2 / so_far[0, -1])
    return _Fit(split, _ratio(line, so_far[2, -1], length), at, spell, begin, end, math.log(length))


def _split(so_far: Floats, place: Integers, begin: Integers, end: Integers) -> Floats:
    """How much better two levels fit than one, split at each ``place``, in the weeks from begin to end.

    ``so_far``: before each week, the sums of the weights, of the levels and of their squares, for each order.
    """
    weight, total, squares = so_far[:, end] - so_far[:, begin]
    explained = _explained(so_far[:2, place] - so_far[:2, begin], np.array([weight, total]))
    return _ratio(explained, squares - total**2 / weight, (end - begin)[:, np.newaxis])


def _explained(part: Floats, whole: Floats) -> Floats:
    """The squares that a level of its own explains, for a part of the weeks; weights and levels summed in each."""
    (weight, total), (all_weight, all_total) = part, whole
    return np.asarray(
        (total - all_total * weight / all_weight) ** 2 * all_weight / (weight * (all_weight - weight)), dtype=np.float64
    )


def _ratio(explained: Floats, squares: Floats, length: Integers | int) -> Floats:
    left = np.clip(1 - explained / np.maximum(squares, 1e-12), 1e-12, 1)
    return np.asarray((2 - length) * np.log(left), dtype=np.float64)


class _Orders:
    """PERMUTATIONS random orders of the same weeks, for every series."""

    def __init__(self, weeks: Integers, rng: Random) -> None:
        self.weeks = weeks
        number = -(-len(weeks) // BLOCK) + 1
        blocks = np.array([[rng.random() for _ in range(number)] for _ in range(PERMUTATIONS)])
        begin = np.array([[rng.randrange(BLOCK)] for _ in range(PERMUTATIONS)])
        self.keys = np.take_along_axis(blocks, (begin + np.arange(len(weeks))) // BLOCK, axis=1)
        # Most commands are run in the same weeks. Few are kept: thousands of commands may each have weeks of their own.
        self.places = lru_cache(maxsize=8)(self._places)

    def best(self, series: _Series) -> Floats:
        """The best fit in each of the orders."""
        return _fit(series, self.places(tuple(series.week.tolist())), np.arange(len(series.week) + 1)).best

    def _places(self, weeks: tuple[int, ...]) -> Integers:
        """The places of the elements of a series with these ``weeks``, in each of the orders: a column of them."""
        chosen = self.keys[:, np.searchsorted(self.weeks, weeks)]
        return np.argsort(chosen, axis=1, kind="stable").T.copy()


def _is_surprising(fit: _Fit, highest: Floats) -> bool:
    """Whether a fit as good as this has a chance of at most FALSE_ALARM if nothing changed."""
    return (1 + int((highest >= fit.best[0]).sum())) / (1 + len(highest)) <= FALSE_ALARM


def _without_one(runs: Weekly, measure: str, span: tuple[int, int | None], cuts: set[int]) -> _Fit | None:
    """The best fit without the person who contributes most to the shift or spell ``span``."""
    number, total = runs.values_of(measure)
    means, weight = _either_side(runs.person, _within(runs.week, span), number, total)
    if not weight.any():
        return None
    weight = np.minimum(weight, MOST * median(weight[weight > 0]))
    of_person = weight * (means[1] - means[0])
    most = int(np.argmax(of_person * np.sign(of_person.sum())))
    series = _levels(runs.of(runs.person != most), measure)
    return _levelled(series, cuts).fit(cuts) if series.long_enough else None


def _within(week: Integers, span: tuple[int, int | None]) -> npt.NDArray[np.bool_]:
    first, last = span
    return (week >= first) & (week < (math.inf if last is None else last))


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


def _segments(series: _Series, cuts: set[int]) -> Iterator[npt.NDArray[np.bool_]]:
    bounds = [-math.inf, *sorted(cuts), math.inf]
    for low, high in itertools.pairwise(bounds):
        yield (series.week >= low) & (series.week < high)


def _mean(series: _Series, at: npt.NDArray[np.bool_]) -> float:
    return float(np.average(series.level[at], weights=series.weight[at])) if at.any() else 0.0


def _levelled(series: _Series, cuts: set[int]) -> _Series:
    """The series minus the levels found in it."""
    level = series.level.copy()
    for at in _segments(series, cuts):
        level[at] -= _mean(series, at)
    return replace(series, level=level)


def _describe(
    command: str, measure: str, runs: Weekly, series: _Series, cuts: set[int], span: tuple[int, int | None]
) -> Shift:
    """The shift or spell ``span``, beside the weeks between the nearest other ``cuts``."""
    week, until = span
    others = [-math.inf, *sorted(cuts - set(span)), math.inf]
    low = max(cut for cut in others if cut < week)
    high = min(cut for cut in others if cut > (week if until is None else until))
    at, inside = (series.week >= low) & (series.week < high), _within(series.week, span)
    level = _mean(series, at & inside)
    here = runs.of((runs.week >= low) & (runs.week < high))
    shift = _shift(command, measure, here, week, _within(here.week, span), level - _mean(series, at & ~inside))
    return replace(shift, until=until, levels=_averages(series, level, shift))


def _drift(command: str, measure: str, runs: Weekly, series: _Series) -> Shift:
    """The same for a level that moved gradually, from its first week to its last."""
    slope, start = np.polyfit(series.week.astype(float), series.level, 1, w=np.sqrt(series.weight))
    first, last = int(series.week[0]), int(series.week[-1])
    # From one level to the other it is on the way, so only the first third and the last are compared.
    ends = runs.of(abs(2 * runs.week - first - last) >= (last - first) / 3)
    shift = _shift(command, measure, ends, first, ends.week > (first + last) / 2, float(slope) * (last - first))
    return replace(shift, gradual=True, levels=_averages(series, float(start + slope * last), shift))


def _shift(
    command: str, measure: str, runs: Weekly, week: int, late: npt.NDArray[np.bool_], difference: float
) -> Shift:
    """``difference``: of the levels; ``before`` and ``after`` are for the people who have runs on both sides."""
    number, total = runs.values_of(measure)
    means, weight = _either_side(runs.person, late, number, total)
    since = runs.of(late)
    weeks = int(np.ptp(since.week)) + 1
    level = float(means[1] @ weight / max(weight.sum(), 1e-300))
    runs_a_week = int(since.runs.sum()) / weeks
    if measure == DURATION:
        after, before = math.exp(level), math.exp(level - difference)
        cost, low, high = _cost_ms(runs, late, weeks)
    else:
        after, before = level, min(max(level - difference, 0.0), 1.0)
        cost = low = high = runs_a_week * (after - before)
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
        cost_low=low,
        cost_high=high,
        levels=(),
    )


def _cost_ms(runs: Weekly, late: npt.NDArray[np.bool_], weeks: int) -> tuple[float, float, float]:
    """What the runs since then cost in a week, all of them, beside what they would have cost: with its range.

    Each person's runs take the difference between the arithmetic means of that person's own; those of people who have
    none on one side take as much more as the others'. The range is that of resampled people.
    """
    means, weight = _either_side(runs.person, late, runs.runs, runs.total_ms.astype(float))
    both = weight > 0
    size = int(both.sum())
    if not size:
        return 0.0, 0.0, 0.0
    number = np.bincount(runs.person[late], runs.runs[late], len(weight))[both]
    more = number * (means[1] - means[0])[both]
    all_runs = float(runs.runs[late].sum()) / weeks
    cost = float(more.sum() / number.sum()) * all_runs
    if size == 1:
        return cost, cost, cost
    rng = Random(0)
    draws = np.array([rng.choices(range(size), k=size) for _ in range(RESAMPLES)])
    costs = np.sort(more[draws].sum(axis=1) / number[draws].sum(axis=1)) * all_runs
    out = round((1 - COST_LEVEL) / 2 * RESAMPLES)
    return cost, float(costs[out]), float(costs[-1 - out])


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
