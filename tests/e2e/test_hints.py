"""Each hint of the commands that a developer types is followed to the letter, and then the command goes on."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import INSTALLED, Workbench, another_python, needs, tmpfs

from instrumented_make import __version__
from instrumented_make.errors import UserError
from instrumented_make.reporter.config_dir import ConfigDir

ROOT = Path(__file__).resolve().parents[2]
NEWER = "99.0.1"
MEND = "when that is mended, run this again; nothing was changed"

# What is broken, until somebody does as the hint says; the goals that print it, and the hint.
Story = Iterator[tuple[list[str], str]]


@pytest.fixture
def somebody(bench: Workbench, server: Capture) -> Workbench:
    """Somebody who was not asked yet."""
    bench.host = server.host
    bench.write(".PHONY: one\none: ; @echo one\n", ["one"])
    bench.commit()
    bench.variables = {"VIRTUAL_ENV": INSTALLED}
    return bench


def said(bench: Workbench, goals: list[str]) -> tuple[int, str]:
    """The exit status, and what is said on a terminal, where somebody agrees if asked."""
    child = bench.terminal(*goals)
    at = child.expect(["asked again: ", pexpect.EOF, "Set it up now"])
    assert at != 2, "the Python with the reporter was not found"
    if at == 0:
        child.sendline("yes\n")
        child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus is not None
    return child.exitstatus, str(child.before).replace("\r", "")


def missing_home(bench: Workbench) -> Story:
    bench.home = bench.home / "new"
    yield ["metrics-opt-in"], "Create it, or call make as its owner."
    bench.home.mkdir()


def home_that_cannot_be_used(bench: Workbench) -> Story:
    bench.variables["XDG_CONFIG_HOME"] = str(bench.tree / "config")
    yield ["metrics-opt-in"], "There is nowhere to keep your decision: HOME and XDG_CONFIG_HOME are"
    del bench.variables["XDG_CONFIG_HOME"]


def somebody_elses(bench: Workbench) -> Story:
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    with tempfile.TemporaryDirectory() as home:  # the test's own folder is for root alone
        bench.home = Path(home)
        os.chown(home, 12345, 12345)
        yield ["metrics-opt-in"], "Create it, or call make as its owner."
        # This user reads what the test has made, which is root's.
        may = "+dac_override"
        owner = [needs("setpriv"), "--reuid=12345", "--regid=12345", "--clear-groups", f"--inh-caps={may}"]
        wrapper = bench.tree / "make"
        wrapper.write_text(f'#!/bin/sh\nexec {" ".join(owner)} --ambient-caps={may} {bench.make} "$@"\n')
        wrapper.chmod(0o755)
        bench.make = str(wrapper)
        yield [], ""


def read_only(bench: Workbench) -> Story:
    with tmpfs(bench.home / ".config", "size=4m"):
        subprocess.run(["mount", "-o", "remount,ro", str(bench.home / ".config")], check=True)
        yield ["metrics-opt-in"], MEND
        subprocess.run(["mount", "-o", "remount,rw", str(bench.home / ".config")], check=True)
        yield [], ""


def no_folder(bench: Workbench) -> Story:
    (bench.home / ".config").write_text("")
    yield ["metrics-opt-in"], MEND
    (bench.home / ".config").unlink()


def no_programs(bench: Workbench) -> Story:
    with tmpfs(bench.home / ".config", "size=4m,noexec"):
        hint = "its folder must allow programs (no noexec), and the wheel be for this system; nothing was changed"
        yield ["metrics-opt-in"], hint
        subprocess.run(["mount", "-o", "remount,exec", str(bench.home / ".config")], check=True)
        yield [], ""


def render(bench: Workbench) -> None:
    command = [sys.executable, "-m", "generator", "render"]
    subprocess.run(command, cwd=bench.tree, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


def edited_by_hand(bench: Workbench) -> Story:
    include = bench.tree / "Makefile.instrumented"
    text = include.read_text()
    assert '"event": "' in text
    include.write_text(text.replace('"event": "', '"event": "my ', 1))
    yield ["metrics-status"], "render it again: instrumented-make render"
    render(bench)


def no_system(bench: Workbench) -> Story:
    include = bench.tree / "Makefile.instrumented"
    include.write_text(re.sub(r"--host '.*?'", "--host ''", include.read_text()))
    yield ["metrics-opt-in"], "render it again: instrumented-make render"
    render(bench)


def hints_without_agreement(bench: Workbench) -> Story:
    yield ["metrics-hints", "ARGS=on"], "agree first: make metrics-opt-in"
    assert said(bench, ["metrics-opt-in"])[0] == 0


def another_reader(bench: Workbench) -> Story:
    assert said(bench, ["metrics-opt-in"])[0] == 0
    bench.background_ended()
    catalog = bench.tree / "targets.yaml"
    catalog.write_text(catalog.read_text() + "fields: [git_dirty]\n")
    bench.render()
    with (bench.config / "recording.lock").open("a") as recording:
        fcntl.flock(recording, fcntl.LOCK_EX)
        yield ["metrics-opt-in"], "try again in a moment; nothing was changed"


def no_decline(bench: Workbench) -> Story:
    (bench.home / ".config").write_text("")
    yield ["metrics-opt-out"], "opt out again once this is fixed; until then you may see reminders"
    (bench.home / ".config").unlink()


def measure(bench: Workbench) -> None:
    """Agree, and run a command."""
    assert said(bench, ["metrics-opt-in"])[0] == 0
    assert bench.run("one").returncode == 0
    bench.background_ended()


def linked_outbox(bench: Workbench) -> Story:
    measure(bench)
    elsewhere = bench.home / "elsewhere"
    (bench.config / "outbox.sqlite3").rename(elsewhere)
    (bench.config / "outbox.sqlite3").symlink_to(elsewhere)
    yield ["metrics-opt-out"], "delete it yourself"
    elsewhere.unlink()


def unreadable_runs(bench: Workbench) -> Story:
    measure(bench)
    pending = bench.config / "pending"
    python = bench.home / "python"
    inject = f"-qq -f -o /dev/null -P {pending} -e inject=getdents64:error=EIO"
    python.write_text(f'#!/bin/sh\nexec {needs("strace")} {inject} {INSTALLED}/bin/python "$@"\n')
    python.chmod(0o755)
    (bench.config / "interpreter").write_text(f"{python}\n")
    yield ["metrics-opt-out"], "delete its contents yourself"
    shutil.rmtree(pending)


def outbox_in_use(bench: Workbench) -> Story:
    measure(bench)
    with closing(sqlite3.connect(bench.config / "outbox.sqlite3")) as outbox:
        outbox.execute("BEGIN EXCLUSIVE")
        hint = "check whether the disk is full or another process is using the file; nothing was lost"
        yield ["metrics-show"], hint


def damaged_outbox(bench: Workbench) -> Story:
    measure(bench)
    (bench.config / "outbox.sqlite3").write_bytes(b"no database" * 1000)
    # What is shown reads what has ended, which is to begin a new outbox already: so nothing may be read here.
    yield ["metrics-show", "DO_NOT_TRACK=1"], "the next recorded run starts a new one, and keeps this file beside it"
    assert bench.run("one").returncode == 0
    bench.background_ended()


STORIES = [
    missing_home,
    home_that_cannot_be_used,
    somebody_elses,
    read_only,
    no_folder,
    no_programs,
    edited_by_hand,
    no_system,
    hints_without_agreement,
    pytest.param(another_reader, marks=pytest.mark.thorough),
    no_decline,
    linked_outbox,
    unreadable_runs,
    outbox_in_use,
    damaged_outbox,
]


@pytest.mark.parametrize("story", STORIES)
def test_a_hint_leads_on(somebody: Workbench, story: Callable[[Workbench], Story]) -> None:
    """Where something fails, its hint is printed; whoever follows it gets on, and does not see it again."""
    steps = story(somebody)
    goals, hint = next(steps)
    status, told = said(somebody, goals)
    assert (status, hint in told) == (2, True), told
    goals = next(steps, ([], ""))[0] or goals
    status, told = said(somebody, goals)
    assert (status, hint in told) == (0, False), told
    next(steps, None)


def test_what_make_asks_first_is_asked_again(tmp_path: Path) -> None:
    """The home may have gone since, or may be another's."""
    folder = ConfigDir(tmp_path / "home" / ".config" / "project")
    with pytest.raises(UserError, match="create it, or set HOME to a folder of yours; nothing was changed"):
        folder.create()
    (tmp_path / "home").mkdir()
    folder.create()


