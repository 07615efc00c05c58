"""Carries out a no: first ends the agreement, then deletes what was collected, and finally stores the no."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from instrumented_make.errors import Problem, UserError
from instrumented_make.reporter import consent, lock, run_files, system
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import DECLINE, Collection, Consent
from instrumented_make.reporter.contract import Contract
from instrumented_make.reporter.deletion import Deletion, begin, keep
from instrumented_make.reporter.outbox import lock_of

# How long to wait for another process that is carrying out a decision.
DECIDING_S = 2.0


def opt_out(config_dir: ConfigDir, contract: Contract | None, out: TextIO) -> None:
    """End the agreement, stop a running reporter, delete the id and everything collected, and store the decline.

    Once this returns, nothing more is recorded, and nothing more is sent from this system. If something cannot be
    deleted or the decline cannot be stored, do everything else and raise UserError that says what is left. ``contract``
    tells whom to ask to delete what was sent; None where no include is known.
    """
    sent = consent.sent_as(config_dir)
    # make checks for one of these files, and a reporter before every request and every commit.
    left = _delete(config_dir.agreements)
    kept = _keep_for_the_collector(config_dir, sent)
    if sent is not None:  # while the id is still there
        collection, user_id = sent
        # Of those that got it, a collector of this project's deletes it itself.
        servers = tuple(server for server in collection.servers if not (kept and server == collection.host))
        with contextlib.suppress(OSError):
            out.write(what_was_sent(servers, user_id, contract) if servers else "")
            out.flush()
    elsewhere = False
    with contextlib.ExitStack() as held:
        # One decision at a time; but do not wait long for a process that is stopped in the middle of one.
        for path, patience_s in (
            (config_dir.deciding_lock, DECIDING_S),
            *((path, 0.0) for path in _others_at_work(config_dir)),
        ):
            with contextlib.suppress(OSError):  # locks are not available here, so nobody holds one
                elsewhere |= not _take(held, path, patience_s)
        left |= _delete(config_dir.agreements)
        left |= _empty(config_dir.pending)
        left |= _delete(config_dir.traces)
        problems = [*left.values(), *_decline(config_dir)]
    deleting = begin(config_dir, system.environment_of(os.getppid()))
    if problems:
        raise UserError(*problems)
    out.write("Nothing will be measured. The id and all events that were kept here have been deleted.\n")
    if deleting:
        status = contract.make("status") if contract else "its status"
        out.write(
            "What was sent is being deleted at the collector, too. Only the id is kept for that, until that is "
            f"confirmed; {status} says if it is not yet.\n"
        )
    for environment in sorted(config_dir.environments()):
        out.write(f"The reporter is still installed. To delete it: rm -r {shlex.quote(str(environment))}\n")
    if elsewhere:
        out.write("A reporter that uses this home from another system may still finish the request it is making.\n")


def _keep_for_the_collector(config_dir: ConfigDir, sent: tuple[Collection, str] | None) -> bool:
    """Keep what a collector is to delete; return whether that is kept."""
    if sent is None or not sent[0].collector:
        return False
    collection, user_id = sent
    try:
        keep(config_dir, Deletion(collection.host, collection.write_key, user_id, consent.now()))
    except UserError:  # on a full disk, for example; then the person is told the id
        return False
    return True


def what_was_sent(servers: Sequence[str], user_id: str, contract: Contract | None) -> str:
    """How to have deleted what was sent under an id that is about to be forgotten here."""
    whom = (
        f"{contract.who}{f' ({contract.link})' if contract.link else ''}" if contract else "the project's maintainers"
    )
    return (
        f"Whatever was sent is at {' and '.join(servers)}, under the id {user_id}. To have it deleted there, note this "
        f"id, which is not kept here, and ask {whom}.\n"
    )


def _others_at_work(config_dir: ConfigDir) -> list[Path]:
    """The locks of the processes that read runs, write the outbox or send."""
    locks = (config_dir.reporting_lock, config_dir.recording_lock, config_dir.sending_lock, lock_of(config_dir.outbox))
    return [path for path in locks if path.exists()]


def _take(held: contextlib.ExitStack, path: Path, patience_s: float) -> bool:
    """Take the lock at ``path``, terminating who holds it for ``patience_s``; return whether nobody else has it now."""
    holder = None
    while holder != (holder := lock.holder_of(path)):
        if held.enter_context(lock.hold_if_free(path, patience_s)):
            return True
    return lock.end_holder(path) and held.enter_context(lock.hold_if_free(path))


def _empty(pending: Path) -> dict[str, Problem]:
    """Delete the runs; return those that are left. A make that still runs then has nowhere to write its end."""
    left = _delete(lambda: run_files.every(pending))
    gone = pending.with_name(f".{pending.name}.{os.getpid()}")
    with contextlib.suppress(OSError):  # it was never created, or cannot be renamed
        pending.rename(gone)
    while not left:
        try:
            gone.rmdir() if gone.is_dir() and not gone.is_symlink() else gone.unlink()
            return {}
        except FileNotFoundError:
            return {}
        except OSError:  # it holds something else, or a recorder that had it open has added to it
            if not run_files.every(gone):
                break
            left = _delete(lambda: run_files.every(gone))
    with contextlib.suppress(OSError):
        gone.rename(pending)
    return left


def _delete(list_paths: Callable[[], list[Path]]) -> dict[str, Problem]:
    """Delete the listed files; return those that are left, by path, and why."""
    try:
        paths = list_paths()
    except OSError as error:
        why = f"its contents cannot be listed, so nothing in it was deleted: {os.strerror(error.errno or 0)}"
        return {str(error.filename): Problem(why, "delete its contents yourself", str(error.filename))}
    left = {}
    for path in paths:
        try:
            target = os.path.realpath(path) if path.is_symlink() else ""
            path.unlink(missing_ok=True)
        except OSError as error:
            why = f"it cannot be deleted: {os.strerror(error.errno or 0)}"
            left[str(path)] = Problem(why, "delete it yourself", str(path))
        else:
            # A link may point to anything, so only the link is deleted.
            if os.path.isfile(target):
                left[target] = Problem(
                    f"it was not deleted: only {path}, a link to it, was", "delete it yourself", target
                )
    return left


def _decline(config_dir: ConfigDir) -> list[Problem]:
    """Store the decline; return why it cannot be stored."""
    try:
        config_dir.create()
        consent.save(config_dir, Consent(DECLINE, consent.now()))
    except UserError as error:
        hint = "opt out again once this is fixed; until then you may see reminders"
        return [Problem(f"your decision could not be saved: {error.problems[0].message}", hint, error.problems[0].path)]
    return []
