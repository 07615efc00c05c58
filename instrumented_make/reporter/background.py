"""One reporter at a time: it records and delivers until nothing is left, so that no other has to start.

While it works it holds the reporting lock, which it inherits from the recorder that became this reporter.

Races, and how each is handled:

* A run ends while the reporter is about to exit. The recorder first writes the run's end, then looks for the lock; the
  reporter first lets go of the lock, then looks for runs. So at least one of them sees the other.
* A reporter is killed: the kernel frees its lock, so the next run starts a new reporter.
"""

from __future__ import annotations

import time

from instrumented_make.reporter import consent, lock
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.delivery import BACKGROUND_S, LAST_LOOK_S, deliver
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record

# A burst of short commands becomes one request.
LINGER_S = 2
# After this, others may start: a reporter that takes longer is only waiting for a server.
SHIFT_S = 60


def work(config_dir: ConfigDir, inherited: int | None = None) -> None:
    """Record and deliver everything pending, and what arrives meanwhile. Raise UserError, OSError or sqlite3.Error.

    ``inherited`` is a descriptor that holds the reporting lock. Without one, it is done only if nobody is at work.
    """
    repositories = Repositories()
    with lock.adopt(inherited) if inherited is not None else lock.hold_if_free(config_dir.reporting_lock) as mine:
        if mine is False or consent.in_force(config_dir) is None:
            return
        until_s = time.monotonic() + SHIFT_S
        while record(config_dir, repositories) and time.monotonic() < until_s:
            time.sleep(LINGER_S)
            record(config_dir, repositories)
            deliver(config_dir, BACKGROUND_S)
    record(config_dir, repositories)
    deliver(config_dir, LAST_LOOK_S)
    if config_dir.deletions():
        from instrumented_make.reporter.deletion import carry_out  # noqa: PLC0415  (hardly any run needs it)

        carry_out(config_dir, pauses_s=(0,))
    if config_dir.hints.exists():
        from instrumented_make.reporter import hints  # noqa: PLC0415  (few want them)

        hints.keep(config_dir)
