"""The file in which a collector keeps events, and its events as Arrow tables. The collector may be running."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    import pyarrow as pa

FILE = "events.sqlite3"
# SQLite keeps it at this place of a file (https://sqlite.org/fileformat2.html#application_id).
APPLICATION_ID = 0x696D6B63
_PLACE = slice(68, 72)
HEAD_BYTES = _PLACE.stop
# Rows that are in this process' memory at a time.
_ROWS = 20_000


def is_collected(head: bytes) -> bool:
    """Whether an SQLite file that begins with ``head`` is a collector's."""
    return head[_PLACE] == APPLICATION_ID.to_bytes(4, "big")


def tables(path: str, columns: list[str]) -> Iterator[pa.Table]:
    """These ``columns`` of all events, some rows at a time, as of one moment; the first has none. Raise sqlite3.Error.

    Times are microseconds since 1970.
    """
    import pyarrow  # noqa: PLC0415  (the collector does without)

    uri = f"file:{quote(Path(path).resolve().as_posix())}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        kinds = dict(connection.execute("SELECT name, type FROM pragma_table_info('events')").fetchall())
        schema = pyarrow.schema(
            [(name, pyarrow.int64() if kinds.get(name) == "INTEGER" else pyarrow.string()) for name in columns]
        )
        rows = connection.execute(f"SELECT {', '.join(columns)} FROM events")  # noqa: S608
        yield schema.empty_table()
        while some := rows.fetchmany(_ROWS):
            yield pyarrow.table(list(zip(*some, strict=True)), schema=schema)
