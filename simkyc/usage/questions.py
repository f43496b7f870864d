"""What is asked of usage records: each question once, in the SQL that DuckDB and Spark both run.

Steps build on one another, each a table under its name. They begin from these, which an engine makes of the records of
a window; hashes stand for keys, times are epoch seconds, flags 0 and 1:

    call          number_no, counterpart_no, outgoing, began_at, duration_s, answered
    message       number_no, counterpart_no, outgoing, sent_at, template_no (0 for none), category, lexicon, classifier,
                  has_link, has_contact, is_evasive, is_read
    place         number_no, seen_at, cell_no, latitude, longitude, region
    device        number_no, seen_at, device_no, device_key, tac
    number        number_no, number: every number that has a record of any kind
    outage        begins_at, ends_at: in China's clock, apart from each other
    bulk_tac      prefix

A day in China is written as the second in which it begins, counted as if China were at UTC.
"""

from __future__ import annotations

from typing import Final

__all__ = ["FEATURES", "OF_ALL", "RECORDS", "STEPS"]

RECORDS: Final = {
    "call": """
SELECT {hash}(number_key) AS number_no, {hash}(counterpart_key) AS counterpart_no,
  CASE WHEN direction = 'out' THEN 1 ELSE 0 END AS outgoing, began_at, duration_s, CAST(answered AS INT) AS answered
FROM call_record WHERE began_at >= {since} AND began_at < {until}
""",
    "message": """
SELECT {hash}(number_key) AS number_no, {hash}(counterpart_key) AS counterpart_no,
  CASE WHEN direction = 'out' THEN 1 ELSE 0 END AS outgoing, sent_at,
  CASE WHEN template IS NULL THEN 0 ELSE {hash}(template) END AS template_no, category, lexicon, classifier,
  CAST(has_link AS INT) AS has_link, CAST(has_contact AS INT) AS has_contact, CAST(is_evasive AS INT) AS is_evasive,
  CASE WHEN COALESCE(template, category, lexicon, classifier) IS NULL
    AND COALESCE(has_link, has_contact, is_evasive) IS NULL THEN 0 ELSE 1 END AS is_read
FROM message_record WHERE sent_at >= {since} AND sent_at < {until}
""",
    "place": " UNION ALL ".join(
        f"""
SELECT {{hash}}(number_key) AS number_no, {at} AS seen_at,
  CASE WHEN cell IS NOT NULL THEN {{hash}}(cell) END AS cell_no, latitude, longitude, region
FROM {table} WHERE {at} >= {{since}} AND {at} < {{until}}
  AND (cell IS NOT NULL OR latitude IS NOT NULL OR region IS NOT NULL)
"""
        for table, at in (
            ("call_record", "began_at"),
            ("message_record", "sent_at"),
            ("place_record", "seen_at"),
        )
    ),
    "device": " UNION ALL ".join(
        f"""
SELECT {{hash}}(number_key) AS number_no, {at} AS seen_at, {{hash}}(device_key) AS device_no, device_key, tac
FROM {table} WHERE {at} >= {{since}} AND {at} < {{until}} AND device_key IS NOT NULL
"""
        for table, at in (
            ("call_record", "began_at"),
            ("message_record", "sent_at"),
            ("place_record", "seen_at"),
        )
    ),
    "number": "SELECT {hash}(number_key) AS number_no, number_key AS number FROM ("
    + " UNION ".join(
        f"SELECT number_key FROM {table} WHERE {at} >= {{since}} AND {at} < {{until}} GROUP BY number_key"
        for table, at in (
            ("call_record", "began_at"),
            ("message_record", "sent_at"),
            ("place_record", "seen_at"),
        )
    )
    + ") AS every_number",
}
"""What stands at the beginning, made of the records as they are kept."""

OF_ALL: Final = {
    "number_device": """
SELECT number_no, device_no,
  ROW_NUMBER() OVER (PARTITION BY number_no ORDER BY MIN(device_key)) AS device_place
FROM device GROUP BY number_no, device_no
""",
    "in_device": "SELECT device_no, COUNT(*) AS numbers FROM number_device GROUP BY device_no",
    "listed_tac": """
SELECT tac FROM (SELECT DISTINCT tac FROM device WHERE tac IS NOT NULL) AS there
JOIN bulk_tac ON there.tac LIKE CONCAT(bulk_tac.prefix, '%') GROUP BY tac
""",
}
"""Steps that need the records of all numbers at once."""

