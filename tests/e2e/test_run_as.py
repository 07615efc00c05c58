"""Commands beside make: `run --as` measures one that people agreed to, and changes nothing about it."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import (
    HANG_S,
    INSTALLED,
    PYTHON,
    RECORDER,
    WAYS,
    Workbench,
    host_of,
    processes,
    recorder_for,
    wait_for_process,
    wait_until,
)

from instrumented_make import INTERFACE

COMMANDS = "commands:\n  - compose up\n  - {name: compose down, command_type: podman}\n"


def agree(bench: Workbench, recorder: Path = RECORDER, more: str = COMMANDS) -> None:
    """Agree to have make and ``more`` measured; records stay where a test can read them."""
    catalog(bench, more)
    bench.agree(recorder)


def catalog(bench: Workbench, more: str = COMMANDS) -> None:
    bench.write("one: ; @echo one\n", ["one"])
    path = bench.tree / "targets.yaml"
    path.write_text(path.read_text() + more)
    bench.render()


def run_as(bench: Workbench, name: str = "compose up") -> list[str]:
    """What goes before a command that is measured."""
    return [f"{bench.config}/recorder-{INTERFACE}.{host_of(bench.make)}", "run", "--as", name, "--"]


def names(bench: Workbench) -> list[str]:
    """The command in each record."""
    return [record.read_text().split("\n")[1] for record in bench.records()]


class Measured:
    """A command that is measured in one of WAYS, that nobody agreed to have measured, or that is bare."""

    def __init__(self, bench: Workbench, way: str) -> None:
        self.bench, self.way = bench, way
        agree(bench, recorder_for(way) if way in WAYS else RECORDER)
        self.before = [] if way == "bare" else run_as(bench, "other" if way == "not agreed" else "compose up")

    def start(self, *command: str, **options: object) -> subprocess.Popen[str]:
        """Start ``command`` in its own session and process group, as a shell would."""
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [*self.before, *command],
            **{
                "cwd": self.bench.tree,
                "env": self.bench.environment,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                "start_new_session": True,
                **options,
            },
        )

    def recorded(self, *statuses: int) -> bool:
        """Whether runs were recorded with the ``statuses`` that subprocess gives; never unless it is measured."""
        return self.bench.recorded() == ([str(status) for status in statuses] if self.way in WAYS else [])


@pytest.fixture(params=["bare", "not agreed", *WAYS])
def measured(request: pytest.FixtureRequest, bench: Workbench) -> Measured:
    return Measured(bench, request.param)


@dataclass(frozen=True)
class Scenario:
    """One program to compare. ``before`` goes before the shell that starts it, in the shell itself."""

    name: str
    command: tuple[str, ...]
    before: str = ""
    after: str = ""
    stdin: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    recorded: bool = True
    # Where it takes the descriptor by which a parent tells a watcher, or the number of it.
    told_by_parent: bool = True


SEES = "env | grep -v '^_=' | sort; pwd; umask; ulimit -a; ls -l /proc/self/fd | sed 's/.* //' | grep -v ':\\|/proc'"
# What a program has of its process, beside its parent: signals that are ignored and blocked, priority, session.
STATE = (
    "import os, signal, sys;"
    "print([s.name for s in signal.Signals if signal.getsignal(s) == signal.SIG_IGN]);"
    "print(open('/proc/self/status').read().partition('SigBlk:')[2].splitlines()[:2]);"
    "print(os.nice(0), os.getpgrp() == os.getsid(0), sys.argv[1:])"
)
SCENARIOS = [
    Scenario("both streams", ("sh", "-c", "echo out; echo err >&2; echo more")),
    Scenario("input", ("cat",), stdin="words\nand more\n"),
    Scenario("large output", ("seq", "100000")),
    *[Scenario(f"status {status}", ("sh", "-c", f"exit {status}")) for status in (1, 2, 3, 125, 126, 127, 255)],
    *[
        Scenario(f"it dies of SIG{name}", ("sh", "-c", f"kill -{name} $$"))
        for name in ("HUP", "INT", "TERM", "KILL", "USR1", "PIPE", "ALRM")
    ],
    Scenario("arguments", ("printf", "[%s]\\n", "", "a b", "$HOME", "it's", '"', "\\", "--", "-x", "*", "\nline")),
    Scenario("its own option --as", ("echo", "--as", "x", "--project", "y", "--")),
    Scenario("what it sees", ("sh", "-c", SEES)),
    Scenario("a variable of any bytes", ("sh", "-c", SEES), variables={"ODD": "a\nb $x 'y'", "EMPTY": ""}),
    Scenario("closed streams", ("sh", "-c", "echo a; exit 3"), before="exec <&- 2>&-;"),
    Scenario(
        "extra descriptors",
        ("sh", "-c", SEES),
        before="exec 7</dev/null 8>/dev/null 200>/dev/null;",
        told_by_parent=False,
    ),
    Scenario(
        "umask and limits", ("sh", "-c", SEES), before="umask 027; ulimit -n 64; ulimit -c 0;", told_by_parent=False
    ),
    *[
        Scenario(f"{ignored} ignored", ("PYTHON", "-c", STATE, "a"), before=f"trap '' {ignored};")
        for ignored in ("INT", "HUP INT TERM", "CHLD", "PIPE", "TSTP TTIN TTOU")
    ],
    Scenario("a lower priority", ("PYTHON", "-c", STATE), before="renice -n 5 $$ >/dev/null;"),
    Scenario("a pipe that is closed", ("yes",), after="| head -n 1"),
    Scenario("no such command, by its path", ("/nowhere/command",), after="2>/dev/null"),
    Scenario("a file that cannot be run", ("/etc/passwd",), after="2>/dev/null"),
    Scenario("its children go on", ("sh", "-c", "sh -c 'sleep 0.2; echo late' & echo early"), after="| cat"),
    Scenario("a folder that is gone", ("sh", "-c", "echo here"), before="mkdir d; cd d; rmdir ../d;"),
    Scenario(
        "no environment at all", ("/bin/sh", "-c", "env | grep -v ^_ | sort"), before="exec env -i", recorded=False
    ),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
@pytest.mark.parametrize("way", ["not agreed", *WAYS])
def test_nothing_differs(bench: Workbench, way: str, scenario: Scenario) -> None:
    """Streams, status, environment, descriptors, limits and signals are those of the bare command."""
    seen = {}
    for name in ("bare", way):
        measured = Measured(bench, name)
        command = [PYTHON if word == "PYTHON" else word for word in scenario.command]
        line = shlex.join([*measured.before, *command])
        result = subprocess.run(
            ["bash", "-c", f'{scenario.before} {line} {scenario.after}; echo "status ${{PIPESTATUS[*]}}"'],
            cwd=bench.tree,
            env={**bench.environment, **scenario.variables},
            input=scenario.stdin.encode(),
            capture_output=True,
            timeout=HANG_S,
            check=False,
        )
        # bash names the process that it started, and its arguments, when a signal ends it.
        err = re.sub(rb"line 1: +\d+ ", b"line 1: ", result.stderr.replace(line.encode(), b"COMMAND"))
        seen[name] = (result.stdout, err, result.returncode)
    assert seen[way] == seen["bare"]
    watched = way in WAYS and scenario.recorded and (way != "run" or scenario.told_by_parent)
    assert len(bench.recorded()) == int(watched)


def test_the_comparison_can_fail(bench: Workbench) -> None:
    """A command that is run in another way is seen."""
    with pytest.raises(AssertionError):
        test_nothing_differs(bench, "pidfd", Scenario("its path", ("sh", "-c", "tr '\\0' ' ' </proc/$PPID/cmdline")))


# Says when it can be sent signals, and then each one that it gets, until it gets TERM or its input ends.
# A signal between Python's last look and read(2) would be told only when read returns; one that wakes a descriptor is
# told at any moment.
LISTENS = """\
import os, select, signal, sys
told, tells = os.pipe()
os.set_blocking(tells, False)
signal.set_wakeup_fd(tells)
for name in ("HUP", "INT", "QUIT", "TERM", "USR1", "WINCH", "CONT"):
    signal.signal(getattr(signal, f"SIG{name}"), lambda number, frame: None)
