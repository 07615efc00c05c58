"""Did a change help? Compares runs before and after it, by the commit that people had checked out.

Each person is compared with themselves: otherwise, somebody with a slow machine who pulls late would make old commits
look slow. Two questions are asked about every command's durations, and about its failures.

*Did it change?* For durations, each person has a difference of means of logarithms. The estimate is their mean with
random effects (DerSimonian and Laird 1986, with the variance between people of Paule and Mandel 1982) and the standard
error of Hartung and Knapp (2001); the degrees of freedom are the number of people less one. A person who runs a command
all day counts for at most four people who run it as often as the median person. For failures, it is the difference of
shares, weighted as by Mantel and Haenszel (1959), with the standard error of resampled people (Field and Welsh 2007).

*And not for those who had not pulled it yet in the same weeks?* People pull on different days, so one week has runs
before and after. A regression with an effect for each person and each week (from the change on) ignores whatever
happened to everybody in a week, and any drift. Errors are clustered by person (Bell and McCaffrey 2002); the degrees
of freedom are the effective number of people (Kish 1965; Carter, Schnepel and Steigerwald 2017) less one. If everybody
pulled at once, so that hardly any day has both, there is nobody to compare with. This question needs more people.

How often people run a command is asked in the same way as how often it fails: runs in a day on which somebody ran
anything, instead of failures in a run.

The level is divided by the number of intervals looked at (Bonferroni), so that FALSE_ALARM is the chance of calling
*any* command changed when nothing at all did: weeks that are slow for everybody are changes too. Durations are of runs
that succeeded: a command that begins to fail at once has not got faster. ``tests/report/test_change.py`` checks the
false alarms and the power by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

import numpy as np

from instrumented_make.report.estimators.panel import MOST, Floats, Integers, cap_weights, median, period_effects

FALSE_ALARM = 0.05
RESAMPLES = 1_000
# The least effective number of people for a verdict. With fewer, a standard error is a guess; with this many, simulated
# false alarms are as rare as with more.
ENOUGH_PEOPLE = 4
_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Days:
    """An element for each person (from 0), side (``after`` is 0 or 1) and day.

    ``day``: in units of 24 hours since the change, negative before it.
    """

    person: Integers
    after: Integers
    day: Integers


@dataclass(frozen=True, slots=True)
class Counts(Days):
    """Runs of one command on each of the days.

    ``logarithms`` and ``squares``: of the runs that ``succeeded``, sums of the logarithms of durations in ms, as whole
    thousandths, and of the squares of these.
    """

    succeeded: Integers
    failed: Integers
    interrupted: Integers
    logarithms: Integers
    squares: Integers

    @property
    def runs(self) -> Integers:
        """All of them."""
        return self.succeeded + self.failed + self.interrupted


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate with its standard error; ``low`` and ``high`` are the simultaneous interval, once it is known.

    ``people`` have runs on both sides and count as ``effective_people`` who run it equally often.
    """

    before: float
    after: float
    estimate: float
    standard_error: float
    people: int
    effective_people: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def enough(self) -> bool:
        """Whether an interval can be trusted at all."""
        return self.effective_people >= ENOUGH_PEOPLE and self.standard_error > 0

    @property
    def changed(self) -> bool:
        """Whether the interval excludes no change at all."""
        return self.enough and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Comparison:
    """One command before and after.

    ``duration``: typical durations in milliseconds (geometric means), and the logarithm of their ratio. ``failures``:
    shares of runs that failed, and their difference. Either is None if nobody has such runs on both sides, or too few
    people to show. ``duration_in_weeks``, ``failures_in_weeks``: the same within people and weeks.
    """

    command: str
    runs_before: int
    runs_after: int
    duration: Effect | None
    failures: Effect | None
    duration_in_weeks: Effect | None = None
    failures_in_weeks: Effect | None = None

    @property
    def duration_fits(self) -> bool:
        """Whether the duration changed, and did not for those who had not pulled the change yet in the same weeks."""
        return _fits(self.duration, self.duration_in_weeks)

    @property
    def failures_fit(self) -> bool:
        """The same for the failures."""
        return _fits(self.failures, self.failures_in_weeks)


