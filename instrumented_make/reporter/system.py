"""The system: names of its processes, since machines share a home, and whether it is what an error is about."""

from __future__ import annotations

import errno
from pathlib import Path

_SCARCE = frozenset({errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


def is_scarcity(error: BaseException) -> bool:
    """Whether ``error`` says that memory, threads or descriptors have run out: nothing about what was being read.

    Without memory, modules cannot be imported either; one that is not there is another matter.
    """
    if isinstance(error, OSError):
        return error.errno in _SCARCE
    if isinstance(error, ImportError):
        return not isinstance(error, ModuleNotFoundError)
    return isinstance(error, MemoryError) or "new thread" in str(error)


def environment_of(process: int) -> dict[str, str]:
    """What ``process`` was started with; empty if that cannot be read."""
    try:
        text = Path(f"/proc/{process}/environ").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in text.split("\0") if "=" in line)


def name_of(process: int) -> str:
    """A name for ``process`` that no other has, here, after it or elsewhere: boot, container, id, and when it began.

    Where there is no /proc, it is the id alone.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii", errors="replace").partition("-")[0]
        # The name in brackets may hold anything; what follows are fields 3 and on, and the start is field 22 (proc(5)).
        began = (
            Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
        )
    except (OSError, IndexError):
        boot = began = ""
    return f"{boot}:{space_of_pids()}:{process}:{began}"


def space_of_pids() -> int:
    """What distinguishes the process ids here from those of other containers, as in a record; 0 if unknown."""
    try:
        return Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        return 0
