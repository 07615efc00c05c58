"""A team whose every run is known: worlds to check the report's statements against, and the examples' history.

In a world people join and leave, learn, go on holiday, get new machines, pull when they think of it, find cold caches
in the morning, lose patience, and try again what failed; weeks differ, and one change may help or harm. Everything but
the calendar is switched off unless a world asks for it, so that a test says what it is about.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt
from dateutil.easter import easter

HOUR_S = 3600
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S
# Newcomers' slowness falls to a third in so many weeks.
LEARNING_WEEKS = 3
# Three in four people who get new machines have theirs within so many weeks of each other.
ROLLOUT_WEEKS = 2
# A closed lid: this long, in hours, at least and at most.
ASLEEP_H = (1, 14)
_HOURS = [1, 1, 1, 1, 1, 2, 6, 20, 60, 95, 100, 85, 50, 70, 95, 100, 90, 60, 30, 16, 10, 6, 3, 2]
_DAYS = [0.9, 1, 1, 0.95, 0.7, 0.05, 0.04]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Command:
    """How often of all runs, how long (seconds), how widely spread (of its logarithm), and how often it ends badly.

    ``drift``: by how much each week is slower than the last (of logarithms).
    """

    name: str
    weight: float = 1
    median_s: float = 20
    sigma: float = 0.6
    failing: float = 0.05
    interrupted: float = 0.02
    drift: float = 0


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does to one command: times ``speed``, and fails or is interrupted so often, if that is given.

    ``week``: on whose Monday it is committed; ``until``: on whose Monday it is taken back; both from 0.
    """

    week: float
    until: float | None = None
    command: str = "c0"
    speed: float = 1.0
    failing: float | None = None
    interrupted: float | None = None


@dataclass(frozen=True, slots=True)
class World:
    """What is true of a team. Shares are from 0 to 1; slowness and differences are of logarithms of durations.

    ``runs_a_week``: of a person, of all commands. ``growth``: how many times as many runs there are at the end.
    ``shock``: by how much a week differs from others, for everybody; ``likeness``: its correlation with the week
    before; ``shared``: whether all commands differ alike. ``outage``: of which command most runs fail, and from which
    week to which. ``joining``, ``leaving``: shares of people; ``learning``: how slow a newcomer is at first.
    ``upgrade``: the week around which people get new machines, and what these multiply durations by. ``office``: the
    share of people in it, the week from which on its network is slow, and how many times. ``cold``: how many times as
    long the first run of a day takes. ``patience_s``: how long people wait for a run, typically, before they interrupt
    it. ``retries``: the chance that what failed is tried again at once. ``habit``: after which command which other is
    run at once, and with what chance. ``tails``: the share of runs with heavy tails; ``asleep``: that of runs during
    which the lid is closed. ``busiest``: the share of all runs that one person makes, whose machine takes
    ``new_machine`` times as long from the middle on. ``pull_every_days``: typically. ``commits_a_week``: on the main
    branch. ``ways``: ways of working, each with the share of people who work so, and the weights of the commands to
    them, instead of the commands' own. ``variety``: how people of one way differ, as the concentration of a Dirichlet
    distribution around it. ``existing``: from which week to which a command exists. ``renamed``: in which week a commit
    gives a command the name of another, which people have when they pulled it.
    """

    people: int = 40
    weeks: int = 26
    commands: tuple[Command, ...] = tuple(Command(f"c{number}") for number in range(4))
    runs_a_week: float = 12
    end: date = date(2026, 7, 6)
    change: Change | None = None
    growth: float = 1
    shock: float = 0
    likeness: float = 0
    shared: bool = False
    outage: tuple[str, float, float] | None = None
    joining: float = 0
    leaving: float = 0
    learning: float = 0
    upgrade: tuple[float, float] | None = None
    office: tuple[float, float, float] | None = None
    cold: float = 1
    patience_s: float = math.inf
    retries: float = 0
    habit: tuple[str, str, float] | None = None
    asleep: float = 0
    tails: float = 0
    busiest: float = 0
    new_machine: float = 1
    pull_every_days: float = 3.5
    commits_a_week: float = 10
    ways: tuple[tuple[float, tuple[float, ...]], ...] = ()
    variety: float = math.inf
    existing: tuple[tuple[str, float, float], ...] = ()
    renamed: tuple[tuple[str, str, float], ...] = ()

    @property
    def begin_s(self) -> int:
        """The Monday on which it begins, in seconds since 1970."""
        return _midnight_s(self.end) - self.weeks * WEEK_S


