"""An include that belongs to another Makefile, or is incomplete, does nothing."""

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
    """Another project, with its own rules."""
    folder = project.home.parent / "other"
    folder.mkdir()
    (folder / "Makefile").write_text("-include Makefile.instrumented\nifndef INSTRUMENTED\n" + RULES + "endif\n")
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


@pytest.mark.parametrize("copied", [["Makefile"], ["Makefile", "Makefile.instrumented"]])
def test_a_copy_without_the_engine(project: Workbench, copied: list[str]) -> None:
    """``COPY Makefile* ./`` copies the include but not the engine."""
    folder = project.home.parent / "image"
    folder.mkdir()
    for name in copied:
        shutil.copy(project.tree / name, folder)
    runs_bare(project, folder)


def test_a_makefile_called_from_another_folder(project: Workbench, other: Path) -> None:
    """``make -f dir/Makefile``, from an empty folder and from another project's."""
    makefile = str(project.tree / "Makefile")
    (project.home.parent / "empty").mkdir()
    runs_bare(project, project.home.parent / "empty", "-f", makefile)
    runs_bare(project, other, "-f", makefile)
    # The other project has its own include, which does not belong to this Makefile.
    shutil.copy(project.tree / "Makefile.instrumented", other)
    shutil.copytree(project.tree / ".instrumented", other / ".instrumented")
    runs_bare(project, other, "-f", makefile)


def test_a_makefile_linked_into_another_folder(project: Workbench) -> None:
    """Without the include, and with it."""
    folder = project.home.parent / "linked"
    folder.mkdir()
    (folder / "Makefile").symlink_to(project.tree / "Makefile")
    runs_bare(project, folder)
    (folder / "Makefile.instrumented").symlink_to(project.tree / "Makefile.instrumented")
    runs_bare(project, folder)


def test_an_include_found_through_the_search_path(project: Workbench, other: Path) -> None:
    """``-I dir`` leads to somebody else's include."""
    runs_bare(project, other, "-I", str(project.tree))


def test_an_engine_of_another_version(project: Workbench) -> None:
    """The files belong together: after half an update nothing is recorded."""
    include = project.tree / "Makefile.instrumented"
    include.write_text(include.read_text().replace(".metrics.needs := ", ".metrics.needs := 9."))
    runs_bare(project, project.tree)


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
    (project.tree / ".instrumented" / "engine.mk").unlink()
    assert project.run("html").stdout == "BUILD html\n"


@pytest.mark.parametrize("wiring", ["guard", "GNUmakefile"])
def test_makefile_list_is_that_of_bare_make(project: Workbench, wiring: str) -> None:
    """To the byte, with its leading blank: undecided, tracked, and for a goal that is not tracked."""
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
