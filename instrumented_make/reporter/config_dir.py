"""Where one project's decision and data are kept: a private folder, and the names in it.

The rendered hand-over knows the same names: ``agreed.<digest>``, ``declined``, ``interpreter``, ``launcher``,
``reporting``, ``running``, ``left-to-the-next`` and ``pending/``. It reads them without starting a process, and make
never reads a makefile from here.
"""

from __future__ import annotations

from pathlib import Path

from instrumented_make import files
from instrumented_make.errors import failure

PRIVATE_FOLDER = 0o700


class ConfigDir:
    """The folder ``~/.config/<project>`` (or below ``XDG_CONFIG_HOME``)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decision = path / "metrics.json"
        self.declined = path / "declined"
        self.interpreter = path / "interpreter"
        self.launcher = path / "launcher"
        self.running = path / "running"
        self.left = path / "left-to-the-next"
        self.pending = path / "pending"
        self.outbox = path / "outbox.sqlite3"
        self.reporting = path / "reporting"
        self.reporting_lock = path / "reporting.lock"
        self.recording_lock = path / "recording.lock"
        self.sending_lock = path / "sending.lock"

    def agreed(self, digest: str) -> Path:
        """The file whose presence tells make that the collection ``digest`` was agreed to; it holds the agreement."""
        return self.path / f"agreed.{digest}"

    def all_agreed(self) -> list[Path]:
        """Every such file; there is at most one, but for an interrupted change of mind."""
        return list(self.path.glob("agreed.*"))

    def create(self) -> None:
        """Make the folders, for this user's eyes only. Raise UserError when that cannot be done."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.path, self.pending):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                folder.chmod(PRIVATE_FOLDER)
        except OSError as error:
            raise failure(f"it cannot be made: {error.strerror}", "nothing was changed", path=error.filename) from None

    def write(self, path: Path, text: str) -> None:
        """Replace ``path`` in one step by a private file with ``text``. Raise UserError when that fails."""
        files.write(path, text, mode=files.PRIVATE)
