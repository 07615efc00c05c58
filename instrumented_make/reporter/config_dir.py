"""Where one project's decision and data are kept: a private folder, and the names in it.

The rendered hand-over knows the same names: ``agreed.<digest>``, ``declined``, ``interpreter``, ``launcher``,
``reporting``, ``running``, ``left-to-the-next``, ``environment-<version>`` and ``pending/``. A run reads them without
starting a process, and make never reads a makefile from here.
"""

from __future__ import annotations

import contextlib
import fnmatch
import os
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
        self.deciding_lock = path / "deciding.lock"

    def agreed(self, digest: str) -> Path:
        """The file whose presence tells make that the collection ``digest`` was agreed to; it holds the agreement."""
        return self.path / f"agreed.{digest}"

    def agreements(self) -> list[Path]:
        """What tells make, or a reporter, that somebody has agreed. Raise OSError where that cannot be seen."""
        return self._named("agreed.*", self.decision.name)

    def kept(self) -> list[Path]:
        """Every file here that tells of a yes, what an interrupted one has left included. Runs are in ``pending``.

        The other locks stay: somebody may be waiting for one. Other programs may use the folder as well. Raise
        OSError where it cannot be seen what there is.
        """
        names = [path.name for path in (self.interpreter, self.launcher, self.reporting, self.running, self.left)]
        patterns = [self.decision.name, "agreed.*", f"{self.outbox.name}*", *names]
        # A file is first written under ".<name>.<something>".
        return self._named(*patterns, *(f".{pattern}.*" for pattern in patterns))

    def environments(self) -> list[Path]:
        """Where opt-in has set up a reporter, at your word. Nothing collected is in it, so opting out keeps it."""
        try:
            return [path for path in self._named("environment-*") if path.is_dir()]
        except OSError:
            return []

    def _named(self, *patterns: str) -> list[Path]:
        try:
            names = os.listdir(self.path)
        except FileNotFoundError:
            return []
        return [self.path / name for name in names if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]

    def create(self, *more: Path) -> None:
        """Make the folder, and ``more`` in it, for this user's eyes only. Raise UserError when that cannot be done.

        Nothing is made in a home that is missing, or somebody else's: as root in another user's, that one could not
        use it any more.
        """
        base = self.path.parent
        there = next((folder for folder in (self.path, base, base.parent) if folder.is_dir()), None)
        if there is None or there.stat().st_uid != os.geteuid():
            what = "there is no such folder" if there is None else "it belongs to somebody else"
            raise failure(what, "nothing was changed", path=there or base.parent)
        try:
            base.mkdir(exist_ok=True)
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
