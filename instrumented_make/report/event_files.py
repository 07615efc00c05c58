"""Event files: which ones a path or a pattern names, and the tables that they are in DuckDB.

Each kind of file becomes tables whose columns are named as in the warehouse, whatever their types.
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
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import pyarrow as pa

from instrumented_make.errors import Position, UserError, failure
from instrumented_make.report import collected
from instrumented_make.report.engine import ask, has_rows, literal
from instrumented_make.report.shape import EVENT, ID, OPTIONAL, REQUIRED

OUTBOX, COLLECTED, DATABASE = "outbox", "collected", "database"
PARQUET, DELIMITED, LINES = "Parquet", "CSV", "JSON"
# Segment names the files that it writes to a bucket <number>_<hash>.gz.
_SUFFIXES = {
    OUTBOX: (".sqlite3",),
    DATABASE: (".duckdb",),
    PARQUET: (".parquet",),
    DELIMITED: (".csv", ".tsv", ".csv.gz", ".tsv.gz"),
    LINES: (".json", ".jsonl", ".ndjson", ".gz"),
}
# Those two kinds are told by how they begin, whatever their names.
_SQLITE, _DUCKDB = b"SQLite format 3\0", b"DUCK"
_NAMED = (PARQUET, DELIMITED, LINES)
# Those that DuckDB reads as fast as a table of its own.
IN_PLACE = (DATABASE, PARQUET)
_READABLE = sorted({f".{suffix.split('.')[1]}" for suffixes in _SUFFIXES.values() for suffix in suffixes})
# Compressed in a way that is not read, it is still a file of events that nobody expects to be left out.
_EVENTS = re.compile(rf"({'|'.join(map(re.escape, _READABLE))})([.](zst|bz2|xz|zip|lz4))?$", re.IGNORECASE)


def find_files(source: str) -> dict[str, list[str]]:
    """The files that ``source``, a path or a pattern, names, by kind. Raise UserError naming one that is of no kind.

    Of a folder, those whose names say that they hold events.
    """
    paths = [source] if os.path.lexists(source) else sorted(glob.glob(source, recursive=True)) or [source]
    found: dict[str, list[str]] = {}
    files = [file for path in paths for file in (_in_folder(path) if os.path.isdir(path) else [path])]
    for file in dict.fromkeys(files):
        found.setdefault(_kind_of(file), []).append(file)
    return found


def _in_folder(folder: str) -> list[str]:
    # Engines keep their own books in names that begin with "_" or ".", beside the data.
    found = [
        str(path)
        for path in sorted(Path(folder).rglob("*"))
        if not any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        and _EVENTS.search(path.name)
        and not path.is_dir()
    ]
    if not found:
        raise failure(f"no file in this folder ends in {', '.join(_READABLE)}", path=folder)
    return found


def _kind_of(path: str) -> str:
    try:
        with open(path, "rb") as stream:
            head = stream.read(collected.HEAD_BYTES)
    except OSError as error:
        raise failure(f"it cannot be read: {error.strerror}", path=path) from None
    if head.startswith(_SQLITE):
        return COLLECTED if collected.is_collected(head) else OUTBOX
    if head[8:12] == _DUCKDB:
        return DATABASE
    for kind in _NAMED:
        if path.lower().endswith(_SUFFIXES[kind]):
            return kind
    raise failure(
        f"it is neither an outbox nor a DuckDB database, and its name ends in none of "
        f"{', '.join(suffix for kind in _NAMED for suffix in _SUFFIXES[kind])}",
        "for a warehouse, give its URL, such as postgres://user@host/database",
        path=path,
    )


def read_tables(
    connection: Any, files: Mapping[str, list[str]], table: str | None, usual: str
) -> Iterator[tuple[str, str, Any]]:
    """The kind, the name and the table of every file, or of several files with the same columns. Raise UserError.

    In a DuckDB database, it is the ``table``, or else the only one with the columns REQUIRED, or the ``usual`` one.
    """
    for number, path in enumerate(files.get(DATABASE, [])):
        yield DATABASE, path, ask(path, partial(_in_database, connection, path, f"file_{number}", table, usual))
    for paths in _with_equal_columns(connection, files.get(PARQUET, [])):
        yield PARQUET, paths[0], ask(paths[0], partial(_view, connection, _PARQUET, paths))
    for path in files.get(COLLECTED, []):
        ask(path, partial(_add_collected, connection, path))
        yield COLLECTED, path, connection.table("collected")
        connection.con.execute("DROP TABLE collected")
    for path in files.get(DELIMITED, []):
        yield DELIMITED, path, ask(path, partial(_view, connection, _DELIMITED, [path]))
    calls = [*files.get(LINES, []), *files.get(OUTBOX, [])]
    if calls:
        connection.con.execute(f"CREATE TEMP TABLE calls ({', '.join(f'{name} VARCHAR' for name in _PLACES)})")
        ask(calls[0], partial(_add_json, connection, files.get(LINES, [])))
        for path in files.get(OUTBOX, []):
            ask(path, partial(_add_outbox, connection, path))
        yield LINES, calls[0], connection.table("calls")
        connection.con.execute("DROP TABLE calls")


_PARQUET = "read_parquet({})"
# Every value is cast by itself: one that does not fit must not change the type of the others.
_DELIMITED = r"read_csv({}, all_varchar = true, header = true, nullstr = ['', '\N', 'NULL'])"


def _reader(function: str, paths: list[str]) -> str:
    # DuckDB takes a name for a pattern.
    return function.format("[" + ", ".join(literal(glob.escape(path)) for path in paths) + "]")


def _view(connection: Any, function: str, paths: list[str]) -> Any:
    name = f"view_{len(connection.list_tables())}"
    connection.con.execute(f"CREATE VIEW {name} AS FROM {_reader(function, paths)}")
    return connection.table(name)


def _with_equal_columns(connection: Any, paths: list[str]) -> list[list[str]]:
    """The same Parquet files; those with equal columns are together, so that each file's columns are checked."""
    alike: dict[str, list[str]] = {}
    for path in paths:
        query = f"DESCRIBE FROM {_reader(_PARQUET, [path])}"
        columns = ask(path, partial(lambda query: connection.con.execute(query).fetchall(), query))
        alike.setdefault(str(columns), []).append(path)
    return list(alike.values())


