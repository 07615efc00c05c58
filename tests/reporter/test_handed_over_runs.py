"""Runs that versions before 0.5 recorded, in two files each, and that still wait."""

from __future__ import annotations

import os
import time

import pytest
from homes import OLD_END, OLD_START, changed, only, write, write_old
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import tmpfs

from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import open_outbox
from instrumented_make.reporter.run import MAX_BYTES, Damaged
from instrumented_make.reporter.run_files import every, finished

BLANK = b" " * 63 + b"\n"


def test_what_waited_becomes_events_beside_what_is_recorded_now(config_dir: ConfigDir) -> None:
    """Nothing is lost by an upgrade, and nothing is left of either."""
    write_old(config_dir, "1-2-0", OLD_START.replace(b"one", b"old"), b"143 1764000002.5 102.25".ljust(63) + b"\n")
    write(config_dir, "3-4")
    found = [event.properties for event in record(config_dir, Repositories())]
    assert sorted(found, key=lambda properties: str(properties["command"])) == [
        {"command": "old", "duration_ms": 2000, "exit_status": -15},
        {"command": "one", "duration_ms": 5000, "exit_status": 0},
    ]
    assert every(config_dir.pending) == []


@settings(max_examples=100)
@given(data=st.data())
def test_a_bad_record_does_not_stop_the_others(config_dir: ConfigDir, data: st.DataObject) -> None:
    """A changed record becomes an event, is counted as lost, or waits; the other one becomes an event."""
    config_dir.outbox.unlink(missing_ok=True)  # two examples in one tick of the clock would be the same run
    write_old(config_dir, "1-2-0", changed(data, OLD_START), changed(data, OLD_END))
    write_old(config_dir, "3-4-0")
    waits = not any(run.name == "1-2-0" for run in finished(config_dir.pending, time.time_ns()))
    events = record(config_dir, Repositories())
    assert {"command": "one", "duration_ms": 5000, "exit_status": 0} in [event.properties for event in events]
    with open_outbox(config_dir.outbox) as outbox:
        assert sum(outbox.lost().values()) + sum(outbox.counts().values()) + waits == 2
    assert len(every(config_dir.pending)) == (2 if waits else 0)
    for path in every(config_dir.pending):
        path.unlink()


@pytest.mark.parametrize(
    ("start", "end", "reason"),
    [
        (b"", OLD_END, "its start is incomplete"),
        (OLD_START[:-4], OLD_END, "its start is incomplete"),
        (b"1" + OLD_START[1:], OLD_END, "its start is incomplete"),
        (OLD_START, b"x" + OLD_END, "its end has no status"),
        (OLD_START + b"x" * MAX_BYTES, OLD_END, "it is too long"),
    ],
)
def test_a_damaged_record_is_counted_with_its_reason(
    config_dir: ConfigDir, start: bytes, end: bytes, reason: str
) -> None:
    """The run has ended, so its record will not be completed: both files are deleted."""
    write_old(config_dir, "1-2-0", start, end)
    assert list(finished(config_dir.pending, time.time_ns())) == [
        Damaged("1-2-0", f"its record cannot be read: {reason}")
    ]
    assert record(config_dir, Repositories()) == []
    assert every(config_dir.pending) == []


def test_a_run_without_an_end_waits(config_dir: ConfigDir) -> None:
    """A make that an earlier version started may still run; an end alone is no run."""
    write_old(config_dir, "1-2-0", OLD_START, BLANK)
    write_old(config_dir, "1-3-0", OLD_START, OLD_END)
    (config_dir.pending / "1-3-0.end").unlink()
    (config_dir.pending / "1-4-0.end").write_bytes(OLD_END)
    assert record(config_dir, Repositories()) == []
    assert len(every(config_dir.pending)) == 4
    with open_outbox(config_dir.outbox) as outbox:
        assert outbox.lost() == {}


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to itself"])
def test_records_that_are_not_regular_files_are_skipped(config_dir: ConfigDir, kind: str) -> None:
    """Where a start or an end should be: the other runs are recorded at once."""
    write_old(config_dir, "3-4-0")
    for name in ("1-2-0.start", "1-2-0.end", "1-3-0.start"):
        path = config_dir.pending / name
        if kind == "fifo":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(path)
    write_old(config_dir, "1-3-1")
    assert len(record(config_dir, Repositories())) == 2


def test_a_run_that_cannot_become_an_event_is_counted_with_its_reason(config_dir: ConfigDir) -> None:
    """Its time is outside the calendar; the other run becomes an event."""
    with tmpfs(config_dir.pending, "size=1m"):
        write_old(config_dir, "1-2-0")
        write_old(config_dir, "3-4-0")
        far_ns = 10**21
        os.utime(config_dir.pending / "1-2-0.start", ns=(far_ns, far_ns))
        assert (config_dir.pending / "1-2-0.start").stat().st_mtime_ns == far_ns
        assert len(record(config_dir, Repositories())) == 1
        assert every(config_dir.pending) == []
    with open_outbox(config_dir.outbox) as outbox:
        ((reason, count),) = outbox.lost().items()
    assert reason.startswith("it could not become an event: ")
    assert count == 1


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
        # With the name of the system, as the last of these versions wrote it.
        ("1764000000.5 100.25 boot:1", "1764000005.5 105.25", 5_000),
        # A locale that writes a comma, and a shell that knows neither.
        ("1764000000,5 100,25", "1764000005,5 105,25", 5_000),
        ("- -", "- -", 6_000),
    ],
)
def test_a_duration_survives_a_clock_that_is_set(
    config_dir: ConfigDir, start_clock: str, end_clock: str, duration_ms: int
) -> None:
    """The machine's uptime tells, where there is one, if it differs from the clock by more than it is exact."""
    start = OLD_START.replace(b"1764000000.5 100.25", start_clock.encode())
    write_old(config_dir, "1-2-0", start, f"0 {end_clock}".ljust(63).encode() + b"\n")
    for suffix, clock, otherwise in (("start", start_clock, 1_764_000_000), ("end", end_clock, 1_764_000_006)):
        words = clock.replace(",", ".").split()
        written = float(words[0]) if words[0] != "-" else otherwise
        os.utime(config_dir.pending / f"1-2-0.{suffix}", (written, written))
    assert only(config_dir).duration_ns == duration_ms * 1_000_000


def test_a_clock_that_was_set_back_makes_no_negative_duration(config_dir: ConfigDir) -> None:
    """Without an uptime the times of the files are all there is."""
    start = OLD_START.replace(b"1764000000.5 100.25", b"- -")
    write_old(config_dir, "1-2-0", start, b"0 - -".ljust(63) + b"\n")
    os.utime(config_dir.pending / "1-2-0.start", (1_764_000_000,) * 2)
    os.utime(config_dir.pending / "1-2-0.end", (1_763_000_000,) * 2)
    assert only(config_dir).duration_ns == 0
