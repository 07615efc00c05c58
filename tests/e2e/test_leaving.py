"""Opting out: whatever is in the way, the agreement ends, what can be deleted is, and the rest is named."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import HANG_S, INSTALLED, PYTHON, Workbench, needs, processes, tmpfs, wait_until

from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import BUSY_TIMEOUT_S, Destination, open_outbox

RULES = ".PHONY: one\none: ; @echo one\n"
DELETED = "The id and all events that were kept here have been deleted."


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    """A developer who agreed, with one run that was read and one that was not."""
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
    assert bench.recorded() == ["0"]


def opted_out(bench: Workbench, **options: object) -> subprocess.CompletedProcess[str]:
    return bench.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED}, **options)


def user_id(bench: Workbench) -> str:
    return str(json.loads((bench.config / "metrics.json").read_text())["anonymous_user_id"])


def holding(folder: Path, text: str) -> list[Path]:
    """The files below ``folder`` that contain ``text``."""
    return [path for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


def records(bench: Workbench) -> bool:
    """Whether a run creates any file in the home."""
    bench.background_ended()
    before = sorted(bench.home.rglob("*"))
    assert bench.run("one").stdout == "one\n"
    bench.background_ended()
    return sorted(bench.home.rglob("*")) != before


def test_opting_out_needs_no_python(consenting: Workbench) -> None:
    """make and sh end the agreement and delete what was collected; a reporter understands the decline later."""
    known = user_id(consenting)
    result = consenting.run("metrics-opt-out")
    assert (result.returncode, result.stderr) == (0, "")
    assert DELETED in result.stdout
    assert holding(consenting.home, known) == []
    assert not list(consenting.config.glob("recorder-*"))
    assert not records(consenting)
    told = consenting.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED})
    assert re.search(r"^Decision: +no, since \d{4}-", told.stdout, re.M)


def test_a_full_disk_is_no_obstacle(bench: Workbench, server: Capture) -> None:
    """Ending the agreement needs no space, and what is deleted makes space for the decline."""
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
def test_every_copy_of_the_id_is_deleted_and_other_files_stay(consenting: Workbench, python: bool) -> None:
    """Also in records behind a link, in an outbox that was set aside, and in what a killed opt-in left."""
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


def test_a_file_that_cannot_be_deleted_is_named(consenting: Workbench) -> None:
    """The outbox is a mount point: the rest is deleted, the agreement ends, and nothing else is claimed."""
    outbox = consenting.config / "outbox.sqlite3"
    if subprocess.run(["mount", "--bind", str(outbox), str(outbox)], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount")
    try:
        result = opted_out(consenting)
    finally:
        subprocess.run(["umount", str(outbox)], check=True)
    assert result.returncode == 2
    assert DELETED not in result.stdout
    why = "it cannot be deleted: Device or resource busy"
    assert f"{outbox}: error: {why}\n  hint: delete it yourself" in result.stderr
    assert not list(consenting.config.glob("agreed.*"))
    assert not list((consenting.config).glob("pending/*"))
    assert not records(consenting)
    outbox.unlink()
    assert opted_out(consenting).returncode == 0


@pytest.mark.parametrize("here", [True, False])
def test_only_a_sender_on_this_system_is_killed(consenting: Workbench, here: bool) -> None:
    """If the lock file names another system, its process id may be a different process here."""
    lock = consenting.config / "reporting.lock"
    place = 0 if here else 1
    hold = (
        "import fcntl, os, time; from instrumented_make.reporter import system;"
        f"f = open({str(lock)!r}, 'r+'); fcntl.flock(f, fcntl.LOCK_EX);"
        f"f.write('0' * {place} + system.name_of(os.getpid())); f.flush(); print(flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = opted_out(consenting)
        ended = holder.wait(HANG_S) if here else holder.poll()
        holder.kill()
    assert result.returncode == 0
    assert DELETED in result.stdout
    assert ended == (-signal.SIGTERM if here else None)
    assert ("from another system may still finish" in result.stdout) is not here


@pytest.mark.parametrize("python", [True, False])
def test_what_the_kernel_has_not_sent_is_not_sent(bench: Workbench, python: bool) -> None:
    """A sender that is ended in mid-request takes the rest along: a slow server gets no whole batch afterwards."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    with listener:
        bench.host = f"http://127.0.0.1:{listener.getsockname()[1]}"
        bench.write(RULES, ["one"])
        bench.opt_in()
        home = ConfigDir(bench.config)
        collection = consent.load(home).collection  # type: ignore[union-attr]
        destination = Destination(collection.host, collection.write_key)  # type: ignore[union-attr]
        events = [Event(f"{n:032}", "x" * 36, "e", "2026-01-01T00:00:00+00:00", {"command": "one"}) for n in range(99)]
        with open_outbox(home.outbox) as outbox:
            outbox.add(events, [destination], time.time())
        bench.run("one")
        connection, _ = listener.accept()
        with connection:
            (sender,) = [process for process, line in processes().items() if str(bench.config) in line]
            wait_until(lambda: waits_to_receive(sender), "the request to be handed to the kernel")
            if not python:
                (bench.config / "interpreter").write_text("/nonexistent/python\n")
            said = (opted_out(bench) if python else bench.run("metrics-opt-out")).stdout
            assert "Whatever was sent is" in said
            assert DELETED in said
            got = b""
            with contextlib.suppress(ConnectionResetError):
                while part := connection.recv(65536):
                    got += part
    length = int(re.findall(rb"(?i)content-length: (\d+)", got)[0])
    assert length > 30_000
    assert len(got) < length


