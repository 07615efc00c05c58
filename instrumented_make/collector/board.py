"""The latest page and figures that were made from the events."""

from __future__ import annotations

import gzip
from typing import Any

import msgspec


class Board(msgspec.Struct, frozen=True):
    """``page``: the report as gzip; empty if there is none yet. ``of``: what it was made of, to tell if there is news.

    ``durations``: for each command that enough people ran in the last weeks, the 50th and 90th percentile in ms.
    ``commands``: those that enough people ever ran. ``changes``: those that nobody was told of, as a sentence each;
    ``known``: all changes ever told; ``waiting``: those that are found, but not for long (see :mod:`findings`).
    """

    page: bytes = b""
    of: str = ""
    commands: tuple[str, ...] = ()
    durations: dict[str, tuple[float, float]] = {}
    changes: tuple[str, ...] = ()
    known: tuple[dict[str, Any], ...] = ()
    waiting: tuple[dict[str, Any], ...] = ()

    @property
    def unpacked_page(self) -> bytes:
        """The page as HTML."""
        return gzip.decompress(self.page)

    def packed(self) -> bytes:
        """As bytes, which ``unpack`` reads."""
        return msgspec.msgpack.encode(self)


def unpack(content: bytes | None) -> Board:
    """The board in these bytes; an empty one if there are none, or if another version wrote them."""
    try:
        return Board() if content is None else msgspec.msgpack.decode(content, type=Board)
    except msgspec.DecodeError:
        return Board()
