"""A text as it is read: what was masked, what was undone, and what is disguised."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkyc.usage.messages.normalise import LONGEST, normalised
from simkyc.usage.messages.skeleton import skeleton
from tests.usage.messages.texts import ORDINARY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "请登录 http://t.cn/Ab1?x=1，谢谢", "请登录L谢谢", id="a URL ends where ideographs begin"
        ),
        pytest.param("登录 www.icbc-e.cc/a 办理", "登录L办理", id="a host"),
        pytest.param("进 lhc点com 看", "进L看", id="点 for the dot"),
        pytest.param("进 lhc 。com 看", "进L看", id="a full stop for the dot"),
        pytest.param("看 10.0.0.8:80/x 吧", "看L吧", id="an IPv4 address"),
        pytest.param("写到 a.b@c.com 吧", "写到C吧", id="e-mail"),
        pytest.param("电１３８００１３８０００", "电C", id="full-width digits"),
        pytest.param("电 +86 138-0013-8000", "电C", id="a mobile number as people write it"),
        pytest.param("电0512-66668888", "电C", id="a fixed number"),
        pytest.param("电400-820-8820", "电C", id="a 400 number"),
        pytest.param("拨打66668888咨询", "拨打C咨询", id="eight digits after a verb of calling"),
        pytest.param("单号66668888", "单号N", id="eight digits otherwise"),
        pytest.param("详询10086或95588", "详询N或N", id="short numbers of services are no contacts"),
        pytest.param("加微信：abc_12345", "加微信C", id="an id of WeChat"),
        pytest.param("加V❤：abc12345", "加vC", id="an emoji before the id"),
        pytest.param("Q Q 1 2 3 4 5 6 7", "qqC", id="spaces in a name and a number"),
        pytest.param("电报 @abcdef1", "电报C", id="an @ before the id"),
        pytest.param("微信支付20元", "微信支付N元", id="WeChat Pay is no contact"),
        pytest.param("打到6222 0212 3456 7890 123", "打到A", id="a bank card"),
        pytest.param("2026-01-05 12:30 见", "N|N见", id="a date and a time"),
        pytest.param("享5G流量4GB", "享Ng流量Ngb", id="short words with digits keep their letters"),
        pytest.param("单号SF1234567到了", "单号N到了", id="a code"),
        pytest.param("VX：138OO138OOO", "vx|C", id="letters for zeros"),
    ],
)
def test_links_contacts_and_figures_are_masked(text: str, said: str) -> None:
    read = normalised(text)
    assert read.text == said
    assert (read.has_link, read.has_contact) == ("L" in said, "C" in said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("您已刷，单号在此", "您已刷|单号在此", id="a boundary between words stays"),
        pytest.param("刷，单，日，结", "刷单日结", id="between single characters it goes"),
        pytest.param("貸款", "贷款", id="traditional"),
        pytest.param("單價優惠", "单价优惠", id="traditional throughout"),
        pytest.param("ｋеｆｕ", "kefu", id="full-width and Cyrillic letters"),
        pytest.param("🅺🄴ⓕ𝐮", "kefu", id="letters in squares, circles and formulas"),
        pytest.param("ᴋᴇꜰᴜ café", "kefucafe", id="small capitals, and marks"),
        pytest.param("刷\u200b单\ufeff兼\u2060职", "刷单兼职", id="what is not seen"),
        pytest.param("刷\u0336单\u20dd", "刷单", id="marks through and around characters"),
        pytest.param("好\x00的\x1f", "好的", id="control characters"),
        pytest.param("刷🔥单", "刷单", id="an emoji"),
        pytest.param("薇信", "微信", id="a swapped character"),
        pytest.param("徵信良好", "征信良好", id="a credit report is no disguise"),
        pytest.param("", "", id="nothing"),
        pytest.param("😀😀😀", "", id="emoji alone"),
        pytest.param("\ud800\udfff", "", id="surrogates"),
    ],
)
def test_disguises_are_undone(text: str, said: str) -> None:
    assert normalised(text).text == said


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("刷 单 兼 职 日 结", id="spaces"),
        pytest.param("招🔥兼🔥职🔥刷🔥单", id="emoji"),
        pytest.param("网络兼\u200b职日\u200b结佣\u200b金", id="zero-width"),
        pytest.param("您的аccоunt已冻结，请与kеfu联系", id="look-alikes"),
        pytest.param("请加薇信", id="a spelling"),
        pytest.param("您的𝐄𝐓𝐂已失效", id="letters of formulas"),
        pytest.param(
            "您的帳戶已凍結，请尽快登录我行网站办理业务以免影响您的正常使用", id="traditional mixed in"
        ),
        pytest.param("电一三八〇〇一三八〇〇〇", id="a number in ideographs"),
    ],
)
def test_a_disguised_text_is_told(text: str) -> None:
    assert normalised(text).is_evasive


@pytest.mark.parametrize("what", ORDINARY)
def test_an_ordinary_text_is_not_disguised(what: str) -> None:
    assert not normalised(ORDINARY[what]).is_evasive


def test_masks_of_research_data_are_ours() -> None:
    read = normalised("尊敬的NAME请登录URLdk0领取DIGIT元或电CELLPHONE")
    assert read.text == "尊敬的N请登录Ldk0领取N元或电C"
    assert (read.has_link, read.has_contact) == (True, True)
    assert not normalised("用iPHONE和QQ音乐").has_contact
    assert not normalised("CALL ME BY YOUR NAME").has_contact


def test_what_is_filled_in_leaves_the_skeleton() -> None:
    one = normalised("尊敬的张三先生：您的账户积分3000分，请登录 http://a.top/x 领取，编号qzx")
    other = normalised("尊敬的李小四先生：您的账户积分88分，请登录 b.vip 领取，编号k")
    assert skeleton(one.text) == skeleton(other.text)


ANY = st.text(st.characters(exclude_categories=()), max_size=200)


@settings(max_examples=300, deadline=None)
@given(text=ANY)
def test_any_text_is_read_and_read_again_alike(text: str) -> None:
    read = normalised(text)
    assert read == normalised(text)
    assert not {character for character in read.text if "\ud800" <= character <= "\udfff"}
    assert len(read.text) <= 20 * LONGEST


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from("0123456789.,-: @/加微信qv点comA一三八🔥\u200b"), max_size=400))
def test_texts_full_of_what_is_masked_are_read(text: str) -> None:
    assert not any(digit in normalised(text).text for digit in "0123456789")


@pytest.mark.parametrize(
    "part",
    [
        "a",
        "1",
        "1-",
        "a.",
        "微信",
        "刷 ",
        "。",
        "\u200b",
        "🔥",
        "(",
        "加v:::::",
        "http:",
        "a@",
        "一",
        "\x00",
        "ﷺ",
        "e\u0301",
    ],
)
def test_a_megabyte_of_anything_is_cut(part: str) -> None:
    read = normalised(part * (2**20 // len(part)))
    assert len(read.text) <= 20 * LONGEST


def test_nothing_of_a_text_is_shown() -> None:
    read = normalised("hunter2 秘密 13800000000")
    assert "hunter" not in repr(read)
    assert "秘密" not in repr(read)
    assert pickle.loads(pickle.dumps(read)) == read
