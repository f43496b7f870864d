"""What is gathered: from photos by the real engine on drawn people, of lines from a real history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from simkyc import Application, FaceError, LiveFrame, Photo, Policy, Screener
from simkyc.application import Asked, Device
from simkyc.checks import face as face_check
from simkyc.checks import photo as photo_check
from simkyc.checks import presentation
from simkyc.faces import DlibFaceEngine, FaceEngine
from simkyc.faces.detection import FaceFinder
from simkyc.faces.intake import decode
from simkyc.facts import FaceFacts, Facts, PersonFacts
from simkyc.gather import ask_about, device_listing_keys, opening_keys, seen_as
from simkyc.history.keys import Keyring
from simkyc.line import Sighting
from simkyc.policy import CameraLimit
from simkyc.testing import (
    NOW,
    PEOPLE,
    STORE_ICCIDS,
    Capture,
    Clock,
    FakeFaceEngine,
    application,
    facts,
    group_portrait,
    portrait,
    swatch,
)
from simkyc.testing.builders import imei_of
from simkyc.verdict import Finding, State, Verdict

ENGINE = DlibFaceEngine()
PLAIN = Capture.of(0)


@cache
def shot(seed: int = 0, **changes: float) -> Photo:
    return Photo(data=portrait(seed, replace(PLAIN, **changes)))  # type: ignore[arg-type]  # all are numbers


def frames(*asked: tuple[Asked, Photo]) -> tuple[LiveFrame, ...]:
    return tuple(LiveFrame(asked=what, photo=photo) for what, photo in asked)


def seen(**changes: Any) -> FaceFacts:
    return seen_in(application(0, **{"live_photo": shot()} | changes))


def seen_in(whole: Application) -> FaceFacts:
    found = applicants(whole, Policy.default(), ENGINE)
    assert found is not None
    return found


def applicants(whole: Application, policy: Policy, engine: FaceEngine) -> FaceFacts | None:
    return ask_about(whole, policy, lambda: engine, None, NOW).people["applicant"].face


def judged(face: FaceFacts) -> dict[str, Finding]:
    known: Facts = facts(people={"applicant": PersonFacts(face=face)})
    return {finding.reason: finding for finding in presentation.check(application(), known, Policy.default())}


def test_one_photo_is_no_capture() -> None:
    face = seen()
    assert face.capture is None
    assert face.live.faces == face.portrait.faces == 1
    assert face.comparison is not None
    assert face.comparison.distance < face.comparison.accept_distance


def test_without_consent_nothing_is_seen() -> None:
    assert applicants(application(face_consent=None), Policy.default(), ENGINE) is None


def test_the_best_straight_frame_is_the_live_photo() -> None:
    blurred, sharp = shot(blur_px=6.0), shot()
    face = seen(live_photo=blurred, live_frames=frames(("look_straight", sharp)))
    assert face.live.quality["sharpness"] > 0.5
    assert face.capture is not None
    assert face.capture.averaged == 2


def test_a_frame_without_a_usable_photo_beside_it_is_enough() -> None:
    face = seen(live_photo=None, live_frames=frames(("look_straight", shot())))
    assert face.live.problem is None
    assert face.comparison is not None
    only_turned = seen(live_photo=None, live_frames=frames(("turn_left", shot(yaw_deg=20))))
    assert only_turned.live.problem == "missing"
    assert only_turned.comparison is None


def test_no_more_frames_are_averaged_than_the_policy_says() -> None:
    many = frames(*[("look_straight", shot(noise_seed=k)) for k in range(5)])
    face = seen(live_frames=many)
    assert face.capture is not None
    assert face.capture.averaged == 3
    assert len(face.capture.frames) == 5


def test_a_challenge_that_was_done_passes() -> None:
    face = seen(
        live_frames=frames(
            ("turn_left", shot(yaw_deg=22)),
            ("turn_right", shot(yaw_deg=-22)),
            ("come_closer", shot(scale=1.35)),
        )
    )
    findings = judged(face)
    assert findings.pop("presentation.suspected").cause == "camera_not_calibrated"
    assert {finding.state for finding in findings.values()} == {State.PASSED}


@pytest.mark.parametrize(
    ("asked", "changes"),
    [
        ("turn_left", {}),
        ("turn_left", {"yaw_deg": -22}),
        ("turn_right", {"roll_deg": -22}),
        ("come_closer", {"yaw_deg": 20}),
    ],
    ids=["stood still", "turned the other way", "tilted instead", "turned instead"],
)
def test_another_movement_fails(asked: Asked, changes: dict[str, float]) -> None:
    findings = judged(seen(live_frames=frames((asked, shot(**changes)))))
    assert findings["presentation.challenge_failed"].state is State.FLAGGED
    assert findings["presentation.challenge_failed"].cause == asked


def test_another_person_in_a_frame_is_noticed() -> None:
    findings = judged(seen(live_frames=frames(("turn_left", shot(5, yaw_deg=22)))))
    assert findings["presentation.frames_differ"].state is State.FLAGGED


def test_a_damaged_frame_is_a_fact() -> None:
    broken = Photo(data=shot().data[:5000])
    face = seen(live_frames=frames(("turn_left", broken)))
    assert face.capture is not None
    assert face.capture.frames[0].problem == "truncated"
    assert judged(face)["presentation.frame_unusable"].cause == "truncated"


def test_signals_are_measured_only_on_a_camera_that_the_policy_knows() -> None:
    limit = {"value": 1.3, "unit": "decades", "source": "made up"}
    camera = CameraLimit.model_validate(
        {"camera_id": "counter-7", "signal": "lattice", "beyond": "above", "limit": limit}
        | {"bpcer": limit, "apcer": limit}
    )
    shipped = Policy.default()
    limits = shipped.presentation.model_copy(update={"cameras": (camera,)})
    policy = shipped.model_copy(update={"presentation": limits})
    known = applicants(application(0, live_photo=shot(), camera_id="counter-7"), policy, ENGINE)
    other = applicants(application(0, live_photo=shot(), camera_id="counter-8"), policy, ENGINE)
    assert known is not None
    assert other is not None
    assert known.live.signals.keys() == {"lattice", "grey_range", "colour_spread"}
    assert other.live.signals == known.portrait.signals == {}


def test_what_was_blurred_by_the_camera_is_still_a_fact_of_the_live_photo() -> None:
    assert seen(live_photo=shot(blur_px=7.0)).live.quality["sharpness"] < 0.42


def test_an_engine_without_a_calibration_is_an_error_not_a_verdict() -> None:
    class Uncalibrated(FakeFaceEngine):
        def calibration(self, domain: object) -> Any:
            raise FaceError("no calibration")

    photo = {"data": swatch(1)}
    whole = application(live_photo=photo, document={"portrait": photo})
    with pytest.raises(FaceError):
        applicants(whole, Policy.default(), Uncalibrated())


def drawn_over(*shapes: tuple[str, tuple[int, int, int]]) -> Photo:
    """Person 0 with something over a part of the face."""
    picture = decode(shot().data)
    (face,) = FaceFinder().find(picture, "live")
    eyes = face.landmarks[:4].astype(int)
    for what, colour in shapes:
        if what == "mask":
            top = (face.landmarks[4, 1] + eyes[:, 1].mean()) / 2
            cv2.rectangle(picture, (face.left, int(top)), (face.right, face.bottom + 40), colour, -1)
        else:
            for outer, inner in (eyes[:2], eyes[2:]):
                middle = ((outer + inner) / 2).astype(int)
                axes = (abs(int(outer[0] - inner[0])) // 2 + 8, 14)
                cv2.ellipse(picture, (int(middle[0]), int(middle[1])), axes, 0, 0, 360, colour, -1)
    return encoded(picture)


def encoded(picture: NDArray[np.uint8]) -> Photo:
    return Photo(data=bytes(cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes()))


def cartoon() -> Photo:
    picture = np.full((640, 480, 3), 255, np.uint8)
    cv2.circle(picture, (240, 300), 150, (255, 220, 120), -1)
    for x in (190, 290):
        cv2.circle(picture, (x, 260), 18, (0, 0, 0), -1)
    cv2.ellipse(picture, (240, 350), (70, 40), 0, 0, 180, (0, 0, 0), 6)
    return encoded(picture)


SHOWN: dict[str, Callable[[], Photo]] = {
    "a mask": lambda: drawn_over(("mask", (235, 240, 245))),
    "eyes closed": lambda: drawn_over(("eyes", (205, 165, 140))),
    "sunglasses": lambda: drawn_over(("eyes", (10, 10, 10))),
    "a cartoon": cartoon,
    "a statue: no colour, flat light": lambda: encoded(
        np.repeat(decode(shot(ambient=1.0).data).mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    ),
    "upside down": lambda: encoded(np.ascontiguousarray(decode(shot().data)[::-1])),
    "half a face": lambda: encoded(np.ascontiguousarray(decode(shot().data)[:, :235])),
    "noise": lambda: encoded(np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)),
    "twenty people": lambda: encoded(
        np.vstack([decode(group_portrait([(row * 5 + k) % PEOPLE for k in range(5)])) for row in range(4)])
    ),
}
"""What may stand before a camera. Masks, hats and closed eyes are not told apart: five landmarks cannot."""


@pytest.mark.parametrize("name", SHOWN)
def test_whatever_is_shown_the_facts_are_complete_and_a_stranger_is_never_accepted(name: str) -> None:
    photo = SHOWN[name]()
    for seed in (0, 3):
        face = seen_in(application(seed, live_photo=photo))
        whole = application(seed, live_photo=photo)
        known = facts(people={"applicant": PersonFacts(face=face)})
        findings = [
            *photo_check.check(whole, known, Policy.default()),
            *face_check.check(whole, known, Policy.default()),
        ]
        accepted = all(not Policy.default().keeps_from_accepting(finding) for finding in findings)
        assert not (accepted and seed == 3)  # the photo shows person 0, or nobody


def test_twenty_people_are_several_faces() -> None:
    face = seen_in(application(0, live_photo=SHOWN["twenty people"]()))
    assert face.live.faces > 10
    assert face.live.companion_size > 0.5


def test_twins_pass_for_one_another() -> None:
    """What no face comparison can tell: two people with one face. The rest of the corridor still stands."""
    twin = seen_in(application(0, live_photo=shot(noise_seed=9)))
    assert twin.comparison is not None
    assert twin.comparison.distance < twin.comparison.accept_distance


KEYRING = Keyring(b"tests only, no secret")
PLAIN_PHOTO = {"data": swatch(1)}


def whole(seed: int = 0, **changes: Any) -> Application:
    """Without drawn photos, which no history asks for."""
    document = {"portrait": PLAIN_PHOTO} | changes.pop("document", {})
    return application(seed, **{"live_photo": PLAIN_PHOTO, "document": document} | changes)


def test_a_phone_is_known_by_each_of_its_numbers() -> None:
    keys = opening_keys(whole(device={"second_imei": imei_of(1)}), KEYRING)
    assert (keys.device, keys.second_device) == (KEYRING.device(imei_of(0)), KEYRING.device(imei_of(1)))
    assert [key for what, key in keys.shared if what == "device"] == [keys.device, keys.second_device]


def test_what_is_malformed_or_absent_has_no_key() -> None:
    keys = opening_keys(
        whole(
            device={"imei": "1", "second_imei": "0" * 15}, sim={"imsi": "1", "iccid": "x", "msisdn": "abc"}
        ),
        KEYRING,
    )
    assert (keys.device, keys.second_device, keys.imsi, keys.iccid, keys.msisdn) == (None,) * 5
    assert keys.shared == ()
    none = opening_keys(whole(device=None), KEYRING)
    assert (none.device, none.second_device, none.shared) == (None, None, ())


@pytest.mark.parametrize(
    ("field", "one", "other", "same"),
    [
        ("delivery_address", "苏州市 姑苏区 1 号", "苏州市姑苏区１号", True),
        ("delivery_address", "1 Test Road, Suzhou", "1 TEST ROAD SUZHOU", True),
        ("delivery_address", "1 Test Road", "2 Test Road", False),
        ("contact_number", "139 1000 0000", "+86-13910000000", True),
        ("contact_number", "13910000000", "13910000001", False),
        ("payer_account", "Alipay: A-1", "alipay:a1", True),
        ("payer_account", "a1", "a2", False),
    ],
)
def test_what_people_share_is_known_however_it_is_written(
    field: str, one: str, other: str, same: bool
) -> None:
    def shared(text: str) -> object:
        return opening_keys(whole().changed(**{field: text}), KEYRING).shared

    assert (shared(one) == shared(other)) is same


def test_a_device_is_looked_up_by_its_numbers_and_every_beginning_of_its_type() -> None:
    keys = device_listing_keys(Device(imei="352099001761481", second_imei=imei_of(0)), KEYRING)
    assert keys[0] == KEYRING.device("352099001761481")
    assert keys[1:9] == tuple(f"tac:{'35209900'[:digits]}" for digits in range(1, 9))
    assert KEYRING.device(imei_of(0)) in keys
    assert "tac:35000000" in keys
    assert len(keys) == len(set(keys))
    assert device_listing_keys(Device(imei="1", second_imei=imei_of(0)), KEYRING) == ()


@pytest.mark.parametrize(
    ("reported", "same"),
    [
        (imei_of(0)[:14], True),
        (imei_of(0)[:14] + "0", True),
        (imei_of(0)[:14] + "77", True),
        (imei_of(0), True),
        (imei_of(1), False),
    ],
    ids=["14 digits", "a nought at the end", "a software version", "as on the box", "another device"],
)
def test_a_device_is_the_same_however_the_network_writes_it(reported: str, same: bool) -> None:
    seen = seen_as(Sighting(msisdn="13910000000", imei=reported, seen_at=NOW), KEYRING)
    assert seen is not None
    assert (seen.device == KEYRING.device(imei_of(0))) is same


@pytest.mark.parametrize("reported", ["0" * 15, "123", "not a number"])
def test_what_is_no_imei_ties_nobody_together(reported: str) -> None:
    seen = seen_as(Sighting(msisdn="13910000000", imei=reported, seen_at=NOW), KEYRING)
    assert (seen.device, seen.tac) == (None, None)


class Counter:
    """A screener that opens lines and plays activations."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.screener = Screener.open("sqlite://", faces=FakeFaceEngine(), clock=self.clock)
        self.screener.allocate("store-1", STORE_ICCIDS)

    def open(self, seed: int, **changes: Any) -> Application:
        photo = {"data": swatch(seed)}
        asked = whole(
            seed, applied_at=self.clock.now, live_photo=photo, document={"portrait": photo}, **changes
        )
        self.screener.screen(asked)
        self.screener.settle(asked.application_id, opened=True, approved_by="supervisor-1")
        return asked

    def sees(self, asked: Application, imei: str, **changes: Any) -> Verdict:
        sighting = Sighting(msisdn=asked.sim.msisdn, imei=imei, seen_at=self.clock.now, **changes)
        return self.screener.activated(sighting)


