"""Signals: the same status and no more processes left than with bare make, and a record of how the run ended."""

from __future__ import annotations

import contextlib
import os
import pty
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest
from workbench import (
    HANG_S,
    LOST_CHILD,
    RECORDER,
    WAYS,
    WIRED,
    Workbench,
    end_of,
    processes,
    recorder_for,
    wait_for_process,
    wait_until,
)

RULES = """\
.PHONY: long short a b two
long: ; @sleep 3631.25
short: ; @sleep 3.125
a: ; @sleep 3631.25
b: ; @sleep 3632.25
two: ; @sleep 3.125
	@echo second line
"""
SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]


class Watched:
    """A Makefile that is watched in one of WAYS, or the same Makefile bare."""

    def __init__(self, bench: Workbench, way: str) -> None:
        self.bench, self.way = bench, way
        bench.write(RULES, ["long", "short", "a", "b", "two"])
        bench.agree(RECORDER if way == "bare" else recorder_for(way))
        if way == "bare":
            (bench.tree / "Makefile").write_text(RULES)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start make in its own session and process group, as a shell would."""
        run = [str(recorder_for("run")), "run", "--"] if self.way == "run" else []
        return subprocess.Popen(
            [*run, self.bench.make, *arguments],
            cwd=self.bench.tree,
            env=self.bench.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def recorded(self, status: int) -> bool:
        """Whether the run was recorded with the ``status`` that subprocess gives; never when the Makefile is bare."""
        return self.bench.recorded() == ([] if self.way == "bare" else [str(status)])


@pytest.fixture(params=["bare", *WAYS])
def watched(request: pytest.FixtureRequest, bench: Workbench, make: str) -> Watched:
    bench.make = make
    return Watched(bench, request.param)


def left(process: subprocess.Popen[str]) -> list[list[str]]:
    """The command lines of the processes that are still in its session."""
    found = []
    for other, command in processes().items():
        try:
            stat = Path(f"/proc/{other}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(stat[3]) == process.pid and stat[0] != "Z":
            found.append(command)
    return found


def ends_like_bare_make(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """On SIGQUIT make exits with 1 rather than dump core; on the others it dies of the signal."""
    out, err = process.communicate(timeout=HANG_S)
    assert (process.returncode == 2 and LOST_CHILD in err) or process.returncode == (
        1 if number == signal.SIGQUIT else -number
    ), (out, err)
    wait_until(lambda: not left(process), "all processes to be gone")


@pytest.mark.sampled(8)
@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("goals", [("long",), ("-j3", "a", "b")])
def test_a_signal_to_the_group(watched: Watched, number: signal.Signals, goals: tuple[str, ...]) -> None:
    """Ctrl-C, a hang-up, a closed session: everything ends at once, and make's own status is recorded."""
    process = watched.start(*goals)
    wait_for_process(process.pid, "sleep", "3631.25")
    os.killpg(process.pid, number)
    ends_like_bare_make(process, number)
    assert watched.recorded(process.returncode)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGUSR1])
def test_a_signal_to_make_alone(watched: Watched, number: signal.Signals) -> None:
    """The status is that of bare make, no process is left, and the run is recorded. USR1 makes make talk, no more."""
    process = watched.start("short")
    wait_for_process(process.pid, "sleep", "3.125")
    os.kill(process.pid, number)
    if number == signal.SIGUSR1:
        process.communicate(timeout=HANG_S)
        assert process.returncode == 0
    else:
        ends_like_bare_make(process, number)
    assert watched.recorded(process.returncode)


@pytest.mark.sampled(2)
def test_a_kill_of_make_alone(watched: Watched) -> None:
    """As by subprocess.run(timeout=...): its line ends by itself, no further one begins, and it is recorded."""
    if watched.way == "run":
        pytest.skip("make's parent is killed here, so nobody is left who could tell")
    process = watched.start("two")
    wait_for_process(process.pid, "sleep", "3.125")
    process.kill()
    assert process.wait(timeout=HANG_S) == -signal.SIGKILL
    assert process.communicate(timeout=HANG_S)[0] == ""
    assert watched.recorded(-signal.SIGKILL)


def test_two_interrupts(watched: Watched) -> None:
    """An impatient second Ctrl-C changes nothing."""
    process = watched.start("long")
    wait_for_process(process.pid, "sleep", "3631.25")
    os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    ends_like_bare_make(process, signal.SIGINT)
    assert watched.recorded(process.returncode)


