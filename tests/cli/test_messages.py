"""`simkyc usage messages`: from a table to a classifier, its figures, and texts that are read and not shown."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.usage_messages import drawn_messages
from simkyc.usage.messages.classes import CLASSES
from simkyc.usage.messages.model_file import read_message_model
from simkyc.usage.messages.training import train_messages
from tests.cli.called import Called

Call = Callable[..., Called]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table, and the classifier that it makes."""
    made = tmp_path_factory.mktemp("messages")
    table = drawn_messages()
    with (made / "train.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["class", "group", "text"])
        rows.writerows(zip([CLASSES[place] for place in table.label], table.group, table.texts, strict=True))
    (made / "model.json").write_bytes(train_messages(table, name="drawn", sha256="0" * 64).to_bytes())
    return made


def test_a_classifier_is_trained_and_says_what_it_is_worth(folder: Path, tmp_path: Path, call: Call) -> None:
    out = tmp_path / "model.json"
    asked = ("--name", "drawn messages", "--created", "2026-01-31", "--without-ordinary")
    called = call("usage", "messages", "train", folder / "train.csv", "--out", out, *asked)
    assert (called.code, called.err) == (0, "")
    made = read_message_model(out)
    assert made.model_id in called.out
    assert (made.trained_on.name, made.trained_on.ordinary) == ("drawn messages", 0)
    assert str(made.created_at) == "2026-01-31 00:00:00+08:00"
    assert f"{made.metrics['macro_f1'].value:.4f}" in called.out
    call("usage", "messages", "train", folder / "train.csv", "--out", out).assert_refused(2, "there already")


def test_it_is_held_against_a_table(folder: Path, call: Call) -> None:
    asked = ("usage", "messages", "evaluate", folder / "train.csv")
    figures = json.loads(call(*asked, "--model", folder / "model.json", "--json").out)
    assert figures["texts"] == dict.fromkeys(CLASSES, 50)
    assert sum(figures["taken_for"]["fraud"].values()) == 50
    shown = call(*asked, "--model", folder / "model.json")
    assert f"{figures['classifier']['macro_f1']['value']:.4f}" in shown.out
    alone = json.loads(call(*asked, "--json").out)
    assert (alone["model_id"], alone["classifier"]) == (None, {})
    assert alone["lexicon_found"]["other"]["count"] == 0


def test_texts_are_read_and_not_shown(folder: Path, tmp_path: Path, call: Call) -> None:
    texts = tmp_path / "texts.txt"
    texts.write_text("hunter2刷 单 兼 职日结，加微信：hunter2x\n晚上吃饭\n", encoding="utf-8")
    for more in ((), ("--model", folder / "model.json"), ("--json",)):
        called = call("usage", "messages", "read", texts, *more)
        assert (called.code, called.err) == (0, "")
        assert "brushing_orders" in called.out
        assert "hunter2" not in called.out
        assert "刷" not in called.out
    row = json.loads(call("usage", "messages", "read", texts, "--json").out.splitlines()[0])
    assert (row["category"], row["has_contact"], row["is_evasive"], row["template"]) == (
        "fraud",
        True,
        True,
        1,
    )


def test_bad_input_is_one_line(folder: Path, tmp_path: Path, call: Call) -> None:
    table, model = folder / "train.csv", folder / "model.json"
    lexicon = tmp_path / "lexicon.toml"
    lexicon.write_text("schema_version = 1\n[[entry]]\nname = 'x'\n", encoding="utf-8")
    read = ("usage", "messages", "read", table)
    call(*read, "--lexicon", lexicon).assert_refused(2, "entry.0")
    call(*read, "--model", table).assert_refused(2, "no file of a message classifier")
    call("usage", "messages", "evaluate", model).assert_refused(2, "CSV or Parquet")
    call("usage", "messages", "train", table, "--out", table, "--force").assert_refused(2, "that is read")
    call("usage", "messages", "train", table, "--out", tmp_path / "no" / "m").assert_refused(2, "not there")
    call("usage", "messages", "train", table, "--out", tmp_path / "m", "--created", "x").assert_refused(
        2, "day"
    )
