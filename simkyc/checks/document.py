"""Is the document one that exists, and is it valid today?

Reasons: `document.number_malformed`, `.number_checksum`, `.birth_date_disagrees`, `.sex_disagrees`,
`.zone_malformed`, `.zone_differs`, `.read_by_eye`, `.not_yet_valid`, `.expired`, `.dates_implausible`, `.holder_minor`.
Units: whole days and years on the calendar day in China.
Source: GB 11643 (number and check digit); validity as the chip says. The division code in the number is
never held against anyone: people were born before their county had its code.
A false alarm turns an honest holder away; a miss lets a forged or void card open a number.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.cause for finding in check(application(), facts(), Policy.default()) if finding.state != "passed"}
{'no_zone'}
"""

from __future__ import annotations

from datetime import date

from simkyc import names
from simkyc.application import Application, IdDocument
from simkyc.checks.answers import about, answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts, age_years, day_in_china
from simkyc.numbers import documents, mrz, resident_id
from simkyc.policy import DocumentLimits, Policy
from simkyc.verdict import Finding

__all__ = ["check"]

_WITH_ZONE = frozenset({"passport", "travel_permit", "permanent_residence"})
_ALWAYS_ENDING = _WITH_ZONE | {"residence_permit"}
"""Only residents' cards and what no machine reads are ever long-term."""


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge everybody's document: its number, its agreement with the chip, and the dates."""
    today = day_in_china(facts.now)
    return tuple(
        finding
        for subject in application.subjects
        for finding in about(subject.role, _of(subject.document, today, policy.document))
    )


def _of(document: IdDocument, today: date, limits: DocumentLimits) -> tuple[Finding, ...]:
    by_eye = answer("document.read_by_eye", holds=document.kind in limits.read_by_eye)
    return (*_number(document), *_zone(document, today), by_eye, *_dates(document, today, limits))


def _number(document: IdDocument) -> tuple[Finding, ...]:
    kind = document.kind
    try:
        number = documents.validate(kind, document.number)
        # A card that is still valid has eighteen characters; fifteen were on cards that all expired in 2013.
        fault = "first_generation" if kind == "resident_id" and resident_id.generation(number) == 1 else None
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
    born, sex = documents.birth_date(kind, number), documents.sex(kind, number)
    return (
        shape,
        answer("document.number_checksum", holds=False),
        # A number that does not tell them cannot disagree.
        answer("document.birth_date_disagrees", holds=born is not None and born != document.birth_date),
        answer("document.sex_disagrees", holds=sex is not None and sex != document.sex),
    )


def _zone(document: IdDocument, today: date) -> tuple[Finding, ...]:
    reasons = ("document.zone_malformed", "document.zone_differs")
    if document.zone is None and document.kind == "passport":
        # Nothing else in a passport has a check digit, and what is typed of it agrees with itself.
        return (answer(reasons[0], holds=True, cause="missing"), not_assessed(reasons[1], "zone_malformed"))
    if document.zone is None:
        return tuple(not_assessed(reason, "no_zone") for reason in reasons)
    try:
        zone = mrz.parse(mrz.repaired(document.zone))
    except NumberError as error:
        return (answer(reasons[0], holds=True, cause=error.cause), not_assessed(reasons[1], "zone_malformed"))
    readable = answer(reasons[0], holds=False)
    if document.kind in _WITH_ZONE and documents.identity(document.kind, document.number) is None:
        return (readable, not_assessed(reasons[1], "number_malformed"))
    differs = _differs(document, zone, today)
    return (readable, answer(reasons[1], holds=differs is not None, cause=differs))


def _differs(document: IdDocument, zone: mrz.Zone, today: date) -> str | None:
    """What a zone says otherwise than the fields, if anything."""
    kind = document.kind
    if kind not in _WITH_ZONE:
        return "kind"
    # A permit's zone may leave out how often it was renewed.
    if documents.identity(kind, zone.number) != documents.identity(kind, document.number):
        return "number"
    # A name in Chinese is not comparable with the zone.
    if names.compare_latin(document.name, zone).cause == "differs":
        return "name"
    if zone.birth_date(not_after=today) != document.birth_date:
        return "birth_date"
    if zone.expiry_date != document.valid_until:
        return "expiry_date"
    return "sex" if zone.sex is not None and zone.sex != document.sex else None


def _dates(document: IdDocument, today: date, limits: DocumentLimits) -> tuple[Finding, ...]:
    days_early = (document.valid_from - today).days
    days_late = (today - document.valid_until).days if document.valid_until else None
    age = age_years(document.birth_date, today)
    implausible = (
        "valid_until_before_valid_from"
        if document.valid_until and document.valid_until < document.valid_from
        else "issued_before_birth"
        if document.valid_from < document.birth_date
        else "without_end"
        if document.valid_until is None and document.kind in _ALWAYS_ENDING
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
