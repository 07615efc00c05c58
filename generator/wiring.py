"""The one line that connects a makefile: ``init`` writes it, ``check`` looks for it, ``eject`` removes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from generator.target_names import MAKEFILES
from generator.yaml_source import lines_of

# What versions before 0.5 put around the rules: harmless, and needless.
_GUARD = re.compile(r"\s*ifn?(def|eq)\b.*\bINSTRUMENTED\b")
# What make exports, it expands once more for the include since make 4.4; another makefile may export as well.
_EXPORTS = re.compile(r"\s*((override\s+|private\s+)*export\b|\.EXPORT_ALL_VARIABLES\b|(-|s)?include\b)")


def wired(text: str, include: str) -> str:
    """The makefile ``text`` with the line that reads ``include`` above everything else."""
    mark, lines = _lines(text)
    # The system reads "#!" only at the very beginning.
    first = 1 if not mark and lines and lines[0].startswith("#!") else 0
    return mark + "".join([*lines[:first], f"include {include}\n", *lines[first:]])


def without(text: str, include: str) -> Iterator[str]:
    """The makefile ``text`` without a line that reads ``include``, byte for byte: each text that this may mean.

    A line may only look like one, as in a ``define``. And if a guard of an earlier version comes next, that goes as
    well, with one of the lines that may end it. Which text is right, make tells.
    """
    mark, lines = _lines(text)
    for number, line in enumerate(lines):
        if not _is_ours(line, include):
            continue
        if "".join(lines[number + 1 : number + 2]).strip() == "ifndef INSTRUMENTED":
            for end in range(len(lines) - 1, number + 1, -1):
                if re.match(r"\s*endif\b", lines[end]):
                    yield mark + "".join([*lines[:number], *lines[number + 2 : end], *lines[end + 1 :]])
        yield mark + "".join([*lines[:number], *lines[number + 1 :]])


def silence(text: str, include: str) -> str:
    """The makefile ``text`` with a comment in place of such a line, so that every other keeps its number."""
    mark, lines = _lines(text)
    return mark + "".join("#\n" if _is_ours(line, include) else line for line in lines)


def annotate(text: str, include: str) -> str:
    """The makefile ``text`` with a comment behind such a line, which changes nothing but the file."""
    mark, lines = _lines(text)
    return mark + "".join(f"{line.rstrip()} #\n" if _is_ours(line, include) else line for line in lines)


def line_that_exports_above(text: str, include: str) -> int:
    """The number of the first line above the one that reads ``include`` that may export something, or 0."""
    _, lines = _lines(text)
    ours = next((number for number, line in enumerate(lines) if _is_ours(line, include)), 0)
    return next((number for number, line in enumerate(lines[:ours], start=1) if _EXPORTS.match(line)), 0)


def guard(text: str) -> int:
    """The number of the line that begins a guard of an earlier version; 0 if there is none."""
    return next((number for number, line in enumerate(lines_of(text), start=1) if _GUARD.match(line)), 0)


def _lines(text: str) -> tuple[str, list[str]]:
    """The byte order mark of ``text``, which make skips, if it has one, and its lines."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    return mark, lines_of(text.removeprefix(mark))


def _is_ours(line: str, include: str) -> bool:
    return re.fullmatch(rf"\s*(-|s)?include\s+(\./)?{re.escape(include)}\s*(#.*)?", line.rstrip("\r\n")) is not None


def aside(path: Path) -> Path:
    """Where the makefile at ``path`` is kept while another takes its place."""
    return path.with_name(f"{path.name}.aside")


def makefiles_aside(folder: Path) -> list[Path]:
    """Makefiles in ``folder`` that were not put back."""
    return [path for name in MAKEFILES if (path := aside(folder / name)).exists()]
