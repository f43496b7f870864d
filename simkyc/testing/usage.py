"""Records of how numbers are used, by people and gangs who do not exist: calls and messages of a month.

Each role is a line of one seed; nothing here looks at a limit of the policy. The columns are those that records of use
have, with numbers and texts in the clear, as an operator has them.

>>> lines = play("courier", 2, seed=7)
>>> lines[0].is_fraud, lines[0].calls[0].direction in ("in", "out"), lines == play("courier", 2, seed=7)
(False, True, True)
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from stdnum import luhn

from simkyc.testing.builders import NOW

__all__ = ["FRAUD_ROLES", "HONEST_ROLES", "WINDOW_DAYS", "PlayedCall", "PlayedMessage", "UsedLine", "play"]

WINDOW_DAYS: Final = 30
MIDNIGHT: Final = NOW.replace(hour=0)
"""The end of the window, in China."""
SINCE: Final = MIDNIGHT - timedelta(days=WINDOW_DAYS)
SUZHOU: Final = (31.30, 120.60)
REGION: Final = "320508"
EVENING: Final = (*range(7, 23), *range(18, 22))
OFFICE: Final = tuple(range(9, 18))


class PlayedCall(NamedTuple):
    """One call of a number, as the network recorded it."""

    number: str
    counterpart: str
    direction: str
    began_at: datetime
    duration_s: int
    answered: bool
    imei: str
    cell: str
    latitude: float
    longitude: float
    region: str


class PlayedMessage(NamedTuple):
    """One message of a number, with its text."""

    number: str
    counterpart: str
    direction: str
    sent_at: datetime
    text: str
    imei: str
    cell: str
    latitude: float
    longitude: float
    region: str


@dataclass(frozen=True, slots=True)
class UsedLine:
    """One number, what it is used for and what its opening was.

    Attributes:
        role: What it was cast as.
        age_days: From its opening to the window's end.
        customer: `personal`, or `unit`.
        declared_use: What its unit declared, in the policy's words.
        owner_numbers: Numbers of its holder.
        owner_openings: Openings of its holder in a year.
    """

    number: str
    role: str
    age_days: float
    customer: str = "personal"
    declared_use: str | None = None
    owner_numbers: int = 1
    owner_openings: int = 0
    calls: list[PlayedCall] = field(default_factory=list, repr=False)
    messages: list[PlayedMessage] = field(default_factory=list, repr=False)

    @property
    def is_fraud(self) -> bool:
        """Whether what it was cast as is fraud."""
        return self.role in FRAUD_ROLES


class _Cast(NamedTuple):
    """Who is played: a line's own chance and number, and the seed that lines of one gang share."""

    chance: random.Random
    number: str
    team: str


class _Phone:
    """A line in somebody's hands."""

    def __init__(self, chance: random.Random, line: UsedLine, cells: int) -> None:
        self.chance = chance
        self.line = line
        self.imei = _imei(chance)
        name = chance.randrange(10**6)
        self.cells = [
            (f"{name}-{place}", SUZHOU[0] + chance.uniform(-0.1, 0.1), SUZHOU[1] + chance.uniform(-0.1, 0.1))
            for place in range(cells)
        ]
        self.region = REGION

    def moment(self, day: int, hours: Sequence[int]) -> datetime:
        return SINCE + timedelta(
            days=day, hours=self.chance.choice(hours), seconds=self.chance.randrange(3600)
        )

    def where(self, at: datetime) -> tuple[str, float, float, str]:
        """At home at night, elsewhere by day."""
        home = not 8 <= at.hour < 19 or self.chance.random() < 0.3
        cell, latitude, longitude = self.cells[0] if home else self.chance.choice(self.cells)
        return cell, round(latitude, 5), round(longitude, 5), self.region

    def call(
        self, at: datetime, other: str, direction: str = "out", answered: float = 0.75, talk: float = 80.0
    ) -> None:
        taken = self.chance.random() < answered
        seconds = max(1, round(self.chance.lognormvariate(0, 0.8) * talk)) if taken else 0
        self.line.calls.append(
            PlayedCall(self.line.number, other, direction, at, seconds, taken, self.imei, *self.where(at))
        )

    def text(self, at: datetime, other: str, words: str, direction: str = "out") -> None:
        self.line.messages.append(
            PlayedMessage(self.line.number, other, direction, at, words, self.imei, *self.where(at))
        )


