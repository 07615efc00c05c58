"""Asking for consent, and carrying out the answer."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TextIO

from reporter import consent, lock
from reporter.consent import DECLINE, LOCAL, REPORT, Collection, Consent
from reporter.event import PROPERTIES, Value
from reporter.home import Home, ReporterError
from reporter.recording import record


@dataclass(frozen=True, slots=True)
class Question:
    """What the rendered include says of itself: ``meanings`` and ``examples`` are keyed by property."""

    project: str
    who: str
    why: str
    link: str | None
    meanings: dict[str, str]
    examples: dict[str, Value]


def opt_in(
    home: Home, collection: Collection, digest: str, question: Question, stdin: TextIO | None, out: TextIO
) -> None:
    """Show what would be collected, ask, and keep the answer. Anything but a clear answer changes nothing.

    ``stdin`` is None where the standard input is closed.
    """
    unknown = [field for field in collection.fields if field not in PROPERTIES]
    if unknown:
        raise ReporterError(
            f"This project asks for {', '.join(unknown)}, which the installed reporter does not know.\n"
            "Upgrade instrumented-make in the environment that runs it."
        )
    out.write(explain(collection, question))
    if stdin is None or not stdin.isatty():
        out.write("\nThere is no terminal to answer on. Nothing was changed.\n")
        return
    out.write(
        f"\nAllow {question.project} to report anonymized usage metrics?\n"
        "Type 'yes' or 'y' to agree, 'local' to keep the events on this machine, 'no' to be asked no more: "
    )
    out.flush()
    answer = stdin.readline().strip().lower()
    if answer in ("yes", "y"):
        _agree(home, REPORT, collection, digest)
        out.write("Thank you. ")
    elif answer == LOCAL:
        _agree(home, LOCAL, collection, digest)
        out.write("Events will stay on this machine. ")
    elif answer in ("no", "n"):
        opt_out(home, out)
        return
    else:
        out.write("Nothing was changed.\n")
        return
    out.write("You can change your mind at any time: make metrics-opt-out\n")


def explain(collection: Collection, question: Question) -> str:
    """The text above the question."""
    width = max(len(field) for field in collection.fields)
    sample = {
        "event": collection.event,
        "userId": "00000000-0000-4000-8000-000000000000",
        "properties": {field: question.examples.get(field) for field in collection.fields},
    }
    lines = [
        f"{question.who} would like to know how long the make commands of {question.project} take you,",
        f"{question.why}.",
        "",
        "For each run of a tracked command, exactly this would be collected:",
        "",
        f"  {'user_id':{width}}  a random id of this machine, made when you agree",
        *(f"  {field:{width}}  {question.meanings.get(field, '')}" for field in collection.fields),
        "",
        "An example:",
        "",
        *(f"  {line}" for line in json.dumps(sample, indent=2).splitlines()),
        "",
    ]
    if collection.leaves_machine:
        lines.append(f"It would be sent to {collection.host} (Segment source {collection.write_key}).")
    else:
        lines.append("It would stay on this machine: this project has no server to send it to.")
    lines.append("What waits and what was sent: make metrics-show. To stop and delete: make metrics-opt-out.")
    if question.link:
        lines.append(f"More: {question.link}")
    return "\n".join(lines) + "\n"


def opt_out(home: Home, out: TextIO) -> None:
    """Remember the decline, end a running sender, and delete the id and all that was collected.

    When this returns nothing more is sent. Raise ReporterError when the decline cannot be kept.
    """
    home.create()
    _forget_agreement(home)
    consent.save(home, Consent(DECLINE, _now()))
    home.write(home.declined, "")
    with lock.held_or_busy(home.sending_lock) as mine:
        sender = None if mine else lock.holder(home.sending_lock)
    if sender is not None:
        # It holds the lock, so the number is still its own.
        with contextlib.suppress(OSError):  # it may have ended just now
            os.kill(sender, signal.SIGTERM)
    with lock.held(home.sending_lock), lock.held(home.recording_lock):
        shutil.rmtree(home.pending, ignore_errors=True)
        for path in home.path.glob(f"{home.outbox.name}*"):
            path.unlink(missing_ok=True)
    home.interpreter.unlink(missing_ok=True)
    out.write("Nothing will be measured. The anonymous id and all events on this machine have been deleted.\n")


def _agree(home: Home, decision: str, collection: Collection, digest: str) -> None:
    """Keep a yes. The file that make looks for comes last: it never speaks of a decision that is not kept."""
    home.create()
    _forget_agreement(home)
    # What was recorded so far belongs to the decision that was in force then.
    record(home, foreground=True)
    user_id = consent.user_id(home) or str(uuid.uuid4())
    consent.save(home, Consent(decision, _now(), user_id, digest, collection))
    home.write(home.interpreter, f"{sys.executable}\n")
    home.declined.unlink(missing_ok=True)
    home.write(home.agreed(digest), "")


def _forget_agreement(home: Home) -> None:
    for path in home.all_agreed():
        path.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")
