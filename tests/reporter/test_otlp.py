"""Spans: what is in one, when it counts as delivered, and what no environment can add."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from capture import Capture
from homes import deliver_at_once, states
from spans import PROTOBUF, Collector, document, partly
from workbench import HANG_S

from instrumented_make import __version__
from instrumented_make.properties import Value
from instrumented_make.reporter import consent, otlp
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.delivery import PROBES, RATE_LIMITED_S, deliver
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.ingest import destinations_of
from instrumented_make.reporter.outbox import OTLP, Destination, open_outbox

COUNT = 5
USER = "5f7b0c3e-8a53-4d0c-9a8f-0d7c5a1f2e11"
PROPERTIES: dict[str, Value] = {
    "command": "dev.pull",
    "command_type": "make",
    "duration_ms": 8421,
    "exit_status": 0,
    "git_checked_out_master": True,
    "git_commit_time": None,
    "is_test": "false",
    "start_time": "2021-05-17T19:44:09.105052+00:00",
}
NAMES = {f"instrumented_make.{name}" for name in PROPERTIES if name != "git_commit_time"}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def event(number: int = 1, **changes: Any) -> Event:
    properties = {**PROPERTIES, **{name: value for name, value in changes.items() if name in PROPERTIES}}
    made = Event(
        f"{number:016x}" * 2,
        USER,
        "devstack.command.run",
        "2021-05-17T19:44:09.105052+00:00",
        properties,
        "make dev.pull",
    )
    return replace(made, **{name: value for name, value in changes.items() if name not in PROPERTIES})


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def fill(home: ConfigDir, collector: Capture, *, segment: Capture | None = None, count: int = COUNT) -> Destination:
    """Save consent to ``collector``, and to ``segment``, and add events that wait."""
    collection = Collection(
        "e",
        "make",
        "main",
        segment.host if segment else "",
        "key" if segment else "",
        ("command",),
        otlp=collector.host,
    )
    consent.save(home, Consent(consent.REPORT, "2026-01-01", USER, "digest", "agreement", collection))
    with open_outbox(home.outbox) as outbox:
        names = [f"make c{number}" for number in range(1, count + 1)]
        events = [event(number, span_name=name) for number, name in enumerate(names, 1)]
        outbox.add(events, destinations_of(collection), time.time())
    return Destination(collector.host, "", OTLP)


def reasons(home: ConfigDir) -> dict[str, int]:
    with open_outbox(home.outbox) as outbox:
        return outbox.parked_reasons()


def trouble(home: ConfigDir, destination: Destination) -> tuple[str, float]:
    with open_outbox(home.outbox) as outbox:
        found = outbox.trouble(destination)
    assert found is not None
    return found.error, found.next_attempt_s - found.error_s


def test_a_span_has_exactly_this(collector: Collector) -> None:
    """Its keys, its times, its ids and its resource; nothing about the process or the machine."""
    assert otlp.send([event()], Destination(collector.host, "", OTLP)) == []
    [received] = collector.spans
    span = received.span
    assert received.resource == {"service.name": "devstack.command.run", "service.instance.id": USER}
    assert received.attributes.keys() == NAMES | {"process.exit.code"}
    assert received.attributes["process.exit.code"] == 0
    assert received.attributes["instrumented_make.duration_ms"] == 8421
    assert received.attributes["instrumented_make.git_checked_out_master"] is True
    assert (span.name, span.kind, span.status.code) == ("make dev.pull", span.SPAN_KIND_INTERNAL, 0)
    assert span.start_time_unix_nano == 1621280649105052000
    assert span.end_time_unix_nano - span.start_time_unix_nano == 8421_000_000
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id) == (f"{1:016x}" * 2, f"{1:016x}", b"")
    assert {field.name for field, _ in span.ListFields()} == {
        *("trace_id", "span_id", "name", "kind", "start_time_unix_nano", "end_time_unix_nano"),
        *("attributes", "status", "flags"),
    }
    [of_resource] = document(collector.requests[0]).resource_spans
    [of_scope] = of_resource.scope_spans
    assert (of_scope.scope.name, of_scope.scope.version, len(of_scope.scope.attributes)) == (
        "instrumented_make",
        __version__,
        0,
    )
    request = collector.requests[0]
    assert request.path == "/v1/traces"
    assert set(request.headers) == {
        "host",
        "user-agent",
        "accept-encoding",
        "accept",
        "connection",
        "content-type",
        "content-length",
    }


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(2, 2, "2"), (127, 127, "127"), (-2, 130, "SIGINT"), (-99, 227, "signal 99")]
)
def test_a_failed_run_is_an_error(collector: Collector, status: int, code: int, kind: str) -> None:
    """A signal's exit code is the shell's; its name is the type of the error."""
    assert otlp.send([event(exit_status=status)], Destination(collector.host, "", OTLP)) == []
    [received] = collector.spans
    assert received.attributes.keys() == NAMES | {"process.exit.code", "error.type"}
    assert received.attributes["process.exit.code"] == code
    assert received.attributes["error.type"] == kind
    assert received.attributes["instrumented_make.exit_status"] == status
    assert (received.span.status.code, received.span.status.message) == (received.span.status.STATUS_CODE_ERROR, "")


@pytest.mark.parametrize(
    "given",
    [
        PARENT,
        *("", "00", "x" * 55, PARENT.upper(), f"{PARENT}-more", PARENT.replace("00-", "ff-"), PARENT + "\n"),
        PARENT.replace("0af7651916cd43dd8448eb211c80319c", "0" * 32),
        PARENT.replace("b7ad6b7169203331", "0" * 16),
    ],
)
def test_only_a_valid_traceparent_joins_a_trace(collector: Collector, given: str) -> None:
    """Then trace and parent are those that make was given; the span's own id stays."""
    assert otlp.send([event(traceparent=given)], Destination(collector.host, "", OTLP)) == []
    [received] = collector.spans
    ids = (received.span.trace_id.hex(), received.span.parent_span_id.hex())
    expected = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331") if given == PARENT else (f"{1:016x}" * 2, "")
    assert ids == expected
    assert received.span.span_id.hex() == f"{1:016x}"


