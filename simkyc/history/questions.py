"""What is asked of the history: each question once, as one SQL text.

The texts keep to what SQLite, PostgreSQL, DuckDB and Spark all run alike: joins, plain comparisons and counts over
integers of epoch seconds, no functions of one dialect. Who asks stands in a table of its own, joined on the key
that an index serves, so that the same text answers one application at the counter and a million in a batch:

    ask       a row each application: `ask_id`, what it names (`person_key`, `iccid`, `imsi_key`, `msisdn_key`,
              `store_id`), `asked_at` from which windows and pending admissions are measured,
              `known_until` after which nothing is known (`asked_at` for an answer that never changes), and
              `before_entry`, the number of the entry that asks: neither it nor what was recorded later counts
    ask_key   a row each thing that it may share with others: `ask_id`, `what`, `shared_key`
    span      a row each window: `question`, `window_s` in seconds

`COUNTS` give rows of `ask_id`, `question`, `what`, `window_s` and three integers. An application *counts* while it is
pending (admitted, neither released nor expired) and for good once it was carried out. One that was never admitted
has neither `opened_at` nor `admitted_until`, so it never counts. A window is half open: decided after
`asked_at - window_s`.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "BINDING",
    "BINDINGS",
    "BINDING_KINDS",
    "COUNTS",
    "LINES_ON_DEVICE",
    "LINE_OUTCOMES",
    "LINE_STEPS",
    "LISTINGS",
    "LISTS",
    "SIGHTINGS",
    "STOCK",
]

RECORDED: Final = """application.decided_at <= ask.known_until
  AND application.entry_no < ask.before_entry
  AND (application.released_at IS NULL OR application.released_at > ask.known_until)"""

PENDING_OR_DONE: Final = (
    "(application.opened_at <= ask.known_until OR application.admitted_until > ask.asked_at)"
)

NEW_NUMBER: Final = "application.kind IN ('opening', 'transfer')"
"""Kinds that give a person a further number."""

BINDING_KINDS: Final = ("opening", "replacement", "transfer", "esim_move")
BINDING: Final = f"application.kind IN {BINDING_KINDS}"
"""Kinds that bind a number to a card and a device; what was bound before ends when they are carried out."""

ACTIVE_NUMBERS: Final = f"""
SELECT ask.ask_id, 'active_numbers' AS question, '' AS what, 0 AS window_s,
  COUNT(CASE WHEN application.service = 'personal' THEN 1 END) AS n1,
  COUNT(CASE WHEN application.service = 'iot' THEN 1 END) AS n2, 0 AS n3
FROM ask LEFT JOIN application
  ON application.person_key = ask.person_key
  AND {RECORDED}
  AND (application.closed_at IS NULL OR application.closed_at > ask.known_until)
  AND {BINDING}
  AND (application.opened_at <= ask.known_until
    OR (application.admitted_until > ask.asked_at AND {NEW_NUMBER}))
GROUP BY ask.ask_id
"""
"""Numbers that this person holds or is about to hold: of phones, of IoT cards. Served by `application_by_person`."""

PERSON_OPENINGS: Final = f"""
SELECT ask.ask_id, 'person_openings' AS question, '' AS what, span.window_s,
  COUNT(application.entry_no) AS n1, 0 AS n2, 0 AS n3
FROM ask JOIN span ON span.question = 'person_openings'
LEFT JOIN application
  ON application.person_key = ask.person_key
  AND application.decided_at > ask.asked_at - span.window_s
  AND {RECORDED} AND {PENDING_OR_DONE} AND {NEW_NUMBER}
