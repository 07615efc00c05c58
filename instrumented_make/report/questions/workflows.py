"""Do people work in different ways? For example, some work on the frontend and others on the backend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from instrumented_make.errors import failure
from instrumented_make.layout import percentage
from instrumented_make.report.estimators.groups import LEAST_RUNS, NOWHERE, find_groups
from instrumented_make.report.estimators.weekly import presence
from instrumented_make.report.history import History, Members
from instrumented_make.report.section import Figure, Rows, Section
from instrumented_make.report.wording import count_of, join_names

# Of however few people the report tells, fewer than these are no way of working.
LEAST_PEOPLE = 5
# How many commands characterise a group in a sentence, and in the table.
_NAMED, _SHOWN = 2, 4
_DRAWN = 8


@dataclass(frozen=True, slots=True)
class Group:
    """People who work alike: how many, and how much they run.

    ``members``: their numbers in :attr:`History.weekly`. ``shares``: for each command that enough of them run, the mean
    of their shares of runs, and that of all others, what they run more first.
    """

    people: int
    members: tuple[int, ...]
    runs_a_week: float
    shares: tuple[tuple[str, float, float], ...]

    @property
    def typical(self) -> list[str]:
        """What they run more than others do."""
        return [name for name, share, of_others in self.shares if share > of_others]


@dataclass(frozen=True, slots=True)
class Ways:
    """The ``groups``, if there are any, among the people who were ``compared``; ``nowhere``: how many are in none."""

    compared: int
    nowhere: int
    groups: tuple[Group, ...]


def ask(history: History) -> Section | None:
    """The section, if there is more than one person."""
    if history.own or history.people == 1:
        return None
    ways = find_ways(history)
    answer = _answer(ways, history)
    return Section(
        "workflows",
        "Do people work in different ways?",
        answer,
        _details(ways, history),
        lambda: _figures(ways.groups),
        columns=["group", "people", "runs per person and week", "run more than others do"] if ways.groups else [],
        rows=[
            [
                str(number),
                f"{group.people:,}",
                f"{group.runs_a_week:.1f}",
                ", ".join(
                    f"{name} ({percentage(share)}, not {percentage(of_others)})"
                    for name, share, of_others in group.shares[:_SHOWN]
                    if share > of_others
                ),
            ]
            for number, group in enumerate(ways.groups, 1)
        ],
    )


@cache
def find_ways(history: History) -> Ways:
    """The groups of people by what they run. Raise UserError if the engine fails."""
    names = _steady(history)
    if not names:
        return Ways(0, 0, ())
    history.begin("Comparing what people run")
    _, there = presence(history.weekly)
    runs = np.zeros((len(there), len(names), 2), dtype=np.int64)
    of_all = np.zeros(len(there), dtype=np.int64)
    for name, of in history.weekly.items():
        np.add.at(of_all, of.person, of.runs)
        if name in names:
            # The halves are every second week.
            np.add.at(runs[:, names.index(name)], (of.person, of.week % 2), of.runs)
    enough = (runs.sum(axis=(1, 2)) >= LEAST_RUNS) & (runs.sum(axis=1).min(axis=1) > 0)
    group = find_groups(runs[enough], _least(history))
    if group is None:
        return Ways(int(enough.sum()), 0, ())
    of_all, weeks = of_all[enough], there[enough].sum(axis=1)
    shares = runs[enough].sum(axis=2)
    shares = shares / shares.sum(axis=1, keepdims=True)
    groups = []
    for number in range(int(group.max()) + 1):
        inside = group == number
        here, there = shares[inside].mean(axis=0), shares[~inside].mean(axis=0)
        users = (shares[inside] > 0).sum(axis=0)
        order = sorted(range(len(names)), key=lambda place: (there[place] - here[place], names[place]))
        told = [(names[at], float(here[at]), float(there[at])) for at in order if history.may_be_told(int(users[at]))]
        members = tuple(np.flatnonzero(enough)[inside].tolist())
        groups.append(Group(len(members), members, float(of_all[inside].sum() / weeks[inside].sum()), tuple(told)))
    return Ways(len(group), int((group == NOWHERE).sum()), tuple(groups))


def members_of(history: History, number: int) -> Members:
    """The people of the group with this number, from 1. Raise UserError if there is none."""
    groups = find_ways(history).groups if not history.own else ()
    if number > len(groups):
        there = f"{count_of(len(groups), 'group')} in this report" if groups else "no groups in this report"
        raise failure(f"there is no group {number}", f"there are {there}; leave out --group", path=history.name)
    group = groups[number - 1]
    what = join_names(group.typical[:_NAMED] or ["nothing"])
    return history.members_of(
        number, group.members, f"only the {group.people:,} people of group {number}, who run {what} more"
    )


def _least(history: History) -> int:
    return max(LEAST_PEOPLE, history.min_people)


def _steady(history: History) -> list[str]:
    """The commands that were there all the time: what else people ran says when they were there.

    In the first and in the last quarter of the weeks with runs they have half of what they would have of all runs, or
    more.
    """
    figures = [row for row in history.summary.figures if row.command not in history.others]
    weeks = sorted({week.number for row in figures for week in row.weeks})
    quarter = len(weeks) // 4
    for few in (weeks[:quarter], weeks[len(weeks) - quarter :]):
        ends = {*few}
        inside = {row.command: sum(week.runs for week in row.weeks if week.number in ends) for row in figures}
        share = sum(inside.values()) / max(sum(row.runs for row in figures), 1)
        figures = [row for row in figures if 2 * inside[row.command] >= share * row.runs]
    return sorted(row.command for row in figures)


def document(ways: Ways) -> dict[str, Any]:
    """For programs."""
    return {
        "people": ways.compared,
        "in_no_group": ways.nowhere,
        "groups": [
            {
                "people": group.people,
                "runs_per_person_and_week": group.runs_a_week,
                "commands": [
                    {"command": name, "share": share, "share_of_others": of_others}
                    for name, share, of_others in group.shares
                ],
            }
            for group in ways.groups
        ],
    }


def _answer(ways: Ways, history: History) -> str:
    if ways.compared < 2 * _least(history):
        return f"This takes at least {2 * _least(history)} people with {LEAST_RUNS} runs each."
    if not ways.groups:
        return "No distinct groups were found: what people run may differ by degrees only, or by chance."
    parts = []
    for number, group in enumerate(ways.groups):
        what = join_names(group.typical[:_NAMED] or ["nothing"])
        first = number == 0
        parts.append(f"{group.people:,}{' people' * first} run {what} more{' than the others' * first}")
    return f"There are {len(ways.groups)} ways of working: {'; '.join(parts)}."


def _details(ways: Ways, history: History) -> list[str]:
    lines = []
    if ways.groups and ways.nowhere:
        lines.append(f"{count_of(ways.nowhere, 'person is', 'people are')} like no group.")
    few = history.people - ways.compared
    if few > 0 and ways.compared >= 2 * _least(history):
        lines.append(f"{count_of(few, 'person', 'people')} with too few runs to tell (below {LEAST_RUNS}) left out.")
    return lines


def _figures(groups: Sequence[Group]) -> list[Figure]:
    if not groups:
        return []
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    rows: Rows = [
        {"group": number, "people": group.people, "command": name, "share": share, "share_of_others": of_others}
        for number, group in enumerate(groups, 1)
        for name, share, of_others in group.shares
    ]
    small = []
    for number, group in enumerate(groups, 1):
        data: Rows = [
            {
                "command": name,
                "percent": share * 100,
                "label": percentage(share),
                "text": f"{name}: {percentage(share)} of their runs, {percentage(of_others)} of others'",
            }
            for name, share, of_others in sorted(group.shares, key=lambda row: (-row[1], row[0]))[:_DRAWN]
        ]
        text = f"What the {group.people:,} people of group {number} run."
        small.append((f"Group {number}: {group.people:,} people", drawing.bars(data, "percent", "%", text).narrow))
    return [Figure("workflows", "What each group runs most, as the mean of its people's shares", rows, small=small)]
