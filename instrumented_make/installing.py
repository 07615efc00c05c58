"""The commands that hints name for installing: for the Python that prints them, as somebody pastes them."""

from __future__ import annotations

import importlib.util
import shlex
import sys

from instrumented_make import __version__


def to_install(*arguments: str) -> str:
    """The command that has this Python's pip install what ``arguments`` say; or uv, which makes Pythons without pip."""
    own = importlib.util.find_spec("pip") is not None
    before = [sys.executable, "-m", "pip", "install"] if own else ["uv", "pip", "install", "--python", sys.executable]
    return shlex.join([*before, *arguments])


def to_upgrade() -> str:
    """The command that installs the latest version."""
    return to_install("--upgrade", "instrumented-make")


def to_repair() -> str:
    """The command for an installation of which a file is missing, which pip does not look for."""
    return to_install("--force-reinstall", "--no-deps", f"instrumented-make=={__version__}")
