"""Digests over canonical JSON: what a package, a disclosure and a link of a chain are known by.

Canonical is sorted by key, without spaces, in UTF-8. A digest is made of the JSON itself and not of what simkyc reads
in it, so that anybody can make it again with a few lines of their own. It shows that something was changed to whoever
has the digest from elsewhere: from the record, the receipt or the page on paper. It is no signature.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from simkyc.errors import InputError

__all__ = ["canonical", "digest_of", "parsed", "readable", "sha256_of"]

NOT_SEALED: Final = frozenset({"package_sha256", "custody", "disclosure"})
"""Fields of a package that its digest leaves out: itself, what happens later, and what has a digest of its own."""


def canonical(value: Any) -> bytes:
    """The one form of a JSON value that is digested.

    >>> canonical({"b": 1, "a": "人"}).decode()
    '{"a":"人","b":1}'

    Raises:
        InputError: It holds what JSON or Unicode text cannot hold.
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (ValueError, TypeError, RecursionError):
        raise InputError("what is to be sealed holds what JSON in UTF-8 cannot hold") from None


def sha256_of(data: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(package: dict[str, Any]) -> str:
    """Digest of a package in its JSON form.

    Raises:
        InputError: As `canonical`.
    """
    return sha256_of(canonical({name: value for name, value in package.items() if name not in NOT_SEALED}))


def readable(value: Any) -> bytes:
    """JSON as it is written into a file."""
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def parsed(data: bytes, what: str) -> Any:
    """JSON as a value, where every reader of it must see the same.

    Raises:
        InputError: No JSON in UTF-8, a name that stands twice, or a number that is none.
    """

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            raise InputError(
                f"{what} names something twice, so readers may see different things: it was altered"
            )
        return value

    def never(_: str) -> Any:
        raise ValueError

    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=once, parse_constant=never)
    except InputError:
        raise
    except (ValueError, RecursionError):
        raise InputError(
            f"{what} is no JSON in UTF-8: it was cut off or altered, or is another file"
        ) from None