def play(role: str, lines: int, seed: int = 0) -> list[UsedLine]:
    """Some lines of one role over the window.

    Args:
        role: One of `HONEST_ROLES` or `FRAUD_ROLES`.
        lines: How many; lines of SIM boxes share their equipment, eight at a time.
        seed: The same seed plays the same.
    """
    made = []
    for place in range(lines):
        # A seed of text is the same in every process, a hash is not.
        chance = random.Random(f"{role}|{seed}|{place}")  # noqa: S311  # no secret
        number = f"+86199{_digits(chance, 8)}"
        made.append(ROLES[role](_Cast(chance, number, f"{role}|{seed}|{place // 8}")))
    return made


# --- what everybody does

_FRIENDLY = (
    "好的",
    "晚上一起吃饭吗",
    "路上堵车，晚到十分钟",
    "生日快乐",
    "收到",
    "孩子放学了吗",
    "明天几点见",
    "谢谢",
)
_NOTICES = ("【快递】您的包裹已到驿站", "【银行】您的账户入账提醒", "验证码用于登录，请勿告诉他人")


def _digits(chance: random.Random, count: int) -> str:
    return "".join(chance.choices("0123456789", k=count))


def _imei(chance: random.Random) -> str:
    body = "86" + _digits(chance, 12)
    return f"{body}{luhn.calc_check_digit(body)}"


def _stranger(chance: random.Random) -> str:
    return f"+861{chance.choice('3578')}{_digits(chance, 9)}"


def _everyday(
    phone: _Phone, calls_a_day: float = 5.0, first_day: int = 0, hours: Sequence[int] = EVENING
) -> None:
    """Family and friends, some strangers, a few messages."""
    chance = phone.chance
    friends = [_stranger(chance) for _ in range(chance.randrange(12, 40))]
    liking = [1 / (1 + place) for place in range(len(friends))]
    for day in range(first_day, WINDOW_DAYS):
        for _ in range(_poisson(chance, calls_a_day)):
            other = chance.choices(friends, liking)[0] if chance.random() < 0.85 else _stranger(chance)
            phone.call(phone.moment(day, hours), other, chance.choice(("in", "out")), 0.8, 70)
        for _ in range(_poisson(chance, 2)):
            direction = chance.choice(("in", "out"))
            friend = chance.choices(friends, liking)[0]
            phone.text(phone.moment(day, hours), friend, chance.choice(_FRIENDLY), direction)
        for _ in range(_poisson(chance, 3)):
            phone.text(phone.moment(day, EVENING), "106" + _digits(chance, 6), chance.choice(_NOTICES), "in")


