"""What a tracked run reads, keeps open and needs from the system around it."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import threading
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import HANG_S, INSTALLED, MAKES, Workbench, wait_until

RULES = ".PHONY: one\none: ; @echo one\n"


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(RULES, ["one"])
    bench.commit()
    bench.opt_in()
    return bench


def git_values(bench: Workbench, server: Capture) -> tuple[object, object]:
    """The git values of a run, which must not hang, and print only what it always prints."""
    before = len(server.ids)
    result = bench.run("one", stdin=subprocess.PIPE)
    assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    properties = server.wait_for(before + 1)[-1]["properties"]
    return properties["git_checked_out_master"], properties["git_commit_time"]


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def to_standard_input(path: Path) -> None:
    path.write_text("ref: ../../../../../../../../dev/stdin\n")


def inside_refs(path: Path) -> None:
    path.write_text("ref: refs/../../../../../../../../../dev/stdin\n")


def missing(path: Path) -> None:
    path.unlink()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "spoil", [fifo, endless, to_standard_input, inside_refs, missing], ids=lambda spoil: spoil.__name__
)
@pytest.mark.parametrize("name", ["HEAD", "refs/heads/main"])
def test_no_odd_file_in_a_repository_is_read(consenting: Workbench, server: Capture, spoil: object, name: str) -> None:
    """A FIFO, a device or a path out of the repository: the value is null, and no command hangs or loses its input."""
    assert callable(spoil)
    spoil(consenting.tree / ".git" / name)
    assert git_values(consenting, server)[1] is None


def test_another_users_repository_is_not_read(consenting: Workbench, server: Capture) -> None:
    """A shared parent folder may have anybody's."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    assert git_values(consenting, server) == (True, "2021-05-17T15:02:10-04:00")
    os.chown(consenting.tree / ".git", 12345, 12345)
    assert git_values(consenting, server) == (None, None)


def test_a_repository_in_the_home_is_not_the_projects(consenting: Workbench, server: Capture) -> None:
    """Dotfiles under version control say nothing about a project below them."""
    shutil.move(consenting.tree / ".git", consenting.home / ".git")
    project = consenting.home / "project"
    shutil.copytree(consenting.tree, project)
    consenting.tree = project
    # Else the decision would be kept in that repository, and not count.
    elsewhere = consenting.home.parent / "elsewhere"
    shutil.move(consenting.home / ".config", elsewhere)
    consenting.variables["XDG_CONFIG_HOME"] = str(elsewhere)
    assert git_values(consenting, server) == (None, None)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("descriptor", [3, 8, 9, 15, 200])
def test_nothing_is_held_after_make_has_returned(
    consenting: Workbench, server: Capture, tmp_path: Path, descriptor: int
) -> None:
    """A lock and a pipe that the command inherited are free as soon as make has exited."""
    for _ in range(10):
        lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        reading, writing = os.pipe()
        moved = f"exec {descriptor}<&{lock};" + (f" exec {lock}<&-;" if lock != descriptor else "")
        result = subprocess.run(
            ["bash", "-c", f'{moved} exec "$@"', "bash", consenting.make, "one"],
            cwd=consenting.tree,
            env=consenting.environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[lock],
            stdout=writing,
            check=False,
        )
        os.close(writing)
        os.close(lock)
        assert result.returncode == 0
        assert os.read(reading, 100) == b"one\n"
        os.set_blocking(reading, False)
        assert os.read(reading, 100) == b"", "somebody still holds the pipe"
        os.close(reading)
        again = os.open(tmp_path / "lock", os.O_RDWR)
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(again)
    server.wait_for(10)


