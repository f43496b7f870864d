"""What is asked of the history: each question once, as one SQL text.

The texts keep to what SQLite, PostgreSQL, DuckDB and Spark all run alike: plain comparisons and counts
over integers of epoch seconds, named parameters, no functions of one dialect. Each gives one row with one
integer, but for `LISTINGS`, which gives a row each. All of them see the history as of a moment:

    :at           the moment that windows and pending admissions are measured from
    :known_until  what happened later than this is not known; `:at` for an answer that never changes
    :before       number of the entry that asks: neither it nor what was recorded after it counts

An application *counts* while it is pending (admitted, neither released nor expired) and for good once its
card was opened. One that was never admitted has neither `opened_at` nor `admitted_until`, so it never
counts. A window is half open: decided after `:at - :window_s`.
"""

from __future__ import annotations

__all__ = [
    "ACTIVE_NUMBERS",
    "ALLOCATED_HERE",
    "CLERK_OPENINGS",
    "DEVICE_PEOPLE",
    "LISTINGS",
    "PERSON_OPENINGS",
    "REPRESENTED_PEOPLE",
    "SIM_ISSUED",
    "SIM_RESERVED",
    "STORE_HAS_STOCK",
]

ACTIVE_NUMBERS = """
SELECT COUNT(*)
FROM application
WHERE person_key = :person
  AND decided_at <= :known_until
  AND entry_no < :before
  AND (released_at IS NULL OR released_at > :known_until)
  AND (opened_at <= :known_until OR admitted_until > :at)
  AND (closed_at IS NULL OR closed_at > :known_until)
"""
"""Numbers that this person holds or is about to hold. Served by `application_by_person`."""

PERSON_OPENINGS = """
SELECT COUNT(*)
FROM application
WHERE person_key = :person
  AND decided_at > :at - :window_s AND decided_at <= :known_until
  AND entry_no < :before
  AND (released_at IS NULL OR released_at > :known_until)
  AND (opened_at <= :known_until OR admitted_until > :at)
"""
"""Openings of this person in one window, cancelled ones too. Served by `application_by_person`."""

DEVICE_PEOPLE = """
SELECT COUNT(DISTINCT person_key)
FROM application
WHERE device_key = :device
  AND decided_at > :at - :window_s AND decided_at <= :known_until
  AND entry_no < :before
  AND (released_at IS NULL OR released_at > :known_until)
  AND (opened_at <= :known_until OR admitted_until > :at)
  AND person_key <> :person
"""
"""Other people with openings on this device in the window. Served by `application_by_device`."""

REPRESENTED_PEOPLE = """
SELECT COUNT(DISTINCT person_key)
FROM application
WHERE representative_key = :representative
  AND decided_at > :at - :window_s AND decided_at <= :known_until
  AND entry_no < :before
  AND (released_at IS NULL OR released_at > :known_until)
  AND (opened_at <= :known_until OR admitted_until > :at)
  AND person_key <> :person
"""
"""Other people for whom this representative acted in the window. Served by `application_by_representative`."""

CLERK_OPENINGS = """
SELECT COUNT(*)
FROM application
WHERE clerk_id = :clerk
  AND decided_at > :at - :window_s AND decided_at <= :known_until
  AND entry_no < :before
  AND (released_at IS NULL OR released_at > :known_until)
  AND (opened_at <= :known_until OR admitted_until > :at)
"""
"""Openings by this clerk in the window. Served by `application_by_clerk`."""

SIM_RESERVED = """
SELECT COUNT(*)
FROM application
WHERE (iccid = :iccid OR msisdn_key = :msisdn)
  AND decided_at <= :known_until
  AND entry_no < :before
  AND (released_at IS NULL OR released_at > :known_until)
  AND (opened_at IS NULL OR opened_at > :known_until)
  AND admitted_until > :at
"""
"""Pending applications that hold this card or this number. Served by `application_by_iccid` and `..._msisdn`."""

SIM_ISSUED = """
SELECT COUNT(*)
FROM application
WHERE (iccid = :iccid OR (msisdn_key = :msisdn AND (closed_at IS NULL OR closed_at > :known_until)))
  AND entry_no < :before
  AND opened_at <= :known_until
"""
"""Cards opened with this ICCID ever, or with this number and not cancelled. Served as `SIM_RESERVED` is.

A number returns to stock when it is cancelled; a card never does.
"""

ALLOCATED_HERE = """
SELECT COUNT(*) FROM sim_stock WHERE iccid = :iccid AND store_id = :store
"""
"""Whether this card is allocated to this store. Served by the primary key of `sim_stock`."""

STORE_HAS_STOCK = """
SELECT COUNT(*) FROM stocked_store WHERE store_id = :store
"""
"""Whether any card was ever allocated to this store. Served by the primary key of `stocked_store`."""

LISTINGS = """
SELECT list, source, basis, listed_from, listed_until, silent_alert
FROM watch
WHERE watch_key = :key
  AND listed_from <= :at AND (listed_until IS NULL OR listed_until > :at)
  AND recorded_at <= :known_until
  AND (removed_at IS NULL OR removed_at > :known_until)
ORDER BY list, source, listed_from
"""
"""Entries of the lists that hold for this person or document. Served by the primary key of `watch`.

Two entries with one list, source and beginning never hold at once. `:before` has no say here: of what was listed
in the very second of an application, whoever judges it again may find more than was known then.
"""
