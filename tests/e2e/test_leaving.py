"""Opting out: whatever stands in the way, the agreement ends, what can be deleted goes, and what is left is told."""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from capture import Capture
from workbench import Workbench, tmpfs, wait_until

from instrumented_make.reporter import system
from instrumented_make.reporter.outbox import BUSY_TIMEOUT_S

RULES = ".PHONY: one\none: ; @echo one\n"
DELETED = "The anonymous id and all events on this machine have been deleted."


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    """A developer who agreed, with a run that waits to be read and one that was read."""
    bench.host = server.host
    bench.write(RULES, ["one"])
    bench.opt_in()
    _unread(bench, server)
    return bench


def _unread(bench: Workbench, server: Capture) -> None:
    assert bench.run("one").returncode == 0
    server.wait_for(1)
    bench.background_ended()
    (bench.config / "interpreter").write_text("/nonexistent/python\n")
    assert bench.run("one").returncode == 0


def opted_out(bench: Workbench, **options: object) -> subprocess.CompletedProcess[str]:
    return bench.run("metrics-opt-out", variables={"VIRTUAL_ENV": sys.prefix}, **options)


def user_id(bench: Workbench) -> str:
    return str(json.loads((bench.config / "metrics.json").read_text())["anonymous_user_id"])


def holding(folder: Path, text: str) -> list[Path]:
    """The files below ``folder`` that hold ``text``."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def records(bench: Workbench) -> bool:
    """Whether a run leaves anything."""
    before = sorted(bench.home.rglob("*"))
    assert bench.run("one").stdout == "one\n"
    bench.background_ended()
    return sorted(bench.home.rglob("*")) != before


def test_no_python_is_needed(consenting: Workbench) -> None:
    """make and sh end the agreement and delete what was collected; a reporter understands the decline later."""
    known = user_id(consenting)
    result = consenting.run("metrics-opt-out")
    assert (result.returncode, result.stderr) == (0, "")
    assert DELETED in result.stdout
    assert holding(consenting.home, known) == []
    assert not records(consenting)
    told = consenting.run("metrics-status", variables={"VIRTUAL_ENV": sys.prefix})
    assert re.search(r"^Decision: +no, since \d{4}-", told.stdout, re.M)


def test_a_full_disk_is_no_obstacle(bench: Workbench, server: Capture) -> None:
    """What ends the agreement comes first and takes no room; what goes makes room for the decline."""
    with tmpfs(bench.home, "size=1m"):
        bench.host = server.host
        bench.write(RULES, ["one"])
        bench.opt_in()
        _unread(bench, server)
        known = user_id(bench)
        subprocess.run(["dd", "if=/dev/zero", f"of={bench.home}/filler", "bs=1k"], capture_output=True, check=False)
        result = opted_out(bench)
        assert (result.returncode, result.stderr) == (0, "")
        assert holding(bench.config, known) == []
        assert not records(bench)


@pytest.mark.parametrize("python", [True, False])
def test_what_others_keep_there_stays_and_every_copy_of_the_id_goes(consenting: Workbench, python: bool) -> None:
    """Runs behind a link, an outbox that was set aside, and what an opt-in that was killed has left."""
    known = user_id(consenting)
    elsewhere = consenting.home / "elsewhere"
    (consenting.config / "pending").rename(elsewhere)
    (consenting.config / "pending").symlink_to(elsewhere)
    (elsewhere / "notes.txt").write_text("mine")
    (consenting.config / "settings.toml").write_text("mine")
    for name in (".metrics.json.x1y2", "outbox.sqlite3.set-aside-1", ".agreed.0123.k_z"):
        (consenting.config / name).write_text(known)
    result = opted_out(consenting) if python else consenting.run("metrics-opt-out")
    assert (result.returncode, result.stderr) == (0, "")
    assert [path.name for path in elsewhere.iterdir()] == ["notes.txt"]
    assert (consenting.config / "settings.toml").read_text() == "mine"
    assert holding(consenting.home, known) == []


def test_what_cannot_be_deleted_is_told(consenting: Workbench) -> None:
    """A file that is in use as a mount point: the rest goes, the agreement is over, and nothing is claimed."""
    outbox = consenting.config / "outbox.sqlite3"
    if subprocess.run(["mount", "--bind", str(outbox), str(outbox)], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount")
    try:
        result = opted_out(consenting)
    finally:
        subprocess.run(["umount", str(outbox)], check=True)
    assert result.returncode == 2
    assert DELETED not in result.stdout
    assert f"{outbox}: error: it cannot be deleted: Device or resource busy" in result.stderr
    assert not list(consenting.config.glob("agreed.*"))
    assert not list((consenting.config).glob("pending/*"))
    assert not records(consenting)


@pytest.mark.parametrize("here", [True, False])
def test_only_a_sender_of_this_system_is_ended(consenting: Workbench, here: bool) -> None:
    """The number in the lock's file is another process's, if its system is another."""
    lock = consenting.config / "reporting.lock"
    name = system.name() if here else "01234567:89"
    hold = (
        f"import fcntl, os, time; f = open({str(lock)!r}, 'r+'); fcntl.flock(f, fcntl.LOCK_EX);"
        f"f.write(f'{name} {{os.getpid()}}'); f.flush(); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = opted_out(consenting)
        ended = holder.poll()
        holder.kill()
    assert result.returncode == 0
    assert DELETED in result.stdout
    assert ended == (-signal.SIGTERM if here else None)
    assert ("from another system may still finish" in result.stdout) is not here


def test_nothing_is_waited_for(consenting: Workbench) -> None:
    """Every lock is held by a process that does not move: opting out returns all the same, long before they do."""
    with contextlib.ExitStack() as held:
        for name in ("recording.lock", "sending.lock", "outbox.sqlite3.lock"):
            fcntl.flock(held.enter_context((consenting.config / name).open("a")), fcntl.LOCK_EX)
        assert opted_out(consenting, timeout=30).returncode == 0
    assert not list(consenting.config.glob("outbox*"))


@pytest.mark.parametrize("goal", ["metrics-status", "metrics-show", "metrics-stats", "metrics-opt-out"])
def test_an_outbox_that_is_in_use_is_not_waited_for(consenting: Workbench, goal: str) -> None:
    """Another process keeps the database and the recording to itself: a person gets an answer, not a wait of 20 s."""
    with contextlib.closing(sqlite3.connect(consenting.config / "outbox.sqlite3", isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        with (consenting.config / "recording.lock").open("a") as recording:
            fcntl.flock(recording, fcntl.LOCK_EX)
            result = consenting.run(goal, variables={"VIRTUAL_ENV": sys.prefix}, timeout=BUSY_TIMEOUT_S / 2)
    assert "Traceback" not in result.stderr
    if goal == "metrics-status":
        assert result.returncode == 0
        assert "another process is using it" in result.stdout
        assert re.search(r"^Not yet read: +1 ", result.stdout, re.M)
    elif goal == "metrics-opt-out":
        assert DELETED in result.stdout
    else:
        assert "database is locked" in result.stderr


def test_a_makefile_that_cannot_be_read_is_no_obstacle(consenting: Workbench) -> None:
    """By the project's name alone: the include may be gone as well."""
    known = user_id(consenting)
    (consenting.tree / "Makefile").write_text("$(error no)\n")
    command = [sys.executable, "-m", "generator", "opt-out", "workbench"]
    result = subprocess.run(command, env=consenting.environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert DELETED in result.stdout
    assert holding(consenting.home, known) == []
    for name in ("../workbench", "", "no such"):
        told = subprocess.run(
            [*command[:-1], name], env=consenting.environment, capture_output=True, text=True, check=False
        )
        assert told.returncode == 1
        assert "there is no project" in told.stderr


def test_a_reporter_that_starts_too_late_makes_nothing(consenting: Workbench) -> None:
    """It looks at the decision first."""
    (consenting.config / "interpreter").write_text(f"{sys.executable}\n")
    consenting.run("one")
    assert opted_out(consenting).returncode == 0
    consenting.background_ended()
    wait_until(lambda: not list(consenting.config.glob("outbox*")), "the outbox to be gone")
    assert not (consenting.config / "reporting").exists()
