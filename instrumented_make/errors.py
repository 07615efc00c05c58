"""What is wrong and what to do about it: the only errors that a user is meant to read, worded in one place."""

from __future__ import annotations

from dataclasses import dataclass

from instrumented_make.text import printable

# Of a line that is shown with a mistake in it.
_SHOWN_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a text: ``line`` and ``column`` count from 1, as editors do."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend.

    ``message`` says what is wrong and ``hint`` what to do. ``path`` and ``position`` say where, ``excerpt`` is the
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
        """``path:line:column: error: message [name]``, the line with a caret, and the hint, each where there is one."""
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
        shown = [f"  {line[:_SHOWN_CHARACTERS]}"]
        if len(before) < _SHOWN_CHARACTERS:
            shown.append(f"  {''.join(character if character == chr(9) else ' ' for character in before)}^")
        return shown


class UserError(Exception):
    """An expected failure: its text is printed bare, and the exit status is 1.

    ``problems`` holds all that was found, in the order of the file.
    """

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(problems, key=_order))
        super().__init__("\n".join(problem.as_text() for problem in self.problems))


def failure(message: str, hint: str = "", *, path: object = "", position: Position | None = None) -> UserError:
    """The error for a single problem, to be raised; ``path`` may be a Path."""
    return UserError(Problem(message, hint, str(path), position))


def _order(problem: Problem) -> tuple[int, int]:
    return (problem.position.line, problem.position.column) if problem.position else (0, 0)
