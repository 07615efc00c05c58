"""Rendered files are deterministic, easy to review, and written whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workbench import MAKES

from generator import target_names
from generator.__main__ import main
from generator.catalog import load
from generator.render import data_dictionary, include, json_for_make

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"


def test_the_rendered_file_matches_the_golden_one() -> None:
    """A change of the template or the renderer is seen in review, in the file that users get."""
    path = GOLDEN / "Makefile.instrumented"
    assert include(load(GOLDEN / "targets.yaml"), path) == path.read_text()


@pytest.mark.parametrize("catalog", [ROOT / "targets.yaml", ROOT / "examples/openedx-devstack/targets.yaml"])
def test_the_committed_files_are_up_to_date(catalog: Path) -> None:
    """The repository's own include and the example's are what their catalogs render to."""
    assert main(["render", "--check", "--catalog", str(catalog)]) == 0


def test_check_shows_a_diff_and_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stale file: exit 1, a unified diff on stdout, the next command as a hint."""
    (tmp_path / "targets.yaml").write_text((GOLDEN / "targets.yaml").read_text())
    output = tmp_path / "Makefile.instrumented"
    assert main(["render", "--catalog", str(tmp_path / "targets.yaml")]) == 0
    (tmp_path / "targets.yaml").write_text((GOLDEN / "targets.yaml").read_text() + "  - added\n")
    before = output.read_bytes()
    assert main(["render", "--check", "--catalog", str(tmp_path / "targets.yaml")]) == 1
    shown = capsys.readouterr()
    assert [line for line in shown.out.splitlines() if line.startswith("+") and "++" not in line] == ["+  added \\"]
    assert "instrumented-make render" in shown.err
    assert output.read_bytes() == before


