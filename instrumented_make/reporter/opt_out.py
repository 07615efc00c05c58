"""Carrying out a no: what ends the agreement comes first, then what was collected goes, and last the no is kept."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from instrumented_make.errors import Problem, UserError
from instrumented_make.reporter import consent, lock, run_files
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import DECLINE, Consent

# Whoever opts out waits no longer than this for another command to leave the files alone.
PATIENCE_S = 0.3


def opt_out(config_dir: ConfigDir, out: TextIO) -> None:
    """End the agreement, end a reporter at work, delete the id and all that was collected, and remember the decline.

    When this returns nothing more is recorded, and nothing more is sent from this system. Raise UserError when
    something cannot be deleted or the decline cannot be kept, and tell what: everything else is done all the same.
    """
    # make looks for the one, and a reporter, before every request, for the other.
    left = _delete([*config_dir.path.glob("agreed.*"), config_dir.decision])
    elsewhere = not all([_end(path) for path in (config_dir.reporting_lock, config_dir.sending_lock)])
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # it can be deleted without it
            held.enter_context(lock.held_or_busy(config_dir.recording_lock, PATIENCE_S))
        left += _delete([*run_files.every(config_dir.pending), *config_dir.kept()])
        with contextlib.suppress(OSError):  # something else is in it, or it was never made
            config_dir.pending.unlink() if config_dir.pending.is_symlink() else config_dir.pending.rmdir()
    left += _declined(config_dir)
    if left:
        raise UserError(*left)
    out.write("Nothing will be measured. The anonymous id and all events on this machine have been deleted.\n")
    if elsewhere:
        out.write("A reporter that uses this home from another system may still finish the request it is making.\n")


def _end(path: Path) -> bool:
    """End whoever holds the lock at ``path``; return whether nobody does."""
    if not path.exists():
        return True
    try:
        return lock.end_holder(path)
    except OSError:  # locks cannot be had here, so nobody has one
        return True


def _delete(paths: Iterable[Path]) -> list[Problem]:
    """Delete ``paths``; return what cannot be deleted, and why."""
    left = {}
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            left[path] = Problem(
                f"it cannot be deleted: {os.strerror(error.errno or 0)}", "delete it yourself", str(path)
            )
    return list(left.values())


def _declined(config_dir: ConfigDir) -> list[Problem]:
    """Keep the decline; return why it cannot be kept."""
    try:
        config_dir.create()
        consent.save(config_dir, Consent(DECLINE, consent.now()))
        config_dir.write(config_dir.declined, "")
    except UserError as error:
        hint = "opt out once more when it can be; until then you may be reminded"
        return [Problem(f"your no cannot be kept here: {error.problems[0].message}", hint, error.problems[0].path)]
    return []
