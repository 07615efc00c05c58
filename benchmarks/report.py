"""What a report costs, beside DuckDB and pandas: ``make dev.bench.report``, or ``python benchmarks/report.py``.

Each way is a process of its own that reads the same Parquet file and prints the same figures, which are compared. The
plain SQL also asks for the sums that the search for changes needs; pandas does not. "Ready" is a process that imports
Ibis, connects to DuckDB and asks it nothing. For each size the ways take turns. What to look at are the ratios; seconds
and bytes are this machine's.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from results import Results
from rich.table import Table

from instrumented_make.digest import digest
from instrumented_make.reporter import outbox
from instrumented_make.reporter.event import Event
from instrumented_make.times import moment, week_of

HERE = Path(__file__).resolve().parent
CHANGE = "2026-04-28T10:00Z"
OWN = 100_000
READY = "import ibis; ibis.duckdb.connect()"


@dataclass(frozen=True)
class Cost:
    """Of one process, from its start to its end."""

    seconds: float
    cpu_seconds: float
    peak_mib: float
    output: str


def main() -> None:
    """Measure every size, and print a table that grows as it goes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--up-to", type=int, default=10_000_000, help="the largest number of runs; 100000000 takes long"
    )
    parser.add_argument("--folder", type=Path, help="keep the histories there; 4 GB for 100,000,000 runs")
    parser.add_argument("--keep", action="store_true", help="write the results to benchmarks/results")
    options = parser.parse_args()
    results = Results("report", 150)
    table = Table(
        *("runs", "file", "report", "CPU", "CPU, ready", "ratio", "peak", "SQL", "ratio"),
        *("pandas", "ratio", "peak", "page + change", "peak"),
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = 100_000
        while rows <= options.up_to:
            table.add_row(*_measure(rows, options.folder or Path(folder)))
            rows *= 10
        results.show(table)
        results.show(_own(Path(folder)))
    if options.keep:
        print(f"kept: {results.keep()}")


def _own(folder: Path) -> str:
    """A developer's own history: what ``make metrics-stats`` runs, and the report of the same outbox."""
    import pyarrow.parquet as pq  # noqa: PLC0415  (it is large; see _history)

    _history(OWN, folder / "own.parquet")
    columns = pq.read_table(folder / "own.parquet").drop_columns(["id", "user_id", "timestamp", "received_at"])
    with outbox.open_outbox(folder / "outbox.sqlite3") as kept:
        kept.add((_event(number, row) for number, row in enumerate(columns.to_pylist())), [], time.time())
    collection = {
        **dict.fromkeys(("event", "command_type", "main_branch", "host", "write_key"), "x"),
        "fields": [],
    }
    question = {"project": "p", "who": "w", "why": "y"}
    contract = {"collection": collection, "question": question, "digest": digest(collection)}
    common = ["--contract", json.dumps(contract), "--config-dir", str(folder)]
    stats = [sys.executable, "-I", "-m", "instrumented_make.reporter", "stats", "--format", "json", *common]
    report = [sys.executable, "-m", "generator", "report", str(folder / "outbox.sqlite3"), "--format", "json"]
    ours, theirs = [], []
    for _ in range(5):
        ours.append(_run(stats))
        theirs.append(_run(report))
    assert json.loads(ours[0].output)["commands"] == json.loads(theirs[0].output)["commands"] != []
    item, other = (statistics.median(cost.seconds for cost in costs) for costs in (ours, theirs))
    return f"{OWN:,} events in an outbox: metrics-stats {item:.2f} s, report {other:.2f} s, ratio {item / other:.2f}"


def _history(rows: int, path: Path) -> None:
    """In a process of its own: what this one has needed at most, those that it starts seem to need at least."""
    command = [sys.executable, str(HERE.parent / "examples" / "team_history.py"), str(rows), str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _event(number: int, row: dict[str, Any]) -> Event:
    times = {name: row[name].isoformat(timespec="microseconds") for name in ("start_time", "git_commit_time")}
    return Event(f"m{number}", "u", "devstack.command.run", times["start_time"], row | times)


def _measure(rows: int, folder: Path) -> list[str]:
    history = folder / f"{rows}.parquet"
    if not history.exists():
        _history(rows, history)
    report = [sys.executable, "-m", "generator", "report", str(history), "--min-people", "1"]
    rounds = 5 if rows <= 1_000_000 else 3
    ours, ready, plain, theirs = [], [], [], []
    for _ in range(rounds):
        ready.append(_run([sys.executable, "-c", READY]))
        ours.append(_run([*report, "--format", "json"]))
        plain.append(_run([sys.executable, str(HERE / "duckdb_report.py"), str(history)]))
        theirs.append(_run([sys.executable, str(HERE / "pandas_report.py"), str(history)]))
    page = _run([*report, "--change", CHANGE, "--html", str(folder / "page.html")])
    for costs in (plain, theirs):
        if costs[0].output:
            _compare(json.loads(ours[0].output), json.loads(costs[0].output))
    item, sql, other = (statistics.median(cost.seconds for cost in costs) for costs in (ours, plain, theirs))
    cpu, ready_cpu = (statistics.median(cost.cpu_seconds for cost in costs) for costs in (ours, ready))
    peak, their_peak = (max(cost.peak_mib for cost in costs) for costs in (ours, theirs))
    done = bool(theirs[0].output)
    return [
        f"{rows:,}",
        f"{history.stat().st_size / 2**20:,.0f} MiB",
        f"{item:.1f} s",
        f"{cpu:.1f} s",
        f"{ready_cpu:.2f} s",
        f"{cpu / ready_cpu:.2f}",
        f"{peak:,.0f} MiB",
        f"{sql:.1f} s",
        f"{item / sql:.2f}",
        f"{other:.1f} s" if done else "out of memory",
        f"{item / other:.2f}" if done else "-",
        f"{their_peak:,.0f} MiB",
        f"{page.seconds:.1f} s",
        f"{page.peak_mib:,.0f} MiB",
    ]


def _run(command: list[str]) -> Cost:
    """Run to the end; what ran out of memory has no output."""
    with tempfile.TemporaryFile() as stream:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        stream.seek(0)
        output = stream.read().decode() if process.returncode == 0 else ""
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def _compare(ours: dict[str, list[dict[str, object]]], theirs: dict[str, dict[str, object]]) -> None:
    """Fail unless every figure is the same, but for the last bits of quantiles."""
    for item in ours["commands"]:
        other = theirs[str(item["command"])]
        weeks = [[week_of(moment(week["monday"])), week["runs"], week["median_ms"]] for week in item["weeks"]]  # type: ignore[attr-defined]
        assert weeks == other["weeks"], item["command"]
        for name in ("people", "runs", "total_ms", "failed", "interrupted", "median_ms", "p95_ms"):
            assert abs(float(item[name]) - float(other[name])) <= 1e-9 * float(item[name]), name  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
