"""What the end-to-end tests work with: a checkout, its own home directory, real makes and a real server.

Nothing here reaches the real home: every process gets an environment built from scratch.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

import pexpect
from capture import PATIENCE_S

import instrumented_make
from generator.catalog import load
from generator.render import include
from hatch_build import compile_to
from instrumented_make import INTERFACE
from instrumented_make.digest import digest
from instrumented_make.reporter import consent
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Collection, Consent

# The environment with the reporter under test: make test installs the built wheel into one of its own.
INSTALLED = os.environ.get("INSTALLED", sys.prefix)
PYTHON = f"{INSTALLED}/bin/python"
DEBIAN_MAKE = "/usr/bin/make"
PYPI_MAKE = str(Path(sysconfig.get_path("scripts")) / "make")
# The makes that the suite runs: those named in MAKES, or Debian's and PyPI's.
MAKES = os.environ.get("MAKES", "").split() or [make for make in (DEBIAN_MAKE, PYPI_MAKE) if Path(make).exists()]


def make_name(path: str) -> str:
    """The name of a make in test ids."""
    names = {DEBIAN_MAKE: "debian", PYPI_MAKE: "pypi"}
    return names.get(path, Path(path).parent.name)


# The recorder under test.
RECORDER = next(
    Path(INSTALLED).glob("lib/python*/site-packages/instrumented_make/recorder"), instrumented_make.RECORDER
)
# An argument of a recorder's own, as a project keeps it or as it is installed, and of a reporter's.
RECORDERS = ("*/recorder-*", str(RECORDER))
REPORTER = "instrumented_make.reporter*"

SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"

# When a test gives up: never because the machine is busy. What a test must not wait for takes an hour.
HANG_S = PATIENCE_S

CATALOG = """\
project: workbench
event: devstack.command.run
main_branch: main
segment:
  write_key: test-key
  host: {host}
consent:
  who: The maintainers
  why: to test
