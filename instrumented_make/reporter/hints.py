"""How long a command usually takes, said before it starts, to who wants that.

The file ``hints`` is there for them only. It holds a line for each command that usually takes long: the command, a tab,
and what the recorder prints on make's terminal. Nothing is printed afterwards: it would land in the next prompt.
"""

from __future__ import annotations

import select
import sys
from collections import defaultdict
from typing import TextIO

from instrumented_make.errors import failure
from instrumented_make.figures import quantile
from instrumented_make.layout import duration
from instrumented_make.properties import AUTOMATED
from instrumented_make.reporter import consent, lock, recorder
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.contract import Contract
from instrumented_make.reporter.outbox import PATIENCE_S, open_outbox

# Of each command, its last runs that succeeded; fewer than LEAST tell little.
RUNS, LEAST = 20, 5
# After this long, a person's attention is elsewhere (J. Nielsen, Usability Engineering, 1993, section 5.5).
LONG_MS = 10_000
# How many events to look at, so that a long history costs no more than a short one.
EVENTS = 5_000
# Elsewhere, the recorder cannot write to the stream of another process.
ARE_SHOWN = sys.platform == "linux"
# How long to wait for an answer, which a script that only agrees does not give.
ASKED_S = 10
_PROPERTIES = ("command", "duration_ms", "exit_status", "is_test", "caller")


def keep(config_dir: ConfigDir) -> None:
    """Write them from the events that are kept here, if these may be. Raise UserError, OSError or sqlite3.Error."""
    # Opting out ends the agreement, takes this lock, and then deletes what was written under it.
    with lock.hold_if_free(config_dir.recording_lock, PATIENCE_S) as mine:
        lines = _lines(config_dir) if mine else []
        if mine and consent.agreed(config_dir) is not None:
            config_dir.write(config_dir.hints, "".join(sorted(lines)))


def _lines(config_dir: ConfigDir) -> list[str]:
    durations: defaultdict[str, list[int]] = defaultdict(list)
    if config_dir.outbox.exists():
        with open_outbox(config_dir.outbox, PATIENCE_S) as outbox:
            for command, duration_ms, exit_status, is_test, caller in outbox.properties(*_PROPERTIES, last=EVENTS):
                counts = exit_status == 0 and is_test == "false" and caller not in AUTOMATED
                if counts and isinstance(command, str) and isinstance(duration_ms, int):
                    durations[command].append(duration_ms)
    return [f"{command}\t{_hint(last[:RUNS])}\n" for command, last in durations.items() if _takes_long(last[:RUNS])]


def _takes_long(durations: list[int]) -> bool:
    return len(durations) >= LEAST and quantile(sorted(durations), 50) >= LONG_MS


def _hint(durations: list[int]) -> str:
    low, usual, high = (duration(quantile(sorted(durations), percent)) for percent in (25, 50, 75))
    return f"usually {usual} (half of your last {len(durations)} took {low} to {high})"


def ask(config_dir: ConfigDir, contract: Contract, stdin: TextIO, out: TextIO) -> None:
    """Ask whoever has just agreed, once. No answer in time is a no."""
    if config_dir.hints.exists() or not ARE_SHOWN:
        return
    out.write(
        "Before a command that usually takes long, shall make say how long yours took? "
        f"({contract.make('hints')} changes that)\nType 'yes' or 'no'; no answer within {ASKED_S} s is a no: "
    )
    out.flush()
    answered = select.select([stdin], [], [], ASKED_S)[0]
    if answered and stdin.readline().strip().lower() in ("y", "yes"):
        keep(config_dir)
        out.write("It will.\n")
    elif not answered:
        out.write("\n")


def switch(config_dir: ConfigDir, word: str | None, contract: Contract, host: str) -> str:
    """Turn them ``on`` or ``off``, and return what to tell. Raise UserError, OSError or sqlite3.Error.

    ``host`` is what make calls this system.
    """
    if not ARE_SHOWN:
        raise failure("there are no hints on this system: they need Linux")
    if consent.agreed(config_dir) is None:
        raise failure("they need your own runs, and none are kept", f"agree first: {contract.make('opt-in')}")
    if word == "on":
        recorder.place(config_dir.recorder(host), host)  # the one that is there may be of a version without hints
        keep(config_dir)
    elif word == "off":
        config_dir.hints.unlink(missing_ok=True)
    other = contract.make("hints") + ' ARGS="{}"'
    if config_dir.hints.exists():
        return f"On a terminal, make says how long a command usually takes. To end that: {other.format('off')}\n"
    return f"make says nothing before a command. To hear how long it usually takes: {other.format('on')}\n"
