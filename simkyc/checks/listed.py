"""Does a list bar this person, or name this document as lost?

Reasons: `listed.person`, `listed.document_lost`, `listed.marked`.
Units: none. One finding an entry that holds; its cause is the list, its evidence who keeps it, its basis and its end.
Source: Anti-Telecom and Online Fraud Law, art. 31, and the joint-punishment rules of 2024-12-01 [S]; the operator's
own lists. A resident keeps one number for life, so of an ID card reported lost only a card issued no later than
that is meant: whoever lost one and has a new one is not turned away. A passport's number is
that of one booklet.
A false alarm refuses a citizen a phone and needs an appeal; a miss sells a card to a convicted card dealer, or to
the finder of somebody's ID. Nothing that is said at the counter tells whether an entry is marked.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from datetime import datetime

from simkyc.application import Application, IdDocument
from simkyc.checks.answers import about, answer, not_assessed
from simkyc.facts import Facts
from simkyc.lists.watch import CHINA, LOST_DOCUMENT, Listing
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Turn the entries that hold for everybody in the application into findings."""
    return tuple(
        finding
        for subject in application.subjects
        for finding in about(
            subject.role,
            _findings(facts.people[subject.role].listed, subject.document, facts.now),
        )
    )


def _findings(listed: tuple[Listing, ...] | None, document: IdDocument, now: datetime) -> tuple[Finding, ...]:
    """What the entries say of somebody who shows this document."""
    if listed is None:
        reasons = ("listed.person", "listed.document_lost", "listed.marked")
        return tuple(not_assessed(reason, "number_malformed") for reason in reasons)
    people = tuple(entry for entry in listed if entry.list != LOST_DOCUMENT)
    lost = tuple(entry for entry in listed if entry.list == LOST_DOCUMENT)
    meant = tuple(entry for entry in lost if _is_meant(document, entry))
    return (
        *_hits("listed.person", people, now),
        *_hits("listed.document_lost", meant, now, otherwise="issued_since" if lost else None),
        answer("listed.marked", holds=any(entry.silent_alert for entry in people + meant), data_as_of=now),
    )


def _is_meant(document: IdDocument, entry: Listing) -> bool:
    """Whether the document is the one that was lost and not a later one with its number."""
    return document.kind == "passport" or document.valid_from <= entry.since.astimezone(CHINA).date()


def _hits(
    reason: str, entries: tuple[Listing, ...], now: datetime, otherwise: str | None = None
) -> tuple[Finding, ...]:
    if not entries:
        return (answer(reason, holds=False, cause=otherwise, data_as_of=now),)
    return tuple(
        answer(reason, holds=True, cause=entry.list, data_as_of=now, evidence=_evidence(entry))
        for entry in entries
    )


def _evidence(entry: Listing) -> tuple[Evidence, ...]:
    return (
        Evidence(name="source", value=entry.source),
        Evidence(name="basis", value=entry.basis),
        Evidence(name="since", value=entry.since.isoformat()),
        *(() if entry.until is None else (Evidence(name="until", value=entry.until.isoformat()),)),
    )
