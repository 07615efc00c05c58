"""When the board is made: if there is news, and never more often than asked for; no visitor's request makes it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec

from instrumented_make import __version__
from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.board import Board, unpack
from instrumented_make.collector.log import say
from instrumented_make.collector.making import Order
from instrumented_make.collector.store import BOARD, NEWS, Store, Unavailable
from instrumented_make.collector.writer import Writer
from instrumented_make.digest import digest

# How soon after the first event there is a page, and how soon after that an interval is noticed to be over.
_LOOK_S = 1.0
# For as many events as there may be.
_PATIENCE_S = 1800
# The end of the year 9999, after which no time of an event can be.
_LATEST_US = 253_402_300_800_000_000


class Pages:
    """Makes the board of the events in ``source``. ``board``: the last one; ``agreement``: may be replaced."""

    def __init__(
        self,
        writer: Writer,
        source: str,
        agreement: Agreement,
        min_people: int,
        every_s: float,
        tell: Callable[[str], Awaitable[bool]] | None,
        tell_after_s: int,
    ) -> None:
        """``tell`` is given each new change, as a sentence; one for which it returns False it is given again later.

        A change is told once every making has found it for ``tell_after_s``.
        """
        self.board = Board()
        self._writer = writer
        self._source = source
        self.agreement = agreement
        self._min_people = min_people
        self._every_s = every_s
        self._tell = tell
        self._tell_after_s = tell_after_s

    async def run(self) -> None:
        """Make it again and again. A restart goes on with what was made before it."""
        with contextlib.suppress(Unavailable):
            self.board = unpack(await self._writer.do(lambda store: store.get(BOARD)))
            if await self._writer.do(lambda store: store.leads()):
                await self._tell_changes()
        while True:
            try:
                if not await self._writer.do(lambda store: store.leads()):
                    self.board = unpack(await self._writer.do(lambda store: store.get(BOARD)))
                    await asyncio.sleep(self._every_s)
                    continue
                order = await self._writer.do(self._order)
                if order.of != self.board.of:
                    await self._make(order)
                    await self._tell_changes()
                    await asyncio.sleep(self._every_s)
            except Unavailable:
                pass  # requests are told
            await asyncio.sleep(min(_LOOK_S, self._every_s))

    def _order(self, store: Store) -> Order:
        targets, news = self.agreement.targets, (store.get(NEWS) or b"").decode()
        is_empty = store.newest_start_us(_LATEST_US) is None
        order = Order(
            source=self._source,
            of="",
            event=None if is_empty else self.agreement.event,
            table=targets.table,
            helps=dict(targets.helps),
            interactive=tuple(sorted(targets.interactive)),
            min_people=self._min_people,
            after_s=self._tell_after_s,
        )
        # Without an event there is nothing to show; when the last one was deleted, there is a page that shows it.
        of = f"{news} {digest([__version__, msgspec.to_builtins(order)])}" if news else ""
        before = self.board
        return msgspec.structs.replace(order, of=of, now_s=int(time.time()), known=before.known, waiting=before.waiting)

    async def _make(self, order: Order) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "instrumented_make.collector.making"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is for the collector, which ends this process itself
        )
        try:
            content = msgspec.msgpack.encode(order)
            output, errors = await asyncio.wait_for(process.communicate(content), _PATIENCE_S)
        except asyncio.TimeoutError:
            say(f"the page was not made within {_PATIENCE_S} s")
            return
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if process.returncode != 0:
            said = errors.decode("utf-8", "replace").strip().splitlines() or [f"status {process.returncode}"]
            say(f"the page could not be made: {said[0]}")
            return
        made = unpack(output)
        untold = (*self.board.changes, *made.changes) if self._tell else ()
        await self._keep(msgspec.structs.replace(made, changes=untold))

    async def _tell_changes(self) -> None:
        """Tell what is new. That it was told is kept first: whatever happens in between, nothing is told twice."""
        while self._tell and self.board.changes:
            before = self.board
            await self._keep(msgspec.structs.replace(before, changes=before.changes[1:]))
            if not await self._tell(before.changes[0]):
                await self._keep(before)
                return

    async def _keep(self, board: Board) -> None:
        await self._writer.do(lambda store: store.put({BOARD: board.packed()}))
        self.board = board
