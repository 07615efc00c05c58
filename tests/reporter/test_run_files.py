"""Records of runs: a damaged one is counted, and harms no other."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import time

import pytest
from homes import END, START, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workbench import tmpfs

from instrumented_make.reporter import consent, system
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.event import build
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import opened
from instrumented_make.reporter.run_files import MAX_BYTES, Damaged, Run, every, finished, remove_abandoned


def changed(data: st.DataObject, content: bytes) -> bytes:
    """``content`` with some bytes removed, replaced or inserted."""
    at = data.draw(st.integers(0, len(content)))
    return content[:at] + data.draw(st.binary(max_size=6)) + content[at + data.draw(st.integers(0, len(content))) :]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_bad_record_does_not_stop_the_others(config_dir: ConfigDir, data: st.DataObject) -> None:
    """A changed record becomes an event, is counted as lost, or waits; the other one becomes an event."""
    config_dir.outbox.unlink(missing_ok=True)  # two examples in one tick of the clock would be the same run
    start, end = changed(data, START), changed(data, END)
    write(config_dir, "1-2-0", start, end)
    write(config_dir, "3-4-0")
    found = list(finished(config_dir.pending))
    # A run with a word for testing is left to the reporter in the foreground, for a while.
    waits = not any(isinstance(run, Damaged) or (run.name == "1-2-0" and not run.testing) for run in found)
    events = record(config_dir, Repositories())
    assert {"command": "one", "duration_ms": 5000, "exit_status": 0} in [event.properties for event in events]
    with opened(config_dir.outbox) as outbox:
        settled = sum(outbox.lost().values()) + sum(outbox.counts().values())
    assert settled + waits == 2
    assert len(every(config_dir.pending)) == (2 if waits else 0)
    for path in every(config_dir.pending):
        path.unlink()


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"", "its start is incomplete"),
        (START[:-4], "its start is incomplete"),
        (b"1" + START[1:], "its start is incomplete"),
        (START + b"x" * MAX_BYTES, "it is too long"),
    ],
)
def test_a_damaged_record_is_counted_with_its_reason(config_dir: ConfigDir, start: bytes, reason: str) -> None:
    """The run has ended, so its record will not be completed."""
    write(config_dir, "1-2-0", start)
    assert record(config_dir, Repositories()) == []
    with opened(config_dir.outbox) as outbox:
        assert outbox.lost() == {f"its record cannot be read: {reason}": 1}
    assert every(config_dir.pending) == []


def test_a_record_of_a_newer_version_or_without_an_end_waits(config_dir: ConfigDir) -> None:
    """A record of a later version waits for a later reporter, however long. So does one without an end."""
    write(config_dir, "1-2-0", b"3" + START[1:])
    write(config_dir, f"1-{os.getpid()}-0", START, b" " * 63 + b"\n")
    for path in config_dir.pending.iterdir():
        os.utime(path, (1_000_000_000,) * 2 if path.name.startswith("1-2-0") else None)
    assert record(config_dir, Repositories()) == []
    assert len(every(config_dir.pending)) == 4
    with opened(config_dir.outbox) as outbox:
        assert outbox.lost() == {}


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to itself"])
def test_records_that_are_not_regular_files_are_skipped(config_dir: ConfigDir, kind: str) -> None:
    """Where a start or an end should be: the other runs are recorded at once."""
    write(config_dir, "3-4-0")
    for name in ("1-2-0.start", "1-2-0.end", "1-3-0.start"):
        path = config_dir.pending / name
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(path)
    write(config_dir, "1-3-1")
    assert len(record(config_dir, Repositories())) == 2


def test_runs_beyond_the_time_budget_wait(config_dir: ConfigDir) -> None:
    """The status is not held up by many records; what does not fit the budget is read the next time."""
    for number in range(300):
        write(config_dir, f"1-{number}-0")
    assert record(config_dir, Repositories(), budget_s=0) == []
    assert len(every(config_dir.pending)) == 600
    assert len(record(config_dir, Repositories(), budget_s=60)) == 300
    assert all(not isinstance(run, Run) for run in finished(config_dir.pending))


def test_a_run_that_cannot_become_an_event_is_counted_with_its_reason(config_dir: ConfigDir) -> None:
    """Its time is outside the calendar; the other run becomes an event."""
    with tmpfs(config_dir.pending, "size=1m"):
        write(config_dir, "1-2-0")
        write(config_dir, "3-4-0")
        far_ns = 10**21
        os.utime(config_dir.pending / "1-2-0.start", ns=(far_ns, far_ns))
        assert (config_dir.pending / "1-2-0.start").stat().st_mtime_ns == far_ns
        assert len(record(config_dir, Repositories())) == 1
        assert every(config_dir.pending) == []
    with opened(config_dir.outbox) as outbox:
        ((reason, count),) = outbox.lost().items()
    assert reason.startswith("it could not become an event: ")
    assert count == 1


@pytest.mark.parametrize("decided", ["1999-01-01T00:00:00+00:00", "2099-01-01T00:00:00+00:00"])
def test_a_run_belongs_to_its_agreement_whatever_the_clocks_say(config_dir: ConfigDir, decided: str) -> None:
    """The run names its agreement, so a clock that was ahead and times in whole seconds do not matter."""
    decision = consent.load(config_dir)
    assert decision is not None
    consent.save(config_dir, dataclasses.replace(decision, timestamp=decided))
    write(config_dir, "1-2-0")
    for path in config_dir.pending.iterdir():
        whole_ns = path.stat().st_mtime_ns // 2_000_000_000 * 2_000_000_000
        os.utime(path, ns=(whole_ns, whole_ns))
    assert len(record(config_dir, Repositories())) == 1


SECRETS = ("secret-one", "secret-two", "secret-one")


def test_an_event_id_depends_on_a_local_secret(config_dir: ConfigDir) -> None:
    """Without the agreement, which is never sent, nobody can find the process id and time that the id is made from."""
    write(config_dir, "1-2-0")
    (run,) = (run for run in finished(config_dir.pending) if isinstance(run, Run))
    decision = consent.load(config_dir)
    assert decision is not None
    events = [build(run, dataclasses.replace(decision, agreement=agreement), Repositories()) for agreement in SECRETS]
    assert events[0].message_id == events[2].message_id != events[1].message_id
    assert not [secret for secret in SECRETS if secret in json.dumps([event.as_json() for event in events])]


BLANK = b" " * 63 + b"\n"
DAY_S = 24 * 3600


def dead_process() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("system_name", "up_s", "alive", "kept"),
    [
        # On this system: as long as its shell is there, and a day without it.
        ("here", 2 * DAY_S, True, True),
        ("here", 2 * DAY_S, False, False),
        ("here", DAY_S / 2, False, True),
        # In another container of the same machine nobody can see the shell: 30 days.
        ("boot:other", 2 * DAY_S, False, True),
        ("boot:other", 31 * DAY_S, False, False),
        ("here", 31 * DAY_S, True, False),
    ],
)
def test_a_run_that_can_no_longer_end_is_given_up(
    config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch, system_name: str, up_s: float, alive: bool, kept: bool
) -> None:
    """Measured by the machine's uptime, which no clock changes."""
    begun_s = 1_000.0
    monkeypatch.setattr(system, "uptime_s", lambda: begun_s + up_s)
    boot = system.name().partition(":")[0]
    place = system.name() if system_name == "here" else f"{boot}:other"
    start = START.replace(b"1764000000.5 100.25", f"1764000000.5 {begun_s:.2f} {place}".encode())
    write(config_dir, f"100000-{os.getpid() if alive else dead_process()}-0", start, BLANK)
    assert remove_abandoned(config_dir.pending, time.time_ns()) == (0 if kept else 1)
    assert len(every(config_dir.pending)) == (2 if kept else 0)


