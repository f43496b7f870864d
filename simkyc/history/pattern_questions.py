"""What is asked about the pattern behind an opening, as one SQL text each, in the form of `questions`.

`ask` has further columns here: `day_start`, the last midnight in China; and of the card's ICCID where its
neighbours begin and end, `card_low` and `card_high`.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "AT_THIS_HOUR",
    "BASELINE",
    "HOUR",
    "NEIGHBOURS",
    "NEIGHBOUR_NUMBERS",
    "NEXT_TO",
    "OUTCOMES",
    "SPREAD",
    "TRAIL",
]

TRAIL: Final = """
SELECT ask.ask_id, application.decided_at, application.decision, application.store_id, application.dealer_id,
  application.latitude_e6, application.longitude_e6, application.admitted_until,
  application.entry_no
FROM ask JOIN span ON span.question = 'trail'
JOIN application ON application.person_key = ask.person_key
WHERE application.decided_at > ask.asked_at - span.window_s
  AND application.decided_at <= ask.known_until
  AND application.entry_no < ask.before_entry
ORDER BY ask.ask_id, application.decided_at DESC, application.entry_no DESC
"""
"""Everything this person asked for in the window, latest first. Served by `application_by_person`."""

NEXT_TO: Final = "application.iccid >= ask.card_low AND application.iccid < ask.card_high"
"""Cards around one. A batch adds an equality that both sides meet anyway: no engine joins many by a range alone."""

NEIGHBOURS: Final = f"""
SELECT ask.ask_id, application.iccid, application.person_key, application.decided_at
FROM ask JOIN span ON span.question = 'neighbours'
JOIN application ON {NEXT_TO}
WHERE application.decided_at > ask.asked_at - span.window_s
  AND application.decided_at <= ask.known_until
  AND application.entry_no < ask.before_entry
  AND application.admitted_until IS NOT NULL
  AND (application.released_at IS NULL OR application.released_at > ask.known_until)
ORDER BY ask.ask_id, application.iccid
"""
"""Cards with serial numbers next to this one that were admitted in the window. Served by `application_by_iccid`."""

NEIGHBOUR_NUMBERS: Final = """
SELECT ask_key.ask_id, ask_key.what, application.person_key, application.decided_at
FROM ask JOIN span ON span.question = 'neighbours'
JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN application ON application.msisdn_key = ask_key.shared_key
WHERE application.decided_at > ask.asked_at - span.window_s
  AND application.decided_at <= ask.known_until
  AND application.entry_no < ask.before_entry
  AND application.admitted_until IS NOT NULL
  AND (application.released_at IS NULL OR application.released_at > ask.known_until)
"""
"""Which of the numbers next to this one, named by their distance in `what`, were admitted in the window."""

BASELINE: Final = """
SELECT ask.ask_id, ask_key.what,
  (ask.day_start - 1 - shared_key.decided_at) - (ask.day_start - 1 - shared_key.decided_at) % 86400 AS day_s,
  COUNT(shared_key.entry_no) AS openings,
  COUNT(CASE WHEN shared_key.is_remote_first = 1 THEN 1 END) AS remote_first
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN span ON span.question = 'baseline'
JOIN shared_key ON shared_key.what = ask_key.what AND shared_key.shared_key = ask_key.shared_key
WHERE shared_key.decided_at >= ask.day_start - span.window_s
  AND shared_key.decided_at < ask.day_start
  AND shared_key.admitted_until IS NOT NULL
GROUP BY ask.ask_id, ask_key.what,
  (ask.day_start - 1 - shared_key.decided_at) - (ask.day_start - 1 - shared_key.decided_at) % 86400
"""
"""Openings by this clerk, dealer, store or terminal on each full day before today. Served by the primary key.

What was admitted counts, and whether it was settled later makes no difference: of a day that is over the answer never
changes, so that it may be kept for the whole of the next.
"""

AT_THIS_HOUR: Final = "((ask.asked_at - {at}) % 86400 < 7200 OR (ask.asked_at - {at}) % 86400 > 79200)"
"""Within two hours of the time of the day that asks, around midnight too."""

HOUR: Final = f"""
SELECT ask.ask_id, COUNT(DISTINCT CASE WHEN {AT_THIS_HOUR.format(at="shared_key.decided_at")}
  THEN shared_key.decided_at - (shared_key.decided_at + 28800) % 86400 END) AS days
FROM ask JOIN span ON span.question = 'baseline'
JOIN shared_key ON shared_key.what = 'store' AND shared_key.shared_key = ask.store_id
WHERE shared_key.decided_at >= ask.day_start - span.window_s
  AND shared_key.decided_at < ask.day_start
  AND shared_key.admitted_until IS NOT NULL
GROUP BY ask.ask_id
"""
"""On how many days before today this store opened a number within two hours of this time. Served by the primary key."""

SPREAD: Final = """
SELECT ask.ask_id, ask_key.what, span.window_s,
  COUNT(DISTINCT application.decided_at - (application.decided_at + 28800) % 86400) AS days,
  COUNT(DISTINCT application.store_id) AS stores,
  COUNT(DISTINCT application.clerk_id) AS clerks,
  MIN(application.store_id) AS store_id, MIN(application.clerk_id) AS clerk_id,
  MIN(application.decided_at) AS first_at, MAX(application.decided_at) AS last_at,
  COUNT(CASE WHEN shared_key.is_remote_first = 1 THEN 1 END) AS remote_first,
  COUNT(CASE WHEN shared_key.admitted_until IS NOT NULL THEN 1 END) AS openings
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN span ON span.question = 'spread'
JOIN shared_key ON shared_key.what = ask_key.what AND shared_key.shared_key = ask_key.shared_key
JOIN application ON application.entry_no = shared_key.entry_no
WHERE shared_key.decided_at > ask.asked_at - span.window_s
  AND shared_key.decided_at <= ask.known_until
  AND shared_key.entry_no < ask.before_entry
GROUP BY ask.ask_id, ask_key.what, span.window_s
"""
"""On how many days, in how many stores, by how many clerks the same device, contact number and so on was named.

Days begin at midnight in China. Served by the primary keys of both tables.
"""

OUTCOMES: Final = """
SELECT ask.ask_id, ask_key.what, span.window_s, COUNT(DISTINCT outcome.entry_no) AS fraudulent
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN span ON span.question = 'outcomes'
JOIN outcome ON outcome.what = ask_key.what AND outcome.shared_key = ask_key.shared_key
WHERE outcome.is_fraud = 1
  AND outcome.reported_at > ask.asked_at - span.window_s
  AND outcome.reported_at <= ask.known_until
  AND (outcome.replaced_at IS NULL OR outcome.replaced_at > ask.known_until)
GROUP BY ask.ask_id, ask_key.what, span.window_s
"""
"""Numbers reported as used for fraud with the same dealer, device, contact and so on. Served by the primary key."""
