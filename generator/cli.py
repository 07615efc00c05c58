"""The command line, ``instrumented-make`` or ``python -m generator``: runs the command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from instrumented_make import __version__

if TYPE_CHECKING:
    from generator.catalog import Catalog
    from instrumented_make.collector.agreement import Agreement
    from instrumented_make.report.options import Targets


class _Commands(click.Group):
    """The generator's commands, ``report`` and ``collect``; each loads only what it needs itself."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        from generator.commands import commands  # noqa: PLC0415

        return sorted([*commands.list_commands(ctx), "collect", "report"])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "report":
            from instrumented_make.report.cli import report  # noqa: PLC0415

            return report
        if cmd_name == "collect":
            from instrumented_make.collector.cli import collect  # noqa: PLC0415

            return collect
        from generator.commands import commands  # noqa: PLC0415

        return commands.get_command(ctx, cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="instrumented-make")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Measure what make commands cost, from a catalog of targets."""
    # The report and the collector do not import catalogs, so they get what reads from one what they need.
    ctx.obj = _Catalogs


class _Catalogs:
    """Reads catalogs for the report and the collector, which do not import the catalog's module."""

    @staticmethod
    def targets(path: Path) -> Targets:
        """What a report needs to know. Raise UserError."""
        from generator.catalog import load  # noqa: PLC0415

        return _targets(load(path))

    @staticmethod
    def agreement(path: Path) -> Agreement:
        """What a collector may keep. Raise UserError."""
        return agreement_of(path)


def agreement_of(path: Path) -> Agreement:
    """What the catalog at ``path`` says that a collector may keep. Raise UserError."""
    from generator.catalog import load  # noqa: PLC0415
    from instrumented_make.collector.agreement import Agreement  # noqa: PLC0415

    catalog = load(path)
    return Agreement(
        project=catalog.project,
        event=catalog.event,
        command_type=catalog.command_type,
        write_key=catalog.segment.write_key,
        commands=frozenset(command for target in catalog.targets for command in target.commands),
        optional=catalog.fields,
        targets=_targets(catalog),
        types=catalog.command_types,
        others={command.name: command.command_type for command in catalog.commands},
    )


def _targets(catalog: Catalog) -> Targets:
    from instrumented_make.report.options import Targets  # noqa: PLC0415

    targets = catalog.targets
    return Targets(
        {command: target.help for target in targets for command in target.commands if target.help},
        frozenset(command for target in targets for command in target.commands if target.interactive),
        # https://segment.com/docs/connections/storage/warehouses/schema: lower case, the rest becomes "_".
        re.sub(r"[^a-z0-9]+", "_", catalog.event.lower()).strip("_"),
    )


def run(arguments: list[str] | None) -> int:
    """Run the command line; return its exit status. Raise UserError for what is expected to go wrong."""
    try:
        status = cli.main(arguments, complete_var="_INSTRUMENTED_MAKE_COMPLETE", standalone_mode=False)
    except click.Abort:
        raise KeyboardInterrupt from None
    except click.ClickException as error:  # wrong usage
        error.show()
        return error.exit_code
    return status if isinstance(status, int) else 0
