"""The corridor: an application in, a verdict out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, get_args

from pydantic import TypeAdapter, ValidationError

from simkyc import line, treatment
from simkyc.application import Application, IdDocument, Identifier
from simkyc.authority import Authority
from simkyc.checks import LINE_CHECKS
from simkyc.errors import InputError, NumberError, SettlementError
from simkyc.facts import LineFacts
from simkyc.gather import (
    About,
    ask_about,
    ask_about_line,
    ask_about_opening,
    is_remote_first,
    listing_keys,
    opening_keys,
    person_key,
    renewed_keys,
    renewed_sighting_keys,
    seen_as,
)
from simkyc.history.protocol import STOCK_LOCK, Entry, application_lock, number_lock
from simkyc.judge import Judge, Stopwatch, judge_usage, new_verdict
from simkyc.line import Sighting, SwapReport
from simkyc.numbers import iccid, msisdn
from simkyc.policy import Policy, StepMeasure
from simkyc.steps import LineRecord, LineStep, recommended
from simkyc.usage.number import NumberUsage, OpeningKnown
from simkyc.verdict import Decision, Finding, Verdict

if TYPE_CHECKING:
    from simkyc.faces.engine import FaceEngine
    from simkyc.gallery import Searched
    from simkyc.history.keys import Keyring
    from simkyc.history.lists import Lists
    from simkyc.history.protocol import (
        Binding,
        History,
        Recorded,
        Seen,
        Transaction,
    )
    from simkyc.leads.ledger import Leads
    from simkyc.rings.index import RingIndex

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
        rings: RingIndex | None = None,
    ) -> None:
        """Put the parts together; `Screener.open` does it from a URL."""
        self._history = history
        self._policy = policy
        self._given_faces = faces
        self._authority = authority
        self._clock = clock
        self._rings = rings

    @classmethod
    def open(
        cls,
        history: str | History,
        *,
        policy: Policy | str | Path | None = None,
        faces: FaceEngine | None = None,
        authority: Authority | None = None,
        secret: bytes | str | None = None,
        former_secrets: Sequence[bytes | str] | None = None,
        clock: Callable[[], datetime] = _now,
        rings: RingIndex | str | Path | None = None,
    ) -> Self:
        """Open a history and make a screener on it.

        Args:
            history: `sqlite:///kyc.db`, `sqlite://` for one in memory, `postgresql://user:password@host/database`
                for one that machines share, or any `History`.
            policy: A `Policy`, the path of a policy file, or None for the one that ships.
            faces: A face engine; None for the built-in one, which loads when the first photo comes.
            authority: The verification service to ask; None to ask nobody, which every verdict then says.
            secret: Key of the keyed hashes, at least 16 bytes. None: the environment's `SIMKYC_SECRET`,
                else a key file beside a SQLite database, made when the database is.
            former_secrets: Secrets that were replaced by this one; None: the environment's SIMKYC_FORMER_SECRETS.
            clock: Tells the time, with a zone. For tests.
            rings: Known rings, or the `rings.parquet` that `simkyc rings` left; None where nobody searched, which every
                verdict then says.

        Raises:
            HistoryError: The history cannot be opened; the subclass says why.
            PolicyError: The policy file does not hold.
            InputError: The rings cannot be read, or were found in a history with another secret.
        """
        if policy is None:
            policy = Policy.default()
        elif not isinstance(policy, Policy):
            policy = Policy.load(policy)
        if isinstance(history, str):
            from simkyc.history import open_history

            history = open_history(history, secret=secret, former_secrets=former_secrets)
        if rings is not None:
            from simkyc.rings.index import RingIndex

            rings = rings if isinstance(rings, RingIndex) else RingIndex.load(rings)
            if not rings.is_of(history.keyring.key_id):
                history.close()
                raise InputError("these rings were found under another secret: search this history again")
        return cls(history, policy, faces, authority, clock, rings)

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

    @cached_property
    def lists(self) -> Lists:
        """The lists that applications are held against: people, documents, devices, SIM stock."""
        from simkyc.history.lists import Lists

        return Lists(self._history, self._clock)

    @cached_property
    def leads(self) -> Leads:
        """Leads for the police: made from what is on record, handed on once, revocable."""
        from simkyc.leads.ledger import Leads

        return Leads(self._history, lambda number, at: self.check_line(number, at=at), self._clock)

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
        stopwatch = Stopwatch()
        canonical = _canonical(application)
        application = Application.from_json(canonical)  # whoever made it may have gone round its checks
        recorded = self._recorded(application.application_id)
        if recorded is not None:
            return _replay(recorded, canonical, self._history.keyring)
        with stopwatch.lap("people"):
            today = _whole_second(self._clock())
            about = ask_about(application, self._policy, lambda: self.faces, self._authority, today)
        with stopwatch.lap("gallery"):
            searched = self._search(application, about, today)
        # Done again where the connection was lost: if the verdict was recorded all the same, it is replayed.
        return self._history.retrying(lambda: self._admit(application, canonical, about, searched, stopwatch))

    def _admit(
        self,
        application: Application,
        canonical: str,
        about: About,
        searched: Searched | None,
        stopwatch: Stopwatch,
    ) -> Verdict:
        """Ask the history, decide and record."""
        keys = opening_keys(application, self._history.keyring)
        locks = (application_lock(application.application_id), *keys.locks)
        with self._history.write(locks) as transaction:
            recorded = transaction.recorded(application.application_id)
            if recorded is not None:
                return _replay(recorded, canonical, self._history.keyring)
            self._renew(transaction, application)
            now = _whole_second(self._clock())
            verdict, facts = self._judge.judge(
                application, keys, transaction, about, searched, now, stopwatch
            )
            restriction = application.restriction
            transaction.record(
                Entry(
                    application_id=application.application_id,
                    kind=application.kind,
                    service=application.sim.service,
                    restriction_json=None if restriction is None else restriction.to_json(),
                    body_digest=self._history.keyring.body(canonical),
                    keys=keys,
                    decided_at=now,
                    decision=verdict.decision,
                    verdict_json=verdict.to_json(),
                    admitted_until=self._admitted_until(verdict.decision, now),
                    position=application.store.position,
                    is_remote_first=is_remote_first(application, facts, self._policy),
                    faces=searched.faces if searched else (),
                )
            )
        _tell("screened", verdict)
        return verdict

    def verdict(self, application_id: str) -> Verdict | None:
        """The verdict recorded under this id, if one is: for a counter that was cut off and must go on.

        Raises:
            HistoryError: The history cannot be read.
        """
        recorded = self._recorded(application_id)
        return None if recorded is None else Verdict.from_json(recorded.verdict_json)

    def _recorded(self, application_id: str) -> Recorded | None:
        def ask() -> Recorded | None:
            with self._history.read() as reader:
                return reader.recorded(application_id)

        return self._history.retrying(ask)

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
        stopwatch = Stopwatch()
        application = Application.from_json(_canonical(application))
        now = _whole_second(self._clock() if at is None else at)
        keys = opening_keys(application, self._history.keyring)

        def renew() -> None:
            with self._history.write(keys.locks) as transaction:
                self._renew(transaction, application)

        if self._history.keyring.former:
            self._history.retrying(renew)
        with stopwatch.lap("people"):
            about = ask_about(application, self._policy, lambda: self.faces, self._authority, now)
        with stopwatch.lap("gallery"):
            searched = self._search(application, about, now)

        def judge() -> Verdict:
            with self._history.read() as reader:
                return self._judge.judge(application, keys, reader, about, searched, now, stopwatch)[0]

        return self._history.retrying(judge)

    def activated(self, sighting: Sighting) -> Verdict:
        """Remember that the network saw a line in a device, and judge the line.

        The same report again changes nothing. A report of a number that is on no record is remembered too: a card may
        be tried before the counter has settled.

        Returns:
            A verdict with `line_state` and `line_actions`; nothing but the sighting is recorded.

        Raises:
            InputError: The MSISDN is none, or it was seen in the future or before 1970.
            HistoryError: It could not be written.
        """
        if not isinstance(sighting, Sighting):
            raise InputError("a Sighting is reported, and nothing else: Sighting.from_json reads one")
        number, now = _msisdn(sighting.msisdn), _whole_second(self._clock())
        seen_at = _whole_second(sighting.seen_at)
        if seen_at > now + timedelta(minutes=self._policy.counter_clock.max_difference.value):
            raise InputError("the line was seen in the future: see to the clocks")
        now, keyring = max(now, seen_at), self._history.keyring
        seen = seen_as(sighting, keyring)

        def remember() -> LineFacts | None:
            key = keyring.msisdn(number)
            with self._history.write((number_lock(key),)) as transaction:
                # The card and the device too: under a new key they would be others than the line's.
                transaction.rekey(renewed_sighting_keys(sighting, number, keyring), key)
                transaction.see(key, seen, now)
                return ask_about_line(transaction, keyring, number, sighting, self._policy, now)

        return self._judge_line(self._history.retrying(remember), now)

    def check_line(self, number: str, *, at: datetime | None = None) -> Verdict:
        """Judge a line by what the network said of it before: on re-verification, or a day after its opening.

        Args:
            number: The MSISDN.
            at: The moment to judge it as of, with a zone; None for now.

        Raises:
            InputError: The MSISDN is none, or `at` has no zone.
            HistoryError: The history cannot be read.
        """
        number, now = _msisdn(number), _whole_second(self._clock() if at is None else at)
        self._number_key(number)

        def ask() -> LineFacts | None:
            with self._history.read() as reader:
                return ask_about_line(reader, self._history.keyring, number, None, self._policy, now)

        return self._judge_line(self._history.retrying(ask), now)

    def check_usage(
        self,
        number: str,
        usage: NumberUsage,
        *,
        declared_use: str | None = None,
        at: datetime | None = None,
    ) -> Verdict:
        """Judge how a number is used, together with what the history knows of its opening.

        Nothing is recorded. `simkyc.judge.judge_usage` judges rows of a batch that have the opening's facts already.

        Args:
            number: The MSISDN.
            usage: What the records of a window say of it.
            declared_use: What the unit behind the line declared it to be for: a name of the policy's `usage.declared`.
                It counts where an organisation opened the number.
            at: The moment of the decision, with a zone; None for now.

        Raises:
            InputError: The MSISDN is none, the usage is another number's, its window ends in the future or is none,
                `at` has no zone, or the policy knows no such declared use.
            HistoryError: The history cannot be read.
        """
        if not isinstance(usage, NumberUsage):
            raise InputError("a NumberUsage is judged, and nothing else")
        number, now = _msisdn(number), _whole_second(self._clock() if at is None else at)
        keyring = self._history.keyring
        if usage.number not in {ring.msisdn(number) for ring in (keyring, *keyring.former)}:
            raise InputError("the usage is of another number, or was keyed with another secret")
        until = _whole_second(usage.until)
        if until > now + timedelta(minutes=self._policy.counter_clock.max_difference.value):
            raise InputError("the window of the usage ends in the future: see to the clocks")
        key = self._number_key(number)

        def ask() -> OpeningKnown | None:
            with self._history.read() as reader:
                return ask_about_opening(reader, key, until)

        opening = self._history.retrying(ask)
        joined = usage if opening is None else replace(usage, opening=opening)
        verdict = judge_usage(joined, self._policy, declared_use=declared_use, decided_at=now)
        _tell("usage judged", verdict)
        return verdict

    def check_swap(self, number: str, max_age_hours: int = 240) -> SwapReport:
        """Whether a line's card or device changed lately, for banks and others who ask.

        It answers as the CAMARA APIs SIM Swap and Device Swap do: the latest change, whether it lies within the
        age, and None where monitoring does not reach back so far.

        Args:
            number: The MSISDN.
            max_age_hours: 1 to 2400.

        Raises:
            InputError: The MSISDN is none, or the age is out of range.
            HistoryError: The history cannot be read.
        """
        if (
            isinstance(max_age_hours, bool)
            or not isinstance(max_age_hours, int)
            or not 1 <= max_age_hours <= 2400
        ):
            raise InputError("max_age_hours is 1 to 2400")
        key, now = self._number_key(number), _whole_second(self._clock())

        def ask() -> tuple[tuple[Binding, ...], tuple[Seen, ...]]:
            with self._history.read() as reader:
                return reader.bindings(key, now), reader.sightings(key, now)

        bindings, sightings = self._history.retrying(ask)
        return line.swap_report(bindings, sightings, timedelta(hours=max_age_hours), now)

    def report_outcome(self, number: str, *, is_fraud: bool, at: datetime | None = None) -> None:
        """Say what became of a number: it was used for fraud, or it was suspected and is cleared.

        It counts against the dealer, clerk, device, contact number, payer and so on that later applications share
        with the one that opened it, until a later word clears it.

        Args:
            number: The MSISDN.
            is_fraud: True for fraud, False for cleared.
            at: When it was used so, for a number may have had several holders; None for now, or whoever had it last.

        Raises:
            InputError: The MSISDN is none.
            SettlementError: No such number was opened here.
            HistoryError: It could not be written.
        """
        if not isinstance(is_fraud, bool):
            raise InputError("is_fraud is True or False")
        at = None if at is None else _whole_second(at)
        key, now = self._number_key(number), _whole_second(self._clock())
        with self._history.write((number_lock(key),)) as transaction:
            bindings = transaction.bindings(key, now)
            first = line.opened_by(bindings, at)
            if first is None:
                raise SettlementError("no such number was opened here")
            transaction.report_outcome(first.application_id, now, is_fraud=is_fraud)
            present = line.last_holders_first(bindings)
            if not is_fraud and present is not None and present.application_id == first.application_id:
                treatment.cleared(transaction, key, now, self._policy)

    def act(
        self,
        number: str,
        measure: StepMeasure,
        *,
        by: str,
        reason: str | None = None,
        basis: str | None = None,
        verdict: Verdict | None = None,
        at: datetime | None = None,
    ) -> LineStep:
        """Remember what was done to a line at the operator; simkyc itself switches nothing.

        The same measure on the same verdict again changes nothing, and a measure that is less than what holds is no
        step: the one that holds is returned. A counter's reactivation, second check or loss report takes its step in
        `settle`.

        Args:
            number: The MSISDN.
            measure: `remind`, `second_check`, `restrict_outgoing`, `suspend`, `cancel_notice`, `cancel` or `restore`.
            by: Identifier of who did it, no name. Giving notice, cancelling and restoring take a person.
            reason: A reason code, or a ground of the policy (`steps.grounds`); None to take the verdict's.
            basis: The rule it rests on; None for that of the reason.
            verdict: What recommended it, as `activated` or `check_line` gave it.
            at: When it took effect, with a zone; None for now.

        Raises:
            InputError: The MSISDN, measure, reason or `by` is none, `at` is to come, or the verdict is another line's.
            LineStepError: The line cannot take this step; the message says what comes first.
            HistoryError: It could not be written.
        """
        if measure not in get_args(StepMeasure):
            raise InputError(f"a measure is one of {', '.join(get_args(StepMeasure))}")
        _identifier(by, "by")
        if reason is None and verdict is not None:
            asked = recommended(verdict, self._policy)
            reason = None if asked is None else asked.reason
        if reason is None:
            raise InputError(
                "say why: a reason code, a ground of the policy, or a verdict that recommends it"
            )
        known = treatment.basis_of(reason, self._policy)
        if basis is not None and not (
            isinstance(basis, str) and 1 <= len(basis) <= 200 and basis.isprintable()
        ):
            raise InputError("a basis is a line of 1 to 200 characters")
        effective = None if at is None else _whole_second(at)
        key = self._number_key(number)

        def take() -> LineStep:
            with self._history.write((number_lock(key),)) as transaction:
                return treatment.take(
                    transaction,
                    key,
                    measure,
                    reason=reason,
                    basis=basis or known,
                    taken_by=by,
                    now=_whole_second(self._clock()),
                    policy=self._policy,
                    at=effective,
                    verdict=verdict,
                )

        return self._history.retrying(take)

    def act_on(self, number: str, verdict: Verdict, *, by: str) -> LineStep | None:
        """Remember that the worst measure of those that a verdict on a line recommends was taken; None without one.

        Raises:
            InputError: As of `act`.
            LineStepError: The line cannot take this step.
            HistoryError: It could not be written.
        """
        asked = recommended(verdict, self._policy)
        if asked is None:
            return None
        return self.act(number, asked.measure, by=by, reason=asked.reason, basis=asked.basis, verdict=verdict)

    def line_record(self, number: str, *, at: datetime | None = None) -> LineRecord:
        """How a line stands, and what was done to it since it came to its holder.

        Args:
            number: The MSISDN.
            at: As of when, with a zone; None for now.

        Raises:
            InputError: The MSISDN is none, or `at` has no zone.
            LineStepError: No such number was opened here by then.
            HistoryError: The history cannot be read.
        """
        moment = _whole_second(self._clock() if at is None else at)
        key = self._number_key(number)

        def ask() -> LineRecord:
            with self._history.read() as reader:
                return treatment.record(reader, key, moment, self._policy)

        return self._history.retrying(ask)

    def purge(self, before: datetime) -> int:
        """Delete what is older than the law or the company wants it kept; a record stays that it ran.

        Numbers that are in use stay counted, whatever their age; of their applications what other people's are
        compared with goes too: faces, contacts, devices.

        Args:
            before: What was decided before this time goes.

        Returns:
            How many rows went.

        Raises:
            InputError: `before` has no zone, or lies in the future.
            HistoryError: It could not be written.
        """
        now = _whole_second(self._clock())
        if _whole_second(before) > now:
            raise InputError("what is to come cannot be deleted")
        with self._history.write() as transaction:
            return transaction.purge(before, now)

    def erase_person(self, document: IdDocument, *, listings: bool = False) -> int:
        """Delete everything of one person, so that no question finds them; a record stays that it ran.

        As long as limits count by what the person applied for lately, nothing is erased: whoever could erase it
        would begin anew with every card.

        Args:
            document: Any document of theirs; those of other kinds count as other people.
            listings: Whether entries of lists go as well, which the law may demand to keep.

        Returns:
            How many rows went.

        Raises:
            InputError: The document's number is malformed.
            SettlementError: The person holds a number that is in use, or is about to, or applied within the policy's
                longest window for repeated openings.
            HistoryError: It could not be written.
        """
        if not isinstance(document, IdDocument):
            raise InputError("a person is named by an IdDocument")
        keyring, now = self._history.keyring, _whole_second(self._clock())
        person = person_key(document, keyring)
        if person is None:
            raise InputError("the document's number is malformed, so nobody is known by it")
        listed = listing_keys(document, keyring)
        with self._history.write() as transaction:
            for former in keyring.former:
                known = (person_key(document, former) or "", *listing_keys(document, former))
                transaction.rekey(list(zip(known, (person, *listed), strict=True)), None)
            if transaction.holds_numbers(person, now):
                raise SettlementError("this person holds numbers that are in use: close them first")
            days = max(window.days.value for window in self._policy.openings.repeat)
            if transaction.applied_since(person, now - timedelta(days=days)):
                raise SettlementError(
                    f"this person applied within {days:g} days, which limits still count by"
                )
            return transaction.erase_person(person, listed if listings else (), now)

    def _renew(self, transaction: Transaction, application: Application) -> None:
        """Bring what is known of these people and things under the present secret, where there were others."""
        keyring = self._history.keyring
        if keyring.former:
            number = opening_keys(application, keyring).msisdn
            transaction.rekey(renewed_keys(application, keyring), number)

    def _number_key(self, number: str) -> str:
        """What the history knows a number by; what was known under a secret of before is brought under this one."""
        keyring, valid = self._history.keyring, _msisdn(number)
        key = keyring.msisdn(valid)

        def renew() -> None:
            with self._history.write((number_lock(key),)) as transaction:
                transaction.rekey([(former.msisdn(valid), key) for former in keyring.former], None)

        if keyring.former:
            self._history.retrying(renew)
        return key

    def _judge_line(self, facts: LineFacts | None, now: datetime) -> Verdict:
        stopwatch = Stopwatch()
        findings: list[Finding] = []
        for name, check in LINE_CHECKS:
            with stopwatch.lap(name):
                findings.extend(check(facts, self._policy))
        outcome = self._policy.decide(findings, "line")
        verdict = new_verdict(
            outcome,
            self._policy,
            application_id=None if facts is None else facts.application_id,
            decided_at=now,
            elapsed_ms=stopwatch.elapsed_ms,
            line_state=None if facts is None else facts.state,
            line_actions=self._policy.line_actions(outcome.findings, now),
        )
        _tell("line judged", verdict)
        return verdict

    def settle(
        self,
        application_id: str,
        *,
        opened: bool,
        approved_by: str | None = None,
        late: bool = False,
    ) -> None:
        """Say what became of an admitted application: the card was issued, or it was not.

        Saying the same twice changes nothing. What was carried out for a line is also done to it, in the same
        transaction: a loss report suspends it, a reactivation or second check restores it.

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
        self._history.retrying(
            lambda: self._settle(application_id, opened=opened, approved_by=approved_by, late=late)
        )

    def _settle(self, application_id: str, *, opened: bool, approved_by: str | None, late: bool) -> None:
        known = self._recorded(application_id)
        # What is done to its line is done under the number's lock.
        number = () if known is None or known.msisdn is None else (number_lock(known.msisdn),)
        with self._history.write((application_lock(application_id), *number)) as transaction:
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
            if recorded.opened_at is None:
                treatment.carried_out(transaction, application_id, recorded, now, self._policy, approved_by)

    def close_number(self, application_id: str) -> None:
        """The number that this application opened was cancelled; it no longer counts as active.

        Raises:
            SettlementError: No number was opened by this application.
            HistoryError: It could not be written.
        """

        def close() -> None:
            with self._history.write((application_lock(application_id),)) as transaction:
                transaction.close_number(application_id, _whole_second(self._clock()))

        self._history.retrying(close)

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

        def allocate() -> int:
            with self._history.write((STOCK_LOCK,)) as transaction:
                return transaction.allocate(store_id, cards, _whole_second(self._clock()))

        return self._history.retrying(allocate)

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

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._policy, self._history.keyring, lambda: self.faces, self._rings)

    def _search(self, application: Application, about: About, now: datetime) -> Searched | None:
        """Search the faces of earlier openings, outside of any transaction; None where there is no face."""
        captured = self._judge.captured(application, about)
        if not captured:
            return None

        def search() -> Searched:
            with self._history.read() as reader:
                return self._judge.gallery.search(captured, reader, now, application.application_id)

        return self._history.retrying(search)

    def _admitted_until(self, decision: Decision, now: datetime) -> datetime | None:
        hold = {
            Decision.ACCEPT: self._policy.admission.accepted,
            Decision.REVIEW: self._policy.admission.in_review,
        }.get(decision)
        return None if hold is None else now + timedelta(minutes=hold.value)


