"""Applications and facts of people who do not exist, honest unless told otherwise.

>>> application().applicant.document_number == application().document.number
True
>>> application(document={"valid_until": date(2020, 1, 1)}).document.valid_until
datetime.date(2020, 1, 1)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Literal, TypeVar

from stdnum import luhn
from stdnum.iso7064 import mod_11_2

from simkyc.application import Application
from simkyc.facts import (
    ActorCounts,
    Comparison,
    FaceFacts,
    Facts,
    GalleryFacts,
    HeldLine,
    LineFacts,
    OpeningFacts,
    PatternFacts,
    PersonFacts,
    PhotoFacts,
    RingFacts,
    SharedCounts,
    SimFacts,
)
from simkyc.gather import opening_windows
from simkyc.policy import Policy
from simkyc.usage.number import CallUse, DeviceUse, MessageUse, NumberUsage, OpeningKnown, PlaceUse
from simkyc.usage.scored import Driver, Scored

__all__ = [
    "NOW",
    "STORE_ICCIDS",
    "Clock",
    "application",
    "facts",
    "held_line",
    "iccid_of",
    "line_facts",
    "number_usage",
    "party",
    "resident_id",
]

NOW = datetime(2026, 11, 2, 10, 0, tzinfo=timezone(timedelta(hours=8)))
"""When every application of this module is made, unless told otherwise: a Monday morning in China."""

STORE_DIVISION = "320502"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许"
GOOD_QUALITY = {
    "inter_eye_distance": 90.0,
    "head_size": 0.4,
    "margin": 0.5,
    "yaw": 0.0,
    "pitch": 0.0,
    "roll": 0.0,
    "sharpness": 0.7,
    "luminance": 0.5,
    "under_exposure": 0.0,
    "over_exposure": 0.0,
    "dynamic_range": 7.0,
    "illumination_uniformity": 0.8,
    "colour_deviation": 0.0,
    "blockiness": 1.1,
    "eye_glare": 0.0,
}
"""What `simkyc.faces.quality` measures on a clear photo."""


class Clock:
    """A clock that stands until it is moved: `Screener.open(..., clock=Clock())`."""

    def __init__(self, now: datetime = NOW) -> None:
        """Stand at `now`, a time with a zone."""
        self.now = now

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.now

    def advance(self, **by: float) -> datetime:
        """Move on by `timedelta(**by)` and return the new time."""
        self.now += timedelta(**by)
        return self.now


def resident_id(division: str = STORE_DIVISION, born: date = date(1990, 1, 1), sequence: int = 1) -> str:
    """A well-formed resident ID number; odd sequences are men's.

    >>> resident_id("320502", date(1990, 1, 1), 1)
    '320502199001010012'
    """
    body = f"{division}{born:%Y%m%d}{sequence:03d}"
    return body + str(mod_11_2.calc_check_digit(body))


def iccid_of(serial: int) -> str:
    """A well-formed 20-digit ICCID of China Mobile.

    >>> iccid_of(1)
    '89860000000000000019'
    """
    body = f"898600{serial:013d}"
    return body + str(luhn.calc_check_digit(body))


STORE_ICCIDS = tuple(iccid_of(serial) for serial in range(1, 201))
"""ICCIDs for a store's stock; `application(seed)` asks for the one at `seed % 200`."""


def imei_of(serial: int) -> str:
    """A well-formed IMEI; its TAC 35000000 is no real model's."""
    body = f"35000000{serial + 1:06d}"
    return body + str(luhn.calc_check_digit(body))


@lru_cache(maxsize=64)
def _drawn(seed: int, kind: Literal["chip", "live"]) -> bytes:
    from simkyc.testing.portraits import PEOPLE, chip_portrait, portrait

    return (chip_portrait if kind == "chip" else portrait)(seed % PEOPLE)


