"""Do commands fail more, or take longer, on one system, processor or kind of command? Only with ``--by``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import ibis
import numpy as np

from instrumented_make.layout import duration, percentage
from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.sides import FALSE_ALARM, Difference, compare_sides
from instrumented_make.report.history import History
from instrumented_make.report.queries import number_people, sum_by, week
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.text import printable

# More values than these are shown as one: anyone may send any.
MOST_VALUES = 100
OTHER, UNKNOWN = "other", "unknown"
# How a sentence names a value of each property.
_WORDS: Mapping[str, Mapping[str, str]] = {
    "git_dirty": {"true": "with uncommitted changes", "false": "without uncommitted changes"},
}
_BEFORE = {"operating_system": "on ", "hardware": "on ", "command_type": "as ", "git_dirty": "where it is "}
_QUESTIONS = {
    "operating_system": "Does it depend on the operating system?",
    "hardware": "Does it depend on the hardware?",
    "command_type": "Does it depend on the type of command?",
    "git_dirty": "Does it depend on uncommitted changes?",
}
METHOD = (
    "Each value is compared with all others that are known, person by person. If none of them mattered, the chance of "
    f"telling anything would be at most {FALSE_ALARM:.0%}, over all commands together. People differ in more than "
    "this, so it need not be the cause. Times are those of successful runs."
)


def people_of(runs: Any) -> Any:
    """For each ``value`` that is known how many ``people`` have it, most first; at most MOST_VALUES."""
    pairs = runs.filter(runs.value.notnull()).select("value", "user_id").distinct()
    return pairs.group_by("value").agg(people=pairs.count()).order_by(ibis.desc("people"), "value").limit(MOST_VALUES)


def renamed(runs: Any, names: Mapping[str, str]) -> Any:
    """The same runs, whose values have these ``names``; the others are UNKNOWN, or OTHER."""
    cases = [(runs.value == value, name) for value, name in names.items()]
    return runs.mutate(value=ibis.cases((runs.value.isnull(), UNKNOWN), *cases, else_=OTHER))


def sums_by_value(runs: Any, unit: str) -> Any:
    """The sums of :func:`queries.sum_by` by ``command``, ``value`` and ``unit``, the number of a person or week."""
    if unit == "week":
        weekly = runs.mutate(week=week(runs))
        return sum_by(weekly, ["command", "value", "week"]).rename(unit="week")
    return number_people(sum_by(runs, ["command", "value", "user_id"])).rename(unit="person")


@dataclass(frozen=True, slots=True)
class Compared:
    """How a mean differs from that of all other values: the ``difference`` and its interval."""

    difference: Difference
    low: float
    high: float

    @property
    def estimate(self) -> float:
        """How much more it is here than elsewhere."""
        return self.difference.here - self.difference.elsewhere

    @property
    def bounds(self) -> tuple[float, float]:
        """Its interval."""
        return self.low, self.high


@dataclass(frozen=True, slots=True)
class Part:
    """One command with one value: ``typical_ms`` is the geometric mean of successful runs, if there are any.

    ``time``: of the logarithms of durations; ``failures``: of the shares of runs that failed; None where that was not
    compared.
    """

    command: str
    value: str
    people: int
    runs: int
    typical_ms: float | None
    failed: int
    interrupted: int
    time: Compared | None = None
    failures: Compared | None = None


def ask(history: History) -> Section | None:
    """The section; None without ``--by``."""
    by = history.options.by
    if by is None:
        return None
    parts = find_parts(history)
    answer = _answer(parts, by)
    return Section(
        "split",
        _QUESTIONS[by],
        answer,
        [METHOD] if parts else [],
        lambda: _figures(parts, by, answer),
        ["command", by, *([] if history.own else ["people"]), "runs", "typical", "failed", "interrupted"],
        [
            [
                part.command,
                _named(part.value, by),
                *([] if history.own else [f"{part.people:,}"]),
                f"{part.runs:,}",
                "-" if part.typical_ms is None else duration(part.typical_ms),
                percentage(part.failed / part.runs),
                percentage(part.interrupted / part.runs),
            ]
            for part in parts
        ],
        in_full=True,
    )


@cache
def find_parts(history: History) -> list[Part]:
    """Every command with every value that enough people have, compared with all others."""
    history.begin("Comparing what runs were like")
    runs = history.cut_runs.filter(history.cut_runs.command.isin(history.commands))
    named = renamed(runs, _names(history, runs))
    table = history.columns(sums_by_value(named, history.unit))
    units, unit = np.unique(table["unit"], return_inverse=True)
    size = len(units)
    found: list[tuple[Part, Difference | None, Difference | None]] = []
    alone = history.unit == "week"
    for command in history.commands:
        of_command = table["command"] == command
        values, place = np.unique(table["value"][of_command].astype(str), return_inverse=True)
        cell, shape = place * size + unit[of_command], (len(values), size)
        sums = {
            name: np.bincount(cell, table[name][of_command], len(values) * size).astype(float).reshape(shape)
            for name in _SUMS
        }
        known = {*np.flatnonzero(values != UNKNOWN).tolist()}
        for value, places in _with_kinds(values.tolist()):
            inside = {name: rows[places].sum(axis=0) for name, rows in sums.items()}
            part = _part(command, value, inside, alone=alone)
            if not history.may_be_told(part.people):
                continue
            # All others whose value is known, of whom enough must be left.
            rest = sorted(known - {*places})
            both = {name: np.stack([rows[rest].sum(axis=0), inside[name]]) for name, rows in sums.items()}
            others = int((both["runs"][0] > 0).sum())
            compared = value not in (OTHER, UNKNOWN) and (alone or history.may_be_told(others))
            time = compare_sides(both["succeeded"], both["logarithms"] / 1000) if compared else None
            failures = compare_sides(both["runs"], both["failed"], shares=True) if compared else None
            found.append((part, time, failures))
    looked_at = sum(difference is not None for _, *both_ in found for difference in both_)
    if len({part.value for part, *_ in found} - {UNKNOWN}) == 2:
        # One is compared with the other, and the other with the one.
        looked_at = (looked_at + 1) // 2
    return [
        replace(part, time=_compared(time, looked_at), failures=_compared(failures, looked_at))
        for part, time, failures in found
    ]


_SUMS = ("runs", "failed", "interrupted", "succeeded", "logarithms")


def _names(history: History, runs: Any) -> dict[str, str]:
    """What each known value is called: so many people have it, or its first word, or it is OTHER.

    "Linux 6.1" is Linux if too few people have that release.
    """
    names = {
        row["value"]: printable(row["value"]) if history.may_be_told(row["people"]) else _kind(row["value"])
        for row in history.ask(people_of(runs))
    }
    people = {row["value"]: row["people"] for row in history.ask(people_of(renamed(runs, names)))}
    return {value: name for value, name in names.items() if history.may_be_told(people.get(name, 0))}


def _with_kinds(values: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Each value, and each kind of which there are several, with their places: Darwin beside Darwin 23.6 and 24.6."""
    kinds: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        kinds.setdefault(_kind(value), []).append(place)
    several = [(kind, places) for kind, places in kinds.items() if len(places) > 1]
    alone = [(value, [place]) for place, value in enumerate(values) if value not in dict(several)]
    return sorted(several + alone)


