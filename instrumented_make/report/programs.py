"""The report for programs: as JSON, which the next report can read (``--since-last``), or as CSV."""

from __future__ import annotations

import json

from instrumented_make import stats
from instrumented_make.report.history import History
from instrumented_make.report.questions import changed, helped
from instrumented_make.report.questions.waiting import per_person_and_week_ms


def as_json(history: History) -> str:
    """One JSON object: the figures of every command, what changed, and, if asked, whether a change helped."""
    document = {
        "made": stats.made(),
        **stats.document(history.summary),
        "waiting_ms_per_person_and_week": per_person_and_week_ms(history) if history.timeline else None,
        "changes": changed.document(changed.changes(history)),
    }
    if history.options.change_s is not None:
        document["change"] = helped.document(helped.comparisons(history), history.options.change_s)
    return json.dumps(document, indent=2) + "\n"


def as_csv(history: History) -> str:
    """A line for each command: its figures or, with ``--change``, what the change did to it."""
    if history.options.change_s is not None:
        return helped.as_csv(helped.comparisons(history))
    return stats.as_csv(history.summary)
