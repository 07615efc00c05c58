"""Finds the weeks in which a command's level shifted, for good or for a time, without being given a date.

*Levels.* A regression with an effect for each person and each week gives one level per week: of the mean logarithm of
durations (runs that succeeded), of the share of runs that failed, and of the share that was interrupted. So people who
join, leave or are slow do not shift it. As in :mod:`effect`, one person counts for at most four who run the command as
often as the median person.

*Search.* Every split of the weeks with at least LEAST_WEEKS on either side is tried, over all weeks and over some weeks
around it, and beside a straight line; the line itself, which represents a drift; and every spell of SPELLS weeks unlike
all others, which is what came and went (the epidemic alternative; Levin and Kline 1985). The statistic is the Gaussian
log-likelihood ratio, n log(1 - explained share). Each finding is subtracted, and the search continues in the rest
(binary segmentation; Scott and Knott 1974).

*False alarms.* The weeks are put into random order, the same order for all commands and measures, and the largest
statistic of all is recorded (Westfall and Young 1993): FALSE_ALARM is the chance of finding *anything* when no level
shifted. Weeks that differ for everybody are as different in another order, so they raise no alarm. They are moved in
pairs, since neighbouring weeks are alike; where the pairs begin is random too. So what came and went within four weeks
cannot be found: in a history of half a year, two pairs are next to each other too often.

*One person is not a change.* A shift must still show without the person who contributes most to it, except in one
person's own history. Nor are newcomers: nobody's first weeks count.

``tests/report/test_shift.py`` checks false alarms, power and dates by simulation; docs/decisions/0011 says
what was tried.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random
from statistics import NormalDist
from typing import Any

import numpy as np

from instrumented_make.report.estimators.panel import (
    MOST,
    Floats,
    Integers,
    Truths,
    cap_weights,
    median,
    period_effects,
)
from instrumented_make.report.estimators.student import half_width
from instrumented_make.report.estimators.weekly import DURATION, FAILURES, MEASURES, Weekly

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
# Without the person who contributes most, a shift as large as what is left has at most this chance if nothing changed.
# At FALSE_ALARM, 20 % less time was found with 15 people in 50 % of simulated reports, and in 68 % without this rule.
STILL_SHOWS = 0.2
# People whose first run comes later than this many weeks after the beginning are new for this many weeks.
NEW_AFTER_WEEKS, NEW_WEEKS = 1, 8
# People differ in what a shift does to them if chance makes them differ as much in less than this share of cases ...
DIFFER = 0.01
# ... and as if no more than this share of them had shifted.
MOST_PEOPLE = 0.7
# What is said of the changes that can be seen: that they are in this share of cases, by so many simulated ones.
SEEN = 0.8
SEEN_OF = 200
# No larger change is tried: to this many times as long.
LARGEST = 4.0
# Of the range of what a shift costs.
COST_LEVEL = 0.95
# How far the log-likelihood of a commit's day may be below that of the best day: twice the usual 1.92, since the
# likelihood of a date is not a parabola. Nineteen in twenty ranges contain the true day (test_shift.py).
DAYS_WITHIN = 4.0


@dataclass(frozen=True, slots=True)
class Shift:
    """A level that shifted.

    ``week``: the first on the new level; for a ``gradual`` one, the first week of the history. ``until``: for a spell,
    the first week on the old level again. ``before`` and ``after``: typical durations in ms (geometric means), or
    shares of runs that failed or were interrupted; for a spell, outside it and in it. ``people`` have runs on both
    sides; it is as if only ``moved`` of them had shifted, if that is fewer. ``runs_a_week``: since then, or in the
    spell. ``cost_a_week``: what it costs then, in ms of everybody's time (from ``cost_low`` to ``cost_high``:
    COST_LEVEL of such ranges hold the truth), or in runs; negative if it saves. ``levels``: each week with enough
    runs, and its level in the unit of ``after``.
    """

    command: str
    measure: str
    week: int
    gradual: bool
    before: float
    after: float
    people: int
    moved: int | None
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

    def mean(self, at: Truths) -> float:
        """The mean level of some of the weeks."""
        return float(np.average(self.level[at], weights=self.weight[at])) if at.any() else 0.0


_Span = tuple[int, int | None]


@dataclass(frozen=True, slots=True)
class _Model:
    """What is found in one series: the spells [first, last) and, as [first, None), the shifts; whether it ``drifts``.

    ``sloping``: it fits better with a drift, be that one to tell or not.
    """

    spans: tuple[_Span, ...] = ()
    drifts: bool = False
    sloping: bool = False

    @property
    def cuts(self) -> set[int]:
        """The weeks in which a level begins."""
        return {week for span in self.spans for week in span if week is not None}

    def explain(self, series: _Series) -> tuple[float, float, Floats]:
        """The drift a week with its standard error, and for each week the level without it."""
        bounds = [-math.inf, *sorted(self.cuts), math.inf]
        segments = [(series.week >= low) & (series.week < high) for low, high in itertools.pairwise(bounds)]
        time, level = series.week.astype(np.float64), np.zeros(len(series.week))
        for at in segments:
            time[at] -= replace(series, level=time).mean(at)
        weighted = series.weight * time
        squares = float(weighted @ time)
        slope = float(weighted @ series.level) / squares if self.sloping else 0.0
        flat = replace(series, level=series.level - slope * series.week)
        for at in segments:
            level[at] = flat.mean(at)
        freedom = len(series.week) - len(segments) - 1
        if not self.sloping or freedom < 1:
            return slope, 0.0, level
        left = flat.level - level
        return slope, math.sqrt(float(series.weight @ left**2) / freedom / squares), level

    def left_of(self, series: _Series) -> _Series:
        """What it does not explain."""
        slope, _, level = self.explain(series)
        return replace(series, level=series.level - slope * series.week - level)


@dataclass(frozen=True, slots=True)
class _Fit:
    """How much better than no change these fit: the best split, a straight line, the best spell.

    ``beside``: how much better than a line alone the best split beside one fits. A column for each order of the weeks.
    ``place`` and ``place_beside``: the elements that the splits come before; ``begin`` and ``end``: those that the
    spell begins with and ends before.
    """

    split: Floats
    place: Integers
    beside: Floats
    place_beside: Integers
    line: Floats
    spell: Floats
    begin: Integers
    end: Integers
    penalty: float

    @property
    def best(self) -> Floats:
        """The best of all, where a slope or a place more than a split has costs the penalty of one (Schwarz 1978)."""
        beside, spell = self.beside - self.penalty, self.spell - 2 * self.penalty
        return np.maximum(np.maximum(self.split, beside), np.maximum(self.line, spell))

    def add_to(self, model: _Model, series: _Series) -> _Model:
        """The model with the best fit in the order of time: a line, a spell or a split."""
        week, split, beside = series.week, self.split[0], self.beside[0] - self.penalty
        if self.spell[0] - 2 * self.penalty == self.best[0]:
            return replace(model, spans=(*model.spans, (int(week[self.begin[0]]), int(week[self.end[0]]))))
        # A split also has a date to choose, so it has one parameter more.
        if not model.drifts and self.line[0] > max(split, beside) - self.penalty:
            return replace(model, drifts=True, sloping=True)
        place = self.place[0] if split >= beside else self.place_beside[0]
        return replace(model, spans=(*model.spans, (int(week[place]), None)))


def search(weekly: Mapping[str, Weekly], rng: Random, *, own: bool = False) -> Search:
    """What shifted in these commands; ``own``: it is one person's history."""
    settled = _without_first_weeks(weekly)
    series = {
        (command, measure): levels
        for command, runs in settled.items()
        for measure in MEASURES
        if (levels := _levels(runs, measure)).long_enough
    }
    if not series:
        return Search([])
    orders = _Orders(np.array(sorted({week for levels in series.values() for week in levels.week.tolist()})), rng)
    left = dict(series)
    nulls = {key: orders.best(levels) for key, levels in left.items()}
    ahead = {key: levels.fit(set()) for key, levels in left.items()}
    found: dict[tuple[str, str], _Model] = {}
    while ahead:
        key = max(ahead, key=lambda key: float(ahead[key].best[0]))
        highest = np.max(list(nulls.values()), axis=0)
        if not _is_surprising(ahead[key], highest, FALSE_ALARM):
            break
        before = found.get(key, _Model())
        model = ahead[key].add_to(before, left[key])
        if not own:
            without = _without_one(settled[key[0]], key[1], before, model)
            if without is None or not _is_surprising(without, highest, STILL_SHOWS):
                del ahead[key]
                continue
        if not model.drifts:
            level, slope = (replace(model, sloping=is_so).left_of(series[key]) for is_so in (False, True))
            better = _ratio_of(level, slope)
            # A step is told too large or too small beside a drift that is not noticed (Schwarz 1978).
            model = replace(model, drifts=better >= _bar(highest), sloping=better > ahead[key].penalty)
        found[key], left[key] = model, model.left_of(series[key])
        nulls[key] = orders.best(left[key])
        if len(model.cuts) >= MOST_SHIFTS or not left[key].long_enough:
            del ahead[key]
        else:
            ahead[key] = left[key].fit(model.cuts)
    told = [
        shift
        for (command, measure), model in found.items()
        for shift in _describe(command, measure, settled[command], weekly[command], series[command, measure], model)
    ]
    most = max(weekly, key=lambda command: int(weekly[command].total_ms.sum()))
    if (most, DURATION) not in left:
        return Search(told, most)
    bar = _bar(np.max(list(nulls.values()), axis=0))
    return Search(told, most, _smallest_seen(settled[most], left[most, DURATION], orders, bar, own=own))


