"""One container of the chaos test: runs make again and again while processes are killed.

Started in a pid namespace of its own: ``chaos_worker.py <plan as JSON>``. Prints, as JSON, how each make ended, of
which runs the recorder was killed, and for each look what was wrong, or "".
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


def run(plan: dict[str, Any], number: int) -> tuple[int, int, bool]:
    """Run one target; return its number, how make ended, and whether its recorder was killed."""
    chance = random.Random(plan["seed"] + number)
    tree = plan["hanging"] if number % 3 == 0 else plan["tree"]
    process = subprocess.Popen(
        ["/usr/bin/make", f"run.{number}"], cwd=tree, env=plan["environment"], stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    recorder_killed = False
    if chance.random() < plan["killed"]:
        time.sleep(chance.uniform(0, 0.02))  # a random moment of the run
        kind = chance.choice(["make", "child", "recorder"])
        lines = command_lines()
        if kind == "make":
            process.kill()
        elif kind == "child":
            children = [other for other in lines if parent(other) == process.pid]
            # What is not the recipe's shell may be the recorder, or about to be it.
            if children and kill(child := chance.choice(children)):
                recorder_killed = not lines[child].startswith("/bin/sh ")
        else:
            recorders = [other for other, line in lines.items() if "/recorder-" in line and f" run.{number} " in line]
            recorder_killed = any([kill(other) for other in recorders])
    return number, process.wait(), recorder_killed


def parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def kill_reporters(chance: random.Random, ended: threading.Event, killed: list[int]) -> None:
    while not ended.wait(chance.choice([0.05, 0.3, 1.0])):
        # The shell of metrics-show has the words as well, without the option.
        lines = command_lines()
        reporters = [process for process, line in lines.items() if "instrumented_make.reporter run --lock" in line]
        if reporters and kill(chance.choice(reporters)):
            killed.append(1)


def look(plan: dict[str, Any], chance: random.Random, ended: threading.Event, looks: list[str]) -> None:
    """Ask what there is, again and again, with DO_NOT_TRACK; keep what was no answer."""
    environment = {**plan["environment"], "DO_NOT_TRACK": "1", "VIRTUAL_ENV": plan["python"]}
    while not ended.wait(chance.uniform(0, 2)):
        goal = f"metrics-{chance.choice(['status', 'show', 'stats'])}"
        result = subprocess.run(
            ["/usr/bin/make", goal], cwd=plan["tree"], env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        # Another process may be writing to the outbox at the moment.
        answered = result.returncode == 0 or "database is locked" in result.stderr
        looks.append("" if answered else result.stdout + result.stderr)


def main() -> None:
    plan = json.loads(sys.argv[1])
    ended, killed, looks = threading.Event(), list[int](), list[str]()
    killer = threading.Thread(target=kill_reporters, args=(random.Random(plan["seed"]), ended, killed))
    looker = threading.Thread(target=look, args=(plan, random.Random(plan["seed"]), ended, looks))
    killer.start()
    looker.start()
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda number: run(plan, number), range(plan["first"], plan["first"] + plan["count"])))
    ended.set()
    killer.join()
    looker.join()
    # The end of this process is the end of all that are left here.
    while any("/recorder-" in line for line in command_lines().values()):
        time.sleep(0.01)
    makes = {number: status for number, status, _ in runs}
    print(
        json.dumps(
            {
                "makes": makes,
                "recorders_killed": [number for number, _, recorder_killed in runs if recorder_killed],
                "reporters_killed": len(killed),
                "looks": looks,
            }
        )
    )


if __name__ == "__main__":
    main()
