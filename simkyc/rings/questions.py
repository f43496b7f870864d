"""What is asked of links, each question once, as one SQL text that DuckDB runs over all of them at once.

Texts take their limits as numbers in braces; `limits_of` gives them. Times are integer epoch seconds, days begin at
midnight in China. `link` and `opening` are those of `simkyc.rings.links`; each text makes the next table:

    pair      a row each person and thing that was given more than once: `person`, `kind`, `key`, `seen`
    thing     a row each thing that several people share and that may tie: `thing_no`, `kind`, `key`, `people`,
              `weight`, `alone`
    tie       a row each person and thing of these
    person    a row each person whom a thing ties that does so alone: `person_no`, `person`
    grouped   (made from the groups that `simkyc.rings.parts` finds) `group_no`, `person_no`
    given     a row each thing that one of these people gave: `person`, `kind`, `key`, `first_at`, `last_at`
    inside    a row each group and thing that two of its people share
    fact      a row each group: what counts for it and against it
"""

from __future__ import annotations

from typing import Final

from simkyc.policy import Policy
from simkyc.rings.limits import AGAINST, KINDS, SIGNS, RingLimits

__all__ = [
    "FACT",
    "GIVEN",
    "GROUP",
    "INSIDE",
    "OWN",
    "PAIR",
    "PERSON",
    "SHARED",
    "STAFF",
    "THING",
    "TIE",
    "UNTIED",
    "limits_of",
]

PAIR: Final = """
CREATE TABLE pair AS
SELECT person, kind, key, BOOL_AND(seen) AS seen
FROM link SEMI JOIN (SELECT kind, key FROM link GROUP BY kind, key HAVING COUNT(*) > 1) AS again USING (kind, key)
GROUP BY person, kind, key
"""
"""What was given once nobody shares: it is most of what there is, and not carried along."""

SHARED: Final = """
CREATE TABLE shared AS
SELECT kind, key, COUNT(*) AS people FROM pair GROUP BY kind, key HAVING COUNT(*) > 1
"""
"""What two people share at least."""

OWN: Final = """
CREATE TABLE own AS
WITH named AS (
  SELECT link.kind, link.key, shared.people, link.person, opening.entry, opening.store_id, opening.clerk_id,
    (opening.decided_at + 28800) // 86400 AS day, opening.from_elsewhere, opening.is_fraud
  FROM shared JOIN link USING (kind, key) JOIN opening ON opening.entry = link.entry
  WHERE shared.people >= {own_people} AND shared.kind IN ('number', 'payer', 'device', 'delivery', 'companion')
    AND opening.store_id IS NOT NULL
), of_store AS (
  SELECT kind, key, store_id, ANY_VALUE(people) AS people, COUNT(DISTINCT person) AS here,
    COUNT(DISTINCT clerk_id) AS clerks, COUNT(DISTINCT day) AS days, MIN(day) AS first_day, MAX(day) AS last_day,
    COUNT(DISTINCT CASE WHEN from_elsewhere = 1 THEN entry END) / COUNT(DISTINCT entry) AS from_elsewhere,
    COUNT(DISTINCT CASE WHEN is_fraud THEN entry END) AS fraud,
    COUNT(*) OVER (PARTITION BY kind, key) AS stores,
    ROW_NUMBER() OVER (PARTITION BY kind, key ORDER BY COUNT(DISTINCT person) DESC, store_id) AS place
  FROM named GROUP BY kind, key, store_id
), store_day AS (
  SELECT store_id, (decided_at + 28800) // 86400 AS day, COUNT(*) AS openings,
    SUM(COALESCE(from_elsewhere, 0)) AS from_elsewhere
  FROM opening GROUP BY ALL
), store AS (
  SELECT store_id, COUNT(*) AS days, SUM(from_elsewhere) / SUM(openings) AS from_elsewhere
  FROM store_day GROUP BY store_id
), likely AS (
  SELECT of_store.*, store.days AS store_days, store.from_elsewhere AS usually_from_elsewhere
  FROM of_store JOIN store USING (store_id)
  WHERE place = 1 AND stores <= 1 + {own_stray} * people AND clerks >= {own_clerks}
    AND last_day - first_day >= GREATEST({own_since}, {own_since_share} * store.days)
    AND of_store.from_elsewhere <= store.from_elsewhere + {own_excess} + 0.5 / SQRT(people)
    AND fraud <= {own_fraud} * people + SQRT({own_fraud} * (1 - {own_fraud}) * people)
), usual AS (
  SELECT likely.kind, likely.key, ANY_VALUE(likely.days) AS days,
    SUM(1 - POWER(1 - LEAST(1, likely.here / in_all.openings), store_day.openings)) AS expected
  FROM likely
  JOIN (SELECT likely.kind, likely.key, SUM(store_day.openings) AS openings FROM likely JOIN store_day
    ON store_day.store_id = likely.store_id AND store_day.day BETWEEN likely.first_day AND likely.last_day
    GROUP BY likely.kind, likely.key) AS in_all USING (kind, key)
  JOIN store_day ON store_day.store_id = likely.store_id AND store_day.day BETWEEN likely.first_day AND likely.last_day
  GROUP BY likely.kind, likely.key
)
SELECT kind, key FROM usual WHERE days >= {own_days} * expected
"""
"""Things that are a store's own: its telephone, its till, its phone, its address, its clerk in the background.

As `facts.is_stores_own` says: named in that store, before several clerks, on as many days as if its customers named it
at random, for a good part of the time that the store is known, by people from elsewhere no more often than its others,
with little fraud. The last two hold but for one standard deviation of chance, which a few people have. Seen from the
end of the window: it must have been in use for so long, not only have begun long ago.
"""

