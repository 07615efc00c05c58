"""The outbox: every event is committed here before anything is sent, and stays as the local history.

One SQLite file, used by one process at a time for writing; SQLite itself keeps it intact if a process is killed.
An event has a row for each of its destinations. A row's ``state`` is ``waiting`` until the server has accepted the
event (``delivered``) or has refused this particular event for good (``parked``); ``local`` rows were never meant to
leave the machine, and never do.

A waiting row that does not match its checksum is parked. A file that SQLite itself calls damaged is set aside, and a
new one begins (:func:`sound`); any other error, as of a full disk, leaves it as it is.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from instrumented_make.errors import failure
from instrumented_make.installing import to_upgrade
from instrumented_make.properties import BY_NAME
from instrumented_make.reporter import lock
from instrumented_make.reporter.event import Event

_Result = TypeVar("_Result")

# SQLite's result codes of a damaged file.
_CORRUPT, _NOT_A_DATABASE = 11, 26
APPLICATION_ID = 0x696D6B65
# Other processes hold the file for milliseconds; on a slow network home, for longer.
BUSY_TIMEOUT_S = 20
# A person is waiting for the answer.
PATIENCE_S = 0.3
HISTORY_S = 365 * 24 * 3600
# The clock is trusted only this far beyond the last event, however long ago that was.
BELIEVED_S = 30 * 24 * 3600
# A person who runs 200 commands a day needs three years for this many, and six for this much (700 bytes each).
MAX_WAITING = 250_000
MAX_BYTES = 256 * 1024 * 1024

# Step n upgrades an outbox from version n - 1 to version n. Steps that have been released never change.
_STEPS = (
    """
    CREATE TABLE events (
      id INTEGER PRIMARY KEY,
      message_id TEXT NOT NULL UNIQUE,
      created_s REAL NOT NULL,
      event TEXT NOT NULL,
      host TEXT NOT NULL,
      write_key TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'parked', 'local')),
      settled_s REAL,
      reason TEXT
    );
    CREATE INDEX events_by_state ON events (state, host, write_key, id);
    CREATE INDEX events_by_age ON events (created_s);
    CREATE TABLE destinations (
      host TEXT NOT NULL,
      write_key TEXT NOT NULL,
      failures INTEGER NOT NULL,
      next_attempt_s REAL NOT NULL,
      error TEXT NOT NULL,
      error_s REAL NOT NULL,
      PRIMARY KEY (host, write_key)
    );
    CREATE TABLE lost (reason TEXT PRIMARY KEY, count INTEGER NOT NULL);
    """,
    # Every metrics-status asks for the last delivery.
    "CREATE INDEX events_by_settlement ON events (state, settled_s);",
    # Older rows have none.
    "ALTER TABLE events ADD COLUMN checksum INTEGER;",
    # An event may have several destinations, and then has a row for each; what is there is Segment's.
    """
    ALTER TABLE events RENAME TO former_events;
    ALTER TABLE destinations RENAME TO former_destinations;
    CREATE TABLE events (
      id INTEGER PRIMARY KEY,
      message_id TEXT NOT NULL,
      created_s REAL NOT NULL,
      event TEXT NOT NULL,
      protocol TEXT NOT NULL DEFAULT 'segment',
      host TEXT NOT NULL,
      write_key TEXT NOT NULL,
      state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'parked', 'local')),
      settled_s REAL,
      reason TEXT,
      checksum INTEGER,
      UNIQUE (message_id, protocol, host, write_key)
    );
    CREATE TABLE destinations (
      protocol TEXT NOT NULL,
      host TEXT NOT NULL,
      write_key TEXT NOT NULL,
      failures INTEGER NOT NULL,
      next_attempt_s REAL NOT NULL,
      error TEXT NOT NULL,
      error_s REAL NOT NULL,
      PRIMARY KEY (protocol, host, write_key)
    );
    INSERT OR IGNORE INTO events SELECT id, message_id, created_s, event, 'segment', host, write_key,
      CASE WHEN state IN ('waiting', 'delivered', 'parked', 'local') THEN state ELSE 'parked' END, settled_s, reason,
      checksum FROM former_events;
    INSERT OR IGNORE INTO destinations SELECT 'segment', * FROM former_destinations;
    DROP TABLE former_events;
    DROP TABLE former_destinations;
    CREATE INDEX events_by_state ON events (state, protocol, host, write_key, id);
    CREATE INDEX events_by_age ON events (created_s);
    CREATE INDEX events_by_settlement ON events (state, settled_s);
    """,
)
VERSION = len(_STEPS)
_COLUMNS = "message_id, event, protocol, host, write_key, checksum"
_IS = "(protocol, host, write_key) = (?, ?, ?)"
# What a row's text has beside the event, if its run has a span: the field, and the key.
_OF_SPANS = {"span_name": "spanName", "traceparent": "traceparent"}
# The protocols of destinations, as the rows name them.
SEGMENT, OTLP = "segment", "otlp"


@dataclass(frozen=True, slots=True)
class Destination:
    """A server that takes events: one that speaks Segment's protocol, and the source there, or OpenTelemetry's.

    ``host`` is its address, without the path that the protocol adds; ``write_key`` is Segment's, and else empty.
    """

    host: str
    write_key: str
    protocol: str = SEGMENT

    @property
    def key(self) -> tuple[str, str, str]:
        """What identifies it in the tables."""
        return self.protocol, self.host, self.write_key


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a destination is left alone until ``next_attempt_s`` (seconds since 1970)."""

    failures: int
    next_attempt_s: float
    error: str
    error_s: float


