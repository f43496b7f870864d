"""Handing leads on, and the record of it: once each, revocable, every export and every answer on record.

An export is on record before its files are: first as pending, then the files are written whole, then it is marked as
exported. Wherever it is cut off, the record never knows less than the world: `pending` says that files may have left,
and the same package exported again finishes what was begun.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import TypeAdapter, ValidationError

from simkyc import line
from simkyc.application import Identifier, Model
from simkyc.errors import InputError, LeadError, NumberError, SettlementError
from simkyc.history.protocol import (
    LEADS_IN_FORCE,
    LeadEvent,
    LeadOnRecord,
    LeadState,
    lead_lock,
    lead_subject_lock,
    number_lock,
)
from simkyc.leads.custody import next_event, shown_event, state_after
from simkyc.leads.files import Verified, alone_in, remove, write_new
from simkyc.leads.lead import (
    Answer,
    CustodyEvent,
    CustodyWhat,
    Disclosure,
    Lead,
    LeadId,
    Order,
    Reference,
    Revocation,
    RevokedFor,
)
from simkyc.leads.making import NumberOnRecord, lead_about_number, lead_about_ring
from simkyc.leads.page import render, render_revocation
from simkyc.leads.sealing import canonical, digest_of, parsed, sha256_of
from simkyc.leads.words import DUTIES
from simkyc.numbers import msisdn
from simkyc.rings.ring import Ring, Rings
from simkyc.verdict import Verdict

if TYPE_CHECKING:
    from simkyc.history.protocol import Binding, History, Reader, Recorded, Transaction
    from simkyc.steps import LineStep

__all__ = ["Exported", "LeadStatus", "Leads"]

_log = logging.getLogger("simkyc")

CLEARS: Final = frozenset({"cleared", "mistake", "wrong_subject"})
"""Why a lead is revoked, where that speaks for whoever it was about."""


class LeadStatus(Model):
    """How a lead stands, as the record has it.

    Attributes:
        lead_id: The lead.
        about: What it is about.
        state: How it stands.
        package_sha256: Digest of its package.
        recipient: For which authority.
        made_at: When its export was begun.
        made_by: By which member of staff.
        supersedes: The lead that it took the place of.
        receipt: What the authority gave as its number.
        answer: What the authority answered last.
        custody: The chain, oldest link first.
    """

    shown = ("lead_id", "state")

    lead_id: str
    about: str
    state: LeadState
    package_sha256: str
    recipient: str
    made_at: datetime
    made_by: str
    supersedes: str | None
    receipt: str | None
    answer: Answer | None
    custody: tuple[CustodyEvent, ...]


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export came to.

    Attributes:
        status: How the lead stands now.
        package: Where the package was written; None where it had been handed on before.
        page: The same of the page.
    """

    status: LeadStatus
    package: Path | None
    page: Path | None

    @property
    def is_new(self) -> bool:
        """Whether files were handed on by this call."""
        return self.package is not None


