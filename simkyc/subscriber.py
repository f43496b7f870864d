"""What a subscriber is told of a step: a text message or a letter, in Chinese and English.

The texts are data (`subscriber.toml`) that an operator replaces. They know the operator's name, its hotline and a time,
and nothing of the line, so that none can tell what was seen, where a limit lies, or that anybody suspects anything.

>>> operator = Operator(name_zh="示例通信", name_en="Example Mobile", hotline="10000")
>>> text = subscriber_text("restore", operator, language="en")
>>> text.body[:51], text.segments
('Example Mobile: service of your number is restored.', 1)
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from pathlib import Path
from string import Formatter
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from simkyc.application import Model, Text, input_error
from simkyc.errors import InputError
from simkyc.lists.watch import CHINA
from simkyc.reasons import Language
from simkyc.steps import LineStep

__all__ = [
    "Operator",
    "SubscriberText",
    "SubscriberTexts",
    "TextAbout",
    "segments",
    "subscriber_text",
    "text_about",
]

TextAbout = Literal[
    "remind",
    "second_check",
    "restrict_outgoing",
    "suspend",
    "suspend_at_request",
    "cancel_notice",
    "cancel",
    "restore",
]
"""What a text tells of."""
Form = Literal["sms", "letter"]

NEEDS_TIME: Final = frozenset({"second_check", "restrict_outgoing", "cancel_notice"})
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
# 3GPP TS 23.038: what one septet can say, and what takes two.
GSM_7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED: Final = frozenset("^{}\\[~]|€\f")


class Operator(Model):
    """Who writes: the name in both languages, and the hotline."""

    shown = ("name_en",)

    name_zh: Text
    name_en: Text
    hotline: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{2,24}$")]


class SubscriberText(Model):
    """One text, ready to be sent.

    Attributes:
        segments: How many messages an SMS takes; None of a letter.
    """

    shown = ("about", "language", "form", "segments")

    about: TextAbout
    language: Language
    form: Form
    body: str
    segments: int | None


def _knows_only(known: frozenset[str], text: str) -> str:
    try:
        named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        raise ValueError("holds a brace that nothing follows from") from None
    if not named <= known:
        raise ValueError(f"may name {', '.join(sorted(known))} in braces, and nothing else")
    return text


def _a_text(text: str) -> str:
    return _knows_only(frozenset({"brand", "hotline", "ends"}), text)


def _an_end(text: str) -> str:
    return _knows_only(frozenset({"until"}), text)


class Words(Model):
    """One text as a message and as a letter."""

    sms: Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_a_text)]
    letter: Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_a_text)]


End = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_an_end)]
InBoth = Mapping[Language, Words]


class SubscriberTexts(Model):
    """Every text in both languages. Load them with `SubscriberTexts.default()` or `SubscriberTexts.load(path)`.

    Attributes:
        ends: How a text says until when.
        endless: The same where nobody knows.
    """

    ends: Mapping[Language, End]
    endless: Mapping[Language, End]
    remind: InBoth
    second_check: InBoth
    restrict_outgoing: InBoth
    suspend: InBoth
    suspend_at_request: InBoth
    cancel_notice: InBoth
    cancel: InBoth
    restore: InBoth

    @model_validator(mode="after")
    def _speaks_both_languages(self) -> Self:
        languages = set(get_args(Language))
        if any(set(getattr(self, name)) != languages for name in type(self).model_fields):
            raise ValueError("every text is there in zh-CN and in en")
        for language, about in ((one, two) for one in languages for two in get_args(TextAbout)):
            words: Words = getattr(self, about)[language]
            if any("{hotline}" not in text or "{brand}" not in text for text in (words.sms, words.letter)):
                raise ValueError("every text names {brand} and {hotline}")
            if about in NEEDS_TIME and any("{ends}" not in text for text in (words.sms, words.letter)):
                raise ValueError(f"{about} says until when: it names {{ends}}")
        return self

    @classmethod
    def default(cls) -> SubscriberTexts:
        """The texts that ship with simkyc."""
        return _default()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read texts from a TOML file.

        Raises:
            InputError: The file is missing, no TOML, or a text is missing or does not hold.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise InputError(f"the file of texts cannot be read: {type(error).__name__}") from None
        return cls.from_toml(text)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read texts from TOML.

        Raises:
            InputError: No TOML, or a text is missing or does not hold.
        """
        try:
            return cls.model_validate(tomllib.loads(text))
        except (tomllib.TOMLDecodeError, RecursionError):
            raise InputError("the file of texts is no TOML: see the one that ships") from None
        except ValidationError as error:
            raise input_error(error, "the texts") from None


