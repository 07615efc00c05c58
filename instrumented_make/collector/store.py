"""What every store does, whichever engine it is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, Protocol

from instrumented_make.collector.intake import Event
from instrumented_make.properties import AUTOMATED, Value

# The names of what is kept besides events (see Store.get).
SALT, READER, NEWS, BOARD, PROBE = "salt", "reader", "news", "board", "probe"
# ``alone``: as the collector; ``beside`` one that may run; ``read``: to read only, beside one as well.
Use = Literal["alone", "beside", "read"]
# Whose runs are told.
MOST_COMMANDS = 10_000


class Unavailable(Exception):
    """The store cannot be used at the moment: its disk is full, somebody holds it, its server has stopped."""


class Store(Protocol):
    """Events and a few values by name. Each call that changes anything is committed, to the disk, when it returns.

    Used by one thread. Raise Unavailable from every method.
    """

    def add(self, events: Sequence[Event], left: Mapping[str, int], now_us: int) -> Counter[str]:
        """Keep those of ``events`` whose ids are new and whose user ids are not deleted; return why others are not.

        ``left``: how often something was refused or left out so far, by reason; what is returned is counted with it.
        """

    def delete_user(self, user_id: str) -> None:
        """Delete the events of ``user_id``, for good: those that arrive later are not kept either."""

    def delete_before(self, start_us: int, limit: int) -> int:
        """Delete events that began before then, ``limit`` at most; return how many."""

    def newest_start_us(self, before_us: int) -> int | None:
        """When the last event before ``before_us`` began."""

    def months(self) -> list[str]:
        """The months (UTC) in which an event began, as ``2026-05``, in order."""

    def rows(self, from_us: int, to_us: int) -> Iterator[list[tuple[Value, ...]]]:
        """The events that began from ``from_us`` to before ``to_us``, as COLUMNS, some at a time."""

    def runs(self) -> dict[str, tuple[int, int, int]]:
        """How many runs of a command people made ever since, how many failed, how many were interrupted.

        Of MOST_COMMANDS with the most runs: names can be combined, so anyone can make up any number.
        """

    def left(self) -> dict[str, int]:
        """How often something was refused or left out, by reason."""

    def get(self, name: str) -> bytes | None:
        """The value kept under ``name``."""

    def put(self, values: Mapping[str, bytes]) -> None:
        """Keep these values."""

    def leads(self) -> bool:
        """Whether this is the one, of several processes with the same store, that makes the board."""

    def close(self) -> None:
        """Close it."""


def hash_of(user_id: str, salt: bytes) -> bytes:
    """What is kept of a deleted user id."""
    return hashlib.sha256(salt + user_id.encode()).digest()


def count_runs(events: Iterable[Event]) -> dict[str, tuple[int, int, int]]:
    """For each command the runs, the failed and the interrupted ones, of people and no tests; sorted by name."""
    counts: dict[str, list[int]] = {}
    for event in events:
        status, caller = event.value("exit_status"), event.value("caller")
        if event.value("is_test") == "false" and caller not in AUTOMATED:
            assert isinstance(status, int)
            count = counts.setdefault(str(event.value("command")), [0, 0, 0])
            count[0] += 1
            count[1] += status > 0
            count[2] += status < 0
    return {command: (count[0], count[1], count[2]) for command, count in sorted(counts.items())}
