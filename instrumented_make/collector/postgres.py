"""The store of several collectors: a PostgreSQL, with the event's table as Segment's warehouses have it.

Its other tables begin with the name of that one. Every writer holds one lock, so a deletion comes either before
an event, which is then not kept, or after it.
"""

from __future__ import annotations

import contextlib
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg
from psycopg import sql

from instrumented_make.collector.agreement import COLUMNS
from instrumented_make.collector.intake import DELETED, REPEATED, Event
from instrumented_make.collector.store import MOST_COMMANDS, NEWS, SALT, Unavailable, Use, count_runs, hash_of
from instrumented_make.errors import failure
from instrumented_make.installing import to_upgrade
from instrumented_make.properties import PROPERTIES, Value
from instrumented_make.report.passwords import without_password

# As long as a client waits for an answer.
_PATIENCE_S = 5
_ROWS = 10_000
_VERSION = "version"

# Step n upgrades the tables from version n - 1 to version n. Steps that have been released never change.
_STEPS = (
    """
    CREATE TABLE {events} (
      id text PRIMARY KEY,
      user_id text NOT NULL,
      event text NOT NULL,
      "timestamp" timestamptz NOT NULL GENERATED ALWAYS AS (start_time) STORED,
      received_at timestamptz NOT NULL,
      command text NOT NULL,
      command_type text NOT NULL,
      duration_ms bigint NOT NULL,
      exit_status bigint NOT NULL,
      git_checked_out_master boolean,
      git_commit_time timestamptz,
      is_test text NOT NULL,
      start_time timestamptz NOT NULL,
      operating_system text,
      hardware text,
      git_dirty boolean,
      caller text
    );
    CREATE INDEX ON {events} (user_id);
    CREATE INDEX ON {events} (start_time);
    CREATE TABLE {deleted} (hash bytea PRIMARY KEY);
    CREATE TABLE {runs} (
      command text PRIMARY KEY, runs bigint NOT NULL, failed bigint NOT NULL, interrupted bigint NOT NULL
    );
    CREATE TABLE {refused} (reason text PRIMARY KEY, count bigint NOT NULL);
    """,
)
VERSION = len(_STEPS)
_KINDS = {"string": "text", "integer": "bigint", "boolean": "boolean"}
_TIMES = {"received_at", *(declared.name for declared in PROPERTIES if declared.unit == "ISO 8601")}
_TYPES = {declared.name: _KINDS[declared.type] for declared in PROPERTIES}
_TYPES |= dict.fromkeys(_TIMES, "bigint")
# A time that is given in microseconds since 1970.
_TIME = "'epoch'::timestamptz + %s * interval '1 microsecond'"


