"""A day of activations played against a history: who is found, and that nobody honest loses a service.

Everything is drawn from one seed. The day goes: cards are sold and settled, the network reports what it sees, some of
it early, twice or late, and a day after its opening every line is looked at.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from simkyc import Application, Decision, Screener, State, Verdict
from simkyc.gather import device_listing_keys, opening_keys
from simkyc.history import open_history
from simkyc.history.protocol import Entry, History
from simkyc.line import Sighting
from simkyc.testing import NOW, Clock, FakeFaceEngine, application, iccid_of

LINES = 400
BOX_IMEI = "861234500000019"
"""A SIM box that no list knows."""
DUMMIES = ("000000000000000", "111111111111111", "12345")

START = NOW - timedelta(days=2)


@dataclass
class Player:
    """One line of the day: what it was cast as, what the network said of it and what was answered."""

    seed: int
    part: str
    opened_at: datetime
    applied: Application
    reports: list[Sighting] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)
    looked_at: Verdict | None = None

    @property
    def msisdn(self) -> str:
        return self.applied.sim.msisdn

    @property
    def imei(self) -> str:
        assert self.applied.device is not None
        return self.applied.device.imei

    @property
    def flagged(self) -> set[str]:
        every = [*self.verdicts, *([self.looked_at] if self.looked_at else [])]
        return {
            finding.reason
            for verdict in every
            for finding in verdict.findings
            if finding.state is State.FLAGGED
        }

    @property
    def acted_on(self) -> set[tuple[str, str]]:
        every = [*self.verdicts, *([self.looked_at] if self.looked_at else [])]
        return {(action.service, action.status) for verdict in every for action in verdict.line_actions}

    def saw(self, minutes: float, imei: str | None = None) -> None:
        """The network sees it so long after its opening, in the declared device unless another is named."""
        self.reports.append(
            Sighting(
                msisdn=self.msisdn,
                imsi=self.applied.sim.imsi,
                imei=imei or self.imei,
                seen_at=self.opened_at + timedelta(minutes=minutes),
            )
        )


def imei_of(seed: int) -> str:
    """Another phone, of no line of the day."""
    device = application(100_000 + seed, live_photo=None, document={"portrait": None}).device
    assert device is not None
    return device.imei


def one_phone(player: Player, dice: random.Random) -> None:
    for minutes in (3, *(dice.uniform(10, 1400) for _ in range(3))):
        player.saw(minutes)


def either_imei(player: Player, dice: random.Random) -> None:
    """The network names whichever slot the card is in; it is one phone."""
    device = player.applied.device
    assert device is not None
    assert device.second_imei is not None
    for minutes in (3, 90, 200, 700, 1300):
        player.saw(minutes, dice.choice((device.imei, device.second_imei)))


def software_version(player: Player, dice: random.Random) -> None:
    """An IMEISV, or an IMEI without its check digit: networks report either."""
    player.saw(4, player.imei[:14] + "07")
    player.saw(300, player.imei[:14])
    player.saw(900, player.imei[:14] + "0")


def tried_before_the_counter_settled(player: Player, dice: random.Random) -> None:
    player.saw(-1)
    player.saw(500)


def told_twice_and_late(player: Player, dice: random.Random) -> None:
    for minutes in (700, 5, 300, 5, 700):
        player.saw(minutes)


def new_phone_the_same_day(player: Player, dice: random.Random) -> None:
    player.saw(5)
    player.saw(dice.uniform(60, 600), imei_of(player.seed))


def never_used(player: Player, dice: random.Random) -> None:
    """Nothing is seen of it."""


def in_a_listed_box(player: Player, dice: random.Random) -> None:
    player.saw(dice.uniform(20, 1300), f"86999900{player.seed:06d}0")


def in_an_unlisted_box(player: Player, dice: random.Random) -> None:
    player.saw(5)
    player.saw(dice.uniform(900, 1300), BOX_IMEI)


def from_phone_to_phone(player: Player, dice: random.Random) -> None:
    for place in range(5):
        player.saw(800 + 60 * place, imei_of(10 * player.seed + place))


def with_a_dummy_imei(player: Player, dice: random.Random) -> None:
    player.saw(30, dice.choice(DUMMIES))


Part = Callable[[Player, random.Random], None]

PARTS: dict[str, tuple[Part, int]] = {
    "one phone": (one_phone, 60),
    "either IMEI": (either_imei, 12),
    "software version": (software_version, 5),
    "tried early": (tried_before_the_counter_settled, 5),
    "told twice and late": (told_twice_and_late, 5),
    "new phone the same day": (new_phone_the_same_day, 3),
    "never used": (never_used, 3),
    "listed box": (in_a_listed_box, 2),
    "unlisted box": (in_an_unlisted_box, 3),
    "from phone to phone": (from_phone_to_phone, 1),
    "dummy IMEI": (with_a_dummy_imei, 1),
}
"""Who plays what, and of a hundred lines how many."""

HONEST = ("one phone", "either IMEI", "software version", "tried early", "told twice and late")


@dataclass
class Day:
    """What was played, and the order in which it came."""

    players: list[Player]
    screener: Screener
    clock: Clock

    def of(self, part: str) -> list[Player]:
        found = [player for player in self.players if player.part == part]
        assert found
        return found


def cast(seed: int, part: str, opened_at: datetime) -> Player:
    changes = {"device": {"second_imei": imei_of(500_000 + seed)}} if part == "either IMEI" else {}
    applied = application(
        seed,
        applied_at=opened_at,
        live_photo=None,
        document={"portrait": None},
        sim={"iccid": iccid_of(seed + 1)},
        **changes,
    )
    return Player(seed, part, opened_at, applied)


def sell(history: History, player: Player) -> None:
    """The counter's part is played elsewhere; here its card is admitted, and settled a minute later."""
    with history.write() as transaction:
        transaction.record(
            Entry(
                application_id=player.applied.application_id,
                kind="opening",
                service="personal",
                body_digest="-",
                keys=opening_keys(player.applied, history.keyring),
                decided_at=player.opened_at - timedelta(minutes=2),
                decision=Decision.ACCEPT,
                verdict_json="{}",
                admitted_until=player.opened_at + timedelta(minutes=28),
            )
        )


