"""Asks and runs make with and without the include, and reports what differs, for ``check``."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator import database, processes, wiring
from generator.catalog import COMMANDS, Catalog
from instrumented_make import RECORDER, decision_files, files
from instrumented_make.digest import digest
from instrumented_make.errors import Problem, failure

TIMEOUT_S = 300
# Variables that would switch collection off, and those of a make that may have started this.
_DROPPED = ("CI", "DO_NOT_TRACK", "DEVSTACK_METRICS_TESTING")
_OF_MAKE = ("MAKE", "MFLAGS", "GNUMAKEFLAGS")


@dataclass(frozen=True, slots=True)
class _Ran:
    """A command's output, and its exit status."""

    status: int
    out: str
    err: str

    def difference(self, other: _Ran) -> str:
        """The first difference between ``other`` and this; empty if they are the same."""
        if self.status != other.status:
            return f"it exits with {other.status} instead of {self.status}"
        for stream, mine, its in (("standard output", self.out, other.out), ("standard error", self.err, other.err)):
            if mine != its:
                pairs = zip([*mine.splitlines(), "(nothing)"], [*its.splitlines(), "(nothing)"], strict=False)
                before, after = next((pair for pair in pairs if pair[0] != pair[1]), ("", "another end of line"))
                return f"its {stream} has {after!r} instead of {before!r}"
        return ""


def changes(catalog: Catalog, include: Path) -> list[Problem]:
    """What make knows or says differently with the include, beside its commands, and whether these work.

    Raise UserError if make cannot read the makefiles.
    """
    folder, commands = include.resolve().parent, [f"{catalog.prefix}-{name}" for name in COMMANDS]
    tracked = [name for target in catalog.targets for name in target.commands if "%" not in name][:1]
    rules = r"(\.DEFAULT_GOAL|MAKECMDGOALS) := .*|" + "|".join(
        rf"\.PHONY: {re.escape(command)}|{re.escape(command)}:.*|\t.*\$\(call \.metrics\.run,{name}\).*"
        for command, name in zip(commands, COMMANDS, strict=True)
    )
    problems = []
    with tempfile.TemporaryDirectory() as home:
        for goals, expected in ((commands, rules), (tracked, "")):
            if difference := database.changes(folder, include.name, goals, Path(home), expected):
                hint = "please report this, with the Makefile"
                problems.append(_problem(include, "changed-makefile", f"with the include, {difference}", hint, "error"))
    status = _run(folder, ["make", f"{catalog.prefix}-status"])
    if status.status or "Decision: none yet" not in status.out:
        told = (status.err.strip() or status.out.strip()).splitlines()[-1:] or ["nothing"]
        message = f"make {catalog.prefix}-status does not work here; its last words: {told[0]}"
        hint = f"run it, and mend what it says: make {catalog.prefix}-status"
        problems.append(_problem(include, "no-status", message, hint, "error"))
    return problems


def trial(catalog: Catalog, include: Path, command_lines: Sequence[str]) -> list[Problem]:
    """What ``make`` with each of ``command_lines`` does differently before consent, after it and after a decline.

    Each runs in the folder of the include, two or three times without the wiring: a makefile without it takes the place
    of yours meanwhile. No reporter is started, and the decisions are kept in a temporary folder. Raise UserError for a
    command that does not end.
    """
    decisions: dict[str, str | None] = {
        "before you decide": None,
        "after you agree": f"{decision_files.AGREED}{digest(catalog.collection)}",
        "after you decline": decision_files.DECLINED,
    }
    problems = []
    for typed in command_lines:
        command = ["make", *_words(typed)]
        with _in_its_place(include, wiring.silence):
            bare, again = _run(include.parent, command), _run(include.parent, command)
            if bare.difference(again):  # the first run may have built something that stays
                bare, again = again, _run(include.parent, command)
        if bare.difference(again):
            message = f"make {typed} behaves differently each time: {bare.difference(again)}"
            hint = "choose a command that always does the same"
            problems.append(_problem(include, "cannot-compare", message, hint, "warning"))
            continue
        for when, mark in decisions.items():
            # Another makefile here, too: one may ask git whether it was changed.
            with _in_its_place(include, wiring.annotate):
                ran = _run(include.parent, command, catalog.project, mark)
            if difference := bare.difference(ran):
                message = f"make {typed} behaves differently {when}: {difference}"
                hint = "please report this, with the Makefile"
                problems.append(_problem(include, "changed-command", message, hint, "error"))
    return problems


def _problem(include: Path, name: str, message: str, hint: str, severity: str) -> Problem:
    return Problem(message, hint, str(include), name=name, severity=severity)


def _words(typed: str) -> list[str]:
    try:
        return shlex.split(typed)
    except ValueError as error:
        raise failure(f"--run {typed!r} is not a valid command line: {error}", "close its quotes") from None


def _run(folder: Path, command: list[str], project: str = "", mark: str | None = None) -> _Ran:
    """What ``command`` does if the file ``mark`` records a decision about ``project``."""
    variables = {
        name: value for name, value in os.environ.items() if name not in _DROPPED and not name.startswith(_OF_MAKE)
    }
    # A recorder may still write a moment after its make has ended.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as config:
        if mark:
            (Path(config) / project).mkdir(mode=0o700)
            (Path(config) / project / mark).write_text("trial\n", encoding="utf-8")
            shutil.copy(RECORDER, Path(config) / project / f"{decision_files.RECORDER}{_host(variables)}")
        try:
            ran = processes.run(command, folder, {**variables, "XDG_CONFIG_HOME": config}, TIMEOUT_S)
        except subprocess.TimeoutExpired:
            message = f"{shlex.join(command)} did not end within {TIMEOUT_S} s"
            raise failure(message, "choose a harmless command that ends by itself", path=folder) from None
    # The folder for the decisions is a different one each time.
    return _Ran(ran.returncode, ran.stdout.replace(config, "~/.config"), ran.stderr.replace(config, "~/.config"))


def _host(variables: dict[str, str]) -> str:
    """What make calls this system; empty for make 3.81, which does not know."""
    asked = subprocess.run(
        ["make", "-f", "-"],
        input="$(info $(MAKE_HOST))\nall: ; @:\n",
        env=variables,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    return asked.stdout.strip()


@contextlib.contextmanager
def _in_its_place(include: Path, change: Callable[[str, str], str]) -> Iterator[None]:
    """Replace the makefile that make reads with what ``change`` makes of it, and put the original back at the end."""
    path = include.parent / (database.first_in(include.parent) or "Makefile")
    aside = wiring.aside(path)
    text = change(files.current(path) or "", include.name)
    moved = False
    with files.orderly_end():
        try:
            os.rename(path, aside)
            moved = True
            files.write(path, text)
            # A rule may compare the times of two files.
            os.utime(path, ns=(aside.stat().st_atime_ns, aside.stat().st_mtime_ns))
            yield
        except OSError as error:
            message = f"it cannot be moved aside: {error.strerror}"
            raise failure(message, "check the permissions of its folder", path=path) from None
        finally:
            if moved:
                os.replace(aside, path)
