from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simkyc
from simkyc import Application, InputError, Notice, Person, Photo, Sim, SimkycError, Store
from simkyc.application import NEEDS, AreaDivisions, Position, Restriction
from simkyc.testing import application, party, swatch

PHOTO = swatch(1)


@pytest.fixture(scope="module")
def body() -> dict[str, object]:
    plain = application(live_photo={"data": PHOTO}, document={"portrait": {"data": PHOTO}})
    loaded: dict[str, object] = json.loads(plain.to_json())
    return loaded


def test_an_application_survives_json(body: dict[str, object]) -> None:
    read = Application.from_json(json.dumps(body))
    assert Application.from_json(read.to_json()) == read


def changed(body: dict[str, object], path: str, value: object) -> str:
    copy = json.loads(json.dumps(body))
    part = copy
    *steps, last = path.split(".")
    for step in steps:
        part = part[step]
    part[last] = value
    return json.dumps(copy)


WRONG = [
    ("an unknown field", "colour", "red", "colour"),
    ("an unknown field of a part", "sim.colour", "red", "sim.colour"),
    ("a number for text", "sim.iccid", 89860, "sim.iccid"),
    ("nothing for text", "sim.msisdn", None, "sim.msisdn"),
    ("an opening without a card", "sim.iccid", None, "Application"),
    ("an opening without an IMSI", "sim.imsi", None, "Application"),
    ("a kind that is none", "kind", "theft", "kind"),
    ("a kind in another case", "kind", "Opening", "kind"),
    ("no kind", "kind", None, "kind"),
    ("a service that is none", "sim.service", "phone", "sim.service"),
    ("a list for a second IMEI", "device.second_imei", [], "device.second_imei"),
    ("an EID of 201 digits", "sim.eid", "8" * 201, "sim.eid"),
    (
        "a latitude beyond the pole",
        "device.position",
        {"latitude": 90.1, "longitude": 0},
        "device.position.latitude",
    ),
    (
        "a longitude beyond the date line",
        "store.position",
        {"latitude": 0, "longitude": -180.1},
        "store.position",
    ),
    ("a place without a longitude", "store.position", {"latitude": 0}, "store.position.longitude"),
    (
        "a place that is no place",
        "device.position",
        {"latitude": "nan", "longitude": 0},
        "device.position.latitude",
    ),
    ("a restriction that says half", "restriction", {"imei_bind": True}, "restriction.area"),
    (
        "an area of nothing",
        "restriction",
        {"imei_bind": False, "area": {"divisions": []}},
        "restriction.area",
    ),
    (
        "an area of 1,001 counties",
        "restriction",
        {"imei_bind": False, "area": {"divisions": ["320508"] * 1001}},
        "restriction.area",
    ),
    (
        "a county of five digits",
        "restriction",
        {"imei_bind": False, "area": {"divisions": ["32050"]}},
        "restriction",
    ),
    (
        "a circle of no radius",
        "restriction",
        {"imei_bind": False, "area": {"centre": {"latitude": 0, "longitude": 0}, "radius_m": 0}},
        "restriction.area",
    ),
    (
        "a circle larger than the earth",
        "restriction",
        {"imei_bind": False, "area": {"centre": {"latitude": 0, "longitude": 0}, "radius_m": 1e8}},
        "restriction.area",
    ),
    ("fewer than no numbers elsewhere", "numbers_elsewhere", -1, "numbers_elsewhere"),
    ("more numbers elsewhere than there are", "numbers_elsewhere", 10_001, "numbers_elsewhere"),
    ("a residence that is none", "residence", {"kind": "hotel", "division": "320508"}, "residence.kind"),
    ("10 MB for who pays", "payer_account", "x" * 10_000_000, "payer_account"),
    ("a newline in an address", "delivery_address", "a\nb", "delivery_address"),
    ("an empty name", "applicant.name", "", "applicant.name"),
    ("a name of white space", "applicant.name", " \t ", "applicant.name"),
    ("a name of 10,000 characters", "applicant.name", "张" * 10_000, "applicant.name"),
    ("10 MB for a name", "applicant.name", "x" * 10_000_000, "applicant.name"),
    ("a NUL in a name", "applicant.name", "a\x00b", "applicant.name"),
    ("a newline in a name", "applicant.name", "a\nb", "applicant.name"),
    ("a time without a zone", "applied_at", "2026-11-02T10:00:00", "applied_at"),
    ("no time", "applied_at", "yesterday", "applied_at"),
    ("31 February", "document.valid_from", "2026-02-31", "document.valid_from"),
    ("month 13", "document.birth_date", "1990-13-01", "document.birth_date"),
    ("a year of five digits", "document.birth_date", "19900-01-01", "document.birth_date"),
    ("seconds for a date", "document.birth_date", 86400, "document.birth_date"),
    ("digits without hyphens", "document.birth_date", "19900101", "document.birth_date"),
    ("the card's word for no end", "document.valid_until", "长期", "document.valid_until"),
    ("seconds for a time", "applied_at", 1_800_000_000, "applied_at"),
    ("seconds as text for a time", "applied_at", "1800000000", "applied_at"),
    ("infinity for a date", "document.birth_date", 1e999, "document"),
    ("neither sex word", "document.sex", "M", "document.sex"),
    ("consent that is not a yes or no", "face_consent", "perhaps", "face_consent"),
    ("photo that is no base64", "live_photo.data", "%%%", "live_photo.data"),
    ("photo as a bare string", "live_photo", "live.jpg", "live_photo"),
    ("an id with a space", "application_id", "a b", "application_id"),
    ("an id of 65 characters", "application_id", "a" * 65, "application_id"),
    ("an id with a newline at the end", "application_id", "a\n", "application_id"),
    ("a division of five digits", "store.division", "32050", "store.division"),
    ("a list for an object", "device", [], "device"),
]