def _in_database(connection: Any, path: str, name: str, table: str | None, usual: str) -> Any:
    connection.con.execute(f"ATTACH {literal(os.path.abspath(path))} AS {name} (READ_ONLY)")
    found = connection.con.execute(
        "SELECT schema_name, table_name, list(lower(column_name)) FROM duckdb_columns() "  # noqa: S608
        f"WHERE database_name = {literal(name)} AND NOT internal GROUP BY ALL"
    ).fetchall()
    names = {f"{schema}.{plain}": (schema, plain) for schema, plain, _ in found}
    if table is None:
        fit = [f"{schema}.{plain}" for schema, plain, columns in found if not set(REQUIRED) - set(columns)]
    else:
        fit = [full for full, (_, plain) in names.items() if table.lower() in (full.lower(), plain.lower())]
    if len(fit) > 1:
        fit = [full for full in fit if names[full][1].lower() == usual.lower()]
    if len(fit) != 1:
        wanted = f"is named {table}" if table else f"alone has {', '.join(REQUIRED)}"
        there = ", ".join(sorted(names)[:20]) or "none"
        raise failure(f"no table {wanted}; there are: {there}", "choose one with --table SCHEMA.TABLE", path=path)
    schema, plain = names[fit[0]]
    return connection.table(plain, database=(name, schema))


# Where a value is in a call, and how it is named in a row.
_PLACES = {"type": ["type"], EVENT: ["event", "EVENT"], ID: ["messageId", "id", "ID"]}
_PLACES |= {name: [f"properties.{name}", name, name.upper()] for name in (*REQUIRED, *OPTIONAL)}
_PLACES["user_id"][0] = "userId"


def _add_calls(connection: Any, objects: str) -> None:
    """Add the JSON ``objects``, a query with a column ``json``, to the table ``calls``, all as text.

    An object is a row in the table's shape, or a call as servers store them; a request holds a ``batch`` of them. Of
    the calls, only track events count.
    """
    places = [place for places in _PLACES.values() for place in places]
    # All at once, since each extraction parses the text again.
    values = f"json ->> [{', '.join(literal(f'$.{place}') for place in places)}] AS found"
    columns = ", ".join(
        # No engine accepts a query for a name with this character.
        f"replace(coalesce({', '.join(f'found[{places.index(place) + 1}]' for place in some)}), chr(0), "
        f"'\N{REPLACEMENT CHARACTER}') AS {name}"
        for name, some in _PLACES.items()
    )
    each = "unnest(CASE json_type(json, '$.batch') WHEN 'ARRAY' THEN json -> '$.batch[*]' ELSE [json] END) AS json"
    calls = f"SELECT {columns} FROM (SELECT {values} FROM (SELECT {each} FROM ({objects})))"  # noqa: S608
    kept = "coalesce(type, 'track') = 'track' AND command IS NOT NULL"
    connection.con.execute(f"INSERT INTO calls SELECT * FROM ({calls}) WHERE {kept}")  # noqa: S608


def _add_collected(connection: Any, path: str) -> None:
    """Make the table ``collected`` of a collector's events, read without changing its file."""
    into = "CREATE TEMP TABLE collected AS"
    try:
        for table in collected.tables(path, [ID, EVENT, *REQUIRED, *OPTIONAL]):
            connection.con.register("batch", table)
            connection.con.execute(f"{into} FROM batch")
            into = "INSERT INTO collected"
    except sqlite3.Error as error:
        raise failure(f"it is not a collector's file, or cannot be read: {error}", path=path) from None


