"""``python -m generator report``, as a user runs it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pexpect
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import team_history
from homes import fill
from rich.console import Console
from simulated_events import counted_events, write
from simulated_team import Change, Team, World
from workbench import HANG_S, wait_until

from instrumented_make import __version__
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions.helped import COULD_BE_ELSE
from instrumented_make.reporter.config_dir import ConfigDir

CHANGE = "2026-04-28T10:00Z"
# Python dies of the signal, which shells show as 130 as well, if it comes while a module is defining a class.
EXIT_INTERRUPTED = 130


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history of 96 people, enough to detect the change."""
    path = tmp_path_factory.mktemp("team") / "team.parquet"
    team_history.write(path, 100_000)
    return path


def report(*arguments: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "generator", "report", *map(str, arguments)],
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def told(*arguments: str | Path) -> str:
    """What a report that succeeds prints."""
    result = report(*arguments)
    assert (result.returncode, "Traceback" in result.stderr) == (0, False), result.stderr
    return result.stdout


def runs(*arguments: str | Path) -> dict[str, int]:
    """The runs of each command in a report."""
    return {
        command["command"]: command["runs"] for command in json.loads(told(*arguments, "--format", "json"))["commands"]
    }


def test_three_formats_have_the_same_figures(history: Path) -> None:
    """A table for people, with how many ran it; JSON and CSV for programs."""
    commands = json.loads(told(history, "--format", "json"))["commands"]
    about, *_, table = told(history).split("\n\n")
    assert about.startswith(f"{history}: all commands; all branches; without test data; ")
    assert f" by instrumented-make {__version__}" in about
    head, *lines_shown = table.splitlines()
    assert head.split()[:4] == ["command", "people", "runs", "time"]
    assert [line.split()[0] for line in lines_shown] == [command["command"] for command in commands]
    lines = list(csv.DictReader(io.StringIO(told(history, "--format", "csv"))))
    assert [line["median_ms"] for line in lines] == [str(command["median_ms"]) for command in commands]
    assert sum(command["time_share"] for command in commands) == pytest.approx(1)


def test_options_choose_runs(history: Path) -> None:
    """Each leaves out what it says."""
    everything = runs(history)
    with_test, master = runs(history, "--include-test"), runs(history, "--branch", "master")
    table = pq.read_table(history, filters=[("caller", "=", "person")])
    assert sum(everything.values()) < sum(with_test.values()) == table.num_rows
    assert sum(runs(history, "--include-test", "--branch", "master").values()) == sum(
        table["git_checked_out_master"].to_pylist()
    )
    assert sum(master.values()) < sum(everything.values())
    late = runs(history, "--since", "2026-06-01")
    assert 0 < sum(late.values()) < sum(everything.values()) / 3
    assert runs(history, "--command", "dev.down", "--command", "dev.reset") == {
        name: everything[name] for name in ("dev.reset", "dev.down")
    }


def test_commands_of_few_people_are_not_shown(history: Path) -> None:
    """What fewer than five people ran is part of "other", whatever options are given; five is the default."""
    people: dict[str, set[str]] = {}
    events = counted_events(history)
    for event in events:
        people.setdefault(event["command"], set()).add(event["user_id"])
    rare = {command for command, ids in people.items() if len(ids) < 5}
    assert rare
    shown = runs(history)
    assert set(shown) == set(people) - rare | {"other"}
    assert sum(shown.values()) == len(events)
    assert set(runs(history, "--min-people", "1")) == set(people)
    assert set(runs(history, "--min-people", "1000")) == {"other"}
    result = report(history, "--command", min(rare))
    assert result.returncode == 1
    assert f"nobody ran {min(rare)}, or fewer than 5 people did" in result.stderr


def test_ids_never_appear(history: Path, tmp_path: Path) -> None:
    """Neither a person's nor an event's, in any format."""
    outputs = [
        told(history, *change, "--format", format_, "--min-people", "1")
        for change in ([], ["--change", CHANGE])
        for format_ in ("table", "json", "csv")
    ]
    told(history, "--change", CHANGE, "--html", tmp_path / "a.html", "--min-people", "1")
    outputs.append((tmp_path / "a.html").read_text())
    table = pq.read_table(history, columns=["id", "user_id"])
    ids = {*table["user_id"].unique().to_pylist(), *table["id"].to_pylist()[:100]}
    assert not [item for item in ids for output in outputs if item in output]


