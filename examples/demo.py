"""Shows what happens from a catalog to answers: a collector, tracked runs of the example by three people, and a report.

The homes, the decisions in them and the collector are thrown away afterwards. The report stays; it is that of a team
whose history is generated, since the few runs of three people answer nothing.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO, TypeVar
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, build_opener

import pexpect
import team_history
from capture import PATIENCE_S

from instrumented_make.reporter.recorder import NONE

EXAMPLE = Path(__file__).resolve().parent / "openedx-devstack"
ROOT = EXAMPLE.parent.parent
TEAM_RUNS = 100_000
# How often each way of running make is timed.
TURNS = 20
PAGE = ROOT / "build" / "demo-report.html"
INCLUDE = "Makefile.instrumented"
# What each answer of "recorder check" means.
WAYS = {
    "pidfd": "a descriptor of a process tells anybody how that process ended (Linux 6.15 and newer)",
    "connector": "the kernel announces how each process ends (Linux 6.6 to 6.14, outside containers)",
    "kqueue": "the kernel has an event for the end of a process (macOS)",
    NONE: "the kernel does not tell how make ended, so the recorder runs make, as its parent",
}
Found = TypeVar("Found")
COMMANDS = (["dev.pull"], ["dev.up.lms", "dev.up.studio"], ["dev.provision.forum"], ["dev.up.a-secret-project"])


HOMES = ("one", "two", "three")


class Collector:
    """A collector in a process of its own: a context manager."""

    def __init__(self, catalog: Path, data: Path) -> None:
        options = ["--data", str(data), "--port", "0", "--min-people", "2", "--page-every", "1s"]
        self._command = [sys.executable, "-m", "generator", "collect", str(catalog), *options]
        self._file = data / "events.sqlite3"

    def __enter__(self) -> Collector:
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        events, page = (self._process.stdout.readline().strip() for _ in range(2))
        self.host = events.removeprefix("Events: ").removesuffix("/v1/batch")
        self.page = page.removeprefix("The page: ")
        print(f"$ instrumented-make collect targets.yaml --data ./metrics\n{events}\n{page}", flush=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.communicate()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The events, each as it is kept, once there are so many."""
        return wait_until(self._events, lambda events: len(events) == count)

    def wait_for_page(self, text: str) -> str:
        """The page, once it has this text."""
        return wait_until(self._page, lambda page: text in page)

    def _events(self) -> list[dict[str, Any]]:
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM events ORDER BY number")]

    def _page(self) -> str:
        opener = build_opener(HTTPCookieProcessor())
        try:
            with opener.open(self.page) as answer:
                return str(answer.read().decode())
        except HTTPError:  # there is none yet
            return ""


def wait_until(look: Callable[[], Found], is_right: Callable[[Found], bool]) -> Found:
    """What ``look`` finds, once it is right. Raise TimeoutError if that does not happen."""
    until_s = time.monotonic() + PATIENCE_S
    while not is_right(found := look()):
        if time.monotonic() > until_s:
            raise TimeoutError(f"{found}, after {PATIENCE_S} s")
        time.sleep(0.1)
    return found


def main() -> int:
    """Run the demonstration; return 0 when all its events arrived."""
    # A reporter that starts at the very end may still write into the home while it is removed.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        catalog = work / "targets.yaml"
        shutil.copy(EXAMPLE / "targets.yaml", catalog)
        _title("0. One command collects, keeps and shows")
        with Collector(catalog, work / "metrics") as collector:
            return _demonstrate(work, collector)


