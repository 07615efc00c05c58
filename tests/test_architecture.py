"""Which module may import which."""

from __future__ import annotations

import ast
import functools
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Which packages of this project each package may import, directly or through others.
ARROWS = {
    "instrumented_make": {"instrumented_make"},
    "instrumented_make.reporter": {"instrumented_make", "instrumented_make.reporter"},
    "instrumented_make.report": {"instrumented_make", "instrumented_make.report"},
    "instrumented_make.collector": {"instrumented_make", "instrumented_make.report", "instrumented_make.collector"},
    "generator": {"generator", "instrumented_make", "instrumented_make.report", "instrumented_make.collector"},
}
# The third-party packages that each package may import ...
ELSEWHERE = {
    "instrumented_make": set(),
    "instrumented_make.reporter": set(),
    "instrumented_make.report": {"click", "rich"},
    "instrumented_make.collector": {"click"},
    "generator": {"click", "jinja2", "pydantic", "pydantic_core", "rich", "ruamel"},
}
# ... and those that a single module may import as well.
MODULES_ELSEWHERE = {
    "instrumented_make.templating": {"jinja2"},
    "instrumented_make.reporter.segment": {"requests", "segment"},
    "instrumented_make.reporter.transport": {"requests"},
    "instrumented_make.reporter.git": {"dulwich"},
    "instrumented_make.reporter.otlp": {"google", "opentelemetry", "requests"},
    "instrumented_make.collector.board": {"msgspec"},
    "instrumented_make.collector.connections": {"uvicorn"},
    "instrumented_make.collector.export": {"pyarrow"},
    "instrumented_make.collector.intake": {"msgspec"},
    "instrumented_make.collector.making": {"msgspec"},
    "instrumented_make.collector.pages": {"msgspec"},
    "instrumented_make.collector.postgres": {"psycopg"},
    "instrumented_make.collector.server": {"starlette"},
    "instrumented_make.report.collected": {"pyarrow"},
    "instrumented_make.report.engine": {"duckdb", "ibis", "numpy"},
    "instrumented_make.report.event_files": {"pyarrow"},
    "instrumented_make.report.events": {"ibis"},
    "instrumented_make.report.queries": {"ibis"},
    "instrumented_make.report.shape": {"ibis"},
    "instrumented_make.report.spark": {"ibis", "pyspark"},
    "instrumented_make.report.estimators.effect": {"numpy", "scipy"},
    "instrumented_make.report.estimators.groups": {"numpy", "scipy"},
    "instrumented_make.report.estimators.hours": {"numpy"},
    "instrumented_make.report.estimators.order": {"numpy"},
    "instrumented_make.report.estimators.panel": {"numpy"},
    "instrumented_make.report.estimators.parts": {"numpy"},
    "instrumented_make.report.estimators.sides": {"numpy"},
    "instrumented_make.report.estimators.student": {"numpy"},
    "instrumented_make.report.estimators.trend": {"numpy"},
    "instrumented_make.report.estimators.shift": {"numpy"},
    "instrumented_make.report.estimators.weekly": {"numpy"},
    "instrumented_make.report.questions.behaved": {"altair", "ibis", "numpy", "scipy"},
    "instrumented_make.report.questions.behind": {"altair", "ibis"},
    "instrumented_make.report.questions.changed": {"altair", "numpy"},
    "instrumented_make.report.estimators.turnover": {"numpy"},
    "instrumented_make.report.questions.commands": {"ibis", "numpy"},
    "instrumented_make.report.questions.debugging": {"ibis", "numpy"},
    "instrumented_make.report.questions.endings": {"altair", "ibis", "numpy"},
    "instrumented_make.report.questions.helped": {"numpy"},
    "instrumented_make.report.questions.paths": {"altair", "ibis", "numpy"},
    "instrumented_make.report.questions.pulls": {"ibis"},
    "instrumented_make.report.questions.split": {"ibis", "numpy"},
    "instrumented_make.report.questions.waiting": {"altair"},
    "instrumented_make.report.questions.weeks": {"altair"},
    "instrumented_make.report.questions.workflows": {"ibis", "numpy"},
    "instrumented_make.report.drawing": {"altair", "vl_convert"},
}
# The bottom layer: each module may import only those before it.
BOTTOM = [
    *("decision_files", "text", "errors", "installing", "output", "files", "digest"),
    *("properties", "times", "figures", "layout", "templating"),
]


