from __future__ import annotations

import gzip
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from collecting import NOW, batch, event, user

from instrumented_make.collector import intake
from instrumented_make.collector.agreement import COLUMNS, MOST_GOALS, Agreement
from instrumented_make.collector.intake import Event, Taken, Unreadable, read_batch, read_track, unpack
from instrumented_make.properties import OPTIONAL_NAMES, PROPERTIES
from instrumented_make.report.options import Targets

AGREED = Agreement(
    project="team",
    event="devstack.command.run",
    command_type="make",
    write_key="team-key",
    commands=frozenset({"dev.pull", "dev.up.%", "dev.up.lms"}),
    optional=("hardware", "caller"),
    targets=Targets(),
)


def take(*calls: Any, agreement: Agreement = AGREED, oldest_us: int = 0) -> Taken:
    return read_batch(json.dumps({"batch": calls}).encode(), agreement, oldest_us)


def take_one(agreement: Agreement = AGREED, **properties: Any) -> tuple[Event | None, dict[str, int]]:
    """The event with these properties, if it is taken, and what was left."""
    taken = take(event("m1", **properties), agreement=agreement)
    return (taken.events or (None,))[0], dict(taken.left)


def test_an_event_is_kept_with_its_declared_properties() -> None:
    """Times become microseconds since 1970; what the catalog does not ask for is empty."""
    found, left = take_one(start_time="2026-05-17T19:44:09.105052Z", hardware="x86_64, 8 cores")
    assert found is not None
    assert left == {}
    assert (found.id, found.user_id, found.name) == ("m1", user(1), "devstack.command.run")
    assert found.start_us == 1_779_047_049_105_052
    assert dict(zip((declared.name for declared in PROPERTIES), found.values, strict=True)) == {
        "command": "dev.pull",
        "command_type": "make",
        "duration_ms": 8421,
        "exit_status": 0,
        "git_checked_out_master": True,
        "git_commit_time": 1_779_044_530_000_000,
        "is_test": "false",
        "start_time": 1_779_047_049_105_052,
        "operating_system": None,
        "hardware": "x86_64, 8 cores",
        "git_dirty": None,
        "caller": None,
    }


def test_the_columns_are_those_of_the_warehouse() -> None:
    """Of everything that an event holds, only the declared properties have a place."""
    assert ("id", "user_id", "event", "received_at", *(declared.name for declared in PROPERTIES)) == COLUMNS


@pytest.mark.parametrize(
    ("command", "is_named"),
    [
        ("dev.pull", True),
        ("dev.up.%", True),
        ("dev.up.lms", True),
        ("dev.up.studio", False),  # not declared, so a reporter says dev.up.%
        ("dev.up.lms dev.pull", True),
        ("dev.pull dev.pull", True),
        (" ".join(["dev.pull"] * MOST_GOALS), True),
        (" ".join(["dev.pull"] * (MOST_GOALS + 1)), False),
        ("dev.pull  dev.pull", False),
        ("dev.pull ", False),
        ("", False),
        ("dev.pull TOKEN=secret", False),
        ("dev.pull\n", False),
    ],
)
def test_only_commands_that_the_catalog_names_are_kept(command: str, is_named: bool) -> None:
    """Several goals are their names with blanks between, as the include writes them."""
    found, left = take_one(command=command)
    assert (found is not None) == is_named
    assert left == ({} if is_named else {intake.OTHER_COMMAND: 1})


@pytest.mark.parametrize("name", [declared.name for declared in PROPERTIES if not declared.optional])
@pytest.mark.parametrize("value", [None, [], {}, 1.5, "", "x", True, 2**53, -(2**80), "x" * 201, "\x1b[31m"])
def test_no_value_of_another_type_is_kept(name: str, value: Any) -> None:
    """One that may be unknown becomes unknown, which is counted; without another, the event is refused."""
    declared = next(declared for declared in PROPERTIES if declared.name == name)
    found, left = take_one(**{name: value})
    if found is None:
        assert not (declared.nullable and left)
        assert set(left) <= {intake.BAD_PROPERTY, intake.OTHER_COMMAND}
    else:
        assert declared.takes(found.value(name))
        assert left == ({} if found.value(name) == value else {intake.LEFT_EMPTY: 1})


