"""A message as it is read: links, contacts and figures masked, disguises undone, and told how disguised it was.

The steps: what stands for nothing goes (NFKC, look-alikes, traditional forms, what is not seen: `characters`); links,
contacts and figures are masked (`masking`); signs, emoji and spaces between characters go; known spellings that avoid
a word (薇信, shua单) become that word.

Punctuation within a sentence stays as a boundary, which no term of a lexicon reaches across, but where it stands beside
a single character: nobody writes 刷，单 for any other reason.

A text is disguised where so much had to be undone that no ordinary message has it; `DISGUISED` and the shares beside it
were set on ordinary classes of research data and on messages that simkyc's tests write, see docs/usage-messages.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from simkyc.usage.messages.characters import (
    GAP,
    STYLISED,
    ZERO_WIDTH,
    folded_characters,
    look_alikes,
    simplified_only,
    traditional,
)
from simkyc.usage.messages.masking import CONTACT, LINK, masked, masks_of_data
from simkyc.usage.messages.spellings import respelt

__all__ = ["BOUNDARY", "LONGEST", "Normalised", "normalised"]

LONGEST: Final = 2_000
"""Characters that are read of a text: some 30 parts of a long message."""
BOUNDARY: Final = "|"
DISGUISED: Final = 3
"""Characters that had to be undone, at least; a spelling that avoids a word or a hidden contact counts for three."""
CHAINED: Final = 0.25
"""Share of ideographs that stand apart one by one, from which on it is no title in spaced letters."""
STREWN: Final = 0.15
"""Signs between ideographs, for each of them, from which on they are no bullets or emoji between sentences."""
TRADITIONAL: Final = 0.2
"""Share of traditional forms below which they were mixed in; a text that was written in them has more."""

FOREIGN: Final = 3
"""Simplified forms in a text of traditional ones, from which on the text is a mixture; a name may have two."""

_HAN = "\u3400-\u9fff"
_IDEOGRAPHS: Final = re.compile(f"[{_HAN}]")
_APART: Final = re.compile(
    rf"(?<![{_HAN}a-z])[{_HAN}](?:[^{_HAN}a-zA-Z0-9]{{1,3}}[{_HAN}]){{3,}}(?![{_HAN}a-z])"
)
_BETWEEN: Final = re.compile(rf"(?<=[{_HAN}])[\x02*_~|^=+#$%&/\\<>`@.-]{{1,4}}(?=[{_HAN}])")
_SIGNS: Final = re.compile(r"[\s\x02*_~|^=+#$%&/\\<>{}\[\]`'\"@.-]+")
_SENTENCE: Final = re.compile(r"[,;:!?()。]+")


@dataclass(frozen=True, slots=True, repr=False)
class Normalised:
    """One text as it is read; it shows nothing of it.

    Attributes:
        text: In small letters and simplified characters, with `L`, `C`, `A` and `N` for what was masked and `|` for
            boundaries.
        plain: In such characters too, before anything was masked, taken out or respelt; never to be kept.
        has_link: Whether a link was masked.
        has_contact: Whether a contact was masked.
        undone: Disguises that were undone, weighted.
        is_evasive: Whether they are more than ordinary messages have.
    """

    text: str
    plain: str
    has_link: bool
    has_contact: bool
    undone: int
    is_evasive: bool


def normalised(text: str) -> Normalised:
    r"""Read one text; any text at all.

    >>> read = normalised("刷\u200b单 兼🔥职，日结，加V❤信：abc12345")
    >>> read.text, read.has_contact, read.is_evasive
    ('刷单兼职|日结|加微信C', True, False)
    >>> normalised("您的验证码是 123456，5分钟内有效。").text
    '您的验证码是N|N分钟内有效'
    """
    cut = text[:LONGEST]
    data = None if cut.isascii() and cut.islower() else masks_of_data(cut)
    if data is not None:
        # Only what is not a sign of ours is in small letters, and stays so.
        folded = "".join(part if part in _MARKS else folded_characters(part) for part in _BY_MARK.split(data))
        shown, hidden = folded, 0
    else:
        folded = folded_characters(cut)
        # An emoji parts a contact as it parts words; signs of sentences and spaces do not.
        shown, hidden = masked(folded.replace(GAP, ""))
    undone = DISGUISED * hidden + (0 if cut.isascii() else _undone(cut))
    bare = _SENTENCE.split(_SIGNS.sub("", shown))
    joined = _joined(bare) if len(bare) > 1 else bare[0]
    spelt, spellings = respelt(joined)
    undone += DISGUISED * spellings
    strewn = _strewn(folded)
    return Normalised(
        text=spelt,
        plain=folded,
        has_link=LINK in spelt,
        has_contact=CONTACT in spelt,
        undone=undone + strewn,
        is_evasive=undone >= DISGUISED or strewn >= DISGUISED,
    )


_MARKS: Final = frozenset("LCAN")
_BY_MARK: Final = re.compile("([LCAN])")


def _undone(text: str) -> int:
    """Characters that were hidden, or stood in for others."""
    count = len(ZERO_WIDTH.findall(text.strip("\ufeff"))) + len(STYLISED.findall(text))
    count += look_alikes(text.lower())
    return count + _mixed_in(text)


def _mixed_in(text: str) -> int:
    """Traditional forms in a text that is mostly written in simplified ones."""
    changed = len(traditional().findall(text))
    if changed < DISGUISED:
        return 0
    mixed = len(simplified_only().findall(text)) >= FOREIGN
    return changed if mixed or changed < TRADITIONAL * len(_IDEOGRAPHS.findall(text)) else 0


def _joined(parts: list[str]) -> str:
    """Parts with boundaries between them, but beside a single ideograph or letter."""
    kept = [part for part in parts if part]
    made = kept[:1]
    for before, part in pairwise(kept):
        if (len(before) > 1 or before in _MARKS) and (len(part) > 1 or part in _MARKS):
            made.append(BOUNDARY)
        made.append(part)
    return "".join(made)


def _strewn(text: str) -> int:
    """Ideographs that stand apart one by one, and signs between them, where they are more than ordinary."""
    apart = sum(len(_IDEOGRAPHS.findall(chain)) for chain in _APART.findall(text))
    between = len(_BETWEEN.findall(text))
    if not apart and between < DISGUISED:
        return 0
    ideographs = len(_IDEOGRAPHS.findall(text))
    return (apart if apart >= CHAINED * ideographs else 0) + (
        between if between >= STREWN * ideographs else 0
    )
