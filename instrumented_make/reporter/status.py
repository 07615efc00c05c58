"""What ``metrics-status`` and ``metrics-show`` print."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from instrumented_make import files
from instrumented_make.errors import UserError
from instrumented_make.installing import to_upgrade
from instrumented_make.reporter import consent, recorder, run_files
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import DECLINE, LOCAL
from instrumented_make.reporter.contract import INSTALL_OTLP, Contract, has_otlp
from instrumented_make.reporter.deletion import unconfirmed
from instrumented_make.reporter.delivery import NOT_INSTALLED
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import OTLP, PATIENCE_S, SEGMENT, Outbox, is_damage, open_outbox, set_aside

SHOWN, EVERY = 10, 10**9
# What an outbox calls an event, and what ``metrics-show`` does.
STATES = {"waiting": "waiting", "delivered": "sent_last", "local": "kept_here", "parked": "refused"}
# A person is waiting for the answer.
INTERPRETER_S = 0.5

_CURES = (
    (rf"^{NOT_INSTALLED}$", INSTALL_OTLP),
    (r"HTTP (400|413|422)\b", "the server refuses every event so far: are the address and the write key correct?"),
    (r"HTTP 40[13]\b", "the server refuses the write key, or wants one: the maintainers can fix it in targets.yaml"),
    (r"not OTLP's", "no OpenTelemetry collector answers at this address: check it in targets.yaml"),
    (r"rejected by the collector", "the collector refuses every span so far: the maintainers can tell why"),
    (
        r"HTTP (3..|404|405)\b|TooManyRedirects|WebPage",
        "no server that takes events answers at this address: check it in targets.yaml, or sign in to the network",
    ),
    (r"HTTP 429\b|Rate limit", "the server is busy; sending pauses for a while"),
    (r"HTTP 5..\b|no answer", "the server has a problem; you need not do anything"),
    (
        r"SSL|certificate",
        "the server's certificate is not trusted here: check for a proxy, or name your authority in REQUESTS_CA_BUNDLE",
    ),
    (r"", "check the network and, behind a proxy, HTTPS_PROXY; sending is retried automatically"),
)


def status(config_dir: ConfigDir, contract: Contract, host: str, off: str) -> str:
    """The decision and the state of delivery, as lines of text; anything that cannot be read gets a line too.

    ``off`` says why nothing may be recorded here, whatever was decided; empty if it may.
    """
    decision = consent.load(config_dir)
    lines = [("Decision", _decision(config_dir, decision, contract))]
    if newer := contract.newer():
        lines.append(("Version", newer))
    if off:
        lines.append(("Here", f"not measured: {off}"))
    if decision is not None and decision.collection is not None:
        lines.append(("Id", decision.user_id))
        servers = decision.collection.servers if decision.sends else ()
        lines.append(("Destination", " and ".join(servers) or "none: events stay here"))
        if decision.sends and decision.collection.otlp and not has_otlp():
            lines.append(("Reporter", f"{NOT_INSTALLED}, so spans wait; to fix this, {INSTALL_OTLP}"))
        lines += _interpreter(config_dir, contract)
        lines += _recorder(config_dir.recorder(host), contract)
        if unknown := decision.collection.unknown():
            names = ", ".join(unknown)
            lines.append(("Reporter", f"it does not know {names} yet, so runs stay queued; to upgrade: {to_upgrade()}"))
        try:
            with open_outbox(config_dir.outbox, PATIENCE_S) as outbox:
                lines += _delivery(outbox)
        except (sqlite3.Error, OSError, UserError) as error:
            lines.append(("Outbox", _trouble_with_outbox(error)))
        if aside := set_aside(config_dir.outbox):
            lines.append(("Set aside", f"{len(aside)} damaged, with what was not sent: {', '.join(map(str, aside))}"))
        lines += _list_unread(config_dir)
        if config_dir.hints.exists():
            lines.append(
                ("Hints", f"before a command that usually takes long; to end them: {contract.make('hints')} ARGS=off")
            )
    lines += [
        (
            "Deletion",
            f"asked of {deletion.host} since {deletion.since}, not confirmed yet; only the id {deletion.user_id} "
            f"is kept for that. To try again: {contract.make('opt-out')}",
        )
        for _, deletion in unconfirmed(config_dir)
    ]
    width = max(len(name) for name, _ in lines) + 1
    return "".join(f"{name + ':':{width}} {' '.join(text.split())}\n" for name, text in lines)


def show(config_dir: ConfigDir, contract: Contract) -> str:
    """The events queued and those sent last, exactly as in the request's body, as one JSON document.

    It holds the newest SHOWN events of each kind, and how many more there are. Without an outbox, it is empty.
    """
    from instrumented_make.reporter import segment  # noqa: PLC0415  (only Segment's client knows exactly what it sends)

    if not config_dir.outbox.exists():
        return "{}\n"

    with open_outbox(config_dir.outbox, PATIENCE_S) as outbox:
        events_in = {name: outbox.last_events(state, SHOWN) for state, name in STATES.items()}
        spans_in = {name: outbox.last_events(state, SHOWN, OTLP) for state, name in STATES.items()}
        counts = outbox.counts()
    document: dict[str, object] = {name: list(map(segment.message, events)) for name, events in events_in.items()}
    if any(spans_in.values()):
        document["spans"] = _spans({name: events for name, events in spans_in.items() if events})
    older = {name: counts.get(state, 0) - len(events_in[name]) - len(spans_in[name]) for state, name in STATES.items()}
    if any(older.values()):
        every = contract.make("show") + ' ARGS="--export FILE"'
        document["older"] = {**{name: count for name, count in older.items() if count}, "to have them all": every}
    return json.dumps(document, indent=2) + "\n"


def _spans(events_in: dict[str, list[Event]]) -> object:
    """What a collector gets, in OTLP's JSON form."""
    try:
        from instrumented_make.reporter import otlp  # noqa: PLC0415  (it may be missing, and takes a while)
    except ImportError:
        return f"{sum(map(len, events_in.values()))} that cannot be shown: {NOT_INSTALLED}; to fix this, {INSTALL_OTLP}"
    spans: dict[str, list[object]] = {}
    for name, events in events_in.items():
        for event in events:
            try:
                spans.setdefault(name, []).append(otlp.message(event))
            except (ValueError, OverflowError) as error:
                spans[name].append(f"{event.message_id} cannot be a span: {error}")
    return spans


