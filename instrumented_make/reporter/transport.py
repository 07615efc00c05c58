"""How a request travels, whichever client makes it: to the address that was agreed to and nowhere else, and bounded.

Importing it changes this process' environment: a client that is imported afterwards finds nothing in there that would
lead a request elsewhere, or add anything to it.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from socket import IPPROTO_TCP, SO_LINGER, SOL_SOCKET, TCP_NODELAY
from typing import Any

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter

# Longer than a healthy server takes, shorter than a person using DEVSTACK_METRICS_TESTING is willing to wait.
REQUEST_TIMEOUT_S = 10
# Of an answer's body: enough for any reason that is shown.
MAX_ANSWER_BYTES = 64 * 1024
# A reporter that is ended takes along what the kernel has not sent yet (SO_LINGER with 0 s, socket(7)).
_SOCKET_OPTIONS = [(IPPROTO_TCP, TCP_NODELAY, 1), (SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))]


@dataclass(frozen=True, slots=True)
class Failure:
    """Why some events are not known to have arrived.

    ``status`` is the HTTP status, if the client passes it on; ``rate_limited`` means that the server asked
    for a longer pause than the client waits; how long, the client does not say. ``by_client`` means that the client
    itself refused, without asking a server. ``some_arrived``: the server took some of these events and refused the
    others, but does not say which.
    """

    message_ids: frozenset[str]
    reason: str
    status: int | None = None
    rate_limited: bool = False
    by_client: bool = False
    some_arrived: bool = False


def describe(error: Exception) -> str:
    """What a person is told of ``error``."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


class WebPage(RequestException):
    """A page for people where a server's answer was expected: a proxy or a network that wants somebody to sign in."""


class Transport(HTTPAdapter):
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
    """Segment answers with JSON, a collector with a message of OTLP's, other servers with a word or with nothing."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return bool(body.strip()) and (
            "html" in content_type.lower() or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<"
        )
    return False


def confine(session: Session, transport: Transport) -> None:
    """Have ``session`` use ``transport``, follow nothing and keep nothing."""
    # A redirect would send events to a place nobody agreed to, or lose them; it is treated as an error of the host.
    session.max_redirects = 0
    for scheme in ("http://", "https://"):
        session.mount(scheme, transport)
    # What is unpacked may be of any size.
    session.headers["Accept-Encoding"] = "identity"
    # Nothing that a server sets is sent back to it.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))


# A proxy is for hosts elsewhere: an event for this machine must not leave it.
_LOOPBACK = "localhost,127.0.0.1,::1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(
    part for part in (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), _LOOPBACK) if part
)
# Otherwise, a password for the host that happens to be in ~/.netrc would be sent along.
os.environ["NETRC"] = os.devnull
# OpenTelemetry's variables give addresses, headers and attributes to whatever uses its SDK.
for name in [name for name in os.environ if name.startswith("OTEL_")]:
    del os.environ[name]
