"""One line over time: what follows from the cards it was bound to and the devices it was seen in.

A chain is everything that bound the number from its last opening on. A SIM swap is another IMSI on the same number; an
eSIM that moves to another phone with its IMSI is a change of the device and no SIM swap, and a phone that reports
the second of its two IMEIs is the same device.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from simkyc.application import DivisionCode, Model, Moment, Position, Restriction, Role, Text
from simkyc.facts import HeldLine
from simkyc.steps import LineStep, Standing, standing

if TYPE_CHECKING:
    from simkyc.history.protocol import Binding, OpeningKeys, Seen
    from simkyc.policy import StepRules

__all__ = [
    "BINDING_KINDS",
    "Change",
    "Sighting",
    "SwapReport",
    "chain_of",
    "counts",
    "declared_imeis",
    "device_changes",
    "devices_seen",
    "held_line",
    "holders_first",
    "last_holders_first",
    "opened_by",
    "restriction_of",
    "sim_changes",
    "stands",
    "swap_report",
    "was_cancelled",
]

BINDING_KINDS: Final = frozenset({"opening", "replacement", "transfer", "esim_move"})
"""Kinds of application that bind a number to a card and a device."""


class Sighting(Model):
    """What the network saw: a line in a device, when, and where it can tell.

    `imei` is as the network reports it: 14 to 16 digits, with any check digit. `division` is the county of the base
    station.
    """

    msisdn: Text
    imei: Text
    seen_at: Moment
    imsi: Text | None = None
    position: Position | None = None
    division: DivisionCode | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """When something of a line last changed, as the CAMARA APIs SIM Swap and Device Swap say it.

    Attributes:
        latest_at: The latest change, the first card or device of a new line included. None when none is known.
        swapped: Whether it changed within the age that was asked about; None when that cannot be told, because
            monitoring does not reach back so far.
        monitored_since: How far back it does; None when there is none.
    """

    latest_at: datetime | None
    swapped: bool | None
    monitored_since: datetime | None


@dataclass(frozen=True, slots=True)
class SwapReport:
    """Whether a line's card and its device changed lately.

    Attributes:
        sim: Another IMSI took over the number; a new subscription counts as one.
        device: The network saw it in another device, or in its first.
    """

    sim: Change
    device: Change


def chain_of(bindings: Sequence[Binding]) -> tuple[Binding, ...]:
    """What bound the number from its last opening up to now; empty when it is bound to nothing now.

    Args:
        bindings: Everything that was carried out for the number, oldest first.
    """
    bound = [binding for binding in bindings if binding.kind in BINDING_KINDS]
    # Two may have been carried out in one second: what still holds is the later.
    bound.sort(key=lambda binding: (binding.opened_at, binding.ended_at is None))
    if not bound or bound[-1].ended_at is not None:
        return ()
    start = max((place for place, binding in enumerate(bound) if binding.kind == "opening"), default=0)
    # What takes a line over ends what was before in the same second; a number that was given up is nobody's.
    given_up = (
        place
        for place, (before, after) in enumerate(itertools.pairwise(bound), 1)
        if before.ended_at is not None and before.ended_at < after.opened_at
    )
    return tuple(bound[max(start, *given_up, 0) :])


def holders_first(chain: Sequence[Binding]) -> Binding:
    """What gave the number to whoever holds it now."""
    return next((one for one in reversed(chain) if one.kind in {"opening", "transfer"}), chain[0])


def was_cancelled(bindings: Sequence[Binding]) -> bool:
    """Whether the number was somebody's and is bound to nothing now."""
    return any(binding.kind in BINDING_KINDS for binding in bindings) and not chain_of(bindings)


def last_holders_first(bindings: Sequence[Binding]) -> Binding | None:
    """What gave the number to whoever holds it now, or held it last; None when nobody ever did."""
    chain = chain_of(bindings)
    if not chain:
        chain = tuple(
            sorted(
                (binding for binding in bindings if binding.kind in BINDING_KINDS),
                key=lambda one: one.opened_at,
            )
        )
    return holders_first(chain) if chain else None


