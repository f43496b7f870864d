"""Who may act here: a minor's guardian, somebody who acts for another, an organisation's handler?

Reasons: `parties.document_not_admitted`, `.too_young`, `.guardian_missing`, `.guardian_unfit`, `.represented`,
`.representative_unfit`, `.authorisation_missing`, `.authorisation_not_valid`, `.representative_many_people`,
`.handler_missing`, `.organisation_code`, `.organisation_expired`.
Units: years of age and whole days on the calendar day in China; people in the policy's window in days.
Source: real-name rules on agents (both parties' documents) and organisations (document, handler, authorisation
letter, actual user or person responsible) [S]; age bands differ from operator to operator and are policy.
A false alarm sends a family or a company home for a paper; a miss lets an escort open cards for people who never
saw the counter, which is how card farmers work.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> sorted({finding.state.value for finding in check(application(), facts(), Policy.default())})
['not_assessed', 'passed']
"""

from __future__ import annotations

from datetime import date

from simkyc.application import Application, Authorisation, Organisation, Subject
from simkyc.checks.answers import about, answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts, age_years, day_in_china, is_same_person
from simkyc.numbers import credit_code
from simkyc.policy import PartyLimits, Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge everybody's part in the application."""
    today = day_in_china(facts.now)
    return (
        *_documents(application, today, policy),
        *_minor(application, today, policy),
        *_representative(application, facts, today, policy),
        *_organisation(application, today),
    )


def _documents(application: Application, today: date, policy: Policy) -> tuple[Finding, ...]:
    return tuple(
        finding
        for subject in application.subjects
        for finding in about(subject.role, [_document(subject, today, policy.parties)])
    )


def _document(subject: Subject, today: date, admitted: PartyLimits) -> Finding:
    kinds = admitted.applicant_documents if subject.role == "applicant" else admitted.other_documents
    if subject.role == "applicant" and _age(subject, today) < admitted.guardian_below_age.value:
        kinds += admitted.minor_documents
    kind = subject.document.kind
    return answer(
        "parties.document_not_admitted", holds=kind not in kinds, cause=None if kind in kinds else kind
    )


def _age(subject: Subject, today: date) -> int:
    return age_years(subject.document.birth_date, today)


def _minor(application: Application, today: date, policy: Policy) -> tuple[Finding, ...]:
    people = {subject.role: subject for subject in application.subjects}
    age, limits = _age(people["applicant"], today), policy.parties
    is_minor = age < limits.guardian_below_age.value
    guardian = people.get("guardian")
    is_own = guardian is not None and is_same_person(guardian.document, people["applicant"].document)
    return (
        answer(
            "parties.too_young",
            holds=0 <= age < limits.youngest_age.value,  # born tomorrow is no age
            limit=limits.youngest_age.value,
            unit="years",
        ),
        answer(
            "parties.guardian_missing",
            holds=is_minor and guardian is None,
            limit=limits.guardian_below_age.value,
            unit="years",
        ),
        *(
            [not_assessed("parties.guardian_unfit", "no_guardian")]
            if guardian is None
            else about(
                "guardian",
                [
                    answer(
                        "parties.guardian_unfit",
                        holds=is_own or _age(guardian, today) < limits.adult_age.value,
                        limit=limits.adult_age.value,
                        unit="years",
                        cause="same_person" if is_own else None,
                    )
                ],
            )
        ),
    )


_REPRESENTED = (
    "parties.representative_unfit",
    "parties.authorisation_missing",
    "parties.authorisation_not_valid",
    "parties.representative_many_people",
)


def _representative(
    application: Application, facts: Facts, today: date, policy: Policy
) -> tuple[Finding, ...]:
    representative = application.representative
    # An organisation's handler too: whoever the number is for was not seen, and no machine read the letter.
    represented = answer("parties.represented", holds=representative is not None)
    if representative is None:
        return (represented, *(not_assessed(reason, "no_representative") for reason in _REPRESENTED))
    limits, seen = policy.parties, facts.openings.shared.get("representative")
    others = None if seen is None else max(counts.people for counts in seen.values())
    age = age_years(representative.document.birth_date, today)
    # In a company whoever uses the number may also handle it; nobody else acts for themselves.
    most = limits.represented_people if application.organisation is None else limits.handled_people
    is_own = application.organisation is None and is_same_person(
        representative.document, application.document
    )
    people = (
        not_assessed("parties.representative_many_people", "number_malformed")
        if others is None
        else answer(
            "parties.representative_many_people",
            holds=others + 1 > most.value,
            observed=others + 1,
            limit=most.value,
            unit=f"people in {limits.representative_window.value:g} days",
            data_as_of=facts.now,
        )
    )
    return (
        represented,
        *about(
            "representative",
            [
                answer(
                    "parties.representative_unfit",
                    holds=is_own or age < limits.adult_age.value,
                    limit=limits.adult_age.value,
                    unit="years",
                    cause="same_person" if is_own else None,
                ),
                *_letter(representative.authorisation, today),
                people,
            ],
        ),
    )


def _letter(letter: Authorisation | None, today: date) -> tuple[Finding, ...]:
    if letter is None:
        return (
            answer("parties.authorisation_missing", holds=True),
            not_assessed("parties.authorisation_not_valid", "no_letter"),
        )
    ended = letter.valid_until is not None and letter.valid_until < today
    return (
        answer("parties.authorisation_missing", holds=False),
        answer(
            "parties.authorisation_not_valid",
            holds=ended or letter.valid_from > today,
            cause="ended" if ended else "not_yet" if letter.valid_from > today else None,
        ),
    )


def _organisation(application: Application, today: date) -> tuple[Finding, ...]:
    organisation = application.organisation
    if organisation is None:
        reasons = ("handler_missing", "organisation_code", "organisation_expired")
        return tuple(not_assessed(f"parties.{reason}", "no_organisation") for reason in reasons)
    ended = organisation.valid_until is not None and organisation.valid_until < today
    fault = _code_fault(organisation)
    return (
        answer("parties.handler_missing", holds=application.representative is None),
        answer("parties.organisation_code", holds=fault is not None, cause=fault),
        answer("parties.organisation_expired", holds=ended),
    )


def _code_fault(organisation: Organisation) -> str | None:
    try:
        credit_code.validate(organisation.credit_code)
    except NumberError as error:
        return error.cause
    return None
