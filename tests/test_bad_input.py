"""Bad input at the front door: each row is met with a typed error or a finding that says what to do.

Whatever comes, the history afterwards opens and holds what it held, and no message says whose application it was.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

import simkyc
from simkyc import (
    Application,
    Decision,
    HistoryError,
    HistoryFormatError,
    HistoryFullError,
    HistoryLockedError,
    HistoryReadOnlyError,
    HistorySecretError,
    HistoryVersionError,
    InputError,
    Policy,
    PolicyError,
    Screener,
    SimkycError,
    Verdict,
)
from simkyc.faces import DlibFaceEngine
from simkyc.faces.engine import FaceEngine
from simkyc.faces.intake import decode
from simkyc.faces.template import distance
from simkyc.history import open_history
from simkyc.line import Sighting, SwapReport
from simkyc.testing import (
    NOW,
    STORE_ICCIDS,
    Clock,
    FakeFaceEngine,
    application,
    chip_portrait,
    portrait,
    swatch,
)

SECRET = "a secret for tests only"
SHIPPED = resources.files("simkyc").joinpath("policy.toml").read_text(encoding="utf-8")
NOBODY = 65534
ACCEPT, RETRY, REVIEW, REFUSE = Decision


class Counter:
    """A counter with one accepted application on record, before the bad input comes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "kyc.db"
        with self.open() as screener:
            screener.allocate("store-1", STORE_ICCIDS)
            self.held = screener.screen(honest(0))
        assert self.held.decision is ACCEPT

    def open(self, path: Path | None = None, **options: Any) -> Screener:
        usual: dict[str, Any] = {"faces": FakeFaceEngine(), "secret": SECRET, "clock": Clock()}
        return Screener.open(f"sqlite:///{path or self.path}", **usual | options)

    def screen(self, applied: Application, **options: Any) -> Verdict:
        with self.open(**options) as screener:
            return screener.screen(applied)

    def on_record(self) -> list[str]:
        with closing(sqlite3.connect(self.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            rows = connection.execute("SELECT application_id FROM application ORDER BY application_id")
            return [name for (name,) in rows]


Meeting = Callable[[Counter], Verdict | Policy]


@dataclass(frozen=True)
class Row:
    """`why` is the test's id. `says` is found in the error's words, or leads the verdict's reasons."""

    why: str
    meet: Meeting
    gives: type[SimkycError] | Decision
    says: str


def honest(seed: int, **changes: Any) -> Application:
    """An application with coloured squares for photos, where the face is not the point."""
    photo = {"data": swatch(seed)}
    return application(seed, live_photo=photo, document={"portrait": photo}, **changes)


@cache
def body() -> str:
    return honest(1).to_json()


# Applications


def text(data: str | bytes) -> Meeting:
    return lambda counter: counter.screen(Application.from_json(data))


def spoilt(spoil: Callable[[str], str | bytes]) -> Meeting:
    return lambda counter: counter.screen(Application.from_json(spoil(body())))


def field(path: str, value: object) -> Meeting:
    """The honest application with one field changed; `value` may be NaN, as JSON writers write it."""

    def meet(counter: Counter) -> Verdict:
        whole = json.loads(body())
        *steps, last = path.split(".")
        part = whole
        for step in steps:
            part = part[step]
        part[last] = value
        return counter.screen(Application.from_json(json.dumps(whole)))

    return meet


# Photos: the real engine, and a person whose own photo is accepted.


@cache
def engine() -> FaceEngine:
    return DlibFaceEngine()


def live(make: Callable[[], bytes]) -> Meeting:
    return lambda counter: counter.screen(application(1, live_photo={"data": make()}), faces=engine())


def frame(make: Callable[[], bytes]) -> Meeting:
    def meet(counter: Counter) -> Verdict:
        more = [{"photo": {"data": make()}}]
        return counter.screen(application(1, live_frames=more), faces=engine())

    return meet


def on_chip(make: Callable[[], bytes]) -> Meeting:
    def meet(counter: Counter) -> Verdict:
        return counter.screen(application(1, document={"portrait": {"data": make()}}), faces=engine())

    return meet


@cache
def picture() -> Image.Image:
    return Image.open(io.BytesIO(portrait(1))).convert("RGB")


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def of_16_bits() -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", np.asarray(picture())[..., ::-1].astype(np.uint16) * 257)[1])


def see_through() -> bytes:
    seen = picture().copy()
    seen.putalpha(255)
    return saved(seen, "PNG")


def lying_on_its_side() -> bytes:
    """Stored turned, with the EXIF orientation that turns it back: what phones write."""
    block = Image.Exif()
    block[0x0112] = 6
    return saved(picture().transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=block)


def moving(kind: str) -> bytes:
    return saved(picture(), kind, save_all=True, append_images=[picture().rotate(90)])


# Histories


@contextmanager
def left_as_it_is(path: Path) -> Iterator[None]:
    before = path.read_bytes()
    yield
    assert path.read_bytes() == before
    assert not list(path.parent.glob(f"{path.name}?*"))


def no_database(counter: Counter) -> Verdict:
    path = counter.folder / "other.db"
    path.write_text("application_id,decision\n" * 500)
    with left_as_it_is(path), counter.open(path) as screener:
        return screener.screen(honest(1))


def from_a_newer_simkyc(counter: Counter) -> Verdict:
    path = counter.folder / "other.db"
    counter.open(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE history_version SET version_num = '0099'")
        connection.execute("PRAGMA journal_mode=DELETE")
    with left_as_it_is(path), counter.open(path) as screener:
        return screener.screen(honest(1))


def half_a_database(counter: Counter) -> Verdict:
    path = counter.folder / "other.db"
    path.write_bytes(counter.path.read_bytes()[: counter.path.stat().st_size // 2])
    with left_as_it_is(path), counter.open(path) as screener:
        return screener.screen(honest(1))


def a_folder(counter: Counter) -> Verdict:
    path = counter.folder / "other.db"
    path.mkdir()
    with counter.open(path) as screener:
        return screener.screen(honest(1))


def a_link_to_what_is_gone(counter: Counter) -> Verdict:
    path = counter.folder / "other.db"
    path.symlink_to(counter.folder / "gone" / "kyc.db")
    try:
        with counter.open(path) as screener:
            return screener.screen(honest(1))
    finally:
        assert not (counter.folder / "gone").exists()


def another_secret(counter: Counter) -> Verdict:
    return counter.screen(honest(1), secret="another secret than that")


def deleted_while_open(counter: Counter) -> Verdict:
    kept = counter.folder / "kept.db"
    with counter.open() as screener:
        os.link(counter.path, kept)
        counter.path.unlink()
        try:
            return screener.screen(honest(1))
        finally:
            assert not counter.path.exists()
            kept.rename(counter.path)


def locked(counter: Counter) -> Verdict:
    holder = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(counter.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        history = open_history(f"sqlite:///{counter.path}", secret=SECRET, lock_timeout_s=0.2)
        try:
            with Screener.open(history, faces=FakeFaceEngine(), clock=Clock()) as screener:
                return screener.screen(honest(1))
        finally:
            process.communicate()


BOUND = """
import os, resource, sys
from simkyc import Application, Screener, SimkycError
from simkyc.testing import Clock, FakeFaceEngine
url, secret, bound, value = sys.argv[1:]
applied = Application.from_json(sys.stdin.read())
options = {"faces": FakeFaceEngine(), "secret": secret, "clock": Clock()}
with Screener.open("sqlite://", **options) as elsewhere:  # loads what another user may not read
    elsewhere.screen(applied)
with Screener.open(url, **options) as opened:
    if bound == "file size":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(value), int(value)))
    else:
        opened.close()
        os.setgroups([])
        os.setuid(int(value))
        opened = Screener.open(url, **options)
    try:
        opened.screen(applied)
    except SimkycError as error:
        print(type(error).__name__, error)
"""


def in_a_bound_process(path: Path, bound: str, value: int) -> Verdict:
    """Screens in a process that may not write; the error comes back from there."""
    done = subprocess.run(
        [sys.executable, "-c", BOUND, f"sqlite:///{path}", SECRET, bound, str(value)],
        input=body(),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    name, _, message = done.stdout.strip().partition(" ")
    error: type[SimkycError] = getattr(simkyc, name)
    raise error(message)


def full_disk(counter: Counter) -> Verdict:
    # What is written goes to the log beside the file first; there it finds no space after one page.
    return in_a_bound_process(counter.path, "file size", 4096)


def read_only(counter: Counter) -> Verdict:
    if os.geteuid() != 0:
        counter.path.chmod(0o444)
        counter.folder.chmod(0o555)
        try:
            return counter.screen(honest(1))
        finally:
            counter.folder.chmod(0o755)
            counter.path.chmod(0o644)
    # Root may write everywhere, so another user tries, in a folder that they may look into.
    folder = Path(tempfile.mkdtemp())
    try:
        folder.chmod(0o755)
        path = Path(shutil.copy(counter.path, folder))
        path.chmod(0o644)
        with left_as_it_is(path):
            return in_a_bound_process(path, "user", NOBODY)
    finally:
        shutil.rmtree(folder)


# Policies


def policy(content: str | bytes) -> Meeting:
    def meet(counter: Counter) -> Policy:
        path = counter.folder / "policy.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Policy.load(path)

    return meet


def edited(old: str, new: str) -> Meeting:
    assert old in SHIPPED, old
    return policy(SHIPPED.replace(old, new, 1))


TABLE = [
    # Application JSON
    Row("JSON: nothing", text(""), InputError, "Invalid JSON"),
    Row("JSON: prose", text("please open a number"), InputError, "Invalid JSON"),
    Row("JSON: cut in the middle", spoilt(lambda whole: whole[:300]), InputError, "Invalid JSON"),
    Row("JSON: not UTF-8", text(b'{"application_id": "\xff"}'), InputError, "Invalid JSON"),
    Row("JSON: UTF-16", spoilt(lambda whole: whole.encode("utf-16")), InputError, "Invalid JSON"),
    Row("JSON: lists 100,000 deep", text("[" * 100_000 + "]" * 100_000), InputError, "recursion|nest"),
    Row("JSON: objects 100,000 deep", text('{"sim":' * 100_000), InputError, "recursion|nest"),
    Row("JSON: a list", text("[]"), InputError, "object"),
    Row("JSON: a number of 100,000 digits", text("1" * 100_000), InputError, "object|Invalid"),
    Row("JSON: an unknown field", field("colour", "red"), InputError, "colour: Extra"),
    Row("JSON: an unknown field of 10 MB", field("x" * 10_000_000, 1), InputError, r"\(unknown\): Extra"),
    Row("JSON: a field missing", field("sim", {}), InputError, "sim.msisdn: Field required"),
    Row("JSON: an opening without its card", field("sim.iccid", None), InputError, "needs the card's iccid"),
    Row("JSON: a kind that is none", field("kind", "refund"), InputError, "kind: "),
    Row("JSON: a transfer from nobody", field("kind", "transfer"), InputError, "gives the number away"),
    Row(
        "JSON: a latitude of NaN",
        field("device.position", {"latitude": math.nan, "longitude": 0}),
        InputError,
        "latitude",
    ),
    Row("JSON: a time without a zone", field("applied_at", "2026-11-02T10:00:00"), InputError, "timezone"),
    Row("JSON: an hour 25", field("applied_at", "2026-11-02T25:00:00+08:00"), InputError, "applied_at"),
    Row("JSON: a lone surrogate", field("applicant.name", "\ud800"), InputError, "surrogate|Invalid JSON"),
    Row("JSON: a surrogate in a str", text('{"application_id": "\ud800"}'), InputError, "unicode|surrogate"),
    Row("JSON: 10 MB for a name", field("applicant.name", "x" * 10_000_000), InputError, "at most 200"),
    Row("JSON: 10 MB for an id", field("application_id", "x" * 10_000_000), InputError, "application_id"),
    Row("JSON: 10 MB for a time", field("applied_at", "2" * 10_000_000), InputError, "applied_at"),
    Row("JSON: a number for text", field("sim.iccid", 89860), InputError, "sim.iccid: .*string"),
    Row("JSON: text for a part", field("sim", "89860"), InputError, "sim: .*object"),
    Row("JSON: a list for consent", field("face_consent", [True]), InputError, "face_consent: "),
    Row("JSON: nothing for a document", field("document", None), InputError, "document: .*object"),
    Row("JSON: NaN for text", field("sim.iccid", math.nan), InputError, "sim.iccid"),
    Row("JSON: NaN for consent", field("face_consent", math.nan), InputError, "face_consent"),
    Row("JSON: NaN for a time", field("applied_at", math.nan), InputError, "applied_at"),
    Row("JSON: infinity for a date", field("document.birth_date", math.inf), InputError, "birth_date"),
    Row(
        "JSON: 9 frames",
        field("live_frames", [{"photo": {"data": ""}}] * 9),
        InputError,
        "live_frames: .*at most 8",
    ),
    Row("JSON: a photo that is no base64", field("live_photo.data", "%%"), InputError, "live_photo.data"),
    # Dates that no counter means, but that are dates
    Row(
        "the counter's clock in 9999",
        field("applied_at", "9999-12-31T23:59:59-12:00"),
        RETRY,
        "counter_clock",
    ),
    Row(
        "the counter's clock in the year 1",
        field("applied_at", "0001-01-01T00:00:00+14:00"),
        RETRY,
        "counter_clock",
    ),
    Row("signed in 9999", field("notice.signed_at", "9999-12-31T23:59:59-12:00"), RETRY, "notice.signed_at"),
    Row("born in 9999", field("document.birth_date", "9999-12-31"), REVIEW, "document"),
    Row("born in the year 1", field("document.birth_date", "0001-01-01"), REVIEW, "document"),
    Row("valid from 9999", field("document.valid_from", "9999-12-31"), REFUSE, "document.not_yet_valid"),
    Row("valid until the year 1", field("document.valid_until", "0001-01-01"), REFUSE, "document.expired"),
    # Photos that are none
    Row("photo: text", live(lambda: b"this is no photo"), RETRY, "photo.live_unreadable not_a_photo"),
    Row("photo: empty", live(lambda: b""), RETRY, "photo.live_unreadable empty"),
    Row("photo: truncated JPEG", live(lambda: portrait(1)[:9000]), RETRY, "photo.live_unreadable truncated"),
    Row("photo: damaged JPEG", live(lambda: portrait(1)[:9000] * 2), RETRY, "photo.live_unreadable"),
    Row(
        "photo: PNG bomb",
        live(lambda: saved(Image.new("1", (8_000, 8_000)), "PNG")),
        RETRY,
        "photo.live_unreadable too_many_pixels",
    ),
    Row(
        "photo: 1x1",
        live(lambda: saved(Image.new("RGB", (1, 1)), "PNG")),
        RETRY,
        "photo.live_unreadable too_small",
    ),
    Row(
        "photo: beyond the bytes allowed",
        live(lambda: portrait(1) + bytes(10 << 20)),
        RETRY,
        "photo.live_unreadable too_many_bytes",
    ),
    Row("photo: animated GIF", live(lambda: moving("GIF")), RETRY, "photo.live_unreadable unsupported"),
    Row("photo: animated PNG", live(lambda: moving("PNG")), RETRY, "photo.live_unreadable animated"),
    Row("photo: animated WebP", live(lambda: moving("WEBP")), RETRY, "photo.live_unreadable animated"),
    Row(
        "photo: nobody on it",
        live(lambda: saved(Image.new("RGB", (640, 480), "grey"), "PNG")),
        RETRY,
        "photo.live_no_face",
    ),
    Row(
        "photo: turned on its side, and nothing says so",
        live(lambda: saved(picture().rotate(90, expand=True), "PNG")),
        RETRY,
        "photo.live",
    ),
    Row(
        "portrait: text", on_chip(lambda: b"this is no photo"), RETRY, "photo.portrait_unreadable not_a_photo"
    ),
    Row("portrait: empty", on_chip(lambda: b""), RETRY, "photo.portrait_unreadable empty"),
    Row("frame: text", frame(lambda: b"this is no photo"), RETRY, "presentation.frame_unusable"),
    Row("frame: someone else's", frame(lambda: portrait(9)), REFUSE, "presentation.frames_differ"),
    # Photos that are odd, and the customer's
    Row("photo: 16 bits", live(of_16_bits), ACCEPT, ""),
    Row("photo: CMYK", live(lambda: saved(picture().convert("CMYK"), "JPEG", quality=95)), ACCEPT, ""),
    Row("photo: alpha", live(see_through), ACCEPT, ""),
    Row("photo: turned, and EXIF says so", live(lying_on_its_side), ACCEPT, ""),
    # Histories
    Row("history: may only be read", read_only, HistoryReadOnlyError, "who may write"),
    Row("history: locked by another process", locked, HistoryLockedError, "try again"),
    Row("history: no database", no_database, HistoryFormatError, "give another"),
    Row("history: half a database", half_a_database, HistoryFormatError, "restore it from a backup"),
    Row("history: from a newer simkyc", from_a_newer_simkyc, HistoryVersionError, "version 99"),
    Row("history: on a full disk", full_disk, HistoryFullError, "space|full"),
    Row("history: a folder", a_folder, HistoryFormatError, "give another path"),
    Row("history: a link to what is gone", a_link_to_what_is_gone, HistoryError, "make it first"),
    Row("history: deleted while open", deleted_while_open, HistoryError, "put it back"),
    Row("history: another secret", another_secret, HistorySecretError, "open it with that one"),
    # Policies
    Row("policy: missing", lambda c: Policy.load(c.folder / "absent.toml"), PolicyError, "cannot be read"),
    Row(
        "policy: missing, for a screener",
        lambda c: c.screen(honest(1), policy=c.folder / "absent"),
        PolicyError,
        "cannot be read",
    ),
    Row("policy: a folder", lambda c: Policy.load(c.folder), PolicyError, "cannot be read"),
    Row("policy: no TOML", policy("hello = = 1"), PolicyError, "no TOML"),
    Row("policy: not UTF-8", policy(b'name = "\xff"'), PolicyError, "cannot be read"),
    Row("policy: empty", policy(""), PolicyError, "Field required"),
    Row("policy: lists 100,000 deep", policy("a = " + "[" * 100_000), PolicyError, "no TOML"),
    Row("policy: a negative limit", edited("value = 24", "value = -24"), PolicyError, "max_age.value"),
    Row("policy: an infinite limit", edited("value = 24", "value = inf"), PolicyError, "max_age.value"),
    Row("policy: NaN for a limit", edited("value = 24", "value = nan"), PolicyError, "max_age.value"),
    Row(
        "policy: 10,000 digits",
        edited("value = 24", f"value = {'9' * 10_000}"),
        PolicyError,
        "digits|no TOML|max_age",
    ),
    Row(
        "policy: 10,000 digits, hexadecimal",
        edited("value = 24", f"value = 0x{'f' * 10_000}"),
        PolicyError,
        "max_age",
    ),
    Row(
        "policy: text for a limit",
        edited("value = 24", 'value = "many"'),
        PolicyError,
        "max_age.value",
    ),
    Row("policy: a limit without a unit", edited('unit = "days", ', ""), PolicyError, "unit"),
    Row(
        "policy: an unknown reason",
        policy(SHIPPED + '"notice.unheard_of" = { flagged = "retry" }\n'),
        PolicyError,
        "do not exist",
    ),
    Row(
        "policy: a reason missing",
        edited('"notice.outdated" =', '# "notice.outdated" ='),
        PolicyError,
        "no ruling for notice.outdated",
    ),
    Row(
        "policy: a decision that is none",
        edited('flagged = "refuse"', 'flagged = "maybe"'),
        PolicyError,
        "flagged",
    ),
]


@pytest.fixture(autouse=True)
def no_secret_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SIMKYC_SECRET", raising=False)


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


def personal() -> tuple[str, ...]:
    """What no message may hold: all that an error could know of the person of these applications."""
    applied = honest(1)
    document, sim, device = applied.document, applied.sim, applied.device
    assert device is not None
    born = document.birth_date
    named = (
        document.name,
        document.number,
        sim.iccid,
        sim.imsi,
        sim.msisdn,
        device.imei,
        str(born),
        f"{born:%Y%m%d}",
    )
    return tuple(part for part in named if part is not None)


# A row takes milliseconds, or its lock timeout; those with a process of their own start Python. A hang takes minutes.
@pytest.mark.timeout(60)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.why)
def test_bad_input(row: Row, counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    verdict, words, names = None, "", ["test-0"]
    if isinstance(row.gives, Decision):
        verdict = row.meet(counter)
        assert isinstance(verdict, Verdict)
        assert verdict.decision is row.gives
        check_advice(verdict, row.says)
        names = ["test-0", "test-1"]
    else:
        with pytest.raises(row.gives, match=row.says) as caught:
            row.meet(counter)
        assert type(caught.value) is row.gives
        words = str(caught.value) + repr(getattr(caught.value, "problems", ""))
        assert "\n" not in str(caught.value)
        assert len(words) < 2000
    for part in (*personal(), str(counter.folder), SECRET):
        assert part not in words + caplog.text
    assert counter.on_record() == names
    assert counter.screen(honest(0)) == counter.held
    if verdict is not None:
        with closing(sqlite3.connect(counter.path)) as connection:
            held = connection.execute(
                "SELECT verdict_json FROM application WHERE application_id = 'test-1'"
            ).fetchone()
        assert Verdict.from_json(held[0]) == verdict


def check_advice(verdict: Verdict, says: str) -> None:
    """The row's reason leads, with its cause, and all that is said tells what to do."""
    reason, _, cause = says.partition(" ")
    assert (verdict.reasons[0] if verdict.reasons else "").startswith(reason)
    leading = [finding for finding in verdict.findings if finding.reason == reason]
    assert not cause or [finding.cause for finding in leading] == [cause]
    assert bool(verdict.advice) == (verdict.decision is not ACCEPT)
    for language in ("zh-CN", "en"):
        assert all(verdict.messages(language, "clerk"))


def test_every_row_has_its_own_name() -> None:
    assert len({row.why for row in TABLE}) == len(TABLE)


# Lines


def sighting(**changes: Any) -> Callable[[Screener], Verdict]:
    """The network reports the line on record in its device, with one thing changed."""

    def meet(screener: Screener) -> Verdict:
        held = honest(0)
        assert held.device is not None
        usual: dict[str, Any] = {"msisdn": held.sim.msisdn, "imei": held.device.imei, "seen_at": NOW}
        return screener.activated(Sighting(**usual | changes))

    return meet


def line_of(number: Any) -> Callable[[Screener], Verdict]:
    return lambda screener: screener.check_line(number)


def swap_of(number: Any, max_age_hours: Any = 240) -> Callable[[Screener], SwapReport]:
    return lambda screener: screener.check_swap(number, max_age_hours=max_age_hours)


HOSTILE: dict[str, Any] = {
    "nothing": "",
    "words": "请激活",
    "SQL": "+8613910000000'; DROP TABLE sighting; --",
    "a lone surrogate": "\ud800",
    "a null character": "+8613910000000\0",
    "an invisible character": "+861391000\u200b0000",
    "digits of another script": "+८६१३९१०००००००",
    "100,000 digits": "1" * 100_000,
    "10 MB": "x" * 10_000_000,
    "too short": "+86139",
    "no text": 13910000000,
    "a list": ["+8613910000000"],
    "None": None,
}
"""What is no MSISDN, however it is put."""

LINE_TABLE: dict[str, tuple[Callable[[Screener], object], str]] = {
    **{f"activated: {why}": (sighting(msisdn=text), "msisdn|MSISDN") for why, text in HOSTILE.items()},
    **{f"check_line: {why}": (line_of(text), "MSISDN") for why, text in HOSTILE.items()},
    **{f"check_swap: {why}": (swap_of(text), "MSISDN") for why, text in HOSTILE.items()},
    "activated: 10 MB for an IMEI": (sighting(imei="3" * 10_000_000), "imei: .*at most 200"),
    "activated: a null character in an IMEI": (sighting(imei="35000000\0"), "imei: .*control"),
    "activated: a number for an IMEI": (sighting(imei=350000000000016), "imei: .*string"),
    "activated: a lone surrogate for an IMSI": (sighting(imsi="\ud800"), "imsi"),
    "activated: in an hour": (sighting(seen_at=NOW + timedelta(hours=1)), "future"),
    "activated: in 9999": (sighting(seen_at="9999-12-31T23:59:59-12:00"), "1970"),
    "activated: in the year 1": (sighting(seen_at="0001-01-01T00:00:00+14:00"), "1970"),
    "check_line: in 9999": (
        lambda s: s.check_line(honest(0).sim.msisdn, at=datetime.max.replace(tzinfo=UTC)),
        "1970",
    ),
    "preview: in 9999": (lambda s: s.preview(honest(0), at=datetime.max.replace(tzinfo=UTC)), "1970"),
    "activated: without a zone": (sighting(seen_at=NOW.replace(tzinfo=None)), "seen_at: .*timezone"),
    "activated: seconds for a time": (sighting(seen_at=1_793_000_000), "seen_at"),
    "activated: nowhere": (sighting(position={"latitude": 91, "longitude": 0}), "latitude"),
    "activated: at NaN": (sighting(position={"latitude": math.nan, "longitude": 0}), "latitude"),
    "activated: a division of words": (sighting(division="苏州"), "division"),
    "activated: an unknown field": (sighting(**{"13910000000": 1}), r"\(unknown\)"),
    "activated: no sighting": (lambda s: s.activated(None), "Sighting"),  # type: ignore[arg-type]  # on purpose
    "activated: a dictionary": (lambda s: s.activated({"msisdn": "1"}), "Sighting"),  # type: ignore[arg-type]  # on purpose
    "check_line: without a zone": (
        lambda s: s.check_line(honest(0).sim.msisdn, at=NOW.replace(tzinfo=None)),
        "zone",
    ),
    "check_line: text for a time": (lambda s: s.check_line(honest(0).sim.msisdn, at="now"), "time"),  # type: ignore[arg-type]  # on purpose
    **{
        f"check_swap: an age of {age!r}": (
            swap_of(honest(0).sim.msisdn, age),
            "1 to 2400",
        )
        for age in (0, -1, 2401, 10**100, 1.5, math.nan, True, "24", None)
    },
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("why", LINE_TABLE)
def test_bad_input_about_a_line(why: str, counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    """An `InputError` that names nobody, and nothing is written."""
    meet, says = LINE_TABLE[why]
    with counter.open() as screener:
        screener.settle("test-0", opened=True)
    before = sightings_of(counter)
    with counter.open() as screener, pytest.raises(InputError, match=says) as caught:
        meet(screener)
    words = str(caught.value) + repr(caught.value.problems)
    assert len(words) < 2000
    held = honest(0)
    assert held.device is not None
    for part in (held.sim.msisdn, held.sim.msisdn[-8:], held.device.imei, str(counter.folder), SECRET):
        assert part not in words + caplog.text
    assert sightings_of(counter) == before == []
    assert counter.on_record() == ["test-0"]


def sightings_of(counter: Counter) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(counter.path)) as connection:
        return connection.execute("SELECT * FROM sighting").fetchall()


def test_what_the_network_reports_of_no_device_is_an_answer(counter: Counter) -> None:
    """A dummy is a finding, and only that there was one is kept: it would tie strangers to each other."""
    with counter.open() as screener:
        screener.settle("test-0", opened=True)
        for number in ("000000000000000", "hello", "123", "'; DROP TABLE sighting; --"):
            verdict = sighting(imei=number)(screener)
            assert "binding.imei_malformed" in verdict.flagged
            assert verdict.line_state == "differs"
    (kept,) = sightings_of(counter)
    msisdn_key, seen_at, device_key, imsi_key, tac, recorded_at = kept
    assert (device_key, imsi_key, tac) == ("", None, None)
    assert seen_at == recorded_at
    assert len(str(msisdn_key)) == 64


# Photos at random


@cache
def photo_of(seed: int, kind: str) -> bytes:
    if kind == "JPEG":
        return portrait(seed)
    return saved(Image.open(io.BytesIO(portrait(seed))).convert("RGB").resize((240, 300)), kind)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[int, bytes]:
    """Whose photo it was, and what became of its bytes."""
    seed = draw(st.sampled_from([1, 9]))
    data = photo_of(seed, draw(st.sampled_from(["JPEG", "PNG", "WEBP", "BMP"])))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(data), 700)) | st.integers(0, len(data)))
        junk = draw(st.binary(max_size=6) | st.sampled_from([bytes(64), b"\xff\xd9", b"\xff\xda"]))
        gone = draw(st.sampled_from([0, 1, len(junk), 400, len(data)]))
        data = data[:at] + junk + data[at + gone :]
    return seed, data


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Application], Verdict]:
    """Screens each application in a history of its own, so that none counts against the next."""
    folder = tmp_path_factory.mktemp("stocked")
    with Screener.open(f"sqlite:///{folder / 'empty.db'}", secret=SECRET, clock=Clock()) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
    numbers = itertools.count()

    def screen(applied: Application) -> Verdict:
        path = Path(shutil.copy(folder / "empty.db", folder / f"{next(numbers)}.db"))
        with Screener.open(f"sqlite:///{path}", faces=engine(), secret=SECRET, clock=Clock()) as screener:
            return screener.screen(applied)

    return screen


@settings(max_examples=120, deadline=None, derandomize=True, database=None)
@given(damaged())
@example((1, b""))
@example((1, portrait(1)))
@example((9, portrait(9)))
@example((9, chip_portrait(1)))
def test_whatever_the_bytes_only_the_customers_own_face_is_accepted(
    stocked: Callable[[Application], Verdict], photo: tuple[int, bytes]
) -> None:
    seed, data = photo
    verdict = stocked(application(1, live_photo={"data": data}))
    if verdict.decision is not ACCEPT:
        assert verdict.reasons[0].startswith(("photo.", "face."))
        assert verdict.advice
        return
    assert seed == 1
    seen = engine().examine(decode(data), "live").template
    chip = engine().examine(decode(chip_portrait(1)), "portrait").template
    assert seen is not None
    assert chip is not None
    rate = Policy.default().face.accept_false_match_rate.value
    assert distance(seen, chip) <= engine().calibration("chip-live").distance_at(rate)
