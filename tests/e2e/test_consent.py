"""Who is measured and who is not, and what the consent question says."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import subprocess

import pexpect
import pytest
from capture import Capture
from workbench import INSTALLED, Workbench, needs, wait_until

from instrumented_make import __version__

RULES = ".PHONY: one\none: ; @echo one\n"


@pytest.fixture
def asked(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(RULES, ["one"])
    return bench


def traced(bench: Workbench, *arguments: str, variables: dict[str, str] | None = None) -> list[str]:
    """What a run does to the system: processes started, files written or created, connections."""
    log = bench.home.parent / "strace.log"
    command = [needs("strace"), "-f", "-qq", "-o", str(log), "-e", "trace=process,network,openat,mkdir,unlink,rename"]
    subprocess.run(
        [*command, bench.make, *arguments],
        cwd=bench.tree,
        env={**bench.environment, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    calls = []
    for line in log.read_text().splitlines():
        call = line.split(maxsplit=1)[1]
        kind = call.partition("(")[0]
        if kind == "openat" and not re.search(r"O_WRONLY|O_RDWR|O_CREAT", call):
            continue
        if kind in ("execve", "openat", "mkdir", "unlink", "rename", "connect", "socket", "vfork", "clone", "clone3"):
            call = re.sub(r"( <unfinished \.\.\.>|\) += .*)$", "", call)
            calls.append(re.sub(r"0x[0-9a-f]+|\d+|\[.*\]", "", call))
    return calls


@pytest.mark.parametrize(
    ("decision", "variables"),
    [
        ("undecided", {}),
        ("no", {}),
        ("yes", {"CI": "true"}),
        ("yes", {"DO_NOT_TRACK": "1"}),
        ("yes", {"DO_NOT_TRACK": "1", "DEVSTACK_METRICS_TESTING": "x"}),
        ("yes", {"HOME": ""}),
        ("yes", {"XDG_CONFIG_HOME": "/nonexistent"}),
    ],
)
def test_without_consent_a_run_does_what_bare_make_does(
    asked: Workbench, decision: str, variables: dict[str, str]
) -> None:
    """No process beyond bare make's, no file written, no connection."""
    if decision != "undecided":
        asked.opt_in(decision)
    instrumented = traced(asked, "one", variables=variables)
    makefile = asked.tree / "Makefile"
    makefile.write_text(RULES)
    assert instrumented == traced(asked, "one", variables=variables)
    assert sum(call.startswith("execve") for call in instrumented) == 2
    assert not (asked.config / "outbox.sqlite3").exists()


def test_with_consent_the_trace_differs(asked: Workbench) -> None:
    """The test above would notice a tracked run."""
    asked.opt_in()
    assert sum(call.startswith("execve") for call in traced(asked, "one")) > 2


@pytest.mark.parametrize("variables", [{"DO_NOT_TRACK": ""}, {"DO_NOT_TRACK": "0"}, {"CI": ""}])
def test_an_empty_switch_does_not_disable_recording(
    asked: Workbench, server: Capture, variables: dict[str, str]
) -> None:
    """An empty variable or DO_NOT_TRACK=0 has no effect."""
    asked.opt_in()
    asked.run("one", variables=variables)
    server.wait_for(1)


@pytest.mark.parametrize("name", ["DO_NOT_TRACK", "CI"])
def test_who_agrees_where_nothing_is_measured_is_told(asked: Workbench, name: str) -> None:
    """By what; where something is, nothing of this is said."""
    assert "nothing is measured" not in asked.opt_in()
    asked.variables[name] = "1"
    assert f"Here, nothing is measured while {name} is set." in asked.opt_in()


def test_where_nothing_is_sent_the_question_speaks_of_no_deletion_elsewhere(asked: Workbench) -> None:
    """The catalog that `init` proposes names no server."""
    catalog = asked.tree / "targets.yaml"
    catalog.write_text(catalog.read_text().replace("write_key: test-key", 'write_key: ""'))
    asked.render()
    shown = asked.opt_in()
    assert "this project has no server to send it to." in shown
    assert "To stop, and delete what is kept here: make metrics-opt-out.\r\n" in shown
    assert "sent events" not in shown


def test_the_question_shows_what_is_collected_and_where_it_goes(asked: Workbench, server: Capture) -> None:
    """Every field with its meaning, an example, the destination, who asks and why."""
    text = asked.opt_in("whatever")
    for words in ("The maintainers", "to test", server.host, "test-key", "metrics-opt-out", '"duration_ms": 8421'):
        assert words in text
    for field in ("user_id", "command", "duration_ms", "exit_status", "git_commit_time", "is_test", "start_time"):
        assert re.search(rf"^  {field} +\S", text, re.M)
    assert "Nothing was changed" in text
    assert not asked.config.exists()


