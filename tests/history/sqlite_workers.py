"""Other processes for the tests of the SQLite history: `python sqlite_workers.py SOCKET`.

Imports once what is slow to import, then forks one process for each connection to its socket. That one
says its number, hears as JSON what to do, and reports a line at a time; the end of its lines is its end.
"""

from __future__ import annotations

import itertools
import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from simkyc import Application, Decision, Screener
from simkyc.errors import SimkycError
from simkyc.facts import OpeningFacts
from simkyc.history import open_history
from simkyc.history.protocol import Entry, History, OpeningKeys, OpeningWindows
from simkyc.testing import Clock, FakeFaceEngine

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WINDOWS = OpeningWindows(person_s=(86_400,), clerk_s=3600, shared_s=(("device", (86_400,)),))
LONG = "人" * 5000


def keys_of(person: str) -> OpeningKeys:
    return OpeningKeys(
        person=person,
        device=None,
        iccid=None,
        msisdn=None,
        store_id="store-1",
        dealer_id=None,
        clerk_id="clerk-1",
        shared=(("device", "device"),),
    )


def held(facts: OpeningFacts) -> int:
    return 0 if facts.active_numbers is None else facts.active_numbers["personal"]


def entry_of(application_id: str, person: str, *, admitted: bool = True) -> Entry:
    return Entry(
        application_id=application_id,
        kind="opening",
        service="personal",
        body_digest="digest",
        keys=keys_of(person),
        decided_at=TEN,
        decision=Decision.ACCEPT if admitted else Decision.REFUSE,
        verdict_json=f"{application_id} {LONG} {application_id}",
        admitted_until=TEN + timedelta(minutes=30) if admitted else None,
    )


def open_databases() -> int:
    """How many descriptors of this process lead to a database, where the system tells."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        return 0
    return sum(".db" in str(link.readlink()) for link in descriptors.iterdir() if link.is_symlink())


class Worker:
    """One forked process with its task."""

    def __init__(self, lines: IO[str], name: str) -> None:
        self.lines = lines
        self.name = name
        self.numbers = itertools.count()

    def say(self, line: str) -> None:
        self.lines.write(line + "\n")
        self.lines.flush()

    def open_only(self, history: History) -> None:
        """Says which key it got."""
        self.say(history.keyring.fingerprint())

    def write_without_end(self, history: History) -> None:
        """Pairs of entries and a SIM, each pair in one transaction, acknowledged once it is committed."""
        for number in self.numbers:
            name = f"{self.name}-{number}"
            with history.write() as transaction:
                transaction.record(entry_of(f"{name}-a", "person"))
                transaction.allocate(name, [f"{name}-sim"], TEN)
                transaction.record(entry_of(f"{name}-b", "person"))
                transaction.open_number(f"{name}-b", TEN)
            self.say(name)

    def write_until_refused(self, history: History) -> None:
        """What was acknowledged, then the error that ended it, and the one after it."""
        for _ in range(2):
            try:
                self.write_without_end(history)
            except SimkycError as error:
                self.say(type(error).__name__)

    def race(self, history: History) -> None:
        """Tries to hold one number more for each of four people; says whose."""
        for person in ("person-0", "person-1", "person-2", "person-3"):
            with history.write() as transaction:
                free = held(transaction.facts(keys_of(person), WINDOWS, TEN)) < 5
                transaction.record(entry_of(f"{self.name}-{person}", person, admitted=free))
            if free:
                self.say(person)

    def sell(self, history: History) -> None:
        """Tries to sell ten cards of one lot, each to a person of its own; says which were accepted."""
        applications = [Application.from_json(line) for line in json.loads(self.lines.readline())]
        self.say("ready")
        self.lines.readline()
        screener = Screener.open(history, faces=FakeFaceEngine(), clock=Clock())
        for applied in applications:
            if screener.screen(applied).decision is Decision.ACCEPT:
                self.say(applied.application_id)

    def hold(self, history: History) -> None:
        """Holds the history until told to let go."""
        with history.write() as transaction:
            transaction.record(entry_of(self.name, "person"))
            self.say("held")
            self.lines.readline()

    def look_and_touch(self, history: History) -> None:
        """Reads, then tries to write; says what became of each."""
        with history.read() as reader:
            self.say(str(held(reader.facts(keys_of("person"), WINDOWS, TEN))))
        try:
            with history.write() as transaction:
                transaction.record(entry_of(self.name, "person"))
            self.say("written")
        except SimkycError as error:
            self.say(type(error).__name__)

    def fork_between(self, history: History) -> None:
        """Forks between two transactions, then parent and child both write; says how the child fares."""
        with history.write() as transaction:
            transaction.record(entry_of("before", "person"))
        child = os.fork()
        if child == 0:
            self.say(f"{open_databases()} inherited")
        with history.write() as transaction:
            transaction.record(entry_of("child" if child == 0 else "parent", "person"))
        if child == 0:
            history.close()
            os._exit(0)
        self.say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))

    def fork_inside(self, history: History) -> None:
        """Forks inside a transaction; says how the child fares with the history."""
        with history.write() as transaction:
            transaction.record(entry_of("parent", "person"))
            child = os.fork()
            if child == 0:
                try:
                    with history.write():
                        os._exit(1)
                except SimkycError as error:
                    self.say(str(error))
                    os._exit(0)
            self.say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


TASKS: dict[str, Callable[[Worker, History], None]] = {
    name: task for name, task in vars(Worker).items() if not name.startswith("_")
}


def work(lines: IO[str]) -> None:
    lines.write(f"{os.getpid()}\n")
    lines.flush()
    order = json.loads(lines.readline())
    worker = Worker(lines, order["name"])
    worker.say("begun")
    if order["user"] is not None:
        os.setgroups([])
        os.setuid(order["user"])
    if order["file_bytes"] is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"], order["file_bytes"]))
    try:
        history = open_history(order["url"], secret=order["secret"], lock_timeout_s=30)
    except SimkycError as error:
        worker.say(type(error).__name__)
        return
    with closing(history):
        TASKS[order["task"]](worker, history)
    worker.say("done")


def main(address: str) -> None:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=Clock()) as screener:
        screener.verdict("none")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            with suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG) != (0, 0):
                    pass
            if os.fork() == 0:
                server.close()
                with suppress(OSError), connection, connection.makefile("rw", encoding="utf-8") as lines:
                    work(lines)
                return
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
