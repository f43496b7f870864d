"""The file of a model: what was altered, cut off or made up goes no further than a typed error."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simkyc.errors import InputError
from simkyc.usage import training
from simkyc.usage.model import UsageModel
from simkyc.usage.model_file import ModelFile, read_model_file
from simkyc.usage.trees import check_trees
from tests.usage.made_tables import NAMES

Fields = dict[str, Any]


@pytest.fixture(autouse=True)
def lightgbm_reads_nothing_unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = training.booster

    def checked(trees: str) -> Any:
        check_trees(trees, len(NAMES))
        return whole(trees)

    monkeypatch.setattr("simkyc.usage.model.booster", checked)


def hashed_again(made: ModelFile, trees: str) -> bytes:
    """What somebody writes who knows how the hash is made."""
    other = made.model_copy(update={"trees": (trees,)})
    return other.model_copy(update={"sha256": other.hashed()}).to_bytes()


def test_it_is_read_back_whole(made: ModelFile, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(made.to_bytes())
    assert read_model_file(path) == made
    assert made.hashed() == made.sha256
    assert made.model_id == f"usage:{made.sha256[:12]}"
    assert repr(made) == "ModelFile(format_version=1, simkyc_version='" + made.simkyc_version + "')"


def put(*place: Any, value: Any) -> Callable[[Fields], None]:
    def change(fields: Fields) -> None:
        at: Any = fields
        for step in place[:-1]:
            at = at[step]
        at[place[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(put("format_version", value=2), "has version 2", id="another version"),
        pytest.param(
            put("format_version", value="1"), "no file of a usage model", id="a version that is text"
        ),
        pytest.param(put("sha256", value="0" * 64), "altered", id="another hash"),
        pytest.param(put("best_raw", value=0.123), "altered", id="a number was altered"),
        pytest.param(put("knots", 0, "probability", value=1e-9), "altered", id="the calibration was altered"),
        pytest.param(put("trained_on", "name", value="others"), "altered", id="the data's name was altered"),
        pytest.param(
            put("thresholds", 3, "enough", value=True), "altered|enough", id="too few numbers made enough"
        ),
        pytest.param(put("knots", 0, "raw", value=1e5), "knots rise", id="knots that do not rise"),
        pytest.param(put("knots", 0, "raw", value="hunter2"), "knots.0.raw", id="text for a number"),
        pytest.param(put("features", 0, "edges", value=[2, 1]), "edges rise", id="edges that do not rise"),
        pytest.param(put("features", 0, "name", value="months"), "twice", id="a feature twice"),
        pytest.param(
            put("features", 0, "name", value="hunter2 x"), "features.0.name", id="a name that is none"
        ),
        pytest.param(put("features", value=[]), "features", id="no features"),
        pytest.param(put("trees", value=[]), "trees", id="no trees"),
        pytest.param(put("code", value="hunter2"), "code", id="a field that nobody knows"),
    ],
)
def test_what_was_altered_is_refused(made: ModelFile, change: Callable[[Fields], None], says: str) -> None:
    fields = json.loads(made.to_bytes())
    change(fields)
    with pytest.raises(InputError, match=says) as refused:
        read_model_file(json.dumps(fields).encode())
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "no file of a usage model", id="nothing"),
        pytest.param(b"\x80\x04\x95\x00", "no file of a usage model", id="a pickle"),
        pytest.param(b"[" * 100_000, "no file of a usage model", id="very deep"),
        pytest.param(b"{}", "no file of a usage model", id="an empty object"),
        pytest.param(b'{"format_version": 1}', "cannot be taken in", id="a version and nothing else"),
        pytest.param(b" " * (64 * 2**20 + 1), "larger than 64 MiB", id="too large"),
    ],
)
def test_what_is_no_model_is_refused(data: bytes, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_model_file(data)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_model_file(tmp_path / "none.json")


def test_a_file_that_is_cut_off_anywhere_is_refused(made: ModelFile) -> None:
    data = made.to_bytes()
    for end in range(0, len(data) - 2, 997):
        with pytest.raises(InputError):
            read_model_file(data[:end])


def first(name: str, value: str) -> Callable[[str], str]:
    """The first line of this name says something else, and lengths are put right."""

    def change(text: str) -> str:
        return measured(re.sub(rf"^{name}=.*$", f"{name}={value}", text, count=1, flags=re.MULTILINE))

    return change


def cell(name: str, value: str) -> Callable[[str], str]:
    """The first number of the first line of this name is another, and lengths are put right."""

    def change(text: str) -> str:
        return measured(re.sub(rf"^{name}=\S+", f"{name}={value}", text, count=1, flags=re.MULTILINE))

    return change


def measured(text: str) -> str:
    """The text with the lengths that its trees have."""
    header, *blocks = text.removesuffix("end of trees\n").split("Tree=")
    sizes = " ".join(str(len("Tree=" + block)) for block in blocks)
    header = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", header, flags=re.MULTILINE)
    return header + "".join("Tree=" + block for block in blocks) + "end of trees\n"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(lambda text: text + "x", "length", id="something after the end"),
        pytest.param(
            lambda text: text.replace("Tree=1\n", "Tree=7\n", 1), "another form", id="a tree's number"
        ),
        pytest.param(lambda text: text.replace("tree\n", "forest\n", 1), "header", id="no trees"),
        pytest.param(lambda text: text.replace("f0", "fé", 1), "no plain text", id="a letter beyond ASCII"),
        pytest.param(first("max_feature_idx", "9999999"), "header", id="many more features"),
        pytest.param(first("num_class", "2"), "header", id="more classes"),
        pytest.param(first("objective", "binary sigmoid:1e308"), "header", id="another objective"),
        pytest.param(first("feature_infos", "none"), "ranges", id="too few ranges"),
        pytest.param(
            lambda text: text.replace("tree_sizes=", "tree_sizes=1 ", 1), "length", id="a tree too many"
        ),
        pytest.param(
            lambda text: re.sub("tree_sizes=.", "tree_sizes=9", text), "length", id="a length that is not so"
        ),
        pytest.param(cell("num_leaves", "2000000000"), "leaves", id="leaves without end"),
        pytest.param(cell("num_leaves", "1"), "leaves", id="a tree that is a leaf"),
        pytest.param(cell("num_cat", "1"), "another kind", id="categories"),
        pytest.param(cell("is_linear", "1"), "another kind", id="linear trees"),
        pytest.param(cell("split_feature", "4"), "not there", id="a feature beyond the last"),
        pytest.param(cell("split_feature", "-1"), "not there", id="a feature before the first"),
        pytest.param(cell("decision_type", "1"), "something else than a number", id="a split by category"),
        pytest.param(cell("left_child", "0"), "circles", id="a node that is its own child"),
        pytest.param(cell("left_child", "2147483647"), "hang together", id="a child far beyond the nodes"),
        pytest.param(cell("left_child", "-2147483647"), "hang together", id="a leaf far beyond the leaves"),
        pytest.param(cell("leaf_value", "nan"), "no number", id="a leaf that is no number"),
        pytest.param(cell("leaf_value", "1e+300"), "too large", id="a leaf that is too large"),
        pytest.param(cell("threshold", "nan"), "no number", id="a cut that is no number"),
        pytest.param(cell("threshold", "1e+999"), "too large", id="a cut that overflows"),
        pytest.param(cell("leaf_count", "0"), "without rows", id="a leaf without rows"),
        pytest.param(
            cell("internal_count", "99999999999"), "whole number", id="more rows than a count holds"
        ),
        pytest.param(first("leaf_value", "0.5"), "another length", id="too few leaves"),
        pytest.param(first("left_child", ""), "another length", id="no children"),
    ],
)
def test_trees_that_do_not_hold_never_reach_lightgbm(
    made: ModelFile, change: Callable[[str], str], says: str
) -> None:
    altered = change(made.trees[0])
    assert altered != made.trees[0]
    with pytest.raises(InputError, match=says):
        read_model_file(hashed_again(made, altered))


def test_a_cut_between_known_and_missing_is_at_infinity(made: ModelFile) -> None:
    model = UsageModel.open(hashed_again(made, cell("threshold", "inf")(made.trees[0])))
    assert np.isfinite(model.score_rows(np.array([[1.0, np.nan, 0.0, 0.5]])).probability).all()
    with pytest.raises(InputError, match="no number"):
        read_model_file(hashed_again(made, cell("internal_weight", "inf")(made.trees[0])))


def test_lengths_put_right_change_nothing(made: ModelFile) -> None:
    assert measured(made.trees[0]) == made.trees[0]
    assert check_trees(made.trees[0], len(NAMES)) == 12


ANYTHING = st.sampled_from([*"0123456789-=. \n[]:e", "inf", "nan", "Tree=", "\0", "99999999999", "-1", "é"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_trees_altered_anywhere_are_refused_or_predict(made: ModelFile, data: st.DataObject) -> None:
    """Also with lengths put right, as one who means harm would do."""
    text = made.trees[0]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 4))
        text = text[:start] + data.draw(ANYTHING) + text[end:]
    if data.draw(st.booleans()):
        text = measured(text)
    try:
        model = UsageModel.open(hashed_again(made, text))
    except InputError:
        return
    rows = np.array([[1.0, np.nan, 0.0, 0.5], [-1e300, 1e300, np.nan, np.nan]])
    assert np.isfinite(model.score_rows(rows, threads=1).probability).all()
    assert all(np.isfinite(one.contribution) for row in model.drivers(rows, 4, threads=1) for one in row)
