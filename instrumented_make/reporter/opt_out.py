"""Carrying out a no."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
from typing import TextIO

from instrumented_make.reporter import consent, lock
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import DECLINE, Consent


def opt_out(config_dir: ConfigDir, out: TextIO) -> None:
    """Remember the decline, end a running sender, and delete the id and all that was collected.

    When this returns nothing more is sent. Raise UserError when the decline cannot be kept.
    """
    config_dir.create()
    consent.end_agreement(config_dir)
    consent.save(config_dir, Consent(DECLINE, consent.now()))
    config_dir.write(config_dir.declined, "")
    with lock.held_or_busy(config_dir.sending_lock) as mine:
        sender = None if mine else lock.holder(config_dir.sending_lock)
    if sender is not None:
        # It holds the lock, so the number is still its own.
        with contextlib.suppress(OSError):  # it may have ended just now
            os.kill(sender, signal.SIGTERM)
    with lock.held(config_dir.sending_lock), lock.held(config_dir.recording_lock):
        shutil.rmtree(config_dir.pending, ignore_errors=True)
        for path in config_dir.path.glob(f"{config_dir.outbox.name}*"):
            path.unlink(missing_ok=True)
    leftovers = (config_dir.launcher, config_dir.reporting, config_dir.running, config_dir.left)
    for path in (config_dir.interpreter, *leftovers):
        path.unlink(missing_ok=True)
    out.write("Nothing will be measured. The anonymous id and all events on this machine have been deleted.\n")
