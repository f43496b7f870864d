"""The lexicon: what its entries hit, what they leave alone, and files that do not hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from simkyc.errors import InputError
from simkyc.usage.messages.lexicon import Lexicon
from simkyc.usage.messages.normalise import normalised
from tests.usage.messages.texts import DISGUISED_FRAUD, FRAUD, ILLEGAL, ORDINARY


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.default()


@pytest.mark.parametrize("name", FRAUD)
def test_fraud_is_hit_by_its_entry(lexicon: Lexicon, name: str) -> None:
    hits = lexicon.hits([normalised(FRAUD[name])])[0]
    assert name in hits.names
    assert hits.category == "fraud"


@pytest.mark.parametrize("name", ILLEGAL)
def test_forbidden_trade_is_hit_by_its_entry(lexicon: Lexicon, name: str) -> None:
    hits = lexicon.hits([normalised(ILLEGAL[name])])[0]
    assert name in hits.names
    assert hits.category == "illegal"


@pytest.mark.parametrize(("name", "text", "how"), DISGUISED_FRAUD, ids=[how for _, _, how in DISGUISED_FRAUD])
def test_disguised_fraud_is_hit_and_told(lexicon: Lexicon, name: str, text: str, how: str) -> None:
    read = normalised(text)
    hits = lexicon.hits([read])[0]
    assert name in hits.names
    assert read.is_evasive or hits.undone or how == "a numeral in a circle"


@pytest.mark.parametrize("what", ORDINARY)
def test_an_ordinary_text_hits_nothing(lexicon: Lexicon, what: str) -> None:
    assert lexicon.hits([normalised(ORDINARY[what])])[0].names == ()


def test_every_entry_is_tried_by_a_text(lexicon: Lexicon) -> None:
    assert {entry.name for entry in lexicon.entry} == set(FRAUD) | set(ILLEGAL)
    assert {entry.name for entry in lexicon.entry if entry.category == "fraud"} == set(FRAUD)


def test_many_at_once_are_hit_as_one_by_one(lexicon: Lexicon) -> None:
    read = [normalised(text) for text in (*FRAUD.values(), "", "好", *ILLEGAL.values(), *ORDINARY.values())]
    assert lexicon.hits(read) == [lexicon.hits([one])[0] for one in read]
    assert lexicon.hits([]) == []


OWN = """
schema_version = 1
[[entry]]
name = "water_heater"
category = "fraud"
comment = "A false plumber."
all_of = [["熱水器", "水管"], ["<contact>", "<link>"]]
unless = ["物业"]
"""


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        pytest.param("热水器坏了找我13800000000", True, id="a term in another script, and a mark"),
        pytest.param("热水器坏了", False, id="a group without a term"),
        pytest.param("物业热水器检修13800000000", False, id="unless"),
        pytest.param("热，水器坏了13800000000", True, id="disguised"),
        pytest.param("加热，水器坏了13800000000", False, id="across a boundary"),
    ],
)
def test_an_operators_own_lexicon(tmp_path: Path, text: str, hit: bool) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN, encoding="utf-8")
    own = Lexicon.load(path)
    assert (own.hits([normalised(text)])[0].names == ("water_heater",)) is hit
    assert own.lexicon_id != Lexicon.default().lexicon_id
    assert repr(own) == "Lexicon(schema_version=1)"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        pytest.param("[[entry]]", "[[entry", "line 3", id="no TOML"),
        pytest.param("schema_version = 1", "schema_version = 2", "schema_version", id="another version"),
        pytest.param('"water_heater"', '"Water Heater"', "entry.0.name", id="a name that is none"),
        pytest.param('"fraud"', '"scam"', "entry.0.category", id="a category that is none"),
        pytest.param('"水管"', '"管"', "entry.0.all_of.0.1", id="one character"),
        pytest.param(
            '"水管"', '"管🔥"', "entry water_heater, group 1 of all_of, term 2: two", id="one is left"
        ),
        pytest.param('"水管"', '"拨打12345"', "figure", id="a figure"),
        pytest.param('"水管"', '"水管，热水"', "punctuation", id="punctuation"),
        pytest.param('"<link>"', '"<url>"', "marks are <link>", id="a mark that is none"),
        pytest.param('["物业"]', '["1"]', "unless", id="in unless"),
        pytest.param('[["熱水器", "水管"], ["<contact>", "<link>"]]', "[]", "all_of", id="no groups"),
        pytest.param("unless =", "hunter2 =", "hunter2|unknown|extra", id="a field that nobody knows"),
        pytest.param(
            "[[entry]]", OWN.partition("[[entry]]")[2].join(["[[entry]]", "[[entry]]"]), "twice", id="twice"
        ),
    ],
)
def test_a_lexicon_that_does_not_hold_says_where(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(OWN.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        Lexicon.load(path)


def test_a_lexicon_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        Lexicon.load(tmp_path / "hunter2.toml")
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (2**20 + 1))
    with pytest.raises(InputError, match="1 MiB"):
        Lexicon.load(large)
    large.write_bytes("schema_version = 1 # 词".encode("gb18030"))
    with pytest.raises(InputError, match="UTF-8"):
        Lexicon.load(large)
    large.write_bytes(b"a = " + b"[" * 100_000)
    with pytest.raises(InputError, match="TOML"):
        Lexicon.load(large)
