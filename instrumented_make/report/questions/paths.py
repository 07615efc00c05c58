"""What do people run before and after what?

Only runs within one stretch of work follow each other: see :func:`queries.stretches`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from instrumented_make.layout import percentage
from instrumented_make.report.estimators.order import excesses
from instrumented_make.report.history import History
from instrumented_make.report.queries import GAP_S, NOTHING, week
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.times import DAY_S

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

# Pairs are made of the commands with the most runs, this many: rare ones follow too seldom to say anything.
MOST_COMMANDS = 20
SHOWN_PATHS = 5
_STRETCH = f"stretch_{GAP_S}"
_MILLION = 1_000_000
ORDER = (
    "A command follows another if the same person runs it next, within an hour of the end of the other. Stretches of "
    "two runs do not count, as they show no order. This names pairs that certainly do so a fifth more often than if "
    "the runs of a stretch of work came in any order; if they did, the chance of naming any pair would be at most 5%."
)


def pairs(stretches: Any, commands: Sequence[int], by: str) -> Any:
    """How often each of ``commands`` followed ``before``, one of them, and how often it would in any order.

    ``observed``, and ``expected``, in millionths: see :mod:`estimators.order`. Only stretches of three runs and more
    count. One row for each ``before``, ``command`` and ``unit``, the number of a person or of a week, as ``by`` says,
    where any is expected.
    """
    where = ["person", _STRETCH]
    few = stretches.filter(stretches.command.isin(list(commands)))
    # Of two runs, it is given what follows what.
    long = stretches.group_by(where).agg(others=stretches.count() - 1, week=week(stretches).min())
    long = long.filter(long.others > 1)
    followed = stretches.filter(stretches.before.isin(list(commands)))
    cells = followed.group_by([*where, "before"]).agg(followed=followed.count()).join(long, where)
    there = few.group_by([*where, "command"]).agg(there=few.count())
    both = cells.join(there, where)
    # Not the run itself.
    left = both.there - (both.before == both.command).ifelse(1, 0)
    by_chance = both.followed * left * _MILLION // both.others
    expected = both.group_by([by, "before", "command"]).agg(expected=by_chance.sum())
    seen = few.filter(few.before.isin(list(commands))).select(*where, "before", "command").join(long, where)
    observed = seen.group_by([by, "before", "command"]).agg(observed=seen.count())
    found = expected.left_join(observed, [by, "before", "command"])
    return found.select(
        "before",
        "command",
        "expected",
        observed=found.observed.fill_null(0),
        unit=ibis.dense_rank().over(ibis.window(order_by=by)),
    )


def followed_in_all(stretches: Any, commands: Sequence[int]) -> Any:
    """How many ``times`` anything followed each of ``commands``, ``before``, in stretches of three runs and more."""
    where = ["person", _STRETCH]
    long = stretches.group_by(where).agg(runs=stretches.count())
    runs = stretches.filter(stretches.before.isin(list(commands))).join(long.filter(long.runs > 2), where)
    return runs.group_by("before").agg(times=runs.count())


def paths(stretches: Any, steps: Sequence[tuple[int, int]]) -> Any:
    """Which ``path`` of three or four commands, all of whose ``steps`` are these, people take: ``people``, ``days``.

    The commands are ``c0`` to ``c3``; ``c3`` is NOTHING if there are only three. Each person's days count.
    """
    taken = ibis.or_(*((stretches.before == before) & (stretches.command == after) for before, after in steps))
    step = stretches.filter(taken).select("person", "place", "before", "command", day=stretches.start_s // DAY_S)
    second = step.select("person", c2=step.command, place=step.place - 1)
    third = step.select("person", c3=step.command, place=step.place - 2)
    three = step.join(second, ["person", "place"])
    four = three.join(third, ["person", "place"])
    names = {"c0": "before", "c1": "command", "c2": "c2"}
    nothing = ibis.literal(NOTHING, "int64")
    every = ibis.union(
        three.select("person", "day", **{new: three[old] for new, old in names.items()}, c3=nothing),
        four.select("person", "day", **{new: four[old] for new, old in names.items()}, c3=four.c3),
    )
    whole = ["c0", "c1", "c2", "c3"]
    of_person = every.distinct().group_by([*whole, "person"]).agg(days=lambda row: row.count())
    return of_person.group_by(whole).agg(people=of_person.count(), days=of_person.days.sum())


def days(stretches: Any) -> Any:
    """How many ``days`` there are with any run of a person, in a single row."""
    return stretches.select("person", day=stretches.start_s // DAY_S).distinct().agg(days=lambda row: row.count())


@dataclass(frozen=True, slots=True)
class Pair:
    """How often ``after`` followed ``before``, of the ``times`` that anything did, and how often in any order."""

    before: str
    after: str
    people: int
    times: int
    observed: int
    expected: float


@dataclass(frozen=True, slots=True)
class Path:
    """Commands that people ran one after the other, and on which ``share`` of their working days."""

    commands: tuple[str, ...]
    people: int
    share: float


def find(history: History) -> list[Pair]:
    """What certainly follows what a fifth more often than in any order, the most excess first."""
    if not history.commands:
        return []
    history.begin("Finding what people run after what")
    commands = sorted(history.commands, key=lambda name: (-history.runs_of[name], name))[:MOST_COMMANDS]
    codes = history.places(commands)
    table = history.columns(pairs(history.stretches, codes, history.unit))
    if not len(table["unit"]):
        return []
    size, units = len(commands), int(table["unit"].max()) + 1
    place = np.zeros(len(history.names), dtype=np.int64)
    place[codes] = np.arange(size)
    where = table["unit"], place[table["before"]], place[table["command"]]
    observed, expected = np.zeros((2, units, size, size))
    observed[where], expected[where] = table["observed"], table["expected"] / _MILLION
    observed, expected = observed.reshape(units, -1), expected.reshape(units, -1)
    times = {row["before"]: row["times"] for row in history.ask(followed_in_all(history.stretches, codes))}
    people = (observed > 0).sum(axis=0)
    told = np.flatnonzero((people > 0) & [history.may_be_told(number) for number in people.tolist()])
    number, mean = observed.sum(axis=0), expected.sum(axis=0)
    found = [
        Pair(
            before=commands[at // size],
            after=commands[at % size],
            people=int(people[at]),
            times=int(times[codes[at // size]]),
            observed=int(number[at]),
            expected=float(mean[at]),
        )
        for at in told[excesses(observed[:, told], expected[:, told])].tolist()
    ]
    return sorted(found, key=lambda item: (item.expected - item.observed, item.before, item.after))


def find_paths(history: History, found: Sequence[Pair]) -> list[Path]:
    """The paths of the most working days, each of whose steps is one of those ``found``, to another command."""
    pairs_ = [(item.before, item.after) for item in found if item.before != item.after]
    if not pairs_:
        return []
    steps = [(before, after) for before, after in map(history.places, pairs_)]
    [row] = history.ask(days(history.stretches))
    every = [
        Path(
            commands=tuple(history.names[line[f"c{place}"]] for place in range(4) if line[f"c{place}"] != NOTHING),
            people=line["people"],
            share=line["days"] / row["days"],
        )
        for line in history.ask(paths(history.stretches, steps))
        if history.may_be_told(line["people"])
    ]
    return sorted(every, key=lambda path: (-path.share, path.commands))[:SHOWN_PATHS]


def ask(history: History) -> Section | None:
    """The section, None if no command may be told; what one person runs is compared week by week."""
    if not history.commands:
        return None
    found = find(history)
    taken = find_paths(history, found)
    answer = _answer(found, taken, own=history.own or history.people == 1)
    people = [] if history.own else ["people"]
    return Section(
        "paths",
        "What do people run before and after what?",
        answer,
        [ORDER, *([_about_paths(taken)] if len(taken) > 1 else [])],
        lambda: _figures(found, answer),
        ["command", "followed by", "of what follows", "in any order", *people] if found else [],
        [
            [
                item.before,
                item.after,
                percentage(item.observed / item.times),
                percentage(item.expected / item.times),
                *([] if history.own else [f"{item.people:,}"]),
            ]
            for item in found
        ],
    )


def _answer(found: Sequence[Pair], taken: Sequence[Path], *, own: bool) -> str:
    if not found:
        return "No command certainly follows another more often than it would in any order."
    parts = [
        f"{item.after}{' again' if item.after == item.before else ''} is {percentage(item.observed / item.times)} of "
        f"what follows {item.before}, {percentage(item.expected / item.times)} in any order"
        for item in found[:2]
    ]
    whose = "Your" if own else "People's"
    text = f"{whose} runs have an order: {'; '.join(parts)}."
    if taken:
        text += f" The most common path, {_name(taken[0])}, is in {percentage(taken[0].share)} of working days."
    return text


def _about_paths(taken: Sequence[Path]) -> str:
    others = "; ".join(f"{_name(path)} ({percentage(path.share)})" for path in taken[1:])
    return f"Other paths, and the working days that have them: {others}."


def _name(path: Path) -> str:
    return " → ".join(path.commands)


def _figures(found: Sequence[Pair], answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    if not found:
        return []
    rows: Rows = document(found)
    shown = rows[: drawing.SHOWN_COMMANDS]
    caption = "What comes next, of all that follows a command; the line is what it would be in any order"
    if len(rows) > len(shown):
        caption += f"; of {len(rows):,} pairs, only the {len(shown)} that are furthest from it"
    return [Figure("paths", caption, rows, _draw(shown, answer))]


def _draw(rows: Rows, answer: str) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    data: Rows = [
        {
            "command": f"{row['before']} → {row['after']}",
            "share": row["followed"] / row["times"],
            "chance": row["in_any_order"] / row["times"],
            "text": f"{row['before']}: of {row['times']:,} times that something follows, it is {row['after']} in "
            f"{percentage(row['followed'] / row['times'])}, in any order "
            f"{percentage(row['in_any_order'] / row['times'])}",
        }
        for row in rows
    ]

    def draw(width: int) -> Chart:
        marks = drawing.base(data).encode(y=drawing.commands(data, width), description="text:N")
        axis = alt.Axis(format="~%", title=None, tickCount=5)
        return alt.layer(
            marks.mark_bar(fill="var(--accent)", height=14).encode(x=alt.X("share:Q", axis=axis)),
            marks.mark_tick(color="var(--ink)", stroke="var(--ink)", thickness=2, height=18).encode(x="chance:Q"),
        ).properties(width=width, height=drawing.height(data))

    return drawing.both(draw, answer)


def document(found: Sequence[Pair]) -> list[dict[str, Any]]:
    """For programs: how many of the times that something followed a command it was this, and how many in any order."""
    return [
        {
            "before": item.before,
            "after": item.after,
            "people": item.people,
            "times": item.times,
            "followed": item.observed,
            "in_any_order": item.expected,
        }
        for item in found
    ]
