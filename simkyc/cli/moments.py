"""Times as they are given on the command line."""

from __future__ import annotations

from datetime import datetime

from simkyc.errors import InputError
from simkyc.lists.watch import CHINA

__all__ = ["DAY_OR_TIME", "moment_or_day"]

DAY_OR_TIME = "a day in China such as 2026-01-31, or a time with its zone"
DAY = "2026-01-31"


def moment_or_day(text: str | None, option: str = "--since and --until") -> datetime | None:
    """The time that an option gives; a day begins at midnight in China.

    Raises:
        InputError: It is neither.

    >>> str(moment_or_day("2026-01-31"))
    '2026-01-31 00:00:00+08:00'
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or (moment.tzinfo is None and len(text.strip()) > len(DAY)):
        raise InputError(f"{option} {'take' if ' ' in option else 'takes'} {DAY_OR_TIME}")
    return moment.replace(tzinfo=CHINA) if moment.tzinfo is None else moment
