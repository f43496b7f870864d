"""Taking in the rows of a source: each becomes an application with its keys and what its faces say, or a reject.

It asks nothing of the history, so that rows are taken in in any order and by any number of processes. What comes out
holds no photo; it holds the application itself and belongs into a folder that its owner alone may read.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from simkyc.application import MAX_PHOTO_BYTES, Application, Model, Moment, Photo, Role
from simkyc.errors import FaceError
from simkyc.faces.engine import Examination, FaceEngine
from simkyc.faces.template import Template
from simkyc.facts import PersonFacts, from_elsewhere
from simkyc.gather import (
    About,
    KeptTemplates,
    ask_about,
    device_listing_keys,
    listing_keys,
    opening_keys,
)
from simkyc.history.keys import Keyring
from simkyc.history.patterns import day_start, neighbour_cards
from simkyc.history.protocol import OpeningKeys
from simkyc.history.statements import epoch_seconds, micro_degrees
from simkyc.judge import Judge
from simkyc.lists.rows import BadRow
from simkyc.policy import Policy
from simkyc.reverification.columns import COLUMNS, nested
from simkyc.reverification.source import RawRow

__all__ = ["ABOUT", "KEYS", "REJECTS", "ROWS", "Intake", "Taken"]

FACE: Final = pa.struct(
    [
        ("role", pa.string()),
        ("engine_id", pa.string()),
        ("person_key", pa.string()),
        ("sex", pa.string()),
        ("vector", pa.binary()),
    ]
)

ROWS: Final = pa.schema(
    [
        ("source_no", pa.int64()),
        ("application_id", pa.string()),
        ("application_json", pa.string()),
        ("body_digest", pa.string()),
        ("kind", pa.string()),
        ("service", pa.string()),
        ("person_key", pa.string()),
        ("device_key", pa.string()),
        ("second_device_key", pa.string()),
        ("iccid", pa.string()),
        ("imsi_key", pa.string()),
        ("msisdn_key", pa.string()),
        ("store_id", pa.string()),
        ("dealer_id", pa.string()),
        ("clerk_id", pa.string()),
        ("latitude_e6", pa.int64()),
        ("longitude_e6", pa.int64()),
        ("decided_at", pa.int64()),
        ("day_start", pa.int64()),
        ("decision_then", pa.string()),
        ("admitted_then", pa.int64()),
        ("opened_then", pa.int64()),
        ("held_until", pa.int64()),
        ("released_at", pa.int64()),
        ("closed_at", pa.int64()),
        ("fraud_reported_at", pa.int64()),
        ("restriction_json", pa.string()),
        ("card_low", pa.string()),
        ("card_high", pa.string()),
        ("is_elsewhere", pa.bool_()),
        ("about_json", pa.string()),
        ("other_about_json", pa.string()),
        ("faces", pa.list_(FACE)),
    ]
)
"""An application as it was taken in. Times are epoch seconds."""

KEYS: Final = pa.schema(
    [("source_no", pa.int64()), ("key_use", pa.string()), ("what", pa.string()), ("shared_key", pa.string())]
)
"""What an application is asked about by further keys: `key_use` is `shared`, `neighbour` or `listing`."""

REJECTS: Final = pa.schema(
    [
        ("source_no", pa.int64()),
        ("where", pa.string()),
        ("column", pa.string()),
        ("cause", pa.string()),
        ("advice", pa.string()),
    ]
)
"""A row that was set aside: where it stands and why, never a value."""

ABOUT: Final = TypeAdapter(dict[Role, PersonFacts])

Cause = tuple[str | None, str, str]
"""Column, cause and advice."""


class _Outcome(Model):
    """What became of an application, as the source says."""

    decided_at: Moment | None = None
    decision: Literal["accept", "retry", "review", "refuse"] | None = None
    admitted_until: Moment | None = None
    opened_at: Moment | None = None
    released_at: Moment | None = None
    closed_at: Moment | None = None
    fraud_reported_at: Moment | None = None
    template_engine_id: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of some rows."""

    rows: pa.RecordBatch
    keys: pa.RecordBatch
    rejects: pa.RecordBatch


