"""Making a package: a pure function from what is on record about a number, or from a ring, to a lead.

What speaks of fraud goes in, by reference; how an application was taken down (photos, clocks, consent) stays out, and
so does every text of a finding. What was not looked at is said as such.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from simkyc import line
from simkyc._version import __version__
from simkyc.errors import LeadError
from simkyc.facts import day_in_china
from simkyc.history.protocol import Binding, Recorded, Seen
from simkyc.leads import words
from simkyc.leads.lead import (
    Ask,
    Certainty,
    Disclosure,
    EvidenceReference,
    Figure,
    Handling,
    Happened,
    Happening,
    Harm,
    Lead,
    NotAssessed,
    Order,
    Said,
    Subject,
    Tie,
    Urgency,
    Why,
    sealed,
)
from simkyc.leads.sealing import canonical, sha256_of
from simkyc.reasons import REASONS
from simkyc.rings.ring import Ring, Rings
from simkyc.steps import LineStep
from simkyc.verdict import EXPLAINED, Decision, Finding, State, Verdict

__all__ = ["NumberOnRecord", "lead_about_number", "lead_about_ring", "present_chain"]

VerdictKind = Literal["counter_verdict", "line_verdict", "usage_verdict"]
KINDS: Final[Mapping[str, Happening]] = {
    "opening": "opened",
    "replacement": "replaced",
    "transfer": "transferred",
    "esim_move": "moved",
    "loss_report": "lost",
    "reactivation": "restored",
}
Rate = Literal["false_positive_rate", "false_match_rate", "probability"]
RATES: Final[tuple[Rate, ...]] = get_args(Rate)
"""Figures of a finding that say how sure it is."""
NOT_APPLICABLE: Final = frozenset({"not_restricted"})
"""Causes by which a question about a line does not arise at all."""
SHOWN_VERDICTS: Final = 5
"""So many places are named where a reason was found in many verdicts; the evidence names all of them."""


@dataclass(frozen=True, slots=True)
class NumberOnRecord:
    """What a history says of one number.

    Attributes:
        key: Keyed hash of the number.
        bindings: Everything that was carried out for it, oldest first.
        sightings: The devices that the network saw it in, oldest first.
        frauds: The applications that opened it, where it was reported as used for fraud.
        records: What is remembered of its applications, by identifier.
        steps: What was done to it since it came to its holder, oldest first.
        line: How the line is judged now.
        cleared: What earlier leads about its holder came to and when, where it speaks for them: codes of
            `words.CLEARING_WORDS`.
    """

    key: str
    bindings: tuple[Binding, ...]
    sightings: tuple[Seen, ...]
    frauds: frozenset[str]
    records: Mapping[str, Recorded]
    steps: tuple[LineStep, ...]
    line: Verdict
    cleared: tuple[tuple[str, datetime], ...] = ()


def present_chain(bindings: Sequence[Binding]) -> tuple[Binding, ...]:
    """What bound the number to its present holder, or to its last one where it is bound to nobody now."""
    bound = [one for one in bindings if one.kind in line.BINDING_KINDS]
    if not bound:
        return ()
    last = max(bound, key=lambda one: (one.opened_at, one.ended_at is None))
    return line.chain_of([replace(one, ended_at=None) if one is last else one for one in bindings])


def lead_about_number(
    known: NumberOnRecord,
    order: Order,
    now: datetime,
    *,
    usage: Verdict | None = None,
    disclosure: Disclosure | None = None,
) -> Lead:
    """A lead about one number.

    Args:
        known: What the history says of it.
        order: Who hands what to whom.
        now: When, with a zone.
        usage: How its use was judged, where it was.
        disclosure: The number in the clear, where it may be named.

    Raises:
        LeadError: Nothing speaks against the number.
        InputError: A field does not fit.
    """
    chain = present_chain(known.bindings)
    of_holder = [one for one in known.bindings if chain and one.opened_at >= chain[0].opened_at]
    ids = tuple(dict.fromkeys(one.application_id for one in of_holder))
    is_reported = bool(known.frauds & set(ids))
    is_stopped = bool(known.steps) and known.steps[-1].state in ("suspended", "cancelled")
    in_use = bool(chain) and chain[-1].ended_at is None and _holds_now(known.bindings) and not is_stopped
    verdicts: list[tuple[VerdictKind, Verdict, str | None]] = [
        ("line_verdict", known.line, None),
        *_recorded(ids, known.records),
    ]
    if usage is not None:
        verdicts.insert(0, ("usage_verdict", usage, None))
    why = [_reported(ids, known.frauds)] if is_reported else []
    why += _found(verdicts)
    if not why:
        raise LeadError("nothing that is on record speaks against this number, so there is no lead")
    missing = [one for one in ids if one not in known.records] or ([] if ids else ["none"])
    not_looked_at = {
        "lead.usage": usage is None,
        "lead.sightings": not known.sightings,
        "lead.application": bool(missing),
    }
    person = chain[-1].person if chain else None
    cleared = [
        *known.cleared,
        *(("line.restored", one.taken_at) for one in known.steps if one.measure == "restore"),
    ]
    cleared_at = max((at for _, at in cleared), default=None)
    return _made(
        order,
        now,
        about="number",
        urgency=_urgency(
            in_use=in_use,
            is_stopped=is_stopped,
            presses=is_reported
            or any(
                (one.silent_alert or _suspends(one)) and _is_news(kind, one, known, cleared_at)
                for kind, one, _ in verdicts
            ),
        ),
        subjects=(
            Subject(place=0, kind="number", key=known.key, application_ids=ids),
            *((Subject(place=1, kind="person", key=person, application_ids=ids),) if ids else ()),
        ),
        why=tuple(why),
        against=_against(code for code, _ in cleared),
        evidence=tuple(_reference(*one) for one in verdicts),
        timeline=_timeline(
            [*_life(of_holder), *_seen(chain, known.sightings), *_taken(known.steps), *_judged(verdicts)],
            now,
        ),
        harm=Harm(
            applications=len(ids),
            opened=int(bool(chain)),
            in_use=int(in_use),
            reported_fraud=int(is_reported),
        ),
        certainty=(*_certainties(verdicts), *_unmeasured(why, verdicts)),
        not_assessed=_not_assessed(verdicts, not_looked_at),
        asks=("check_use", "identities", "answer"),
        disclosure=disclosure,
    )


def lead_about_ring(
    ring: Ring,
    order: Order,
    now: datetime,
    *,
    records: Mapping[str, Recorded],
    found: Rings | None = None,
    file_sha256: str | None = None,
    disclosure: Disclosure | None = None,
) -> Lead:
    """A lead about one ring.

    Args:
        ring: The ring.
        order: Who hands what to whom.
        now: When, with a zone.
        records: What is remembered of its people's applications, by identifier; what is missing is said to be.
        found: The search that found it.
        file_sha256: Digest of the file that the ring was read from.
        disclosure: Numbers in the clear, where they may be named.

    Raises:
        InputError: A field does not fit.
    """
    ids = tuple(dict.fromkeys(one for member in ring.members for one in member.application_ids))
    verdicts = list(_recorded(ids, records))
    signs = [_sign(sign, ring) for sign in ring.signs]
    why = signs + _found(verdicts)
    first_staff = len(ring.members) + 1
    itself = EvidenceReference(
        kind="ring",
        digest_of="ring",
        sha256=sha256_of(canonical(ring.model_dump(mode="json"))),
        reference=ring.ring_id,
        at=ring.last_at,
        reasons=tuple(f"ring.{sign}" for sign in ring.signs),
        policy_id=None if found is None else found.policy_id,
        limits_id=None if found is None else found.limits_id,
        simkyc_version=None if found is None else found.simkyc_version,
    )
    evidence = [itself]
    if file_sha256 is not None:
        evidence.append(
            itself.changed(kind="ring_file", digest_of="ring_file", sha256=file_sha256, at=None, reasons=())
        )
    joined = [
        Happened(
            at=member.first_at, what="joined", reference=f"#{place}", words=words.HAPPENING_WORDS["joined"]
        )
        for place, member in enumerate(ring.members, 1)
    ]
    last = Happened(at=ring.last_at, what="last_activity", words=words.HAPPENING_WORDS["last_activity"])
    return _made(
        order,
        now,
        about="ring",
        # A table of links knows no numbers: what they are is not known then, and no "none".
        urgency=_urgency(in_use=ring.harm.in_use > 0 or not ring.harm.opened, presses=ring.harm.fraud > 0),
        subjects=(
            Subject(place=0, kind="ring", key=ring.ring_id),
            *(
                Subject(place=place, kind="person", key=member.person, application_ids=member.application_ids)
                for place, member in enumerate(ring.members, 1)
            ),
            *(
                Subject(place=place, kind=staff.kind, key=staff.staff_id)
                for place, staff in enumerate(ring.staff, first_staff)
            ),
        ),
        ties=tuple(
            Tie(
                kind=thing.kind,
                key=thing.key,
                people=thing.people,
                subjects=tuple(link.member + 1 for link in ring.links if link.shared == place),
            )
            for place, thing in enumerate(ring.shared)
        ),
        why=tuple(why),
        against=tuple(Why(code=f"ring.{sign}", words=words.against_words(sign)) for sign in ring.against),
        evidence=(*evidence, *(_reference(*one) for one in verdicts)),
        timeline=_timeline([*joined, last], now),
        harm=Harm(
            applications=ring.harm.applications,
            opened=ring.harm.opened,
            in_use=ring.harm.in_use,
            reported_fraud=ring.harm.fraud,
        ),
        certainty=(
            Certainty(code="ring", kind="points", value=ring.score, note=words.CERTAINTY_WORDS["points"]),
            *(
                Certainty(
                    code="ring.unusual_staff",
                    kind="chance",
                    value=staff.chance,
                    note=words.CERTAINTY_WORDS["chance"],
                )
                for staff in ring.staff
            ),
            *_certainties(verdicts),
            *_unmeasured(why, verdicts),
        ),
        not_assessed=_not_assessed(
            verdicts,
            {
                "lead.usage": True,
                "lead.application": any(one not in records for one in ids) or not ids,
                "lead.people": True,
            },
        ),
        asks=("find_people", "identities", "answer"),
        disclosure=disclosure,
    )


def _made(
    order: Order,
    now: datetime,
    *,
    about: Literal["number", "ring"],
    urgency: Urgency,
    subjects: tuple[Subject, ...],
    why: tuple[Why, ...],
    evidence: tuple[EvidenceReference, ...],
    timeline: tuple[Happened, ...],
    harm: Harm,
    certainty: tuple[Certainty, ...],
    not_assessed: tuple[NotAssessed, ...],
    asks: tuple[Ask, ...],
    disclosure: Disclosure | None,
    ties: tuple[Tie, ...] = (),
    against: tuple[Why, ...] = (),
) -> Lead:
    """What every lead has alike."""
    today = day_in_china(now)
    return sealed(
        lead_id=order.lead_id or f"lead-{today:%Y%m%d}-{secrets.token_hex(4)}",
        about=about,
        urgency=order.urgency or urgency,
        created_at=now,
        created_by=order.created_by,
        recipient=order.recipient,
        case_reference=order.case_reference,
        legal_basis=order.legal_basis,
        supersedes=order.supersedes,
        subjects=subjects,
        ties=ties,
        why=why,
        against=against,
        evidence=evidence,
        timeline=timeline,
        harm=harm,
        certainty=certainty,
        not_assessed=not_assessed,
        asks=asks,
        contact=order.contact,
        handling=Handling(retain_until=today + timedelta(days=order.retain_days), rules=words.RULES),
        simkyc_version=__version__,
        disclosure=disclosure,
    )


def _against(cleared: Iterable[str]) -> tuple[Why, ...]:
    """What was found for whoever holds the number, after it was suspected."""
    cases = Counter(cleared)
    return tuple(
        Why(code=code, words=said, cases=cases[code])
        for code, said in words.CLEARING_WORDS.items()
        if cases[code]
    )


def _is_news(kind: VerdictKind, verdict: Verdict, known: NumberOnRecord, cleared_at: datetime | None) -> bool:
    """Whether a verdict on a line or its use rests on anything that came after its holder was cleared.

    Nobody is hunted for what they were cleared of.
    """
    if kind == "counter_verdict":
        return False
    if cleared_at is None:
        return True
    if kind == "usage_verdict":
        return (verdict.decided_at if verdict.usage is None else verdict.usage.until) > cleared_at
    seen = any(one.seen_at > cleared_at for one in known.sightings)
    return seen or any(one.suspected and one.taken_at > cleared_at for one in known.steps)


def _holds_now(bindings: Iterable[Binding]) -> bool:
    return any(one.kind in line.BINDING_KINDS and one.ended_at is None for one in bindings)


def _urgency(*, in_use: bool, presses: bool, is_stopped: bool = False) -> Urgency:
    if is_stopped and presses:
        # Whoever was called by it may be about to pay.
        return "soon"
    if not in_use:
        return "routine"
    return "immediate" if presses else "soon"


def _suspends(verdict: Verdict) -> bool:
    return any(action.status == "suspended" for action in verdict.line_actions)


def _recorded(
    ids: Iterable[str], records: Mapping[str, Recorded]
) -> Iterator[tuple[VerdictKind, Verdict, str | None]]:
    """The verdicts of these applications with the digest of each as it is recorded."""
    for one in ids:
        if one in records:
            text = records[one].verdict_json
            yield "counter_verdict", Verdict.from_json(text), sha256_of(text.encode())


def _reference(kind: VerdictKind, verdict: Verdict, recorded_sha256: str | None) -> EvidenceReference:
    findings = [finding.model_dump(mode="json") for finding in verdict.findings]
    return EvidenceReference(
        kind=kind,
        digest_of="findings" if recorded_sha256 is None else "recorded_verdict",
        sha256=recorded_sha256 or sha256_of(canonical(findings)),
        reference=verdict.verdict_id,
        application_id=verdict.application_id,
        at=verdict.decided_at,
        reasons=tuple(one for one in verdict.flagged if _told(one)),
        policy_id=verdict.policy_id,
        engine_id=verdict.engine_id,
        model_id=_model_id(verdict),
        simkyc_version=verdict.simkyc_version,
    )


def _model_id(verdict: Verdict) -> str | None:
    """The usage model behind a verdict, where it is one on a number's use and had a model."""
    return None if verdict.usage is None else verdict.usage.model_id


