"""Simulations: groups of people are found where there are some, and not where people differ by degrees or by chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from simulated_events import history_of, write
from simulated_team import WEEK_S, Command, Integers, Team, World

from instrumented_make.errors import UserError
from instrumented_make.figures import Selection
from instrumented_make.report.estimators.groups import FALSE_ALARM, LEAST_RUNS, NOWHERE, adjusted_rand, find_groups
from instrumented_make.report.events import open_source
from instrumented_make.report.history import History
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions import workflows
from instrumented_make.report.wording import about

LEAST = 5
COMMANDS = tuple(
    Command(f"c{number}", weight) for number, weight in enumerate((24, 16, 15, 12, 9, 7, 6, 4, 4, 2, 0.7, 0.1, 0.05))
)
FRONTEND = (24, 16, 2, 12, 1, 15, 1, 1, 4, 2, 0.7, 0.1, 0.05)
BACKEND = (10, 1, 20, 8, 9, 0.5, 12, 8, 1, 2, 0.7, 0.1, 0.05)
OPERATIONS = (2, 1, 4, 3, 2, 0.5, 2, 20, 10, 8, 4, 0.5, 0.1)
TEAM = World(commands=COMMANDS)
TWO = replace(TEAM, ways=((0.62, FRONTEND), (0.38, BACKEND)), variety=30)
THREE = replace(TEAM, ways=((0.4, FRONTEND), (0.3, BACKEND), (0.3, OPERATIONS)), variety=30)


def groups(world: World, seed: int) -> tuple[Integers | None, Integers]:
    """The groups found, and the true ways of the same people."""
    team = Team(world, seed)
    runs = team.runs()
    half = ((runs.start_s - world.begin_s) // WEEK_S).astype(int) % 2
    table = np.zeros((world.people, len(world.commands), 2), dtype=np.int64)
    np.add.at(table, (runs.person, runs.command, half), 1)
    enough = (table.sum(axis=(1, 2)) >= LEAST_RUNS) & (table.sum(axis=1).min(axis=1) > 0)
    return find_groups(table[enough], LEAST), team.way[enough]


NO_GROUPS = {
    "the same mix": TEAM,
    "the same mix, 10 people": replace(TEAM, people=10, runs_a_week=20),
    "four commands": replace(TEAM, commands=COMMANDS[:4]),
    "people who differ by degrees": replace(TEAM, variety=10, runs_a_week=40),
    "12 people who differ by degrees": replace(TEAM, people=12, variety=10, runs_a_week=40),
    "100 people who differ a lot in four commands": replace(TEAM, people=100, commands=COMMANDS[:4], variety=2),
    "people who come, go and try again": replace(
        TEAM, variety=20, joining=0.3, leaving=0.3, retries=0.4, busiest=0.3, growth=2
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", NO_GROUPS)
def test_people_who_differ_by_degrees_are_no_groups(kind: str) -> None:
    """In at least 95 % of teams, however much they differ."""
    reports = 40
    found = sum(groups(NO_GROUPS[kind], seed)[0] is not None for seed in range(reports))
    assert found <= stats.binom.ppf(0.999, reports, FALSE_ALARM)


GROUPS = {
    "two": TWO,
    "two, without other differences": replace(TWO, variety=np.inf),
    "two in 15 people": replace(TWO, people=15),
    "12 of 120": replace(TWO, people=120, ways=((0.9, FRONTEND), (0.1, BACKEND))),
    "three": THREE,
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", GROUPS)
def test_people_are_in_the_right_group(kind: str) -> None:
    """With an adjusted Rand index of at least 0.9, in four of five teams."""
    teams = 10
    right = 0
    for seed in range(teams):
        group, way = groups(GROUPS[kind], seed)
        right += group is not None and adjusted_rand(group - NOWHERE, way) >= 0.9
    assert right >= 0.8 * teams


@pytest.mark.parametrize("mixes", [[(4, 4)], [(3, 5, 7)], [(20, 1, 0)], [(3, 5, 7), (70, 5, 3)]])
def test_people_may_be_exactly_alike(mixes: list[tuple[int, ...]]) -> None:
    """As a script runs commands: all, or all of a group, have the same share of each. Rounding makes no group."""
    people = np.repeat(np.array(mixes), 12, axis=0)
    weeks = np.arange(1, 1 + len(people))[:, np.newaxis]
    found = find_groups(np.stack([people * weeks * 7, people * weeks * 11], axis=2), LEAST)
    assert (found is None) == (len(mixes) == 1)
    if found is not None:
        assert (found == np.repeat([found[0], 1 - found[0]], 12)).all()


def test_nobody_is_in_a_group_of_few() -> None:
    """With three people who run something else, the groups of the others are found all the same."""
    ways = ((0.55, FRONTEND), (0.38, BACKEND), (0.07, tuple(float(number == 12) for number in range(13))))
    group, way = groups(replace(TWO, ways=ways), 1)
    assert group is not None
    assert adjusted_rand(group[way < 2] - NOWHERE, way[way < 2]) >= 0.9
    assert min(np.bincount(group[group != NOWHERE])) >= LEAST


def test_how_alike_two_partitions_are() -> None:
    """By Hubert and Arabie's index, which is negative for less than chance."""
    one = np.array([0, 0, 1, 1])
    assert adjusted_rand(one, 1 - one) == 1
    assert adjusted_rand(one, np.array([0, 0, 1, 2])) == pytest.approx(4 / 7)
    assert adjusted_rand(one, np.array([0, 1, 0, 1])) == pytest.approx(-0.5)