os.write(1, b"ready\\n")
while True:
    readable, _, _ = select.select([told, 0], [], [])
    for number in os.read(told, 99) if told in readable else b"":
        os.write(1, f"got {signal.Signals(number).name}\\n".encode())
        if number == signal.SIGTERM:
            sys.exit(5)
    if 0 in readable and not os.read(0, 1):
        break
"""


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGUSR1])
@pytest.mark.parametrize("group", [True, False])
def test_a_signal_ends_it_as_it_ends_the_bare_command(measured: Measured, number: signal.Signals, group: bool) -> None:
    """To the process that was started, or to its group: the same status, and no process is left."""
    if measured.way == "run" and number == signal.SIGKILL and not group:
        pytest.skip("its parent is killed here, so nobody is left who could tell")
    process = measured.start("sleep", "3631.25")
    command = wait_for_process(process.pid, "sleep", "3631.25")
    assert (command == process.pid) == (measured.way != "run"), "it has nobody above it"
    (os.killpg if group else os.kill)(process.pid, number)
    assert process.wait(timeout=HANG_S) == -number
    assert process.communicate()[0] == ""
    wait_until(lambda: command not in processes(), "the command to be gone")
    if measured.way == "run" and number == signal.SIGKILL:
        assert measured.bench.recorded() == [""]
    else:
        assert measured.recorded(-number)


@pytest.mark.parametrize("group", [True, False])
def test_each_signal_arrives_once(measured: Measured, group: bool) -> None:
    """A program that counts them, as one that gives up at the second, sees those that were sent."""
    if measured.way == "run" and group:
        pytest.skip("a parent cannot tell whether the group got it: see docs/limits.md")
    process = measured.start(PYTHON, "-c", LISTENS, stdin=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGTERM):
        (os.killpg if group else os.kill)(process.pid, number)
        assert process.stdout.readline() == f"got {number.name}\n"
    assert process.communicate(timeout=HANG_S)[0] == ""
    assert process.returncode == 5
    assert measured.recorded(5)


def test_a_terminal_is_a_terminal(measured: Measured) -> None:
    """The command finds its streams on it, is in the foreground, reads, and is told of keys and sizes, once each."""
    bench = measured.bench
    command = [*measured.before, PYTHON, "-c", f"import os\nprint([os.isatty(n) for n in (0, 1, 2)])\n{LISTENS}"]
    child = pexpect.spawn(
        command[0],
        command[1:],
        cwd=str(bench.tree),
        env=bench.environment,
        encoding="utf-8",
        timeout=HANG_S,
        echo=False,
    )
    child.expect_exact("[True, True, True]")
    child.expect_exact("ready")
    child.sendintr()
    child.expect_exact("got SIGINT")
    child.setwinsize(33, 99)
    child.expect_exact("got SIGWINCH")
    child.sendline("words")
    child.send("\x1c")
    child.expect_exact("got SIGQUIT")
    assert "got" not in str(child.before)
    child.sendeof()
    child.expect(pexpect.EOF)
    assert "got" not in str(child.before)
    child.close()
    assert child.exitstatus == 0
    assert measured.recorded(0)


def shell(bench: Workbench) -> pexpect.spawn[str]:
    """An interactive shell, which has shown its prompt."""
    environment = {**bench.environment, "PS1": "READY", "HISTFILE": "/dev/null"}
    child = pexpect.spawn(
        "bash", ["--norc", "-i"], cwd=str(bench.tree), env=environment, encoding="utf-8", timeout=HANG_S, echo=False
    )
    child.expect("READY")
    return child


def test_stopping_and_resuming(measured: Measured) -> None:
    """Ctrl-Z, jobs, bg and fg in an interactive shell."""
    child = shell(measured.bench)
    child.sendline(shlex.join([*measured.before, "sh", "-c", "sleep 3.125; read x; echo got $x; exit 3"]))
    wait_for_process(child.pid, "sleep", "3.125")
    child.send("\x1a")
    child.expect("Stopped")
    child.sendline("echo status=$?; jobs -l | wc -l")
    child.expect("status=148\r\n1\r\n")
    child.sendline("bg")
    child.expect("READY")
    child.sendline("wait")
    child.expect(r"Stopped *(\(tty input\))?")
    child.sendline("fg; echo status=$?")
    child.sendline("words")
    child.expect("got words")
    child.expect("status=3")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert measured.recorded(3)


def test_a_command_that_stops_itself(measured: Measured) -> None:
    """The shell sees it."""
    if measured.way == "run":
        pytest.skip("a parent stays above it, and goes on: see docs/limits.md")
    child = shell(measured.bench)
    child.sendline(shlex.join([*measured.before, "sh", "-c", "kill -STOP $$; exit 4"]))
    child.expect("Stopped")
    child.sendline("echo status=$?")
    child.expect("status=147")
    child.sendline("fg; echo status=$?")
    child.expect("status=4")
    child.sendline("exit")
    child.expect(pexpect.EOF)
    child.close()
    assert measured.recorded(4)


def test_a_terminal_that_is_closed(measured: Measured) -> None:
    """The window is closed while the command runs: it ends, and that is recorded."""
    bench = measured.bench
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(bench.tree)
        line = shlex.join([*measured.before, "sleep", "3631.25"])
        os.execve("/bin/sh", ["/bin/sh", "-c", f"{line}; exit 1"], bench.environment)  # noqa: S606
    command = wait_for_process(process, "sleep", "3631.25")
    os.close(terminal)
    os.waitpid(process, 0)
    wait_until(lambda: command not in processes(), "the command to end")
    assert measured.recorded(-1)


def test_nothing_of_the_caller_is_held(measured: Measured) -> None:
    """While it runs the watcher has none of its descriptors; a pipe ends with the command."""
    reading, writing = os.pipe()
    process = measured.start("cat", stdin=subprocess.PIPE, pass_fds=[writing])
    os.close(writing)
    if measured.way in WAYS:
        opened = [os.readlink(path) for path in Path(f"/proc/{measured.bench.watcher()}/fd").iterdir()]
        assert not any(name.startswith("pipe:") for name in opened)
    process.communicate("", timeout=HANG_S)
    assert os.read(reading, 1) == b""
    os.close(reading)
    assert measured.recorded(0)


def is_as_bare(bench: Workbench, before: list[str], **variables: str) -> bool:
    """Whether the command takes the place of what started it, and nothing is recorded."""
    process = subprocess.Popen(
        [*before, "sh", "-c", "echo $$; echo err >&2; exit 3"],
        cwd=bench.tree,
        env={**bench.environment, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=HANG_S)
    return (process.returncode, out, err, bench.recorded()) == (3, f"{process.pid}\n", "err\n", [])


@pytest.mark.parametrize(
    "variables",
    [
        {"DO_NOT_TRACK": "1"},
        {"CI": "true"},
        {"HOME": "/nonexistent"},
        {"HOME": ""},
        {"XDG_CONFIG_HOME": "/nonexistent"},
    ],
)
def test_an_environment_that_forbids_it(bench: Workbench, variables: dict[str, str]) -> None:
    agree(bench, recorder_for("run"))
    assert is_as_bare(bench, run_as(bench), **variables)


@pytest.mark.parametrize(
    "name", ["compose", "compose  up", "compose up ", "", "one", "make", 'compose up": "docker', "a\nb"]
)
def test_only_an_agreed_name_is_measured(bench: Workbench, name: str) -> None:
    """Nor does one that is not end the agreement."""
    agree(bench, recorder_for("run"))
    assert is_as_bare(bench, run_as(bench, name))
    subprocess.run([*run_as(bench, "compose down"), "true"], cwd=bench.tree, env=bench.environment, check=True)
    assert names(bench) == ["compose down"]


def test_a_target_is_no_command(bench: Workbench) -> None:
    """A target with a type of its own, which is written beside the commands."""
    bench.write("one: ; @echo one\n", "  - {name: one, command_type: make-in-docker}\n")
    bench.agree(recorder_for("run"))
    assert is_as_bare(bench, run_as(bench, "one"))
    path = bench.tree / "targets.yaml"
    path.write_text(path.read_text() + COMMANDS)
    bench.render()
    bench.agree(recorder_for("run"))
    assert is_as_bare(bench, run_as(bench, "one"))
    # In whichever order the two are written.
    decision = bench.config / "metrics.json"
    document = json.loads(decision.read_text())
    document["consent"]["collection"] = dict(reversed(document["consent"]["collection"].items()))
    decision.write_text(json.dumps(document, indent=2))
    assert is_as_bare(bench, run_as(bench, "one"))
    subprocess.run([*run_as(bench), "true"], cwd=bench.tree, env=bench.environment, check=True)
    assert names(bench) == ["compose up"]


@pytest.mark.parametrize("what", ["undecided", "declined", "no mark", "another mark", "no decision", "another's"])
def test_without_an_agreement_nothing_happens(bench: Workbench, what: str) -> None:
    agree(bench, recorder_for("run"))
    [mark] = bench.config.glob("agreed.*")
    if what == "undecided":
        mark.unlink()
        (bench.config / "metrics.json").unlink()
    elif what == "declined":
        (bench.config / "declined").touch()
    elif what == "no mark":
        mark.unlink()
    elif what == "another mark":
        mark.write_text("another\n")
    elif what == "no decision":
        (bench.config / "metrics.json").write_text("{}")
    elif os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    else:
        os.chown(bench.config, 65534, 65534)
    assert is_as_bare(bench, run_as(bench))


def test_a_recorder_elsewhere_measures_nothing(bench: Workbench) -> None:
    """Its folder is not the one that the person's variables name."""
    agree(bench)
    elsewhere = bench.home.parent / "elsewhere" / "workbench"
    shutil.copytree(bench.config, elsewhere)
    assert is_as_bare(bench, [str(next(elsewhere.glob("recorder-*"))), *run_as(bench)[1:]])
    held = bench.tree / "home"
    shutil.copytree(bench.home, held)
    in_tree = str(next(held.glob(".config/workbench/recorder-*")))
    assert is_as_bare(bench, [in_tree, *run_as(bench)[1:]], HOME=str(held))
    assert not list(bench.home.parent.rglob("*.run"))


