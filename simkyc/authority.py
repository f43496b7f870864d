"""Asking the operator's or the state's verification service whether a name and a number belong together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

__all__ = ["Authority", "AuthorityAnswer"]


@dataclass(frozen=True, slots=True)
class AuthorityAnswer:
    """What the service said.

    Attributes:
        outcome: `match`, `mismatch`, or `no_record`: the person moved household or is a soldier, say, which
            is an answer of its own and no mismatch; or `unavailable` when it gave no answer in time.
        answered_at: When it said so, with a zone.
    """

    outcome: Literal["match", "mismatch", "no_record", "unavailable"]
    answered_at: datetime


class Authority(Protocol):
    """A verification service. It is asked before any transaction opens and may take its time."""

    def verify(self, *, kind: str, number: str, name: str) -> AuthorityAnswer:
        """Compare one document's number and name with the authority's record.

        Args:
            kind: Kind of document, e.g. `resident_id`.
            number: The document number without separators.
            name: The holder's name as the chip says.

        Returns:
            The answer. A service that is down is an answer (`unavailable`), not an exception.
        """
