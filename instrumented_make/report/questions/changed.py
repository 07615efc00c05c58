"""What changed, and when? Searches every command, without being given a date."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

from instrumented_make.errors import Position, failure
from instrumented_make.layout import duration, percentage
from instrumented_make.report.estimators.shift import (
    FALSE_ALARM,
    LEAST_WEEKS,
    NEW_WEEKS,
    SEEN,
    Search,
    Shift,
    commit_days,
    search,
)
from instrumented_make.report.estimators.student import half_width
from instrumented_make.report.estimators.weekly import DURATION, FAILURES, INTERRUPTIONS, Weekly
from instrumented_make.report.history import History
from instrumented_make.report.options import FAILING, INTERRUPTED, SLOWER, Earlier
from instrumented_make.report.queries import number_people, sum_by, week
from instrumented_make.report.section import Figure, Rows, Section
from instrumented_make.report.wording import count_of, in_brackets, join_names, week_of
from instrumented_make.times import DAY_S, begin_of, date, monday

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

# A shift is the same as in an earlier report if their dates are at most this many weeks apart.
SAME_WEEKS = 3
# Commits are compared by runs that began at most this many weeks before or after a shift.
AROUND_WEEKS = 8
# A wider range of commit days than this does not help to find the commit.
FEW_DAYS = 28
# For each kind of change: its name, and what a sentence says of one command and of several, now and of a spell.
_KINDS = {
    (DURATION, True): (SLOWER, "got slower", "got slower", "was slower", "were slower"),
    (DURATION, False): ("faster", "got faster", "got faster", "was faster", "were faster"),
    (FAILURES, True): (FAILING, "fails more", "fail more", "failed more", "failed more"),
    (FAILURES, False): ("failing less", "fails less", "fail less", "failed less", "failed less"),
    (INTERRUPTIONS, True): (INTERRUPTED, *(f"{be} interrupted more" for be in ("is", "are", "was", "were"))),
    (INTERRUPTIONS, False): ("interrupted less", *(f"{be} interrupted less" for be in ("is", "are", "was", "were"))),
}
_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Change:
    """A shift, and what else the report knows about it.

    ``commits``: the days (since 1970) of the first and the last commit that it may have come with, if known.
    ``new``: whether it is missing from the earlier report; None without one.
    """

    shift: Shift
    commits: tuple[int, int] | None
    new: bool | None

    @property
    def kind(self) -> str:
        """In a word: SLOWER, FAILING, INTERRUPTED, or the opposite; for a spell that is over, with ``for a time``."""
        kind = _KINDS[self.shift.measure, self.shift.worse][0]
        return kind if self.shift.until is None else f"{kind} for a time"

    def verb(self, commands: int = 1) -> str:
        """What a sentence about so many commands says."""
        _, *words = _KINDS[self.shift.measure, self.shift.worse]
        return words[(self.shift.until is not None) * 2 + (commands > 1)]


def commits(table: Any, names: Sequence[str]) -> Any:
    """The same for commands of these ``names``, also for each ``day`` (since 1970) of the commit that was checked out.

    Only on the main branch: on another, the day of a commit does not say what it contains.
    """
    known = table.filter(table.command.isin(list(names)), table.on_master, table.commit_s.notnull())
    by = ["command", "user_id", "week", "day"]
    return number_people(sum_by(known.mutate(week=week(known), day=known.commit_s // DAY_S), by))


def ask(history: History) -> Section:
    """The section; the page and the terminal begin with it."""
    changes = find_changes(history)
    return Section(
        "changed",
        "What changed?",
        _obstacle(history) or _answer(changes),
        [] if _obstacle(history) else _details(changes, history),
        lambda: _figures(changes),
        in_full=True,
    )


@cache
def find_changes(history: History) -> list[Change]:
    """All shifts, those for the worse first, then by cost. Raise UserError if the engine fails.

    A team's report leaves out shifts that affect too few people.
    """
    told = [shift for shift in _search(history).shifts if history.may_be_told(shift.people)]
    days = _commits(history, [shift for shift in told if not shift.gradual])
    known = [Change(shift, days.get(shift), is_new(shift, history.options.earlier)) for shift in told]
    return sorted(
        known, key=lambda change: (not change.shift.worse, change.shift.measure, -abs(change.shift.cost_a_week))
    )


@cache
def _search(history: History) -> Search:
    history.begin("Looking for what changed")
    return search({command: history.weekly[command] for command in _candidates(history)}, Random(0), own=history.own)


def _candidates(history: History) -> list[str]:
    """The commands that can shift. How long people work in a command, and how they leave it, is not a level."""
    return [command for command in history.commands if command not in history.interactive]


def _commits(history: History, changes: Sequence[Shift]) -> dict[Shift, tuple[int, int]]:
    """The days of the commits that each of these may have come with, if known."""
    if not changes:
        return {}
    history.begin("Looking for the commits that fit")
    columns = history.columns(commits(history.runs, sorted({shift.command for shift in changes})))
    order = np.lexsort([columns["day"], columns["week"], columns["person"]])
    command, day = columns["command"][order], columns["day"][order]
    runs = Weekly(*(columns[column.name][order] for column in fields(Weekly)))
    told = {}
    for shift in changes:
        at = (command == shift.command) & (abs(runs.week - shift.week) <= AROUND_WEEKS)
        at &= runs.week < (math.inf if shift.until is None else shift.until)
        here = runs.of(at)
        days = commit_days(here.person, day[at], *here.values_of(shift.measure))
        if days is not None and days[1] - days[0] <= FEW_DAYS:
            told[shift] = days
    return told


def is_new(shift: Shift, earlier: Earlier | None) -> bool | None:
    """Whether the ``earlier`` report did not say so; None without one."""
    if earlier is None:
        return None
    return not any(
        change["command"] == shift.command
        and change["measure"] == shift.measure
        and change["worse"] == shift.worse
        and abs(change["week"] - shift.week) <= SAME_WEEKS
        for change in earlier.changes
    )


def document(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """For programs, and for the next report's ``--since-last``."""
    return [
        {
            "command": change.shift.command,
            "measure": change.shift.measure,
            "kind": change.kind,
            "worse": change.shift.worse,
            "gradual": change.shift.gradual,
            "since": monday(change.shift.week),
            "week": change.shift.week,
            "until": monday(change.shift.until) if change.shift.until is not None else None,
            "commits_from": date(change.commits[0]) if change.commits else None,
            "commits_to": date(change.commits[1]) if change.commits else None,
            "before": change.shift.before,
            "after": change.shift.after,
            "people": change.shift.people,
            "moved": change.shift.moved,
            "runs_a_week": change.shift.runs_a_week,
            "cost_a_week": change.shift.cost_a_week,
            "cost_low": change.shift.cost_low,
            "cost_high": change.shift.cost_high,
            "new": change.new,
        }
        for change in changes
    ]


