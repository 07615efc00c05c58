"""The data dictionary: every property that an event can hold.

The first eight are the specification's, in its order (``Devstack Metrics``, "Event properties");
the others are its "future possibilities", collected only where a catalog asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One property: its JSON ``type``, what it means to the person it is about, and a true-to-life ``example``."""

    name: str
    type: str
    meaning: str
    question: str
    example: str | int | bool | None


SPECIFIED = (
    Field(
        "command",
        "string",
        "the make targets that you asked for, if the catalog names them; never arguments",
        "Which targets are used most often?",
        "dev.pull",
    ),
    Field("command_type", "string", "the kind of command", "Which kind of command was it?", "make"),
    Field(
        "duration_ms",
        "integer",
        "how long the command took, in milliseconds",
        "Which commands take up the most of people's time?",
        8421,
    ),
    Field(
        "exit_status",
        "integer",
        "0 if it succeeded, 2 if it failed, or minus the signal that ended it (-2 for Ctrl-C)",
        "Which commands fail or are killed?",
        0,
    ),
    Field(
        "git_checked_out_master",
        "boolean",
        "whether the repository's main branch was checked out",
        "Was this the state that everyone shares?",
        True,
    ),
    Field(
        "git_commit_time",
        "string",
        "the time of the commit that was checked out",
        "Did behaviour change as a result of a change to the repository?",
        "2021-05-17T15:02:10-04:00",
    ),
    Field("is_test", "string", "'false', or a word that marks data made by tests", "Is this real use?", "false"),
    Field(
        "start_time",
        "string",
        "when the command started, in UTC",
        "Did behaviour change over time?",
        "2021-05-17T19:44:09.105052+00:00",
    ),
)

OPTIONAL = {
    field.name: field
    for field in (
        Field(
            "operating_system",
            "string",
            "the kind and release of your operating system",
            "Do commands fail or take long on one system only?",
            "Linux 6.1",
        ),
        Field(
            "hardware",
            "string",
            "the kind of processor and the number of its cores",
            "Is a command slow for want of cores?",
            "x86_64, 8 cores",
        ),
        Field(
            "git_dirty",
            "boolean",
            "whether tracked files held changes that were not committed",
            "Was the code that ran the code of the commit?",
            False,
        ),
    )
}


def collected(optional: tuple[str, ...]) -> tuple[Field, ...]:
    """The properties of an event when a catalog asks for the ``optional`` ones, in the order they are shown."""
    return SPECIFIED + tuple(field for name, field in OPTIONAL.items() if name in optional)
