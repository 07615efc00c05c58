"""A run, whichever way it was recorded."""

from __future__ import annotations

from dataclasses import dataclass

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: times in nanoseconds since 1970, ``exit_status`` as in the event."""

    name: str
    command: str
    start_ns: int
    end_ns: int
    duration_ns: int
    exit_status: int
    repository: str
    ref: str
    commit: str
    testing: str
    agreement: str


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that gives no run, and why."""

    name: str
    reason: str