def _told(code: str) -> bool:
    return not {code, code.partition(".")[0]} & words.LEFT_OUT


def _weighs(finding: Finding) -> bool:
    return (
        finding.state is State.FLAGGED and finding.decision is not Decision.ACCEPT and _told(finding.reason)
    )


def _found(verdicts: Sequence[tuple[VerdictKind, Verdict, str | None]]) -> list[Why]:
    """Every reason that holds in one of the verdicts, once, with the figures of the first that has it."""
    first: dict[str, tuple[Finding, list[str]]] = {}
    for _, verdict, _ in verdicts:
        order = {reason: place for place, reason in enumerate(verdict.reasons)}
        weighty = [one for one in verdict.findings if _weighs(one)]
        for finding in sorted(weighty, key=lambda one: order.get(one.reason, len(order))):
            first.setdefault(finding.reason, (finding, []))[1].append(verdict.verdict_id)
    return [_why(finding, tuple(dict.fromkeys(where))) for finding, where in first.values()]


def _why(finding: Finding, verdict_ids: tuple[str, ...]) -> Why:
    reason = REASONS.get(finding.reason)
    return Why(
        code=finding.reason,
        words=words.found_words(finding.reason),
        label=None if reason is None else Said(zh=reason.label.zh, en=reason.label.en),
        basis=None if reason is None else reason.basis,
        observed=finding.observed,
        limit=finding.limit,
        unit=finding.unit,
        cause=finding.cause,
        figures=tuple(
            Figure(name=one.name, value=one.value, unit=one.unit)
            for one in finding.evidence
            if isinstance(one.value, int | float)
        ),
        cases=len(verdict_ids),
        verdict_ids=verdict_ids[:SHOWN_VERDICTS],
    )


