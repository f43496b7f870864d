"""The past that a batch asks, and who asks it: SQL that DuckDB and Spark run alike.

The past is a copy of a history's tables, or it is made from the source itself: its rows in the order of their times,
and of their identifiers within one second. `taken` holds the rows that were taken in and `taken_key` their keys, as
`intake` makes them; `asked` holds those of them that are judged, with their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from simkyc.history.pattern_questions import AT_THIS_HOUR, NEXT_TO
from simkyc.history.protocol import OpeningWindows
from simkyc.history.questions import BINDING, NEW_NUMBER
from simkyc.history.schema import (
    APPLICATION,
    LINE_STEP,
    LIST_IMPORT,
    OUTCOME,
    SHARED_KEY,
    SIGHTING,
    SIM_STOCK,
    STOCKED_STORE,
    WATCH,
)
from simkyc.history.statements import FOREVER, Spans
from simkyc.reverification.answers import OF_DAY, QUESTIONS, spans_of

__all__ = [
    "ASK",
    "ASKED_OF_HISTORY",
    "ASKED_OF_SOURCE",
    "CARDS",
    "COPIED",
    "DOUBLES",
    "FIRST_NUMBERS",
    "FRAUDS",
    "KEYS_OF_ASKED",
    "LOOKS_BACK",
    "PAST_OF_SOURCE",
    "SAYS",
    "STAFF",
    "Asked",
    "bucketed",
    "span",
    "taken",
    "way_to_ask",
]

UNREAD: Final = frozenset(
    {"verdict_json", "body_digest", "approved_by", "imsi", "msisdn", "import_id", "equipment"}
)
COPIED: Final[Mapping[str, tuple[str, ...]]] = {
    table.name: tuple(column.name for column in table.columns if column.name not in UNREAD)
    for table in (
        *(
            APPLICATION,
            SHARED_KEY,
            SIGHTING,
            OUTCOME,
            SIM_STOCK,
            STOCKED_STORE,
            WATCH,
            LIST_IMPORT,
            LINE_STEP,
        ),
    )
}
"""What a batch copies of a history: the tables that are asked, without what no question reads."""

DOUBLES: Final = """
SELECT source_no FROM (
  SELECT source_no, ROW_NUMBER() OVER (
    PARTITION BY application_id ORDER BY decided_at, body_digest, source_no) AS place
  FROM every_row) AS numbered
WHERE place > 1
"""
"""Rows whose application another row has: of several the earliest stays, whatever their order in the source."""

SAYS: Final = "SELECT COUNT(decision_then) + COUNT(opened_then) > 0 AS says FROM every_row"
"""Whether a source says of any row what became of it."""


def taken(*, says: bool) -> str:
    """The rows that stand for an application.

    Args:
        says: Whether the source says of any row what became of it; where it does not, everything was opened at once.
    """
    opened, held = ("NULL", "NULL") if says else ("decided_at", "held_until")
    return f"""
SELECT every_row.*, COALESCE(opened_then, CAST({opened} AS BIGINT)) AS opened_at,
  COALESCE(admitted_then, CAST({held} AS BIGINT)) AS admitted_until
FROM every_row ANTI JOIN doubled ON doubled.source_no = every_row.source_no
"""


BINDS: Final = f"(taken.opened_at IS NOT NULL AND {BINDING.replace('application.', 'taken.')})"

PAST_OF_SOURCE: Final[Mapping[str, str]] = {
    "application": f"""
SELECT
  CAST(taken.decided_at * 1000000
    + ROW_NUMBER() OVER (PARTITION BY taken.decided_at ORDER BY taken.application_id) AS BIGINT) AS entry_no,
  taken.application_id, taken.kind, taken.service, taken.person_key, taken.device_key, taken.second_device_key,
  taken.iccid, taken.imsi_key, taken.msisdn_key, taken.store_id, taken.dealer_id, taken.clerk_id,
  taken.latitude_e6, taken.longitude_e6, taken.decided_at,
  COALESCE(taken.decision_then, CASE WHEN taken.admitted_until IS NULL THEN 'refuse' ELSE 'accept' END) AS decision,
  taken.admitted_until, taken.opened_at, taken.released_at,
  CASE WHEN {BINDS} AND taken.msisdn_key IS NOT NULL
    THEN LEAST(taken.closed_at, MIN(CASE WHEN {BINDS} THEN taken.opened_at END) OVER (
      PARTITION BY taken.msisdn_key ORDER BY taken.opened_at, taken.application_id
      ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING))
    ELSE taken.closed_at END AS closed_at,
  taken.restriction_json
