"""Copes with any standard output: a Latin-1 terminal, a pipe without a reader, a full disk."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable

from instrumented_make.text import printable

# What a shell reports for a program killed by SIGPIPE.
NO_READER = 141
INTERRUPTED = 130
# An unexpected exception: a bug.
DEFECT = 3


def run_guarded(command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit status; if its output cannot be written, 1 or NO_READER.

    Never show a traceback: Ctrl-C returns INTERRUPTED; an unexpected exception is reported in short and returns DEFECT.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (as long as the program runs)
        elif isinstance(stream, io.TextIOWrapper):
            # A character that the terminal cannot show is replaced; it does not raise an error.
            stream.reconfigure(errors="replace")
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        _leave(sys.stdout)
        return NO_READER
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:
        _leave(sys.stdout)
        print(f"error: cannot write to standard output: {error.strerror}", file=sys.stderr)
        return 1
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"internal error: {type(error).__name__}: {printable(str(error))} "
            f"(line {where.lineno} of {os.path.basename(where.filename)})\n"
            "  hint: please report this bug and the command you ran; nothing queued was lost",
            file=sys.stderr,
        )
        return DEFECT
    return status


def _leave(stream: object) -> None:
    """Keep Python from flushing what is left to ``stream`` when it exits."""
    if isinstance(stream, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
