from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from simkyc import Decision, Finding, InputError, State, Verdict
from simkyc.reasons import REASONS, Action
from simkyc.verdict import LineAction

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
    assert accepted.messages() == ("审核通过：可以办理。",)
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


def line_verdict(*findings: Finding, **changes: Any) -> Verdict:
    """Of a line after its card was issued, restricted by what is flagged."""
    actions = (
        LineAction(
            service="voiceSmsOut",
            status="suspended",
            reason="binding.moved_soon",
            basis="a rule",
            expires_at=datetime(2026, 11, 5, tzinfo=UTC),
            appeal={"zh-CN": "可申诉", "en": "You may appeal."},
        ),
    )
    return verdict(*findings, **{"line_state": "differs", "line_actions": actions} | changes)


def test_the_verdict_on_a_line_survives_json() -> None:
    whole = line_verdict(flagged("binding.moved_soon"))
    assert Verdict.from_json(whole.to_json()) == whole
    unknown = line_verdict(
        flagged("binding.line_unknown"), application_id=None, line_state=None, line_actions=()
    )
    assert Verdict.from_json(unknown.to_json()) == unknown


def test_verdicts_from_before_lines_are_still_read() -> None:
    old = json.loads(verdict(flagged("openings.repeat")).to_json())
    del old["line_state"], old["line_actions"]
    old["schema_version"] = 1
    read = Verdict.from_json(json.dumps(old))
    assert (read.schema_version, read.line_state, read.line_actions) == (1, None, ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("service", "voice_sms_out"),
        ("status", "barred"),
        ("expires_at", "2026-11-05T00:00:00"),
        ("appeal", {"fr": "x"}),
    ],
)
def test_an_action_in_other_words_is_an_input_error(field: str, value: object) -> None:
    (action,) = line_verdict().line_actions
    with pytest.raises(InputError):
        action.changed(**{field: value})


def test_a_line_in_order_is_no_application_that_is_approved() -> None:
    well = line_verdict(decision=Decision.ACCEPT, line_state="bound", line_actions=(), advice=())
    assert well.messages() == ("号码使用正常：无需处理。",)
    assert well.messages("en", "customer") == ("Your line is in order.",)
    assert well.messages("en", "internal") == ("In order.",)


def test_who_gives_a_number_away_is_named_beside_what_is_said_of_them() -> None:
    about = verdict(flagged("face.different_person", subject="transferor"))
    assert about.messages("zh-CN")[0].startswith("转出方：")
    assert about.messages("en")[0].startswith("Transferor: ")
    assert not about.messages("en", "customer")[0].startswith("Transferor")


def test_what_follows_from_a_line_on_no_record_is_left_out_at_the_counter() -> None:
    follows = Finding(
        check="line",
        reason="line.held_by_other",
        state=State.NOT_ASSESSED,
        cause="line_unknown",
        decision=Decision.REVIEW,
    )
    whole = verdict(flagged("line.unknown"), follows)
    assert len(whole.messages("en", "clerk")) == 1
    assert len(whole.messages("en", "internal")) == 2


def test_a_repr_of_an_action_says_what_is_to_be_done() -> None:
    (action,) = line_verdict().line_actions
    assert "voiceSmsOut" in repr(action)
    assert "appeal" not in repr(action)


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
