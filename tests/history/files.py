"""What the tests of SQLite files share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from simkyc.history import open_history
from simkyc.history.protocol import Entry, History, OpeningKeys, OpeningWindows
from simkyc.verdict import Decision

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WINDOWS = OpeningWindows(person_s=(86_400,), clerk_s=3600, shared_s=(("device", (86_400,)),))
SECRET = b"a secret for tests only"


def entry(application_id: str, person: str = "person", *, verdict_json: str = "{}") -> Entry:
    keys = OpeningKeys(
        person=person,
        device="device",
        iccid="iccid",
        msisdn="msisdn",
        store_id="store-1",
        dealer_id=None,
        clerk_id="clerk-1",
        shared=(("device", "device"),),
    )
    return Entry(
        application_id=application_id,
        kind="opening",
        service="personal",
        body_digest="digest",
        keys=keys,
        decided_at=TEN,
        decision=Decision.ACCEPT,
        verdict_json=verdict_json,
        admitted_until=TEN + timedelta(minutes=30),
    )


def record(history: History, *application_ids: str) -> None:
    with history.write() as transaction:
        for application_id in application_ids:
            transaction.record(entry(application_id))


def remembers(history: History, application_id: str) -> bool:
    with history.read() as reader:
        return reader.recorded(application_id) is not None


@contextmanager
def opened(path: Path, secret: bytes | str | None = SECRET, lock_timeout_s: float = 30) -> Iterator[History]:
    history = open_history(f"sqlite:///{path}", secret=secret, lock_timeout_s=lock_timeout_s)
    try:
        yield history
    finally:
        history.close()
