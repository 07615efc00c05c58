"""Records of runs: a damaged one is counted, one that is locked goes on, and none harms another."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from homes import BLANK, END, START, changed, only, write
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import CONTRACT

from instrumented_make.reporter import cli, consent, system
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.event import build
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import open_outbox
from instrumented_make.reporter.run import MAX_BYTES, Damaged, Run
from instrumented_make.reporter.run_files import KILLED, every, finished, wait_for_ends

EMPTY_FOR_LONG_S = 61


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a record, as its recorder does."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def lost(home: ConfigDir) -> dict[str, int]:
    with open_outbox(home.outbox) as outbox:
        return outbox.lost()


@settings(max_examples=300)
@given(data=st.data())
def test_a_bad_record_does_not_stop_the_others(config_dir: ConfigDir, data: st.DataObject) -> None:
    """A changed record becomes an event, is counted as lost, or waits; the other one becomes an event."""
    config_dir.outbox.unlink(missing_ok=True)  # two examples in one tick of the clock would be the same run
    path = write(config_dir, "1-2", changed(data, START), changed(data, END))
    write(config_dir, "3-4")
    found = list(finished(config_dir.pending, time.time_ns()))
    waits = not any(run.name == path.name for run in found)
    events = record(config_dir, Repositories())
    assert {"command": "one", "duration_ms": 5000, "exit_status": 0} in [event.properties for event in events]
    with open_outbox(config_dir.outbox) as outbox:
        settled = sum(outbox.lost().values()) + sum(outbox.counts().values())
    assert settled + waits == 2
    assert every(config_dir.pending) == ([path] if waits else [])
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (START.replace(b"one\n", b"") + b"\n" + END, "its start is incomplete"),
        (b"2" + START[1:] + END, "its start is incomplete"),
        (START.replace(b"\nend\n", b"\nmore\nend\n") + END, "its start is incomplete"),
        (START.replace(b"\nend\n", b"\n\n") + END, "its start is incomplete"),
        (START + END + b"more\n", "its start is incomplete"),
        (START + b"x" + END, "its end has no status"),
        (START + END[:1].ljust(95) + b"\n", "it has no time"),
        (START.replace(b"100250000000", b"-") + END, "it has no time"),
        (START + END.replace(b"95250000000", b"95250000000 7"), "it has no time"),
        (START + END + b"x" * MAX_BYTES, "it is too long"),
    ],
)
def test_a_damaged_record_is_counted_with_its_reason(config_dir: ConfigDir, content: bytes, reason: str) -> None:
    """The run has ended, so its record will not be completed: it is deleted."""
    write(config_dir, "1-2", content, b"")
    assert record(config_dir, Repositories()) == []
    assert lost(config_dir) == {f"its record cannot be read: {reason}": 1}
    assert every(config_dir.pending) == []


@pytest.mark.parametrize("version", [b"5", b"12", b"9" * 100])
def test_a_record_of_a_later_version_is_left_alone(config_dir: ConfigDir, version: bytes) -> None:
    """It waits for a later reporter, however long, and whatever its lines mean by then."""
    for name, rest in (("1-2", START[1:] + END), ("1-3", b"\nsomething else\n"), ("1-4", b"")):
        path = write(config_dir, name, version + rest, b"")
        os.utime(path, (1_000_000_000,) * 2)
    assert record(config_dir, Repositories()) == []
    assert len(every(config_dir.pending)) == 3
    assert lost(config_dir) == {}


def test_a_run_whose_record_is_locked_goes_on(config_dir: ConfigDir) -> None:
    """Its recorder holds the lock for as long as it lives: the record waits, however old it is."""
    path = write(config_dir, "1-2", end=BLANK)
    os.utime(path, (1_000_000_000,) * 2)
    with locked(path):
        assert record(config_dir, Repositories()) == []
        assert every(config_dir.pending) == [path]
        assert lost(config_dir) == {}


@pytest.mark.parametrize(
    "content",
    [START + BLANK, START, START[:-4], START[2:] + END, b"3\n", b"3"],
)
def test_a_record_without_an_end_that_nobody_has_locked_is_counted(config_dir: ConfigDir, content: bytes) -> None:
    """Its recorder was killed, before or after it had written the whole start, so no end will ever come."""
    write(config_dir, "1-2", content, b"")
    assert record(config_dir, Repositories()) == []
    assert lost(config_dir) == {KILLED: 1}
    assert every(config_dir.pending) == []


def test_a_run_that_ends_while_its_record_is_read_is_not_counted_as_killed(
    config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end comes, and the lock is let go of, between the look at the end and the look at the lock."""
    path = write(config_dir, "1-2", end=BLANK)
    flock = fcntl.flock

    def ending(handle: int, operation: int) -> None:
        path.write_bytes(START + END)
        flock(handle, operation)

    with monkeypatch.context() as patched:
        patched.setattr(fcntl, "flock", ending)
        assert list(finished(config_dir.pending, time.time_ns())) == []
    assert only(config_dir).exit_status == 0


