"""The one gate that everything that records, starts or sends passes: whose decision it is, and that off means off."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from homes import deliver_at_once
from workbench import INSTALLED, Workbench, processes, wait_until

from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record

RULES = ".PHONY: one two\none two: ; @echo $@\n"
NOWHERE = "/nonexistent/python\n"


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(RULES, ["one", "two"])
    bench.opt_in()
    return bench


def look(bench: Workbench, goal: str, **variables: str) -> str:
    result = bench.run(f"metrics-{goal}", variables={"VIRTUAL_ENV": INSTALLED, **variables})
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


def edited(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


LEFT: dict[str, Callable[[Path], object]] = {
    "removed": lambda home: (home / "metrics.json").unlink(),
    "emptied": lambda home: (home / "metrics.json").write_text(""),
    "another": lambda home: edited(home / "metrics.json", '"agreement": "', '"agreement": "0'),
    "no": lambda home: edited(home / "metrics.json", '"report"', '"decline"'),
    "the old no": lambda home: edited(home / "metrics.json", '"report"', "false"),
    "declined": lambda home: (home / "declined").touch(),
}


@pytest.mark.parametrize("left", LEFT)
def test_a_mark_without_its_decision_records_nothing(consenting: Workbench, server: Capture, left: str) -> None:
    """An editor, a sync tool or rm leaves what tells make: it goes, nothing is recorded, and status says the same."""
    (consenting.config / "interpreter").write_text(NOWHERE)
    LEFT[left](consenting.config)
    assert consenting.run("one").stdout == "one\n"
    assert consenting.recorded() == []
    assert not list(consenting.config.glob("agreed.*"))
    said = look(consenting, "status").splitlines()[0]
    assert said.startswith("Decision: ")
    assert "nothing is measured" in said
    assert server.requests == []


def test_a_no_outlives_a_restored_yes(consenting: Workbench, server: Capture) -> None:
    """A backup of the folder, put back over it, agrees for nobody; answering again does."""
    backup = consenting.home / "backup"
    shutil.copytree(consenting.config, backup)
    consenting.run("metrics-opt-out")
    shutil.copytree(backup, consenting.config, dirs_exist_ok=True)
    consenting.run("one")
    consenting.background_ended()
    assert not list(consenting.config.glob("pending/*"))
    assert look(consenting, "status").startswith("Decision: no, since ")
    consenting.opt_in()
    consenting.run("two")
    [event] = server.wait_for(1)
    assert event["properties"]["command"] == "two"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("variables", [{}, {"DO_NOT_TRACK": "1"}, {"CI": "true"}], ids=["", "DO_NOT_TRACK", "CI"])
@pytest.mark.parametrize("goal", ["status", "show", "stats"])
def test_looking_never_sends(consenting: Workbench, server: Capture, goal: str, variables: dict[str, str]) -> None:
    """It reads what has ended, unless the environment forbids to record; the next run sends."""
    interpreter = (consenting.config / "interpreter").read_text()
    (consenting.config / "interpreter").write_text(NOWHERE)
    consenting.run("one")
    consenting.records()
    assert len(record(ConfigDir(consenting.config), Repositories())) == 1
    consenting.run("two")
    assert consenting.recorded() == ["0"]
    (consenting.config / "interpreter").write_text(interpreter)
    # A look that takes too long on a busy machine reads nothing.
    wait_until(lambda: look(consenting, goal, **variables) and (variables or not consenting.recorded()), "a look")
    consenting.background_ended()
    assert server.requests == []
    assert consenting.recorded() == (["0"] if variables else [])
    consenting.run("one")
    server.wait_for(3)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(
    "variables", [{"HOME": "/nonexistent"}, {"XDG_CONFIG_HOME": "/nonexistent"}, {"DO_NOT_TRACK": "1"}, {"CI": "true"}]
)
def test_a_reporter_asks_the_environment_again(
    consenting: Workbench, server: Capture, variables: dict[str, str]
) -> None:
    """It works only where its person's variables lead, and where none forbids it."""
    (consenting.config / "interpreter").write_text(NOWHERE)
    consenting.run("one")
    assert consenting.recorded() == ["0"]
    assert consenting.reporter("run", variables=variables).returncode == 0
    assert consenting.recorded() == ["0"]
    assert server.requests == []
    assert consenting.reporter("run").returncode == 0
    server.wait_for(1)


@pytest.mark.parametrize("line", ["export {0} := 0", "{0} := 0", "unexport {0}", "undefine {0}"])
@pytest.mark.parametrize("name", ["DO_NOT_TRACK", "CI"])
def test_a_makefile_cannot_undo_what_the_person_set(consenting: Workbench, name: str, line: str) -> None:
    """Neither for a run, nor for looking; status says why nothing is measured."""
    (consenting.config / "interpreter").write_text(NOWHERE)
    consenting.run("one")
    assert consenting.recorded() == ["0"]
    makefile = consenting.tree / "Makefile"
    makefile.write_text(f"{line.format(name)}\n{makefile.read_text()}")
    consenting.run("two", variables={name: "1"})
    said = look(consenting, "status", **{name: "1"})
    assert re.search(rf"^Here: +not measured: {name} is set", said, re.M)
    assert consenting.recorded() == ["0"], "it was not read"


