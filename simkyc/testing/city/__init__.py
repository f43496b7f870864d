"""A simulated city to test a policy in: stores, clerks, honest customers, and planted fraud with its labels.

`world` makes one, `play` lets it happen to a screener; `docs/world.md` says what is in it and what is not.

>>> small = world(1, days=21, people=40)
>>> sum(isinstance(event, Visit) and event.label is not None for event in small.events()) > 50
True
"""

from simkyc.testing.city.events import (
    CUSTOMERS,
    PATTERNS,
    Closed,
    Customer,
    Delivered,
    Event,
    Label,
    Outcome,
    Pattern,
    Seen,
    Visit,
)
from simkyc.testing.city.player import Played, play
from simkyc.testing.city.simulation import World, world

__all__ = [
    "CUSTOMERS",
    "PATTERNS",
    "Closed",
    "Customer",
    "Delivered",
    "Event",
    "Label",
    "Outcome",
    "Pattern",
    "Played",
    "Seen",
    "Visit",
    "World",
    "play",
    "world",
]
