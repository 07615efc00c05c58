"""Creates a first catalog and the guard for an existing Makefile, overwriting nothing."""

from __future__ import annotations

import re
from pathlib import Path

from generator import makefile, repository, wiring
from generator.catalog import COMMANDS
from generator.proposal import first_of, proposed
from generator.render import ENGINE, HAND_OVER, first_catalog
from instrumented_make import files
from instrumented_make.errors import failure


def init(folder: Path, catalog: Path) -> list[str]:
    """Write a proposed ``catalog``, and a GNUmakefile if that is enough; return the lines to print.

    Raise UserError if there already is a catalog, or nothing to track.
    """
    if catalog.exists():
        raise failure("it already exists", "edit it, or run: instrumented-make add NAME", path=catalog)
    rules = makefile.read(folder)
    entries = proposed(rules)
    if not entries:
        raise failure("no targets found in its makefiles", "run this in the Makefile's folder", path=folder)
    project, branch = _project(folder), repository.main_branch(folder)
    files.write(catalog, first_catalog(project, branch, _prefix(rules), entries))
    shown = len(first_of(entries))
    noun = "target" if shown == 1 else "targets"
    told = [f"{catalog}: {shown} {noun} proposed; remove what is not worth measuring"]
    if left_out := len(entries) - shown:
        told.append(f"{catalog}: {left_out} more left out; to see them, run: instrumented-make list --untracked")
    if rules.makes_anything:
        told.append("A catch-all rule here makes any name. Add the names that people type: instrumented-make add NAME")
    needed = [catalog.name, makefile.INCLUDE, str(ENGINE), str(HAND_OVER)]
    first = makefile.first_in(folder) or "Makefile"
    if first == wiring.GNUMAKEFILE:
        told += ["Put this around the rules of your makefile, at the very top:", ""]
        told.append(wiring.guard("...", makefile.INCLUDE))
    else:
        files.write(folder / wiring.GNUMAKEFILE, wiring.gnumakefile(makefile.INCLUDE, first))
        told.append(f"{folder / wiring.GNUMAKEFILE}: written; your {first} is unchanged")
        needed.append(wiring.GNUMAKEFILE)
    told += [
        f"{name}: git ignores it; commit it with: git add -f {name}" for name in repository.ignored(folder, needed)
    ]
    if repository.top(folder) and not repository.ignored(folder, [".venv/"]):
        told.append("Developers may install the reporter in .venv: add /.venv/ to .gitignore")
    return [*told, "Next: edit the catalog's consent section, then run: instrumented-make render"]


def _project(folder: Path) -> str:
    """The repository's name, then the folder's: many repositories have a ``docs``, so that alone is not enough."""
    top = repository.top(folder) or folder
    parts = [top.resolve().name, *folder.resolve().relative_to(top.resolve()).parts]
    name = re.sub(r"[^a-z0-9_-]+", "-", "-".join(parts).lower()).strip("-_")
    return name[:64].strip("-_") or "project"


def _prefix(rules: makefile.Makefile) -> str:
    """A prefix for the include's commands, so that none clashes with a command of the project."""
    prefix = "metrics"
    while any(f"{prefix}-{command}" in rules.rules for command in COMMANDS):
        prefix = f"make-{prefix}"
    return prefix
