"""Where a deployment's secret comes from: the caller, the environment, or a key file beside the database."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from simkyc.errors import HistoryError, HistoryFullError, HistoryReadOnlyError, HistorySecretError, InputError

__all__ = ["ENVIRONMENT", "given_secret", "key_file_of", "new_key_file", "new_secret", "read_key_file"]

ENVIRONMENT = "SIMKYC_SECRET"
"""Environment variable that holds the secret as text."""

FORMER_ENVIRONMENT = "SIMKYC_FORMER_SECRETS"
"""Environment variable that holds the secrets of before, one a line."""

SECRET_BYTES = 32

NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def given_secret(secret: bytes | str | None) -> bytes | None:
    """The secret as the caller or else the environment gives it; text counts as its UTF-8 bytes.

    Raises:
        InputError: Neither bytes nor text, or text that has no UTF-8 form.
    """
    if secret is None:
        secret = os.environ.get(ENVIRONMENT)
    if secret is None or isinstance(secret, bytes):
        return secret
    if not isinstance(secret, str):
        raise InputError("the secret must be bytes or text")
    try:
        # The environment hands bytes that are no UTF-8 over as surrogates.
        return secret.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise InputError("the secret is no Unicode text") from None


def new_secret() -> bytes:
    """A secret that nobody can guess."""
    return secrets.token_bytes(SECRET_BYTES)


def given_former(former: Sequence[bytes | str] | None) -> tuple[bytes, ...]:
    """The secrets of before as the caller or else the environment gives them, there one a line.

    Raises:
        InputError: As `given_secret`.
    """
    if former is None:
        former = os.environ.get(FORMER_ENVIRONMENT, "").split("\n")
    if isinstance(former, str | bytes):
        raise InputError("former secrets come as several, not as one")
    return tuple(filter(None, (given_secret(secret) for secret in former)))


def key_file_of(database: Path) -> Path:
    """The key file that belongs to a database file."""
    return database.with_name(database.name + ".key")


def read_key_file(path: Path) -> bytes | None:
    """The secret in a key file, or None where there is none.

    Raises:
        HistorySecretError: The file cannot be read, or holds no key.
    """
    try:
        text = path.read_text(encoding="ascii")
        secret = bytes.fromhex(text.strip())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise HistorySecretError(
            f"the key file beside the history cannot be read ({type(error).__name__}): "
            f"run as its owner, or set {ENVIRONMENT}"
        ) from None
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise HistorySecretError("the key file beside the history is damaged: restore it from a backup")
    return secret


def new_key_file(path: Path) -> bytes:
    """Write a new secret into a key file that only its owner may read, and return it.

    The file appears whole or not at all and never replaces another; the caller keeps other processes from
    doing the same at the same time.

    Raises:
        HistoryError: The file is already there or cannot be written.
    """
    secret = new_secret()
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        try:
            _write_new(draft, secret.hex() + "\n")
            _name_once(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except PermissionError:
        raise HistoryReadOnlyError(
            f"no key file can be written beside the history: allow it, or set {ENVIRONMENT}"
        ) from None
    except OSError as error:
        if error.errno in NO_SPACE:
            raise HistoryFullError("no space is left for the key file beside the history") from None
        raise HistoryError(
            f"the key file cannot be written beside the history ({type(error).__name__})"
        ) from None
    return secret


def _write_new(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)


def _name_once(draft: Path, path: Path) -> None:
    """Give the finished file its name, never taking the name from another."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; the caller keeps others away meanwhile
        if path.exists():
            raise FileExistsError from None
        draft.rename(path)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive a power failure, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