def test_a_change_is_judged(team: Path) -> None:
    """The command that it helped is found, everything else is "cannot tell", and all formats agree."""
    text = told(team, "--change", CHANGE)
    assert f"help? dev.provision got faster and fails less{COULD_BE_ELSE}; " in " ".join(text.split())
    document = json.loads(told(team, "--change", CHANGE, "--format", "json"))
    assert document["verdict"] in " ".join(text.split())
    assert document["change"] == "2026-04-28T10:00:00+00:00"
    provision = next(item for item in document["commands"] if item["command"] == "dev.provision")
    assert provision["duration_ratio_low"] < 0.8 < provision["duration_ratio_high"] < 1
    assert provision["failed_difference_high"] < 0
    assert provision["duration_people"] > 60
    assert provision["median_ms"] > 0, "the figures are there as well"
    (line,) = (
        line
        for line in csv.DictReader(
            io.StringIO(told(team, "--change", CHANGE, "--format", "csv", "--command", "dev.provision"))
        )
    )
    assert (line["duration_verdict"], line["failed_verdict"]) == ("faster", "fails less")
    assert line["runs_before"] == str(provision["runs_before"])


def test_changes_are_found_without_a_date(team: Path) -> None:
    """The change and the drift in the history, with their weeks and commits, and nothing else."""
    text = told(team)
    answer = " ".join(text[text.index("What changed?") :].split())
    assert "dev.static.lms got slower; dev.provision got faster; dev.provision fails less." in answer
    assert "dev.static.lms got slower gradually from the week of 2026-01-05" in answer
    assert re.search(
        r"dev.provision got faster since the week of 2026-0(4-27|5-04): a run takes 1\d\.\d min instead", answer
    )
    days = re.search(r"introduced by a commit of (2026-0\d-\d\d) to (2026-0\d-\d\d)[.]", answer)
    assert days is not None
    assert days[1] <= "2026-04-28" <= days[2]
    find_changes = json.loads(told(team, "--format", "json"))["changes"]
    assert [(change["command"], change["kind"], change["gradual"]) for change in find_changes] == [
        ("dev.static.lms", "slower", True),
        ("dev.provision", "faster", False),
        ("dev.provision", "failing less", False),
    ]
    assert find_changes[1]["after"] / find_changes[1]["before"] == pytest.approx(team_history.SPEED_UP, rel=0.05)
    assert all(change["new"] is None for change in find_changes)


def test_a_change_of_some_people_is_told_as_theirs(tmp_path: Path) -> None:
    """Of one office, about how many; and where people give up, that durations are a lower bound."""
    office = told(write(tmp_path / "office.parquet", Team(World(people=60, office=(0.3, 14, 2.5)), 1)))
    number = re.search(r"It looks like about (\d+) of them, and no change for the others", " ".join(office.split()))
    assert number is not None
    assert 12 <= int(number[1]) <= 24
    assert "lower bound" not in office
    world = World(people=60, patience_s=40, change=Change(14, speed=3))
    patience = " ".join(told(write(tmp_path / "patience.parquet", Team(world, 1))).split())
    assert "c0 is interrupted more" in patience
    assert "Durations of c0 are a lower bound" in patience
    assert "It looks like about" not in patience


def test_the_report_says_why_it_cannot_search_for_changes(history: Path) -> None:
    """The rate of false alarms is stated only if there was a search."""
    hidden, early = told(history, "--min-people", "1000"), told(history, "--since", "2026-06-10")
    assert "No command can be searched: each is 'other' or interactive." in hidden
    assert "It is too early to tell: at least 6 weeks with runs are needed." in early
    assert "If nothing changed, and no week" in told(history)
    assert "If nothing changed, and no week" not in hidden + early


def test_a_weekly_job_fails_only_on_new_changes(team: Path, tmp_path: Path) -> None:
    """The status is 4 if something got worse, and with an earlier report only if that did not have it yet."""
    both: list[str | Path] = [team, "--fail-on", "slower,failing", "--format", "json"]
    first = report(*both)
    assert first.returncode == 4
    assert "error" not in first.stderr
    earlier = tmp_path / "earlier.json"
    earlier.write_text(first.stdout)
    again = report(*both, "--since-last", earlier)
    assert again.returncode == 0
    assert [change["new"] for change in json.loads(again.stdout)["changes"]] == [False, False, False]
    assert "no new change." in told(team, "--since-last", earlier)
    document = json.loads(first.stdout)
    document["changes"] = document["changes"][1:]
    earlier.write_text(json.dumps(document))
    assert report(*both, "--since-last", earlier).returncode == 4
    assert "New: dev.static.lms got slower" in report(team, "--since-last", earlier).stdout
    assert report(team, "--fail-on", "failing").returncode == 0
    assert report(team, "--fail-on", "failing", "--change", CHANGE).returncode == 0


