"""What ties people and from where on a group is a ring: numbers with unit and source, as a policy has them.

They stand in a file of their own because no verdict depends on them. Which faces are one person's, and what is a
store's own, the policy says.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Final, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from simkyc.application import Model, input_error
from simkyc.errors import InputError, PolicyError
from simkyc.policy import Limit

__all__ = ["AGAINST", "KINDS", "SIGNS", "Against", "Kind", "RingLimits", "Sign", "Term", "TieLimits"]

Kind = Literal["face", "device", "number", "payer", "representative", "companion", "delivery", "address"]
"""What ties people. A contact number and the number that somebody holds are one kind: `number`."""
Sign = Literal[
    "many_people",
    "comes_back",
    "one_box",
    "one_face",
    "several_ties",
    "several_stores",
    "from_elsewhere",
    "fraud_reported",
    "fraud_repeated",
    "unusual_staff",
]
"""What makes a group a ring; `simkyc.rings.words` tells each."""
Against = Literal["one_visit", "company", "student_days", "places_only", "quiet"]
"""What speaks against it."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SIGNS: Final[tuple[Sign, ...]] = get_args(Sign)
AGAINST: Final[tuple[Against, ...]] = get_args(Against)


class TieLimits(Model):
    """How much one kind ties, how many people at most, and from how many on it brings people in by itself."""

    weight: Limit
    most_people: Limit
    alone_people: Limit


class Term(Model):
    """The days, as month and day, in which students come."""

    first: str = Field(pattern="^[0-1][0-9]-[0-3][0-9]$")
    last: str = Field(pattern="^[0-1][0-9]-[0-3][0-9]$")


class RingLimits(Model):
    """All limits of one deployment. Load them with `RingLimits.default()` or `RingLimits.load(path)`."""

    window: Limit
    people_min: Limit
    score_min: Limit
    party_people: Limit
    party_time: Limit
    days_min: Limit
    share_min: Limit
    from_elsewhere_min: Limit
    fraud_repeated_min: Limit
    company_share_min: Limit
    company_days_max: Limit
    quiet_for: Limit
    staff_chance_max: Limit
    staff_openings_min: Limit
    split_people: Limit
    split_modularity: Limit
    seed: Limit
    term: Term
    ties: Mapping[Kind, TieLimits]
    signs: Mapping[Sign, Limit]
    against: Mapping[Against, Limit]

    @model_validator(mode="after")
    def _names_all(self) -> Self:
        for given, every in ((self.ties, KINDS), (self.signs, SIGNS), (self.against, AGAINST)):
            missing = [name for name in every if name not in given]
            if missing:
                raise ValueError(f"nothing said of {', '.join(missing)}")
        if self.people_min.value < 2:
            raise ValueError("people_min is 2 at least")
        return self

    @cached_property
    def limits_id(self) -> str:
        """`sha256:` and 16 hexadecimal digits over every value."""
        return "sha256:" + hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    @classmethod
    def default(cls) -> Self:
        """Those that ship with simkyc."""
        return cls.from_toml(resources.files("simkyc.rings").joinpath("limits.toml").read_text("utf-8"))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read them from a TOML file.

        Raises:
            PolicyError: The file is missing, no TOML, or a value does not hold.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise PolicyError(f"the limits of rings cannot be read: {type(error).__name__}") from None
        return cls.from_toml(text)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read them from TOML text.

        Raises:
            PolicyError: No TOML, or a value does not hold.
        """
        try:
            return cls.model_validate(tomllib.loads(text))
        except ValidationError as error:
            raise PolicyError(str(input_error(error, "the limits of rings"))) from None
        except InputError as error:
            raise PolicyError(str(error)) from None
        except (ValueError, RecursionError):
            raise PolicyError("the limits of rings are no TOML") from None
