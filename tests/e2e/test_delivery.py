"""From a tracked run to the server."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pexpect
import pytest
from capture import Capture
from workbench import INSTALLED, LOST_CHILD, Workbench, kept_port, wait_for_process, wait_until

RULES = """\
.PHONY: quick fails slow
quick: ; @date +%s%N; sleep 0.3; date +%s%N
fails: ; @exit 7
slow: ; @sleep 3631.25
up.%: ; @echo up $*
"""
TARGETS = """\
  - quick
  - fails
  - slow
  - name: up.%
    stems: [lms]
"""
SPECIFIED = [
    "command",
    "command_type",
    "duration_ms",
    "exit_status",
    "git_checked_out_master",
    "git_commit_time",
    "is_test",
    "start_time",
]


@pytest.fixture
def consenting(each_make: Workbench, server: Capture) -> Workbench:
    each_make.host = server.host
    each_make.write(RULES, TARGETS)
    each_make.commit()
    each_make.opt_in()
    return each_make


def test_the_four_kinds_of_run_arrive_as_specified(consenting: Workbench, server: Capture) -> None:
    """A succeeding, a failing, an interrupted and a pattern target: four events, exact keys, right values."""
    before_s = time.time()
    start = time.perf_counter()
    inside = consenting.run("quick").stdout.split()
    wait_until(lambda: not consenting.recorders(), "the recorder to see the end")
    outside_ms = (time.perf_counter() - start) * 1000
    assert consenting.run("fails").returncode == 2
    child = consenting.terminal("slow")
    wait_for_process(child.pid, "sleep", "3631.25")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    interrupted = -child.signalstatus if child.signalstatus else child.exitstatus
    assert interrupted == -2 or (interrupted == 2 and LOST_CHILD in str(child.before))
    assert consenting.run("up.lms").returncode == 0

    events = server.wait_for(4)

    assert [event["properties"]["exit_status"] for event in events] == [0, 2, interrupted, 0]
    assert [event["properties"]["command"] for event in events] == ["quick", "fails", "slow", "up.lms"]
    for event in events:
        properties = event["properties"]
        assert list(properties) == SPECIFIED
        assert properties["command_type"] == "make"
        assert properties["git_checked_out_master"] is True
        assert properties["git_commit_time"] == "2021-05-17T15:02:10-04:00"
        assert properties["is_test"] == "false"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", properties["start_time"])
        assert before_s - 1 < datetime.fromisoformat(properties["start_time"]).timestamp() < time.time() + 1
    # The duration lies between what the recipe and its caller measured.
    inside_ms = (int(inside[1]) - int(inside[0])) / 1_000_000
    assert inside_ms - 1 < events[0]["properties"]["duration_ms"] < outside_ms + 1
    assert len({event["userId"] for event in events}) == 1


def test_only_the_specified_properties_are_sent(consenting: Workbench, server: Capture) -> None:
    """The request has the specified keys and Segment's own, and nothing about this machine or person."""
    consenting.run("up.secret-stem", "VAR=secret-value")
    server.wait_for(1)
    request = server.requests[0]
    assert request.path == "/v1/batch"
    assert set(request.headers) == {
        "host",
        "user-agent",
        "accept-encoding",
        "accept",
        "connection",
        "content-type",
        "authorization",
        "content-length",
    }
    assert set(request.document) == {"batch", "sentAt", "writeKey"}
    [event] = request.document["batch"]
    assert set(event) == {
        "anonymousId",
        "context",
        "event",
        "integrations",
        "messageId",
        "properties",
        "timestamp",
        "type",
        "userId",
    }
    assert event["context"].keys() == {"ip", "library"}
    assert event["context"]["ip"] == "0.0.0.0"  # noqa: S104
    assert event["properties"]["command"] == "up.%"
    everything = request.body + repr(request.headers).encode()
    for secret in ("secret", str(consenting.tree), "root", Path("/etc/hostname").read_text().strip()):
        assert secret.encode() not in everything


def test_events_that_could_not_be_sent_arrive_later_once(consenting: Workbench, server: Capture) -> None:
    """The server is down for three runs and then up: every event arrives, each message id once."""
    server.__exit__(None, None, None)
    with kept_port(server.port) as port:
        for _ in range(3):
            consenting.run("up.lms")

        def told(pattern: str) -> bool:
            return re.search(pattern, consenting.run("metrics-status").stdout, re.M) is not None

        wait_until(lambda: told("^Last error: ") and told("^Waiting: +3$"), "an attempt to fail")
        with Capture(port) as revived:
            consenting.run("up.lms")
            events = revived.wait_for(4)
            consenting.background_ended()
            assert len({event["messageId"] for event in revived.events}) == len(revived.events) == len(events) == 4
    status = consenting.run("metrics-status").stdout
    assert re.search(r"^Delivered: +4$", status, re.M)
    assert "Last error" not in status


