"""What a report asks of `verdicts.parquet`, in DuckDB's SQL.

Nothing sorts or keeps single rows but the runs of cards, which DuckDB does on disk where memory ends; medians are
counted, so that the same verdicts give the same report.
"""

from __future__ import annotations

from typing import Final

OPENING: Final = """
SELECT source_no, application_id, kind, store_id, dealer_id, clerk_id, iccid, decision_then, other_decision,
  other_reasons, silent_alert, measures, findings,
  CASE WHEN decision IN ('accept', 'retry', 'review', 'refuse') THEN decision END AS decision,
  CAST(floor(epoch(decided_at)) AS BIGINT) AS second,
  DATE '1970-01-01' + CAST(floor((epoch(decided_at) + 28800) / 86400) AS INTEGER) AS day,
  len(list_filter(findings, lambda one: one.state = 'flagged' AND one.decision IS DISTINCT FROM 'accept')) > 0
    AS is_flagged,
  list_transform(list_filter(findings, lambda one: one.state = 'flagged'), lambda one: one.reason) AS held,
  list_filter(list_transform(list_filter(findings, lambda one: one.state = 'not_assessed'), lambda one: one.reason),
    lambda one: NOT list_contains(held, one) AND list_contains(reasons, one)) AS open_questions,
  list_filter(coalesce(reasons, []), lambda one: NOT coalesce(list_contains(list_transform(list_filter(findings,
    lambda each: each.state = 'not_assessed' AND list_contains(getvariable('explained'), each.cause)),
    lambda each: each.reason), one), false) OR list_contains(held, one)) AS told
FROM (
  SELECT * REPLACE (
    list_filter(findings, lambda one: one.state = 'flagged' OR one.decision IS DISTINCT FROM 'accept') AS findings)
  FROM verdict
)
"""
"""What the questions below are asked of. Findings that mean nothing, as those on a minor of an adult, are most of a row
and are left out. `told`: the reasons without those that only follow from another, as at the counter.
"""
TOTALS: Final = """
SELECT count(*) AS openings,
  count(*) FILTER (is_flagged) AS flagged,
  count(*) FILTER (decision <> 'accept' AND NOT coalesce(is_flagged, false)) AS only_unassessed,
  count(*) FILTER (silent_alert) AS silent_alerts,
  count(*) FILTER (decision = 'accept') AS accept,
  count(*) FILTER (decision = 'retry') AS retry,
  count(*) FILTER (decision = 'review') AS review,
  count(*) FILTER (decision = 'refuse') AS refuse,
  min(second) AS first_at, max(second) AS last_at, coalesce(max(day) - min(day), 0) AS days
FROM opening
"""
PERIODS: Final = """
SELECT CAST(date_trunc(getvariable('span'), day) AS DATE) AS first_day, coalesce(decision, 'unknown'), count(*)
FROM opening WHERE day IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
FOUND: Final = """
CREATE TEMP TABLE found AS
SELECT one.reason, one.state, one.cause, one.weighs,
  CASE one.state WHEN 'flagged' THEN CAST(date_trunc(getvariable('span'), day) AS DATE) END AS first_day,
  count(*) AS openings, count(*) FILTER (decision <> 'accept') AS not_accepted
FROM (
  SELECT day, decision, unnest(list_distinct(list_transform(findings, lambda one: {
    'reason': one.reason, 'state': one.state, 'cause': CASE one.state WHEN 'not_assessed' THEN one.cause END,
    'weighs': one.decision IS DISTINCT FROM 'accept'}))) AS one
  FROM opening
)
WHERE one.reason IS NOT NULL
GROUP BY ALL
"""
PASSED_OVER: Final = """
INSERT INTO found
WITH every AS (
  SELECT one.reason AS reason, one.cause AS cause, count(*) AS answers
  FROM (SELECT unnest(findings) AS one FROM verdict)
  WHERE one.state = 'not_assessed' AND one.decision = 'accept' AND one.reason IS NOT NULL GROUP BY ALL
), of_several AS (
  SELECT one.reason AS reason, one.cause AS cause, count(*) - count(DISTINCT source_no) AS again
  FROM (
    SELECT source_no, unnest(findings) AS one FROM verdict
    WHERE len(list_filter(findings, lambda one: one.subject <> 'applicant')) > 0
  )
  WHERE one.state = 'not_assessed' AND one.decision = 'accept' GROUP BY ALL
)
SELECT every.reason, 'not_assessed', every.cause, false, NULL, answers - coalesce(again, 0), 0
FROM every LEFT JOIN of_several
  ON every.reason = of_several.reason AND every.cause IS NOT DISTINCT FROM of_several.cause
