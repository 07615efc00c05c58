"""What the repository's own text tells people to type: ``make NAME`` in its documents, scripts and CI files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from generator import repository
from generator.target_names import MAKEFILES

_SUFFIXES = frozenset({".md", ".markdown", ".rst", ".adoc", ".sh", ".bash", ".yml", ".yaml"})
_NAMES = ("readme", "contributing", "install", "hacking", "jenkinsfile")
# What people write sentences in; the rest is code.
_DOCUMENTS = frozenset({".md", ".markdown", ".rst", ".adoc", ""})
# Other people's text.
_OTHERS = frozenset({".git", "node_modules", "vendor", "third_party", "site-packages", ".venv", "venv"})
# What is larger, or beyond so many files, nobody wrote for people to read.
_MOST_BYTES, _MOST_FILES = 1024 * 1024, 5_000
_MAKE = r"(?:[A-Za-z_]\w*=\S*\s+)*make((?:[ \t]+[^\s`'\"|;&()\#\\]+)+)"
# Where a command begins in code: a line, perhaps after a prompt; code in a sentence; or after another command.
_COMMAND = re.compile(rf"(?:^[\s\-*>#$%]*|[`\"'(;&|]\s*|\b(?:run|then|else|do|sudo|time):?\s+){_MAKE}", re.M | re.I)
_QUOTED = re.compile(rf"`\s*{_MAKE}")
# Lines of a document that are code: between fences, indented, or after a prompt.
_FENCE, _CODE = re.compile(r"\s*(```|~~~)"), re.compile(r"(\s{2,}(?![-*+] )|\s*[$%>#] *)\S")
_GOAL = re.compile(r"[A-Za-z0-9_.][\w.%/@+:-]*")
# What follows "make" in sentences, and how many goals hardly anybody types at once.
_WORDS = re.compile(r"an?|and|any|as|case|it|sure|that|the|their|them|these|this|to|use|why|with|yet|your", re.I)
_MOST_GOALS = 4
# These say that it is another makefile's; those take a number.
_ELSEWHERE = ("-C", "-f", "-I", "--directory", "--file", "--makefile")
_NUMBERED = frozenset({"-j", "-l", "--jobs", "--load-average"})


@dataclass(frozen=True, slots=True)
class Mentions:
    """How often each name is typed: surely, ``in_code``, or perhaps, in ``prose``. Neither need be a target's."""

    in_code: Counter[str] = field(default_factory=Counter)
    prose: Counter[str] = field(default_factory=Counter)

    def of(self, names: Iterable[str]) -> Counter[str]:
        """All in code, and those in prose that are among the ``names`` of targets: "make sure" names none."""
        return self.in_code + Counter({name: self.prose[name] for name in names if name in self.prose})


def mentions(folder: Path) -> Mentions:
    """What the text of ``folder`` tells people to type."""
    found = Mentions()
    for path, others in _texts(folder):
        try:
            if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for line, is_code in _lines(text, path.suffix.lower() in _DOCUMENTS):
            all_ = Counter(goal for command in _COMMAND.finditer(line) for goal in _goals(command))
            code = map(_goals, (_COMMAND if is_code else _QUOTED).finditer(line))
            sure = Counter(goal for goals in code if not _is_sentence(goals) for goal in goals)
            if others is None:
                found.in_code.update(sure)
                found.prose.update(all_ - sure)
            else:
                found.prose.update({goal: times for goal, times in all_.items() if goal not in others})
    return found


def _is_sentence(goals: list[str]) -> bool:
    """Whether these words after "make" are rather a sentence's, as in comments, release notes and indented text."""
    return len(goals) > _MOST_GOALS or any(map(_WORDS.fullmatch, goals))


def _lines(text: str, is_document: bool) -> Iterator[tuple[str, bool]]:
    """Each line of ``text``, and whether it is code, which a comment is not."""
    fenced = False
    for line in text.splitlines():
        if is_document and _FENCE.match(line):
            fenced = not fenced
        yield line, (fenced or _CODE.match(line) is not None) if is_document else not line.lstrip().startswith("#")


def _goals(command: re.Match[str]) -> list[str]:
    goals: list[str] = []
    ahead = iter(command[1].split())
    for word in ahead:
        if word.startswith(_ELSEWHERE):
            return []
        if word in _NUMBERED:
            next(ahead, None)
        elif not word.startswith("-") and "=" not in word:
            goal = word.rstrip(".,:!?]}*")
            if not _GOAL.fullmatch(goal):
                break
            goals.append(goal)
    return goals


def _texts(folder: Path) -> Iterator[tuple[Path, frozenset[str] | None]]:
    """The files of text in ``folder``, and the targets of the nearest makefile below it, if there is one."""
    names = repository.files(folder) or _walk(folder)
    nearest: dict[PurePath, frozenset[str] | None] = {PurePath(): None}

    def others(parent: PurePath) -> frozenset[str] | None:
        if parent not in nearest:
            makefiles = [folder / parent / name for name in MAKEFILES if (folder / parent / name).is_file()]
            nearest[parent] = _heads(makefiles[0]) if makefiles else others(parent.parent)
        return nearest[parent]

    count = 0
    for name in names:
        path = PurePath(name)
        if path.suffix.lower() not in _SUFFIXES and not path.name.lower().startswith(_NAMES):
            continue
        if _OTHERS & {*path.parts}:
            continue
        yield folder / path, others(path.parent)
        count += 1
        if count == _MOST_FILES:
            return


def _heads(makefile: Path) -> frozenset[str]:
    """The names with which lines of ``makefile`` begin, up to a colon: its targets, and a few more."""
    try:
        text = makefile.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    return frozenset(name for names in re.findall(r"^([\w.%/ -]+?) *::?(?!=)", text, re.M) for name in names.split())


def _walk(folder: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _OTHERS)
        yield from (os.path.relpath(os.path.join(parent, name), folder) for name in sorted(names))
