"""What all questions share: the runs, and sums over them, as Ibis expressions that work on every engine.

Times are whole seconds since 1970, so that no session's time zone matters. People are counted by grouping, since some
engines only estimate the count of distinct values. Some engines also only estimate quantiles: there, they are found by
rank among counted values, which takes longer; the others (EXACT) use the engine's own function.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ibis

from instrumented_make.figures import LONGEST_MS, Selection
from instrumented_make.properties import AUTOMATED
from instrumented_make.times import BEFORE_THURSDAY_S, EARLIEST_S, WEEK_S

HOUR_S = 3600
# Runs this far apart belong together: who reads, asks or eats comes back to the same work, over night not.
GAP_S = HOUR_S
# Half and twice as far, to see what hangs on it.
GAPS_S = (GAP_S // 2, GAP_S, GAP_S * 2)
# What comes before the first run of a stretch.
NOTHING = -1
# Of one person; three such numbers are one of 60 bits.
_MOST_STRETCHES = 2**20
_PARTS = tuple(enumerate(GAPS_S))
OTHER, OTHER_INTERACTIVE = "other", "other, interactive"

# Engines whose quantile interpolates between the two nearest values, as SQL's PERCENTILE_CONT does. BigQuery, Trino and
# ClickHouse have only approximations; Spark's is exact, but Ibis writes it for a live session only.
EXACT = frozenset({"duckdb", "postgres", "snowflake"})
# Those of them that compute several quantiles at once, in half the time.
TOGETHER = frozenset({"duckdb", "postgres"})


def records(events: Any, latest_s: int, by: str | None = None) -> Any:
    """One row per event of a command, from the table of events, in its shape (:func:`shape.in_shape`).

    ``command``, ``user_id``; ``duration_ms``, ``exit_status``; ``start_s``, ``commit_s``: seconds since 1970;
    ``on_master``; ``is_test``. ``is_run``: it has the first five of these, and :func:`figures.is_possible` does not
    refuse it. ``by``: a property, whose ``value`` they have as well, as text.
    """
    duration_ms, start_s = events.duration_ms, events.start_time
    is_run = (
        events.user_id.notnull()
        & duration_ms.between(0, LONGEST_MS)
        & events.exit_status.notnull()
        & start_s.between(EARLIEST_S, latest_s)
    ).fill_null(False)
    return events.filter(events.command.notnull()).select(
        is_run=is_run,
        command=events.command,
        user_id=events.user_id,
        # Sums of others could be too large for the engine.
        duration_ms=is_run.ifelse(duration_ms, 0),
        exit_status=events.exit_status,
        start_s=start_s,
        commit_s=events.git_commit_time,
        on_master=events.git_checked_out_master,
        # The specification: 'false' for real data, or anything else for test data.
        is_test=events.is_test.fill_null("").lower() != "false",
        **({} if by is None else {"value": _as_words(events[by])}),
    )


def _as_words(values: Any) -> Any:
    """As text. Engines write booleans in different ways."""
    return ibis.cases((values, "true"), (~values, "false")) if values.type().is_boolean() else values.nullif("")


def by_people(events: Any, *, automated: bool = False) -> Any:
    """Those events whose command a person started, or nobody knows who; or the others, ``automated``."""
    others = events.caller.isin(AUTOMATED).fill_null(False)
    return events.filter(others if automated else ~others)


def automated(table: Any) -> Any:
    """How many ``runs`` there are, of how many ``people``, and how many ``failed``, in a single row."""
    of_person = table.group_by("user_id").agg(runs=table.count(), failed=(table.exit_status > 0).ifelse(1, 0).sum())
    return of_person.agg(
        people=of_person.count(), runs=of_person.runs.sum().fill_null(0), failed=of_person.failed.sum().fill_null(0)
    )


def runs(table: Any) -> Any:
    """Those :func:`records`, or :func:`sums` of them, that can be runs."""
    return table.filter(table.is_run).drop("is_run")


def exceptions(sums: Any) -> Any:
    """How many events cannot be runs, ``left_out``, and how many runs were ``cut``, in a single row.

    ``first_s`` and ``last_s``: the starts of the first and the last run, or 0.
    """
    return sums.agg(
        left_out=sums.is_run.ifelse(0, sums.runs).sum().fill_null(0),
        cut=sums.cut.sum().fill_null(0),
        first_s=sums.is_run.ifelse(sums.first_s, ibis.null()).min().fill_null(0),
        last_s=sums.is_run.ifelse(sums.last_s, ibis.null()).max().fill_null(0),
    )


def select_runs(table: Any, selection: Selection) -> Any:
    """Those records that count. Commands are selected later, so that shares refer to all runs."""
    if not selection.include_test:
        table = table.filter(~table.is_test)
    if selection.only_master:
        table = table.filter(table.on_master)
    if selection.since_s is not None:
        table = table.filter(table.start_s >= selection.since_s)
    return table


def rename_commands(table: Any, names: Mapping[str, str]) -> Any:
    """The same runs under the new ``names`` of some commands."""
    new = ibis.cases(*((table.command == old, name) for old, name in names.items()), else_=table.command)
    return table.mutate(command=new)


def fold_others(table: Any, names: Sequence[str], interactive: Sequence[str]) -> Any:
    """The same runs, but commands that are not among ``names`` become OTHER, or OTHER_INTERACTIVE."""
    kinds = [(table.command.isin(list(names)), table.command)]
    if interactive:
        kinds.append((table.command.isin(list(interactive)), OTHER_INTERACTIVE))
    return table.mutate(command=ibis.cases(*kinds, else_=OTHER))


def sums(records: Any, longest: Mapping[str, int]) -> Any:
    """What most questions need, for each ``command``, ``user_id``, ``week`` and ``is_run``: see :func:`sum_by`.

    Runs of some commands count for at most so many ms as the ``longest``; ``cut`` runs were longer. ``first_s`` and
    ``last_s``: the starts of the first and the last of them.
    """
    most = _most(records, longest)
    cut = (records.duration_ms > most).ifelse(1, 0)
    table = records.mutate(week=week(records), cut=cut, duration_ms=ibis.least(records.duration_ms, most))
    return sum_by(table, ["command", "user_id", "week", "is_run"], cut=table.cut.sum(), **_between(table))


def _between(table: Any) -> dict[str, Any]:
    return {"first_s": table.start_s.min(), "last_s": table.start_s.max()}


def cut(table: Any, longest: Mapping[str, int]) -> Any:
    """The same runs, but those of some commands take at most so many ms as the ``longest``."""
    return table.mutate(duration_ms=ibis.least(table.duration_ms, _most(table, longest)))


def _most(table: Any, longest: Mapping[str, int]) -> Any:
    # Not with a largest literal: ClickHouse takes it for an unsigned integer, which it does not compare with others.
    own = table.duration_ms
    return ibis.cases(*((table.command == name, ms) for name, ms in longest.items()), else_=own) if longest else own


def sum_by(table: Any, by: list[str], **more: Any) -> Any:
    """For each group: :func:`ends`, :func:`successes`, ``total_ms``, the sum of durations, and ``more``."""
    table = table.mutate(logarithm=logarithm(table))
    return table.group_by(by).agg(**ends(table), **successes(table), total_ms=table.duration_ms.sum(), **more)


def totals(sums: Any) -> Any:
    """For each command: ``people``, ``runs``, ``total_ms``, ``failed``, ``interrupted``."""
    return _people(sums, ["command"])


def people(sums: Any) -> Any:
    """How many ``people`` there are, in a single row."""
    return sums.select("user_id").distinct().agg(people=lambda person: person.count())


def timeline(sums: Any) -> Any:
    """For each ``week``: ``people``, ``runs``, ``total_ms``, ``failed``, ``interrupted``."""
    return _people(sums, ["week"]).order_by("week")


def spread(table: Any, percents: Sequence[int], *, engine: str) -> Any:
    """For each command the ``count`` and, for each percentage p, the quantile ``p<p>`` of its durations.

    ``engine``: Ibis' name of the engine that will be asked.
    """
    return _quantiles(table.mutate(value=table.duration_ms), ["command"], percents, engine=engine)


def weeks(table: Any, percents: Sequence[int], *, engine: str) -> Any:
    """The same for each ``command`` in each ``week``."""
    runs = table.mutate(value=table.duration_ms, week=week(table))
    return _quantiles(runs, ["command", "week"], percents, engine=engine)


def logarithm(table: Any) -> Any:
    """The natural logarithm of the duration in ms of a run that succeeded, in whole thousandths; 0 of others.

    Sums of whole numbers are the same on every engine, in whatever order it adds.
    """
    thousandths = (ibis.greatest(table.duration_ms, 1).cast("float64").ln() * 1000).round().cast("int64")
    return (table.exit_status == 0).ifelse(thousandths, 0)


def by_week(sums: Any, names: Sequence[str]) -> Any:
    """For each ``command`` (by its place in ``names``), ``person`` (a number) and ``week``: the fields of Weekly."""
    numbered = number_people(sums)
    chosen = numbered.filter(numbered.command.isin(list(names)))
    # Transferring millions of names would take longer than all the numbers.
    return chosen.mutate(command=places(chosen, names))


def places(table: Any, names: Sequence[str]) -> Any:
    """The place of each run's command in ``names``, from 0, where it is found the faster the sooner it comes."""
    return ibis.cases(*((table.command == name, place) for place, name in enumerate(names))).cast("int64")


