"""What a Makefile can make, as make itself tells it (``make -p``), and the help texts that stand in it.

No recipe runs. Behind the project's makefile make reads a second one that stops it by an error: every rule has been
read then, and nothing has been looked for or made, no included makefile either; and make prints its data base all the
same. So it makes no difference what a ``%:``, a ``.DEFAULT`` or a ``+`` line would do. What ``$(shell)`` runs while
makefiles are read is the project's own.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from generator.target_names import MAKEFILES, fault_of_target
from instrumented_make.errors import failure
from instrumented_make.text import is_printable

TIMEOUT_S = 60
# Of a help text, in the catalog.
MAX_TEXT = 500
INCLUDE = "Makefile.instrumented"
_STOP = ".metrics.read"
FILE_SUFFIX = re.compile(
    r"\.(o|lo|a|la|so|d|c|cc|cpp|h|hpp|y|l|s|in|am|py|txt|html|md|json|ya?ml|mk|pem|gz|xz|zip|stamp)$"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A target or, with a ``%`` in its name, a pattern; ``file`` and ``line`` tell where its recipe is, if any."""

    name: str
    phony: bool = False
    prerequisites: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    help: str = ""


@dataclass(frozen=True, slots=True)
class Makefile:
    """All rules of a folder's makefiles, in the order in which their recipes stand there."""

    rules: dict[str, Rule] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    default_goal: str = ""

    def makes(self, name: str) -> bool:
        """Whether a rule makes ``name``: one of its own, or a pattern."""
        return name in self.rules or any(matches(pattern, name) for pattern in self.rules if "%" in pattern)

    def needed(self) -> set[str]:
        """Everything that is a prerequisite of something."""
        return {name for rule in self.rules.values() for name in rule.prerequisites}

    def offered(self) -> list[Rule]:
        """The rules that a person may ask for by name, and that a catalog can name.

        Left out are files that other rules need, and patterns for kinds of files (``%.o``), unless they have a help
        text: a makefile does not say which of its targets are files, so that is judged by their names.
        """
        return [
            rule
            for rule in self.rules.values()
            if fault_of_target(rule.name) is None
            and rule.name not in self.files
            and (rule.help or not (rule.name.startswith("%") or self.is_part(rule.name)))
        ]

    def is_part(self, name: str) -> bool:
        """Whether ``name`` looks like a file that other rules need, rather than like a goal."""
        rule = self.rules.get(name)
        looks_like_a_file = "/" in name or FILE_SUFFIX.search(name) is not None
        needed = name.endswith(".mk") or name in self.needed()  # what make includes, it does not say
        return rule is not None and not rule.phony and looks_like_a_file and needed


def matches(pattern: str, name: str) -> bool:
    """Whether make's ``pattern`` matches ``name``: the ``%`` stands for at least one character."""
    before, percent, after = pattern.partition("%")
    return bool(percent) and len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)


def first_in(folder: Path) -> str | None:
    """The name of the makefile that make reads in ``folder``, if there is one."""
    return next((name for name in MAKEFILES if (folder / name).exists()), None)


def read(folder: Path, include: str = INCLUDE) -> Makefile:
    """Ask make for the rules in ``folder``, but for those of the rendered ``include``; without a makefile, none.

    Raise UserError when make cannot read the makefiles there.
    """
    first = first_in(folder)
    if first is None:
        return Makefile()
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".mk") as stop:
            stop.write(f"$(error {_STOP})\n")
            stop.flush()
            result = _asked(["make", "-pRr", "-f", first, "-f", stop.name], folder, variables)
    except OSError as error:
        raise failure(f"make cannot be started: {error.strerror}", "install GNU make") from None
    except subprocess.TimeoutExpired:
        message = f"make did not read its makefiles within {TIMEOUT_S} s"
        raise failure(message, "run make -n and see what it waits for", path=folder) from None
    faults = [line for line in result.stderr.splitlines() if "*** " in line and _STOP not in line]
    if faults or _STOP not in result.stderr or "\n# Files" not in result.stdout:
        told = "; ".join(faults) or result.stderr.strip() or "nothing"
        raise failure("make cannot read the makefiles here", f"it says: {told}", path=folder)
    return _parse(folder, result.stdout, Path(stop.name), include)


