"""What enters: one application for a SIM card, as the counter knows it.

Everything here is a frozen value. Only what no counter can have meant is refused at this border, as
`InputError`: wrong types, unknown fields, times without a zone, control characters, strings without end.
A number that is mistyped or a card that is expired is not an error but a finding, made by a check.

Reprs show no personal data, and no error repeats the value it refuses.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticSerializationError

from simkyc.errors import InputError
from simkyc.numbers.documents import DocumentKind
from simkyc.reasons import Language

__all__ = [
    "Application",
    "ApplicationKind",
    "AreaCircle",
    "AreaDivisions",
    "Authorisation",
    "Clerk",
    "Device",
    "FaceConsent",
    "Guardian",
    "IdDocument",
    "LiveFrame",
    "Notice",
    "Organisation",
    "Person",
    "Photo",
    "Position",
    "Representative",
    "Residence",
    "Restriction",
    "Role",
    "Service",
    "Sim",
    "Store",
    "Subject",
    "Transferor",
]

MAX_JSON_BYTES = 64 * 1024 * 1024
"""Largest application JSON taken in: two photos of 20 MiB in base64, and room to spare."""

MAX_PHOTO_BYTES = 20 * 1024 * 1024
"""Largest photo taken in at all; the policy sets a smaller limit for what is decoded."""


def _printable(text: str) -> str:
    if text.isprintable():
        return text  # as nearly always; of the others only some are control characters
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in text):
        raise ValueError("holds control characters")
    return text


Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_printable),
]
"""A short piece of text: 1 to 200 characters, no control characters."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,63}$")]
"""A caller's own identifier: 1 to 64 of `A-Z a-z 0-9 . _ : / @ -`. Never put personal data in one."""


def _written(value: object) -> object:
    """Numbers are no dates: pydantic would count them from 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and not _ISO.match(value)):
        raise ValueError("a date is written YYYY-MM-DD, a time YYYY-MM-DDThh:mm:ss with its zone")
    return value


_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Day = Annotated[date, BeforeValidator(_written)]
"""A calendar day, in JSON as YYYY-MM-DD."""

Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
"""A time with its zone, in JSON as YYYY-MM-DDThh:mm:ss+08:00."""

DivisionCode = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]
"""A six-digit administrative division code (GB/T 2260)."""

Sex = Literal["male", "female"]


def input_error(error: ValidationError, what: str) -> InputError:
    """Turn pydantic's error into ours: where and what, never the value or an unknown key that may hold one."""
    problems = []
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        steps = [str(step) for step in detail["loc"]]
        if detail["type"] == "extra_forbidden" and not (steps[-1].isidentifier() and len(steps[-1]) <= 40):
            steps[-1] = "(unknown)"
        problems.append((".".join(steps) or what, detail["msg"].removeprefix("Value error, ")))
    listed = "; ".join(f"{where}: {message}" for where, message in problems[:5])
    more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
    return InputError(f"{what} cannot be taken in: {listed}{more}", problems)


