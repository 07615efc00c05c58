"""Locks with one holder at a time, using ``flock``: the kernel releases a lock however its holder exits."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import math
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from instrumented_make import files
from instrumented_make.reporter import system

_LOOK_AGAIN_S = 0.01
# How long a process has to exit after a signal: one that it may handle, and one that only the kernel can delay.
_GRACE_S = {signal.SIGTERM: 0.3, signal.SIGKILL: 3.0}


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Wait for the lock at ``path`` and hold it. Raise OSError where locks are not available."""
    with hold_if_free(path, math.inf):
        yield


@contextmanager
def hold_if_free(path: Path, patience_s: float = 0.0) -> Iterator[bool]:
    """Hold the lock at ``path`` and yield True, or yield False when another process holds it for ``patience_s``.

    Meanwhile the file holds the holder's name, for a process that has to terminate it.
    """
    handle = _open(path)
    try:
        if not _acquire(handle, patience_s):
            yield False
            return
        with _sign(handle):
            yield True
    finally:
        os.close(handle)


@contextmanager
def adopt(handle: int) -> Iterator[None]:
    """Hold the lock that this process inherited with the descriptor ``handle``."""
    os.set_inheritable(handle, False)
    try:
        with _sign(handle):
            yield
    finally:
        os.close(handle)


@contextmanager
def _sign(handle: int) -> Iterator[None]:
    _write_name(handle, system.name_of(os.getpid()))
    try:
        yield
    finally:
        _write_name(handle, "")


def _write_name(handle: int, name: str) -> None:
    with contextlib.suppress(OSError):  # on a full disk, or in a pipe, the lock works without it
        os.truncate(handle, 0)
        os.pwrite(handle, name.encode(), 0)


def end_holder(path: Path) -> bool:
    """Terminate the process on this system that holds the lock at ``path``; return whether the lock is free now.

    The process id of a holder that was killed, or is in another container or on another machine, may be a different
    process here.
    """
    for number, grace_s in _GRACE_S.items():
        with hold_if_free(path) as free:
            if free:
                return True
        holder = holder_of(path)
        process = holder.split(":")[2] if holder.count(":") == 3 else ""
        if not process.isdigit() or int(process) <= 1 or holder != system.name_of(int(process)):
            return False
        with contextlib.suppress(OSError):  # it may have just exited
            os.kill(int(process), number)
        with hold_if_free(path, grace_s) as free:
            if free:
                return True
    return False


def holder_of(path: Path) -> str:
    """The name of the process that holds the lock at ``path``; empty if that is not known."""
    try:
        return files.regular(path, 1000).decode("ascii").strip()
    except (OSError, ValueError):
        return ""


def _acquire(handle: int, patience_s: float) -> bool:
    if patience_s == math.inf:
        fcntl.flock(handle, fcntl.LOCK_EX)
        return True
    until_s = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until_s:
                return False
        time.sleep(_LOOK_AGAIN_S)


def _open(path: Path) -> int:
    # As root in another user's home, a lock would be one that its owner cannot use.
    if os.stat(path.parent).st_uid != os.geteuid():
        raise PermissionError(errno.EPERM, "it belongs to somebody else", str(path.parent))
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