def _without_first_weeks(weekly: Mapping[str, Weekly]) -> dict[str, Weekly]:
    """The same without each newcomer's first NEW_WEEKS: people who learn, or whose caches are cold, are no shift."""
    people = max((int(runs.person.max(initial=-1)) + 1 for runs in weekly.values()), default=0)
    first = np.full(people, np.inf)
    for runs in weekly.values():
        np.minimum.at(first, runs.person, runs.week)
    settled = first + np.where(first > first.min(initial=np.inf) + NEW_AFTER_WEEKS, NEW_WEEKS, 0)
    return {command: runs.of(runs.week >= settled[runs.person]) for command, runs in weekly.items()}


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
    total = weight * level
    time = (series.week - series.week.mean())[:, np.newaxis]
    # Before each week, the sums of the weights, levels and squared levels, and of weights and levels times the week.
    so_far = np.zeros((5, length + 1, orders.shape[1]))
    np.cumsum([weight, total, total * level, weight * time, total * time], axis=1, out=so_far[:, 1:])
    # The squares that a straight line explains; the weighted mean of the levels is 0.
    of_time = (weight * time**2).sum(axis=0) - so_far[3, -1] ** 2 / so_far[0, -1]
    line = so_far[4, -1] ** 2 / of_time
    nothing = np.zeros(orders.shape[1])
    nowhere = nothing.astype(np.int64)
    place = free[(free >= LEAST_WEEKS) & (free <= length - LEAST_WEEKS)]
    split, at, beside, at_beside = nothing, nowhere, nothing, nowhere
    if len(place):
        splits = _split(so_far, place, np.array([0]), np.array([length]))
        for reach in REACHES:
            if 2 * reach < length:
                around = _split(so_far, place, np.maximum(place - reach, 0), np.minimum(place + reach, length))
                np.maximum(splits, around, out=splits)
        split, at = splits.max(axis=0), place[splits.argmax(axis=0)]
        besides = _explained_beside(so_far, of_time, place)
        beside = _ratio(besides.max(axis=0), so_far[2, -1] - line, length)
        at_beside = place[besides.argmax(axis=0)]
    spell, begin, end = nothing, nowhere, nowhere
    is_free = np.zeros(length + 2, dtype=bool)
    is_free[place] = True
    for weeks in SPELLS:
        first = place[is_free[np.minimum(place + weeks, length + 1)]]
        if len(first):
            inside = so_far[:2, first + weeks] - so_far[:2, first]
            explained = _explained(inside, so_far[:2, [-1]])
            best, where = explained.max(axis=0), first[explained.argmax(axis=0)]
            begin, end = np.where(best > spell, where, begin), np.where(best > spell, where + weeks, end)
            spell = np.maximum(best, spell)
    line, spell = (_ratio(explained, so_far[2, -1], length) for explained in (line, spell))
    return _Fit(split, at, beside, at_beside, line, spell, begin, end, math.log(length))


