"""Each feature on records so few that it can be counted by hand."""

from __future__ import annotations

import dataclasses
import random
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkyc.errors import InputError
from simkyc.history.keys import Keyring
from simkyc.usage.features import CallRecord, usage_of
from simkyc.usage.flat import features_of
from simkyc.usage.number import NumberUsage
from simkyc.usage.record_files import Hasher, line_key
from simkyc.usage.window import UsageWindow
from tests.usage.made_records import CHINA, ME, MONDAY, SECRET, WINDOW, at, call, key, message, seen


def counted(window: UsageWindow = WINDOW, **records: Any) -> dict[str, float | None]:
    return features_of(usage_of(ME, window, **records))


DAY = timedelta(days=1)
BURST = [call(f"b{n}", at(20, 9, n * 60)) for n in range(30)]

CALLS = [
    # what, records, value, why
    ("calls_calls", [call(), call("b", direction="in")], 2, "both directions count"),
    ("calls_calls", [call(), call()], 1, "the same call recorded twice is one"),
    ("calls_calls", [call(), call(duration_s=5)], 1, "a call recorded in two lengths is one"),
    ("calls_calls", [call(), call("b")], 2, "two at once are two where they are with two numbers"),
    ("calls_calls", [call(), call(direction="in")], 2, "and where they go two ways"),
    ("calls_calls", [call(when=WINDOW.since), call(when=WINDOW.until)], 1, "the end does not belong to it"),
    ("calls_calls", [call(when=WINDOW.since - timedelta(seconds=1))], 0, "nor what was before"),
    ("calls_outgoing", [call(), call("b", direction="in")], 1, "what came in did not go out"),
    ("calls_counterparts", [call(), call(when=at(1)), call("b"), call("c", direction="in")], 2, "a, b"),
    ("calls_callers", [call(), call("b", direction="in"), call("c", direction="in")], 2, "b, c"),
    ("calls_per_counterpart", [call(), call(when=at(1)), call("b", direction="in")], 1.5, "3 calls, a and b"),
    ("calls_per_counterpart", [], None, "nobody to divide by"),
    ("calls_most_with_one", [call(), call(when=at(1)), call(direction="in"), call("b")], 3, "a in and out"),
    ("calls_outgoing_share", [call(), call("b"), call("c"), call("d", direction="in")], 0.75, "3 of 4"),
    ("calls_outgoing_share", [], None, "no call"),
    ("calls_answered_share", [call(answered=True), call("b", answered=False)], 0.5, "1 of 2"),
    ("calls_answered_share", [call(answered=True), call("b")], 1, "what is not said counts neither way"),
    ("calls_answered_share", [call(duration_s=9)], None, "no record says"),
    ("calls_answered_share", [call(direction="in", answered=True)], None, "of outgoing calls there is none"),
    (
        "calls_short_share",
        [call(duration_s=15, answered=True), call("b", duration_s=16, answered=True)],
        0.5,
        "at most 15",
    ),
    ("calls_short_share", [call(duration_s=3, answered=False)], None, "it was not answered"),
    ("calls_short_share", [call(duration_s=3), call("b", duration_s=0)], 1, "who talked was answered"),
    ("calls_short_share", [call(answered=True)], None, "how long is not said"),
    ("calls_returned_share", [call(), call("b"), call(direction="in", when=at(5))], 0.5, "a of a and b"),
    ("calls_returned_share", [call(), call("b", direction="in")], 0, "b was never called"),
    ("calls_returned_share", [call(direction="in")], None, "nobody was called"),
    (
        "calls_talk_s",
        [call(duration_s=10, answered=True), call("b", duration_s=30, answered=True)],
        20,
        "mean",
    ),
    (
        "calls_talk_s",
        [call(duration_s=10, answered=True), call("b", duration_s=99, answered=False)],
        10,
        "it only rang",
    ),
    ("calls_talk_s", [call(answered=False)], None, "no call was answered"),
    (
        "calls_talk_s_per_counterpart",
        [
            call(duration_s=10, answered=True),
            call(when=at(1), duration_s=30, answered=True),
            call("b", answered=False),
        ],
        20,
        "40 seconds, a and b",
    ),
    ("calls_talk_s_per_counterpart", [call()], None, "how long is not said of any"),
    (
        "calls_busiest_hour",
        [call(when=at(0, 9, n * 1000), other=f"{n}") for n in range(5)],
        4,
        "09:00 to 09:50",
    ),
    ("calls_busiest_hour", [call(direction="in")], 0, "only what goes out"),
    ("calls_busiest_ten_minutes", [call(when=at(0, 9, n * 200)) for n in range(5)], 3, "0, 200 and 400 s"),
    (
        "calls_night_share",
        [call(when=at(0, 23)), call(when=at(1, 6.99)), call(when=at(1, 7)), call(when=at(1, 22.9))],
        0.5,
        "2 of 4",
    ),
    ("calls_night_share", [call(when=at(0, 2), direction="in")], None, "nobody was called"),
    (
        "calls_hours",
        [call(when=at(0, 9)), call(when=at(3, 9.5)), call(when=at(0, 10), direction="in")],
        2,
        "9 and 10",
    ),
    ("calls_days", [call(when=at(0, 0)), call(when=at(0, 23.9)), call(when=at(1, 0))], 2, "days of China"),
    ("calls_silent_days", [call(when=at(3)), *BURST], 16, "days 4 to 19"),
    (
        "calls_silent_days",
        [call(when=at(3)), call(when=at(10), direction="in"), *BURST],
        9,
        "a call in is one too",
    ),
    ("calls_silent_days", BURST, 20, "back to the window's start"),
    ("calls_silent_days", [call(when=at(4)), call(when=at(9))], 4, "of two days alike the first"),
    ("calls_silent_days", [call(when=at(3)), call(when=at(18)), *BURST], 14, "the busiest is not the first"),
    ("calls_silent_days", [call(when=at(3)), call(when=at(13)), *BURST], 9, "a week before it ended"),
    ("calls_silent_days", [call(when=at(3)), call(when=at(12)), *BURST], 7, "not eight days before"),
    ("calls_silent_days", [call(direction="in")], None, "no day is the busiest"),
    ("calls_busiest_day", [call(when=at(3)), *BURST], 30, "the burst"),
    ("calls_other_days", [call(when=at(3)), call(when=at(4)), *BURST], 0.1, "2 calls on 20 days"),
    ("calls_other_days", [call(when=at(3)), call(when=at(19)), *BURST], 1 / 19, "before it awoke"),
    ("calls_other_days", [call(when=at(25)), *BURST], 0, "what came after is not before"),
    ("calls_other_days", [call(when=at(0))], None, "no day lies before"),
]


