"""Everything at once, in two containers that share a home.

Kills, a slow and flaky server, clocks that jump, repositories that hang, too little memory, and people who look.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import venv
from collections import Counter
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from capture import Capture, Request
from workbench import HANG_S, INSTALLED, PYTHON, Workbench, needs, wait_until

HERE = Path(__file__).resolve().parent
# For more, CHAOS_RUNS=100000.
RUNS = int(os.environ.get("CHAOS_RUNS", "1000"))
SEED = int(os.environ.get("CHAOS_SEED", "1"))
KILLED = 0.2
# Each start of the reporter gets its own clock: a day behind, a year ahead, or right. Of three, one gets too little
# memory for something that it does: a module, a thread, a list.
CHAOS = """\
import random, resource, sys, time
_real, _by_s = time.time, random.choice([0, 0, -86_400, 365 * 86_400])
time.time = lambda: _real() + _by_s
if "run" in sys.orig_argv and random.random() < 0.33:
    resource.setrlimit(resource.RLIMIT_AS, (random.randrange(50, 120) << 20, resource.RLIM_INFINITY))
"""


class Flaky(Capture):
    """Until it is ``mended``, half of the requests fail, one in eight of these after the events were taken."""

    def __init__(self) -> None:
        super().__init__()
        self.mended = False
        self.taken: list[dict[str, Any]] = []
        self._chance = random.Random(SEED)
        # It takes little at a time, so that senders are killed in the middle of a request.
        self._server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        capture, taking = self, super()._handler()

        class Slow(taking):  # type: ignore[misc, valid-type]
            def do_POST(self) -> None:
                if not capture.mended:
                    time.sleep(capture._chance.uniform(0, 0.2))
                super().do_POST()

        return Slow

    def _take(self, request: Request) -> tuple[int, dict[str, str], bytes]:
        answer = super()._take(request)
        with self.changed:
            if not self.mended and self._chance.random() < 0.5:
                if self._chance.random() > 0.125:
                    return self._chance.choice([500, 503, 408, 404, 429, 401]), {}, b"no"
                answer = (500, {}, b"taken all the same")
            self.taken += request.document["batch"]
            return answer


def interpreter_of_chaos(folder: Path) -> Path:
    """A Python that finds this project's packages, and runs CHAOS at each start."""
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (packages / "chaos.py").write_text(CHAOS)
    project = HERE.parents[1]
    (packages / "all.pth").write_text(f"{sysconfig.get_path('purelib')}\n{project}\nimport chaos\n")
    return folder / "bin" / "python"


def test_chaos_loses_nothing_and_repeats_nothing(bench: Workbench) -> None:
    """Each run is one event with one id and make's status, unless its recorder was killed, or make before it began.

    A run whose recorder was killed once it had written the start is counted with that reason, if it has no event.
    """
    unshare = needs("unshare")
    separate = [unshare, "--pid", "--fork", "--mount-proc", "--kill-child"]
    if subprocess.run([*separate, "true"], capture_output=True, check=False).returncode:
        pytest.skip("only root can make a pid namespace")
    server = Flaky()
    with server:
        bench.host = server.host
        bench.write("run.%: ; @:; sleep 0.01\n", [f"run.{number}" for number in range(RUNS)])
        bench.commit()
        bench.opt_in()
        hanging = bench.home.parent / "hanging"
        subprocess.run(["cp", "-a", str(bench.tree), str(hanging)], check=True)
        commit = bench.git("rev-parse", "HEAD").strip()
        (stuck := hanging / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
        os.mkfifo(stuck)
        python = interpreter_of_chaos(bench.home.parent / "python")
        (bench.config / "interpreter").write_text(f"{python}\n")
        plan = {
            "environment": bench.environment,
            "tree": str(bench.tree),
            "hanging": str(hanging),
            "killed": KILLED,
            "python": INSTALLED,
        }
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
            bench.reporter("run")
            told = bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout
            return "Waiting:       0" in told and "Not yet read" not in told

        wait_until(drained, "what waits to be sent")
    makes = {int(number): how for result in results for number, how in result["makes"].items()}
    killed = {number for result in results for number in result["recorders_killed"]}
    ids: dict[str, set[str]] = {}
    statuses: dict[str, int] = {}
    for event in server.taken:
        properties = event["properties"]
        ids.setdefault(properties["command"], set()).add(event["messageId"])
        statuses[properties["command"]] = properties["exit_status"]
    missing = {number for number in makes if f"run.{number}" not in ids}
    told = bench.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED}).stdout
    counted = sum(map(int, re.findall(r"^Lost: +(\d+): a start without an end", told, re.M)))
    print(
        Counter(makes.values()),
        f"{len(killed)} recorders and {sum(result['reporters_killed'] for result in results)} reporters killed,"
        f" {len(server.requests)} requests, {len(server.taken)} events taken, {len(ids)} commands, {counted} counted\n"
        f"{told}",
    )
    assert len(makes) == RUNS
    assert missing <= killed | {number for number, status in makes.items() if status == -signal.SIGKILL}
    assert counted <= len(missing & killed)
    # A recorder that was killed before it had written anything leaves an empty file for a minute.
    assert [record for record in bench.records() if record.stat().st_size] == []
    assert "Lost" not in re.sub(r"^Lost: +\d+: a start without an end", "", told, flags=re.M)
    assert [command for command, known in ids.items() if len(known) > 1] == []
    wrong = [
        (number, makes[number]) for number in makes if statuses.get(f"run.{number}", makes[number]) != makes[number]
    ]
    assert wrong == []
    assert len({event["userId"] for event in server.taken}) == 1
    assert [said for result in results for said in result["looks"] if said] == []
