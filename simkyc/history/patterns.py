"""The pattern behind an opening, asked inside one open transaction, the same for every SQL database."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from simkyc.facts import Actor, ActorCounts, PatternFacts, SharedThing, Spread, Visit
from simkyc.history import pattern_questions as questions
from simkyc.history.protocol import OpeningKeys, OpeningWindows
from simkyc.history.statements import Asker, Statements, epoch_seconds, moment_of, position_of
from simkyc.verdict import Decision

__all__ = ["NEIGHBOURHOOD", "PatternReader", "day_start"]

NEIGHBOURHOOD: Final = 10
"""Numbers up and down that count as neighbours."""

CHINA_S: Final = 8 * 3600
DAY_S: Final = 86_400
Taken = tuple[int, str | None]
"""When a card or number was taken, and by whom."""
_SERIAL = re.compile(r"[0-9]{19,20}")


def day_start(moment: int) -> int:
    """The last midnight in China, in epoch seconds.

    >>> day_start(1793671200) % 86400 == (24 - 8) * 3600
    True
    """
    return moment - (moment + CHINA_S) % DAY_S


class PatternReader(Statements):
    """Questions about patterns, as `protocol.Reader` says."""

    def patterns(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> PatternFacts:
        """What the history says of the pattern behind an opening."""
        low, high = _neighbour_cards(keys.iccid)
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
        rows = self._asked((questions.BASELINE,), asker, keys.actors, (("baseline", windows.baseline_s),))
        return {
            what: tuple(ActorCounts(row.openings, row.remote_first) for row in rows if row.what == what)
            for what, _ in keys.actors
        }

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


def _neighbour_cards(iccid: str | None) -> tuple[str | None, str | None]:
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