# The effects that are looked at together: whether it changed, and whether it did within the weeks.
_EFFECTS = (("duration", "failures", "runs"), ("duration_in_weeks", "failures_in_weeks", "runs_in_weeks"))
_Item = TypeVar("_Item", Comparison, "Often")


def compare(command: str, counts: Counts, rng: np.random.Generator) -> Comparison:
    """The comparison of one command, still without intervals: these depend on how many there are."""
    return Comparison(
        command=command,
        runs_before=int(counts.runs[counts.after == 0].sum()),
        runs_after=int(counts.runs[counts.after == 1].sum()),
        duration=_duration(counts),
        failures=_difference(counts, counts.runs, counts.failed, rng, of_one=_binomial),
        duration_in_weeks=_in_weeks(counts, counts.succeeded, counts.logarithms / 1000, exponential=True),
        failures_in_weeks=_in_weeks(counts, counts.runs, counts.failed, exponential=False),
    )


@dataclass(frozen=True, slots=True)
class Often:
    """How many runs of ``command`` a person makes in a day with any run, before and after; as :class:`Comparison`."""

    command: str
    runs: Effect | None
    runs_in_weeks: Effect | None

    @property
    def fits(self) -> bool:
        """Whether it changed, and did not for those who had not pulled the change yet in the same weeks."""
        return _fits(self.runs, self.runs_in_weeks)


def compare_often(command: str, days: Days, runs: Integers, rng: np.random.Generator) -> Often:
    """How often people run one command, still without intervals; an element of ``runs`` for each of the ``days``."""
    ones = np.ones_like(runs)
    return Often(
        command,
        _difference(days, ones, runs, rng, of_one=_poisson),
        _in_weeks(days, ones, runs, exponential=False, of_one=_poisson),
    )


def only_of_enough(item: _Item, enough: Callable[[int], bool]) -> _Item:
    """The same without effects on too few people to show, however many ran the command at other times."""
    return _changed(item, lambda effect: effect if enough(effect.people) else None, _EFFECTS[0] + _EFFECTS[1])


def add_intervals(items: list[_Item], false_alarm: float = FALSE_ALARM) -> list[_Item]:
    """The same with intervals that all hold at once, except with probability ``false_alarm``, for each question."""
    narrowed = list(items)
    for names in _EFFECTS:
        looked_at = sum(effect.enough for item in items for effect in _effects(item, names).values())
        level = false_alarm / max(looked_at, 1)
        narrowed = [_changed(item, partial(_with_interval, level=level), names) for item in narrowed]
    return narrowed


def _effects(item: Comparison | Often, names: tuple[str, ...]) -> dict[str, Effect]:
    """The effects that are not None."""
    return {name: effect for name in names if (effect := getattr(item, name, None)) is not None}


def _changed(item: _Item, change: Callable[[Effect], Effect | None], names: tuple[str, ...]) -> _Item:
    changed: dict[str, Any] = {name: change(effect) for name, effect in _effects(item, names).items()}
    return replace(item, **changed)


def _with_interval(effect: Effect, level: float) -> Effect:
    if not effect.enough:
        return effect
    from scipy import special  # noqa: PLC0415  (as below)

    half = float(special.stdtrit(effect.effective_people - 1, 1 - level / 2)) * effect.standard_error
    return replace(effect, low=effect.estimate - half, high=effect.estimate + half)


def _fits(effect: Effect | None, in_weeks: Effect | None) -> bool:
    if effect is None or in_weeks is None:
        return False
    return effect.changed and in_weeks.changed and effect.estimate * in_weeks.estimate > 0


