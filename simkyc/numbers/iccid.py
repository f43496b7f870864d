"""ICCID, the serial number of a SIM card or eSIM profile (ITU-T E.118).

`89`, a country code (China 86), an issuer code, a serial number and, by the standard, a Luhn check digit: at
most 19 digits. What is in use differs: cards hold 20 half-bytes (3GPP TS 31.102, EF_ICCID), Chinese operators
fill all 20 or print 19 of them, China Mobile puts hexadecimal letters into its later ranges, and Unicom cards
print a card maker's letter in the last place. Abroad 18 digits are in use too [V]. A trailing `F` is padding
after 19 digits, and after the 18 from abroad; it is dropped.

Where the check digit applies was measured on 86 Chinese ICCIDs and 38 from abroad, found in public code and
logs [V]:

    issuer, form                                   Luhn holds
    China Unicom, 20 digits (898601, 898606)       20 of 23; the other three are made-up examples
    China Telecom, 20 digits (898603, 898611)      11 of 16
    China Mobile, 20 digits (898600, 04, 08)       2 of 14 (chance)
    any Chinese issuer, 19 digits                  2 of 15 (chance: the last digit is left off)
    abroad, 20 digits                              14 of 18
    abroad, 19 digits with the padding F           9 of 9
    abroad, 19 digits without it                   4 of 11 (some platforms leave the last digit off)

Those from abroad were picked by eye: runs and rows of zeros were left out, and some that remain may be invented,
most of all among the eleven. Even so Luhn can refuse only a China Unicom card's 20 digits; elsewhere its answer
is `check_digit`, advice to read the card again. python-stdnum offers no ICCID because half of
the numbers printed on cards lack the digit or add one (its issue 58) [V].

Published lists conflict on 898606: some call it China Telecom. It keeps Luhn as Unicom's cards do, so Unicom is
named [S]. 898605 stands in one list only and has no operator here.

An ICCID wrongly refused makes a sound card unsellable; one wrongly let through is not in the stock.

>>> validate('8986 0112 3456 7890 1237')
'89860112345678901237'
>>> issuer('89860112345678901237'), issuer('898600B5061730220087'), issuer('8944501810180244540')
('china_unicom', 'china_mobile', None)
>>> check_digit('89860112345678901237'), check_digit('89860400000000000000'), check_digit('898600B5061730220087')
('holds', 'fails', 'absent')
>>> compact('8944501810180244540f'), compact('894921000000000000FF')
('8944501810180244540', '894921000000000000')
>>> format('89860112345678901237')
'8986 0112 3456 7890 1237'
>>> validate('89860112345678901236')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the last digit does not fit the others: read the card again
"""

from __future__ import annotations

import re
from typing import Final, Literal

from stdnum import luhn

from simkyc.errors import NumberError
from simkyc.numbers.operators import Operator
from simkyc.numbers.text import clean, is_digits

__all__ = ["check_digit", "compact", "format", "is_valid", "issuer", "validate"]

# Issuer codes behind 8986 [S]: two of several published lists agree on each; 15 is seen with IMSI 460-15 [V].
_ISSUERS: Final[dict[str, Operator]] = {
    **dict.fromkeys(("00", "02", "04", "07", "08"), "china_mobile"),
    **dict.fromkeys(("01", "06", "09"), "china_unicom"),
    **dict.fromkeys(("03", "11"), "china_telecom"),
    "15": "china_broadnet",
}
# Letters that a card holds are hexadecimal; one that is only printed, last, is a card maker's (never I or O).
_SHAPE = re.compile(r"89[0-9]{4}[0-9A-F]{11,13}[0-9A-HJ-NP-Z]")
# A Chinese number of 18 digits is cut short, and an F behind it may be the card maker's letter.
_PADDED = re.compile(r"[0-9]{19}F|(?!8986)[0-9]{18}FF?")


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width characters, raise letters, drop the padding `F`.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    number = clean(number)
    return number.rstrip("F") if _PADDED.fullmatch(number) else number


def validate(number: str) -> str:
    """Return the compact ICCID, 19 or 20 characters, 18 only from abroad.

    Raises:
        NumberError: `type`, `length`, `characters`, `prefix` (not 89), `shape`, `checksum`.
    """
    number = compact(number)
    if len(number) not in (18, 19, 20) or (len(number) == 18 and number.startswith("8986")):
        raise NumberError("length", "an ICCID has 19 or 20 characters: copy all that is printed on the card")
    if number.startswith("98"):
        raise NumberError(
            "prefix", "an ICCID begins with 89: this one was read with each pair of digits swapped"
        )
    if not number.startswith("89"):
        raise NumberError("prefix", "an ICCID begins with 89")
    if not _SHAPE.fullmatch(number):
        raise NumberError("shape", "an ICCID has digits, and letters only where the card shows them")
    if _luhn_applies(number) and not luhn.is_valid(number):
        raise NumberError("checksum", "the last digit does not fit the others: read the card again")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Group by four, as printed on cards.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))


def issuer(number: str) -> Operator | None:
    """The Chinese operator of the issuer code, None for another country or an unlisted code.

    Raises:
        NumberError: As `validate`.
    """
    return _issuer(validate(number))


def check_digit(number: str) -> Literal["holds", "fails", "absent"]:
    """What Luhn says of the last digit; `absent` where there is none to judge. Advice, see the module.

    Raises:
        NumberError: As `validate`.
    """
    number = validate(number)
    if not is_digits(number) or (len(number) == 19 and number.startswith("8986")):
        return "absent"
    return "holds" if luhn.is_valid(number) else "fails"


def _issuer(number: str) -> Operator | None:
    return _ISSUERS.get(number[4:6]) if number.startswith("8986") else None


def _luhn_applies(number: str) -> bool:
    return is_digits(number) and len(number) == 20 and _issuer(number) == "china_unicom"
