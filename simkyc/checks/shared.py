"""What does this opening share with those of other people?

Reasons: `shared.contact`, `.payer`, `.delivery`, `.address`. (Devices are asked about by `device_sim` and `device`,
representatives by `parties`, faces by `identity`.)
Units: people with the same contact number, payer, delivery address or home address, this one included, within each of
the policy's windows in days.
Source: cases of card farmers, where one escort brings different applicants and contact number, payer and delivery
address repeat [S].
Typology: those who hire keep one thread in their hands: they pay, they are called, they get the parcel. They come back
with other people, day after day, to one clerk or from store to store; a family or a foreman comes once, with few. Where
sharing explains itself the finding passes and says why: `organisation`, whose handler brings many; `residence_shown`, a
dormitory or a factory's house by a student card or permit; `common_value`, a place that very many people gave over a
long time and not only lately; `stores_own`, a store's own telephone or till, known by its customers of many days before
all of its clerks (`facts.is_stores_own`).
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
from simkyc.facts import Facts, SharedCounts, SharedThing, day_in_china, is_stores_own
from simkyc.numbers import division
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

THINGS: Final[tuple[SharedThing, ...]] = ("contact", "payer", "delivery", "address")
PLACES: Final = frozenset({"delivery", "address"})
"""Only places are shared by very many people for honest reasons; only people come back."""


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Count who else gave the same."""
    return tuple(finding for thing in THINGS for finding in _shared(thing, application, facts, policy))


def _shared(thing: SharedThing, application: Application, facts: Facts, policy: Policy) -> Iterator[Finding]:
    reason, counts = f"shared.{thing}", facts.openings.shared.get(thing)
    if counts is None:
        yield not_assessed(reason, "not_given")
        return
    why = _explained(thing, counts, application, facts, policy)
    in_all = (Evidence(name="people in all", value=counts[max(counts)].people),) if why else ()
    for window in getattr(policy.shared, thing):
        people = counts[window.seconds].people + 1
        too_many = people > window.most.value
        yield answer(
            reason,
            holds=too_many and why is None,
            observed=people,
            limit=window.most.value,
            unit=f"people in {window.days.value:g} days",
            cause=why if too_many else None,
            data_as_of=facts.now,
            evidence=in_all,
        )
    if thing not in PLACES:
        yield _returning(thing, counts, why, application, facts, policy)


def _returning(
    thing: SharedThing,
    counts: Mapping[int, SharedCounts],
    why: str | None,
    application: Application,
    facts: Facts,
    policy: Policy,
) -> Finding:
    """Whether it is named on several days by other people, to one clerk or in several stores."""
    limits = policy.shared.returning
    people = counts[limits.seconds].people + 1
    spread = facts.patterns.spread.get(thing, {}).get(limits.seconds)
    days = 1 if spread is None else spread.days + (spread.last_day != day_in_china(facts.now))
    scattered = spread is not None and (
        spread.stores_with(application.store.store_id) > 1
        or spread.clerks_with(application.clerk.clerk_id) == 1
    )
    holds = people > limits.people.value and days > limits.days.value and scattered
    return answer(
        f"shared.{thing}",
        holds=holds and why is None,
        observed=people,
        limit=limits.people.value,
        unit=f"people on more than {limits.days.value:g} days in {limits.window.value:g} days",
        cause=why if holds else None,
        data_as_of=facts.now,
        evidence=(Evidence(name="days", value=days),),
    )


def _explained(
    thing: SharedThing,
    counts: Mapping[int, SharedCounts],
    application: Application,
    facts: Facts,
    policy: Policy,
) -> str | None:
    """Why very many share it and nothing is wrong; None where nothing explains it."""
    people = counts[max(counts)].people + 1
    if application.organisation is not None and people <= policy.parties.handled_people.value:
        return "organisation"
    if thing != "address" and is_stores_own(thing, application, facts, policy):
        return "stores_own"
    if thing not in PLACES:
        return None
    if _is_common(counts, policy):
        return "common_value"
    shown = application.residence
    if shown is not None and _is_here(division.agreement(shown.division, application.store.division), policy):
        return "residence_shown"
    return None


def _is_here(level: str, policy: Policy) -> bool:
    return level != "not_comparable" and level not in policy.openings.far_agreements


def _is_common(counts: Mapping[int, SharedCounts], policy: Policy) -> bool:
    """Whether very many people gave it over the longest window, and most of them not lately."""
    common, longest = policy.shared.common, max(counts)
    lately = counts[common.lately.seconds].people
    return (
        counts[longest].people >= common.people_min.value
        and lately <= counts[longest].people * common.lately.most.value
    )
