"""A ring drawn as a graph in SVG: people as numbered circles, what they share as labelled boxes between them."""

from __future__ import annotations

import math
import string
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final, NamedTuple

import igraph

from simkyc.rings.ring import Ring
from simkyc.rings.words import KIND_WORDS

__all__ = ["DRAWN_PEOPLE", "letters", "numbers", "picture"]

DRAWN_PEOPLE: Final = 40
"""So many people are drawn, those who hold together most first."""
DRAWN_THINGS: Final = 24
SIZES: Final = {"wide": (860.0, 470.0), "narrow": (350.0, 440.0)}
MARGIN: Final = 34.0
BOX: Final = 22.0


class _Place(NamedTuple):
    x: float
    y: float


def numbers(ring: Ring) -> tuple[int, ...]:
    """The number that each member has on the page, from 1 in the order in which they came."""
    order = sorted(range(len(ring.members)), key=lambda one: (ring.members[one].first_at, one))
    place = {member: number for number, member in enumerate(order, 1)}
    return tuple(place[one] for one in range(len(ring.members)))


def letters(ring: Ring) -> tuple[str, ...]:
    """The letter that each shared thing has among its kind: A to Z, then AA and so on."""
    counts: dict[str, int] = {}
    named = []
    for thing in ring.shared:
        count = counts[thing.kind] = counts.get(thing.kind, 0) + 1
        named.append(_letter(count))
    return tuple(named)


def _letter(number: int) -> str:
    """In the way of spreadsheets.

    >>> _letter(1), _letter(26), _letter(27)
    ('A', 'Z', 'AA')
    """
    text = ""
    while number:
        number, digit = divmod(number - 1, 26)
        text = string.ascii_uppercase[digit] + text
    return text


def picture(ring: Ring, said: str) -> str:
    """Two drawings, for a desk and for a telephone; the page shows the one that fits.

    Args:
        ring: Large ones are drawn in part.
        said: What a screen reader says of it.
    """
    people = sorted(
        range(len(ring.members)), key=lambda one: (-ring.members[one].core, -ring.members[one].ties, one)
    )[:DRAWN_PEOPLE]
    links = [link for link in ring.links if link.member in set(people)]
    here: dict[int, int] = {}
    for link in links:
        here[link.shared] = here.get(link.shared, 0) + 1
    things = sorted(
        (thing for thing, count in here.items() if count > 1),
        key=lambda one: (-here[one] * ring.shared[one].weight, one),
    )[:DRAWN_THINGS]
    nodes = {("person", one): place for place, one in enumerate(people)}
    nodes |= {("thing", one): place for place, one in enumerate(things, len(people))}
    edges = [
        (nodes["person", link.member], nodes["thing", link.shared])
        for link in links
        if ("thing", link.shared) in nodes
    ]
    places = _layout(len(nodes), edges)
    return "".join(_drawn(ring, said, shape, people, things, edges, places) for shape in SIZES)


def _layout(count: int, edges: Sequence[tuple[int, int]]) -> list[_Place]:
    """A place for each node within the unit square; the same graph always has the same."""
    graph = igraph.Graph(n=count, edges=list(edges))
    laid = graph.layout_kamada_kawai(seed=graph.layout_circle(), maxiter=50 * count)
    xs, ys = ([float(one[axis]) for one in laid.coords] for axis in (0, 1))
    wide, high = (max(max(some) - min(some), 1e-9) for some in (xs, ys))
    return [_Place((x - min(xs)) / wide, (y - min(ys)) / high) for x, y in zip(xs, ys, strict=True)]


def _drawn(
    ring: Ring,
    said: str,
    shape: str,
    people: Sequence[int],
    things: Sequence[int],
    edges: Sequence[tuple[int, int]],
    places: Sequence[_Place],
) -> str:
    width, height = SIZES[shape]
    number, letter = numbers(ring), letters(ring)
    upright = shape == "narrow"
    at = [
        _Place(
            MARGIN + (one.y if upright else one.x) * (width - 2 * MARGIN),
            MARGIN / 2 + (one.x if upright else one.y) * (height - MARGIN),
        )
        for one in places
    ]
    radius = max(8.5, min(15.0, 90.0 / math.sqrt(len(people) + 10)))
    labels = [f"{KIND_WORDS[ring.shared[one].kind][0]} {letter[one]}" for one in things]
    halves = [
        (13 * sum(ord(c) > 255 for c in label) + 9 * sum(ord(c) < 256 for c in label)) / 2 + 4
        for label in labels
    ]
    boxes = _apart(at[len(people) :], halves, width, height)
    at = [*at[: len(people)], *boxes]
    parts = [
        f'<svg class="{shape}" viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(said)}">',
        *(
            f'<line x1="{at[a].x:.1f}" y1="{at[a].y:.1f}" x2="{at[b].x:.1f}" y2="{at[b].y:.1f}"'
            f' style="stroke-width: {1 + 2 * min(1.0, ring.shared[things[b - len(people)]].weight):.1f}"/>'
            for a, b in edges
        ),
        *_people(at[: len(people)], [number[one] for one in people], radius),
    ]
    for box, half, label, thing in zip(boxes, halves, labels, things, strict=True):
        parts.append(
            f'<g class="k-{ring.shared[thing].kind}"><rect x="{box.x - half:.1f}" y="{box.y - BOX / 2:.1f}"'
            f' width="{2 * half:.1f}" height="{BOX:g}" rx="6"/>'
            f'<text class="thing" x="{box.x:.1f}" y="{box.y + 4.5:.1f}">{label}</text></g>'
        )
    return "".join((*parts, "</svg>"))


def _apart(places: Sequence[_Place], halves: Sequence[float], width: float, height: float) -> list[_Place]:
    """The same places within the picture, moved up and down as far as it takes for no box to cover another."""
    boxes = [
        _Place(
            min(max(place.x, half + 1), width - half - 1),
            min(max(place.y, BOX / 2 + 1), height - BOX / 2 - 1),
        )
        for place, half in zip(places, halves, strict=True)
    ]
    for _ in range(4 * len(boxes)):
        moved = False
        for one in range(len(boxes)):
            for other in range(one):
                a, b = boxes[one], boxes[other]
                down = a.y - b.y
                if abs(a.x - b.x) < halves[one] + halves[other] + 2 and abs(down) < BOX + 2:
                    step = (BOX + 3 - abs(down)) / 2 * (1 if down >= 0 else -1)
                    boxes[one] = a._replace(y=min(max(a.y + step, BOX / 2 + 1), height - BOX / 2 - 1))
                    boxes[other] = b._replace(y=min(max(b.y - step, BOX / 2 + 1), height - BOX / 2 - 1))
                    moved = True
        if not moved:
            break
    return boxes


def _people(places: Sequence[_Place], numbers: Sequence[int], radius: float) -> Iterator[str]:
    for place, number in zip(places, numbers, strict=True):
        yield (
            f'<g class="person"><circle cx="{place.x:.1f}" cy="{place.y:.1f}" r="{radius:.1f}"/>'
            f'<text x="{place.x:.1f}" y="{place.y + 4:.1f}">{number}</text></g>'
        )
