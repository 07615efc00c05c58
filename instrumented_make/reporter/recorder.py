"""Places the program that watches makes in the decision's folder, and asks it how it can watch here.

Systems of several kinds may share a home, and a program of another kind is not silent. So a placed program is named by
what make says of its own system, and has been started once on it.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from instrumented_make import RECORDER
from instrumented_make.errors import failure
from instrumented_make.installing import to_repair
from instrumented_make.reporter.config_dir import MEND

_TRIAL_S = 10
# What the kernel does not tell; see docs/limits.md.
NONE = "none"
_WAYS = ("pidfd", "connector", "kqueue", NONE)


def place(path: Path, host: str) -> str:
    """Put the program at ``path``, where makes of ``host`` start it; return how it watches here.

    Raise UserError if it cannot.
    """
    if not host:
        raise failure("Makefile.instrumented is of a version before 0.5", "render it again: instrumented-make render")
    if not re.fullmatch(r"[A-Za-z0-9._+-]{1,100}", host):
        raise failure(f"make names its system {host!r}, which cannot be part of a file's name", path=path)
    try:
        program = RECORDER.read_bytes()
    except OSError as error:
        hint = f"install it again: {to_repair()}"
        raise failure(f"the recorder is missing: {error.strerror}", hint, path=RECORDER) from None
    trial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o700), "wb") as file:
            file.write(program)
        way = ways(trial)
        if not way:
            hint = "its folder must allow programs (no noexec), and the wheel be for this system; nothing was changed"
            raise failure("the recorder cannot be started here", hint, path=path)
        os.replace(trial, path)
    except OSError as error:
        raise failure(f"it cannot be written: {error.strerror}", MEND, path=path) from None
    finally:
        trial.unlink(missing_ok=True)
    return way


def ways(program: Path) -> str:
    """How ``program`` watches here: by a name in the kernel's documentation, or NONE. Empty if it cannot be started."""
    try:
        result = subprocess.run(
            [program, "check"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TRIAL_S, check=False
        )
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""
    return result.stdout.strip() if result.stdout.strip() in _WAYS else ""


def advice(program: Path) -> str:
    """The line for the shell's start file, where the kernel does not tell how make ended."""
    return f"""make() {{ {program} run -- make "$@"; }}"""
