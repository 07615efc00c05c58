"""The commit that was checked out when a run began, in every kind of repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from capture import Capture
from workbench import INSTALLED, Workbench

from instrumented_make.reporter.git import PATIENCE_S, Repositories

OLD = "2021-05-17T15:02:10-04:00"
NEW = "2022-01-02T03:04:05+05:30"
# Not ``@:``: make 4.4 started in another folder than PWD is then left alone (docs/limits.md).
# ``move`` commits to the branch itself: the event has the commit before that.
RULES = """\
.PHONY: stay move
stay: ; @true
move: ; @git -c user.name=m -c user.email=m@example.invalid commit -q --allow-empty -m moved
"""


@pytest.fixture
def repository(bench: Workbench, server: Capture) -> Workbench:
    bench.host = server.host
    bench.write(RULES, ["stay", "move"])
    bench.commit()
    bench.opt_in()
    return bench


def reported(bench: Workbench, server: Capture, goal: str = "stay", cwd: Path | None = None) -> tuple[object, object]:
    """(git_checked_out_master, git_commit_time) of a run of ``goal``."""
    before = len(server.ids)
    assert bench.run(goal, cwd=cwd or bench.tree).returncode == 0
    properties = server.wait_for(before + 1)[-1]["properties"]
    return properties["git_checked_out_master"], properties["git_commit_time"]


def test_the_main_branch_as_a_loose_ref(repository: Workbench, server: Capture) -> None:
    """The branch has a ref file, and the command adds a commit."""
    assert reported(repository, server, "move") == (True, OLD)


def test_the_main_branch_as_a_packed_ref(repository: Workbench, server: Capture) -> None:
    """There is no ref file after git gc. If the command creates one, the reflog has the commit before it."""
    repository.git("commit", "-q", "--allow-empty", "-m", "later", date=NEW)
    repository.git("pack-refs", "--all")
    assert not (repository.tree / ".git/refs/heads/main").exists()
    assert reported(repository, server) == (True, NEW)
    assert reported(repository, server, "move") == (True, NEW)


def test_another_branch_and_a_detached_head(repository: Workbench, server: Capture) -> None:
    """Neither is the main branch, even at the same commit."""
    repository.git("checkout", "-q", "-b", "feature/x")
    assert reported(repository, server) == (False, OLD)
    repository.git("checkout", "-q", "--detach", "main")
    assert reported(repository, server) == (False, OLD)


def test_a_linked_worktree_and_a_subfolder(repository: Workbench, server: Capture) -> None:
    """In a worktree .git is a file, and the ref is in the main repository."""
    repository.git("commit", "-q", "--allow-empty", "-m", "later", date=NEW)
    linked = repository.home.parent / "linked tree"
    repository.git("worktree", "add", "-q", "-b", "other", str(linked), "main~1")
    assert reported(repository, server, cwd=linked) == (False, OLD)
    below = repository.tree / "below"
    below.mkdir()
    for name in ("Makefile", "Makefile.instrumented"):
        (below / name).write_text((repository.tree / name).read_text())
    assert reported(repository, server, cwd=below) == (True, NEW)


def test_a_repository_without_a_commit(bench: Workbench, server: Capture) -> None:
    """The branch is known, its commit is not."""
    bench.host = server.host
    bench.write(RULES, ["stay"])
    bench.git("init", "-q", "-b", "main")
    bench.opt_in()
    assert reported(bench, server) == (True, None)


def test_a_repository_with_an_unusable_head(repository: Workbench, server: Capture) -> None:
    """The reftable format keeps branches elsewhere: both values are null."""
    (repository.tree / ".git" / "HEAD").write_text("ref: refs/heads/.invalid\n")
    assert reported(repository, server) == (None, None)


def test_a_hostile_repository_executes_nothing(repository: Workbench, server: Capture) -> None:
    """Commands in git's configuration, in hooks and in a branch name are never run."""
    mark = repository.home.parent / "pwned"
    command = f"touch {mark}"
    for setting in (
        "core.fsmonitor",
        "core.pager",
        "pager.cat-file",
        "diff.external",
        "gpg.program",
        "filter.evil.clean",
        "filter.evil.smudge",
        "core.alternateRefsCommand",
        "core.sshCommand",
        "alias.cat-file",
    ):
        repository.git("config", setting, command if not setting.startswith("alias") else f"!{command}")
    repository.git("config", "log.showSignature", "true")
    hooks = repository.tree / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        (hooks / hook).write_text(f"#!/bin/sh\n{command}\n")
        (hooks / hook).chmod(0o755)
    (repository.tree / ".gitattributes").write_text("* filter=evil\n")
    head = repository.tree / ".git" / "HEAD"
    head.write_text("ref: refs/heads/$(touch${IFS}" + str(mark) + ")\n")
    catalog = repository.tree / "targets.yaml"
    catalog.write_text(catalog.read_text() + "fields: [git_dirty]\n")
    repository.render()
    repository.opt_in()
    assert not mark.exists(), "git itself ran it while the test prepared"
    assert reported(repository, server) == (False, None)
    repository.background_ended()
    assert not mark.exists()
    head.write_text("ref: refs/heads/main\n")
    assert reported(repository, server) == (True, OLD)
    repository.background_ended()
    assert not mark.exists()


