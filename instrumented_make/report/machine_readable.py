"""The report for programs: as JSON, which the next report can read (``--since-last``), or as CSV."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

from instrumented_make import layout
from instrumented_make.report.history import History
from instrumented_make.report.questions import (
    attempt,
    behaved,
    changed,
    commands,
    debugging,
    helped,
    paths,
    pulls,
    split,
    waiting,
    why,
    workflows,
)
from instrumented_make.times import time_of_report

_ANSWERS: dict[str, tuple[ModuleType, Callable[[History], Any]]] = {
    "changes": (changed, lambda history: changed.document(changed.find_changes(history))),
    "waiting_changed": (why, lambda history: why.document(why.find_parts(history))),
    "hours": (waiting, waiting.document),
    "new_and_gone": (commands, lambda history: commands.document(commands.find_new_and_gone(history))),
    "ways_of_working": (workflows, lambda history: workflows.document(workflows.find_ways(history))),
    "debugging": (debugging, lambda history: debugging.document(debugging.find(history).of)),
    "paths": (paths, lambda history: paths.document(paths.find(history))),
    "work_after_pull": (pulls, lambda history: pulls.document(pulls.find(history))),
}
_ONLY_IF_ASKED: dict[str, tuple[ModuleType, Callable[[History], Any]]] = {
    "behaviour": (behaved, lambda history: behaved.document(behaved.find(history))),
    "split": (split, lambda history: split.document(split.find_parts(history))),
}


def as_json(history: History) -> str:
    """One JSON object: the figures of every command, and what is found in them.

    An answer that fails, by a mistake of ours, is null. With ``--change`` each command that could be compared has the
    fields of both.
    """
    low_ms, high_ms = history.waiting_range_ms or (None, None)
    document: dict[str, Any] = {
        "made": time_of_report(),
        "group": history.members and history.members.group,
        **layout.document(history.summary),
        "left_out": history.left_out,
        "waiting_ms_per_person_and_week": history.waiting_ms_per_person_and_week if history.timeline else None,
        "waiting_ms_per_person_and_week_low": low_ms,
        "waiting_ms_per_person_and_week_high": high_ms,
    }
    asked = {"behaviour": history.options.change_s is not None, "split": history.options.by is not None}
    wanted = _ANSWERS | {name: answer for name, answer in _ONLY_IF_ASKED.items() if asked[name]}
    for name, (question, answer) in wanted.items():
        document[name] = _attempt(history, question, answer)
    if history.options.change_s is not None:
        compared = helped.document(helped.compare_all(history), history.options.change_s)
        figures = {row["command"]: row for row in document["commands"]}
        both = [{**figures[row["command"]], **row} for row in compared["commands"]]
        document |= {**compared, "commands": both}
    return json.dumps(document, indent=2) + "\n"


def _attempt(history: History, question: ModuleType, answer: Callable[[History], Any]) -> Any:
    found: list[Any] = []
    attempt(history, question, lambda: found.append(answer(history)))
    return found[0] if found else None


def as_csv(history: History) -> str:
    """A line for each command: its figures or, with ``--change``, what the change did to it."""
    if history.options.change_s is not None:
        return helped.as_csv(helped.compare_all(history))
    return layout.as_csv(history.summary)
