"""Which commands take up the most of people's time?

What counts is how long people wait, per person and week in which they ran anything: a sum over a team grows with the
team, and as commands get faster people run them more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from instrumented_make.figures import Figures, Summary
from instrumented_make.layout import duration, percentage
from instrumented_make.report.history import SPREAD, History
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import in_brackets, join_names

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart


HOUR_MS = 3_600_000
# What a command could be faster by, for the sentence about what that saves.
LESS = 0.2
# As often as simulated ranges of 95 % do, for people whose waiting has heavy tails.
IN_BRACKETS = "In brackets: nine in ten such ranges hold the mean of {} like these."


def ask(history: History) -> Section:
    """The section, from the totals and the quantiles of durations."""
    summary = history.summary
    weeks = history.person_weeks
    awaited = [row for row in summary.figures if not row.interactive]
    worked_in = [f"{row.command} ({duration(row.total_ms / weeks)})" for row in summary.figures if row.interactive]
    details = []
    if worked_in:
        details.append(f"Not counted, since people work inside them and do not wait: {join_names(worked_in)} a week.")
    savings = document(history)
    range_ms = history.range_of([awaited[0].command]) if awaited else None
    if range_ms is not None:
        details.append(IN_BRACKETS.format("weeks" if history.own or history.people == 1 else "people"))
    details += [_saving(row, own=history.own) for row in savings[:1]]
    answer = _answer(summary, awaited, weeks, range_ms, own=history.own)
    return Section(
        "waiting",
        "Which commands take up the most of people's time?",
        answer,
        details,
        lambda: _figures(history, awaited, weeks, answer),
        ["command", "per person and week", "all, a week", "of all waiting", "5 %", "25 %", "median", "75 %", "95 %"],
        [
            [
                row.command,
                duration(row.total_ms / weeks),
                duration(row.total_ms / len(history.timeline)),
                _share(summary, row) if not row.interactive else "-",
                *(duration(value) for value in history.spread[row.command]),
            ]
            for row in summary.figures
        ],
    )


def document(history: History) -> list[dict[str, str | float | None]]:
    """For programs: the hours a week that everybody together waits for each command, most first, with their range."""
    weeks = len(history.timeline)
    found: list[dict[str, str | float | None]] = []
    for row in history.summary.figures:
        if not row.interactive and row.command not in history.others:
            range_ms = history.range_of([row.command])
            low, high = (None, None) if range_ms is None else (value * history.person_weeks for value in range_ms)
            hours = [None if value is None else value / weeks / HOUR_MS for value in (row.total_ms, low, high)]
            found.append(dict(zip(("command", "hours_a_week", "low", "high"), [row.command, *hours], strict=True)))
    return found


def _saving(row: Mapping[str, Any], *, own: bool) -> str:
    """What LESS time would save, of the hours of :func:`document`."""
    saved_ms = [None if row[name] is None else row[name] * LESS * HOUR_MS for name in ("low", "high")]
    range_ms = None if saved_ms[0] is None or saved_ms[1] is None else (saved_ms[0], saved_ms[1])
    text = f"{duration(row['hours_a_week'] * LESS * HOUR_MS)}{in_brackets(range_ms)}"
    whom = "you" if own else "everybody together"
    return f"{LESS:.0%} less time in {row['command']} would save {whom} {text} a week."


def _share(summary: Summary, *figures: Figures) -> str:
    return percentage(sum(summary.share(row) or 0 for row in figures))


def _answer(
    summary: Summary, awaited: Sequence[Figures], weeks: int, range_ms: tuple[float, float] | None, *, own: bool
) -> str:
    if not awaited:
        return "All of these commands are interactive, so no waiting is counted."
    first, *rest = awaited
    text = (
        f"{'You wait' if own else 'People wait'} longest for {first.command}: {duration(first.total_ms / weeks)} per "
        f"{'' if own else 'person and '}week{in_brackets(range_ms)}, {_share(summary, first)} of all waiting, with a "
        f"median of {duration(first.median_ms)} a run"
    )
    return f"{text}; together with {rest[0].command} it is {_share(summary, first, rest[0])}." if rest else f"{text}."


def _figures(history: History, awaited: Sequence[Figures], weeks: int, answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    if not awaited:
        return []
    rows: Rows = [
        {
            "command": row.command,
            "minutes": row.total_ms / weeks / 60_000,
            "share": history.summary.share(row),
            **{f"p{percent}_ms": value for percent, value in zip(SPREAD, history.spread[row.command], strict=True)},
        }
        for row in awaited
    ]
    data = [
        {
            **row,
            "label": percentage(row["share"]),
            "text": f"{row['command']}: {duration(row['minutes'] * 60_000)} per person and week, "
            f"{percentage(row['share'])} of all waiting",
        }
        for row in rows[: drawing.SHOWN_COMMANDS]
    ]
    caption = "Waiting for each command, per person and week, and its share of all waiting"
    return [
        Figure(
            "waiting",
            drawing.largest(caption, rows, "take the most"),
            rows,
            drawing.bars(data, "minutes", "minutes per person and week", answer),
        ),
        Figure(
            "durations",
            "How long a run takes: nine in ten lie on the line, half of them in the bar; the gap is the median",
            rows,
            _durations(rows[: drawing.SHOWN_COMMANDS]),
        ),
    ]


def _durations(rows: Rows) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    data: Rows = []
    for row in rows:
        p5, p25, p50, p75, p95 = (max(row[f"p{percent}_ms"], 1) for percent in SPREAD)
        said = (
            f"{row['command']}: half of the runs take {duration(p25)} to {duration(p75)}, median {duration(p50)}, "
            f"nine in ten {duration(p5)} to {duration(p95)}"
        )
        data.append({"command": row["command"], "p5": p5, "p25": p25, "p50": p50, "p75": p75, "p95": p95, "text": said})

    def draw(width: int) -> Chart:
        low, high = min(row["p5"] for row in data), max(row["p95"] for row in data)
        scale, axis = drawing.durations(low, high, 7 if width == drawing.WIDE else 4)
        marks = drawing.base(data).encode(y=drawing.commands(data, width), description="text:N")
        return alt.layer(
            marks.mark_rule(stroke="var(--accent)", strokeWidth=2, opacity=0.45).encode(
                x=alt.X("p5:Q", scale=scale, axis=axis), x2="p95:Q"
            ),
            marks.mark_bar(fill="var(--accent)", height=12, cornerRadius=3, opacity=0.75).encode(x="p25:Q", x2="p75:Q"),
            marks.mark_tick(stroke="var(--paper)", thickness=3, height=12, color="var(--paper)").encode(x="p50:Q"),
        ).properties(width=width, height=drawing.height(data))

    return drawing.both(draw, "How long a run of each command takes; the figures are below.")
