"""From findings to one verdict: limits, windows, and what each reason leads to.

A policy is data. `policy.toml` is the one that ships; a deployment copies it, changes numbers and loads
its own with `Policy.load`. Every number says its unit and where it comes from, so that an auditor reads
the file and needs nothing else. `policy_id` is a hash over all of it and stands in every verdict.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Final, Literal, Self, get_args

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from simkyc.application import ApplicationKind, Identifier, Model, input_error
from simkyc.errors import InputError, PolicyError
from simkyc.numbers.division import Agreement
from simkyc.numbers.documents import DocumentKind
from simkyc.reasons import REASONS, Action
from simkyc.verdict import EXPLAINED, SEVERITY, Decision, Evidence, Finding, LineAction, State

__all__ = ["Limit", "Measure", "Outcome", "Policy", "Ruling", "Window"]

DAY_S = 86_400
PLACES: Final = {code: place for place, code in enumerate(REASONS)}
"""The order of the reasons, in which those that weigh the same are told."""


LONGEST_DAYS = 36_500


class Limit(Model):
    """One number of the policy with its unit and source."""

    shown = ("value", "unit")

    value: float = Field(ge=0, le=1e9)
    unit: str = Field(min_length=1)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _is_a_time_that_can_be(self) -> Self:
        longest = {"minutes": 60 * 24 * LONGEST_DAYS, "hours": 24 * LONGEST_DAYS, "days": LONGEST_DAYS}
        if self.value > longest.get(self.unit.split()[0], self.value):
            raise ValueError("a time is no longer than a hundred years")
        return self


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
    handled_people: Limit


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


class Window(Model):
    """At most so many within so many days."""

    days: Limit
    most: Limit

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.days.value < 1 / 24:
            raise ValueError("a window lasts an hour at least")
        return self

    @property
    def seconds(self) -> int:
        """The window in seconds."""
        return int(self.days.value * DAY_S)


class DeviceLimits(Model):
    """How many people, cards and openings one device may be seen with, this application included."""

    people: tuple[Window, ...] = Field(min_length=1)
    sims: tuple[Window, ...] = Field(min_length=1)
    openings: tuple[Window, ...] = Field(min_length=1)


class HeldLineLimits(Model):
    """How long a change of a line makes the next one suspect, and how often its card may be replaced."""

    recent_change: Limit
    replacements: tuple[Window, ...] = Field(min_length=1)


class IotLimits(Model):
    """How many IoT cards one person may hold, and what each must be held to: one of these at least.

    An area that is wider than a circle of that radius, or reaches into more provinces, holds a card to nothing.
    """

    active_numbers: Limit
    area_radius_max: Limit
    area_provinces_max: Limit
    bind_types: tuple[Literal["IMEIBIND", "AREALIMIT"], ...]


class BindingLimits(Model):
    """What is ordinary of a line after its card was issued."""

    use_within: Limit
    moved_within: Limit
    new_user: Limit
    changes: tuple[Window, ...] = Field(min_length=1)
    devices: tuple[Window, ...] = Field(min_length=1)
    lines_on_device: tuple[Window, ...] = Field(min_length=1)


class OpeningLimits(Model):
    """How many openings are ordinary."""

    active_numbers: Limit
    numbers_elsewhere: Limit
    repeat: tuple[Window, ...] = Field(min_length=1)
    far_agreements: tuple[Agreement, ...] = Field(min_length=1)
    repeat_far_from_home: tuple[Window, ...] = Field(min_length=1)
    clerk_window: Limit
    clerk_openings: Limit


class TrailLimits(Model):
    """How far one person may go from counter to counter, and how fast."""

    window: Limit
    refused_elsewhere: Limit
    stores: Limit
    dealers: Limit
    speed_max: Limit
    distance_min: Limit
    counter_time: Limit
    clock_difference: Limit
    face_false_match_rate: Limit


class RemoteLimits(Model):
    """How far the device may be from the counter."""

    device_distance_max: Limit


class BatchLimits(Model):
    """What is more than a usual day, an unusual run, and too much fraud behind one pair of hands."""

    baseline_window: Limit
    baseline_days_min: Limit
    burst_factor: Limit
    burst_deviations: Limit
    burst_openings_min: Limit
    clerk_excess: Limit
    hour_days_share_max: Limit
    remote_first_openings_min: Limit
    remote_first_excess: Limit
    run_window: Limit
    consecutive_cards: Limit
    consecutive_numbers: Limit
    run_allowance: Limit
    run_share_max: Limit
    order_window: Limit
    in_order: Limit
    outcomes_window: Limit
    fraudulent_of_staff: Limit
    fraudulent_share_of_staff: Limit
    fraudulent_of_others: Limit

    @model_validator(mode="after")
    def _counts_full_days(self) -> Self:
        if self.baseline_window.value % 1:
            raise ValueError(
                "the usual day is told from full days: baseline_window is a whole number of them"
            )
        return self


class CommonValue(Model):
    """When a place is shared by so many people, for so long, that it says nothing: a dormitory, the shop itself."""

    people_min: Limit
    lately: Window


class Returning(Model):
    """A party comes once; who comes back day after day, with other people, to one clerk or to many stores, does not."""

    window: Limit
    people: Limit
    days: Limit

    @property
    def seconds(self) -> int:
        """The window in seconds."""
        return int(self.window.value * DAY_S)


class StoresOwn(Model):
    """When a contact number, payer or device is taken for the store's own: its telephone, its till, its spare phone."""

    window: Limit
    people_min: Limit
    stray_stores: Limit
    clerks_min: Limit
    days_share_min: Limit
    since: Limit
    since_share: Limit
    remote_excess: Limit
    fraudulent_share_max: Limit

    @property
    def seconds(self) -> int:
        """The window in seconds."""
        return int(self.window.value * DAY_S)


