"""What every number module keeps: four verbs, typed errors for anything, one spelling per number."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path
from typing import Protocol, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simkyc.numbers
from simkyc.errors import InputError, NumberError


class NumberModule(Protocol):
    def compact(self, number: str) -> str: ...
    def validate(self, number: str) -> str: ...
    def is_valid(self, number: str) -> bool: ...
    def format(self, number: str) -> str: ...


NOT_NUMBERS = {"agreement", "documents", "operators", "text"}
NAMES = sorted(m.name for m in pkgutil.iter_modules(simkyc.numbers.__path__) if m.name not in NOT_NUMBERS)

# Made up, all valid; several shapes where a module has several.
EXAMPLES = {
    "credit_code": ["91110000600037341L"],
    "division": ["320502", "810000"],
    "eid": ["89044011112233441122334411223321"],
    "iccid": ["89860112345678901237", "898600B5061730220087", "8986061800002057740N", "8986031746205500703"],
    "imei": ["352099001761481", "3520990017614823"],
    "imsi": ["460001234567890", "46001123456789", "310150123456789"],
    "military_id": ["军字第1234567号", "武字第0123456号", "南A123456", "12345678"],
    "mrz": [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
        "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    ],
    "msisdn": ["13800138000", "+8613800138000", "1064812345678", "+447400123456"],
    "passport": ["E12345678", "123456789"],
    "permanent_residence": ["911124198108030024", "USA110081080301"],
    "resident_id": ["320502198001010018", "320502800101001"],
    "travel_permit": ["H12345678", "M1234567801", "12345678", "1234567801(B)"],
}

FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
ARABIC_INDIC = {ord("0") + n: 0x0660 + n for n in range(10)}
CYRILLIC = str.maketrans("ABCEHKMOPTXY", "АВСЕНКМОРТХУ")
NASTY = (
    "\u200b\u200d\ufeff"  # zero width
    "\u200e\u200f\u202a\u202e\u2066"  # direction marks
    "\u0301\u20e3\ufe0f"  # combining
    "\U0001d7d9\U0001f4f1\U00020000"  # astral: mathematical one, phone, CJK extension B
    "\ud800\udfff"  # lone surrogates
    "٣三①²ⅩХΧ\x00\x07\x1b\u2028ßﬁ%+<()'\\"
)


def load(name: str) -> NumberModule:
    return cast(NumberModule, importlib.import_module(f"simkyc.numbers.{name}"))


ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=60)


@st.composite
def almost(draw: st.DrawFn, name: str) -> str:
    """An example with a few characters put in, taken out or exchanged."""
    text = list(draw(st.sampled_from(EXAMPLES[name])))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        edit = draw(st.sampled_from(["insert", "replace", "delete"]))
        character = draw(st.sampled_from("0123456789AXFx -<" + NASTY))
        if edit == "insert":
            text.insert(place, character)
        elif place < len(text):
            text[place : place + 1] = [character] if edit == "replace" else []
    return "".join(text)


def keeps_the_contract(module: NumberModule, number: str) -> None:
    try:
        compact = module.compact(number)
    except NumberError:
        assert not module.is_valid(number)
        return
    assert module.compact(compact) == compact
    assert module.compact(module.format(number)) == compact
    try:
        assert module.validate(number) == compact
    except NumberError:
        assert not module.is_valid(number)
    else:
        assert module.is_valid(number)
        assert module.validate(module.format(number)) == compact


def test_every_module_has_examples_and_is_described() -> None:
    assert sorted(EXAMPLES) == NAMES
    room = simkyc.numbers.__doc__ or ""
    assert all(name in room for name in [*NAMES, *NOT_NUMBERS])


@pytest.mark.parametrize("name", NAMES)
def test_verbs_and_docstring(name: str) -> None:
    module = importlib.import_module(f"simkyc.numbers.{name}")
    for verb, answer in {"compact": "str", "validate": "str", "is_valid": "bool", "format": "str"}.items():
        signature = inspect.signature(getattr(module, verb))
        assert list(signature.parameters) == ["number"]
        assert signature.parameters["number"].annotation == "str"
        assert signature.return_annotation == answer
        assert verb in module.__all__
    doc = module.__doc__ or ""
    assert ">>>" in doc
    assert "wrongly" in doc or "Refusing" in doc or "too near" in doc, "say which mistake costs more"


@pytest.mark.parametrize("name", NAMES)
def test_examples_are_valid_in_every_spelling(name: str) -> None:
    module = load(name)
    for example in EXAMPLES[name]:
        compact = module.validate(example)
        assert module.validate(f" \t{example.lower()}\r\n") == compact
        assert module.validate(example.replace("\n", "").translate(FULL_WIDTH)) == compact
        keeps_the_contract(module, example)


@pytest.mark.parametrize("name", NAMES)
def test_other_scripts_digits_and_lookalikes_are_refused(name: str) -> None:
    module = load(name)
    for example in EXAMPLES[name]:
        for disguised in (example.translate(ARABIC_INDIC), example.translate(CYRILLIC)):
            if disguised != example:
                with pytest.raises(NumberError) as caught:
                    module.validate(disguised)
                assert caught.value.cause == "characters"


@pytest.mark.parametrize("character", NASTY[:16], ids=lambda c: f"U+{ord(c):04X}")
@pytest.mark.parametrize("name", NAMES)
def test_an_invisible_or_foreign_character_inside_is_refused(name: str, character: str) -> None:
    example = EXAMPLES[name][0]
    for place in (0, 3, len(example)):
        with pytest.raises(NumberError) as caught:
            load(name).validate(example[:place] + character + example[place:])
        assert caught.value.cause == "characters"


@pytest.mark.parametrize("value", [None, 8613800138000, b"8613800138000", 1.0, ["1"], object()], ids=type)
@pytest.mark.parametrize("name", NAMES)
def test_only_text_is_a_number(name: str, value: object) -> None:
    module, number = load(name), cast(str, value)
    for verb in (module.compact, module.validate, module.format):
        with pytest.raises(NumberError) as caught:
            verb(number)
        assert caught.value.cause == "type"
    assert module.is_valid(number) is False


@pytest.mark.parametrize("filler", ["1", "9", " ", "-", "A", "<", "\u200b", "٣", "\ud800", "8989", "+86 "])
@pytest.mark.parametrize("name", NAMES)
def test_ten_thousand_characters_are_refused_unread(name: str, filler: str) -> None:
    module = load(name)
    for text in (filler * 10_000, EXAMPLES[name][0] + filler * 10_000):
        with pytest.raises(NumberError) as caught:
            module.format(text)
        assert caught.value.cause == "length"
        assert not module.is_valid(text)


@pytest.mark.parametrize("text", ["", " ", "-", "\n", "+", "00", "0", "<", "X", "()", "86", "+86"])
@pytest.mark.parametrize("name", NAMES)
def test_next_to_nothing_is_invalid(name: str, text: str) -> None:
    assert not load(name).is_valid(text)
    keeps_the_contract(load(name), text)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_any_text_gets_an_answer_or_a_number_error(name: str, data: st.DataObject) -> None:
    keeps_the_contract(load(name), data.draw(ANY_TEXT))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_almost_valid_text_gets_an_answer_or_a_number_error(name: str, data: st.DataObject) -> None:
    keeps_the_contract(load(name), data.draw(almost(name)))


@pytest.mark.parametrize("name", NAMES)
@given(number=st.from_regex(r"[0-9A-Z<+ -]{4,34}", fullmatch=True))
def test_any_plausible_characters_get_an_answer_or_a_number_error(name: str, number: str) -> None:
    keeps_the_contract(load(name), number)


def test_errors_are_input_errors_with_fixed_words() -> None:
    """A message put together at run time could carry the number; a literal cannot."""
    raised = 0
    causes = set()
    for source in Path(simkyc.numbers.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "NumberError"
            ):
                assert len(node.args) == 2
                cause, message = node.args
                assert isinstance(cause, ast.Constant)
                assert isinstance(message, ast.Constant)
                causes.add(str(cause.value))
                raised += 1
    assert raised > 20
    room = simkyc.numbers.__doc__ or ""
    assert all(f"`{word}`" in room for word in causes)
    assert issubclass(NumberError, InputError)


def test_the_chained_error_shows_nothing_either() -> None:
    """`from None` keeps a library's message, which may quote the number, out of the traceback."""
    for name, number in {"msisdn": "+9991234567890", "resident_id": "320502198002310018"}.items():
        with pytest.raises(NumberError) as caught:
            load(name).validate(number)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
