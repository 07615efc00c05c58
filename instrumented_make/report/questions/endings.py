"""Which commands fail or are killed, and when?

People end interactive commands as they like, so these appear only in the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from instrumented_make.figures import Figures
from instrumented_make.layout import percentage
from instrumented_make.report.engine import Column
from instrumented_make.report.estimators.hours import HOURS, LEAST_WEEKS, Hours, compare_hours
from instrumented_make.report.history import History
from instrumented_make.report.queries import HOUR_S, ends, week
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.times import BEFORE_THURSDAY_S, WEEK_S

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MILLION = 1_000_000


def hours(table: Any) -> Any:
    """For each ``hour`` of the week, from Monday 0:00 UTC, in each ``week``: ``runs``, ``failed``, ``interrupted``.

    ``expected``: how many of them would have failed or been interrupted if each person's runs did so equally often in
    all hours, in whole millionths, so that every engine's sums are the same.
    """
    hour = (table.start_s + BEFORE_THURSDAY_S) // HOUR_S % (WEEK_S // HOUR_S)
    runs = table.mutate(hour=hour, week=week(table))
    cells = runs.group_by(["user_id", "hour", "week"]).agg(**ends(runs))
    person = ibis.window(group_by="user_id")
    bad = (cells.failed + cells.interrupted).sum().over(person)
    cells = cells.mutate(expected=cells.runs * (bad * _MILLION // cells.runs.sum().over(person)))
    sums = {name: cells[name].sum() for name in ("runs", "failed", "interrupted", "expected")}
    return cells.group_by(["hour", "week"]).agg(**sums).order_by(["hour", "week"])


def ask(history: History) -> Section:
    """The section, from the totals and from the hours."""
    figures = [row for row in history.summary.figures if not row.interactive]
    answer = _answer([row for row in figures if row.command not in history.others] or figures)
    cells: dict[str, Column] = {}
    found: Hours | None = None
    if any(row.failed or row.interrupted for row in figures):
        history.begin("Finding when runs fail")
        cells = history.columns(hours(history.awaited))
        bad, expected = cells["failed"] + cells["interrupted"], cells["expected"] / _MILLION
        found = compare_hours(cells["hour"], cells["week"], cells["runs"], bad, expected)
        answer = f"{answer} {_about_hours(found)}"
    return Section(
        "endings",
        "Which commands fail or are killed, and when?",
        answer,
        figures=lambda: _figures(figures, cells, found, answer),
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


def _answer(figures: Sequence[Figures]) -> str:
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
    return "; ".join(parts) + "." if parts else "Only rarely used commands failed or were interrupted."


def _about_hours(found: Hours | None) -> str:
    if found is None:
        return f"Whether hours of the week differ cannot be told from fewer than {LEAST_WEEKS} weeks."
    return f"Hours of the week differ by {'more' if found.differ else 'no more'} than chance would make them."


def _figures(figures: Sequence[Figures], cells: dict[str, Column], found: Hours | None, answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    if not figures:
        return []
    ordered = sorted(figures, key=lambda row: (-(row.failed + row.interrupted) / row.runs, row.command))
    rows: Rows = [
        {"command": row.command, "runs": row.runs, "failed": row.failed, "interrupted": row.interrupted}
        for row in ordered
    ]
    caption = drawing.largest("Runs that failed or were interrupted by a signal, of all runs", rows, "end badly most")
    drawn = [Figure("endings", caption, rows, _commands(rows[: drawing.SHOWN_COMMANDS], answer))]
    # Readers would take an hour that is darkest by chance for an answer.
    if found is not None and found.differ:
        rows = _by_hour(cells, found)
        caption = "When: the stronger the colour, the larger the share of the same people's runs, less what is chance; "
        drawn.append(Figure("hours", f"{caption}hours with very few runs are left blank", rows, _hours(rows)))
    return drawn


def _by_hour(cells: dict[str, Column], found: Hours) -> Rows:
    """For each hour that can be shown its runs, and the ``share`` that chance has been taken out of."""
    runs, failed, interrupted = (
        np.bincount(cells["hour"], cells[name], HOURS).astype(int) for name in ("runs", "failed", "interrupted")
    )
    return [
        {
            "day": DAYS[hour // 24],
            "hour": hour % 24,
            "runs": int(runs[hour]),
            "failed": int(failed[hour]),
            "interrupted": int(interrupted[hour]),
            "share": share,
        }
        for hour, share in zip(found.hour.tolist(), found.share.tolist(), strict=True)
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

    data: Rows = [
        {
            "day": cell["day"],
            "short": cell["day"][:2],
            "hour": cell["hour"],
            "share": cell["share"],
            "text": f"{cell['day']} {cell['hour']}:00 UTC: about {percentage(cell['share'])}; of {cell['runs']:,} runs "
            f"{cell['failed']:,} failed, {cell['interrupted']:,} were interrupted",
        }
        for cell in cells
    ]
    top = max(row["share"] for row in data)

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

    return drawing.both(draw, "The share of runs that failed or were interrupted, by hour of the week, without chance.")
