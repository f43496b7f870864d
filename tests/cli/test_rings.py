"""`simkyc rings` as it is called."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from simkyc.history import open_history
from simkyc.rings.ring import Rings
from tests.cli.called import Called
from tests.rings.made_links import star, write

Call = Callable[..., Called]


@pytest.fixture
def links(tmp_path: Path) -> Path:
    return write(star("r", 6), tmp_path / "links.parquet")


def test_a_table_of_links(call: Call, links: Path, tmp_path: Path) -> None:
    done = call("rings", str(links), "--out", str(tmp_path / "new" / "out"))
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("rings: 1, people in them: 6; searched: 6 links of 6 people\n")
    assert done.out.endswith("out/rings.html\n")
    assert {one.name for one in (tmp_path / "new/out").iterdir()} == {
        "rings.html",
        "rings.json",
        "rings.parquet",
    }


def test_a_history(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'kyc.db'}"
    open_history(url, secret="a secret for tests").close()
    monkeypatch.setenv("SIMKYC_SECRET", "a secret for tests")
    assert call("rings", url, "--out", str(tmp_path / "out")).out.startswith("rings: 0, people in them: 0")


def test_the_window_and_the_limits(call: Call, links: Path, tmp_path: Path) -> None:
    assert call("rings", str(links), "--out", str(tmp_path / "a"), "--window-days", "2").out.startswith(
        "rings: 0"
    )
    assert call("rings", str(links), "--out", str(tmp_path / "b"), "--until", "2026-09-21").out.startswith(
        "rings: 0"
    )
    strict = tmp_path / "strict.toml"
    text = resources.files("simkyc.rings").joinpath("limits.toml").read_text("utf-8")
    strict.write_text(text.replace("score_min = { value = 4", "score_min = { value = 40"), encoding="utf-8")
    assert call("rings", str(links), "--out", str(tmp_path / "c"), "--limits", str(strict)).out.startswith(
        "rings: 0"
    )
    found = Rings.from_json((tmp_path / "b/rings.json").read_text(encoding="utf-8"))
    assert found.until is not None
    assert found.until.isoformat() == "2026-09-20T16:00:00+00:00"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        pytest.param(["nothing.parquet"], 2, "no history and no table of links", id="no such table"),
        pytest.param(["sqlite:///nothing.db"], 3, "no history", id="no such history"),
        pytest.param(["LINKS", "--since", "yesterday"], 2, "--since and --until take", id="no time"),
        pytest.param(
            ["LINKS", "--since", "2026-01-02T10:00:00"], 2, "with its zone", id="a time without zone"
        ),
        pytest.param(["LINKS", "--limits", "none.toml"], 2, "cannot be read", id="no limits"),
        pytest.param(["LINKS", "--policy", "none.toml"], 2, "cannot be read", id="no policy"),
        pytest.param(["LINKS", "--calibration", "none.json"], 2, "cannot be read", id="no calibration"),
        pytest.param(["LINKS", "--window-days", "0"], 2, "--window-days", id="no window"),
    ],
)
def test_what_is_refused(
    call: Call, links: Path, tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    asked = [str(links) if one == "LINKS" else one for one in arguments]
    call("rings", *asked, "--out", str(tmp_path / "out")).assert_refused(code, says)


def test_an_application_is_checked_against_them(call: Call, links: Path, tmp_path: Path) -> None:
    assert call("rings", str(links), "--out", str(tmp_path / "out")).code == 0
    application = str(Path("fixtures/01-honest/application.json").resolve())
    # The links' people are known by other names than this history's.
    done = call("check", application, "--rings", str(tmp_path / "out" / "rings.parquet"))
    assert (done.code, done.out) == (2, "")
    assert "another secret" in done.err
