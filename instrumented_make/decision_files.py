"""The names in the folder that holds a project's decision.

Reporter and generator take them from here; Makefile.instrumented and the recorder, in other languages, write the same.
"""

from __future__ import annotations

from instrumented_make import INTERFACE

# The decision itself, and what else tells make of it: an agreement, a no, and the day of the last invitation.
DECISION = "metrics.json"
AGREED = "agreed."
DECLINED = "declined"
INVITED = "invited"
# What makes start, and the Python that has the reporter.
RECORDER = f"recorder-{INTERFACE}."
INTERPRETER = "interpreter"
ENVIRONMENT = "environment-"
# Runs that wait to be read, one file each, and how many found no room.
PENDING = "pending"
DROPPED = "dropped"
OUTBOX = "outbox.sqlite3"
REPORTING_LOCK = "reporting.lock"
RECORDING_LOCK = "recording.lock"
SENDING_LOCK = "sending.lock"
DECIDING_LOCK = "deciding.lock"
# What versions before 0.5 left as well.
FORMER = ("launcher", "reporting", "running", "left-to-the-next")