def test_rendering_works_from_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output is beside the catalog by default; the header has the catalog's path relative to the output."""
    (tmp_path / "sub dir").mkdir()
    (tmp_path / "targets.yaml").write_text((GOLDEN / "targets.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    assert main(["render"]) == 0
    assert (tmp_path / "Makefile.instrumented").read_text() == (GOLDEN / "Makefile.instrumented").read_text()
    assert main(["render", "--output", "sub dir/include.mk"]) == 0
    text = (tmp_path / "sub dir" / "include.mk").read_text()
    assert text.startswith('# Generated from ../targets.yaml by "instrumented-make render" ')
    assert " include include.mk\n" in text


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in place of a folder, a folder in place of a file: one clear line and exit 1."""
    (tmp_path / "targets.yaml").write_text((GOLDEN / "targets.yaml").read_text())
    (tmp_path / "folder").mkdir()
    for output in (tmp_path / "targets.yaml" / "x", tmp_path / "folder"):
        assert main(["render", "--catalog", str(tmp_path / "targets.yaml"), "--output", str(output)]) == 1
        assert "hint:" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["folder", "targets.yaml"]


def test_permissions_and_links_of_the_file_survive(tmp_path: Path) -> None:
    """Rendering replaces the content only."""
    (tmp_path / "targets.yaml").write_text((GOLDEN / "targets.yaml").read_text())
    real = tmp_path / "real.mk"
    real.write_text("old")
    real.chmod(0o640)
    (tmp_path / "Makefile.instrumented").symlink_to("real.mk")
    assert main(["render", "--catalog", str(tmp_path / "targets.yaml")]) == 0
    assert (tmp_path / "Makefile.instrumented").is_symlink()
    assert real.read_text().startswith("# Generated")
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("make", MAKES)
@settings(max_examples=25)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60))
def test_make_and_the_shell_interpret_no_text(make: str, tmp_path: Path, text: str) -> None:
    """Any text in a catalog reaches a program behind make and a shell as the same JSON."""
    value: dict[str, object] = {"first": text, "$(shell touch pwned)": ["`touch pwned`", "'; touch pwned; '", text]}
    script = "import sys; sys.stdout.write(sys.argv[1])"
    rule = f"v := {json_for_make(value)}\nall: ; @{sys.executable} -c '{script}' '$(v)'\n"
    (tmp_path / "Makefile").write_text(rule)
    result = subprocess.run([make, "-s"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(result.stdout) == value
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("make", MAKES)
@settings(max_examples=25)
@given(name=st.text(min_size=1, max_size=12))
def test_make_can_use_every_accepted_name(make: str, tmp_path: Path, name: str) -> None:
    """A rule can have any accepted name as its target, and make runs it."""
    if target_names.fault_of_target(name) or "%" in name:
        return
    (tmp_path / "Makefile").write_text(f".PHONY: {name}\n{name}: ; @printf '%s' '$@'\n", encoding="utf-8")
    result = subprocess.run([make, name], cwd=tmp_path, capture_output=True, check=False)
    assert (result.returncode, result.stdout.decode()) == (0, name), result.stderr


def test_usage_errors_exit_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    """An unknown option is a usage error, not an internal one."""
    assert main(["render", "--chekc"]) == 2
    assert "--check" in capsys.readouterr().err
    assert main(["--version"]) == 0


@pytest.mark.parametrize("name", ["tests/golden", "examples/openedx-devstack", "."])
def test_the_include_is_short(name: str) -> None:
    """At most 120 lines beside the list of targets, so that somebody can review it."""
    root = Path(__file__).parents[2] / name
    lines = (root / "Makefile.instrumented").read_text().splitlines()
    start = lines.index(".metrics.targets := \\")
    end = lines.index("", start)
    assert len(lines) - (end - start) <= 120
    assert end - start == 1 + len(load(root / "targets.yaml").targets)


MINIMAL = "project: p\nevent: e\nconsent: {who: w, why: y}\ntargets: [one]\n"
HEADER = "Copyright the team\n\nSPDX-License-Identifier: Apache-2.0 $(shell touch here) # `touch here`"


def test_a_header_is_put_on_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a comment, in which make and Markdown see nothing but text."""
    monkeypatch.chdir(tmp_path)
    indented = HEADER.replace("\n", "\n  ")
    Path("targets.yaml").write_text(f"header: |\n  {indented}\n{MINIMAL}")
    Path("Makefile").write_text("include Makefile.instrumented\none: ; @echo made\n")
    assert main(["render"]) == 0
    *lines, first = Path("Makefile.instrumented").read_text().splitlines()[:4]
    assert lines == [f"# {line}".rstrip() for line in HEADER.splitlines()]
    assert first.startswith("# Generated from targets.yaml")
    assert subprocess.check_output(["make", "one"], text=True) == "made\n"
    assert not Path("here").exists()
    assert main(["doc", "--output", "data.md"]) == 0
    assert Path("data.md").read_text().startswith(f"<!--\n{HEADER}\n-->\n\n# Data dictionary\n")
    assert main(["check"]) == 0


@pytest.mark.parametrize("text", ["ends in a \\\\", "2020--2026", "\\u202e"])
def test_a_header_that_would_be_more_than_a_comment_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    """With its place in the catalog."""
    catalog = tmp_path / "targets.yaml"
    catalog.write_text(f'header: "{text}"\n{MINIMAL}')
    assert main(["render", "--catalog", str(catalog)]) == 1
    assert f"{catalog}:1:9: error: " in capsys.readouterr().err


def test_the_data_dictionary_names_every_destination_and_type(tmp_path: Path) -> None:
    """Also those that a catalog need not have."""
    path = tmp_path / "targets.yaml"
    path.write_text(
        "project: p\nevent: e\nconsent: {who: We, why: to know}\n"
        "targets: [one, {name: inner, command_type: make-in-docker}]\n"
    )
    plain = data_dictionary(load(path), source="targets.yaml")
    assert "It stays on the machine" in plain
    assert "| `inner` | make-in-docker | as every target |" in plain
    path.write_text(f"{path.read_text()}otlp: {{endpoint: https://o.example}}\ncommands: [compose up]\n")
    told = data_dictionary(load(path), source="targets.yaml")
    assert "It is sent to https://o.example as a span" in told
    assert "It stays on the machine" not in told
    assert "| `compose up` | docker | where it is run with `instrumented-make run --as` |" in told
