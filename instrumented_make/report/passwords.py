"""Passwords in URLs, which nobody may see."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

HIDDEN = "***"
_SECRET = r"pass|pwd|token|secret|key|credential"  # noqa: S105  (these are words for one)


def without_password(text: str) -> str:
    """``text`` without the passwords of the URLs in it, before the host and among the settings."""
    text = re.sub(r"(://[^:/@\s]*):[^\s/?#]*@", r"\1@", text)
    return re.sub(rf"(?i)([?&;][^=&;\s]*(?:{_SECRET})[^=&;\s]*=)[^&;\s]*", rf"\1{HIDDEN}", text)


def secrets_of(url: str) -> tuple[str, ...]:
    """The passwords in ``url``, encoded and decoded. Raise ValueError if it is not a URL."""
    parts = urlsplit(url)
    values = [parts.password or "", *(value for key, value in parse_qsl(parts.query) if re.search(_SECRET, key, re.I))]
    return tuple({text for value in values for text in (value, unquote(value), quote(value)) if len(text) > 3})
