"""Sends events to an OpenTelemetry collector, as one span for each run, by OTLP over HTTP.

The spans follow OpenTelemetry's semantic conventions for CLI programs, version 1.44.0
(https://github.com/open-telemetry/semantic-conventions/blob/v1.44.0/docs/cli/cli-spans.md), as far as people agreed to
what these ask for: a span has no process id, no executable and no arguments. What is sent is in :func:`_span`, and
nothing else: the resource is made here, and not by the SDK, which would add what it finds out about the process.

The SDK's exporter tries again by itself and tells only whether it worked. So it gets a session that carries one request
and remembers the answer, by which :func:`_judge` tells what arrived.
"""

from __future__ import annotations

import json
import logging
import re
import signal
import threading
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from requests import PreparedRequest, RequestException, Response, Session

# It takes what would lead the SDK elsewhere out of the environment, which the SDK reads while it is imported.
from instrumented_make.reporter.transport import REQUEST_TIMEOUT_S, Failure, Transport, confine, describe

# isort: split
from google.protobuf import json_format
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from instrumented_make import __version__
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination

# What OTLP adds to a collector's address (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request).
PATH = "/v1/traces"
# A server that sends a byte now and then never lets the request time out: this bounds the whole attempt.
ATTEMPT_TIMEOUT_S = REQUEST_TIMEOUT_S * 2
# Before the names of an event's properties.
PREFIX = "instrumented_make."
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_SCOPE = InstrumentationScope("instrumented_make", __version__)
# It would write to the standard error what the outbox keeps as the reason.
trace_exporter._logger.addHandler(logging.NullHandler())
trace_exporter._logger.propagate = False


def send(events: Sequence[Event], destination: Destination) -> list[Failure]:
    """Send ``events`` once, in one request; return the failures. Every event in none of them has been delivered.

    Returns within ATTEMPT_TIMEOUT_S; raises nothing.
    """
    failures = []
    spans = {}
    for event in events:
        try:
            span = _span(event)
            encode_spans([span])  # which refuses times that are none
            spans[event.message_id] = span
        except (ValueError, OverflowError) as error:
            failures.append(Failure(frozenset({event.message_id}), str(error), 413, by_client=True))
    if not spans:
        return failures
    attempt = _Attempt()
    sender = threading.Thread(target=attempt.export, args=(list(spans.values()), destination.host + PATH), daemon=True)
    sender.start()
    sender.join(ATTEMPT_TIMEOUT_S)
    if sender.is_alive():
        return [*failures, Failure(frozenset(spans), f"no answer within {ATTEMPT_TIMEOUT_S} s")]
    refused = _judge(frozenset(spans), attempt)
    return [*failures, *([refused] if refused else [])]


def message(event: Event) -> dict[str, Any]:
    """What is sent of ``event``, in OTLP's own JSON form, in which ids are hexadecimal."""
    sent: dict[str, Any] = json_format.MessageToDict(encode_spans([_span(event)]))
    [of_resource] = sent["resourceSpans"]
    [of_scope] = of_resource["scopeSpans"]
    [span] = of_scope["spans"]
    span |= {"traceId": f"{_trace(event)[0]:032x}", "spanId": f"{_span_id(event):016x}"}
    if parent := _trace(event)[1]:
        span["parentSpanId"] = f"{parent:016x}"
    return sent


def _span(event: Event) -> ReadableSpan:
    """The span of ``event``. Raise ValueError for an event that cannot be one."""
    status = event.properties.get("exit_status")
    duration_ms = event.properties.get("duration_ms")
    start = datetime.fromisoformat(event.timestamp)
    start_ns = (start - _EPOCH) // timedelta(microseconds=1) * 1000
    attributes = {f"{PREFIX}{name}": value for name, value in event.properties.items() if value is not None}
    if isinstance(status, int):
        # As a shell tells the end by a signal; the property has the signal itself.
        attributes["process.exit.code"] = status if status >= 0 else 128 - status
    if isinstance(status, int) and status != 0:
        attributes["error.type"] = str(status) if status > 0 else _signal(-status)
    trace_id, parent = _trace(event)
    context = SpanContext(trace_id, _span_id(event), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return ReadableSpan(
        name=event.span_name,
        context=context,
        parent=SpanContext(trace_id, parent, is_remote=True) if parent else None,
        resource=Resource({"service.name": event.name, "service.instance.id": event.user_id}),
        attributes=attributes,
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR if status else StatusCode.UNSET),
        start_time=start_ns,
        end_time=start_ns + (duration_ms if isinstance(duration_ms, int) else 0) * 1_000_000,
        instrumentation_scope=_SCOPE,
    )


