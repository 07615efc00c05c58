"""The report is the same wherever the events are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pyarrow.parquet as pq
import pytest
from golden_sql import DIALECTS, GOLDEN, sql
from team_history import CHANGE_S

from instrumented_make.errors import UserError
from instrumented_make.figures import Selection, hundredths
from instrumented_make.report import queries
from instrumented_make.report.events import columns, open_source
from instrumented_make.report.history import History
from instrumented_make.report.machine_readable import as_json
from instrumented_make.report.options import Options, Targets
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions import answer_all
from instrumented_make.times import latest_s


def everything(source: str, table: str | None = None, **selection: Any) -> tuple[object, str]:
    """Everything that a report says about a source."""
    with Steps() as steps, open_source(source, table) as found:
        inside = Targets(interactive=frozenset({"dev.attach.lms", "dev.shell.lms"}))
        options = Options(CHANGE_S, 8, inside, by="operating_system")
        history = History(found, Selection(**selection), 5, steps, options)
        sections = [
            (section, [(figure.name, figure.rows) for figure in section.figures()]) for section in answer_all(history)
        ]
        text = as_json(history)
        return [(replace(section, figures=list), rows) for section, rows in sections], text


SELECTIONS: list[dict[str, Any]] = [
    {},
    {"since_s": CHANGE_S, "include_test": True},
    {"only_master": True, "commands": ("dev.provision", "dev.down")},
]
IDS = ["all", "since", "picked"]


@pytest.fixture(autouse=True)
def _at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000000")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("selection", SELECTIONS, ids=IDS)
def test_postgres_answers_as_duckdb_does(history: Path, postgres: str, selection: dict[str, Any]) -> None:
    """Every figure is equal to the last bit, though the server's clock is New York's."""
    assert everything(postgres, "devstack.devstack_command_run", **selection) == everything(str(history), **selection)


# Spark and Snowflake's stand-in take minutes for one report; which runs are selected is the same SQL on every engine.
@pytest.mark.thorough
@pytest.mark.parametrize(
    ("engine", "selection"),
    [
        *(("clickhouse", selection) for selection in SELECTIONS),
        ("pyspark", SELECTIONS[0]),
        ("snowflake", SELECTIONS[0]),
    ],
    ids=[*(f"clickhouse-{name}" for name in IDS), "pyspark", "snowflake"],
)
def test_every_engine_answers_as_duckdb_does(
    history: Path, engine: str, selection: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """The whole report and the comparison are equal in everything that is shown."""
    url = request.getfixturevalue(engine)
    table = "devstack.devstack_command_run" if engine == "pyspark" else None
    assert everything(url, table, **selection) == everything(str(history), **selection)


@pytest.mark.parametrize("engine", ["postgres", pytest.param("clickhouse", marks=pytest.mark.thorough)])
def test_runs_of_agents_are_told_apart_on_every_engine(
    history: Path, engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The same ones count, and the others are told in the same line."""
    url = request.getfixturevalue(engine)
    names = ", ".join(name for name in pq.read_schema(history).names if name != "caller")
    said = f"{names}, CASE WHEN duration_ms % 3 = 0 THEN 'agent' WHEN duration_ms % 3 = 1 THEN 'person' END AS caller"
    here = tmp_path / "callers.parquet"
    duckdb.sql(f"COPY (SELECT {said} FROM '{history}') TO '{here}'")  # noqa: S608
    table, kept = {
        "postgres": ("devstack.devstack_command_run", ""),
        "clickhouse": ("devstack_command_run", "ENGINE = MergeTree ORDER BY tuple()"),
    }[engine]
    connection = ibis.connect(url)
    connection.raw_sql("DROP TABLE IF EXISTS callers")
    connection.raw_sql(f"CREATE TABLE callers {kept} AS SELECT {said} FROM {table}")  # noqa: S608
    connection.disconnect()
    there = everything(url, "callers")
    assert there == everything(str(here))
    assert json.loads(there[1])["automated"]["runs"] > 1000


