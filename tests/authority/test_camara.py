from __future__ import annotations

import builtins
import json
import logging
import socket
import ssl
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest

from simkyc.authority import AuthorityAnswer, AuthorityQuery
from simkyc.authority.camara import CamaraKycMatch
from simkyc.errors import InputError, SimkycError
from simkyc.testing import NOW
from simkyc.testing.contracts import AUTHORITY_CHECKS
from tests.authority.service import (
    MATCHES,
    Handler,
    Reply,
    Service,
    babble,
    continuing,
    cut_off,
    dripping_body,
    dripping_head,
    endless,
    error,
    hung_up,
    raw,
    running,
    said,
    silent,
    twice,
)

# Made up; the check digit is right.
QUERY = AuthorityQuery("resident_id", "11010519491231002X", "张三", date(1949, 12, 31), "female")
TOKEN = "sesame-2f9c"
ALL = dict.fromkeys(("number", "name", "birth_date", "sex"), "match")


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the client would have waited between attempts; it does not."""
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=waited.append))
    return waited


@contextmanager
def asking(*replies: Reply, **options: Any) -> Iterator[tuple[CamaraKycMatch, Service]]:
    usual: dict[str, Any] = {"token": TOKEN, "allow_http": True, "clock": lambda: NOW, "timeout_s": 60.0}
    with running(Service(*replies)) as service, CamaraKycMatch(service.url, **usual | options) as authority:
        yield authority, service


@dataclass(frozen=True)
class Row:
    why: str
    replies: tuple[Reply, ...]
    outcome: str
    cause: str | None = None
    fields: Mapping[str, str] | None = None
    requests: int = 1
    timeout_s: float = 60.0

    def __str__(self) -> str:
        return self.why


def unavailable(why: str, cause: str, *replies: Reply, requests: int = 1, timeout_s: float = 60.0) -> Row:
    return Row(why, replies, "unavailable", cause, requests=requests, timeout_s=timeout_s)


SHORT_S = 0.2
JSON = json.dumps(MATCHES).encode()
ROWS = [
    Row("everything matches", (said(),), "match", fields=ALL),
    Row(
        "one field differs",
        (said({"nameMatch": "false", "nameMatchScore": 67}),),
        "mismatch",
        fields=ALL | {"name": "mismatch"},
    ),
    Row(
        "a score of 100 is still no match",
        (said({"nameMatch": "false", "nameMatchScore": 100}),),
        "mismatch",
        fields=ALL | {"name": "mismatch"},
    ),
    Row(
        "a differing field that is not needed for a match",
        (said({"genderMatch": "false"}),),
        "mismatch",
        fields=ALL | {"sex": "mismatch"},
    ),
    Row(
        "birth date and sex are not compared",
        (said({"birthdateMatch": "not_available", "genderMatch": "not_available"}),),
        "match",
        fields=ALL | {"birth_date": "not_available", "sex": "not_available"},
    ),
    Row(
        "what is left out was not compared",
        (said({"birthdateMatch": None}),),
        "match",
        fields=ALL | {"birth_date": "not_available"},
    ),
    Row(
        "what nobody asked about is not heard",
        (said({"emailMatch": "false", "weather": [1, {}]}),),
        "match",
        fields=ALL,
    ),
    Row("a score that is null is none", (said({"nameMatchScore": None}),), "match", fields=ALL),
    Row(
        "a name that was not compared makes no match",
        (said({"nameMatch": "not_available"}),),
        "unavailable",
        "not_available",
        ALL | {"name": "not_available"},
    ),
    Row(
        "nor does a number",
        (said({"idDocumentMatch": None}),),
        "unavailable",
        "not_available",
        ALL | {"number": "not_available"},
    ),
    Row(
        "a mismatch stands beside what was not compared",
        (said({"idDocumentMatch": "not_available", "nameMatch": "false"}),),
        "mismatch",
        fields=ALL | {"number": "not_available", "name": "mismatch"},
    ),
    Row("nobody by this number", (error(404, "IDENTIFIER_NOT_FOUND"),), "no_record", fields={}),
    unavailable("a wrong path is no missing record", "refused", error(404, "NOT_FOUND")),
    unavailable("a 404 of something else", "refused", raw(404, b"<h1>nginx</h1>", kind="text/html")),
    unavailable("a 404 that says 200", "refused", raw(404, b'{"status":200,"code":"IDENTIFIER_NOT_FOUND"}')),
    unavailable("somebody else's 404", "other_person", error(404, "IDENTIFIER_NOT_FOUND", "another")),
    unavailable("a bad request", "refused", error(400, "INVALID_ARGUMENT")),
    unavailable("an expired token", "refused", error(401, "UNAUTHENTICATED")),
    unavailable("not allowed", "refused", error(403, "PERMISSION_DENIED")),
    unavailable("it wants a telephone number", "refused", error(422, "MISSING_IDENTIFIER")),
    unavailable("an error that carries matches", "refused", raw(400, JSON)),
    # --- it is down
    unavailable("it fails", "server_error", error(500)),
    unavailable("an error page that carries matches", "server_error", raw(500, JSON)),
    Row("it is back after a 503", (error(503), said()), "match", fields=ALL, requests=2),
    Row("a bad gateway, then a slow one", (error(502), error(504), said()), "match", requests=3),
    unavailable("it stays down", "server_error", error(503), requests=3),
    Row("it was asked too often", (error(429, retry_after="2"), said()), "match", requests=2),
    unavailable("it is always asked too often", "rate_limited", error(429), requests=3),
    Row("it hung up once", (hung_up, said()), "match", requests=2),
    Row("it was cut off once", (cut_off, said()), "match", requests=2),
    unavailable("it always hangs up", "bad_answer", hung_up, requests=3),
    unavailable("it is always cut off", "bad_answer", cut_off, requests=3),
    # --- it is slow
    unavailable("it says nothing", "timeout", silent, timeout_s=SHORT_S),
    unavailable("its headers never end", "timeout", dripping_head, timeout_s=SHORT_S),
    unavailable("its body never ends", "timeout", dripping_body, timeout_s=SHORT_S),
    unavailable("it goes on saying continue", "timeout", continuing, timeout_s=SHORT_S),
    # --- it talks nonsense
    unavailable("no HTTP at all", "bad_answer", babble, requests=3),
    unavailable("no JSON", "bad_answer", raw(200, b"{'idDocumentMatch'")),
    unavailable("nothing", "bad_answer", raw(200, b"")),
    unavailable("no content", "bad_answer", raw(204, b"")),
    unavailable("a list", "bad_answer", raw(200, b"[" + JSON + b"]")),
    unavailable("JSON as deep as it is long", "bad_answer", raw(200, b"[" * 60_000)),
    unavailable("a number as long as the body", "bad_answer", raw(200, b'{"a":' + b"9" * 60_000 + b"}")),
    unavailable("no UTF-8", "bad_answer", raw(200, '{"name":"张三"}'.encode("gbk"))),
    unavailable("UTF-16", "bad_answer", raw(200, json.dumps(MATCHES).encode("utf-16"))),
    unavailable(
        "a key given twice", "bad_answer", raw(200, b'{"nameMatch":"false",' + JSON.removeprefix(b"{"))
    ),
    unavailable("a web page", "bad_answer", raw(200, b"<html>Log in to the WLAN</html>", kind="text/html")),
    unavailable("JSON that says it is a web page", "bad_answer", raw(200, JSON, kind="text/html")),
    unavailable(
        "compressed, although we asked not to", "bad_answer", raw(200, JSON, content_encoding="gzip")
    ),
    unavailable("larger than any answer", "bad_answer", raw(200, JSON + b" " * 65_536)),
    unavailable("a body without end", "bad_answer", endless),
    unavailable("moved elsewhere", "bad_answer", raw(302, JSON, location="/kyc-match/v0.3/match")),
    unavailable("moved for ever", "bad_answer", raw(308, JSON, location="/kyc-match/v0.3/match")),
    unavailable("true as a boolean is not the API", "bad_answer", said({"nameMatch": True})),
    unavailable("True as Python writes it", "bad_answer", said({"nameMatch": "True"})),
    unavailable("a word nobody knows", "bad_answer", said({"nameMatch": "probably"})),
    unavailable("a list of words", "bad_answer", said({"nameMatch": ["true"]})),
    unavailable("a score beside true", "bad_answer", said({"nameMatchScore": 40})),
    unavailable("a score above 100", "bad_answer", said({"nameMatch": "false", "nameMatchScore": 101})),
    unavailable("a score as a word", "bad_answer", said({"nameMatch": "false", "nameMatchScore": "40"})),
    unavailable("a score that is true", "bad_answer", said({"nameMatch": "false", "nameMatchScore": True})),
    # --- it is somebody else's answer
    unavailable("another request's answer", "other_person", said(correlator="another")),
    unavailable("another's mismatch", "other_person", said({"nameMatch": "false"}, correlator="another")),
    unavailable("whose answer it is, it does not say", "bad_answer", said(correlator=None)),
    unavailable("it repeats another number", "other_person", said({"idDocument": "110105194912310038"})),
    Row("it repeats what was asked", (said({"idDocument": QUERY.number}),), "match", fields=ALL),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    with asking(*row.replies, timeout_s=row.timeout_s) as (authority, service):
        answer = authority.verify(QUERY)
        assert (answer.outcome, answer.cause) == (row.outcome, row.cause)
        assert row.fields is None or answer.fields == row.fields
        assert answer.answered_at == NOW
        assert len(service.requests) == row.requests
        assert answer.reference == service.requests[-1].headers["x-correlator"]


@pytest.mark.parametrize("check", AUTHORITY_CHECKS, ids=lambda check: str(check.__name__))
@pytest.mark.parametrize("reply", [said(), error(404, "IDENTIFIER_NOT_FOUND"), error(500)])
def test_keeps_the_contract(check: Any, reply: Reply) -> None:
    with asking(reply) as (authority, _):
        check(authority)


# --- what is sent


def test_what_is_sent() -> None:
    with asking(said()) as (authority, service):
        authority.verify(QUERY)
    (request,) = service.requests
    assert request.path == "/kyc-match/v0.3/match"
    assert request.asked == {
        "idDocument": QUERY.number,
        "name": QUERY.name,
        "birthdate": "1949-12-31",
        "gender": "FEMALE",
    }
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept-encoding"] == "identity"


def test_what_the_document_does_not_say_is_not_asked() -> None:
    with asking(said()) as (authority, service):
        answer = authority.verify(AuthorityQuery("passport", "E00000000", "ZHANG SAN"))
    assert service.requests[0].asked == {"idDocument": "E00000000", "name": "ZHANG SAN"}
    assert answer.fields == {"number": "match", "name": "match"}


def test_half_a_surrogate_pair_can_be_asked_about() -> None:
    with asking(said()) as (authority, service):
        assert authority.verify(replace(QUERY, name="\ud842")).outcome == "match"
    assert service.requests[0].asked["name"] == "\ud842"


def test_every_question_has_its_own_correlator_and_every_attempt_the_same() -> None:
    with asking(error(503), said()) as (authority, service):
        authority.verify(QUERY)
        authority.verify(QUERY)
    first, again, second = (request.headers["x-correlator"] for request in service.requests)
    assert first == again != second


def test_the_path_is_below_the_base_url() -> None:
    with running(Service(said())) as service:
        url = service.url + "/operator/"
        with CamaraKycMatch(url, allow_http=True, path="/kyc-match/v1/match") as authority:
            authority.verify(QUERY)
    assert service.requests[0].path == "/operator/kyc-match/v1/match"
    assert "authorization" not in service.requests[0].headers


def test_no_cookie_goes_from_one_person_to_the_next() -> None:
    with asking(raw(200, JSON, set_cookie="person=1; Path=/")) as (authority, service):
        authority.verify(QUERY)
        authority.verify(QUERY)
    assert [request.headers.get("cookie") for request in service.requests] == [None, None]


def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with asking(said()) as (authority, _):
        assert authority.verify(QUERY).outcome == "match"


def test_a_token_is_fetched_anew_for_every_question() -> None:
    tokens = iter(["first", "second"])
    with asking(said(), token=lambda: next(tokens)) as (authority, service):
        authority.verify(QUERY)
        authority.verify(QUERY)
        assert authority.verify(QUERY).cause == "no_token"
    sent = [request.headers["authorization"] for request in service.requests]
    assert sent == ["Bearer first", "Bearer second"]


@pytest.mark.parametrize("token", ["two words", "new\nline", "", "口令", 7], ids=ascii)
def test_what_is_no_token_is_not_sent(token: Any) -> None:
    with asking(said(), token=lambda: token) as (authority, service):
        answer = authority.verify(QUERY)
    assert (answer.outcome, answer.cause, answer.reference) == ("unavailable", "no_token", None)
    assert service.requests == []


# --- retries and the deadline


def test_it_waits_as_long_as_the_service_asks(waits: list[float]) -> None:
    with asking(error(429, retry_after="2"), error(503, retry_after="0"), said()) as (authority, _):
        assert authority.verify(QUERY).outcome == "match"
    assert waits == [2.0, 0.0]


def test_the_service_may_ask_by_a_date(waits: list[float]) -> None:
    date_in_3_s = format_datetime(NOW + timedelta(seconds=3))
    with asking(error(429, retry_after=date_in_3_s), said()) as (authority, _):
        assert authority.verify(QUERY).outcome == "match"
    assert waits == [3.0]


@pytest.mark.parametrize("asked", ["soon", "-1", "1e3", "9" * 5000, "Mon, 99 Jan 2026 00:00:00 GMT", ""])
def test_a_wait_that_is_none_is_ours(asked: str, waits: list[float]) -> None:
    with asking(error(429, retry_after=asked), said()) as (authority, _):
        assert authority.verify(QUERY).outcome == "match"
    (waited,) = waits
    assert 0.02 * 60 <= waited <= 0.1 * 60


@pytest.mark.parametrize("asked", ["61", "999999999"])
def test_it_does_not_wait_beyond_the_deadline(asked: str, waits: list[float]) -> None:
    with asking(error(429, retry_after=asked), said()) as (authority, service):
        assert authority.verify(QUERY).cause == "rate_limited"
    assert (waits, len(service.requests)) == ([], 1)


def test_as_many_attempts_as_allowed() -> None:
    with asking(error(503), attempts=1) as (authority, service):
        assert authority.verify(QUERY).cause == "server_error"
    assert len(service.requests) == 1


def test_a_connection_that_the_service_closed_meanwhile() -> None:
    def last_word(handler: Handler) -> None:
        said()(handler)
        handler.close_connection = True

    with asking(last_word) as (authority, _):
        assert [authority.verify(QUERY).outcome for _ in range(3)] == ["match"] * 3


def test_an_answer_that_came_too_early_is_nobodys() -> None:
    with asking(twice, said({"nameMatch": "false"})) as (authority, _):
        assert authority.verify(QUERY).outcome == "match"
        assert authority.verify(QUERY).outcome != "match"


def test_connection_refused() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets the port
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with CamaraKycMatch(url, allow_http=True) as authority:
            answer = authority.verify(QUERY)
    assert (answer.outcome, answer.cause) == ("unavailable", "unreachable")


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that any host has; none for a host that is unknown."""
    addresses: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *arguments: Any, **options: Any) -> list[tuple[Any, ...]]:
        if host[0].isdigit():
            return real(host, port, *arguments, **options)
        if not addresses:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr("simkyc.authority.deadline.socket.getaddrinfo", look_up)
    return addresses


