"""What commands print on any terminal, to a closed output, and on a full disk."""

from __future__ import annotations

import subprocess
import sys

import pytest
from capture import Capture
from workbench import Workbench, host_of

from instrumented_make.output import DEFECT, run_guarded

REPORTER = [sys.executable, "-m", "instrumented_make.reporter"]
GENERATOR = [sys.executable, "-m", "generator"]
COMMANDS = {
    "generator schema": [*GENERATOR, "schema"],
    "generator list": [*GENERATOR, "list"],
    "generator check": [*GENERATOR, "check", "--format", "json"],
    "status": ["make", "metrics-status"],
    "show": ["make", "metrics-show"],
    "stats": ["make", "metrics-stats"],
}


@pytest.fixture
def consenting(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(".PHONY: one\none: ; @:\n", ["one"])
    bench.opt_in()
    bench.run("one")
    server.wait_for(1)
    bench.background_ended()
    return bench


def run(bench: Workbench, command: list[str], redirection: str) -> subprocess.CompletedProcess[str]:
    """``command`` in bash, with its standard output redirected."""
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; "$@" {redirection}', "bash", *command],
        cwd=bench.tree,
        env={**bench.environment, "VIRTUAL_ENV": sys.prefix},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.sampled(6)
@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| exec 0<&-", ">&- 2>&-"])
def test_output_that_cannot_be_written(consenting: Workbench, name: str, redirection: str) -> None:
    """A closed output, a full disk or a closed pipe causes no traceback, and a full disk is an error."""
    result = run(consenting, COMMANDS[name], redirection)
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr
    if redirection == ">/dev/full":
        assert result.returncode != 0
        assert "No space left on device" in result.stderr


@pytest.mark.sampled(1)
@pytest.mark.parametrize("command", ["status", "show", "opt-in", "stats"])
def test_characters_that_the_terminal_lacks_are_replaced(consenting: Workbench, command: str) -> None:
    """Latin-1 has no dash, ellipsis or kanji: other characters are printed instead."""
    catalog = consenting.tree / "targets.yaml"
    catalog.write_text(catalog.read_text().replace("to test", "um zu prüfen — 測定…"))
    consenting.render()
    # Nothing of the include is left but in a make of one of its own commands, which -n only prints.
    shown = consenting.run("--eval", "told: ; @: $(info $(.metrics.contract))", "-n", "told", "metrics-show")
    contract, host = shown.stdout.splitlines()[0], host_of(consenting.make)
    result = subprocess.run(
        [*REPORTER, command, "--contract", contract, "--host", host, "--config-dir", str(consenting.config)],
        env={**consenting.environment, "PYTHONIOENCODING": "latin-1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, b"")
    assert command != "opt-in" or "um zu prüfen".encode("latin-1") in result.stdout


@pytest.mark.sampled(1)
@pytest.mark.parametrize("text", ["[" * 100_000, '{"count": Infinity, "question": {}}', '{"question": {}}', "1", ""])
def test_an_invalid_contract_is_an_error(consenting: Workbench, text: str) -> None:
    """The message is one sentence, without a traceback."""
    result = subprocess.run(
        [*REPORTER, "status", f"--contract={text}", "--config-dir", str(consenting.config)],
        env=consenting.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Makefile.instrumented is not valid" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unexpected_exception_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """It says where the error was raised, to help debugging, and contains no escape sequences."""

    def fails() -> int:
        raise ZeroDivisionError("never \x1b[31m")

    assert run_guarded(fails) == DEFECT
    told = capsys.readouterr().err
    assert told.startswith("internal error: ZeroDivisionError: never ")
    assert "test_output.py" in told
    assert "\x1b" not in told


@pytest.mark.parametrize("module", ["generator", "instrumented_make.reporter"])
def test_an_interrupt_during_imports(consenting: Workbench, module: str) -> None:
    """Ctrl-C while the program is still starting exits with 130, silently."""
    (consenting.tree / "argparse.py").write_text("raise KeyboardInterrupt\n")
    (consenting.tree / "click.py").write_text("raise KeyboardInterrupt\n")
    load = f"import runpy; runpy.run_module({module!r}, run_name='__main__')"
    result = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(consenting.tree)!r}); {load}"],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (130, "")
