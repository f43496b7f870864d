"""The page of rings: what stands on it, that it asks nobody, and how a browser shows it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import pytest

from simkyc.rings.page import render
from simkyc.rings.picture import letters, numbers, picture
from simkyc.rings.ring import Ring, Rings
from simkyc.rings.words import AGAINST_WORDS, KIND_WORDS, SIGN_WORDS
from tests.browser import WIDTHS, needs_browser, shown
from tests.rings.made_links import Row, found, link, star

VOID = {"meta", "line", "rect", "circle", "br"}


class Shown(HTMLParser):
    """What stands on a page, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def rows() -> list[Row]:
    """A ring that many things tie, a large one with one face, and staff who served it."""
    more = {"store_id": "store-1", "clerk_id": "clerk-7"}
    many = [
        row | {"application_id": f"app-{row['person']}"} | more
        for what in KIND_WORDS
        if what not in {"number", "address"}
        for row in star("r", 9, what)
    ]
    others = [
        link(f"o{n}", "payer", f"o{n}", n, application_id=f"o{n}", store_id="store-1", clerk_id=f"c{n % 9}")
        for n in range(90)
    ]
    return [*many, *star("f", 60, "face", days=0.2), *star("f", 3, "payer"), *others]


@pytest.fixture(scope="module")
def rings() -> Rings:
    return found(rows())


@pytest.fixture(scope="module")
def page(rings: Rings) -> str:
    return render(rings)


def test_it_asks_no_other_machine(page: str) -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in page
    assert not re.search(r"https?:|//|@import|url\(|<script|<link|<img|<iframe", page)
    links = [value for _, name, value in Shown(page).attributes if name in {"href", "src"}]
    ids = [value for _, name, value in Shown(page).attributes if name == "id"]
    assert links
    assert len(ids) == len(set(ids))
    assert {value.removeprefix("#") for value in links} <= set(ids)


def test_what_matters_stands_on_it(rings: Rings, page: str) -> None:
    shown = Shown(page)
    assert shown.open == []
    said = " ".join(shown.texts)
    assert {len(ring.members) for ring in rings.rings} == {9, 60}
    for ring in rings.rings:
        assert ring.ring_id in said
        assert all(word in said for sign in ring.signs for word in SIGN_WORDS[sign])
        assert all(word in said for sign in ring.against for word in AGAINST_WORDS[sign])
        assert all(word in said for thing in ring.shared for word in KIND_WORDS[thing.kind])
    for text in (
        "app-r-00",
        "clerk-7",
        "不得仅凭此页",
        "nobody may be refused",
        rings.limits_id,
        "图中为联系最密的 40 人",
    ):
        assert text in said, text


def test_no_keyed_hash_stands_on_it(rings: Rings, page: str) -> None:
    shown = Shown(page).texts
    for ring in rings.rings:
        assert not set(ring.people) & {word for text in shown for word in text.split()}
        assert not {thing.key for thing in ring.shared} & {word for text in shown for word in text.split()}


def test_what_looks_like_markup_is_text() -> None:
    evil = "</b><script>alert(\"1\")</script><i onload='y'>&amp;{{ 7 * 7 }}"
    made = [row | {"application_id": evil, "store_id": evil, "clerk_id": evil} for row in star("r", 9)]
    shown = Shown(render(found(made)))
    assert not {"script", "onload"} & {part for one in shown.attributes for part in one[:2]}
    assert evil in shown.texts


def test_a_page_without_rings_says_so() -> None:
    page = render(found([]))
    assert "没有发现团伙" in page
    assert "<svg" not in page


def test_the_same_rings_give_the_same_page(rings: Rings, page: str) -> None:
    assert render(Rings.from_json(rings.to_json())) == page


def boxes(drawing: str) -> list[tuple[float, float, float, float]]:
    found = re.findall(r'<rect x="([\d.-]+)" y="([\d.-]+)" width="([\d.]+)" height="([\d.]+)"', drawing)
    return [(float(x), float(y), float(x) + float(w), float(y) + float(h)) for x, y, w, h in found]


def test_a_picture_shows_everybody_and_covers_no_label(rings: Rings) -> None:
    ring = next(ring for ring in rings.rings if len(ring.members) == 9)
    wide, narrow = picture(ring, "said").split("</svg>")[:2]
    for drawing, width, height in ((wide, 860, 470), (narrow, 350, 440)):
        assert sorted(re.findall(r">(\d+)</text>", drawing)) == [str(one) for one in range(1, 10)]
        drawn = boxes(drawing)
        assert len(drawn) == len(ring.shared)
        assert all(x >= 0 and y >= 0 and right <= width and low <= height for x, y, right, low in drawn)
        for one, other in combinations(drawn, 2):
            apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            assert apart
        assert drawing.count("<line") == len(ring.links)


def test_a_large_ring_is_drawn_in_part(rings: Rings) -> None:
    ring = next(ring for ring in rings.rings if len(ring.members) == 60)
    assert picture(ring, "said").count("<circle") == 2 * 40


def test_numbers_follow_the_order_in_which_people_came(rings: Rings) -> None:
    ring: Ring = rings.rings[0]
    number = numbers(ring)
    assert sorted(number) == list(range(1, len(ring.members) + 1))
    came = [ring.members[number.index(one)].first_at for one in sorted(number)]
    assert came == sorted(came)
    assert len(set(zip((thing.kind for thing in ring.shared), letters(ring), strict=True))) == len(
        ring.shared
    )


@needs_browser
@WIDTHS
def test_a_browser_shows_it_without_scrolling_sideways(page: str, width: int, tmp_path: Path) -> None:
    seen = shown(page, width, tmp_path)
    assert seen["scroll"] <= seen["client"] == width
    assert (seen["requests"], seen["pictures"]) == (0, 2)
    assert seen["smallest"] >= 9
    assert seen["over"] <= 0
    assert "先读这里" in seen["words"]