@pytest.mark.parametrize(("days", "given_up"), [(59, 0), (61, 1)])
def test_a_run_of_a_system_that_is_gone_is_given_up_by_its_files_age(
    config_dir: ConfigDir, days: int, given_up: int
) -> None:
    """The machine has restarted since, so there is no uptime to compare with."""
    write(config_dir, "100-1-0", START.replace(b"100.25", b"100.25 another:1"), BLANK)
    written = time.time() - days * DAY_S
    os.utime(config_dir.pending / "100-1-0.start", (written, written))
    assert remove_abandoned(config_dir.pending, time.time_ns()) == given_up


def test_an_end_without_a_start_is_removed_when_it_is_old_by_both_clocks(config_dir: ConfigDir) -> None:
    """A hand-over creates the end file a moment before the start file, so a new one stays."""
    now = round(system.uptime_s() * 100)
    for name, age_s in ((f"{now}-1-0", 0), (f"{now}-2-0", 3600), ("1-3-0", 0), ("1-4-0", 3600)):
        path = config_dir.pending / f"{name}.end"
        path.write_bytes(BLANK)
        os.utime(path, (time.time() - age_s,) * 2)
    assert remove_abandoned(config_dir.pending, time.time_ns()) == 0
    left = {path.name for path in every(config_dir.pending)}
    assert left == {f"{now}-1-0.end", f"{now}-2-0.end", "1-3-0.end"}