class SharedLimits(Model):
    """How many people may give the same contact number, payer, delivery address or home address."""

    contact: tuple[Window, ...] = Field(min_length=1)
    payer: tuple[Window, ...] = Field(min_length=1)
    delivery: tuple[Window, ...] = Field(min_length=1)
    address: tuple[Window, ...] = Field(min_length=1)
    common: CommonValue
    returning: Returning
    own: StoresOwn


class IdentityLimits(Model):
    """How faces of earlier openings are searched, and what a hit among so many is worth."""

    window: Limit
    nearest: Limit
    expected_false_hits: Limit
    other_face_false_match_rate: Limit
    companion_people: Limit
    companion_days: Limit
    companion_party: Limit
    companion_size_min: Limit
    same_sex_only: bool

    @model_validator(mode="after")
    def _looks_at_somebody(self) -> Self:
        if self.nearest.value < 1:
            raise ValueError("nearest is 1 at least")
        return self


class Combination(Model):
    """Signs that say little alone: each has a weight, and together they ask for a supervisor."""

    limit: Limit
    weights: Mapping[str, Annotated[float, Field(gt=0, le=1000, strict=True)]]


class NoticeRules(Model):
    """Which notice is current and how old its signature may be."""

    current_version: Identifier
    max_age: Limit


class Admission(Model):
    """How long an admitted application holds its place in every limit, and its SIM."""

    accepted: Limit
    in_review: Limit


class Kind(Model):
    """What one kind of application is asked, and what becomes of its line when it is carried out.

    Every check named must give a finding; one that is not named is not asked.
    """

    checks: tuple[str, ...] = Field(min_length=1)
    measure: str | None = None
    basis: str | None = None

    @model_validator(mode="after")
    def _says_on_what_basis(self) -> Self:
        if (self.measure is None) != (self.basis is None):
            raise ValueError("a measure and its basis come together")
        return self


class Measure(Model):
    """What may be done to a line, in the words of the CAMARA API Subscription Status.

    A service that is not named stays as it is. `expires_after` is None where it holds until somebody lifts it.
    """

    shown = ("voice_sms_in", "voice_sms_out", "data_service")

    voice_sms_in: Literal["active", "suspended"] | None = None
    voice_sms_out: Literal["active", "suspended"] | None = None
    data_service: Literal["active", "throttled", "suspended"] | None = None
    expires_after: Limit | None = None


