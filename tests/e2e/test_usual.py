"""make metrics-hints: before a command that usually takes long, make's terminal says how long it took."""

from __future__ import annotations

import contextlib
import os
import signal
import time

import pexpect
import pytest
from workbench import HANG_S, INSTALLED, PYTHON, Workbench, needs, processes, wait_until

from instrumented_make.properties import Value
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import open_outbox

MADE = {"slow": 720_000, "quick": 900, "rare": 720_000, "slow other": 30_000, "failing": 720_000, "trial": 720_000}
GOALS = ["slow", "quick", "rare", "other", "failing", "trial"]
SAID = "usually 11.9 min (half of your last 20 took 10.7 min to 13.0 min)\r\n"


@pytest.fixture
def known(bench: Workbench) -> Workbench:
    """Somebody who keeps events: of most commands 25, the first five of which took no time."""
    bench.write("".join(f"{name}: ; @echo made $@\n" for name in GOALS), GOALS)
    bench.opt_in("local")
    events = []
    for command, usual in MADE.items():
        for number in range(4 if command == "rare" else 25):
            properties: dict[str, Value] = {
                "command": command,
                "duration_ms": 1 if number < 5 and command != "rare" else usual * (70 + 2 * number) // 100,
                "exit_status": 2 if command == "failing" else 0,
                "is_test": "yes" if command == "trial" else "false",
            }
            events.append(Event(f"{command}{number}", "id", "e", "2026-01-01T00:00:00+00:00", properties))
    with open_outbox(bench.config / "outbox.sqlite3") as outbox:
        assert outbox.add(events, (), time.time(), lambda: True)
    return bench


def told(bench: Workbench, *goals: str, variables: dict[str, str] | None = None) -> str:
    """What is on the terminal of a make of ``goals``."""
    child = bench.terminal(*goals, variables=variables)
    child.expect(pexpect.EOF)
    child.close()
    bench.background_ended()
    return str(child.before)


def test_before_what_takes_long_the_terminal_says_how_long(known: Workbench) -> None:
    """For who wants it only; not before other commands, nor where too little is known."""
    assert told(known, "slow") == "made slow\r\n"
    assert "To hear how long it usually takes: make metrics-hints" in known.run("metrics-hints").stdout
    assert "make says how long a command usually takes" in known.run("metrics-hints", "ARGS=on").stdout
    assert told(known, "slow") == f"{SAID}made slow\r\n"
    assert told(known, "slow", "other").startswith(
        "usually 29.7 s (half of your last 20 took 26.9 s to 32.5 s)\r\nmade"
    )
    for goal in ("quick", "rare", "other", "failing", "trial"):
        assert told(known, goal) == f"made {goal}\r\n"
    assert "Hints:" in known.run("metrics-status").stdout
    assert "make says nothing before a command." in known.run("metrics-hints", "ARGS=off").stdout
    assert told(known, "slow") == "made slow\r\n"


def test_only_a_terminal_is_told(known: Workbench) -> None:
    """Standard output has not one byte more, and a standard error that is kept has none either."""
    known.run("metrics-hints", "ARGS=on")
    done = known.run("slow")
    assert (done.stdout, done.stderr) == ("made slow\n", "")
    captured = known.home / "captured"
    child = pexpect.spawn(
        "/bin/sh", ["-c", f"make slow >{captured}"], cwd=str(known.tree), env=known.environment, encoding="utf-8"
    )
    child.expect(pexpect.EOF, timeout=HANG_S)
    assert str(child.before) == SAID
    assert captured.read_text() == "made slow\n"
    for variables in ({"DO_NOT_TRACK": "1"}, {"CI": "true"}):
        assert told(known, "slow", variables=variables) == "made slow\r\n"


def test_the_reporter_keeps_them_up_to_date(known: Workbench) -> None:
    """After a run; a full history does not bring them to who does not want them, and opting out deletes them."""
    known.run("metrics-hints", "ARGS=on")
    hints = known.config / "hints"
    before = hints.read_text()
    assert before.splitlines()[0].startswith("slow\tusually 11.9 min")
    hints.write_text("")
    assert told(known, "quick") == "made quick\r\n"
    assert hints.read_text() == before
    known.run("metrics-opt-out")
    assert not hints.exists()
    refused = known.run("metrics-hints", "ARGS=on", variables={"VIRTUAL_ENV": INSTALLED})
    assert refused.returncode == 2
    assert "agree first: make metrics-opt-in" in refused.stderr
    assert not hints.exists()


def test_what_is_left_of_an_agreement_prints_nothing(known: Workbench) -> None:
    """Its mark and the hints are there, but the decision is a no."""
    known.run("metrics-hints", "ARGS=on")
    assert told(known, "slow") == f"{SAID}made slow\r\n"
    decision = known.config / "metrics.json"
    decision.write_text(decision.read_text().replace('"local"', '"decline"'))
    assert told(known, "slow") == "made slow\r\n"


@pytest.mark.parametrize("python", [True, False])
def test_hints_do_not_come_back(known: Workbench, python: bool) -> None:
    """Whoever opts out while they are being written has none, whether or not there is a Python for that."""
    interpreter = known.config / "interpreter"
    trace = known.home / "trace"
    stops = f"-qq -o {trace} -P {known.config}/outbox.sqlite3 -e inject=close:signal=SIGSTOP:when=1"
    slow = known.home / "python"
    slow.write_text(f'#!/bin/sh\nexec {needs("strace")} {stops} {PYTHON} "$@"\n')
    slow.chmod(0o755)
    interpreter.write_text(f"{slow}\n")
    child = known.terminal("metrics-hints", "ARGS=on")
    wait_until(lambda: trace.exists() and "stopped by SIGSTOP" in trace.read_text(), "the events to be read")
    [reader] = [pid for pid, line in processes().items() if line[:1] == [PYTHON] and str(known.config) in line]
    interpreter.write_text("/nonexistent/python\n")
    assert known.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED if python else ""}).returncode == 0
    with contextlib.suppress(ProcessLookupError):  # opting out has ended it
        os.kill(reader, signal.SIGCONT)
    child.expect(pexpect.EOF)
    known.background_ended()
    assert sorted(path.name for path in known.config.iterdir() if not path.name.endswith(".lock")) == [
        "declined",
        "metrics.json",
    ]


@pytest.mark.parametrize("text", ["slow\t\x1b[2Jusually\n", "slow\t" + "x" * 100_000, "slow", "", "\n\t\n"])
def test_only_a_line_of_plain_text_is_printed(known: Workbench, text: str) -> None:
    """What is damaged prints nothing."""
    (known.config / "hints").write_text(text)
    assert told(known, "slow") == "made slow\r\n"


@pytest.mark.parametrize(("answer", "wanted"), [("yes", True), ("no", False), ("", False)])
def test_they_are_asked_for_apart(bench: Workbench, answer: str, wanted: bool) -> None:
    """After the yes to the other question; anything but a yes is a no, and so is a silence."""
    bench.write("one: ; @:\n", ["one"])
    child = bench.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
    child.expect("asked again: ")
    child.sendline("yes")
    child.expect("no answer within 10 s is a no: ")
    assert (bench.config / "metrics.json").exists()
    child.sendline(answer)
    child.expect(pexpect.EOF)
    assert (bench.config / "hints").exists() == wanted


def test_no_answer_is_a_no(bench: Workbench) -> None:
    """Who only agrees, as a script does, need not know of the second question."""
    bench.write("one: ; @:\n", ["one"])
    child = bench.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
    child.expect("asked again: ")
    child.sendline("yes")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert not (bench.config / "hints").exists()
