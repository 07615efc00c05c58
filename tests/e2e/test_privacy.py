"""Promise 2: only what was agreed to is collected, it stays private, and none of it is executed."""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from capture import Capture
from hypothesis import example, given, settings
from hypothesis import strategies as st
from workbench import HANG_S, INSTALLED, MAKES, Workbench, needs, wait_until

SECRET = "planted-secret"  # noqa: S105  (it is there to be looked for)
RULES = ".PHONY: one\none: ; @echo one\nup.%: ; @echo up\nup.deep.%: ; @echo deep\n"
TARGETS = "  - one\n  - {name: up.%, stems: [lms]}\n  - {name: up.deep.%, stems: [x]}\n"


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(RULES, TARGETS)
    bench.opt_in()
    return bench


def test_planted_secrets_are_neither_stored_nor_sent(bench: Workbench, server: Capture) -> None:
    """Undeclared stems, arguments, paths, branch, user and host names appear in no file and no request."""
    bench.tree = bench.tree.rename(bench.tree.with_name(f"tree-{SECRET}"))
    bench.host = server.host
    bench.write(RULES, TARGETS)
    bench.commit()
    bench.git("checkout", "-q", "-b", f"feature/{SECRET}")
    bench.opt_in()
    planted = {"USER": SECRET, "LOGNAME": SECRET, "HOSTNAME": SECRET, "EMAIL": f"{SECRET}@example.com", "TOKEN": SECRET}
    bench.run(f"up.{SECRET}", f"up.deep.{SECRET}", "up.lms", f"VAR={SECRET}", "-k", variables=planted)
    bench.background_ended()
    bench.run("metrics-status")
    bench.run("metrics-show")
    [event] = server.wait_for(1)
    bench.background_ended()
    assert event["properties"]["command"] == "up.% up.deep.% up.lms"
    for path in bench.config.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
        assert SECRET not in path.name
    for request in server.requests:
        assert SECRET not in repr(request)
        assert SECRET not in base64.b64decode(request.headers["authorization"].split()[1]).decode()


@pytest.mark.parametrize("make", MAKES)
@settings(max_examples=30)
@given(stem=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
@example(stem="lms")
@example(stem="lms ")
@example(stem="deep.x")
@example(stem="deep.lms")
@example(stem="'; touch pwned; '")
@example(stem="$(shell touch pwned)")
def test_any_stem_is_reported_as_declared_or_as_the_pattern(bench: Workbench, make: str, stem: str) -> None:
    """Whatever is typed, the record has names from the catalog only, and nothing is executed.

    make itself does not tell a goal with a blank in it from two.
    """
    bench.make = make
    shutil.rmtree(bench.config, ignore_errors=True)
    bench.write(RULES, TARGETS)
    bench.agree()
    bench.run(f"up.{stem}")
    words = [word for path in bench.records() for word in path.read_text().split("\n")[1].split(" ")]
    assert set(words) <= {"up.%", "up.lms", "up.deep.%", "up.deep.x", "one"}
    for name in {"up.lms", "up.deep.x", "one"} & set(words):
        assert name in f"up.{stem}".split()
    assert not (bench.tree / "pwned").exists()


def test_python_variables_and_the_current_folder_execute_nothing(consenting: Workbench, server: Capture) -> None:
    """The reporter ignores modules in the current folder, and variables that make Python load others."""
    mark = consenting.home.parent / "pwned"
    code = f"open({str(mark)!r}, 'w')\n"
    evil = consenting.home.parent / "evil"
    for folder in (evil, consenting.tree):
        folder.mkdir(exist_ok=True)
        for module in (
            "reporter",
            "instrumented_make",
            "segment",
            "json",
            "sqlite3",
            "sitecustomize",
            "usercustomize",
            "requests",
        ):
            (folder / f"{module}.py").write_text(code)
    variables = {
        "PYTHONPATH": str(evil),
        "PYTHONSTARTUP": str(evil / "json.py"),
        "PYTHONHOME": str(evil),
        "PYTHONINSPECT": "1",
        "PYTHONUSERBASE": str(evil),
        "PYTHONBREAKPOINT": "json.x",
    }
    assert consenting.run("one", variables=variables).stdout == "one\n"
    server.wait_for(1)
    consenting.background_ended()
    assert consenting.run("metrics-status", variables=variables).returncode == 0
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["a;touch pwned.mk", "$(touch pwned).mk", "`touch pwned`.mk", "it's.mk", "a b.mk", "*.mk"]
)
def test_a_makefiles_name_executes_nothing(each_make: Workbench, name: str) -> None:
    """If the name after make -f is a command, make does what it does without the include."""
    each_make.write(RULES, TARGETS)
    each_make.agree()
    (each_make.tree / "Makefile").rename(each_make.tree / name)
    result = each_make.run("-f", name, "one")
    assert (result.returncode, result.stdout) == (0, "one\n"), result.stderr
    assert not list(each_make.tree.glob("pwned*"))


