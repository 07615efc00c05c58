"""Signals: the same status and no more processes left than with bare make, and a record of how the run ended."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pexpect
import pytest
from workbench import (
    GUARDED,
    HANG_S,
    LOST_CHILD,
    MAKES,
    PYTHON,
    Workbench,
    needs,
    processes,
    wait_for_process,
    wait_until,
    with_sh,
)

from instrumented_make.reporter import system

RULES = """\
.PHONY: long short a b two
long: ; @sleep 3631.25
short: ; @sleep 1.125
a: ; @sleep 3631.25
b: ; @sleep 3632.25
two: ; @sleep 1.125
	@echo second line
"""
SIGNALS = [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM]


@pytest.fixture(params=["bare", "instrumented"])
def both(request: pytest.FixtureRequest, bench: Workbench, make: str) -> tuple[Workbench, bool]:
    """The same Makefile without and with the include."""
    bench.make = make
    bench.write(RULES, ["long", "short", "a", "b", "two"])
    bench.agree()
    recorded = request.param == "instrumented"
    if not recorded:
        (bench.tree / "Makefile").write_text(RULES)
    return bench, recorded


def start(bench: Workbench, *arguments: str) -> subprocess.Popen[str]:
    """Start make in its own session and process group, as a shell would."""
    return subprocess.Popen(
        [bench.make, *arguments],
        cwd=bench.tree,
        env=bench.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


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


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("goals", [("long",), ("-j3", "a", "b")])
def test_a_signal_to_the_group(both: tuple[Workbench, bool], number: signal.Signals, goals: tuple[str, ...]) -> None:
    """Ctrl-C, a hang-up, a closed session: everything ends at once, and the signal is recorded."""
    bench, recorded = both
    process = start(bench, *goals)
    wait_for_process(process.pid, "sleep", "3631.25")
    os.killpg(process.pid, number)
    ends_like_bare_make(process, number)
    assert bench.recorded() == ([str(128 + number)] if recorded else [])


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_to_make_alone(both: tuple[Workbench, bool], number: signal.Signals) -> None:
    """The status is that of bare make, no process is left, and the run is recorded."""
    bench, recorded = both
    process = start(bench, "short")
    wait_for_process(process.pid, "sleep", "1.125")
    os.kill(process.pid, number)
    ends_like_bare_make(process, number)
    assert len(bench.recorded()) == recorded


def test_two_interrupts(both: tuple[Workbench, bool]) -> None:
    """An impatient second Ctrl-C changes nothing."""
    bench, recorded = both
    process = start(bench, "long")
    wait_for_process(process.pid, "sleep", "3631.25")
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    ends_like_bare_make(process, signal.SIGINT)
    wait_until(lambda: bench.recorded() == (["130"] if recorded else []), "the record")


def test_stopping_and_resuming(both: tuple[Workbench, bool]) -> None:
    """Ctrl-Z in an interactive shell stops everything, and fg continues it."""
    bench, recorded = both
    environment = {**bench.environment, "PS1": "READY", "HISTFILE": "/dev/null"}
    shell = pexpect.spawn(
        "bash", ["--norc", "-i"], cwd=str(bench.tree), env=environment, encoding="utf-8", timeout=HANG_S, echo=False
    )
    shell.expect("READY")
    shell.sendline(f"{bench.make} two")
    wait_for_process(shell.pid, "sleep", "1.125")
    shell.send("\x1a")
    shell.expect("Stopped")
    assert bench.recorded() in ([], [""])
    shell.sendline("fg; echo status=$?")
    shell.expect("second line")
    shell.expect("status=0")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
    assert bench.recorded() == (["0"] if recorded else [])


def test_a_recipe_that_kills_its_make(bench: Workbench, make: str) -> None:
    """make dies of SIGKILL, as bare make does, and the record says so."""
    bench.make = make
    bench.write("a: ; @kill -9 $$PPID\n", ["a"])
    bench.agree()
    result = bench.run("a")
    assert result.returncode == -signal.SIGKILL
    wait_until(lambda: bench.recorded() == ["137"], "the record")


@pytest.mark.parametrize("milliseconds", [0.0, *(step / 4 for step in range(2, 40))])
def test_an_interrupt_at_any_moment(bench: Workbench, milliseconds: float) -> None:
    """During start-up, recording, the command and the end: make ends, no process is left, and no record is wrong."""
    bench.make = MAKES[-1]
    bench.write("a: ; @:\n", ["a"])
    bench.agree()
    process = start(bench, "a")
    # Not a wait for something: the moment is what varies.
    time.sleep(milliseconds / 1000)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode in (0, -2, 2), err
    assert process.returncode != 2 or LOST_CHILD in err or "Interrupt" in err or "130" in err
    wait_until(lambda: not left(process), "all processes to be gone")
    assert not re.search(r"sh: |not found|No such file", out + err)
    assert all(status in ("", "0", "130", "2") for status in bench.recorded())


def test_ignored_signals_stay_ignored(both: tuple[Workbench, bool]) -> None:
    """As with nohup, or in the background of a script: SIGHUP and SIGINT have no effect."""
    bench, _ = both
    (bench.tree / "Makefile").write_text(
        GUARDED.format(rules="short: ; @sleep 1.125; echo done") if both[1] else "short: ; @sleep 1.125; echo done\n"
    )
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"trap '' INT HUP; exec {bench.make} short"],
        cwd=bench.tree,
        env=bench.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_process(process.pid, "sleep", "1.125")
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGHUP)
    assert process.communicate(timeout=HANG_S)[0] == "done\n"
    assert process.returncode == 0


@pytest.mark.parametrize("goals", [("long",), ("-j3", "a", "b"), ("-k", "two", "long")])
def test_a_sigterm_to_make_alone_reaches_the_command(both: tuple[Workbench, bool], goals: tuple[str, ...]) -> None:
    """A supervisor that knows only make's process id ends the command with it: at once, as bare make does."""
    bench, recorded = both
    process = start(bench, *goals)
    wait_for_process(process.pid, "sleep", "3631.25")
    os.kill(process.pid, signal.SIGTERM)
    ends_like_bare_make(process, signal.SIGTERM)
    assert bench.recorded() == (["143"] if recorded else [])


