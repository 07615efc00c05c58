"""Runs that an include before 0.5 recorded and that still wait: two small files each, ``<name>.start`` and ``.end``.

The start's lines, of version 2: ``2``; the command; clock and uptime, or ``-``, and the system; the folder that holds
``.git``; the full name of the branch; the commit; the word that marks a test; the digest of what is collected and the
name of the agreement; ``end``. The end's line: the status as a shell gives it (128+n for signal n), clock and uptime.
The files' modification times are those of the start and the end; a shell's own clock, if the file holds one, is more
precise.

An end file that is blank belongs to a command that may still run, for all that can be known.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from instrumented_make.reporter.run import NANOSECONDS, Damaged, Run, each, text

# A shell's own clock is trusted only if it agrees with the file's time: it may come from the environment.
CLOCK_AGREES_NS = 2 * NANOSECONDS
# /proc/uptime counts in hundredths of a second, but does not jump when the clock is set.
CLOCKS_DIFFER_NS = NANOSECONDS // 20


def finished(folder: Path) -> Iterator[Run | Damaged]:
    """The runs in ``folder`` that have ended, in no particular order."""
    try:
        names = [name for name in os.listdir(folder) if re.fullmatch(r"[\d-]{1,60}\.start", name, re.ASCII)]
    except OSError:
        return
    yield from each([folder / name.removesuffix(".start") for name in names], _read)


def remove(folder: Path, name: str) -> None:
    """Delete the run ``name``. The start goes first: an end without a start is ignored."""
    for suffix in (".start", ".end"):
        with contextlib.suppress(OSError):
            (folder / (name + suffix)).unlink(missing_ok=True)


def _read(run: Path) -> Run | None:
    """The run in the two files of ``run``, or None while it has no end. Raise ValueError when it is damaged."""
    start, end = run.with_suffix(".start"), run.with_suffix(".end")
    ending = text(end).partition("\n")[0].split()
    if not ending:
        return None
    lines = text(start).split("\n")
    # the nine lines, and what follows the last newline
    if len(lines) != 10 or lines[0] != "2" or lines[8] != "end":
        raise ValueError("its start is incomplete")
    if not re.fullmatch(r"\d{1,3}", ending[0], re.ASCII):
        raise ValueError("its end has no status")
    _, command, clocks, repository, ref, commit, testing, agreed, _, _ = lines
    status, end_clock, end_uptime = int(ending[0]), *_clocks(ending[1:])
    start_clock, start_uptime = _clocks(clocks.split())
    start_ns, end_ns = _moment(start, start_clock), _moment(end, end_clock)
    duration_ns = max(0, end_ns - start_ns)
    if start_uptime is not None and end_uptime is not None:
        steady = end_uptime - start_uptime
        if steady >= 0 and abs(steady - duration_ns) > CLOCKS_DIFFER_NS:
            duration_ns = steady
    return Run(
        name=run.name,
        command=command,
        start_ns=start_ns,
        end_ns=end_ns,
        duration_ns=duration_ns,
        exit_status=128 - status if status > 128 else status,
        repository=repository,
        ref=ref,
        commit=commit if re.fullmatch(r"[0-9a-f]{40,64}", commit) else "",
        testing=testing,
        agreement=agreed.partition(" ")[2],
    )


def _clocks(words: list[str]) -> tuple[int | None, int | None]:
    """``<seconds since 1970 or ->`` and ``<seconds since boot or ->``, in nanoseconds."""
    return (_nanoseconds(words[0]) if words else None, _nanoseconds(words[1]) if len(words) > 1 else None)


def _nanoseconds(word: str) -> int | None:
    # bash writes the decimal mark of the user's locale
    match = re.fullmatch(r"(\d{1,12})[.,](\d{1,9})", word, re.ASCII)
    return int(match[1]) * NANOSECONDS + int(match[2].ljust(9, "0")) if match else None


def _moment(path: Path, clock_ns: int | None) -> int:
    time_ns = path.stat().st_mtime_ns
    return clock_ns if clock_ns is not None and abs(clock_ns - time_ns) < CLOCK_AGREES_NS else time_ns
