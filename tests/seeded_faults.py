"""Fifty faults, seeded one at a time: which does the suite catch? A test that cannot fail would leave one alive.

``python tests/seeded_faults.py [--all] [WORDS]`` in a clone with an environment, which it edits; it puts everything
back. For each fault whose line has WORDS it runs the tests that are nearest to it and, if they pass, the whole suite:
as ``make test`` does or, with ``--all``, as ``make test.all`` does. What compares with a golden file is left out, since
that notices any edit. docs/reliability.md has the results.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

HERE = Path(__file__).resolve()
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT))
RECORDER = "recorder/recorder.c"


@dataclass(frozen=True, slots=True)
class Fault:
    """``old`` becomes ``new`` in the file ``path``; the tests ``near`` it should notice."""

    what: str
    path: str
    old: str
    new: str
    near: str

    @property
    def near_tests(self) -> list[str]:
        """The files of these tests."""
        return [str(test) for test in sorted((ROOT / "tests").rglob(f"test_{self.near}*.py"))]


def read_faults() -> list[Fault]:
    """Those in seeded_faults.yaml."""
    return [Fault(**row) for row in YAML(typ="safe").load(HERE.with_suffix(".yaml"))]


def main() -> int:
    """Run what the command line asks for; print a line for each fault, and how many were caught."""
    everything = "--all" in sys.argv
    words = " ".join(argument for argument in sys.argv[1:] if argument != "--all")
    chosen = [fault for fault in read_faults() if words in f"{fault.what} {fault.path}"]
    alive = [fault.what for fault in chosen if not _caught(fault, everything=everything)]
    print(f"{len(chosen) - len(alive)} of {len(chosen)} caught")
    return bool(alive)


def _caught(fault: Fault, *, everything: bool) -> bool:
    path = ROOT / fault.path
    text = path.read_text(encoding="utf-8")
    begun = time.monotonic()
    try:
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        _build(fault)
        caught = _fails(fault.near_tests, everything=everything) or _fails(["tests"], everything=everything)
    finally:
        path.write_text(text, encoding="utf-8")
        _build(fault)
    print(f"{fault.what}: {caught or 'NOT CAUGHT'} ({time.monotonic() - begun:.0f} s)", flush=True)
    return bool(caught)


def _build(fault: Fault) -> None:
    if fault.path == RECORDER:
        from hatch_build import compile_to  # noqa: PLC0415  (it needs the environment)

        compile_to(ROOT / "instrumented_make" / "recorder", ROOT / RECORDER, "")


def _fails(tests: list[str], *, everything: bool) -> str:
    """The first test that fails; empty if none does."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-x",
        "-q",
        "-k",
        "not golden and not seeded",
        *(["--all"] if everything else []),
        *tests,
    ]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    failed = [
        line.split()[1].partition(" ")[0] for line in told.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))
    ]
    return (failed or [f"pytest exits with {told.returncode}"])[0] if told.returncode not in (0, 5) else ""


if __name__ == "__main__":
    raise SystemExit(main())
