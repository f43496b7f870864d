"""Did the right person sign the current safe-card-use notice, for this application?

Reasons: `notice.not_signed`, `.outdated`, `.signed_at_other_time`, `.text_differs`, `.signed_before_shown`,
`.signed_by_other`.
Units: hours between signature and application; seconds between showing and signature; years of age on the
calendar day in China.
Source: Anti-Telecom and Online Fraud Law, art. 31 (no selling, renting or lending), which the notice tells.
A false alarm costs another signature; a miss leaves a card farmer able to say that nobody told them.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.reason for finding in check(application(notice=None), facts(), Policy.default()) if not finding.cause]
['notice.not_signed']
"""

from __future__ import annotations

import hashlib

from simkyc.application import Application, Notice, Role
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts, age_years, day_in_china
from simkyc.notice.hashes import TEXT_SHA256
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

_OF_A_SIGNED_NOTICE = (
    "notice.outdated",
    "notice.signed_at_other_time",
    "notice.text_differs",
    "notice.signed_before_shown",
    "notice.signed_by_other",
)


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge which text was signed, by whom and when."""
    notice = application.notice
    if notice is None:
        return (
            answer("notice.not_signed", holds=True),
            *(not_assessed(reason, "not_signed") for reason in _OF_A_SIGNED_NOTICE),
        )
    hours = (facts.now - notice.signed_at).total_seconds() / 3600
    tolerance = policy.counter_clock.max_difference.value / 60
    limit = policy.notice.max_age.value
    return (
        # A signature pad that sends no bytes has no signature.
        answer("notice.not_signed", holds=_is_blank(notice), evidence=_evidence(notice)),
        answer("notice.outdated", holds=notice.version != policy.notice.current_version),
        answer(
            "notice.signed_at_other_time",
            holds=not -tolerance <= hours <= limit,
            observed=round(hours, 1) or 0.0,  # no minus zero
            limit=limit,
            unit="hours before the application",
        ),
        _text(notice),
        _shown(notice),
        answer("notice.signed_by_other", holds=notice.signed_by not in _may_sign(application, facts, policy)),
    )


def _is_blank(notice: Notice) -> bool:
    return notice.signature is not None and not notice.signature.data


def _evidence(notice: Notice) -> tuple[Evidence, ...]:
    """What was signed, by whom and when; of the signature's picture its hash alone."""
    values = {
        "version": notice.version,
        "language": notice.language,
        "text_sha256": notice.text_sha256,
        "shown_at": notice.shown_at.isoformat() if notice.shown_at else None,
        "signed_at": notice.signed_at.isoformat(),
        "signed_by": notice.signed_by,
        "signature_sha256": hashlib.sha256(notice.signature.data).hexdigest() if notice.signature else None,
    }
    return tuple(Evidence(name=name, value=value) for name, value in values.items() if value is not None)


def _text(notice: Notice) -> Finding:
    if notice.text_sha256 is None:
        return not_assessed("notice.text_differs", "no_text_hash")
    known = TEXT_SHA256.get((notice.version, notice.language))
    return answer(
        "notice.text_differs",
        holds=notice.text_sha256 != known,
        cause="text_unknown" if known is None else None,
    )


def _shown(notice: Notice) -> Finding:
    if notice.shown_at is None:
        return not_assessed("notice.signed_before_shown", "not_timed")
    seconds = (notice.signed_at - notice.shown_at).total_seconds()
    return answer(
        "notice.signed_before_shown",
        holds=seconds < 0,
        observed=seconds,
        limit=0,
        unit="seconds after it was shown",
    )


def _may_sign(application: Application, facts: Facts, policy: Policy) -> set[Role]:
    """A child does not sign; a guardian signs for nobody who is grown up; a representative for whoever could sign."""
    today = day_in_china(facts.now)
    age = age_years(application.document.birth_date, today)
    is_child = age < policy.parties.guardian_below_age.value
    is_minor = age < policy.parties.adult_age.value
    signers: set[Role] = set() if is_child else {"applicant"}
    if is_minor and application.guardian is not None:
        signers.add("guardian")
    if not is_child and application.representative is not None:
        signers.add("representative")
    return signers