class Model(BaseModel):
    """Base of what crosses the border: frozen, no unknown fields, `InputError` for what does not fit."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
        allow_inf_nan=False,
    )
    shown: ClassVar[tuple[str, ...]] = ()
    """Fields that a repr may show because they hold no personal data."""

    def __init__(self, /, **fields: Any) -> None:
        """Check and freeze the fields.

        Raises:
            InputError: A field is missing, unknown or of the wrong kind.
        """
        try:
            # As pydantic's own __init__ does, without handing every field on once more.
            self.__pydantic_validator__.validate_python(fields, self_instance=self)
        except ValidationError as error:
            raise input_error(error, type(self).__name__) from None

    # Without this, pydantic would build nested parts through __init__ and lose where the fault was.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # pydantic reads it, and does not declare it

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read one from JSON; bytes are base64 text there.

        Raises:
            InputError: Not JSON, not UTF-8, too large, or a field does not fit.
        """
        if not isinstance(text, str | bytes):
            raise InputError(f"{cls.__name__} JSON must be text or bytes")
        if len(text) > MAX_JSON_BYTES:
            raise InputError(f"{cls.__name__} JSON is larger than {MAX_JSON_BYTES} bytes")
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise input_error(error, cls.__name__) from None
        except UnicodeEncodeError:
            raise InputError(
                f"{cls.__name__} JSON holds a lone surrogate, so it is no Unicode text"
            ) from None

    def to_json(self) -> str:
        """Write it as JSON that `from_json` reads back to an equal value.

        Raises:
            InputError: A part was put in unchecked, as by pydantic's `model_copy` or `model_construct`.
        """
        try:
            return self.model_dump_json(warnings="error")
        except PydanticSerializationError:
            raise InputError(
                f"{type(self).__name__} holds a part that was not checked: use changed()"
            ) from None

    def changed(self, **changes: Any) -> Self:
        """The same with other values in the fields named, checked like a new one.

        Raises:
            InputError: A field is unknown or of the wrong kind.
        """
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields} | changes)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse, without pydantic's message, which would repeat the value."""
        raise AttributeError(f"{type(self).__name__} is frozen: use changed()")

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        return ((name, getattr(self, name)) for name in self.shown)

    __str__ = BaseModel.__repr__


class Photo(Model):
    """The bytes of one photo file (JPEG, PNG, BMP or WebP), as captured. At most 20 MiB."""

    data: bytes = Field(max_length=MAX_PHOTO_BYTES, repr=False)

    def __repr_args__(self) -> Iterator[tuple[str, object]]:
        yield "bytes", len(self.data)


Asked = Literal["look_straight", "turn_left", "turn_right", "come_closer"]
"""What a customer may be asked to do before the camera. Left and right are the customer's own."""


class LiveFrame(Model):
    """One more frame of the live capture, and what the customer was asked to do in it.

    Frames are as the camera saw them: a preview may be mirrored, what is sent is not.
    """

    shown = ("asked",)

    photo: Photo
    asked: Asked = "look_straight"


class Person(Model):
    """Somebody as the form says: typed or dictated at the counter."""

    name: Text
    document_number: Text
    sex: Sex | None = None
    birth_date: Day | None = None
    address: Text | None = None


class IdDocument(Model):
    """The identity document as its chip or machine says; `simkyc.numbers.documents` lists the kinds.

    `valid_until` is None for a long-term (长期) card. `portrait` is None where the kind has none that a machine reads.
    `zone` is the machine-readable zone of a passport or card, its lines joined by a line break or not.
    """

    shown = ("kind",)

    kind: DocumentKind = "resident_id"
    number: Text
    name: Text
    sex: Sex
    birth_date: Day
    valid_from: Day
    valid_until: Day | None
    portrait: Photo | None
    address: Text | None = None
    zone: (
        Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9<\s]+$")] | None
    ) = None


class FaceConsent(Model):
    """Consent to compare the face: who gave it, when, and on which legal basis it is asked.

    For somebody below the policy's age of consent a guardian gives it.
    """

    shown = ("given_by", "basis")

    given_by: Literal["self", "guardian"] = "self"
    basis: Literal["separate_consent", "legal_duty"] = "separate_consent"
    given_at: Moment


class _Party(Model):
    """Somebody at the counter beside the applicant, with a form, a document and a face of their own."""

    person: Person
    document: IdDocument
    face_consent: FaceConsent | None
    live_photo: Photo | None


class Guardian(_Party):
    """The guardian who stands beside a minor."""


class Authorisation(Model):
    """A letter that lets somebody act for another: from and until when. None is without end."""

    valid_from: Day
    valid_until: Day | None


class Representative(_Party):
    """Somebody who acts for the applicant, or handles an organisation's application (代办人、经办人)."""

    authorisation: Authorisation | None