def test_interactive_targets_do_not_count_as_waiting(team: Path, tmp_path: Path) -> None:
    """They come last, without a share of the time, and how they end does not count. Help texts are shown."""
    catalog = tmp_path / "targets.yaml"
    catalog.write_text(
        "project: p\nevent: e\nconsent: {who: w, why: y}\ntargets:\n"
        "  - {name: dev.attach.%, stems: [lms], interactive: true}\n"
        "  - {name: dev.shell.%, stems: [lms], interactive: true}\n"
        "  - {name: dev.logs.%, stems: [lms], interactive: true}\n"
        "  - {name: dev.provision, help: Build everything anew}\n"
    )
    document = json.loads(told(team, "--catalog", catalog, "--format", "json"))
    assert [row["command"] for row in document["commands"] if row["interactive"]] == [
        row["command"] for row in document["commands"][-3:]
    ]
    assert {row["time_share"] for row in document["commands"][-3:]} == {None}
    assert sum(row["time_share"] or 0 for row in document["commands"]) == pytest.approx(1)
    before = json.loads(told(team, "--format", "json"))
    assert document["waiting_ms_per_person_and_week"] < before["waiting_ms_per_person_and_week"] / 2
    low, mean, high = (document[f"waiting_ms_per_person_and_week{end}"] for end in ("_low", "", "_high"))
    assert mean / 2 < low < mean < high < mean * 2
    text = told(team, "--catalog", catalog)
    assert "People wait longest for dev.provision" in text
    assert not re.search(r"dev\.(logs|attach)\.lms is interrupted most", text)
    told(team, "--catalog", catalog, "--html", tmp_path / "a.html")
    page = (tmp_path / "a.html").read_text()
    assert "Build everything anew" in page
    assert "Not counted, since people work inside them and do not wait: dev.attach.lms (" in page


def test_a_drift_is_not_attributed_to_the_change(team: Path, tmp_path: Path) -> None:
    """A command that got slower all the time is said to have changed, but possibly for another reason."""
    table = pq.read_table(team)
    weeks = [(start.timestamp() - team_history.END_S) / 604_800 for start in table["start_time"].to_pylist()]
    durations = [
        round(duration * 1.04**week) if command == "dev.up.lms" else duration
        for duration, command, week in zip(
            table["duration_ms"].to_pylist(), table["command"].to_pylist(), weeks, strict=True
        )
    ]
    place = table.schema.get_field_index("duration_ms")
    pq.write_table(table.set_column(place, "duration_ms", pa.array(durations)), tmp_path / "a.parquet")
    document = json.loads(told(tmp_path / "a.parquet", "--change", CHANGE, "--format", "json"))
    fits = {item["command"]: item["duration_fits_change"] for item in document["commands"]}
    assert not fits["dev.up.lms"]
    assert f"dev.up.lms got slower{COULD_BE_ELSE}" in document["verdict"]
    assert f"more time){COULD_BE_ELSE};" in " ".join(told(tmp_path / "a.parquet", "--change", CHANGE).split())


def test_a_change_that_nobody_has_yet_cannot_be_judged(history: Path) -> None:
    """No run is on a commit after it."""
    text = told(history, "--change", "2026-07-05", "--command", "dev.down")
    assert "Nothing can be said of dev.down: too few people ran it both before and after;" in " ".join(text.split())