class Leads:
    """Makes leads from a history, hands them on and keeps the record. `Screener.leads` is one.

    Args:
        history: What is remembered.
        check_line: Judges a line as of a moment, as `Screener.check_line` does.
        clock: Tells the time, with a zone.
    """

    def __init__(
        self,
        history: History,
        check_line: Callable[[str, datetime], Verdict],
        clock: Callable[[], datetime],
    ) -> None:
        self._history = history
        self._check_line = check_line
        self._clock = clock

    def about_number(
        self,
        number: str,
        order: Order,
        *,
        usage: Verdict | None = None,
        disclose_on: str | None = None,
    ) -> Lead:
        """A lead about one number, from what is on record and how the line is judged now; nothing is exported yet.

        Args:
            number: The MSISDN.
            order: Who hands what to whom.
            usage: How its use was judged, where it was.
            disclose_on: The legal basis for naming the number itself; None to name it by reference alone.

        Raises:
            InputError: The MSISDN is none, or an identifier on record holds the number itself.
            LeadError: Nothing speaks against the number.
            HistoryError: The history cannot be read.
        """
        valid, now = _valid(number), self._now()
        judged = self._check_line(valid, now)
        key = self._history.keyring.msisdn(valid)

        def ask() -> NumberOnRecord:
            with self._history.read() as reader:
                bindings = reader.bindings(key, now)
                return NumberOnRecord(
                    key=key,
                    bindings=bindings,
                    sightings=reader.sightings(key, now),
                    frauds=reader.frauds(key, now),
                    records=_records(reader, [one.application_id for one in bindings]),
                    steps=_since_its_holder(reader.steps(key, now), bindings),
                    line=judged,
                    cleared=_cleared(reader, key, bindings),
                )

        known = self._history.retrying(ask)
        disclosure = None
        if disclose_on is not None:
            ids = tuple(dict.fromkeys(one.application_id for one in known.bindings))
            disclosure = Disclosure(legal_basis=disclose_on, msisdns=(valid,), application_ids=ids)
        lead = lead_about_number(known, order, now, usage=usage, disclosure=disclosure)
        if valid.removeprefix("+86") in lead.without_disclosure().to_json():
            raise InputError(
                "an identifier on record holds the phone number itself, so it would be told: see to it"
            )
        return lead

    def about_ring(
        self,
        ring: Ring,
        order: Order,
        *,
        found: Rings | None = None,
        file_sha256: str | None = None,
        disclosure: Disclosure | None = None,
    ) -> Lead:
        """A lead about one ring, with the recorded verdicts of its people; nothing is exported yet.

        Args:
            ring: The ring.
            order: Who hands what to whom.
            found: The search that found it.
            file_sha256: Digest of the file that it was read from.
            disclosure: Numbers in the clear, where they may be named.

        Raises:
            LeadError: No application of the ring is on record here, and its people are not known by keys of here.
            InputError: A field does not fit.
            HistoryError: The history cannot be read.
        """
        ids = [one for member in ring.members for one in member.application_ids]

        def ask() -> dict[str, Recorded]:
            with self._history.read() as reader:
                return _records(reader, ids)

        records = self._history.retrying(ask)
        ours = any(one.person.startswith(self._history.keyring.key_id) for one in ring.members)
        if ids and not records and not ours:
            raise LeadError("no application of this ring is on record here: it was found in another history")
        return lead_about_ring(
            ring,
            order,
            self._now(),
            records=records,
            found=found,
            file_sha256=file_sha256,
            disclosure=disclosure,
        )

    def export(self, lead: Lead, out: str | Path) -> Exported:
        """Hand a lead on: write its package and its page into a folder, and record it.

        The same package again writes nothing and returns what is on record. One whose export was cut off is finished.

        Args:
            lead: As `about_number` or `about_ring` made it.
            out: A folder that is there; the files are named after the lead.

        Raises:
            LeadError: Another lead about the same number or ring is in force; this one was revoked or superseded; or
                its files cannot be written, and then nothing was handed on.
            InputError: The lead was altered, or made under another secret.
            HistoryError: It could not be recorded, and then nothing was handed on; or it was recorded as pending.
        """
        self._check(lead)
        folder = Path(out)
        begun = self._history.retrying(lambda: self._begin(lead))
        if begun is None:
            return Exported(self.status(lead.lead_id), None, None)
        package = lead.changed(custody=(shown_event(begun),))
        files = {
            folder / f"{lead.lead_id}.html": render(package).encode(),
            folder / f"{lead.lead_id}.json": package.to_file(),
        }
        try:
            with alone_in(folder):
                is_first = self._write(lead, files)
        except LeadError:
            self._history.retrying(lambda: self._give_up(lead))
            raise
        if not is_first:
            return Exported(self.status(lead.lead_id), None, None)
        page, json_file = files
        _tell("lead exported", lead.lead_id)
        return Exported(self.status(lead.lead_id), json_file, page)

    def _write(self, lead: Lead, files: dict[Path, bytes]) -> bool:
        """Write the files and mark the export as finished; False, and no files, where somebody else did meanwhile.

        Raises:
            LeadError: They cannot be written or must not be handed on, and are not there; or could not be deleted.
        """
        written: list[Path] = []
        export_id = secrets.token_hex(8)
        try:
            for path, data in files.items():
                if write_new(path, data):
                    written.append(path)
            is_first = self._history.retrying(lambda: self._finish(lead, files, export_id))
        except LeadError:
            remove(written)
            raise
        if not is_first:
            # The same export was finished elsewhere: one copy is enough.
            remove(written)
        return is_first

    def receipt(self, lead_id: str, receipt: str, by: str) -> LeadStatus:
        """Record the number under which the authority received a lead. Saying it again changes nothing.

        Raises:
            LeadError: There is no such lead, it was never handed on, or another receipt is on record.
            InputError: The receipt or `by` does not fit.
            HistoryError: It could not be written.
        """
        receipt = _text(Reference, receipt, "the receipt")

        def add(transaction: Transaction, lead: LeadOnRecord) -> None:
            known = _latest(transaction.lead_events(lead_id), "received")
            if known is not None:
                if known["receipt"] != receipt:
                    raise LeadError("another receipt is on record for this lead: see which one is right")
                return
            self._add(transaction, lead, "received", by, receipt=receipt)

        return self._change(lead_id, by, add)

    def feedback(
        self,
        lead_id: str,
        answer: Answer,
        by: str,
        *,
        reference: str | None = None,
        report: bool = False,
        application_ids: Sequence[str] = (),
    ) -> LeadStatus:
        """Record what the authority answered; a later answer stands beside the earlier one. Twice the same is once.

        Args:
            lead_id: The lead.
            answer: `confirmed`, `not_confirmed` or `no_answer`.
            by: Identifier of the member of staff who records it.
            reference: Under which the authority answered.
            report: Let it count, in the same transaction, as `Screener.report_outcome` does: `confirmed` reports
                the number as fraud, `not_confirmed` clears it.
            application_ids: Of a ring, the applications whose numbers the answer is about.

        Raises:
            LeadError: There is no such lead, it was never handed on, or is not to be used any more.
            SettlementError: It is to count, and no number was opened that it could count for.
            InputError: A value does not fit.
            HistoryError: It could not be written.
        """
        if answer not in get_args(Answer):
            raise InputError(f"an answer is one of {', '.join(get_args(Answer))}")
        if report and answer == "no_answer":
            raise InputError("what was not answered cannot count: leave report out")
        details: dict[str, str] = {"answer": answer}
        if reference is not None:
            details["reference"] = _text(Reference, reference, "the reference")
        ids = tuple(dict.fromkeys(application_ids))
        for one in ids:
            _text(Identifier, one, "an application id")
        if ids and not report:
            raise InputError("application ids say for which numbers an answer counts: say report as well")
        if report:
            details["counts_for"] = " ".join(ids) or "the number"

        def add(transaction: Transaction, lead: LeadOnRecord) -> None:
            if _latest(transaction.lead_events(lead_id), "answered") == details:
                return
            self._add(transaction, lead, "answered", by, **details)
            if report:
                self._report(transaction, lead, ids, is_fraud=answer == "confirmed")

        return self._change(lead_id, by, add, number=report)

    def revoke(self, lead_id: str, why: RevokedFor, by: str) -> LeadStatus:
        """Record that a lead must not be used any more. Saying it again changes nothing.

        `revocation` makes the notice that tells the authority.

        Raises:
            LeadError: There is no such lead, or it was superseded or never written.
            InputError: `why` is none of the reasons, or `by` is no identifier.
            HistoryError: It could not be written.
        """
        if why not in get_args(RevokedFor):
            raise InputError(f"a lead is revoked for one of {', '.join(get_args(RevokedFor))}")

        def add(transaction: Transaction, lead: LeadOnRecord) -> None:
            if lead.state != "revoked":
                self._add(transaction, lead, "revoked", by, revoked_for=why)

        status = self._change(lead_id, by, add)
        _tell("lead revoked", lead_id)
        return status

    def revocation(self, lead_id: str, contact: str) -> Revocation:
        """The notice that a lead was revoked, made from the record; it may be made as often as it is wanted.

        Args:
            lead_id: The lead.
            contact: Where the authority turns to with questions.

        Raises:
            LeadError: There is no such lead, or it was not revoked.
            InputError: The contact does not fit.
            HistoryError: The history cannot be read.
        """
        status = self.status(lead_id)
        event = next((one for one in reversed(status.custody) if one.what == "revoked"), None)
        if event is None:
            raise LeadError("the lead was not revoked, so there is no notice: revoke it first")
        told: dict[str, Any] = dict(event.details)
        draft = Revocation(
            lead_id=lead_id,
            package_sha256=status.package_sha256,
            recipient=status.recipient,
            receipt=status.receipt,
            revoked_at=event.at,
            revoked_by=event.by,
            revoked_for=told["revoked_for"],
            event_sha256=event.sha256,
            duties=DUTIES,
            contact=contact,
            notice_sha256="0" * 64,
        )
        raw = parsed(draft.to_json().encode(), "the notice")
        del raw["notice_sha256"]
        return draft.changed(notice_sha256=sha256_of(canonical(raw)))

    def write_revocation(self, notice: Revocation, out: str | Path) -> tuple[Path, Path]:
        """Write a notice and its page into a folder; just the same notice again is left as it is.

        Raises:
            LeadError: The folder cannot be written, or holds another file of that name.
        """
        folder = Path(out)
        page, file = (folder / f"{notice.lead_id}.revoked.{kind}" for kind in ("html", "json"))
        write_new(page, render_revocation(notice).encode())
        write_new(file, notice.to_file())
        return file, page

    def status(self, lead_id: str) -> LeadStatus:
        """How a lead stands.

        Raises:
            LeadError: There is no such lead.
            HistoryError: The history cannot be read.
        """

        def ask() -> LeadStatus:
            with self._history.read() as reader:
                return _status(reader, _known(reader, lead_id))

        return self._history.retrying(ask)

    def every(self) -> tuple[LeadStatus, ...]:
        """Every lead on record, in the order in which they were made.

        Raises:
            HistoryError: The history cannot be read.
        """

        def ask() -> tuple[LeadStatus, ...]:
            with self._history.read() as reader:
                return tuple(_status(reader, lead) for lead in reader.leads())

        return self._history.retrying(ask)

    def against_record(self, verified: Verified) -> tuple[str, ...]:
        """What the operator's own record says against a package that was read from a file; empty where it agrees.

        Raises:
            HistoryError: The history cannot be read.
        """
        lead = verified.lead
        if lead is None:
            return ("the record can be asked about a lead alone",)
        try:
            status = self.status(lead.lead_id)
        except LeadError:
            return ("no lead of this name is on record: it was not handed on from here",)
        faults = []
        if status.package_sha256 != lead.package_sha256:
            faults.append("the record has another digest: this is not the package that was handed on")
        if list(lead.custody) != list(status.custody[: len(lead.custody)]):
            faults.append("custody: the record has another chain")
        if status.state in {"pending", "failed"}:
            faults.append("its export was not finished, so it should not be with anybody")
        if status.state in {"revoked", "superseded"}:
            faults.append(f"the lead was {status.state} and must not be used")
        return tuple(faults)

    # --- one step each, in a transaction of its own

    def _check(self, lead: Lead) -> None:
        raw = parsed(lead.to_json().encode(), "the lead")
        is_sealed = digest_of(raw) == lead.package_sha256
        disclosed = lead.disclosure
        if not is_sealed or (disclosed is not None and disclosed.sha256 != lead.disclosure_sha256):
            raise InputError("the lead was altered since it was made: make it anew")
        if lead.about == "number" and not lead.subject_key.startswith(self._history.keyring.key_id):
            raise InputError("the lead was made under another secret: make it anew")

    def _begin(self, lead: Lead) -> LeadEvent | None:
        """Record an export as pending; the link that the package carries, or None where it was handed on before."""
        superseded = lead.supersedes
        locks = [lead_lock(lead.lead_id), lead_subject_lock(lead.about, lead.subject_key)]
        locks += [] if superseded is None else [lead_lock(superseded)]
        with self._history.write(locks) as transaction:
            now, known = self._now(), transaction.lead(lead.lead_id)
            if known is not None:
                return self._resumed(transaction, lead, known)
            if superseded is not None:
                self._supersede(transaction, lead, superseded)
            event = next_event(lead.lead_id, (), lead.package_sha256, "made", now, lead.created_by)
            record = LeadOnRecord(
                lead_id=lead.lead_id,
                about=lead.about,
                subject=lead.subject_key,
                package_sha256=lead.package_sha256,
                recipient=lead.recipient,
                made_at=now,
                made_by=lead.created_by,
                state=state_after(None, "made"),
                supersedes=superseded,
            )
            transaction.add_lead(record, event)
            return event

    def _resumed(self, transaction: Transaction, lead: Lead, known: LeadOnRecord) -> LeadEvent | None:
        if known.package_sha256 != lead.package_sha256:
            raise LeadError("another package is on record under this lead_id: give every lead a new one")
        if known.state in {"revoked", "superseded"}:
            raise LeadError(f"the lead was {known.state}: make a new one")
        if known.state not in {"pending", "failed"}:
            return None
        if known.state == "failed":
            rivals = transaction.leads_about(known.about, known.subject or "")
            if any(one.state in LEADS_IN_FORCE for one in rivals):
                raise LeadError("another lead about the same subject is in force by now: see to that one")
            self._add(transaction, known, "retried", lead.created_by)
        return transaction.lead_events(lead.lead_id)[0]

    def _supersede(self, transaction: Transaction, lead: Lead, superseded: str) -> None:
        old = _known(transaction, superseded)
        if (old.about, old.subject) != (lead.about, lead.subject_key):
            raise LeadError("only a lead about the same number or ring can be superseded")
        self._add(transaction, old, "superseded", lead.created_by, superseded_by=lead.lead_id)

    def _finish(self, lead: Lead, files: dict[Path, bytes], export_id: str) -> bool:
        """Mark an export as finished; False where somebody else did. It may be done again after a lost connection."""
        page, package = files.values()
        with self._history.write((lead_lock(lead.lead_id),)) as transaction:
            known = _known(transaction, lead.lead_id)
            exported = _latest(transaction.lead_events(lead.lead_id), "exported")
            if exported is not None:
                return bool(exported["export_id"] == export_id)
            self._add(
                transaction,
                known,
                "exported",
                lead.created_by,
                export_id=export_id,
                file_sha256=sha256_of(package),
                page_sha256=sha256_of(page),
            )
        return True

    def _give_up(self, lead: Lead) -> None:
        """Record that nothing was written, unless somebody else did meanwhile."""
        with self._history.write((lead_lock(lead.lead_id),)) as transaction:
            known = transaction.lead(lead.lead_id)
            if known is not None and known.state == "pending":
                self._add(transaction, known, "failed", lead.created_by)

    def _change(
        self,
        lead_id: str,
        by: str,
        add: Callable[[Transaction, LeadOnRecord], None],
        *,
        number: bool = False,
    ) -> LeadStatus:
        """Add to what is known of a lead, and say how it stands then."""
        _text(LeadId, lead_id, "the lead's identifier")
        _text(Identifier, by, "by")

        def change() -> LeadStatus:
            with self._history.read() as reader:
                subject = _known(reader, lead_id).subject
            locks = [lead_lock(lead_id)]
            if number and subject is not None:
                locks.append(number_lock(subject))
            with self._history.write(locks) as transaction:
                add(transaction, _known(transaction, lead_id))
                return _status(transaction, _known(transaction, lead_id))

        return self._history.retrying(change)

    def _add(
        self, transaction: Transaction, lead: LeadOnRecord, what: CustodyWhat, by: str, **details: str
    ) -> None:
        state = state_after(lead.state, what)
        events = transaction.lead_events(lead.lead_id)
        event = next_event(lead.lead_id, events, lead.package_sha256, what, self._now(), by, **details)
        transaction.add_lead_event(event, state)

    def _report(
        self, transaction: Transaction, lead: LeadOnRecord, ids: Sequence[str], *, is_fraud: bool
    ) -> None:
        """Let an answer count for the numbers that it is about."""
        now = self._now()
        if lead.about == "number":
            if ids:
                raise InputError("a lead about a number counts for that number: name no applications")
            bindings = () if lead.subject is None else transaction.bindings(lead.subject, now)
            opened = line.opened_by(bindings, lead.made_at)
            if opened is None:
                raise SettlementError("no such number was opened here, or it was erased")
            ids = (opened.application_id,)
        elif not ids:
            raise InputError("name the applications of the ring whose numbers the answer is about")
        for one in ids:
            transaction.report_outcome(one, now, is_fraud=is_fraud)

    def _now(self) -> datetime:
        now = self._clock()
        if now.tzinfo is None:
            raise InputError("a time needs its zone")
        return now.astimezone(UTC).replace(microsecond=0)


