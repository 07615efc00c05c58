"""Which changes are told: those that were not, and that every report has found for a while.

A report finds something in 5 % of cases if nothing changed, and each day's is another chance. Most of what is found by
chance is gone with the next days' runs, and what did change is not (docs/reliability.md has the rates).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from instrumented_make.report.options import Earlier
from instrumented_make.report.questions.changed import Change, document, is_new

_SAME = ("command", "measure", "worse", "week")
_SINCE = "since_s"

Changes = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """``told``: the changes to tell now. ``known``: all that were told, as a report's ``--since-last`` reads them.

    ``waiting``: those that are not told yet, with ``since_s``, the time since which every report has found them.
    """

    told: tuple[Change, ...] = ()
    known: Changes = ()
    waiting: Changes = ()


def sort(found: Sequence[Change], known: Changes, waiting: Changes, now_s: int, after_s: int) -> Findings:
    """What becomes of the changes ``found`` now; those that have been found for ``after_s`` are told."""
    told, still = [], []
    for change in found:
        if not is_new(change.shift, Earlier("", known)):
            continue
        earlier = [one[_SINCE] for one in waiting if not is_new(change.shift, Earlier("", (one,)))]
        since_s = min([*earlier, now_s])
        if now_s - since_s >= after_s:
            told.append(change)
        else:
            still.append({**_brief(change), _SINCE: since_s})
    # A change that is known may be dated a week later now; and one that is not found for a while is not new afterwards.
    seen = [_brief(change) for change in found if change in told or not is_new(change.shift, Earlier("", known))]
    return Findings(tuple(told), tuple(_each_once((*known, *seen))), tuple(still))


def _brief(change: Change) -> dict[str, Any]:
    [whole] = document([change])
    return {name: whole[name] for name in _SAME}


def _each_once(changes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        dict(zip(_SAME, one, strict=True)) for one in dict.fromkeys(tuple(c[name] for name in _SAME) for c in changes)
    ]
