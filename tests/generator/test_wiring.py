"""The one line that connects a makefile: where it goes, and that taking it out leaves every other byte."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from workbench import wait_until

from generator import wiring
from generator.__main__ import main
from instrumented_make import files

ROOT = Path(__file__).resolve().parents[2]
LINE = "include Makefile.instrumented\n"
CATALOG = "project: p\nevent: e\nconsent: {who: w, why: y}\ntargets: [one]\n"
RULES = "one: ; @echo one\n"
# Whatever ends a line in some program, what begins a file, and what looks like the line.
ALPHABET = "a \t\r\n\f\v\u2028\u0085\ufeff#!\\include:export"
MAKEFILES = {
    "a comment": "# about\n" + RULES,
    "nothing at its end": RULES.removesuffix("\n"),
    "carriage returns": "# about\r\n" + RULES,
    "blank lines": "\n\n" + RULES,
    "a recipe on the next line": "one:\n\techo one\n",
    "bytes that are no UTF-8": "# caf\udce9\n" + RULES,
}
BEGINNINGS = {"nothing": "", "a shebang": "#!/usr/bin/make -f\n", "a byte order mark": "\ufeff"}


@example(text="#!", beginning="\ufeff")
@settings(max_examples=300)
@given(st.text(alphabet=ALPHABET, max_size=60), st.sampled_from(list(BEGINNINGS.values())))
def test_taking_the_line_out_gives_the_text_as_it_was(text: str, beginning: str) -> None:
    """Byte for byte, whatever the text: the line is whole, and the one that goes is the one that came."""
    whole = beginning + text
    if whole.startswith("#!") and "\n" not in whole:
        whole += "\n"
    wired = wiring.wired(whole, "Makefile.instrumented")
    assert wired != whole
    assert LINE in wired.splitlines(keepends=True) or wired.startswith("\ufeff" + LINE)
    assert next(wiring.without(wired, "Makefile.instrumented")) == whole
    assert wiring.silence(wired, "Makefile.instrumented").count("\n") == wired.count("\n")
    assert wiring.line_that_exports_above(wired, "Makefile.instrumented") == 0


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("kind", MAKEFILES)
def test_init_puts_the_line_first_and_eject_takes_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str, beginning: str
) -> None:
    """After a byte order mark or a line that begins with #!, which count only there; make runs what it ran."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "Makefile"
    before = (BEGINNINGS[beginning] + MAKEFILES[kind]).encode("utf-8", "surrogateescape")
    path.write_bytes(before)
    said = subprocess.check_output(["make", "one"])
    assert main(["init"]) == 0
    assert f"{path.name}: its first line now includes Makefile.instrumented" in capsys.readouterr().err
    start = BEGINNINGS[beginning].encode()
    assert path.read_bytes() == start + LINE.encode() + before[len(start) :]
    assert (tmp_path / "Makefile.instrumented").read_text().startswith("# Generated from targets.yaml")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""
    assert subprocess.check_output(["make", "one"]) == said
    assert main(["eject"]) == 0
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["Makefile"]


@pytest.mark.parametrize("name", ["GNUmakefile", "makefile", "Makefile"])
def test_the_makefile_that_make_reads_is_the_one_that_is_connected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Another one beside it stays as it is; MAKEFILE_LIST is as it was."""
    monkeypatch.chdir(tmp_path)
    text = "one: ; @echo one $(MAKEFILE_LIST)\n"
    (tmp_path / name).write_text(text)
    if name == "GNUmakefile":
        (tmp_path / "Makefile").write_text("not for make\n")
    for command in ("init", "render", "check"):
        assert main([command]) == 0
    assert (tmp_path / name).read_text() == LINE + text
    assert subprocess.check_output(["make", "one"], text=True) == f"one {name}\n"
    assert main(["eject"]) == 0
    assert (tmp_path / name).read_text() == text
    if name == "GNUmakefile":
        assert (tmp_path / "Makefile").read_text() == "not for make\n"


@pytest.mark.parametrize(
    "line",
    [
        "-include Makefile.instrumented",
        "sinclude Makefile.instrumented",
        "include ./Makefile.instrumented",
        "  include  Makefile.instrumented  # measured",
        "include Makefile.instrumented\r",
    ],
)
def test_the_line_may_be_written_in_several_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """check is content with each, make reads it, and eject finds it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    (tmp_path / "Makefile").write_text(f"{line}\n{RULES}", newline="")
    assert main(["render"]) == 0
    assert main(["check"]) == 0
    assert "-m instrumented_make.reporter show" in subprocess.check_output(["make", "-n", "metrics-show"], text=True)
    assert main(["eject"]) == 0
    assert (tmp_path / "Makefile").read_text() == RULES


