"""A lead as it is handed on, and the notice that revokes it.

Whom it is about is said by reference: identifiers of applications and keyed hashes, which only the operator can follow
back. Names, ID numbers, addresses, photos and templates have no field here.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from simkyc.application import Day, Identifier, Model, Moment, Text
from simkyc.errors import InputError
from simkyc.leads.sealing import canonical, digest_of, parsed, readable, sha256_of

__all__ = [
    "NOTICE_VERSION",
    "PACKAGE_VERSION",
    "Answer",
    "Ask",
    "Certainty",
    "CustodyEvent",
    "Disclosure",
    "EvidenceReference",
    "Figure",
    "Handling",
    "Happened",
    "Happening",
    "Harm",
    "Lead",
    "NotAssessed",
    "Order",
    "Reference",
    "Revocation",
    "RevokedFor",
    "Said",
    "Subject",
    "Tie",
    "Urgency",
    "Why",
    "sealed",
]

PACKAGE_VERSION: Final = 1
"""Version of a package's JSON form. A new field raises it; no field ever changes its meaning."""
NOTICE_VERSION: Final = 1
"""The same of a revocation notice."""

_NAMES_SOMEBODY = re.compile(r"(?<![0-9])(?:(?:\+?86|0)?1[3-9][0-9]{9}|[1-9][0-9]{16}[0-9Xx])(?![0-9])")


def _names_nobody(text: str) -> str:
    """Refuse what looks like a mobile number or the number of an ID card; case numbers are longer."""
    if _NAMES_SOMEBODY.search(re.sub(r"[\s-]", "", text)):
        raise ValueError("holds what looks like a phone or ID number: name people by reference")
    return text