def _duration(counts: Counts) -> Effect | None:
    """The logarithm of the ratio of durations. ``before`` and ``after`` are geometric means over people."""
    runs, logarithms, squares = (
        _by_side(counts, sums) for sums in (counts.succeeded, counts.logarithms / 1e3, counts.squares / 1e6)
    )
    both = (runs > 0).all(axis=0)
    runs, logarithms, squares = runs[:, both], logarithms[:, both], squares[:, both]
    people = int(both.sum())
    if not people:
        return None
    means = logarithms / runs
    freedom = float((runs - 1).sum())
    # The variance of one person's runs on one side, pooled over everybody: few have enough runs to estimate their own.
    spread = float((squares - runs * means**2).sum()) / freedom if freedom else 0.0
    variance = max(spread, 0.0) * (1 / runs).sum(axis=0)
    variance = np.maximum(variance, median(variance) / MOST)
    difference = means[1] - means[0]
    if people < 2 or not variance.any():
        estimate, error, weight = float(difference.mean()), 0.0, np.full(people, 1 / people)
    else:
        estimate, error, weight = combine_effects(difference, variance)
    before = math.exp(float(means[0] @ weight))
    return Effect(before, before * math.exp(estimate), estimate, error, people, float(people))


def combine_effects(difference: Floats, variance: Floats) -> tuple[float, float, Floats]:
    """The mean of a random effect, its standard error, and the weight of each of two or more people in it; sum 1.

    ``variance``: of each person's ``difference``, if only that person were looked at. What differences between people
    add is found as Paule and Mandel (1982, doi:10.6028/jres.087.022) do; the error is that of Hartung and Knapp (2001,
    doi:10.1002/sim.791).
    """
    from scipy import optimize  # noqa: PLC0415  (rarely needed)

    def fit(between: float) -> tuple[Floats, float, float]:
        weight = 1 / (variance + between)
        mean = float(weight @ difference / weight.sum())
        return weight, mean, float(weight @ (difference - mean) ** 2) / (len(difference) - 1)

    between = 0.0
    if fit(between)[2] > 1:
        # At the plain variance of the differences, it is at most 1.
        between = float(optimize.brentq(lambda value: fit(value)[2] - 1, 0.0, difference.var(ddof=1)))
    weight, mean, scale = fit(between)
    return mean, math.sqrt(scale / weight.sum()), weight / weight.sum()


def _binomial(share: float) -> float:
    """The variance of one run's failing."""
    return share * (1 - share)


def _poisson(mean: float) -> float:
    """The variance of one day's runs."""
    return mean


def _difference(
    counts: Days, number: Integers, sums: Integers, rng: np.random.Generator, *, of_one: Callable[[float], float]
) -> Effect | None:
    """The difference of the weighted means of ``sums / number``, such as shares of runs that failed.

    A person with ``b`` runs before and ``a`` after weighs ``a*b / (a+b)`` on both sides. The standard error is at least
    what it would be if all were alike and independent, with the variance ``of_one`` (for these weights, it is that
    divided by the sum of weights). With hardly any failure on one side yet, every resample has as few, and does not
    show how many there could have been.
    """
    total, runs = _by_side(counts, sums), _by_side(counts, number)
    both = (runs > 0).all(axis=0)
    total, runs = total[:, both], runs[:, both]
    people = int(both.sum())
    if not people:
        return None
    means = total / runs
    weight = runs[0] * runs[1] / runs.sum(axis=0)
    before, after = (means @ weight) / weight.sum()
    resampled = np.concatenate(
        [(times @ (weight * (means[1] - means[0]))) / (times @ weight) for times in _resamples(people, rng)]
    )
    floor = math.sqrt(of_one(total.sum() / runs.sum()) / weight.sum())
    return Effect(
        before=float(before),
        after=float(after),
        estimate=float(after - before),
        standard_error=max(float(resampled.std(ddof=1)), floor),
        people=people,
        effective_people=_effective(weight),
    )


