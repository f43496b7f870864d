"""Which people hang together: components of people and things, and the dense parts of large ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import igraph
import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from simkyc.rings.limits import RingLimits

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cores", "groups"]


def groups(
    person: NDArray[np.int32],
    thing: NDArray[np.int32],
    weight: NDArray[np.float32],
    people: int,
    things: int,
    limits: RingLimits,
) -> NDArray[np.int64]:
    """The group of each person (people,), numbered from 0.

    Components come from scipy. One of more than `split_people` people is divided into communities (Leiden, by
    modularity of the weights) if these are so distinct that their modularity reaches `split_modularity`: two rings
    that one chance tie holds together. A component's parts depend on nothing outside of it.

    Args:
        person: Of each tie (n,) the person, 0 to people - 1.
        thing: And the thing, 0 to things - 1. No tie comes twice.
        weight: And what it weighs.
        people: How many people.
        things: How many things.
        limits: When large components are divided.
    """
    # A place for each person and, behind them, for each thing.
    ones = np.ones(person.size, np.int8)
    graph = coo_array((ones, (person, thing + people)), shape=(people + things, people + things))
    count, labels = connected_components(graph.tocsr(), directed=False)
    of_person: NDArray[np.int64] = labels[:people].astype(np.int64)
    large = np.flatnonzero(np.bincount(of_person, minlength=count) > limits.split_people.value)
    if not large.size:
        return of_person
    of_tie = of_person[person]
    order = np.lexsort((thing, person, of_tie))
    starts = np.searchsorted(of_tie[order], large, "left")
    ends = np.searchsorted(of_tie[order], large, "right")
    for start, end in zip(starts, ends, strict=True):
        ties = order[start:end]
        here, parts = _communities(person[ties], thing[ties], weight[ties], limits)
        later = parts > 0
        of_person[here[later]] = count + parts[later] - 1
        count += int(parts.max())
    return of_person


def _communities(
    person: NDArray[np.int32], thing: NDArray[np.int32], weight: NDArray[np.float32], limits: RingLimits
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The people of a component in order, and the community of each, from 0; all 0 where it is one piece."""
    here, of_person = np.unique(person, return_inverse=True)
    there, of_thing = np.unique(thing, return_inverse=True)
    whole = np.zeros(here.size, np.int64)
    graph = igraph.Graph(n=here.size + there.size, edges=np.column_stack([of_person, of_thing + here.size]))
    igraph.set_random_number_generator(random.Random(int(limits.seed.value)))  # noqa: S311  # no secret
    try:
        found = graph.community_leiden("modularity", weights=weight.astype(np.float64), n_iterations=8)
    finally:
        igraph.set_random_number_generator(random)
    if graph.modularity(found, weights=weight.astype(np.float64)) < limits.split_modularity.value:
        return here, whole
    _, parts = np.unique(np.asarray(found.membership[: here.size]), return_inverse=True)
    parts = _without_splinters(parts, of_person, of_thing, weight, int(limits.people_min.value))
    return here, np.unique(parts, return_inverse=True)[1].astype(np.int64)


def _without_splinters(
    parts: NDArray[np.intp],
    person: NDArray[np.intp],
    thing: NDArray[np.intp],
    weight: NDArray[np.float32],
    least: int,
) -> NDArray[np.intp]:
    """The same communities, but who is in one of fewer than `least` people goes to the one they share most with.

    A rare thing that two people share would otherwise take both out of the rings they belong to.
    """
    sizes = np.bincount(parts)
    small = np.flatnonzero(sizes[parts] < least)
    if not small.size or small.size == parts.size:
        return parts
    shape = (parts.size, int(thing.max()) + 1)
    weights = csr_array((weight.astype(np.float64), (person, thing)), shape=shape)
    members = csr_array((np.ones(parts.size), (np.arange(parts.size), parts)), shape=(parts.size, sizes.size))
    there = (weights != 0).astype(np.float64).T @ members
    shared = (weights[small] @ there).toarray()
    shared[:, sizes < least] = 0
    moved = parts.copy()
    moved[small] = np.where(shared.max(axis=1) > 0, shared.argmax(axis=1), parts[small])
    return moved


def cores(links: Sequence[tuple[int, int]], people: int, things: int) -> list[int]:
    """The coreness of each person of one ring in the graph of people and things.

    Args:
        links: Person and thing, each from 0.
        people: How many people.
        things: How many things.
    """
    graph = igraph.Graph(n=people + things, edges=[(one, people + other) for one, other in links])
    return [int(one) for one in graph.coreness()[:people]]