PlainText = Annotated[Text, AfterValidator(_names_nobody)]
"""A short text without control characters in which no mobile or ID number stands."""
Reference = Annotated[PlainText, StringConstraints(max_length=64)]
"""A receipt or case number as its office writes it, Chinese characters included: 1 to 64 characters."""
LeadId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""An identifier that may be a file's name: 1 to 64 of `A-Z a-z 0-9 . _ -`."""
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 in 64 hexadecimal digits."""

Urgency = Literal["immediate", "soon", "routine"]
Answer = Literal["confirmed", "not_confirmed", "no_answer"]
RevokedFor = Literal["cleared", "mistake", "wrong_subject", "no_basis", "other"]
"""Why a lead is revoked: its subject was cleared, what it says is wrong, it is about somebody else, the legal basis is
gone, or something else. A code, so that the record names nobody."""
Ask = Literal["check_use", "find_people", "identities", "answer"]
Happening = Literal[
    "opened", "replaced", "transferred", "moved", "lost", "restored", "ended",
    "first_seen", "device_changed", "last_seen", "judged", "measure", "joined", "last_activity", "made",
]  # fmt: skip
"""What stands on a timeline; `simkyc.leads.words` says each."""
CustodyWhat = Literal[
    "made", "retried", "failed", "exported", "received", "answered", "revoked", "superseded"
]


class Said(Model):
    """One text in both languages."""

    shown = ("en",)

    zh: str
    en: str


class Order(Model):
    """Who hands what to whom, as the operator says it.

    Attributes:
        created_by: Identifier of a member of staff, no name.
        recipient: Identifier of the authority.
        legal_basis: The rule that permits handing it on, as the operator's lawyers put it.
        contact: Where the recipient turns to with questions: a desk, not a person.
        case_reference: The authority's case, where there is one.
        urgency: None to go by what was found.
        supersedes: The lead about the same number or ring that this one takes the place of.
        retain_days: So many days the recipient may keep it without a case of its own (house).
        lead_id: None to make one.
    """

    shown = ("created_by", "recipient", "lead_id")

    created_by: Identifier
    recipient: Identifier
    legal_basis: PlainText
    contact: Text
    case_reference: Reference | None = None
    urgency: Urgency | None = None
    supersedes: LeadId | None = None
    retain_days: int = Field(default=365, ge=1, le=3650)
    lead_id: LeadId | None = None


class Subject(Model):
    """Whom or what the lead is about, by reference.

    Attributes:
        place: 0 is the number or the ring itself; `Tie.subjects` names the others so.
        kind: What it is.
        key: Keyed hash, or the identifier of a ring, clerk or dealer; None of somebody whom the history has no key of.
        application_ids: By which the operator finds the records.
    """

    shown = ("place", "kind", "application_ids")

    place: int
    kind: Literal["number", "ring", "person", "clerk", "dealer"]
    key: str | None
    application_ids: tuple[str, ...] = ()


class Tie(Model):
    """One thing that people of a ring share.

    Attributes:
        kind: As `simkyc.rings` names it.
        key: Keyed hash of it.
        people: How many share it, in all.
        subjects: Places of those of them who stand in `Lead.subjects`.
    """

    shown = ("kind", "people", "subjects")

    kind: str
    key: str
    people: int
    subjects: tuple[int, ...]


class Figure(Model):
    """A named figure behind a reason."""

    shown = ("name", "value", "unit")

    name: str
    value: float
    unit: str | None = None


class Why(Model):
    """One reason for the lead, or one that speaks against it.

    Attributes:
        code: Reason code of a verdict, `ring.` and a sign, `outcome.fraud`; or what speaks for a number:
            `lead.not_confirmed`, `lead.cleared`, `line.restored`.
        words: What was found.
        label: The internal word for the question that found it; None of what no check asked.
        basis: The rule behind it.
        observed: What was seen, in `unit`.
        limit: What the policy allows, in `unit`.
        unit: Unit of both.
        cause: The finding's short word for why.
        figures: Further figures; texts stay in the record.
        cases: In so many of the verdicts below.
        verdict_ids: Where it was found, the first few.
    """

    shown = ("code", "observed", "limit", "unit")

    code: str
    words: Said
    label: Said | None = None
    basis: str | None = None
    observed: float | None = None
    limit: float | None = None
    unit: str | None = None
    cause: str | None = None
    figures: tuple[Figure, ...] = ()
    cases: int = 1
    verdict_ids: tuple[str, ...] = ()


class EvidenceReference(Model):
    """A record that the operator keeps, by reference and digest. The record itself is not here.

    Attributes:
        kind: What it is.
        digest_of: What `sha256` is of: the verdict as the history has it; the findings, in canonical JSON, of a verdict
            that no history keeps; the ring, in canonical JSON; or the bytes of the ring file.
        reference: Identifier of the verdict or the ring.
        application_id: The application that it is about, where there is one.
        at: When it was decided or found; the findings of a line verdict come out again for this moment.
        reasons: Codes that were flagged in it.
        policy_id: Hash of the policy, where one decided.
        limits_id: Hash of the limits of rings.
        engine_id: The face engine that was asked.
        model_id: The usage model that scored.
        simkyc_version: What made it.
    """

    shown = ("kind", "reference", "application_id")

    kind: Literal["counter_verdict", "line_verdict", "usage_verdict", "ring", "ring_file"]
    digest_of: Literal["recorded_verdict", "findings", "ring", "ring_file"]
    sha256: Digest
    reference: str
    application_id: str | None = None
    at: Moment | None = None
    reasons: tuple[str, ...] = ()
    policy_id: str | None = None
    limits_id: str | None = None
    engine_id: str | None = None
    model_id: str | None = None
    simkyc_version: str | None = None


class Happened(Model):
    """One point of the timeline."""

    shown = ("at", "what")

    at: Moment
    what: Happening
    reference: str | None = None
    words: Said


class Harm(Model):
    """What came of it so far.

    Attributes:
        applications: Applications that the lead rests on.
        opened: Numbers opened by them.
        in_use: Of these not closed.
        reported_fraud: Of these reported as used for fraud, and not cleared.
    """

    shown = ("applications", "opened", "in_use", "reported_fraud")

    applications: int
    opened: int
    in_use: int
    reported_fraud: int


class Certainty(Model):
    """How sure one reason is.

    Attributes:
        code: The reason.
        kind: `false_positive_rate`: share of honest cases that show it. `false_match_rate`: share of strangers whose
            faces are as near. `probability`: of fraud, calibrated. `chance`: how likely by chance. `points`: a sum that
            is no probability. `not_measured`: a rule whose share of false alarms nobody has measured.
        value: None of what was not measured.
        note: What the figure means.
    """

    shown = ("code", "kind", "value")

    code: str
    kind: Literal[
        "false_positive_rate", "false_match_rate", "probability", "chance", "points", "not_measured"
    ]
    value: float | None
    note: Said


class NotAssessed(Model):
    """A question that was not answered: it says nothing for anybody, and nothing against.

    Attributes:
        code: The reason code, or `lead.` and what was not looked at.
        cause: A short stable word for why.
        cases: In so many verdicts.
    """

    shown = ("code", "cause")

    code: str
    cause: str
    words: Said
    cases: int = 1


class Handling(Model):
    """What the recipient may do with it."""

    retain_until: Day
    rules: tuple[Said, ...]


class Disclosure(Model):
    """Numbers in the clear, on a named legal basis: it can be taken off and the package stays whole.

    Attributes:
        legal_basis: The rule, or the authority's own request, that permits naming them.
        msisdns: Phone numbers in E.164.
        application_ids: The applications that opened them.
        salt: 32 random hexadecimal digits, without which the digest would tell the number to whoever tries them all.
    """

    legal_basis: PlainText
    msisdns: tuple[Text, ...] = Field(min_length=1)
    application_ids: tuple[str, ...] = ()
    salt: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] = Field(
        default_factory=lambda: secrets.token_hex(16)
    )

    @property
    def sha256(self) -> str:
        """Its digest, which the package carries also without it."""
        return sha256_of(canonical(self.model_dump(mode="json")))


class CustodyEvent(Model):
    """One link of the chain of custody.

    Attributes:
        event_no: From 1.
        what: What happened.
        at: When, in whole seconds.
        by: Identifier of a member of staff, no name.
        details: What else belongs to it: digests of files, receipt, answer.
        previous_sha256: Of the package for the first, else of the event before.
        sha256: Digest of this event and the lead's identifier.
    """

    shown = ("event_no", "what", "at")

    event_no: int = Field(ge=1)
    what: CustodyWhat
    at: Moment
    by: Identifier
    details: Mapping[str, str] = Field(default_factory=dict)
    previous_sha256: Digest
    sha256: Digest


class Lead(Model):
    """A package for the police about one number or one ring.

    Attributes:
        schema_version: Version of this JSON form.
        lead_id: Its identifier.
        about: What it is about.
        urgency: How soon it wants looking at.
        created_at: When it was made.
        created_by: By which member of staff.
        recipient: For which authority.
        case_reference: The authority's case, where there is one.
        legal_basis: The rule that permits handing it on.
        supersedes: The lead that it takes the place of, and that must not be used any more.
        subjects: Whom or what it is about; the first is the number or the ring itself.
        ties: What people of a ring share.
        why: The reasons, those that weigh most first.
        against: What speaks against it.
        evidence: The records behind it.
        timeline: What happened, oldest first.
        harm: What came of it so far.
        certainty: How sure each reason is.
        not_assessed: What was not looked at, and why.
        asks: What the recipient is asked for.
        contact: Where to turn to with questions.
        handling: What may be done with it.
        simkyc_version: What made it.
        disclosure_sha256: Digest of the disclosure that it was made with.
        disclosure: Numbers in the clear; None where none were disclosed, or the section was taken off.
        package_sha256: SHA-256 over the canonical JSON of all fields but this one, `custody` and `disclosure`.
        custody: What happened to it up to the writing of the file; the operator's record has the rest.
    """

    shown = ("lead_id", "about", "urgency")

    schema_version: Literal[1] = PACKAGE_VERSION
    lead_id: LeadId
    about: Literal["number", "ring"]
    urgency: Urgency
    created_at: Moment
    created_by: Identifier
    recipient: Identifier
    case_reference: Reference | None = None
    legal_basis: PlainText
    supersedes: LeadId | None = None
    subjects: tuple[Subject, ...] = Field(min_length=1)
    ties: tuple[Tie, ...] = ()
    why: tuple[Why, ...] = Field(min_length=1)
    against: tuple[Why, ...] = ()
    evidence: tuple[EvidenceReference, ...] = Field(min_length=1)
    timeline: tuple[Happened, ...]
    harm: Harm
    certainty: tuple[Certainty, ...]
    not_assessed: tuple[NotAssessed, ...]
    asks: tuple[Ask, ...]
    contact: Text
    handling: Handling
    simkyc_version: str
    disclosure_sha256: Digest | None = None
    disclosure: Disclosure | None = Field(default=None, repr=False)
    package_sha256: Digest
    custody: tuple[CustodyEvent, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        if self.subjects[0].kind != self.about or self.subjects[0].key is None:
            raise ValueError("the first subject is the number or the ring itself")
        if [one.place for one in self.subjects] != list(range(len(self.subjects))):
            raise ValueError("subjects are numbered from 0")
        return self

    @property
    def subject_key(self) -> str:
        """What the history knows it by: the keyed hash of the number, or the ring's identifier."""
        key = self.subjects[0].key
        assert key is not None, "the first subject has a key"
        return key

    def without_disclosure(self) -> Self:
        """The same without numbers in the clear; the digest of the package does not change."""
        return self.changed(disclosure=None)

    def to_file(self) -> bytes:
        """The JSON file."""
        return readable(parsed(self.to_json().encode(), "the lead"))


