"""What the include passes when it calls the reporter: one JSON document.

Includes and reporters of one major version work together. So unknown keys are ignored, and keys that an older
include does not have get a default.
"""

from __future__ import annotations

import importlib.util
import json
import re
from dataclasses import dataclass

from instrumented_make import __version__
from instrumented_make.digest import digest
from instrumented_make.errors import failure
from instrumented_make.installing import to_install
from instrumented_make.reporter.consent import Collection
from instrumented_make.text import printable


@dataclass(frozen=True, slots=True)
class Contract:
    """Who asks for what, and where.

    ``version`` is that of the include. ``tracked`` is how many commands the catalog lists and ``first`` some of their
    names; ``prefix`` begins the names of the make targets with which a developer calls the reporter. ``overridden`` are
    the variables that are the person's to set, but here are a makefile's or the command line's.
    """

    collection: Collection
    digest: str
    project: str
    who: str
    why: str
    link: str
    tracked: int
    first: tuple[str, ...]
    prefix: str = "metrics"
    version: str = ""
    overridden: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Contract:
        """Parse what an include passes. Raise ValueError if it is not a contract or not consistent."""
        try:
            return cls._parse(json.loads(text, parse_constant=_no_number))
        except (KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None

    @classmethod
    def _parse(cls, document: object) -> Contract:
        if not isinstance(document, dict) or not isinstance(document.get("question"), dict):
            raise ValueError("the contract is not an object with a question")
        question = document["question"]
        _check_printable(document)
        # The digest names what you agree to, so it is computed here from what is shown.
        if document.get("digest") != digest(document.get("collection")):
            raise ValueError("its digest does not match what it collects")
        return cls(
            collection=Collection.parse(document.get("collection")),
            digest=str(document["digest"]),
            project=str(question["project"]),
            who=str(question["who"]),
            why=str(question["why"]),
            link=str(question.get("link") or ""),
            tracked=int(document.get("count", 0)),
            first=tuple(str(document.get("first", "")).split()),
            prefix=str(document.get("prefix", "metrics")),
            version=str(document.get("version", "")),
            overridden=tuple(str(document.get("overridden", "")).split()),
        )

    def check(self) -> None:
        """Raise UserError if it asks for what this reporter cannot collect or send."""
        if unknown := self.collection.unknown():
            raise failure(
                f"this project asks for {', '.join(unknown)}, which the installed reporter does not know",
                f"upgrade it: {_installing(self.version, otlp=bool(self.collection.otlp))}",
            )
        if self.collection.otlp and not has_otlp():
            raise failure(
                "this project sends to an OpenTelemetry collector, for which this Python lacks a package", INSTALL_OTLP
            )

    def newer(self) -> str:
        """The message to show if the include is newer than this reporter; empty if it is not."""
        if _numbers(self.version) <= _numbers(__version__):
            return ""
        return (
            f"instrumented-make {__version__} is installed here, but this project uses {self.version}. "
            f"To upgrade: {_installing(self.version, otlp=bool(self.collection.otlp))}"
        )

    def make(self, command: str) -> str:
        """What a developer types for ``command``, as in ``make metrics-status``."""
        return f"make {self.prefix}-{command}"


def _installing(version: str, *, otlp: bool) -> str:
    """The command that installs ``version`` for this Python."""
    return to_install(f"instrumented-make{'[otlp]' if otlp else ''}=={version}")


# What to do where the extra is missing.
INSTALL_OTLP = f"install it: {_installing(__version__, otlp=True)}"


def has_otlp() -> bool:
    """Whether this Python has what the extra ``otlp`` installs."""
    try:
        return importlib.util.find_spec("opentelemetry.exporter.otlp.proto.http") is not None
    except ModuleNotFoundError:  # not even the packages above it
        return False


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not valid JSON")


def _check_printable(value: object) -> None:
    """Raise ValueError for a string with a character that would affect the terminal that shows it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_printable(key)
            _check_printable(inner)
    elif isinstance(value, list):
        for inner in value:
            _check_printable(inner)
    elif isinstance(value, str) and printable(value) != value:
        raise ValueError("it contains characters that cannot be shown")