def _demonstrate(work: Path, collector: Collector) -> int:
    stack = _checkout(work / "devstack", collector.host)
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", "DOCKER": "echo"}
    homes = [work / name for name in HOMES]
    people = [{**environment, "HOME": str(home)} for home in homes]
    for home in homes:
        home.mkdir()
    first, *others = people

    _title("1. What the maintainers commit, and what tracking one more target changes in it")
    _edit(stack)

    _title("2. A developer is asked, and agrees")
    # The interpreter of this environment is found as a developer's would be: it is the active one.
    _answer(stack, {**first, "VIRTUAL_ENV": sys.prefix}, sys.stdout)
    make = _watched(homes[0])

    _title("3. Commands run as they always did")
    for goals in COMMANDS:
        print(f"$ make {' '.join(goals)}", flush=True)
        status = subprocess.run([*make, *goals], cwd=stack, env=first, check=False).returncode
        print(f"(exit status {status})\n")

    _title("4. The events, as they are kept")
    events = collector.wait_for(len(COMMANDS))
    for event in events:
        kept = {name: value for name, value in event.items() if value is not None}
        print(json.dumps(kept, indent=2), flush=True)

    _title("5. Two others agree and work; the page shows what is not one person's alone")
    for person, home in zip(others, homes[1:], strict=True):
        _answer(stack, {**person, "VIRTUAL_ENV": sys.prefix}, None)
        program = _watch(home)
        for goals in COMMANDS:
            subprocess.run([*program, *goals], cwd=stack, env=person, stdout=subprocess.DEVNULL, check=False)
    collector.wait_for(len(HOMES) * len(COMMANDS))
    collector.wait_for_page(f"<dt>People</dt><dd>{len(HOMES)}</dd>")
    print(f"Who has the key sees the runs of {len(HOMES)} people at {collector.page}")

    _title("6. The developer has second thoughts")
    subprocess.run(["make", "metrics-opt-out"], cwd=stack, env=first, check=True)
    collector.wait_for((len(HOMES) - 1) * len(COMMANDS))
    collector.wait_for_page(f"<dt>People</dt><dd>{len(HOMES) - 1}</dd>")
    print(f"\nThe collector has deleted the {len(events)} events; the page shows {len(HOMES) - 1} people.")

    _title("7. What it costs, and what a developer sees of it on their own machine")
    _cost(stack, others[0], make)
    print(flush=True)
    collector.wait_for((len(HOMES) - 1) * len(COMMANDS) + TURNS)
    subprocess.run(["make", "metrics-stats"], cwd=stack, env=others[0], check=True)

    _title("8. What a team learns from half a year")
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
    text = catalog.read_text().replace("http://127.0.0.1:8123", f"{host}\n  collector: true")
    catalog.write_text(text)
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


def _answer(stack: Path, environment: dict[str, str], shown: TextIO | None) -> None:
    child = pexpect.spawn(
        "make", ["metrics-opt-in"], cwd=str(stack), env=environment, encoding="utf-8", timeout=PATIENCE_S
    )
    child.logfile_read = shown
    child.expect("asked again: ")
    child.sendline("yes")
    child.expect(pexpect.EOF)
    child.close()


def _watched(home: Path) -> list[str]:
    """Say how makes are watched on this system; return the command that is measured here."""
    [program] = home.glob(".config/*/recorder-*")
    print(f"\n$ ~/{program.relative_to(home)} check", flush=True)
    way = _way(program)
    print(f"{way}\n\nThis system, {platform.system()} {platform.release()}: {WAYS[way]}.")
    return _watch(home)


def _watch(home: Path) -> list[str]:
    """The command that is measured in this home."""
    [program] = home.glob(".config/*/recorder-*")
    return [str(program), "run", "--", "make"] if _way(program) == NONE else ["make"]


def _way(program: Path) -> str:
    return subprocess.check_output([program, "check"], text=True).strip()


def _cost(stack: Path, environment: dict[str, str], make: list[str]) -> None:
    """Three ways side by side, in turns, so that other work on the machine affects each alike."""
    _, _, rules = (stack / "Makefile").read_text().partition("\n")
    (stack / "Makefile.bare").write_text(rules)
    ways = {
        "make, without the include": (["make", "-f", "Makefile.bare", "dev.up.lms"], environment),
        "with the include, undecided": (["make", "dev.up.lms"], {**environment, "HOME": "/nonexistent"}),
        "tracked": ([*make, "dev.up.lms"], environment),
    }
    taken_ms: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(TURNS):
        for name, (command, variables) in ways.items():
            start = time.perf_counter()
            subprocess.run(command, cwd=stack, env=variables, stdout=subprocess.DEVNULL, check=True)
            taken_ms[name].append((time.perf_counter() - start) * 1000)
    medians_ms = {name: statistics.median(times) for name, times in taken_ms.items()}
    bare_ms = next(iter(medians_ms.values()))
    print(f"  {'dev.up.lms, median of ' + str(TURNS):32} {'time':>9} {'against bare make':>18}")
    for name, median_ms in medians_ms.items():
        print(f"  {name:32} {median_ms:6.1f} ms {median_ms / bare_ms:16.1f} x")
    print("\nA busy machine makes all three times larger; only how they compare says something about measuring.")


def _title(text: str) -> None:
    print(f"\n{text}\n{'-' * len(text)}\n", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