def test_an_empty_record_is_left_alone_for_a_minute(config_dir: ConfigDir) -> None:
    """A recorder creates its file, locks it and then writes the start: a reporter may come in between."""
    path = write(config_dir, "1-2", b"", b"")
    begun_ns = path.stat().st_mtime_ns
    assert list(finished(config_dir.pending, begun_ns + 59 * 10**9)) == []
    assert list(finished(config_dir.pending, begun_ns + EMPTY_FOR_LONG_S * 10**9)) == [Damaged(path.name, KILLED)]
    with locked(path):
        assert list(finished(config_dir.pending, begun_ns + EMPTY_FOR_LONG_S * 10**9)) == []


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to itself"])
def test_records_that_are_not_regular_files_are_skipped(config_dir: ConfigDir, kind: str) -> None:
    """The run beside them is recorded at once: nothing waits for a pipe that nobody writes to."""
    path = config_dir.pending / "1-2.run"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(path)
    write(config_dir, "3-4")
    assert len(record(config_dir, Repositories())) == 1


def test_other_files_are_no_records(config_dir: ConfigDir) -> None:
    """A name that no recorder gives is neither read nor deleted."""
    for name in ("1-2.run~", "x.run", ".1-2.run", "1-2.text", "1" * 61 + ".run", "\u0661-2.run"):
        (config_dir.pending / name).write_bytes(START + END)
    assert record(config_dir, Repositories()) == []
    assert every(config_dir.pending) == []
    assert len(list(config_dir.pending.iterdir())) == 6


def test_runs_beyond_the_time_budget_wait(config_dir: ConfigDir) -> None:
    """The status is not held up by many records; what does not fit the budget is read the next time."""
    for number in range(300):
        write(config_dir, f"1-{number}")
    assert record(config_dir, Repositories(), budget_s=0) == []
    assert len(every(config_dir.pending)) == 300
    assert len(record(config_dir, Repositories(), budget_s=60)) == 300
    assert every(config_dir.pending) == []


@pytest.mark.parametrize("decided", ["1999-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"])
def test_a_run_belongs_to_its_agreement_whatever_the_clocks_say(config_dir: ConfigDir, decided: str) -> None:
    """The run names its agreement, so a clock that was ahead does not matter."""
    decision = consent.load(config_dir)
    assert decision is not None
    consent.save(config_dir, dataclasses.replace(decision, timestamp=decided))
    write(config_dir, "1-2")
    assert len(record(config_dir, Repositories())) == 1


SECRETS = ("secret-one", "secret-two", "secret-one")


def test_an_event_id_depends_on_a_local_secret(config_dir: ConfigDir) -> None:
    """Without the agreement, which is never sent, nobody can find the process id and time that the id is made from."""
    write(config_dir, "1-2")
    run = only(config_dir)
    decision = consent.load(config_dir)
    assert decision is not None
    events = [build(run, dataclasses.replace(decision, agreement=agreement), Repositories()) for agreement in SECRETS]
    assert events[0].message_id == events[2].message_id != events[1].message_id
    assert not [secret for secret in SECRETS if secret in json.dumps([event.as_json() for event in events])]


def test_every_line_of_a_record_has_its_meaning(config_dir: ConfigDir) -> None:
    """Names with spaces stay whole, the word of a test too; bytes that are no UTF-8 stop nothing."""
    commit = b"c" * 40
    facts = b"\n/a b/\xff\nrefs/heads/m\n" + commit + b"\na word\n"
    start = START.replace(b"\n\n\n\n\n", facts).replace(b"one", b"dev.up.lms dev.%")
    path = write(config_dir, "1-2", start, END.replace(b"0", b"-15", 1))
    assert only(config_dir) == Run(
        name=path.name,
        command="dev.up.lms dev.%",
        start_ns=1_764_000_000_500_000_000,
        end_ns=1_764_000_005_500_000_000,
        duration_ns=5_000_000_000,
        exit_status=-15,
        repository="/a b/\ufffd",
        ref="refs/heads/m",
        commit=commit.decode(),
        testing="a word",
        agreement="agreement",
    )