@pytest.mark.parametrize(("why", "path", "value", "where"), WRONG, ids=[row[0] for row in WRONG])
def test_what_does_not_fit_is_an_input_error(
    body: dict[str, object], why: str, path: str, value: object, where: str
) -> None:
    if value == 1e999:
        text = changed(body, path, 0).replace('"birth_date": 0', '"birth_date": 1e999')
    else:
        text = changed(body, path, value)
    with pytest.raises(InputError) as caught:
        Application.from_json(text)
    assert caught.value.problems[0][0].startswith(where)
    if isinstance(value, str) and len(value.strip()) > 3:
        assert value[:40] not in str(caught.value)


NOT_JSON = [
    ("empty", b""),
    ("no JSON", b"hello"),
    ("half of it", b'{"application_id": "a"'),
    ("not UTF-8", b'{"application_id": "\xff\xfe"}'),
    ("UTF-16", '{"a": 1}'.encode("utf-16")),
    ("nested 100,000 deep", b"[" * 100_000 + b"]" * 100_000),
    ("objects nested 100,000 deep", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    ("a lone surrogate, escaped", b'{"application_id": "\\ud800"}'),
    ("a lone surrogate in a str", '{"application_id": "\ud800"}'),
    ("a list", b"[]"),
    ("null", b"null"),
    ("NaN", b"NaN"),
    ("no text at all", 7),
]


@pytest.mark.parametrize(("why", "text"), NOT_JSON, ids=[row[0] for row in NOT_JSON])
def test_what_is_no_json_is_an_input_error(why: str, text: bytes) -> None:
    with pytest.raises(InputError):
        Application.from_json(text)


def test_json_beyond_any_photo_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkyc.application.MAX_JSON_BYTES", 10)
    with pytest.raises(InputError, match="larger than 10 bytes"):
        Application.from_json(b" " * 11)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_gives_an_application_or_an_input_error(value: object) -> None:
    with pytest.raises(InputError):
        Application.from_json(json.dumps(value))


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), min_size=1))
def test_no_error_repeats_a_value(fields: dict[str, str]) -> None:
    secret = "Geheimnis-4711"
    body: dict[str, Any] = dict.fromkeys(fields, secret) | {"name": [secret]}
    with pytest.raises(InputError) as caught:
        Person(**body)
    assert secret not in str(caught.value) + repr(caught.value.problems)
    assert caught.value.__cause__ is None


