"""What does this opening share with those of other people?

Reasons: `shared.contact`, `.payer`, `.delivery`, `.address`. (Devices are asked about by `device_sim` and `device`,
representatives by `parties`, faces by `identity`.)
Units: people with the same contact number, payer, delivery address or home address, this one included, within each of
the policy's windows in days.
Source: cases of card farmers, where one escort brings different applicants and contact number, payer and delivery
address repeat [S].
Typology: those who hire keep one thread in their hands: they pay, they are called, they get the parcel. Families share
too, and a dormitory or a village shares one address; a value that very many people gave over a long time, and not only
lately, is taken for such a place: it is said, and held against nobody.
A false alarm sends a family to a supervisor; a miss leaves a ring its organiser.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts, SharedCounts, SharedThing
from simkyc.policy import Policy, Window
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

THINGS: Final[tuple[SharedThing, ...]] = ("contact", "payer", "delivery", "address")
PLACES: Final = frozenset({"delivery", "address"})
"""Only places are shared by very many people for honest reasons."""


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Count who else gave the same."""
    return tuple(
        finding
        for thing in THINGS
        for finding in _shared(thing, facts, getattr(policy.shared, thing), policy)
    )


def _shared(
    thing: SharedThing, facts: Facts, windows: tuple[Window, ...], policy: Policy
) -> Iterator[Finding]:
    reason, counts = f"shared.{thing}", facts.openings.shared.get(thing)
    if counts is None:
        yield not_assessed(reason, "not_given")
        return
    common = thing in PLACES and _is_common(counts, policy)
    for window in windows:
        people = counts[window.seconds].people + 1
        too_many = people > window.most.value
        yield answer(
            reason,
            holds=too_many and not common,
            observed=people,
            limit=window.most.value,
            unit=f"people in {window.days.value:g} days",
            cause="common_value" if too_many and common else None,
            data_as_of=facts.now,
            evidence=(Evidence(name="people in all", value=counts[max(counts)].people),) if common else (),
        )


def _is_common(counts: Mapping[int, SharedCounts], policy: Policy) -> bool:
    """Whether very many people gave it over the longest window, and most of them not lately."""
    common, longest = policy.shared.common, max(counts)
    lately = counts[common.lately.seconds].people
    return (
        counts[longest].people >= common.people_min.value
        and lately <= counts[longest].people * common.lately.most.value
    )