def waits_to_receive(process: int) -> bool:
    """Whether a thread of ``process`` waits for an answer: its request is in the kernel's hands."""
    with contextlib.suppress(OSError):
        return any("poll" in (task / "wchan").read_text() for task in Path(f"/proc/{process}/task").iterdir())
    return False


@pytest.mark.parametrize("now", ["yes", "local"])
def test_opting_out_names_the_id_and_whom_to_ask(consenting: Workbench, now: str) -> None:
    """It is not kept here afterwards, and what was sent, if only before, can only be found by it."""
    known = user_id(consenting)
    consenting.opt_in(now)
    assert user_id(consenting) == known
    said = opted_out(consenting).stdout
    assert f"Whatever was sent is at {consenting.host}, under the id {known}." in said
    assert "ask The maintainers" in said
    assert holding(consenting.home, known) == []


def test_without_python_the_id_is_named_too(consenting: Workbench) -> None:
    known = user_id(consenting)
    said = consenting.run("metrics-opt-out").stdout
    assert (
        f"  anonymous_user_id: {known}\n  host: {consenting.host}\nWhatever was sent is there, under that id." in said
    )


def test_another_destination_gets_another_id_and_the_old_one_is_named(consenting: Workbench) -> None:
    """Answering again for another server forgets the id that the first one knows."""
    known = user_id(consenting)
    catalog = consenting.tree / "targets.yaml"
    catalog.write_text(re.sub(r"host: .*", "host: http://127.0.0.1:9", catalog.read_text()))
    consenting.render()
    assert f"at {consenting.host}, under the id {known}." in consenting.opt_in()
    assert user_id(consenting) != known


def test_opting_out_waits_for_no_lock(consenting: Workbench) -> None:
    """Other processes hold every lock while it returns."""
    with contextlib.ExitStack() as held:
        for name in ("recording.lock", "sending.lock", "outbox.sqlite3.lock"):
            fcntl.flock(held.enter_context((consenting.config / name).open("a")), fcntl.LOCK_EX)
        assert opted_out(consenting).returncode == 0
    assert not list(consenting.config.glob("outbox*"))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("goal", ["metrics-status", "metrics-show", "metrics-stats", "metrics-opt-out"])
