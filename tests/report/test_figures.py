"""The report's figures equal those counted here, one event at a time."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from simulated_events import counted_events
from simulated_team import Command, Team, World

from instrumented_make.figures import Run, Selection, summarise
from instrumented_make.report import history as history_
from instrumented_make.report import terminal
from instrumented_make.report.estimators.ratio import interval
from instrumented_make.report.estimators.weekly import presence, waits
from instrumented_make.report.events import open_source
from instrumented_make.report.history import SPREAD, History, Time
from instrumented_make.report.machine_readable import as_json
from instrumented_make.report.options import Options
from instrumented_make.report.page import page
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions import behind, changed, endings, helped, used, waiting, weeks
from instrumented_make.report.questions.behind import ALONE, BEHIND_DAYS
from instrumented_make.report.questions.waiting import IN_BRACKETS
from instrumented_make.report.wording import about, scope
from instrumented_make.times import monday, week_of

Event = dict[str, Any]


@dataclass
class Answers:
    """What the engine answers."""

    history: History
    hours: list[dict[str, int]]
    behind: list[dict[str, int]]
    sentences: dict[str, str]


def answers(path: Path, min_people: int = 1) -> Answers:
    with Steps() as steps, open_source(str(path)) as source:
        history = History(source, Selection(), min_people, steps)
        asked = [question.ask(history) for question in (used, behind, weeks)]
        sentences = {section.anchor: section.answer for section in asked}
        assert history.spread  # queried here, while the source is open
        return Answers(
            history,
            history.ask(endings.hours(history.shown)),
            history.ask(behind.behind(history.shown, history.runs)),
            sentences,
        )


@pytest.fixture(scope="module")
def events(history: Path) -> list[Event]:
    """The events that count, each with how long it counts for."""
    events = counted_events(history)
    for of in grouped(events, lambda e: e["command"]).values():
        most = int(3 * round(float(np.percentile([e["duration_ms"] for e in of], 95)), 2))
        for event in of:
            event["counted_ms"] = min(event["duration_ms"], most)
    return events


@pytest.fixture(scope="module")
def found(history: Path) -> Answers:
    return answers(history)


def grouped(events: list[Event], key: Any) -> dict[Any, list[Event]]:
    groups = defaultdict(list)
    for event in events:
        groups[key(event)].append(event)
    return dict(groups)


def start_of_week(event: Event) -> str:
    start: datetime = event["start_time"]
    return (start - timedelta(days=start.weekday())).date().isoformat()


def test_each_command_has_its_figures(events: list[Event], found: Answers) -> None:
    """Runs, time, medians and weeks are those of ``summarise``; people are counted by their ids."""
    runs = [Run(e["command"], e["duration_ms"], e["exit_status"], week_of(e["start_time"].timestamp())) for e in events]
    expected = summarise(runs)
    assert found.history.summary.waited_ms == expected.waited_ms
    people = {name: len({e["user_id"] for e in of}) for name, of in grouped(events, lambda e: e["command"]).items()}
    assert list(found.history.summary.figures) == [
        replace(item, people=people[item.command]) for item in expected.figures
    ]


def test_durations_have_the_right_percentiles(events: list[Event], found: Answers) -> None:
    """They are those of the standard library."""
    for command, of in grouped(events, lambda e: e["command"]).items():
        if len(of) > 1:
            cuts = statistics.quantiles([e["duration_ms"] for e in of], n=100, method="inclusive")
            assert found.history.spread[command] == pytest.approx([cuts[percent - 1] for percent in SPREAD], abs=0.005)


def test_endings_are_counted_by_hour_of_the_week(events: list[Event], found: Answers) -> None:
    """Hours count from Monday 0:00 UTC; what is expected are each person's own shares, in whole millionths."""
    shares = {
        person: sum(e["exit_status"] != 0 for e in of) * 1_000_000 // len(of)
        for person, of in grouped(events, lambda e: e["user_id"]).items()
    }
    expected = []
    for (hour, week), of in sorted(
        grouped(
            events,
            lambda e: (e["start_time"].weekday() * 24 + e["start_time"].hour, week_of(e["start_time"].timestamp())),
        ).items()
    ):
        failed, killed = sum(e["exit_status"] > 0 for e in of), sum(e["exit_status"] < 0 for e in of)
        row = {"hour": hour, "week": week, "runs": len(of), "failed": failed, "interrupted": killed}
        expected.append({**row, "expected": sum(shares[e["user_id"]] for e in of)})
    assert found.hours == expected


