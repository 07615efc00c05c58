"""``python -m generator report``: parses, calls, prints. Imports what needs the extra only when called."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from instrumented_make import files
from instrumented_make.errors import failure
from instrumented_make.figures import Selection
from instrumented_make.layout import terminal_width
from instrumented_make.report.options import FAILING, SLOWER, Options, Targets
from instrumented_make.times import NO_DATE, moment

MIN_PEOPLE = 5
# The exit status for "something got worse": not an error, and not otherwise used by this program.
CHANGED = 4
KINDS = (SLOWER, FAILING)


class Moment(click.ParamType):  # type: ignore[type-arg]  # not generic in older versions
    """A date, or a date and time."""

    name = "date"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds since 1970; fail if ``value`` is not a date."""
        if isinstance(value, int):
            return value
        try:
            return moment(value)
        except ValueError:
            self.fail(NO_DATE.format(value), param, ctx)


class Kinds(click.ParamType):  # type: ignore[type-arg]  # as above
    """One or more KINDS, separated by commas."""

    name = "kinds"

    def convert(
        self, value: str | tuple[str, ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The kinds; fail if one is unknown."""
        if isinstance(value, tuple):
            return value
        kinds = tuple(kind.strip() for kind in value.split(","))
        for kind in kinds:
            if kind not in KINDS:
                self.fail(f"{kind!r} is not one of {', '.join(KINDS)}", param, ctx)
        return kinds


@click.command()
@click.argument("source")
@click.option("--table", help="The warehouse table to read.  [default: devstack_command_run]")
@click.option("--event", help="The name of the event to count, if SOURCE holds several kinds.")
@click.option("--since", type=Moment(), help="Only runs since this time (UTC): a date, or 4w, week, ...")
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
@click.option("--change", type=Moment(), help="Compare runs before and after the commit made at this time.")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="WEEKS",
    help="With --change: compare only runs that started within this many weeks of it.",
)
@click.option(
    "--since-last",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="The --format json output of an earlier report: show which changes are new since then.",
)
@click.option(
    "--fail-on",
    type=Kinds(),
    metavar="KIND,...",
    default=(),
    help=f"Exit with status {CHANGED} if anything got 'slower' or is 'failing' more; with --since-last, only if new.",
)
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
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
    min_people: int,
    catalog: Path | None,
    change: int | None,
    window: int,
    since_last: Path | None,
    fail_on: tuple[str, ...],
    format_: str,
    html: Path | None,
) -> None:
    """Show what changed, what takes people's time, what fails, and whether a change helped.

    SOURCE is an outbox, event files (Parquet or JSON lines; also a folder or a pattern), or the URL of a
    warehouse: postgres://, snowflake://, bigquery://, clickhouse://, trino://, pyspark://.

    \b
    Examples:
      python -m generator report ~/.config/devstack/outbox.sqlite3
      python -m generator report 'exports/*.parquet' --since 2026-01-01 --html report.html
      python -m generator report postgres://me@warehouse/events --table devstack.devstack_command_run
      python -m generator report events.jsonl --change 2026-05-17T15:02:10+02:00
      python -m generator report events.jsonl --since-last last.json --fail-on slower,failing
    """
    selection = Selection(since, commands, include_test, only_master=branch == "master")
    # The caller knows how to read a catalog; the report itself does not depend on catalogs.
    targets = ctx.obj(catalog) if catalog is not None else Targets()
    try:
        with _no_garbage_collection():
            text, worse = _answer(
                source, table, event, selection, min_people, targets, change, window, since_last, fail_on, format_, html
            )
    except ImportError as error:
        # A library whose own dependency is missing describes that itself.
        missing = isinstance(error, ModuleNotFoundError)
        message = f"{error.name} is not installed" if missing else str(error)
        hint = "install the report extra: pip install 'instrumented-make[report]', or '.[report]' in a checkout"
        raise failure(message, hint, path="report") from None
    if html is None:
        click.echo(text, nl=False)
    else:
        files.write(html, text)
        click.echo(f"{html}: written", err=True)
    if worse:
        ctx.exit(CHANGED)


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


def _answer(
    source: str,
    table: str | None,
    event: str | None,
    selection: Selection,
    min_people: int,
    targets: Targets,
    change: int | None,
    window: int,
    since_last: Path | None,
    fail_on: tuple[str, ...],
    format_: str,
    html: Path | None,
) -> tuple[str, bool]:
    """The text to show, and whether anything got worse in a way that ``fail_on`` names."""
    from instrumented_make.report.events import open_source  # noqa: PLC0415
    from instrumented_make.report.history import History  # noqa: PLC0415
    from instrumented_make.report.progress import Steps  # noqa: PLC0415
    from instrumented_make.report.questions import changed, worse  # noqa: PLC0415

    earlier = changed.read_earlier(since_last) if since_last is not None else None
    with Steps() as steps, open_source(source, table, event) as opened:
        history = History(opened, selection, min_people, steps, Options(change, window, targets, earlier))
        if html is not None:
            # Altair asks for the home when it is imported, fails where there is none, and keeps nothing there.
            os.environ.setdefault("HOME", os.sep)
            from instrumented_make.report.page import page  # noqa: PLC0415  (it draws)

            text = page(history, steps)
        elif format_ == "table":
            from instrumented_make.report.terminal import text as as_text  # noqa: PLC0415

            text = as_text(history, terminal_width())
        else:
            from instrumented_make.report import machine_readable  # noqa: PLC0415

            text = machine_readable.as_json(history) if format_ == "json" else machine_readable.as_csv(history)
        return text, bool(fail_on) and worse(history, fail_on)
