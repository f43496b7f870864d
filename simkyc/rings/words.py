"""What kinds of ties and signs are called, in Chinese and in English."""

from __future__ import annotations

from typing import Final

from simkyc.rings.limits import Against, Kind, Sign

__all__ = ["AGAINST_WORDS", "KIND_WORDS", "SIGN_WORDS"]

KIND_WORDS: Final[dict[Kind, tuple[str, str]]] = {
    "face": ("人脸", "face"),
    "device": ("终端", "device"),
    "number": ("联系号码", "contact number"),
    "payer": ("付款账户", "payer"),
    "representative": ("代办人", "representative"),
    "companion": ("陪同人", "companion"),
    "delivery": ("收件地址", "delivery address"),
    "address": ("住址", "home address"),
}

SIGN_WORDS: Final[dict[Sign, tuple[str, str]]] = {
    "many_people": ("人数多于一家人", "more people than a family"),
    "comes_back": ("多天里不断有新人", "new people on several days"),
    "one_box": ("多人的号码插入同一终端", "numbers of several people seen in one device"),
    "one_face": ("同一张脸用多个证件", "one face under several IDs"),
    "several_ties": ("多种共用信息", "several things shared"),
    "several_stores": ("在多个门店办理", "in several stores"),
    "from_elsewhere": ("多为外地首次开户", "mostly first openings from elsewhere"),
    "fraud_reported": ("有号码被举报涉诈", "a number reported as fraud"),
    "fraud_repeated": ("多个号码被举报涉诈", "several numbers reported as fraud"),
    "unusual_staff": ("异常集中于同一营业员或代理商", "unusually often one clerk or dealer"),
}

AGAINST_WORDS: Final[dict[Against, tuple[str, str]]] = {
    "one_visit": ("一次到店：可能是家人、同事", "one visit: perhaps a family or colleagues"),
    "company": ("同一代办人集中办理：可能是单位购买", "one representative, at once: perhaps a company"),
    "student_days": ("开学期间：可能是学生", "first days of term: perhaps students"),
    "places_only": ("仅地址相同", "only a place is shared"),
    "quiet": ("长期使用且无举报", "long in use, nothing reported"),
}
