"""The window in which usage is counted, and what of it was lost.

>>> from datetime import UTC, datetime
>>> day = [datetime(2026, 6, n, tzinfo=UTC) for n in range(1, 31)]
>>> UsageWindow(day[0], day[29], ((day[1], day[2]), (day[1], day[3]))).outage_hours
48.0
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from simkyc.errors import InputError

__all__ = ["CHINA_S", "UsageWindow"]

CHINA_S: Final = 8 * 3600
DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class UsageWindow:
    """From `since` up to but not including `until`; fractions of a second are cut off.

    Attributes:
        since: Start, with its zone.
        until: End, with its zone.
        outages: From when until when the network, or the writing of records, was down.

    Raises:
        InputError: A time has no zone, or something ends before it begins.
    """

    since: datetime
    until: datetime
    outages: tuple[tuple[datetime, datetime], ...] = ()

    def __post_init__(self) -> None:
        spans = ((self.since, self.until), *self.outages)
        if any(moment.tzinfo is None for span in spans for moment in span):
            raise InputError("a time of the window, or of an outage, has no zone")
        if any(begins >= ends for begins, ends in spans):
            raise InputError("the window, or an outage, ends before it begins")

    @property
    def seconds(self) -> tuple[int, int]:
        """Both ends in epoch seconds."""
        return int(self.since.timestamp()), int(self.until.timestamp())

    @property
    def first_day(self) -> int:
        """Where the first whole day in China begins, in seconds of China's clock."""
        return -(-(self.seconds[0] + CHINA_S) // DAY_S) * DAY_S

    @property
    def down(self) -> tuple[tuple[int, int], ...]:
        """Outages within the window in epoch seconds, in order and apart from each other."""
        since, until = self.seconds
        found: list[tuple[int, int]] = []
        for begins, ends in sorted(
            (int(one.timestamp()), int(other.timestamp())) for one, other in self.outages
        ):
            first, last = max(begins, since), min(ends, until)
            if found and first <= found[-1][1]:
                found[-1] = (found[-1][0], max(last, found[-1][1]))
            elif first < last:
                found.append((first, last))
        return tuple(found)

    @property
    def outage_hours(self) -> float:
        """Hours of the window that were lost."""
        return sum(ends - begins for begins, ends in self.down) / 3600
