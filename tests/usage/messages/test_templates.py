"""Templates: near-duplicates share one, others do not, and only the secret makes it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkyc.history.keys import Keyring
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.templates import templates
from tests.usage.messages.texts import FRAUD, ILLEGAL, ORDINARY

KEYS = Keyring(b"a secret of more than 16 bytes")


def template(text: str, keyring: Keyring = KEYS) -> str | None:
    return templates([normalised(text).text], keyring)[0]


SENT = "您好{name}，您的包裹{code}破损，理赔款{sum}元请登录 {link} 领取，客服电话{phone}"
FILLED = {"name": "", "code": "SF1234567", "sum": "300", "link": "http://a.top/1", "phone": "13800000000"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("code", "YT99887766554"),
        ("sum", "1,288.00"),
        ("link", "www.bcd-e.vip/xyz"),
        ("phone", "0512-66668888"),
        ("phone", "１３９００００００００"),
    ],
)
def test_what_is_filled_in_keeps_the_template(field: str, value: str) -> None:
    assert template(SENT.format(**FILLED)) == template(SENT.format(**FILLED | {field: value}))


def test_a_disguise_keeps_the_template() -> None:
    text = SENT.format(**FILLED)
    assert template(text) == template("🔥".join(text[:10]) + text[10:])
    assert template(text) == template(text.replace("赔", "賠"))


def test_different_messages_have_different_templates() -> None:
    texts = [normalised(text).text for text in (*FRAUD.values(), *ILLEGAL.values(), *ORDINARY.values())]
    keys = templates(texts, KEYS)
    known = [key for key in keys if key is not None]
    assert len(set(known)) == len(known) >= len(texts) - 1


@pytest.mark.parametrize("text", ["", "好的", "1234", "😀", "http://a.top"])
def test_of_too_little_there_is_none(text: str) -> None:
    assert template(text) is None


def test_another_secret_makes_another_template() -> None:
    text = SENT.format(**FILLED)
    other = Keyring(b"another secret of 16 bytes")
    assert template(text) != template(text, other)
    key = template(text)
    assert key is not None
    assert key.startswith(KEYS.key_id)
    assert len(key) == 64


def test_another_process_makes_the_same() -> None:
    code = (
        "from simkyc.history.keys import Keyring\n"
        "from simkyc.usage.messages.normalise import normalised\n"
        "from simkyc.usage.messages.templates import templates\n"
        f"text = normalised({SENT.format(**FILLED)!r}).text\n"
        "print(templates(['x', text], Keyring(b'a secret of more than 16 bytes'))[1])"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == template(SENT.format(**FILLED))


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=40), max_size=8))
def test_neighbours_change_nothing(texts: list[str]) -> None:
    read = [normalised(text).text for text in texts]
    assert templates(read, KEYS) == [templates([one], KEYS)[0] for one in read]