MISTAKES: dict[str, tuple[list[str], int, str]] = {
    "since": (["--since", "yesterday"], 2, "'yesterday' is not a date; use, for example, 2026-05-17"),
    "change": (["--change", "abcdef1"], 2, "'abcdef1' is not a date; use, for example, 2026-05-17"),
    "people": (["--min-people", "0"], 2, "0 is not in the range x>=1"),
    "folder": (["--html", "nowhere/a.html"], 1, "nowhere/a.html: error: it cannot be written"),
    "command": (["--command", "dev.pul"], 1, "nobody ran dev.pul, or fewer than 5 people did"),
    "kind": (["--fail-on", "faster"], 2, "'faster' is not one of slower, failing"),
    "earlier": (["--since-last", "pyproject.toml"], 1, "pyproject.toml:1:2: error: Expecting value"),
    "no report": (["--since-last", "targets.schema.json"], 1, "targets.schema.json: error: it is not a report, or it"),
    "nothing": (["--since-last", "nowhere.json"], 1, "nowhere.json: error: it cannot be read: No such file"),
    "catalog": (["--catalog", "mkdocs.yml"], 1, "mkdocs.yml:2:1: error: "),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_explained(history: Path, mistake: str) -> None:
    """With the status of a usage error, or of an expected failure; never with a traceback."""
    arguments, status, expected = MISTAKES[mistake]
    result = report(history, *arguments)
    assert (result.returncode, result.stdout) == (status, "")
    assert expected in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("missing", "options"),
    [("ibis", []), ("duckdb", []), ("numpy", ["--change", CHANGE]), ("scipy", ["--change", CHANGE])]
    + [(name, ["--html", "page.html"]) for name in ("altair", "vl_convert")],
)
def test_a_missing_extra_is_explained(history: Path, tmp_path: Path, missing: str, options: list[str]) -> None:
    """Everything else works: rendering needs none of it."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{missing!r}] = None\n")
    result = report(history, *options, PYTHONPATH=str(tmp_path))
    assert result.returncode == 1
    assert re.search(rf"report: error: .*\b{missing}\b.*\n  hint: install the report extra", result.stderr)
    assert " (in a checkout, '.[report]')\n" in result.stderr
    assert "Traceback" not in result.stderr
    other = subprocess.run(
        [sys.executable, "-m", "generator", "render", "--check"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (other.returncode, other.stderr) == (0, "Makefile.instrumented: up to date\n")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history that takes much longer than two seconds."""
    path = tmp_path_factory.mktemp("long") / "long.parquet"
    team_history.write(path, 4_000_000)
    return path


