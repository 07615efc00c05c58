"""The figures of runs, command by command.

Every front end uses these definitions, wherever the runs come from: ``metrics-stats`` from the outbox, or
``python -m generator report`` from a warehouse.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from instrumented_make.times import DAY_S, EARLIEST_S

MEDIAN, P95 = 50, 95
LONGEST_MS = 366 * DAY_S * 1000  # of a run
# A run counts for at most so many times as long as 95 % of its command's runs: a laptop may have slept, which events of
# versions before 0.5 do not tell.
MOST_TIMES = 3


@dataclass(frozen=True, slots=True)
class Selection:
    """Which runs count. ``since_s``: started then or later (seconds since 1970); ``commands``: only these are shown.

    ``all_callers``: those of coding agents and programs too, not only people's.
    """

    since_s: int | None = None
    commands: tuple[str, ...] = ()
    include_test: bool = False
    only_master: bool = False
    all_callers: bool = False


@dataclass(frozen=True, slots=True)
class Automated:
    """Runs that agents and programs started; None for both if that may not be told of so few people."""

    runs: int | None
    failed: int | None


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

    ``interactive``: people work inside it, so its time is not waiting.
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

    ``total_ms`` of all commands, and how much of it people ``waited``; ``cut`` runs count as :func:`longest_ms`.
    ``automated`` runs are not among them; None if there are none, or if all callers' runs count.
    """

    figures: tuple[Figures, ...]
    waited_ms: int
    total_ms: int
    cut: int = 0
    automated: Automated | None = None

    def share(self, figures: Figures) -> float | None:
        """The command's share of all the time that people waited, 0 to 1; None if it is interactive."""
        if figures.interactive:
            return None
        return figures.total_ms / self.waited_ms if self.waited_ms else 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """The parts of a run that the figures need; ``week`` as :func:`week_of` gives it."""

    command: str
    duration_ms: int
    exit_status: int
    week: int


def longest_ms(p95_ms: float) -> int:
    """The most that a run of a command counts for in any sum, if 95 % of its runs take at most ``p95_ms``."""
    return int(MOST_TIMES * p95_ms)


def is_possible(duration_ms: int, start_s: float, latest_s: float) -> bool:
    """Whether a run can have these values. Others come from a wrong clock or a forger: a write key is no secret."""
    return 0 <= duration_ms <= LONGEST_MS and EARLIEST_S <= start_s <= latest_s


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
    figures = {command: _figures(command, of_command) for command, of_command in by_command.items()}
    cut = sum(
        run.duration_ms > longest_ms(figures[run.command].p95_ms) for run in itertools.chain(*by_command.values())
    )
    return summary_of(figures.values(), commands, cut=cut)


def summary_of(
    figures: Iterable[Figures], commands: tuple[str, ...], last: Collection[str] = (), *, cut: int = 0
) -> Summary:
    """The summary of these figures, most time first; only ``commands``, if any are named, are shown.

    ``last``: commands that stand for several, and come after all others of their kind.
    """
    ordered = sorted(figures, key=lambda row: (row.interactive, row.command in last, -row.total_ms, row.command))
    rows = tuple(row for row in ordered if not commands or row.command in commands)
    waited_ms = sum(row.total_ms for row in ordered if not row.interactive)
    return Summary(rows, waited_ms, sum(row.total_ms for row in ordered), cut)


def _figures(command: str, runs: list[Run]) -> Figures:
    durations = sorted(run.duration_ms for run in runs)
    p95_ms = quantile(durations, P95)
    weeks: dict[int, list[int]] = {}
    for run in runs:
        weeks.setdefault(run.week, []).append(run.duration_ms)
    return Figures(
        command=command,
        people=1,
        runs=len(runs),
        total_ms=sum(min(value, longest_ms(p95_ms)) for value in durations),
        median_ms=quantile(durations, MEDIAN),
        p95_ms=p95_ms,
        failed=sum(run.exit_status > 0 for run in runs),
        interrupted=sum(run.exit_status < 0 for run in runs),
        weeks=tuple(
            Week(number, len(values), *(quantile(sorted(values), percent) for percent in (MEDIAN, 90, P95)))
            for number, values in sorted(weeks.items())
        ),
    )