@pytest.fixture
def older(tmp_path: Path, wheel: Path) -> Path:
    """A Python that has what this one has, but a reporter of its own, which a test may change."""
    return another_python(tmp_path / "older", wheel)


@pytest.fixture
def newer(tmp_path: Path, wheel: Path) -> Path:
    """A wheel of a later version, which knows outboxes of its own, in a folder of its own."""
    folder = tmp_path / "newer"
    folder.mkdir()
    copy = folder / wheel.name.replace(__version__, NEWER)
    changes = {
        "METADATA": (f"Version: {__version__}", f"Version: {NEWER}"),
        "RECORD": (f"-{__version__}.dist-info", f"-{NEWER}.dist-info"),
        "instrumented_make/__init__.py": (f'"{__version__}"', f'"{NEWER}"'),
        "outbox.py": ("VERSION = len(_STEPS)", "VERSION = 99"),
    }
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(copy, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            for name, (before, after) in changes.items():
                if item.filename.endswith(name):
                    assert before.encode() in content
                    content = content.replace(before.encode(), after.encode())
            item.filename = item.filename.replace(f"-{__version__}.dist-info", f"-{NEWER}.dist-info")
            new.writestr(item, content)
    return folder


def install(bench: Workbench, told: str, folder: Path) -> None:
    """Paste the command of pip that was ``told``, where pip finds the wheels in ``folder``, and nothing else."""
    [command] = re.findall(r"(/\S+/python -m pip install .*)", told)
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    subprocess.run(["/bin/sh", "-c", command], env={**bench.environment, **variables}, check=True, capture_output=True)


def test_a_reporter_that_does_not_know_a_field_is_upgraded(somebody: Workbench, older: Path, newer: Path) -> None:
    [properties] = older.glob("lib/python*/site-packages/instrumented_make/properties.py")
    text = properties.read_text()
    assert '"git_dirty"' in text
    properties.write_text(text.replace('"git_dirty"', '"git_is_dirty"'))
    catalog = somebody.tree / "targets.yaml"
    catalog.write_text(catalog.read_text() + "fields: [git_dirty]\n")
    somebody.render()
    include = somebody.tree / "Makefile.instrumented"
    include.write_text(include.read_text().replace(__version__, NEWER))
    somebody.variables["VIRTUAL_ENV"] = str(older)
    status, told = said(somebody, ["metrics-opt-in"])
    assert (status, "hint: upgrade it: " in told, somebody.config.exists()) == (2, True, False)
    install(somebody, told, newer)
    assert said(somebody, ["metrics-opt-in"])[0] == 0


def test_a_reporter_that_does_not_know_the_outbox_is_upgraded(somebody: Workbench, older: Path, newer: Path) -> None:
    somebody.variables["VIRTUAL_ENV"] = str(older)
    measure(somebody)
    with closing(sqlite3.connect(somebody.config / "outbox.sqlite3")) as outbox:
        outbox.execute("PRAGMA user_version = 99")
    status, told = said(somebody, ["metrics-show"])
    assert (status, "hint: runs wait and nothing is lost; to upgrade: " in told) == (2, True)
    install(somebody, told, newer)
    status, told = said(somebody, ["metrics-show"])
    assert (status, '"command": "one"' in told) == (0, True)


def test_a_missing_recorder_is_installed_again(somebody: Workbench, older: Path, wheel: Path) -> None:
    somebody.variables["VIRTUAL_ENV"] = str(older)
    [recorder] = older.glob("lib/python*/site-packages/instrumented_make/recorder")
    recorder.unlink()
    status, told = said(somebody, ["metrics-opt-in"])
    assert (status, "hint: install it again: " in told) == (2, True)
    install(somebody, told, wheel.parent)
    assert said(somebody, ["metrics-opt-in"])[0] == 0


def test_a_python_without_pip_is_given_uv() -> None:
    """As in the environments that uv makes."""
    code = f"import sys; sys.path.append({str(ROOT)!r}); from instrumented_make.installing import to_upgrade as told; "
    code += "print(told())"
    result = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout == f"uv pip install --python {sys.executable} --upgrade instrumented-make\n"
