"""Makes in a container that shares the decision's folder with its host: two namespaces play host and container."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import HANG_S, INSTALLED, Workbench, host_of, needs, wait_until

from instrumented_make import INTERFACE

RULES = ".PHONY: one inner\none inner: ; @echo $@; id -u\n"
TARGETS = "  - one\n  - {name: inner, command_type: make-in-docker}\n"
# A container: its own processes and mounts, a home elsewhere that is empty but for the mounted folder, and a first
# process that waits for the watcher, whom its end would end.
CONTAINER = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child", "bash", "-c"]
HOME = "/mnt/home"
MOUNT = f"""
mount -t tmpfs none /mnt && mkdir -p {HOME}/.config/workbench && mount --bind "$1" {HOME}/.config/workbench || exit 99
tree=$2; shift 2; cd "$tree"
"""
WAIT = "status=$?; while grep -qsz '^/mnt/home/.config/workbench/rec' /proc/[0-9]*/cmdline; do :; done; exit $status"


def within(bench: Workbench, script: str, *, mount: Path | None = None) -> subprocess.CompletedProcess[str]:
    """What ``script`` does in a container with ``mount``, or this decision's folder, as its own."""
    needs("unshare")
    result = subprocess.run(
        [*CONTAINER, MOUNT + script, "bash", str(mount or bench.config), str(bench.tree)],
        env={**bench.environment, "HOME": HOME},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    if result.returncode == 99 or "unshare" in result.stderr:
        pytest.skip("no namespace can be made here")
    return result


@pytest.fixture
def agreed(bench: Workbench, server: Capture) -> Workbench:
    """Somebody who agreed, on the host."""
    bench.host = server.host
    bench.write(RULES, TARGETS)
    bench.opt_in()
    return bench


def found(server: Capture) -> list[tuple[str, str]]:
    return sorted((event["properties"]["command"], event["properties"]["command_type"]) for event in server.events)


def test_the_containers_reporter_sends_its_runs(agreed: Workbench, server: Capture) -> None:
    """Where the Python that was recorded is there as well; the type is the target's."""
    # The recorder that becomes a reporter has no arguments for a moment, but the lock already.
    waits = f"{WAIT.rpartition(';')[0]}; flock {HOME}/.config/workbench/reporting.lock true; exit $status"
    result = within(agreed, f"{agreed.make} inner; {waits}")
    assert (result.returncode, result.stdout, result.stderr) == (0, f"inner\n{os.geteuid()}\n", "")
    server.wait_for(1)
    agreed.run("one")
    server.wait_for(2)
    agreed.background_ended()
    assert found(server) == [("inner", "make-in-docker"), ("one", "make")]


def test_the_hosts_reporter_sends_what_a_container_has_recorded(agreed: Workbench, server: Capture) -> None:
    """A container has no such Python: its run waits in the folder, and the next run on the host sends both, once."""
    result = within(agreed, f'mount -t tmpfs none "{INSTALLED}"; {agreed.make} inner; {WAIT}')
    assert (result.returncode, result.stdout, result.stderr) == (0, f"inner\n{os.geteuid()}\n", "")
    assert agreed.recorded() == ["0"]
    assert server.requests == []
    agreed.run("one")
    server.wait_for(2)
    agreed.background_ended()
    assert found(server) == [("inner", "make-in-docker"), ("one", "make")]
    assert len({event["userId"] for event in server.events}) == 1


def test_goals_of_different_types_have_the_catalogs(agreed: Workbench, server: Capture) -> None:
    """Those of the same have theirs."""
    for goals in (["one", "inner"], ["inner", "inner"]):
        agreed.run(*goals)
        agreed.records()
    server.wait_for(2)
    agreed.background_ended()
    assert found(server) == [("inner inner", "make-in-docker"), ("one inner", "make")]


def files(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
        if path.suffix != ".lock"
    }


@pytest.mark.parametrize("what", ["another owner", "no /proc", "no decision", "declined", "the first process"])
def test_what_is_not_this_containers_does_nothing(agreed: Workbench, what: str) -> None:
    """Output, status and files are those of a make without the include; nothing is recorded, and nobody is asked."""
    mount = agreed.config
    script = f"{agreed.make} inner"
    if what == "another owner":
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder away")
        os.chown(mount, 65534, 65534)
    elif what == "no /proc":
        script = f"umount -l /proc; {script}"
    elif what == "no decision":
        mount = agreed.home.parent / "empty"
        mount.mkdir()
    elif what == "declined":
        assert agreed.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED}).returncode == 0
    else:
        script = f"exec {script}"
    before = files(mount)
    # A shell that has other commands to run does not become the last of them.
    told = within(agreed, script if what == "the first process" else f"{script}; exit $?", mount=mount)
    wait_until(lambda: not agreed.recorders(), "the recorders to end")
    after = files(mount)
    (agreed.tree / "Makefile").write_text(RULES)
    bare = within(agreed, script if what == "the first process" else f"{script}; exit $?", mount=mount)
    assert (told.returncode, told.stdout, told.stderr) == (bare.returncode, bare.stdout, bare.stderr)
    assert told.stdout == f"inner\n{os.geteuid()}\n"
    assert before == after == files(mount)


@pytest.mark.parametrize(("inside", "types"), [(True, TARGETS), (False, TARGETS), (True, ["one", "inner"])])
def test_nobody_is_asked_inside(bench: Workbench, inside: bool, types: str | list[str]) -> None:
    """On a terminal, the reminder is for the host, if the catalog says that something is made in containers."""
    needs("unshare")
    bench.write(RULES, types)
    folder = bench.home.parent / "empty"
    folder.mkdir()
    script = [*CONTAINER, f"{MOUNT}\n{bench.make} inner; exit $?", "bash", str(folder), str(bench.tree)]
    command, *arguments = script if inside else [bench.make, "inner"]
    environment = {**bench.environment, **({"HOME": HOME} if inside else {})}
    child = pexpect.spawn(command, arguments, cwd=str(bench.tree), env=environment, encoding="utf-8", timeout=HANG_S)
    child.expect(pexpect.EOF)
    child.close()
    if child.exitstatus == 99 or "unshare" in str(child.before):
        pytest.skip("no namespace can be made here")
    asked = not inside or types != TARGETS
    assert ("would you let us measure" in str(child.before)) == asked
    assert (list(folder.iterdir()) != []) == (inside and asked)


def test_the_same_container_with_a_decision_is_recorded(agreed: Workbench) -> None:
    """The test above could see it."""
    within(agreed, f'mount -t tmpfs none "{INSTALLED}"; {agreed.make} inner; {WAIT}')
    assert agreed.recorded() == ["0"]


def test_a_command_that_is_the_first_process_is_not_measured(agreed: Workbench) -> None:
    """Its end would end the watcher; `--init` or exec into a running container gives it another parent."""
    path = agreed.tree / "targets.yaml"
    path.write_text(f"{path.read_text()}commands: [compose up]\n")
    agreed.render()
    agreed.agree()
    name = f"{HOME}/.config/workbench/recorder-{INTERFACE}.{host_of(agreed.make)}"
    run = f"{name} run --as 'compose up' -- sh -c 'echo $$; exit 3'"
    first = within(agreed, f"exec {run}")
    assert (first.returncode, first.stdout, first.stderr) == (3, "1\n", "")
    assert agreed.recorded() == []
    second = within(agreed, f"{run}; {WAIT}")
    assert (second.returncode, second.stderr) == (3, "")
    assert agreed.recorded() == ["3"]
