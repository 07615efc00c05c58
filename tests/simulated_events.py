"""Events of simulated runs, as a Parquet file that a report reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from simulated_team import Team

from instrumented_make.figures import Selection
from instrumented_make.report.events import open_source
from instrumented_make.report.history import History
from instrumented_make.report.options import Options
from instrumented_make.report.progress import Steps


def write(path: Path, team: Team, more: Mapping[str, Any] | None = None) -> Path:
    """All runs of a team; with ``more`` columns, if any."""
    runs = team.runs()
    names = np.array([command.name for command in team.world.commands])
    times = [datetime.fromtimestamp(second, timezone.utc) for second in runs.start_s]
    columns = {
        "user_id": [f"p{person}" for person in runs.person],
        "command": names[runs.command],
        "duration_ms": (1000 * runs.duration_s).astype(int),
        "exit_status": runs.status,
        "start_time": times,
        "is_test": ["false"] * len(times),
        "git_checked_out_master": [True] * len(times),
        "git_commit_time": [datetime.fromtimestamp(second, timezone.utc) for second in runs.pulled_s],
        **(more or {}),
    }
    pq.write_table(pa.table(columns), path)
    return path


def counted_events(path: Path) -> list[dict[str, Any]]:
    """The events of a history that a report counts: no test data, and no agent's."""
    table = pq.read_table(path, filters=[("is_test", "=", "false"), ("caller", "=", "person")])
    events: list[dict[str, Any]] = table.to_pylist()
    return events


@contextmanager
def history_of(
    path: Path, min_people: int = 5, selection: Selection | None = None, options: Options | None = None
) -> Iterator[History]:
    """What a report reads of them."""
    with Steps() as steps, open_source(str(path)) as source:
        yield History(source, selection or Selection(), min_people, steps, options)
