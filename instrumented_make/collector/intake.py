"""From the bytes of a request to the events that may be kept, and counts of what was not, with the reason.

Nothing here does anything but compute. Each event is judged by itself: a bad one costs no other. The reasons are a
fixed list, so that nothing of what somebody sent is kept or logged by way of a reason.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import uuid4

import msgspec

from instrumented_make.collector.agreement import Agreement
from instrumented_make.properties import PROPERTIES, Property, Value
from instrumented_make.text import printable

# Segment's limits (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/).
MAX_REQUEST_BYTES, MAX_EVENT_BYTES = 500 * 1024, 32 * 1024
# More cannot be in a request of this size, unless they are not ours.
MAX_EVENTS = 2_500
# Of a text that is not a command; of a message's id.
_MAX_TEXT, _MAX_ID = 200, 100
# Numbers up to here are the same in every engine and in JavaScript.
_MAX_NUMBER = 2**53

_UUID_4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_MESSAGE_ID = re.compile(rf"[!-~]{{1,{_MAX_ID}}}")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)

# Why a whole event is not kept ...
NOT_AN_EVENT = "it is not a track event"
TOO_LARGE = f"it is larger than {MAX_EVENT_BYTES // 1024} KB"
OTHER_EVENT = "its name is not the catalog's"
NO_USER = "its user id is not a random UUID (version 4)"
NO_ID = "its message id is not valid"
OTHER_COMMAND = "the catalog does not name its command"
BAD_PROPERTY = "a property is missing or of another type"
TOO_OLD = "it is older than what is kept"
# ... the same, if what is kept already decides it ...
REPEATED = "it is a repeat"
DELETED = "its user id was deleted"
# ... and what of an event that is kept is not.
OTHER_PROPERTY = "a property that the catalog does not ask for"
LEFT_EMPTY = "an optional value of another type"
CONTEXT = "a context"
ADDRESS = "an ip"
OTHER_FIELD = "another field"
OF_EVENTS = (
    *(NOT_AN_EVENT, TOO_LARGE, OTHER_EVENT, NO_USER, NO_ID, OTHER_COMMAND, BAD_PROPERTY, TOO_OLD),
    *(REPEATED, DELETED),
)
OF_PARTS = (OTHER_PROPERTY, LEFT_EMPTY, CONTEXT, ADDRESS, OTHER_FIELD)

# What the protocol itself puts around an event; a library may write it though it is empty.
_PROTOCOL = {"type", "event", "userId", "messageId", "properties", "timestamp", "sentAt", "writeKey", "channel"}


@dataclass(frozen=True, slots=True)
class Event:
    """An event that may be kept. ``values``: those of PROPERTIES, in order; None for those not collected.

    Times, also among the values, are microseconds since 1970.
    """

    id: str
    user_id: str
    name: str
    start_us: int
    values: tuple[Value, ...]

    def value(self, name: str) -> Value:
        """The value of the property ``name``."""
        return self.values[_PLACES[name]]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a request held: ``events`` to keep, and how often what was refused or left out, by reason."""

    events: tuple[Event, ...]
    left: Counter[str]


