"""What happened over time?"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import TYPE_CHECKING

from instrumented_make.figures import Figures
from instrumented_make.layout import duration, percentage
from instrumented_make.report.history import History, Time
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import about_trend, week_of
from instrumented_make.times import monday

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

# How many of the commands that take the most time get a chart of their own.
FOLLOWED = 6
# The middle half of fewer weeks is hardly different from their median.
ENOUGH_FOR_HALF = 4
# What marks a week whose beginning or end is missing.
PART = " (part)"


def ask(history: History) -> Section:
    """The section, from the sums and the quantiles of every week."""
    timeline, partial = history.timeline, history.partial
    answer = _answer(history.complete, own=history.own or history.people == 1)
    return Section(
        "weeks",
        "What happened over time?",
        answer,
        figures=lambda: _figures(history, answer),
        columns=["week of", "people", "runs", "waiting per person", "failed", "interrupted"],
        rows=[
            [
                f"{monday(row.week)}{PART if row.week in partial else ''}",
                f"{row.people:,}",
                f"{row.runs:,}",
                duration(row.total_ms / row.people),
                *(percentage(count / row.runs) if row.runs else "-" for count in (row.failed, row.interrupted)),
            ]
            for row in timeline
        ],
    )


def _answer(full: Sequence[Time], *, own: bool) -> str:
    """A usual week of those that are complete, and the trend if there is one."""
    who = "you waited" if own else "each person waited"
    waits = [row.total_ms / row.people for row in full]
    if len(full) == 1:
        return f"All runs are from {week_of(full[0].week)}: {who} {duration(waits[0])}."
    text = f"In a usual week, {who} {duration(statistics.median(waits))}"
    if len(full) >= ENOUGH_FOR_HALF:
        low, _, high = statistics.quantiles(waits, method="inclusive")
        text += f"; in half of the {len(full)} complete weeks, {duration(low)} to {duration(high)}"
    rose = about_trend("waiting", [(row.week, row.total_ms / row.people) for row in full])
    return f"{text}.{f' {rose}' if rose else ''}"


def _figures(history: History, answer: str) -> list[Figure]:
    timeline, change_s = history.timeline, history.options.change_s
    waiting: Rows = [
        {"week": monday(row.week), "people": row.people, "hours": row.total_ms / row.people / 3_600_000}
        for row in timeline
    ]
    ended: Rows = [
        {"week": monday(row.week), "runs": row.runs, "failed": row.failed, "interrupted": row.interrupted}
        for row in timeline
        if row.runs
    ]
    followed = [row for row in history.summary.figures if not row.interactive][:FOLLOWED]
    medians: Rows = [
        {
            "command": row.command,
            "week": monday(week.number),
            "runs": week.runs,
            "median_ms": week.median_ms,
            "p90_ms": week.p90_ms,
            "p95_ms": week.p95_ms,
        }
        for row in history.summary.figures
        for week in row.weeks
    ]
    paler = "; of a paler week there is only a part" if history.partial else ""
    dashed = "" if change_s is None else "; the dashed line is the change"
    figures = [
        Figure(
            "waiting-by-week",
            f"Hours that each person waited, each week{paler}{dashed}",
            waiting,
            _draw_waiting(timeline, history.partial, answer, change_s),
        )
    ]
    if ended:
        caption = "Runs that failed or were interrupted, each week"
        figures.append(Figure("endings-by-week", caption, ended, _endings(timeline, change_s)))
    if followed:
        caption = "Duration, each week, of the commands that take the most time: median (thick), 90 % and 95 %"
        small = [(row.command, _durations(row, change_s)) for row in followed]
        figures.append(Figure("durations-by-week", caption, medians, small=small))
    return figures


def _draw_waiting(timeline: Sequence[Time], partial: set[int], text: str, change_s: int | None) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    rows: Rows = [
        {
            "week": drawing.week_ms(row.week),
            "end": drawing.week_ms(row.week + 1),
            "none": 0,
            "hours": row.total_ms / row.people / 3_600_000,
            "opacity": 0.45 if row.week in partial else 1.0,
            "text": f"{week_of(row.week)}{PART if row.week in partial else ''}: {duration(row.total_ms / row.people)} "
            f"for each of {row.people:,} people, {row.runs:,} runs",
        }
        for row in timeline
    ]

    def draw(width: int) -> Chart:
        bars = drawing.base(rows).mark_rect(fill="var(--accent)", stroke="var(--paper)", strokeWidth=1)
        bars = bars.encode(
            x=drawing.weeks([row.week for row in timeline], width, end=True),
            x2="end:T",
            y=alt.Y("hours:Q", axis=alt.Axis(title="hours", tickCount=4)),
            y2="none:Q",
            opacity=alt.Opacity("opacity:Q", scale=None),
            description="text:N",
        )
        return alt.layer(bars, *drawing.marker(change_s, timeline[0].week)).properties(width=width, height=220)

    return drawing.both(draw, text)


def _endings(timeline: Sequence[Time], change_s: int | None) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    rows: Rows = [
        {
            "week": drawing.week_ms(row.week),
            "ending": ending,
            "share": count / row.runs,
            "text": f"{week_of(row.week)}: {percentage(count / row.runs)} {ending}, {count:,} of {row.runs:,}",
        }
        for row in timeline
        if row.runs
        for ending, count in (("failed", row.failed), ("interrupted", row.interrupted))
    ]

    def draw(width: int) -> Chart:
        lines = drawing.base(rows).encode(
            x=drawing.weeks([row.week for row in timeline], width, end=False),
            y=alt.Y("share:Q", axis=alt.Axis(format="~%", title="of runs", tickCount=4)),
            description="text:N",
        )
        legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolStrokeWidth=3)
        return alt.layer(
            lines.mark_line(strokeWidth=2).encode(stroke=alt.Stroke("ending:N", scale=drawing.ENDINGS, legend=legend)),
            lines.mark_point(filled=True, size=24, strokeWidth=0).encode(
                fill=alt.Fill("ending:N", scale=drawing.ENDINGS, legend=None)
            ),
            *drawing.marker(change_s, timeline[0].week),
        ).properties(width=width, height=240)

    return drawing.both(draw, "The shares of runs that failed or were interrupted, by week.")


def _durations(row: Figures, change_s: int | None) -> str:
    """The weekly quantiles of one command, small, as an SVG element."""
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    rows: Rows = [
        {
            "week": drawing.week_ms(week.number),
            "median": max(week.median_ms, 1),
            "p90": max(week.p90_ms, 1),
            "p95": max(week.p95_ms, 1),
            "text": f"{week_of(week.number)}: median {duration(week.median_ms)}, 90 % {duration(week.p90_ms)}, 95 % "
            f"{duration(week.p95_ms)} of {week.runs:,} runs",
        }
        for week in row.weeks
    ]
    scale, axis = drawing.durations(
        min(line["median"] for line in rows), max(line["p95"] for line in rows), 4, drawing.BESIDE
    )
    marks = drawing.base(rows).encode(
        x=drawing.weeks([week.number for week in row.weeks], drawing.NARROW, end=False), description="text:N"
    )

    def line(name: str, width: float, opacity: float) -> Chart:
        drawn: Chart = marks.mark_line(strokeWidth=width, stroke="var(--accent)", opacity=opacity).encode(
            y=alt.Y(f"{name}:Q", scale=scale, axis=axis)
        )
        return drawn

    chart = alt.layer(
        line("p95", 1, 0.6),
        line("p90", 1, 0.8),
        line("median", 2.5, 1),
        marks.mark_point(filled=True, size=20, fill="var(--accent)", strokeWidth=0).encode(
            y=alt.Y("median:Q", scale=scale, axis=axis)
        ),
        *drawing.marker(change_s, row.weeks[0].number),
    )
    first, last = row.weeks[0], row.weeks[-1]
    said = f"{row.command}: median by week, from {duration(first.median_ms)} to {duration(last.median_ms)}"
    return drawing.svg(chart.properties(width=drawing.NARROW, height=170), said)