def _split(so_far: Floats, place: Integers, begin: Integers, end: Integers) -> Floats:
    """How much better two levels fit than one, split at each ``place``, in the weeks from begin to end.

    ``so_far``: as :func:`_fit` has it, for each order.
    """
    weight, total, squares = so_far[:3, end] - so_far[:3, begin]
    explained = _explained(so_far[:2, place] - so_far[:2, begin], np.array([weight, total]))
    return _ratio(explained, squares - total**2 / weight, (end - begin)[:, np.newaxis])


def _explained(part: Floats, whole: Floats) -> Floats:
    """The squares that a level of its own explains, for a part of the weeks; weights and levels summed in each."""
    (weight, total), (all_weight, all_total) = part, whole
    return np.asarray(
        (total - all_total * weight / all_weight) ** 2 * all_weight / (weight * (all_weight - weight)), dtype=np.float64
    )


def _explained_beside(so_far: Floats, of_time: Floats, place: Integers) -> Floats:
    """The squares that a split at each ``place`` explains of what a straight line leaves.

    ``so_far``: as in :func:`_split`; ``of_time``: the squares of the weeks, less their weighted mean.
    """
    weight, total = so_far[:2, place]
    all_weight, mean_time = so_far[0, -1], so_far[3, -1] / so_far[0, -1]
    # What the split and the line have in common.
    common = so_far[3, place] - mean_time * weight
    own = weight * (all_weight - weight) / all_weight - common**2 / of_time
    return np.asarray((total - so_far[4, -1] / of_time * common) ** 2 / np.maximum(own, 1e-12), dtype=np.float64)


