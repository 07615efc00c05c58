"""The figures of a report, computed with pandas: what ``benchmarks/report.py`` measures the report beside.

python benchmarks/pandas_report.py history.parquet
"""

from __future__ import annotations

import json
import sys

import pandas as pd

COLUMNS = ["command", "user_id", "duration_ms", "exit_status", "is_test", "start_time"]


def main() -> None:
    """Print, as JSON, for each command what ``report --format json`` prints."""
    runs = pd.read_parquet(sys.argv[1], columns=COLUMNS)
    runs = runs[runs["is_test"] == "false"]
    # Weeks begin on Monday; a time without its zone, in days, is what a period is made of.
    runs["week"] = (runs["start_time"].astype("int64") // 1_000_000 + 3 * 86_400) // (7 * 86_400)
    by_command = runs.groupby("command", observed=True)
    quantiles = by_command["duration_ms"].quantile([0.5, 0.95]).unstack()
    # A run counts for at most three times as long as 95 % of its command's.
    counted = runs["duration_ms"].clip(
        upper=runs["command"].map((3 * quantiles[0.95].round(2)).astype("int64")).astype("int64")
    )
    figures = pd.DataFrame(
        {
            "people": by_command["user_id"].nunique(),
            "runs": by_command.size(),
            "total_ms": counted.groupby(runs["command"], observed=True).sum(),
            "median_ms": quantiles[0.5],
            "p95_ms": quantiles[0.95],
            "failed": (runs["exit_status"] > 0).groupby(runs["command"], observed=True).sum(),
            "interrupted": (runs["exit_status"] < 0).groupby(runs["command"], observed=True).sum(),
        }
    )
    weeks = runs.groupby(["command", "week"], observed=True)["duration_ms"].agg(["size", "median"])
    document = {command: dict(row) for command, row in figures.astype(float).iterrows()}
    for (command, week), row in weeks.iterrows():
        document[command].setdefault("weeks", []).append([int(week), int(row["size"]), float(row["median"])])
    print(json.dumps(document))


if __name__ == "__main__":
    main()
