"""What a Makefile can make, as make itself reports it (``make -p``), and the help texts in it."""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from generator import database
from generator.target_names import fault_of_target, matches
from instrumented_make.errors import UserError
from instrumented_make.text import is_printable

# The length of a help text in the catalog.
MAX_TEXT = 500
# Suffixes that mark names as files, whatever makes them.
FILE_SUFFIX = re.compile(
    r"\.(o|lo|a|la|so|d|c|cc|cpp|h|hpp|y|l|s|in|am|go|rs|py|js|ts|css|txt|html|md|rst|json|ya?ml|toml|lock|mk|pem|key|"
    r"crt|gz|xz|zip|tar|whl|deb|rpm|exe|bin|elf|hex|img|iso|pdf|png|svg|tex|csv|sql|log|stamp)$"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A target or, with a ``%`` in its name, a pattern.

    ``file`` and ``line`` are the place of its ``recipe``; without one, the place of a rule for it, if any.
    """

    name: str
    phony: bool = False
    prerequisites: tuple[str, ...] = ()
    recipe: str = ""
    file: str = ""
    line: int = 0
    help: str = ""


@dataclass(frozen=True, slots=True)
class Makefile:
    """All rules of the makefiles in ``folder``, in the order in which they appear."""

    folder: Path = field(default_factory=Path)
    rules: dict[str, Rule] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    default_goal: str = ""
    # Whether .DEFAULT has a recipe.
    has_default: bool = False

    @property
    def makes_anything(self) -> bool:
        """Whether there is a catch-all rule: ``%:`` or ``.DEFAULT``."""
        return self.has_default or ("%" in self.rules and bool(self.rules["%"].recipe))

    def makes(self, name: str) -> bool:
        """Whether a rule makes ``name``: its own rule, a pattern or a catch-all."""
        patterns = (pattern for pattern in self.rules if "%" in pattern)
        return self.has_default or name in self.rules or any(matches(pattern, name) for pattern in patterns)

    def has(self, name: str) -> bool:
        """Whether a rule makes ``name`` or, if that is a pattern, anything that matches it."""
        return self.makes_anything or self.makes(name) or any(matches(name, rule) for rule in self.rules)

    def caught(self, *names: str) -> list[Rule]:
        """The rules for those ``names`` of files, which a rule for whatever is in the folder has."""
        rules = [self.rules[name] for name in names if name in self.rules]
        return [rule for rule in rules if rule.recipe or rule.phony]

    def needed(self) -> set[str]:
        """Everything that is a prerequisite of something."""
        return {name for rule in self.rules.values() for name in rule.prerequisites}

    def is_file(self, rule: Rule) -> bool:
        """Whether the target of ``rule`` is a file: there is a recipe, and the recipe writes it or the file exists."""
        return not rule.phony and bool(rule.recipe) and (writes(rule.recipe, rule.name) or self.is_there(rule.name))

    def is_there(self, name: str) -> bool:
        """Whether ``name`` is a file in the folder."""
        return (self.folder / name).is_file()


def writes(recipe: str, name: str) -> bool:
    """Whether ``recipe`` writes its target ``name``, as in ``cc -o $@`` and ``cp x $@``."""
    target = rf"""["']?(?:\$[({{]?@[)}}]?|{re.escape(name)})["']?(?=\s|$|;)"""
    written = rf"(?:-o|>|\btouch|\bmkdir(?: -p)?|\btee)\s*{target}|\b(?:cp|mv|ln|install)\b[^;&|\n]*\s{target}\s*$"
    return re.search(written, recipe, re.M) is not None


def read(folder: Path, include: str = database.INCLUDE, goals: Sequence[str] = ()) -> Makefile:
    """Ask make for the rules in ``folder``, except those of the rendered ``include``; without a makefile, none.

    A makefile may make rules from the ``goals`` that somebody asks for. None of them is made.

    Raise UserError if make cannot read the makefiles there.
    """
    if database.first_in(folder) is None:
        return Makefile(folder)
    return _parse(folder, database.read(folder, goals), include)


def read_for(folder: Path, names: Iterable[str], include: str = database.INCLUDE) -> Makefile:
    """As :func:`read`, and for those ``names`` that nothing makes with them as the goals. Raise UserError."""
    rules = read(folder, include)
    missing = [name for name in names if not rules.has(name) and not fault_of_target(name)]
    if not missing:
        return rules
    try:
        asked = read(folder, include, missing)
    except UserError:  # it refuses goals that it does not know
        return rules
    return replace(rules, rules={**asked.rules, **rules.rules}, has_default=rules.has_default or asked.has_default)


def _parse(folder: Path, answer: database.Database, include: str) -> Makefile:
    default = re.search(r"^\.DEFAULT_GOAL := (\S+)", answer.text, re.M)
    _, _, rest = answer.text.partition("\n# Implicit Rules\n")
    implicit, _, explicit = rest.partition("\n# Files\n")
    # make lists the phony targets later.
    phony = {name for names in re.findall(r"^\.PHONY:(.*)$", explicit, re.M) for name in names.split()}
    rules, files = [], []
    for in_files, section in ((False, implicit), (True, explicit)):
        for block in section.split("\n\n"):
            lines = block.strip("\n").split("\n")
            # Target-specific variables come above the rule.
            heads = [re.match(r"([^\s#:=][^:=]*?) *::?(?: ([^=]*))?$", line) for line in lines]
            head = next((match for match in heads if match), None)
            if head is None:
                continue
            if lines[0] == "# Not a target:":
                files.append(head[1])
                continue
            # make 3.81 says "commands", and quotes otherwise.
            origin = re.search(r"^#  (?:recipe|commands) to execute \(from [`'](.+)', line (\d+)\):", block, re.M)
            if origin and origin[1] == head[1]:
                files.append(head[1])  # a makefile that protects itself with its own rule
                continue
            recipe = "\n".join(line.strip() for line in lines if line.startswith("\t"))
            prerequisites = tuple(name for name in (head[2] or "").split() if name != "|")
            for name in head[1].split():
                # A pattern among the files is only mentioned there, by .PHONY for example.
                if name.startswith(".") or (in_files and "%" in name):
                    continue
                file, line = (origin[1], int(origin[2])) if origin else ("", 0)
                rules.append(Rule(name, name in phony, prerequisites, recipe or ("@" if origin else ""), file, line))
    listed = re.search(r"^MAKEFILE_LIST := (.*)$", answer.text, re.M)
    names = [*(listed[1].split() if listed else ()), *(rule.file for rule in rules)]
    read_files = [
        name for name in dict.fromkeys(names) if name and Path(name) != answer.stop and Path(name).name != include
    ]
    order = {name: number for number, name in enumerate(read_files)}
    written = _heads(folder, read_files)
    by_name = _by_name(written)
    placed = [_describe(rule, written, by_name) for rule in rules if Path(rule.file).name != include]
    placed.sort(key=lambda rule: (order.get(rule.file, len(order)), rule.line, rule.name))
    made_by_hand = tuple(name for name in files if (folder / name).is_file() and Path(name) != answer.stop)
    return Makefile(
        folder,
        {rule.name: rule for rule in placed},
        made_by_hand,
        default[1] if default else "",
        has_default=re.search(r"^\.DEFAULT:[^\n]*\n(?:#[^\n]*\n)*#  (?:recipe|commands) to", explicit, re.M)
        is not None,
    )


def _one_line(text: str) -> str:
    """A help text as a catalog can hold it: without colours and other control characters."""
    text = re.sub(r"(?:\x1b|\\033|\\x1b|\\e)\[[0-9;]*[A-Za-z]", "", text)
    plain = "".join(character for character in text if is_printable(character))
    return " ".join(plain.strip("# ").split())[:MAX_TEXT]


@dataclass(frozen=True, slots=True)
class _Head:
    """The line of a makefile that begins a rule for ``names``, as written, and the help text there."""

    names: tuple[str, ...]
    line: int
    help: str


# A line that begins a rule, not an assignment; a variable reference may contain the characters that end a name.
_HEAD = re.compile(
    r"""((?:\$[({][^)}]*[)}]|[^\s\#:=$])(?:\$[({][^)}]*[)}]|[^:=$])*?)\s*::?(?![:=])  # the names
    (?:.*?\#\#\s*(\S.*))?  # the help text""",
    re.X,
)


def _heads(folder: Path, files: list[str]) -> dict[str, list[_Head]]:
    """The heads of rules in each file, with the two usual forms of help: ``target: ## text``, or ``## text`` above."""
    heads: dict[str, list[_Head]] = {}
    for file in files:
        try:
            lines = (folder / file).read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            continue
        heads[file] = []
        for number, line in enumerate(lines, start=1):
            rule = _HEAD.match(line)
            if rule is None:
                continue
            names = rule[1].split()
            if names == [".PHONY"]:
                names = line.partition("##")[0].partition(":")[2].split() if rule[2] else []
            text = _one_line(rule[2] or _above(lines, number - 1))
            heads[file].append(_Head(tuple(names), number, text))
    return heads


def _above(lines: list[str], index: int) -> str:
    """The single ``##`` line above a rule, or above its ``.PHONY``; several such lines are prose."""
    index -= 1
    if index >= 0 and lines[index].startswith(".PHONY"):
        index -= 1
    if index < 0 or not lines[index].startswith("##") or (index and lines[index - 1].startswith("##")):
        return ""
    return lines[index]


def _by_name(heads: dict[str, list[_Head]]) -> dict[str, Rule]:
    """For each name in a head: where its first head is, and its first help text."""
    rules_of: dict[str, Rule] = {}
    for file, in_file in heads.items():
        for head in in_file:
            for name in head.names:
                first = rules_of.setdefault(name, Rule(name, file=file, line=head.line))
                if head.help and not first.help:
                    rules_of[name] = replace(first, help=head.help)
    return rules_of


def _describe(rule: Rule, heads: dict[str, list[_Head]], by_name: dict[str, Rule]) -> Rule:
    """``rule`` with its help text, and, if it has no recipe, with the place of the first rule for it."""
    written = by_name.get(rule.name)
    if written is not None:
        file, line = (rule.file, rule.line) if rule.line else (written.file, written.line)
        return replace(rule, file=file, line=line, help=written.help)
    # Its name comes from a variable: its help text is where its recipe is.
    in_file = heads.get(rule.file, [])
    above = in_file[bisect.bisect_right(in_file, rule.line, key=lambda head: head.line) - 1 :][:1] if in_file else []
    texts = [head.help for head in above if head.line <= rule.line and any("$" in name for name in head.names)]
    return replace(rule, help="".join(texts))
