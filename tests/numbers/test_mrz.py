"""Machine-readable zones: the specimens of ICAO Doc 9303 (Utopia), and what scanners make of them."""

from __future__ import annotations

import datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import NumberError
from simkyc.numbers import mrz

TD3 = (
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
)
TD1 = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
)
TD1_LONG = (
    "IDUTO123456789<07<<<<<<<<<<<<<",
    "8601012M3001019UTO<<<<<<<<<<<6",
    "SPECIMEN<<JANE<<<<<<<<<<<<<<<<",
)
TODAY = datetime.date(2026, 1, 1)


def zone(lines: tuple[str, ...]) -> str:
    return "\n".join(lines)


def td3(
    names: str = "ERIKSSON<<ANNA<MARIA",
    number: str = "L898902C3",
    nationality: str = "UTO",
    birth: str = "740812",
    sex: str = "F",
    expiry: str = "300415",
    optional: str = "",
) -> str:
    """A zone with every check digit computed."""
    number, optional = number.ljust(9, "<"), optional.ljust(14, "<")
    numbered, born = number + mrz.check_digit(number), birth + mrz.check_digit(birth)
    rest = expiry + mrz.check_digit(expiry) + optional + mrz.check_digit(optional)
    composite = mrz.check_digit(numbered + born + rest)
    return ("P<UTO" + names.ljust(39, "<"))[:44] + numbered + nationality + born + sex + rest + composite


def td1(optional: str = "", optional_below: str = "") -> str:
    """A card with every check digit computed."""
    upper = "D23145890" + mrz.check_digit("D23145890") + optional.ljust(15, "<")
    born, expiry = "740812" + mrz.check_digit("740812"), "300415" + mrz.check_digit("300415")
    below = optional_below.ljust(11, "<")
    composite = mrz.check_digit(upper + born + expiry + below)
    return "I<UTO" + upper + born + "F" + expiry + "UTO" + below + composite + TD1[2]


VALID = [
    (zone(TD3), "passport specimen"),
    (zone(TD1), "card specimen"),
    (zone(TD1_LONG), "card with a document number of ten characters"),
    ("\r\n".join(TD3) + "\r\n", "a scanner's line ends"),
    (" ".join(TD1), "lines joined by spaces"),
    ("".join(TD3), "one piece"),
    (zone(TD3).lower(), "lower case"),
    (td3(), "computed here"),
    (td1("ABCDEFGHIJKLMN7", "ABCDEFGHI07"), "card with both optional fields full"),
    (td3(birth="74<<<<"), "month and day of birth unknown"),
    (td3(birth="<<<<<<"), "birth date unknown"),
    (td3(expiry="<<<<<<"), "no expiry"),
    (td3(sex="<"), "sex unspecified"),
    (td3(sex="X"), "sex unspecified, printed as X by some states"),
    (td3()[:86] + "<" + td3()[87:], "no check digit over empty optional data"),
    (td3(nationality="D<<"), "Germany's one letter"),
    (td3(names="ARKFREITH"), "one name"),
    (td3(names="NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"), "names cut at the end of the line"),
    (td3(birth="000229"), "29 February 2000 or nothing"),
]
INVALID = [
    ("\n".join(TD3[::-1]), "lines", "passport lines swapped"),
    ("\n".join((TD1[1], TD1[0], TD1[2])), "lines", "first two card lines swapped"),
    ("\n".join(TD1[::-1]), "lines", "card lines backwards"),
    ("\n".join((TD1[0], TD1[2], TD1[1])), "lines", "last two card lines swapped"),
    (
        "\n".join(TD3[::-1]).replace("740812", "74O8I2"),
        "lines",
        "lines swapped, and O for 0 and I for 1 in them",
    ),
    (zone((TD3[0], TD3[0])), "shape", "first line twice"),
    (zone((TD3[1], TD3[1])), "shape", "second line twice"),
    (
        zone((TD3[0][:-1], TD3[1] + "<")),
        "shape",
        "a filler lost in the first line, one too many in the second",
    ),
    (zone((TD3[0] + "<", TD3[1][:-1])), "shape", "a filler too many in the first line, the last digit lost"),
    (zone((TD3[0], TD3[1][1:] + "<")), "shape", "first character of the second line cut off"),
    (zone((*TD3, TD3[1])), "length", "three passport lines"),
    (zone(TD1[:2]), "length", "two card lines"),
    (TD3[0], "length", "one line"),
    (zone(TD3)[:-1], "length", "last character missing"),
    (zone(TD1) + "<", "length", "one too many"),
    ("A" * 72, "length", "a two-line card of 36 characters, which is not read here"),
    ("", "length", "empty"),
    (zone(TD3).replace("740812", "7408I2"), "shape", "I for 1 in a date"),
    (zone(TD3).replace("7408122", "74O8122"), "shape", "O for 0 in a date"),
    (zone(TD3).replace("<<ANNA", "<<4NNA"), "shape", "digit in a name"),
    (zone(TD3).replace("P<UTO", "V<UTO"), "shape", "a visa"),
    (zone(TD3).replace("L898902C3", "L898902D3"), "checksum", "document number"),
    (zone(TD3).replace("7408122", "7408132"), "checksum", "birth date"),
    (zone(TD3).replace("1204159", "1304159"), "checksum", "expiry date"),
    (zone(TD3).replace("ZE184226B", "ZE184226C"), "checksum", "optional data"),
    (zone(TD3)[:-1] + "1", "checksum", "composite"),
    (zone(TD1).replace("D231458907", "D231458908"), "checksum", "card: document number"),
    (zone(TD1).replace("UTO<<<<<<<<<<<6", "UTO<<<<<<<<<<<7"), "checksum", "card: composite digit"),
    (zone(TD1_LONG).replace("<07<", "<08<"), "checksum", "card: long document number"),
    (zone(TD1_LONG).replace("<07<", "<<<<"), "checksum", "card: long document number without an end"),
    (td3(number="<<<<<<<<<"), "shape", "no document number"),
    (td3(birth="741332"), "date", "month 13"),
    (td3(birth="740230"), "date", "30 February"),
    (td3(expiry="300431"), "date", "31 April"),
    (td3(expiry="30<<<<"), "date", "half an expiry date"),
    (zone(TD3).replace("<", "«"), "characters", "another bracket"),
    (zone(TD3).replace("A", "А"), "characters", "Cyrillic A"),
]