@pytest.mark.parametrize(
    "line",
    [
        "export TOKEN = $(shell date)",
        "export TOKEN",
        "override export TOKEN = $(shell date)",
        "\texport TOKEN",
        ".EXPORT_ALL_VARIABLES:",
        "include other.mk",
        "-include other.mk",
    ],
)
def test_what_exports_has_to_be_below_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """Since make 4.4 an exported variable is expanded once more for the include: check fails, and says which line."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    (tmp_path / "other.mk").write_text("")
    assert main(["render"]) == 0
    (tmp_path / "Makefile").write_text(f"# about\n{line}\n{LINE}{RULES}")
    capsys.readouterr()
    assert main(["check"]) == 1
    told = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    assert told.startswith("Makefile:2:1: error: something above the include may export a variable")
    assert "[include-not-first]\n  hint: make this its first line: include Makefile.instrumented\n" in told
    (tmp_path / "Makefile").write_text(f"# about\nX = export\nexported := 1\n{LINE}{line}\n{RULES}")
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "guard",
    [
        "ifndef INSTRUMENTED",
        "ifndef  INSTRUMENTED # told by the include",
        "ifeq ($(INSTRUMENTED),)",
        "ifeq (,${INSTRUMENTED})",
        'ifeq "$(INSTRUMENTED)" ""',
    ],
)
def test_what_an_earlier_version_needed_is_harmless(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], guard: str
) -> None:
    """The guard is true, so make runs what it ran; check proposes to remove it and the folder, and passes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    (tmp_path / "Makefile").write_text(f"-{LINE}{guard}\n{RULES}%: ; @:\nendif\n")
    (tmp_path / ".instrumented").mkdir()
    (tmp_path / ".instrumented" / "engine.mk").write_text("this is not read\n")
    assert main(["render"]) == 0
    capsys.readouterr()
    assert main(["check"]) == 0
    found = capsys.readouterr().out.replace(f"{tmp_path}/", "")
    assert (
        "Makefile:2:1: warning: this guard of an earlier version is no longer needed [old-guard]\n  hint: remove it"
        in found
    )
    assert ".instrumented:1:1: warning: this folder of an earlier version is no longer needed [old-folder]\n" in found
    assert "  hint: run: git rm -r .instrumented\n" in found
    assert subprocess.check_output(["make", "one"]) == b"one\n"


@pytest.mark.parametrize(
    "text",
    [
        f"define RULE\n{LINE}endef\n{LINE}{RULES}",
        f"{LINE}define RULE\n{LINE}endif\nendef\n{RULES}",
        f"{LINE}one:\n\t@if true; then \\\n      echo one; \\\n    else \\\n      echo no; \\\n    fi\n",
        f"{LINE}define RULE\nendif\nendef\n{RULES}",
        f"{LINE}NOW := $(shell date +%N)\n{RULES}",
        f"{LINE}$(info read)$(warning read)\n{RULES}",
    ],
)
def test_make_tells_which_line_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Not a parser: what only looks like it, or like a conditional, stays; what differs each time is no difference."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    (tmp_path / "Makefile").write_text(text)
    for command in (["render"], ["check", "--run", "one"], ["eject"]):
        assert main(command) == 0
    kept = f"define RULE\n{LINE}"
    assert (tmp_path / "Makefile").read_text() == text.replace(kept, "kept").replace(LINE, "").replace("kept", kept)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ("KEPT := $(.metrics.folder)\n", "with the include, make now has 'KEPT := "),
        ("$(if $(.metrics.asked),$(warning asked))\n", "with the include, make says 'Makefile: asked' instead of "),
        ("ifdef .metrics.asked\nmore: ; @:\nendif\n", "with the include, make now has 'more:'"),
        ("$(if $(filter metrics-%,$(MAKECMDGOALS)),$(error no such goal))\n", "make cannot read the makefiles here"),
        ("ifndef .metrics.asked\n.PHONY: more\nendif\n", "with the include, make no longer has 'more:'"),
    ],
)
def test_whatever_else_make_knows_with_the_line_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], rules: str, told: str
) -> None:
    """A variable, a word, a rule, what is phony: check names it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    (tmp_path / "Makefile").write_text(LINE + rules + RULES)
    assert main(["render"]) == 0
    assert main(["check"]) == 1
    assert f"error: {told}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "rules",
    [
        RULES,
        f"ifdef A\nB := 1\nendif\n{RULES}",
        f"{RULES}define B\nendif\nendef\n",
        f"{RULES}two:\n\t@if true; then \\\n    echo two; \\\n    else \\\n    echo; fi\nifdef A\nendif\n",
        f"{LINE}{RULES}",
    ],
)
def test_a_guard_of_an_earlier_version_goes_with_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    """Whatever conditionals there are, and whatever only looks like one: make tells which endif it was."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    (tmp_path / "Makefile").write_text(f"-{LINE}ifndef INSTRUMENTED\n{rules}endif\n# end\n")
    assert main(["render"]) == 0
    assert main(["eject"]) == 0
    assert (tmp_path / "Makefile").read_text() == rules.removeprefix(LINE) + "# end\n"


