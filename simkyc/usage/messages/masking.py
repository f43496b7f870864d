r"""Links, contacts and figures of a message, each replaced by one sign, so that nothing that names anybody is read.

    L  a link: URLs, names of hosts, also with 点 or spaces for the dot, and IPv4 addresses
    C  a contact to turn to: mobile and fixed numbers, 400 and 800 numbers, e-mail, and an id behind the name of WeChat,
       QQ, Telegram and others. Short numbers of services (10086, 95588, 12306) are figures.
    A  the number of an account: 16 to 19 digits
    N  any other figure: amounts, dates, codes of letters and digits

All text is in small letters here, so a capital letter can be nothing else. Patterns are bounded: no text takes longer
than its length tells.

Messages of research data come with such places taken out already, each by a word in capitals. Where all capitals of a
text are such words, they become the same signs, so that a model that was trained on them reads real messages too.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["ACCOUNT", "CONTACT", "FIGURE", "LINK", "masked", "masks_of_data"]

LINK: Final = "L"
CONTACT: Final = "C"
ACCOUNT: Final = "A"
FIGURE: Final = "N"

_WORDS: Final = {
    "URL": LINK,
    "CELLPHONE": CONTACT,
    "PHONE": CONTACT,
    "WECHAT": CONTACT,
    "QQ": CONTACT,
    "BANK": ACCOUNT,
    "HOTLINE": FIGURE,
    "DIGIT": FIGURE,
    "NAME": FIGURE,
    "PLACE": FIGURE,
}
_WORD: Final = re.compile("URL|CELLPHONE|PHONE|WECHAT|QQ|BANK|HOTLINE|DIGIT|NAME|PLACE")
_CAPITALS: Final = re.compile("[A-Z]+")
_ALL_WORDS: Final = re.compile(f"(?:{_WORD.pattern})+")

_TOP = (
    "com|cn|net|org|cc|top|xyz|vip|info|club|shop|site|online|store|co|me|tv|io|biz|asia|mobi|link|ltd|wang|work|live|win"
    "|app|pro|icu|tk|ml|cf|ga|gq|pw|ws|hk|tw|us|uk|jp|kr|ru|fun|tech|space|group|love|red|ink|ren|fit|cool|life|loan|date"
    "|click|bid|ly|gl|gd|im|cx|la|fm|so"
)
_TAIL = "(?::[0-9]{1,5})?(?:[/?#][!-~]{0,400})?"
_LINK: Final = re.compile(
    r"(?:https?|hxxps?|ftp) {0,2}: {0,2}/{1,2} {0,2}[!-~]{1,400}"
    rf"|(?<![a-z0-9@.-])(?:[a-z0-9-]{{1,63}}\.){{1,5}}(?:{_TOP})(?![a-z0-9-]){_TAIL}"
    rf"|(?<![a-z0-9@.-])(?:[a-z0-9-]{{1,63}}(?:[ ]{{0,2}}[.。点][ ]{{0,2}}|\[\.\]|\(\.\)|\(dot\))){{1,5}}"
    rf"(?:com|cn|net|cc|top|xyz|vip|org|info|club|shop|me|app)(?![a-z0-9-]){_TAIL}"
    rf"|(?<![0-9.])(?:[0-9]{{1,3}}\.){{3}}[0-9]{{1,3}}(?![0-9.]){_TAIL}"
)
_LINK_LIKE: Final = re.compile(r"[a-z0-9] {0,2}(?:[.。点]|\[\.|\(\.|\(dot|: {0,2}/)")
_DOTTED: Final = re.compile(r"://|[a-z0-9]\.[a-z0-9]")
_MAIL: Final = re.compile(r"[a-z0-9._%+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,4}")
# Each begins with a character of its own, so that a search steps from one of them to the next.
_OF_A_SERVICE = (
    "微 ?信|薇 ?信|徽 ?信|威 ?信|v ?信|we ?信|wei ?信|weixin|wechat|vchat|v(?<![a-z].)x|w(?<![a-z].)x"
    "|扣 ?扣|企 ?鹅|q ?q|q群|纸飞机|telegram|电报|t(?<![a-z].)g|whatsapp|l(?<![a-z].)ine|skype|蝙蝠"
    "|加 ?[v薇微威徽q]|\\+ ?[v薇微威徽q]|v(?<![a-z].)(?=[:, ])|薇(?=[:, ])|徽(?=[:, ])"
)
_HANDLE: Final = re.compile(
    rf"({_OF_A_SERVICE})(?:号码?|群|id|账号|客服|联系|老师|咨询|搜索?|添?加|同步?|是|为|[@:,.;(\[=+ -]){{0,6}}"
    r"(?:[a-z][a-z0-9_-]{4,19}|[0-9](?:[ .,-]?[0-9]){4,11})(?![a-z0-9_])"
)
_DIGITS: Final = re.compile(r"(?<![a-z0-9])\+?[0-9](?:[ ().*~-]{0,2}[0-9])+(?![a-z0-9])")
_MOBILE: Final = re.compile("(?:00?86|86|0)?1[3-9][0-9]{9}")
_FIXED: Final = re.compile(
    "(?:86)?0?[1-9][0-9]{1,2}[2-8][0-9]{6,7}|[48]00[0-9]{7}|0[1-9][0-9]{1,2}[2-8][0-9]{6,7}"
)
_CALL: Final = re.compile("(?:电话|电询|致电|来电|热线|拨打|咨询|联系|手机|tel|电|询|拨|座机).{0,3}$")
_NUMERAL: Final = "零〇○一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖"
_WRITTEN: Final = re.compile(rf"[0-9{_NUMERAL}](?:[ ,-]?[0-9{_NUMERAL}]){{9,14}}")
_HAS_WRITTEN: Final = re.compile(rf"[{_NUMERAL}]{{2}}|[{_NUMERAL}][0-9 ,-]")
_SPOKEN: Final = str.maketrans(_NUMERAL, "00012345678912123456789")
_CODE: Final = re.compile("[a-z]*[0-9][a-z0-9]*")
_LETTERS: Final = str.maketrans("oil", "011")
_SEPARATORS: Final = re.compile("[^0-9]")


def masks_of_data(text: str) -> str | None:
    """A text of research data with our signs for its words; None where it is none.

    >>> masks_of_data("请登录URL领取PLACECELLPHONE"), masks_of_data("请用 QQ 登录 APP"), masks_of_data("iPHONE 手机")
    ('请登录L领取NC', None, None)
    """
    capitals = _CAPITALS.findall(text)
    if not capitals or "iPHONE" in text or not all(map(_ALL_WORDS.fullmatch, capitals)):
        return None
    # QQ alone is what anybody writes: it stands for a number only in a text that has no other sign left either.
    if all(word == "QQ" for word in capitals) and not text.isalnum():
        return None
    return _WORD.sub(lambda found: _WORDS[found[0]], text)


def masked(text: str) -> tuple[str, int]:
    """A text of folded characters with signs for its links, contacts and figures, and how many of them were disguised.

    >>> masked("尾号1234，详见 http://t.cn/Ab1 或加微信 abc_12345，电13800000000")
    ('尾号N，详见 L 或加微信C，电C', 0)
    >>> masked("一三八零零零零零零零零"), masked("1-3-8-0-0-0-0-0-0-0-0")
    (('C', 1), ('C', 1))
    """
    hidden = 0

    def link(found: re.Match[str]) -> str:
        nonlocal hidden
        hidden += not _DOTTED.search(found[0])
        return LINK

    def handle(found: re.Match[str]) -> str:
        return found[1] + CONTACT

    def written(found: re.Match[str]) -> str:
        nonlocal hidden
        digits = _SEPARATORS.sub("", found[0].translate(_SPOKEN))
        if found[0].isascii() or not _MOBILE.fullmatch(digits):
            return found[0]
        hidden += 1
        return CONTACT

    def figure(found: re.Match[str]) -> str:
        nonlocal hidden
        digits = _SEPARATORS.sub("", found[0])
        sign = _sign(digits, found)
        if sign == CONTACT and len(found[0]) - len(digits) >= 6:
            hidden += 1
        return sign

    def code(found: re.Match[str]) -> str:
        """A code is a figure; a short word with a digit in it, such as 4g, keeps its letters."""
        nonlocal hidden
        word = found[0]
        if len(word) < 5:
            return FIGURE + "".join(letter for letter in word if letter.isalpha())
        if _MOBILE.fullmatch(word.translate(_LETTERS)):
            hidden += 1
            return CONTACT
        return FIGURE

    if _LINK_LIKE.search(text):
        text = _LINK.sub(link, text)
    if "@" in text:
        text = _MAIL.sub(CONTACT, text)
    text = _HANDLE.sub(handle, text)
    if _HAS_WRITTEN.search(text):
        text = _WRITTEN.sub(written, text)
    text = _DIGITS.sub(figure, text)
    return _CODE.sub(code, text), hidden


def _sign(digits: str, found: re.Match[str]) -> str:
    count = len(digits)
    if count < 7:
        return FIGURE
    if _MOBILE.fullmatch(digits):
        return CONTACT
    if 9 < count < 14 and _FIXED.fullmatch(digits) and digits[0] in "0848":
        return CONTACT
    if count < 9:
        before = found.string[max(0, found.start() - 6) : found.start()]
        return CONTACT if digits[0] in "2345678" and _CALL.search(before) else FIGURE
    if 16 <= count <= 19:
        return ACCOUNT
    return CONTACT if count > 19 and _MOBILE.match(digits) else FIGURE
