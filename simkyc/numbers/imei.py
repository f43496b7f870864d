"""IMEI and IMEISV, the number of a device (3GPP TS 23.003 section 6).

IMEI: an 8-digit type allocation code (TAC), a 6-digit serial number and a Luhn check digit, 15 digits.
IMEISV: TAC, serial number and a 2-digit software version, 16 digits, no check digit. The check digit is not
part of what a device sends: networks report 14 digits, or 15 with a 0 at the end, so compare devices by
`equipment`, and complete a network's 14 digits by `from_network`.

Placeholder numbers are refused as `dummy`: one digit repeated, a TAC of zeros, and values that emulators,
unprogrammed boards and tutorials carry. They are real to Luhn but shared by countless devices. A TAC that
begins with 00 is a test device's [R]; it is one device all the same, and left to lists of devices.

Some phones show the software version behind the IMEI, 15 digits, a slash and two more [R]: it is dropped. A
MEID, hexadecimal from A0 on, numbers a CDMA phone (3GPP2) and is refused with the cause `kind`.

An IMEI wrongly refused costs a second reading (*#06#); a placeholder taken for a device would tie strangers
to each other and hide a SIM box. 14 digits are refused because at a counter they are 15 with one lost.

>>> validate('35-209900-176148-1')
'352099001761481'
>>> validate('3520990017614823'), tac('352099001761481'), software_version('3520990017614823')
('3520990017614823', '35209900', '23')
>>> equipment('352099001761481') == equipment('3520990017614823')
True
>>> format('352099001761481')
'35-209900-176148-1'
>>> validate('352099001761482')
Traceback (most recent call last):
    ...
simkyc.errors.NumberError: the check digit does not fit: read it again, *#06# shows it
"""

from __future__ import annotations

import re
from typing import Final

from stdnum import luhn

from simkyc.errors import NumberError
from simkyc.numbers.text import clean, is_digits

__all__ = [
    "compact",
    "equipment",
    "format",
    "from_network",
    "is_valid",
    "software_version",
    "tac",
    "validate",
]

_WITH_VERSION = re.compile(r"([0-9]{15})/[0-9]{2}")
_MEID = re.compile(r"[A-F][0-9A-F]{13,14}")

# TAC and serial number of placeholders, without check digit. The named ones are in blocklists of several
# Android analytics kits or in device manuals, read in public code [S].
_DUMMIES: Final = frozenset(
    {
        "00499901064000",  # emulators and boards that were never programmed
        "00106800000000",
        "35519500000001",
        "35824005111111",  # Android's emulator
        "35867301379589",  # one number over whole batches of unbranded phones
        "13579024681122",  # manuals of vehicle trackers
        "01234567890123",  # runs on a keyboard
        "12345678901234",
        "01234567891234",
        "12345678912345",
        "98765432109876",
    }
)


def compact(number: str) -> str:
    """Strip spaces, hyphens, slashes and dots, fold full-width digits, drop a version behind 15 digits and a slash.

    Raises:
        NumberError: `type`, `length` or `characters`; nothing else is judged.
    """
    number = clean(number, " -.")
    with_version = _WITH_VERSION.fullmatch(number)
    return with_version[1] if with_version else number.replace("/", "")


def validate(number: str) -> str:
    """Return the compact IMEI (15 digits) or IMEISV (16 digits).

    Raises:
        NumberError: `type`, `length`, `characters`, `kind` (a MEID), `shape`, `dummy`, `checksum`.
    """
    number = compact(number)
    if _MEID.fullmatch(number):
        raise NumberError("kind", "this is a MEID, a CDMA number: *#06# shows the IMEI as well")
    if len(number) not in (15, 16):
        raise NumberError("length", "an IMEI has 15 digits, with software version 16: *#06# shows it")
    if not is_digits(number):
        raise NumberError("shape", "an IMEI holds digits only: *#06# shows it")
    if number[:14] in _DUMMIES or len(set(number[:14])) == 1 or number.startswith("00000000"):
        raise NumberError("dummy", "this is a placeholder, not the number of one device")
    if len(number) == 15 and not luhn.is_valid(number):
        raise NumberError("checksum", "the check digit does not fit: read it again, *#06# shows it")
    return number


def is_valid(number: str) -> bool:
    """Whether `validate` accepts the number."""
    try:
        validate(number)
    except NumberError:
        return False
    return True


def format(number: str) -> str:
    """Group as on a box: TAC in two parts, serial number, the rest; a wrong length is left alone.

    Raises:
        NumberError: As `compact`.
    """
    number = compact(number)
    if len(number) not in (14, 15, 16):
        return number
    return "-".join(part for part in (number[:2], number[2:8], number[8:14], number[14:]) if part)


def tac(number: str) -> str:
    """The 8-digit type allocation code, which names the model; raises as `validate`."""
    return validate(number)[:8]


def equipment(number: str) -> str:
    """TAC and serial number, 14 digits, equal for IMEI and IMEISV of one device; raises as `validate`."""
    return validate(number)[:14]


def software_version(number: str) -> str | None:
    """The 2-digit software version of an IMEISV, None for an IMEI; raises as `validate`."""
    number = validate(number)
    return number[14:] if len(number) == 16 else None


def from_network(number: str) -> str:
    """The 15-digit IMEI for what a network reports: 14 digits, or 15 with any last digit, or an IMEISV.

    Raises:
        NumberError: `type`, `length`, `characters`, `shape`, `dummy`.
    """
    number = compact(number)
    if len(number) not in (14, 15, 16):
        raise NumberError("length", "a network reports 14 to 16 digits")
    if not is_digits(number):
        raise NumberError("shape", "an IMEI holds digits only")
    return validate(number[:14] + str(luhn.calc_check_digit(number[:14])))
