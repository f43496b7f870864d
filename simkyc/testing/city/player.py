"""Playing a simulated city against a screener, as its counters would."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from simkyc.screener import Screener
from simkyc.testing.builders import Clock
from simkyc.testing.city.events import Closed, Delivered, Outcome, Seen, Visit
from simkyc.testing.city.simulation import World
from simkyc.verdict import Decision

__all__ = ["Played", "play"]

FOOLED: Final = 0.3
"""Share of fraudulent applications in review that a supervisor approves, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a screener made of one event.

    Attributes:
        event: A visit, or a line that the network saw.
        decision: Of its verdict.
        reasons: What made the decision worse than ACCEPT and holds, worst first.
        silent_alert: Whether security staff were told.
        opened: Whether the card was issued; None of a line.
    """

    event: Visit | Seen
    decision: Decision
    reasons: tuple[str, ...]
    silent_alert: bool
    opened: bool | None


def play(screener: Screener, world: World, clock: Clock, *, fooled: float = FOOLED) -> Iterator[Played]:
    """Let everything in a world happen to a screener, one event at a time.

    Cards are allocated as they come. What is accepted is settled at once; what is in review a supervisor approves if it
    is honest, and if it is fraud in a share of cases. Nobody mends what was to be corrected. What follows from an
    opening that was refused does not happen.

    Args:
        screener: With an empty history, `FakeCrowdEngine` for faces, and `clock`.
        world: What happens.
        clock: The one that the screener was opened with; it is moved on.
        fooled: Share of fraudulent applications in review that a supervisor approves, 0 to 1.

    Yields:
        What was made of each visit and each line seen.
    """
    issued: dict[str, str] = {}
    for event in world.events():
        clock.now = event.at
        match event:
            case Delivered():
                screener.allocate(event.store_id, [card.iccid for card in event.cards])
            case Visit() if event.after is None or event.after in issued:
                yield _visit(screener, event, issued, fooled)
            case Seen() if event.application_id in issued:
                verdict = screener.activated(event.sighting)
                yield Played(event, verdict.decision, verdict.flagged, verdict.silent_alert, None)
            case Closed() if event.application_id in issued:
                screener.close_number(event.application_id)
            case Outcome() if event.application_id in issued:
                screener.report_outcome(issued[event.application_id], is_fraud=event.fraud)
            case _:
                pass


def _visit(screener: Screener, visit: Visit, issued: dict[str, str], fooled: float) -> Played:
    application_id = visit.application.application_id
    verdict = screener.screen(visit.application)
    opened = verdict.decision is Decision.ACCEPT
    if opened:
        screener.settle(application_id, opened=True)
    elif verdict.decision is Decision.REVIEW:
        chance = random.Random(application_id)  # noqa: S311  # a simulation
        approves = visit.label is None or chance.random() < fooled
        opened = approves and not verdict.to_correct
        screener.settle(application_id, opened=opened, approved_by="supervisor-1" if opened else None)
    if opened:
        issued[application_id] = visit.application.sim.msisdn
    return Played(visit, verdict.decision, verdict.flagged, verdict.silent_alert, opened)
