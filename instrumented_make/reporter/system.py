"""Identifies this system: machines and containers may share a home, and they use the same process ids."""

from __future__ import annotations

from pathlib import Path


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
