"""The SQL for the engines that the tests cannot run, as in the golden files: ``make dev.render`` writes them again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis

from instrumented_make.figures import Selection
from instrumented_make.report import queries
from instrumented_make.report.questions import behind, changed, debugging, endings, helped, paths
from instrumented_make.report.shape import OPTIONAL, REQUIRED, in_shape
from instrumented_make.times import moment

GOLDEN = Path(__file__).resolve().parent / "golden" / "sql"
LATEST_S = moment("2026-07-06")
DIALECTS = ("bigquery", "trino")


def sql(dialect: str) -> str:
    """Every query there is, in one engine's dialect."""
    return "".join(
        f"-- {name}\n{ibis.to_sql(query, dialect=dialect)};\n\n" for name, query in _queries(dialect).items()
    )


def _queries(dialect: str) -> dict[str, Any]:
    """For a table as Segment's connector creates it there."""
    types = dict.fromkeys((*REQUIRED, *OPTIONAL), "string") | {"duration_ms": "int64", "exit_status": "int64"}
    types |= dict.fromkeys(("start_time", "git_commit_time"), "timestamp('UTC')") | {
        "git_checked_out_master": "boolean"
    }
    events = in_shape("", ibis.table(types, "devstack_command_run"), dialect)
    records = queries.select_runs(
        queries.records(events, LATEST_S), Selection(since_s=moment("2026-01-05"), only_master=True)
    )
    every = queries.sums(records, {"dev.provision": 3_600_000})
    runs, sums = queries.runs(records), queries.runs(every)
    names = ["dev.up.lms", "dev.down", "dev.provision"]
    stretches = queries.stretches(queries.cut(runs, {"dev.provision": 3_600_000}), queries.people_of(runs), names)
    sessions = debugging.sessions(debugging.tries(stretches, [1, 2]), queries.GAP_S)
    others = queries.records(queries.by_people(events, automated=True), LATEST_S)
    return {
        "automated": queries.automated(queries.runs(others)),
        "exceptions": queries.exceptions(every),
        "totals": queries.totals(queries.fold_others(sums, ["dev.down", "dev.provision"], [])),
        "people": queries.people(sums),
        "spread": queries.spread(runs, (50, 95), engine=dialect),
        "weeks": queries.weeks(runs, (50, 90), engine=dialect),
        "hours": endings.hours(runs),
        "timeline": queries.timeline(sums),
        "behind": behind.behind(runs, runs),
        "weekly": queries.by_week(sums, ["dev.down", "dev.provision"]),
        "commits": changed.commits(runs, ["dev.provision"]),
        "debugging": debugging.by_command(sessions),
        "debugging_by_person": debugging.by_unit(sessions, queries.number_people(sums), "person"),
        "pairs": paths.pairs(stretches, [1, 2], "person"),
        "followed": paths.followed_in_all(stretches, [1, 2]),
        "paths": paths.paths(stretches, [(1, 2), (2, 0)]),
        "days": paths.days(stretches),
        "sides": helped.sides(runs, "dev.provision", moment("2026-04-28T10:00Z")),
    }


if __name__ == "__main__":
    for name in DIALECTS:
        (GOLDEN / f"{name}.sql").write_text(sql(name))
