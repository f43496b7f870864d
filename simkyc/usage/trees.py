"""LightGBM's text of a model, held against its grammar before LightGBM reads it.

Its reader trusts what it reads: a child that is no node, or a length that is not the text's, ends the process or
worse. So nothing reaches it but trees that are written exactly as LightGBM writes numerical trees of two classes:
every line known, every list as long as it must be, every node reached once from the root.
"""

from __future__ import annotations

import math
import re
from typing import Final

from simkyc.errors import InputError

__all__ = ["MOST_LEAVES", "MOST_TEXT", "MOST_TREES", "bare_trees", "check_trees"]

MOST_TREES: Final = 5_000
MOST_LEAVES: Final = 1_024
MOST_TEXT: Final = 48 * 2**20
"""Characters of one ensemble."""

END: Final = "end of trees\n"
WHOLE: Final = re.compile(r"-?[0-9]{1,10}")
NUMBER: Final = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:e[+-][0-9]{1,3})?")
RANGE: Final = re.compile(rf"none|\[({NUMBER.pattern}):({NUMBER.pattern})\]")
NODES: Final = ("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child")
LEAVES: Final = ("leaf_value", "leaf_weight", "leaf_count")
INNER: Final = ("internal_value", "internal_weight", "internal_count")
WHOLES: Final = {
    "split_feature",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_count",
    "internal_count",
}
NUMERICAL: Final = {0, 2, 4, 6, 8, 10}
"""Kinds of split that compare a number: the way of missing values, and which values are missing; none by category."""
ENDLESS: Final = {"inf", "-inf"}
LARGEST_LEAF: Final = 1e3
"""In log-odds; no sum of leaves overflows."""


def bare_trees(text: str) -> str:
    """What predicts of a model that LightGBM wrote; how it was trained is left out."""
    trees, end, _ = text.partition(END)
    return "\n".join(line for line in trees.split("\n") if not line.startswith("monotone_constraints=")) + end


def check_trees(text: str, features: int) -> int:
    """Hold one ensemble against the grammar.

    Args:
        text: As `bare_trees` gives it.
        features: How many features the model has.

    Returns:
        How many trees it has.

    Raises:
        InputError: It is none, or larger than any that is taken in.
    """
    if len(text) > MOST_TEXT or not text.isascii():
        raise _fault("is too large or no plain text")
    header, mark, rest = text.partition("Tree=0\n")
    sizes = _sizes(header, features)
    if not mark or len(text) - len(header) != sum(sizes) + len(END):
        raise _fault("has not the length it says")
    body = mark + rest
    if not body.endswith(END):
        raise _fault("does not end as it must")
    start = 0
    for number, size in enumerate(sizes):
        _check_tree(body[start : start + size], number, features)
        start += size
    return len(sizes)


def _sizes(header: str, features: int) -> list[int]:
    names = " ".join(f"f{place}" for place in range(features))
    fixed = (
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        "objective=binary sigmoid:1",
        f"feature_names={names}",
    )
    lines = header.split("\n")
    if len(lines) != len(fixed) + 4 or tuple(lines[: len(fixed)]) != fixed or any(lines[-2:]):
        raise _fault("has another header")
    ranges, sizes = (lines[len(fixed)], lines[len(fixed) + 1])
    infos = _after(ranges, "feature_infos").split(" ")
    if len(infos) != features or not all(RANGE.fullmatch(one) for one in infos):
        raise _fault("has other ranges of its features")
    found = _after(sizes, "tree_sizes").split(" ")
    if not 1 <= len(found) <= MOST_TREES or not all(re.fullmatch(r"[1-9][0-9]{0,8}", one) for one in found):
        raise _fault("has no trees, or too many")
    return [int(one) for one in found]


def _check_tree(block: str, number: int, features: int) -> None:
    lines = block.split("\n")
    expected = ("num_leaves", "num_cat", *NODES, *LEAVES, *INNER, "is_linear", "shrinkage")
    if len(lines) != len(expected) + 4 or lines[0] != f"Tree={number}" or any(lines[-3:]):
        raise _fault("has a tree of another form")
    cells = {
        name: _after(line, name).split(" ")
        for name, line in zip(expected, lines[1 : 1 + len(expected)], strict=True)
    }
    leaves = _wholes(cells["num_leaves"], 1)[0]
    if not 2 <= leaves <= MOST_LEAVES or cells["num_cat"] != ["0"] or cells["is_linear"] != ["0"]:
        raise _fault("has a tree with too few or too many leaves, or of another kind")
    whole: dict[str, list[int]] = {}
    for name in (*NODES, *LEAVES, *INNER):
        length = leaves if name in LEAVES else leaves - 1
        if name in WHOLES:
            whole[name] = _wholes(cells[name], length)
        else:
            # A cut at infinity parts what is known from what is missing.
            finite = [one for one in cells[name] if one not in ENDLESS or name != "threshold"]
            wanted = length - (len(cells[name]) - len(finite))
            _numbers(finite, wanted, LARGEST_LEAF if name.endswith("_value") else math.inf)
    _numbers(cells["shrinkage"], 1, LARGEST_LEAF)
    if not all(0 <= one < features for one in whole["split_feature"]):
        raise _fault("asks a feature that is not there")
    if not set(whole["decision_type"]) <= NUMERICAL:
        raise _fault("splits by something else than a number")
    if min(*whole["leaf_count"], *whole["internal_count"]) < 1:
        raise _fault("has a part without rows")
    _check_children(whole["left_child"], whole["right_child"], leaves)


def _check_children(left: list[int], right: list[int], leaves: int) -> None:
    """Every node but the root, and every leaf (written as -1 - leaf), is reached once and from above."""
    for node, children in enumerate(zip(left, right, strict=True)):
        if any(0 <= child <= node for child in children):
            raise _fault("has a tree that goes in circles")
    reached = sorted([*left, *right])
    if reached != [*range(-leaves, 0), *range(1, leaves - 1)]:
        raise _fault("has a tree whose parts do not hang together")


def _after(line: str, name: str) -> str:
    key, mark, cells = line.partition("=")
    if key != name or not mark:
        raise _fault(f"lacks {name}")
    return cells


def _wholes(cells: list[str], length: int) -> list[int]:
    if len(cells) != length or not all(WHOLE.fullmatch(cell) for cell in cells):
        raise _fault("has a list of another length, or what is no whole number")
    found = [int(cell) for cell in cells]
    if any(abs(one) >= 2**31 for one in found):
        raise _fault("has a whole number that is too large")
    return found


def _numbers(cells: list[str], length: int, largest: float) -> None:
    if len(cells) != length or not all(NUMBER.fullmatch(cell) for cell in cells):
        raise _fault("has a list of another length, or what is no number")
    if not all(math.isfinite(value) and abs(value) <= largest for value in map(float, cells)):
        raise _fault("has a number that is too large")


def _fault(what: str) -> InputError:
    return InputError(f"the trees of the model {what}: take the file from where it was made again")
