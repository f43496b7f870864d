"""What the records of one number say of its use in a window: plain values, which findings are made of.

A group of values is None where no record of its kind was kept for the window: that is not known, and no zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from simkyc.usage.scored import Scored

__all__ = ["CallUse", "DeviceUse", "MessageUse", "NumberUsage", "OpeningKnown", "PlaceUse"]


@dataclass(frozen=True, slots=True)
class CallUse:
    """Calls of a window. A share or a mean is None where nothing stands under the line, or the records do not say.

    Where call records are kept and the number has none, the counts are 0 and all else is None. Calls of one number
    with one other, in one direction, that began in the same second are one.

    Attributes:
        calls: Calls out and in.
        outgoing: Calls out.
        counterparts: Different numbers called.
        callers: Different numbers that called.
        per_counterpart: Calls, out and in, with each number that was called or called, on average.
        most_with_one: Most calls with one number.
        outgoing_share: Share of calls that went out.
        answered_share: Share of outgoing calls that were answered, of those whose records say.
        short_share: Share of answered outgoing calls of at most 15 seconds. Where a record does not say whether it was
            answered, a call with talk was.
        returned_share: Share of the numbers called that ever called in the window.
        talk_s: Mean seconds of an answered call.
        talk_s_per_counterpart: Seconds of talk with each number that was called or called, on average.
        busiest_hour: Most outgoing calls in one hour of the clock.
        busiest_ten_minutes: Most outgoing calls in ten minutes of the clock.
        night_share: Share of outgoing calls that began from 23:00 to 07:00 in China.
        hours: Different hours of the day, in China, in which calls began; 0 to 24.
        days: Days in China with calls.
        first_at: When the first call began.
        last_at: When the last call began.
        silent_days: Whole days without any call, on end: the longest such silence that ended on the busiest day of
            outgoing calls (the first of days that are alike) or in the week before it. It reaches back to the last day
            with a call, or to the window's first whole day. Hours of an outage are taken off. None where no call went
            out.
        busiest_day: Most outgoing calls on one day in China.
        other_days: Outgoing calls a day on the days of the window before that silence ended, without hours of an
            outage. None where no call went out, or no whole day lies before.
    """

    calls: int
    outgoing: int
    counterparts: int
    callers: int
    per_counterpart: float | None
    most_with_one: int
    outgoing_share: float | None
    answered_share: float | None
    short_share: float | None
    returned_share: float | None
    talk_s: float | None
    talk_s_per_counterpart: float | None
    busiest_hour: int
    busiest_ten_minutes: int
    night_share: float | None
    hours: int
    days: int
    first_at: datetime | None
    last_at: datetime | None
    silent_days: int | None
    busiest_day: int
    other_days: float | None


@dataclass(frozen=True, slots=True)
class MessageUse:
    """Messages of a window; texts are read and forgotten, and never stand here.

    What was read of texts (from `templates` on) is 0 and empty where `read` is 0: it is not known then. Messages of one
    number with one other, in one direction, of one template, in the same second are one.

    Attributes:
        sent: Messages sent.
        received: Messages received.
        recipients: Different numbers written to.
        senders: Different numbers that wrote.
        replied_share: Share of the numbers written to that ever wrote in the window; None where none was written to.
        busiest_hour: Most messages sent in one hour of the clock.
        templates: Different templates (near-duplicates) among messages sent whose texts were read.
        read: Messages sent whose texts were read.
        largest_template: Different numbers that were sent one template, at most.
        categories: Messages sent by what they were taken for; `fraud`, `illegal`, `advertising`, `other`.
        fraud_recipients: Different numbers that were sent what was taken for `fraud` or `illegal`.
        lexicon: Messages sent by the name of the lexicon's entry that they hit.
        with_link: Messages sent that hold a URL.
        with_contact: Messages sent that hold a telephone number or another handle to turn to.
        evasive: Messages sent whose text was disguised (characters put between, look-alikes, mixed scripts).
        classifier: Identifier of the classifier that read them; None where the lexicon alone did.
    """

    sent: int
    received: int
    recipients: int
    senders: int
    replied_share: float | None
    busiest_hour: int
    templates: int
    read: int
    largest_template: int
    categories: Mapping[str, int] = field(default_factory=dict)
    fraud_recipients: int = 0
    lexicon: Mapping[str, int] = field(default_factory=dict)
    with_link: int = 0
    with_contact: int = 0
    evasive: int = 0
    classifier: str | None = None


@dataclass(frozen=True, slots=True)
class PlaceUse:
    """Where the network saw a number in a window: at calls, at messages, and on its own.

    Where records of places are kept and the number has none, the counts are 0.

    Attributes:
        events: Records with a cell, a position or a region; those of one second in one cell at one position are one.
        cells: Different cells.
        days: Days in China with such records.
        commonest_share: Share of the records with a cell that are in the commonest; None where none has a cell.
        fastest_km_h: The greatest speed between two records with positions that follow each other and lie at least
            30 km apart, the time between them counted as a second at least; None where no two lie so far apart.
        regions: Records by the region that the operator gave (a division of 6 digits, or a country of 2 letters).
    """

    events: int
    cells: int
    days: int
    commonest_share: float | None
    fastest_km_h: float | None
    regions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """The devices that a number was used in, in a window.

    Attributes:
        devices: Different devices (IMEIs by their first 14 digits).
        changes: How often another device than before was seen.
        numbers_in_device: Most different numbers that were seen in one device of this number, itself included; None
            where the records of this number alone were at hand.
        bulk_tac: Records in a device whose type allocation code is listed as bulk-SIM equipment; None where no such
            list is kept, or no record says the code. Records of one device in one second are one.
    """

    devices: int
    changes: int
    numbers_in_device: int | None
    bulk_tac: int | None


@dataclass(frozen=True, slots=True)
class OpeningKnown:
    """What the history knows of the opening behind a number.

    Attributes:
        application_id: The application by which its present card was issued.
        age_days: Days from its opening to the window's end.
        service: What the card is for.
        owner_numbers: Numbers that its holder has here, this one included.
        owner_openings: Openings of its holder in the 365 days before the window's end.
        customer: `personal`, or `unit` where a unit is answerable for the line.
    """

    application_id: str
    age_days: float
    service: str
    owner_numbers: int
    owner_openings: int
    customer: str


@dataclass(frozen=True, slots=True)
class NumberUsage:
    """One number in one window, from `since` up to but not including `until`.

    Attributes:
        number: Keyed hash of the MSISDN.
        since: Start of the window.
        until: Its end, as of which everything is judged.
        outage_hours: Hours of the window in which the network, or the writing of records, was down.
        calls: None where no call records are kept for the window.
        messages: None where no message records are kept.
        places: None where no records of places are kept, and none of its calls and messages says where.
        devices: None where no record says in which device the number was.
        opening: None where the history knows no such line.
        scored: What the usage model says; None without a model.
    """

    number: str
    since: datetime
    until: datetime
    outage_hours: float = 0.0
    calls: CallUse | None = None
    messages: MessageUse | None = None
    places: PlaceUse | None = None
    devices: DeviceUse | None = None
    opening: OpeningKnown | None = None
    scored: Scored | None = None
