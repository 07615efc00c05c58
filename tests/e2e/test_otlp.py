"""From a tracked run to an OpenTelemetry collector, beside Segment or instead of it."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture import Capture
from spans import Collector, passing_on
from workbench import INSTALLED, PYTHON, Workbench, another_python, wait_until

from instrumented_make import __version__

AGREED = {"VIRTUAL_ENV": INSTALLED}
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
RULES = ".PHONY: one fails\none: ; @env | grep -c ^TRACEPARENT; true\nfails: ; @exit 7\n"
CATALOG = "otlp:\n  endpoint: {}\n"


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as collector:
        yield collector


def write(bench: Workbench, more: str, *, segment: str = "") -> None:
    """A catalog with ``more`` in it, and Segment's server only where one is named."""
    bench.host = segment or "https://api.segment.io"
    bench.write(RULES, ["one", "fails"])
    path = bench.tree / "targets.yaml"
    key = "write_key: test-key"
    path.write_text(path.read_text().replace(key, key if segment else 'write_key: ""') + more)
    bench.render()


@pytest.fixture
def both(each_make: Workbench, server: Capture, collector: Collector) -> Workbench:
    """Somebody who agreed to both destinations."""
    write(each_make, CATALOG.format(collector.host), segment=server.host)
    each_make.commit()
    each_make.opt_in()
    return each_make