def _ratio_of(one: _Series, other: _Series) -> float:
    """How much better one model fits than another, by what they leave."""
    left, less = (np.array([series.weight @ series.level**2]) for series in (one, other))
    return float(_ratio(left - less, left, len(one.week))[0])


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


def _is_surprising(fit: _Fit, highest: Floats, chance: float) -> bool:
    """Whether a fit as good as this has at most this chance if nothing changed."""
    return (1 + int((highest >= fit.best[0]).sum())) / (1 + len(highest)) <= chance


def _bar(highest: Floats) -> float:
    """What a statistic must beat to be found."""
    return float(np.sort(highest)[-int(FALSE_ALARM * (1 + len(highest)))])


def _without_one(runs: Weekly, measure: str, before: _Model, after: _Model) -> _Fit | None:
    """The best fit without the person who contributes most to what ``after`` has and ``before`` does not."""
    number, total = runs.values_of(measure)
    late = _late(runs.week, after.spans[-1] if after.spans != before.spans else None)
    means, weight = _either_side(runs.person, late, number, total)
    if not weight.any():
        return None
    weight = np.minimum(weight, MOST * median(weight[weight > 0]))
    of_person = weight * (means[1] - means[0])
    most = int(np.argmax(of_person * np.sign(of_person.sum())))
    series = _levels(runs.of(runs.person != most), measure)
    return before.left_of(series).fit(before.cuts) if series.long_enough else None


