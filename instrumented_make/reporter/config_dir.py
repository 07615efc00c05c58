"""Where one project's decision and data are kept: a private folder, and the names in it.

The rendered hand-over knows the same names: ``agreed.<digest>``, ``declined``, ``interpreter``, ``launcher``,
``reporting``, ``running``, ``left-to-the-next`` and ``pending/``. It reads them without starting a process, and make
never reads a makefile from here.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from instrumented_make import files
from instrumented_make.errors import failure

PRIVATE_FOLDER = 0o700
# A decision, paths and process ids: no file that is read whole is longer.
MAX_BYTES = 1024 * 1024


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

    def kept(self) -> list[Path]:
        """Every file here that tells of a yes, what an interrupted one has left included. Runs are in ``pending``.

        Locks stay: somebody may be waiting for one. Other programs may use the folder as well.
        """
        names = [path.name for path in (self.interpreter, self.launcher, self.reporting, self.running, self.left)]
        patterns = ["metrics.json", "agreed.*", "outbox.sqlite3*", *names]
        # A file is first written under ".<name>.<something>".
        return [path for pattern in patterns for glob in (pattern, f".{pattern}.*") for path in self.path.glob(glob)]

    def create(self, *more: Path) -> None:
        """Make the folder, and ``more`` in it, for this user's eyes only. Raise UserError when that cannot be done."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            for folder in (self.path, *more):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                folder.chmod(PRIVATE_FOLDER)
        except OSError as error:
            raise failure(f"it cannot be made: {error.strerror}", "nothing was changed", path=error.filename) from None

    def read(self, path: Path) -> str:
        """The text of ``path``; empty where there is no such file, or none that can be read."""
        try:
            return files.regular(path, MAX_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ""

    def write(self, path: Path, text: str) -> None:
        """Replace ``path`` in one step by a private file with ``text``. Raise UserError when that fails."""
        # A link to a file stays one. What is no file, or leads nowhere, has no business here.
        if not path.is_file() and not path.is_dir():
            with contextlib.suppress(OSError):
                path.unlink()
        files.write(path, text, mode=files.PRIVATE)
