"""Is the document one that exists, and is it valid today?

Reasons: `document.number_malformed`, `.number_checksum`, `.birth_date_disagrees`, `.sex_disagrees`,
`.not_yet_valid`, `.expired`, `.dates_implausible`, `.holder_minor`.
Units: whole days and years on the counter's own calendar day.
Source: GB 11643 (number and check digit); validity as the chip says. The division code in the number is
never held against anyone: people were born before their county had its code.
A false alarm turns an honest holder away; a miss lets a forged or void card open a number.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from datetime import date

from simkyc.application import Application, IdDocument
from simkyc.checks.answers import answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts
from simkyc.numbers import resident_id
from simkyc.policy import DocumentLimits, Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the number, its agreement with the chip, and the dates."""
    today = facts.now.astimezone(application.applied_at.tzinfo).date()
    document = application.document
    return _number(document) + _dates(document, today, policy.document)


def _number(document: IdDocument) -> tuple[Finding, ...]:
    try:
        number = resident_id.validate(document.number)
        fault = "first_generation" if resident_id.generation(number) == 1 else None
    except NumberError as error:
        number, fault = "", error.cause
    malformed = fault not in {None, "checksum"}
    shape = answer("document.number_malformed", holds=malformed, cause=fault if malformed else None)
    if malformed:
        unread = ("document.number_checksum", "document.birth_date_disagrees", "document.sex_disagrees")
        return (shape, *(not_assessed(reason, "number_malformed") for reason in unread))
    if fault == "checksum":
        return (
            shape,
            answer("document.number_checksum", holds=True),
            not_assessed("document.birth_date_disagrees", "number_malformed"),
            not_assessed("document.sex_disagrees", "number_malformed"),
        )
    return (
        shape,
        answer("document.number_checksum", holds=False),
        answer("document.birth_date_disagrees", holds=resident_id.birth_date(number) != document.birth_date),
        answer("document.sex_disagrees", holds=resident_id.sex(number) != document.sex),
    )


def _dates(document: IdDocument, today: date, limits: DocumentLimits) -> tuple[Finding, ...]:
    days_early = (document.valid_from - today).days
    days_late = (today - document.valid_until).days if document.valid_until else None
    age = age_years(document.birth_date, today)
    implausible = (
        "valid_until_before_valid_from"
        if document.valid_until and document.valid_until < document.valid_from
        else "issued_before_birth"
        if document.valid_from < document.birth_date
        else "born_in_the_future"
        if document.birth_date > today
        else "too_old"
        if age > limits.oldest_age.value
        else None
    )
    return (
        answer(
            "document.not_yet_valid",
            holds=days_early > 0,
            observed=max(days_early, 0),
            limit=0,
            unit="days before it begins",
        ),
        answer(
            "document.expired",
            holds=days_late is not None and days_late > 0,
            observed=max(days_late, 0) if days_late is not None else None,
            limit=0,
            unit="days past its end",
            cause="long_term" if days_late is None else None,
        ),
        answer("document.dates_implausible", holds=implausible is not None, cause=implausible),
        answer(
            "document.holder_minor",
            holds=age < limits.adult_age.value,
            limit=limits.adult_age.value,
            unit="years",
        ),
    )


def age_years(birth_date: date, today: date) -> int:
    """Completed years of life; someone born on 29 February completes one on 1 March of other years.

    >>> age_years(date(2004, 2, 29), date(2025, 2, 28)), age_years(date(2004, 2, 29), date(2025, 3, 1))
    (20, 21)
    """
    return today.year - birth_date.year - ((today.month, today.day) < (birth_date.month, birth_date.day))
