"""Helpers that fill a config directory: a decision, records of runs, and waiting events."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path

from hypothesis import strategies as st

from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.delivery import deliver
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination, open_outbox
from instrumented_make.reporter.run import Run
from instrumented_make.reporter.run_files import finished

# A run as the recorder writes it down: 5 seconds, status 0.
START = b"3\none\n1764000000500000000 100250000000 90250000000\n1 2\n\n\n\n\ndigest agreement\nend\n"
END = b"0 1764000005500000000 105250000000 95250000000".ljust(95) + b"\n"
# The end of a run that goes on.
BLANK = b" " * 95 + b"\n"
# The same run as versions before 0.5 wrote it down, in two files.
OLD_START = b"2\none\n1764000000.5 100.25\n\n\n\n\ndigest agreement\nend\n"
OLD_END = b"0 1764000005.5 105.25".ljust(63) + b"\n"


def only(home: ConfigDir) -> Run:
    """The one run that has ended."""
    (run,) = finished(home.pending, time.time_ns())
    assert isinstance(run, Run)
    return run


def changed(data: st.DataObject, content: bytes) -> bytes:
    """``content`` with some bytes removed, replaced or inserted."""
    at = data.draw(st.integers(0, len(content)))
    return content[:at] + data.draw(st.binary(max_size=6)) + content[at + data.draw(st.integers(0, len(content))) :]


def that_records(path: Path) -> ConfigDir:
    """A config directory whose owner agreed to keep events on the machine."""
    home = ConfigDir(path)
    home.create(home.pending)
    collection = Collection("e", "make", "main", "http://127.0.0.1:9", "", ("command", "duration_ms", "exit_status"))
    consent.save(home, Consent(consent.LOCAL, "2026-01-01", "someone", "digest", "agreement", collection))
    return home


def write(home: ConfigDir, name: str, start: bytes = START, end: bytes = END) -> Path:
    """Record a run; return its file."""
    path = home.pending / f"{name}.run"
    path.write_bytes(start + end)
    return path


def write_old(home: ConfigDir, name: str, start: bytes = OLD_START, end: bytes = OLD_END) -> None:
    """Record a run as versions before 0.5 did."""
    (home.pending / f"{name}.start").write_bytes(start)
    (home.pending / f"{name}.end").write_bytes(end)


def fill(home: ConfigDir, host: str, count: int, key: str = "key") -> Destination:
    """Save consent to ``host``, and add ``count`` events that wait for it."""
    collection = Collection("e", "make", "main", host, key, ("command",))
    consent.save(home, Consent(consent.REPORT, "2026-01-01", "someone", "digest", "agreement", collection))
    destination = Destination(host, key)
    events = [
        Event(f"{host}-{index}", "someone", "e", "2026-01-01T00:00:00.000000+00:00", {"command": f"c{index}"})
        for index in range(count)
    ]
    with open_outbox(home.outbox) as outbox:
        outbox.add(events, [destination], time.time())
    return destination


def deliver_at_once(home: ConfigDir, budget_s: float = 0) -> None:
    """Try to send now, whatever went wrong before: as if every pause had passed."""
    with contextlib.closing(sqlite3.connect(home.outbox, isolation_level=None)) as outbox:
        outbox.execute("UPDATE destinations SET next_attempt_s = 0")
    deliver(home, budget_s)


def states(home: ConfigDir) -> dict[str, int]:
    """How many events are in each state."""
    with open_outbox(home.outbox) as outbox:
        return outbox.counts()
