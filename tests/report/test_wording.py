"""Shortened labels stay distinct, ranges are short, and axes of durations have round marks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from instrumented_make.report.wording import in_brackets, labels, ticks


@given(st.lists(st.text(st.sampled_from("ab."), min_size=1, max_size=60), unique=True, max_size=12), st.integers(9, 30))
def test_every_name_has_its_own_label(names: list[str], most: int) -> None:
    """However much the names have in common; one that fits is not changed."""
    short = labels(names, most)
    assert list(short) == names
    assert len(set(short.values())) == len(names)
    assert all(len(label) <= most for label in short.values())
    fitting = [name for name in names if len(name) <= most]
    assert not names or all(short[name] == name for name in fitting)


def test_a_label_shows_where_its_name_differs() -> None:
    """It keeps the beginning and the end, or the part that differs."""
    ends = labels(["dev.up." + "a" * 40 + "1", "dev.up." + "a" * 40 + "2"], 17)
    assert list(ends.values()) == ["dev.up…aaaaaaaaa1", "dev.up…aaaaaaaaa2"]
    middles = labels(["x" * 150 + digit + "y" * 150 for digit in "12"], 17)
    assert list(middles.values()) == ["…xxx1yyyyyyyyyyy…", "…xxx2yyyyyyyyyyy…"]


def test_a_range_names_its_unit_once() -> None:
    """If both ends have the same one."""
    assert in_brackets((1_272_000, 1_560_000)) == " (21.2 to 26.0 min)"
    assert in_brackets((1_272_000, 7_200_000)) == " (21.2 min to 2.0 h)"
    # No unit is the end of another.
    assert in_brackets((2_000, 20)) == " (2.0 s to 20 ms)"
    assert in_brackets(None) == ""


@given(st.floats(0, 1e9), st.floats(1, 1e4), st.integers(3, 7))
def test_an_axis_of_durations_has_at_least_three_marks(low: float, times: float, count: int) -> None:
    """Whatever range it covers."""
    high = min(low * times, 1e10)
    begin, end, marked = ticks(low, high, count)
    assert begin <= max(low, 1) <= max(high, 1) <= end
    assert 3 <= len(marked) <= count + 3
    assert all(begin <= mark <= end for mark in marked)