def in_order() -> list[str]:
    """What orders a person's runs: only runs that are alike in all of this can change places."""
    return ["start_s", "duration_ms", "exit_status", "command"]


def stretches(table: Any, people: Any, names: Sequence[str]) -> Any:
    """The runs, where ``person`` is a number of :func:`people_of`, and ``command`` the place of its name in ``names``.

    For each of GAPS_S ``stretch_<gap>`` numbers a person's stretches without a pause: one goes on while the next run
    begins within the gap of the end of the one before. ``place``: among the person's runs, from 0. ``before``: the
    command before it in its stretch with GAP_S, or NOTHING.
    """
    # Sorting and grouping by numbers takes half the time that it takes by names.
    runs = number_people(table.mutate(command=places(table, names)), people)
    person = ibis.window(group_by="person", order_by=in_order())
    end_s = runs.start_s + runs.duration_ms // 1000
    runs = runs.mutate(
        place=ibis.row_number().over(person),
        pause_s=runs.start_s - end_s.lag(1).over(person),
        before=runs.command.lag(1).over(person),
    )
    # Engines differ in what comes before the first. One sum counts the pauses of all gaps, in three parts of a number.
    longer = [((runs.place > 0) & (runs.pause_s > gap_s)).ifelse(_MOST_STRETCHES**part, 0) for part, gap_s in _PARTS]
    so_far = ibis.cumulative_window(group_by="person", order_by="place")
    runs = runs.mutate(pauses=sum(longer[1:], longer[0]).cast("int64").sum().over(so_far).cast("int64"))
    numbers = {f"stretch_{gap_s}": runs.pauses // _MOST_STRETCHES**part % _MOST_STRETCHES for part, gap_s in _PARTS}
    before = ((runs.place > 0) & (runs.pause_s <= GAP_S)).ifelse(runs.before, NOTHING)
    kept = [column for column in runs.columns if column not in ("before", "pauses", "pause_s")]
    return runs.select(*kept, before=before, **numbers)


def number_people(table: Any, people: Any | None = None) -> Any:
    """The same with a number, ``person``, for each ``user_id``, so that no id leaves the engine.

    The numbers are those of the table ``people``, or else of those in this one.
    """
    return table.join(people_of(table) if people is None else people, "user_id").drop("user_id")


def people_of(table: Any) -> Any:
    """Each ``user_id`` with its number, ``person``, from 0."""
    # Each person once, so that it does not matter how an engine numbers equal values.
    who = table.select("user_id").distinct()
    return who.mutate(person=ibis.row_number().over(ibis.window(order_by=who.user_id)))


def week(table: Any) -> Any:
    """As :func:`instrumented_make.times.week_of`."""
    return (table.start_s + BEFORE_THURSDAY_S) // WEEK_S


def ends(table: Any) -> dict[str, Any]:
    """Sums for a group: ``runs``, and how many of them ``failed`` and were ``interrupted``."""
    return {
        "runs": table.count(),
        "failed": (table.exit_status > 0).ifelse(1, 0).sum(),
        "interrupted": (table.exit_status < 0).ifelse(1, 0).sum(),
    }


def successes(table: Any) -> dict[str, Any]:
    """Sums for a group whose runs have a :func:`logarithm`: how many ``succeeded``, and their ``logarithms``."""
    return {"succeeded": (table.exit_status == 0).ifelse(1, 0).sum(), "logarithms": table.logarithm.sum()}


def _people(sums: Any, by: list[str]) -> Any:
    """Sums for each group. People are counted by grouping: some engines' count of distinct values is an estimate."""
    names = ("runs", "total_ms", "failed", "interrupted")
    of_person = sums.group_by([*by, "user_id"]).agg(**{name: sums[name].sum() for name in names})
    return of_person.group_by(by).agg(people=of_person.count(), **{name: of_person[name].sum() for name in names})


def _quantiles(table: Any, by: list[str], percents: Sequence[int], *, engine: str) -> Any:
    """The quantiles of ``value``, as :func:`instrumented_make.figures.quantile` defines them, but for the last bits."""
    if engine in TOGETHER:
        grouped = table.group_by(by).agg(count=table.count(), values=table.value.quantile([p / 100 for p in percents]))
        values = {f"p{percent}": grouped["values"][place] for place, percent in enumerate(percents)}
        return grouped.select(*by, "count", **values)
    if engine in EXACT:
        quantiles = {f"p{percent}": table.value.quantile(percent / 100) for percent in percents}
        return table.group_by(by).agg(count=table.count(), **quantiles)
    values = table.group_by([*by, "value"]).agg(number=lambda run: run.count())
    group = ibis.window(group_by=by)
    so_far = ibis.cumulative_window(group_by=by, order_by="value")
    ranked = values.mutate(up_to=values.number.sum().over(so_far), count=values.number.sum().over(group))
    quantiles = {}
    for percent in percents:
        position = (ranked["count"] - 1) * percent
        rank = position // 100
        low = (ranked.up_to > rank).ifelse(ranked.value, ibis.null()).min()
        high = (ranked.up_to > ibis.least(rank + 1, ranked["count"] - 1)).ifelse(ranked.value, ibis.null()).min()
        quantiles[f"p{percent}"] = low + (high - low) * (position.max() % 100) / 100
    return ranked.group_by(by).agg(count=ranked["count"].max(), **quantiles)