def test_building_in_python_raises_the_same_error() -> None:
    with pytest.raises(InputError) as caught:
        Sim(iccid="1", imsi="2")  # type: ignore[call-arg]  # a field is left out on purpose
    assert caught.value.problems == (("msisdn", "Field required"),)
    with pytest.raises(SimkycError):
        Store(store_id="s", division="abc")
    with pytest.raises(InputError, match="signed_at"):
        Notice(version="1", signed_at=datetime(2026, 1, 1))  # noqa: DTZ001  # no zone on purpose


def test_a_part_given_as_a_mapping_says_where_it_is_wrong() -> None:
    with pytest.raises(InputError) as caught:
        application(sim={"iccid": 5})
    assert caught.value.problems[0][0] == "sim.iccid"


def test_unknown_keys_are_named_only_when_they_can_hold_nobody() -> None:
    body: dict[str, Any] = {"name": "a", "document_number": "b", "110101199003070000 Zhang": 1}
    with pytest.raises(InputError) as caught:
        Person(**body)
    assert caught.value.problems == (("(unknown)", "Extra inputs are not permitted"),)


def test_no_repr_shows_a_person() -> None:
    whole = application(live_photo={"data": PHOTO}, document={"portrait": {"data": PHOTO}})
    shown = repr(whole) + str(whole) + repr(whole.applicant) + repr(whole.document) + repr(whole.live_photo)
    shown += f"{whole.sim}{whole.device}{whole!r}{whole.document!s}"
    for part in (
        whole.applicant.name,
        whole.document.number,
        str(whole.sim.iccid),
        whole.sim.msisdn,
        str(whole.document.birth_date.year),
    ):
        assert part not in shown
    assert repr(whole.live_photo) == f"Photo(bytes={len(PHOTO)})"
    assert "test-0" in repr(whole)


def test_an_application_cannot_be_changed() -> None:
    with pytest.raises(Exception, match="frozen"):
        setattr(application(), "application_id", "other")  # noqa: B010  # mypy knows that it is read-only


def test_a_photo_larger_than_any_is_refused() -> None:
    with pytest.raises(InputError):
        Photo(data=b"x" * (20 * 1024 * 1024 + 1))


def test_the_equal_instant_in_another_zone_is_equal() -> None:
    here = application(live_photo={"data": PHOTO}, document={"portrait": {"data": PHOTO}})
    utc = here.model_copy(update={"applied_at": here.applied_at.astimezone(UTC)})
    assert utc == here


def test_public_dates_are_dates() -> None:
    assert isinstance(application().document.birth_date, date)
    assert simkyc.Application is Application


def test_changed_is_checked_like_new() -> None:
    whole = application(live_photo={"data": PHOTO}, document={"portrait": {"data": PHOTO}})
    assert whole.changed(application_id="other").application_id == "other"
    assert whole.changed() == whole
    for changes in ({"unheard_of": 1}, {"application_id": "a b"}, {"sim": {"iccid": 5}}):
        with pytest.raises(InputError):
            whole.changed(**changes)


KINDS = [
    ("opening", ("iccid", "imsi")),
    ("replacement", ("iccid", "imsi")),
    ("loss_report", ()),
    ("reactivation", ("iccid",)),
    ("second_check", ("iccid",)),
    ("transfer", ("iccid",)),
    ("esim_move", ("iccid", "imsi")),
]
GIVER = party(5, live_photo={"data": PHOTO})


def of_kind(kind: str, **sim: Any) -> Application:
    others: dict[str, Any] = {"transferor": GIVER} if kind == "transfer" else {}
    photo = {"data": PHOTO}
    return application(kind=kind, sim=sim, live_photo=photo, document={"portrait": photo}, **others)


def test_these_are_all_the_kinds() -> None:
    assert dict(KINDS) == NEEDS


@pytest.mark.parametrize(("kind", "needs"), KINDS)
@pytest.mark.parametrize("left_out", ["iccid", "imsi"])
def test_each_kind_says_what_it_needs_of_the_card(kind: str, needs: tuple[str, ...], left_out: str) -> None:
    if left_out not in needs:
        assert of_kind(kind, **{left_out: None}).kind == kind
        return
    with pytest.raises(InputError, match=f"needs the card's {left_out}"):
        of_kind(kind, **{left_out: None})


