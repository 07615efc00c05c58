"""The recorder, whatever happens to the make that it watches, to itself and to where it writes."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest
from workbench import (
    HANG_S,
    INSTALLED,
    PYTHON,
    WAYS,
    Workbench,
    end_of,
    host_of,
    needs,
    processes,
    recorder_for,
    wait_until,
)

from instrumented_make.reporter import run_files
from instrumented_make.reporter.run import Damaged, Run

SOURCE = Path(__file__).parents[2] / "recorder" / "recorder.c"
# In a space of process ids of its own, where only the first pid and network namespaces have a process connector.
CONTAINER = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]


def started(bench: Workbench, runs: int = 1) -> list[Path]:
    """The records, once ``runs`` have begun."""
    pending = bench.config / "pending"
    wait_until(lambda: len([path for path in pending.glob("*.run") if path.stat().st_size]) == runs, "the record")
    return sorted(pending.glob("*.run"))


def read(bench: Workbench) -> list[Run | Damaged]:
    return list(run_files.finished(bench.config / "pending", time.time_ns()))


@pytest.mark.parametrize("way", WAYS[:2])
def test_the_recorder_says_how_it_watches(way: str) -> None:
    """It has tried it: `check` watches a process that ends with a status of its own."""
    told = subprocess.run([recorder_for(way), "check"], capture_output=True, text=True, check=True)
    assert told.stdout == f"{way}\n"
    assert subprocess.run([recorder_for("run"), "check"], capture_output=True, text=True, check=True).stdout == "none\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "9>&1 200>&1"])
def test_closed_and_extra_descriptors_change_nothing(bench: Workbench, closed: str) -> None:
    """make x <&- runs the command, and no descriptor of the caller is held open once make has ended."""
    bench.write("x: ; @echo a >>f; echo out; echo err >&2\n", ["x"])
    bench.agree()
    seen = []
    for variables in ({"DO_NOT_TRACK": "1"}, {}):
        result = subprocess.run(
            ["bash", "-c", f'"{bench.make}" x {closed}; echo "status $?"'],
            cwd=bench.tree,
            env={**bench.environment, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        seen.append((result.stdout, result.stderr, (bench.tree / "f").read_text()))
        (bench.tree / "f").unlink()
    assert seen[0] == seen[1]
    assert bench.recorded() == [seen[0][0].rpartition("status ")[2].strip()]


def test_nothing_of_the_caller_is_held_while_make_runs(bench: Workbench) -> None:
    """The watcher is in a session of its own, in /, and has none of the caller's descriptors or locks."""
    bench.write("x: ; @read line\n", ["x"])
    bench.agree()
    lock = bench.tree / "lock"
    held = lock.open("w")
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [bench.make, "x"],
        cwd=bench.tree,
        env=bench.environment,
        stdin=subprocess.PIPE,
        pass_fds=[held.fileno(), writing],
    )
    watcher = bench.watcher()
    os.close(writing)
    held.close()
    opened = {os.readlink(path) for path in Path(f"/proc/{watcher}/fd").iterdir()}
    assert str(lock) not in opened
    assert not any(name.startswith("pipe:") for name in opened)
    assert os.getsid(watcher) != os.getsid(process.pid)
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.close()
    process.wait(timeout=HANG_S)
    assert os.read(reading, 1) == b""
    assert bench.recorded() == ["0"]


def test_a_restarted_make_is_recorded_once_and_from_its_first_start(bench: Workbench, make: str) -> None:
    """A remade makefile makes make start itself again, under the same process id."""
    bench.make = make
    bench.write("include made.mk\na: ; @echo $(X) $(MAKE_RESTARTS)\nmade.mk: ; @sleep 0.2; echo X = made > $@\n", ["a"])
    bench.agree()
    assert bench.run("a").stdout == "made 1\n"
    (run,) = read(bench) if bench.records() else []
    assert isinstance(run, Run)
    assert run.exit_status == 0
    assert run.duration_ns > 200_000_000


