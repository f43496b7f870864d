"""The pattern behind an opening, asked inside one open transaction, the same for every SQL database."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import Connection, text

from simkyc.errors import SimkycError
from simkyc.facts import Actor, ActorCounts, PatternFacts, SharedThing, Spread, Visit
from simkyc.history import pattern_questions as questions
from simkyc.history.protocol import NEIGHBOURHOOD, OpeningKeys, OpeningWindows
from simkyc.history.statements import (
    FOREVER,
    Asker,
    Statements,
    epoch_seconds,
    moment_of,
    position_of,
)
from simkyc.verdict import Decision

__all__ = ["FullDays", "PatternReader", "day_start", "neighbour_cards"]

CHINA_S: Final = 8 * 3600
DAY_S: Final = 86_400
Taken = tuple[int, str | None]
"""When a card or number was taken, and by whom."""
AFTER_MIDNIGHT_S: Final = 3600
"""So long whoever's clock is slow, or whose commit hangs, may still record something of the day before."""
SINCE = text(
    "SELECT (SELECT COALESCE(MAX(upkeep_no), 0) FROM upkeep) AS deleted,"
    " (SELECT COALESCE(MAX(entry_no), 0) FROM application WHERE entry_no > 0) AS last_entry,"
    " (SELECT COUNT(*) FROM application WHERE entry_no > :last_entry AND decided_at < :day_start) AS late"
)
_SERIAL = re.compile(r"[0-9]{19,20}")


def day_start(moment: int) -> int:
    """The last midnight in China, in epoch seconds.

    >>> day_start(1793671200) % 86400 == (24 - 8) * 3600
    True
    """
    return moment - (moment + CHINA_S) % DAY_S


@dataclass(slots=True)
class _Counted:
    """Openings by who served and where, on the full days before one day."""

    days: tuple[int, int]
    deleted: int
    last_entry: int
    openings: dict[tuple[Actor, str], tuple[ActorCounts, ...]] = field(default_factory=dict)


class FullDays:
    """What was counted on days that are over, kept for one history as long as nothing of them changes.

    A large dealer has tens of thousands of openings in a few weeks: to count them for each would take longer than all
    else. What was deleted since, or recorded late, makes everything be counted anew.
    """

    def __init__(self) -> None:
        self._counted: _Counted | None = None

    def known(self, days: tuple[int, int], ask: Callable[[int], tuple[int, int, int]]) -> _Counted:
        """What was counted of these days.

        Args:
            days: The midnight they end at, and how many seconds they go back.
            ask: Says what was last deleted, the last entry, and how many after the one given are of these days.
        """
        counted = self._counted
        same = counted is not None and counted.days == days
        deleted, last_entry, late = ask(counted.last_entry if counted is not None and same else FOREVER)
        if counted is None or not same or late or counted.deleted != deleted:
            counted = self._counted = _Counted(days, deleted, last_entry)
        counted.last_entry = max(counted.last_entry, last_entry)
        return counted


