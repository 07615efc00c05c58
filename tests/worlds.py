"""Simulated teams as the estimators see them, and how often something of a known chance happens in them."""

from __future__ import annotations

import numpy as np
from scipy import stats
from simulated_team import WEEK_S, Floats, Runs, Team

from instrumented_make.report.estimators.weekly import Weekly

FIRST_WEEK = 2_900


def longest_s(runs: Runs) -> Floats:
    """How long each run counts for at most: the report cuts those that take for ever."""
    most: Floats = np.array([np.percentile(runs.duration_s[runs.command == number], 95) for number in range(4)])
    return 3 * most[runs.command]


def weekly(team: Team) -> dict[str, Weekly]:
    """What the engine sums."""
    world, runs = team.world, team.runs()
    week = np.minimum((runs.start_s - world.begin_s) // WEEK_S, world.weeks - 1).astype(np.int64)
    milliseconds = np.rint(1000 * np.minimum(runs.duration_s, longest_s(runs)))
    thousandths = np.rint(1000 * np.log(np.maximum(milliseconds, 1)))
    ends = (runs.status == 0, runs.status > 0, runs.status < 0)
    person, weeks = np.indices((world.people, world.weeks)).reshape(2, -1)
    found = {}
    for number, command in enumerate(world.commands):
        at = runs.command == number
        cell = runs.person[at] * world.weeks + week[at]
        sums = [
            np.bincount(cell, values[at], len(weeks)).astype(np.int64)
            for values in (np.ones(len(at)), *ends, thousandths * ends[0], milliseconds)
        ]
        of_command = Weekly(person, weeks + FIRST_WEEK, *sums)
        found[command.name] = of_command.of(of_command.runs > 0)
    return found


def at_most(count: int, chance: float) -> float:
    """The most times that something of this chance happens, in 999 of 1,000 seeds."""
    return float(stats.binom.ppf(0.999, count, chance))


def at_least(count: int, chance: float) -> float:
    return float(stats.binom.ppf(0.001, count, chance))
