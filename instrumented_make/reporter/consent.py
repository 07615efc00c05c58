"""The decision: ``metrics.json``, and the empty or short files beside it that tell make. Unreadable means no consent.

:func:`in_force` is the one gate that everything that records, starts or sends passes; the recorder has the same, in C.
A decision is a yes only if all its files say so, so that neither an editor nor a restored backup makes one of a no.

The keys ``anonymous_user_id``, ``consent.decision`` and ``consent.timestamp`` are those of the system that this
project replaces. Its files hold ``true`` or ``false`` as the decision and no digest: its ``false`` still means no,
its ``true`` agreed to something else and so counts as undecided.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from instrumented_make.properties import BY_NAME
from instrumented_make.reporter.config_dir import ConfigDir

REPORT = "report"
LOCAL = "local"
DECLINE = "decline"
# Of a collection, what is left out unless it is asked for, so that nobody is asked again because it can be.
_ADDED = ("otlp", "command_types", "commands")


@dataclass(frozen=True, slots=True)
class Collection:
    """What was agreed to: what an event holds (``fields``), what it is called, and where it goes.

    ``collector``: the host deletes what it has of an id when asked to. ``otlp``: the address of an OpenTelemetry
    collector that gets a span for each event, if there is one. ``command_types``: the types of those targets that have
    one of their own. ``commands``: what is measured beside make, and its type.
    """

    event: str
    command_type: str
    main_branch: str
    host: str
    write_key: str
    fields: tuple[str, ...]
    collector: bool = False
    otlp: str = ""
    command_types: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, value: object) -> Collection:
        """Check ``value``, as it came from JSON; raise ValueError when it is not a collection."""
        if not isinstance(value, dict):
            raise ValueError("the collection is not a JSON object")
        fields = value.get("fields")
        if not isinstance(fields, list) or not all(isinstance(field, str) for field in fields):
            raise ValueError("fields is not a list of strings")
        # Who agreed before there were collectors has none.
        collector = value.get("collector", False)
        if not isinstance(collector, bool):
            raise ValueError("collector is not true or false")
        return cls(
            event=_text(value, "event"),
            command_type=_text(value, "command_type"),
            main_branch=_text(value, "main_branch"),
            host=_text(value, "host"),
            write_key=_text(value, "write_key"),
            fields=tuple(fields),
            collector=collector,
            # The same holds for these.
            otlp=_text(value, "otlp") if "otlp" in value else "",
            command_types=_texts(value, "command_types"),
            commands=_texts(value, "commands"),
        )

    def as_json(self) -> dict[str, object]:
        """What :meth:`parse` reads; what is not asked for is left out."""
        document = asdict(self)
        return {name: document[name] for name in document if document[name] or name not in _ADDED}

    def unknown(self) -> list[str]:
        """The fields that this version does not know, and so cannot collect."""
        return [name for name in self.fields if name not in BY_NAME]

    @property
    def leaves_machine(self) -> bool:
        """Whether events are sent at all: without a write key or a collector they stay on this machine."""
        return bool(self.servers)

    @property
    def servers(self) -> tuple[str, ...]:
        """The addresses that events are sent to."""
        return (*((self.host,) if self.write_key else ()), *((self.otlp,) if self.otlp else ()))

    @property
    def known_to(self) -> tuple[str, str, str]:
        """Who gets to know the id: those that it is sent to, and nobody else."""
        return self.host, self.write_key, self.otlp


@dataclass(frozen=True, slots=True)
class Consent:
    """A decision somebody made. ``collection`` and ``digest`` are what was shown; a decline has neither.

    ``agreement`` identifies this particular decision: every run recorded under it carries it, so that runs are matched
    to their decision without relying on a clock.
    """

    decision: str
    timestamp: str
    user_id: str = ""
    digest: str = ""
    agreement: str = ""
    collection: Collection | None = None

    @property
    def records(self) -> bool:
        """Whether runs may be recorded on this machine."""
        return self.decision in (REPORT, LOCAL)

    @property
    def sends(self) -> bool:
        """Whether events may be sent."""
        return self.decision == REPORT and self.collection is not None and self.collection.leaves_machine


def forbidden(environment: Mapping[str, str]) -> str:
    """What in a person's ``environment`` forbids to record and to send, whatever they decided; empty if nothing."""
    if environment.get("DO_NOT_TRACK", "") not in ("", "0"):
        return "DO_NOT_TRACK is set"
    if environment.get("CI") and not environment.get("DEVSTACK_METRICS_TESTING"):
        return "CI is set"
    return ""


