"""What it costs to hold a line's card and device against a long history, and whether that grows with it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from functools import partial

from bench.run import Run
from bench.screening import Shop, shops
from bench.table import Result, Table, at_most
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc.gather import opening_windows
from simkyc.history.protocol import OpeningKeys

__all__ = ["device_sim"]

GROWTH_TARGET = 1.5


def device_sim(run: Run) -> Table:
    """The questions about card, number and device, on histories of several sizes."""
    rounds = range(run.pick(5, 200, 600))
    made = shops(run)
    sides: dict[str, Callable[[int], object]] = {}
    for shop in made:
        line = _Line(shop, len(rounds))
        sides |= {f"whole {shop.size}": line.whole, f"select {shop.size}": line.select}
        sides |= {f"{name} {shop.size}": partial(line.alone, name) for name in line.asked}
    for side in sides.values():
        side(rounds[0])
    taken = interleaved(sides, run.track(rounds[1:], "device and SIM"))
    smallest, largest = made[0].size, made[-1].size
    names = {
        "whole": "all four, in one snapshot",
        "facts": "counts of person, card, device and so on",
        "bindings": "what the number was bound to",
        "sightings": "where the network saw it",
        "listings": "lists that name the device or its type",
        "select": "one SELECT by a key",
    }
    growth = {name: ratios(taken[f"{name} {largest}"], taken[f"{name} {smallest}"]) for name in names}
    by_select = ratios(taken[f"whole {largest}"], taken[f"select {largest}"])
    return Table(
        title="Device and SIM in a long history",
        compared=(
            "What the history is asked about one line that was opened and seen before: Reader.facts, bindings, "
            "sightings and listings, in a snapshot of its own as of now, on SQLite. As many bindings, sightings and "
            "cards of the stock as openings; against one SELECT of the opening by its identifier through SQLAlchemy."
        ),
        columns=("question", *(f"at {shop.size:,}" for shop in made), f"{largest:,} by {smallest:,}"),
        rows=tuple(
            (
                words,
                *(seconds_text(Spread.of(taken[f"{name} {shop.size}"])) for shop in made),
                times_text(growth[name]),
            )
            for name, words in names.items()
        ),
        results=(
            at_most(
                f"all four at {largest:,} bindings by all four at {smallest:,}",
                growth["whole"].median,
                GROWTH_TARGET,
                written=times_text(growth["whole"]),
            ),
            Result(f"all four by one SELECT at {largest:,} bindings", times_text(by_select)),
        ),
        note=(
            "Median, smallest and largest; the sides take turns, each round about another line at random. Each takes "
            "a connection and a snapshot. tests/history/test_query_plans.py holds that no question reads a table."
        ),
    )


class _Line:
    """Lines of one history, and what is asked about each."""

    def __init__(self, shop: Shop, count: int) -> None:
        self._history, self._now = shop.history, shop.clock.now
        self._windows = opening_windows(shop.screener.policy)
        places = random.Random(shop.size).choices(range(shop.size), k=count)
        self._openings = [shop.opening(place) for place in places]
        self.asked: dict[str, Callable[..., object]] = {
            "facts": lambda reader, keys: reader.facts(keys, self._windows, self._now),
            "bindings": lambda reader, keys: reader.bindings(keys.msisdn, self._now),
            "sightings": lambda reader, keys: reader.sightings(keys.msisdn, self._now),
            "listings": lambda reader, keys: reader.listings(_listed(keys), self._now),
        }
        self._shop = shop

    def whole(self, place: int) -> None:
        keys = self._openings[place]
        with self._history.read() as reader:
            for ask in self.asked.values():
                ask(reader, keys)

    def alone(self, name: str, place: int) -> None:
        with self._history.read() as reader:
            self.asked[name](reader, self._openings[place])

    def select(self, place: int) -> None:
        self._shop.select(place)


def _listed(keys: OpeningKeys) -> tuple[str, ...]:
    """The device, and its type by any beginning of its code."""
    tac = "35693803"
    beginnings = itertools.accumulate(tac)
    return (keys.device or "", *(f"tac:{beginning}" for beginning in beginnings))
