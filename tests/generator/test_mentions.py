"""What the project's own text tells people to type comes first in a first catalog."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from generator import makefile
from generator.__main__ import main
from generator.catalog import load
from generator.mentions import mentions
from generator.proposal import MAX_TARGETS, Proposed, proposed


def of(folder: Path, makefile_text: str, **texts: str) -> dict[str, Proposed]:
    """What is proposed, by name and in order, for a Makefile and these files."""
    (folder / "Makefile").write_text(makefile_text)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text)
    typed = mentions(folder)
    rules = makefile.read_for(folder, typed.in_code)
    return {entry.name: entry for entry in proposed(rules, typed.of(rules.rules))}


@pytest.mark.parametrize(
    ("text", "goals"),
    [
        ("Start it with `make up`, then ``make test.unit``.", {"up": 1, "test.unit": 1}),
        ("    $ make up\n    $ make logs && make down\n", {"up": 1, "logs": 1, "down": 1}),
        ("make build lint  # both\n", {"build": 1, "lint": 1}),
        ("- run: make ci\n  run: DEBUG=1 make -j 4 -k V=1 ci\n", {"ci": 2}),
        ("if true; then make one; else make two; fi", {"one": 1, "two": 1}),
        ("RUN sudo make install", {"install": 1}),
        ("`make dev.up.<service>`, `make dev.{up,down}.lms` or `make dev.$NAME`; `make up >log`", {"up": 1}),
        ("(`make dev.up.lms+studio`)", {"dev.up.lms+studio": 1}),
        ("We make up stories, and remake them.", {}),
        ("`make -C docs html`; `make --directory=docs html`; `make -f other.mk html`", {}),
        ("`cmake up`, `make-up now`", {}),
    ],
)
def test_what_is_typed_is_found_in_text(tmp_path: Path, text: str, goals: dict[str, int]) -> None:
    """Commands in code, after prompts, in scripts and in CI files; no prose, and no other makefile's."""
    (tmp_path / "README.md").write_text(text)
    found = mentions(tmp_path)
    assert found.in_code + found.prose == goals


@pytest.mark.parametrize(
    ("text", "in_code", "prose"),
    [
        ("* make sure that it works\nmake the changes\n", [], ["changes", "it", "sure", "that", "the", "works"]),
        ("```\nmake one\n```\nmake two\n", ["one"], ["two"]),
        ("Run make one, or\n\n    make two\n", ["two"], ["one", "or"]),
        ("$ make one\n- `make two`\n", ["one", "two"], []),
        ("    make an HTTP call\n    make one two\n", ["one", "two"], ["HTTP", "an", "call"]),
    ],
)
def test_only_code_names_what_no_rule_names(tmp_path: Path, text: str, in_code: list[str], prose: list[str]) -> None:
    """A sentence counts only where its word is a target's name: a catch-all rule makes any word."""
    (tmp_path / "README.md").write_text(text)
    found = mentions(tmp_path)
    assert (sorted(found.in_code), sorted(found.prose)) == (in_code, prose)
    (tmp_path / "run.sh").write_text("#!/bin/sh\n# make some of them\n")
    assert sorted(of(tmp_path, "%: ; @:\n")) == in_code


def test_text_of_other_projects_does_not_count(tmp_path: Path) -> None:
    """Neither the targets of a makefile below, nor what is vendored, nor what git does not know."""
    for name in ("sub/README.md", "sub/deep/README.md", "node_modules/x/README.md", "own/README.md", "build/README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"`make {name.partition('/')[0]}`")
    (tmp_path / "sub" / "Makefile").write_text("sub: ; @:\n")
    assert mentions(tmp_path).in_code == {"own": 1, "build": 1}
    assert mentions(tmp_path).prose == {}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "own"], cwd=tmp_path, check=True)
    assert mentions(tmp_path).in_code == {"own": 1}


def test_a_guide_beside_another_makefile_counts(tmp_path: Path) -> None:
    """As documents that are built with one: what they say to type is a target of the one above, if that has it."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "Makefile").write_text("html: ; @:\n%: Makefile ; @:\n")
    (tmp_path / "docs" / "guide.rst").write_text("Type ``make dev.stop``, and ``make html`` here, ``make epub``.\n")
    found = of(tmp_path, "".join(f"{name}: ; @:\n" for name in ("one", "html", "dev.stop")))
    assert list(found) == ["dev.stop", "one", "html"]


def test_what_is_typed_most_comes_first(tmp_path: Path) -> None:
    """Then what is documented or phony, then the rest; help and clean after all of these."""
    text = ".PHONY: help clean marked\n" + "".join(
        f"{name}: ; @:\n" for name in ("help", "clean", "plain", "marked", "rare", "often")
    )
    found = of(tmp_path, text, README__md="`make help` `make help` `make clean` `make rare` `make often`\n`make often`")
    assert list(found) == ["often", "rare", "marked", "plain", "help", "clean"]


def test_nothing_typed_is_cut_off(tmp_path: Path) -> None:
    """More targets than anybody reviews, and the last one is what the README is about."""
    rules = "".join(f".PHONY: gen-{one}x\ngen-{one}x: ; @echo {one * 7}\n" for one in range(MAX_TARGETS + 20))
    found = of(tmp_path, f"{rules}up: ; @:\n", README__md="Type `make up`.")
    assert next(iter(found)) == "up"


def test_a_pattern_s_stems_are_those_that_are_typed(tmp_path: Path) -> None:
    """It comes as early as all of them together."""
    text = "other: ; @:\ndev.up.%: ; @echo $*\n"
    found = of(
        tmp_path, text, README__md="`make other` `make other` `make dev.up.lms` `make dev.up.studio`\n`make dev.up.lms`"
    )
    assert list(found) == ["dev.up.%", "other"]
    assert found["dev.up.%"].stems == ("lms", "studio")


def test_a_name_is_a_stem_of_the_narrowest_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As make itself chooses; a catalog with both would be refused."""
    text = "dev.%: ; @echo $*\ndev.up.%: ; @echo up $*\ndev.up.all: ; @echo all\n"
    found = of(tmp_path, text, README__md="`make dev.up.lms` `make dev.lint` `make dev.up.all`")
    assert {name: entry.stems for name, entry in found.items()} == {
        "dev.%": ("lint",),
        "dev.up.%": ("lms",),
        "dev.up.all": (),
    }
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert main(["check"]) == 0


