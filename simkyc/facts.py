"""What is known about an application: plain values, which checks read and nothing else.

`simkyc.gather` fetches them. What follows from application and time alone stands at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from simkyc.application import Application, Asked, IdDocument, Position, Restriction, Role, Service, Subject
from simkyc.authority import AuthorityAnswer
from simkyc.errors import NumberError
from simkyc.lists.stock import CardState
from simkyc.lists.watch import CHINA, Listing
from simkyc.numbers import division, documents
from simkyc.policy import Policy
from simkyc.verdict import Decision, LineState

__all__ = [
    "Actor",
    "ActorCounts",
    "CaptureFacts",
    "Comparison",
    "FaceFacts",
    "Facts",
    "FrameFacts",
    "GalleryFacts",
    "GalleryHit",
    "HeldLine",
    "LineFacts",
    "NearRing",
    "OpeningFacts",
    "PatternFacts",
    "PersonFacts",
    "PhotoFacts",
    "RingFacts",
    "SharedCounts",
    "SharedThing",
    "SimFacts",
    "Spread",
    "Visit",
    "age_years",
    "consent_fault",
    "day_in_china",
    "from_elsewhere",
    "is_same_person",
    "is_stores_own",
]

SharedThing = Literal["device", "representative", "contact", "address", "payer", "delivery"]
"""What applications of different people may share."""

Actor = Literal["clerk", "dealer", "store", "terminal"]
"""Who serves them, and where."""


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What one photo shows.

    Attributes:
        problem: Why it cannot be used as a photo (`missing`, or a cause of `PhotoError`), else None.
        faces: How many faces were found.
        companion_size: Width of the second largest face by that of the largest; 0 when nobody else is there.
        located: How the largest face was found: `detected`, `enlarged`, or `assumed` to be where the standard
            portrait has it; `kept` where only its template is left; None without a face.
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
    """What the history says about one card and the number it will carry.

    Attributes:
        store_has_stock: Whether any card was ever allocated to this store.
        allocated_here: Whether this one is allocated to this store.
        card_issued: Whether it was issued to anybody before.
        number_in_use: Whether the number was opened for anybody and not cancelled.
        reserved: Whether another admitted application holds the card, or the number, right now.
        state: What the stock says of the card; None when it is in no stock.
        numbers_agree: Whether IMSI and MSISDN are those that the stock has for this ICCID, and the MSISDN is not
            another card's; None when the stock names neither.
        imsi_agrees: The same of the IMSI alone, for a card that takes over a number that is in use.
    """

    store_has_stock: bool
    allocated_here: bool
    card_issued: bool
    number_in_use: bool
    reserved: bool
    state: CardState | None
    numbers_agree: bool | None
    imsi_agrees: bool | None = None


@dataclass(frozen=True, slots=True)
class SharedCounts:
    """How often one thing was named in a window, by applications before this one.

    Attributes:
        people: Different other people who named it, admitted or not.
        sims: Different cards that it was named with.
        openings: Applications that were admitted and not released.
    """

    people: int
    sims: int
    openings: int


@dataclass(frozen=True, slots=True)
class ActorCounts:
    """Openings by one clerk, dealer, store or terminal.

    Attributes:
        openings: All of them.
        remote_first: Those of people from elsewhere who opened their first number.
    """

    openings: int
    remote_first: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How what different people share is spread over days and counters, by applications before this one.

    Attributes:
        days: Different days in China on which it was named.
        store_ids: How many different stores, and the first of them by name.
        clerk_ids: How many different clerks, and the first of them by name.
        first_at: When it was first named in the window.
        last_at: When it was last.
        openings: What was admitted with it.
    """

    days: int
    store_ids: tuple[int, str]
    clerk_ids: tuple[int, str]
    first_at: datetime
    last_at: datetime
    openings: ActorCounts

    @property
    def last_day(self) -> date:
        """The last day in China on which it was named."""
        return day_in_china(self.last_at)

    def stores_with(self, store_id: str) -> int:
        """Different stores, this one included."""
        return self.store_ids[0] + (self.store_ids[0] == 1 and self.store_ids[1] != store_id)

    def clerks_with(self, clerk_id: str) -> int:
        """Different clerks, this one included."""
        return self.clerk_ids[0] + (self.clerk_ids[0] == 1 and self.clerk_ids[1] != clerk_id)


