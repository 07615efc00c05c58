"""Did a change help? Before against after, by the commit that people had checked out.

Each person is compared with themselves: somebody with a slow machine who pulls late would otherwise make what is old
look slow. So durations are taken relative to the person's own before medians are, and a person with ``b`` runs before
and ``a`` after weighs ``a*b / (a+b)`` on both sides (Mantel and Haenszel 1959); people who ran a command on one side
alone do not count.

People, not runs, are resampled (Field and Welsh 2007): the runs of one person are alike. The interval is the
estimate and its bootstrap standard error times a Student t quantile, whose degrees of freedom are the effective
number of people (Kish 1965; Carter, Schnepel and Steigerwald 2017) less one, so that a few who run most of it do not
make it look certain. The level is divided by the number of intervals looked at (Bonferroni), so that FALSE_ALARM is
the chance of calling *any* command changed when none did. Durations are those of runs that succeeded: what begins to
fail at once did not get faster.

``tests/analysis/test_change.py`` holds the false alarms and the power by simulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from instrumented_make.report.figures import History
from instrumented_make.stats import WEEK_S

FALSE_ALARM = 0.05
RESAMPLES = 1_000
# The effective number of people from which on something is said. With fewer, a standard error is a guess; with so many,
# simulated false alarms are as rare as with more.
ENOUGH_PEOPLE = 4
_AT_ONCE = 250
# Of a logarithm: one per cent, as the durations are rounded.
STEP = 0.01

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Masses = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Counts:
    """Runs of one command: an element for each person (from 0), side (``after`` is 0 or 1) and rounded duration."""

    person: Integers
    after: Integers
    rounded_ms: Integers
    succeeded: Integers
    failed: Integers
    interrupted: Integers


@dataclass(frozen=True, slots=True)
class Effect:
    """An estimate with its standard error; ``low`` and ``high`` are the simultaneous interval, once it is known.

    ``people`` have runs on both sides and count like ``effective_people`` who run it equally often.
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
        """Whether no change at all is outside of the interval."""
        return self.enough and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Comparison:
    """One command before and after.

    ``duration``: medians in milliseconds, and the logarithm of their ratio. ``failures``: shares of runs that failed,
    and their difference. Either is None when nobody has such runs on both sides, or too few to be told of.
    ``under_way``: which of the two had changed in the same direction before the change already.
    """

    command: str
    runs_before: int
    runs_after: int
    duration: Effect | None
    failures: Effect | None
    under_way: frozenset[str] = frozenset()


def comparisons(history: History, change_s: int, window_weeks: int) -> list[Comparison]:
    """Every command before and after the commit of ``change_s``, with intervals that hold at once.

    A team is not told of a few people, however many ran the command at other times.
    """
    rng = np.random.default_rng(0)
    found = []
    for command in history.commands:
        comparison = compare(command, _counts(history, command, change_s, window_weeks), rng)
        duration, failures = (
            effect if effect and history.may_be_told(effect.people) else None
            for effect in (comparison.duration, comparison.failures)
        )
        found.append(replace(comparison, duration=duration, failures=failures))
    told = with_intervals(found)
    return [_with_what_was_under_way(comparison, history, change_s, window_weeks, rng) for comparison in told]


def _counts(history: History, command: str, change_s: int, window_weeks: int) -> Counts:
    table = history.sides(command, change_s, window_weeks)
    return Counts(
        **{comparison.name: table[comparison.name].to_numpy().astype(np.int64) for comparison in fields(Counts)}
    )


def _with_what_was_under_way(
    comparison: Comparison, history: History, change_s: int, window_weeks: int, rng: np.random.Generator
) -> Comparison:
    """Ask the same of a day on which nothing happened, one window earlier, if something is said to have changed.

    Only runs from before the change count there. What changes then as well, in the same direction, is a drift that
    was under way, whatever the change has added to it.
    """
    changed = {
        name: effect for name in ("duration", "failures") if (effect := getattr(comparison, name)) and effect.changed
    }
    if not changed:
        return comparison
    earlier = compare(
        comparison.command, _counts(history, comparison.command, change_s - window_weeks * WEEK_S, window_weeks), rng
    )
    under_way = set()
    for name, effect in changed.items():
        before = _with_interval(getattr(earlier, name), FALSE_ALARM)
        if before and before.changed and before.estimate * effect.estimate > 0:
            under_way.add(name)
    return replace(comparison, under_way=frozenset(under_way))


def compare(command: str, counts: Counts, rng: np.random.Generator) -> Comparison:
    """The comparison of one command, as yet without intervals: these depend on how many there are."""
    runs = counts.succeeded + counts.failed + counts.interrupted
    return Comparison(
        command=command,
        runs_before=int(runs[counts.after == 0].sum()),
        runs_after=int(runs[counts.after == 1].sum()),
        duration=_duration(counts, rng),
        failures=_failures(counts, runs, rng),
    )


def with_intervals(comparisons: list[Comparison], false_alarm: float = FALSE_ALARM) -> list[Comparison]:
    """The same with intervals that all hold at once, but for a chance of ``false_alarm``."""
    effects = [
        effect
        for comparison in comparisons
        for effect in (comparison.duration, comparison.failures)
        if effect and effect.enough
    ]
    level = false_alarm / max(len(effects), 1)
    return [
        replace(
            comparison,
            duration=_with_interval(comparison.duration, level),
            failures=_with_interval(comparison.failures, level),
        )
        for comparison in comparisons
    ]


