"""Opens a source of events: the outbox, event files, or a warehouse by its URL.

Whatever the source, the events become one table in the shape that Segment's warehouses use for a track event, and
queries run on the engine that holds it. DuckDB reads files, inside this process.
"""

from __future__ import annotations

import codecs
import glob
import gzip
import json
import os
import re
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import duckdb
import ibis
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from instrumented_make.errors import Position, UserError, failure
from instrumented_make.properties import BY_NAME, SPECIFIED, USER_ID
from instrumented_make.report import spark
from instrumented_make.text import printable

# https://www.twilio.com/docs/segment/connections/storage/warehouses/schema: a table for each event, a column for each
# property; a column appears with its first value that is not null, so one that may be null may be missing.
_ASKED = [declared for declared in SPECIFIED if declared.name != "command_type"]
REQUIRED = (USER_ID.name, *(declared.name for declared in _ASKED if not declared.nullable))
OPTIONAL = tuple(declared.name for declared in _ASKED if declared.nullable)
TABLE = "devstack_command_run"

_PROPERTIES = [name for name in (*REQUIRED, *OPTIONAL) if name != "user_id"]
# Segment names the files that it writes to a bucket <number>_<hash>.gz.
_JSON = (".json", ".jsonl", ".ndjson", ".gz")
_SQLITE = b"SQLite format 3\0"
# Bytes that one thread of DuckDB reads as fast as several do, which take up to twice the CPU time.
_SMALL = 16 * 2**20

Column = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """``events``: an Ibis table with at least the columns REQUIRED; ``own``: it is one person's own outbox.

    ``event``: the name of the events that count, if known. ``secrets``: passwords that the engine's messages may
    contain and nobody may see.
    """

    name: str
    events: Any
    own: bool = False
    event: str | None = None
    secrets: tuple[str, ...] = ()

    @property
    def engine(self) -> str:
        """Ibis' name of the engine."""
        return str(self.events.get_backend().name)


@contextmanager
def open_source(source: str, table: str | None = None, event: str | None = None) -> Iterator[Source]:
    """The events in ``source``: a path, a pattern of paths, or a URL with the name of a ``table`` there.

    ``event`` names those that count, if there are several kinds. Raise UserError if there are none.
    """
    opened = _open(source, table, event)
    try:
        yield opened
    finally:
        opened.events.get_backend().disconnect()


def _open(source: str, table: str | None, event: str | None) -> Source:
    if re.match(r"[a-z][a-z0-9+]*://", source):
        return _in_warehouse(source, table or TABLE, event)
    paths = sorted(glob.glob(source, recursive=True)) or [source]
    if len(paths) == 1 and Path(paths[0]).is_dir():
        every = sorted(str(path) for path in Path(paths[0]).rglob("*") if path.is_file())
        paths = [path for path in every if path.endswith(".parquet")] or [
            path for path in every if path.endswith(_JSON)
        ]
        if not paths:
            raise failure(f"no file in this folder ends in .parquet or in {', '.join(_JSON)}", path=source)
    head, size = _beginning_of(paths)
    if head == _SQLITE:
        events, kind = _keep_one_kind(
            source, _check_columns(source, _in_memory(_from_outbox(paths[0]))), event, mixed=True
        )
        return Source(source, events, own=True, event=kind)
    connection = _duckdb(size)
    for suffixes, reader in ((".parquet", _from_parquet), (_JSON, _from_json)):
        if all(path.endswith(suffixes) for path in paths):
            events = _ask(source, lambda reader=reader: reader(connection, paths))
            events, kind = _keep_one_kind(source, _check_columns(source, events), event)
            return Source(source, events, event=kind)
    raise failure(
        f"it is not an outbox, and its name ends neither in .parquet nor in {', '.join(_JSON)}",
        "for a warehouse, give its URL, such as postgres://user@host/database",
        path=source,
    )


def name_table(source: Source, expression: Any, name: str) -> Any:
    """The same table under this ``name`` if the engine runs in this process, which keeps queries short."""
    if source.engine != "duckdb":
        return expression
    backend = expression.get_backend()
    return _ask(source.name, lambda: backend.create_view(name, expression, overwrite=True))