@dataclass(frozen=True, slots=True)
class Visit:
    """One earlier application of the same person.

    Attributes:
        decided_at: When it was decided.
        decision: As what.
        store_id: Where.
        dealer_id: Whose store that is.
        position: Where the store stands, if it says so.
    """

    decided_at: datetime
    decision: Decision
    store_id: str
    dealer_id: str | None
    position: Position | None


@dataclass(frozen=True, slots=True)
class PatternFacts:
    """What the history says of the pattern behind an opening, as of one moment.

    Attributes:
        trail: Earlier applications of this person in the window, latest first; None when the number is malformed.
        baselines: Openings on each full day before today on which there were any, by who served and where.
        consecutive_cards: How many different other people took, one after the other, the cards whose serial
            numbers run up or down to this one in the window; None when the ICCID has no serial number to count by.
        cards_in_order: How many cards that run has in a longer window: where a store sells in order, it is as long as
            anybody looks.
        consecutive_numbers: As `consecutive_cards`, of phone numbers; None when the MSISDN is malformed.
        fraudulent: Numbers reported as used for fraud, by what they share with this application; of staff in the
            window of their days.
        spread: How what this application shares with others is spread, by window in seconds; what nobody named
            before is not there.
        days_at_this_hour: Days in the window of the store's own on which it opened a number within two hours of this
            time; None when it opened none at all.
    """

    trail: tuple[Visit, ...] | None = None
    baselines: Mapping[Actor, tuple[ActorCounts, ...]] = field(default_factory=dict)
    consecutive_cards: int | None = None
    consecutive_numbers: int | None = None
    cards_in_order: int = 0
    fraudulent: Mapping[SharedThing | Actor, int] = field(default_factory=dict)
    spread: Mapping[SharedThing, Mapping[int, Spread]] = field(default_factory=dict)
    days_at_this_hour: int | None = None


@dataclass(frozen=True, slots=True)
class GalleryHit:
    """One earlier face that is near to a face of this application.

    Attributes:
        distance: Between the two templates.
        false_match_rate: Share of strangers that come as near; beyond what the calibration's data tell it is carried
            on along its last slope.
        is_extrapolated: Whether it is.
        is_applicants: Whether the earlier face belongs to the same person by the ID.
        as_companion: Whether it then stood beside somebody else.
        decided_at: When it was recorded.
        is_fraud: Whether the number that was opened then was reported as used for fraud.
    """

    distance: float
    false_match_rate: float
    is_extrapolated: bool
    is_applicants: bool
    as_companion: bool
    decided_at: datetime
    position: Position | None = None
    is_fraud: bool = False


