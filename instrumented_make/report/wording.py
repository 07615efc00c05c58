"""How a report words things: counts, names and dates, labels of axes, and the text above and below the answers."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence

from instrumented_make.layout import describe, duration, percentage
from instrumented_make.report.estimators.trend import trend_of
from instrumented_make.report.history import History
from instrumented_make.times import monday

_CUT = "…"
# In milliseconds: values that are round in the unit shown. There are at least three in any factor of ten.
_ROUND = [
    *(1, 2, 5, 10, 20, 50, 100, 200, 500),
    *(value * 1_000 for value in (1, 2, 5, 10, 20, 30)),
    *(value * 60_000 for value in (1, 2, 5, 10, 20, 30)),
    *(value * 3_600_000 for value in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)),
]


def count_of(number: int, one: str, many: str = "") -> str:
    """A number of things: ``1 command``, ``2 commands``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def join_names(names: Sequence[str]) -> str:
    """Names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def week_of(number: int) -> str:
    """How a sentence names a week."""
    return f"the week of {monday(number)}"


def in_brackets(range_ms: tuple[float, float] | None) -> str:
    """A range of durations behind what it is the range of, or nothing if it is not known."""
    if range_ms is None:
        return ""
    low, high = (duration(value) for value in range_ms)
    value, _, unit = low.partition(" ")
    return f" ({value if high.endswith(f' {unit}') else low} to {high})"


def about_trend(what: str, values: Sequence[tuple[int, float]]) -> str:
    """A sentence if ``what`` rose or fell for certain over the weeks, each with its number and value; or nothing."""
    found = trend_of(values)
    if found is None or not found.is_certain:
        return ""
    times = sorted(abs(value - 1) for value in (found.low, found.high))
    word = "rose" if found.ratio > 1 else "fell"
    span = f"{week_of(values[0][0])} to that of {monday(values[-1][0])}"
    return f"From {span}, {what} {word} by {abs(found.ratio - 1):.0%} ({times[0]:.0%} to {times[1]:.0%})."


def labels(names: Sequence[str], most: int) -> dict[str, str]:
    """For each of ``names`` a text of at most ``most`` characters that no other has.

    A long name keeps its beginning and its end or, if that is ambiguous, the part that differs from the others.
    """
    texts: dict[str, str] = {}
    for name in names:
        short = _middle_cut(name, most)
        alike = [other for other in names if other != name and _middle_cut(other, most) == short]
        if alike:
            same = max(_alike(name, other) for other in alike)
            short = f"{_CUT}{name[max(same - 3, 0) :]}"
            short = short if len(short) <= most else f"{short[: most - 1]}{_CUT}"
        number = 1
        while short in texts.values():
            number += 1
            end = f"{_CUT}({number})"
            short = f"{short[: most - len(end)]}{end}"
        texts[name] = short
    return texts


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


def about(history: History, *, in_a_file: bool = False) -> list[str]:
    """Where the figures come from, what counts, the period, and what made them.

    ``in_a_file``: it is for others as well, whom this machine's folders do not concern.
    """
    name = history.name if "://" in history.name or not in_a_file else os.path.basename(history.name.rstrip("/"))
    other = count_of(history.left_out, "event")
    more = [history.members.text] if history.members else []
    more += [f"left out: {other} with a missing or impossible value"] if history.left_out else []
    if history.hidden:
        few = f"fewer than {history.min_people} people (--min-people)"
        more.append(f"{count_of(history.hidden, 'command')} that {few} ran: shown together as other")
    return describe(name, history.event, history.selection, history.summary, *more)


def scope(history: History) -> str:
    """What the report covers."""
    first, last = history.timeline[0].week, history.timeline[-1].week
    commands = count_of(len(history.summary.figures), "command")
    when = f"the weeks from {monday(first)} to {monday(last)}" if first < last else week_of(first)
    return f"{commands} in {when}. Times are UTC."


def tiles(history: History) -> list[tuple[str, str]]:
    """The headline figures, first of all how long everybody waits in a week."""
    awaited = [row for row in history.summary.figures if not row.interactive]
    runs = sum(row.runs for row in awaited)
    failed = sum(row.failed for row in awaited)
    people = [] if history.own else [("People", f"{history.people:,}")]
    each, range_ms = history.waiting_ms_per_person_and_week, history.waiting_range_ms
    present = history.person_weeks / len(history.timeline)
    of_all = range_ms and (range_ms[0] * present, range_ms[1] * present)
    team = [] if history.own else [("Waiting per week, all people", duration(each * present) + in_brackets(of_all))]
    return [
        *team,
        ("Waiting per week" if history.own else "Per person", duration(each) + in_brackets(range_ms)),
        ("Failed", percentage(failed / runs) if runs else "-"),
        *people,
        ("Runs", f"{sum(row.runs for row in history.summary.figures):,}"),
    ]


def footer() -> list[str]:
    """What a reader should know."""
    return [
        "A run failed if its exit status is positive, and was interrupted if a signal ended it. Its duration is "
        "the time until it succeeded, failed or was interrupted."
    ]
