"""Which commands are new, gone or renamed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from instrumented_make.report.estimators.turnover import (
    FALSE_ALARM,
    LEAST_SILENT,
    LEAST_USED,
    NOTHING,
    Uses,
    is_missed,
    silent,
    taken_up,
)
from instrumented_make.report.history import History
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import count_of, join_names, week_of
from instrumented_make.times import monday

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

NEW, GONE, REPLACED = "new", "gone", "replaced"
# A sentence names so many.
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is NEW, GONE or REPLACED; ``weeks``: with how many ``runs`` it had in each, in their order.

    If it was replaced, ``moved`` of ``regular`` people went over from it to the command ``by``.
    """

    name: str
    kind: str
    people: int
    weeks: tuple[int, ...]
    runs: tuple[int, ...]
    by: str | None = None
    moved: int = 0
    regular: int = 0


def ask(history: History) -> Section:
    """The section; what is certain only."""
    found = find_new_and_gone(history)
    return Section(
        "commands",
        "Which commands are new, gone or renamed?",
        _answer(found, history),
        _details(found, history),
        lambda: _figures(found, history),
        columns=["command", "what happened", "first run in the week of", "last run in the week of", "people", "runs"]
        if found
        else [],
        rows=[
            [
                command.name,
                f"replaced by {command.by}" if command.by else command.kind,
                monday(command.weeks[0]),
                monday(command.weeks[-1]),
                f"{command.people:,}",
                f"{sum(command.runs):,}",
            ]
            for command in found
        ],
    )


@cache
def find_new_and_gone(history: History) -> list[Command]:
    """Those that are so for certain: what was replaced, what is gone, and what is new since the middle of the weeks."""
    names = history.commands
    weeks, runs = _weeks(history)
    place = {name: number for number, name in enumerate(names)}
    shown = np.array([(place.get(name, NOTHING), week) for name in runs for week in runs[name]], dtype=np.int64)
    shown = shown.reshape(-1, 2)
    last = {names[one]: week for one, week in silent(*shown.T).items() if one != NOTHING}
    first = {names[one]: -week for one, week in silent(shown[:, 0], -shown[:, 1]).items() if one != NOTHING}
    asked = sorted({*last, *first})
    if not asked:
        return []
    history.begin("Looking for new commands")
    found = _uses(history, asked)

    def certain(in_time: Uses, ends: dict[str, int], sign: int) -> list[str]:
        least = 1 if history.own else history.min_people
        return [
            name
            for name, week in ends.items()
            if is_missed(in_time, asked.index(name), sign * week, len(names), least=least, own=history.own)
        ]

    gone, appeared = certain(found, last, 1), certain(found.reversed, first, -1)
    replaced: dict[str, tuple[int, int, str]] = {}
    for old in gone:
        for new in appeared:
            moved, regular = taken_up(found, asked.index(old), asked.index(new))
            if new != old and 2 * moved > regular and history.may_be_told(moved):
                replaced[old] = max((moved, regular, new), replaced.get(old, (0, 0, "")))
    since_middle = [name for name in appeared if name not in gone and first[name] >= weeks[len(weeks) // 2]]
    people = {row.command: row.people for row in history.summary.figures}

    def told(name: str, kind: str) -> Command:
        moved, regular, by = replaced.get(name, (0, 0, ""))
        of_weeks = sorted(runs[name])
        each = tuple(runs[name][week] for week in of_weeks)
        return Command(name, kind, people[name], tuple(of_weeks), each, by or None, moved, regular)

    return [
        *(told(name, REPLACED) for name in sorted(replaced)),
        *(told(name, GONE) for name in gone if name not in replaced),
        *(told(name, NEW) for name in since_middle),
    ]


@cache
def _weeks(history: History) -> tuple[list[int], dict[str, dict[int, int]]]:
    """The weeks with runs of anything, and for each command its runs in each of its weeks."""
    runs = {}
    for command, of in history.weekly.items():
        first = int(of.week.min())
        each = np.bincount(of.week - first, of.runs).astype(int).tolist()
        runs[command] = {first + number: count for number, count in enumerate(each) if count}
    return sorted({week for of_command in runs.values() for week in of_command}), runs


def _uses(history: History, names: Sequence[str]) -> Uses:
    """What everybody who ran any of ``names`` ran; the command is its place there."""
    place = {name: number for number, name in enumerate(names)}
    person, week, command = (
        np.concatenate(parts)
        for parts in zip(
            *(
                (runs.person, runs.week, np.full(len(runs.week), place.get(name, NOTHING)))
                for name, runs in history.weekly.items()
            ),
            strict=True,
        )
    )
    theirs = np.zeros(int(person.max()) + 1, dtype=bool)
    theirs[person[command != NOTHING]] = True
    at = theirs[person]
    return Uses(person[at], week[at], command[at])


def document(commands: Sequence[Command]) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            "command": command.name,
            "kind": command.kind,
            "replaced_by": command.by,
            "first_week": monday(command.weeks[0]),
            "last_week": monday(command.weeks[-1]),
            "people": command.people,
            "runs": sum(command.runs),
        }
        for command in commands
    ]


