"""The wheels that set-up may install, known by their hashes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from instrumented_make import __version__
from instrumented_make.errors import failure


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of each wheel of this version in ``folder``, by its name. Raise UserError if there is none."""
    wheels = sorted(folder.glob(f"instrumented_make-{__version__}-*.whl"))
    if not wheels:
        hint = "give the folder into which they were built or downloaded"
        raise failure(f"there is no wheel of instrumented-make {__version__} here", hint, path=folder)
    try:
        return {wheel.name: hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in wheels}
    except OSError as error:
        raise failure(f"it cannot be read: {error.strerror}", path=error.filename) from None
