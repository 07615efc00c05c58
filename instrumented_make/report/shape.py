"""The shape that the events of every source have: their columns, and the one place where values are cast to it.

It is that of Segment's warehouses for a track event:
https://www.twilio.com/docs/segment/connections/storage/warehouses/schema: a table for each event, a column for each
property; a column appears with its first value that is not null, so one that may be null may be missing.
"""

import re
from functools import partial
from typing import Any

import ibis
from ibis.expr import datatypes as dt

from instrumented_make.errors import failure
from instrumented_make.properties import BY, PROPERTIES, SPECIFIED, USER_ID
from instrumented_make.report.engine import ask, has_rows

REQUIRED = (
    USER_ID.name,
    *(declared.name for declared in SPECIFIED if not declared.nullable and declared.name not in BY),
)
OPTIONAL = tuple(declared.name for declared in PROPERTIES if declared.name not in REQUIRED)
# The message's id and the event's name.
ID, EVENT = "id", "event"

_TEXT, _NUMBER, _TRUTH, _TIME = "text", "number", "true or false", "time"
_KINDS = {"string": _TEXT, "integer": _NUMBER, "boolean": _TRUTH}
# A time is declared as what it is in an event: text.
_TIMES = ("git_commit_time", "start_time")
_MEANT = {ID: _TEXT, EVENT: _TEXT} | {
    declared.name: _TIME if declared.name in _TIMES else _KINDS[declared.type] for declared in (USER_ID, *PROPERTIES)
}
_TYPES = {_TEXT: "string", _NUMBER: "int64", _TRUTH: "boolean", _TIME: "int64"}


def in_shape(name: str, table: Any, engine: str, secrets: tuple[str, ...] = ()) -> Any:
    """The ``table`` of an ``engine`` with the columns of the shape, in its order; times are seconds since 1970.

    Names may be in any case and with blanks ("User ID"). Optional columns that are missing are null. Raise UserError
    about ``name`` if the table does not fit, without the ``secrets``.
    """
    return ask(name, partial(_in_shape, name, table, engine), secrets)


def _in_shape(name: str, table: Any, engine: str) -> Any:
    there: dict[str, str] = {}
    for column in sorted(table.columns, key=lambda column: column not in _MEANT):
        there.setdefault(re.sub(r"\W+", "_", column.strip().lower()), column)
    missing = [column for column in REQUIRED if column not in there]
    if missing:
        raise failure(
            f"it has no column {missing[0]}; its columns: {', '.join(table.columns)}",
            f"the table of a track event has {', '.join(REQUIRED)}",
            path=name,
        )
    return table.select(
        **{
            column: _cast(name, table[there[column]], column, meant, engine) if column in there else _unknown(meant)
            for column, meant in _MEANT.items()
        }
    )


def _cast(name: str, values: Any, column: str, meant: str, engine: str) -> Any:
    """``values``, whatever type an export gave them, as what is ``meant``; what is not of it is null.

    Anyone may have sent a value, so one that does not fit must not cost the others. Raise UserError if none can fit.
    """
    kind = values.type()
    cast = _unknown(meant) if kind.is_null() else _as_time(values, engine) if meant == _TIME else _CASTS[meant](values)
    if cast is not None:
        return cast
    # Some engines have no special type for a column that never had a value.
    if has_rows(values.name(column).as_table().filter(values.notnull())):
        raise failure(f"its column {column} is of type {kind}, not {meant}", path=name)
    return _unknown(meant)


def _unknown(meant: str) -> Any:
    return ibis.null().cast(_TYPES[meant])


def _as_text(values: Any) -> Any:
    kind = values.type()
    if kind.is_string():
        return values
    fits = kind.is_integer() or kind.is_decimal() or kind.is_uuid() or kind.is_boolean()
    return values.cast("string") if fits else None


def _as_number(values: Any) -> Any:
    kind = values.type()
    if kind.is_signed_integer():
        return values.cast("int64")
    if kind.is_string():
        values = _if_like(values, r"^ *[-+]?[0-9]{1,18}([.][0-9]*)? *$").try_cast("float64")
    elif not kind.is_numeric():
        return None
    # Engines round unlike each other.
    return ibis.ifelse(values.abs() < 2**53, values, ibis.null()).floor().cast("int64")


def _as_truth(values: Any) -> Any:
    kind = values.type()
    if kind.is_string():
        word = values.strip().lower()
        return ibis.cases((word.isin(["true", "t", "1", "yes"]), True), (word.isin(["false", "f", "0", "no"]), False))
    return values.cast("boolean") if kind.is_boolean() or kind.is_integer() else None


def _as_time(values: Any, engine: str) -> Any:
    """Whole seconds since 1970, rounded down, so that no session's time zone matters; without a zone, it is UTC."""
    kind = values.type()
    if kind.is_timestamp() or kind.is_date():
        return _seconds(values.cast("timestamp") if kind.is_date() else values, engine)
    number = _as_number(values)
    if number is None:
        return None
    # From 2020, when the first event was sent, to 5138 no two units give numbers of the same magnitude.
    seconds = ibis.cases(
        (number < 10**11, number),
        (number < 10**14, number // 10**3),
        (number < 10**17, number // 10**6),
        else_=number // 10**9,
    ).cast("int64")
    if not kind.is_string():
        return seconds
    # Snowflake writes 2026-06-01 09:00:00.000 -0700.
    text = values.strip().replace(" UTC", "Z").replace(" Z", "Z").replace(" +", "+").replace(" -", "-")
    clock = r"[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z|[-+][0-9]{2}(:?[0-9]{2})?)?"
    text = _if_like(text, rf"^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}({clock})?$")
    # ClickHouse casts only text without a zone.
    time = best_effort(text, 6, "UTC") if engine == "clickhouse" else text.try_cast("timestamp('UTC')")
    return ibis.coalesce(_seconds(time, engine), seconds)


def _if_like(text: Any, pattern: str) -> Any:
    """Null for what is not like the ``pattern``: PostgreSQL and Snowflake cannot try a cast; they fail."""
    return ibis.ifelse(text.re_search(pattern), text, ibis.null())


_UTC = dt.Timestamp(timezone="UTC")


@ibis.udf.scalar.builtin(name="parseDateTime64BestEffortOrNull")  # type: ignore[untyped-decorator]
def best_effort(text: str, digits: int, zone: str) -> _UTC:  # type: ignore[valid-type]
    """ClickHouse's."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def epoch_us(time: _UTC) -> int:  # type: ignore[valid-type,empty-body]
    """DuckDB's. Its other ways take ten times as long for times with a zone."""


def _seconds(time: Any, engine: str) -> Any:
    if engine == "duckdb" and time.type().timezone:
        return epoch_us(time) // 10**6
    return time.epoch_seconds().cast("float64").floor().cast("int64")


_CASTS = {_TEXT: _as_text, _NUMBER: _as_number, _TRUTH: _as_truth}
