"""Writes a rendered file whole or not at all, and tells how it differs from what is there."""

from __future__ import annotations

import difflib
import os
import stat
import tempfile
from pathlib import Path

from generator.problems import GeneratorError


def current(path: Path) -> str | None:
    """The text of ``path``, or None when there is none. Raise GeneratorError when it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GeneratorError(f"{path}: error: it cannot be read: {error.strerror}\n  hint: check --output") from None


def write(path: Path, text: str) -> bool:
    """Replace ``path`` by ``text`` in one step, keeping its mode; return whether anything changed.

    Raise GeneratorError, with the old file as it was, when that cannot be done.
    """
    if current(path) == text:
        return False
    path = path.resolve()  # a link keeps pointing at the file
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(temporary, mode)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise GeneratorError(
            f"{path}: error: it cannot be written: {error.strerror}\n"
            "  hint: check that the folder exists and that you may write in it"
        ) from None
    return True


def difference(path: Path, text: str) -> str:
    """A unified diff from the file at ``path`` to ``text``; empty when they are equal."""
    lines = difflib.unified_diff(
        (current(path) or "").splitlines(keepends=True),
        text.splitlines(keepends=True),
        f"{path} (as it is)",
        f"{path} (as rendered)",
    )
    return "".join(lines)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