def test_a_run_marked_as_a_test_is_sent_as_one(consenting: Workbench, server: Capture) -> None:
    """With DEVSTACK_METRICS_TESTING the event is marked, in CI too, and make prints nothing more."""
    result = consenting.run("up.lms", variables={"DEVSTACK_METRICS_TESTING": "debug", "CI": "true"})
    assert (result.stdout, result.stderr) == ("up lms\n", "")
    [event] = server.wait_for(1)
    assert event["properties"]["is_test"] == "debug"


def test_show_has_what_has_just_ended(consenting: Workbench, server: Capture) -> None:
    """Asked at once after a command, metrics-show prints its event, exactly as a later reporter sends it."""
    (consenting.config / "interpreter").write_text("/nonexistent/python\n")
    for word in ("first", "second", "third"):
        consenting.run("up.lms", variables={"DEVSTACK_METRICS_TESTING": word})
        waiting = shown_as_waiting(consenting)
        assert [event["properties"]["is_test"] for event in waiting] == [word]
        assert consenting.reporter("run").returncode == 0
        assert server.events[-1:] == waiting


def shown_as_waiting(bench: Workbench) -> list[Any]:
    """What metrics-show shows as waiting, once it does: a look that takes too long on a busy machine reads nothing."""
    waiting: list[Any] = []

    def shows() -> bool:
        shown = bench.run("metrics-show", variables={"VIRTUAL_ENV": INSTALLED})
        waiting[:] = json.loads(shown.stdout)["waiting"]
        return bool(waiting)

    wait_until(shows, "the run to be shown")
    return waiting


def test_a_tracked_run_starts_no_python_of_the_path(consenting: Workbench, server: Capture, tmp_path: Path) -> None:
    """With a slow python3 first on PATH a tracked run neither waits for it nor starts it, and still reports."""
    slow = tmp_path / "shims"
    slow.mkdir()
    for name in ("python3", "python"):
        (slow / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\nsleep 3600\n")
        (slow / name).chmod(0o755)
    consenting.variables["PATH"] = f"{slow}:{consenting.environment['PATH']}"
    consenting.run("up.lms")
    server.wait_for(1)
    consenting.background_ended()
    assert not (tmp_path / "started").exists()


def test_a_local_decision_sends_nothing(each_make: Workbench, server: Capture) -> None:
    """'local' records the run and opens no connection, not even after a later yes."""
    each_make.host = server.host
    each_make.write(RULES, TARGETS)
    each_make.opt_in("local")
    each_make.run("up.lms")
    each_make.background_ended()
    each_make.opt_in("yes")
    each_make.run("fails")
    server.wait_for(1)
    each_make.background_ended()
    assert [event["properties"]["command"] for event in server.events] == ["fails"]
    shown = json.loads(each_make.run("metrics-show").stdout)
    assert [event["properties"]["command"] for event in shown["kept_here"]] == ["up.lms"]
    assert shown["sent_last"] == server.events


def test_outside_a_repository_git_values_are_null(each_make: Workbench, server: Capture) -> None:
    """Unknown is null, not a guess."""
    each_make.host = server.host
    each_make.write(RULES, TARGETS)
    each_make.opt_in()
    each_make.run("up.lms")
    [event] = server.wait_for(1)
    assert event["properties"]["git_commit_time"] is None
    assert event["properties"]["git_checked_out_master"] is None


def test_a_line_added_to_the_catalog_tracks_a_target(consenting: Workbench, server: Capture) -> None:
    """One more line in targets.yaml renders to one more line, and the target is tracked without asking again."""
    before = (consenting.tree / "Makefile.instrumented").read_text().splitlines()
    catalog = consenting.tree / "targets.yaml"
    catalog.write_text(catalog.read_text() + "  - extra\n")
    makefile = consenting.tree / "Makefile"
    makefile.write_text(makefile.read_text().replace("quick: ;", "extra: ; @:\nquick: ;"))
    consenting.render()
    after = (consenting.tree / "Makefile.instrumented").read_text().splitlines()
    assert [line for line in after if line not in before] == ["  extra \\"]
    assert len(after) == len(before) + 1
    consenting.run("extra")
    assert server.wait_for(1)[0]["properties"]["command"] == "extra"
