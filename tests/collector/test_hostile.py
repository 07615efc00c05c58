"""Clients that are slow, endless or wrong cost little, and nobody else anything."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import ExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from collecting import KEY, Collecting, basic, batch, event
from workbench import HANG_S

from instrumented_make.collector import connections, intake, server
from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.pages import Pages
from instrumented_make.collector.retention import Retention
from instrumented_make.collector.server import Collector
from instrumented_make.collector.sqlite import SqliteStore
from instrumented_make.collector.writer import Writer
from instrumented_make.report.options import Targets

AGREED = Agreement("team", "devstack.command.run", "make", KEY, frozenset({"dev.pull"}), (), Targets())


def open_socket(running: Collecting, *lines: str) -> socket.socket:
    """A connection on which these lines of a head were sent, and no end of it."""
    opened = socket.create_connection((running.host, running.port))
    opened.sendall("".join(f"{line}\r\n" for line in lines).encode())
    return opened


def peak_bytes(running: Collecting) -> int:
    """The most memory that the collector had so far."""
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


HEAD = [f"{name}: {value}" for name, value in basic(KEY).items()]


def test_slow_senders_cost_nobody_else_anything(collecting: Collecting) -> None:
    """Hundreds of them: without a head, with half of one, with half a body."""
    with ExitStack() as stack:
        for _ in range(100):
            for lines in (
                [],
                ["POST /v1/batch HTTP/1.1", "Host: x", *HEAD],
                ["POST /v1/batch HTTP/1.1", "Host: x", *HEAD, "Content-Length: 1000", "", '{"batch": ['],
            ):
                stack.enter_context(open_socket(collecting, *lines))
        assert collecting.send(event("m1")) == 200
        assert collecting.ask("GET", "/healthz")[0] == 200
    assert collecting.stored() == ["m1"]


@pytest.mark.parametrize(("key", "status"), [(KEY, 413), ("wrong", 401)])
@pytest.mark.parametrize("length", ["Content-Length: 1000000000000", "Transfer-Encoding: chunked"])
def test_a_body_without_end_is_ended(collecting: Collecting, length: str, key: str, status: int) -> None:
    """With a clear status, after a limited number of bytes."""
    head = [f"{name}: {value}" for name, value in basic(key).items()]
    with open_socket(collecting, "POST /v1/batch HTTP/1.1", "Host: x", *head, length, "") as sender:
        piece = b" " * 65536
        chunk = piece if "Content" in length else b"10000\r\n" + piece + b"\r\n"
        sent = 0
        try:
            while sent < 64 * 2**20:
                sender.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        assert sent < 64 * 2**20
    # Sent in one go, it is answered.
    body = b" " * (600 * 1024)
    assert collecting.ask("POST", "/v1/batch", body, basic(key))[0] == status
    assert collecting.send(event("m1")) == 200


def test_bombs_do_not_go_off(collecting: Collecting) -> None:
    """A hundred megabytes packed into a hundred kilobytes, many times, take no memory."""
    collecting.send(event("m1"))
    before = peak_bytes(collecting)
    bomb = gzip.compress(bytes(100_000_000))
    for _ in range(20):
        assert collecting.ask("POST", "/v1/batch", bomb, basic(KEY) | {"Content-Encoding": "gzip"})[0] == 413
    assert peak_bytes(collecting) - before < 20_000_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"batch": ' + b"[" * 200_000, 400),
        (b'{"batch": [' + b'{"a":' * 80_000 + b"1" + b"}" * 80_000 + b"]}", 400),
        (b'{"batch": [' + b"1," * 200_000 + b"1]}", 413),
        (b'{"batch"', 400),
        (b"\xff\xfe", 400),
        (b"", 400),
    ],
    ids=["deep", "deeper", "many", "broken", "not text", "empty"],
)
def test_bodies_that_are_wrong_get_a_clear_status(collecting: Collecting, body: bytes, status: int) -> None:
    """And the collector goes on."""
    found, _, answer = collecting.ask("POST", "/v1/batch", body, basic(KEY))
    assert (found, json.loads(answer)["success"]) == (status, False)
    assert collecting.send(event("m1")) == 200


def test_a_head_without_end_is_ended(collecting: Collecting) -> None:
    """It takes no more memory than a limit."""
    with open_socket(collecting, "GET / HTTP/1.1", "Host: x") as sender:
        sent = 0
        try:
            while sent < 64 * 2**20:
                sender.sendall(b"X-Header: " + b"x" * 4096 + b"\r\n")
                sent += 4096
        except OSError:
            pass
        assert sent < 64 * 2**20
    assert collecting.send(event("m1")) == 200


def test_wrong_keys_by_the_thousand(collecting: Collecting) -> None:
    """Each is refused, on one connection or on many, and the right one works meanwhile."""
    for number in range(1000):
        status, headers, _ = collecting.ask("POST", "/v1/batch", b"{}", basic(f"key-{number}"))
        assert (status, headers["connection"]) == (401, "close")
        if number % 100 == 0:
            assert collecting.ask("GET", f"/?key={number}")[0] == 401
            assert collecting.send(event(f"m{number}")) == 200
    assert len(collecting.stored()) == 10


def test_many_ids_take_no_memory(collecting: Collecting) -> None:
    """Neither users nor messages are remembered anywhere but on the disk."""
    collecting.send(*(event(f"first{number}") for number in range(500)))
    before = peak_bytes(collecting)
    for number in range(60):
        users = (f"{number:08x}-{message:04x}-4000-8000-000000000000" for message in range(500))
        assert collecting.send(*(event(user_id=user_id) for user_id in users)) == 200
    assert len(collecting.stored()) == 30_500
    assert peak_bytes(collecting) - before < 20_000_000


# What takes a minute when it runs takes a moment here.


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[str, int]]:
    """A collector in this process; its address."""
    store = SqliteStore(folder)
    writer = Writer(store)

    pages = Pages(writer, "", AGREED, 5, 60, None, 0)
    application = Collector(AGREED, writer, Retention(writer, 10**9), pages, secure=False).application
    running = connections.server(application, None, None)
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        task = asyncio.create_task(running.serve([listener]))
        while not running.started:
            await asyncio.sleep(0)
        try:
            yield listener.getsockname()
        finally:
            running.should_exit = True
            await task
            await writer.close()
            store.close()


def run(case: Coroutine[Any, Any, None]) -> None:
    """Run it; one that waits for ever fails."""
    asyncio.run(asyncio.wait_for(case, HANG_S))


async def answer(address: tuple[str, int], *pieces: bytes) -> bytes:
    """The first line of what is answered to these bytes; empty if the connection ends."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return (await reader.readline()).rstrip()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def request(body: bytes, length: int | None = None) -> bytes:
    """A request with this body, or only the beginning of one."""
    head = ["POST /v1/batch HTTP/1.1", "Host: x", *HEAD, f"Content-Length: {length or len(body)}", "", ""]
    return "\r\n".join(head).encode() + body


