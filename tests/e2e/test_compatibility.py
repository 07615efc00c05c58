"""What is out in the world keeps working: rendered files of earlier versions, with today's reporter."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from workbench import Workbench

VERSIONS = sorted((Path(__file__).resolve().parents[1] / "compatibility").iterdir())


@pytest.mark.parametrize("version", VERSIONS, ids=lambda path: path.name)
def test_an_include_of_the_same_major_version_works(bench: Workbench, version: Path) -> None:
    """Rendered then and never again: it asks, records, and what it recorded becomes an event."""
    shutil.copytree(version, bench.tree, dirs_exist_ok=True)
    rules = "-include Makefile.instrumented\nifndef INSTRUMENTED\none up.%: ; @echo $@; exit 3\nendif\n"
    (bench.tree / "Makefile").write_text(rules)
    bench.commit()
    assert "up.lms" in bench.opt_in()
    # 0.2.0 recorded nothing where the environment has a SHELL.
    command = ["env", "-u", "SHELL", bench.make, "one", "up.cms"]
    result = subprocess.run(command, cwd=bench.tree, env=bench.environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "one\n")
    bench.background_ended()
    [event] = json.loads(bench.run("metrics-show").stdout)["kept_here"]
    assert (event["properties"]["command"], event["properties"]["exit_status"]) == ("one up.%", 2)
    assert event["properties"]["git_commit_time"] == "2021-05-17T15:02:10-04:00"
    assert bench.run("metrics-opt-out").returncode == 0
    assert not (bench.config / "outbox.sqlite3").exists()