def read_earlier(path: Path) -> Earlier:
    """What an earlier report wrote with ``--format json``. Raise UserError."""
    hint = "give the output of an earlier 'report ... --format json'"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise failure(f"{error.msg}", hint, path=str(path), position=Position(error.lineno, error.colno)) from None
    except UnicodeDecodeError:
        raise failure("it is not UTF-8 text", hint, path=str(path)) from None
    except OSError as error:
        raise failure(f"it cannot be read: {error.strerror}", hint, path=str(path)) from None
    try:
        known = [
            {"command": str(change["command"]), "measure": str(change["measure"])}
            | {"worse": bool(change["worse"]), "week": int(change["week"])}
            for change in document["changes"]
        ]
        float(document["waiting_ms_per_person_and_week"] or 0)  # a report has this number too, or null
        return Earlier(str(document["made"]), tuple(known))
    except (KeyError, TypeError, ValueError):
        raise failure("it is not a report, or it is from before version 0.4", hint, path=str(path)) from None


def are_any_of(changes: Sequence[Change], kinds: Sequence[str]) -> bool:
    """Whether there is a change of one of these kinds; with an earlier report, a new one."""
    return any(change.kind in kinds and change.new is not False for change in changes)


def _obstacle(history: History) -> str:
    """Why nothing could be looked at, if that is so."""
    if not _candidates(history):
        return "No command can be searched: each is 'other' or interactive."
    if len({week.number for row in history.summary.figures for week in row.weeks}) < 2 * LEAST_WEEKS:
        return f"It is too early to tell: at least {2 * LEAST_WEEKS} weeks with runs are needed."
    return ""


