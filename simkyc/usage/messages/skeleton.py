"""What of a normalised message is the same for everybody whom it is sent to."""

from __future__ import annotations

import re
from typing import Final

from simkyc.usage.messages.masking import FIGURE
from simkyc.usage.messages.normalise import BOUNDARY

__all__ = ["read_as", "skeleton"]

_UNREAD: Final = str.maketrans("", "", FIGURE + BOUNDARY)
_OTHER: Final = re.compile("[^\u3400-\u9fff]")
_SALUTATION: Final = re.compile(
    "(?<=尊敬的|亲爱的)[\u3400-\u9fff]{1,4}?(?=先生|女士|小姐|旅客|同学|家长|您好|你好|客户|用户|会员)"
)
FEWEST: Final = 8
"""Ideographs from which on they alone are the skeleton."""


def read_as(text: str) -> str:
    """A normalised text without figures and boundaries: what the classifier reads."""
    return text.translate(_UNREAD)


def skeleton(text: str) -> str:
    """A normalised text without what is filled in: figures, links, contacts, codes of letters, a name after 尊敬的.

    >>> skeleton("尊敬的张三先生|您的账户已满N积分|请登录L领取qzx")
    '尊敬的先生您的账户已满积分请登录领取'
    """
    ideographs = _OTHER.sub("", text)
    if len(ideographs) < FEWEST:
        return read_as(text)
    return _SALUTATION.sub("", ideographs) if "的" in ideographs else ideographs