class Appeal(Model):
    """Whom a subscriber may turn to, in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Ruling(Model):
    """What one reason leads to.

    `not_assessed` holds for any cause that `causes` does not name. `measure` is what is recommended for the line
    when it is flagged.
    """

    flagged: Decision
    not_assessed: Decision = Decision.REVIEW
    causes: Mapping[str, Decision] = Field(default_factory=dict)
    silent_alert: bool = False
    measure: str | None = None

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
    kinds: Mapping[ApplicationKind | Literal["line"], Kind]
    counter_clock: CounterClock
    document: DocumentLimits
    parties: PartyLimits
    real_name: RealNameLimits
    photo: PhotoLimits
    face: FaceLimits
    presentation: PresentationLimits
    device: DeviceLimits
    line: HeldLineLimits
    iot: IotLimits
    binding: BindingLimits
    openings: OpeningLimits
    trail: TrailLimits
    remote: RemoteLimits
    batch: BatchLimits
    shared: SharedLimits
    identity: IdentityLimits
    combination: Combination
    notice: NoticeRules
    admission: Admission
    measures: Mapping[str, Measure]
    appeal: Appeal
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

    @model_validator(mode="after")
    def _asks_every_kind(self) -> Self:
        missing = sorted({*get_args(ApplicationKind), "line"} - self.kinds.keys())
        if missing:
            raise ValueError(f"no checks for {', '.join(missing)}")
        checks = {reason.check for reason in REASONS.values()}
        if any(set(kind.checks) - checks for kind in self.kinds.values()):
            raise ValueError("a kind of application names a check that does not exist")
        named = {kind.measure for kind in self.kinds.values()}
        named |= {ruling.measure for ruling in self.reasons.values()}
        if named - {None} - self.measures.keys():
            raise ValueError("a measure is named that is not defined")
        if self.combination.weights.keys() - REASONS.keys():
            raise ValueError("a weight for a reason that does not exist")
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

    def _combined(self, findings: Sequence[Finding]) -> Finding:
        """Whether signs that lead to little alone come together; each reason weighs once."""
        weights = self.combination.weights
        signs = dict.fromkeys(
            finding.reason
            for finding in findings
            if finding.state is State.FLAGGED and finding.reason in weights
        )
        total, limit = math.fsum(weights[sign] for sign in signs), self.combination.limit.value
        return Finding(
            check="combination",
            reason="combination.several_signs",
            state=State.FLAGGED if total >= limit and len(signs) > 1 else State.PASSED,
            observed=total,
            limit=limit,
            unit="weight of signs",
            evidence=tuple(Evidence(name=sign, value=weights[sign], unit="weight") for sign in signs),
        )

    def line_actions(
        self,
        findings: Sequence[Finding],
        now: datetime,
        carried_out: ApplicationKind | None = None,
    ) -> tuple[LineAction, ...]:
        """What is recommended for the line: of each service the worst that a finding asks for.

        Args:
            findings: Those of a verdict.
            now: When it was decided; what expires counts from then.
            carried_out: The kind of an application that may be carried out now; None of a line.
        """
        flagged = {finding.reason for finding in findings if finding.state is State.FLAGGED}
        # In the order of the reasons, so that of two with one measure always the same is named.
        asked = [
            (ruling.measure, code, reason.basis)
            for code, reason in REASONS.items()
            if code in flagged and (ruling := self.reasons[code]).measure
        ]
        kind = None if carried_out is None else self.kinds[carried_out]
        if kind is not None and kind.measure and kind.basis:
            asked.append((kind.measure, f"kind.{carried_out}", kind.basis))
        actions: dict[str, LineAction] = {}
        for name, reason, basis in asked:
            for action in self._actions(self.measures[name or ""], reason, basis, now):
                before = actions.get(action.service)
                if before is None or _severity(action) > _severity(before):
                    actions[action.service] = action
        return tuple(actions[service] for service in SERVICES if service in actions)

    def _actions(self, measure: Measure, reason: str, basis: str, now: datetime) -> Iterator[LineAction]:
        lasts = measure.expires_after
        for service, status in zip(
            SERVICES, (measure.voice_sms_in, measure.voice_sms_out, measure.data_service), strict=True
        ):
            if status is not None:
                yield LineAction(
                    service=service,
                    status=status,
                    reason=reason,
                    basis=basis,
                    expires_at=None if lasts is None else now + timedelta(hours=lasts.value),
                    appeal={"zh-CN": self.appeal.zh, "en": self.appeal.en},
                )

    def keeps_from_accepting(self, finding: Finding) -> bool:
        """Whether this one finding by itself leads to anything but ACCEPT."""
        return self.reasons[finding.reason].decide(finding) is not Decision.ACCEPT

    def decide(
        self, findings: Sequence[Finding], kind: ApplicationKind | Literal["line"] = "opening"
    ) -> Outcome:
        """The worst finding under this policy decides, so the order of findings never matters.

        Args:
            findings: The answers of the checks.
            kind: What was asked for, or `line` for a line that is looked at after its card was issued.

        Raises:
            PolicyError: No finding at all, none from a check that this kind is asked, or a reason without a
                ruling. Nothing is decided then: what was not asked is never accepted.
        """
        absent = sorted(set(self.kinds[kind].checks) - {finding.check for finding in findings})
        if absent:
            raise PolicyError(f"required checks gave no finding: {', '.join(absent)}")
        if kind != "line":
            findings = (*findings, self._combined(findings))
        ruled: list[tuple[Decision, Finding]] = []
        for finding in findings:
            ruling = self.reasons.get(finding.reason)
            if ruling is None:
                raise PolicyError("a finding has a reason that the policy does not rule on")
            decision = ruling.decide(finding)
            ruled.append((decision, _ruled(finding, decision)))
        against = [(decision, finding) for decision, finding in ruled if decision is not Decision.ACCEPT]
        # Worst first; among equals a flagged reason says more than one that could not be checked.
        against.sort(
            key=lambda item: (
                -SEVERITY[item[0]],
                item[1].state is State.NOT_ASSESSED,
                PLACES[item[1].reason],
            )
        )
        return Outcome(
            decision=max({decision for decision, _ in ruled}, default=Decision.REFUSE),
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


def _ruled(finding: Finding, decision: Decision) -> Finding:
    """The finding with what it leads to."""
    if finding.observed is None and finding.data_as_of is None and not finding.evidence:
        return _plainly_ruled(finding, decision)
    return finding.model_copy(update={"decision": decision})


# What says nothing of one application alone is shared by many verdicts, as `checks.answers` shares it.
@lru_cache(maxsize=8192)
def _plainly_ruled(finding: Finding, decision: Decision) -> Finding:
    return finding.model_copy(update={"decision": decision})


SERVICES: Final[tuple[Literal["voiceSmsIn", "voiceSmsOut", "dataService"], ...]] = (
    "voiceSmsIn",
    "voiceSmsOut",
    "dataService",
)


def _severity(action: LineAction) -> tuple[int, bool, float]:
    """The worse the status, and then the longer it holds, the higher."""
    ends = action.expires_at
    return (
        ("active", "throttled", "suspended").index(action.status),
        ends is None,
        0.0 if ends is None else ends.timestamp(),
    )


def _advises(decision: Decision, finding: Finding) -> bool:
    """Not where all that is missing is what another reason, which is flagged, already asks for."""
    return not (
        decision is Decision.RETRY and finding.state is State.NOT_ASSESSED and finding.cause in EXPLAINED
    )


def _advice(decision: Decision, finding: Finding) -> Action:
    if REASONS[finding.reason].is_about_a_line:
        return Action.LOOK_AGAIN_LATER if decision is Decision.RETRY else REASONS[finding.reason].action
    if decision is Decision.REFUSE:
        return Action.DO_NOT_ISSUE
    if decision is Decision.REVIEW:
        return Action.CALL_SUPERVISOR
    return REASONS[finding.reason].action


@cache
def _default() -> Policy:
    return Policy.from_toml(resources.files("simkyc").joinpath("policy.toml").read_text(encoding="utf-8"))
