"""Simulations: a change of waiting is divided rightly among its causes, and no cause is found where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from simulated_team import Change, Team, World
from worlds import at_least, at_most, weekly

from instrumented_make.report.estimators.parts import LEAST_PEOPLE, Parts, divide


def found(world: World, count: int = 40) -> list[Parts]:
    """What is said of so many such teams."""
    told = []
    for seed in range(count):
        runs = weekly(Team(world, 500 + seed))
        parts = divide(runs, runs)
        assert parts is not None
        told.append(parts)
    return told


@pytest.mark.parametrize(
    "world", [World(people=12), World(), World(tails=0.02), World(joining=0.4, leaving=0.2)], ids=str
)
def test_nothing_takes_longer_where_nothing_does(world: World) -> None:
    """In 19 of 20 reports; that people run less in months with more holidays is true."""
    told = found(world)
    assert sum(parts.longer.is_certain or parts.others.is_certain for parts in told) <= at_most(len(told), 0.05)


def test_more_runs_and_faster_ones_are_told_apart() -> None:
    """A command becomes twice as fast, and people run half as much again: waiting hardly changes, for two reasons."""
    told = found(World(people=100, growth=1.6, change=Change(13, speed=0.5)))
    assert sum(parts.often.is_certain and parts.often.ms > 0 for parts in told) >= at_least(len(told), 0.95)
    assert sum(parts.longer.is_certain and parts.longer.ms < 0 for parts in told) >= at_least(len(told), 0.95)
    assert sum(parts.others.is_certain for parts in told) <= at_most(len(told), 0.05)


def test_the_causes_add_up() -> None:
    for parts in found(World(people=20, joining=0.5, growth=2), 5):
        assert parts.often.ms + parts.longer.ms + parts.others.ms == pytest.approx(parts.whole.ms)


def test_too_few_people_or_weeks_tell_nothing() -> None:
    for world in (World(people=LEAST_PEOPLE - 1), World(weeks=6)):
        runs = weekly(Team(world, 1))
        assert divide(runs, runs) is None
    assert divide({}, {}) is None


def test_a_command_that_is_new_counts_with_the_shares() -> None:
    """It is neither that people run more nor that a run takes longer."""
    runs = weekly(Team(World(people=60), 3))
    late = runs["c0"].week >= int(np.median(np.unique(runs["c0"].week))) + 1
    runs["c0"] = runs["c0"].of(late)
    parts = divide(runs, runs)
    assert parts is not None
    assert parts.others.is_certain
    assert parts.others.ms > 0
    assert not parts.longer.is_certain
