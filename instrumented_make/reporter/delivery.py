"""Delivers what is queued in the outbox: one sender per user at a time, with a time budget and backoff.

Races, and how each is handled:

* An event is committed while a sender is about to exit: the running reporter checks once more after sending
  (:mod:`instrumented_make.reporter.background`).
* A sender is killed after the server accepted a batch but before the outbox recorded it: the batch is sent again with
  the same message ids, and the server drops the duplicates.
* Consent is withdrawn while a sender runs: it checks before every batch; opting out stops it and waits for it to exit.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from instrumented_make.reporter import consent, lock
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import OTLP, Destination, Outbox, Trouble, open_outbox, sound

if TYPE_CHECKING:
    from instrumented_make.reporter.transport import Failure

# Segment takes at most 500 KB a request; an event takes about 700 bytes.
BATCH = 100
FIRST_BACKOFF_S = 1
MAX_BACKOFF_S = 3600
# The client does not say how long a server asked us to wait; the client itself never waits longer than this.
RATE_LIMITED_S = 300
# The request was understood and refused: because of an event in it, or because the destination refuses everything.
REFUSED = frozenset({400, 413, 422})
# How many events to try one by one to find out which.
PROBES = 3
# Why spans wait where the extra ``otlp`` is missing.
NOT_INSTALLED = "the extra otlp is not installed"

# How long to try, in seconds: no attempt starts after that. Long enough to wait for a server that is restarting.
BACKGROUND_S = 60
# For events that came at the very end; the next reporter has more time.
LAST_LOOK_S = 0


def deliver(config_dir: ConfigDir, budget_s: float, clock: Callable[[], float] = time.time) -> None:
    """Send what is queued, if sending is allowed and no other process is sending. Raise OSError or sqlite3.Error."""

    def send() -> None:
        if not _may_send(config_dir):
            return
        with lock.hold_if_free(config_dir.sending_lock) as mine:
            if mine:
                with open_outbox(config_dir.outbox) as outbox:
                    _Sender(config_dir, outbox, budget_s, clock).drain()

    sound(config_dir.outbox, send)


def _may_send(config_dir: ConfigDir) -> bool:
    decision = consent.in_force(config_dir)
    return decision is not None and decision.sends


def _send_once(events: Sequence[Event], destination: Destination) -> list[Failure]:
    """Send ``events`` by the client of the destination's protocol; return the failures."""
    # Their imports cost 0.2 s of CPU and more: paid only to send.
    if destination.protocol == OTLP:
        try:
            from instrumented_make.reporter import otlp  # noqa: PLC0415
        except Exception as error:  # what is installed may not fit together
            from instrumented_make.reporter.transport import Failure, describe  # noqa: PLC0415

            reason = NOT_INSTALLED if isinstance(error, ImportError) else describe(error)
            return [Failure(frozenset(event.message_id for event in events), reason)]
        return otlp.send(events, destination)
    from instrumented_make.reporter import segment  # noqa: PLC0415

    return segment.send(events, destination)


