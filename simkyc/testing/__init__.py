"""What a store's own tests import: applications, facts, a clock, fake face engines, synthetic portraits, a city.

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
        held_line,
        iccid_of,
        line_facts,
        number_usage,
        party,
        resident_id,
    )
    from simkyc.testing.city import World, play, world
    from simkyc.testing.fakes import FakeAuthority, FakeCrowdEngine, FakeFaceEngine, snapshot, swatch
    from simkyc.testing.portraits import PEOPLE, Capture, chip_portrait, group_portrait, portrait, render

__all__ = [
    "NOW",
    "PEOPLE",
    "STORE_ICCIDS",
    "Capture",
    "Clock",
    "FakeAuthority",
    "FakeCrowdEngine",
    "FakeFaceEngine",
    "World",
    "application",
    "chip_portrait",
    "facts",
    "group_portrait",
    "held_line",
    "iccid_of",
    "line_facts",
    "number_usage",
    "party",
    "play",
    "portrait",
    "render",
    "resident_id",
    "snapshot",
    "swatch",
    "world",
]

_CITY = {"World", "play", "world"}
_FAKES = {"FakeAuthority", "FakeCrowdEngine", "FakeFaceEngine", "snapshot", "swatch"}
_PORTRAITS = {"PEOPLE", "Capture", "chip_portrait", "group_portrait", "portrait", "render"}


def __getattr__(name: str) -> object:
    import importlib

    if name not in __all__:
        raise AttributeError(f"module 'simkyc.testing' has no attribute {name!r}")
    rooms = {"city": _CITY, "fakes": _FAKES, "portraits": _PORTRAITS}
    room = next((room for room, names in rooms.items() if name in names), "builders")
    return getattr(importlib.import_module(f"simkyc.testing.{room}"), name)
