"""What leaves: one verdict, made of findings."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from simkyc.application import Identifier, Model, Role
from simkyc.reasons import Action, Audience, Language, words

__all__ = [
    "DECISION_WORDS",
    "SCHEMA_VERSION",
    "Decision",
    "Evidence",
    "Finding",
    "JudgedUse",
    "LineAction",
    "LineState",
    "State",
    "Verdict",
]

SCHEMA_VERSION = 3
"""Version of the verdict's JSON form. A new field raises it; no field ever changes its meaning."""


@functools.total_ordering
class Decision(Enum):
    """What to do with the application, from best to worst: `ACCEPT < RETRY < REVIEW < REFUSE`."""

    ACCEPT = "accept"
    RETRY = "retry"
    REVIEW = "review"
    REFUSE = "refuse"

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Decision):
            return NotImplemented
        return SEVERITY[self] < SEVERITY[other]

    def __str__(self) -> str:
        return self.value


SEVERITY = {decision: place for place, decision in enumerate(Decision)}
"""How bad each is, in whole numbers."""

DECISION_WORDS: dict[Decision, dict[Language, str]] = {
    Decision.ACCEPT: {"zh-CN": "通过", "en": "ACCEPT"},
    Decision.RETRY: {"zh-CN": "重新采集", "en": "RETRY"},
    Decision.REVIEW: {"zh-CN": "人工复核", "en": "REVIEW"},
    Decision.REFUSE: {"zh-CN": "拒绝", "en": "REFUSE"},
}
"""What each is called on a screen or a page."""

EXPLAINED = frozenset(
    {
        "live_photo",
        "portrait",
        "frame_unusable",
        "no_consent",
        "number_malformed",
        "zone_malformed",
        "no_letter",
        "not_signed",
        "line_unknown",
    }
)
"""Causes of a question that could not be answered because another reason, which is flagged, stands before it."""


class State(StrEnum):
    """Whether a finding's reason holds: not (`passed`), yes (`flagged`), or it could not be told."""

    PASSED = "passed"
    FLAGGED = "flagged"
    NOT_ASSESSED = "not_assessed"


class Evidence(Model):
    """A named figure behind a finding, such as the distance between two faces."""

    shown = ("name", "value", "unit")

    name: str
    value: float | str
    unit: str | None = None


class Finding(Model):
    """The answer to one question that one check asked.

    Attributes:
        check: Name of the check.
        reason: Reason code; readers must tolerate codes they don't know.
        state: Whether the reason holds.
        subject: Whom it is about.
        observed: What was seen, in `unit`, where it is a figure.
        limit: What the policy allows, in `unit`.
        unit: Unit of `observed` and `limit`.
        cause: A short stable word for why; always there when `state` is `not_assessed`.
        data_as_of: The time up to which the data behind it reaches, where it has one.
        evidence: Further figures.
        decision: What it leads to by itself under the policy; None before a policy saw it.
    """

    shown = ("reason", "state", "observed", "limit", "unit", "cause", "subject")

    check: str
    reason: str
    state: State
    subject: Role = "applicant"
    observed: float | None = None
    limit: float | None = None
    unit: str | None = None
    cause: str | None = None
    data_as_of: AwareDatetime | None = None
    evidence: tuple[Evidence, ...] = ()
    decision: Decision | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.state is State.NOT_ASSESSED and not self.cause:
            raise ValueError("a finding that is not assessed needs a cause")
        return self


LineState = Literal["bound", "differs", "not_seen_yet"]
"""Whether a line is used in the device it was opened for, in another, or not at all so far."""


class LineAction(Model):
    """What is recommended for one service of a line, in the words of the CAMARA API Subscription Status.

    Attributes:
        service: Which.
        status: What it is to be; only data can be throttled.
        reason: The reason code behind it, or `kind.` and the kind of the application that asked for it.
        basis: The rule it rests on.
        expires_at: When it ends by itself; None where somebody must lift it.
        appeal: Whom the subscriber may turn to, by language.
    """

    shown = ("service", "status", "reason", "expires_at")

    service: Literal["voiceSmsIn", "voiceSmsOut", "dataService"]
    status: Literal["active", "throttled", "suspended"]
    reason: str
    basis: str
    expires_at: AwareDatetime | None
    appeal: Mapping[Language, str]


class JudgedUse(Model):
    """Whose use was judged, when, and with which model.

    Attributes:
        number: Keyed hash of the MSISDN.
        since: Start of the window.
        until: Its end.
        model_id: The usage model that scored it; None where the rules worked alone.
        declared_use: What the unit behind the line declared it to be for, where that was taken into account.
    """

    shown = ("since", "until", "model_id", "declared_use")

    number: str
    since: AwareDatetime
    until: AwareDatetime
    model_id: str | None = None
    declared_use: str | None = None


