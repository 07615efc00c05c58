"""Whatever the server does, no event is lost or gets a second id, and the sender stops in time."""

from __future__ import annotations

import gzip
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from capture import Capture, Request
from homes import deliver_at_once, states
from homes import fill as filled

from instrumented_make.reporter import consent, segment
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Consent
from instrumented_make.reporter.delivery import (
    BATCH,
    FIRST_BACKOFF_S,
    PROBES,
    RATE_LIMITED_S,
    deliver,
)
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination, open_outbox

COUNT = 5


def fill(home: ConfigDir, host: str, count: int = COUNT, key: str = "key") -> Destination:
    return filled(home, host, count, key)


def trouble(home: ConfigDir, destination: Destination) -> tuple[str, float]:
    """The last error of the destination, and the pause before the next attempt."""
    with open_outbox(home.outbox) as outbox:
        found = outbox.trouble(destination)
    assert found is not None
    return found.error, found.next_attempt_s - found.error_s


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (301, "TooManyRedirects"),
        (302, "TooManyRedirects"),
        (307, "TooManyRedirects"),
        (308, "TooManyRedirects"),
        (304, "HTTP 304"),
        (401, "HTTP 401"),
        (403, "HTTP 403"),
        (404, "HTTP 404"),
        (408, "HTTP 408"),
        (500, "HTTP 500"),
        (503, "HTTP 503"),
    ],
)
def test_events_wait_after_an_error_response(home: ConfigDir, server: Capture, status: int, words: str) -> None:
    """One request is made and a pause is set; the next delivery sends the same events once."""
    destination = fill(home, server.host)
    server.answers = [(status, {"Location": f"{server.host}/elsewhere"}, b"plain words")]
    deliver_at_once(home)
    assert states(home) == {"waiting": COUNT}
    assert len(server.requests) == 1
    error, pause_s = trouble(home, destination)
    assert words in error
    assert 0 < pause_s <= FIRST_BACKOFF_S
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT}
    ids = [event["messageId"] for event in server.requests[-1].document["batch"]]
    assert ids == [event["messageId"] for event in server.requests[0].document["batch"]]


def test_backoff_doubles_and_is_kept_across_runs(home: ConfigDir, server: Capture) -> None:
    """Each failure doubles the pause, up to an hour, less up to a fifth at random; a success resets it."""
    destination = fill(home, server.host)
    pauses = []
    for _ in range(14):
        server.answers = [(500, {}, b"")]
        deliver_at_once(home)
        pauses.append(trouble(home, destination)[1])
    for number, pause_s in enumerate(pauses):
        longest = min(2**number, 3600)
        assert 0.8 * longest <= pause_s <= longest
    seen = len(server.requests)
    deliver(home, 5)
    assert len(server.requests) == seen, "the pause is longer than the budget"
    # A clock that was set back must not make the pause longer than the maximum.
    deliver(home, 5, clock=lambda: time.time() - 86400)
    assert states(home) == {"delivered": COUNT}
    with open_outbox(home.outbox) as outbox:
        assert outbox.trouble(destination) is None


def test_a_failing_server_is_tried_again_within_the_budget(home: ConfigDir, server: Capture) -> None:
    """It fails twice, and the third request delivers."""
    fill(home, server.host)
    server.answers = [(503, {}, b""), (500, {}, b"")]
    deliver(home, 20)
    assert states(home) == {"delivered": COUNT}
    assert len(server.requests) == 3


def test_a_short_rate_limit_is_waited_out(home: ConfigDir, server: Capture) -> None:
    """With a Retry-After of one second the client library itself tries again."""
    fill(home, server.host)
    server.answers = [(429, {"Retry-After": "1"}, b"")]
    start = time.monotonic()
    deliver_at_once(home)
    assert time.monotonic() - start >= 1
    assert states(home) == {"delivered": COUNT}


