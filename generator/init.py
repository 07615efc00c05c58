"""From a Makefile that someone else wrote to a first catalog and the guard, overwriting nothing."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from generator import makefile
from generator.catalog import COMMANDS
from generator.render import proposal
from instrumented_make import files
from instrumented_make.errors import failure

# MAKEFILE_LIST is then what it is without this file, to the byte.
# A catch-all (%: Makefile) would remake this file as well; the include keeps it from that, if it knows its name.
GNUMAKEFILE = "# make reads this file before Makefile, which stays as it is.\n.metrics.wiring := GNUmakefile\n{guard}"
GUARD = "-include Makefile.instrumented\nifndef INSTRUMENTED\n{rules}\nendif\n"


def init(folder: Path, catalog: Path) -> list[str]:
    """Write a proposed ``catalog``, and a GNUmakefile where that is enough; return what to tell and do next.

    Raise UserError when there is a catalog already, or nothing to track.
    """
    if catalog.exists():
        raise failure("it is there already", "edit it, or: instrumented-make add NAME", path=catalog)
    rules = makefile.read(folder).offered()
    if not rules:
        raise failure("its makefiles offer no target", "run it where the Makefile is", path=folder)
    files.write(catalog, proposal(_project(folder), _main_branch(folder), _prefix(rules), rules))
    told = [f"{catalog}: {len(rules)} targets proposed; take out what is not worth measuring"]
    if (folder / "GNUmakefile").exists() or not (folder / "Makefile").exists():
        told += ["Put this around the rules of your makefile, as the first thing in it:", "", GUARD.format(rules="...")]
    else:
        files.write(
            folder / "GNUmakefile", GNUMAKEFILE.format(guard=GUARD.format(rules="MAKEFILE_LIST :=\ninclude Makefile"))
        )
        told.append(f"{folder / 'GNUmakefile'}: written; your Makefile stays as it is")
    return [*told, "Next: edit the catalog's consent section, then: instrumented-make render"]


def _project(folder: Path) -> str:
    name = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")
    return name[:64] or "project"


def _prefix(rules: list[makefile.Rule]) -> str:
    """What the include's commands begin with, so that none is a command of the project already."""
    names = {rule.name for rule in rules}
    prefix = "metrics"
    while names & {f"{prefix}-{command}" for command in COMMANDS}:
        prefix = f"make-{prefix}"
    return prefix


def _main_branch(folder: Path) -> str:
    """What the remote calls its main branch, if a clone remembers that; else ``main``."""
    command = ["git", "-C", str(folder), "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "main"
    return result.stdout.strip().removeprefix("origin/") or "main"
