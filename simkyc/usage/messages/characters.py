"""One character for all that look like it: what disguises a text letter by letter is undone here.

Every character becomes one of these, by itself and whatever stands beside it:

    a letter a-z or a digit   Cyrillic, Greek and other look-alikes; letters in circles, in squares, small capitals;
                              letters with marks without them
    a simplified ideograph    traditional forms and variants by `opencc`, as simkyc.names does
    itself                    signs of ASCII (a full-width ！ becomes one), 。 and letters of other scripts
    a space                   white space of any kind, and line breaks
    a comma                   all other punctuation
    `GAP`                     emoji and signs, which stand for nothing that is read
    nothing                   what is not seen: zero-width and control characters, marks above letters, surrogates

Look-alikes after Unicode's list of confusable characters, as far as they can stand for a letter in a message.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from simkyc.errors import InputError
from simkyc.names import simplified

__all__ = [
    "GAP",
    "STYLISED",
    "ZERO_WIDTH",
    "folded_characters",
    "look_alikes",
    "simplified_only",
    "traditional",
]

GAP: Final = "\x02"
NO_OPENCC: Final = "messages are read with opencc: pip install 'simkyc[usage]'"

ZERO_WIDTH: Final = re.compile("[\u00ad\u034f\u180e\u200b\u200c\u2060-\u2064\u3164\uffa0\ufeff]")
"""What is not seen and joins nothing. Joiners of emoji and marks of direction are ordinary: phones write them."""
STYLISED: Final = re.compile(
    "[\U0001d400-\U0001d7cb\u24b6-\u24e9\U0001f110-\U0001f12b\U0001f130-\U0001f149\U0001f150-\U0001f169"
    "\U0001f170-\U0001f189\u1d00-\u1d22\u0299\u029c\u029f\u0280\ua730\ua731]"
)
"""Letters that no keyboard has: mathematical ones, in circles, in squares, small capitals."""

_LOOK_ALIKES: Final = dict(
    zip(
        "аьвсԁеёғгһніјкӏмоөпрԛгѕтуѵѡԝхҳӽүγαβεζηικνορτυχωϲϳɑɡɩıłøđħŧ",
        "abbcdeefrhhijklmooppqrstyvwwxxxyyabezhiknoptuxwcjagiilodht",
        strict=False,
    )
)
_SMALL_CAPITALS: Final = dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz", strict=True))
# Forms that neither Unicode nor opencc's tables of traditional characters fold, met in messages.
_IDEOGRAPHS: Final = dict(
    zip("単売発銭帯悪実対図楽価経営験売児卆劵帐", "单卖发钱带恶实对图乐价经营验卖儿卒券账", strict=True)
)
_SQUARES: Final = {
    chr(first + place): chr(0x61 + place) for first in (0x1F150, 0x1F170) for place in range(26)
}
_SAME: Final = {**_LOOK_ALIKES, **_SMALL_CAPITALS, **_SQUARES, "。": "。", "\x85": " "}
_ALIKE: Final = "[аеорсухіјѕмтнвкοανρτυχικ]+"
_MIXED: Final = re.compile(f"(?<=[a-z\u4e00-\u9fff]){_ALIKE}|{_ALIKE}(?=[a-z\u4e00-\u9fff])")
_EVERY: Final = [chr(code) for code in range(0x3400, 0xA000)]
# Simplified forms of other characters that are traditional ones of their own, and common.
_IN_BOTH: Final = (
    "于后里面台只干云几余系准松谷表范征采冲才斗丑卷签布舍制郁御胜合向回困叶占蒙霉个群岳升托欲游周致志咨注志折"
)
_CYRILLIC_OR_GREEK: Final = re.compile("[\u0370-\u052f]")
_DECORATION = range(0x0300, 0x0370)
_KINDS: Final = {"Z": " ", "P": ",", "S": GAP}


class _Characters(dict[int, str]):
    """For `str.translate`; each character is looked up in Unicode's tables when it is first met."""

    def __missing__(self, code: int) -> str:
        # Character by character, so that neighbours change nothing and no text is gone through twice.
        found = "".join(_character(one) or "" for one in unicodedata.normalize("NFKC", chr(code)).lower())
        # Of the planes beyond, nothing is remembered: a text made to fill the memory could bring a million of them.
        if code < 0x20000:
            self[code] = found
        return found


def _character(character: str) -> str | None:
    """What one character in small letters becomes; None for nothing."""
    code = ord(character)
    if code < 0x80:
        return " " if character.isspace() else None if code < 0x20 or code == 0x7F else character
    if character in _SAME:
        return _SAME[character]
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    kind = "-" if ZERO_WIDTH.match(character) else unicodedata.category(character)
    if kind == "Lo":
        return _ideograph(character)
    if kind in {"Mc", "Mn"} and not (code in _DECORATION or 0xFE00 <= code <= 0xFE2F or code >= 0x1AB0):
        kind = "N"  # vowels of other scripts
    return _without_marks(character) if kind[0] in "LN" else _KINDS.get(kind[0])


def _ideograph(character: str) -> str:
    if character in _IDEOGRAPHS:
        return _IDEOGRAPHS[character]
    if not 0x3400 <= ord(character) <= 0x9FFF:
        return character
    found = simplified(character)
    if found is None:
        raise InputError(NO_OPENCC)
    return _IDEOGRAPHS.get(found, found)


def _without_marks(letter: str) -> str:
    plain = unicodedata.normalize("NFD", letter)[0].lower()
    return plain if plain.isascii() and plain.isalpha() else letter


_CHARACTERS: Final = _Characters()


def folded_characters(text: str) -> str:
    r"""Each character of a text as the top of this page says.

    Raises:
        InputError: opencc is not installed.

    >>> folded_characters("kеfu 🅰бв 貸\u200b款！")
    'kefu aбb 贷款!'
    """
    return text.translate(_CHARACTERS)


def look_alikes(text: str) -> int:
    """How many Cyrillic or Greek letters of a text in small letters stand beside Latin letters or ideographs."""
    return sum(map(len, _MIXED.findall(text))) if _CYRILLIC_OR_GREEK.search(text) else 0


@cache
def traditional() -> re.Pattern[str]:
    """Any ideograph that has another, simplified form.

    Raises:
        InputError: opencc is not installed.
    """
    told = simplified(_EVERY)
    if told is None:
        raise InputError(NO_OPENCC)
    return _changed(told.split("\n"))


@cache
def simplified_only() -> re.Pattern[str]:
    """Any ideograph that no text in traditional forms has.

    Raises:
        InputError: opencc is not installed.
    """
    try:
        import opencc
    except ImportError:
        raise InputError(NO_OPENCC) from None
    return _changed(opencc.OpenCC("s2t").convert("\n".join(_EVERY)).split("\n"), but=_IN_BOTH)


def _changed(told: list[str], but: str = "") -> re.Pattern[str]:
    forms = (old for old, new in zip(_EVERY, told, strict=True) if old != new and old not in but)
    return re.compile(f"[{''.join(forms)}]")
