"""Spark, on the cluster that it was started on, or else on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from simkyc.errors import SimkycError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["spark_session"]


@contextmanager
def spark_session(name: str, workers: int | None, memory_mb: int) -> Iterator[SparkSession]:
    """The cluster's session where there is one, else Spark on this machine.

    Args:
        name: What the session is called.
        workers: Of this machine; None for as many as there are processors.
        memory_mb: What Spark may use on this machine.

    Raises:
        SimkycError: Spark or Java is not there, or Spark gave up.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise SimkycError(
            "the engine spark is pyspark: pip install 'simkyc[spark]', and Java 17 or later"
        ) from None
    fault: SimkycError | None = None
    running = SparkSession.getActiveSession()
    try:
        spark = running or _started(SparkSession.builder, name, workers, memory_mb)
        spark.conf.set("spark.sql.session.timeZone", "UTC")
        spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
        yield spark
    except SimkycError:
        raise
    except PySparkException as error:
        said = error.getCondition() or type(error).__name__
        fault = SimkycError(f"Spark gave up ({said}): see its log, which may hold personal data")
    except Exception as error:
        # Py4J tells what Java says; that may repeat rows.
        if not type(error).__module__.startswith(("py4j", "pyspark")) and not isinstance(error, RuntimeError):
            raise
        fault = SimkycError(f"Spark gave up ({type(error).__name__}): is Java 17 or later there?")
    finally:
        if running is None and (session := SparkSession.getActiveSession()) is not None:
            session.stop()
    if fault is not None:
        raise fault


def _started(builder: Any, name: str, workers: int | None, memory_mb: int) -> SparkSession:
    settings = {
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": str(8 * (workers or 1)),
        "spark.sql.adaptive.enabled": "true",  # splits keys that many rows have
    }
    if "MASTER" not in os.environ and "SPARK_MASTER" not in os.environ:
        builder = builder.master(f"local[{workers or '*'}]")
        # Its workers are Pythons of this machine: the one that has simkyc.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        settings |= {
            "spark.ui.enabled": "false",
            "spark.driver.memory": f"{memory_mb}m",
            "spark.driver.host": "localhost",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    for setting, value in settings.items():
        builder = builder.config(setting, value)
    session: SparkSession = builder.appName(name).getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session