@pytest.mark.parametrize(
    ("what", "records", "value", "why"), CALLS, ids=[f"{row[0]}: {row[3]}" for row in CALLS]
)
def test_calls(what: str, records: list[Any], value: float | None, why: str) -> None:
    assert counted(calls=records)[what] == (None if value is None else pytest.approx(value))


def test_first_and_last() -> None:
    found = usage_of(
        ME, WINDOW, calls=[call(when=at(4)), call(when=at(2)), call(when=at(7), direction="in")]
    ).calls
    assert found is not None
    assert (found.first_at, found.last_at) == (at(2), at(7))


OUTAGES = [
    # from, until, silent days, calls a day before, why
    (at(5, 0), at(8, 0), 13, 1 / 17, "three days are taken off"),
    (at(5, 12), at(6, 6), 15, 1 / 19.25, "18 hours leave no whole day"),
    (at(2, 0), at(5, 0), 15, 1 / 17, "of the silence only what lies in it"),
    (at(21, 0), at(25, 0), 16, 1 / 20, "after the busiest day it takes nothing off"),
    (MONDAY - 9 * DAY, MONDAY, 16, 1 / 20, "nor before the window"),
]


@pytest.mark.parametrize(
    ("begins", "ends", "days", "before", "why"), OUTAGES, ids=[row[4] for row in OUTAGES]
)
def test_an_outage_is_no_silence(begins: Any, ends: Any, days: int, before: float, why: str) -> None:
    window = UsageWindow(WINDOW.since, WINDOW.until, ((begins, ends),))
    found = counted(window, calls=[call(when=at(3)), *BURST])
    assert found["calls_silent_days"] == days
    assert found["calls_other_days"] == pytest.approx(before)