def test_a_command_below_a_measured_one_is_not_measured(bench: Workbench) -> None:
    """Whichever of the two is a make."""
    agree(bench)
    before = shlex.join(run_as(bench))
    (bench.tree / "Makefile").write_text(f"include Makefile.instrumented\none: ; @{before} echo below\n")
    assert bench.run("one").stdout == "below\n"
    assert names(bench) == ["one"]
    [record] = bench.records()
    record.unlink()
    (bench.tree / "Makefile").write_text("include Makefile.instrumented\none: ; @echo below\n")
    command = [*run_as(bench), bench.make, "one"]
    made = subprocess.run(command, cwd=bench.tree, env=bench.environment, capture_output=True, text=True, check=True)
    assert made.stdout == "below\n"
    command = [*run_as(bench), *run_as(bench, "compose down"), "echo", "below"]
    made = subprocess.run(command, cwd=bench.tree, env=bench.environment, capture_output=True, text=True, check=True)
    assert made.stdout == "below\n"
    assert names(bench) == ["compose up", "compose up"]


def test_the_event_has_the_catalogs_name_and_type(bench: Workbench, server: Capture) -> None:
    """Nothing of the command line; the question names the commands, and how they are measured."""
    bench.host = server.host
    catalog(bench)
    shown = bench.opt_in()
    assert re.search(r"run\s+--as:\s+compose\s+up\s+\(as\s+docker\),\s+compose\s+down\s+\(as\s+podman\)", shown)
    for name, status in (("compose up", 0), ("compose down", 1), ("other", 0)):
        subprocess.run(
            [*run_as(bench, name), "sh", "-c", f"exit {status}", "planted-secret"],
            cwd=bench.tree,
            env=bench.environment,
            check=False,
        )
        bench.records()
    bench.run("one")
    events = server.wait_for(3)
    bench.background_ended()
    found = [[event["properties"][key] for key in ("command", "command_type", "exit_status")] for event in events]
    assert found == [["compose up", "docker", 0], ["compose down", "podman", 1], ["one", "make", 0]]
    assert not any("planted" in repr(request) for request in server.requests)
    for path in bench.config.rglob("*"):
        assert not path.is_file() or b"planted" not in path.read_bytes()


