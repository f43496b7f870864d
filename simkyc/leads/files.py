"""The files of a lead: written whole and never over another, read back, and held against their digests."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from simkyc.application import MAX_JSON_BYTES
from simkyc.errors import InputError, LeadError
from simkyc.leads.custody import chain_faults
from simkyc.leads.lead import PACKAGE_VERSION, Lead, Revocation
from simkyc.leads.sealing import canonical, digest_of, parsed, sha256_of
from simkyc.rings.ring import Ring, Rings

if sys.platform != "win32":
    import fcntl

__all__ = ["Verified", "alone_in", "read_rings", "remove", "verify", "write_new"]

Read = TypeVar("Read", Lead, Revocation)
UNWRITABLE: Final = "the folder cannot be written: see that it is there and who may write it"
NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
NO_SECOND_NAME: Final = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}
NO_SPACE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a file turned out to be.

    Attributes:
        lead: The package; None where the file is a revocation notice, or no lead could be read from it.
        notice: The revocation notice, where it is one.
        faults: What is wrong with it, in plain words; empty where it is whole.
        disclosure: Whether numbers stand in it in the clear: `none` were disclosed, they are `there`, or were
            `taken_off`, which harms nothing.
        file_sha256: Digest of the bytes of the file.
    """

    lead: Lead | None
    notice: Revocation | None
    faults: tuple[str, ...]
    disclosure: Literal["none", "there", "taken_off"]
    file_sha256: str

    @property
    def is_whole(self) -> bool:
        """Whether it is as it was made."""
        return not self.faults


def verify(path: str | Path) -> Verified:
    """Say whether a package or a revocation notice is as it was made.

    Digests show that something was changed; they do not say who made it: whoever changes a file can make its digests
    anew. So hold `package_sha256` against the page on paper, or the operator's record against both.

    Raises:
        InputError: The file cannot be read, is no lead, or of another version.
    """
    data = _read(Path(path), "the file")
    raw = parsed(data, "the file")
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not {"package_sha256", "lead_id"} <= raw.keys():
        raise InputError(
            "this is neither a lead nor a revocation notice: give the .json that was handed over"
        )
    if version != PACKAGE_VERSION:
        raise InputError(
            f"a lead of another schema version than {PACKAGE_VERSION}: use the simkyc that made it"
        )
    if "notice_sha256" in raw:
        sealed = {name: value for name, value in raw.items() if name != "notice_sha256"}
        is_whole = sha256_of(canonical(sealed)) == raw["notice_sha256"]
        notice, faults = _as(Revocation, data)
        if not is_whole:
            faults = ("the notice was altered: its digest is another", *faults)
        return Verified(None, notice, faults, "none", sha256_of(data))
    lead, faults = _as(Lead, data)
    return Verified(lead, None, (*_faults(raw), *faults), _disclosed(raw), sha256_of(data))


def _as(model: type[Read], data: bytes) -> tuple[Read | None, tuple[str, ...]]:
    try:
        return model.from_json(data), ()
    except InputError as error:
        where = ", ".join(dict.fromkeys(place.partition(".")[0] for place, _ in error.problems[:5]))
        return None, (f"a field is not as simkyc writes it ({where or 'unknown'})",)


def _faults(raw: Mapping[str, Any]) -> tuple[str, ...]:
    """What a package's own digests say of it."""
    faults = []
    if digest_of(dict(raw)) != raw["package_sha256"]:
        faults.append("the package was altered: its digest is another")
    disclosure = raw.get("disclosure")
    if disclosure is not None and sha256_of(canonical(disclosure)) != raw.get("disclosure_sha256"):
        faults.append("the disclosure was altered, or is that of another lead")
    links = raw.get("custody")
    if not isinstance(links, list) or not links or not all(isinstance(one, dict) for one in links):
        return (*faults, "custody: the chain is missing")
    return (*faults, *chain_faults(str(raw["lead_id"]), str(raw["package_sha256"]), links))


def _disclosed(raw: Mapping[str, Any]) -> Literal["none", "there", "taken_off"]:
    if raw.get("disclosure") is not None:
        return "there"
    return "none" if raw.get("disclosure_sha256") is None else "taken_off"


def read_rings(path: str | Path, ring_id: str) -> tuple[Ring, Rings, str]:
    """One ring of a `rings.json`, the search that found it, and the digest of the file.

    Raises:
        InputError: The file cannot be read, was made by another version, or has no such ring.
    """
    data = _read(Path(path), "the ring file")
    try:
        found = Rings.from_json(data)
    except InputError:
        raise InputError(
            "the ring file is no rings.json of this simkyc: search for rings again, with this version"
        ) from None
    ring = next((one for one in found.rings if one.ring_id == ring_id), None)
    if ring is None:
        raise InputError("the ring file holds no ring of this name")
    return ring, found, sha256_of(data)


def _read(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_JSON_BYTES + 1)
    except (OSError, ValueError):
        raise InputError(f"{what} cannot be read: see its name and who may read it") from None
    if len(data) > MAX_JSON_BYTES:
        raise InputError(f"{what} is larger than {MAX_JSON_BYTES} bytes, so it is no lead")
    return data


def write_new(path: Path, data: bytes) -> bool:
    """Write a file of which nothing is to be seen until it is whole, and never over another.

    Returns:
        Whether it was written; False where just this file is there already, as after a crash.

    Raises:
        LeadError: Another file is there, no space is left, or the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fault = UNWRITABLE
    try:
        try:
            with os.fdopen(os.open(draft, NEW, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _name(draft, path)
            _settle(path.parent)
            return True
        finally:
            draft.unlink(missing_ok=True)
    except FileExistsError:
        if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
            return False
        fault = "a file of this name is there and is another: choose another folder"
    except OSError as error:
        if error.errno in NO_SPACE:
            fault = "no space is left in the folder"
    raise LeadError(fault)


def _name(draft: Path, path: Path) -> None:
    """Give a whole file its name.

    Raises:
        OSError: A file of that name is there, or the name cannot be given.
    """
    try:
        # Unlike a rename, a second name is never given over a file that is there.
        path.hardlink_to(draft)
    except OSError as error:
        if error.errno not in NO_SECOND_NAME:
            raise
        # Memory sticks know no second names. Whoever writes leads holds the folder, so nobody of them comes between.
        if path.exists() or path.is_symlink():
            raise FileExistsError from None
        draft.replace(path)


def _settle(folder: Path) -> None:
    """See that the new name outlasts a power failure, as far as the file system knows how."""
    if sys.platform == "win32":  # which opens no folders
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Whoever else hands on into this folder waits: of two at once, the second finds what the first left.

    The lock is the system's and ends with the process. On Windows there is none.

    Raises:
        LeadError: The folder is not there, or cannot be read.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except (OSError, ValueError):
        raise LeadError(UNWRITABLE) from None
    try:
        with suppress(OSError):  # some network shares know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remove(paths: list[Path]) -> None:
    """Take back what was written and must not be handed on.

    Raises:
        LeadError: One of them could not be deleted.
    """
    try:
        for path in paths:
            path.unlink(missing_ok=True)
    except OSError:
        raise LeadError("the lead must not be used and its files could not be deleted: delete them") from None
