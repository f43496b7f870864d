"""Where a simulated city's counters stand: counties, dealers, stores, clerks and the cards in their drawers.

Counties are real ones of Suzhou by code, so that how far two codes agree means something; stores, dealers and clerks
are nobody's. Seats of the counties are rounded to a few kilometres, from general knowledge.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from simkyc.lists.stock import StockRow
from simkyc.testing.builders import iccid_of

__all__ = ["CITY", "Card", "Clerk", "Drawer", "Shop", "shops"]

CITY: Final = {
    "320508": (31.31, 120.62),
    "320505": (31.30, 120.43),
    "320506": (31.26, 120.63),
    "320507": (31.37, 120.64),
    "320509": (31.14, 120.64),
    "320583": (31.39, 120.98),
    "320581": (31.65, 120.75),
    "320585": (31.46, 121.13),
    "320582": (31.88, 120.55),
}
"""County to latitude and longitude of its seat."""

LOT: Final = 100
"""Cards in a lot, with consecutive ICCIDs and numbers."""
BLANKS: Final = 20
"""Cards without a number that come with a lot, for replacements."""
LOOSE: Final = 20
"""Cards that lie open in a drawer, for a customer to choose a number from."""
FIRST_BLANK: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Card:
    """A card of the operator by its serial number."""

    serial: int

    @property
    def iccid(self) -> str:
        """Its ICCID."""
        return iccid_of(self.serial)

    @property
    def imsi(self) -> str:
        """Its IMSI."""
        return f"46000{self.serial:010d}"

    @property
    def msisdn(self) -> str:
        """The number it was made for; a blank one has none of its own."""
        return f"+86139{self.serial:08d}"

    def row(self, store_id: str, lot: str) -> StockRow:
        """What the stock says of it."""
        number = None if self.serial >= FIRST_BLANK else self.msisdn
        return StockRow(iccid=self.iccid, imsi=self.imsi, msisdn=number, lot=lot, store_id=store_id)


class Drawer:
    """The cards of one store that were not sold."""

    def __init__(self) -> None:
        """Empty."""
        self._loose: list[int] = []
        self._stack: deque[int] = deque()
        self._blank: deque[int] = deque()

    def put(self, lot: int) -> tuple[Card, ...]:
        """Put a lot in, and say which cards it has."""
        cards = range(lot * LOT, (lot + 1) * LOT)
        blanks = range(FIRST_BLANK + lot * BLANKS, FIRST_BLANK + (lot + 1) * BLANKS)
        self._stack.extend(cards)
        self._blank.extend(blanks)
        return tuple(Card(serial) for serial in (*cards, *blanks))

    def lacks(self, cards: int) -> bool:
        """Whether a lot must come before so many cards can be sold."""
        return len(self._stack) < cards + LOOSE or not self._blank

    def take(self, chance: random.Random) -> Card:
        """A card whose number a customer likes."""
        while len(self._loose) < LOOSE:
            self._loose.append(self._stack.popleft())
        return Card(self._loose.pop(chance.randrange(len(self._loose))))

    def next(self) -> Card:
        """The next card of the stack, as a clerk in a hurry takes it."""
        return Card(self._stack.popleft())

    def run(self, cards: int) -> list[Card]:
        """So many consecutive cards, of one lot; those before them join the loose ones."""
        while self._stack[cards - 1] - self._stack[0] != cards - 1:
            self._loose.append(self._stack.popleft())
        return [self.next() for _ in range(cards)]

    def blank(self) -> Card:
        """A card for a number that is there already."""
        return Card(self._blank.popleft())


@dataclass(slots=True)
class Clerk:
    """One clerk: how long one customer takes, and until when the clerk is busy."""

    clerk_id: str
    pace: timedelta
    free_at: datetime


@dataclass(slots=True)
class Shop:
    """A store.

    Attributes:
        opens_on: Its first day, from 0.
        hours: From when to when it serves, by the clock in China.
        moves: The day on which it moves, with where to; None when it stays.
    """

    store_id: str
    dealer_id: str
    division: str
    position: tuple[float, float]
    terminals: int
    opens_on: int
    hours: tuple[int, int]
    clerks: list[Clerk]
    start: datetime
    moves: tuple[int, str, tuple[float, float]] | None = None
    drawer: Drawer = field(default_factory=Drawer)

    @property
    def address(self) -> str:
        """Where parcels for its customers go."""
        return f"测试市{self.store_id}营业厅"

    @property
    def phone(self) -> int:
        """Serial number of the phone that its cards are tried in, beyond those of people."""
        return int(self.store_id.rpartition("-")[2])

    def place(self, at: datetime) -> tuple[str, tuple[float, float]]:
        """Its county and position at a time."""
        if self.moves is not None and at >= self.start + timedelta(days=self.moves[0]):
            return self.moves[1:]
        return self.division, self.position

    def fields(self, at: datetime, terminal: int) -> dict[str, Any]:
        """As fields of a `Store`."""
        division, (latitude, longitude) = self.place(at)
        return {
            "store_id": self.store_id,
            "dealer_id": self.dealer_id,
            "division": division,
            "terminal_id": f"{self.store_id}-t{1 + terminal % self.terminals}",
            "position": {"latitude": latitude, "longitude": longitude},
        }

    def moment(self, day: int, chance: random.Random) -> datetime:
        """A time of that day at which customers come: most around noon, none in the last hour."""
        first, last = self.hours
        return self.start + timedelta(days=day, hours=chance.triangular(first, last - 1, 13))


def shops(seed: int, start: datetime, days: int, count: int) -> list[Shop]:
    """The stores of a city: the first is on the campus, the last but one moves, the last opens when half is over."""
    chance = random.Random(f"{seed}/stores")  # noqa: S311  # a simulation
    counties, made = list(CITY), []
    for number in range(count):
        division = "320506" if number == 0 else counties[number % len(counties)]
        moves = None
        if number == count - 2:
            there = counties[(number + 1) % len(counties)]
            moves = (days * 3 // 5, there, _near(CITY[there], chance))
        store_id = f"store-{number + 1}"
        opens = 9 if chance.random() < 0.5 else 8
        made.append(
            Shop(
                store_id=store_id,
                dealer_id=f"dealer-{1 + number % max(2, count // 3)}",
                division=division,
                position=_near(CITY[division], chance),
                terminals=chance.randint(1, 3),
                opens_on=days // 2 if number == count - 1 else 0,
                hours=(opens, opens + chance.randint(10, 12)),
                clerks=[
                    Clerk(f"{store_id}-c{place}", timedelta(seconds=chance.randint(240, 540)), start)
                    for place in range(1, chance.randint(2, 4) + 1)
                ],
                start=start,
                moves=moves,
            )
        )
    return made


def _near(seat: tuple[float, float], chance: random.Random) -> tuple[float, float]:
    latitude, longitude = (round(degree + chance.uniform(-0.03, 0.03), 5) for degree in seat)
    return latitude, longitude