@pytest.mark.parametrize("sent", [b"", b"POST /v1/batch HTT", request(b"{", 10)])
def test_a_request_has_a_limited_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """After that its connection ends, whatever it waits for."""
    monkeypatch.setattr(connections, "REQUEST_S", 0.1)

    async def case() -> None:
        async with serving(tmp_path) as address:
            assert await answer(address, sent) == b""

    run(case())


def test_the_next_request_has_a_limited_time_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is answered is no way to stay."""
    monkeypatch.setattr(connections, "REQUEST_S", 0.5)

    async def case() -> None:
        async with serving(tmp_path) as address:
            reader, writer = await asyncio.open_connection(*address)
            writer.write(request(batch(event("m1"))))
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.write(b"POST")
            assert (await reader.read()).endswith(b'{"success":true}')
            writer.close()

    run(case())


def test_a_slow_body_gets_a_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that its sender knows."""
    monkeypatch.setattr(server, "BODY_S", 0.1)
    monkeypatch.setattr(server, "_DRAINED_S", 0.1)

    async def case() -> None:
        async with serving(tmp_path) as address:
            assert (await answer(address, request(b"{", 10))).startswith(b"HTTP/1.1 408")

    run(case())


def test_among_too_many_connections_the_oldest_silent_one_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the one that has something to say."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 3)

    async def case() -> None:
        async with serving(tmp_path) as address:
            silent = [await asyncio.open_connection(*address) for _ in range(3)]
            assert (await answer(address, request(batch(event("m1"))))).startswith(b"HTTP/1.1 200")
            assert await silent[0][0].read() == b""
            assert not silent[1][0].at_eof()
            for _, writer in silent:
                writer.close()

    run(case())


def test_bodies_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it, a sender is asked to come again; once others are gone, it can."""
    monkeypatch.setattr(server, "MAX_BODIES_BYTES", 100_000)
    monkeypatch.setattr(server, "_DRAINED_S", 0.1)

    async def case() -> None:
        async with serving(tmp_path) as address:
            reader, writer = await asyncio.open_connection(*address)
            body = batch(event("m1")).ljust(90_000)
            writer.write(request(body[:-1], len(body)))
            await writer.drain()
            other = request(batch(event("m2")).ljust(20_000))
            while not (await answer(address, other)).startswith(b"HTTP/1.1 503"):
                pass  # until the first has been received that far
            writer.write(body[-1:])
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            writer.close()
            assert (await answer(address, other)).startswith(b"HTTP/1.1 200")

    run(case())


def test_events_that_wait_for_the_disk_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond it, a sender is asked to come again."""
    monkeypatch.setattr("instrumented_make.collector.writer.MAX_WAITING", 3)

    async def case() -> None:
        async with serving(tmp_path) as address:
            assert (await answer(address, request(batch(*[event()] * 4)))).startswith(b"HTTP/1.1 503")
            assert (await answer(address, request(batch(*[event()] * 3)))).startswith(b"HTTP/1.1 200")

    run(case())


def test_the_limits_are_segments() -> None:
    """So no client that keeps to those is refused."""
    assert (intake.MAX_REQUEST_BYTES, intake.MAX_EVENT_BYTES) == (512_000, 32_768)