def test_a_record_of_a_command_that_nobody_agreed_to_is_lost(bench: Workbench, server: Capture) -> None:
    """As one that somebody has edited: it becomes no event, and is counted."""
    bench.host = server.host
    catalog(bench)
    bench.opt_in("local")
    (bench.config / "interpreter").write_text("/nonexistent/python\n")
    subprocess.run([*run_as(bench), "true"], cwd=bench.tree, env=bench.environment, check=True)
    [record] = bench.records()
    record.write_text(record.read_text().replace("compose up", "other"))
    lost = r"^Lost: +1: it could not become an event: .*not one that was agreed to$"
    environment = {"VIRTUAL_ENV": INSTALLED}
    wait_until(lambda: re.search(lost, bench.run("metrics-status", variables=environment).stdout, re.M), "the loss")


def generator(*arguments: str) -> list[str]:
    return [f"{INSTALLED}/bin/instrumented-make", "run", *arguments]


def test_the_command_line_finds_the_project(bench: Workbench) -> None:
    """By the catalog of the current folder, or by its name; what the command gets is what it gets without."""
    agree(bench)
    see = ["sh", "-c", "env | grep -v '^_=' | sort; yes | head -n 1; echo ${PIPESTATUS}; exit 3"]
    variables = {key: value for key, value in bench.environment.items() if not key.startswith("LC_")} | {"LANG": "C"}
    elsewhere = bench.home.parent / "elsewhere"
    elsewhere.mkdir()
    bare = subprocess.run(see, cwd=bench.tree, env=variables, capture_output=True, text=True, check=False)
    for arguments, folder, count in (
        (["--as", "compose up"], bench.tree, 1),
        (["--as", "compose up"], elsewhere, 1),
        (["--as", "compose up", "--project", "workbench"], elsewhere, 2),
        (["--project", "unknown", "--as", "compose up"], bench.tree, 2),
        (["--as", "unknown"], bench.tree, 2),
        ([], bench.tree, 2),
    ):
        result = subprocess.run(
            [*generator(*arguments), "--", *see], cwd=folder, env=variables, capture_output=True, text=True, check=False
        )
        where = result.stdout.replace(f"PWD={folder}\n", f"PWD={bench.tree}\n")
        assert (result.returncode, where, result.stderr) == (bare.returncode, bare.stdout, bare.stderr)
        assert bench.recorded() == ["3"] * count
    (bench.tree / "targets.yaml").write_text("project: [\n")
    assert is_as_bare_count(bench, generator("--as", "compose up", "--"), 2)


