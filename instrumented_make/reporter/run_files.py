"""Runs as the rendered include recorded them: two small files each, ``<name>.start`` and ``<name>.end``.

The start file's and the end file's modification times are the start and the end of the command, so that a shell
can record both without starting a process. If the shell knows the time more precisely, the file holds it too.

The start's lines, of version 2: ``2``; the command; clock and uptime, or ``-``, and the system; the folder that holds
``.git``; the full name of the branch; the commit; the word that marks a test; the digest of what is collected and the
name of the agreement; ``end``. The end's line: the status as a shell gives it, clock and uptime. Names are
``<uptime>-<process id>-<n>``; the uptime is the host's, since containers that share a home have the same process ids.

A run is complete when its end file begins with a status. An end file that is still blank belongs to a command
that is running, or to one whose shell was killed; after a while it must be the latter. That time is not measured
with a clock that can be set: a reporter whose clock is ahead would forget runs in progress.

The two files of a run have at most MAX_BYTES each. A finished record that cannot be read is given up, and the reason
is kept; a record of a later version is left alone.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from instrumented_make import files
from instrumented_make.reporter import system

NANOSECONDS = 1_000_000_000
# For a run on this system whose shell is gone; in another container, where its shell cannot be seen; and on a system
# not running now, where only the file's time is left: longer than a clock is trusted (see outbox.believed_s).
ABANDONED_AFTER_S = 24 * 3600
GIVEN_UP_AFTER_S = 30 * 24 * 3600
FORGOTTEN_AFTER_S = 60 * 24 * 3600
STARTED_WITHIN_S = 60
# A command, three paths and a few words; anything longer was not written by a hand-over.
MAX_BYTES = 64 * 1024
_VERSION = 2
# A shell's own clock is trusted only if it agrees with the file's time: it may come from the environment.
CLOCK_AGREES_NS = 2 * NANOSECONDS
# /proc/uptime counts in hundredths of a second, but does not jump when the clock is set, and is read just before the
# command starts: on a busy machine or a slow disk, the start file is a little later.
CLOCKS_DIFFER_NS = NANOSECONDS // 20


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: times in nanoseconds since 1970, ``status`` as a shell gives it (128+n for signal n)."""

    name: str
    command: str
    start_ns: int
    end_ns: int
    duration_ns: int
    status: int
    repository: str
    ref: str
    commit: str
    testing: str
    agreement: str


@dataclass(frozen=True, slots=True)
class _Moment:
    time_ns: int
    uptime_ns: int | None


@dataclass(frozen=True, slots=True)
class Damaged:
    """A finished record that cannot be read, and why."""

    name: str
    reason: str


def finished(folder: Path) -> Iterator[Run | Damaged]:
    """The runs in ``folder`` that have ended, in no particular order."""
    for start in _files(folder, ".start"):
        try:
            run = _read(start)
        except OSError:  # it is gone by now, or cannot be read at the moment
            continue
        except ValueError as error:
            yield Damaged(start.stem, f"its record cannot be read: {error}")
            continue
        if run is not None:
            yield run


def remove(folder: Path, name: str) -> None:
    """Delete the run ``name``. The start goes first: an end without a start is ignored."""
    for suffix in (".start", ".end"):
        with contextlib.suppress(OSError):  # a file that cannot be removed is read again, and gives the same event
            (folder / (name + suffix)).unlink(missing_ok=True)


def remove_abandoned(folder: Path, now_ns: int) -> int:
    """Delete runs that can no longer end, and ends without a start; return the number of those runs."""
    count = 0
    for start in _files(folder, ".start"):
        if not _has_ended(start.with_suffix(".end")) and _is_abandoned(start, now_ns):
            remove(folder, start.stem)
            count += 1
    for end in _files(folder, ".end"):
        # A hand-over creates the end a moment before the start; the file's name says when, by a different clock.
        if not end.with_suffix(".start").exists() and _age_s(end, now_ns) > STARTED_WITHIN_S < _named_age_s(end):
            with contextlib.suppress(OSError):
                end.unlink(missing_ok=True)
    return count


def _is_abandoned(start: Path, now_ns: int) -> bool:
    clocks = _clocks_line(start)
    here = system.name()
    started_ns, place = (_clocks(clocks)[1], clocks[2]) if len(clocks) > 2 else (None, "")
    if started_ns is None or place.partition(":")[0] != here.partition(":")[0]:
        return _age_s(start, now_ns) > FORGOTTEN_AFTER_S
    age_s = system.uptime_s() - started_ns / NANOSECONDS
    return age_s > GIVEN_UP_AFTER_S or (age_s > ABANDONED_AFTER_S and place == here and not _is_running(start.stem))