def test_perl_is_the_launcher_where_env_is_too_old(bench: Workbench, make: str) -> None:
    """Signals have the same effect, and SIGINT is not ignored."""
    bench.make = make
    bench.write(RULES, ["long"])
    bench.agree()
    (bench.config / "launcher").write_text(f"another:system /bin/false\n{system.name()} {needs('perl')}\n")
    for number in (signal.SIGTERM, signal.SIGINT):
        process = start(bench, "long")
        wait_for_process(process.pid, "sleep", "3631.25")
        (os.kill if number == signal.SIGTERM else os.killpg)(process.pid, number)
        ends_like_bare_make(process, number)
    assert sorted(bench.recorded()) == ["130", "143"]


def test_without_a_launcher_the_command_runs_in_the_foreground(bench: Workbench, make: str) -> None:
    """If none was found, or only on another system, everything but the moment of a SIGTERM is the same."""
    bench.make = make
    bench.write(RULES, ["long", "short"])
    bench.agree()
    for content in (
        "",
        "another:system /bin/false\n",
        f"{system.name()} \n",
        f"{system.name()} /nonexistent\n",
    ):
        (bench.config / "launcher").write_text(content)
        process = start(bench, "long")
        wait_for_process(process.pid, "sleep", "3631.25")
        os.killpg(process.pid, signal.SIGINT)
        ends_like_bare_make(process, signal.SIGINT)
    process = start(bench, "short")
    wait_for_process(process.pid, "sleep", "1.125")
    os.kill(process.pid, signal.SIGTERM)
    ends_like_bare_make(process, signal.SIGTERM)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "mksh", "yash", "ksh93", "zsh"])
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_no_shell_prints_more_about_a_signal(bench: Workbench, shell: str, number: signal.Signals) -> None:
    """Whatever /bin/sh is: on SIGHUP or SIGTERM to the group it prints nothing that bare make does not."""
    bench.write("long: ; @exec sleep 3631.25\n", ["long"])
    bench.agree()
    said: list[list[str]] = []
    for variables in ({"DO_NOT_TRACK": "1"}, {}):
        process = subprocess.Popen(
            with_sh(needs(shell), bench.config, bench.make, "long"),
            cwd=bench.tree,
            env={**bench.environment, **variables},
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        wait_for_process(process.pid, "sleep", "3631.25")
        os.killpg(process.pid, number)
        said.append(process.communicate(timeout=HANG_S)[1].splitlines())
    assert len(bench.recorded()) == 1
    # What make itself says differs by chance: see LOST_CHILD.
    assert [[line for line in lines if not line.startswith("make: ***")] for lines in said] == [[], []]


def test_a_reporter_that_cannot_be_started_fails_no_command(bench: Workbench) -> None:
    """If the system has no process left (EAGAIN), the command keeps its status, and nothing is printed."""
    bench.write("short: ; @echo short\n", ["short"])
    bench.agree()
    (bench.config / "interpreter").write_text(f"{PYTHON}\n")
    # dash forks with this call for the command, and then for the reporter; make uses other calls.
    command = [needs("strace"), "-f", "-qq", "-o", "/dev/null", "-e", "inject=clone:error=EAGAIN:when=2"]
    command += [bench.make, "short"]
    result = subprocess.run(
        command,
        cwd=bench.tree,
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "short\n", "")
    assert bench.recorded() == ["0"]


@pytest.mark.parametrize("status", [0, 3])
def test_a_failed_fork_while_the_command_runs_is_not_its_failure(bench: Workbench, status: int) -> None:
    """The folder for records is missing, and no process can be started to make it: the run is not recorded."""
    bench.write(f"short: ; @echo short; exit {status}\n", ["short"])
    bench.agree()
    (bench.config / "running").touch()
    (bench.config / "pending").rmdir()
    # dash starts a program that it waits for with this call.
    command = [needs("strace"), "-f", "-qq", "-o", "/dev/null", "-e", "inject=vfork:error=EAGAIN"]
    result = subprocess.run(
        [*command, bench.make, "short"],
        cwd=bench.tree,
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2 if status else 0, "short\n")
    assert not (bench.config / "pending").exists()
