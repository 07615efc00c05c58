"""Which commands are no longer run, or were not before some week? Neither rare use nor a holiday is an end.

*Silence.* The weeks after a command's last run, of those in which anybody ran anything, are at least LEAST_SILENT, and
twice as many as it was ever silent for before: what is run only before a release, or in a project, comes back.

*Chance.* If a person ran it as often as before, each of their uses could as well be in any of their weeks; that none is
in those after the last run has the chance (weeks until then / all weeks) ** uses. Only weeks with a run of anything
count, so nobody is missed who is on holiday or left. A person's uses within BLOCK weeks are one: people work on one
thing for some time. The product over the people, without the one who contributes most, is below FALSE_ALARM, divided by
the number of commands. The last run needs no correction for being the last: an earlier one only has a lower chance.

What is new is found in the same way, with time reversed. ``tests/report/test_commands.py`` checks both by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from instrumented_make.report.estimators.panel import Integers

FALSE_ALARM = 0.001
LEAST_SILENT = 4
# In how many weeks a command was run, at least, before anybody can miss it.
LEAST_USED = 4
BLOCK = 4
# So many weeks after their last run of one command, people begin with the one that replaces it; or in the week before,
# if they went back once. Who has the new one for longer than that did not need it instead of the old one.
TAKEN_UP = 3
BACK = 1
# When people would have run a command again is known of those who did so at least this often, in weeks.
REGULAR = 3


@dataclass(frozen=True, slots=True)
class Uses:
    """Who ran what when: an element for each ``person``, ``week`` and ``command``, in which NOTHING is any other."""

    person: Integers
    week: Integers
    command: Integers

    def of_each(self, command: int) -> Iterator[Uses]:
        """Those of one person who ran ``command``, and then those of the next."""
        order = np.argsort(self.person, kind="stable")
        person = self.person[order]
        ends = [*(np.flatnonzero(np.diff(person)) + 1).tolist(), len(person)]
        for begin, end in zip([0, *ends], ends, strict=False):
            own = Uses(*(column[order[begin:end]] for column in (self.person, self.week, self.command)))
            if (own.command == command).any():
                yield own

    @property
    def reversed(self) -> Uses:
        """The same in a time that runs backwards."""
        return Uses(self.person, -self.week, self.command)


NOTHING = -1


def silent(command: Integers, week: Integers) -> dict[int, int]:
    """The last week of each command that is silent since, for long enough; an element for each command in each week."""
    weeks = _distinct(week)
    found = {}
    for one in _distinct(command).tolist():
        used = np.searchsorted(weeks, _distinct(week[command == one]))
        since = len(weeks) - 1 - int(used[-1])
        before = int(np.diff(used).max(initial=1)) - 1
        if len(used) >= LEAST_USED and since >= max(LEAST_SILENT, 2 * before):
            found[one] = int(weeks[used[-1]])
    return found


def is_missed(uses: Uses, command: int, last: int, commands: int, *, least: int, own: bool = False) -> bool:
    """Whether that ``command``, one of so many, would have been run since the week ``last``, but for chance.

    ``least``: so many people who ran it are there since then; ``own``: they may be one.
    """
    chance = []
    for theirs in uses.of_each(command):
        weeks, used = _weeks(theirs, command)
        until = int((weeks <= last).sum())
        if until < len(weeks):
            chance.append(len(_distinct((last - used) // BLOCK)) * math.log(until / len(weeks)))
    if len(chance) < least:
        return False
    return sum(chance) - (0 if own else min(chance)) < math.log(FALSE_ALARM / commands)


def taken_up(uses: Uses, old: int, new: int) -> tuple[int, int]:
    """How many of those who regularly ran ``old``, and are there since, began to run ``new`` then; and of how many.

    Then is within TAKEN_UP weeks; or later, if they had been without the old one for as long before.
    """
    moved = stayed = 0
    for own in uses.of_each(old):
        weeks, used = _weeks(own, old)
        begun = own.week[own.command == new]
        if len(used) < REGULAR or weeks[-1] == used[-1]:
            continue
        stayed += 1
        longest = max(TAKEN_UP, int(np.diff(used).max()))
        moved += bool(len(begun) and -BACK <= begun.min() - used[-1] <= longest)
    return moved, stayed


def _distinct(values: Integers) -> Integers:
    """The sorted values, each once; NumPy's own function imports its masked arrays first."""
    return np.array(sorted({*values.tolist()}), dtype=np.int64)


def _weeks(own: Uses, command: int) -> tuple[Integers, Integers]:
    """The weeks in which one person ran anything, and those in which it was the command."""
    return _distinct(own.week), _distinct(own.week[own.command == command])