def test_a_host_without_an_address(names: list[str]) -> None:
    with CamaraKycMatch("https://authority.example") as authority:
        assert authority.verify(QUERY).cause == "unreachable"


def test_closed() -> None:
    with asking(said()) as (authority, service):
        authority.close()
        answer = authority.verify(QUERY)
    assert (answer.outcome, answer.cause, service.requests) == ("unavailable", "closed", [])


# --- the circuit


def test_the_circuit_opens_and_closes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("circuitbreaker.monotonic", lambda: now[0])
    replies = [error(500), error(500), error(500), said()]
    with asking(*replies, open_after=2, open_for_s=30.0) as (authority, service):

        def cause_of_asking() -> str | None:
            return authority.verify(QUERY).cause

        assert [cause_of_asking() for _ in range(3)] == ["server_error", "server_error", "circuit_open"]
        now[0] = 29.0
        assert authority.verify(QUERY) == AuthorityAnswer("unavailable", NOW, cause="circuit_open")
        now[0] = 30.0
        assert [cause_of_asking() for _ in range(2)] == ["server_error", "circuit_open"]
        now[0] = 60.0
        assert [cause_of_asking() for _ in range(2)] == [None, None]
    assert len(service.requests) == 5


@pytest.mark.parametrize(
    "reply", [said({"nameMatch": "false"}), error(404, "IDENTIFIER_NOT_FOUND"), error(400)]
)
def test_an_answer_we_do_not_like_opens_no_circuit(reply: Reply) -> None:
    with asking(reply, open_after=1) as (authority, _):
        assert "circuit_open" not in [authority.verify(QUERY).cause for _ in range(3)]


