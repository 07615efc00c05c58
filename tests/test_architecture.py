"""Who may import what."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Which package may import which of this project's, transitively; what is missing may not.
ARROWS = {
    "instrumented_make": {"instrumented_make"},
    "instrumented_make.reporter": {"instrumented_make", "instrumented_make.reporter"},
    "instrumented_make.report": {"instrumented_make", "instrumented_make.report"},
    "generator": {"generator", "instrumented_make", "instrumented_make.report"},
}
# What each package may import from elsewhere, beyond the standard library ...
ELSEWHERE = {
    "instrumented_make": set(),
    "instrumented_make.reporter": set(),
    "instrumented_make.report": {"click", "rich"},
    "generator": {"click", "jinja2", "pydantic", "pydantic_core", "rich", "ruamel"},
}
# ... and single modules besides.
MODULES_ELSEWHERE = {
    "instrumented_make.templating": {"jinja2"},
    "instrumented_make.reporter.segment": {"segment"},
    "instrumented_make.reporter.git": {"dulwich"},
    "instrumented_make.report.events": {"duckdb", "ibis", "numpy", "pyarrow"},
    "instrumented_make.report.queries": {"ibis"},
    "instrumented_make.report.spark": {"ibis", "pyspark"},
    "instrumented_make.report.estimators.effect": {"numpy", "scipy", "statsmodels"},
    "instrumented_make.report.estimators.panel": {"numpy"},
    "instrumented_make.report.estimators.shift": {"numpy"},
    "instrumented_make.report.questions.ages": {"altair", "ibis"},
    "instrumented_make.report.questions.changed": {"altair", "ibis", "numpy"},
    "instrumented_make.report.questions.endings": {"altair"},
    "instrumented_make.report.questions.helped": {"altair", "numpy"},
    "instrumented_make.report.questions.waiting": {"altair"},
    "instrumented_make.report.questions.weeks": {"altair"},
    "instrumented_make.report.drawing": {"altair", "vl_convert"},
}
# The bottom, where nothing imports upwards: each module may import those before it.
BOTTOM = ["text", "errors", "files", "output", "digest", "properties", "stats", "templating"]


def modules() -> dict[str, Path]:
    """Every module of the project by its name."""
    found = {}
    for package in ("generator", "instrumented_make"):
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def package_of(module: str) -> str:
    return max((name for name in ARROWS if module == name or module.startswith(f"{name}.")), key=len)


def imported(path: Path) -> set[str]:
    """The names of all that ``path`` imports, wherever in it; of this project's modules the module's own."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else node.module)
    return found


def reached(module: str) -> set[str]:
    """Every module of the project that ``module`` imports, itself or through others."""
    seen: set[str] = set()
    ahead = [module]
    while ahead:
        for name in imported(MODULES[ahead.pop()]):
            if name in MODULES and name not in seen:
                seen.add(name)
                ahead.append(name)
    return seen


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_keep_to_the_arrows(module: str) -> None:
    """Generator and reporter do not know each other, not even through a third module; the report is on top."""
    assert {package_of(name) for name in reached(module)} <= ARROWS[package_of(module)]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_little_is_imported_from_elsewhere(module: str) -> None:
    """At run time only the sender goes beyond the standard library; what the extra ``report`` installs is its own."""
    outside = {name.partition(".")[0] for name in imported(MODULES[module])} - sys.stdlib_module_names
    allowed = ELSEWHERE[package_of(module)] | MODULES_ELSEWHERE.get(module, set())
    assert outside - {"generator", "instrumented_make"} <= allowed


def test_nothing_at_the_bottom_imports_upwards() -> None:
    """What all share is a list in which each module knows only those before it."""
    shared = {name for name in MODULES if package_of(name) == "instrumented_make"} - {"instrumented_make"}
    assert shared == {f"instrumented_make.{name}" for name in BOTTOM}
    for number, name in enumerate(BOTTOM):
        known = {f"instrumented_make.{before}" for before in BOTTOM[:number]} | {"instrumented_make"}
        assert reached(f"instrumented_make.{name}") <= known


@pytest.mark.parametrize("module", sorted(MODULES))
def test_there_is_no_circle(module: str) -> None:
    """No module imports itself through others, but for a package that its modules are in."""
    assert module not in reached(module) or MODULES[module].name == "__init__.py"
