"""Adds targets to the text of a catalog and removes them; every byte outside the edit stays as it was.

ruamel.yaml says where things stand; dumping the parsed file would fold lines and move comments.
"""

from __future__ import annotations

from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from instrumented_make.errors import failure


def add(path: Path, text: str, name: str) -> str:
    """``text`` with the target ``name`` at the end of its list."""
    targets = _targets(path, text)
    if targets.flow_style:
        # The end mark is behind the bracket.
        at = targets.end_mark.index - 1
        return f"{text[:at].rstrip()}, {scalar(name)}{text[at:]}"
    lines = text.splitlines(keepends=True)
    last = targets.value[-1]
    at = _last_line(last) + 1
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += "\n"
    indent = lines[last.start_mark.line][: last.start_mark.column].partition("-")[0]
    return "".join([*lines[:at], f"{indent}- {scalar(name)}\n", *lines[at:]])


def remove(path: Path, text: str, name: str) -> str:
    """``text`` without the target ``name``. Raise UserError when it is not there, or shares a line with others."""
    targets = _targets(path, text)
    for item in targets.value:
        if _name(item) != name:
            continue
        if targets.flow_style:
            raise failure("the targets stand in one line", f"remove {name!r} by hand", path=path)
        lines = text.splitlines(keepends=True)
        end = _last_line(item) + 1
        # A block scalar counts the blank lines after it as its own; they separate it from what follows.
        while not lines[end - 1].strip():
            end -= 1
        return "".join([*lines[: item.start_mark.line], *lines[end:]])
    raise failure(f"{name!r} is not tracked", "instrumented-make list shows what is", path=path)


def _targets(path: Path, text: str) -> SequenceNode:
    root = YAML(typ="rt").compose(text)
    if isinstance(root, MappingNode):
        for key, value in root.value:
            if key.value == "targets" and isinstance(value, SequenceNode) and value.value:
                return value
    raise failure("it has no list of targets", "instrumented-make render tells more", path=path)


def _name(item: Node) -> str:
    if isinstance(item, MappingNode):
        return next((str(value.value) for key, value in item.value if key.value == "name"), "")
    return str(item.value) if isinstance(item, ScalarNode) else ""


def _last_line(node: Node) -> int:
    """The last line, from 0, that holds something of ``node``: its own end mark is behind the comments that follow."""
    if isinstance(node, ScalarNode):
        # A block scalar ends where the next thing begins.
        return int(node.end_mark.line) - int(node.end_mark.column == 0)
    if getattr(node, "flow_style", False):
        return int(node.end_mark.line)
    children = [part for child in node.value for part in (child if isinstance(child, tuple) else (child,))]
    ends = [_last_line(child) for child in children]
    return max([int(node.start_mark.line), *ends])


def scalar(name: str) -> str:
    """``name`` plain if YAML reads it as itself, else in quotes, which no name of a target holds."""
    try:
        node = YAML(typ="rt").compose(f"- {name}\n")
        item = node.value[0]
        plain = isinstance(item, ScalarNode) and item.value == name and str(item.tag).endswith(":str")
    except (YAMLError, AttributeError, IndexError):  # whatever the scanner does not like is quoted
        plain = False
    return name if plain else f'"{name}"'
