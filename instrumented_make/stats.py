"""Statistics of runs, command by command, and how they are shown.

Every front end uses these definitions, wherever the figures come from: ``metrics-stats`` from the outbox, or
``python -m generator report`` from a warehouse.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from instrumented_make import __version__
from instrumented_make.text import printable

DAY_S = 24 * 3600
WEEK_S = 7 * DAY_S
# 1970-01-01 was a Thursday; weeks begin on Monday, 0:00 UTC, and are numbered from the week of that day.
BEFORE_THURSDAY_S = 3 * DAY_S
MEDIAN, P95 = 50, 95
SHOWN_WEEKS = 12
NO_DATE = "{!r} is not a date; use, for example, 2026-05-17, 2026-05-17T15:02+02:00, 4w, 10d, or week"
# Back from now, in seconds.
_PERIODS_S = {"day": DAY_S, "week": WEEK_S, "month": 30 * DAY_S, "year": 365 * DAY_S}
# What a run can be: not longer than a year, and not from before the year 2020; the specification is of 2021.
LONGEST_MS = 366 * DAY_S * 1000
EARLIEST_S = 1_577_836_800
_BARS = "▁▂▃▄▅▆▇█"
_NO_RUNS = "·"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which runs count. ``since_s``: started then or later (seconds since 1970); ``commands``: only these are shown."""

    since_s: int | None = None
    commands: tuple[str, ...] = ()
    include_test: bool = False
    only_master: bool = False


@dataclass(frozen=True, slots=True)
class Week:
    """A command's runs in the week that began on Monday ``number`` weeks after that of 1970-01-01."""

    number: int
    runs: int
    median_ms: float
    p90_ms: float
    p95_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """One command: ``failed`` runs had a positive exit status, ``interrupted`` ones a negative (a signal).

    ``interactive``: people work inside it, so nobody waits for it.
    """

    command: str
    people: int
    runs: int
    total_ms: int
    median_ms: float
    p95_ms: float
    failed: int
    interrupted: int
    weeks: tuple[Week, ...]
    interactive: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the commands that are shown, most time first, interactive ones last.

    ``total_ms`` of all commands, and how much of it people ``waited``.
    """

    figures: tuple[Figures, ...]
    waited_ms: int
    total_ms: int

    def share(self, figures: Figures) -> float | None:
        """The command's share of all the time that people waited, 0 to 1; None if nobody waits for it."""
        if figures.interactive:
            return None
        return figures.total_ms / self.waited_ms if self.waited_ms else 0.0


def latest_s() -> int:
    """The latest start, in seconds since 1970, that a run can have: anyone's clock may be a day ahead."""
    return int(time.time()) + DAY_S


def can_be(duration_ms: int, start_s: float, latest_s: float) -> bool:
    """Whether a run can have these values. Others come from a wrong clock or a forger: a write key is no secret."""
    return 0 <= duration_ms <= LONGEST_MS and EARLIEST_S <= start_s <= latest_s


@dataclass(frozen=True, slots=True)
class Run:
    """The parts of a run that the figures need; ``week`` as :func:`week_of` gives it."""

    command: str
    duration_ms: int
    exit_status: int
    week: int


