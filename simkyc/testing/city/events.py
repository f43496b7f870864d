"""What happens in a simulated city: the events, and what they are labelled with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from simkyc.application import Application
from simkyc.line import Sighting
from simkyc.lists.stock import StockRow

__all__ = [
    "CUSTOMERS",
    "PATTERNS",
    "Closed",
    "Customer",
    "Delivered",
    "Event",
    "Label",
    "Outcome",
    "Pattern",
    "Seen",
    "Visit",
]

Pattern = Literal[
    "repeat",
    "remote",
    "speed",
    "retry",
    "escort",
    "device",
    "representative",
    "clerk_batch",
    "dealer",
    "consecutive",
    "many_names",
    "borrowed_id",
    "resale",
]
"""What a ring does; `docs/world.md` tells each."""

PATTERNS: Final[tuple[Pattern, ...]] = get_args(Pattern)

Customer = Literal[
    "local",
    "commuter",
    "student",
    "permit_holder",
    "migrant",
    "colleague",
    "campaign",
    "family",
    "company",
    "represented",
    "no_phone",
    "second_number",
    "replacement",
]
"""What brings an honest customer."""

CUSTOMERS: Final[tuple[Customer, ...]] = get_args(Customer)


@dataclass(frozen=True, slots=True)
class Label:
    """Why an application is fraud.

    Attributes:
        pattern: What its ring does.
        ring: Identifier of the ring; a person who works alone is one.
        place: Its place among the ring's applications, from 1.
    """

    pattern: Pattern
    ring: str
    place: int


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody applies at a counter.

    Attributes:
        at: When the application is screened.
        application: What is applied for.
        customer: What brings an honest customer; None for fraud.
        label: Why it is fraud; None for honest.
        after: The opening without which this visit would not happen: a card can be lost only by who has one.
    """

    at: datetime
    application: Application
    customer: Customer | None = None
    label: Label | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A lot of SIM cards comes to a store."""

    at: datetime
    store_id: str
    cards: tuple[StockRow, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """The network sees the line of an application in a device, if the card was issued."""

    at: datetime
    application_id: str
    sighting: Sighting
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The number of an application is cancelled, if it was opened."""

    at: datetime
    application_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Somebody finds out what the number of an application was used for, if it was opened."""

    at: datetime
    application_id: str
    fraud: bool


Event = Delivered | Visit | Seen | Closed | Outcome