def _answer(found: Sequence[Command], history: History) -> str:
    if len(_weeks(history)[0]) < LEAST_USED + LEAST_SILENT:
        return f"It is too early to tell: at least {LEAST_USED + LEAST_SILENT} weeks with runs are needed."
    if not found:
        return "None for certain."
    of_kind = {kind: [command for command in found if command.kind == kind] for kind in (REPLACED, GONE, NEW)}
    by = {command.by for command in found}
    replaced = [f"{command.by} replaced {command.name}" for command in of_kind[REPLACED]]
    gone = [f"{command.name} (last run in {week_of(command.weeks[-1])})" for command in of_kind[GONE]]
    new = [
        f"{command.name} (first run in {week_of(command.weeks[0])}{_by_people(command, history)})"
        for command in of_kind[NEW]
        if command.name not in by
    ]
    parts = [_some(replaced)] if replaced else []
    for texts, state in ((gone, GONE), (new, NEW)):
        if texts:
            parts.append(f"{_some(texts)} {'is' if len(texts) == 1 else 'are'} {state}")
    return f"{'; '.join(parts)}."


def _by_people(command: Command, history: History) -> str:
    return "" if history.own else f", {count_of(command.people, 'person', 'people')}"


def _some(texts: Sequence[str]) -> str:
    return join_names([*texts[:_NAMED], *([f"{len(texts) - _NAMED} more"] if len(texts) > _NAMED else [])])


def _details(found: Sequence[Command], history: History) -> list[str]:
    lines = [
        f"{command.moved:,} of {command.regular:,} people who regularly ran {command.name}, and have run anything "
        f"since, began to run {command.by} when they stopped."
        for command in found
        if command.by and not history.own
    ]
    if found:
        lines.append(
            "If the same people ran a command as often in all their weeks, the chance that any command is called new "
            f"or gone is at most 1 in {1 / FALSE_ALARM:,.0f}, each."
        )
    return lines


def _figures(found: Sequence[Command], history: History) -> list[Figure]:
    if not found:
        return []
    rows: Rows = [
        {"command": command.name, "what_happened": command.kind, "week": monday(week), "runs": runs}
        for command in found
        for week, runs in zip(command.weeks, command.runs, strict=True)
    ]
    caption = "Weeks in which commands that are new or gone were run"
    return [Figure("new-and-gone", caption, rows, _draw(found, _weeks(history)[0], _answer(found, history)))]


def _draw(found: Sequence[Command], weeks: Sequence[int], text: str) -> Drawing:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    data: Rows = [
        {
            "command": command.name,
            "week": drawing.week_ms(week),
            "end": drawing.week_ms(week + 1),
            "text": f"{command.name}, {week_of(week)}: {count_of(runs, 'run')}",
        }
        for command in found[: drawing.SHOWN_COMMANDS]
        for week, runs in zip(command.weeks, command.runs, strict=True)
    ]

    def draw(width: int) -> Chart:
        chart: Chart = (
            drawing.base(data)
            .mark_bar(fill="var(--accent)", height=14)
            .encode(
                y=drawing.commands(data, width),
                x=drawing.weeks(weeks, width, end=True),
                x2="end:T",
                description="text:N",
            )
            .properties(width=width, height=drawing.height(data))
        )
        return chart

    return drawing.both(draw, text)
