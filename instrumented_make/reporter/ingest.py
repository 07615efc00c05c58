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

import math
import time
from collections.abc import Callable, Sequence

from instrumented_make.reporter import consent, event, lock, run_files
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Consent
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.outbox import BUSY_TIMEOUT_S, Destination, opened
from instrumented_make.reporter.outbox_recovery import mended
from instrumented_make.reporter.run import NANOSECONDS, Damaged, Run

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
    with lock.held_or_busy(config_dir.recording_lock, budget_s) as mine:
        if not mine:
            return []
        return record_alone(config_dir, repositories, budget_s=budget_s, clock=clock)


def record_alone(
    config_dir: ConfigDir,
    repositories: Repositories,
    *,
    budget_s: float = math.inf,
    clock: Callable[[], float] = time.time,
) -> list[Event]:
    """Like :func:`record`, for a caller that already holds the recording lock."""
    until_s = time.monotonic() + budget_s
    decision = consent.load(config_dir)
    if decision is None or not decision.records or decision.collection is None or decision.collection.unknown():
        return []
    now_s = clock()
    found = list(run_files.finished(config_dir.pending, round(now_s * NANOSECONDS)))
    damaged = [run for run in found if isinstance(run, Damaged)]
    ended = sorted((run for run in found if isinstance(run, Run)), key=lambda run: run.start_ns)
    # They began under another decision, which may have allowed less, and ended under this one.
    strangers = [run for run in ended if run.agreement != decision.agreement]
    runs = [run for run in ended if run.agreement == decision.agreement]
    destination = None
    if decision.sends:
        destination = Destination(decision.collection.host, decision.collection.write_key)

    def commit() -> list[Event]:
        events: list[Event] = []
        with opened(config_dir.outbox, min(budget_s, BUSY_TIMEOUT_S)) as outbox:
            outbox.count_lost("it began under an earlier decision", len(strangers))
            for run in damaged:
                outbox.count_lost(run.reason, 1)
            _forget(config_dir, [*strangers, *damaged])
            for start in range(0, len(runs), BATCH):
                if time.monotonic() > until_s:
                    return events
                batch = runs[start : start + BATCH]
                built, failed = _build(batch, decision, repositories)
                if not outbox.add(built, destination, now_s, lambda: consent.load(config_dir) == decision):
                    return events
                for reason in failed:
                    outbox.count_lost(reason, 1)
                _forget(config_dir, batch)
                events += built
            outbox.trim(now_s)
        return events

    return mended(config_dir.outbox, commit, budget_s)


def _build(runs: list[Run], decision: Consent, repositories: Repositories) -> tuple[list[Event], list[str]]:
    """The events of ``runs``, and why some have none: a problem with one run does not block another."""
    events, reasons = [], []
    for run in runs:
        try:
            events.append(event.build(run, decision, repositories))
        except Exception as error:  # whatever it is, it affects only this run
            reasons.append(f"it could not become an event: {type(error).__name__}: {str(error)[:200]}")
    return events, reasons


def _forget(config_dir: ConfigDir, runs: Sequence[Run | Damaged]) -> None:
    for run in runs:
        run_files.remove(config_dir.pending, run.name)
