"""Starts Spark quietly, for reports on data that does not fit on one machine.

Spark's JVM writes to the same streams as this process, so its startup messages would make the answer useless in a pipe.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import ibis


def connect(url: str) -> Any:
    """Ibis' backend for ``pyspark://[HOST:PORT][?SETTING=VALUE&...]``.

    ``HOST:PORT`` is the master of a standalone cluster. Everything else comes from Spark's own configuration
    (``spark-defaults.conf`` in ``SPARK_CONF_DIR``) and from the settings in the URL, which override it. Raise
    ImportError without pyspark, and whatever Spark raises.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415

    parts = urlsplit(url)
    builder = SparkSession.builder.appName("instrumented-make report")
    # Queries use whole seconds since 1970, so the zone only matters for times without one; the rest keeps Spark quiet.
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.enabled": "false",
    }
    if parts.netloc:
        settings["spark.master"] = f"spark://{parts.netloc}"
    for name, value in {**settings, **dict(parse_qsl(parts.query))}.items():
        builder = builder.config(name, value)
    return ibis.pyspark.connect(_start(builder))


def _start(builder: Any) -> Any:
    """The session; the output of its JVM goes into a file that is read only if the session does not start."""
    with tempfile.TemporaryFile() as said:
        stderr = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            session = builder.getOrCreate()
        except Exception as error:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").splitlines()
            raise RuntimeError(f"Spark does not start: {error}: {' '.join(lines[-3:])}") from None
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    session.sparkContext.setLogLevel("OFF")
    return session
