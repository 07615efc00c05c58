"""Did people work differently after the change? This section appears only with ``--change``.

How often people run what, in a day on which they run anything, before they had the commit and since; and how long it
took until they had it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from instrumented_make.report.estimators.effect import (
    FALSE_ALARM,
    Days,
    Effect,
    Often,
    add_intervals,
    compare_often,
    only_of_enough,
)
from instrumented_make.report.estimators.panel import Integers
from instrumented_make.report.history import History
from instrumented_make.report.queries import HOUR_S, in_order, number_people
from instrumented_make.report.questions.helped import COULD_BE_ELSE, FITS, NOTHING_ELSE, day_of, within
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import count_of
from instrumented_make.times import DAY_S, minute

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

ALL = "all commands"
# Of the people who were there before.
SHARES = {0.5: "half", 0.9: "nine in ten"}
_TOLD = 3
# Between the last run of a day and the first of the next there is more, and within a working day less.
NIGHT_S = 10 * HOUR_S


def days(runs: Any, change_s: int) -> Any:
    """How many ``runs`` of each ``command`` a ``person`` made on each working day, ``number``, that began on ``day``.

    Working days end with a pause of NIGHT_S: people live in all time zones, and the rest of a calendar day before a
    holiday elsewhere would look like a lazy one. Days on which a person got the commit are left out,
    since they are neither before nor ``after`` it.
    """
    ordered = {"group_by": "user_id", "order_by": in_order()}
    table = runs.mutate(pause_s=runs.start_s - runs.start_s.lag(1).over(ibis.window(**ordered)))
    new = (table.pause_s >= NIGHT_S).fill_null(True)
    table = table.mutate(number=new.ifelse(1, 0).sum().over(ibis.cumulative_window(**ordered)))
    table = table.filter(table.on_master, table.commit_s.notnull())
    table = table.mutate(after=(table.commit_s >= change_s).ifelse(1, 0), day=day_of(table, change_s))
    table = table.group_by(["user_id", "number", "after", "command"]).agg(runs=table.count(), day=table.day.min())
    whole_day = ibis.window(group_by=["user_id", "number"])
    marked = table.mutate(
        first=table.after.min().over(whole_day),
        last=table.after.max().over(whole_day),
        day=table.day.min().over(whole_day),
    )
    return number_people(marked.filter(marked.first == marked.last).drop("first", "last"))


def waits(runs: Any, change_s: int) -> Any:
    """For each person who was there before: the seconds since the change until the first run on its commit, ``had_s``,
    or null, and until the last run, ``last_s``.
    """  # noqa: D205  (it returns two things)
    main = runs.filter(runs.on_master, runs.commit_s.notnull())
    has = (main.commit_s >= change_s) & (main.start_s >= change_s)
    of_person = main.group_by("user_id").agg(
        first_s=main.start_s.min() - change_s,
        last_s=main.start_s.max() - change_s,
        had_s=has.ifelse(main.start_s - change_s, ibis.null()).min(),
    )
    return of_person.filter(of_person.first_s < 0, of_person.last_s >= 0).select("had_s", "last_s")


@dataclass(frozen=True, slots=True)
class Adoption:
    """How long until people had a commit, of the ``people`` who were there before it.

    ``had``: how many had it until their last run. ``days``: for each of SHARES the days until so many had it, or None
    if they have not yet. ``curve``: the share that had it after so many whole days.
    """

    people: int
    had: int
    days: Mapping[float, float | None]
    curve: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How often people run each command, the one that takes most time first; and in all, if that can be told."""

    often: list[Often]
    adoption: Adoption | None


def ask(history: History) -> Section | None:
    """The section; None without ``--change``."""
    change_s = history.options.change_s
    if change_s is None:
        return None
    found = find(history)
    answer = f"{_about_often(found.often)} {_about_adoption(found.adoption, own=history.own)}".strip()
    return Section(
        "behaved",
        f"Did people work differently after the change of {minute(change_s)}?",
        answer,
        [
            "How often: on working days with any run on the main branch, in the same weeks as above, but not on the "
            f"day on which a person got the commit. A working day ends with a pause of ten hours. {NOTHING_ELSE}, the "
            f"chance of reporting a change in any command is at most {FALSE_ALARM:.0%}."
        ],
        lambda: _figures(found, answer),
        ["command", "people", "a day before", "a day since", "difference"],
        [_row(item, item.runs) for item in found.often if item.runs is not None],
    )


@cache
def find(history: History) -> Behaviour:
    """What people did before and since. A team's report leaves out effects on too few people."""
    change_s = history.options.change_s or 0
    history.begin("Comparing what people run")
    runs = within(history.runs, change_s, history.options.window_weeks)
    table = history.columns(days(runs, change_s))
    often: list[Often] = []
    if len(table["person"]):
        which = np.stack([table["person"], table["number"]])
        known, first, cell = np.unique(which, axis=1, return_index=True, return_inverse=True)
        cell = cell.reshape(-1)
        whole = Days(known[0], table["after"][first], table["day"][first])
        rng = np.random.default_rng(0)
        # Those that are shown together are part of all, but not compared by themselves.
        at: Mapping[str, Any] = {ALL: slice(None), **{name: table["command"] == name for name in history.commands}}
        for name, chosen in at.items():
            number: Integers = np.bincount(cell[chosen], table["runs"][chosen], known.shape[1]).astype(np.int64)
            often.append(only_of_enough(compare_often(name, whole, number, rng), history.may_be_told))
    return Behaviour(add_intervals(often), _adoption(history, change_s))


