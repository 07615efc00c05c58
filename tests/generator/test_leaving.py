"""eject, and check --run, which takes the include out for a moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from workbench import HANG_S, wait_until

from generator import wiring
from generator.cli import main

MAKEFILE = (
    ".PHONY: one two\none: ; @echo one\nifdef X\ntwo: ; @echo two\nelse\ntwo: ; @echo three\nendif\nbad: ; @exit 3\n"
)
CATALOG = "project: p\nevent: e\nconsent: {who: w, why: y}\ntargets: [one, two, bad]\n"
HOOK = "  - repo: https://example.com/mirror\n    rev: v1\n    hooks:\n      - id: instrumented-make-render\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    return tmp_path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def adopt(folder: Path, wired: str) -> None:
    (folder / "targets.yaml").write_text(CATALOG)
    if wired == "GNUmakefile":
        (folder / "GNUmakefile").write_text(wiring.gnumakefile("Makefile.instrumented", "Makefile"))
    else:
        guarded = wiring.guard((folder / "Makefile").read_text().removesuffix("\n"), "Makefile.instrumented")
        (folder / "Makefile").write_text(guarded)
    assert main(["render"]) == 0
    assert main(["doc"]) == 0
    assert main(["check"]) == 0


@pytest.mark.parametrize("wired", ["GNUmakefile", "Makefile"])
@pytest.mark.parametrize("other", ["", "other"])
def test_eject_restores_the_tree(project: Path, wired: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Byte for byte, whatever else shared files contain; what is left in home directories is named."""
    if other:
        (project / ".pre-commit-config.yaml").write_text("repos:\n  - repo: local\n    hooks:\n      - id: other\n")
        (project / ".gitattributes").write_text("*.png binary\n")
        (project / "docs").mkdir()
        (project / "docs" / "other.md").write_text("")
        (project / ".instrumented").mkdir()
        (project / ".instrumented" / "other").write_text("")
    before = tree(project)
    adopt(project, wired)
    with (project / ".gitattributes").open("a") as attributes:
        attributes.write(".instrumented/** linguist-generated\n")
    with (project / ".pre-commit-config.yaml").open("a") as hooks:
        hooks.write(HOOK if other else f"repos:\n{HOOK}")
    capsys.readouterr()
    assert main(["eject"]) == 0
    assert tree(project) == before
    assert {path.name for path in project.iterdir() if path.is_dir()} == ({"docs", ".instrumented"} if other else set())
    assert 'rm -rf "${XDG_CONFIG_HOME:-$HOME/.config}/p"' in capsys.readouterr().err


def test_a_guard_that_cannot_be_removed_stops_eject(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Then no file is changed."""
    adopt(project, "Makefile")
    text = (project / "Makefile").read_text()
    (project / "Makefile").write_text(text.removesuffix("endif\n") + "else\nX := 1\nendif\n")
    before = tree(project)
    capsys.readouterr()
    assert main(["eject"]) == 1
    assert "Makefile:11:1: error: the guard has an else" in capsys.readouterr().err
    assert tree(project) == before


@pytest.mark.parametrize("wired", ["GNUmakefile", "Makefile"])
def test_a_trial_finds_no_difference(project: Path, wired: str, capsys: pytest.CaptureFixture[str]) -> None:
    """For a command, a failure and a dry run; all files stay as they were."""
    adopt(project, wired)
    before = tree(project)
    capsys.readouterr()
    assert main(["check", "--run", "one", "two", "--run", "bad", "--run", "-n one"]) == 0
    assert capsys.readouterr().out == ""
    assert tree(project) == before


def test_a_trial_reports_differences(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that looks for the include differs; one that is never the same cannot be compared."""
    rules = "one: ; @echo one $(if $(filter undefined,$(origin .metrics.file)),,more)\ntwo bad: ; @echo $$$$\n"
    (project / "Makefile").write_text(rules)
    adopt(project, "Makefile")
    capsys.readouterr()
    assert main(["check", "--run", "one"]) == 1
    told = capsys.readouterr().out
    assert "make one behaves differently before you decide: its standard output has 'one more'" in told
    assert main(["check", "--run", "two"]) == 0
    assert "warning: make two behaves differently each time" in capsys.readouterr().out
    assert main(["check", "--run", "'"]) == 1
    assert "close its quotes" in capsys.readouterr().err


def test_a_trial_that_is_interrupted_puts_the_include_back(project: Path) -> None:
    """On SIGTERM as on Ctrl-C."""
    (project / "Makefile").write_text("one: ; @touch begun; exec sleep 3629.5\n")
    (project / "targets.yaml").write_text(CATALOG.replace(", two, bad", ""))
    (project / "GNUmakefile").write_text(wiring.gnumakefile("Makefile.instrumented", "Makefile"))
    assert main(["render"]) == 0
    before = tree(project)
    for number in (signal.SIGTERM, signal.SIGINT):
        process = subprocess.Popen([sys.executable, "-m", "generator", "check", "--run", "one"], cwd=project)
        wait_until((project / "begun").exists, "the command to begin")
        os.kill(process.pid, number)
        assert process.wait(timeout=HANG_S) in (130, 143, 128 + 15)
        (project / "begun").unlink()
        assert tree(project) == before


def test_the_makefile_that_a_killed_trial_left_is_not_overwritten(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The makefile that was set aside is the one to keep. Until it is back, no other trial begins."""
    adopt(project, "Makefile")
    (project / "Makefile").rename(project / "Makefile.aside")
    (project / "Makefile").write_text(MAKEFILE)
    capsys.readouterr()
    assert main(["check", "--run", "one"]) == 1
    told = capsys.readouterr().out
    assert "Makefile.aside:1:1: error: this is your makefile" in told
    assert "hint: run: mv Makefile.aside Makefile" in told
    assert "ifndef INSTRUMENTED" in (project / "Makefile.aside").read_text()


def test_eject_deletes_only_folders_that_it_emptied(project: Path) -> None:
    """One that was already there stays."""
    (project / "docs").mkdir()
    adopt(project, "GNUmakefile")
    (project / "docs" / "data-dictionary.md").unlink()
    assert main(["eject"]) == 0
    assert (project / "docs").is_dir()


def test_eject_names_what_it_cannot_delete(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback."""
    adopt(project, "GNUmakefile")
    (project / "Makefile.instrumented").unlink()
    (project / "Makefile.instrumented").mkdir()
    capsys.readouterr()
    assert main(["eject"]) == 1
    assert "Makefile.instrumented: error: it cannot be deleted" in capsys.readouterr().err