@pytest.mark.parametrize("answer", ["", "yess", "Local please"])
def test_an_unclear_answer_changes_nothing(asked: Workbench, answer: str) -> None:
    """Only yes, y, local and no are answers."""
    asked.opt_in(answer)
    assert not asked.config.exists()


def test_consent_needs_a_terminal(asked: Workbench) -> None:
    """A closed or piped stdin cancels, whatever is in it."""
    variables = {"VIRTUAL_ENV": INSTALLED}
    piped = subprocess.Popen(["/bin/echo", "yes"], stdout=subprocess.PIPE)
    result = asked.run("metrics-opt-in", variables=variables, stdin=piped.stdout)
    piped.communicate()
    assert "no terminal" in result.stdout
    closed = asked.run("metrics-opt-in", "--no-print-directory", variables=variables, preexec_fn=lambda: os.close(0))
    assert closed.returncode == 0
    assert not asked.config.exists()


def test_interrupting_the_question_changes_nothing(asked: Workbench) -> None:
    """Ctrl-C and Ctrl-D at the prompt cancel."""
    for key in ("\x03", "\x04"):
        child = asked.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
        child.expect("asked again: ")
        child.send(key)
        child.expect(pexpect.EOF)
        assert "Traceback" not in str(child.before)
        child.close()
    assert not asked.config.exists()


def test_the_decision_has_the_keys_of_the_replaced_system(asked: Workbench) -> None:
    """Its file and all others in the folder are private."""
    asked.opt_in()
    document = json.loads((asked.config / "metrics.json").read_text())
    assert re.fullmatch(r"[0-9a-f-]{36}", document["anonymous_user_id"])
    assert document["consent"]["decision"] == "report"
    assert re.match(r"\d{4}-\d\d-\d\dT", document["consent"]["timestamp"])
    assert document["consent"]["digest"] == asked.digest
    asked.run("one")
    asked.background_ended()
    for path in [asked.config, *asked.config.rglob("*")]:
        executed = path.is_dir() or path.name.startswith("recorder-")
        assert path.stat().st_mode & 0o777 == (0o700 if executed else 0o600), path


def test_opting_in_again_keeps_the_id_and_sends_nothing(asked: Workbench, server: Capture) -> None:
    """The id is the device's, made on the first yes."""
    ids = set()
    for _ in range(2):
        asked.opt_in()
        ids.add(json.loads((asked.config / "metrics.json").read_text())["anonymous_user_id"])
    assert len(ids) == 1
    assert server.requests == []


def test_a_no_can_become_a_yes(asked: Workbench, server: Capture) -> None:
    """A person who declined and agrees later is measured from then on."""
    asked.opt_in("no")
    asked.run("one")
    assert asked.records() == []
    asked.opt_in()
    asked.run("one")
    server.wait_for(1)
    assert "Decision:      yes" in asked.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout


def test_opting_out_deletes_what_was_collected(asked: Workbench, server: Capture) -> None:
    """The id, the outbox, the records and the recorder are gone; the decline stays; nothing more is sent."""
    asked.opt_in()
    user_id = json.loads((asked.config / "metrics.json").read_text())["anonymous_user_id"]
    asked.run("one")
    result = asked.run("metrics-opt-out")
    assert result.returncode == 0
    seen = len(server.requests)
    asked.background_ended()
    left = {path.name for path in asked.config.iterdir()}
    assert {"declined", "metrics.json"} <= left
    locks = {"deciding.lock", "recording.lock", "reporting.lock", "sending.lock"}
    assert left - {"declined", "metrics.json"} <= locks
    assert all(user_id not in path.read_text() for path in asked.config.iterdir())
    asked.run("one")
    asked.background_ended()
    assert len(server.requests) == seen
    assert asked.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout.startswith("Decision: no, since")


def test_a_changed_collection_is_asked_about_again(asked: Workbench, server: Capture) -> None:
    """Another field, server or event name ends the consent until it is given again."""
    asked.opt_in()
    catalog = asked.tree / "targets.yaml"
    old = catalog.read_text()
    for change in (
        old + "fields: [operating_system]\n",
        old.replace(server.host, "http://127.0.0.1:9"),
        old.replace("devstack.command.run", "other"),
    ):
        catalog.write_text(change)
        asked.render()
        asked.run("one")
        assert asked.records() == []
    assert "not to what is collected now" in asked.run("metrics-status").stdout
    catalog.write_text(old + "fields: [operating_system, hardware, git_dirty]\n")
    asked.render()
    assert "operating_system" in asked.opt_in()
    asked.run("one")
    properties = server.wait_for(1)[0]["properties"]
    assert list(properties)[-3:] == ["operating_system", "hardware", "git_dirty"]
    assert properties["operating_system"].startswith("Linux ")


