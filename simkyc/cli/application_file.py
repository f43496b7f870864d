"""An application in a JSON file beside its photos: `{"path": "live.jpg"}` is read from the file's folder."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic_core import from_json

from simkyc.application import MAX_JSON_BYTES, MAX_PHOTO_BYTES, Application
from simkyc.errors import InputError

__all__ = ["read_application", "write_application"]


def read_application(file: Path) -> Application:
    """Read an application whose photos are paths or base64.

    Raises:
        InputError: The file or a photo cannot be read, or what it says does not fit.
    """
    text = _read(file, MAX_JSON_BYTES, "the application file")
    try:
        body = from_json(text)
    except ValueError as error:
        raise InputError(f"the application file is no JSON: {error}") from None
    if isinstance(body, dict):
        _load_photo(body, "live_photo", file.parent)
        if isinstance(body.get("document"), dict):
            _load_photo(body["document"], "portrait", file.parent)
    return Application.from_json(json.dumps(body))


def write_application(application: Application, file: Path) -> None:
    """Write an application with its photos as files beside it: `live` and `portrait`."""
    body = json.loads(application.to_json())
    photos = {"portrait.jpg": (body["document"], "portrait", application.document.portrait)}
    if application.live_photo is not None:
        photos["live.jpg"] = (body, "live_photo", application.live_photo)
    for name, (holder, field, photo) in photos.items():
        file.with_name(name).write_bytes(photo.data)
        holder[field] = {"path": name}
    file.write_text(json.dumps(body, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _load_photo(holder: dict[str, object], field: str, folder: Path) -> None:
    import base64

    photo = holder.get(field)
    if isinstance(photo, dict) and set(photo) == {"path"} and isinstance(photo["path"], str):
        data = _read(folder / photo["path"], MAX_PHOTO_BYTES, f"the photo of {field}")
        holder[field] = {"data": base64.b64encode(data).decode()}


def _read(file: Path, limit: int, what: str) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(limit + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{what} cannot be read ({type(error).__name__}): check the path") from None
    if len(data) > limit:
        raise InputError(f"{what} is larger than {limit} bytes")
    return data
