"""Which number serves which document, and whom it names. All numbers are made up."""

from __future__ import annotations

import datetime
from typing import Any, cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import InputError, NumberError
from simkyc.numbers import documents
from simkyc.numbers.documents import DocumentKind

KINDS: tuple[DocumentKind, ...] = get_args(DocumentKind)
RESIDENT = "320502198001010018"
FIRST_GENERATION = "320502800101001"
PERMITS = {"hong_kong": "810000199001010019", "macao": "820000199001010010", "taiwan": "830000199001010012"}
FOREIGNER = "911124198108030024"
OLDER_FOREIGNER = "USA110081080301"

Row = tuple[DocumentKind, str, str, tuple[str, str], str]
VALID: list[Row] = [
    ("resident_id", RESIDENT, RESIDENT, ("resident_id", RESIDENT), "second generation"),
    ("resident_id", "320502 19800101 0018", RESIDENT, ("resident_id", RESIDENT), "grouped"),
    ("resident_id", FIRST_GENERATION, FIRST_GENERATION, ("resident_id", RESIDENT), "first generation"),
    ("household_booklet", RESIDENT, RESIDENT, ("resident_id", RESIDENT), "booklet: the card's number"),
    (
        "residence_permit",
        PERMITS["hong_kong"],
        PERMITS["hong_kong"],
        ("residence_permit", PERMITS["hong_kong"]),
        "81",
    ),
    ("residence_permit", PERMITS["macao"], PERMITS["macao"], ("residence_permit", PERMITS["macao"]), "82"),
    ("residence_permit", PERMITS["taiwan"], PERMITS["taiwan"], ("residence_permit", PERMITS["taiwan"]), "83"),
    ("travel_permit", "H12345678", "H12345678", ("travel_permit", "H12345678"), "Hong Kong"),
    ("travel_permit", "H1234567802", "H1234567802", ("travel_permit", "H12345678"), "Hong Kong, renewed"),
    ("travel_permit", "m12345678", "M12345678", ("travel_permit", "M12345678"), "Macao"),
    ("travel_permit", "12345678", "12345678", ("travel_permit", "12345678"), "Taiwan"),
    ("travel_permit", "1234567801(B)", "1234567801", ("travel_permit", "12345678"), "Taiwan, older"),
    ("permanent_residence", FOREIGNER, FOREIGNER, ("permanent_residence", FOREIGNER), "card of 2023"),
    (
        "permanent_residence",
        OLDER_FOREIGNER,
        OLDER_FOREIGNER,
        ("permanent_residence", OLDER_FOREIGNER),
        "older card",
    ),
    ("passport", "e12345678", "E12345678", ("passport", ":E12345678"), "passport without its state"),
    (
        "passport",
        "H12345678",
        "H12345678",
        ("passport", ":H12345678"),
        "Hong Kong's passport looks like a permit",
    ),
    ("passport", "12345678", "12345678", ("passport", ":12345678"), "eight digits may be a passport too"),
    ("military_id", "军字第1234567号", "军1234567", ("military_id", "军1234567"), "officer"),
    ("military_id", "1234567", "1234567", ("military_id", "1234567"), "digits alone, as the kind says"),
    (
        "armed_police_id",
        "1234567",
        "1234567",
        ("armed_police_id", "1234567"),
        "the same digits, another kind",
    ),
    ("armed_police_id", "武字第0123456号", "武0123456", ("armed_police_id", "武0123456"), "armed police"),
    (
        "military_id",
        "武字第0123456号",
        "武0123456",
        ("armed_police_id", "武0123456"),
        "the number says whose it is",
    ),
    ("armed_police_id", "军字第1234567号", "军1234567", ("military_id", "军1234567"), "and here"),
    (
        "armed_police_id",
        "京字第123456号",
        "京123456",
        ("armed_police_id", "京123456"),
        "here the kind says it",
    ),
]
INVALID: list[tuple[DocumentKind, str, str, str]] = [
    ("resident_id", PERMITS["hong_kong"], "kind", "81 permit as resident ID"),
    ("resident_id", PERMITS["macao"], "kind", "82 permit as resident ID"),
    ("resident_id", PERMITS["taiwan"], "kind", "83 permit as resident ID"),
    ("household_booklet", PERMITS["taiwan"], "kind", "83 permit as booklet"),
    ("resident_id", FOREIGNER, "kind", "foreigner's card as resident ID"),
    ("resident_id", OLDER_FOREIGNER, "kind", "older foreigner's card as resident ID"),
    ("resident_id", "E12345678", "kind", "passport as resident ID"),
    ("resident_id", "H12345678", "kind", "travel permit as resident ID"),
    ("resident_id", "H1234567801", "kind", "older travel permit as resident ID"),
    ("resident_id", "军字第1234567号", "kind", "officer's card as resident ID"),
    ("residence_permit", RESIDENT, "kind", "resident ID as permit"),
    ("residence_permit", FIRST_GENERATION, "kind", "15 digits as permit"),
    ("residence_permit", "H12345678", "kind", "travel permit as residence permit"),
    ("travel_permit", PERMITS["hong_kong"], "kind", "residence permit as travel permit"),
    ("travel_permit", RESIDENT, "kind", "resident ID as travel permit"),
    ("permanent_residence", RESIDENT, "kind", "resident ID as foreigner's card"),
    ("permanent_residence", "E12345678", "kind", "passport as foreigner's card"),
    ("passport", RESIDENT, "kind", "resident ID as passport"),
    ("passport", FIRST_GENERATION, "kind", "15 digits as passport"),
    ("passport", FOREIGNER, "kind", "foreigner's card as passport"),
    ("passport", "H1234567801", "kind", "travel permit with renewals as passport"),
    ("passport", "军字第1234567号", "kind", "officer's card as passport"),
    ("military_id", RESIDENT, "kind", "resident ID as officer's card"),
    ("military_id", FIRST_GENERATION, "kind", "15 digits as officer's card"),
    ("armed_police_id", FOREIGNER, "kind", "foreigner's card as armed police"),
    ("resident_id", "320502198001010017", "checksum", "one digit off is a mistyped resident ID"),
    ("residence_permit", "810000199001010010", "checksum", "one digit off"),
    ("residence_permit", "810000900101001", "length", "15 digits: there was no such permit then"),
    ("resident_id", "32050219800101001", "length", "17 characters"),
    ("resident_id", "12345678", "length", "eight digits"),
    ("resident_id", "320502198002300010", "date", "30 February"),
    ("passport", "1234", "length", "four digits"),
    ("passport", "AAAAAAAA", "shape", "letters only"),
    ("travel_permit", "C12345678", "shape", "a mainlander's permit for Hong Kong"),
    ("military_id", "军字第12号", "shape", "two digits"),
    ("military_id", "0000000", "dummy", "zeros"),
    ("household_booklet", "", "length", "empty"),
    ("resident_id", "32050219800101001\u200b8", "characters", "zero-width space"),
]