def _tell(event: str, verdict: Verdict) -> None:
    """Log what may be told of a verdict, where somebody listens."""
    if not _log.isEnabledFor(logging.INFO):
        return
    told = {
        "application_id": verdict.application_id,
        "decision": verdict.decision.value,
        "reasons": verdict.reasons,
        "flagged": verdict.flagged,
        "silent_alert": verdict.silent_alert,
    }
    _log.info(event, extra=told)


def _msisdn(number: str) -> str:
    try:
        return msisdn.validate(number)
    except NumberError as error:
        raise InputError(f"this is no MSISDN ({error.cause})") from None


def _identifier(value: str, what: str) -> None:
    try:
        TypeAdapter(Identifier).validate_python(value, strict=True)
    except ValidationError:
        fault = InputError(f"{what} is 1 to 64 of A-Z a-z 0-9 . _ : / @ - and begins with a letter or digit")
    else:
        return
    # Outside the handler: pydantic's error would come along as context, and repeats the text.
    raise fault


def _canonical(application: Application) -> str:
    if not isinstance(application, Application):
        raise InputError("an Application is screened, and nothing else: Application.from_json reads one")
    return application.to_json()


def _replay(recorded: Recorded, canonical: str, keyring: Keyring) -> Verdict:
    if not keyring.is_body(canonical, recorded.body_digest):
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
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise InputError("a time is a datetime and needs a zone")
    if not 1970 <= moment.year < 9999:  # what is counted from it must be a time too
        raise InputError("a time lies between 1970 and 9998: see to the clocks")
    return moment.replace(microsecond=0)