class _Sender:
    def __init__(self, config_dir: ConfigDir, outbox: Outbox, budget_s: float, clock: Callable[[], float]) -> None:
        self.config_dir = config_dir
        self.outbox = outbox
        self.clock = clock
        self.deadline_s = time.monotonic() + budget_s
        # Destinations that accepted an event of this batch: if they refuse another, it is because of that event.
        self.proven: set[Destination] = set()

    def drain(self) -> None:
        """Send everything queued now, as far as time allows."""
        waiting = self.outbox.destinations()
        while waiting and any([self._send_batch(destination) for destination in waiting]):
            # Events that trickle in meanwhile are left to be sent together a little later.
            waiting = [
                destination
                for destination in waiting
                if self.outbox.trouble(destination) or len(self.outbox.waiting(destination, BATCH)) == BATCH
            ]

    def _send_batch(self, destination: Destination) -> bool:
        """Send one batch to ``destination``; return whether there is time for another."""
        pause_s = self._pause_s(destination)
        if pause_s > 0:
            if not self._in_time(pause_s):
                return False
            time.sleep(pause_s)
        if not _may_send(self.config_dir):
            return False
        self.proven.discard(destination)  # it may have changed since
        self._send(self.outbox.waiting(destination, BATCH), destination)
        return self._in_time(self._pause_s(destination))

    def _pause_s(self, destination: Destination) -> float:
        """How long to leave ``destination`` alone."""
        trouble = self.outbox.trouble(destination)
        pause_s = trouble.next_attempt_s - self.clock() if trouble else 0
        # No pause is longer than this: if it seems to be, the clock was set back.
        return 0 if pause_s > MAX_BACKOFF_S else max(0, pause_s)

    def _in_time(self, pause_s: float) -> bool:
        return time.monotonic() + pause_s < self.deadline_s

    def _send(self, events: Sequence[Event], destination: Destination) -> bool:
        """Send ``events`` and settle what can be settled; return whether the destination works."""
        return all([self._handle(failure, events, destination) for failure in self._attempt(events, destination)])

    def _attempt(self, events: Sequence[Event], destination: Destination) -> list[Failure]:
        """Send ``events`` once, settle those that arrived, and return the failures of the others."""
        failures = _send_once(events, destination)
        failed = {message_id for failure in failures for message_id in failure.message_ids}
        arrived = [event.message_id for event in events if event.message_id not in failed]
        if arrived:
            self.outbox.settle(destination, arrived, "delivered", self.clock())
            self.outbox.set_trouble(destination, None)
        if arrived or any(failure.some_arrived for failure in failures):
            self.proven.add(destination)
        return failures

    def _handle(self, failure: Failure, events: Sequence[Event], destination: Destination) -> bool:
        concerned = [event for event in events if event.message_id in failure.message_ids]
        if failure.status not in REFUSED:
            self._back_off(destination, failure)
            return False
        if failure.some_arrived:
            # Only of a span that is sent alone does a collector tell whether it took it. Those that it has taken
            # arrive twice, under the same ids.
            return all(self._send([event], destination) for event in concerned)
        if destination not in self.proven and not failure.by_client:
            taken = self._find_one_accepted(concerned, destination)
            if taken is None:  # it refuses everything, or a single event with nothing to compare it to
                self._back_off(destination, failure)
                return False
            rest = [event for event in concerned if event != taken]
            return not rest or self._send(rest, destination)
        if len(concerned) == 1:
            self.outbox.settle(destination, [concerned[0].message_id], "parked", self.clock(), failure.reason)
            return True
        # One bad event fails its whole batch: halve the batch until that event is alone.
        half = len(concerned) // 2
        return self._send(concerned[:half], destination) and self._send(concerned[half:], destination)

    def _find_one_accepted(self, refused: Sequence[Event], destination: Destination) -> Event | None:
        """Try a few events one at a time until one is accepted: the newest queued, then random refused ones."""
        newest = self.outbox.waiting(destination, 1, newest=True)
        if newest == refused:
            return None
        others = [event for event in refused if event not in newest]
        for probe in [*newest, *random.sample(others, min(PROBES - 1, len(others)))]:
            failures = self._attempt([probe], destination)
            if not failures:
                return probe
            if failures[0].status not in REFUSED:
                break
        return None

    def _back_off(self, destination: Destination, failure: Failure) -> None:
        before = self.outbox.trouble(destination)
        failures = before.failures + 1 if before else 1
        pause_s = min(FIRST_BACKOFF_S * 2.0 ** min(failures - 1, 20), MAX_BACKOFF_S) * random.uniform(0.8, 1.0)
        if failure.rate_limited:
            pause_s = max(pause_s, RATE_LIMITED_S)
        now_s = self.clock()
        self.outbox.set_trouble(destination, Trouble(failures, now_s + pause_s, failure.reason, now_s))