"""
"""Openings, not answers: of one about several people the same question may be asked twice."""
REASONS_FOUND: Final = """
SELECT reason,
  coalesce(sum(openings) FILTER (state = 'flagged' AND weighs), 0)::BIGINT AS flagged,
  coalesce(sum(openings) FILTER (state = 'flagged' AND NOT weighs), 0)::BIGINT AS noted,
  coalesce(sum(not_accepted) FILTER (state = 'not_assessed' AND weighs), 0)::BIGINT AS not_assessed
FROM found GROUP BY reason ORDER BY flagged DESC, not_assessed DESC, noted DESC, reason
"""
REASONS_BY_PERIOD: Final = """
SELECT reason, first_day, sum(openings)::BIGINT FROM found
WHERE state = 'flagged' AND weighs AND first_day IS NOT NULL GROUP BY ALL
"""
NOT_ASSESSED: Final = """
SELECT reason, coalesce(cause, 'unknown'), sum(openings)::BIGINT AS openings,
  coalesce(sum(openings) FILTER (weighs), 0)::BIGINT AS weighing
FROM found WHERE state = 'not_assessed'
GROUP BY ALL ORDER BY weighing DESC, openings DESC, 1, 2 LIMIT $most
"""
PAIRS_THEN: Final = """
CREATE OR REPLACE TEMP VIEW pair AS
SELECT source_no, application_id, decision_then AS before, decision AS after,
  CAST([] AS VARCHAR[]) AS before_reasons, told AS after_reasons, open_questions
FROM opening
"""
PAIRS_COMPARED: Final = """
CREATE OR REPLACE TEMP VIEW pair AS
SELECT source_no, application_id, decision AS before, other_decision AS after,
  told AS before_reasons, coalesce(other_reasons, []) AS after_reasons, open_questions
FROM opening
"""
CELLS: Final = """
SELECT before, after, count(*), arg_min({
  'application_id': application_id, 'before': before_reasons, 'after': after_reasons},
  source_no, $examples) FILTER (before <> after)
FROM pair WHERE before IN ('accept', 'retry', 'review', 'refuse') AND after IN ('accept', 'retry', 'review', 'refuse')
GROUP BY ALL
"""
DIFFERENCES: Final = """
SELECT before, after, reason, NOT coalesce(list_contains(open_questions, reason), false) AS assessed,
  count(*) AS openings
FROM (
  SELECT before, after, open_questions, unnest(list_distinct(CASE
    WHEN list_position(['accept', 'retry', 'review', 'refuse'], after)
      > list_position(['accept', 'retry', 'review', 'refuse'], before)
    THEN list_filter(after_reasons, lambda one: NOT list_contains(before_reasons, one))
    ELSE list_filter(before_reasons, lambda one: NOT list_contains(after_reasons, one)) END)) AS reason
  FROM pair WHERE before <> after
)
GROUP BY ALL ORDER BY openings DESC, reason, assessed
"""
ACTORS: Final = """
CREATE TEMP TABLE actor AS
SELECT who.what AS what, who.id AS id, count(*) AS openings,
  count(*) FILTER (decision <> 'accept') AS not_accepted,
  count(*) FILTER (is_flagged) AS flagged,
  CASE WHEN who.what = 'clerk' AND min(store_id) = max(store_id) THEN min(store_id) END AS store_id
