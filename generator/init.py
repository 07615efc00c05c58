"""From a Makefile that someone else wrote to a first catalog and the guard, overwriting nothing."""

from __future__ import annotations

import re
from pathlib import Path

from generator import makefile, repository, wiring
from generator.catalog import COMMANDS
from generator.proposal import MAX_TARGETS, proposed
from generator.render import ENGINE, HAND_OVER, first_catalog
from instrumented_make import files
from instrumented_make.errors import failure


def init(folder: Path, catalog: Path) -> list[str]:
    """Write a proposed ``catalog``, and a GNUmakefile where that is enough; return what to tell and do next.

    Raise UserError when there is a catalog already, or nothing to track.
    """
    if catalog.exists():
        raise failure("it is there already", "edit it, or: instrumented-make add NAME", path=catalog)
    rules = makefile.read(folder)
    entries = proposed(rules)
    if not entries:
        raise failure("its makefiles offer no target", "run it where the Makefile is", path=folder)
    project, branch = _project(folder), repository.main_branch(folder)
    files.write(catalog, first_catalog(project, branch, _prefix(rules), entries))
    told = [f"{catalog}: {min(len(entries), MAX_TARGETS)} targets proposed; take out what is not worth measuring"]
    if left_out := len(entries[MAX_TARGETS:]):
        told.append(f"{catalog}: {left_out} more left out; to see them: instrumented-make list --untracked")
    needed = [catalog.name, makefile.INCLUDE, str(ENGINE), str(HAND_OVER)]
    if (folder / "GNUmakefile").exists() or not (folder / "Makefile").exists():
        told += ["Put this around the rules of your makefile, as the first thing in it:", ""]
        told.append(wiring.guard("...", makefile.INCLUDE))
    else:
        files.write(folder / "GNUmakefile", wiring.gnumakefile(makefile.INCLUDE))
        told.append(f"{folder / 'GNUmakefile'}: written; your Makefile stays as it is")
        needed.append("GNUmakefile")
    told += [
        f"{name}: git ignores it; commit it with: git add -f {name}" for name in repository.ignored(folder, needed)
    ]
    if repository.is_one(folder) and not repository.ignored(folder, [".venv/"]):
        told.append("Developers may install the reporter in .venv: add /.venv/ to .gitignore")
    return [*told, "Next: edit the catalog's consent section, then: instrumented-make render"]


def _project(folder: Path) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")
    return name[:64] or "project"


def _prefix(rules: makefile.Makefile) -> str:
    """What the include's commands begin with, so that none is a command of the project already."""
    prefix = "metrics"
    while any(f"{prefix}-{command}" in rules.rules for command in COMMANDS):
        prefix = f"make-{prefix}"
    return prefix
