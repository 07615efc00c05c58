"""The parts of a question's answer, for every kind of output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from instrumented_make.report.targets import Targets

Rows = list[dict[str, Any]]
# What a command can get worse in: the names that --fail-on takes.
SLOWER, FAILING = "slower", "failing"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier report said: when it was ``made``, and the ``changes`` in it, as it wrote them."""

    made: str
    changes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Options:
    """The options besides the selection. ``change_s``: when the change in question was committed."""

    change_s: int | None = None
    window_weeks: int = 8
    targets: Targets = field(default_factory=Targets)
    earlier: Earlier | None = None


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

    ``figures`` is called only where they are shown, since the drawing library takes a second to import. ``whole``: a
    terminal shows everything except the charts, not just the answer.
    """

    anchor: str
    question: str
    answer: str
    details: Sequence[str] = ()
    figures: Callable[[], Sequence[Figure]] = tuple
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    whole: bool = False
