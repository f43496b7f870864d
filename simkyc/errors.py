"""What breaks, and for whom.

    SimkycError
    ├── InputError              the caller's data: an application, a request, a body under a used id
    │   ├── NumberError         a document, card or device number that cannot be what it claims
    │   └── PhotoError          bytes that are no usable photo
    ├── PolicyError             a policy file or value that does not hold
    ├── FaceError               the face engine
    │   ├── FaceModelError      weights missing, truncated or altered; OpenCV without ONNX
    │   └── EngineMismatchError templates or thresholds of two engines brought together
    ├── SettlementError         an application that cannot be settled that way
    ├── LineStepError           a step that a line cannot take from where it stands
    ├── LeadError               a lead for the police that cannot be made, exported, answered or revoked that way
    └── HistoryError            what is remembered cannot be read or written
        ├── HistoryLockedError      another process holds it longer than the timeout
        ├── HistoryUnreachableError its server cannot be reached, or the connection was lost
        ├── HistoryReadOnlyError    it cannot be written
        ├── HistoryFullError        no space is left
        ├── HistoryFormatError      the file is no simkyc history, or is damaged
        ├── HistoryVersionError     written by another schema version
        └── HistorySecretError      opened with another secret than it was written with

Risk is never an exception: what an application shows is a `Finding`. Messages carry advice and never
carry personal data: no name, number, path of a photo or value that was refused.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "EngineMismatchError",
    "FaceError",
    "FaceModelError",
    "HistoryError",
    "HistoryFormatError",
    "HistoryFullError",
    "HistoryLockedError",
    "HistoryReadOnlyError",
    "HistorySecretError",
    "HistoryUnreachableError",
    "HistoryVersionError",
    "InputError",
    "LeadError",
    "LineStepError",
    "NumberError",
    "PhotoError",
    "PolicyError",
    "SettlementError",
    "SimkycError",
]


class SimkycError(Exception):
    """Root of everything simkyc raises on purpose."""


class InputError(SimkycError, ValueError):
    """The caller's data cannot be taken in.

    `problems` holds one `(where, what)` per fault: a dotted field path and a sentence, without the value.
    """

    def __init__(self, message: str, problems: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.problems: tuple[tuple[str, str], ...] = tuple(problems)


class NumberError(InputError):
    """A number that cannot be what it claims. `cause` is a short stable word, e.g. `shape` or `checksum`."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class PhotoError(InputError):
    """Bytes that are no usable photo. `cause` is a short stable word, e.g. `truncated` or `too_many_pixels`."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class PolicyError(SimkycError, ValueError):
    """A policy file or value that does not hold; nothing is decided with it."""


class FaceError(SimkycError):
    """The face engine cannot work."""


class FaceModelError(FaceError):
    """Network weights are missing, truncated or altered, or OpenCV cannot run them."""


class EngineMismatchError(FaceError):
    """Templates, distances or calibrations of two different engines were brought together."""


class SettlementError(SimkycError):
    """An application cannot be settled: unknown, never admitted, settled otherwise, or its admission expired."""


class LineStepError(SimkycError):
    """A line cannot take this step from where it stands. `cause` is a short stable word, e.g. `no_notice`."""

    def __init__(self, cause: str, message: str) -> None:
        super().__init__(message)
        self.cause = cause


class LeadError(SimkycError):
    """A lead cannot be made, exported, answered or revoked that way, or its files cannot be written."""


class HistoryError(SimkycError):
    """What is remembered cannot be read or written; no card may be issued until it can."""


class HistoryLockedError(HistoryError):
    """Another process held the history longer than the lock timeout. Nothing was written; try again."""


class HistoryUnreachableError(HistoryError):
    """The server cannot be reached, or the connection to it was lost, perhaps after what was written took effect.

    Say the same again: an application that was recorded keeps its verdict.
    """


class HistoryReadOnlyError(HistoryError):
    """The history can be read but not written."""


class HistoryFullError(HistoryError):
    """No space is left where the history lives. Nothing was written."""


class HistoryFormatError(HistoryError):
    """The file is no simkyc history, or is damaged."""


class HistoryVersionError(HistoryError):
    """The history was written by a schema version that this simkyc cannot read."""


class HistorySecretError(HistoryError):
    """The history was written with another secret; its keyed hashes would match nothing."""