@pytest.mark.parametrize(
    ("said", "instead", "why"),
    [
        ('"host": "', '"host": "http://127.0.0.1:9", "was": "', "its digest does not match what it collects"),
        ('"main_branch": "main"', '"main_branch": "prod"', "its digest does not match what it collects"),
        ("digest := ", "digest := 0", "its digest does not match what it collects"),
        ('"who": "', '"who": "\\u001b[2J', "characters that cannot be shown"),
        ('"why": "', '"why": "\\u202e', "characters that cannot be shown"),
    ],
)
def test_an_include_that_was_edited_is_refused(asked: Workbench, said: str, instead: str, why: str) -> None:
    """The digest must match what is shown, and no escape sequence is printed; opting out still works."""
    asked.opt_in()
    include = asked.tree / "Makefile.instrumented"
    text = include.read_text()
    assert said in text
    include.write_text(text.replace(said, instead, 1))
    for goal in ("metrics-opt-in", "metrics-status"):
        told = asked.run(goal, variables={"VIRTUAL_ENV": INSTALLED})
        assert told.returncode == 2
        assert why in told.stderr
        assert "render it again" in told.stderr
        assert not {"\x1b", "\u202e"} & set(told.stdout + told.stderr)
    assert asked.run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED}).returncode == 0


def test_two_checkouts_with_two_destinations(asked: Workbench, server: Capture) -> None:
    """Each agreement has its own destination and id; events that wait for the first still go there."""
    with Capture() as other:
        elsewhere = asked.home.parent / "elsewhere"
        shutil.copytree(asked.tree, elsewhere)
        second = dataclasses.replace(asked, tree=elsewhere)
        catalog = elsewhere / "targets.yaml"
        catalog.write_text(catalog.read_text().replace(server.host, other.host))
        second.render()
        asked.opt_in()
        interpreter = asked.config / "interpreter"
        interpreter.write_text("/nonexistent/python\n")
        asked.run("one")
        asked.background_ended()
        assert server.requests == []
        second.opt_in()
        second.run("one")
        [first_event], [second_event] = server.wait_for(1), other.wait_for(1)
        assert first_event["userId"] != second_event["userId"]
        # The first checkout is undecided again, and its developer is told.
        asked.run("one")
        asked.background_ended()
        told = asked.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout
        assert "but not to what is collected now" in told
        assert (len(server.events), len(other.events)) == (1, 1)
        asked.opt_in()
        asked.run("one")
        assert server.wait_for(2)[1]["userId"] not in {first_event["userId"], second_event["userId"]}
        assert len(other.events) == 1


def test_a_person_who_has_not_decided_is_invited_once_a_day(each_make: Workbench) -> None:
    """One line on stderr, only on a terminal, and again a day later."""
    each_make.write(RULES, ["one"])

    def line_shown() -> bool:
        child = each_make.terminal("one")
        child.expect(pexpect.EOF)
        child.close()
        lines = str(child.before).splitlines()
        assert lines[-1] == "one"
        assert len(lines) <= 2
        return len(lines) == 2 and "metrics-opt-in" in lines[0]

    assert "metrics" not in "".join(each_make.run("one").stderr)
    assert [line_shown(), line_shown()] == [True, False]
    yesterday = (each_make.config / "invited").stat().st_mtime - 25 * 3600
    os.utime(each_make.config / "invited", (yesterday, yesterday))
    assert [line_shown(), line_shown()] == [True, False]
    each_make.opt_in("no")
    os.utime(each_make.config / "invited", (yesterday, yesterday))
    assert not line_shown()


