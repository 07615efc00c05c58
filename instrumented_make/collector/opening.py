"""Opens the store that ``--data`` names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.store import Store, Unavailable, Use
from instrumented_make.errors import failure
from instrumented_make.report.passwords import without_password


def is_url(data: str) -> bool:
    """Whether ``data`` names a PostgreSQL, not a folder."""
    return re.match(r"postgres(ql)?://", data) is not None


@contextmanager
def opened(data: str, agreement: Agreement, use: Use) -> Iterator[Store]:
    """The store, as :func:`open_store`, until the end of the block. What makes it unavailable is a UserError here."""
    try:
        with closing(open_store(data, agreement, use)) as store:
            yield store
    except Unavailable as error:
        raise failure(
            f"it cannot be used: {error}", "mend that, or give another --data", path=without_password(data)
        ) from None


def open_store(data: str, agreement: Agreement, use: Use) -> Store:
    """The store that ``data`` names, a folder or PostgreSQL's URL.

    Raise UserError for one that is newer than this version, or none, which is left untouched; Unavailable if it cannot
    be opened at the moment.
    """
    if is_url(data):
        # Only the store that is used is imported: this one needs its driver.
        from instrumented_make.collector.postgres import PostgresStore  # noqa: PLC0415

        return PostgresStore(data, agreement.targets.table, use)
    from instrumented_make.collector.sqlite import SqliteStore  # noqa: PLC0415

    return SqliteStore(Path(data), use)
