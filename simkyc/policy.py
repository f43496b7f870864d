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

AfterIssue = Literal["line", "usage"]
"""What is judged without an application: a line by its cards and devices, and a number by the records of its use."""

BY_HAND: Final = frozenset({"cancel"})
"""Measures that a person takes, never recommended by a reason or a kind."""


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


class RingRules(Model):
    """How near a known ring an opening is looked at, and how long a search for rings holds."""

    farthest: Limit
    max_age: Limit


class Combination(Model):
    """Signs that say little alone: each has a weight, and together they ask for a supervisor."""

    limit: Limit
    weights: Mapping[str, Annotated[float, Field(gt=0, le=1000, strict=True)]]


class UsageLimits(Model):
    """What holds for all that is told from the use of a number, and what units may declare their lines to be for."""

    outage_max: Limit
    outage_share: Limit
    window_min: Limit
    called_back_min: Limit
    declared: Mapping[str, tuple[str, ...]]


class CallLimits(Model):
    """From where on calls are a sign."""

    calls_min: Limit
    counterparts_min: Limit
    fan_out: Limit
    one_way_each: Limit
    one_way_outgoing: Limit
    throughout_each: Limit
    throughout_outgoing: Limit
    answered: Limit
    short: Limit
    returned: Limit
    busiest_hour: Limit
    busiest_ten_minutes: Limit
    night: Limit
    night_counterparts: Limit
    clock_hours: Limit
    clock_night: Limit
    silent: Limit
    woken_calls: Limit
    woken_times: Limit
    relayed: Limit


class MessageLimits(Model):
    """From where on messages are a sign."""

    messages_min: Limit
    recipients: Limit
    recipients_min: Limit
    busiest_hour: Limit
    template_recipients: Limit
    replied: Limit
    linked: Limit
    fraud_recipients: Limit
    fraud_share: Limit
    evasive: Limit
    evasive_share: Limit
    lexicon: Limit
    lexicon_share: Limit


class PlaceLimits(Model):
    """From where on places are a sign."""

    high_risk_regions: tuple[Annotated[str, Field(pattern=r"^([0-9]{6}|[A-Z]{2})$")], ...]
    events_min: Limit
    one_cell: Limit
    one_cell_days: Limit
    speed_max: Limit


class UsedDeviceLimits(Model):
    """How many devices a number may be used in, and how many numbers in its device."""

    numbers: Limit
    own_devices: Limit
    devices: tuple[Window, ...] = Field(min_length=1)
    changes: tuple[Window, ...] = Field(min_length=1)


class UsedOpeningLimits(Model):
    """What of the opening behind a number sharpens its use."""

    new_within: Limit
    new_fan_out: Limit
    new_recipients: Limit
    numbers: Limit
    openings: Limit


class UsageModelBands(Model):
    """Bands of a usage model, by the share of honest numbers that may fall into them."""

    suspend: Limit
    remind: Limit

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.suspend.value > self.remind.value:
            raise ValueError("suspend must not be above remind")
        return self


class UsagePattern(Model):
    """Bands of the weight that signs of use have together."""

    remind: Limit
    restrict: Limit
    suspend: Limit
    weights: Mapping[str, Annotated[float, Field(gt=0, le=1000, strict=True)]]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not 0 < self.remind.value <= self.restrict.value <= self.suspend.value:
            raise ValueError("remind, restrict and suspend rise in this order, from above 0")
        return self


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


StepMeasure = Literal[
    "remind", "second_check", "restrict_outgoing", "suspend", "cancel_notice", "cancel", "restore"
]
"""What can be done to a line, each with its own entry in `measures`; `simkyc.steps` says what leads where."""


class Ground(Model):
    """What a step may rest on beside a reason code.

    Attributes:
        basis: The rule behind it.
        suspects: Whether the line is then suspected of fraud.
        restores: Whether a named person may restore a line on it.
    """

    basis: str = Field(min_length=1)
    suspects: bool = True
    restores: bool = False