@dataclass
class Intake:
    """Takes rows in, for one job.

    Args:
        policy: Under which is judged.
        other: The policy that it is compared with, if any.
        keyring: Makes the keys.
        engine: Makes the face engine; None for the built-in one, which loads when the first photo comes.
    """

    policy: Policy
    other: Policy | None
    keyring: Keyring = field(repr=False)
    engine: Callable[[], FaceEngine] | None = None

    def take(self, some: Iterable[RawRow]) -> Taken:
        """Take these rows in.

        Raises:
            FaceError: The face engine cannot work.
        """
        rows: list[dict[str, Any]] = []
        keys: list[dict[str, Any]] = []
        rejects: list[dict[str, Any]] = []
        for raw in some:
            try:
                row, named = self._taken(raw)
            except _SetAsideError as reject:
                column, cause, advice = reject.why
                where = f"file {raw.file} {'line' if raw.in_lines else 'row'} {raw.place}"
                rejects.append(
                    {
                        "source_no": raw.source_no,
                        "where": where,
                        "column": column,
                        "cause": cause,
                        "advice": advice,
                    }
                )
            else:
                rows.append(row)
                keys += named
        return Taken(
            *(pa.RecordBatch.from_pylist(*some) for some in ((rows, ROWS), (keys, KEYS), (rejects, REJECTS)))
        )

    def _taken(self, raw: RawRow) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        if isinstance(raw.cells, BadRow):
            raise _SetAsideError((raw.cells.column, raw.cells.cause, raw.cells.advice))
        cells = dict(raw.cells)
        outcome = _outcome(cells)
        templates = {
            name: cell
            for name, cell in cells.items()
            if COLUMNS[name].kind == "template" and COLUMNS[name].place
        }
        application = _application(cells, templates, raw.folder)
        decided_at = _whole_second(outcome.decided_at or application.applied_at)
        kept = self._kept(templates, outcome.template_engine_id)
        about = self._about(application, kept, decided_at)
        keys = opening_keys(application, self.keyring)
        row = _row(raw, application, keys, decided_at, self.keyring)
        row |= _became(outcome, epoch_seconds(decided_at), self.policy)
        row |= {
            "is_elsewhere": from_elsewhere(application, self.policy) is True,
            "about_json": _written(about[0]),
            "other_about_json": _written(about[1]) if len(about) > 1 else None,
            "faces": self._faces(application, about[0]),
        }
        return row, [
            {"source_no": raw.source_no, "key_use": use, "what": what, "shared_key": key}
            for use, what, key in self._named(application, keys)
        ]

    def _named(self, application: Application, keys: OpeningKeys) -> Iterable[tuple[str, str, str]]:
        for what, key in dict.fromkeys((*keys.shared, *keys.actors)):
            yield "shared", what, key
        for step, key in keys.neighbours:
            yield "neighbour", str(step), key
        listed = [key for one in application.subjects for key in listing_keys(one.document, self.keyring)]
        if application.device:
            listed += device_listing_keys(application.device, self.keyring)
        for key in dict.fromkeys(listed):
            # Told by its key: a question asks for several at once, and each of them again.
            yield "listing", key, key

    def _kept(self, templates: Mapping[str, Any], engine_id: str | None) -> KeptTemplates:
        kept: dict[tuple[Role, Literal["live", "portrait"]], Template] = {}
        for name, data in templates.items():
            place = COLUMNS[name].place
            role: Role = next((one for one in get_args(Role) if one == place[0]), "applicant")
            if engine_id != self._engine.engine_id:
                advice = (
                    "the template is another engine's, or none is named in template_engine_id: give the photo"
                )
                raise _SetAsideError((name, "other_engine", advice))
            try:
                template = Template.from_bytes(data, engine_id)
            except FaceError:
                raise _SetAsideError(
                    (name, "template", "the cell holds no template of 32-bit floats")
                ) from None
            kept[role, "portrait" if place[-1] == "portrait" else "live"] = template
        return kept

    @cached_property
    def _engine(self) -> FaceEngine:
        if self.engine is not None:
            return self.engine()
        from simkyc.faces import DlibFaceEngine

        return DlibFaceEngine()

    def _about(self, application: Application, kept: KeptTemplates, at: datetime) -> list[About]:
        """What the faces say under each policy; each photo is examined once."""
        seen = _Seen(self._engine) if self.other is not None else None
        return [
            ask_about(application, policy, lambda: seen or self._engine, None, at, kept)
            for policy in (self.policy, self.other)
            if policy is not None
        ]

    def _faces(self, application: Application, about: About) -> list[dict[str, Any]]:
        captured = self._judge.captured(application, about) if about.templates else ()
        if not captured:
            return []
        return [
            {
                "role": face.role,
                "engine_id": face.engine_id,
                "person_key": face.person,
                "sex": face.sex,
                "vector": face.vector,
            }
            for (face, *_) in self._judge.gallery.turned(captured)
        ]

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self.policy, self.keyring, lambda: self._engine)