@pytest.mark.parametrize(
    ("written", "caller"),
    [(b"", None), (b" agent", "agent"), (b" person", "person"), (b" program", "program"), (b" CLAUDECODE=1", None)],
)
def test_only_three_words_say_who_started_make(config_dir: ConfigDir, written: bytes, caller: str | None) -> None:
    """Whatever else the record has in their place never becomes part of an event."""
    write(config_dir, "1-2", START.replace(b"digest agreement", b"digest agreement" + written))
    decision = consent.load(config_dir)
    assert decision is not None
    assert decision.collection is not None
    asked = dataclasses.replace(decision, collection=dataclasses.replace(decision.collection, fields=("caller",)))
    assert build(only(config_dir), asked, Repositories()).properties == {"caller": caller}


@pytest.mark.parametrize("commit", [b"ref: refs/heads/x", b"C" * 40, b"c" * 39, b"c" * 65])
def test_a_commit_that_is_none_is_unknown(config_dir: ConfigDir, commit: bytes) -> None:
    """What the file of a branch holds is whatever somebody wrote there."""
    write(config_dir, "1-2", START.replace(b"\n\n\n\n\n", b"\n/r\nrefs/heads/m\n" + commit + b"\n\n"))
    assert only(config_dir).commit == ""


@pytest.mark.parametrize(
    ("written", "reported"), [(b"0", 0), (b"1", -3), (b"2", 2), (b"127", 127), (b"255", 255), (b"-2", -2), (b"-9", -9)]
)
def test_the_status_is_what_the_kernel_said(config_dir: ConfigDir, written: bytes, reported: int) -> None:
    """A signal is its negative number. 1 is SIGQUIT: make exits so to avoid a core dump, and otherwise only for -q."""
    write(config_dir, "1-2", end=END.replace(b"0", written, 1))
    assert only(config_dir).exit_status == reported


@pytest.mark.parametrize(
    ("end", "duration_ms"),
    [
        # The clock was set back by an hour, ahead by one, or not at all.
        (b"0 1763996405500000000 105250000000 95250000000", 5_000),
        (b"0 1764003605500000000 105250000000 95250000000", 5_000),
        (b"0 1764000005500000000 105250000000 95250000000", 5_000),
        # The machine slept for most of it.
        (b"0 1764003600500000000 3700250000000 95250000000", 5_000),
        # Another machine's clock, or damage: never less than nothing.
        (b"0 1764000005500000000 3250000000 5250000000", 0),
    ],
)
def test_a_duration_is_the_time_that_the_machine_was_awake(config_dir: ConfigDir, end: bytes, duration_ms: int) -> None:
    """By a clock that nobody can set: nobody waits for a laptop that is closed."""
    write(config_dir, "1-2", end=end.ljust(95) + b"\n")
    assert only(config_dir).duration_ns == duration_ms * 1_000_000


def of_process(process: int, space: int | None = None) -> bytes:
    """The start of a run of make with the id ``process``, in this space of process ids or another."""
    return START.replace(b"\n1 2\n", f"\n{system.space_of_pids() if space is None else space} {process}\n".encode())


def dead_process() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_who_asks_at_once_waits_for_the_end_of_a_make_that_is_gone(
    config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its recorder is about to write it."""
    start = of_process(dead_process())
    path = write(config_dir, "1-2", start, BLANK)
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            path.write_bytes(start + END)

    monkeypatch.setattr(time, "sleep", nap)
    monkeypatch.setattr(cli, "ENDING_S", 3600)
    cli.run(["show", "--contract", CONTRACT, "--config-dir", str(config_dir.path)])
    assert len(naps) == 3


def test_nobody_waits_for_what_does_not_end_at_once(config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch) -> None:
    """A make that runs, one of another container, a finished one, a damaged one, and, for long, one that is gone."""

    def nap(seconds: float) -> None:
        pytest.fail("it waits")

    monkeypatch.setattr(time, "sleep", nap)
    gone = dead_process()
    write(config_dir, "1-1", of_process(os.getpid()), BLANK)
    write(config_dir, "1-2", of_process(gone, space=7), BLANK)
    write(config_dir, "1-3", of_process(gone))
    write(config_dir, "1-4", of_process(gone)[:-9], BLANK)
    write(config_dir, "1-5", b"5" + of_process(gone)[1:], BLANK)
    wait_for_ends(config_dir.pending, 3600)
    write(config_dir, "1-6", of_process(gone), BLANK)
    wait_for_ends(config_dir.pending, 0)