def _trace(event: Event) -> tuple[int, int | None]:
    """The trace that the span of ``event`` is in, and the span above it, if any.

    Both are those of TRACEPARENT, if that is valid (https://www.w3.org/TR/trace-context/#traceparent-header). Otherwise
    the trace is named by the message id, so that what is sent again is recognised.
    """
    given = re.fullmatch(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}", event.traceparent, re.ASCII)
    return (int(given[1], 16), int(given[2], 16)) if given else (_number(event), None)


def _span_id(event: Event) -> int:
    return _number(event) >> 64


def _number(event: Event) -> int:
    if re.fullmatch(r"(?!0{16})[0-9a-f]{32}", event.message_id, re.ASCII) is None:
        raise ValueError("its message id is not 32 hexadecimal digits")
    return int(event.message_id, 16)


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # of another system
        return f"signal {number}"


class _Over(RequestException):
    """Nothing more is to be tried. The exporter tries again after other errors, and after some answers."""


class _Attempt(Transport):
    """One request of an exporter's, and what came of it: an answer, or an error."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: Response | None = None
        self.error: Exception | None = None

    def export(self, spans: Sequence[ReadableSpan], address: str) -> None:
        """Have the SDK's exporter send ``spans`` to ``address``. Raise nothing."""
        session = Session()
        confine(session, self)
        try:
            trace_exporter.OTLPSpanExporter(endpoint=address, session=session, timeout=REQUEST_TIMEOUT_S).export(spans)
        except Exception as error:  # whatever it is, the spans are not known to have arrived
            self.error = self.error or error
        finally:
            session.close()

    def send(self, request: PreparedRequest, *arguments: Any, **options: Any) -> Response:
        """Send the request once. Raise _Over unless it was accepted."""
        try:
            self.answer = super().send(request, *arguments, **options)
        except Exception as error:
            self.error = error
            raise _Over(str(error)) from None
        if not self.answer.ok or self.answer.is_redirect:
            raise _Over(f"HTTP {self.answer.status_code}")
        return self.answer


def _judge(message_ids: frozenset[str], attempt: _Attempt) -> Failure | None:
    """What did not arrive, and why: OTLP's answer says how many spans were rejected, but not which."""
    answer = attempt.answer
    if answer is None:
        error = attempt.error or RuntimeError("the exporter made no request")
        return Failure(message_ids, describe(error))
    if answer.status_code != 200:  # the only one that means success
        words = " ".join(answer.content.decode("utf-8", "replace").split())[:200]
        return Failure(
            message_ids, f"HTTP {answer.status_code}: {words}", answer.status_code, answer.status_code == 429
        )
    try:
        partial = _parse(answer).partial_success
    except (DecodeError, json_format.ParseError, ValueError, RecursionError):
        return Failure(message_ids, "HTTP 200 with an answer that is not OTLP's")
    if partial.rejected_spans <= 0:
        return None
    reason = f"rejected by the collector: {' '.join(partial.error_message.split())[:200]}"
    some_arrived = partial.rejected_spans < len(message_ids)
    return Failure(message_ids, reason, 400, some_arrived=some_arrived)


def _parse(answer: Response) -> ExportTraceServiceResponse:
    """What ``answer`` says. Raise DecodeError, ParseError, ValueError or RecursionError if it is not OTLP's."""
    if "json" in answer.headers.get("Content-Type", "").lower():
        value = json.loads(answer.content)
        if not isinstance(value, dict):
            raise ValueError("it is no object")
        return json_format.ParseDict(value, ExportTraceServiceResponse(), ignore_unknown_fields=True)
    return ExportTraceServiceResponse.FromString(answer.content)
