"""The store of one machine: an SQLite file in a folder of its own.

WAL, so that reports read while events arrive; synchronous=FULL, so that what is committed survives a loss of power
(https://sqlite.org/pragma.html#pragma_synchronous); secure_delete, so that what is deleted is overwritten.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from instrumented_make.collector.agreement import COLUMNS
from instrumented_make.collector.intake import DELETED, REPEATED, Event
from instrumented_make.collector.store import MOST_COMMANDS, NEWS, SALT, Unavailable, Use, count_runs, hash_of
from instrumented_make.errors import failure
from instrumented_make.files import PRIVATE
from instrumented_make.installing import to_upgrade
from instrumented_make.properties import Value
from instrumented_make.report.collected import APPLICATION_ID, FILE

# Another program may hold the file for a moment; clients wait ten seconds for an answer.
BUSY_TIMEOUT_S = 5
_ROWS = 10_000

# Step n upgrades a file from version n - 1 to version n. Steps that have been released never change.
_STEPS = (
    """
    CREATE TABLE events (
      number INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      user_id TEXT NOT NULL,
      event TEXT NOT NULL,
      received_at INTEGER NOT NULL,
      command TEXT NOT NULL,
      command_type TEXT NOT NULL,
      duration_ms INTEGER NOT NULL,
      exit_status INTEGER NOT NULL,
      git_checked_out_master INTEGER,
      git_commit_time INTEGER,
      is_test TEXT NOT NULL,
      start_time INTEGER NOT NULL,
      operating_system TEXT,
      hardware TEXT,
      git_dirty INTEGER,
      caller TEXT
    );
    CREATE INDEX events_by_user ON events (user_id);
    CREATE INDEX events_by_start ON events (start_time);
    CREATE TABLE deleted (hash BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE runs (
      command TEXT PRIMARY KEY, runs INTEGER NOT NULL, failed INTEGER NOT NULL, interrupted INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE left (reason TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
    """,
)
VERSION = len(_STEPS)
_INSERT = (
    f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({', '.join('?' * len(COLUMNS))}) "  # noqa: S608
    "ON CONFLICT (id) DO NOTHING"
)


class SqliteStore:
    """The :class:`store.Store` in ``folder``; one process at a time writes to it."""

    def __init__(self, folder: Path, use: Use = "alone") -> None:
        """``use``: ``alone`` creates or upgrades the file; the others need one, and may use it while another does."""
        self._path = folder / FILE
        self._lock: int | None = None
        self._log_holds_deleted = False
        try:
            if use == "alone":
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._lock = _lock(folder / f"{FILE}.lock")
            elif not self._path.exists():
                raise failure("nothing was collected here", "give the collector's own --data", path=folder)
            self._connection = self._open(use)
        except BaseException as error:
            self._unlock()
            raise self._explained(error) from None

    def _explained(self, error: BaseException) -> BaseException:
        """What is raised for an ``error`` while the file is opened."""
        if isinstance(error, OSError):
            hint = "run this as somebody who may use it, or give another --data"
            return failure(f"it cannot be used: {error.strerror}", hint, path=error.filename)
        if isinstance(error, sqlite3.OperationalError):
            return Unavailable(str(error))
        return _not_ours(self._path, str(error)) if isinstance(error, sqlite3.DatabaseError) else error

    def _open(self, use: Use) -> sqlite3.Connection:
        if use == "alone":
            # Created here, not by SQLite, so that it is never readable by others.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
        # A connection that may write also moves the log into the file: never do that to a file that is not ours.
        with contextlib.closing(_connect(self._path, "ro")) as reading:
            version = _version(reading, self._path)
        if version > VERSION:
            raise failure(
                f"it has version {version}, newer than the installed instrumented-make supports ({VERSION})",
                f"the file was left as it is; to upgrade: {to_upgrade()}",
                path=self._path,
            )
        connection = _connect(self._path, "ro" if use == "read" else "rw")
        try:
            if use == "alone":
                # Before there is a log: a report looks into the file itself to see what it is.
                _upgrade(connection, version)
            elif version < VERSION:
                raise failure(
                    f"it has version {version}, which is older",
                    "start the collector once to upgrade it",
                    path=self._path,
                )
            if use != "read":
                _set_up(connection)
        except BaseException:
            connection.close()
            raise
        about = self._path.stat()
        self._identity = about.st_dev, about.st_ino
        return connection

    def add(self, events: Sequence[Event], left: Mapping[str, int], now_us: int) -> Counter[str]:
        """See Store."""
        with self._transaction():
            new: list[Event] = []
            why: Counter[str] = Counter()
            deleted: dict[str, bool] = {}
            for event in events:
                if event.user_id not in deleted:
                    deleted[event.user_id] = self._is_deleted(event.user_id)
                if deleted[event.user_id]:
                    why[DELETED] += 1
                    continue
                row = (event.id, event.user_id, event.name, now_us, *event.values)
                if self._connection.execute(_INSERT, row).rowcount:
                    new.append(event)
                else:
                    why[REPEATED] += 1
            self._connection.executemany(
                "INSERT INTO runs VALUES (?, ?, ?, ?) ON CONFLICT (command) DO UPDATE SET runs = runs + excluded.runs, "
                "failed = failed + excluded.failed, interrupted = interrupted + excluded.interrupted",
                [(command, *count) for command, count in count_runs(new).items()],
            )
            self._connection.executemany(
                "INSERT INTO left VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count",
                [(reason, count) for reason, count in (why + Counter(left)).items()],
            )
            self._note_news(len(new))
        return why

    def _is_deleted(self, user_id: str) -> bool:
        found = self._connection.execute("SELECT 1 FROM deleted WHERE hash = ?", (hash_of(user_id, self._salt()),))
        return found.fetchone() is not None

    def _salt(self) -> bytes:
        [(salt,)] = self._connection.execute("SELECT value FROM kept WHERE name = ?", (SALT,))
        return bytes(salt)

    def _note_news(self, changed: int) -> None:
        if changed:
            self._connection.execute(
                "INSERT INTO kept VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1",
                (NEWS,),
            )

    def delete_user(self, user_id: str) -> None:
        """See Store."""
        with self._transaction():
            hashed = hash_of(user_id, self._salt())
            self._connection.execute("INSERT INTO deleted VALUES (?) ON CONFLICT DO NOTHING", (hashed,))
            self._note_news(self._connection.execute("DELETE FROM events WHERE user_id = ?", (user_id,)).rowcount)
        self._log_holds_deleted = True
        self._empty_log()

    def _empty_log(self) -> None:
        """Empty the log if it holds what was deleted; if somebody reads at the moment, after a later transaction."""
        if self._log_holds_deleted:
            with self._guarded():
                self._connection.execute("PRAGMA busy_timeout = 0")
                [(busy, _, _)] = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
            self._log_holds_deleted = bool(busy)

    def delete_before(self, start_us: int, limit: int) -> int:
        """See Store."""
        with self._transaction():
            count = self._connection.execute(
                "DELETE FROM events WHERE number IN (SELECT number FROM events WHERE start_time < ? LIMIT ?)",
                (start_us, limit),
            ).rowcount
            self._note_news(count)
        return count

    def newest_start_us(self, before_us: int) -> int | None:
        """See Store."""
        with self._guarded():
            query = "SELECT max(start_time) FROM events WHERE start_time < ?"
            [(start,)] = self._connection.execute(query, (before_us,))
        return None if start is None else int(start)

    def months(self) -> list[str]:
        """See Store."""
        with self._guarded():
            rows = self._connection.execute(
                "SELECT DISTINCT strftime('%Y-%m', start_time / 1000000, 'unixepoch') FROM events ORDER BY 1"
            ).fetchall()
        return [str(month) for (month,) in rows]

    def rows(self, from_us: int, to_us: int) -> Iterator[list[tuple[Value, ...]]]:
        """See Store."""
        query = f"SELECT {', '.join(COLUMNS)} FROM events WHERE start_time >= ? AND start_time < ? ORDER BY start_time"  # noqa: S608
        with self._guarded():
            found = self._connection.execute(query, (from_us, to_us))
            while some := found.fetchmany(_ROWS):
                yield some

    def runs(self) -> dict[str, tuple[int, int, int]]:
        """See Store."""
        query = "SELECT command, runs, failed, interrupted FROM runs ORDER BY runs DESC, command LIMIT ?"
        with self._guarded():
            rows = self._connection.execute(query, (MOST_COMMANDS,)).fetchall()
        return {command: (runs, failed, interrupted) for command, runs, failed, interrupted in rows}

    def left(self) -> dict[str, int]:
        """See Store."""
        with self._guarded():
            return dict(self._connection.execute("SELECT reason, count FROM left").fetchall())

    def get(self, name: str) -> bytes | None:
        """See Store."""
        with self._guarded():
            row = self._connection.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0]).encode() if isinstance(row[0], int) else bytes(row[0])

    def put(self, values: Mapping[str, bytes]) -> None:
        """See Store."""
        with self._transaction():
            self._connection.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", list(values.items()))

    def leads(self) -> bool:
        """See Store. There is no other."""
        return True

    def close(self) -> None:
        """See Store. SQLite moves the log into the file, so that it can be copied as one file."""
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._guarded():
            self._check_is_there()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
                self._empty_log()
            except BaseException:
                # SQLite may have done it; and no error of this must hide the first.
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise Unavailable(str(error)) from None

    def _check_is_there(self) -> None:
        """What is written into a file that was deleted or replaced would be lost."""
        try:
            about = self._path.stat()
        except OSError as error:
            raise Unavailable(f"{FILE}: {error.strerror}") from None
        if (about.st_dev, about.st_ino) != self._identity:
            raise Unavailable(f"{FILE} was replaced; start the collector again")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"file:{quote(path.resolve().as_posix())}?mode={mode}"
    # One thread at a time uses it: the one that opens it, then the writer's.
    return sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)


def _set_up(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute(f"PRAGMA journal_size_limit = {64 * 2**20}")


def _upgrade(connection: sqlite3.Connection, version: int) -> None:
    if version < VERSION:
        steps = "".join(_STEPS[version:])
        head = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        connection.executescript(f"BEGIN IMMEDIATE;{head}{steps}COMMIT;")
    connection.execute("INSERT INTO kept VALUES (?, ?) ON CONFLICT DO NOTHING", (SALT, secrets.token_bytes(32)))


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the file, 0 for an empty one. Raise UserError for a file that something else made."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if (application, version) == (0, 0) and connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None:
        return 0
    if application != APPLICATION_ID:
        raise _not_ours(path, "something else made it")
    return version


def _not_ours(path: Path, why: str) -> Exception:
    return failure(f"it is not a collector's file: {why}", "give another folder with --data", path=path)


def _lock(path: Path) -> int:
    """Hold the lock that says that a collector uses the folder, until this process ends. Raise UserError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        message = "another collector uses this folder"
        raise failure(message, "end that one, or give another --data", path=path.parent) from None
    return handle
