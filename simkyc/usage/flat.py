"""What the records of a number say, as flat columns: the names that tables and models know the values by.

A column is called after its group and its field: `calls.outgoing` is `calls_outgoing`. Counts by category have a column
each, the lexicon's entries and the regions one together. What is no feature begins with `about_`.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, get_args, get_type_hints

import pyarrow as pa

from simkyc.usage.number import CallUse, DeviceUse, MessageUse, NumberUsage, PlaceUse

__all__ = ["FEATURE_NAMES", "feature_words", "features_of", "table_schema", "usage_of_row"]

GROUPS: Final[Mapping[str, type]] = {
    "calls": CallUse,
    "messages": MessageUse,
    "places": PlaceUse,
    "devices": DeviceUse,
}
CATEGORIES: Final = ("fraud", "illegal", "advertising", "other")
BY_CLASSIFIER: Final = frozenset({"messages_category_advertising", "messages_category_other"})
"""What a lexicon alone does not tell."""
READ: Final = frozenset(
    {
        *(
            "messages_templates",
            "messages_largest_template",
            "messages_fraud_recipients",
            "messages_lexicon_hits",
        ),
        *("messages_with_link", "messages_with_contact", "messages_evasive"),
        *(f"messages_category_{name}" for name in CATEGORIES),
    }
)
"""What is known only where texts were read."""
INSTEAD: Final[Mapping[str, tuple[str, ...]]] = {
    "messages_categories": tuple(f"messages_category_{name}" for name in CATEGORIES),
    "messages_lexicon": ("messages_lexicon_hits",),
    "places_regions": ("places_region_count",),
    "messages_classifier": (),
    "calls_first_at": (),
    "calls_last_at": (),
}
"""Fields that are no numbers, or no features, and the columns that stand for them."""
ABOUT: Final[Mapping[str, pa.DataType]] = {
    "about_since": pa.int64(),
    "about_until": pa.int64(),
    "about_outage_hours": pa.float64(),
    "about_calls_first_at": pa.int64(),
    "about_calls_last_at": pa.int64(),
    "about_messages_lexicon": pa.string(),
    "about_messages_classifier": pa.string(),
    "about_places_regions": pa.string(),
}
"""What stands beside the features: times in epoch seconds, mappings as JSON."""


def _fields() -> Mapping[str, pa.DataType]:
    found: dict[str, pa.DataType] = {}
    for prefix, group in GROUPS.items():
        hints = get_type_hints(group)
        for field in dataclasses.fields(group):
            name = f"{prefix}_{field.name}"
            if name in INSTEAD:
                found |= dict.fromkeys(INSTEAD[name], pa.int64())
            else:
                whole = int in (hints[field.name], *get_args(hints[field.name]))
                found[name] = pa.int64() if whole else pa.float64()
    return found


FIELDS: Final = _fields()
FEATURE_NAMES: Final = tuple(FIELDS)
"""Every feature, in the order of a table."""

WORDS: Final[Mapping[str, str]] = {
    "about_since": "Start of the window.",
    "about_until": "Its end, which does not belong to it.",
    "about_outage_hours": "Hours of the window in which the network, or the writing of records, was down.",
    "about_calls_first_at": "When the first call began.",
    "about_calls_last_at": "When the last call began.",
    "about_messages_lexicon": "Messages sent by the name of the lexicon's entry that they hit.",
    "about_messages_classifier": "Identifier of the classifier that read them.",
    "about_places_regions": "Records by region.",
    **{f"messages_category_{name}": f"Messages sent that were taken for `{name}`." for name in CATEGORIES},
    "messages_lexicon_hits": "How often messages sent hit an entry of the lexicon.",
    "places_region_count": "Different regions.",
}
"""Columns that are no field of their own."""


def feature_words() -> dict[str, str]:
    """What each column of a table of features means but `number`, in the words of the field that it is."""
    said = dict(WORDS)
    for prefix, group in GROUPS.items():
        _, _, attributes = (group.__doc__ or "").partition("Attributes:")
        for name, words in re.findall(r"^        (\w+): (.*(?:\n            .*)*)", attributes, re.MULTILINE):
            said[f"{prefix}_{name}"] = " ".join(words.split())
    return {name: said[name] for name in (*ABOUT, *FIELDS)}


def table_schema() -> pa.Schema:
    """Of a table of features: a row a number.

    >>> table_schema().names[:3]
    ['number', 'about_since', 'about_until']
    """
    return pa.schema([("number", pa.string()), *ABOUT.items(), *FIELDS.items()])


def features_of(usage: NumberUsage) -> dict[str, float | None]:
    """What is known of a number under the names of `FEATURE_NAMES`, for a model; None where it is not known."""
    found: dict[str, float | None] = dict.fromkeys(FEATURE_NAMES)
    for prefix, group in GROUPS.items():
        value = getattr(usage, prefix)
        if value is not None:
            for field in dataclasses.fields(group):
                name = f"{prefix}_{field.name}"
                if name in FIELDS:
                    found[name] = getattr(value, field.name)
    if usage.messages is not None:
        hits = usage.messages.lexicon
        found["messages_lexicon_hits"] = sum(hits.values())
        found |= {f"messages_category_{name}": usage.messages.categories.get(name, 0) for name in CATEGORIES}
        unknown = (
            READ if not usage.messages.read else BY_CLASSIFIER if usage.messages.classifier is None else ()
        )
        found |= dict.fromkeys(unknown)
    if usage.places is not None:
        found["places_region_count"] = len(usage.places.regions)
    return found


def usage_of_row(row: Mapping[str, Any]) -> NumberUsage:
    """What a row of a table of features says.

    Args:
        row: By the names of `table_schema`.
    """
    messages = _group(row, "messages", MessageUse, row["messages_sent"])
    if messages is not None:
        categories = {name: row[f"messages_category_{name}"] for name in CATEGORIES}
        counts = {name: value or 0 for name, value in messages.items() if name != "replied_share"}
        messages |= {
            **counts,
            "categories": {name: count for name, count in categories.items() if count},
            "lexicon": json.loads(row["about_messages_lexicon"] or "{}"),
            "classifier": row["about_messages_classifier"],
        }
    calls = _group(row, "calls", CallUse, row["calls_calls"])
    if calls is not None:
        calls |= {name: _moment(row[f"about_calls_{name}"]) for name in ("first_at", "last_at")}
    places = _group(row, "places", PlaceUse, row["places_events"])
    if places is not None:
        places["regions"] = json.loads(row["about_places_regions"] or "{}")
    devices = _group(row, "devices", DeviceUse, row["devices_devices"])
    return NumberUsage(
        number=row["number"],
        since=datetime.fromtimestamp(row["about_since"], UTC),
        until=datetime.fromtimestamp(row["about_until"], UTC),
        outage_hours=row["about_outage_hours"],
        calls=None if calls is None else CallUse(**calls),
        messages=None if messages is None else MessageUse(**messages),
        places=None if places is None else PlaceUse(**places),
        devices=None if devices is None else DeviceUse(**devices),
    )


def _group(row: Mapping[str, Any], prefix: str, group: type[Any], known: object) -> dict[str, Any] | None:
    if known is None:
        return None
    names = [field.name for field in dataclasses.fields(group)]
    return {name: row[f"{prefix}_{name}"] for name in names if f"{prefix}_{name}" in FIELDS}


def _moment(second: int | None) -> datetime | None:
    return None if second is None else datetime.fromtimestamp(second, UTC)