def store(source: Source, expression: Any, name: str) -> Any:
    """The same rows, computed once under this ``name`` if the engine runs here; others are not written to."""
    if source.engine != "duckdb":
        return expression
    backend = expression.get_backend()
    # DuckDB sums integers into 128-bit integers.
    chosen = ", ".join(
        f"{column}::BIGINT AS {column}" if kind.is_integer() else column for column, kind in expression.schema().items()
    )

    def computed() -> Any:
        query = f"SELECT {chosen} FROM ({backend.compile(expression)})"  # noqa: S608
        backend.raw_sql(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")
        return backend.table(name)

    return _ask(source.name, computed)


def columns(source: Source, expression: Any) -> dict[str, Column]:
    """The result of ``expression`` on the engine that holds the events, column by column. Raise UserError."""
    values: dict[str, Column] = _ask(source.name, lambda: _columns_of(expression), source.secrets)
    return values


def _columns_of(expression: Any) -> dict[str, Column]:
    """The columns of a table's ``expression``. Ibis' own way for DuckDB imports pandas, which takes half a second."""
    backend = expression.get_backend()
    if backend.name == "duckdb":
        values = backend.con.sql(backend.compile(expression)).fetchnumpy()
    else:
        table = expression.to_pyarrow()
        values = {name: table[name].to_numpy() for name in table.column_names}
    # As in stored; NumPy does not have such integers.
    integers = {name for name, kind in expression.schema().items() if kind.is_integer()}
    return {
        name: column.astype(np.int64, copy=False) if name in integers else column for name, column in values.items()
    }


def _any(expression: Any) -> bool:
    """Whether there is a row."""
    return len(next(iter(_columns_of(expression.limit(1)).values()))) > 0


def _ask(name: str, question: Any, secrets: tuple[str, ...] = ()) -> Any:
    """The answer to ``question``; an exception of the engine becomes a UserError with the engine's message."""
    try:
        # A driver's deprecation warnings about other libraries do not concern the reader of a report.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return question()
    except UserError:
        raise
    except Exception as error:  # each engine has its own exceptions, which cannot all be imported here
        raise _explain(name, error, secrets) from None


def _explain(name: str, error: Exception, secrets: tuple[str, ...]) -> UserError:
    said = " ".join(str(error).split()) or type(error).__name__
    for secret in secrets:  # a driver's message may contain it outside a URL
        said = said.replace(secret, HIDDEN)
    return failure(printable(_without_password(said))[:500], path=name)


def _duckdb(size: int) -> Any:
    """A connection that is going to read that many bytes."""
    connection = ibis.duckdb.connect(**({} if size > _SMALL else {"threads": 1}))
    # Times without a zone are UTC, wherever this runs; data that does not fit into memory must not go to this folder.
    connection.raw_sql("SET TimeZone = 'UTC'")
    # A literal: a parameter would make DuckDB import pandas, which takes half a second.
    folder = f"{tempfile.gettempdir()}/report-{os.getpid()}".replace("'", "''")
    connection.con.execute(f"SET temp_directory = '{folder}'")
    return connection


def _in_memory(table: pa.Table) -> Any:
    connection = _duckdb(table.nbytes)
    # Ibis' own way imports pandas.
    connection.con.register("events", table)
    connection.con.execute(f"CREATE TABLE {TABLE} AS SELECT * FROM events")  # noqa: S608
    return connection.table(TABLE)


def _beginning_of(paths: list[str]) -> tuple[bytes, int]:
    """The first bytes of the first file, and how many bytes all have. Raise UserError."""
    try:
        with open(paths[0], "rb") as stream:
            return stream.read(len(_SQLITE)), sum(os.path.getsize(path) for path in paths)
    except OSError as error:
        raise failure(f"it cannot be read: {error.strerror}", path=error.filename or paths[0]) from None


def _from_outbox(path: str) -> pa.Table:
    """The events of a reporter's outbox, read without changing it."""
    places = ["$.event", "$.userId", *(f"$.properties.{name}" for name in _PROPERTIES)]
    columns = ", ".join(f"json_extract(event, '{place}')" for place in places)
    query = f"SELECT {columns} FROM events WHERE json_valid(event)"  # noqa: S608
    try:
        with closing(sqlite3.connect(f"file:{quote(Path(path).resolve().as_posix())}?mode=ro", uri=True)) as connection:
            values = connection.execute(query).fetchall()
    except sqlite3.Error as error:
        raise failure(f"it is not an outbox: {error}", path=path) from None
    # A value of another type is unknown.
    known = {
        field.name: [value if isinstance(value, str if field.type == "string" else int) else None for value in column]
        for field, column in zip(_OUTBOX, zip(*values, strict=True) if values else [()] * len(_OUTBOX), strict=True)
    }
    table = pa.table(known, schema=_OUTBOX)
    return table.set_column(
        _OUTBOX.get_field_index("git_checked_out_master"),
        "git_checked_out_master",
        table["git_checked_out_master"].cast(pa.bool_()),
    )


# SQLite's JSON functions give booleans as 0 and 1.
_OUTBOX = pa.schema(
    [("event", pa.string()), (USER_ID.name, pa.string())]
    + [(name, pa.string() if BY_NAME[name].type == "string" else pa.int64()) for name in _PROPERTIES]
)


def _from_parquet(connection: Any, paths: list[str]) -> Any:
    """The rows of the files, times without their zone: with one, DuckDB takes ten times as long to get the seconds."""
    # A column that one file does not have is null there.
    files = connection.read_parquet(paths, table_name="files", union_by_name=True)
    zoned = [f'"{name}"' for name, kind in files.schema().items() if kind.is_timestamp() and kind.timezone]
    if not zoned:
        return files
    replaced = ", ".join(f"make_timestamp(epoch_us({name})) AS {name}" for name in zoned)
    connection.raw_sql(f"CREATE VIEW {TABLE} AS SELECT * REPLACE ({replaced}) FROM files")  # noqa: S608
    return connection.table(TABLE)


def _from_json(connection: Any, paths: list[str]) -> Any:
    """Rows in the table's shape, or calls as servers store them: one JSON object per line, names in any case.

    Of the calls, only track events count. A server may receive an event twice (delivery is at least once), so only
    the first event with an id counts.
    """
    first = _first_object(paths[0])
    if "type" not in first and not isinstance(first.get("properties"), dict):
        there = {name.lower() for name in first}
        missing = [name for name in ("id", *REQUIRED) if name not in there]
        if missing:
            raise failure(f"an event has no {missing[0]}", _SHAPE, path=paths[0], position=Position(1, 1))
    chosen = {"type": ["type"], "event": ["event", "EVENT"], "id": ["messageId", "id", "ID"]}
    chosen |= {"user_id": ["userId", "user_id", "USER_ID"]}
    chosen |= {name: [f"properties.{name}", name, name.upper()] for name in _PROPERTIES}
    columns = ", ".join(
        # No engine accepts a query for a name with this character.
        f"replace(coalesce({', '.join(_at(place) for place in places)}), chr(0), '\N{REPLACEMENT CHARACTER}') AS {name}"
        for name, places in chosen.items()
    )
    try:
        with _without_marks(paths) as readable:
            connection.con.execute(
                f"CREATE TEMP TABLE calls AS SELECT {columns} "  # noqa: S608
                "FROM read_json_objects($paths, format = 'newline_delimited')",
                {"paths": readable},
            )
    except duckdb.InvalidInputException as error:
        raise _json_problem(paths, str(error)) from None
    connection.con.execute(
        f"CREATE TABLE {TABLE} AS SELECT DISTINCT ON (id) * EXCLUDE (type) FROM calls "  # noqa: S608
        "WHERE coalesce(type, 'track') = 'track' AND command IS NOT NULL"
    )
    events = connection.table(TABLE)
    if not _any(events.select("command")):
        raise failure("no track event has a command", _SHAPE, path=paths[0])
    return events


@contextmanager
def _without_marks(paths: list[str]) -> Iterator[list[str]]:
    """The same paths, but a file that begins with a byte order mark is replaced by a copy without it."""
    with tempfile.TemporaryDirectory() as folder:
        readable = []
        for number, path in enumerate(paths):
            with gzip.open(path) if path.endswith(".gz") else open(path, "rb") as stream:
                if stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
                    path = f"{folder}/{number}.json"  # noqa: PLW2901
                    with open(path, "wb") as copy:
                        shutil.copyfileobj(stream, copy)
            readable.append(path)
        yield readable


def _at(place: str) -> str:
    return f"json ->> '$.{place}'"


_SHAPE = "each line must be a row with the table's columns, or a track event with messageId, userId and properties"


def _json_problem(paths: list[str], said: str) -> UserError:
    """An error at the first line that is not JSON; DuckDB finds it too, but counts one line too many."""
    for path in paths:
        with _text(path) as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    json.loads(line)
                except json.JSONDecodeError as error:
                    return failure(error.msg, _SHAPE, path=path, position=Position(number, error.colno))
    return failure(said.splitlines()[0], _SHAPE, path=paths[0])


def _first_object(path: str) -> dict[str, Any]:
    with _text(path) as stream:
        try:
            value = json.loads(stream.readline() or "null")
        except json.JSONDecodeError as error:
            raise failure(error.msg, _SHAPE, path=path, position=Position(1, error.colno)) from None
    if not isinstance(value, dict):
        raise failure("the first line is not a JSON object", _SHAPE, path=path, position=Position(1, 1))
    return value


def _text(path: str) -> IO[str]:
    # Text that is not UTF-8 is reported as invalid JSON.
    if path.endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return open(path, encoding="utf-8-sig", errors="replace")


def _in_warehouse(url: str, table: str, event: str | None) -> Source:
    name = _without_password(url)
    try:
        engine, secrets = urlsplit(url).scheme, _secrets(url)
    except ValueError as error:
        raise failure(f"it is not a URL: {error}", "write it like postgres://me@host/database", path=name) from None
    try:
        connection = spark.connect(url) if engine == "pyspark" else ibis.connect(url)
    except (ImportError, AttributeError):
        extra = "postgres" if engine == "postgresql" else engine
        hint = f"pip install 'ibis-framework[{extra}]'"
        raise failure(f"Ibis cannot connect to {engine} here", hint, path=name) from None
    except Exception as error:
        raise _explain(name, error, secrets) from None
    try:
        events = _check_columns(f"{name}, {table}", _ask(name, lambda: _table(connection, name, table), secrets))
        # Segment's warehouses have a table for each kind, so the kinds are looked up only if one is chosen.
        events, kind = _keep_one_kind(name, events, event) if event else (events, None)
    except UserError:
        connection.disconnect()
        raise
    return Source(f"{name}, {table}", events, event=kind, secrets=secrets)


def _table(connection: Any, name: str, table: str) -> Any:
    """The table with that name, in any case: Segment's are lower case, but upper case in Snowflake."""
    schema, _, plain = table.rpartition(".")
    there = connection.list_tables(database=schema or None)
    alike = [name for name in there if name.lower() == plain.lower()]
    if not alike:
        others = f"; there are: {', '.join(sorted(there)[:20])}" if there else ", nor any other"
        hint = "choose one with --table SCHEMA.TABLE; tables that you may not read are not listed"
        raise failure(f"there is no table {table} that you may read{others}", hint, path=name)
    return connection.table(plain if plain in alike else alike[0], database=schema or None)


def _keep_one_kind(name: str, events: Any, event: str | None, *, mixed: bool = False) -> tuple[Any, str | None]:
    """The ``events`` of the kind ``event``, or of the only kind there is, and the name of that kind, if known.

    Raise UserError if there are several kinds, unless they may be ``mixed``, or none of that name.
    """
    if "event" not in events.columns:
        if event is not None:
            raise failure("it has no column event, so all its events are of one kind", "leave out --event", path=name)
        return events, None
    names = _ask(name, lambda: _columns_of(events.select("event").distinct()))["event"].tolist()
    kinds = sorted(kind for kind in names if kind)
    if event is not None:
        if event not in kinds:
            raise failure(f"there is no track event {event!r}; there are: {', '.join(kinds[:20])}", path=name)
        return events.filter(events.event == event), event
    if len(kinds) > 1 and not mixed:
        names = ", ".join(kinds[:20])
        raise failure(f"there are several kinds of events: {names}", "choose one with --event NAME", path=name)
    return events, kinds[0] if len(kinds) == 1 else None


def _check_columns(name: str, events: Any) -> Any:
    """The table with lower-case column names (some engines return others), and nulls for missing optional columns."""
    events = events.rename({column.lower(): column for column in events.columns if column != column.lower()})
    missing = [column for column in REQUIRED if column not in events.columns]
    if missing:
        raise failure(
            f"it has no column {missing[0]}; its columns: {', '.join(events.columns)}",
            f"the table of a track event has {', '.join(REQUIRED)}",
            path=name,
        )
    absent = {column: ibis.null() for column in OPTIONAL if column not in events.columns}
    events = events.mutate(**absent) if absent else events
    return events.mutate(**{column: _cast(name, events[column]) for column in (*REQUIRED, *OPTIONAL)})


_TEXT, _NUMBER, _TRUTH, _TIME = "text", "number", "true or false", "time"
_TYPES = {"string": _TEXT, "integer": _NUMBER, "boolean": _TRUTH}
# A time is declared as what it is in an event: text.
_TIMES = ("git_commit_time", "start_time")
_MEANT = {declared.name: _TIME if declared.name in _TIMES else _TYPES[declared.type] for declared in (USER_ID, *_ASKED)}


def _cast(name: str, column: Any) -> Any:
    """``column``, whatever type an export gave it, as the type of the property. Raise UserError if it does not fit."""
    kind, meant = column.type(), _MEANT[column.get_name()]
    types = {_TEXT: "string", _NUMBER: "int64", _TRUTH: "boolean", _TIME: "timestamp('UTC')"}
    if kind.is_null():  # it never had a value
        return ibis.null().cast(types[meant])
    if meant == _NUMBER and kind.is_floating():
        return ibis.ifelse(column.abs() < 2**53, column, ibis.null()).cast("int64")
    fits = {
        _TEXT: kind.is_string() or kind.is_integer(),
        _NUMBER: kind.is_integer() or kind.is_decimal() or kind.is_string(),
        _TRUTH: kind.is_boolean() or kind.is_integer() or kind.is_string(),
        _TIME: kind.is_timestamp() or kind.is_date() or kind.is_string(),
    }
    if not fits[meant]:
        # Some engines have no special type for a column that never had a value.
        if not _any(column.as_table().filter(column.notnull())):
            return ibis.null().cast(types[meant])
        raise failure(f"its column {column.get_name()} is of type {kind}, not {meant}", path=name)
    if meant == _TEXT and not kind.is_string():
        return column.cast("string")
    if meant != _TEXT and kind.is_string():
        # Anyone may have sent it: what is not of the type is unknown. PostgreSQL and Snowflake cannot try; they fail.
        return column.try_cast(types[meant])
    return column.cast("timestamp") if kind.is_date() else column


HIDDEN = "***"
_SECRET = r"pass|pwd|token|secret|key|credential"  # noqa: S105  (these are words for one)


def _without_password(text: str) -> str:
    """``text`` without the passwords of the URLs in it, before the host and among the settings."""
    text = re.sub(r"(://[^:/@\s]*):[^\s/?#]*@", r"\1@", text)
    return re.sub(rf"(?i)([?&;][^=&;\s]*(?:{_SECRET})[^=&;\s]*=)[^&;\s]*", rf"\1{HIDDEN}", text)


def _secrets(url: str) -> tuple[str, ...]:
    """The passwords in ``url``, encoded and decoded."""
    parts = urlsplit(url)
    values = [parts.password or "", *(value for key, value in parse_qsl(parts.query) if re.search(_SECRET, key, re.I))]
    return tuple({text for value in values for text in (value, unquote(value), quote(value)) if len(text) > 3})