@pytest.mark.parametrize(
    ("kind", "number", "compact", "identity", "reason"), VALID, ids=[row[-1] for row in VALID]
)
def test_valid(kind: DocumentKind, number: str, compact: str, identity: tuple[str, str], reason: str) -> None:
    assert documents.validate(kind, number) == compact
    assert documents.identity(kind, number) == identity


@pytest.mark.parametrize(("kind", "number", "cause", "reason"), INVALID, ids=[row[-1] for row in INVALID])
def test_invalid(kind: DocumentKind, number: str, cause: str, reason: str) -> None:
    for ask in (documents.validate, documents.birth_date, documents.sex, documents.division):
        with pytest.raises(NumberError) as caught:
            ask(kind, number)
        assert caught.value.cause == cause
    assert documents.identity(kind, number) is None


@pytest.mark.parametrize(
    ("kind", "number", "born", "sex", "division"),
    [
        ("resident_id", RESIDENT, datetime.date(1980, 1, 1), "male", "320502"),
        ("resident_id", FIRST_GENERATION, datetime.date(1980, 1, 1), "male", "320502"),
        ("household_booklet", RESIDENT, datetime.date(1980, 1, 1), "male", "320502"),
        ("residence_permit", PERMITS["hong_kong"], datetime.date(1990, 1, 1), "male", "810000"),
        ("permanent_residence", FOREIGNER, datetime.date(1981, 8, 3), None, None),
        ("permanent_residence", OLDER_FOREIGNER, None, None, None),
        ("travel_permit", "H12345678", None, None, None),
        ("passport", "E12345678", None, None, None),
        ("military_id", "军字第1234567号", None, None, None),
        ("armed_police_id", "武字第1234567号", None, None, None),
    ],
    ids=lambda value: value if isinstance(value, str) and value in KINDS else "",
)
def test_what_a_number_tells(
    kind: DocumentKind, number: str, born: datetime.date | None, sex: str | None, division: str | None
) -> None:
    assert documents.birth_date(kind, number) == born
    assert documents.sex(kind, number) == sex
    assert documents.division(kind, number) == division


