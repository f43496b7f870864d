"""Keyed hashes: what the history knows people, devices and numbers by.

HMAC-SHA-256 with the deployment's secret. Without the secret a hash cannot be turned back by trying all
ID numbers, of which there are few enough to try. Each use has its own label, so equal inputs of two kinds
never give equal keys. Each begins with the identifier of its secret, so that a secret can be replaced: what is asked
about is brought under the new one when it is next met.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from typing import TYPE_CHECKING

from simkyc.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Keyring"]

MIN_SECRET_BYTES = 16


class Keyring:
    """Makes the keyed hashes of one deployment: the secret's identifier and 56 hexadecimal digits of the hash.

    Attributes:
        former: Keyrings of the secrets before this one, under which something may still be known.
        key_id: Identifier of the secret, 8 hexadecimal digits that do not tell it.
    """

    __slots__ = ("_keyed", "_secret", "former", "key_id")

    def __init__(self, secret: bytes, former: Sequence[bytes] = ()) -> None:
        """Take the deployment's secret, at least 16 bytes, and those before it.

        Raises:
            InputError: No bytes, or too few of them.
        """
        if not isinstance(secret, bytes) or len(secret) < MIN_SECRET_BYTES:
            raise InputError(f"the secret must be at least {MIN_SECRET_BYTES} bytes")
        self._secret = secret
        self._keyed = hmac.new(secret, digestmod=hashlib.sha256)
        self.key_id = self._hash("key id")[:8]
        self.former = tuple(Keyring(one) for one in former)

    def __reduce__(self) -> tuple[type[Keyring], tuple[bytes, tuple[bytes, ...]]]:
        """For other processes of one job, which must make the same keys."""
        return Keyring, (self._secret, tuple(ring._secret for ring in self.former))

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

    def message(self, sketch: str) -> str:
        """Key of what is common to the messages of one template; see `simkyc.usage.messages.templates`."""
        return self._digest(f"message|{sketch}")

    def payer(self, account: str) -> str:
        """Key of the account that pays."""
        return self._digest(f"payer|{account}")

    def body(self, canonical: str) -> str:
        """Digest of a whole application in its canonical JSON."""
        return self._digest(f"body|{canonical}")

    def is_body(self, canonical: str, digest: str) -> bool:
        """Whether the digest is that of this application, under this secret or one before it."""
        return any(ring.body(canonical) == digest for ring in (self, *self.former))

    def rotation(self, dimension: int) -> NDArray[np.float64]:
        """The orthogonal matrix (d, d) that templates are turned by before they are kept.

        Turning keeps every distance, so faces can be compared as they are kept; whoever has them without the secret can
        compare them with no other face, and a new secret makes them new ones. The matrix is made from SHAKE-256, whose
        bits no library version changes.
        """
        import numpy as np

        label = self._hash(f"rotation|{dimension}").encode()
        bits = hashlib.shake_256(label).digest(8 * dimension * dimension * 2)
        uniform = (np.frombuffer(bits, "<u8") >> 11).astype(np.float64) / 2**53
        radius, angle = uniform.reshape(2, dimension, dimension)
        normal = np.sqrt(-2 * np.log1p(-radius)) * np.cos(2 * np.pi * angle)
        orthogonal, triangle = np.linalg.qr(normal)
        return np.asarray(orthogonal * np.sign(np.diag(triangle)))

    def fingerprint(self) -> str:
        """Tells whether a history was written with this secret, without telling the secret."""
        return self._hash("fingerprint")

    def replaces(self, fingerprint: str) -> bool:
        """Whether a history that was written with that secret may be opened with this one."""
        return any(former.fingerprint() == fingerprint for former in self.former)

    def _digest(self, text: str) -> str:
        return self.key_id + self._hash(text)[:56]

    def _hash(self, text: str) -> str:
        keyed = self._keyed.copy()
        keyed.update(text.encode())
        return keyed.hexdigest()
