"""A ring as it is shown and kept: who is in it, what ties them, since when, and what came of it."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import AwareDatetime, Field

from simkyc.application import Model
from simkyc.errors import InputError
from simkyc.rings.limits import Against, Kind, Sign

__all__ = ["Harm", "Link", "Member", "Named", "Ring", "Rings", "Shared", "Staff", "Step"]


class Step(NamedTuple):
    """One place on a path: a person or a shared thing, by kind and key."""

    kind: Kind | Literal["person"]
    key: str


class Member(Model):
    """One person of a ring.

    Attributes:
        person: Keyed hash of the identity.
        application_ids: What this person applied for in the window, oldest first.
        first_at: When the person first gave something that was counted.
        last_at: And last.
        ties: How many of the ring's shared things are this person's.
        core: Coreness in the graph of people and things: 1 hangs on one thread, 2 and more hold together by several.
    """

    shown = ("ties", "core")

    person: str
    application_ids: tuple[str, ...]
    first_at: AwareDatetime
    last_at: AwareDatetime
    ties: int
    core: int


class Shared(Model):
    """One thing that several people of a ring share.

    Attributes:
        kind: What it is.
        key: Its keyed hash; of a face or companion, the entry in the history and the role of the one in the middle.
        people_here: How many people of the ring share it.
        people: How many in all, in the window.
        seen: How many of the ring's people only have a line in it that the network saw; 0 of what is no device.
        weight: What it weighs between two people: the kind's weight over the binary logarithm of `people`.
        alone: Whether it brings people in by itself.
    """

    shown = ("kind", "people_here", "people", "weight")

    kind: Kind
    key: str
    people_here: int
    people: int
    seen: int
    weight: float
    alone: bool


class Staff(Model):
    """A clerk or dealer who served a ring more often than chance makes likely; this brings nobody in.

    Attributes:
        kind: `clerk` or `dealer`.
        staff_id: Who.
        people: How many of the ring's people they served there.
        of: Of so many who came to the clerk's store, or to any.
        usual_share: Their share of everybody else's applications there.
        chance: How likely as many are by chance.
    """

    shown = ("kind", "people", "of", "chance")

    kind: Literal["clerk", "dealer"]
    staff_id: str
    people: int
    of: int
    usual_share: float
    chance: float


class Harm(Model):
    """What came of a ring so far.

    Attributes:
        applications: Applications of its people in the window.
        opened: Numbers opened by them.
        in_use: Of these not closed.
        fraud: Of these reported as used for fraud, and not cleared.
    """

    shown = ("applications", "opened", "in_use", "fraud")

    applications: int
    opened: int
    in_use: int
    fraud: int


class Link(NamedTuple):
    """One person's tie to one thing, by their places in `Ring.members` and `Ring.shared`."""

    member: int
    shared: int


class Named(NamedTuple):
    """Something that a person of a ring named and that ties nobody in it: by it the next one may be near."""

    kind: Kind
    key: str


class Ring(Model):
    """People who are tied by what they share, and why they are shown.

    Attributes:
        ring_id: Stays from run to run as long as most of its people do.
        score: Points for it less points against it.
        signs: What makes it a ring.
        against: What speaks against it, and has been taken off.
        members: Its people, in the order of their keys.
        shared: What ties them, in the order of kind and key.
        links: Who has which.
        named: What its people named besides, and nobody else of the ring.
        staff: Who served them unusually often.
        first_at: The first activity in the window.
        last_at: The last.
        harm: What came of it.
        stores: In how many stores.
        days: On how many days somebody new came.
    """

    shown = ("ring_id", "score")

    ring_id: str
    score: float
    signs: tuple[Sign, ...]
    against: tuple[Against, ...]
    members: tuple[Member, ...] = Field(min_length=2)
    shared: tuple[Shared, ...] = Field(min_length=1)
    links: tuple[Link, ...]
    named: tuple[Named, ...] = Field(repr=False)
    staff: tuple[Staff, ...]
    first_at: AwareDatetime
    last_at: AwareDatetime
    harm: Harm
    stores: int
    days: int

    @cached_property
    def people(self) -> tuple[str, ...]:
        """Keyed hashes of its people, in order."""
        return tuple(member.person for member in self.members)

    def path(self, a: str, b: str) -> tuple[Step, ...]:
        """The shortest way from one person to another: person, thing, person, and so on; both ends included.

        Of several the one whose things weigh most in their order, then the first by key.

        Args:
            a: Keyed hash of one member.
            b: And of another.

        Raises:
            InputError: One of them is not in this ring, or no link leads from one to the other.
        """
        place = {person: number for number, person in enumerate(self.people)}
        if a not in place or b not in place:
            raise InputError("a path is between two members of the ring")
        end, came = len(self.members), self.reached(place[a])
        if place[b] not in came:
            raise InputError("nothing that the ring holds leads from one to the other")
        way = [place[b]]
        while way[-1] != place[a]:
            way.append(came[way[-1]])
        return tuple(
            Step("person", self.members[one].person)
            if one < end
            else Step(self.shared[one - end].kind, self.shared[one - end].key)
            for one in reversed(way)
        )

    def reached(self, start: int) -> dict[int, int]:
        """Every place that links lead to from a member's, and the place before it on the shortest way.

        Places are those of members, and behind them those of shared things.
        """
        came = {start: start}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there in self._neighbours[here]:
                if there not in came:
                    came[there] = here
                    queue.append(there)
        return came

    @cached_property
    def _neighbours(self) -> tuple[tuple[int, ...], ...]:
        """Of each person and then each thing, what it is linked to, heaviest things first."""
        end = len(self.members)
        near: list[list[int]] = [[] for _ in range(end + len(self.shared))]
        for link in self.links:
            near[link.member].append(end + link.shared)
            near[end + link.shared].append(link.member)
        for place, some in enumerate(near):
            if place < end:
                some.sort(key=lambda one: (-self.shared[one - end].weight, one))
            else:
                some.sort()
        return tuple(map(tuple, near))


class Rings(Model):
    """What one search found: `rings.json`.

    Attributes:
        simkyc_version: Who searched.
        limits_id: Under which limits.
        policy_id: And which policy.
        since: The window begins.
        until: And ends, itself not included; None of both where there was nothing to search.
        links: How many links were read in the window.
        links_dropped: How many were set aside because a cell is missing or names no kind.
        people: How many people the links name.
        things_cut: How many things many people share that tie nobody: a store's own, or too common.
        groups: How many groups were tied together, rings or not.
        faces: How faces were compared; None where they were not, and `faces_missing` says why.
        faces_missing: `no_faces`, `no_calibration`; None where they were compared or a table of links was searched.
        rings: Those with enough points, most points first.
    """

    shown = ("limits_id", "policy_id")

    simkyc_version: str
    limits_id: str
    policy_id: str
    since: datetime | None
    until: datetime | None
    links: int
    links_dropped: int
    people: int
    things_cut: int
    groups: int
    faces: int | None
    faces_missing: Literal["no_faces", "no_calibration"] | None
    rings: tuple[Ring, ...]
