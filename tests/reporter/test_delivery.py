"""When events are sent: within a time budget, by one sender at a time, and only with consent."""

from __future__ import annotations

import pytest
from capture import Capture
from homes import deliver_at_once, fill, states

from instrumented_make.reporter import consent, delivery, lock
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.delivery import BATCH, deliver

COUNT = 5


def test_a_second_sender_sends_nothing(home: ConfigDir, server: Capture) -> None:
    fill(home, server.host, COUNT)
    with lock.held(home.sending_lock):
        deliver_at_once(home)
    assert server.requests == []
    assert states(home) == {"waiting": COUNT}


def test_sending_stops_when_consent_ends_between_batches(
    home: ConfigDir, server: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The remaining events wait, for the opt-out to delete them."""
    fill(home, server.host, 2 * BATCH)
    send = delivery._Sender._send

    def then_opts_out(*arguments: object) -> bool:
        result = send(*arguments)  # type: ignore[arg-type]
        home.decision.unlink()
        return result

    monkeypatch.setattr(delivery._Sender, "_send", then_opts_out)
    deliver(home, 20)
    assert len(server.requests) == 1
    assert states(home) == {"delivered": BATCH, "waiting": BATCH}


def test_a_local_decision_sends_nothing(home: ConfigDir, server: Capture) -> None:
    fill(home, server.host, COUNT)
    decision = consent.load(home)
    assert decision is not None
    consent.save(home, consent.Consent(consent.LOCAL, decision.timestamp, "x", "d", "a", decision.collection))
    deliver_at_once(home)
    assert server.requests == []


def test_without_a_budget_one_request_is_sent(home: ConfigDir, server: Capture) -> None:
    fill(home, server.host, 2 * BATCH)
    deliver_at_once(home)
    assert len(server.requests) == 1
    deliver(home, 20)
    assert states(home) == {"delivered": 2 * BATCH}


def test_a_backoff_longer_than_the_budget_is_not_waited_for(home: ConfigDir, server: Capture) -> None:
    fill(home, server.host, COUNT)
    server.answers = [(500, {}, b"")] * 5
    for _ in range(5):
        deliver_at_once(home)
    seen = len(server.requests)
    deliver(home, 3)
    assert len(server.requests) == seen


def test_an_empty_outbox_sends_no_request(home: ConfigDir, server: Capture) -> None:
    fill(home, server.host, 0)
    deliver_at_once(home)
    assert server.requests == []
