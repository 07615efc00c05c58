"""The recorder is placed for the system that it works on, and is there whole or not at all."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest
from workbench import CONTRACT, HANG_S, SYSTEM_PATH, tmpfs

from instrumented_make import INTERFACE, RECORDER
from instrumented_make.errors import UserError
from instrumented_make.reporter import consent, recorder
from instrumented_make.reporter.config_dir import ConfigDir
from instrumented_make.reporter.consent import Consent
from instrumented_make.reporter.contract import Contract
from instrumented_make.reporter.opt_in import opt_in
from instrumented_make.reporter.status import status

HOST = "x86_64-pc-linux-gnu"
# The header of a program for another machine.
FOREIGN = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xf3\x00" + bytes(44)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def contract() -> Contract:
    return Contract.parse(CONTRACT)


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What this installation holds in place of a recorder: a test writes it."""
    path = tmp_path / "built"
    monkeypatch.setattr(recorder, "RECORDER", path)
    return path


def test_it_is_placed_under_the_name_of_makes_system(home: ConfigDir) -> None:
    """It can be started there, by this user only, and says how it watches here; another system's stays."""
    other = home.recorder("aarch64-apple-darwin")
    other.write_bytes(FOREIGN)
    way = recorder.place(home.recorder(HOST), HOST)
    path = home.path / f"recorder-{INTERFACE}.{HOST}"
    assert way == recorder.ways(path) != ""
    assert path.read_bytes() == RECORDER.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o700
    assert names(home.path) == sorted([path.name, other.name])
    assert other.read_bytes() == FOREIGN


@pytest.mark.parametrize(
    "program",
    [
        b"",
        b"text\n",
        FOREIGN,
        b"#!/nonexistent\n",
        b"#!/bin/sh\nexit 0\n",
        b"#!/bin/sh\necho another\n",
        b"#!/bin/sh\nexec sleep 3601\n",
    ],
    ids=["empty", "text", "another machine's", "no interpreter", "silent", "another program", "it hangs"],
)
def test_a_program_that_cannot_be_started_is_not_placed(
    home: ConfigDir, built: Path, monkeypatch: pytest.MonkeyPatch, program: bytes
) -> None:
    """The one that was there stays as it was, and nothing else is left."""
    monkeypatch.setattr(recorder, "_TRIAL_S", 0.5)
    built.write_bytes(program)
    path = home.recorder(HOST)
    path.write_bytes(b"before")
    with pytest.raises(UserError, match="cannot be started here"):
        recorder.place(home.recorder(HOST), HOST)
    assert names(home.path) == [path.name]
    assert path.read_bytes() == b"before"


def test_an_include_of_an_earlier_version_is_named(home: ConfigDir) -> None:
    """It does not say what make calls this system: the message says to render it again."""
    with pytest.raises(UserError, match=r"of a version before 0\.5"):
        recorder.place(home.recorder(""), "")


@pytest.mark.parametrize("host", ["a b", "a/b", "../x", "x\n", "$(x)", "é", "x" * 101])
def test_a_name_of_a_system_that_is_no_name_of_a_file_is_refused(home: ConfigDir, host: str) -> None:
    """It comes from make, which has it from the person who compiled it."""
    with pytest.raises(UserError, match="cannot be part of a file's name"):
        recorder.place(home.recorder(host), host)
    assert names(home.path) == []


def test_an_installation_without_a_recorder_is_an_error(home: ConfigDir, built: Path) -> None:
    """It says how to repair the installation."""
    with pytest.raises(UserError, match="pip install --force-reinstall"):
        recorder.place(home.recorder(HOST), HOST)
    assert not built.exists()
    assert names(home.path) == []


def test_a_full_disk_leaves_nothing_half_written(home: ConfigDir) -> None:
    """Neither under the name that make starts nor under another."""
    full = ConfigDir(home.path / "full")
    with tmpfs(full.path, "size=16k"):
        with pytest.raises(UserError, match="No space left on device"):
            recorder.place(full.recorder(HOST), HOST)
        assert names(full.path) == []


def test_a_yes_of_an_earlier_version_needs_only_the_recorder(home: ConfigDir) -> None:
    """Opting in again asks nothing if the same is collected: it places the program, and the agreement stays."""
    asked = contract()
    agreed = Consent(consent.REPORT, "2026-01-01", "someone", asked.digest, "agreement", asked.collection)
    consent.save(home, agreed)
    out = io.StringIO()
    opt_in(home, asked, HOST, None, out)
    assert out.getvalue().startswith("You have agreed already. Your runs are measured here as well from now on.\n")
    assert home.recorder(HOST).exists()
    assert consent.load(home) == agreed
    out = io.StringIO()
    opt_in(home, asked, HOST, None, out)
    assert "Tracked: " in out.getvalue(), "nothing is missing, so a person who asks again is shown what was agreed to"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (None, "none for this system's make, so nothing is measured; to fix this: make metrics-opt-in"),
        (b"#!/bin/sh\necho pidfd\n", "watches by pidfd"),
        (
            b"#!/bin/sh\necho none\n",
            "the kernel does not tell how make ended; put this into your shell's start file: make() {",
        ),
        (b"text", "cannot be started; to fix this: make metrics-opt-in"),
    ],
)
def test_the_status_says_how_makes_are_watched(home: ConfigDir, program: bytes | None, told: str) -> None:
    """Or what is missing for it, and what to do."""
    asked = contract()
    consent.save(home, Consent(consent.LOCAL, "2026-01-01", "someone", asked.digest, "agreement", asked.collection))
    path = home.recorder(HOST)
    if program is not None:
        path.write_bytes(program)
        path.chmod(0o700)
    [line] = [line for line in status(home, asked, HOST, "").splitlines() if line.startswith("Recorder:")]
    assert told in line


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_advised_line_runs_make_as_a_child_of_the_recorder(home: ConfigDir, shell: str) -> None:
    """Arguments with spaces and make's exit status pass through."""
    recorder.place(home.recorder(HOST), HOST)
    line = recorder.advice(home.recorder(HOST))
    makefile = "all: ; @echo '$(WORDS)'; read _ _ _ up _ </proc/$$PPID/stat; readlink /proc/$$up/exe; exit 3\n"
    command = f"{line}\nmake -sf - 'WORDS=a  b'"
    result = subprocess.run(
        [shell, "-c", command],
        input=makefile,
        env={"PATH": SYSTEM_PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
    )
    assert (result.returncode, result.stdout) == (2, f"a  b\n{home.recorder(HOST)}\n")