@dataclass(frozen=True, slots=True)
class GalleryFacts:
    """What the faces of earlier openings say.

    Attributes:
        size: How many templates were searched.
        hits: The nearest, nearest first, as far as the policy looks.
        own_distances: To every earlier face of the same person by the ID, nearest first.
        own_fraud_distance: To the nearest of them whose number was reported as used for fraud; None without one.
        same_person_distance: Further apart than this the policy takes two faces for two people.
        companion_people: Different other people beside whom somebody who stands in this photo stood before.
        companion_days: Different days in China on which they came, today included.
        calibration_id: What distances were turned into rates by.
    """

    size: int
    hits: tuple[GalleryHit, ...]
    own_distances: tuple[float, ...]
    same_person_distance: float
    companion_people: int
    calibration_id: str
    companion_days: int = 1
    own_fraud_distance: float | None = None


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What the history says, as of one moment, without the application itself.

    A count is None where its key could not be formed because a number is malformed or absent.

    Attributes:
        active_numbers: Numbers this person holds or is about to hold, by the service of their cards.
        person_openings: Openings of this person, by window in seconds.
        clerk_openings: Openings by this clerk in the window.
        today: Openings in the last 24 hours, by who served and where; whoever is not named is not there.
        sim: What is known about the card; None when its ICCID is malformed or absent.
        shared: What this application shares with others: counts by window in seconds. What it does not name, or
            names in a malformed way, is not there.
        suspended_numbers: Lines of this person that stand suspended, or were cancelled, on suspicion of fraud.
    """

    active_numbers: Mapping[Service, int] | None
    person_openings: Mapping[int, int] | None
    clerk_openings: int
    sim: SimFacts | None
    today: Mapping[Actor, ActorCounts] = field(default_factory=dict)
    shared: Mapping[SharedThing, Mapping[int, SharedCounts]] = field(default_factory=dict)
    suspended_numbers: int | None = 0


@dataclass(frozen=True, slots=True)
class HeldLine:
    """What the history says of the line that an application is about, where there is one already.

    Attributes:
        opened_at: When its present card was issued.
        service: What it is for.
        restriction: What it is held to, where it is.
        held_by: Which of the people of the application holds it; None when somebody else does.
        card_agrees: Whether the ICCID is that of its present card; None when none is named.
        imsi_agrees: The same of the IMSI.
        lost_at: When it was reported lost; None when it was not, or was restored since.
        sim_changed_at: When a card with another IMSI last took over; None when none did since it was opened.
        device_changed_at: When the network last saw it in another device than before; None when it never did.
        replacements: How often its card was replaced, by window in seconds.
        is_fraud: Whether it was reported as used for fraud by whoever holds it.
        is_suspended_for_fraud: Whether it stands suspended, and not because the subscriber asked for it.
    """

    opened_at: datetime
    service: Service
    restriction: Restriction | None
    held_by: Role | None
    card_agrees: bool | None
    imsi_agrees: bool | None
    lost_at: datetime | None
    sim_changed_at: datetime | None
    device_changed_at: datetime | None
    replacements: Mapping[int, int]
    is_fraud: bool = False
    is_suspended_for_fraud: bool = False


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
class NearRing:
    """The known ring that an opening is nearest to.

    Attributes:
        ring_id: Which.
        distance: 0 where the applicant is one of it or represents it; 1 where the opening names what ties it, or one of
            its people represents the applicant; 2 where it names what one of its people named.
        tied_by: By what, in the order of the kinds' names; `person` at distance 0.
        score: The ring's points.
        people: How many people it has.
        fraud: How many of its numbers were reported as used for fraud.
    """

    ring_id: str
    distance: Literal[0, 1, 2]
    tied_by: tuple[str, ...]
    score: float
    people: int
    fraud: int


@dataclass(frozen=True, slots=True)
class RingFacts:
    """What the last search for rings says of an opening.

    Attributes:
        known_until: Up to when that search looked.
        near: The nearest ring within two steps; None where none is.
    """

    known_until: datetime
    near: NearRing | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a check may know beside the application.

    Attributes:
        now: The moment that all facts hold for.
        people: What is known about each of the people, by their part in the application.
        openings: What the history says.
        line: The line that exists already; None when no such line is on record.
        line_cancelled: Whether there was one that was cancelled, and the number is nobody's now.
        device_listed: Entries of lists that hold for the device; None when it has no well-formed IMEI.
        lists: When each list was last brought up to date; one that is not there is not kept.
        patterns: What the history says of the pattern behind it.
        gallery: What the faces of earlier openings say; None when there is no face to search for.
        rings: What is known of rings; None when none were searched for up to now.
    """

    now: datetime
    people: Mapping[Role, PersonFacts]
    openings: OpeningFacts
    line: HeldLine | None = None
    line_cancelled: bool = False
    device_listed: tuple[Listing, ...] | None = None
    lists: Mapping[str, datetime] = field(default_factory=dict)
    patterns: PatternFacts = PatternFacts()
    gallery: GalleryFacts | None = None
    rings: RingFacts | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What is known of a line after its card was issued. A device is the same by either of its two IMEIs.

    Attributes:
        now: The moment that all facts hold for.
        application_id: The application by which its present card was issued.
        opened_at: When the line was opened, or taken over where the history begins with that.
        service: What the card is for.
        is_new_user: Whether the person held no number here before this line.
        declared: Whether a device was declared.
        restriction: What the card is held to, where it is.
        seen_at: When the network last saw it in a device; None when it never did.
        in_declared: Whether that was the declared device, or the one it was first seen in where none was declared;
            None when it was never seen.
        imsi_agrees: Whether the IMSI then was the card's; None when the network named none.
        imei_fault: Why what the network reports is no IMEI; None when it is one, or nothing is reported.
        in_area: Whether it was inside the area of its restriction; None when there is none, or no place was given.
        first_change_at: When it was first seen in another device than the first; None when it never was.
        changes: How often its device changed, by window in seconds.
        devices: Different devices that it was seen in, by window in seconds.
        lines_on_device: Other lines that were seen in its present device, by window in seconds; None without one.
        device_listed: Entries of lists that hold for its present device; None without one.
        lists: When each list was last brought up to date.
        verify_by: By when a second check of its subscriber is due; None when none is.
    """

    now: datetime
    application_id: str
    opened_at: datetime
    service: Service
    is_new_user: bool
    declared: bool
    restriction: Restriction | None
    seen_at: datetime | None = None
    in_declared: bool | None = None
    imsi_agrees: bool | None = None
    imei_fault: str | None = None
    in_area: bool | None = None
    first_change_at: datetime | None = None
    changes: Mapping[int, int] = field(default_factory=dict)
    devices: Mapping[int, int] = field(default_factory=dict)
    lines_on_device: Mapping[int, int] | None = None
    device_listed: tuple[Listing, ...] | None = None
    lists: Mapping[str, datetime] = field(default_factory=dict)
    verify_by: datetime | None = None

    @property
    def state(self) -> LineState:
        """Whether it is used in the device that it was opened for."""
        if self.imei_fault is not None:
            return "differs"
        if self.in_declared is None:
            return "not_seen_yet"
        return "bound" if self.in_declared else "differs"


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


def from_elsewhere(application: Application, policy: Policy) -> bool | str:
    """Whether the ID names another place than the store's, as far as the policy counts that; or why nobody can tell."""
    document = application.document
    try:
        home = documents.division(document.kind, document.number)
    except NumberError:
        return "number_malformed"
    level = "not_comparable" if home is None else division.agreement(home, application.store.division)
    return "no_home_division" if level == "not_comparable" else level in policy.openings.far_agreements


