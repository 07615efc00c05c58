"""Asks for consent, and stores a yes."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import textwrap
import uuid
from collections.abc import Iterator
from typing import TextIO

from instrumented_make.errors import failure
from instrumented_make.properties import BY_NAME, USER_ID, example_event
from instrumented_make.reporter import consent, hints, lock, recorder, system
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import LOCAL, REPORT, Collection, Consent
from instrumented_make.reporter.contract import Contract
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record_alone
from instrumented_make.reporter.opt_out import DECIDING_S, opt_out, what_was_sent

# How long to wait for another process that is reading runs.
RECORDING_S = 15.0


def opt_in(config_dir: ConfigDir, contract: Contract, host: str, stdin: TextIO | None, out: TextIO) -> None:
    """Show what would be collected, ask, and store the answer. Anything but a clear answer changes nothing.

    ``host`` is what make calls this system, ``stdin`` None where the standard input is closed. Who has agreed already,
    but on another system or before 0.5, is not asked: only the recorder is missing. Raise UserError if the answer
    cannot be stored.
    """
    contract.check()
    decision = consent.load(config_dir)
    agreed = decision is not None and decision.digest == contract.digest and consent.is_told(config_dir, decision)
    if agreed and not config_dir.recorder(host).exists():
        way = recorder.place(config_dir.recorder(host), host)
        config_dir.write(config_dir.interpreter, f"{sys.executable}\n")
        out.write("You have agreed already. Your runs are measured here as well from now on.\n")
        out.write(_advice(config_dir, host, way))
        return
    with _screen(stdin, out) as shown:
        _ask(config_dir, contract, host, stdin, shown)


@contextlib.contextmanager
def _screen(stdin: TextIO | None, out: TextIO) -> Iterator[TextIO]:
    """The stream on which the user sees the question: ``make -O`` holds back the normal output until the end."""
    if out.isatty() or stdin is None or not stdin.isatty():
        yield out
    else:
        with open(os.ttyname(stdin.fileno()), "w", encoding=out.encoding) as terminal:
            yield terminal


def _ask(config_dir: ConfigDir, contract: Contract, host: str, stdin: TextIO | None, out: TextIO) -> None:
    answerable = stdin is not None and stdin.isatty()
    if answerable:
        config_dir.check()
    if newer := contract.newer():
        out.write(f"{newer}\n\n")
    out.write(explain(contract))
    if stdin is None or not answerable:
        out.write("\nThere is no terminal to answer on. Nothing was changed.\n")
        return
    out.write(
        # The text above may have scrolled away.
        f"\n{contract.who} would like to know, {contract.why}.\n"
        f"Allow {contract.project} to report usage metrics under a random id?\n"
        "Type 'yes' or 'y' to agree, 'local' to keep the events to yourself, 'no' to not be asked again: "
    )
    out.flush()
    answer = stdin.readline().strip().lower()
    sent = consent.sent_as(config_dir)
    if answer in ("yes", "y"):
        way = _agree(config_dir, REPORT, contract, host)
        out.write("Thank you. ")
    elif answer == LOCAL:
        way = _agree(config_dir, LOCAL, contract, host)
        out.write(f"Events will stay in {config_dir.path}. ")
    elif answer in ("no", "n"):
        opt_out(config_dir, contract, out)
        return
    else:
        out.write("Nothing was changed.\n")
        return
    if off := consent.forbidden(system.environment_of(os.getppid()) or os.environ):
        out.write(f"Here, nothing is measured while {off}.\n")
    out.write(f"You can change your mind at any time: {contract.make('opt-out')}\n")
    out.write(f"Your own figures, once there are runs: {contract.make('stats')}\n")
    if sent is not None and sent[1:] != (consent.sent_as(config_dir) or ())[1:]:  # another destination gets another id
        out.write(what_was_sent(sent[0].servers, sent[1], None))
    out.write(_advice(config_dir, host, way))
    hints.ask(config_dir, contract, stdin, out)


def explain(contract: Contract) -> str:
    """The text above the question."""
    shown = tuple(BY_NAME[name] for name in contract.collection.fields)
    width = max(len(declared.name) for declared in (USER_ID, *shown))
    command = next((name for name in contract.first if "%" not in name), "")
    lines = [
        f"{contract.who} would like to know how long the make commands of {contract.project} take you,",
        f"{contract.why}.",
        "",
        *_wrapped(
            f"Tracked: {contract.tracked} {'command' if contract.tracked == 1 else 'commands'}{_examples(contract)}. "
            "Makefile.instrumented lists them. The list may change without asking you again. What is collected "
            "about each command will not.",
        ),
        *_other_commands(contract.collection),
        "",
        "For each run of a tracked command, exactly this would be collected:",
        "",
        *(f"  {declared.name:{width}}  {declared.meaning}" for declared in (USER_ID, *shown)),
        "",
        "An example:",
        "",
        *(f"  {line}" for line in example_event(contract.collection.event, shown, command).splitlines()),
        "",
    ]
    collection = contract.collection
    if collection.write_key:
        what = "collector, write key" if collection.collector else "Segment source"
        lines.append(f"It would be sent to {collection.host} ({what} {collection.write_key}), with the")
        lines.append("name of the client, the event's and the request's time, and a random id of the message.")
    if collection.otlp:
        lines += _wrapped(
            f"It would {'also ' if collection.write_key else ''}be sent to {collection.otlp}, an OpenTelemetry "
            f"collector, as one span of the service {collection.event}, with its end, exit code and kind of error, "
            "which follow from the above, the name and version of the client, and random ids of trace and span. "
            "If the command was given a TRACEPARENT, the span joins that trace."
        )
    if not collection.leaves_machine:
        lines.append("It would stay in a folder of your own: this project has no server to send it to.")
    show, stop, stats = contract.make("show"), contract.make("opt-out"), contract.make("stats")
    lines.append(f"What you get: {stats} shows you which commands take your time. What is queued and was sent: {show}.")
    lines.append(f"To stop, and delete what is kept here: {stop}{';' if collection.leaves_machine else '.'}")
    if collection.collector:
        there = f"at {collection.host}" if collection.otlp else "there"
        lines.append(f"opting out deletes it {there}, too, everything that was sent under the id.")
    elif collection.leaves_machine:
        lines.append("it also says how to have the sent events deleted.")
    if contract.link:
        lines.append(f"More: {contract.link}")
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, width=88, break_on_hyphens=False)


def _other_commands(collection: Collection) -> list[str]:
    """What is measured beside make, and the types that differ from the example's."""
    lines = []
    if collection.commands:
        listed = ", ".join(f"{name} (as {kind})" for name, kind in collection.commands.items())
        lines += _wrapped(
            f"Beside make, only where you run it with instrumented-make run --as: {listed}. Its name in this list is "
            "then the command, and its own exit status is reported, whatever that is."
        )
    if collection.command_types:
        listed = ", ".join(f"{name} as {kind}" for name, kind in collection.command_types.items())
        lines += _wrapped(f"Reported with another command_type: {listed}.")
    return lines


