"""What a catalog knows about the commands in a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Targets:
    """``helps``: what each command does. ``interactive``: those that people work inside, so nobody waits for them."""

    helps: Mapping[str, str] = field(default_factory=dict)
    interactive: frozenset[str] = frozenset()
