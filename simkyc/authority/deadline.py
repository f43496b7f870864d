"""HTTP under one deadline.

Timeouts of HTTP clients hold for a single step: a server that sends a byte a second never runs into one. Here the
moment by which everything must be over goes down to the socket instead.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

__all__ = ["DeadlineTransport", "until"]

_CONNECTIONS = 32


def until(ends_at: float) -> dict[str, dict[str, float]]:
    """The extensions of an `httpx.Request` that must be over at `ends_at`, in seconds of `time.monotonic()`."""
    steps = dict.fromkeys(("connect", "read", "write"), ends_at)
    # The pool counts for itself, so it is told what is left and not until when.
    return {"timeout": steps | {"pool": max(ends_at - time.monotonic(), 0)}}


class DeadlineTransport(httpx.BaseTransport):
    """Sends requests made with `until`; it follows no proxy of the environment.

    Its errors are httpcore's: `TimeoutException`, `NetworkError` and `ProtocolError`.
    """

    def __init__(self, tls: ssl.SSLContext) -> None:
        """Keep connections open for further requests."""
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=_CONNECTIONS,
            keepalive_expiry=30,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; the body of the response is still to be read."""
        response = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.read(),
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        return self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


def _left(ends_at: float | None) -> float | None:
    """Seconds until the deadline that httpcore passes on as if it were a timeout."""
    if ends_at is None:
        return None
    left = ends_at - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed = httpcore.ConnectError()
        # One by one, because the system would give each address the whole time that is left.
        for address in _addresses(host, port):
            try:
                return _Stream(
                    self._sockets.connect_tcp(address, port, _left(timeout), local_address, socket_options)
                )
            except httpcore.ConnectError as error:
                failed = error
        raise failed


def _addresses(host: str, port: int) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError:
        raise httpcore.ConnectError from None


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
