"""What tracking costs, measured side by side in one run: ``make dev.bench``, or ``python benchmarks/run.py``.

Every table compares ways that take turns, so that other work on the machine affects each of them alike. What to
look at are the ratios; the milliseconds are this machine's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pexpect
from capture import Capture
from results import Results
from rich.table import Table

from hatch_build import compile_to
from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent
from instrumented_make.reporter.delivery import deliver
from instrumented_make.reporter.event import Event
from instrumented_make.reporter.outbox import Destination, open_outbox

HERE = Path(__file__).resolve().parent
RESULTS = Results("run", 110)
WAYS = ("pidfd", "connector", "run")
CATALOG = """\
project: benchmark
event: devstack.command.run
segment: {{write_key: key, host: "{host}"}}
consent: {{who: The benchmark, why: to measure}}
targets:
{targets}
"""


@dataclass(frozen=True)
class Way:
    """One way to run the same command."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    on_terminal: bool = False


@dataclass(frozen=True)
class Timing:
    """Milliseconds: the median and the quartiles."""

    median: float
    low: float
    high: float


def main() -> None:
    """Measure everything, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=60, help="how often each way is run")
    parser.add_argument("--keep", action="store_true", help="write the results to benchmarks/results")
    options = parser.parse_args()
    rounds = options.rounds
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, Capture() as server, _Deaf() as deaf:
        work = Path(folder)
        tracked = _prepare(work / "tracked", server.host)
        dead = _prepare(work / "dead", "http://127.0.0.1:9")
        others = {way: _prepare(work / way, server.host, way) for way in WAYS[1:]}
        _foreground(tracked, dead, others, server.host, deaf, rounds)
        _hints(tracked, _prepare(work / "told", server.host), rounds)
        _background(tracked, server)
        _parsing(work / "sizes", rounds)
        _matching(work / "matching", rounds)
        _drain(work / "drain", server.host)
        for stack in (tracked, dead, *others.values()):
            subprocess.run(
                ["make", "metrics-opt-out"], cwd=stack, env=_environment(stack), stdout=subprocess.DEVNULL, check=True
            )
    if options.keep:
        print(f"kept: {RESULTS.keep()}")


def _home(stack: Path) -> Path:
    """The developer's home: not inside the checkout, where no decision counts."""
    return stack.with_name(f"{stack.name}-home")


def _environment(stack: Path) -> dict[str, str]:
    return {"HOME": str(_home(stack)), "PATH": "/usr/local/bin:/usr/bin:/bin"}


def _prepare(stack: Path, host: str, way: str = "") -> Path:
    """A checkout whose developer has agreed; ``way`` is a way of watching that is forced."""
    stack.mkdir(parents=True)
    _home(stack).mkdir()
    (stack / "targets.yaml").write_text(CATALOG.format(host=host, targets="  - work"))
    rules = ".PHONY: work\nwork: ; @:\n"
    (stack / "Makefile").write_text(f"include Makefile.instrumented\n{rules}")
    (stack / "bare.mk").write_text(rules)
    (stack / "least.mk").write_text("%: ; +@$(MAKE) -f bare.mk $@\nbare.mk least.mk: ;\n")
    (stack / "wrapped.mk").write_text(
        f"include bare.mk\nwrapped: ; @{sys.executable} {HERE / 'hand_written_wrapper.py'} $(URL) work\n"
    )
    _agreed(stack)
    for recorder in (_home(stack) / ".config" / "benchmark").glob("recorder-*"):
        if way:
            compile_to(recorder, HERE.parent / "recorder" / "recorder.c", "", f"-DFIRST_WAY={WAYS.index(way)}")
            (stack / "recorder").symlink_to(recorder)
    return stack


def _agreed(stack: Path) -> None:
    """Render, and answer yes."""
    subprocess.run([sys.executable, "-m", "generator", "render"], cwd=stack, check=True, stderr=subprocess.DEVNULL)
    child = pexpect.spawn(
        "make", ["metrics-opt-in"], cwd=str(stack), env={**_environment(stack), "VIRTUAL_ENV": sys.prefix}, timeout=30
    )
    child.expect("asked again: ")
    child.sendline("yes\n")  # and no hints
    child.expect(pexpect.EOF)


