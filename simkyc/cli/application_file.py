"""An application in a JSON file beside its photos: `{"path": "live.jpg"}` is read from the file's folder."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from pydantic_core import from_json

from simkyc.application import MAX_JSON_BYTES, MAX_PHOTO_BYTES, Application
from simkyc.errors import InputError

__all__ = ["read_application", "write_application"]

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""What some editors put before UTF-8; it says nothing."""


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
    if not isinstance(body, dict):
        return Application.from_json(text)
    _load_photo(body, "live_photo", file.parent)
    if isinstance(body.get("document"), dict):
        _load_photo(body["document"], "portrait", file.parent)
    try:
        text = json.dumps(body).encode()
    except ValueError:
        raise InputError("the application file holds a number of thousands of digits") from None
    return Application.from_json(text)


def write_application(application: Application, file: Path) -> None:
    """Write an application with its photos as files beside it: `live.jpg` and `portrait.jpg`."""
    body = json.loads(application.to_json())
    photos = {"portrait.jpg": (body["document"], "portrait", application.document.portrait)}
    if application.live_photo is not None:
        photos["live.jpg"] = (body, "live_photo", application.live_photo)
    for name, (holder, field, photo) in photos.items():
        file.with_name(name).write_bytes(photo.data)
        holder[field] = {"path": name}
    file.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _load_photo(holder: dict[str, object], field: str, folder: Path) -> None:
    photo = holder.get(field)
    if isinstance(photo, dict) and set(photo) == {"path"} and isinstance(photo["path"], str):
        # Whoever wrote the application must not make us wait at a pipe.
        data = _read(folder / photo["path"], MAX_PHOTO_BYTES, f"the photo of {field}", from_pipe=False)
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