def test_text_that_is_kept_is_short_and_printable() -> None:
    """A word that marks tests is free, and no place for anything else."""
    assert take_one(is_test="nightly")[1] == {}
    assert take_one(is_test="x" * 201)[1] == {intake.BAD_PROPERTY: 1}
    assert take_one(is_test="a\x00b")[1] == {intake.BAD_PROPERTY: 1}
    assert take_one(command_type="docker")[1] == {intake.BAD_PROPERTY: 1}


def test_an_event_without_a_time_is_refused() -> None:
    """It could never be too old."""
    for time in ("yesterday", "2026-05-17", "2026-05-17T19:44:09", "4w"):
        assert take_one(start_time=time)[1] == {intake.BAD_PROPERTY: 1}
    assert take_one(git_commit_time="yesterday")[1] == {intake.LEFT_EMPTY: 1}


def test_a_property_that_the_catalog_does_not_ask_for_is_left_out() -> None:
    """Each is counted, whether it is declared for other catalogs or not; the event stays."""
    found, left = take_one(git_dirty=True, ticket="mine", another={"deep": [1]})
    assert left == {intake.OTHER_PROPERTY: 3}
    assert found is not None
    assert "mine" not in str(found)
    assert found.value("git_dirty") is None


def test_the_catalogs_optional_properties_are_kept() -> None:
    """From those who agreed before it asked for them, they are missing."""
    asked = replace(AGREED, optional=OPTIONAL_NAMES)
    given = {"operating_system": "Linux 6.1", "hardware": "arm64, 8 cores", "git_dirty": False, "caller": "agent"}
    found, left = take_one(asked, **given)
    assert found is not None
    assert left == {}
    assert {name: found.value(name) for name in given} == given
    assert take_one(asked)[1] == {}
    assert take_one(asked, caller="me")[1] == {intake.LEFT_EMPTY: 1}


def test_what_surrounds_an_event_is_left_out() -> None:
    """A context and an address are counted; what Segment's own client leaves empty is not."""
    around = {"context": {"ip": "0.0.0.0"}, "ip": "1.2.3.4", "email": "me@example.com", "integrations": {}}  # noqa: S104
    taken = take(event() | around | {"anonymousId": None})
    assert taken.left == Counter({intake.CONTEXT: 1, intake.ADDRESS: 1, intake.OTHER_FIELD: 1})
    assert "example" not in str(taken.events)
    assert "1.2.3.4" not in str(taken.events)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"type": "identify"}, intake.NOT_AN_EVENT),
        ({"type": None}, intake.NOT_AN_EVENT),
        ({"event": "another"}, intake.OTHER_EVENT),
        ({"event": ["devstack.command.run"]}, intake.OTHER_EVENT),
        ({"userId": "me@example.com"}, intake.NO_USER),
        ({"userId": None}, intake.NO_USER),
        ({"userId": "6ba7b810-9dad-11d1-80b4-00c04fd430c8"}, intake.NO_USER),  # of version 1: a machine and a time
        ({"userId": user(1).upper()[:-1] + "A"}, intake.NO_USER),
        ({"messageId": 7}, intake.NO_ID),
        ({"messageId": ""}, intake.NO_ID),
        ({"messageId": "x" * 101}, intake.NO_ID),
        ({"messageId": "two words"}, intake.NO_ID),
        ({"properties": None}, intake.BAD_PROPERTY),
        ({"properties": []}, intake.BAD_PROPERTY),
        ({"padding": "x" * intake.MAX_EVENT_BYTES}, intake.TOO_LARGE),
    ],
)
def test_one_bad_event_costs_no_other(change: dict[str, Any], reason: str) -> None:
    """It is refused with its reason, and those before and after it are kept."""
    taken = take(event("before"), event("bad") | change, event("after"))
    assert [found.id for found in taken.events] == ["before", "after"]
    assert taken.left == Counter({reason: 1})


@pytest.mark.parametrize("call", [None, 1, "x", [], [[]], True])
def test_what_is_not_an_object_costs_no_event(call: Any) -> None:
    """The same for any other JSON."""
    taken = take(call, event("after"))
    assert [found.id for found in taken.events] == ["after"]
    assert taken.left == Counter({intake.NOT_AN_EVENT: 1})


def test_bytes_that_are_not_text_cost_no_other_event() -> None:
    """A batch is only skimmed before each event is decoded."""
    content = batch(event("bad"), event("after")).replace(b'"bad"', b'"\xff"')
    taken = read_batch(content, AGREED, 0)
    assert [found.id for found in taken.events] == ["after"]
    assert taken.left == Counter({intake.NOT_AN_EVENT: 1})


