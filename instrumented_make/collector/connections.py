"""Connections with limits, so that clients that are slow or never stop sending cost little, and others nothing.

uvicorn bounds the time between two requests, but neither that of a request's head nor that of a whole request.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from instrumented_make.errors import failure

# From a connection's begin, or the answer before, to the answer. Clients wait ten seconds; the disk may be slow.
REQUEST_S = 60
# Of a request's head: a write key, a gateway's headers.
MAX_HEAD_BYTES = 32 * 1024
# At the same time. Each takes about 20 KB.
MAX_CONNECTIONS = 2_000
# Connections that the kernel holds until there is time for them.
BACKLOG = 2_048
# For what is being answered when the collector is told to end.
GRACE_S = 20


class _Connection(H11Protocol):
    """One connection, ended if a request is not answered REQUEST_S after it could begin."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request; if there are too many, close the one that has been silent longest."""
        super().connection_made(transport)
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(REQUEST_S, self._end)
        if len(self.connections) > MAX_CONNECTIONS:
            idle = [one for one in self.connections if isinstance(one, _Connection) and one._waits_for_a_request()]
            min(idle or [self], key=lambda one: one._since)._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._deadline.cancel()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Begin to wait for the next request."""
        self._deadline.cancel()
        self._since = self.loop.time()
        self._deadline = self.loop.call_later(REQUEST_S, self._end)
        super().on_response_complete()

    def _waits_for_a_request(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _end(self) -> None:
        self.transport.abort()


class Server(uvicorn.Server):
    """uvicorn's, which ends with status 0 when it is told to."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Finish what is being answered at SIGTERM or Ctrl-C; a second one ends it at once."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)


def server(application: Any, certificate: Path | None, key: Path | None) -> Server:
    """The server for ``application``, with TLS if there is a ``certificate``. Raise UserError if it cannot be used."""
    # Nothing of a request is logged, neither what it is nor who sent it.
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    with suppress(OSError, ValueError):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    config = uvicorn.Config(
        application,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )
    try:
        config.load()
    except (OSError, ssl.SSLError) as error:
        why = error.strerror or str(error)
        raise failure(f"TLS cannot use it: {why}", "give PEM files", path=certificate or "") from None
    return Server(config)


def address(listener: socket, *, tls: bool) -> str:
    """What a client on this machine calls the server that listens on ``listener``."""
    host, port = listener.getsockname()[:2]
    return f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{port}"