class PatternReader(Statements):
    """Questions about patterns, as `protocol.Reader` says.

    Args:
        connection: Has a transaction open.
        name_fault: As `Statements`.
        full_days: What the history keeps of days that are over; None to count them each time.
    """

    def __init__(
        self,
        connection: Connection,
        name_fault: Callable[[BaseException], SimkycError],
        full_days: FullDays | None = None,
    ) -> None:
        super().__init__(connection, name_fault)
        self._full_days = full_days

    def patterns(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> PatternFacts:
        """What the history says of the pattern behind an opening."""
        low, high = neighbour_cards(keys.iccid)
        asker = self._asker(
            at,
            before=before,
            person=keys.person,
            store=keys.store_id,
            card_low=low,
            card_high=high,
            day_start=day_start(epoch_seconds(at)),
        )
        cards, in_order = (None, 0) if low is None else self._cards(asker, keys, windows, epoch_seconds(at))
        return PatternFacts(
            trail=None if keys.person is None else self._trail(asker, windows),
            baselines=self._baselines(asker, keys, windows),
            consecutive_cards=cards,
            cards_in_order=in_order,
            consecutive_numbers=None if keys.msisdn is None else self._numbers(asker, keys, windows),
            fraudulent=self._outcomes(asker, keys, windows),
            spread=self._spread(asker, keys, windows),
            days_at_this_hour=self._hour(asker, windows),
        )

    def _trail(self, asker: Asker, windows: OpeningWindows) -> tuple[Visit, ...]:
        rows = self._asked((questions.TRAIL,), asker, (), (("trail", windows.trail_s),))
        return tuple(
            Visit(
                decided_at=moment_of(row.decided_at),
                decision=Decision(row.decision),
                store_id=row.store_id,
                dealer_id=row.dealer_id,
                position=position_of(row.latitude_e6, row.longitude_e6),
            )
            for row in rows
        )

    def _baselines(
        self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows
    ) -> Mapping[Actor, tuple[ActorCounts, ...]]:
        ends, now = int(asker["day_start"] or 0), int(asker["at"] or 0)
        if self._full_days is None or now < ends + AFTER_MIDNIGHT_S:
            return self._counted(asker, keys.actors, windows)
        days = self._full_days.known((ends, windows.baseline_s), partial(self._since, ends))
        missing = tuple(actor for actor in keys.actors if actor not in days.openings)
        if missing:
            counted = self._counted(asker, missing, windows)
            days.openings.update({(what, key): counted[what] for what, key in missing})
        return {what: days.openings[what, key] for what, key in keys.actors}

    def _counted(
        self, asker: Asker, actors: tuple[tuple[Actor, str], ...], windows: OpeningWindows
    ) -> dict[Actor, tuple[ActorCounts, ...]]:
        rows = self._asked((questions.BASELINE,), asker, actors, (("baseline", windows.baseline_s),))
        return {
            what: tuple(ActorCounts(row.openings, row.remote_first) for row in rows if row.what == what)
            for what, _ in actors
        }

    def _since(self, ends: int, last_entry: int) -> tuple[int, int, int]:
        row = self._rows(SINCE, {"last_entry": last_entry, "day_start": ends})[0]
        return row.deleted, row.last_entry, row.late

    def _cards(self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows, at: int) -> tuple[int, int]:
        """Other people who took the run of cards in the window, and how many cards it has in the longer one."""
        spans = (("neighbours", windows.order_s),)
        own = int((keys.iccid or "")[:19])
        taken = {
            int(row.iccid[:19]) - own: (row.decided_at, row.person_key)
            for row in self._asked((questions.NEIGHBOURS,), asker, (), spans)
            if _SERIAL.fullmatch(row.iccid)
        }
        run = _run(taken)
        people = {person for moment, person in run if moment > at - windows.neighbours_s}
        return len(people - {keys.person, None}), len(run)

    def _numbers(self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows) -> int:
        if not keys.neighbours:
            return 0
        named = tuple((str(step), key) for step, key in keys.neighbours)
        spans = (("neighbours", windows.neighbours_s),)
        rows = self._asked((questions.NEIGHBOUR_NUMBERS,), asker, named, spans)
        run = _run({int(row.what): (row.decided_at, row.person_key) for row in rows})
        return len({person for _, person in run} - {keys.person, None})

    def _outcomes(
        self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows
    ) -> Mapping[SharedThing | Actor, int]:
        named: tuple[tuple[SharedThing | Actor, str], ...] = (*keys.shared, *keys.actors)
        staff = {what for what, _ in keys.actors}
        spans = tuple(("outcomes", window_s) for window_s in {windows.outcomes_s, windows.baseline_s})
        return {
            row.what: row.fraudulent
            for row in self._asked((questions.OUTCOMES,), asker, named, spans)
            if row.window_s == (windows.baseline_s if row.what in staff else windows.outcomes_s)
        }

    def _spread(
        self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows
    ) -> Mapping[SharedThing, Mapping[int, Spread]]:
        spans = tuple(("spread", window_s) for window_s in windows.spread_s)
        if not keys.shared or not spans:
            return {}
        found: dict[SharedThing, dict[int, Spread]] = {}
        for row in self._asked((questions.SPREAD,), asker, keys.shared, spans):
            found.setdefault(row.what, {})[row.window_s] = Spread(
                days=row.days,
                store_ids=(row.stores, row.store_id),
                clerk_ids=(row.clerks, row.clerk_id),
                first_at=moment_of(row.first_at),
                last_at=moment_of(row.last_at),
                openings=ActorCounts(row.openings, row.remote_first),
            )
        return found

    def _hour(self, asker: Asker, windows: OpeningWindows) -> int | None:
        rows = self._asked((questions.HOUR,), asker, (), (("baseline", windows.baseline_s),))
        return next((row.days for row in rows), None)


def neighbour_cards(iccid: str | None) -> tuple[str | None, str | None]:
    """The lowest and highest ICCID around one, the check digit left open; nothing where letters stand in it."""
    if iccid is None or not _SERIAL.fullmatch(iccid):
        return None, None
    serial = int(iccid[:19])
    return f"{serial - NEIGHBOURHOOD:019d}", f"{serial + NEIGHBOURHOOD + 1:019d}"


def _run(taken: Mapping[int, Taken]) -> list[Taken]:
    """The longer of the two runs of cards that were taken one after the other, up or down to the one that comes next.

    Args:
        taken: When and by whom, by the distance from the card that comes next. Customers who choose break the
            order even where every neighbour is sold: only what was taken ever earlier the further away counts.
    """
    runs: list[list[Taken]] = []
    for direction in (1, -1):
        run: list[Taken] = []
        for step in itertools.count(direction, direction):
            if step not in taken or (run and taken[step][0] > run[-1][0]):
                break
            run.append(taken[step])
        runs.append(run)
    return max(runs, key=len)