def test_a_new_name_is_no_way_of_working(tmp_path: Path) -> None:
    """People who left before it, and people who joined after it, run different commands, but work alike."""
    names = (*COMMANDS, Command("new", 0))
    world = replace(TEAM, people=60, commands=names, renamed=(("c1", "new", 13),), joining=0.7, leaving=0.5)
    for seed in range(3):
        with history_of(write(tmp_path / "a.parquet", Team(world, seed))) as history:
            assert "c1" not in workflows._steady(history)
            assert workflows.find_ways(history).groups == ()
            section = workflows.ask(history)
    assert section is not None
    assert section.answer == "No distinct groups were found: what people run may differ by degrees only, or by chance."
    assert (section.rows, section.columns, section.figures()) == ([], [], [])


def test_each_group_has_its_figures(tmp_path: Path) -> None:
    """As many people and runs as they have, and the commands that they run more than the others; nobody is lost."""
    world = replace(TWO, leaving=0.2, runs_a_week=4)
    team = Team(world, 2)
    runs = team.runs()
    with history_of(write(tmp_path / "a.parquet", team)) as history:
        ways = workflows.find_ways(history)
        section = workflows.ask(history)
        document = workflows.document(ways)
        left_out = history.people - ways.compared
    assert section is not None
    frontend, backend = ways.groups
    assert {*frontend.typical[:2]} <= {"c0", "c1", "c3", "c5"}
    assert {*backend.typical[:2]} <= {"c2", "c4", "c6", "c7"}
    assert f"There are 2 ways of working: {frontend.people} people run {frontend.typical[0]} and" in section.answer
    assert f" more than the others; {backend.people} run {backend.typical[0]} and" in section.answer
    assert frontend.people + backend.people + ways.nowhere == ways.compared
    few = np.bincount(runs.person)
    assert left_out >= (few[few > 0] < LEAST_RUNS).sum() > 0
    assert section.details[-1] == f"{left_out} people with too few runs to tell (below {LEAST_RUNS}) left out."
    week = ((runs.start_s - world.begin_s) // WEEK_S).astype(int)
    often = [
        np.sum(team.way[runs.person] == way) / len(np.unique((runs.person * 99 + week)[team.way[runs.person] == way]))
        for way in (0, 1)
    ]
    assert [frontend.runs_a_week, backend.runs_a_week] == pytest.approx(often, rel=0.1)
    assert [row[:2] for row in section.rows] == [["1", str(frontend.people)], ["2", str(backend.people)]]
    assert [group["people"] for group in document["groups"]] == [frontend.people, backend.people]
    (figure,) = section.figures()
    assert len(figure.small) == 2
    assert sum(row["share"] for row in figure.rows if row["group"] == 1) == pytest.approx(1, abs=0.02)


def test_too_few_people_are_not_compared(tmp_path: Path) -> None:
    """Groups are of at least five people, whatever may be told, and of more if fewer may not be told."""
    path = write(tmp_path / "a.parquet", Team(replace(TWO, people=9), 1))
    for least, few in ((1, 10), (7, 14)):
        with history_of(path, least) as history:
            section = workflows.ask(history)
        assert section is not None
        assert section.answer == f"This takes at least {few} people with 20 runs each."


def test_everything_is_answered_for_one_group(tmp_path: Path) -> None:
    """Its people are those of one way of working, and so are all their runs and their test data; no others."""
    team = Team(replace(TWO, people=60), 2)
    runs = team.runs()
    path = write(tmp_path / "a.parquet", team)
    with Steps() as steps, open_source(str(path)) as source:
        everybody = History(source, Selection(), 5, steps)
        members = [workflows.members_of(everybody, number) for number in (1, 2)]
        with pytest.raises(UserError, match="there is no group 3"):
            workflows.members_of(everybody, 3)
    way_of = {f"p{person}": int(team.way[person]) for person in np.unique(runs.person)}
    for number, way in ((1, 0), (2, 1)):
        with Steps() as steps, open_source(str(path)) as source:
            everybody = History(source, Selection(), 5, steps)
            asked = History(source, Selection(), 5, steps, members=workflows.members_of(everybody, number))
            who = {row["user_id"] for row in asked.ask(asked.runs.select("user_id").distinct())}
            count, text = sum(row.runs for row in asked.summary.figures), about(asked)[0]
        assert {way_of[one] for one in who} == {way}
        assert count == sum(way_of[f"p{person}"] == way for person in runs.person)
        assert f"only the {len(who)} people of group {number}, who run " in text
    assert members[0].text != members[1].text


def test_one_s_own_runs_have_no_groups(tmp_path: Path) -> None:
    """The error says what to leave out."""
    with (
        history_of(write(tmp_path / "a.parquet", Team(replace(TEAM, people=12), 1))) as history,
        pytest.raises(UserError) as raised,
    ):
        workflows.members_of(history, 1)
    assert "there is no group 1" in str(raised.value)
    assert "there are no groups in this report; leave out --group" in str(raised.value)
