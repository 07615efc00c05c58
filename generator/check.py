"""Finds every mismatch between a catalog, its rendered files and the Makefile, in one run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from generator import database, makefile, repository, wiring
from generator.catalog import COMMANDS, Catalog, load
from generator.render import command_line, include, name_from
from generator.target_names import matches
from generator.trial import changes, trial
from generator.yaml_source import Where
from instrumented_make import files
from instrumented_make.errors import Position, Problem, UserError

_START = Position(1, 1)


def check(catalog_path: Path, include_path: Path, command_lines: Sequence[str] = ()) -> list[Problem]:
    """All findings, in file order; empty if everything matches. Each has a name and a position.

    If there are no errors, what make knows with and without the include is compared, make metrics-status is run once in
    a temporary home, and so are the ``command_lines``.
    """
    try:
        catalog = load(catalog_path)
    except UserError as error:
        return [_as_finding(problem, problem.name or "catalog") for problem in error.problems]
    findings = list(_check_rendered(catalog, include_path))
    try:
        named = [target.name for target in catalog.targets if "%" not in target.name]
        rules = makefile.read_for(include_path.resolve().parent, named, include_path.name)
    except UserError as error:
        return [*findings, *(_as_finding(problem, "makefile") for problem in error.problems)]
    findings += [
        *_wiring(rules, include_path, catalog),
        *_check_ignored(catalog, include_path),
        *_check_clashes(catalog, rules),
        *_caught(catalog, include_path, rules),
        *_targets(catalog, rules),
    ]
    if any(finding.severity == "error" for finding in findings):
        return findings
    try:
        findings += changes(catalog, include_path)
    except UserError as error:  # it refuses the commands, for example
        return [*findings, *(_as_finding(problem, "makefile") for problem in error.problems)]
    return [*findings, *trial(catalog, include_path, command_lines)]


def as_github(finding: Problem) -> str:
    """A workflow command, which GitHub shows next to the line."""
    text = f"{finding.message} ({finding.hint})".replace("%", "%25").replace("\n", "%0A")
    where = finding.position or _START
    place = f"file={finding.path},line={where.line},col={where.column}"
    return f"::{finding.severity} {place},title={finding.name}::{text}"


def as_json(findings: list[Problem]) -> str:
    """The findings as a JSON list, for other programs."""
    return json.dumps(
        [
            {
                "name": finding.name,
                "severity": finding.severity,
                "message": finding.message,
                "hint": finding.hint,
                "path": finding.path,
                "line": (finding.position or _START).line,
                "column": (finding.position or _START).column,
            }
            for finding in findings
        ],
        indent=2,
    )


def _as_finding(problem: Problem, name: str) -> Problem:
    """``problem`` as it is listed: on one line, without the excerpt."""
    return replace(problem, name=name, excerpt="", position=problem.position or _START)


def _at(
    path: object, name: str, message: str, hint: str, position: Position | None = None, severity: str = "error"
) -> Problem:
    return Problem(message, hint, str(path), position or _START, name=name, severity=severity)


def _check_rendered(catalog: Catalog, include_path: Path) -> Iterator[Problem]:
    if files.current(include_path) != include(catalog, include_path):
        message = f"{include_path.name} is out of date: {catalog.source.path.name} now renders differently"
        yield _at(
            include_path, "stale-include", message, f"run: {command_line('render', catalog.source.path, include_path)}"
        )


def _wiring(rules: makefile.Makefile, include_path: Path, catalog: Catalog) -> Iterator[Problem]:
    folder = include_path.resolve().parent
    for path in wiring.makefiles_aside(folder):
        message = "this is your makefile: check --run was killed before it could put it back"
        yield _at(path, "left-aside", message, f"run: mv {path.name} {path.stem}")
    first = database.first_in(folder)
    if first is None:
        hint = "run this with --output, the path of the include that your Makefile reads"
        yield _at(folder, "no-makefile", "there is no Makefile here", hint)
        return
    for name in rules.files:
        if Path(name).name == include_path.name and Path(name) != Path(include_path.name):
            message = f"it includes {name}, which works only when make runs in {Path(name).parent}"
            hint = "remove that include, and list its targets in this folder's catalog"
            yield _at(folder / first, "foreign-include", message, hint)
    text = (folder / first).read_text(encoding="utf-8", errors="replace")
    if include_path.name not in rules.files:
        message = f"it does not include {include_path.name}"
        hint = f"make this its first line: include {include_path.name}"
        yield _at(folder / first, "missing-include", message, hint)
    elif line := wiring.line_that_exports_above(text, include_path.name):
        message = "something above the include may export a variable, which make 4.4 and newer would expand once more"
        hint = f"make this its first line: include {include_path.name}"
        yield _at(folder / first, "include-not-first", message, hint, Position(line, 1))
    if line := wiring.guard(text):
        message = "this guard of an earlier version is no longer needed"
        hint = "remove it and its endif; in a GNUmakefile that only wires, include it in the Makefile instead"
        yield _at(folder / first, "old-guard", message, hint, Position(line, 1), "warning")
    if (folder / ".instrumented").is_dir():
        message = "this folder of an earlier version is no longer needed"
        yield _at(folder / ".instrumented", "old-folder", message, "run: git rm -r .instrumented", severity="warning")
    if catalog.default_goal not in (None, rules.default_goal):
        message = f"plain 'make' makes {rules.default_goal or 'nothing'}, not {catalog.default_goal!r}"
        position = catalog.source.position(("default_goal",))
        yield _at(catalog.source.path, "default-goal", message, "correct default_goal, or remove it", position)


def _check_ignored(catalog: Catalog, include_path: Path) -> Iterator[Problem]:
    folder = include_path.resolve().parent
    paths = [include_path, catalog.source.path, folder / (database.first_in(folder) or "Makefile")]
    for name in repository.ignored(folder, [name_from(folder / "x", path) for path in paths]):
        message = "git ignores it, so your teammates do not get it"
        yield _at(folder / name, "git-ignored", message, repository.to_commit(folder, name), severity="warning")


def _check_clashes(catalog: Catalog, rules: makefile.Makefile) -> Iterator[Problem]:
    """Rules of the project that have the name of one of the include's own commands."""
    for command in COMMANDS:
        rule = rules.rules.get(f"{catalog.prefix}-{command}")
        if rule is not None:
            message = f"the project has a rule for {rule.name}, which is one of the include's commands"
            hint = "give the include's commands another name in the catalog: 'prefix: usage'"
            yield _at(rule.file, "prefix-clash", message, hint, Position(rule.line, 1))


