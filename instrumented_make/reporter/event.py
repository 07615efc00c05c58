"""Turns one finished run into the one event that the specification describes, and nothing more.

What each property means is declared in :mod:`instrumented_make.properties`; this module computes them. Only those
that you agreed to are produced.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone

from instrumented_make.properties import BY_NAME, Value
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.run import NANOSECONDS, Run


@dataclass(frozen=True, slots=True)
class Event:
    """A Segment track event. ``timestamp`` is the command's start, ISO 8601 in UTC.

    Of a run that goes to a collector of OpenTelemetry's as well: ``span_name`` is what it is called there, and
    ``traceparent`` the trace that the command was given, as W3C's Trace Context writes it, if any.
    """

    message_id: str
    user_id: str
    name: str
    timestamp: str
    properties: dict[str, Value]
    span_name: str = ""
    traceparent: str = ""

    def as_json(self) -> dict[str, object]:
        """The event under the names of Segment's HTTP API."""
        return {
            "event": self.name,
            "userId": self.user_id,
            "messageId": self.message_id,
            "timestamp": self.timestamp,
            "properties": self.properties,
        }


def build(run: Run, consent: Consent, repositories: Repositories) -> Event:
    """The event for ``run``, with the properties that were agreed to, in the order they were shown.

    The message id depends only on the run: if a reporter is interrupted before it can delete the run,
    the next one gives the event the same id, and both the outbox and Segment drop the duplicate.
    """
    assert consent.collection is not None
    collection = consent.collection
    # The agreement never leaves this machine: without it, the rest could be found by brute force.
    identity = f"{consent.user_id}\0{consent.agreement}\0{run.name}\0{run.start_ns}".encode()
    return Event(
        message_id=hashlib.sha256(identity).hexdigest()[:32],
        user_id=consent.user_id,
        name=collection.event,
        timestamp=_iso(run.start_ns),
        properties={field: _VALUES[field](run, collection, repositories) for field in collection.fields},
        span_name=(run.command if run.is_command else f"make {run.command}") if collection.otlp else "",
        traceparent=run.traceparent if collection.otlp else "",
    )


def _iso(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, NANOSECONDS)
    return (
        datetime.fromtimestamp(seconds, timezone.utc)
        .replace(microsecond=rest // 1000)
        .isoformat(timespec="microseconds")
    )


def _on_main_branch(run: Run, collection: Collection, _: Repositories) -> bool | None:
    # What cannot be read is not known: a work tree whose repository cannot be reached, and git's reftable format, where
    # .git/HEAD names the branch .invalid, whatever is checked out.
    if not run.repository or run.ref == "refs/heads/.invalid" or not (run.ref or run.commit):
        return None
    return run.ref == f"refs/heads/{collection.main_branch}"


def _type_of(run: Run, collection: Collection, _: Repositories) -> str:
    """The type of the command that ran, or of the goals, if it is the same for all of them.

    Raise ValueError for a command that nobody agreed to.
    """
    if run.is_command:
        if run.command not in collection.commands:
            raise ValueError("its command is not one that was agreed to")
        return collection.commands[run.command]
    types = {collection.command_types.get(goal, collection.command_type) for goal in run.command.split(" ")}
    return types.pop() if len(types) == 1 else collection.command_type


_VALUES: dict[str, Callable[[Run, Collection, Repositories], Value]] = {
    "command": lambda run, _, __: run.command,
    "command_type": _type_of,
    "duration_ms": lambda run, _, __: round(run.duration_ns / 1_000_000),
    "exit_status": lambda run, _, __: run.exit_status,
    "git_checked_out_master": _on_main_branch,
    "git_commit_time": lambda run, _, git: git.commit_time(run.repository, run.ref, run.commit, run.start_ns),
    "is_test": lambda run, _, __: run.testing or "false",
    "start_time": lambda run, _, __: _iso(run.start_ns),
    "operating_system": lambda *_: f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
    "hardware": lambda *_: f"{platform.machine()}, {os.cpu_count()} cores",
    "git_dirty": lambda run, _, git: git.is_dirty(run.repository),
    "caller": lambda run, _, __: run.caller if BY_NAME["caller"].takes(run.caller) else None,
}