class _SetAsideError(Exception):
    """This row is set aside."""

    def __init__(self, why: Cause) -> None:
        super().__init__()
        self.why = why


class _Seen:
    """A face engine that remembers what it saw in one application's photos."""

    def __init__(self, engine: FaceEngine) -> None:
        self._its = engine
        self._examined: dict[tuple[bytes, str], Examination] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._its, name)

    def examine(self, image: NDArray[np.uint8], kind: Literal["live", "portrait"]) -> Examination:
        key = (image.tobytes(), kind)
        if key not in self._examined:
            self._examined[key] = self._its.examine(image, kind)
        return self._examined[key]


def _outcome(cells: dict[str, Any]) -> _Outcome:
    """What became of it, taken out of the cells."""
    given = {name: cells.pop(name) for name in _Outcome.model_fields if name in cells}
    try:
        return _Outcome.model_validate(given)
    except ValidationError as error:
        raise _SetAsideError(_why(error)) from None


def _application(cells: dict[str, Any], templates: Mapping[str, Any], folder: str) -> Application:
    for name in templates:
        cells.pop(name)
        # That there was a photo stays known where only its template was kept.
        cells.setdefault(name.removesuffix("_template"), b"")
    for name in list(cells):
        kind = COLUMNS[name].kind
        if kind == "path":
            photo = name.removesuffix("_path")
            data = _file(folder, cells.pop(name))
            cells.setdefault(photo, data)
        elif kind in ("photo", "template") and isinstance(cells[name], str):
            cells[name] = _bytes(name, cells[name])
        elif kind == "json" and isinstance(cells[name], str):
            cells[name] = _json(name, cells[name])
    try:
        return Application.model_validate(nested(cells))
    except ValidationError as error:
        raise _SetAsideError(_why(error)) from None
    except RecursionError:
        raise _SetAsideError((None, "nested", "a cell is nested too deep")) from None


def _file(folder: str, path: Any) -> bytes:
    """The bytes of a photo; none where its file is gone or unreadable, which then is what is found."""
    if not isinstance(path, str) or "\0" in path:
        return b""
    try:
        with (Path(folder) / path).open("rb") as file:
            return file.read(MAX_PHOTO_BYTES + 1)[:MAX_PHOTO_BYTES]
    except OSError:
        return b""


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise _SetAsideError((name, "base64", "bytes stand in a text as base64")) from None


