"""Tells a chat what changed: one message for each change that was not known before, and none twice."""

from __future__ import annotations

import asyncio
import json
import urllib.error
import urllib.request
from typing import Any

from instrumented_make.collector.log import say

_PATIENCE_S = 10


class Notifier:
    """Posts ``{"text": ...}`` to ``url``, as Slack, Mattermost and others take it."""

    def __init__(self, url: str, project: str) -> None:
        self._url = url
        self._project = project

    async def tell(self, sentence: str) -> bool:
        """Whether the message may have arrived; in doubt it counts as arrived, and is not sent again."""
        return await asyncio.to_thread(self._post, sentence)

    def _post(self, sentence: str) -> bool:
        body = json.dumps({"text": f"{self._project}: {sentence}"}).encode()
        request = urllib.request.Request(  # noqa: S310  (the command line allows http and https only)
            self._url, body, {"Content-Type": "application/json"}, method="POST"
        )
        try:
            with _opener.open(request, timeout=_PATIENCE_S):
                return True
        except urllib.error.HTTPError as error:
            why = f"HTTP {error.code}"
            error.close()
        except urllib.error.URLError as error:
            # Before anything was sent, or a time that was over, whenever.
            if isinstance(error.reason, TimeoutError):
                return True
            why = str(getattr(error.reason, "strerror", None) or type(error.reason).__name__)
        except OSError:  # while the answer was awaited
            return True
        say(f"a change could not be posted ({why}); it will be posted later")
        return False


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would tell somebody else."""

    def redirect_request(self, *_: Any) -> None:
        """Follow none."""


_opener = urllib.request.build_opener(_NoRedirects)