def _late(week: Integers, span: _Span | None) -> Truths:
    """The weeks in the span or, for a drift, which has none, in the later half."""
    return week > (int(week.min()) + int(week.max())) / 2 if span is None else _within(week, span)


def _within(week: Integers, span: tuple[int, int | None]) -> Truths:
    first, last = span
    return (week >= first) & (week < (math.inf if last is None else last))


def _either_side(person: Integers, after: Truths, number: Integers, total: Floats) -> tuple[Floats, Floats]:
    """Each person's mean before (row 0) and after, and the weight of their difference: 0 where one side has no run."""
    people = int(person.max(initial=-1)) + 1
    place = after.astype(np.int64) * people + person
    counts = np.bincount(place, number, 2 * people).reshape(2, people)
    sums = np.bincount(place, total, 2 * people).reshape(2, people)
    weight = counts[0] * counts[1] / np.maximum(counts.sum(axis=0), 1)
    return sums / np.maximum(counts, 1), weight


def _describe(
    command: str, measure: str, settled: Weekly, everybody: Weekly, series: _Series, model: _Model
) -> Iterator[Shift]:
    """What the model has found, in the order of time; each as if nothing else had changed the levels."""
    slope, error, levels = model.explain(series)
    for span in sorted(model.spans, key=lambda span: span[0]):
        week, until = span
        others = [-math.inf, *sorted(model.cuts - set(span)), math.inf]
        low = max(cut for cut in others if cut < week)
        high = min(cut for cut in others if cut > (week if until is None else until))
        flat = replace(series, level=series.level - slope * (series.week - week))
        at, inside = (flat.week >= low) & (flat.week < high), _within(flat.week, span)
        level = flat.mean(at & inside)
        here = _less(settled, measure, slope * (settled.week - week)).of((settled.week >= low) & (settled.week < high))
        late, busy = _within(here.week, span), _within(everybody.week, span) & (everybody.week < high)
        shift = _shift(command, measure, here, late, everybody.of(busy), level - flat.mean(at & ~inside), error)
        yield replace(shift, week=week, until=until, levels=_averages(series, level, shift))
    if model.drifts:
        first, last = int(series.week[0]), int(series.week[-1])
        # The steps are taken out. From one level to the other it is on the way, so only the first third and the last
        # are compared.
        steps = levels[np.clip(np.searchsorted(series.week, settled.week), 0, len(levels) - 1)] - levels[0]
        ends = _less(settled, measure, steps).of(abs(2 * settled.week - first - last) >= (last - first) / 3)
        late, busy = ends.week > (first + last) / 2, everybody.week >= last - (last - first) / 3
        shift = _shift(command, measure, ends, late, everybody.of(busy), slope * (last - first), 0.0)
        without = replace(series, level=series.level - levels)
        yield replace(shift, week=first, gradual=True, levels=_averages(without, slope * last, shift))


def _less(runs: Weekly, measure: str, level: Any) -> Weekly:
    """The runs as if the levels of their weeks were lower by ``level``."""
    if measure == DURATION:
        logarithms = runs.logarithms - 1000 * level * runs.succeeded
        return replace(runs, logarithms=logarithms, total_ms=runs.total_ms * np.exp(-level))
    if measure == FAILURES:
        return replace(runs, failed=runs.failed - level * runs.runs)
    return replace(runs, interrupted=runs.interrupted - level * runs.runs)


