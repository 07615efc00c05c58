"""Only the include of the folder where make runs counts, whichever makefile reads it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workbench import Workbench, host_of

from instrumented_make import INTERFACE

RULES = ".PHONY: one\none: ; @echo one of $(notdir $(CURDIR)) '$(MAKEFILE_LIST)'\n"


@pytest.fixture
def project(each_make: Workbench) -> Workbench:
    """A project whose developer has agreed."""
    each_make.write(RULES, ["one"])
    each_make.agree()
    return each_make


@pytest.fixture
def other(project: Workbench) -> Path:
    """Another project, with its own rules."""
    folder = project.home.parent / "other"
    folder.mkdir()
    (folder / "Makefile").write_text("-include Makefile.instrumented\n" + RULES)
    return folder


def runs_bare(project: Workbench, folder: Path, *arguments: str) -> None:
    """Check that make prints nothing more, records nothing, and has no metrics targets."""
    result = project.run(*arguments, "one", cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("one of ")
    assert "instrumented" not in result.stdout
    assert project.recorded() == []
    assert project.run(*arguments, "metrics-status", cwd=folder).returncode == 2


def test_the_project_itself_is_recorded(project: Workbench) -> None:
    """The control for the tests below."""
    assert project.run("one").stdout.startswith("one of tree")
    assert project.recorded() == ["0"]


def test_a_copy_of_both_is_the_project_again(project: Workbench) -> None:
    """``COPY Makefile* ./`` makes a second clone. A copy without the include fails, and make names what is missing."""
    folder = project.home.parent / "image"
    folder.mkdir()
    shutil.copy(project.tree / "Makefile", folder)
    result = project.run("one", cwd=folder)
    assert result.returncode == 2
    assert "Makefile.instrumented" in result.stderr
    shutil.copy(project.tree / "Makefile.instrumented", folder)
    assert project.run("one", cwd=folder).stdout.startswith("one of image")
    assert project.recorded() == ["0"]


def test_a_makefile_called_from_another_folder(project: Workbench, other: Path) -> None:
    """``make -f dir/Makefile`` from an empty folder: its rules run, and nothing is recorded."""
    makefile = project.tree / "Makefile"
    makefile.write_text("-" + makefile.read_text())
    (project.home.parent / "empty").mkdir()
    runs_bare(project, project.home.parent / "empty", "-f", str(makefile))
    runs_bare(project, other, "-f", str(makefile))


def test_a_makefile_linked_into_another_folder(project: Workbench) -> None:
    """A link to the Makefile alone reads no include; with a link to both, it is this project."""
    folder = project.home.parent / "linked"
    folder.mkdir()
    makefile = project.tree / "Makefile"
    makefile.write_text("-" + makefile.read_text())
    (folder / "Makefile").symlink_to(makefile)
    runs_bare(project, folder)
    (folder / "Makefile.instrumented").symlink_to(project.tree / "Makefile.instrumented")
    assert project.run("one", cwd=folder).stdout.startswith("one of linked")
    assert project.recorded() == ["0"]


def test_an_include_found_through_the_search_path(project: Workbench, other: Path) -> None:
    """``-I dir`` leads to somebody else's include."""
    runs_bare(project, other, "-I", str(project.tree))


def test_a_recorder_of_another_interface_is_not_started(project: Workbench) -> None:
    """The include and the program belong together by a number: after half an update nothing is recorded."""
    host = host_of(project.make)
    for path in project.config.glob(f"recorder-{INTERFACE}.{host}"):
        path.rename(path.with_name(f"recorder-{INTERFACE + 1}.{host}"))
    result = project.run("one")
    assert (result.returncode, result.stderr) == (0, "")
    assert project.recorded() == []


def test_the_makefile_by_its_absolute_path_is_recorded(project: Workbench) -> None:
    """``make -f "$PWD/Makefile"`` is this folder's Makefile."""
    assert project.run("-f", str(project.tree / "Makefile"), "one").returncode == 0
    assert project.recorded() == ["0"]


def test_a_catch_all_does_not_remake_the_include(project: Workbench) -> None:
    """``%: Makefile``, as Sphinx's quickstart writes, and ``.DEFAULT``."""
    rules = ".PHONY: help Makefile\nhelp: ; @echo help\n%: Makefile ; @echo BUILD $@\n.DEFAULT: ; @echo DEFAULT $@\n"
    project.write(rules, ["html"])
    assert project.run("html").stdout == "BUILD html\n"
    assert project.run("help").stdout == "help\n"
    assert project.run().stdout == "help\n"
    assert project.recorded() == ["0"]


def test_makefile_list_is_that_of_bare_make(project: Workbench) -> None:
    """To the byte, with its leading blank: undecided, tracked, and for a goal that is not tracked."""
    shown = "$(info [$(MAKEFILE_LIST)])\n"
    rules = f"{shown}include more.mk\n{shown}one two: ; @echo '[$(MAKEFILE_LIST)]'\n"
    (project.tree / "more.mk").write_text("X = 1\n")
    (project.tree / "Makefile").write_text(rules)
    bare = project.run("one").stdout
    project.write(rules, ["one"])
    for goal, variables in (("one", {}), ("two", {}), ("one", {"HOME": "/nonexistent"})):
        assert project.run(goal, variables=variables).stdout == bare
    assert project.recorded() == ["0"]
