"""The catalog: which targets a project tracks, what it asks its developers, and where events go.

Read one with ``load``. It returns frozen, typed objects; no raw mapping leaves this module.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from generator.target_names import fault_of_stem, fault_of_target, matches
from generator.yaml_source import Source, Where, read
from instrumented_make import __version__
from instrumented_make.errors import Problem, UserError
from instrumented_make.properties import OPTIONAL_NAMES, properties_of
from instrumented_make.text import is_printable

CATALOG = "targets.yaml"
# The include's own commands, and what each does; each name starts with the catalog's prefix.
COMMANDS = {
    "opt-in": "Show what would be collected and where it would go, and ask you",
    "opt-out": "Stop collecting, and delete what was collected",
    "status": "Show your decision, what waits to be sent and when something was last sent",
    "show": "Show exactly what waits to be sent and what was sent last",
    "stats": 'Show what took your time and what failed; ARGS="--help" lists its options',
    "hints": "ARGS=on: say before a command that usually takes long how long; ARGS=off: say nothing",
}
# The recorder looks it up as text, so it needs no escapes in JSON.
_COMMAND = r"^[A-Za-z0-9][A-Za-z0-9._/:@+-]*( [A-Za-z0-9._/:@+-]+)*$"
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def _refuse(message: str, hint: str) -> PydanticCustomError:
    # The texts go into the context, not into the template, where braces would have a meaning.
    return PydanticCustomError("catalog", "{message}", {"message": message, "hint": hint})


def _one_line(text: str) -> str:
    """Collapse white space, and refuse characters that would control the terminal."""
    text = " ".join(text.split())
    for character in text:
        if not is_printable(character):
            raise _refuse(f"it contains the control character U+{ord(character):04X}", "remove that character")
    return text


def _target(name: str) -> str:
    fault = fault_of_target(name)
    if fault:
        raise _refuse(
            f"{name!r} cannot be a tracked target: {fault}", "write a plain target or one pattern, as in dev.up.%"
        )
    return name


def _stem(stem: str) -> str:
    fault = fault_of_stem(stem)
    if fault:
        raise _refuse(f"{stem!r} cannot be a stem: {fault}", "write the text that replaces the pattern's '%'")
    return stem


def _host(host: str) -> str:
    host = host.rstrip("/")
    try:
        parts = urlsplit(host)
        loopback = parts.hostname in LOOPBACK
        _ = parts.port
    except ValueError:
        parts, loopback = urlsplit(""), False
    hint = "write it like https://api.segment.io"
    if not re.fullmatch(r"[!-~]+", host) or not parts.hostname or parts.scheme not in ("http", "https"):
        raise _refuse(f"{host!r} is not an http(s) address", hint)
    if parts.username is not None or parts.query or parts.fragment:
        raise _refuse("an address with a user name, '?' or '#' cannot be used", hint)
    if parts.scheme == "http" and not loopback:
        raise _refuse("events would cross the network in plain text", "use https (http is for loopback addresses only)")
    return host


def _wheel(name: str) -> str:
    if not re.fullmatch(
        rf"instrumented_make-{re.escape(__version__)}-[A-Za-z0-9_.]+-[a-z0-9]+-[A-Za-z0-9_.]+\.whl", name
    ):
        raise _refuse(
            f"{name!r} is not a wheel of instrumented-make {__version__}, which renders here",
            "run: instrumented-make render --wheels DIR, with the folder of that version's wheels",
        )
    return name


def _header(text: str) -> str:
    """Lines that can be comments in a makefile and in Markdown."""
    lines = [line.rstrip() for line in text.strip("\n").split("\n")]
    for line in lines:
        _one_line(line)
        if line.endswith("\\"):
            raise _refuse("a line ends in a backslash, which would make the next one a comment", "remove it")
        if "--" in line:
            raise _refuse("it contains '--', which would end a comment in Markdown", "write it in another way")
    return "\n".join(lines)


def _collector(endpoint: str) -> str:
    endpoint = _host(endpoint)
    if endpoint.endswith("/v1/traces"):
        raise _refuse(f"{endpoint!r} has the path that is added to it", "leave out /v1/traces")
    return endpoint


def _plain_name_as_mapping(value: object) -> object:
    """``- dev.pull`` is short for ``- name: dev.pull``."""
    return {"name": value} if not isinstance(value, dict) else value


Line = Annotated[str, AfterValidator(_one_line)]
Text = Annotated[Line, StringConstraints(min_length=1, max_length=500)]
WheelName = Annotated[str, AfterValidator(_wheel)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
OptionalField = Literal[OPTIONAL_NAMES]  # type: ignore[valid-type]  # the names are declared in one place


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Target(_Part):
    """One tracked target, or a pattern and the stems that are reported by name.

    ``interactive``: people work inside it, as in a shell, so its time does not count as waiting. ``command_type``: its
    own, if it differs from the catalog's.
    """

    name: Annotated[str, AfterValidator(_target)]
    stems: tuple[Annotated[str, AfterValidator(_stem)], ...] = Field(default=(), min_length=1)
    help: Text | None = None
    reason: Text | None = None
    interactive: bool = False
    command_type: Text | None = None

    @field_validator("stems", mode="before")
    @classmethod
    def _only_for_patterns(cls, stems: object, info: ValidationInfo) -> object:
        name = info.data.get("name")
        if name is not None and "%" not in name:
            raise _refuse(
                f"{name!r} is not a pattern, so it has no stems", "remove 'stems', or put a '%' into the name"
            )
        return tuple(stems) if isinstance(stems, list) else stems

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that are reported: the target's own name, then those of a pattern's declared stems."""
        return (self.name, *(self.name.replace("%", stem) for stem in self.stems))


