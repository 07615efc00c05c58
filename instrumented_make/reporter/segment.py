"""Sends events through Segment's own client.

The client reports failures through ``on_error`` and success not at all; it retries for hours by default,
follows redirects (turning a POST into a GET that "succeeds"), and silently drops what is still queued at exit.
Its own thread starts to send while events are still being queued, so on a busy machine one batch becomes several.
So here everything is queued first, then sent once by the client's consumer and waited for: what was neither
reported nor left in the queue has been delivered.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from requests import RequestException
from segment.analytics import request
from segment.analytics.client import Client
from segment.analytics.request import APIError

from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination
from instrumented_make.reporter.transport import REQUEST_TIMEOUT_S, Failure, Transport, confine, describe

# If a server asks us to wait (Retry-After), the client itself waits up to this long and tries again.
MAX_RETRY_AFTER_S = 10
# A server that sends a byte now and then never lets the request time out: this bounds the whole attempt.
ATTEMPT_TIMEOUT_S = REQUEST_TIMEOUT_S * 2 + MAX_RETRY_AFTER_S


def send(events: Sequence[Event], destination: Destination) -> list[Failure]:
    """Send ``events`` once, as one batch; return the failures. Every event that is in none of them has been delivered.

    Returns within ATTEMPT_TIMEOUT_S; raises nothing.
    """
    failures: list[Failure] = []
    refused: list[Failure] = []

    def on_error(error: Exception, batch: list[dict[str, Any]]) -> None:
        status = error.status if isinstance(error, APIError) else None
        rate_limited = status == 429 or str(error).startswith("Rate limit")
        refused.append(Failure(_ids(batch), _reason(error), status, rate_limited))

    client = _client(destination, len(events), on_error)
    client.send = True  # queues from here on; its thread, which "send" starts only at first, stays unused
    for event in events:
        try:
            _track(client, event)
        except Exception as error:  # over Segment's limit of 32 KiB, or similar: only this event
            failures.append(Failure(frozenset({event.message_id}), str(error).partition(" (")[0], 413, by_client=True))
    consumer = client.consumers[0]

    def upload() -> None:
        # A batch over the client's size limit takes several requests. After a server refuses one, no more
        # are sent.
        while client.queue.qsize() and not refused:
            # The client would wait for a batch to become as large.
            consumer.upload_size = client.queue.qsize()
            consumer.upload()

    sender = threading.Thread(target=upload, daemon=True)
    sender.start()
    sender.join(ATTEMPT_TIMEOUT_S)
    if sender.is_alive():
        return [Failure(frozenset(event.message_id for event in events), f"no answer within {ATTEMPT_TIMEOUT_S} s")]
    left = _ids([client.queue.get_nowait() for _ in range(client.queue.qsize())])
    return failures + [replace(failure, message_ids=failure.message_ids | left) for failure in refused]


def delete(host: str, write_key: str, user_id: str) -> bool:
    """Ask a collector to delete what it has of ``user_id``; return whether it says that it did. Raises nothing."""
    try:
        # As the client does, the write key is the user's name.
        answer = request._session.delete(f"{host}/v1/users/{user_id}", auth=(write_key, ""), timeout=REQUEST_TIMEOUT_S)
    except (RequestException, ValueError, OSError):
        return False
    return bool(answer.status_code == HTTPStatus.NO_CONTENT)


def message(event: Event) -> dict[str, Any]:
    """``event`` exactly as it appears in the ``batch`` of a request's body."""
    return _track(_client(Destination("", "none"), 1, None), event)


def _client(destination: Destination, size: int, on_error: object) -> Client:
    return Client(
        destination.write_key,
        host=destination.host,
        send=False,
        on_error=on_error,
        max_queue_size=size,
        upload_interval=REQUEST_TIMEOUT_S,
        timeout=REQUEST_TIMEOUT_S,
        max_retries=0,
        max_total_backoff_duration=0,
        max_rate_limit_duration=MAX_RETRY_AFTER_S,
        log_handler=logging.NullHandler(),
    )


def _track(client: Client, event: Event) -> dict[str, Any]:
    _, sent = client.track(
        user_id=event.user_id,
        event=event.name,
        properties=event.properties,
        context={"ip": "0.0.0.0"},  # noqa: S104  (keeps the server from noting the sender's address)
        timestamp=datetime.fromisoformat(event.timestamp),
        message_id=event.message_id,
    )
    return dict(sent)


def _ids(batch: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(message["messageId"] for message in batch)


def _reason(error: Exception) -> str:
    if isinstance(error, APIError):
        return f"HTTP {error.status}: {' '.join(str(error.message).split())[:200]}"
    return describe(error)


confine(request._session, Transport())
