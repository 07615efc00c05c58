from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import ibis
import pyarrow.parquet as pq
import pytest
import team_history
from postgres_server import Postgres
from workbench import missing

from instrumented_make.report import spark


@pytest.fixture(scope="session")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history of 19 people over half a year, as a Parquet file."""
    path = tmp_path_factory.mktemp("history") / "history.parquet"
    team_history.write(path, 20_000, seed=3)
    return path


@pytest.fixture(scope="session")
def postgres(history: Path) -> Iterator[str]:
    """The URL of Debian's PostgreSQL, on a free port, with the same history in the schema ``devstack``."""
    with Postgres("-c", "timezone=America/New_York") as server:
        _fill(server.port, history)
        yield server.url


# The types that Segment's warehouse connector gives these columns in PostgreSQL.
TABLE = """
CREATE SCHEMA devstack;
CREATE TABLE devstack.devstack_command_run (
  id varchar, user_id varchar, "timestamp" timestamptz, received_at timestamptz, command varchar, command_type varchar,
  duration_ms bigint, exit_status bigint, git_checked_out_master boolean, git_commit_time timestamptz, is_test varchar,
  start_time timestamptz, operating_system varchar, hardware varchar, git_dirty boolean, caller varchar
);
CREATE TABLE devstack."SHOUTED_RUN" (
  "ID" varchar, "USER_ID" varchar, "COMMAND" varchar, "DURATION_MS" bigint, "EXIT_STATUS" bigint, "IS_TEST" varchar,
  "START_TIME" timestamptz
)
"""


def _fill(port: int, history: Path) -> None:
    import psycopg  # noqa: PLC0415

    table = pq.read_table(history)
    with psycopg.connect(host="127.0.0.1", port=port, user="me", dbname="postgres") as connection:
        connection.execute(TABLE)
        with connection.cursor().copy("COPY devstack.devstack_command_run FROM STDIN") as copy:
            for row in table.to_pylist():
                copy.write_row(list(row.values()))


@pytest.fixture(scope="session")
def clickhouse(history: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """ClickHouse inside this process (chdb), through the driver that servers use as well."""
    url = f"clickhouse://memory/default?interface=chdb&path={tmp_path_factory.mktemp('clickhouse')}"
    connection = ibis.connect(url)
    connection.raw_sql(
        f"CREATE TABLE devstack_command_run ENGINE = MergeTree ORDER BY tuple() AS SELECT * FROM file('{history}')"  # noqa: S608
    )
    connection.disconnect()
    return url


@pytest.fixture(scope="session")
def pyspark(history: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Spark on this machine, with its own catalog that outlives a session."""
    if not shutil.which("java"):
        missing("Java")
    folder = tmp_path_factory.mktemp("spark")
    settings = {
        "spark.master": "local[2]",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/catalog;create=true",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
    }
    url = f"pyspark://?{urlencode(settings)}"
    connection = spark.connect(url)
    connection.raw_sql("CREATE DATABASE devstack")
    connection.raw_sql(f"CREATE TABLE devstack.devstack_command_run USING parquet AS SELECT * FROM parquet.`{history}`")  # noqa: S608
    connection.disconnect()
    return url


@pytest.fixture(scope="session")
def snowflake(history: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Snowflake's own driver with fakesnow, which translates its dialect for DuckDB; names are upper case."""
    # The driver reads this when it is imported, and Ibis' URL has no place for a server's port.
    folder = tmp_path_factory.mktemp("snowflake")
    os.environ["SNOWFLAKE_HOME"] = str(folder)
    import fakesnow  # noqa: PLC0415
    from snowflake.connector.cursor import SnowflakeCursor  # noqa: PLC0415

    execute = SnowflakeCursor.execute

    def without_session(self: Any, command: str, *arguments: Any, **options: Any) -> Any:
        # fakesnow cannot read the settings that Ibis begins a session with.
        return execute(self, "SELECT 1" if "ALTER SESSION" in command else command, *arguments, **options)

    SnowflakeCursor.execute = without_session
    try:
        with fakesnow.server(session_parameters={}) as server:
            connections = folder / "connections.toml"
            lines = [
                "[fake]",
                'host = "localhost"',
                f"port = {server['port']}",
                'protocol = "http"',
                "network_timeout = 600",
            ]
            connections.write_text("\n".join(lines))
            connections.chmod(0o600)
            url = "snowflake://me:secret-word@account/EVENTS/DEVSTACK?create_object_udfs=False&connection_name=fake"
            columns = ", ".join(f"{name} AS {name.upper()}" for name in pq.read_schema(history).names)
            connection = ibis.connect(url)
            connection.raw_sql(f"CREATE TABLE DEVSTACK_COMMAND_RUN AS SELECT {columns} FROM read_parquet('{history}')")  # noqa: S608
            connection.disconnect()
            yield url
    finally:
        SnowflakeCursor.execute = execute