@pytest.mark.parametrize(("number", "reason"), VALID, ids=[row[-1] for row in VALID])
def test_valid(number: str, reason: str) -> None:
    assert mrz.validate(number) == mrz.compact(number)
    assert mrz.repaired(number) == mrz.compact(number), "nothing to repair"


@pytest.mark.parametrize(("number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(number: str, cause: str, reason: str) -> None:
    with pytest.raises(NumberError) as caught:
        mrz.validate(number)
    assert caught.value.cause == cause


def test_what_a_passport_says() -> None:
    passport = mrz.parse(zone(TD3))
    assert (passport.size, passport.document_code, passport.issuer) == ("TD3", "P", "UTO")
    assert (passport.number, passport.nationality, passport.sex) == ("L898902C3", "UTO", "female")
    assert (passport.surname, passport.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert not passport.names_truncated
    assert passport.optional == "ZE184226B"
    assert passport.expiry_date == datetime.date(2012, 4, 15)
    assert passport.birth_date(not_after=TODAY) == datetime.date(1974, 8, 12)


def test_what_a_card_says() -> None:
    card = mrz.parse(zone(TD1))
    assert (card.size, card.document_code, card.number) == ("TD1", "I", "D23145890")
    assert (card.surname, card.given_names, card.optional) == ("ERIKSSON", "ANNA MARIA", "")
    assert mrz.parse(td1("A<1", "B2")).optional == "A<1 B2"
    long = mrz.parse(zone(TD1_LONG))
    assert (long.document_code, long.number, long.sex) == ("ID", "1234567890", "male")
    assert long.expiry_date == datetime.date(2030, 1, 1)


@pytest.mark.parametrize(
    ("birth", "not_after", "date", "reason"),
    [
        ("740812", TODAY, datetime.date(1974, 8, 12), "last century"),
        ("250812", TODAY, datetime.date(2025, 8, 12), "a child"),
        ("260102", TODAY, datetime.date(1926, 1, 2), "tomorrow, so a hundred years ago"),
        ("260101", TODAY, datetime.date(2026, 1, 1), "today"),
        ("000229", TODAY, datetime.date(2000, 2, 29), "leap day"),
        ("000229", datetime.date(1999, 1, 1), None, "1900 had no leap day"),
        ("74<<<<", TODAY, None, "only the year is known"),
        ("<<<<<<", TODAY, None, "nothing is known"),
    ],
    ids=["last century", "child", "tomorrow", "today", "leap day", "no leap day", "year only", "unknown"],
)
def test_birth_date(birth: str, not_after: datetime.date, date: datetime.date | None, reason: str) -> None:
    assert mrz.parse(td3(birth=birth)).birth_date(not_after=not_after) == date


@pytest.mark.parametrize(
    ("names", "surname", "given", "cut"),
    [
        ("ZHANG<<WEI", "ZHANG", "WEI", False),
        ("OUYANG<<XIU<<<YING", "OUYANG", "XIU YING", False),
        ("VAN<DER<MUELLEN<<MARIA<C", "VAN DER MUELLEN", "MARIA C", False),
        ("ARKFREITH", "ARKFREITH", "", False),
        ("NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K", "NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG K", True),
        ("BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WARNAM", "BENNELONG WOOLOOMOOLOO WARRANDYTE WARNA", "", True),
    ],
    ids=[
        "two parts",
        "filler to spare",
        "several words",
        "one name",
        "cut in given names",
        "cut in the surname",
    ],
)
def test_names(names: str, surname: str, given: str, cut: bool) -> None:
    parsed = mrz.parse(td3(names=names))
    assert (parsed.surname, parsed.given_names, parsed.names_truncated) == (surname, given, cut)


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (zone(TD3).replace("740812", "74O8I2"), "letters in a date"),
        (zone(TD3).replace("P<UTO", "P<UT0"), "digit in the issuer"),
        (zone(TD3).replace("MARIA", "MAR1A"), "digit in a name"),
        (zone(TD3)[:-1] + "O", "letter for the last check digit"),
        (zone(TD3).replace("1204159", "I2O4I59"), "letters in the expiry date"),
        (zone(TD3).replace("UTO", "UT0").replace("ERIKSSON", "ER1KSS0N"), "digits in states and surname"),
        (zone(TD1).replace("7408122", "74O8I22"), "card: letters in a date"),
        (zone(TD1).replace("MARIA", "MAR1A"), "card: digit in a name"),
        (zone(TD1).replace("I<UTO", "1<UT0"), "card: digits in kind and issuer"),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)
def test_what_scanners_confuse_is_repaired_where_only_one_reading_is_possible(read: str, reason: str) -> None:
    assert not mrz.is_valid(read)
    assert mrz.repaired(read) == mrz.compact(zone(TD1 if reason.startswith("card") else TD3))


@pytest.mark.parametrize("lines", [TD3, TD1, TD1_LONG], ids=["passport", "card", "card with a long number"])
def test_lines_in_any_other_order_are_called_swapped(lines: tuple[str, ...]) -> None:
    for order in list(permutations(lines))[1:]:
        for verb in (mrz.validate, mrz.repaired, mrz.parse):
            with pytest.raises(NumberError) as caught:
                verb(zone(order))
            assert caught.value.cause == "lines"


@pytest.mark.parametrize("number", [zone(TD3), zone(TD1), zone(TD1_LONG)], ids=["passport", "card", "long"])
def test_a_character_more_or_less_anywhere_is_refused(number: str) -> None:
    for place in range(len(number)):
        for wrong in (number[:place] + number[place + 1 :], number[:place] + "<" + number[place:]):
            if wrong.replace("\n", "") != number.replace("\n", ""):
                with pytest.raises(NumberError) as caught:
                    mrz.repaired(wrong)
                assert caught.value.cause == "length"


@pytest.mark.parametrize("number", [zone(TD3), zone(TD1)], ids=["passport", "card"])
def test_one_exchanged_o_or_i_is_repaired_or_refused_never_read_as_another(number: str) -> None:
    exchange = str.maketrans("O0I1", "0O1I")
    whole = mrz.compact(number)
    free = ((44, 53), (72, 86)) if len(whole) == 88 else ((5, 14), (15, 30), (48, 59))
    for place, character in enumerate(whole):
        if character in "O0I1":
            read = whole[:place] + character.translate(exchange) + whole[place + 1 :]
            assert not mrz.is_valid(read)
            try:
                assert mrz.repaired(read) == whole
            except NumberError:
                assert any(start <= place < end for start, end in free), (
                    "only here are both readings possible"
                )


def test_a_repair_that_does_not_come_out_right_is_refused() -> None:
    with pytest.raises(NumberError) as caught:
        mrz.repaired(zone(TD3).replace("L898902C3", "L8989O2C3"))
    assert caught.value.cause == "checksum", "in a document number both readings are possible"
    with pytest.raises(NumberError) as caught:
        mrz.repaired("\n".join(TD3[::-1]))
    assert caught.value.cause == "lines"


def test_nothing_personal_is_shown() -> None:
    parsed = mrz.parse(zone(TD3))
    assert not any(part in repr(parsed) + str(parsed) for part in ("ERIKSSON", "L898902C3", "740812"))


def test_format_sets_lines() -> None:
    assert mrz.format("".join(TD3)) == zone(TD3)
    assert mrz.format("".join(TD1)) == zone(TD1)


FIELD = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=9)


@given(number=FIELD, born=st.dates(datetime.date(1927, 1, 1), TODAY), place=st.integers(44, 87))
def test_round_trip_and_one_wrong_digit(number: str, born: datetime.date, place: int) -> None:
    text = td3(number=number, birth=f"{born:%y%m%d}")
    parsed = mrz.parse(text)
    assert parsed.number == number
    assert parsed.birth_date(not_after=TODAY) == born
    if text[place].isdigit() and place not in range(54, 57):
        wrong = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
        assert not mrz.is_valid(wrong)
