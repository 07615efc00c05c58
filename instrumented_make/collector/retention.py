"""How long events are kept, whatever a clock says."""

from __future__ import annotations

import asyncio
import contextlib
import time

from instrumented_make.collector.store import Store, Unavailable
from instrumented_make.collector.writer import Writer
from instrumented_make.times import DAY_S

_US = 1_000_000
# This machine's clock is trusted only this far beyond the last event that began before it, as the reporter's is.
BELIEVED_S = 30 * DAY_S
# Of one commit: it takes a moment, in which nothing else is committed.
STEP = 1_000
EVERY_S = 3600
# Until there is an event.
SOON_S = 60


class Retention:
    """Deletes what is older than ``keep_s``. ``oldest_us``: events that began earlier are not taken any more."""

    def __init__(self, writer: Writer, keep_s: int) -> None:
        self.oldest_us = 0
        self._writer = writer
        self._keep_s = keep_s

    async def look(self) -> None:
        """Find out what is too old. Raise Unavailable."""
        now_us = int(time.time()) * _US
        self.oldest_us = await self._writer.do(lambda store: oldest_us(store, now_us, self._keep_s))

    async def delete(self) -> None:
        """Delete what is too old, step by step. Raise Unavailable."""
        while await self._writer.do(lambda store: store.delete_before(self.oldest_us, STEP)) == STEP:
            pass

    async def run(self) -> None:
        """Look and delete every hour."""
        while True:
            with contextlib.suppress(Unavailable):  # requests are told, and the next hour is soon enough
                await self.look()
                await self.delete()
            await asyncio.sleep(EVERY_S if self.oldest_us else SOON_S)


def oldest_us(store: Store, now_us: int, keep_s: int) -> int:
    """When the oldest event that is kept may have begun: nothing is given up because one clock was set wrong.

    Clients' clocks say when events began, so a clock here that is years ahead finds none near its time. Without any
    event nothing is known, and nothing too old.
    """
    newest_us = store.newest_start_us(now_us + DAY_S * _US)
    return 0 if newest_us is None else min(now_us, newest_us + BELIEVED_S * _US) - keep_s * _US
