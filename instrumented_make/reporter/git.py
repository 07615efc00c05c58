"""What was checked out when a command started.

The recorder reads ``.git/HEAD`` and the branch's own file before the command runs.
The rest happens here, afterwards and in the background. No program is started, not even git: files are read directly,
objects through dulwich, and no configuration. So nothing that a repository configures can run, and no process can hang.

Reading itself can hang (a network home, a FIFO in place of a file). So a thread reads, with a timeout of PATIENCE_S per
repository and BUDGET_S in all. A repository that timed out is not read again.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, TypeVar

from instrumented_make import files
from instrumented_make.reporter import system

if TYPE_CHECKING:
    from dulwich.index import IndexEntry
    from dulwich.object_store import DiskObjectStore

Answer = TypeVar("Answer")

PATIENCE_S = 2.0
BUDGET_S = 10.0
_HASH = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
# No list of branches and no commit is larger; a file that claims to be is not read.
_MAX_BYTES = 64 * 1024 * 1024
# How much of a branch's log to read: some thousand moves since the command began.
_MAX_LOG_BYTES = 1024 * 1024
_SUBMODULE = 0o160000
_ASSUMED_UNCHANGED = 0x8000
_SKIPPED_IN_THE_TREE = 0x4000


class Repositories:
    """Reads repositories: each answer only once, and all of them within one time budget.

    With ``gives_up``, what takes too long is not known; without, it raises TimeoutError, for a caller with less time.
    """

    def __init__(self, patience_s: float = PATIENCE_S, budget_s: float = BUDGET_S, *, gives_up: bool = True) -> None:
        self._gives_up = gives_up
        self._patience_s = patience_s
        self._left_s = budget_s
        self._silent: set[str] = set()
        self._times: dict[tuple[str, str], str | None] = {}

    def commit_time(self, top: str, ref: str, commit: str, start_ns: int) -> str | None:
        """The committer's time, ISO 8601 with its zone (git's ``%cI``), of the commit at ``start_ns``.

        ``top`` is the folder that holds ``.git``, ``ref`` the full name of the branch or empty, ``commit`` its hash, or
        empty when the branch had no file of its own (git packs many into one). None outside a repository, in somebody
        else's, before the first commit, when it cannot be read in time, or for a time or zone that does not exist (git
        accepts any).
        """
        if not top:
            return None
        if not commit:
            commit = self._within(top, lambda: _packed(top, ref, start_ns)) or ""
        if not commit:
            return None
        if (top, commit) not in self._times:
            self._times[top, commit] = self._within(top, lambda: _time(_commit(_objects(top, commit), commit)))
        return self._times[top, commit]

    def is_dirty(self, top: str) -> bool | None:
        """Whether tracked files differ from the commit, staged or not; None if that is unknown.

        A filter that the repository configures is not run: a file that only looks changed without it counts as changed.
        """
        return self._within(top, lambda: _is_dirty(top)) if top else None

    def _within(self, top: str, read: Callable[[], Answer | None]) -> Answer | None:
        """What ``read`` returns; None if it fails, or takes too long. Raise what is about this system only."""
        if top in self._silent:
            return None
        # On a busy machine importing alone takes as long as somebody who looks waits; reading tells what is wrong.
        with contextlib.suppress(Exception):
            import dulwich.object_store  # noqa: F401, PLC0415  (50 ms: paid only in a repository)
        answers: queue.SimpleQueue[tuple[Answer | None, Exception | None]] = queue.SimpleQueue()
        started_s = time.monotonic()
        reader = threading.Thread(target=lambda: answers.put(_try(read)), daemon=True)
        reader.start()
        try:
            answer, trouble = answers.get(timeout=max(0.0, min(self._patience_s, self._left_s)))
        except queue.Empty:
            if not reader.is_alive():  # not even an answer could be made
                raise MemoryError from None
            if not self._gives_up:
                raise TimeoutError from None
            self._silent.add(top)
            return None
        finally:
            self._left_s -= time.monotonic() - started_s
        if trouble is not None:
            raise trouble
        return answer


def _try(read: Callable[[], Answer | None]) -> tuple[Answer | None, Exception | None]:
    try:
        return read(), None
    except Exception as error:  # whatever is wrong with a repository, it only makes a property null
        return None, error if system.is_scarcity(error) else None


def _folders(top: str) -> tuple[str, str]:
    """The git folder of this work tree, and the one that all share. Raise OSError if another user owns one."""
    folder = os.path.join(top, ".git")
    _check_owner(folder)
    if os.path.isfile(folder):
        folder = os.path.join(top, _text(folder).removeprefix("gitdir:").strip())
        _check_owner(folder)
    common = folder
    if os.path.exists(os.path.join(folder, "commondir")):
        common = os.path.join(folder, _text(os.path.join(folder, "commondir")).strip())
        _check_owner(common)
    return folder, common


def _check_owner(path: str) -> None:
    if os.stat(path).st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to somebody else")


def _text(path: str) -> str:
    return files.regular(path, _MAX_BYTES).decode("utf-8", "replace")


def _packed(top: str, ref: str, start_ns: int) -> str | None:
    """The commit of a branch that was packed at ``start_ns``.

    A branch without a file gets one when it moves, and its log then records from where: the first move since the
    start began at the commit we want. If the branch has not moved since, it is still there.
    """
    if not re.fullmatch(r"refs/heads/[^\s\x00-\x1f]+", ref) or ".." in ref:
        return None
    _, common = _folders(top)
    for before, moved_s in _moves(os.path.join(common, "logs", ref)):
        if moved_s >= start_ns // 1_000_000_000 and before.strip("0"):
            return before
    try:
        return _text(os.path.join(common, ref)).strip()
    except FileNotFoundError:
        packed = files.regular(os.path.join(common, "packed-refs"), _MAX_BYTES)
    # A single search: it blocks everything else in this process while it runs.
    end = packed.find(f" {ref}\n".encode())
    commit = packed[max(0, end - 64) : max(0, end)].rpartition(b"\n")[2].decode("ascii", "replace")
    return commit if re.fullmatch(_HASH, commit) else None


def _moves(log: str) -> Iterator[tuple[str, int]]:
    """Where a branch moved from, and when, in seconds since 1970; nothing for a branch without a log."""
    try:
        lines = files.last_bytes(log, _MAX_LOG_BYTES).decode("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        if match := re.match(rf"({_HASH}) {_HASH} [^\t]*> (\d{{1,12}}) [+-]\d{{4}}", line):
            yield match[1], int(match[2])


def _objects(top: str, commit: str) -> DiskObjectStore:
    from dulwich.object_format import SHA1, SHA256  # noqa: PLC0415
    from dulwich.object_store import DiskObjectStore  # noqa: PLC0415

    _, common = _folders(top)
    return DiskObjectStore(
        os.path.join(common, "objects"),
        object_format=SHA1 if len(commit) == 40 else SHA256,
        loose_object_size_limit=_MAX_BYTES,
    )


def _commit(objects: DiskObjectStore, commit: str) -> list[str]:
    """The header lines of a commit."""
    _, content = objects.get_raw(commit.encode())  # type: ignore[arg-type]  # dulwich's own type for a hash
    return content.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n")


def _time(commit: list[str]) -> str | None:
    committer = next((line for line in commit if line.startswith("committer ")), "")
    match = re.search(r" (\d{1,12}) ([+-])(\d\d)(\d\d)$", committer)
    if match is None:
        return None
    offset = timedelta(hours=int(match[3]), minutes=int(match[4])) * (-1 if match[2] == "-" else 1)
    return datetime.fromtimestamp(int(match[1]), timezone(offset)).isoformat()


def _is_dirty(top: str) -> bool | None:
    from dulwich.index import Index, IndexEntry  # noqa: PLC0415

    folder, _ = _folders(top)
    head = _text(os.path.join(folder, "HEAD")).strip()
    ref = head.removeprefix("ref: ")
    commit = head if ref == head else _packed(top, ref, time.time_ns())
    if not commit:
        return None
    objects = _objects(top, commit)
    tree = next(line for line in _commit(objects, commit) if line.startswith("tree ")).removeprefix("tree ")
    index = Index(os.path.join(folder, "index"), object_format=objects.object_format)
    if any(True for _ in index.changes_from_tree(objects, tree.encode())):  # type: ignore[arg-type]
        return True
    return any(
        not isinstance(entry, IndexEntry) or _is_changed(os.fsencode(top), name, entry, objects)
        for name, entry in index.items()
    )


def _is_changed(top: bytes, name: bytes, entry: IndexEntry, objects: DiskObjectStore) -> bool:
    """Whether the file ``name`` below ``top`` differs from ``entry`` of the index; its times are compared first."""
    from dulwich.objects import Blob  # noqa: PLC0415

    if entry.mode == _SUBMODULE or entry.flags & _ASSUMED_UNCHANGED or entry.extended_flags & _SKIPPED_IN_THE_TREE:
        return False
    # A name that leads out of the work tree would reveal something about another file.
    if any(part in (b"", b".", b"..", b".git") for part in name.split(b"/")):
        raise ValueError("the index has a name that git does not write")
    path = os.path.join(top, name)
    if _leads_elsewhere(top, os.path.dirname(name)):  # git, too, treats the file as missing then
        return True
    try:
        about = os.lstat(path)
    except FileNotFoundError:
        return True
    if stat.S_IFMT(about.st_mode) != stat.S_IFMT(entry.mode) or bool(about.st_mode & 0o100) != bool(entry.mode & 0o100):
        return not stat.S_ISLNK(about.st_mode) or not stat.S_ISLNK(entry.mode)
    mtime_ns = entry.mtime[0] * 1_000_000_000 + entry.mtime[1] if isinstance(entry.mtime, tuple) else None
    if (about.st_size & 0xFFFFFFFF, about.st_mtime_ns) == (entry.size, mtime_ns):
        return False
    if about.st_size > _MAX_BYTES:
        return True
    content = os.readlink(path) if stat.S_ISLNK(about.st_mode) else files.regular(path, _MAX_BYTES)
    return Blob.from_string(content).get_id(objects.object_format) != entry.sha


def _leads_elsewhere(top: bytes, folder: bytes) -> bool:
    """Whether any component of ``folder``, below ``top``, is a link."""
    while folder:
        if os.path.islink(os.path.join(top, folder)):
            return True
        folder = os.path.dirname(folder)
    return False
