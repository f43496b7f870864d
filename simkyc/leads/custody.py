"""The chain of custody: which event may follow which, and how each carries the digest of the one before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from simkyc.errors import LeadError
from simkyc.history.protocol import LeadEvent, LeadState
from simkyc.leads.lead import CustodyEvent, CustodyWhat
from simkyc.leads.sealing import canonical, sha256_of

__all__ = ["chain_faults", "event_digest", "next_event", "shown_event", "state_after"]

LEADS_TO: Final[Mapping[tuple[LeadState | None, str], LeadState]] = {
    (None, "made"): "pending",
    ("failed", "retried"): "pending",
    ("pending", "failed"): "failed",
    ("pending", "exported"): "exported",
    ("exported", "received"): "received",
    # Whoever has a package says so also when it is not to be used any more: they must be told of it.
    ("answered", "received"): "answered",
    ("revoked", "received"): "revoked",
    ("superseded", "received"): "superseded",
    ("exported", "answered"): "answered",
    ("received", "answered"): "answered",
    ("answered", "answered"): "answered",
    ("pending", "revoked"): "revoked",
    ("exported", "revoked"): "revoked",
    ("received", "revoked"): "revoked",
    ("answered", "revoked"): "revoked",
    ("pending", "superseded"): "superseded",
    ("exported", "superseded"): "superseded",
    ("received", "superseded"): "superseded",
}
"""How a lead stands after an event; what is not here cannot happen."""

REFUSED: Final = {
    "pending": "its export was begun and not finished: export the same package again, or revoke it",
    "failed": "its files were never written, so nobody has it",
    "exported": "it was handed on",
    "received": "its receipt is on record",
    "answered": "it was answered",
    "revoked": "it was revoked and must not be used",
    "superseded": "another lead took its place",
}
"""Why an event does not fit, by how the lead stands."""


def state_after(state: LeadState | None, what: str) -> LeadState:
    """How a lead stands after this event.

    Raises:
        LeadError: The event cannot happen to a lead that stands so.
    """
    after = LEADS_TO.get((state, what))
    if after is None:
        stands = REFUSED.get(state or "", "it is not on record")
        raise LeadError(f"the lead cannot be {what}: {stands}")
    return after


def event_digest(lead_id: str, event: Mapping[str, Any]) -> str:
    """Digest of a link in its JSON form: its fields but `sha256`, and the lead's identifier.

    Raises:
        InputError: It holds what JSON cannot hold.
    """
    fields = {name: value for name, value in event.items() if name != "sha256"}
    return sha256_of(canonical(fields | {"lead_id": lead_id}))


def next_event(
    lead_id: str,
    before: Sequence[LeadEvent],
    package_sha256: str,
    what: CustodyWhat,
    at: datetime,
    by: str,
    **details: str,
) -> LeadEvent:
    """The next link of a chain.

    Raises:
        InputError: `by` is no identifier, or a detail no text.
    """
    draft = CustodyEvent(
        event_no=len(before) + 1,
        what=what,
        at=at,
        by=by,
        details=details,
        previous_sha256=before[-1].sha256 if before else package_sha256,
        sha256="0" * 64,
    )
    return LeadEvent(
        lead_id=lead_id,
        event_no=draft.event_no,
        what=what,
        at=at,
        by=by,
        details_json=canonical(details).decode(),
        previous_sha256=draft.previous_sha256,
        sha256=event_digest(lead_id, json.loads(draft.to_json())),
    )


def shown_event(event: LeadEvent) -> CustodyEvent:
    """A link as the history has it, as it stands in a package.

    Raises:
        InputError: The record is damaged.
    """
    fields: dict[str, Any] = {
        "event_no": event.event_no,
        "what": event.what,
        "at": event.at,
        "by": event.by,
        "details": json.loads(event.details_json),
        "previous_sha256": event.previous_sha256,
        "sha256": event.sha256,
    }
    return CustodyEvent(**fields)


def chain_faults(lead_id: str, package_sha256: str, events: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What is wrong with a chain of links in their JSON form, in plain words; empty where it holds."""
    previous, faults = package_sha256, []
    for number, event in enumerate(events, 1):
        if event.get("event_no") != number:
            faults.append(f"custody: link {number} is missing or out of place")
        if event.get("previous_sha256") != previous:
            faults.append(f"custody: link {number} does not follow from what is before it")
        if event.get("sha256") != event_digest(lead_id, event):
            faults.append(f"custody: link {number} was altered")
        previous = str(event.get("sha256"))
    return tuple(faults)
