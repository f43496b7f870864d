"""Gathering what is known about an application: from faces, the authority and the history.

It is done in two steps. Photos and the authority are asked before any transaction opens, because they are slow;
the history is asked inside it, by the screener, because what it says must still hold on recording. Here only the
keys and windows are made that it is asked by.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from simkyc import geo, line
from simkyc.application import Application, Asked, Device, IdDocument, LiveFrame, Photo, Role, Subject
from simkyc.authority import Authority, AuthorityAnswer, AuthorityQuery
from simkyc.errors import FaceError, NumberError, PhotoError
from simkyc.facts import (
    CaptureFacts,
    Comparison,
    FaceFacts,
    Facts,
    FrameFacts,
    LineFacts,
    PersonFacts,
    PhotoFacts,
    SharedThing,
    consent_fault,
    from_elsewhere,
)
from simkyc.line import Sighting
from simkyc.numbers import documents, iccid, imei, imsi, msisdn
from simkyc.numbers.documents import DocumentKind
from simkyc.policy import DAY_S, Policy, Window
from simkyc.usage.number import OpeningKnown
from simkyc.verdict import Verdict

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from simkyc.faces.engine import Examination, FaceEngine
    from simkyc.faces.template import Template
    from simkyc.history.keys import Keyring
    from simkyc.history.protocol import OpeningKeys, OpeningWindows, Reader, Recorded, Seen

__all__ = [
    "KEPT",
    "About",
    "KeptTemplates",
    "ask_about",
    "ask_about_line",
    "ask_about_opening",
    "device_listing_keys",
    "is_remote_first",
    "listing_keys",
    "opening_keys",
    "opening_windows",
    "person_key",
    "renewed_keys",
    "renewed_sighting_keys",
    "seen_as",
]


KeptTemplates = Mapping[tuple[Role, Literal["live", "portrait"]], "Template"]
"""Templates that an engine made of photos before, by whose they are and of which photo."""

KEPT: Final = PhotoFacts(problem=None, faces=1, located="kept")
"""What is known of a photo of which only the template was kept."""


@dataclass(frozen=True, slots=True)
class About:
    """What faces and authority said of everybody, and the templates that a gallery is searched for."""

    people: Mapping[Role, PersonFacts]
    templates: tuple[tuple[str, Template], ...] = field(default=(), repr=False)


def ask_about(
    application: Application,
    policy: Policy,
    engine: Callable[[], FaceEngine],
    authority: Authority | None,
    now: datetime,
    kept: KeptTemplates | None = None,
) -> About:
    """Ask the faces and the authority about everybody in the application.

    Args:
        application: The application.
        policy: Says how old one must be to consent, and how large a photo may be.
        engine: Gives the face engine; not called where nobody's face may be looked at.
        authority: None to ask nobody.
        now: The moment, which says how old everybody is.
        kept: Templates that stand for photos which are no longer there.

    Raises:
        FaceError: The engine cannot work. A poor photo is no error but a fact.
    """
    people: dict[Role, PersonFacts] = {}
    templates: list[tuple[str, Template]] = []
    for subject in application.subjects:
        face = None
        if subject.is_present and consent_fault(subject, application, policy, now) is None:
            face, seen = ask_faces(application, subject, policy, engine(), kept or {})
            templates += seen
        people[subject.role] = PersonFacts(
            face=face, authority=ask_authority(subject.document, authority, now)
        )
    return About(people, tuple(templates))


def ask_faces(
    application: Application, subject: Subject, policy: Policy, engine: FaceEngine, kept: KeptTemplates
) -> tuple[FaceFacts, list[tuple[str, Template]]]:
    """Decode one person's photos, examine them and compare the two faces.

    Returns:
        The facts; and the templates of the live face and of whoever stands beside it, by their part.
    """
    portrait = _portrait(subject, policy, engine, kept.get((subject.role, "portrait")))
    # The frames are of whoever asks for the card: without a representative that is the applicant.
    captured = "applicant" if application.representative is None else "representative"
    frames = application.live_frames if subject.role == captured else ()
    template = kept.get((subject.role, "live"))
    if template is None:
        shots = _shots(subject.live_photo, frames, application.camera_id, policy, engine)
    else:
        shots = [_Shot("look_straight", KEPT, template=template)]
    live, *others = shots
    averaged = _best(shots, int(policy.presentation.averaged_frames.value))
    facts = FaceFacts(
        engine.engine_id,
        live.facts,
        portrait.facts,
        _compare(portrait.template, averaged, policy, engine),
        _capture(live, others, len(averaged), policy, engine) if others else None,
    )
    return facts, _templates(subject.role, live, averaged, policy, engine)


def _portrait(subject: Subject, policy: Policy, engine: FaceEngine, template: Template | None) -> _Shot:
    if template is not None:
        return _Shot(None, KEPT, template=template)
    if subject.document.portrait is None:
        return _Shot(None, PhotoFacts("missing"))
    return _examine(subject.document.portrait, policy, engine)


def _templates(
    role: Role, live: _Shot, averaged: list[Template], policy: Policy, engine: FaceEngine
) -> list[tuple[str, Template]]:
    """The live face as it was compared, and every companion near enough to be told apart."""
    from simkyc.faces.template import mean

    if not averaged:
        return []
    if live.seen is None:
        return [(role, mean(averaged))]
    widest = max(live.seen.faces[0].right - live.seen.faces[0].left, 1)
    least = policy.identity.companion_size_min.value * widest
    beside = tuple(face for face in live.seen.faces[1:] if face.right - face.left >= least)
    found: list[tuple[str, Template]] = [(role, mean(averaged))]
    if beside and live.image is not None:
        found += [("companion", template) for template in engine.templates(live.image, beside)]
    return found


@dataclass(frozen=True, slots=True)
class _Shot:
    """One photo: what it was asked to show, what is known of it, what the engine saw in it."""

    asked: Asked | None
    facts: PhotoFacts
    seen: Examination | None = None
    image: NDArray[np.uint8] | None = None
    template: Template | None = None

    @property
    def value(self) -> float:
        """How good it is for comparing: 0 without a face, or with a second one as near."""
        from simkyc.faces.quality import utility

        if self.facts is KEPT:
            return 1.0
        return utility(self.facts.quality) if self.facts.faces and self.facts.companion_size < 1 else 0.0


def _shots(
    photo: Photo | None,
    more: tuple[LiveFrame, ...],
    camera_id: str | None,
    policy: Policy,
    engine: FaceEngine,
) -> list[_Shot]:
    """Every live photo; the best that looks straight comes first and is the live photo from here on."""
    frames = ([] if photo is None else [LiveFrame(photo=photo)]) + list(more)
    known = any(camera.camera_id == camera_id for camera in policy.presentation.cameras)
    shots = [_examine(frame.photo, policy, engine, frame.asked, signals=known) for frame in frames]
    straight = [shot for shot in shots if shot.asked == "look_straight"]
    if not straight:
        return [_Shot("look_straight", PhotoFacts("missing")), *shots]
    best = max(straight, key=lambda shot: shot.value)
    return [best, *(shot for shot in shots if shot is not best)]


def _examine(
    photo: Photo, policy: Policy, engine: FaceEngine, asked: Asked | None = None, *, signals: bool = False
) -> _Shot:
    """Decode and examine a live photo, or the portrait where nothing was asked."""
    from simkyc.faces import presentation
    from simkyc.faces.intake import PhotoLimits, decode

    limits = PhotoLimits(
        max_bytes=int(policy.photo.max_bytes.value), max_pixels=int(policy.photo.max_pixels.value)
    )
    try:
        image = decode(photo.data, limits)
    except PhotoError as error:
        return _Shot(asked, PhotoFacts(error.cause))
    try:
        seen = engine.examine(image, "live" if asked else "portrait")
    except FaceError:
        raise
    except Exception as error:  # somebody's own engine; what it raised may hold anything
        raise FaceError(f"the face engine failed on a photo ({type(error).__name__})") from None
    widths = [face.right - face.left for face in seen.faces]
    facts = PhotoFacts(
        problem=None,
        faces=len(widths),
        companion_size=max(widths[1:], default=0) / max(widths[0], 1) if widths else 0.0,
        located=seen.faces[0].located if seen.faces else None,
        quality=seen.quality,
        signals=presentation.signals(image, seen.faces[0]) if signals and seen.faces else {},
    )
    return _Shot(asked, facts, seen, image if len(seen.faces) > 1 else None, seen.template)


def _best(shots: list[_Shot], most: int) -> list[Template]:
    """Templates of the best straight frames, the best first."""
    straight = [shot for shot in shots if shot.asked == "look_straight" and shot.value > 0]
    straight.sort(key=lambda shot: -shot.value)
    return [shot.template for shot in straight[:most] if shot.template]


def _compare(
    portrait: Template | None, live: list[Template], policy: Policy, engine: FaceEngine
) -> Comparison | None:
    from simkyc.faces.template import distance, mean

    if portrait is None or not live:
        return None
    calibration = engine.calibration("chip-live")
    apart = distance(portrait, mean(live))
    return Comparison(
        distance=apart,
        false_match_rate=calibration.false_match_rate_at(apart),
        accept_distance=calibration.distance_at(policy.face.accept_false_match_rate.value),
        review_distance=calibration.distance_at(policy.face.review_false_match_rate.value),
        calibration_id=calibration.calibration_id,
    )


def _capture(
    live: _Shot, others: list[_Shot], averaged: int, policy: Policy, engine: FaceEngine
) -> CaptureFacts:
    calibration = engine.calibration("live-live")
    return CaptureFacts(
        frames=tuple(_frame(live, other) for other in others),
        averaged=averaged,
        same_person_distance=calibration.distance_at(policy.presentation.same_person_false_match_rate.value),
        calibration_id=calibration.calibration_id,
    )


def _frame(live: _Shot, other: _Shot) -> FrameFacts:
    from simkyc.faces.template import distance

    problem = other.facts.problem
    if problem is None and other.facts.faces != 1:
        problem = "several_faces" if other.facts.faces else "no_face"
    template, reference = other.template, live.template
    if template is None or reference is None:
        return FrameFacts(other.asked, problem or "not_compared")
    mine, its = live.facts.quality, other.facts.quality
    return FrameFacts(
        asked=other.asked,
        problem=problem,
        distance=distance(template, reference),
        turn_deg=its["yaw"] - mine["yaw"],
        closer=its["inter_eye_distance"] / max(mine["inter_eye_distance"], 1.0),
    )


def ask_authority(document: IdDocument, authority: Authority | None, now: datetime) -> AuthorityAnswer | None:
    """What the authority says of the document; None when none is configured or the number is no number.

    An authority that raises, against its contract, is one that gave no answer: what it raised may hold anything.
    """
    number = _or_none(functools.partial(documents.validate, document.kind), document.number)
    if authority is None or number is None:
        return None
    query = AuthorityQuery(
        kind=document.kind,
        number=number,
        name=document.name,
        birth_date=document.birth_date,
        sex=document.sex,
    )
    try:
        return authority.verify(query)
    except Exception:
        return AuthorityAnswer("unavailable", now, cause="raised")


def opening_keys(application: Application, keyring: Keyring) -> OpeningKeys:
    """What the history knows this application's person, device, card and shared things by."""
    from simkyc.history.protocol import OpeningKeys

    sim, device = application.sim, application.device
    devices = [device.imei, device.second_imei] if device else [None, None]
    first, second = (_keyed(keyring.device, imei.validate, number) for number in devices)
    number = _or_none(msisdn.validate, sim.msisdn)
    return OpeningKeys(
        person=person_key(application.document, keyring),
        device=first,
        second_device=second,
        iccid=_or_none(iccid.validate, sim.iccid),
        imsi=_keyed(keyring.imsi, imsi.validate, sim.imsi),
        msisdn=None if number is None else keyring.msisdn(number),
        store_id=application.store.store_id,
        dealer_id=application.store.dealer_id,
        clerk_id=application.clerk.clerk_id,
        shared=tuple((what, key) for what, key in _shared(application, first, second, keyring) if key),
        terminal_id=application.store.terminal_id,
        neighbours=() if number is None else _neighbours(number, keyring),
    )


