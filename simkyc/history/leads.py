"""Leads for the police and their chains of custody, inside one open transaction."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Row, insert, text

from simkyc.errors import LeadError
from simkyc.history.protocol import LEADS_IN_FORCE, LeadEvent, LeadOnRecord, LeadState
from simkyc.history.schema import LEAD, LEAD_EVENT
from simkyc.history.statements import Parameters, Statements, epoch_seconds, moment_of

__all__ = ["LeadReader", "LeadTransaction"]

COLUMNS: Final = (
    "lead_id, about, subject_key, package_sha256, recipient, made_at, made_by, state, supersedes FROM lead"
)
ONE_LEAD = text(f"SELECT {COLUMNS} WHERE lead_id = :lead_id")
EVERY_LEAD = text(f"SELECT {COLUMNS} ORDER BY made_at, lead_id")
LEADS_ABOUT = text(
    f"SELECT {COLUMNS} WHERE subject_key = :subject AND about = :about ORDER BY made_at, lead_id"
)
EVENTS = text(
    "SELECT lead_id, event_no, what, happened_at, done_by, details_json, previous_sha256, event_sha256"
    " FROM lead_event WHERE lead_id = :lead_id ORDER BY event_no"
)
ADD_LEAD = insert(LEAD)
ADD_EVENT = insert(LEAD_EVENT)
STANDS = text("UPDATE lead SET state = :state WHERE lead_id = :lead_id")


class LeadReader(Statements):
    """Questions about leads, as `protocol.Reader` says."""

    def lead(self, lead_id: str) -> LeadOnRecord | None:
        """One lead, if there is one of this name."""
        rows = self._rows(ONE_LEAD, {"lead_id": lead_id})
        return _lead(rows[0]) if rows else None

    def leads(self) -> tuple[LeadOnRecord, ...]:
        """Every lead, in the order in which they were made."""
        return tuple(map(_lead, self._rows(EVERY_LEAD)))

    def leads_about(self, about: str, subject: str) -> tuple[LeadOnRecord, ...]:
        """Every lead about this number or ring, in the order in which they were made."""
        return tuple(map(_lead, self._rows(LEADS_ABOUT, {"about": about, "subject": subject})))

    def lead_events(self, lead_id: str) -> tuple[LeadEvent, ...]:
        """The chain of custody of a lead, oldest first."""
        return tuple(
            LeadEvent(
                lead_id=row.lead_id,
                event_no=row.event_no,
                what=row.what,
                at=moment_of(row.happened_at),
                by=row.done_by,
                details_json=row.details_json,
                previous_sha256=row.previous_sha256,
                sha256=row.event_sha256,
            )
            for row in self._rows(EVENTS, {"lead_id": lead_id})
        )


class LeadTransaction(LeadReader):
    """Changes to leads, as `protocol.Transaction` says."""

    def add_lead(self, lead: LeadOnRecord, event: LeadEvent) -> None:
        """Remember a lead and the first link of its chain."""
        if self.lead(lead.lead_id) is not None:
            raise LeadError("there is a lead of this name: give every lead a new one")
        others = () if lead.subject is None else self.leads_about(lead.about, lead.subject)
        for other in others:
            if other.state in LEADS_IN_FORCE:
                raise LeadError(
                    f"lead {other.lead_id} about the same {lead.about} is in force: wait for its answer, revoke it,"
                    " or say that the new one supersedes it"
                )
        row: Parameters = {
            "lead_id": lead.lead_id,
            "about": lead.about,
            "subject_key": lead.subject,
            "package_sha256": lead.package_sha256,
            "recipient": lead.recipient,
            "made_at": epoch_seconds(lead.made_at),
            "made_by": lead.made_by,
            "state": lead.state,
            "supersedes": lead.supersedes,
        }
        self._change(ADD_LEAD, row)
        self._add(event)

    def add_lead_event(self, event: LeadEvent, state: LeadState) -> None:
        """Add a link to the chain of a lead, which stands so from now on."""
        before = self.lead_events(event.lead_id)
        if not before:
            raise LeadError("no lead of this name is on record")
        last = before[-1]
        if (event.event_no, event.previous_sha256) != (last.event_no + 1, last.sha256):
            raise LeadError("something happened to this lead meanwhile: look at it again")
        self._add(event)
        self._change(STANDS, {"lead_id": event.lead_id, "state": state})

    def _add(self, event: LeadEvent) -> None:
        row: Parameters = {
            "lead_id": event.lead_id,
            "event_no": event.event_no,
            "what": event.what,
            "happened_at": epoch_seconds(event.at),
            "done_by": event.by,
            "details_json": event.details_json,
            "previous_sha256": event.previous_sha256,
            "event_sha256": event.sha256,
        }
        self._change(ADD_EVENT, row)


def _lead(row: Row[Any]) -> LeadOnRecord:
    return LeadOnRecord(
        lead_id=row.lead_id,
        about=row.about,
        subject=row.subject_key,
        package_sha256=row.package_sha256,
        recipient=row.recipient,
        made_at=moment_of(row.made_at),
        made_by=row.made_by,
        state=row.state,
        supersedes=row.supersedes,
    )
