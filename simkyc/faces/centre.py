"""The centre of a population's templates, and how far templates are moved off it.

The network was trained mostly on people of other descent, and squeezes faces of East Asian descent into a corner of
its space: measured at one distance, two strangers among them passed for one person 300 times as often as two
others (`docs/accuracy.md`). Taking most of their centre off every template, before it is brought to unit length,
spreads that corner out; the same distance then means nearly the same rate for both. It costs others little.

The centre is the mean of many people's templates and shows nobody. `python -m bench.accuracy` makes it.
"""

from __future__ import annotations

import hashlib
from functools import cache, cached_property
from importlib import resources

from pydantic import Field

from simkyc.application import Model

__all__ = ["SHIFT", "Centre", "shipped_centre"]

SHIFT = 0.65
"""Share of the centre that is taken off. Less leaves strangers of the population too near, more costs the others."""


class Centre(Model):
    """Mean of the templates of some people, one mean a person.

    Attributes:
        data: Who was measured, in words that name nobody.
        people: How many.
        vector: 128 numbers, in the space of the mirrored mean of unit length.
    """

    shown = ("data", "people")

    data: str
    people: int = Field(ge=30)
    vector: tuple[float, ...] = Field(min_length=128, max_length=128)

    @cached_property
    def centre_id(self) -> str:
        """Eight hexadecimal digits over the vector and the share that is taken off."""
        text = ",".join(f"{value:.6f}" for value in self.vector) + f"|{SHIFT:g}"
        return hashlib.sha256(text.encode()).hexdigest()[:8]


@cache
def shipped_centre() -> Centre:
    """The centre that ships with simkyc."""
    text = (
        resources.files("simkyc.faces").joinpath("calibrations/dlib.centre.json").read_text(encoding="utf-8")
    )
    return Centre.from_json(text)
