"""Points in time: weeks that begin on Monday, dates as people write them, and what a run's can be."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timezone

DAY_S = 24 * 3600
WEEK_S = 7 * DAY_S
# 1970-01-01 was a Thursday; weeks begin on Monday, 0:00 UTC, and are numbered from the week of that day.
BEFORE_THURSDAY_S = 3 * DAY_S
EARLIEST_S = 1_577_836_800  # of a run: 2020; the specification is of 2021
NO_DATE = "{!r} is not a date; use, for example, 2026-05-17, 2026-05-17T15:02+02:00, 4w, 10d, or week"
_PERIODS_S = {"day": DAY_S, "week": WEEK_S, "month": 30 * DAY_S, "year": 365 * DAY_S}  # back from now


def latest_s() -> int:
    """The latest start, in seconds since 1970, that a run can have: anyone's clock may be a day ahead."""
    return int(time.time()) + DAY_S


def week_of(start_s: float) -> int:
    """The number of the week of a time in seconds since 1970."""
    return int((start_s + BEFORE_THURSDAY_S) // WEEK_S)


def begin_of(week: int) -> int:
    """When a week began, in seconds since 1970."""
    return week * WEEK_S - BEFORE_THURSDAY_S


def date(day: int) -> str:
    """The date of a day, counted from 1970-01-01, as ISO 8601."""
    return datetime.fromtimestamp(day * DAY_S, timezone.utc).date().isoformat()


def monday(week: int) -> str:
    """The date on which a week began, as ISO 8601."""
    return date(week * 7 - 3)


def moment(text: str, now_s: float | None = None) -> int:
    """A point in time as whole seconds since 1970. Raise ValueError if it is not one.

    ``text`` is an ISO 8601 date, or date and time, UTC without a zone; or how far back from now: ``4w``, ``10d``,
    or ``day``, ``week``, ``month`` (30 days) and ``year`` for one of these.
    """
    if back := re.fullmatch(r"([0-9]{1,4})([dw])|(day|week|month|year)", text):
        period_s = _PERIODS_S[back[3] or {"d": "day", "w": "week"}[back[2]]]
        return int(time.time() if now_s is None else now_s) - int(back[1] or 1) * period_s
    # Python 3.10 does not know the zone Z.
    named = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith(("Z", "z")) else text)
    return int((named if named.tzinfo else named.replace(tzinfo=timezone.utc)).timestamp())


def minute(seconds: float) -> str:
    """A time in seconds since 1970 for people to read: ISO 8601 in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="minutes").replace("+00:00", "Z")


def time_of_report() -> str:
    """The time of this report, as :func:`minute` writes it.

    ``SOURCE_DATE_EPOCH`` replaces the clock, for reproducible output
    (https://reproducible-builds.org/specs/source-date-epoch/).
    """
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return minute(float(fixed) if re.fullmatch("[0-9]{1,11}", fixed) else time.time())
