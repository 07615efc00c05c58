"""The report on a terminal, or as text: every question with its answer, and the figures of the commands."""

from __future__ import annotations

import io
import textwrap

from rich.console import Console
from rich.table import Table

from instrumented_make.layout import as_table, wrap
from instrumented_make.report.history import History
from instrumented_make.report.questions import answer_all
from instrumented_make.report.section import Section
from instrumented_make.report.wording import about, tiles

_INDENT = "  "
# The line length of sentences in a file, a mail or a log.
_READABLE = 100
# Wider than any terminal.
_WIDE = 10_000


def text(history: History, width: int | None) -> str:
    """Lines of at most ``width`` characters, if it is known."""
    summary = history.summary
    lines = wrap(about(history), width)
    table = as_table(summary, with_people=not history.own, width=width)
    if not summary.figures:
        return lines + table
    sections = [_lay_out(section, width) for section in answer_all(history)]
    headline = [f"{name}: {value}" for name, value in tiles(history)]
    first = ["   ".join(headline)]
    if width is not None and len(first[0]) > width:
        first = [line for tile in headline for line in textwrap.wrap(tile, width)]
    return "\n".join([lines.rstrip("\n"), "", *first, "", *sections, table])


def _lay_out(section: Section, width: int | None) -> str:
    lines = [*(textwrap.wrap(section.question, width) if width else [section.question])]
    lines += _paragraph(section.answer, width)
    if section.in_full:
        for detail in section.details:
            lines += _paragraph(detail, width)
        lines += _table(section, width)
    return "\n".join([*lines, ""])


def _table(section: Section, width: int | None) -> list[str]:
    """The figures, if they fit; the sentences have them too."""
    if not section.rows:
        return []
    table = Table(box=None, pad_edge=False)
    for name in section.columns:
        first = name == section.columns[0]
        table.add_column(name, justify="left" if first else "right", no_wrap=True)
    for row in section.rows:
        table.add_row(*row)
    stream = io.StringIO()
    Console(file=stream, width=_WIDE, highlight=False, markup=False).print(table)
    lines = [f"{_INDENT}{line.rstrip()}" for line in stream.getvalue().splitlines()]
    return ["", *lines] if width is None or max(map(len, lines)) <= width else []


def _paragraph(text: str, width: int | None) -> list[str]:
    return textwrap.wrap(
        text,
        max(width or _READABLE, 20),
        initial_indent=_INDENT,
        subsequent_indent=_INDENT + _INDENT,
        break_on_hyphens=False,
    )
