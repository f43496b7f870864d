"""The corridor: an application in, a verdict out."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pydantic import TypeAdapter, ValidationError

from simkyc._version import __version__
from simkyc.application import Application, IdDocument, Identifier, Role
from simkyc.authority import Authority
from simkyc.checks import CHECKS
from simkyc.errors import InputError, SettlementError
from simkyc.facts import Facts, PersonFacts
from simkyc.gather import ask_about, listing_keys, opening_keys, opening_windows
from simkyc.history.protocol import Entry
from simkyc.numbers import iccid
from simkyc.policy import Policy
from simkyc.verdict import Decision, Finding, Verdict
from simkyc.watch import (
    BadRow,
    Encoding,
    Listing,
    UnwatchReport,
    WatchEntryRow,
    WatchReport,
    WatchRow,
    read_unwatch_csv,
    read_watch_csv,
)

if TYPE_CHECKING:
    from simkyc.faces.engine import FaceEngine
    from simkyc.history.protocol import History, Reader, Recorded
    from simkyc.history.staging import OnBad, OnProgress

__all__ = ["Screener"]

_log = logging.getLogger("simkyc")


def _now() -> datetime:
    return datetime.now(UTC)


class Screener:
    """Judges applications against one history under one policy.

    One screener serves any number of threads. Open it once at start-up and keep it.
    """

    def __init__(
        self,
        history: History,
        policy: Policy,
        faces: FaceEngine | None = None,
        authority: Authority | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        """Put the parts together; `Screener.open` does it from a URL."""
        self._history = history
        self._policy = policy
        self._given_faces = faces
        self._authority = authority
        self._clock = clock

    @classmethod
    def open(
        cls,
        history: str | History,
        *,
        policy: Policy | str | Path | None = None,
        faces: FaceEngine | None = None,
        authority: Authority | None = None,
        secret: bytes | str | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> Self:
        """Open a history and make a screener on it.

        Args:
            history: `sqlite:///kyc.db`, `sqlite://` for one in memory, or any `History`.
            policy: A `Policy`, the path of a policy file, or None for the one that ships.
            faces: A face engine; None for the built-in one, which loads when the first photo comes.
            authority: The verification service to ask; None to ask nobody, which every verdict then says.
            secret: Key of the keyed hashes, at least 16 bytes. None: the environment's `SIMKYC_SECRET`,
                else a key file beside the database, made when the database is.
            clock: Tells the time, with a zone. For tests.

        Raises:
            HistoryError: The history cannot be opened; the subclass says why.
            PolicyError: The policy file does not hold.
        """
        if policy is None:
            policy = Policy.default()
        elif not isinstance(policy, Policy):
            policy = Policy.load(policy)
        if isinstance(history, str):
            from simkyc.history import open_history

            history = open_history(history, secret=secret)
        return cls(history, policy, faces, authority, clock)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self._policy

    @cached_property
    def faces(self) -> FaceEngine:
        """The face engine."""
        if self._given_faces is not None:
            return self._given_faces
        from simkyc.faces import DlibFaceEngine

        return DlibFaceEngine()

    def screen(self, application: Application) -> Verdict:
        """Judge one application and remember the verdict, in one transaction.

        An application that is accepted, or goes to review, holds its place in every limit and its SIM
        from here on, until `settle` or until its admission expires. The same application again returns
        the recorded verdict; nothing is decided twice.

        Raises:
            InputError: Another application was screened under this id.
            HistoryError: The verdict could not be recorded. No card may be issued; call again.
            FaceError: The face engine cannot work.
        """
        stopwatch = _Stopwatch()
        canonical = _canonical(application)
        application = Application.from_json(canonical)  # whoever made it may have gone round its checks
        body = self._history.keyring.body(canonical)
        with self._history.read() as reader:
            recorded = reader.recorded(application.application_id)
        if recorded is not None:
            return _replay(recorded, body)
        with stopwatch.lap("people"):
            today = _whole_second(self._clock())
            people = ask_about(application, self._policy, lambda: self.faces, self._authority, today)
        with self._history.write() as transaction:
            recorded = transaction.recorded(application.application_id)
            if recorded is not None:
                return _replay(recorded, body)
            now = _whole_second(self._clock())
            verdict = self._judge(application, transaction, people, now, stopwatch)
            transaction.record(
                Entry(
                    application_id=application.application_id,
                    body_digest=body,
                    keys=opening_keys(application, self._history.keyring),
                    decided_at=now,
                    decision=verdict.decision,
                    verdict_json=verdict.to_json(),
                    admitted_until=self._admitted_until(verdict.decision, now),
                )
            )
        _log.info(
            "screened",
            extra={
                "application_id": verdict.application_id,
                "decision": verdict.decision.value,
                "reasons": verdict.reasons,
                "flagged": verdict.flagged,
                "silent_alert": verdict.silent_alert,
            },
        )
        return verdict

    def verdict(self, application_id: str) -> Verdict | None:
        """The verdict recorded under this id, if one is: for a counter that was cut off and must go on.

        Raises:
            HistoryError: The history cannot be read.
        """
        with self._history.read() as reader:
            recorded = reader.recorded(application_id)
        return None if recorded is None else Verdict.from_json(recorded.verdict_json)

    def preview(self, application: Application, *, at: datetime | None = None) -> Verdict:
        """Judge one application and remember nothing.

        Args:
            application: The application.
            at: The moment to judge it as of, with a zone; None for now. Facts from later do not count.

        Raises:
            HistoryError: The history cannot be read.
            FaceError: The face engine cannot work.
            InputError: `at` has no zone.
        """
        stopwatch = _Stopwatch()
        application = Application.from_json(_canonical(application))
        now = _whole_second(self._clock() if at is None else at)
        with stopwatch.lap("people"):
            people = ask_about(application, self._policy, lambda: self.faces, self._authority, now)
        with self._history.read() as reader:
            return self._judge(application, reader, people, now, stopwatch)

    def settle(
        self,
        application_id: str,
        *,
        opened: bool,
        approved_by: str | None = None,
        late: bool = False,
    ) -> None:
        """Say what became of an admitted application: the card was issued, or it was not.

        Saying the same twice changes nothing.

        Args:
            application_id: The application that was screened.
            opened: Whether the card was issued.
            approved_by: Identifier of the supervisor, no name; needed to open what went to review. What can be
                mended (`Verdict.to_correct`) no supervisor opens a number over.
            late: The card was already handed over although the admission had expired. It is remembered
                as opened, for the history must know every card; limits may then be exceeded.

        Raises:
            InputError: `approved_by` is no identifier, or a flag is no bool.
            SettlementError: Unknown, never admitted, settled otherwise before, not approved, to be mended
                first, or expired.
            HistoryError: It could not be written.
        """
        if not isinstance(opened, bool) or not isinstance(late, bool):
            raise InputError("opened and late are True or False")
        if approved_by is not None:
            _identifier(approved_by, "approved_by")
        with self._history.write() as transaction:
            recorded = transaction.recorded(application_id)
            if recorded is None:
                raise SettlementError("no application was screened under this id")
            now = _whole_second(self._clock())
            if not opened:
                if recorded.admitted_until is not None:
                    transaction.release(application_id, now)
                return
            if recorded.opened_at is None:
                _may_open(recorded, now, approved_by=approved_by, late=late)
            transaction.open_number(application_id, now, approved_by=approved_by)

    def close_number(self, application_id: str) -> None:
        """The number that this application opened was cancelled; it no longer counts as active.

        Raises:
            SettlementError: No number was opened by this application.
            HistoryError: It could not be written.
        """
        with self._history.write() as transaction:
            transaction.close_number(application_id, _whole_second(self._clock()))

    def allocate(self, store_id: str, iccids: Iterable[str]) -> int:
        """Allocate SIM cards to a store, moving those that were allocated elsewhere.

        Returns:
            How many cards.

        Raises:
            InputError: The store's identifier is none that an application can carry.
            NumberError: One of them is no ICCID; none is allocated then.
            HistoryError: It could not be written.
        """
        _identifier(store_id, "store_id")
        cards = [iccid.validate(card) for card in iccids]
        with self._history.write() as transaction:
            return transaction.allocate(store_id, cards)

    def watch(
        self,
        rows: Iterable[WatchEntryRow | BadRow],
        *,
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> WatchReport:
        """Put people and documents on the lists that every application is compared with.

        The same rows again change nothing. A row whose list, source, document and beginning are there
        already replaces what was said of its basis, its end and its silent alert.

        Args:
            rows: Any number of them; all are taken in before the first is written, in one transaction.
            skip_bad: Leave out what cannot be taken in, instead of writing nothing.
            on_bad: Hears of each row that cannot be taken in.
            on_progress: Hears how far it is.

        Raises:
            InputError: A row cannot be taken in, and `skip_bad` is not said; `problems` names the first.
            HistoryError: It could not be written.
        """
        from simkyc.history.staging import staged

        with staged(rows, self._history.keyring, skip_bad=skip_bad, on_bad=on_bad) as waiting:
            import_id = str(uuid.uuid4())
            with self._history.write() as transaction:
                done = transaction.watch(
                    waiting.entries(on_progress), _whole_second(self._clock()), import_id=import_id
                )
        return WatchReport(import_id, done.added, done.changed, done.unchanged, waiting.bad)

    def import_watch(
        self,
        path: str | Path,
        *,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> WatchReport:
        """Put the rows of a CSV file on their lists: `watch` of what `read_watch_csv` reads.

        Raises:
            InputError: The file cannot be read, its header does not fit, or as `watch`.
            HistoryError: It could not be written.
        """
        from simkyc.history.staging import rows_in

        rows = rows_in(path, partial(read_watch_csv, encoding=encoding), on_progress)
        return self.watch(rows, skip_bad=skip_bad, on_bad=on_bad, on_progress=on_progress)

    def unwatch(
        self, rows: Iterable[WatchRow | BadRow], *, skip_bad: bool = False, on_bad: OnBad | None = None
    ) -> UnwatchReport:
        """Take people and documents off lists. Every entry of theirs on that list from that source goes.

        The history keeps them, for whoever asks why an application was refused then.

        Raises:
            InputError: As `watch`.
            HistoryError: It could not be written.
        """
        from simkyc.history.staging import staged

        with (
            staged(rows, self._history.keyring, skip_bad=skip_bad, on_bad=on_bad) as waiting,
            self._history.write() as transaction,
        ):
            removed = transaction.unwatch(waiting.names(), _whole_second(self._clock()))
        return UnwatchReport(removed, waiting.bad)

    def import_unwatch(
        self,
        path: str | Path,
        *,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> UnwatchReport:
        """Take the rows of a CSV file off their lists: the file that was imported, or its first four columns.

        Raises:
            InputError: As `import_watch`.
            HistoryError: It could not be written.
        """
        from simkyc.history.staging import rows_in

        rows = rows_in(path, partial(read_unwatch_csv, encoding=encoding), on_progress)
        return self.unwatch(rows, skip_bad=skip_bad, on_bad=on_bad)

    def warm_up(self) -> None:
        """Load the face networks now, at start-up, instead of while the first customer waits.

        Raises:
            FaceError: The engine cannot work.
        """
        self.faces.warm_up()

    def close(self) -> None:
        """Let go of the history."""
        self._history.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _judge(
        self,
        application: Application,
        reader: Reader,
        people: Mapping[Role, PersonFacts],
        now: datetime,
        stopwatch: _Stopwatch,
    ) -> Verdict:
        with stopwatch.lap("history"):
            keys = opening_keys(application, self._history.keyring)
            # Judged again, a recorded application must not count against itself.
            before = application.application_id
            openings = reader.facts(keys, opening_windows(self._policy), now, before=before)
            people = {
                subject.role: replace(
                    people[subject.role], listed=self._listed(subject.document, reader, now)
                )
                for subject in application.subjects
            }
        facts = Facts(now=now, people=people, openings=openings)
        findings: list[Finding] = []
        for name, check in CHECKS:
            with stopwatch.lap(name):
                findings.extend(check(application, facts, self._policy))
        outcome = self._policy.decide(findings)
        return Verdict(
            verdict_id=str(uuid.uuid4()),
            application_id=application.application_id,
            decision=outcome.decision,
            final=outcome.decision in {Decision.ACCEPT, Decision.REFUSE},
            reasons=outcome.reasons,
            findings=outcome.findings,
            advice=outcome.advice,
            silent_alert=outcome.silent_alert,
            policy_id=self._policy.policy_id,
            engine_id=next((known.face.engine_id for known in people.values() if known.face), None),
            simkyc_version=__version__,
            decided_at=now,
            elapsed_ms=stopwatch.elapsed_ms,
        )

    def _listed(self, document: IdDocument, reader: Reader, now: datetime) -> tuple[Listing, ...] | None:
        keys = listing_keys(document, self._history.keyring)
        return reader.listings(keys, now) if keys else None

    def _admitted_until(self, decision: Decision, now: datetime) -> datetime | None:
        hold = {
            Decision.ACCEPT: self._policy.admission.accepted,
            Decision.REVIEW: self._policy.admission.in_review,
        }.get(decision)
        return None if hold is None else now + timedelta(minutes=hold.value)


def _identifier(value: str, what: str) -> None:
    try:
        TypeAdapter(Identifier).validate_python(value, strict=True)
    except ValidationError:
        raise InputError(
            f"{what} is 1 to 64 of A-Z a-z 0-9 . _ : / @ - and begins with a letter or digit"
        ) from None


def _canonical(application: Application) -> str:
    if not isinstance(application, Application):
        raise InputError("an Application is screened, and nothing else: Application.from_json reads one")
    return application.to_json()


def _replay(recorded: Recorded, body: str) -> Verdict:
    if recorded.body_digest != body:
        raise InputError("another application was screened under this application_id; use a new one")
    return Verdict.from_json(recorded.verdict_json)


def _may_open(recorded: Recorded, now: datetime, *, approved_by: str | None, late: bool) -> None:
    if recorded.admitted_until is None:
        raise SettlementError(f"the verdict was {recorded.decision}: no card may be issued on it")
    if recorded.decision is Decision.REVIEW and not approved_by:
        raise SettlementError("the verdict was review: say which supervisor approved it (approved_by)")
    if recorded.decision is Decision.REVIEW:
        mend = Verdict.from_json(recorded.verdict_json).to_correct
        if mend:
            raise SettlementError(
                f"no supervisor may open a number over what can be mended ({', '.join(mend)}): "
                "mend it and screen a new application"
            )
    if now >= recorded.admitted_until and not late:
        raise SettlementError(
            "the admission expired: screen a new application before you issue the card; "
            "if the card is already handed over, settle with late=True"
        )


def _whole_second(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise InputError("a time needs a zone")
    return moment.replace(microsecond=0)


class _Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.elapsed_ms: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.elapsed_ms[name] = round((time.perf_counter() - start) * 1000, 3)