@pytest.mark.parametrize("line", ["CI ?= false", "export CI := true", "DO_NOT_TRACK := 1", "export DO_NOT_TRACK := 1"])
def test_what_a_makefile_sets_below_the_line_neither_counts_nor_is_told(
    consenting: Workbench, server: Capture, line: str
) -> None:
    """The run is measured, and status does not say otherwise."""
    with (consenting.tree / "Makefile").open("a") as makefile:
        makefile.write(f"{line}\n")
    consenting.run("one")
    server.wait_for(1)
    assert "not measured" not in look(consenting, "status")


def test_the_reporter_has_the_environment_that_make_was_given(consenting: Workbench, server: Capture) -> None:
    """A makefile's proxy reads no event, whatever is exported above the include."""
    makefile = consenting.tree / "Makefile"
    exported = "HTTPS_PROXY := http://192.0.2.1", "REQUESTS_CA_BUNDLE := /nowhere", "PATH := $(CURDIR):$(PATH)"
    makefile.write_text("".join(f"export {line}\n" for line in exported) + makefile.read_text())

    environments: list[str] = []

    def are_known() -> bool:
        for process, line in processes().items():
            if "instrumented_make.reporter" in line and str(consenting.config) in line:
                with contextlib.suppress(OSError):
                    environments.append(Path(f"/proc/{process}/environ").read_text())
        return any(environments)

    consenting.run("one")
    wait_until(are_known, "a reporter")  # it lingers for two seconds
    given = dict(line.split("=", 1) for line in max(environments).split("\0") if line)
    assert {name: given.get(name) for name in ("HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "PATH")} == {
        "HTTPS_PROXY": None,
        "REQUESTS_CA_BUNDLE": None,
        "PATH": consenting.environment["PATH"],
    }
    server.wait_for(1)


@pytest.mark.parametrize("python", [True, False])
@pytest.mark.parametrize("decided", [False, True])
@pytest.mark.parametrize("goal", ["status", "show", "stats", "opt-in", "opt-out"])
def test_root_leaves_nothing_in_anothers_home(bench: Workbench, goal: str, decided: bool, python: bool) -> None:
    """sudo make keeps HOME, and its owner could not use a lock or a folder that belongs to root."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    bench.write(RULES, ["one"])
    if decided:
        bench.agree()
        (bench.config / "metrics.json").chmod(0o644)
        program = bench.home.parent / "program"
        program.write_text(f"#!/bin/sh\ntouch {bench.home.parent}/executed\n")
        program.chmod(0o755)
        (bench.config / "interpreter").write_text(f"{program}\n")
    else:
        bench.config.mkdir(parents=True)
    for path in [bench.home, *bench.home.rglob("*")]:
        os.chown(path, 12345, 12345)
    before = states(bench.home)
    said = look(bench, goal, VIRTUAL_ENV=INSTALLED if python else "")
    assert str(bench.config) in said
    assert "belongs to somebody else" in said
    assert not (bench.home.parent / "executed").exists()
    assert states(bench.home) == before


def states(folder: Path) -> dict[Path, tuple[int, ...]]:
    """What is known of each file but when it was read, which looking changes."""
    found = ((path, path.stat()) for path in folder.rglob("*"))
    return {
        path: (at.st_mode, at.st_uid, at.st_gid, at.st_size, at.st_ino, at.st_mtime_ns, at.st_ctime_ns)
        for path, at in found
    }


def test_the_home_is_checked_before_the_question(bench: Workbench) -> None:
    """Nobody answers in vain."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    bench.write(RULES, ["one"])
    os.chown(bench.home, 12345, 12345)
    child = bench.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
    child.expect(pexpect.EOF)
    child.close()
    assert "belongs to somebody else" in str(child.before)
    assert "Tracked:" not in str(child.before)


def test_a_server_cannot_write_to_the_terminal(consenting: Workbench, server: Capture) -> None:
    """What it gives as a reason is shown as text, on one line."""
    refusal = json.dumps({"code": "x", "message": "\x1b]0;owned\x07\r\nDecision: no"}).encode()
    server.answers = [(400, {}, refusal)]
    (consenting.config / "interpreter").write_text(NOWHERE)
    consenting.run("one")
    consenting.records()
    home = ConfigDir(consenting.config)
    record(home, Repositories())
    deliver_at_once(home)
    said = look(consenting, "status")
    assert "owned" in said
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", said)
    assert said.count("\nDecision:") == 0
