"""Guardians, representatives and organisations for the tables: people who do not exist."""

from __future__ import annotations

from datetime import date
from typing import Any

from simkyc.testing import NOW, resident_id, swatch

PHOTO = {"data": swatch(7)}


def party(born: date, **changes: Any) -> dict[str, Any]:
    """Somebody beside the applicant."""
    number = resident_id(born=born, sequence=7)
    return {
        "person": {"name": "测试甲", "document_number": number},
        "document": {
            "number": number,
            "name": "测试甲",
            "sex": "male",
            "birth_date": born,
            "valid_from": date(2018, 5, 1),
            "valid_until": None,
            "portrait": PHOTO,
        },
        "face_consent": {"given_at": NOW},
        "live_photo": PHOTO,
    } | changes


LETTER = {"valid_from": date(2026, 10, 1), "valid_until": date(2026, 12, 1)}
GUARDIAN = party(date(1985, 3, 3))
REPRESENTATIVE = party(date(1985, 3, 3), authorisation=LETTER)
ORGANISATION = {
    "name": "测试有限公司",
    "credit_code": "91110000600037341L",
    "valid_until": None,
    "applicant_is": "actual_user",
}


def child(born: date, **changes: Any) -> dict[str, Any]:
    """An application for somebody born on that day."""
    return {
        "document": {"birth_date": born, "number": resident_id(born=born), "valid_from": date(2020, 1, 1)}
    } | changes
