"""A server on loopback that takes what a Segment server would take, and keeps it for inspection."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

# Long enough for any machine, however busy.
PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived: ``headers`` with lower-case names, ``body`` as the bytes that it was."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class Capture:
    """The server: a context manager. ``answers`` are given in turn; when none is left, 200 with plain text is."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    @property
    def host(self) -> str:
        """Its address, as a catalog's ``host``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that arrived, in order, repeats included."""
        return [event for request in list(self.requests) for event in request.document["batch"]]

    @property
    def ids(self) -> set[str]:
        """Those of the events: one that was sent again, because an answer was late, has one only."""
        return {event["messageId"] for event in self.events}

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The events, once ``count`` of different ids have arrived. Raise TimeoutError when they do not come."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.ids) >= count, PATIENCE_S):
                raise TimeoutError(f"{len(self.ids)} of {count} events arrived within {PATIENCE_S} s")
        return self.events

    def __enter__(self) -> Capture:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _take(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        with self.changed:
            answer = self.answers.pop(0) if self.answers else (200, {}, b"ok")
            self.requests.append(request)
            self.changed.notify_all()
            return answer

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        capture = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                length = int(headers.get("content-length", "0"))
                body = self.rfile.read(length)
                if len(body) < length:
                    return  # the sender was killed: no server takes half a request
                status, extra, answer = capture._take(Request(self.path, headers, body))
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the same, a moment later
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it)
                """Keep quiet: what matters is kept in ``requests``."""

        return Handler