def test_nobody_is_invited_where_the_day_cannot_be_stored(bench: Workbench) -> None:
    """Otherwise the invitation would appear every time."""
    bench.write(RULES, ["one"])
    (bench.home / ".config").write_text("a file where a folder should be")
    child = bench.terminal("one")
    child.expect(pexpect.EOF)
    child.close()
    assert child.before == "one\r\n"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"consent": true}',
        '{"consent": {"decision": "report", "timestamp": 3}}',
        '{"anonymous_user_id": "x", "consent": {"decision": true, "timestamp": "2021-05-17"}}',
        '{"anonymous_user_id": "x", "consent": {"decision": "report", "timestamp": "t", "digest": "d"}}',
        "[" * 100_000,
    ],
)
def test_a_decision_that_cannot_be_read_means_no(asked: Workbench, server: Capture, content: str) -> None:
    """Even if make still finds the file of an agreement, nothing is kept and nothing is sent."""
    asked.opt_in()
    (asked.config / "metrics.json").write_text(content)
    asked.run("one")
    asked.background_ended()
    assert not (asked.config / "outbox.sqlite3").exists()
    assert server.requests == []
    status = asked.run("metrics-status")
    assert "none yet" in status.stdout
    assert status.stderr == ""


@pytest.mark.parametrize("indent", [None, 2])
def test_a_no_to_the_replaced_system_ends_the_invitation(asked: Workbench, indent: int | None) -> None:
    """Its file says false, in any JSON layout; nobody is asked twice."""
    asked.config.mkdir(parents=True)
    legacy = {"anonymous_user_id": "1", "consent": {"decision": False, "timestamp": "2021-05-17"}}
    (asked.config / "metrics.json").write_text(json.dumps(legacy, indent=indent) + "\n")
    for _ in range(2):
        child = asked.terminal("one")
        child.expect(pexpect.EOF)
        child.close()
        assert child.before == "one\r\n"


def test_legacy_files_are_understood(asked: Workbench) -> None:
    """The replaced system's no still counts; its yes does not, since it collected something else; its id is kept."""
    asked.config.mkdir(parents=True)
    legacy = {"anonymous_user_id": "11111111-2222", "consent": {"decision": False, "timestamp": "2021-05-17"}}
    (asked.config / "metrics.json").write_text(json.dumps(legacy))
    variables = {"VIRTUAL_ENV": INSTALLED}
    assert "no, since 2021-05-17" in asked.run("metrics-status", variables=variables).stdout
    legacy["consent"] = {"decision": True, "timestamp": "2021-05-17"}
    (asked.config / "metrics.json").write_text(json.dumps(legacy))
    assert "none yet" in asked.run("metrics-status", variables=variables).stdout
    asked.opt_in()
    assert json.loads((asked.config / "metrics.json").read_text())["anonymous_user_id"] == "11111111-2222"


def test_metrics_targets_have_help_texts_and_are_not_the_default_goal(bench: Workbench) -> None:
    """A self-documenting Makefile finds them, and plain make still makes the first target."""
    bench.write(RULES, ["one"])
    assert bench.run().stdout == "one\n"
    text = (bench.tree / "Makefile.instrumented").read_text()
    assert re.findall(r"^(metrics-[a-z-]+):.*?## \w+", text, re.M) == [
        "metrics-opt-in",
        "metrics-opt-out",
        "metrics-status",
        "metrics-show",
        "metrics-stats",
        "metrics-hints",
    ]


def test_status_and_show_create_nothing(asked: Workbench) -> None:
    """They say that there is nothing yet."""
    variables = {"VIRTUAL_ENV": INSTALLED}
    assert "none yet" in asked.run("metrics-status", variables=variables).stdout
    assert json.loads(asked.run("metrics-show", variables=variables).stdout) == {}
    assert not asked.config.exists()
    asked.run("metrics-opt-out", variables=variables)
    assert json.loads(asked.run("metrics-show", variables=variables).stdout) == {}
    assert not (asked.config / "outbox.sqlite3").exists()


def test_without_a_write_key_events_stay_on_this_machine(bench: Workbench) -> None:
    """A new catalog has none: the question says so, the run is kept, and status shows no destination."""
    bench.write(RULES, ["one"])
    catalog = bench.tree / "targets.yaml"
    catalog.write_text(re.sub(r"segment:\n.*\n.*\n", "", catalog.read_text()))
    bench.render()
    assert "It would stay in a folder of your own" in bench.opt_in()
    bench.run("one")
    bench.background_ended()
    told = bench.run("metrics-status").stdout
    assert re.search(r"^Kept here: +1$", told, re.M)
    assert re.search(r"^Destination: +none", told, re.M)