def in_force(config_dir: ConfigDir) -> Consent | None:
    """The decision under which runs may be recorded here and now; None if nothing may be recorded, started or sent."""
    return None if forbidden(os.environ) else agreed(config_dir)


def agreed(config_dir: ConfigDir) -> Consent | None:
    """The decision stored here, if it is a yes and make is told the same; the environment may still forbid."""
    decision = load(config_dir)
    if decision is None or not decision.records or not is_told(config_dir, decision):
        return None
    return decision


def is_told(config_dir: ConfigDir, decision: Consent) -> bool:
    """Whether make is told the same ``decision``."""
    return config_dir.read(config_dir.agreed(decision.digest)).strip() == decision.agreement != ""


def load(config_dir: ConfigDir) -> Consent | None:
    """The decision stored in ``config_dir``; None if there is none or it is not valid."""
    document = _document(config_dir)
    consent = document.get("consent")
    if not isinstance(consent, dict) or not isinstance(consent.get("timestamp"), str):
        return None
    decision, timestamp = consent.get("decision"), consent["timestamp"]
    if decision is False or decision == DECLINE or config_dir.declined.exists():
        return Consent(DECLINE, timestamp)
    if decision not in (REPORT, LOCAL):
        return None
    try:
        return Consent(
            decision,
            timestamp,
            _text(document, "anonymous_user_id"),
            _text(consent, "digest"),
            _text(consent, "agreement"),
            Collection.parse(consent.get("collection")),
        )
    except ValueError:
        return None


def user_id(config_dir: ConfigDir, collection: Collection) -> str | None:
    """The random id that was used for the destination of ``collection``, if any.

    An id is known to the destinations that were agreed to, and to no other: another project of the same name does not
    get it. The system that this project replaces kept an id without a destination; that id is reused.
    """
    value, before = _id_and_collection(config_dir)
    if before is not None and before.known_to != collection.known_to:
        return None
    return value


def sent_as(config_dir: ConfigDir) -> tuple[Collection, str] | None:
    """What may have been sent, and under which id; None if nothing was."""
    value, before = _id_and_collection(config_dir)
    return (before, value) if value and before is not None and before.leaves_machine else None


def _id_and_collection(config_dir: ConfigDir) -> tuple[str | None, Collection | None]:
    document = _document(config_dir)
    value, stored = document.get("anonymous_user_id"), document.get("consent")
    try:
        before = Collection.parse(stored["collection"]) if isinstance(stored, dict) and "collection" in stored else None
    except ValueError:  # then it is not known whose id this is
        return None, None
    return value if isinstance(value, str) and value else None, before


def save(config_dir: ConfigDir, consent: Consent) -> None:
    """Save ``consent``. If that fails, raise UserError.

    The file that make looks for is written last, so it never stands for a decision that was not stored.
    """
    document: dict[str, object] = {}
    stored: dict[str, object] = {"decision": consent.decision, "timestamp": consent.timestamp}
    if consent.collection is not None:
        document["anonymous_user_id"] = consent.user_id
        stored["digest"] = consent.digest
        stored["agreement"] = consent.agreement
        stored["collection"] = consent.collection.as_json()
    document["consent"] = stored
    config_dir.write(config_dir.decision, json.dumps(document, indent=2) + "\n")
    if consent.collection is None:
        config_dir.write(config_dir.declined, "")
        return
    config_dir.declined.unlink(missing_ok=True)
    config_dir.write(config_dir.agreed(consent.digest), f"{consent.agreement}\n")


def now() -> str:
    """The time of a decision, ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


def _document(config_dir: ConfigDir) -> dict[str, Any]:
    try:
        if not config_dir.is_own() or config_dir.decision.stat().st_uid != os.geteuid():
            return {}  # somebody else's decision is not this user's
        document = json.loads(config_dir.read(config_dir.decision))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise ValueError(f"{key} is not a string")
    return value


def _texts(document: dict[str, Any], key: str) -> dict[str, str]:
    value = document.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError(f"{key} does not map strings to strings")
    return value
