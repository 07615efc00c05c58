"""Everything that can be wrong between a catalog, its rendered include and the Makefile, found in one run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from generator import makefile, output
from generator.catalog import Catalog, load
from generator.problems import CatalogError, GeneratorError, Position
from generator.render import include_at
from generator.source import Source, Where
from generator.source import read as read_source


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: ``name`` is stable, ``severity`` is ``error`` or ``warning``, positions count from 1."""

    name: str
    severity: str
    message: str
    hint: str
    path: str
    line: int = 1
    column: int = 1

    def as_text(self) -> str:
        """For a person at a terminal."""
        where = f"{self.path}:{self.line}:{self.column}"
        return f"{where}: {self.severity}: {self.message} [{self.name}]\n  hint: {self.hint}"

    def as_github(self) -> str:
        """A workflow command, which GitHub shows beside the line."""
        text = f"{self.message} ({self.hint})".replace("%", "%25").replace("\n", "%0A")
        return f"::{self.severity} file={self.path},line={self.line},col={self.column},title={self.name}::{text}"


def check(catalog_path: Path, include_path: Path) -> list[Finding]:
    """All findings, in the order of the file; empty when everything fits together."""
    try:
        catalog = load(catalog_path)
    except CatalogError as error:
        return [
            Finding(one.name, "error", one.message, one.hint, str(catalog_path), *_place(one.position))
            for one in error.problems
        ]
    findings = list(_include(catalog, catalog_path, include_path))
    try:
        rules = makefile.read(include_path.resolve().parent)
    except GeneratorError as error:
        message, _, hint = str(error).partition("\n  hint: ")
        return [
            *findings,
            Finding("makefile", "error", message.rpartition("error: ")[2], hint, str(include_path.parent)),
        ]
    findings += _guard(rules, include_path)
    findings += _targets(catalog, rules, read_source(catalog_path))
    return findings


def as_json(findings: list[Finding]) -> str:
    """The findings as a JSON list, for other programs."""
    return json.dumps([asdict(finding) for finding in findings], indent=2)


def _place(position: Position | None) -> tuple[int, int]:
    return (position.line, position.column) if position else (1, 1)


def _include(catalog: Catalog, catalog_path: Path, include_path: Path) -> Iterator[Finding]:
    if output.current(include_path) != include_at(include_path, catalog, catalog_path):
        message = f"{include_path.name} is not what {catalog_path.name} renders to"
        yield Finding("stale-include", "error", message, "run: python -m generator render", str(include_path))


def _guard(rules: makefile.Makefile, include_path: Path) -> Iterator[Finding]:
    folder = include_path.resolve().parent
    first = next((name for name in ("GNUmakefile", "makefile", "Makefile") if (folder / name).exists()), None)
    if first is None:
        yield Finding("no-makefile", "error", "there is no Makefile here", "run it where the Makefile is", str(folder))
        return
    text = (folder / first).read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if include_path.name not in rules.files:
        message, hint = f"it does not include {include_path.name}", "run: python -m generator init, and do what it says"
        yield Finding("missing-include", "error", message, hint, str(folder / first))
    elif "ifndef INSTRUMENTED" not in lines:
        message = "the rules are not guarded, so a tracked command finds two rules for its target"
        yield Finding("missing-guard", "error", message, "put 'ifndef INSTRUMENTED' above them", str(folder / first))
    elif not lines[0].endswith(include_path.name):
        message = "something stands above the include; what is exported there is set twice for a tracked command"
        yield Finding("include-not-first", "warning", message, "make the include the first line", str(folder / first))
    if rules.default_goal.startswith("metrics-"):
        message = f"plain 'make' would make {rules.default_goal}"
        yield Finding("default-goal", "error", message, "set .DEFAULT_GOAL in your Makefile", str(folder / first))


def _targets(catalog: Catalog, rules: makefile.Makefile, source: Source) -> Iterator[Finding]:
    patterns = [target.name for target in catalog.targets if "%" in target.name]

    def at(where: Where) -> tuple[str, int, int]:
        return (str(source.path), *_place(source.position(where)))

    for index, target in enumerate(catalog.targets):
        place = at(("targets", index, "name"))
        if "%" in target.name:
            if target.name not in rules.rules and not any(makefile.matches(target.name, name) for name in rules.rules):
                hint = "remove it, or add the rule to the Makefile"
                yield Finding("no-rule", "error", f"no rule makes anything like {target.name!r}", hint, *place)
            for wider in patterns:
                if wider != target.name and makefile.matches(wider, target.name) and _hidden(rules, target.name, wider):
                    message = (
                        f"the rule for {wider!r} hides that for {target.name!r}: make 3.81 takes the first that fits"
                    )
                    hint = f"put the rule for {target.name!r} above it in the Makefile"
                    yield Finding("shadowed-pattern", "warning", message, hint, *place)
        elif not rules.makes(target.name):
            yield Finding(
                "no-rule",
                "error",
                f"no rule makes {target.name!r}",
                "remove it, or add the rule to the Makefile",
                *place,
            )
        elif rules.is_part(target.name):
            message = f"{target.name!r} is a file that others need, hardly a goal that people ask for"
            yield Finding("never-a-goal", "warning", message, "track the command that people type instead", *place)
        for number, name in enumerate(target.names[1:]):
            if not rules.makes(name):
                hint = "remove the stem, or mend the rule"
                yield Finding(
                    "no-rule-for-stem",
                    "error",
                    f"no rule makes {name!r}",
                    hint,
                    *at(("targets", index, "stems", number)),
                )


def _hidden(rules: makefile.Makefile, narrow: str, wide: str) -> bool:
    """Whether the wide pattern's rule is the first (since 3.82 make prefers the shorter stem, macOS has 3.81)."""
    order = list(rules.rules)
    return wide in order and narrow in order and order.index(wide) < order.index(narrow)
