"""Did the change help? This section appears only with ``--change``."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from functools import cache
from typing import Any

import numpy as np

from instrumented_make.layout import duration, percentage, write_csv
from instrumented_make.report.estimators.effect import (
    ENOUGH_PEOPLE,
    FALSE_ALARM,
    Comparison,
    Counts,
    Effect,
    add_intervals,
    compare,
    only_of_enough,
)
from instrumented_make.report.history import History
from instrumented_make.report.options import SLOWER
from instrumented_make.report.queries import ends, logarithm, number_people, successes
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import count_of, join_names
from instrumented_make.times import DAY_S, WEEK_S, minute

FASTER = "faster"
LESS, MORE = "fails less", "fails more"
CANNOT_TELL = "cannot tell"
FITS = ", but not for people who had not pulled it yet in the same weeks"
COULD_BE_ELSE = ", but something else that happened in those weeks could be the cause"
# What FALSE_ALARM holds for: weeks that are slow for everybody, or new machines, are changes too.
NOTHING_ELSE = "If nothing at all changed in those weeks, neither slow weeks nor new machines"
# Longer than any window.
_LONG_DAYS = 100_000


def around(table: Any, change_s: int, window_weeks: int) -> Any:
    """The runs to compare.

    Only runs on the main branch: on another, the time of a commit does not say what it contains. Only runs that
    started within the window: over years, many other things change.
    """
    return within(table, change_s, window_weeks).filter(table.on_master)


def within(table: Any, change_s: int, window_weeks: int) -> Any:
    """The runs that started so many weeks before or after the change."""
    window_s = window_weeks * WEEK_S
    return table.filter(table.start_s >= change_s - window_s, table.start_s < change_s + window_s)


def day_of(table: Any, change_s: int) -> Any:
    """In which 24 hours since the change each run started; before it, negative."""
    # Engines differ in how they divide negative numbers.
    return (table.start_s - change_s + _LONG_DAYS * DAY_S) // DAY_S - _LONG_DAYS


def sides(table: Any, command: str, change_s: int) -> Any:
    """Runs of ``command`` before and after a change, by the commit that was checked out: the fields of :class:`Counts`.

    ``person`` is a number, so that no id leaves the engine.
    """
    of_command = table.filter(table.command == command, table.commit_s.notnull())
    after = (of_command.commit_s >= change_s).ifelse(1, 0)
    table = of_command.mutate(after=after, day=day_of(of_command, change_s), logarithm=logarithm(of_command))
    return number_people(
        table.group_by(["user_id", "after", "day"]).agg(
            **ends(table),
            **successes(table),
            squares=(table.logarithm * table.logarithm).sum(),
        )
    )


def ask(history: History) -> Section | None:
    """The section; None without ``--change``."""
    options = history.options
    if options.change_s is None:
        return None
    comparisons = compare_all(history)
    answer = verdict(comparisons)
    return Section(
        "helped",
        f"Did the change of {minute(options.change_s)} help?",
        answer,
        [*sentences(comparisons), method(options.window_weeks)],
        lambda: _figures(comparisons, answer),
        ["command", "people", "runs", "typical", "time", "failed", "points"],
        [_row(comparison) for comparison in comparisons],
        in_full=True,
    )


@cache
def compare_all(history: History) -> list[Comparison]:
    """Every command before and after the change that was asked about, with simultaneous intervals.

    A team's report leaves out effects on too few people.
    """
    rng = np.random.default_rng(0)
    change_s = history.options.change_s or 0
    runs = around(history.runs, change_s, history.options.window_weeks)
    comparisons = []
    for command in history.commands:
        history.begin(f"Comparing {command}")
        columns = history.columns(sides(runs, command, change_s))
        # Sort, since engines return rows in any order, which affects the last bits of floating-point sums.
        order = np.lexsort([columns["after"], columns["day"], columns["person"]])
        counts = Counts(**{column.name: columns[column.name][order] for column in fields(Counts)})
        comparisons.append(only_of_enough(compare(command, counts, rng), history.may_be_told))
    return add_intervals(comparisons)


def got_worse(comparisons: Sequence[Comparison], *, slower: bool, failing: bool) -> bool:
    """Whether any command got slower (if ``slower``) or fails more (if ``failing``), and that fits the change.

    What does not fit could as well be a slow week, and no job should fail for it.
    """
    return any(
        (slower and comparison.duration_fits and of_duration(comparison) == SLOWER)
        or (failing and comparison.failures_fit and of_failures(comparison) == MORE)
        for comparison in comparisons
    )


def document(comparisons: Sequence[Comparison], change_s: int) -> dict[str, Any]:
    """For programs; unknown values are null."""
    return {
        "change": datetime.fromtimestamp(change_s, timezone.utc).isoformat(),
        "false_alarm": FALSE_ALARM,
        "verdict": verdict(comparisons),
        "commands": [_flat(comparison) for comparison in comparisons],
    }


def as_csv(comparisons: Sequence[Comparison]) -> str:
    """The names of the columns, then a line for each command; unknown values are empty."""
    return write_csv(_flat(Comparison("", 0, 0, None, None)), [_flat(comparison) for comparison in comparisons])


def _flat(comparison: Comparison) -> dict[str, str | int | float | None]:
    return {
        "command": comparison.command,
        "runs_before": comparison.runs_before,
        "runs_after": comparison.runs_after,
        **{f"duration_{name}": value for name, value in _effect(comparison.duration, exponential=True).items()},
        "duration_verdict": of_duration(comparison),
        "duration_fits_change": comparison.duration_fits,
        **{f"failed_{name}": value for name, value in _effect(comparison.failures, exponential=False).items()},
        "failed_verdict": of_failures(comparison),
        "failed_fits_change": comparison.failures_fit,
    }


def _effect(effect: Effect | None, *, exponential: bool) -> dict[str, int | float | None]:
    """Under names that say what it is: a ratio of typical durations in ms, or a difference of shares."""
    name = "ratio" if exponential else "difference"
    names = ("people", "effective_people", "before", "after", name, f"{name}_low", f"{name}_high")
    if effect is None:
        return dict.fromkeys(names)
    bounds = [effect.estimate, effect.low, effect.high]
    told = [(math.exp(value) if exponential else value) if math.isfinite(value) else None for value in bounds]
    return dict(zip(names, [effect.people, effect.effective_people, effect.before, effect.after, *told], strict=True))


def _row(comparison: Comparison) -> list[str]:
    time, failures = comparison.duration, comparison.failures
    return [
        comparison.command,
        f"{time.people:,}" if time else "0",
        f"{comparison.runs_before:,} → {comparison.runs_after:,}",
        f"{duration(time.before)} → {duration(time.after)}" if time else "-",
        _interval(time, lambda value: f"{math.expm1(value):+.0%}"),
        f"{percentage(failures.before)} → {percentage(failures.after)}" if failures else "-",
        _interval(failures, lambda value: f"{value * 100:+.1f}"),
    ]


def _interval(effect: Effect | None, write: Callable[[float], str]) -> str:
    if effect is None:
        return "-"
    if not effect.enough:
        return write(effect.estimate)
    return f"{write(effect.estimate)} ({write(effect.low)} to {write(effect.high)})"


def of_duration(comparison: Comparison) -> str:
    """Whether a command got FASTER or SLOWER, or CANNOT_TELL."""
    return _verdict(comparison.duration, FASTER, SLOWER)


def of_failures(comparison: Comparison) -> str:
    """Whether it fails LESS or MORE, or CANNOT_TELL."""
    return _verdict(comparison.failures, LESS, MORE)


def _verdict(effect: Effect | None, lower: str, higher: str) -> str:
    if effect is None or not effect.changed:
        return CANNOT_TELL
    return lower if effect.high < 0 else higher


def _says_nothing(comparison: Comparison) -> bool:
    return of_duration(comparison) == of_failures(comparison) == CANNOT_TELL


def sentences(comparisons: Sequence[Comparison]) -> list[str]:
    """The verdict on each command that shows a change; then, in a line, on those that do not, and those too rare."""
    told = [item for item in comparisons if _is_enough(item)]
    changed, open_ = ([item for item in told if _says_nothing(item) == nothing] for nothing in (False, True))
    untold: dict[bool, list[str]] = {}
    for item in comparisons:
        if not _is_enough(item):
            untold.setdefault(_is_alike(item.failures), []).append(item.command)
    return [
        *(sentence(item) for item in (changed if len(open_) > 1 else changed + open_)),
        *([_cannot_tell(open_)] if len(open_) > 1 else []),
        *(_nothing_of(names, alike=alike) for alike, names in sorted(untold.items())),
    ]


def sentence(comparison: Comparison) -> str:
    """The verdict on one command, with its figures."""
    return f"{comparison.command}: {_about_duration(comparison)}; {_about_failures(comparison)}."


def _cannot_tell(comparisons: Sequence[Comparison]) -> str:
    """One line for several commands of which nothing is known but how large a change in time is possible."""
    parts = []
    for item in comparisons:
        effect = item.duration
        bounds = [_time(math.exp(value) - 1) for value in (effect.low, effect.high)] if effect and effect.enough else []
        parts.append(f"{item.command} ({' to '.join(bounds)})" if bounds else item.command)
    return f"{CANNOT_TELL.capitalize()} whether these got faster or fail less: {join_names(parts)}."


def _is_enough(comparison: Comparison) -> bool:
    return any(effect and effect.enough for effect in (comparison.duration, comparison.failures))


def _nothing_of(names: Sequence[str], *, alike: bool) -> str:
    them = "it" if len(names) == 1 else "them"
    few = (
        f"too few people ran {them} both before and after; at least {ENOUGH_PEOPLE} are needed, who run {them} about "
        "equally often"
    )
    return f"Nothing can be said of {join_names(names)}: {'all runs are alike' if alike else few}."


def verdict(comparisons: Sequence[Comparison]) -> str:
    """The verdict on all of them."""
    if not comparisons:
        return "There is nothing to compare."
    if all(comparison.runs_before == 0 for comparison in comparisons):
        return f"{CANNOT_TELL.capitalize()}: no run is on a commit from before the change. Is its date right?"
    if all(comparison.runs_after == 0 for comparison in comparisons):
        return f"{CANNOT_TELL.capitalize()}: no run is on a commit since the change. Is its date right?"
    parts = []
    for comparison in comparisons:
        told = (
            (f"got {of_duration(comparison)}", _grade(fits=comparison.duration_fits)),
            (of_failures(comparison), _grade(fits=comparison.failures_fit)),
        )
        for grade in (FITS, COULD_BE_ELSE):
            words = [word for word, its in told if its == grade and not word.endswith(CANNOT_TELL)]
            if words:
                parts.append(f"{comparison.command} {join_names(words)}{grade}")
    rest = f"{NOTHING_ELSE}, the chance of reporting a change in any command is at most {FALSE_ALARM:.0%}."
    if not parts:
        return f"{CANNOT_TELL.capitalize()}: the runs of no command show a change. {rest}"
    all_told = all(CANNOT_TELL not in (of_duration(comparison), of_failures(comparison)) for comparison in comparisons)
    return f"{'; '.join(parts)}. {'' if all_told else f'Everything else: {CANNOT_TELL}. '}{rest}"


def method(window_weeks: int) -> str:
    """What was compared with what."""
    return (
        f"This compares runs on the main branch within {count_of(window_weeks, 'week')} of the change, on commits "
        "before it and since. Each person is compared with themselves, and only people with runs on both sides count. "
        "Times are those of successful runs. Statements about the same weeks compare people who had pulled the change "
        "with people who had not."
    )


def _about_duration(comparison: Comparison) -> str:
    effect = comparison.duration
    if effect is None or not effect.enough:
        return f"{CANNOT_TELL} whether it got faster: {_too_few(effect)}"
    low, high = (math.exp(value) - 1 for value in (effect.low, effect.high))
    word = of_duration(comparison)
    if word == CANNOT_TELL:
        return f"{CANNOT_TELL} whether it got faster ({_time(low)} to {_time(high)})"
    grade = _grade(fits=comparison.duration_fits)
    return f"it got {word}, a run takes {_time(math.exp(effect.estimate) - 1)} ({_time(low)} to {_time(high)}){grade}"


def _about_failures(comparison: Comparison) -> str:
    effect = comparison.failures
    if effect is not None and effect.before == effect.after == 0:
        return "it did not fail before or after"
    if effect is None or not effect.enough:
        return f"{CANNOT_TELL} whether it fails less: {_too_few(effect)}"
    word = of_failures(comparison)
    if word == CANNOT_TELL:
        return f"{CANNOT_TELL} whether it fails less ({_points(effect.low)} to {_points(effect.high)})"
    return (
        f"it {word}, {effect.after:.1%} of runs instead of {effect.before:.1%} "
        f"({_points(effect.low)} to {_points(effect.high)}){_grade(fits=comparison.failures_fit)}"
    )


def _grade(*, fits: bool) -> str:
    return FITS if fits else COULD_BE_ELSE


def _is_alike(effect: Effect | None) -> bool:
    """Whether there are enough people, so that an effect that is not ``enough`` fails for another reason."""
    return effect is not None and effect.effective_people >= ENOUGH_PEOPLE


def _too_few(effect: Effect | None) -> str:
    if effect is None:
        return "too few people ran it both before and after"
    if _is_alike(effect):
        return "all runs are alike"
    if effect.people == 1:
        return f"only one person ran it both before and after; at least {ENOUGH_PEOPLE} are needed"
    return (
        f"{effect.people} people ran it both before and after, which counts as {effect.effective_people:.1f} who run "
        f"it equally often; at least {ENOUGH_PEOPLE} are needed"
    )


def _time(change: float) -> str:
    return f"{abs(change):.0%} {'less' if change < 0 else 'more'} time"


def _points(difference: float) -> str:
    return f"{abs(difference) * 100:.1f} points {'less' if difference < 0 else 'more'}"


def _figures(comparisons: Sequence[Comparison], answer: str) -> list[Figure]:
    rows: Rows = [_flat(comparison) for comparison in comparisons]
    drawings = [
        (
            "time-since-the-change",
            "Time per run on commits since the change, compared with before; the line is the interval",
            _forest(comparisons, answer, of_failures=False),
        ),
        (
            "failures-since-the-change",
            "Runs that fail, in percentage points",
            _forest(comparisons, answer, of_failures=True),
        ),
    ]
    return [Figure(name, caption, rows, drawing) for name, caption, drawing in drawings if drawing is not None]


def _forest(comparisons: Sequence[Comparison], text: str, *, of_failures: bool) -> Drawing | None:
    """The effect on each command with its interval. None if no effect is known."""
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    found = [(item.command, item.failures if of_failures else item.duration) for item in comparisons]
    known = [
        (command, (effect.low, effect.estimate, effect.high), effect.people)
        for command, effect in found
        if effect is not None and effect.enough
    ]
    return drawing.effects(known, text, of_failures=of_failures)
