"""What the rendered include tells the reporter: the contract between build time and run time.

It travels as JSON inside makefile variables and, from there, inside single quotes in a shell. Includes and reporters
of one major version are compatible: keys may be added, and the reporter ignores keys that it does not know.
"""

from __future__ import annotations

from generator.catalog import Catalog
from instrumented_make.properties import collected


def collection(catalog: Catalog) -> dict[str, object]:
    """What determines an event's content and destination; consent covers exactly this."""
    return {
        "event": catalog.event,
        "command_type": catalog.command_type,
        "main_branch": catalog.main_branch,
        "host": catalog.segment.host,
        "write_key": catalog.segment.write_key,
        "fields": [declared.name for declared in collected(catalog.fields)],
    }


def question(catalog: Catalog) -> dict[str, object]:
    """The wording of the consent question; it can be corrected without asking anyone again."""
    return {
        "project": catalog.project,
        "who": catalog.consent.who,
        "why": catalog.consent.why,
        "link": catalog.consent.link,
    }
