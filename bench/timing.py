"""Times that are measured side by side, and how they are written."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

__all__ = ["Spread", "interleaved", "ratios", "seconds_text", "times_text"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, smallest and largest of what was measured."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def interleaved(
    sides: Mapping[str, Callable[[T], object]],
    rounds: Iterable[T],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Seconds of every side in every round: A B, B A, A B, so that both meet the same neighbours on the machine.

    Args:
        sides: What is compared; each is called with the round's subject.
        rounds: The subjects.
        clock: `time.process_time` for seconds of processor time, which other processes cannot lengthen.
    """
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for subject in rounds:
        for name in order:
            start = clock()
            sides[name](subject)
            taken[name].append(clock() - start)
        order.reverse()  # what follows a disk's flush or a full cache is not always the same side
    return taken


def ratios(over: Sequence[float], under: Sequence[float]) -> Spread:
    """`over / under`, round by round."""
    return Spread.of([a / b for a, b in zip(over, under, strict=True)])


def seconds_text(spread: Spread) -> str:
    """A time with its spread, in the unit that fits.

    >>> seconds_text(Spread(0.0421, 0.04, 0.06))
    '42.1 ms (40.0 to 60.0)'
    """
    factor, unit = next(
        (factor, unit)
        for limit, factor, unit in ((1.0, 1.0, "s"), (1e-3, 1e3, "ms"), (0.0, 1e6, "µs"))
        if spread.median >= limit
    )
    figures = (spread.median * factor, spread.low * factor, spread.high * factor)
    digits = 1 if unit != "s" else 2
    median, low, high = (f"{figure:.{digits}f}" for figure in figures)
    return f"{median} {unit} ({low} to {high})"


def times_text(spread: Spread) -> str:
    """A ratio with its spread.

    >>> times_text(Spread(9.04, 8.2, 11.0))
    '9.04 (8.20 to 11.0)'
    """
    return f"{_figure(spread.median)} ({_figure(spread.low)} to {_figure(spread.high)})"


def _figure(value: float) -> str:
    """Three figures."""
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"
