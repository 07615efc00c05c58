"""Everything at once: kills, a flaky server, clocks that jump, repositories that hang, two containers in one home."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from capture import Capture, Request
from workbench import HANG_S, INSTALLED, PYTHON, Workbench, needs, wait_until

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
# For more, CHAOS_RUNS=100000.
RUNS = int(os.environ.get("CHAOS_RUNS", "1000"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
KILLED = 0.2
# Each start of the reporter gets its own clock: a day behind, a year ahead, or right.
CLOCK = """\
import random, time
_real, _by_s = time.time, random.choice([0, 0, -86_400, 365 * 86_400])
time.time = lambda: _real() + _by_s
"""


class Flaky(Capture):
    """Until it is ``mended``, half of the requests fail, one in eight of these after the events were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.mended = False
        self.taken: list[dict[str, Any]] = []
        self._chance = random.Random(SEED)

    def _take(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        answer = super()._take(request)
        with self.changed:
            if not self.mended and self._chance.random() < 0.5:
                if self._chance.random() > 0.125:
                    return self._chance.choice([500, 503, 408, 404, 429, 401]), {}, b"no"
                answer = (500, {}, b"taken all the same")
            self.taken += request.document["batch"]
            return answer


def interpreter_with_jumping_clock(folder: Path) -> Path:
    """A Python that finds this project's packages, and whose clock differs at each start."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (packages / "jumping_clock.py").write_text(CLOCK)
    project = HERE.parents[1]
    (packages / "all.pth").write_text(f"{sysconfig.get_path('purelib')}\n{project}\nimport jumping_clock\n")
    return folder / "bin" / "python"


def test_chaos_loses_nothing_and_repeats_nothing(bench: Workbench) -> None:
    """Every run whose make and shell were not killed is one event with one id; any other is at most one."""
    unshare = needs("unshare")
    separate = [unshare, "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*separate, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can make a pid namespace")
    server = Flaky()
    with server:
        bench.host = server.host
        bench.write("run.%: ; @:\n", [f"run.{number}" for number in range(RUNS)])
        bench.commit()
        bench.opt_in()
        hanging = bench.home.parent / "hanging"
        subprocess.run(["cp", "-a", str(bench.tree), str(hanging)], check=True)
        commit = bench.git("rev-parse", "HEAD").strip()
        stuck = hanging / ".git" / "objects" / commit[:2] / commit[2:]
        stuck.unlink()
        os.mkfifo(stuck)
        python = interpreter_with_jumping_clock(bench.home.parent / "python")
        (bench.config / "interpreter").write_text(f"{python}\n")
        plan = {"environment": bench.environment, "tree": str(bench.tree), "hanging": str(hanging), "killed": KILLED}
        half = RUNS // 2
        containers = [
            subprocess.Popen(
                [*separate, sys.executable, str(HERE / "chaos_worker.py"), json.dumps({**plan, **share})],
                stdout=subprocess.PIPE,
                text=True,
            )
            for share in (
                {"first": 0, "count": half, "seed": SEED},
                {"first": half, "count": RUNS - half, "seed": SEED + 1},
            )
        ]
        results = [json.loads(container.communicate(timeout=HANG_S)[0]) for container in containers]
        bench.background_ended()
        server.mended = True
        (bench.config / "interpreter").write_text(f"{PYTHON}\n")

        def drained() -> bool:
            bench.reporter("run", "--foreground")
            told = bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout
            return "Waiting:       0" in told and "Not yet read" not in told

        wait_until(drained, "what waits to be sent")
    outcomes = {int(number): how for result in results for number, how in result["outcomes"].items()}
    ids: dict[str, set[str]] = {}
    for event in server.taken:
        ids.setdefault(event["properties"]["command"], set()).add(event["messageId"])
    lost = [number for number, how in outcomes.items() if how == "finished" and f"run.{number}" not in ids]
    told = bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout
    print(
        Counter(outcomes.values()),
        f"{sum(result['reporters_killed'] for result in results)} reporters killed, {len(server.requests)} requests,"
        f" {len(server.taken)} events taken, {len(ids)} commands\n{told}",
    )
    assert len(outcomes) == RUNS
    assert lost == []
    assert [command for command, known in ids.items() if len(known) > 1] == []
    assert len({event["userId"] for event in server.taken}) == 1
