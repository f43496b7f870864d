"""From findings to one verdict: limits, windows, and what each reason leads to.

A policy is data. `policy.toml` is the one that ships; a deployment copies it, changes numbers and loads
its own with `Policy.load`. Every number says its unit and where it comes from, so that an auditor reads
the file and needs nothing else. `policy_id` is a hash over all of it and stands in every verdict.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from simkyc.application import Identifier, Model, input_error
from simkyc.errors import InputError, PolicyError
from simkyc.numbers.division import Agreement
from simkyc.numbers.documents import DocumentKind
from simkyc.reasons import REASONS, Action
from simkyc.verdict import EXPLAINED, Decision, Finding, State

__all__ = ["Limit", "Outcome", "Policy", "Ruling"]

DAY_S = 86_400


class Limit(Model):
    """One number of the policy with its unit and source."""

    shown = ("value", "unit")

    value: float = Field(ge=0)
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)


class CounterClock(Model):
    """How far the counter's clock may be off."""

    max_difference: Limit


class DocumentLimits(Model):
    """Ages that decide how a document is treated, and kinds that no machine reads."""

    adult_age: Limit
    consent_age: Limit
    consent_max_age: Limit
    oldest_age: Limit
    read_by_eye: tuple[DocumentKind, ...]


class RealNameLimits(Model):
    """How alike two addresses are when they are taken for one."""

    address_likeness_min: Limit


class PartyLimits(Model):
    """Who may act, with which document, and for how many."""

    applicant_documents: tuple[DocumentKind, ...] = Field(min_length=1)
    minor_documents: tuple[DocumentKind, ...]
    other_documents: tuple[DocumentKind, ...] = Field(min_length=1)
    youngest_age: Limit
    guardian_below_age: Limit
    adult_age: Limit
    representative_window: Limit
    represented_people: Limit


class PhotoLimits(Model):
    """What a photo must be before it is compared."""

    max_bytes: Limit
    max_pixels: Limit
    companion_size_max: Limit
    inter_eye_distance_min: Limit
    margin_min: Limit
    yaw_max: Limit
    pitch_max: Limit
    roll_max: Limit
    sharpness_min: Limit
    luminance_min: Limit
    luminance_max: Limit
    under_exposure_max: Limit
    over_exposure_max: Limit
    dynamic_range_min: Limit
    illumination_uniformity_min: Limit
    colour_deviation_max: Limit
    eye_glare_max: Limit
    blockiness_max: Limit


class FaceLimits(Model):
    """False match rates at which a comparison is accepted or looked at."""

    accept_false_match_rate: Limit
    review_false_match_rate: Limit

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.accept_false_match_rate.value > self.review_false_match_rate.value:
            raise ValueError("accept_false_match_rate must not be above review_false_match_rate")
        return self


class CameraLimit(Model):
    """From where on a signal in one camera's photos is a sign of an attack, and how often that is wrong there.

    `simkyc.faces.presentation` documents the signals and measures the rates.
    """

    camera_id: Identifier
    signal: Literal["lattice", "grey_range", "colour_spread"]
    beyond: Literal["above", "below"]
    limit: Limit
    bpcer: Limit
    apcer: Limit


class PresentationLimits(Model):
    """How several frames of one capture must agree, what a challenge asks, and which cameras tell more."""

    averaged_frames: Limit
    same_person_false_match_rate: Limit
    turn_min: Limit
    closer_min: Limit
    cameras: tuple[CameraLimit, ...] = ()


class DeviceSimLimits(Model):
    """People one device may be seen with."""

    device_window: Limit
    device_people: Limit


class Window(Model):
    """At most so many openings of one person within so many days, this one included."""

    days: Limit
    openings: Limit

    @property
    def seconds(self) -> int:
        """The window in seconds."""
        return int(self.days.value * DAY_S)


class OpeningLimits(Model):
    """How many openings are ordinary."""

    active_numbers: Limit
    repeat: tuple[Window, ...] = Field(min_length=1)
    far_agreements: tuple[Agreement, ...] = Field(min_length=1)
    repeat_far_from_home: tuple[Window, ...] = Field(min_length=1)
    clerk_window: Limit
    clerk_openings: Limit


class NoticeRules(Model):
    """Which notice is current and how old its signature may be."""

    current_version: Identifier
    max_age: Limit


class Admission(Model):
    """How long an admitted application holds its place in every limit, and its SIM."""

    accepted: Limit
    in_review: Limit