@pytest.mark.parametrize(("answer", "decision"), [(None, "none yet"), ("no", "no"), ("yes", "yes"), ("local", "yes")])
@pytest.mark.parametrize("goal", ["opt-in", "status", "show", "stats"])
def test_without_a_python_the_decision_and_the_setup_are_shown(
    asked: Workbench, answer: str | None, decision: str, goal: str
) -> None:
    """If no Python can import the reporter, make and sh say what was decided, what waits and how to set it up."""
    waiting = gone = ""
    if answer is not None:
        asked.opt_in(answer)
        (asked.config / "interpreter").write_text("/nonexistent/python\n")
        gone = "Interpreter: /nonexistent/python is gone, so runs wait; to fix this: make metrics-opt-in\n"
        asked.run("one")
        if asked.records():
            waiting = "Not yet read: 1 runs, which wait until this is set up\n"
    assert bool(waiting) == (decision == "yes")
    before = sorted(asked.home.rglob("*"))
    result = asked.run(f"metrics-{goal}")
    assert (result.returncode, result.stdout) == (
        0 if goal == "status" else 2,
        f"Decision: {decision}\n{gone}{waiting}",
    )
    made = asked.config / f"environment-{__version__}"
    assert f"No Python here has instrumented-make {__version__}." in result.stderr
    assert f"\n  python3 -I -m venv {made}\n" in result.stderr
    assert f"\n  {made}/bin/python -I -m pip install instrumented-make=={__version__}\n" in result.stderr
    assert f"and then again: make metrics-{goal}\n" in result.stderr
    assert sorted(asked.home.rglob("*")) == before, "it has only shown"


@pytest.mark.parametrize(
    ("content", "trouble"),
    [
        (None, "is gone"),
        ("#!/bin/sh\nexit 1\n", "no longer has instrumented-make"),
        ("#!/bin/sh\nexec sleep 60\n", "did not start within"),
        ("#!/nonexistent/shell\n", "cannot be started"),
    ],
)
def test_status_shows_what_is_wrong_with_the_interpreter(asked: Workbench, content: str | None, trouble: str) -> None:
    """The environment that opt-in used is gone, has lost the package, hangs, or cannot be started."""
    asked.opt_in()
    interpreter = asked.home.parent / "python"
    if content is not None:
        interpreter.write_text(content)
        interpreter.chmod(0o755)
    (asked.config / "interpreter").write_text(f"{interpreter}\n")
    assert asked.run("one").returncode == 0
    asked.records()
    environment = {"VIRTUAL_ENV": INSTALLED}
    assert f"{interpreter} {trouble}" in asked.run("metrics-status", variables=environment).stdout
    wait_until(
        lambda: re.search(r"^Waiting: +1$", asked.run("metrics-status", variables=environment).stdout, re.M),
        "the run to be read",
    )


def test_every_way_to_call_make_is_recorded(each_make: Workbench, server: Capture) -> None:
    """-f, VAR=value, -k, -s, -j, -w, -W and several goals; and -C from another folder."""
    each_make.host = server.host
    each_make.write(".PHONY: one two\none two: ; @echo '$@ $(VAR)'\n", ["one", "two"])
    (each_make.tree / "Makefile").rename(each_make.tree / "other.mk")
    (each_make.tree / "Makefile").write_text("include other.mk\n")
    each_make.opt_in()
    commands = []
    for arguments in (
        ["one"], ["-k", "one", "two"], ["-s", "-j4", "one"], ["VAR=a", "one"], ["-w", "one"], ["-W", "x", "two"]
    ):  # fmt: skip
        result = each_make.run("-f", "other.mk", *arguments)
        assert result.returncode == 0
        assert ("one a" in result.stdout) == arguments[0].startswith("VAR")
        commands.append(" ".join(word for word in arguments if word in ("one", "two")))
        each_make.records()
    said = each_make.run("-C", str(each_make.tree), "-f", "other.mk", "two", cwd="/", variables={"PWD": "/"})
    assert said.stdout.count("Entering directory") == 1
    commands.append("two")
    server.wait_for(len(commands))
    each_make.background_ended()
    assert [event["properties"]["command"] for event in server.events] == commands


def test_what_make_would_only_pretend_is_not_recorded(each_make: Workbench) -> None:
    """-n, -q and -t run no recipe; of more than 32 goals, of a goal that is not tracked, nothing is recorded either."""
    each_make.write(".PHONY: one two\none two: ; @echo $@\n", ["one"])
    each_make.agree()
    for arguments in (["-n"], ["-q"], ["-t"], ["-sn"], ["--dry-run"], ["two"], ["two", "one"], ["one"] * 33):
        each_make.run(*arguments, *(["one"] if arguments[0].startswith("-") else []))
        assert each_make.recorded() == [], arguments
    each_make.run("one", variables={"MAKEFLAGS": "n"})
    assert each_make.recorded() == []
    each_make.run(*["one"] * 32)
    assert each_make.recorded() == ["0"]
