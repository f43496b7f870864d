"""`simkyc notice`: the text shown, the page made whole or not at all, and a signature in a file."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from simkyc.cli.application_file import read_application, write_application
from simkyc.notice import notice_text, render_html, render_pdf
from simkyc.testing import application, swatch
from tests.cli.called import Called

Call = Callable[..., Called]


def test_the_text_is_shown_with_its_hash(call: Call) -> None:
    for language in ("zh-CN", "en"):
        called = call("notice", "show", "--language", language)
        text = notice_text("2026-11", "en" if language == "en" else "zh-CN")
        assert (called.code, called.err) == (0, "")
        lines = called.out.splitlines()
        assert {text.title, *(line for part in text.paragraphs for line in part.lines)} <= set(lines)
        assert lines[-1] == f"2026-11 {language} SHA-256 {text.sha256}"
    assert call("notice", "show", "--version", "2026-11") == call("notice", "show")


@pytest.mark.parametrize("name", ["notice.html", "notice.pdf", "NOTICE.PDF"])
def test_a_page_is_made(name: str, tmp_path: Path, call: Call) -> None:
    out = tmp_path / name
    assert call("notice", "render", out, "--language", "en") == Called(0, "", "")
    text = notice_text("2026-11", "en")
    assert out.read_bytes() == (render_html(text).encode() if out.suffix == ".html" else render_pdf(text))
    assert list(tmp_path.iterdir()) == [out]


def test_a_file_is_replaced_only_when_told_so(tmp_path: Path, call: Call) -> None:
    out = tmp_path / "hunter2.html"
    out.write_text("mine", encoding="utf-8")
    called = call("notice", "render", out)
    called.assert_refused(2, "--force")
    assert "hunter2" not in called.err
    assert out.read_text(encoding="utf-8") == "mine"
    assert call("notice", "render", out, "--force").code == 0
    assert "安全用卡告知书" in out.read_text(encoding="utf-8")


def test_a_link_that_leads_nowhere_is_a_file_that_is_there(tmp_path: Path, call: Call) -> None:
    (tmp_path / "notice.html").symlink_to(tmp_path / "absent.html")
    call("notice", "render", tmp_path / "notice.html").assert_refused(2, "--force")


WRONG = {
    "another version": (["render", "a.html", "--version", "hunter2"], "choose one of"),
    "no version": (["show", "--version", ""], "choose one of"),
    "a path for a version": (["show", "--version", "../../hunter2"], "choose one of"),
    "another language": (["show", "--language", "hunter2"], "--language"),
    "another ending": (["render", "hunter2.docx"], "neither .html nor .pdf"),
    "no ending": (["render", "hunter2"], "neither .html nor .pdf"),
    "no name": (["render"], "OUT is missing"),
    "half a command": ([], "no such command"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_is_bad_input(
    case: str, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, says = WRONG[case]
    called = call("notice", *arguments)
    called.assert_refused(2, says)
    assert "hunter2" not in called.err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, call: Call) -> None:
    call("notice", "render", tmp_path / "absent" / "notice.html").assert_refused(
        3, "No such file or directory"
    )


def test_a_folder_is_never_replaced(tmp_path: Path, call: Call) -> None:
    (tmp_path / "folder.html").mkdir()
    call("notice", "render", tmp_path / "folder.html").assert_refused(2, "--force")
    call("notice", "render", tmp_path / "folder.html", "--force").assert_refused(3, "directory")
    assert [path.name for path in tmp_path.iterdir()] == ["folder.html"]


def test_on_a_full_disk_what_was_there_stays(
    tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    (tmp_path / "notice.html").write_text("mine", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", full)
    call("notice", "render", tmp_path / "notice.html", "--force").assert_refused(3, "No space left")
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("command", [[], ["show"], ["render"]])
def test_every_command_has_help(command: list[str], call: Call) -> None:
    called = call("notice", *command, "--help")
    assert (called.code, called.err) == (0, "")
    assert "Usage: simkyc notice" in called.out


def test_a_signature_may_be_a_file_beside_the_application(tmp_path: Path) -> None:
    photo = {"data": swatch(1)}
    signed = application(
        live_photo=photo, document={"portrait": photo}, notice={"signature": {"data": swatch(2)}}
    )
    write_application(signed, tmp_path / "application.json")
    assert (tmp_path / "signature.jpg").read_bytes() == swatch(2)
    assert read_application(tmp_path / "application.json") == signed
