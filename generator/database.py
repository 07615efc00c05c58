"""What make knows after it has read its makefiles, in its own words (``make -p``), and what one line changes in it.

No recipe runs. After the project's makefile, make reads a second one that stops it with an error. By then, make has
read every rule but has not looked for or made anything, not even an included makefile; it still prints its data base.
So it does not matter what a ``%:``, a ``.DEFAULT`` or a ``+`` line would do. Whatever ``$(shell)`` runs while makefiles
are read is the project's own.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from generator import processes
from generator.target_names import MAKEFILES
from instrumented_make import files
from instrumented_make.errors import failure

TIMEOUT_S = 60
INCLUDE = "Makefile.instrumented"
_STOP = ".metrics.read"
# Of a line, in a message.
_SHOWN = 160
# The include does nothing if this is defined before it, and nothing uses the other, which is as long.
_SWITCH, _NO_SWITCH = ".metrics.digest", ".metrics.absent"


@dataclass(frozen=True, slots=True)
class Database:
    """Make's answer: ``text`` is its data base, ``said`` its other words. ``stop`` is the makefile that ended it."""

    text: str
    said: str
    stop: Path

    def facts(self) -> Counter[str]:
        """Each line that says something: a variable, a rule's names, a line of a recipe, a phony target."""
        facts: Counter[str] = Counter()
        for line in self.text.replace(_NO_SWITCH, _SWITCH).replace(str(self.stop), _STOP).splitlines():
            if line.startswith(".PHONY:"):
                facts.update(f".PHONY: {name}" for name in line.split()[1:])
            elif line.strip() and not line.startswith("#"):
                # A makefile may list the variables.
                facts[re.sub(r" \.metrics\.[A-Za-z.]+(?= |$)", "", line)] += 1
        return facts


def first_in(folder: Path) -> str | None:
    """The name of the makefile that make reads in ``folder``, if there is one."""
    return next((name for name in MAKEFILES if (folder / name).exists()), None)


def read(
    folder: Path,
    goals: Sequence[str] = (),
    *,
    included: bool = True,
    home: Path | None = None,
    text: str | None = None,
) -> Database:
    """Make's data base for the makefile in ``folder``, if somebody asks for ``goals``, none of which is made.

    Not ``included``: as if the rendered include were empty. ``home``: the folder of somebody's decisions. ``text``:
    what the makefile would hold; it is not touched, but for git something is new in the folder.

    Raise UserError if make cannot read the makefiles there.
    """
    first = first_in(folder)
    if first is None:
        raise failure("there is no Makefile here", "run this in the Makefile's folder", path=folder)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    person = {"XDG_CONFIG_HOME": str(home), "DO_NOT_TRACK": "", "CI": ""} if home else {"DO_NOT_TRACK": "1"}
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".mk") as stop, _written(folder, first, text) as first_read:
            stop.write(f"$(error {_STOP})\n")
            stop.flush()
            switch = f"{_NO_SWITCH if included else _SWITCH}=off"
            command = ["make", "-pRr", "-f", first_read, "-f", stop.name, switch, *goals]
            result = processes.run(command, folder, {**variables, "LC_ALL": "C", **person}, TIMEOUT_S)
    except OSError as error:
        raise failure(f"make cannot be started: {error.strerror}", "install GNU make") from None
    except subprocess.TimeoutExpired:
        message = f"make did not read its makefiles within {TIMEOUT_S} s"
        raise failure(message, "run make -n and see what it waits for", path=folder) from None
    lines = result.stderr.splitlines()
    faults = [line for line in lines if "*** " in line and _STOP not in line]
    if faults or _STOP not in result.stderr or "\n# Files" not in result.stdout:
        told = "; ".join(faults) or result.stderr.strip() or "nothing"
        hint = f"make says: {told} When make works here, run this again."
        raise failure("make cannot read the makefiles here", hint, path=folder)
    # One more line above shifts the numbers of all.
    said = "\n".join(re.sub(r":\d+: ", ": ", line) for line in lines if _STOP not in line)
    return Database(result.stdout, said, Path(stop.name))


@contextlib.contextmanager
def _written(folder: Path, first: str, text: str | None) -> Iterator[str]:
    """The name of a file in ``folder`` that holds ``text``, for a while; without a text, of the makefile itself."""
    if text is None:
        yield first
        return
    path = folder / f".{first}.tried"
    with files.orderly_end():
        try:
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
            yield path.name
        finally:
            path.unlink(missing_ok=True)


def changes(folder: Path, include: str, goals: Sequence[str] = (), home: Path | None = None, expected: str = "") -> str:
    """The first thing that make knows or says only with the ``include``, or only without it; see :func:`difference`."""
    before = read(folder, goals, included=False, home=home)
    after = read(folder, goals, home=home)
    return difference(before, after, read(folder, goals, included=False, home=home), include, expected)


def difference(before: Database, after: Database, again: Database, include: str, expected: str = "") -> str:
    """The first thing that make knows or says in ``after`` and not ``before``, or the reverse; empty if there is none.

    What is different ``again``, later and with nothing changed, does not count, such as the time of day. The name of
    the ``include`` and its variables may come and go, and lines that match ``expected`` as a whole.
    """
    own = rf"\.metrics\..*|{re.escape(include)}:|{re.escape(include[:-1])}%:.*|{expected}"
    then, now, later = before.facts(), after.facts(), again.facts()
    changing = {_name(line) for line in (then - later) | (later - then)}
    added, gone = (
        [line for line in lines if _name(line) not in changing and not re.fullmatch(own, line)]
        for lines in (now - then, then - now)
    )
    if added or gone:
        has, line = ("now has", added[0]) if added else ("no longer has", gone[0])
        return f"make {has} {_short(line.strip())}"
    if before.said == again.said != after.said:
        pairs = zip([*before.said.splitlines(), "nothing"], [*after.said.splitlines(), "nothing"], strict=False)
        old, new = next(pair for pair in pairs if pair[0] != pair[1])
        return f"make says {_short(new)} instead of {_short(old)}"
    return ""


def _short(line: str) -> str:
    return repr(line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…")


def _name(line: str) -> str:
    """What ``line`` is about: a variable's or a rule's name."""
    return re.split(r"\s*(?:[:+?!]*=|:)", line, maxsplit=1)[0]