def found(verdict: Verdict, reason: str) -> Finding:
    """The finding of that reason, of several windows the worst."""
    every = [finding for finding in verdict.findings if finding.reason == reason]
    return max(every, key=lambda finding: finding.state is State.FLAGGED)


def test_the_second_imei_of_another_phone_hides_no_sim_box() -> None:
    counter, box = Counter(), imei_of(150)
    lines = [counter.open(seed, device={"second_imei": box}) for seed in range(3)]
    counter.clock.advance(hours=1)
    for asked in lines:
        verdict = counter.sees(asked, box)
    assert verdict.line_state == "bound"  # so it was declared
    assert found(verdict, "binding.many_lines_on_device").observed == 3


def test_a_device_declared_with_its_imeis_the_other_way_round_is_the_same() -> None:
    counter = Counter()
    first = counter.open(0, device={"second_imei": imei_of(9)})
    again = {
        "application_id": "again",
        "kind": "replacement",
        "sim": {"iccid": STORE_ICCIDS[100], "imsi": "460009999999999"},
        "device": {"imei": imei_of(9), "second_imei": imei_of(0)},
    }
    counter.clock.advance(days=10)
    counter.open(0, **again)
    for imei in (imei_of(0), imei_of(9), imei_of(0)):
        counter.clock.advance(minutes=5)
        verdict = counter.sees(first, imei)
        assert verdict.line_state == "bound"
        assert found(verdict, "binding.moved_soon").state is State.PASSED