STEPS: Final = {
    # --- calls: the same call recorded twice is one, with the longest time that was recorded
    "one_call": """
SELECT number_no, counterpart_no, outgoing, began_at, MAX(answered) AS answered,
  CASE WHEN MAX(answered) = 0 THEN 0 ELSE MAX(duration_s) END AS talk_s,
  CASE WHEN COALESCE(MAX(answered), CASE WHEN MAX(duration_s) > 0 THEN 1 END) = 1 AND MAX(duration_s) IS NOT NULL
    THEN 1 ELSE 0 END AS talked
FROM call GROUP BY number_no, counterpart_no, outgoing, began_at
""",
    # Several groupings with a few sums each are cheaper than one fine grouping from which all others follow.
    "call_number": """
SELECT number_no, COUNT(*) AS calls, SUM(outgoing) AS outgoing,
  COUNT(CASE WHEN outgoing = 1 THEN answered END) AS out_told, SUM(outgoing * answered) AS out_answered,
  SUM(outgoing * talked) AS out_talked,
  COUNT(CASE WHEN outgoing = 1 AND talked = 1 AND talk_s <= 15 THEN 1 END) AS out_short,
  SUM(talked) AS talked, SUM(talk_s) AS talk_s, MIN(began_at) AS first_at, MAX(began_at) AS last_at,
  COUNT(CASE WHEN outgoing = 1
    AND ((began_at + 28800) % 86400 >= 82800 OR (began_at + 28800) % 86400 < 25200) THEN 1 END) AS night_calls,
  BIT_COUNT(BIT_OR(CAST(1 AS BIGINT) << CAST(FLOOR((began_at + 28800) % 86400 / 3600) AS INT))) AS hours
FROM one_call GROUP BY number_no
""",
    "call_pair": """
SELECT number_no, COUNT(CASE WHEN out_calls > 0 THEN 1 END) AS counterparts,
  COUNT(CASE WHEN calls > out_calls THEN 1 END) AS callers,
  COUNT(CASE WHEN out_calls > 0 AND calls > out_calls THEN 1 END) AS returned,
  COUNT(*) AS others, MAX(calls) AS most_with_one
FROM (
  SELECT number_no, COUNT(*) AS calls, SUM(outgoing) AS out_calls FROM one_call GROUP BY number_no, counterpart_no
) AS with_one GROUP BY number_no
""",
    "call_hour": """
SELECT number_no, MAX(calls) AS busiest_hour FROM (
  SELECT number_no, COUNT(*) AS calls FROM one_call WHERE outgoing = 1
  GROUP BY number_no, began_at - began_at % 3600
) AS of_hour GROUP BY number_no
""",
    "call_ten_minutes": """
SELECT number_no, MAX(calls) AS busiest_ten_minutes FROM (
  SELECT number_no, COUNT(*) AS calls FROM one_call WHERE outgoing = 1
  GROUP BY number_no, began_at - began_at % 600
) AS of_ten_minutes GROUP BY number_no
""",
    "call_day": """
SELECT number_no, began_at + 28800 - (began_at + 28800) % 86400 AS day_at, SUM(outgoing) AS out_calls
FROM one_call GROUP BY number_no, began_at + 28800 - (began_at + 28800) % 86400
""",
    # The busiest day, the first of those that are alike, is found by one number that tells both.
    "call_time": """
SELECT number_no, COUNT(*) AS days, MAX(out_calls) AS busiest_day,
  9999999999 - MAX(out_calls * 10000000000 + 9999999999 - day_at) % 10000000000 AS busiest_at
FROM call_day GROUP BY number_no
""",
    # The longest silence that ends within a week of the busiest day: the busiest of several busy days need not be the
    # first. Of silences alike the last.
    "call_since": """
SELECT number_no, day_at AS woken_at,
  COALESCE(LAG(day_at) OVER (PARTITION BY number_no ORDER BY day_at) + 86400, {first_day}) AS silent_from,
  COALESCE(SUM(CASE WHEN day_at >= {first_day} THEN out_calls END)
    OVER (PARTITION BY number_no ORDER BY day_at ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS out_before
FROM call_day
""",
    "call_gap": """
SELECT call_since.number_no, MAX_BY(woken_at, silence) AS woken_at, MAX_BY(silent_from, silence) AS silent_from,
  MAX_BY(out_before, silence) AS out_before
FROM (SELECT *, (woken_at - silent_from) * 10000000000 + woken_at AS silence FROM call_since) AS call_since
JOIN call_time ON call_time.number_no = call_since.number_no
WHERE busiest_day > 0 AND woken_at <= busiest_at AND woken_at >= busiest_at - 604800 GROUP BY call_since.number_no
""",
    "call_down": """
SELECT number_no,
  SUM(GREATEST(0, LEAST(woken_at, ends_at) - GREATEST(silent_from, begins_at))) AS silent_down_s,
  SUM(GREATEST(0, LEAST(woken_at, ends_at) - GREATEST({first_day}, begins_at))) AS before_down_s
FROM call_gap CROSS JOIN outage GROUP BY number_no
""",
    "call_silence": """
SELECT call_gap.number_no, out_before,
  GREATEST(0, woken_at - silent_from - COALESCE(silent_down_s, 0)) AS silent_s,
  GREATEST(0, woken_at - {first_day} - COALESCE(before_down_s, 0)) AS before_s
FROM call_gap LEFT JOIN call_down ON call_down.number_no = call_gap.number_no
""",
    # --- messages
    "one_message": """
SELECT number_no, counterpart_no, outgoing, sent_at, template_no, MAX(category) AS category, MAX(lexicon) AS lexicon,
  MAX(classifier) AS classifier, MAX(has_link) AS has_link, MAX(has_contact) AS has_contact,
  MAX(is_evasive) AS is_evasive, MAX(is_read) AS is_read
FROM message GROUP BY number_no, counterpart_no, outgoing, sent_at, template_no
""",
    "message_pair": """
SELECT number_no, COUNT(*) AS messages, SUM(outgoing) AS sent,
  COUNT(CASE WHEN outgoing = 1 AND category IN ('fraud', 'illegal') THEN 1 END) AS fraud,
  COUNT(CASE WHEN outgoing = 1 THEN has_link END) AS link_told, SUM(outgoing * has_link) AS with_link,
  SUM(outgoing * has_contact) AS with_contact, SUM(outgoing * is_evasive) AS evasive,
  SUM(outgoing * is_read) AS is_read,
"""
    + ",\n".join(
        f"  COUNT(CASE WHEN outgoing = 1 AND category = '{name}' THEN 1 END) AS category_{name}"
        for name in ("fraud", "illegal", "advertising", "other")
    )
    + """,
  MAX(CASE WHEN outgoing = 1 THEN classifier END) AS classifier
FROM one_message GROUP BY number_no, counterpart_no
""",
    "message_number": """
SELECT number_no, SUM(sent) AS sent, SUM(messages) - SUM(sent) AS received,
  COUNT(CASE WHEN sent > 0 THEN 1 END) AS recipients, COUNT(CASE WHEN messages > sent THEN 1 END) AS senders,
  COUNT(CASE WHEN sent > 0 AND messages > sent THEN 1 END) AS replied,
  COUNT(CASE WHEN fraud > 0 THEN 1 END) AS fraud_recipients, SUM(is_read) AS is_read,
  COALESCE(SUM(with_link), 0) AS with_link, COALESCE(SUM(with_contact), 0) AS with_contact,
  COALESCE(SUM(evasive), 0) AS evasive, SUM(category_fraud) AS category_fraud,
  SUM(category_illegal) AS category_illegal, SUM(category_advertising) AS category_advertising,
  SUM(category_other) AS category_other, MAX(classifier) AS classifier
FROM message_pair GROUP BY number_no
""",
    "message_hour": """
SELECT number_no, MAX(sent) AS busiest_hour FROM (
  SELECT number_no, SUM(outgoing) AS sent FROM one_message GROUP BY number_no, sent_at - sent_at % 3600
) AS of_hour GROUP BY number_no
""",
    "message_template": """
SELECT number_no, COUNT(*) AS templates, MAX(recipients) AS largest_template FROM (
  SELECT number_no, COUNT(DISTINCT counterpart_no) AS recipients FROM one_message
  WHERE outgoing = 1 AND template_no <> 0 GROUP BY number_no, template_no
) AS of_template GROUP BY number_no
""",
    "message_lexicon": """
SELECT number_no, {joined_lexicon} AS lexicon, SUM(messages) AS lexicon_hits FROM (
  SELECT number_no, name, COUNT(*) AS messages
  FROM (SELECT number_no, {split_lexicon} AS name FROM one_message WHERE outgoing = 1 AND lexicon IS NOT NULL) AS hit
  GROUP BY number_no, name
) AS of_name GROUP BY number_no
""",
    # --- places
    "one_place": """
SELECT number_no, seen_at, cell_no, latitude, longitude, MAX(region) AS region
FROM place GROUP BY number_no, seen_at, cell_no, latitude, longitude
""",
    "place_number": """
SELECT number_no, COUNT(*) AS events, COUNT(cell_no) AS in_cells, MIN(latitude) AS south, MAX(latitude) AS north,
  MAX(longitude) - MIN(longitude) AS wide
FROM one_place GROUP BY number_no
""",
    "place_day": """
SELECT number_no, COUNT(*) AS days FROM (
  SELECT number_no FROM one_place GROUP BY number_no, seen_at + 28800 - (seen_at + 28800) % 86400
) AS of_day GROUP BY number_no
""",
    "place_cell": """
SELECT number_no, COUNT(*) AS cells, MAX(events) AS most FROM (
  SELECT number_no, COUNT(*) AS events FROM one_place WHERE cell_no IS NOT NULL GROUP BY number_no, cell_no
) AS of_cell GROUP BY number_no
""",
    "place_region": """
SELECT number_no, {joined_regions} AS regions, COUNT(*) AS region_count FROM (
  SELECT number_no, region, COUNT(*) AS events FROM one_place WHERE region IS NOT NULL GROUP BY number_no, region
) AS of_region GROUP BY number_no
""",
    # Only of those who were seen so far apart that two records can lie 30 km apart: a degree of latitude is 111 km.
    "place_hop": """
SELECT number_no, seen_at, latitude, longitude,
  LAG(seen_at) OVER (PARTITION BY number_no ORDER BY seen_at, latitude, longitude) AS before_at,
  LAG(latitude) OVER (PARTITION BY number_no ORDER BY seen_at, latitude, longitude) AS before_latitude,
  LAG(longitude) OVER (PARTITION BY number_no ORDER BY seen_at, latitude, longitude) AS before_longitude
FROM (
  SELECT one_place.number_no, seen_at, latitude, longitude FROM one_place
  JOIN place_number ON place_number.number_no = one_place.number_no
  WHERE latitude IS NOT NULL AND (north - south) + wide > 0.26
) AS far
""",
    "place_speed": """
SELECT number_no, MAX(km / GREATEST(seen_at - before_at, 1) * 3600) AS fastest_km_h FROM (
  SELECT number_no, seen_at, before_at, 2 * 6371.0088 * ASIN(SQRT(LEAST(1.0,
    POWER(SIN(RADIANS(latitude - before_latitude) / 2), 2) + COS(RADIANS(latitude)) * COS(RADIANS(before_latitude))
      * POWER(SIN(RADIANS(longitude - before_longitude) / 2), 2)))) AS km
  FROM place_hop WHERE before_at IS NOT NULL
) AS hop WHERE km >= 30 GROUP BY number_no
""",
    # --- devices
    "one_device": """
SELECT number_no, seen_at, device_no, MAX(tac) AS tac FROM device GROUP BY number_no, seen_at, device_no
""",
    "device_number": """
SELECT one_device.number_no, COUNT(one_device.tac) AS with_tac, COUNT(listed_tac.tac) AS bulk_tac
FROM one_device LEFT JOIN listed_tac ON listed_tac.tac = one_device.tac GROUP BY one_device.number_no
""",
    "device_place": """
SELECT number_no, COUNT(*) AS devices, MAX(numbers) AS numbers_in_device
FROM number_device JOIN in_device ON in_device.device_no = number_device.device_no GROUP BY number_no
""",
    "device_change": """
SELECT number_no, COUNT(CASE WHEN device_place <> before_place THEN 1 END) AS changes FROM (
  SELECT one_device.number_no, device_place,
    LAG(device_place) OVER (PARTITION BY one_device.number_no ORDER BY seen_at, device_place) AS before_place
  FROM one_device
  JOIN number_device
    ON number_device.number_no = one_device.number_no AND number_device.device_no = one_device.device_no
  JOIN (SELECT number_no FROM device_place WHERE devices > 1) AS several
    ON several.number_no = one_device.number_no
) AS in_turn GROUP BY number_no
""",
}
"""The steps in their order; each may be asked of some of the numbers, if all records of these are there."""