def _reported(ids: Sequence[str], frauds: frozenset[str]) -> Why:
    count = len(frauds & set(ids))
    return Why(
        code="outcome.fraud",
        words=words.found_words("outcome.fraud"),
        observed=count,
        unit="reports",
        cases=count,
    )


def _sign(sign: str, ring: Ring) -> Why:
    figures: Mapping[str, tuple[float, str]] = {
        "many_people": (len(ring.members), "people"),
        "comes_back": (ring.days, "days"),
        "several_stores": (ring.stores, "stores"),
        "several_ties": (len({thing.kind for thing in ring.shared}), "kinds of things"),
        "fraud_reported": (ring.harm.fraud, "numbers"),
        "fraud_repeated": (ring.harm.fraud, "numbers"),
    }
    observed, unit = figures.get(sign, (None, None))
    return Why(code=f"ring.{sign}", words=words.sign_words(sign), observed=observed, unit=unit)


def _certainties(verdicts: Sequence[tuple[VerdictKind, Verdict, str | None]]) -> Iterator[Certainty]:
    """What the findings themselves say of how sure they are, the worst of each kind."""
    worst: dict[tuple[str, Rate], float] = {}
    for _, verdict, _ in verdicts:
        for finding in filter(_weighs, verdict.findings):
            for figure in finding.evidence:
                kind = next((one for one in RATES if one == figure.name), None)
                if kind is not None and isinstance(figure.value, int | float):
                    key = (finding.reason, kind)
                    worst[key] = max(worst.get(key, 0.0), float(figure.value))
    for (code, rate), value in worst.items():
        yield Certainty(
            code=code,
            kind=rate,
            value=value,
            note=words.CERTAINTY_WORDS[rate],
        )


