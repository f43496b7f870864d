"""An authority that speaks the CAMARA KYC Match API over HTTP.

Source: https://github.com/camaraproject/KnowYourCustomerMatch, version 0.3. A person is identified by the document's
number; no telephone number is sent, because the applicant has none yet. The API's scores are fuzzy and decide nothing.

Needs simkyc's extra `authority`, which is loaded when a `CamaraKycMatch` is made.
"""

from __future__ import annotations

import logging
import math
import re
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from simkyc.authority.match import (
    MAX_BYTES,
    NoAnswerError,
    asked_of,
    body_of,
    check_content,
    check_sender,
    check_status,
    fields_of,
    has_no_record,
)
from simkyc.authority.protocol import AuthorityAnswer, AuthorityQuery, FieldAnswer
from simkyc.errors import InputError, SimkycError

if TYPE_CHECKING:
    import httpx

__all__ = ["CamaraKycMatch"]

_NEEDED: Final = ("number", "name")
"""Fields without which nothing is a match: birth date and sex belong to too many people."""

_NEVER_SENT: Final = frozenset({"circuit_open", "closed", "no_token"})
_FIRST_WAIT, _LONGEST_WAIT, _JITTER = 0.02, 0.1, 0.04
"""Waits before asking again, as shares of the deadline: 0.1 s, 0.5 s and 0.2 s of 5 s."""

_log = logging.getLogger("simkyc")


def _now() -> datetime:
    return datetime.now(UTC)


