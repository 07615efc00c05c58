"""The commands of pip that hints name: for the Python that prints them, as somebody pastes them."""

from __future__ import annotations

import shlex
import sys

from instrumented_make import __version__


def pip(*arguments: str) -> str:
    """The command that has this Python's pip do what ``arguments`` say."""
    return shlex.join([sys.executable, "-m", "pip", *arguments])


UPGRADE = pip("install", "--upgrade", "instrumented-make")
# Where a file of it is missing, which pip does not look for.
REPAIR = pip("install", "--force-reinstall", "--no-deps", f"instrumented-make=={__version__}")
