"""A city in motion: who waits for which clerk, which card is taken, and what becomes of it."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from simkyc.application import Application
from simkyc.line import Sighting
from simkyc.testing.city.events import Closed, Delivered, Event, Outcome, Seen, Visit
from simkyc.testing.city.people import Plan, Somebody, application_of, imei, somebody
from simkyc.testing.city.places import LOT, Card, Clerk, Shop, shops

__all__ = ["City"]

Action = Callable[[datetime], Iterable[Event]]

FOUND_OUT: Final = 0.6
"""Share of fraudulent numbers that somebody reports or investigates, some weeks later."""
CLEARED: Final = 0.04
"""Share of honest numbers of which somebody asks and finds nothing."""


class City:
    """What is going to happen, as far as it is known yet, and the counters it happens at.

    Attributes:
        people: Honest customers who come on their own account; their serial numbers leave room for company.
        start: The first midnight.
        days: How long it is watched.
        shops: The stores.
    """

    def __init__(self, seed: int, start: datetime, days: int, stores: int, people: int) -> None:
        """A city before the first customer."""
        self.seed, self.start, self.days, self.people = seed, start, days, people
        self.shops = shops(seed, start, days, stores)
        self._due: list[tuple[datetime, int, Action]] = []
        self._orders = itertools.count()
        self._lots = itertools.count()
        self._visits = itertools.count(1)
        self._newcomers = itertools.count(people * PARTY)
        for shop in self.shops:
            self.at(start + timedelta(days=shop.opens_on), partial(self._first_delivery, shop))

    @property
    def end(self) -> datetime:
        """When nobody watches any more."""
        return self.start + timedelta(days=self.days)

    def chance(self, *about: object) -> random.Random:
        """Random numbers of their own for something; the same in every run of this seed."""
        return random.Random("/".join(map(str, (self.seed, *about))))  # noqa: S311  # a simulation

    def at(self, moment: datetime, action: Action) -> None:
        """Let something happen, if it is before the end."""
        if moment < self.end:
            heapq.heappush(self._due, (moment.replace(microsecond=0), next(self._orders), action))

    def events(self) -> Iterator[Event]:
        """Everything in the order of time, made as it is asked for."""
        while self._due:
            moment, _, action = heapq.heappop(self._due)
            yield from action(moment)

    def open_shops(self, day: int) -> list[Shop]:
        """The stores that are open by then."""
        return [shop for shop in self.shops if shop.opens_on <= day]

    def newcomer(self, home: str, ages: tuple[int, int] = (20, 55)) -> Somebody:
        """Somebody whom no honest customer is."""
        return somebody(self.seed, next(self._newcomers), home, ages)

    def shop_phone(self, shop: Shop) -> str:
        """IMEI of the phone that a store tries cards in."""
        return imei(SHOP_PHONES + shop.phone)

    def arrive(
        self,
        moment: datetime,
        shop: Shop,
        plans: Sequence[Plan],
        *,
        clerk: Clerk | None = None,
        pace: timedelta | None = None,
        cards: Sequence[Card] | None = None,
        hurried: bool = False,
    ) -> None:
        """Somebody, or a party, comes to a store and waits for a clerk.

        Args:
            moment: When.
            shop: Where.
            plans: What they will apply for, one after the other.
            clerk: Whom they wait for; None for the first who is free.
            pace: How long one application takes; None for the clerk's own time. Zero is at once, whoever waits.
            cards: The cards they get; None for those that they choose, or where it is a replacement.
            hurried: Whether the clerk takes the next card of the stack and half of the usual time.
        """

        def queue(at: datetime) -> Iterable[Event]:
            server = clerk or min(shop.clerks, key=lambda one: (one.free_at, one.clerk_id))
            for place, plan in enumerate(plans):
                takes = server.pace * (0.5 if hurried else 1.0) if pace is None else pace
                server.free_at = max(server.free_at, at) + takes
                done = at + timedelta(minutes=place) if pace == timedelta() else server.free_at
                card = None if cards is None else cards[place]

                def serve(
                    at: datetime, plan: Plan = plan, server: Clerk = server, card: Card | None = card
                ) -> Iterable[Event]:
                    return self._serve(at, shop, server, plan, card, hurried=hurried)

                self.at(done, serve)
            return ()

        self.at(moment, queue)

    def reserve(self, shop: Shop, at: datetime, cards: int) -> tuple[list[Card], list[Event]]:
        """Consecutive cards, put aside, and the deliveries that they took."""
        delivered = self._restock(shop, at, LOT + cards)  # a whole lot at least, wherever the first one ends
        return shop.drawer.run(cards), delivered

    def _first_delivery(self, shop: Shop, at: datetime) -> Iterable[Event]:
        return [self._deliver(shop, at)]

    def _deliver(self, shop: Shop, at: datetime) -> Event:
        lot = next(self._lots)
        return Delivered(
            at,
            shop.store_id,
            tuple(card.row(shop.store_id, f"lot-{lot}") for card in shop.drawer.put(lot)),
        )

    def _restock(self, shop: Shop, at: datetime, cards: int) -> list[Event]:
        delivered = []
        while shop.drawer.lacks(cards):
            delivered.append(self._deliver(shop, at))
        return delivered

    def _serve(
        self, at: datetime, shop: Shop, clerk: Clerk, plan: Plan, card: Card | None, *, hurried: bool
    ) -> Iterator[Event]:
        yield from self._restock(shop, at, LOT // 10)
        application_id = f"city-{self.seed}-{next(self._visits)}"
        chance = self.chance("visit", application_id)
        if plan.line is not None:
            card = shop.drawer.blank()
        elif card is None:
            card = shop.drawer.next() if hurried else shop.drawer.take(chance)
        number = plan.line or card.msisdn
        terminal = shop.clerks.index(clerk) if clerk in shop.clerks else 0
        application = application_of(
            plan,
            at,
            application_id=application_id,
            sim={"iccid": card.iccid, "imsi": card.imsi, "msisdn": number},
            store=shop.fields(at, terminal),
            clerk={"clerk_id": clerk.clerk_id},
        )
        yield Visit(at, application, plan.customer, plan.label, plan.after)
        self._line(at, shop, plan, application, chance)

    def _line(
        self, at: datetime, shop: Shop, plan: Plan, application: Application, chance: random.Random
    ) -> None:
        """What becomes of the line afterwards, should the card be issued."""
        # What waits for weeks must not keep the application with its photos.
        application_id, device, label = application.application_id, application.device, plan.label
        declared = plan.who.imei if device is None else device.imei

        def seen(moment: datetime, equipment: str) -> None:
            sighting = Sighting(
                msisdn=application.sim.msisdn, imei=equipment, imsi=application.sim.imsi, seen_at=moment
            )
            self.at(moment, lambda at: [Seen(at, application_id, sighting, label)])

        if chance.random() < 0.1:
            seen(_later(at, chance, minutes=(1, 9)), self.shop_phone(shop))
        used = plan.who.imei if declared == self.shop_phone(shop) else declared
        if plan.box:
            if chance.random() < 0.5:
                seen(_later(at, chance, minutes=(10, 60)), used)
            seen(_later(at, chance, hours=(2, 30)), chance.choice(plan.box))
        elif chance.random() < 0.93:
            seen(_later(at, chance, minutes=(10, 1200)), used)
        found = FOUND_OUT if plan.flagged is None else plan.flagged
        if chance.random() < (CLEARED if plan.label is None else found):
            moment = _later(at, chance, days=(10, 45))
            self.at(moment, lambda at: [Outcome(at, application_id, label is not None)])
        if plan.label is None and plan.after is None:
            self._life(at, shop, plan, application, chance)

    def _life(
        self, at: datetime, shop: Shop, plan: Plan, application: Application, chance: random.Random
    ) -> None:
        """What honest people do with a line: a new phone, a lost card, a number given up."""
        event, application_id, number = chance.random(), application.application_id, application.sim.msisdn
        if event < 0.10:
            moment = _later(at, chance, days=(15, 80))
            sighting = Sighting(
                msisdn=number, imei=plan.who.next_imei, imsi=application.sim.imsi, seen_at=moment
            )
            self.at(moment, lambda at: [Seen(at, application_id, sighting)])
        elif event < 0.14 and not (plan.guardian or plan.representative):
            lost = Plan(
                plan.who,
                "replacement",
                fields={"contact_number": plan.who.old_number},
                after=application_id,
                line=number,
            )
            day = (at - self.start).days + chance.randint(7, 60)
            self.arrive(shop.moment(day, chance), shop, [lost])
        elif event < 0.17:
            moment = _later(at, chance, days=(20, 80))
            self.at(moment, lambda at: [Closed(at, application_id)])


PARTY: Final = 10
"""Serial numbers that each honest customer has, for family and colleagues."""
SHOP_PHONES: Final = 900_000_000


def _later(at: datetime, chance: random.Random, **span: tuple[float, float]) -> datetime:
    (unit, (least, most)) = next(iter(span.items()))
    return at + timedelta(**{unit: chance.uniform(least, most)})
