"""The command line that the recorder and the include call: parses, calls, prints."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import resource
import signal
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from instrumented_make.errors import UserError, failure
from instrumented_make.reporter import consent, run_files, system
from instrumented_make.reporter.background import work
from instrumented_make.reporter.config_dir import NOT_YOURS, ConfigDir
from instrumented_make.reporter.git import Repositories
from instrumented_make.reporter.ingest import record
from instrumented_make.reporter.outbox import is_damage
from instrumented_make.text import printable

if TYPE_CHECKING:
    from instrumented_make.reporter.contract import Contract

# A reporter that is stuck for longer than its work may take ends here, as if it had been killed. Whatever the step, the
# next one continues where it stopped.
HARD_LIMIT_S = 180
MAX_MEMORY = 1024 * 1024 * 1024
# How long a person who asks for an answer waits for new runs to be read.
READING_S = 0.4
# How long somebody waits who asks what a command that has just ended would send: until its recorder has written that.
ENDING_S = 2.0


def run(arguments: list[str] | None) -> int:
    """Run one command; return its exit status. Raise UserError for what is expected to go wrong."""
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    config_dir = ConfigDir(_folder(options))
    try:
        if options.command == "run":
            _run(config_dir, options.lock)
        elif options.command == "forget":
            _forget(config_dir)
        else:
            _talk(config_dir, options)
    except sqlite3.Error as error:
        hint = "check whether the disk is full or another process is using the file; nothing was lost"
        if is_damage(error):
            hint = "the next recorded run starts a new one, and keeps this file beside it"
        raise failure(str(error), hint, path=config_dir.outbox) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise failure(str(error.strerror), path=error.filename or config_dir.path) from None
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m instrumented_make.reporter", description="Called by the recorder and by Makefile.instrumented."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="turn finished runs into events and deliver what is queued")
    run.add_argument("--lock", type=int, metavar="N", help="the descriptor that holds the reporting lock")
    run.add_argument("config_dir")
    run.set_defaults(parser=run)
    forget = commands.add_parser("forget", help="ask a collector to delete what opting out promised")
    forget.add_argument("config_dir")
    forget.set_defaults(parser=forget)
    for name in ("opt-in", "opt-out", "status", "show", "stats", "hints"):
        # The include puts the user's arguments between the command and its own options.
        with_options = name in ("stats", "show", "hints")
        command = commands.add_parser(name, prog=f'make metrics-{name} ARGS="..."' if with_options else None)
        if name == "stats":
            _select(command)
        elif name == "show":
            command.add_argument(
                "--export", metavar="FILE", help="write every event kept here to FILE instead, one a line, to give away"
            )
        elif name == "hints":
            command.add_argument("word", choices=["on", "off"], nargs="?", help="without a word, tell which it is")
        command.add_argument("--contract", required=name != "opt-out", default="", help=argparse.SUPPRESS)
        command.add_argument("--host", default="", help=argparse.SUPPRESS)
        where = command.add_mutually_exclusive_group(required=True)
        where.add_argument("--config-dir", help=argparse.SUPPRESS)
        where.add_argument("--project", help=argparse.SUPPRESS)
        command.set_defaults(parser=command)
    return parser


def _folder(options: argparse.Namespace) -> Path:
    """The folder that holds the decision. Raise UserError if there is none."""
    project: str | None = getattr(options, "project", None)
    if project is not None:
        folder = _own_folder(project)
        if folder.is_absolute() and re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", project) and folder.is_dir():
            return folder
        hint = "give the project's name, as the folder of your decision is called"
        raise failure(f"there is no data for project {project!r}", hint, path=folder.parent)
    return Path(options.config_dir)


def _select(stats: argparse.ArgumentParser) -> None:
    stats.add_argument("--since", type=_moment, metavar="DATE", help="only runs that started at DATE or later (UTC)")
    stats.add_argument(
        "--command", action="append", default=[], dest="commands", metavar="NAME", help="only this command; repeatable"
    )
    stats.add_argument("--include-test", action="store_true", help="include test data")
    stats.add_argument(
        "--branch", choices=["master", "all"], default="all", help="only runs on the main branch, or all"
    )
    stats.add_argument(
        "--callers", choices=["people", "all"], default="people", help="only runs that people started, or all"
    )
    stats.add_argument("--format", choices=["table", "json", "csv"], default="table")


def _moment(text: str) -> int:
    from instrumented_make.times import NO_DATE, moment  # noqa: PLC0415

    try:
        return moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError(NO_DATE.format(text)) from None


def _run(config_dir: ConfigDir, inherited: int | None) -> None:
    # Share no descriptor with the process that started this; the recorder has left the session.
    os.closerange(3, inherited or 3)
    os.closerange((inherited or 2) + 1, os.sysconf("SC_OPEN_MAX"))
    signal.alarm(HARD_LIMIT_S)
    # How much memory it takes to read a repository depends on its content.
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY if hard == resource.RLIM_INFINITY else hard, hard))
    # The recorder has seen that this is where its person's variables lead; nobody else starts this.
    if config_dir.path == _own_folder(config_dir.path.name):
        work(config_dir, inherited)


def _forget(config_dir: ConfigDir) -> None:
    from instrumented_make.reporter.deletion import PAUSES_S, carry_out  # noqa: PLC0415  (a run needs none)

    signal.alarm(sum(PAUSES_S) + HARD_LIMIT_S)
    if config_dir.is_own():
        carry_out(config_dir)


def _own_folder(project: str) -> Path:
    """Where the environment's owner keeps the decision about ``project``."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return Path(base if base.startswith("/") else os.environ.get("HOME", "") + "/.config") / project


