"""Other processes for the tests of the PostgreSQL history: `python postgres_workers.py TASK URL COUNT`.

Imports once what is slow to import, then forks so many processes. Each reports whole lines of JSON on the one output.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from simkyc import Screener
from simkyc.history import open_history
from simkyc.history.protocol import Entry, History, OpeningKeys, application_lock
from simkyc.testing import Clock, application, iccid_of
from simkyc.verdict import Decision

SECRET = "a secret for tests only"
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LONG = "人" * 5000


def say(*words: str) -> None:
    # One write: lines of several processes do not mix.
    os.write(sys.stdout.fileno(), (json.dumps(words) + "\n").encode())


def entry_of(application_id: str, person: str) -> Entry:
    return Entry(
        application_id=application_id,
        kind="opening",
        service="personal",
        body_digest="digest",
        keys=OpeningKeys(person, None, None, None, "store-1", None, "clerk-1"),
        decided_at=TEN,
        decision=Decision.ACCEPT,
        verdict_json=f"{application_id} {LONG} {application_id}",
        admitted_until=TEN + timedelta(minutes=30),
    )


def open_cards(history: History, place: int) -> None:
    """One application of one and the same person, for a card of its own."""
    screener = Screener.open(history, clock=Clock())
    card = {"iccid": iccid_of(place), "msisdn": f"+86139{place:08d}"}
    asked = application(0, application_id=f"process-{place}", sim=card, face_consent=None)
    say(asked.application_id, screener.screen(asked).decision.value)


def write_without_end(history: History, place: int) -> None:
    """Pairs of entries, each pair in one transaction, acknowledged once it is committed."""
    for number in itertools.count():
        pair = [entry_of(f"w{place}-{number}-{half}", f"person-{number % 3}") for half in "ab"]
        locks = [application_lock(one.application_id) for one in pair]
        with history.write((*locks, *pair[0].keys.locks)) as transaction:
            for one in pair:
                transaction.record(one)
        say(f"w{place}-{number}")


def fork_between(history: History, place: int) -> None:
    """Forks between two transactions, then parent and child both write."""
    child = os.fork()
    name = "child" if child == 0 else "parent"
    with history.write() as transaction:
        transaction.record(entry_of(f"{name}-{place}", "person"))
    if child == 0:
        os._exit(0)
    say(str(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])))


TASKS: dict[str, Callable[[History, int], None]] = {
    task.__name__: task for task in (open_cards, write_without_end, fork_between)
}


def main(task: str, url: str, count: str) -> None:
    children = []
    for place in range(int(count)):
        child = os.fork()
        if child == 0:
            with closing(open_history(url, secret=SECRET, lock_timeout_s=60)) as history:
                TASKS[task](history, place)
            os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0


if __name__ == "__main__":
    main(*sys.argv[1:])
