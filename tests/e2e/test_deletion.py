"""Opting out of a project with a collector: what was sent is deleted there too, at once or when it can be reached."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from collecting import Collecting
from workbench import INSTALLED, Workbench, wait_until

from instrumented_make.reporter import deletion
from instrumented_make.reporter.config_dir import ConfigDir

RULES = ".PHONY: one\none: ; @echo one\n"
ASKED = "What was sent is being deleted at the collector, too."


@pytest.fixture
def collector(bench: Workbench, tmp_path: Path) -> Iterator[Collecting]:
    """A collector for the developer's project, which names it."""
    bench.write(RULES, ["one"])
    catalog = tmp_path / "collected.yaml"
    catalog.write_text((bench.tree / "targets.yaml").read_text())
    with Collecting(catalog, str(tmp_path / "metrics")) as running:
        bench.host = f"http://127.0.0.1:{running.port}\n  collector: true"
        bench.write(RULES, ["one"])
        yield running


@pytest.fixture
def consenting(bench: Workbench, collector: Collecting) -> Workbench:
    """Somebody who agreed, with a run that arrived and another's that is not theirs."""
    shown = bench.opt_in()
    assert "opting out deletes it there, too, everything that was sent under the id." in shown
    assert f"http://127.0.0.1:{collector.port} (collector, write key test-key)" in shown
    assert bench.run("one").returncode == 0
    collector.wait_for(lambda: len(collector.stored()) == 1, "the event to arrive")
    bench.background_ended()
    return bench


def opt_out(bench: Workbench) -> str:
    done = bench.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED})
    assert done.returncode == 0, done.stderr
    return done.stdout


def status(bench: Workbench) -> str:
    return bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout


def holding(folder: Path, text: str) -> list[str]:
    """The names of the files that hold a text."""
    found = []
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):  # a reporter at work deletes some
            if text.encode() in path.read_bytes():
                found.append(path.name)
    return sorted(found)


def test_opting_out_deletes_what_was_sent(consenting: Workbench, collector: Collecting) -> None:
    """The events of this id are gone and those of others are there; then the id is gone here as well."""
    [known] = collector.stored("user_id")
    assert collector.send_as("00000000-0000-4000-8000-00000000000a") == 200
    said = opt_out(consenting)
    assert ASKED in said
    assert known not in said
    collector.wait_for(lambda: known not in collector.stored("user_id"), "the deletion")
    wait_until(lambda: holding(consenting.home, known) == [], "the id to be forgotten")
    assert len(collector.stored()) == 1
    assert "Deletion" not in status(consenting)


def test_without_a_network_the_id_is_kept_and_nothing_else(consenting: Workbench, collector: Collecting) -> None:
    """Status says so; and opting out again, once the collector answers, has it deleted and forgets the id."""
    [known] = collector.stored("user_id")
    collector.sleep()
    assert ASKED in opt_out(consenting)
    [kept] = holding(consenting.home, known)
    assert kept.startswith("deletion-")
    assert {*json.loads((consenting.config / kept).read_text())} == {"host", "write_key", "user_id", "since"}
    told = status(consenting)
    assert "Decision: no, since " in told
    assert f"asked of http://127.0.0.1:{collector.port} since " in told
    assert f"not confirmed yet; only the id {known} is kept for that. To try again: make metrics-opt-out" in told
    stop_asking(consenting)
    collector.start()
    assert ASKED in opt_out(consenting)
    collector.wait_for(lambda: collector.stored() == [], "the deletion")
    wait_until(lambda: holding(consenting.home, known) == [], "the id to be forgotten")
    assert ASKED not in opt_out(consenting)


@pytest.mark.thorough
def test_a_network_that_comes_back_is_enough(consenting: Workbench, collector: Collecting) -> None:
    """It is asked for again in the background, without another opt-out."""
    collector.sleep()
    opt_out(consenting)
    collector.start()
    collector.wait_for(lambda: collector.stored() == [], "the deletion")
    wait_until(lambda: ConfigDir(consenting.config).deletions() == [], "the id to be forgotten")


