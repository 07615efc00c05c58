"""Writes the history of a team that never was, as a warehouse would export it: one Parquet file of events.

    python examples/team_history.py 100000 history.parquet --seed 1

The same rows and seed give the same file. What is realistic in it: durations with heavy tails, people who differ in
speed, diligence and in how often they pull, working hours, a slow drift, an outage, and one change that helped.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

HOUR_S = 3600
DAY_S = 24 * HOUR_S
WEEK_S = 7 * DAY_S
END_S = int(datetime(2026, 7, 6, tzinfo=timezone.utc).timestamp())
RUNS_A_WEEK = 40
CHUNK = 1_000_000

# The change: from this commit on REPAIRED takes a fifth less time and fails half as often. SLOWER gets slower, slowly.
CHANGE_S = END_S - 10 * WEEK_S + 34 * HOUR_S
REPAIRED, SPEED_UP = "dev.provision", 0.80
SLOWER, DRIFT_A_WEEK = "dev.static.lms", 0.005
OUTAGE_S = (END_S - 5 * WEEK_S + DAY_S, END_S - 5 * WEEK_S + 3 * DAY_S)
OUTAGE = "dev.pull.lms+studio"


@dataclass(frozen=True)
class Command:
    """How often of all runs, how long (seconds), how widely spread (of its logarithm), and how often it ends badly."""

    name: str
    weight: float
    median_s: float
    sigma: float
    failing: float
    interrupted: float


COMMANDS = (
    Command("dev.up.lms", 24, 21, 0.5, 0.02, 0.010),
    Command("dev.attach.lms", 16, 380, 1.3, 0.01, 0.300),
    Command("dev.shell.lms", 15, 240, 1.4, 0.03, 0.020),
    Command("dev.down", 12, 9, 0.4, 0.01, 0.002),
    Command("dev.pull.lms+studio", 9, 75, 0.8, 0.06, 0.030),
    Command("dev.static.lms", 7, 140, 0.5, 0.05, 0.060),
    Command("dev.migrate.lms", 6, 48, 0.6, 0.09, 0.010),
    Command("dev.provision", 4, 900, 0.5, 0.18, 0.050),
    Command("dev.logs.lms", 4, 60, 1.2, 0.00, 0.800),
    Command("dev.reset", 2, 310, 0.6, 0.07, 0.020),
    Command("dev.backup", 0.7, 55, 0.5, 0.02, 0.000),
    Command("dev.up.forum+notes", 0.02, 30, 0.5, 0.10, 0.010),
    Command("dev.check.credentials", 0.003, 12, 0.4, 0.20, 0.010),
)

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("user_id", pa.dictionary(pa.int32(), pa.string())),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("received_at", pa.timestamp("us", "UTC")),
        ("command", pa.dictionary(pa.int32(), pa.string())),
        ("command_type", pa.dictionary(pa.int32(), pa.string())),
        ("duration_ms", pa.int64()),
        ("exit_status", pa.int64()),
        ("git_checked_out_master", pa.bool_()),
        ("git_commit_time", pa.timestamp("us", "UTC")),
        ("is_test", pa.dictionary(pa.int32(), pa.string())),
        ("start_time", pa.timestamp("us", "UTC")),
    ]
)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class Team:
    """The people, and the commits that they pull."""

    def __init__(self, people: int, weeks: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 0])
        self.begin_s = END_S - weeks * WEEK_S
        self.ids = [rng.bytes(16).hex() for _ in range(people)]
        self.activity = np.cumsum(rng.lognormal(0, 0.8, people))
        self.activity /= self.activity[-1]
        self.slowness = rng.lognormal(0, 0.3, people)
        self.mishaps = rng.lognormal(0, 0.4, people)
        self.pull_every_s = rng.lognormal(np.log(3.5), 0.9, people) * DAY_S
        self.pull_phase_s = rng.random(people) * self.pull_every_s
        # Commits began long before the history does, two a working day.
        commits = self.begin_s - 400 * DAY_S + np.sort(rng.random((weeks + 57) * 10)) * (weeks * WEEK_S + 400 * DAY_S)
        self.commits_s = np.sort(np.append(commits, CHANGE_S))
        self.rhythm = _rhythm(weeks)

    def times(self, share: Floats) -> Floats:
        """The moments, in seconds since 1970, at which these shares of all runs had been started."""
        hours: Floats = np.interp(share, self.rhythm, np.arange(len(self.rhythm), dtype=float))
        return self.begin_s + hours * HOUR_S

    def checked_out(self, person: Integers, start_s: Floats) -> Floats:
        """The time of the commit on the main branch that each person had last pulled."""
        every, phase = self.pull_every_s[person], self.pull_phase_s[person]
        pulled_s = np.floor((start_s - phase) / every) * every + phase
        return self.commits_s[np.maximum(np.searchsorted(self.commits_s, pulled_s, side="right") - 1, 0)]


def _rhythm(weeks: int) -> Floats:
    """The share of all runs that were started before each hour, from 0 to 1."""
    of_day = np.array(
        [1, 1, 1, 1, 1, 2, 6, 20, 60, 95, 100, 85, 50, 70, 95, 100, 90, 60, 30, 16, 10, 6, 3, 2], dtype=float
    )
    of_week = np.concatenate([of_day * day for day in (0.9, 1, 1, 0.95, 0.7, 0.05, 0.04)])
    growth = np.linspace(1, 1.25, weeks)
    begun: Floats = np.concatenate([[0], np.cumsum(np.outer(growth, of_week).ravel())])
    share: Floats = begun / begun[-1]
    return share


def team(rows: int, seed: int) -> Team:
    """As many people, over half a year or two years, as run so many commands."""
    weeks = 26 if rows <= CHUNK else 104
    return Team(max(12, rows // (RUNS_A_WEEK * weeks)), weeks, seed)


def chunk(team: Team, number: int, rows: int, begin: float, end: float, seed: int) -> pa.Table:
    """The events, in the order of their starts, from one share of all runs to another."""
    rng = np.random.default_rng([seed, 1, number])
    start_s = team.times(np.sort(rng.uniform(begin, end, rows)))
    person = np.searchsorted(team.activity, rng.random(rows)).astype(np.int64)
    weights = np.array([command.weight for command in COMMANDS])
    command = (
        np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(rows))
        .astype(np.int64)
        .clip(max=len(weights) - 1)
    )
    on_master = rng.random(rows) < 0.7
    pulled_s = team.checked_out(person, start_s)
    commit_s = np.where(on_master, pulled_s, np.maximum(pulled_s, start_s - rng.exponential(8 * HOUR_S, rows)))
    duration_s, status = _outcome(rng, team, person, command, start_s, pulled_s >= CHANGE_S)
    late_s = np.where(rng.random(rows) < 0.03, rng.exponential(12 * HOUR_S, rows), rng.uniform(2, 5, rows))
    start = _timestamps(start_s)
    return pa.table(
        [
            _ids(rng, rows),
            _coded(person, team.ids),
            start,
            _timestamps(start_s + duration_s + late_s),
            _coded(command, [item.name for item in COMMANDS]),
            _coded(np.zeros(rows, dtype=np.int64), ["make"]),
            pa.array(np.round(duration_s * 1000).astype(np.int64)),
            pa.array(status),
            pa.array(on_master),
            _timestamps(np.floor(commit_s)),
            _coded((rng.random(rows) < 0.01).astype(np.int64), ["false", "trying it out"]),
            start,
        ],
        schema=SCHEMA,
    )


def _outcome(
    rng: np.random.Generator,
    team: Team,
    person: Integers,
    command: Integers,
    start_s: Floats,
    changed: npt.NDArray[np.bool_],
) -> tuple[Floats, Integers]:
    """Durations in seconds, and exit statuses."""
    rows = len(person)
    names = [item.name for item in COMMANDS]
    median, sigma, failing, interrupted = (
        np.array([getattr(item, name) for item in COMMANDS])[command]
        for name in ("median_s", "sigma", "failing", "interrupted")
    )
    repaired = (command == names.index(REPAIRED)) & changed
    weeks = (start_s - team.begin_s) / WEEK_S
    duration_s = median * team.slowness[person] * np.exp(sigma * rng.standard_normal(rows))
    duration_s *= np.where(repaired, SPEED_UP, 1) * np.where(
        command == names.index(SLOWER), np.exp(DRIFT_A_WEEK * weeks), 1
    )
    duration_s *= np.where(rng.random(rows) < 0.02, 1 + rng.pareto(1.5, rows), 1)
    failing = failing * team.mishaps[person] * np.where(repaired, 0.5, 1)
    out = (command == names.index(OUTAGE)) & (start_s >= OUTAGE_S[0]) & (start_s < OUTAGE_S[1])
    failing = np.where(out, 0.6, np.minimum(failing, 0.9))
    chance = rng.random(rows)
    failed = chance < failing
    killed = ~failed & (chance < failing + interrupted)
    signals = np.array([-2, -2, -2, -2, -2, -15, -1], dtype=np.int64)[rng.integers(0, 7, rows)]
    status = np.where(failed, 2, np.where(killed, signals, 0)).astype(np.int64)
    return np.minimum(duration_s * np.where(failed | killed, rng.uniform(0.05, 1, rows), 1), 12 * HOUR_S), status


def _timestamps(seconds: Floats) -> pa.Array:
    return pa.array((seconds * 1_000_000).astype(np.int64)).cast(pa.timestamp("us", "UTC"))


def _coded(codes: Integers, values: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values))


def _ids(rng: np.random.Generator, rows: int) -> pa.Array:
    return pa.array(np.frombuffer(rng.bytes(16 * rows).hex().encode(), dtype="S32")).cast(pa.string())


def write(path: Path, rows: int, seed: int = 1) -> None:
    """Write ``rows`` events to ``path``, whole or not at all."""
    everybody = team(rows, seed)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd", use_dictionary=["user_id", "command"]) as writer:
            for number, first in enumerate(range(0, rows, CHUNK)):
                last = min(first + CHUNK, rows)
                writer.write_table(chunk(everybody, number, last - first, first / rows, last / rows, seed))
                if rows > CHUNK and sys.stderr.isatty():
                    print(
                        f"\r{last:,} of {rows:,} events", end="" if last < rows else "\n", file=sys.stderr, flush=True
                    )
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def main() -> int:
    """Write what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    try:
        write(options.file, options.rows, options.seed)
    except KeyboardInterrupt:
        return 130
    print(f"The change that helped {REPAIRED}: {datetime.fromtimestamp(CHANGE_S, timezone.utc).isoformat()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
