"""Starts Spark, quietly, for a report of what does not fit on one machine.

A Spark that prints its own start over the answer is of no use in a pipe, and its JVM writes where this process writes.
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
    (``spark-defaults.conf`` in ``SPARK_CONF_DIR``) and from the settings in the URL, which go before it. Raise
    ImportError without pyspark, and whatever Spark raises.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415

    parts = urlsplit(url)
    builder = SparkSession.builder.appName("instrumented-make report")
    # Whole seconds since 1970 are asked for, so the zone is only that of times without one; the rest keeps it quiet.
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.ui.showConsoleProgress": "false",
        "spark.ui.enabled": "false",
    }
    if parts.netloc:
        settings["spark.master"] = f"spark://{parts.netloc}"
    for name, value in {**settings, **dict(parse_qsl(parts.query))}.items():
        builder = builder.config(name, value)
    return ibis.pyspark.connect(_started(builder))


def _started(builder: Any) -> Any:
    """The session; what its JVM says goes into a file that nobody reads unless the session does not start."""
    with tempfile.TemporaryFile() as said:
        kept = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            session = builder.getOrCreate()
        except Exception as error:
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").splitlines()
            raise RuntimeError(f"Spark does not start: {error}: {' '.join(lines[-3:])}") from None
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    session.sparkContext.setLogLevel("OFF")
    return session