@pytest.mark.parametrize("limit", ["-f 0", "-n 8", "-n 12", "-n 20"])
def test_tight_limits_do_not_affect_the_command(consenting: Workbench, limit: str) -> None:
    """If files may not grow, or few may be open, the record may be lost; the command runs as usual."""
    command = ["bash", "-c", f'ulimit {limit}; exec "$@"', "bash", consenting.make, "one"]
    shown = []
    for variables in ({"DO_NOT_TRACK": "1"}, {}):
        result = subprocess.run(
            command,
            cwd=consenting.tree,
            env={**consenting.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_S,
        )
        shown.append((result.returncode, result.stdout, result.stderr))
    assert shown[0] == shown[1]


@pytest.mark.parametrize("home", ["somebody else's", "missing"])
def test_nothing_happens_in_a_missing_or_another_users_home(bench: Workbench, home: str) -> None:
    """sudo make keeps HOME, and its owner could not use a ~/.config that belongs to root."""
    bench.write(RULES, ["one"])
    if home == "missing":
        bench.home.rmdir()
    elif os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    else:
        os.chown(bench.home, 12345, 12345)
    child = bench.terminal("one")
    child.expect(pexpect.EOF)
    child.close()
    assert child.before == "one\r\n"
    assert not bench.home.exists() or list(bench.home.iterdir()) == []


@pytest.mark.parametrize("flags", ["-j4 -O", "-Oline", "-j2"])
def test_the_question_is_shown_before_it_is_answered(each_make: Workbench, flags: str) -> None:
    """Even if make holds back the output of recipes until they end."""
    each_make.write(RULES, ["one"])
    child = each_make.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED, "MAKEFLAGS": flags})
    child.expect("asked again: ")
    child.sendline("no")
    child.expect(pexpect.EOF)
    child.close()
    assert (each_make.config / "declined").exists()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", ["plain", "patterns", "nested"])
def test_the_narrowest_of_thousands_of_targets_is_reported(bench: Workbench, kind: str) -> None:
    """Of any kind, even if all of them match the goal; benchmarks/run.py measures what that costs."""
    names = {
        "plain": [f"a.{n}" for n in range(10_000)],
        "patterns": [f"a.{n}.%" for n in range(10_000)],
        "nested": [f"{'a' * n}%" for n in range(1, 2_001)],
    }[kind]
    goal = {"plain": "a.9999", "patterns": "a.9999.x", "nested": "a" * 1500 + "b"}[kind]
    bench.write("%: ; @:\nMakefile: ;\n", names)
    bench.agree()
    assert bench.run(goal).returncode == 0
    [start] = bench.records()
    expected = {"plain": "a.9999", "patterns": "a.9999.%", "nested": "a" * 1500 + "%"}[kind]
    assert start.read_text().splitlines()[1] == expected


def test_a_make_in_a_folder_with_a_space(bench: Workbench) -> None:
    """Recipes see its path unchanged, and the run is recorded."""
    bench.write("one: ; @echo '$(MAKE)'\n", ["one"])
    bench.agree()
    folder = bench.home.parent / "my tools"
    folder.mkdir()
    (folder / "make").symlink_to(MAKES[0])
    bench.make = str(folder / "make")
    assert bench.run("one").stdout == f"{folder}/make\n"
    assert bench.recorded() == ["0"]


def test_a_makefile_that_can_be_read_only_once_is_recorded(bench: Workbench) -> None:
    """From a process substitution or the standard input: it is gone once it has been read."""
    bench.write("one: ; @echo one\n", ["one"])
    bench.agree()
    commands = ("make -f <(cat Makefile) one", "cat Makefile | make -f /dev/stdin one", "cat Makefile | make -f - one")
    for number, command in enumerate(commands, start=1):
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=bench.tree,
            env=bench.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=HANG_S,
        )
        assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", ""), command
        assert bench.recorded() == ["0"] * number, command


@pytest.mark.parametrize("how", ["two makefiles", "MAKEFILES", "a pipe"])
def test_what_another_makefile_says_of_the_folder_holds(each_make: Workbench, how: str) -> None:
    """Under -C and -w, what is read before the Makefile may turn the folder's lines off; a pipe is read once."""
    each_make.write(".PHONY: one\none: ; @echo one\n", ["one"])
    each_make.agree()
    common = each_make.home.parent / "common.mk"
    common.write_text("MAKEFLAGS += --no-print-directory\n")
    pipe = each_make.home.parent / "pipe"
    os.mkfifo(pipe)
    arguments, variables = ["-C", str(each_make.tree)], {"PWD": "/"}
    if how == "two makefiles":
        arguments += ["-f", str(common), "-f", "Makefile"]
    elif how == "MAKEFILES":
        variables |= {"MAKEFILES": str(common)}
    else:
        arguments += ["-f", str(pipe)]

    def answer(**more: str) -> tuple[int, str, str]:
        writer = threading.Thread(target=lambda: pipe.write_text((each_make.tree / "Makefile").read_text()))
        if how == "a pipe":
            writer.start()
        result = each_make.run(*arguments, "one", cwd="/", variables={**variables, **more})
        if how == "a pipe":
            writer.join()
        return result.returncode, result.stdout, result.stderr

    assert answer() == answer(DO_NOT_TRACK="1")


