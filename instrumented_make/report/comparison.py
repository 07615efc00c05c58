"""Shows a comparison: as a table with a sentence for each command, or for programs."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from instrumented_make.report import words
from instrumented_make.report.change import FALSE_ALARM, Comparison, Effect
from instrumented_make.stats import above, csv_text, duration, minute, percentage

# Nobody's terminal is wider.
_WIDE = 10_000

Shown = Callable[[float], str]


def as_table(
    comparisons: list[Comparison], change_s: int, window_weeks: int, about: list[str], width: int | None
) -> str:
    """A row for each command, then the verdicts, below what it is ``about``.

    ``width`` in characters, None for as wide as it needs. Where a row would not fit, the verdicts alone are shown:
    they have the same figures.
    """
    table = Table(box=None, pad_edge=False)
    for name in ("command", "people", "runs", "typical", "time", "failed", "points"):
        table.add_column(name, justify="left" if name == "command" else "right", no_wrap=name != "command")
    for comparison in comparisons:
        table.add_row(
            comparison.command,
            str(comparison.duration.people) if comparison.duration else "0",
            f"{comparison.runs_before:,} → {comparison.runs_after:,}",
            _pair(comparison.duration, duration),
            _interval(comparison.duration, lambda value: f"{math.exp(value) - 1:+.0%}"),
            _pair(comparison.failures, percentage),
            _interval(comparison.failures, lambda value: f"{value * 100:+.1f}"),
        )
    stream = io.StringIO()
    console = Console(file=stream, width=width or _WIDE, highlight=False, markup=False)
    within = f"Within {words.counted(window_weeks, 'week')} of {minute(change_s)}, on the main branch"
    console.print(above([*about, within], width), end="")
    if console.measure(table, options=console.options.update(width=_WIDE)).maximum <= console.width:
        console.print(table)
        console.print()
    for sentence in words.sentences(comparisons):
        console.print(sentence)
    console.print()
    console.print(words.verdict(comparisons))
    return "".join(f"{line.rstrip()}\n" for line in stream.getvalue().splitlines())


def as_json(comparisons: list[Comparison], change: str) -> str:
    """One JSON object; what cannot be told is null."""
    commands = [_flat(comparison) for comparison in comparisons]
    document = {
        "change": change,
        "false_alarm": FALSE_ALARM,
        "verdict": words.verdict(comparisons),
        "commands": commands,
    }
    return json.dumps(document, indent=2) + "\n"


def as_csv(comparisons: list[Comparison]) -> str:
    """A line for each command below the names of the columns; what cannot be told is empty."""
    return csv_text(_flat(Comparison("", 0, 0, None, None)), [_flat(comparison) for comparison in comparisons])


def _flat(comparison: Comparison) -> dict[str, str | int | float | None]:
    return {
        "command": comparison.command,
        "runs_before": comparison.runs_before,
        "runs_after": comparison.runs_after,
        **{f"duration_{name}": value for name, value in _effect(comparison.duration, exponential=True).items()},
        "duration_verdict": words.of_duration(comparison),
        "duration_fits_change": comparison.duration_fits,
        **{f"failed_{name}": value for name, value in _effect(comparison.failures, exponential=False).items()},
        "failed_verdict": words.of_failures(comparison),
        "failed_fits_change": comparison.failures_fit,
    }


def _effect(effect: Effect | None, *, exponential: bool) -> dict[str, int | float | None]:
    """Under names that say what it is: a ratio of typical durations in ms, or a difference of shares."""
    name = "ratio" if exponential else "difference"
    names = ("people", "effective_people", "before", "after", name, f"{name}_low", f"{name}_high")
    if effect is None:
        return dict.fromkeys(names)
    bounds = [effect.estimate, effect.low, effect.high]
    told = [(math.exp(value) if exponential else value) if math.isfinite(value) else None for value in bounds]
    return dict(zip(names, [effect.people, effect.effective_people, effect.before, effect.after, *told], strict=True))


def _pair(effect: Effect | None, shown: Shown) -> str:
    return f"{shown(effect.before)} → {shown(effect.after)}" if effect else "-"


def _interval(effect: Effect | None, shown: Shown) -> str:
    if effect is None:
        return "-"
    if not effect.enough:
        return shown(effect.estimate)
    return f"{shown(effect.estimate)} ({shown(effect.low)} to {shown(effect.high)})"
