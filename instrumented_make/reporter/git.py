"""What was checked out when a command started.

The rendered include reads ``.git/HEAD`` and the branch's own file before the command runs, without a process.
What is left is done here, afterwards and in the background: turning the commit into its time.
git is only ever asked for plain data, never for a pager, a hook, a filter, a signature or the network.
"""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime, timedelta, timezone
from pathlib import Path

TIMEOUT_S = 5
HASH = r"[0-9a-f]{40,64}"
_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "diff.external": "",
    "protocol.allow": "never",
}


def commit_time(top: str, ref: str, commit: str, start_ns: int) -> str | None:
    """The committer's time, ISO 8601 with its zone (git's ``%cI``), of the commit at ``start_ns``.

    ``top`` is the folder that holds ``.git``, ``ref`` the full name of the branch or empty, ``commit`` its hash,
    or empty when the branch had no file of its own (git packs many into one). None outside a repository, before
    the first commit, when git does not answer within TIMEOUT_S, or for a time or zone that no calendar has (git accepts
    any).
    """
    if not top:
        return None
    if not commit:
        commit = _packed(top, ref, start_ns)
    if not commit:
        return None
    lines = _git(top, "cat-file", "commit", commit).split("\n\n", 1)[0].split("\n")
    committer = next((line for line in lines if line.startswith("committer ")), "")
    match = re.search(r" (\d{1,12}) ([+-])(\d\d)(\d\d)$", committer)
    if match is None:
        return None
    offset = timedelta(hours=int(match[3]), minutes=int(match[4])) * (-1 if match[2] == "-" else 1)
    try:
        return datetime.fromtimestamp(int(match[1]), timezone(offset)).isoformat()
    except (ValueError, OverflowError, OSError):  # no calendar has such a zone, or such a year
        return None


def is_dirty(top: str) -> bool | None:
    """Whether tracked files differ from the commit, staged or not; None if that cannot be told.

    A filter that the repository configures is not run: a file that only looks changed without it counts as changed.
    """
    if not top:
        return None
    filters = _git(top, "config", "--name-only", "--get-regexp", r"^filter\.").split()
    staged = _run(top, ["diff-index", "--cached", "--quiet", "--ignore-submodules=all", "HEAD"])
    # git takes what follows the first "=" of a setting for its value, so such a name could not be overridden.
    if staged is None or staged.returncode > 1 or any("=" in name for name in filters):
        return None
    without = {name: "false" if name.endswith(".required") else "" for name in filters}
    changed = _run(top, ["diff-files", "--quiet", "--ignore-submodules=all"], without)
    if changed is None or changed.returncode > 1:
        return None
    return staged.returncode == 1 or changed.returncode == 1


def _packed(top: str, ref: str, start_ns: int) -> str:
    """The commit of a branch that was packed at ``start_ns``.

    A branch without a file gets one when it moves, and its log then tells from where: the first move since the
    start began at the commit looked for. If it has not moved since, it is where it was.
    """
    if not re.fullmatch(r"refs/heads/[^\s\x00-\x1f]+", ref):
        return ""
    log = _git(top, "rev-parse", "--git-path", f"logs/{ref}").strip()
    try:
        lines = (Path(top) / log).read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    except OSError:
        lines = []
    for line in lines:
        match = re.match(rf"({HASH}) {HASH} [^\t]*> (\d+) [+-]\d{{4}}", line)
        if match and int(match[2]) >= start_ns // 1_000_000_000 and match[1].strip("0"):
            return match[1]
    return _git(top, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip()


def _git(top: str, *arguments: str) -> str:
    result = _run(top, list(arguments))
    return result.stdout if result is not None and result.returncode == 0 else ""


def _run(
    top: str, arguments: list[str], more_config: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str] | None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    config = {**_CONFIG, **(more_config or {})}
    settings = [word for name, value in config.items() for word in ("-c", f"{name}={value}")]
    # Named outright, the folder is not searched for, and nothing asks whose it is.
    where = [f"--git-dir={top}/.git", f"--work-tree={top}"]
    try:
        return subprocess.run(
            ["git", "--no-pager", *settings, *where, *arguments],
            cwd=top,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TIMEOUT_S,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
