"""One reporter at a time: it records and delivers until nothing is left, and others need not start.

Its name stands in the file ``reporting`` while it is at work: the system and the process id. A hand-over that finds it
there, alive, leaves its run to it.

Races, one by one:

* A run ends while the reporter is about to end. The hand-over writes the run's end first and looks for the name
  afterwards; the reporter takes its name away first and looks for runs afterwards. So one of them sees the other.
* A reporter starts while another is at work: it ends, since the other looks once more. If the other is in its last look
  already, it waits for the lock, and then looks itself.
* A reporter is killed: its name stays, but no such process is there, and the next run starts another.
"""

from __future__ import annotations

import contextlib
import os
import time

from instrumented_make.errors import UserError
from instrumented_make.reporter import consent, launcher, lock, system
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.delivery import BACKGROUND, LAST_LOOK, Patience, deliver
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record

# A burst of short commands becomes one request.
LINGER_S = 2
# Then others may start: whatever goes on after that is a server that is waited for.
SHIFT_S = 60


def work(config_dir: ConfigDir, patience: Patience = BACKGROUND, linger_s: float = LINGER_S) -> None:
    """Record and deliver what there is, and what comes meanwhile. Raise UserError, OSError or sqlite3.Error."""
    decision = consent.load(config_dir)
    if decision is None or not decision.records:
        return
    launcher.remember_quietly(config_dir)
    with lock.held_or_busy(config_dir.reporting_lock) as mine:
        if mine:
            _shift(config_dir, patience, linger_s)
            return
    if not config_dir.reporting.exists():  # the other one is in its last look, or has not begun
        with lock.held(config_dir.reporting_lock):
            _shift(config_dir, patience, linger_s)


def _shift(config_dir: ConfigDir, patience: Patience, linger_s: float) -> None:
    with contextlib.suppress(UserError):  # on a full disk it works without its name
        config_dir.write(config_dir.reporting, f"{system.name()} {os.getpid()}\n")
    repositories = Repositories()
    try:
        until_s = time.monotonic() + SHIFT_S
        while record(config_dir, repositories) and time.monotonic() < until_s:
            time.sleep(linger_s)
            record(config_dir, repositories)
            deliver(config_dir, patience)
    finally:
        config_dir.reporting.unlink(missing_ok=True)
    record(config_dir, repositories)
    deliver(config_dir, LAST_LOOK)
