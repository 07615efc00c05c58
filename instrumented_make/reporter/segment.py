"""Sends events through Segment's own client. The only module that imports anything beyond the standard library.

The client reports failures through ``on_error`` and success not at all; it retries for hours by default,
follows redirects (turning a POST into a GET that "succeeds"), and silently drops what is still queued at exit.
Its own thread starts to send while events are still being queued, so on a busy machine one batch becomes several.
So here everything is queued first, then sent once by the client's consumer and waited for: what was neither
reported nor left in the queue has been delivered.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from socket import IPPROTO_TCP, SO_LINGER, SOL_SOCKET, TCP_NODELAY
from typing import Any

from requests import PreparedRequest, RequestException, Response
from requests.adapters import HTTPAdapter
from segment.analytics import request
from segment.analytics.client import Client
from segment.analytics.request import APIError

from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination

# If a server asks us to wait (Retry-After), the client itself waits up to this long and tries again.
MAX_RETRY_AFTER_S = 10
# Longer than a healthy server takes, shorter than a person using DEVSTACK_METRICS_TESTING is willing to wait.
REQUEST_TIMEOUT_S = 10
# Of an answer's body: enough for any reason that is shown.
MAX_ANSWER_BYTES = 64 * 1024
# A server that sends a byte now and then never lets the request time out: this bounds the whole attempt.
ATTEMPT_TIMEOUT_S = REQUEST_TIMEOUT_S * 2 + MAX_RETRY_AFTER_S
# A reporter that is ended takes along what the kernel has not sent yet (SO_LINGER with 0 s, socket(7)).
_SOCKET_OPTIONS = [(IPPROTO_TCP, TCP_NODELAY, 1), (SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why some events are not known to have arrived.

    ``status`` is the HTTP status, if the client passes it on; ``rate_limited`` means that the server asked
    for a longer pause than the client waits; how long, the client does not say. ``by_client`` means that the client
    itself refused, without asking a server.
    """

    message_ids: frozenset[str]
    reason: str
    status: int | None = None
    rate_limited: bool = False
    by_client: bool = False


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
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


class WebPage(RequestException):
    """A page for people where a server's answer was expected: a proxy or a network that wants somebody to sign in."""


class _Transport(HTTPAdapter):
    """Carries a request, and judges the answer by as little of it as that takes."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Open connections with _SOCKET_OPTIONS."""
        super().init_poolmanager(*arguments, **options, socket_options=_SOCKET_OPTIONS)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The same through a proxy."""
        return super().proxy_manager_for(proxy, **options, socket_options=_SOCKET_OPTIONS)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """Return the answer with the first bytes of its body, undecoded; raise WebPage if a 2xx is one."""
        response = super().send(request, True, timeout, verify, cert, proxies)
        with contextlib.closing(response):
            response._content = response.raw.read(MAX_ANSWER_BYTES, decode_content=False)
        if response.ok and _is_page(response.headers.get("Content-Type", ""), response.content):
            raise WebPage(f"HTTP {response.status_code} with a web page instead of an answer")
        return response


def _is_page(content_type: str, body: bytes) -> bool:
    """Segment answers with JSON, other servers with a word or with nothing."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return bool(body.strip()) and (
            "html" in content_type.lower() or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
        )
    return False


# A proxy is for hosts elsewhere: an event for this machine must not leave it.
_LOOPBACK = "localhost,127.0.0.1,::1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(
    part for part in (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), _LOOPBACK) if part
)
# A redirect would send events to a place nobody agreed to, or lose them; it is treated as an error of the host.
request._session.max_redirects = 0
for scheme in ("http://", "https://"):
    request._session.mount(scheme, _Transport())
# What is unpacked may be of any size.
request._session.headers["Accept-Encoding"] = "identity"
# Nothing that a server sets is sent back to it.
request._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
# Otherwise, a password for the host that happens to be in ~/.netrc would be sent along.
os.environ["NETRC"] = os.devnull