def _poisson(chance: random.Random, mean: float) -> int:
    """A count around its mean; a normal one is near enough for large ones."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count, left = count + 1, left + chance.expovariate(1.0)
    return count


def _is_weekend(day: int) -> bool:
    return (SINCE + timedelta(days=day)).weekday() >= 5


# --- the honest


def _ordinary(cast: _Cast) -> UsedLine:
    chance = cast.chance
    line = UsedLine(cast.number, "ordinary", chance.uniform(60, 3000), owner_numbers=chance.choice((1, 1, 2)))
    _everyday(_Phone(chance, line, chance.randrange(3, 15)), chance.uniform(0.3, 9))
    return line


def _newcomer(cast: _Cast) -> UsedLine:
    """Moves to town: rooms, jobs and offices are called."""
    chance = cast.chance
    line = UsedLine(cast.number, "newcomer", 9.0, owner_openings=1)
    phone = _Phone(chance, line, 12)
    _everyday(phone, 5, first_day=21)
    for day in range(21, WINDOW_DAYS):
        for _ in range(_poisson(chance, 7)):
            other = _stranger(chance)
            phone.call(phone.moment(day, OFFICE), other, "out", 0.7, 60)
            if chance.random() < 0.3:
                phone.call(phone.moment(day, OFFICE), other, "in", 0.9, 60)
    return line


def _watchman(cast: _Cast) -> UsedLine:
    """Works at night, in one place, and calls home."""
    chance = cast.chance
    line = UsedLine(cast.number, "night_watchman", 900.0)
    _everyday(_Phone(chance, line, 1), 3, hours=(22, 23, 0, 1, 2, 3, 4, 5))
    return line


def _traveller(cast: _Cast) -> UsedLine:
    """Flies to another city and back."""
    chance = cast.chance
    line = UsedLine(cast.number, "traveller", 1500.0)
    phone = _Phone(chance, line, 8)
    _everyday(phone, 5)
    for place, call in enumerate(line.calls):
        if (call.began_at - SINCE).days in (10, 11, 12):
            line.calls[place] = call._replace(cell="away", latitude=39.9, longitude=116.4, region="110105")
    line.messages[:] = [one for one in line.messages if not 9 <= (one.sent_at - SINCE).days <= 13]
    line.calls[:] = [one for one in line.calls if (one.began_at - SINCE).days not in (9, 13)]
    return line


def _hotline(cast: _Cast) -> UsedLine:
    """A hospital: called day and night, and calls back those who called."""
    chance = cast.chance
    line = UsedLine(cast.number, "hospital_hotline", 2000.0, "unit", "hotline", owner_numbers=4)
    phone = _Phone(chance, line, 1)
    for day in range(WINDOW_DAYS):
        for _ in range(_poisson(chance, 150)):
            patient = _stranger(chance)
            at = phone.moment(day, (*range(24), *OFFICE, *OFFICE))
            phone.call(at, patient, "in", 0.85, 90)
            if chance.random() < 0.3:
                phone.call(at + timedelta(minutes=chance.randrange(5, 300)), patient, "out", 0.7, 90)
        for _ in range(0 if _is_weekend(day) else _poisson(chance, 40)):
            phone.call(phone.moment(day, OFFICE), _stranger(chance), "out", 0.7, 45)
    return line


def _courier(cast: _Cast) -> UsedLine:
    """Sixty doors a day, each called once; some call back."""
    chance = cast.chance
    line = UsedLine(cast.number, "courier", chance.uniform(40, 1500))
    phone = _Phone(chance, line, 40)
    _everyday(phone, 3)
    for day in range(WINDOW_DAYS):
        for _ in range(0 if day % 7 == 3 else _poisson(chance, 65)):
            at, customer = phone.moment(day, range(8, 20)), _stranger(chance)
            phone.call(at, customer, "out", 0.75, 16)
            if chance.random() < 0.22:
                phone.call(at + timedelta(minutes=chance.randrange(1, 60)), customer, "in", 0.9, 25)
    return line


def _campaign(cast: _Cast) -> UsedLine:
    """A call centre works through a list, in office hours, from one room."""
    chance = cast.chance
    line = UsedLine(cast.number, "campaign_call_centre", 25.0, "unit", "call_centre", owner_numbers=5)
    phone = _Phone(chance, line, 1)
    for day in range(WINDOW_DAYS):
        for _ in range(0 if _is_weekend(day) else _poisson(chance, 150)):
            at, person = phone.moment(day, OFFICE), _stranger(chance)
            phone.call(at, person, "out", 0.38, 30)
            if chance.random() < 0.1:
                phone.call(at + timedelta(minutes=90), person, "out", 0.3, 30)
            if chance.random() < 0.03:
                phone.call(at + timedelta(minutes=20), person, "in", 0.8, 40)
    return line


def _taxi(cast: _Cast) -> UsedLine:
    """Passengers call and are called, at night too."""
    chance = cast.chance
    line = UsedLine(cast.number, "taxi_driver", 1200.0)
    phone = _Phone(chance, line, 60)
    _everyday(phone, 4)
    for day in range(WINDOW_DAYS):
        for _ in range(_poisson(chance, 22)):
            at, passenger = phone.moment(day, (*range(17, 24), *range(5))), _stranger(chance)
            phone.call(at, passenger, "out", 0.85, 20)
            if chance.random() < 0.45:
                phone.call(at + timedelta(minutes=3), passenger, "in", 0.9, 20)
    return line


def _bank(cast: _Cast) -> UsedLine:
    """Ten thousand identical messages in a week, and nobody answers."""
    chance = cast.chance
    line = UsedLine(cast.number, "bank_sender", 2500.0, "unit", "notification_sender", owner_numbers=4)
    phone = _Phone(chance, line, 1)
    words = (
        "【江南银行】尊敬的客户，系统将于周日凌晨升级，期间暂停服务，详情见 https://bank.example 或致电955990"
    )
    for _ in range(10_000):
        at, customer = phone.moment(chance.randrange(10, 17), range(8, 21)), _stranger(chance)
        phone.text(at, customer, words)
        if chance.random() < 0.004:
            phone.text(at + timedelta(minutes=9), customer, "收到", "in")
    return line


def _school(cast: _Cast) -> UsedLine:
    """Parents of absent children get a message or a call each morning, and call back."""
    chance = cast.chance
    line = UsedLine(
        cast.number, "school_absence_line", 1800.0, "unit", "notification_sender", owner_numbers=2
    )
    phone = _Phone(chance, line, 1)
    parents = [_stranger(chance) for _ in range(600)]
    for day in range(WINDOW_DAYS):
        for parent in () if _is_weekend(day) else chance.sample(parents, 25):
            at = phone.moment(day, (8,))
            phone.text(
                at, parent, f"【一中】您的孩子今日{chance.randrange(1, 4)}节课未到校，请与班主任联系。"
            )
            if chance.random() < 0.5:
                phone.text(at + timedelta(minutes=12), parent, "孩子发烧，在家休息", "in")
            if chance.random() < 0.4:
                phone.call(at + timedelta(minutes=30), parent, "out", 0.8, 60)
            if chance.random() < 0.3:
                phone.call(at + timedelta(minutes=50), parent, "in", 0.9, 60)
    return line


def _agent(cast: _Cast) -> UsedLine:
    """Sells insurance: many are called, some again, some call back."""
    chance = cast.chance
    line = UsedLine(cast.number, "insurance_agent", 1100.0, owner_numbers=2)
    phone = _Phone(chance, line, 25)
    _everyday(phone, 5)
    for day in range(WINDOW_DAYS):
        for _ in range(0 if _is_weekend(day) else _poisson(chance, 35)):
            at, prospect = phone.moment(day, range(9, 20)), _stranger(chance)
            phone.call(at, prospect, "out", 0.5, 70)
            if chance.random() < 0.25:
                phone.call(at + timedelta(hours=2), prospect, "out", 0.6, 120)
            if chance.random() < 0.16:
                phone.call(at + timedelta(hours=1), prospect, "in", 0.9, 120)
    return line


# --- fraud


def _box(cast: _Cast) -> UsedLine:
    """One of eight cards in a machine that calls strangers day and night."""
    chance = cast.chance
    line = UsedLine(cast.number, "sim_box", 11.0, owner_numbers=chance.choice((2, 3, 5)), owner_openings=2)
    phone = _Phone(chance, line, 1)
    machine = random.Random(cast.team)  # noqa: S311  # no secret
    slots = [_imei(machine) for _ in range(4)]
    phone.cells = [(f"box-{machine.randrange(10**6)}", 31.4, 120.5)]
    for day in range(19, 27):
        for _ in range(_poisson(chance, 110)):
            phone.imei = chance.choice(slots)
            at, victim = phone.moment(day, range(24)), _stranger(chance)
            phone.call(at, victim, "out", 0.35, 35)
            if chance.random() < 0.015:
                phone.call(at + timedelta(minutes=30), victim, "in", 0.5, 20)
    return line


def _shifts(cast: _Cast) -> UsedLine:
    """Callers take turns at one table, from morning until after midnight."""
    chance = cast.chance
    line = UsedLine(cast.number, "caller_in_shifts", 14.0, owner_numbers=3, owner_openings=2)
    phone = _Phone(chance, line, 1)
    for day in range(17, WINDOW_DAYS):
        for _ in range(_poisson(chance, 90)):
            at, victim = phone.moment(day, (*range(8, 24), 0, 1)), _stranger(chance)
            phone.call(at, victim, "out", 0.5, 45)
            if chance.random() < 0.05:
                phone.call(at + timedelta(minutes=40), victim, "out", 0.9, 900)
            if chance.random() < 0.02:
                phone.call(at + timedelta(minutes=80), victim, "in", 0.9, 200)
    return line


_BAIT = (
    "您有一笔贷★款额度5万已审批，无抵押当天放款，加微信 dk8866{0} 领取",
    "【客.服】您的账户异常，请点击 http://safe{0}.example 解冻，否则将扣除500元",
    "高薪兼职，日结3OO，刷单返現，联系 QQ 33221{0}",
)


def _blaster(cast: _Cast) -> UsedLine:
    """Three thousand texts in two days, disguised, with a handle to turn to."""
    chance = cast.chance
    line = UsedLine(cast.number, "sms_blaster", 6.0, owner_numbers=3, owner_openings=3)
    phone = _Phone(chance, line, 20)
    for _ in range(3000):
        day = chance.choice((27, 28))
        words = chance.choice(_BAIT).format(chance.randrange(10))
        at, victim = phone.moment(day, range(9, 22)), _stranger(chance)
        phone.text(at, victim, words)
        if chance.random() < 0.008:
            phone.text(at + timedelta(minutes=5), victim, "怎么领", "in")
    return line


def _awakened(cast: _Cast) -> UsedLine:
    """Lay in a drawer for years, was bought, and calls for three days."""
    chance = cast.chance
    line = UsedLine(cast.number, "awakened_number", 900.0)
    phone = _Phone(chance, line, 2)
    for day in range(26, 29):
        for _ in range(_poisson(chance, 80)):
            at, victim = phone.moment(day, range(9, 21)), _stranger(chance)
            phone.call(at, victim, "out", 0.45, 50)
            if chance.random() < 0.02:
                phone.call(at + timedelta(minutes=80), victim, "in", 0.9, 100)
    return line


def _mule(cast: _Cast) -> UsedLine:
    """A card that is handed on: in another phone every few days, for codes and a few calls."""
    chance = cast.chance
    line = UsedLine(cast.number, "moved_mule", 80.0, owner_numbers=4, owner_openings=3)
    phone = _Phone(chance, line, 6)
    hands = [_imei(chance) for _ in range(7)]
    for day in range(WINDOW_DAYS):
        phone.imei = hands[day * len(hands) // WINDOW_DAYS]
        for _ in range(_poisson(chance, 4)):
            phone.call(phone.moment(day, EVENING), _stranger(chance), "out", 0.5, 40)
        for _ in range(_poisson(chance, 6)):
            phone.text(phone.moment(day, EVENING), "106" + _digits(chance, 6), chance.choice(_NOTICES), "in")
    return line


def _relay(cast: _Cast) -> UsedLine:
    """Stands between: two numbers call in all day, and each time a stranger is called."""
    chance = cast.chance
    line = UsedLine(cast.number, "relay", 20.0, owner_numbers=2, owner_openings=1)
    phone = _Phone(chance, line, 1)
    bosses = [_stranger(chance) for _ in range(2)]
    for day in range(12, WINDOW_DAYS):
        for _ in range(_poisson(chance, 45)):
            at = phone.moment(day, range(9, 22))
            phone.call(at, chance.choice(bosses), "in", 1.0, 200)
            victim = _stranger(chance)
            phone.call(at + timedelta(seconds=7), victim, "out", 0.6, 190)
            if chance.random() < 0.02:
                phone.call(at + timedelta(minutes=50), victim, "in", 0.9, 60)
    return line


Role = Callable[[_Cast], UsedLine]

_HONEST: Final[dict[str, Role]] = {
    "ordinary": _ordinary,
    "newcomer": _newcomer,
    "night_watchman": _watchman,
    "traveller": _traveller,
    "hospital_hotline": _hotline,
    "courier": _courier,
    "campaign_call_centre": _campaign,
    "taxi_driver": _taxi,
    "bank_sender": _bank,
    "school_absence_line": _school,
    "insurance_agent": _agent,
}
_FRAUD: Final[dict[str, Role]] = {
    "sim_box": _box,
    "caller_in_shifts": _shifts,
    "sms_blaster": _blaster,
    "awakened_number": _awakened,
    "moved_mule": _mule,
    "relay": _relay,
}
HONEST_ROLES: Final = tuple(_HONEST)
FRAUD_ROLES: Final = tuple(_FRAUD)
ROLES: Final = {**_HONEST, **_FRAUD}
