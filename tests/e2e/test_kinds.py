"""Eight kinds of projects, from init to a delivered event and eject: make stays the same, to the byte."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field

import pexpect
import pytest
from capture import Capture
from workbench import HANG_S, INSTALLED, SYSTEM_PATH, Workbench

from generator import wiring

SPHINX = """\
SPHINXOPTS    ?=
SPHINXBUILD   ?= sphinx-build
SOURCEDIR     = source
BUILDDIR      = build

# The first, so that it is what plain make does.
help:
	@$(SPHINXBUILD) -M help "$(SOURCEDIR)" "$(BUILDDIR)" $(SPHINXOPTS) $(O)

.PHONY: help Makefile

# Everything else goes to Sphinx.
%: Makefile
	@$(SPHINXBUILD) -M $@ "$(SOURCEDIR)" "$(BUILDDIR)" $(SPHINXOPTS) $(O)
"""
HELP = r"""
.DEFAULT_GOAL := help
.PHONY: help help-sed help-awk help-perl help-first help-words test
help: ## Show this with grep
	@grep -E '^[a-zA-Z_-]+:.*?## .*$$' $(MAKEFILE_LIST) | sort
help-sed: ## Show this with sed
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST)
help-awk: ## Show this with awk
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "%s %s %s\n", FILENAME, $$1, $$2}' $(MAKEFILE_LIST)
help-perl: ## Show this with perl
	@perl -ne 'print "$$ARGV $$1 $$2\n" if /^([a-z-]+):.*?## (.*)/' $(MAKEFILE_LIST)
help-first: ## Show this from the first makefile
	@grep '##' $(firstword $(MAKEFILE_LIST)) $(lastword $(MAKEFILE_LIST)) /dev/null
export MAKEFILE_LIST
help-words: ## Show what the list is
	@echo "[$(MAKEFILE_LIST)] $(MAKEFILE_LIST:%=<%>)" $$MAKEFILE_LIST
test: ## Run the tests
	@echo tested
"""
VERBS = ["up", "down", "logs", "pull", "shell", "stop", "build", "test", "lint", "reset"]
DEVSTACK = "".join(
    f"dev.{verb}{number}.%: ## {verb.title()} a service, way {number}\n\t@$(DOCKER) {verb} {number} $*\n"
    for verb in VERBS
    for number in range(10)
)
DEVSTACK = f"""\
DOCKER ?= docker
.PHONY: metrics-status metrics-opt-in dev.up
{DEVSTACK}
dev.up: dev.up0.lms dev.up1.cms ## Start them
metrics-opt-in metrics-status: ## The project's own
	@echo its own $@
"""
GO = """\
BINARY := app
include scripts/lint.mk
-include scripts/missing.mk
.PHONY: build test clean
build: export CGO_ENABLED = 0
build: GOFLAGS += -trimpath
build: ## Build it
	@echo go build $(GOFLAGS) -o bin/$(BINARY) cgo=$$CGO_ENABLED
test: T := 1
test: ; @echo go test $(T)
clean: ; rm -rf bin
bin/$(BINARY): main.go
	go build -o $@
"""
C = """\
all: program
include config.mk
-include main.d
program: main.o ; @cat main.o > $@; echo linked with $(CONFIGURED)
main.o: main.c ; @cp main.c $@
main.d: main.c ; @echo 'main.o: main.c' > $@
config.mk: configure ; @echo CONFIGURED := yes > $@
clean: ; rm -f program *.o *.d config.mk
.DEFAULT: ; @echo nobody knows $@
.PHONY: all clean
"""
SWALLOWS = """\
.PHONY: run
run: ## Run something: make run WORDS
	@echo running $(filter-out $@,$(MAKECMDGOALS))
%: ; @:
"""
DEMANDS = """\
ifeq (,$(shell command -v frobnicate 2>/dev/null))
$(error frobnicate is not installed: see the README)
endif
frob: ## Frobnicate
	@frobnicate