def _with_interval(effect: Effect | None, level: float) -> Effect | None:
    if effect is None or not effect.enough:
        return effect
    half = float(special.stdtrit(effect.effective_people - 1, 1 - level / 2)) * effect.standard_error
    return replace(effect, low=effect.estimate - half, high=effect.estimate + half)


def _duration(counts: Counts, rng: np.random.Generator) -> Effect | None:
    """The logarithm of the ratio of the weighted medians, of durations relative to each person's own.

    What is relative to the person does not depend on who has the slow machines. ``before`` is the median of what was
    measured; ``after`` is what it became of that.
    """
    person, weight, share = _paired(counts, counts.succeeded)
    if not len(weight):
        return None
    mine = (person >= 0) & (share > 0)
    who, side, logarithm = person[mine], counts.after[mine], np.log(np.maximum(counts.rounded_ms[mine], 1))
    per_run = share[mine]
    people, weights = len(weight), (share[mine] * weight[who])
    own = _histograms(side * people + who, logarithm, per_run, 2 * people)
    level = (_medians(own[0]) + own[1]).reshape(2, people).mean(axis=0)
    relative = _histograms(side * people + who, logarithm - level[who], weights, 2 * people)[0]
    sides = relative.reshape(2, people, -1)

    def ratio(times: Floats) -> Floats:
        before, after = (_medians(times.astype(np.float32) @ sides[number]) for number in (0, 1))
        return after - before

    estimate = float(ratio(np.ones((1, people)))[0])
    resampled = np.concatenate([ratio(times) for times in _resamples(people, rng)])
    everybody, start = _histograms(side, logarithm, weights, 2)
    before = math.exp(float(_medians(everybody)[0]) + start)
    return Effect(
        before=before,
        after=before * math.exp(estimate),
        estimate=estimate,
        standard_error=float(resampled.std(ddof=1)),
        people=people,
        effective_people=_effective(weight),
    )


def _failures(counts: Counts, runs: Integers, rng: np.random.Generator) -> Effect | None:
    """The difference of the weighted shares of runs that failed.

    Its standard error is at least what it would be if all runs failed with the same chance, independently (the pooled
    binomial one, which for these weights is p(1-p) / sum of weights). With hardly any failure on one side yet, every
    resample has as few, and says nothing of how many there could have been.
    """
    person, weight, _ = _paired(counts, runs)
    if not len(weight):
        return None
    paired = person >= 0
    totals = np.zeros((2, 2, len(weight)))
    np.add.at(totals[0], (counts.after[paired], person[paired]), counts.failed[paired])
    np.add.at(totals[1], (counts.after[paired], person[paired]), runs[paired])
    shares = totals[0] / totals[1]
    before, after = (shares @ weight) / weight.sum()
    resampled = np.concatenate(
        [(times @ (weight * (shares[1] - shares[0]))) / (times @ weight) for times in _resamples(len(weight), rng)]
    )
    pooled = totals[0].sum() / totals[1].sum()
    floor = math.sqrt(pooled * (1 - pooled) / weight.sum())
    return Effect(
        before=float(before),
        after=float(after),
        estimate=float(after - before),
        standard_error=max(float(resampled.std(ddof=1)), floor),
        people=len(weight),
        effective_people=_effective(weight),
    )


def _paired(counts: Counts, runs: Integers) -> tuple[Integers, Floats, Floats]:
    """Who has runs on both sides: their number for each element (or -1), their weights, and each element's share of
    the runs of its person and side.
    """  # noqa: D205  (what is returned is one thing in three arrays)
    size = int(counts.person.max(initial=-1)) + 1
    totals = np.zeros((2, size))
    np.add.at(totals, (counts.after, counts.person), runs)
    both = (totals > 0).all(axis=0)
    number = np.full(size, -1, dtype=np.int64)
    number[both] = np.arange(both.sum())
    before, after = totals[:, both]
    weight = before * after / (before + after)
    mine = totals[counts.after, counts.person]
    share = np.divide(runs, mine, out=np.zeros(len(runs)), where=mine > 0)
    return number[counts.person], weight, share


def _resamples(people: int, rng: np.random.Generator) -> list[Floats]:
    """How often each person is drawn, for RESAMPLES draws of as many people, a part at a time."""
    even = np.full(people, 1 / people)
    return [rng.multinomial(people, even, size=_AT_ONCE).astype(float) for _ in range(RESAMPLES // _AT_ONCE)]


def _histograms(row: Integers, value: Floats, mass: Floats, rows: int) -> tuple[Masses, float]:
    """The mass of each row in steps of STEP from the lowest value on, and that value."""
    origin = float(value.min())
    column = ((value - origin) / STEP).astype(np.int64)
    size = int(column.max()) + 1
    return np.bincount(row * size + column, mass, rows * size).reshape(rows, size).astype(np.float32), origin


def _medians(mass: Masses) -> Floats:
    """The median of each row, from its first step on; what is in a step is spread evenly over it."""
    total = np.cumsum(mass, axis=1)
    half = total[:, -1:] / 2
    column = np.argmax(total >= half, axis=1)[:, None]
    here = np.take_along_axis(mass, column, axis=1)
    missing = (np.take_along_axis(total, column, axis=1) - half) / here
    medians: Floats = ((column + 1 - missing) * STEP)[:, 0].astype(np.float64)
    return medians


def _effective(weight: Floats) -> float:
    """Kish's effective number of people."""
    return float(weight.sum() ** 2 / (weight**2).sum())