def application(seed: int = 0, **changes: Any) -> Application:
    """An honest application of the person number `seed`, with what you change.

    Args:
        seed: Which person; each has their own name, number, device, card and face (faces repeat after
            `PEOPLE` seeds).
        changes: Fields of `Application`. A mapping changes only the fields it names, on both form and
            document where both hold the field (`applicant` changes the form alone):
            `application(sim={"imsi": "460000000000001"})`.

    Returns:
        An application that simkyc accepts at `NOW` when the SIM is in the store's stock.

    Raises:
        InputError: What you changed does not fit.
    """
    born = date(1970 + seed % 35, 1 + seed % 12, 1 + seed % 28)
    sequence = 1 + 2 * (seed % 450)
    number = resident_id(born=born, sequence=sequence)
    name = SURNAMES[seed % len(SURNAMES)] + "测试" + chr(0x4E00 + seed % 2000)
    fields: dict[str, Any] = {
        "application_id": f"test-{seed}",
        "applied_at": NOW,
        "applicant": {"name": name, "document_number": number, "sex": "male", "birth_date": born},
        "document": {
            "number": number,
            "name": name,
            "sex": "male",
            "birth_date": born,
            "valid_from": date(2018, 5, 1),
            "valid_until": date(2038, 5, 1),
        },
        "face_consent": {"given_at": changes.get("applied_at", NOW) - timedelta(minutes=3)},
        "sim": {
            "iccid": STORE_ICCIDS[seed % len(STORE_ICCIDS)],
            "imsi": f"46000{seed + 1:010d}",
            "msisdn": f"+86139{seed + 10_000_000:08d}",
        },
        "device": {"imei": imei_of(seed)},
        "store": {"store_id": "store-1", "division": STORE_DIVISION, "dealer_id": "dealer-1"},
        "clerk": {"clerk_id": "clerk-1"},
        "notice": {
            "version": Policy.default().notice.current_version,
            "signed_at": changes.get("applied_at", NOW) - timedelta(minutes=2),
        },
    }
    on_form = {"name": "name", "number": "document_number", "sex": "sex", "birth_date": "birth_date"}
    for field, change in sorted(changes.items(), key=lambda item: item[0] == "applicant"):
        if isinstance(change, Mapping) and isinstance(fields.get(field), dict):
            fields[field] |= change
            if field == "document":
                fields["applicant"] |= {on_form[key]: change[key] for key in on_form if key in change}
        else:
            fields[field] = change
    # Drawing takes a while, so only what nobody gave is drawn.
    if "live_photo" not in fields:
        fields["live_photo"] = {"data": _drawn(seed, "live")}
    if isinstance(fields["document"], dict) and "portrait" not in fields["document"]:
        fields["document"]["portrait"] = {"data": _drawn(seed, "chip")}
    return Application(**fields)


def party(seed: int, **changes: Any) -> dict[str, Any]:
    """Somebody beside the applicant, person number `seed`, as fields of a `Guardian` or `Representative`.

    Args:
        seed: Which person; at the counter with a document and a face of their own.
        changes: Fields, such as a representative's `authorisation`; a mapping for `document` changes only the
            fields it names.

    >>> application(0, representative=party(5, authorisation=None)).representative.document.kind
    'resident_id'
    """
    somebody = application(seed)
    document = somebody.document.model_copy(update=changes.pop("document", {}))
    return {
        "person": somebody.applicant,
        "document": document,
        "face_consent": somebody.face_consent,
        "live_photo": somebody.live_photo,
    } | changes


def facts(**changes: Any) -> Facts:
    """Facts that speak for an applicant: a clear photo of the right person, nothing in the history.

    Args:
        changes: Fields of `Facts`; fields of `OpeningFacts`, `SimFacts`, and of the applicant's `PersonFacts`,
            `FaceFacts` and `Comparison` may be given by their own names:
            `facts(reserved=True, distance=0.9)`. `active_numbers`, `iot_numbers`, `device_people`, `device_sims`,
            `device_openings` and `represented_people` set a count, in every window where it has some.
    """
    photo = PhotoFacts(problem=None, faces=1, located="detected", quality=GOOD_QUALITY)
    compared = Comparison(
        distance=0.2,
        false_match_rate=1e-6,
        accept_distance=0.4,
        review_distance=0.55,
        calibration_id="chip-live:test",
    )
    sim = SimFacts(
        store_has_stock=True,
        allocated_here=True,
        card_issued=False,
        number_in_use=False,
        reserved=False,
        state="in_stock",
        numbers_agree=True,
        imsi_agrees=True,
    )
    policy = Policy.default()
    windows = opening_windows(policy)
    counted = {
        what: SharedCounts(
            people=changes.pop(f"{what}_people", 0),
            sims=changes.pop(f"{what}_sims", 0),
            openings=changes.pop(f"{what}_openings", 0),
        )
        for what, _ in windows.shared_s
    }
    represented = changes.pop("represented_people", None)
    if represented is not None:
        counted["representative"] = SharedCounts(people=represented, sims=0, openings=0)
    held, of_things = changes.pop("active_numbers", 0), changes.pop("iot_numbers", 0)
    openings = OpeningFacts(
        active_numbers=None if held is None else {"personal": held, "iot": of_things},
        person_openings=dict.fromkeys(windows.person_s, 0),
        clerk_openings=0,
        sim=_taking(sim, changes),
        today=dict.fromkeys(("clerk", "store", "dealer"), ActorCounts(openings=3, remote_first=0)),
        shared={what: dict.fromkeys(spans_s, counted[what]) for what, spans_s in windows.shared_s},
    )
    face = FaceFacts(engine_id="test", live=photo, portrait=photo, comparison=_taking(compared, changes))
    person = _taking(PersonFacts(face=_taking(face, changes), listed=()), changes)
    known = Facts(
        now=NOW,
        people={"applicant": person},
        openings=_taking(openings, changes),
        device_listed=(),
        patterns=PatternFacts(
            trail=(),
            baselines=dict.fromkeys(
                ("clerk", "store", "dealer"), (ActorCounts(openings=5, remote_first=1),) * 10
            ),
            consecutive_cards=0,
            consecutive_numbers=0,
            days_at_this_hour=9,
        ),
        gallery=GalleryFacts(
            size=1000,
            hits=(),
            own_distances=(),
            same_person_distance=0.75,
            companion_people=0,
            calibration_id="live-live:test",
        ),
        rings=RingFacts(known_until=NOW - timedelta(days=1), near=None),
    )
    known = _taking(known, changes)
    if changes:
        raise TypeError(f"no fact is called {', '.join(changes)}")
    return known