THING: Final = """
CREATE TABLE thing AS
SELECT ROW_NUMBER() OVER (ORDER BY shared.kind, shared.key) - 1 AS thing_no, shared.kind, shared.key, shared.people,
  kind_limit.weight / LOG2(shared.people) AS weight,
  shared.people >= kind_limit.alone_people AS alone
FROM shared
JOIN (VALUES {kinds}) AS kind_limit(kind, weight, most_people, alone_people) USING (kind)
LEFT JOIN own USING (kind, key)
WHERE shared.people <= kind_limit.most_people AND own.key IS NULL
"""
"""What may tie: rare things weigh much, common ones little, very common ones and the store's own nothing."""

TIE: Final = """
CREATE TABLE tie AS
SELECT pair.person, thing.thing_no, pair.seen FROM pair JOIN thing USING (kind, key)
"""

PERSON: Final = """
CREATE TABLE person AS
SELECT ROW_NUMBER() OVER (ORDER BY person) - 1 AS person_no, person
FROM (SELECT DISTINCT tie.person FROM tie JOIN thing USING (thing_no) WHERE thing.alone)
"""

GROUP: Final = """
CREATE TABLE grouped_person AS SELECT grouped.group_no, person.person FROM grouped JOIN person USING (person_no)
"""

GIVEN: Final = """
CREATE TABLE given AS
SELECT person, kind, key, MIN(given_at) AS first_at, MAX(given_at) AS last_at
FROM link SEMI JOIN grouped_person USING (person) GROUP BY person, kind, key
"""
"""Everything that people of groups gave."""

INSIDE: Final = """
CREATE TABLE inside AS
SELECT one.group_no, one.thing_no, one.people_here, one.seen, thing.kind, thing.key, thing.people, thing.weight,
  thing.alone
FROM (SELECT group_no, thing_no, COUNT(*) AS people_here, COUNT(CASE WHEN tie.seen THEN 1 END) AS seen
  FROM tie JOIN grouped_person USING (person) GROUP BY group_no, thing_no HAVING COUNT(*) > 1) AS one
JOIN thing USING (thing_no)
"""

UNTIED: Final = """
DELETE FROM grouped_person WHERE person NOT IN (
  SELECT tie.person FROM tie JOIN grouped_person AS one USING (person) JOIN inside USING (group_no, thing_no)
  WHERE inside.alone)
"""
"""Whom only something tied that another part of a divided component has: they belong to none."""

