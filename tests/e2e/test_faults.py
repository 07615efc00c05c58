"""Promise 3: no run is lost or sent twice, and no fault reaches the command: kills, disks, homes, clocks and crowds."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from capture import Capture
from workbench import HANG_S, INSTALLED, PYTHON, Workbench, needs, processes, tmpfs, wait_until

from instrumented_make.reporter.outbox import BUSY_TIMEOUT_S, VERSION
from instrumented_make.reporter.segment import ATTEMPT_TIMEOUT_S

RULES = ".PHONY: one two\none: ; @echo one\ntwo: ; @echo two\n"


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(RULES, ["one", "two"])
    bench.commit()
    bench.opt_in()
    return bench


def unread(bench: Workbench, *goals: str) -> None:
    """Run ``goals`` one by one, and leave what is recorded for a later reporter."""
    interpreter = bench.config / "interpreter"
    kept = interpreter.read_text()
    interpreter.write_text("/nonexistent/python\n")
    for goal in goals:
        assert bench.run(goal).returncode == 0
    bench.records()
    interpreter.write_text(kept)


def report(bench: Workbench) -> None:
    """Run a reporter, as soon as no other one is at work."""
    bench.background_ended()
    assert bench.reporter("run").returncode == 0


def report_with(bench: Workbench, *inject: str) -> int:
    """Run a reporter under strace, which injects faults into its system calls; return its exit status."""
    reporter = [PYTHON, "-I", "-m", "instrumented_make.reporter", "run", str(bench.config)]
    return subprocess.run(
        [needs("strace"), "-f", "-qq", "-o", "/dev/null", *inject, *reporter],
        cwd="/",
        env=bench.environment,
        capture_output=True,
        check=False,
    ).returncode


def status(bench: Workbench) -> str:
    result = bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED})
    assert "Traceback" not in result.stderr
    return result.stdout + result.stderr


# The system calls by which the reporter locks, writes, commits, deletes, connects, sends and receives; of the many
# writes every third one.
STEPS = {"flock": 1, "pwrite64": 3, "fdatasync": 1, "unlink": 1, "connect": 1, "sendto": 1, "recvfrom": 1}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("step", STEPS)
def test_a_reporter_killed_at_any_step_loses_and_repeats_nothing(
    consenting: Workbench, server: Capture, step: str
) -> None:
    """kill -9 at the first, second, third ... call of a kind, until none is left: each run arrives, under one id."""
    expected: set[str] = set()
    kills, call = 0, 1
    while True:
        unread(consenting, "one", "two")
        ended = report_with(consenting, "-e", f"inject={step}:signal=KILL:when={call}")
        report(consenting)
        arrived = {event["messageId"] for event in server.events}
        assert len(arrived - expected) == 2, f"killed at {step} number {call}"
        expected = arrived
        if ended == 0:
            break
        kills += 1
        call += STEPS[step]
    assert kills > 0
    assert consenting.records() == []
    assert "Lost" not in status(consenting)
    bodies: dict[str, set[str]] = {}
    for event in server.events:
        bodies.setdefault(event["messageId"], set()).add(json.dumps(event))
    assert all(len(versions) == 1 for versions in bodies.values())


def test_a_killed_recorder_is_counted(consenting: Workbench, server: Capture) -> None:
    """Of its run no event is made up; the run after it is delivered, and status tells of both."""
    consenting.write(f"{RULES}slow: ; @read line\n", ["one", "two", "slow"])
    running = subprocess.Popen(
        [consenting.make, "slow"], cwd=consenting.tree, env=consenting.environment, stdin=subprocess.PIPE
    )
    os.kill(consenting.watcher(), signal.SIGKILL)
    running.communicate(b"go\n", timeout=HANG_S)
    assert running.returncode == 0
    assert consenting.recorded() == [""]
    consenting.run("two")
    server.wait_for(1)
    consenting.background_ended()
    assert [event["properties"]["command"] for event in server.events] == ["two"]
    assert consenting.records() == []
    assert re.search(r"^Lost: +1: a start without an end", status(consenting), re.M)


def test_a_run_that_goes_on_is_left_alone(consenting: Workbench, server: Capture) -> None:
    """Its recorder holds the record locked: a reporter neither reads nor counts it, however old the file seems."""
    consenting.write(f"{RULES}slow: ; @read line\n", ["one", "two", "slow"])
    running = subprocess.Popen(
        [consenting.make, "slow"], cwd=consenting.tree, env=consenting.environment, stdin=subprocess.PIPE
    )
    wait_until(consenting.started, "the record of the start")
    [record] = consenting.started()
    os.utime(record, (time.time() - 400 * 86_400,) * 2)
    assert consenting.reporter("run").returncode == 0
    assert "Lost" not in status(consenting)
    assert server.requests == []
    running.communicate(b"go\n", timeout=HANG_S)
    [event] = server.wait_for(1)
    assert event["properties"]["command"] == "slow"


def test_damaged_records_do_not_harm_good_ones(consenting: Workbench, server: Capture) -> None:
    """The run beside them is delivered, and each of them is counted once, but one of a later version."""
    pending = consenting.config / "pending"
    unread(consenting, "one")
    [good] = consenting.records()
    text = good.read_bytes()
    lines = text.split(b"\n")
    damaged = [
        b"3\n",
        b"\xff\xfe\0",
        b"3\n" * 12,
        text.replace(b"\nend\n", b"\nend?\n"),
        b"\n".join([*lines[:10], b"0 - - -", b""]),
        b"\n".join([*lines[:2], b"x", *lines[3:]]),
        text * 2,
    ]
    for number, content in enumerate([*damaged, b"5" + text[1:]]):
        (pending / f"99999999{number}-0.run").write_bytes(content)
    (pending / "stranger").mkdir()
    (pending / "1-1.run").mkdir()
    report(consenting)
    assert len(server.events) == 1
    assert sum(map(int, re.findall(r"^Lost: +(\d+): ", status(consenting), re.M))) == len(damaged)
    assert sorted(path.name for path in pending.iterdir()) == ["1-1.run", f"99999999{len(damaged)}-0.run", "stranger"]


@pytest.mark.parametrize("shift_ns", [0, -86_400_000_000_000, 86_400_000_000_000], ids=["kept", "back", "forth"])
def test_a_clock_that_was_set_changes_no_duration(consenting: Workbench, server: Capture, shift_ns: int) -> None:
    """The clock is set during the command: its duration is still the time that passed."""
    unread(consenting, "one")
    [record] = consenting.records()
    lines = record.read_text().split("\n")
    status_, time_ns, boot_ns, awake_ns = lines[10].split()
    lines[10] = f"{status_} {int(time_ns) + shift_ns} {boot_ns} {awake_ns}"
    record.write_text("\n".join(lines))
    report(consenting)
    [event] = server.events
    passed_ns = int(boot_ns) - int(lines[2].split()[1])
    assert event["properties"]["duration_ms"] == round(passed_ns / 1_000_000)


def damage(path: Path, kind: str) -> None:
    if kind == "garbage":
        path.write_bytes(b"this is not a database, and long enough to be looked at" * 100)
    elif kind == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif kind == "another version":
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA user_version = 99")
    elif kind == "no first page":
        path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    elif kind == "another program's":
        path.unlink()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.executescript("CREATE TABLE other (x); INSERT INTO other VALUES (1);")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", ["garbage", "another program's", "truncated"])
def test_a_database_that_is_not_ours_is_set_aside(consenting: Workbench, server: Capture, kind: str) -> None:
    """It is renamed, byte for byte, and a new one takes its place."""
    consenting.run("one")
    server.wait_for(1)
    consenting.background_ended()
    outbox = consenting.config / "outbox.sqlite3"
    damage(outbox, kind)
    content = outbox.read_bytes()
    consenting.run("two")
    server.wait_for(2)
    consenting.background_ended()
    assert (consenting.config / "outbox.sqlite3.set-aside-1").read_bytes() == content
    assert re.search(r"^Delivered: +1$", status(consenting), re.M)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("kind", ["garbage", "no first page", "truncated"])
def test_a_damaged_outbox_is_set_aside_once_and_told(consenting: Workbench, server: Capture, kind: str) -> None:
    """The next reporter begins a new one; status tells before, and afterwards names the file with what was not sent."""
    unread(consenting, "one")
    report(consenting)
    outbox = consenting.config / "outbox.sqlite3"
    damage(outbox, kind)
    told = consenting.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED, "DO_NOT_TRACK": "1"}).stdout
    assert "the next recorded run starts a new one" in told
    for _ in range(2):
        unread(consenting, "two")
        report(consenting)
    assert [event["properties"]["command"] for event in server.events] == ["one", "two", "two"]
    assert len(list(consenting.config.glob("outbox.sqlite3.set-aside-*"))) == 1
    assert re.search(r"^Set aside: +1 damaged, .*/outbox.sqlite3.set-aside-1$", status(consenting), re.M)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("error", ["EIO", "ENOSPC", "EDQUOT"])
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "unlink"])
def test_a_failed_write_is_no_damage(consenting: Workbench, server: Capture, call: str, error: str) -> None:
    """The first, second ... call fails, once: the outbox stays, and nothing is lost or sent twice."""
    outbox = consenting.config / "outbox.sqlite3"
    unread(consenting, "one")
    report(consenting)
    ended = []
    for when in (1, 2, 3):
        unread(consenting, "one")
        inject = f"inject={call}:error={error}:when={when}"
        ended.append(report_with(consenting, "-P", str(outbox), "-P", f"{outbox}-journal", "-e", inject))
        report(consenting)
    assert any(ended), "at least one of them failed"
    assert not list(consenting.config.glob("*set-aside*"))
    assert len({event["messageId"] for event in server.events}) == 1 + len(ended)
    assert "Lost" not in status(consenting)


SCARCE = {
    "no thread": ["-e", "inject=clone,clone3:error=EAGAIN"],
    "no descriptor": ["-P", "{tree}/.git", "-e", "inject=openat,stat,newfstatat:error=EMFILE"],
    "no memory for the repository": ["-P", "{commit}", "-e", "inject=openat:error=ENOMEM"],
}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("what", SCARCE)
def test_what_runs_out_is_no_verdict_about_a_run(consenting: Workbench, server: Capture, what: str) -> None:
    """Without threads, descriptors or memory a run is neither given up nor half read: it waits."""
    unread(consenting, "one", "two")
    head = consenting.git("rev-parse", "HEAD").strip()
    commit = consenting.tree / ".git" / "objects" / head[:2] / head[2:]
    report_with(consenting, *(part.format(tree=consenting.tree, commit=commit) for part in SCARCE[what]))
    assert consenting.recorded() == ["0", "0"]
    assert server.requests == []
    report(consenting)
    assert [event["properties"]["git_commit_time"] for event in server.events] == ["2021-05-17T15:02:10-04:00"] * 2
    assert "Lost" not in status(consenting)


def test_a_run_that_cannot_be_read_yet_stops_no_other(consenting: Workbench, server: Capture) -> None:
    """There is no memory for its repository, so it waits; the run after it, elsewhere, arrives at once."""
    head = consenting.git("rev-parse", "HEAD").strip()
    commit = consenting.tree / ".git" / "objects" / head[:2] / head[2:]
    unread(consenting, "one")
    elsewhere = consenting.home.parent / "elsewhere"
    shutil.copytree(consenting.tree, elsewhere, ignore=shutil.ignore_patterns(".git"))
    consenting.tree = elsewhere
    unread(consenting, "two")
    report_with(consenting, "-P", str(commit), "-e", "inject=openat:error=ENOMEM")
    assert [event["properties"]["command"] for event in server.events] == ["two"]
    assert consenting.recorded() == ["0"]
    report(consenting)
    assert [event["properties"]["command"] for event in server.events] == ["two", "one"]
    assert "Lost" not in status(consenting)


def test_an_outbox_of_a_newer_version_is_left_as_it_is(consenting: Workbench, server: Capture) -> None:
    """It is not set aside; the run waits, and status says so."""
    consenting.run("one")
    server.wait_for(1)
    consenting.background_ended()
    outbox = consenting.config / "outbox.sqlite3"
    damage(outbox, "another version")
    content = outbox.read_bytes()
    assert consenting.run("two").returncode == 0
    consenting.background_ended()
    assert outbox.read_bytes() == content
    assert consenting.recorded() == ["0"]
    told = status(consenting)
    assert told.startswith("Decision: ")
    assert "newer than the installed instrumented-make supports" in told
    with contextlib.closing(sqlite3.connect(outbox)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION}")
    report(consenting)
    assert len(server.events) == 2


def test_a_locked_database_is_waited_for(consenting: Workbench, server: Capture) -> None:
    """Another program holds it for a while: the command does not wait, and the event arrives afterwards."""
    consenting.run("one")
    server.wait_for(1)
    consenting.background_ended()
    with contextlib.closing(sqlite3.connect(consenting.config / "outbox.sqlite3", isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        start = time.monotonic()
        assert consenting.run("two").returncode == 0
        assert time.monotonic() - start < BUSY_TIMEOUT_S
        wait_until(lambda: len(reporters(consenting)) == 1, "the reporter to start")
        connection.execute("COMMIT")
    server.wait_for(2)


def reporters(bench: Workbench) -> list[int]:
    return [process for process, line in processes().items() if str(bench.config) in line and "run" in line]


def test_deleted_files_are_created_again(consenting: Workbench, server: Capture) -> None:
    """The next run needs neither the pending folder nor the outbox."""
    shutil.rmtree(consenting.config / "pending")
    (consenting.config / "outbox.sqlite3").unlink(missing_ok=True)
    assert consenting.run("one").returncode == 0
    server.wait_for(1)
    assert (consenting.config / "pending").stat().st_mode & 0o777 == 0o700


def test_a_disk_that_fills_up_during_the_command_loses_nothing(bench: Workbench, server: Capture) -> None:
    """Space for the end is taken at the start; the run becomes an event once there is space again."""
    with tmpfs(bench.home, "size=2m"):
        bench.host = server.host
        bench.write(f"one: ; @dd if=/dev/zero of={bench.home}/filler bs=64k 2>/dev/null; echo full\n", ["one"])
        bench.opt_in()
        result = bench.run("one")
        assert (result.returncode, result.stdout, result.stderr) == (0, "full\n", "")
        bench.background_ended()
        assert server.requests == []
        assert bench.recorded() == ["0"]
        assert "disk is full" in status(bench) or "No space" in status(bench)
        (bench.home / "filler").unlink()
        report(bench)
        assert [event["properties"]["command"] for event in server.events] == ["one"]


def test_a_full_disk_loses_only_the_record(bench: Workbench, server: Capture) -> None:
    """Nothing can be written at the start: the command runs as usual, and silently."""
    with tmpfs(bench.home, "size=1m"):
        bench.host = server.host
        bench.write(RULES, ["one"])
        bench.opt_in()
        subprocess.run(["dd", "if=/dev/zero", f"of={bench.home}/filler", "bs=4k"], capture_output=True, check=False)
        result = bench.run("one")
        assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
        bench.background_ended()
        assert server.requests == []


def test_a_read_only_home_loses_only_the_record(bench: Workbench, server: Capture) -> None:
    """The command's output and status are the same, and no event is sent."""
    with tmpfs(bench.home, "size=2m"):
        bench.host = server.host
        bench.write(RULES, ["one"])
        bench.opt_in()
        subprocess.run(["mount", "-o", "remount,ro", str(bench.home)], check=True)
        result = bench.run("one")
        assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
        for goal in ("metrics-opt-out", "metrics-status"):
            told = bench.run(goal, variables={"VIRTUAL_ENV": INSTALLED})
            assert told.returncode == (2 if goal == "metrics-opt-out" else 0)
            assert ("Read-only file system" in told.stderr) is (goal == "metrics-opt-out")
            assert "Traceback" not in told.stderr
        bench.background_ended()
        assert server.requests == []


