from __future__ import annotations

import logging
import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simkyc import (
    Application,
    AuthorityAnswer,
    AuthorityQuery,
    Decision,
    FaceError,
    InputError,
    Policy,
    Screener,
    SettlementError,
    State,
    Verdict,
)
from simkyc.testing import (
    NOW,
    STORE_ICCIDS,
    Clock,
    FakeAuthority,
    FakeFaceEngine,
    application,
    iccid_of,
    swatch,
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screener(clock: Clock, tmp_path: Path) -> Iterator[Screener]:
    with Screener.open(f"sqlite:///{tmp_path / 'kyc.db'}", faces=FakeFaceEngine(), clock=clock) as opened:
        opened.allocate("store-1", STORE_ICCIDS)
        yield opened


def honest(seed: int = 0, **changes: Any) -> Application:
    """An application with swatches for photos, so that no portrait is drawn."""
    photo = {"data": swatch(seed)}
    document = {"portrait": photo, **changes.pop("document", {})}
    return application(seed, document=document, **{"live_photo": photo, **changes})


def again(seed: int, serial: int, **changes: Any) -> Application:
    """Another application of the same person, with a card and number of its own."""
    return honest(
        seed,
        application_id=f"again-{seed}-{serial}",
        sim={"iccid": STORE_ICCIDS[100 + serial], "msisdn": f"+8613800{serial:06d}"},
        **changes,
    )


PASSPORT = {
    "kind": "passport",
    "number": "L898902C3",
    "name": "EXAMPLE ANNA",
    "sex": "female",
    "birth_date": date(1974, 8, 12),
    "valid_until": date(2032, 4, 15),
}


def passport_zone(state: str) -> str:
    """Its zone; no check digit covers the state."""
    return f"{f'P<{state}EXAMPLE<<ANNA':<<44}L898902C36{state}7408122F3204153<<<<<<<<<<<<<<<4"


def flagged(verdict: Verdict) -> set[str]:
    return {finding.reason for finding in verdict.findings if finding.state is State.FLAGGED}


def test_an_honest_application_is_accepted(screener: Screener) -> None:
    verdict = screener.screen(honest())
    assert (verdict.decision, verdict.final, verdict.reasons) == (Decision.ACCEPT, True, ())
    assert verdict.decided_at == NOW
    assert verdict.engine_id == "fake-colours-1"
    assert verdict.policy_id == Policy.default().policy_id
    assert {"people", "history", "document", "openings"} <= verdict.elapsed_ms.keys()
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_a_passport_counts_once_whatever_its_zone_says_of_the_state(screener: Screener) -> None:
    decisions = []
    for serial, state in enumerate(("UTO", "AAA", "BBB", None)):
        zone = None if state is None else passport_zone(state)
        document = PASSPORT | {"zone": zone}
        decisions.append(screener.screen(again(0, serial, document=document)).decision)
    assert decisions == [Decision.ACCEPT, Decision.ACCEPT, Decision.REVIEW, Decision.REVIEW]


@pytest.mark.parametrize(
    "number", ["号码", "E1234\u200b5678", "军字第1234567号"], ids=["words", "invisible", "officer"]
)
def test_a_zone_beside_what_is_no_number_is_an_answer(screener: Screener, number: str) -> None:
    document = PASSPORT | {"number": number, "zone": passport_zone("UTO")}
    assert screener.screen(honest(document=document)).decision is Decision.RETRY


def test_the_same_application_again_gets_the_recorded_verdict(screener: Screener, clock: Clock) -> None:
    first = screener.screen(honest())
    clock.advance(days=3)
    assert screener.screen(honest()) == first


def test_another_body_under_a_used_id_is_an_input_error(screener: Screener) -> None:
    screener.screen(honest())
    with pytest.raises(InputError, match="application_id"):
        screener.screen(honest(notice=None))


def test_a_preview_records_nothing(screener: Screener) -> None:
    before = screener.preview(honest())
    assert before.decision is Decision.ACCEPT
    assert screener.preview(honest()).verdict_id != before.verdict_id
    with pytest.raises(SettlementError):
        screener.settle("test-0", opened=True)
    assert screener.screen(honest(notice=None)).decision is Decision.RETRY


def test_a_preview_as_of_then_does_not_know_what_came_later(screener: Screener, clock: Clock) -> None:
    screener.screen(again(0, 1))
    screener.settle("again-0-1", opened=True)
    clock.advance(hours=1)
    earlier = screener.preview(honest(), at=NOW - timedelta(minutes=1))
    later = screener.preview(honest(), at=NOW + timedelta(minutes=1))

    def held(verdict: Verdict) -> float | None:
        return next(
            finding.observed for finding in verdict.findings if finding.reason == "openings.number_cap"
        )

    assert (held(earlier), held(later)) == (1, 2)


def test_a_recorded_application_does_not_count_against_itself(screener: Screener) -> None:
    first = screener.screen(honest())
    second = screener.preview(honest(), at=first.decided_at)
    assert [finding for finding in second.findings if finding.reason != "counter_clock.differs"] == [
        finding for finding in first.findings if finding.reason != "counter_clock.differs"
    ]


def test_a_preview_as_of_a_time_without_a_zone_is_an_input_error(screener: Screener) -> None:
    with pytest.raises(InputError):
        screener.preview(honest(), at=datetime(2026, 1, 1))  # noqa: DTZ001  # no zone on purpose


def test_an_accepted_application_counts_at_once(screener: Screener) -> None:
    for serial in (1, 2):
        assert screener.screen(again(0, serial)).decision is Decision.ACCEPT
    assert flagged(screener.screen(honest())) == {"openings.repeat", "device.many_openings"}


def test_an_admission_expires(screener: Screener, clock: Clock) -> None:
    for serial in (1, 2):
        screener.screen(again(0, serial))
    clock.advance(minutes=30)
    # A device remembers what was admitted for it: with another one nothing is left of the two.
    device = honest(1).device
    late = honest(applied_at=clock.now, notice={"signed_at": clock.now}, device=device)
    assert screener.screen(late).decision is Decision.ACCEPT


def test_a_released_admission_does_not_count(screener: Screener) -> None:
    for serial in (1, 2):
        screener.screen(again(0, serial))
        screener.settle(f"again-0-{serial}", opened=False)
    assert screener.screen(honest()).decision is Decision.ACCEPT


def test_an_opened_number_counts_until_it_is_closed(screener: Screener, clock: Clock) -> None:
    start = clock.now
    for serial in range(5):
        clock.now = start - timedelta(days=400 - 40 * serial)
        made = again(0, serial, applied_at=clock.now, notice={"signed_at": clock.now})
        assert screener.screen(made).decision is Decision.ACCEPT
        screener.settle(made.application_id, opened=True)
    clock.now = start
    assert flagged(screener.preview(honest())) == {"openings.number_cap"}
    screener.close_number("again-0-0")
    clock.advance(seconds=1)
    assert screener.screen(honest()).decision is Decision.ACCEPT


def test_a_sim_is_sold_once(screener: Screener, clock: Clock) -> None:
    assert screener.screen(honest(0)).decision is Decision.ACCEPT
    rival = honest(1, sim={"iccid": STORE_ICCIDS[0]})
    assert flagged(screener.preview(rival)) == {"device_sim.sim_reserved"}
    screener.settle("test-0", opened=True)
    clock.advance(seconds=1)
    assert flagged(screener.screen(rival)) == {"device_sim.sim_already_issued"}


def test_a_sim_of_another_store_is_refused(screener: Screener) -> None:
    screener.allocate("store-2", [STORE_ICCIDS[0]])
    assert flagged(screener.screen(honest())) == {"device_sim.sim_not_allocated"}


def test_a_store_without_stock_on_record_goes_to_review(screener: Screener) -> None:
    verdict = screener.screen(honest(store={"store_id": "store-9"}, sim={"iccid": iccid_of(900)}))
    assert (verdict.decision, verdict.reasons) == (Decision.REVIEW, ("device_sim.sim_not_allocated",))
    assert verdict.messages("en") == ("Not checked yet: SIM allocated to this store.",)


def test_allocating_is_all_or_nothing(screener: Screener) -> None:
    with pytest.raises(InputError):
        screener.allocate("store-3", [iccid_of(900), "8986"])
    assert screener.screen(honest(store={"store_id": "store-3"}, sim={"iccid": iccid_of(900)})).reasons == (
        "device_sim.sim_not_allocated",
    )
    assert screener.allocate("store-3", [iccid_of(900), iccid_of(901)]) == 2


SETTLEMENTS = [
    ("unknown", None, {"opened": True}, "no application"),
    ("unknown, released", None, {"opened": False}, "no application"),
    ("retry", {"notice": None}, {"opened": True}, "retry"),
    ("refused", {"sim": {"iccid": iccid_of(999)}}, {"opened": True}, "refuse"),
    ("review without a name", {"device": None}, {"opened": True}, "approved_by"),
]


@pytest.mark.parametrize(
    ("why", "changes", "settled", "says"), SETTLEMENTS, ids=[row[0] for row in SETTLEMENTS]
)
def test_what_cannot_be_settled_says_why(
    screener: Screener, why: str, changes: dict[str, Any] | None, settled: dict[str, Any], says: str
) -> None:
    if changes is not None:
        screener.screen(honest(**changes))
    with pytest.raises(SettlementError, match=says):
        screener.settle("test-0", **settled)


def test_saying_that_nothing_was_opened_is_always_fine(screener: Screener) -> None:
    screener.screen(honest(notice=None))
    screener.settle("test-0", opened=False)


def test_a_supervisor_opens_what_went_to_review(screener: Screener) -> None:
    assert screener.screen(honest(device=None)).decision is Decision.REVIEW
    screener.settle("test-0", opened=True, approved_by="supervisor-1")
    screener.settle("test-0", opened=True)


def test_an_expired_admission_is_not_opened_unless_the_card_is_gone(screener: Screener, clock: Clock) -> None:
    screener.screen(honest())
    clock.advance(minutes=31)
    with pytest.raises(SettlementError, match="expired"):
        screener.settle("test-0", opened=True)
    screener.settle("test-0", opened=True, late=True)
    clock.advance(seconds=1)
    rival = honest(1, sim={"iccid": STORE_ICCIDS[0]}, applied_at=clock.now, notice={"signed_at": clock.now})
    assert flagged(screener.screen(rival)) == {"device_sim.sim_already_issued"}


def test_what_was_released_cannot_be_opened(screener: Screener) -> None:
    screener.screen(honest())
    screener.settle("test-0", opened=False)
    with pytest.raises(SettlementError, match="released"):
        screener.settle("test-0", opened=True)


def test_a_number_that_was_never_opened_cannot_be_closed(screener: Screener) -> None:
    screener.screen(honest())
    with pytest.raises(SettlementError):
        screener.close_number("test-0")


def test_someone_elses_face_is_refused_and_told_quietly(screener: Screener) -> None:
    verdict = screener.screen(honest(live_photo={"data": swatch(500)}))
    assert verdict.decision is Decision.REFUSE
    assert verdict.silent_alert
    assert verdict.reasons == ("face.different_person",)
    spoken = verdict.messages("zh-CN", "customer")[0] + verdict.messages("en", "customer")[0]
    assert "alert" not in spoken


def test_without_consent_no_photo_is_looked_at() -> None:
    class Untouchable(FakeFaceEngine):
        def examine(self, image: Any, kind: Any) -> Any:
            raise AssertionError("a photo was looked at without consent")

    with Screener.open("sqlite://", faces=Untouchable(), clock=Clock()) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        verdict = screener.screen(honest(face_consent=None))
    assert verdict.decision is Decision.REVIEW
    assert verdict.engine_id is None


AUTHORITIES = [
    ("match", Decision.ACCEPT),
    ("mismatch", Decision.REFUSE),
    ("no_record", Decision.REVIEW),
    ("unavailable", Decision.REVIEW),
]


@pytest.mark.parametrize(("outcome", "decision"), AUTHORITIES)
def test_the_authority_is_heard(outcome: Any, decision: Decision) -> None:
    with Screener.open(
        "sqlite://", faces=FakeFaceEngine(), authority=FakeAuthority(outcome), clock=Clock()
    ) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        assert screener.screen(honest()).decision is decision


def test_an_authority_is_not_asked_about_no_number() -> None:
    class Asked(FakeAuthority):
        def verify(self, query: AuthorityQuery) -> AuthorityAnswer:
            raise AssertionError("asked about what is no number")

    with Screener.open("sqlite://", faces=FakeFaceEngine(), authority=Asked(), clock=Clock()) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        verdict = screener.screen(honest(document={"number": "hello"}))
    assert "document.number_malformed" in flagged(verdict)


def test_a_counter_with_a_wrong_clock_cannot_hide_its_openings(screener: Screener) -> None:
    for serial in (1, 2):
        screener.screen(again(0, serial))
    backdated = honest(applied_at=NOW - timedelta(days=300))
    assert {"counter_clock.differs", "openings.repeat"} <= flagged(screener.screen(backdated))


def test_a_policy_file_can_be_named(tmp_path: Path, clock: Clock) -> None:
    from importlib import resources

    text = resources.files("simkyc").joinpath("policy.toml").read_text(encoding="utf-8")
    path = tmp_path / "policy.toml"
    path.write_text(
        text.replace(
            '"notice.not_signed" = { flagged = "retry"', '"notice.not_signed" = { flagged = "refuse"'
        )
    )
    with Screener.open("sqlite://", policy=path, faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        assert screener.screen(honest(notice=None)).decision is Decision.REFUSE


def test_no_log_line_holds_personal_data(screener: Screener, caplog: pytest.LogCaptureFixture) -> None:
    applicant = honest()
    with caplog.at_level(logging.DEBUG):
        screener.screen(applicant)
    lines = "".join(str(vars(record)) for record in caplog.records)
    assert "test-0" in lines
    for part in (
        applicant.document.name,
        applicant.document.number,
        applicant.sim.msisdn,
        str(applicant.sim.iccid),
    ):
        assert part not in lines


def test_no_history_holds_personal_data(tmp_path: Path, clock: Clock) -> None:
    applicant = honest()
    with Screener.open(f"sqlite:///{tmp_path / 'kyc.db'}", faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        screener.screen(applicant)
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    for part in (applicant.document.name, applicant.document.number, applicant.sim.msisdn[-8:]):
        assert part.encode() not in stored


def test_threads_never_exceed_a_limit(tmp_path: Path, clock: Clock) -> None:
    """Sixteen counters want a card for one person at once; the policy allows five numbers and two a day."""
    barrier = threading.Barrier(16)
    with Screener.open(f"sqlite:///{tmp_path / 'kyc.db'}", faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)

        def counter(serial: int) -> Decision:
            made = again(0, serial)
            barrier.wait(timeout=30)
            return screener.screen(made).decision

        with ThreadPoolExecutor(16) as pool:
            decisions = list(pool.map(counter, range(16)))
    assert decisions.count(Decision.ACCEPT) == 2
    assert decisions.count(Decision.REVIEW) == 3  # they hold a place too, until a supervisor decides
    assert decisions.count(Decision.REFUSE) == 11


def test_two_threads_with_one_application_get_one_verdict(screener: Screener) -> None:
    barrier = threading.Barrier(8)

    def counter(_: int) -> Verdict:
        barrier.wait(timeout=30)
        return screener.screen(honest())

    with ThreadPoolExecutor(8) as pool:
        verdicts = list(pool.map(counter, range(8)))
    assert len({verdict.verdict_id for verdict in verdicts}) == 1


def test_times_are_kept_to_the_second() -> None:
    clock = Clock(datetime(2026, 11, 2, 2, 0, 0, 999_999, tzinfo=UTC))
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=clock) as screener:
        assert screener.preview(honest()).decided_at == datetime(2026, 11, 2, 2, tzinfo=UTC)


def test_what_can_be_mended_no_supervisor_opens_a_number_over(screener: Screener) -> None:
    verdict = screener.screen(honest(device=None, notice=None))
    assert verdict.decision is Decision.REVIEW
    assert verdict.to_correct == ("notice.not_signed",)
    with pytest.raises(SettlementError, match=r"notice\.not_signed"):
        screener.settle("test-0", opened=True, approved_by="supervisor-7")
    screener.settle("test-0", opened=False)


@pytest.mark.parametrize(
    ("settled", "advice"),
    [
        ({"opened": "no"}, "True or False"),
        ({"opened": True, "late": 1}, "True or False"),
        ({"opened": True, "approved_by": "王主管"}, "approved_by"),
        ({"opened": True, "approved_by": ""}, "approved_by"),
    ],
    ids=["a word for opened", "a number for late", "a name for an identifier", "an empty identifier"],
)
def test_a_settlement_that_means_nothing_is_an_input_error(
    screener: Screener, settled: dict[str, Any], advice: str
) -> None:
    screener.screen(honest())
    with pytest.raises(InputError, match=advice):
        screener.settle("test-0", **settled)


def test_a_store_that_no_application_can_name_gets_no_cards(screener: Screener) -> None:
    with pytest.raises(InputError, match="store_id"):
        screener.allocate("店 1", STORE_ICCIDS)


@pytest.mark.parametrize(
    "unchecked",
    [
        {"applied_at": NOW.replace(tzinfo=None)},
        {"application_id": "a b"},
        {"applicant": {"name": "张三"}},
    ],
    ids=["a time without zone", "an id that is none", "a dict for a person"],
)
def test_what_went_round_the_checks_is_checked_again(screener: Screener, unchecked: dict[str, Any]) -> None:
    whole = honest().model_copy(update=unchecked)
    for judge in (screener.screen, screener.preview):
        with pytest.raises(InputError) as caught:
            judge(whole)
        assert "张三" not in str(caught.value)
    nothing: Any
    for nothing in (None, "application", {}):
        with pytest.raises(InputError, match="Application"):
            screener.screen(nothing)


def test_a_refusal_is_said_alone(screener: Screener) -> None:
    verdict = screener.screen(honest(device=None, notice=None, live_photo={"data": swatch(500)}))
    assert verdict.decision is Decision.REFUSE
    assert verdict.flagged[0] == "face.different_person"
    assert verdict.messages("en", "clerk") == ("This is not the person on the ID: do not issue.",)
    assert len(verdict.messages("en", "internal")) > 1


def test_a_counter_that_was_cut_off_finds_its_verdict(screener: Screener) -> None:
    assert screener.verdict("test-0") is None
    said = screener.screen(honest())
    assert screener.verdict("test-0") == said


def test_an_authority_that_raises_gave_no_answer() -> None:
    class Raises(FakeAuthority):
        def verify(self, query: object) -> AuthorityAnswer:
            raise RuntimeError(f"no such person: {query.name}")  # type: ignore[attr-defined]  # the double takes any object

    with Screener.open("sqlite://", faces=FakeFaceEngine(), authority=Raises(), clock=Clock()) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        verdict = screener.screen(honest())
    assert verdict.decision is Decision.REVIEW
    assert "raised" in {finding.cause for finding in verdict.findings if finding.check == "authority"}


def test_an_engine_that_raises_is_a_face_error_without_its_words() -> None:
    class Raises(FakeFaceEngine):
        def examine(self, image: object, kind: object) -> Any:
            raise RuntimeError("a path or a name")

    with Screener.open("sqlite://", faces=Raises(), clock=Clock()) as screener:
        with pytest.raises(FaceError) as caught:
            screener.screen(honest())
        assert "a path" not in str(caught.value)
        assert screener.verdict("test-0") is None


@pytest.mark.skipif(os.name != "posix", reason="rights of files are another matter elsewhere")
def test_nobody_else_may_read_a_new_history(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Screener.open(f"sqlite:///{tmp_path / 'kyc.db'}", faces=FakeFaceEngine()) as screener:
            screener.allocate("store-1", STORE_ICCIDS)
            rights = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert set(rights.values()) == {0o600}