fail: ; @echo fails; exit 3
"""
TOP = """\
PARTS := a b
.PHONY: all test $(PARTS)
all: $(PARTS)
$(PARTS): ; @$(MAKE) --no-print-directory -C $@ all
test: ; @for part in $(PARTS); do $(MAKE) --no-print-directory -C $$part test; done
"""
PART = ".PHONY: all test\nall: ; @echo all of $(notdir $(CURDIR))\ntest: ; @echo test of $(notdir $(CURDIR)) $(X)\n"


@dataclass(frozen=True)
class Kind:
    """A project: its ``files``, what people type (``commands``), and what of that is tracked and delivered."""

    files: dict[str, str]
    commands: list[str]
    tracked: str
    delivered: str
    harmless: str = "-n"
    more: tuple[str, ...] = ()
    prefix: str = "metrics"
    folders: tuple[str, ...] = ("",)
    programs: dict[str, str] = field(default_factory=dict)


KINDS = {
    "sphinx": Kind(
        {"Makefile": SPHINX, "source/index.rst": ""},
        ["", "html", "help", "html linkcheck", "-n html", "O=-v html"],
        "html",
        "html",
        more=("html", "linkcheck"),
        programs={"sphinx-build": '[ "$2" != linkcheck ] || exit 2; echo BUILD "$@"'},
        harmless="html",
    ),
    "help": Kind(
        {"Makefile": HELP},
        ["", "help", "help-sed", "help-awk", "help-perl", "help-first", "help-words", "test help", "nothing"],
        "help test",
        "help test",
        harmless="help",
    ),
    "devstack": Kind(
        {"Makefile": DEVSTACK},
        ["dev.up", "dev.up0.lms dev.pull9.cms", "metrics-status", "metrics-opt-in", "-j1 dev.up"],
        "dev.up0.lms dev.pull9.cms",
        "dev.up0.% dev.pull9.%",
        prefix="usage",
        programs={"docker": 'echo docker "$@"'},
    ),
    "go": Kind(
        {"Makefile": GO, "scripts/lint.mk": "lint: ## Lint it\n\t@echo lint $(MAKEFILE_LIST)\n", "main.go": ""},
        ["", "build", "test", "lint", "GOFLAGS=-x build", "-n bin/app"],
        "build lint",
        "build lint",
        harmless="build",
    ),
    "c": Kind(
        {"Makefile": C, "main.c": "int main;\n", "configure": ""},
        ["", "all", "program", "clean", "unknown", "all unknown", "-n"],
        "all",
        "all",
    ),
    "swallows": Kind({"Makefile": SWALLOWS}, ["run", "run one two", "whatever", "-n run"], "run", "run"),
    "demands": Kind(
        {"Makefile": DEMANDS},
        ["frob", "fail", "fail frob", "-k fail frob", "nothing", "PATH=/nowhere frob"],
        "frob",
        "frob",
        programs={"frobnicate": "echo frobnicated"},
        harmless="frob",
    ),
    "monorepo": Kind(
        {"Makefile": TOP, "a/Makefile": PART, "b/Makefile": PART},
        ["", "all", "test", "-j1 all", "-C a test", "-f b/Makefile test"],
        "test",
        "test",
        folders=("", "a", "b"),
        harmless="test",
    ),
}


class Adopted:
    """A project of a kind, as its maintainer and a developer use it."""

    def __init__(self, bench: Workbench, kind: Kind) -> None:
        self.bench, self.kind = bench, kind
        for name, text in kind.files.items():
            path = bench.tree / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        programs = bench.home / "bin"
        programs.mkdir()
        for name, text in kind.programs.items():
            (programs / name).write_text(f"#!/bin/sh\n{text}\n")
            (programs / name).chmod(0o755)
        bench.variables = {"PATH": f"{programs}:{bench.environment['PATH']}"}
        bench.commit()

    def tree(self) -> dict[str, bytes]:
        paths = (path for path in self.bench.tree.rglob("*") if ".git" not in path.parts and path.is_file())
        return {str(path.relative_to(self.bench.tree)): path.read_bytes() for path in paths}

    def said(self) -> list[tuple[str, int, str, str]]:
        """What make prints and returns for each command line, each in a clean tree."""
        heard = []
        # Also where the programs that the command needs are not installed.
        self.bench.git("clean", "-fdxq")
        missing = self.bench.run(*self.kind.tracked.split(), variables={"PATH": SYSTEM_PATH})
        heard.append(("not installed", missing.returncode, missing.stdout, missing.stderr))
        for folder in self.kind.folders:
            for command in self.kind.commands if not folder else ["all test", "-n all"]:
                self.bench.git("clean", "-fdxq")
                result = self.bench.run(*command.split(), cwd=self.bench.tree / folder)
                heard.append((f"{folder}: {command}", result.returncode, result.stdout, result.stderr))
        return heard

    def said_without_wiring(self) -> list[tuple[str, int, str, str]]:
        """As :meth:`said`, with a comment in the place of the wiring's line, so that all others keep their numbers."""
        for folder in self.kind.folders:
            path = self.bench.tree / folder / "Makefile"
            path.write_text(wiring.silence(path.read_text(), "Makefile.instrumented"))
        try:
            return self.said()
        finally:
            self.bench.git("reset", "-q", "--hard")

    def generator(self, *arguments: str, folder: str = "") -> str:
        result = subprocess.run(
            [sys.executable, "-m", "generator", *arguments],
            cwd=self.bench.tree / folder,
            env=self.bench.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def adopt(self, folder: str, host: str) -> None:
        """init, the catalog's blanks filled in, render, check: all clean, and no recipe has run."""
        before = self.tree()
        self.generator("init", folder=folder)
        where = self.bench.tree / folder
        wired = str((where / "Makefile").relative_to(self.bench.tree))
        after = self.tree()
        assert after[wired] == b"include Makefile.instrumented\n" + before[wired]
        assert {name: after[name] for name in before} == {**before, wired: after[wired]}
        new = {str((where / name).relative_to(self.bench.tree)) for name in ("targets.yaml", "Makefile.instrumented")}
        assert set(after) - set(before) == new, "nothing else was made"
        catalog = where / "targets.yaml"
        text = catalog.read_text().replace('write_key: ""', "write_key: key").replace("https://api.segment.io", host)
        catalog.write_text(re.sub(r"^project: .*", f"project: kind-{folder or 'top'}", text, flags=re.M))
        if self.kind.more:
            self.generator("add", *self.kind.more, folder=folder)
        self.generator("render", folder=folder)
        assert self.generator("check", folder=folder) == ""
        assert self.generator("check", "--run", self.kind.harmless, folder=folder) == ""

    def ask(self, command: str, expected: str, *, answer: str = "", folder: str = "") -> None:
        child = pexpect.spawn(
            self.bench.make,
            [f"{self.kind.prefix}-{command}"],
            cwd=str(self.bench.tree / folder),
            env={**self.bench.environment, "VIRTUAL_ENV": INSTALLED},
            encoding="utf-8",
            timeout=HANG_S,
        )
        if answer:
            child.expect("asked again: ")
            child.sendline(answer)
        child.expect(expected)
        child.expect(pexpect.EOF)
        child.close()

    def keep(self) -> None:
        for name in set(self.tree()) & {"config.mk", "main.d"}:
            (self.bench.tree / name).unlink()  # which check --run has made
        self.bench.git("add", "-A")
        self.bench.git("commit", "-qm", "adopted")


@pytest.mark.sampled(2)
@pytest.mark.parametrize("name", KINDS)
def test_make_does_the_same_from_init_to_eject(each_make: Workbench, server: Capture, name: str) -> None:
    """Undecided, agreed, declined and ejected; in between, what was agreed to arrives."""
    kind = KINDS[name]
    project = Adopted(each_make, kind)
    before, at_first = project.tree(), project.said()
    for folder in kind.folders:
        project.adopt(folder, server.host)
    project.keep()
    bare = project.said_without_wiring()
    assert [heard[:3] for heard in bare] == [heard[:3] for heard in at_first], "but for numbers of lines"
    assert project.said() == bare, "nobody has decided"
    for folder in kind.folders:
        project.ask("opt-in", "Thank you", answer="yes", folder=folder)
    assert project.said() == bare, "somebody has agreed"
    each_make.background_ended()
    each_make.git("clean", "-fdxq")
    sent = server.ids
    assert each_make.run(*kind.tracked.split()).returncode == 0
    each_make.background_ended()
    server.wait_for(len(sent) + 1)
    new = [event["properties"]["command"] for event in server.events if event["messageId"] not in sent]
    assert kind.delivered in new
    for folder in kind.folders:
        project.ask("opt-out", "Nothing will be measured", folder=folder)
    assert project.said() == bare, "somebody has declined"
    for folder in kind.folders:
        project.generator("eject", folder=folder)
    each_make.git("clean", "-fdxq")
    assert project.tree() == before