class Unreadable(Exception):
    """A request that holds no events; ``status`` is the HTTP status of the answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


_batch = msgspec.json.Decoder(_Batch).decode
_any = msgspec.json.Decoder().decode
_PLACES = {declared.name: place for place, declared in enumerate(PROPERTIES)}


def is_user_id(text: str) -> bool:
    """Whether it is what reporters make: a random UUID."""
    return _UUID_4.fullmatch(text) is not None


def unpack(body: bytes, encoding: str) -> bytes:
    """The content of a ``body`` with this Content-Encoding, of MAX_REQUEST_BYTES at most. Raise Unreadable."""
    if encoding in ("", "identity"):
        content, rest = body, b""
    elif encoding in ("gzip", "x-gzip"):
        # Whatever a bomb would become, not more than this is unpacked.
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        try:
            content = unpacker.decompress(body, MAX_REQUEST_BYTES + 1)
        except zlib.error:
            raise Unreadable(400, "the body is not gzip") from None
        rest = unpacker.unconsumed_tail
        if not rest and not unpacker.eof:
            raise Unreadable(400, "the body ends too early")
    else:
        raise Unreadable(415, "the content encoding must be gzip or none")
    if rest or len(content) > MAX_REQUEST_BYTES:
        raise Unreadable(413, f"a request may have {MAX_REQUEST_BYTES // 1024} KB, unpacked")
    return content


def read_batch(content: bytes, agreement: Agreement, oldest_us: int) -> Taken:
    """The events of a ``/v1/batch``; those that began before ``oldest_us`` are refused. Raise Unreadable."""
    try:
        calls = _batch(content).batch
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable(400, "the body is not a JSON object with a list 'batch'") from None
    if len(calls) > MAX_EVENTS:
        raise Unreadable(413, f"a batch may have {MAX_EVENTS:,} events")
    return _read(calls, agreement, oldest_us, type_needed=True)


def read_track(content: bytes, agreement: Agreement, oldest_us: int) -> Taken:
    """The same of a ``/v1/track``, which is one event."""
    try:
        if not isinstance(_any(content), dict):
            raise Unreadable(400, "the body is not a JSON object")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Unreadable(400, "the body is not a JSON object") from None
    return _read([content], agreement, oldest_us, type_needed=False)


def _read(calls: list[msgspec.Raw] | list[bytes], agreement: Agreement, oldest_us: int, *, type_needed: bool) -> Taken:
    events: list[Event] = []
    left: Counter[str] = Counter()
    for call in calls:
        try:
            if memoryview(call).nbytes > MAX_EVENT_BYTES:
                raise _Refused(TOO_LARGE)
            events.append(_event(_any(call), agreement, oldest_us, left, type_needed=type_needed))
        except _Refused as reason:
            left[str(reason)] += 1
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):  # the batch was only skimmed
            left[NOT_AN_EVENT] += 1
    return Taken(tuple(events), left)


class _Refused(Exception):
    """Why an event is not kept."""


def _event(call: Any, agreement: Agreement, oldest_us: int, left: Counter[str], *, type_needed: bool) -> Event:
    if not isinstance(call, dict) or call.get("type", None if type_needed else "track") != "track":
        raise _Refused(NOT_AN_EVENT)
    if call.get("event") != agreement.event:
        raise _Refused(OTHER_EVENT)
    user_id, message_id, given = call.get("userId"), call.get("messageId"), call.get("properties")
    if not isinstance(user_id, str) or not is_user_id(user_id):
        raise _Refused(NO_USER)
    # As Segment does, one is made up for a library that gives none; then a repeat cannot be told.
    message_id = uuid4().hex if message_id is None else message_id
    if not isinstance(message_id, str) or not _MESSAGE_ID.fullmatch(message_id):
        raise _Refused(NO_ID)
    if not isinstance(given, dict):
        raise _Refused(BAD_PROPERTY)
    parts: Counter[str] = Counter()
    values = _values(given, agreement, parts)
    start_us = values[_PLACES["start_time"]]
    assert isinstance(start_us, int)
    if start_us < oldest_us:
        raise _Refused(TOO_OLD)
    for name, value in call.items():
        if name not in _PROTOCOL and value not in (None, {}):
            parts[{"context": CONTEXT, "ip": ADDRESS}.get(name, OTHER_FIELD)] += 1
    left.update(parts)
    return Event(message_id, user_id, agreement.event, start_us, values)


def _values(given: dict[str, Any], agreement: Agreement, parts: Counter[str]) -> tuple[Value, ...]:
    """The values of an event, in the order of PROPERTIES. Raise _Refused."""
    values: list[Value] = [None] * len(PROPERTIES)
    asked = agreement.properties
    for declared in asked:
        value = given.get(declared.name)
        # Who agreed before the catalog asked for it does not send it.
        if value is None and (declared.nullable or declared.optional):
            continue
        try:
            values[_PLACES[declared.name]] = _value(declared, value)
        except ValueError:
            if not declared.nullable:
                raise _Refused(BAD_PROPERTY) from None
            parts[LEFT_EMPTY] += 1
    command = values[_PLACES["command"]]
    if not isinstance(command, str) or not agreement.names(command):
        raise _Refused(OTHER_COMMAND)
    if values[_PLACES["command_type"]] != agreement.type_of(command):
        raise _Refused(BAD_PROPERTY)
    if others := len(given.keys() - {declared.name for declared in asked}):
        parts[OTHER_PROPERTY] += others
    return tuple(values)


def _value(declared: Property, value: Any) -> Value:
    """``value`` as it is kept. Raise ValueError if it is not one of this property."""
    if not declared.takes(value):
        raise ValueError
    if declared.unit == "ISO 8601":
        return microseconds(value)
    if isinstance(value, str) and declared.name != "command" and (len(value) > _MAX_TEXT or printable(value) != value):
        raise ValueError
    if isinstance(value, int) and abs(value) >= _MAX_NUMBER:
        raise ValueError
    return value  # type: ignore[no-any-return]  # it takes no other


def microseconds(text: str) -> int:
    """A time in ISO 8601 with a zone, as microseconds since 1970. Raise ValueError."""
    # Python 3.10 does not know the zone Z.
    named = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    if named.tzinfo is None:
        raise ValueError("it has no zone")
    return (named - _EPOCH) // timedelta(microseconds=1)
