"""The parts of a question's answer, for every kind of output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart in a wide and in a narrow version, each an SVG element."""

    wide: str
    narrow: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart below its caption: one, or several ``small`` ones, each with its name.

    ``rows``: the figures that it shows, for download under ``name``.
    """

    name: str
    caption: str
    rows: Rows
    drawing: Drawing | None = None
    small: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A question with its answer: a sentence, more sentences (``details``), charts, and the figures as a table.

    ``figures`` is called only where they are shown, since the drawing library takes a second to import. ``in_full``: a
    terminal shows everything except the charts, not just the answer.
    """

    anchor: str
    question: str
    answer: str
    details: Sequence[str] = ()
    figures: Callable[[], Sequence[Figure]] = tuple
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    in_full: bool = False