def test_a_batch_is_one_request_on_a_busy_machine(
    home: ConfigDir, server: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent before the whole batch is queued, however long that takes."""
    track = segment._track

    def slowly(*arguments: Any) -> dict[str, Any]:
        time.sleep(0.1)
        return track(*arguments)

    monkeypatch.setattr(segment, "_track", slowly)
    fill(home, server.host)
    deliver_at_once(home)
    assert [len(request.document["batch"]) for request in server.requests] == [COUNT]


@pytest.mark.parametrize("headers", [{"Retry-After": "3000"}, {}])
def test_a_long_rate_limit_is_not_waited_out(home: ConfigDir, server: Capture, headers: dict[str, str]) -> None:
    """With a long Retry-After or none, the next attempt is at least five minutes later."""
    destination = fill(home, server.host)
    server.answers = [(429, headers, b"")]
    deliver_at_once(home)
    assert states(home) == {"waiting": COUNT}
    assert trouble(home, destination)[1] >= RATE_LIMITED_S
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_rejected_event_is_found_and_parked(home: ConfigDir, status: int) -> None:
    """One bad event among nine is parked with the server's message; the others arrive."""
    with Capture() as server:
        destination = fill(home, server.host, 9)

        def picky() -> None:
            take = server._take

            def answer(request: object) -> tuple[int, dict[str, str], bytes]:
                result = take(request)  # type: ignore[arg-type]
                return (status, {}, b'{"code": "bad", "message": "no c4"}') if b'"c4"' in request.body else result  # type: ignore[attr-defined]

            server._take = answer  # type: ignore[method-assign]

        picky()
        deliver_at_once(home)
        assert states(home) == {"delivered": 8, "parked": 1}
        with open_outbox(home.outbox) as outbox:
            assert list(outbox.parked_reasons()) == [f"HTTP {status}: no c4"]
            assert outbox.last_events("parked", 5)[0].properties == {"command": "c4"}
            assert outbox.trouble(destination) is None
        delivered = [
            event["messageId"] for r in server.requests if b'"c4"' not in r.body for event in r.document["batch"]
        ]
        assert len(delivered) == len(set(delivered)) == 8


class Picky(Capture):
    """A server that answers 400 to every request that contains a bad event."""

    def __init__(self, *bad: str) -> None:
        super().__init__()
        self.bad = set(bad)
        self.taken: list[str] = []

    def _take(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        answer = super()._take(request)
        commands = [event["properties"]["command"] for event in request.document["batch"]]
        if self.bad & {*commands, "*"}:
            return 400, {}, b'{"code": "bad", "message": "no"}'
        self.taken += commands
        return answer


ATTEMPTS = 12


def test_a_server_that_rejects_everything_parks_nothing(home: ConfigDir) -> None:
    """200 events: a few requests each time, with longer and longer pauses; once the server works again, all arrive."""
    server = Picky("*")
    with server:
        destination = fill(home, server.host, 200)
        for attempt in range(ATTEMPTS):
            deliver_at_once(home)
            assert len(server.requests) <= (1 + PROBES) * (attempt + 1)
        assert states(home) == {"waiting": 200}
        error, pause_s = trouble(home, destination)
        assert error == "HTTP 400: no"
        assert pause_s > 2 ** (ATTEMPTS - 1) * 0.7
        server.bad.clear()
        deliver_at_once(home, 20)
    assert states(home) == {"delivered": 200}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("count", "bad"),
    [
        (100, range(3)),
        (100, range(97)),
        (100, range(97, 100)),
        (120, range(119)),
        (120, range(100)),
    ],
    ids=["a few at the head", "most", "the newest", "all but the newest", "all of the first batch"],
)
def test_bad_events_do_not_hold_up_good_ones(home: ConfigDir, count: int, bad: Sequence[int]) -> None:
    """Wherever they are and however many: the good ones arrive within a few attempts, and none of them is parked."""
    server = Picky(*(f"c{number}" for number in bad))
    with server:
        fill(home, server.host, count)
        # The newest may all be bad. One good event proves that the server works, and each attempt tries others.
        for _ in range(5):
            deliver_at_once(home, 20)
        found = states(home)
        assert found["delivered"] == count - len(bad)
        assert found["parked"] > 0
        assert len(server.taken) == len(set(server.taken)) == count - len(bad)


@pytest.mark.thorough
def test_a_server_that_starts_to_reject_everything_parks_nothing(home: ConfigDir) -> None:
    """It takes one batch and rejects everything after that: the earlier success proves nothing."""

    class Turning(Picky):
        def _take(self, request: Request) -> tuple[int, dict[str, str], bytes]:
            if self.taken:
                self.bad.add("*")
            return super()._take(request)

    server = Turning()
    with server:
        fill(home, server.host, 300)
        deliver_at_once(home, 20)
        assert states(home) == {"delivered": 100, "waiting": 200}


def test_an_event_that_the_client_rejects_does_not_stop_others(server: Capture) -> None:
    """Whatever the client library raises for one event, the others are sent."""
    good, bad = (
        Event(name, "someone", "e", timestamp, {})
        for name, timestamp in (("good", "2026-01-01T00:00:00+00:00"), ("bad", "?"))
    )
    [failure] = segment.send([bad, good], Destination(server.host, "key"))
    assert failure.by_client
    assert failure.message_ids == {"bad"}
    assert [event["messageId"] for event in server.events] == ["good"]


def test_a_rejected_event_waits_until_another_is_taken(home: ConfigDir) -> None:
    """Until then either the event or the server could be at fault."""
    server = Picky("c0")
    with server:
        destination = fill(home, server.host, 1)
        for _ in range(3):
            deliver_at_once(home)
        assert states(home) == {"waiting": 1}
        assert len(server.requests) == 3
        good = Event("good", "someone", "e", "2026-01-01T00:00:00.000000+00:00", {"command": "good"})
        with open_outbox(home.outbox) as outbox:
            outbox.add([good], [destination], time.time())
        deliver_at_once(home)
        assert states(home) == {"delivered": 1, "parked": 1}
        with open_outbox(home.outbox) as outbox:
            assert outbox.trouble(destination) is None


def test_an_event_over_the_clients_limit_is_parked(home: ConfigDir, server: Capture) -> None:
    """Segment takes 32 KiB per event; the client raises, and the others are sent."""
    destination = fill(home, server.host)
    huge = Event("huge", "someone", "e", "2026-01-01T00:00:00.000000+00:00", {"command": "x" * 40_000})
    with open_outbox(home.outbox) as outbox:
        outbox.add([huge], [destination], time.time())
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT, "parked": 1}


