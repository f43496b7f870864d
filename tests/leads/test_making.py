"""What stands in a package, and what never does."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from simkyc import Application
from simkyc.errors import InputError, LeadError
from simkyc.history.keys import Keyring
from simkyc.leads.lead import Disclosure, Lead, Order
from simkyc.leads.page import render
from simkyc.leads.sealing import canonical, sha256_of
from simkyc.leads.words import CAUSE_WORDS, found_words
from simkyc.line import Sighting
from simkyc.reasons import REASONS
from simkyc.testing import number_usage
from simkyc.usage.scored import Scored
from simkyc.verdict import Decision
from tests.leads.made import PEOPLE, SECRET, World, honest, order, rings, usage_verdict

# --- minimisation


def personal(one: Application) -> Iterator[str]:
    """Everything of an application that names somebody."""
    document = one.document
    yield from (document.number, document.name, str(document.birth_date), str(document.address))
    yield from (
        one.sim.msisdn,
        one.sim.msisdn.removeprefix("+86"),
        str(one.contact_number),
        one.sim.imsi or "-",
    )
    yield from ([one.device.imei] if one.device else [])
    for photo in (document.portrait, one.live_photo):
        if photo is not None:
            yield base64.b64encode(photo.data).decode()[:40]
            yield photo.data[:24].hex()


def everywhere(world: World, url: str, out: Path, caplog: pytest.LogCaptureFixture) -> str:
    """All that a lead leaves behind: files, tables of the ledger, logs."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = [
            str(tuple(row))
            for name in ("lead", "lead_event")
            for row in connection.execute(text(f"SELECT * FROM {name}"))
        ]
    engine.dispose()
    assert len(rows) > 4
    logged = [f"{record.getMessage()} {vars(record)}" for record in caplog.records]
    return "\n".join([*(file.read_text("utf-8") for file in out.iterdir()), *rows, *logged])


