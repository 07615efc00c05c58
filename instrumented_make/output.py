"""The one place where a program's errors end, whatever its standard output is: a terminal, a pipe, a full disk."""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import FrameType

from instrumented_make.errors import UserError
from instrumented_make.text import printable

# What a shell reports for a program killed by SIGPIPE.
NO_READER = 141
INTERRUPTED = 130
# An unexpected exception: a bug.
DEFECT = 3


def run_guarded(command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit status; if its output cannot be written, 1 or NO_READER.

    A UserError is printed and returns 1, Ctrl-C returns INTERRUPTED, and an unexpected exception is reported in short
    and returns DEFECT; never is a traceback shown.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (as long as the program runs)
        elif isinstance(stream, io.TextIOWrapper):
            # A character that the terminal cannot show is replaced; it does not raise an error.
            stream.reconfigure(errors="replace")
    interrupts = _note_interrupts()
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        _leave(sys.stdout)
        return NO_READER
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return INTERRUPTED if interrupts else _tell(error)
    return status


def _note_interrupts() -> list[int]:
    """A list that gains an item with every Ctrl-C, which still raises KeyboardInterrupt.

    A C library that is being imported may turn that exception into another one.
    """
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        signal.default_int_handler(number, frame)

    # If the parent process had the signal ignored, keep ignoring it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    return noted


def _tell(error: Exception) -> int:
    """Print what went wrong; return the exit status."""
    if isinstance(error, UserError):
        print(printable(str(error), keep="\n\t"), file=sys.stderr)
        return 1
    if isinstance(error, OSError) and error.filename is None:
        _leave(sys.stdout)
        print(f"error: cannot write to standard output: {error.strerror}", file=sys.stderr)
        return 1
    where = traceback.extract_tb(error.__traceback__)[-1]
    print(
        f"internal error: {type(error).__name__}: {printable(str(error))} "
        f"(line {where.lineno} of {os.path.basename(where.filename)})\n"
        "  hint: please report this bug and the command you ran; nothing that was recorded is lost",
        file=sys.stderr,
    )
    return DEFECT


def _leave(stream: object) -> None:
    """Keep Python from flushing what is left to ``stream`` when it exits."""
    if isinstance(stream, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