def _tell(event: str, lead_id: str) -> None:
    _log.info(event, extra={"lead_id": lead_id})


def _valid(number: str) -> str:
    try:
        return msisdn.validate(number)
    except NumberError as error:
        raise InputError(f"this is no MSISDN ({error.cause})") from None


def _text(kind: Any, value: str, what: str) -> str:
    fault = InputError(
        f"{what} does not fit: an identifier, or a short text in which no phone or ID number stands"
    )
    try:
        text: str = TypeAdapter(kind).validate_python(value, strict=True)
        text.encode()
    except (ValidationError, UnicodeError):
        pass
    else:
        return text
    # Outside the handler: pydantic's error would come along as context, and repeats the text.
    raise fault


def _known(reader: Reader, lead_id: str) -> LeadOnRecord:
    lead = reader.lead(lead_id)
    if lead is None:
        raise LeadError("no lead of this name is on record")
    return lead


def _since_its_holder(steps: Sequence[LineStep], bindings: Sequence[Binding]) -> tuple[LineStep, ...]:
    """What was done to the line of whoever holds it now, or held it last."""
    first = line.last_holders_first(bindings)
    return tuple(one for one in steps if first is not None and one.opened_by == first.application_id)


def _cleared(reader: Reader, number: str, bindings: Sequence[Binding]) -> tuple[tuple[str, datetime], ...]:
    """What earlier leads about a number came to, where it speaks for whoever holds it now, or held it last."""
    first = line.last_holders_first(bindings)
    found = []
    for lead in reader.leads_about("number", number):
        if first is None or lead.made_at < first.opened_at:
            continue  # it was somebody else's then
        events = reader.lead_events(lead.lead_id)
        answered, revoked = (_last(events, what) for what in ("answered", "revoked"))
        if answered is not None and _details(answered)["answer"] == "not_confirmed":
            found.append(("lead.not_confirmed", answered.at))
        if revoked is not None and _details(revoked)["revoked_for"] in CLEARS:
            found.append(("lead.cleared", revoked.at))
    return tuple(found)


