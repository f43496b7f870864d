"""Does the form say what the document says?

Reasons: `real_name.name_differs`, `.name_variant`, `.name_hidden_characters`, `.number_differs`,
`.birth_date_differs`, `.sex_differs`, `.address_differs`.
Units: none; fields are equal or not after normalisation (`simkyc.names`). No score decides on a name: fuzzy
measures call two people with one shared character as alike as two spellings of one name. A form in the Latin
letters of a passport's machine-readable zone is compared with the zone.
Source: Anti-Telecom and Online Fraud Law, art. 9.
A false alarm costs a correction at the counter; a miss registers a number to a name that is not the holder's.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.cause for finding in check(application(), facts(), Policy.default()) if finding.state != "passed"}
{'not_given'}
"""

from __future__ import annotations

from simkyc import names
from simkyc.application import Application, IdDocument, Subject
from simkyc.checks.answers import about, answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts
from simkyc.numbers import division, documents, mrz
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Compare everybody's form and document field by field."""
    return tuple(
        finding for subject in application.subjects for finding in about(subject.role, _of(subject, policy))
    )


def _of(subject: Subject, policy: Policy) -> tuple[Finding, ...]:
    form, document = subject.person, subject.document
    return (
        *_name(form.name, document),
        answer("real_name.name_hidden_characters", holds=names.hides_characters(form.name)),
        answer(
            "real_name.number_differs",
            holds=_number(document, form.document_number) != _number(document, document.number),
        ),
        answer("real_name.birth_date_differs", holds=form.birth_date != document.birth_date)
        if form.birth_date
        else not_assessed("real_name.birth_date_differs", "not_on_form"),
        answer("real_name.sex_differs", holds=form.sex != document.sex)
        if form.sex
        else not_assessed("real_name.sex_differs", "not_on_form"),
        _address(form.address, document.address, policy),
    )


def _address(form: str | None, chip: str | None, policy: Policy) -> Finding:
    """Province and city by name, the rest by likeness; people move, so this is advice."""
    reason = "real_name.address_differs"
    if form is None or chip is None:
        return not_assessed(reason, "not_given")
    likeness = names.address_hint(form, chip)
    named = tuple(zip(("province", "city"), division.named_in(form), division.named_in(chip), strict=True))
    level = next((level for level, mine, its in named if mine and its and mine != its), None)
    if likeness is None and level is None:
        return not_assessed(reason, "not_comparable")
    limit = policy.real_name.address_likeness_min
    unlike = likeness is not None and likeness < limit.value
    return answer(
        reason,
        holds=level is not None or unlike,
        observed=None if likeness is None else round(likeness, 1),
        limit=limit.value,
        unit=limit.unit,
        cause=level,
    )


def _name(form: str, document: IdDocument) -> tuple[Finding, ...]:
    said = names.compare(form, document.name)
    if said.outcome in {"mismatch", "not_available"} and document.zone is not None:
        said = _in_the_zone(form, document.zone) or said
    differs = said.outcome in {"mismatch", "not_available"}
    is_variant = said.outcome == "variant"
    return (
        answer("real_name.name_differs", holds=differs, cause=said.cause if differs else None),
        answer("real_name.name_variant", holds=is_variant, cause=said.cause if is_variant else None),
    )


def _in_the_zone(form: str, zone: str) -> names.NameAnswer | None:
    """How a passport spells the name in Latin letters; None where its zone cannot be read."""
    try:
        said = names.compare_latin(form, mrz.parse(mrz.repaired(zone)))
    except NumberError:
        return None
    return None if said.outcome == "not_available" else said


def _number(document: IdDocument, number: str) -> str:
    try:
        return documents.validate(document.kind, number)
    except NumberError:
        return number
