"""One list of names: what a table calls a value, a model calls it too."""

from __future__ import annotations

import dataclasses
import re

from simkyc.usage import feature_table
from simkyc.usage.flat import FEATURE_NAMES, feature_words, features_of, table_schema
from simkyc.usage.number import CallUse, DeviceUse, MessageUse, NumberUsage, PlaceUse
from simkyc.usage.questions import FEATURES
from tests.usage.made_records import ME, WINDOW


def test_every_name_is_one_of_a_feature() -> None:
    assert all(feature_table.NAME.fullmatch(name) for name in FEATURE_NAMES)
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)


def test_every_column_is_asked_for_and_no_other() -> None:
    asked = set(re.findall(r"\bAS ((?:calls|messages|places|devices|about)_\w+)", FEATURES))
    given = {"number", "about_since", "about_until", "about_outage_hours"}
    assert asked | given == set(table_schema().names)


def test_every_column_has_words() -> None:
    assert list(feature_words()) == [name for name in table_schema().names if name != "number"]


def test_every_field_has_a_column_or_columns_instead() -> None:
    told = {
        *(
            "calls_first_at",
            "calls_last_at",
            "messages_categories",
            "messages_lexicon",
            "messages_classifier",
        ),
        "places_regions",
    }
    groups = {"calls": CallUse, "messages": MessageUse, "places": PlaceUse, "devices": DeviceUse}
    fields = {
        f"{prefix}_{field.name}" for prefix, group in groups.items() for field in dataclasses.fields(group)
    }
    assert fields - set(FEATURE_NAMES) == told


def test_of_what_is_not_kept_nothing_is_known() -> None:
    known = features_of(NumberUsage(number=ME, since=WINDOW.since, until=WINDOW.until))
    assert known == dict.fromkeys(FEATURE_NAMES)