def _kind(value: str) -> str:
    return re.split(r"[ ,]", printable(value), maxsplit=1)[0]


def _part(command: str, value: str, sums: Mapping[str, Floats], *, alone: bool) -> Part:
    runs, failed, interrupted, succeeded = (int(sums[name].sum()) for name in _SUMS[:-1])
    typical_ms = math.exp(float(sums["logarithms"].sum()) / 1000 / succeeded) if succeeded else None
    people = 1 if alone else int((sums["runs"] > 0).sum())
    return Part(command, value, people, runs, typical_ms, failed, interrupted)


def _compared(difference: Difference | None, looked_at: int) -> Compared | None:
    return None if difference is None else Compared(difference, *difference.interval(looked_at))


def _answer(parts: Sequence[Part], by: str) -> str:
    """Where commands are certainly worse; that they are better elsewhere follows from that."""
    if all(part.value == UNKNOWN for part in parts):
        return f"No run has it: ask for {by} under fields in the catalog."
    if not any(part.time or part.failures for part in parts):
        return "There are too few people with different values to compare."
    slower = sorted(
        (part for part in parts if part.time and part.time.low > 0),
        key=lambda part: -(part.time.estimate if part.time else 0),
    )
    failing = sorted(
        (part for part in parts if part.failures and part.failures.low > 0),
        key=lambda part: -(part.failures.estimate if part.failures else 0),
    )
    slower, failing = _without_parts_of_kinds(slower), _without_parts_of_kinds(failing)
    told = [*(_fails(part, by) for part in failing[:2]), *(_takes(part, by) for part in slower[:2])]
    if not told:
        return "No command certainly fails more or takes longer with one value than with the others."
    more = len(failing) + len(slower) - len(told)
    return f"{'; '.join(told)}{f'; and {more} more, in the figures' if more > 0 else ''}."