def _talk(config_dir: ConfigDir, options: argparse.Namespace) -> None:
    from instrumented_make.reporter.contract import Contract  # noqa: PLC0415  (a run in the background needs none)
    from instrumented_make.reporter.opt_in import opt_in  # noqa: PLC0415
    from instrumented_make.reporter.opt_out import opt_out  # noqa: PLC0415

    contract: Contract | None = None
    try:
        contract = Contract.parse(options.contract)
    except ValueError as error:
        if options.command != "opt-out":  # which needs nothing from the include
            hint = "render it again: instrumented-make render"
            raise failure(f"Makefile.instrumented is not valid: {error}", hint) from None
    if options.command != "status" and config_dir.is_anothers():
        raise failure("it belongs to somebody else", NOT_YOURS, path=config_dir.path)
    if options.command == "opt-out" or contract is None:
        opt_out(config_dir, contract, sys.stdout)
    elif options.command == "opt-in":
        opt_in(config_dir, contract, options.host, sys.stdin, sys.stdout)
    elif options.command == "hints":
        from instrumented_make.reporter import hints  # noqa: PLC0415

        sys.stdout.write(hints.switch(config_dir, options.word, contract, options.host))
    else:
        if options.command == "show":
            run_files.wait_for_ends(config_dir.pending, ENDING_S)
        # Looking reads what has ended, if that may be recorded here; it never sends. If it fails, the answer is from
        # what was read before. A recipe has the environment that the makefile made; make itself has the person's.
        off = consent.forbidden(system.environment_of(os.getppid()) or os.environ)
        if contract.overridden:
            off = f"{', '.join(contract.overridden)} is set by a makefile or on make's command line"
        with contextlib.suppress(sqlite3.Error, OSError, UserError):
            if not off:
                record(config_dir, Repositories(budget_s=READING_S, gives_up=False), budget_s=READING_S)
        sys.stdout.write(printable(_answer(config_dir, contract, options, off), keep="\n\r\t"))


def _answer(config_dir: ConfigDir, contract: Contract, options: argparse.Namespace, off: str) -> str:
    from instrumented_make.reporter.status import export, show, status  # noqa: PLC0415

    if options.command == "stats":
        return _stats(config_dir, options)
    if options.command == "status":
        return status(config_dir, contract, options.host, off)
    return show(config_dir, contract) if options.export is None else export(config_dir, Path(options.export))


def _stats(config_dir: ConfigDir, options: argparse.Namespace) -> str:
    from instrumented_make import layout  # noqa: PLC0415
    from instrumented_make.figures import Selection  # noqa: PLC0415
    from instrumented_make.reporter.own_summary import summarise_outbox  # noqa: PLC0415

    selection = Selection(
        options.since,
        tuple(options.commands),
        options.include_test,
        only_master=options.branch == "master",
        all_callers=options.callers == "all",
    )
    summary = summarise_outbox(config_dir.outbox, selection)
    about = layout.describe(str(config_dir.outbox), None, selection, summary)
    return layout.lay_out(summary, options.format, about, with_people=False)
