"""Shows what happens from a catalog to answers: tracked runs of the example, the events as they arrive, and a report.

The home directory, the decision in it and the server are thrown away afterwards. The report stays; it is that of a team
whose history is generated, since a single developer's few runs answer nothing.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import pexpect
import team_history
from capture import PATIENCE_S, Capture

from instrumented_make.reporter.recorder import NONE

EXAMPLE = Path(__file__).resolve().parent / "openedx-devstack"
ROOT = EXAMPLE.parent.parent
TEAM_RUNS = 100_000
PAGE = ROOT / "build" / "demo-report.html"
INCLUDE = "Makefile.instrumented"
# What each answer of "recorder check" means.
WAYS = {
    "pidfd": "a descriptor of a process tells anybody how that process ended (Linux 6.15 and newer)",
    "connector": "the kernel announces how each process ends (Linux 6.6 to 6.14, outside containers)",
    "kqueue": "the kernel has an event for the end of a process (macOS)",
    NONE: "the kernel does not tell how make ended, so the recorder runs make, as its parent",
}
COMMANDS = (["dev.pull"], ["dev.up.lms", "dev.up.studio"], ["dev.provision.forum"], ["dev.up.a-secret-project"])


def main() -> int:
    """Run the demonstration; return 0 when all its events arrived."""
    # A reporter that starts at the very end may still write into the home while it is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, Capture() as server:
        work = Path(folder)
        stack = _checkout(work / "devstack", server.host)
        environment = {"HOME": str(work / "home"), "PATH": os.environ["PATH"], "TERM": "xterm", "DOCKER": "echo"}
        (work / "home").mkdir()

        _title("0. What the maintainers commit, and what tracking one more target changes in it")
        _edit(stack)

        _title("1. A developer is asked, and agrees")
        # The interpreter of this environment is found as a developer's would be: it is the active one.
        _answer(stack, {**environment, "VIRTUAL_ENV": sys.prefix})
        make = _watched(work / "home")

        _title("2. Commands run as they always did")
        for goals in COMMANDS:
            print(f"$ make {' '.join(goals)}", flush=True)
            status = subprocess.run([*make, *goals], cwd=stack, env=environment, check=False).returncode
            print(f"(exit status {status})\n")

        _title("3. The events, as they arrive at the server")
        _arrivals(server)

        _title("4. What it costs")
        _cost(stack, environment, make)

        _title("5. What the developer can see of it, on their own machine")
        subprocess.run(["make", "metrics-stats"], cwd=stack, env=environment, check=True)

        _title("6. The developer has second thoughts")
        subprocess.run(["make", "metrics-opt-out"], cwd=stack, env=environment, check=True)

        _title("7. What a team learns from half a year")
        _report(work)
    return 0


def _report(work: Path) -> None:
    history = work / "team.parquet"
    team_history.write(history, TEAM_RUNS)
    report = [sys.executable, "-m", "generator", "report", str(history), "--catalog", "examples/team_targets.yaml"]
    subprocess.run(report, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    planted = datetime.fromtimestamp(team_history.CHANGE_S, timezone.utc)
    print(
        f"What was hidden in this history: from {planted.date()} on {team_history.REPAIRED} got faster; another drifts."
    )
    PAGE.parent.mkdir(exist_ok=True)
    page = [*report, "--change", planted.isoformat(), "--html", str(PAGE)]
    subprocess.run(page, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    print(f"\nThe same with charts, and whether that change helped: open this in a browser.\n{PAGE}")


def _checkout(stack: Path, host: str) -> Path:
    """A git repository with a copy of the example, whose catalog names the server of this demonstration."""
    shutil.copytree(EXAMPLE, stack)
    catalog = stack / "targets.yaml"
    catalog.write_text(catalog.read_text().replace("http://127.0.0.1:8123", host))
    subprocess.run([sys.executable, "-m", "generator", "render"], cwd=stack, check=True, stderr=subprocess.DEVNULL)
    identity = ["-c", "user.name=demo", "-c", "user.email=demo@example.invalid", "-c", "commit.gpgsign=false"]
    for command in (["init", "-q", "-b", "master"], ["add", "."], [*identity, "commit", "-qm", "An example devstack"]):
        subprocess.run(["git", *command], cwd=stack, check=True)
    return stack


def _edit(stack: Path) -> None:
    """Show what is committed, and the difference that ``add`` makes in what is rendered; then take it back."""
    for name in ("targets.yaml", INCLUDE):
        lines = (stack / name).read_text().splitlines()
        print(f"  {name:28} {len(lines):4} lines")
    print(f"  {'Makefile':28}    1 line of it: {(stack / 'Makefile').read_text().splitlines()[0]}")
    print(f"\n$ instrumented-make add dev.shell && git diff -U0 {INCLUDE}", flush=True)
    generator = [sys.executable, "-m", "generator"]
    subprocess.run([*generator, "add", "dev.shell"], cwd=stack, check=True, stderr=subprocess.DEVNULL)
    shown = subprocess.check_output(["git", "diff", "-U0", "--", INCLUDE], cwd=stack, text=True)
    print("\n".join(line for line in shown.splitlines() if line.startswith(("+++", "+ ", "-"))))
    subprocess.run([*generator, "remove", "dev.shell"], cwd=stack, check=True, stderr=subprocess.DEVNULL)


def _answer(stack: Path, environment: dict[str, str]) -> None:
    child = pexpect.spawn(
        "make", ["metrics-opt-in"], cwd=str(stack), env=environment, encoding="utf-8", timeout=PATIENCE_S
    )
    child.logfile_read = sys.stdout
    child.expect("asked again: ")
    child.sendline("yes")
    child.expect(pexpect.EOF)
    child.close()


def _watched(home: Path) -> list[str]:
    """Say how makes are watched on this system; return the command that is measured here."""
    [program] = home.glob(".config/*/recorder-*")
    print(f"\n$ ~/{program.relative_to(home)} check", flush=True)
    way = subprocess.check_output([program, "check"], text=True).strip()
    print(f"{way}\n\nThis system, {platform.system()} {platform.release()}: {WAYS[way]}.")
    return [str(program), "run", "--", "make"] if way == NONE else ["make"]


def _arrivals(server: Capture) -> None:
    """Print the event of each of the commands, as soon as it is there."""
    shown: set[str] = set()
    while len(shown) < len(COMMANDS):
        for event in server.wait_for(len(shown) + 1):
            if event["messageId"] not in shown:
                shown.add(event["messageId"])
                what = {"userId": event["userId"], "properties": event["properties"]}
                print(json.dumps(what, indent=2), flush=True)


def _cost(stack: Path, environment: dict[str, str], make: list[str]) -> None:
    """Three ways side by side, in turns, so that whatever else the machine does strikes each alike."""
    _, _, rules = (stack / "Makefile").read_text().partition("\n")
    (stack / "Makefile.bare").write_text(rules)
    ways = {
        "make, without the include": (["make", "-f", "Makefile.bare", "dev.up.lms"], environment),
        "with the include, nobody asked": (["make", "dev.up.lms"], {**environment, "HOME": "/nonexistent"}),
        "tracked": ([*make, "dev.up.lms"], environment),
    }
    taken_ms: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(20):
        for name, (command, variables) in ways.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=stack, env=variables, stdout=subprocess.DEVNULL, check=True)
            taken_ms[name].append((time.perf_counter() - start) * 1000)
    for name, times in taken_ms.items():
        print(f"  {name:32} {statistics.median(times):6.1f} ms (median of {len(times)})")


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}\n", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