def test_a_device_seen_earlier_is_judged_by_its_number_and_its_type(tmp_path: Path) -> None:
    listed = tmp_path / "devices.csv"
    listed.write_text(
        "tac,imei,list,source,basis,from\n"
        f",{imei_of(7)},stolen_device,police,report,2026-01-01\n"
        f"{imei_of(7)[:8]},,bulk_sim_device,MIIT,a box,2026-01-01\n",
        encoding="utf-8",
    )
    counter = Counter()
    asked = counter.open(0)
    counter.screener.lists.import_devices(listed)
    counter.clock.advance(hours=1)
    now = counter.sees(asked, imei_of(7))
    later = counter.screener.check_line(asked.sim.msisdn)
    for verdict in (now, later):
        assert found(verdict, "binding.device_stolen").state is State.FLAGGED
        assert found(verdict, "binding.device_bulk_sim").state is State.FLAGGED


def test_an_early_sighting_counts_and_one_from_before_does_not() -> None:
    counter = Counter()
    stranger = Sighting(msisdn=whole(0).sim.msisdn, imei=imei_of(66), seen_at=NOW - timedelta(days=30))
    assert counter.screener.activated(stranger).flagged == ("binding.line_unknown",)
    asked = whole(0, live_photo=PLAIN_PHOTO)
    counter.screener.screen(asked)
    counter.clock.advance(minutes=1)
    assert counter.sees(asked, imei_of(0)).line_state is None  # tried before the counter had settled
    counter.clock.advance(minutes=1)
    counter.screener.settle(asked.application_id, opened=True, approved_by="supervisor-1")
    verdict = counter.screener.check_line(asked.sim.msisdn)
    assert verdict.line_state == "bound"
    assert found(verdict, "binding.moved_soon").state is State.PASSED


def test_reports_out_of_order_are_put_in_order() -> None:
    counter = Counter()
    asked = counter.open(0)
    counter.clock.advance(hours=30)
    counter.sees(asked, imei_of(0))
    late = Sighting(msisdn=asked.sim.msisdn, imei=imei_of(5), seen_at=counter.clock.now - timedelta(hours=1))
    verdict = counter.screener.activated(late)
    assert verdict.line_state == "bound"  # where it was seen last
    assert found(verdict, "binding.frequent_changes").observed == 1
    assert counter.screener.activated(late).findings == verdict.findings
