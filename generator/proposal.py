"""Which targets are worth measuring: those that people type, not files or helpers, to judge by their rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
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
# What people type, but hardly wait for.
_SELDOM = frozenset({"help", "clean"})
# What people work in: a terminal in a container, a shell, logs that go on. Without a terminal (-T) nobody does, nor in
# a shell that is given its command.
_WORKED_IN = re.compile(r"(^|[.\-_/:])(shell|attach|dbshell|console)([./:]|$)")
_KEEPS = re.compile(
    r"(\s-(it|ti)\s|\b(docker|docker-compose|compose|podman|kubectl|oc)\b.*\s"
    r"(exec\b(?!.*\s(-T|\w*sh -\w*c)\b)|attach\b)|\blogs\b.*\s(-f|--follow)\b)"
)
# A pattern's % stands for what follows one of these.
_SEPARATORS = ".-_:+@"
# This many targets with one recipe are an expanded pattern.
_EXPANDED = 3


@dataclass(frozen=True, slots=True)
class Proposed:
    """An entry of a first catalog: a target, or a pattern and the ``stems`` that are reported by name.

    ``interactive``: it looks as if people work in it.
    """

    name: str
    help: str = ""
    stems: tuple[str, ...] = ()
    interactive: bool = False


def proposed(rules: Makefile, typed: Mapping[str, int] | None = None) -> list[Proposed]:
    """What to measure, best first: what is ``typed`` most in the project's own text, by how often; then documented or
    ``.PHONY`` targets, then the rest, each in the makefiles' order. What people seldom wait for comes after these.

    Targets that were expanded from a pattern, by a list or by ``$(foreach)``, are proposed as the pattern.
    """  # noqa: D205  (it is one sentence)
    typed = typed or {}
    needed = rules.needed()
    commands = [
        rule
        for rule in rules.rules.values()
        if _is_command(rules, rule, typed) and not (rule.name in needed and rules.is_file(rule))
    ]
    if rules.makes_anything:
        commands += [Rule(name, recipe="@") for name in typed if name not in rules.rules and not fault_of_target(name)]
    listed = _lists(commands)
    commands = [rule for rule in commands if rule.name in typed or rule.name not in listed]
    often = {rule.name: _times(rules, rule, typed) for rule in commands}
    commands.sort(key=lambda rule: (rule.name in _SELDOM, -often[rule.name], not (rule.phony or rule.help)))
    return _fold(commands, [name for name in typed if name not in rules.rules and not rules.makes_anything])


def _times(rules: Makefile, rule: Rule, typed: Mapping[str, int]) -> int:
    """How often a target is typed or, for a pattern, anything that only it makes."""
    if "%" not in rule.name:
        return typed.get(rule.name, 0)
    return sum(
        times for name, times in typed.items() if name not in rules.rules and name != "%" and matches(rule.name, name)
    )


def first_of(entries: list[Proposed]) -> list[Proposed]:
    """The first ``entries``, as many as a person would review."""
    return entries if len(entries) <= MAX_TARGETS + _A_FEW else entries[:MAX_TARGETS]


def _is_command(rules: Makefile, rule: Rule, typed: Mapping[str, int]) -> bool:
    if rule.name in typed and not fault_of_target(rule.name) and (rule.recipe or rule.prerequisites):
        return True
    if not rule.help and (rules.folder / rule.name).exists():
        return False  # a file or a folder, though it may be called phony
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


def _lists(commands: list[Rule]) -> set[str]:
    """The targets of rules for many without a name in common and without help: helpers of a list."""
    shared = [rule for rule in commands if rule.line and rule.recipe and "%" not in rule.name and not rule.help]
    listed: set[str] = set()
    for _, group in groupby(sorted(shared, key=_place), key=_place):
        names = [rule.name for rule in group]
        if len(names) >= _EXPANDED and _common(names) is None:
            listed.update(names)
    return listed


def _is_interactive(rule: Rule) -> bool:
    return _WORKED_IN.search(rule.name) is not None or _KEEPS.search(rule.recipe) is not None


def _fold(commands: list[Rule], typed: list[str]) -> list[Proposed]:
    """Each command, or the pattern that it belongs to, in the place of the pattern's first command.

    ``typed``: names without a rule of their own; a pattern's are among its stems.
    """
    stems = _typed_stems([rule.name for rule in commands if "%" in rule.name], typed)
    patterns = {
        rule.name: Proposed(rule.name, rule.help, stems.get(rule.name, ()), _is_interactive(rule))
        for rule in commands
        if "%" in rule.name
    }
    of_recipe = {**_patterns_of_prerequisites(commands), **_patterns_of_recipes(commands)}
    entries: dict[str, Proposed] = {}
    for rule in commands:
        pattern = of_recipe.get(rule.name) or _pattern_behind(rule, list(patterns))
        if pattern is None:
            alone = patterns.get(rule.name) or Proposed(rule.name, rule.help, interactive=_is_interactive(rule))
            entries.setdefault(rule.name, alone)
            continue
        known = entries.get(pattern) or patterns.get(pattern)
        entry = known or Proposed(pattern, rule.help, interactive=_is_interactive(rule))
        before, _, after = pattern.partition("%")
        stem = rule.name[len(before) : len(rule.name) - len(after)]
        if fault_of_stem(stem) is None and stem not in entry.stems and len(entry.stems) < MAX_STEMS:
            entry = replace(entry, stems=(*entry.stems, stem))
        entries[pattern] = entry
    return list(entries.values())


def _typed_stems(patterns: list[str], typed: list[str]) -> dict[str, tuple[str, ...]]:
    """For each of the ``patterns`` the stems of the names that it makes, which are those that no narrower one does."""
    stems: dict[str, tuple[str, ...]] = {}
    for name in typed:
        fits = [pattern for pattern in patterns if matches(pattern, name)]
        pattern = max(fits, key=len, default="")
        before, _, after = pattern.partition("%")
        stem = name[len(before) : len(name) - len(after)]
        known = stems.get(pattern, ())
        if pattern and "%" not in stem and fault_of_stem(stem) is None and len(known) < MAX_STEMS:
            stems[pattern] = (*known, stem)
    return stems


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