class _Deaf:
    """A server that takes connections and never answers."""

    def __enter__(self) -> str:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1000)
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def _foreground(tracked: Path, dead: Path, others: dict[str, Path], host: str, deaf: str, rounds: int) -> None:
    nobody = {**_environment(tracked), "HOME": str(tracked / "nobody")}
    run = [str(others["run"] / "recorder"), "run", "--"]
    ways = [
        Way("bare make", ["make", "-f", "bare.mk", "work"], nobody, tracked),
        Way("include, no consent", ["make", "work"], nobody, tracked),
        Way("least hand-over", ["make", "-f", "least.mk", "work"], nobody, tracked),
        Way("tracked, by pidfd", ["make", "work"], _environment(tracked), tracked),
        Way("tracked, with -k -j2 V=1", ["make", "-k", "-j2", "V=1", "work"], _environment(tracked), tracked),
        Way("tracked, dead network", ["make", "work"], _environment(dead), dead),
        Way("tracked, by the connector", ["make", "work"], _environment(others["connector"]), others["connector"]),
        Way("tracked, below `run`", [*run, "make", "work"], _environment(others["run"]), others["run"]),
        Way("not tracked, below `run`", [*run, "make", "-f", "bare.mk", "work"], nobody, tracked),
        Way("hand-written wrapper", ["make", "-f", "wrapped.mk", f"URL={host}", "wrapped"], nobody, tracked),
    ]
    timings = _in_turns(ways, rounds)
    black_hole = Way("... to a black hole", ["make", "-f", "wrapped.mk", f"URL={deaf}", "wrapped"], nobody, tracked)
    timings |= _in_turns([black_hole], 3)
    bare = timings["bare make"].median
    least = timings["least hand-over"].median - bare
    wrapper = timings["hand-written wrapper"].median - bare
    table = Table("way", "median ms", "quartiles", "extra ms", "x least", "/ wrapper", title="The foreground")
    for name, timing in timings.items():
        extra = timing.median - bare
        table.add_row(
            name,
            f"{timing.median:.2f}",
            f"{timing.low:.2f} - {timing.high:.2f}",
            f"{extra:+.2f}",
            f"{extra / least:.2f}",
            f"1/{wrapper / extra:.0f}" if extra > wrapper / 1000 else "",
        )
    RESULTS.show(table)


def _hints(tracked: Path, told: Path, rounds: int) -> None:
    """What the line before a command that usually takes long costs."""
    (_home(told) / ".config" / "benchmark" / "hints").write_text("work\tusually 12.0 min\n")
    ways = [
        Way("recorded, on a terminal", ["make", "work"], _environment(tracked), tracked, on_terminal=True),
        Way("and with a hint", ["make", "work"], _environment(told), told, on_terminal=True),
    ]
    timings = _in_turns(ways, rounds)
    table = Table("way", "median ms", "quartiles", "extra ms", title="A hint before a long command")
    for name, timing in timings.items():
        extra = timing.median - timings[ways[0].name].median
        table.add_row(name, f"{timing.median:.2f}", f"{timing.low:.2f} - {timing.high:.2f}", f"{extra:+.2f}")
    RESULTS.show(table)


@contextlib.contextmanager
def _standard_error(on_terminal: bool) -> Iterator[int | None]:
    """A new terminal that nobody reads, or this process's standard error."""
    if not on_terminal:
        yield None
        return
    master, slave = os.openpty()
    yield slave
    os.close(slave)
    os.close(master)


def _in_turns(ways: list[Way], rounds: int) -> dict[str, Timing]:
    times: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            with _standard_error(way.on_terminal) as error:
                start = time.perf_counter()
                subprocess.run(
                    way.command,
                    cwd=way.folder,
                    env=way.environment,
                    stdout=subprocess.DEVNULL,
                    stderr=error,
                    check=True,
                )
                times[way.name].append((time.perf_counter() - start) * 1000)
            # The reporter of a tracked run must not be measured as part of the next way: it is let to end.
            _quiet(_home(way.folder))
    return {name: _timing(values) for name, values in times.items()}


def _quiet(home: Path) -> None:
    """Wait until nothing of a tracked run is left in the background, but for a sender that waits for more."""
    deadline = time.monotonic() + 5
    while len(_reporters(home)) > 1:
        if time.monotonic() > deadline:
            raise TimeoutError("the reporters do not end")
        time.sleep(0.005)


def _reporters(home: Path) -> list[str]:
    found = subprocess.run(
        ["pgrep", "-f", f"instrumented_make.reporter run.* {home}/"], capture_output=True, text=True, check=False
    )
    return found.stdout.split()


def _timing(values: list[float]) -> Timing:
    low, median, high = statistics.quantiles(values, n=4) if len(values) > 1 else values * 3
    return Timing(median, low, high)