@pytest.mark.parametrize("reply", [said(correlator="another"), raw(200, b"{"), error(429), hung_up])
def test_an_answer_we_cannot_rely_on_opens_it(reply: Reply) -> None:
    with asking(reply, open_after=1) as (authority, _):
        authority.verify(QUERY)
        assert authority.verify(QUERY).cause == "circuit_open"


def test_only_failures_in_a_row_count() -> None:
    replies = [error(500), said(), error(500), said(), said()]
    with asking(*replies, open_after=2) as (authority, _):
        causes = [authority.verify(QUERY).cause for _ in replies]
    assert causes == ["server_error", None, "server_error", None, None]


# --- threads


def test_eight_threads_get_their_own_answers() -> None:
    def by_name(handler: Handler) -> None:
        said({"nameMatch": "false"} if int(handler.asked["name"]) % 2 else None)(handler)

    with asking(by_name) as (authority, _), ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda name: authority.verify(replace(QUERY, name=str(name))), range(80)))
    assert [answer.outcome for answer in answers] == ["match", "mismatch"] * 40
    assert len({answer.reference for answer in answers}) == 80


# --- TLS


def anonymous(side: int) -> ssl.SSLContext:
    """Encryption without a certificate, which both sides must want; there is none to keep in a repository."""
    context = ssl.SSLContext(side)
    if side == ssl.PROTOCOL_TLS_CLIENT:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aNULL:@SECLEVEL=0")
    return context


