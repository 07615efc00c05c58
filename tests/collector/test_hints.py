"""Each hint of ``collect`` is followed to the letter, and then it collects."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from collecting import KEY, Collecting, certificates, collect, event, write_catalog
from postgres_server import Postgres

from instrumented_make.collector.postgres import PostgresStore
from instrumented_make.installing import to_upgrade


def told(catalog: Path, data: Path | str, *options: str) -> str:
    """What is said where it does not begin."""
    refused = collect(str(catalog), "--data", str(data), *options)
    assert refused.returncode == 1
    return refused.stderr


def begins(catalog: Path, data: Path | str, *options: str) -> None:
    with Collecting(catalog, str(data), *options) as running:
        assert running.send(event()) == 200


def test_a_catalog_gets_its_key_and_address(tmp_path: Path) -> None:
    catalog = write_catalog(tmp_path / "targets.yaml", key="''")
    hint = "hint: set segment.write_key to a word of your own, and run this again\n"
    assert hint in told(catalog, tmp_path / "data")
    begins(write_catalog(catalog, key=KEY), tmp_path / "data")


@pytest.mark.parametrize("way", ["TLS", "a proxy"])
def test_a_network_gets_https(catalog: Path, tmp_path: Path, way: str) -> None:
    network = ["--host", "0.0.0.0", "--port", "0"]  # noqa: S104
    hint = "hint: give --tls-cert and --tls-key, or --behind-proxy if a proxy in front of it has them\n"
    assert hint in told(catalog, tmp_path / "data", *network)
    if way == "a proxy":
        begins(catalog, tmp_path / "data", *network, "--behind-proxy")
        return
    authority, certificate, key = certificates(tmp_path)
    options = ["--tls-cert", str(certificate), "--tls-key", str(key)]
    assert "hint: give PEM files\n" in told(
        catalog, tmp_path, "--port", "0", "--tls-cert", str(catalog), "--tls-key", str(key)
    )
    with Collecting(catalog, str(tmp_path / "data"), "--host", "0.0.0.0", *options, authority=authority) as running:  # noqa: S104
        assert running.send(event()) == 200


def test_another_address(catalog: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert "hint: check --host\n" in told(catalog, data, "--host", "no.such.host.invalid")
    assert "hint: check --host\n" in told(catalog, data, "--host", "192.0.2.1", "--behind-proxy")
    begins(catalog, data, "--host", "127.0.0.1")
    with Collecting(catalog, str(data)) as running:
        assert "hint: choose another --port\n" in told(catalog, tmp_path / "other", "--port", str(running.port))
        hint = "hint: end that one, or give another --data\n"
        assert hint in told(catalog, data, "--port", "0")
        begins(catalog, tmp_path / "other")
        assert running.stop() == 0
    begins(catalog, data)


def edit(data: Path, statement: str) -> None:
    with closing(sqlite3.connect(data / "events.sqlite3")) as connection:
        connection.executescript(statement)


def test_another_folder(catalog: Path, tmp_path: Path) -> None:
    """Where the data are not a collector's, of a later version, an earlier one, or nowhere."""
    data, parquet = tmp_path / "data", str(tmp_path / "parquet")
    assert "hint: run this as somebody who may use it, or give another --data\n" in told(
        catalog, catalog / "data", "--port", "0"
    )
    assert "hint: give the collector's own --data\n" in told(catalog, data, "--export", parquet)
    data.mkdir()
    (data / "events.sqlite3").touch()
    assert "hint: start the collector once to upgrade it\n" in told(catalog, data, "--export", parquet)
    begins(catalog, data)
    assert "hint: check the folder of --export\n" in told(catalog, data, "--export", str(catalog / "parquet"))
    edit(data, "PRAGMA user_version = 0; PRAGMA application_id = 7")
    assert "hint: give another folder with --data\n" in told(catalog, data, "--port", "0")
    begins(catalog, tmp_path / "other")
    edit(tmp_path / "other", "PRAGMA user_version = 99")
    hint = f"hint: the file was left as it is; to upgrade: {to_upgrade()}\n"
    assert hint in told(catalog, tmp_path / "other", "--port", "0")
    begins(catalog, tmp_path / "third")
    assert collect(str(catalog), "--data", str(tmp_path / "third"), "--export", parquet).returncode == 0


def test_another_database(catalog: Path, tmp_path: Path) -> None:
    """Where no server answers, or its tables are not a collector's, of a later version, or an earlier one."""
    parquet = str(tmp_path / "parquet")
    with Postgres() as server:
        hint = "hint: mend that, or give another --data\n"
        assert hint in told(catalog, server.url.replace(str(server.port), "9"), "--port", "0")
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE other")
            connection.execute("CREATE TABLE devstack_command_run (id text)")
            hint = "hint: give another database with --data\n"
            assert hint in told(catalog, server.url, "--port", "0")
        other = f"{server.url.rpartition('/')[0]}/other"
        assert "hint: give the collector's own --data\n" in told(catalog, other, "--export", parquet)
        begins(catalog, other)
        with psycopg.connect(other, autocommit=True) as connection:
            for name in ("", "_deleted", "_runs", "_refused"):
                connection.execute(f"DROP TABLE devstack_command_run{name}")
            connection.execute("UPDATE devstack_command_run_kept SET value = '0' WHERE name = 'version'")
        assert "hint: start the collector once\n" in told(catalog, other, "--export", parquet)
        begins(catalog, other)
        assert collect(str(catalog), "--data", other, "--export", parquet).returncode == 0
        with closing(PostgresStore(other, "devstack_command_run")) as store:
            store.put({"version": b"99"})
        hint = f"hint: the tables were left as they are; to upgrade: {to_upgrade()}\n"
        assert hint in told(catalog, other, "--port", "0")
