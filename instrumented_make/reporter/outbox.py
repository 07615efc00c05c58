"""The outbox: every event is committed here before anything is sent, and stays as the local history.

One SQLite file, used by one process at a time for writing; SQLite itself keeps it whole when a process is killed.
A row's ``state`` is ``waiting`` until the server has taken the event (``delivered``) or has refused this very
event for good (``parked``); ``local`` rows were never meant to leave the machine, and never do.

What waits is read row by row from the table and held against its checksum; a row that does not fit is parked. Where the
file itself is damaged, sqlite3.DatabaseError is raised, and :mod:`instrumented_make.reporter.outbox_recovery` mends it.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from instrumented_make.errors import failure
from instrumented_make.properties import BY_NAME
from instrumented_make.reporter import lock
from instrumented_make.reporter.event import Event

APPLICATION_ID = 0x696D6B65
# Other processes hold the file for milliseconds; on a slow network home, for longer.
BUSY_TIMEOUT_S = 20
# A person is waiting for the answer.
PATIENCE_S = 0.3
HISTORY_S = 365 * 24 * 3600
# However long ago the last event was, the clock is believed only so far beyond it.
BELIEVED_S = 30 * 24 * 3600
STATES = frozenset({"waiting", "delivered", "parked", "local"})
# A person who runs 200 commands a day needs three years for this many, and six for this much (700 bytes each).
MAX_WAITING = 250_000
MAX_BYTES = 256 * 1024 * 1024

# Step n makes an outbox of version n out of one of version n - 1. Steps that are out in the world never change.
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
    # The last delivery is asked for by every metrics-status.
    "CREATE INDEX events_by_settlement ON events (state, settled_s);",
    # Of rows from before there is none.
    "ALTER TABLE events ADD COLUMN checksum INTEGER;",
)
VERSION = len(_STEPS)
_COLUMNS = "state, message_id, event, host, write_key, checksum"


@dataclass(frozen=True, slots=True)
class Destination:
    """A Segment-compatible server and the source there that events belong to."""

    host: str
    write_key: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a destination is left alone until ``next_attempt_s`` (seconds since 1970)."""

    failures: int
    next_attempt_s: float
    error: str
    error_s: float