def test_an_event_that_is_older_than_what_is_kept_is_refused() -> None:
    """To the microsecond."""
    [found] = take(event()).events
    assert take(event(), oldest_us=found.start_us).left == Counter()
    assert take(event(), oldest_us=found.start_us + 1).left == Counter({intake.TOO_OLD: 1})


def test_the_reasons_are_a_list() -> None:
    """None of them holds anything that somebody sent, and no two are the same."""
    reasons = [*intake.OF_EVENTS, *intake.OF_PARTS]
    assert len(set(reasons)) == len(reasons)
    odd = [{"type": "track", "event": 1}, event(command="my secret"), event() | {"ip": "1.2.3.4", "x": 1}, 5]
    assert set(take(*odd).left) <= set(reasons)


def test_a_single_event_needs_no_type() -> None:
    """The address says it."""
    call = event("m1")
    del call["type"]
    assert [found.id for found in read_track(json.dumps(call).encode(), AGREED, 0).events] == ["m1"]
    assert take(call).left == Counter({intake.NOT_AN_EVENT: 1})


def test_without_a_message_id_each_is_new() -> None:
    """As Segment does it."""
    call = event()
    del call["messageId"]
    assert len({found.id for found in take(call, call).events}) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"batch": {}}',
        b'{"batch": [}',
        b'{"other": []}',
        b"\xff",
        b'{"batch": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
        b'{"batch": [' + b'{"a":' * 80_000 + b"1" + b"}" * 80_000 + b"]}",
    ],
    ids=lambda content: repr(content[:20]),
)
def test_what_is_not_a_batch_is_unreadable(content: bytes) -> None:
    """Also what is nested too deeply for any event."""
    with pytest.raises(Unreadable) as caught:
        read_batch(content, AGREED, 0)
    assert caught.value.status == 400
    with pytest.raises(Unreadable):
        read_track(b"[" * 200_000 if len(content) > 1000 else b"[]", AGREED, 0)


def test_a_batch_has_a_limited_number_of_events() -> None:
    """A number of bytes alone would allow a quarter of a million."""
    limit = intake.MAX_EVENTS
    assert take(*[1] * limit).left == Counter({intake.NOT_AN_EVENT: limit})
    with pytest.raises(Unreadable) as caught:
        take(*[1] * (limit + 1))
    assert caught.value.status == 413


def test_a_body_may_be_packed() -> None:
    """With gzip, up to the same size."""
    assert unpack(gzip.compress(b"content"), "gzip") == unpack(b"content", "") == b"content"
    most = bytes(intake.MAX_REQUEST_BYTES)
    assert unpack(gzip.compress(most), "gzip") == most
    for body, encoding, status in (
        (gzip.compress(most + b"x"), "gzip", 413),
        (gzip.compress(bytes(100_000_000)), "gzip", 413),
        (most + b"x", "", 413),
        (gzip.compress(b"content")[:-9], "gzip", 400),
        (b"content", "gzip", 400),
        (b"content", "br", 415),
    ):
        with pytest.raises(Unreadable) as caught:
            unpack(body, encoding)
        assert caught.value.status == status


def test_the_times_in_these_tests_are_recent() -> None:
    """Otherwise they would test what is too old."""
    [found] = take(event()).events
    assert 0 < NOW.timestamp() - found.start_us / 1_000_000 < 86_400


@pytest.mark.parametrize(
    ("command", "kind", "taken"),
    [
        ("compose up", "docker", True),
        ("compose up", "make", False),
        ("compose", "docker", False),
        ("dev.up.lms", "make-in-docker", True),
        ("dev.up.lms dev.up.%", "make-in-docker", True),
        ("dev.up.lms dev.pull", "make", True),
        ("dev.up.lms dev.pull", "make-in-docker", False),
        ("dev.pull compose up", "make", False),
    ],
)
def test_each_command_has_its_type(command: str, kind: str, taken: bool) -> None:
    """That of the catalog's command, or the one that all goals have; else the catalog's."""
    types = dict.fromkeys(("dev.up.%", "dev.up.lms"), "make-in-docker")
    agreement = replace(AGREED, types=types, others={"compose up": "docker"})
    found, _ = take_one(agreement, command=command, command_type=kind)
    assert (found is not None) == taken
