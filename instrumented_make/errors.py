"""The errors shown to users: what is wrong and how to fix it, formatted in one place."""

from __future__ import annotations

from dataclasses import dataclass

from instrumented_make.text import printable

# How much of the faulty line to show.
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: ``line`` and ``column`` count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem to fix.

    ``message`` says what is wrong and ``hint`` how to fix it. ``path`` and ``position`` say where, ``excerpt`` is the
    line of the file that ``position`` points into. ``name`` is stable, for programs; ``severity`` is ``error`` or
    ``warning``.
    """

    message: str
    hint: str = ""
    path: str = ""
    position: Position | None = None
    excerpt: str = ""
    name: str = ""
    severity: str = "error"

    def as_text(self) -> str:
        """``path:line:column: error: message [name]``, the line with a caret, and the hint, each if known."""
        where = self.path
        if self.position:
            where += f":{self.position.line}:{self.position.column}"
        head = f"{where}: {self.severity}: {self.message}" if where else f"{self.severity}: {self.message}"
        lines = [f"{head} [{self.name}]" if self.name else head, *self._pointed_at()]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def _pointed_at(self) -> list[str]:
        if self.position is None or not self.excerpt:
            return []
        line = printable(self.excerpt, keep="\t")
        before = line[: self.position.column - 1]
        lines = [f"  {line[:_SHOWN_CHARACTERS]}"]
        if len(before) < _SHOWN_CHARACTERS:
            lines.append(f"  {''.join(character if character == chr(9) else ' ' for character in before)}^")
        return lines


class UserError(Exception):
    """An expected failure: printed without a traceback, exit status 1.

    ``problems`` holds every problem found, in file order.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(problems, key=_order))
        super().__init__("\n".join(problem.as_text() for problem in self.problems))


def failure(message: str, hint: str = "", *, path: object = "", position: Position | None = None) -> UserError:
    """Return the error for a single problem, ready to raise; ``path`` may be a Path."""
    return UserError(Problem(message, hint, str(path), position))


def _order(problem: Problem) -> tuple[int, int]:
    return (problem.position.line, problem.position.column) if problem.position else (0, 0)
