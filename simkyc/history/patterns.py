"""The pattern behind an opening, asked inside one open transaction, the same for every SQL database."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from simkyc.facts import Actor, ActorCounts, PatternFacts, SharedThing, Visit
from simkyc.history import pattern_questions as questions
from simkyc.history.protocol import OpeningKeys, OpeningWindows
from simkyc.history.statements import Asker, Statements, epoch_seconds, moment_of, position_of
from simkyc.verdict import Decision

__all__ = ["NEIGHBOURHOOD", "PatternReader", "day_start"]

NEIGHBOURHOOD: Final = 10
"""Numbers up and down that count as neighbours."""

CHINA_S: Final = 8 * 3600
DAY_S: Final = 86_400
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
            card_low=low,
            card_high=high,
            day_start=day_start(epoch_seconds(at)),
        )
        return PatternFacts(
            trail=None if keys.person is None else self._trail(asker, windows),
            baselines=self._baselines(asker, keys, windows),
            consecutive_cards=None
            if keys.iccid is None or low is None
            else self._cards(asker, keys, windows),
            consecutive_numbers=None if keys.msisdn is None else self._numbers(asker, keys, windows),
            fraudulent=self._outcomes(asker, keys, windows),
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

    def _cards(self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows) -> int:
        spans = (("neighbours", windows.neighbours_s),)
        own = int((keys.iccid or "")[:19])
        taken: dict[int, str | None] = {}
        for row in self._asked((questions.NEIGHBOURS,), asker, (), spans):
            if _SERIAL.fullmatch(row.iccid):
                taken[int(row.iccid[:19])] = row.person_key
        return len(_run({serial - own: person for serial, person in taken.items()}) - {keys.person})

    def _numbers(self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows) -> int:
        if not keys.neighbours:
            return 0
        named = tuple((str(step), key) for step, key in keys.neighbours)
        spans = (("neighbours", windows.neighbours_s),)
        rows = self._asked((questions.NEIGHBOUR_NUMBERS,), asker, named, spans)
        return len(_run({int(row.what): row.person_key for row in rows}) - {keys.person})

    def _outcomes(
        self, asker: Asker, keys: OpeningKeys, windows: OpeningWindows
    ) -> Mapping[SharedThing | Actor, int]:
        named: tuple[tuple[SharedThing | Actor, str], ...] = (*keys.shared, *keys.actors)
        rows = self._asked((questions.OUTCOMES,), asker, named, (("outcomes", windows.outcomes_s),))
        return {row.what: row.fraudulent for row in rows}


def _neighbour_cards(iccid: str | None) -> tuple[str | None, str | None]:
    """The lowest and highest ICCID around one, the check digit left open; nothing where letters stand in it."""
    if iccid is None or not _SERIAL.fullmatch(iccid):
        return None, None
    serial = int(iccid[:19])
    return f"{serial - NEIGHBOURHOOD:019d}", f"{serial + NEIGHBOURHOOD + 1:019d}"


def _run(taken: Mapping[int, str | None]) -> set[str | None]:
    """The people behind the unbroken run of neighbours on both sides, by their distance from one that is not in it."""
    people: set[str | None] = set()
    for direction in (1, -1):
        steps: Sequence[int] = list(
            itertools.takewhile(lambda step: step in taken, itertools.count(direction, direction))
        )
        people |= {taken[step] for step in steps}
    return people - {None}