def test_nothing_personal_stands_anywhere(
    kept: World, url: str, out: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    lead = kept.leads.about_number(kept.number, order(), usage=usage_verdict(kept.clock))
    kept.leads.export(lead, out)
    kept.leads.export(kept.leads.about_ring(rings().rings[0], order()), out)
    kept.leads.receipt(lead.lead_id, "受〔2026〕9号", "risk-7")
    kept.leads.feedback(lead.lead_id, "confirmed", "risk-7", report=True)
    kept.leads.revoke(lead.lead_id, "cleared", "risk-7")
    kept.leads.write_revocation(kept.leads.revocation(lead.lead_id, "反诈专班"), out)
    left = everywhere(kept, url, out, caplog) + repr(lead) + repr(kept.leads.every())
    assert "lead exported" in left
    for seed in (9, *PEOPLE):
        for fact in personal(honest(seed, kept.clock)):
            assert fact not in left


def test_what_is_disclosed_stands_in_its_section_alone(world: World, out: Path) -> None:
    lead = world.lead(disclose_on="调取证据通知书 1")
    assert lead.disclosure is not None
    assert lead.disclosure.msisdns == (world.number,)
    assert world.number not in repr(lead) + repr(lead.disclosure)
    raw = json.loads(lead.to_json())
    assert world.number in json.dumps(raw.pop("disclosure"))
    assert world.number[3:] not in json.dumps(raw)
    page, annex = render(lead).split('<section class="sheet">')
    assert world.number in annex
    assert world.number[3:] not in page
    bare = lead.without_disclosure()
    assert world.number[3:] not in render(bare)
    assert (bare.package_sha256, bare.disclosure_sha256) == (lead.package_sha256, lead.disclosure_sha256)


def test_the_digest_of_a_disclosure_tells_no_number(world: World) -> None:
    one, other = (world.lead(disclose_on="basis").disclosure_sha256 for _ in range(2))
    assert one != other, "whoever tries all numbers does not know the salt"


def test_an_identifier_that_holds_the_number_is_noticed(world: World) -> None:
    number = world.number
    with pytest.raises(InputError, match="identifier on record") as error:
        world.leads.about_number(number, order(lead_id=f"lead-{number[3:]}"))
    assert number[3:] not in str(error.value)


# --- what stands in it


def test_whoever_was_cleared_is_not_hunted_for_it(world: World, out: Path) -> None:
    first = world.lead()
    assert (first.urgency, first.against) == ("immediate", ())
    world.leads.export(first, out)
    world.leads.feedback(first.lead_id, "not_confirmed", "risk-7", report=True)
    world.leads.revoke(first.lead_id, "cleared", "risk-7")
    world.screener.act(world.number, "suspend", by="staff-1", reason="suspected_use")
    world.screener.act(world.number, "restore", by="staff-1", reason="cleared")
    again = world.lead()
    assert again.urgency == "soon"
    assert [one.code for one in again.against] == ["lead.not_confirmed", "lead.cleared", "line.restored"]
    assert "not confirmed" in render(again)
    # What is seen since is news.
    world.clock.advance(hours=1)
    box = honest(9, world.clock).device
    assert box is not None
    world.screener.activated(Sighting(msisdn=world.number, imei=box.imei, seen_at=world.clock.now))
    assert world.lead().urgency == "immediate"


def test_what_cleared_somebody_else_speaks_for_nobody(world: World, out: Path) -> None:
    """A number is cancelled and opened anew: earlier leads were about another holder."""
    first = world.lead()
    world.leads.export(first, out)
    world.leads.feedback(first.lead_id, "not_confirmed", "risk-7")
    assert [one.code for one in world.lead().against] == ["lead.not_confirmed"]
    world.screener.close_number("test-22")
    world.clock.advance(days=1)
    other = honest(40, world.clock, sim={"msisdn": world.number})
    assert world.screener.screen(other).decision is Decision.ACCEPT
    world.screener.settle(other.application_id, opened=True)
    world.clock.advance(hours=1)
    box = honest(9, world.clock).device
    assert box is not None
    world.screener.activated(Sighting(msisdn=world.number, imei=box.imei, seen_at=world.clock.now))
    assert world.lead().against == ()


def test_a_lead_says_why_in_plain_words(world: World) -> None:
    world.screener.report_outcome(world.number, is_fraud=True)
    world.screener.act(world.number, "suspend", by="staff-1", reason="suspected_use")
    lead = world.leads.about_number(
        world.number,
        order(case_reference="苏公(网)受字〔2026〕123号"),
        usage=usage_verdict(world.clock),
    )
    why = {one.code: one for one in lead.why}
    assert [one.code for one in lead.why][:2] == ["outcome.fraud", "usage.model"]
    box = why["binding.many_lines_on_device"]
    assert (box.words.zh, box.words.en) == (
        "同一设备中出现多个号码",
        "Many numbers in one device, as in a SIM box",
    )
    assert (box.observed, box.limit, box.unit) == (6.0, 3.0, "numbers in 1 days")
    assert box.basis is not None
    assert [figure.name for figure in why["usage.model"].figures] == ["probability", "false_positive_rate"]
    assert (lead.urgency, lead.harm.in_use) == ("soon", 0), "it stands suspended"
    assert lead.against == ()
    assert "nothing is on record" in render(lead)
    assert (lead.harm.applications, lead.harm.opened, lead.harm.in_use, lead.harm.reported_fraud) == (
        1,
        1,
        0,
        1,
    )
    assert [one.kind for one in lead.subjects] == ["number", "person"]
    assert all(one.key and one.application_ids == ("test-22",) for one in lead.subjects)
    assert {one.what for one in lead.timeline} == {"opened", "judged", "first_seen", "measure", "made"}
    assert [one.at for one in lead.timeline] == sorted(one.at for one in lead.timeline)


def test_how_sure_it_is_and_what_nobody_looked_at(world: World) -> None:
    lead = world.leads.about_number(world.number, order(), usage=usage_verdict(world.clock))
    sure = {(one.code, one.kind): one.value for one in lead.certainty}
    assert sure["usage.model", "false_positive_rate"] == 0.001
    assert sure["usage.model", "probability"] == 0.97
    assert sure["binding.many_lines_on_device", "not_measured"] is None
    open_questions = {(one.code, one.cause) for one in lead.not_assessed}
    assert ("usage.messages", "no_records") in open_questions
    assert ("binding.device_stolen", "no_list") in open_questions
    assert "lead.usage" not in {one.code for one in lead.not_assessed}
    assert "lead.usage" in {one.code for one in world.lead().not_assessed}


def test_evidence_is_a_digest_of_what_is_on_record(world: World) -> None:
    lead = world.leads.about_number(world.number, order(), usage=usage_verdict(world.clock))
    by_kind = {one.kind: one for one in lead.evidence}
    assert set(by_kind) == {"usage_verdict", "line_verdict", "counter_verdict"}
    with world.screener._history.read() as reader:
        recorded = reader.recorded("test-22")
    assert recorded is not None
    assert by_kind["counter_verdict"].sha256 == sha256_of(recorded.verdict_json.encode())
    assert by_kind["usage_verdict"].model_id == "model-1"
    assert by_kind["counter_verdict"].engine_id is not None
    # What no history keeps can be made again, as of the moment that is named.
    line, moment = by_kind["line_verdict"], by_kind["line_verdict"].at
    world.clock.advance(days=3)
    again = world.screener.check_line(world.number, at=moment)
    assert line.sha256 == sha256_of(canonical([one.model_dump(mode="json") for one in again.findings]))


def test_without_anything_against_it_there_is_no_lead(world: World) -> None:
    with pytest.raises(LeadError, match="nothing that is on record"):
        world.leads.about_number("+8613911112222", order())
    clean = honest(40, world.clock)
    world.screener.screen(clean)
    world.screener.settle(clean.application_id, opened=True)
    with pytest.raises(LeadError, match="nothing that is on record"):
        world.leads.about_number(clean.sim.msisdn, order())


def test_a_number_from_before_the_history_is_told_of_by_its_use(world: World) -> None:
    lead = world.leads.about_number("+8613911112222", order(), usage=usage_verdict(world.clock))
    assert [one.kind for one in lead.subjects] == ["number"]
    assert (lead.harm.opened, lead.urgency) == (0, "routine")
    assert "lead.application" in {one.code for one in lead.not_assessed}


def test_a_number_that_was_closed_is_its_last_holders(world: World) -> None:
    world.screener.close_number("test-22")
    world.clock.advance(days=1)
    lead = world.leads.about_number(world.number, order(), usage=usage_verdict(world.clock))
    assert (lead.harm.in_use, lead.urgency) == (0, "routine")
    assert lead.subjects[0].application_ids == ("test-22",)
    assert "ended" in {one.what for one in lead.timeline}


def test_a_lead_about_a_ring(world: World) -> None:
    made = rings()
    ring = made.rings[0]
    lead = world.leads.about_ring(ring, order(), found=made, file_sha256="b" * 64)
    people = [one for one in lead.subjects if one.kind == "person"]
    assert (lead.subject_key, len(people)) == (ring.ring_id, 6)
    assert {tie.kind: len(tie.subjects) for tie in lead.ties} == {"payer": 5, "number": 2}
    payer = next(tie for tie in lead.ties if tie.kind == "payer")
    assert [lead.subjects[place].key for place in payer.subjects] == ["p20", "p21", "p22", "p23", "p24"]
    assert {one.code for one in lead.why} >= {f"ring.{sign}" for sign in ring.signs}
    assert {one.code for one in lead.against} == {f"ring.{sign}" for sign in ring.against}
    kinds = [one.kind for one in lead.evidence]
    assert kinds == ["ring", "ring_file", *["counter_verdict"] * 6]
    assert lead.evidence[0].sha256 == sha256_of(canonical(ring.model_dump(mode="json")))
    assert lead.evidence[0].limits_id == made.limits_id
    assert ("ring", "points", ring.score) in {(one.code, one.kind, one.value) for one in lead.certainty}
    assert lead.urgency == "soon", "a table of links knows of no number whether it is in use"


def test_of_a_ring_whose_records_are_gone_the_lead_says_so(world: World) -> None:
    ring = rings().rings[0]
    key_id = Keyring(SECRET.encode()).key_id
    forgotten = ring.changed(
        members=tuple(
            one.changed(application_ids=("long-ago",), person=f"{key_id}{place:056x}")
            for place, one in enumerate(ring.members)
        )
    )
    lead = world.leads.about_ring(forgotten, order())
    assert [one.kind for one in lead.evidence] == ["ring"]
    assert "lead.application" in {one.code for one in lead.not_assessed}


def test_a_ring_of_another_history_is_no_lead_here(world: World) -> None:
    ring = rings().rings[0]
    other = ring.changed(members=tuple(one.changed(application_ids=("else",)) for one in ring.members))
    with pytest.raises(LeadError, match="found in another history"):
        world.leads.about_ring(other, order())


def test_it_may_be_kept_for_so_long(world: World) -> None:
    lead = world.lead(retain_days=30)
    assert lead.handling.retain_until == (world.clock.now + timedelta(days=30)).date()


# --- words


def test_every_reason_is_a_statement_in_both_languages() -> None:
    for code in REASONS:
        said = found_words(code)
        assert said.zh
        assert said.en
        assert not said.zh.endswith("。")
    assert found_words("a.later_one").en == "reason a.later_one"
    assert all(CAUSE_WORDS.values())


# --- bad input

HOSTILE: list[tuple[str, str, str]] = [
    ("a name", "created_by", "张三"),
    ("markup", "recipient", "<script>"),
    ("a path", "lead_id", "../../etc/passwd"),
    ("a slash", "lead_id", "a/b"),
    ("a phone number", "legal_basis", "关于 138 0013 8000 的调查"),
    ("a phone number with its country", "case_reference", "+8613800138000"),
    ("an ID number", "case_reference", "32050219900101001X"),
    ("a control character", "contact", "desk\x00"),
    ("a line break", "legal_basis", "one\ntwo"),
    ("a lone surrogate", "contact", "desk\ud800"),
    ("too long", "case_reference", "受" * 65),
    ("empty", "legal_basis", " "),
]


@pytest.mark.parametrize(("why", "field", "value"), HOSTILE, ids=[row[0] for row in HOSTILE])
def test_what_does_not_fit_is_refused_without_repeating_it(why: str, field: str, value: str) -> None:
    with pytest.raises(InputError) as error:
        order(**{field: value})
    assert value.strip() == "" or value not in str(error.value)


@pytest.mark.parametrize("number", ["", "12", "not a number", "+8613800138000" * 9])
def test_no_number_no_lead(world: World, number: str) -> None:
    with pytest.raises(InputError, match="no MSISDN"):
        world.leads.about_number(number, order())


@pytest.mark.parametrize(
    "reference",
    ["A3205020000002026110001", "苏公(网)受字〔2026〕123号", "2026-11-02/7", "JJ320500-2026-0000001"],
)
def test_case_numbers_are_no_phone_numbers(reference: str) -> None:
    assert order(case_reference=reference).case_reference == reference


def test_a_package_goes_through_json(world: World) -> None:
    lead = world.lead(disclose_on="basis")
    assert Lead.from_json(lead.to_json()) == lead
    assert Lead.from_json(lead.to_file()) == lead
    with pytest.raises(InputError, match="numbered from 0"):
        lead.changed(subjects=lead.subjects[::-1][1:] * 2)


WORDS = st.text(max_size=40)


@settings(max_examples=60, deadline=None)
@given(basis=WORDS, contact=WORDS, reference=WORDS)
def test_whatever_somebody_types_is_refused_or_comes_back_whole(
    basis: str, contact: str, reference: str
) -> None:
    try:
        one = order(legal_basis=basis, contact=contact, case_reference=reference)
    except InputError:
        return
    assert Order.from_json(one.to_json()) == one
    assert one.contact == contact.strip()


def test_disclosing_needs_a_number_and_a_basis() -> None:
    with pytest.raises(InputError):
        Disclosure(legal_basis="basis", msisdns=())
    with pytest.raises(InputError):
        Disclosure(legal_basis="", msisdns=("+8613900000000",))


def test_the_documentation_names_every_field() -> None:
    page = (Path(__file__).parents[2] / "docs/leads.md").read_text("utf-8")
    table = page.partition("## What stands in a package")[2].partition("###")[0]
    assert set(Lead.model_fields) == set(re.findall(r"`(\w+)`", table)) & set(Lead.model_fields)
    schema = json.loads((Path(__file__).parents[2] / "docs/schema/lead.json").read_text("utf-8"))
    assert schema == json.loads(json.dumps(Lead.model_json_schema()))


def test_a_package_fits_the_schema_that_is_published(world: World) -> None:
    schema = json.loads((Path(__file__).parents[2] / "docs/schema/lead.json").read_text("utf-8"))
    package = json.loads(world.lead(disclose_on="basis").to_file())
    jsonschema.validate(package, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(package | {"name": "somebody"}, schema)


def test_how_a_number_was_really_judged_by_its_use(world: World) -> None:
    until = world.clock.now
    usage = number_usage(
        number=Keyring(SECRET.encode()).msisdn(world.number),
        since=until - timedelta(days=30),
        until=until,
        scored=Scored("model-1", 0.97, 0.001, 20, 21),
        calls={
            "counterparts": 900,
            "outgoing": 900,
            "per_counterpart": 1.0,
            "outgoing_share": 0.99,
            "returned_share": 0.0,
        },
    )
    verdict = world.screener.check_usage(world.number, usage)
    lead = world.leads.about_number(world.number, order(), usage=verdict)
    assert {"usage_model.suspend", "calls.one_way"} <= {one.code for one in lead.why}
    (evidence,) = [one for one in lead.evidence if one.kind == "usage_verdict"]
    assert evidence.model_id == "model-1"
    assert {(one.kind, one.value) for one in lead.certainty} >= {
        ("false_positive_rate", 0.001),
        ("probability", 0.97),
    }
    assert all(one.words.zh and one.words.en for one in lead.why)
