"""The report as one page that needs nothing else: the specification's questions, each with a sentence and charts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime, timezone

from instrumented_make.report import answers, charts, weekly, words
from instrumented_make.report.change import Comparison, comparisons
from instrumented_make.report.drawing import Drawing
from instrumented_make.report.figures import AGES_DAYS, Answers, History
from instrumented_make.report.progress import Steps
from instrumented_make.stats import Figures, context, duration, monday, percentage
from instrumented_make.templating import environment

# More bars than this are no picture any more; the tables have everything.
SHOWN_COMMANDS = 15
SHOWN_MEDIANS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart below its caption: one, or several ``small`` ones, each with its name."""

    caption: str
    drawing: Drawing | None = None
    small: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Section:
    """A question of the specification with its answer: a sentence, charts, and the figures as a table."""

    anchor: str
    question: str
    answer: str
    figures: list[Figure] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def page(history: History, steps: Steps, change_s: int | None, window_weeks: int) -> str:
    """The text of the page. Raise UserError when the engine refuses."""
    found = history.answers()
    compared = comparisons(history, change_s, window_weeks) if change_s is not None else []
    steps.begin("Drawing")
    whose = "your make commands" if history.own else "make commands"
    template = environment(autoescape=True).get_template("report.html.j2")
    about = context(history.name, history.event, history.selection, found.summary.figures)
    if not found.summary.figures:
        nothing = "No such runs are on record."
        return template.render(
            title=f"What {whose} cost", scope=nothing, context=about, tiles=[], sections=[], footer=[]
        )
    sections = [_used(found), _time(found), _endings(found), _ages(found), _weeks(found, change_s)]
    if change_s is not None:
        sections.append(_change(compared, change_s, window_weeks))
    return template.render(
        title=f"What {whose} cost",
        scope=answers.scope(found),
        context=about,
        tiles=answers.tiles(found),
        sections=sections,
        footer=answers.footer(history.hidden, history.min_people),
    )


def _shown(found: Answers) -> list[Figures]:
    return list(found.summary.figures[:SHOWN_COMMANDS])


def _of_commands(caption: str, found: Answers, most: str = "take the most time") -> str:
    """The caption of a chart of commands, with what it leaves out."""
    if len(found.summary.figures) <= SHOWN_COMMANDS:
        return caption
    return f"{caption}; of {len(found.summary.figures):,} commands the {SHOWN_COMMANDS} that {most}"


def _used(found: Answers) -> Section:
    figures = answers.by_runs(found)
    answer = answers.used(found)
    return Section(
        "used",
        "Which commands are used most often?",
        answer,
        [
            Figure(
                _of_commands("Runs of each command", found, "are run most"),
                charts.used(figures[:SHOWN_COMMANDS], answer),
            )
        ],
        ["command", "runs", "of all runs", "people"],
        [
            [row.command, f"{row.runs:,}", percentage(row.runs / answers.runs(found)), f"{row.people:,}"]
            for row in figures
        ],
    )


def _time(found: Answers) -> Section:
    answer = answers.time(found)
    shown = _shown(found)
    return Section(
        "time",
        "Which commands take up the most of people's time?",
        answer,
        [
            Figure(
                _of_commands("Hours spent in each command, and its share", found),
                charts.time_taken(found.summary, shown, answer),
            ),
            Figure(
                "How long a run takes: nine in ten lie on the line, half of them in the bar; the gap is the median",
                charts.durations(found.spread, shown, "How long a run of each command takes; the figures are below."),
            ),
        ],
        ["command", "time", "of all time", "5 %", "25 %", "median", "75 %", "95 %"],
        [
            [
                row.command,
                duration(row.total_ms),
                percentage(found.summary.share(row)),
                *(duration(value) for value in found.spread[row.command]),
            ]
            for row in found.summary.figures
        ],
    )