def _asked(command: list[str], folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env={**variables, "LC_ALL": "C", "DO_NOT_TRACK": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT_S,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _parse(folder: Path, database: str, stop: Path, include: str) -> Makefile:
    default = re.search(r"^\.DEFAULT_GOAL := (\S+)", database, re.M)
    _, _, rest = database.partition("\n# Implicit Rules\n")
    implicit, _, explicit = rest.partition("\n# Files\n")
    # Which are, make marks later.
    phony = {name for names in re.findall(r"^\.PHONY:(.*)$", explicit, re.M) for name in names.split()}
    rules, files = [], []
    for in_files, section in ((False, implicit), (True, explicit)):
        for block in section.split("\n\n"):
            lines = block.strip("\n").split("\n")
            # Above the rule stand the variables that are set for its target alone.
            heads = [re.match(r"([^\s#:=][^:=]*?) *::?(?: ([^=]*))?$", line) for line in lines]
            head = next((match for match in heads if match), None)
            if head is None:
                continue
            if lines[0] == "# Not a target:":
                files.append(head[1])
                continue
            # make 3.81 says "commands", and quotes otherwise.
            recipe = re.search(r"^#  (?:recipe|commands) to execute \(from [`'](.+)', line (\d+)\):", block, re.M)
            if recipe and recipe[1] == head[1]:
                files.append(head[1])  # a makefile that protects itself by a rule of its own
                continue
            prerequisites = tuple(name for name in (head[2] or "").split() if name != "|")
            for name in head[1].split():
                # A pattern among the files is only mentioned there, by .PHONY for example.
                if in_files and "%" in name:
                    continue
                rules.append(
                    Rule(
                        name, name in phony, prerequisites, recipe[1] if recipe else "", int(recipe[2]) if recipe else 0
                    )
                )
    order = {name: number for number, name in enumerate(dict.fromkeys(rule.file for rule in rules if rule.file))}
    rules.sort(key=lambda rule: (order.get(rule.file, len(order)), rule.line))
    helps = _helps(folder, sorted({rule.file for rule in rules if rule.file}))
    described = {
        rule.name: Rule(rule.name, rule.phony, rule.prerequisites, rule.file, rule.line, helps.get(rule.name, ""))
        for rule in rules
        if not rule.name.startswith(".") and Path(rule.file).name != include
    }
    made_by_hand = tuple(name for name in files if (folder / name).is_file() and Path(name) != stop)
    return Makefile(described, made_by_hand, default[1] if default else "")


def _one_line(text: str) -> str:
    """A help text as a catalog can hold it: without colours and whatever else would drive a terminal."""
    text = re.sub(r"(?:\x1b|\\033|\\x1b|\\e)\[[0-9;]*[A-Za-z]", "", text)
    shown = "".join(character for character in text if is_printable(character))
    return " ".join(shown.strip("# ").split())[:MAX_TEXT]


def _helps(folder: Path, files: list[str]) -> dict[str, str]:
    """``target: ## text`` and ``## text`` above a target: the two habits there are."""
    helps: dict[str, str] = {}
    for name in files:
        try:
            lines = (folder / name).read_text(encoding="utf-8", errors="replace").split("\n")
        except OSError:
            continue
        for above, line in zip(["", *lines], lines, strict=False):
            rule = re.match(r"([^\s#:=][^:=]*?)\s*::?(?!=)(?:.*?##\s*(\S.*))?", line)
            if rule is None:
                continue
            text = rule[2] or (above[2:] if above.startswith("##") else "")
            for target in rule[1].split():
                helps.setdefault(target, _one_line(text))
    return {name: text for name, text in helps.items() if text}
