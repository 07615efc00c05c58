"""init, add, remove, list, check, doc and schema, as a maintainer uses them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from workbench import CATALOG, HANG_S, needs

from generator import catalog_edit, commands, makefile
from generator.__main__ import main
from generator.catalog import load
from generator.proposal import proposed
from generator.target_names import fault_of_target
from generator.yaml_source import read
from instrumented_make.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = """\
include sub.mk
OUT := out
.PHONY: all test dev.up.%
all: prog.o ## Build everything
## Run the tests
test:
	@echo test
dev.up.%: ; @echo up $*
prog.o: main.o
	@touch $@
%.o: ; @touch $@
deploy:: ; @echo one
deploy:: ; @echo two
.hidden: ; @:
"""
STYLED = """\
# A comment at the top
project:   styled   # with odd   spacing
event: "e"
consent: {who: 'We',   why: "to know"}
targets:
    # first
    - alpha   # behind
    -   name: beta.%
        stems: [x, y]
        help: |
            Two
            lines

    # above gamma
    - gamma

# the end
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "My Project"
    folder.mkdir()
    (folder / "Makefile").write_text(MAKEFILE)
    (folder / "sub.mk").write_text("sub: ## Everything below\n\t@:\n")
    (folder / "sub").mkdir()
    (folder / "sub" / "Makefile.instrumented").write_text("")
    monkeypatch.chdir(folder)
    return folder


def test_targets_are_read_from_make(project: Path) -> None:
    """Targets and patterns with their help texts, but no files that others need, no special targets, no makefiles."""
    rules = makefile.read(project)
    assert {entry.name for entry in proposed(rules)} == {"all", "test", "dev.up.%", "deploy", "sub"}
    assert rules.rules["all"].help == "Build everything"
    assert rules.rules["test"].help == "Run the tests"
    assert (rules.rules["deploy"].file, rules.rules["sub"].file) == ("Makefile", "sub.mk")
    assert rules.makes("main.o")
    assert not rules.makes("nothing")
    assert not list(project.glob("*.o")), "nothing was made"