def is_as_bare_count(bench: Workbench, before: list[str], count: int) -> bool:
    """The same as ``is_as_bare`` where ``count`` runs are recorded already."""
    process = subprocess.Popen(
        [*before, "sh", "-c", "echo $$"], cwd=bench.tree, env=bench.environment, stdout=subprocess.PIPE, text=True
    )
    return process.communicate(timeout=HANG_S)[0] == f"{process.pid}\n" and len(bench.records()) == count


@pytest.mark.parametrize(
    "arguments", [["--as"], ["--as", "x"], ["--as", "x", "--"], ["--as", "x", "y"], ["--", ""][:1]]
)
def test_wrong_usage_runs_nothing(arguments: list[str]) -> None:
    result = subprocess.run([RECORDER, "run", *arguments], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("usage: recorder run")


def test_a_command_by_the_name_of_a_field_asks_for_none(bench: Workbench) -> None:
    """Who agreed to have a command called caller measured did not agree to tell who started it."""
    agree(bench, more="commands: [caller, otlp]\n")
    variables = {**bench.environment, "TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    subprocess.run([*run_as(bench, "caller"), "true"], cwd=bench.tree, env=variables, check=True)
    [record] = bench.records()
    assert record.read_text().split("\n")[8].split(" ")[2:] == []
