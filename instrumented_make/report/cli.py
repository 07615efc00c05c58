"""``python -m generator report``: parses, calls, prints. What needs the extra is imported when it is called."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from instrumented_make import files
from instrumented_make.errors import failure
from instrumented_make.stats import NO_DATE, Selection, context, moment, shown, terminal_width

MIN_PEOPLE = 5


class Moment(click.ParamType):  # type: ignore[type-arg]  # not generic in older versions
    """A date, or a date and time."""

    name = "date"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Seconds since 1970; fail when ``value`` is no date."""
        if isinstance(value, int):
            return value
        try:
            return moment(value)
        except ValueError:
            self.fail(NO_DATE.format(value), param, ctx)


@click.command()
@click.argument("source")
@click.option("--table", help="Where SOURCE is a warehouse: the table there.  [default: devstack_command_run]")
@click.option("--event", help="Where SOURCE holds several kinds of events: the name of the one that counts.")
@click.option("--since", type=Moment(), help="Only runs that started then or later (UTC): a date, or 4w, week, ...")
@click.option("--command", "commands", multiple=True, help="Only this one; may be repeated.")
@click.option("--include-test", is_flag=True, help="Count test data as well.")
@click.option(
    "--branch",
    type=click.Choice(["master", "all"]),
    default="all",
    show_default=True,
    help="Only runs on the main branch, or all; --change always looks at the main branch alone.",
)
@click.option(
    "--min-people",
    type=click.IntRange(min=1),
    default=MIN_PEOPLE,
    show_default=True,
    help="Commands that fewer people ran are shown as 'other'; in one's own outbox none is.",
)
@click.option("--change", type=Moment(), help="Compare before and after this commit time, by the commit checked out.")
@click.option(
    "--window",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="WEEKS",
    help="With --change: compare runs that started at most so long before or after it.",
)
@click.option("--format", "format_", type=click.Choice(["table", "json", "csv"]), default="table", show_default=True)
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a page there instead.")
def report(
    source: str,
    table: str | None,
    event: str | None,
    since: int | None,
    commands: tuple[str, ...],
    include_test: bool,
    branch: str,
    min_people: int,
    change: int | None,
    window: int,
    format_: str,
    html: Path | None,
) -> None:
    """Answer what takes the time, what fails, and whether a change helped.

    SOURCE is an outbox, files of events (Parquet, or JSON lines; a folder or a pattern of them), or the URL of a
    warehouse: postgres://, snowflake://, bigquery://, clickhouse://, trino://, pyspark://.

    \b
    Examples:
      python -m generator report ~/.config/devstack/outbox.sqlite3
      python -m generator report 'exports/*.parquet' --since 2026-01-01 --html report.html
      python -m generator report postgres://me@warehouse/events --table devstack.devstack_command_run
      python -m generator report events.jsonl --change 2026-05-17T15:02:10+02:00
    """
    selection = Selection(since, commands, include_test, only_master=branch == "master")
    try:
        text = _text(source, table, event, selection, min_people, change, window, format_, html)
    except ImportError as error:
        # A library that misses another says so in its own words.
        missing = isinstance(error, ModuleNotFoundError)
        message = f"{error.name} is not installed" if missing else str(error)
        hint = (
            "install the extra that reports need: pip install 'instrumented-make[report]', or '.[report]' in a checkout"
        )
        raise failure(message, hint, path="report") from None
    if html is None:
        click.echo(text, nl=False)
    else:
        files.write(html, text)
        click.echo(f"{html}: written", err=True)


def _text(
    source: str,
    table: str | None,
    event: str | None,
    selection: Selection,
    min_people: int,
    change: int | None,
    window: int,
    format_: str,
    html: Path | None,
) -> str:
    from rich.console import Console  # noqa: PLC0415

    from instrumented_make.report.events import opened  # noqa: PLC0415
    from instrumented_make.report.figures import History  # noqa: PLC0415
    from instrumented_make.report.progress import Steps  # noqa: PLC0415

    with Steps(Console(stderr=True)) as steps, opened(source, table, event) as found:
        history = History(found, selection, min_people, steps)
        compared = 0 if change is None else len(history.commands)
        if html is not None:
            from instrumented_make.report.page import page  # noqa: PLC0415  (it draws)

            steps.expect(7 + compared)
            return page(history, steps, change, window)
        if change is not None:
            from instrumented_make.report import comparison  # noqa: PLC0415  (it computes)
            from instrumented_make.report.change import comparisons  # noqa: PLC0415

            steps.expect((4 if format_ == "table" else 1) + compared)
            effects = comparisons(history, change, window)
            if format_ == "table":
                about = context(found.name, found.event, selection, history.summary().figures)
                return comparison.as_table(effects, change, window, about, terminal_width())
            return comparison.as_json(effects, _iso(change)) if format_ == "json" else comparison.as_csv(effects)
        steps.expect(3)
        summary = history.summary()
        about = context(found.name, found.event, selection, summary.figures)
        return shown(summary, format_, about, with_people=not history.own)


def _iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat()
