"""What a verification service is asked and what it answers.

A missing record is an answer of its own: someone who moved household or serves in the army has none.

>>> AuthorityQuery("resident_id", "11010519491231002X", "张三")
AuthorityQuery(kind='resident_id')
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

__all__ = ["Authority", "AuthorityAnswer", "AuthorityQuery", "FieldAnswer", "Outcome"]

FieldAnswer = Literal["match", "mismatch", "not_available"]
"""What is said of one field; `not_available` when the service does not know it or does not compare it."""

Outcome = Literal["match", "mismatch", "no_record", "unavailable"]


@dataclass(frozen=True, slots=True)
class AuthorityQuery:
    """One document as its chip says. Its repr shows nothing personal.

    Attributes:
        kind: Kind of document, e.g. `resident_id`.
        number: The document number without separators.
        name: The holder's name.
        birth_date: The holder's birth date, where the document says one.
        sex: The holder's sex, where the document says one.
    """

    kind: str
    number: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: date | None = field(default=None, repr=False)
    sex: Literal["male", "female"] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AuthorityAnswer:
    """What the service said.

    Attributes:
        outcome: `match`; `mismatch` when any field differs; `no_record`, which is no mismatch; or
            `unavailable` when there is no answer that could be relied on.
        answered_at: When it said so, with a zone.
        fields: What it said of each field it was asked about, by the field's name in `AuthorityQuery`.
        reference: The service's own identifier of this answer. Never a name or a number of a person.
        cause: Why it is `unavailable`, as a short stable word, e.g. `timeout`; else None.
    """

    outcome: Outcome
    answered_at: datetime
    fields: Mapping[str, FieldAnswer] = field(default_factory=dict)
    reference: str | None = None
    cause: str | None = None


class Authority(Protocol):
    """A verification service. It is asked before any transaction opens, from any thread, and may take its time."""

    def verify(self, query: AuthorityQuery, /) -> AuthorityAnswer:
        """Compare one document with the authority's record.

        Returns:
            The answer. A service that is down is an answer (`unavailable`), not an exception.
        """
