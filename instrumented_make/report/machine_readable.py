"""The report for programs: as JSON, which the next report can read (``--since-last``), or as CSV."""

from __future__ import annotations

import json
from typing import Any

from instrumented_make import layout
from instrumented_make.report.history import History
from instrumented_make.report.questions import (
    attempt,
    changed,
    commands,
    debugging,
    helped,
    paths,
    waiting,
    why,
    workflows,
)
from instrumented_make.times import time_of_report


def as_json(history: History) -> str:
    """One JSON object: the figures of every command, and what is found in them.

    With ``--change`` each command that could be compared has the fields of both. ``changes``, ``debugging``, ``paths``,
    ``new_and_gone`` and ``ways_of_working`` are null if they could not be looked for, by a mistake of ours.
    """
    low_ms, high_ms = history.waiting_range_ms or (None, None)
    changes: list[list[dict[str, Any]]] = []
    failed = attempt(history, changed, lambda: changes.append(changed.document(changed.find_changes(history))))
    new_and_gone: list[list[dict[str, Any]]] = []
    attempt(history, commands, lambda: new_and_gone.append(commands.document(commands.find_new_and_gone(history))))
    ways: list[dict[str, Any]] = []
    attempt(history, workflows, lambda: ways.append(workflows.document(workflows.find_ways(history))))
    led: list[list[dict[str, Any]]] = []
    attempt(history, debugging, lambda: led.append(debugging.document(debugging.find(history)[0])))
    followed: list[list[dict[str, Any]]] = []
    attempt(history, paths, lambda: followed.append(paths.document(paths.find(history))))
    document: dict[str, Any] = {
        "made": time_of_report(),
        **layout.document(history.summary),
        "left_out": history.left_out,
        "waiting_ms_per_person_and_week": history.waiting_ms_per_person_and_week if history.timeline else None,
        "waiting_ms_per_person_and_week_low": low_ms,
        "waiting_ms_per_person_and_week_high": high_ms,
        "changes": changes[0] if failed is None else None,
        "waiting_changed": why.document(why.find_parts(history)) if history.timeline else None,
        "hours": waiting.document(history) if history.timeline else [],
        "new_and_gone": new_and_gone[0] if new_and_gone else None,
        "ways_of_working": ways[0] if ways else None,
        "debugging": led[0] if led else None,
        "paths": followed[0] if followed else None,
    }
    if history.options.change_s is not None:
        compared = helped.document(helped.compare_all(history), history.options.change_s)
        figures = {row["command"]: row for row in document["commands"]}
        both = [{**figures[row["command"]], **row} for row in compared["commands"]]
        document |= {**compared, "commands": both}
    return json.dumps(document, indent=2) + "\n"


def as_csv(history: History) -> str:
    """A line for each command: its figures or, with ``--change``, what the change did to it."""
    if history.options.change_s is not None:
        return helped.as_csv(helped.compare_all(history))
    return layout.as_csv(history.summary)
