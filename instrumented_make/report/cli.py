"""``python -m generator report``: parses, calls, prints. Imports what needs the extra only when called."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instrumented_make import __version__, files
from instrumented_make.errors import failure
from instrumented_make.figures import Selection
from instrumented_make.installing import to_install
from instrumented_make.layout import terminal_width
from instrumented_make.properties import BY
from instrumented_make.report.options import FAILING, INTERRUPTED, SLOWER, Options, Targets
from instrumented_make.times import NO_DATE, moment

if TYPE_CHECKING:
    from instrumented_make.report.history import History
    from instrumented_make.report.progress import Steps

MIN_PEOPLE = 5
# The exit status for "something got worse": not an error, and not otherwise used by this program.
CHANGED = 4
KINDS = (SLOWER, FAILING, INTERRUPTED)


def _seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    try:
        return None if value is None else moment(value)
    except ValueError:
        raise click.BadParameter(NO_DATE.format(value)) from None


def _kinds(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    kinds = tuple(kind.strip() for kind in value.split(",")) if value else ()
    for kind in kinds:
        if kind not in KINDS:
            raise click.BadParameter(f"{kind!r} is not one of {', '.join(KINDS)}")
    return kinds


@click.command()
@click.argument("source")
@click.option(
    "--table",
    help="The table to read in a warehouse or a DuckDB database.  [default: the event's, devstack_command_run]",
)
@click.option("--event", help="The name of the event to count, if SOURCE holds several kinds.")
@click.option("--since", callback=_seconds, metavar="DATE", help="Only runs since then (UTC): a date, or 4w, week, ...")
@click.option("--command", "commands", multiple=True, help="Only this command; may be repeated.")
@click.option("--include-test", is_flag=True, help="Include test data.")
@click.option(
    "--branch",
    type=click.Choice(["master", "all"]),
    default="all",
    show_default=True,
    help="Only runs on the main branch, or all runs; --change always uses the main branch only.",
)
@click.option(
    "--callers",
    type=click.Choice(["people", "all"]),
    default="people",
    show_default=True,
    help="Only runs that people started, or those of coding agents and programs as well.",
)
@click.option(
    "--min-people",
    type=click.IntRange(min=1),
    default=MIN_PEOPLE,
    show_default=True,
    help="Show commands that fewer people ran as 'other'. Your own outbox shows all.",
)
@click.option(
    "--catalog",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A targets.yaml: shows its help texts, and does not count time in 'interactive' targets as waiting.",
)
@click.option("--change", callback=_seconds, metavar="DATE", help="Compare runs before and after the commit made then.")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="WEEKS",
    help="With --change: compare only runs that started within this many weeks of it.",
)
@click.option(
    "--by",
    type=click.Choice(BY),
    help="Compare commands where this property differs, if the catalog asks for it.",
)
@click.option(
    "--group",
    type=click.IntRange(min=1),
    metavar="N",
    help="Answer everything for the people of one way of working, by its number in the report.",
)
@click.option(
    "--since-last",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The --format json output of an earlier report: show which changes are new since then.",
)
@click.option(
    "--fail-on",
    callback=_kinds,
    metavar="KIND,...",
    default="",
    help=f"Exit with status {CHANGED} if anything got 'slower', or is 'failing' or 'interrupted' more; with "
    "--since-last, only if that is new; with --change, its verdicts count too, of those that fit the change.",
)
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--debug", is_flag=True, help="Show the traceback of a question that could not be answered.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write HTML to this file instead.")
@click.pass_context
def report(
    ctx: click.Context,
    source: str,
    table: str | None,
    event: str | None,
    since: int | None,
    commands: tuple[str, ...],
    include_test: bool,
    branch: str,
    callers: str,
    min_people: int,
    catalog: Path | None,
    change: int | None,
    window: int,
    by: str | None,
    group: int | None,
    since_last: Path | None,
    fail_on: tuple[str, ...],
    format_: str,
    debug: bool,
    html: Path | None,
) -> None:
    """Show what changed, what takes people's time, what fails, and whether a change helped.

    SOURCE is an outbox, event files (Parquet, JSON, CSV, DuckDB), a folder or a pattern of these, or the URL of a
    warehouse: postgres://, snowflake://, bigquery://, clickhouse://, trino://, pyspark://.

    \b
    Examples:
      python -m generator report ~/.config/devstack/outbox.sqlite3
      python -m generator report 'exports/*.parquet' --since 2026-01-01 --html report.html
      python -m generator report postgres://me@warehouse/events --table devstack.devstack_command_run
      python -m generator report events.jsonl --change 2026-05-17T15:02:10+02:00
      python -m generator report events.jsonl --since-last last.json --fail-on slower,failing
    """
    selection = Selection(since, commands, include_test, only_master=branch == "master", all_callers=callers == "all")
    # The caller knows how to read a catalog; the report itself does not depend on catalogs.
    targets = ctx.obj.targets(catalog) if catalog is not None else Targets()
    with needing_the_extra("report", command="report"), _no_garbage_collection():
        from instrumented_make.report.events import open_source  # noqa: PLC0415
        from instrumented_make.report.history import History  # noqa: PLC0415
        from instrumented_make.report.progress import Steps  # noqa: PLC0415
        from instrumented_make.report.questions import changed, workflows, worse  # noqa: PLC0415

        earlier = changed.read_earlier(since_last) if since_last is not None else None
        with Steps() as steps, open_source(source, table, event, usual=targets.table) as opened:
            options = Options(change, window, targets, earlier, by, debug)
            history = History(opened, selection, min_people, steps, options)
            if group is not None:
                members = workflows.members_of(history, group)
                history = History(opened, selection, min_people, steps, options, members)
            text = _write(history, steps, format_, for_page=html is not None)
            is_worse = bool(fail_on) and worse(history, fail_on)
    if html is None:
        click.echo(text, nl=False)
    else:
        files.write(html, text)
        click.echo(f"{html}: written", err=True)
    if is_worse:
        ctx.exit(CHANGED)


@contextmanager
def needing_the_extra(extra: str, command: str) -> Iterator[None]:
    """Say how to install the ``extra`` that a ``command`` needs, if that is what is missing."""
    try:
        yield
    except ImportError as error:
        # A library whose own dependency is missing describes that itself.
        missing = isinstance(error, ModuleNotFoundError)
        message = f"{error.name} is not installed" if missing else str(error)
        hint = f"install the {extra} extra: {to_install(f'instrumented-make[{extra}]=={__version__}')}"
        raise failure(message, f"{hint} (in a checkout, '.[{extra}]')", path=command) from None


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Imports and queries make many small objects and hardly any garbage; looking for it takes a sixth of the time."""
    gc.disable()
    try:
        yield
    finally:
        # Python also looks when it exits, but not at what is frozen.
        gc.freeze()
        gc.enable()


def _write(history: History, steps: Steps, format_: str, *, for_page: bool) -> str:
    """The report as a page or, otherwise, in this format."""
    if for_page:
        # Altair asks for the home when it is imported, fails where there is none, and keeps nothing there.
        os.environ.setdefault("HOME", os.sep)
        from instrumented_make.report.page import page  # noqa: PLC0415  (it draws)

        return page(history, steps)
    if format_ == "table":
        from instrumented_make.report.terminal import text  # noqa: PLC0415

        return text(history, terminal_width())
    from instrumented_make.report import machine_readable  # noqa: PLC0415

    return machine_readable.as_json(history) if format_ == "json" else machine_readable.as_csv(history)