def test_init_proposes_a_catalog_that_works_at_once(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The proposal loads, is rendered and passes check; the include is the Makefile's first line."""
    assert main(["init"]) == 0
    assert "Next:" in capsys.readouterr().err
    assert (project / "Makefile").read_text() == f"include Makefile.instrumented\n{MAKEFILE}"
    assert main(["render", "--check"]) == 0
    catalog = load(project / "targets.yaml")
    assert catalog.project == "my-project"
    assert {target.name for target in catalog.targets} == {"all", "test", "dev.up.%", "deploy", "sub"}
    assert main(["check"]) == 0
    assert capsys.readouterr().out == ""
    assert subprocess.run(["make", "test"], capture_output=True, text=True, check=True).stdout == "test\n"


def test_init_overwrites_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With an existing catalog nothing changes; an include that is there already stays the only one."""
    (project / "targets.yaml").write_text("mine")
    assert main(["init"]) == 1
    assert "already exists" in capsys.readouterr().err
    assert (project / "targets.yaml").read_text() == "mine"
    assert (project / "Makefile").read_text() == MAKEFILE
    assert not (project / "Makefile.instrumented").exists()
    (project / "targets.yaml").unlink()
    (project / "Makefile").write_text(f"# about\n-include Makefile.instrumented\n{MAKEFILE}")
    assert main(["init"]) == 0
    assert (project / "Makefile").read_text() == f"include Makefile.instrumented\n# about\n{MAKEFILE}"


@pytest.mark.parametrize(
    ("content", "words"),
    [("a b\n", "missing separator"), ("VAR = 1\n", "no targets found"), (None, "there is no Makefile here")],
)
def test_init_says_why_it_cannot_propose_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str
) -> None:
    """A Makefile that make cannot read, one without rules, and no Makefile."""
    if content is not None:
        (tmp_path / "Makefile").write_text(content)
    assert main(["init", str(tmp_path)]) == 1
    assert words in capsys.readouterr().err
    assert not (tmp_path / "targets.yaml").exists()


def test_adding_and_removing_leave_every_other_byte(tmp_path: Path) -> None:
    """Comments, order, quotes, spacing and blank lines stay; removing what was added gives the old file back."""
    path = tmp_path / "targets.yaml"
    added = catalog_edit.add(read(path, STYLED), ["delta.%"])
    assert added == STYLED.replace("    - gamma\n", "    - gamma\n    - delta.%\n")
    assert catalog_edit.remove(read(path, added), ["delta.%"]) == STYLED
    without = catalog_edit.remove(read(path, STYLED), ["beta.%"])
    start, end = STYLED.index("    -   name: beta"), STYLED.index("\n    # above gamma")
    assert without == STYLED[:start] + STYLED[end:]
    assert catalog_edit.remove(read(path, STYLED), ["alpha"]) == STYLED.replace("    - alpha   # behind\n", "")


@settings(max_examples=80)
@given(name=st.text(min_size=1, max_size=12).filter(lambda name: fault_of_target(name) is None))
def test_any_name_can_be_added_and_removed(tmp_path: Path, name: str) -> None:
    """Any name that make accepts is written so that YAML reads it back, in lists of both styles."""
    path = tmp_path / "targets.yaml"
    if name in ("alpha", "gamma", "beta.%", "beta.x", "beta.y"):
        return
    added = catalog_edit.add(read(path, STYLED), [name])
    assert load(path, added).targets[-1].name == name
    assert catalog_edit.remove(read(path, added), [name]) == STYLED
    flow = re.sub(r"targets:.*", "targets: [alpha]  # few\n", STYLED, flags=re.S)
    assert [target.name for target in load(path, catalog_edit.add(read(path, flow), [name])).targets] == ["alpha", name]


def test_an_edit_that_would_make_the_catalog_invalid_changes_nothing(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A repeated name, a name that make cannot use, the last target: an error, and both files stay as they are."""
    catalog = project / "targets.yaml"
    catalog.write_text(CATALOG.format(host="http://127.0.0.1:9", targets="  - test"))
    assert main(["render"]) == 0
    before = (catalog.read_bytes(), (project / "Makefile.instrumented").read_bytes())
    for arguments in (["add", "test"], ["add", "all", "a b"], ["remove", "test"], ["remove", "other"]):
        assert main(arguments) == 1
        assert "error:" in capsys.readouterr().err
        assert (catalog.read_bytes(), (project / "Makefile.instrumented").read_bytes()) == before
    assert main(["add", "all", "dev.up.%"]) == 0
    assert "  dev.up.% \\\n" in (project / "Makefile.instrumented").read_text()
    assert main(["remove", "test"]) == 0
    assert [target.name for target in load(catalog).targets] == ["all", "dev.up.%"]


def test_files_that_belong_together_are_written_together(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second cannot be replaced, as one that a container mounts cannot: the first is as it was, or gone again."""
    include = project / "Makefile.instrumented"
    include.mkdir()
    before = sorted(project.rglob("*"))
    assert main(["init"]) == 1
    assert "Makefile.instrumented: error: it cannot be written: Is a directory" in capsys.readouterr().err
    assert sorted(project.rglob("*")) == before
    include.rmdir()
    assert main(["init"]) == 0
    assert main(["remove", "sub"]) == 0
    texts = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    busy = [needs("strace"), "-o", "/dev/null", "-e", "inject=rename:error=EBUSY:when=2"]
    add = [sys.executable, "-B", "-m", "generator", "add", "sub"]  # which renames no compiled module
    told = subprocess.run([*busy, *add], cwd=project, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "Makefile.instrumented: error: it cannot be written: Device or resource busy" in told.stderr
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == texts


def test_list_shows_what_is_tracked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each target with its stems and help, and whether there is a rule for it."""
    targets = "  - {name: dev.up.%, stems: [x, y], help: Start it, reason: slow}\n  - gone\n"
    (project / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets=targets))
    assert main(["list"]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^dev\.up\.% +x, y +Start it +slow +yes", shown, re.M)
    assert re.search(r"^gone +missing", shown, re.M)


WIRED = "include Makefile.instrumented\n{}\n"
FINDINGS = {
    "stale-include": ("  - test", WIRED.format(MAKEFILE), False),
    "no-rule": ("  - test\n  - gone\n", WIRED.format(MAKEFILE), True),
    "no-rule-for-stem": ("  - {name: lib.%, stems: [a, b]}", WIRED.format("lib.a: ; @:"), True),
    "shadowed-pattern": ("  - dev.%\n  - dev.up.%\n", WIRED.format("dev.%: ; @:\ndev.up.%: ; @:"), True),
    "never-a-goal": ("  - prog.o", WIRED.format(MAKEFILE), True),
    "missing-include": ("  - test", MAKEFILE, True),
    "include-not-first": ("  - test", "export X = 1\n" + WIRED.format(MAKEFILE), True),
    "foreign-include": ("  - test", WIRED.format(MAKEFILE + "include sub/Makefile.instrumented"), True),
    "default-goal": ("  - test\ndefault_goal: test\n", WIRED.format(MAKEFILE), True),
    "old-guard": ("  - test", WIRED.format(f"ifndef INSTRUMENTED\n{MAKEFILE}endif"), True),
    "makefile": ("  - test", WIRED.format("no rule here"), True),
    "duplicate": ("  - test\n  - test\n", WIRED.format(MAKEFILE), False),
    "catalog": ("  - a b", WIRED.format(MAKEFILE), False),
}
WARNINGS = ("shadowed-pattern", "never-a-goal", "old-guard")


@pytest.mark.parametrize("name", FINDINGS)
def test_check_finds_each_kind_of_fault(project: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """With a stable name, a place and a hint, in three formats; exit 1 for errors, 0 for warnings."""
    targets, rules, rendered = FINDINGS[name]
    (project / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets=targets))
    if rendered:
        assert main(["render"]) == 0
    else:
        (project / "Makefile.instrumented").write_text("# old\n")
    (project / "Makefile").write_text(rules)
    capsys.readouterr()
    status = main(["check", "--format", "json"])
    findings = json.loads(capsys.readouterr().out)
    found = [finding for finding in findings if finding["name"] == name]
    assert found, findings
    assert status == int(any(finding["severity"] == "error" for finding in findings))
    assert status == int(name not in WARNINGS)
    assert all(finding["hint"] and finding["line"] >= 1 for finding in findings)
    main(["check"])
    assert f"[{name}]\n  hint: " in capsys.readouterr().out
    main(["check", "--format", "github"])
    assert re.search(rf"^::(error|warning) file=[^,]+,line=\d+,col=\d+,title={name}::", capsys.readouterr().out, re.M)


def test_findings_point_at_the_target(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They have the line and column of its name in the catalog."""
    (project / "targets.yaml").write_text(
        CATALOG.format(host="http://127.0.0.1:9", targets="  - test\n  - name: gone\n  - {name: x.%, stems: [a, bb]}\n")
    )
    (project / "Makefile").write_text(WIRED.format("test: ; @:\nx.a: ; @:"))
    assert main(["render"]) == 0
    capsys.readouterr()
    assert main(["check"]) == 1
    places = re.findall(r"^targets\.yaml:(\d+:\d+): error: .*\[(.*)\]", capsys.readouterr().out, re.M)
    assert places == [("12:11", "no-rule"), ("13:28", "no-rule-for-stem")]


def test_the_committed_schema_and_dictionary_are_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are what the code generates now."""
    monkeypatch.chdir(ROOT)
    assert main(["schema", "--check", "--output", "targets.schema.json"]) == 0
    assert main(["doc", "--check"]) == 0
    assert main(["check"]) == 0
    assert main(["check", "--catalog", "examples/openedx-devstack/targets.yaml"]) == 0


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"colour": "blue"},
        {"targets": []},
        {"targets": [3]},
        {"targets": [{"stems": ["a"]}]},
        {"fields": ["os"]},
        {"project": "Dev Stack"},
        {"consent": {"who": "w"}},
        {"segment": {"write_key": "a b"}},
        {"main_branch": "--x"},
    ],
)
def test_the_schema_agrees_with_the_generator(tmp_path: Path, change: dict[str, object]) -> None:
    """Both accept a good catalog, and both reject wrong keys, types and patterns."""
    document = {"project": "p", "event": "e", "consent": {"who": "w", "why": "y"}, "targets": ["a", {"name": "b.%"}]}
    document |= change  # type: ignore[arg-type]
    path = tmp_path / "targets.yaml"
    YAML(typ="safe").dump(document, path)
    validator = jsonschema.Draft202012Validator(json.loads((ROOT / "targets.schema.json").read_text()))
    if change:
        assert list(validator.iter_errors(document))
        with pytest.raises(UserError):
            load(path)
    else:
        validator.validate(document)
        load(path)