def held_line(**changes: Any) -> HeldLine:
    """A line that the applicant has held for a year without a change, with what you change."""
    line = HeldLine(
        opened_at=NOW - timedelta(days=365),
        service="personal",
        restriction=None,
        held_by="applicant",
        card_agrees=True,
        imsi_agrees=True,
        lost_at=None,
        sim_changed_at=None,
        device_changed_at=None,
        replacements={window.seconds: 0 for window in Policy.default().line.replacements},
    )
    return replace(line, **changes)


def line_facts(**changes: Any) -> LineFacts:
    """What is known of a line that is used in its declared device since an hour ago, with what you change."""
    limits = Policy.default().binding
    line = LineFacts(
        now=NOW,
        application_id="test-0",
        opened_at=NOW - timedelta(hours=2),
        service="personal",
        is_new_user=True,
        declared=True,
        restriction=None,
        seen_at=NOW - timedelta(hours=1),
        in_declared=True,
        imsi_agrees=True,
        changes={window.seconds: 0 for window in limits.changes},
        devices={window.seconds: 1 for window in limits.devices},
        lines_on_device={window.seconds: 0 for window in limits.lines_on_device},
        device_listed=(),
    )
    return replace(line, **changes)


def number_usage(**changes: Any) -> NumberUsage:
    """What the records of a month say of somebody who calls friends and a few strangers, with what you change.

    A group of values (`calls`, `messages`, `places`, `devices`, `opening`, `scored`) takes a mapping of changes, or
    None where it is not known.

    >>> number_usage(calls={"night_share": 0.5}, messages=None).calls.night_share
    0.5
    """
    usage = NumberUsage(
        number="0" * 64,
        since=NOW - timedelta(days=30),
        until=NOW,
        calls=CallUse(
            calls=240,
            outgoing=130,
            counterparts=40,
            callers=35,
            per_counterpart=4.8,
            most_with_one=60,
            outgoing_share=0.54,
            answered_share=0.75,
            short_share=0.1,
            returned_share=0.6,
            talk_s=95.0,
            talk_s_per_counterpart=400.0,
            busiest_hour=5,
            busiest_ten_minutes=3,
            night_share=0.03,
            hours=16,
            days=29,
            first_at=NOW - timedelta(days=30),
            last_at=NOW - timedelta(hours=1),
            silent_days=0,
            busiest_day=14,
            other_days=4.3,
        ),
        messages=MessageUse(
            sent=60,
            received=150,
            recipients=12,
            senders=30,
            replied_share=0.9,
            busiest_hour=9,
            templates=55,
            read=60,
            largest_template=3,
            categories={"other": 60},
            with_link=1,
            with_contact=2,
            classifier="test-classifier",
        ),
        places=PlaceUse(
            events=300, cells=25, days=29, commonest_share=0.45, fastest_km_h=110.0, regions={"320508": 300}
        ),
        devices=DeviceUse(devices=1, changes=0, numbers_in_device=2, bulk_tac=0),
        opening=OpeningKnown(
            application_id="test-0",
            age_days=700.0,
            service="personal",
            owner_numbers=1,
            owner_openings=0,
            customer="personal",
        ),
        scored=Scored(
            model_id="test-model",
            probability=0.01,
            false_positive_rate=None,
            known=30,
            of=32,
            drivers=(Driver("calls_per_counterpart", 4.8, "calls", -1.2),),
        ),
    )
    parts = {
        name: replace(getattr(usage, name), **value) if isinstance(value, Mapping) else value
        for name, value in changes.items()
    }
    return replace(usage, **parts)


Part = TypeVar("Part", Facts, PersonFacts, FaceFacts, OpeningFacts, SimFacts, Comparison)


def _taking(part: Part, changes: dict[str, Any]) -> Part:
    return replace(part, **{name: changes.pop(name) for name in part.__slots__ if name in changes})
