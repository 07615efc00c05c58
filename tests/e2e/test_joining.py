"""make metrics-opt-in where no Python has the reporter, as for every developer after the first."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import Workbench, wait_until

from instrumented_make import __version__

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
OFFER = "Type 'yes' or 'y' to run them: "


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this version's wheel, from which a developer's own pip installs."""
    folder = tmp_path_factory.mktemp("wheels")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture
def clone(bench: Workbench, index: Path, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write("one: ; @echo one\n", ["one"])
    bench.commit()
    bench.variables = {"PIP_FIND_LINKS": str(index), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return bench


def environment(bench: Workbench) -> Path:
    return bench.config / f"environment-{__version__}"


def test_opt_in_sets_up_the_reporter_and_asks(clone: Workbench, server: Capture) -> None:
    """The exact commands are shown first; the environment is private; the first run is delivered."""
    child = clone.terminal("metrics-opt-in")
    child.expect_exact(OFFER)
    shown = str(child.before).replace("\r\n", "\n")
    python = shutil.which("python3", path=clone.environment["PATH"])
    made = environment(clone)
    assert f"\n  {python} -I -m venv {made}\n" in shown
    install = f"-I -m pip install --only-binary :all: instrumented-make=={__version__}"
    assert f"\n  {made}/bin/python {install}\n" in shown
    assert not clone.config.exists(), "nothing is made before the answer"
    child.sendline("yes")
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


@pytest.mark.parametrize("answer", ["no", "", "later"])
def test_anything_but_a_yes_sets_nothing_up(clone: Workbench, answer: str) -> None:
    """No other question follows."""
    child = clone.terminal("metrics-opt-in")
    child.expect_exact(OFFER)
    child.sendline(answer)
    child.expect("Nothing was set up.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert not clone.config.exists()


def test_without_an_index_opt_in_explains_the_manual_setup(clone: Workbench) -> None:
    """The half-made environment is deleted."""
    clone.variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/nonexistent"}
    child = clone.terminal("metrics-opt-in")
    child.expect_exact(OFFER)
    child.sendline("y")
    child.expect("It could not be set up. To set it up by hand, with Python 3.10 or newer:")
    child.expect_exact("and then again: make metrics-opt-in")
    child.expect(pexpect.EOF)
    assert not environment(clone).exists()


def test_without_a_terminal_opt_in_explains_the_manual_setup(clone: Workbench) -> None:
    """No command runs that nobody has seen."""
    result = clone.run("metrics-opt-in")
    assert result.returncode == 2
    assert f"pip install --only-binary :all: instrumented-make=={__version__}" in result.stderr
    assert not clone.config.exists()


@pytest.mark.parametrize(
    "setting", ["export PIP_INDEX_URL := http://127.0.0.1:1/", "PIP_NO_INDEX = 1", "PIP_CERT ?= x", "https_proxy := x"]
)
def test_pip_settings_in_a_makefile_prevent_the_setup(clone: Workbench, setting: str) -> None:
    """A repository must not choose where packages come from, so the developer is told how to do it by hand."""
    makefile = clone.tree / "Makefile"
    makefile.write_text(makefile.read_text() + f"{setting}\n")
    child = clone.terminal("metrics-opt-in")
    child.expect("To set it up by hand, with Python 3.10 or newer:")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
    assert not clone.config.exists()


def test_nothing_from_the_repository_is_run(clone: Workbench) -> None:
    """Neither its modules, nor what it puts on PATH."""
    for name in ("pip", "venv", "ensurepip", "sitecustomize"):
        (clone.tree / f"{name}.py").write_text("raise SystemExit('hostile')\n")
    (clone.tree / "bin").mkdir()
    for name in ("python3", "python", "mkdir", "instrumented-make"):
        program = clone.tree / "bin" / name
        program.write_text("#!/bin/sh\necho hostile >&2\nexit 1\n")
        program.chmod(0o755)
    makefile = clone.tree / "Makefile"
    makefile.write_text(makefile.read_text() + "export PATH := $(CURDIR)/bin:$(PATH)\n")
    child = clone.terminal("metrics-opt-in")
    child.expect_exact(OFFER)
    assert f"{clone.tree}/bin" not in str(child.before)
    child.sendline("yes")
    child.expect("asked again: ")
    assert "hostile" not in str(child.before)
    child.sendline("later")
    child.expect(pexpect.EOF)
    assert environment(clone).is_dir()


def test_an_environment_of_another_version_is_replaced(clone: Workbench) -> None:
    """The offer is made again, and an interrupted setup is no obstacle."""
    old = clone.config / "environment-0.1.0" / "bin"
    old.mkdir(parents=True)
    clone.config.chmod(0o700)
    (old / "python").symlink_to(sys.executable)
    (clone.config / "interpreter").write_text(f"{old}/python\n")
    (environment(clone) / "bin").mkdir(parents=True)
    child = clone.terminal("metrics-opt-in")
    child.expect_exact(OFFER)
    child.sendline("yes")
    child.expect("asked again: ")
    child.sendline("no")
    child.expect(pexpect.EOF)
    wait_until((clone.config / "declined").exists, "the decline to be kept")


def test_a_reporter_older_than_the_include_says_so(bench: Workbench) -> None:
    """Opt-in names both versions and the upgrade command, and goes on."""
    bench.write("one: ; @echo one\n", ["one"])
    bench.commit()
    for path in (bench.tree / "Makefile.instrumented", bench.tree / ".instrumented" / "engine.mk"):
        path.write_text(path.read_text().replace(__version__, "99.0.1"))
    said = bench.opt_in()
    assert f"instrumented-make {__version__} is installed here, but this project uses 99.0.1." in said
    assert "-m pip install instrumented-make==99.0.1" in said
    assert "this project uses 99.0.1." in bench.run("metrics-status").stdout
