"""Older kernels, really booted: Debian 12's and 13's own, under qemu without any help of the processor."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from workbench import DEBIAN_MAKE, HANG_S, RECORDER, Workbench, host_of

pytestmark = pytest.mark.thorough
KEPT = Path(__file__).parents[2] / "build" / "kernels"
SUITES = {"6.1": "bookworm", "6.12": "trixie"}
INIT = """\
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs devtmpfs /dev
chown -R 1000 /work; ip link set lo up
echo BEGIN; sh /script 2>&1; echo END
poweroff -f
"""
# The same command three times: by itself, below `run`, and below `run` ended by a signal.
SCRIPT = """\
as_somebody() { su somebody -c "cd /work/tree && HOME=/work/home PATH=/bin:/usr/bin $*"; }
as_somebody {recorder} check
as_somebody make a; echo status $?
as_somebody {recorder} run -- make a; echo status $?
as_somebody {recorder} run -- make killed; echo status $?
# The first process lets the watchers end.
while grep -q recorder- /proc/[0-9]*/cmdline; do :; done 2>/dev/null
for record in /work/home/.config/workbench/pending/*.run; do
  sed -n 11p "$record" | cut -d' ' -f1 | sed 's/^/recorded /'
done
"""


def kernel(version: str) -> Path:
    """Debian's kernel, downloaded by apt from wherever this machine gets its packages. Skip if it cannot be had."""
    found = sorted(KEPT.glob(f"boot/vmlinuz-{version}.*"))
    if found:
        return found[-1]
    sources = "\n".join(path.read_text() for path in Path("/etc/apt").rglob("*.sources") if path.is_file())
    address = re.search(r"^URIs: *(\S+)", sources, re.M)
    if address is None or shutil.which("apt-get") is None:
        pytest.skip("Debian's kernels cannot be had here")
    folder = KEPT / version
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (folder / "sources.list").write_text(f"deb [signed-by={keyring}] {address[1]} {SUITES[version]} main\n")
    options = {"Dir::Etc::SourceList": "sources.list", "Dir::State::Lists": "lists", "Dir::Cache": "cache"}
    configuration = "".join(f'{name} "{folder / value}";\n' for name, value in options.items())
    (folder / "apt.conf").write_text(f'{configuration}Dir::Etc::SourceParts "-";\n')
    fetch = (
        "apt-get update -qq && apt-get download -qq"
        " $(apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p' | head -n 1)"
        f" && dpkg-deb --fsys-tarfile linux-image-*.deb | tar -x -C {KEPT} --wildcards './boot/vmlinuz-*'; rm -f *.deb"
    )
    environment = {**os.environ, "APT_CONFIG": str(folder / "apt.conf")}
    subprocess.run(["sh", "-c", fetch], cwd=folder, env=environment, capture_output=True, check=False)
    found = sorted(KEPT.glob(f"boot/vmlinuz-{version}.*"))
    if not found:
        pytest.skip("Debian's kernels cannot be had here")
    return found[-1]


def boot(image: Path, root: Path, script: str) -> list[str]:
    """What ``script`` prints in a machine with this kernel and the files below ``root``."""
    for name in ("bin", "proc", "sys", "dev", "etc", "tmp"):
        (root / name).mkdir(exist_ok=True, parents=True)
    shutil.copy(shutil.which("busybox") or "", root / "bin" / "busybox")
    (root / "etc" / "passwd").write_text("root:x:0:0::/:/bin/sh\nsomebody:x:1000:1000::/work:/bin/sh\n")
    (root / "init").write_text(INIT)
    (root / "init").chmod(0o755)
    (root / "script").write_text(script)
    archive = root.with_suffix(".gz")
    subprocess.run(["sh", "-c", f"find . | busybox cpio -o -H newc | gzip >{archive}"], cwd=root, check=True)
    machine = ["qemu-system-x86_64", "-nographic", "-no-reboot", "-m", "512", "-machine", "accel=tcg", "-cpu", "max"]
    machine += ["-nic", "none", "-kernel", str(image), "-initrd", str(archive)]
    machine += ["-append", "console=ttyS0 quiet panic=-1"]
    said = subprocess.run(machine, stdin=subprocess.DEVNULL, capture_output=True, timeout=HANG_S, check=True).stdout
    text = said.decode("utf-8", "replace").replace("\r", "")
    assert "BEGIN\n" in text, text[-3000:]
    return text.partition("BEGIN\n")[2].partition("END\n")[0].splitlines()


@pytest.mark.parametrize(("version", "way", "alone"), [("6.1", "none", []), ("6.12", "connector", ["recorded 2"])])
def test_an_older_kernel(bench: Workbench, version: str, way: str, alone: list[str]) -> None:
    """6.12's process connector tells an unprivileged user; 6.1 tells nobody, and `run` does instead."""
    for tool in ("qemu-system-x86_64", "busybox"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed here")
    image = kernel(version)
    bench.write("a: ; @exit 3\nkilled: ; @kill -TERM $$PPID; sleep 60\n", ["a", "killed"])
    bench.agree(RECORDER)
    root = bench.home.parent / "root"
    shutil.copytree(bench.tree, root / "work" / "tree")
    shutil.copytree(bench.home, root / "work" / "home")
    listed = subprocess.run(["ldd", DEBIAN_MAKE], capture_output=True, text=True, check=True).stdout
    for path in [DEBIAN_MAKE, *re.findall(r"(/\S+)", listed)]:
        target = root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    recorder = f"/work/home/.config/workbench/recorder-1.{host_of(DEBIAN_MAKE)}"
    said = boot(image, root, SCRIPT.replace("{recorder}", recorder))
    lines = [line for line in said if not line.startswith(("make: ***", "Terminated", "make: "))]
    assert lines == [way, "status 2", "status 2", "status 143", *alone, "recorded 2", "recorded -15"]