def week_of(start_s: float) -> int:
    """The number of the week of a time in seconds since 1970."""
    return int((start_s + BEFORE_THURSDAY_S) // WEEK_S)


def monday(week: int) -> str:
    """The date on which a week began, as ISO 8601."""
    return datetime.fromtimestamp(week * WEEK_S - BEFORE_THURSDAY_S, timezone.utc).date().isoformat()


def moment(text: str, now_s: float | None = None) -> int:
    """A point in time as whole seconds since 1970. Raise ValueError if it is not one.

    ``text`` is an ISO 8601 date, or date and time, UTC without a zone; or how far back from now: ``4w``, ``10d``,
    or ``day``, ``week``, ``month`` (30 days) and ``year`` for one of these.
    """
    if back := re.fullmatch(r"([0-9]{1,4})([dw])|(day|week|month|year)", text):
        period_s = _PERIODS_S[back[3] or {"d": "day", "w": "week"}[back[2]]]
        return int(time.time() if now_s is None else now_s) - int(back[1] or 1) * period_s
    # Python 3.10 does not know the zone Z.
    named = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    return int((named if named.tzinfo else named.replace(tzinfo=timezone.utc)).timestamp())


def quantile(values: Sequence[int], percent: int) -> float:
    """The quantile of sorted ``values``, of which there is at least one, by linear interpolation.

    This is definition 7 of Hyndman and Fan (1996), as in SQL's PERCENTILE_CONT. Between whole numbers, at a whole
    percentage, it is a number of hundredths: see :func:`hundredths`.
    """
    position = percent * (len(values) - 1)
    low, high = values[position // 100], values[min(position // 100 + 1, len(values) - 1)]
    return hundredths(low + (high - low) * (position % 100) / 100)


def hundredths(value: float) -> float:
    """A quantile without the rounding errors of an engine's arithmetic."""
    return round(float(value), 2)


def summarise(runs: Iterable[Run], commands: tuple[str, ...] = ()) -> Summary:
    """The summary of one person's runs; only ``commands``, if any are named, are shown."""
    by_command: dict[str, list[Run]] = {}
    for run in runs:
        by_command.setdefault(run.command, []).append(run)
    figures = [_figures(command, of_command) for command, of_command in by_command.items()]
    return selected(figures, commands)


def selected(figures: Iterable[Figures], commands: tuple[str, ...]) -> Summary:
    """The summary of these figures, most time first; only ``commands``, if any are named, are shown."""
    ordered = sorted(figures, key=lambda row: (row.interactive, -row.total_ms, row.command))
    shown = tuple(row for row in ordered if not commands or row.command in commands)
    waited_ms = sum(row.total_ms for row in ordered if not row.interactive)
    return Summary(shown, waited_ms, sum(row.total_ms for row in ordered))


def _figures(command: str, runs: list[Run]) -> Figures:
    durations = sorted(run.duration_ms for run in runs)
    weeks: dict[int, list[int]] = {}
    for run in runs:
        weeks.setdefault(run.week, []).append(run.duration_ms)
    return Figures(
        command=command,
        people=1,
        runs=len(runs),
        total_ms=sum(durations),
        median_ms=quantile(durations, MEDIAN),
        p95_ms=quantile(durations, P95),
        failed=sum(run.exit_status > 0 for run in runs),
        interrupted=sum(run.exit_status < 0 for run in runs),
        weeks=tuple(_week(number, sorted(values)) for number, values in sorted(weeks.items())),
    )


def _week(number: int, durations: list[int]) -> Week:
    return Week(number, len(durations), *(quantile(durations, percent) for percent in (MEDIAN, 90, P95)))


def shown(summary: Summary, format_: str, context: list[str], *, with_people: bool) -> str:
    """The summary as a ``table``, as wide as the terminal if there is one, or as ``json`` or ``csv``.

    The table comes below its ``context``.
    """
    if format_ == "json":
        return as_json(summary)
    if format_ == "csv":
        return as_csv(summary)
    width = terminal_width()
    return above(context, width) + as_table(summary, with_people=with_people, width=width)


def context(source: str, event: str | None, selection: Selection, figures: Sequence[Figures], *more: str) -> list[str]:
    """What readers must know about the figures: where they come from, what counts, the period, and what made them.

    ``more``: what else counts, or does not.
    """
    counts = [f"event {event}"] if event else []
    if selection.since_s is not None:
        counts.append(f"since {minute(selection.since_s)}")
    counts.append(f"commands {', '.join(selection.commands)}" if selection.commands else "all commands")
    counts.append("main branch" if selection.only_master else "all branches")
    counts.append("with test data" if selection.include_test else "without test data")
    counts += more
    weeks = sorted({week.number for row in figures for week in row.weeks})
    period = "No runs"
    if weeks:
        period = f"Weeks from {monday(weeks[0])} to {monday(weeks[-1])} (UTC)"
        if len(weeks) == 1:
            period = f"The week of {monday(weeks[0])} (UTC)"
    return [
        f"{printable(source)}: {printable('; '.join(counts))}",
        f"{period}; made {made()} by instrumented-make {__version__}",
    ]


def made() -> str:
    """The time of this report, as :func:`minute` writes it.

    ``SOURCE_DATE_EPOCH`` replaces the clock, for reproducible output
    (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return minute(float(fixed) if re.fullmatch("[0-9]{1,11}", fixed) else time.time())


def minute(seconds: float) -> str:
    """A time in seconds since 1970 for people to read: ISO 8601 in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="minutes").replace("+00:00", "Z")


def above(context: list[str], width: int | None) -> str:
    """``context`` as lines of at most ``width`` characters, followed by an empty one."""
    lines = [line for text in context for line in (textwrap.wrap(text, width) if width else [text])]
    return "\n".join([*lines, "", ""])


def terminal_width() -> int | None:
    """How many characters a line may have on stdout; None if it is not a terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def as_table(summary: Summary, *, with_people: bool, width: int | None = None) -> str:
    """Lines of text, aligned, of at most ``width`` characters.

    If that is too narrow, the least important columns are left out, and then commands are shortened.
    """
    if not summary.figures:
        return "No matching runs.\n"
    last = max(week.number for row in summary.figures for week in row.weeks)
    head = ["command", *(["people"] if with_people else []), "runs", "time", "median", "p95", "failed", "interrupted"]
    rows = [[*head, _WEEKS]]
    for figures in summary.figures:
        row = [printable(figures.command), *([f"{figures.people:,}"] if with_people else []), f"{figures.runs:,}"]
        share = summary.share(figures)
        row += ["-" if share is None else percentage(share), duration(figures.median_ms), duration(figures.p95_ms)]
        row += [
            percentage(figures.failed / figures.runs),
            percentage(figures.interrupted / figures.runs),
            _sparkline(figures.weeks, last),
        ]
        rows.append(row)
    return _aligned(rows, width)


def as_json(summary: Summary) -> str:
    """One JSON object: see :func:`document`."""
    return json.dumps(document(summary), indent=2) + "\n"


def document(summary: Summary) -> dict[str, object]:
    """For programs: all time, what people waited of it, and ``commands`` with every week that had runs."""
    commands = [
        {
            **_flat(summary, row),
            "weeks": [
                {
                    "monday": monday(week.number),
                    "runs": week.runs,
                    "median_ms": week.median_ms,
                    "p90_ms": week.p90_ms,
                    "p95_ms": week.p95_ms,
                }
                for week in row.weeks
            ],
        }
        for row in summary.figures
    ]
    return {"total_ms": summary.total_ms, "waited_ms": summary.waited_ms, "commands": commands}


def as_csv(summary: Summary) -> str:
    """The names of the columns, then a line for each command; without the weeks."""
    return csv_text(_flat(summary, _EMPTY), [_flat(summary, row) for row in summary.figures])


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The names of ``columns``, then a line for each row.

    Text that a spreadsheet would take for a formula gets an apostrophe in front
    (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _no_formula(value) for name, value in row.items()} for row in rows)
    return stream.getvalue()


def _no_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


_EMPTY = Figures("", 0, 1, 0, 0, 0, 0, 0, ())


def _flat(summary: Summary, row: Figures) -> dict[str, str | int | float | None]:
    return {
        "command": row.command,
        "people": row.people,
        "runs": row.runs,
        "total_ms": row.total_ms,
        "time_share": summary.share(row),
        "median_ms": row.median_ms,
        "p95_ms": row.p95_ms,
        "failed": row.failed,
        "failed_share": row.failed / row.runs,
        "interrupted": row.interrupted,
        "interrupted_share": row.interrupted / row.runs,
        "interactive": row.interactive,
    }


def percentage(share: float) -> str:
    """A share from 0 to 1 for people to read."""
    return f"{share:.1%}"


def duration(milliseconds: float) -> str:
    """A duration for people to read, with two or three significant digits."""
    if milliseconds < 1_000:
        return f"{milliseconds:.0f} ms"
    unit, size = next(
        (unit, size)
        for unit, size, below in (("s", 1_000, 60_000), ("min", 60_000, 3_600_000), ("h", 3_600_000, float("inf")))
        if milliseconds < below
    )
    value = milliseconds / size
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.1f} {unit}"


def _sparkline(weeks: Sequence[Week], last: int) -> str:
    """A bar for each of the weeks up to ``last``, in proportion to the highest median shown."""
    medians = {week.number: week.median_ms for week in weeks if week.number > last - SHOWN_WEEKS}
    highest = max(medians.values(), default=0) or 1
    return "".join(
        _BARS[round(medians[week] / highest * (len(_BARS) - 1))] if week in medians else _NO_RUNS
        for week in range(last - SHOWN_WEEKS + 1, last + 1)
    )


def _aligned(rows: list[list[str]], width: int | None) -> str:
    """Names to the left, numbers to the right, two spaces between columns."""
    for name in _LEFT_OUT:
        if width is None or _natural(rows) <= width:
            break
        if name in rows[0]:
            place = rows[0].index(name)
            rows = [row[:place] + row[place + 1 :] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    if width is not None:
        spare = width - sum(widths[1:]) - 2 * (len(widths) - 1)
        widths[0] = min(widths[0], max(spare, 1))
    lines = []
    for row in rows:
        name = row[0] if len(row[0]) <= widths[0] else f"{row[0][: widths[0] - 1]}…"
        numbers = [cell.rjust(size) for cell, size in zip(row[1:], widths[1:], strict=True)]
        if rows[0][-1] == _WEEKS:
            numbers[-1] = row[-1]
        lines.append("  ".join([name.ljust(widths[0]), *numbers]).rstrip())
    return "\n".join(lines) + "\n"


_WEEKS = "median by week"
# The columns that a narrow terminal leaves out, in this order.
_LEFT_OUT = (_WEEKS, "p95", "interrupted", "people", "failed", "time", "runs")
# This many characters are enough to tell names apart.
_LEAST_NAME = 20


def _natural(rows: list[list[str]]) -> int:
    """How wide the lines are with names shortened as far as allowed."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return min(widths[0], _LEAST_NAME) + sum(widths[1:]) + 2 * (len(widths) - 1)