class Ruling(Model):
    """What one reason leads to.

    `not_assessed` holds for any cause that `causes` does not name.
    """

    flagged: Decision
    not_assessed: Decision = Decision.REVIEW
    causes: Mapping[str, Decision] = Field(default_factory=dict)
    silent_alert: bool = False

    def decide(self, finding: Finding) -> Decision:
        """The decision that this one finding asks for."""
        if finding.state is State.PASSED:
            return Decision.ACCEPT
        if finding.state is State.FLAGGED:
            return self.flagged
        return self.causes.get(finding.cause or "", self.not_assessed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy made of the findings; the screener dresses it as a `Verdict`."""

    decision: Decision
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]
    advice: tuple[Action, ...]
    silent_alert: bool


class Policy(Model):
    """All limits and rulings of one deployment. Load it with `Policy.default()` or `Policy.load(path)`."""

    shown = ("name",)

    name: str
    valid_from: AwareDatetime
    required_checks: tuple[str, ...] = Field(min_length=1)
    counter_clock: CounterClock
    document: DocumentLimits
    parties: PartyLimits
    real_name: RealNameLimits
    photo: PhotoLimits
    face: FaceLimits
    presentation: PresentationLimits
    device_sim: DeviceSimLimits
    openings: OpeningLimits
    notice: NoticeRules
    admission: Admission
    reasons: Mapping[str, Ruling]

    @model_validator(mode="after")
    def _rules_every_reason(self) -> Self:
        missing = sorted(REASONS.keys() - self.reasons.keys())
        unknown = self.reasons.keys() - REASONS.keys()
        if missing:
            raise ValueError(f"no ruling for {', '.join(missing)}")
        if unknown:
            raise ValueError(f"{len(unknown)} ruling(s) for reasons that do not exist")
        return self

    @classmethod
    def default(cls) -> Policy:
        """The policy that ships with simkyc."""
        return _default()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a policy from a TOML file.

        Raises:
            PolicyError: The file is missing, no TOML, or a value does not hold.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise PolicyError(f"the policy file cannot be read: {type(error).__name__}") from None
        return cls.from_toml(text)

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Read a policy from TOML text.

        Raises:
            PolicyError: No TOML, or a value does not hold.
        """
        try:
            fields = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # a number of thousands of digits is a bare ValueError
            where = "nested too deep" if isinstance(error, RecursionError) else str(error)
            raise PolicyError(f"the policy is no TOML: {where}") from None
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            raise PolicyError(str(input_error(error, "the policy"))) from None
        except InputError as error:
            raise PolicyError(str(error)) from None

    @cached_property
    def policy_id(self) -> str:
        """`sha256:` and 16 hexadecimal digits over every value in the policy."""
        return "sha256:" + hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def keeps_from_accepting(self, finding: Finding) -> bool:
        """Whether this one finding by itself leads to anything but ACCEPT."""
        return self.reasons[finding.reason].decide(finding) is not Decision.ACCEPT

    def decide(self, findings: Sequence[Finding]) -> Outcome:
        """The worst finding under this policy decides, so the order of findings never matters.

        Raises:
            PolicyError: No finding at all, none from a required check, or a reason without a ruling.
                Nothing is decided then: what was not asked is never accepted.
        """
        absent = sorted(set(self.required_checks) - {finding.check for finding in findings})
        if absent:
            raise PolicyError(f"required checks gave no finding: {', '.join(absent)}")
        ruled: list[tuple[Decision, Finding]] = []
        for finding in findings:
            ruling = self.reasons.get(finding.reason)
            if ruling is None:
                raise PolicyError("a finding has a reason that the policy does not rule on")
            decision = ruling.decide(finding)
            ruled.append((decision, finding.model_copy(update={"decision": decision})))
        against = [(decision, finding) for decision, finding in ruled if decision is not Decision.ACCEPT]
        places = {code: place for place, code in enumerate(REASONS)}
        # Worst first; among equals a flagged reason says more than one that could not be checked.
        against.sort(
            key=lambda item: (
                -list(Decision).index(item[0]),
                item[1].state is State.NOT_ASSESSED,
                places[item[1].reason],
            )
        )
        return Outcome(
            decision=max((decision for decision, _ in ruled), default=Decision.REFUSE),
            findings=tuple(finding for _, finding in ruled),
            reasons=tuple(dict.fromkeys(finding.reason for _, finding in against)),
            advice=tuple(
                dict.fromkeys(
                    _advice(decision, finding) for decision, finding in against if _advises(decision, finding)
                )
            ),
            silent_alert=any(
                self.reasons[finding.reason].silent_alert
                for finding in findings
                if finding.state is State.FLAGGED
            ),
        )


def _advises(decision: Decision, finding: Finding) -> bool:
    """Not where all that is missing is what another reason, which is flagged, already asks for."""
    return not (
        decision is Decision.RETRY and finding.state is State.NOT_ASSESSED and finding.cause in EXPLAINED
    )


def _advice(decision: Decision, finding: Finding) -> Action:
    if decision is Decision.REFUSE:
        return Action.DO_NOT_ISSUE
    if decision is Decision.REVIEW:
        return Action.CALL_SUPERVISOR
    return REASONS[finding.reason].action


@cache
def _default() -> Policy:
    return Policy.from_toml(resources.files("simkyc").joinpath("policy.toml").read_text(encoding="utf-8"))
