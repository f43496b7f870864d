"""An application in a JSON file beside its photos: `{"path": "live.jpg"}` is read from the file's folder."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

from pydantic_core import from_json

from simkyc.application import MAX_JSON_BYTES, MAX_PHOTO_BYTES, Application, Photo
from simkyc.errors import InputError

__all__ = ["read_application", "write_application"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors put before UTF-8; it says nothing."""

MOST_FRAMES = 8
"""An application with more is refused, so their photos are not even read."""


def read_application(file: Path) -> Application:
    """Read an application whose photos are paths or base64.

    Raises:
        InputError: The file or a photo cannot be read, or what it says does not fit.
    """
    text = _read(file, MAX_JSON_BYTES, "the application file").removeprefix(BYTE_ORDER_MARK)
    try:
        body = from_json(text)
    except ValueError as error:
        raise InputError(f"the application file is no JSON in UTF-8: {error}") from None
    for holder, field, name in _places_of_photos(body):
        _load_photo(holder, field, f"the photo {name!r}", file.parent)
    return Application.from_json(json.dumps(body))


def write_application(application: Application, file: Path) -> None:
    """Write an application with its photos as files beside it: `live.jpg`, `portrait.jpg`, `frame-1.jpg` ..."""
    body = json.loads(application.to_json())
    for holder, field, name in _places_of_photos(body):
        file.with_name(f"{name}.jpg").write_bytes(Photo.from_json(json.dumps(holder[field])).data)
        holder[field] = {"path": f"{name}.jpg"}
    file.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _places_of_photos(body: object) -> Iterator[tuple[dict[str, object], str, str]]:
    """Each object that holds a photo, the field it is in, and a name for it; what does not fit is passed over."""
    application = body if isinstance(body, dict) else {}
    frames = application.get("live_frames")
    places: list[tuple[object, str, str]] = [
        (application, "live_photo", "live"),
        (application.get("document"), "portrait", "portrait"),
        (application.get("notice"), "signature", "signature"),
    ]
    for place, frame in enumerate(frames[:MOST_FRAMES] if isinstance(frames, list) else [], start=1):
        places.append((frame, "photo", f"frame-{place}"))
    for holder, field, name in places:
        if isinstance(holder, dict) and isinstance(holder.get(field), dict):
            yield holder, field, name


def _load_photo(holder: dict[str, object], field: str, what: str, folder: Path) -> None:
    photo = holder.get(field)
    if isinstance(photo, dict) and set(photo) == {"path"} and isinstance(photo["path"], str):
        # Whoever wrote the application must not make us wait at a pipe.
        data = _read(folder / photo["path"], MAX_PHOTO_BYTES, what, from_pipe=False)
        holder[field] = {"data": base64.b64encode(data).decode()}


def _read(file: Path, limit: int, what: str, *, from_pipe: bool = True) -> bytes:
    try:
        readable = from_pipe or file.is_file() or not file.exists()
        data = _beginning(file, limit + 1) if readable else None
    except (OSError, ValueError) as error:
        raise InputError(f"{what} cannot be read ({type(error).__name__}): check its path") from None
    if data is None:
        raise InputError(f"{what} is no file: check its path")
    if len(data) > limit:
        raise InputError(f"{what} is larger than {limit} bytes")
    return data


def _beginning(file: Path, size: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(size)
