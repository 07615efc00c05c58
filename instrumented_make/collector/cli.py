"""``python -m generator collect``: parses, calls, prints. Imports what needs the extra only when called."""

from __future__ import annotations

import re
from pathlib import Path

import click

from instrumented_make.report.cli import MIN_PEOPLE, needing_the_extra

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}


def _period(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """A time such as 400d, in seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smhdw])", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not a time; use, for example, 30s, 5m, 12h, 400d or 60w")
    return int(found[1]) * _UNITS_S[found[2]]


def _web_address(_ctx: click.Context, _param: click.Parameter, value: str) -> str:
    if value and not re.match(r"https?://[^/\s]", value):
        raise click.BadParameter("it is not an http(s) address")
    return value


@click.command()
@click.argument("catalog", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--data",
    required=True,
    envvar="COLLECTOR_DATA",
    show_envvar=True,
    help="Where events are kept: a folder, or PostgreSQL's URL.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any free port.")
@click.option(
    "--min-people",
    type=click.IntRange(min=1),
    default=MIN_PEOPLE,
    show_default=True,
    help="Show commands that fewer people ran as 'other'.",
)
@click.option("--keep", callback=_period, default="400d", show_default=True, help="How long events are kept.")
@click.option(
    "--page-every", callback=_period, default="5m", show_default=True, help="Make the page at most this often."
)
@click.option(
    "--tls-cert",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The certificate for https, with its chain, in PEM; needs --tls-key.",
)
@click.option("--tls-key", type=click.Path(path_type=Path, dir_okay=False), help="Its private key, in PEM.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front of it, on the same network, speaks https.")
@click.option(
    "--notify",
    metavar="URL",
    callback=_web_address,
    envvar="COLLECTOR_NOTIFY",
    show_envvar=True,
    default="",
    help='Post {"text": "..."} there for each new change that the report finds.',
)
@click.option(
    "--notify-after",
    callback=_period,
    default="14d",
    show_default=True,
    help="Post a change once the report has found it for this long; most chance findings are gone by then.",
)
@click.option(
    "--export",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write what is kept as Parquet files there, one a month, and exit.",
)
@click.option("--new-reader-key", is_flag=True, help="Make a new key for the page, print it, and exit.")
@click.pass_context
def collect(
    ctx: click.Context,
    catalog: Path,
    data: str,
    host: str,
    port: int,
    min_people: int,
    keep: int,
    page_every: int,
    tls_cert: Path | None,
    tls_key: Path | None,
    behind_proxy: bool,
    notify: str,
    notify_after: int,
    export: Path | None,
    new_reader_key: bool,
) -> None:
    """Take the events of CATALOG's commands, keep them, and show the report's page.

    It prints its addresses. Ctrl-C ends it; the data stays.

    \b
    Examples:
      python -m generator collect targets.yaml --data ./metrics
      python -m generator collect targets.yaml --data ./metrics --new-reader-key
      python -m generator collect targets.yaml --data ./metrics --host 0.0.0.0 --tls-cert host.pem --tls-key host.key
      python -m generator collect targets.yaml --data ./metrics --export ./parquet
    """
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    # The caller knows how to read a catalog; the collector itself does not depend on catalogs.
    with needing_the_extra("collector-postgres" if "://" in data else "collector", command="collect"):
        from instrumented_make.collector import keys, opening, service  # noqa: PLC0415

        if new_reader_key:
            with opening.opened(data, ctx.obj.agreement(catalog), "beside") as store:
                click.echo(keys.new_reader_key(store))
            return
        if export is not None:
            from instrumented_make.collector.export import export as write  # noqa: PLC0415  (only this needs pyarrow)

            agreement = ctx.obj.agreement(catalog)
            with opening.opened(data, agreement, "read") as store:
                for path in write(store, export, agreement.targets.table):
                    click.echo(path)
            return
        safety = service.Safety(tls_cert, tls_key, behind_proxy)
        options = service.Options(data, host, port, min_people, keep, page_every, safety, notify, notify_after)
        service.run(options, catalog, ctx.obj.agreement, click.echo)
