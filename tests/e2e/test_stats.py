"""``make metrics-stats``: a developer's own figures, from the runs recorded on this machine."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from datetime import datetime, timezone

import pytest
from capture import Capture
from workbench import CONTRACT, INSTALLED, PYTHON, Workbench, wait_until

from instrumented_make.reporter import outbox
from instrumented_make.reporter.event import Event

RULES = "one: ; @echo one\nbad: ; @false\n"


@pytest.fixture
def measured(bench: Workbench, server: Capture) -> Workbench:
    """A developer who ran ``one`` twice and ``bad`` once on the main branch, and ``one`` once on another."""
    bench.host = server.host
    bench.write(RULES, ["one", "bad"])
    bench.commit()
    bench.opt_in()
    for goal in ("one", "bad", "one"):
        bench.run(goal)
    bench.git("checkout", "-qb", "feature")
    bench.run("one")
    bench.run("one", variables={"DEVSTACK_METRICS_TESTING": "yes"})
    bench.background_ended()
    return bench


def runs(bench: Workbench, options: str = "") -> dict[str, int]:
    """The number of runs of each command that metrics-stats shows with these options."""
    result = bench.run("metrics-stats", f"ARGS=--format json {options}")
    assert result.returncode == 0, result.stderr
    return {command["command"]: command["runs"] for command in json.loads(result.stdout)["commands"]}


def test_runs_are_counted(measured: Workbench) -> None:
    """Real runs, without test data; each option leaves out what it says."""
    assert runs(measured) == {"one": 3, "bad": 1}
    assert runs(measured, "--include-test") == {"one": 4, "bad": 1}
    assert runs(measured, "--branch master") == {"one": 2, "bad": 1}
    assert runs(measured, "--command bad") == {"bad": 1}
    assert runs(measured, "--since 2026-01-01") == {"one": 3, "bad": 1}
    assert runs(measured, "--since 2999-01-01") == {}
    about, table = measured.run("metrics-stats").stdout.split("\n\n")
    assert "all commands; all branches; without test data" in about
    lines = table.splitlines()
    assert lines[0].split()[:4] == ["command", "runs", "time", "median"]
    bad = next(line.split() for line in lines if line.startswith("bad"))
    assert bad[1] == "1"
    assert "100.0%" in bad
    assert measured.run("metrics-stats", "ARGS=--format csv").stdout.startswith("command,people,runs,")


def test_runs_of_agents_are_told_apart(bench: Workbench) -> None:
    """Where the field is asked for, they count in one line only, unless all are asked for."""
    bench.write(RULES, ["one", "bad"])
    catalog = bench.tree / "targets.yaml"
    catalog.write_text(f"{catalog.read_text()}fields: [caller]\n")
    bench.render()
    bench.opt_in("local")
    bench.terminal("one").wait()
    for goal in ("bad", "bad", "one"):
        bench.run(goal, variables={"CLAUDECODE": "1"})
    bench.run("bad")
    bench.background_ended()
    assert runs(bench) == {"one": 1}
    assert runs(bench, "--callers all") == {"one": 2, "bad": 3}
    told = (
        "Agents and programs made 4 runs more (80.0% of all), of which 75.0% failed: not counted; --callers all counts"
    )
    assert told in bench.run("metrics-stats").stdout
    document = json.loads(bench.run("metrics-stats", "ARGS=--format json --command bad").stdout)
    assert document["automated"] == {"runs": 3, "failed": 3}
    command = [sys.executable, "-m", "generator", "report", str(bench.config / "outbox.sqlite3")]
    assert told in subprocess.check_output(command, text=True)


def test_the_report_has_the_same_figures(measured: Workbench) -> None:
    """The generator's report of the same outbox has the same CSV, byte for byte, and more keys in JSON."""
    command = [sys.executable, "-m", "generator", "report", str(measured.config / "outbox.sqlite3"), "--format"]
    reported, document = (subprocess.check_output([*command, name], text=True) for name in ("csv", "json"))
    assert measured.run("metrics-stats", "ARGS=--format csv").stdout == reported
    own = json.loads(measured.run("metrics-stats", "ARGS=--format json").stdout)
    assert {name: json.loads(document)[name] for name in own} == own


