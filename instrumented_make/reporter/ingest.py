"""Turns what the recorder wrote down into events in the outbox.

Races, and how each is handled:

* Two reporters read the same run: only one of them holds the recording lock, and by the time the other has it the
  run is gone.
* Somebody opts out without waiting for the locks: the agreement is deleted first, and what was collected afterwards.
  The decision is checked once more when the outbox is open and no other process can write to it. So either nothing is
  written, or it is written to what is about to be deleted.
* A reporter is killed before the outbox has committed: the run's files are still there, for the next reporter.
* A reporter is killed after the commit, before the files are gone: the next one creates the same event again, with
  the same message id, and the outbox ignores it.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable

from instrumented_make.reporter import consent, event, lock, run_files
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.outbox import BUSY_TIMEOUT_S, OTLP, Destination, open_outbox, sound
from instrumented_make.reporter.run import Damaged, Run

# How many runs to commit at once: if a reporter is killed, the batches it has committed remain.
BATCH = 100


def record(
    config_dir: ConfigDir,
    repositories: Repositories,
    *,
    budget_s: float = math.inf,
    clock: Callable[[], float] = time.time,
) -> list[Event]:
    """Commit every finished run as an event, and return these events. Raise OSError or sqlite3.Error.

    Without consent nothing is read and nothing is kept. A limited ``budget_s`` gets as much as can be done in that
    time: nothing while another process is recording.
    """
    if consent.in_force(config_dir) is None:
        return []
    with lock.hold_if_free(config_dir.recording_lock, budget_s) as mine:
        decision = consent.in_force(config_dir)
        if not mine or decision is None:
            return []
        return record_alone(config_dir, decision, repositories, budget_s=budget_s, clock=clock)


def record_alone(
    config_dir: ConfigDir,
    decision: Consent,
    repositories: Repositories,
    *,
    budget_s: float = math.inf,
    clock: Callable[[], float] = time.time,
) -> list[Event]:
    """Like :func:`record`, for a caller that already holds the recording lock and knows the decision in force."""
    until_s = time.monotonic() + budget_s
    if decision.collection is None or decision.collection.unknown():
        return []
    now_s = clock()
    destinations = destinations_of(decision.collection) if decision.sends else []

    def commit() -> list[Event]:
        events: list[Event] = []
        with open_outbox(config_dir.outbox, min(budget_s, BUSY_TIMEOUT_S)) as outbox:
            with run_files.dropped(config_dir.dropped) as count:
                outbox.count_lost(f"more than {run_files.MAX_RUNS} runs waited", count)
            # By the clock that sets the files' times, which is a file server's where the home is on one: the lock was
            # signed just now.
            runs = run_files.finished(config_dir.pending, config_dir.recording_lock.stat().st_mtime_ns)
            while batch := list(itertools.islice(runs, BATCH)):
                if time.monotonic() > until_s:
                    return events
                built, lost = _build(batch, decision, repositories)
                if not outbox.add(
                    built.values(), destinations, now_s, lambda: consent.in_force(config_dir) == decision
                ):
                    return events
                for reason in lost.values():
                    outbox.count_lost(reason, 1)
                for name in (*built, *lost):
                    run_files.remove(config_dir.pending, name)
                events += built.values()
            outbox.trim(now_s)
        return events

    return sound(config_dir.outbox, commit)


def destinations_of(collection: Collection) -> list[Destination]:
    """Where events go that were collected as ``collection`` says."""
    segment = [Destination(collection.host, collection.write_key)] if collection.write_key else []
    return [*segment, *([Destination(collection.otlp, "", OTLP)] if collection.otlp else [])]


def _build(
    batch: list[Run | Damaged], decision: Consent, repositories: Repositories
) -> tuple[dict[str, Event], dict[str, str]]:
    """The events of the runs in ``batch``, and why some have none, each by the run's name.

    A run is given up for its content only. One that cannot be read at the moment is in neither, and is tried again.
    """
    events, lost = {}, {}
    for run in batch:
        if isinstance(run, Damaged):
            lost[run.name] = run.reason
        elif run.agreement != decision.agreement:  # which may have allowed less
            lost[run.name] = "it began under an earlier decision"
        else:
            try:
                events[run.name] = event.build(run, decision, repositories)
            except (ValueError, OverflowError) as error:
                lost[run.name] = f"it could not become an event: {type(error).__name__}: {str(error)[:200]}"
            except Exception:  # noqa: S112  (it says nothing about the run)
                continue
    return events, lost
