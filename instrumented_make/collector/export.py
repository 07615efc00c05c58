"""Writes what is kept as Parquet files, one a month, for engines beyond one machine."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from instrumented_make.collector.agreement import COLUMNS
from instrumented_make.collector.store import Store
from instrumented_make.errors import failure
from instrumented_make.properties import PROPERTIES, USER_ID, Value

_TIME = pa.timestamp("us", "UTC")
_TYPES = {"string": pa.string(), "integer": pa.int64(), "boolean": pa.bool_()}
# Segment's warehouses have the time of an event as ``timestamp``; a reporter's is that of the start.
_WHEN = "timestamp"
SCHEMA = pa.schema(
    [
        *(("id", pa.string()), (USER_ID.name, pa.string()), ("event", pa.string())),
        *((_WHEN, _TIME), ("received_at", _TIME)),
        *((declared.name, _TIME if declared.unit == "ISO 8601" else _TYPES[declared.type]) for declared in PROPERTIES),
    ]
)


def export(store: Store, folder: Path, table: str) -> list[Path]:
    """Write ``<table>-<month>.parquet`` for each month with events, whole or not at all; return the files.

    The folder is then as the store: what was deleted there is deleted here. Raise UserError, Unavailable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [_write(store, folder / f"{table}-{month}.parquet", month) for month in store.months()]
        name = re.compile(rf"{re.escape(table)}-\d{{4}}-\d{{2}}\.parquet")
        for path in folder.iterdir():
            if name.fullmatch(path.name) and path not in written:
                path.unlink()
    except OSError as error:
        message = f"it cannot be written: {error.strerror}"
        raise failure(message, "check the folder of --export", path=error.filename or folder) from None
    return written


def _write(store: Store, path: Path, month: str) -> Path:
    begin = datetime.strptime(month, "%Y-%m").replace(tzinfo=timezone.utc)
    end = begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
    # A name that begins so is not read as data by engines.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
            for rows in store.rows(_microseconds(begin), _microseconds(end)):
                writer.write_table(_table(rows))
        with open(temporary, "rb") as stream:
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
    return path


def _table(rows: list[tuple[Value, ...]]) -> pa.Table:
    columns: dict[str, Any] = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True))
    columns[_WHEN] = columns["start_time"]
    return pa.table([_array(columns[field.name], field.type) for field in SCHEMA], schema=SCHEMA)


def _array(values: tuple[Value, ...], kind: pa.DataType) -> pa.Array:
    # SQLite's truths are numbers.
    return pa.array([None if one is None else bool(one) for one in values] if kind == pa.bool_() else values, kind)


def _microseconds(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000
