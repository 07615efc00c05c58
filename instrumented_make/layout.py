"""How figures are written: as a table for people, as JSON and CSV for programs.

The table is laid out here, not by a library, since ``metrics-stats`` runs where only Python's own can be counted on.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from instrumented_make import __version__
from instrumented_make.figures import MOST_TIMES, Automated, Figures, Selection, Summary, Week
from instrumented_make.text import printable
from instrumented_make.times import minute, monday, time_of_report

SHOWN_WEEKS = 12
_BARS = "▁▂▃▄▅▆▇█"
_NO_RUNS = "·"
_WEEKS = "median by week"
# The columns that a narrow terminal leaves out, in this order.
_LEFT_OUT = ("p95", "interrupted", "people", _WEEKS, "failed", "time", "runs")
# This many characters are enough to tell names apart.
_LEAST_NAME = 20
_EMPTY = Figures("", 0, 1, 0, 0, 0, 0, 0, ())


def lay_out(summary: Summary, format_: str, context: list[str], *, with_people: bool) -> str:
    """The summary as a ``table``, as wide as the terminal if there is one, or as ``json`` or ``csv``.

    The table comes below its ``context``.
    """
    if format_ == "json":
        return as_json(summary)
    if format_ == "csv":
        return as_csv(summary)
    width = terminal_width()
    return wrap(context, width) + as_table(summary, with_people=with_people, width=width)


def describe(source: str, event: str | None, selection: Selection, summary: Summary, *more: str) -> list[str]:
    """What readers must know about the figures: where they come from, what counts, the period, and what made them.

    ``more``: what else counts, or does not.
    """
    counts = [f"event {event}"] if event else []
    if selection.since_s is not None:
        counts.append(f"since {minute(selection.since_s)}")
    counts.append(f"commands {', '.join(selection.commands)}" if selection.commands else "all commands")
    counts.append("main branch" if selection.only_master else "all branches")
    counts.append("with test data" if selection.include_test else "without test data")
    if selection.all_callers:
        counts.append("with runs of agents and programs")
    counts += more
    if summary.cut:
        runs = f"{summary.cut:,} run{'s' if summary.cut > 1 else ''}"
        counts.append(f"{runs} longer than {MOST_TIMES} times what 95 % of their command's take: counted as that long")
    weeks = sorted({week.number for row in summary.figures for week in row.weeks})
    period = "No runs"
    if weeks:
        period = f"Weeks from {monday(weeks[0])} to {monday(weeks[-1])} (UTC)"
        if len(weeks) == 1:
            period = f"The week of {monday(weeks[0])} (UTC)"
    return [
        f"{printable(source)}: {printable('; '.join(counts))}",
        f"{period}; made {time_of_report()} by instrumented-make {__version__}",
        *([_not_counted(summary.automated, sum(row.runs for row in summary.figures))] if summary.automated else []),
    ]


def _not_counted(automated: Automated, counted: int) -> str:
    """What there is beside the ``counted`` runs."""
    if automated.runs is None or automated.failed is None:
        return (
            "Agents and programs made runs too, of too few people to tell more: not counted; --callers all counts them"
        )
    runs = f"{automated.runs:,} run{'s' if automated.runs > 1 else ''}"
    share = percentage(automated.runs / (automated.runs + counted))
    failed = percentage(automated.failed / automated.runs)
    return (
        f"Agents and programs made {runs} more ({share} of all), of which {failed} failed: not counted; "
        "--callers all counts them"
    )


def wrap(context: list[str], width: int | None) -> str:
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
    return _align(rows, width)


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
    totals = {"total_ms": summary.total_ms, "waited_ms": summary.waited_ms, "cut": summary.cut}
    return {**totals, "automated": asdict(summary.automated) if summary.automated else None, "commands": commands}


def as_csv(summary: Summary) -> str:
    """The names of the columns, then a line for each command; without the weeks."""
    return write_csv(_flat(summary, _EMPTY), [_flat(summary, row) for row in summary.figures])


def write_csv(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
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


def _align(rows: list[list[str]], width: int | None) -> str:
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


def _natural(rows: list[list[str]]) -> int:
    """How wide the lines are with names shortened as far as allowed."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return min(widths[0], _LEAST_NAME) + sum(widths[1:]) + 2 * (len(widths) - 1)