class CamaraKycMatch:
    """A client of one service. Keep one for all threads and `close` it, or use it as a context manager.

    A match only reads, so it is asked again where that may help: when no connection was made or it broke, and after
    429, 502, 503 and 504. All of it, waiting included, is over by one deadline.
    """

    def __init__(
        self,
        base_url: str,
        *,
        token: str | Callable[[], str] | None = None,
        timeout_s: float = 5.0,
        attempts: int = 3,
        open_after: int = 5,
        open_for_s: float = 30.0,
        path: str = "/kyc-match/v0.3/match",
        tls: ssl.SSLContext | None = None,
        allow_http: bool = False,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Connect to nothing yet.

        Args:
            base_url: Where the service is: `https`, without a user, a query or a fragment.
            token: The access token, or a function that gives a fresh one; None where `tls` says who asks.
            timeout_s: Seconds after which there is no answer, whatever was tried. What the system takes to look up
                the host's address comes on top.
            attempts: How often to ask at most, the first time included.
            open_after: Failures in a row after which the circuit opens.
            open_for_s: Seconds for which it then stays open.
            path: Where the operation is below `base_url`.
            tls: Certificates to trust and to show; None to trust what the system trusts.
            allow_http: Take an `http` URL too. For tests on one's own machine: whoever is between reads along.
            clock: Tells the time, with a zone. For tests.

        Raises:
            InputError: A value that cannot be meant. The token is never repeated.
            SimkycError: The packages it needs are not installed.
        """
        try:
            import httpx
            import stamina

            from simkyc.authority.circuit import Circuit
            from simkyc.authority.deadline import DeadlineTransport
        except ImportError:
            raise SimkycError(
                "an authority over HTTP needs simkyc's extra authority: pip install './simkyc[authority]' from a clone"
            ) from None

        _check(timeout_s > 0 and math.isfinite(timeout_s), "timeout_s is a number of seconds above 0")
        _check(attempts >= 1, "attempts is 1 or more")
        _check(open_after >= 1, "open_after is 1 or more")
        _check(open_for_s > 0 and math.isfinite(open_for_s), "open_for_s is a number of seconds above 0")
        self._url = _url(base_url, path, allow_http=allow_http)
        self._token = _source_of(token)
        self._timeout_s = timeout_s
        self._clock = clock
        self._circuit = Circuit(open_after, open_for_s)
        self._retrying = stamina.RetryingCaller(
            attempts=attempts,
            timeout=None,  # _again keeps the deadline, waiting included
            wait_initial=_FIRST_WAIT * timeout_s,
            wait_max=_LONGEST_WAIT * timeout_s,
            wait_jitter=_JITTER * timeout_s,
        )
        transport = DeadlineTransport(tls or ssl.create_default_context())
        self._client = httpx.Client(transport=transport, trust_env=False)

    def verify(self, query: AuthorityQuery) -> AuthorityAnswer:
        """Ask the service about one document; see `simkyc.authority.Authority`.

        Returns:
            The answer, at most `timeout_s` later. Causes of `unavailable`: `timeout`, `unreachable`, `refused` (a
            4xx other than those that follow), `rate_limited`, `server_error`, `bad_answer`, `other_person` (an
            answer to another request), `not_available` (number or name could not be compared), `circuit_open`,
            `no_token`, `closed`.
        """
        ends_at = time.monotonic() + self._timeout_s
        reference = str(uuid.uuid4())
        try:
            headers = self._headers(reference)
            fields = self._circuit.call(lambda: self._ask(query, headers, ends_at))
        except NoAnswerError as error:
            sent = None if error.cause in _NEVER_SENT else reference
            extra = {"cause": error.cause, "reference": sent, "http_status": error.status}
            _log.warning("authority unavailable", extra=extra)
            return AuthorityAnswer("unavailable", self._clock(), reference=sent, cause=error.cause)
        if fields is None:
            return AuthorityAnswer("no_record", self._clock(), reference=reference)
        if "mismatch" in fields.values():
            return AuthorityAnswer("mismatch", self._clock(), fields, reference)
        if any(fields[name] != "match" for name in _NEEDED):
            return AuthorityAnswer("unavailable", self._clock(), fields, reference, "not_available")
        return AuthorityAnswer("match", self._clock(), fields, reference)

    def close(self) -> None:
        """Close every connection. Who asks afterwards is told `unavailable`."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _headers(self, reference: str) -> dict[str, str]:
        if self._client.is_closed:
            raise NoAnswerError("closed")
        headers = {
            "accept": "application/json",
            "accept-encoding": "identity",  # nobody knows how large a compressed answer is
            "content-type": "application/json",
            "user-agent": "simkyc",
            "x-correlator": reference,
        }
        if self._token is not None:
            try:
                token = self._token()
            except Exception:
                raise NoAnswerError("no_token") from None  # the caller's own error may show anything
            if not _is_token(token):
                raise NoAnswerError("no_token")
            headers["authorization"] = f"Bearer {token}"
        return headers

    def _ask(
        self, query: AuthorityQuery, headers: Mapping[str, str], ends_at: float
    ) -> dict[str, FieldAnswer] | None:
        """What was said of each field; None when there is no record."""
        asked = asked_of(query)
        body = body_of(asked)

        def once() -> dict[str, FieldAnswer] | None:
            status, said, content = self._send(body, headers, ends_at)
            if status == 404 and not has_no_record(content):
                raise NoAnswerError("refused", status=404)
            check_sender(said, headers["x-correlator"])
            if status == 404:
                return None
            check_content(said)
            return fields_of(content, asked)

        return self._retrying(lambda error: self._again(error, ends_at), once)

    def _send(
        self, body: bytes, headers: Mapping[str, str], ends_at: float
    ) -> tuple[int, httpx.Headers, bytes]:
        """Status 200 or 404 with headers and body; of a body that is too large only the beginning."""
        import httpcore
        import httpx

        from simkyc.authority.deadline import until

        # Built without the client, which would add the cookies it got with the person asked about before.
        request = httpx.Request("POST", self._url, headers=headers, content=body, extensions=until(ends_at))
        content = bytearray()
        try:
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                check_status(response.status_code, response.headers, self._clock())
                for part in response.iter_raw():
                    content += part
                    if len(content) > MAX_BYTES:
                        break
            finally:
                response.close()
        except httpcore.TimeoutException:
            raise NoAnswerError("timeout") from None
        except httpcore.NetworkError:
            raise NoAnswerError("unreachable", again=True) from None
        except httpcore.ProtocolError:
            raise NoAnswerError("bad_answer", again=True) from None
        return response.status_code, response.headers, bytes(content)

    def _again(self, error: Exception, ends_at: float) -> bool | float:
        """Whether to ask again, or after how many seconds; never beyond the deadline."""
        if not isinstance(error, NoAnswerError) or not error.again:
            return False
        longest_s = _LONGEST_WAIT * self._timeout_s if error.wait_s is None else error.wait_s
        if time.monotonic() + longest_s >= ends_at:
            return False
        return True if error.wait_s is None else error.wait_s


def _url(base_url: str, path: str, *, allow_http: bool) -> str:
    import httpx

    try:
        url = httpx.URL(base_url.rstrip("/") + path)
        url.host.encode("idna")
    except (httpx.InvalidURL, UnicodeError):
        raise InputError("base_url and path make no URL") from None
    _check(path.startswith("/"), "path starts with /")
    _check(url.scheme == "https" or (allow_http and url.scheme == "http"), "base_url starts with https://")
    _check(bool(url.host), "base_url names a host")
    _check(not url.userinfo and not url.query and not url.fragment, "base_url is scheme, host and path alone")
    return str(url)


def _source_of(token: str | Callable[[], str] | None) -> Callable[[], str] | None:
    if token is None or callable(token):
        return token
    _check(_is_token(token), "the token has characters that no token has")
    return lambda: token


def _is_token(token: object) -> bool:
    return isinstance(token, str) and re.fullmatch(r"[\x21-\x7e]+", token) is not None


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise InputError(what)
