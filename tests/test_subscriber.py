"""What subscribers are told: everything they need, and nothing of what was seen."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import REASONS, InputError, Policy
from simkyc.reasons import Language
from simkyc.steps import LineStep
from simkyc.subscriber import (
    NEEDS_TIME,
    Operator,
    SubscriberText,
    SubscriberTexts,
    TextAbout,
    segments,
    subscriber_text,
    text_about,
)

OPERATOR = Operator(name_zh="示例通信", name_en="Example Mobile", hotline="10000")
UNTIL = datetime(2026, 11, 5, 2, 0, tzinfo=UTC)
ABOUT: tuple[TextAbout, ...] = get_args(TextAbout)
LANGUAGES: tuple[Language, ...] = get_args(Language)
EVERY = [
    pytest.param(about, language, form, id=f"{about}-{language}-{form}")
    for about, language, form in itertools.product(ABOUT, LANGUAGES, ("sms", "letter"))
]
LAW = re.compile("《中华人民共和国反电信网络诈骗法》|Anti-Telecom and Online Fraud Law")
TELLING = (
    *(
        "诈",
        "嫌疑",
        "可疑",
        "异常",
        "涉案",
        "公安",
        "警方",
        "举报",
        "名单",
        "模型",
        "评分",
        "风险",
        "监测",
        "团伙",
    ),
    *("他人名下", "同一", "次数", "频次", "阈值", "设备"),
    *(
        "fraud",
        "suspect",
        "suspicious",
        "abnormal",
        "unusual",
        "police",
        "crime",
        "blacklist",
        "model",
        "score",
    ),
    *("risk", "monitor", "ring", "threshold", "limit", "detect", "device", "frequen", "other person"),
)
"""None of these may stand in a text, but in the name of the law that it rests on."""


def told(about: TextAbout, language: Language, form: Any, **more: Any) -> SubscriberText:
    until = UNTIL if about in NEEDS_TIME else None
    return subscriber_text(about, OPERATOR, language=language, form=form, **{"until": until} | more)


@pytest.mark.parametrize(("about", "language", "form"), EVERY)
def test_no_text_tips_anybody_off(about: TextAbout, language: Language, form: str) -> None:
    body = LAW.sub("", told(about, language, form).body).lower()
    words = set(re.findall(r"[a-z]+", body))
    for word in TELLING:
        assert word not in (words if word == "ring" else body)
    assert not [code for code in REASONS if code in body]
    # Neither a limit nor a window: all that is counted is the time, and the number to call.
    rest = body.replace("10000", "")
    for said in ("2026年11月5日10:00", "10:00 on 5 november 2026"):
        rest = rest.replace(said, "")
    assert not re.search(r"\d", rest)
    assert not {"{", "}"} & set(body)


@pytest.mark.parametrize(("about", "language", "form"), EVERY)
def test_every_text_says_who_writes_and_whom_to_call(about: TextAbout, language: Language, form: str) -> None:
    body = told(about, language, form).body
    assert ("示例通信" if language == "zh-CN" else "Example Mobile") in body
    assert "10000" in body
    assert bool(re.search("[\u4e00-\u9fff]", body)) == (language == "zh-CN")
    if form == "letter":
        assert ("依据" if language == "zh-CN" else "Basis") in body


@pytest.mark.parametrize("about", ["second_check", "restrict_outgoing", "suspend", "cancel_notice"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", ["sms", "letter"])
def test_who_is_held_back_hears_how_to_restore_it_and_where_to_appeal(
    about: TextAbout, language: Language, form: str
) -> None:
    body = told(about, language, form).body.replace(" ", "")
    needed = {
        "zh-CN": ("本人", "有效身份证件", "SIM卡", "任一营业厅", "申诉", "依据"),
        "en": ("yourself", "ID", "SIMcard", "anystore", "ppeal", "Basis"),
    }
    assert [word for word in needed[language] if word not in body] == []


def test_times_are_chinas_and_written_for_people() -> None:
    assert "2026年11月5日10:00" in told("restrict_outgoing", "zh-CN", "sms").body
    assert "10:00 on 5 November 2026 (China time)" in told("restrict_outgoing", "en", "sms").body
    assert "直至办理恢复" in told("suspend", "zh-CN", "sms").body
    assert "2026年11月5日10:00" in told("suspend", "zh-CN", "sms", until=UNTIL).body


@pytest.mark.parametrize("about", ABOUT)
def test_a_message_is_short(about: TextAbout) -> None:
    for language in LANGUAGES:
        text = told(about, language, "sms")
        assert text.segments == segments(text.body)
        assert text.segments is not None
        assert text.segments <= 2
        assert told(about, language, "letter").segments is None


LENGTHS = [
    ("", 1),
    ("字" * 70, 1),
    ("字" * 71, 2),
    ("字" * 134, 2),
    ("字" * 135, 3),
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("€" * 80, 1),
    ("€" * 81, 2),
    ("a" * 69 + "字", 1),
    ("a" * 70 + "字", 2),
    ("\U0001f600" * 35, 1),
    ("\U0001f600" * 36, 2),
]


@pytest.mark.parametrize(("text", "count"), LENGTHS, ids=range(len(LENGTHS)))
def test_how_many_messages_a_text_takes(text: str, count: int) -> None:
    assert segments(text) == count


@given(st.text(max_size=400), st.text(max_size=100))
def test_a_longer_text_takes_no_fewer(text: str, more: str) -> None:
    assert segments(text + more) >= segments(text)


def step(**changes: Any) -> LineStep:
    fields: dict[str, Any] = {
        "step_no": 1,
        "taken_at": UNTIL - timedelta(hours=72),
        "measure": "restrict_outgoing",
        "state": "restricted",
        "suspected": True,
        "reason": "binding.device_bulk_sim",
        "basis": "a rule that tells",
        "taken_by": "staff-1",
        "until": UNTIL,
        "opened_by": "a",
    }
    return LineStep(**fields | changes)


def test_a_step_is_told_as_what_it_is() -> None:
    assert text_about(step()) == "restrict_outgoing"
    assert text_about(step(measure="suspend", state="suspended", until=None)) == "suspend"
    assert text_about(step(measure="suspend", suspected=False, until=None)) == "suspend_at_request"
    assert text_about(step(measure="expire", step_no=None)) == "restore"
    assert subscriber_text(step(), OPERATOR) == told("restrict_outgoing", "zh-CN", "sms")
    assert "rule that tells" not in subscriber_text(step(), OPERATOR, language="en", form="letter").body


@pytest.mark.parametrize("field", ["name_zh", "name_en", "hotline"])
def test_who_writes_must_be_known(field: str) -> None:
    fields = {"name_zh": "示例", "name_en": "Example", "hotline": "10000"}
    del fields[field]
    with pytest.raises(InputError, match=field):
        Operator(**fields)
    with pytest.raises(InputError, match="hotline"):
        Operator(name_zh="示例", name_en="Example", hotline="call us")


WRONG: list[tuple[str, Any, dict[str, Any], str]] = [
    ("no time where one is needed", "second_check", {"until": None}, "until when"),
    ("a time without a zone", "restrict_outgoing", {"until": UNTIL.replace(tzinfo=None)}, "zone"),
    ("another language", "remind", {"language": "fr"}, "no such text"),
    ("another form", "remind", {"form": "fax"}, "no such text"),
    ("no such measure", "explode", {}, "no such text"),
]


@pytest.mark.parametrize(("why", "about", "changes", "says"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_no_text(why: str, about: Any, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        subscriber_text(about, OPERATOR, **changes)


SHIPPED = resources.files("simkyc").joinpath("subscriber.toml").read_text("utf-8")
BROKEN = [
    ("no TOML", "[remind", "no TOML"),
    ("a text missing", SHIPPED.replace("[restore.en]", "[restore.fr]"), "restore"),
    ("a text that knows more", SHIPPED.replace("致电{hotline}", "致电{reason}", 1), "nothing else"),
    (
        "a brace that closes nothing",
        SHIPPED.replace("致电{hotline}", "致电{hotline", 1),
        "brace|nothing else",
    ),
    ("no hotline", SHIPPED.replace("致电{hotline}", "致电我们", 1), "hotline"),
    ("no end", SHIPPED.replace("{ends}", ""), "until when"),
]


@pytest.mark.parametrize(("why", "text", "says"), BROKEN, ids=[row[0] for row in BROKEN])
def test_texts_that_do_not_hold(why: str, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        SubscriberTexts.from_toml(text)


def test_an_operators_own_texts(tmp_path: Any) -> None:
    own = tmp_path / "own.toml"
    own.write_text(SHIPPED.replace("感谢您的配合", "谢谢"), encoding="utf-8")
    texts = SubscriberTexts.load(own)
    assert "谢谢" in told("restore", "zh-CN", "letter", texts=texts).body
    with pytest.raises(InputError, match="cannot be read"):
        SubscriberTexts.load(tmp_path / "none.toml")


def test_every_measure_of_the_policy_that_is_a_step_has_a_text() -> None:
    assert set(Policy.default().measures) <= set(ABOUT)
