"""Runs as the recorder wrote them down: one small file each in ``pending``, ``<nanoseconds since 1970>-<process>.run``.

Its lines: the version, ``3`` for a make and ``4`` for one of the catalog's commands; the command; the start; the
space of process ids and make's id in it; the folder that holds ``.git``; the full name of the branch; the commit; the
word that marks a test; the digest of what is collected, the name of the agreement and, only if that is collected, who
started make, and ``traceparent=`` with the trace that it belongs to; ``end``; and the end, which is blank until make
has ended: make's exit status, or minus the number of the signal that ended it, and when. A start and an end are three
numbers of nanoseconds: since 1970, since the machine started, and since then without the time that it slept.

The watcher holds its file locked for as long as it lives. So a record without an end that nobody has locked belongs to
a watcher that was killed, or that was on a machine or in a container that is gone. A file has MAX_BYTES at most. A
finished record that cannot be read is given up, and the reason is kept; one of a later version is left alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from instrumented_make.properties import BY_NAME
from instrumented_make.reporter import handed_over_runs, system
from instrumented_make.reporter.run import MAX_BYTES, NANOSECONDS, Damaged, Run, each, text

# Reporters that know no commands leave them alone.
_OF_MAKE, _OF_COMMAND = "3", "4"
_TRACE = "traceparent="
# How many the recorder lets wait for a reporter; a run beyond it is counted only.
MAX_RUNS = 10_000
# A file is locked, and then its start is written at once.
STARTED_WITHIN_S = 60
KILLED = "a start without an end: its recorder was killed, or its machine or container stopped"
# When SIGQUIT ends make, it exits with 1 to avoid a core dump. Otherwise only -q does, which is not recorded.
_SIGQUIT = -3


def finished(folder: Path, now_ns: int) -> Iterator[Run | Damaged]:
    """The runs in ``folder`` that have ended, and those that can no longer end, the oldest first, read one by one."""
    yield from handed_over_runs.finished(folder)
    yield from each(_records(folder), lambda path: _read(path, now_ns))


def remove(folder: Path, name: str) -> None:
    """Delete the record ``name``; one that cannot be deleted is read again, and gives the same event."""
    handed_over_runs.remove(folder, name)
    with contextlib.suppress(OSError):
        (folder / name).unlink(missing_ok=True)


def every(folder: Path) -> list[Path]:
    """All files that recorders created in ``folder``. Raise OSError if it is there, but cannot be listed."""
    try:
        names = os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in names if re.fullmatch(r"[\d-]{1,60}\.(?:run|start|end|failed)", name, re.ASCII)]


@contextlib.contextmanager
def dropped(path: Path) -> Iterator[int]:
    """How many runs were not recorded because of MAX_RUNS: the recorder adds a byte for each.

    Once the block has ended well, they are counted from zero again.
    """
    taken = path.with_name(f".{path.name}.taken")
    count = 0
    with contextlib.suppress(OSError):
        if not taken.exists():
            path.replace(taken)
        count = taken.stat().st_size
    yield count
    with contextlib.suppress(OSError):
        taken.unlink()


def _records(folder: Path) -> list[Path]:
    try:
        records = [path for path in every(folder) if path.suffix == ".run"]
    except OSError:
        return []
    return sorted(records, key=lambda path: path.name.partition("-")[0].rjust(20))


def wait_for_ends(folder: Path, patience_s: float) -> None:
    """Wait until every run of this system whose make is gone has its end, which its recorder writes at once."""
    until_s = time.monotonic() + patience_s
    while any(map(_is_about_to_end, _records(folder))) and time.monotonic() < until_s:
        time.sleep(0.01)


def _is_about_to_end(path: Path) -> bool:
    try:
        lines = text(path).split("\n")
    except (OSError, ValueError):
        return False
    if len(lines) != 12 or lines[0] not in (_OF_MAKE, _OF_COMMAND) or lines[10].split():
        return False
    space, _, process = lines[3].partition(" ")
    known = space != "0" and space == str(system.space_of_pids())  # without /proc nothing is known
    return known and process.isdigit() and not Path("/proc", process).exists()


def _read(path: Path, now_ns: int) -> Run | Damaged | None:
    """The run in ``path``, or None while it goes on. Raise ValueError when it is damaged."""
    content = text(path)
    lines = content.split("\n")
    if lines[0].isascii() and lines[0].isdigit() and int(lines[0][:9]) > int(_OF_COMMAND):
        return None
    if not content and now_ns - path.stat().st_mtime_ns < STARTED_WITHIN_S * NANOSECONDS:
        return None
    if not _has_end(lines):
        return Damaged(path.name, KILLED) if _is_abandoned(path) else None
    # the eleven lines, and what follows the last newline
    if len(lines) != 12 or lines[0] not in (_OF_MAKE, _OF_COMMAND) or lines[9] != "end":
        raise ValueError("its start is incomplete")
    is_command = lines[0] == _OF_COMMAND
    _, command, start, _, repository, ref, commit, testing, agreed, _, end, _ = lines
    status, _, ended = end.strip().partition(" ")
    if not re.fullmatch(r"-?\d{1,3}", status, re.ASCII):
        raise ValueError("its end has no status")
    _, agreement, *more = [*agreed.split(" "), ""]
    traces = [word.removeprefix(_TRACE) for word in more if word.startswith(_TRACE)]
    start_ns, _, start_awake_ns = _moment(start)
    end_ns, _, end_awake_ns = _moment(ended)
    return Run(
        name=path.name,
        command=command,
        start_ns=start_ns,
        end_ns=end_ns,
        # By a clock that nobody can set, and that stands still while the machine sleeps.
        duration_ns=max(0, end_awake_ns - start_awake_ns),
        exit_status=_SIGQUIT if int(status) == 1 and not is_command else int(status),
        repository=repository,
        ref=ref,
        commit=commit if re.fullmatch(r"[0-9a-f]{40,64}", commit) else "",
        testing=testing,
        agreement=agreement,
        caller=next((word for word in more if BY_NAME["caller"].takes(word)), ""),
        traceparent=traces[0] if traces else "",
        is_command=is_command,
    )


def _has_end(lines: list[str]) -> bool:
    return bool(lines[10:11] and lines[10].split())


def _is_abandoned(path: Path) -> bool:
    """Whether the record at ``path`` has no end, and nobody who could still write one."""
    handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between the first look and the lock, its recorder may have ended.
        return not _has_end(os.read(handle, MAX_BYTES).decode("utf-8", "replace").split("\n"))
    except BlockingIOError:
        return False
    finally:
        os.close(handle)


def _moment(words: str) -> tuple[int, int, int]:
    match = re.fullmatch(r"(\d{1,19}) (\d{1,19}) (\d{1,19})", words, re.ASCII)
    if match is None:
        raise ValueError("it has no time")
    return int(match[1]), int(match[2]), int(match[3])
