"""What counts as a character of a number, for every module of this room.

Only ASCII letters and digits count. Full-width forms (U+FF01 to U+FF5E) are folded to ASCII because Chinese
input methods produce them; nothing else is: NFKC would also turn circled, superscript and mathematical
digits into plain ones, and such a digit on a form is a fault, not a habit. Arabic-Indic digits, Cyrillic or
Greek letters that look Latin, combining marks and invisible characters are refused with cause `characters`. Common
ideographs (U+4E00 to U+9FFF) count only in the one kind of number that begins with some, the military ID.

A character wrongly refused costs a clerk a few key strokes; one wrongly accepted lets the same number be
written in ways that no longer compare equal.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from simkyc.errors import NumberError

__all__ = ["LONGEST", "clean", "is_digits"]

# No number of this room has more than 90 characters (the two lines of a TD3 zone, with their line break).
LONGEST: Final = 120

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SPACES = dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"), " ")
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
_FOLDED: Final[dict[int, int | str]] = {**_FULL_WIDTH, **_SPACES, **_HYPHENS}
_IDEOGRAPHS = re.compile("[\u4e00-\u9fff]")


def clean(number: object, separators: str = " -", *, ideographs: bool = False) -> str:
    """Fold full-width characters, drop separators and surrounding white space, raise letters to upper case.

    Args:
        number: What was typed, scanned or received.
        separators: ASCII characters that carry no meaning in this kind of number.
        ideographs: Whether common ideographs belong in this kind of number.

    Returns:
        Printable ASCII without lower-case letters, and ideographs where they belong.

    Raises:
        NumberError: `type` for anything but a `str`; `length` above `LONGEST` characters; `characters` for
            anything else that is not ASCII after folding, or a control character inside.
    """
    if not isinstance(number, str):
        raise NumberError("type", "a number is given as text")
    if len(number) > LONGEST:
        raise NumberError("length", "far too long for any number: type it again")
    if number.isascii() and number.removeprefix("+").isalnum() and "+" not in separators:
        return number.upper()  # nothing to fold or drop, as in nearly every row of a file of millions
    text = number.translate(_FOLDED).strip(" \t\r\n").translate(_dropped(separators))
    rest = _IDEOGRAPHS.sub("", text) if ideographs else text
    if not (rest.isascii() and rest.isprintable()):
        raise NumberError("characters", "holds a character that no number has: type it again with plain keys")
    return text.upper()


@cache
def _dropped(separators: str) -> dict[int, None]:
    return dict.fromkeys(map(ord, separators))


def is_digits(text: str) -> bool:
    """Whether `text` is one or more ASCII digits; `str.isdigit` would also let other scripts pass."""
    return text.isascii() and text.isdecimal()