def modules() -> dict[str, Path]:
    """Every module of the project, by name."""
    found = {}
    for package in ("generator", "instrumented_make"):
        for path in (ROOT / package).rglob("*.py"):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def package_of(module: str) -> str:
    return max((name for name in ARROWS if module == name or module.startswith(f"{name}.")), key=len)


@functools.cache
def imported(path: Path) -> set[str]:
    """Every module that ``path`` imports anywhere; ``from package import module`` counts as the module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found.add(name if name in MODULES else node.module)
    return found


@functools.cache
def reached(module: str) -> set[str]:
    """Every module of the project that ``module`` imports, directly or through others."""
    seen: set[str] = set()
    ahead = [module]
    while ahead:
        for name in imported(MODULES[ahead.pop()]):
            if name in MODULES and name not in seen:
                seen.add(name)
                ahead.append(name)
    return seen


@pytest.mark.parametrize("module", sorted(MODULES))
def test_packages_import_only_what_the_table_allows(module: str) -> None:
    """Generator and reporter never import each other, not even through a third module."""
    assert {package_of(name) for name in reached(module)} <= ARROWS[package_of(module)]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_third_party_imports_are_declared(module: str) -> None:
    """In the reporter only what sends and ``git`` use other packages; the report's come with the extra ``report``."""
    outside = {name.partition(".")[0] for name in imported(MODULES[module])} - sys.stdlib_module_names
    allowed = ELSEWHERE[package_of(module)] | MODULES_ELSEWHERE.get(module, set())
    assert outside - {"generator", "instrumented_make"} <= allowed


def test_bottom_modules_import_only_those_before_them() -> None:
    """``BOTTOM`` lists every module that is directly in ``instrumented_make``."""
    shared = {name for name in MODULES if package_of(name) == "instrumented_make"} - {"instrumented_make"}
    assert shared == {f"instrumented_make.{name}" for name in BOTTOM}
    for number, name in enumerate(BOTTOM):
        known = {f"instrumented_make.{before}" for before in BOTTOM[:number]} | {"instrumented_make"}
        assert reached(f"instrumented_make.{name}") <= known


@pytest.mark.parametrize("module", sorted(MODULES))
def test_there_are_no_import_cycles(module: str) -> None:
    """No module imports itself through others, except a package and the modules in it."""
    assert module not in reached(module) or MODULES[module].name == "__init__.py"


# The maintainers can do that, who have the Makefile then.
REPORTED = "please report this, with the Makefile"


def hints_of(tree: ast.Module) -> Iterator[str]:
    """The longest fixed part of each text that ``tree`` gives as a hint, directly or by a name."""
    given: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("failure", "Problem", "source.problem", "_refuse"):
            given += [keyword.value for keyword in node.keywords if keyword.arg == "hint"] or node.args[1:2]
        elif isinstance(node, ast.FunctionDef) and node.name in ("_words", "_yaml_hint", "_nearest"):
            values = [found.value for found in ast.walk(node) if isinstance(found, ast.Return) and found.value]
            given += [value.elts[1] if isinstance(value, ast.Tuple) else value for value in values]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_PATTERN_HINTS":
            given += node.value.values if isinstance(node.value, ast.Dict) else []
    names = {node.id for node in given if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and names & {
            target.id for target in node.targets if isinstance(target, ast.Name)
        }:
            given.append(node.value)
    for value in given:
        for text in [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]:
            parts = [part.value for part in ast.walk(text) if isinstance(part, ast.Constant)]
            yield max((part for part in parts if isinstance(part, str)), key=len, default="")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_each_hint_is_followed_in_a_test(module: str) -> None:
    """At least it is named in one: those called ``test_hints.py`` do what it says, and expect to get on."""
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    hints = set(hints_of(ast.parse(MODULES[module].read_text()))) - {"", REPORTED}
    assert {hint for hint in hints if hint not in tests} == set()
