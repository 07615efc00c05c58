"""The properties of an event, each declared once.

The first eight are the specification's, in its order (``Devstack Metrics``, "Event properties"). The others are its
"future possibilities" and are collected only where a catalog asks for them. The consent question, the data
dictionary, the event, the columns of a warehouse, the catalog's JSON Schema and the README are derived from this table.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

Value = str | int | bool | None
_TYPES = {"string": str, "integer": int, "boolean": bool}

# Who may have started make, in the words of the recorder. Those beside a person:
PERSON, AUTOMATED = "person", ("agent", "program")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an event.

    ``type`` is its JSON type and ``unit`` the unit of a number or the format of a string. ``meaning`` is shown to
    the person it is about, ``question`` is what the team learns from it. ``nullable``: it is null if unknown.
    ``optional``: it is collected only if a catalog asks for it. ``words``: its only values, if they are few.
    """

    name: str
    type: Literal["string", "integer", "boolean"]
    meaning: str
    question: str
    example: Value
    unit: str = ""
    nullable: bool = False
    optional: bool = False
    words: tuple[str, ...] = ()

    def takes(self, value: object) -> bool:
        """Whether ``value`` is valid for this property."""
        if value is None:
            return self.nullable
        return type(value) is _TYPES[self.type] and (not self.words or value in self.words)


USER_ID = Property(
    "user_id",
    "string",
    "a random id: it tells that runs are yours, not who you are; deleted here when you opt out",
    "Whose workflow is it? (One person's habits are not mistaken for everybody's.)",
    "00000000-0000-4000-8000-000000000000",
    unit="UUID",
)

PROPERTIES = (
    Property(
        "command",
        "string",
        "the make targets that you asked for, if the catalog names them; never arguments",
        "Which targets are used most often?",
        "dev.pull",
    ),
    Property("command_type", "string", "the kind of command", "Which kind of command was it?", "make"),
    Property(
        "duration_ms",
        "integer",
        "how long the command took, in milliseconds, without the time that the machine slept",
        "Which commands take up the most of people's time?",
        8421,
        unit="milliseconds",
    ),
    Property(
        "exit_status",
        "integer",
        "0 if it succeeded, 2 if it failed, or minus the signal that ended it (-2 for Ctrl-C)",
        "Which commands fail or are killed?",
        0,
    ),
    Property(
        "git_checked_out_master",
        "boolean",
        "whether the repository's main branch was checked out",
        "Was this the state that everyone shares?",
        True,
        nullable=True,
    ),
    Property(
        "git_commit_time",
        "string",
        "the time of the commit that was checked out (of one that is not pushed, only you have it)",
        "Did behaviour change as a result of a change to the repository?",
        "2021-05-17T15:02:10-04:00",
        unit="ISO 8601",
        nullable=True,
    ),
    Property("is_test", "string", "'false', or a word that marks data made by tests", "Is this real use?", "false"),
    Property(
        "start_time",
        "string",
        "when the command started, in UTC",
        "Did behaviour change over time?",
        "2021-05-17T19:44:09.105052+00:00",
        unit="ISO 8601",
    ),
    Property(
        "operating_system",
        "string",
        "the kind and release of your operating system",
        "Do commands fail or take long on one system only?",
        "Linux 6.1",
        optional=True,
    ),
    Property(
        "hardware",
        "string",
        "the kind of processor and the number of its cores",
        "Is a command slow because there are too few cores?",
        "x86_64, 8 cores",
        optional=True,
    ),
    Property(
        "git_dirty",
        "boolean",
        "whether tracked files held changes that were not committed",
        "Was the code that ran the code of the commit?",
        False,
        nullable=True,
        optional=True,
    ),
    Property(
        "caller",
        "string",
        "who started make: 'agent' for a coding agent, else 'person' on a terminal, else 'program'; never which",
        "Do these figures describe people?",
        PERSON,
        nullable=True,
        optional=True,
        words=(PERSON, *AUTOMATED),
    ),
)

BY_NAME = {declared.name: declared for declared in PROPERTIES}
SPECIFIED = tuple(declared for declared in PROPERTIES if not declared.optional)
# What commands are compared by, on request.
BY = ("command_type", "operating_system", "hardware", "git_dirty")
OPTIONAL_NAMES = tuple(declared.name for declared in PROPERTIES if declared.optional)


def properties_of(optional: tuple[str, ...]) -> tuple[Property, ...]:
    """The properties of an event when a catalog asks for the ``optional`` ones, in the order they are shown."""
    return tuple(declared for declared in PROPERTIES if not declared.optional or declared.name in optional)


def example_event(event: str, shown: tuple[Property, ...], command: str = "") -> str:
    """An event named ``event`` of a ``command``, with the properties ``shown``, as indented JSON."""
    properties = {declared.name: declared.example for declared in shown}
    if command:
        properties["command"] = command
    return json.dumps({"event": event, "userId": USER_ID.example, "properties": properties}, indent=2)
