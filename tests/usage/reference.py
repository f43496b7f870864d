"""Records to `NumberUsage` in plain Python, as `simkyc.usage.number` words each value: an oracle for the SQL.

Hashes are left out: numbers stand for themselves. A reader of texts is made up: it knows the words that the simulated
gangs use, and takes digits out of a text for its template. Records within one second stand in the order in which they
were made, so that changes between devices may differ by some from an order by hashes.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

from simkyc.application import Position
from simkyc.geo import distance_km
from simkyc.testing.builders import NOW
from simkyc.testing.usage import WINDOW_DAYS, PlayedCall, PlayedMessage, UsedLine
from simkyc.usage.number import CallUse, DeviceUse, MessageUse, NumberUsage, OpeningKnown, PlaceUse

__all__ = ["SINCE", "UNTIL", "usages"]

UNTIL = NOW.replace(hour=0)
SINCE = UNTIL - timedelta(days=WINDOW_DAYS)
CHINA = timezone(timedelta(hours=8))
Seen = PlayedCall | PlayedMessage


def usages(lines: Iterable[UsedLine], since: datetime = SINCE, until: datetime = UNTIL) -> list[NumberUsage]:
    """Every line's use; devices are counted over all of them."""
    lines = list(lines)
    numbers: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        for record in _seen(line):
            numbers[record.imei[:14]].add(line.number)
    return [_usage(line, numbers, since, until) for line in lines]


def _seen(line: UsedLine) -> list[Seen]:
    records: list[Seen] = [*line.calls, *line.messages]
    return sorted(records, key=_at)


def _at(record: Seen) -> datetime:
    return record.began_at if isinstance(record, PlayedCall) else record.sent_at


def _usage(line: UsedLine, numbers: Mapping[str, set[str]], since: datetime, until: datetime) -> NumberUsage:
    seen = [record for record in _seen(line) if since <= _at(record) < until]
    calls = [record for record in seen if isinstance(record, PlayedCall)]
    messages = [record for record in seen if isinstance(record, PlayedMessage)]
    return NumberUsage(
        number=line.number,
        since=since,
        until=until,
        calls=_calls(calls, since),
        messages=_messages(messages),
        places=_places(seen),
        devices=_devices(seen, numbers) if seen else None,
        opening=OpeningKnown(
            application_id="test-0",
            age_days=line.age_days,
            service="personal",
            owner_numbers=line.owner_numbers,
            owner_openings=line.owner_openings,
            customer=line.customer,
        ),
    )


def _share(part: float, of: float) -> float | None:
    return part / of if of else None


def _busiest(moments: Iterable[datetime], form: str, cut: int = 99) -> int:
    return max(
        Counter(moment.astimezone(CHINA).strftime(form)[:cut] for moment in moments).values(), default=0
    )


def _calls(calls: Sequence[PlayedCall], since: datetime) -> CallUse:
    calls = list(dict.fromkeys(calls))
    out = [one for one in calls if one.direction == "out"]
    called, callers = (
        {one.counterpart for one in out},
        {one.counterpart for one in calls if one.direction == "in"},
    )
    met = Counter(one.counterpart for one in calls)
    talked = [one for one in calls if one.answered]
    reached = [one for one in out if one.answered]
    starts = [one.began_at.astimezone(CHINA) for one in out]
    silent, busiest, before = _spike(calls, since)
    return CallUse(
        calls=len(calls),
        outgoing=len(out),
        counterparts=len(called),
        callers=len(callers),
        per_counterpart=_share(len(calls), len(met)),
        most_with_one=max(met.values(), default=0),
        outgoing_share=_share(len(out), len(calls)),
        answered_share=_share(len(reached), len(out)),
        short_share=_share(sum(one.duration_s <= 15 for one in reached), len(reached)),
        returned_share=_share(len(called & callers), len(called)),
        talk_s=_share(sum(one.duration_s for one in talked), len(talked)),
        talk_s_per_counterpart=_share(sum(one.duration_s for one in talked), len(met)),
        busiest_hour=_busiest(starts, "%Y%m%d%H"),
        busiest_ten_minutes=_busiest(starts, "%Y%m%d%H%M", 11),
        night_share=_share(sum(at.hour >= 23 or at.hour < 7 for at in starts), len(starts)),
        hours=len({one.began_at.astimezone(CHINA).hour for one in calls}),
        days=len({one.began_at.astimezone(CHINA).date() for one in calls}),
        first_at=min((one.began_at for one in calls), default=None),
        last_at=max((one.began_at for one in calls), default=None),
        silent_days=silent,
        busiest_day=busiest,
        other_days=before,
    )


