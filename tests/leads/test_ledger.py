"""Handing on: once each, one in force, answers, revocation, races, crashes, folders that cannot be written."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from simkyc import Screener
from simkyc.errors import HistoryError, InputError, LeadError, SettlementError
from simkyc.leads import files, ledger
from simkyc.leads.files import verify
from simkyc.leads.lead import Lead
from simkyc.leads.ledger import Leads
from simkyc.testing import Clock
from tests.leads.made import SECRET, World, order, rings

Open = Callable[[str], World]
REVOKED = ("cleared", "mistake", "wrong_subject", "no_basis", "other")


def names(out: Path) -> set[str]:
    return {file.name for file in out.iterdir()}


def events(leads: Leads, lead: Lead) -> list[str]:
    return [one.what for one in leads.status(lead.lead_id).custody]


# --- once each


def test_a_lead_is_handed_on_once(kept: World, out: Path, tmp_path: Path) -> None:
    lead = kept.lead()
    first = kept.leads.export(lead, out)
    assert (first.is_new, first.status.state) == (True, "exported")
    assert names(out) == {f"{lead.lead_id}.json", f"{lead.lead_id}.html"}
    assert first.package is not None
    checked = verify(first.package)
    assert (checked.faults, kept.leads.against_record(checked)) == ((), ())
    exported = first.status.custody[-1]
    assert exported.details["file_sha256"] == checked.file_sha256
    again = kept.leads.export(lead, tmp_path)
    assert (again.is_new, again.package, again.status) == (False, None, first.status)
    assert not list(tmp_path.glob("*.json"))


def test_a_second_lead_about_the_same_waits(kept: World, out: Path) -> None:
    first = kept.lead()
    kept.leads.export(first, out)
    second = kept.lead()
    with pytest.raises(LeadError, match=f"{first.lead_id} about the same number is in force"):
        kept.leads.export(second, out)
    assert len(kept.leads.every()) == 1
    kept.leads.feedback(first.lead_id, "no_answer", "risk-7")
    assert kept.leads.export(second, out).is_new


def test_a_lead_may_supersede_another(kept: World, out: Path) -> None:
    first = kept.lead()
    kept.leads.export(first, out)
    second = kept.lead(supersedes=first.lead_id)
    assert kept.leads.export(second, out).is_new
    assert kept.leads.status(first.lead_id).state == "superseded"
    assert kept.leads.status(first.lead_id).custody[-1].details == {"superseded_by": second.lead_id}
    assert kept.leads.against_record(verify(out / f"{first.lead_id}.json")) == (
        "the lead was superseded and must not be used",
    )
    with pytest.raises(LeadError, match="another lead took its place"):
        kept.leads.export(kept.lead(supersedes=first.lead_id), out)
    ring = kept.leads.about_ring(rings().rings[0], order(supersedes=second.lead_id))
    with pytest.raises(LeadError, match="same number or ring"):
        kept.leads.export(ring, out)
    with pytest.raises(LeadError, match="no lead of this name"):
        kept.leads.export(kept.lead(supersedes="lead-unheard"), out)
    assert kept.leads.status(second.lead_id).state == "exported"


def test_a_name_is_given_once(world: World, out: Path) -> None:
    world.leads.export(world.lead(lead_id="lead-a"), out)
    with pytest.raises(LeadError, match="under this lead_id"):
        world.leads.export(world.lead(lead_id="lead-a", retain_days=9), out)


def test_what_was_altered_is_not_handed_on(world: World, out: Path) -> None:
    lead = world.lead(disclose_on="basis")
    assert lead.disclosure is not None
    other = lead.disclosure.changed(msisdns=("+8613911112222",))
    for altered in (lead.changed(contact="elsewhere"), lead.changed(disclosure=other)):
        with pytest.raises(InputError, match="altered"):
            world.leads.export(altered, out)
    assert names(out) == set()


def test_two_exporters_at_once(kept: World, out: Path) -> None:
    made = [kept.lead() for _ in range(6)]
    together, ended = threading.Barrier(6), []

    def hand_on(lead: Lead) -> None:
        together.wait()
        try:
            ended.append(kept.leads.export(lead, out).is_new)
        except LeadError:
            ended.append(False)

    threads = [threading.Thread(target=hand_on, args=(lead,)) for lead in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [False] * 5 + [True]
    (status,) = kept.leads.every()
    assert status.state == "exported"
    assert names(out) == {f"{status.lead_id}.json", f"{status.lead_id}.html"}


@pytest.mark.parametrize("places", [1, 4], ids=["into one folder", "into four"])
def test_one_lead_by_four_at_once_is_one_export(kept: World, tmp_path: Path, places: int) -> None:
    lead, together = kept.lead(), threading.Barrier(4)
    done: list[bool] = []
    folders = [tmp_path / f"out-{number % places}" for number in range(4)]

    def hand_on(folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        together.wait()
        done.append(kept.leads.export(lead, folder).is_new)

    threads = [threading.Thread(target=hand_on, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False] * 3 + [True]
    assert sorted(len(names(folder)) for folder in set(folders)) == [*[0] * (places - 1), 2]
    assert events(kept.leads, lead) == ["made", "exported"]


# --- what comes back


def test_receipt_and_answer(kept: World, out: Path) -> None:
    lead = kept.lead()
    kept.leads.export(lead, out)
    kept.clock.advance(days=1)
    kept.leads.receipt(lead.lead_id, "苏公(网)受字〔2026〕9号", "risk-7")
    same = kept.leads.receipt(lead.lead_id, "苏公(网)受字〔2026〕9号", "risk-8")
    assert (same.state, same.receipt, len(same.custody)) == ("received", "苏公(网)受字〔2026〕9号", 3)
    with pytest.raises(LeadError, match="another receipt"):
        kept.leads.receipt(lead.lead_id, "受-10", "risk-7")
    kept.leads.feedback(lead.lead_id, "no_answer", "risk-7")
    answered = kept.leads.feedback(lead.lead_id, "confirmed", "risk-7", reference="函-1")
    again = kept.leads.feedback(lead.lead_id, "confirmed", "risk-7", reference="函-1")
    assert again == answered
    assert (again.state, again.answer) == ("answered", "confirmed")
    assert [one.what for one in again.custody] == ["made", "exported", "received", "answered", "answered"]
    first = again.custody[0]
    assert first.previous_sha256 == lead.package_sha256
    assert [one.previous_sha256 for one in again.custody[1:]] == [one.sha256 for one in again.custody[:-1]]


def fraud(world: World, application_id: str = "test-22") -> bool:
    key = world.screener._history.keyring.msisdn(world.applied(int(application_id[5:])).sim.msisdn)
    with world.screener._history.read() as reader:
        return application_id in reader.frauds(key, world.clock.now)


def test_an_answer_counts_where_the_caller_says_so(kept: World, out: Path) -> None:
    lead = kept.lead()
    kept.leads.export(lead, out)
    kept.clock.advance(minutes=1)
    kept.leads.feedback(lead.lead_id, "confirmed", "risk-7", reference="函-1")
    assert not fraud(kept)
    kept.leads.feedback(lead.lead_id, "confirmed", "risk-7", reference="函-1", report=True)
    assert fraud(kept)
    kept.clock.advance(minutes=1)
    kept.leads.feedback(lead.lead_id, "not_confirmed", "risk-7", report=True)
    assert not fraud(kept)


def test_an_answer_about_a_ring_counts_for_the_applications_that_are_named(kept: World, out: Path) -> None:
    lead = kept.leads.about_ring(rings().rings[0], order())
    kept.leads.export(lead, out)
    with pytest.raises(InputError, match="name the applications"):
        kept.leads.feedback(lead.lead_id, "confirmed", "risk-7", report=True)
    with pytest.raises(SettlementError):
        kept.leads.feedback(
            lead.lead_id, "confirmed", "risk-7", report=True, application_ids=["test-21", "unheard-of"]
        )
    assert not fraud(kept, "test-21"), "all or none"
    assert kept.leads.status(lead.lead_id).answer is None
    kept.leads.feedback(
        lead.lead_id, "confirmed", "risk-7", report=True, application_ids=["test-21", "test-22"]
    )
    assert (fraud(kept, "test-21"), fraud(kept, "test-22"), fraud(kept, "test-23")) == (True, True, False)


@pytest.mark.parametrize("why", REVOKED)
def test_a_lead_is_revoked_and_a_notice_says_so(world: World, out: Path, why: Any) -> None:
    lead = world.lead()
    world.leads.export(lead, out)
    world.leads.receipt(lead.lead_id, "受-9", "risk-7")
    status = world.leads.revoke(lead.lead_id, why, "risk-8")
    assert world.leads.revoke(lead.lead_id, why, "risk-9") == status
    notice = world.leads.revocation(lead.lead_id, "反诈专班")
    assert (notice.package_sha256, notice.receipt, notice.revoked_by) == (
        lead.package_sha256,
        "受-9",
        "risk-8",
    )
    file, page = world.leads.write_revocation(notice, out)
    assert world.leads.write_revocation(notice, out) == (file, page)
    assert verify(file).faults == ()
    assert lead.lead_id in page.read_text("utf-8")
    assert world.leads.against_record(verify(out / f"{lead.lead_id}.json")) == (
        "the lead was revoked and must not be used",
    )
    for forbidden in (
        lambda: world.leads.feedback(lead.lead_id, "confirmed", "risk-7", report=True),
        lambda: world.leads.export(lead, out),
        lambda: world.leads.export(world.lead(supersedes=lead.lead_id), out),
    ):
        with pytest.raises(LeadError, match="revoked"):
            forbidden()
    assert world.leads.export(world.lead(), out).is_new


WRONG: list[tuple[str, Callable[[Leads], object], type[Exception]]] = [
    ("a receipt of nothing", lambda leads: leads.receipt("lead-x", "1", "risk-7"), LeadError),
    ("a name for staff", lambda leads: leads.receipt("lead-a", "1", "张三"), InputError),
    (
        "a phone number for a receipt",
        lambda leads: leads.receipt("lead-a", "13800138000", "risk-7"),
        InputError,
    ),
    ("a lone surrogate", lambda leads: leads.receipt("lead-a", "\ud800", "risk-7"), InputError),
    ("a lone surrogate for a lead", lambda leads: leads.receipt("\ud800", "1", "risk-7"), InputError),
    ("no text", lambda leads: leads.receipt("lead-a", None, "risk-7"), InputError),  # type: ignore[arg-type]
    ("another answer", lambda leads: leads.feedback("lead-a", "maybe", "risk-7"), InputError),  # type: ignore[arg-type]
    (
        "no answer that counts",
        lambda leads: leads.feedback("lead-a", "no_answer", "risk-7", report=True),
        InputError,
    ),
    (
        "applications that do not count",
        lambda leads: leads.feedback("lead-a", "confirmed", "risk-7", application_ids=["test-1"]),
        InputError,
    ),
    (
        "applications of a number",
        lambda leads: leads.feedback("lead-a", "confirmed", "r", report=True, application_ids=["test-1"]),
        InputError,
    ),
    ("another reason", lambda leads: leads.revoke("lead-a", "bored", "risk-7"), InputError),  # type: ignore[arg-type]
    ("a notice of nothing", lambda leads: leads.revocation("lead-a", "desk"), LeadError),
    ("the status of nothing", lambda leads: leads.status("lead-x"), LeadError),
]


@pytest.mark.parametrize(("why", "call", "error"), WRONG, ids=[row[0] for row in WRONG])
def test_what_is_wrong_changes_nothing(
    world: World, out: Path, why: str, call: Callable[[Leads], object], error: type[Exception]
) -> None:
    world.leads.export(world.lead(lead_id="lead-a"), out)
    before = world.leads.every()
    with pytest.raises(error) as raised:
        call(world.leads)
    assert world.leads.every() == before
    assert "13800138000" not in str(raised.value)


# --- what goes wrong on the way


def test_a_folder_that_is_not_there(world: World, tmp_path: Path, out: Path) -> None:
    lead = world.lead()
    with pytest.raises(LeadError, match="cannot be written"):
        world.leads.export(lead, tmp_path / "nowhere")
    assert (world.leads.status(lead.lead_id).state, events(world.leads, lead)) == (
        "failed",
        ["made", "failed"],
    )
    assert world.leads.export(lead, out).is_new, "nobody had it, so the same package may be tried again"
    assert events(world.leads, lead) == ["made", "failed", "retried", "exported"]


def test_after_a_failure_another_lead_may_be_first(world: World, tmp_path: Path, out: Path) -> None:
    lead = world.lead()
    with pytest.raises(LeadError):
        world.leads.export(lead, tmp_path / "nowhere")
    world.leads.export(world.lead(), out)
    with pytest.raises(LeadError, match="in force by now"):
        world.leads.export(lead, out)


def test_a_full_disk(world: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lead = world.lead()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(LeadError, match="no space is left"):
            world.leads.export(lead, out)
    assert (names(out), world.leads.status(lead.lead_id).state) == (set(), "failed")


def test_a_folder_for_reading(world: World, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def sealed(self: Path, target: Path) -> None:
        raise PermissionError(errno.EROFS, "read-only")

    monkeypatch.setattr(Path, "hardlink_to", sealed)
    lead = world.lead()
    with pytest.raises(LeadError, match="who may write it"):
        world.leads.export(lead, out)
    assert (names(out), world.leads.status(lead.lead_id).state) == (set(), "failed")


def test_a_memory_stick_that_knows_no_second_names(
    world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(self: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", unknown)
    lead = world.lead(lead_id="lead-a")
    (out / "lead-a.json").write_text("somebody's", encoding="utf-8")
    with pytest.raises(LeadError, match="is there and is another"):
        world.leads.export(lead, out)
    (out / "lead-a.json").unlink()
    assert world.leads.export(lead, out).is_new
    assert names(out) == {"lead-a.json", "lead-a.html"}
    assert verify(out / "lead-a.json").faults == ()
    assert all(file.stat().st_mode & 0o077 == 0 for file in out.iterdir()), "for its owner alone"


def test_files_that_cannot_be_taken_back_are_said_to_be_there(
    world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, write = world.lead(), files.write_new

    def slowly(path: Path, data: bytes) -> bool:
        written = write(path, data)
        if path.suffix == ".json":
            world.leads.revoke(lead.lead_id, "mistake", "risk-8")
            monkeypatch.setattr(Path, "unlink", stuck)
        return written

    def stuck(self: Path, missing_ok: bool = False) -> None:  # as Path has it
        raise PermissionError(errno.EACCES, "no")

    monkeypatch.setattr(ledger, "write_new", slowly)
    with pytest.raises(LeadError, match="could not be deleted"):
        world.leads.export(lead, out)
    assert world.leads.status(lead.lead_id).state == "revoked"


@pytest.mark.parametrize("kind", ["html", "json"])
def test_a_file_that_is_there_is_not_replaced(world: World, out: Path, kind: str) -> None:
    lead = world.lead()
    other = out / f"{lead.lead_id}.{kind}"
    other.write_text("somebody's", encoding="utf-8")
    with pytest.raises(LeadError, match="is there and is another"):
        world.leads.export(lead, out)
    assert (names(out), other.read_text("utf-8")) == ({other.name}, "somebody's")
    assert world.leads.status(lead.lead_id).state == "failed"


def test_revoked_while_its_files_were_written(
    world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead, write = world.lead(), files.write_new

    def slowly(path: Path, data: bytes) -> bool:
        if path.suffix == ".json":
            world.leads.revoke(lead.lead_id, "mistake", "risk-8")
        return write(path, data)

    monkeypatch.setattr(ledger, "write_new", slowly)
    with pytest.raises(LeadError, match="revoked"):
        world.leads.export(lead, out)
    assert (names(out), world.leads.status(lead.lead_id).state) == (set(), "revoked")


def test_a_history_that_goes_away_knows_that_files_may_have_left(
    world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = world.lead()

    def gone(self: Leads, *_: object) -> bool:
        raise HistoryError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(Leads, "_finish", gone)
        with pytest.raises(HistoryError):
            world.leads.export(lead, out)
    assert world.leads.status(lead.lead_id).state == "pending"
    assert "not finished" in " ".join(world.leads.against_record(verify(out / f"{lead.lead_id}.json")))
    with pytest.raises(LeadError, match="in force"):
        world.leads.export(world.lead(), out)
    assert world.leads.export(lead, out).status.state == "exported"


def test_what_took_effect_before_the_connection_was_lost_is_done_again_without_harm(
    world: World, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = world.screener._history

    def twice(work: Callable[[], Any]) -> Any:
        work()
        return work()

    monkeypatch.setattr(history, "retrying", twice)
    lead = world.lead()
    assert world.leads.export(lead, out).is_new
    world.leads.receipt(lead.lead_id, "受-9", "risk-7")
    world.leads.feedback(lead.lead_id, "confirmed", "risk-7", report=True)
    world.leads.revoke(lead.lead_id, "mistake", "risk-7")
    assert events(world.leads, lead) == ["made", "exported", "received", "answered", "revoked"]
    assert len(names(out)) == 2


POINTS = ("recorded", "page", "package", "drafted", "marked")


@pytest.mark.parametrize("point", POINTS)
def test_killed_on_the_way(open_world: Open, tmp_path: Path, out: Path, point: str) -> None:
    url = f"sqlite:///{tmp_path}/kyc.db"
    world = open_world(url)
    lead = world.lead()
    package = tmp_path / "package.json"
    package.write_bytes(lead.to_file())
    script = Path(__file__).with_name("killed.py")
    done = subprocess.run(
        [sys.executable, str(script), url, str(package), str(out), point, world.clock.now.isoformat()],
        check=False,
        timeout=60,
        env=os.environ | {"SIMKYC_SECRET": SECRET},
    )
    assert done.returncode == 9
    status = world.leads.status(lead.lead_id)
    assert status.state == ("exported" if point == "marked" else "pending")
    whole = {name for name in names(out) if not name.startswith(".")}
    assert whole == {
        name for name in (f"{lead.lead_id}.html", f"{lead.lead_id}.json") if point in {"package", "marked"} or
        (point == "page" and name.endswith(".html"))
    }  # fmt: skip
    finished = world.leads.export(lead, out)
    assert finished.status.state == "exported"
    assert [one.what for one in finished.status.custody] == ["made", "exported"]
    assert verify(out / f"{lead.lead_id}.json").faults == ()
    assert world.leads.against_record(verify(out / f"{lead.lead_id}.json")) == ()


# --- a secret that is replaced


def test_a_new_secret_knows_its_leads(open_world: Open, tmp_path: Path, out: Path) -> None:
    url = f"sqlite:///{tmp_path}/kyc.db"
    world = open_world(url)
    lead = world.lead()
    world.leads.export(lead, out)
    with Screener.open(
        url, clock=world.clock, secret="another secret for tests", former_secrets=[SECRET]
    ) as screener:
        second = screener.leads.about_number(world.number, order())
        assert second.subject_key != lead.subject_key
        with pytest.raises(LeadError, match="in force"):
            screener.leads.export(second, out)
        with pytest.raises(InputError, match="another secret"):
            screener.leads.export(lead.changed(lead_id=lead.lead_id), out)
        screener.leads.feedback(lead.lead_id, "confirmed", "risk-7", report=True)
        assert screener.leads.against_record(verify(out / f"{lead.lead_id}.json")) == ()


def test_after_an_erasure_an_answer_cannot_count(world: World, out: Path) -> None:
    lead = world.lead()
    world.leads.export(lead, out)
    world.screener.close_number("test-22")
    world.clock.advance(days=400)
    assert world.screener.erase_person(world.applied(22).document) > 0
    with pytest.raises(SettlementError, match="erased"):
        world.leads.feedback(lead.lead_id, "confirmed", "risk-7", report=True)
    assert world.leads.feedback(lead.lead_id, "confirmed", "risk-7").state == "answered"
    assert world.leads.against_record(verify(out / f"{lead.lead_id}.json")) == ()


def test_a_clock_without_a_zone(world: World) -> None:
    leads = Leads(world.screener._history, lambda number, at: world.screener.check_line(number), Clock())
    leads._clock = lambda: world.clock.now.replace(tzinfo=None)
    with pytest.raises(InputError, match="zone"):
        leads.about_number(world.number, order())