def stands(
    bindings: Sequence[Binding], steps: Sequence[LineStep], at: datetime, rules: StepRules
) -> Standing:
    """How the line stands with whoever holds it now, or held it last: what was done to others' is no matter here.

    Args:
        bindings: Everything that was carried out for the number, oldest first.
        steps: Everything that was done to it, oldest first, whoever held it.
        at: The moment.
        rules: As `steps.standing` takes them.
    """
    first = last_holders_first(bindings)
    own = [step for step in steps if first is not None and step.opened_by == first.application_id]
    return standing(own, at, rules)


def opened_by(bindings: Sequence[Binding], at: datetime | None) -> Binding | None:
    """What gave the number to whoever held it at that time, or to the first holder known; None where nothing did.

    Args:
        bindings: Everything that was carried out for the number, oldest first.
        at: The moment; None for the latest holder.
    """
    opened = [one for one in bindings if one.kind in BINDING_KINDS]
    held = [one for one in opened if at is None or one.opened_at <= at]
    return last_holders_first(held or opened[:1])


def sim_changes(chain: Sequence[Binding]) -> tuple[datetime, ...]:
    """When a card with another IMSI took over, the first card included, oldest first."""
    changes: list[datetime] = []
    before: Binding | None = None
    for binding in chain:
        if before is None or _is_other_card(before, binding):
            changes.append(binding.opened_at)
            before = binding
        elif binding.imsi is not None:
            before = binding
    return tuple(changes)


def _is_other_card(before: Binding, after: Binding) -> bool:
    # A transfer may name the card by its ICCID alone.
    if before.imsi is not None and after.imsi is not None:
        return before.imsi != after.imsi
    return None not in (before.iccid, after.iccid) and before.iccid != after.iccid


def devices_seen(chain: Sequence[Binding], sightings: Iterable[Seen]) -> tuple[tuple[datetime, str], ...]:
    """When the line was seen in which device, oldest first, a phone with two IMEIs by its first."""
    if not chain:
        return ()
    same = _same_phone(chain)
    # The card may be tried before the counter has settled.
    since = chain[0].decided_at
    return tuple(
        (seen.seen_at, same.get(seen.device, seen.device))
        for seen in sightings
        if seen.seen_at >= since and seen.device is not None
    )


def device_changes(seen: Sequence[tuple[datetime, str]]) -> tuple[datetime, ...]:
    """When the line was seen in another device than before, oldest first."""
    return tuple(after[0] for before, after in itertools.pairwise(seen) if before[1] != after[1])


def _same_phone(chain: Sequence[Binding]) -> Mapping[str, str]:
    """Each IMEI of a phone that was declared with two to the one that stands for both, whichever was named first."""
    same: dict[str, str] = {}
    for binding in chain:
        if binding.device is None or binding.second_device is None:
            continue
        one, other = (same.get(device, device) for device in (binding.device, binding.second_device))
        same = {device: one if stands == other else stands for device, stands in same.items()}
        same |= {one: one, other: one}
    return same


def declared_imeis(chain: Sequence[Binding]) -> frozenset[str]:
    """The device that was declared last, by each of its IMEIs; empty when none ever was."""
    last = next((binding for binding in reversed(chain) if binding.device is not None), None)
    imeis = () if last is None else (last.device, last.second_device)
    return frozenset(imei for imei in imeis if imei is not None)


def restriction_of(chain: Sequence[Binding]) -> Restriction | None:
    """What the card is held to, as said last."""
    said = next((binding.restriction_json for binding in reversed(chain) if binding.restriction_json), None)
    return None if said is None else Restriction.from_json(said)


