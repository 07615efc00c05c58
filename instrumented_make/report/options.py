"""What a report is asked for, besides the selection of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# What a command can get worse in: the names that --fail-on takes.
SLOWER, FAILING, INTERRUPTED = "slower", "failing", "interrupted"
# The table of the event devstack.command.run in Segment's warehouses.
TABLE = "devstack_command_run"


@dataclass(frozen=True, slots=True)
class Targets:
    """``helps``: what each command does. ``interactive``: those that people work inside, so their time is not waiting.

    ``table``: the name of the event's table in a warehouse.
    """

    helps: Mapping[str, str] = field(default_factory=dict)
    interactive: frozenset[str] = frozenset()
    table: str = TABLE


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an earlier report said: when it was ``made``, and the ``changes`` in it, as it wrote them."""

    made: str
    changes: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Options:
    """The options besides the selection.

    ``change_s``: when the change in question was committed; ``by``: the property to split by; ``debug``: show
    tracebacks.
    """

    change_s: int | None = None
    window_weeks: int = 8
    targets: Targets = field(default_factory=Targets)
    earlier: Earlier | None = None
    by: str | None = None
    debug: bool = False