def _without_parts_of_kinds(parts: Sequence[Part]) -> list[Part]:
    """Only the kind, where that is told as well as its values."""
    told = {(part.command, part.value) for part in parts}
    return [part for part in parts if _kind(part.value) == part.value or (part.command, _kind(part.value)) not in told]


def _takes(part: Part, by: str) -> str:
    assert part.time is not None
    time = part.time
    more, low, high = (f"{math.expm1(value):.0%}" for value in (time.estimate, *time.bounds))
    return f"{part.command} takes {more} ({low} to {high}) more time {_named(part.value, by)} than otherwise"


def _fails(part: Part, by: str) -> str:
    assert part.failures is not None
    failures = part.failures
    return (
        f"{part.command} fails in {percentage(failures.difference.here)} of runs {_named(part.value, by)}, and in "
        f"{percentage(failures.difference.elsewhere)} otherwise ({failures.low * 100:.1f} to {failures.high * 100:.1f} "
        "points more)"
    )


def _named(value: str, by: str) -> str:
    """As a sentence says it."""
    return _WORDS.get(by, {}).get(value) or f"{_BEFORE[by]}{value}"


def document(parts: Sequence[Part]) -> Rows:
    """For programs: times in ms; ``slower`` and ``failing_more`` with intervals, where they were compared."""
    return [
        {
            "command": part.command,
            "value": part.value,
            "people": part.people,
            "runs": part.runs,
            "typical_ms": part.typical_ms,
            "failed": part.failed,
            "interrupted": part.interrupted,
            **{
                f"time_ratio{end}": None if part.time is None else math.exp(value)
                for end, value in zip(("", "_low", "_high"), _bounds(part.time), strict=True)
            },
            **{
                f"failed_difference{end}": None if part.failures is None else value
                for end, value in zip(("", "_low", "_high"), _bounds(part.failures), strict=True)
            },
        }
        for part in parts
    ]


def _bounds(compared: Compared | None) -> tuple[float, float, float]:
    if compared is None:
        return 0.0, 0.0, 0.0
    return compared.estimate, *compared.bounds


def _figures(parts: Sequence[Part], by: str, answer: str) -> list[Figure]:
    rows = document(parts)
    drawings = (
        (
            "time-by-value",
            "Time per run, compared with all others",
            _forest(parts, by, answer, of_failures=False),
        ),
        ("failures-by-value", "Runs that fail, compared with all others", _forest(parts, by, answer, of_failures=True)),
    )
    most = "; the line is the interval, and what differs most comes first"
    return [Figure(name, f"{caption}{most}", rows, drawing) for name, caption, drawing in drawings if drawing]


def _forest(parts: Sequence[Part], by: str, answer: str, *, of_failures: bool) -> Drawing | None:
    """Each command with each value, those that differ most first. None if nothing was compared."""
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    found = [(part, part.failures if of_failures else part.time) for part in parts]
    compared = [
        (f"{part.command} {_named(part.value, by)}", (it.low, it.estimate, it.high), part.people)
        for part, it in found
        if it is not None
    ]
    compared.sort(key=lambda effect: -abs(effect[1][1] if of_failures else math.expm1(effect[1][1])))
    return drawing.effects(compared[: drawing.SHOWN_COMMANDS], answer, of_failures=of_failures)
