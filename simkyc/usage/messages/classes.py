"""The classes of messages, and how tables name them."""

from __future__ import annotations

from typing import Final, Literal, get_args

__all__ = ["CLASSES", "MessageClass", "class_of"]

MessageClass = Literal["fraud", "illegal", "advertising", "other"]
CLASSES: Final[tuple[MessageClass, ...]] = get_args(MessageClass)

_BEGINNINGS: Final[dict[str, MessageClass]] = {"fr": "fraud", "il": "illegal", "ad": "advertising"}


def class_of(label: str) -> MessageClass | None:
    """The class that a label of a table means; finer ones are named after a colon.

    >>> class_of("FR:Phishing(Bank)"), class_of("Other"), class_of("advertising"), class_of("spam")
    ('fraud', 'other', 'advertising', None)
    """
    told = label.strip().lower()
    for known in CLASSES:
        if told == known:
            return known
    return _BEGINNINGS.get(told.partition(":")[0]) if ":" in told else None
