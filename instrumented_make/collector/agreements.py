"""Reads the catalog again when it changes: what a reporter sends before its command is known here is not kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.log import say
from instrumented_make.errors import UserError

_EVERY_S = 2.0


class Agreements:
    """``current``: what the ``catalog`` said last."""

    def __init__(self, catalog: Path, read: Callable[[Path], Agreement]) -> None:
        """Read it. Raise UserError."""
        self._catalog = catalog
        self._read = read
        self._seen = self._looks()
        self.current = read(catalog)

    async def run(self, change: Callable[[Agreement], None]) -> None:
        """Look again and again; call ``change`` with what it says now. While it is wrong, what it said before counts.

        It never ends.
        """
        while True:
            await asyncio.sleep(_EVERY_S)
            if (looks := self._looks()) == self._seen:
                continue
            self._seen = looks
            try:
                read = await asyncio.to_thread(self._read, self._catalog)
            except UserError as error:
                say(f"the catalog is not read again: {error.problems[0].message}")
                continue
            if read.targets.table != self.current.targets.table or not read.write_key:
                say("the catalog has another event or no write key: start the collector again to use it")
                continue
            self.current = read
            change(read)
            say(f"the catalog was read again: it names {len(read.commands)} commands")

    def _looks(self) -> tuple[int, int, int] | None:
        try:
            about = self._catalog.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_size, about.st_ino
