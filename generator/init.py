"""Creates a first catalog and its include for an existing Makefile, whose first line then reads it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from generator import database, makefile, repository, wiring
from generator.catalog import COMMANDS, load
from generator.eject import take_line_out
from generator.mentions import mentions
from generator.proposal import Proposed, first_of, proposed
from generator.render import command_line, first_catalog, include
from instrumented_make import files
from instrumented_make.errors import Position, failure

# A goal that no rule names: what makes it makes whatever it is asked for.
ANYTHING = "instrumented-make-asks-for-this"


def init(folder: Path, catalog: Path, named: Sequence[str] = ()) -> list[str]:
    """Write a proposed ``catalog`` and its include, and the line that reads it; return the lines to print.

    The targets that are ``named`` come first in it.

    Raise UserError if there already is a catalog, nothing to track, or a rule that would make what is added.
    """
    if catalog.exists():
        raise failure("it already exists", "edit it, or run: instrumented-make add NAME", path=catalog)
    if database.first_in(folder) is None:
        hint = (
            "run ./configure first, which may make one, and then this again"
            if (folder / "configure").exists()
            else "run this in the Makefile's folder"
        )
        raise failure("there is no Makefile here", hint, path=folder)
    typed = mentions(folder)
    rules = makefile.read_for(folder, [*named, *typed.in_code])
    entries = [Proposed(name, interactive=False) for name in named]
    entries += [entry for entry in proposed(rules, typed.of(rules.rules)) if entry.name not in named]
    if not entries and makefile.read(folder, goals=[ANYTHING]).has(ANYTHING):
        entries = [Proposed("%", interactive=False)]
    if not entries:
        hint = f"name those that people type: instrumented-make init {folder} NAME ..."
        raise failure("no targets found in its makefiles", hint, path=folder)
    project, branch = _project(folder), repository.main_branch(folder)
    first = folder / (database.first_in(folder) or "Makefile")
    text = first_catalog(project, branch, _prefix(rules), entries)
    texts = {
        catalog: text,
        folder / database.INCLUDE: include(load(catalog, text), folder / database.INCLUDE),
        first: wiring.wired(take_line_out(first, database.INCLUDE), database.INCLUDE),
    }
    with files.as_before_on_error(texts):
        files.write_all(texts)
        if caught := makefile.read(folder).caught(catalog.name, database.INCLUDE):
            message = f"nothing was written, because its rule would make {caught[0].name}, as every file here"
            hint = f"leave {catalog.name} and {database.INCLUDE} out of its names, and run this again"
            # Without the line above it, which is taken back.
            line = max(1, caught[0].line - int(folder / caught[0].file == first))
            raise failure(message, hint, path=folder / caught[0].file, position=Position(line, 1))
        if difference := database.changes(folder, database.INCLUDE):
            hint = "please report this, with the Makefile"
            raise failure(f"nothing was written, because afterwards {difference}", hint, path=first)
    count = len(first_of(entries))
    noun = "target" if count == 1 else "targets"
    lines = [f"{catalog}: {count} {noun} proposed; remove what is not worth measuring"]
    if left_out := len(entries) - count:
        lines.append(f"{catalog}: {left_out} more left out; to see them, run: instrumented-make list --untracked")
    if rules.makes_anything or entries[0].name == "%":
        lines.append("Any name can be made here. Add the names that people type: instrumented-make add NAME")
    lines += [f"{folder / database.INCLUDE}: rendered", f"{first}: its first line now includes {database.INCLUDE}"]
    lines += [
        f"{name}: git ignores it, so your teammates do not get it; {repository.to_commit(folder, name)}"
        for name in repository.ignored(folder, [catalog.name, database.INCLUDE, first.name])
    ]
    if repository.top(folder) and not repository.ignored(folder, [".venv/"]):
        lines.append("Developers may install the reporter in .venv: add /.venv/ to .gitignore")
    render = command_line("render", catalog, folder / database.INCLUDE)
    return [*lines, f"Next: edit the catalog's consent section, then run: {render}"]


def _project(folder: Path) -> str:
    """The repository's name, then the folder's: many repositories have a ``docs``, so that alone is not enough."""
    top = repository.top(folder) or folder
    parts = [repository.name(folder) or top.resolve().name, *folder.resolve().relative_to(top.resolve()).parts]
    name = re.sub(r"[^a-z0-9_-]+", "-", "-".join(parts).lower()).strip("-_")
    return name[:64].strip("-_") or "project"


def _prefix(rules: makefile.Makefile) -> str:
    """A prefix for the include's commands, so that none clashes with a command of the project."""
    prefixes = itertools.chain(("metrics", "usage"), (f"usage{number}" for number in itertools.count(2)))
    return next(prefix for prefix in prefixes if not any(f"{prefix}-{name}" in rules.rules for name in COMMANDS))
