"""Bad catalogs: every problem is reported with its place and a hint; good ones become typed objects."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from generator.__main__ import main
from generator.catalog import load
from generator.render import include
from generator.target_names import fault_of_target
from instrumented_make.errors import UserError

GOOD = """\
project: p
event: e
consent: {who: We, why: to know}
targets:
  - dev.pull
  - name: dev.up.%
    stems: [lms, cms]
    help: Start   a
      service
"""

BAD = """\
project: Dev Stack
event: 12
colour: blue
project: again
segment: {writekey: x, host: "http://example.com"}
consent:
  who: []
fields: [os]
targets:
  - dev.pull
  - name: dev.up.%
    stems: [lms, "c ms"]
    hlep: x
  - dev.pull
  - dev.up.lms
  - 3
  - {name: x, stems: [a]}
  - {name: y%, stems: []}
"""


def told(tmp_path: Path, content: str | bytes) -> str:
    """The error message for a catalog, with the path shortened."""
    path = tmp_path / "targets.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UserError) as caught:
        load(path)
    return str(caught.value).replace(str(path), "targets.yaml")


def test_a_good_catalog_becomes_frozen_objects(tmp_path: Path) -> None:
    """Defaults are filled in, text is folded, and a pattern lists the names that it can be reported as."""
    path = tmp_path / "targets.yaml"
    path.write_text(GOOD)
    catalog = load(path)
    assert (catalog.command_type, catalog.main_branch, catalog.segment.write_key) == ("make", "master", "")
    assert [target.commands for target in catalog.targets] == [("dev.pull",), ("dev.up.%", "dev.up.lms", "dev.up.cms")]
    assert catalog.targets[1].help == "Start a service"
    assert catalog.default_goal is None
    with pytest.raises(ValueError, match="frozen"):
        catalog.project = "other"


@pytest.mark.parametrize("goal", ["dev.pull", "dev.up.lms", "dev.up.other"])
def test_the_default_goal_can_be_any_tracked_target(tmp_path: Path, goal: str) -> None:
    """Also one that only a pattern names. The include then takes plain make for a make of it."""
    path = tmp_path / "targets.yaml"
    path.write_text(f"{GOOD}default_goal: {goal}\n")
    assert load(path).default_goal == goal
    text = include(load(path), tmp_path / "Makefile.instrumented")
    assert f".metrics.goals := $(if $(filter undefined,$(origin MAKECMDGOALS)),{goal}," in text
    path.write_text(GOOD)
    assert "$(origin MAKECMDGOALS)),,$(if" in include(load(path), tmp_path / "Makefile.instrumented")


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        ("dev.status", "the default goal 'dev.status' is not tracked"),
        ("dev.up.", "the default goal 'dev.up.' is not tracked"),
        ('"a b"', "'a b' cannot be a tracked target"),
        ('"$(x)"', "cannot be a tracked target"),
        ("3", "default_goal"),
    ],
)
def test_a_default_goal_that_is_not_tracked_is_refused(tmp_path: Path, goal: str, words: str) -> None:
    """With its place and a hint: its runs would have no name."""
    text = told(tmp_path, f"{GOOD}default_goal: {goal}\n")
    assert text.startswith("targets.yaml:10:15: error: ")
    assert words in text
    assert "  hint: " in text


def test_all_problems_are_reported_at_once_in_file_order(tmp_path: Path) -> None:
    """Line, column, message, caret and hint, for mistakes of every kind in one file."""
    text = told(tmp_path, BAD)
    heads = [line for line in text.splitlines() if line.startswith("targets.yaml")]
    assert [head.partition(": error: ")[0].removeprefix("targets.yaml:") for head in heads] == [
        "1:10",
        "2:8",
        "3:1",
        "4:1",
        "5:11",
        "5:30",
        "7:3",
        "7:8",
        "8:10",
        "12:18",
        "13:5",
        "14:5",
        "15:5",
        "16:5",
        "17:22",
        "18:23",
    ]
    assert text.count("  hint: ") == len(heads)
    assert (
        "targets.yaml:13:5: error: unknown key 'hlep'\n      hlep: x\n      ^\n  hint: did you mean 'help'?"
    ) in text
    assert "'dev.up.lms' is already tracked, on line 12" in text


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a\\tb",
        "a:b",
        "a#b",
        "a$b",
        "a=b",
        "a;b",
        "a|b",
        "a\\nb",
        "a%b%",
        ".a",
        "-a",
        "metrics-a",
        "",
        "a'b",
        "*",
    ],
)
def test_a_name_that_make_cannot_use_is_refused(tmp_path: Path, name: str) -> None:
    """As a plain item and as a mapping, with its place."""
    for item, column in ((f'"{name}"', 5), (f'{{name: "{name}"}}', 12)):
        text = told(tmp_path, GOOD.replace("- dev.pull", f"- {item}"))
        assert text.startswith(f"targets.yaml:5:{column}: error: "), text
        assert "cannot be a tracked target" in text


@pytest.mark.parametrize(
    ("content", "start", "words"),
    [
        ("a: [", "targets.yaml:1:5", "not valid YAML"),
        ("targets:\n\t- b\n", "targets.yaml:2:1", "tabs"),
        ("targets:\n  - %x\n", "targets.yaml:2:5", "quotes"),
        ("project: \x07", "targets.yaml:1:10", "U+0007"),
        ("", "targets.yaml:1:1", "empty"),
        ("# only a comment\n", "targets.yaml:1:1", "empty"),
        ("- a\n", "targets.yaml:1:1", "mapping"),
        ("[" * 5000, "targets.yaml", "too deeply"),
        ("a: &x [*x]\n", "targets.yaml:1:4", "aliases"),
        (b"project: \xff\n", "targets.yaml:1:10", "UTF-8"),
        (b"x" * (4 * 1024 * 1024 + 1), "targets.yaml", "too large"),
        ("a: 1\n--- \nb: 2\n", "targets.yaml:2:1", "not valid YAML"),
        (GOOD.replace("targets:", "targets: []\nx:"), "targets.yaml:4:10", "'targets' is empty"),
        (GOOD.replace("We", '"\\e[31m"'), "targets.yaml:3:16", "U+001B"),
        (GOOD + "main_branch: --upload-pack\n", "targets.yaml:10:14", "main_branch"),
        (GOOD + "segment: {host: 'https://u:p@h'}\n", "targets.yaml:10:17", "user name"),
        (GOOD + "segment: {host: 'ftp://h'}\n", "targets.yaml:10:17", "http(s)"),
        (GOOD + "segment: {write_key: 'a b'}\n", "targets.yaml:10:22", "write_key"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_where(
    tmp_path: Path, content: str | bytes, start: str, words: str
) -> None:
    """Syntax, encoding, size, nesting, aliases, and values that would be dangerous later."""
    text = told(tmp_path, content)
    assert text.startswith(start + ": error: "), text
    assert words in text
    assert "  hint: " in text


@settings(max_examples=60)
@given(targets=st.lists(st.text(min_size=1, max_size=15), min_size=1, max_size=8, unique=True))
def test_names_are_the_same_from_yaml_to_make(tmp_path: Path, targets: list[str]) -> None:
    """YAML, the catalog, the include and make agree on every accepted name, and on the order."""
    targets = [target for target in targets if fault_of_target(target) is None] or ["a"]
    document = {"project": "p", "event": "e", "consent": {"who": "w", "why": "y"}, "targets": targets}
    path = tmp_path / "targets.yaml"
    YAML(typ="safe").dump(document, path)
    catalog = load(path)
    assert [target.name for target in catalog.targets] == targets
    output = tmp_path / "Makefile.instrumented"
    output.write_text(include(catalog, output), encoding="utf-8")
    makefile = "include Makefile.instrumented\n$(foreach name,$(.metrics.targets),$(info $(name)))\n"
    (tmp_path / "Makefile").write_text(makefile)
    # Of any other goal's make, no variable of the include is left.
    command = ["/usr/bin/make", "-n", "metrics-show"]
    shown = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    ordered = [target for target in targets if "%" not in target]
    ordered += sorted((target for target in targets if "%" in target), key=len, reverse=True)
    assert shown.splitlines()[: len(targets)] == ordered


def test_a_missing_file_and_a_directory_have_different_errors(tmp_path: Path) -> None:
    """Both are mistakes to expect on a command line."""
    for path, words in ((tmp_path / "none.yaml", "no such file"), (tmp_path, "directory")):
        with pytest.raises(UserError, match=words):
            load(path)


def test_a_bad_catalog_leaves_the_rendered_file_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit 1, the problems on stderr, nothing on stdout, and the old file as it was."""
    (tmp_path / "targets.yaml").write_text(BAD)
    (tmp_path / "Makefile.instrumented").write_text("old")
    assert main(["render", "--catalog", str(tmp_path / "targets.yaml")]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert "Traceback" not in output.err
    assert output.err.count("error:") == 16
    assert (tmp_path / "Makefile.instrumented").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile.instrumented", "targets.yaml"]


def test_what_is_not_asked_for_is_in_no_collection(tmp_path: Path) -> None:
    """So nobody is asked again because a catalog can name a collector, types and commands now."""
    path = tmp_path / "targets.yaml"
    path.write_text(GOOD)
    assert set(load(path).collection) == {"event", "command_type", "main_branch", "host", "write_key", "fields"}
    path.write_text(GOOD.replace("    help: Start   a\n      service\n", "    command_type: make\n") + "commands: []\n")
    assert set(load(path).collection) == {"event", "command_type", "main_branch", "host", "write_key", "fields"}


def test_a_collector_types_and_commands_are_agreed_to(tmp_path: Path) -> None:
    """A pattern's type is that of each name that it is reported as."""
    path = tmp_path / "targets.yaml"
    more = "otlp: {endpoint: https://collector.example/otlp/}\n"
    more += "commands: [compose up, {name: compose down, command_type: x}]\n"
    path.write_text(GOOD.replace("    help:", "    command_type: make-in-docker\n    help:") + more)
    collection = load(path).collection
    assert collection["otlp"] == "https://collector.example/otlp"
    assert collection["command_types"] == dict.fromkeys(("dev.up.%", "dev.up.lms", "dev.up.cms"), "make-in-docker")
    assert collection["commands"] == {"compose up": "docker", "compose down": "x"}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("otlp: {}\n", "the key 'endpoint' is missing"),
        ("otlp: {endpiont: x}\n", "did you mean 'endpoint'?"),
        ("otlp: {endpoint: http://collector.example}\n", "plain text"),
        ("otlp: {endpoint: https://me:word@collector.example}\n", "a user name"),
        ("otlp: {endpoint: https://collector.example/v1/traces}\n", "leave out /v1/traces"),
        ("commands: compose up\n", "'commands' should be a list"),
        ("commands: [compose  up]\n", "write it as people type it"),
        ("commands: ['a\"b']\n", "cannot be"),
        ("commands: [{name: compose up, type: docker}]\n", "unknown key 'type'"),
        ("commands: [dev.pull]\n", "the command 'dev.pull' has the name of a tracked target"),
        ("commands: [dev.up.x dev.pull]\n", "has the name of a tracked target"),
        ("commands: [compose up, {name: compose up}]\n", "already listed, on line 10"),
    ],
)
def test_a_wrong_collector_or_command_is_named(tmp_path: Path, more: str, words: str) -> None:
    assert words in told(tmp_path, GOOD + more)
