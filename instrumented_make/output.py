"""What a command prints, whatever the standard output is: a Latin-1 terminal, a pipe without a reader, a full disk."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable

from instrumented_make.text import printable

# As a shell reports a program that SIGPIPE ended.
NO_READER = 141
INTERRUPTED = 130
# Something that nobody thought of.
DEFECT = 3


def guarded(command: Callable[[], int]) -> int:
    """Run ``command`` and return its exit status; when what it printed cannot arrive, 1, or NO_READER.

    Nobody is shown a traceback: on Ctrl-C it is INTERRUPTED, and for whatever is not expected one line and DEFECT.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (as long as the program runs)
        elif isinstance(stream, io.TextIOWrapper):
            # A character that the terminal does not have is shown as another, not as a traceback.
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
        print(f"error: the standard output cannot be written: {error.strerror}", file=sys.stderr)
        return 1
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        print(
            f"internal error: {type(error).__name__}: {printable(str(error))} "
            f"(line {where.lineno} of {os.path.basename(where.filename)})\n"
            "  hint: please report this, with what you ran; nothing that waits was lost",
            file=sys.stderr,
        )
        return DEFECT
    return status


def _leave(stream: object) -> None:
    """Keep Python from writing what is left to ``stream`` when it ends."""
    if isinstance(stream, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
