"""Defines which characters are safe to show: names and texts come from files that anyone may have written."""

from __future__ import annotations

import unicodedata

# Control characters act on a terminal; most format characters are invisible or reverse the text direction;
# surrogates and private-use characters have no agreed meaning; U+2028 and U+2029 end a line.
# Unassigned characters (Cn) are shown: a newer Unicode may have assigned them.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Format characters that scripts and emoji are written with: the two joiners.
_JOINERS = frozenset("\u200c\u200d")


def is_printable(character: str) -> bool:
    """Whether ``character`` can be shown as it is."""
    return character in _JOINERS or unicodedata.category(character) not in _UNPRINTABLE


def printable(text: str, keep: str = "") -> str:
    """``text`` with U+FFFD in place of each character that cannot be shown, except those in ``keep``."""
    return "".join(
        character if character in keep or is_printable(character) else "\N{REPLACEMENT CHARACTER}" for character in text
    )
