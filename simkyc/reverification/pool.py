"""Work that many processes share, its results in the order in which it was given."""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Final, Generic, TypeVar

from simkyc.errors import SimkycError

__all__ = ["Pool"]

Task = TypeVar("Task")
Result = TypeVar("Result")

KILLED_AT_MOST: Final = 3
"""So often a worker may be killed before the job gives up."""
WAITING: Final = 2
"""Tasks that wait beside each that is worked on."""

_worker: Callable[[Any], Any] | None = None


class Pool(Generic[Task, Result]):
    """Processes that each make a worker once and then do one task after another.

    Args:
        make: Makes the worker, in each process; a function that pickle knows by name.
        arguments: What it is made from.
        processes: How many; None for as many as there are processors. With one the work is done in this process.
    """

    def __init__(
        self, make: Callable[..., Callable[[Task], Result]], arguments: tuple[Any, ...], processes: int | None
    ) -> None:
        self._make, self._arguments = make, arguments
        self._processes = processes or os.cpu_count() or 1
        self._own: Callable[[Task], Result] | None = None
        self._executor: ProcessPoolExecutor | None = None
        self._killed = 0

    def map(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """The result of each task, in their order; few are in hand at once.

        A task whose worker the system killed is done again.

        Raises:
            SimkycError: Workers are killed again and again.
        """
        if self._processes == 1:
            if self._own is None:
                self._own = self._make(*self._arguments)
            yield from map(self._own, tasks)
            return
        waiting: deque[tuple[Task, Future[Result]]] = deque()
        remaining = iter(tasks)
        while True:
            for task in remaining:
                waiting.append((task, self._submitted(task)))
                if len(waiting) >= self._processes * (1 + WAITING):
                    break
            if not waiting:
                return
            _, future = waiting[0]
            try:
                result = future.result()
            except BrokenProcessPool:
                waiting = self._again(waiting)
            else:
                waiting.popleft()
                yield result

    def _submitted(self, task: Task) -> Future[Result]:
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                self._processes,
                # A fork would take the threads of DuckDB and OpenCV along in whatever state they are.
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._make, self._arguments),
            )
        try:
            return self._executor.submit(_work, task)
        except BrokenProcessPool as error:
            broken: Future[Result] = Future()
            broken.set_exception(error)
            return broken

    def _again(self, waiting: deque[tuple[Task, Future[Result]]]) -> deque[tuple[Task, Future[Result]]]:
        """What is not done yet, begun anew in new processes."""
        self._killed += 1
        self._stop()
        if self._killed > KILLED_AT_MOST:
            raise SimkycError(
                "the system killed a worker again and again, perhaps for want of memory: call again with fewer"
                " workers, it goes on where it was"
            )
        return deque(
            (task, future if _is_done(future) else self._submitted(task)) for task, future in waiting
        )

    def _stop(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def close(self) -> None:
        """Let the processes end."""
        self._stop()


def _is_done(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _begin(make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    global _worker  # noqa: PLW0603  # a process has one worker
    _worker = make(*arguments)


def _work(task: Any) -> Any:
    assert _worker is not None, "a process begins by making its worker"
    return _worker(task)