FROM taken
""",
    "outcome": """
SELECT taken_key.what, taken_key.shared_key, application.entry_no, taken.fraud_reported_at AS reported_at,
  CAST(NULL AS BIGINT) AS replaced_at, 1 AS is_fraud
FROM taken JOIN application ON application.application_id = taken.application_id
JOIN taken_key ON taken_key.source_no = taken.source_no AND taken_key.key_use = 'shared'
WHERE taken.fraud_reported_at IS NOT NULL
""",
    "shared_key": f"""
SELECT taken_key.what, taken_key.shared_key, application.decided_at, application.entry_no, application.person_key,
  application.iccid,
  CASE WHEN {NEW_NUMBER} THEN application.admitted_until END AS admitted_until,
  CASE WHEN {NEW_NUMBER} THEN application.opened_at END AS opened_at,
  CASE WHEN first_number.ask_id IS NULL THEN 0 ELSE 1 END AS is_remote_first,
  application.released_at
FROM taken JOIN application ON application.application_id = taken.application_id
JOIN taken_key ON taken_key.source_no = taken.source_no AND taken_key.key_use = 'shared'
LEFT JOIN first_number ON first_number.ask_id = taken.source_no AND taken.is_elsewhere
""",
}
"""The tables that a source makes itself, in this order; the others are empty.

What a number was bound to before ends when another application takes it over, as when the counter says so.
`first_number` holds who had no number before, as `FIRST_NUMBERS` gives them.
"""

CARDS: Final = """
SELECT application.*, TRY_CAST(SUBSTR(application.iccid, 1, 18) AS BIGINT) AS card_block
FROM {application} AS application
WHERE application.iccid IS NOT NULL
"""
"""The past with the ten of serial numbers that a card lies in."""

FIRST_NUMBERS: Final = """
SELECT ask_id FROM ({question}) AS counted WHERE n1 + n2 = 0
"""
"""Of those who ask: who holds no number, by the question for active numbers."""

FRAUDS: Final = f"""
SELECT DISTINCT entry_no, reported_at, COALESCE(replaced_at, {FOREVER}) AS until FROM past_outcome WHERE is_fraud = 1
"""
"""From when and until when which numbers counted as used for fraud."""

ASKING: Final = f"""
SELECT asked.ask_id, asked.decided_at AS asked_at, asked.decided_at AS known_until, asked.day_start,
  COALESCE(asked.entry_no, {FOREVER}) AS before_entry, asked.person_key, asked.iccid, asked.imsi_key, asked.msisdn_key,
  asked.store_id, asked.card_low, asked.card_high{{bucket}}
FROM asked{{steps}}
"""
"""Who asks, with room for a bucket and for the steps that make several rows of one."""
ASK: Final = ASKING.format(bucket="", steps="")

ASKED_OF_SOURCE: Final = """
SELECT taken.source_no AS ask_id, taken.*, application.entry_no
FROM taken JOIN application ON application.application_id = taken.application_id
"""
ASKED_OF_HISTORY: Final = """
SELECT taken.source_no AS ask_id, taken.*, application.entry_no
FROM taken LEFT JOIN application ON application.application_id = taken.application_id
"""
"""Who asks, with the number by which what came later is told; of a history it may not know the application."""

KEYS_OF_ASKED: Final = """
SELECT asked.ask_id, asked.decided_at, asked.day_start, taken_key.key_use, taken_key.what, taken_key.shared_key
FROM asked JOIN taken_key ON taken_key.source_no = asked.source_no
"""
"""The keys of who asks: the table `asked_key`."""

BLOCK: Final = "CAST(SUBSTR({}, 1, 18) AS BIGINT)"


class Asked(NamedTuple):
    """How a question is asked for all of `asked` at once.

    Attributes:
        views: What stands for its tables `ask`, `ask_key` and `span`, by their names.
        text: Its SQL.
        bucket_s: Where it looks back by a window: how long the buckets of time are that the past is joined by.
    """

    views: Mapping[str, str]
    text: str
    bucket_s: int | None = None


BY_WINDOW: Final[Mapping[str, tuple[str, str, int]]] = {
    "person_openings": ("application.decided_at > ask.asked_at - span.window_s", "decided_at", 1),
    "actors": ("shared_key.decided_at > ask.asked_at - span.window_s", "decided_at", 1),
    "trail": ("application.decided_at > ask.asked_at - span.window_s", "decided_at", 1),
    "hour": ("slot.first_at >= ask.day_start - span.window_s", "day_start - 1", 4),
}
"""Questions that look back by a window and are asked bucket by bucket: how their texts say so, from which moment, and
how many buckets their longest window is.