FROM (
  SELECT decision, is_flagged, store_id, unnest([
    {'what': 'store', 'id': store_id}, {'what': 'dealer', 'id': dealer_id}, {'what': 'clerk', 'id': clerk_id}]) AS who
  FROM opening WHERE decision IS NOT NULL
)
WHERE who.id IS NOT NULL
GROUP BY who.what, who.id
"""
ACTOR_COUNTS: Final = """
SELECT openings, not_accepted AS bad, count(*) AS alike FROM actor WHERE what = $what GROUP BY ALL ORDER BY ALL
"""
FIRST_ACTORS: Final = """
SELECT id, store_id, openings, not_accepted, flagged, p_value, stands_out
FROM actor JOIN tested ON actor.openings = tested.of AND actor.not_accepted = tested.bad
WHERE what = $what AND stands_out ORDER BY p_value, openings DESC, id LIMIT $most
"""
BUSIEST_ACTORS: Final = """
SELECT id, store_id, openings, not_accepted, flagged, p_value, coalesce(stands_out, false)
FROM actor LEFT JOIN tested ON actor.openings = tested.of AND actor.not_accepted = tested.bad
WHERE what = $what ORDER BY openings DESC, id LIMIT $most
"""
ACTOR_REASONS: Final = """
SELECT who, reason, NOT coalesce(list_contains(open_questions, reason), false) AS assessed, count(*) AS openings
FROM (
  SELECT CASE $what WHEN 'store' THEN store_id WHEN 'dealer' THEN dealer_id ELSE clerk_id END AS who,
    open_questions, unnest(told) AS reason
  FROM opening WHERE decision <> 'accept'
)
WHERE who IN (SELECT unnest($actors)) GROUP BY ALL ORDER BY openings DESC, reason, assessed
"""
RUNS: Final = """
CREATE TEMP TABLE run AS
WITH card AS (
  SELECT store_id, day, second, source_no, application_id, clerk_id, decision, iccid,
    TRY_CAST(substr(iccid, 1, 19) AS UBIGINT) AS serial
  FROM opening
  WHERE kind = 'opening' AND store_id IS NOT NULL AND day IS NOT NULL AND regexp_full_match(iccid, '[0-9]{19,20}')
), once AS (
  SELECT * FROM card
  QUALIFY row_number() OVER (PARTITION BY store_id, day, serial ORDER BY second, source_no) = 1
), step AS (
  SELECT *,
    CASE WHEN serial = lag(serial) OVER stack + 1 AND second >= lag(second) OVER stack THEN 0 ELSE 1 END AS begins_up,
    CASE WHEN serial = lag(serial) OVER stack + 1 AND second <= lag(second) OVER stack THEN 0 ELSE 1 END AS begins_down
  FROM once WINDOW stack AS (PARTITION BY store_id, day ORDER BY serial)
), numbered AS (
  SELECT *,
    sum(begins_up) OVER stack AS up_no,
    sum(begins_down) OVER stack AS down_no
  FROM step WINDOW stack AS (PARTITION BY store_id, day ORDER BY serial ROWS UNBOUNDED PRECEDING)
), long AS (
  SELECT 'up' AS direction, up_no AS no, * FROM numbered UNION ALL SELECT 'down', down_no, * FROM numbered
), grouped AS (
  SELECT direction, no, store_id, day, count(*) AS cards, count(DISTINCT application_id) AS applications,
    count(DISTINCT clerk_id) AS clerks, count(*) FILTER (decision <> 'accept') AS not_accepted,
    arg_min(iccid, serial) AS low, arg_max(iccid, serial) AS high, min(serial) AS low_serial,
    arg_min(application_id, CASE direction WHEN 'up' THEN serial ELSE 18446744073709551615 - serial END) AS first_id,
    max(second) - min(second) AS seconds
  FROM long GROUP BY ALL HAVING count(DISTINCT application_id) >= $shortest
)
SELECT * FROM grouped
-- cards taken in one second rise and fall alike: one run
QUALIFY row_number() OVER (PARTITION BY store_id, day, low_serial, cards ORDER BY direction DESC) = 1
"""
LONGEST_RUNS: Final = """
SELECT * FROM run ORDER BY applications DESC, seconds, store_id, day, low_serial, direction LIMIT $most
"""
MEASURED: Final = """
CREATE TEMP TABLE measured AS
SELECT store_id, one.reason AS reason, one."limit" AS bound,
  CASE WHEN starts_with(one.reason, 'face.') THEN round(one.observed, 3)
    WHEN one.observed = 0 THEN 0
    -- to three digits: so few values that medians of any number of photos are counted, not sorted
    ELSE round(one.observed, 2 - CAST(floor(log10(abs(one.observed))) AS INTEGER)) END AS value,
  count(*) AS number