def test_no_git_is_started(repository: Workbench, server: Capture) -> None:
    """Whatever git is on PATH, in the repository itself or elsewhere."""
    mark = repository.home.parent / "started"
    (repository.tree / "git").write_text(f"#!/bin/sh\ntouch '{mark}'\nexec sleep 60\n")
    (repository.tree / "git").chmod(0o755)
    repository.variables["PATH"] = f".:{repository.tree}:/usr/bin:/bin"
    assert reported(repository, server) == (True, OLD)
    repository.background_ended()
    assert not mark.exists()


def loose(repository: Workbench) -> Path:
    """The object file of the checked-out commit."""
    commit = repository.git("rev-parse", "HEAD").strip()
    return repository.tree / ".git" / "objects" / commit[:2] / commit[2:]


def test_a_repository_that_hangs_is_read_once(repository: Workbench, server: Capture) -> None:
    """After 45 runs in a repository whose objects never answer, one in another repository is reported in time."""
    loose(repository).unlink()
    os.mkfifo(loose(repository))
    interpreter = repository.config / "interpreter"
    kept = interpreter.read_text()
    interpreter.write_text("/nonexistent\n")
    for _ in range(45):
        assert repository.run("stay").returncode == 0
    assert len(repository.records()) == 45
    interpreter.write_text(kept)
    other = repository.home.parent / "other"
    shutil.copytree(repository.tree, other, ignore=shutil.ignore_patterns(".git"))
    (other / ".git").mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=other, env=repository.environment, check=True)
    commit = ["git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-q", "--allow-empty", "-m", "m"]
    subprocess.run(commit, cwd=other, env={**repository.environment, "GIT_COMMITTER_DATE": NEW}, check=True)
    started_s = time.monotonic()
    assert repository.run("stay", cwd=other).returncode == 0
    times = [event["properties"]["git_commit_time"] for event in server.wait_for(46)]
    assert times == [None] * 45 + [NEW]
    assert time.monotonic() - started_s < 45 * PATIENCE_S


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["packed-refs", "logs/refs/heads/main", "commondir", "objects/info/alternates"])
@pytest.mark.parametrize("content", ["fifo", "binary", "folder", "itself"])
def test_nothing_in_a_repository_stops_recording(
    repository: Workbench, server: Capture, name: str, content: str
) -> None:
    """The event arrives, whatever is in the place of a file that git writes."""
    repository.git("commit", "-q", "--allow-empty", "-m", "later", date=NEW)
    repository.git("pack-refs", "--all")
    path = repository.tree / ".git" / name
    path.unlink(missing_ok=True)
    if content == "fifo":
        os.mkfifo(path)
    elif content == "binary":
        path.write_bytes(bytes(range(256)) * 100)
    elif content == "folder":
        path.mkdir()
    else:
        path.symlink_to(path.name)
    assert repository.run("stay").returncode == 0
    assert server.wait_for(1)[0]["properties"]["git_checked_out_master"] in (True, None)


def test_a_commit_of_100_mb_is_not_read(repository: Workbench, server: Capture) -> None:
    """It is 100 KB when compressed. Its commit time is null, instead of using up the memory."""
    head = f"tree {repository.git('write-tree').strip()}\nauthor a <a@x> 9 +0000\ncommitter c <c@x> 9 +0000\n\n"
    file = repository.home.parent / "commit"
    file.write_bytes(head.encode() + bytes(100 * 1024 * 1024))
    commit = repository.git("hash-object", "-t", "commit", "-w", "--literally", str(file)).strip()
    (repository.tree / ".git" / "refs" / "heads" / "main").write_text(f"{commit}\n")
    assert reported(repository, server) == (True, None)


def test_a_sha256_repository_and_a_shared_clone(bench: Workbench, server: Capture) -> None:
    """Longer hashes, and packed objects that are in another repository."""
    bench.host = server.host
    bench.write(RULES, ["stay"])
    bench.git("init", "-q", "-b", "main", "--object-format=sha256")
    bench.git("add", "Makefile")
    bench.git("commit", "-q", "-m", "m", date=NEW)
    bench.opt_in()
    assert reported(bench, server) == (True, NEW)
    shutil.rmtree(bench.tree / ".git")
    bench.git("init", "-q", "-b", "main")
    bench.git("commit", "-q", "--allow-empty", "-m", "m", date=OLD)
    bench.git("gc", "-q")
    lender = bench.home.parent / "lender"
    (bench.tree / ".git").rename(lender)
    bench.git("clone", "-q", "--shared", "--no-checkout", "--branch", "main", str(lender), "borrower")
    (bench.tree / "borrower" / ".git").rename(bench.tree / ".git")
    assert reported(bench, server) == (True, OLD)