def test_a_folder_with_a_space_beside_one_named_like_its_first_word(bench: Workbench) -> None:
    """MAKEFILE_LIST is split at spaces: what is recorded is where make runs, whatever else is named alike."""
    bench.write("one: ; @echo one\n", ["one"])
    bench.agree()
    spaced = bench.home.parent / "my project"
    shutil.copytree(bench.tree, spaced)
    shutil.copytree(bench.tree, bench.home.parent / "my")
    # A shell sets PWD; without it make 4.4 leaves a Makefile named by -f alone.
    there = bench.home.parent / "my"
    result = bench.run("-f", str(spaced / "Makefile"), "one", cwd=there, variables={"PWD": str(there)})
    assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    assert bench.recorded() == ["0"], "the include of the folder where make runs"
    assert bench.run("one", cwd=spaced, variables={"PWD": str(spaced)}).stdout == "one\n"
    assert (
        bench.run("-f", str(spaced / "Makefile"), "one", cwd=spaced, variables={"PWD": str(spaced)}).stdout == "one\n"
    )
    assert bench.recorded() == ["0"] * 3


# A job that tells how many run, and goes on when a second one has begun.
JOB = (
    "@mkdir running.$@; ls -d running.* | wc -l; : >begun.$@; "
    "until test `ls begun.* | wc -l` -ge 2; do sleep 0.02; done; sleep 0.1; rmdir running.$@"
)


def test_the_number_of_jobs_is_the_one_asked_for(each_make: Workbench) -> None:
    """Of six jobs under -j2, two run at once: never one more."""
    rules = f".PHONY: all\nall: a b c d e f\na b c d e f: ; {JOB}\n"
    each_make.write(rules, ["all"])
    each_make.agree()
    for options in (["-j2"], ["-j", "2"], ["--jobs=2"]):
        counts = [int(line) for line in each_make.run(*options, "all").stdout.splitlines()]
        assert max(counts) == 2, options
        for begun in each_make.tree.glob("begun.*"):
            begun.unlink()
    assert each_make.recorded() == ["0"] * 3


def test_jobs_in_makeflags_are_respected(each_make: Workbench) -> None:
    """export MAKEFLAGS=-j2, as many have in their profile."""
    rules = f"all: a b c d\na b c d: ; {JOB}\n"
    each_make.write(rules, ["all"])
    each_make.agree()
    result = each_make.run("all", variables={"MAKEFLAGS": "-j2"})
    assert max(int(line) for line in result.stdout.splitlines()) == 2
    assert each_make.recorded() == ["0"]


def test_a_nested_make_is_not_recorded_separately(each_make: Workbench) -> None:
    """What starts it is recorded, be it by a recipe, $(shell) or without MAKELEVEL; by itself, it is recorded too."""
    rules = """\
a: ; @echo '[$(shell make --silent b)]'
c: ; @$(MAKE) --silent b
d: ; @env -u MAKELEVEL make --silent b
b: ; @echo from b
"""
    each_make.write(rules, ["a", "b", "c", "d"])
    each_make.agree()
    each_make.variables["PATH"] = f"{Path(each_make.make).parent}:{each_make.environment['PATH']}"
    for number, goal in enumerate(("a", "b", "c", "d"), start=1):
        assert each_make.run(goal).stdout == ("[from b]\n" if goal == "a" else "from b\n")
        assert [record.read_text().split("\n")[1] for record in each_make.records()] == ["a", "b", "c", "d"][:number]


def test_one_reporter_serves_many_runs(consenting: Workbench, server: Capture) -> None:
    """While one is at work, a run starts no other, and is reported all the same."""
    with server.changed:  # no request is answered before this ends
        assert consenting.run("one").returncode == 0
        lock = consenting.config / "reporting.lock"
        wait_until(lambda: lock.exists() and lock.read_text(), "the reporter to be at work")
        holder = lock.read_text()
        for _ in range(10):
            assert consenting.run("one").returncode == 0
        consenting.records()
        wait_until(lambda: len(consenting._reporters()) == 1, "each other to see that one is at work")
        assert lock.read_text() == holder
    server.wait_for(11)
    consenting.background_ended()
    assert lock.read_text() == ""


