"""The few lines that connect a makefile: ``init`` writes them, ``check`` looks for them, ``eject`` removes them."""

from __future__ import annotations

import re
from pathlib import Path

from generator.target_names import MAKEFILES
from generator.yaml_source import lines_of
from instrumented_make.errors import Position, failure

GUARD = "-include {include}\nifndef INSTRUMENTED\n{rules}\nendif\n"
# This keeps MAKEFILE_LIST what it is without this file, byte for byte.
# A catch-all (%: Makefile) would remake this file as well; the include prevents that if it knows the file's name.
_TEXT = "# make reads this file before {first}, which stays as it is.\n.metrics.wiring := GNUmakefile\n{guard}"
GNUMAKEFILE = "GNUmakefile"
# The ways to test in make whether a variable is empty.
_IF = re.compile(
    r"""\s*(ifndef\s+INSTRUMENTED|ifeq\s*\(\s*,?\s*\$[({]INSTRUMENTED[)}]\s*,?\s*\)|ifeq\s+(''|"")\s+["']\$[({]INSTRUMENTED[)}]["']"""
    r"""|ifeq\s+["']\$[({]INSTRUMENTED[)}]["']\s+(''|""))\s*(\#.*)?"""
)
_OPENS = re.compile(r"\s*(ifdef|ifndef|ifeq|ifneq)\b")
_ELSE = re.compile(r"\s*else\b")
_CLOSES = re.compile(r"\s*endif\b")
_WIRING = re.compile(r"\.metrics\.wiring\b")


def guard(rules: str, include: str) -> str:
    """The lines that go around ``rules``."""
    return GUARD.format(rules=rules, include=include)


def gnumakefile(include: str, first: str) -> str:
    """The text of a GNUmakefile that includes the makefile ``first`` next to it, unchanged."""
    return _TEXT.format(first=first, guard=guard(f"MAKEFILE_LIST :=\ninclude {first}", include))


def is_gnumakefile(text: str, include: str) -> bool:
    """Whether a makefile with this ``text`` contains only the wiring."""
    return text in {gnumakefile(include, first) for first in MAKEFILES if first != GNUMAKEFILE}


def aside(path: Path) -> Path:
    """Where the makefile at ``path`` is kept while another takes its place."""
    return path.with_name(f"{path.name}.aside")


def left_aside(folder: Path) -> list[Path]:
    """Makefiles in ``folder`` that were not put back."""
    return [path for name in MAKEFILES if (path := aside(folder / name)).exists()]


def statements(text: str) -> list[str]:
    """The lines of a makefile without blank lines, comments and the one that tells the include which file reads it."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#") and not _WIRING.match(line)]


def is_guarded(text: str) -> bool:
    """Whether make reads the rules in a makefile with this ``text`` only if it has not handed the command over."""
    return any(map(_IF.fullmatch, text.splitlines()))


def removed(text: str, path: object, include: str) -> str | None:
    """``text`` of the makefile at ``path`` without the wiring, byte for byte; None if it has only the wiring.

    Raise UserError if the guard has an ``else``, or no end.
    """
    if is_gnumakefile(text, include):
        return None
    ours = _places(text, path, include)
    return "".join(line for number, line in enumerate(lines_of(text)) if number not in ours)


def silenced(text: str, path: object, include: str) -> str | None:
    """As :func:`removed`, but with a comment for each line, so that every other line keeps its number."""
    if is_gnumakefile(text, include):
        return None
    ours = _places(text, path, include)
    return "".join("#\n" if number in ours else line for number, line in enumerate(lines_of(text)))


def _places(text: str, path: object, include: str) -> set[int]:
    """The indexes of the lines of the wiring."""
    lines = lines_of(text)
    includes = re.compile(rf"\s*(-|s)?include\s+(\./)?{re.escape(include)}\s*(#.*)?")
    ours = {
        number
        for number, line in enumerate(lines)
        if includes.fullmatch(line.rstrip("\r\n")) or _WIRING.match(line.lstrip())
    }
    for number, line in enumerate(lines):
        if _IF.fullmatch(line.rstrip("\r\n")):
            ours |= {number, _end(lines, number, path)}
    return ours


def _end(lines: list[str], start: int, path: object) -> int:
    """The index of the ``endif`` of the conditional that begins at the index ``start``."""
    depth = 0
    for number in range(start, len(lines)):
        line = lines[number]
        if line.startswith("\t"):  # of a recipe
            continue
        depth += bool(_OPENS.match(line)) - bool(_CLOSES.match(line))
        if depth == 1 and _ELSE.match(line):
            message = "the guard has an else, and only you know which of its two branches to keep"
            raise failure(message, "remove the guard yourself", path=path, position=Position(number + 1, 1))
        if depth == 0:
            return number
    message = "the guard has no endif"
    raise failure(message, "remove the guard yourself", path=path, position=Position(start + 1, 1))
