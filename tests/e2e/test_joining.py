"""make metrics-opt-in where no Python has the reporter, as for every developer after the first."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import Workbench

from instrumented_make import __version__

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def clone(bench: Workbench, wheel: Path, server: Capture) -> Workbench:
    """A checkout of somebody whose own pip finds this version's wheel."""
    bench.host = server.host
    bench.write("one: ; @echo one\n", ["one"])
    bench.commit()
    bench.variables = {"PIP_FIND_LINKS": str(wheel.parent), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return bench


def environment(bench: Workbench) -> Path:
    return bench.config / f"environment-{__version__}"


def test_the_two_commands_set_it_up(clone: Workbench, server: Capture) -> None:
    """Pasted as they are printed, they make a private environment; opt-in then asks, and the first run is delivered."""
    told = clone.run("metrics-opt-in")
    assert (told.returncode, told.stdout) == (2, "Decision: none yet\n")
    commands = [line for line in told.stderr.splitlines() if line.startswith("  ")]
    assert len(commands) == 2
    assert not clone.config.exists(), "it has only printed them"
    pasted = "\n".join(["set -e", *commands])
    subprocess.run(["sh"], input=pasted, cwd=clone.tree, env=clone.environment, text=True, check=True)
    made = environment(clone)
    child = clone.terminal("metrics-opt-in")
    child.expect("asked again: ")
    child.sendline("yes")
    child.expect("Thank you")
    child.expect(pexpect.EOF)
    assert stat.S_IMODE(clone.config.stat().st_mode) == 0o700
    assert (clone.config / "interpreter").read_text() == f"{made}/bin/python\n"
    assert clone.run("one").stdout == "one\n"
    server.wait_for(1)
    assert clone.run("metrics-status").returncode == 0
    said = clone.run("metrics-opt-out").stdout
    assert f"The reporter is still installed. To delete it: rm -r {made}\n" in said
    assert made.is_dir()


def test_nothing_from_the_repository_is_run(clone: Workbench) -> None:
    """Neither its modules, nor, while commands and paths are printed, what it puts on PATH."""
    for name in ("pip", "venv", "ensurepip", "sitecustomize", "instrumented_make"):
        (clone.tree / f"{name}.py").write_text("raise SystemExit('hostile')\n")
    (clone.tree / "bin").mkdir()
    for name in ("mkdir", "rm", "mv", "date", "printf"):
        program = clone.tree / "bin" / name
        program.write_text("#!/bin/sh\necho hostile >&2\nexit 1\n")
        program.chmod(0o755)
    makefile = clone.tree / "Makefile"
    makefile.write_text(makefile.read_text() + "export PATH := $(CURDIR)/bin:$(PATH)\n")
    told = clone.run("metrics-opt-in")
    assert told.returncode == 2
    assert f"{environment(clone)}/bin/python -I -m pip install" in told.stderr
    assert clone.run("metrics-opt-out").returncode == 0
    assert "hostile" not in told.stdout + told.stderr


def test_an_environment_of_another_version_is_not_taken(clone: Workbench) -> None:
    """A Python with a reporter from before 0.5 is as good as none: the two commands are printed."""
    old = clone.home / "old"
    (old / "bin").mkdir(parents=True)
    python = old / "bin" / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    clone.config.mkdir(parents=True)
    (clone.config / "interpreter").write_text(f"{python}\n")
    told = clone.run("metrics-opt-in", variables={"VIRTUAL_ENV": str(old)})
    assert told.returncode == 2
    assert f"instrumented-make=={__version__}" in told.stderr


def test_a_reporter_older_than_the_include_says_so(bench: Workbench) -> None:
    """Opt-in names both versions and the upgrade command, and goes on."""
    bench.write("one: ; @echo one\n", ["one"])
    bench.commit()
    include = bench.tree / "Makefile.instrumented"
    include.write_text(include.read_text().replace(__version__, "99.0.1"))
    said = bench.opt_in()
    assert f"instrumented-make {__version__} is installed here, but this project uses 99.0.1." in said
    assert "-m pip install instrumented-make==99.0.1" in said
    assert "this project uses 99.0.1." in bench.run("metrics-status").stdout
