"""Pairs of names, made up, with what they are to each other and why."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Iterator
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import names
from simkyc.names import NameAnswer, address_hint, compare, compare_latin, hides_characters, normalise_name
from simkyc.numbers import mrz

CHINESE = [
    # One name, several spellings.
    ("张伟", "张伟", "match", "exact", "the same"),
    ("欧阳娜娜", "欧阳娜娜", "match", "exact", "two-character surname, one character twice"),
    ("张 伟", "张伟", "match", "normalised", "space inside"),
    ("张　伟", "张伟", "match", "normalised", "ideographic space"),
    (" 张伟\u00a0", "张伟", "match", "normalised", "spaces around, one of them no-break"),
    ("买买提•吐尔逊", "买买提·吐尔逊", "match", "normalised", "bullet U+2022"),
    ("买买提‧吐尔逊", "买买提·吐尔逊", "match", "normalised", "hyphenation point U+2027"),
    ("买买提・吐尔逊", "买买提·吐尔逊", "match", "normalised", "katakana dot U+30FB"),
    ("买买提･吐尔逊", "买买提·吐尔逊", "match", "normalised", "half-width katakana dot U+FF65"),
    ("买买提∙吐尔逊", "买买提·吐尔逊", "match", "normalised", "bullet operator U+2219"),
    ("买买提⋅吐尔逊", "买买提·吐尔逊", "match", "normalised", "dot operator U+22C5"),
    ("买买提●吐尔逊", "买买提·吐尔逊", "match", "normalised", "black circle U+25CF"),
    ("买买提．吐尔逊", "买买提·吐尔逊", "match", "normalised", "full-width full stop U+FF0E"),
    ("买买提.吐尔逊", "买买提·吐尔逊", "match", "normalised", "full stop of a plain keyboard"),
    ("买买提。吐尔逊", "买买提·吐尔逊", "match", "normalised", "Chinese full stop"),
    ("买买提｡吐尔逊", "买买提·吐尔逊", "match", "normalised", "half-width Chinese full stop U+FF61"),
    ("买买提\u0387吐尔逊", "买买提·吐尔逊", "match", "normalised", "Greek ano teleia U+0387"),
    ("买买提․吐尔逊", "买买提·吐尔逊", "match", "normalised", "one dot leader U+2024"),
    ("买买提ㆍ吐尔逊", "买买提·吐尔逊", "match", "normalised", "Hangul araea U+318D"),
    ("买买提 · 吐尔逊", "买买提·吐尔逊", "match", "normalised", "spaces about the dot"),
    ("买买提··吐尔逊", "买买提·吐尔逊", "match", "normalised", "the dot's key hit twice"),
    ("买买提·吐尔逊·", "买买提·吐尔逊", "match", "normalised", "dot at the end"),
    ("尼玛·次仁·卓玛", "尼玛•次仁・卓玛", "match", "normalised", "two dots of two kinds"),
    ("张⼀鸣", "张一鸣", "match", "normalised", "Kangxi radical one U+2F00, copied from a PDF"),
    ("李⽟⾦", "李玉金", "match", "normalised", "Kangxi radicals jade and metal"),
    ("\uf90a大山", "金大山", "match", "normalised", "compatibility ideograph U+F90A"),
    ("ＪＯＨＮ　ＳＭＩＴＨ", "John Smith", "match", "normalised", "full-width Latin, case"),
    ("O’Brien", "O'Brien", "match", "normalised", "curly apostrophe"),
    ("Anne‐Marie", "Anne-Marie", "match", "normalised", "Unicode hyphen"),
    ("Rene\u0301", "René", "match", "normalised", "combining accent"),
    ("王𠮷", "王𠮷", "match", "exact", "ideograph of extension B"),
    ("王\ue863", "王\ue863", "match", "exact", "the same private-use character"),
    ("李〇", "李〇", "match", "exact", "ideographic zero is a name"),
    ("王\U00030edd", "王\U00030edd", "match", "exact", "ideograph of extension G"),
    ("王\U000323b0", "王\U000323b0", "match", "exact", "ideograph newer than this Python's tables"),
    # Variants: a person looks.
    ("劉乾", "刘干", "variant", "traditional_simplified", "both characters simplified, the second wrongly"),
    ("刘乾", "刘干", "variant", "traditional_simplified", "乾 folds to 干, yet people are called 乾"),
    ("张乾坤", "张干坤", "variant", "traditional_simplified", "the neighbour 坤 changes nothing"),
    ("鍾山", "钟山", "variant", "traditional_simplified", "鍾 and 钟"),
    ("鐘山", "钟山", "variant", "traditional_simplified", "鐘 and 钟"),
    ("鍾山", "鐘山", "variant", "traditional_simplified", "two traditional characters of one simplified"),
    ("鍾山", "锺山", "variant", "variant_character", "鍾 and 锺, which the 2013 table keeps for names"),
    ("钟山", "锺山", "variant", "variant_character", "钟 and 锺"),
    ("張後", "张后", "variant", "traditional_simplified", "後 and 后, which are two surnames"),
    ("陳國華", "陈国华", "variant", "traditional_simplified", "every character traditional"),
    ("陳国华", "陈國华", "variant", "traditional_simplified", "mixed both ways"),
    ("葉青", "叶青", "variant", "traditional_simplified", "葉 and 叶"),
    ("於明", "于明", "variant", "traditional_simplified", "於 and 于 are two surnames: somebody looks"),
    ("餘光", "余光", "variant", "traditional_simplified", "餘 and 余"),
    ("馀光", "余光", "variant", "variant_character", "馀 and 余"),
    ("李峯", "李峰", "variant", "traditional_simplified", "峯 and 峰"),
    ("李昇", "李升", "variant", "traditional_simplified", "昇 and 升"),
    ("李喆", "李哲", "variant", "variant_character", "喆 and 哲"),
    ("李堃", "李坤", "variant", "variant_character", "堃 and 坤"),
    ("李淼", "李渺", "variant", "variant_character", "淼 and 渺"),
    ("李甦", "李苏", "variant", "variant_character", "甦 and 苏"),
    ("李甦", "李蘇", "variant", "variant_character", "甦 and 蘇: by two tables"),
    ("髙飞", "高飞", "variant", "variant_character", "髙 and 高"),
    ("呉明", "吴明", "variant", "variant_character", "呉 and 吴"),
    ("吳明", "吴明", "variant", "traditional_simplified", "吳 and 吴"),
    ("王徳", "王德", "variant", "variant_character", "徳 and 德"),
    ("甯静", "宁静", "variant", "variant_character", "甯 and 宁"),
    ("淩云", "凌云", "variant", "traditional_simplified", "淩 and 凌 are two surnames: somebody looks"),
    ("王玨", "王珏", "variant", "variant_character", "玨 and 珏"),
    ("黃河", "黄河", "variant", "traditional_simplified", "黃 and 黄"),
    ("吕岩", "呂巖", "variant", "traditional_simplified", "Taiwan's forms"),
    ("溫啟", "温啓", "variant", "traditional_simplified", "forms of Hong Kong and Taiwan"),
    ("衞青", "卫青", "variant", "traditional_simplified", "衞 and 卫"),
    ("王龑", "王䶮", "variant", "traditional_simplified", "rare: 龑 and 䶮"),
    ("赵孟頫", "赵孟𫖯", "variant", "traditional_simplified", "simplified only in extension C"),
    ("劉\ue863", "刘\ue863", "variant", "traditional_simplified", "same private-use, surname traditional"),
    ("王\ue863", "王䶮", "variant", "private_use", "an old system's stand-in for a rare ideograph"),
    ("王\ue863", "王\ue001", "variant", "private_use", "two systems' stand-ins"),
    ("王\U000f0001明", "王䶮明", "variant", "private_use", "stand-in of plane 15"),
    ("劉\ue863", "刘䶮", "variant", "private_use", "stand-in, and a traditional surname"),
    ("葛\U000e0100城", "葛城", "variant", "variation_selector", "ideographic variation sequence"),
    ("葛\ufe00城", "葛城", "variant", "variation_selector", "standardised variation sequence"),
    (
        "阿不都·熱合曼",
        "阿不都•热合曼",
        "variant",
        "traditional_simplified",
        "minority's name, one traditional",
    ),
    # Two names.
    ("张伟", "张玮", "mismatch", "differs", "one other character, sounds alike"),
    ("张伟", "李伟", "mismatch", "differs", "other surname"),
    ("张伟", "张伟明", "mismatch", "differs", "one character left out"),
    ("伟张", "张伟", "mismatch", "differs", "characters swapped"),
    ("张伟伟", "张伟", "mismatch", "differs", "one character twice"),
    ("张芸", "张艺", "mismatch", "differs", "new Japanese forms are not of these names"),
    ("萧山", "肖山", "mismatch", "differs", "surnames of two registers, not one character"),
    ("张㛃", "张洁", "mismatch", "differs", "rare character that sounds alike"),
    ("张未", "张末", "mismatch", "differs", "look alike"),
    ("张己", "张已", "mismatch", "differs", "look alike"),
    ("王𠮷", "王吉", "mismatch", "differs", "extension B and its common look-alike"),
    ("王𠀀", "王𠀁", "mismatch", "differs", "two of extension B"),
    ("王\ue863", "李䶮", "mismatch", "differs", "stand-in, and another surname"),
    ("\ue863\ue864", "王䶮", "mismatch", "differs", "nothing readable agrees"),
    ("王\ue863", "王䶮明", "mismatch", "differs", "stand-in, and a character more"),
    ("劉偉", "刘玮", "mismatch", "differs", "traditional surname, other given name"),
    ("买买提吐尔逊", "买买提·吐尔逊", "mismatch", "middle_dot", "dot left out: type it"),
    ("买买提·吐尔逊", "买买提·艾尔逊", "mismatch", "differs", "other part after the dot"),
    ("吐尔逊·买买提", "买买提·吐尔逊", "mismatch", "differs", "parts swapped"),
    ("张\u200b伟", "张伟", "mismatch", "hidden_characters", "zero-width space"),
    ("张\u200d伟", "张伟", "mismatch", "hidden_characters", "zero-width joiner"),
    ("\u202e张伟", "张伟", "mismatch", "hidden_characters", "right-to-left override"),
    ("张伟\u2069", "张伟", "mismatch", "hidden_characters", "end of an isolate"),
    ("\ufeff张伟", "张伟", "mismatch", "hidden_characters", "byte order mark"),
    ("张\u3164伟", "张伟", "mismatch", "hidden_characters", "Hangul filler, a letter that shows nothing"),
    ("张\u034f伟", "张伟", "mismatch", "hidden_characters", "grapheme joiner, a mark that shows nothing"),
    ("张\u0301伟", "张伟", "mismatch", "differs", "accent over an ideograph"),
    ("张伟1", "张伟", "mismatch", "differs", "digit"),
    ("张伟😀", "张伟", "mismatch", "differs", "emoji"),
    ("张*", "张伟", "mismatch", "differs", "masked"),
    ("张?", "张伟", "mismatch", "differs", "what a system writes for a character it lacks"),
    ("Jоhn", "John", "mismatch", "differs", "Cyrillic letter that looks Latin"),
    ("Zhang Wei", "张伟", "mismatch", "differs", "Latin for Chinese"),
    ("ZHANG WEI", "WEI ZHANG", "mismatch", "differs", "order counts here"),
    # Nothing to compare.
    ("", "张伟", "not_available", "empty", "nothing"),
    ("", "", "not_available", "empty", "nothing twice"),
    ("　", "张伟", "not_available", "empty", "only a space"),
    ("·", "·", "not_available", "empty", "only a dot"),
    ("--", "张伟", "not_available", "empty", "only hyphens"),
    ("***", "***", "not_available", "empty", "masked altogether"),
    ("\u200b", "张伟", "not_available", "empty", "only a zero-width space"),
    ("\u3164", "张伟", "not_available", "empty", "only a filler"),
    ("123", "123", "not_available", "empty", "only digits"),
]

LATIN = [
    ("Anna Maria Eriksson", "ERIKSSON<<ANNA<MARIA", "match", "order", "given names first"),
    ("ERIKSSON ANNA MARIA", "ERIKSSON<<ANNA<MARIA", "match", "exact", "as the zone has it"),
    ("Eriksson, Anna Maria", "ERIKSSON<<ANNA<MARIA", "match", "exact", "comma"),
    ("ｅｒｉｋｓｓｏｎ　ａｎｎａ　ｍａｒｉａ", "ERIKSSON<<ANNA<MARIA", "match", "exact", "full width"),
    ("ERIKSSON ANNA-MARIA", "ERIKSSON<<ANNA<MARIA", "match", "exact", "hyphen"),
    ("ERIKSSON ANNAMARIA", "ERIKSSON<<ANNA<MARIA", "match", "separators", "given names as one word"),
    ("HONG GIL-DONG", "HONG<<GILDONG", "match", "separators", "hyphen that the zone leaves out"),
    ("Gil Dong Hong", "HONG<<GILDONG", "match", "order", "Korean name turned round"),
    ("Zhang Xiaojun", "ZHANG<<XIAO<JUN", "match", "separators", "zone divides the given name"),
    ("ZHANG WEI", "ZHANG<<WEI", "match", "exact", "pinyin"),
    ("Wei Zhang", "ZHANG<<WEI", "match", "order", "pinyin, surname last"),
    ("zhāng wěi", "ZHANG<<WEI", "match", "transliterated", "pinyin with tones"),
    (
        "Maria van der Muellen",
        "VAN<DER<MUELLEN<<MARIA",
        "match",
        "order",
        "surname of three words at the end",
    ),
    ("Sean O'Connor", "OCONNOR<<SEAN", "match", "order", "apostrophe"),
    ("Sean O’Connor", "OCONNOR<<SEAN", "match", "order", "curly apostrophe"),
    (
        "D'Artagnan Charles",
        "D<ARTAGNAN<<CHARLES",
        "match",
        "separators",
        "zone has a filler for the apostrophe",
    ),
    ("Al-Hassan Omar", "AL<HASSAN<<OMAR", "match", "exact", "hyphen in a surname"),
    ("St. John Oliver", "ST<JOHN<<OLIVER", "match", "exact", "full stop"),
    ("Arkfreith", "ARKFREITH", "match", "exact", "one name"),
    ("Jürgen Müller", "MUELLER<<JUERGEN", "match", "transliterated", "ü as UE"),
    ("Jürgen Müller", "MULLER<<JURGEN", "match", "transliterated", "ü as U"),
    ("Jürgen Müller", "MUXXLLER<<JUXXRGEN", "match", "transliterated", "ü as UXX"),
    ("Mu\u0308ller Ju\u0308rgen", "MUELLER<<JUERGEN", "match", "transliterated", "combining diaeresis"),
    ("Hämäläinen Äiti", "HAEMAELAEINEN<<AEITI", "match", "transliterated", "ä as AE"),
    ("Hämäläinen Äiti", "HAMALAINEN<<AITI", "match", "transliterated", "ä as A"),
    ("Hämäläinen", "HAEMALAINEN", "match", "transliterated", "ä as both"),
    ("Søren Kjær", "KJAER<<SOEREN", "match", "transliterated", "ø as OE, æ as AE"),
    ("Åse Ångström", "AANGSTROEM<<AASE", "match", "transliterated", "å as AA"),
    ("Weiß Götz", "WEISS<<GOETZ", "match", "transliterated", "ß as SS"),
    ("WEIẞ GÖTZ", "WEISS<<GOETZ", "match", "transliterated", "capital ß"),
    ("Muñoz Iñigo", "MUNOZ<<INIGO", "match", "transliterated", "ñ as N"),
    ("Muñoz Iñigo", "MUNXXOZ<<INXXIGO", "match", "transliterated", "ñ as NXX"),
    ("Þórður Guðni", "THORDUR<<GUDNI", "match", "transliterated", "þ as TH, ð as D"),
    ("Łukasz Wałęsa", "WALESA<<LUKASZ", "match", "transliterated", "ł as L, ogonek dropped"),
    ("Yıldız İpek", "YILDIZ<<IPEK", "match", "transliterated", "Turkish dotless and dotted i"),
    ("Nguyễn Thị Hương", "NGUYEN<<THI<HUONG", "match", "transliterated", "Vietnamese, two marks a letter"),
    ("Œuvrard Loïc", "OEUVRARD<<LOIC", "match", "transliterated", "œ as OE"),
    ("Đặng Văn Đức", "DANG<<VAN<DUC", "match", "transliterated", "đ as D"),
    ("Lǚ Xiaojun", "LYU<<XIAOJUN", "match", "transliterated", "ü as YU in Chinese passports"),
    ("Lü Xiaojun", "LV<<XIAOJUN", "match", "transliterated", "ü as V in older ones"),
    ("Lü Xiaojun", "LU<<XIAOJUN", "match", "transliterated", "ü as U in others"),
    ("Müller", "Müller", "match", "transliterated", "the visual zone's text"),
    ("MUELLER", "Müller", "match", "transliterated", "typed as the zone, compared with the visual zone"),
    (
        "Muller Jurgen",
        "MUELLER<<JUERGEN",
        "variant",
        "transliteration",
        "marks left out where the zone spells them",
    ),
    ("Jurgen Muller", "MUELLER<<JUERGEN", "variant", "transliteration", "the same, surname last"),
    ("Soren Kjaer", "KJAER<<SOEREN", "variant", "transliteration", "o for OE"),
    ("Lv Xiaojun", "LYU<<XIAOJUN", "variant", "transliteration", "V typed, YU in the zone"),
    ("Lu Xiaojun", "LYU<<XIAOJUN", "variant", "transliteration", "吕 or 陆: somebody looks"),
    ("Xue Wei", "XU<<WEI", "mismatch", "differs", "薛 and 徐 are two surnames"),
    ("Anna Eriksson", "ERIKSSON<<ANNA<MARIA", "mismatch", "differs", "a given name left out"),
    ("Anna Maria Erikson", "ERIKSSON<<ANNA<MARIA", "mismatch", "differs", "one letter"),
    ("Maria Eriksson Anna", "ERIKSSON<<ANNA<MARIA", "mismatch", "differs", "surname in the middle"),
    ("Eriksson Maria Anna", "ERIKSSON<<ANNA<MARIA", "mismatch", "differs", "given names swapped"),
    ("Zhang W", "ZHANG<<WEI", "mismatch", "differs", "an initial"),
    ("Zhang", "ZHANG<<WEI", "mismatch", "differs", "surname only"),
    ("Zhang Wei", "ZHANG<<WEIWEI", "mismatch", "differs", "beginning of a name in a zone with room to spare"),
    ("Zhang Weiwei", "ZHANG<<WEI", "mismatch", "differs", "zone with room to spare was not cut"),
    ("Zhang Wei2", "ZHANG<<WEI", "mismatch", "hidden_characters", "digit"),
    ("Zhang\u200b Wei", "ZHANG<<WEI", "mismatch", "hidden_characters", "zero-width space"),
    ("\u202eZhang Wei", "ZHANG<<WEI", "mismatch", "hidden_characters", "right-to-left override"),
    ("Zhаng Wei", "ZHANG<<WEI", "mismatch", "mixed_scripts", "Cyrillic letter that looks Latin"),
    ("Zhang Wei 张伟", "ZHANG<<WEI", "mismatch", "mixed_scripts", "two names in one field"),
    ("张伟", "ZHANG<<WEI", "not_available", "other_script", "Chinese form for a Latin zone"),
    ("Иванов", "IVANOV<<IVAN", "not_available", "other_script", "Cyrillic"),
    ("", "ZHANG<<WEI", "not_available", "empty", "nothing typed"),
    (" - ", "ZHANG<<WEI", "not_available", "empty", "only signs"),
    ("\u0301", "ZHANG<<WEI", "not_available", "empty", "only a mark"),
    ("Zhang Wei", "<<", "not_available", "empty", "zone without a name"),
]

# The name field of TD3 has 39 characters.
LONG = "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"
INITIALS = "NILAVADHANANANDA<<ARNPOL<CHAYAPA<DEJ<KR"
TRUNCATED = [
    ("Nilavadhanananda Chayapa Dejthamrong Krasuang", LONG, "match", "truncated", "cut in the last word"),
    ("Chayapa Dejthamrong Krasuang Nilavadhanananda", LONG, "match", "truncated", "cut, surname last"),
    ("Nilavadhanananda Chayapa Dejthamrong K", LONG, "match", "exact", "full, and nothing was cut"),
    ("Nilavadhanananda Arnpol Chayapa Dejthamrong Krasuang", INITIALS, "match", "truncated", "each word cut"),
    ("Nilavadhanananda Chayapa Dejthamrong", LONG, "mismatch", "differs", "shorter than what the zone holds"),
    ("Nilavadhanananda Chayapa Dejthamrong Praem", LONG, "mismatch", "differs", "another last word"),
    (
        "Nilavadhanananda Arnpol Chayapa Rejtham Krasuang",
        INITIALS,
        "mismatch",
        "differs",
        "another inner word",
    ),
    (
        "Bennelong Wooloomooloo Warrandyte Warnambool Dingo",
        "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNA",
        "match",
        "truncated",
        "surname itself is cut and no given name is left",
    ),
    (
        "Nilavadhanananda Chayapa Dejthamrong Krasuang",
        "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<<",
        "mismatch",
        "differs",
        "same length, but the field is not full",
    ),
    ("Müllerstein-Über Karl", "MUELLERSTEIN<UEBER<<KARL<FRIEDRICH<WILL", "mismatch", "differs", "too short"),
    (
        "Müllerstein-Über Karl Friedrich Willibald",
        "MUELLERSTEIN<UEBER<<KARL<FRIEDRICH<WILL",
        "match",
        "truncated",
        "cut, and with ü as UE",
    ),
]


def reasons(rows: list[tuple[str, str, str, str, str]]) -> list[str]:
    return [row[-1] for row in rows]


@pytest.mark.parametrize(("form", "document", "outcome", "cause", "reason"), CHINESE, ids=reasons(CHINESE))
def test_compare(form: str, document: str, outcome: str, cause: str, reason: str) -> None:
    answer = compare(form, document)
    assert (answer.outcome, answer.cause) == (outcome, cause)
    assert compare(document, form) == answer


@pytest.mark.parametrize(("form", "zone", "outcome", "cause", "reason"), LATIN, ids=reasons(LATIN))
def test_compare_latin(form: str, zone: str, outcome: str, cause: str, reason: str) -> None:
    answer = compare_latin(form, zone)
    assert (answer.outcome, answer.cause) == (outcome, cause)


@pytest.mark.parametrize(("form", "field", "outcome", "cause", "reason"), TRUNCATED, ids=reasons(TRUNCATED))
def test_a_zone_that_is_full_may_hold_a_beginning(
    form: str, field: str, outcome: str, cause: str, reason: str
) -> None:
    assert len(field) == 39
    zone = mrz.parse(f"P<UTO{field}L898902C36UTO7408122F1204159ZE184226B<<<<<10")
    for given_as in (zone, field):
        answer = compare_latin(form, given_as)
        assert (answer.outcome, answer.cause) == (outcome, cause)


def test_the_tables_are_long_and_name_each_row_once() -> None:
    rows = CHINESE + LATIN + TRUNCATED
    assert len(rows) >= 200
    assert len({(reason, row[0]) for *row, reason in rows}) == len(rows)
    causes = {row[3] for row in rows} | {"variants_not_examined"}
    assert causes == set(get_args(names.Cause))
    assert all(f"`{cause}`" in (names.__doc__ or "") for cause in causes)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installation without the extra `names`."""
    for module in ("opencc", "rapidfuzz"):
        monkeypatch.setitem(sys.modules, module, None)
    names._converters.cache_clear()
    yield
    names._converters.cache_clear()


