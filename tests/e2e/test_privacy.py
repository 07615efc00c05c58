"""Promise 2: only what was agreed to is collected, it stays private, and none of it is executed."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from capture import Capture
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from workbench import HANG_S, MAKES, Workbench, needs, wait_until

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
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stem=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20))
@example(stem="lms")
@example(stem="lms ")
@example(stem="deep.x")
@example(stem="deep.lms")
@example(stem="'; touch pwned; '")
@example(stem="$(shell touch pwned)")
def test_any_stem_is_reported_as_declared_or_as_the_pattern(bench: Workbench, make: str, stem: str) -> None:
    """Whatever is typed, the record has a name from the catalog, and nothing is executed."""
    bench.make = make
    shutil.rmtree(bench.config, ignore_errors=True)
    bench.write(RULES, TARGETS)
    bench.agree()
    bench.run(f"up.{stem}")
    commands = [path.read_text().split("\n")[1] for path in (bench.config / "pending").glob("*.start")]
    assert set(commands) <= {"up.%", "up.lms", "up.deep.%", "up.deep.x"}
    if commands in (["up.lms"], ["up.deep.x"]):
        assert stem in ("lms", "deep.x")
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


@pytest.mark.parametrize("word", ["$(touch pwned)", "a\nb", "'; touch pwned; '", "x" * 3000])
def test_a_test_word_executes_nothing(consenting: Workbench, server: Capture, word: str) -> None:
    """DEVSTACK_METRICS_TESTING is data; a value that does not fit a record becomes a question mark."""
    result = consenting.run("one", variables={"DEVSTACK_METRICS_TESTING": word})
    assert (result.returncode, result.stdout) == (0, "one\n")
    assert not list(consenting.tree.glob("pwned*"))
    assert server.wait_for(1)[0]["properties"]["is_test"] == (word if "\n" not in word else "?")


def test_a_config_folder_may_have_spaces(each_make: Workbench, server: Capture) -> None:
    """XDG_CONFIG_HOME is respected."""
    each_make.host = server.host
    each_make.variables["XDG_CONFIG_HOME"] = str(each_make.home / "my config")
    each_make.write(RULES, TARGETS)
    each_make.opt_in()
    assert (each_make.home / "my config" / "workbench" / "metrics.json").exists()
    each_make.run("one")
    server.wait_for(1)
    assert not (each_make.home / ".config").exists()


def test_a_tracked_run_writes_only_to_its_config_folder(consenting: Workbench, server: Capture) -> None:
    """No temporary files and no log; Python may keep its own compiled modules."""
    log = consenting.home.parent / "strace.log"
    subprocess.run(
        [needs("strace"), "-f", "-qq", "-o", str(log), "-e", "trace=openat,mkdir,rename", consenting.make, "one"],
        cwd=consenting.tree,
        env={**consenting.environment, "DEVSTACK_METRICS_TESTING": "x"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    server.wait_for(1)
    written = re.findall(
        r'(?:openat\(AT_FDCWD, |mkdir\(|rename\()"([^"]+)"(?:, (?:O_WRONLY|O_RDWR|\d)[^)]*)', log.read_text()
    )
    outside = {
        path for path in written if not path.startswith((str(consenting.config), "/dev/")) and "__pycache__" not in path
    }
    assert any(path.startswith(str(consenting.config)) for path in written)
    assert outside == set()


def test_the_background_keeps_nothing_open(consenting: Workbench, server: Capture) -> None:
    """A pipe's reader sees the end of file at once, and no descriptor, terminal or session is shared afterwards."""
    extra_read, extra_write = os.pipe()
    process = subprocess.Popen(
        ["bash", "-c", f"exec 8>&{extra_write} {extra_write}>&-; exec {consenting.make} -j4 one"],
        cwd=consenting.tree,
        env=consenting.environment,
        stdout=subprocess.PIPE,
        pass_fds=[extra_write],
        text=True,
    )
    os.close(extra_write)
    found: list[str] = []

    def detached() -> bool:
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_text().split("\0")
                    if "run" in command and str(consenting.config) in command:
                        found[:] = [os.readlink(fd) for fd in (entry / "fd").iterdir()]
                        return os.getsid(int(entry.name)) == int(entry.name)
                except OSError:
                    continue
        return False

    with server.changed:  # no request is answered before this ends
        assert process.communicate(timeout=HANG_S)[0] == "one\n"
        wait_until(detached, "the reporter to leave the session")
    assert not any("pipe" in target or "pts" in target for target in found)
    assert os.read(extra_read, 1) == b""
    os.close(extra_read)
    server.wait_for(1)
