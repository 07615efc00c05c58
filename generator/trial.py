"""Runs a few commands with the include and without it, and tells what differs: what ``check --run`` does."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from generator import makefile, wiring
from generator.catalog import Catalog
from generator.contract import collection
from instrumented_make import files
from instrumented_make.digest import digest
from instrumented_make.errors import Problem, failure

TIMEOUT_S = 300
# What would switch collection off, and what tells of a make that this may be a part of.
_DROPPED = ("CI", "DO_NOT_TRACK", "DEVSTACK_METRICS_TESTING")
_OF_MAKE = ("MAKE", "MFLAGS", "GNUMAKEFLAGS")
# The one line that a recorded command that fails has more (docs/limits.md).
_FAILED = re.compile(r"^.*\.instrumented.*\*\*\*.*\n|^.*\*\*\* \[[^\]\n]*\.instrumented\].*\n", re.M)


@dataclass(frozen=True, slots=True)
class _Ran:
    """What a command said, and how it ended."""

    status: int
    out: str
    err: str

    def difference(self, other: _Ran) -> str:
        """The first thing in which ``other`` is not this; empty when they are the same."""
        if self.status != other.status:
            return f"it ends with {other.status} instead of {self.status}"
        for stream, mine, its in (("standard output", self.out, other.out), ("standard error", self.err, other.err)):
            if mine != its:
                pairs = zip([*mine.splitlines(), "(nothing)"], [*its.splitlines(), "(nothing)"], strict=False)
                before, after = next((pair for pair in pairs if pair[0] != pair[1]), ("", "another end of line"))
                return f"its {stream} has {after!r} instead of {before!r}"
        return ""


def trial(catalog: Catalog, include: Path, command_lines: Sequence[str]) -> list[Problem]:
    """What ``make`` with each of ``command_lines`` does differently before consent, after it and after a decline.

    Each is run in the folder of the include, two or three times without the wiring, by a makefile that takes the place
    of yours meanwhile. No reporter is started, and the decisions are kept in a throw-away folder. Raise UserError for a
    command that does not end.
    """
    decisions: dict[str, str | None] = {
        "before anybody has decided": None,
        "once somebody has agreed": f"agreed.{digest(collection(catalog))}",
        "once somebody has declined": "declined",
    }
    problems = []
    for typed in command_lines:
        command = ["make", *_words(typed)]
        with _without_wiring(include):
            bare, again = _run(include.parent, command), _run(include.parent, command)
            if bare.difference(again):  # the first may have made something once and for all
                bare, again = again, _run(include.parent, command)
        if bare.difference(again):
            message = f"make {typed} is another command each time: {bare.difference(again)}"
            hint = "name one that is always the same"
            problems.append(_found(include, "cannot-compare", message, hint, "warning"))
            continue
        for when, kept in decisions.items():
            difference = bare.difference(_run(include.parent, command, catalog.project, kept))
            if difference:
                message = f"make {typed} is another command {when}: {difference}"
                hint = "please report this, with the Makefile"
                problems.append(_found(include, "changed-command", message, hint, "error"))
    return problems


def _found(include: Path, name: str, message: str, hint: str, severity: str) -> Problem:
    return Problem(message, hint, str(include), name=name, severity=severity)


def _words(typed: str) -> list[str]:
    try:
        return shlex.split(typed)
    except ValueError as error:
        raise failure(f"--run {typed!r} is no command line: {error}", "close its quotes") from None


def _run(folder: Path, command: list[str], project: str = "", kept: str | None = None) -> _Ran:
    """What ``command`` does where the file ``kept`` tells of a decision about ``project``."""
    variables = {
        name: value for name, value in os.environ.items() if name not in _DROPPED and not name.startswith(_OF_MAKE)
    }
    with tempfile.TemporaryDirectory() as config:
        if kept:
            (Path(config) / project).mkdir(mode=0o700)
            (Path(config) / project / kept).write_text("trial\n", encoding="utf-8")
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**variables, "XDG_CONFIG_HOME": config},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=TIMEOUT_S)
            except BaseException as error:
                os.killpg(process.pid, signal.SIGKILL)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                message = f"{shlex.join(command)} did not end within {TIMEOUT_S} s"
                raise failure(message, "name a harmless command that ends by itself", path=folder) from None
    # Where its decisions are kept is not the same folder twice.
    err = _FAILED.sub("", err)
    return _Ran(process.returncode, out.replace(config, "~/.config"), err.replace(config, "~/.config"))


@contextlib.contextmanager
def _without_wiring(include: Path) -> Iterator[None]:
    """Put a makefile without the wiring in the place of the one that make reads, and that one back at the end."""
    path = include.parent / (makefile.first_in(include.parent) or "Makefile")
    aside = wiring.aside(path)
    text = wiring.silenced(files.current(path) or "", path, include.name)
    before = {number: signal.signal(number, _stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    moved = False
    try:
        os.rename(path, aside)
        moved = True
        if text is not None:
            files.write(path, text)
            # A rule may ask which of two files is newer.
            os.utime(path, ns=(aside.stat().st_atime_ns, aside.stat().st_mtime_ns))
        yield
    except OSError as error:
        message = f"it cannot be moved aside: {error.strerror}"
        raise failure(message, "check the permissions of its folder", path=path) from None
    finally:
        if moved:
            os.replace(aside, path)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
