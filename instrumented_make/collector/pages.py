"""When the board is made: if there is news, and never more often than asked for; no visitor's request makes it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
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
# Ten million events take a minute.
_PATIENCE_S = 1800
_LATEST_US = 2**62


class Pages:
    """Makes the board of the events in ``source``. ``board``: the last one."""

    def __init__(
        self,
        writer: Writer,
        source: str,
        agreement: Agreement,
        min_people: int,
        every_s: float,
        made: Callable[[Board], Awaitable[None]],
    ) -> None:
        """``made`` is called with each new board, after it has been kept."""
        self.board = Board()
        self._writer = writer
        self._source = source
        self._agreement = agreement
        self._min_people = min_people
        self._every_s = every_s
        self._made = made

    async def run(self) -> None:
        """Make it again and again. A restart goes on with what was made before it."""
        with contextlib.suppress(Unavailable):
            self.board = unpack(await self._writer.do(lambda store: store.get(BOARD)))
        while True:
            try:
                order = await self._writer.do(self._order)
                if order.of != self.board.of:
                    await self._make(order)
                    await asyncio.sleep(self._every_s)
            except Unavailable:
                pass  # requests are told
            await asyncio.sleep(min(_LOOK_S, self._every_s))

    def _order(self, store: Store) -> Order:
        targets, news = self._agreement.targets, (store.get(NEWS) or b"").decode()
        is_empty = store.newest_start_us(_LATEST_US) is None
        order = Order(
            source=self._source,
            of="",
            event=None if is_empty else self._agreement.event,
            table=targets.table,
            helps=dict(targets.helps),
            interactive=tuple(sorted(targets.interactive)),
            min_people=self._min_people,
            known=(),
        )
        # Without an event there is nothing to show; when the last one was deleted, there is a page that shows it.
        of = f"{news} {digest([__version__, msgspec.to_builtins(order)])}" if news else ""
        return msgspec.structs.replace(order, of=of, known=self.board.known)

    async def _make(self, order: Order) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-m", "instrumented_make.collector.making"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
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
        board = unpack(output)
        await self._writer.do(lambda store: store.put({BOARD: msgspec.structs.replace(board, changes=()).packed()}))
        self.board = board
        await self._made(board)
