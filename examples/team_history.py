"""Writes the history of a made-up team, as a warehouse would export it: one Parquet file of events.

    python examples/team_history.py 100000 history.parquet --seed 5

writes about so many events; the same number and seed give the same file. One change helped, one command drifts, one had
an outage, one got another name, and one is slow on one system; people pull and then migrate, work on the frontend or on
the backend, and some let agents work. What else is realistic in it, simulated_team.py says.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import fields, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from simulated_team import HOUR_S, WEEK_S, Change, Command, Floats, Integers, Runs, Team, World

END_S = int(datetime(2026, 7, 6, tzinfo=timezone.utc).timestamp())
RUNS_A_WEEK = 40
# Longer histories than this have two years instead of half a year. So many events are made at once.
CHUNK = 1_000_000

# The change: from this commit on REPAIRED takes a fifth less time and fails half as often. SLOWER gets slower, slowly.
CHANGE_S = END_S - 10 * WEEK_S + 34 * HOUR_S
REPAIRED, SPEED_UP = "dev.provision", 0.80
SLOWER, DRIFT_A_WEEK = "dev.static.lms", 0.008
OUTAGE = "dev.pull.lms+studio"
# From the middle on, a commit gives this command another name.
RENAMED = ("dev.reset", "dev.destroy")
# What people run more who work on the frontend, and on the backend.
FRONTEND, BACKEND = (SLOWER, "dev.logs.lms"), ("dev.migrate.lms", "dev.shell.lms")
SLOW_SYSTEM, SLOW_THERE, TIMES_AS_LONG = "Darwin", "dev.migrate.lms", 1.6
# Kind and release, processor and cores; and of how many in ten people.
SYSTEMS = (
    ("Linux 6.1", "x86_64, 8 cores", 5),
    ("Darwin 24.6", "arm64, 10 cores", 3),
    ("Darwin 23.6", "arm64, 8 cores", 2),
)
# One person in so many has a coding agent, from the middle on. It runs make more often, and half of that fails.
AGENT_OF = 8

COMMANDS = (
    Command("dev.up.lms", 24, 21, 0.5, 0.02, 0.010),
    Command("dev.attach.lms", 16, 380, 1.3, 0.01, 0.300),
    Command("dev.shell.lms", 15, 240, 1.4, 0.03, 0.020),
    Command("dev.down", 12, 9, 0.4, 0.01, 0.002),
    Command(OUTAGE, 9, 75, 0.8, 0.06, 0.030),
    Command(SLOWER, 7, 140, 0.5, 0.05, 0.060, DRIFT_A_WEEK),
    Command("dev.migrate.lms", 6, 48, 0.6, 0.09, 0.010),
    Command(REPAIRED, 4, 900, 0.5, 0.18, 0.050),
    Command("dev.logs.lms", 4, 60, 1.2, 0.00, 0.800),
    Command("dev.reset", 2, 310, 0.6, 0.07, 0.020),
    Command("dev.backup", 0.7, 55, 0.5, 0.02, 0.000),
    Command("dev.up.forum+notes", 0.02, 30, 0.5, 0.10, 0.010),
    Command("dev.check.credentials", 0.003, 12, 0.4, 0.20, 0.010),
    Command(RENAMED[1], 0, 310, 0.6, 0.07, 0.020),
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
        ("operating_system", pa.dictionary(pa.int32(), pa.string())),
        ("hardware", pa.dictionary(pa.int32(), pa.string())),
        ("git_dirty", pa.bool_()),
        ("caller", pa.dictionary(pa.int32(), pa.string())),
    ]
)


def team(rows: int, seed: int) -> Team:
    """As many people, over half a year or two years, as run about so many commands."""
    weeks = 26 if rows <= CHUNK else 104
    people = max(12, rows // (RUNS_A_WEEK * weeks))
    present = 0.86  # the share of their time that people are neither on holiday nor not there yet or any more
    world = World(
        people=people,
        weeks=weeks,
        commands=COMMANDS,
        runs_a_week=rows / (people * weeks * present),
        end=datetime.fromtimestamp(END_S, timezone.utc).date(),
        change=Change(weeks - 10 + 1 / 7, command=REPAIRED, speed=SPEED_UP, failing=0.09),
        growth=1.25,
        outage=(OUTAGE, weeks - 5 + 1 / 7, weeks - 5 + 3 / 7),
        joining=0.15,
        leaving=0.05,
        learning=0.4,
        cold=1.2,
        retries=0.4,
        tails=0.02,
        habit=(OUTAGE, "dev.migrate.lms", 0.35),
        ways=((0.55, _weights(BACKEND, FRONTEND)), (0.45, _weights(FRONTEND, BACKEND))),
        variety=60,
        renamed=((*RENAMED, weeks / 2),),
    )
    return Team(world, seed)


def _weights(more: tuple[str, ...], less: tuple[str, ...]) -> tuple[float, ...]:
    """How often people run each command who run some more and some less than others."""
    return tuple(item.weight * (1.6 if item.name in more else 0.4 if item.name in less else 1) for item in COMMANDS)


def _with_agents(team: Team, runs: Runs, rng: np.random.Generator) -> tuple[Runs, Integers]:
    """All runs, in the order of their starts, and for each whether an agent made it, 1 or 0."""
    middle_s = team.world.begin_s + team.world.weeks * WEEK_S / 2
    made = runs.of((runs.person % AGENT_OF == AGENT_OF - 1) & (runs.start_s >= middle_s) & (runs.status >= 0))
    made = replace(
        made,
        start_s=made.start_s + rng.uniform(60, 3_600, len(made.person)),
        status=np.where(rng.random(len(made.person)) < 0.5, 2, 0),
    )
    both = Runs(*(np.concatenate([getattr(part, field.name) for part in (runs, made)]) for field in fields(Runs)))
    agent = np.arange(len(both.person)) >= len(runs.person)
    order = np.argsort(both.start_s, kind="stable")
    return both.of(order), agent[order].astype(np.int64)


def events(team: Team, first: int, last: int) -> pa.Table:
    """The events of the weeks from ``first`` (from 0) to before ``last``, in the order of their starts."""
    rng = np.random.default_rng([team.seed, 2, first])
    runs, agent = _with_agents(team, team.runs(first, last), rng)
    rows, people = len(runs.person), team.world.people
    ids = np.random.default_rng([team.seed, 3]).bytes(16 * people).hex()
    on_master = rng.random(rows) < 0.7
    commit_s = np.where(
        on_master, runs.pulled_s, np.maximum(runs.pulled_s, runs.start_s - rng.exponential(8 * HOUR_S, rows))
    )
    late_s = np.where(rng.random(rows) < 0.03, rng.exponential(12 * HOUR_S, rows), rng.uniform(2, 5, rows))
    system = np.repeat(np.arange(len(SYSTEMS)), [number for *_, number in SYSTEMS])[runs.person % 10]
    slow = [name.startswith(SLOW_SYSTEM) for name, *_ in SYSTEMS]
    names = [item.name for item in COMMANDS]
    longer = np.array(slow)[system] & (runs.command == names.index(SLOW_THERE))
    duration_s = np.minimum(runs.duration_s * np.where(longer, TIMES_AS_LONG, 1), 12 * HOUR_S)
    signals = np.array([-2, -2, -2, -2, -2, -15, -1], dtype=np.int64)[rng.integers(0, 7, rows)]
    start = _timestamps(runs.start_s)
    return pa.table(
        [
            _ids(rng, rows),
            _coded(runs.person, [ids[at : at + 32] for at in range(0, 32 * people, 32)]),
            start,
            _timestamps(runs.start_s + duration_s + late_s),
            _coded(runs.command, names),
            _coded(np.zeros(rows, dtype=np.int64), ["make"]),
            pa.array(np.round(duration_s * 1000).astype(np.int64)),
            pa.array(np.where(runs.status < 0, signals, runs.status)),
            pa.array(on_master),
            _timestamps(np.floor(commit_s)),
            _coded((rng.random(rows) < 0.01).astype(np.int64), ["false", "trying it out"]),
            start,
            _coded(system, [name for name, *_ in SYSTEMS]),
            _coded(system, [hardware for _, hardware, _ in SYSTEMS]),
            pa.array(rng.random(rows) < 0.4),
            _coded(agent, ["person", "agent"]),
        ],
        schema=SCHEMA,
    )


def _timestamps(seconds: Floats) -> pa.Array:
    return pa.array((seconds * 1_000_000).astype(np.int64)).cast(pa.timestamp("us", "UTC"))


def _coded(codes: Integers, values: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values))


def _ids(rng: np.random.Generator, rows: int) -> pa.Array:
    return pa.array(np.frombuffer(rng.bytes(16 * rows).hex().encode(), dtype="S32")).cast(pa.string())


def write(path: Path, rows: int, seed: int = 5) -> None:
    """Write about ``rows`` events to ``path``, whole or not at all."""
    everybody = team(rows, seed)
    weeks = everybody.world.weeks
    step = max(1, min(weeks, weeks * CHUNK // rows))
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        with pq.ParquetWriter(temporary, SCHEMA, compression="zstd", use_dictionary=["user_id", "command"]) as writer:
            for first in range(0, weeks, step):
                last = min(first + step, weeks)
                writer.write_table(events(everybody, first, last))
                if step < weeks and sys.stderr.isatty():
                    print(f"\r{last} of {weeks} weeks", end="" if last < weeks else "\n", file=sys.stderr, flush=True)
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
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    try:
        write(options.file, options.rows, options.seed)
    except KeyboardInterrupt:
        return 130
    print(f"The change that helped {REPAIRED}: {datetime.fromtimestamp(CHANGE_S, timezone.utc).isoformat()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
