"""The report is the same wherever the events are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from golden_sql import DIALECTS, GOLDEN, sql
from team_history import CHANGE_S

from instrumented_make.errors import UserError
from instrumented_make.figures import Selection, hundredths
from instrumented_make.report import queries
from instrumented_make.report.events import columns, open_source
from instrumented_make.report.history import History
from instrumented_make.report.machine_readable import as_json
from instrumented_make.report.options import Options
from instrumented_make.report.progress import Steps
from instrumented_make.report.questions import answer_all
from instrumented_make.times import latest_s


def everything(source: str, table: str | None = None, **selection: Any) -> tuple[object, str]:
    """Everything that a report says about a source."""
    with Steps() as steps, open_source(source, table) as found:
        history = History(found, Selection(**selection), 5, steps, Options(CHANGE_S, 8))
        sections = [
            (section, [(figure.name, figure.rows) for figure in section.figures()]) for section in answer_all(history)
        ]
        return [(replace(section, figures=list), rows) for section, rows in sections], as_json(history)


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


@pytest.mark.thorough
@pytest.mark.parametrize("engine", ["clickhouse", "pyspark", "snowflake"])
@pytest.mark.parametrize("selection", SELECTIONS, ids=IDS)
def test_every_engine_answers_as_duckdb_does(
    history: Path, engine: str, selection: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """The whole report and the comparison are equal in everything that is shown."""
    url = request.getfixturevalue(engine)
    table = "devstack.devstack_command_run" if engine == "pyspark" else None
    assert everything(url, table, **selection) == everything(str(history), **selection)


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
        assert (
            columns(source, queries.totals(queries.runs(queries.sums(queries.records(source.events, latest_s())))))[
                "command"
            ].tolist()
            == []
        )


def test_a_server_that_does_not_answer_is_an_error() -> None:
    """The message is the driver's, and the password is not shown."""
    with pytest.raises(UserError, match=r"^postgres://me@127.0.0.1:9/x: error: ") as error:
        _open("postgres://me:secret-word@127.0.0.1:9/x")
    assert "secret-word" not in str(error.value)


def test_a_missing_driver_is_named() -> None:
    """The hint says what to install, and an unknown engine is refused. Neither shows the password."""
    for url, expected in {
        "trino://me:secret-word@h/hive/default": "hint: pip install 'ibis-framework[trino]'",
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
