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

BEHIND_DAYS = (1, 7, 28)
# One person's runs would say that nobody is ever behind.
ALONE = "Only a team's runs can tell: a newer commit shows once somebody else runs something on it."
# The report may know less than is true, never more.
LOWER_BOUND = "A commit counts from its first run in this report on: a commit that nobody ran puts nobody behind."


def behind(shown: Any, every: Any) -> Any:
    """How far people were behind: how long a newer commit of the main branch had been in use, by anybody.

    For each ``week``: the number of ``people`` among those who made the ``shown`` runs, and for each of BEHIND_DAYS the
    number of people who were, on average over their runs, ``at_least_<days>`` days behind. A commit is known from the
    first run of it in ``every`` run on, whatever its own time says: where commits are rare, the newest is old, but
    nobody is behind. On other branches the commit is likely the developer's own, and shows nothing.
    """
    seen = _on_main(every).group_by("commit_s").agg(first_seen_s=lambda run: run.start_s.min())
    newer = ibis.window(order_by=ibis.desc("commit_s"), preceding=(None, 1), following=None)
    known = seen.select("commit_s", newer_seen_s=seen.first_seen_s.min().over(newer))
    runs = _on_main(shown).join(known, "commit_s")
    # Without a newer commit, the comparison is not true.
    behind_s = (runs.start_s > runs.newer_seen_s).ifelse(runs.start_s - runs.newer_seen_s, 0)
    of_person = (
        runs.mutate(week=week(runs), behind_s=behind_s)
        .group_by(["week", "user_id"])
        .agg(behind_s=lambda run: run.behind_s.sum() // run.count())
    )
    counts = {f"at_least_{days}": (of_person.behind_s >= days * DAY_S).ifelse(1, 0).sum() for days in BEHIND_DAYS}
    return of_person.group_by("week").agg(people=of_person.count(), **counts).order_by("week")


def _on_main(table: Any) -> Any:
    """The runs that show a commit of the main branch.

    A commit from after the run says that a clock is wrong, and would put everybody behind; a day is for time zones.
    """
    return table.filter(table.on_master, table.commit_s <= table.start_s + DAY_S)


def ask(history: History) -> Section:
    """The section; what counts is the average for each person and week."""
    question = "How long do people stay on old commits?"
    if history.own or history.people == 1:
        return Section("behind", question, ALONE)
    history.begin("Finding how far behind people were")
    rows: Rows = history.ask(behind(history.shown, history.runs))
    answer = _answer(rows)
    return Section(
        "behind",
        question,
        answer,
        [LOWER_BOUND],
        lambda: _figures(rows, answer),
        columns=["week of", "people", *(f"{days} days or more behind" for days in BEHIND_DAYS)] if rows else [],
        rows=[
            [
                monday(row["week"]),
                f"{row['people']:,}",
                *(percentage(row[f"at_least_{days}"] / row["people"]) for days in BEHIND_DAYS),
            ]
            for row in rows
        ],
    )


def _answer(rows: Rows) -> str:
    if not rows:
        return "No run on the main branch has a recorded commit time."
    last = rows[-4:]
    weeks = sum(row["people"] for row in last)
    day, some, month = (percentage(sum(row[f"at_least_{days}"] for row in last) / weeks) for days in BEHIND_DAYS)
    return (
        f"In the last {count_of(len(last), 'week')}, {some} of people's weeks were spent {BEHIND_DAYS[1]} days or more "
        f"behind: on average over a person's runs in the week, a newer commit had been in use for that long. "
        f"{month} were {BEHIND_DAYS[2] // 7} weeks or more behind, and {day} a day or more."
    )


def bands() -> list[str]:
    """The names of the bands between BEHIND_DAYS, least behind first."""
    texts = [f"{days} day{'s' if days > 1 else ''}" if days < 28 else f"{days // 7} weeks" for days in BEHIND_DAYS]
    middle = [f"{low} to {high}" for low, high in itertools.pairwise(texts)]
    return [f"less than {texts[0]}", *middle, f"{texts[-1]} or more"]


def _figures(rows: Rows, answer: str) -> list[Figure]:
    if not rows:
        return []
    caption = "People by how far behind the newest commit in use they were, on the main branch, on average over a week"
    named: Rows = [{"week": monday(row["week"]), **{name: row[name] for name in row if name != "week"}} for row in rows]
    return [Figure("behind", caption, named, _draw(rows, answer))]


def _draw(rows: Rows, answer: str) -> Drawing:
    import altair as alt  # noqa: PLC0415  (imported to draw only)

    from instrumented_make.report import drawing  # noqa: PLC0415

    names = bands()
    data: Rows = []
    for row in rows:
        people = row["people"]
        reached = [people, *(row[f"at_least_{days}"] for days in BEHIND_DAYS), 0]
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
    colours = [f"var(--behind-{number})" for number in range(len(names))]

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