def _caught(catalog: Catalog, include_path: Path, rules: makefile.Makefile) -> Iterator[Problem]:
    """A rule for whatever is in the folder, which make would follow to remake the include."""
    for rule in rules.caught(include_path.name, catalog.source.path.name):
        message = f"its rule makes {rule.name}, as every file here"
        hint = f"leave {rule.name} out of its names"
        yield _at(rules.folder / rule.file, "caught-file", message, hint, Position(rule.line or 1, 1))


def _targets(catalog: Catalog, rules: makefile.Makefile) -> Iterator[Problem]:
    patterns = [target.name for target in catalog.targets if "%" in target.name]
    path, needed = catalog.source.path, rules.needed()

    def position(where: Where) -> Position | None:
        return catalog.source.position(where)

    for index, target in enumerate(catalog.targets):
        place = position(("targets", index, "name"))
        if "%" in target.name:
            if not rules.has(target.name):
                hint = "remove it, or add the rule to the Makefile"
                yield _at(path, "no-rule", f"no rule makes a target like {target.name!r}", hint, place)
            for wider in patterns:
                if wider != target.name and matches(wider, target.name) and _hidden(rules, target.name, wider):
                    message = (
                        f"the rule for {wider!r} hides the one for {target.name!r}: make 3.81 uses the first match"
                    )
                    hint = f"put the rule for {target.name!r} above it in the Makefile"
                    yield _at(path, "shadowed-pattern", message, hint, place, "warning")
        elif not rules.makes(target.name):
            hint = "remove it, or add the rule to the Makefile"
            yield _at(path, "no-rule", f"no rule makes {target.name!r}", hint, place)
        elif target.name in needed and target.name in rules.rules and rules.is_file(rules.rules[target.name]):
            message = f"{target.name!r} is a file that other targets need, not a goal that people type"
            yield _at(path, "never-a-goal", message, "track the command that people type instead", place, "warning")
        for number, name in enumerate(target.commands[1:]):
            if not rules.makes(name):
                where = position(("targets", index, "stems", number))
                yield _at(
                    path, "no-rule-for-stem", f"no rule makes {name!r}", "remove the stem, or fix the rule", where
                )


def _hidden(rules: makefile.Makefile, narrow: str, wide: str) -> bool:
    """Whether the wide pattern's rule comes first (make 3.82 and later prefer the shorter stem; macOS has 3.81)."""
    order = list(rules.rules)
    return wide in order and narrow in order and order.index(wide) < order.index(narrow)