def test_a_window_that_begins_at_noon_counts_whole_days() -> None:
    window = UsageWindow(at(0, 12), WINDOW.until)
    found = counted(window, calls=BURST)
    assert (found["calls_silent_days"], found["calls_other_days"]) == (19, 0)


READ: dict[str, Any] = {"has_link": False, "has_contact": False, "is_evasive": False}
SPAM = [
    message(
        f"s{n}", at(1, 9, n), template="t", category="fraud", classifier="m1", lexicon="loan|wechat", **READ
    )
    for n in range(3)
]

MESSAGES = [
    ("messages_sent", [message(), message(), message("b")], 2, "the same recorded twice is one"),
    ("messages_sent", [message(template="x"), message(template="y")], 2, "two texts in one second are two"),
    ("messages_received", [message(), message("b", direction="in")], 1, "b's"),
    ("messages_recipients", [message(), message(when=at(1)), message("b")], 2, "a, b"),
    ("messages_senders", [message(direction="in"), message("b", direction="in")], 2, "a, b"),
    (
        "messages_replied_share",
        [message(), message("b"), message(direction="in", when=at(9))],
        0.5,
        "a of two",
    ),
    ("messages_replied_share", [message(direction="in")], None, "nobody was written to"),
    ("messages_busiest_hour", [message(when=at(0, 9, n * 1000)) for n in range(5)], 4, "09:00 to 09:50"),
    ("messages_read", [message(), *SPAM], 3, "one has no text"),
    ("messages_templates", [*SPAM, message(template="u")], 2, "t, u"),
    ("messages_templates", [message()], None, "nothing was read"),
    (
        "messages_largest_template",
        [*SPAM, message("s0", template="t"), message(template="u")],
        3,
        "t to s0, s1, s2",
    ),
    (
        "messages_largest_template",
        [message(direction="in", template="t"), *SPAM[:1]],
        1,
        "what came in is not its own",
    ),
    ("messages_category_fraud", SPAM, 3, "as the classifier says"),
    ("messages_category_other", SPAM, 0, "the classifier found none"),
    ("messages_category_other", [message(category="fraud")], None, "a lexicon cannot tell"),
    ("messages_fraud_recipients", [*SPAM, message("s0", at(2), category="illegal")], 3, "s0 once"),
    ("messages_lexicon_hits", SPAM, 6, "two names each"),
    ("messages_with_link", [message(has_link=True), message("b", has_link=False)], 1, "one of two"),
    ("messages_with_contact", [message(has_contact=True, direction="in"), *SPAM], 0, "not what came in"),
    ("messages_evasive", [message(is_evasive=True), *SPAM], 1, "one of four"),
    ("messages_evasive", [], None, "nothing was read"),
]


@pytest.mark.parametrize(
    ("what", "records", "value", "why"), MESSAGES, ids=[f"{row[0]}: {row[3]}" for row in MESSAGES]
)
def test_messages(what: str, records: list[Any], value: float | None, why: str) -> None:
    assert counted(messages=records)[what] == (None if value is None else pytest.approx(value))


def test_mappings_of_messages() -> None:
    found = usage_of(ME, WINDOW, messages=[*SPAM, message(category="other", lexicon="loan")]).messages
    assert found is not None
    assert found.categories == {"fraud": 3, "other": 1}
    assert found.lexicon == {"loan": 4, "wechat": 3}
    assert found.classifier == "m1"


HERE: dict[str, Any]
NEAR: dict[str, Any]
FAR: dict[str, Any]
HERE, NEAR, FAR = (
    {"latitude": 31.30, "longitude": 120.62},
    {"latitude": 31.40, "longitude": 120.72},
    {"latitude": 31.23, "longitude": 121.47},
)

