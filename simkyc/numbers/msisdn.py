"""MSISDN, the number of a line (ITU-T E.164), with China as the default country.

The compact form is E.164 with a plus sign. Validity of numbers with 11 digits in China and of foreign ones is
the phonenumbers library's, restricted to kinds that can be a mobile line. What is dialled before a Chinese
mobile number is dropped as the library drops it: a trunk 0, or a carrier's code of five digits from 11, 12
or 179 (17951, 12593; phonenumbers' data for China) [V]. Three things it calls invalid are recognised by rules
of our own:

- IoT numbers of 13 digits: 1064 is the range for machine communication in the numbering plan of the Ministry
  of Industry and Information Technology (电信网编号计划, 106(0-9) table) [S]; 140, 141, 144, 146 and 148 are
  data-only ranges of 13 digits (github.com/VincentSit/ChinaMobilePhoneNumberRegex, from ministry notices) [S].
- 1749, the maritime satellite service, and 149, China Telecom's data cards, 11 digits (same list) [S].
- 17406 to 17412, the ministry's centre for emergency communications (same list) [S].

1349 and 17400 to 17405 are China Telecom's satellite service: the list gives the operator, that they are
satellite lines is [R]. Operators keep some 11-digit ranges for IoT cards (1476, 1724, 1789, 1849 in one
operator's analysis) [S]: these are `mobile`, as nothing forbids them to people.

The operator follows from the prefix only for numbers that were never ported (携号转网, since 2019-12-01): it
is a hint, and disagreement with the card is worth a look, never a refusal. 162, 165, 167, 170 and 171 belong
to virtual operators; `operator` names the network that carries them.

A number wrongly refused cannot be sold; one wrongly accepted is not in the stock.

>>> validate('138 0013 8000'), validate('0086-13800138000'), validate('+8613800138000')
('+8613800138000', '+8613800138000', '+8613800138000')
>>> validate('013800138000'), validate('17951 138 0013 8000')
('+8613800138000', '+8613800138000')
>>> format('13800138000'), kind('13800138000'), operator('13800138000')
('+86 138 0013 8000', 'mobile', 'china_mobile')
>>> validate('1064812345678'), kind('1064812345678'), format('1064812345678')
('+861064812345678', 'iot', '+86 10648 1234 5678')
>>> is_virtual('16512345678'), operator('16512345678')
(True, 'china_mobile')
>>> validate('021 6222 1234')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: this is a landline, or a number from abroad without + and country code
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from simkyc.errors import NumberError
from simkyc.numbers.operators import Operator
from simkyc.numbers.text import clean, is_digits

__all__ = ["Kind", "compact", "format", "is_valid", "is_virtual", "kind", "operator", "validate"]

Kind = Literal["mobile", "iot", "satellite"]

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_IOT = re.compile(r"\+86(?:1064[0-9]{9}|14[01468][0-9]{10})")
_UNLISTED_MOBILE = re.compile(r"\+861(?:49[0-9]{2}|740[6-9]|741[0-2])[0-9]{6}")
_SATELLITE = re.compile(r"\+861(?:749[0-9]|349[0-9]|740[0-5])[0-9]{6}")
_NATIONAL = re.compile(r"1[0-9]{10}|1[0-9]{12}")
_WITH_COUNTRY = re.compile(r"86(?:1[0-9]{10}|1[0-9]{12})")
# No other number has these lengths and beginnings: 12 digits from 01, 16 or 17 from a carrier's code.
_DIALLED = re.compile(r"(?:(?:\+?86)?0|1(?:[12][0-9]|79)[0-9]{2}0?)(1[3-9][0-9]{9})")

_MOBILE_KINDS: Final = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})

# No prefix begins another. The list named above [S], checked in the tests against phonenumbers' carrier data.
_RANGES: Final[dict[Operator, str]] = {
    "china_mobile": (
        "1340 1341 1342 1343 1344 1345 1346 1347 1348 135 136 137 138 139 147 150 151 152 157 158 159 165 172 "
        "178 182 183 184 187 188 195 197 198 1703 1705 1706 1440 1441 148 10647 10648"
    ),
    "china_unicom": ("130 131 132 145 155 156 166 167 171 175 176 185 186 196 1704 1707 1708 1709 146 10646"),
    "china_telecom": (
        "133 1349 149 153 162 173 177 180 181 189 190 191 193 199 1700 1701 1702 1410 10649 "
        "17400 17401 17402 17403 17404 17405"
    ),
    "china_broadnet": "192 1610",
}
_PREFIXES: Final = {prefix: name for name, prefixes in _RANGES.items() for prefix in prefixes.split()}
_VIRTUAL: Final = ("162", "165", "167", "170", "171")


def compact(number: str) -> str:
    """E.164 for what can be read so, otherwise the bare characters.

    Spaces, hyphens, dots, slashes and brackets are stripped and full-width characters folded; `00` becomes
    `+`; 11 or 13 digits from 1 are Chinese, with or without 86, a trunk 0 or a carrier's code before them.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    number = clean(number, " -./()")
    if number.startswith("00"):
        number = "+" + number[2:]
    if dialled := _DIALLED.fullmatch(number):
        return "+86" + dialled[1]
    if _NATIONAL.fullmatch(number):
        return "+86" + number
    if _WITH_COUNTRY.fullmatch(number):
        return "+" + number
    return number


