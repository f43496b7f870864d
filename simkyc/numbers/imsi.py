"""IMSI, the number of a subscription in a network (ITU-T E.212).

A 3-digit mobile country code (MCC), a 2- or 3-digit network code (MNC), a subscriber number; at most 15
digits, 14 or 15 in use. China is 460, and 461 in reserve, with 2-digit network codes. Country codes come from
python-stdnum, which lists only those with a network in service, and from Android's table of the ITU's bulletin.

There is no check digit, so a wrong digit shows only against the stock's record of ICCID, IMSI and MSISDN; an
IMSI wrongly refused blocks a sound card. Unknown network codes therefore pass with no operator; an unknown
country code does not.

>>> validate('460 00 1234567890')
'460001234567890'
>>> operator('460001234567890'), operator('460131234567890')
('china_mobile', None)
>>> split('310150123456789')
('310', '150', '123456789')
>>> format('460110123456789')
'460 11 0123456789'
>>> validate('46000123456789012')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: an IMSI has 15 digits, seldom 14
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from stdnum import imsi as stdnum_imsi

from simkyc.errors import NumberError
from simkyc.numbers.operators import Operator
from simkyc.numbers.text import clean, is_digits

__all__ = ["compact", "format", "is_valid", "operator", "split", "validate"]

# Read in python-stdnum 2.2's table (from Wikipedia) [V]. 460-20 is a railway network and left out; so are 10, 12
# and 13, which public code gives to Unicom, to Telecom, and to Mobile or Telecom, with no two sources agreeing.
_OPERATORS: Final[dict[str, Operator]] = {
    **dict.fromkeys(("00", "02", "04", "07", "08"), "china_mobile"),
    **dict.fromkeys(("01", "06", "09"), "china_unicom"),
    **dict.fromkeys(("03", "05", "11"), "china_telecom"),
    "15": "china_broadnet",
}
# Assigned country codes that python-stdnum does not list: Android's MccTable.java [V], 406 (India) [R].
_MORE_COUNTRIES: Final = frozenset(("225", "315", "332", "406", "423", "430", "431", "461", "534", "535"))


def compact(number: str) -> str:
    """Strip spaces and hyphens, fold full-width digits.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    return clean(number)


def validate(number: str) -> str:
    """Return the compact IMSI, 14 or 15 digits.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `country` (no such mobile country code).
    """
    number = compact(number)
    if len(number) not in (14, 15):
        raise NumberError("length", "an IMSI has 15 digits, seldom 14")
    if not is_digits(number):
        raise NumberError("shape", "an IMSI holds digits only")
    if len(_parts(number[:7])) < 2 and number[:3] not in _MORE_COUNTRIES:
        raise NumberError("country", "an IMSI begins with a mobile country code; China's is 460")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Group country code, network code and subscriber number; what is no IMSI is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    return " ".join(split(number)) if is_valid(number) else number


def split(number: str) -> tuple[str, str, str]:
    """Mobile country code, network code, subscriber number; raises as `validate`.

    The network code is empty where a country's codes are not known.
    """
    number = validate(number)
    parts = _parts(number[:7])
    if len(parts) < 3:
        return number[:3], "", number[3:]
    country, network, _ = parts
    return country, network, number[len(country) + len(network) :]


@lru_cache(maxsize=1024)
def _parts(beginning: str) -> tuple[str, ...]:
    """The codes in the first 7 digits and what follows them; the search takes long, and there are few networks."""
    return tuple(str(part) for part in stdnum_imsi.split(beginning))


def operator(number: str) -> Operator | None:
    """The Chinese operator of the network code, None for another country or an unknown code."""
    country, network, _ = split(number)
    return _OPERATORS.get(network) if country == "460" else None
