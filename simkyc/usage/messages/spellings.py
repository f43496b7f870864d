"""Spellings that avoid a word: look-alike words, syllables in Latin letters, figures for numerals.

Only what hardly stands for anything else: 徵信 is no disguise of 微信 (it is 征信, a credit report), nor is 威信.
Digits are masked before this is asked, so a numeral in a known word is met here as the figure's sign N.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["respelt"]

_TOLD: Final[dict[str, str]] = {
    # What everybody writes, and no disguise.
    **dict.fromkeys(("weixin", "wechat", "v信", "加vx", "加wx"), "微信"),
    "扣扣": "qq",
}
_AVOIDED: Final[dict[str, str]] = {
    **dict.fromkeys(
        (
            "薇信",
            "徽信",
            "嶶信",
            "薇芯",
            "微芯",
            "微心号",
            "wei信",
            "we信",
            "微xin",
            "v亻言",
            "微亻言",
            "威信号",
        ),
        "微信",
    ),
    **dict.fromkeys(("加薇", "加徽", "伽微", "伽薇", "嘉微", "茄微", "jia微", "➕微"), "加微"),
    **dict.fromkeys(("shua单", "刷dan", "刷丹", "唰单", "涮单"), "刷单"),
    **dict.fromkeys(("兼zhi", "jian职", "兼织", "蒹职"), "兼职"),
    **dict.fromkeys(("发piao", "fa票", "发漂", "發piao", "发嘌", "发飘", "發嘌"), "发票"),
    **dict.fromkeys(("dai开", "代kai", "玳开"), "代开"),
    **dict.fromkeys(("dai款", "贷kuan", "代款", "袋款", "贷歀"), "贷款"),
    **dict.fromkeys(("yin行", "银hang", "银杭"), "银行"),
    **dict.fromkeys(("赌bo", "du博", "睹博", "堵博", "du钱"), "赌博"),
    **dict.fromkeys(("bo彩", "博cai", "簿彩", "搏彩"), "博彩"),
    **dict.fromkeys(("cai票", "彩piao", "采票", "彩漂"), "彩票"),
    **dict.fromkeys(("cai金", "菜金", "采金", "倸金", "彩jin"), "彩金"),
    **dict.fromkeys(("下zhu", "xia注", "吓注"), "下注"),
    **dict.fromkeys(("N合彩", "陆合彩", "六和彩", "六合采", "六荷彩"), "六合彩"),
    **dict.fromkeys(("旺址", "网zhi", "网祉", "网芷"), "网址"),
    **dict.fromkeys(("zhu册", "注ce", "驻册", "紸册"), "注册"),
    **dict.fromkeys(("办zheng", "ban证", "瓣证", "办正刻"), "办证"),
    **dict.fromkeys(("身份zheng", "身分证", "shenfen证", "身fen证"), "身份证"),
    **dict.fromkeys(("银行ka", "银hang卡"), "银行卡"),
    **dict.fromkeys(("shou机卡", "手机ka", "手讥卡", "手几卡", "电话ka"), "手机卡"),
    **dict.fromkeys(("快di", "kuai递", "筷递"), "快递"),
    **dict.fromkeys(("理pei", "li赔", "理陪"), "理赔"),
    **dict.fromkeys(("tui款", "退kuan", "退歀"), "退款"),
    **dict.fromkeys(("ji分", "积fen", "积份"), "积分"),
    **dict.fromkeys(("返li", "fan利", "返俐"), "返利"),
    **dict.fromkeys(("佣jin", "yong金", "拥金"), "佣金"),
    **dict.fromkeys(("转zhang", "zhuan账", "转帐", "转涨"), "转账"),
    **dict.fromkeys(("约pao", "yue炮", "约泡"), "约炮"),
    **dict.fromkeys(("shang门服务", "上men服务", "尚门服务"), "上门服务"),
    **dict.fromkeys(("客fu", "ke服"), "客服"),
    **dict.fromkeys(("gong安", "公an局", "公按局"), "公安"),
    **dict.fromkeys(("gu票", "股piao", "古票", "谷票"), "股票"),
    **dict.fromkeys(("tou资", "投zi", "头资"), "投资"),
    **dict.fromkeys(("红bao", "hong包", "紅bao"), "红包"),
    **dict.fromkeys(("裸liao", "luo聊", "祼聊"), "裸聊"),
}
# Ordinary typing errors and older spellings: undone, and no disguise.
_SLIPS: Final = frozenset(
    {"转帐", "代款", "身分证", "手几卡", "约泡", "采金", "菜金", "谷票", "发飘", "采票", "威信号"}
)
_ALL: Final = {**_TOLD, **_AVOIDED}
_PATTERN: Final = re.compile("|".join(sorted(map(re.escape, _ALL), key=len, reverse=True)))


def respelt(text: str) -> tuple[str, int]:
    """A text with the words that were avoided, and how many of them were.

    >>> respelt("加薇，shua单日结，weixin同号")
    ('加微，刷单日结，微信同号', 2)
    """
    avoided = 0

    def word(found: re.Match[str]) -> str:
        nonlocal avoided
        avoided += found[0] in _AVOIDED and found[0] not in _SLIPS
        return _ALL[found[0]]

    return _PATTERN.sub(word, text), avoided
