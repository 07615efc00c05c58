"""The system: its name, since machines and containers may share a home, and whether it is what an error is about."""

from __future__ import annotations

import errno
from pathlib import Path

_SCARCE = frozenset({errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def is_scarcity(error: BaseException) -> bool:
    """Whether ``error`` says that memory, threads or descriptors have run out: nothing about what was being read.

    Without memory, modules cannot be imported either.
    """
    if isinstance(error, OSError):
        return error.errno in _SCARCE
    return isinstance(error, (MemoryError, ImportError)) or "new thread" in str(error)


def name() -> str:
    """A name for this boot of the machine and for this container on it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii", errors="replace")
    except OSError:
        boot = ""
    return f"{boot.partition('-')[0]}:{space_of_pids()}"


def space_of_pids() -> int:
    """What distinguishes the process ids here from those of other containers, as in a record; 0 if unknown."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0