def _background(tracked: Path, server: Capture) -> None:
    """CPU time of whole reporters, from their start to their end."""
    home = _home(tracked) / ".config" / "benchmark"
    table = Table("what a reporter does", "CPU s", title="The background, per command")
    command = [sys.executable, "-I", "-m", "instrumented_make.reporter", "run", str(home)]

    def cpu(prepare: Callable[[], object]) -> float:
        values = []
        for _ in range(5):
            prepare()
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, cwd="/", env=_environment(tracked), stderr=subprocess.DEVNULL, check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            values.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return statistics.median(values)

    def record_one() -> None:
        interpreter = home / "interpreter"
        kept = interpreter.read_text()
        interpreter.write_text("/nonexistent\n")
        subprocess.run(["make", "work"], cwd=tracked, env=_environment(tracked), check=True)
        interpreter.write_text(kept)

    subprocess.run(command, cwd="/", env=_environment(tracked), stderr=subprocess.DEVNULL, check=True)
    table.add_row("finds nothing to record or to send", f"{cpu(lambda: None):.3f}")
    table.add_row("records one run and sends it", f"{cpu(record_one):.3f}")
    requests, arrived = len(server.requests), len({event["messageId"] for event in server.events})
    for _ in range(100):
        subprocess.run(["make", "work"], cwd=tracked, env=_environment(tracked), check=True)
    server.wait_for(arrived + 100)
    RESULTS.show(table)
    RESULTS.show(f"A burst of 100 commands was sent by {len(server.requests) - requests} requests.\n")


def _parsing(folder: Path, rounds: int) -> None:
    sizes = (10, 1_000, 10_000)
    ways, rendering = [], {}
    for size in sizes:
        stack = folder / str(size)
        stack.mkdir(parents=True)
        targets = "\n".join(f"  - target.{number}" for number in range(size))
        (stack / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets=targets))
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "generator", "render"], cwd=stack, check=True, stderr=subprocess.DEVNULL)
        rendering[size] = time.perf_counter() - start
        (stack / "Makefile").write_text("include Makefile.instrumented\ntarget.5: ; @:\n")
        ways.append(Way(str(size), ["make", "target.5"], {"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"}, stack))
    timings = _in_turns(ways, rounds)
    table = Table("tracked targets", "make, no consent, ms", "render, s", title="The size of the catalog")
    for size in sizes:
        table.add_row(f"{size:,}", f"{timings[str(size)].median:.2f}", f"{rendering[size]:.2f}")
    RESULTS.show(table)


def _matching(folder: Path, rounds: int) -> None:
    """A tracked command beside a bare one with the same files, for catalogs of which every entry fits the goal."""
    kinds = {
        "10 plain targets": ([f"a.{n}" for n in range(10)], "a.5"),
        "10,000 plain targets": ([f"a.{n}" for n in range(10_000)], "a.9999"),
        "10,000 patterns": ([f"a.{n}.%" for n in range(10_000)], "a.9999.x"),
        "2,000 patterns, each in the other": ([f"{'a' * n}%" for n in range(1, 2_001)], "a" * 200 + "b"),
    }
    table = Table("catalog", "no consent, ms", "tracked, ms", "difference", title="Finding what a goal is reported as")
    for number, (name, (names, goal)) in enumerate(kinds.items()):
        stack = folder / str(number)
        stack.mkdir(parents=True)
        _home(stack).mkdir()
        targets = "\n".join(f'  - "{target}"' for target in names)
        (stack / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets=targets))
        (stack / "Makefile").write_text("include Makefile.instrumented\n%: ; @:\n")
        _agreed(stack)
        nobody = {**_environment(stack), "HOME": "/nonexistent"}
        ways = [
            Way("no consent", ["make", goal], nobody, stack),
            Way("tracked", ["make", goal], _environment(stack), stack),
        ]
        timings = _in_turns(ways, rounds)
        one, other = timings["no consent"].median, timings["tracked"].median
        table.add_row(name, f"{one:.2f}", f"{other:.2f}", f"{other - one:.2f}")
    RESULTS.show(table)


def _drain(folder: Path, host: str, count: int = 100_000) -> None:
    home = ConfigDir(folder)
    folder.parent.mkdir(exist_ok=True)
    home.create()
    collection = Collection("e", "make", "main", host, "key", ("command",))
    consent.save(home, Consent(consent.REPORT, "", "id", "digest", "agreement", collection))
    properties: dict[str, str | int | bool | None] = {"command": "dev.up.lms", "duration_ms": 1, "exit_status": 0}
    with open_outbox(home.outbox) as outbox:
        events = (Event(str(n), "id", "e", "2026-01-01T00:00:00+00:00", properties) for n in range(count))
        outbox.add(events, [Destination(host, "key")], time.time())
    start = time.perf_counter()
    deliver(home, 20)
    elapsed = time.perf_counter() - start
    with open_outbox(home.outbox) as outbox:
        delivered = outbox.counts().get("delivered", 0)
    RESULTS.show(
        f"\nOf {count:,} waiting events {delivered:,} were delivered in {elapsed:.1f} s,"
        f" {delivered / elapsed:,.0f} a second."
    )


if __name__ == "__main__":
    main()
