"""Asks an engine, and makes whatever its driver raises an error that a person can read.

Everything that a report asks of an engine goes through :func:`ask`, so no driver's exception reaches anybody.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import Any

import duckdb  # noqa: F401  (its absence is told like that of the others; Ibis has many lines about it)
import ibis
import numpy as np
import numpy.typing as npt

from instrumented_make.errors import UserError, failure
from instrumented_make.report.passwords import HIDDEN, without_password
from instrumented_make.text import printable

Column = npt.NDArray[Any]

# Bytes that one thread of DuckDB reads as fast as several do, which take up to twice the CPU time.
_SMALL = 16 * 2**20


def ask(name: str, question: Any, secrets: tuple[str, ...] = ()) -> Any:
    """The answer to ``question``, a function; an exception becomes a UserError about ``name`` with its message."""
    try:
        # A driver's deprecation warnings about other libraries do not concern the reader of a report.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return question()
    except (UserError, ImportError):  # the caller knows what to install
        raise
    except Exception as error:  # each engine has its own exceptions, which cannot all be imported here
        said = " ".join(str(error).split()) or type(error).__name__
        for secret in secrets:  # a driver's message may contain it outside a URL
            said = said.replace(secret, HIDDEN)
        hint = "the library that reads it says this; 'python -m generator report --help' lists what can be read"
        raise failure(printable(without_password(said))[:500], hint, path=name) from None


def columns_of(expression: Any) -> dict[str, Column]:
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


def has_rows(expression: Any) -> bool:
    """Whether there is a row."""
    return len(next(iter(columns_of(expression.limit(1)).values()))) > 0


def open_duckdb(size: int) -> Any:
    """A connection to DuckDB, in this process, that is going to read that many bytes."""
    connection = ibis.duckdb.connect(**({} if size > _SMALL else {"threads": 1}))
    # Times without a zone are UTC, wherever this runs; data that does not fit into memory must not go to this folder.
    connection.raw_sql("SET TimeZone = 'UTC'")
    # A literal: a parameter would make DuckDB import pandas, which takes half a second.
    connection.con.execute(f"SET temp_directory = {literal(f'{tempfile.gettempdir()}/report-{os.getpid()}')}")
    return connection


def literal(text: str) -> str:
    """``text`` in DuckDB's SQL."""
    return "'" + text.replace("'", "''") + "'"
