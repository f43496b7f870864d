"""One simulated city over some months."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from simkyc.errors import InputError
from simkyc.lists.watch import CHINA
from simkyc.testing.city import fraud as planted
from simkyc.testing.city.city import City
from simkyc.testing.city.events import Event
from simkyc.testing.city.honest import settle_in

__all__ = ["World", "world"]

START = datetime(2026, 8, 17, tzinfo=CHINA)
"""Two weeks before the students come."""


@dataclass(frozen=True, slots=True)
class World:
    """A city, told by a few numbers. Nothing of it is held: `events` makes it anew each time.

    Attributes:
        seed: Everything that is drawn follows from it.
        start: The first midnight.
        days: How long it is watched.
        stores: How many stores.
        people: How many honest customers come on their own account; families and companies bring more.
        fraud: How many fraudulent applications are planted, as a share of `people`; at least one ring of each pattern.
    """

    seed: int
    start: datetime
    days: int
    stores: int
    people: int
    fraud: float

    def events(self) -> Iterator[Event]:
        """Everything that happens, in the order of time."""
        city = City(self.seed, self.start, self.days, self.stores, self.people)
        settle_in(city)
        if self.fraud > 0:
            planted.plant(city, round(self.fraud * self.people))
        return city.events()


def world(
    seed: int,
    *,
    days: int = 90,
    stores: int = 12,
    people: int = 4000,
    fraud: float = 0.02,
    start: datetime = START,
) -> World:
    """A simulated city with honest customers and planted, labelled fraud; see `docs/world.md`.

    Args:
        seed: 0 or more; the same numbers give the same city.
        days: 14 to 3,650.
        stores: 3 to 1,000, in nine counties.
        people: 1 to 10,000,000 honest customers who come on their own account.
        fraud: 0 to 1, fraudulent applications as a share of `people`; 0 plants none, anything above at least one
            ring of each pattern.
        start: A midnight in China.

    Raises:
        InputError: One of them is out of range.
    """
    ranges = {
        "seed": (seed, 0, 2**32 - 1),
        "days": (days, 14, 3650),
        "stores": (stores, 3, 1000),
        "people": (people, 1, 10_000_000),
    }
    for name, (value, least, most) in ranges.items():
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InputError(f"{name} is a whole number from {least} to {most}")
    if not 0 <= fraud <= 1:
        raise InputError("fraud is a share from 0 to 1")
    if start.tzinfo is None or start.astimezone(CHINA).timetz().replace(tzinfo=None) != datetime.min.time():
        raise InputError("start is a midnight in China, with its zone")
    return World(seed, start.astimezone(CHINA), days, stores, people, fraud)
