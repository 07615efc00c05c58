"""From somebody else's Makefile to a delivered event, with the wheel that users install."""

from __future__ import annotations

import subprocess
import venv
from pathlib import Path

import pexpect
import pytest
from capture import Capture
from workbench import HANG_S, Workbench

ROOT = Path(__file__).resolve().parents[2]

DEVSTACK = """\
DOCKER ?= docker
COMPOSE := $(DOCKER) compose
.PHONY: dev.pull dev.provision
dev.pull: dev.pull.lms+cms ## Pull the default services
dev.pull.%: ## Pull a service
	@$(COMPOSE) pull $(subst +, ,$*)
dev.provision: ## Provision it all
	@$(COMPOSE) run provision
dev.up.without-deps.%: ## Start a service only
	@$(COMPOSE) up -d --no-deps $*
dev.up.%: dev.pull.% ## Start a service
	@$(COMPOSE) up -d $*
"""
C_PROJECT = """\
CC ?= cc
OBJECTS := main.o lib/lib.a
all: program
program: $(OBJECTS)
	cat $^ > $@
%.o: %.c
	cp $< $@
lib/lib.a:
	$(MAKE) -C lib
clean:
	rm -f program *.o
.PHONY: all clean
"""
PYTHON_PROJECT = """\
.DEFAULT_GOAL := help
.PHONY: help test lint
help: ## Show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)
test: ## Run the tests
	@echo tested
lint: ## Check the style
	@echo linted
"""
PROJECTS = {
    "devstack": (DEVSTACK, {}, ["dev.up.lms"], "dev.up.%"),
    "c": (C_PROJECT, {"main.c": "", "lib/Makefile": "lib.a: ; echo > $@\n"}, ["all"], "all"),
    "python": (PYTHON_PROJECT, {}, ["test", "lint"], "test lint"),
}


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The Python of a new environment, in a folder with a space, that has the built wheel."""
    folder = tmp_path_factory.mktemp("a stranger's machine")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-q", str(wheel)], check=True, capture_output=True)
    return python


@pytest.mark.sampled(1)
@pytest.mark.parametrize("name", PROJECTS)
def test_from_init_to_a_delivered_event(bench: Workbench, server: Capture, installed: Path, name: str) -> None:
    """init, an edit, render, opt-in, a command: the event arrives, and make still does what it did before."""
    rules, files, goals, command = PROJECTS[name]
    (bench.tree / "Makefile").write_text(rules)
    for path, content in files.items():
        (bench.tree / path).parent.mkdir(exist_ok=True)
        (bench.tree / path).write_text(content)
    bench.variables = {"DOCKER": "echo"}
    bench.git("init", "-q", "-b", "main")
    bench.git("add", ".")
    bench.git("commit", "-qm", "before")
    before = bench.run("-n", *goals).stdout, bench.run().stdout
    bench.git("clean", "-fdxq")

    def generator(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed), "-m", "generator", *arguments],
            cwd=bench.tree,
            env=bench.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    proposed = generator("init")
    assert proposed.returncode == 0, proposed.stderr
    catalog = bench.tree / "targets.yaml"
    text = catalog.read_text().replace('write_key: ""', "write_key: key").replace("https://api.segment.io", server.host)
    catalog.write_text(text)
    assert generator("render").returncode == 0
    checked = generator("check")
    assert (checked.returncode, checked.stdout) == (0, "")
    child = pexpect.spawn(
        bench.make,
        ["metrics-opt-in"],
        cwd=str(bench.tree),
        env={**bench.environment, "VIRTUAL_ENV": str(installed.parent.parent)},
        encoding="utf-8",
        timeout=HANG_S,
    )
    child.expect("asked again: ")
    child.sendline("yes")
    child.expect("Thank you")
    child.expect(pexpect.EOF)
    child.close()
    # Outside the environment, as developers work.
    assert bench.run(*goals).returncode == 0
    [event] = server.wait_for(1)
    assert event["properties"]["command"] == command
    assert event["properties"]["git_commit_time"] == "2021-05-17T15:02:10-04:00"
    bench.git("clean", "-fdxq", "-e", "targets.yaml", "-e", "Makefile.instrumented")
    after = bench.run("-n", *goals).stdout, bench.run().stdout
    assert after == before


def test_an_isolated_command_is_found(
    bench: Workbench, installed: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """pipx and uv tool put only a link to the command on PATH; the consent targets find its interpreter."""
    environment = tmp_path_factory.mktemp("tools") / "environment"
    venv.create(environment, with_pip=False)
    site = next((environment / "lib").glob("python*")) / "site-packages"
    (site / "shared.pth").write_text(f"{next((installed.parent.parent / 'lib').glob('python*')) / 'site-packages'}\n")
    command = environment / "bin" / "instrumented-make"
    command.write_text(
        f"#!{environment}/bin/python -E\nfrom generator.__main__ import main\nraise SystemExit(main())\n"
    )
    command.chmod(0o755)
    (bench.home / "bin").mkdir()
    (bench.home / "bin" / "instrumented-make").symlink_to(command)
    bench.variables["PATH"] = f"{bench.home}/bin:{bench.environment['PATH']}"
    bench.write("one: ; @:\n", ["one"])
    rendered = subprocess.run(
        ["instrumented-make", "render", "--check"],
        cwd=bench.tree,
        env=bench.environment,
        capture_output=True,
        check=False,
    )
    assert rendered.returncode == 0, rendered.stderr
    assert "none yet" in bench.run("metrics-status").stdout