@pytest.mark.parametrize(
    "home", ["", "relative/home", "/dev/null/below", "/proc", "/dev/null", "/opt/$(touch pwned)", "/a:b", "/my home"]
)
def test_an_unusable_home_is_no_obstacle(bench: Workbench, home: str) -> None:
    """Unset, relative, missing, not writable, not a folder, or with a character that means something to a shell."""
    bench.write(RULES, ["one"])
    result = bench.run("one", variables={"HOME": home})
    assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    told = bench.run("metrics-opt-out", variables={"HOME": home, "VIRTUAL_ENV": INSTALLED})
    assert told.returncode == 2
    assert "Traceback" not in told.stderr
    own = ["Makefile", "Makefile.instrumented", "targets.yaml"]
    assert sorted(path.name for path in bench.tree.iterdir()) == own


def test_another_users_home_is_left_alone(consenting: Workbench, server: Capture) -> None:
    """sudo make keeps HOME: files of somebody else are neither trusted nor changed."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    for path in [consenting.config, *consenting.config.rglob("*")]:
        os.chown(path, 12345, 12345)
    before = sorted(consenting.config.rglob("*"))
    assert consenting.run("one").stdout == "one\n"
    consenting.background_ended()
    assert sorted(consenting.config.rglob("*")) == before
    assert server.requests == []
    assert "belongs to somebody else" in status(consenting)


KEPT = ("metrics.json", "agreed", "declined", "interpreter", "pending")
LOCKED = ("recording.lock", "reporting.lock", "sending.lock", "outbox.sqlite3", "outbox.sqlite3.lock")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("kind", ["dangling link", "folder", "fifo"])
@pytest.mark.parametrize("name", [*KEPT, *LOCKED])
def test_unexpected_kinds_of_files_stop_nothing(consenting: Workbench, name: str, kind: str) -> None:
    """Whatever is in the place of a file, make goes on, and opt-out answers."""
    path = consenting.config / (f"agreed.{consenting.digest}" if name == "agreed" else name)
    path.rmdir() if name == "pending" else path.unlink(missing_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to(path.parent / "nowhere" / "x") if kind == "dangling link" else path.mkdir()
    result = consenting.run("one")
    assert (result.returncode, result.stdout, result.stderr) == (0, "one\n", "")
    status(consenting)
    told = consenting.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED})
    assert "Traceback" not in told.stderr
    if kind != "folder":  # a folder was not made by this project, and is named
        assert told.returncode == 0
    assert told.returncode == 0 or str(path) in told.stderr


def test_two_hundred_makes_at_once(consenting: Workbench, server: Capture) -> None:
    """Two checkouts share a home: every command succeeds, and every run arrives once, in a few requests."""
    other = consenting.home.parent / "other"
    shutil.copytree(consenting.tree, other)
    start_s = time.monotonic()
    with ThreadPoolExecutor(50) as pool:
        runs = [pool.submit(consenting.run, "one", cwd=consenting.tree if n % 2 else other) for n in range(200)]
        results = [run.result() for run in runs]
    assert {(result.returncode, result.stdout, result.stderr) for result in results} == {(0, "one\n", "")}
    events = server.wait_for(200)
    consenting.background_ended()
    assert len(events) == len({event["messageId"] for event in events}) == 200
    # Each batch holds at most a hundred, and a busy machine takes its time.
    assert len(server.requests) <= 6 + time.monotonic() - start_s


def test_a_burst_of_commands_is_sent_together(consenting: Workbench, server: Capture) -> None:
    """A hundred commands in a row start only a few senders: not one for each second."""
    start_s = time.monotonic()
    senders = set[str]()
    for _ in range(100):
        consenting.run("one")
        with contextlib.suppress(FileNotFoundError):
            senders.add((consenting.config / "sending.lock").read_text())
    server.wait_for(100)
    consenting.background_ended()
    senders.add((consenting.config / "sending.lock").read_text())
    most = 5 + time.monotonic() - start_s
    assert len(senders - {""}) <= most
    assert len(server.requests) <= most


def test_two_projects_in_one_home_are_separate(bench: Workbench, server: Capture, tmp_path: Path) -> None:
    """Each has its own decision, id and outbox."""
    bench.host = server.host
    bench.write(RULES, ["one"])
    bench.opt_in()
    second = Workbench(tmp_path / "second", bench.home, host=server.host)
    second.tree.mkdir()
    second.write(RULES, ["one"])
    catalog = second.tree / "targets.yaml"
    catalog.write_text(catalog.read_text().replace("project: workbench", "project: elsewhere"))
    second.render()
    assert second.run("one").returncode == 0
    assert not (bench.home / ".config" / "elsewhere").exists()
    second.opt_in()
    second.run("one")
    bench.run("one")
    events = server.wait_for(2)
    assert len({event["userId"] for event in events}) == 2


def test_a_run_belongs_to_the_decision_under_which_it_began(bench: Workbench, server: Capture) -> None:
    """One recorded under 'local' and not yet read, or still running when its user says yes, is not sent."""
    bench.host = server.host
    bench.write(RULES + "slow: ; @read line\n", ["one", "two", "slow"])
    bench.opt_in("local")
    unread(bench, "one")
    running = subprocess.Popen([bench.make, "slow"], cwd=bench.tree, env=bench.environment, stdin=subprocess.PIPE)
    wait_until(lambda: len(bench.started()) == 2, "the record of the start")
    bench.opt_in("yes")
    running.communicate(b"go\n", timeout=HANG_S)
    bench.run("two")
    server.wait_for(1)
    bench.background_ended()
    assert [event["properties"]["command"] for event in server.events] == ["two"]
    told = status(bench)
    assert re.search(r"^Kept here: +1$", told, re.M)
    assert re.search(r"^Lost: +1: it began under an earlier decision$", told, re.M)


def test_opting_out_ends_a_running_sender(consenting: Workbench) -> None:
    """While it waits to try again, opting out returns soon, and no events are left."""
    # The catalog's server is gone; the sender is in its backoff, alive.
    catalog = consenting.tree / "targets.yaml"
    catalog.write_text(re.sub(r"host: .*", "host: http://127.0.0.1:9", catalog.read_text()))
    consenting.render()
    consenting.opt_in()
    consenting.run("one")

    def has_failed() -> bool:
        # Not by the status, which would read the run itself, and leave the reporter nothing to wait for.
        with contextlib.suppress(sqlite3.Error), contextlib.closing(_only_read(consenting)) as kept:
            return bool(kept.execute("SELECT count(*) FROM destinations").fetchone()[0])
        return False

    wait_until(has_failed, "an attempt to fail")
    assert len(reporters(consenting)) == 1
    start = time.monotonic()
    assert consenting.run("metrics-opt-out").returncode == 0
    assert time.monotonic() - start < ATTEMPT_TIMEOUT_S
    wait_until(lambda: not reporters(consenting), "the sender to be gone")
    assert not (consenting.config / "outbox.sqlite3").exists()


def _only_read(bench: Workbench) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{bench.config / 'outbox.sqlite3'}?mode=ro", uri=True)
