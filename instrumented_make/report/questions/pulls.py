"""How long does it take from a pull until people work again?

A pull shows as a run on a newer commit of the main branch than any before it of the same person. They work again when
the first command that people work in begins, in the same stretch of work; only a catalog says which these are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import ibis

from instrumented_make.figures import MEDIAN
from instrumented_make.layout import duration, percentage
from instrumented_make.report.estimators.ratio import interval
from instrumented_make.report.history import History
from instrumented_make.report.queries import GAP_S, week
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import count_of, in_brackets

METHOD = (
    "A person pulled if they run something on a newer commit of the main branch than ever before. They work again "
    "when they start an interactive command, without a pause of more than an hour before it; after other pulls nobody "
    "knows. The time is counted from the beginning of the first run on that commit."
)
_STRETCH = f"stretch_{GAP_S}"
_QUARTERS = (25, MEDIAN, 75, 90)
ALL = "all"


def pulls(stretches: Any, inside: Collection[int]) -> Any:
    """The first pull of each stretch: ``person``, ``week``; ``worked``, 1 or 0, and ``duration_ms`` until then, or 0.

    ``inside``: the commands that people work in, by their numbers. ``command`` is ALL.
    """
    where = ["person", _STRETCH]
    # Each commit of a person once, in the order in which they came to it.
    commits = stretches.filter(stretches.on_master, stretches.commit_s.notnull()).group_by(["person", "commit_s"])
    commits = commits.agg(**{name: stretches[name].min() for name in ("place", _STRETCH, "start_s")})
    before = ibis.window(group_by="person", order_by="place", preceding=(None, 1), following=None)
    commits = commits.mutate(newest_s=commits.commit_s.max().over(before))
    # Compared with nothing, it is not true: the first commit of a person shows no pull.
    pulled = (
        commits.filter(commits.commit_s > commits.newest_s).group_by(where).agg(pulled_s=lambda of: of.start_s.min())
    )
    working = stretches.filter(stretches.command.isin(list(inside))).select(*where, "start_s").join(pulled, where)
    working = working.filter(working.start_s >= working.pulled_s)
    first = working.group_by(where).agg(worked_s=working.start_s.min())
    found = pulled.left_join(first, where)
    found = found.select("person", "worked_s", start_s=found.pulled_s)
    return found.select(
        "person",
        week=week(found),
        command=ibis.literal(ALL),
        worked=found.worked_s.notnull().ifelse(1, 0),
        duration_ms=((found.worked_s - found.start_s) * 1000).fill_null(0),
    )


def by_unit(found: Any, by: str) -> Any:
    """For each person or week, as ``by`` says: ``pulls``, how many ``worked``, and ``total_ms`` until then."""
    of = found.group_by(by).agg(pulls=found.count(), worked=found.worked.sum(), total_ms=found.duration_ms.sum())
    return of.select("pulls", "worked", "total_ms")


@dataclass(frozen=True, slots=True)
class Pulls:
    """How many ``pulls`` there were, of how many ``people``, and after how many of them they ``worked``.

    ``mean_ms``, with its range, and ``quantiles_ms`` (25, 50, 75 and 90 %): of the time until then.
    """

    people: int
    pulls: int
    worked: int
    mean_ms: float
    range_ms: tuple[float, float] | None
    quantiles_ms: tuple[float, ...]


def find(history: History) -> Pulls | None:
    """None without a catalog that says in which commands people work, or with too few people who did after a pull."""
    if not history.interactive:
        return None
    history.begin("Finding how long it takes to work after a pull")
    found = history.keep(pulls(history.stretches, history.places(history.interactive)), "pulls")
    worked = found.filter(found.worked == 1)
    [row] = history.ask(worked.select("person").distinct().agg(people=lambda of: of.count()))
    if not row["people"] or not history.may_be_told(row["people"]):
        return None
    table = history.columns(by_unit(found, history.unit))
    again = table["worked"] > 0
    total, number = (table[name][again].astype(float) for name in ("total_ms", "worked"))
    return Pulls(
        people=int(row["people"]),
        pulls=int(table["pulls"].sum()),
        worked=int(table["worked"].sum()),
        mean_ms=float(total.sum() / number.sum()),
        range_ms=interval(total, number),
        quantiles_ms=history.quantiles(worked, _QUARTERS)[ALL],
    )


def ask(history: History) -> Section | None:
    """The section; None where it cannot be told."""
    found = find(history)
    if found is None:
        return None
    _, median, _, most = found.quantiles_ms
    who = "you" if history.own else "people"
    answer = (
        f"In half of the cases {who} worked again {_within(median)} after a pull, in nine in ten {_within(most)}; "
        f"{duration(found.mean_ms)}{in_brackets(found.range_ms)} on average. After "
        f"{percentage(found.worked / found.pulls)} of {count_of(found.pulls, 'pull')} it is known."
    )
    return Section("pulls", "How long from a pull until people work again?", answer, [METHOD], lambda: _figures(found))


def _within(duration_ms: float) -> str:
    # People who pull without make are first seen at work.
    return f"within {duration(duration_ms)}" if duration_ms >= 1_000 else "at once"


def document(found: Pulls | None) -> dict[str, Any] | None:
    """For programs: times in ms."""
    if found is None:
        return None
    low, high = found.range_ms or (None, None)
    return {
        "people": found.people,
        "pulls": found.pulls,
        "worked": found.worked,
        "mean_ms": found.mean_ms,
        "mean_ms_low": low,
        "mean_ms_high": high,
        **{f"p{percent}_ms": value for percent, value in zip(_QUARTERS, found.quantiles_ms, strict=True)},
    }


def _figures(found: Pulls) -> list[Figure]:
    rows: Rows = [
        {"share": percent / 100, "minutes": value / 60_000}
        for percent, value in zip(_QUARTERS, found.quantiles_ms, strict=True)
    ]
    caption = "After how many minutes people worked again, in so many of the cases"
    return [Figure("pulls", caption, rows, _draw(rows))]


def _draw(rows: Rows) -> Drawing:
    from instrumented_make.report import drawing  # noqa: PLC0415  (imported to draw only)

    data: Rows = [
        {
            "command": f"{row['share']:.0%} of cases",
            "minutes": row["minutes"],
            "label": duration(row["minutes"] * 60_000),
            "text": f"{row['share']:.0%} within {duration(row['minutes'] * 60_000)}",
        }
        for row in rows
    ]
    return drawing.bars(data, "minutes", "minutes", "How long from a pull until people worked again.")
