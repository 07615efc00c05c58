"""The charts that follow the weeks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import altair as alt

from instrumented_make.report.drawing import (
    ENDINGS,
    NARROW,
    WIDE,
    Chart,
    Drawing,
    Rows,
    base,
    both,
    marker,
    svg,
    week_ms,
)
from instrumented_make.report.drawing import weeks as time
from instrumented_make.report.figures import AGES_DAYS, Age, Time
from instrumented_make.stats import Figures, duration, monday, percentage


def ages(weeks: Sequence[Age], text: str) -> Drawing:
    """How old the code was that people worked on, week by week."""
    names = age_bands()
    rows: Rows = []
    for row in weeks:
        reached = [row.people, *row.at_least, 0]
        for place, name in enumerate(names):
            count = reached[place] - reached[place + 1]
            rows.append(
                {
                    "week": week_ms(row.week),
                    "end": week_ms(row.week + 1),
                    "band": name,
                    "from": (row.people - reached[place]) / row.people,
                    "to": (row.people - reached[place + 1]) / row.people,
                    "text": f"week of {monday(row.week)}: {name}: {count:,} of {row.people:,} people",
                }
            )
    colours = [f"var(--age-{number})" for number in range(len(names))]

    def draw(width: int) -> Chart:
        legend = alt.Legend(title=None, orient="top", columns=4 if width == WIDE else 2)
        chart: Chart = (
            base(rows)
            .mark_rect(stroke="var(--paper)", strokeWidth=1)
            .encode(
                x=time([row.week for row in weeks], width, end=True),
                x2="end:T",
                y=alt.Y("from:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%", title="people")),
                y2="to:Q",
                fill=alt.Fill("band:N", scale=alt.Scale(domain=names, range=colours), sort=names, legend=legend),
                description="text:N",
            )
            .properties(width=width, height=260)
        )
        return chart

    return both(draw, text)


def age_bands() -> list[str]:
    """The names of the bands between the ages AGES_DAYS, youngest first."""
    texts = [f"{days} day{'s' if days > 1 else ''}" if days < 28 else f"{days // 7} weeks" for days in AGES_DAYS]
    middle = [f"{low} to {high}" for low, high in itertools.pairwise(texts)]
    return [f"less than {texts[0]}", *middle, f"{texts[-1]} or more"]


def time_over(weeks: Sequence[Time], text: str, change_s: int | None) -> Drawing:
    """Hours of everybody's time, week by week."""
    rows: Rows = [
        {
            "week": week_ms(row.week),
            "end": week_ms(row.week + 1),
            "none": 0,
            "hours": row.total_ms / 3_600_000,
            "text": f"week of {monday(row.week)}: {duration(row.total_ms)}, {row.runs:,} runs, {row.people:,} people",
        }
        for row in weeks
    ]

    def draw(width: int) -> Chart:
        bars = base(rows).mark_rect(fill="var(--accent)", stroke="var(--paper)", strokeWidth=1)
        axis = alt.Axis(title="hours", tickCount=4)
        bars = bars.encode(
            x=time([row.week for row in weeks], width, end=True),
            x2="end:T",
            y=alt.Y("hours:Q", axis=axis),
            y2="none:Q",
            description="text:N",
        )
        return alt.layer(bars, *marker(change_s, weeks[0].week)).properties(width=width, height=220)

    return both(draw, text)


def endings_over(weeks: Sequence[Time], text: str, change_s: int | None) -> Drawing:
    """The shares of runs that failed and that were interrupted, week by week."""
    rows: Rows = [
        {
            "week": week_ms(row.week),
            "ending": ending,
            "share": count / row.runs,
            "text": f"week of {monday(row.week)}: {percentage(count / row.runs)} {ending}, {count:,} of {row.runs:,}",
        }
        for row in weeks
        for ending, count in (("failed", row.failed), ("interrupted", row.interrupted))
    ]

    def draw(width: int) -> Chart:
        lines = base(rows).encode(
            x=time([row.week for row in weeks], width, end=False),
            y=alt.Y("share:Q", axis=alt.Axis(format="~%", title="of runs", tickCount=4)),
            description="text:N",
        )
        legend = alt.Legend(title=None, orient="top", symbolType="stroke", symbolStrokeWidth=3)
        stroke = alt.Stroke("ending:N", scale=ENDINGS, legend=legend)
        return alt.layer(
            lines.mark_line(strokeWidth=2).encode(stroke=stroke),
            lines.mark_point(filled=True, size=24, strokeWidth=0).encode(
                fill=alt.Fill("ending:N", scale=ENDINGS, legend=None)
            ),
            *marker(change_s, weeks[0].week),
        ).properties(width=width, height=240)

    return both(draw, text)


def median_over(row: Figures, change_s: int | None) -> str:
    """The weekly medians of one command, small, as an SVG element."""
    top = max(week.median_ms for week in row.weeks)
    unit, size = next(
        (unit, size)
        for unit, size in (("h", 3.6e6), ("min", 6e4), ("s", 1e3), ("ms", 1))
        if top >= size or unit == "ms"
    )
    rows: Rows = [
        {
            "week": week_ms(week.number),
            "median": week.median_ms / size,
            "text": f"week of {monday(week.number)}: median {duration(week.median_ms)} of {week.runs:,} runs",
        }
        for week in row.weeks
    ]
    axis = alt.Axis(title=unit, tickCount=3)
    marks = base(rows).encode(
        x=time([week.number for week in row.weeks], NARROW, end=False),
        y=alt.Y("median:Q", axis=axis, scale=alt.Scale(domainMin=0)),
        description="text:N",
    )
    chart = alt.layer(
        marks.mark_line(strokeWidth=2, stroke="var(--accent)"),
        marks.mark_point(filled=True, size=20, fill="var(--accent)", strokeWidth=0),
        *marker(change_s, row.weeks[0].number),
    )
    said = (
        f"{row.command}: median by week, from {duration(row.weeks[0].median_ms)} to {duration(row.weeks[-1].median_ms)}"
    )
    return svg(chart.properties(width=NARROW, height=150), said)
