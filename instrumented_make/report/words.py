"""Counts, lists and dates as sentences write them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone

from instrumented_make.stats import DAY_S, monday


def counted(number: int, one: str, many: str = "") -> str:
    """A number of things: ``1 command``, ``2 commands``."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def listed(names: Sequence[str]) -> str:
    """Names as a list in a sentence."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def date(day: int) -> str:
    """The date of a day, counted from 1970-01-01, as ISO 8601."""
    return datetime.fromtimestamp(day * DAY_S, timezone.utc).date().isoformat()


def week_of(number: int) -> str:
    """How a sentence names a week."""
    return f"the week of {monday(number)}"
