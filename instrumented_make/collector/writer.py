"""One thread that uses the store; requests that wait share one commit, since each costs a flush to the disk."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from instrumented_make.collector.intake import Event
from instrumented_make.collector.store import PROBE, Store, Unavailable

_Result = TypeVar("_Result")

# Events of one commit: larger ones make the first of them wait, and gain nothing.
MAX_GROUP = 2_000
# Events that wait for a commit. More are refused for now, as their memory must be somewhere; that is about 20 MB.
MAX_WAITING = 20_000
# How often it is tried whether a trouble is over, while somebody asks.
CHECK_S = 2.0
_PROBE_BYTES = 16 * 1024


@dataclass(slots=True)
class _Job:
    """``act`` on the store or, if it is None, ``events`` to add."""

    done: asyncio.Future[Any]
    act: Callable[[Store], Any] | None
    events: Sequence[Event] = ()
    left: Counter[str] | None = None


class Writer:
    """The thread. ``kept`` counts the events committed since it began, and ``left`` what was not kept, by reason."""

    def __init__(self, store: Store) -> None:
        self.kept = 0
        self.left: Counter[str] = Counter()
        # Why the store could not be used; empty once events could be added.
        self.trouble = ""
        self._store = store
        self._loop = asyncio.get_running_loop()
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._ready = threading.Condition()
        self._closing = False
        self._checked_s = -CHECK_S
        self._thread = threading.Thread(target=self._run, name="writer")
        self._thread.start()

    async def add(self, events: Sequence[Event], left: Counter[str]) -> None:
        """Return once ``events`` are committed. Raise Unavailable."""
        if self._waiting + len(events) > MAX_WAITING:
            raise Unavailable("too many events wait for the disk")
        self._waiting += len(events)
        try:
            await self._put(_Job(self._loop.create_future(), None, events, left))
        finally:
            self._waiting -= len(events)

    async def do(self, act: Callable[[Store], _Result]) -> _Result:
        """What ``act`` returns, which uses the store after all that waits now. Raise Unavailable."""
        result: _Result = await self._put(_Job(self._loop.create_future(), act))
        return result

    async def check(self) -> None:
        """Raise Unavailable if events could not be added the last time, and still cannot be."""
        if self.trouble and time.monotonic() - self._checked_s >= CHECK_S:
            self._checked_s = time.monotonic()
            # As large as what a few events need, so that a full disk has no room for it.
            await self.do(lambda store: store.put({PROBE: secrets.token_bytes(_PROBE_BYTES)}))
            self.trouble = ""
        if self.trouble:
            raise Unavailable(self.trouble)

    async def close(self) -> None:
        """End the thread once it has done what waits."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        await asyncio.to_thread(self._thread.join)

    async def _put(self, job: _Job) -> Any:
        with self._ready:
            if self._closing:
                raise Unavailable("the collector is being ended")
            self._jobs.append(job)
            self._ready.notify()
        # The client may leave; what it has sent is committed all the same.
        return await asyncio.shield(job.done)

    def _run(self) -> None:
        while group := self._next():
            answers = self._answer(group)
            self._loop.call_soon_threadsafe(_settle, list(zip(group, answers, strict=True)))

    def _next(self) -> list[_Job]:
        """One job that acts on the store, or as many as there are, within limits, that add to it; none at the end."""
        with self._ready:
            while not self._jobs and not self._closing:
                self._ready.wait()
            group: list[_Job] = []
            size = 0
            while self._jobs and size < MAX_GROUP and not (group and (self._jobs[0].act or group[0].act)):
                group.append(self._jobs.popleft())
                size += len(group[-1].events)
            return group

    def _answer(self, group: list[_Job]) -> list[Any]:
        """For each job its result, or the exception."""
        try:
            if act := group[0].act:
                answers = [act(self._store)]
            else:
                self._add(group)
                answers = [None] * len(group)
        except Unavailable as error:
            self.trouble = str(error) or "unavailable"
            return [error] * len(group)
        except Exception as error:  # what one request brought must not cost the others
            return [error] if len(group) == 1 else [self._answer([job])[0] for job in group]
        return answers

    def _add(self, group: list[_Job]) -> None:
        events = [event for job in group for event in job.events]
        left: Counter[str] = Counter()
        for job in group:
            left.update(job.left or {})
        why = self._store.add(events, left, time.time_ns() // 1000)
        self.trouble = ""
        self.kept += len(events) - sum(why.values())
        self.left.update(left + why)


def _settle(answers: list[tuple[_Job, Any]]) -> None:
    for job, answer in answers:
        if job.done.cancelled():
            continue
        if isinstance(answer, BaseException):
            job.done.set_exception(answer)
            job.done.exception()  # its client may be gone
        else:
            job.done.set_result(answer)