# Rows of an outbox that are in this process' memory at a time.
_ROWS = 20_000


def _add_outbox(connection: Any, path: str) -> None:
    """Add the events of a reporter's outbox, read without changing it."""
    uri = f"file:{quote(Path(path).resolve().as_posix())}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as outbox:
            outbox.text_factory = lambda text: text.decode("utf-8", "replace")
            rows = outbox.execute("SELECT CAST(event AS TEXT) FROM events")
            while some := rows.fetchmany(_ROWS):
                connection.con.register(
                    "outbox", pa.table({"event": pa.array([event for (event,) in some], pa.string())})
                )
                _add_calls(connection, "SELECT TRY_CAST(event AS JSON) AS json FROM outbox")
    except sqlite3.Error as error:
        raise failure(f"it is not an outbox: {error}", path=path) from None


def _add_json(connection: Any, paths: list[str]) -> None:
    """Add the events of files of JSON: one object per line, objects over several lines, or an array of them."""
    layouts: dict[str, list[str]] = {}
    for path in paths:
        layouts.setdefault(ask(path, partial(_layout_of, path)), []).append(path)
    layouts.pop(_EMPTY, None)
    for layout, alike in layouts.items():
        with _without_marks(alike) as readable:
            function = f"read_json_objects({{}}, format = '{layout}')"
            try:
                ask(alike[0], partial(_add_calls, connection, f"FROM {_reader(function, readable)}"))
            except UserError as error:
                raise _json_problem(alike, by_line=layout == _BY_LINE) or error from None
    if paths and not has_rows(connection.table("calls").select("command")):
        raise failure("no track event has a command", _SHAPE, path=paths[0])


_SHAPE = "an event must be a row with the table's columns, or a track event with messageId, userId and properties"
_BY_LINE, _ARRAY, _OVER_LINES, _EMPTY = "newline_delimited", "array", "unstructured", ""
# Characters of a file that are read at first to find out how its events are laid out.
_HEAD = 2**16


def _layout_of(path: str) -> str:
    """How the file's events are laid out, as DuckDB calls it. Raise UserError if the first is not an event."""
    with _text(path) as stream:
        text, decoder, size = "", json.JSONDecoder(), _HEAD
        while True:
            more = stream.read(size)
            text, size = text + more, 2 * size
            start = len(text) - len(text.lstrip().removeprefix("[").lstrip())
            if not more and not text.strip().removeprefix("[").removesuffix("]").strip():
                return _EMPTY
            try:
                first, end = decoder.raw_decode(text, start)
                break
            except json.JSONDecodeError as error:
                line_ended = "\n" in text[error.pos :]
                if not more or (line_ended and error.pos < len(text) - _HEAD // 2):
                    raise failure(error.msg, _SHAPE, path=path, position=Position(error.lineno, error.colno)) from None
    position = Position(text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    batch = first.get("batch") if isinstance(first, dict) else None
    calls = batch[:1] if isinstance(batch, list) else [first]
    for call in calls:
        if not isinstance(call, dict):
            raise failure("an event is not a JSON object", _SHAPE, path=path, position=position)
        there = {name.lower() for name in call}
        missing = [name for name in REQUIRED if name not in there]
        if missing and "type" not in call and not isinstance(call.get("properties"), dict):
            raise failure(f"an event has no {missing[0]}", _SHAPE, path=path, position=position)
    if text.lstrip().startswith("["):
        return _ARRAY
    return _OVER_LINES if "\n" in text[start:end] else _BY_LINE


@contextmanager
def _without_marks(paths: list[str]) -> Iterator[list[str]]:
    """The same paths, but a file that begins with a byte order mark is replaced by a copy without it."""
    with tempfile.TemporaryDirectory() as folder:
        readable = []
        for number, path in enumerate(paths):
            with gzip.open(path) if path.lower().endswith(".gz") else open(path, "rb") as stream:
                if stream.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
                    path = f"{folder}/{number}.json"  # noqa: PLW2901
                    with open(path, "wb") as copy:
                        shutil.copyfileobj(stream, copy)
            readable.append(path)
        yield readable


def _json_problem(paths: list[str], *, by_line: bool) -> UserError | None:
    """An error at the first place that is not JSON; DuckDB finds it too, but counts one line too many."""
    for path in paths:
        with _text(path) as stream:
            for number, text in enumerate(stream if by_line else [stream.read()]):
                try:
                    json.loads(text)
                except json.JSONDecodeError as error:
                    position = Position(number + error.lineno, error.colno)
                    return failure(error.msg, _SHAPE, path=path, position=position)
    return None


def _text(path: str) -> IO[str]:
    # Text that is not UTF-8 is reported as invalid JSON.
    if path.lower().endswith(".gz"):
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return open(path, encoding="utf-8-sig", errors="replace")
