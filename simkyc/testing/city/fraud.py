"""Planted fraud: rings, each of which does one thing, and labels that say so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from simkyc.testing.city.city import City
from simkyc.testing.city.events import PATTERNS, Event, Label, Pattern
from simkyc.testing.city.people import AFAR, Plan, Somebody, imei
from simkyc.testing.city.places import CITY, Shop

__all__ = ["plant"]

NOBODYS_PHONES: Final = 700_000_000
NIGHT: Final = timedelta(hours=22, minutes=20)


def plant(city: City, count: int) -> None:
    """Plant at least so many fraudulent applications, and at least one ring of each pattern."""
    chance = city.chance("rings")
    largest = max(4, min(50, count // 5))
    planted, number = 0, 0
    while planted < count or number < len(PATTERNS):
        pattern = PATTERNS[number % len(PATTERNS)]
        ring = _Ring(city, pattern, f"ring-{number + 1}", largest)
        day = chance.randrange(max(1, city.days - ring.lasts))
        ring.starts(day)
        planted += ring.size
        number += 1


SIZES: Final[Mapping[Pattern, tuple[int, int, int]]] = {
    "repeat": (4, 6, 16),
    "remote": (3, 5, 7),
    "speed": (2, 2, 1),
    "retry": (3, 4, 3),
    "escort": (5, 12, 10),
    "device": (5, 10, 30),
    "representative": (4, 8, 30),
    "clerk_batch": (12, 30, 2),
    "dealer": (10, 25, 50),
    "consecutive": (6, 15, 2),
    "many_names": (6, 50, 45),
    "borrowed_id": (3, 5, 60),
    "resale": (6, 16, 20),
}
"""By pattern: the fewest and the most applications of a ring, and the days that it lasts."""


class _Ring:
    """One ring. Its applications are planned when it starts, and made when their time comes."""

    def __init__(self, city: City, pattern: Pattern, ring: str, largest: int) -> None:
        self.city, self.pattern, self.ring = city, pattern, ring
        self.chance = city.chance(ring)
        fewest, most, lasts = SIZES[pattern]
        self.size = min(self.chance.randint(fewest, most), max(largest, fewest))
        self.lasts = min(lasts, city.days - 1)
        number = int(ring.rpartition("-")[2])
        self.phone = imei(NOBODYS_PHONES + 10 * number)
        self.box = (imei(NOBODYS_PHONES + 10 * number + 1), imei(NOBODYS_PHONES + 10 * number + 2))
        self._place = 0

    def starts(self, day: int) -> None:
        works: dict[Pattern, Callable[[int], None]] = {
            "repeat": self._repeat,
            "remote": self._remote,
            "speed": self._speed,
            "retry": self._retry,
            "escort": self._escort,
            "device": self._device,
            "representative": self._representative,
            "clerk_batch": self._clerk_batch,
            "dealer": self._dealer,
            "consecutive": self._consecutive,
            "many_names": self._many_names,
            "borrowed_id": self._borrowed_id,
            "resale": self._resale,
        }

        def start(_: datetime) -> tuple[()]:
            works[self.pattern](day)
            return ()

        self.city.at(self.city.start + timedelta(days=day, hours=1), start)

    # --- what rings have in common

    def plan(self, who: Somebody, **what: Any) -> Plan:
        """An application of this ring; half of the cards end in its SIM box unless it says otherwise."""
        self._place += 1
        what.setdefault("box", self.box if self.chance.random() < 0.5 else ())
        what["fields"] = {"payer_account": who.account, "contact_number": who.old_number} | dict(
            what.get("fields", {})
        )
        return Plan(who, label=Label(self.pattern, self.ring, self._place), **what)

    def recruit(self, remote: float = 0.6) -> Somebody:
        """Somebody who was hired to open a card, from afar as often as that."""
        chance = self.chance
        return self.city.newcomer(chance.choice(AFAR if chance.random() < remote else tuple(CITY)))

    def visits(self, day: int, choose: Callable[[int], Shop] | None = None) -> list[tuple[datetime, Shop]]:
        """When and where the applications are, first to last; in any open store unless `choose` says which."""
        drawn = []
        for _ in range(self.size):
            one = min(day + self.chance.randrange(self.lasts), self.city.days - 1)
            shop = choose(one) if choose else self.shop(one)
            drawn.append((shop.moment(one, self.chance), shop))
        return sorted(drawn, key=lambda visit: visit[0])

    def shop(self, day: int) -> Shop:
        return self.chance.choice(self.city.open_shops(day))

    def comes(self, visit: tuple[datetime, Shop], plan: Plan, **how: Any) -> None:
        self.city.arrive(*visit, [plan], **how)

    # --- what each does

    def _repeat(self, day: int) -> None:
        """One person of the city opens card after card, never twice in one store if there are enough."""
        who = self.recruit(remote=0)
        open_shops = self.city.open_shops(day)
        tour = self.chance.sample(open_shops, len(open_shops))
        for place, (at, _) in enumerate(self.visits(day)):
            self.comes((at, tour[place % len(tour)]), self.plan(who))

    def _remote(self, day: int) -> None:
        """The same in a few days by somebody from afar, who has the cards posted home."""
        who, chance = self.recruit(remote=1), self.chance
        away = {"latitude": chance.uniform(24, 28), "longitude": chance.uniform(104, 112)}
        for visit in self.visits(day):
            fields: dict[str, Any] = {"delivery_address": f"{who.address}转{self.ring}"}
            if chance.random() < 0.5:
                fields["device"] = {"position": away}
            self.comes(visit, self.plan(who, fields=fields))

    def _speed(self, day: int) -> None:
        """One face at two counters, farther apart than anybody travels in a quarter of an hour."""
        shops, at = self.city.open_shops(day), self.city.start + timedelta(days=day, hours=14)
        pairs = [(one, other) for one in shops for other in shops]
        there, here = max(pairs, key=lambda pair: _apart(pair[0], pair[1], at))
        who = self.recruit()
        again = who if self.chance.random() < 0.5 else self.recruit()
        at += timedelta(minutes=self.chance.randrange(120))
        first = self.plan(who)
        second = self.plan(again, portrait=who.face, face=who.face)
        self.city.arrive(at, there, [first], pace=timedelta())
        later = at + timedelta(minutes=self.chance.randint(10, 18))
        self.city.arrive(later, here, [second], pace=timedelta())

    def _retry(self, day: int) -> None:
        """Somebody with another's ID is refused from store to store, and comes back with a forged one."""
        owner, thief = self.recruit(), self.recruit()
        plans = [self.plan(owner, face=thief.face, box=()) for _ in range(self.size - 1)]
        plans.append(self.plan(owner, face=thief.face, portrait=thief.face, box=self.box))
        for visit, plan in zip(self.visits(day), plans, strict=True):
            self.comes(visit, plan)

    def _escort(self, day: int) -> None:
        """An escort brings people to one clerk, stands behind them, and answers, pays or receives for them."""
        chance, escort = self.chance, self.recruit()
        shop = self.shop(day)
        clerk = chance.choice(shop.clerks)
        shared = {
            "contact_number": escort.old_number,
            "payer_account": escort.account,
            "delivery_address": f"测试仓库{self.ring}",
        }
        kept = dict(chance.sample(sorted(shared.items()), chance.choice((1, 2, 2, 3))))
        seen = chance.choice((0.3, 0.7, 1.0))
        for visit in self.visits(day, lambda _: shop):
            companion = escort.face if chance.random() < seen else None
            fields = {name: value for name, value in kept.items() if chance.random() < 0.85}
            self.comes(visit, self.plan(self.recruit(), fields=fields, companion=companion), clerk=clerk)

    def _device(self, day: int) -> None:
        """One phone is declared for everybody, in the end by its other IMEI."""
        other = imei(NOBODYS_PHONES + 10 * int(self.ring.rpartition("-")[2]) + 3)
        for place, visit in enumerate(self.visits(day)):
            turned = place > self.size // 2
            fields = {"device": {"second_imei": self.phone if turned else other}}
            declared = other if turned else self.phone
            self.comes(visit, self.plan(self.recruit(), declared=declared, fields=fields))

    def _representative(self, day: int) -> None:
        """One person brings letters of many who never come."""
        agent = self.recruit(remote=0.3)
        for visit in self.visits(day):
            self.comes(visit, self.plan(self.recruit(), representative=agent))

    def _clerk_batch(self, day: int) -> None:
        """A clerk opens cards for a list of strangers after the store has closed."""
        shop = self.shop(day)
        clerk = self.chance.choice(shop.clerks)
        left = self.size
        for night in range(day, min(day + self.lasts, self.city.days)):
            batch = min(left, -(-self.size // self.lasts))
            plans = [self.plan(self.recruit(remote=0.9)) for _ in range(batch)]
            pace = timedelta(seconds=self.chance.randint(100, 200))
            at = self.city.start + timedelta(days=night) + NIGHT
            self.city.arrive(at, shop, plans, clerk=clerk, pace=pace, hurried=True)
            left -= batch

    def _dealer(self, day: int) -> None:
        """A dealer's stores open cards that look like any other and are nearly all found out later."""
        dealer = self.shop(day).dealer_id

        def of_dealer(one: int) -> Shop:
            return self.chance.choice([s for s in self.city.open_shops(one) if s.dealer_id == dealer])

        for visit in self.visits(day, of_dealer):
            self.comes(visit, self.plan(self.recruit(), flagged=0.9))

    def _consecutive(self, day: int) -> None:
        """A run of cards out of one box, to different people within two days."""
        shop = self.shop(day)

        def reserve(at: datetime) -> list[Event]:
            cards, delivered = self.city.reserve(shop, at, self.size)
            for card, visit in zip(cards, self.visits(day, lambda _: shop), strict=True):
                self.comes(visit, self.plan(self.recruit()), cards=[card])
            return delivered

        self.city.at(self.city.start + timedelta(days=day, hours=7), reserve)

    def _many_names(self, day: int) -> None:
        """One face, and another forged ID each time."""
        face = self.recruit().face
        for visit in self.visits(day):
            self.comes(visit, self.plan(self.recruit(), face=face, portrait=face))

    def _borrowed_id(self, day: int) -> None:
        """One ID, and each time another face, with a portrait on the card that was made to fit."""
        owner = self.recruit()
        spacing = max(1, self.lasts // self.size)
        for place in range(self.size):
            one = min(day + place * spacing + self.chance.randrange(spacing), self.city.days - 1)
            face, shop = self.recruit().face, self.shop(one)
            self.comes((shop.moment(one, self.chance), shop), self.plan(owner, face=face, portrait=face))

    def _resale(self, day: int) -> None:
        """People who open one card each, as anybody does, and sell it within hours: into one SIM box."""
        for visit in self.visits(day):
            self.comes(visit, self.plan(self.recruit(remote=0.3), box=self.box[:1], flagged=0.8))


def _apart(one: Shop, other: Shop, day: datetime) -> float:
    """How far apart, on a map whose degrees are equally wide: good enough to find the farthest."""
    here, there = one.place(day)[1], other.place(day)[1]
    return math.dist(here, there)
