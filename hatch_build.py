"""Compiles the recorder when a wheel, or an editable installation, is built: a hook of hatchling's.

It takes musl-gcc or cc, and links statically where that works: a static program starts in a third of the time, and no
LD_PRELOAD makes it print a line. If there is neither, it asks for PyPI's ziglang, which can also build for other
systems: RECORDER_TARGET names one of them.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# What zig calls a system, and the names that installers know it by.
TARGETS = {
    "x86_64-linux-musl": "manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64",
    "aarch64-linux-musl": "manylinux_2_17_aarch64.manylinux2014_aarch64.musllinux_1_1_aarch64",
    "x86_64-macos.11.0": "macosx_11_0_x86_64",
    "aarch64-macos.11.0": "macosx_11_0_arm64",
}
FLAGS = ["-std=c11", "-Os", "-Wall", "-Wextra", "-s"]


class RecorderHook(BuildHookInterface[Any]):
    """Puts the compiled recorder into the package."""

    PLUGIN_NAME = "recorder"

    def dependencies(self) -> list[str]:
        """What has to be installed to compile."""
        return [] if _compilers() and not os.environ.get("RECORDER_TARGET") else ["ziglang>=0.13"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and say for which systems the wheel is."""
        if self.target_name != "wheel":
            return
        target = os.environ.get("RECORDER_TARGET", "")
        root, inside = Path(self.root), "instrumented_make/recorder"
        if target:  # the checkout keeps the program that runs here
            program = root / "build" / f"recorder-{target}"
            program.parent.mkdir(exist_ok=True)
            compile_to(program, root / "recorder" / "recorder.c", target, "-Werror")
            build_data["force_include"][str(program)] = inside
            platform = TARGETS[target]
        else:
            compile_to(root / inside, root / "recorder" / "recorder.c")
            build_data["artifacts"].append(f"/{inside}")
            platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["tag"] = f"py3-none-{platform}"


def compile_to(program: Path, source: Path, target: str = "", *more: str) -> None:
    """Compile ``source`` to ``program`` with the first compiler that can. Raise RuntimeError if none can."""
    said = []
    # zig keeps what it has compiled; a home may be read-only.
    cache = str(source.parent.parent / "build" / "zig")
    environment = {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache, **os.environ}
    for command in _commands(target):
        built = program.with_name(f".{program.name}.{os.getpid()}")
        line = [*command, *FLAGS, *more, str(source), "-o", str(built)]
        result = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
        if result.returncode == 0:
            os.replace(built, program)
            return
        said.append(f"{' '.join(command)}: {result.stderr.strip()}")
    raise RuntimeError("the recorder cannot be compiled:\n" + "\n".join(said or ["there is no C compiler"]))


def _compilers() -> list[list[str]]:
    """The commands that compile for this system, in the order in which to try them."""
    found = [["musl-gcc", "-static"]] if shutil.which("musl-gcc") else []
    if shutil.which("cc"):
        found += [["cc"]] if sys.platform == "darwin" else [["cc", "-static"], ["cc"]]
    return found


def _commands(target: str) -> list[list[str]]:
    zig = [sys.executable, "-m", "ziglang", "cc", "-target"]
    if target:
        return [[*zig, target]]
    if importlib.util.find_spec("ziglang") is None:
        return _compilers()
    here = "native" if sys.platform == "darwin" else f"{os.uname().machine}-linux-musl"
    return sorted([*_compilers(), [*zig, here]], key=lambda command: command == ["cc"])