GROUP BY ask.ask_id, span.window_s
"""
"""Openings of this person in each window, cancelled ones too. Served by `application_by_person`."""

ACTORS: Final = """
SELECT ask.ask_id, 'actor' AS question, ask_key.what AS what, span.window_s,
  COUNT(shared_key.entry_no) AS n1, COUNT(CASE WHEN shared_key.is_remote_first = 1 THEN 1 END) AS n2, 0 AS n3
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN span ON span.question = ask_key.what
LEFT JOIN shared_key
  ON shared_key.what = ask_key.what AND shared_key.shared_key = ask_key.shared_key
  AND shared_key.decided_at > ask.asked_at - span.window_s
  AND shared_key.decided_at <= ask.known_until
  AND shared_key.entry_no < ask.before_entry
  AND (shared_key.released_at IS NULL OR shared_key.released_at > ask.known_until)
  AND (shared_key.opened_at <= ask.known_until OR shared_key.admitted_until > ask.asked_at)
WHERE ask_key.what IN ('clerk', 'dealer', 'store', 'terminal')
GROUP BY ask.ask_id, ask_key.what, span.window_s
"""
"""Openings by this clerk, dealer, store and terminal in each window. Served by the primary key of `shared_key`."""

SHARED: Final = """
SELECT ask.ask_id, 'shared' AS question, ask_key.what AS what, span.window_s,
  COUNT(DISTINCT CASE WHEN shared_key.person_key <> COALESCE(ask.person_key, '')
    THEN shared_key.person_key END) AS n1,
  COUNT(DISTINCT CASE WHEN shared_key.iccid <> COALESCE(ask.iccid, '') THEN shared_key.iccid END) AS n2,
  COUNT(DISTINCT CASE WHEN (shared_key.released_at IS NULL OR shared_key.released_at > ask.known_until)
      AND (shared_key.opened_at <= ask.known_until OR shared_key.admitted_until > ask.asked_at)
    THEN shared_key.entry_no END) AS n3
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN span ON span.question = ask_key.what
LEFT JOIN shared_key
  ON shared_key.what = ask_key.what AND shared_key.shared_key = ask_key.shared_key
  AND shared_key.decided_at > ask.asked_at - span.window_s
  AND shared_key.decided_at <= ask.known_until
  AND shared_key.entry_no < ask.before_entry
WHERE ask_key.what NOT IN ('clerk', 'dealer', 'store', 'terminal')
GROUP BY ask.ask_id, ask_key.what, span.window_s
"""
"""Other people, cards and openings with the same device, representative, contact number and so on in each window.

Whoever named it counts, admitted or not: an escort who was refused is an escort. Served by the primary key.
"""

CARD: Final = f"""
SELECT ask.ask_id, 'card' AS question, '' AS what, 0 AS window_s,
  COUNT(CASE WHEN application.opened_at <= ask.known_until AND {BINDING} THEN 1 END) AS n1,
  COUNT(CASE WHEN (application.opened_at IS NULL OR application.opened_at > ask.known_until)
    AND application.admitted_until > ask.asked_at THEN 1 END) AS n2, 0 AS n3
FROM ask LEFT JOIN application ON application.iccid = ask.iccid AND {RECORDED}
GROUP BY ask.ask_id
"""
"""How often this card was issued, and pending applications that hold it. Served by `application_by_iccid`."""

NUMBER: Final = f"""
SELECT ask.ask_id, 'number' AS question, '' AS what, 0 AS window_s,
  COUNT(CASE WHEN application.opened_at <= ask.known_until AND {BINDING}
    AND (application.closed_at IS NULL OR application.closed_at > ask.known_until) THEN 1 END) AS n1,
  COUNT(CASE WHEN (application.opened_at IS NULL OR application.opened_at > ask.known_until)
    AND application.admitted_until > ask.asked_at THEN 1 END) AS n2, 0 AS n3
FROM ask LEFT JOIN application ON application.msisdn_key = ask.msisdn_key AND {RECORDED}
GROUP BY ask.ask_id
"""
"""Whether this number is in use, and pending applications that hold it. Served by `application_by_msisdn`.

A number returns to stock when it is cancelled; a card never does.
"""

OTHER_CARDS: Final = """
SELECT ask.ask_id, 'other_cards' AS question, '' AS what, 0 AS window_s,
  COUNT(DISTINCT sim_stock.iccid) AS n1, COUNT(DISTINCT twin.iccid) AS n2, 0 AS n3
