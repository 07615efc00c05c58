"""One container of the chaos test: runs make again and again while processes are killed.

Started in a pid namespace of its own: ``chaos_worker.py <plan as JSON>``. Prints, as JSON, how each run ended.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


def command_lines() -> dict[int, str]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = (entry / "cmdline").read_text(errors="replace").replace("\0", " ")
            except OSError:
                continue
    return found


def kill(process: int) -> bool:
    try:
        os.kill(process, signal.SIGKILL)
    except OSError:
        return False
    return True


def run(plan: dict[str, Any], number: int) -> tuple[int, str]:
    """Run one target; return its number and ``finished``, or ``killed`` if its make or its shell was."""
    chance = random.Random(plan["seed"] + number)
    tree = plan["hanging"] if number % 3 == 0 else plan["tree"]
    process = subprocess.Popen(
        ["/usr/bin/make", f"run.{number}"], cwd=tree, env=plan["environment"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    outcome = "finished"
    if chance.random() < plan["killed"]:
        time.sleep(chance.uniform(0, 0.015))  # a random moment of the run
        if chance.random() < 0.5:
            outcome = "killed"
            process.kill()
        else:
            children = [other for other in command_lines() if parent(other) == process.pid]
            if children and kill(chance.choice(children)):
                outcome = "killed"
    process.wait()
    return number, outcome


def parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def kill_reporters(chance: random.Random, ended: threading.Event, killed: list[int]) -> None:
    while not ended.wait(chance.choice([0.05, 0.3, 3.0])):
        reporters = [process for process, line in command_lines().items() if "instrumented_make.reporter run" in line]
        if reporters and kill(chance.choice(reporters)):
            killed.append(1)


def main() -> None:
    plan = json.loads(sys.argv[1])
    ended, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_reporters, args=(random.Random(plan["seed"]), ended, killed))
    killer.start()
    with ThreadPoolExecutor(2) as pool:
        outcomes = dict(pool.map(lambda number: run(plan, number), range(plan["first"], plan["first"] + plan["count"])))
    ended.set()
    killer.join()
    print(json.dumps({"outcomes": outcomes, "reporters_killed": len(killed)}))


if __name__ == "__main__":
    main()
