"""The record of a run: whatever stands in its place harms no other, and is counted."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest
from homes import END, START, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workbench import tmpfs

from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.event import build
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import opened
from instrumented_make.reporter.run_files import MAX_BYTES, Damaged, Run, every, finished


def changed(data: st.DataObject, content: bytes) -> bytes:
    """``content`` cut off, with bytes replaced, or with bytes put in."""
    at = data.draw(st.integers(0, len(content)))
    return content[:at] + data.draw(st.binary(max_size=6)) + content[at + data.draw(st.integers(0, len(content))) :]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_record_harms_another(config_dir: ConfigDir, data: st.DataObject) -> None:
    """Whatever a record is changed into, it becomes an event, is counted as lost, or waits; the other is an event."""
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
    """Its end is there, so nothing more will come of it."""
    write(config_dir, "1-2-0", start)
    assert record(config_dir, Repositories()) == []
    with opened(config_dir.outbox) as outbox:
        assert outbox.lost() == {f"its record cannot be read: {reason}": 1}
    assert every(config_dir.pending) == []


def test_what_cannot_be_understood_yet_waits(config_dir: ConfigDir) -> None:
    """A record of a later version is left to a later reporter, however long that takes; one without an end too."""
    write(config_dir, "1-2-0", b"3" + START[1:])
    write(config_dir, f"1-{os.getpid()}-0", START, b" " * 63 + b"\n")
    for path in config_dir.pending.iterdir():
        os.utime(path, (1_000_000_000,) * 2 if path.name.startswith("1-2-0") else None)
    assert record(config_dir, Repositories()) == []
    assert len(every(config_dir.pending)) == 4
    with opened(config_dir.outbox) as outbox:
        assert outbox.lost() == {}


@pytest.mark.parametrize("kind", ["fifo", "folder", "link to itself"])
def test_what_is_no_file_is_not_waited_for(config_dir: ConfigDir, kind: str) -> None:
    """In the place of a start or an end: the other run is recorded at once."""
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


def test_little_time_records_what_it_can(config_dir: ConfigDir) -> None:
    """Who waits for a status waits for no more than that; the rest is read the next time."""
    for number in range(300):
        write(config_dir, f"1-{number}-0")
    assert record(config_dir, Repositories(), budget_s=0) == []
    assert len(every(config_dir.pending)) == 600
    assert len(record(config_dir, Repositories(), budget_s=60)) == 300
    assert all(not isinstance(run, Run) for run in finished(config_dir.pending))


def test_a_run_that_cannot_become_an_event_is_counted_with_its_reason(config_dir: ConfigDir) -> None:
    """Its time is one that no calendar has; the other is an event."""
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
def test_no_clock_tells_which_runs_belong_to_a_decision(config_dir: ConfigDir, decided: str) -> None:
    """An opt-in under a clock that is ahead, a file system that knows whole seconds: the run names its agreement."""
    decision = consent.load(config_dir)
    assert decision is not None
    consent.save(config_dir, dataclasses.replace(decision, timestamp=decided))
    write(config_dir, "1-2-0")
    for path in config_dir.pending.iterdir():
        whole_ns = path.stat().st_mtime_ns // 2_000_000_000 * 2_000_000_000
        os.utime(path, ns=(whole_ns, whole_ns))
    assert len(record(config_dir, Repositories())) == 1


SECRETS = ("secret-one", "secret-two", "secret-one")


def test_the_id_of_an_event_needs_what_never_leaves(config_dir: ConfigDir) -> None:
    """The name of a run holds a process id and a time: without the agreement, which is not sent, nobody finds them."""
    write(config_dir, "1-2-0")
    (run,) = (run for run in finished(config_dir.pending) if isinstance(run, Run))
    decision = consent.load(config_dir)
    assert decision is not None
    events = [build(run, dataclasses.replace(decision, agreement=agreement), Repositories()) for agreement in SECRETS]
    assert events[0].message_id == events[2].message_id != events[1].message_id
    assert not [secret for secret in SECRETS if secret in json.dumps([event.as_json() for event in events])]
