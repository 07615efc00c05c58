"""Fifty faults, seeded one at a time: which does the suite catch? A test that cannot fail would leave one alive.

``python tests/seeded_faults.py [WORDS]`` in a clone with an environment, which it edits; it puts everything back. For
each fault whose line has WORDS it runs the tests that are nearest to it, as ``make test`` does and, if they pass, as
``make test.all`` does. What compares rendered files is left out, since that notices any edit. docs/reliability.md has
the results.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
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
    words = " ".join(sys.argv[1:])
    chosen = [fault for fault in read_faults() if words in f"{fault.what} {fault.path}"]
    caught = Counter(_catch(fault) for fault in chosen)
    print(f"{len(chosen)} faults: " + ", ".join(f"{number} {where}" for where, number in sorted(caught.items())))
    return int(caught["not caught"] > 0)


def _catch(fault: Fault) -> str:
    """Where the fault is caught."""
    path = ROOT / fault.path
    text = path.read_text(encoding="utf-8")
    try:
        path.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
        _build(fault)
        where, test = "by make test", _failing(fault.near_tests, [])
        if not test:
            where, test = "by make test.all only", _failing(fault.near_tests, ["--all"])
    finally:
        path.write_text(text, encoding="utf-8")
        _build(fault)
    print(f"{fault.what}: {f'{where}: {test}' if test else 'not caught'}", flush=True)
    return where if test else "not caught"


def _build(fault: Fault) -> None:
    if fault.path == RECORDER:
        from hatch_build import compile_to  # noqa: PLC0415  (it needs the environment)

        compile_to(ROOT / "instrumented_make" / "recorder", ROOT / RECORDER, "")


def _failing(tests: list[str], options: list[str]) -> str:
    """The first test that fails; empty if none does."""
    left_out = "not golden and not seeded and not up_to_date"
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-k", left_out, *options, *tests]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if told.returncode == 0:
        return ""
    lines = (line for line in told.stdout.splitlines() if line.startswith(("FAILED tests", "ERROR tests")))
    return next(lines, f"pytest exits with {told.returncode}").partition(" - ")[0]


if __name__ == "__main__":
    raise SystemExit(main())