FACT: Final = """
CREATE TABLE fact AS
WITH span AS (
  SELECT group_no, person, MIN(first_at) AS first_at, MAX(last_at) AS last_at
  FROM given JOIN grouped_person USING (person) GROUP BY group_no, person
), came AS (
  SELECT group_no, COUNT(*) AS people, MIN(first_at) AS first_at, MAX(last_at) AS last_at, MAX(first_at) AS newest_at,
    COUNT(DISTINCT (first_at + 28800) // 86400) AS days,
    BOOL_AND(STRFTIME(MAKE_TIMESTAMP((first_at + 28800) * 1000000), '%m-%d') BETWEEN '{term_first}' AND '{term_last}')
      AS in_term
  FROM span GROUP BY group_no
), opened AS (
  SELECT group_no, COUNT(*) AS applications, COUNT(opened_at) AS opened,
    COUNT(CASE WHEN closed_at IS NULL THEN opened_at END) AS in_use,
    COUNT(CASE WHEN is_fraud THEN 1 END) AS fraud, COUNT(DISTINCT store_id) AS stores,
    AVG(from_elsewhere) AS from_elsewhere
  FROM opening JOIN grouped_person USING (person) GROUP BY group_no
), tied AS (
  SELECT group_no, MAX(CASE WHEN kind = 'face' THEN people_here ELSE 0 END) AS one_face,
    MAX(CASE WHEN kind = 'device' THEN seen ELSE 0 END) AS one_box,
    COUNT(CASE WHEN people_here >= {share_min} THEN 1 END) AS several,
    MAX(CASE WHEN kind = 'representative' THEN people_here ELSE 0 END) AS represented,
    BOOL_AND(kind IN ('delivery', 'address')) AS places
  FROM inside GROUP BY group_no
), sign AS (
  SELECT came.group_no, came.people, came.first_at, came.last_at, came.days, COALESCE(applications, 0) AS applications,
    COALESCE(opened, 0) AS opened, COALESCE(in_use, 0) AS in_use, COALESCE(fraud, 0) AS fraud,
    COALESCE(stores, 0) AS stores,
    came.people > {party_people} AS many_people,
    came.days >= {days_min} AS comes_back,
    one_box >= {share_min} AS one_box,
    one_face >= {share_min} AS one_face,
    several > 1 AS several_ties,
    COALESCE(stores, 0) > 1 AS several_stores,
    COALESCE(from_elsewhere, 0) >= {from_elsewhere_min} AS from_elsewhere,
    COALESCE(fraud, 0) > 0 AS fraud_reported,
    COALESCE(fraud, 0) >= {fraud_repeated_min} AS fraud_repeated,
    FALSE AS unusual_staff,
    newest_at - first_at <= {party_s} AND COALESCE(stores, 0) <= 1 AS one_visit,
    represented > 1 AND represented >= {company_share} * (came.people - 1) AND came.days <= {company_days} AS company,
    in_term AS student_days,
    places AS places_only,
    COALESCE(opened, 0) > 0 AND COALESCE(fraud, 0) = 0 AND {until} - last_at >= {quiet_s} AS quiet
  FROM came JOIN tied USING (group_no) LEFT JOIN opened USING (group_no)
)
SELECT *, {score} AS score FROM sign
"""
"""What counts for each group and against it, and the sum of its points."""

STAFF: Final = """
WITH served AS (
  SELECT chosen.group_no, {place} AS place, opening.{staff} AS staff, COUNT(DISTINCT opening.person) AS people,
    COUNT(*) AS openings, COUNT(DISTINCT opening.store_id) AS stores
  FROM opening JOIN grouped_person USING (person) JOIN chosen USING (group_no)
  WHERE opening.{staff} IS NOT NULL GROUP BY ALL
), everybody AS (
  SELECT {place} AS place, {staff} AS staff, COUNT(*) AS openings FROM opening WHERE {staff} IS NOT NULL GROUP BY ALL
), there AS (
  SELECT place, SUM(openings) AS openings, COUNT(*) AS staff FROM everybody GROUP BY place
)
SELECT served.group_no, served.staff, served.people, SUM(served.people) OVER whole AS of_people,
  everybody.openings - served.openings AS others, there.openings - SUM(served.openings) OVER whole AS all_others,
  there.staff AS staff_there, served.stores
FROM served JOIN everybody USING (place, staff) JOIN there USING (place)
WINDOW whole AS (PARTITION BY served.group_no, served.place)
ORDER BY served.group_no, served.staff, served.people, served.place
"""
"""How many of a group's people each clerk of a store served, or each dealer of all, beside everybody else's share.

`place` is where they are compared: the store of a clerk, and nothing for dealers.
"""


def limits_of(limits: RingLimits, policy: Policy, until: int) -> dict[str, object]:
    """Every number that a text takes."""
    own = policy.shared.own
    points = [f"CASE WHEN {name} THEN {limits.signs[name].value} ELSE 0 END" for name in SIGNS]
    points += [f"CASE WHEN {name} THEN {-limits.against[name].value} ELSE 0 END" for name in AGAINST]
    return {
        "until": until,
        "kinds": ", ".join(
            f"('{kind}', {tie.weight.value}, {tie.most_people.value}, {tie.alone_people.value})"
            for kind in KINDS
            for tie in (limits.ties[kind],)
        ),
        "own_people": own.people_min.value,
        "own_stray": own.stray_stores.value,
        "own_clerks": own.clerks_min.value,
        "own_since": own.since.value,
        "own_since_share": own.since_share.value,
        "own_excess": own.remote_excess.value,
        "own_fraud": own.fraudulent_share_max.value,
        "own_days": own.days_share_min.value,
        "term_first": limits.term.first,
        "term_last": limits.term.last,
        "share_min": limits.share_min.value,
        "party_people": limits.party_people.value,
        "party_s": int(limits.party_time.value * 3600),
        "days_min": limits.days_min.value,
        "from_elsewhere_min": limits.from_elsewhere_min.value,
        "fraud_repeated_min": limits.fraud_repeated_min.value,
        "company_share": limits.company_share_min.value,
        "company_days": limits.company_days_max.value,
        "quiet_s": int(limits.quiet_for.value * 86_400),
        "score": " + ".join(points),
    }