def _neighbours(number: str, keyring: Keyring) -> tuple[tuple[int, str], ...]:
    from simkyc.history.protocol import NEIGHBOURHOOD

    own, width = int(number[1:]), len(number) - 1
    steps = [step for step in range(-NEIGHBOURHOOD, NEIGHBOURHOOD + 1) if step]
    return tuple((step, keyring.msisdn(f"+{own + step:0{width}d}")) for step in steps)


def _shared(
    application: Application, first: str | None, second: str | None, keyring: Keyring
) -> Iterator[tuple[SharedThing, str | None]]:
    representative, home = application.representative, application.document.address
    yield "device", first
    yield "device", second
    yield "representative", person_key(representative.document, keyring) if representative else None
    yield "contact", _keyed(keyring.msisdn, _called, application.contact_number)
    yield "address", _keyed(keyring.address, _alike, application.applicant.address)
    yield "address", _keyed(keyring.address, _alike, home)
    yield "payer", _keyed(keyring.payer, _alike, application.payer_account)
    yield "delivery", _keyed(keyring.address, _alike, application.delivery_address)


def _called(number: str) -> str:
    """A contact number in one spelling: E.164 where it is a mobile one, else its digits."""
    return _or_none(msisdn.validate, number) or "".join(
        c for c in unicodedata.normalize("NFKC", number) if c.isdecimal()
    )


