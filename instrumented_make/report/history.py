"""The runs that a report covers, and what it may show about them.

Every question reaches the engine through this module. Nothing that identifies a person leaves it, nor any command that
few people use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from instrumented_make.errors import failure
from instrumented_make.figures import (
    MEDIAN,
    P95,
    Automated,
    Figures,
    Selection,
    Summary,
    Week,
    hundredths,
    longest_ms,
    summary_of,
)
from instrumented_make.report import queries
from instrumented_make.report.engine import Column
from instrumented_make.report.estimators.panel import Truths
from instrumented_make.report.estimators.ratio import interval
from instrumented_make.report.estimators.weekly import Weekly, by_command, presence, waits
from instrumented_make.report.events import Source, columns, name_table, store
from instrumented_make.report.options import Options
from instrumented_make.report.progress import Steps
from instrumented_make.text import printable
from instrumented_make.times import DAY_S, begin_of, latest_s, week_of

SPREAD = (5, 25, MEDIAN, 75, P95)
OF_WEEKS = (MEDIAN, 90, P95)
# At most this many runs are summed by person and week at once; there are no more sums than runs.
_AT_ONCE = 10_000_000


@dataclass(frozen=True, slots=True)
class Time:
    """One week of everything, or of every command that people wait for; ``week`` as in :class:`figures.Week`."""

    week: int
    people: int
    runs: int
    total_ms: int
    failed: int
    interrupted: int


@dataclass(frozen=True, slots=True)
class Members:
    """People who work alike, whose runs are a history of their own: a table of each ``user_id``, never shown.

    ``group``: its number; ``text``: who they are.
    """

    group: int
    ids: Any
    text: str


class History:
    """The selected runs of a source, without what may not be shown."""

    def __init__(
        self,
        source: Source,
        selection: Selection,
        min_people: int,
        steps: Steps,
        options: Options | None = None,
        members: Members | None = None,
    ) -> None:
        """``min_people``: commands that fewer people ran are shown together, except in a person's own history.

        ``members``: only their runs count.
        """
        self.name = source.name
        self.event = source.event
        self._source = source
        self.own = source.own
        self.selection = selection
        self.options = options or Options()
        self._steps = steps
        self.min_people = min_people
        steps.begin("Reading the events")
        self.members = members
        events = source.events if members is None else source.events.semi_join(members.ids, "user_id")
        self._events = name_table(source, events, "of_members") if members is not None else events
        counted = self._events if selection.all_callers else queries.by_people(self._events)
        records = queries.select_runs(queries.records(counted, latest_s(), self.options.by), selection)
        records = name_table(source, records, "selected")
        runs, sums, totals, spread = self._sum(records)
        # Names come from anyone who sends events. Never show characters that would control a terminal or a printer.
        odd = {row["command"]: name for row in totals if (name := printable(row["command"])) != row["command"]}
        if odd:
            runs, sums, totals, spread = self._sum(name_table(source, queries.rename_commands(records, odd), "renamed"))
        tellable = [row["command"] for row in totals if self.may_be_told(row["people"])]
        self.hidden = len(totals) - len(tellable)
        # They are marked before they are folded, since time in an interactive one is not waiting.
        inside = sorted(self.options.targets.interactive)
        self._runs = name_table(source, queries.fold_others(runs, tellable, inside), "shown") if self.hidden else runs
        self._sums = queries.fold_others(sums, tellable, inside) if self.hidden else sums
        self.others = {queries.OTHER, queries.OTHER_INTERACTIVE} if self.hidden else set()
        self.interactive = {*inside, queries.OTHER_INTERACTIVE} if self.hidden else set(inside)
        self._totals = self.ask(queries.totals(self._sums)) if self.hidden else totals
        # For each command its durations in ms at the percentages SPREAD.
        if self.hidden:
            spread |= self._spread(self._runs.filter(self._runs.command.isin(sorted(self.others))))
        self.spread = {row["command"]: spread[row["command"]][:-1] for row in self._totals}
        for command in selection.commands:
            if command not in {row["command"] for row in self._totals}:
                few = "" if self.own else f", or fewer than {min_people} people did"
                raise failure(f"nobody ran {command}{few}", path=source.name)

    def _sum(self, records: Any) -> tuple[Any, Any, list[dict[str, Any]], dict[str, tuple[float, ...]]]:
        """The runs among ``records``, their sums, and for each command these, and what :meth:`_spread` finds."""
        runs = queries.runs(records)
        spread = self._spread(runs)
        most = {command: longest_ms(values[SPREAD.index(P95)]) for command, values in spread.items()}
        longest = {command: ms for command, ms in most.items() if spread[command][-1] > ms}
        every = store(self._source, queries.sums(records, longest), "sums")
        [row] = self.ask(queries.exceptions(every))
        self.left_out, self.cut = int(row["left_out"]), int(row["cut"])
        self._first_s, self._last_s = int(row["first_s"]), int(row["last_s"])
        sums = queries.runs(every)
        return runs, sums, self.ask(queries.totals(sums)), spread

    def _spread(self, runs: Any) -> dict[str, tuple[float, ...]]:
        """For each command its durations in ms at the percentages SPREAD, and the longest."""
        self.begin("Finding how long runs take")
        return self.quantiles(runs, (*SPREAD, 100))

    def may_be_told(self, people: int) -> bool:
        """Whether this many people are enough to show; in a person's own history, one is."""
        return self.own or people >= self.min_people

    @property
    def commands(self) -> list[str]:
        """The commands that can be compared: those shown, without the others, a different mixture every week."""
        chosen = self.selection.commands
        names = [row["command"] for row in sorted(self._totals, key=lambda row: (-row["total_ms"], row["command"]))]
        return [name for name in names if name not in self.others and (not chosen or name in chosen)]

    @property
    def runs(self) -> Any:
        """All runs, as an Ibis table."""
        return self._runs

    @property
    def sums(self) -> Any:
        """The sums of all runs by command, person and week, as :func:`queries.sums`."""
        return self._sums

    @cached_property
    def stretches(self) -> Any:
        """All runs as :func:`queries.stretches`, of :attr:`names`; :attr:`cut_runs`, since a laptop may have slept."""
        self.begin("Following each person's runs")
        wanted = self.cut_runs.select(*queries.in_order(), "user_id", "commit_s", "on_master")
        return self.keep(queries.stretches(wanted, self.numbered, self.names), "stretches")

    @cached_property
    def names(self) -> list[str]:
        """Every command, the one with most runs first."""
        return [row["command"] for row in sorted(self._totals, key=lambda row: (-row["runs"], row["command"]))]

    def places(self, commands: Iterable[str]) -> list[int]:
        """Where these are in :attr:`names`."""
        return [self.names.index(name) for name in commands if name in self.runs_of]

    @cached_property
    def numbered(self) -> Any:
        """Every ``user_id`` with the number of that person in :attr:`stretches`, and in no output."""
        return self.keep(queries.people_of(self._sums), "numbered")

    @property
    def cut_runs(self) -> Any:
        """All runs, none longer than it counts for."""
        p95 = SPREAD.index(P95)
        return queries.cut(self._runs, {name: longest_ms(values[p95]) for name, values in self.spread.items()})

    @property
    def shown_sums(self) -> Any:
        """The :attr:`sums` of the selected commands, if any are selected, or all."""
        return self._choose(self._sums)

    @property
    def shown(self) -> Any:
        """The runs of the selected commands, if any are selected, or all."""
        return self._choose(self._runs)

    @property
    def awaited(self) -> Any:
        """The shown runs that people wait for."""
        return self._choose_awaited(self._runs)

    def _choose(self, table: Any) -> Any:
        chosen = list(self.selection.commands)
        return table.filter(table.command.isin(chosen)) if chosen else table

    def _choose_awaited(self, table: Any) -> Any:
        shown = self._choose(table)
        return shown.filter(~shown.command.isin(sorted(self.interactive))) if self.interactive else shown

    @property
    def runs_of(self) -> dict[str, int]:
        """How many runs each command has."""
        return {row["command"]: row["runs"] for row in self._totals}

    def columns(self, question: Any) -> dict[str, Column]:
        """The engine's answer, column by column. Raise UserError if the engine fails."""
        return columns(self._source, question)

    def ask(self, question: Any) -> list[dict[str, Any]]:
        """The same, row by row."""
        columns = self.columns(question)
        return [
            dict(zip(columns, row, strict=True))
            for row in zip(*(column.tolist() for column in columns.values()), strict=True)
        ]

    def keep(self, table: Any, name: str) -> Any:
        """The same rows, computed once if the engine runs here."""
        return store(self._source, table, name)

    def quantiles(self, table: Any, percents: Sequence[int]) -> dict[Any, tuple[float, ...]]:
        """For each ``command`` of ``table`` the quantiles of its ``duration_ms``, in ms."""
        return {
            row["command"]: tuple(hundredths(row[f"p{percent}"]) for percent in percents)
            for row in self.ask(queries.spread(table, percents, engine=self._source.engine))
        }

    def members_of(self, group: int, people: Sequence[int], text: str) -> Members:
        """These people, by their numbers in :attr:`weekly`, as what another history of the same source is made of."""
        ids = self.numbered.filter(self.numbered.person.isin(list(people))).select("user_id")
        return Members(group, self.keep(ids, "members"), text)

    def begin(self, step: str) -> None:
        """Announce a step that may take long."""
        self._steps.begin(step)

    @cached_property
    def summary(self) -> Summary:
        """The figures of every command shown, those that people wait for first."""
        weeks: dict[str, list[Week]] = {}
        self.begin("Finding medians of weeks")
        for row in self.ask(queries.weeks(self._runs, OF_WEEKS, engine=self._source.engine)):
            median, p90, p95 = (hundredths(row[f"p{percent}"]) for percent in OF_WEEKS)
            weeks.setdefault(row["command"], []).append(Week(row["week"], row["count"], median, p90, p95))
        figures = [
            Figures(
                command=row["command"],
                people=row["people"],
                runs=row["runs"],
                total_ms=int(row["total_ms"]),
                median_ms=self.spread[row["command"]][SPREAD.index(MEDIAN)],
                p95_ms=self.spread[row["command"]][SPREAD.index(P95)],
                failed=row["failed"],
                interrupted=row["interrupted"],
                weeks=tuple(sorted(weeks[row["command"]], key=lambda week: week.number)),
                interactive=row["command"] in self.interactive,
            )
            for row in self._totals
        ]
        summary = summary_of(figures, self.selection.commands, last=self.others, cut=self.cut)
        return replace(summary, automated=self._automated())

    def _automated(self) -> Automated | None:
        """The selected runs that count nowhere, since no person started them."""
        if self.selection.all_callers:
            return None
        events = queries.by_people(self._events, automated=True)
        records = queries.select_runs(queries.records(events, latest_s()), self.selection)
        [row] = self.ask(queries.automated(self._choose(queries.runs(records))))
        if not row["runs"]:
            return None
        told = self.may_be_told(row["people"])
        return Automated(int(row["runs"]), int(row["failed"])) if told else Automated(None, None)

    @cached_property
    def timeline(self) -> list[Time]:
        """Every week with runs: how many people ran anything, and how the runs went that they waited for."""
        self.begin("Following the weeks")
        rows = self.ask(queries.timeline(self.shown_sums))
        if not self.interactive:
            return [Time(**row) for row in rows]
        awaited = {row["week"]: row for row in self.ask(queries.timeline(self._choose_awaited(self._sums)))}
        nothing = {"runs": 0, "total_ms": 0, "failed": 0, "interrupted": 0}
        return [
            Time(**{**nothing, **awaited.get(row["week"], {}), "week": row["week"], "people": row["people"]})
            for row in rows
        ]

    @property
    def partial(self) -> set[int]:
        """The weeks of which there is only a part: the first run is after its Monday, or the last before its Friday."""
        first, last = week_of(self._first_s), week_of(self._last_s)
        late, early = self._first_s - begin_of(first) >= DAY_S, self._last_s - begin_of(last) < 4 * DAY_S
        return {week for week, cut in ((first, late), (last, early)) if cut}

    @property
    def complete(self) -> list[Time]:
        """The :attr:`timeline` without the partial weeks, or with them if there are no others."""
        return [row for row in self.timeline if row.week not in self.partial] or self.timeline

    @cached_property
    def people(self) -> int:
        """How many people ran any of the shown commands."""
        return int(self.ask(queries.people(self.shown_sums))[0]["people"])

    @property
    def unit(self) -> str:
        """What a mean is of: people or, in one person's history, weeks."""
        return "week" if self.own or self.people == 1 else "person"

    @property
    def person_weeks(self) -> int:
        """The sum, over all people, of the weeks in which each of them ran anything."""
        return sum(row.people for row in self.timeline)

    @property
    def waiting_ms_per_person_and_week(self) -> float:
        """How long one person waits in a week in which they run anything."""
        return sum(row.total_ms for row in self.timeline) / max(self.person_weeks, 1)

    @cached_property
    def waiting_range_ms(self) -> tuple[float, float] | None:
        """Where that mean may be for people like these, or for weeks like these in one person's history."""
        return self.range_of([row.command for row in self.summary.figures if not row.interactive])

    def range_of(self, commands: Sequence[str]) -> tuple[float, float] | None:
        """The same for the time that these commands take, in ms; None with too few people or weeks."""
        if not self.summary.figures:
            return None
        awaited = (self.weekly[command] for command in commands)
        return interval(*waits(awaited, *self._presence, alone=self.unit == "week"))

    @cached_property
    def _presence(self) -> tuple[int, Truths]:
        return presence({row.command: self.weekly[row.command] for row in self.summary.figures})

    @cached_property
    def weekly(self) -> dict[str, Weekly]:
        """The runs of each command by person and week; a person has one number in all of them."""
        found: dict[str, Weekly] = {}
        ahead = [row["command"] for row in self._totals]
        while ahead:
            self.begin("Following people through the weeks")
            runs, few = 0, 0
            while few < len(ahead) and (not few or runs + self.runs_of[ahead[few]] <= _AT_ONCE):
                runs, few = runs + self.runs_of[ahead[few]], few + 1
            names, ahead = ahead[:few], ahead[few:]
            found |= by_command(self.columns(queries.by_week(self._sums, names)), names)
        return found
