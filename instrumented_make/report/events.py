"""Opens a source of events: the outbox, event files, or a warehouse by its URL.

Whatever the source, the events become one table in the shape that Segment's warehouses use for a track event, and
queries run on the engine that holds it. DuckDB reads files, inside this process.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import ibis

from instrumented_make.errors import UserError, failure
from instrumented_make.installing import to_install
from instrumented_make.report import event_files, spark
from instrumented_make.report.engine import Column, ask, columns_of, open_duckdb
from instrumented_make.report.options import TABLE
from instrumented_make.report.passwords import secrets_of, without_password
from instrumented_make.report.shape import ID, in_shape


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
def open_source(
    source: str, table: str | None = None, event: str | None = None, *, usual: str = TABLE
) -> Iterator[Source]:
    """The events in ``source``: a path, a pattern of paths, or a URL with the name of a ``table`` there.

    ``event`` names those that count, if there are several kinds; ``usual`` is the table's name if none is given. Each
    id counts once. Raise UserError if there are none, or if a file of them cannot be read.
    """
    opened = _open(source, table, event, usual)
    try:
        yield opened
    finally:
        with suppress(Exception):  # nothing depends on it
            opened.events.get_backend().disconnect()


def _open(source: str, table: str | None, event: str | None, usual: str) -> Source:
    if re.match(r"[a-z][a-z0-9+]*://", source):
        return _in_warehouse(source, table or usual, event)
    files = event_files.find_files(source)
    connection = open_duckdb(sum(os.path.getsize(path) for paths in files.values() for path in paths))
    queries, kept = [], 0
    for kind, name, rows in event_files.read_tables(connection, files, table, usual):
        query = connection.compile(in_shape(name, rows, connection.name))
        if kind not in event_files.IN_PLACE:  # reading it again for each question would take longer
            kept += 1
            ask(name, partial(connection.con.execute, f"CREATE TEMP TABLE kept_{kept} AS {query}"))
            query = f"FROM kept_{kept}"
        queries.append(query)
    every = " UNION ALL ".join(f"({query})" for query in queries)
    ask(source, partial(connection.con.execute, f"CREATE VIEW {TABLE} AS {every}"))
    outboxes_only = list(files) == [event_files.OUTBOX]
    opened = _keep_one_kind(Source(source, connection.table(TABLE)), event, mixed=outboxes_only)
    # In their one outbox, a person may have had several ids.
    own = outboxes_only and (len(files[event_files.OUTBOX]) == 1 or not _has_several_people(opened))
    return replace(opened, events=_once(opened), own=own)


def _has_several_people(source: Source) -> bool:
    ids = source.events.user_id.name("user_id").as_table().filter(source.events.user_id.notnull()).distinct()
    return len(columns(source, ids.limit(2))["user_id"]) > 1


def name_table(source: Source, expression: Any, name: str) -> Any:
    """The same table under this ``name`` if the engine runs in this process, which keeps queries short."""
    return _create(source, expression, f"VIEW {name}", "*") if source.engine == "duckdb" else expression


def store(source: Source, expression: Any, name: str) -> Any:
    """The same rows, computed once under this ``name`` if the engine runs here; others are not written to."""
    if source.engine != "duckdb":
        return expression
    # DuckDB sums integers into 128-bit integers.
    chosen = ", ".join(
        f"{column}::BIGINT AS {column}" if kind.is_integer() else column for column, kind in expression.schema().items()
    )
    return _create(source, expression, f"TABLE {name}", chosen)


def _create(source: Source, expression: Any, what: str, chosen: str) -> Any:
    """What is temporary is not in the database, which may be somebody's."""
    backend = expression.get_backend()

    def created() -> Any:
        query = f"SELECT {chosen} FROM ({backend.compile(expression)})"  # noqa: S608
        backend.raw_sql(f"CREATE OR REPLACE TEMP {what} AS {query}")
        return backend.table(what.split()[1])

    return ask(source.name, created)


def columns(source: Source, expression: Any) -> dict[str, Column]:
    """The result of ``expression`` on the engine that holds the events, column by column. Raise UserError."""
    values: dict[str, Column] = ask(source.name, partial(columns_of, expression), source.secrets)
    return values


def _in_warehouse(url: str, table: str, event: str | None) -> Source:
    name = without_password(url)
    try:
        engine, secrets = urlsplit(url).scheme, secrets_of(url)
    except ValueError as error:
        raise failure(f"it is not a URL: {error}", "write it like postgres://me@host/database", path=name) from None
    try:
        connection = ask(name, partial(spark.connect if engine == "pyspark" else _connect, url), secrets)
    except ImportError:
        extra = "postgres" if engine == "postgresql" else engine
        hint = f"install it: {to_install(f'ibis-framework[{extra}]')}"
        raise failure(f"Ibis cannot connect to {engine} here", hint, path=name) from None
    try:
        events = in_shape(
            f"{name}, {table}", ask(name, partial(_table, connection, name, table), secrets), connection.name, secrets
        )
        opened = Source(f"{name}, {table}", events, secrets=secrets)
        # Segment's warehouses have a table for each kind, so the kinds are looked up only if one is chosen.
        if event is not None:
            opened = _keep_one_kind(opened, event)
        return replace(opened, events=_once(opened))
    except UserError:
        with suppress(Exception):
            connection.disconnect()
        raise


def _connect(url: str) -> Any:
    try:
        return ibis.connect(url)
    except AttributeError as error:  # Ibis' way to say that it does not have the engine's part
        raise ImportError(str(error)) from None


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


def _keep_one_kind(source: Source, event: str | None, *, mixed: bool = False) -> Source:
    """The same with only the events of the kind ``event``, or of the only kind there is.

    Raise UserError if there are several kinds, unless they may be ``mixed``, or none of that name.
    """
    # A column with nulls makes NumPy import what takes a while.
    named = source.events.select("event").filter(lambda row: row.event.notnull())
    kinds = sorted(kind for kind in columns(source, named.distinct())["event"].tolist() if kind)
    if event is not None:
        if not kinds:
            message = "its events have no name (column event), so all are of one kind"
            raise failure(message, "leave out --event", path=source.name)
        if event not in kinds:
            raise failure(f"there is no track event {event!r}; there are: {', '.join(kinds[:20])}", path=source.name)
        return replace(source, events=source.events.filter(source.events.event == event), event=event)
    if len(kinds) > 1 and not mixed:
        several = f"there are several kinds of events: {', '.join(kinds[:20])}"
        raise failure(several, "choose one with --event NAME", path=source.name)
    return replace(source, event=kinds[0] if len(kinds) == 1 else None)


def _once(source: Source) -> Any:
    """The ``source``'s events, each id once: delivery is at least once, and exports overlap. Those without an id count.

    Which of several with the same id it is does not depend on their order.
    """
    events = source.events.mutate(id=source.events.id.nullif(""))
    # Counting takes a fraction of the time that sorting them out does. A hash can only find too few, which costs time.
    key = events.id.hash() if source.engine == "duckdb" else events.id
    keys = events.filter(events.id.notnull()).select(key=key)
    total, distinct = (
        columns(source, ids.agg(number=lambda id_: id_.count()))["number"].item() for ids in (keys, keys.distinct())
    )
    if total == distinct:
        return events.drop(ID)
    order = [events[name] for name in events.columns if name != ID]
    first = ibis.row_number().over(ibis.window(group_by=events.id, order_by=order)) == 0
    once = events.mutate(first=first).filter(lambda event: event.first | event.id.isnull())
    return store(source, once.drop(ID, "first"), "once")