def _alike(text: str) -> str:
    """One spelling of a free text: full width, case, spaces and punctuation make no difference."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def _keyed(key: Callable[[str], str], verb: Callable[[str], str], text: str | None) -> str | None:
    spelled = _or_none(verb, text)
    return key(spelled) if spelled else None


def person_key(document: IdDocument, keyring: Keyring) -> str | None:
    """What the history knows the holder of this document by; None when its number is malformed.

    A passport counts by its number alone: no check digit covers the state, and one misread would be new limits.
    """
    identity = documents.identity(document.kind, document.number)
    return None if identity is None else keyring.person(*identity)


_SERVICE: Final[tuple[DocumentKind, ...]] = ("military_id", "armed_police_id")


def listing_keys(document: IdDocument, keyring: Keyring) -> tuple[str, ...]:
    """What lists know this person and this document by; nothing when the number is no number.

    A list seldom says which state issued a passport, so that its number counts alone: nobody is missed, and two
    people of two states with one number are told apart on appeal. So are a soldier and a policeman: their bare
    numbers do not tell which of the two documents it is.
    """
    kinds = _SERVICE if document.kind in _SERVICE else (document.kind,)
    keys: list[str] = []
    for kind in kinds:
        identity = documents.identity(kind, document.number)
        if identity is not None:
            number = documents.validate(kind, document.number)
            keys += keyring.person(*identity), keyring.document(kind, number)
    return tuple(dict.fromkeys(keys))


def is_remote_first(application: Application, facts: Facts, policy: Policy) -> bool:
    """Whether it is the first number of somebody from elsewhere, as far as is known."""
    held = facts.openings.active_numbers
    return from_elsewhere(application, policy) is True and held is not None and not any(held.values())


def renewed_keys(application: Application, keyring: Keyring) -> tuple[tuple[str, str], ...]:
    """Every key of this application under a secret of before, with the same key under the present one."""
    return tuple(
        pair
        for former in keyring.former
        for pair in zip(_every_key(application, former), _every_key(application, keyring), strict=True)
    )


def _every_key(application: Application, keyring: Keyring) -> list[str]:
    keys = opening_keys(application, keyring)
    named = [keys.person, keys.msisdn, keys.imsi, keys.device, keys.second_device]
    listed = [key for one in application.subjects for key in listing_keys(one.document, keyring)]
    return [*filter(None, named), *(key for _, key in keys.shared), *listed]


def device_listing_keys(device: Device, keyring: Keyring) -> tuple[str, ...]:
    """What lists know this device by: its own numbers, and every beginning of its type allocation codes.

    Nothing when its IMEI is none. A range of codes is listed by the beginnings that it is made of.
    """
    numbers = [_or_none(imei.validate, number) for number in (device.imei, device.second_imei)]
    if numbers[0] is None:
        return ()
    keys = []
    for number in filter(None, numbers):
        keys += [keyring.device(number), *_tac_keys(imei.tac(number))]
    return tuple(dict.fromkeys(keys))


def _tac_keys(tac: str) -> list[str]:
    return [f"tac:{tac[:digits]}" for digits in range(1, len(tac) + 1)]


def opening_windows(policy: Policy) -> OpeningWindows:
    """How far back the policy asks the history to look."""
    from simkyc.history.protocol import OpeningWindows

    windows = policy.openings.repeat + policy.openings.repeat_far_from_home
    device = policy.device.people + policy.device.sims + policy.device.openings
    own = tuple(sorted({policy.shared.returning.seconds, policy.shared.own.seconds}))
    return OpeningWindows(
        person_s=_seconds(windows),
        clerk_s=int(policy.openings.clerk_window.value * 60),
        shared_s=(
            ("device", tuple(sorted({*own, *_seconds(device)}))),
            ("representative", (int(policy.parties.representative_window.value * DAY_S),)),
            *(
                (
                    thing,
                    tuple(
                        sorted(
                            {*own, *_seconds((*getattr(policy.shared, thing), policy.shared.common.lately))}
                        )
                    ),
                )
                for thing in GIVEN
            ),
        ),
        trail_s=int(policy.trail.window.value * HOUR_S),
        neighbours_s=int(policy.batch.run_window.value * HOUR_S),
        order_s=int(policy.batch.order_window.value * DAY_S),
        baseline_s=int(policy.batch.baseline_window.value * DAY_S),
        outcomes_s=int(policy.batch.outcomes_window.value * DAY_S),
        spread_s=own,
    )


GIVEN: Final[tuple[Literal["contact", "address", "payer", "delivery"], ...]] = (
    "contact",
    "address",
    "payer",
    "delivery",
)
HOUR_S: Final = 3600


def ask_about_line(
    reader: Reader, keyring: Keyring, number: str, seen: Sighting | None, policy: Policy, now: datetime
) -> LineFacts | None:
    """Ask the history about a line after its card was issued; None when it is bound to no card.

    Args:
        reader: A snapshot, or the transaction in which `seen` was remembered.
        keyring: Makes the keys.
        number: The MSISDN in E.164.
        seen: What the network reports now; None to go by what it said before.
        policy: Says how far back to look.
        now: The moment.
    """
    from simkyc.history.protocol import OpeningKeys, OpeningWindows

    key = keyring.msisdn(number)
    bindings = reader.bindings(key, now)
    chain = line.chain_of(bindings)
    if not chain:
        return None
    first = line.holders_first(chain)
    since = chain[0].decided_at
    sightings = [one for one in reader.sightings(key, now) if one.seen_at >= since]
    devices = line.devices_seen(chain, sightings)
    changed = line.device_changes(devices)
    nobody = OpeningKeys(
        person=first.person, device=None, iccid=None, msisdn=None, store_id="-", dealer_id=None, clerk_id="-"
    )
    ever = OpeningWindows(person_s=(EVER_S,), clerk_s=1, shared_s=())
    before = reader.facts(nobody, ever, first.opened_at, before=first.application_id).person_openings
    last = sightings[-1] if sightings else None
    # What was reported before is remembered without its digits: that it was no IMEI is all that is known.
    fault = _reported(seen)[1] if seen else "dummy" if last is not None and last.device is None else None
    # By the IMEI that was seen: a second one that was declared with it may be another phone's.
    present = last.device if last is not None and fault is None else None
    declared = line.declared_imeis(chain)
    restriction = line.restriction_of(chain)
    imsi_key = _keyed(keyring.imsi, imsi.validate, seen.imsi) if seen else None
    if seen is None and last is not None and last.seen_at >= chain[-1].opened_at:
        imsi_key = last.imsi  # what was seen before the present card was another card's
    card = next((binding.imsi for binding in reversed(chain) if binding.imsi is not None), None)
    limits = policy.binding
    return LineFacts(
        now=now,
        application_id=chain[-1].application_id,
        opened_at=first.opened_at,
        service=chain[-1].service,
        is_new_user=before is not None and before[EVER_S] == 0,
        declared=bool(declared),
        restriction=restriction,
        seen_at=None if last is None else last.seen_at,
        in_declared=None if present is None else _in_its_device(present, declared, devices),
        imsi_agrees=None if imsi_key is None or card is None else imsi_key == card,
        imei_fault=fault,
        in_area=None
        if seen is None or restriction is None or restriction.area is None
        else geo.is_inside(restriction.area, seen.position, seen.division),
        first_change_at=next((moment for moment in changed if moment >= first.opened_at), None),
        changes=line.counts(changed, _seconds(limits.changes), now),
        devices={
            window_s: len({device for at, device in devices if at > now - timedelta(seconds=window_s)})
            for window_s in _seconds(limits.devices)
        },
        lines_on_device=None
        if present is None
        else reader.lines_on_device(present, key, _seconds(limits.lines_on_device), now),
        device_listed=None
        if present is None or last is None
        else reader.listings((present, *_tac_keys(last.tac or "")), now),
        lists=reader.lists(now),
        verify_by=line.stands(bindings, reader.steps(key, now), now, policy.steps).verify_by,
    )


def ask_about_opening(reader: Reader, number: str, until: datetime) -> OpeningKnown | None:
    """Ask the history about the opening behind a number; None when the number is bound to no card.

    Args:
        reader: A snapshot.
        number: Keyed hash of the MSISDN.
        until: The end of the window whose use is judged; what came later does not count.
    """
    from simkyc.history.protocol import OpeningKeys, OpeningWindows

    chain = line.chain_of(reader.bindings(number, until))
    if not chain:
        return None
    first, present = line.holders_first(chain), chain[-1]
    holder = OpeningKeys(
        person=first.person, device=None, iccid=None, msisdn=None, store_id="-", dealer_id=None, clerk_id="-"
    )
    known = reader.facts(holder, OpeningWindows(person_s=(YEAR_S,), clerk_s=1, shared_s=()), until)
    numbers, openings = known.active_numbers, known.person_openings
    return OpeningKnown(
        application_id=present.application_id,
        age_days=(until - first.opened_at).total_seconds() / DAY_S,
        service=present.service,
        owner_numbers=1 if numbers is None else max(1, numbers[present.service]),
        owner_openings=0 if openings is None else openings[YEAR_S],
        customer="unit" if _is_units(reader.recorded(first.application_id)) else "personal",
    )


def _is_units(recorded: Recorded | None) -> bool:
    """Whether the application named an organisation: the verdict says so, and nothing else that is kept."""
    if recorded is None:
        return False
    findings = Verdict.from_json(recorded.verdict_json).findings
    codes = [one for one in findings if one.reason == "parties.organisation_code"]
    return any(one.cause != "no_organisation" for one in codes)


def _in_its_device(present: str, declared: frozenset[str], devices: tuple[tuple[datetime, str], ...]) -> bool:
    """Whether it is the declared device, or where none was declared the one that the line was first seen in."""
    return present in declared if declared else devices[-1][1] == devices[0][1]


def seen_as(sighting: Sighting, keyring: Keyring) -> Seen:
    """What the history remembers of a sighting.

    What is no IMEI is remembered as no device: a placeholder that countless devices share would tie strangers to
    each other.
    """
    from simkyc.history.protocol import Seen

    number, _ = _reported(sighting)
    card = _keyed(keyring.imsi, imsi.validate, sighting.imsi)
    if number is None:
        return Seen(sighting.seen_at, None, card)
    return Seen(sighting.seen_at, keyring.device(number), card, imei.tac(number))


def renewed_sighting_keys(sighting: Sighting, number: str, keyring: Keyring) -> tuple[tuple[str, str], ...]:
    """Every key of a sighting of this MSISDN under a secret of before, with the same key under the present one."""
    now = seen_as(sighting, keyring)
    pairs: list[tuple[str, str]] = []
    for former in keyring.former:
        then = seen_as(sighting, former)
        pairs.append((former.msisdn(number), keyring.msisdn(number)))
        pairs += [
            (old, new)
            for old, new in ((then.device, now.device), (then.imsi, now.imsi))
            if old is not None and new is not None
        ]
    return tuple(pairs)


EVER_S: Final = 100 * 365 * DAY_S
YEAR_S: Final = 365 * DAY_S


def _reported(seen: Sighting | None) -> tuple[str | None, str | None]:
    """The device's IMEI as the network reports it, or why that is none."""
    try:
        return (None if seen is None else imei.from_network(seen.imei)), None
    except NumberError as error:
        return None, error.cause


def _seconds(windows: Iterable[Window]) -> tuple[int, ...]:
    return tuple(sorted({window.seconds for window in windows}))


def _or_none(verb: Callable[[str], str], number: str | None) -> str | None:
    try:
        return None if number is None else verb(number)
    except NumberError:
        return None
