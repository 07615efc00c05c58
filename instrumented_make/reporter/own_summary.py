"""A developer's own history: what ``metrics-stats`` shows, from the outbox alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from instrumented_make.figures import Automated, Run, Selection, Summary, is_possible, summarise
from instrumented_make.properties import AUTOMATED
from instrumented_make.reporter.outbox import PATIENCE_S, open_outbox
from instrumented_make.times import latest_s, week_of

_PROPERTIES = ("command", "duration_ms", "exit_status", "start_time", "git_checked_out_master", "is_test", "caller")


def summarise_outbox(path: Path, selection: Selection) -> Summary:
    """The summary of every event in the outbox at ``path``, sent or not, that ``selection`` matches.

    Raise sqlite3.Error.
    """
    if not path.exists():
        return Summary((), 0, 0)
    with open_outbox(path, PATIENCE_S) as outbox:
        runs = list(_runs(outbox.properties(*_PROPERTIES), selection))
    counted = [run for run, is_automated in runs if selection.all_callers or not is_automated]
    others = [run for run, is_automated in runs if is_automated and not selection.all_callers]
    chosen = [run for run in others if not selection.commands or run.command in selection.commands]
    automated = Automated(len(chosen), sum(run.exit_status > 0 for run in chosen)) if chosen else None
    return replace(summarise(counted, selection.commands), automated=automated)


def _runs(rows: Iterator[tuple[object, ...]], selection: Selection) -> Iterator[tuple[Run, bool]]:
    """Each run, and whether an agent or a program started it."""
    latest = latest_s()
    for command, duration_ms, exit_status, start_time, on_master, is_test, caller in rows:
        if (selection.only_master and not on_master) or (not selection.include_test and is_test != "false"):
            continue
        try:
            start_s = datetime.fromisoformat(str(start_time)).timestamp()
        except ValueError:  # damaged
            continue
        if not isinstance(command, str) or not isinstance(duration_ms, int) or not isinstance(exit_status, int):
            continue
        if not is_possible(duration_ms, start_s, latest):
            continue
        if selection.since_s is None or start_s >= selection.since_s:
            yield Run(command, duration_ms, exit_status, week_of(start_s)), caller in AUTOMATED
