"""Runs a collector until it is told to end: the store, the writer, what happens now and then, and the server."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instrumented_make.collector import connections, keys
from instrumented_make.collector.agreement import Agreement
from instrumented_make.collector.agreements import Agreements
from instrumented_make.collector.log import Counts
from instrumented_make.collector.notify import Notifier
from instrumented_make.collector.opening import is_url, opened
from instrumented_make.collector.pages import Pages
from instrumented_make.collector.retention import Retention
from instrumented_make.collector.server import Collector
from instrumented_make.collector.store import Store, Unavailable
from instrumented_make.collector.writer import Writer
from instrumented_make.errors import failure
from instrumented_make.report.collected import FILE

_TELL_S = 60


@dataclass(frozen=True, slots=True)
class Safety:
    """What keeps a network from reading along: TLS here, or in a proxy in front of it, or nothing."""

    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False

    @property
    def is_https(self) -> bool:
        """Whether clients use https."""
        return self.behind_proxy or self.certificate is not None


@dataclass(frozen=True, slots=True)
class Options:
    """How a collector is run: where its ``data`` is, where it listens, and what it may show.

    ``data``: a folder, or PostgreSQL's URL. ``notify``: the URL of a chat, if there is one, which is
    told of a change that was found for ``notify_after_s``.
    """

    data: str
    host: str
    port: int
    min_people: int
    keep_s: int
    page_every_s: float
    safety: Safety = Safety()
    notify: str = ""
    notify_after_s: int = 0

    @property
    def source(self) -> str:
        """Where a report finds the events."""
        return self.data if is_url(self.data) else str(Path(self.data) / FILE)


def run(options: Options, catalog: Path, read: Callable[[Path], Agreement], tell: Callable[[str], None]) -> None:
    """Run it for what ``read`` finds in ``catalog``, and go on with what that says later.

    ``tell`` is given the lines for the operator's eyes. Raise UserError if it cannot begin.
    """
    agreements = Agreements(catalog, read)
    agreement = agreements.current
    if not agreement.write_key:
        message = "the catalog has no write key, so nobody sends anything"
        raise failure(message, "set segment.write_key to a word of your own, and run this again", path=catalog)
    with contextlib.closing(_listen(options)) as listener, opened(options.data, agreement, "alone") as store:
        greet = _greet(listener, options, keys.first_reader_key(store), tell)
        asyncio.run(_serve(listener, store, options, agreements, greet))


def _greet(
    listener: socket.socket, options: Options, reader_key: str | None, tell: Callable[[str], None]
) -> Callable[[], None]:
    def greet() -> None:
        base = connections.address(listener, tls=options.safety.certificate is not None)
        tell(f"Events: {base}/v1/batch")
        if reader_key is None:
            tell(f"The page: {base}/ with the reader's key; --new-reader-key makes another")
        else:
            tell(f"The page: {base}/?key={reader_key}")
            tell("Note the key: it is shown only once. Anyone who has it can read the page and /metrics.")

    return greet


async def _serve(
    listener: socket.socket,
    store: Store,
    options: Options,
    agreements: Agreements,
    greet: Callable[[], None],
) -> None:
    writer, agreement = Writer(store), agreements.current
    counts = Counts(writer)
    retention = Retention(writer, options.keep_s)
    tell = Notifier(options.notify, agreement.project).tell if options.notify else None
    pages = Pages(
        writer, options.source, agreement, options.min_people, options.page_every_s, tell, options.notify_after_s
    )
    collector = Collector(agreement, writer, retention, pages, options.safety.is_https)

    def change(agreement: Agreement) -> None:
        collector.agreement = pages.agreement = agreement

    try:
        server = connections.server(collector.application, options.safety.certificate, options.safety.key)
        with contextlib.suppress(Unavailable):
            # Before the first event: one that is too old must not be taken.
            await retention.look()
        async with _beside(retention.run(), pages.run(), agreements.run(change), _tell_counts(counts)):
            listener.listen(connections.BACKLOG)  # a printed address works at once
            greet()
            await server.serve([listener])
    finally:
        await writer.close()
        counts.tell()


async def _tell_counts(counts: Counts) -> None:
    while True:
        await asyncio.sleep(_TELL_S)
        counts.tell()


@contextlib.asynccontextmanager
async def _beside(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run these in the background during the block, and end them after it."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _listen(options: Options) -> socket.socket:
    """A socket at the address. Raise UserError if it cannot be had, or if it is not safe to."""
    where = f"{options.host}:{options.port}"
    try:
        [(family, _, _, _, address), *_] = found = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except OSError as error:
        raise failure(f"there is no such address: {error.strerror}", "check --host", path=where) from None
    is_loopback = all(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_loopback for entry in found)
    if not (is_loopback or options.safety.is_https):
        raise failure(
            "write keys and the page would cross the network in plain text",
            "give --tls-cert and --tls-key, or --behind-proxy if a proxy in front of it has them",
            path=where,
        )
    # asyncio sends small answers at once only on sockets that say their protocol; others take 40 ms longer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        hint = "check --host" if error.errno == errno.EADDRNOTAVAIL else "choose another --port"
        raise failure(f"it cannot listen there: {error.strerror}", hint, path=where) from None
    return listener
