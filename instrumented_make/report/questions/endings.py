"""Which commands fail or are killed, and when?

People end interactive commands as they like, so these appear only in the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from instrumented_make.figures import Figures
from instrumented_make.layout import percentage
from instrumented_make.report.history import History, Time
from instrumented_make.report.queries import HOUR_S, ends
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import week_of
from instrumented_make.times import BEFORE_THURSDAY_S, WEEK_S

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def hours(table: Any) -> Any:
    """For each ``hour`` of the week, from Monday 0:00 UTC: ``runs``, ``failed``, ``interrupted``."""
    hour = (table.start_s + BEFORE_THURSDAY_S) // HOUR_S % (WEEK_S // HOUR_S)
    return table.group_by(hour=hour).agg(**ends(table)).order_by("hour")


def ask(history: History) -> Section:
    """The section, from the totals and, for its charts, from the hours."""
    figures = [row for row in history.summary.figures if not row.interactive]
    answer = _answer([row for row in figures if row.command not in history.others] or figures, history.timeline)
    return Section(
        "endings",
        "Which commands fail or are killed, and when?",
        answer,
        figures=lambda: _figures(history, figures, answer),
        columns=["command", "runs", "failed", "of runs", "interrupted", "of runs"],
        rows=[
            [
                row.command,
                f"{row.runs:,}",
                f"{row.failed:,}",
                percentage(row.failed / row.runs),
                f"{row.interrupted:,}",
                percentage(row.interrupted / row.runs),
            ]
            for row in history.summary.figures
        ],
    )


def _answer(figures: Sequence[Figures], timeline: Sequence[Time]) -> str:
    runs = sum(row.runs for row in figures)
    if not any(row.failed or row.interrupted for row in figures):
        return "No run failed and none was interrupted."
    # For a command that is hardly ever run, a single failure is a large share.
    often = [row for row in figures if row.runs >= runs / 100] or figures
    failing = max(often, key=lambda row: (row.failed / row.runs, row.command))
    killed = max(often, key=lambda row: (row.interrupted / row.runs, row.command))
    parts = []
    if failing.failed:
        parts.append(
            f"{failing.command} fails most: {percentage(failing.failed / failing.runs)} of {failing.runs:,} runs"
        )
    if killed.interrupted:
        share = percentage(killed.interrupted / killed.runs)
        parts.append(f"{killed.command} is interrupted most: {share} of {killed.runs:,} runs")
    text = "; ".join(parts) + "." if parts else "Only rarely used commands failed or were interrupted."
    weeks = [row for row in timeline if row.runs]
    worst = max(weeks, key=lambda row: (row.failed / row.runs, row.week))
    if worst.failed and len(weeks) > 1:
        overall = sum(row.failed for row in weeks) / sum(row.runs for row in weeks)
        text += (
            f" The worst was {week_of(worst.week)}: {percentage(worst.failed / worst.runs)} of runs failed, against "
            f"{percentage(overall)} overall."
        )
    return text


def _figures(history: History, figures: Sequence[Figures], answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    if not figures:
        return []
    ordered = sorted(figures, key=lambda row: (-(row.failed + row.interrupted) / row.runs, row.command))
    rows: Rows = [
        {"command": row.command, "runs": row.runs, "failed": row.failed, "interrupted": row.interrupted}
        for row in ordered
    ]
    history.begin("Finding when runs fail")
    cells: Rows = [
        {"day": DAYS[cell["hour"] // 24], **cell, "hour": cell["hour"] % 24}
        for cell in history.ask(hours(history.awaited))
    ]
    return [
        Figure(
            "endings",
            drawing.largest("Runs that failed or were interrupted by a signal, of all runs", rows, "end badly most"),
            rows,
            _commands(rows[: drawing.SHOWN_COMMANDS], answer),
        ),
        Figure(
            "hours",
            "When: the stronger the colour, the larger the share; hours with very few runs are left blank",
            cells,
            _hours(cells),
        ),
    ]


def _commands(rows: Rows, answer: str) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    data: Rows = [
        {
            "command": row["command"],
            "ending": ending,
            "order": order,
            "share": row[ending] / row["runs"],
            "text": f"{row['command']}: {row[ending]:,} of {row['runs']:,} runs {ending}, "
            f"{percentage(row[ending] / row['runs'])}",
        }
        for row in rows
        for order, ending in enumerate(("failed", "interrupted"))
    ]

    def draw(width: int) -> Chart:
        chart: Chart = (
            drawing.base(data)
            .mark_bar(height=14)
            .encode(
                y=drawing.commands(data, width),
                x=alt.X("share:Q", stack=True, axis=alt.Axis(format="~%", title=None, tickCount=5)),
                fill=alt.Fill("ending:N", scale=drawing.ENDINGS, legend=alt.Legend(title=None, orient="top")),
                order="order:Q",
                description="text:N",
            )
            .properties(width=width, height=drawing.height(data, legend=True))
        )
        return chart

    return drawing.both(draw, answer)


def _hours(cells: Rows) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    # An hour with a handful of runs says nothing, but could be the darkest of all.
    enough = sum(cell["runs"] for cell in cells) / 168 / 10
    data: Rows = [
        {
            "day": cell["day"],
            "short": cell["day"][:2],
            "hour": cell["hour"],
            "share": (cell["failed"] + cell["interrupted"]) / cell["runs"],
            "text": f"{cell['day']} {cell['hour']}:00 UTC: of {cell['runs']:,} runs {cell['failed']:,} failed, "
            f"{cell['interrupted']:,} were interrupted",
        }
        for cell in cells
        if cell["runs"] >= enough
    ]
    top = max(row["share"] for row in data) or 1

    def draw(width: int) -> Chart:
        wide = width == drawing.WIDE
        names = [day if wide else day[:2] for day in DAYS]
        legend = alt.Legend(title="failed or interrupted", format="~%", orient="top", tickCount=4 if wide else 2)
        ticks = list(range(0, 24, 3 if wide else 6))
        chart: Chart = (
            drawing.base(data)
            .mark_rect(fill="var(--failed)", stroke="var(--paper)", strokeWidth=1)
            .encode(
                x=alt.X(
                    "hour:O",
                    scale=alt.Scale(domain=list(range(24))),
                    axis=alt.Axis(title="hour of the day, UTC", labelAngle=0, values=ticks, grid=False),
                ),
                y=alt.Y(
                    "day:O" if wide else "short:O",
                    sort=None,
                    scale=alt.Scale(domain=names),
                    axis=drawing.names_axis(names, 200),
                ),
                opacity=alt.Opacity("share:Q", scale=alt.Scale(domain=[0, top], range=[0.04, 1]), legend=legend),
                description="text:N",
            )
            .properties(width=width, height=7 * 24 + 90)
        )
        return chart

    return drawing.both(draw, "The share of runs that failed or were interrupted, by hour of the week.")
