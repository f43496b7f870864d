"""A verification service on this machine that answers as it is told, and misbehaves as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

MATCHES = {field + "Match": "true" for field in ("idDocument", "name", "birthdate", "gender")}
ECHO = "the correlator of the request"


@dataclass(frozen=True)
class Heard:
    path: str
    headers: Mapping[str, str]
    asked: dict[str, str]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service
    asked: dict[str, str]

    def do_POST(self) -> None:
        self.asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        heard = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, self.asked)
        self.server.next_reply(heard)(self)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the name is http.server's
        pass

    def head(self, status: int, headers: Mapping[str, str], correlator: str | None = ECHO) -> None:
        self.send_response(status)
        if correlator is not None:
            self.send_header(
                "x-correlator", self.headers["x-correlator"] if correlator is ECHO else correlator
            )
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()


Reply = Callable[[Handler], None]


class Service(ThreadingHTTPServer):
    """Each request gets the next reply, and the last one for ever."""

    daemon_threads = True

    def __init__(self, *replies: Reply) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.replies = list(replies)
        self.requests: list[Heard] = []
        self.released = Event()
        self._lock = Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def next_reply(self, heard: Heard) -> Reply:
        with self._lock:
            self.requests.append(heard)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client may hang up at any time."""


@contextmanager
def running(service: Service) -> Iterator[Service]:
    thread = Thread(target=service.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        service.released.set()
        service.shutdown()
        service.server_close()
        thread.join()


def raw(
    status: int,
    content: bytes,
    *,
    kind: str = "application/json",
    correlator: str | None = ECHO,
    **headers: str,
) -> Reply:
    """Exactly these bytes; `_` in a header's name is a hyphen."""

    def reply(handler: Handler) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sized = {"content-type": kind, "content-length": str(len(content))} | named
        handler.head(status, sized, correlator)
        handler.wfile.write(content)

    return reply


def said(changes: Mapping[str, object] | None = None, correlator: str | None = ECHO) -> Reply:
    """A 200 in which everything matches but what is changed; None takes a key away."""
    answer = {key: value for key, value in (MATCHES | dict(changes or {})).items() if value is not None}
    return raw(200, json.dumps(answer).encode(), correlator=correlator)


def error(status: int, code: str = "SOME_CODE", correlator: str | None = ECHO, **headers: str) -> Reply:
    content = json.dumps({"status": status, "code": code, "message": "why"}).encode()
    return raw(status, content, correlator=correlator, **headers)


def silent(handler: Handler) -> None:
    """Say nothing until the test is over."""
    handler.server.released.wait()


def cut_off(handler: Handler) -> None:
    """Promise a body and hang up in the middle of it."""
    content = json.dumps(MATCHES).encode()
    handler.head(200, {"content-type": "application/json", "content-length": str(len(content))})
    handler.wfile.write(content[:20])
    handler.close_connection = True


def hung_up(handler: Handler) -> None:
    """Hang up without a word."""
    handler.close_connection = True


def babble(handler: Handler) -> None:
    """Something that is not HTTP."""
    handler.wfile.write(b"220 mail.example ESMTP\r\n")
    handler.close_connection = True


def _drip(handler: Handler, head: bytes, drop: bytes) -> None:
    handler.wfile.write(head)
    while not handler.server.released.wait(0.01):
        handler.wfile.write(drop)


def dripping_head(handler: Handler) -> None:
    """One header after the other: no single read ever takes long."""
    _drip(handler, b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n")


def dripping_body(handler: Handler) -> None:
    """A space now and then, which JSON allows for ever."""
    _drip(handler, b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n", b" ")


def endless(handler: Handler) -> None:
    """A body as fast as it goes."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
    while not handler.server.released.is_set():
        handler.wfile.write(b" " * 65536)


def continuing(handler: Handler) -> None:
    """`100 Continue` for ever."""
    _drip(handler, b"", b"HTTP/1.1 100 Continue\r\n\r\n")


def twice(handler: Handler) -> None:
    """The same answer two times, the second for a request that nobody made yet."""
    content = json.dumps(MATCHES).encode()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
        f"x-correlator: {handler.headers['x-correlator']}\r\n\r\n"
    ).encode()
    handler.wfile.write((head + content) * 2)
