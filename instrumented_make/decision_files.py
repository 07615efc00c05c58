"""The names in the folder that holds a project's decision.

Reporter and generator take them from here; Makefile.instrumented and the recorder, in other languages, write the same.
"""

from __future__ import annotations

from instrumented_make import INTERFACE

# The decision itself, and what else tells make of it.
DECISION, AGREED, DECLINED = "metrics.json", "agreed.", "declined"
# What makes start, and the Python that has the reporter.
RECORDER, INTERPRETER, ENVIRONMENT = f"recorder-{INTERFACE}.", "interpreter", "environment-"
# Runs that wait to be read, one file each, and how many found no room; their events.
PENDING, DROPPED, OUTBOX = "pending", "dropped", "outbox.sqlite3"
# How long commands usually take, for who wants to be told before.
HINTS = "hints"
REPORTING_LOCK, RECORDING_LOCK = "reporting.lock", "recording.lock"
SENDING_LOCK, DECIDING_LOCK = "sending.lock", "deciding.lock"
# What a collector was asked to delete, one file each, until it has confirmed it.
DELETION = "deletion-"
# What versions before 0.5 left as well.
FORMER = ("launcher", "reporting", "running", "left-to-the-next")
