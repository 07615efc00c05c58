"""Replaces a damaged outbox with a new one, and copies everything that can still be read.

The old file is kept unchanged under another name. It is read through a copy whose first page comes from a new outbox:
this page holds what SQLite needs before it can read anything, and it is the same in every outbox. Rows outside damaged
pages are read from both ends and, between these, one by one.

Races, and how each is handled:

* Another process is in the middle of a commit: SQLite's own lock on the file makes this one wait for it. A commit that
  starts later learns from SQLite that its file was moved, and writes nothing.
* Two processes find the damage: one replaces the file under the lock; the other finds a different file and uses that.
* The process is killed: until the last step, which is atomic, the old file is still in place. Files left beside it are
  created again.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import math
import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

from instrumented_make.reporter import lock
from instrumented_make.reporter.outbox import STATES, Outbox, checksum, lock_of, opened, read_event

_Result = TypeVar("_Result")

# SQLite's errors about the system, not the file. All statements are ours, so any other error means damage.
_TROUBLE = (
    "is locked",
    "disk I/O error",
    "disk is full",
    "unable to open database file",
    "readonly database",
    "out of memory",
    "interrupted",
)
_PAGE = 4096
# Where SQLite locks its files: every process that reads or writes one locks a byte of this range.
_LOCK_FIRST, _LOCK_COUNT = 0x40000000, 512
_EVENT = "id, message_id, created_s, event, host, write_key, state, settled_s, reason, checksum"
# No row is smaller than this.
_ROW = 100
# A person waiting for an answer waits for a repair of at most this size: a tenth of a second.
_MENDED_AT_ONCE = 2 * 1024 * 1024
LOST = "it could not be read from a damaged outbox"
BEING_MENDED = "database is locked while a reporter repairs it"


def mended(path: Path, act: Callable[[], _Result], patience_s: float = math.inf) -> _Result:
    """Return what ``act`` returns, which uses the outbox at ``path``; if it finds damage, repair that first.

    Raise sqlite3.OperationalError if the repair would take longer than ``patience_s``.
    """
    before = _identity(path)
    try:
        return act()
    except sqlite3.DatabaseError as error:
        if any(word in str(error) for word in _TROUBLE):
            raise
    if patience_s < math.inf and path.stat().st_size > _MENDED_AT_ONCE:
        raise sqlite3.OperationalError(BEING_MENDED)
    with lock.held_or_busy(lock_of(path), patience_s) as mine:
        if not mine:
            raise sqlite3.OperationalError(BEING_MENDED)
        if _identity(path) == before:
            _replace(path)
    return act()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _replace(path: Path) -> None:
    """Replace ``path`` with a new outbox that holds everything readable, and keep the old one beside it."""
    new, copy = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.copy")
    for leftover in (new, copy, lock_of(new)):
        leftover.unlink(missing_ok=True)
    with path.open("r+b") as old:
        # Released as soon as this process closes any descriptor of the file: there must be no other.
        fcntl.lockf(old, fcntl.LOCK_EX, _LOCK_COUNT, _LOCK_FIRST)
        with opened(new) as outbox:
            copy.touch(mode=0o600)
            shutil.copyfile(new, copy)
            _graft(copy, old)
            _take_over(copy, outbox)
        for leftover in (copy, lock_of(new)):
            leftover.unlink(missing_ok=True)
        aside = _free_name(path)
        journal = path.with_name(f"{path.name}-journal")
        if journal.exists():  # it belongs to the old one
            journal.rename(aside.with_name(f"{aside.name}-journal"))
        os.link(path, aside)
        os.replace(new, path)


def _free_name(path: Path) -> Path:
    number = 1
    while path.with_name(f"{path.name}.set-aside-{number}").exists():
        number += 1
    return path.with_name(f"{path.name}.set-aside-{number}")


def _graft(new: Path, old: BinaryIO) -> None:
    """Keep the first page of ``new``, an empty outbox, and append the rest of ``old``."""
    with new.open("r+b") as target:
        target.truncate(_PAGE)
        old.seek(_PAGE)
        target.seek(_PAGE)
        shutil.copyfileobj(old, target)
        pages = target.tell() // _PAGE
        # Set the number of pages, and no free pages: the old file's list of them may be what is damaged.
        for offset, value in ((28, pages), (32, 0), (36, 0)):
            target.seek(offset)
            target.write(value.to_bytes(4, "big"))


def _take_over(copy: Path, outbox: Outbox) -> None:
    """Add to ``outbox`` what can be read from ``copy``, and count what cannot."""
    with contextlib.closing(sqlite3.connect(f"file:{_quoted(copy)}?mode=ro&immutable=1", uri=True)) as connection:
        connection.text_factory = lambda content: content.decode("utf-8", "replace")
        rows: dict[int, tuple[object, ...]] = {}
        indexed: dict[int, tuple[object, ...]] = {}
        whole = True
        for order in ("", "DESC"):
            whole &= _read(connection, f"SELECT {_EVENT} FROM events NOT INDEXED ORDER BY id {order}", rows)  # noqa: S608
            # This index is on the same page in an outbox of any version.
            _read(connection, f"SELECT id FROM events INDEXED BY events_by_age ORDER BY created_s {order}", indexed)  # noqa: S608
        # A row id may be damaged too: ignore a gap that is larger than this file has room for.
        room = copy.stat().st_size // _ROW
        gaps = [
            range(before + 1, after) for before, after in itertools.pairwise(sorted(rows)) if after - before <= room
        ]
        unread = 0
        for number in sorted({*itertools.chain(*gaps), *indexed} - set(rows)):
            sound = _read(connection, f"SELECT {_EVENT} FROM events NOT INDEXED WHERE id = {number}", rows)  # noqa: S608
            unread += number not in rows and (number in indexed or not sound)
        usable = [row for row in map(_usable, (rows[number] for number in sorted(rows))) if row is not None]
        lost: dict[int, tuple[object, ...]] = {}
        _read(connection, "SELECT rowid, reason, count FROM lost", lost)
    if not usable:  # another program's file, or nothing is left
        rows = {}
    outbox.restore(usable)
    for _, reason, count in lost.values():
        if isinstance(reason, str) and isinstance(count, int):
            outbox.count_lost(reason, count)
    # If the number is unknown, at least one was lost.
    outbox.count_lost(LOST, len(rows) - len(usable) + unread or int(not whole))


def _read(connection: sqlite3.Connection, query: str, rows: dict[int, tuple[object, ...]]) -> bool:
    """Add to ``rows``, by row id, what ``query`` finds; return whether there was no damage."""
    try:
        for row in connection.execute(query):
            rows.setdefault(row[0], row)
    except sqlite3.DatabaseError:
        return False
    return True


def _usable(row: tuple[object, ...]) -> tuple[object, ...] | None:
    """``row`` as it should be stored; None if it is not a usable row."""
    _, message_id, created_s, text, host, write_key, state, settled_s, reason, expected = row
    if not (
        isinstance(message_id, str) and isinstance(text, str) and isinstance(host, str) and isinstance(write_key, str)
    ):
        return None
    if state not in STATES:
        state = "delivered" if isinstance(settled_s, float) else "waiting" if host else "local"
    try:
        read_event(message_id, text, host, write_key, expected if isinstance(expected, int) else None)
    except ValueError as error:
        state, reason = "parked", str(error)
    times = [value if isinstance(value, (int, float)) else None for value in (created_s, settled_s)]
    kept = checksum(message_id, text, host, write_key)
    return (
        message_id,
        times[0] or 0,
        text,
        host,
        write_key,
        state,
        times[1],
        reason if isinstance(reason, str) else None,
        kept,
    )


def _quoted(path: Path) -> str:
    return "".join(f"%{byte:02x}" for byte in os.fsencode(path))