@pytest.mark.parametrize(
    ("state", "identity", "reason"),
    [
        ("UTO", ("passport", "UTO:L898902C3"), "three letters"),
        ("uto", ("passport", "UTO:L898902C3"), "lower case"),
        ("D", ("passport", "DEU:L898902C3"), "Germany in the zone"),
        ("D<<", ("passport", "DEU:L898902C3"), "with its fillers"),
        ("DEU", ("passport", "DEU:L898902C3"), "Germany elsewhere"),
        (None, ("passport", ":L898902C3"), "not known"),
        ("", None, "empty"),
        ("UTOPIA", None, "a name"),
        ("中国", None, "Chinese"),
        ("U1", None, "digit"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) > 6 else "",
)
def test_a_passport_is_known_by_its_state_too(
    state: str | None, identity: tuple[str, str] | None, reason: str
) -> None:
    assert documents.identity("passport", "L898902C3", state=state) == identity


def test_the_state_means_nothing_for_other_kinds() -> None:
    for kind, number, _, identity, _ in VALID:
        if kind != "passport":
            assert documents.identity(kind, number, state="no state") == identity


def test_one_person_is_one_identity_and_two_kinds_are_never_one() -> None:
    assert {documents.identity("resident_id", n) for n in (RESIDENT, FIRST_GENERATION)} == {
        documents.identity("household_booklet", FIRST_GENERATION)
    }
    shared = ["12345678", "H12345678", "1234567"]
    for number in shared:
        known = [documents.identity(kind, number) for kind in KINDS]
        assert len({i for i in known if i}) == len([i for i in known if i]) >= 2


def test_an_unknown_kind_is_the_callers_error() -> None:
    for ask in (
        documents.validate,
        documents.identity,
        documents.birth_date,
        documents.sex,
        documents.division,
    ):
        with pytest.raises(InputError) as caught:
            ask(cast(Any, "driving_licence"), RESIDENT)
        assert not isinstance(caught.value, NumberError)


@pytest.mark.parametrize("value", [None, 320502198001010018, b"H12345678", [RESIDENT]], ids=type)
@pytest.mark.parametrize("kind", KINDS)
def test_only_text_is_a_number(kind: DocumentKind, value: object) -> None:
    with pytest.raises(NumberError) as caught:
        documents.validate(kind, cast(str, value))
    assert caught.value.cause == "type"
    assert documents.identity(kind, cast(str, value)) is None


NUMBERS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.from_regex(r"[HMEG]?[0-9X]{4,18}", fullmatch=True),
    st.from_regex(r"[军武南京]{0,2}(字第)?[A-Z0-9]{3,9}号?", fullmatch=True),
    st.sampled_from([row[1] for row in VALID] + [row[1] for row in INVALID]),
)


@pytest.mark.parametrize("kind", KINDS)
@given(number=NUMBERS, state=st.none() | st.text(max_size=4))
def test_any_text_gets_an_answer_or_a_number_error(
    kind: DocumentKind, number: str, state: str | None
) -> None:
    try:
        compact = documents.validate(kind, number)
    except NumberError:
        assert documents.identity(kind, number) is None
        return
    assert documents.validate(kind, compact) == compact
    assert documents.identity(kind, compact) == documents.identity(kind, number)
    identity = documents.identity(kind, number, state=state)
    assert identity is None or identity[0] in KINDS
    assert identity is not None or kind == "passport"
    born = documents.birth_date(kind, number)
    assert born is None or 1800 <= born.year < 2100
    assert documents.sex(kind, number) in {None, "male", "female"}
    code = documents.division(kind, number)
    assert code is None or code == compact[:6]