def test_init_tracks_whatever_is_made_from_the_goals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no text names a goal either, the catalog has the pattern of all; names can be added."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text("_run: ; @echo $(MAKECMDGOALS)\n.PHONY: _run\n$(MAKECMDGOALS): %: _run\n")
    assert main(["init"]) == 0
    assert "Any name can be made here." in capsys.readouterr().err
    assert main(["check", "--run", "lint"]) == 0
    assert main(["add", "lint"]) == 0
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_makefile_may_ask_whether_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As versions do that say "dirty": neither what init writes nor what check and eject try is a difference."""
    monkeypatch.chdir(tmp_path)
    rules = f"DIRTY := $(if $(shell git status --porcelain),+changed)\n{RULES}two: ; @echo two $(DIRTY)\n"
    (tmp_path / "Makefile").write_text(rules)

    def commit() -> None:
        for command in ("git add -A", "git -c user.name=a -c user.email=a@b commit -qm a"):
            subprocess.run(command.split(), check=True)

    subprocess.run(["git", "init", "-q"], check=True)
    commit()
    assert main(["init"]) == 0
    assert main(["eject"]) == 0
    assert main(["init"]) == 0
    commit()
    assert main(["check", "--run", "two"]) == 0
    assert capsys.readouterr().out == ""
    assert subprocess.check_output(["git", "status", "--porcelain"]) == b""
    assert main(["eject"]) == 0
    assert (tmp_path / "Makefile").read_text() == rules


def test_what_a_makefile_does_with_goals_leaves_the_commands_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that hands every goal on does not see the include's own."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "targets.yaml").write_text(CATALOG)
    handed_on = "$(if $(MAKECMDGOALS),$(MAKECMDGOALS): %: _run)\n_run: ; @echo handed on; false\n.PHONY: _run\n"
    (tmp_path / "Makefile").write_text(LINE + handed_on)
    assert main(["render"]) == 0
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""


def test_a_makefile_that_is_made_from_another_is_not_the_one_to_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As one that configure writes: init and check name the file that it is made from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".gitignore").write_text("/Makefile\n")
    (tmp_path / "Makefile.in").write_text(RULES)
    (tmp_path / "Makefile").write_text(RULES)
    subprocess.run(["git", "init", "-q"], check=True)
    assert main(["init"]) == 0
    advice = "put the same line into Makefile.in, from which it is made"
    assert f"Makefile: git ignores it, so your teammates do not get it; {advice}\n" in capsys.readouterr().err
    assert main(["check"]) == 0
    assert f"  hint: {advice}\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        f"define HELP\n{LINE}endef\n{RULES}",
        f"ifdef A\nB := 1\nendif\n{RULES}define HELP\n{LINE}endef\n",
    ],
)
def test_init_leaves_what_only_looks_like_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Makefile").write_text(text)
    assert main(["init"]) == 0
    assert (tmp_path / "Makefile").read_text() == LINE + text
    assert main(["eject"]) == 0
    assert (tmp_path / "Makefile").read_text() == text


@pytest.mark.parametrize("command", ["init", "eject"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_what_is_killed_leaves_the_makefile_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, number: signal.Signals
) -> None:
    """While make is asked, nothing of it has changed, or all of it."""
    monkeypatch.chdir(tmp_path)
    rules = f"X := $(shell : >asked; while [ -e wait ]; do :; done)\ndefine HELP\n{LINE}endef\n{RULES}"
    before = rules
    (tmp_path / "Makefile").write_text(rules)
    if command == "eject":
        assert main(["init"]) == 0
        before = LINE + rules
    (tmp_path / "asked").unlink(missing_ok=True)
    (tmp_path / "wait").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "generator", command],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    wait_until((tmp_path / "asked").exists, "make to be asked")
    process.send_signal(number)
    (tmp_path / "wait").unlink()
    assert process.wait() in (-number, 128 + number)
    assert (tmp_path / "Makefile").read_text() == before


def test_what_is_put_back_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "Makefile"
    path.write_text("before")
    path.chmod(0o444)
    with contextlib.suppress(KeyError), files.as_before_on_error([path, tmp_path / "new"]):
        files.write_all({path: "after", tmp_path / "new": ""})
        raise KeyError
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("before", 0o444)
    assert not (tmp_path / "new").exists()
