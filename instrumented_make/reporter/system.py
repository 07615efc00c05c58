"""Which system this is: homes are shared by machines and containers, which have the same process ids."""

from __future__ import annotations

from pathlib import Path


def name() -> str:
    """Name this system since it was started, and in it this container, as the hand-over does from /proc."""
    boot = _first_line("/proc/sys/kernel/random/boot_id").partition("-")[0]
    mount = _first_line("/proc/self/mountinfo").partition(" ")[0]
    return f"{boot}:{mount}"


def uptime_s() -> float:
    """How long the machine has been running, all its containers alike; 0 where that cannot be known."""
    try:
        return float(_first_line("/proc/uptime").partition(" ")[0])
    except ValueError:
        return 0.0


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").partition("\n")[0]
    except OSError:
        return ""
