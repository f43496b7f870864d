"""Statements inside one open transaction: how a question is asked, and what an error of the database means."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, TypeVar

from sqlalchemy import Connection, Executable, Row, TextClause, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from simkyc.application import Position
from simkyc.errors import InputError, SimkycError

__all__ = [
    "FOREVER",
    "Asker",
    "Parameters",
    "Spans",
    "Statements",
    "epoch_seconds",
    "micro_degrees",
    "moment_of",
    "moment_or_none",
    "position_of",
]

FOREVER: Final = 2**63 - 1
"""Later than any event, and the largest integer that every database holds."""

Parameters = Mapping[str, str | int | bytes | list[str] | list[int] | None]
Asker = Mapping[str, str | int | None]
"""What one application that asks is told by."""
Answer = TypeVar("Answer")

COLUMNS: Final = {
    "person": "person_key",
    "iccid": "iccid",
    "imsi": "imsi_key",
    "msisdn": "msisdn_key",
    "store": "store_id",
    "card_low": "card_low",
    "card_high": "card_high",
}
"""Texts that an asker has, and the columns they are."""
NOBODY: Final[Asker] = dict.fromkeys((*COLUMNS, "before", "day_start"))

_ASK = (
    "ask AS (SELECT 1 AS ask_id, CAST(:at AS BIGINT) AS asked_at, CAST(:known_until AS BIGINT) AS known_until,"
    " CAST(:day_start AS BIGINT) AS day_start,"
    " COALESCE((SELECT entry_no FROM application WHERE application_id = CAST(:before AS VARCHAR)),"
    f" {FOREVER}) AS before_entry, "
    + ", ".join(f"CAST(:{name} AS VARCHAR) AS {column}" for name, column in COLUMNS.items())
    + ")"
)
"""One application that asks, as a table of one row."""

Spans = tuple[tuple[str, int], ...]
"""Windows in seconds with the question each is for."""


def epoch_seconds(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC, rounded down.

    Raises:
        InputError: The time has no zone.
    """
    if moment.tzinfo is None:
        raise InputError("a time needs its zone")
    return int(moment.timestamp() // 1)


def moment_of(seconds: int) -> datetime:
    """The time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def moment_or_none(seconds: int | None) -> datetime | None:
    """The time in UTC, where there is one."""
    return None if seconds is None else moment_of(seconds)


def micro_degrees(position: Position | None) -> tuple[int | None, int | None]:
    """Latitude and longitude in millionths of a degree."""
    if position is None:
        return None, None
    return round(position.latitude * 1e6), round(position.longitude * 1e6)


def position_of(latitude_e6: int | None, longitude_e6: int | None) -> Position | None:
    """The place, where both are known."""
    if latitude_e6 is None or longitude_e6 is None:
        return None
    return Position(latitude=latitude_e6 / 1e6, longitude=longitude_e6 / 1e6)


class Statements:
    """Runs statements in one open transaction and keeps what databases say in their errors inside.

    Args:
        connection: Has a transaction open.
        name_fault: Tells what a database error means, without its statement or parameters.
    """

    def __init__(self, connection: Connection, name_fault: Callable[[BaseException], SimkycError]) -> None:
        self._connection = connection
        self._name_fault = name_fault
        self.fault: SimkycError | None = None
        """The first database error. Nothing more is done after it: the database may have undone the
        transaction by itself, and what follows would be outside any."""

    def _rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        return self._run(lambda: self._connection.execute(statement, parameters).all())

    def _change(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> None:
        self._run(lambda: self._connection.execute(statement, parameters))

    def _run(self, work: Callable[[], Answer]) -> Answer:
        if self.fault is None:
            try:
                return work()
            except IntegrityError:
                self.fault = InputError("this application is already recorded, or lacks something")
            except (UnicodeError, OverflowError):
                self.fault = InputError("a key or identifier is no text that can be stored")
            except SQLAlchemyError as error:
                self.fault = self._name_fault(error)
        # Outside the handlers, so that what is raised drags no statement or parameter along as context.
        raise self.fault

    _knows_later: ClassVar[bool] = False
    """Whether what happened later than the moment asked about is known."""

    def _known_until(self, at: int) -> int:
        return FOREVER if self._knows_later else at

    def _asker(self, at: datetime, **named: str | int | None) -> dict[str, str | int | None]:
        moment = epoch_seconds(at)
        return {**NOBODY, "at": moment, "known_until": self._known_until(moment), **named}

    def _asked(
        self,
        texts: tuple[str, ...],
        asker: Asker,
        named: tuple[tuple[str, str], ...] = (),
        spans: Spans = (),
    ) -> Sequence[Row[Any]]:
        """The answers to several questions of one shape in one statement: one way to the database and back."""
        parameters: dict[str, str | int | bytes | list[str] | list[int] | None] = dict(asker)
        for place, (what, key) in enumerate(named):
            parameters |= {f"what_{place}": what, f"key_{place}": key}
        return self._rows(_in_one(texts, len(named), spans), parameters)


@functools.lru_cache(maxsize=256)
def _in_one(texts: tuple[str, ...], named: int, spans: Spans) -> TextClause:
    keys = " UNION ALL ".join(
        f"SELECT 1 AS ask_id, CAST(:what_{place} AS VARCHAR) AS what, CAST(:key_{place} AS VARCHAR) AS shared_key"
        for place in range(named)
    )
    tables = [_ASK, f"ask_key AS ({keys or NO_KEYS})", f"span AS ({_windows(spans) or NO_SPANS})"]
    return text(f"WITH {', '.join(tables)}" + " UNION ALL ".join(texts))


NO_KEYS = "SELECT 1 AS ask_id, '' AS what, '' AS shared_key WHERE 1 = 0"
NO_SPANS = "SELECT '' AS question, 0 AS window_s WHERE 1 = 0"


def _windows(spans: Spans) -> str:
    return " UNION ALL ".join(
        f"SELECT '{question}' AS question, {int(window_s)} AS window_s"
        # One window twice would count everything twice.
        for question, window_s in dict.fromkeys(spans)
    )
