"""Words of fraud and of forbidden trade: named entries in a file that the operator edits.

Each entry names a typology and is told in groups of plain terms: one of every group must be there, none of `unless`.
Terms are no patterns, so no text and no entry makes reading slow. simkyc brings `lexicon.toml` along; an operator
copies it, edits it, and names its own.

A false alarm names a number beside others for a person to read; a miss is left to the classifier and to how the number
is used.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, StringConstraints, ValidationError, model_validator

from simkyc.application import Model, input_error
from simkyc.errors import InputError
from simkyc.usage.messages.grams import Grams
from simkyc.usage.messages.masking import ACCOUNT, CONTACT, FIGURE, LINK
from simkyc.usage.messages.normalise import BOUNDARY, Normalised, normalised

__all__ = ["Entry", "Hits", "Lexicon"]

MOST_BYTES: Final = 2**20
MARKS: Final[Mapping[str, str]] = {"<link>": LINK, "<contact>": CONTACT, "<account>": ACCOUNT}
_SPACED: Final = re.compile("(?<=[\u3400-\u9fff]{2}) +(?=[\u3400-\u9fff]{2})")

Term = Annotated[str, StringConstraints(min_length=2, max_length=40)]
Group = Annotated[tuple[Term, ...], Field(min_length=1, max_length=300)]


class Entry(Model):
    """One typology.

    Attributes:
        name: Of the entry, as findings tell it.
        category: What a message of it is taken for.
        comment: What it is for.
        all_of: Groups of terms; one term of each is in the text.
        unless: Terms that none of is in the text.
    """

    shown = ("name", "category")

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    category: Literal["fraud", "illegal"]
    comment: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    all_of: tuple[Group, ...] = Field(min_length=1, max_length=10)
    unless: tuple[Term, ...] = Field(default=(), max_length=300)


@dataclass(frozen=True, slots=True)
class Hits:
    """What a lexicon says of one text.

    Attributes:
        names: Of the entries that hit, as they stand in the file.
        category: `fraud` where one of them is of fraud, `illegal` where one is and none of fraud, else None.
        undone: Whether a term was hidden: it is in the text only once signs and spellings are undone.
    """

    names: tuple[str, ...]
    category: Literal["fraud", "illegal"] | None
    undone: bool


NOTHING: Final = Hits(names=(), category=None, undone=False)


class Lexicon(Model):
    """All entries, in the order of the file.

    Attributes:
        schema_version: Of the file.
        warnings: Words of those who warn of fraud: a text with one of them, without link and contact, hits no entry.
        entry: The entries.
    """

    shown = ("schema_version",)

    schema_version: Literal[1]
    warnings: tuple[Term, ...] = Field(default=(), max_length=300)
    entry: tuple[Entry, ...] = Field(max_length=500)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [entry.name for entry in self.entry]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the entry {twice[0]} is there twice: give one of them another name")
        for entry in self.entry:
            for place, group in enumerate((*entry.all_of, entry.unless)):
                for at, term in enumerate(group):
                    fault = _fault(term)
                    if fault:
                        where = "unless" if place == len(entry.all_of) else f"group {place + 1} of all_of"
                        raise ValueError(f"the entry {entry.name}, {where}, term {at + 1}: {fault}")
        for at, term in enumerate(self.warnings):
            fault = _fault(term)
            if fault:
                raise ValueError(f"warnings, term {at + 1}: {fault}")
        return self

    @classmethod
    def default(cls) -> Lexicon:
        """The one that simkyc brings along."""
        return cls._read((resources.files("simkyc.usage.messages") / "lexicon.toml").read_bytes())

    @classmethod
    def load(cls, path: Path) -> Lexicon:
        """Read a lexicon from TOML; `simkyc/usage/messages/lexicon.toml` is one to begin with.

        Raises:
            InputError: It cannot be read, or an entry does not fit; says which, and what to do.
        """
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except (OSError, ValueError):
            raise InputError("the lexicon cannot be read: see its name and rights") from None
        if len(data) > MOST_BYTES:
            raise InputError("the lexicon is larger than 1 MiB: take out what it does not need")
        return cls._read(data)

    @classmethod
    def _read(cls, data: bytes) -> Lexicon:
        try:
            return cls.model_validate(tomllib.loads(data.decode()), strict=False)
        except ValidationError as error:
            raise input_error(error, "the lexicon") from None
        except UnicodeError:
            raise InputError("the lexicon is no UTF-8: save it as such") from None
        except (ValueError, RecursionError) as error:
            place = re.search(r"at line \d+, column \d+|at end of document", str(error))
            raise InputError(
                f"the lexicon is no TOML {place[0] if place else ''}".rstrip() + ": see its commas and quotes"
            ) from None

    @cached_property
    def lexicon_id(self) -> str:
        """`lexicon:` and the first twelve digits of the hash over all entries."""
        return f"lexicon:{hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:12]}"

    def hits(self, texts: Sequence[Normalised]) -> list[Hits]:
        """What hits each text.

        >>> Lexicon.default().hits([normalised("招网络兼职，刷.单日结，加微信abc12345")])[0].names
        ('brushing_orders', 'part_time_contact')
        """
        found: dict[int, set[str]] = {}
        rows, hashes = Grams([one.text for one in texts]).runs(2)
        told = self._beginnings_told[hashes >> np.uint64(48)]
        for row, hashed in zip(rows[told].tolist(), hashes[told].tolist(), strict=True):
            text = texts[row].text
            found.setdefault(row, set()).update(
                term for term in self._beginnings.get(hashed, ()) if term in text
            )
        return [self._hits(one, found[row]) if row in found else NOTHING for row, one in enumerate(texts)]

    def _hits(self, read: Normalised, found: set[str]) -> Hits:
        if not found or (not read.has_link and not read.has_contact and found & self._warnings):
            return NOTHING
        found |= {mark for mark in MARKS.values() if mark in read.text}
        hit = [
            place
            for place in sorted({place for term in found for place in self._places.get(term, ())})
            if not found & self._unless[place] and all(found & group for group in self._groups[place])
        ]
        if not hit:
            return NOTHING
        entries = [self.entry[place] for place in hit]
        shown = _SPACED.sub("", read.plain)
        told = {
            term for place in hit for group in self._groups[place] for term in found & group if len(term) > 1
        }
        return Hits(
            names=tuple(entry.name for entry in entries),
            category="fraud" if any(entry.category == "fraud" for entry in entries) else "illegal",
            undone=any(term not in shown for term in told),
        )

    @cached_property
    def _groups(self) -> tuple[tuple[frozenset[str], ...], ...]:
        return tuple(tuple(frozenset(map(_term, group)) for group in entry.all_of) for entry in self.entry)

    @cached_property
    def _unless(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(map(_term, entry.unless)) for entry in self.entry)

    @cached_property
    def _warnings(self) -> frozenset[str]:
        return frozenset(map(_term, self.warnings))

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Entries whose first group has the term."""
        places: dict[str, list[int]] = {}
        for place, groups in enumerate(self._groups):
            for term in groups[0]:
                places.setdefault(term, []).append(place)
        return places

    @cached_property
    def _beginnings(self) -> dict[int, list[str]]:
        """Terms by the hash of their first two characters."""
        every = self._warnings.union(*self._unless, *(group for groups in self._groups for group in groups))
        terms = sorted(term for term in every if len(term) > 1)
        _, hashes = Grams([term[:2] for term in terms]).runs(2)
        beginnings: dict[int, list[str]] = {}
        for term, hashed in zip(terms, hashes.tolist(), strict=True):
            beginnings.setdefault(hashed, []).append(term)
        return beginnings

    @cached_property
    def _beginnings_told(self) -> NDArray[np.bool_]:
        """Whether any of them has such first 16 bits: what sorts out nearly all pairs of a text."""
        told = np.zeros(2**16, dtype=bool)
        told[[hashed >> 48 for hashed in self._beginnings]] = True
        return told


def _term(term: str) -> str:
    return MARKS.get(term) or normalised(term).text


def _fault(term: str) -> str | None:
    if term in MARKS:
        return None
    if term.startswith("<"):
        return f"marks are {', '.join(MARKS)}"
    text = _term(term)
    if len(text) < 2:
        return "two characters are left of it at least, or it is found everywhere"
    if BOUNDARY in text or FIGURE in text or any(mark in text for mark in MARKS.values()):
        return "a term holds no punctuation, figure, link or contact: those are masked in the text"
    return None