def test_no_variable_adds_or_leads_elsewhere(collector: Collector, server: Capture) -> None:
    """OTEL_… and a proxy are set for the reporter; the request is the same, and arrives where it was to."""
    hostile = {
        "OTEL_RESOURCE_ATTRIBUTES": "host.name=planted,process.owner=planted",
        "OTEL_SERVICE_NAME": "planted",
        **dict.fromkeys(("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"), "authorization=planted"),
        **dict.fromkeys(("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), server.host),
        **dict.fromkeys(("OTEL_EXPORTER_OTLP_COMPRESSION", "OTEL_EXPORTER_OTLP_TRACES_COMPRESSION"), "gzip"),
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0",
        "OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE": "/nowhere",
        "OTEL_PYTHON_EXPORTER_OTLP_HTTP_CREDENTIAL_PROVIDER": "planted",
        "OTEL_ATTRIBUTE_COUNT_LIMIT": "1",
        "OTEL_SDK_DISABLED": "true",
        "OTEL_PYTHON_ID_GENERATOR": "planted",
        "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS": "host,process,os",
        "HTTP_PROXY": server.host,
    }
    assert otlp.send([event()], Destination(collector.host, "", OTLP)) == []
    code = (
        "import sys; from instrumented_make.reporter import otlp; from instrumented_make.reporter.event import Event;"
        "from instrumented_make.reporter.outbox import Destination;"
        f"failures = otlp.send([{event()!r}], Destination({collector.host!r}, '', 'otlp'));"
        "sys.exit(str(failures) if failures else 0)"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", code],
        env={**os.environ, **hostile},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert server.requests == []
    first, second = collector.requests
    assert first == second


def test_an_event_goes_to_both(home: ConfigDir, collector: Collector, server: Capture) -> None:
    """Each destination gets every event once, and has its own trouble."""
    destination = fill(home, collector, segment=server)
    server.answers = [(500, {}, b"")]
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT, "waiting": COUNT}
    assert len(collector.spans) == COUNT
    collector.answers = [(500, {}, b"")] * 9
    deliver_at_once(home)
    assert states(home) == {"delivered": 2 * COUNT}
    assert [item["messageId"] for item in server.events[COUNT:]] == [f"{n:016x}" * 2 for n in range(1, COUNT + 1)]
    assert len(collector.requests) == 1
    with open_outbox(home.outbox) as outbox:
        assert outbox.trouble(destination) is None
        assert len(list(outbox.properties("command"))) == COUNT, "a run counts once in one's own figures"


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 408, 429, 500, 502, 503, 504])
def test_spans_wait_after_an_error_response(home: ConfigDir, collector: Collector, status: int) -> None:
    """The exporter itself tries once only, whatever it would do by itself; the next delivery sends the same ids."""
    destination = fill(home, collector)
    collector.answers = [(status, {"Location": f"{collector.host}/elsewhere", "Retry-After": "1"}, b"plain words")]
    deliver(home, 0)
    assert len(collector.requests) == 1
    assert states(home) == {"waiting": COUNT}
    error, pause_s = trouble(home, destination)
    assert error == f"HTTP {status}: plain words"
    assert (pause_s >= RATE_LIMITED_S) == (status == 429)
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT}
    assert collector.requests[0].body == collector.requests[1].body


def test_nobody_listens(home: ConfigDir, collector: Collector) -> None:
    """One attempt, and the spans wait."""
    destination = fill(home, replaced(collector))
    deliver(home, 0)
    assert states(home) == {"waiting": COUNT}
    assert "ConnectionError" in trouble(home, destination)[0]


