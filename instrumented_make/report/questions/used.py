"""Which commands are used most often?"""

from __future__ import annotations

from collections.abc import Sequence

from instrumented_make.figures import Figures
from instrumented_make.layout import percentage
from instrumented_make.report.history import History
from instrumented_make.report.section import Figure, Rows, Section
from instrumented_make.report.wording import count_of, join_names


def ask(history: History) -> Section:
    """The section, from the totals."""
    figures = sorted(history.summary.figures, key=lambda row: (row.command in history.others, -row.runs, row.command))
    runs = sum(row.runs for row in figures)
    answer = _answer(figures, runs, history.people)
    helps = history.options.targets.helps
    return Section(
        "used",
        "Which commands are used most often?",
        answer,
        figures=lambda: _figures(figures, runs, answer),
        columns=["command", "runs", "of all runs", "people", *(["what it does"] if helps else [])],
        rows=[
            [
                row.command,
                f"{row.runs:,}",
                percentage(row.runs / runs),
                f"{row.people:,}",
                *([helps.get(row.command, "")] if helps else []),
            ]
            for row in figures
        ],
    )


def _answer(figures: Sequence[Figures], runs: int, people: int) -> str:
    first, *rest = figures
    text = f"{first.command} is used most: {first.runs:,} of {count_of(runs, 'run')} ({percentage(first.runs / runs)})"
    if people > 1:
        text += f", by {first.people:,} of {count_of(people, 'person', 'people')}"
    if rest:
        names = [f"{row.command} ({percentage(row.runs / runs)})" for row in rest[:2]]
        text += f"; {join_names(names)} follow{'s' if len(names) == 1 else ''}"
    return f"{text}."


def _figures(figures: Sequence[Figures], runs: int, answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    rows: Rows = [
        {"command": row.command, "runs": row.runs, "share": row.runs / runs, "people": row.people} for row in figures
    ]
    data = [
        {**row, "label": f"{row['runs']:,}", "text": f"{row['command']}: {row['runs']:,} runs"}
        for row in rows[: drawing.SHOWN_COMMANDS]
    ]
    caption = drawing.largest("Runs of each command", rows, "are run most")
    return [Figure("runs", caption, rows, drawing.bars(data, "runs", "runs", answer))]
