"""A lead, and the notice that revokes one, as a page to print: Chinese first, English beside it.

It is written for the officer who gets it, fits A4, and asks no other machine for anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from importlib import resources
from typing import Final

import jinja2

from simkyc.leads import words
from simkyc.leads.lead import Certainty, Lead, Revocation, Said, Subject
from simkyc.reasons import REASONS
from simkyc.rings.limits import KINDS
from simkyc.rings.words import KIND_WORDS

__all__ = ["render", "render_revocation"]

CHINA: Final = timezone(timedelta(hours=8))
SHOWN_ROWS: Final = 40
"""So many rows of each table; the JSON file has all of them."""
DIGEST_OF: Final = {
    "recorded_verdict": Said(zh="判断结果（入库原文）", en="verdict as recorded"),
    "findings": Said(zh="检查结论", en="findings"),
    "ring": Said(zh="团伙记录", en="ring"),
    "ring_file": Said(zh="团伙文件", en="ring file"),
}
EVIDENCE: Final = {
    "counter_verdict": Said(zh="申请审核", en="application"),
    "line_verdict": Said(zh="号码检查", en="line"),
    "usage_verdict": Said(zh="使用情况", en="usage"),
    "ring": Said(zh="团伙", en="ring"),
    "ring_file": Said(zh="团伙文件", en="ring file"),
}
SUBJECTS: Final = {
    "number": Said(zh="号码", en="number"),
    "ring": Said(zh="团伙", en="ring"),
    "person": Said(zh="办理人", en="person"),
    "clerk": Said(zh="经办工号", en="clerk"),
    "dealer": Said(zh="代理商", en="dealer"),
}


def render(lead: Lead) -> str:
    """The page of a lead.

    Args:
        lead: As it is handed on, with the first link of its chain.
    """
    measured = [one for one in lead.certainty if one.kind != "not_measured"]
    return _page("lead.html.jinja").render(
        lead=lead,
        urgency=words.URGENCY_WORDS[lead.urgency],
        asks=[words.ASK_WORDS[one] for one in lead.asks],
        people=[one for one in lead.subjects if one.kind == "person"],
        staff=[one for one in lead.subjects if one.kind in {"clerk", "dealer"}],
        ids=_ids(lead.subjects),
        certain=measured,
        unmeasured=[one.code for one in lead.certainty if one.kind == "not_measured"],
        answers=list(words.ANSWER_WORDS.values()),
        custody_words=words.CUSTODY_WORDS,
        evidence_words=EVIDENCE,
        digest_words=DIGEST_OF,
        subject_words=SUBJECTS,
        kind_words={kind: KIND_WORDS[kind] for kind in KINDS},
        rows=SHOWN_ROWS,
        causes=words.CAUSE_WORDS,
        reasons=REASONS,
        found={one.code: one.words for one in lead.why},
    )


def render_revocation(notice: Revocation) -> str:
    """The page of a revocation notice."""
    return _page("revocation.html.jinja").render(
        notice=notice, why=words.REVOKED_FOR_WORDS[notice.revoked_for]
    )


def _page(name: str) -> jinja2.Template:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(_text),
    )
    environment.globals |= {"observed": words.observed_words, "law": words.law_words}
    environment.filters |= {
        "day": lambda moment: _in_china(moment, "%Y-%m-%d"),
        "minute": lambda moment: _in_china(moment, "%Y-%m-%d %H:%M"),
        "share": _share,
        "grouped": lambda digest: " ".join(digest[place : place + 8] for place in range(0, len(digest), 8)),
        "short": lambda key: f"{key[:16]}…" if len(key) > 20 else key,
    }
    return environment.get_template(name)


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _in_china(moment: datetime, shape: str) -> str:
    return moment.astimezone(CHINA).strftime(shape)


def _share(one: Certainty) -> str:
    """A figure of how sure a reason is, as people say it."""
    if one.value is None:
        return "–"
    if one.kind == "points":
        return f"{one.value:g}"
    if 0 < one.value < 0.01:
        return f"1 / {1 / one.value:,.0f}"
    return f"{one.value:.1%}"


def _ids(subjects: Iterable[Subject]) -> list[str]:
    return list(dict.fromkeys(one for subject in subjects for one in subject.application_ids))
