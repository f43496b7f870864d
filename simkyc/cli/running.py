"""What commands share that run for a while: an extra that is needed, and how far they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simkyc.errors import InputError

__all__ = ["needed", "stages_shown"]


@contextmanager
def needed(says: str) -> Iterator[None]:
    """Say what to install where something inside is not installed.

    Raises:
        InputError: That.
    """
    try:
        yield
    except ModuleNotFoundError:
        raise InputError(says) from None


@contextmanager
def stages_shown(words: Mapping[str, str]) -> Iterator[Callable[[str, int, int], None]]:
    """Show on a terminal how far it is: called with the stage, how much of it is done, and of how much (0: not known).

    Args:
        words: What each stage is called.
    """
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None)

        def show(stage: str, done: int, total: int) -> None:
            progress.update(task, description=words[stage], completed=done, total=total or None)

        yield show
