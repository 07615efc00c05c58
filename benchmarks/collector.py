"""What the collector takes, beside an ASGI app that does nothing and beside plain INSERTs: ``benchmarks/collector.py``.

The same requests go to each in turn, over the same number of connections, from one process on the same machine. Each
answer of the collector comes after its commit. The INSERTs are the fastest that SQLite has: no server, no checks, one
commit for what a request holds, then one for all of it. What to look at are the ratios; figures are this machine's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from uuid import UUID

from results import Results
from rich.table import Table

KEY = "bench-key"
CATALOG = f"""\
project: bench
event: devstack.command.run
segment:
  write_key: {KEY}
consent:
  who: The maintainers
  why: to measure
targets:
  - dev.pull
  - dev.up.lms
"""
PEOPLE = 50


@dataclass(frozen=True)
class Cost:
    """Of requests with ``size`` events each: how many a second, and how long the answers took."""

    events_a_second: float
    p50_ms: float
    p99_ms: float


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5, help="for each way and size")
    parser.add_argument("--connections", type=int, default=32, help="at the same time")
    parser.add_argument("--rows", type=int, default=0, help="events that are there before; 10000000 take long")
    parser.add_argument("--postgres", metavar="URL", help="an empty database, to measure that as well")
    parser.add_argument("--keep", action="store_true", help="write the results to benchmarks/results")
    parser.add_argument("--serve-nothing", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve_nothing:
        asyncio.run(_serve_nothing())
        return
    results = Results("collector", 110)
    table = Table("way", "events a request", "events/s", "p50 ms", "p99 ms", "peak MiB", title="Taking events")
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder) / "targets.yaml"
        catalog.write_text(CATALOG)
        data = str(Path(folder) / "metrics")
        if options.rows:
            results.show(_fill(catalog, data, options.rows))
        collect = [sys.executable, "-m", "generator", "collect", str(catalog), "--port", "0", "--page-every", "9d"]
        ways = {
            "an app that does nothing": [sys.executable, __file__, "--serve-nothing"],
            "collector, SQLite": [*collect, "--data", data],
        }
        if options.postgres:
            ways["collector, PostgreSQL"] = [*collect, "--data", options.postgres]
        for size in (1, 100):
            for name, command in ways.items():
                with _running(command) as (port, process):
                    cost = asyncio.run(_load(port, size, options.connections, options.seconds))
                    peak = f"{_peak_mib(process):,.0f}"
                table.add_row(name, str(size), f"{cost.events_a_second:,.0f}", *_two(cost), peak)
            for name, commit in (("INSERTs, a commit each", True), ("INSERTs, one commit", False)):
                cost = _insert(Path(folder) / f"plain-{size}-{commit}.sqlite3", size, options.seconds, commit=commit)
                table.add_row(name, str(size), f"{cost.events_a_second:,.0f}", *_two(cost), "")
    results.show(table)
    if options.keep:
        print(f"kept: {results.keep()}")


def _two(cost: Cost) -> tuple[str, str]:
    return f"{cost.p50_ms:.1f}", f"{cost.p99_ms:.1f}"


def _event(number: int) -> dict[str, Any]:
    start = datetime.now(timezone.utc) - timedelta(seconds=random.random() * 86_400)
    return {
        "type": "track",
        "event": "devstack.command.run",
        "userId": str(UUID(int=number % PEOPLE << 80 | 1, version=4)),
        "messageId": os.urandom(16).hex(),
        "timestamp": start.isoformat(),
        "context": {"ip": "0.0.0.0", "library": {"name": "analytics-python", "version": "2.4.0"}},  # noqa: S104
        "properties": {
            "command": random.choice(["dev.pull", "dev.up.lms"]),
            "command_type": "make",
            "duration_ms": random.randrange(100_000),
            "exit_status": random.choice([0, 0, 0, 2]),
            "git_checked_out_master": True,
            "git_commit_time": "2026-05-17T15:02:10-04:00",
            "is_test": "false",
            "start_time": start.isoformat(timespec="microseconds"),
        },
    }


def _request(size: int) -> bytes:
    import base64  # noqa: PLC0415

    body = json.dumps({"batch": [_event(number) for number in range(size)]}).encode()
    key = base64.b64encode(f"{KEY}:".encode()).decode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _load(port: int, size: int, connections: int, seconds: float) -> Cost:
    """Send requests over ``connections`` for so many ``seconds``; every answer must be a 200."""
    # Made before, so that the sender takes little of the machine. Ids that come again would be repeats.
    ahead = [_request(size) for _ in range(int(seconds * (8_000 if size == 1 else 600)))]
    taken_ms: list[float] = []
    end_s = time.perf_counter() + seconds

    async def send() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < end_s and ahead:
            request = ahead.pop()
            begun_s = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"refused: {head!r}")
            [length] = re.findall(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length))
            taken_ms.append(1000 * (time.perf_counter() - begun_s))
        writer.close()

    begun_s = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(connections)))
    return _cost(taken_ms, size, time.perf_counter() - begun_s)


def _cost(taken_ms: list[float], size: int, seconds: float) -> Cost:
    percentiles = statistics.quantiles(taken_ms, n=100)
    return Cost(len(taken_ms) * size / seconds, percentiles[49], percentiles[98])


@contextmanager
def _running(command: list[str]) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A server; its port and its process."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
        assert found
        try:
            yield int(found[1]), process
        finally:
            process.terminate()
            process.stdout.close()
            process.wait()


def _peak_mib(process: subprocess.Popen[str]) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def _insert(path: Path, size: int, seconds: float, *, commit: bool) -> Cost:
    """The same events, already decoded, into a plain table with the same indexes, one after another."""
    taken_ms: list[float] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(
            "CREATE TABLE events (id TEXT UNIQUE, user_id TEXT, command TEXT, duration_ms INTEGER, exit_status INTEGER,"
            " git_checked_out_master INTEGER, git_commit_time TEXT, is_test TEXT, start_time TEXT)"
        )
        connection.execute("CREATE INDEX events_by_user ON events (user_id)")
        connection.execute("CREATE INDEX events_by_start ON events (start_time)")
        template = [tuple(_event(number)["properties"].values()) for number in range(size)]
        end_s = time.perf_counter() + seconds
        begun_s = time.perf_counter()
        if not commit:
            connection.execute("BEGIN")
        while time.perf_counter() < end_s:
            rows = [
                (os.urandom(16).hex(), f"u{number % PEOPLE}", row[0], *row[2:]) for number, row in enumerate(template)
            ]
            at_s = time.perf_counter()
            if commit:
                connection.execute("BEGIN")
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
            if commit:
                connection.execute("COMMIT")
            taken_ms.append(1000 * (time.perf_counter() - at_s))
        if not commit:
            connection.execute("COMMIT")
        return _cost(taken_ms, size, time.perf_counter() - begun_s)


def _fill(catalog: Path, data: str, rows: int) -> str:
    """Put so many events into the store, as the collector does; what it took, and how long a start then takes."""
    from generator.cli import agreement_of  # noqa: PLC0415
    from instrumented_make.collector.intake import read_batch  # noqa: PLC0415
    from instrumented_make.collector.sqlite import SqliteStore  # noqa: PLC0415

    agreed = agreement_of(catalog)
    begun_s = time.perf_counter()
    with closing(SqliteStore(Path(data))) as store:
        for place in range(0, rows, 2_000):
            content = json.dumps({"batch": [_event(number) for number in range(place, place + 2_000)]}).encode()
            store.add(read_batch(content, agreed, 0).events, {}, time.time_ns() // 1000)
    filled_s = time.perf_counter() - begun_s
    size = sum(path.stat().st_size for path in Path(data).iterdir()) / 2**20
    command = [sys.executable, "-m", "generator", "collect", str(catalog), "--data", data, "--port", "0"]
    begun_s = time.perf_counter()
    with _running([*command, "--page-every", "9d"]):
        started_s = time.perf_counter() - begun_s
    return f"{rows:,} events were put there in {filled_s:.0f} s: {size:,.0f} MiB; a start then takes {started_s:.2f} s."


async def _nothing(_: Any, receive: Any, send: Any) -> None:
    """Receive the body, and answer as the collector does."""
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-length", b"16"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"success":true}'})


async def _serve_nothing() -> None:
    from instrumented_make.collector import connections  # noqa: PLC0415

    with closing(socket.socket(proto=socket.IPPROTO_TCP)) as listener:
        listener.bind(("127.0.0.1", 0))
        print(connections.address(listener, tls=False), flush=True)
        await connections.server(_nothing, None, None).serve([listener])


if __name__ == "__main__":
    main()
