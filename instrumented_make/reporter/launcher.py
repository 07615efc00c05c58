"""Finds what can start a command in the background as if it ran in the foreground.

A shell without job control starts a background command with SIGINT and SIGQUIT ignored, and cannot undo that. GNU env
(coreutils 8.31) and perl can. This module finds out which of them a system has, and stores it
under the name of that system for the hand-over to read: systems may share a home, and the wrong program would not run
the command at all.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys

from instrumented_make.errors import UserError
from instrumented_make.reporter import system
from instrumented_make.reporter.config_dir import ConfigDir

_CANDIDATES = ("/usr/bin/env", "/bin/env", "/run/current-system/sw/bin/env", "/usr/bin/perl")
_TIMEOUT_S = 10
# How many of the systems that share a home to remember.
_KEPT_SYSTEMS = 20
_PERL = '$SIG{$_} = "DEFAULT" for split /,/, shift; delete $ENV{gone}; $ENV{_} = "kept"; exec {$ARGV[0]} @ARGV'
_PROOF = (
    "import os, signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler,"
    " signal.getsignal(signal.SIGQUIT) == signal.SIG_DFL, os.environ.get('gone'), os.environ.get('_'))"
)


def known(config_dir: ConfigDir) -> str:
    """The launcher found on this system; empty if there is none, or if none was looked for yet."""
    return _kept(config_dir).get(system.name(), "")


def remember(config_dir: ConfigDir) -> None:
    """Look for a launcher, unless this was already done on this system, and store the result. Raise UserError."""
    kept = _kept(config_dir)
    name = system.name()
    if name in kept:
        return
    kept[name] = next((path for path in _CANDIDATES if _works(path)), "")
    lines = [f"{key} {path}\n" for key, path in list(kept.items())[-_KEPT_SYSTEMS:]]
    config_dir.write(config_dir.launcher, "".join(lines))


def remember_quietly(config_dir: ConfigDir) -> None:
    """Like :func:`remember`, but ignore a failure: nothing depends on it here."""
    with contextlib.suppress(UserError):
        remember(config_dir)


def _kept(config_dir: ConfigDir) -> dict[str, str]:
    lines = config_dir.read(config_dir.launcher).splitlines()
    return {key: path for key, _, path in (line.partition(" ") for line in lines)}


def _works(path: str) -> bool:
    """Whether ``path`` restores both signals for a command and unsets a variable for it."""
    if path.endswith("perl"):
        command = [path, "-e", _PERL, "INT,QUIT"]
    else:
        command = [path, "--default-signal=INT,QUIT", "-u", "gone", "_=kept"]
    try:
        result = subprocess.run(
            [*command, sys.executable, "-I", "-S", "-c", _PROOF],
            env={**os.environ, "gone": "not yet"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
            preexec_fn=_ignore,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return result.stdout == "True True None kept\n"


def _ignore() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGQUIT, signal.SIG_IGN)
