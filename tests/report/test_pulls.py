"""From a pull until people work again: as one finds by walking along each person's runs, and a known truth."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from simulated_events import history_of, write
from simulated_team import HOUR_S, Command, Runs, Team, World
from worlds import at_least

from instrumented_make.report.estimators.ratio import interval
from instrumented_make.report.history import SPREAD, History
from instrumented_make.report.options import Options, Targets
from instrumented_make.report.queries import GAP_S
from instrumented_make.report.questions import pulls

INSIDE = frozenset({"c3"})
WORLD = World(people=20, commands=tuple(Command(f"c{number}", median_s=200) for number in range(4)), runs_a_week=25)


def walk(runs: Runs, longest_ms: dict[int, int], inside: int) -> dict[int, list[float | None]]:
    """For each person the seconds from each pull until the first run of ``inside`` in the same stretch, or None."""
    found = defaultdict(list)
    for person in np.unique(runs.person).tolist():
        own = runs.of(runs.person == person)
        start = own.start_s.astype(int).tolist()
        ms = np.rint(1000 * own.duration_s).astype(int).tolist()
        newest, end, pulled, known = -np.inf, -np.inf, None, False
        for at in range(len(start)):
            if start[at] - end > GAP_S:
                if pulled is not None and not known:
                    found[person].append(None)
                pulled, known = None, False
            if own.pulled_s[at] > newest > -np.inf and pulled is None:
                pulled = start[at]
            newest = max(newest, own.pulled_s[at])
            if pulled is not None and not known and own.command[at] == inside:
                found[person].append(start[at] - pulled)
                known = True
            end = start[at] + min(ms[at], longest_ms[int(own.command[at])]) // 1000
        if pulled is not None and not known:
            found[person].append(None)
    return found


def longest(history: History) -> dict[int, int]:
    return {int(name[1:]): int(3 * values[SPREAD.index(95)]) for name, values in history.spread.items()}


def test_the_query_finds_what_a_walk_finds(tmp_path: Path) -> None:
    """Every pull, and every time until work, in sum and in quantiles."""
    team = Team(WORLD, 2)
    with history_of(
        write(tmp_path / "a.parquet", team), options=Options(targets=Targets(interactive=INSIDE))
    ) as history:
        found = pulls.find(history)
        section = pulls.ask(history)
        expected = walk(team.runs(), longest(history), 3)
    every = [seconds for of in expected.values() for seconds in of]
    known = [seconds for seconds in every if seconds is not None]
    assert len(known) > 200
    assert found is not None
    assert (found.pulls, found.worked) == (len(every), len(known))
    assert found.mean_ms == pytest.approx(1000 * np.mean(known))
    assert found.quantiles_ms == pytest.approx(tuple(1000 * np.percentile(known, (25, 50, 75, 90))), abs=0.01)
    assert section is not None
    assert [figure.name for figure in section.figures()] == ["pulls"]


def test_without_commands_that_people_work_in_it_is_not_asked(tmp_path: Path) -> None:
    """Nor of so few people."""
    path = write(tmp_path / "a.parquet", Team(WORLD, 2))
    with history_of(path) as history:
        assert pulls.ask(history) is None
    with history_of(path, 30, options=Options(targets=Targets(interactive=INSIDE))) as history:
        assert pulls.ask(history) is None


def with_work(team: Team) -> Runs:
    """Everybody begins to work 30 minutes, on average, after whatever they run; an exponential time, in its stretch."""
    runs = team.runs()
    rng = np.random.default_rng([team.seed, 7])
    work = runs.of(rng.random(len(runs.person)) < 0.5)
    after_s = rng.exponential(0.5 * HOUR_S, len(work.person))
    work = Runs(
        work.person,
        work.start_s + after_s,
        np.full_like(work.command, 3),
        0 * after_s,
        work.status,
        work.pulled_s,
        after_s,
    )
    both = Runs(*(np.concatenate([getattr(part, field.name) for part in (runs, work)]) for field in fields(Runs)))
    return both.of(np.argsort(both.start_s, kind="stable"))


def means(people: int, seed: int) -> tuple[float, tuple[float, float] | None]:
    """The mean of a team's seconds until work, and the range that a report gives."""
    found = walk(
        with_work(Team(World(people=people, commands=WORLD.commands), seed)), dict.fromkeys(range(4), 10**9), 3
    )
    known = [[seconds for seconds in of if seconds is not None] for of in found.values()]
    total, number = (np.array([float(of(own)) for own in known if own]) for of in (sum, len))
    return float(total.sum() / number.sum()), interval(total, number)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("people", [8, 15, 40])
def test_ranges_hold_the_truth(people: int) -> None:
    """About nine in ten do."""
    truth, _ = means(2_000, 1)
    reports, held = 60, 0
    for seed in range(reports):
        _, span = means(people, seed)
        held += span is not None and span[0] <= truth <= span[1]
    assert held >= at_least(reports, 0.88)
