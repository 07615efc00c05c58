"""A server on loopback that takes what an OpenTelemetry collector would take, decoded by OpenTelemetry's own schema."""

from __future__ import annotations

import contextlib
import gzip
import importlib.util
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from capture import Capture, Request
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from workbench import kept_port, missing, wait_until

PROTOBUF = {"Content-Type": "application/x-protobuf"}


@dataclass(frozen=True)
class Received:
    """One span as it arrived, with the attributes of its resource and of itself as plain values."""

    span: Span
    resource: dict[str, Any]
    attributes: dict[str, Any]


class Collector(Capture):
    """The server. What none of ``answers`` is for is accepted, except spans with a name in ``bad``.

    These are rejected by themselves or, if it ``refuses``, with their whole request.
    """

    bad: frozenset[str] = frozenset()
    refuses = False

    def __enter__(self) -> Collector:
        super().__enter__()
        return self

    @property
    def spans(self) -> list[Received]:
        """Every span that arrived, in order, repeats included."""
        return [received for request in list(self.requests) for received in decoded(request)]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The spans, each with the id of its message."""
        return [{"messageId": received.span.span_id.hex(), "received": received} for received in self.spans]

    def _take(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        with self.changed:
            given = bool(self.answers)
            answer = super()._take(request)
        if given:
            return answer
        rejected = sum(received.span.name in self.bad for received in decoded(request))
        if rejected and self.refuses:
            return 400, {}, b"bad name"
        return 200, PROTOBUF, partly(rejected, "bad name") if rejected else b""


def decoded(request: Request) -> list[Received]:
    """The spans of ``request``."""
    return [
        Received(span, values(of_resource.resource.attributes), values(span.attributes))
        for of_resource in document(request).resource_spans
        for of_scope in of_resource.scope_spans
        for span in of_scope.spans
    ]


def document(request: Request) -> ExportTraceServiceRequest:
    """The body of ``request``."""
    packed = request.headers.get("content-encoding") == "gzip"
    return ExportTraceServiceRequest.FromString(gzip.decompress(request.body) if packed else request.body)


def values(attributes: Any) -> dict[str, Any]:
    """The attributes as plain values."""
    found: dict[str, Any] = {}
    attribute: KeyValue
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        assert kind is not None
        found[attribute.key] = getattr(attribute.value, kind)
    return found


def partly(rejected: int, why: str) -> bytes:
    """The body of an answer that says that ``rejected`` of the spans were not taken."""
    partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=why)
    return ExportTraceServiceResponse(partial_success=partial).SerializeToString()


@contextlib.contextmanager
def passing_on(folder: Path, to: str) -> Iterator[str]:
    """The address of Rotel, a collector by others, which passes on to ``to`` what it takes. ``folder``: for its files.

    Skip where it is not installed.
    """
    package = importlib.util.find_spec("rotel")
    if package is None or package.origin is None:
        missing("rotel")
    options = {
        "exporter": "otlp",
        "otlp-exporter-endpoint": to,
        "otlp-exporter-protocol": "http",
        "pid-file": str(folder / "rotel.pid"),
        "log-file": str(folder / "rotel.log"),
    }
    agent = Path(package.origin).parent / "rotel-agent"
    with kept_port() as http, kept_port() as grpc:
        options |= {"otlp-http-endpoint": f"127.0.0.1:{http}", "otlp-grpc-endpoint": f"127.0.0.1:{grpc}"}
        words = [f"--{name}={value}" for name, value in options.items()]
        with subprocess.Popen([agent, "start", *words], stdout=subprocess.DEVNULL, env={}) as process:
            try:
                wait_until(lambda: process.poll() is not None or _listens(http), "Rotel to listen")
                assert process.poll() is None, (folder / "rotel.log").read_text()
                yield f"http://127.0.0.1:{http}"
            finally:
                process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