def _spike(calls: Sequence[PlayedCall], since: datetime) -> tuple[int | None, int, float | None]:
    """Days of the silence before the busy days, outgoing calls of the busiest, and of a day before the waking."""
    first = since.astimezone(CHINA).date()
    out = Counter(one.began_at.astimezone(CHINA).date() for one in calls if one.direction == "out")
    if not out:
        return None, 0, None
    busiest = min(out, key=lambda day: (-out[day], day))
    days = sorted({one.began_at.astimezone(CHINA).date() for one in calls})
    silent, woken = 0, first
    for before, day in itertools.pairwise([first - timedelta(days=1), *days]):
        gap = (day - before).days - 1
        if 0 <= (busiest - day).days <= 7 and gap >= silent:
            silent, woken = gap, day
    earlier = sum(count for day, count in out.items() if day < woken)
    return silent, out[busiest], _share(earlier, (woken - first).days)


_FRAUD_WORDS = ("贷款额度", "账户异常", "刷单")
_DISGUISE = re.compile(r"(?<=\w)[★.](?=\w)|\dO|現")


def _messages(messages: Sequence[PlayedMessage]) -> MessageUse:
    sent = [one for one in messages if one.direction == "out"]
    to = {one.counterpart for one in sent}
    senders = {one.counterpart for one in messages if one.direction == "in"}
    templates: dict[str, set[str]] = defaultdict(set)
    fraud = set()
    for one in sent:
        templates[re.sub(r"\d", "", one.text)].add(one.counterpart)
        plain = re.sub(r"[★.]", "", one.text)
        if any(word in plain for word in _FRAUD_WORDS):
            fraud.add(one)
    return MessageUse(
        sent=len(sent),
        received=len(messages) - len(sent),
        recipients=len(to),
        senders=len(senders),
        replied_share=_share(len(to & senders), len(to)),
        busiest_hour=_busiest((one.sent_at for one in sent), "%Y%m%d%H"),
        templates=len(templates),
        read=len(sent),
        largest_template=max(map(len, templates.values()), default=0),
        categories={
            "fraud": sum(one in fraud for one in sent),
            "other": sum(one not in fraud for one in sent),
        },
        fraud_recipients=len({one.counterpart for one in fraud}),
        with_link=sum("http" in one.text for one in sent),
        with_contact=sum(bool(re.search(r"微信|QQ|\d{6}", one.text)) for one in sent),
        evasive=sum(bool(_DISGUISE.search(one.text.split("http")[0])) for one in sent),
        classifier="made-up",
    )


def _places(seen: Sequence[Seen]) -> PlaceUse:
    places: list[Any] = list(
        dict.fromkeys((_at(one), one.cell, one.latitude, one.longitude, one.region) for one in seen)
    )
    cells = Counter(cell for _, cell, *_ in places)
    fastest = None
    for before, after in itertools.pairwise(sorted(places)):
        km = distance_km(*(Position(latitude=one[2], longitude=one[3]) for one in (before, after)))
        if km >= 30:
            seconds = max(1.0, (after[0] - before[0]).total_seconds())
            fastest = max(fastest or 0.0, km / seconds * 3600)
    return PlaceUse(
        events=len(places),
        cells=len(cells),
        days=len({one[0].astimezone(CHINA).date() for one in places}),
        commonest_share=_share(max(cells.values(), default=0), len(places)),
        fastest_km_h=fastest,
        regions=dict(Counter(one[4] for one in places)),
    )


def _devices(seen: Sequence[Seen], numbers: Mapping[str, set[str]]) -> DeviceUse:
    imeis = [one.imei[:14] for one in seen]
    return DeviceUse(
        devices=len(set(imeis)),
        changes=sum(one != other for one, other in itertools.pairwise(imeis)),
        numbers_in_device=max(len(numbers[imei]) for imei in imeis),
        bulk_tac=None,
    )