def export(config_dir: ConfigDir, path: Path) -> str:
    """Write every event that is kept, sent or not, to ``path``, one JSON object a line, and say how many.

    A report reads such files. Raise UserError if it cannot be written.
    """
    events = []
    if config_dir.outbox.exists():
        with open_outbox(config_dir.outbox, PATIENCE_S) as outbox:
            rows = [outbox.last_events(state, EVERY, each) for each in (SEGMENT, OTLP) for state in STATES]
        events = list({event.message_id: event for events in rows for event in events}.values())
    lines = [json.dumps({"type": "track", **event.as_json()}) for event in events]
    files.write(path, "".join(f"{line}\n" for line in lines), mode=files.PRIVATE)
    return f"{path}: {len(lines):,} events written, with the id that your runs have\n"


def _decision(config_dir: ConfigDir, decision: consent.Consent | None, contract: Contract) -> str:
    ask = contract.make("opt-in")
    if config_dir.is_anothers():
        return f"none of yours: {config_dir.path} belongs to another user, so nothing is measured"
    if decision is None:
        return f"none yet; nothing is measured (to decide: {ask})"
    if decision.decision == DECLINE:
        return f"no, since {decision.timestamp}; nothing is measured (if you change your mind: {ask})"
    words = "yes, but nothing is sent" if decision.decision == LOCAL else "yes"
    if decision.digest != contract.digest:
        return (
            f"{words}, since {decision.timestamp}, but not to what is collected now; "
            f"nothing is measured (to answer again: {ask})"
        )
    mark = config_dir.agreed(contract.digest)
    if not consent.is_told(config_dir, decision):
        return f"{words}, but {mark.name} is missing or does not match, so nothing is measured; to fix this: {ask}"
    return f"{words}, since {decision.timestamp}"


