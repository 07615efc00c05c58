"""Which names GNU make accepts as a target."""

from __future__ import annotations

from instrumented_make.text import is_printable

# Characters with a special meaning in make's rule syntax, its globbing, its archive members or a shell.
# A name with one could be quoted in places, but not in every make since 3.81, so it is refused instead.
SPECIAL = frozenset(":#$=;|\\*?[]~&<>(){}'\"`,!")
# The makefiles that make looks for by default, in this order.
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")


def fault_of_target(name: str) -> str | None:
    """What is wrong with ``name`` as a tracked target, or None when make can name it."""
    if name.startswith("."):
        return "a leading dot makes it one of make's special targets"
    if name in MAKEFILES:
        return "it is a makefile, which make reads rather than makes"
    if name.startswith("-"):
        return "make would take a leading '-' for an option"
    if name.count("%") > 1:
        return "a pattern can have only one '%'"
    return _fault_of_characters(name)


def fault_of_stem(stem: str) -> str | None:
    """What is wrong with ``stem`` as the text that a pattern's ``%`` stands for, or None."""
    return "a stem replaces the '%', so it cannot contain one" if "%" in stem else _fault_of_characters(stem)


def _fault_of_characters(name: str) -> str | None:
    if not name:
        return "it is empty"
    for character in name:
        if character.isspace():
            return "make splits names at white space"
        if not is_printable(character):
            return f"it contains the control character U+{ord(character):04X}"
        if character in SPECIAL:
            return f"{character!r} has a special meaning in make or a shell"
    return None


def matches(pattern: str, name: str) -> bool:
    """Whether make's ``pattern`` matches ``name``: the ``%`` stands for at least one character."""
    before, percent, after = pattern.partition("%")
    return bool(percent) and len(name) > len(before) + len(after) and name.startswith(before) and name.endswith(after)
