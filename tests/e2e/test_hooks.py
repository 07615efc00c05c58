"""The pre-commit hooks, run by the real pre-commit in a repository that uses them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from workbench import CATALOG, WIRED, Workbench

ROOT = Path(__file__).resolve().parents[2]


def test_hooks_stop_a_stale_include_and_a_target_without_a_rule(bench: Workbench) -> None:
    """A correct commit passes; a wrong one is stopped with the generator's message."""
    hooks = bench.home.parent / "hooks"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (hooks / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, hooks / name)
    source = Workbench(hooks, bench.home)
    source.commit()
    revision = source.git("rev-parse", "HEAD").strip()

    bench.write("test: ; @:", ["test"])
    configuration = f"""\
repos:
  - repo: {hooks}
    rev: {revision}
    hooks:
      - id: instrumented-make-render
      - id: instrumented-make-check
"""
    (bench.tree / ".pre-commit-config.yaml").write_text(configuration)
    bench.commit()

    def pre_commit() -> subprocess.CompletedProcess[str]:
        bench.git("add", "-A")
        return subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--all-files"],
            cwd=bench.tree,
            env={**os.environ, "HOME": str(bench.home), "PRE_COMMIT_HOME": str(bench.home / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )

    passed = pre_commit()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    assert passed.stdout.count("Passed") == 2
    (bench.tree / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets="  - test\n  - gone\n"))
    stopped = pre_commit()
    assert stopped.returncode == 1
    assert "+  gone \\" in stopped.stdout
    assert "no rule makes 'gone' [no-rule]" in stopped.stdout
    bench.render()
    (bench.tree / "Makefile").write_text(WIRED.format(rules="test gone: ; @:"))
    assert pre_commit().returncode == 0
