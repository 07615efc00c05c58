"""A team without Segment: three people, one collector with TLS from a made-up authority, and what is made of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from collecting import Collecting, certificates, collect, families, of_team, report
from workbench import HANG_S, INSTALLED, Workbench, missing

# The address is known once the collector runs; what it reads is the same in both.
CATALOG = """\
project: workbench
event: devstack.command.run
main_branch: main
segment:
  write_key: team-key
  host: {host}
  collector: true
consent:
  who: The maintainers
  why: to test
targets:
  - dev.up
  - dev.test
"""
RULES = ".PHONY: dev.up dev.test\ndev.up: ; @echo up\ndev.test: ; @exit 3\n"
PEOPLE = ("ann", "ben", "cleo")


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Collecting]:
    """A collector that three people are enough for, with a certificate that only their authority vouches for."""
    authority, certificate, key = certificates(tmp_path)
    catalog = tmp_path / "targets.yaml"
    catalog.write_text(CATALOG.format(host="https://localhost"))
    options = ("--tls-cert", str(certificate), "--tls-key", str(key), "--min-people", "3", "--page-every", "1s")
    with Collecting(catalog, str(tmp_path / "metrics"), *options, authority=authority) as collecting:
        yield collecting


@pytest.fixture
def people(running: Collecting, tmp_path: Path) -> Iterator[dict[str, Workbench]]:
    """Each with a clone and a home of their own, and the authority in the environment of their makes."""
    benches = {}
    for name in PEOPLE:
        bench = benches[name] = Workbench(tmp_path / name / "tree", tmp_path / name / "home")
        for folder in (bench.tree, bench.home):
            folder.mkdir(parents=True)
        bench.variables["REQUESTS_CA_BUNDLE"] = str(running.authority)
        (bench.tree / "targets.yaml").write_text(CATALOG.format(host=f"https://localhost:{running.port}"))
        bench.render()
        (bench.tree / "Makefile").write_text(f"include Makefile.instrumented\n{RULES}")
        bench.commit()
    yield benches
    for bench in benches.values():
        bench.stop_reporters()


def _work(bench: Workbench) -> None:
    """Start everything twice; the test fails."""
    for goal, status in (("dev.up", 0), ("dev.up", 0), ("dev.test", 2)):
        assert bench.run(goal).returncode == status


def _counted(running: Collecting) -> dict[str, dict[tuple[str, ...], float]]:
    counted = families(running.read("/metrics")[1])
    return {name: counted[name] for name in ("make_runs", "make_runs_failed")}


def test_a_team_from_the_first_opt_in_to_an_opt_out(
    running: Collecting, people: dict[str, Workbench], tmp_path: Path
) -> None:
    """What they run is shown, counted and exported; a person who opts out is gone from the data, and from the page."""
    for bench in people.values():
        assert "opting out deletes it there, too" in " ".join(bench.opt_in().split())
        _work(bench)
    running.wait_for(lambda: len(running.stored()) == 9, "everybody's events")
    ids = {
        name: json.loads((bench.config / "metrics.json").read_text())["anonymous_user_id"]
        for name, bench in people.items()
    }
    assert sorted(running.stored("user_id")) == sorted(3 * list(ids.values()))
    assert len(set(ids.values())) == 3

    running.wait_for(lambda: _shows(running, "dev.up", "dev.test"), "a page with both commands")
    runs = {("dev.up",): 6, ("dev.test",): 3}
    running.wait_for(lambda: _counted(running)["make_runs"] == runs, "the figures for Prometheus")
    assert _counted(running)["make_runs_failed"] == {("dev.up",): 0, ("dev.test",): 3}

    gone = people["cleo"].run("metrics-opt-out", variables={"VIRTUAL_ENV": INSTALLED})
    assert (gone.returncode, gone.stderr) == (0, "")
    assert "is being deleted at the collector" in gone.stdout
    running.wait_for(lambda: ids["cleo"] not in running.stored("user_id"), "Cleo's deletion")
    home = people["cleo"].config
    running.wait_for(lambda: not list(home.glob("deletion*")), "the id to be forgotten in her home")
    _work(people["cleo"])
    _work(people["ann"])
    running.wait_for(lambda: len(running.stored()) == 9, "the events of the next day")
    people["cleo"].background_ended()
    assert sorted(running.stored("user_id")) == sorted(6 * [ids["ann"]] + 3 * [ids["ben"]])
    # Two people are too few to name what they ran.
    running.wait_for(lambda: not _shows(running, "dev.up") and not _shows(running, "dev.test"), "a page without names")
    assert _counted(running)["make_runs"] == {}

    exported = collect(str(running.catalog), "--data", running.data, "--export", str(tmp_path / "parquet"))
    assert exported.returncode == 0, exported.stderr
    found = duckdb.read_parquet(f"{tmp_path}/parquet/*.parquet").aggregate("user_id, command, count(*)").fetchall()
    assert sorted(found) == sorted(
        (ids[name], command, days * times)
        for name, days in (("ann", 2), ("ben", 1))
        for command, times in (("dev.up", 2), ("dev.test", 1))
    )
    same = report(running.data, "--format", "json", "--min-people", "2")
    assert report(str(tmp_path / "parquet"), "--format", "json", "--min-people", "2") == same
    assert {row["command"]: row["runs"] for row in json.loads(same)["commands"]} == {"dev.up": 6, "dev.test": 3}


def _shows(running: Collecting, *commands: str) -> bool:
    status, page = running.read("/")
    return status == 200 and all(command in page for command in commands)


# In a process of its own: what a Spark session is set to counts for all later ones of its process.
SPARK = """
import sys
from instrumented_make.report import spark
session = spark.connect("pyspark://?spark.master=local[2]&spark.sql.shuffle.partitions=2")._session
rows = session.read.parquet(sys.argv[1]).orderBy("id")
rows.selectExpr("id", "user_id", "command", "duration_ms", "git_dirty", "cast(start_time as string)").show(99, False)
"""


@pytest.mark.thorough
def test_spark_reads_an_export(collecting: Collecting, tmp_path: Path) -> None:
    """The same rows as DuckDB."""
    if not shutil.which("java"):
        missing("Java")
    pytest.importorskip("pyspark")
    collecting.send(*of_team(5), *of_team(4, command="dev.up.lms"))
    exported = collect(str(collecting.catalog), "--data", collecting.data, "--export", str(tmp_path / "parquet"))
    assert exported.returncode == 0, exported.stderr
    done = subprocess.run(
        [sys.executable, "-c", SPARK, str(tmp_path / "parquet")],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    shown = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in done.stdout.splitlines()[3:-2]]
    columns = "id, user_id, command, duration_ms, git_dirty, start_time AT TIME ZONE 'UTC'"
    rows = duckdb.read_parquet(f"{tmp_path}/parquet/*.parquet").order("id").project(columns).fetchall()
    assert [tuple("NULL" if cell is None else str(cell) for cell in row) for row in rows] == shown