@pytest.mark.sampled(1)
@pytest.mark.parametrize(("edit", "dirty"), [("", False), ("touch", True), ("stage", True)])
def test_git_dirty_is_reported_if_collected(repository: Workbench, server: Capture, edit: str, dirty: bool) -> None:
    """Changes to tracked files count, staged or not; untracked files do not."""
    catalog = repository.tree / "targets.yaml"
    catalog.write_text(catalog.read_text() + "fields: [git_dirty]\n")
    repository.render()
    repository.git("commit", "-qam", "fields")
    (repository.tree / "untracked").touch()
    if edit:
        (repository.tree / "Makefile").write_text((repository.tree / "Makefile").read_text() + "# more\n")
    if edit == "stage":
        repository.git("add", "Makefile")
    repository.opt_in()
    repository.run("stay")
    assert server.wait_for(1)[0]["properties"]["git_dirty"] is dirty


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "written", ["1621278130 -3407", "1621278130 +2400", "1621278130 -9999", "99999999999999 +0000", "9 +0000"]
)
def test_an_odd_commit_time_stops_nothing(repository: Workbench, server: Capture, written: str) -> None:
    """Real histories have zones and years that no calendar has: these are null. The next run is recorded as usual."""
    tree = repository.git("write-tree").strip()
    content = f"tree {tree}\nauthor a <a@x> {written}\ncommitter c <c@x> {written}\n\nodd\n"
    (repository.home.parent / "commit").write_text(content)
    path = str(repository.home.parent / "commit")
    odd = repository.git("hash-object", "-t", "commit", "-w", "--literally", path).strip()
    (repository.tree / ".git" / "refs" / "heads" / "main").write_text(f"{odd}\n")
    expected = "1970-01-01T00:00:09+00:00" if written.startswith("9 ") else None
    assert reported(repository, server) == (True, expected)
    repository.background_ended()
    assert reported(repository, server) == (True, expected)
    told = repository.run("metrics-status", variables={"VIRTUAL_ENV": INSTALLED})
    assert (told.returncode, told.stderr) == (0, "")


def test_a_long_reflog_and_many_packed_branches_are_read_quickly(repository: Workbench) -> None:
    """Only the end of the reflog is read, and neither file line by line, so that the status is not held up."""
    top = repository.tree
    head = repository.git("rev-parse", "HEAD").strip()
    repository.git("pack-refs", "--all")
    log = top / ".git/logs/refs/heads/main"
    others = "".join(f"{number:040x} refs/heads/other{number}\n" for number in range(700_000))
    packed = top / ".git/packed-refs"
    packed.write_text(packed.read_text() + others)
    later_s = time.time_ns() // 1_000_000_000 + 60
    log.write_text(
        f"{'1' * 40} {'2' * 40} a <a@b> 1 +0000\tx\n" * 300_000 + f"{head} {'3' * 40} a <a@b> {later_s} +0000\n"
    )
    started_s = time.process_time()
    assert Repositories().commit_time(str(top), "refs/heads/main", "", time.time_ns()) == OLD
    log.unlink()
    assert Repositories().commit_time(str(top), "refs/heads/main", "", time.time_ns()) == OLD
    assert time.process_time() - started_s < PATIENCE_S


def test_a_symbolic_link_to_a_folder_is_not_followed(repository: Workbench, tmp_path: Path) -> None:
    """For git a tracked file behind a link is deleted, so the tree is dirty."""
    (repository.tree / "folder").mkdir()
    (repository.tree / "folder/file").write_text("secret\n")
    repository.git("add", "folder")
    repository.git("commit", "-qm", "a folder")
    assert Repositories().is_dirty(str(repository.tree)) is False
    (repository.tree / "folder").rename(tmp_path / "elsewhere")
    (repository.tree / "folder").symlink_to(tmp_path / "elsewhere")
    assert Repositories().is_dirty(str(repository.tree)) is True


def test_a_folder_with_a_newline_in_its_name(repository: Workbench, server: Capture) -> None:
    """A record has one line for the folder, so the git values are null; the run is recorded."""
    odd = repository.tree.with_name("a\nb")
    shutil.copytree(repository.tree, odd)
    assert reported(repository, server, cwd=odd) == (None, None)