def test_long_work_shows_progress_and_can_be_interrupted(long: Path, tmp_path: Path) -> None:
    """On a terminal a bar appears after two seconds; Ctrl-C exits with 130 and leaves no files."""
    (tmp_path / "spill").mkdir()
    page = tmp_path / "out" / "page.html"
    page.parent.mkdir()
    child: Any = pexpect.spawn(
        sys.executable,
        ["-m", "generator", "report", str(long), "--change", CHANGE, "--html", str(page)],
        env={**os.environ, "TMPDIR": str(tmp_path / "spill"), "TERM": "xterm"},
        encoding="utf-8",
        timeout=HANG_S,
    )
    child.expect("(Reading|Finding|Following|Comparing|Looking)[a-z ]+.*0:00:0[2-9]")
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == EXIT_INTERRUPTED or child.signalstatus == signal.SIGINT
    assert "Traceback" not in child.before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_long_work_names_its_steps_without_a_terminal(long: Path, tmp_path: Path) -> None:
    """One line each on stderr, after two seconds; a signal in the middle of a query ends it at once."""
    with subprocess.Popen(
        [sys.executable, "-m", "generator", "report", str(long), "--change", CHANGE, "--html", str(tmp_path / "a")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().endswith(" ...\n")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=HANG_S)
    assert process.returncode in (EXIT_INTERRUPTED, -signal.SIGINT)
    assert (output, "Traceback" in errors) == ("", False)
    assert list(tmp_path.iterdir()) == []


def test_short_work_is_silent() -> None:
    """A step that ends in time is never named."""
    stream = io.StringIO()
    with Steps(Console(file=stream, width=80), patience_s=3600) as steps:
        steps.begin("One")
        steps.begin("Two")
    assert stream.getvalue() == ""


def test_steps_are_named_as_they_begin() -> None:
    """Once patience has run out; nothing is printed after the end."""
    stream = io.StringIO()
    with Steps(Console(file=stream, width=80), patience_s=0) as steps:
        steps.begin("One")
        wait_until(stream.getvalue, "the first line")
        steps.begin("Two")
    assert stream.getvalue().splitlines()[-2:] == ["One ...", "Two ..."]


def test_a_bar_shows_names_as_they_are() -> None:
    """Brackets in a command's name are not taken for markup."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, force_interactive=True)
    with Steps(console, patience_s=0) as steps:
        steps.begin("Comparing [red]dev[/up]")
        wait_until(lambda: "[red]dev[/up]" in stream.getvalue(), "the bar")


def test_the_same_seed_makes_the_same_history(tmp_path: Path) -> None:
    """To the byte; another seed makes a different one."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        team_history.write(tmp_path / name, 1_000, seed)
    first, again, other = ((tmp_path / name).read_bytes() for name in "abc")
    assert first == again != other


def test_an_interrupted_history_leaves_no_file(tmp_path: Path) -> None:
    """Ctrl-C during the write exits with 130."""
    with subprocess.Popen(
        [sys.executable, "examples/team_history.py", "50000000", str(tmp_path / "a.parquet")]
    ) as process:
        wait_until(lambda: any(path.stat().st_size for path in tmp_path.iterdir()), "the file to grow")
        process.send_signal(signal.SIGINT)
        assert process.wait(HANG_S) == 130
    assert list(tmp_path.iterdir()) == []


@pytest.mark.sampled(2)
@pytest.mark.parametrize("columns", [40, 80, 160])
@pytest.mark.parametrize("change", [[], ["--change", CHANGE]])
def test_no_row_is_wider_than_the_terminal(team: Path, columns: int, change: list[str]) -> None:
    """The command and whole intervals stay; the least important columns are left out."""
    command = [sys.executable, "-m", "generator", "report", str(team), *change]
    environment: Any = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    child = pexpect.spawn(
        command[0], command[1:], encoding="utf-8", timeout=HANG_S, dimensions=(60, columns), env=environment
    )
    child.expect(pexpect.EOF)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", str(child.before)).replace("\r", "")
    table = shown[shown.index("Weeks from ") :]
    assert max(map(len, table.splitlines())) <= columns
    rows = [line.lstrip() for line in table.splitlines()]
    (row,) = [line for line in rows if line.startswith("dev.provision  ") and ("→" in line) is bool(change)] or [""]
    if change:
        assert re.search(r"dev.provision: it got faster, a\s+run\s+takes\s+\d+%\s+less\s+time\s+\(\d+%", table)
        assert bool(row) is (columns == 160)
    else:
        assert len(re.split("  +", row.strip())) == {40: 3, 80: 7, 160: 9}[columns]


def test_one_way_of_working_and_one_property_can_be_asked_for(team: Path) -> None:
    """With --group and --by, in every format; a group that is not there is an error."""
    document = json.loads(told(team, "--group", "2", "--by", "operating_system", "--format", "json"))
    assert document["group"] == 2
    assert {row["value"] for row in document["split"]} >= {"Darwin", "Linux 6.1"}
    text = told(team, "--group", "2", "--by", "hardware")
    assert re.search(r"; only the \d+ people of group 2, who run dev.\S+ and dev.\S+ more; ", text)
    assert "Does it depend on the hardware?" in text
    failed = report(team, "--group", "7")
    assert failed.returncode == 1
    assert "there is no group 7" in failed.stderr
    assert "there are 2 groups in this report; leave out --group" in failed.stderr


def test_a_change_before_all_commits_is_explained(history: Path) -> None:
    """So is one after all of them."""
    assert "no run is on a commit from before the change" in told(history, "--change", "2019-01-01", "--window", "900")
    assert "no run is on a commit since the change" in told(history, "--change", "2031-01-01", "--window", "900")


def test_a_summary_imports_nothing_slow_that_it_can_do_without(tmp_path: Path) -> None:
    """DuckDB, Ibis and NumPy import these for some calls, and they take longer than the answer or much of it."""
    code = (
        "import sys; from generator.__main__ import main; main(sys.argv[1:]); "
        "print({'pandas', 'numpy.ma', 'numpy.random'} & set(sys.modules))"
    )
    # People who all draw from the same mix: groups would need more.
    path = write(tmp_path / "alike.parquet", Team(World(), 1))
    command = [sys.executable, "-c", code, "report", str(path)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False, capture_output=True, text=True)
    assert done.stdout.endswith("\nset()\n")


def test_no_report_imports_what_the_extra_does_not_ask_for(history: Path, tmp_path: Path) -> None:
    """Ibis has uses for pandas, which takes as much room as what draws: neither a page nor an outbox needs it."""
    home = ConfigDir(tmp_path)
    home.create(home.pending)
    fill(home, "https://h.invalid", 3)
    (tmp_path / "pandas.py").write_text("raise ModuleNotFoundError(name='pandas')\n")
    variables = {**os.environ, "PYTHONPATH": str(tmp_path)}
    page = ["--change", "2026-04-28T10:00Z", "--html", str(tmp_path / "page.html")]
    for arguments in ([str(history), *page], [str(home.outbox)]):
        command = [sys.executable, "-m", "generator", "report", *arguments]
        subprocess.run(command, cwd=Path(__file__).parents[2], env=variables, check=True, capture_output=True)
