"""What is known about an application: plain values, which checks read and nothing else.

`simkyc.gather` fetches them. What follows from application and time alone stands at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from simkyc.application import Application, Asked, IdDocument, Role, Subject
from simkyc.authority import AuthorityAnswer
from simkyc.numbers import documents
from simkyc.policy import Policy
from simkyc.watch import CHINA, Listing

__all__ = [
    "CaptureFacts",
    "Comparison",
    "FaceFacts",
    "Facts",
    "FrameFacts",
    "OpeningFacts",
    "PersonFacts",
    "PhotoFacts",
    "SimFacts",
    "age_years",
    "consent_fault",
    "day_in_china",
    "is_same_person",
]


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What one photo shows.

    Attributes:
        problem: Why it cannot be used as a photo (`missing`, or a cause of `PhotoError`), else None.
        faces: How many faces were found.
        companion_size: Width of the second largest face by that of the largest; 0 when nobody else is there.
        located: How the largest face was found: `detected`, `enlarged`, or `assumed` to be where the standard
            portrait has it; None without a face.
        quality: Measures of the largest face by name, each in the unit that `faces.quality` documents.
        signals: Signs of a screen or print, as `faces.presentation` documents them; empty where the policy knows
            nothing of the camera.
    """

    problem: str | None
    faces: int = 0
    companion_size: float = 0.0
    located: str | None = None
    quality: Mapping[str, float] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two templates brought together.

    Attributes:
        distance: Euclidean distance of two unit vectors, 0 to 2.
        false_match_rate: Share of impostor comparisons at most this far apart, by the calibration.
        accept_distance: Largest distance of the policy's accept rate.
        review_distance: Largest distance of the policy's review rate.
        calibration_id: The calibration that maps one to the other.
    """

    distance: float
    false_match_rate: float
    accept_distance: float
    review_distance: float
    calibration_id: str


@dataclass(frozen=True, slots=True)
class FrameFacts:
    """What one further frame shows beside the live photo.

    Attributes:
        asked: What the customer was asked to do.
        problem: Why it cannot be used (a cause of `PhotoError`, `no_face`, or `several_faces`), else None.
        distance: Between this face and the live photo's; None when one of the two has no face.
        turn_deg: Yaw beyond the live photo's, positive towards the customer's left.
        closer: Inter-eye distance by the live photo's.
    """

    asked: Asked | None
    problem: str | None
    distance: float | None = None
    turn_deg: float = 0.0
    closer: float = 0.0


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """A capture of several frames; the live photo is the best of those that look straight.

    Attributes:
        frames: The others.
        averaged: How many straight frames the compared template is the mean of.
        same_person_distance: Largest distance at which a frame passes for the same person.
        calibration_id: The calibration that this distance is from.
    """

    frames: tuple[FrameFacts, ...]
    averaged: int
    same_person_distance: float
    calibration_id: str


@dataclass(frozen=True, slots=True)
class FaceFacts:
    """Both photos and what their comparison gave.

    Attributes:
        live: The live photo; of several straight frames the best.
        comparison: None when a photo does not allow one.
        capture: None when there is one live photo and no more.
    """

    engine_id: str
    live: PhotoFacts
    portrait: PhotoFacts
    comparison: Comparison | None
    capture: CaptureFacts | None = None


@dataclass(frozen=True, slots=True)
class SimFacts:
    """What the history says about one SIM.

    Attributes:
        store_has_stock: Whether any SIM was ever allocated to this store.
        allocated_here: Whether this one was allocated to this store.
        issued: Whether it was issued to anybody before.
        reserved: Whether another admitted application holds it, or the number it will carry, right now.
    """

    store_has_stock: bool
    allocated_here: bool
    issued: bool
    reserved: bool


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What the history says, as of one moment, without the application itself.

    A count is None where its key could not be formed because a number is malformed or absent.

    Attributes:
        active_numbers: Numbers this person holds or is about to hold.
        person_openings: Openings of this person, by window in seconds.
        device_people: Other people with openings on this device in its window.
        clerk_openings: Openings by this clerk in the window.
        sim: What is known about the SIM.
        represented_people: Other people for whom this representative acted in the window; None also without one.
    """

    active_numbers: int | None
    person_openings: Mapping[int, int] | None
    device_people: int | None
    clerk_openings: int
    sim: SimFacts | None
    represented_people: int | None = None


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What is known about one of the people of an application.

    Attributes:
        face: None when the person did not validly consent, or is not at the counter.
        authority: None when no authority is configured, or the number is no number.
        listed: Entries of lists that hold for the person or the document; None when the number is no number.
    """

    face: FaceFacts | None = None
    authority: AuthorityAnswer | None = None
    listed: tuple[Listing, ...] | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a check may know beside the application.

    Attributes:
        now: The moment that all facts hold for.
        people: What is known about each of the people, by their part in the application.
        openings: What the history says.
    """

    now: datetime
    people: Mapping[Role, PersonFacts]
    openings: OpeningFacts


def day_in_china(now: datetime) -> date:
    """The calendar day at every counter, whatever zone its clock is set to."""
    try:
        return now.astimezone(CHINA).date()
    except OverflowError:  # the last or first day that there is
        return now.date()


def consent_fault(
    subject: Subject, application: Application, policy: Policy, now: datetime
) -> Literal["no_consent", "given_later", "given_long_ago", "given_by_other", "guardian_needed"] | None:
    """Why nobody may look at this face; None where a consent holds.

    A guardian consents for the applicant alone, for a minor, and is there, of age and somebody else.
    """
    consent = subject.face_consent
    if consent is None:
        return "no_consent"
    before = now - consent.given_at
    is_later = before < -timedelta(minutes=policy.counter_clock.max_difference.value)
    if is_later or before > timedelta(hours=policy.document.consent_max_age.value):
        return "given_later" if is_later else "given_long_ago"
    day = day_in_china(now)
    age = age_years(subject.document.birth_date, day)
    if consent.given_by == "self":
        return None if age >= policy.document.consent_age.value else "guardian_needed"
    adult = policy.parties.adult_age.value
    if subject.role != "applicant" or age >= adult:
        return "given_by_other"
    guardian = application.guardian
    if guardian is None or age_years(guardian.document.birth_date, day) < adult:
        return "guardian_needed"
    return "guardian_needed" if is_same_person(guardian.document, subject.document) else None


def is_same_person(first: IdDocument, second: IdDocument) -> bool:
    """Whether two documents name one person, as far as their numbers tell."""
    known = documents.identity(first.kind, first.number)
    return known is not None and known == documents.identity(second.kind, second.number)


def age_years(birth_date: date, today: date) -> int:
    """Completed years of life; someone born on 29 February completes one on 1 March of other years.

    >>> age_years(date(2004, 2, 29), date(2025, 2, 28)), age_years(date(2004, 2, 29), date(2025, 3, 1))
    (20, 21)
    """
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
