"""Computes the digest of what is collected. When it changes, everyone is asked for consent again."""

from __future__ import annotations

import hashlib
import json


def digest(collection: object) -> str:
    """16 hexadecimal digits that depend only on ``collection``, which must be JSON-serializable."""
    canonical = json.dumps(collection, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]
