"""The charts that compare commands, and hours."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from instrumented_make.report.change import Comparison, Effect
from instrumented_make.report.drawing import (
    ENDINGS,
    WIDE,
    Chart,
    Drawing,
    Rows,
    base,
    both,
    commands,
    height,
    names_axis,
)
from instrumented_make.report.figures import Hour
from instrumented_make.stats import Figures, Summary, duration, percentage

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MS_AXIS = [1, 10, 100, 1_000, 10_000, 60_000, 600_000, 3_600_000, 36_000_000, 360_000_000]
_MS_LABEL = (
    "datum.value < 1e3 ? datum.value + ' ms' : datum.value < 6e4 ? datum.value / 1e3 + ' s' : "
    "datum.value < 36e5 ? datum.value / 6e4 + ' min' : datum.value / 36e5 + ' h'"
)


def used(figures: Sequence[Figures], text: str) -> Drawing:
    """How often each command was run."""
    rows: Rows = [
        {
            "command": row.command,
            "runs": row.runs,
            "label": f"{row.runs:,}",
            "text": f"{row.command}: {row.runs:,} runs",
        }
        for row in figures
    ]
    return both(lambda width: _bars(rows, "runs", "runs", width), text)


def time_taken(summary: Summary, figures: Sequence[Figures], text: str) -> Drawing:
    """How many hours each command took of everybody's time."""
    rows: Rows = [
        {
            "command": row.command,
            "hours": row.total_ms / 3_600_000,
            "label": percentage(summary.share(row)),
            "text": f"{row.command}: {duration(row.total_ms)}, {percentage(summary.share(row))} of all time",
        }
        for row in figures
    ]
    return both(lambda width: _bars(rows, "hours", "hours", width), text)


def durations(spread: dict[str, tuple[float, ...]], figures: Sequence[Figures], text: str) -> Drawing:
    """How long each command takes: most runs, half of them, and the middle."""
    rows: Rows = []
    for row in figures:
        p5, p25, p50, p75, p95 = (max(value, 1) for value in spread[row.command])
        said = (
            f"{row.command}: half of the runs take {duration(p25)} to {duration(p75)}, median {duration(p50)}, "
            f"nine in ten {duration(p5)} to {duration(p95)}"
        )
        rows.append({"command": row.command, "p5": p5, "p25": p25, "p50": p50, "p75": p75, "p95": p95, "text": said})

    def draw(width: int) -> Chart:
        low, high = min(row["p5"] for row in rows) * 0.9, max(row["p95"] for row in rows) * 1.1
        ticks = [value for value in _MS_AXIS if low <= value <= high]
        axis = alt.Axis(values=ticks, labelExpr=_MS_LABEL, title=None, grid=True)
        scale = alt.Scale(type="log", domain=[low, high], nice=False)
        marks = base(rows).encode(y=commands(rows, width), description="text:N")
        return alt.layer(
            marks.mark_rule(stroke="var(--accent)", strokeWidth=2, opacity=0.45).encode(
                x=alt.X("p5:Q", scale=scale, axis=axis), x2="p95:Q"
            ),
            marks.mark_bar(fill="var(--accent)", height=12, cornerRadius=3, opacity=0.75).encode(x="p25:Q", x2="p75:Q"),
            marks.mark_tick(stroke="var(--paper)", thickness=3, height=12, color="var(--paper)").encode(x="p50:Q"),
        ).properties(width=width, height=height(rows))

    return both(draw, text)


def endings(figures: Sequence[Figures], text: str) -> Drawing:
    """How often each command failed or was interrupted."""
    ordered = sorted(figures, key=lambda row: (-(row.failed + row.interrupted) / row.runs, row.command))
    rows: Rows = [
        {
            "command": row.command,
            "ending": ending,
            "order": order,
            "share": count / row.runs,
            "text": f"{row.command}: {count:,} of {row.runs:,} runs {ending}, {percentage(count / row.runs)}",
        }
        for row in ordered
        for order, (ending, count) in enumerate((("failed", row.failed), ("interrupted", row.interrupted)))
    ]

    def draw(width: int) -> Chart:
        chart: Chart = (
            base(rows)
            .mark_bar(height=14)
            .encode(
                y=commands(rows, width),
                x=alt.X("share:Q", stack=True, axis=alt.Axis(format="~%", title=None, tickCount=5)),
                fill=alt.Fill("ending:N", scale=ENDINGS, legend=alt.Legend(title=None, orient="top")),
                order="order:Q",
                description="text:N",
            )
            .properties(width=width, height=height(rows, legend=True))
        )
        return chart

    return both(draw, text)


