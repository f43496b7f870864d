"""What holds connections, and must be taken care of when this process forks."""

from __future__ import annotations

import functools
import os
import weakref
from typing import Protocol

__all__ = ["forked_with"]


class HoldsConnections(Protocol):
    """Something that lets go of its connections across a fork."""

    def before_fork(self) -> None:
        """Called in the parent, before."""

    def after_fork_in_child(self) -> None:
        """Called in the child, after."""


@functools.cache
def forked_with() -> weakref.WeakSet[HoldsConnections]:
    """Everything open that a fork of this process must take care of; add to it what opens."""
    open_now: weakref.WeakSet[HoldsConnections] = weakref.WeakSet()
    if hasattr(os, "register_at_fork"):

        def before() -> None:
            for one in list(open_now):
                one.before_fork()

        def after_in_child() -> None:
            for one in list(open_now):
                one.after_fork_in_child()

        os.register_at_fork(before=before, after_in_child=after_in_child)
    return open_now
