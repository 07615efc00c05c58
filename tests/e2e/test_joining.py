"""make metrics-opt-in where no Python has the reporter, as for every developer after the first."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import zipfile
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


WAYS = ("an index", "find-links in pip's own settings", "a file")


def give(clone: Workbench, wheel: Path, way: str) -> None:
    """Let ``clone``'s owner have the wheel in one of the ways that the guide names, and in no other."""
    # What it depends on comes from where everything comes from on this machine.
    offered = clone.home / "offered"
    offered.mkdir()
    clone.variables = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if way == "an index":
        page = offered / "simple" / "instrumented-make"
        page.mkdir(parents=True)
        (page / wheel.name).write_bytes(wheel.read_bytes())
        (page / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>\n')
        clone.variables["PIP_EXTRA_INDEX_URL"] = f"{offered.as_uri()}/simple"
    elif way == "find-links in pip's own settings":
        (clone.home / ".config" / "pip").mkdir(parents=True)
        (clone.home / ".config" / "pip" / "pip.conf").write_text(f"[global]\nfind-links = {wheel.parent}\n")
    else:
        made = str(environment(clone))
        install = [f"{made}/bin/python", "-I", "-m", "pip", "install", str(wheel)]
        for command in (["python3", "-I", "-m", "venv", made], install):
            subprocess.run(command, env=clone.environment, check=True, stdout=subprocess.DEVNULL)


@pytest.mark.parametrize("way", WAYS)
def test_one_command_and_two_answers(clone: Workbench, server: Capture, wheel: Path, way: str) -> None:
    """It is set up in a private environment, in one line; then the question comes, and the first run is delivered."""
    give(clone, wheel, way)
    child = clone.terminal("metrics-opt-in")
    if way != "a file":
        child.expect("Set it up now\\? \\(yes or no\\) ")
        assert not environment(clone).exists()
        child.sendline("yes")
        child.expect("\nSetting it up: =+ done\r\n")
    child.expect("asked again: ")
    child.sendline("yes\n")
    child.expect("Thank you")
    child.expect(pexpect.EOF)
    made = environment(clone)
    assert stat.S_IMODE(clone.config.stat().st_mode) == 0o700
    assert (clone.config / "interpreter").read_text() == f"{made}/bin/python\n"
    assert clone.run("one").stdout == "one\n"
    server.wait_for(1)
    assert clone.run("metrics-status").returncode == 0
    said = clone.run("metrics-opt-out").stdout
    assert f"The reporter is still installed. To delete it: rm -r {made}\n" in said
    assert made.is_dir()


@pytest.mark.parametrize("answer", ["no", "", "\x04"])
def test_without_a_yes_the_commands_are_printed(clone: Workbench, answer: str) -> None:
    """On a terminal and without one; nothing is created, and pasted as they are they do the same."""
    child = clone.terminal("metrics-opt-in")
    child.expect("Set it up now")
    child.send(answer if answer == "\x04" else f"{answer}\n")
    child.expect(pexpect.EOF)
    printed = str(child.before).replace("\r", "")
    told = clone.run("metrics-opt-in")
    assert (told.returncode, told.stdout) == (2, "Decision: none yet\n")
    commands = [line for line in told.stderr.splitlines() if line.startswith("  ")]
    assert len(commands) == 2
    assert "\n".join(commands) in printed
    assert not clone.config.exists()


def test_the_printed_commands_set_it_up(clone: Workbench, wheel: Path) -> None:
    """Those for a wheel that is known by its hash, too."""
    pin(clone, wheel)
    commands = [line for line in clone.run("metrics-opt-in").stderr.splitlines() if line.startswith("  ")]
    assert len(commands) == 4
    pasted = "\n".join(["set -e", *commands])
    subprocess.run(["sh"], input=pasted, cwd=clone.tree, env=clone.environment, text=True, check=True)
    child = clone.terminal("metrics-opt-in")
    child.expect("asked again: ")


def pin(clone: Workbench, wheel: Path) -> None:
    """Have the catalog of ``clone`` name ``wheel``."""
    command = [sys.executable, "-m", "generator", "render", "--wheels", str(wheel.parent)]
    subprocess.run(command, cwd=clone.tree, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


@pytest.mark.parametrize("same", [True, False])
def test_a_wheel_that_the_catalog_names_is_the_only_one(clone: Workbench, wheel: Path, same: bool) -> None:
    """Another file of the same name and version is refused: pip says so, and what was made asks nothing."""
    pin(clone, wheel)
    if not same:
        changed = clone.home / "changed"
        changed.mkdir()
        shutil.copy(wheel, changed)
        with zipfile.ZipFile(changed / wheel.name, "a") as archive:
            archive.writestr("more.py", "")
        clone.variables["PIP_FIND_LINKS"] = str(changed)
    child = clone.terminal("metrics-opt-in")
    child.expect("Set it up now")
    child.sendline("yes")
    if same:
        child.expect("asked again: ")
        return
    child.expect(pexpect.EOF)
    child.close()
    assert "DO NOT MATCH THE HASHES" in str(child.before)
    assert child.exitstatus == 2
    assert not (clone.config / "metrics.json").exists()


def test_a_makefile_does_not_choose_where_it_comes_from(clone: Workbench) -> None:
    """Set-up has the person's own environment, not what the makefile exports, and its pip and venv are Python's."""
    marker = clone.home / "hostile"
    for name in ("pip", "venv", "ensurepip", "sitecustomize", "instrumented_make"):
        (clone.tree / f"{name}.py").write_text(f"open({str(marker)!r}, 'w')\n")
    program = clone.tree / "bin" / "xargs"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n: >{marker}\n")
    program.chmod(0o755)
    exports = "export PATH := $(CURDIR)/bin:$(PATH)\nexport PYTHONPATH := $(CURDIR)\nexport PIP_FIND_LINKS :=\n"
    exports += "export PIP_INDEX_URL := http://127.0.0.1:9\nexport PIP_CONFIG_FILE := $(CURDIR)/pip.conf\n"
    (clone.tree / "pip.conf").write_text("[global]\nno-index = true\n")
    makefile = clone.tree / "Makefile"
    makefile.write_text(makefile.read_text() + exports)
    child = clone.terminal("metrics-opt-in")
    child.expect("Set it up now")
    child.sendline("yes")
    child.expect("asked again: ")
    assert not marker.exists()


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
