"""What people agreed to, and so what may be kept: the catalog's event, the commands it names, its properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from instrumented_make.properties import PROPERTIES, USER_ID, Property, properties_of
from instrumented_make.report.options import Targets

# More goals than this on one command line are not recorded (the include's section 3).
MOST_GOALS = 32
# What is kept of an event, named as in Segment's warehouses, in this order. Times are microseconds since 1970.
COLUMNS = ("id", USER_ID.name, "event", "received_at", *(declared.name for declared in PROPERTIES))


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a catalog says of its event and of who may send it.

    ``commands``: those of all targets, a pattern's own name and its stems'. ``optional``: the names of the optional
    properties that the catalog asks for. ``targets``: what a report needs to know of them.
    ``types``: those of targets' commands that differ from ``command_type``. ``others``: what is measured beside make,
    with its type.
    """

    project: str
    event: str
    command_type: str
    write_key: str
    commands: frozenset[str]
    optional: tuple[str, ...]
    targets: Targets
    types: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def properties(self) -> tuple[Property, ...]:
        """The properties of an event, in the order they are declared."""
        return properties_of(self.optional)

    def names(self, command: str) -> bool:
        """Whether ``command`` is what the include calls a command line: the catalog's names with blanks between."""
        goals = command.split(" ", MOST_GOALS)
        return command in self.others or (len(goals) <= MOST_GOALS and self.commands.issuperset(goals))

    def type_of(self, command: str) -> str:
        """The type of a ``command`` that it names: the goals', if they have the same."""
        if command in self.others:
            return self.others[command]
        types = {self.types.get(goal, self.command_type) for goal in command.split(" ")}
        return types.pop() if len(types) == 1 else self.command_type
