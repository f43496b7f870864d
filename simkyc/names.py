"""Are two names one name? Chinese names exactly, Latin names as a passport's machine-readable zone spells them.

Every comparison answers with an outcome and a short stable cause, never with a name:

    outcome        causes
    match          `exact`, `normalised`; Latin: `order`, `separators`, `transliterated`, `truncated`
    variant        `traditional_simplified`, `variant_character`, `variation_selector`, `private_use`;
                   Latin: `transliteration`: a person looks at both, nothing is overwritten
    mismatch       `differs`, `middle_dot` (left out), `hidden_characters`, `variants_not_examined` (opencc is
                   not installed); Latin: `mixed_scripts`
    not_available  `empty` (nothing, or only signs); Latin: `other_script`

No score decides on a name: 张伟/张玮 and 张伟/李伟 are equally near to every fuzzy measure. Variants are a hint,
for folding loses information: 劉乾 and 刘干 fold to one text and may be two people. Characters are folded one by
one, so no neighbour changes what a character folds to (`opencc` keeps 乾 in 乾坤 but not in 劉乾 [V]). Its table
of new Japanese forms is left out: it takes 芸 for 艺, two names in China [V].

Sources: `opencc` 1.4 (tables t2s, hk2t, tw2t; its converters answered alike from 8 threads at once [V]);
variants that people bear as names, of the First Table of Variant Characters (1955) and the 2013 table of
standard characters [R]; ICAO Doc 9303 part 3, transliteration, and part 4, names too long for the zone [S];
`YU`, in older passports `V` or `U`, for ü in Chinese passports (GB/T 28039-2011) [S].

A false alarm costs a retyped name or a look by a supervisor; a miss registers a number to another person's name.

>>> compare("阿不都 • 热合曼", "阿不都·热合曼")
NameAnswer(outcome='match', cause='normalised')
>>> compare("刘乾", "刘干").outcome, compare("张伟", "张玮").outcome, compare(" · ", "张伟").outcome
('variant', 'mismatch', 'not_available')
>>> compare_latin("Jürgen Müller-Lüdenscheidt", "MUELLER<LUEDENSCHEIDT<<JUERGEN")
NameAnswer(outcome='match', cause='transliterated')
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from simkyc.numbers.mrz import Zone

__all__ = [
    "NameAnswer",
    "address_hint",
    "compare",
    "compare_latin",
    "hides_characters",
    "normalise_name",
    "simplified",
]

Outcome = Literal["match", "variant", "mismatch", "not_available"]
Cause = Literal[
    "exact",
    "normalised",
    "order",
    "separators",
    "transliterated",
    "truncated",
    "traditional_simplified",
    "variant_character",
    "variation_selector",
    "private_use",
    "transliteration",
    "differs",
    "middle_dot",
    "hidden_characters",
    "variants_not_examined",
    "mixed_scripts",
    "empty",
    "other_script",
]

# Middle dots in the names of minorities, as typed on different keyboards and stored by different systems.
_MIDDLE_DOTS = dict.fromkeys(map(ord, "·•‧∙⋅・･●．.。｡᛫․⸱⸳ꞏ⚫⦁˙ㆍ・﹒"), "·")
_APOSTROPHES = dict.fromkeys(map(ord, "’‘ʼʻʿʾ′`´＇"), "'")
_HYPHENS = dict.fromkeys(map(ord, "‐‑‒–—―−－﹣"), "-")
_ONE_SIGN: Final = {**_MIDDLE_DOTS, **_APOSTROPHES, **_HYPHENS}
_SIGNS_IN_NAMES = frozenset("·-',()〇")
# Letters and marks by category, yet nothing is seen: fillers, the grapheme joiner, Khmer inherent vowels.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_IDEOGRAPH = re.compile("[\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
_ADDRESS_PARTS = re.compile("([省市区县旗乡镇村街道路巷弄号栋幢单元室])")
_DOTS = re.compile("·{2,}")

# Forms that people bear as a name, and below each the form of which it was declared a variant.
_VARIANTS: Final = str.maketrans(
    "锺馀喆堃犇淼甦髙呉徳悳惪恵濶珎迺廼崐甯凃勲栄晳皙砲𪿫朶峩菓倣嵒巌𪨷栢邨碁烱逈僊龢澂叡玨暎煖燿翺瓌夀隣邉辺桒姙姸帋恊暱婣珮曻",
    "钟余哲坤奔渺苏高吴德德德惠阔珍乃乃昆宁涂勋荣晰晰炮炮朵峨果仿岩岩岩柏村棋炯迥仙和澄睿珏映暖耀翱瑰寿邻边边桑妊妍纸协昵姻佩升",
)

# Doc 9303 gives the first spelling; the others are allowed there too or are in use. Keys are upper case.
_TRANSLITERATIONS: Final[dict[str, tuple[str, ...]]] = {
    "Ä": ("AE", "A"),
    "Å": ("AA", "A"),
    "Æ": ("AE",),
    "Ð": ("D", "DH"),
    "Đ": ("D",),
    "Ə": ("E", "A"),
    "Ħ": ("H",),
    "ı": ("I",),
    "Ł": ("L",),
    "Ñ": ("N", "NXX"),
    "Ŋ": ("N", "NG"),
    "Ö": ("OE", "O"),
    "Ø": ("OE", "O"),
    "Œ": ("OE",),
    "ß": ("SS",),
    "ẞ": ("SS",),
    "Þ": ("TH",),
    "Ŧ": ("T",),
    "Ü": ("UE", "U", "UXX", "YU", "V"),
}
_NAME_FIELDS = (39, 30)
"""Characters of the name field in TD3 and TD1."""
_LONGEST_LATIN = 400
"""Ten times what a zone can hold; a longer name is none that it cut."""


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """How two names compare. It holds neither of them."""

    outcome: Outcome
    cause: Cause


def normalise_name(name: str) -> str:
    """One spelling for what people see as one name: NFKC, one kind of dot, hyphen and apostrophe, no spaces or case.

    >>> normalise_name("阿不都 • 热合曼") == normalise_name("阿不都·热合曼")
    True
    """
    text = name
    for _ in range(3):  # each step can undo another: a cedilla alone opens into a space and a mark
        text = unicodedata.normalize("NFKC", text.translate(_ONE_SIGN)).casefold()
        text = "".join(text.split())
    return _DOTS.sub("·", text.translate(_ONE_SIGN)).strip("·")


def hides_characters(name: str) -> bool:
    r"""Whether a name holds anything but letters, marks, spaces and the few signs that names have.

    Private-use characters pass: older systems store rare ideographs as such. So do ideographs that are newer
    than this Python's Unicode tables.

    >>> hides_characters("张三"), hides_characters("张\u200b三")
    (False, True)
    """
    return any(map(_is_hidden, unicodedata.normalize("NFKC", name.translate(_ONE_SIGN))))


def compare(form: str, document: str) -> NameAnswer:
    """Compare two names of one script, as typed and as a chip, a booklet or an authority says.

    Symmetric: which is which changes nothing.

    Returns:
        The outcome with one of the causes at the top of this page.
    """
    first, second = normalise_name(form), normalise_name(document)
    if not (_has_letter(first) and _has_letter(second)):
        return NameAnswer("not_available", "empty")
    if first == second:
        return NameAnswer("match", "exact" if form == document else "normalised")
    if _visible(first) == _visible(second):
        return NameAnswer("mismatch", "hidden_characters")
    if first.replace("·", "") == second.replace("·", ""):
        return NameAnswer("mismatch", "middle_dot")
    plain = _SELECTORS.sub("", first), _SELECTORS.sub("", second)
    if plain[0] == plain[1]:
        return NameAnswer("variant", "variation_selector")
    return _compare_characters(*plain)


def compare_latin(form: str, zone: Zone | str) -> NameAnswer:
    """Compare a Latin name as typed with the one in a passport's machine-readable zone.

    The surname may stand first or last; hyphens, spaces, commas and apostrophes do not count; letters with
    marks may be spelt any way that Doc 9303 allows. Where the zone's name field is full, what it holds may be
    the beginning of the name, or of each of its words.

    Args:
        form: As typed, in Latin letters.
        zone: A parsed zone; or the name as text, where `<<` ends the surname if there is one.

    Returns:
        `not_available` with `other_script` where the form has no Latin letter: such a name is compared with
        the visual zone by `compare`, or not at all.
    """
    surname, given_names, is_full = _zone_names(zone)
    target = surname + given_names
    for name in (form, *target):
        if hides_characters(name):
            return NameAnswer("mismatch", "hidden_characters")
    words = _words(form)
    for text in ("".join(words), "".join(target)):
        if not text:
            return NameAnswer("not_available", "empty")
        scripts = {_is_latin(letter) for letter in text if unicodedata.category(letter)[0] == "L"}
        if True not in scripts:
            return NameAnswer("not_available", "other_script" if scripts else "empty")
        if False in scripts:
            return NameAnswer("mismatch", "mixed_scripts")
    if len("".join(words)) > _LONGEST_LATIN or len("".join(target)) > _LONGEST_LATIN:
        return NameAnswer("mismatch", "differs")
    return _compare_words(words, surname, given_names, is_full=is_full)


def address_hint(a: str, b: str) -> float | None:
    """How alike two addresses look, 0 to 100, for a person to read. Advice only: nothing may decide by it.

    None where one is empty or `rapidfuzz` (simkyc's extra `names`) is not installed.

    >>> address_hint("江苏省苏州市姑苏区人民路1号", "苏州市姑苏区人民路1号")
    100.0
    """
    try:
        from rapidfuzz import fuzz
    except ImportError:
        return None
    first, second = map(_address_words, (a, b))
    return fuzz.token_set_ratio(first, second) if first and second else None


def _address_words(address: str) -> str:
    text = _ADDRESS_PARTS.sub(r"\1 ", unicodedata.normalize("NFKC", address).casefold())
    return " ".join(re.findall(r"\w+", text))


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    if character in _INVISIBLE:
        return True
    return not (
        category[0] in "LM"
        or category in {"Zs", "Co"}
        or character in _SIGNS_IN_NAMES
        or _IDEOGRAPH.match(character)
    )


def _visible(name: str) -> str:
    """Without what is not seen; digits and other signs stay."""
    return "".join(
        c for c in name if not (_is_hidden(c) and (c in _INVISIBLE or unicodedata.category(c)[0] == "C"))
    )


def _has_letter(name: str) -> bool:
    return any(
        unicodedata.category(c)[0] == "L" or _IDEOGRAPH.match(c) or _is_private(c)
        for c in name
        if c not in _INVISIBLE
    )


def _is_private(character: str) -> bool:
    return unicodedata.category(character) == "Co"


def _compare_characters(first: str, second: str) -> NameAnswer:
    """Compare two normalised names that differ, character by character."""
    if len(first) != len(second):
        return NameAnswer("mismatch", "differs")
    unequal = [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]]
    private = [pair for pair in unequal if any(map(_is_private, pair))]
    open_pairs = [pair for pair in unequal if not any(map(_is_private, pair))]
    if len(private) == len(first):  # nothing readable agrees
        return NameAnswer("mismatch", "differs")
    if not all(_IDEOGRAPH.match(character) for pair in open_pairs for character in pair):
        return NameAnswer("mismatch", "differs")
    cause: Cause | None = None
    if open_pairs:
        one, other = (simplified([pair[side] for pair in open_pairs]) for side in (0, 1))
        if one is None or other is None:
            return NameAnswer("mismatch", "variants_not_examined")
        if one.translate(_VARIANTS) != other.translate(_VARIANTS):
            return NameAnswer("mismatch", "differs")
        cause = "traditional_simplified" if one == other else "variant_character"
    return NameAnswer("variant", "private_use" if private or cause is None else cause)


def simplified(characters: Sequence[str]) -> str | None:
    r"""Each character by itself in simplified form, one a line; None without `opencc`.

    >>> simplified("劉備")
    '刘\n备'
    """
    converters = _converters()
    if converters is None:
        return None
    text = "\n".join(characters)
    for convert in converters:
        text = convert(text)
    return text


@cache
def _converters() -> tuple[Callable[[str], str], ...] | None:
    try:
        import opencc
    except ImportError:
        return None
    return tuple(opencc.OpenCC(table).convert for table in ("hk2t", "tw2t", "t2s"))


def _words(name: str) -> list[str]:
    """The words of a Latin name, letters and marks only; apostrophes join, other signs separate."""
    text = unicodedata.normalize("NFKC", name.translate(_ONE_SIGN)).translate(_ONE_SIGN).replace("'", "")
    kept = "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in text)
    return kept.split()


def _zone_names(zone: Zone | str) -> tuple[list[str], list[str], bool]:
    """Words of surname and given names, and whether the field is full; without `<<` all are surname."""
    if isinstance(zone, Zone):
        return zone.surname.split(), zone.given_names.split(), zone.names_truncated
    field = zone.strip()
    surname, _, given_names = field.rstrip("<").partition("<<")
    is_full = "<" in field and len(field) in _NAME_FIELDS and not field.endswith("<")
    return _words(surname.replace("<", " ")), _words(given_names.replace("<", " ")), is_full


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN ")


def _compare_words(
    words: list[str], surname: list[str], given_names: list[str], *, is_full: bool
) -> NameAnswer:
    target = surname + given_names
    orders = list(_orders(words, surname, has_given_names=bool(given_names)))
    for turned, order in enumerate(orders):
        if _is_spelt(order, target):
            if not "".join(order + target).isascii():
                return NameAnswer("match", "transliterated")
            if turned:
                return NameAnswer("match", "order")
            same_words = [word.upper() for word in words] == [word.upper() for word in target]
            return NameAnswer("match", "exact" if same_words else "separators")
    if is_full and any(_is_cut(order, target) for order in orders):
        return NameAnswer("match", "truncated")
    reduced = _reduced(target)
    if any(_reduced(order) == reduced for order in orders):
        return NameAnswer("variant", "transliteration")
    return NameAnswer("mismatch", "differs")


def _orders(words: list[str], surname: list[str], *, has_given_names: bool) -> Iterator[list[str]]:
    """The words as they stand, then with the surname taken from the end to the front."""
    yield words
    for start in range(1, len(words)):
        at_end = words[start:]
        if not has_given_names or _is_spelt(at_end, surname) or _reduced(at_end) == _reduced(surname):
            yield at_end + words[:start]


def _is_spelt(name: Sequence[str], target: Sequence[str]) -> bool:
    """Whether one of them is a transliteration of the other, however the words are divided."""
    a, b = "".join(name), "".join(target)
    return _reach(a, _plain(b)) == "end" or _reach(b, _plain(a)) == "end"


def _is_cut(name: Sequence[str], target: Sequence[str]) -> bool:
    """Whether the zone holds the beginning of the name, or the beginnings of its first words."""
    if _reach("".join(name), _plain("".join(target))):
        return True
    return len(target) <= len(name) and all(
        _reach(word, _plain(cut)) for word, cut in zip(name, target, strict=False)
    )


def _reach(name: str, target: str) -> Literal["end", "beginning"] | None:
    """Whether a transliteration of `name` is `target` (`end`) or begins with it (`beginning`)."""
    places, goes_on = {0}, False
    for letter in name:
        reached = set()
        for place in places:
            for spelling in _spellings(letter):
                if target.startswith(spelling, place):
                    reached.add(place + len(spelling))
                elif spelling.startswith(target[place:]):
                    goes_on = True
        places = reached
        if not places:
            break
    if len(target) in places:
        return "end"
    return "beginning" if goes_on else None


@cache
def _spellings(letter: str) -> tuple[str, ...]:
    """How a letter or mark may stand in the zone; a letter with marks that are in no table loses them."""
    if unicodedata.category(letter)[0] == "M":
        return ("",)
    if len(letter.upper()) == 1 and letter != "ı":
        letter = letter.upper()
    while letter not in _TRANSLITERATIONS:
        parts = unicodedata.decomposition(letter)
        if not parts or parts[0] == "<":
            return (letter.upper(),)
        letter = chr(int(parts.split()[0], 16))
    return _TRANSLITERATIONS[letter]


def _plain(name: str) -> str:
    return "".join(_spellings(letter)[0] for letter in name)


def _reduced(words: Sequence[str]) -> str:
    """One text for all spellings of a letter with marks, so also for some that are of other letters.

    `UE` after J, Q, X, Y is a Chinese final (XUE is not XU) and stays, except before R (JUERGEN).
    """
    text = re.sub("([LN])(?:YU|V)", r"\1U", _plain("".join(words)))
    text = re.sub("([UN])XX", r"\1", text)
    return re.sub("(?<![JQXY])UE|UE(?=R)", "U", re.sub("([AO])E|A(A)", r"\1\2", text))
