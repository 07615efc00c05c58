"""From records to events: one test for each race that the module describes."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from homes import START, states, write

from instrumented_make.reporter import consent, lock, run_files
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import BATCH, record
from instrumented_make.reporter.outbox import Outbox, open_outbox


def test_a_second_reporter_does_nothing(config_dir: ConfigDir) -> None:
    write(config_dir, "1-2")
    with lock.held(config_dir.recording_lock):
        assert record(config_dir, Repositories(), budget_s=0) == []
    assert len(run_files.every(config_dir.pending)) == 1
    assert len(record(config_dir, Repositories())) == 1


@pytest.mark.parametrize("decision", [None, consent.DECLINE])
def test_without_a_yes_nothing_is_read(config_dir: ConfigDir, decision: str | None) -> None:
    write(config_dir, "1-2")
    config_dir.decision.unlink()
    if decision:
        consent.save(config_dir, consent.Consent(decision, "2026-01-01"))
    assert record(config_dir, Repositories()) == []
    assert not config_dir.outbox.exists()
    assert len(run_files.every(config_dir.pending)) == 1


def test_a_collection_that_this_version_does_not_know_waits(config_dir: ConfigDir) -> None:
    """An older reporter must not lose what a newer one agreed to collect."""
    write(config_dir, "1-2")
    decision = consent.load(config_dir)
    assert decision is not None
    assert decision.collection is not None
    later = dataclasses.replace(decision.collection, fields=("command", "mood"))
    consent.save(config_dir, dataclasses.replace(decision, collection=later))
    assert record(config_dir, Repositories()) == []
    assert len(run_files.every(config_dir.pending)) == 1


def test_a_record_that_has_just_begun_is_left_alone_whatever_the_clock_says(config_dir: ConfigDir) -> None:
    """Its recorder has created it and is about to lock it; the clock was set a year ahead, or is not the server's."""
    begun = config_dir.pending / "1-2.run"
    begun.touch()
    assert record(config_dir, Repositories(), clock=lambda: time.time() + 365 * 86400) == []
    assert begun.exists()


@pytest.mark.parametrize("name", ["metrics.json", "agreed.digest"])
def test_an_opt_out_during_ingest_leaves_no_events(
    config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A file of the decision is deleted between the check and the commit: nothing is written."""
    write(config_dir, "1-2")
    add = Outbox.add

    def opting_out(outbox: Outbox, events: Any, destination: Any, now_s: float, may: Callable[[], bool]) -> bool:
        (config_dir.path / name).unlink()
        return add(outbox, events, destination, now_s, may)

    monkeypatch.setattr(Outbox, "add", opting_out)
    assert record(config_dir, Repositories()) == []
    assert states(config_dir) == {}


def test_a_reporter_that_dies_after_the_commit_makes_no_second_event(
    config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are still there, and become the same event with the same id."""
    write(config_dir, "1-2")

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run_files, "remove", dies)
        with pytest.raises(KeyboardInterrupt):
            record(config_dir, Repositories())
    (again,) = record(config_dir, Repositories())
    assert sum(states(config_dir).values()) == 1
    assert run_files.every(config_dir.pending) == []
    with open_outbox(config_dir.outbox) as outbox:
        assert [event.message_id for event in outbox.last_events("local", 5)] == [again.message_id]


def test_a_run_of_another_agreement_is_counted_and_dropped(config_dir: ConfigDir) -> None:
    write(config_dir, "1-2", START.replace(b"agreement", b"another"))
    write(config_dir, "3-4")
    assert len(record(config_dir, Repositories())) == 1
    with open_outbox(config_dir.outbox) as outbox:
        assert outbox.lost() == {"it began under an earlier decision": 1}
    assert run_files.every(config_dir.pending) == []


def test_many_runs_are_committed_in_batches(config_dir: ConfigDir, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    add = Outbox.add

    def noting(outbox: Outbox, events: Any, *arguments: Any) -> bool:
        sizes.append(len(events))
        return add(outbox, events, *arguments)

    monkeypatch.setattr(Outbox, "add", noting)
    for number in range(2 * BATCH + 1):
        write(config_dir, f"1-{number}")
    assert len(record(config_dir, Repositories())) == 2 * BATCH + 1
    assert sizes == [BATCH, BATCH, 1]


def test_events_are_in_the_order_of_their_starts(config_dir: ConfigDir) -> None:
    """Not in that of their files' names, which a folder lists as it likes."""
    for number, second in enumerate((5, 1, 3)):
        write(config_dir, f"1-{number}", START.replace(b"1764000000500000000", b"176400000%d500000000" % second))
    times = [event.timestamp[17:19] for event in record(config_dir, Repositories())]
    assert times == ["01", "03", "05"]


def test_a_folder_that_cannot_be_read_loses_nothing(config_dir: ConfigDir, tmp_path: Path) -> None:
    """Nothing is lost: the records are read the next time."""
    write(config_dir, "1-2")
    config_dir.pending.rename(tmp_path / "elsewhere")
    assert record(config_dir, Repositories()) == []
    (tmp_path / "elsewhere").rename(config_dir.pending)
    assert len(record(config_dir, Repositories())) == 1
