"""What a history of runs amounts to, command by command, and how it is shown.

These are the definitions that every front end uses, whatever computed the figures: ``metrics-stats`` from the
outbox, or ``python -m generator report`` from a warehouse.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from instrumented_make.text import printable

WEEK_S = 7 * 24 * 3600
# 1970-01-01 was a Thursday; weeks begin on Monday, 0:00 UTC, and are counted from the one that it was in.
BEFORE_THURSDAY_S = 3 * 24 * 3600
MEDIAN, P95 = 50, 95
SHOWN_WEEKS = 12
NO_DATE = "{!r} is no date such as 2026-05-17 or 2026-05-17T15:02+02:00"
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


@dataclass(frozen=True, slots=True)
class Figures:
    """One command: ``failed`` runs had a positive exit status, ``interrupted`` ones a negative (a signal)."""

    command: str
    people: int
    runs: int
    total_ms: int
    median_ms: float
    p95_ms: float
    failed: int
    interrupted: int
    weeks: tuple[Week, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the commands that are shown, most time first, and the time that all commands took."""

    figures: tuple[Figures, ...]
    total_ms: int

    def share(self, figures: Figures) -> float:
        """Of all the time, what this command took: 0 to 1."""
        return figures.total_ms / self.total_ms if self.total_ms else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """What of a run the figures need; ``week`` as :func:`week_of` gives it."""

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


def moment(text: str) -> int:
    """An ISO 8601 date, or date and time, as whole seconds since 1970. Without a zone it is UTC. Raise ValueError."""
    # Python 3.10 does not know the zone Z.
    time = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    return int((time if time.tzinfo else time.replace(tzinfo=timezone.utc)).timestamp())


def quantile(values: Sequence[int], percent: int) -> float:
    """The quantile of sorted ``values``, of which there is at least one, by linear interpolation.

    This is definition 7 of Hyndman and Fan (1996), as in SQL's PERCENTILE_CONT. Between whole numbers, at a whole
    percentage, it is a number of hundredths: see :func:`hundredths`.
    """
    position = percent * (len(values) - 1)
    low, high = values[position // 100], values[min(position // 100 + 1, len(values) - 1)]
    return hundredths(low + (high - low) * (position % 100) / 100)


def hundredths(value: float) -> float:
    """A quantile without what the arithmetic of one engine or another has added to it."""
    return round(float(value), 2)


def summarise(runs: Iterable[Run], commands: tuple[str, ...] = ()) -> Summary:
    """The summary of one person's runs; only ``commands``, if any are named, are shown."""
    by_command: dict[str, list[Run]] = {}
    for run in runs:
        by_command.setdefault(run.command, []).append(run)
    figures = [_figures(command, of_command) for command, of_command in by_command.items()]
    return selected(figures, commands)


def selected(figures: Iterable[Figures], commands: tuple[str, ...]) -> Summary:
    """The summary of these figures, most time first, of which only ``commands``, if any are named, are shown."""
    ordered = sorted(figures, key=lambda row: (-row.total_ms, row.command))
    shown = tuple(row for row in ordered if not commands or row.command in commands)
    return Summary(shown, sum(row.total_ms for row in ordered))


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
        weeks=tuple(
            Week(number, len(values), quantile(sorted(values), MEDIAN)) for number, values in sorted(weeks.items())
        ),
    )


def shown(summary: Summary, format_: str, *, with_people: bool) -> str:
    """The summary as a ``table``, as wide as the terminal if there is one, or as ``json`` or ``csv``."""
    if format_ == "json":
        return as_json(summary)
    if format_ == "csv":
        return as_csv(summary)
    return as_table(summary, with_people=with_people, width=terminal_width())


def terminal_width() -> int | None:
    """How many characters a line may have on stdout; None where it is no terminal."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def as_table(summary: Summary, *, with_people: bool, width: int | None = None) -> str:
    """Lines of text, aligned; commands are cut where a line would be wider than ``width`` characters."""
    if not summary.figures:
        return "No such runs are on record.\n"
    last = max(week.number for row in summary.figures for week in row.weeks)
    head = ["command", *(["people"] if with_people else []), "runs", "time", "median", "p95", "failed", "interrupted"]
    rows = [[*head, "median by week"]]
    for figures in summary.figures:
        row = [printable(figures.command), *([f"{figures.people:,}"] if with_people else []), f"{figures.runs:,}"]
        row += [percentage(summary.share(figures)), duration(figures.median_ms), duration(figures.p95_ms)]
        row += [
            percentage(figures.failed / figures.runs),
            percentage(figures.interrupted / figures.runs),
            _sparkline(figures.weeks, last),
        ]
        rows.append(row)
    return _aligned(rows, width)


def as_json(summary: Summary) -> str:
    """One JSON object: ``total_ms`` of all commands, and ``commands``, with every week that had runs."""
    commands = [
        {
            **_flat(summary, row),
            "weeks": [
                {"monday": monday(week.number), "runs": week.runs, "median_ms": week.median_ms} for week in row.weeks
            ],
        }
        for row in summary.figures
    ]
    return json.dumps({"total_ms": summary.total_ms, "commands": commands}, indent=2) + "\n"


def as_csv(summary: Summary) -> str:
    """A line for each command below the names of the columns; without the weeks."""
    return csv_text(_flat(summary, _EMPTY), [_flat(summary, row) for row in summary.figures])


def csv_text(columns: Iterable[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The names of ``columns``, and a line for each row below them.

    A text that a spreadsheet would take for a formula begins with an apostrophe there
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


def _flat(summary: Summary, row: Figures) -> dict[str, str | int | float]:
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
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    if width is not None:
        spare = width - sum(widths[1:]) - 2 * (len(widths) - 1)
        widths[0] = max(min(widths[0], spare), min(widths[0], 12))
    lines = []
    for row in rows:
        name = row[0] if len(row[0]) <= widths[0] else f"{row[0][: widths[0] - 1]}…"
        numbers = [cell.rjust(size) for cell, size in zip(row[1:-1], widths[1:-1], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *numbers, row[-1]]).rstrip())
    return "\n".join(lines) + "\n"
