"""Where one project's decision and data are kept: a private folder, and the names in it.

The rendered include knows the same names: ``agreed.<digest>``, ``declined``, ``interpreter`` and ``pending/``.
It reads them without starting a process, and never reads a makefile from here.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

PRIVATE_FOLDER = 0o700


class ReporterError(Exception):
    """An expected failure: its text is printed bare and the exit status is 1."""


class Home:
    """The folder ``~/.config/<project>`` (or below ``XDG_CONFIG_HOME``)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "metrics.json"
        self.declined = path / "declined"
        self.interpreter = path / "interpreter"
        self.pending = path / "pending"
        self.outbox = path / "outbox.sqlite3"
        self.recording_lock = path / "recording.lock"
        self.sending_lock = path / "sending.lock"

    def agreed(self, digest: str) -> Path:
        """The empty file whose presence tells make that the collection ``digest`` was agreed to."""
        return self.path / f"agreed.{digest}"

    def all_agreed(self) -> list[Path]:
        """Every such file; there is at most one, but for an interrupted change of mind."""
        return list(self.path.glob("agreed.*"))

    def create(self) -> None:
        """Make the folders, for this user's eyes only. Raise ReporterError when that cannot be done."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.path, self.pending):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                folder.chmod(PRIVATE_FOLDER)
        except OSError as error:
            raise ReporterError(f"{error.filename}: {error.strerror}. Nothing was changed.") from None

    def write(self, path: Path, text: str) -> None:
        """Replace ``path`` in one step by a private file with ``text``. Raise ReporterError when that fails."""
        try:
            handle, temporary = tempfile.mkstemp(dir=self.path)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as stream:
                    stream.write(text)
                    stream.flush()
                    os.fsync(stream.fileno())
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise
        except OSError as error:
            raise ReporterError(f"{path}: {error.strerror}. Nothing was changed.") from None
