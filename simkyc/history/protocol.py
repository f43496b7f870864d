"""What any history must do, whichever database holds it.

Times are aware datetimes at this border and integer epoch seconds inside. A history never sees a name or
a number of a person: callers pass keyed hashes, made by its `keyring`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NamedTuple, Protocol, TypeVar

from simkyc.application import ApplicationKind, Position, Service
from simkyc.facts import Actor, OpeningFacts, PatternFacts, SharedThing
from simkyc.history.keys import Keyring
from simkyc.lists.stock import CardState
from simkyc.lists.watch import Listing
from simkyc.steps import LineStep
from simkyc.verdict import Decision

__all__ = [
    "LEADS_IN_FORCE",
    "LISTS_LOCK",
    "NEIGHBOURHOOD",
    "STOCK_LOCK",
    "Binding",
    "CardOnRecord",
    "DeviceOnRecord",
    "Enrolled",
    "Entry",
    "FacesWanted",
    "History",
    "KeptFace",
    "LeadEvent",
    "LeadOnRecord",
    "LeadState",
    "NearFaces",
    "OpeningKeys",
    "OpeningWindows",
    "Reader",
    "Recorded",
    "Seen",
    "StockCard",
    "StockFault",
    "StockImport",
    "StoredFace",
    "Transaction",
    "WatchEntry",
    "WatchImport",
    "WatchName",
    "application_lock",
    "lead_lock",
    "lead_subject_lock",
    "number_lock",
]

Answer = TypeVar("Answer")

LISTS_LOCK: Final = "lists"
"""Held by whoever changes the lists of people, documents and devices."""
STOCK_LOCK: Final = "stock"
"""Held by whoever changes the stock, so that no card is issued while a file of cards is written."""


NEIGHBOURHOOD: Final = 10
"""Cards and phone numbers up and down that count as neighbours of one."""


def application_lock(application_id: str) -> str:
    """Held by whoever records or settles this application."""
    return f"application|{application_id}"


def number_lock(msisdn: str) -> str:
    """Held by whoever changes what this number, as its keyed hash, is bound to or was seen in."""
    return f"number|{msisdn}"


def lead_lock(lead_id: str) -> str:
    """Held by whoever adds to what is known of this lead."""
    return f"lead|{lead_id}"


def lead_subject_lock(about: str, subject: str) -> str:
    """Held by whoever hands on a lead about this number or ring: one of two at once comes second."""
    return f"lead about {about}|{subject}"


@dataclass(frozen=True, slots=True)
class OpeningKeys:
    """The keys that one application touches. Keyed hashes are 64 hexadecimal digits.

    Attributes:
        person: Keyed hash of the applicant's identity; None when the number is malformed.
        device: Keyed hash of the IMEI's first 14 digits; None when absent or malformed.
        second_device: The same of its second IMEI.
        iccid: The ICCID as compacted; None when absent or malformed. Not hashed: it is the operator's own stock.
        imsi: Keyed hash of the IMSI; None when absent or malformed.
        msisdn: Keyed hash of the MSISDN in E.164; None when malformed.
        shared: What it may share with others, as far as it names it well-formed: which thing and its key.
        neighbours: Keyed hashes of the phone numbers next to its own, by their distance up and down.
    """

    person: str | None
    device: str | None
    iccid: str | None
    msisdn: str | None
    store_id: str
    dealer_id: str | None
    clerk_id: str
    imsi: str | None = None
    second_device: str | None = None
    shared: tuple[tuple[SharedThing, str], ...] = ()
    terminal_id: str | None = None
    neighbours: tuple[tuple[int, str], ...] = ()

    @property
    def actors(self) -> tuple[tuple[Actor, str], ...]:
        """Who served and where, as far as it is named."""
        named: tuple[tuple[Actor, str | None], ...] = (
            ("clerk", self.clerk_id),
            ("store", self.store_id),
            ("dealer", self.dealer_id),
            ("terminal", self.terminal_id),
        )
        return tuple((what, key) for what, key in named if key)

    @property
    def columns(self) -> dict[str, str | None]:
        """Those that stand in a row of an application, by the names of its columns."""
        return {
            "person_key": self.person,
            "device_key": self.device,
            "second_device_key": self.second_device,
            "iccid": self.iccid,
            "imsi_key": self.imsi,
            "msisdn_key": self.msisdn,
            "store_id": self.store_id,
            "dealer_id": self.dealer_id,
            "clerk_id": self.clerk_id,
        }

    @property
    def locks(self) -> tuple[str, ...]:
        """Everything that a limit counts by: whoever admits an application holds it from asking to recording."""
        named = {"person": self.person, "card": self.iccid, "clerk": self.clerk_id}
        own = [f"{what}|{key}" for what, key in named.items() if key is not None]
        if self.msisdn is not None:
            own.append(number_lock(self.msisdn))
        return (*own, *(f"{what}|{key}" for what, key in self.shared))


@dataclass(frozen=True, slots=True)
class OpeningWindows:
    """How far back each question looks, in seconds."""

    person_s: tuple[int, ...]
    clerk_s: int
    shared_s: tuple[tuple[SharedThing, tuple[int, ...]], ...]
    trail_s: int = 0
    neighbours_s: int = 0
    order_s: int = 0
    baseline_s: int = 0
    outcomes_s: int = 0
    spread_s: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """What was carried out for a number: from when to when it belonged to this card, person and device.

    Attributes:
        ended_at: None while it holds.
    """

    application_id: str
    kind: ApplicationKind
    service: Service
    person: str | None
    device: str | None
    second_device: str | None
    iccid: str | None
    imsi: str | None
    decided_at: datetime
    opened_at: datetime
    ended_at: datetime | None
    restriction_json: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the network saw of a number: a device, and the IMSI where it said so.

    Attributes:
        device: None where what it reported is no IMEI.
        tac: The type allocation code, which lists may name.
    """

    seen_at: datetime
    device: str | None
    imsi: str | None
    tac: str | None = None


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A face as the history keeps it. `vector` is biometric data, turned by the deployment's secret.

    Attributes:
        role: Whose it is in the application, or `companion`.
        person: Keyed hash of the person, where the ID names one.
        sex: As the ID says.
        vector: Little-endian float16.
    """

    role: str
    engine_id: str
    person: str | None
    sex: str | None
    vector: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """One stored template and what it may be searched by.

    Attributes:
        entry_no: Number of the application in the history.
        role: Whose face it is in the application, or `companion` with a number.
        person: Keyed hash of the applicant's identity.
        sex: As the ID says; None of a companion.
        decided_at: When it was recorded.
        vector: Little-endian float16, turned by the secret.
    """

    entry_no: int
    role: str
    person: str | None
    sex: str | None
    decided_at: datetime
    vector: bytes

    @property
    def is_companion(self) -> bool:
        """Whether it stood beside the customer."""
        return self.role.startswith("companion")

    def __repr__(self) -> str:
        return f"Enrolled(entry_no={self.entry_no}, role={self.role!r})"


@dataclass(frozen=True, slots=True)
class FacesWanted:
    """Which templates count in a search.

    Attributes:
        engine_id: What they are kept under.
        sex: Only this one and those whose sex nobody knows; None for everybody.
        since: Only what was recorded after it,
        until: not after this,
        before: and by applications with a lower number.
    """

    engine_id: str
    sex: str | None
    since: datetime
    until: datetime
    before: int


class NearFaces(NamedTuple):
    """What a history found near a face, in no order.

    Attributes:
        faces: Candidates: measure them again by their vectors.
        as_of: When it looked, by the history's own clock, for `recorded_after`.
    """

    faces: tuple[Enrolled, ...]
    as_of: int


class KeptFace(NamedTuple):
    """What is known of a face that is kept.

    Attributes:
        person: As `Enrolled` has it, by the present key where the person was met since the secret was replaced.
        position: Where the store stands.
        is_fraud: Whether the number that was opened then was reported as used for fraud, as of the moment asked about.
    """

    person: str | None
    position: Position | None
    is_fraud: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One verdict to be remembered, with everything later questions need.

    Attributes:
        body_digest: Keyed hash of the whole application, so that another body under the same id is noticed.
        restriction_json: What an IoT card is held to.
        position: Where the store stands.
        is_remote_first: Whether it is the first number of somebody from elsewhere.
        faces: Who looked into the camera, and who stood beside them.
        admitted_until: Until when it counts as pending; None when it was not admitted.
    """

    application_id: str
    kind: ApplicationKind
    service: Service
    body_digest: str
    keys: OpeningKeys
    decided_at: datetime
    decision: Decision
    verdict_json: str
    admitted_until: datetime | None
    restriction_json: str | None = None
    position: Position | None = None
    is_remote_first: bool = False
    faces: tuple[StoredFace, ...] = ()


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is remembered of one application. Times are in UTC and whole seconds.

    Attributes:
        approved_by: Identifier of the supervisor who let the card be issued, where one had to.
        msisdn: Keyed hash of the number that it is about; None where that is malformed.
    """

    body_digest: str
    decision: Decision
    verdict_json: str
    decided_at: datetime
    admitted_until: datetime | None
    opened_at: datetime | None
    approved_by: str | None
    released_at: datetime | None
    closed_at: datetime | None
    kind: ApplicationKind
    clerk_id: str
    msisdn: str | None


@dataclass(frozen=True, slots=True)
class WatchName:
    """What an entry of a list is known by, apart from its beginning.

    Attributes:
        key: Keyed hash of the person, of the document on the list of those that were lost, or of a device; or `tac:`
            and the first digits of a type allocation code.
    """

    key: str
    list: str
    source: str


@dataclass(frozen=True, slots=True)
class WatchEntry:
    """One entry of a list. Two with one name and one beginning are the same entry, the later one as corrected.

    Attributes:
        basis: The rule it rests on.
        listed_from: From when it holds.
        listed_until: Until when; None without end.
        silent_alert: Whether a hit is to be told to security staff, and to nobody at the counter.
        equipment: The IMEI, the type allocation code or the range of them that the list named, if it lists devices.
    """

    name: WatchName
    basis: str
    listed_from: datetime
    listed_until: datetime | None
    silent_alert: bool
    equipment: str | None = None


@dataclass(frozen=True, slots=True)
class WatchImport:
    """How many entries were new, there just so, or there with another basis, end or silent alert."""

    added: int
    unchanged: int
    changed: int


@dataclass(frozen=True, slots=True)
class DeviceOnRecord:
    """One entry of a list of devices, as it was given. Times are in UTC and whole seconds."""

    list: str
    source: str
    equipment: str
    basis: str
    listed_from: datetime
    listed_until: datetime | None
    silent_alert: bool


class StockCard(NamedTuple):
    """One card that is to be put into the stock; None leaves what is recorded. There are millions, hence no dataclass.

    Attributes:
        line: Where it stands in its file.
        imsi: In the clear, and beside it the keyed hash; the same of the MSISDN in E.164.
    """

    line: int
    iccid: str
    imsi: str | None
    msisdn: str | None
    imsi_key: str | None
    msisdn_key: str | None
    lot: str | None
    store_id: str | None
    dealer_id: str | None
    state: CardState | None


class StockFault(NamedTuple):
    """Why a card cannot be put into the stock.

    Attributes:
        line: Where it stands in its file.
        cause: `already_issued`, `msisdn_on_two_cards` or `imsi_on_two_cards`.
        other: The ICCID of the card that has the number now, where it is that.
    """

    line: int
    cause: str
    other: str | None


class CardOnRecord(NamedTuple):
    """One card of the stock as it stands; the numbers only as long as they are kept in the clear."""

    iccid: str
    imsi: str | None
    msisdn: str | None
    lot: str | None
    store_id: str | None
    dealer_id: str | None
    state: CardState


@dataclass(frozen=True, slots=True)
class StockImport:
    """How many cards were new, there just so, or there and are another way now."""

    added: int
    changed: int
    unchanged: int


LeadState = Literal["pending", "failed", "exported", "received", "answered", "revoked", "superseded"]
"""How a lead stands: about to be written, not written, handed on, with the police, answered, not to be used."""

LEADS_IN_FORCE: Final[tuple[LeadState, ...]] = ("pending", "exported", "received")
"""As long as a lead stands so, there is no second one about the same number or ring."""


@dataclass(frozen=True, slots=True)
class LeadOnRecord:
    """One lead for the police, without the package. Times are in UTC and whole seconds.

    Attributes:
        about: `number` or `ring`.
        subject: Keyed hash of the number, or the ring's identifier; None once whoever it was about was erased.
        package_sha256: Digest of the package.
        recipient: Identifier of the authority.
        made_by: Identifier of a member of staff.
        supersedes: The lead that it takes the place of.
    """

    lead_id: str
    about: Literal["number", "ring"]
    subject: str | None
    package_sha256: str
    recipient: str
    made_at: datetime
    made_by: str
    state: LeadState
    supersedes: str | None = None


@dataclass(frozen=True, slots=True)
class LeadEvent:
    """One link of a lead's chain of custody. Times are in UTC and whole seconds.

    Attributes:
        event_no: From 1.
        by: Identifier of a member of staff.
        details_json: What else belongs to it, as a JSON object of texts.
        previous_sha256: Of the package, or of the event before.
        sha256: Of this event.
    """

    lead_id: str
    event_no: int
    what: str
    at: datetime
    by: str
    details_json: str
    previous_sha256: str
    sha256: str


class Reader(Protocol):
    """Questions inside one consistent snapshot."""

    def recorded(self, application_id: str) -> Recorded | None:
        """What is remembered of this application, if anything."""

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> OpeningFacts:
        """The facts about these keys as of `at`: what was recorded or settled later is not known.

        The answer stays the same whenever it is asked again, as far as clocks agree on what was later.

        Args:
            keys: Who and what is asked about.
            windows: How far back to look.
            at: The moment.
            before: The application that asks. If it is recorded, neither it nor what was recorded after
                it counts, so that it finds what it found then, within the same second too.
        """

    def listings(self, keys: Sequence[str], at: datetime) -> tuple[Listing, ...]:
        """The entries of all lists that hold for these keys as of `at`: what was listed later is not known.

        Args:
            keys: Keyed hashes of a person, of documents, or of devices, of which few are asked for at once.
            at: The moment.
        """

    def lists(self, at: datetime) -> Mapping[str, datetime]:
        """When each list that simkyc knows by name was last brought up to date, as of `at`."""

    def patterns(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> PatternFacts:
        """What the history says of the pattern behind an opening as of `at`; `before` as in `facts`."""

    def faces(self, engine_id: str, after: int, since: datetime, most: int = 50_000) -> tuple[Enrolled, ...]:
        """At most so many templates of one engine recorded since, of applications after that number, in their order."""

    def faces_near(
        self, wanted: FacesWanted, vector: bytes, nearest: int, recorded_after: int | None = None
    ) -> NearFaces | None:
        """About the nearest templates; None where this history searches none, or none of this length.

        Args:
            wanted: Which templates count.
            vector: The face, as templates are kept.
            nearest: How many at most.
            recorded_after: `as_of` of an earlier search: only what that one may not have seen, and some that it has.
        """

    def faces_count(self, wanted: FacesWanted) -> int:
        """How many templates count; they are counted one by one."""

    def faces_of(
        self, person: str, engine_id: str, since: datetime, *, before: str | None = None
    ) -> tuple[Enrolled, ...]:
        """Templates of this person recorded since, by applications before this one."""

    def faces_there(
        self, entries: Sequence[int], at: datetime, *, before: str | None = None
    ) -> Mapping[tuple[int, str], KeptFace]:
        """Which faces of these applications are still kept, by number and role, and what became of the numbers."""

    def entry_no(self, application_id: str | None) -> int:
        """Number of this application; later than every other of one that is not recorded."""

    def erased(self) -> int:
        """Grows whenever something was deleted, so that a copy of what is kept is made anew."""

    def bindings(self, msisdn: str, at: datetime, *, before: str | None = None) -> tuple[Binding, ...]:
        """Everything that was carried out for this number as of `at`, oldest first; `before` as in `facts`."""

    def frauds(self, msisdn: str, at: datetime) -> frozenset[str]:
        """The applications that opened this number, where it was reported as used for fraud as of `at`."""

    def steps(self, msisdn: str, at: datetime, *, before: str | None = None) -> tuple[LineStep, ...]:
        """Everything that was done to this number as of `at`, oldest first, whoever held it; `before` as in `facts`."""

    def cleared_at(self, application_id: str) -> datetime | None:
        """When the number that this application opened was cleared; None where that is not the last word on it."""

    def sightings(self, msisdn: str, at: datetime) -> tuple[Seen, ...]:
        """The devices that the network saw this number in as of `at`, oldest first."""

    def lines_on_device(
        self, device: str, msisdn: str, windows_s: Sequence[int], at: datetime
    ) -> Mapping[int, int]:
        """Other numbers that the network saw in this device as of `at`, by window in seconds."""

    def stock_rows(self, at: datetime) -> Iterator[CardOnRecord]:
        """Every card of the stock in the order of ICCIDs, one at a time while the snapshot is open.

        A card that an application holds at `at`, or that was issued, is `reserved` or `issued`.
        """

    def device_rows(self) -> Iterator[DeviceOnRecord]:
        """Every entry of the lists of devices as it was given, one at a time while the snapshot is open."""

    def lead(self, lead_id: str) -> LeadOnRecord | None:
        """One lead, if there is one of this name."""

    def leads(self) -> tuple[LeadOnRecord, ...]:
        """Every lead, in the order in which they were made."""

    def leads_about(self, about: str, subject: str) -> tuple[LeadOnRecord, ...]:
        """Every lead about this number or ring, in the order in which they were made."""

    def lead_events(self, lead_id: str) -> tuple[LeadEvent, ...]:
        """The chain of custody of a lead, oldest first."""


class Transaction(Reader, Protocol):
    """Questions and changes that take effect together or not at all.

    After an error of the history itself nothing in the transaction takes effect, even if the caller goes on.
    """

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> OpeningFacts:
        """The facts about these keys at `at`, knowing all that was recorded, also with a later time.

        Clocks of two counters differ, and one may have waited for the other since it read its clock:
        whoever records next must see what was admitted before, or both sell the last number.
        """

    def listings(self, keys: Sequence[str], at: datetime) -> tuple[Listing, ...]:
        """The entries that hold for these keys at `at`, knowing all that was recorded, as `facts` does."""

    def bindings(self, msisdn: str, at: datetime, *, before: str | None = None) -> tuple[Binding, ...]:
        """Everything that was carried out for this number, knowing all that was recorded, as `facts` does."""

    def record(self, entry: Entry) -> None:
        """Remember one verdict.

        Raises:
            InputError: The application id is not new.
        """

    def open_number(self, application_id: str, at: datetime, *, approved_by: str | None = None) -> None:
        """What this admitted application asked for was carried out at `at`. Saying it again changes nothing.

        What a replacement, a transfer or a move of an eSIM takes over from ends then. Whether the admission had
        expired is for the caller to judge.

        Raises:
            SettlementError: The application is unknown, was not admitted, or was released; or its card was issued, or
                its line changed or was stopped, since it was decided.
        """

    def release(self, application_id: str, at: datetime) -> None:
        """The admission ended without a card at `at`. Saying it again changes nothing.

        Raises:
            SettlementError: The application is unknown, was not admitted, or its card was issued.
        """

    def close_number(self, application_id: str, at: datetime) -> None:
        """The number opened by this application was cancelled at `at`. Saying it again changes nothing.

        Raises:
            SettlementError: The application is unknown, was not admitted, opened no number, or the number was handed
                to somebody else since.
        """

    def report_outcome(self, application_id: str, at: datetime, *, is_fraud: bool) -> None:
        """What became of the number that this application opened. A later word ends the earlier one.

        Raises:
            SettlementError: The application is unknown, was not admitted, or nothing was opened by it.
        """

    def take_step(self, msisdn: str, step: LineStep, at: datetime) -> None:
        """Remember, at `at`, a step that was taken with this number; the caller holds its `number_lock`.

        Raises:
            InputError: Its number is taken, or it has none.
        """

    def purge(self, before: datetime, at: datetime) -> int:
        """Delete what was decided before and binds no number now; return how many applications."""

    def rekey(self, pairs: Sequence[tuple[str, str]], msisdn: str | None) -> None:
        """Bring what is known under the first key of each pair under the second: a new secret makes new keys.

        Args:
            pairs: Keys under a secret of before, and the same under the present one.
            msisdn: The number that they are about, by its new key; None where there is none.
        """

    def relist(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Bring the entries of lists that are known under the first key of each pair under the second."""

    def holds_numbers(self, person: str, at: datetime) -> bool:
        """Whether this person holds a number that is in use, or is about to."""

    def applied_since(self, person: str, since: datetime) -> bool:
        """Whether this person applied for anything since."""

    def erase_person(self, person: str, keys: Sequence[str], at: datetime) -> int:
        """Delete everything of one person, also what names them beside somebody else; return how many rows.

        Args:
            person: Keyed hash of the person.
            keys: What lists know the person and the documents by.
            at: Now.
        """

    def see(self, msisdn: str, seen: Seen, at: datetime) -> None:
        """Remember, at `at`, that the network saw this number in a device. Saying it again changes nothing."""

    def allocate(self, store_id: str, iccids: Iterable[str], at: datetime) -> int:
        """Allocate SIMs to a store from `at` on, moving those allocated elsewhere; return how many different ones.

        Raises:
            InputError: One text instead of several, something that is no text, or a time without a zone.
        """

    def stock_faults(self, cards: Iterable[StockCard], at: datetime) -> Iterator[StockFault]:
        """What the history has against cards: issued already, or a number that another card for sale has.

        Args:
            cards: Different ones, of whom no two have one IMSI or MSISDN; they are taken as they come and not kept.
            at: Now.
        """

    def stock(self, cards: Iterable[StockCard], at: datetime, *, count: int, import_id: str) -> StockImport:
        """Put cards into the stock, known from `at` on; the same cards again change nothing.

        The caller has asked for their `stock_faults`. The numbers of a card that is issued are kept as keys only.

        Args:
            cards: Different ones in the order of their ICCIDs; they are taken as they come and not kept.
            at: Now.
            count: How many they are.
            import_id: An identifier that stands beside what was added or changed.

        Raises:
            InputError: A time without a zone, or something that cannot be stored.
        """

    def wipe_card(self, iccid: str) -> None:
        """Forget the IMSI and MSISDN of a card in the clear: it is somebody's now. The keys stay."""

    def record_import(self, list_name: str, source: str, at: datetime, import_id: str) -> None:
        """Remember that this list of this source was brought up to date at `at`."""

    def watch(self, entries: Iterable[WatchEntry], at: datetime, *, import_id: str) -> WatchImport:
        """Put entries on their lists, known from `at` on; the same entries again change nothing.

        Args:
            entries: Any number of them; they are taken as they come and not kept.
            at: Now.
            import_id: An identifier that stands beside what was added or changed.

        Raises:
            InputError: A time without a zone, or something that cannot be stored.
        """

    def unwatch(self, names: Iterable[WatchName], at: datetime) -> int:
        """Take every entry of these names off its list, no longer known from `at` on; return how many.

        Raises:
            InputError: A time without a zone.
        """

    def add_lead(self, lead: LeadOnRecord, event: LeadEvent) -> None:
        """Remember a lead and the first link of its chain.

        The caller holds its `lead_lock` and its `lead_subject_lock`, and has ended what it supersedes.

        Raises:
            LeadError: There is a lead of this name, or another about the same number or ring is in force.
        """

    def add_lead_event(self, event: LeadEvent, state: LeadState) -> None:
        """Add a link to the chain of a lead, which stands so from now on. The caller holds its `lead_lock`.

        Raises:
            LeadError: There is no such lead, or the link is not the next one.
        """


class History(Protocol):
    """What is remembered. Safe to share between threads; several processes may open the same one."""

    @property
    def keyring(self) -> Keyring:
        """Makes the keyed hashes of this history."""

    def read(self) -> AbstractContextManager[Reader]:
        """A consistent snapshot for reading."""

    def write(self, keys: Sequence[str] = ()) -> AbstractContextManager[Transaction]:
        """One transaction that no other writer of these keys overlaps; commits on leaving, undone by an exception.

        Args:
            keys: What must not change meanwhile but by this transaction: `application_lock`, `OpeningKeys.locks`,
                `LISTS_LOCK`, `STOCK_LOCK`. With none, no other writer overlaps at all.

        Raises:
            HistoryLockedError: Another writer held one of them longer than the lock timeout.
            HistoryUnreachableError: The server cannot be reached.
            HistoryReadOnlyError: It cannot be written.
            HistoryFullError: No space is left.
            HistoryFormatError: The file is damaged.
        """

    def retrying(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns, done again from its beginning where the connection to the server was lost.

        Args:
            work: Reads or writes in transactions of its own. It may have taken effect before it is done again.

        Raises:
            HistoryUnreachableError: The server could not be reached for half a minute.
        """

    def close(self) -> None:
        """Let go of every connection."""