def test_an_outbox_that_is_in_use_is_not_waited_for(consenting: Workbench, goal: str) -> None:
    """Another process holds the database and the recording lock: the answer comes without a wait of 20 s."""
    with contextlib.closing(sqlite3.connect(consenting.config / "outbox.sqlite3", isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        with (consenting.config / "recording.lock").open("a") as recording:
            fcntl.flock(recording, fcntl.LOCK_EX)
            result = consenting.run(goal, variables={"VIRTUAL_ENV": INSTALLED}, timeout=BUSY_TIMEOUT_S)
    assert "Traceback" not in result.stderr
    if goal == "metrics-status":
        assert result.returncode == 0
        assert "it is in use" in result.stdout
        assert re.search(r"^Not yet read: +1 ", result.stdout, re.M)
    elif goal == "metrics-opt-out":
        assert DELETED in result.stdout
    else:
        assert "database is locked" in result.stderr


def test_a_makefile_that_cannot_be_read_is_no_obstacle(consenting: Workbench) -> None:
    """The project's name is enough, so the include may be gone as well."""
    known = user_id(consenting)
    (consenting.tree / "Makefile").write_text("$(error no)\n")
    command = [sys.executable, "-m", "generator", "opt-out", "workbench"]
    for name in ("../workbench", "", "no such"):
        told = subprocess.run(
            [*command[:-1], name], env=consenting.environment, capture_output=True, text=True, check=False
        )
        assert told.returncode == 1
        assert "there is no data for project" in told.stderr
        assert "hint: give the project's name, as the folder of your decision is called" in told.stderr
    result = subprocess.run(command, env=consenting.environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert DELETED in result.stdout
    assert holding(consenting.home, known) == []


def test_a_reporter_that_starts_after_the_opt_out_writes_nothing(consenting: Workbench) -> None:
    """It checks the decision first."""
    (consenting.config / "interpreter").write_text(f"{PYTHON}\n")
    consenting.run("one")
    assert opted_out(consenting).returncode == 0
    consenting.background_ended()
    assert not list(consenting.config.glob("outbox*"))
    assert not list(consenting.config.glob("pending/*"))


@pytest.mark.parametrize("python", [True, False])
def test_a_make_that_still_runs_leaves_nothing(consenting: Workbench, python: bool) -> None:
    """It ends after the opt-out: its watcher writes the end into nothing, and starts no reporter."""
    consenting.write(f"{RULES}slow: ; @read line\n", ["one", "slow"])
    (consenting.config / "interpreter").write_text(f"{PYTHON}\n")
    running = subprocess.Popen(
        [consenting.make, "slow"], cwd=consenting.tree, env=consenting.environment, stdin=subprocess.PIPE
    )
    wait_until(lambda: len(consenting.started()) == 2, "the record of the start")
    result = opted_out(consenting) if python else consenting.run("metrics-opt-out")
    assert (result.returncode, result.stderr) == (0, "")
    left = sorted(consenting.home.rglob("*"))
    running.communicate(b"go\n", timeout=HANG_S)
    assert running.returncode == 0
    consenting.background_ended()
    assert sorted(consenting.home.rglob("*")) == left
    assert not list(consenting.config.rglob("*.run"))


def test_a_start_that_is_written_during_an_opt_out_does_not_stay(consenting: Workbench) -> None:
    """The watcher has read the agreement, and is stopped there until somebody has opted out."""
    strace = needs("strace")
    [agreed] = consenting.config.glob("agreed.*")
    log = consenting.home.parent / "strace.log"
    inject = ["-f", "-o", str(log), "-P", str(agreed), "-e", "trace=read", "-e", "inject=read:signal=STOP:when=1"]
    running = subprocess.Popen(
        [strace, *inject, consenting.make, "one"],
        cwd=consenting.tree,
        env=consenting.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    stopped = "--- stopped by SIGSTOP ---"
    wait_until(lambda: log.exists() and stopped in log.read_text(), "the watcher to be stopped")
    [watcher] = [int(line.split()[0]) for line in log.read_text().splitlines() if stopped in line]
    assert opted_out(consenting).returncode == 0
    os.kill(watcher, signal.SIGCONT)
    assert running.wait(HANG_S) == 0
    consenting.background_ended()
    assert not list(consenting.config.rglob("*.run"))


@pytest.mark.parametrize("python", [True, False])
def test_a_link_is_deleted_but_not_its_target(consenting: Workbench, python: bool) -> None:
    """The target may be anything, so it stays; but opt-out does not claim that the id was deleted."""
    consenting.background_ended()
    elsewhere = consenting.home / "elsewhere"
    for name in ("metrics.json", "outbox.sqlite3"):
        (consenting.config / name).rename(elsewhere.with_suffix("." + name))
        (consenting.config / name).symlink_to(elsewhere.with_suffix("." + name))
    result = opted_out(consenting) if python else consenting.run("metrics-opt-out")
    assert result.returncode == 2
    assert DELETED not in result.stdout
    for name in ("metrics.json", "outbox.sqlite3"):
        assert str(elsewhere.with_suffix("." + name) if python else consenting.config / name) in result.stderr
        assert not (consenting.config / name).is_symlink()
    assert json.loads((consenting.config / "metrics.json").read_text())["consent"]["decision"] == "decline"
    assert not records(consenting)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("python", [True, False])
@pytest.mark.parametrize(("folder", "mode"), [("", 0o300), ("pending", 0o300), ("pending", 0o000)])
def test_a_folder_that_cannot_be_read_is_named(consenting: Workbench, python: bool, folder: str, mode: int) -> None:
    """Opt-out does not claim to have deleted everything. Here root has no privileges over files."""
    hidden = consenting.config / folder
    drop = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    consenting.background_ended()
    hidden.chmod(mode)
    try:
        result = subprocess.run(
            [*drop, "make", "metrics-opt-out"],
            cwd=consenting.tree,
            env={**consenting.environment, **({"VIRTUAL_ENV": INSTALLED} if python else {})},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        for path in (consenting.config, *consenting.config.glob("*pending*")):
            path.chmod(0o700)
    assert result.returncode == 2
    assert DELETED not in result.stdout
    assert f"{hidden}: " in result.stderr or (not python and "pending" in result.stderr)
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("python", [True, False])
def test_a_folder_in_the_place_of_a_file_is_named(consenting: Workbench, python: bool) -> None:
    """The agreement ends, and nothing is claimed; with Python, everything else is deleted."""
    known = user_id(consenting)
    (consenting.config / "metrics.json").unlink()
    (consenting.config / "metrics.json" / "in it").mkdir(parents=True)
    result = opted_out(consenting) if python else consenting.run("metrics-opt-out")
    assert result.returncode == 2
    assert DELETED not in result.stdout
    assert "metrics.json" in result.stderr
    assert not list(consenting.config.glob("agreed.*"))
    if python:
        assert holding(consenting.home, known) == []


@pytest.mark.parametrize("python", [True, False])
def test_opting_out_creates_no_home(bench: Workbench, python: bool) -> None:
    """A missing home stays missing, and an unknown project gets no folder."""
    bench.write(RULES, ["one"])
    variables = {"HOME": str(bench.home / "missing" / "home"), **({"VIRTUAL_ENV": INSTALLED} if python else {})}
    result = bench.run("metrics-opt-out", variables=variables)
    assert result.returncode == 2
    assert str(bench.home / "missing") in result.stderr
    assert DELETED not in result.stdout
    command = [sys.executable, "-m", "generator", "opt-out", "no-such"]
    assert subprocess.run(command, env=bench.environment, capture_output=True, check=False).returncode == 1
    assert list(bench.home.rglob("*")) == []


def test_an_opt_out_while_runs_are_read_keeps_them_out(consenting: Workbench) -> None:
    """Without Python it takes no lock, so a reporter checks the decision again before it writes."""
    (consenting.config / "outbox.sqlite3").unlink()
    config_dir = ConfigDir(consenting.config)
    known = user_id(consenting)

    def leaves() -> float:
        config_dir.decision.unlink()
        return time.time()

    assert record(config_dir, Repositories(), clock=leaves) == []
    assert holding(consenting.config, known) == []
    assert consenting.recorded() == ["0"]


def test_opting_out_without_python_keeps_a_reporter_at_work_from_writing(consenting: Workbench) -> None:
    """It reads runs already, but has to wait for the outbox; when it gets there, the agreement has ended."""
    known = user_id(consenting)
    with contextlib.closing(sqlite3.connect(consenting.config / "outbox.sqlite3", isolation_level=None)) as held:
        held.execute("BEGIN EXCLUSIVE")
        command = [PYTHON, "-I", "-m", "instrumented_make.reporter", "run", str(consenting.config)]
        with subprocess.Popen(command, env=consenting.environment, stderr=subprocess.DEVNULL) as reporter:
            wait_until((consenting.config / "recording.lock").read_text, "the reporter to read runs")
            result = consenting.run("metrics-opt-out")
            held.execute("ROLLBACK")
            reporter.wait(HANG_S)
    assert (result.returncode, result.stderr) == (0, "")
    assert DELETED in result.stdout
    assert holding(consenting.config, known) == []
    for outbox in consenting.config.glob("outbox.sqlite3*"):
        assert b"devstack.command.run" not in outbox.read_bytes()


def test_the_later_decision_holds(consenting: Workbench) -> None:
    """A yes that still waits for the recording lock does not undo a no that was given meanwhile."""
    consenting.write(RULES, ["one"])
    catalog = consenting.tree / "targets.yaml"
    catalog.write_text(catalog.read_text() + "fields: [git_dirty]\n")
    consenting.render()
    [recorder] = consenting.config.glob("recorder-*")
    recorder.unlink()
    with (consenting.config / "recording.lock").open("a") as recording:
        fcntl.flock(recording, fcntl.LOCK_EX)
        child = consenting.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
        child.expect("asked again: ")
        child.sendline("yes")
        wait_until(recorder.exists, "the answer to be read")
        assert opted_out(consenting).returncode == 0
    child.expect("the decision was changed elsewhere")
    child.expect_exact("nothing was changed here; to see what it is now: make metrics-status")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
    assert consenting.run("metrics-status").stdout.startswith("Decision: no")
    assert not list(consenting.config.glob("agreed.*"))
    assert not records(consenting)


def test_simultaneous_decisions_leave_one(consenting: Workbench) -> None:
    """One of two opt-ins is kept as a whole, and six opt-outs all succeed."""
    children = [consenting.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED}) for _ in range(2)]
    for child in children:
        child.expect("asked again: ")
    for child, answer in zip(children, ("yes", "local"), strict=True):
        child.sendline(answer)
    for child in children:
        child.expect(pexpect.EOF)
    kept = json.loads((consenting.config / "metrics.json").read_text())["consent"]["agreement"]
    assert [path.read_text().strip() for path in consenting.config.glob("agreed.*")] == [kept]
    command = ["make", "metrics-opt-out"]
    environment = {**consenting.environment, "VIRTUAL_ENV": INSTALLED}
    makes = [
        subprocess.Popen(command, cwd=consenting.tree, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(6)
    ]
    assert [(make.communicate()[1], make.returncode) for make in makes] == [(b"", 0)] * 6


def test_an_interpreter_that_hangs_does_not_keep_the_agreement(consenting: Workbench) -> None:
    """make and sh end it before they look for a Python."""
    hangs = consenting.home / "python"
    hangs.write_text("#!/bin/sh\nexec sleep 100000\n")
    hangs.chmod(0o755)
    (consenting.config / "interpreter").write_text(f"{hangs}\n")
    child = consenting.terminal("metrics-opt-out")
    wait_until(lambda: not list(consenting.config.glob("agreed.*")), "the agreement to end")
    assert not records(consenting)
    child.sendintr()
    child.expect(pexpect.EOF)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", ["recording.lock", "reporting.lock", "outbox.sqlite3.lock", "outbox.sqlite3"])
@pytest.mark.parametrize("kind", [os.mkdir, os.mkfifo])
def test_status_answers_whatever_is_in_the_way(consenting: Workbench, name: str, kind: Callable[[Path], None]) -> None:
    """With a folder or a pipe in the place of a file, status shows what it can."""
    (consenting.config / name).unlink(missing_ok=True)
    kind(consenting.config / name)
    told = consenting.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED})
    assert (told.returncode, told.stderr) == (0, "")
    assert "Decision:" in told.stdout
    assert opted_out(consenting).returncode == (2 if kind is os.mkdir and "outbox" in name else 0)


def test_a_reporter_that_is_older_than_the_agreement_leaves_the_runs(consenting: Workbench) -> None:
    """It does not know one of the fields, so the runs wait for a reporter that does."""
    decision = consenting.config / "metrics.json"
    document = json.loads(decision.read_text())
    document["consent"]["collection"]["fields"].append("of_tomorrow")
    decision.write_text(json.dumps(document))
    assert consenting.reporter("run").returncode == 0
    assert consenting.recorded() == ["0"]
    told = consenting.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED})
    assert re.search(r"^Reporter: +it does not know of_tomorrow yet", told.stdout, re.M)
    assert "Lost" not in told.stdout
