"""What is sent to the CAMARA KYC Match API and what its answers mean; no network here.

An answer of a shape that the API does not have is none: `true` as a boolean, a score beside `true`, a key given
twice. Whatever else such a service says may be as wrong.

>>> asked = asked_of(AuthorityQuery("resident_id", "11010519491231002X", "张三"))
>>> fields_of(b'{"idDocumentMatch": "true", "nameMatch": "false", "nameMatchScore": 50}', asked)
{'number': 'match', 'name': 'mismatch'}
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from simkyc.authority.protocol import AuthorityQuery, FieldAnswer

__all__ = [
    "MAX_BYTES",
    "NoAnswerError",
    "asked_of",
    "body_of",
    "check_content",
    "check_sender",
    "check_status",
    "fields_of",
    "has_no_record",
]

MAX_BYTES: Final = 64 * 1024
"""Largest body taken in; that of a whole answer has about 1 KiB."""

_THEIRS: Final = {"number": "idDocument", "name": "name", "birth_date": "birthdate", "sex": "gender"}
_WORDS: Final[Mapping[str, FieldAnswer]] = {
    "true": "match",
    "false": "mismatch",
    "not_available": "not_available",
}
_AGAIN: Final = {429, 502, 503, 504}
_NO_RECORD: Final = "IDENTIFIER_NOT_FOUND"
_JSON: Final = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;.*)?", re.ASCII | re.IGNORECASE)


class NoAnswerError(Exception):
    """There is no answer to rely on. It holds nothing personal and never leaves this room.

    Attributes:
        cause: A short stable word for why.
        again: Whether asking again may help.
        wait_s: How long the service wants to be left alone first, where it says so.
        status: The HTTP status, where it was the reason.
    """

    def __init__(
        self, cause: str, *, again: bool = False, wait_s: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        self.again = again
        self.wait_s = wait_s
        self.status = status


def asked_of(query: AuthorityQuery) -> dict[str, str]:
    """What is asked, by our names of the fields, as the API writes it."""
    asked = {"number": query.number, "name": query.name}
    if query.birth_date is not None:
        asked["birth_date"] = query.birth_date.isoformat()
    if query.sex is not None:
        asked["sex"] = query.sex.upper()
    return asked


def body_of(asked: Mapping[str, str]) -> bytes:
    """The body of the request; in ASCII, because half a surrogate pair has no other form."""
    return json.dumps({_THEIRS[field]: value for field, value in asked.items()}).encode("ascii")


def check_status(status: int, headers: Mapping[str, str], now: datetime) -> None:
    """Pass 200, and 404, which may say that there is no record.

    Raises:
        NoAnswerError: `rate_limited`, `server_error`, `refused` or `bad_answer`.
    """
    if status in {200, 404}:
        return
    if status == 429:
        cause = "rate_limited"
    elif 400 <= status < 500:
        cause = "refused"
    else:
        cause = "server_error" if 500 <= status < 600 else "bad_answer"
    wait_s = _wait_s(headers.get("retry-after", ""), now)
    raise NoAnswerError(cause, again=status in _AGAIN, wait_s=wait_s, status=status)


def check_sender(headers: Mapping[str, str], correlator: str) -> None:
    """Hold an answer against the request.

    Raises:
        NoAnswerError: `other_person` when it belongs to another request; `bad_answer` when it does not say to
            which one.
    """
    echoed = headers.get("x-correlator")
    if echoed is None:
        raise NoAnswerError("bad_answer")
    if echoed != correlator:
        raise NoAnswerError("other_person")


def has_no_record(content: bytes) -> bool:
    """Whether the body of a 404 says that nobody is known by the number, and not that the path is wrong."""
    try:
        error = _object(content)
    except NoAnswerError:
        return False
    return error.get("status") == 404 and error.get("code") == _NO_RECORD


def fields_of(content: bytes, asked: Mapping[str, str]) -> dict[str, FieldAnswer]:
    """What the body of a 200 says of each field that was asked about; one left out is not available.

    Raises:
        NoAnswerError: `bad_answer`, or `other_person` when it repeats what is not what was asked.
    """
    said = _object(content)
    if any(said.get(_THEIRS[field], value) != value for field, value in asked.items()):
        raise NoAnswerError("other_person")
    return {field: _field(said, _THEIRS[field]) for field in asked}


def check_content(headers: Mapping[str, str]) -> None:
    """Raise `bad_answer` unless the body says that it is plain JSON."""
    if (
        not _JSON.fullmatch(headers.get("content-type", ""))
        or headers.get("content-encoding", "identity") != "identity"
    ):
        raise NoAnswerError("bad_answer")


def _field(said: Mapping[str, Any], theirs: str) -> FieldAnswer:
    word = said.get(f"{theirs}Match", "not_available")
    if not isinstance(word, str) or word not in _WORDS:
        raise NoAnswerError("bad_answer")
    score = said.get(f"{theirs}MatchScore")
    if score is not None and (word != "false" or type(score) is not int or not 0 <= score <= 100):
        raise NoAnswerError("bad_answer")
    return _WORDS[word]


def _object(content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise NoAnswerError("bad_answer")
    try:
        said = json.loads(content.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError):
        raise NoAnswerError("bad_answer") from None
    if not isinstance(said, dict):
        raise NoAnswerError("bad_answer")
    return said


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that is given twice: one reader would see the first and another the last."""
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("a key twice")
    return keys


def _wait_s(retry_after: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or a date; None for anything else."""
    if re.fullmatch(r"[0-9]{1,9}", retry_after):
        return float(retry_after)
    try:
        return max((parsedate_to_datetime(retry_after) - now).total_seconds(), 0.0)
    except (ValueError, TypeError, OverflowError):  # no date, or one without a zone
        return None