@cache
def _default() -> SubscriberTexts:
    text = resources.files("simkyc").joinpath("subscriber.toml").read_text(encoding="utf-8")
    return SubscriberTexts.from_toml(text)


def text_about(step: LineStep) -> TextAbout:
    """Which text tells a subscriber of a step; what ended by itself is told as restored."""
    if step.measure == "expire":
        return "restore"
    if step.measure == "suspend" and not step.suspected:
        return "suspend_at_request"
    return step.measure


def subscriber_text(
    about: TextAbout | LineStep,
    operator: Operator,
    *,
    language: Language = "zh-CN",
    form: Form = "sms",
    until: datetime | None = None,
    texts: SubscriberTexts | None = None,
) -> SubscriberText:
    """The text that tells a subscriber of a step.

    Args:
        about: What it tells of, or the step, which says until when itself.
        operator: Who writes.
        language: `zh-CN` or `en`.
        form: `sms` or `letter`.
        until: Until when, with a zone; it is told as a time in China.
        texts: The operator's own; None for those that ship.

    Raises:
        InputError: No such text, language or form; a time without a zone, or none where the text needs one.
    """
    if isinstance(about, LineStep):
        until = about.until
        about = text_about(about)
    if about not in get_args(TextAbout) or language not in get_args(Language) or form not in get_args(Form):
        raise InputError("no such text: see TextAbout, zh-CN or en, sms or letter")
    if until is not None and until.tzinfo is None:
        raise InputError("a time needs its zone")
    if until is None and about in NEEDS_TIME:
        raise InputError("this text says until when: give the time (until)")
    known = SubscriberTexts.default() if texts is None else texts
    words: Words = getattr(known, about)[language]
    ends = (
        known.endless[language]
        if until is None
        else known.ends[language].format(until=_told(until, language))
    )
    body = (words.sms if form == "sms" else words.letter).format(
        brand=operator.name_zh if language == "zh-CN" else operator.name_en,
        hotline=operator.hotline,
        ends=ends,
    )
    return SubscriberText(
        about=about,
        language=language,
        form=form,
        body=body,
        segments=segments(body) if form == "sms" else None,
    )


def _told(moment: datetime, language: Language) -> str:
    """A time in China as people write it, up to the minute."""
    at = moment.astimezone(CHINA)
    if language == "zh-CN":
        return f"{at.year}年{at.month}月{at.day}日{at:%H:%M}"
    return f"{at:%H:%M} on {at.day} {MONTHS[at.month - 1]} {at.year} (China time)"


def segments(text: str) -> int:
    """How many short messages a text takes (3GPP TS 23.038 and 23.040).

    70 characters in one with Chinese, 67 in each of several; 160 and 153 where the basic alphabet says it all.

    >>> segments("字" * 70), segments("字" * 71), segments("a" * 160), segments("a" * 161)
    (1, 2, 1, 2)
    """
    if set(text) <= GSM_7 | GSM_7_EXTENDED:
        length = sum(1 + (character in GSM_7_EXTENDED) for character in text)
        alone, together = 160, 153
    else:
        length = len(text.encode("utf-16-le")) // 2
        alone, together = 70, 67
    return 1 if length <= alone else -(-length // together)
