"""The command line, ``instrumented-make`` or ``python -m generator``: runs the command and reports its errors."""

from __future__ import annotations

import signal
import traceback
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from instrumented_make import __version__, output
from instrumented_make.errors import UserError

if TYPE_CHECKING:
    from instrumented_make.report.options import Targets


class _Commands(click.Group):
    """The generator's commands and ``report``; each loads only what it needs itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from generator.commands import commands  # noqa: PLC0415

        return sorted([*commands.list_commands(ctx), "report"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "report":
            from instrumented_make.report.cli import report  # noqa: PLC0415

            return report
        from generator.commands import commands  # noqa: PLC0415

        return commands.get_command(ctx, cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="instrumented-make")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Measure what make commands cost, from a catalog of targets."""
    # The report package does not import catalogs, so it gets this function to read what it needs from one.
    ctx.obj = _targets


def _targets(path: Path) -> Targets:
    from generator.catalog import load  # noqa: PLC0415
    from instrumented_make.report.options import Targets  # noqa: PLC0415

    targets = load(path).targets
    return Targets(
        {command: target.help for target in targets for command in target.commands if target.help},
        frozenset(command for target in targets for command in target.commands if target.interactive),
    )


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status.

    0 success, 1 expected failure, 2 wrong usage, 3 internal error, 130 Ctrl-C, 141 output closed (broken pipe).
    """
    return output.run_guarded(lambda: _main(arguments))


def _main(arguments: list[str] | None) -> int:
    interrupted = _remember_interrupts()
    try:
        result = cli.main(arguments, complete_var="_INSTRUMENTED_MAKE_COMPLETE", standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:  # from standard output
            raise
        return 130 if interrupted else _failed(error)
    return result if isinstance(result, int) else 0


def _remember_interrupts() -> list[int]:
    """A list that gains an item with every Ctrl-C, which still raises KeyboardInterrupt.

    A C library that is being imported may turn that exception into another one.
    """
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)
        signal.default_int_handler(number, frame)

    # If the parent process had the signal ignored, keep ignoring it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    return noted


def _failed(error: Exception) -> int:
    """Report ``error``; return the exit status."""
    if isinstance(error, UserError):
        click.echo(str(error), err=True)
        return 1
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    click.echo("Internal error; please report this traceback:", err=True)
    click.echo("".join(traceback.format_exception(error)), err=True)
    return 3
