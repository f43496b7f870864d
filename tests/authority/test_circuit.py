from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from simkyc.authority.circuit import Circuit
from simkyc.authority.match import NoAnswerError

NAME = "阿卜杜拉·买买提"


def failing(cause: str = "server_error") -> str:
    person = NAME  # what a frame of the caller holds
    raise NoAnswerError(cause) from ValueError(person)


def said(circuit: Circuit, *, works: bool) -> str:
    try:
        return circuit.call((lambda: "answer") if works else failing)
    except NoAnswerError as error:
        return error.cause


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    moment = [0.0]
    monkeypatch.setattr("circuitbreaker.monotonic", lambda: moment[0])
    return moment


def test_only_one_tries_whether_it_works_again(now: list[float]) -> None:
    circuit = Circuit(1, 30)
    said(circuit, works=False)
    now[0] = 30.0
    assert circuit.call(lambda: said(circuit, works=True)) == "circuit_open"
    assert circuit.call(lambda: said(circuit, works=True)) == "answer"


def test_who_breaks_off_does_not_keep_the_others_waiting(now: list[float]) -> None:
    circuit = Circuit(1, 30)
    said(circuit, works=False)
    now[0] = 30.0
    with pytest.raises(KeyboardInterrupt):
        circuit.call(lambda: (_ for _ in ()).throw(KeyboardInterrupt))
    assert said(circuit, works=True) == "answer"


@pytest.mark.parametrize("open_for_s", [0.5, 29.5])
def test_it_stays_open_for_as_long_as_said(open_for_s: float, now: list[float]) -> None:
    circuit = Circuit(1, open_for_s)
    said(circuit, works=False)
    now[0] = open_for_s - 0.01
    assert said(circuit, works=True) == "circuit_open"
    now[0] = open_for_s
    assert said(circuit, works=True) == "answer"


def test_eight_threads_that_fail_at_once_are_all_counted() -> None:
    circuit = Circuit(8, 30)
    together = Barrier(8, timeout=60)

    def fail() -> str:
        together.wait()
        return failing()

    def ask(_: int) -> str:
        try:
            return circuit.call(fail)
        except NoAnswerError as error:
            return error.cause

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(ask, range(8))) == ["server_error"] * 8
    assert said(circuit, works=True) == "circuit_open"


def test_what_it_keeps_of_a_failure_leads_to_nobody() -> None:
    circuit = Circuit(1, 30)
    said(circuit, works=False)
    kept = circuit._breaker.last_failure
    held = []
    trace = kept.__traceback__
    while trace is not None:
        held.append(dict(trace.tb_frame.f_locals))
        trace = trace.tb_next
    assert held, "it keeps no failure at all"
    assert NAME not in repr(held) + repr(kept.__cause__)
