"""What the collector answers: Segment's tracking API, deletion, the page, metrics and its state."""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from instrumented_make.collector import intake, keys, openmetrics
from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.log import say
from instrumented_make.collector.pages import Pages
from instrumented_make.collector.retention import Retention
from instrumented_make.collector.store import READER, Unavailable
from instrumented_make.collector.writer import Writer

# Bodies that are being received: together, and each in time. 200 senders fill the first only if all are slow.
MAX_BODIES_BYTES = 32 * 2**20
BODY_S = 30
# What a sender that is refused may still send before the answer; a connection closed at once may lose the answer.
_DRAINED_BYTES, _DRAINED_S = 2 * 2**20, 5
# After this, a client may try again.
_RETRY_S = "5"
# Requests without a valid key reach the store no more often than this, in seconds.
_FRESH_S = 2
_COOKIE_S = 365 * 24 * 3600
_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


@dataclass(slots=True)
class Collector:
    """What the answers are made from. ``secure``: browsers reach it by https only."""

    agreement: Agreement
    writer: Writer
    retention: Retention
    pages: Pages
    secure: bool
    _receiving_bytes: int = field(default=0, init=False)
    _reader: bytes = field(default=b"", init=False)
    _asked_s: float = field(default=-_FRESH_S, init=False)

    @property
    def application(self) -> Starlette:
        """The ASGI application."""
        routes: Sequence[tuple[str, str, Callable[[Request], Awaitable[Response]]]] = (
            ("POST", "/v1/batch", self.batch),
            ("POST", "/v1/track", self.track),
            ("DELETE", "/v1/users/{user_id}", self.delete),
            ("GET", "/", self.page),
            ("GET", "/metrics", self.metrics),
            ("GET", "/healthz", self.health),
        )
        return Starlette(
            routes=[Route(path, answer, methods=[method]) for method, path, answer in routes],
            exception_handlers={HTTPException: _refuse, Unavailable: _unavailable, Exception: _defect},  # type: ignore[dict-item]
        )

    async def batch(self, request: Request) -> Response:
        """Take the events of a batch."""
        return await self._take(request, intake.read_batch)

    async def track(self, request: Request) -> Response:
        """Take one event."""
        return await self._take(request, intake.read_track)

    async def _take(self, request: Request, read: Callable[[bytes, Agreement, int], intake.Taken]) -> Response:
        self._check_write_key(request)
        body = await self._body(request)
        try:
            content = intake.unpack(body, request.headers.get("content-encoding", "").strip().lower())
            taken = read(content, self.agreement, self.retention.oldest_us)
        except intake.Unreadable as error:
            raise HTTPException(error.status, str(error)) from None
        if taken.events or taken.left:
            await self.writer.add(taken.events, taken.left)
        return JSONResponse({"success": True})

    async def delete(self, request: Request) -> Response:
        """Delete the events of a user id."""
        self._check_write_key(request)
        user_id = request.path_params["user_id"]
        if not intake.is_user_id(user_id):
            raise HTTPException(400, intake.NO_USER)
        await self.writer.do(lambda store: store.delete_user(user_id))
        return Response(status_code=204)

    async def page(self, request: Request) -> Response:
        """Show the page to a reader. A key in the address becomes a cookie, so that it does not stay there."""
        key = request.query_params.get("key")
        if key is not None and await self._is_reader([key]):
            answer: Response = RedirectResponse(request.url.path, 303, headers=_PRIVATE)
            answer.set_cookie(
                keys.COOKIE, key, max_age=_COOKIE_S, path="/", secure=self.secure, httponly=True, samesite="lax"
            )
            return answer
        await self._check_reader(request)
        if not self.pages.board.page:
            return Response("There is no page yet: it is made when events have arrived.\n", 503, {"Retry-After": "10"})
        headers = {**_PRIVATE, "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(self.pages.board.page, headers=headers, media_type="text/html")
        return Response(self.pages.board.unpacked_page, headers=headers, media_type="text/html")

    async def metrics(self, request: Request) -> Response:
        """Show figures for Prometheus."""
        await self._check_reader(request)
        runs, left = await self.writer.do(lambda store: (store.runs(), store.left()))
        text = openmetrics.text(self.pages.board, runs, left)
        return Response(text, headers={"Content-Type": openmetrics.CONTENT_TYPE, **_PRIVATE})

    async def health(self, _: Request) -> Response:
        """Say whether events can be taken."""
        await self._look()
        await self.writer.check()
        return JSONResponse({"status": "ok"})

    def _check_write_key(self, request: Request) -> None:
        if not keys.is_writer(self.agreement.write_key, request.headers.get("authorization", "")):
            raise HTTPException(401, "the write key is not the catalog's", {"WWW-Authenticate": "Basic"})

    async def _check_reader(self, request: Request) -> None:
        authorization = request.headers.get("authorization", "")
        given = [request.cookies.get(keys.COOKIE, ""), keys.basic(authorization)[1], keys.bearer(authorization)]
        if not await self._is_reader(given):
            raise HTTPException(
                401, "the reader's key is missing or wrong", {"WWW-Authenticate": 'Basic realm="reader"'}
            )

    async def _is_reader(self, given: list[str]) -> bool:
        await self._look()
        return keys.is_reader(self._reader, given)

    async def _look(self) -> None:
        """Read the reader's key, of which another process may have made a new one. Raise Unavailable."""
        if time.monotonic() - self._asked_s >= _FRESH_S:
            self._reader = await self.writer.do(lambda store: store.get(READER) or b"")
            self._asked_s = time.monotonic()

    async def _body(self, request: Request) -> bytes:
        if int(_number(request.headers.get("content-length"))) > intake.MAX_REQUEST_BYTES:
            raise HTTPException(413, f"a request may have {intake.MAX_REQUEST_BYTES // 1024} KB")
        body = bytearray()
        try:
            return await asyncio.wait_for(self._receive(request, body), BODY_S)
        except asyncio.TimeoutError:
            raise HTTPException(408, f"the body took longer than {BODY_S} s") from None
        except ClientDisconnect:
            raise HTTPException(400, "the body ends too early") from None
        finally:
            self._receiving_bytes -= len(body)

    async def _receive(self, request: Request, body: bytearray) -> bytes:
        async for chunk in request.stream():
            if len(body) + len(chunk) > intake.MAX_REQUEST_BYTES:
                raise HTTPException(413, f"a request may have {intake.MAX_REQUEST_BYTES // 1024} KB")
            if self._receiving_bytes + len(chunk) > MAX_BODIES_BYTES:
                raise Unavailable("too many requests are being received")
            self._receiving_bytes += len(chunk)
            body += chunk
        request.state.is_received = True
        return bytes(body)


def _number(text: str | None) -> str:
    return text if text is not None and text.isascii() and text.isdigit() else "0"


async def _refuse(request: Request, error: HTTPException) -> Response:
    await _drain(request)
    content = {"success": False, "message": error.detail}
    return JSONResponse(content, error.status_code, {"Connection": "close", **(error.headers or {})})


async def _unavailable(request: Request, _: Unavailable) -> Response:
    await _drain(request)
    content = {"success": False, "message": "it cannot be kept at the moment; try again"}
    return JSONResponse(content, 503, {"Connection": "close", "Retry-After": _RETRY_S})


async def _defect(_: Request, error: Exception) -> Response:
    where = traceback.extract_tb(error.__traceback__)[-1]
    say(f"a bug in the collector: {type(error).__name__}, line {where.lineno} of {where.name}; please report it")
    return JSONResponse({"success": False, "message": "this is a bug in the collector"}, 500)


async def _drain(request: Request) -> None:
    """Receive what is left of a body, within limits, and keep nothing of it."""
    if getattr(request.state, "is_received", False):
        return

    async def receive() -> None:
        received = 0
        while received < _DRAINED_BYTES:
            message = await request.receive()
            received += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body"):
                return

    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(receive(), _DRAINED_S)
