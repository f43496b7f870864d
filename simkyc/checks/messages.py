"""Does a number write as people do, or to everybody the same?

Reasons: `messages.many_recipients`, `.one_template`, `.burst`, `.no_reply`, `.links`, `.fraud_content`, `.lexicon`,
`.evasive`.
Units: different numbers written to in a day of the window, or that were sent one text; messages in an hour; shares of
the texts that were read, 0 to 1.
Source: house rules; Anti-Telecom and Online Fraud Law, art. 11 and 14. Texts are read elsewhere and forgotten: here are
counts alone.
A bank's sender writes ten thousand identical messages with a link and gets no answer: all of that together reminds at
most, and of a line that a unit declared as a sender it is expected.
A false alarm costs staff the reading of one text; a miss leaves thousands with a fraudster's number to turn to.

>>> from simkyc.testing import number_usage
>>> from simkyc.policy import Policy
>>> usage = number_usage(messages={"recipients": 9000, "largest_template": 9000, "replied_share": 0.0})
>>> [finding.reason for finding in check(usage, Policy.default()) if finding.state == "flagged"]
['messages.many_recipients', 'messages.one_template', 'messages.no_reply']
"""

from __future__ import annotations

from collections.abc import Iterator

from simkyc.checks.answers import answer, not_assessed
from simkyc.checks.signs import all_unknown, is_too_dark, watched_days
from simkyc.policy import Policy
from simkyc.usage.number import MessageUse, NumberUsage
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

QUESTIONS = (
    *("many_recipients", "one_template", "burst", "no_reply", "links"),
    *("fraud_content", "lexicon", "evasive"),
)
ABOUT_TEXTS = ("links", "fraud_content", "lexicon", "evasive")
AGAINST_LAW = ("fraud", "illegal")


def check(usage: NumberUsage, policy: Policy) -> tuple[Finding, ...]:
    """Judge the messages of the window."""
    messages = usage.messages
    if messages is None:
        return all_unknown("messages", QUESTIONS, "no_records")
    if messages.sent < policy.messages.messages_min.value:
        return all_unknown("messages", QUESTIONS, "too_few")
    texts = (
        _texts(messages, policy) if messages.read else iter(all_unknown("messages", ABOUT_TEXTS, "no_texts"))
    )
    return (*_recipients(usage, messages, policy), *texts)


def _recipients(usage: NumberUsage, messages: MessageUse, policy: Policy) -> Iterator[Finding]:
    limits = policy.messages
    a_day = messages.recipients / max(1.0, watched_days(usage))
    yield answer(
        "messages.many_recipients",
        holds=a_day >= limits.recipients.value,
        observed=round(a_day, 1),
        limit=limits.recipients.value,
        unit="different numbers written to in a day",
        data_as_of=usage.until,
        evidence=(Evidence(name="recipients", value=float(messages.recipients), unit="numbers"),),
    )
    if messages.read:
        yield answer(
            "messages.one_template",
            holds=messages.largest_template >= limits.template_recipients.value,
            observed=messages.largest_template,
            limit=limits.template_recipients.value,
            unit="different numbers that were sent the same text",
            evidence=(Evidence(name="templates", value=float(messages.templates)),),
        )
    else:
        yield not_assessed("messages.one_template", "no_texts")
    yield answer(
        "messages.burst",
        holds=messages.busiest_hour > limits.busiest_hour.value,
        observed=messages.busiest_hour,
        limit=limits.busiest_hour.value,
        unit="messages in an hour",
    )
    reason = "messages.no_reply"
    if messages.recipients < limits.recipients_min.value:
        yield not_assessed(reason, "too_few")
    elif messages.replied_share is None:
        yield not_assessed(reason, "not_recorded")
    elif is_too_dark(usage, policy):
        yield not_assessed(reason, "outage")
    else:
        yield answer(
            reason,
            holds=messages.replied_share <= limits.replied.value,
            observed=round(messages.replied_share, 3),
            limit=limits.replied.value,
            unit="share of numbers written to that wrote",
        )


def _texts(messages: MessageUse, policy: Policy) -> Iterator[Finding]:
    limits, read = policy.messages, messages.read
    linked = max(messages.with_link, messages.with_contact)
    yield answer(
        "messages.links",
        holds=messages.recipients >= limits.recipients_min.value and linked / read >= limits.linked.value,
        observed=round(linked / read, 3),
        limit=limits.linked.value,
        unit="share of texts with a link or handle",
        evidence=(
            Evidence(name="with_link", value=float(messages.with_link), unit="texts"),
            Evidence(name="with_contact", value=float(messages.with_contact), unit="texts"),
        ),
    )
    bad = sum(messages.categories.get(name, 0) for name in AGAINST_LAW)
    yield answer(
        "messages.fraud_content",
        holds=messages.fraud_recipients >= limits.fraud_recipients.value
        and bad / read >= limits.fraud_share.value,
        observed=messages.fraud_recipients,
        limit=limits.fraud_recipients.value,
        unit="different numbers that were sent what reads as fraud",
        evidence=(
            Evidence(name="classifier", value=messages.classifier or "lexicon alone"),
            *(
                Evidence(name=name, value=float(messages.categories.get(name, 0)), unit="texts")
                for name in AGAINST_LAW
            ),
            Evidence(name="read", value=float(read), unit="texts"),
        ),
    )
    hits = sum(messages.lexicon.values())
    yield answer(
        "messages.lexicon",
        holds=hits >= limits.lexicon.value and hits / read >= limits.lexicon_share.value,
        observed=hits,
        limit=limits.lexicon.value,
        unit="hits of the operator's lexicon",
        evidence=tuple(
            Evidence(name=name, value=float(count), unit="texts")
            for name, count in sorted(messages.lexicon.items())
        ),
    )
    yield answer(
        "messages.evasive",
        holds=messages.evasive >= limits.evasive.value
        and messages.evasive / read >= limits.evasive_share.value,
        observed=messages.evasive,
        limit=limits.evasive.value,
        unit="disguised texts",
    )
