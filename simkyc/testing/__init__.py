"""What a store's own tests import: applications, facts, a clock, a fake face engine, synthetic portraits.

Everything here is made up. Nothing is a real person, number or card.
What your own face engine or authority must do is checked by `simkyc.testing.contracts`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simkyc.testing.builders import (
        NOW,
        STORE_ICCIDS,
        Clock,
        application,
        facts,
        iccid_of,
        party,
        resident_id,
    )
    from simkyc.testing.fakes import FakeAuthority, FakeFaceEngine, swatch
    from simkyc.testing.portraits import PEOPLE, Capture, chip_portrait, group_portrait, portrait, render

__all__ = [
    "NOW",
    "PEOPLE",
    "STORE_ICCIDS",
    "Capture",
    "Clock",
    "FakeAuthority",
    "FakeFaceEngine",
    "application",
    "chip_portrait",
    "facts",
    "group_portrait",
    "iccid_of",
    "party",
    "portrait",
    "render",
    "resident_id",
    "swatch",
]

_FAKES = {"FakeAuthority", "FakeFaceEngine", "swatch"}
_PORTRAITS = {"PEOPLE", "Capture", "chip_portrait", "group_portrait", "portrait", "render"}


def __getattr__(name: str) -> object:
    import importlib

    if name not in __all__:
        raise AttributeError(f"module 'simkyc.testing' has no attribute {name!r}")
    room = "fakes" if name in _FAKES else "portraits" if name in _PORTRAITS else "builders"
    return getattr(importlib.import_module(f"simkyc.testing.{room}"), name)