@pytest.mark.parametrize("taken", [0, 1])
def test_what_is_left_of_a_batch_after_a_refusal_waits(home: ConfigDir, server: Capture, taken: int) -> None:
    """A large batch takes several requests: one is refused, the rest is not sent, and none of it counts as sent."""
    destination = fill(home, server.host, 0)
    large = [
        Event(f"large-{number}", "someone", "e", "2026-01-01T00:00:00.000000+00:00", {"command": "x" * 30_000})
        for number in range(40)
    ]
    with open_outbox(home.outbox) as outbox:
        outbox.add(large, [destination], time.time())
    server.answers = [*[(200, {}, b"ok")] * taken, (500, {}, b"")]
    deliver_at_once(home)
    sizes = [len(request.document["batch"]) for request in server.requests]
    assert len(sizes) == taken + 1
    assert sum(sizes) < len(large)
    found = states(home)
    assert found.get("delivered", 0) == sum(sizes[:taken])
    assert found["waiting"] == len(large) - sum(sizes[:taken])


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that calls ``talk`` with each connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    talk(connection)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        done.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def hang(connection: socket.socket) -> None:
    """Read the request and never answer."""
    while connection.recv(65536):
        pass


def reset(connection: socket.socket) -> None:
    """Reset the connection in the middle of the request."""
    connection.recv(10)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def trickle(connection: socket.socket) -> None:
    """Answer with one byte per second, so that no read ever times out."""
    connection.recv(65536)
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 3600:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def garbage(connection: socket.socket) -> None:
    """Speak another protocol."""
    connection.recv(65536)
    connection.sendall(b"220 mail.example.com ESMTP\r\n")


PAGE = b"<html><title>Sign in to the network</title></html>"


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (200, "text/html", PAGE),
        (200, "Text/HTML; charset=utf-8", b"Sign in"),
        (200, "application/xhtml+xml", b"\xef\xbb\xbf<?xml version='1.0'?>"),
        (200, "", b"\r\n <!DOCTYPE html>"),
        (202, "text/plain", PAGE),
        (200, "application/json", PAGE),
    ],
)
def test_a_page_for_people_is_no_delivery(
    home: ConfigDir, server: Capture, status: int, content_type: str, body: bytes
) -> None:
    """As of a network that wants somebody to sign in; the events wait, and status says what to do."""
    destination = fill(home, server.host)
    server.answers = [(status, {"Content-Type": content_type}, body)]
    deliver_at_once(home)
    assert states(home) == {"waiting": COUNT}
    assert "a web page instead of an answer" in trouble(home, destination)[0]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"success": true}'),
        ("text/html", b'{"success": true}'),
        ("text/html", b""),
        ("text/plain", b"ok"),
        ("", b"[" * 20_000),
        ("", b"x" * 200_000),
    ],
)
def test_any_other_answer_is_one(home: ConfigDir, server: Capture, content_type: str, body: bytes) -> None:
    """Segment's own, an empty one, a word, whatever is called JSON or long."""
    fill(home, server.host)
    server.answers = [(200, {"Content-Type": content_type}, body)]
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT}


