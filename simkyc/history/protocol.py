"""What any history must do, whichever database holds it.

Times are aware datetimes at this border and integer epoch seconds inside. A history never sees a name or
a number of a person: callers pass keyed hashes, made by its `keyring`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from simkyc.facts import OpeningFacts
from simkyc.history.keys import Keyring
from simkyc.verdict import Decision
from simkyc.watch import Listing

__all__ = [
    "Entry",
    "History",
    "OpeningKeys",
    "OpeningWindows",
    "Reader",
    "Recorded",
    "Transaction",
    "WatchEntry",
    "WatchImport",
    "WatchName",
]


@dataclass(frozen=True, slots=True)
class OpeningKeys:
    """The keys that one application touches. Keyed hashes are 64 hexadecimal digits.

    Attributes:
        person: Keyed hash of the applicant's identity; None when the number is malformed.
        representative: The same of who acts for the applicant; None also without one.
        device: Keyed hash of the IMEI's first 14 digits; None when absent or malformed.
        iccid: The ICCID as compacted; None when malformed. Not hashed: it is the operator's own stock.
        msisdn: Keyed hash of the MSISDN in E.164; None when malformed.
    """

    person: str | None
    device: str | None
    iccid: str | None
    msisdn: str | None
    store_id: str
    dealer_id: str | None
    clerk_id: str
    representative: str | None = None


@dataclass(frozen=True, slots=True)
class OpeningWindows:
    """How far back each question looks, in seconds."""

    person_s: tuple[int, ...]
    device_s: int
    clerk_s: int
    representative_s: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One verdict to be remembered, with everything later questions need.

    Attributes:
        body_digest: Keyed hash of the whole application, so that another body under the same id is noticed.
        admitted_until: Until when it counts as pending; None when it was not admitted.
    """

    application_id: str
    body_digest: str
    keys: OpeningKeys
    decided_at: datetime
    decision: Decision
    verdict_json: str
    admitted_until: datetime | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What is remembered of one application. Times are in UTC and whole seconds.

    Attributes:
        approved_by: Identifier of the supervisor who let the card be issued, where one had to.
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


@dataclass(frozen=True, slots=True)
class WatchName:
    """What an entry of a list is known by, apart from its beginning.

    Attributes:
        key: Keyed hash of the person, or of the document on the list of those that were lost.
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
    """

    name: WatchName
    basis: str
    listed_from: datetime
    listed_until: datetime | None
    silent_alert: bool


@dataclass(frozen=True, slots=True)
class WatchImport:
    """How many entries were new, there just so, or there with another basis, end or silent alert."""

    added: int
    unchanged: int
    changed: int


class Reader(Protocol):
    """Questions inside one consistent snapshot."""

    def recorded(self, application_id: str) -> Recorded | None:
        """What is remembered of this application, if anything."""

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> OpeningFacts:
        """The facts about these keys as of `at`: what was recorded or settled later is not known.

        The answer stays the same whenever it is asked again, as far as clocks agree on what was later.
        Only allocations carry no time: of a SIM's store the latest is told.

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
            keys: Keyed hashes of a person and of documents, of which few are asked for at once.
            at: The moment.
        """


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

    def record(self, entry: Entry) -> None:
        """Remember one verdict.

        Raises:
            InputError: The application id is not new.
        """

    def open_number(self, application_id: str, at: datetime, *, approved_by: str | None = None) -> None:
        """The card of this admitted application was issued at `at`. Saying it again changes nothing.

        Whether its admission had expired is for the caller to judge.

        Raises:
            SettlementError: The application is unknown, was not admitted, or was released.
        """

    def release(self, application_id: str, at: datetime) -> None:
        """The admission ended without a card at `at`. Saying it again changes nothing.

        Raises:
            SettlementError: The application is unknown, was not admitted, or its card was issued.
        """

    def close_number(self, application_id: str, at: datetime) -> None:
        """The number opened by this application was cancelled at `at`. Saying it again changes nothing.

        Raises:
            SettlementError: The application is unknown, was not admitted, or no card was issued for it.
        """

    def allocate(self, store_id: str, iccids: Iterable[str]) -> int:
        """Allocate SIMs to a store, moving those allocated elsewhere; return how many different ones.

        Raises:
            InputError: One text instead of several, or something that is no text.
        """

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


class History(Protocol):
    """What is remembered. Safe to share between threads; several processes may open the same one."""

    @property
    def keyring(self) -> Keyring:
        """Makes the keyed hashes of this history."""

    def read(self) -> AbstractContextManager[Reader]:
        """A consistent snapshot for reading."""

    def write(self) -> AbstractContextManager[Transaction]:
        """One transaction that no other writer overlaps; commits on leaving, undone by an exception.

        Raises:
            HistoryLockedError: Another writer held the history longer than the lock timeout.
            HistoryReadOnlyError: It cannot be written.
            HistoryFullError: No space is left.
            HistoryFormatError: The file is damaged.
        """

    def close(self) -> None:
        """Let go of every connection."""
