"""Promise 1: with the include and consent, make does what it does without them."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from scenarios import SCENARIOS, Scenario
from workbench import DEBIAN_MAKE, HANG_S, MAKES, RECORDER, Workbench, make_name, needs, recorder_for, with_sh

# Nothing depends on the shell that is /bin/sh, so a handful of scenarios is tried with others.
SHELLS = ["bash", "busybox", "zsh"]
IN_OTHER_SHELLS = ("one goal", "-k, several fail", "VAR with spaces, quotes and a dollar", "$(shell make) in a recipe")
# Whether make still has a job to wait for when another fails is chance.
WAITING = "make: *** Waiting for unfinished jobs....\n"


@pytest.fixture(params=MAKES, ids=make_name)
def any_make(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def effects(bench: Workbench, tree: Path, scenario: Scenario, shell: str, run: list[str]) -> dict[str, object]:
    """Everything that a run shows to the outside; ``run`` goes before make."""
    command = [*run, bench.make, *scenario.goals]
    result = subprocess.run(
        with_sh(shell, *command) if shell else command,
        cwd=tree,
        env={**bench.environment, "PWD": str(tree), **scenario.variables},
        input=scenario.stdin.encode(),
        capture_output=True,
        timeout=HANG_S,
        check=False,
    )
    out, err = (stream.decode(errors="replace").replace(str(tree), "TREE") for stream in (result.stdout, result.stderr))
    out, err = (re.sub(r"auth=(\d+,\d+|fifo:\S+)|/tmp/GMfifo\d+|fnm:\S+", "auth=", text) for text in (out, err))
    if not scenario.ordered:
        out = "".join(sorted(out.splitlines(keepends=True)))
        err = "".join(sorted(err.replace(WAITING, "").splitlines(keepends=True)))
    own = {"Makefile", "Makefile.instrumented", "targets.yaml"}
    files = {
        str(path.relative_to(tree)): (path.stat().st_mode, path.read_text() if path.is_file() else "")
        for path in tree.rglob("*")
        if path.name not in own
    }
    if not scenario.silent_about_makefiles:
        out, err = "", err if "\nUsage: " in err else ""
    return {"out": out, "err": err, "status": result.returncode, "files": files}


def prepared(tree: Path, scenario: Scenario) -> None:
    for name, content in scenario.files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        # The files of a scenario are in order of age, whatever the clock's resolution.
        age = list(scenario.files).index(name)
        os.utime(path, (1_600_000_000 + age, 1_600_000_000 + age))


def compare(bench: Workbench, scenario: Scenario, shell: str = "", recorder: Path = RECORDER) -> None:
    bare = bench.home.parent / "bare" / bench.tree.name
    bare.mkdir(parents=True)
    # As many lines above the rules as the wiring has, so that messages name the same ones.
    (bare / "Makefile").write_text(f"\n{scenario.rules}\n")
    catalog = [target for target in scenario.targets if target not in ("nowhere",)] or ["a"]
    bench.write(scenario.rules, [*catalog, *(["nowhere"] if "nowhere" in scenario.targets else [])])
    bench.agree(recorder)
    for tree in (bare, bench.tree):
        prepared(tree, scenario)
    expected = effects(bench, bare, scenario, shell, [])
    run = [str(recorder), "run", "--"] if recorder.parent.name == "run" else []
    assert effects(bench, bench.tree, scenario, shell, run) == expected
    if scenario.recorded is not None:
        # A make that does not know an option reads no makefile.
        refused = "\nUsage: " in str(expected["err"])
        assert bench.recorded() == ([str(expected["status"])] if scenario.recorded and not refused else [])


@pytest.mark.sampled(240)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_differs(bench: Workbench, any_make: str, scenario: Scenario) -> None:
    """Output, status, files, environment and order are the same, and the run is recorded as expected."""
    bench.make = any_make
    if bench.run_version(any_make) == "3.81" and scenario.name.startswith("every variable"):
        pytest.skip("make 3.81 cannot undefine a variable")
    compare(bench, scenario)


@pytest.mark.sampled(40)
@pytest.mark.parametrize("way", ["connector", "run"])
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_nothing_differs_in_the_other_ways(bench: Workbench, way: str, scenario: Scenario) -> None:
    """The same where the kernel is older: the process connector tells, or a parent that was asked to."""
    compare(bench, scenario, recorder=recorder_for(way))


@pytest.mark.sampled(2)
@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", IN_OTHER_SHELLS)
def test_nothing_differs_whichever_shell_is_sh(bench: Workbench, shell: str, name: str) -> None:
    """The recorder is no shell's child."""
    compare(bench, next(item for item in SCENARIOS if item.name == name), needs(shell))


def test_the_comparison_can_fail(bench: Workbench) -> None:
    """A recipe that behaves differently is caught."""
    with pytest.raises(AssertionError):
        compare(bench, Scenario("differs", "a: ; @ls\n", ("a",)))


def test_a_closed_pipe_ends_both_alike(bench: Workbench, any_make: str) -> None:
    """make ... | head: the recipe is killed by the closed pipe, and make's status is the same."""
    if bench.run_version(any_make) in ("4.0", "4.1"):
        pytest.skip("make 4.0 and 4.1 tell of the failure on the closed pipe, and die of that")
    bench.make = any_make
    rules = "a: ; @yes\n"
    bench.write(rules, ["a"])
    bench.agree()
    (bench.home.parent / "bare.mk").write_text(rules)
    statuses = []
    for arguments in (["-f", str(bench.home.parent / "bare.mk")], []):
        command = f'"{bench.make}" {" ".join(arguments)} a | head -n 1; echo "${{PIPESTATUS[0]}}"'
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=bench.tree,
            env=bench.environment,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=True,
        )
        statuses.append((result.stdout, result.stderr.replace(str(bench.home.parent / "bare.mk"), "")))
    assert statuses[0][0] == statuses[1][0] == "y\n2\n"


def test_a_terminal_is_a_terminal(bench: Workbench, any_make: str) -> None:
    """A recipe finds its three streams on the terminal, in the foreground, and can read from it."""
    bench.make = any_make
    bench.write('a: ; @test -t 0 && test -t 1 && test -t 2 && read x && echo "got $$x"\n', ["a"])
    bench.agree()
    child = bench.terminal("a")
    child.sendline("words")
    child.expect("got words")
    child.wait()
    assert child.exitstatus == 0


def test_both_makes_are_installed() -> None:
    """Both makes are installed with the development group; without one, half of these tests did not run."""
    assert Path(DEBIAN_MAKE).exists()
    assert len(MAKES) >= 2 or os.environ.get("MAKES")