class Revocation(Model):
    """A notice that a lead must not be used any more: a document of its own, made from the record.

    Attributes:
        schema_version: Version of this JSON form.
        lead_id: The lead.
        package_sha256: Digest of its package.
        recipient: For which authority it was.
        receipt: What the authority gave as its number, where it did.
        revoked_at: When.
        revoked_by: By which member of staff.
        revoked_for: Why.
        event_sha256: Digest of the link in the chain of custody that says so.
        duties: What the recipient is to do now.
        contact: Where to turn to with questions.
        notice_sha256: SHA-256 over the canonical JSON of all fields but this one.
    """

    shown = ("lead_id", "revoked_for")

    schema_version: Literal[1] = NOTICE_VERSION
    lead_id: LeadId
    package_sha256: Digest
    recipient: Identifier
    receipt: str | None
    revoked_at: Moment
    revoked_by: Identifier
    revoked_for: RevokedFor
    event_sha256: Digest
    duties: tuple[Said, ...]
    contact: Text
    notice_sha256: Digest

    def to_file(self) -> bytes:
        """The JSON file."""
        return readable(parsed(self.to_json().encode(), "the notice"))


def sealed(**fields: Any) -> Lead:
    """A lead with its digests.

    Raises:
        InputError: A field does not fit.
    """
    disclosure: Disclosure | None = fields.get("disclosure")
    fields["disclosure_sha256"] = None if disclosure is None else disclosure.sha256
    draft = Lead(**fields, package_sha256="0" * 64)
    raw = parsed(draft.to_json().encode(), "the lead")
    if not isinstance(raw, dict):  # a model is an object
        raise InputError("a lead is a JSON object")
    return draft.changed(package_sha256=digest_of(raw))
