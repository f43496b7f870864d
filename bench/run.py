"""One run of the bench: how large it is, and how a waiting person sees that it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from rich.progress import Progress

__all__ = ["Run", "Size"]

T = TypeVar("T")


class Size(IntEnum):
    """How much is measured; `TINY` only shows that a table can be made."""

    TINY = 0
    QUICK = 1
    USUAL = 2
    FULL = 3


@dataclass(frozen=True, slots=True)
class Run:
    """What every bench is given."""

    size: Size
    progress: Progress | None = None

    def pick(self, tiny: T, quick: T, usual: T, full: T | None = None) -> T:
        """The value for this run's size; a full run is a usual one where nothing else is given."""
        return (tiny, quick, usual, usual if full is None else full)[self.size]

    def track(self, steps: Sequence[T], label: str) -> Iterator[T]:
        """The steps, one after the other. What is drawn is drawn between them, never beside a measurement."""
        if self.progress is None:
            yield from steps
            return
        task = self.progress.add_task(label, total=len(steps))
        self.progress.refresh()
        for step in steps:
            yield step
            self.progress.update(task, advance=1, refresh=True)
        self.progress.remove_task(task)