PLACES = [
    ("places_events", [seen(), seen(), seen("c2")], 2, "the same recorded twice is one"),
    ("places_events", [seen(None, device_key="d")], 0, "it does not say where"),
    ("places_events", [seen(None, region="320500")], 1, "a region says where"),
    ("places_cells", [seen(), seen("c2"), seen(when=at(1)), seen(None, region="CN")], 2, "c1, c2"),
    ("places_days", [seen(when=at(0, 0)), seen(when=at(0, 23)), seen(when=at(3))], 2, "days of China"),
    (
        "places_commonest_share",
        [seen(), seen(when=at(1)), seen("c2"), seen(None, region="CN")],
        2 / 3,
        "c1 of those with a cell",
    ),
    ("places_commonest_share", [seen(None, region="CN")], None, "no cell"),
    (
        "places_fastest_km_h",
        [seen(**HERE), seen("c2", at(0, 13), **FAR)],
        81.2,
        "Suzhou to Shanghai in an hour",
    ),
    ("places_fastest_km_h", [seen(**HERE), seen("c2", at(0, 12, 60), **NEAR)], None, "15 km are no journey"),
    (
        "places_fastest_km_h",
        [seen(**HERE), seen("c2", at(0, 12), **FAR)],
        81.2 * 3600,
        "at once counts as a second",
    ),
    ("places_fastest_km_h", [seen(), seen("c2", at(0, 13))], None, "no positions"),
    (
        "places_fastest_km_h",
        [seen(**HERE), seen("c9", at(0, 12.5)), seen("c2", at(0, 13), **FAR)],
        81.2,
        "one without a position between",
    ),
    ("places_region_count", [seen(region="320500"), seen(when=at(1), region="MM")], 2, "two"),
]


@pytest.mark.parametrize(
    ("what", "records", "value", "why"), PLACES, ids=[f"{row[0]}: {row[3]}" for row in PLACES]
)
def test_places(what: str, records: list[Any], value: float | None, why: str) -> None:
    assert counted(places=records)[what] == (None if value is None else pytest.approx(value, rel=1e-3))


def test_calls_and_messages_say_where_too() -> None:
    found = usage_of(
        ME, WINDOW, calls=[call(cell="c1", region="MM")], messages=[message(cell="c2", region="320500")]
    )
    assert found.places is not None
    assert (found.places.events, found.places.cells) == (2, 2)
    assert found.places.regions == {"320500": 1, "MM": 1}


DEVICES = [
    ("devices_devices", [seen(device_key="d"), seen(device_key="e", when=at(1))], 2, "d, e"),
    ("devices_devices", [seen()], None, "not said"),
    (
        "devices_changes",
        [seen(when=at(n), device_key=d) for n, d in enumerate("ddeed")],
        2,
        "d to e and back",
    ),
    ("devices_changes", [seen(device_key="d")] * 3, 0, "one device"),
    (
        "devices_bulk_tac",
        [seen(device_key="d", tac="35209900"), seen(when=at(1), device_key="e", tac="86000000")],
        1,
        "the first",
    ),
    ("devices_bulk_tac", [seen(device_key="d")], None, "no code is said"),
    ("devices_numbers_in_device", [seen(device_key="d")], None, "of other numbers nothing is at hand"),
]


@pytest.mark.parametrize(
    ("what", "records", "value", "why"), DEVICES, ids=[f"{row[0]}: {row[3]}" for row in DEVICES]
)
def test_devices(what: str, records: list[Any], value: float | None, why: str) -> None:
    assert counted(places=records, bulk_tacs=["352099"])[what] == value


def test_without_a_list_of_codes_nothing_is_said_of_them() -> None:
    assert counted(places=[seen(device_key="d", tac="35209900")])["devices_bulk_tac"] is None


KEPT = [
    ({}, (True, True, True, True), "nothing is kept"),
    ({"calls": []}, (False, True, True, True), "calls are kept, and there is none"),
    ({"messages": [message(cell="c")]}, (True, False, False, True), "a message says where"),
    ({"places": []}, (True, True, False, True), "it was seen nowhere; in which device nobody knows"),
    (
        {"calls": [call(when=at(99), cell="c")]},
        (False, True, True, True),
        "beyond the window nothing is known",
    ),
]


@pytest.mark.parametrize(("records", "unknown", "why"), KEPT, ids=[row[2] for row in KEPT])
def test_what_is_not_kept_is_not_known(records: Any, unknown: tuple[bool, ...], why: str) -> None:
    found = usage_of(ME, WINDOW, **records)
    assert tuple(one is None for one in (found.calls, found.messages, found.places, found.devices)) == unknown


