"""What is wrong with a maintainer's file, and where: the only errors that a user is meant to read."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: ``line`` and ``column`` count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: ``message`` says what is wrong, ``hint`` what to do; ``name`` is stable, for programs."""

    message: str
    hint: str
    position: Position | None = None
    name: str = "catalog"


class GeneratorError(Exception):
    """An expected failure: its text is printed bare and the exit status is 1."""


class CatalogError(GeneratorError):
    """A catalog that cannot be used; the text names every problem in it, in the order of the file."""

    def __init__(self, path: Path, problems: list[Problem], text: str = "") -> None:
        self.path = path
        self.problems = sorted(problems, key=_order)
        lines = text.splitlines()
        super().__init__("\n".join(_describe(path, problem, lines) for problem in self.problems))


def _order(problem: Problem) -> tuple[int, int]:
    return (problem.position.line, problem.position.column) if problem.position else (0, 0)


def _describe(path: Path, problem: Problem, lines: list[str]) -> str:
    where = problem.position
    if where is None:
        return f"{path}: error: {problem.message}\n  hint: {problem.hint}"
    shown = [f"{path}:{where.line}:{where.column}: error: {problem.message}"]
    if where.line <= len(lines):
        line = "".join(_visible(character) for character in lines[where.line - 1])
        before = line[: where.column - 1]
        shown += [f"  {line[:160]}"]
        if len(before) < 160:
            shown += [f"  {_blank(before)}^"]
    shown += [f"  hint: {problem.hint}"]
    return "\n".join(shown)


def _visible(character: str) -> str:
    """A catalog may hold control characters; printed as they are they would drive the reader's terminal."""
    return character if character == "\t" or unicodedata.category(character)[0] != "C" else "\N{REPLACEMENT CHARACTER}"


def _blank(text: str) -> str:
    return "".join("\t" if character == "\t" else " " for character in text)