def test_hours_are_drawn_only_if_they_differ(tmp_path: Path) -> None:
    """With too few weeks, nothing is said of them. What is drawn and downloaded has hours with runs only."""

    def told(weeks_: int, bad_hour: int | None) -> tuple[str, list[str], list[dict[str, Any]]]:
        monday_ = datetime(2026, 3, 2, tzinfo=timezone.utc)
        runs = [
            {
                "user_id": f"u{person}",
                "start_time": monday_ + timedelta(weeks=number, hours=hour),
                "exit_status": 2 if hour == bad_hour or (person * 3 + number + hour) % 5 == 0 else 0,
            }
            for number in range(weeks_)
            for hour in (9, 33, 57)
            for person in range(5)
        ]
        with Steps() as steps, open_source(str(crafted(tmp_path / "a.parquet", *runs))) as source:
            section = endings.ask(History(source, Selection(), 1, steps))
            figures = section.figures()
        return section.answer, [figure.name for figure in figures], list(figures[-1].rows)

    answer, names, _ = told(10, None)
    assert answer.endswith(" runs. Hours of the week differ by no more than chance would make them.")
    assert names == ["endings"]
    answer, names, rows = told(10, 33)
    assert answer.endswith(" runs. Hours of the week differ by more than chance would make them.")
    assert names == ["endings", "hours"]
    assert [(row["day"], row["hour"], row["runs"], row["failed"]) for row in rows] == [
        ("Monday", 9, 50, 10),
        ("Tuesday", 9, 50, 50),
        ("Wednesday", 9, 50, 10),
    ]
    assert rows[0]["share"] == pytest.approx(rows[2]["share"], abs=0.01)
    assert 0.2 < rows[0]["share"] < 0.5 < rows[1]["share"] < 1, "drawn towards the overall share"
    answer, names, _ = told(7, 33)
    assert answer.endswith(" runs. Whether hours of the week differ cannot be told from fewer than 8 weeks.")
    assert names == ["endings"]


def test_each_week_has_its_totals(events: list[Event], found: Answers) -> None:
    """People are counted once per week, and once overall."""
    expected = {
        week: (len({e["user_id"] for e in of}), len(of), sum(e["counted_ms"] for e in of))
        for week, of in grouped(events, start_of_week).items()
    }
    assert {monday(item.week): (item.people, item.runs, item.total_ms) for item in found.history.timeline} == expected
    assert found.history.people == len({event["user_id"] for event in events})


def test_a_closed_lid_is_not_waiting(tmp_path: Path) -> None:
    """In 3 % of runs a laptop slept for hours; the headline says about what it would without, and how many were cut."""
    command = Command("dev.provision", median_s=370, sigma=0.5)
    for asleep in (0.0, 0.03):
        runs = Team(World(people=15, weeks=12, commands=(command,), runs_a_week=6, asleep=asleep), 4).runs()
        times = [datetime.fromtimestamp(second, timezone.utc) for second in runs.start_s]
        columns = {
            "user_id": [f"p{person}" for person in runs.person],
            "command": [command.name] * len(times),
            "duration_ms": (1000 * runs.duration_s).astype(int),
            "exit_status": runs.status,
            "start_time": times,
            "is_test": ["false"] * len(times),
        }
        pq.write_table(pa.table(columns), tmp_path / f"{asleep}.parquet")
    awake, asleep_ = (answers(tmp_path / f"{share}.parquet").history for share in (0.0, 0.03))
    assert asleep_.waiting_ms_per_person_and_week < 1.4 * awake.waiting_ms_per_person_and_week
    assert 15 < asleep_.cut < 60
    cut = f"{asleep_.cut} runs longer than 3 times what 95 % of their command's take: counted as that long"
    assert cut in about(asleep_)[0]


