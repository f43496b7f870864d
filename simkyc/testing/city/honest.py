"""Honest customers: who comes, why, and what makes some of them look like fraud."""

from __future__ import annotations

import random
from array import array
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final

from stdnum.cn import uscc

from simkyc.testing.city.city import PARTY, City
from simkyc.testing.city.events import Customer
from simkyc.testing.city.people import AFAR, NEARBY, Plan, Somebody, somebody
from simkyc.testing.city.places import CITY, Shop

__all__ = ["settle_in"]

SHARES: Final[dict[Customer, float]] = {
    "local": 0.38,
    "commuter": 0.08,
    "student": 0.13,
    "permit_holder": 0.10,
    "migrant": 0.12,
    "colleague": 0.02,
    "campaign": 0.06,
    "family": 0.06,
    "company": 0.01,
    "represented": 0.02,
    "no_phone": 0.02,
}
"""What share of the customers comes for what; a made-up mix, in which half are registered elsewhere."""

AGAIN: Final = 0.05
"""Share of single customers who come for a second number some weeks later."""
OF_THE_STORE: Final = frozenset({"payer_account", "contact_number", "delivery_address", "device"})
DORMITORY: Final = "测试大学学生宿舍"
FACTORY: Final = "测试电子厂员工公寓"


def settle_in(city: City) -> None:
    """Give every customer a day, and let each come when it begins."""
    chance = city.chance("arrivals")
    some_of_each = list(SHARES)[: city.people]
    drawn = chance.choices(list(SHARES), list(SHARES.values()), k=city.people - len(some_of_each))
    kinds: list[Customer] = some_of_each + drawn
    september = [
        day for day in range(city.days) if _date(city, day).month == 9 and _date(city, day).day <= 12
    ]
    campaigns = [chance.randrange(city.days) for _ in range(min(max(1, city.days // 30), 200))]
    campaigns.append(city.shops[-1].opens_on)
    sites = [city.shops[chance.randrange(len(city.shops))] for _ in campaigns[:-1]]
    sites.append(city.shops[-1])
    by_day = [array("I") for _ in range(city.days)]
    places = bytearray(city.people)
    for index, kind in enumerate(kinds):
        place = places[index] = chance.randrange(len(campaigns))
        if kind == "student":
            day = chance.choice(september) if september else chance.randrange(min(12, city.days))
        elif kind == "campaign":
            day = max(campaigns[place], sites[place].opens_on)
        else:
            day = chance.randrange(city.days)
            if chance.random() < 0.3:  # more come at weekends
                day = min(day + (5 - _date(city, day).weekday()) % 7, city.days - 1)
        by_day[day].append(index)
    for day, those in enumerate(by_day):

        def begin(_: datetime, day: int = day, those: array[int] = those) -> tuple[()]:
            for index in those:
                _comes(city, index, kinds[index], sites[places[index]], day)
            return ()

        city.at(city.start + timedelta(days=day), begin)


def _date(city: City, day: int) -> date:
    return (city.start + timedelta(days=day)).date()


def _comes(city: City, index: int, kind: Customer, site: Shop, day: int) -> None:
    chance = city.chance("customer", index)
    shop = chance.choice(city.open_shops(day))
    if kind in {"student", "campaign"}:
        shop = city.shops[0] if kind == "student" else site
    if kind in {"permit_holder", "migrant", "colleague"} and chance.random() < 0.5:
        shop = city.shops[5 % len(city.shops)]  # beside the factory
        if shop.opens_on > day:
            shop = city.shops[0]
    moment = shop.moment(day, chance)
    if kind == "campaign":  # the bargain is for whoever comes first
        moment = city.start + timedelta(days=day, hours=shop.hours[0] + 1, minutes=chance.uniform(0, 90))
    plans = _Visitor(city, index, kind, shop, moment, chance).plans()
    city.arrive(moment, shop, plans, hurried=kind == "campaign")
    if len(plans) == 1 and kind not in {"family", "represented", "no_phone"} and chance.random() < AGAIN:
        later = day + chance.randint(8, 40)
        who = plans[0].who
        # What was the first store's is left there: its till, its telephone, its address.
        kept = {name: value for name, value in plans[0].fields.items() if name not in OF_THE_STORE}
        own = {"payer_account": who.account, "contact_number": who.old_number}
        again = Plan(who, "second_number", fields=kept | own)
        if later < city.days:
            other = chance.choice(city.open_shops(later))
            city.arrive(other.moment(later, chance), other, [again])


class _Visitor:
    """One customer with everybody who comes along."""

    def __init__(
        self, city: City, index: int, kind: Customer, shop: Shop, at: datetime, chance: random.Random
    ) -> None:
        self.city, self.kind, self.shop, self.chance = city, kind, shop, chance
        self.division, self.position = shop.place(at)
        self._serials = iter(range(index * PARTY, (index + 1) * PARTY))

    def person(self, home: str, ages: tuple[int, int] = (20, 62)) -> Somebody:
        return somebody(self.city.seed, next(self._serials), home, ages)

    def plans(self) -> list[Plan]:
        parties: dict[str, Callable[[], list[Plan]]] = {
            "family": self._family,
            "company": self._company,
            "represented": self._represented,
            "colleague": self._colleagues,
        }
        if self.kind in parties:
            return parties[self.kind]()
        return [self._single()]

    def usual(self, who: Somebody) -> dict[str, Any]:
        """What different customers say, pay with and want delivered."""
        chance, shop = self.chance, self.shop
        fields: dict[str, Any] = {"payer_account": who.account}
        if chance.random() < 0.75:
            fields["contact_number"] = who.old_number
        elif chance.random() < 0.15:  # who has no number yet leaves the shop's
            fields["contact_number"] = f"+86130{99_000_000 + shop.phone:08d}"
        if chance.random() < 0.1:
            fields["payer_account"] = f"{shop.store_id}-cash"
        if chance.random() < 0.2:
            fields["delivery_address"] = shop.address if chance.random() < 0.7 else who.address
        if chance.random() < 0.5:
            latitude, longitude = self.position
            position = {"latitude": latitude + 0.0004, "longitude": longitude - 0.0003}
            fields["device"] = {"position": position}
        if chance.random() < 0.2:
            fields["numbers_elsewhere"] = chance.choice((0, 1, 1, 2, 3))
        return fields

    def _single(self) -> Plan:
        chance, kind = self.chance, self.kind
        home = chance.choice(
            NEARBY
            if kind == "commuter"
            else AFAR
            if kind in {"student", "permit_holder", "migrant"}
            or (kind == "campaign" and chance.random() < 0.4)
            else tuple(CITY)
        )
        who = self.person(home, (18, 20) if kind == "student" else (18, 75))
        fields = self.usual(who)
        fields |= self._lives_here(who)
        return Plan(
            who,
            kind,
            fields=fields,
            companion=self._stranger() if chance.random() < 0.08 else None,
            declared=self.city.shop_phone(self.shop) if kind == "no_phone" else None,
        )

    def _lives_here(self, who: Somebody) -> dict[str, Any]:
        chance, here = self.chance, self.division
        if self.kind == "student":
            fields: dict[str, Any] = {"applicant": {"address": DORMITORY}}
            if chance.random() < 0.6:
                fields["delivery_address"] = DORMITORY
            if chance.random() < 0.8:
                fields["residence"] = {"kind": "student", "division": here}
            return fields
        if self.kind == "permit_holder":
            fields = {"residence": {"kind": "residence_permit", "division": here}}
        elif self.kind == "commuter" and chance.random() < 0.5:
            fields = {"residence": {"kind": "work", "division": here}}
        else:
            fields = {}
        if who.home in AFAR and self.kind != "campaign" and chance.random() < 0.35:
            fields |= {"applicant": {"address": FACTORY}}
        return fields

    def _stranger(self) -> int:
        """Somebody's face, who waits or came along."""
        return self.person(self.chance.choice(tuple(CITY))).face

    def _family(self) -> list[Plan]:
        """A parent opens for one to three children; the spare phone at home is declared for the first two."""
        chance, home = self.chance, self.chance.choice(tuple(CITY))
        parent = self.person(home, (33, 50))
        shared = {"payer_account": parent.account, "contact_number": parent.old_number}
        plans = [Plan(parent, "family", fields=shared)] if chance.random() < 0.4 else []
        for place in range(chance.choice((1, 1, 1, 2, 2, 3))):
            child = self.person(home, (8, 15))
            declared = parent.next_imei if place < 2 else None
            plans.append(Plan(child, "family", fields=shared, guardian=parent, declared=declared))
        return plans

    def _represented(self) -> list[Plan]:
        """Somebody opens for an old parent, or for both."""
        chance, home = self.chance, self.chance.choice(tuple(CITY))
        child = self.person(home, (35, 55))
        shared = {"payer_account": child.account, "contact_number": child.old_number}
        return [
            Plan(self.person(home, (68, 85)), "represented", fields=shared, representative=child)
            for _ in range(chance.choice((1, 1, 2)))
        ]

    def _company(self) -> list[Plan]:
        """A handler brings the papers of several employees."""
        chance = self.chance
        handler = self.person(chance.choice(tuple(CITY)), (25, 50))
        digits = f"91{self.division}{handler.serial:09d}"
        code = digits + uscc.calc_check_digit(digits)
        fields = {
            "organisation": {
                "name": f"测试公司{handler.serial}",
                "credit_code": code,
                "valid_until": None,
                "applicant_is": "actual_user",
            },
            "payer_account": f"company-{handler.serial}",
            "contact_number": handler.old_number,
            "delivery_address": f"测试公司{handler.serial}",
        }
        return [
            Plan(
                self.person(chance.choice((*CITY, *AFAR))),
                "company",
                fields=fields,
                representative=handler,
            )
            for _ in range(chance.randint(3, 8))
        ]

    def _colleagues(self) -> list[Plan]:
        """A foreman brings newly hired workers of one village, pays for them, and waits behind them."""
        chance, home = self.chance, self.chance.choice(AFAR)
        foreman = self.person(home, (30, 50))
        plans = []
        for _ in range(chance.randint(2, 4)):
            who = self.person(home, (18, 45))
            fields = self.usual(who) | {"payer_account": foreman.account, "applicant": {"address": FACTORY}}
            if chance.random() < 0.5:
                fields["residence"] = {"kind": "work", "division": self.division}
            plans.append(Plan(who, "colleague", fields=fields, companion=foreman.face))
        return plans
