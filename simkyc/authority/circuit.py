"""A circuit that opens: a service that keeps failing is left alone for a while."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TypeVar

import circuitbreaker

from simkyc.authority.match import NoAnswerError

__all__ = ["Circuit"]

_Answer = TypeVar("_Answer")


def _failed(_: type[Exception], error: Exception) -> bool:
    """Whether it speaks against the service; a 4xx speaks against what was asked."""
    return isinstance(error, NoAnswerError) and error.cause != "refused"


class Circuit:
    """Asks while the service answers; for any number of threads.

    After `open_after` failures in a row nobody asks for `open_for_s` seconds. Then one asks, and only its answer
    lets the others ask again.
    """

    def __init__(self, open_after: int, open_for_s: float) -> None:
        """Start closed."""
        self._breaker = circuitbreaker.CircuitBreaker(open_after, open_for_s, _failed, name="authority")
        # The breaker itself counts without a lock, and lets everybody try at once when its time is over.
        self._lock = Lock()
        self._trying = False

    def call(self, ask: Callable[[], _Answer]) -> _Answer:
        """Ask, unless the circuit is open.

        Raises:
            NoAnswerError: `circuit_open`, or whatever `ask` raised.
        """
        with self._lock:
            state = self._breaker.state
            alone = state == circuitbreaker.STATE_HALF_OPEN
            if state == circuitbreaker.STATE_OPEN or (alone and self._trying):
                raise NoAnswerError("circuit_open")
            self._trying = self._trying or alone
        try:
            answer = ask()
        except NoAnswerError as error:
            self._count(error.cause)
            raise
        else:
            self._count(None)
            return answer
        finally:
            if alone:
                self._trying = False

    def _count(self, cause: str | None) -> None:
        # A new error: the breaker keeps it, and with it every frame that it came through.
        with self._lock, suppress(NoAnswerError), self._breaker:
            if cause is not None:
                raise NoAnswerError(cause)