def _answer(changes: Sequence[Change]) -> str:
    if not changes:
        return "No lasting change found."
    parts = []
    for kind in dict.fromkeys(change.kind for change in changes):
        alike = [change for change in changes if change.kind == kind]
        names = list(dict.fromkeys(change.shift.command for change in alike))
        over = " for a time" if alike[0].shift.until is not None else ""
        parts.append(f"{join_names(names)} {alike[0].verb(len(names))}{over}")
    return "; ".join(parts) + "."


def _details(changes: Sequence[Change], history: History) -> list[str]:
    earlier = history.options.earlier
    lines = [sentence(change, own=history.own) for change in changes]
    given_up = {
        change.shift.command for change in changes if change.shift.measure == INTERRUPTIONS and change.shift.worse
    }
    if given_up:
        lines.append(
            f"Durations of {join_names(sorted(given_up))} are a lower bound: they are of runs that succeeded, and "
            "people interrupt those that take long."
        )
    if earlier is not None:
        new = sum(bool(change.new) for change in changes)
        lines.append(f"Since the report of {earlier.made}: {count_of(new, 'new change') if new else 'no new change'}.")
    lines.append(_sight(_search(history)))
    lines.append(
        f"If nothing changed, and no week is more like the one before than like others, the chance of finding anything "
        f"is at most {FALSE_ALARM:.0%}. Only levels that last at least {LEAST_WEEKS} weeks count, and nobody's first "
        f"{NEW_WEEKS} weeks in the team."
    )
    return lines


def _sight(searched: Search) -> str:
    """What would have been found in the command that takes most time, so that nobody reads more into nothing found."""
    if searched.ratio is None:
        return (
            f"In {searched.command}, which takes most time, only a much larger change than usual would have been seen."
        )
    more, less = searched.ratio - 1, 1 - 1 / searched.ratio
    return (
        f"In {searched.command}, which takes most time, {more:.0%} more or {less:.0%} less time in the second half of "
        f"these weeks would have been seen in {SEEN * 5:.0f} of 5 cases."
    )


def sentence(change: Change, *, own: bool) -> str:
    """One change: what, since when, for how many people, and what it costs them."""
    shift, over = change.shift, change.shift.until is not None
    if shift.measure == DURATION:
        by = f"{abs(shift.after / shift.before - 1):.0%}"
        takes = f"a run {'took' if over else 'takes'} {duration(shift.after)} instead of {duration(shift.before)}"
        what = f"{takes} ({by} {_more(shift)})"
        costs = ("cost" if shift.worse else "saved") if over else "costs" if shift.worse else "saves"
        cost = f"That {costs} {'you' if own else f'{shift.people:,} people'} {_hours(shift)} a week."
    else:
        what = f"{percentage(shift.after)} of runs instead of {percentage(shift.before)}"
        who = "" if own else f", of {shift.people:,} people"
        ended = "failed" if shift.measure == FAILURES else "interrupted"
        cost = f"That {'was' if over else 'is'} {abs(shift.cost_a_week):,.0f} {ended} runs {_more(shift)} a week{who}."
    when = f"since {week_of(shift.week)}"
    if shift.gradual:
        when = f"gradually from {week_of(shift.week)}"
    elif shift.until is not None:
        when = f"from {week_of(shift.week)} to {week_of(shift.until - 1)}"
    text = f"{shift.command} {change.verb()} {when}: {what}. {cost}"
    if shift.moved is not None:
        text += f" It looks like about {shift.moved:,} of them, and no change for the others."
    if change.commits is not None:
        first, last = (date(day) for day in change.commits)
        days = first if first == last else f"{first} to {last}"
        text += f" Most likely introduced by a commit of {days}."
    return f"New: {text}" if change.new else text


def _hours(shift: Shift) -> str:
    """What is lost or saved in a week, with its range if that is on one side."""
    low, high = sorted((abs(shift.cost_low), abs(shift.cost_high)))
    known = shift.cost_low * shift.cost_high > 0 and low < high
    return f"{duration(abs(shift.cost_a_week))}{in_brackets((low, high) if known else None)}"


def _more(shift: Shift) -> str:
    return "more" if shift.worse else "less" if shift.measure == DURATION else "fewer"