FROM ask LEFT JOIN sim_stock
  ON sim_stock.msisdn_key = ask.msisdn_key AND sim_stock.iccid <> ask.iccid
  AND sim_stock.state IN ('in_stock', 'reserved')
  AND sim_stock.recorded_at <= ask.known_until
  AND (sim_stock.replaced_at IS NULL OR sim_stock.replaced_at > ask.known_until)
LEFT JOIN sim_stock AS twin
  ON twin.imsi_key = ask.imsi_key AND twin.iccid <> ask.iccid
  AND twin.recorded_at <= ask.known_until
  AND (twin.replaced_at IS NULL OR twin.replaced_at > ask.known_until)
GROUP BY ask.ask_id
"""
"""Other cards of the stock that this number is meant for, and others that this IMSI is in.

Served by `sim_stock_by_msisdn` and `sim_stock_by_imsi`.
"""

LINE_OUTCOMES: Final = """
SELECT ask.ask_id, application.application_id
FROM ask JOIN application ON application.msisdn_key = ask.msisdn_key
JOIN outcome ON outcome.entry_no = application.entry_no
WHERE application.opened_at <= ask.known_until
  AND outcome.is_fraud = 1
  AND outcome.reported_at <= ask.known_until
  AND (outcome.replaced_at IS NULL OR outcome.replaced_at > ask.known_until)
GROUP BY ask.ask_id, application.application_id
"""
"""What this number was opened by, where it was reported as used for fraud. Served by `application_by_msisdn`."""

LINE_STEPS: Final = """
SELECT ask.ask_id, line_step.step_no, line_step.opened_by, line_step.taken_at, line_step.measure, line_step.state,
  line_step.suspected, line_step.reason, line_step.basis, line_step.taken_by, line_step.until,
  line_step.application_id, line_step.verdict_id
FROM ask JOIN line_step ON line_step.msisdn_key = ask.msisdn_key
WHERE line_step.recorded_at <= ask.known_until
  AND line_step.after_entry < ask.before_entry
ORDER BY ask.ask_id, line_step.step_no
"""
"""What was done to this number, oldest first, whoever held it. Served by the primary key of `line_step`."""

SUSPENDED_NUMBERS: Final = """
SELECT stopped.ask_id, 'suspended_numbers' AS question, '' AS what, 0 AS window_s,
  COUNT(stopped.last_no) AS n1, 0 AS n2, 0 AS n3
FROM (
  SELECT ask.ask_id, line_step.opened_by, MAX(line_step.step_no) AS last_no,
    MAX(CASE WHEN line_step.suspected = 1 AND line_step.state IN ('suspended', 'cancelled')
      THEN line_step.step_no END) AS stopped_no
  FROM ask JOIN application ON application.person_key = ask.person_key
  JOIN line_step ON line_step.opened_by = application.application_id
  WHERE line_step.recorded_at <= ask.known_until
    AND line_step.after_entry < ask.before_entry
  GROUP BY ask.ask_id, line_step.opened_by) AS stopped
WHERE stopped.last_no = stopped.stopped_no
GROUP BY stopped.ask_id
"""
"""Lines of this person that stand suspended, or were cancelled, on suspicion. Served by `line_step_by_opening`."""

STORE_HAS_STOCK: Final = """
SELECT ask.ask_id, 'store_has_stock' AS question, '' AS what, 0 AS window_s,
  COUNT(stocked_store.store_id) AS n1, 0 AS n2, 0 AS n3
FROM ask LEFT JOIN stocked_store
  ON stocked_store.store_id = ask.store_id AND stocked_store.stocked_at <= ask.known_until