def _endings(found: Answers) -> Section:
    answer = answers.endings(found)
    return Section(
        "endings",
        "Which commands fail or are killed, and when?",
        answer,
        [
            Figure(
                _of_commands("Runs that failed or were interrupted by a signal, of all runs", found),
                charts.endings(_shown(found), answer),
            ),
            Figure(
                "When: the stronger the colour, the larger the share; hours with hardly any run are left blank",
                charts.hours(found.hours, "The share of runs that failed or were interrupted, by hour of the week."),
            ),
        ],
        ["command", "runs", "failed", "of runs", "interrupted", "of runs"],
        [
            [
                row.command,
                f"{row.runs:,}",
                f"{row.failed:,}",
                percentage(row.failed / row.runs),
                f"{row.interrupted:,}",
                percentage(row.interrupted / row.runs),
            ]
            for row in found.summary.figures
        ],
    )


def _ages(found: Answers) -> Section:
    answer = answers.ages(found)
    question = "How long do people stay on old commits?"
    if not found.ages:
        return Section("ages", question, answer)
    caption = "People by the age of the commits that they ran commands on, on the main branch, on average over a week"
    return Section(
        "ages",
        question,
        answer,
        [Figure(caption, weekly.ages(found.ages, answer))],
        ["week of", "people", *(f"{days} days or older" for days in AGES_DAYS)],
        [
            [monday(row.week), f"{row.people:,}", *(percentage(count / row.people) for count in row.at_least)]
            for row in found.ages
        ],
    )


def _weeks(found: Answers, change_s: int | None) -> Section:
    answer = answers.weeks(found)
    dashed = "" if change_s is None else "; the dashed line is the change"
    largest = _shown(found)[:SHOWN_MEDIANS]
    return Section(
        "weeks",
        "What happened over time?",
        answer,
        [
            Figure(
                f"Hours spent in all commands, each week{dashed}", weekly.time_over(found.timeline, answer, change_s)
            ),
            Figure(
                "Runs that failed or were interrupted, each week",
                weekly.endings_over(
                    found.timeline, "The shares of runs that failed or were interrupted, by week.", change_s
                ),
            ),
            Figure(
                "Median duration, each week, of the commands that take the most time",
                small=[(row.command, weekly.median_over(row, change_s)) for row in largest],
            ),
        ],
        ["week of", "people", "runs", "time", "failed", "interrupted"],
        [
            [
                monday(row.week),
                f"{row.people:,}",
                f"{row.runs:,}",
                duration(row.total_ms),
                percentage(row.failed / row.runs),
                percentage(row.interrupted / row.runs),
            ]
            for row in found.timeline
        ],
    )


def _change(compared: list[Comparison], change_s: int, window_weeks: int) -> Section:
    answer = words.verdict(compared)
    when = datetime.fromtimestamp(change_s, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    drawings = [
        (
            "Time that a run takes on commits since the change, compared with before; the line is the interval",
            charts.forest(compared, answer, of_failures=False),
        ),
        ("Runs that fail, in percentage points", charts.forest(compared, answer, of_failures=True)),
    ]
    return Section(
        "change",
        f"Did the change of {when} help?",
        answer,
        [Figure(caption, drawing) for caption, drawing in drawings if drawing is not None],
        [
            "command",
            "people",
            "runs before",
            "after",
            "typical before",
            "after",
            "time",
            "failed before",
            "after",
            "points",
        ],
        [_compared(row) for row in compared],
        [*words.sentences(compared), words.method(window_weeks)],
    )


def _compared(row: Comparison) -> list[str]:
    time, failures = row.duration, row.failures
    return [
        row.command,
        f"{time.people:,}" if time else "0",
        f"{row.runs_before:,}",
        f"{row.runs_after:,}",
        *([duration(time.before), duration(time.after), f"{math.exp(time.estimate) - 1:+.1%}"] if time else "---"),
        *(
            [percentage(failures.before), percentage(failures.after), f"{failures.estimate * 100:+.1f}"]
            if failures
            else "---"
        ),
    ]
