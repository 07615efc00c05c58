"""Each hint of init, check, add, remove, render and eject is followed to the letter, and then the command goes on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from workbench import processes, tmpfs, wait_for_process, wait_until

from generator.__main__ import main
from instrumented_make import __version__

ROOT = Path(__file__).resolve().parents[2]
LINE = "include Makefile.instrumented\n"
RULES = ".PHONY: one\none: ; @echo one\nother:; @:\n"
CATALOG = "project: p\nevent: e\nconsent: {who: w, why: y}\ntargets:\n  - one\n"
# A rule for every file in the folder, as istio has one.
LISTED = (
    ".PHONY: up\nup: ; @echo up\nPHONYS := $(shell ls | grep -v{} Makefile)\n.PHONY: $(PHONYS)\n$(PHONYS): ; @echo $@\n"
)


@dataclass(frozen=True)
class Hint:
    """Files of a project, a command that fails or warns there, its hint, and how somebody follows it.

    Without ``follow``, the hint is a command, and is run as it is printed.
    """

    files: dict[str, str]
    command: str
    hint: str
    follow: Callable[[], object] | None = None
    rendered: bool = True
    # What shows that it goes on; by default the command itself, once more.
    then: str = ""


def edit(name: str, old: str, new: str) -> Callable[[], object]:
    def change() -> None:
        path = Path(name)
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return change


def wired(rules: str = RULES, catalog: str = CATALOG) -> dict[str, str]:
    return {"Makefile": LINE + rules, "targets.yaml": catalog}


def run(command: str) -> Callable[[], object]:
    return lambda: subprocess.run(["/bin/sh", "-c", command], check=True)


HINTS = {
    "a catalog is there already": Hint(
        wired(),
        "init",
        "edit it, or run: instrumented-make add NAME",
        lambda: main(["add", "other"]),
        then="grep other targets.yaml",
    ),
    "no Makefile before configure": Hint(
        {"configure": "printf 'up: ; @echo up\\n' >Makefile\n"},
        "init",
        "run ./configure first, which may make one, and then this again",
        run("sh ./configure"),
    ),
    "nothing to propose": Hint(
        {"Makefile": "ifeq ($(MAKECMDGOALS),lint)\nlint: ; @echo $@\nendif\n"},
        "init",
        "name those that people type: instrumented-make init . NAME ...",
        lambda: main(["init", ".", "lint"]),
        then="grep lint targets.yaml",
    ),
    "a rule for every file, at init": Hint(
        {"Makefile": LISTED.format("")},
        "init",
        "leave targets.yaml and Makefile.instrumented out of its names, and run this again",
        edit("Makefile", "grep -v Makefile", "grep -v -e Makefile -e targets.yaml"),
    ),
    "a rule for every file, at check": Hint(
        wired(LISTED.format("") + RULES),
        "check",
        "leave targets.yaml out of its names",
        edit("Makefile", "-v ", "-v -e targets.yaml -e "),
    ),
    "a Makefile that stops": Hint(
        {"Makefile": "$(if $(wildcard tool),,$(error no tool here))\n" + RULES},
        "init",
        "make says: Makefile:1: *** no tool here.  Stop. When make works here, run this again.",
        run("touch tool"),
    ),
    "nobody renders": Hint(wired(), "check", "run: instrumented-make render", rendered=False),
    "nobody renders elsewhere": Hint(
        {"Makefile": LINE + RULES, "dev/targets.yaml": CATALOG},
        "check --catalog dev/targets.yaml --output Makefile.instrumented",
        "run: instrumented-make render --catalog dev/targets.yaml --output Makefile.instrumented",
        rendered=False,
    ),
    "hashes of wheels elsewhere": Hint(
        {
            "Makefile": LINE + RULES,
            "dev/targets.yaml": CATALOG,
            f"wheels/instrumented_make-{__version__}-py3-none-any.whl": "",
        },
        "render --catalog dev/targets.yaml --output Makefile.instrumented --wheels wheels --check",
        "run: instrumented-make render --catalog dev/targets.yaml --output Makefile.instrumented --wheels wheels",
        rendered=False,
    ),
    "render --check": Hint(wired(), "render --check", "run: instrumented-make render", rendered=False),
    "doc --check": Hint(wired(), "doc --check --output d.md", "run: instrumented-make doc --output d.md"),
    "schema --check": Hint(wired(), "schema --check --output s.json", "run: instrumented-make schema --output s.json"),
    "a makefile that check left": Hint(
        {"Makefile.aside": LINE + RULES, "Makefile": "#\n" + RULES, "targets.yaml": CATALOG},
        "check",
        "run: mv Makefile.aside Makefile",
    ),
    "another folder's include": Hint(
        {**wired(RULES + "-include sub/Makefile.instrumented\n"), "sub/Makefile.instrumented": "\n"},
        "check",
        "remove that include, and list its targets in this folder's catalog",
        edit("Makefile", "-include sub/Makefile.instrumented\n", ""),
    ),
    "no line": Hint(
        {"Makefile": RULES, "targets.yaml": CATALOG},
        "check",
        "make this its first line: include Makefile.instrumented",
        edit("Makefile", RULES, LINE + RULES),
    ),
    "a line below an export": Hint(
        {"Makefile": f"export A\n{LINE}{RULES}", "targets.yaml": CATALOG},
        "check",
        "make this its first line: include Makefile.instrumented",
        edit("Makefile", f"export A\n{LINE}", f"{LINE}export A\n"),
    ),
    "an old guard": Hint(
        wired(f"ifndef INSTRUMENTED\n{RULES}endif\n"),
        "check",
        "remove it and its endif; in a GNUmakefile that only wires, include it in the Makefile instead",
        edit("Makefile", f"ifndef INSTRUMENTED\n{RULES}endif\n", RULES),
    ),
    "an old folder": Hint({**wired(), ".instrumented/engine.mk": "\n"}, "check", "run: git rm -r .instrumented", None),
    "another default goal": Hint(
        wired(catalog=CATALOG + "  - other\ndefault_goal: other\n"),
        "check",
        "correct default_goal, or remove it",
        edit("targets.yaml", "default_goal: other\n", ""),
    ),
    "a clash": Hint(
        wired(RULES + "metrics-show: ; @:\n"),
        "check",
        "give the include's commands another name in the catalog: 'prefix: usage'",
        edit("targets.yaml", "event: e\n", "event: e\nprefix: usage\n"),
    ),
    "no rule": Hint(
        wired(catalog=CATALOG + "  - gone\n"),
        "check",
        "remove it, or add the rule to the Makefile",
        lambda: main(["remove", "gone"]),
    ),
    "no rule for a stem": Hint(
        wired(RULES + "up.a: ; @:\n", CATALOG + "  - {name: up.%, stems: [a, b]}\n"),
        "check",
        "remove the stem, or fix the rule",
        edit("targets.yaml", "[a, b]", "[a]"),
    ),
    "a hidden pattern": Hint(
        wired(RULES + "d.%: ; @:\nd.up.%: ; @:\n", CATALOG + "  - d.%\n  - d.up.%\n"),
        "check",
        "put the rule for 'd.up.%' above it in the Makefile",
        edit("Makefile", "d.%: ; @:\nd.up.%: ; @:\n", "d.up.%: ; @:\nd.%: ; @:\n"),
    ),
    "a file": Hint(
        wired(RULES + "one: f\nf: ; @touch $@\n", CATALOG + "  - f\n"),
        "check",
        "track the command that people type instead",
        edit("targets.yaml", "  - f\n", ""),
    ),
    "git ignores the catalog": Hint(
        {**wired(), ".gitignore": "targets.yaml\n"}, "check", "run: git add -f targets.yaml"
    ),
    "the commands do not work": Hint(
        wired(RULES + "include needed.mk\nneeded.mk: ; @echo no network here >&2; false\n"),
        "check",
        "run it, and mend what it says: make metrics-status",
        run("make metrics-status || touch needed.mk"),
    ),
    "a goal that changes": Hint(
        wired(RULES + "pid: ; @echo $$$$\n"),
        "check --run one --run pid",
        "choose a command that always does the same",
        edit("Makefile", "echo $$$$", "echo done"),
    ),
    "no such target": Hint(
        wired(),
        "remove gone",
        "to see what is, run: instrumented-make list",
        lambda: main(["list"]),
        then="grep one targets.yaml",
    ),
    "all on one line": Hint(
        wired(catalog="project: p\nevent: e\nconsent: {who: w, why: y}\ntargets: [one, other]\n"),
        "remove other",
        "remove 'other' by hand",
        edit("targets.yaml", ", other", ""),
        then="grep one Makefile.instrumented",
    ),
    "no catalog here": Hint(
        {"Makefile": LINE + RULES, "dev/targets.yaml": CATALOG},
        "render",
        "run the command in the catalog's folder, or give its path with --catalog",
        lambda: main(["render", "--catalog", "dev/targets.yaml"]),
        rendered=False,
        then="grep one dev/Makefile.instrumented",
    ),
    "a Makefile elsewhere": Hint(
        {"dev/Makefile": RULES}, "init", "run this in the Makefile's folder", lambda: os.chdir("dev")
    ),
    "an output where nobody makes folders": Hint(
        wired(),
        "render --output /proc/no/Makefile.instrumented",
        "check the path of --output",
        lambda: main(["render", "--output", "sub/Makefile.instrumented"]),
        then="grep one sub/Makefile.instrumented",
    ),
    "an output that is a folder": Hint(
        {**wired(), "sub/targets.yaml": CATALOG},
        "render --output sub",
        "check the path",
        lambda: main(["render", "--output", "sub/Makefile.instrumented"]),
        then="grep one sub/Makefile.instrumented",
    ),
    "an output that nobody can write": Hint(
        wired(),
        "render --output /proc/Makefile.instrumented",
        "check that the folder exists and that you can write to it",
        lambda: main(["render", "--output", "sub/Makefile.instrumented"]),
        then="grep one sub/Makefile.instrumented",
    ),
    "quotes that do not close": Hint(
        wired(),
        'check --run "\'one"',
        "close its quotes",
        lambda: None,
        then="instrumented-make check --run \"'one'\"",
    ),
    "no wheels": Hint(
        {**wired(), f"dist/instrumented_make-{__version__}-py3-none-any.whl": ""},
        "render --wheels .",
        "give the folder into which they were built or downloaded",
        lambda: main(["render", "--wheels", "dist"]),
        then="grep sha256 Makefile.instrumented",
    ),
    "a catalog that is a folder": Hint(
        wired(),
        "render --catalog .",
        "give the path of a file with --catalog",
        lambda: main(["render", "--catalog", "targets.yaml"]),
        then="grep one Makefile.instrumented",
    ),
    "a catalog below a file": Hint(
        wired(),
        "render --catalog Makefile/targets.yaml",
        "check the path and its permissions",
        lambda: main(["render", "--catalog", "./targets.yaml"]),
        then="grep one Makefile.instrumented",
    ),
    "a catalog that is something else": Hint(
        {**wired(), "large.yaml": "#" * 5 * 2**20},
        "render --catalog large.yaml",
        "a catalog is at most 4 MiB; is this the right file?",
        lambda: main(["render"]),
        then="grep one Makefile.instrumented",
    ),
    "a missing key": Hint(
        wired(catalog=CATALOG.replace("event: e\n", "")),
        "render",
        "add 'event:' here; the README shows where it goes",
        edit("targets.yaml", "project: p\n", "project: p\nevent: e\n"),
        rendered=False,
    ),
    "a tab": Hint(
        wired(catalog=CATALOG.replace("  - one", "\t- one")),
        "render",
        "indent with spaces: YAML does not allow tabs there",
        edit("targets.yaml", "\t- one", "  - one"),
        rendered=False,
    ),
    "an empty catalog": Hint(
        wired(catalog="# soon\n"),
        "render",
        "start from the example in the README",
        lambda: Path("targets.yaml").write_text(CATALOG),
        rendered=False,
    ),
    "aliases": Hint(
        wired(
            catalog="x: &x [a, a, a, a, a, a, a, a, a, a]\n"
            + "".join(f"y{n}: &y{n} [{', '.join([f'*y{n - 1}' if n else '*x'] * 10)}]\n" for n in range(5))
            + CATALOG
        ),
        "render",
        "remove the aliases ('*name') that repeat its parts",
        lambda: Path("targets.yaml").write_text(CATALOG),
        rendered=False,
    ),
    "brackets": Hint(
        wired(catalog="[" * 5000),
        "render",
        "compare it with the example in the README",
        lambda: Path("targets.yaml").write_text(CATALOG),
        rendered=False,
    ),
    "another file reads it": Hint(
        {**wired(f"include other.mk\n{RULES}"), "other.mk": LINE},
        "eject",
        "remove the line that reads Makefile.instrumented yourself, and run this again",
        edit("other.mk", LINE, ""),
    ),
}


@pytest.mark.parametrize("name", HINTS)
def test_a_hint_leads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    """What fails changes nothing; whoever does what the hint says gets on, and does not see it again."""
    hint = HINTS[name]
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", "."], check=True)
    for path, text in hint.files.items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
    if hint.rendered and "targets.yaml" in hint.files:
        assert main(["render"]) == 0
    run("git add . && git -c user.name=a -c user.email=a@b commit -qm a")()
    before = files()
    capfd.readouterr()
    main(shlex.split(hint.command))
    assert f"  hint: {hint.hint}\n" in "".join(capfd.readouterr())
    assert files() == before
    if hint.follow is None:
        assert run_as_typed(hint.hint.removeprefix("run: ")) == 0
    else:
        hint.follow()
        if files().get("targets.yaml") != before.get("targets.yaml"):
            main(["render"])
    capfd.readouterr()
    assert run_as_typed(hint.then or f"instrumented-make {hint.command}") == 0
    assert hint.hint not in "".join(capfd.readouterr())


def run_as_typed(command: str) -> int:
    """The exit status of a ``command`` of a shell, or of this project."""
    name, *arguments = shlex.split(command)
    return main(arguments) if name == "instrumented-make" else subprocess.call(["/bin/sh", "-c", command])


def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where everything works, which is the current one."""
    monkeypatch.chdir(tmp_path)
    for path, text in wired().items():
        Path(path).write_text(text)
    assert main(["render"]) == 0
    return tmp_path


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said when this fails."""
    capfd.readouterr()
    assert main(list(arguments)) == 1
    return "".join(capfd.readouterr())


@pytest.mark.usefixtures("project")
def test_a_missing_make_is_installed(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with monkeypatch.context() as without:
        without.setenv("PATH", "/nowhere")
        assert "hint: install GNU make" in told(capfd, "check")
    assert main(["check"]) == 0


def test_a_makefile_that_waits_is_looked_at(
    project: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """``make -n`` waits as long, and shows in which command."""
    makefile = project / "Makefile"
    text = makefile.read_text()
    makefile.write_text(f"{text}waits := $(shell sleep 3601.{os.getpid()})\n")
    with monkeypatch.context() as soon:
        soon.setattr("generator.database.TIMEOUT_S", 0.5)
        assert "hint: run make -n and see what it waits for" in told(capfd, "check")
    wait_until(lambda: ["sleep", f"3601.{os.getpid()}"] not in processes().values(), "what it had started to end")
    with subprocess.Popen(["make", "-n"], start_new_session=True) as waiting:
        wait_for_process(waiting.pid, "sleep", f"3601.{os.getpid()}")
        os.killpg(waiting.pid, signal.SIGKILL)
    makefile.write_text(text)
    assert main(["check"]) == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_what_is_ended_leaves_no_make_behind(project: Path, number: int) -> None:
    """As a terminal that is closed, or Ctrl-C, ends it: make is in a session of its own."""
    waits = ["sleep", f"3603.{number}{os.getpid()}"]
    makefile = project / "Makefile"
    makefile.write_text(f"{makefile.read_text()}waits := $(shell {' '.join(waits)})\n")
    command = [sys.executable, "-m", "generator", "check"]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL) as check:
        wait_until(lambda: waits in processes().values(), "make to wait")
        check.send_signal(number)
    wait_until(lambda: waits not in processes().values(), "what it had started to end")
    assert check.returncode != 0


@pytest.mark.usefixtures("project")
def test_a_command_that_does_not_end_is_not_compared(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    edit("Makefile", "other:; @:", f"other:; @sleep 3602.{os.getpid()}")()
    with monkeypatch.context() as soon:
        soon.setattr("generator.trial.TIMEOUT_S", 5)
        assert "hint: choose a harmless command that ends by itself" in told(capfd, "check", "--run", "other")
    wait_until(lambda: ["sleep", f"3602.{os.getpid()}"] not in processes().values(), "what it had started to end")
    assert main(["check", "--run", "one"]) == 0


def test_a_folder_that_is_read_only_is_made_writable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with tmpfs(tmp_path / "project", "size=1m"):
        monkeypatch.chdir(tmp_path / "project")
        for path, text in wired().items():
            Path(path).write_text(text)
        assert main(["render"]) == 0
        subprocess.run(["mount", "-o", "remount,ro", "."], check=True)
        assert "hint: check the permissions of its folder" in told(capfd, "check", "--run", "one")
        subprocess.run(["mount", "-o", "remount,rw", "."], check=True)
        assert main(["check", "--run", "one"]) == 0
        monkeypatch.chdir(tmp_path)


def test_what_is_tracked_is_left_out_of_what_is_added(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The place is where it is, not where it would be."""
    line = (project / "targets.yaml").read_text().splitlines().index("  - one") + 1
    said = told(capfd, "add", "one", "other")
    assert f"targets.yaml:{line}:5: error: 'one' is already tracked" in said
    assert "hint: leave it out" in said
    assert main(["add", "other"]) == 0


