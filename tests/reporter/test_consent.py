"""The stored decision: one that cannot be read counts as undecided, never as yes."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instrumented_make.errors import UserError
from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent

COLLECTION = Collection("e", "make", "main", "https://example.com", "key", ("command",))
AGREED = Consent(consent.REPORT, "2026-01-01", "someone", "digest", "agreement", COLLECTION)


@pytest.mark.parametrize(
    ("decision", "records", "sends"),
    [
        (AGREED, True, True),
        (dataclasses.replace(AGREED, decision=consent.LOCAL), True, False),
        (dataclasses.replace(AGREED, collection=dataclasses.replace(COLLECTION, write_key="")), True, False),
        (Consent(consent.DECLINE, "2026-01-01"), False, False),
    ],
)
def test_a_decision_is_loaded_as_it_was_saved(home: ConfigDir, decision: Consent, records: bool, sends: bool) -> None:
    consent.save(home, decision)
    assert consent.load(home) == decision
    assert (decision.records, decision.sends) == (records, sends)
    assert home.decision.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", '"yes"', "{}", '{"consent": true}', "[" * 100_000),
        '{"consent": {"decision": "report"}}',
        '{"consent": {"decision": true, "timestamp": "2021-05-17"}}',
        '{"consent": {"decision": "REPORT", "timestamp": "2021-05-17"}}',
    ],
)
def test_an_invalid_decision_counts_as_none(home: ConfigDir, text: str) -> None:
    """So does a yes to the system that this replaces, which collected something else."""
    home.decision.write_text(text)
    assert consent.load(home) is None


def test_a_no_to_the_replaced_system_still_counts(home: ConfigDir) -> None:
    home.decision.write_text('{"consent": {"decision": false, "timestamp": "2021-05-17"}, "anonymous_user_id": "me"}')
    assert consent.load(home) == Consent(consent.DECLINE, "2021-05-17")
    assert consent.user_id(home, COLLECTION) == "me"


def _without(document: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(document))
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


PLACES = [("anonymous_user_id",), *((("consent", key)) for key in ("decision", "timestamp", "digest", "agreement"))]
PLACES += [("consent", "collection")]
PLACES += [("consent", "collection", name) for name in Collection.__dataclass_fields__]


@settings(max_examples=200)
@given(place=st.sampled_from(PLACES), value=st.none() | st.booleans() | st.integers() | st.lists(st.integers()))
def test_a_damaged_yes_is_not_a_yes(home: ConfigDir, place: tuple[str, ...], value: Any) -> None:
    """Any changed value invalidates it, except those that are valid: no fields, or a server that is no collector."""
    consent.save(home, AGREED)
    home.decision.write_text(json.dumps(_without(json.loads(home.decision.read_text()), place, value)))
    found = consent.load(home)
    if place == ("consent", "collection", "fields") and value == []:
        assert found is not None
        assert found.collection == dataclasses.replace(COLLECTION, fields=())
    elif place[-1] == "collector" and isinstance(value, bool):
        assert found is not None
        assert found.collection == dataclasses.replace(COLLECTION, collector=value)
    else:
        assert found is None or not found.records


def test_a_user_id_belongs_to_one_destination(home: ConfigDir) -> None:
    """Another server or write key does not get it; another event name or other fields change nothing."""
    consent.save(home, AGREED)
    assert consent.user_id(home, COLLECTION) == "someone"
    assert consent.user_id(home, dataclasses.replace(COLLECTION, event="f", fields=())) == "someone"
    assert consent.user_id(home, dataclasses.replace(COLLECTION, write_key="other")) is None
    assert consent.user_id(home, dataclasses.replace(COLLECTION, host="https://example.org")) is None
    assert consent.user_id(home, dataclasses.replace(COLLECTION, otlp="https://otel.example.com")) is None


def test_what_is_not_asked_for_is_not_written(home: ConfigDir) -> None:
    """A decision is stored as it was before there were collectors of OpenTelemetry's, types and commands."""
    consent.save(home, AGREED)
    assert list(json.loads(home.decision.read_text())["consent"]["collection"]) == [
        *("event", "command_type", "main_branch", "host", "write_key", "fields", "collector")
    ]
    more = dataclasses.replace(COLLECTION, otlp="https://o.example", command_types={"a": "b"}, commands={"c d": "e"})
    consent.save(home, dataclasses.replace(AGREED, collection=more))
    found = consent.load(home)
    assert found is not None
    assert found.collection == more


def test_a_failed_save_leaves_no_temporary_file(home: ConfigDir) -> None:
    consent.save(home, Consent(consent.DECLINE, "2026-01-01"))
    home.decision.unlink()
    home.decision.mkdir()
    (home.decision / "x").touch()
    with pytest.raises(UserError):
        consent.save(home, AGREED)
    assert consent.load(home) is None
    assert {path.name for path in home.path.iterdir()} == {home.decision.name, home.declined.name}


def test_a_decision_owned_by_another_user_is_ignored(home: ConfigDir) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    consent.save(home, AGREED)
    os.chown(home.decision, 12_345, 12_345)
    assert consent.load(home) is None


def test_fields_of_a_later_version_are_listed_as_unknown() -> None:
    assert dataclasses.replace(COLLECTION, fields=("command", "mood")).unknown() == ["mood"]
