"""The lock has one holder at a time, however it ends, and only a holder on this system is ever killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from workbench import HANG_S

from instrumented_make.reporter import lock, system

HOLDER = """
import sys, pathlib, signal
from instrumented_make.reporter import lock
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[2] == "deaf" else signal.SIG_DFL)
with lock.held(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path, kind: str = "polite") -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    command = [sys.executable, "-c", HOLDER, str(path), kind]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_second_process_finds_the_lock_busy(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with holder(path) as process:
        assert path.read_text() == system.name_of(process.pid)
        with lock.hold_if_free(path) as mine:
            assert not mine
        with lock.hold_if_free(path, 0.02) as mine:
            assert not mine


def test_a_killed_holder_releases_the_lock(tmp_path: Path) -> None:
    with holder(tmp_path / "lock") as process:
        process.kill()
        process.wait()
        with lock.hold_if_free(tmp_path / "lock") as mine:
            assert mine


def test_a_waiting_thread_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    path, got = tmp_path / "lock", threading.Event()

    def wait() -> None:
        with lock.held(path):
            got.set()

    with lock.held(path):
        thread = threading.Thread(target=wait)
        thread.start()
        assert not got.is_set()
    thread.join(HANG_S)
    assert got.is_set()
    assert path.read_text() == "", "the name goes with the holder"


@pytest.mark.parametrize("kind", ["polite", "deaf"])
def test_a_holder_on_this_system_can_be_killed(tmp_path: Path, kind: str) -> None:
    """With SIGTERM, and if it ignores that, with SIGKILL."""
    with holder(tmp_path / "lock", kind) as process:
        assert lock.end_holder(tmp_path / "lock")
        assert process.wait(HANG_S) != 0


def test_a_free_lock_has_no_holder_to_kill(tmp_path: Path) -> None:
    assert lock.end_holder(tmp_path / "lock")


@pytest.mark.parametrize(
    ("part", "instead"), [(0, "01234567"), (1, "89"), (2, "1"), (2, "-1"), (2, "x"), (2, "\xff"), (3, "12"), (3, "")]
)
def test_an_unknown_holder_is_not_killed(tmp_path: Path, part: int, instead: str) -> None:
    """If it is on another system, began at another time, or its entry is damaged, the id may be another process's."""
    path = tmp_path / "lock"
    with holder(path) as process:
        name = system.name_of(process.pid).split(":")
        name[part] = instead
        path.write_text(":".join(name), encoding="latin-1")
        assert not lock.end_holder(path)
        assert process.poll() is None


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), lock.held(tmp_path / "nowhere" / "lock"):
        pass


def test_a_lock_works_where_its_holder_cannot_be_written(tmp_path: Path) -> None:
    """In a pipe, as on a full disk."""
    os.mkfifo(tmp_path / "lock")
    with lock.hold_if_free(tmp_path / "lock") as mine:
        assert mine