FROM (SELECT store_id, unnest(measures) AS one FROM opening)
WHERE one.observed IS NOT NULL AND (starts_with(one.reason, 'photo.') OR starts_with(one.reason, 'face.'))
GROUP BY ALL
"""
FACE_LIMITS: Final = """
SELECT reason, bound, sum(number)::BIGINT AS number FROM measured
WHERE starts_with(reason, 'face.') GROUP BY ALL ORDER BY number DESC, bound
"""
DISTANCES: Final = """
SELECT CAST(round(value * 1000) AS INTEGER) AS place, sum(number)::BIGINT
FROM measured WHERE reason = 'face.uncertain' AND bound IS NOT DISTINCT FROM $bound AND value BETWEEN 0 AND 2
GROUP BY ALL
"""
DISTANCES_BY_STORE: Final = """
SELECT store_id, CAST(round(value * 1000) AS INTEGER) AS place, sum(number)::BIGINT
FROM measured
WHERE reason = 'face.uncertain' AND bound IS NOT DISTINCT FROM $bound AND value BETWEEN 0 AND $furthest
  AND store_id IS NOT NULL
GROUP BY ALL ORDER BY store_id, place
"""
PHOTO_FLAGS: Final = """
CREATE TEMP TABLE photo_flag AS
SELECT store_id, reason, count(*) AS photos FROM (
  SELECT store_id, unnest(list_transform(list_filter(findings,
    lambda one: one.state = 'flagged' AND starts_with(one.reason, 'photo.')), lambda one: one.reason)) AS reason
  FROM opening
)
GROUP BY ALL
"""
PHOTO_STORES: Final = """
CREATE TEMP TABLE photo_store AS
SELECT store_id, count(*) AS openings, count(*) FILTER (bad) AS bad FROM (
  SELECT store_id,
    len(list_filter(findings, lambda one: one.state = 'flagged' AND starts_with(one.reason, 'photo.')
      AND one.decision IS DISTINCT FROM 'accept')) > 0 AS bad,
    len(list_filter(measures, lambda one: starts_with(one.reason, 'photo.'))) > 0 AS seen
  FROM opening
)
WHERE seen OR bad
GROUP BY ALL
"""
PHOTO_STORE_COUNTS: Final = """
SELECT openings, bad, count(*) AS alike FROM photo_store WHERE store_id IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
FIRST_PHOTO_STORES: Final = """
SELECT store_id, openings, photo_store.bad, p_value, coalesce(stands_out, false) AS differs
FROM photo_store LEFT JOIN tested ON photo_store.openings = tested.of AND photo_store.bad = tested.bad
WHERE store_id IS NOT NULL
ORDER BY differs DESC, CASE WHEN differs THEN p_value END, openings DESC, store_id LIMIT $most
"""
PHOTO_FLAGS_OF: Final = """
SELECT store_id, reason, photos FROM photo_flag WHERE store_id IN (SELECT unnest($stores))
ORDER BY photos DESC, reason
"""
PHOTO_FLAGGED: Final = "SELECT reason, sum(photos)::BIGINT FROM photo_flag GROUP BY ALL"
PHOTO_MEASURED: Final = "SELECT reason, sum(number)::BIGINT FROM measured GROUP BY ALL"
PHOTO_LIMITS: Final = """
CREATE TEMP TABLE photo_limit AS
SELECT reason, bound FROM measured WHERE starts_with(reason, 'photo.') GROUP BY reason, bound
QUALIFY row_number() OVER (PARTITION BY reason ORDER BY sum(number) DESC, bound) = 1
"""
PHOTO_MEASURES: Final = """
SELECT reason, measured.bound, value, sum(number)::BIGINT AS number
FROM measured JOIN photo_limit USING (reason)
WHERE measured.bound IS NOT DISTINCT FROM photo_limit.bound
GROUP BY ALL ORDER BY reason, value
"""
PHOTO_MEDIANS: Final = """
WITH counted AS (
  SELECT store_id, reason, value, sum(number) AS number
  FROM measured JOIN photo_limit USING (reason)
  WHERE measured.bound IS NOT DISTINCT FROM photo_limit.bound AND store_id IN (SELECT unnest($stores))
  GROUP BY ALL
), reached AS (
  SELECT store_id, reason, value,
    sum(number) OVER (PARTITION BY store_id, reason ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto,
    sum(number) OVER (PARTITION BY store_id, reason) AS number
  FROM counted
)
SELECT store_id, reason, min(value) FROM reached WHERE 2 * upto >= number GROUP BY ALL
"""
"""Medians are the lower of the two middle values."""
REJECTS: Final = """
SELECT cause, "column", count(*) AS number, arg_min(advice, source_no),
  arg_min("where", source_no, 3)
FROM reject WHERE cause IS NOT NULL GROUP BY ALL ORDER BY number DESC, 1, 2 LIMIT $most
"""