def validate(number: str) -> str:
    """Return the number as E.164: a plus sign and at most 15 digits.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `kind` (a landline or service number), `range`
            (no such number range).
    """
    number = compact(number)
    if not _E164.fullmatch(number):
        if number and not is_digits(number.removeprefix("+")):
            raise NumberError("shape", "a mobile number holds digits, and a plus sign only at the front")
        if number.startswith("0") and 10 <= len(number) <= 12:
            raise NumberError(
                "kind", "this is a landline, or a number from abroad without + and country code"
            )
        raise NumberError(
            "length", "a mobile number has 11 digits, an IoT number 13; from abroad, with + first"
        )
    _kind(number)
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """International form with spaces; what is no valid number is given back compact.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if not is_valid(number):
        return number
    if len(number) == 16 and number.startswith("+86"):
        return f"+86 {number[3:8]} {number[8:12]} {number[12:]}"
    return phonenumbers.format_number(_parsed(number), PhoneNumberFormat.INTERNATIONAL)


def kind(number: str) -> Kind:
    """What sort of line the range is for; raises as `validate`."""
    return _kind(validate(number))


def operator(number: str) -> Operator | None:
    """The Chinese network the range was given to, a hint only (numbers move); raises as `validate`.

    None for foreign numbers and for ranges that are not listed or belong to no network operator.
    """
    number = validate(number)
    if not number.startswith("+86"):
        return None
    national = number[3:]
    return next((_PREFIXES[national[:n]] for n in (3, 4, 5) if national[:n] in _PREFIXES), None)


def is_virtual(number: str) -> bool:
    """Whether the range belongs to virtual operators; raises as `validate`."""
    number = validate(number)
    return number.startswith("+86") and len(number) == 14 and number[3:6] in _VIRTUAL


@lru_cache(maxsize=16)  # one screening asks about the same number again and again
def _kind(number: str) -> Kind:
    if _IOT.fullmatch(number):
        return "iot"
    if _SATELLITE.fullmatch(number):
        return "satellite"
    if _UNLISTED_MOBILE.fullmatch(number):
        return "mobile"
    parsed = _parsed(number)
    if not phonenumbers.is_valid_number(parsed):
        raise NumberError("range", "no such number range: check the digits")
    if phonenumbers.number_type(parsed) not in _MOBILE_KINDS:
        raise NumberError("kind", "this is no mobile number")
    return "mobile"


def _parsed(number: str) -> phonenumbers.PhoneNumber:
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        raise NumberError("range", "no such country code: check the digits") from None
    # A trunk zero behind the country code would give one line two spellings.
    if phonenumbers.format_number(parsed, PhoneNumberFormat.E164) != number:
        raise NumberError("shape", "no zero belongs behind the country code")
    return parsed
