"""A busy counter: honest applications of different people who do not exist, one after the other."""

from __future__ import annotations

from datetime import date, timedelta

from simkyc import Application
from simkyc.testing import PEOPLE, Clock, application, iccid_of, resident_id
from simkyc.testing.builders import imei_of

__all__ = ["STORE_ID", "applicant", "cards"]

STORE_ID = "store-1"
FIRST_BIRTH = date(1960, 1, 1)
BIRTHS = 12_000  # days from then on: everybody is of age
CLERKS = 500
SPACING_S = 7
"""Seconds from one customer to the next."""


def applicant(
    serial: int, clock: Clock, *, visit: int = 0, photos: bytes | None = None, consent: bool = True
) -> Application:
    """Person `serial`'s application, now.

    Args:
        serial: Which person; each has their own number, device, card and, for `PEOPLE` in turn, face.
        clock: The counter's clock, moved on by one customer.
        visit: Makes another application of the same person, for another card and number.
        photos: One picture for both portrait and photo, for an engine that knows no faces.
        consent: Whether the face may be looked at.
    """
    clock.advance(seconds=SPACING_S)
    born = FIRST_BIRTH + timedelta(days=serial % BIRTHS)
    picture = {} if photos is None else {"portrait": {"data": photos}}
    return application(
        serial % PEOPLE,
        application_id=f"bench-{serial}-{visit}",
        applied_at=clock.now,
        document={"number": resident_id(born=born, sequence=1 + 2 * (serial // BIRTHS)), "birth_date": born}
        | picture,
        **({} if consent else {"face_consent": None}),
        device={"imei": imei_of(serial)},
        sim={"iccid": iccid_of(card(serial, visit)), "msisdn": f"+86139{card(serial, visit):08d}"},
        clerk={"clerk_id": f"clerk-{serial % CLERKS}"},
        **({} if photos is None else {"live_photo": {"data": photos}}),
    )


def card(serial: int, visit: int) -> int:
    """Serial number of the card asked for: one for each person and visit."""
    return 1 + serial + 1_000_000 * visit


def cards(people: int) -> list[str]:
    """The ICCIDs that the first visits of so many people ask for."""
    return [iccid_of(card(serial, 0)) for serial in range(people)]
