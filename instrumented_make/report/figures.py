"""Asks the engine the questions, and turns what it says into figures.

Nothing that names or numbers a person gets further than this module, and no command that few people use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from instrumented_make.errors import failure
from instrumented_make.report import queries
from instrumented_make.report.events import Source, rows
from instrumented_make.report.progress import Steps
from instrumented_make.stats import MEDIAN, P95, WEEK_S, Figures, Selection, Summary, Week, hundredths, selected
from instrumented_make.text import printable

SPREAD = (5, 25, MEDIAN, 75, P95)
AGES_DAYS = (1, 7, 28)


@dataclass(frozen=True, slots=True)
class Hour:
    """Runs started in one hour of the week; ``hour`` counts from Monday 0:00 UTC, to 167."""

    hour: int
    runs: int
    failed: int
    interrupted: int


@dataclass(frozen=True, slots=True)
class Time:
    """One week of everything; ``week`` as in :class:`reporter.summary.Week`."""

    week: int
    people: int
    runs: int
    total_ms: int
    failed: int
    interrupted: int


@dataclass(frozen=True, slots=True)
class Age:
    """How many of a week's ``people`` worked on code of at least 1, 7 and 28 days (AGES_DAYS), on the main branch."""

    week: int
    people: int
    at_least: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """All that a report shows. ``spread``: for each command its durations in ms at the percentages SPREAD."""

    summary: Summary
    people: int
    spread: dict[str, tuple[float, ...]]
    hours: tuple[Hour, ...]
    timeline: tuple[Time, ...]
    ages: tuple[Age, ...]


class History:
    """The runs of a source that a selection takes, without what may not be told."""

    def __init__(self, source: Source, selection: Selection, min_people: int, steps: Steps) -> None:
        """``min_people``: a command that fewer people ran is shown as part of OTHER; in one's own history none is."""
        self.name = source.name
        self.event = source.event
        self._source = source
        self.own = source.own
        self.selection = selection
        self._steps = steps
        self.min_people = min_people
        self._exact = source.engine in queries.EXACT
        steps.begin("Reading the events")
        every = queries.selected(queries.runs(source.events), selection)
        totals = self._ask(queries.totals(every))
        # Names come from whoever sends events. What would drive a terminal, a page or a printer is told nowhere.
        odd = {row["command"]: name for row in totals if (name := printable(row["command"])) != row["command"]}
        if odd:
            every = queries.renamed(every, odd)
            totals = self._ask(queries.totals(every))
        kept = [row["command"] for row in totals if self.may_be_told(row["people"])]
        self.hidden = len(totals) - len(kept)
        self._runs = queries.regrouped(every, kept) if self.hidden else every
        self._totals = self._ask(queries.totals(self._runs)) if self.hidden else totals
        for command in selection.commands:
            if command not in {row["command"] for row in self._totals}:
                few = "" if self.own else f", or fewer than {min_people} people did"
                raise failure(f"nobody ran {command}{few}", path=source.name)

    @property
    def commands(self) -> list[str]:
        """The commands that can be compared: those shown, without OTHER, which is a different mixture every week."""
        chosen = self.selection.commands
        names = [row["command"] for row in sorted(self._totals, key=lambda row: (-row["total_ms"], row["command"]))]
        mixed = {queries.OTHER} if self.hidden else set()
        return [name for name in names if name not in mixed and (not chosen or name in chosen)]

    def summary(self) -> Summary:
        """The figures of every command shown."""
        return self._summary(self._spread((MEDIAN, P95)))

    def _spread(self, percents: tuple[int, ...]) -> dict[str, dict[int, float]]:
        """For each command its durations in ms at these percentages."""
        self._steps.begin("Finding how long runs take")
        return {
            row["command"]: {percent: hundredths(row[f"p{percent}"]) for percent in percents}
            for row in self._ask(queries.spread(self._runs, percents, exact=self._exact))
        }

    def _summary(self, spread: dict[str, dict[int, float]]) -> Summary:
        self._steps.begin("Finding medians of weeks")
        weeks: dict[str, list[Week]] = {}
        for row in self._ask(queries.weeks(self._runs, (MEDIAN,), exact=self._exact)):
            weeks.setdefault(row["command"], []).append(Week(row["week"], row["count"], hundredths(row[f"p{MEDIAN}"])))
        figures = [
            Figures(
                command=row["command"],
                people=row["people"],
                runs=row["runs"],
                total_ms=int(row["total_ms"]),
                median_ms=spread[row["command"]][MEDIAN],
                p95_ms=spread[row["command"]][P95],
                failed=row["failed"],
                interrupted=row["interrupted"],
                weeks=tuple(sorted(weeks[row["command"]], key=lambda week: week.number)),
            )
            for row in self._totals
        ]
        return selected(figures, self.selection.commands)

    def answers(self) -> Answers:
        """All that a page shows; with ``commands`` selected, of those alone."""
        spread = self._spread(SPREAD)
        summary = self._summary(spread)
        shown = self._runs
        if self.selection.commands:
            shown = shown.filter(shown.command.isin(list(self.selection.commands)))
        self._steps.begin("Finding when runs fail")
        hours = [
            Hour(row["hour"], row["runs"], row["failed"], row["interrupted"]) for row in self._ask(queries.hours(shown))
        ]
        self._steps.begin("Finding how old the code was")
        ages = [
            Age(row["week"], row["people"], tuple(row[f"at_least_{days}"] for days in AGES_DAYS))
            for row in self._ask(queries.ages(shown, AGES_DAYS))
        ]
        self._steps.begin("Following the weeks")
        timeline = [
            Time(row["week"], row["people"], row["runs"], int(row["total_ms"]), row["failed"], row["interrupted"])
            for row in self._ask(queries.timeline(shown))
        ]
        people = self._ask(queries.people(shown))[0]["people"]
        durations = {command: tuple(of.values()) for command, of in spread.items()}
        return Answers(summary, people, durations, tuple(hours), tuple(timeline), tuple(ages))

    def sides(self, command: str, change_s: int, window_weeks: int) -> Any:
        """The runs of ``command`` before and after a change, as :func:`analysis.queries.sides` counts them.

        Only runs on the main branch: on another, the time of a commit does not say what is in it. Only runs that
        started within ``window_weeks`` of it: over years, much else changes.
        """
        self._steps.begin(f"Comparing {command}")
        start_s, window_s = self._runs.start_s, window_weeks * WEEK_S
        runs = self._runs.filter(self._runs.on_master, start_s >= change_s - window_s, start_s < change_s + window_s)
        return rows(self._source, queries.sides(runs, command, change_s))

    def may_be_told(self, people: int) -> bool:
        """Whether so many are enough; in one's own history one is."""
        return self.own or people >= self.min_people

    def _ask(self, question: Any) -> list[dict[str, Any]]:
        answer: list[dict[str, Any]] = rows(self._source, question).to_pylist()
        return answer