def _whole(expression: str, name: str) -> str:
    return f"CAST({expression} AS BIGINT) AS {name}"


def _share(part: str, of: str, name: str) -> str:
    return f"CAST({part} AS DOUBLE) / NULLIF({of}, 0) AS {name}"


def _kept(kept: str, table: str, *names: str) -> list[str]:
    """Counts: 0 where records of the kind are kept and there is none of this number."""
    prefix = kept.removesuffix("_kept")
    return [
        f"CASE WHEN {{{kept}}} THEN COALESCE(CAST({table}.{name} AS BIGINT), 0) END AS {prefix}_{name}"
        for name in names
    ]


_CALLS: Final = [
    *_kept("calls_kept", "call_number", "calls", "outgoing"),
    *_kept("calls_kept", "call_pair", "counterparts", "callers"),
    _share("calls", "others", "calls_per_counterpart"),
    *_kept("calls_kept", "call_pair", "most_with_one"),
    _share("outgoing", "calls", "calls_outgoing_share"),
    _share("out_answered", "out_told", "calls_answered_share"),
    _share("out_short", "out_talked", "calls_short_share"),
    _share("returned", "counterparts", "calls_returned_share"),
    "CASE WHEN talked > 0 THEN CAST(talk_s AS DOUBLE) / talked END AS calls_talk_s",
    _share("talk_s", "others", "calls_talk_s_per_counterpart"),
    *_kept("calls_kept", "call_hour", "busiest_hour"),
    *_kept("calls_kept", "call_ten_minutes", "busiest_ten_minutes"),
    _share("night_calls", "outgoing", "calls_night_share"),
    *_kept("calls_kept", "call_number", "hours"),
    *_kept("calls_kept", "call_time", "days"),
    _whole("first_at", "about_calls_first_at"),
    _whole("last_at", "about_calls_last_at"),
    _whole("(silent_s - silent_s % 86400) / 86400", "calls_silent_days"),
    *_kept("calls_kept", "call_time", "busiest_day"),
    "CAST(out_before AS DOUBLE) / NULLIF(before_s, 0) * 86400 AS calls_other_days",
]
_READ: Final = (
    *(
        "templates",
        "largest_template",
        "category_fraud",
        "category_illegal",
        "category_advertising",
        "category_other",
    ),
    *("fraud_recipients", "lexicon_hits", "with_link", "with_contact", "evasive"),
)
_MESSAGES: Final = [
    *_kept("messages_kept", "message_number", "sent", "received", "recipients", "senders"),
    _share("message_number.replied", "message_number.recipients", "messages_replied_share"),
    *_kept("messages_kept", "message_hour", "busiest_hour"),
    "CASE WHEN {messages_kept} THEN COALESCE(CAST(message_number.is_read AS BIGINT), 0) END AS messages_read",
    *(
        f"CASE WHEN message_number.is_read > 0{more} THEN COALESCE(CAST({name} AS BIGINT), 0) END AS messages_{name}"
        for name in _READ
        for more in [
            " AND message_number.classifier IS NOT NULL"
            if name in ("category_advertising", "category_other")
            else ""
        ]
    ),
    "lexicon AS about_messages_lexicon",
    "message_number.classifier AS about_messages_classifier",
]
_PLACES: Final = [
    *(
        f"CASE WHEN {{places_kept}} OR place_number.events > 0 THEN COALESCE(CAST({name} AS BIGINT), 0) END"
        f" AS places_{name}"
        for name in ("events", "cells")
    ),
    "CASE WHEN {places_kept} OR place_number.events > 0 THEN COALESCE(CAST(place_day.days AS BIGINT), 0) END"
    " AS places_days",
    _share("place_cell.most", "place_number.in_cells", "places_commonest_share"),
    "fastest_km_h AS places_fastest_km_h",
    "CASE WHEN {places_kept} OR place_number.events > 0 THEN COALESCE(CAST(region_count AS BIGINT), 0) END"
    " AS places_region_count",
    "regions AS about_places_regions",
]
_DEVICES: Final = [
    _whole("devices", "devices_devices"),
    "CASE WHEN devices > 0 THEN COALESCE(CAST(changes AS BIGINT), 0) END AS devices_changes",
    "CASE WHEN {all_at_hand} THEN CAST(numbers_in_device AS BIGINT) END AS devices_numbers_in_device",
    "CASE WHEN {tacs_listed} AND with_tac > 0 THEN CAST(device_number.bulk_tac AS BIGINT) END AS devices_bulk_tac",
]
_TABLES: Final = (
    *(
        "call_number",
        "call_pair",
        "call_hour",
        "call_ten_minutes",
        "call_time",
        "call_silence",
        "message_number",
        "message_hour",
        "message_template",
    ),
    *("message_lexicon", "place_number", "place_day", "place_cell", "place_region", "place_speed"),
    *("device_number", "device_place", "device_change"),
)

FEATURES: Final = (
    "SELECT number.number AS number, "
    + ",\n  ".join((*_CALLS, *_MESSAGES, *_PLACES, *_DEVICES))
    + "\nFROM number\n"
    + "\n".join(f"LEFT JOIN {name} ON {name}.number_no = number.number_no" for name in _TABLES)
)
"""A row a number; what is not known of it is NULL."""
