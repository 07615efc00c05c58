"""How long do people stay on old commits?"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import ibis

from instrumented_make.layout import percentage
from instrumented_make.report.history import History
from instrumented_make.report.queries import week
from instrumented_make.report.section import Drawing, Figure, Rows, Section
from instrumented_make.report.wording import count_of, week_of
from instrumented_make.times import DAY_S, monday

if TYPE_CHECKING:
    from instrumented_make.report.drawing import Chart

AGES_DAYS = (1, 7, 28)


def ages(table: Any) -> Any:
    """How old the code was that people worked with, on the main branch.

    For each ``week``: the number of ``people``, and for each of AGES_DAYS the number of people whose commits were, on
    average over their runs, ``at_least_<days>`` days old. On other branches the commit is likely the developer's own,
    and does not show how far behind they are.
    """
    main = table.filter(table.on_master, table.commit_s.notnull())
    age_s = ibis.greatest(main.start_s - main.commit_s, 0)
    of_person = (
        main.mutate(week=week(main), age_s=age_s)
        .group_by(["week", "user_id"])
        .agg(age_s=lambda run: run.age_s.sum() // run.count())
    )
    counts = {f"at_least_{days}": (of_person.age_s >= days * DAY_S).ifelse(1, 0).sum() for days in AGES_DAYS}
    return of_person.group_by("week").agg(people=of_person.count(), **counts).order_by("week")


def ask(history: History) -> Section:
    """The section; what counts is the average age for each person and week."""
    history.begin("Finding how old the code was")
    rows: Rows = history.ask(ages(history.shown))
    answer = _answer(rows, own=history.own or history.people == 1)
    return Section(
        "ages",
        "How long do people stay on old commits?",
        answer,
        figures=lambda: _figures(rows, answer),
        columns=["week of", "people", *(f"{days} days or older" for days in AGES_DAYS)] if rows else [],
        rows=[
            [
                monday(row["week"]),
                f"{row['people']:,}",
                *(percentage(row[f"at_least_{days}"] / row["people"]) for days in AGES_DAYS),
            ]
            for row in rows
        ],
    )


def _answer(rows: Rows, *, own: bool) -> str:
    if not rows:
        return "No run on the main branch has a recorded commit time."
    last = rows[-4:]
    people = sum(row["people"] for row in last)
    day, some, month = (percentage(sum(row[f"at_least_{days}"] for row in last) / people) for days in AGES_DAYS)
    old = (
        f"on commits that were {AGES_DAYS[1]} days old or older, {month} on commits of {AGES_DAYS[2] // 7} weeks or "
        f"more, and {day} on commits of a day or more."
    )
    weeks = count_of(len(last), "week")
    return (
        f"Of the last {weeks} you spent {some} {old}" if own else f"In the last {weeks}, {some} of people worked {old}"
    )


def bands() -> list[str]:
    """The names of the bands between the ages AGES_DAYS, youngest first."""
    texts = [f"{days} day{'s' if days > 1 else ''}" if days < 28 else f"{days // 7} weeks" for days in AGES_DAYS]
    middle = [f"{low} to {high}" for low, high in itertools.pairwise(texts)]
    return [f"less than {texts[0]}", *middle, f"{texts[-1]} or more"]


def _figures(rows: Rows, answer: str) -> list[Figure]:
    if not rows:
        return []
    caption = "People by the age of the commits that they ran commands on, on the main branch, on average over a week"
    named: Rows = [{"week": monday(row["week"]), **{name: row[name] for name in row if name != "week"}} for row in rows]
    return [Figure("ages", caption, named, _draw(rows, answer))]


def _draw(rows: Rows, answer: str) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    names = bands()
    data: Rows = []
    for row in rows:
        people = row["people"]
        reached = [people, *(row[f"at_least_{days}"] for days in AGES_DAYS), 0]
        for place, name in enumerate(names):
            count = reached[place] - reached[place + 1]
            data.append(
                {
                    "week": drawing.week_ms(row["week"]),
                    "end": drawing.week_ms(row["week"] + 1),
                    "band": name,
                    "from": (people - reached[place]) / people,
                    "to": (people - reached[place + 1]) / people,
                    "text": f"{week_of(row['week'])}: {name}: {count:,} of {people:,} people",
                }
            )
    colours = [f"var(--age-{number})" for number in range(len(names))]

    def draw(width: int) -> Chart:
        legend = alt.Legend(title=None, orient="top", columns=4 if width == drawing.WIDE else 2)
        chart: Chart = (
            drawing.base(data)
            .mark_rect(stroke="var(--paper)", strokeWidth=1)
            .encode(
                x=drawing.weeks([row["week"] for row in rows], width, end=True),
                x2="end:T",
                y=alt.Y("from:Q", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="~%", title="people")),
                y2="to:Q",
                fill=alt.Fill("band:N", scale=alt.Scale(domain=names, range=colours), sort=names, legend=legend),
                description="text:N",
            )
            .properties(width=width, height=260)
        )
        return chart

    return drawing.both(draw, answer)
