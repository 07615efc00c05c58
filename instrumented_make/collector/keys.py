"""The keys: the write key, which the catalog names, and the reader's, which is made here and kept as a hash only."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

from instrumented_make.collector.store import READER, Store

# The cookie that a browser keeps in place of ``?key=``.
COOKIE = "reader"


def new_reader_key(store: Store) -> str:
    """Make a reader's key, which replaces the one before, and return it; only its hash is kept."""
    key = secrets.token_urlsafe(32)
    store.put({READER: _hash(key)})
    return key


def first_reader_key(store: Store) -> str | None:
    """Make a reader's key if there is none yet."""
    return new_reader_key(store) if store.get(READER) is None else None


def is_reader(hashed: bytes, keys: list[str]) -> bool:
    """Whether one of ``keys``, as somebody gave them, is the reader's, whose hash is ``hashed``."""
    return any([hmac.compare_digest(_hash(key), hashed) for key in keys])


def is_writer(write_key: str, authorization: str) -> bool:
    """Whether this header names the write key, as the user of basic authentication."""
    user, _ = basic(authorization)
    return hmac.compare_digest(user.encode("utf-8", "replace"), write_key.encode())


def basic(authorization: str) -> tuple[str, str]:
    """The user and the password of basic authentication; empty if it is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8", "replace").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password


def bearer(authorization: str) -> str:
    """The token of bearer authentication; empty if it is none."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _hash(key: str) -> bytes:
    # Guessing 256 random bits needs no slow hash to be hopeless.
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
