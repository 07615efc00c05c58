"""What a comparison says is true as often as it claims, and it finds what there is to find: held by simulation.

The simulated people differ in how often they run a command, in the speed of their machines, in when they pull, and in
what else changes for them meanwhile; durations are log-normal with a deviation of 0.6, so that nineteen in twenty lie
between a third and three times the median.
"""

from __future__ import annotations

import dataclasses
import math

import duckdb
import ibis
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from instrumented_make.report import queries, words
from instrumented_make.report.change import (
    ENOUGH_PEOPLE,
    FALSE_ALARM,
    Comparison,
    Counts,
    Floats,
    Integers,
    compare,
    with_intervals,
)
from instrumented_make.report.words import CANNOT_TELL, FASTER, LESS, MORE, of_duration, of_failures

SIGMA = 0.6


def simulate(
    rng: np.random.Generator,
    people: int,
    runs_a_side: float,
    *,
    speed: float = 1.0,
    failing: tuple[float, float] = (0.05, 0.05),
    late_are_slow: bool = False,
    share_before: tuple[float, float] = (0.3, 0.7),
) -> Counts:
    """A command before and after a change that multiplies its durations by ``speed``; runs a side are an average.

    ``share_before``: of a person's runs, between the two.
    """
    activity = rng.lognormal(0, 0.8, people)
    activity /= activity.mean()
    slowness = rng.lognormal(0, 0.3, people)
    meanwhile = rng.normal(0, 0.05, people)
    before = rng.uniform(*share_before, people)
    if late_are_slow:
        before = np.sort(before)[np.argsort(np.argsort(slowness))]
    person, after, duration, failed = [], [], [], []
    for side in (0, 1):
        runs = rng.poisson(activity * runs_a_side * 2 * (before if side == 0 else 1 - before))
        who = np.repeat(np.arange(people), runs)
        times = 20_000 * slowness[who] * np.exp(SIGMA * rng.standard_normal(len(who)))
        person.append(who)
        after.append(np.full(len(who), side))
        duration.append(times * np.exp(meanwhile[who] * side) * (speed if side else 1))
        failed.append(rng.random(len(who)) < failing[side])
    fails = np.concatenate(failed).astype(np.int64)
    return Counts(
        person=np.concatenate(person),
        after=np.concatenate(after),
        rounded_ms=_rounded(np.concatenate(duration)),
        succeeded=1 - fails,
        failed=fails,
        interrupted=np.zeros(len(fails), dtype=np.int64),
    )


def _rounded(durations: Floats) -> Integers:
    """To three digits: the comparison only needs that equal things are together."""
    size: Floats = 10.0 ** np.maximum(np.floor(np.log10(durations)) - 2, 0)
    rounded: Integers = (np.floor(durations / size) * size).astype(np.int64)
    return rounded


def alarms(comparisons: list[Comparison]) -> int:
    """How many verdicts there are other than CANNOT_TELL."""
    return sum((of_duration(item) != CANNOT_TELL) + (of_failures(item) != CANNOT_TELL) for item in comparisons)


@pytest.mark.parametrize("late_are_slow", [False, True], ids=["anybody-pulls-late", "slow-people-pull-late"])
@pytest.mark.parametrize("people", [8, 30])
def test_false_alarms_are_as_rare_as_stated(people: int, late_are_slow: bool) -> None:
    """Of 250 reports on four commands that did not change, no more than FALSE_ALARM call any of eight things changed.

    The bound is what chance allows to a method whose rate is exactly the stated one, in 999 of 1,000 seeds.
    """
    rng = np.random.default_rng(people)
    reports = 250
    false = 0
    for _ in range(reports):
        family = [compare("c", simulate(rng, people, 25, late_are_slow=late_are_slow), rng) for _ in range(4)]
        false += alarms(with_intervals(family)) > 0
    assert false <= stats.binom.ppf(0.999, reports, FALSE_ALARM)


@pytest.mark.parametrize(("people", "share"), [(50, 0.01), (15, 0.05), (100, 0.005)])
def test_few_runs_after_a_change_are_not_fewer_failures(people: int, share: float) -> None:
    """One week after eight: hardly any failure has happened yet, which says little about how many there will be."""
    rng = np.random.default_rng(people)
    reports = 100
    said = {LESS: 0, MORE: 0}
    for _ in range(reports):
        item = compare("c", simulate(rng, people, 25, failing=(share, share), share_before=(0.93, 0.98)), rng)
        verdict = of_failures(with_intervals([dataclasses.replace(item, duration=None)])[0])
        if verdict != CANNOT_TELL:
            said[verdict] += 1
    assert max(said.values()) <= stats.binom.ppf(0.999, reports, FALSE_ALARM / 2)