def hours(cells: Sequence[Hour], text: str) -> Drawing:
    """The share of runs that failed or were interrupted, by hour of the week."""
    # An hour with a handful of runs says nothing, but would be the darkest of all.
    enough = sum(cell.runs for cell in cells) / 168 / 10
    rows: Rows = [
        {
            "day": DAYS[cell.hour // 24],
            "short": DAYS[cell.hour // 24][:2],
            "hour": cell.hour % 24,
            "share": (cell.failed + cell.interrupted) / cell.runs,
            "text": f"{DAYS[cell.hour // 24]} {cell.hour % 24}:00 UTC: of {cell.runs:,} runs {cell.failed:,} failed, "
            f"{cell.interrupted:,} were interrupted",
        }
        for cell in cells
        if cell.runs >= enough
    ]
    top = max(row["share"] for row in rows) or 1

    def draw(width: int) -> Chart:
        wide = width == WIDE
        chart: Chart = (
            base(rows)
            .mark_rect(fill="var(--failed)", stroke="var(--paper)", strokeWidth=1)
            .encode(
                x=alt.X(
                    "hour:O",
                    scale=alt.Scale(domain=list(range(24))),
                    axis=alt.Axis(
                        title="hour of the day, UTC",
                        labelAngle=0,
                        values=list(range(0, 24, 3 if wide else 6)),
                        grid=False,
                    ),
                ),
                y=alt.Y(
                    "day:O" if wide else "short:O",
                    sort=None,
                    scale=alt.Scale(domain=[day if wide else day[:2] for day in DAYS]),
                    axis=names_axis(DAYS if wide else [day[:2] for day in DAYS], 200),
                ),
                opacity=alt.Opacity(
                    "share:Q",
                    scale=alt.Scale(domain=[0, top], range=[0.04, 1]),
                    legend=alt.Legend(
                        title="failed or interrupted", format="~%", orient="top", tickCount=4 if wide else 2
                    ),
                ),
                description="text:N",
            )
            .properties(width=width, height=7 * 24 + 90)
        )
        return chart

    return both(draw, text)


def forest(comparisons: Sequence[Comparison], text: str, *, of_failures: bool) -> Drawing | None:
    """The effect on each command with its interval; no effect is the dashed line. None where none can be told."""
    rows: Rows = []
    for row in comparisons:
        effect = row.failures if of_failures else row.duration
        if effect is None or not effect.enough:
            continue
        low, middle, high = (
            _percent(effect, value, of_failures=of_failures) for value in (effect.low, effect.estimate, effect.high)
        )
        colour = "var(--better)" if effect.high < 0 else "var(--worse)" if effect.low > 0 else "var(--unsure)"
        unit = " points" if of_failures else "%"
        rows.append(
            {
                "command": row.command,
                "low": low,
                "middle": middle,
                "high": high,
                "colour": colour,
                "text": f"{row.command}: {middle:+.1f}{unit}, from {low:+.1f} to {high:+.1f}, {effect.people} people",
            }
        )
    if not rows:
        return None
    title = "percentage points of runs that fail" if of_failures else "per cent of time"
    reach = max(max(abs(row["low"]), abs(row["high"])) for row in rows) * 1.05

    def draw(width: int) -> Chart:
        scale = alt.Scale(domain=[max(-reach, -100) if not of_failures else -reach, reach], nice=False)
        axis = alt.Axis(title=title, format="+.3~g", tickCount=7 if width == WIDE else 3)
        marks = base(rows).encode(y=commands(rows, width), description="text:N")
        zero = base([{"x": 0}]).mark_rule(stroke="var(--ink)", strokeWidth=1, strokeDash=[4, 3])
        return alt.layer(
            zero.encode(x=alt.X("x:Q", scale=scale, axis=axis)),
            marks.mark_rule(strokeWidth=3, strokeCap="round").encode(
                x="low:Q", x2="high:Q", stroke=alt.Stroke("colour:N", scale=None)
            ),
            marks.mark_point(filled=True, size=90, strokeWidth=0, shape="diamond").encode(
                x="middle:Q", fill=alt.Fill("colour:N", scale=None)
            ),
        ).properties(width=width, height=height(rows) + 20)

    return both(draw, text)


def _percent(effect: Effect, value: float, *, of_failures: bool) -> float:
    return value * 100 if of_failures else (math.exp(value) - 1) * 100


def _bars(rows: Rows, field: str, title: str, width: int) -> Chart:
    marks = base(rows).encode(y=commands(rows, width))
    top = max(row[field] for row in rows) * (1.15 if width == WIDE else 1.25)
    x = alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(title=title, tickCount=5))
    return alt.layer(
        marks.mark_bar(fill="var(--accent)", height=16).encode(x=x, description="text:N"),
        marks.mark_text(align="left", dx=5, fill="var(--ink)", fontSize=12, aria=False).encode(x=x, text="label:N"),
    ).properties(width=width, height=height(rows) + 20)
