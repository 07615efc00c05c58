"""What init proposes for makefiles as people write them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from generator import makefile
from generator.__main__ import main
from generator.catalog import load
from generator.proposal import MAX_TARGETS, Proposed, proposed


def of(folder: Path, text: str) -> list[Proposed]:
    (folder / "Makefile").write_text(text)
    return proposed(makefile.read(folder))


def names(folder: Path, text: str) -> list[str]:
    return [entry.name for entry in of(folder, text)]


def test_documented_and_phony_targets_come_first_in_the_files_order(tmp_path: Path) -> None:
    """The rest follows; a target without a recipe is placed where its rule is."""
    (tmp_path / "more.mk").write_text("more: ; @:\n")
    text = "zeta: ; @:\n.PHONY: all beta\ngamma: ## Documented\n\t@:\nall: beta\nbeta: ; @:\ninclude more.mk\n"
    assert names(tmp_path, text) == ["gamma", "all", "beta", "zeta", "more"]


@pytest.mark.parametrize(
    "rule",
    [
        "program: main.c\n\tcc -o $@ main.c",
        "list: ; ls > $@",
        "made: ; @mkdir -p $@",
        "copy: main.c\n\tcp main.c $@",
        "report.pdf: ; true",
        "bin/tool: ; go build",
        "built-in: main.o",
        "here: ; @:",
        "/usr/local/bin/x: ; @:",
        "FORCE:",
        ".PHONY: force",
        "_private: ; @:",
        "impl-dev.up: ; @:",
        "%.o: %.c ; cc $<",
        "lib%.so: ; cc",
        "%: ; @echo nothing",
        "## Prose about what make does\n## by itself\n%:: %,v",
        "## Prose\n% :: s.%",
        ".PHONY: docs/list.txt\ndocs/list.txt: ; ls",
        "listed: ; ls > listed",
        ".PHONY: nothing",
    ],
)
def test_files_and_helpers_are_left_out(tmp_path: Path, rule: str) -> None:
    """A target that makes a file, or that is not meant to be typed, is not a command."""
    (tmp_path / "here").write_text("")
    (tmp_path / "main.o").write_text("")
    assert names(tmp_path, f"{rule}\ncommand: ; @:\n") == ["command"]


def test_a_documented_file_is_a_command(tmp_path: Path) -> None:
    """A help text means that people are expected to type it."""
    assert of(tmp_path, "report.pdf: ## Print the report\n\ttouch $@\n") == [Proposed("report.pdf", "Print the report")]


@pytest.mark.parametrize(
    "text",
    [
        "$(SERVICES:%=up.%): up.%: ## Start one\n\t@echo $*\n",
        "up.lms up.cms up.forum: ; @echo $@\n",
        "define RULE\nup.$(1):\n\t@echo $(1)\nendef\n$(foreach one,$(SERVICES),$(eval $(call RULE,$(one))))\n",
        "up.%: ; @echo $*\nup.lms up.cms up.forum: up.base\nup.base: ; @:\n",
        "$(SERVICES:%=up.%): up.%: %-up\n%-up: ; @echo $*\n",
    ],
    ids=["static pattern", "a list", "foreach", "prerequisites of its own", "static pattern without a recipe"],
)
def test_targets_expanded_from_a_pattern_become_one_pattern(tmp_path: Path, text: str) -> None:
    """The proposal has one entry, with the makefile's names as stems."""
    [up] = [entry for entry in of(tmp_path, f"SERVICES := lms cms forum\n{text}") if "%" in entry.name]
    assert (up.name, set(up.stems)) == ("up.%", {"lms", "cms", "forum"})


def test_commands_with_their_own_recipes_stay_separate(tmp_path: Path) -> None:
    """A name that fits a pattern is not folded into it if it does something else."""
    assert names(tmp_path, "up.%: ; @echo $*\nup.all: ; @echo all\n") == ["up.%", "up.all"]
    assert names(tmp_path, "one: ; @:\ntwo: ; @:\nthree: ; @:\n") == ["one", "two", "three"]


@pytest.mark.parametrize(
    "text",
    [
        "one: ## Say it\n\t@:\n",
        "## Say it\none: ; @:\n",
        "## Say it\n.PHONY: one\none: ; @:\n",
        ".PHONY: one ## Say it\none: ; @:\n",
    ],
)
def test_help_texts_are_found_where_people_write_them(tmp_path: Path, text: str) -> None:
    """After the rule, above it, above its .PHONY, and after that."""
    assert of(tmp_path, text) == [Proposed("one", "Say it")]