class StepRules(Model):
    """Who may take which step of a line, and on what ground.

    Attributes:
        suspend_unverified: Whether a line counts as suspended from the moment its second check was missed.
        clearing_restores: Whether the word that a number is cleared restores its line.
        restored_by: Kinds of application that lift whatever holds when they are settled.
        automata: Identifiers under which software takes steps.
        grounds: By the word that is given as reason.
    """

    suspend_unverified: bool
    clearing_restores: bool
    restored_by: tuple[ApplicationKind, ...]
    automata: tuple[Identifier, ...]
    grounds: Mapping[Identifier, Ground]

    def suspects(self, reason: str) -> bool:
        """Whether a step on this ground says that the line may be a fraudster's; of what is not listed it does.

        What the subscriber asked for at a counter suspects nobody.
        """
        ground = self.grounds.get(reason)
        return not reason.startswith("kind.") if ground is None else ground.suspects


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
    kinds: Mapping[ApplicationKind | AfterIssue, Kind]
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
    ring: RingRules
    combination: Combination
    usage: UsageLimits
    calls: CallLimits
    messages: MessageLimits
    places: PlaceLimits
    usage_devices: UsedDeviceLimits
    usage_opening: UsedOpeningLimits
    usage_model: UsageModelBands
    usage_pattern: UsagePattern
    notice: NoticeRules
    admission: Admission
    measures: Mapping[str, Measure]
    steps: StepRules
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
        missing = sorted({*get_args(ApplicationKind), *get_args(AfterIssue)} - self.kinds.keys())
        if missing:
            raise ValueError(f"no checks for {', '.join(missing)}")
        checks = {reason.check for reason in REASONS.values()}
        if any(set(kind.checks) - checks for kind in self.kinds.values()):
            raise ValueError("a kind of application names a check that does not exist")
        named = {kind.measure for kind in self.kinds.values()}
        named |= {ruling.measure for ruling in self.reasons.values()}
        if named - {None} - self.measures.keys():
            raise ValueError("a measure is named that is not defined")
        if named & BY_HAND:
            raise ValueError("a measure is named that a person takes and no policy recommends")
        if set(get_args(StepMeasure)) - self.measures.keys():
            raise ValueError("every step of a line is a measure: one is not defined")
        if any(self.measures[name].expires_after is None for name in ("second_check", "cancel_notice")):
            raise ValueError("a second check and a notice of cancellation need their time")
        if "cleared" not in self.steps.grounds or "unverified" not in self.steps.grounds:
            raise ValueError("steps.grounds needs cleared and unverified")
        if (self.combination.weights.keys() | self.usage_pattern.weights.keys()) - REASONS.keys():
            raise ValueError("a weight for a reason that does not exist")
        about_use = {code for code, reason in REASONS.items() if reason.check in self.kinds["usage"].checks}
        if any(set(allowed) - about_use for allowed in self.usage.declared.values()):
            raise ValueError("a declared use allows for a reason that is none of the checks of usage")
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
        """Whether signs that lead to little alone come together."""
        total, signs = _weighed(findings, self.combination.weights)
        limit = self.combination.limit.value
        return _weight_finding("combination.several_signs", total, limit, signs, holds=total >= limit)

    def _usage_bands(self, findings: Sequence[Finding]) -> Iterator[Finding]:
        """The strictest band that the signs of use reach together; those below it say so and hold nothing more."""
        total, signs = _weighed(findings, self.usage_pattern.weights)
        held = None
        for band in ("suspend", "restrict", "remind"):
            limit: Limit = getattr(self.usage_pattern, band)
            reached = total >= limit.value and len(signs) > 1
            yield _weight_finding(
                f"usage_pattern.{band}",
                total,
                limit.value,
                signs,
                holds=reached and held is None,
                cause="stricter_band" if reached and held else None,
            )
            held = held or (band if reached else None)

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

    def decide(self, findings: Sequence[Finding], kind: ApplicationKind | AfterIssue = "opening") -> Outcome:
        """The worst finding under this policy decides, so the order of findings never matters.

        Args:
            findings: The answers of the checks.
            kind: What was asked for; `line` for a line that is looked at after its card was issued, `usage` for the
                records of a number's use.

        Raises:
            PolicyError: No finding at all, none from a check that this kind is asked, or a reason without a
                ruling. Nothing is decided then: what was not asked is never accepted.
        """
        absent = sorted(set(self.kinds[kind].checks) - {finding.check for finding in findings})
        if absent:
            raise PolicyError(f"required checks gave no finding: {', '.join(absent)}")
        if kind == "usage":
            findings = (*findings, *self._usage_bands(findings))
        elif kind != "line":
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


def _weighed(findings: Sequence[Finding], weights: Mapping[str, float]) -> tuple[float, tuple[Evidence, ...]]:
    """The weight of all signs that hold together, and each sign's own; each reason weighs once."""
    signs = dict.fromkeys(
        finding.reason for finding in findings if finding.state is State.FLAGGED and finding.reason in weights
    )
    total = math.fsum(weights[sign] for sign in signs)
    return total, tuple(Evidence(name=sign, value=weights[sign], unit="weight") for sign in signs)


def _weight_finding(
    reason: str,
    total: float,
    limit: float,
    signs: tuple[Evidence, ...],
    *,
    holds: bool,
    cause: str | None = None,
) -> Finding:
    return Finding(
        check=REASONS[reason].check,
        reason=reason,
        state=State.FLAGGED if holds and len(signs) > 1 else State.PASSED,
        observed=total,
        limit=limit,
        unit="weight of signs",
        cause=cause,
        evidence=signs,
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