def list_the_box(history: History) -> None:
    from simkyc.history.protocol import WatchEntry, WatchName

    entry = WatchEntry(
        name=WatchName("tac:869999", "bulk_sim_device", "operator"),
        basis="Anti-Telecom and Online Fraud Law, art. 14",
        listed_from=START - timedelta(days=30),
        listed_until=None,
        silent_alert=False,
    )
    with history.write() as transaction:
        transaction.watch([entry], START - timedelta(days=30), import_id="import-1")
        transaction.record_import("bulk_sim_device", "operator", START - timedelta(days=30), "import-1")


@cache
def played(url: str, seed: int = 20261102) -> Day:
    dice = random.Random(seed)
    history = open_history(url, secret=b"a secret for tests only")
    list_the_box(history)
    clock = Clock(START)
    screener = Screener.open(history, faces=FakeFaceEngine(), clock=clock)
    parts = [part for part, (_, share) in PARTS.items() for _ in range(share * LINES // 100)]
    dice.shuffle(parts)
    players = [
        cast(number, part, START + timedelta(seconds=60 * number)) for number, part in enumerate(parts)
    ]
    happenings: list[tuple[datetime, int, Callable[[], None]]] = []
    for player in players:
        PARTS[player.part][0](player, dice)
        happenings.append((player.opened_at - timedelta(minutes=2), 0, lambda p=player: sell(history, p)))  # type: ignore[misc]  # bound now
        happenings.append(
            (player.opened_at, 1, lambda p=player: screener.settle(p.applied.application_id, opened=True))  # type: ignore[misc]
        )
        for place, report in enumerate(player.reports):
            heard = report.seen_at + timedelta(minutes=dice.choice((0, 0, 0, 1, 7)))
            if player.part == "tried early" and report.seen_at < player.opened_at:
                heard = report.seen_at
            if player.part == "told twice and late":
                heard = player.opened_at + timedelta(minutes=710 + place)
            happenings.append(
                (heard, 2, lambda p=player, r=report: p.verdicts.append(screener.activated(r)))  # type: ignore[misc]
            )
        happenings.append(
            (player.opened_at + timedelta(hours=24, minutes=10), 3, lambda p=player: look_at(screener, p))  # type: ignore[misc]
        )
    for moment, _, happen in sorted(happenings, key=lambda item: item[:2]):
        clock.now = moment
        happen()
    return Day(players, screener, clock)


def look_at(screener: Screener, player: Player) -> None:
    player.looked_at = screener.check_line(player.msisdn)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    path: Path = tmp_path_factory.mktemp("played") / "kyc.db"
    one = played(f"sqlite:///{path}")
    yield one
    one.screener.close()
    played.cache_clear()


@pytest.mark.parametrize("part", HONEST)
def test_nobody_honest_loses_a_service(day: Day, part: str) -> None:
    for player in day.of(part):
        assert player.acted_on == set()
        assert player.flagged <= {"binding.line_unknown"}, "of a card that was tried before it was settled"
        assert player.looked_at is not None
        assert (player.looked_at.decision, player.looked_at.line_state) == (Decision.ACCEPT, "bound")
        assert not player.looked_at.silent_alert


def test_a_card_tried_early_is_known_once_it_is_settled(day: Day) -> None:
    for player in day.of("tried early"):
        assert player.verdicts[0].decision is Decision.RETRY
        assert player.verdicts[0].line_state is None
        assert player.verdicts[0].application_id is None
        assert player.verdicts[-1].application_id == player.applied.application_id


# part, what is always found, what may be besides, what becomes of its services
FOUND: dict[str, tuple[set[str], set[str], set[tuple[str, str]]]] = {
    "new phone the same day": (
        {"binding.device_differs", "binding.moved_soon", "binding.first_change_of_new_user"},
        set(),
        {("voiceSmsOut", "suspended")},
    ),
    "never used": ({"binding.not_used"}, set(), set()),
    "listed box": (
        {"binding.device_bulk_sim", "binding.device_differs"},
        {"binding.moved_soon", "binding.first_change_of_new_user"},
        {("voiceSmsIn", "suspended"), ("voiceSmsOut", "suspended"), ("dataService", "suspended")},
    ),
    "from phone to phone": (
        {
            "binding.device_differs",
            "binding.frequent_changes",
            "binding.many_devices",
            "binding.first_change_of_new_user",
        },
        set(),
        {("voiceSmsOut", "suspended")},
    ),
    "dummy IMEI": ({"binding.imei_malformed"}, {"binding.not_used"}, set()),
}


@pytest.mark.parametrize("part", FOUND)
def test_what_is_found(day: Day, part: str) -> None:
    always, besides, services = FOUND[part]
    for player in day.of(part):
        assert always <= player.flagged <= always | besides
        assert player.acted_on == services


def test_a_box_on_no_list_is_found_by_its_lines(day: Day) -> None:
    """Three numbers in one device in a day are a phone with two slots; from the fourth on it is a box."""
    inside = day.of("unlisted box")
    ordered = sorted(inside, key=lambda player: player.reports[-1].seen_at)
    assert len(ordered) > 6
    for place, player in enumerate(ordered):
        assert "binding.device_differs" in player.flagged
        if place >= 6:
            assert "binding.many_lines_on_device" in player.flagged
            assert any(verdict.silent_alert for verdict in player.verdicts)
            assert ("voiceSmsOut", "suspended") in player.acted_on
    late = [player.looked_at for player in ordered if player.looked_at is not None]
    assert sum("binding.many_lines_on_device" in verdict.flagged for verdict in late) > len(ordered) / 2


def test_a_dummy_ties_nobody_to_anybody(day: Day) -> None:
    keyring = day.screener._history.keyring
    dummies = {keyring.device(number) for number in DUMMIES}
    with day.screener._history.read() as reader:
        for player in day.players:
            seen = reader.sightings(keyring.msisdn(player.msisdn), day.clock.now)
            assert not dummies & {one.device for one in seen}


def test_reports_told_again_change_nothing(day: Day) -> None:
    """Whatever the order in which they come, and however often."""
    history, keyring = day.screener._history, day.screener._history.keyring
    players = [player for player in day.players if player.reports][:60]

    def remembered() -> list[object]:
        with history.read() as reader:
            return [reader.sightings(keyring.msisdn(player.msisdn), day.clock.now) for player in players]

    before = remembered()
    reports = [report for player in players for report in player.reports]
    random.Random(1).shuffle(reports)
    for report in reports:
        day.screener.activated(report)
    assert remembered() == before


def test_a_line_is_judged_as_of_then_as_it_was_judged_then(day: Day) -> None:
    """Asked again about that moment, the history answers what it answered."""
    for player in day.players[:120]:
        then = player.looked_at
        assert then is not None
        again = day.screener.check_line(player.msisdn, at=then.decided_at)
        assert (again.decision, again.reasons, again.findings) == (then.decision, then.reasons, then.findings)


def test_the_listed_box_is_on_the_list_that_is_asked(day: Day) -> None:
    from simkyc.application import Device

    keys = device_listing_keys(Device(imei="869999000000011"), day.screener._history.keyring)
    assert "tac:869999" in keys
