"""Past openings without photos in which nothing is wrong, as a source of a re-verification."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.reverification.columns import flat, schema
from simkyc.testing import NOW, application
from simkyc.testing.builders import iccid_of, imei_of, resident_id

__all__ = ["QUIET", "write_past"]

QUIET: Final = ("document", "openings", "shared", "trail", "batch")
"""Checks that have nothing to say of these openings: the others miss a photo, a stock or a list."""
A_STORE_AND_DAY: Final = 10


def write_past(path: Path, count: int) -> Path:
    """Write so many openings, ten a store and day, one a person, with cards and numbers in no order."""
    base = flat(application(0), decision="accept")
    base |= {"live_photo": None, "document_portrait": None}
    with pq.ParquetWriter(path, schema(), compression="zstd") as writer:
        for start in range(0, count, 10_000):
            rows = list(_rows(base, range(start, min(start + 10_000, count))))
            writer.write_table(pa.Table.from_pylist(rows, schema()))
    return path


def _rows(base: dict[str, Any], numbers: range) -> Iterator[dict[str, Any]]:
    for number in numbers:
        born = date(1970, 1, 1) + timedelta(days=number // 400)
        document = resident_id(born=born, sequence=1 + 2 * (number % 400))
        place, hour = divmod(number, A_STORE_AND_DAY)
        store, day = place % 50, place // 50
        at = NOW + timedelta(days=day, minutes=50 * hour, seconds=store)
        told = {name: at - timedelta(minutes=3) for name in base if name.endswith(("signed_at", "given_at"))}
        yield {
            **base,
            **{name: value for name, value in told.items() if base[name] is not None},
            "application_id": f"past-{number}",
            "applied_at": at,
            "decided_at": at,
            "opened_at": at + timedelta(minutes=5),
            "applicant_document_number": document,
            "document_number": document,
            "applicant_birth_date": born,
            "document_birth_date": born,
            "sim_iccid": iccid_of(number * 37 % 10_000_000),
            "sim_imsi": f"46000{number * 37 % 10**10:010d}",
            "sim_msisdn": f"+86139{number * 7 % 10**8:08d}",
            "device_imei": imei_of(number * 11 % 1_000_000),
            "store_id": f"store-{store}",
            "store_dealer_id": f"dealer-{store // 10}",
            "clerk_id": f"clerk-{store}-{hour % 2}",
        }
