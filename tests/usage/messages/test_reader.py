"""Texts are read and forgotten: what is answered, in which order, and that nothing of a text is left."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkyc.history.keys import Keyring
from simkyc.usage.messages import reader as reading
from simkyc.usage.messages.lexicon import Lexicon
from simkyc.usage.messages.model import MessageModel
from simkyc.usage.messages.model_file import MessageModelFile
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.reader import TextReader
from simkyc.usage.read_message import MessageReader
from tests.usage.messages.texts import DISGUISED_FRAUD, FRAUD, ILLEGAL, ORDINARY

KEYS = Keyring(b"a secret of more than 16 bytes")


@pytest.fixture(scope="module")
def reader() -> TextReader:
    return TextReader(KEYS)


@pytest.fixture(scope="module")
def with_model(made_messages: MessageModelFile) -> TextReader:
    return TextReader(KEYS, Lexicon.default(), MessageModel(made_messages))


@pytest.mark.parametrize("what", ORDINARY)
def test_an_ordinary_message_is_not_read_as_fraud(reader: TextReader, what: str) -> None:
    message = reader.read([ORDINARY[what]])[0]
    assert (message.category, message.lexicon, message.is_evasive) == (None, (), False)


def test_fraud_is_read_as_such(reader: TextReader) -> None:
    assert {one.category for one in reader.read(list(FRAUD.values()))} == {"fraud"}
    assert {one.category for one in reader.read(list(ILLEGAL.values()))} == {"illegal"}
    assert all(one.lexicon for one in reader.read([text for _, text, _ in DISGUISED_FRAUD]))


def test_the_classifier_is_named_and_decides(with_model: TextReader, made_messages: MessageModelFile) -> None:
    as_protocol: MessageReader = with_model
    assert as_protocol.classifier == made_messages.model_id
    assert TextReader(KEYS).classifier is None
    message = with_model.read(["商场周年庆全场五折起欢迎光临退订回t"])[0]
    assert (message.category, message.lexicon) == ("advertising", ())
    hit = with_model.read([FRAUD["brushing_orders"]])[0]
    assert hit.lexicon[0] == "brushing_orders"


def test_flags(reader: TextReader) -> None:
    link, contact, neither = reader.read(["看 http://a.top", "电13800000000", "看看"])
    assert (link.has_link, link.has_contact) == (True, False)
    assert (contact.has_link, contact.has_contact) == (False, True)
    assert (neither.has_link, neither.has_contact) == (False, False)


def test_ten_thousand_identical_messages_are_read_once(
    reader: TextReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 0

    def counted(text: str) -> object:
        nonlocal count
        count += 1
        return normalised(text)

    monkeypatch.setattr(reading, "normalised", counted)
    read = reader.read([ORDINARY["a bank's code"]] * 10_000 + ["好的"])
    assert count == 2
    assert len(read) == 10_001
    assert len(set(read[:-1])) == 1


def test_parts_change_nothing(reader: TextReader, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [*FRAUD.values(), "", *ORDINARY.values(), *FRAUD.values()]
    once = reader.read(texts)
    monkeypatch.setattr(reading, "AT_ONCE", 3)
    assert reader.read(texts) == once


ODD = [
    "",
    " ",
    "\x00" * 50,
    "\ud800",
    "\u202e倒着",
    "😀" * 300,
    "a" * 2**20,
    "微信" * 10**5,
    "1" * 10**5,
    "𠀀𠀁" * 99,
]


def test_any_text_has_an_answer(with_model: TextReader) -> None:
    assert len(with_model.read(ODD)) == len(ODD)
    assert with_model.read([]) == []


@settings(max_examples=100, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=()), max_size=80), max_size=6))
def test_any_texts_are_answered_in_their_order(with_model: TextReader, texts: list[str]) -> None:
    read = with_model.read(texts)
    assert read == [with_model.read([text])[0] for text in texts]


def test_nothing_of_a_text_is_left(reader: TextReader) -> None:
    """All that is answered is a keyed hash, names of entries, a class and flags."""
    names = {entry.name for entry in Lexicon.default().entry}
    for message in reader.read([*FRAUD.values(), *ORDINARY.values()]):
        told = dataclasses.asdict(message)
        template = told.pop("template")
        assert template is None or (len(template) == 64 and set(template) <= set("0123456789abcdef"))
        assert set(told.pop("lexicon")) <= names
        assert told.pop("category") in {None, "fraud", "illegal"}
        assert {type(value) for value in told.values()} == {bool}
    assert not hasattr(reader, "__dict__")
