"""An include that is not this Makefile's, or not whole, does nothing at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from workbench import Workbench

RULES = ".PHONY: one\none: ; @echo one of $(notdir $(CURDIR)) '$(MAKEFILE_LIST)'\n"


@pytest.fixture
def project(each_make: Workbench) -> Workbench:
    """A project whose developer has agreed."""
    each_make.write(RULES, ["one"])
    each_make.agree()
    return each_make


@pytest.fixture
def other(project: Workbench) -> Path:
    """Another project, with rules of its own."""
    folder = project.home.parent / "other"
    folder.mkdir()
    (folder / "Makefile").write_text("-include Makefile.instrumented\nifndef INSTRUMENTED\n" + RULES + "endif\n")
    return folder


def runs_bare(project: Workbench, folder: Path, *arguments: str) -> None:
    """Nothing is said, nothing recorded, and the commands of the include are not there."""
    result = project.run(*arguments, "one", cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith("one of ")
    assert "instrumented" not in result.stdout
    assert project.recorded() == []
    assert project.run(*arguments, "metrics-status", cwd=folder).returncode == 2


def test_the_project_itself_is_recorded(project: Workbench) -> None:
    """What the others are compared with."""
    assert project.run("one").stdout.startswith("one of tree")
    assert project.recorded() == ["0"]


@pytest.mark.parametrize("copied", [["Makefile"], ["Makefile", "Makefile.instrumented"]])
def test_a_copy_without_the_engine(project: Workbench, copied: list[str]) -> None:
    """``COPY Makefile* ./`` takes the include and not the engine."""
    folder = project.home.parent / "image"
    folder.mkdir()
    for name in copied:
        shutil.copy(project.tree / name, folder)
    runs_bare(project, folder)


def test_called_from_elsewhere(project: Workbench, other: Path) -> None:
    """``make -f dir/Makefile``, from an empty folder and from another project's."""
    makefile = str(project.tree / "Makefile")
    (project.home.parent / "empty").mkdir()
    runs_bare(project, project.home.parent / "empty", "-f", makefile)
    runs_bare(project, other, "-f", makefile)
    # That other project has an include of its own, which is not this Makefile's.
    shutil.copy(project.tree / "Makefile.instrumented", other)
    shutil.copytree(project.tree / ".instrumented", other / ".instrumented")
    runs_bare(project, other, "-f", makefile)


def test_linked_into_another_folder(project: Workbench) -> None:
    """The Makefile alone, and the include beside it."""
    folder = project.home.parent / "linked"
    folder.mkdir()
    (folder / "Makefile").symlink_to(project.tree / "Makefile")
    runs_bare(project, folder)
    (folder / "Makefile.instrumented").symlink_to(project.tree / "Makefile.instrumented")
    runs_bare(project, folder)


def test_found_in_a_folder_for_includes(project: Workbench, other: Path) -> None:
    """``-I dir`` leads to somebody else's include."""
    runs_bare(project, other, "-I", str(project.tree))


def test_an_engine_of_another_version(project: Workbench) -> None:
    """The files are a set: after half an update nothing is measured."""
    include = project.tree / "Makefile.instrumented"
    include.write_text(include.read_text().replace(".metrics.needs := ", ".metrics.needs := 9."))
    runs_bare(project, project.tree)


def test_the_makefile_by_its_whole_path_is_the_same(project: Workbench) -> None:
    """``make -f "$PWD/Makefile"`` is this folder's Makefile."""
    assert project.run("-f", str(project.tree / "Makefile"), "one").returncode == 0
    assert project.recorded() == ["0"]


def test_a_catch_all_does_not_remake_what_the_include_brings(project: Workbench) -> None:
    """``%: Makefile``, as Sphinx's quickstart writes, and ``.DEFAULT``."""
    rules = ".PHONY: help Makefile\nhelp: ; @echo help\n%: Makefile ; @echo BUILD $@\n.DEFAULT: ; @echo DEFAULT $@\n"
    project.write(rules, ["html"])
    assert project.run("html").stdout == "BUILD html\n"
    assert project.run("help").stdout == "help\n"
    assert project.run().stdout == "help\n"
    (project.tree / ".instrumented" / "engine.mk").unlink()
    assert project.run("html").stdout == "BUILD html\n"


@pytest.mark.parametrize("wiring", ["guard", "GNUmakefile"])
def test_the_list_of_makefiles_is_that_of_bare_make(project: Workbench, wiring: str) -> None:
    """To the byte, its leading blank too, in every run: undecided, tracked, and of a goal that is not tracked."""
    shown = "$(info [$(MAKEFILE_LIST)])\n"
    rules = f"{shown}include more.mk\n{shown}one two: ; @echo '[$(MAKEFILE_LIST)]'\n"
    (project.tree / "more.mk").write_text("X = 1\n")
    (project.tree / "Makefile").write_text(rules)
    bare = project.run("one").stdout
    project.write(rules, ["one"], guarded=wiring == "guard")
    if wiring == "GNUmakefile":
        wired = "-include Makefile.instrumented\nifndef INSTRUMENTED\nMAKEFILE_LIST :=\ninclude Makefile\nendif\n"
        (project.tree / "GNUmakefile").write_text(wired)
    for goal, variables in (("one", {}), ("two", {}), ("one", {"HOME": "/nonexistent"})):
        assert project.run(goal, variables=variables).stdout == bare
    assert project.recorded() == ["0"]
