"""The sentences that answer the questions, each with its figures."""

from __future__ import annotations

from instrumented_make.report.figures import AGES_DAYS, Answers, Time
from instrumented_make.report.queries import OTHER
from instrumented_make.report.words import counted, listed
from instrumented_make.stats import Figures, duration, monday, percentage


def runs(found: Answers) -> int:
    """How many runs there are."""
    return sum(row.runs for row in found.summary.figures)


def by_runs(found: Answers) -> list[Figures]:
    """The commands, those run most first."""
    return sorted(found.summary.figures, key=lambda row: (-row.runs, row.command))


def scope(found: Answers) -> str:
    """What was looked at."""
    first, last = found.timeline[0].week, found.timeline[-1].week
    commands = counted(len(found.summary.figures), "command")
    when = f"in the weeks from {monday(first)} to {monday(last)}" if first < last else f"in the week of {monday(first)}"
    return f"{commands} {when}. Times are UTC."


def tiles(found: Answers) -> list[tuple[str, str]]:
    """The figures that come first."""
    failed = sum(row.failed for row in found.summary.figures)
    total_ms = sum(row.total_ms for row in found.summary.figures)
    return [
        ("Runs", f"{runs(found):,}"),
        *([("People", f"{found.people:,}")] if found.people > 1 else []),
        ("Hours spent", f"{total_ms / 3_600_000:,.0f}"),
        ("Failed", percentage(failed / runs(found))),
    ]


def footer(hidden: int, min_people: int) -> list[str]:
    """What a reader should know."""
    lines = [
        "A run failed when its exit status is positive, and was interrupted when a signal ended it. "
        "Its duration is the time until it succeeded, failed or was interrupted."
    ]
    if hidden:
        commands = "1 command is" if hidden == 1 else f"{hidden} commands are"
        lines.append(f"{commands} shown as “other”: each was run by fewer than {min_people} people.")
    return lines


def used(found: Answers) -> str:
    """Which command is used most."""
    first, *rest = by_runs(found)
    share = percentage(first.runs / runs(found))
    text = f"{first.command} is used most: {first.runs:,} of {counted(runs(found), 'run')} ({share})"
    if found.people > 1:
        text += f", by {first.people:,} of {counted(found.people, 'person', 'people')}"
    return f"{text}{_next(rest, found)}."


def _next(rest: list[Figures], found: Answers) -> str:
    if not rest:
        return ""
    names = [f"{row.command} ({percentage(row.runs / runs(found))})" for row in rest[:2]]
    return f"; {listed(names)} follow{'s' if len(names) == 1 else ''}"


def time(found: Answers) -> str:
    """Which command takes the most time."""
    first, *rest = found.summary.figures
    text = (
        f"{first.command} takes the most time: {duration(first.total_ms)}, {percentage(found.summary.share(first))} of "
        f"all that was spent, with a median of {duration(first.median_ms)} a run"
    )
    if rest:
        both = found.summary.share(first) + found.summary.share(rest[0])
        text += f"; with {rest[0].command} it is {percentage(both)}"
    return f"{text}."


def endings(found: Answers) -> str:
    """Which commands end badly, and when that was worst."""
    figures = found.summary.figures
    # Of what is hardly ever run, a single mishap is a large share.
    often = [row for row in figures if row.runs >= runs(found) / 100 and row.command != OTHER] or figures
    failing = max(often, key=lambda row: (row.failed / row.runs, row.command))
    killed = max(often, key=lambda row: (row.interrupted / row.runs, row.command))
    if not failing.failed and not killed.interrupted:
        return "No run failed and none was interrupted."
    parts = []
    if failing.failed:
        parts.append(
            f"{failing.command} fails most: {percentage(failing.failed / failing.runs)} of {failing.runs:,} runs"
        )
    if killed.interrupted:
        share = percentage(killed.interrupted / killed.runs)
        parts.append(f"{killed.command} is interrupted most: {share} of {killed.runs:,} runs")
    text = "; ".join(parts) + "."
    worst = max(found.timeline, key=lambda row: (_failing(row), row.week))
    if failing.failed and len(found.timeline) > 1:
        overall = sum(row.failed for row in found.timeline) / runs(found)
        text += (
            f" Most failed in the week of {monday(worst.week)}: {percentage(_failing(worst))} of runs, against "
            f"{percentage(overall)} overall."
        )
    return text


def _failing(week: Time) -> float:
    return week.failed / week.runs


def ages(found: Answers) -> str:
    """How old the code is that people work on."""
    if not found.ages:
        return "No run on the main branch is on record with the time of its commit."
    weeks = found.ages[-4:]
    people = sum(row.people for row in weeks)
    day, week, month = (percentage(sum(row.at_least[place] for row in weeks) / people) for place in range(3))
    old = (
        f"on commits that were {AGES_DAYS[1]} days old or older, {month} on commits of {AGES_DAYS[2] // 7} weeks or "
        f"more, and {day} on commits of a day or more."
    )
    if found.people == 1:
        return f"Of the last {_weeks(len(weeks))} with such runs you worked {week} {old}"
    return f"In the last {_weeks(len(weeks))}, {week} of people worked {old}"


def _weeks(number: int) -> str:
    return "week" if number == 1 else f"{number} weeks"


def weeks(found: Answers) -> str:
    """What happened over time."""
    whole = found.timeline[1:-1] if len(found.timeline) > 4 else found.timeline
    first, last = whole[0], whole[-1]
    if first is last:
        return f"All runs are of one week, that of {monday(first.week)}: {duration(first.total_ms)} in all."
    text = (
        f"From the week of {monday(first.week)} to that of {monday(last.week)} the time spent went from "
        f"{duration(first.total_ms)} to {duration(last.total_ms)}"
    )
    if found.people == 1:
        return f"{text}."
    per = [row.total_ms / row.people for row in (first, last)]
    return (
        f"{text}, of {first.people:,} and {last.people:,} people: {duration(per[0])} and {duration(per[1])} for each."
    )
