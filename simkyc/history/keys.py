"""Keyed hashes: what the history knows people, devices and numbers by.

HMAC-SHA-256 with the deployment's secret. Without the secret a hash cannot be turned back by trying all
ID numbers, of which there are few enough to try. Each use has its own label, so equal inputs of two kinds
never give equal keys.
"""

from __future__ import annotations

import hashlib
import hmac

from simkyc.errors import InputError

__all__ = ["Keyring"]

MIN_SECRET_BYTES = 16


class Keyring:
    """Makes the keyed hashes of one deployment. Each is 64 hexadecimal digits."""

    __slots__ = ("_keyed",)

    def __init__(self, secret: bytes) -> None:
        """Take the deployment's secret, at least 16 bytes.

        Raises:
            InputError: No bytes, or too few of them.
        """
        if not isinstance(secret, bytes) or len(secret) < MIN_SECRET_BYTES:
            raise InputError(f"the secret must be at least {MIN_SECRET_BYTES} bytes")
        self._keyed = hmac.new(secret, digestmod=hashlib.sha256)

    def person(self, kind: str, number: str) -> str:
        """Key of the person who holds this document."""
        return self._digest(f"person|{kind}|{number}")

    def document(self, kind: str, number: str) -> str:
        """Key of one document, for lists of those that were lost: a person may hold others."""
        return self._digest(f"document|{kind}|{number}")

    def device(self, imei: str) -> str:
        """Key of a device by the 14 digits of its IMEI that IMEI and IMEISV share."""
        return self._digest(f"device|{imei[:14]}")

    def msisdn(self, msisdn: str) -> str:
        """Key of a phone number in E.164."""
        return self._digest(f"msisdn|{msisdn}")

    def imsi(self, imsi: str) -> str:
        """Key of an IMSI."""
        return self._digest(f"imsi|{imsi}")

    def address(self, address: str) -> str:
        """Key of a postal address, as far as it is written alike."""
        return self._digest(f"address|{address}")

    def payer(self, account: str) -> str:
        """Key of the account that pays."""
        return self._digest(f"payer|{account}")

    def body(self, canonical: str) -> str:
        """Digest of a whole application in its canonical JSON."""
        return self._digest(f"body|{canonical}")

    def fingerprint(self) -> str:
        """Tells whether a history was written with this secret, without telling the secret."""
        return self._digest("fingerprint")

    def _digest(self, text: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(text.encode())
        return keyed.hexdigest()
