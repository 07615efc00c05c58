"""A run, whichever way it was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from instrumented_make import files

NANOSECONDS = 1_000_000_000
# Of a file that is read; the recorder writes no longer ones.
MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: times in nanoseconds since 1970, ``exit_status`` as in the event.

    ``caller``: the recorder's word for who started it; empty if that was not asked for. ``traceparent``: the trace that
    it belongs to, the same. ``is_command``: it is one of the catalog's ``commands``, and not a make.
    """

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
    caller: str = ""
    traceparent: str = ""
    is_command: bool = False


@dataclass(frozen=True, slots=True)
class Damaged:
    """A record that gives no run, and why."""

    name: str
    reason: str


def each(records: Iterable[Path], read: Callable[[Path], Run | Damaged | None]) -> Iterator[Run | Damaged]:
    """What ``read`` makes of each of ``records``, without the None of those that go on; a ValueError means damaged."""
    for path in records:
        try:
            run = read(path)
        except OSError:  # it is gone by now, or cannot be read at the moment
            continue
        except ValueError as error:
            run = Damaged(path.name, f"its record cannot be read: {error}")
        if run is not None:
            yield run


def text(path: Path) -> str:
    """The content of the file at ``path``. Raise OSError, or ValueError if it is too long."""
    return files.regular(path, MAX_BYTES).decode("utf-8", "replace")
