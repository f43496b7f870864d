"""What a lead says in plain words, Chinese and English, for an officer who has never seen the software."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from simkyc.leads.lead import Answer, Ask, Happening, RevokedFor, Said, Urgency
from simkyc.reasons import REASONS
from simkyc.rings.limits import AGAINST, SIGNS
from simkyc.rings.words import AGAINST_WORDS, SIGN_WORDS

__all__ = [
    "ANSWER_WORDS",
    "ASK_WORDS",
    "CAUSE_WORDS",
    "CERTAINTY_WORDS",
    "CLEARING_WORDS",
    "CUSTODY_WORDS",
    "DUTIES",
    "HAPPENING_WORDS",
    "LEFT_OUT",
    "MEASURE_WORDS",
    "NOT_LOOKED_AT",
    "REVOKED_FOR_WORDS",
    "RULES",
    "URGENCY_WORDS",
    "against_words",
    "found_words",
    "law_words",
    "observed_words",
    "sign_words",
    "unanswered_words",
]

LEFT_OUT: Final = frozenset(
    {"counter_clock", "photo", "consent", "notice", "binding.line_unknown", "line.unknown"}
)
"""Checks of how an application was taken down, and reasons that say that nothing is known.

They say nothing of fraud, so they are no business of a lead.
"""

_ARTICLE: Final = re.compile(r"Anti-Telecom and Online Fraud Law, art\. ([0-9]+)")
_UNITS: Final = {
    "people": "人",
    "stores": "家网点",
    "numbers": "个号码",
    "active numbers": "个在用号码",
    "lines": "个号码",
    "reports": "次举报",
    "openings": "次开卡",
    "applications": "笔申请",
    "cards": "张卡",
    "devices": "部设备",
    "changes": "次更换",
    "kinds of things": "种",
    "days": "天",
    "hours": "小时",
    "minutes": "分钟",
    "km": "公里",
    "km/h": "公里/小时",
    "distance": "距离",
}

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    # What the clerk reads hides these on purpose.
    "listed.person": (
        "列入联合惩戒或运营商限制名单",
        "On a list of joint punishment, or on the operator's own",
    ),
    "listed.document_lost": ("使用已挂失的证件", "Applied with a document that was reported lost"),
    "listed.marked": ("列入需要关注的名单", "On a list of those to be told of quietly"),
    "line.used_for_fraud": ("该号码曾被举报涉诈", "The line was reported as used for fraud"),
    "device.stolen": ("登记的设备在被盗名单上", "The declared device is listed as stolen"),
    "device.bulk_sim": ("登记的设备是批量插卡设备", "The declared device is bulk-SIM equipment"),
    "openings.other_operators": ("在其他运营商也有号码", "Holds numbers at other operators"),
    "outcome.fraud": ("已有涉诈举报，且未被撤销", "Reported as used for fraud, and not cleared"),
}


def found_words(code: str) -> Said:
    """What was found, in a sentence that asks nobody at a counter to do anything."""
    if code in _SAID:
        zh, en = _SAID[code]
    elif code in REASONS:
        # The clerk's words begin with what was found; behind the colon they say what to do.
        clerk = REASONS[code].clerk
        zh, en = clerk.zh.partition("：")[0].rstrip("。"), clerk.en.partition(":")[0].rstrip(".")
    else:
        zh, en = f"原因代码 {code}", f"reason {code}"
    return Said(zh=zh, en=en)


def observed_words(value: float, unit: str | None) -> Said:
    """A figure with its unit.

    >>> observed_words(6, "numbers in 1 days")
    Said(en='6 numbers in 1 days')
    >>> observed_words(6, "numbers in 1 days").zh, observed_words(0.25, None).zh
    ('1 天内 6 个号码', '0.25')
    """
    figure = f"{value:,.6g}"
    counted, _, window = (unit or "").partition(" in ")
    length, _, of_time = window.partition(" ")
    zh = f"{figure} {_UNITS.get(counted, counted)}".strip()
    if of_time in _UNITS:
        zh = f"{length} {_UNITS[of_time]}内 {zh}"
    return Said(zh=zh, en=f"{figure} {unit or ''}".strip())


def law_words(basis: str) -> Said:
    """The rule behind a reason.

    >>> law_words("Anti-Telecom and Online Fraud Law, art. 14: no equipment").zh
    '《反电信网络诈骗法》第 14 条'
    """
    return Said(zh="、".join(f"《反电信网络诈骗法》第 {one} 条" for one in _ARTICLE.findall(basis)), en=basis)


def unanswered_words(code: str) -> Said:
    """What question was not answered."""
    if code not in REASONS:
        return Said(zh=code, en=code)
    label = REASONS[code].label
    return Said(zh=label.zh, en=label.en)


def sign_words(sign: str) -> Said:
    """What makes a group a ring."""
    zh, en = next((SIGN_WORDS[one] for one in SIGNS if one == sign), (sign, sign))
    return Said(zh=zh, en=en)


def against_words(sign: str) -> Said:
    """What speaks against it."""
    zh, en = next((AGAINST_WORDS[one] for one in AGAINST if one == sign), (sign, sign))
    return Said(zh=zh, en=en)


CLEARING_WORDS: Final[Mapping[str, Said]] = {
    "lead.not_confirmed": Said(
        zh="此前就该号码移送过线索，贵方或其他单位答复：未查实。",
        en="An earlier lead about this number was answered: not confirmed.",
    ),
    "lead.cleared": Said(
        zh="此前就该号码移送的线索，因已排除嫌疑或有误而撤销。",
        en="An earlier lead about this number was revoked: cleared, or a mistake.",
    ),
    "line.restored": Said(
        zh="号码曾被采取措施，经核验、申诉或排除嫌疑后已恢复服务。",
        en="The line was restored after a measure: verified, appealed or cleared.",
    ),
}
"""What was found for whoever holds a number."""

URGENCY_WORDS: Final[Mapping[Urgency, Said]] = {
    "immediate": Said(zh="特急：可能正在用于诈骗", en="Immediate: perhaps in use for fraud now"),
    "soon": Said(
        zh="加急：可能仍在使用，或停用不久", en="Soon: perhaps still in use, or stopped a while ago"
    ),
    "routine": Said(zh="一般：号码已停用", en="Routine: no longer in use"),
}

ASK_WORDS: Final[Mapping[Ask, Said]] = {
    "check_use": Said(
        zh="核查该号码是否被用于电信网络诈骗，是否需要止付、劝阻。",
        en="Check whether the number is used for fraud, and whether victims must be warned or payments stopped.",
    ),
    "find_people": Said(
        zh="核查下列人员之间的关系：有无收买、组织办卡，谁在组织。",
        en="Look into what ties these people: whether cards were bought or recruited, and by whom.",
    ),
    "identities": Said(
        zh="如需机主身份、通话或轨迹，请依法出具调取手续，按本页所列申请编号向我方调取。",
        en="Where you need identities or call records, ask us under your own authority, by the application ids.",
    ),
    "answer": Said(
        zh="请告知受理编号和核查结果，以便恢复误停的号码或采取进一步措施。",
        en="Tell us your receipt number and what came of it, so that whoever was suspected wrongly is cleared.",
    ),
}

RULES: Final = (
    Said(
        zh="本材料是线索，不是证据，也不是结论；不得仅凭本材料对任何人采取措施。",
        en="This is a lead, neither evidence nor a finding; nobody may be acted against on it alone.",
    ),
    Said(
        zh="仅限收件单位为上述目的使用；转送其他单位前请告知我方。",
        en="For the recipient and this purpose alone; tell us before it goes to anybody else.",
    ),
    Said(
        zh="收到撤销通知后立即停止使用，删除或退回，并告知已转送的单位。",
        en="Once it is revoked, stop using it, delete it or send it back, and tell whoever got it from you.",
    ),
    Said(
        zh="未立案使用的，到期删除。",
        en="Delete it when its time is over, unless it has become part of a case.",
    ),
)

DUTIES: Final = (
    Said(zh="立即停止使用该线索及其副本、打印件。", en="Stop using the lead, its copies and printouts at once."),
    Said(zh="删除或退回；已入案卷的，附上本通知。", en="Delete or return it; where it is in a file, add this notice."),
    Said(zh="告知从贵单位得到该线索的其他单位。", en="Tell whoever got it from you."),
    Said(
        zh="仅凭该线索采取的措施请复查并纠正。",
        en="Review whatever was done on the strength of it alone, and put it right.",
    ),
)  # fmt: skip

HAPPENING_WORDS: Final[Mapping[Happening, Said]] = {
    "opened": Said(zh="开户", en="number opened"),
    "replaced": Said(zh="补卡", en="card replaced"),
    "transferred": Said(zh="过户", en="handed to somebody else"),
    "moved": Said(zh="eSIM 换设备", en="eSIM moved to another device"),
    "lost": Said(zh="挂失", en="reported lost"),
    "restored": Said(zh="复机", en="service restored"),
    "ended": Said(zh="销户或换卡终止", en="ended: closed, or another card took over"),
    "first_seen": Said(zh="首次在网", en="first seen by the network"),
    "device_changed": Said(zh="更换设备", en="seen in another device"),
    "last_seen": Said(zh="最近一次在网", en="last seen by the network"),
    "judged": Said(zh="检查", en="judged"),
    "measure": Said(zh="已采取措施", en="measure taken"),
    "joined": Said(zh="成员首次出现", en="a member's first activity"),
    "last_activity": Said(zh="最近一次活动", en="last activity"),
    "made": Said(zh="生成本线索", en="this lead was made"),
}

MEASURE_WORDS: Final[Mapping[str, Said]] = {
    "remind": Said(zh="提醒机主", en="reminded"),
    "restrict_outgoing": Said(zh="限制呼出", en="outgoing service restricted"),
    "suspend": Said(zh="暂停服务", en="suspended"),
    "restore": Said(zh="恢复服务", en="restored"),
    "cancel": Said(zh="销号", en="cancelled"),
    "second_check": Said(zh="要求二次实人认证", en="second real-person check asked for"),
    "cancel_notice": Said(zh="销号预告", en="notice of cancellation"),
    "expire": Said(zh="措施到期", en="measure ended by itself"),
}

CERTAINTY_WORDS: Final[Mapping[str, Said]] = {
    "false_positive_rate": Said(
        zh="正常号码中出现同样结果的比例（误报率）",
        en="share of honest numbers that show the same (false positives)",
    ),
    "false_match_rate": Said(
        zh="两个陌生人的人脸同样相近的概率（误识率）",
        en="share of strangers whose faces are as near (false matches)",
    ),
    "probability": Said(
        zh="模型估计的涉诈概率（已校准，以训练数据的比例为准）",
        en="probability of fraud by the model, calibrated, where fraud is as frequent as in its training data",
    ),
    "chance": Said(zh="纯属偶然也会如此的概率", en="how likely it is by chance alone"),
    "points": Said(zh="评分，不是概率", en="points, which are no probability"),
    "not_measured": Said(
        zh="规则判断，其误报率未经测量",
        en="a rule; nobody has measured its share of false alarms",
    ),
}

NOT_LOOKED_AT: Final[Mapping[str, Said]] = {
    "lead.usage": Said(
        zh="通话、短信和位置：未提供使用情况的判断",
        en="calls, messages and places: no judgement of usage was given",
    ),
    "lead.sightings": Said(
        zh="在网设备：没有网络上报的记录", en="devices on the network: nothing was reported"
    ),
    "lead.application": Said(
        zh="开户申请：历史中没有记录", en="the application behind it: not on record"
    ),
    "lead.people": Said(
        zh="成员的真实身份和意图：共用信息不等于有罪",
        en="who the people are and what they meant: to share something is no guilt",
    ),
}  # fmt: skip

CAUSE_WORDS: Final[Mapping[str, str]] = {
    "not_given": "未提供",
    "no_list": "未维护该名单",
    "no_imsi": "网络未上报",
    "no_imei": "网络未上报",
    "not_seen_yet": "尚未在网",
    "no_sightings": "尚未在网",
    "not_configured": "未接入核验服务",
    "unreachable": "核验服务未应答",
    "unavailable": "核验服务未应答",
    "timeout": "核验服务未应答",
    "line_unknown": "号码无记录",
    "no_records": "没有记录",
}
"""Why a question was not answered; a cause that is not here is shown as its word."""

ANSWER_WORDS: Final[Mapping[Answer, Said]] = {
    "confirmed": Said(zh="属实", en="confirmed"),
    "not_confirmed": Said(zh="不属实", en="not confirmed"),
    "no_answer": Said(zh="暂无结论", en="no answer"),
}

REVOKED_FOR_WORDS: Final[Mapping[RevokedFor, Said]] = {
    "cleared": Said(zh="相关号码或人员已排除嫌疑", en="whoever it was about was cleared"),
    "mistake": Said(zh="材料内容有误", en="what it says is wrong"),
    "wrong_subject": Said(zh="对象有误", en="it is about somebody else"),
    "no_basis": Said(zh="提供的法律依据不再成立", en="the legal basis is gone"),
    "other": Said(zh="其他原因，请与我方联系", en="another reason: turn to us"),
}

CUSTODY_WORDS: Final[Mapping[str, Said]] = {
    "made": Said(zh="生成", en="made"),
    "retried": Said(zh="再次导出", en="export tried again"),
    "failed": Said(zh="导出失败", en="could not be written"),
    "exported": Said(zh="导出", en="exported"),
    "received": Said(zh="收到", en="received"),
    "answered": Said(zh="反馈", en="answered"),
    "revoked": Said(zh="撤销", en="revoked"),
    "superseded": Said(zh="被取代", en="superseded"),
}
