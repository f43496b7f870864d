"""The chain of custody: no order of events leads where it must not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import InputError, LeadError
from simkyc.history.protocol import LeadEvent, LeadState
from simkyc.leads.custody import chain_faults, next_event, shown_event, state_after
from simkyc.leads.lead import CustodyWhat

NOW = datetime(2026, 11, 2, 10, tzinfo=UTC)
PACKAGE = "a" * 64
STATES = get_args(LeadState)
EVENTS = get_args(CustodyWhat)


@given(st.lists(st.sampled_from(EVENTS), max_size=12))
def test_whatever_is_tried_the_states_are_those_of_a_lead(tried: list[str]) -> None:
    state: LeadState | None = None
    happened: list[str] = []
    for what in tried:
        try:
            state = state_after(state, what)
        except LeadError:
            continue
        happened.append(what)
    if happened:
        assert happened[0] == "made"
    for event, ends in (("revoked", "revoked"), ("superseded", "superseded")):
        if event in happened:
            assert state == ends, "nothing leads back"
    if "answered" in happened:
        assert "exported" in happened
    if "received" in happened:
        assert {"exported", "revoked", "superseded"} & set(happened), "files of a pending one may have left"
    assert happened.count("exported") <= 1
    assert (state == "answered") == ("answered" in happened and state not in {"revoked", "superseded"})


@pytest.mark.parametrize("state", STATES)
def test_why_an_event_does_not_fit_is_said(state: LeadState) -> None:
    with pytest.raises(LeadError, match="cannot be made: "):
        state_after(state, "made")


def chain(*happened: CustodyWhat) -> list[LeadEvent]:
    links: list[LeadEvent] = []
    for what in happened:
        links.append(next_event("lead-1", links, PACKAGE, what, NOW, "risk-7", note="收到"))
    return links


def raw(links: list[LeadEvent]) -> list[dict[str, object]]:
    return [json.loads(shown_event(one).to_json()) for one in links]


def test_a_chain_holds_and_breaks_wherever_it_is_touched() -> None:
    links = raw(chain("made", "exported", "received"))
    assert chain_faults("lead-1", PACKAGE, links) == ()
    assert chain_faults("lead-2", PACKAGE, links), "of another lead"
    assert chain_faults("lead-1", "b" * 64, links), "of another package"
    for number in range(3):
        assert chain_faults("lead-1", PACKAGE, links[:number] + links[number + 1 :]) or number == 2
        for field in links[number]:
            touched = [dict(one) for one in links]
            touched[number][field] = "x"
            assert chain_faults("lead-1", PACKAGE, touched)
    assert chain_faults("lead-1", PACKAGE, [links[0], links[2], links[1]])


def test_a_link_names_who_by_an_identifier() -> None:
    with pytest.raises(InputError):
        next_event("lead-1", (), PACKAGE, "made", NOW, "张三")
    with pytest.raises(InputError):
        next_event("lead-1", (), PACKAGE, "sold", NOW, "risk-7")  # type: ignore[arg-type]  # wrong on purpose