def _figures(changes: Sequence[Change]) -> list[Figure]:
    if not changes:
        return []
    rows: Rows = [
        {
            "command": change.shift.command,
            "measure": change.shift.measure,
            "week": monday(number),
            "level": level,
            "since": monday(change.shift.week),
        }
        for change in changes
        for number, level in change.shift.levels
    ]
    caption = (
        "The level of each week: typical duration, or the share of runs that fail or are interrupted; "
        "the dashed line is the change, and the band where the level may be (95 %)"
    )
    small = [(f"{change.shift.command}, {change.shift.measure}", _level(change)) for change in changes[:_SHOWN]]
    return [Figure("changes", caption, rows, small=small)]


def _bands(shift: Shift) -> list[Rows]:
    """Where each level, or the drift, may be (95 %), as the weeks that have it differ from it."""
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    of_time = shift.measure == DURATION
    week = np.array([number for number, _ in shift.levels], dtype=float)
    level = np.array([value for _, value in shift.levels])
    level = np.log(level) if of_time else level
    part = (week >= shift.week).astype(int) + (week >= (shift.until or math.inf))
    bands: list[Rows] = []
    for number in range(1 if shift.gradual else 3):
        at = part >= 0 if shift.gradual else part == number
        freedom = int(at.sum()) - (2 if shift.gradual else 1)
        if freedom < 1:
            continue
        since = week[at] - week[at].mean()
        lever = since / (since @ since) if shift.gradual else np.zeros_like(since)
        middle = level[at].mean() + float(lever @ level[at]) * since
        variance = float(((level[at] - middle) ** 2).sum()) / freedom
        half = half_width(freedom, 0.95) * np.sqrt(variance * (1 / len(since) + lever * since))
        low, high = (np.exp(end) if of_time else np.maximum(end, 0) for end in (middle - half, middle + half))
        bands.append(
            [
                {"week": drawing.week_ms(int(number)), "low": float(one), "high": float(other)}
                for number, one, other in zip(week[at], low, high, strict=True)
            ]
        )
    return bands


def _level(change: Change) -> str:
    """The levels of one command before and after, small, as an SVG element."""
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    shift = change.shift
    of_time = shift.measure == DURATION
    said = duration if of_time else percentage
    rows: Rows = [
        {"week": drawing.week_ms(number), "level": level, "text": f"{week_of(number)}: {said(level)}"}
        for number, level in shift.levels
    ]
    numbers = [number for number, _ in shift.levels]
    if of_time:
        scale, axis = drawing.durations(
            min(row["level"] for row in rows), max(row["level"] for row in rows), 4, drawing.BESIDE
        )
    else:
        scale, axis = alt.Scale(domainMin=0), alt.Axis(format="~%", title="of runs", tickCount=3)
    colour = "var(--worse)" if shift.worse else "var(--better)"
    middle = numbers[0] if shift.gradual else shift.week
    lines: Rows = [
        {"week": drawing.week_ms(begin), "end": drawing.week_ms(end), "from": low, "to": high, "text": said(high)}
        for begin, end, low, high in (
            [(numbers[0], numbers[-1], shift.before, shift.after)]
            if shift.gradual
            else [
                (numbers[0], middle, shift.before, shift.before),
                (middle, shift.until or numbers[-1], shift.after, shift.after),
                *([(shift.until, numbers[-1], shift.before, shift.before)] if shift.until is not None else []),
            ]
        )
    ]
    y = alt.Y("level:Q", scale=scale, axis=axis)
    marks = drawing.base(rows).encode(x=drawing.weeks(numbers, drawing.NARROW, end=False), y=y, description="text:N")
    levels = drawing.base(lines).encode(
        x="week:T", x2="end:T", y=alt.Y("from:Q", scale=scale, axis=axis), y2="to:Q", description="text:N"
    )
    at_s = None if shift.gradual else begin_of(shift.week)
    bands = [
        drawing.base(band)
        .mark_area(fill=colour, opacity=0.18)
        .encode(x="week:T", y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
        for band in _bands(shift)
    ]
    chart: Chart = alt.layer(
        *bands,
        marks.mark_point(filled=True, size=24, fill="var(--soft)", strokeWidth=0),
        levels.mark_rule(strokeWidth=3, stroke=colour),
        *drawing.marker(at_s, numbers[0], "since then"),
    )
    text = f"{shift.command}: from {said(shift.before)} to {said(shift.after)}"
    return drawing.svg(chart.properties(width=drawing.NARROW, height=170), text)