def test_none_of_what_is_kept_is_an_honest_zero() -> None:
    found = usage_of(ME, WINDOW, calls=[], messages=[], places=[])
    assert found.calls is not None
    assert found.messages is not None
    assert found.places is not None
    assert (found.calls.calls, found.calls.first_at, found.calls.outgoing_share) == (0, None, None)
    assert (found.messages.sent, found.messages.read, found.places.events) == (0, 0, 0)
    assert found.outage_hours == 0


# --- properties ---

MOMENTS = st.integers(0, 40 * 86_400).map(lambda second: at(-2, 0, second))
SOME_CALLS = st.lists(
    st.builds(
        call,
        other=st.sampled_from("abcd"),
        when=MOMENTS,
        direction=st.sampled_from(["out", "in"]),
        duration_s=st.none() | st.integers(0, 40),
        answered=st.none() | st.booleans(),
        cell=st.none() | st.sampled_from(["c1", "c2"]),
        device_key=st.none() | st.sampled_from([key("d"), key("e")]),
    ),
    max_size=25,
)


@settings(max_examples=20, deadline=None)
@given(records=SOME_CALLS, seed=st.integers(0, 99))
def test_order_and_doubling_change_nothing(records: list[CallRecord], seed: int) -> None:
    doubled = [*records, *records[: len(records) // 2]]
    random.Random(seed).shuffle(doubled)
    assert usage_of(ME, WINDOW, calls=doubled) == usage_of(ME, WINDOW, calls=records)


@settings(max_examples=20, deadline=None)
@given(records=SOME_CALLS)
def test_what_always_holds(records: list[CallRecord]) -> None:
    found = usage_of(ME, WINDOW, calls=records).calls
    assert found is not None
    assert (
        found.busiest_ten_minutes <= found.busiest_hour <= found.busiest_day <= found.outgoing <= found.calls
    )
    assert found.most_with_one <= found.calls
    assert found.days <= 30
    assert found.hours <= 24
    shares = (
        found.outgoing_share,
        found.answered_share,
        found.short_share,
        found.returned_share,
        found.night_share,
    )
    assert all(share is None or 0 <= share <= 1 for share in shares)


# --- what is not taken ---


def test_a_table_in_the_clear_is_hashed() -> None:
    ring = Keyring(SECRET)
    rows = pa.table(
        {
            "counterpart": ["13800138000", "10086"],
            "direction": ["out"] * 2,
            "began_at": ["2026-06-01T10:00:00+08:00"] * 2,
        }
    )
    found = usage_of(line_key("13900139000", ring), WINDOW, calls=rows, hasher=Hasher(ring))
    assert found.calls is not None
    assert found.calls.counterparts == 2
    with pytest.raises(InputError, match="counterpart is in the clear"):
        usage_of(ME, WINDOW, calls=rows)


REFUSED = [
    ([call(when=at().replace(tzinfo=None))], "zone", "a time of no zone"),
    ([call(duration_s=-1)], "negative", "shorter than nothing"),
    ([dataclasses.replace(call(), counterpart_key=ME)], "own_number", "itself"),
    ([dataclasses.replace(call(), counterpart_key="13800138000")], "no_key", "a number in the clear"),
    ([dataclasses.replace(call(), direction="up")], "word", "a direction of its own"),  # type: ignore[arg-type]
    ([call(duration_s="hunter2")], "another type", "a word for a number"),
]


@pytest.mark.parametrize(("records", "says", "why"), REFUSED, ids=[row[2] for row in REFUSED])
def test_a_record_that_cannot_be_is_refused(records: list[CallRecord], says: str, why: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        usage_of(ME, WINDOW, calls=records)
    assert "13800138000" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_another_numbers_records_are_refused() -> None:
    rows = pa.table(
        {
            "number_key": [ME, key("you")],
            "counterpart_key": [key("a")] * 2,
            "direction": ["in"] * 2,
            "began_at": [1_780_300_000] * 2,
        }
    )
    with pytest.raises(InputError, match="another number's"):
        usage_of(ME, WINDOW, calls=rows)
    with pytest.raises(InputError, match="no key"):
        usage_of("x' OR TRUE --", WINDOW, calls=[])


def test_the_window_stands_in_what_is_told() -> None:
    found = usage_of(ME, WINDOW)
    assert found == NumberUsage(number=ME, since=WINDOW.since, until=WINDOW.until)
    assert found.since.astimezone(CHINA) == MONDAY