@pytest.mark.sampled(1)
@pytest.mark.parametrize("word", ["$(touch pwned)", "a\nb", "'; touch pwned; '", "x" * 3000])
def test_a_test_word_executes_nothing(consenting: Workbench, server: Capture, word: str) -> None:
    """DEVSTACK_METRICS_TESTING is data; a value that does not fit a record becomes a question mark."""
    result = consenting.run("one", variables={"DEVSTACK_METRICS_TESTING": word})
    assert (result.returncode, result.stdout) == (0, "one\n")
    assert not list(consenting.tree.glob("pwned*"))
    assert server.wait_for(1)[0]["properties"]["is_test"] == (word if "\n" not in word else "?")


def test_another_config_folder_is_respected(each_make: Workbench, server: Capture) -> None:
    """With XDG_CONFIG_HOME, nothing is kept below ~/.config."""
    each_make.host = server.host
    each_make.variables["XDG_CONFIG_HOME"] = str(each_make.home / "my-own_config.d")
    each_make.write(RULES, TARGETS)
    each_make.opt_in()
    assert (each_make.home / "my-own_config.d" / "workbench" / "metrics.json").exists()
    each_make.run("one")
    server.wait_for(1)
    assert not (each_make.home / ".config").exists()


ODD = ["~/my config", "a\tb", " a", "a*", "$(touch pwned)", "a;touch pwned", "`touch pwned`", "it's", "ümlaut"]