def stop_asking(bench: Workbench) -> None:
    """End what tries again in the background, as a machine does that is switched off."""
    bench.stop_reporters()
    bench.background_ended()


def test_who_agrees_anew_gets_another_id_and_the_old_one_is_deleted(
    consenting: Workbench, collector: Collecting
) -> None:
    """By the reporter of the next run."""
    [known] = collector.stored("user_id")
    collector.sleep()
    opt_out(consenting)
    stop_asking(consenting)
    consenting.opt_in()
    collector.start()
    assert consenting.run("one").returncode == 0
    collector.wait_for(lambda: len(set(collector.stored("user_id")) - {known}) == 1, "the new event")
    collector.wait_for(lambda: known not in collector.stored("user_id"), "the deletion")
    wait_until(lambda: holding(consenting.home, known) == [], "the id to be forgotten")


def test_without_python_the_id_is_kept_until_there_is_one(consenting: Workbench, collector: Collecting) -> None:
    """The shell keeps it as Python would, and says what to do."""
    [known] = collector.stored("user_id")
    (consenting.config / "interpreter").write_text("/nonexistent/python\n")
    done = consenting.run("metrics-opt-out")
    assert "To have what was sent deleted at the collector, set this up again" in done.stdout
    assert "Nothing will be measured." in done.stdout
    [kept] = holding(consenting.home, known)
    assert kept.startswith("deletion-")
    assert len(collector.stored()) == 1
    [(_, asked)] = deletion.unconfirmed(ConfigDir(consenting.config))
    assert (asked.host, asked.write_key, asked.user_id) == (f"http://127.0.0.1:{collector.port}", "test-key", known)
    assert ASKED in opt_out(consenting)
    collector.wait_for(lambda: collector.stored() == [], "the deletion")


def test_an_opt_out_waits_for_no_collector(consenting: Workbench, collector: Collecting) -> None:
    """Not for one that takes the request and never answers: it returns while that still goes on."""
    collector.sleep()
    with socket.create_server(("127.0.0.1", collector.port)) as silent:
        assert ASKED in opt_out(consenting)
        taken, _ = silent.accept()
        with taken:
            assert b"DELETE /v1/users/" in taken.recv(4096)
            assert len(ConfigDir(consenting.config).deletions()) == 1
    stop_asking(consenting)


@pytest.mark.parametrize("answer", ["200 OK", "404 Not Found", "302 Found\r\nLocation: /elsewhere", "503 Busy"])
def test_only_a_collector_s_word_is_a_deletion(consenting: Workbench, collector: Collecting, answer: str) -> None:
    """Any other answer, as of a page that wants somebody to sign in, leaves it to be asked for again."""
    collector.sleep()
    opt_out(consenting)
    stop_asking(consenting)
    kept = ConfigDir(consenting.config)
    with socket.create_server(("127.0.0.1", collector.port)) as other, ThreadPoolExecutor(1) as asking:
        asked = asking.submit(deletion.carry_out, kept, (0,))
        taken, _ = other.accept()
        with taken:
            taken.recv(4096)
            taken.sendall(f"HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            asked.result()
    assert len(kept.deletions()) == 1


def test_a_makefile_does_not_lead_the_request_elsewhere(consenting: Workbench, collector: Collecting) -> None:
    """A proxy that the repository names in its recipes' environment is not asked."""
    [known] = collector.stored("user_id")
    makefile = consenting.tree / "Makefile"
    makefile.write_text(f"export no_proxy := nowhere\nexport http_proxy := http://127.0.0.1:9\n{makefile.read_text()}")
    assert ASKED in opt_out(consenting)
    collector.wait_for(lambda: known not in collector.stored("user_id"), "the deletion")