class Organisation(Model):
    """The organisation that the number is for, as its own document says.

    The applicant of the application is then the actual user, or of an industry card the person responsible.
    """

    shown = ("applicant_is",)

    name: Text
    credit_code: Text
    valid_until: Day | None
    applicant_is: Literal["actual_user", "responsible_person"]


class Transferor(_Party):
    """Who gives a number away (过户); the applicant of the application receives it."""


Role = Literal["applicant", "guardian", "representative", "transferor"]


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the people of an application, whatever their part in it. `is_present`: stands before the camera."""

    role: Role
    person: Person
    document: IdDocument
    face_consent: FaceConsent | None
    live_photo: Photo | None
    is_present: bool = True


ApplicationKind = Literal[
    "opening", "replacement", "loss_report", "reactivation", "second_check", "transfer", "esim_move"
]
"""What is asked for: a new number (开户), a new card for a number (补卡), a lost card stopped (挂失), a suspended line
restored (复机), a subscriber verified once more because staff asked for it (二次实人认证), a number handed to somebody
else (过户), an eSIM in another device."""

Service = Literal["personal", "iot"]
"""A card for a person's phone, or an IoT or industry card (物联网卡、行业卡)."""


class Position(Model):
    """A place on the map, in degrees of WGS 84."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)


class Sim(Model):
    """The card: its ICCID, the IMSI in it and the MSISDN (phone number) it carries or will carry.

    Which of them must be there follows from the kind of application. `eid` is the chip that an eSIM profile was
    ordered for; None for a card.
    """

    shown = ("service",)

    iccid: Text | None = None
    imsi: Text | None = None
    msisdn: Text
    eid: Text | None = None
    service: Service = "personal"


class Device(Model):
    """The device the card goes into, by its IMEI.

    `second_imei` is the other one of a phone for two cards, `eid` the number of its eSIM chip, `position` where it
    says it is while the application is made.
    """

    imei: Text
    second_imei: Text | None = None
    eid: Text | None = None
    position: Position | None = None


class AreaCircle(Model):
    """A circle on the map, its radius in metres."""

    centre: Position
    radius_m: float = Field(gt=0, le=20_100_000)


class AreaDivisions(Model):
    """Counties by their six-digit codes; a code that ends in 00 or 0000 names a whole city or province."""

    shown = ("divisions",)

    divisions: tuple[DivisionCode, ...] = Field(min_length=1, max_length=1000)


class Restriction(Model):
    """What an IoT or industry card is held to, under the names that the CAMARA API IoT SIM Fraud Prevention uses.

    Attributes:
        imei_bind: `IMEIBIND`: it works in the declared device alone.
        area: `AREALIMIT`: it works there alone; None for anywhere.
    """

    shown = ("bind_types",)

    imei_bind: bool
    area: AreaCircle | AreaDivisions | None

    @property
    def bind_types(self) -> tuple[Literal["IMEIBIND", "AREALIMIT"], ...]:
        """CAMARA's names of what holds."""
        bound: tuple[Literal["IMEIBIND", "AREALIMIT"], ...] = ("IMEIBIND",) if self.imei_bind else ()
        return bound if self.area is None else (*bound, "AREALIMIT")


class Residence(Model):
    """What shows that somebody lives, works or studies where the ID does not say so, and where.

    `residence_permit` is 居住证, `student` a student card, `work` a certificate of employment or social insurance,
    `lease` a registered lease.
    """

    shown = ("kind", "division")

    kind: Literal["residence_permit", "student", "work", "lease"]
    division: DivisionCode


class Store(Model):
    """Where the counter stands. `division` is the six-digit code of the store's county."""

    shown = ("store_id", "dealer_id", "division", "terminal_id")

    store_id: Identifier
    division: DivisionCode
    dealer_id: Identifier | None = None
    terminal_id: Identifier | None = None
    position: Position | None = None


class Clerk(Model):
    """Who serves the customer."""

    shown = ("clerk_id",)

    clerk_id: Identifier