def _unmeasured(
    why: Iterable[Why], verdicts: Sequence[tuple[VerdictKind, Verdict, str | None]]
) -> Iterator[Certainty]:
    measured = {one.code for one in _certainties(verdicts)} | {"outcome.fraud", "ring.unusual_staff"}
    for one in why:
        if one.code not in measured:
            yield Certainty(
                code=one.code, kind="not_measured", value=None, note=words.CERTAINTY_WORDS["not_measured"]
            )


def _not_assessed(
    verdicts: Sequence[tuple[VerdictKind, Verdict, str | None]], not_looked_at: Mapping[str, bool]
) -> tuple[NotAssessed, ...]:
    open_questions = Counter(
        (finding.reason, finding.cause or "unknown")
        for kind, verdict, _ in verdicts
        for finding in verdict.findings
        if _is_open(finding, is_application=kind == "counter_verdict")
    )
    return (
        *(
            NotAssessed(code=code, cause="not_given", words=words.NOT_LOOKED_AT[code])
            for code, is_missing in not_looked_at.items()
            if is_missing
        ),
        *(
            NotAssessed(code=code, cause=cause, words=words.unanswered_words(code), cases=count)
            for (code, cause), count in open_questions.items()
        ),
    )


def _is_open(finding: Finding, *, is_application: bool) -> bool:
    """Whether a question was left open that somebody may miss."""
    if finding.state is not State.NOT_ASSESSED or finding.cause in EXPLAINED or not _told(finding.reason):
        return False
    if is_application:
        # The policy knows which of them do not apply: there is no guardian, no company, no second device.
        return finding.decision is not Decision.ACCEPT
    return finding.cause not in NOT_APPLICABLE