def _json(name: str, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _SetAsideError((name, "json", "the cell is no JSON")) from None
    return _photos_read(name, value)


def _photos_read(name: str, value: Any) -> Any:
    """Photos inside JSON are base64."""
    if name == "live_frames" and isinstance(value, list):
        for frame in value:
            photo = frame.get("photo") if isinstance(frame, dict) else None
            if isinstance(photo, dict) and isinstance(photo.get("data"), str):
                photo["data"] = _bytes(name, photo["data"])
    return value


WORDS: Final = {
    "missing": "the column must be given",
    "extra_forbidden": "no such field",
    "timezone_aware": "a time needs its zone, such as +08:00",
}


def _why(error: ValidationError) -> Cause:
    """What a row did not pass at, first of all, without the value."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    steps = tuple(str(step) for step in first["loc"])
    column = next(
        (one.name for one in COLUMNS.values() if one.place and one.place == steps[: len(one.place)]), None
    )
    if column is None and steps and steps[0] in COLUMNS:
        column = steps[0]
    if column is None and first["type"] == "missing":
        # A part lacks what it cannot be without: any of its columns tells which.
        column = next((one.name for one in COLUMNS.values() if one.place[: len(steps)] == steps), None)
    advice = WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return column, first["type"], advice


def _whole_second(moment: datetime) -> datetime:
    if not 1970 <= moment.year < 9999:
        raise _SetAsideError(("decided_at", "time", "a time lies between 1970 and 9998: see to the clocks"))
    return moment.replace(microsecond=0)


def _row(
    raw: RawRow, application: Application, keys: OpeningKeys, decided_at: datetime, keyring: Keyring
) -> dict[str, Any]:
    latitude, longitude = micro_degrees(application.store.position)
    low, high = neighbour_cards(keys.iccid)
    moment = epoch_seconds(decided_at)
    restriction = application.restriction
    return {
        "source_no": raw.source_no,
        "application_id": application.application_id,
        "application_json": _without_photos(application).to_json(),
        "body_digest": keyring.body(application.to_json()),
        "kind": application.kind,
        "service": application.sim.service,
        **keys.columns,
        "latitude_e6": latitude,
        "longitude_e6": longitude,
        "decided_at": moment,
        "day_start": day_start(moment),
        "restriction_json": None if restriction is None else restriction.to_json(),
        "card_low": low,
        "card_high": high,
    }


NO_PHOTO: Final = Photo(data=b"")


def _without_photos(application: Application) -> Application:
    """The same with every photo of a face empty: that there was one is all that a check asks of it."""
    changes: dict[str, Any] = {"document": _no_portrait(application.document)}
    if application.live_photo is not None:
        changes["live_photo"] = NO_PHOTO
    if application.live_frames:
        changes["live_frames"] = tuple(
            one.model_copy(update={"photo": NO_PHOTO}) for one in application.live_frames
        )
    for name in ("guardian", "representative", "transferor"):
        party = getattr(application, name)
        if party is not None:
            photo = None if party.live_photo is None else NO_PHOTO
            update = {"document": _no_portrait(party.document), "live_photo": photo}
            changes[name] = party.model_copy(update=update)
    return application.model_copy(update=changes)


def _no_portrait(document: Any) -> Any:
    return document if document.portrait is None else document.model_copy(update={"portrait": NO_PHOTO})


def _became(outcome: _Outcome, decided_at: int, policy: Policy) -> dict[str, Any]:
    """What became of it, as the history would have it, as far as the source says.

    `held_until` is how long it is pending if it was accepted, for a source that says of no row what became of it.
    """
    hold = {
        "accept": int(policy.admission.accepted.value * 60),
        "review": int(policy.admission.in_review.value * 60),
    }
    opened = _second(outcome.opened_at)
    decision = outcome.decision or (None if opened is None else "accept")
    until = _second(outcome.admitted_until)
    if until is None and decision in hold:
        until = decided_at + hold[decision]
    if until is None and opened is not None:  # opened over a refusal
        until = decided_at
    return {
        "decision_then": outcome.decision,
        "admitted_then": until,
        "opened_then": opened,
        "held_until": decided_at + hold["accept"],
        "released_at": _second(outcome.released_at),
        "closed_at": _second(outcome.closed_at),
        "fraud_reported_at": _second(outcome.fraud_reported_at),
    }


def _second(moment: datetime | None) -> int | None:
    return None if moment is None else epoch_seconds(_whole_second(moment))


def _written(about: About) -> str:
    return ABOUT.dump_json(dict(about.people)).decode()
