"""Reads one YAML file into plain data, and remembers the position of every key and value."""

from __future__ import annotations

import bisect
import io
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from instrumented_make.errors import Position, Problem, UserError, failure

# A catalog of 10,000 targets is under 300 kB; more than this is some other file.
MAX_BYTES = 4 * 1024 * 1024
# Aliases may repeat a node without end ("billion laughs"); a real catalog stays far below both.
MAX_NODES = 200_000
MAX_DEPTH = 20

Where = tuple[str | int, ...]
Plain = None | bool | float | str | list["Plain"] | dict[str, "Plain"]


@dataclass(slots=True)
class Source:
    """A parsed file: ``data`` as plain objects, positions of ``keys`` and ``values`` by path, and ``problems``.

    ``root`` is the tree of nodes, for code that edits the text.
    """

    path: Path
    text: str
    root: Node | None = None
    data: Plain = None
    keys: dict[Where, Position] = field(default_factory=dict)
    values: dict[Where, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)

    def place(self, mark: StringMark) -> Position:
        """Where ``mark`` is, in lines as editors and git count them: YAML also ends lines at other characters."""
        if not self._starts:
            self._starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        line = bisect.bisect(self._starts, mark.index)
        # An editor does not show a byte order mark.
        hidden = line == 1 and self.text.startswith("\ufeff")
        return Position(line, mark.index - self._starts[line - 1] + 1 - hidden)

    def problem(self, message: str, hint: str, position: Position | None, name: str = "") -> Problem:
        """A problem at ``position`` in this file."""
        return problem_in(self.path, self.text, message, hint, position, name)

    def position(self, where: Where, *, of_key: bool = False) -> Position | None:
        """The position of ``where``, or of the nearest thing around it."""
        if of_key and where in self.keys:
            return self.keys[where]
        while where and where not in self.values:
            where = where[:-1]
        return self.values.get(where)


def problem_in(
    path: Path, text: str, message: str, hint: str, position: Position | None = None, name: str = ""
) -> Problem:
    """A problem at ``position`` in ``text``, which is the content of ``path``, with the line in question."""
    lines = lines_of(text)
    excerpt = lines[position.line - 1].rstrip("\r\n") if position and position.line <= len(lines) else ""
    return Problem(message, hint, str(path), position, excerpt, name)


def lines_of(text: str) -> list[str]:
    """The lines of ``text``, with their ends, as :meth:`Source.place` counts them."""
    return io.StringIO(text, newline="\n").readlines()


def read(path: Path, text: str | None = None) -> Source:
    """Read ``path``, or ``text`` as its content; raise UserError if that is not YAML in UTF-8.

    Duplicate keys do not raise: they are collected in ``problems``, to be reported together with everything else.
    """
    text = read_text(path) if text is None else text
    source = Source(path, text)
    try:
        # The node tree, not the constructed objects: it alone keeps duplicate keys and every key's position.
        root = YAML(typ="rt").compose(text)
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        column = error.position - (text.rfind("\n", 0, error.position) + 1) + 1
        raise UserError(
            source.problem(
                f"the character U+{ord(text[error.position]):04X} is not allowed in YAML",
                "remove that character",
                Position(line, column),
            )
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = source.place(mark) if mark else None
        about = "; ".join(part for part in (error.context, error.problem) if part)
        raise UserError(source.problem(f"not valid YAML: {about}", _yaml_hint(text, where), where)) from None
    except (YAMLError, RecursionError, ValueError) as error:
        reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error).splitlines()[0]
        hint = "compare it with the example in the README"
        raise UserError(source.problem(f"not valid YAML: {reason}", hint, None)) from None
    if root is None:
        raise UserError(source.problem("the catalog is empty", "start from the example in the README", Position(1, 1)))
    source.root = root
    source.data = _Reader(source).plain(root, ())
    return source


def read_text(path: Path) -> str:
    """The text of ``path``; raise UserError if it is missing, not a file, too large or not UTF-8."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "run the command in the catalog's folder, or give its path with --catalog"
        raise failure("no such file", hint, path=path) from None
    except IsADirectoryError:
        raise failure("it is a directory", "give the path of a file with --catalog", path=path) from None
    except OSError as error:
        raise failure(f"it cannot be read: {error.strerror}", "check the path and its permissions", path=path) from None
    if len(content) > MAX_BYTES:
        hint = f"a catalog is at most {MAX_BYTES // 1024 // 1024} MiB; is this the right file?"
        raise failure("it is too large", hint, path=path)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line_start = before.rfind(b"\n") + 1
        where = Position(before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1)
        message = f"byte 0x{content[error.start]:02X} is not UTF-8"
        raise failure(message, "save the file as UTF-8", path=path, position=where) from None


def _yaml_hint(text: str, where: Position | None) -> str:
    lines = lines_of(text)
    if where and where.line <= len(lines):
        line = lines[where.line - 1]
        if "\t" in line[: where.column]:
            return "indent with spaces: YAML does not allow tabs there"
        if re.search(r"[:-] +[%@`*&!|>]", line):
            return "put the value in quotes: its first character has a special meaning in YAML"
    return "check the indentation, quotes and colons around this place"


class _Reader:
    """Turns nodes into plain data, within bounds."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.nodes = 0

    def plain(self, node: Node, where: Where) -> Plain:
        self.nodes += 1
        position = self.source.place(node.start_mark)
        if self.nodes > MAX_NODES or len(where) > MAX_DEPTH:
            hint = "remove the aliases ('*name') that repeat its parts"
            raise UserError(self.source.problem("it is too large or nested too deeply", hint, position))
        self.source.values.setdefault(where, position)
        if isinstance(node, MappingNode):
            return self._mapping(node, where)
        if isinstance(node, SequenceNode):
            return [self.plain(item, (*where, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: MappingNode, where: Where) -> dict[str, Plain]:
        result: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            # Any key is taken as the text it was written as: all known keys are plain words.
            key = str(key_node.value) if isinstance(key_node, ScalarNode) else "?"
            position = self.source.place(key_node.start_mark)
            if key in result:
                first = self.source.keys[(*where, key)].line
                problem = self.source.problem(
                    f"duplicate key {key!r}",
                    f"remove it, or the one on line {first}",
                    position,
                    "duplicate",
                )
                self.source.problems.append(problem)
                continue
            self.source.keys[(*where, key)] = position
            result[key] = self.plain(value_node, (*where, key))
        return result


def _scalar(node: Node) -> Plain:
    tag = str(node.tag).rpartition(":")[2]
    text = str(node.value)
    if getattr(node, "style", "") == ">":
        text = text.replace("\a", "")  # ruamel.yaml's mark for a folded line
    if tag == "null":
        return None
    if tag == "bool":
        return text.lower() == "true"
    if tag in ("int", "float"):
        # No key of a catalog takes a number, so its value does not matter: the error only says that it is one.
        return math.nan
    return text
