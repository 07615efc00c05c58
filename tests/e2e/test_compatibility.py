"""What is out in the world keeps working: homes, repositories and decisions of 0.4.1, with today's include."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time

import pexpect
import pytest
from capture import Capture
from homes import OLD_END, OLD_START
from workbench import INSTALLED, Workbench, host_of

from instrumented_make import INTERFACE
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination, open_outbox

RULES = ".PHONY: one\none: ; @echo one\n"
AGREED = {"VIRTUAL_ENV": INSTALLED}


@pytest.fixture
def former(each_make: Workbench, server: Capture) -> Workbench:
    """Somebody who agreed under 0.4.1: its decision, and no recorder."""
    each_make.host = server.host
    each_make.write(RULES, ["one"])
    each_make.commit()
    each_make.opt_in()
    for recorder in each_make.config.glob("recorder-*"):
        recorder.unlink()
    # Of an environment that is of that version as well.
    (each_make.config / "interpreter").write_text(f"{each_make.config}/environment-0.4.1/bin/python\n")
    (each_make.config / "launcher").write_text("01234567:4026531836 /usr/bin/env\n")
    return each_make


def agreement(bench: Workbench) -> str:
    [agreed] = bench.config.glob("agreed.*")
    return f"{agreed.name.partition('.')[2]} {agreed.read_text().strip()}"


def shown(bench: Workbench, *arguments: str) -> list[str]:
    """What make prints on a terminal, in lines."""
    child = bench.terminal(*arguments)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    return str(child.before).splitlines()


def test_a_collection_has_the_digest_that_it_had(bench: Workbench) -> None:
    """So nobody who agreed is asked again because of an update."""
    bench.write(RULES, ["one"])
    assert bench.digest == "e26f3a86caf32678"


def test_what_waits_becomes_events(former: Workbench, server: Capture) -> None:
    """Runs in pending and events in the outbox; a run that was going on, which has no end, does no harm."""
    start = OLD_START.replace(b"digest agreement", agreement(former).encode())
    for name, end in (("1764000000-7", OLD_END), ("1764000000-8", b"130 1764000009 109.25\n"), ("1764000000-9", b"\n")):
        (former.config / "pending" / f"{name}.start").write_bytes(start)
        (former.config / "pending" / f"{name}.end").write_bytes(end)
    destination = Destination(server.host, "test-key")
    waiting = Event("old", "someone", "devstack.command.run", "2026-01-01T00:00:00.000000+00:00", {"command": "one"})
    with open_outbox(former.config / "outbox.sqlite3") as outbox:
        outbox.add([waiting], [destination], time.time())
    assert former.run("metrics-status", variables=AGREED).returncode == 0
    assert former.reporter("run").returncode == 0
    events = server.events
    assert len(events) == 3
    assert "old" in {event["messageId"] for event in events}
    found = {event["properties"].get("exit_status"): event["properties"].get("duration_ms") for event in events}
    assert found == {None: None, 0: 5000, -2: 9000}
    assert sorted(path.name for path in (former.config / "pending").iterdir()) == [
        "1764000000-9.end",
        "1764000000-9.start",
    ]
    assert "Lost" not in former.run("metrics-status", variables=AGREED).stdout


def test_who_has_agreed_is_told_once_and_asked_nothing(former: Workbench, server: Capture) -> None:
    """One line a day on a terminal; opting in again sets the recorder up, and keeps the id and the agreement."""
    before = json.loads((former.config / "metrics.json").read_text())
    result = former.run("one")
    assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    line, said = shown(former, "one")
    assert (line.startswith("workbench: "), "make metrics-opt-in" in line, said) == (True, True, "one")
    assert shown(former, "one") == ["one"]
    assert re.search(r"^Recorder: +none for this", former.run("metrics-status", variables=AGREED).stdout, re.M)
    told = former.run("metrics-opt-in", variables=AGREED)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("You have agreed already.")
    assert (former.config / f"recorder-{INTERFACE}.{host_of(former.make)}").exists()
    assert json.loads((former.config / "metrics.json").read_text()) == before
    assert former.run("one").returncode == 0
    [event] = server.wait_for(1)
    assert event["userId"] == before["anonymous_user_id"]
    former.background_ended()


def test_opting_out_deletes_what_earlier_versions_left(former: Workbench) -> None:
    """Also without Python."""
    for name in ("reporting", "running", "left-to-the-next"):
        (former.config / name).write_text("1\n")
    (former.config / "pending" / "1764000000-7.start").write_bytes(OLD_START)
    assert former.run("metrics-opt-out").returncode == 0
    kept = {path.name for path in former.config.iterdir() if not path.name.endswith(".lock")}
    assert kept == {"metrics.json", "declined"}


GUARD = "-include Makefile.instrumented\nifndef INSTRUMENTED\n{rules}endif\n"
GNUMAKEFILE = "-include Makefile.instrumented\nifndef INSTRUMENTED\nMAKEFILE_LIST :=\ninclude Makefile\nendif\n"


@pytest.mark.parametrize("wiring", ["Makefile", "GNUmakefile"])
def test_an_old_guard_is_harmless_and_named(each_make: Workbench, wiring: str) -> None:
    """The rules in it are read, the run is recorded, and check warns of the guard and of the old folder."""
    each_make.write(RULES, ["one"], wired=False)
    (each_make.tree / wiring).write_text(GUARD.format(rules=RULES) if wiring == "Makefile" else GNUMAKEFILE)
    (each_make.tree / ".instrumented").mkdir()
    each_make.agree()
    for arguments in (["one"], []):
        result = each_make.run(*arguments)
        assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    assert each_make.recorded() == ["0"]
    found = {finding["name"]: (finding["severity"], finding["path"]) for finding in checked(each_make)}
    assert found["old-guard"] == ("warning", str(each_make.tree / wiring))
    assert found["old-folder"][0] == "warning"
    shutil.rmtree(each_make.tree / ".instrumented")
    each_make.write(RULES, ["one"])
    (each_make.tree / "GNUmakefile").unlink(missing_ok=True)
    assert checked(each_make) == []


def checked(bench: Workbench) -> list[dict[str, str]]:
    """What check finds, which is no error."""
    command = [sys.executable, "-m", "generator", "check", "--format", "json"]
    result = subprocess.run(command, cwd=bench.tree, env=bench.environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    found: list[dict[str, str]] = json.loads(result.stdout)
    return found