def test_https(names: list[str]) -> None:
    names += ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first
    service = Service(said())
    service.socket = anonymous(ssl.PROTOCOL_TLS_SERVER).wrap_socket(service.socket, server_side=True)
    url = f"https://authority.example:{service.server_port}"
    with running(service):
        with CamaraKycMatch(url, tls=anonymous(ssl.PROTOCOL_TLS_CLIENT)) as authority:
            assert [authority.verify(QUERY).outcome for _ in range(2)] == ["match", "match"]
        with CamaraKycMatch(url) as careful:
            assert careful.verify(QUERY).cause == "unreachable"
    assert len(service.requests) == 2


def test_a_server_that_speaks_no_tls(names: list[str]) -> None:
    names.append("127.0.0.1")
    with running(Service(said())) as service:
        url = f"https://authority.example:{service.server_port}"
        with CamaraKycMatch(url, token=TOKEN) as authority:
            assert authority.verify(QUERY).cause == "unreachable"
    assert service.requests == []


# --- nothing personal, no secret


def test_logs_hold_nothing_personal_and_no_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for replies in ([said()], [error(503), said()], [error(403)], [cut_off], [said(correlator="another")]):
        with asking(*replies) as (authority, _):
            authority.verify(QUERY)
    logged = "".join(repr(vars(record)) for record in caplog.records)
    assert "x-correlator" in logged, "the HTTP client was not heard"
    for secret in (QUERY.number, QUERY.name, "1949-12-31", TOKEN, repr(QUERY.name.encode())[2:-1]):
        assert secret not in logged