def test_files_and_folders_are_out_unless_they_are_typed_or_documented(tmp_path: Path) -> None:
    """Phony or not: a list of folders makes each of them phony."""
    for name in ("lib", "docs", "test"):
        (tmp_path / name).mkdir()
    text = ".PHONY: lib docs test\nlib docs: ; @$(MAKE) -C $@\ntest: ## Run the tests\n\t@:\n"
    assert list(of(tmp_path, text)) == ["test"]
    assert list(of(tmp_path, text, README__md="`make docs`")) == ["docs", "test"]


def test_a_list_without_a_name_in_common_is_out(tmp_path: Path) -> None:
    """But not what is typed of it; one with a name in common is a pattern."""
    text = ".PHONY: alpha beta gamma\nalpha beta gamma: ; @echo $@\nbuild-a build-b build-c: ; @echo $@\nup: ; @:\n"
    assert list(of(tmp_path, text)) == ["build-%", "up"]
    assert list(of(tmp_path, text, README__md="`make beta`")) == ["beta", "build-%", "up"]


@pytest.mark.parametrize(
    "rule",
    [
        "into: ; docker run -it image",
        "into: ; docker compose exec lms bash",
        "into: ; docker attach lms",
        "into: ; docker-compose logs -f lms",
        "lms-shell: ; x",
        "dev.attach.lms: ; x",
        "dbshell: ; x",
        "console: ; x",
    ],
)
def test_what_people_work_in_is_interactive(tmp_path: Path, rule: str) -> None:
    [entry] = of(tmp_path, f"{rule}\n").values()
    assert entry.interactive


@pytest.mark.parametrize(
    "rule",
    [
        "run: ; docker compose exec -T lms ./migrate",
        "migrate: ; docker compose exec lms bash -c './manage.py migrate'",
        "shellcheck: ; x",
        "shell-lint: ; x",
        "logs: ; docker logs lms",
    ],
)
def test_what_ends_by_itself_is_not(tmp_path: Path, rule: str) -> None:
    [entry] = of(tmp_path, f"{rule}\n").values()
    assert not entry.interactive


def test_the_catalog_says_what_is_interactive_and_is_named_after_the_repository(tmp_path: Path) -> None:
    """Whatever the clone's folder is called."""
    folder = tmp_path / "my-clone-2"
    folder.mkdir()
    (folder / "Makefile").write_text("shell: ; bash\nup: ; @:\n")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    remote = ["git", "remote", "add", "origin", "git@example.invalid:team/Dev_Stack.git"]
    subprocess.run(remote, cwd=folder, check=True)
    assert main(["init", str(folder)]) == 0
    catalog = load(folder / "targets.yaml")
    assert catalog.project == "dev_stack"
    assert {target.name: target.interactive for target in catalog.targets} == {"shell": True, "up": False}


DYNAMIC = "_run: ; @echo running $(MAKECMDGOALS)\n.PHONY: _run\n$(if $(MAKECMDGOALS),$(MAKECMDGOALS): %: _run)\n"


def test_rules_that_are_made_from_the_goals_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their names; then check finds nothing."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text(DYNAMIC)
    assert main(["init", ".", "lint", "test"]) == 0
    assert [target.name for target in load(Path("targets.yaml")).targets] == ["lint", "test"]
    assert main(["check"]) == 0


def test_what_is_typed_is_enough_for_such_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text names them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text(DYNAMIC)
    (tmp_path / "README.md").write_text("`make lint`\n")
    assert main(["init"]) == 0
    assert [target.name for target in load(Path("targets.yaml")).targets] == ["lint"]
    assert main(["check"]) == 0


def test_a_makefile_that_is_not_made_yet_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the step that makes it."""
    (tmp_path / "configure").write_text("#!/bin/sh\nprintf 'up: ; @:\\n' >Makefile\n")
    (tmp_path / "configure").chmod(0o755)
    assert main(["init", str(tmp_path)]) == 1
    assert "there is no Makefile here\n  hint: run ./configure first" in capsys.readouterr().err
    subprocess.run(["./configure"], cwd=tmp_path, check=True)
    assert main(["init", str(tmp_path)]) == 0