@pytest.mark.parametrize(
    ("start_clock", "end_clock", "duration_ms"),
    [
        ("1764000000.5 100.25", "1764000005.5 105.25", 5_000),
        # The clock was set back by an hour, or ahead: the machine's uptime tells.
        ("1764000000.5 100.25", "1763996405.5 105.25", 5_000),
        ("1764000000.5 100.25", "1764003605.5 105.25", 5_000),
        # The start file was written 0.2 s late.
        ("1764000000.7 100.25", "1764000005.5 105.25", 5_000),
        # The uptime is less exact.
        ("1764000000.54 100.25", "1764000005.55 105.25", 5_010),
        # Another machine, which has just started: the clocks tell.
        ("1764000000.5 9000.25", "1764000005.5 3.00", 5_000),
        # A locale that writes a comma, and a shell that knows neither.
        ("1764000000,5 100,25", "1764000005,5 105,25", 5_000),
        ("- -", "- -", 6_000),
    ],
)
def test_a_duration_survives_a_clock_that_is_set(
    config_dir: ConfigDir, start_clock: str, end_clock: str, duration_ms: int
) -> None:
    write(
        config_dir,
        "1-2-0",
        START.replace(b"1764000000.5 100.25", start_clock.encode()),
        f"0 {end_clock}".ljust(63).encode() + b"\n",
    )
    for suffix, clock, otherwise in (("start", start_clock, 1_764_000_000), ("end", end_clock, 1_764_000_006)):
        words = clock.replace(",", ".").split()
        written = float(words[0]) if words[0] != "-" else otherwise
        os.utime(config_dir.pending / f"1-2-0.{suffix}", (written, written))
    (run,) = finished(config_dir.pending)
    assert isinstance(run, Run)
    assert run.duration_ns == duration_ms * 1_000_000


def test_a_clock_that_was_set_back_makes_no_negative_duration(config_dir: ConfigDir) -> None:
    write(config_dir, "1-2-0", START.replace(b"1764000000.5 100.25", b"- -"), b"0 - -".ljust(63) + b"\n")
    os.utime(config_dir.pending / "1-2-0.start", (1_764_000_000,) * 2)
    os.utime(config_dir.pending / "1-2-0.end", (1_763_000_000,) * 2)
    (run,) = finished(config_dir.pending)
    assert isinstance(run, Run)
    assert run.duration_ns == 0