@pytest.mark.sampled(2)
def test_stopping_and_resuming(watched: Watched) -> None:
    """Ctrl-Z in an interactive shell stops everything, and fg continues it."""
    bench = watched.bench
    environment = {**bench.environment, "PS1": "READY", "HISTFILE": "/dev/null"}
    shell = pexpect.spawn(
        "bash", ["--norc", "-i"], cwd=str(bench.tree), env=environment, encoding="utf-8", timeout=HANG_S, echo=False
    )
    shell.expect("READY")
    run = f"{recorder_for('run')} run -- " if watched.way == "run" else ""
    shell.sendline(f"{run}{bench.make} two")
    wait_for_process(shell.pid, "sleep", "3.125")
    shell.send("\x1a")
    shell.expect("Stopped")
    assert all(end_of(record) == "" for record in (bench.config / "pending").glob("*.run"))
    shell.sendline("fg; echo status=$?")
    shell.expect("second line")
    shell.expect("status=0")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    assert watched.recorded(0)


def test_a_terminal_that_is_closed(watched: Watched) -> None:
    """The window is closed while a command runs: make ends, and that is recorded."""
    bench = watched.bench
    run = [str(recorder_for("run")), "run", "--"] if watched.way == "run" else []
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(bench.tree)
        command = ["/bin/sh", "-c", f"{shlex.join([*run, bench.make, 'long'])}; exit 1"]
        os.execve(command[0], command, bench.environment)  # noqa: S606  (it gets the terminal)
    make = wait_for_process(process, bench.make, "long")
    wait_for_process(process, "sleep", "3631.25")
    os.close(terminal)
    os.waitpid(process, 0)
    wait_until(lambda: make not in processes(), "make to end")
    # Which of the two make is told of first, its own signal or its command's, is chance.
    assert bench.recorded() in ([[]] if watched.way == "bare" else [["-1"], ["2"]])


def test_a_recipe_that_kills_its_make(bench: Workbench, make: str) -> None:
    """make dies of SIGKILL, as bare make does, and the record says so."""
    bench.make = make
    bench.write("a: ; @kill -9 $$PPID\n", ["a"])
    bench.agree()
    result = bench.run("a")
    assert result.returncode == -signal.SIGKILL
    assert bench.recorded() == ["-9"]


@pytest.mark.parametrize("way", WAYS[:2])
def test_an_interrupt_at_every_millisecond_of_the_start(bench: Workbench, way: str) -> None:
    """Whenever it comes: make ends as it says, no process is left, and if there is a record, it has that status."""
    watched = Watched(bench, way)
    for step in range(60):
        process = watched.start("long")
        # Not a wait for something: the moment is what varies.
        time.sleep(step / 10_000)
        while process.poll() is None:  # make may miss one while it starts a command
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
        out, err = process.communicate(timeout=HANG_S)
        assert process.returncode in (-signal.SIGINT, 2), err
        assert out == ""
        wait_until(lambda process=process: not left(process), "all processes to be gone")  # type: ignore[misc]
        for record in bench.records():
            assert end_of(record) == str(process.returncode)
            record.unlink()


def test_what_was_recorded_when_the_command_had_begun_is_complete(bench: Workbench) -> None:
    """A kill of the whole group at any time after the first line of the recipe began loses no run."""
    watched = Watched(bench, "pidfd")
    (bench.tree / "Makefile").write_text(WIRED.format(rules="long:\n\t@echo begun\n\t@sleep 3631.25"))
    for step in range(30):
        process = watched.start("long")
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(step / 20_000)  # the moment is what varies
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=HANG_S)
        assert watched.recorded(-signal.SIGKILL)
        for record in bench.records():
            record.unlink()


@pytest.mark.sampled(2)
def test_ignored_signals_stay_ignored(watched: Watched) -> None:
    """As with nohup, or in the background of a script: SIGHUP and SIGINT have no effect."""
    bench = watched.bench
    rules = "short: ; @sleep 3.125; echo done\n"
    (bench.tree / "Makefile").write_text(rules if watched.way == "bare" else WIRED.format(rules=rules))
    run = f"{recorder_for('run')} run -- " if watched.way == "run" else ""
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"trap '' INT HUP; exec {run}{bench.make} short"],
        cwd=bench.tree,
        env=bench.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_process(process.pid, "sleep", "3.125")
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGHUP)
    assert process.communicate(timeout=HANG_S)[0] == "done\n"
    assert process.returncode == 0
    assert watched.recorded(0)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("goals", [("long",), ("-j3", "a", "b"), ("-k", "two", "long")])
def test_a_sigterm_to_make_alone_reaches_the_command(watched: Watched, goals: tuple[str, ...]) -> None:
    """A supervisor that knows only make's process id, or that of `run`, ends the command with it at once."""
    process = watched.start(*goals)
    wait_for_process(process.pid, "sleep", "3631.25")
    os.kill(process.pid, signal.SIGTERM)
    ends_like_bare_make(process, signal.SIGTERM)
    assert watched.recorded(process.returncode)
