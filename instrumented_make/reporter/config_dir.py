"""Where one project's decision and data are kept: a private folder. make never reads a makefile from here."""

from __future__ import annotations

import contextlib
import fnmatch
import os
from pathlib import Path

from instrumented_make import decision_files as names
from instrumented_make import files
from instrumented_make.errors import failure

PRIVATE_FOLDER = 0o700
# For files that are read whole: they hold a decision, paths or process ids, and none is longer.
MAX_BYTES = 1024 * 1024
# What to do about a folder that cannot be used.
NO_HOME = "create it, or set HOME to a folder of yours; nothing was changed"
NOT_YOURS = "call make as its owner; nothing was changed"
MEND = "when that is mended, run this again; nothing was changed"


class ConfigDir:
    """The folder ``~/.config/<project>`` (or below ``XDG_CONFIG_HOME``)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.decision = path / names.DECISION
        self.declined = path / names.DECLINED
        self.interpreter = path / names.INTERPRETER
        self.pending = path / names.PENDING
        self.dropped = path / names.DROPPED
        self.outbox = path / names.OUTBOX
        self.hints = path / names.HINTS
        self.deletion = path / names.DELETION
        self.reporting_lock = path / names.REPORTING_LOCK
        self.recording_lock = path / names.RECORDING_LOCK
        self.sending_lock = path / names.SENDING_LOCK
        self.deciding_lock = path / names.DECIDING_LOCK

    def agreed(self, digest: str) -> Path:
        """The file whose presence tells make that the collection ``digest`` was agreed to; it holds the agreement."""
        return self.path / f"{names.AGREED}{digest}"

    def recorder(self, host: str) -> Path:
        """The program that a make of ``host`` starts."""
        return self.path / f"{names.RECORDER}{host}"

    def agreements(self) -> list[Path]:
        """The files without which nothing is in force. Raise OSError if they cannot be listed."""
        return self._named(f"{names.AGREED}*")

    def deletions(self) -> list[Path]:
        """What a collector has not confirmed yet to have deleted; none where the folder cannot be listed."""
        try:
            return self._named(f"{names.DELETION}*")
        except OSError:
            return []

    def traces(self) -> list[Path]:
        """Every file here that a yes leaves, even an interrupted one. Runs are in ``pending``.

        The other locks stay: a process may be waiting for one. Other programs may use the folder as well. Raise
        OSError if the folder cannot be listed.
        """
        prefixes = [names.AGREED, names.OUTBOX, names.RECORDER.partition("-")[0] + "-"]
        patterns = [
            names.DECISION,
            names.INTERPRETER,
            names.DROPPED,
            names.HINTS,
            *names.FORMER,
            *(f"{name}*" for name in prefixes),
        ]
        # A file is first written under ".<name>.<something>".
        unfinished = [*patterns, f"{names.DELETION}*"]
        return self._named(*patterns, *(f".{pattern}.*" for pattern in unfinished))

    def environments(self) -> list[Path]:
        """Where opt-in, with your permission, installed a reporter. Opting out keeps it: it holds no collected data."""
        try:
            return [path for path in self._named(f"{names.ENVIRONMENT}*") if path.is_dir()]
        except OSError:
            return []

    def _named(self, *patterns: str) -> list[Path]:
        try:
            there = os.listdir(self.path)
        except FileNotFoundError:
            return []
        return [self.path / name for name in there if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]

    def is_own(self) -> bool:
        """Whether the folder is there and belongs to this user."""
        try:
            return self.path.stat().st_uid == os.geteuid()
        except OSError:
            return False

    def is_anothers(self) -> bool:
        """Whether the folder is there, or may be, and belongs to somebody else."""
        return os.path.exists(self.path) and not self.is_own()

    def check(self) -> None:
        """Raise UserError where :meth:`create` would, without creating anything.

        Nothing is created in a home that is missing or belongs to somebody else: a folder that root created in another
        user's home would be unusable for that user.
        """
        base = self.path.parent
        there = next((folder for folder in (self.path, base, base.parent) if folder.is_dir()), None)
        if there is None or there.stat().st_uid != os.geteuid():
            what, hint = ("it belongs to somebody else", NOT_YOURS) if there else ("there is no such folder", NO_HOME)
            raise failure(what, hint, path=there or base.parent)
        if not os.access(there, os.W_OK | os.X_OK):
            raise failure("nothing can be written to it", MEND, path=there)

    def create(self, *more: Path) -> None:
        """Create the folder, and ``more`` in it, accessible only to this user. Raise UserError if that fails."""
        self.check()
        base = self.path.parent
        try:
            base.mkdir(exist_ok=True)
            for folder in (self.path, *more):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
                folder.chmod(PRIVATE_FOLDER)
        except OSError as error:
            raise failure(f"cannot create it: {error.strerror}", MEND, path=error.filename) from None

    def read(self, path: Path) -> str:
        """The text of ``path``; empty if it is missing or cannot be read."""
        try:
            return files.regular(path, MAX_BYTES).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ""

    def write(self, path: Path, text: str) -> None:
        """Replace ``path`` in one step with a private file that holds ``text``. Raise UserError if that fails."""
        # A link to a file stays a link. A broken link, or anything but a file or folder, is removed first.
        if not path.is_file() and not path.is_dir():
            with contextlib.suppress(OSError):
                path.unlink()
        files.write(path, text, mode=files.PRIVATE)