def _records(reader: Reader, ids: Sequence[str]) -> dict[str, Recorded]:
    found = {one: reader.recorded(one) for one in dict.fromkeys(ids)}
    return {one: record for one, record in found.items() if record is not None}


def _last(events: Sequence[LeadEvent], what: str) -> LeadEvent | None:
    """The latest event of this kind."""
    return next((one for one in reversed(events) if one.what == what), None)


def _details(event: LeadEvent) -> dict[str, Any]:
    details: dict[str, Any] = json.loads(event.details_json)
    return details


def _latest(events: Sequence[LeadEvent], what: str) -> dict[str, Any] | None:
    """The details of the latest event of this kind."""
    found = _last(events, what)
    return None if found is None else _details(found)


def _status(reader: Reader, lead: LeadOnRecord) -> LeadStatus:
    events = reader.lead_events(lead.lead_id)
    received, answered = _latest(events, "received"), _latest(events, "answered")
    return LeadStatus(
        lead_id=lead.lead_id,
        about=lead.about,
        state=lead.state,
        package_sha256=lead.package_sha256,
        recipient=lead.recipient,
        made_at=lead.made_at,
        made_by=lead.made_by,
        supersedes=lead.supersedes,
        receipt=None if received is None else received["receipt"],
        answer=None if answered is None else answered["answer"],
        custody=tuple(map(shown_event, events)),
    )
