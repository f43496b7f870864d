"""Applications in files: photos beside them or in base64, and everything a file can be instead."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simkyc import Application, InputError
from simkyc.cli.application_file import read_application, write_application
from simkyc.testing import application, swatch
from tests.cli.called import Called

FRAMES = [{"photo": {"data": swatch(3)}}, {"photo": {"data": swatch(4)}, "asked": "turn_left"}]


def applied() -> Application:
    photos = {"live_photo": {"data": swatch(1)}, "document": {"portrait": {"data": swatch(2)}}}
    return application(1, **photos, live_frames=FRAMES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """An application with its photos beside it."""
    path = tmp_path / "here" / "application.json"
    path.parent.mkdir()
    write_application(applied(), path)
    return path


def body_of(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_bytes())
    return loaded


# Files that are read


def test_an_application_survives_files(file: Path) -> None:
    names = {"application.json", "live.jpg", "portrait.jpg", "frame-1.jpg", "frame-2.jpg"}
    assert {path.name for path in file.parent.iterdir()} == names
    assert body_of(file)["live_frames"][1] == {"photo": {"path": "frame-2.jpg"}, "asked": "turn_left"}
    assert read_application(file) == applied()


def test_without_a_live_photo_none_is_written(tmp_path: Path) -> None:
    missing = applied().model_copy(update={"live_photo": None, "live_frames": ()})
    write_application(missing, tmp_path / "a.json")
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", "portrait.jpg"}
    assert read_application(tmp_path / "a.json") == missing


def in_base64(file: Path) -> None:
    file.write_text(applied().to_json(), encoding="utf-8")


def absolute(file: Path) -> None:
    file.write_text(json.dumps(body_of(file) | {"live_photo": {"path": str(file.with_name("live.jpg"))}}))


def outside(file: Path) -> None:
    """Whoever runs the command may read what they may read; a photo need not lie beside the application."""
    file.with_name("live.jpg").rename(file.parent.parent / "elsewhere.jpg")
    file.write_text(json.dumps(body_of(file) | {"live_photo": {"path": "../elsewhere.jpg"}}))


def with_a_byte_order_mark(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


def with_one_key_twice(file: Path) -> None:
    """As `Application.from_json` reads it: the last one counts."""
    file.write_text('{"application_id": "first", ' + file.read_text(encoding="utf-8")[1:], encoding="utf-8")
    whole = '{"application_id": "first", ' + applied().to_json()[1:]
    assert Application.from_json(whole).application_id == "test-1"


@pytest.mark.parametrize(
    "change",
    [in_base64, absolute, outside, with_a_byte_order_mark, with_one_key_twice],
    ids=lambda c: c.__name__,
)
def test_what_says_the_same_is_the_same(file: Path, change: Callable[[Path], None]) -> None:
    change(file)
    assert read_application(file) == applied()


def test_a_pipe_is_a_file_too(file: Path) -> None:
    """`simkyc check <(make-one)`: the application may come through a pipe, but only with its photos in it."""
    reading, writing = os.pipe()
    os.write(writing, json.dumps(json.loads(applied().to_json())).encode())
    os.close(writing)
    try:
        assert read_application(Path(f"/dev/fd/{reading}")) == applied()
    finally:
        os.close(reading)


# Files that are not


def of_bytes(data: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(data)


def edited(field: str, value: object) -> Callable[[Path], object]:
    return lambda file: file.write_text(json.dumps(body_of(file) | {field: value}))


def photo_path(path: str) -> Callable[[Path], object]:
    return edited("live_photo", {"path": path})


def replaced_by_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def pipe_for_a_photo(file: Path) -> None:
    file.with_name("live.jpg").unlink()
    os.mkfifo(file.with_name("live.jpg"))


def too_large_a_photo(file: Path) -> None:
    with file.with_name("live.jpg").open("wb") as stream:
        stream.truncate(21 << 20)


def too_large(file: Path) -> None:
    with file.open("wb") as stream:
        stream.truncate(65 << 20)


def large_photos(file: Path) -> None:
    """Each may be read, but not all of them together."""
    for path in file.parent.glob("*.jpg"):
        os.truncate(path, 15 << 20)


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "cannot be read (FileNotFoundError): check its path"),
    "a folder": (replaced_by_a_folder, "cannot be read (IsADirectoryError)"),
    "empty": (of_bytes(b""), "no JSON in UTF-8"),
    "prose": (of_bytes(b"please open a number"), "no JSON in UTF-8"),
    "a photo": (of_bytes(swatch(1)), "no JSON in UTF-8"),
    "not UTF-8": (of_bytes('{"application_id": "é"}'.encode("latin-1")), "no JSON in UTF-8"),
    "UTF-16": (of_bytes('{"application_id": "a"}'.encode("utf-16")), "no JSON in UTF-8"),
    "two byte order marks": (of_bytes(b"\xef\xbb\xbf\xef\xbb\xbf{}"), "no JSON in UTF-8"),
    "lists 100,000 deep": (of_bytes(b"[" * 100_000 + b"]" * 100_000), "recursion"),
    "objects 100,000 deep": (of_bytes(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "recursion"),
    "a photo 100,000 deep": (of_bytes(b'{"live_photo":' + b"[" * 100_000), "recursion"),
    "a lone surrogate": (of_bytes(b'{"application_id": "\\ud800"}'), "no JSON in UTF-8"),
    "10 MB of text": (edited("application_id", "x" * 10_000_000), "application_id"),
    "10 MB of path": (photo_path("x" * 10_000_000), "the photo 'live' cannot be read"),
    "a number of 10,000 digits": (
        of_bytes(b'{"application_id": ' + b"9" * 10_000 + b"}"),
        "no JSON in UTF-8",
    ),
    "a list": (of_bytes(b"[]"), "object"),
    "a number": (of_bytes(b"7"), "object"),
    "null": (of_bytes(b"null"), "object"),
    "NaN": (of_bytes(b'{"application_id": NaN}'), "application_id"),
    "more than 64 MiB": (too_large, "larger than"),
    "an unknown field": (edited("colour", "crimson"), "colour: Extra"),
    "a document that is none": (edited("document", [1]), "document"),
    "frames that are none": (edited("live_frames", {"photo": {"path": "live.jpg"}}), "live_frames"),
    "a frame that is none": (edited("live_frames", ["live.jpg"]), "live_frames.0"),
    "a photo that is missing": (
        photo_path("absent.jpg"),
        "the photo 'live' cannot be read (FileNotFoundError)",
    ),
    "a photo that is a folder": (photo_path("."), "the photo 'live' is no file"),
    "a photo that is the folder itself": (photo_path(""), "the photo 'live' is no file"),
    "a photo that is a pipe": (pipe_for_a_photo, "the photo 'live' is no file"),
    "a photo that never ends": (photo_path("/dev/zero"), "the photo 'live' is no file"),
    "a photo with a zero byte in its name": (photo_path("a\0b"), "the photo 'live' cannot be read"),
    "a photo below a file": (photo_path("live.jpg/a"), "the photo 'live' cannot be read"),
    "a photo in two ways": (edited("live_photo", {"path": "live.jpg", "data": ""}), "live_photo.path: Extra"),
    "a photo as bare text": (edited("live_photo", "live.jpg"), "live_photo"),
    "a photo path that is no text": (edited("live_photo", {"path": 7}), "live_photo"),
    "a photo of more than 20 MiB": (too_large_a_photo, "the photo 'live' is larger than"),
    "photos of more than 64 MiB together": (large_photos, "larger than"),
    "100,000 frames": (edited("live_frames", [{"photo": {"path": "live.jpg"}}] * 100_000), "live_frames.8"),
    "a frame that is missing": (
        edited("live_frames", [{"photo": {"path": "absent.jpg"}}]),
        "the photo 'frame-1' cannot be read",
    ),
}


# Nothing here takes long; a photo that never ends would.
@pytest.mark.timeout(60)
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_application_is_refused_in_one_line(
    case: str, file: Path, call: Callable[..., Called]
) -> None:
    spoil, says = REFUSED[case]
    spoil(file)
    called = call("check", file, "--json")
    called.assert_refused(2, says)
    for part in (applied().document.name, applied().document.number, str(file.parent), "absent", "crimson"):
        assert part not in called.err


@pytest.mark.parametrize("case", ["missing", "a photo that is missing", "not UTF-8"])
def test_in_python_it_is_an_input_error(case: str, file: Path) -> None:
    REFUSED[case][0](file)
    with pytest.raises(InputError):
        read_application(file)