def test_an_endless_answer_is_not_read(home: ConfigDir) -> None:
    """The connection is closed after the first part of it, before the kernel's buffers and twice that are full."""
    taken = []

    def flood(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 503 Busy\r\n\r\n")
        taken.append(0)
        while True:
            taken[-1] += connection.send(b"x" * 1_000_000)

    with raw_server(flood) as host:
        destination = fill(home, host)
        deliver_at_once(home)
        assert "HTTP 503" in trouble(home, destination)[0]
        assert len(trouble(home, destination)[0]) < 1000
    assert [sent < 16_000_000 for sent in taken] == [True]


def test_an_answer_is_not_unpacked(home: ConfigDir, server: Capture) -> None:
    """300 KB of zeros may be 300 MB, which this sender may not take; and no server is asked for it."""
    destination = fill(home, server.host)
    server.answers = [(503, {"Content-Encoding": "gzip"}, gzip.compress(bytes(300_000_000), 1))]
    program = (
        "import pathlib, resource, sys; resource.setrlimit(resource.RLIMIT_DATA, (200_000_000,) * 2)\n"
        "from instrumented_make.reporter import config_dir, delivery\n"
        "delivery.deliver(config_dir.ConfigDir(pathlib.Path(sys.argv[1])), delivery.LAST_LOOK_S)\n"
    )
    subprocess.run([sys.executable, "-c", program, home.path], check=True)
    assert "HTTP 503" in trouble(home, destination)[0]
    assert [request.headers["accept-encoding"] for request in server.requests] == ["identity"] * len(server.requests)


def test_no_cookie_is_sent_back(home: ConfigDir, server: Capture) -> None:
    """It would tie one batch to the next."""
    fill(home, server.host, BATCH + 1)
    server.answers = [(200, {"Set-Cookie": "who=1; Path=/; Max-Age=999999"}, b"ok")]
    deliver(home, 20)
    deliver_at_once(home)
    assert len(server.requests) == 2
    assert not [request.headers for request in server.requests if "cookie" in request.headers]


@pytest.mark.sampled(1)
@pytest.mark.parametrize("talk", [hang, reset, garbage, trickle])
def test_a_broken_connection_loses_nothing(home: ConfigDir, talk: Callable[[socket.socket], None]) -> None:
    """The sender stops by itself, long before the server would let it, and the events wait."""
    with raw_server(talk) as host:
        destination = fill(home, host)
        start = time.monotonic()
        deliver_at_once(home)
        assert time.monotonic() - start < 2 * segment.ATTEMPT_TIMEOUT_S
        assert states(home) == {"waiting": COUNT}
        assert trouble(home, destination)[0]


def test_a_slow_answer_counts(home: ConfigDir) -> None:
    """A status of 200 after two seconds is a success."""

    def slow(connection: socket.socket) -> None:
        connection.recv(65536)
        time.sleep(2)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntext")

    with raw_server(slow) as host:
        fill(home, host)
        deliver_at_once(home)
        assert states(home) == {"delivered": COUNT}


@pytest.mark.parametrize("host", ["http://127.0.0.1:9", "http://nowhere.invalid", "http://[::1]:9"])
def test_an_unreachable_server_is_tried_later(home: ConfigDir, host: str) -> None:
    """It refuses the connection, or its name is not found."""
    destination = fill(home, host)
    deliver_at_once(home)
    assert states(home) == {"waiting": COUNT}
    assert "Error" in trouble(home, destination)[0]


def test_nothing_is_sent_without_a_valid_certificate(home: ConfigDir, tmp_path: Path) -> None:
    """A TLS server without one receives nothing."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    received = []

    def talk(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            received.append(secure.recv(65536))

    with raw_server(talk) as host:
        destination = fill(home, host.replace("http:", "https:"))
        deliver_at_once(home)
        assert states(home) == {"waiting": COUNT}
        assert "SSL" in trouble(home, destination)[0]
    assert received == []


def test_one_dead_destination_does_not_hold_up_another(home: ConfigDir, server: Capture) -> None:
    """Events of an earlier consent wait for their server; those of the present one arrive."""
    fill(home, "http://127.0.0.1:9")
    fill(home, server.host)
    deliver(home, 3)
    assert states(home) == {"waiting": COUNT, "delivered": COUNT}


def test_without_consent_nothing_is_sent(home: ConfigDir, server: Capture) -> None:
    """The decision is checked just before sending."""
    fill(home, server.host)
    consent.save(home, Consent(consent.DECLINE, "2026-01-02"))
    deliver_at_once(home)
    assert server.requests == []


@pytest.mark.thorough
def test_a_hundred_thousand_waiting_events_are_sent_in_parts(home: ConfigDir, server: Capture) -> None:
    """A sender sends what it can within its budget and leaves the rest; no event is sent twice."""
    fill(home, server.host, 100_000)
    deliver(home, 3)
    counts = states(home)
    assert counts["waiting"] > 0
    assert counts["delivered"] % 100 == 0
    assert counts["delivered"] == len(server.events) == len({event["messageId"] for event in server.events}) > 0
    assert sum(counts.values()) == 100_000


def test_credentials_in_netrc_are_not_sent(
    home: ConfigDir, server: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request carries the write key only."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("default login me password planted-secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    fill(home, server.host)
    deliver_at_once(home)
    assert server.requests[0].headers["authorization"] == "Basic a2V5Og=="


def test_a_server_on_loopback_is_reached_without_a_proxy(
    home: ConfigDir, server: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ``http_proxy`` says."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    fill(home, server.host)
    deliver_at_once(home)
    assert len(server.events) == COUNT
