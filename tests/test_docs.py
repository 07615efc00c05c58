"""The documentation is correct: its commands run, its links work, its site builds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from workbench import HANG_S, SYSTEM_PATH

from generator.cli import cli
from instrumented_make import RECORDER
from instrumented_make.properties import SPECIFIED, USER_ID
from instrumented_make.reporter import otlp, recorder, segment
from instrumented_make.reporter.event import Event

ROOT = Path(__file__).resolve().parents[1]


def session(text: str) -> list[tuple[str, str]]:
    """(command, output) for each ``$`` line of the page's console blocks."""
    steps: list[tuple[str, str]] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.M | re.S):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, output = part.partition("\n")
            steps.append((command, output))
    return steps


@pytest.mark.parametrize(("guide", "least"), [("adopt.md", 10), ("report.md", 4)])
def test_guides_show_real_output(tmp_path: Path, guide: str, least: int) -> None:
    """Each command of a guide, run in order, prints what the guide shows."""
    text = (ROOT / "docs" / guide).read_text()
    project = tmp_path / "my-project"
    project.mkdir()
    if makefile := re.search(r"^```makefile\n(.*?)^```", text, re.M | re.S):
        (project / "Makefile").write_text(makefile[1])
    (project / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (tmp_path / "bin" / "python").chmod(0o755)
    (tmp_path / "bin" / "instrumented-make").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m generator "$@"\n')
    (tmp_path / "bin" / "instrumented-make").chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{SYSTEM_PATH}", "HOME": str(tmp_path / "home"), "COLUMNS": "100"}
    environment["SOURCE_DATE_EPOCH"] = "1783324800"
    steps = session(text)
    assert len(steps) >= least
    for command, expected in steps:
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=project,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        # On a machine that is busy with other tests, slow steps are named as well.
        lines = [line.rstrip() for line in result.stdout.splitlines() if not re.fullmatch(r"[A-Z].* \.\.\.", line)]
        shown = "".join(f"{line}\n" for line in lines)
        assert shown == expected, command


@pytest.mark.parametrize("language", ["sh", "yaml"])
def test_the_guides_ci_fails_once_the_include_is_stale(tmp_path: Path, language: str) -> None:
    """What it says for any CI, and for GitHub, passes after ``init`` and fails when the catalog has changed."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "docs" / "adopt.md").read_text(), re.M | re.S)
    [block] = [block for block in blocks if "render --check" in block]
    commands = [
        line.partition("run:")[2] or line for line in block.splitlines() if " instrumented-make " in f" {line} "
    ]
    commands = [command.strip() for command in commands if "name:" not in command]
    assert len(commands) == 2
    (tmp_path / "Makefile").write_text("a: ## Make a\n\t@echo a\n.PHONY: a\n")
    tool = f'instrumented-make() {{ "{sys.executable}" -m generator "$@"; }}\nset -e\n'

    def status(*script: str) -> int:
        run = subprocess.run(["bash", "-c", tool + "\n".join(script)], cwd=tmp_path, check=False, capture_output=True)
        return run.returncode

    assert status("instrumented-make init", *commands) == 0
    (tmp_path / "targets.yaml").write_text((tmp_path / "targets.yaml").read_text().replace("- name: a", "- name: b"))
    assert status(*commands) == 1


def test_the_readmes_catalog_renders(tmp_path: Path) -> None:
    """The example that readers copy is valid."""
    readme = (ROOT / "README.md").read_text()
    catalog = re.search(r"^```yaml\n(project: .*?)^```", readme, re.M | re.S)
    assert catalog is not None
    (tmp_path / "targets.yaml").write_text(catalog[1])
    subprocess.run([sys.executable, "-m", "generator", "render"], cwd=tmp_path, check=True, capture_output=True)
    assert "  dev.up.% dev.up.lms dev.up.studio \\\n" in (tmp_path / "Makefile.instrumented").read_text()


def test_the_readmes_event_has_the_declared_properties() -> None:
    """The example event lists every declared property, in order, with its example value."""
    shown = re.search(r"^    (\{\n(?:      .*\n)+    \})$", (ROOT / "README.md").read_text(), re.M)
    assert shown is not None
    assert list(json.loads(shown[1]).items()) == [(declared.name, declared.example) for declared in SPECIFIED]


def test_every_command_in_the_docs_exists() -> None:
    """So does every consent target, and every target of this repository, that they name."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    text = "\n".join(page.read_text() for page in pages)
    targets = set(re.findall(r"^([a-z][a-z.-]*):", (ROOT / "Makefile").read_text(), re.M))
    consent = set(re.findall(r"^(metrics-[a-z-]+):", (ROOT / "Makefile.instrumented").read_text(), re.M))
    assert set(re.findall(r"(?:python -m generator|instrumented-make) ([a-z]+(?:-[a-z]+)*)(?! is)\b", text)) <= {
        *cli.list_commands(click.Context(cli)),
        "report",
    }
    assert set(re.findall(r"make (metrics-[a-z-]+)", text)) == consent
    assert set(re.findall(r"^    make ([a-z.-]+)", text, re.M)) <= targets


def test_the_demo_shows_what_the_readme_promises() -> None:
    """Commands, their events, a page, a deletion, the cost, how makes are watched, a one-line diff, a team's report."""
    result = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert result.returncode == 0, result.stderr
    # Those that ended together are sent in the order of their starts; a later one may come first on a busy machine.
    assert sorted(re.findall(r'"command": "(.*)"', result.stdout.partition("4. The events")[2])) == [
        "dev.provision.forum",
        "dev.pull",
        "dev.up.%",
        "dev.up.lms dev.up.studio",
    ]
    asked = rf"^\$ ~/\.config/devstack-example/recorder-\S+ check\n{recorder.ways(RECORDER)}\n\nThis system, "
    assert re.search(asked, result.stdout, re.M)
    assert re.search(r"tracked +[\d.]+ ms", result.stdout)
    changed = result.stdout.partition("git diff -U0")[2].partition("\n\n")[0].splitlines()[1:]
    assert changed == ["--- a/Makefile.instrumented", "+++ b/Makefile.instrumented", "+  dev.shell \\"]
    assert "The collector has deleted the 4 events; the page shows 2 people." in result.stdout
    assert re.search(r"^  tracked +[\d.]+ ms +[\d.]+ x\n\nA busy machine makes all three", result.stdout, re.M)
    page = Path(result.stdout.splitlines()[-1])
    assert "dev.provision got faster and fails less, but something else" in page.read_text()


def test_the_demo_speaks_before_anything_is_installed(tmp_path: Path) -> None:
    """It needs the standard library alone for that, explains the times, and says what it takes before it takes it."""
    no_folder = tmp_path / "file"
    no_folder.touch()
    command = [sys.executable, "-I", "-S", str(ROOT / "examples" / "demo_start.py"), str(no_folder / "environment")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.stdout.startswith("This shows how ")
    assert "all three times grow when the machine is busy" in result.stdout
    assert re.search(r"downloads \d+ MB and takes \d+ MB; \d+ seconds", result.stdout)
    assert result.returncode != 0


def test_help_names_the_commands_that_a_developer_wants() -> None:
    """Those of the include stand beside the project's own, here and in the example."""
    for folder in (ROOT, ROOT / "examples" / "openedx-devstack"):
        result = subprocess.run(["make", "help"], cwd=folder, capture_output=True, text=True, check=True)
        assert re.search(r"^metrics-stats +\S", result.stdout, re.M), folder
        assert re.search(r"^dev.provision +\S", result.stdout, re.M), folder


def test_the_site_builds_strictly(tmp_path: Path) -> None:
    """Every link and anchor works, every option of the program is on the page of commands, and nothing is fetched."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")  # the builder writes beside what it reads
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "zensical", "build", "--strict"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "site" / "adopt" / "index.html").exists()
    commands = (tmp_path / "site" / "commands" / "index.html").read_text()
    assert "instrumented-make collect [OPTIONS] CATALOG" in commands
    assert "--min-people INTEGER RANGE" in commands
    assert "UNSET" not in commands
    for page in (tmp_path / "site").rglob("*.html"):
        fetched = re.findall(r"<(?:script|img|iframe)\b[^>]* src=\"?([^\"> ]+)", page.read_text())
        fetched += re.findall(
            r"<link\b[^>]* rel=\"?(?:stylesheet|preconnect|preload)[^>]* href=\"?([^\"> ]+)", page.read_text()
        )
        assert not [address for address in fetched if re.match(r"(?:https?:)?//", address)], page


def test_every_page_and_image_is_reached() -> None:
    """The navigation lists each page once, and nothing else; each image that a page shows exists."""
    pages = sorted(page.relative_to(ROOT / "docs").as_posix() for page in ROOT.glob("docs/**/*.md"))
    assert sorted(re.findall(r"(\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)) == pages
    for name in pages:
        page = ROOT / "docs" / name
        for image in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text()):
            assert (page.parent / image).exists(), (name, image)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_in_top_level_pages_work(page: str) -> None:
    """Relative links in the pages that are not part of the site."""
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text()):
        assert (ROOT / link).exists(), link


def test_privacy_shows_what_each_destination_gets() -> None:
    """The message and the span of the example, but for the clients' versions."""
    page = (ROOT / "docs" / "privacy.md").read_text()
    shown = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)]
    properties = {declared.name: declared.example for declared in SPECIFIED}
    event = Event(
        "2c5ea4c0406eab4cd9e7ad1d8e5d1e32",
        str(USER_ID.example),
        "devstack.command.run",
        str(properties["start_time"]),
        properties,
        "make dev.pull",
    )
    message, span = segment.message(event), otlp.message(event)
    message["context"]["library"]["version"] = shown[0]["context"]["library"]["version"]
    [of_scope] = span["resourceSpans"][0]["scopeSpans"]
    of_scope["scope"]["version"] = shown[1]["resourceSpans"][0]["scopeSpans"][0]["scope"]["version"]
    assert shown == [message, span]