def _interpreter(config_dir: ConfigDir, contract: Contract) -> list[tuple[str, str]]:
    path = config_dir.read(config_dir.interpreter).rstrip("\n")
    if trouble := _trouble_with(path):
        return [("Interpreter", f"{path or 'none'} {trouble}, so runs wait; to fix this: {contract.make('opt-in')}")]
    return []


def _recorder(program: Path, contract: Contract) -> list[tuple[str, str]]:
    if not program.exists():
        return [
            ("Recorder", f"none for this system's make, so nothing is measured; to fix this: {contract.make('opt-in')}")
        ]
    way = recorder.ways(program)
    if way == recorder.NONE:
        line = recorder.advice(program)
        return [("Recorder", f"the kernel does not tell how make ended; put this into your shell's start file: {line}")]
    if not way:
        return [("Recorder", f"{program} cannot be started; to fix this: {contract.make('opt-in')}")]
    return [("Recorder", f"watches by {way}")]


def _trouble_with(interpreter: str) -> str:
    """Why ``interpreter`` cannot start a reporter; empty if it can."""
    if not interpreter:
        return "is recorded"
    if not os.access(interpreter, os.X_OK):
        return "is gone"
    if interpreter == sys.executable:
        return ""
    try:
        result = subprocess.run(
            [interpreter, "-I", "-c", "import instrumented_make.reporter.recorder"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=INTERPRETER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"did not start within {INTERPRETER_S} s"
    except OSError as error:
        return f"cannot be started ({error.strerror})"
    return "no longer has instrumented-make" if result.returncode else ""


def _trouble_with_outbox(error: sqlite3.Error | OSError | UserError) -> str:
    if "is locked" in str(error):
        return "it is in use; try again in a moment"
    if isinstance(error, sqlite3.Error) and is_damage(error):
        return f"it is damaged ({error}); the next recorded run starts a new one, and keeps this file beside it"
    return str(error)


def _delivery(outbox: Outbox) -> list[tuple[str, str]]:
    counts = outbox.counts()
    several = len({*outbox.counts_by_host("waiting"), *outbox.counts_by_host("delivered")}) > 1
    last_s = outbox.last_delivery_s()
    lines = [
        ("Waiting", _by_host(outbox, "waiting", "for") if several else str(counts.get("waiting", 0))),
        ("Delivered", _by_host(outbox, "delivered", "to") if several else str(counts.get("delivered", 0))),
        ("Last delivery", _time(last_s) if last_s is not None else "never"),
    ]
    if "local" in counts:
        lines.append(("Kept here", str(counts["local"])))
    for destination in outbox.destinations():
        if trouble := outbox.trouble(destination):
            whose = f"{destination.host}: " if several else ""
            cure = next(text for pattern, text in _CURES if re.search(pattern, trouble.error))
            lines.append(
                (
                    "Last error",
                    f"{whose}{trouble.error} ({_time(trouble.error_s)}, {trouble.failures} in a row)",
                )
            )
            lines.append(("What to do", cure))
            lines.append(("Next attempt", f"with the first command after {_time(trouble.next_attempt_s)}"))
    lines += [("Refused", f"{count}: {reason}") for reason, count in outbox.parked_reasons().items()]
    lines += [("Lost", f"{count}: {reason}") for reason, count in outbox.lost().items()]
    return lines


def _by_host(outbox: Outbox, state: str, preposition: str) -> str:
    counts = outbox.counts_by_host(state)
    return ", ".join(f"{count} {preposition} {host}" for host, count in counts.items()) or "0"


def _list_unread(config_dir: ConfigDir) -> list[tuple[str, str]]:
    until_s = time.monotonic() + PATIENCE_S
    count, more = 0, ""
    for count, _ in enumerate(run_files.finished(config_dir.pending, time.time_ns()), 1):  # noqa: B007
        if time.monotonic() > until_s:
            more = "more than "
            break
    return [("Not yet read", f"{more}{count} finished runs")] if count else []


def _time(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):  # damaged in the outbox
        return "an unknown time"
