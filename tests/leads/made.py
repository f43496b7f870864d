"""A story to make leads of: six people, whose numbers end in one box; and a ring that pays from one account."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simkyc import Application, Screener
from simkyc.leads.lead import Lead, Order
from simkyc.leads.ledger import Leads
from simkyc.line import Sighting
from simkyc.rings.files import leave
from simkyc.rings.ring import Ring, Rings
from simkyc.testing import Clock, application, swatch
from simkyc.usage.scored import Scored
from simkyc.verdict import Decision, Evidence, Finding, JudgedUse, State, Verdict
from tests.rings.made_links import found, link

__all__ = ["PEOPLE", "SECRET", "World", "honest", "order", "play", "ring_file", "rings", "usage_verdict"]

SECRET = "a secret for tests only"
PEOPLE = range(20, 26)
BASIS = "《反电信网络诈骗法》第十一条"


@dataclass
class World:
    """A history in which the story was played, and its clock."""

    screener: Screener
    clock: Clock

    @property
    def leads(self) -> Leads:
        return self.screener.leads

    @property
    def number(self) -> str:
        """One of the numbers in the box."""
        return self.applied(22).sim.msisdn

    def applied(self, seed: int) -> Application:
        return honest(seed, self.clock)

    def lead(self, **changes: Any) -> Lead:
        """A lead about that number."""
        disclose_on = changes.pop("disclose_on", None)
        return self.leads.about_number(self.number, order(**changes), disclose_on=disclose_on)


def honest(seed: int, clock: Clock, **changes: Any) -> Application:
    photo = {"data": swatch(seed)}
    fields: dict[str, Any] = {
        "live_photo": photo,
        "document": {"portrait": photo, "address": f"苏州市虚构路{seed}号"},
        "applied_at": clock.now,
        "contact_number": f"+861380000{seed:04d}",
    }
    return application(seed, **{**fields, **changes})


def order(**changes: Any) -> Order:
    fields: dict[str, Any] = {
        "created_by": "risk-7",
        "recipient": "police-1",
        "legal_basis": BASIS,
        "contact": "反诈专班",
    }
    return Order(**(fields | changes))


def play(world: World) -> World:
    """Six cards are opened, and end in one box."""
    box = honest(9, world.clock).device
    assert box is not None
    for seed in PEOPLE:
        one = world.applied(seed)
        verdict = world.screener.screen(one)
        assert verdict.decision is Decision.ACCEPT, verdict.reasons
        world.screener.settle(one.application_id, opened=True)
        world.clock.advance(minutes=7)
        world.screener.activated(Sighting(msisdn=one.sim.msisdn, imei=box.imei, seen_at=world.clock.now))
    world.clock.advance(hours=5)
    return world


def rings(**changes: Any) -> Rings:
    """One ring: five of the six pay from one account, the sixth gives the number of one as contact."""
    rows = [
        link(f"p{seed}", "payer", "account", seed - 20, application_id=f"test-{seed}")
        for seed in range(20, 25)
    ]
    rows += [
        link(person, "contact", "number", 6, application_id=f"test-{seed}")
        for person, seed in (("p24", 24), ("p25", 25))
    ]
    made = found(rows)
    return made.changed(**changes) if changes else made


def ring_file(folder: Path) -> tuple[Path, Ring]:
    """A `rings.json` with that ring."""
    made = rings()
    leave(made, folder)
    return folder / "rings.json", made.rings[0]


def usage_verdict(clock: Clock, *, rate: float = 0.001) -> Verdict:
    """How the use of a number may be judged: a probability, its rate of false alarms, and the model that says so."""
    scored = Scored("model-1", 0.97, rate, 20, 21)
    return Verdict(
        verdict_id="usage-1",
        application_id="test-22",
        decision=Decision.REFUSE,
        final=True,
        reasons=("usage.model",),
        findings=(
            Finding(
                check="usage",
                reason="usage.model",
                state=State.FLAGGED,
                observed=scored.probability,
                limit=0.9,
                unit="probability of fraud",
                evidence=(
                    Evidence(name="probability", value=scored.probability),
                    Evidence(name="false_positive_rate", value=rate),
                    Evidence(name="model_id", value=scored.model_id),
                    Evidence(name="text", value="a text that stays in the record"),
                ),
                decision=Decision.REFUSE,
            ),
            Finding(check="usage", reason="usage.messages", state=State.NOT_ASSESSED, cause="no_records"),
        ),
        advice=(),
        silent_alert=True,
        policy_id="policy-1",
        engine_id=None,
        simkyc_version="0.1.0",
        decided_at=clock.now,
        usage=JudgedUse(number="0" * 64, since=clock.now, until=clock.now, model_id=scored.model_id),
    )