class Segment(_Part):
    """Where events go. Without a write key they stay on the machine.

    ``collector``: the host is a collector, which deletes what it has of somebody who opts out.
    """

    write_key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]*$", max_length=200)] = ""
    host: Annotated[str, AfterValidator(_host)] = "https://api.segment.io"
    collector: bool = False

    @model_validator(mode="after")
    def _a_collector_has_an_address(self) -> Segment:
        if self.collector and (not self.write_key or "host" not in self.model_fields_set):
            hint = "give the address that it prints, and a word of your own"
            raise _refuse("a collector needs 'host' and 'write_key'", hint)
        return self


class Otlp(_Part):
    """An OpenTelemetry collector that gets a span for each run."""

    endpoint: Annotated[str, AfterValidator(_collector)]


class Command(_Part):
    """What is measured beside make, where ``instrumented-make run --as`` runs it under this name."""

    name: Annotated[str, StringConstraints(pattern=_COMMAND, max_length=100)]
    command_type: Text = "docker"


class Consent(_Part):
    """The wording of the consent question."""

    who: Text
    why: Text
    link: Annotated[str, AfterValidator(_host)] | None = None


class Catalog(_Part):
    """A whole ``targets.yaml``.

    ``default_goal`` is the tracked target that plain ``make`` makes, if that is to be measured. ``header`` is a comment
    on top of what is rendered: a licence, for example. ``install`` has the SHA-256 of wheels, by their names: set-up
    installs one of them.
    """

    header: Annotated[str, AfterValidator(_header), StringConstraints(max_length=2_000)] = ""
    project: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
    event: Text
    command_type: Text = "make"
    main_branch: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/+-]*$")] = "master"
    prefix: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=64)] = "metrics"
    default_goal: Annotated[str, AfterValidator(_target)] | None = None
    install: Annotated[dict[WheelName, Sha256], Field(min_length=1)] | None = None
    segment: Segment = Segment()
    otlp: Otlp | None = None
    consent: Consent
    fields: tuple[OptionalField, ...] = ()
    targets: Annotated[
        tuple[Annotated[Target, BeforeValidator(_plain_name_as_mapping)], ...],
        Field(min_length=1),
    ]
    commands: tuple[Annotated[Command, BeforeValidator(_plain_name_as_mapping)], ...] = ()
    _source: Source = PrivateAttr()

    @property
    def in_order(self) -> list[Target]:
        """The targets in the order of the include: plain ones, then patterns, longest first.

        The first pattern that matches a goal is then the one with the shortest stem, which is the one make uses.
        """
        plain = [target for target in self.targets if "%" not in target.name]
        patterns = [target for target in self.targets if "%" in target.name]
        return plain + sorted(patterns, key=lambda target: -len(target.name))

    def tracks(self, goal: str) -> bool:
        """Whether a run of ``goal`` is measured."""
        return any(goal == target.name or matches(target.name, goal) for target in self.targets)

    @property
    def collection(self) -> dict[str, object]:
        """What determines an event's content and destination; consent covers exactly this."""
        return {
            "event": self.event,
            "command_type": self.command_type,
            "main_branch": self.main_branch,
            "host": self.segment.host,
            "write_key": self.segment.write_key,
            "fields": [declared.name for declared in properties_of(self.fields)],
            # Who agreed before there were collectors need not be asked again.
            **({"collector": True} if self.segment.collector else {}),
            **({"otlp": self.otlp.endpoint} if self.otlp else {}),
            **({"command_types": types} if (types := self.command_types) else {}),
            **({"commands": types} if (types := {each.name: each.command_type for each in self.commands}) else {}),
        }

    @property
    def in_containers(self) -> bool:
        """Whether something may be made in a container, where the include asks nobody.

        It asks in the host's namespace of process ids only, which is PROC_PID_INIT_INO (include/linux/proc_ns.h).
        """
        return {self.command_type, *self.command_types.values()} != {"make"}

    @property
    def command_types(self) -> dict[str, str]:
        """The type of each command whose target has another than the catalog."""
        return {
            command: target.command_type
            for target in self.targets
            if target.command_type not in (None, self.command_type)
            for command in target.commands
        }

    @property
    def question(self) -> dict[str, object]:
        """The wording of the consent question; it can be corrected without asking anyone again."""
        return {
            "project": self.project,
            "who": self.consent.who,
            "why": self.consent.why,
            "link": self.consent.link,
        }

    @property
    def source(self) -> Source:
        """The file that this was read from, with its positions."""
        return self._source

    @field_validator("fields", "targets", "commands", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


def load(path: Path, text: str | None = None) -> Catalog:
    """Read the catalog at ``path``, or ``text`` as its content; raise one UserError that lists every problem."""
    source = read(path, text)
    catalog = None
    problems = list(source.problems)
    try:
        catalog = Catalog.model_validate(source.data)
    except ValidationError as error:
        problems += [_problem(source, details) for details in error.errors(include_url=False)]
    problems += _reserved(source)
    if catalog is not None and catalog.default_goal is not None and not catalog.tracks(catalog.default_goal):
        message = f"the default goal {catalog.default_goal!r} is not tracked"
        problems.append(source.problem(message, "add it to the targets", source.position(("default_goal",))))
    problems += _duplicates(source)
    if catalog is not None:
        problems += _ambiguous(catalog, source)
    if problems or catalog is None:
        raise UserError(*problems)
    catalog._source = source
    return catalog


def _problem(source: Source, details: ErrorDetails) -> Problem:
    where = _in_file(source, details["loc"])
    message, hint = _words(details, where)
    return source.problem(message, hint, source.position(where, of_key=details["type"] == "extra_forbidden"))


def _in_file(source: Source, location: tuple[str | int, ...]) -> Where:
    """pydantic's location, without the ``name`` that a plain item in the list of targets does not have."""
    return location if location in source.values or location[-1] != "name" else location[:-1]


def _words(details: ErrorDetails, where: Where) -> tuple[str, str]:
    context: dict[str, Any] = details.get("ctx", {})
    name = repr(str(where[-1])) if where and isinstance(where[-1], str) else "this item"
    match details["type"]:
        case "catalog":
            return context["message"], context["hint"]
        case "extra_forbidden":
            return f"unknown key {name}", _nearest(str(where[-1]), _model_at(where))
        case "missing":
            return f"the key {name} is missing", f"add '{where[-1]}:' here; the README shows where it goes"
        case "string_type":
            return f"{name} should be text, not {_kind(details['input'])}", "put it in quotes" + _if_scalar(details)
        case "tuple_type":
            return f"{name} should be a list, not {_kind(details['input'])}", "write one '- item' per line, indented"
        case "model_type" | "model_attributes_type":
            return f"{name} should be a mapping, not {_kind(details['input'])}", "write 'key: value' lines, indented"
        case "too_short" | "string_too_short":
            return f"{name} is empty", "fill it in; a key that is not required can be removed instead"
        case "string_too_long" | "too_long":
            return f"{name} is longer than {context['max_length']} characters", "shorten it"
        case "string_pattern_mismatch":
            return f"{name} cannot be {details['input']!r}", _pattern_hint(where)
        case "bool_type":
            return f"{name} should be true or false, not {_kind(details['input'])}", "write true or false, unquoted"
        case "literal_error":
            hint = f"the optional fields are {context['expected']}"
            return f"there is no optional field {details['input']!r}", hint
    return f"{name}: {details['msg']}", "compare it with the example in the README"


def _pattern_hint(where: Where) -> str:
    return _PATTERN_HINTS.get("commands" if where[0] == "commands" else str(where[-1]), "use plain characters")


_PATTERN_HINTS = {
    "project": "use lower-case letters, digits, '-' and '_': it names the folder ~/.config/<project>",
    "prefix": "use letters, digits, '_', '.' and '-', as in metrics",
    "main_branch": "use the plain name of the branch, as in main",
    "install": "run: instrumented-make render --wheels DIR",
    "commands": "write it as people type it, as in compose up: letters, digits, . _ / : @ + -, and single blanks",
    "write_key": "copy the source's write key: letters, digits, '-' and '_'",
}


def _kind(value: object) -> str:
    kinds = {type(None): "empty", bool: "a boolean", float: "a number", str: "text", list: "a list", dict: "a mapping"}
    return kinds.get(type(value), "that")


def _if_scalar(details: ErrorDetails) -> str:
    return "" if isinstance(details["input"], (bool, float)) else ", as one value"


def _model_at(where: Where) -> type[BaseModel]:
    match where:
        case ("segment", _):
            return Segment
        case ("otlp", _):
            return Otlp
        case ("consent", _):
            return Consent
        case ("commands", int(), _):
            return Command
        case ("targets", int(), _):
            return Target
    return Catalog


def _nearest(key: str, model: type[BaseModel]) -> str:
    known = list(model.model_fields)
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {near[0]!r}?" if near else f"the keys here are {', '.join(known)}"


def _reserved(source: Source) -> list[Problem]:
    """Targets that the include's own commands would hide."""
    data = source.data if isinstance(source.data, dict) else {}
    prefix = f"{data.get('prefix', Catalog.model_fields['prefix'].default)}-"
    targets = data.get("targets")
    return [
        source.problem(
            f"{name!r} cannot be a tracked target: {prefix!r} is the prefix of the include's own commands",
            "rename the target, or give the commands another 'prefix'",
            source.position(("targets", *where)),
        )
        for where, name in _tracked_names(targets if isinstance(targets, list) else [])
        if name.startswith(prefix)
    ]


def _duplicates(source: Source) -> list[Problem]:
    """Targets listed twice, in either notation; found even if the catalog has other problems."""
    targets = source.data.get("targets") if isinstance(source.data, dict) else None
    first: dict[str, int] = {}
    problems = []
    for where, name in _tracked_names(targets if isinstance(targets, list) else []):
        position = source.position(("targets", *where))
        line = position.line if position else 0
        if name in first:
            message = f"the target {name!r} is already tracked, on line {first[name]}"
            problems.append(source.problem(message, "remove one of the two", position, "duplicate"))
        first.setdefault(name, line)
    return problems


def _ambiguous(catalog: Catalog, source: Source) -> list[Problem]:
    """Commands that a report could not tell from a make, or from each other."""
    problems = []
    first: dict[str, int] = {}
    for index, command in enumerate(catalog.commands):
        where: Where = ("commands", index, "name")
        position = source.position(where if where in source.values else where[:-1])
        if all(catalog.tracks(word) for word in command.name.split(" ")):
            message = f"the command {command.name!r} has the name of a tracked target"
            problems.append(source.problem(message, "give it another, such as 'docker compose up'", position))
        if command.name in first:
            message = f"the command {command.name!r} is already listed, on line {first[command.name]}"
            problems.append(source.problem(message, "remove one of the two", position, "duplicate"))
        first.setdefault(command.name, position.line if position else 0)
    return problems


def _tracked_names(items: Sequence[Any]) -> list[tuple[Where, str]]:
    names: list[tuple[Where, str]] = []
    for index, item in enumerate(items):
        if isinstance(item, str):
            names.append(((index,), item))
        elif isinstance(item, dict) and isinstance(item.get("name"), str):
            names.append(((index, "name"), item["name"]))
            stems = item.get("stems")
            for at, stem in enumerate(stems if isinstance(stems, list) and "%" in item["name"] else []):
                if isinstance(stem, str):
                    names.append(((index, "stems", at), item["name"].replace("%", stem)))
    return names
