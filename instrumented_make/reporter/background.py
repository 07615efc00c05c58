"""One reporter at a time: it records and delivers until nothing is left, so that no other has to start.

While it works, the file ``reporting`` names it: the system and the process id. A hand-over that finds a live reporter
there leaves its run to it.

Races, and how each is handled:

* A run ends while the reporter is about to exit. The hand-over first writes the run's end, then looks for the name;
  the reporter first removes its name, then looks for runs. So at least one of them sees the other.
* A reporter starts while another is at work: it exits, since the other checks once more. If the other is already in its
  last check, the new one waits for the lock and then checks itself.
* A reporter is killed: its name remains, but the process is gone, so the next run starts a new reporter.
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
# After this, others may start: a reporter that takes longer is only waiting for a server.
SHIFT_S = 60


def work(config_dir: ConfigDir, patience: Patience = BACKGROUND, linger_s: float = LINGER_S) -> None:
    """Record and deliver everything pending, and what arrives meanwhile. Raise UserError, OSError or sqlite3.Error."""
    decision = consent.load(config_dir)
    if decision is None or not decision.records:
        return
    launcher.remember_quietly(config_dir)
    with lock.held_or_busy(config_dir.reporting_lock) as mine:
        if mine:
            _shift(config_dir, patience, linger_s)
            return
    if not config_dir.reporting.exists():  # the other one is in its last check, or has not started yet
        with lock.held(config_dir.reporting_lock):
            _shift(config_dir, patience, linger_s)


def _shift(config_dir: ConfigDir, patience: Patience, linger_s: float) -> None:
    with contextlib.suppress(UserError):  # on a full disk, it works without this file
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