class PostgresStore:
    """The :class:`store.Store` in the database at ``url``, with events in ``table``."""

    def __init__(self, url: str, table: str, use: Use = "alone") -> None:
        """``use``: ``alone`` creates or upgrades the tables; the others need them. Several may do any of it."""
        self._url = url
        self._name = f"{without_password(url)}, {table}"
        self._tables = {
            name: sql.Identifier(table if name == "events" else f"{table}_{name}")
            for name in ("events", "deleted", "runs", "refused", "kept")
        }
        self._table = table
        self._connection: psycopg.Connection[Any] | None = None
        self._leads = False
        try:
            self._prepare(use)
        except psycopg.Error as error:
            self.close()
            raise Unavailable(without_password(" ".join(str(error).split()))) from None
        except BaseException:
            self.close()
            raise

    def add(self, events: Sequence[Event], left: Mapping[str, int], now_us: int) -> Counter[str]:
        """See Store."""
        with self._transaction() as connection:
            hashes = {event.user_id: hash_of(event.user_id, self._salt(connection)) for event in events}
            rows = self._run(connection, "SELECT hash FROM {deleted} WHERE hash = ANY(%s)", [list(hashes.values())])
            deleted = {bytes(found) for (found,) in rows}
            wanted = [event for event in events if hashes[event.user_id] not in deleted]
            new = self._insert(connection, wanted, now_us)
            why = Counter({DELETED: len(events) - len(wanted), REPEATED: len(wanted) - len(new)})
            why = +why
            counts = count_runs(new)
            self._run(
                connection,
                "INSERT INTO {runs} AS old SELECT * FROM unnest(%s::text[], %s::bigint[], %s::bigint[], %s::bigint[]) "
                "ON CONFLICT (command) DO UPDATE SET runs = old.runs + excluded.runs, "
                "failed = old.failed + excluded.failed, interrupted = old.interrupted + excluded.interrupted",
                [list(counts), *([count[place] for count in counts.values()] for place in range(3))],
            )
            reasons = why + Counter(left)
            self._run(
                connection,
                "INSERT INTO {refused} AS old SELECT * FROM unnest(%s::text[], %s::bigint[]) "
                "ON CONFLICT (reason) DO UPDATE SET count = old.count + excluded.count",
                [list(reasons), list(reasons.values())],
            )
            self._note_news(connection, len(new))
        return why

    def _insert(self, connection: psycopg.Connection[Any], events: Sequence[Event], now_us: int) -> list[Event]:
        """Insert those whose ids are new; return them."""
        first: dict[str, Event] = {}
        for event in events:
            first.setdefault(event.id, event)
        rows = [(event.id, event.user_id, event.name, now_us, *event.values) for event in first.values()]
        given = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
        arrays = sql.SQL(", ").join(sql.SQL(f"%s::{_TYPES.get(name, 'text')}[]") for name in COLUMNS)
        chosen = sql.SQL(", ").join(
            sql.SQL(_TIME.replace("%s", "{}") if name in _TIMES else "{}").format(sql.Identifier(name))
            for name in COLUMNS
        )
        names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
        query = sql.SQL(
            "INSERT INTO {events} ({names}) SELECT {chosen} FROM unnest({arrays}) AS given ({names}) "
            "ON CONFLICT (id) DO NOTHING RETURNING id"
        ).format(names=names, chosen=chosen, arrays=arrays, **self._tables)
        return [first[found] for (found,) in connection.execute(query, given).fetchall()]

    def _salt(self, connection: psycopg.Connection[Any]) -> bytes:
        [(salt,)] = self._run(connection, "SELECT value FROM {kept} WHERE name = %s", [SALT])
        return bytes(salt)

    def _note_news(self, connection: psycopg.Connection[Any], changed: int) -> None:
        if changed:
            self._run(
                connection,
                "INSERT INTO {kept} AS old VALUES (%s, '1') ON CONFLICT (name) DO UPDATE "
                "SET value = convert_to((convert_from(old.value, 'UTF8')::bigint + 1)::text, 'UTF8')",
                [NEWS],
            )

    def delete_user(self, user_id: str) -> None:
        """See Store."""
        with self._transaction() as connection:
            hashed = hash_of(user_id, self._salt(connection))
            self._run(connection, "INSERT INTO {deleted} VALUES (%s) ON CONFLICT DO NOTHING", [hashed])
            gone = self._run(connection, "DELETE FROM {events} WHERE user_id = %s RETURNING id", [user_id])
            self._note_news(connection, len(gone))

    def delete_before(self, start_us: int, limit: int) -> int:
        """See Store."""
        with self._transaction() as connection:
            gone = self._run(
                connection,
                "DELETE FROM {events} WHERE id IN "  # noqa: S608
                f"(SELECT id FROM {{events}} WHERE start_time < {_TIME} LIMIT %s) RETURNING id",
                [start_us, limit],
            )
            self._note_news(connection, len(gone))
        return len(gone)

    def newest_start_us(self, before_us: int) -> int | None:
        """See Store."""
        query = f"SELECT {_in_microseconds('max(start_time)')} FROM {{events}} WHERE start_time < {_TIME}"  # noqa: S608
        [(start,)] = self._ask(query, [before_us])
        return None if start is None else int(start)

    def months(self) -> list[str]:
        """See Store."""
        query = "SELECT DISTINCT to_char(start_time AT TIME ZONE 'UTC', 'YYYY-MM') FROM {events} ORDER BY 1"
        return [month for (month,) in self._ask(query)]

    def rows(self, from_us: int, to_us: int) -> Iterator[list[tuple[Value, ...]]]:
        """See Store."""
        chosen = ", ".join(_in_microseconds(name) if name in _TIMES else name for name in COLUMNS)
        at_that_time = f"start_time >= {_TIME} AND start_time < {_TIME}"
        query = f"SELECT {chosen} FROM {{events}} WHERE {at_that_time} ORDER BY start_time"  # noqa: S608
        with self._guarded() as connection, connection.transaction(), connection.cursor("rows") as cursor:
            cursor.execute(self._composed(query), [from_us, to_us])
            while some := cursor.fetchmany(_ROWS):
                yield some

    def runs(self) -> dict[str, tuple[int, int, int]]:
        """See Store."""
        query = 'SELECT command, runs, failed, interrupted FROM {runs} ORDER BY runs DESC, command COLLATE "C" LIMIT %s'
        rows = self._ask(query, [MOST_COMMANDS])
        return {command: (runs, failed, interrupted) for command, runs, failed, interrupted in rows}

    def left(self) -> dict[str, int]:
        """See Store."""
        return dict(self._ask("SELECT reason, count FROM {refused}"))

    def get(self, name: str) -> bytes | None:
        """See Store."""
        rows = self._ask("SELECT value FROM {kept} WHERE name = %s", [name])
        return bytes(rows[0][0]) if rows else None

    def put(self, values: Mapping[str, bytes]) -> None:
        """See Store."""
        with self._transaction() as connection:
            for name, value in values.items():
                self._run(
                    connection,
                    "INSERT INTO {kept} VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [name, value],
                )

    def leads(self) -> bool:
        """See Store. It is the one that holds a lock, which PostgreSQL takes back when its connection ends."""
        if not self._leads:
            [(self._leads,)] = self._ask(
                "SELECT pg_try_advisory_lock(hashtext('collector leads'), hashtext(%s))", [self._table]
            )
        return self._leads

    def close(self) -> None:
        """See Store."""
        self._leads = False
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

    def _prepare(self, use: Use) -> None:
        with self._transaction() as connection:
            found = {name for name in ("events", "kept") if self._exists(connection, name)}
            if found == {"events"}:
                raise failure("something else made this table", "give another database with --data", path=self._name)
            if use != "alone" and not found:
                raise failure("nothing was collected here", "give the collector's own --data", path=self._name)
            if not found:
                self._run(connection, "CREATE TABLE {kept} (name text PRIMARY KEY, value bytea NOT NULL)", [])
                self._run(connection, "INSERT INTO {kept} VALUES (%s, %s)", [SALT, secrets.token_bytes(32)])
            rows = self._run(connection, "SELECT value FROM {kept} WHERE name = %s", [_VERSION])
            version = int(bytes(rows[0][0])) if rows else 0
            if version > VERSION:
                raise failure(
                    f"it has version {version}, newer than the installed instrumented-make supports ({VERSION})",
                    f"the tables were left as they are; to upgrade: {to_upgrade()}",
                    path=self._name,
                )
            if version < VERSION:
                if use != "alone":
                    raise failure("it is of an older version", "start the collector once", path=self._name)
                for step in _STEPS[version:]:
                    connection.execute(self._composed(step))
                self._run(
                    connection,
                    "INSERT INTO {kept} VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                    [_VERSION, str(VERSION).encode()],
                )

    def _exists(self, connection: psycopg.Connection[Any], name: str) -> bool:
        table = self._tables[name].as_string(connection)
        return connection.execute("SELECT to_regclass(%s)", [table]).fetchall() != [(None,)]

    def _ask(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._guarded() as connection:
            return self._run(connection, query, values)

    def _run(self, connection: psycopg.Connection[Any], query: str, values: Sequence[Any]) -> list[Any]:
        cursor = connection.execute(self._composed(query), values or None)
        return cursor.fetchall() if cursor.description else []

    def _composed(self, query: str) -> sql.Composed:
        return sql.SQL(query).format(**self._tables)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Any]]:
        with self._guarded() as connection, connection.transaction():
            connection.execute(
                "SELECT pg_advisory_xact_lock(hashtext('collector writes'), hashtext(%s))", [self._table]
            )
            yield connection

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection, a new one if the last is gone."""
        try:
            if self._connection is None:
                self._connection = _connect(self._url)
            yield self._connection
        except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
            self.close()
            raise Unavailable(without_password(" ".join(str(error).split()))) from None


def _connect(url: str) -> psycopg.Connection[Any]:
    connection = psycopg.connect(
        url, autocommit=True, connect_timeout=_PATIENCE_S, tcp_user_timeout=2000 * _PATIENCE_S, keepalives_idle=30
    )
    # A server may be set up to answer before the disk has it, or to wait for ever.
    connection.execute("SET synchronous_commit = on")
    connection.execute(f"SET lock_timeout = '{_PATIENCE_S}s'")
    return connection


def _in_microseconds(time: str) -> str:
    return f"(round(extract(epoch FROM {time}) * 1000000))::bigint"
