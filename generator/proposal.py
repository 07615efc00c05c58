"""Which targets are worth measuring: those that people type, not files or helpers, to judge by their rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby

from generator.makefile import FILE_SUFFIX, Makefile, Rule
from generator.target_names import fault_of_stem, fault_of_target, matches

# Nobody reviews more than this; a command shows the rest.
MAX_TARGETS = 40
# This few more are not worth another command.
_A_FEW = 5
MAX_STEMS = 40
# Names that mark targets as not meant to be typed.
_HELPER = re.compile(r"_|impl-|/|(force|phony|always|dummy)$", re.I)
_BUILT_IN = re.compile(r"\.(o|c|cc|cpp|f|p|s|S|y|l)$")
# A pattern's % stands for what follows one of these.
_SEPARATORS = ".-_:+@"
# This many targets with one recipe are an expanded pattern.
_EXPANDED = 3


@dataclass(frozen=True, slots=True)
class Proposed:
    """An entry of a first catalog: a target, or a pattern and the ``stems`` that are reported by name."""

    name: str
    help: str = ""
    stems: tuple[str, ...] = ()


def proposed(rules: Makefile) -> list[Proposed]:
    """What to measure, best first: documented or ``.PHONY`` targets, then the rest, each in the makefiles' order.

    Targets that were expanded from a pattern, by a list or by ``$(foreach)``, are proposed as the pattern.
    """
    commands = [rule for rule in rules.rules.values() if _is_command(rules, rule)]
    commands.sort(key=lambda rule: not (rule.phony or rule.help))
    return _fold(commands)


def first_of(entries: list[Proposed]) -> list[Proposed]:
    """The first ``entries``, as many as a person would review."""
    return entries if len(entries) <= MAX_TARGETS + _A_FEW else entries[:MAX_TARGETS]


def _is_command(rules: Makefile, rule: Rule) -> bool:
    if fault_of_target(rule.name) or rule.name in rules.files or _HELPER.match(rule.name):
        return False
    if rule.name == "%" or ("%" in rule.name and not rule.recipe):
        return False  # it is a catch-all, or cancels one of make's built-in rules
    if not (rule.recipe or rule.prerequisites):
        # It does nothing by itself: a marker like FORCE, or a name that only .PHONY mentions.
        return any("%" in name and matches(name, rule.name) for name in rules.rules)
    if rule.help:
        return True
    if rule.name.startswith("%") or re.search(r"/.*\.\w+$", rule.name):
        return False
    return rule.phony or not _is_file(rules, rule)


def _is_file(rules: Makefile, rule: Rule) -> bool:
    built_in = not rule.recipe and any(map(_BUILT_IN.search, rule.prerequisites))
    in_folder = "/" in rule.name and "%" not in rule.name
    return in_folder or FILE_SUFFIX.search(rule.name) is not None or rules.is_file(rule) or built_in


def _fold(commands: list[Rule]) -> list[Proposed]:
    """Each command, or the pattern that it belongs to, in the place of the pattern's first command."""
    patterns = {rule.name: Proposed(rule.name, rule.help) for rule in commands if "%" in rule.name}
    of_recipe = {**_patterns_of_prerequisites(commands), **_patterns_of_recipes(commands)}
    entries: dict[str, Proposed] = {}
    for rule in commands:
        pattern = of_recipe.get(rule.name) or _pattern_behind(rule, list(patterns))
        if pattern is None:
            entries.setdefault(rule.name, patterns.get(rule.name, Proposed(rule.name, rule.help)))
            continue
        entry = entries.get(pattern) or patterns.get(pattern) or Proposed(pattern, rule.help)
        before, _, after = pattern.partition("%")
        stem = rule.name[len(before) : len(rule.name) - len(after)]
        if fault_of_stem(stem) is None and len(entry.stems) < MAX_STEMS:
            entry = replace(entry, stems=(*entry.stems, stem))
        entries[pattern] = entry
    return list(entries.values())


def _pattern_behind(rule: Rule, patterns: list[str]) -> str | None:
    """The pattern whose recipe makes ``rule``, which has none of its own."""
    if rule.recipe or rule.help or "%" in rule.name:
        return None
    fits = [pattern for pattern in patterns if matches(pattern, rule.name)]
    return max(fits, key=len, default=None)


def _patterns_of_recipes(commands: list[Rule]) -> dict[str, str]:
    """For each target that shares its recipe with others, the pattern that they have in common."""
    shared = [rule for rule in commands if rule.line and rule.recipe and "%" not in rule.name]
    patterns = {}
    for _, group in groupby(sorted(shared, key=_place), key=_place):
        names = [rule.name for rule in group]
        pattern = _common(names) if len(names) >= _EXPANDED else None
        if pattern and fault_of_target(pattern) is None:
            patterns.update(dict.fromkeys(names, pattern))
    return patterns


def _patterns_of_prerequisites(commands: list[Rule]) -> dict[str, str]:
    """For each target that only needs another of the same stem (``lms-pull: dev.pull.lms``), the pattern of both."""
    groups: dict[tuple[str, str], list[str]] = {}
    for rule in commands:
        needs_one = len(rule.prerequisites) == 1 and not _HELPER.match(rule.prerequisites[0])
        if needs_one and not rule.recipe and not rule.help and "%" not in rule.name:
            for pattern, stem in _stems(rule.name):
                if stem in rule.prerequisites[0]:
                    groups.setdefault((pattern, rule.prerequisites[0].replace(stem, "%")), []).append(rule.name)
    patterns: dict[str, str] = {}
    for (pattern, _), names in sorted(groups.items(), key=lambda group: len(group[1])):
        if len(names) >= _EXPANDED:
            patterns.update(dict.fromkeys(names, pattern))
    return patterns


def _stems(name: str) -> list[tuple[str, str]]:
    """Each way to read ``name`` as a pattern: with the stem before one of its separators, or after it."""
    places = [at for at, character in enumerate(name) if character in _SEPARATORS and 0 < at < len(name) - 1]
    before = [(f"%{name[at:]}", name[:at]) for at in places]
    return before + [(f"{name[: at + 1]}%", name[at + 1 :]) for at in places]


def _place(rule: Rule) -> tuple[str, int]:
    return rule.file, rule.line


def _common(names: list[str]) -> str | None:
    before = _common_part(names)
    after = _common_part([name[len(before) :][::-1] for name in names])[::-1]
    pattern = f"{before}%{after}"
    return pattern if pattern != "%" and all(matches(pattern, name) for name in names) else None


def _common_part(names: list[str]) -> str:
    """The longest common prefix of all ``names`` that ends in a separator."""
    beginnings = [names[0][: at + 1] for at, character in enumerate(names[0]) if character in _SEPARATORS]
    shared = [beginning for beginning in beginnings if all(name.startswith(beginning) for name in names)]
    return max(shared, key=len, default="")
