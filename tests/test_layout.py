"""What the figures mean and how they are shown."""

from __future__ import annotations

import csv
import io
import json
import statistics
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrumented_make.figures import MEDIAN, Run, quantile, summarise
from instrumented_make.layout import as_csv, as_json, as_table, duration
from instrumented_make.times import moment, monday, week_of

FIRST = week_of(moment("2026-03-02"))
HISTORY = [
    Run("dev.up", 1_000, 0, FIRST),
    Run("dev.up", 3_000, 2, FIRST),
    Run("dev.up", 8_000, -2, FIRST + 2),
    Run("dev.pull", 4_000, 0, FIRST + 2),
]


@given(st.lists(st.integers(0, 10**9), min_size=2), st.integers(1, 99))
def test_quantiles_match_the_standard_library(values: list[int], percent: int) -> None:
    """They equal those of its inclusive method, up to the last bits of a float."""
    expected = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    assert quantile(sorted(values), percent) == pytest.approx(expected, rel=1e-12)


def test_every_quantile_of_one_value_is_that_value() -> None:
    """Even a single run has a median and a p95."""
    assert [quantile([7], percent) for percent in (0, 50, 95, 100)] == [7, 7, 7, 7]


@given(st.datetimes(datetime(1969, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)))
def test_weeks_begin_on_monday(time: datetime) -> None:
    """The week of any time begins on the Monday on or before it."""
    begin = datetime.fromisoformat(monday(week_of(time.timestamp()))).replace(tzinfo=timezone.utc)
    assert begin.weekday() == 0
    assert 0 <= (time - begin).total_seconds() < 7 * 24 * 3600


def test_dates_without_a_time_zone_are_utc() -> None:
    """A date alone means midnight; Z and offsets work on every Python; anything else is an error."""
    assert moment("2021-05-17") == moment("2021-05-17T00:00:00Z") == moment("2021-05-17T02:00+02:00") == 1621209600
    with pytest.raises(ValueError, match="isoformat"):
        moment("yesterday")


def test_the_table_shows_every_figure() -> None:
    """The most time comes first, failed and interrupted are separate, and a week without runs is a dot."""
    assert as_table(summarise(HISTORY), with_people=False) == (
        "command   runs   time  median    p95  failed  interrupted  median by week\n"
        "dev.up       3  75.0%   3.0 s  7.5 s   33.3%        33.3%  ·········▃·█\n"
        "dev.pull     1  25.0%   4.0 s  4.0 s    0.0%         0.0%  ···········█\n"
    )


def test_selecting_a_command_does_not_change_its_share() -> None:
    """The share is of all commands' time, including those that are not shown."""
    summary = summarise(HISTORY, ("dev.pull",))
    assert [item.command for item in summary.figures] == ["dev.pull"]
    assert summary.share(summary.figures[0]) == 0.25


def test_long_names_are_shortened() -> None:
    """Every line fits the width, and the name ends in an ellipsis."""
    text = as_table(summarise([Run("dev.up." + "x" * 80, 5, 0, FIRST)]), with_people=True, width=90)
    assert max(len(line) for line in text.splitlines()) <= 90
    assert "x…  " in text


def test_control_characters_in_names_are_replaced() -> None:
    """An escape sequence sent as a command cannot change anybody's screen."""
    text = as_table(summarise([Run("\x1b[2Jdev\n.up\u202e", 5, 0, FIRST)]), with_people=False)
    assert len(text.splitlines()) == 2
    assert text.splitlines()[1].startswith("\ufffd[2Jdev\ufffd.up\ufffd")


def test_json_and_csv_have_the_same_figures() -> None:
    """JSON lists the weeks of each command, and CSV has one line per command."""
    summary = summarise(HISTORY)
    parsed = json.loads(as_json(summary))
    assert parsed["waited_ms"] == parsed["total_ms"] == 16_000
    assert parsed["commands"][0]["weeks"] == [
        {"monday": "2026-03-02", "runs": 2, "median_ms": 2_000, "p90_ms": 2_800, "p95_ms": 2_900},
        {"monday": "2026-03-16", "runs": 1, "median_ms": 8_000, "p90_ms": 8_000, "p95_ms": 8_000},
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv(summary))))
    assert [{name: str(command[name]) for name in rows[0]} for command in parsed["commands"]] == rows


def test_without_runs_there_is_no_table() -> None:
    """The table is one sentence, JSON has an empty list, and CSV has only a header."""
    empty = summarise([])
    assert as_table(empty, with_people=False) == "No matching runs.\n"
    assert json.loads(as_json(empty)) == {
        "total_ms": 0,
        "waited_ms": 0,
        "cut": 0,
        "automated": None,
        "commands": [],
    }
    assert len(as_csv(empty).splitlines()) == 1


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 ms"), (999.4, "999 ms"), (1_000, "1.0 s"), (59_900, "59.9 s"), (90_000, "1.5 min"), (3_600_000, "1.0 h")],
)
def test_durations_are_readable(milliseconds: float, text: str) -> None:
    """The unit is the largest that leaves at least one."""
    assert duration(milliseconds) == text


def test_median_is_a_percentage() -> None:
    """``MEDIAN`` is an argument for ``quantile()``."""
    assert quantile([1, 2, 3, 4], MEDIAN) == 2.5


@pytest.mark.parametrize(
    ("text", "days"), [("4w", 28), ("10d", 10), ("day", 1), ("week", 7), ("month", 30), ("year", 365)]
)
def test_periods_are_counted_back_from_now(text: str, days: int) -> None:
    """``4w``, ``day`` and ``month`` are start times that long ago."""
    assert moment(text, 1_780_000_000.9) == 1_780_000_000 - days * 24 * 3600


@pytest.mark.parametrize("text", ["w", "4 w", "-1d", "12345d", "weeks", "٤w"])
def test_malformed_periods_are_rejected(text: str) -> None:
    """They get the error message of any other malformed date."""
    with pytest.raises(ValueError, match="isoformat"):
        moment(text)
