"""Who lives in a simulated city: made up from serial numbers, and nobody else.

>>> somebody(1, 7, "320508").name
'卫测试七'
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from stdnum import luhn

from simkyc.application import Application
from simkyc.numbers import division
from simkyc.policy import Policy
from simkyc.testing.builders import SURNAMES, resident_id
from simkyc.testing.city.events import Customer, Label
from simkyc.testing.fakes import MOST_PEOPLE, snapshot

__all__ = ["AFAR", "NEARBY", "Plan", "Somebody", "application_of", "imei", "somebody"]

NEARBY: Final = ("320205", "320211", "310114", "310118", "330402", "320602")
"""Counties around the city."""

AFAR: Final = (
    *("341202", "341302", "411402", "411602", "421002", "360102", "511302", "520502", "610102", "620102"),
    *("430102", "450102", "530102", "230102", "370102", "140105", "130102", "350102", "341503", "420102"),
)
"""Counties of other provinces that people come from."""

SEQUENCES: Final = 499
NUMERALS: Final = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person who does not exist. `face` is the number that `snapshot` draws."""

    serial: int
    name: str
    number: str
    sex: str
    born: date
    home: str
    face: int

    @property
    def address(self) -> str:
        """As the document says."""
        return f"{_named(self.home)}测试路{1 + self.serial % 900}号{self.serial // 900 + 101}室"

    @property
    def imei(self) -> str:
        """Of the person's own phone."""
        return imei(2 * self.serial)

    @property
    def next_imei(self) -> str:
        """Of the phone after that."""
        return imei(2 * self.serial + 1)

    @property
    def old_number(self) -> str:
        """A number of another operator that the person can be reached at."""
        return f"+86130{self.serial % 100_000_000:08d}"

    @property
    def account(self) -> str:
        """What the person pays with."""
        return f"account-{self.serial}"

    def document(self, portrait: int | None = None) -> dict[str, Any]:
        """As fields of an `IdDocument`; another portrait is a forged one."""
        issued = max(date(2018, 5, 1), self.born + timedelta(days=300))
        return {
            "number": self.number,
            "name": self.name,
            "sex": self.sex,
            "birth_date": self.born,
            "valid_from": issued,
            "valid_until": date(2038, 5, 1),
            "address": self.address,
            "portrait": {"data": snapshot(self.face if portrait is None else portrait)},
        }


def somebody(seed: int, serial: int, home: str, ages: tuple[int, int] = (20, 62)) -> Somebody:
    """Person number `serial` of a world, registered in a county, of an age between two at the end of 2026."""
    chance = random.Random(f"{seed}/person/{serial}")  # noqa: S311  # a simulation
    oldest, youngest = date(2026 - ages[1], 1, 1), date(2026 - ages[0], 1, 1)
    days = max((youngest - oldest).days, 1)
    # Serial numbers of one home and age never give one ID number: a step coprime to the days, a start by sequence.
    place, lap = serial % SEQUENCES, serial // SEQUENCES
    step = 7919 if days % 7919 else 7907
    born = oldest + timedelta(days=(place * 104_729 + lap * step + seed * 15_485_863) % days)
    male = chance.random() < 0.5
    digits = "".join(NUMERALS[int(digit)] for digit in str(serial))
    return Somebody(
        serial=serial,
        name=f"{SURNAMES[chance.randrange(len(SURNAMES))]}测试{digits}",
        number=resident_id(home, born, 2 * place + (1 if male else 2)),
        sex="male" if male else "female",
        born=born,
        home=home,
        face=(serial * 2_654_435_761 + seed * 7_368_787) % MOST_PEOPLE,
    )


def imei(serial: int) -> str:
    """A well-formed IMEI by serial number; its type allocation codes, from 35000001 on, are made up."""
    body = f"35{serial // 1_000_000 + 1:06d}{serial % 1_000_000:06d}"
    return body + str(luhn.calc_check_digit(body))


@dataclass(frozen=True, slots=True)
class Plan:
    """What one application will be like, before the counter, the card and the minute are known.

    Attributes:
        who: The applicant.
        customer: What brings an honest customer.
        label: Why it is fraud.
        fields: Fields of `Application` other than the usual.
        guardian: Who stands beside a minor.
        representative: Who acts for the applicant, who is not there.
        face: Whose face stands before the camera; None for the applicant's own.
        portrait: Whose face the document shows; None for the applicant's own.
        companion: Whose face is in the background.
        declared: IMEI of the declared device; None for the applicant's phone.
        box: IMEIs of a SIM box that the card goes into afterwards.
        flagged: Chance that the number is found out later; None for what its kind has.
        after: The opening whose line this is about.
        line: The number of that line.
    """

    who: Somebody
    customer: Customer | None = None
    label: Label | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    guardian: Somebody | None = None
    representative: Somebody | None = None
    face: int | None = None
    portrait: int | None = None
    companion: int | None = None
    declared: str | None = None
    box: tuple[str, ...] = ()
    flagged: float | None = None
    after: str | None = None
    line: str | None = None


def application_of(plan: Plan, at: datetime, **known: Any) -> Application:
    """The application that a plan becomes at a counter; `known` are the fields that the counter knows."""
    who, capture = plan.who, int(at.timestamp()) % MOST_PEOPLE
    fields: dict[str, Any] = {
        "kind": "opening" if plan.line is None else "replacement",
        "applied_at": at,
        "applicant": {
            "name": who.name,
            "document_number": who.number,
            "sex": who.sex,
            "birth_date": who.born,
            "address": who.address,
        },
        "document": who.document(plan.portrait),
        "face_consent": {"given_at": at - timedelta(minutes=3)},
        "live_photo": {
            "data": snapshot(who.face if plan.face is None else plan.face, capture, plan.companion)
        },
        "device": {"imei": plan.declared or who.imei},
        "notice": {"version": _notice_version(), "signed_at": at - timedelta(minutes=2)},
    }
    if plan.guardian is not None:
        fields["guardian"] = _beside(plan.guardian, at)
        fields["face_consent"]["given_by"] = fields["notice"]["signed_by"] = "guardian"
    if plan.representative is not None:
        letter = {"valid_from": at.date() - timedelta(days=7), "valid_until": None}
        fields["representative"] = _beside(plan.representative, at) | {"authorisation": letter}
        fields["face_consent"] = fields["live_photo"] = None
        fields["notice"]["signed_by"] = "representative"
    changed = dict(plan.fields)
    for part in ("applicant", "device"):
        fields[part] |= changed.pop(part, {})
    return Application(**fields | known | changed)


def _beside(who: Somebody, at: datetime) -> dict[str, Any]:
    return {
        "person": {
            "name": who.name,
            "document_number": who.number,
            "sex": who.sex,
            "birth_date": who.born,
        },
        "document": who.document(),
        "face_consent": {"given_at": at - timedelta(minutes=3)},
        "live_photo": {"data": snapshot(who.face, int(at.timestamp()) % MOST_PEOPLE)},
    }


@lru_cache(maxsize=512)
def _named(code: str) -> str:
    return division.place(code).full_name(year=2020)


@lru_cache(maxsize=1)
def _notice_version() -> str:
    return Policy.default().notice.current_version