def test_several_comment_lines_above_a_rule_are_not_a_help_text(tmp_path: Path) -> None:
    """None of them explains the target by itself."""
    assert of(tmp_path, "## This is a long story\n## about the following.\none: ; @:\n") == [Proposed("one")]


def test_names_with_a_slash_can_be_commands(tmp_path: Path) -> None:
    """``docker/up`` if it is phony, and ``docker.pull/%``."""
    text = ".PHONY: docker/up\nall: docker/up\ndocker/up: ; @:\ndocker.pull/%: ; @echo $*\n"
    assert names(tmp_path, text) == ["docker/up", "all", "docker.pull/%"]


@pytest.mark.parametrize("rule", ["%: ; @:", ".DEFAULT: ; @echo $@", "%: Makefile ; @echo $@"])
def test_init_mentions_a_catch_all_rule(
    tmp_path: Path, rule: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only people know what they type there. A name that they add is then not a finding."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text(f"one: ; @:\n{rule}\n")
    assert main(["init"]) == 0
    told = capsys.readouterr().err
    assert "targets.yaml: 1 target proposed" in told
    assert "Any name can be made here. Add the names that people type: instrumented-make add NAME" in told
    assert main(["add", "html"]) == 0
    assert "no rule" not in capsys.readouterr().err
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_folder_in_a_repository_is_its_own_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise a yes in one project's ``docs`` would count in every other's."""
    folder = tmp_path / "My Project" / "docs"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=folder.parent, check=True)
    (folder / "Makefile").write_text("one: ; @:\n")
    monkeypatch.chdir(folder)
    assert main(["init"]) == 0
    assert load(folder / "targets.yaml").project == "my-project-docs"


def test_a_long_makefile_gets_a_short_catalog(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number left out is printed and written to the catalog, and a command lists them."""
    monkeypatch.chdir(tmp_path)
    words = [f"word{number}x" for number in range(MAX_TARGETS + 8)]
    (tmp_path / "Makefile").write_text("".join(f"{word}: ; @echo {word}\n" for word in words))
    assert main(["init"]) == 0
    assert "8 more left out; to see them, run: instrumented-make list --untracked" in capsys.readouterr().err
    assert "# 8 more are left out" in (tmp_path / "targets.yaml").read_text()
    assert [target.name for target in load(tmp_path / "targets.yaml").targets] == words[:MAX_TARGETS]
    assert main(["list", "--untracked"]) == 0
    assert capsys.readouterr().out.split() == ["target", *words[MAX_TARGETS:]]


def test_the_proposal_renders_unchanged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A catalog can hold its stems and help texts, whatever they are."""
    monkeypatch.chdir(tmp_path)
    stems = "yes 1.5 a+b x@y null z-"
    text = f'$(addprefix up.,{stems}): up.%: ## \\033[1mStart\\033[0m: "it\'s" 🚀\n\t@echo $*\n'
    (tmp_path / "Makefile").write_text(text)
    assert main(["init"]) == 0
    assert main(["render"]) == 0
    assert main(["check"]) == 0
    capsys.readouterr()
    assert main(["list"]) == 0
    assert "missing" not in capsys.readouterr().out, "a pattern whose rules are spelt out"
    [target] = load(tmp_path / "targets.yaml").targets
    assert set(target.stems) == set(stems.split())
    assert target.help == 'Start: "it\'s" 🚀'


def test_init_names_files_that_git_ignores(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the Makefile and what is rendered; check reports them later, since nobody else would get them."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("targets.yaml\nMakefile*\n")
    (tmp_path / "Makefile").write_text("one: ; @:\n")
    assert main(["init"]) == 0
    told = capsys.readouterr().err
    for name in ("targets.yaml", "Makefile", "Makefile.instrumented"):
        assert f"{name}: git ignores it, so your teammates do not get it; run: git add -f {name}" in told
    assert main(["render"]) == 0
    assert main(["check"]) == 0, "it is a warning"
    assert capsys.readouterr().out.count("[git-ignored]") == 3


def test_init_warns_about_an_environment_that_git_would_commit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not if git ignores it."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / "Makefile").write_text("one: ; @:\n")
    assert main(["init"]) == 0
    assert "add /.venv/ to .gitignore" in capsys.readouterr().err
    (tmp_path / "targets.yaml").unlink()
    (tmp_path / ".gitignore").write_text(".venv\n")
    assert main(["init"]) == 0
    assert ".gitignore" not in capsys.readouterr().err