@pytest.mark.parametrize("name", ["HOME", "XDG_CONFIG_HOME"])
@pytest.mark.parametrize("kept", ODD)
def test_a_path_with_other_characters_is_refused(each_make: Workbench, kept: str, name: str) -> None:
    """One that make or a shell could take for something else: nothing is executed or recorded, and opt-in says why."""
    each_make.write(RULES, TARGETS)
    each_make.agree()
    each_make.variables[name] = str(each_make.home / kept)
    folder = each_make.home / kept / (".config/workbench" if name == "HOME" else "workbench")
    folder.parent.mkdir(parents=True)
    each_make.config.rename(folder)
    assert each_make.run("one").stdout == "one\n"
    told = each_make.run("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
    assert told.returncode == 2
    assert "There is nowhere to keep your decision" in told.stderr
    assert "characters besides" in told.stderr
    assert each_make.recorders() == []
    assert not list(each_make.home.parent.rglob("*.run"))
    assert not list(each_make.home.parent.rglob("pwned*"))


@pytest.mark.parametrize("setting", ["HOME", "XDG_CONFIG_HOME", "DO_NOT_TRACK", "CI"])
@pytest.mark.parametrize("how", ["makefile", "export", "override", "command line"])
def test_only_the_persons_own_variables_count(bench: Workbench, setting: str, how: str) -> None:
    """What a makefile above the include sets, or a command line, neither moves the decision nor ends it silently."""
    value = str(bench.home) if setting == "HOME" else str(bench.home / ".config") if "XDG" in setting else ""
    somebody = {"HOME": "/nonexistent"} if setting == "HOME" else {}
    bench.write(RULES, TARGETS)
    bench.agree()
    line = {"makefile": "{} := {}", "export": "export {} := {}", "override": "override {} := {}"}.get(how)
    if line is not None:
        makefile = bench.tree / "Makefile"
        makefile.write_text(f"{line.format(setting, value)}\n{makefile.read_text()}")
    arguments = [f"{setting}={value}"] if line is None else []
    result = bench.run("one", *arguments, variables=somebody)
    assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    assert bench.recorded() == []


@pytest.mark.parametrize("where", ["the folder", "the repository", "a link", "a home below it"])
def test_a_decision_that_a_repository_holds_does_not_count(bench: Workbench, where: str) -> None:
    """Committed files of an agreement count for nobody, and nothing from there is executed."""
    project = bench.tree / "deep" / "project" if where == "the repository" else bench.tree
    project.mkdir(parents=True, exist_ok=True)
    top = bench.tree
    bench.tree = project
    bench.write(RULES, TARGETS)
    bench.agree()
    bench.tree = top
    bench.commit()
    bench.tree = project
    assert bench.run("one").stdout == "one\n"
    assert bench.recorded() == ["0"], "this decision counts, where it is"
    held = top / "held"
    (bench.home / ".config").rename(held)
    if where == "a link":
        (bench.home / ".config").symlink_to(held)
        variables = {}
    elif where == "a home below it":
        (top / "home").mkdir()
        held.rename(top / "home" / ".config")
        variables = {"HOME": str(top / "home")}
    else:
        variables = {"XDG_CONFIG_HOME": str(held)}
    assert bench.run("one", variables=variables).stdout == "one\n"
    bench.background_ended()
    assert len(list(bench.home.parent.rglob("*.run"))) == 1
    told = bench.run("metrics-opt-in", variables={**variables, "VIRTUAL_ENV": INSTALLED})
    assert told.returncode == 2
    assert "lead into this repository" in told.stderr


@pytest.mark.parametrize("kept", [".config", "home/.config"])
def test_opt_in_keeps_nothing_in_a_repository(bench: Workbench, kept: str) -> None:
    """If there is no decision yet, and its folder would be made in the repository, opt-in refuses."""
    bench.write(RULES, TARGETS)
    bench.commit()
    (bench.tree / kept).parent.mkdir(exist_ok=True)
    told = bench.run("metrics-opt-in", variables={"XDG_CONFIG_HOME": str(bench.tree / kept), "VIRTUAL_ENV": INSTALLED})
    assert told.returncode == 2
    assert "lead into this repository" in told.stderr
    assert not (bench.tree / kept).exists()


def test_a_tracked_run_writes_only_to_its_config_folder(consenting: Workbench, server: Capture) -> None:
    """No temporary files and no log; Python may keep its own compiled modules."""
    log = consenting.home.parent / "strace.log"
    subprocess.run(
        [needs("strace"), "-f", "-qq", "-o", str(log), "-e", "trace=openat,mkdir,rename", consenting.make, "one"],
        cwd=consenting.tree,
        env=consenting.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    server.wait_for(1)
    written = re.findall(
        r'(?:openat\(AT_FDCWD, |mkdir\(|rename\()"([^"]+)"(?:, (?:O_WRONLY|O_RDWR|\d)[^)]*)', log.read_text()
    )
    # The recorder works in that folder, and the reporter in /.
    absolute = [os.path.join(consenting.config, path) for path in written]
    outside = {
        path
        for path in absolute
        if not path.startswith((str(consenting.config), "/dev/")) and "__pycache__" not in path
    }
    assert any(path.startswith(str(consenting.config)) for path in written)
    assert outside == set()


def test_the_background_keeps_nothing_open(consenting: Workbench, server: Capture) -> None:
    """A pipe's reader sees the end of file at once; neither recorder nor reporter shares a descriptor or a session."""
    consenting.write("one: ; @echo one; read line\n", ["one"])
    consenting.opt_in()
    extra_read, extra_write = os.pipe()
    process = subprocess.Popen(
        ["bash", "-c", f"exec 8>&{extra_write} {extra_write}>&-; exec {consenting.make} -j4 one"],
        cwd=consenting.tree,
        env=consenting.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[extra_write],
        text=True,
    )
    os.close(extra_write)
    found: list[str] = []

    def detached(looked_for: Callable[[], list[int]]) -> bool:
        for other in looked_for():
            with contextlib.suppress(OSError):
                found[:] = [os.readlink(fd) for fd in Path(f"/proc/{other}/fd").iterdir()]
                return os.getsid(other) != os.getsid(0) and os.readlink(f"/proc/{other}/cwd") == "/"
        return False

    wait_until(lambda: consenting.started() and detached(consenting.recorders), "the recorder to leave the session")
    assert not any("pipe" in target or "pts" in target for target in found)
    with server.changed:  # no request is answered before this ends
        assert process.communicate("go\n", timeout=HANG_S)[0] == "one\n"
        wait_until(lambda: detached(consenting._reporters), "the reporter to leave the session")
    assert not any("pipe" in target or "pts" in target for target in found)
    assert os.read(extra_read, 1) == b""
    os.close(extra_read)
    server.wait_for(1)
