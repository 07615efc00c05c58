"""Who started make: a word for it where people agreed to that, and no look where they did not."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from capture import Capture
from workbench import HANG_S, RECORDER, Workbench, missing

from hatch_build import compile_to
from instrumented_make.properties import BY_NAME

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "recorder" / "recorder.c"
AGENTS = re.findall(r'"(\w+)"', SOURCE.read_text().partition("AGENTS[] = {")[2].partition("}")[0])
PLANTED = "planted-value"


def ask(bench: Workbench, fields: str = "caller", recorder: Path | None = RECORDER) -> None:
    """Write a catalog that asks for ``fields``; agree to it, if there is a ``recorder`` to place."""
    bench.write("one: ; @echo one\n", ["one"])
    catalog = bench.tree / "targets.yaml"
    catalog.write_text(f"{catalog.read_text()}fields: [{fields}]\n")
    bench.render()
    if recorder is not None:
        bench.agree(recorder)


def words(bench: Workbench) -> list[str]:
    """What the only record says of who started make."""
    [record] = bench.records()
    return record.read_text().split("\n")[8].split(" ")[2:]


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_person_has_a_terminal(each_make: Workbench, stream: str) -> None:
    """One of the three streams is enough: as with ``make </dev/null``, ``make | less`` or ``make 2>log``."""
    ask(each_make)
    ours, theirs = os.openpty()
    of = {name: theirs if name == stream else subprocess.DEVNULL for name in ("stdin", "stdout", "stderr")}
    with subprocess.Popen(
        [each_make.make, "one"],
        cwd=each_make.tree,
        env=each_make.environment,
        stdin=of["stdin"],
        stdout=of["stdout"],
        stderr=of["stderr"],
    ) as process:
        assert process.wait(HANG_S) == 0
    assert words(each_make) == ["person"]
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize("how", ["files and pipes", "nothing at all"])
def test_a_program_has_none(each_make: Workbench, how: str) -> None:
    """Neither pipes nor /dev/null, which is a device as well, nor closed descriptors are terminals."""
    ask(each_make)
    closed = "<&- >&- 2>&-" if how == "nothing at all" else "</dev/null 2>/dev/null | cat"
    command = ["bash", "-c", f"{each_make.make} one {closed}"]
    # With nothing to write to, the recipe itself fails.
    subprocess.run(command, cwd=each_make.tree, env=each_make.environment, capture_output=True, check=False)
    assert words(each_make) == ["program"]


def test_no_stream_is_opened(bench: Workbench) -> None:
    """To open a pipe that nobody writes to would wait for ever, and make with it."""
    ask(bench)
    pipe = bench.tree / "pipe"
    os.mkfifo(pipe)
    stdin = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert bench.run("one", stdin=stdin).stdout == "one\n"
    os.close(stdin)
    assert words(bench) == ["program"]


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_sets_a_variable(bench: Workbench, name: str) -> None:
    """It is one on a terminal too; its value is in no file, and an empty one says nothing."""
    ask(bench)
    terminal = bench.terminal("one", variables={name: PLANTED})
    terminal.wait()
    assert words(bench) == ["agent"]
    [record] = bench.records()
    assert PLANTED not in record.read_text()
    assert name not in record.read_text()
    record.unlink()
    bench.run("one", variables={name: ""})
    assert words(bench) == ["program"]


def test_the_variables_of_a_makefile_say_nothing(bench: Workbench) -> None:
    """What counts is what make was started with."""
    ask(bench)
    makefile = bench.tree / "Makefile"
    makefile.write_text(makefile.read_text() + "export CLAUDECODE := 1\n")
    bench.run("one")
    assert words(bench) == ["program"]


@pytest.fixture(scope="module")
def spying(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A recorder that tells which variables it reads, and when it looks at a descriptor; and the file that it tells."""
    folder = tmp_path_factory.mktemp("spy")
    said = folder / "said"
    (folder / "spy.h").write_text(f"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
static void say(const char *what) {{
  int file = open("{said}", O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (write(file, what, strlen(what)) < 0 || write(file, "\\n", 1) < 0) abort();
  close(file);
}}
static char *said_getenv(const char *name) {{ say(name); return getenv(name); }}
static int said_fstat(int file, struct stat *about) {{ say("fstat"); return fstat(file, about); }}
#define getenv said_getenv
#define fstat said_fstat
""")
    try:
        compile_to(folder / "recorder", SOURCE, "", "-include", str(folder / "spy.h"))
    except RuntimeError:
        missing("gcc")
    return folder / "recorder", said


@pytest.mark.parametrize("fields", ["", "git_dirty, hardware", "caller", "git_dirty, caller"])
def test_nobody_looks_unless_it_was_agreed_to(bench: Workbench, spying: tuple[Path, Path], fields: str) -> None:
    """Without the field, the recorder reads none of those variables, looks at no stream, and writes no word."""
    recorder, said = spying
    said.unlink(missing_ok=True)
    ask(bench, fields, recorder)
    bench.run("one", variables={"CURSOR_AGENT": "1"})
    asked = "caller" in fields
    assert words(bench) == (["agent"] if asked else [])
    looked = set(said.read_text().split())
    assert "HOME" in looked, "the spy works"
    assert looked & {*AGENTS, "fstat"} == ({*AGENTS, "fstat"} if asked else set())


def test_a_name_elsewhere_in_the_agreement_asks_for_nothing(bench: Workbench) -> None:
    """Only the list of fields counts: an event, a branch or a kind of command may be called so."""
    bench.write("one: ; @echo one\n", ["one"])
    catalog = bench.tree / "targets.yaml"
    text = catalog.read_text().replace("event: devstack.command.run", "event: caller\ncommand_type: caller")
    catalog.write_text(text.replace("main_branch: main", "main_branch: caller"))
    bench.render()
    bench.agree()
    bench.run("one", variables={"CLAUDECODE": "1"})
    assert words(bench) == []


def test_an_agreement_to_less_is_kept(bench: Workbench) -> None:
    """Who agreed before the field was asked for is not looked at: another digest is another question."""
    bench.write("one: ; @echo one\n", ["one"])
    bench.agree()
    before = bench.digest
    ask(bench, recorder=None)
    assert bench.digest != before
    bench.run("one", variables={"CLAUDECODE": "1"})
    assert bench.records() == []


def test_it_is_shown_before_and_sent_as_one_word(bench: Workbench, server: Capture) -> None:
    """The question has the field with its meaning; the event has the word, and no request or file the value."""
    bench.host = server.host
    ask(bench, recorder=None)
    shown = bench.opt_in()
    assert re.search(rf"^  caller +{re.escape(BY_NAME['caller'].meaning)}\r?$", shown, re.MULTILINE)
    assert '"caller": "person"' in shown
    bench.run("one", variables={"AI_AGENT": PLANTED, "CLAUDECODE": PLANTED})
    [event] = server.wait_for(1)
    bench.background_ended()
    assert event["properties"]["caller"] == "agent"
    assert PLANTED not in repr(server.requests)
    assert [path for path in bench.config.rglob("*") if path.is_file() and PLANTED.encode() in path.read_bytes()] == []


def test_every_variable_has_a_source() -> None:
    """The recorder's table is the one in the documentation, where each name has a link."""
    page = (ROOT / "docs" / "privacy.md").read_text()
    documented = re.findall(r"^\| `(\w+)` \|.*\]\(https://\S+\)", page, re.MULTILINE)
    assert sorted(documented) == sorted(AGENTS)