class Notice(Model):
    """The safe-card-use notice (安全用卡告知书) that was signed: which text, by whom and when.

    `text_sha256` is the hash of the text that was shown, as `simkyc.notice` gives it, in 64 lower-case hexadecimal
    digits. `shown_at` is when it was laid before whoever signed. `signature` is a picture of the signature; only its
    hash goes into a verdict.
    """

    shown = ("version", "language", "signed_by")

    version: Identifier
    signed_at: Moment
    language: Language = "zh-CN"
    text_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    shown_at: Moment | None = None
    signed_by: Role = "applicant"
    signature: Photo | None = None


NEEDS: dict[ApplicationKind, tuple[str, ...]] = {
    "opening": ("iccid", "imsi"),
    "replacement": ("iccid", "imsi"),
    "loss_report": (),
    "reactivation": ("iccid",),
    "second_check": ("iccid",),
    "transfer": ("iccid",),
    "esim_move": ("iccid", "imsi"),
}
"""What of the card beside its MSISDN each kind of application must name."""


class Application(Model):
    """One application for one SIM card or one line.

    `applied_at` is the counter's own time with its zone. `live_photo` is what the counter's camera saw of a
    customer who looks straight; `live_frames` are more frames of the same capture, at most 8, with or without
    a challenge. `camera_id` names the camera, for the limits that hold for it alone. Without `face_consent`
    no photo is looked at and the application goes to a person instead. Where a `representative` acts and
    the applicant is not at the counter, there is no `live_photo`, and `live_frames` are the representative's.

    `sim` is the card as it will be afterwards: the new one of an opening or replacement, the one that the customer
    shows for a reactivation, a second check or a transfer, the profile in its new device for a move of an eSIM.
    `contact_number`, `payer_account` (any identifier of who pays) and `delivery_address` are what different people's
    applications may share. `numbers_elsewhere` is how many active numbers the person holds at other operators, where
    that was asked with the person's consent; None is unknown, and not zero.
    """

    shown = ("application_id",)

    application_id: Identifier
    kind: ApplicationKind = "opening"
    applied_at: Moment
    applicant: Person
    document: IdDocument
    face_consent: FaceConsent | None
    live_photo: Photo | None
    sim: Sim
    device: Device | None
    store: Store
    clerk: Clerk
    notice: Notice | None
    live_frames: tuple[LiveFrame, ...] = Field(default=(), max_length=8)
    camera_id: Identifier | None = None
    guardian: Guardian | None = None
    representative: Representative | None = None
    organisation: Organisation | None = None
    transferor: Transferor | None = None
    restriction: Restriction | None = None
    contact_number: Text | None = None
    payer_account: Text | None = None
    delivery_address: Text | None = None
    residence: Residence | None = None
    numbers_elsewhere: int | None = Field(default=None, ge=0, le=10_000)

    @model_validator(mode="after")
    def _names_its_card(self) -> Self:
        missing = [name for name in NEEDS[self.kind] if getattr(self.sim, name) is None]
        if missing:
            raise ValueError(f"an application of this kind needs the card's {' and '.join(missing)}")
        if (self.transferor is not None) != (self.kind == "transfer"):
            raise ValueError("a transfer, and nothing else, has somebody who gives the number away")
        return self

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Everybody in it, the applicant first."""
        applicant = Subject(
            "applicant",
            self.applicant,
            self.document,
            self.face_consent,
            self.live_photo,
            is_present=self.representative is None or self.live_photo is not None,
        )
        others: tuple[tuple[Role, _Party | None], ...] = (
            ("guardian", self.guardian),
            ("representative", self.representative),
            ("transferor", self.transferor),
        )
        return (
            applicant,
            *(
                Subject(role, party.person, party.document, party.face_consent, party.live_photo)
                for role, party in others
                if party is not None
            ),
        )


def application_schema() -> str:
    """The JSON Schema of `Application`, as text with sorted keys."""
    return json.dumps(Application.model_json_schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