def test_an_include_elsewhere_is_named_to_eject(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What it would leave, and go on measuring, beside a catalog that is gone."""
    (project / "dev").mkdir()
    (project / "targets.yaml").rename(project / "dev" / "targets.yaml")
    elsewhere = ["eject", "--catalog", "dev/targets.yaml"]
    before = files()
    assert "hint: name the include that make reads with --output" in told(capfd, *elsewhere)
    assert files() == before
    assert main([*elsewhere, "--output", "Makefile.instrumented"]) == 0
    assert files() == {"Makefile": RULES.encode()}


def test_a_file_that_eject_cannot_delete_is_deleted_by_hand(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    rendered = project / "Makefile.instrumented"
    if subprocess.run(["mount", "--bind", rendered, rendered], capture_output=True, check=False).returncode:
        pytest.skip("only root can mount")
    try:
        assert f"{rendered.name}: error: it cannot be deleted: " in (said := told(capfd, "eject"))
    finally:
        subprocess.run(["umount", rendered], check=True)
    assert "hint: delete it yourself" in said
    rendered.unlink()
    assert main(["eject"]) == 0
    assert files() == {"Makefile": RULES.encode()}


# What somebody wrote, the hint that render prints, and what somebody who follows it writes.
FAULTS = {
    "a control character": ('event: "e\\x07"', "remove that character", "event: e"),
    "no target": ("targets: [a b]", "write a plain target or one pattern, as in dev.up.%", "targets: [one]"),
    "no pattern": (
        "targets: [{name: one, stems: [a]}]",
        "remove 'stems', or put a '%' into the name",
        "targets: [{name: one.%, stems: [a]}]",
    ),
    "no stem": (
        "targets: [{name: up.%, stems: [a b]}]",
        "write the text that replaces the pattern's '%'",
        "targets: [{name: up.%, stems: [a]}]",
    ),
    "no address": (
        "segment: {host: nowhere}",
        "write it like https://api.segment.io",
        "segment: {host: https://api.segment.io}",
    ),
    "plain text over the network": (
        "segment: {host: http://example.com}",
        "use https (http is for loopback addresses only)",
        "segment: {host: https://example.com}",
    ),
    "a collector without an address": (
        "segment: {collector: true}",
        "give the address that it prints, and a word of your own",
        "segment: {collector: true, host: https://example.com, write_key: k}",
    ),
    "an unknown key": ("evnt: e", "did you mean 'event'?", "event: e"),
    "an unknown key like no other": ("zzz: 1", "the keys here are ", ""),
    "no truth": (
        "targets: [{name: one, interactive: 'yes'}]",
        "write true or false, unquoted",
        "targets: [{name: one, interactive: true}]",
    ),
    "too long": (f"event: {'e' * 1000}", "shorten it", "event: e"),
    "no comment": ("header: a -- b", "write it in another way", "header: a - b"),
    "no mapping": ("segment: x", "write 'key: value' lines, indented", "segment: {host: https://api.segment.io}"),
    "a special character": (
        "event: @e",
        "put the value in quotes: its first character has a special meaning in YAML",
        "event: '@e'",
    ),
    "an open quote": ("event: 'e", "check the indentation, quotes and colons around this place", "event: 'e'"),
    "a number": ("event: 12", "put it in quotes", "event: '12'"),
    "no list": ("targets: one", "write one '- item' per line, indented", "targets:\n  - one"),
    "an empty list": ("targets: []", "fill it in; a key that is not required can be removed instead", "targets: [one]"),
    "no project": (
        "project: My Project",
        "use lower-case letters, digits, '-' and '_': it names the folder ~/.config/<project>",
        "project: my-project",
    ),
    "no branch": ("main_branch: a b", "use the plain name of the branch, as in main", "main_branch: main"),
    "no command": (
        "commands: ['a; b']",
        "write it as people type it, as in compose up: letters, digits, . _ / : @ + -, and single blanks",
        "commands: [compose up]",
    ),
    "no write key": (
        "segment: {write_key: a b}",
        "copy the source's write key: letters, digits, '-' and '_'",
        "segment: {write_key: ab}",
    ),
    "bytes of another encoding": ("event: \udce9", "save the file as UTF-8", "event: é"),
    "a raw control character": ('event: "e\x07"', "remove that character", "event: e"),
    "a default goal of its own": (
        "default_goal: other",
        "add it to the targets",
        "targets: [one, other]\ndefault_goal: other",
    ),
    "a command named as a target": (
        "commands: [one]",
        "give it another, such as 'docker compose up'",
        "commands: [docker compose up]",
    ),
    "no prefix": ("prefix: a b", "use letters, digits, '_', '.' and '-', as in metrics", "prefix: usage"),
    "no optional field": (
        "fields: [os]",
        "the optional fields are 'operating_system'",
        "fields: [operating_system]",
    ),
    "a wheel of another version": (
        f"install: {{instrumented_make-0.0.1-py3-none-any.whl: {'a' * 64}}}",
        "run: instrumented-make render --wheels DIR, with the folder of that version's wheels",
        "",
    ),
    "the same target twice": ("targets: [one, one]", "remove one of the two", "targets: [one]"),
    "a name of the include's": (
        "targets: [metrics-show]",
        "rename the target, or give the commands another 'prefix'",
        "targets: [metrics-show]\nprefix: usage",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_hint_about_the_catalog_leads_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """render refuses, with the hint, and renders what was written as it says."""
    monkeypatch.chdir(tmp_path)
    wrong, hint, right = FAULTS[name]
    lines = {
        "project": "project: p",
        "event": "event: e",
        "consent": "consent: {who: w, why: y}",
        "targets": "targets: [one]",
    }

    def catalog(line: str) -> str:
        key = {"evnt": "event"}.get(line.partition(":")[0], line.partition(":")[0])
        return "\n".join({**lines, key: line}.values()) + "\n"

    Path("targets.yaml").write_text(catalog(wrong), errors="surrogateescape")
    assert main(["render"]) == 1
    assert f"hint: {hint}" in capsys.readouterr().err
    assert not Path("Makefile.instrumented").exists()
    if name == "a wheel of another version":
        Path("wheels").mkdir()
        Path("wheels", f"instrumented_make-{__version__}-py3-none-any.whl").write_text("")
        assert main(["render", "--wheels", "wheels"]) == 0
    else:
        Path("targets.yaml").write_text(catalog(right))
    assert main(["render"]) == 0
