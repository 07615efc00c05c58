"""Who may import what."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path for name in ("analysis", "generator", "reporter") for path in ROOT.glob(f"{name}/*.py"))


def imported(path: Path) -> set[str]:
    """The top-level names of all that ``path`` imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_imports_keep_to_the_rules(path: Path) -> None:
    """Generator and reporter do not know each other; at run time only the sender goes beyond the standard library.

    What needs the extra ``report`` is all in ``analysis``, which has the figures' definitions from the reporter. Of it
    the generator knows the command line alone.
    """
    allowed = {
        "analysis": {"analysis", "click", "generator", "reporter", "rich"},
        "generator": {"generator", "click", "jinja2", "pydantic", "pydantic_core", "rich", "ruamel"},
        "reporter": {"reporter"},
    }
    extras = {
        "generator/cli.py": {"analysis"},
        "reporter/segment.py": {"segment"},
        "analysis/source.py": {"duckdb", "ibis", "pandas", "pyarrow"},
        "analysis/queries.py": {"ibis"},
        "analysis/change.py": {"numpy", "scipy"},
        "analysis/drawing.py": {"altair", "vl_convert"},
        "analysis/charts.py": {"altair"},
        "analysis/weekly.py": {"altair"},
    }
    extra = extras.get(f"{path.parent.name}/{path.name}", set())
    assert imported(path) - sys.stdlib_module_names - allowed[path.parent.name] - extra == set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_modules_stay_small(path: Path) -> None:
    """A module over 300 lines does more than one thing."""
    assert len(path.read_text().splitlines()) <= 300
