"""What the figures mean, and how they are shown."""

from __future__ import annotations

import csv
import io
import json
import statistics
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrumented_make.stats import (
    MEDIAN,
    Run,
    as_csv,
    as_json,
    as_table,
    duration,
    moment,
    monday,
    quantile,
    summarise,
    week_of,
)

FIRST = week_of(moment("2026-03-02"))
HISTORY = [
    Run("dev.up", 1_000, 0, FIRST),
    Run("dev.up", 3_000, 2, FIRST),
    Run("dev.up", 8_000, -2, FIRST + 2),
    Run("dev.pull", 4_000, 0, FIRST + 2),
]


@given(st.lists(st.integers(0, 10**9), min_size=2), st.integers(1, 99))
def test_quantiles_are_the_well_known_ones(values: list[int], percent: int) -> None:
    """The definition is the one of the standard library's inclusive method, to the last bits of a float."""
    expected = statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
    assert quantile(sorted(values), percent) == pytest.approx(expected, rel=1e-12)


def test_a_single_value_is_all_its_quantiles() -> None:
    """One run has a median and a p95."""
    assert [quantile([7], percent) for percent in (0, 50, 95, 100)] == [7, 7, 7, 7]


@given(st.datetimes(datetime(1969, 1, 1), datetime(2100, 1, 1), timezones=st.just(timezone.utc)))
def test_weeks_begin_on_monday(time: datetime) -> None:
    """The week of any time begins on the Monday on or before it."""
    begin = datetime.fromisoformat(monday(week_of(time.timestamp()))).replace(tzinfo=timezone.utc)
    assert begin.weekday() == 0
    assert 0 <= (time - begin).total_seconds() < 7 * 24 * 3600


def test_moments_have_a_zone_or_are_utc() -> None:
    """A date alone is its midnight; Z and offsets are understood by every Python; nonsense is an error."""
    assert moment("2021-05-17") == moment("2021-05-17T00:00:00Z") == moment("2021-05-17T02:00+02:00") == 1621209600
    with pytest.raises(ValueError, match="isoformat"):
        moment("yesterday")


def test_the_table_says_it_all() -> None:
    """Most time first; failed and interrupted apart; a week without runs is a dot; bars are in proportion."""
    assert as_table(summarise(HISTORY), with_people=False) == (
        "command   runs   time  median    p95  failed  interrupted  median by week\n"
        "dev.up       3  75.0%   3.0 s  7.5 s   33.3%        33.3%  ·········▃·█\n"
        "dev.pull     1  25.0%   4.0 s  4.0 s    0.0%         0.0%  ···········█\n"
    )


def test_a_command_that_is_picked_keeps_its_share_of_everything() -> None:
    """What else took time still counts."""
    summary = summarise(HISTORY, ("dev.pull",))
    assert [item.command for item in summary.figures] == ["dev.pull"]
    assert summary.share(summary.figures[0]) == 0.25


def test_long_names_give_way() -> None:
    """A line fits the terminal, and the figures are whole."""
    text = as_table(summarise([Run("dev.up." + "x" * 80, 5, 0, FIRST)]), with_people=True, width=90)
    assert max(len(line) for line in text.splitlines()) <= 90
    assert "x…  " in text


def test_names_do_not_drive_the_terminal() -> None:
    """Who sends an event with an escape sequence for a command changes nobody's screen."""
    text = as_table(summarise([Run("\x1b[2Jdev\n.up\u202e", 5, 0, FIRST)]), with_people=False)
    assert len(text.splitlines()) == 2
    assert text.splitlines()[1].startswith("\ufffd[2Jdev\ufffd.up\ufffd")


def test_programs_read_the_same_figures() -> None:
    """JSON has every week; CSV has a line for each command; both agree."""
    summary = summarise(HISTORY)
    parsed = json.loads(as_json(summary))
    assert parsed["waited_ms"] == parsed["total_ms"] == 16_000
    assert parsed["commands"][0]["weeks"] == [
        {"monday": "2026-03-02", "runs": 2, "median_ms": 2_000, "p90_ms": 2_800, "p95_ms": 2_900},
        {"monday": "2026-03-16", "runs": 1, "median_ms": 8_000, "p90_ms": 8_000, "p95_ms": 8_000},
    ]
    rows = list(csv.DictReader(io.StringIO(as_csv(summary))))
    assert [{name: str(command[name]) for name in rows[0]} for command in parsed["commands"]] == rows


def test_nothing_is_said_plainly() -> None:
    """Without runs there is no table, and programs get an empty list."""
    empty = summarise([])
    assert as_table(empty, with_people=False) == "No matching runs.\n"
    assert json.loads(as_json(empty)) == {"total_ms": 0, "waited_ms": 0, "commands": []}
    assert len(as_csv(empty).splitlines()) == 1


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(0, "0 ms"), (999.4, "999 ms"), (1_000, "1.0 s"), (59_900, "59.9 s"), (90_000, "1.5 min"), (3_600_000, "1.0 h")],
)
def test_durations_are_readable(milliseconds: float, text: str) -> None:
    """The unit is the largest that leaves at least one."""
    assert duration(milliseconds) == text


def test_median_is_a_percentage() -> None:
    """MEDIAN is meant for quantile()."""
    assert quantile([1, 2, 3, 4], MEDIAN) == 2.5


@pytest.mark.parametrize(
    ("text", "days"), [("4w", 28), ("10d", 10), ("day", 1), ("week", 7), ("month", 30), ("year", 365)]
)
def test_a_period_ends_now(text: str, days: int) -> None:
    """As people say it."""
    assert moment(text, 1_780_000_000.9) == 1_780_000_000 - days * 24 * 3600


@pytest.mark.parametrize("text", ["w", "4 w", "-1d", "12345d", "weeks", "٤w"])
def test_what_is_no_period(text: str) -> None:
    """Is no date either."""
    with pytest.raises(ValueError, match="isoformat"):
        moment(text)
