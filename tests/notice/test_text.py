from __future__ import annotations

import hashlib
from importlib import resources
from typing import get_args

import pytest

from simkyc import InputError, Policy
from simkyc.notice import NoticeText, Paragraph, notice_text, versions
from simkyc.notice.hashes import TEXT_SHA256
from simkyc.notice.labels import labels
from simkyc.reasons import Language

CURRENT = Policy.default().notice.current_version


def test_published_texts_never_change() -> None:
    """A text that somebody may have signed is fixed by its hash: for other words add a version."""
    assert {key: notice_text(*key).sha256 for key in TEXT_SHA256} == TEXT_SHA256


def test_every_file_is_published_and_every_published_text_is_a_file() -> None:
    folder = resources.files("simkyc.notice").joinpath("texts")
    assert {file.name for file in folder.iterdir()} == {".".join((*key, "toml")) for key in TEXT_SHA256}


def test_the_current_version_of_the_policy_is_there_in_every_language() -> None:
    assert {language for version, language in TEXT_SHA256 if version == CURRENT} == set(get_args(Language))
    assert versions()[-1] == CURRENT


MUST_SAY: list[tuple[Language, tuple[str, ...]]] = [
    (
        "zh-CN",
        (
            "出售、出租、出借",
            "第三十一条",
            "拘留",
            "两年或者三年",
            "第二百八十七条之二",
            "挂失",
            "申诉",
            "声明",
        ),
    ),
    (
        "en",
        ("sell, rent or lend", "article 31", "detention", "two or three years", "287-2", "lost", "appeal"),
    ),
]


@pytest.mark.parametrize(("language", "words"), MUST_SAY, ids=[row[0] for row in MUST_SAY])
def test_the_current_text_says_what_it_must(language: Language, words: tuple[str, ...]) -> None:
    text = notice_text(CURRENT, language)
    for word in words:
        assert word in text.canonical


def test_both_languages_have_the_same_parts() -> None:
    chinese, english = (notice_text(CURRENT, language) for language in get_args(Language))
    assert [len(part.lines) for part in chinese.paragraphs] == [
        len(part.lines) for part in english.paragraphs
    ]
    assert len(labels("zh-CN").signers) == len(labels("en").signers)


def text(**changes: object) -> NoticeText:
    fields = {"version": "1", "language": "en", "title": "T", "paragraphs": (Paragraph("H", ("a", "b")),)}
    return NoticeText(**(fields | changes))  # type: ignore[arg-type]  # fields by name


def test_the_hash_is_over_the_canonical_text() -> None:
    assert text().canonical == "1 en\nT\nH\na\nb\n"
    assert text().sha256 == hashlib.sha256(b"1 en\nT\nH\na\nb\n").hexdigest()


CHANGES: list[tuple[str, dict[str, object]]] = [
    ("another version", {"version": "2"}),
    ("another language", {"language": "zh-CN"}),
    ("another title", {"title": "U"}),
    ("another heading", {"paragraphs": (Paragraph("I", ("a", "b")),)}),
    ("another word", {"paragraphs": (Paragraph("H", ("a", "c")),)}),
    ("a line less", {"paragraphs": (Paragraph("H", ("a",)),)}),
]


@pytest.mark.parametrize(("why", "changes"), CHANGES, ids=[row[0] for row in CHANGES])
def test_any_change_changes_the_hash(why: str, changes: dict[str, object]) -> None:
    assert text(**changes).sha256 != text().sha256


def test_two_spellings_of_one_letter_have_one_hash() -> None:
    assert text(title="caf\u00e9").sha256 == text(title="cafe\u0301").sha256


@pytest.mark.parametrize(
    ("version", "language"),
    [("2025-01", "en"), (CURRENT, "fr"), ("", "en"), ("../../policy", "en"), (CURRENT, "")],
    ids=["another version", "another language", "no version", "a path", "no language"],
)
def test_what_is_not_there_is_an_input_error(version: str, language: Language) -> None:
    with pytest.raises(InputError, match=f"choose one of .*{CURRENT} zh-CN"):
        notice_text(version, language)