@pytest.mark.parametrize(
    "engine",
    ["postgres", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("clickhouse", "pyspark"))],
)
def test_one_group_s_runs_are_the_same_on_every_engine(
    history: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Those of the first people, by their numbers, which an engine gives them by the order of their ids."""
    table = None if engine == "clickhouse" else "devstack.devstack_command_run"
    found = []
    for source, name in ((request.getfixturevalue(engine), table), (str(history), None)):
        with Steps() as steps, open_source(source, name) as opened:
            everybody = History(opened, Selection(), 5, steps)
            some = History(opened, Selection(), 5, steps, members=everybody.members_of(1, range(7), "seven people"))
            found.append(as_json(some))
            assert some.people == 7
    assert found[0] == found[1]
    assert json.loads(found[0])["group"] == 1


def test_every_way_to_compute_quantiles_gives_the_same(history: Path) -> None:
    """Engines compute several at once, one at a time, or by rank: here all three run on DuckDB."""
    percents = (0, 5, 25, 50, 75, 95, 100)

    def found(engine: str) -> list[tuple[object, ...]]:
        with open_source(str(history)) as source, Steps() as steps:
            runs = queries.runs(queries.records(source.events, latest_s()))
            tables = [query(runs, percents, engine=engine) for query in (queries.spread, queries.weeks)]
            asked = History(source, Selection(), 1, steps)
            answers = [row for table in tables for row in asked.ask(table)]
        return sorted(
            (row["command"], row.get("week", 0), row["count"], *(hundredths(row[f"p{p}"]) for p in percents))
            for row in answers
        )

    assert found("duckdb") == found("snowflake") == found("trino")


# What exports and hand-made tables hold instead of Segment's types, in the SQL of both engines below.
LOOSE = """
CREATE TABLE loose {engine} AS SELECT
  CAST(number AS {integer}) AS id, CAST('59d78807-7b8b-4e8b-803e-d380703ab6bf' AS UUID) AS user_id, 'dev.up' AS command,
  '8421.0' AS duration_ms, '2' AS exit_status, CAST(0 AS {truth}) AS is_test, start_time, 't' AS git_checked_out_master,
  CAST(1621278130905 AS {integer}) AS git_commit_time
FROM (
  SELECT 1 AS number, '2021-05-17T19:44:09.905052+00:00' AS start_time UNION ALL
  SELECT 2 AS number, '2021-05-17 12:44:09.905 -0700' AS start_time UNION ALL
  SELECT 2 AS number, '2021-05-17 12:44:09.905 -0700' AS start_time UNION ALL
  SELECT 3 AS number, '1621280649' AS start_time UNION ALL
  SELECT 4 AS number, 'yesterday' AS start_time UNION ALL
  SELECT NULL AS number, '2021-05-17 19:44:09Z' AS start_time UNION ALL
  SELECT NULL AS number, '2021-05-17 19:44:09Z' AS start_time
) AS numbers
"""


@pytest.mark.parametrize("engine", ["postgres", pytest.param("clickhouse", marks=pytest.mark.thorough)])
def test_other_types_mean_the_same_and_an_id_counts_once(engine: str, request: pytest.FixtureRequest) -> None:
    """UUIDs, numbers, text and seconds since 1970 are read; what is no time costs one event; no id is no repetition."""
    url = request.getfixturevalue(engine)
    types = {
        "postgres": {"engine": "", "integer": "bigint", "truth": "integer::boolean"},
        "clickhouse": {"engine": "ENGINE = MergeTree ORDER BY tuple()", "integer": "Nullable(Int64)", "truth": "Bool"},
    }
    connection = ibis.connect(url)
    connection.raw_sql("DROP TABLE IF EXISTS loose")
    connection.raw_sql(LOOSE.format(**types[engine]).replace("CAST(0 AS integer::boolean)", "false"))
    connection.disconnect()
    with open_source(url, "loose") as source:
        records = queries.records(source.events, latest_s())
        # Not every driver has an array of truths.
        truths = {name: records[name].ifelse(1, 0) for name in ("is_run", "is_test", "on_master")}
        found = columns(source, records.mutate(**truths))
    assert found["start_s"][found["is_run"] == 1].tolist() == [1621280649] * 5
    assert found["is_run"].tolist().count(0) == 1
    for name, value in {
        "user_id": "59d78807-7b8b-4e8b-803e-d380703ab6bf",
        "exit_status": 2,
        "commit_s": 1621278130,
        "on_master": 1,
        "is_test": 0,
    }.items():
        assert set(found[name].tolist()) == {value}


def _open(source: str, table: str | None = None) -> None:
    with open_source(source, table):
        pass


def test_a_missing_table_is_named_with_those_that_exist(postgres: str) -> None:
    """The password in the URL is not shown."""
    with pytest.raises(UserError) as error:
        _open(postgres, "devstack.runs")
    assert "there is no table devstack.runs that you may read; there are: SHOUTED_RUN, devstack_command_run" in str(
        error.value
    )
    assert "secret-word" not in str(error.value)


def test_names_may_be_in_either_case(postgres: str) -> None:
    """Those of the table and of its columns, as in Snowflake; a column that was never collected is missing there."""
    with open_source(postgres, "devstack.shouted_run") as source:
        sums = queries.sums(queries.records(source.events, latest_s()), {})
        assert columns(source, queries.totals(queries.runs(sums)))["command"].tolist() == []


def test_a_server_that_does_not_answer_is_an_error() -> None:
    """The message is the driver's, and the password is not shown."""
    with pytest.raises(UserError, match=r"^postgres://me@127.0.0.1:9/x: error: ") as error:
        _open("postgres://me:secret-word@127.0.0.1:9/x")
    assert "secret-word" not in str(error.value)


def test_a_missing_driver_is_named() -> None:
    """The hint says what to install, and an unknown engine is refused. Neither shows the password."""
    for url, expected in {
        "trino://me:secret-word@h/hive/default": "-m pip install 'ibis-framework[trino]'",
        "oracel://me:secret-word@h/x": "oracel://me@h/x: error: Don't know how to connect to",
    }.items():
        with pytest.raises(UserError) as error:
            _open(url)
        assert expected in str(error.value)
        assert "secret-word" not in str(error.value)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_an_engine_that_is_not_run_is_that_of_its_golden_file(dialect: str) -> None:
    """``make dev.render`` writes the files again; review the diff."""
    assert sql(dialect) == (GOLDEN / f"{dialect}.sql").read_text()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("grants", [[], ["USAGE ON SCHEMA devstack"]])
def test_a_missing_permission_is_explained_in_one_sentence(postgres: str, grants: list[str]) -> None:
    """Whether the user can see the table's name or not."""
    import psycopg  # noqa: PLC0415

    with psycopg.connect(postgres.replace("postgres://", "postgresql://"), autocommit=True) as owner:
        owner.execute("DROP ROLE IF EXISTS stranger")
        owner.execute("CREATE ROLE stranger LOGIN")
        for grant in grants:
            owner.execute(f"GRANT {grant} TO stranger")
    try:
        with pytest.raises(UserError) as error:
            everything(postgres.replace("me:secret-word@", "stranger@"), "devstack.devstack_command_run")
    finally:
        with psycopg.connect(postgres.replace("postgres://", "postgresql://"), autocommit=True) as owner:
            owner.execute("DROP OWNED BY stranger")
            owner.execute("DROP ROLE stranger")
    (said, *hint) = str(error.value).splitlines()
    assert "that you may read" in said or "permission denied" in said
    assert len(said) < 300
    assert len(hint) <= 1