targets:
{targets}
"""

# The contract of a minimal include.
COLLECTION = {**dict.fromkeys(("event", "command_type", "main_branch", "host", "write_key"), "x"), "fields": []}
CONTRACT = json.dumps(
    {"collection": COLLECTION, "question": {"project": "p", "who": "w", "why": "y"}, "digest": digest(COLLECTION)}
)

# A race in make itself, with and without the include: after a signal it may wait for a child once too often.
LOST_CHILD = "make: *** wait: No child processes.  Stop."

# Where coverage is measured (make dev.cover), it is measured in the reporter's processes too.
COVERAGE = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}

# What a developer's terminal sets. Some of it, or some of its characters, mean something to make or to a shell.
TERMINAL = {
    "SHELL": "/bin/bash",
    "TERM": "xterm-256color",
    "LC_ALL": "C.UTF-8",
    "LANG": "C.UTF-8",
    "USER": "developer",
    "LOGNAME": "developer",
    "SHLVL": "1",
    "OLDPWD": "/usr/share",
    "PS1": r"\[\e[32m\]\u@\h:\w\$ ",
    "PROMPT_COMMAND": "history -a; date >/dev/null",
    "EDITOR": "vim -f",
    "LESSOPEN": "| /usr/bin/lesspipe %s",
    "LS_COLORS": "rs=0:di=01;34:*.tar=01;31:*~=00;90:",
    "BASH_FUNC_module%%": '() {  local name="$1";\n [ -n "$name" ] || return 0\n}',
    "SSH_AUTH_SOCK": "/run/user/1000/ssh agent",
    "DISPLAY": ":0",
    "XDG_SESSION_ID": "c1",
    "XDG_DATA_DIRS": "/usr/local/share:/usr/share",
    "npm_config_prefix": "/usr/local/$dir",
    "QUOTE": "it's",
}

WIRED = "include Makefile.instrumented\n{rules}\n"


@dataclass
class Workbench:
    """A git repository ``tree`` whose Makefile includes the rendered file, and a developer's ``home``."""

    tree: Path
    home: Path
    host: str = "http://127.0.0.1:9"
    make: str = DEBIAN_MAKE
    variables: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # For good: a test may move its home to where others have theirs.
        self.folder = self.home.parent

    @property
    def environment(self) -> dict[str, str]:
        return {
            **TERMINAL,
            **COVERAGE,
            "HOME": str(self.home),
            "PATH": SYSTEM_PATH,
            "PWD": str(self.tree),
            **self.variables,
        }

    @property
    def config(self) -> Path:
        return self.home / ".config" / "workbench"

    def write(self, rules: str, targets: list[str] | str = "", *, wired: bool = True) -> None:
        """Write catalog, rendered include and Makefile. ``rules`` use a TAB or ``target: ; command``."""
        lines = targets if isinstance(targets, str) else "".join(f'  - "{target}"\n' for target in targets)
        (self.tree / "targets.yaml").write_text(CATALOG.format(host=self.host, targets=lines))
        self.render()
        (self.tree / "Makefile").write_text(WIRED.format(rules=rules) if wired else rules)

    def render(self) -> None:
        path = self.tree / "Makefile.instrumented"
        path.write_text(include(load(self.tree / "targets.yaml"), path))

    @property
    def digest(self) -> str:
        return digest(load(self.tree / "targets.yaml").collection)

    def git(self, *arguments: str, date: str = "2021-05-17T15:02:10-04:00") -> str:
        identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.invalid", "GIT_COMMITTER_NAME": "c"}
        identity |= {"GIT_COMMITTER_EMAIL": "c@example.invalid", "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date}
        return subprocess.run(
            ["git", *arguments],
            cwd=self.tree,
            env={**self.environment, **identity},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    def commit(self) -> None:
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("commit", "-qm", "start")

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run make as a developer would, outside any virtual environment."""
        environment = {**self.environment, **options.pop("variables", {})}
        return subprocess.run(
            [self.make, *arguments],
            cwd=options.pop("cwd", self.tree),
            env=environment,
            stdin=options.pop("stdin", subprocess.DEVNULL),
            capture_output=True,
            text=True,
            timeout=options.pop("timeout", HANG_S),
            check=False,
            **options,
        )

    @staticmethod
    def run_version(make: str) -> str:
        """The version of ``make``."""
        return subprocess.check_output([make, "--version"], text=True).split()[2]

    def terminal(self, *arguments: str, variables: dict[str, str] | None = None) -> pexpect.spawn[str]:
        """Start make on a terminal of its own."""
        environment = {**self.environment, **(variables or {})}
        child = pexpect.spawn(
            self.make, list(arguments), cwd=str(self.tree), env=environment, encoding="utf-8", timeout=HANG_S
        )
        child.delaybeforesend = None
        return child

    def opt_in(self, answer: str = "yes") -> str:
        """Answer the consent question at a terminal, with the test's own interpreter as the active one."""
        child = self.terminal("metrics-opt-in", variables={"VIRTUAL_ENV": INSTALLED})
        child.expect("asked again: ")
        shown = str(child.before)
        child.sendline(f"{answer}\n")  # and no hints
        child.expect(pexpect.EOF)
        child.close()
        assert child.exitstatus == 0, child.before
        return shown + str(child.before)

    def agree(self, recorder: Path = RECORDER) -> None:
        """Consent without a reporter: records stay where a test can read them."""
        kept = ConfigDir(self.config)
        kept.create(kept.pending)
        shown = Collection.parse(load(self.tree / "targets.yaml").collection)
        consent.save(kept, Consent(consent.LOCAL, consent.now(), "someone", self.digest, "this-agreement", shown))
        (self.config / "interpreter").write_text("/nonexistent/python\n")
        for host in {host_of(make) for make in (self.make, *MAKES)}:
            shutil.copy(recorder, self.config / f"recorder-{INTERFACE}.{host}")

    def records(self) -> list[Path]:
        """The records, as soon as no recorder is at work any more."""
        wait_until(lambda: not self.recorders(), "the recorders to end")
        return sorted((self.config / "pending").glob("*.run"))

    def started(self) -> list[Path]:
        """The records whose start is written, of runs that have ended and of those that go on."""
        return [path for path in (self.config / "pending").glob("*.run") if path.stat().st_size]

    def recorded(self) -> list[str]:
        """The exit status in each record, or "" for a run that has no end, once no recorder is at work any more."""
        return [end_of(record) for record in self.records()]

    def reporter(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the reporter as the include does."""
        return subprocess.run(
            [PYTHON, "-I", "-m", "instrumented_make.reporter", *arguments, str(self.config)],
            cwd="/",
            env={**self.environment, **options.pop("variables", {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
            **options,
        )

    def background_ended(self) -> None:
        """Wait until no recorder and no reporter of this home is running any more, whatever the project."""
        wait_until(lambda: not self._at_work(), "the recorders and the reporters to end")

    def stop_reporters(self) -> None:
        for process in self._at_work():
            with contextlib.suppress(ProcessLookupError):  # it has just exited
                os.kill(process, signal.SIGKILL)

    def watcher(self) -> int:
        """The only watcher, once its record is written and the recorder that make has waited for is gone."""
        found: list[int] = []

        def waits() -> bool:
            # One that has nothing left to do has left the folder.
            found[:] = [process for process in self.recorders() if _reads(f"/proc/{process}/cwd") == "/"]
            return bool(self.started()) and len(found) == 1

        wait_until(waits, "the watcher to be alone")
        return found[0]

    def recorders(self) -> list[int]:
        return self._processes(*RECORDERS)

    def _at_work(self) -> list[int]:
        return self._processes(*RECORDERS, REPORTER)

    def _reporters(self) -> list[int]:
        return self._processes(REPORTER)

    def _processes(self, *patterns: str) -> list[int]:
        """The processes with an argument like one of ``patterns``, and one below this test's folder or its home."""
        near = (f"{self.folder}/", f"{self.home}/")
        return [
            process
            for process, command in processes().items()
            if any(fnmatchcase(argument, pattern) for argument in command for pattern in patterns)
            and (any(argument.startswith(near) for argument in command) or ("--as" in command and self._is_of(process)))
        ]

    def _is_of(self, process: int) -> bool:
        """Whether ``process`` has this home: a recorder of a command names no folder."""
        try:
            return f"HOME={self.home}".encode() in Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
        except OSError:  # it has ended
            return False


def end_of(record: Path) -> str:
    """The exit status in ``record``; empty if it has no end."""
    return (record.read_text().split("\n")[10].split() or [""])[0]


# The ways of watching; a recorder for an older kernel leaves out those before it.
WAYS = ("pidfd", "connector", "run")


@functools.cache
def recorder_for(way: str) -> Path:
    """A recorder that behaves as on a kernel where ``way`` is the first that works; skip where it does not work."""
    import pytest  # noqa: PLC0415  (the demo's helpers do not need it)

    program = RECORDER
    if way != WAYS[0]:
        root = Path(__file__).parent.parent
        program = root / "build" / "recorders" / way / "run"
        program.parent.mkdir(parents=True, exist_ok=True)
        try:
            compile_to(program, root / "recorder" / "recorder.c", "", f"-DFIRST_WAY={WAYS.index(way)}")
        except RuntimeError:
            missing("gcc")
    told = subprocess.run([program, "check"], capture_output=True, text=True, check=True).stdout.strip()
    if way != WAYS[-1] and told != way:
        pytest.skip(f"this kernel does not tell by {way}")
    return program


def another_python(made: Path, wheel: Path, *but: str) -> Path:
    """An environment at ``made`` with the content of ``wheel``, and what this one has, but what begins with ``but``."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(made)], check=True)
    [site] = made.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    [package] = Path(sys.prefix).glob("lib/python*/site-packages")
    for path in package.iterdir():
        # An editable installation would lead to another one of the same package.
        if not (site / path.name).exists() and not path.name.startswith(("_editable", "__editable__", *but)):
            (site / path.name).symlink_to(path)
    return made


@functools.cache
def host_of(make: str) -> str:
    """What the include calls the system of ``make``: the last part of the recorder's name."""
    asked = "$(info $(if $(MAKE_HOST),$(MAKE_HOST),$(notdir $(wildcard /lib64/ld-linux-x86-64.so.2))))\nall: ; @:\n"
    return subprocess.run([make, "-f", "-"], input=asked, capture_output=True, text=True, check=True).stdout.strip()


def processes() -> dict[int, list[str]]:
    """Every running process, with its command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(entry.name)] = _command_line(entry)
    return found


def _command_line(process: Path) -> list[str]:
    """As it is, or as it is going to be: a process that is becoming another program has no arguments for a moment."""
    for _ in range(100):
        command = (process / "cmdline").read_text(errors="replace").split("\0")[:-1]
        if command or not _reads(str(process / "exe")):  # those of the kernel and those that have ended have none
            break
        time.sleep(0.001)
    return command


def _reads(link: str) -> str:
    """Where it leads; empty if it is gone."""
    try:
        return os.readlink(link)
    except OSError:
        return ""


def wait_for_process(session: int | None, *command: str) -> int:
    """Wait until a process with exactly this command line runs in ``session``; return its id.

    A shell that has not started it yet may lose a signal, with or without this project (dash does).
    """
    found: list[int] = []

    def runs() -> bool:
        found[:] = [process for process, line in processes().items() if line == list(command) and _in(session, process)]
        return bool(found)

    wait_until(runs, " ".join(command))
    return found[0]


def _in(session: int | None, process: int) -> bool:
    try:
        return os.getsid(process) == session
    except OSError:
        return False


def wait_until(fact: Callable[[], object], what: str) -> None:
    """Poll for ``fact``, where there is nothing to block on. Fail after HANG_S."""
    deadline = time.monotonic() + HANG_S
    while not fact():
        assert time.monotonic() < deadline, f"waited {HANG_S} s in vain for {what}"
        time.sleep(0.01)


@contextlib.contextmanager
def kept_port(port: int = 0) -> Iterator[int]:
    """A port of loopback for a server that comes later, or comes back: who asks for a free one is not given it."""
    with socket.socket() as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, so that they can listen beside it
        place.bind(("127.0.0.1", port))
        yield place.getsockname()[1]


@contextlib.contextmanager
def tmpfs(folder: Path, options: str) -> Iterator[None]:
    """Mount a small file system at ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if not mounted or mounted.returncode != 0:
        import pytest  # noqa: PLC0415  (the demo's helpers do not need it)

        pytest.skip("a tmpfs can be mounted by root only")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


NOT_INSTALLED = " is not installed here"
# CI installs what the tests need. The tests themselves run without this variable.
_IN_CI = bool(os.environ.get("CI"))


def missing(what: str) -> NoReturn:
    """Skip this test because a program is missing; in CI, fail."""
    import pytest  # noqa: PLC0415  (the demo's helpers do not need it)

    if _IN_CI:
        pytest.fail(f"{what}{NOT_INSTALLED}, and CI is set")
    pytest.skip(f"{what}{NOT_INSTALLED}")


def needs(tool: str) -> str:
    """The path of a program that a test requires."""
    return shutil.which(tool, path=SYSTEM_PATH) or missing(tool)


def with_sh(shell: str, *command: str) -> list[str]:
    """``command`` in its own mount namespace, where ``shell`` is /bin/sh; skip where that cannot be seen to work."""
    as_sh = 'mount --bind "$1" /bin/sh && shift && exec "$@"'
    within = ["unshare", "--mount", "bash", "-c", as_sh, "bash", shell]
    same = 'test /bin/sh -ef "$0"'
    if subprocess.run([*within, "bash", "-c", same, shell], capture_output=True, check=False).returncode != 0:
        import pytest  # noqa: PLC0415  (the demo's helpers do not need it)

        pytest.skip("another shell cannot take the place of /bin/sh here")
    return [*within, *command]