@dataclass(frozen=True, slots=True)
class Runs:
    """An element for each run, in the order of their starts.

    ``person`` and ``command`` from 0; times in seconds since 1970; ``plain_s``: how long it would have taken without
    the change; ``pulled_s``: the time of the commit on the main branch that was last pulled.
    """

    person: Integers
    start_s: Floats
    command: Integers
    duration_s: Floats
    status: Integers
    pulled_s: Floats
    plain_s: Floats

    def of(self, at: Integers | Truths) -> Runs:
        """Only these."""
        return Runs(*(getattr(self, column.name)[at] for column in fields(self)))


class Team:
    """The people of a world, the commits that they pull, and the weeks that they share: the same for the same seed."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.seed = world, seed
        people = world.people
        rng = np.random.default_rng([seed, 0])
        self.activity = rng.lognormal(0, 0.8, people)
        if world.busiest:
            self.activity[0] = self.activity[1:].sum() * world.busiest / (1 - world.busiest)
        self.activity /= self.activity.mean()
        self.slowness = 0.3 * rng.standard_normal(people)
        self.mishaps = rng.lognormal(0, 0.4, people) / math.exp(0.08)
        self._pull_every_s = world.pull_every_days * rng.lognormal(0, 0.9, people) * DAY_S
        self._pull_phase_s = rng.random(people) * self._pull_every_s
        self._joins_s = _some(rng, people, world.joining, world, -math.inf)
        self._leaves_s = _some(rng, people, world.leaving, world, math.inf)
        week, self._faster = world.upgrade or (0.0, 1.0)
        self._upgraded_s = world.begin_s + (week + ROLLOUT_WEEKS * rng.laplace(0, 0.72, people)) * WEEK_S
        share, week, self._slower = world.office or (0.0, 0.0, 1.0)
        self._in_office = np.arange(people) >= round(people * (1 - share))
        self._office_s = world.begin_s + week * WEEK_S
        self._levels = _levels(rng, world)
        self._away = _away(rng, world)
        # Commits began long before the history does.
        before = 57
        number = round((world.weeks + before) * world.commits_a_week)
        committed = world.begin_s - before * WEEK_S + rng.random(number) * (world.weeks + before) * WEEK_S
        self.change_s = world.begin_s + round((world.change.week if world.change else 0) * WEEK_S) + 10 * HOUR_S
        until = world.change.until if world.change else None
        self._back_s = math.inf if until is None else world.begin_s + until * WEEK_S + 10 * HOUR_S
        own = [at for at in (self.change_s, self._back_s) if world.change and math.isfinite(at)]
        self._commits_s = np.sort(np.append(np.floor(committed), own))
        self.way, self._mix = _mixes(np.random.default_rng([seed, 4]), world)

    def runs(self, first: int = 0, last: int | None = None) -> Runs:
        """All runs that begin in the weeks from ``first`` (from 0) to before ``last``, and their retries."""
        world = self.world
        last = world.weeks if last is None else last
        rng = np.random.default_rng([self.seed, 1, first])
        weeks = np.arange(first, last)
        growth = np.linspace(1, world.growth, world.weeks)
        often = np.outer(self.activity * world.runs_a_week, (growth / growth.mean())[weeks])
        person, week = np.indices(often.shape).reshape(2, -1).repeat(rng.poisson(often.ravel()), axis=1)
        start_s = world.begin_s + weeks[week] * WEEK_S + _moments(rng, len(week))
        day = ((start_s - world.begin_s) // DAY_S).astype(np.int64)
        there = ~self._away[person, day] & (start_s >= self._joins_s[person]) & (start_s < self._leaves_s[person])
        command = self._choose(rng, person)
        there &= self._exists(command, start_s)
        command = self._renamed(person, command, start_s)
        found = [self._outcome(rng, person[there], command[there], start_s[there])]
        for _ in range(3):
            again = found[-1].of((found[-1].status > 0) & (rng.random(len(found[-1].person)) < world.retries))
            pause_s = rng.exponential(120, len(again.person))
            found.append(self._outcome(rng, again.person, again.command, again.start_s + again.duration_s + pause_s))
        if world.habit is not None:
            names = [item.name for item in world.commands]
            done, next_, chance = names.index(world.habit[0]), names.index(world.habit[1]), world.habit[2]
            after = Runs(*(np.concatenate([getattr(part, column.name) for part in found]) for column in fields(Runs)))
            after = after.of((after.command == done) & (rng.random(len(after.person)) < chance))
            begin_s = after.start_s + after.duration_s + rng.exponential(120, len(after.person))
            found.append(self._outcome(rng, after.person, np.full_like(after.command, next_), begin_s))
        every = Runs(*(np.concatenate([getattr(part, column.name) for part in found]) for column in fields(Runs)))
        return every.of(np.argsort(every.start_s, kind="stable"))

    def _choose(self, rng: np.random.Generator, person: Integers) -> Integers:
        """The command of each run."""
        chance = rng.random(len(person))
        if self._mix is not None:
            return np.asarray((chance[:, None] > self._mix[person, :-1]).sum(axis=1), dtype=np.int64)
        weight = np.cumsum([command.weight for command in self.world.commands])
        return np.searchsorted(weight / weight[-1], chance)

    def _exists(self, command: Integers, start_s: Floats) -> Truths:
        week = (start_s - self.world.begin_s) / WEEK_S
        exists = np.ones(len(command), dtype=bool)
        for name, first, last in self.world.existing:
            exists &= (command != self._place(name)) | ((week >= first) & (week < last))
        return exists

    def _renamed(self, person: Integers, command: Integers, start_s: Floats) -> Integers:
        for old, new, week in self.world.renamed:
            pulled = self._checked_out(person, start_s) >= self.world.begin_s + week * WEEK_S
            command = np.where((command == self._place(old)) & pulled, self._place(new), command)
        return command

    def _place(self, name: str) -> int:
        return [command.name for command in self.world.commands].index(name)

    def _outcome(self, rng: np.random.Generator, person: Integers, command: Integers, start_s: Floats) -> Runs:
        """How these runs go."""
        world, rows = self.world, len(person)
        median, sigma, failing, interrupted = (
            np.array([getattr(item, name) for item in world.commands])[command]
            for name in ("median_s", "sigma", "failing", "interrupted")
        )
        week = np.clip(((start_s - world.begin_s) // WEEK_S).astype(np.int64), 0, world.weeks - 1)
        level = np.log(median) + self.slowness[person] + self._levels[command, week] + sigma * rng.standard_normal(rows)
        level += world.learning * np.exp(-(start_s - self._joins_s[person]) / (LEARNING_WEEKS * WEEK_S))
        level += math.log(self._faster) * (start_s >= self._upgraded_s[person])
        level += math.log(self._slower) * (self._in_office[person] & (start_s >= self._office_s))
        level += math.log(world.new_machine) * ((person == 0) & (start_s >= world.begin_s + world.weeks * WEEK_S / 2))
        level += math.log(world.cold) * self._first_of_day(person, start_s)
        level += np.where(rng.random(rows) < world.tails, np.log(1 + rng.pareto(1.5, rows)), 0)
        pulled_s = self._checked_out(person, start_s)
        failing, interrupted = failing * self.mishaps[person], interrupted * np.ones(rows)
        plain_s = duration_s = np.exp(level)
        names = [item.name for item in world.commands]
        if world.change is not None:
            after = (command == names.index(world.change.command)) & (pulled_s >= self.change_s)
            after &= pulled_s < self._back_s
            duration_s = np.exp(level + math.log(world.change.speed) * after)
            if world.change.failing is not None:
                failing = np.where(after, world.change.failing * self.mishaps[person], failing)
            if world.change.interrupted is not None:
                interrupted = np.where(after, world.change.interrupted, interrupted)
        if world.outage is not None:
            name, begin, end = world.outage
            out = (start_s >= world.begin_s + begin * WEEK_S) & (start_s < world.begin_s + end * WEEK_S)
            failing = np.where(out & (command == names.index(name)), 0.6, failing)
        chance = rng.random(rows)
        failed = chance < np.minimum(failing, 0.9)
        killed = ~failed & (1 - chance < interrupted)
        part = np.where(failed | killed, rng.uniform(0.05, 1, rows), 1)
        patience_s = world.patience_s * rng.lognormal(0, 0.5, rows)
        given_up = duration_s * part > patience_s
        status = np.where(given_up | killed, -2, np.where(failed, 2, 0)).astype(np.int64)
        asleep_s = np.where(rng.random(rows) < world.asleep, rng.uniform(*ASLEEP_H, rows) * HOUR_S, 0)
        waited = [np.minimum(seconds * part, patience_s) + asleep_s for seconds in (duration_s, plain_s)]
        return Runs(person, start_s, command, waited[0], status, pulled_s, waited[1])

    def _checked_out(self, person: Integers, start_s: Floats) -> Floats:
        """The time of the commit on the main branch that each person had last pulled."""
        every, phase = self._pull_every_s[person], self._pull_phase_s[person]
        pulled_s = np.floor((start_s - phase) / every) * every + phase
        return self._commits_s[np.maximum(np.searchsorted(self._commits_s, pulled_s, side="right") - 1, 0)]

    def _first_of_day(self, person: Integers, start_s: Floats) -> Truths:
        order = np.lexsort([start_s, person])
        day = (start_s[order] // DAY_S).astype(np.int64)
        first = np.ones(len(order), dtype=bool)
        first[1:] = (np.diff(day) != 0) | (np.diff(person[order]) != 0)
        told = np.empty(len(order), dtype=bool)
        told[order] = first
        return told


def _midnight_s(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp())


def _some(rng: np.random.Generator, people: int, share: float, world: World, never: float) -> Floats:
    """For each person a moment of the history or, for all but a ``share`` of them, ``never``."""
    moments = world.begin_s + rng.random(people) * world.weeks * WEEK_S
    return np.where(rng.random(people) < share, moments, never)


def _mixes(rng: np.random.Generator, world: World) -> tuple[Integers, Floats | None]:
    """For each person the number of their way of working, and how often they run each command or one before it.

    None if all draw from the commands' own weights.
    """
    ways = world.ways or ((1.0, tuple(command.weight for command in world.commands)),)
    if not world.ways and math.isinf(world.variety):
        return np.zeros(world.people, dtype=np.int64), None
    until = np.cumsum([share for share, _ in ways])[:-1] * world.people
    way = np.searchsorted(until, np.arange(world.people), side="right")
    weight = np.array([weights for _, weights in ways], dtype=float)
    mix = (weight / weight.sum(axis=1, keepdims=True))[way]
    if math.isfinite(world.variety):
        mix = np.array([rng.dirichlet(world.variety * row + 1e-9) for row in mix])
    return way, np.cumsum(mix, axis=1)


def _levels(rng: np.random.Generator, world: World) -> Floats:
    """How slow each command (rows) is in each week."""
    rows = 1 if world.shared else len(world.commands)
    level = rng.standard_normal((rows, world.weeks))
    for week in range(1, world.weeks):
        level[:, week] *= math.sqrt(1 - world.likeness**2)
        level[:, week] += world.likeness * level[:, week - 1]
    return world.shock * level + np.outer([command.drift for command in world.commands], np.arange(world.weeks))


def _moments(rng: np.random.Generator, runs: int) -> Floats:
    """Seconds since the beginning of a week at which people work."""
    of_week = np.outer(_DAYS, _HOURS).ravel()
    begun = np.append(0, np.cumsum(of_week)) / of_week.sum()
    hours: Floats = np.interp(rng.random(runs), begun, np.arange(len(begun), dtype=float))
    return hours * HOUR_S


def _away(rng: np.random.Generator, world: World) -> Truths:
    """Whether each person (rows) does not work on each day: public holidays, and weeks of leave."""
    begin = world.end - timedelta(weeks=world.weeks)
    days = [begin + timedelta(days=number) for number in range(world.weeks * 7)]
    closed = {day for year in {day.year for day in days} for day in _holidays(year)}
    away = np.tile([day in closed for day in days], (world.people, 1))
    summer = [number for number, day in enumerate(days) if day.month in (7, 8)]
    for person in range(world.people):
        starts = list(rng.integers(0, len(days), rng.poisson(world.weeks / 17)))
        blocks = [(start, 7) for start in starts] + [(int(rng.choice(summer)), 14)] * (len(summer) > 30)
        for start, length in blocks:
            away[person, start : start + length] = True
    return away


def _holidays(year: int) -> Iterator[date]:
    yield from (easter(year) + timedelta(days=number) for number in (-2, 1, 39, 50))
    yield from (date(year, month, day) for month, day in ((1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)))