def _clocks_line(start: Path) -> list[str]:
    try:
        return [*_text(start).split("\n"), "", "", ""][2].split()
    except (OSError, ValueError):
        return []


def _named_age_s(path: Path) -> float:
    """How far the uptime in the name of ``path`` is from this system's uptime."""
    uptime = path.stem.partition("-")[0]
    return abs(system.uptime_s() - int(uptime) / 100) if uptime else float("inf")


def every(folder: Path) -> list[Path]:
    """All files that hand-overs created in ``folder``. Raise OSError if the folder cannot be listed."""
    try:
        names = os.listdir(folder)
    except FileNotFoundError:
        return []
    return [folder / name for name in names if re.fullmatch(r"[\d-]{1,60}\.(?:start|end|failed)", name, re.ASCII)]


def _files(folder: Path, suffix: str) -> list[Path]:
    try:
        return [path for path in every(folder) if path.suffix == suffix]
    except OSError:
        return []


def _age_s(path: Path, now_ns: int) -> float:
    """How long ago ``path`` was written; 0 when it has just gone."""
    try:
        return (now_ns - path.stat().st_mtime_ns) / NANOSECONDS
    except OSError:
        return 0


def _read(start: Path) -> Run | None:
    """The run that began with ``start``, or None while it has no end. Raise ValueError when it is damaged."""
    end = start.with_suffix(".end")
    ending = _text(end).partition("\n")[0].split()
    if not ending:
        return None
    lines = _text(start).split("\n")
    if lines[0].isascii() and lines[0].isdigit() and int(lines[0][:9]) > _VERSION:
        return None
    # the nine lines, and what follows the last newline
    if len(lines) != 10 or lines[0] != str(_VERSION) or lines[8] != "end":
        raise ValueError("its start is incomplete")
    if not re.fullmatch(r"\d{1,3}", ending[0], re.ASCII):
        raise ValueError("its end has no status")
    status, end_clock, end_uptime = int(ending[0]), *_clocks(ending[1:])
    _, command, clocks, repository, ref, commit, testing, agreed, _, _ = lines
    started = _moment(start, *_clocks(clocks.split()))
    ended = _moment(end, end_clock, end_uptime)
    return Run(
        name=start.stem,
        command=command,
        start_ns=started.time_ns,
        end_ns=ended.time_ns,
        duration_ns=_duration(started, ended),
        status=status,
        repository=repository,
        ref=ref,
        commit=commit if re.fullmatch(r"[0-9a-f]{40,64}", commit) else "",
        testing=testing,
        agreement=agreed.partition(" ")[2],
    )


def _text(path: Path) -> str:
    return files.regular(path, MAX_BYTES).decode("utf-8", "replace")


def _clocks(words: list[str]) -> tuple[int | None, int | None]:
    """``<seconds since 1970 or ->`` and ``<seconds since boot or ->``, in nanoseconds."""
    return (_nanoseconds(words[0]) if words else None, _nanoseconds(words[1]) if len(words) > 1 else None)


def _nanoseconds(text: str) -> int | None:
    # bash writes the decimal mark of the user's locale
    match = re.fullmatch(r"(\d{1,12})[.,](\d{1,9})", text, re.ASCII)
    return int(match[1]) * NANOSECONDS + int(match[2].ljust(9, "0")) if match else None


def _moment(path: Path, clock_ns: int | None, uptime_ns: int | None) -> _Moment:
    time_ns = path.stat().st_mtime_ns
    if clock_ns is not None and abs(clock_ns - time_ns) < CLOCK_AGREES_NS:
        time_ns = clock_ns
    return _Moment(time_ns, uptime_ns)


def _duration(started: _Moment, ended: _Moment) -> int:
    elapsed = ended.time_ns - started.time_ns
    if started.uptime_ns is not None and ended.uptime_ns is not None:
        steady = ended.uptime_ns - started.uptime_ns
        if steady >= 0 and abs(steady - elapsed) > CLOCKS_DIFFER_NS:
            return steady
    return max(0, elapsed)


def _has_ended(end: Path) -> bool:
    try:
        return bool(_text(end).split())
    except OSError:
        return False
    except ValueError:
        return True


def _is_running(name: str) -> bool:
    """Whether the shell of the run ``name`` may still be there."""
    process = name.split("-")[-2:-1]
    try:
        os.kill(int(process[0]), 0)
    except (ProcessLookupError, ValueError, IndexError, OverflowError):
        return False
    except OSError:
        pass
    return True