def _adoption(history: History, change_s: int) -> Adoption | None:
    """By Kaplan and Meier (1958): people who left before they had it count for as long as they were there."""
    from scipy import stats  # noqa: PLC0415  (rarely needed)

    table = history.columns(waits(history.runs, change_s).fill_null({"had_s": -1}))
    had = table["had_s"] >= 0
    if not len(had) or not history.may_be_told(len(had)):
        return None
    waited = stats.CensoredData(table["had_s"][had] / DAY_S, right=table["last_s"][~had] / DAY_S)
    curve = stats.ecdf(waited).cdf
    share, reached = curve.probabilities, curve.quantiles
    until = {}
    for wanted in SHARES:
        enough = np.flatnonzero(share >= wanted - 1e-9)
        until[wanted] = float(reached[enough[0]]) if len(enough) else None
    # When exactly one of them pulled is nobody's business.
    steps = dict(zip(np.ceil(reached).astype(int).tolist(), share.tolist(), strict=True))
    return Adoption(len(had), int(had.sum()), until, tuple(steps.items()))


def _about_often(often: Sequence[Often]) -> str:
    told = [_sentence(item, item.runs) for item in often if item.runs is not None and item.runs.changed]
    if told:
        more = f"; {len(told) - _TOLD} more are in the figures" if len(told) > _TOLD else ""
        return f"{told[0][0].upper()}{'; '.join(told[:_TOLD])[1:]}{more}."
    if any(item.runs is not None and item.runs.enough for item in often):
        return "Cannot tell: the runs of no command show that people run it more or less often."
    return "Cannot tell whether they run anything more or less often: too few people have runs both before and after."


def _sentence(item: Often, effect: Effect) -> str:
    low, high = sorted(abs(value) for value in (effect.low, effect.high))
    word = "more" if effect.estimate > 0 else "less"
    what = "people ran make" if item.command == ALL else f"people ran {item.command}"
    grade = FITS if item.fits else COULD_BE_ELSE
    return (
        f"{what} {word} often, {_times(effect.after)} a day instead of {_times(effect.before)} ({_times(low)} to "
        f"{_times(high)} {word}){grade}"
    )


def _times(number: float) -> str:
    return f"{number:.1f}" if number >= 1 else f"{number:.2f}"


def _about_adoption(adoption: Adoption | None, *, own: bool) -> str:
    if adoption is None:
        return "How long people took to get it is unknown: too few were there before and after."
    parts = [
        f"{SHARES[share]} had it after {_days(number)}" if number is not None else f"{SHARES[share]} have not yet"
        for share, number in adoption.days.items()
    ]
    if own:
        number = adoption.days[0.5]
        return "You have not had it yet." if number is None else f"You had it after {_days(number)}."
    return f"Of {count_of(adoption.people, 'person', 'people')} who were there before it, {' and '.join(parts)}."


def _days(number: float) -> str:
    return f"{number * 24:.0f} hours" if number < 2 else f"{number:.1f} days"


def _row(item: Often, effect: Effect) -> list[str]:
    difference = f"{effect.estimate:+.2f}"
    if effect.enough:
        difference += f" ({effect.low:+.2f} to {effect.high:+.2f})"
    return [item.command, f"{effect.people:,}", f"{effect.before:.2f}", f"{effect.after:.2f}", difference]


def document(found: Behaviour | None) -> dict[str, Any] | None:
    """For programs: runs a day before and after with the difference, and days until people had the commit."""
    if found is None:
        return None
    adoption = found.adoption
    return {
        "often": [_flat(item, item.runs) for item in found.often if item.runs is not None],
        "adoption": None
        if adoption is None
        else {
            "people": adoption.people,
            "had": adoption.had,
            "days_until_half": adoption.days[0.5],
            "days_until_nine_in_ten": adoption.days[0.9],
        },
    }


def _flat(item: Often, effect: Effect) -> dict[str, Any]:
    return {
        "command": item.command,
        "people": effect.people,
        "before": effect.before,
        "after": effect.after,
        "low": effect.low if effect.enough else None,
        "high": effect.high if effect.enough else None,
        "fits_change": item.fits,
    }


def _figures(found: Behaviour, answer: str) -> list[Figure]:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    figures = []
    rows: Rows = [_flat(item, item.runs) for item in found.often if item.runs is not None]
    shown: Rows = [
        {
            "command": item.command,
            "low": item.runs.low,
            "middle": item.runs.estimate,
            "high": item.runs.high,
            # More often is neither better nor worse.
            "colour": "var(--accent)" if item.runs.changed else "var(--unsure)",
            "text": f"{item.command}: {item.runs.estimate:+.2f} runs a day, from {item.runs.low:+.2f} to "
            f"{item.runs.high:+.2f}",
        }
        for item in found.often
        if item.runs is not None and item.runs.enough
    ]
    if shown:
        caption = "How many runs more or less a person makes in a day since the change; the line is the interval"
        figures.append(Figure("often", caption, rows, drawing.intervals(shown, "runs a day", answer)))
    if found.adoption is not None and found.adoption.curve:
        curve: Rows = [{"days": days_, "share": share} for days_, share in found.adoption.curve]
        figures.append(
            Figure("adoption", "People who had the commit, by days since the change", curve, _draw_adoption(curve))
        )
    return figures


def _draw_adoption(curve: Rows) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    data: Rows = [{"days": 0.0, "share": 0.0}, *curve]

    def draw(width: int) -> Chart:
        line = drawing.base(data).mark_line(interpolate="step-after", strokeWidth=2, stroke="var(--accent)")
        chart: Chart = line.encode(
            x=alt.X("days:Q", axis=alt.Axis(title="days since the change", tickCount=5, grid=False)),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%", title="people", tickCount=4)),
        ).properties(width=width, height=200)
        return chart

    return drawing.both(draw, "The share of people who had the commit, by days since the change.")