def _shift(
    command: str, measure: str, runs: Weekly, late: Truths, busy: Weekly, difference: float, slope_error: float
) -> Shift:
    """``difference``: of the levels; ``before`` and ``after`` are for the people who have runs on both sides.

    ``busy``: everybody's runs on the new level, newcomers' as well. ``slope_error``: the standard error of what was
    taken out of the levels a week.
    """
    number, total = runs.values_of(measure)
    means, weight = _either_side(runs.person, late, number, total)
    weeks = int(np.ptp(busy.week)) + 1
    level = float(means[1] @ weight / max(weight.sum(), 1e-300))
    runs_a_week = int(busy.runs.sum()) / weeks
    if measure == DURATION:
        after, before = math.exp(level), math.exp(level - difference)
        cost, low, high = _cost_ms(runs, late, busy, weeks, slope_error)
    else:
        after, before = level, min(max(level - difference, 0.0), 1.0)
        cost = low = high = runs_a_week * (after - before)
    return Shift(
        command=command,
        measure=measure,
        week=0,
        gradual=False,
        before=before,
        after=after,
        people=int((weight > 0).sum()),
        moved=_moved(runs.person, late, number, total),
        runs_a_week=runs_a_week,
        cost_a_week=cost,
        cost_low=low,
        cost_high=high,
        levels=(),
    )


def _moved(person: Integers, late: Truths, number: Integers, total: Floats) -> int | None:
    """How many people would have shifted, if some had not at all and the others alike; None if all may have.

    People's differences have a mean of share * size, and a variance between people of share * (1 - share) * size². The
    variance is found by moments (DerSimonian and Laird 1986), that of one run from how each person's weeks differ.
    """
    at = number > 0
    means, weight = _either_side(person, late, number, total)
    both = weight > 0
    side = late[at].astype(np.int64), person[at]
    squares = number[at] * (total[at] / number[at] - means[side]) ** 2
    freedom = max(int(at.sum()) - int(np.count_nonzero(np.bincount(side[0] * len(weight) + side[1]))), 1)
    people = int(both.sum())
    variance: Floats = float(squares.sum()) / freedom / weight[both]
    if people < 2 or not variance.all():
        return None
    difference: Floats = (means[1] - means[0])[both]
    precision: Floats = 1 / variance
    mean = float(precision @ difference / precision.sum())
    surprise = float(precision @ (difference - mean) ** 2)
    # The quantile of the chi-squared distribution (Wilson and Hilferty 1931).
    of_chance = 2 / (9 * (people - 1))
    usual = (people - 1) * (1 - of_chance + NormalDist().inv_cdf(1 - DIFFER) * math.sqrt(of_chance)) ** 3
    if surprise <= usual:
        return None
    between = (surprise - people + 1) / float(precision.sum() - (precision**2).sum() / precision.sum())
    share = mean**2 / (mean**2 + between)
    return max(round(share * people), 1) if share <= MOST_PEOPLE else None


def _cost_ms(runs: Weekly, late: Truths, busy: Weekly, weeks: int, slope_error: float) -> tuple[float, float, float]:
    """What everybody's runs, ``busy``, cost more on the new level, in a week, with its range.

    Each person's runs would have taken the arithmetic mean of that person's own before; those of people who have none
    on one side have taken more in the same proportion. The range is for other such people (the delta method).
    """
    means, weight = _either_side(runs.person, late, runs.runs, runs.total_ms.astype(float))
    both = weight > 0
    size = int(both.sum())
    all_ms = float(busy.total_ms.sum()) / weeks
    if not size or not all_ms:
        return 0.0, 0.0, 0.0
    number = np.bincount(runs.person[late], runs.runs[late], len(weight))[both]
    taken, plain = number * means[1][both], number * means[0][both]
    cost = (1 - float(plain.sum() / taken.sum())) * all_ms
    if size == 1:
        return cost, cost, cost
    # The delta method, with the quantile of the t distribution.
    influence = taken / taken.sum() - plain / plain.sum()
    apart = abs(float(np.average(runs.week[late]) - np.average(runs.week[~late])))
    variance = size / (size - 1) * float(influence @ influence) + (slope_error * apart) ** 2
    half = half_width(size - 1, COST_LEVEL) * math.sqrt(variance)
    low, high = (1 - float(plain.sum() / taken.sum()) * math.exp(way * half) for way in (1, -1))
    return cost, low * all_ms, high * all_ms


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