def test_a_missing_answer_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with asking(error(403)) as (authority, _):
        answer = authority.verify(QUERY)
    (record,) = [record for record in caplog.records if record.name == "simkyc"]
    extra = vars(record)
    assert (extra["cause"], extra["http_status"], extra["reference"]) == ("refused", 403, answer.reference)


def test_a_repr_holds_no_secret() -> None:
    with asking(said()) as (authority, _):
        assert TOKEN not in repr(authority) + repr(vars(authority))


# --- how it is made

BAD_OPTIONS: list[tuple[str, str, dict[str, Any]]] = [
    ("plain HTTP", "http://authority.example", {}),
    ("another scheme", "ftp://authority.example", {"allow_http": True}),
    ("no scheme", "authority.example", {}),
    ("no host", "https://", {}),
    ("a password in the URL", f"https://me:{TOKEN}@authority.example", {}),
    ("a query", "https://authority.example/?a=b", {}),
    ("a fragment", "https://authority.example", {"path": "/match#1"}),
    ("a path that makes another host", "https://authority.example", {"path": ".evil.example/"}),
    ("no URL", "https://authority.example:port", {}),
    ("a label that is too long", f"https://{'a' * 64}.example", {}),
    ("a token with a line end", "https://authority.example", {"token": f"{TOKEN}\n"}),
    ("an empty token", "https://authority.example", {"token": ""}),
    ("no time", "https://authority.example", {"timeout_s": 0}),
    ("all the time", "https://authority.example", {"timeout_s": float("inf")}),
    ("no number", "https://authority.example", {"timeout_s": float("nan")}),
    ("no attempt", "https://authority.example", {"attempts": 0}),
    ("a circuit that is always open", "https://authority.example", {"open_after": 0}),
    ("a circuit that never opens", "https://authority.example", {"open_for_s": 0}),
]


@pytest.mark.parametrize(("why", "url", "options"), BAD_OPTIONS, ids=[row[0] for row in BAD_OPTIONS])
def test_what_cannot_be_meant_is_refused(why: str, url: str, options: dict[str, Any]) -> None:
    with pytest.raises(InputError) as refused:
        CamaraKycMatch(url, **options)
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("package", ["httpx", "httpcore", "stamina", "circuitbreaker"])
def test_without_its_packages_it_says_what_to_install(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("simkyc.authority.circuit", "simkyc.authority.deadline"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    real = builtins.__import__

    def missing(name: str, *arguments: Any, **options: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == package:
            raise ModuleNotFoundError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(SimkycError, match=r"pip install './simkyc\[authority\]'"):
        CamaraKycMatch("https://authority.example")
