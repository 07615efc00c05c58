"""The name of what is collected: it changes, and everyone is asked again, when that does."""

from __future__ import annotations

import hashlib
import json


def digest(collection: object) -> str:
    """16 hexadecimal digits that name ``collection``, which is what JSON can hold: they follow from it alone."""
    canonical = json.dumps(collection, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