def test_a_connection_that_is_closed_is_tried_once(home: ConfigDir) -> None:
    """The exporter would try again at once, which could give a collector the same spans twice."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        seen: list[bytes] = []

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:  # the test is over
                    return
                with connection:
                    seen.append(connection.recv(100_000))

        threading.Thread(target=hang_up, daemon=True).start()
        destination = Destination(f"http://127.0.0.1:{listening.getsockname()[1]}", "", OTLP)
        [failure] = otlp.send([event()], destination)
        listening.shutdown(socket.SHUT_RDWR)
    assert len(seen) == 1
    assert "ConnectionError" in failure.reason


def replaced(collector: Collector) -> Collector:
    """``collector``, which listens no more; the fixture ends another in its place."""
    gone = Collector()
    gone._server.server_close()
    return gone


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (PROTOBUF, b"ok"),
        (PROTOBUF, b"\xff" * 20),
        ({"Content-Type": "text/html"}, b"<html>sign in</html>"),
        ({"Content-Type": "application/json"}, b"[]"),
        ({"Content-Type": "application/json"}, b"{"),
        (PROTOBUF, partly(1, "x" * 100_000)),
    ],
)
def test_an_answer_that_is_not_otlps_acknowledges_nothing(
    home: ConfigDir, collector: Collector, headers: dict[str, str], body: bytes
) -> None:
    """As of a network that wants somebody to sign in."""
    fill(home, collector)
    collector.answers = [(200, headers, body)]
    deliver_at_once(home)
    assert states(home) == {"waiting": COUNT}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, b""),
        (PROTOBUF, b""),
        (PROTOBUF, partly(0, "a warning only")),
        ({"Content-Type": "application/json"}, b"{}"),
        ({"Content-Type": "application/json"}, b'{"partialSuccess": {}}'),
    ],
)
def test_a_full_success(home: ConfigDir, collector: Collector, headers: dict[str, str], body: bytes) -> None:
    """Without rejected spans all have arrived, whatever else the collector says."""
    fill(home, collector)
    collector.answers = [(200, headers, body)]
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT}


def test_a_partial_success_counts_what_arrived(home: ConfigDir, collector: Collector) -> None:
    """One of five is rejected, and nobody says which: each goes alone, the bad one is parked with the reason."""
    fill(home, collector)
    collector.bad = frozenset({"make c3"})
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT - 1, "parked": 1}
    assert reasons(home) == {"rejected by the collector: bad name": 1}
    sizes = [len(list(document(request).resource_spans[0].scope_spans[0].spans)) for request in collector.requests]
    assert sizes == [COUNT, *[1] * COUNT], "no more than one repeat of each, under the same id"
    deliver_at_once(home)
    assert len(collector.requests) == 1 + COUNT


def test_a_partial_success_in_json(home: ConfigDir, collector: Collector) -> None:
    """A number of 64 bits is a string there."""
    fill(home, collector)
    collector.bad = frozenset({"make c3"})
    body = json.dumps({"partialSuccess": {"rejectedSpans": "1", "errorMessage": "bad"}}).encode()
    collector.answers = [(200, {"Content-Type": "application/json"}, body)]
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT - 1, "parked": 1}


def test_a_collector_that_rejects_everything(home: ConfigDir, collector: Collector) -> None:
    """Nothing is parked: a few spans are tried alone, and all wait for a collector that takes some."""
    destination = fill(home, collector)
    collector.bad = frozenset({f"make c{number}" for number in range(1, COUNT + 1)})
    deliver_at_once(home)
    assert states(home) == {"waiting": COUNT}
    assert len(collector.requests) <= 1 + PROBES
    assert trouble(home, destination)[0] == "rejected by the collector: bad name"
    collector.bad = frozenset({"make c1"})
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT - 1, "parked": 1}


def test_a_span_that_a_400_refuses_holds_up_no_other(home: ConfigDir, collector: Collector) -> None:
    """As for Segment: the batch is halved until the bad one is alone."""
    fill(home, collector)
    collector.bad = frozenset({"make c2"})
    collector.refuses = True
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT - 1, "parked": 1}
    assert reasons(home) == {"HTTP 400: bad name": 1}


def test_an_event_that_cannot_be_a_span_is_parked(home: ConfigDir, collector: Collector) -> None:
    """Its id is no trace's, or its end no time: only these are refused, without asking anybody."""
    destination = fill(home, collector)
    with open_outbox(home.outbox) as outbox:
        outbox.add([replace(event(9), message_id="odd"), event(10, duration_ms=10**17)], [destination], time.time())
    deliver_at_once(home)
    assert states(home) == {"delivered": COUNT, "parked": 2}
    assert sum(count for reason, count in reasons(home).items() if "hexadecimal" in reason or "range" in reason) == 2


def test_what_is_shown_is_what_was_sent(collector: Collector) -> None:
    """In OTLP's JSON form, where ids are hexadecimal."""
    shown = otlp.message(event(traceparent=PARENT, exit_status=2))
    assert otlp.send([event(traceparent=PARENT, exit_status=2)], Destination(collector.host, "", OTLP)) == []
    [received] = collector.spans
    span = shown["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert span["traceId"] == received.span.trace_id.hex()
    assert span["spanId"] == received.span.span_id.hex()
    assert span["parentSpanId"] == received.span.parent_span_id.hex()
    assert {item["key"] for item in span["attributes"]} == received.attributes.keys()