GROUP BY ask.ask_id
"""
"""Whether any card was ever allocated to this store. Served by the primary key of `stocked_store`."""

COUNTS: Final = (
    ACTIVE_NUMBERS,
    PERSON_OPENINGS,
    ACTORS,
    SHARED,
    CARD,
    NUMBER,
    OTHER_CARDS,
    SUSPENDED_NUMBERS,
    STORE_HAS_STOCK,
)
"""All that are counted, to be asked in one statement."""

STOCK: Final = """
SELECT ask.ask_id, sim_stock.store_id, sim_stock.dealer_id, sim_stock.state, sim_stock.imsi_key, sim_stock.msisdn_key
FROM ask JOIN sim_stock ON sim_stock.iccid = ask.iccid
WHERE sim_stock.recorded_at <= ask.known_until
  AND (sim_stock.replaced_at IS NULL OR sim_stock.replaced_at > ask.known_until)
"""
"""What the stock says of this card. Served by the primary key of `sim_stock`."""

BINDINGS: Final = """
SELECT ask.ask_id, application.application_id, application.kind, application.service, application.person_key,
  application.device_key, application.second_device_key, application.iccid, application.imsi_key,
  application.decided_at, application.opened_at, application.closed_at, application.restriction_json,
  application.entry_no
FROM ask JOIN application ON application.msisdn_key = ask.msisdn_key
WHERE application.opened_at <= ask.known_until
  AND application.entry_no < ask.before_entry
ORDER BY ask.ask_id, application.opened_at, application.entry_no
"""
"""Everything that was carried out for this number, oldest first. Served by `application_by_msisdn`."""

SIGHTINGS: Final = """
SELECT ask.ask_id, sighting.seen_at, sighting.device_key, sighting.imsi_key, sighting.tac, sighting.recorded_at
FROM ask JOIN sighting ON sighting.msisdn_key = ask.msisdn_key
WHERE sighting.seen_at <= ask.asked_at
  AND sighting.recorded_at <= ask.known_until
ORDER BY ask.ask_id, sighting.seen_at, sighting.recorded_at, sighting.device_key
"""
"""The devices that the network saw this number in, oldest first. Served by the primary key of `sighting`."""

LINES_ON_DEVICE: Final = """
SELECT ask.ask_id, span.window_s, COUNT(DISTINCT sighting.msisdn_key) AS lines
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id AND ask_key.what = 'device'
JOIN span ON span.question = 'lines_on_device'
LEFT JOIN sighting
  ON sighting.device_key = ask_key.shared_key
  AND sighting.seen_at > ask.asked_at - span.window_s AND sighting.seen_at <= ask.asked_at
  AND sighting.recorded_at <= ask.known_until
  AND sighting.msisdn_key <> COALESCE(ask.msisdn_key, '')
GROUP BY ask.ask_id, span.window_s
"""
"""Other numbers that the network saw in this device in each window. Served by `sighting_by_device`."""

LISTINGS: Final = """
SELECT ask.ask_id, ask_key.what, watch.list, watch.source, watch.basis, watch.listed_from, watch.listed_until,
  watch.silent_alert
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN watch ON watch.watch_key = ask_key.shared_key
WHERE watch.listed_from <= ask.asked_at AND (watch.listed_until IS NULL OR watch.listed_until > ask.asked_at)
  AND watch.recorded_at <= ask.known_until
  AND (watch.removed_at IS NULL OR watch.removed_at > ask.known_until)
ORDER BY ask.ask_id, ask_key.what, watch.list, watch.source, watch.listed_from
"""
"""Entries of the lists that hold for these people, documents or devices. Served by the primary key of `watch`.

Two entries with one list, source and beginning never hold at once. `before_entry` has no say here: of what was
listed in the very second of an application, whoever judges it again may find more than was known then.
"""

LISTS: Final = """
SELECT ask.ask_id, list_import.list, MAX(list_import.imported_at) AS imported_at
FROM ask JOIN ask_key ON ask_key.ask_id = ask.ask_id
JOIN list_import ON list_import.list = ask_key.shared_key AND list_import.imported_at <= ask.known_until
GROUP BY ask.ask_id, list_import.list
"""
"""When these lists were last brought up to date. Served by `list_import_by_list`; an import is one row."""