def test_one_run_arrives_in_both(both: Workbench, server: Capture, collector: Collector) -> None:
    """An event at Segment's server and a span at the collector, with the same properties and ids."""
    assert both.run("fails").returncode == 2
    [event] = server.wait_for(1)
    collector.wait_for(1)
    both.background_ended()
    [received] = collector.spans
    assert len(server.events) == 1
    assert event["properties"]["exit_status"] == 2
    prefix = "instrumented_make."
    sent = {name.removeprefix(prefix): value for name, value in received.attributes.items() if name.startswith(prefix)}
    assert sent == event["properties"]
    others = {name: value for name, value in received.attributes.items() if not name.startswith(prefix)}
    assert others == {"process.exit.code": 2, "error.type": "2"}
    assert received.resource == {"service.name": event["event"], "service.instance.id": event["userId"]}
    assert (received.span.name, received.span.status.code) == ("make fails", received.span.status.STATUS_CODE_ERROR)
    assert received.span.trace_id.hex() == event["messageId"]
    everything = b"".join(request.body + repr(request.headers).encode() for request in collector.requests)
    for secret in (str(both.tree), "root", Path("/etc/hostname").read_text().strip()):
        assert secret.encode() not in everything
    status = both.run("metrics-status", variables=AGREED).stdout
    assert re.search(rf"^Destination: +{server.host} and {collector.host}$", status, re.M)
    delivered = re.search(r"^Delivered: +(.*)$", status, re.M)
    assert delivered is not None
    assert set(delivered[1].split(", ")) == {f"1 to {server.host}", f"1 to {collector.host}"}
    shown = json.loads(both.run("metrics-show", variables=AGREED).stdout)
    assert shown["sent_last"] == server.events
    [span] = shown["spans"]["sent_last"][0]["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert span["spanId"] == received.span.span_id.hex()


def test_a_trace_that_make_was_given(both: Workbench, server: Capture, collector: Collector) -> None:
    """The run is a span of it; nothing is written to the command's environment, nor sent to Segment."""
    assert both.run("one").stdout == "0\n"
    assert both.run("one", variables={"TRACEPARENT": PARENT}).stdout == "1\n"
    collector.wait_for(2)
    server.wait_for(2)
    both.background_ended()
    first, second = sorted((received.span for received in collector.spans), key=lambda span: span.start_time_unix_nano)
    assert first.parent_span_id == b""
    assert (second.trace_id.hex(), second.parent_span_id.hex()) == tuple(PARENT.split("-")[1:3])
    assert "0af7651916cd43dd8448eb211c80319c" not in repr(server.requests)


@pytest.mark.parametrize("given", [PARENT, f"{PARENT}\nx", f"{PARENT} x", "00-x", "planted-secret", ""])
def test_a_trace_is_noted_only_where_it_was_agreed_to(bench: Workbench, collector: Collector, given: str) -> None:
    """And only one that can be one."""
    for more, noted in (("", ""), (CATALOG.format(collector.host), PARENT)):
        write(bench, more)
        bench.agree()
        bench.run("one", variables={"TRACEPARENT": given})
        [record] = bench.records()
        words = record.read_text().split("\n")[8].split(" ")[2:]
        assert words == ([f"traceparent={given}"] if given and given == noted else [])
        assert "planted" not in record.read_text()
        record.unlink()


def test_the_variables_of_opentelemetry_change_nothing(both: Workbench, server: Capture, collector: Collector) -> None:
    """Those that make was given reach the reporter; the span has what it has without them."""
    with Collector() as another:
        planted = {
            "OTEL_RESOURCE_ATTRIBUTES": "host.name=planted",
            "OTEL_SERVICE_NAME": "planted",
            "OTEL_EXPORTER_OTLP_ENDPOINT": another.host,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{another.host}/v1/traces",
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=planted",
        }
        both.run("one", variables=planted)
        collector.wait_for(1)
        both.background_ended()
        assert another.requests == []
    assert "planted" not in repr(collector.requests)


def test_a_collector_alone(bench: Workbench, collector: Collector) -> None:
    """Without a write key nothing goes to Segment; leaving names the collector and the id."""
    write(bench, CATALOG.format(collector.host))
    shown = bench.opt_in()
    assert re.search(rf"It would be sent to {re.escape(collector.host)}, an\s+OpenTelemetry\s+collector", shown)
    assert "TRACEPARENT" in shown
    assert "segment" not in shown.lower()
    bench.run("one")
    collector.wait_for(1)
    bench.background_ended()
    user_id = json.loads((bench.config / "metrics.json").read_text())["anonymous_user_id"]
    said = bench.run("metrics-opt-out", variables=AGREED).stdout
    assert f"Whatever was sent is at {collector.host}, under the id {user_id}." in said
    seen = len(collector.requests)
    bench.run("one")
    bench.background_ended()
    assert len(collector.requests) == seen


@pytest.mark.thorough
def test_a_collector_by_others_takes_spans_and_passes_them_on(
    bench: Workbench, collector: Collector, tmp_path: Path
) -> None:
    """What it passes on is what it would have been sent; it acknowledged each, and status says so."""
    with passing_on(tmp_path, collector.host) as address:
        write(bench, CATALOG.format(address))
        bench.opt_in()
        assert bench.run("one").returncode == 0
        assert bench.run("fails", variables={"TRACEPARENT": PARENT}).returncode == 2
        collector.wait_for(2)
        bench.background_ended()
        status = bench.run("metrics-status", variables=AGREED).stdout
        shown = json.loads(bench.run("metrics-show", variables=AGREED).stdout)
    assert re.search(r"^Delivered: +2$", status, re.M)
    assert "error" not in status
    sent = {
        span["spanId"]: span
        for entry in shown["spans"]["sent_last"]
        for of_resource in entry["resourceSpans"]
        for of_scope in of_resource["scopeSpans"]
        for span in of_scope["spans"]
    }
    assert {received.span.span_id.hex() for received in collector.spans} == set(sent)
    for received in collector.spans:
        span = sent[received.span.span_id.hex()]
        assert received.span.name == span["name"]
        assert received.span.start_time_unix_nano == int(span["startTimeUnixNano"])
        assert received.span.end_time_unix_nano == int(span["endTimeUnixNano"])
        assert sorted(received.attributes) == sorted(attribute["key"] for attribute in span["attributes"])
        assert sorted(received.resource) == ["service.instance.id", "service.name"]
    assert "0af7651916cd43dd8448eb211c80319c" in {received.span.trace_id.hex() for received in collector.spans}


def test_leaving_both_names_both(both: Workbench, server: Capture, collector: Collector) -> None:
    """With and without Python."""
    both.run("one")
    server.wait_for(1)
    collector.wait_for(1)
    both.background_ended()
    kept = both.home.parent / "kept"
    shutil.copytree(both.config, kept)
    said = both.run("metrics-opt-out", variables=AGREED).stdout
    assert f"Whatever was sent is at {server.host} and {collector.host}, under the id" in said
    shutil.rmtree(both.config)
    shutil.move(kept, both.config)
    (both.config / "interpreter").unlink()
    said = both.run("metrics-opt-out", variables={"PATH": "/usr/bin:/bin"}).stdout
    assert f"host: {server.host}\n" in said
    assert f"otlp: {collector.host}\n" in said


def test_without_python_a_collector_s_deletion_and_the_spans_are_kept_apart(
    both: Workbench, server: Capture, collector: Collector
) -> None:
    """The decision's own address is kept, whatever a target is called; the id is shown for the spans."""
    path = both.config / "metrics.json"
    document = json.loads(path.read_text())
    document["consent"]["collection"] |= {"collector": True, "command_types": {"host": "odd", "write_key": "odd"}}
    path.write_text(json.dumps(document, indent=2))
    (both.config / "interpreter").unlink()
    said = both.run("metrics-opt-out", variables={"PATH": "/usr/bin:/bin"}).stdout
    [kept] = both.config.glob("deletion-*")
    assert json.loads(kept.read_text())["host"] == server.host
    assert f"  anonymous_user_id: {document['anonymous_user_id']}\n  otlp: {collector.host}\nWhatever" in said


def test_another_collector_gets_another_id(both: Workbench, server: Capture, collector: Collector) -> None:
    """The question is asked again, and what was sent is named."""
    before = json.loads((both.config / "metrics.json").read_text())["anonymous_user_id"]
    with Collector() as another:
        write(both, CATALOG.format(another.host), segment=server.host)
        assert "not to what is collected now" in both.run("metrics-status", variables=AGREED).stdout
        both.run("one")
        both.background_ended()
        assert both.records() == []
        said = both.opt_in()
        assert f"Whatever was sent is at {server.host} and {collector.host}, under the id {before}." in said.replace(
            "\r", ""
        )
        both.run("one")
        another.wait_for(1)
        both.background_ended()
        assert before not in repr(another.requests)
        assert collector.requests == []


def test_local_sends_no_span(bench: Workbench, collector: Collector) -> None:
    write(bench, CATALOG.format(collector.host))
    bench.opt_in("local")
    bench.run("one")
    bench.background_ended()
    assert re.search(r"^Kept here: +1$", bench.run("metrics-status", variables=AGREED).stdout, re.M)
    assert collector.requests == []


@pytest.fixture
def without_otlp(tmp_path: Path, wheel: Path) -> Path:
    """A Python that has what this one has, but not what the extra installs."""
    return another_python(tmp_path / "without", wheel, "opentelemetry")


def test_without_the_extra_opt_in_says_what_to_install(
    bench: Workbench, collector: Collector, without_otlp: Path
) -> None:
    """Before it asks; nothing is stored."""
    write(bench, CATALOG.format(collector.host))
    told = bench.run("metrics-opt-in", variables={"VIRTUAL_ENV": str(without_otlp)})
    assert told.returncode == 2
    command = f"{without_otlp}/bin/python -m pip install 'instrumented-make[otlp]=={__version__}'"
    assert f"hint: install it: {command}\n" in told.stderr
    assert not bench.config.exists()
    (without_otlp / "bin" / "python").unlink()
    told = bench.run("metrics-opt-in", variables={"PATH": "/usr/bin:/bin"})
    assert f"pip install 'instrumented-make[otlp]=={__version__}'" in told.stderr


def test_without_the_extra_spans_wait_and_status_says_so(
    both: Workbench, server: Capture, collector: Collector, without_otlp: Path
) -> None:
    """The event goes to Segment all the same; once the extra is there, the span arrives."""
    (both.config / "interpreter").write_text(f"{without_otlp}/bin/python\n")
    both.run("one")
    server.wait_for(1)
    both.background_ended()
    status = both.run("metrics-status", variables={"VIRTUAL_ENV": str(without_otlp)}).stdout
    assert f"Waiting:       1 for {collector.host}\n" in status
    command = f"{without_otlp}/bin/python -m pip install 'instrumented-make[otlp]=={__version__}'"
    assert re.search(rf"^Reporter: .*{re.escape(command)}$", status, re.M)
    assert re.search(rf"^Last error: +{collector.host}: the extra otlp is not installed \(", status, re.M)
    shown = json.loads(both.run("metrics-show", variables={"VIRTUAL_ENV": str(without_otlp)}).stdout)
    assert command in shown["spans"]
    (both.config / "interpreter").write_text(f"{PYTHON}\n")
    with contextlib.closing(sqlite3.connect(both.config / "outbox.sqlite3")) as outbox:
        outbox.execute("UPDATE destinations SET next_attempt_s = 0")
        outbox.commit()
    both.run("one")
    collector.wait_for(2)
    wait_until(lambda: len(server.events) == 2, "the event")
