"""The command line that the rendered include calls: parses, calls, prints."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

from reporter.delivery import BACKGROUND, FOREGROUND, deliver
from reporter.home import Home, ReporterError
from reporter.recording import record

# Lingering, the budget and the last attempt take 92 s at most. Whatever else holds the reporter up ends here, as if
# it had been killed: at every step the next one goes on where it stopped.
HARD_LIMIT_S = 180


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 done, 1 expected failure, 2 usage, 130 Ctrl-C."""
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    try:
        if not options.home:
            raise ReporterError(
                "There is no place to keep a decision: HOME and XDG_CONFIG_HOME are unset, not absolute, "
                "or hold characters that make gives a meaning."
            )
        home = Home(Path(options.home))
        if options.command == "run":
            _run(home, foreground=options.foreground)
        else:
            _talk(home, options)
    except ReporterError as error:
        return _fail(str(error))
    except sqlite3.Error as error:
        return _fail(f"{home.outbox}: {error}. Is the disk full, or the file in use elsewhere? Nothing was lost.")
    except OSError as error:
        return _fail(f"{error.filename or home.path}: {error.strerror}.")
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m reporter", description="Called by Makefile.instrumented.")
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="turn finished runs into events, and deliver what waits")
    run.add_argument("--foreground", action="store_true", help="print the events and try to deliver them at once")
    run.add_argument("home")
    run.set_defaults(parser=run)
    for name in ("opt-in", "opt-out", "status", "show", "stats"):
        # The include puts what the user typed between the name of the command and what it says itself.
        command = commands.add_parser(name, prog='make metrics-stats ARGS="..."' if name == "stats" else None)
        if name == "stats":
            _select(command)
        command.add_argument("--collection", required=True, type=json.loads, help=argparse.SUPPRESS)
        command.add_argument("--question", required=True, type=json.loads, help=argparse.SUPPRESS)
        command.add_argument("--digest", required=True, help=argparse.SUPPRESS)
        command.add_argument("--home", required=True, help=argparse.SUPPRESS)
        command.set_defaults(parser=command)
    return parser


def _select(stats: argparse.ArgumentParser) -> None:
    stats.add_argument("--since", type=_moment, metavar="DATE", help="only runs that started then or later (UTC)")
    stats.add_argument(
        "--command", action="append", default=[], dest="commands", metavar="NAME", help="only this one; may be repeated"
    )
    stats.add_argument("--include-test", action="store_true", help="count test data as well")
    stats.add_argument(
        "--branch", choices=["master", "all"], default="all", help="only runs on the main branch, or all"
    )
    stats.add_argument("--format", choices=["table", "json", "csv"], default="table")


def _moment(text: str) -> int:
    from reporter.summary import NO_DATE, moment  # noqa: PLC0415

    try:
        return moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError(NO_DATE.format(text)) from None


def _run(home: Home, *, foreground: bool) -> None:
    if foreground:
        for event in record(home, foreground=True):
            print(f"Send metrics info: {json.dumps(event.as_json())}", file=sys.stderr)
        deliver(home, FOREGROUND)
        return
    # From here on nothing of the make that started this is shared: no descriptor, no terminal, no session.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.setsid()
    signal.alarm(HARD_LIMIT_S)
    record(home)
    while deliver(home, BACKGROUND):
        signal.alarm(HARD_LIMIT_S)


def _talk(home: Home, options: argparse.Namespace) -> None:
    from reporter import choice, overview  # noqa: PLC0415  (a run in the background needs neither)
    from reporter.consent import Collection  # noqa: PLC0415

    if options.command == "opt-in":
        collection = Collection.parse(options.collection)
        question = choice.Question(**options.question)
        choice.opt_in(home, collection, options.digest, question, sys.stdin, sys.stdout)
    elif options.command == "opt-out":
        choice.opt_out(home, sys.stdout)
    else:
        if home.path.exists():
            record(home)
        if options.command == "stats":
            sys.stdout.write(_stats(home, options))
        else:
            text = overview.status(home, options.digest) if options.command == "status" else overview.show(home)
            sys.stdout.write(text)


def _stats(home: Home, options: argparse.Namespace) -> str:
    from reporter import history, summary  # noqa: PLC0415

    selection = summary.Selection(
        options.since, tuple(options.commands), options.include_test, options.branch == "master"
    )
    return summary.shown(history.own(home, selection), options.format, with_people=False)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
