"""The pages: what stands on them, that they ask nobody, that nothing in them runs, and how a browser shows them."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from simkyc.leads.lead import Lead, Why
from simkyc.leads.page import render, render_revocation
from simkyc.leads.words import found_words
from simkyc.reasons import REASONS
from tests.leads.made import World, order, rings, usage_verdict

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
VOID = {"meta", "br", "link", "img"}
HOSTILE = "<img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"


class Shown(HTMLParser):
    """What stands on a page, and whether every element is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words = ""
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


@pytest.fixture
def number(world: World) -> Lead:
    world.screener.report_outcome(world.number, is_fraud=True)
    return world.leads.about_number(
        world.number, order(contact=HOSTILE), usage=usage_verdict(world.clock), disclose_on=HOSTILE
    )


@pytest.fixture
def ring(world: World) -> Lead:
    made = rings()
    return world.leads.about_ring(made.rings[0], order(), found=made, file_sha256="b" * 64)


@pytest.fixture
def notice(world: World, number: Lead, out: Path) -> str:
    world.leads.export(number, out)
    world.leads.revoke(number.lead_id, "cleared", "risk-7")
    return render_revocation(world.leads.revocation(number.lead_id, HOSTILE))


def test_what_stands_on_the_page_of_a_number(number: Lead) -> None:
    words = Shown(render(number)).words
    for said in (
        *(
            "涉诈线索",
            "特急",
            "请贵单位做什么",
            "为什么",
            "时间线",
            "还不知道什么",
            "证据目录",
            "怎样验证",
            "回执与反馈",
        ),
        *(
            "线索不是证据",
            "不得仅凭",
            "test-22",
            "usage-1",
            "model-1",
            "1 天内 6 个号码",
            "规则界限",
            "1 / 1,000",
        ),
        f"simkyc lead verify {number.lead_id}.json",
        " ".join(number.package_sha256[place : place + 8] for place in range(0, 64, 8)),
        *(one.words.zh for one in number.why),
        *(one.words.en for one in number.why),
        *(one.words.zh for one in number.not_assessed),
        *(one.zh for one in number.handling.rules),
    ):
        assert said in words
    assert words.index("请贵单位做什么") < words.index("为什么") < words.index("时间线")


def test_what_stands_on_the_page_of_a_ring(ring: Lead) -> None:
    words = Shown(render(ring)).words
    for said in (
        "团伙",
        "6 名办理人",
        "共用信息不等于有罪",
        "付款账户",
        "#1",
        "#6",
        "test-20",
        "人数多于一家人",
    ):
        assert said in words
    assert "{{" not in words


def test_more_than_fits_is_in_the_file(ring: Lead) -> None:
    many = tuple(
        Why(code=f"ring.later_{number}", words=found_words(f"ring.later_{number}")) for number in range(60)
    )
    words = Shown(render(ring.changed(why=many))).words
    assert "另有 20 条，见 JSON 文件" in words
    assert "ring.later_39" in words
    assert "ring.later_40" not in words


def test_a_reason_and_a_thing_of_a_later_version_are_shown_as_they_are(ring: Lead) -> None:
    tie = ring.ties[0].changed(kind="a later kind")
    words = Shown(render(ring.changed(ties=(tie,)))).words
    assert "a later kind" in words


@pytest.mark.parametrize("name", ["number", "ring", "notice"])
def test_nothing_runs_and_nobody_is_asked(request: pytest.FixtureRequest, name: str) -> None:
    made = request.getfixturevalue(name)
    page = made if isinstance(made, str) else render(made)
    shown = Shown(page)
    assert not {"script", "img", "link", "iframe", "form", "a", "object"} & set(shown.tags)
    assert not [
        one for one in shown.attributes if one[1] in {"src", "href", "action"} or one[1].startswith("on")
    ]
    assert "default-src 'none'" in page
    assert not re.search(r"url\(|@import|https?://", page)
    if name != "ring":
        assert HOSTILE in shown.words, "shown as it is, and as nothing else"
        assert "49" not in shown.words.partition("onerror")[2][:60]


def test_every_reason_may_stand_on_a_page(number: Lead) -> None:
    why = tuple(
        Why(
            code=code,
            words=found_words(code),
            basis=one.basis,
            observed=1.5,
            limit=1,
            unit="openings in 24 hours",
        )
        for code, one in REASONS.items()
    )
    for start in range(0, len(why), 40):
        Shown(render(number.changed(why=why[start : start + 40])))


LOOK = """<!DOCTYPE html><title>x</title><pre></pre><script>
const frame = document.createElement("iframe");
frame.style.cssText = "width:{width}px;height:2000px;border:0";
frame.onload = () => {{
  const page = frame.contentDocument, at = page.scrollingElement;
  const over = [...page.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > {width} + 1
    && !one.closest("table")).length;
  const sizes = [...page.querySelectorAll("body *")].filter(one => one.textContent.trim())
    .map(one => parseFloat(frame.contentWindow.getComputedStyle(one).fontSize));
  document.querySelector("pre").textContent = JSON.stringify({{scroll: at.scrollWidth, client: at.clientWidth, over,
    smallest: Math.min(...sizes), words: page.body.innerText.length,
    requests: frame.contentWindow.performance.getEntriesByType("resource").length}});
}};
frame.srcdoc = {page};
document.body.append(frame);
</script>"""


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome")
@pytest.mark.parametrize("name", ["number", "ring"])
@pytest.mark.parametrize("width", [360, 1000])
def test_how_a_browser_shows_it(
    request: pytest.FixtureRequest, tmp_path: Path, width: int, name: str
) -> None:
    assert BROWSER is not None
    frame = tmp_path / "frame.html"
    page = json.dumps(render(request.getfixturevalue(name))).replace("</", "<\\/")
    frame.write_text(LOOK.format(width=width, page=page), encoding="utf-8")
    done = subprocess.run(
        [*browser(tmp_path), "--dump-dom", frame.as_uri()], check=True, capture_output=True, timeout=120
    )
    text = re.search(r"<pre>(.*?)</pre>", done.stdout.decode(), re.DOTALL)
    assert text is not None
    seen = json.loads(html.unescape(text[1]))
    assert seen["scroll"] <= seen["client"] == width
    assert (seen["requests"], seen["over"]) == (0, 0)
    assert seen["smallest"] >= 10
    assert seen["words"] > 1000


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium or Chrome")
@pytest.mark.parametrize(("name", "sheets"), [("number", 5), ("ring", 4), ("notice", 1)])
def test_it_prints_on_a_few_sheets(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, sheets: int
) -> None:
    made = request.getfixturevalue(name)
    file, printed = tmp_path / "page.html", tmp_path / "page.pdf"
    file.write_text(made if isinstance(made, str) else render(made), encoding="utf-8")
    subprocess.run(
        [*browser(tmp_path), "--no-pdf-header-footer", f"--print-to-pdf={printed}", file.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    pages = re.findall(rb"/MediaBox \[0 0 ([0-9.]+) ([0-9.]+)\]", printed.read_bytes())
    assert 1 <= len(pages) <= sheets
    assert {(round(float(width)), round(float(height))) for width, height in pages} == {(595, 842)}, "A4"


def browser(folder: Path) -> list[str]:
    assert BROWSER is not None
    return [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync", "--no-first-run", "--hide-scrollbars"),
        *(f"--user-data-dir={folder / 'profile'}", "--window-size=1400,900"),
    ]