def held_line(
    bindings: Sequence[Binding],
    sightings: Sequence[Seen],
    keys: OpeningKeys,
    transferor: str | None,
    replacement_windows_s: Iterable[int],
    now: datetime,
    frauds: frozenset[str] = frozenset(),
    *,
    suspended_for_fraud: bool = False,
) -> HeldLine | None:
    """What the history says of the line that an application is about; None when it knows none.

    Args:
        bindings: Everything that was carried out for its number, oldest first.
        sightings: The devices that the network saw it in, oldest first.
        keys: What the history knows the applicant and the card by.
        transferor: The same of who gives the number away; None without one.
        replacement_windows_s: How far back replacements are counted, in seconds.
        now: The moment.
        frauds: The applications that opened the number, where it was reported as used for fraud.
        suspended_for_fraud: Whether it stands suspended on suspicion, as `stands` tells.
    """
    chain = chain_of(bindings)
    if not chain:
        return None
    present, changes = chain[-1], sim_changes(chain)
    roles: dict[str | None, Role] = {transferor: "transferor", keys.person: "applicant"}
    imsi = next((binding.imsi for binding in reversed(chain) if binding.imsi is not None), None)
    replaced = [binding.opened_at for binding in chain if binding.kind == "replacement"]
    return HeldLine(
        opened_at=present.opened_at,
        service=present.service,
        restriction=restriction_of(chain),
        held_by=None if present.person is None else roles.get(present.person),
        card_agrees=None if keys.iccid is None else keys.iccid == present.iccid,
        imsi_agrees=None if keys.imsi is None or imsi is None else keys.imsi == imsi,
        lost_at=_lost_at(bindings, chain),
        sim_changed_at=changes[-1] if len(changes) > 1 else None,
        device_changed_at=max(device_changes(devices_seen(chain, sightings)), default=None),
        replacements={
            window_s: sum(moment > now - timedelta(seconds=window_s) for moment in replaced)
            for window_s in replacement_windows_s
        },
        is_fraud=holders_first(chain).application_id in frauds,
        is_suspended_for_fraud=suspended_for_fraud,
    )


def _lost_at(bindings: Sequence[Binding], chain: Sequence[Binding]) -> datetime | None:
    """When it was reported lost, unless a new card or a reactivation came after."""
    lost = None
    for binding in bindings:
        if binding.opened_at < chain[0].opened_at:
            continue
        if binding.kind == "loss_report":
            lost = binding.opened_at
        elif binding.kind in {"replacement", "reactivation", "second_check", "esim_move"}:
            lost = None
    return lost


def swap_report(
    bindings: Sequence[Binding], sightings: Sequence[Seen], max_age: timedelta, now: datetime
) -> SwapReport:
    """Whether card and device of a number changed within `max_age` before `now`."""
    chain = chain_of(bindings)
    if not chain:
        return SwapReport(UNKNOWN, UNKNOWN)
    opened, cards, seen = chain[0], sim_changes(chain), devices_seen(chain, sightings)
    # A history that begins later than the line knows of its first card and device only what followed.
    is_first = opened.kind in {"opening", "replacement"}
    sim = _change(cards if is_first else cards[1:], opened.opened_at, max_age, now)
    if not seen:
        return SwapReport(sim, UNKNOWN)
    # Seen at last long after it was opened: that is when somebody began to look, and no change.
    was_new = opened.kind == "opening" and seen[0][0] - opened.opened_at <= FIRST_USE
    changes = (seen[0][0], *device_changes(seen)) if was_new else device_changes(seen)
    return SwapReport(sim, _change(changes, seen[0][0], max_age, now))


UNKNOWN: Final = Change(None, None, None)
FIRST_USE: Final = timedelta(hours=24)
"""A card that is first seen within this time of its opening was first used then."""


def _change(
    moments: Sequence[datetime], monitored_since: datetime, max_age: timedelta, now: datetime
) -> Change:
    latest, oldest = max(moments, default=None), now - max_age
    if latest is not None and latest > oldest:
        return Change(latest, swapped=True, monitored_since=monitored_since)
    return Change(latest, False if monitored_since <= oldest else None, monitored_since)


def counts(moments: Iterable[datetime], windows_s: Iterable[int], now: datetime) -> Mapping[int, int]:
    """How many of the moments lie in each window before now."""
    known = list(moments)
    return {
        window_s: sum(moment > now - timedelta(seconds=window_s) for moment in known)
        for window_s in windows_s
    }
