"""Does the form say what the document says?

Reasons: `real_name.name_differs`, `.name_hidden_characters`, `.number_differs`, `.birth_date_differs`,
`.sex_differs`.
Units: none; fields are equal or not after normalisation. No score decides on a name: fuzzy measures call
two people with one shared character as alike as two spellings of one name.
Source: Anti-Telecom and Online Fraud Law, art. 9.
A false alarm costs a correction at the counter; a miss registers a number to a name that is not the holder's.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

import unicodedata

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.errors import NumberError
from simkyc.facts import Facts
from simkyc.numbers import resident_id
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check", "normalise_name"]

# Middle dots in the names of minorities, as typed on different keyboards and stored by different systems.
_MIDDLE_DOTS = dict.fromkeys(map(ord, "·•‧∙⋅・･●．.。᛫"), "·")
_SIGNS_IN_NAMES = frozenset("·-'’ʼ,()（）")


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:  # noqa: ARG001
    """Compare form and chip field by field."""
    form, chip = application.applicant, application.document
    return (
        answer("real_name.name_differs", holds=normalise_name(form.name) != normalise_name(chip.name)),
        answer("real_name.name_hidden_characters", holds=hides_characters(form.name)),
        answer("real_name.number_differs", holds=_number(form.document_number) != _number(chip.number)),
        answer("real_name.birth_date_differs", holds=form.birth_date != chip.birth_date)
        if form.birth_date
        else not_assessed("real_name.birth_date_differs", "not_on_form"),
        answer("real_name.sex_differs", holds=form.sex != chip.sex)
        if form.sex
        else not_assessed("real_name.sex_differs", "not_on_form"),
    )


def normalise_name(name: str) -> str:
    """One spelling for what people see as one name: NFKC, one middle dot, no spaces, no case.

    >>> normalise_name("阿不都 • 热合曼") == normalise_name("阿不都·热合曼")
    True
    """
    text = name
    for _ in range(3):  # each step can undo another: a cedilla alone opens into a space and a mark
        text = unicodedata.normalize("NFKC", text.translate(_MIDDLE_DOTS)).casefold()
        text = "".join(text.split())
    return text


def hides_characters(name: str) -> bool:
    r"""Whether a name holds anything but letters, marks, spaces and the few signs that names have.

    Private-use characters pass: older systems store rare ideographs as such.

    >>> hides_characters("张三"), hides_characters("张\u200b三")
    (False, True)
    """
    for character in unicodedata.normalize("NFKC", name.translate(_MIDDLE_DOTS)):
        category = unicodedata.category(character)
        if not (category[0] in "LM" or category in {"Zs", "Co"} or character in _SIGNS_IN_NAMES):
            return True
    return False


def _number(number: str) -> str:
    try:
        return resident_id.compact(number)
    except NumberError:
        return number