def switches(process: int) -> int:
    """How often a process has gone to sleep."""
    return int(re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", Path(f"/proc/{process}/status").read_text(), re.M)[0])


def test_an_end_that_its_parent_notes_late(bench: Workbench) -> None:
    """The end is when make ended, not when somebody asked for its status."""
    bench.write("a: ; @read line; exit 3\n", ["a"])
    bench.agree()
    process = subprocess.Popen(
        [bench.make, "a"], cwd=bench.tree, env=bench.environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    watcher = bench.watcher()
    wait_until(lambda: Path(f"/proc/{watcher}/stat").read_text().split()[2] == "S", "the watcher to sleep")
    before = switches(watcher)
    assert process.stdin is not None
    process.stdin.close()
    wait_until(lambda: switches(watcher) > before, "the watcher to have seen the end")
    asked_ns = time.time_ns()
    process.wait(timeout=HANG_S)
    bench.records()
    (run,) = read(bench)
    assert isinstance(run, Run)
    assert run.exit_status == 2
    assert run.end_ns < asked_ns


@pytest.mark.parametrize("way", WAYS)
def test_timeout_ends_a_command(bench: Workbench, way: str) -> None:
    """timeout(1) sends its signal to make and then to the group: its own status, and make's in the record."""
    bench.write("a: ; @sleep 3631.25\n", ["a"])
    bench.agree(recorder_for(way))
    run = [str(recorder_for("run")), "run", "--"] if way == "run" else []
    command = ["timeout", "3", *run, bench.make, "a"]
    result = subprocess.run(command, cwd=bench.tree, env=bench.environment, capture_output=True, text=True, check=False)
    assert result.returncode == 124
    # Which of the two make is told of first, its own signal or its command's, is chance.
    assert bench.recorded() in (["-15"], ["2"])


@pytest.mark.parametrize("way", WAYS)
def test_a_recorder_that_is_killed_is_counted(bench: Workbench, way: str) -> None:
    """The start is there without an end, nobody holds its lock, and it is given up with its reason; make goes on."""
    bench.write("a: ; @read line; exit 3\n", ["a"])
    bench.agree(recorder_for(way))
    run = [str(recorder_for("run")), "run", "--"] if way == "run" else []
    process = subprocess.Popen(
        [*run, bench.make, "a"], cwd=bench.tree, env=bench.environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    bench.watcher()
    assert read(bench) == []
    for recorder in bench.recorders():
        os.kill(recorder, signal.SIGKILL)
    process.communicate(b"\n", timeout=HANG_S)
    assert process.returncode == 2
    assert bench.recorded() == [""]
    (lost,) = read(bench)
    assert lost == Damaged(lost.name, run_files.KILLED)


def test_without_a_way_to_watch_nothing_happens(bench: Workbench) -> None:
    """On an older kernel without `run`, the command works as usual, and nothing is recorded or said."""
    bench.write("a: ; @echo a\n", ["a"])
    bench.agree(recorder_for("run"))
    result = bench.run("a")
    assert (result.returncode, result.stdout, result.stderr) == (0, "a\n", "")
    assert bench.recorded() == []


def test_a_run_beyond_the_limit_is_counted_only(bench: Workbench) -> None:
    """While no reporter can be started, so many runs wait and no more; status says how many were not recorded."""
    bench.write("a: ; @echo a\n", ["a"])
    bench.agree()
    bench.run("a")
    [record] = bench.records()
    for number in range(run_files.MAX_RUNS - 2):
        os.link(record, record.with_name(f"{number}-1.run"))
    for _ in range(3):
        assert bench.run("a").stdout == "a\n"
        bench.records()  # two recorders at once may both find room for one
    assert len(bench.records()) == run_files.MAX_RUNS
    assert (bench.config / "dropped").stat().st_size == 2
    said = bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout
    assert f"Lost:          2: more than {run_files.MAX_RUNS} runs waited\n" in said
    assert "Not yet read:" in said
    left = bench.records()
    for number in range(run_files.MAX_RUNS - len(left)):
        os.link(left[0], left[0].with_name(f"{number}-2.run"))
    (bench.config / "interpreter").write_text(f"{PYTHON}\n")
    bench.run("a")
    bench.background_ended()
    assert bench.records() == [], "the run is only counted, but a reporter begins, and reads the others"
    assert bench.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED}).returncode == 0
    assert not (bench.config / "pending").exists()
    assert not (bench.config / "dropped").exists()


def test_another_uptime_ends_no_run(bench: Workbench) -> None:
    """A reporter in a time namespace, where the machine has just started or is years old, leaves a run that goes on."""
    bench.write("a: ; @read line; exit 3\n", ["a"])
    bench.agree()
    process = subprocess.Popen(
        [bench.make, "a"], cwd=bench.tree, env=bench.environment, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    started(bench)
    reporter = [PYTHON, "-I", "-m", "instrumented_make.reporter", "run", str(bench.config)]
    for boot in ("1", "999999999"):
        result = subprocess.run(
            ["unshare", "--time", "--fork", "--boottime", boot, *reporter],
            cwd="/",
            env=bench.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if "unshare" in result.stderr:
            process.kill()
            process.communicate()
            pytest.skip("no namespace can be made here")
        assert result.returncode == 0
    process.communicate(b"\n", timeout=HANG_S)
    assert bench.recorded() == ["2"]


def test_make_as_the_first_process_of_a_container_is_not_recorded(bench: Workbench) -> None:
    """Its end would end the watcher."""
    needs("unshare")
    bench.write("a: ; @echo a\n", ["a"])
    bench.agree()
    result = subprocess.run(
        [*CONTAINER, bench.make, "a"],
        cwd=bench.tree,
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 1 and "unshare" in result.stderr:
        pytest.skip("no namespace can be made here")
    assert (result.returncode, result.stdout, result.stderr) == (0, "a\n", "")
    assert bench.recorded() == []


@pytest.mark.parametrize("more", [[], ["--user", "--map-root-user"], ["--net"]])
@pytest.mark.parametrize("way", WAYS)
def test_a_make_in_a_container(bench: Workbench, way: str, more: list[str]) -> None:
    """In namespaces of its own it is recorded where the kernel tells, or `run` does; else nothing happens."""
    needs("unshare")
    bench.write("a: ; @exit 3\n", ["a"])
    bench.agree(recorder_for(way))
    run = f"{recorder_for('run')} run -- " if way == "run" else ""
    # The first process waits for the watcher, whom its end would end.
    wait = f"while grep -qsz '^{bench.config}/recorder-' /proc/[0-9]*/cmdline; do :; done"
    script = f"{run}{bench.make} a; status=$?; {wait}; exit $status"
    result = subprocess.run(
        [*CONTAINER, *more, "bash", "-c", script],
        cwd=bench.tree,
        env=bench.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in result.stderr:
        pytest.skip("no namespace can be made here")
    assert result.returncode == 2
    assert bench.recorded() == ([] if way == "connector" else ["2"])


def test_an_unprivileged_user(bench: Workbench) -> None:
    """Everything works as somebody else than root."""
    if os.geteuid() != 0:
        pytest.skip("every other test is this one, unless root runs them")
    bench.write("a: ; @exit 3\n", ["a"])
    for way in WAYS[:2]:
        shutil.rmtree(bench.home / ".config", ignore_errors=True)
        os.chown(bench.home, 0, 0)
        bench.agree(recorder_for(way))
        for path in [bench.home.parent, *bench.home.parent.rglob("*")]:
            os.chown(path, 65534, 65534)
        # The folders above are root's alone.
        command = ["unshare", "--mount", "bash", "-c", _AS_NOBODY, "bash", str(bench.home.parent), bench.make, "a"]
        environment = {**bench.environment, "HOME": "/mnt/home"}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 2, result.stderr
        wait_until(lambda: [end_of(path) for path in started(bench)] == ["2"], "its end")


_AS_NOBODY = """
mount --bind "$1" /mnt && cd /mnt/tree && shift && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
"""


def test_a_folder_of_somebody_else_is_not_written_to(bench: Workbench) -> None:
    """Not even by root: sudo make in another user's checkout and home records nothing."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    bench.write("a: ; @echo a\n", ["a"])
    bench.agree()
    os.chown(bench.config, 65534, 65534)
    assert bench.run("a").stdout == "a\n"
    assert bench.recorded() == []


def test_opting_out_while_a_command_runs(bench: Workbench) -> None:
    """The command goes on, and what its watcher writes at the end reaches no folder."""
    bench.write("a: ; @read line; echo read\n", ["a"])
    bench.opt_in("local")
    process = subprocess.Popen(
        [bench.make, "a"],
        cwd=bench.tree,
        env=bench.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    started(bench)
    out = bench.run("metrics-opt-out")
    assert "Nothing will be measured" in out.stdout, out.stderr
    assert process.communicate("\n", timeout=HANG_S)[0] == "read\n"
    wait_until(lambda: not bench.recorders(), "the watcher to end")
    assert sorted(path.name for path in bench.config.iterdir() if path.suffix != ".lock") == [
        "declined",
        "metrics.json",
    ]


def test_two_hundred_at_once_start_one_reporter_at_a_time(bench: Workbench) -> None:
    """Every run is recorded once, and there is never a second reporter."""
    bench.write("a: ; @:\n", ["a"])
    bench.opt_in("local")
    makes = [subprocess.Popen([bench.make, "a"], cwd=bench.tree, env=bench.environment) for _ in range(200)]
    most = 0
    while any(make.poll() is None for make in makes) or bench.recorders():
        # A process that has just become one is counted as well.
        most = max(most, sum("run" in line and str(bench.config) in line for line in processes().values()))
    assert [make.returncode for make in makes] == [0] * 200
    bench.background_ended()
    bench.run("metrics-status")
    bench.background_ended()
    with contextlib.closing(sqlite3.connect(bench.config / "outbox.sqlite3")) as outbox:
        assert outbox.execute("SELECT count(*) FROM events").fetchone() == (200,)
    assert most <= 2


@pytest.mark.thorough
def test_each_run_is_recorded_once_or_counted(bench: Workbench) -> None:
    """With kills of make, watcher or nobody at random: as many records as runs, each with make's own status."""
    bench.write("a: ; @sleep 0.0$(N); exit 3\nb: ; @sleep 0.0$(N)\n", ["a", "b"])
    bench.agree()
    chance = random.Random(23)
    statuses: dict[int, int] = {}
    killed = 0
    for _ in range(200):
        makes = [
            subprocess.Popen(
                [bench.make, chance.choice("ab"), f"N={chance.randrange(30)}"],
                cwd=bench.tree,
                env=bench.environment,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for _ in range(5)
        ]
        started(bench, len(statuses) + 5)
        victim = chance.choice(makes)
        with contextlib.suppress(ProcessLookupError):
            what = chance.random()
            if what < 0.3:
                os.killpg(victim.pid, chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]))
            elif what < 0.5:
                victim.kill()
            elif what < 0.6:
                os.kill(chance.choice(bench.recorders() or [0]) or os.getpid(), 0 if not bench.recorders() else 9)
                killed += 1
        statuses |= {make.pid: make.wait(timeout=HANG_S) for make in makes}
        assert len(statuses) % 5 == 0, "a process id came back: choose another number of runs"
    found = {int(record.stem.partition("-")[2]): end_of(record) for record in bench.records()}
    assert found.keys() == statuses.keys()
    wrong = {pid: (found[pid], statuses[pid]) for pid in found if found[pid] != str(statuses[pid])}
    assert all(end == "" for end, _ in wrong.values())
    assert len(wrong) <= killed


def test_a_record_is_private_whatever_the_umask(bench: Workbench) -> None:
    """Only you can read what was recorded."""
    bench.write("a: ; @:\n", ["a"])
    bench.agree()
    subprocess.run(["bash", "-c", f"umask 0; exec {bench.make} a"], cwd=bench.tree, env=bench.environment, check=True)
    (record,) = bench.records()
    assert record.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("sanitizer", ["address", "undefined"])
def test_the_recorder_has_no_fault_that_a_sanitizer_finds(bench: Workbench, sanitizer: str) -> None:
    """Watching, running and checking, in a repository and with 100 kB of environment."""
    program = bench.home.parent / "recorder"
    flags = ["-std=c11", "-g", f"-fsanitize={sanitizer}", "-fno-sanitize-recover=all", "-static-libasan"][
        : 5 if sanitizer == "address" else 4
    ]
    subprocess.run([needs("gcc"), *flags, SOURCE, "-o", program], check=True)
    bench.write("a: ; @exit 3\n", ["a"])
    bench.commit()
    bench.agree(program)
    report = bench.home.parent / "report"
    variables = {
        "LARGE": "x" * 100_000,
        "ASAN_OPTIONS": f"log_path={report}:exitcode=0",
        "UBSAN_OPTIONS": f"log_path={report}",
    }
    assert bench.run("a", variables=variables).returncode == 2
    assert bench.recorded() == ["2"]
    for arguments in (["check"], ["run", "--", "true"], ["run", "--", "/nowhere"], ["watch", "a", "b", "c", "d"], []):
        subprocess.run([program, *arguments], env={**bench.environment, **variables}, capture_output=True, check=False)
    assert not list(bench.home.parent.glob("report*"))


def test_the_recorder_is_small_and_compiles_without_a_warning(tmp_path: Path) -> None:
    """At most 640 lines, no longer than 120; gcc's own analysis finds nothing."""
    lines = SOURCE.read_text().splitlines()
    assert len(lines) <= 640
    assert max(map(len, lines)) <= 120
    strict = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([needs("gcc"), *strict, "-fanalyzer", SOURCE, "-o", tmp_path / "analysed"], check=True)


def test_each_make_names_this_system(make: str) -> None:
    """The name under which opt-in places the recorder is a plain one."""
    assert host_of(make).strip() == host_of(make) != ""


def test_python_is_not_started_by_make(bench: Workbench) -> None:
    """The reporter begins after make has ended, and its output goes nowhere."""
    look = f"cat $$process 2>/dev/null | tr '\\0' ' ' | grep '[i]nstrumented_make.reporter run.*{bench.config}'"
    bench.write(f"a: ; @for process in /proc/[0-9]*/cmdline; do {look}; done; true\n", ["a"])
    bench.agree()
    (bench.config / "interpreter").write_text(f"{PYTHON}\n")
    result = bench.run("a")
    assert (result.stdout, result.stderr) == ("", "")
    bench.background_ended()
