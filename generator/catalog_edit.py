"""Edits a catalog's text: targets, and the hashes of wheels. Every byte outside the edit stays the same.

ruamel.yaml only supplies positions: dumping the parsed file would fold lines and move comments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from generator.yaml_source import Source, lines_of
from instrumented_make.errors import failure

# What readers of YAML 1.1 take for true or false.
_TRUTH = frozenset({"y", "n", "yes", "no", "on", "off"})


def add(source: Source, names: Sequence[str]) -> str:
    """The text of ``source`` with the targets ``names`` at the end of its list. Raise UserError if one is there."""
    targets = _targets(source)
    known = {_name(item): source.place(item.start_mark) for item in targets.value}
    for name in names:
        if name in known:
            raise failure(f"{name!r} is already tracked", "leave it out", path=source.path, position=known[name])
    if targets.flow_style:
        # Right after the last one: a comma or a comment may follow it.
        at = targets.value[-1].end_mark.index
        return f"{source.text[:at]}, {', '.join(scalar(name) for name in names)}{source.text[at:]}"
    lines = lines_of(source.text)
    last = targets.value[-1]
    at = _last_line(source, last)
    end = "\r\n" if lines[at - 1].endswith("\r\n") else "\n"
    if not lines[at - 1].endswith("\n"):
        lines[at - 1] += end
    _, indent = _dash(source, lines, targets, last)
    return "".join([*lines[:at], *(f"{indent}- {scalar(name)}{end}" for name in names), *lines[at:]])


def remove(source: Source, names: Sequence[str]) -> str:
    """The text of ``source`` without the targets ``names``.

    Raise UserError if one is not tracked, or shares a line with others.
    """
    targets = _targets(source)
    items = {_name(item): item for item in targets.value}
    for name in names:
        if name not in items:
            raise failure(f"{name!r} is not tracked", "to see what is, run: instrumented-make list", path=source.path)
        if targets.flow_style:
            raise failure("the targets are all on one line", f"remove {name!r} by hand", path=source.path)
    return without(source, targets, [items[name] for name in names])


def without(source: Source, sequence: SequenceNode, items: Sequence[Node]) -> str:
    """The text of ``source`` without the ``items`` of its block ``sequence``."""
    lines = lines_of(source.text)
    # From the end, so that the positions of the others stay valid.
    for item in sorted(items, key=lambda item: -int(item.start_mark.index)):
        end = _last_line(source, item)
        # A block scalar includes the blank lines after it. Keep them: they separate it from what follows.
        while not lines[end - 1].strip():
            end -= 1
        first, _ = _dash(source, lines, sequence, item)
        del lines[first - 1 : end]
    return "".join(lines)


def install(source: Source, hashes: Mapping[str, str]) -> str:
    """The text of ``source`` with the ``hashes`` of wheels, by their names, instead of any others."""
    lines = lines_of(source.text)
    pairs = (
        {key.value: (key, value) for key, value in source.root.value} if isinstance(source.root, MappingNode) else {}
    )
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    written = [f"install:{end}", *(f'  {name}:{end}    "{digest}"{end}' for name, digest in hashes.items())]
    if "install" in pairs:
        key, value = pairs["install"]
        return "".join([*lines[: source.place(key.start_mark).line - 1], *written, *lines[_last_line(source, value) :]])
    at = source.place(pairs["targets"][0].start_mark).line - 1 if "targets" in pairs else len(lines)
    while at and lines[at - 1].startswith("#"):
        at -= 1
    about = f"# Setting up installs one of these wheels, known by its SHA-256.{end}"
    return "".join([*lines[:at], about, *written, end, *lines[at:]])


def _targets(source: Source) -> SequenceNode:
    """The list in a valid catalog."""
    assert isinstance(source.root, MappingNode)
    found: SequenceNode = next(value for key, value in source.root.value if key.value == "targets")
    return found


def _name(item: Node) -> str:
    if isinstance(item, MappingNode):
        return next((str(value.value) for key, value in item.value if key.value == "name"), "")
    return str(item.value) if isinstance(item, ScalarNode) else ""


def _dash(source: Source, lines: list[str], targets: SequenceNode, item: Node) -> tuple[int, str]:
    """The line (from 1) of the dash before ``item``, and its indentation; the dash may be on a line of its own.

    All dashes of a list are in the same column, where the list begins.
    """
    column = source.place(targets.start_mark).column - 1
    line = source.place(item.start_mark).line
    while lines[line - 1][column : column + 1] != "-" or lines[line - 1][:column].strip():
        line -= 1
    return line, lines[line - 1][:column]


def _last_line(source: Source, node: Node) -> int:
    """The last line (from 1) with content of ``node``; its own end mark comes after any comments that follow."""
    end = source.place(node.end_mark)
    if isinstance(node, ScalarNode):
        # A block scalar ends where the next thing begins.
        return end.line - int(end.column == 1)
    if getattr(node, "flow_style", False):
        return end.line
    children = [part for child in node.value for part in (child if isinstance(child, tuple) else (child,))]
    ends = [_last_line(source, child) for child in children]
    return max([source.place(node.start_mark).line, *ends])


def scalar(name: str) -> str:
    """``name`` unquoted if YAML reads it unchanged, else in quotes, which no target name contains."""
    try:
        node = YAML(typ="rt").compose(f"- {name}\n")
        item = node.value[0]
        plain = isinstance(item, ScalarNode) and item.value == name and str(item.tag).endswith(":str")
    except (YAMLError, AttributeError, IndexError):  # quote anything that the scanner rejects
        plain = False
    return name if plain and name.lower() not in _TRUTH else f'"{name}"'
