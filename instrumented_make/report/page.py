"""The report as one self-contained page: every question with its answer, its charts and its figures."""

from __future__ import annotations

import base64

from instrumented_make.layout import write_csv
from instrumented_make.report.history import History
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions import answer_all, draw
from instrumented_make.report.section import Figure
from instrumented_make.report.wording import about, footer, scope, tiles
from instrumented_make.templating import environment


def page(history: History, steps: Steps) -> str:
    """The text of the page. Raise UserError if the engine fails."""
    title = f"What {'your ' if history.own else ''}make commands cost"
    template = environment(autoescape=True).get_template("report.html.j2")
    context = about(history, in_a_file=True)
    if not history.summary.figures:
        nothing = "No matching runs."
        return template.render(title=title, scope=nothing, context=context, tiles=[], sections=[], footer=[])
    sections = list(answer_all(history))
    steps.begin("Drawing")
    return template.render(
        title=title,
        scope=scope(history),
        context=context,
        tiles=tiles(history),
        sections=[draw(history, section) for section in sections],
        footer=footer(),
        download=_download,
    )


def _download(figure: Figure) -> str:
    """A data URL with the figures of a chart as CSV, so that the page needs no other file."""
    text = write_csv(figure.rows[0], figure.rows)
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"