def test_a_speed_up_of_a_tenth_is_found() -> None:
    """80 people, 40 runs a side: of ten commands, the one that takes 10 % less time is found with a power of 80 %."""
    rng = np.random.default_rng(2)
    rest = [compare("other", simulate(rng, 80, 40), rng) for _ in range(9)]
    reports = 100
    found = 0
    for _ in range(reports):
        verdict = with_intervals([compare("faster", simulate(rng, 80, 40, speed=0.9), rng), *rest])[0]
        found += of_duration(verdict) == FASTER
    assert found >= 0.8 * reports


def test_a_small_team_sees_what_is_large() -> None:
    """8 people, 40 runs a side: of five commands, the one that takes half the time is found with a power of 70 %."""
    rng = np.random.default_rng(9)
    rest = [compare("other", simulate(rng, 8, 40), rng) for _ in range(4)]
    reports = 60
    found = 0
    for _ in range(reports):
        verdict = with_intervals([compare("faster", simulate(rng, 8, 40, speed=0.5), rng), *rest])[0]
        found += of_duration(verdict) == FASTER
    assert found >= 0.7 * reports


def test_fewer_failures_are_found() -> None:
    """Failures that halve, from 20 % of runs to 10 %, are found by 40 people with 30 runs on each side."""
    rng = np.random.default_rng(3)
    family = with_intervals([compare("c", simulate(rng, 40, 30, failing=(0.2, 0.1)), rng) for _ in range(5)])
    assert [of_failures(item) for item in family] == [LESS] * 5
    for item in family:
        assert item.failures is not None
        assert item.failures.low < -0.1 < item.failures.high


def test_the_interval_holds_the_truth() -> None:
    """The interval of a single comparison holds the true ratio in as many cases as it claims."""
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(200):
        item = compare("c", simulate(rng, 30, 25, speed=0.8), rng)
        effect = with_intervals([dataclasses.replace(item, failures=None)])[0].duration
        assert effect is not None
        covered += effect.low <= math.log(0.8) <= effect.high
    assert covered >= stats.binom.ppf(0.001, 200, 1 - FALSE_ALARM)


def test_who_pulls_late_does_not_count_against_what_is_old() -> None:
    """One person has a slow machine and stays on old commits, another the reverse: nobody's own times changed."""
    people = np.repeat(np.arange(40), 60)
    after = np.where(np.arange(60 * 40) % 60 < np.where(people % 2, 50, 10), 0, 1)
    counts = Counts(
        person=people,
        after=after,
        rounded_ms=np.where(people % 2, 30_000, 10_000) + np.arange(60 * 40) % 7 * 100,
        succeeded=np.ones(60 * 40, dtype=np.int64),
        failed=np.zeros(60 * 40, dtype=np.int64),
        interrupted=np.zeros(60 * 40, dtype=np.int64),
    )
    effect = compare("c", counts, np.random.default_rng(0)).duration
    assert effect is not None
    assert abs(effect.estimate) < 0.02


def test_a_few_people_cannot_tell() -> None:
    """However many runs they have; and the sentence says why."""
    rng = np.random.default_rng(5)
    (item,) = with_intervals([compare("dev.up", simulate(rng, 4, 500, speed=0.5), rng)])
    assert of_duration(item) == of_failures(item) == CANNOT_TELL
    assert "4 people ran it both before and after, which counts like" in words.sentence(item)
    assert f"it takes {ENOUGH_PEOPLE}" in words.sentence(item)


def test_one_person_cannot_tell() -> None:
    """One's own outbox is compared as well, and the answer is honest."""
    rng = np.random.default_rng(8)
    (item,) = with_intervals([compare("dev.up", simulate(rng, 1, 500, speed=0.5), rng)])
    expected = f"dev.up: cannot tell, a single person ran it both before and after; it takes {ENOUGH_PEOPLE}."
    assert words.sentence(item) == expected


