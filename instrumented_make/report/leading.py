"""The text above and below the answers."""

from __future__ import annotations

from instrumented_make.report.history import History
from instrumented_make.report.questions.waiting import per_person_and_week_ms
from instrumented_make.report.words import counted, week_of
from instrumented_make.stats import context, duration, monday, percentage


def about(history: History) -> list[str]:
    """Where the figures come from, what counts, the period, and what made them."""
    other = counted(history.left_out, "event")
    more = [f"left out: {other} with a missing or impossible value"] if history.left_out else []
    return context(history.name, history.event, history.selection, history.summary.figures, *more)


def scope(history: History) -> str:
    """What the report covers."""
    first, last = history.timeline[0].week, history.timeline[-1].week
    commands = counted(len(history.summary.figures), "command")
    when = f"the weeks from {monday(first)} to {monday(last)}" if first < last else week_of(first)
    return f"{commands} in {when}. Times are UTC."


def tiles(history: History) -> list[tuple[str, str]]:
    """The headline figures, first of all how long one person waits in a week."""
    awaited = [row for row in history.summary.figures if not row.interactive]
    runs = sum(row.runs for row in awaited)
    failed = sum(row.failed for row in awaited)
    people = [] if history.own else [("People", f"{history.people:,}")]
    return [
        (f"Waiting per {'' if history.own else 'person and '}week", duration(per_person_and_week_ms(history))),
        ("Failed", percentage(failed / runs) if runs else "-"),
        *people,
        ("Runs", f"{sum(row.runs for row in history.summary.figures):,}"),
    ]


def footer(history: History) -> list[str]:
    """What a reader should know."""
    lines = [
        "A run failed if its exit status is positive, and was interrupted if a signal ended it. Its duration is "
        "the time until it succeeded, failed or was interrupted."
    ]
    if history.hidden:
        commands = "1 command is" if history.hidden == 1 else f"{history.hidden} commands are"
        lines.append(f"{commands} shown as “other”: each was run by fewer than {history.min_people} people.")
    return lines