def test_people_and_their_weeks_make_the_range_of_waiting(events: list[Event], history: Path) -> None:
    """A person's weeks are those in which they ran anything, of the selected commands; nothing tells who it is."""
    commands = ["dev.provision", "dev.down"]
    expected: list[tuple[float, float]] = []
    for of in grouped(events, lambda e: e["user_id"]).values():
        weeks_ = {start_of_week(e) for e in of}
        expected.append((len(weeks_), sum(e["counted_ms"] for e in of if e["command"] in commands)))
    with Steps() as steps, open_source(str(history)) as source:
        asked = History(source, Selection(), 1, steps)
        awaited = (asked.weekly[command] for command in commands)
        total, of_weeks = waits(awaited, *presence(asked.weekly), alone=False)
        assert sorted(zip(of_weeks.tolist(), total.tolist(), strict=True)) == sorted(expected)
        assert asked.range_of(commands) == interval(total, of_weeks)
        assert asked.waiting_range_ms is not None
        assert asked.waiting_range_ms[0] < asked.waiting_ms_per_person_and_week < asked.waiting_range_ms[1]


def test_one_person_has_a_range_over_weeks(tmp_path: Path) -> None:
    """Others are not needed for it, but four weeks are."""
    monday_, week_ = datetime(2026, 3, 2, tzinfo=timezone.utc), timedelta(weeks=1)
    runs = [{"start_time": monday_ + number * week_, "duration_ms": 90_000 + number} for number in range(4)]
    for least, expected in ((runs, " (1.5 to 1.5 min)"), (runs[1:], "")):
        with Steps() as steps, open_source(str(crafted(tmp_path / "a.parquet", *least))) as source:
            section = waiting.ask(History(source, Selection(), 1, steps))
        assert f"{expected}, 100.0% of all waiting" in section.answer
        assert (IN_BRACKETS.format("weeks") in section.details) is bool(expected)