def test_nobody_on_both_sides_cannot_tell() -> None:
    """Those who never pulled, and those who never ran it before, cannot be compared with themselves."""
    item = np.ones(20, dtype=np.int64)
    counts = Counts(np.arange(20), np.arange(20) % 2, item * 5_000, item, item * 0, item * 0)
    (verdict,) = with_intervals([compare("dev.up", counts, np.random.default_rng(0))])
    assert verdict.duration is verdict.failures is None
    assert words.sentence(verdict) == "dev.up: cannot tell, too few people ran it both before and after."
    assert words.verdict([]) == "There is nothing to compare."


def test_what_fails_at_once_did_not_get_faster() -> None:
    """Durations are those of runs that succeeded."""
    rng = np.random.default_rng(6)
    counts = simulate(rng, 40, 40, failing=(0.0, 0.5))
    quick = dataclasses.replace(counts, rounded_ms=np.where(counts.failed > 0, 10, counts.rounded_ms))
    (item,) = with_intervals([compare("c", quick, rng)])
    assert (of_duration(item), of_failures(item)) == (CANNOT_TELL, "fails more")


def test_medians_are_those_of_the_runs() -> None:
    """The steps to which the engine rounds, and the spreading of runs within a step, cost less than one per cent."""
    rng = np.random.default_rng(7)
    for scale in (30, 900, 20_000, 3_000_000):
        durations = np.maximum(rng.lognormal(math.log(scale), 0.5, 4_001).astype(np.int64), 1)
        table = pa.table(
            {
                "command": ["c"] * 4_001,
                "user_id": [str(number % 2) for number in range(4_001)],
                "duration_ms": durations.tolist(),
                "exit_status": [0] * 4_001,
                "start_s": [0] * 4_001,
                "commit_s": (np.arange(4_001) // 2 % 2).tolist(),
            }
        )
        rows = queries.sides(ibis.memtable(table), "c", 1).to_pyarrow()
        columns = {
            name: rows[name].to_numpy().astype(np.int64) for name in (f.name for f in dataclasses.fields(Counts))
        }
        effect = compare("c", Counts(**columns), rng).duration
        assert effect is not None
        side = np.arange(4_001) // 2 % 2
        # Two people with as many runs each on either side: the weighted median is the plain one.
        assert effect.before == pytest.approx(np.median(durations[side == 0]), rel=0.01, abs=1)
        assert effect.after == pytest.approx(np.median(durations[side == 1]), rel=0.01, abs=1)


def test_durations_are_rounded_by_a_hundredth_at_most() -> None:
    """Every duration is rounded down, by less than one per cent, and to as few different values as the page says."""
    durations = duckdb.sql("SELECT unnest(range(0, 200000)) AS duration_ms UNION ALL SELECT 3599999").to_arrow_table()
    table = ibis.memtable(durations)
    rounded = table.select("duration_ms", rounded=queries.rounded(table.duration_ms)).to_pyarrow().to_pylist()
    assert all(0 <= row["duration_ms"] - row["rounded"] <= row["duration_ms"] / 100 for row in rounded)
    assert len({row["rounded"] for row in rounded if 1_000 <= row["duration_ms"] < 10_000}) == 350


@pytest.mark.parametrize(
    ("people", "before", "after", "weeks"),
    [(100, 0.005, 0.01, 1), (100, 0.005, 0.01, 3), (100, 0.05, 0.1, 1), (40, 0.01, 0.02, 3), (15, 0.2, 0.1, 8)],
)
def test_the_interval_of_failures_holds_the_truth(people: int, before: float, after: float, weeks: int) -> None:
    """In at least 93 of 100 cases, where eight weeks before are compared with few after: these are the hardest.

    Three runs a person and week. Of a grid of 144 kinds (0.5 to 20 % failures, halved, doubled and unchanged, 5 to 100
    people, 1 to 8 weeks) the least was 93.7 %.
    """
    rng = np.random.default_rng(people + weeks)
    cases, covered, share = 300, 0, weeks / (8 + weeks)
    for _ in range(cases):
        earlier = (1 - 1.4 * share, 1 - 0.6 * share)
        counts = simulate(rng, people, 1.5 * (8 + weeks), failing=(before, after), share_before=earlier)
        item = dataclasses.replace(compare("c", counts, rng), duration=None)
        effect = with_intervals([item])[0].failures
        assert effect is not None
        covered += not effect.enough or effect.low <= after - before <= effect.high
    assert covered >= stats.binom.ppf(0.001, cases, 0.93)
