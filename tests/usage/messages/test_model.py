"""The classifier: trained, kept as data, read back, and altered files refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.usage_messages import disguised, drawn_messages, messages_file
from simkyc.errors import InputError
from simkyc.usage.messages.classes import CLASSES
from simkyc.usage.messages.evaluation import evaluate_messages
from simkyc.usage.messages.lexicon import Lexicon
from simkyc.usage.messages.model import MessageModel
from simkyc.usage.messages.model_file import MessageModelFile, read_message_model
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.skeleton import read_as
from simkyc.usage.messages.table import LabelledMessages, read_messages
from simkyc.usage.messages.training import train_messages
from tests.usage.messages.texts import ORDINARY

Fields = dict[str, Any]


@pytest.fixture(scope="module")
def model(made_messages: MessageModelFile) -> MessageModel:
    return MessageModel.open(made_messages.to_bytes())


def classes(model: MessageModel, texts: list[str]) -> list[str]:
    return list(model.classify([read_as(normalised(text).text) for text in texts]))


def test_it_is_read_back_whole(made_messages: MessageModelFile, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(made_messages.to_bytes())
    assert read_message_model(path) == made_messages
    assert made_messages.model_id == f"messages:{made_messages.sha256[:12]}"
    assert len(made_messages.to_bytes()) < 4 * 2**20
    assert len(repr(made_messages)) < 200


def test_the_same_table_makes_the_same_file(made_messages: MessageModelFile) -> None:
    again = train_messages(drawn_messages(), name="drawn messages", sha256="0" * 64)
    assert again.to_bytes() == made_messages.to_bytes()
    later = train_messages(
        drawn_messages(), name="drawn messages", sha256="0" * 64, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert later.sha256 != made_messages.sha256
    assert later.weights == made_messages.weights


def test_messages_of_a_known_rule_are_told_apart(model: MessageModel) -> None:
    table = drawn_messages(80, seed=5)
    told = classes(model, list(table.texts))
    assert np.mean([CLASSES.index(one) == label for one, label in zip(told, table.label, strict=True)]) > 0.95
    for name in ("spaces", "emoji", "zero-width", "look-alikes", "traditional"):
        assert classes(model, disguised(table.texts, name)) == told


def test_probabilities_are_of_four_classes(model: MessageModel) -> None:
    found = model.probabilities(["尊敬的用户您的网银将于今日失效请登录L激活", "", "x"])
    assert found.shape == (3, 4)
    assert found.sum(axis=1) == pytest.approx(1)
    assert found[0].argmax() == 0


@pytest.mark.parametrize("text", ["", "好的", "ok", "7点", "😀"])
def test_of_too_little_nothing_is_said(model: MessageModel, text: str) -> None:
    assert classes(model, [text]) == ["other"]


def test_neighbours_change_nothing(model: MessageModel) -> None:
    texts = list(drawn_messages(40, seed=3).texts)
    assert classes(model, texts) == [classes(model, [text])[0] for text in texts]


@pytest.mark.parametrize("place", range(4))
def test_a_class_that_is_hardly_there_is_refused(place: int) -> None:
    table = drawn_messages()
    rows = np.flatnonzero((table.label != place) | (np.arange(table.label.size) < 40))
    few = LabelledMessages(
        tuple(table.texts[row] for row in rows),
        table.label[rows],
        np.unique(table.group[rows], return_inverse=True)[1].astype(np.int64),
    )
    with pytest.raises(InputError, match=f"too few texts of the class {CLASSES[place]}"):
        train_messages(few, name="few", sha256="0" * 64)


def put(*place: Any, value: Any) -> Callable[[Fields], None]:
    def change(fields: Fields) -> None:
        at: Any = fields
        for step in place[:-1]:
            at = at[step]
        at[place[-1]] = value

    return change


def infinite(fields: Fields) -> None:
    halves = np.frombuffer(base64.b64decode(fields["weights"]), dtype="<f2").copy()
    halves[7] = np.inf
    fields["weights"] = base64.b64encode(halves.tobytes()).decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(put("format_version", value=2), "has version 2", id="another version"),
        pytest.param(put("sha256", value="0" * 64), "altered", id="another hash"),
        pytest.param(put("fraud_from", value=0.999), "altered", id="the threshold was altered"),
        pytest.param(put("trained_on", "name", value="others"), "altered", id="the data's name was altered"),
        pytest.param(put("created_at", value="2026-01-01T00:00:00Z"), "altered", id="when was altered"),
        pytest.param(put("bits", value=16), "as many as there are buckets", id="too many weights"),
        pytest.param(put("bits", value=60), "bits", id="buckets without end"),
        pytest.param(put("weights", value="hunter2!"), "weights", id="no base64"),
        pytest.param(put("weights", value="AAAA"), "base64", id="too few weights"),
        pytest.param(infinite, "finite", id="a weight without end"),
        pytest.param(put("runs", value=[1, 1]), "twice", id="a run twice"),
        pytest.param(put("runs", value=[99]), "runs", id="a run that is too long"),
        pytest.param(
            put("classes", value=["other", "fraud", "illegal", "advertising"]), "order", id="other classes"
        ),
        pytest.param(put("intercepts", value=[0, 0, 0]), "intercepts", id="three intercepts"),
        pytest.param(put("scale", value=0), "scale", id="a scale of nothing"),
        pytest.param(put("code", value="hunter2"), "code", id="a field that nobody knows"),
    ],
)
def test_what_was_altered_is_refused(
    made_messages: MessageModelFile, change: Callable[[Fields], None], says: str
) -> None:
    fields = json.loads(made_messages.to_bytes())
    change(fields)
    with pytest.raises(InputError, match=says) as refused:
        read_message_model(json.dumps(fields).encode())
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "no file of a message classifier", id="nothing"),
        pytest.param(b"\x80\x04\x95\x00", "no file of a message classifier", id="a pickle"),
        pytest.param(b"[" * 100_000, "no file of a message classifier", id="very deep"),
        pytest.param(b'{"format_version": 1}', "cannot be taken in", id="a version and nothing else"),
        pytest.param(b" " * (32 * 2**20 + 1), "larger than 32 MiB", id="too large"),
    ],
)
def test_what_is_no_model_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_message_model(data)


@settings(max_examples=30, deadline=None)
@given(end=st.integers(0, 10**6))
def test_a_file_that_is_cut_off_anywhere_is_refused(made_messages: MessageModelFile, end: int) -> None:
    data = made_messages.to_bytes()
    with pytest.raises(InputError):
        read_message_model(data[: end % (len(data) - 2)])


REAL = messages_file()


@pytest.mark.skipif(REAL is None, reason="SIMKYC_USAGE names no folder with the research messages")
def test_on_caught_messages_ordinary_ones_are_left_alone() -> None:
    """Trained on one half of the groups and measured on the other."""
    assert REAL is not None
    table = read_messages(REAL)
    rows = np.flatnonzero(table.group % 2 == 0)
    held = np.flatnonzero(table.group % 2 == 1)

    def part(of: Any) -> LabelledMessages:
        group = np.unique(table.group[of], return_inverse=True)[1].astype(np.int64)
        return LabelledMessages(tuple(table.texts[row] for row in of), table.label[of], group)

    model = MessageModel(train_messages(part(rows), name="half", sha256="0" * 64))
    found = evaluate_messages(part(held), model=model, lexicon=Lexicon.default())
    assert found.classifier["f1_fraud"].value > 0.85
    assert found.classifier["macro_f1"].value > 0.75
    assert found.classifier["taken_for_fraud_advertising"].value < 0.01
    assert (found.lexicon_right.share or 0) > 0.9
    assert (found.evasive["advertising"].share or 0) < 0.01
    told = dict(zip(ORDINARY, classes(model, list(ORDINARY.values())), strict=True))
    assert [what for what, one in told.items() if one == "fraud"] == []