def test_how_far_people_are_behind_is_averaged_over_their_runs(events: list[Event], found: Answers) -> None:
    """In each week, on the main branch; since the first run, by anybody, of any commit newer than the run's."""
    main = [event for event in events if event["git_checked_out_master"]]

    def times(event: Event) -> tuple[int, int]:
        return int(event["start_time"].timestamp()), int(event["git_commit_time"].timestamp())

    first_seen: dict[int, int] = {}
    for start_s, commit_s in map(times, main):
        first_seen[commit_s] = min(start_s, first_seen.get(commit_s, start_s))
    expected: dict[str, list[float]] = defaultdict(list)
    for (week, _), of in grouped(main, lambda e: (start_of_week(e), e["user_id"])).items():
        seconds = [
            max(0, start_s - min((seen for newer_s, seen in first_seen.items() if newer_s > commit_s), default=start_s))
            for start_s, commit_s in map(times, of)
        ]
        expected[week].append(sum(seconds) // len(seconds))
    assert sum(map(sum, expected.values())) > 0
    for item in found.behind:
        behind_s = expected[monday(item["week"])]
        counts = {f"at_least_{days}": sum(value >= days * 86_400 for value in behind_s) for days in BEHIND_DAYS}
        assert item == {"week": item["week"], "people": len(behind_s), **counts}
    assert len(found.behind) == len(expected)


def crafted(path: Path, *events: Event) -> Path:
    """A file of hand-made events."""
    base = {"command": "dev.up", "user_id": "u", "duration_ms": 1_000, "exit_status": 0, "is_test": "false"}
    base |= {"start_time": datetime(2026, 3, 4, 12, tzinfo=timezone.utc), "git_checked_out_master": True}
    rows = [base | {"git_commit_time": datetime(2026, 3, 3, 12, tzinfo=timezone.utc)} | event for event in events]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def test_boundaries_of_days_and_weeks(tmp_path: Path) -> None:
    """The last second of Sunday is in its week."""
    late = datetime(2026, 3, 8, 23, 59, 59, 999_999, tzinfo=timezone.utc)
    path = crafted(
        tmp_path / "a.parquet",
        {},
        {"user_id": "v"},
        {"user_id": "w"},
        {"user_id": "x", "start_time": late, "git_checked_out_master": False},
        {"user_id": "x", "start_time": late + timedelta(microseconds=1), "git_commit_time": None, "exit_status": -2},
    )
    found = answers(path)
    week = week_of(late.timestamp())
    assert found.behind == [{"week": week, "people": 3, "at_least_1": 0, "at_least_7": 0, "at_least_28": 0}]
    assert found.history.timeline == [Time(week, 4, 4, 4_000, 0, 0), Time(week + 1, 1, 1, 1_000, 0, 1)]
    assert [tuple(hour.values()) for hour in found.hours] == [
        (0, week + 1, 1, 0, 1, 500_000),
        (60, week, 3, 0, 0, 0),
        (167, week, 1, 0, 0, 500_000),
    ]
    assert found.history.people == 4


def late(path: Path, *runs: tuple[str, float, float]) -> list[int]:
    """How many people were a day, a week and four weeks behind: a person, the day of a run, and that of its commit."""
    monday_ = datetime(2026, 3, 2, tzinfo=timezone.utc)
    day = timedelta(days=1)
    crafted(
        path,
        *(
            {"user_id": person, "start_time": monday_ + start * day, "git_commit_time": monday_ + commit * day}
            for person, start, commit in runs
        ),
    )
    (row,) = answers(path).behind[-1:]
    return [row[f"at_least_{days}"] for days in BEHIND_DAYS]


def test_nobody_is_behind_where_commits_are_rare(tmp_path: Path) -> None:
    """Everybody has the newest commit, of a month ago; then somebody pulls another, and the rest fall behind."""
    path = tmp_path / "a.parquet"
    assert late(path, ("u", -9, -30), ("v", 0, -30)) == [0, 0, 0]
    # 24 hours are a day.
    assert late(path, ("u", 0, -1), ("v", 1, -30)) == [1, 0, 0]
    assert late(path, ("u", 0, -1), ("v", 1 - 2 / 86_400, -30)) == [0, 0, 0]
    # The first run of any newer commit counts, not that of the newest, nor of the next.
    assert late(path, ("u", -8, -20), ("w", -1, -25), ("w", -0.5, -20), ("x", -1, -9), ("v", 0, -30)) == [1, 1, 0]


def test_a_wrong_clock_puts_nobody_behind(tmp_path: Path) -> None:
    """A run that shows a commit from more than a day after it does not count."""
    path = tmp_path / "a.parquet"
    assert late(path, ("u", -14, 40), ("v", 6, 5)) == [0, 0, 0]
    assert late(path, ("u", -14, -13), ("v", 6, -14)) == [1, 1, 0], "a day is for time zones"
    # Its first run that can be right does.
    assert late(path, ("u", -14, 2), ("u", 2, 2), ("v", 6, -14)) == [1, 0, 0]


@pytest.mark.parametrize(("people", "shown"), [(4, "other"), (5, "dev.up")])
def test_five_people_are_enough(tmp_path: Path, people: int, shown: str) -> None:
    """Four are not, however often they run it."""
    path = crafted(tmp_path / "a.parquet", *({"user_id": f"u{number % people}"} for number in range(100)))
    assert [item.command for item in answers(path, min_people=5).history.summary.figures] == [shown]


def test_the_commit_decides_what_is_before_and_after(tmp_path: Path) -> None:
    """Endings are counted apart; other branches, unknown commits, other commands and distant weeks do not count."""
    change = datetime(2026, 3, 4, tzinfo=timezone.utc)
    before, after = change - timedelta(seconds=1), change
    path = crafted(
        tmp_path / "a.parquet",
        *({"git_commit_time": before, "exit_status": status} for status in (0, 0, 2, -2)),
        {"git_commit_time": after, "duration_ms": 1_234},
        {"git_commit_time": after, "duration_ms": 1_239, "exit_status": -15},
        {"git_commit_time": after, "user_id": "v"},
        {"git_commit_time": after, "git_checked_out_master": False},
        {"git_commit_time": None},
        {"git_commit_time": after, "command": "dev.down"},
        {"git_commit_time": after, "start_time": change + timedelta(weeks=8)},
        {"git_commit_time": before, "start_time": change - timedelta(weeks=8, seconds=1)},
    )
    with Steps() as steps, open_source(str(path)) as source:
        history = History(source, Selection(), 1, steps)
        within = helped.around(history.runs, int(change.timestamp()), 8)
        rows = history.ask(helped.sides(within, "dev.up", int(change.timestamp())))
    names = ("person", "after", "succeeded", "failed", "interrupted", "logarithms", "squares")
    assert sorted(tuple(row[name] for name in names) for row in rows) == [
        (0, 0, 2, 1, 1, 2 * 6_908, 2 * 6_908**2),
        (0, 1, 1, 0, 1, 7_118, 7_118**2),
        (1, 1, 1, 0, 0, 6_908, 6_908**2),
    ]
    assert {row["day"] for row in rows} == {0}
    assert set(rows[0]) == {*names, "day", "runs"}


def test_sentences_have_a_singular(tmp_path: Path) -> None:
    """A single run of a single command."""
    path = tmp_path / "a.jsonl"
    event = {"command": "up", "duration_ms": 1, "exit_status": 0, "is_test": "false", "git_checked_out_master": True}
    event |= {"start_time": "2026-01-06T00:00:00Z", "git_commit_time": "2026-01-05T00:00:00Z"}
    path.write_text(json.dumps({"messageId": "m", "userId": "u", "event": "e", "properties": event}) + "\n")
    found = answers(path)
    assert scope(found.history) == "1 command in the week of 2026-01-05. Times are UTC."
    assert found.sentences["used"] == "up is used most: 1 of 1 run (100.0%)."
    assert found.sentences["behind"] == ALONE
    assert found.sentences["weeks"] == "All runs are from the week of 2026-01-05: you waited 1 ms."


def test_many_runs_are_summed_in_parts(history: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few commands are queried at once, the sums are the same, and people have the same numbers."""

    def sums() -> dict[str, list[list[int]]]:
        with Steps() as steps, open_source(str(history)) as source:
            weekly = History(source, Selection(), 1, steps).weekly
        return {name: [getattr(runs, field.name).tolist() for field in fields(runs)] for name, runs in weekly.items()}

    together = sums()
    monkeypatch.setattr(history_, "_AT_ONCE", 1)
    assert sums() == together


@pytest.mark.parametrize("fails", ["ask", "_figures"])
def test_a_question_that_fails_costs_its_own_section(
    history: Path, fails: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence says so and, with --debug, a traceback; everything else is there."""

    def stop(*_: object) -> None:
        raise ZeroDivisionError("never")

    def pages(*, debug: bool = False) -> list[str]:
        with Steps() as steps, open_source(str(history)) as source:
            asked = History(source, Selection(), 5, steps, Options(debug=debug))
            return [page(asked, steps), terminal.text(asked, 80)]

    def document() -> Any:
        with Steps() as steps, open_source(str(history)) as source:
            return json.loads(as_json(History(source, Selection(), 5, steps)))

    before, _ = pages()
    monkeypatch.setattr(endings, fails, stop)
    after, text = pages(debug=True)
    told = "This could not be answered (ZeroDivisionError, line "
    assert told in after
    assert (told in " ".join(text.split())) is (fails == "ask")
    assert before.count("<h2") == after.count("<h2")
    assert 0 < after.count("<svg") < before.count("<svg")
    assert "ZeroDivisionError: never" in capsys.readouterr().err
    assert document()["changes"] == []
    monkeypatch.setattr(changed, "find_changes", stop)
    assert document()["changes"] is None
    assert document()["commands"]
