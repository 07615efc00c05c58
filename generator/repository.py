"""What git knows about the project's folder, for ``init`` and ``check``."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

TIMEOUT_S = 10


def main_branch(folder: Path) -> str:
    """The remote's main branch, if the clone has it on record; else ``main``."""
    name = _ask(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD")
    return name.strip().removeprefix("origin/") or "main"


def ignored(folder: Path, names: Sequence[str]) -> list[str]:
    """Those of ``names`` in ``folder`` that git would not commit; none outside a repository."""
    return _ask(folder, "check-ignore", "--", *names).splitlines()


def to_commit(folder: Path, name: str) -> str:
    """What to do about a file that git ignores: commit it, or what it is made from, where that is known."""
    for source in (f"{name}.am", f"{name}.in"):
        if (folder / source).exists():
            return f"put the same line into {source}, from which it is made"
    return f"run: git add -f {name}"


def files(folder: Path) -> list[str]:
    """The files in ``folder`` that git knows, by their names from there; none outside a repository."""
    return [name for name in _ask(folder, "ls-files", "-z").split("\0") if name]


def name(folder: Path) -> str | None:
    """What the repository is called, as its remote says; None without one."""
    address = _ask(folder, "config", "--get", "remote.origin.url").strip().rstrip("/")
    return re.split(r"[/:]", address)[-1].removesuffix(".git") or None


def top(folder: Path) -> Path | None:
    """The top folder of the work tree that contains ``folder``, if any."""
    path = _ask(folder, "rev-parse", "--show-toplevel").removesuffix("\n")
    return Path(path) if path else None


def _ask(folder: Path, *arguments: str) -> str:
    """What git prints; nothing if it fails or is not installed."""
    # A file system monitor is a program that a repository may configure.
    command = ["git", "-C", str(folder), "-c", "core.quotePath=off", "-c", "core.fsmonitor=false", *arguments]
    try:
        result = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout
