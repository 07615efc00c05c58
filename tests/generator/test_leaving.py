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
from generator.__main__ import main

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


def adopt(folder: Path) -> None:
    (folder / "targets.yaml").write_text(CATALOG)
    path = folder / "Makefile"
    path.write_text(wiring.wired(path.read_text(), "Makefile.instrumented"))
    assert main(["render"]) == 0
    assert main(["doc"]) == 0
    assert main(["check"]) == 0


@pytest.mark.parametrize("other", ["", "other"])
def test_eject_restores_the_tree(project: Path, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Byte for byte, whatever else shared files contain; what is left in home directories is named."""
    if other:
        (project / ".pre-commit-config.yaml").write_text("repos:\n  - repo: local\n    hooks:\n      - id: other\n")
        (project / ".gitattributes").write_text("*.png binary\n")
        (project / "docs").mkdir()
        (project / "docs" / "other.md").write_text("")
    before = tree(project)
    adopt(project)
    with (project / ".gitattributes").open("a") as attributes:
        attributes.write("Makefile.instrumented linguist-generated\n")
    with (project / ".pre-commit-config.yaml").open("a") as hooks:
        hooks.write(HOOK if other else f"repos:\n{HOOK}")
    capsys.readouterr()
    assert main(["eject"]) == 0
    assert tree(project) == before
    assert {path.name for path in project.iterdir() if path.is_dir()} == ({"docs"} if other else set())
    assert 'rm -rf "${XDG_CONFIG_HOME:-$HOME/.config}/p"' in capsys.readouterr().err


def test_a_trial_finds_no_difference(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a command, a failure and a dry run; all files stay as they were."""
    adopt(project)
    before = tree(project)
    capsys.readouterr()
    assert main(["check", "--run", "one", "two", "--run", "bad", "--run", "-n one"]) == 0
    assert capsys.readouterr().out == ""
    assert tree(project) == before


def test_a_trial_reports_differences(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command that reads its own Makefile differs; one that is never the same cannot be compared."""
    (project / "Makefile").write_text("one: ; @head -n 1 Makefile\ntwo bad: ; @echo $$$$\n")
    adopt(project)
    capsys.readouterr()
    assert main(["check", "--run", "one"]) == 1
    told = capsys.readouterr().out
    assert "make one behaves differently before you decide: its standard output has 'include Makefile." in told
    assert main(["check", "--run", "two"]) == 0
    assert "warning: make two behaves differently each time" in capsys.readouterr().out
    assert main(["check", "--run", "'"]) == 1
    assert "close its quotes" in capsys.readouterr().err


def test_a_trial_that_is_interrupted_puts_the_include_back(project: Path) -> None:
    """On SIGTERM as on Ctrl-C."""
    (project / "targets.yaml").write_text(CATALOG.replace(", two, bad", ""))
    (project / "Makefile").write_text("include Makefile.instrumented\none: ; @touch begun; exec sleep 3629.5\n")
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
    adopt(project)
    (project / "Makefile").rename(project / "Makefile.aside")
    (project / "Makefile").write_text(MAKEFILE)
    capsys.readouterr()
    assert main(["check", "--run", "one"]) == 1
    told = capsys.readouterr().out
    assert "Makefile.aside:1:1: error: this is your makefile" in told
    assert "hint: run: mv Makefile.aside Makefile" in told
    assert (project / "Makefile.aside").read_text() == f"include Makefile.instrumented\n{MAKEFILE}"


def test_eject_deletes_only_folders_that_it_emptied(project: Path) -> None:
    """One that was already there stays."""
    (project / "docs").mkdir()
    adopt(project)
    (project / "docs" / "data-dictionary.md").unlink()
    assert main(["eject"]) == 0
    assert (project / "docs").is_dir()


def test_eject_names_what_it_cannot_delete(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a traceback."""
    adopt(project)
    (project / "Makefile.instrumented").unlink()
    (project / "Makefile.instrumented").mkdir()
    capsys.readouterr()
    assert main(["eject"]) == 1
    assert "Makefile.instrumented: error: it cannot be deleted" in capsys.readouterr().err