def test_every_command_has_help_and_completion() -> None:
    """Help states the command's purpose, and each example has its own line."""
    listed = subprocess.run([sys.executable, "-m", "generator", "--help"], capture_output=True, text=True, check=True)
    for name in ("add", "check", "doc", "eject", "init", "list", "remove", "render", "report", "run", "schema"):
        assert re.search(rf"^  {name} +\w", listed.stdout, re.M)
        command = [sys.executable, "-m", "generator", name, "--help"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "Usage:" in shown
        assert "\\b" not in shown
        before, _, examples = shown.partition("  Examples:\n")
        assert "Examples" not in before
        for line in examples.partition("\n\n")[0].splitlines():
            assert line.startswith(("    python -m generator ", "    instrumented-make "))
    variables = {
        "_INSTRUMENTED_MAKE_COMPLETE": "bash_complete",
        "COMP_WORDS": "instrumented-make re",
        "COMP_CWORD": "1",
    }
    completed = subprocess.run(
        [sys.executable, "-c", "from generator.__main__ import main; main()"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.stdout.split() == ["plain,remove", "plain,render", "plain,report"]


SWALLOWS = """
import os, signal, sys
import click
from generator.__main__ import main
from generator.commands import commands

@commands.command()
def swallow():
    try:
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    except KeyboardInterrupt:
        raise ImportError("initialization failed") from None

sys.exit(main(["swallow"]))
"""


def test_an_interrupt_that_a_library_turns_into_an_error_exits_with_130() -> None:
    """Ctrl-C during the import of a C library may come out as another error, which is not an internal error."""
    result = subprocess.run(
        [sys.executable, "-c", SWALLOWS], capture_output=True, text=True, check=False, timeout=HANG_S
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


HOSTILE = """\
-include gen.mk
include missing.mk
.PHONY: all html
all: foo.o ; @echo all
html: export A=b
html: B := c
html: ; +touch ran-html
gen.mk: ; touch ran-gen; echo x=1 >$@
missing.mk:: ; touch ran-missing; echo >$@
%: Makefile ; +touch ran-any
.DEFAULT: ; +touch ran-default
dev.%: ; @echo $*
Makefile: x ; touch ran-makefile
sub: ; $(MAKE) -C nowhere
"""


@pytest.mark.parametrize("command", [["init"], ["check"], ["list"], ["add", "html"]])
def test_no_recipe_runs(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not of a catch-all, a generated makefile, a line with + or .DEFAULT; variables of a target hide no target."""
    (tmp_path / "Makefile").write_text(HOSTILE)
    if command != ["init"]:
        catalog = "project: p\nevent: e\nconsent: {who: w, why: y}\ntargets:\n  - all\n  - dev.%\n"
        (tmp_path / "targets.yaml").write_text(catalog)
    before = {path.name for path in tmp_path.iterdir()}
    monkeypatch.chdir(tmp_path)
    main(command)
    told = capsys.readouterr()
    ours = {"targets.yaml", "Makefile.instrumented"}
    assert {path.name for path in tmp_path.iterdir()} - before <= ours
    assert "no rule makes" not in told.out + told.err
    if command == ["init"]:
        names = [target.name for target in load(tmp_path / "targets.yaml").targets]
        assert {"all", "html", "dev.%", "sub"} <= set(names)
        assert not {"Makefile", "gen.mk", "missing.mk"} & set(names)


def test_a_project_with_its_own_metrics_commands_gets_another_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``init`` sets the prefix; if it is changed back, ``check`` reports the clash."""
    (tmp_path / "Makefile").write_text("metrics-status: ; @echo mine\nup: ; @echo up\n")
    monkeypatch.chdir(tmp_path)
    for command in ("init", "render", "check"):
        assert main([command]) == 0
    assert subprocess.check_output(["make", "metrics-status"], text=True, stderr=subprocess.STDOUT) == "mine\n"
    assert load(tmp_path / "targets.yaml").prefix == "usage"
    text = (tmp_path / "targets.yaml").read_text()
    (tmp_path / "targets.yaml").write_text(
        text.replace("prefix: usage", "prefix: metrics").replace("  - name: metrics-status\n", "")
    )
    assert main(["render"]) == 0
    capsys.readouterr()
    assert main(["check"]) == 1
    assert "Makefile:2:1: error: the project has a rule for metrics-status" in capsys.readouterr().out


def test_a_catch_all_with_a_prerequisite_remakes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Sphinx's quickstart: make prints the same with and without the include."""
    (tmp_path / "Makefile").write_text("help: ; @echo help\n.PHONY: help Makefile\n%: Makefile ; @echo BUILD $@\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def said() -> list[str]:
        return [
            subprocess.run(["make", *goals], capture_output=True, text=True, check=False).stdout
            for goals in ([], ["html"], ["help", "html"])
        ]

    before = said()
    for command in ("init", "render", "check"):
        assert main([command]) == 0
    assert said() == before


EDITS = {
    "a line separator in a text": ('why: "a\u2028b\u0085c"\ntargets:\n  - a\n  - b\n', "  - b\n", "  - c\n", "b"),
    "lone dashes": ("targets:\n  -\n    name: a\n  -\n    name: b\n", "  -\n    name: b\n", "  - c\n", "b"),
    "carriage returns": ("targets:\r\n  - a\r\n  - b\r\n", "  - b\r\n", "  - c\r\n", "b"),
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_changes_only_its_own_lines(tmp_path: Path, kind: str) -> None:
    """Whatever else ends a line in YAML."""
    text, gone, come, name = EDITS[kind]
    path = tmp_path / "targets.yaml"
    assert catalog_edit.remove(read(path, text), [name]) == text.replace(gone, "")
    assert catalog_edit.add(read(path, text), ["c"]) == text + come


@pytest.mark.parametrize("flow", ["[a, b]", "[a, b,]", "[a, b, # why\n]", "[ a,\n  b ]"])
def test_a_name_is_added_to_a_flow_list(tmp_path: Path, flow: str) -> None:
    """A comma or a comment after the last item stays after it."""
    added = catalog_edit.add(read(tmp_path / "targets.yaml", f"targets: {flow}\n"), ["c"])
    assert read(tmp_path / "targets.yaml", added).data == {"targets": ["a", "b", "c"]}
    assert added.replace(", c", "") == f"targets: {flow}\n"


def test_texts_are_cleaned_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folded over several lines in a catalog; with emoji and colours, or too long, in a Makefile."""
    text = "project: p\nevent: e\nconsent:\n  who: w\n  why: >-\n    so that\n    we see\n\n    more\ntargets: [up]\n"
    assert load(tmp_path / "targets.yaml", text).consent.why == "so that we see more"
    helps = ["\U0001f680 start \x1b[1mit\x1b[0m \\033[36mnow", "x" * 900, "a\u200cb\u202ec\u2028d"]
    rules = "".join(f"t{number}: ; @: ## {text}\n" for number, text in enumerate(helps))
    (tmp_path / "Makefile").write_text(rules)
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert main(["render"]) == 0
    shown = [target.help for target in load(tmp_path / "targets.yaml").targets]
    assert shown == ["\U0001f680 start it now", "x" * 500, "a\u200cbcd"]


def test_a_byte_order_mark_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the file; an error in the first line has the column that an editor shows."""
    catalog = tmp_path / "targets.yaml"
    text = "\ufeff" + CATALOG.format(host="http://127.0.0.1:9", targets="  - a\n  - b\n")
    catalog.write_text(text, encoding="utf-8")
    assert main(["remove", "b", "--catalog", str(catalog)]) == 0
    assert main(["add", "b", "--catalog", str(catalog)]) == 0
    assert catalog.read_text(encoding="utf-8") == text
    catalog.write_text("\ufeffbad: 1\n" + text[1:], encoding="utf-8")
    capsys.readouterr()
    assert main(["render", "--catalog", str(catalog)]) == 1
    assert "targets.yaml:1:1: error: unknown key 'bad'" in capsys.readouterr().err


def test_add_says_that_there_is_no_rule(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The target is tracked all the same: the rule may come in the same commit."""
    (project / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets="  - test\n"))
    assert main(["add", "tset", "deploy", "dev.%", "dev.up.lms"]) == 0
    assert re.findall(r"^(\S+): no rule makes it yet", capsys.readouterr().err, re.M) == ["tset"]


def test_doc_creates_its_output_folder(project: Path) -> None:
    """The default one too."""
    (project / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets="  - test\n"))
    assert main(["doc"]) == 0
    assert main(["doc", "--output", "a/b/c.md"]) == 0
    assert (project / "docs" / "data-dictionary.md").exists()
    assert (project / "a" / "b" / "c.md").exists()


def test_a_catalog_in_another_folder(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An include beside the Makefile works; for one beside the catalog, check says what to do."""
    (project / "dev").mkdir()
    catalog = str(project / "dev" / "targets.yaml")
    Path(catalog).write_text(CATALOG.format(host="http://127.0.0.1:9", targets="  - test\n"))
    (project / "Makefile").write_text(WIRED.format(MAKEFILE))
    together = ["--catalog", catalog, "--output", "Makefile.instrumented"]
    assert main(["render", *together]) == 0
    assert main(["check", *together]) == 0
    assert main(["render", "--catalog", catalog]) == 0
    assert main(["check", "--catalog", catalog]) == 1
    assert "hint: run this with --output, the path of the include that your Makefile reads" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rules", "goal", "told"),
    [
        (".PHONY: test\ntest: ; @:\n", "test", ""),
        ("test.all: ; @:\ntest: ; @:\n", "test.all", ""),
        ("first: ; @:\ntest: ; @:\n", "test", "plain 'make' makes first, not 'test'"),
        ("test: ; @:\nlast: ; @:\n.DEFAULT_GOAL := last\n", "test", "plain 'make' makes last, not 'test'"),
        ("first: ; @:\n.DEFAULT_GOAL := test\ntest: ; @:\n", "test", ""),
        (".PHONY: test\n%: ; @:\n", "test", "plain 'make' makes nothing, not 'test'"),
    ],
)
def test_the_default_goal_is_the_one_that_make_has(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rules: str,
    goal: str,
    told: str,
) -> None:
    """What plain make makes is recorded under that name, so check asks make whether it is true, and points at the line.

    The include above the rules is not what make takes the goal from.
    """
    monkeypatch.chdir(tmp_path)
    targets = "  - test\n  - test.%\ndefault_goal: " + goal
    (tmp_path / "targets.yaml").write_text(CATALOG.format(host="http://127.0.0.1:9", targets=targets))
    (tmp_path / "Makefile").write_text(WIRED.format(rules + "test.%: ; @:"))
    assert main(["render"]) == 0
    capsys.readouterr()
    assert main(["check"]) == int(bool(told))
    found = capsys.readouterr().out
    line = f"targets.yaml:13:15: error: {told} [default-goal]\n  hint: correct default_goal, or remove it\n"
    assert found == (line if told else "")


COUNTS = """\
import os, signal, sys
print(*sys.argv[1:], sys.stdin.readline().strip(), sep="|")
sys.stdout.flush()
if sys.argv[1] == "signal":
    os.kill(os.getpid(), signal.SIGTERM)
sys.exit(int(sys.argv[1]))
"""


@pytest.mark.parametrize("dashes", [["--"], []])
@pytest.mark.parametrize(("first", "status"), [("0", 0), ("2", 2), ("77", 77), ("signal", -15)])
def test_run_passes_arguments_input_and_status(tmp_path: Path, first: str, status: int, dashes: list[str]) -> None:
    """Options of the command are not its own, an empty argument is one, and a signal that ends it ends run as well."""
    (tmp_path / "counts.py").write_text(COUNTS)
    command = [sys.executable, "-m", "generator", "run", *dashes, sys.executable, str(tmp_path / "counts.py")]
    arguments = [first, "--as", "x", "--project", "p", "--help", "-k", "--", "", "a  b", "*"]
    result = subprocess.run(
        [*command, *arguments], cwd=ROOT, input="typed\n", capture_output=True, text=True, check=False, timeout=HANG_S
    )
    assert result.stdout == "|".join([*arguments, "typed"]) + "\n"
    assert (result.returncode, result.stderr) == (status, "")


def test_run_says_what_it_cannot_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """As a shell does: 127 for no such command. Without a command it is used wrongly; without a recorder, it fails."""
    command = [sys.executable, "-m", "generator", "run", "--", "no-such-command"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (127, "no-such-command: No such file or directory\n")
    assert main(["run"]) == 2
    monkeypatch.setattr(commands, "RECORDER", Path("/nonexistent/recorder"))
    capsys.readouterr()
    assert main(["run", "--", "true"]) == 1
    assert "hint: install it again: " in capsys.readouterr().err
