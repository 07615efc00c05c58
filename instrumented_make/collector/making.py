"""Makes the board, in a process of its own: its libraries and a large history take memory and time that others need.

What to make comes from standard input, and the board goes to standard output.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import sys
import threading
import time
from typing import Any

import msgspec

from instrumented_make.collector.board import Board
from instrumented_make.output import run_guarded
from instrumented_make.times import DAY_S

# Percentiles are of the runs of so many weeks.
RECENT_S = 28 * DAY_S


class Order(msgspec.Struct, frozen=True):
    """What to make: of the events in ``source``, with a report's options.

    ``event``: its name; None if there is no event. ``now_s``: the time, in seconds since 1970. ``known`` and
    ``waiting``: those of the board before; a change is told once it has been found for ``after_s``.
    """

    source: str
    of: str
    event: str | None
    table: str
    helps: dict[str, str]
    interactive: tuple[str, ...]
    min_people: int
    after_s: int
    now_s: int = 0
    known: tuple[dict[str, Any], ...] = ()
    waiting: tuple[dict[str, Any], ...] = ()


def make(order: Order) -> Board:
    """The board. Raise UserError."""
    # Altair asks for the home when it is imported, fails where there is none, and keeps nothing there.
    os.environ.setdefault("HOME", os.sep)
    from instrumented_make.collector import findings  # noqa: PLC0415  (these take a second)
    from instrumented_make.figures import Selection  # noqa: PLC0415
    from instrumented_make.report.events import open_source  # noqa: PLC0415
    from instrumented_make.report.history import History  # noqa: PLC0415
    from instrumented_make.report.options import Options, Targets  # noqa: PLC0415
    from instrumented_make.report.page import page  # noqa: PLC0415
    from instrumented_make.report.progress import Steps  # noqa: PLC0415
    from instrumented_make.report.questions import changed  # noqa: PLC0415

    options = Options(targets=Targets(order.helps, frozenset(order.interactive), order.table))
    with Steps() as steps, open_source(order.source, event=order.event, usual=order.table) as source:
        history = History(source, Selection(), order.min_people, steps, options)
        text = page(history, steps)
        found = findings.sort(changed.find_changes(history), order.known, order.waiting, order.now_s, order.after_s)
        recent = History(source, Selection(since_s=order.now_s - RECENT_S), order.min_people, steps, options)
        durations = recent.quantiles(recent.runs, (50, 90))
        return Board(
            page=gzip.compress(text.encode(), mtime=0),
            of=order.of,
            commands=tuple(history.commands),
            durations={command: (durations[command][0], durations[command][1]) for command in recent.commands},
            changes=tuple(changed.sentence(one, own=False) for one in found.told),
            known=found.known,
            waiting=found.waiting,
        )


def _end_with(parent: int) -> None:
    """End this process when its parent has ended: nothing reads the board any more."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def main() -> int:
    """Make what standard input says; return the exit status."""
    with contextlib.suppress(OSError):
        os.nice(10)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    order = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Order)
    sys.stdout.buffer.write(make(order).packed())
    return 0


if __name__ == "__main__":
    raise SystemExit(run_guarded(main))