class Outbox:
    """An open outbox; use :func:`open_outbox`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self,
        events: Iterable[Event],
        destinations: Sequence[Destination],
        now_s: float,
        allowed: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Commit ``events``, to wait for each of ``destinations`` or, without any, to stay. Duplicates change nothing.

        Return whether this is still ``allowed`` once no other process can write; if not, nothing is stored.
        """
        state = "waiting" if destinations else "local"
        keys = [destination.key for destination in destinations] or [(SEGMENT, "", "")]
        rows = [(event.message_id, _text(event), *key) for event in events for key in keys]
        with self._transaction():
            if not allowed():
                return False
            self._connection.executemany(
                "INSERT OR IGNORE INTO events"
                " (message_id, event, protocol, host, write_key, checksum, created_s, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(*row, checksum(*row), now_s, state) for row in rows],
            )
        return True

    def destinations(self) -> list[Destination]:
        """The destinations for which events are waiting."""
        rows = self._connection.execute(
            "SELECT DISTINCT host, write_key, protocol FROM events WHERE state = 'waiting' ORDER BY protocol DESC"
        )
        return [Destination(*row) for row in rows]

    def waiting(self, destination: Destination, limit: int, *, newest: bool = False) -> list[Event]:
        """The oldest or newest events, ``limit`` at most, that wait for ``destination``. Damaged ones are parked."""
        query = (
            f"SELECT id, {_COLUMNS} FROM events WHERE state = 'waiting' AND {_IS}"  # noqa: S608
            f" ORDER BY id {'DESC' if newest else ''} LIMIT ?"
        )
        while True:
            rows = self._connection.execute(query, (*destination.key, limit))
            events, damaged = [], []
            for number, *content in rows.fetchall():
                try:
                    events.append(read_event(*content))
                except ValueError as error:
                    damaged.append((str(error), number))
            if not damaged:
                return events
            with self._transaction():
                self._connection.executemany("UPDATE events SET state = 'parked', reason = ? WHERE id = ?", damaged)

    def settle(
        self,
        destination: Destination,
        message_ids: Sequence[str],
        state: str,
        now_s: float,
        reason: str | None = None,
    ) -> None:
        """Mark events of ``destination`` as ``delivered`` or ``parked``, and commit; a trimmed one stays deleted."""
        with self._transaction():
            self._connection.executemany(
                "UPDATE events SET state = ?, settled_s = ?, reason = ?"  # noqa: S608
                f" WHERE message_id = ? AND {_IS} AND state = 'waiting'",
                [(state, now_s, reason, message_id, *destination.key) for message_id in message_ids],
            )

    def trouble(self, destination: Destination) -> Trouble | None:
        """The trouble at the last attempt to reach ``destination``, if any."""
        row = self._connection.execute(
            f"SELECT failures, next_attempt_s, error, error_s FROM destinations WHERE {_IS}",  # noqa: S608
            destination.key,
        ).fetchone()
        sound = row and isinstance(row[2], str) and all(isinstance(row[n], (int, float)) for n in (0, 1, 3))
        return Trouble(*row) if sound else None

    def set_trouble(self, destination: Destination, trouble: Trouble | None) -> None:
        """Store ``trouble``; None clears it."""
        if trouble is None:
            self._connection.execute(f"DELETE FROM destinations WHERE {_IS}", destination.key)  # noqa: S608
            return
        self._connection.execute(
            "INSERT OR REPLACE INTO destinations VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*destination.key, *astuple(trouble)),
        )

    def counts(self) -> dict[str, int]:
        """How many events there are in each state; one with two destinations counts for each."""
        return dict(
            self._connection.execute(
                "SELECT state, count(*) FROM events INDEXED BY events_by_settlement GROUP BY state"
            )
        )

    def counts_by_host(self, state: str) -> dict[str, int]:
        """How many events there are in ``state``, by the address of their destination."""
        return dict(
            self._connection.execute(
                "SELECT host, count(*) FROM events INDEXED BY events_by_state WHERE state = ? GROUP BY host", (state,)
            )
        )

    def last_delivery_s(self) -> float | None:
        """When the server last accepted an event, in seconds since 1970."""
        row = self._connection.execute("SELECT max(settled_s) FROM events WHERE state = 'delivered'").fetchone()
        return row[0] if isinstance(row[0], (int, float)) else None

    def last_events(self, state: str, limit: int, protocol: str = SEGMENT) -> list[Event]:
        """The latest events of ``protocol``, ``limit`` at most, in ``state``; the oldest of them first.

        Damaged ones are left out.
        """
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM events WHERE state = ? AND protocol = ?"  # noqa: S608
            " ORDER BY coalesce(settled_s, 0) DESC, id DESC LIMIT ?",
            (state, protocol, limit),
        ).fetchall()
        events = []
        for content in reversed(rows):
            with contextlib.suppress(ValueError):
                events.append(read_event(*content))
        return events

    def properties(self, *names: str, last: int = -1) -> Iterator[tuple[object, ...]]:
        """The named properties of the ``last`` events that can be read, or of all, once each, newest first.

        A boolean is 1 or 0.
        """
        columns = ", ".join("json_extract(event, ?)" for _ in names)
        query = (
            f"SELECT {columns} FROM events WHERE json_valid(event) AND NOT EXISTS (SELECT 1 FROM events AS same"  # noqa: S608
            " WHERE same.message_id = events.message_id AND same.id < events.id AND json_valid(same.event))"
            " ORDER BY id DESC LIMIT ?"
        )
        return self._connection.execute(query, [*(f"$.properties.{name}" for name in names), last])

    def parked_reasons(self) -> dict[str, int]:
        """Why events were refused for good, and how many."""
        return dict(
            self._connection.execute(
                "SELECT coalesce(reason, '?'), count(*) FROM events WHERE state = 'parked' GROUP BY reason"
            ).fetchall()
        )

    def count_lost(self, reason: str, count: int) -> None:
        """Remember that ``count`` runs or events were given up for ``reason``."""
        if count:
            self._connection.execute(
                "INSERT INTO lost VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count",
                (reason, count),
            )

    def lost(self) -> dict[str, int]:
        """What was given up so far, by reason."""
        return dict(self._connection.execute("SELECT reason, count FROM lost ORDER BY reason").fetchall())

    def believe_s(self, now_s: float) -> float:
        """``now_s``, as far as it is trusted: nothing is given up because one clock was once set wrong.

        The newest event before it sets the limit.
        """
        known_s = self._connection.execute(
            "SELECT created_s FROM events WHERE created_s >= 0 AND created_s < ? ORDER BY created_s DESC LIMIT 1",
            (now_s,),
        ).fetchone()
        return min(now_s, (known_s[0] if known_s else now_s) + BELIEVED_S)

    def trim(self, now_s: float, max_waiting: int = MAX_WAITING, max_bytes: int = MAX_BYTES) -> None:
        """Limit the age, number and size of the events kept; count those dropped undelivered, and why."""
        with self._transaction():
            old = self.believe_s(now_s) - HISTORY_S
            self._delete("created_s < ? AND state IN ('delivered', 'local')", old)
            surplus = self.counts().get("waiting", 0) - max_waiting
            if surplus > 0:
                self._delete("id IN (SELECT id FROM events WHERE state = 'waiting' ORDER BY id LIMIT ?)", surplus)
                self.count_lost(f"more than {max_waiting} waited", surplus)
            while self._bytes() > max_bytes and (count := sum(self.counts().values())):
                waiting = self.counts().get("waiting", 0)
                self._delete("id IN (SELECT id FROM events ORDER BY id LIMIT ?)", count // 10 + 1)
                self.count_lost(f"more than {max_bytes} bytes", waiting - self.counts().get("waiting", 0))

    def _bytes(self) -> int:
        """The size of what is kept; the file itself does not shrink, but its space is reused."""
        pages, free, size = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _delete(self, condition: str, value: float) -> int:
        return self._connection.execute(f"DELETE FROM events WHERE {condition}", (value,)).rowcount  # noqa: S608

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            # SQLite may have done it; and no error of this must hide the first.
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


@contextmanager
def open_outbox(path: Path, patience_s: float = BUSY_TIMEOUT_S) -> Iterator[Outbox]:
    """The outbox at ``path``, created if there is none, and upgraded to this version.

    One of a newer version is left unchanged: raise UserError. Raise sqlite3.OperationalError when the file is busy for
    longer than ``patience_s`` or cannot be read or written, and sqlite3.DatabaseError if it is damaged or not one.
    """
    with contextlib.closing(_connect(path, patience_s)) as connection:
        # SQLite must not sort its data in a shared temporary folder.
        connection.execute("PRAGMA temp_store = MEMORY")
        _make_ready(connection, path, patience_s)
        yield Outbox(connection)


def checksum(message_id: str, text: str, protocol: str, host: str, write_key: str) -> int:
    """A checksum that shows whether a row is still as it was written."""
    # Rows are older than protocols.
    content = (message_id, text, host, write_key, *(() if protocol == SEGMENT else (protocol,)))
    return zlib.crc32("\0".join(content).encode("utf-8", "surrogatepass"))


def read_event(message_id: str, text: str, protocol: str, host: str, write_key: str, expected: int | None) -> Event:
    """The event in a row. Raise ValueError when it is damaged."""
    try:
        if expected not in (None, checksum(message_id, text, protocol, host, write_key)):
            raise ValueError("its content has changed")
        value = json.loads(text)
        event = Event(
            *(value[name] for name in ("messageId", "userId", "event", "timestamp", "properties")),
            **{name: value.get(key, "") for name, key in _OF_SPANS.items()},
        )
        texts = (event.message_id, event.user_id, event.name, event.timestamp, event.span_name, event.traceparent)
        if event.message_id != message_id or not all(isinstance(text, str) for text in texts):
            raise ValueError("it is not the same event, or a field is not a string")
        if datetime.fromisoformat(event.timestamp).utcoffset() is None:
            raise ValueError("its time has no zone")
        for name, content in event.properties.items():
            if not BY_NAME[name].takes(content):
                raise ValueError(f"{name} cannot be {content!r}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"damaged in the outbox: {type(error).__name__}: {str(error)[:100]}") from None
    return event


def _make_ready(connection: sqlite3.Connection, path: Path, patience_s: float) -> None:
    """Create the tables or upgrade them: one process does, and another that arrives meanwhile finds it done."""
    if _version(connection) == VERSION:
        return
    with lock.hold_if_free(lock_of(path), patience_s) as mine:
        if not mine:
            raise sqlite3.OperationalError("database is locked")
        upgrade(connection, path)


def lock_of(path: Path) -> Path:
    """The lock whose holder may create, upgrade or set aside the outbox at ``path``."""
    return path.with_name(f"{path.name}.lock")


class NotAnOutbox(sqlite3.DatabaseError):
    """A file of SQLite's that something else made."""

    sqlite_errorcode = _NOT_A_DATABASE


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite says that the file itself is damaged; nothing else is damage (https://sqlite.org/rescode.html)."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # in Python 3.10
        return str(error).endswith(("is malformed", "is not a database")) or "malformed database schema" in str(error)
    return code & 0xFF in (_CORRUPT, _NOT_A_DATABASE)


def sound(path: Path, act: Callable[[], _Result]) -> _Result:
    """What ``act`` returns, which uses the outbox at ``path``; if that is damaged, ``act`` gets a new one."""
    before = _identity(path)
    try:
        return act()
    except sqlite3.Error as error:
        if not is_damage(error):
            raise
    with lock.held(lock_of(path)):
        if _identity(path) == before:  # otherwise another process has set it aside
            _set_aside(path)
    return act()


def set_aside(path: Path) -> list[Path]:
    """The damaged outboxes beside the one at ``path``."""
    return sorted(path.parent.glob(f"{path.name}.set-aside-*[0-9]"))


def _set_aside(path: Path) -> None:
    number = len(set_aside(path)) + 1
    while (aside := path.with_name(f"{path.name}.set-aside-{number}")).exists():
        number += 1
    with contextlib.suppress(FileNotFoundError):  # SQLite would play it back into the new one
        path.with_name(f"{path.name}-journal").rename(f"{aside}-journal")
    path.rename(aside)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_dev, about.st_ino


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Turn an empty file into an outbox, or upgrade an older one to this version. Raise UserError for a newer one."""
    version = _version(connection)
    if version > VERSION:
        raise failure(
            f"it has version {version}, newer than the installed instrumented-make supports ({VERSION})",
            f"runs wait and nothing is lost; to upgrade: {to_upgrade()}",
            path=path,
        )
    steps = "".join(_STEPS[version:])
    head = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    connection.executescript(f"BEGIN IMMEDIATE;{head}{steps}COMMIT;")


def _connect(path: Path, patience_s: float) -> sqlite3.Connection:
    # Created here, not by SQLite, so that it is never readable by others.
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None)
    # Damaged text must still be readable as text.
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    """The version of the outbox: 0 for an empty file. Raise sqlite3.DatabaseError if it is damaged or not an outbox."""
    connection.execute("BEGIN")  # what is read is of one moment: another process may be creating it
    try:
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        empty = connection.execute("SELECT 1 FROM sqlite_schema").fetchone() is None
    finally:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
    if (application, version, empty) == (0, 0, True):
        return 0
    if application != APPLICATION_ID:
        raise NotAnOutbox("file is not an outbox")
    return version


def _text(event: Event) -> str:
    of_span = {key: text for name, key in _OF_SPANS.items() if (text := getattr(event, name))}
    return json.dumps({**event.as_json(), **of_span}, separators=(",", ":"))