class Outbox:
    """An open outbox; use :func:`opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(
        self,
        events: Iterable[Event],
        destination: Destination | None,
        now_s: float,
        allowed: Callable[[], bool] = lambda: True,
    ) -> bool:
        """Commit ``events``, to wait for ``destination`` or, without one, to stay. A repeat changes nothing.

        Return whether that is ``allowed`` still, once nobody else can write: if not, nothing is kept.
        """
        host, write_key = (destination.host, destination.write_key) if destination else ("", "")
        state = "waiting" if destination else "local"
        rows = [(event.message_id, _text(event), host, write_key) for event in events]
        with self._transaction():
            if not allowed():
                return False
            self._connection.executemany(
                "INSERT OR IGNORE INTO events (message_id, event, host, write_key, checksum, created_s, state)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(*row, checksum(*row), now_s, state) for row in rows],
            )
        return True

    def restore(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Commit rows of a damaged outbox, with all their columns but the number. A repeat changes nothing."""
        with self._transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO events"
                " (message_id, created_s, event, host, write_key, state, settled_s, reason, checksum)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def destinations(self) -> list[Destination]:
        """Where something waits to be sent to."""
        rows = self._connection.execute("SELECT DISTINCT host, write_key FROM events WHERE state = 'waiting'")
        return [Destination(*row) for row in rows]

    def waiting(self, destination: Destination, limit: int, *, newest: bool = False) -> list[Event]:
        """The oldest events, ``limit`` at most, that wait for ``destination``; or the newest.

        Damaged ones are parked. Raise sqlite3.DatabaseError where index and table do not agree.
        """
        there = ("waiting", destination.host, destination.write_key)
        query = "SELECT id FROM events WHERE (state, host, write_key) = (?, ?, ?) ORDER BY id {} LIMIT ?"
        while True:
            found = self._connection.execute(query.format("DESC" if newest else ""), (*there, limit)).fetchall()
            events, damaged = [], []
            for (number,) in found:
                row = self._connection.execute(f"SELECT {_COLUMNS} FROM events NOT INDEXED WHERE id = ?", (number,))  # noqa: S608
                state, *content = row.fetchone() or ("",)
                if (state, *content[2:4]) != there:
                    raise sqlite3.DatabaseError("an index of the outbox is damaged")
                try:
                    events.append(read_event(*content))
                except ValueError as error:
                    damaged.append((str(error), number))
            if not damaged:
                return events
            with self._transaction():
                self._connection.executemany("UPDATE events SET state = 'parked', reason = ? WHERE id = ?", damaged)

    def settle(self, message_ids: list[str], state: str, now_s: float, reason: str | None = None) -> None:
        """Commit that these events were ``delivered`` or are ``parked``.

        One that was trimmed meanwhile stays gone. Raise sqlite3.DatabaseError where the index does not know one that
        is there: it would be sent for ever.
        """
        with self._transaction():
            settled = self._connection.executemany(
                "UPDATE events SET state = ?, settled_s = ?, reason = ? WHERE message_id = ? AND state = 'waiting'",
                [(state, now_s, reason, message_id) for message_id in message_ids],
            ).rowcount
            if settled < len(message_ids) and self._still_waits(set(message_ids)):
                raise sqlite3.DatabaseError("an index of the outbox is damaged")

    def _still_waits(self, message_ids: set[str]) -> bool:
        rows = self._connection.execute("SELECT message_id FROM events NOT INDEXED WHERE state = 'waiting'")
        return any(message_id in message_ids for (message_id,) in rows)

    def trouble(self, destination: Destination) -> Trouble | None:
        """The trouble there was with ``destination`` the last time, if there was."""
        row = self._connection.execute(
            "SELECT failures, next_attempt_s, error, error_s FROM destinations WHERE host = ? AND write_key = ?",
            (destination.host, destination.write_key),
        ).fetchone()
        sound = row and isinstance(row[2], str) and all(isinstance(row[n], (int, float)) for n in (0, 1, 3))
        return Trouble(*row) if sound else None

    def set_trouble(self, destination: Destination, trouble: Trouble | None) -> None:
        """Keep ``trouble``, or forget what there was."""
        if trouble is None:
            self._connection.execute(
                "DELETE FROM destinations WHERE host = ? AND write_key = ?",
                (destination.host, destination.write_key),
            )
            return
        self._connection.execute(
            "INSERT OR REPLACE INTO destinations VALUES (?, ?, ?, ?, ?, ?)",
            (
                destination.host,
                destination.write_key,
                trouble.failures,
                trouble.next_attempt_s,
                trouble.error,
                trouble.error_s,
            ),
        )

    def counts(self) -> dict[str, int]:
        """How many events there are in each state."""
        return dict(
            self._connection.execute(
                "SELECT state, count(*) FROM events INDEXED BY events_by_settlement GROUP BY state"
            )
        )

    def last_delivery_s(self) -> float | None:
        """When the server last took an event, in seconds since 1970."""
        row = self._connection.execute("SELECT max(settled_s) FROM events WHERE state = 'delivered'").fetchone()
        return row[0] if isinstance(row[0], (int, float)) else None

    def last_events(self, state: str, limit: int) -> list[Event]:
        """The latest events, ``limit`` at most, in ``state``; the oldest of them first, damaged ones left out."""
        rows = self._connection.execute(
            f"SELECT {_COLUMNS} FROM events WHERE state = ? ORDER BY coalesce(settled_s, 0) DESC, id DESC LIMIT ?",  # noqa: S608
            (state, limit),
        ).fetchall()
        events = []
        for _, *content in reversed(rows):
            with contextlib.suppress(ValueError):
                events.append(read_event(*content))
        return events

    def properties(self, *names: str) -> Iterator[tuple[object, ...]]:
        """The named properties of every event that can be read; a boolean is 1 or 0."""
        columns = ", ".join("json_extract(event, ?)" for _ in names)
        query = f"SELECT {columns} FROM events WHERE json_valid(event)"  # noqa: S608
        return self._connection.execute(query, [f"$.properties.{name}" for name in names])

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

    def believed_s(self, now_s: float) -> float:
        """``now_s`` as far as it is believed: nothing is given up because one clock was once set wrong.

        The newest event before it bounds what it may claim.
        """
        known_s = self._connection.execute(
            "SELECT created_s FROM events WHERE created_s >= 0 AND created_s < ? ORDER BY created_s DESC LIMIT 1",
            (now_s,),
        ).fetchone()
        return min(now_s, (known_s[0] if known_s else now_s) + BELIEVED_S)

    def trim(self, now_s: float, max_waiting: int = MAX_WAITING, max_bytes: int = MAX_BYTES) -> None:
        """Bound the age, the number and the size of what is kept; count what was never delivered, and why it went.

        Raise sqlite3.DatabaseError where something waits that would never be sent: a row is in a state that there is
        not, or the index that the sender asks does not find as many as another one counts.
        """
        with self._transaction():
            counts = self.counts()
            found = sum(
                self._connection.execute(
                    "SELECT count(*) FROM events INDEXED BY events_by_state WHERE (state, host, write_key) = (?, ?, ?)",
                    ("waiting", destination.host, destination.write_key),
                ).fetchone()[0]
                for destination in self.destinations()
            )
            if not set(counts) <= STATES or found != counts.get("waiting", 0):
                raise sqlite3.DatabaseError("an event of the outbox would never be sent")
            old = self.believed_s(now_s) - HISTORY_S
            self._delete("created_s < ? AND state IN ('delivered', 'local')", old)
            surplus = counts.get("waiting", 0) - max_waiting
            if surplus > 0:
                self._delete("id IN (SELECT id FROM events WHERE state = 'waiting' ORDER BY id LIMIT ?)", surplus)
                self.count_lost(f"more than {max_waiting} waited", surplus)
            while self._bytes() > max_bytes and (count := sum(self.counts().values())):
                waiting = self.counts().get("waiting", 0)
                self._delete("id IN (SELECT id FROM events ORDER BY id LIMIT ?)", count // 10 + 1)
                self.count_lost(f"more than {max_bytes} bytes", waiting - self.counts().get("waiting", 0))

    def _bytes(self) -> int:
        """The size of what is kept; the file itself does not shrink, but is filled again."""
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
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


@contextmanager
def opened(path: Path, patience_s: float = BUSY_TIMEOUT_S) -> Iterator[Outbox]:
    """The outbox at ``path``, made if there is none, and brought up to this version.

    One of a newer version is left as it is: raise UserError. Raise sqlite3.OperationalError when the file is busy for
    longer than ``patience_s`` or cannot be read or written, and sqlite3.DatabaseError when it is damaged or no outbox.
    """
    connection = _connect(path, patience_s)
    try:
        yield Outbox(connection)
    finally:
        connection.close()


def checksum(message_id: str, text: str, host: str, write_key: str) -> int:
    """What tells that a row is as it was written."""
    return zlib.crc32("\0".join((message_id, text, host, write_key)).encode("utf-8", "surrogatepass"))


def read_event(message_id: str, text: str, host: str, write_key: str, expected: int | None) -> Event:
    """The event in a row. Raise ValueError when it is damaged."""
    try:
        if expected not in (None, checksum(message_id, text, host, write_key)):
            raise ValueError("its content has changed")
        value = json.loads(text)
        event = Event(value["messageId"], value["userId"], value["event"], value["timestamp"], value["properties"])
        texts = (event.message_id, event.user_id, event.name, event.timestamp)
        if event.message_id != message_id or not all(isinstance(text, str) for text in texts):
            raise ValueError("it is not the event that it was")
        if datetime.fromisoformat(event.timestamp).utcoffset() is None:
            raise ValueError("its time has no zone")
        for name, content in event.properties.items():
            if not BY_NAME[name].takes(content):
                raise ValueError(f"{name} cannot be {content!r}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"damaged in the outbox: {type(error).__name__}: {str(error)[:100]}") from None
    return event


def _connect(path: Path, patience_s: float) -> sqlite3.Connection:
    connection = _open(path, patience_s)
    if _version(connection) == VERSION:
        return connection
    connection.close()
    # One process makes the file or upgrades it; another that came here meanwhile finds it done.
    with lock.held_or_busy(lock_of(path), patience_s) as mine:
        if not mine:
            raise sqlite3.OperationalError("database is locked")
        connection = _open(path, patience_s)
        try:
            upgrade(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection


def lock_of(path: Path) -> Path:
    """Who holds it may make, upgrade or replace the outbox at ``path``."""
    return path.with_name(f"{path.name}.lock")


def upgrade(connection: sqlite3.Connection, path: Path) -> None:
    """Make an empty file an outbox, and an older one one of this version. Raise UserError for a newer one."""
    version = _version(connection)
    if version > VERSION:
        raise failure(
            f"it is of version {version}, newer than the installed instrumented-make knows ({VERSION})",
            "upgrade instrumented-make; until then runs wait, and nothing is lost",
            path=path,
        )
    steps = "".join(_STEPS[version:])
    head = f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
    connection.executescript(f"BEGIN IMMEDIATE;{head}{steps}COMMIT;")


def _open(path: Path, patience_s: float) -> sqlite3.Connection:
    # Made here, not by SQLite, so that it is never readable for others.
    path.touch(mode=0o600, exist_ok=True)
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None)
    # A text that is damaged is still a text.
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    # What SQLite sorts must not go through a shared temporary folder.
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def _version(connection: sqlite3.Connection) -> int:
    """The version of the outbox: 0 for an empty file. Raise sqlite3.DatabaseError for what is damaged or none."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    schema = connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchall()
    if (application, version, schema) == (0, 0, []):
        return 0
    # One flipped bit makes this version a newer one, or an older one.
    flipped = (version ^ VERSION).bit_count() == 1 and schema == _newest_schema()
    if application != APPLICATION_ID or flipped:
        raise sqlite3.DatabaseError("file is not an outbox")
    return version


def _newest_schema() -> list[tuple[str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript("".join(_STEPS))
        return connection.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").fetchall()


def _text(event: Event) -> str:
    return json.dumps(event.as_json(), separators=(",", ":"))
