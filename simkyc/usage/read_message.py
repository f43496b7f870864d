"""What is kept of a message once its text was read: plain values, and nothing to read it back from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = ["Category", "MessageReader", "ReadMessage"]

Category = Literal["fraud", "illegal", "advertising", "other"]


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """One message, read.

    Attributes:
        template: Keyed hash of its template: near-duplicates of one template mostly have the same. None where too
            little is left of the text to tell.
        category: What the classifier takes it for; without one `fraud` or `illegal` where the lexicon says so, else
            None.
        lexicon: Names of the lexicon's entries that it hits.
        has_link: Whether it holds a URL.
        has_contact: Whether it holds a telephone number or another handle to turn to.
        is_evasive: Whether its text was disguised.
    """

    template: str | None
    category: Category | None
    lexicon: tuple[str, ...]
    has_link: bool
    has_contact: bool
    is_evasive: bool


class MessageReader(Protocol):
    """Reads texts and forgets them."""

    @property
    def classifier(self) -> str | None:
        """Identifier of the classifier; None where the lexicon alone reads."""

    def read(self, texts: Sequence[str]) -> list[ReadMessage]:
        """Each text in turn, in the same order; of any text there is an answer, the empty one included."""