No engine joins many by a key and a range of time but by looking at every pair of one key. What lies within a window
lies in the bucket in which its end lies, or in so many before it: an equality that both sides meet anyway. More and
shorter buckets leave fewer pairs of a key that many rows have. Few share a device or a contact number, and for long:
`shared` and `spread` pair all rows of one key.
"""
LOOKS_BACK: Final = frozenset({*BY_WINDOW, "shared", "spread", "baseline", "neighbours", "neighbour_numbers"})
"""Questions that see nothing from before their longest window."""
NO_ZERO_LEFT: Final = frozenset(
    {"active_numbers", "person_openings", "actors", "shared", "card", "number", "store_has_stock"}
)
"""Questions whose rows of zeros come from a left join alone: they are left out, and so may the join be."""

STAFF: Final = "('clerk', 'dealer', 'store', 'terminal')"
KEYS_OF: Final[Mapping[str, str]] = {
    "actors": f" AND what IN {STAFF}",
    "shared": f" AND what NOT IN {STAFF}",
    "spread": f" AND what NOT IN {STAFF}",
}
"""Of the keys of an application those that a question is about: staff serve everybody, and share nothing."""

HOURS: Final = """
SELECT ask.ask_id, {days} AS days
FROM ask JOIN span ON span.question = 'baseline'
JOIN (
  SELECT shared_key, bucket, MIN(decided_at) AS first_at, MAX(decided_at) AS last_at
  FROM shared_key WHERE what = 'store' AND admitted_until IS NOT NULL
  GROUP BY shared_key, bucket, decided_at - decided_at % 7200) AS slot
  ON slot.shared_key = ask.store_id
WHERE slot.first_at >= ask.day_start - span.window_s AND slot.last_at < ask.day_start
GROUP BY ask.ask_id
"""
NEAR_THIS_HOUR: Final = " OR ".join(AT_THIS_HOUR.format(at=f"slot.{at}") for at in ("first_at", "last_at"))
DAY_OF_SLOT: Final = f"CASE WHEN {NEAR_THIS_HOUR} THEN {{day}} END"
DAYS_OF_BITS: Final = "BIT_COUNT(COALESCE(BIT_OR({}), 0))"
DAYS_MARKED: Final = 62
"""What `HOUR` answers: of each two hours of a store the first and the last opening stand for all.

Two hours before or after this time, that is all but four: had neither of the two been in them, none between could be.
Days that a number of 64 bits has room for are marked in it, which is cheaper than to look for different ones.
"""

DAY: Final = "decided_at - (decided_at + 28800) % 86400"
FULL_DAYS: Final = f"""
SELECT asked_key.ask_id, asked_key.what, days.counted
FROM asked_key JOIN (
  SELECT what, shared_key, day_start, ARRAY_AGG(counted) OVER before AS counted
  FROM (
    SELECT what, shared_key, day_start,
      CAST(SUM(openings) * {OF_DAY} + SUM(remote_first) AS BIGINT) AS counted
    FROM (
      SELECT what, shared_key, {DAY} AS day_start,
        COUNT(*) AS openings, COUNT(CASE WHEN is_remote_first = 1 THEN 1 END) AS remote_first
      FROM shared_key WHERE what IN {STAFF} AND admitted_until IS NOT NULL
      GROUP BY what, shared_key, {DAY}
      UNION ALL
      SELECT DISTINCT what, shared_key, day_start, 0 AS openings, 0 AS remote_first
      FROM asked_key WHERE key_use = 'shared' AND what IN {STAFF}) AS counted_or_asked
    GROUP BY what, shared_key, day_start) AS counted
  WINDOW before AS (
    PARTITION BY what, shared_key ORDER BY day_start RANGE BETWEEN {{window_s}} PRECEDING AND 1 PRECEDING)
) AS days
  ON days.what = asked_key.what AND days.shared_key = asked_key.shared_key AND days.day_start = asked_key.day_start
WHERE asked_key.key_use = 'shared'
"""
"""What `BASELINE` answers, a row for each who served, its days as a list as `OF_DAY` says; a day
without an opening may be in it.