def _examples(contract: Contract) -> str:
    if not contract.first:
        return ""
    more = ", …" if contract.tracked > len(contract.first) else ""
    return f" ({', '.join(contract.first)}{more})"


def _advice(config_dir: ConfigDir, host: str, way: str) -> str:
    if way != recorder.NONE:
        return ""
    return (
        "The kernel here does not tell how make ended. For your runs to be measured, put this line into your shell's "
        f"start file, as in ~/.bashrc:\n\n  {recorder.advice(config_dir.recorder(host))}\n"
    )


def _agree(config_dir: ConfigDir, decision: str, contract: Contract, host: str) -> str:
    """Store a yes, and return how makes are watched here.

    If the decision is changed elsewhere at the same time, change nothing and raise UserError.
    """
    before = consent.load(config_dir)
    config_dir.create(config_dir.pending)
    way = recorder.place(config_dir.recorder(host), host)
    with (
        lock.hold_if_free(config_dir.recording_lock, RECORDING_S) as nobody_records,
        lock.hold_if_free(config_dir.deciding_lock, DECIDING_S) as nobody_decides,
    ):
        if not nobody_records:
            raise failure("another process is reading your runs", "try again in a moment; nothing was changed")
        if not nobody_decides or consent.load(config_dir) != before:
            hint = f"nothing was changed here; to see what it is now: {contract.make('status')}"
            raise failure("the decision was changed elsewhere at the same time", hint)
        _keep(config_dir, decision, contract, before)
    return way


def _keep(config_dir: ConfigDir, decision: str, contract: Contract, before: consent.Consent | None) -> None:
    under = consent.in_force(config_dir)
    if under is not None:  # what was recorded so far belongs to the decision that was in force then
        record_alone(config_dir, under, Repositories())
    same = before is not None and (before.decision, before.digest) == (decision, contract.digest)
    # Runs in progress belong to the new agreement as well, if it is the same.
    agreement = before.agreement if before is not None and same else secrets.token_hex(8)
    user_id = consent.user_id(config_dir, contract.collection) or str(uuid.uuid4())
    config_dir.write(config_dir.interpreter, f"{sys.executable}\n")
    consent.save(config_dir, Consent(decision, consent.now(), user_id, contract.digest, agreement, contract.collection))
    for path in set(config_dir.agreements()) - {config_dir.agreed(contract.digest)}:
        path.unlink(missing_ok=True)
