"""What the repository's own text tells people to type: ``make NAME`` in its documents, scripts and CI files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePath

from generator import repository
from generator.target_names import MAKEFILES

_SUFFIXES = frozenset({".md", ".markdown", ".rst", ".adoc", ".sh", ".bash", ".yml", ".yaml"})
_NAMES = ("readme", "contributing", "jenkinsfile")
# Other people's text.
_OTHERS = frozenset({".git", "node_modules", "vendor", "third_party", "site-packages", ".venv", "venv"})
# What is larger, or beyond so many files, nobody wrote for people to read.
_MOST_BYTES, _MOST_FILES = 1024 * 1024, 5_000
# Where a command begins: a line, perhaps after a prompt; code in a sentence; or after another command.
_COMMAND = re.compile(
    r"""(?:^[\s\-*>#$%]*|[`"'(;&|]\s*|\b(?:run|then|else|do|sudo|time):?\s+)  # before it
    (?:[A-Za-z_]\w*=\S*\s+)*make((?:[ \t]+[^\s`'"|;&()\#\\]+)+)  # its words""",
    re.M | re.X | re.I,
)
_GOAL = re.compile(r"[A-Za-z0-9_.][\w.%/@+:-]*")
# These say that it is another makefile's; those take a number.
_ELSEWHERE = ("-C", "-f", "-I", "--directory", "--file", "--makefile")
_NUMBERED = frozenset({"-j", "-l", "--jobs", "--load-average"})


def mentions(folder: Path) -> Counter[str]:
    """How often each name is typed in the text of ``folder``, which need not be that of a target."""
    found: Counter[str] = Counter()
    for path in _texts(folder):
        try:
            if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        for command in _COMMAND.finditer(text):
            found.update(_goals(command[1].split()))
    return found


def _goals(words: list[str]) -> list[str]:
    goals: list[str] = []
    ahead = iter(words)
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


def _texts(folder: Path) -> Iterator[Path]:
    """The files of text in ``folder``, but not in one below it that has a makefile of its own."""
    names = repository.files(folder) or _walk(folder)
    own: dict[PurePath, bool] = {PurePath(): True}

    def is_ours(parent: PurePath) -> bool:
        if parent not in own:
            there = folder / parent
            own[parent] = is_ours(parent.parent) and not any((there / name).exists() for name in MAKEFILES)
        return own[parent]

    count = 0
    for name in names:
        path = PurePath(name)
        if path.suffix.lower() not in _SUFFIXES and not path.name.lower().startswith(_NAMES):
            continue
        if _OTHERS & {*path.parts} or not is_ours(path.parent):
            continue
        yield folder / path
        count += 1
        if count == _MOST_FILES:
            return


def _walk(folder: Path) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - _OTHERS)
        yield from (os.path.relpath(os.path.join(parent, name), folder) for name in sorted(names))
