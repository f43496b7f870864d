"""simkyc: is this the person on the ID, does the SIM belong here, and does the opening look like fraud?

The public names, each loaded when first asked for. `import simkyc` loads no OpenCV, dlib, NumPy or
SQLAlchemy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from simkyc._version import __version__

if TYPE_CHECKING:
    from simkyc.application import (
        Application,
        Authorisation,
        Clerk,
        Device,
        FaceConsent,
        Guardian,
        IdDocument,
        LiveFrame,
        Notice,
        Organisation,
        Person,
        Photo,
        Representative,
        Sim,
        Store,
    )
    from simkyc.authority import Authority, AuthorityAnswer, AuthorityQuery
    from simkyc.errors import (
        EngineMismatchError,
        FaceError,
        FaceModelError,
        HistoryError,
        HistoryFormatError,
        HistoryFullError,
        HistoryLockedError,
        HistoryReadOnlyError,
        HistorySecretError,
        HistoryUnreachableError,
        HistoryVersionError,
        InputError,
        LineStepError,
        NumberError,
        PhotoError,
        PolicyError,
        SettlementError,
        SimkycError,
    )
    from simkyc.policy import Policy
    from simkyc.reasons import REASONS, Action, Reason
    from simkyc.reverification.job import Job
    from simkyc.reverification.report import Report
    from simkyc.reverification.run import reverify
    from simkyc.screener import Screener
    from simkyc.verdict import Decision, Evidence, Finding, State, Verdict

__all__ = [
    "REASONS",
    "Action",
    "Application",
    "Authorisation",
    "Authority",
    "AuthorityAnswer",
    "AuthorityQuery",
    "Clerk",
    "Decision",
    "Device",
    "EngineMismatchError",
    "Evidence",
    "FaceConsent",
    "FaceError",
    "FaceModelError",
    "Finding",
    "Guardian",
    "HistoryError",
    "HistoryFormatError",
    "HistoryFullError",
    "HistoryLockedError",
    "HistoryReadOnlyError",
    "HistorySecretError",
    "HistoryUnreachableError",
    "HistoryVersionError",
    "IdDocument",
    "InputError",
    "Job",
    "LineStepError",
    "LiveFrame",
    "Notice",
    "NumberError",
    "Organisation",
    "Person",
    "Photo",
    "PhotoError",
    "Policy",
    "PolicyError",
    "Reason",
    "Report",
    "Representative",
    "Screener",
    "SettlementError",
    "Sim",
    "SimkycError",
    "State",
    "Store",
    "Verdict",
    "__version__",
    "reverify",
]

_ROOMS = {
    "application": (
        "Application",
        "Authorisation",
        "Clerk",
        "Device",
        "FaceConsent",
        "Guardian",
        "IdDocument",
        "LiveFrame",
        "Notice",
        "Organisation",
        "Person",
        "Photo",
        "Representative",
        "Sim",
        "Store",
    ),
    "authority": ("Authority", "AuthorityAnswer", "AuthorityQuery"),
    "policy": ("Policy",),
    "reasons": ("REASONS", "Action", "Reason"),
    "reverification.job": ("Job",),
    "reverification.report": ("Report",),
    "reverification.run": ("reverify",),
    "screener": ("Screener",),
    "verdict": ("Decision", "Evidence", "Finding", "State", "Verdict"),
}
_HOME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> object:
    room = _HOME.get(name) or ("errors" if name in __all__ else None)
    if room is None:
        raise AttributeError(f"module 'simkyc' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"simkyc.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
