"""What a report costs with Spark on this machine, beside DuckDB: ``python benchmarks/spark.py --runs 100000000``.

Both read the same Parquet file, one after the other, each as a process of its own; both print the same. Look at the
ratio: Spark is for what does not fit on one machine, and on one it is the slower.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

HERE = Path(__file__).resolve().parent
TABLE = "devstack_command_run"
DECLARE = "import sys; from instrumented_make.report import spark; spark.connect(sys.argv[1]).raw_sql(sys.argv[2])"


def main() -> None:
    """Make the history unless it is there, declare it to Spark, and measure both."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="keep the history there; 4 GB for 100,000,000 runs")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        history = (options.folder or Path(temporary)) / f"{options.runs}.parquet"
        if not history.exists():
            make = [sys.executable, str(HERE.parent / "examples" / "team_history.py"), str(options.runs), str(history)]
            subprocess.run(make, check=True, stdout=subprocess.DEVNULL)
        url = _catalog(Path(temporary))
        declare = f"CREATE TABLE {TABLE} USING parquet LOCATION '{history.resolve()}'"
        subprocess.run([sys.executable, "-c", DECLARE, url, declare], check=True)
        report = [sys.executable, "-m", "generator", "report", "--format", "json"]
        duckdb_s, duckdb_said = _timed([*report, str(history)])
        spark_s, spark_said = _timed([*report, url, "--table", TABLE])
        assert spark_said == duckdb_said != ""
    print(f"{options.runs:,} runs: DuckDB {duckdb_s:.1f} s, Spark {spark_s:.1f} s, ratio {spark_s / duckdb_s:.1f}")


def _catalog(folder: Path) -> str:
    """The URL of a Spark in local mode with a catalog of its own in ``folder``."""
    settings = {
        "spark.master": "local[*]",
        "spark.driver.memory": "8g",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={folder}/catalog;create=true",
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={folder}",
    }
    return f"pyspark://?{urlencode(settings)}"


def _timed(command: list[str]) -> tuple[float, str]:
    started_s = time.perf_counter()
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    return time.perf_counter() - started_s, said


if __name__ == "__main__":
    main()
