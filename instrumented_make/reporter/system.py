"""Identifies this system: machines and containers may share a home, and they use the same process ids."""

from __future__ import annotations

from pathlib import Path


def name() -> str:
    """A name for this boot of the system and for this container in it, from /proc, as in the hand-over."""
    boot = _first_line("/proc/sys/kernel/random/boot_id").partition("-")[0]
    mount = _first_line("/proc/self/mountinfo").partition(" ")[0]
    return f"{boot}:{mount}"


def uptime_s() -> float:
    """How long the machine has been running, the same in all its containers; 0 if unknown."""
    try:
        return float(_first_line("/proc/uptime").partition(" ")[0])
    except ValueError:
        return 0.0


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except OSError:
        return ""
