"""Why do people wait more or less than before? This explains a page with both faster commands and longer waiting."""

from __future__ import annotations

from functools import cache
from typing import Any

from instrumented_make.layout import duration
from instrumented_make.report.estimators.parts import LEVEL, Part, Parts, divide
from instrumented_make.report.history import History
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import in_brackets

_METHOD = (
    f"The second half of the weeks is compared with the first, per person and week. In brackets: {LEVEL:.0%} ranges, "
    "for other such people and for all causes at once. Holidays count as running commands less often."
)
_CAUSES = {
    "often": ("they ran commands more often", "they ran commands less often"),
    "longer": ("a run took longer", "a run took less time"),
    "others": ("they ran other commands", "they ran other commands"),
}


def ask(history: History) -> Section | None:
    """The section; None in one person's own history, and with too few weeks or people."""
    parts = find_parts(history)
    if parts is None:
        return None
    answer = _answer(parts)
    return Section(
        "why",
        "Why do people wait more or less?",
        answer,
        [_METHOD],
        lambda: _figures(parts, answer),
        ["cause", "per person and week", "from", "to"],
        [[name, *(_signed(value) for value in (part.ms, part.low, part.high))] for name, part in _named(parts).items()],
    )


@cache
def find_parts(history: History) -> Parts | None:
    """What the change of waiting is made of."""
    if history.own or not history.may_be_told(history.people):
        return None
    shown = {row.command: row for row in history.summary.figures}
    weekly = {command: history.weekly[command] for command in shown}
    return divide(weekly, {command: runs for command, runs in weekly.items() if not shown[command].interactive})


def document(parts: Parts | None) -> dict[str, Any] | None:
    """For programs: the whole change and its causes, in ms per person and week."""
    if parts is None:
        return None
    return {name: {"ms": part.ms, "low": part.low, "high": part.high} for name, part in _by_name(parts).items()}


def _by_name(parts: Parts) -> dict[str, Part]:
    return {"whole": parts.whole, "often": parts.often, "longer": parts.longer, "others": parts.others}


def _named(parts: Parts) -> dict[str, Part]:
    found = _by_name(parts)
    return {"all": found.pop("whole"), **{_CAUSES[name][part.ms < 0]: part for name, part in found.items()}}


def _answer(parts: Parts) -> str:
    causes = [
        f"{_more(part)} because {_CAUSES[name][part.ms < 0]}"
        for name, part in _by_name(parts).items()
        if name in _CAUSES and part.is_certain
    ]
    if not causes:
        return "It is not certain that they wait more or less, nor that any cause of it changed."
    text = f"{', and '.join(causes)}."
    if not parts.whole.is_certain:
        return f"Whether people wait more or less is not certain, but it is {text}"
    return f"In the second half of these weeks, each person waited {_more(parts.whole)} a week: {text}"


def _more(part: Part) -> str:
    low, high = sorted((abs(part.low), abs(part.high)))
    return f"{duration(abs(part.ms))} {'more' if part.ms > 0 else 'less'}{in_brackets((low, high))}"


def _signed(value: float) -> str:
    return f"{'-' if value < 0 else '+'}{duration(abs(value))}"


def _figures(parts: Parts, answer: str) -> list[Figure]:
    rows: Rows = [
        {"cause": name, "minutes": part.ms / 60_000, "from": part.low / 60_000, "to": part.high / 60_000}
        for name, part in _named(parts).items()
    ]
    caption = "What changed waiting per person and week, in minutes; the line is the range"
    return [Figure("why", caption, rows, _draw(rows, answer))]


def _draw(rows: Rows, answer: str) -> Drawing:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    data: Rows = [
        {
            "command": row["cause"],
            "low": row["from"],
            "middle": row["minutes"],
            "high": row["to"],
            "colour": drawing.of_interval(row["from"], row["to"]),
            "text": f"{row['cause']}: {row['minutes']:+.1f} min, from {row['from']:+.1f} to {row['to']:+.1f}",
        }
        for row in rows
    ]
    return drawing.intervals(data, "minutes per person and week", answer)
