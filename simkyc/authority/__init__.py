"""Asking the operator's or the state's verification service about one person.

`camara.CamaraKycMatch` asks one over HTTP; it needs simkyc's extra `authority` and is not loaded here.
"""

from __future__ import annotations

from simkyc.authority.protocol import Authority, AuthorityAnswer, AuthorityQuery, FieldAnswer, Outcome

__all__ = ["Authority", "AuthorityAnswer", "AuthorityQuery", "FieldAnswer", "Outcome"]