def test_a_hundred_thousand_events_are_summed_up(bench: Workbench) -> None:
    """The installed reporter is enough: only it and the standard library are imported."""
    bench.write(RULES, ["one", "bad"])
    bench.agree()
    (bench.config / "interpreter").write_text(f"{PYTHON}\n")
    with outbox.open_outbox(bench.config / "outbox.sqlite3") as kept:
        kept.add((_event(number) for number in range(100_000)), [], 0)
    assert runs(bench) == {"one": 90_000, "bad": 10_000}
    program = (
        "import sys, instrumented_make.reporter.__main__ as c; c.main(sys.argv[1:]);"
        " print({m.partition('.')[0] for m in sys.modules})"
    )
    options = ["stats", "--format", "csv", "--contract", CONTRACT, "--config-dir", str(bench.config)]
    command = [PYTHON, "-I", "-c", program, *options]
    *figures, loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split(",")[0] for line in figures] == ["command", "one", "bad"], "it has not refused"
    # Start-up files in site-packages, such as those of editable installs, import modules as well.
    start_up = subprocess.run(
        [PYTHON, "-I", "-c", "import sys; print({m.partition('.')[0] for m in sys.modules})"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert ast.literal_eval(loaded) - ast.literal_eval(start_up) - sys.stdlib_module_names == {"instrumented_make"}


def _event(number: int) -> Event:
    start = datetime.fromtimestamp(1_780_000_000 + number * 60, timezone.utc).isoformat(timespec="microseconds")
    return Event(
        message_id=f"m{number}",
        user_id="u",
        name="devstack.command.run",
        timestamp=start,
        properties={
            "command": "bad" if number % 10 == 0 else "one",
            "command_type": "make",
            "duration_ms": number % 977,
            "exit_status": 0,
            "git_checked_out_master": True,
            "git_commit_time": None,
            "is_test": "false",
            "start_time": start,
        },
    )


def test_a_run_counts_at_once(measured: Workbench) -> None:
    """A run that no reporter has read yet, because its interpreter is gone, is read first."""
    (measured.config / "interpreter").write_text("/nonexistent/python\n")
    measured.run("bad")
    measured.records()

    def counted() -> tuple[int, int]:
        result = measured.run("metrics-stats", "ARGS=--format json", variables={"VIRTUAL_ENV": INSTALLED})
        (bad,) = (command for command in json.loads(result.stdout)["commands"] if command["command"] == "bad")
        return bad["runs"], bad["failed"]

    # A look that takes too long on a busy machine reads nothing.
    wait_until(lambda: counted() == (2, 2), "the run to be counted")


def test_without_runs_stats_say_so(bench: Workbench) -> None:
    """Before any decision there are no figures, and no file is created."""
    bench.write(RULES, ["one"])
    result = bench.run("metrics-stats", variables={"VIRTUAL_ENV": INSTALLED})
    assert result.returncode == 0
    assert result.stdout.endswith("\n\nNo matching runs.\n")
    assert "No runs; made " in result.stdout
    assert not bench.config.exists()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("options", ["--since yesterday", "--branch feature", "--frmat json", "--format", "json"])
def test_a_mistyped_option_is_explained(measured: Workbench, options: str) -> None:
    """The message names the mistake and the command to use, but none of the include's own options."""
    result = measured.run("metrics-stats", f"ARGS={options}")
    assert result.returncode == 2
    assert "make metrics-stats ARGS=" in result.stderr
    assert options.split(maxsplit=1)[0].removesuffix("rmat") in result.stderr
    assert "Traceback" not in result.stderr
    assert "--contract" not in result.stderr


def test_args_count_only_on_the_command_line(measured: Workbench) -> None:
    """An ARGS in the Makefile or in the environment is for something else."""
    text = (measured.tree / "Makefile").read_text()
    (measured.tree / "Makefile").write_text(text.replace("one:", "ARGS = --nonsense\none:"))
    result = measured.run("metrics-stats", variables={"ARGS": "--nonsense"})
    assert result.returncode == 0
    assert "\n\ncommand " in result.stdout


def test_one_s_own_events_can_be_given_away(measured: Workbench) -> None:
    """A file with every event, in the words of the protocol, which a report reads, alone or beside others'."""
    told = measured.run("metrics-show", "ARGS=--export mine.jsonl", variables={"VIRTUAL_ENV": INSTALLED})
    assert told.stdout == "mine.jsonl: 5 events written, with the id that your runs have\n", told.stderr
    mine = measured.tree / "mine.jsonl"
    assert mine.stat().st_mode & 0o777 == 0o600
    events = [json.loads(line) for line in mine.read_text().splitlines()]
    assert {tuple(event) for event in events} == {("type", "event", "userId", "messageId", "timestamp", "properties")}
    (measured.tree / "theirs.jsonl").write_text(
        "".join(
            json.dumps({**event, "userId": "somebody else", "messageId": f"their {number}"}) + "\n"
            for number, event in enumerate(events)
        )
    )
    command = [sys.executable, "-m", "generator", "report", f"{measured.tree}/*.jsonl", "--min-people", "1"]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True, check=True)
    found = {row["command"]: (row["runs"], row["people"]) for row in json.loads(done.stdout)["commands"]}
    assert found == {"one": (6, 2), "bad": (2, 2)}
    failed = measured.run("metrics-show", "ARGS=--export nowhere/mine.jsonl")
    assert failed.returncode != 0
    assert "nowhere" in failed.stderr
    assert "Traceback" not in failed.stderr