@pytest.mark.usefixtures("without")
def test_without_opencc_what_may_be_a_variant_is_a_mismatch_that_says_so() -> None:
    assert compare("劉乾", "刘乾") == NameAnswer("mismatch", "variants_not_examined")
    assert compare("张伟", "张玮") == NameAnswer("mismatch", "variants_not_examined")
    assert compare("张伟", "张伟明") == NameAnswer("mismatch", "differs")
    assert compare("John", "Joan") == NameAnswer("mismatch", "differs")
    assert compare("张 伟", "张伟").outcome == "match"
    assert compare("王\ue863", "王䶮").cause == "private_use"
    assert address_hint("人民路1号", "人民路1号") is None


def test_libraries_load_only_when_two_names_differ() -> None:
    code = """
import sys
from simkyc.names import compare, compare_latin
compare("张 伟", "张伟"), compare("张伟", "张伟明"), compare_latin("Zhang Wei", "ZHANG<<WEI")
sys.exit(" ".join(m for m in ("opencc", "rapidfuzz") if m in sys.modules) or 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_threads_get_the_answers_that_one_alone_gets() -> None:
    expected = [compare(form, document) for form, document, *_ in CHINESE]
    names._converters.cache_clear()
    wrong: list[NameAnswer] = []

    def ask() -> None:
        for _ in range(20):
            for (form, document, *_), right in zip(CHINESE, expected, strict=True):
                if (answer := compare(form, document)) != right:
                    wrong.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_every_variant_is_one_that_opencc_leaves_alone() -> None:
    """Otherwise its pair would never be reached."""
    for variant, standard in names._VARIANTS.items():
        assert compare(f"李{chr(variant)}", f"李{chr(standard)}") == NameAnswer(
            "variant", "variant_character"
        )


NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "张伟劉乾刘干鍾钟锺·•・.'’- 　ＡａßüÜǚİıñØ\ue863\U000f0001\u200b\u202e\u2069\ufeff\u0301\u0323\u20dd"
            "\ufe0f\U000e0100\u3164\u034f\U00020000\U000323b0😀<"
        ),
    ),
    max_size=40,
)
NAME = st.text(st.sampled_from("张伟劉乾刘干鍾钟锺後后㛃𠮷\ue863王阿不都买提JohnÉü"), min_size=1, max_size=8)


@given(first=NASTY, second=NASTY)
def test_any_two_texts_get_an_answer_and_sides_do_not_matter(first: str, second: str) -> None:
    answer = compare(first, second)
    assert compare(second, first) == answer
    assert compare(first, first).outcome in {"match", "not_available"}
    if answer.outcome == "match":
        assert normalise_name(first) == normalise_name(second)
    assert compare_latin(first, second).outcome in {"match", "variant", "mismatch", "not_available"}


@given(NASTY)
def test_normalising_twice_is_normalising_once(name: str) -> None:
    assert normalise_name(normalise_name(name)) == normalise_name(name)


@given(NASTY)
def test_hiding_does_not_hang_on_the_spelling_of_a_space(name: str) -> None:
    assert hides_characters(name) == hides_characters(name.replace(" ", "\u3000"))


@given(parts=st.lists(NAME, min_size=1, max_size=3), data=st.data())
def test_spaces_kinds_of_dots_and_width_change_nothing(parts: list[str], data: st.DataObject) -> None:
    dots = st.sampled_from("·•‧・･∙⋅●．.")
    spaces = st.sampled_from(["", " ", "\u3000", "\u00a0", "  "])
    plain = "·".join(parts)
    dressed = data.draw(spaces) + "".join(
        (chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else data.draw(dots) if c == "·" else c)
        + data.draw(spaces)
        for c in plain
    )
    assert compare(dressed, plain).outcome == "match"
    other = data.draw(NAME)
    assert compare(dressed, other).outcome == compare(plain, other).outcome


@given(name=NAME, hidden=st.sampled_from("\u200b\u200d\u2060\u202e\u2066\ufeff\u00ad\u3164"), data=st.data())
def test_a_hidden_character_never_makes_a_match(name: str, hidden: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(name)))
    hiding = name[:place] + hidden + name[place:]
    assert hides_characters(hiding)
    assert compare(hiding, name) == NameAnswer("mismatch", "hidden_characters")
    assert compare_latin(hiding, name).outcome != "match"


WORD = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=6)


@given(surname=st.lists(WORD, min_size=1, max_size=2), given_names=st.lists(WORD, min_size=1, max_size=3))
def test_either_order_of_a_latin_name_matches(surname: list[str], given_names: list[str]) -> None:
    zone = "<".join(surname) + "<<" + "<".join(given_names)
    assert compare_latin(" ".join(surname + given_names), zone).outcome == "match"
    assert compare_latin("-".join(given_names).lower() + " " + " ".join(surname), zone).outcome == "match"
    assert compare_latin("Q" + " ".join(surname + given_names), zone).outcome == "mismatch"


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        ("劉", "traditional"),
        ("A", "Latin"),
        ("ü", "several spellings a letter"),
        ("a ", "words"),
        ("\u0301\u0323", "marks out of order"),
        ("·•", "dots"),
        ("\u200b", "zero-width"),
        ("\U00020000", "astral"),
        ("\ue000", "private use"),
        ("\ufdfa", "one that opens into eighteen"),
        ("\u202e", "direction"),
        ("<<", "fillers"),
    ],
    ids=lambda value: value if len(value) > 3 else "",
)
def test_ten_thousand_characters_are_answered_at_once(unit: str, reason: str) -> None:
    long = unit * (10_000 // len(unit))
    began = time.process_time()
    for other in (long, long + "张", unicodedata.normalize("NFD", long), "张伟", "ERIKSSON<<ANNA"):
        assert compare(long, other).outcome in {"match", "variant", "mismatch", "not_available"}
        assert compare_latin(long, other).outcome in {"match", "mismatch", "not_available"}
        hint = address_hint(long, other)
        assert hint is None or 0 <= hint <= 100
    assert time.process_time() - began < 20


@pytest.mark.parametrize(
    ("name", "hides", "reason"),
    [
        ("张伟", False, "letters"),
        ("买买提•吐尔逊", False, "any middle dot"),
        ("O‘Brien-Smith, J. (Jr)", False, "signs in Latin names"),
        ("王\ue863", False, "private use"),
        ("王\U000323b0", False, "ideograph newer than the tables"),
        ("李〇", False, "ideographic zero"),
        ("葛\U000e0100城", False, "variation selector"),
        ("张\u200b伟", True, "zero-width space"),
        ("\u202e张伟", True, "right-to-left override"),
        ("张\u3164伟", True, "Hangul filler"),
        ("张\u034f伟", True, "grapheme joiner"),
        ("张伟1", True, "digit"),
        ("张伟😀", True, "emoji"),
        ("张*", True, "mask"),
        ("张\x00伟", True, "null"),
        ("张\ud800", True, "lone surrogate"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() and len(value) > 3 else "",
)
def test_hides_characters(name: str, hides: bool, reason: str) -> None:
    assert hides_characters(name) is hides


def test_an_address_hint_is_a_figure() -> None:
    home = "江苏省苏州市姑苏区人民路1号2幢301室"
    assert address_hint(home, home.replace("江苏省", "")) == 100.0
    near, far = (
        address_hint(home, "苏州市姑苏区人民路10号"),
        address_hint(home, "广东省深圳市福田区深南大道9号"),
    )
    assert near is not None
    assert far is not None
    assert 100 > near > far >= 0
    assert address_hint("", home) is None
    assert address_hint("10 Main Street", "Main Street 10") == 100.0
