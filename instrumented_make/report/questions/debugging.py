"""What leads to debugging?

A session begins when a run of a command fails or is interrupted, and goes on with the same person's runs of any command
while the next begins within GAP_S of the end of the one before. It ends when the command first succeeds; if it does not
in the session, it is given up, and the session ends with its last try. People end interactive commands as they like, so
these begin none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import numpy as np

from instrumented_make.figures import MEDIAN
from instrumented_make.layout import duration, percentage
from instrumented_make.report.estimators.panel import Floats
from instrumented_make.report.estimators.ratio import interval, leads
from instrumented_make.report.history import History
from instrumented_make.report.queries import GAP_S, GAPS_S, NOTHING, in_order, number_people, week
from instrumented_make.report.section import Figure, Rows, Section
from instrumented_make.report.wording import about_trend, count_of, in_brackets

SESSION = (
    "A session begins with a run that fails or is interrupted, and lasts until that command works, whatever else "
    "the person runs meanwhile. After a pause of an hour it counts as given up, and ends with its last try."
)

_NO_TREND = "Whether it became more or less over the weeks is not certain."


def tries(stretches: Any, commands: Sequence[int]) -> Any:
    """The runs of ``commands``, their numbers, in sessions; ``bad``, 1 or 0: whether each failed or was interrupted.

    For each of GAPS_S the number of the person's session with the command, ``session_<gap>``: some have no bad run.
    """
    table = stretches.filter(stretches.command.isin(list(commands)))
    table = table.mutate(bad=(table.exit_status != 0).ifelse(1, 0))
    # Nearly all runs are in no session, and sorting them is what takes time.
    where = ["person", "command", f"stretch_{GAPS_S[-1]}"]
    table = table.join(table.filter(table.bad == 1).select(where).distinct(), where)
    alike = {"group_by": where[:2], "order_by": in_order()}
    before, so_far = ibis.window(**alike), ibis.cumulative_window(**alike)
    last = {f"last_{gap_s}": table[f"stretch_{gap_s}"].lag(1).over(before) for gap_s in GAPS_S}
    table = table.mutate(number=ibis.row_number().over(before), after=table.bad.lag(1).over(before), **last)
    # It goes on after a bad run in the same stretch.
    numbers = {}
    for gap_s in GAPS_S:
        same = (table.number > 0) & (table.after == 1) & (table[f"last_{gap_s}"] == table[f"stretch_{gap_s}"])
        numbers[f"session_{gap_s}"] = same.ifelse(0, 1).sum().over(so_far)
    return table.select("person", "command", "start_s", "duration_ms", "bad", **numbers)


def sessions(tried: Any, gap_s: int) -> Any:
    """Sessions: ``person``, ``command``, the ``week`` it began in, ``tries``, ``duration_ms``, ``solved`` (1 or 0)."""
    found = tried.group_by(["person", "command", f"session_{gap_s}"]).agg(
        start_s=tried.start_s.min(),
        end_ms=(tried.start_s * 1000 + tried.duration_ms).max(),
        tries=tried.count(),
        bad=tried.bad.sum(),
    )
    found = found.filter(found.bad > 0)
    return found.select(
        "person",
        "command",
        "tries",
        week=week(found),
        duration_ms=found.end_ms - found.start_s * 1000,
        solved=found.tries - found.bad,
    )


def by_unit(found: Any, weeks: Any, by: str) -> Any:
    """Sums of :func:`sessions` for each ``command`` and ``unit``, the number of a person or of a week, as ``by`` says.

    ``weeks``: those in which each ``person`` ran anything; a unit's are counted. A unit without a session has one row,
    with the command NOTHING.
    """
    weeks = weeks.group_by(by).agg(weeks=lambda of: of.count())
    units = weeks.mutate(unit=ibis.row_number().over(ibis.window(order_by=by)))
    added = found.group_by([by, "command"]).agg(
        sessions=found.count(),
        solved=found.solved.sum(),
        tries=(found.tries * found.solved).sum(),
        total_ms=found.duration_ms.sum(),
    )
    both = units.left_join(added, by)
    numbers = {name: both[name].fill_null(0) for name in ("sessions", "solved", "tries", "total_ms")}
    return both.select("unit", "weeks", command=both.command.fill_null(NOTHING), **numbers)


def by_command(found: Any) -> Any:
    """For each ``command``: ``people`` who had :func:`sessions` with it, and ``total_ms`` of these."""
    of_person = found.group_by(["command", "person"]).agg(total_ms=found.duration_ms.sum())
    return of_person.group_by("command").agg(people=of_person.count(), total_ms=of_person.total_ms.sum())


def by_week(found: Any) -> Any:
    """The ``total_ms`` of :func:`sessions` that began in each ``week``."""
    return found.group_by("week").agg(total_ms=found.duration_ms.sum())


@dataclass(frozen=True, slots=True)
class Debugging:
    """The sessions that one command led to. Times are in ms; those of a week are all people's.

    ``tries``: the mean until it works, and ``until_ms`` the median; both None if it never did. ``units_ms``: the time
    of each person or, in one person's history, of each week.
    """

    command: str
    people: int
    sessions: int
    given_up: int
    tries: float | None
    until_ms: float | None
    week_ms: float
    range_ms: tuple[float, float] | None
    units_ms: Floats


@dataclass(frozen=True, slots=True)
class Found:
    """What each command led to, most time first, only of commands that enough people had sessions with.

    ``most``: for each of GAPS_S the first command and its ms a week. ``weeks``: the number of each complete week, and
    the ms of a person in it, in sessions of these commands.
    """

    of: list[Debugging]
    most: Mapping[int, tuple[str, float]]
    weeks: Sequence[tuple[int, float]]


def find(history: History) -> Found:
    """What led to sessions."""
    history.begin("Finding what leads to debugging")
    commands = [name for name in history.commands if name not in history.interactive]
    if not commands:
        return Found([], {}, [])
    tried = history.keep(tries(history.stretches, history.places(commands)), "tries")
    found = sessions(tried, GAP_S)
    people = {history.names[row["command"]]: row["people"] for row in history.ask(by_command(found))}
    told = [name for name, number in people.items() if history.may_be_told(number)]
    if not told:
        return Found([], {}, [])
    most = {}
    for gap_s in GAPS_S:
        rows = history.ask(by_command(sessions(tried, gap_s)))
        of_all = {history.names[row["command"]]: row["total_ms"] for row in rows}
        total_ms, name = max((int(of_all[name]), name) for name in told)
        most[gap_s] = name, total_ms / len(history.timeline)
    until = history.quantiles(found.filter(found.solved == 1), (MEDIAN,))
    weeks_ = number_people(history.shown_sums.select("user_id", "week").distinct(), history.numbered)
    table = history.columns(by_unit(found, weeks_, history.unit))
    unit = table["unit"]
    there: Floats = np.zeros(int(unit.max()) + 1)
    there[unit] = table["weeks"]
    # From a mean per person and week to a sum of all people in a week.
    present = history.person_weeks / len(history.timeline)
    answers = []
    for name in told:
        (code,) = history.places([name])
        of = table["command"] == code
        number, solved, tried_ = (int(table[column][of].sum()) for column in ("sessions", "solved", "tries"))
        units_ms: Floats = np.bincount(unit[of], table["total_ms"][of], len(there)).astype(float)
        span = interval(units_ms, there)
        answers.append(
            Debugging(
                command=name,
                people=people[name],
                sessions=number,
                given_up=number - solved,
                tries=tried_ / solved if solved else None,
                until_ms=until[code][0] if solved else None,
                week_ms=float(units_ms.sum()) / len(history.timeline),
                range_ms=None if span is None else (span[0] * present, span[1] * present),
                units_ms=units_ms,
            )
        )
    of_told = found.filter(found.command.isin(history.places(told)))
    began = {row["week"]: int(row["total_ms"]) for row in history.ask(by_week(of_told))}
    weeks = [(row.week, began.get(row.week, 0) / row.people) for row in history.complete]
    return Found(sorted(answers, key=lambda item: (-item.week_ms, item.command)), most, weeks)


def ask(history: History) -> Section | None:
    """The section; None if nothing led to a session, or if too few people had any."""
    sessions_ = find(history)
    found, most = sessions_.of, sessions_.most
    if not found:
        return None
    answer = _answer(found, most, own=history.own or history.people == 1)
    trend = about_trend("time in such sessions", sessions_.weeks)
    return Section(
        "debugging",
        "What leads to debugging?",
        f"{answer} {trend}".strip(),
        [SESSION, _about_gaps(most), *([] if trend else [_NO_TREND])],
        lambda: _figures(found, answer),
        ["command", *([] if history.own else ["people"]), "sessions", "tries", "until it works", "given up", "a week"],
        [
            [
                row.command,
                *([] if history.own else [f"{row.people:,}"]),
                f"{row.sessions:,}",
                "-" if row.tries is None else f"{row.tries:.1f}",
                "-" if row.until_ms is None else duration(row.until_ms),
                percentage(row.given_up / row.sessions),
                f"{duration(row.week_ms)}{in_brackets(row.range_ms)}",
            ]
            for row in found
        ],
    )


def _answer(found: Sequence[Debugging], most: Mapping[int, tuple[str, float]], *, own: bool) -> str:
    """Which command leads to most, if that is certain and hangs on no gap, and what its sessions are like."""
    first, *rest = found
    if rest and not (
        leads(first.units_ms, rest[0].units_ms) and all(name == first.command for name, _ in most.values())
    ):
        one, other = (f"{row.command} ({duration(row.week_ms)} a week{in_brackets(row.range_ms)})" for row in found[:2])
        return f"{one} and {other} lead to most debugging; which of them to more is not certain."
    text = f"{first.command} leads to most debugging: it takes {'you' if own else 'people'} {duration(first.week_ms)} "
    text += f"a week{in_brackets(first.range_ms)}"
    if first.until_ms is not None and first.tries is not None:
        text += f", {first.tries:.1f} tries and a median of {duration(first.until_ms)} until it works"
    return (
        f"{text}. Of {count_of(first.sessions, 'session')}, {percentage(first.given_up / first.sessions)} are given up."
    )


def _about_gaps(most: Mapping[int, tuple[str, float]]) -> str:
    """Whether another gap would give another answer."""
    (half, half_ms), (usual, _), (twice, twice_ms) = (most[gap_s] for gap_s in GAPS_S)
    if half == usual == twice:
        return (
            f"{usual} comes first as well if pauses are at most half an hour ({duration(half_ms)} a week), or "
            f"two hours ({duration(twice_ms)})."
        )
    return (
        f"What comes first depends on the pause: with half an hour {half} ({duration(half_ms)} a week), with an hour "
        f"{usual}, with two hours {twice} ({duration(twice_ms)})."
    )


def _figures(found: Sequence[Debugging], answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    rows: Rows = [
        {
            "command": row.command,
            "people": row.people,
            "sessions": row.sessions,
            "tries": row.tries,
            "until_ms": row.until_ms,
            "given_up": row.given_up,
            "hours_a_week": row.week_ms / 3_600_000,
        }
        for row in found
    ]
    data = [
        {
            **line,
            "label": duration(row.week_ms),
            "text": f"{row.command}: {duration(row.week_ms)} a week in {count_of(row.sessions, 'session')}",
        }
        for line, row in zip(rows[: drawing.SHOWN_COMMANDS], found, strict=False)
    ]
    caption = drawing.largest("Time in sessions that each command led to, of all people", rows, "lead to most")
    return [Figure("debugging", caption, rows, drawing.bars(data, "hours_a_week", "hours a week", answer))]


def document(found: Sequence[Debugging]) -> list[dict[str, Any]]:
    """For programs: times in ms, those of a week of all people."""
    return [
        {
            "command": row.command,
            "people": row.people,
            "sessions": row.sessions,
            "given_up": row.given_up,
            "tries": row.tries,
            "until_ms": row.until_ms,
            "ms_per_week": row.week_ms,
            "ms_per_week_low": row.range_ms and row.range_ms[0],
            "ms_per_week_high": row.range_ms and row.range_ms[1],
        }
        for row in found
    ]
