"""The sums and quantiles of a report, asked of DuckDB in plain SQL: what ``benchmarks/report.py`` measures it beside.

python benchmarks/duckdb_report.py history.parquet
"""

from __future__ import annotations

import json
import sys

import duckdb

RUNS = """
CREATE VIEW runs AS
SELECT command, user_id, duration_ms, exit_status, git_checked_out_master AS on_master,
  (epoch_us(start_time) // 1000000 + 3 * 86400) // (7 * 86400) AS week,
  epoch_us(git_commit_time) // 1000000 // 86400 AS day,
  CASE WHEN exit_status = 0 THEN round(ln(greatest(duration_ms, 1)) * 1000)::BIGINT ELSE 0 END AS logarithm
FROM read_parquet($path) WHERE is_test = 'false'
"""
# A run counts for at most three times as long as 95 % of its command's.
TOTALS = """
SELECT command, count(*), sum(runs), sum(total_ms), sum(failed), sum(interrupted) FROM (
  SELECT command, user_id, count(*) AS runs, sum(least(duration_ms, most_ms)) AS total_ms,
    count(*) FILTER (exit_status > 0) AS failed, count(*) FILTER (exit_status < 0) AS interrupted
  FROM runs JOIN spread USING (command) GROUP BY ALL) GROUP BY command
"""
TIMELINE = TOTALS.replace("command", "week")
SPREAD = """
CREATE TABLE spread AS SELECT *, floor(3 * round(quantiles[5], 2))::BIGINT AS most_ms FROM (
  SELECT command, quantile_cont(duration_ms, [0.05, 0.25, 0.5, 0.75, 0.95]) AS quantiles FROM runs GROUP BY command)
"""
WEEKS = "SELECT command, week, count(*), quantile_cont(duration_ms, [0.5, 0.9, 0.95]) FROM runs GROUP BY command, week"
BY_PERSON = """
SELECT command, dense_rank() OVER (ORDER BY user_id), {by}, count(*), count(*) FILTER (exit_status = 0),
  count(*) FILTER (exit_status > 0), sum(logarithm), sum(duration_ms) FILTER (exit_status = 0)
FROM runs {where} GROUP BY command, user_id, {by}
"""
WEEKLY = BY_PERSON.format(by="week", where="")
# The report asks this of what changed: in the example's history one command does for good.
COMMITS = BY_PERSON.format(by="week, day", where="WHERE command = 'dev.provision' AND on_master AND day IS NOT NULL")


def main() -> None:
    """Print, as JSON, for each command what ``report --format json`` prints."""
    connection = duckdb.connect()
    connection.execute(RUNS.replace("$path", f"'{sys.argv[1]}'"))
    connection.execute(SPREAD)
    spread = dict(connection.sql("SELECT command, quantiles FROM spread").fetchall())
    document = {
        command: {
            "people": people,
            "runs": runs,
            "total_ms": int(total_ms),
            "failed": failed,
            "interrupted": interrupted,
            "median_ms": spread[command][2],
            "p95_ms": spread[command][4],
            "weeks": [],
        }
        for command, people, runs, total_ms, failed, interrupted in connection.sql(TOTALS).fetchall()
    }
    for command, week, runs, (median_ms, *_) in sorted(connection.sql(WEEKS).fetchall()):
        document[command]["weeks"].append([week, runs, median_ms])
    for sums in (TIMELINE, WEEKLY, COMMITS):
        connection.sql(sums).fetchnumpy()
    print(json.dumps(document))


if __name__ == "__main__":
    main()