def _timeline(happened: Sequence[Happened], now: datetime) -> tuple[Happened, ...]:
    made = Happened(at=now, what="made", words=words.HAPPENING_WORDS["made"])
    return (*sorted(happened, key=lambda one: one.at), made)


def _life(bindings: Iterable[Binding]) -> Iterator[Happened]:
    for one in bindings:
        what = KINDS.get(one.kind)
        if what is not None:
            yield Happened(
                at=one.opened_at, what=what, reference=one.application_id, words=words.HAPPENING_WORDS[what]
            )
        if one.ended_at is not None and one.kind in line.BINDING_KINDS:
            yield Happened(
                at=one.ended_at,
                what="ended",
                reference=one.application_id,
                words=words.HAPPENING_WORDS["ended"],
            )


def _seen(chain: Sequence[Binding], sightings: Sequence[Seen]) -> Iterator[Happened]:
    seen = line.devices_seen(chain, sightings)
    if not seen:
        return
    yield Happened(at=seen[0][0], what="first_seen", words=words.HAPPENING_WORDS["first_seen"])
    for at in line.device_changes(seen):
        yield Happened(at=at, what="device_changed", words=words.HAPPENING_WORDS["device_changed"])
    if len(seen) > 1:
        yield Happened(at=seen[-1][0], what="last_seen", words=words.HAPPENING_WORDS["last_seen"])


def _taken(steps: Iterable[LineStep]) -> Iterator[Happened]:
    said = words.HAPPENING_WORDS["measure"]
    for one in steps:
        named = words.MEASURE_WORDS[one.measure]
        yield Happened(
            at=one.taken_at,
            what="measure",
            reference=None if one.step_no is None else f"step-{one.step_no}",
            words=Said(zh=f"{said.zh}：{named.zh}", en=f"{said.en}: {named.en}"),
        )


def _judged(verdicts: Iterable[tuple[VerdictKind, Verdict, str | None]]) -> Iterator[Happened]:
    zh = {"counter_verdict": "申请审核", "line_verdict": "号码检查", "usage_verdict": "使用情况检查"}
    en = {
        "counter_verdict": "application judged",
        "line_verdict": "line judged",
        "usage_verdict": "usage judged",
    }
    for kind, verdict, _ in verdicts:
        count = len({one.reason for one in verdict.findings if _weighs(one)})
        yield Happened(
            at=verdict.decided_at,
            what="judged",
            reference=verdict.verdict_id,
            words=Said(zh=f"{zh[kind]}：{count} 项异常", en=f"{en[kind]}: {count} flagged"),
        )
