"""What is told of a history that grows by the week: hardly ever anything in a quiet year, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from simulated_team import Change as Cause
from simulated_team import Team, World
from worlds import FIRST_WEEK, at_most, weekly

from instrumented_make.collector.findings import Findings, sort
from instrumented_make.report.estimators.shift import Shift, search
from instrumented_make.report.estimators.weekly import DURATION
from instrumented_make.report.questions.changed import Change
from instrumented_make.times import DAY_S

WEEK_S = 7 * DAY_S
# As long as the command line waits if nothing else is said.
AFTER_S = 2 * WEEK_S


def shift(**values: object) -> Shift:
    """One that happened, with these values in place of usual ones."""
    usual = Shift("c0", DURATION, 2_910, False, 10.0, 20.0, 9, None, 5.0, 1.0, 0.5, 1.5, ())
    return replace(usual, **values)  # type: ignore[arg-type]


def tell(reports: Iterator[tuple[int, list[Shift]]]) -> Iterator[Shift]:
    """What is told, of what each report finds at its time."""
    before = Findings()
    for now_s, found in reports:
        changes = [Change(one, None, None) for one in found]
        before = sort(changes, before.known, before.waiting, now_s, AFTER_S)
        yield from (change.shift for change in before.told)


def every_other_day(*found: list[Shift]) -> Iterator[tuple[int, list[Shift]]]:
    """Reports every other day."""
    yield from ((number * AFTER_S // 7, shifts) for number, shifts in enumerate(found))


def test_a_change_is_told_when_every_report_of_two_weeks_has_found_it() -> None:
    """Once, also if it is dated a little later each time, or is not found for a while afterwards."""
    walking = [[shift(week=2_910 + week)] for week in (0, 0, 1, 1, 2, 2, 3)]
    assert list(tell(every_other_day(*walking))) == []
    assert list(tell(every_other_day(*walking, [shift(week=2_913)]))) == [shift(week=2_913)]
    more = [[shift(week=week)] for week in range(2_913, 2_920)]
    assert len(list(tell(every_other_day(*walking, *more, [], [], [shift(week=2_919)], *more, *more)))) == 1


def test_what_is_not_found_again_waits_anew() -> None:
    """A report that does not find it counts for as much as one that does."""
    found = [shift()]
    assert list(tell(every_other_day(*[found] * 7, [], *[found] * 7))) == []
    assert list(tell(every_other_day(*[found] * 7, [], *[found] * 8))) == found


def test_another_change_is_told_as_well() -> None:
    """Of another command, measure or direction, or far enough in time."""
    others = [shift(), shift(command="c1"), shift(after=5.0), shift(week=2_920)]
    assert list(tell(every_other_day(*[others] * 8))) == others


def of_weeks(team: Team, first: int) -> Iterator[tuple[int, list[Shift]]]:
    """What a report finds at the end of each week from ``first`` on."""
    runs = weekly(team)
    for week in range(first, team.world.weeks + 1):
        until = {command: one.of(one.week < FIRST_WEEK + week) for command, one in runs.items()}
        yield week * WEEK_S, search(until, Random(0), own=False).shifts


@pytest.mark.thorough
def test_a_quiet_year_is_hardly_ever_told_of() -> None:
    """In reports every week, of ten teams; docs/reliability.md has the rates of more of them."""
    told = [list(tell(of_weeks(Team(World(people=15, weeks=52), 500 + number), first=8))) for number in range(10)]
    assert sum(map(bool, told)) <= at_most(10, 0.1)


@pytest.mark.parametrize("seed", range(2))
def test_what_did_change_is_told_once(seed: int) -> None:
    """Within the weeks after it that a report needs, and the two that it is waited for."""
    team = Team(World(weeks=40, change=Cause(26, speed=0.7)), seed)
    assert [(one.command, one.measure, one.worse) for one in tell(of_weeks(team, first=27))] == [
        ("c0", DURATION, False)
    ]