@pytest.mark.parametrize("shell", ["", "/bin/sh", "/bin/bash", "/usr/bin/fish", "/bin/zsh"])
def test_a_run_is_recorded_whatever_the_users_shell(each_make: Workbench, shell: str) -> None:
    """If the environment has a SHELL, make's own has another origin; recipes see the environment's."""
    each_make.write("one: ; @echo $$SHELL\n", ["one"])
    each_make.agree()
    command = ["env", *(["-u", "SHELL"] if not shell else [f"SHELL={shell}"]), each_make.make, "one"]
    result = subprocess.run(
        command, cwd=each_make.tree, env=each_make.environment, capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == (f"{shell}\n", "")
    assert each_make.recorded() == ["0"]


@pytest.mark.parametrize(
    "name", ["BASH_FUNC_a%%", "npm_package_scripts_test:unit", "INPUT_A-B", "a.b", "x[0]", "~", "/*", "a?"]
)
def test_variables_that_no_shell_can_name_reach_the_command(each_make: Workbench, name: str) -> None:
    """A command that make executes directly sees them as they were, to the byte."""
    each_make.write("one: ; @/usr/bin/env\n", ["one"])
    each_make.agree()
    value = "() { echo \"$1\" '$2' $3;\n}"
    seen = each_make.run("one", variables={name: value}).stdout
    assert f"{name}={value}\n" in seen
    assert each_make.recorded() == ["0"]


@pytest.mark.parametrize("name", ["a$b", "a(b", "a b", "a#b"])
def test_variables_that_make_cannot_handle_reach_the_command_as_ever(each_make: Workbench, name: str) -> None:
    """The command's output is that of bare make, and the run is recorded."""
    each_make.write("one: ; @/usr/bin/env\n", ["one"])
    bare = each_make.run("one", variables={name: "1"})
    each_make.agree()
    tracked = each_make.run("one", variables={name: "1"})
    assert sorted(tracked.stdout.split("\n")) == sorted(bare.stdout.split("\n"))
    assert tracked.stderr == bare.stderr
    assert each_make.recorded() == ["0"]


def test_of_two_includes_the_one_where_make_runs_counts(each_make: Workbench) -> None:
    """In either order: another folder's neither adds commands nor replaces what was agreed to."""
    other = each_make.tree / "other"
    other.mkdir()
    each_make.write("one: ; @echo one $(words $(MAKEFILE_LIST))\n", ["one"])
    text = (each_make.tree / "Makefile.instrumented").read_text()
    text = text.replace("  one ", "  two ").replace("workbench", "another")
    (other / "Makefile.instrumented").write_text(text)
    include = "-include other/Makefile.instrumented\n"
    wired = (each_make.tree / "Makefile").read_text()
    each_make.agree()
    for number, makefile in enumerate((include + wired, wired + include), start=1):
        (each_make.tree / "Makefile").write_text(makefile)
        assert each_make.run("one").stdout == "one 1\n"
        assert each_make.recorded() == ["0"] * number
    assert "another" not in each_make.run("metrics-opt-in").stdout


def test_the_record_is_private_and_the_command_keeps_its_umask(bench: Workbench) -> None:
    """The one is for its owner only, whatever the umask; what the command makes is as it ever was."""
    bench.write("a: ; @umask; : > made\n", ["a"])
    bench.agree()
    (bench.config / "pending").rmdir()
    result = bench.run("a", umask=0o026)
    assert (result.returncode, result.stdout) == (0, "0026\n")
    assert stat.S_IMODE((bench.tree / "made").stat().st_mode) == 0o640
    [record] = bench.records()
    assert stat.S_IMODE(record.stat().st_mode) == 0o600
    assert stat.S_IMODE(record.parent.stat().st_mode) == 0o700
    assert bench.recorded() == ["0"]


def test_a_command_that_checks_out_another_branch_is_reported_with_the_one_it_began_on(bench: Workbench) -> None:
    """git's files are read before the recipe begins."""
    bench.write("a: ; @git checkout --quiet -b other\n", ["a"])
    bench.git("init", "-q", "-b", "begun")
    bench.git("commit", "-q", "--allow-empty", "-m", "first")
    bench.agree()
    assert bench.run("a").returncode == 0
    (record,) = bench.records()
    assert record.read_text().splitlines()[5] == "refs/heads/begun"