def is_stores_own(thing: SharedThing, application: Application, facts: Facts, policy: Policy) -> bool:
    """Whether what different people share is the store's own: its telephone, its till, the device it tries cards in.

    What is named in one store alone, before several clerks, on as many days as if its customers named it at random,
    for a good part of the time that the store is known, by people who are from elsewhere no more often than its
    others, and with little fraud reported.
    """
    own, lately = policy.shared.own, policy.shared.returning.seconds
    counts, spreads = facts.openings.shared.get(thing, {}), facts.patterns.spread.get(thing, {})
    days = [day for day in facts.patterns.baselines.get("store", ()) if day.openings]
    if own.seconds not in counts or own.seconds not in spreads or not days:
        return False
    people, spread = counts[own.seconds].people, spreads[own.seconds]
    openings = sum(day.openings for day in days)
    today = facts.openings.today.get("store", ActorCounts(0, 0))
    shares = [sum(day.remote_first for day in days) / openings]
    if today.openings >= policy.batch.remote_first_openings_min.value:  # the first day of term
        shares.append(today.remote_first / today.openings)
    # Named by customers at random, it would be named on as many days as this, busy days and quiet ones.
    share = min(1.0, counts[lately].people / openings)
    expected = sum(1 - (1 - share) ** day.openings for day in days)
    recent = spreads.get(lately)
    admitted = recent.openings if recent else ActorCounts(0, 0)
    return (
        people >= own.people_min.value
        and spread.stores_with(application.store.store_id) <= 1 + own.stray_stores.value * people
        and spread.clerks_with(application.clerk.clerk_id) >= own.clerks_min.value
        and (recent.days if recent else 0) >= own.days_share_min.value * expected
        and facts.now - spread.first_at
        >= timedelta(days=max(own.since.value, own.since_share.value * len(days)))
        and admitted.remote_first <= (max(shares) + own.remote_excess.value) * admitted.openings
        and facts.patterns.fraudulent.get(thing, 0) <= own.fraudulent_share_max.value * people
    )