That text counts by full days, of which the answer is the same for all who ask later: each day of each is counted once,
and a window that is itself full days puts together what one day looks back on.
"""


def way_to_ask(name: str, windows: OpeningWindows) -> Asked:
    """How a question is asked for all of `asked`, in all of its windows."""
    if name == "baseline":
        return Asked({}, FULL_DAYS.format(window_s=windows.baseline_s))
    # Of the windows of all counts only those of this question.
    spans = tuple(one for one in dict.fromkeys(spans_of(name, windows)) if one[1] and _is_of(name, one[0]))
    longest = max((window_s for _, window_s in spans), default=0)
    return _way(name, spans, longest if name in BY_WINDOW else 0)


def _is_of(name: str, question: str) -> bool:
    actors = ("clerk", "dealer", "store", "terminal")
    if name == "person_openings":
        return question == name
    if name == "actors":
        return question in actors
    return name != "shared" or question not in (*actors, "person_openings")


def _way(name: str, spans: Spans, longest_s: int) -> Asked:
    question = QUESTIONS[name]
    text = _hours(longest_s) if name == "hour" else question.text.partition("\nORDER BY")[0]
    bucket, steps, bucket_s = "", "", None
    if longest_s:
        looks_back, looks_from, buckets = BY_WINDOW[name]
        bucket_s = -(-longest_s // buckets)
        table = looks_back.partition(".")[0]
        # Beside the key that the past is joined by, or an engine would pair all rows of one key first.
        beside = "ask" if question.use is None else "ask_key"
        assert text.count(looks_back) == 1, "the text of a question says once how far it looks back"
        text = text.replace(looks_back, f"{looks_back} AND {table}.bucket = {beside}.bucket")
        source = "asked" if question.use is None else "asked_key"
        moment = f"({source}.{looks_from})"
        bucket = f", {moment} - {moment} % {bucket_s} - step.step * {bucket_s} AS bucket"
        steps = f" CROSS JOIN ({_steps(buckets + 1)}) AS step"
    views = {"span": span(spans), "ask": ASK}
    if question.use is None:
        views["ask"] = ASKING.format(bucket=bucket, steps=steps)
    else:
        views["ask_key"] = (
            f"SELECT asked_key.ask_id, asked_key.what, asked_key.shared_key{bucket} FROM asked_key{steps}"
            f" WHERE key_use = '{question.use}'{KEYS_OF.get(name, '')}"
        )
    if name == "neighbours":
        # Cards next to one lie in three tens of serial numbers: joined by the ten, and by the range within.
        tens = f" CROSS JOIN ({_steps(3)}) AS step"
        views["ask"] = ASKING.format(
            bucket=f", {BLOCK.format('asked.card_low')} + step.step AS card_block",
            steps=f"{tens} WHERE asked.card_low IS NOT NULL",
        )
        text = text.replace(NEXT_TO, f"{NEXT_TO} AND application.card_block = ask.card_block")
    if question.counts:
        if name in NO_ZERO_LEFT:
            text = text.replace("LEFT JOIN", "JOIN")
        text = f"SELECT * FROM ({text}) AS counted WHERE n1 <> 0 OR n2 <> 0 OR n3 <> 0"
    return Asked(views, text, bucket_s)


def _hours(window_s: int) -> str:
    if window_s > DAYS_MARKED * 86_400:
        day = DAY_OF_SLOT.format(day="slot.first_at - (slot.first_at + 28800) % 86400")
        return HOURS.format(days=f"COUNT(DISTINCT {day})")
    place = "CAST(FLOOR((ask.day_start - 1 - slot.first_at) / 86400) AS INT)"
    return HOURS.format(days=DAYS_OF_BITS.format(DAY_OF_SLOT.format(day=f"CAST(1 AS BIGINT) << {place}")))


def _steps(count: int) -> str:
    return " UNION ALL ".join(f"SELECT {step} AS step" for step in range(count))


def bucketed(table: str, bucket_s: int) -> str:
    """A table of the past with the bucket of time that each row lies in."""
    return f"SELECT past.*, past.decided_at - past.decided_at % {bucket_s} AS bucket FROM {table} AS past"


def span(spans: Spans) -> str:
    """The table `span` of these windows."""
    rows = [
        f"SELECT '{question}' AS question, CAST({int(window_s)} AS BIGINT) AS window_s"
        for question, window_s in dict.fromkeys(spans)
    ]
    return " UNION ALL ".join(rows) or "SELECT '' AS question, CAST(0 AS BIGINT) AS window_s WHERE 1 = 0"