def _in_weeks(
    counts: Days,
    runs: Integers,
    sums: Floats | Integers,
    *,
    exponential: bool,
    of_one: Callable[[float], float] = _binomial,
) -> Effect | None:
    """The effect of ``after`` on the mean of ``sums / runs``, next to an effect for each person and each week.

    None if too few people have runs on one side on days when others have runs on the other. ``before`` is the mean
    before; ``exponential``: its exponential, as the sums are of logarithms.
    """
    at = runs > 0
    if not at.any():
        return None
    _, person = np.unique(counts.person[at], return_inverse=True)
    after, number = counts.after[at].astype(float), runs[at].astype(float)
    people = int(person.max()) + 1
    weight = cap_weights(person, number)
    mean = sums[at] / number
    both = np.stack([after, mean], axis=1)
    _, overlap = _residuals(both[:, :1], person, counts.day[at], weight)
    if overlap is None or _effective(overlap) < ENOUGH_PEOPLE:
        return None
    left, information = _residuals(both, person, counts.day[at] // 7, weight)
    if information is None:
        return None
    after_left, mean_left = left.T
    total = float(information.sum())
    estimate = float((weight * after_left * mean_left).sum()) / total
    score = np.bincount(person, weight * after_left * (mean_left - estimate * after_left), people)
    leverage = np.minimum(information / total, 1 - 1e-9)
    error = math.sqrt(float((score**2 / (1 - leverage)).sum())) / total
    before = float(np.average(mean[after == 0], weights=weight[after == 0])) if (after == 0).any() else 0.0
    if not exponential:
        # As in _difference: with hardly any failure, the residuals say nothing.
        floor = of_one(float(sums[at].sum() / number.sum())) * float((weight**2 * after_left**2 / number).sum())
        error = max(error, math.sqrt(floor) / total)
    levels = (math.exp(before), math.exp(before + estimate)) if exponential else (before, before + estimate)
    informative = int((information > 1e-9 * total).sum())
    return Effect(*levels, estimate, error, informative, _effective(information))


def _residuals(columns: Floats, person: Integers, period: Integers, weight: Floats) -> tuple[Floats, Floats | None]:
    """The residuals of ``columns`` after a mean for each person and one for each period, and each person's share in the
    residuals of the first column; None if those are zero.
    """  # noqa: D205  (it returns two things)
    people = int(person.max()) + 1
    _, period = np.unique(period, return_inverse=True)
    periods = int(period.max()) + 1
    # Each person's weight in each period: the regression's equations need nothing else.
    share = np.bincount(person * periods + period, weight, people * periods).reshape(people, periods)
    of_person = share.sum(axis=1, keepdims=True)
    totals = np.stack([np.bincount(person, weight * column, people) for column in columns.T], axis=1)
    within = columns - (totals / of_person)[person]
    right = np.stack([np.bincount(period, weight * column, periods) for column in within.T], axis=1)
    effect, _ = period_effects(share, right)
    left = within - (effect[period] - (share @ effect / of_person)[person])
    information = np.bincount(person, weight * left[:, 0] ** 2, people).astype(float)
    return left, information if information.sum() > 1e-9 * weight.sum() else None


def _by_side(counts: Days, values: Floats | Integers) -> Floats:
    """The sums of ``values`` on each side (rows) of each person (columns)."""
    size = int(counts.person.max(initial=-1)) + 1
    return np.bincount(counts.after * size + counts.person, values, 2 * size).reshape(2, size).astype(float)


def _resamples(people: int, rng: np.random.Generator) -> list[Floats]:
    """How often each person is drawn, for RESAMPLES draws of as many people, in batches."""
    even = np.full(people, 1 / people)
    return [rng.multinomial(people, even, size=_AT_ONCE).astype(float) for _ in range(RESAMPLES // _AT_ONCE)]


def _effective(weight: Floats) -> float:
    """Kish's effective number of people."""
    return float(weight.sum() ** 2 / (weight**2).sum())
