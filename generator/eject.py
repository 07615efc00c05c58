"""Undoes the setup of a project: removes what init, render and doc wrote, the wiring and the hooks, nothing else."""

from __future__ import annotations

import contextlib
from pathlib import Path

from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from generator import catalog_edit, database, makefile, wiring, yaml_source
from generator.catalog import Catalog
from generator.render import data_dictionary, name_from
from generator.target_names import MAKEFILES
from instrumented_make import files
from instrumented_make.errors import UserError, failure

HOOKS = ".pre-commit-config.yaml"
ATTRIBUTES = ".gitattributes"
# The line that the guide says to add to that file.
ATTRIBUTE = "Makefile.instrumented linguist-generated"


def eject(catalog: Catalog, include: Path, dictionary: Path) -> list[str]:
    """Remove everything but your own lines; return a line for each file that was changed or deleted.

    Raise UserError for a file that cannot be changed or deleted, and, with nothing changed, if make would then know
    anything else of the Makefile's rules.
    """
    folder = include.parent
    if not any((folder / name).is_file() for name in (include.name, *MAKEFILES)):
        message = "nothing was changed, because neither it nor a Makefile is there"
        raise failure(message, "name the include that make reads with --output", path=include)
    changed = _without_lines(folder / ATTRIBUTES, ATTRIBUTE) | _without_hooks(folder / HOOKS)
    deleted = [path for path, text in changed.items() if text is None]
    deleted += [include, catalog.source.path]
    if files.current(dictionary) == data_dictionary(catalog, source=name_from(dictionary, catalog.source.path)):
        deleted.append(dictionary)
    edited = {path: text for path, text in changed.items() if text is not None}
    wired = [
        path for name in MAKEFILES if any(wiring.without(files.current(path := folder / name) or "", include.name))
    ]
    edited = {path: take_line_out(path, include.name) for path in wired} | edited
    with files.as_before_on_error(edited):
        files.write_all(edited)
        _check_that_nothing_reads(folder, include.name)
    gone = [path for path in deleted if path.exists()]
    for path in gone:
        try:
            path.unlink()
        except OSError as error:
            raise failure(f"it cannot be deleted: {error.strerror}", "delete it yourself", path=path) from None
    for emptied in {path.parent for path in gone} - {folder}:
        with contextlib.suppress(OSError):  # the folder is not empty
            emptied.rmdir()
    return [*(f"{path}: restored" for path in edited), *(f"{path}: deleted" for path in gone)]


def _check_that_nothing_reads(folder: Path, include: str) -> None:
    try:
        rules = makefile.read(folder, include)
    except UserError:  # make cannot read it anyway
        return
    if include in rules.files:
        hint = f"remove the line that reads {include} yourself, and run this again"
        raise failure("nothing was changed, because make still reads it", hint, path=folder)


def take_line_out(path: Path, include: str) -> str:
    """The text of the makefile at ``path`` without each line that reads ``include`` and that make does not miss.

    If make cannot read it anyway, without each line that looks like it.
    """
    text = files.current(path) or ""
    if not any(wiring.without(text, include)):
        return text
    try:
        database.read(path.parent, included=False)
        readable = True
    except UserError:
        readable = False
    left = wiring.without(text, include)
    while (candidate := next(left, None)) is not None:
        if not readable or _misses_nothing(path.parent, text, candidate, include):
            text, left = candidate, wiring.without(candidate, include)  # there may be one more
    return text


def _misses_nothing(folder: Path, text: str, left: str, include: str) -> bool:
    """Whether make knows the same if its makefile in ``folder`` holds ``left`` instead of ``text``."""

    def ask(content: str) -> database.Database:
        return database.read(folder, included=False, text=content)

    try:
        return not database.difference(ask(text), ask(left), ask(text), include)
    except UserError:  # it could not read what is left
        return False


def _without_lines(path: Path, ours: str) -> dict[Path, str | None]:
    """``path`` without the lines that are ``ours``; None if it has no others."""
    lines = yaml_source.lines_of(files.current(path) or "")
    left = "".join(line for line in lines if line.strip() != ours)
    return {path: left or None} if left != "".join(lines) else {}


def _without_hooks(path: Path) -> dict[Path, str | None]:
    """The pre-commit configuration at ``path`` without our hooks; None if it has no others."""
    if files.current(path) is None:
        return {}
    source = yaml_source.read(path)
    repos = _value(source.root, "repos")
    if not isinstance(repos, SequenceNode):
        return {}
    ours = [repo for repo in repos.value if _is_ours(repo)]
    if not ours:
        return {}
    only = len(ours) == len(repos.value) and isinstance(source.root, MappingNode) and len(source.root.value) == 1
    return {path: None if only else catalog_edit.without(source, repos, ours)}


def _is_ours(repo: object) -> bool:
    hooks = _value(repo, "hooks")
    names = [_value(hook, "id") for hook in hooks.value] if isinstance(hooks, SequenceNode) else []
    return bool(names) and all(
        isinstance(name, ScalarNode) and str(name.value).startswith("instrumented-make-") for name in names
    )


def _value(node: object, key: str) -> object:
    pairs = node.value if isinstance(node, MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)