class Verdict(Model):
    """One structured answer for one application, or for one line after its card was issued.

    Attributes:
        schema_version: Version of this JSON form.
        verdict_id: Unique identifier of this verdict.
        application_id: The application it answers; of a line the one by which its card was issued, and None of a line
            that is not on record.
        decision: What to do.
        final: True for ACCEPT and REFUSE; False when a further step at the counter can change it.
        reasons: Codes that made the decision worse than ACCEPT, worst first.
        findings: Every answer of every check, in the order of the checks.
        advice: What the clerk does next, most urgent first.
        silent_alert: The operator's security staff should be told, and nobody at the counter.
        policy_id: Hash of the policy that decided.
        engine_id: The face engine that was asked, if one was.
        simkyc_version: Version of this library.
        decided_at: When it was decided.
        elapsed_ms: Milliseconds by stage and check.
        line_state: Of a line: how it is used; None of an application.
        line_actions: What is recommended for the line, one a service at most.
        usage: Of a number's use: whose and when; None of an application, and of a line by its cards and devices.
    """

    shown = ("verdict_id", "application_id", "decision", "reasons", "line_state")

    schema_version: int = SCHEMA_VERSION
    verdict_id: str
    application_id: Identifier | None
    decision: Decision
    final: bool
    reasons: tuple[str, ...]
    findings: tuple[Finding, ...]
    advice: tuple[Action, ...]
    silent_alert: bool
    policy_id: str
    engine_id: str | None
    simkyc_version: str
    decided_at: AwareDatetime
    elapsed_ms: Mapping[str, float] = Field(default_factory=dict)
    line_state: LineState | None = None
    line_actions: tuple[LineAction, ...] = ()
    usage: JudgedUse | None = None

    @property
    def flagged(self) -> tuple[str, ...]:
        """The reasons that hold, worst first: what was found, without what could not be checked."""
        found = {
            finding.reason
            for finding in self.findings
            if finding.state is State.FLAGGED and tells(finding, finding.reason)
        }
        return tuple(reason for reason in self.reasons if reason in found)

    @property
    def to_correct(self) -> tuple[str, ...]:
        """The reasons that somebody at the counter can mend; no supervisor may open a number over them."""
        return tuple(
            reason
            for reason in self.reasons
            if any(
                tells(finding, reason)
                and finding.decision is Decision.RETRY
                and (finding.state is State.FLAGGED or finding.cause not in EXPLAINED)
                for finding in self.findings
            )
        )

    def messages(self, language: Language = "zh-CN", audience: Audience = "clerk") -> tuple[str, ...]:
        """What to show or say, one sentence a line, the worst first.

        Customer words never reveal thresholds, other people or a silent alert; clerk words never reveal a
        silent alert. Both leave out what could not be checked because of something else that is said, and
        beside a refusal whatever is less.
        Internal words hold everything and add the figures.

        Args:
            language: `zh-CN` or `en`.
            audience: `clerk`, `customer` or `internal`.

        Raises:
            InputError: Another language or audience.
        """
        if not self.reasons:
            after_issue = self.line_state is not None or self.usage is not None
            return (words("in_order" if after_issue else "accepted", language, audience),)
        lines = []
        for reason, subject in self._worth_saying(audience):
            weighty = [
                finding for finding in self.findings if tells(finding, reason) and finding.subject == subject
            ]
            assessed = any(finding.state is State.FLAGGED for finding in weighty)
            text = words(reason, language, audience, assessed=assessed)
            if audience != "customer":  # who hears what it is about somebody else
                text = about(subject, language) + text
            if audience == "internal":
                text += "".join(f" [{figures(finding)}]" for finding in weighty)
            lines.append(text)
        return tuple(dict.fromkeys(lines))

    def _worth_saying(self, audience: Audience) -> tuple[tuple[str, Role], ...]:
        """The reasons and whom each is about, for people at the counter without those that follow from another."""
        only_refusals = audience != "internal" and any(
            finding.decision is Decision.REFUSE for finding in self.findings
        )
        pairs: list[tuple[str, Role]] = []
        for reason in self.reasons:
            found = dict.fromkeys(
                finding.subject
                for finding in self.findings
                if tells(finding, reason) and not (only_refusals and finding.decision is not Decision.REFUSE)
            )
            pairs += [(reason, subject) for subject in found]
            if not found and not only_refusals:
                pairs.append((reason, "applicant"))
        flagged = {
            (finding.reason, finding.subject) for finding in self.findings if finding.state is State.FLAGGED
        }
        if audience == "internal" or not flagged.intersection(pairs):
            return tuple(pairs)
        follow = {
            (finding.reason, finding.subject) for finding in self.findings if finding.cause in EXPLAINED
        } - flagged
        return tuple(pair for pair in pairs if pair not in follow)


def about(subject: Role, language: Language) -> str:
    """How a line begins that is about somebody else than the applicant."""
    chinese, english = {
        "applicant": ("", ""),
        "guardian": ("监护人：", "Guardian: "),
        "representative": ("代办人：", "Representative: "),
        "transferor": ("转出方：", "Transferor: "),
    }[subject]
    return chinese if language == "zh-CN" else english


def tells(finding: Finding, reason: str) -> bool:
    """Whether a finding gave this reason its weight."""
    counts = finding.state is not State.PASSED and finding.decision is not Decision.ACCEPT
    return finding.reason == reason and counts


def figures(finding: Finding) -> str:
    """A finding's figures in one line, for internal readers."""
    parts = [finding.reason, finding.state.value]
    if finding.subject != "applicant":
        parts.append(finding.subject)
    if finding.cause:
        parts.append(f"cause {finding.cause}")
    if finding.observed is not None:
        parts.append(f"observed {finding.observed:g}")
    if finding.limit is not None:
        parts.append(f"limit {finding.limit:g}")
    if finding.unit:
        parts.append(finding.unit)
    return ", ".join(parts)
