from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from simkyc import Decision, Finding, InputError, State, Verdict
from simkyc.reasons import REASONS, Action

ORDER = [Decision.ACCEPT, Decision.RETRY, Decision.REVIEW, Decision.REFUSE]


def verdict(*findings: Finding, **changes: Any) -> Verdict:
    fields: dict[str, Any] = {
        "verdict_id": "v1",
        "application_id": "a1",
        "decision": Decision.REVIEW,
        "final": False,
        "reasons": tuple(dict.fromkeys(finding.reason for finding in findings)),
        "findings": findings,
        "advice": (Action.CALL_SUPERVISOR,),
        "silent_alert": True,
        "policy_id": "sha256:0",
        "engine_id": None,
        "simkyc_version": "0",
        "decided_at": datetime(2026, 11, 2, tzinfo=UTC),
    }
    return Verdict(**fields | changes)


def flagged(reason: str, **changes: Any) -> Finding:
    return Finding(check=reason.split(".", maxsplit=1)[0], reason=reason, state=State.FLAGGED, **changes)


def test_decisions_are_ordered_from_best_to_worst() -> None:
    assert min(ORDER) is Decision.ACCEPT
    assert max(ORDER) is Decision.REFUSE
    for better, worse in itertools.combinations(ORDER, 2):
        assert better < worse
        assert not worse < better
    with pytest.raises(TypeError):
        assert Decision.ACCEPT < "refuse"


def test_a_verdict_survives_json() -> None:
    whole = verdict(
        flagged("openings.repeat", observed=3, limit=2, unit="openings"), elapsed_ms={"photos": 1.5}
    )
    assert Verdict.from_json(whole.to_json()) == whole


def test_readers_tolerate_codes_they_do_not_know() -> None:
    later = verdict(flagged("future.unheard_of"))
    assert Verdict.from_json(later.to_json()).reasons == ("future.unheard_of",)
    assert later.messages("en") == ("The supervisor decides.",)
    assert later.messages("zh-CN", "customer")


def test_what_is_not_assessed_says_why() -> None:
    with pytest.raises(InputError, match="needs a cause"):
        Finding(check="face", reason="face.uncertain", state=State.NOT_ASSESSED)


def test_accepted_in_words() -> None:
    accepted = verdict(decision=Decision.ACCEPT, advice=())
    assert accepted.messages() == ("审核通过：可以发卡。",)
    assert accepted.messages("en", "customer") == ("Your application is approved.",)


@pytest.mark.parametrize("language", ["fr", "", "zh-cn", None])
def test_another_language_is_an_input_error(language: Any) -> None:
    with pytest.raises(InputError):
        verdict().messages(language)


@pytest.mark.parametrize("audience", ["police", "", None])
def test_another_audience_is_an_input_error(audience: Any) -> None:
    with pytest.raises(InputError):
        verdict().messages("en", audience)


@pytest.mark.parametrize("code", REASONS)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_what_a_customer_hears_tells_nothing(code: str, language: Any) -> None:
    seen = verdict(flagged(code, observed=7411.0, limit=7410.0, unit="people"))
    (heard,) = seen.messages(language, "customer")
    for telling in (
        "741",
        "people",
        "alert",
        "police",
        "警",
        "设备",
        "device",
        "fraud",
        "诈",
        "other people",
        "他人",
    ):
        assert telling not in heard
    (told,) = seen.messages(language, "clerk")
    for telling in ("741", "silent", "alert", "警"):
        assert telling not in told


def test_internal_words_add_the_figures() -> None:
    seen = verdict(flagged("openings.repeat", observed=3, limit=2, unit="openings in 1 days"))
    (line,) = seen.messages("en", "internal")
    assert "observed 3, limit 2, openings in 1 days" in line
    assert "art. 10" in line


def test_a_face_that_was_never_compared_is_not_called_a_stranger() -> None:
    unknown = Finding(
        check="face", reason="face.different_person", state=State.NOT_ASSESSED, cause="live_photo"
    )
    assert verdict(unknown).messages("en") == ("Not checked yet: same person as on the ID.",)
    assert verdict(unknown).messages("zh-CN") == ("尚未核验：人证一致。",)


def test_what_follows_from_something_that_is_said_is_left_out_at_the_counter() -> None:
    follows = Finding(
        check="face", reason="face.different_person", state=State.NOT_ASSESSED, cause="live_photo"
    )
    own = Finding(
        check="authority", reason="authority.differs", state=State.NOT_ASSESSED, cause="unavailable"
    )
    whole = verdict(flagged("photo.live_dark"), own, follows)
    assert len(whole.messages("en", "clerk")) == 2
    assert "Not checked yet: comparison with the authority." in whole.messages("en", "clerk")
    assert len(whole.messages("en", "internal")) == 3