@pytest.mark.parametrize(("kind", "needs"), KINDS)
def test_each_kind_survives_json(kind: str, needs: tuple[str, ...]) -> None:
    sparse = of_kind(kind, **{name: None for name in ("iccid", "imsi") if name not in needs})
    for whole in (sparse, of_kind(kind)):
        assert Application.from_json(whole.to_json()) == whole


@pytest.mark.parametrize("kind", [kind for kind, _ in KINDS if kind != "transfer"])
def test_only_at_a_transfer_somebody_gives_the_number_away(kind: str) -> None:
    with pytest.raises(InputError, match="a transfer, and nothing else"):
        of_kind(kind).changed(transferor=GIVER)


def test_a_transfer_without_a_giver_is_none() -> None:
    with pytest.raises(InputError, match="a transfer, and nothing else"):
        application(kind="transfer", live_photo={"data": PHOTO}, document={"portrait": {"data": PHOTO}})


def test_whoever_gives_a_number_away_is_one_of_the_people() -> None:
    roles = [(subject.role, subject.is_present) for subject in of_kind("transfer").subjects]
    assert roles == [("applicant", True), ("transferor", True)]


def test_what_is_new_of_card_device_and_place_survives_json() -> None:
    whole = of_kind("opening", eid="89044011112233441122334411223321", service="iot").changed(
        device={
            "imei": "350000000000014",
            "second_imei": "350000000000022",
            "eid": "89044011112233441122334411223321",
            "position": {"latitude": 31.3, "longitude": 120.62},
        },
        restriction={"imei_bind": True, "area": {"divisions": ["320500", "310000"]}},
        contact_number="13910000000",
        payer_account="account-1",
        delivery_address="somewhere 1",
        residence={"kind": "lease", "division": "320508"},
        numbers_elsewhere=3,
    )
    assert Application.from_json(whole.to_json()) == whole
    circle = {"centre": {"latitude": 31.3, "longitude": 120.62}, "radius_m": 500.5}
    round_it = whole.changed(restriction={"imei_bind": False, "area": circle})
    assert Application.from_json(round_it.to_json()) == round_it


@pytest.mark.parametrize(
    ("restriction", "types"),
    [
        (Restriction(imei_bind=False, area=None), ()),
        (Restriction(imei_bind=True, area=None), ("IMEIBIND",)),
        (Restriction(imei_bind=False, area=AreaDivisions(divisions=("320500",))), ("AREALIMIT",)),
        (Restriction(imei_bind=True, area=AreaDivisions(divisions=("320500",))), ("IMEIBIND", "AREALIMIT")),
    ],
    ids=["nothing", "a device", "an area", "both"],
)
def test_restrictions_have_the_names_of_the_interface(
    restriction: Restriction, types: tuple[str, ...]
) -> None:
    assert restriction.bind_types == types
    assert Restriction.from_json(restriction.to_json()) == restriction


def test_no_repr_shows_what_was_added_about_a_person() -> None:
    place = Position(latitude=31.298974, longitude=120.585289)
    secret = {
        "contact_number": "13910009999",
        "payer_account": "account-4711",
        "delivery_address": "Teststrasse 17",
    }
    whole = of_kind("transfer", eid="89044011112233441122334411223321").changed(
        device={
            "imei": "350000000000014",
            "second_imei": "350000000000022",
            "eid": "89044011112233441122334411223321",
            "position": place,
        },
        restriction={"imei_bind": True, "area": {"centre": place, "radius_m": 1}},
        numbers_elsewhere=4711,
        **secret,
    )
    parts: list[object] = [
        whole,
        whole.sim,
        whole.device,
        place,
        whole.restriction,
        whole.restriction and whole.restriction.area,
    ]
    parts += [whole.transferor, *whole.subjects]
    shown = "".join(f"{part!r}{part}" for part in parts)
    giver = whole.transferor
    assert giver is not None
    hidden = [giver.person.name, giver.document.number, "31.29", "120.58", "35000000", "890440", "4711"]
    for text in (*secret.values(), *hidden):
        assert text not in shown
