"""Rings as one HTML page, for whoever looks into them: Chinese first, English beside it.

It asks no other machine for anything, reads on a telephone and on paper, and follows the reader into the dark. It
shows neither names nor keyed hashes: people have numbers, things letters, and `rings.json` says which is which.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from importlib import resources
from typing import Final

import jinja2

from simkyc.rings.limits import KINDS
from simkyc.rings.picture import DRAWN_PEOPLE, letters, numbers, picture
from simkyc.rings.ring import Ring, Rings
from simkyc.rings.words import AGAINST_WORDS, KIND_WORDS, SIGN_WORDS

__all__ = ["render"]

CHINA: Final = timezone(timedelta(hours=8))
SHOWN_RINGS: Final = 50
SHOWN_ROWS: Final = 30


def render(rings: Rings) -> str:
    """The page.

    Args:
        rings: As `find.find_rings` or `rings.json` gives them.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": lambda value: f"{value:,}",
        "day": _day,
        "points": lambda one: f"{one:g}",
    }
    text = resources.files(__package__).joinpath("rings.html.jinja").read_text(encoding="utf-8")
    return environment.from_string(text).render(
        found=rings,
        shown=[_shown(ring) for ring in rings.rings[:SHOWN_RINGS]],
        rows=SHOWN_ROWS,
        drawn=DRAWN_PEOPLE,
        kind_words=KIND_WORDS,
        kinds=KINDS,
        sign_words=SIGN_WORDS,
        against_words=AGAINST_WORDS,
        in_rings=sum(len(ring.members) for ring in rings.rings),
        in_use=sum(ring.harm.in_use for ring in rings.rings),
        fraud=sum(ring.harm.fraud for ring in rings.rings),
    )


def _shown(ring: Ring) -> dict[str, object]:
    number, letter = numbers(ring), letters(ring)
    order = sorted(range(len(ring.members)), key=number.__getitem__)
    things = sorted(range(len(ring.shared)), key=lambda one: (-ring.shared[one].people_here, one))
    first, last = ring.members[order[0]], ring.members[order[-1]]
    named = {thing.kind + thing.key: letter[place] for place, thing in enumerate(ring.shared)}
    of = {member.person: number[place] for place, member in enumerate(ring.members)}
    connected = _connected(ring, first.person, last.person)
    return {
        "ring": ring,
        "picture": picture(ring, f"{len(ring.members)} 人 people, {len(ring.shared)} 项共用 things shared"),
        "members": [(number[one], ring.members[one]) for one in order],
        "things": [(letter[one], ring.shared[one]) for one in things],
        "path": [
            (step.kind, of[step.key] if step.kind == "person" else named[step.kind + step.key])
            for step in (ring.path(first.person, last.person) if connected else ())
        ],
    }


def _connected(ring: Ring, a: str, b: str) -> bool:
    """Whether the ring's own links lead from one to the other; parts of a divided component may have lost some."""
    place = {person: number for number, person in enumerate(ring.people)}
    return place[b] in ring.reached(place[a])


def _day(moment: datetime | None) -> str:
    return "–" if moment is None else moment.astimezone(CHINA).strftime("%Y-%m-%d")
