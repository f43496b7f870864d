"""Judging one application on what a history answers: facts, then checks, then the policy's decision.

The counter and the batch both judge here; they differ in whose answers the reader gives.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from simkyc import line
from simkyc._version import __version__
from simkyc.application import Application, IdDocument
from simkyc.checks import CHECKS, USAGE_CHECKS
from simkyc.errors import InputError
from simkyc.facts import Facts, GalleryFacts, HeldLine
from simkyc.gather import About, device_listing_keys, listing_keys, opening_windows, person_key
from simkyc.lists.watch import Listing
from simkyc.policy import Outcome, Policy
from simkyc.usage.number import NumberUsage
from simkyc.verdict import Decision, Finding, JudgedUse, State, Verdict

if TYPE_CHECKING:
    from simkyc.faces.engine import FaceEngine
    from simkyc.gallery import Captured, GallerySearch, Searched
    from simkyc.history.keys import Keyring
    from simkyc.history.protocol import OpeningKeys, OpeningWindows, Reader
    from simkyc.rings.index import RingIndex

__all__ = ["Judge", "Stopwatch", "judge_usage", "new_verdict"]


class Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.elapsed_ms: dict[str, float] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.elapsed_ms[name] = round((time.perf_counter() - start) * 1000, 3)


class Judge:
    """Judges applications under one policy, for one history's keys. May be used from any number of threads.

    Args:
        policy: Limits, windows, and what each reason leads to.
        keyring: Makes the keys of the history that is asked.
        engine: Gives the face engine; called only where there is a face.
        rings: Rings that were found; None where nobody searched.
    """

    def __init__(
        self,
        policy: Policy,
        keyring: Keyring,
        engine: Callable[[], FaceEngine],
        rings: RingIndex | None = None,
    ) -> None:
        self._policy = policy
        self._keyring = keyring
        self._engine = engine
        self._rings = rings

    def judge(
        self,
        application: Application,
        keys: OpeningKeys,
        reader: Reader,
        about: About,
        searched: Searched | None,
        now: datetime,
        stopwatch: Stopwatch,
    ) -> tuple[Verdict, Facts]:
        """Ask the history, run the checks of this kind of application, and decide.

        Args:
            application: What is judged.
            keys: Its keys.
            reader: Answers for the history.
            about: What faces and authority said of everybody.
            searched: What the faces were found near; None without a face.
            now: The moment, in whole seconds.
            stopwatch: Takes the time of each stage.

        Raises:
            HistoryError: The history cannot be read.
        """
        with stopwatch.lap("history"):
            # Judged again, a recorded application must not count against itself.
            before = application.application_id
            openings = reader.facts(keys, self._windows, now, before=before)
            patterns = reader.patterns(keys, self._windows, now, before=before)
            held, cancelled = self._held_line(application, keys, reader, now)
            device = application.device
            device_keys = device_listing_keys(device, self._keyring) if device else ()
            device_listed = reader.listings(device_keys, now) if device_keys else None
            people = {
                subject.role: replace(
                    about.people[subject.role], listed=self._listed(subject.document, reader, now)
                )
                for subject in application.subjects
            }
            lists = reader.lists(now)
        with stopwatch.lap("gallery"):
            gallery = None if searched is None else self._gallery_facts(searched, reader, now, before)
        facts = Facts(
            now=now,
            people=people,
            openings=openings,
            line=held,
            line_cancelled=cancelled,
            device_listed=device_listed,
            lists=lists,
            patterns=patterns,
            gallery=gallery,
            rings=None if self._rings is None else self._rings.facts(keys, now),
        )
        asked = self._policy.kinds[application.kind].checks
        findings: list[Finding] = []
        for name, check in CHECKS:
            if name in asked:
                with stopwatch.lap(name):
                    findings.extend(check(application, facts, self._policy))
        outcome = self._policy.decide(findings, application.kind)
        # What a supervisor still has to approve is not recommended yet.
        carried_out = application.kind if outcome.decision is Decision.ACCEPT else None
        verdict = new_verdict(
            outcome,
            self._policy,
            application_id=application.application_id,
            engine_id=next((known.face.engine_id for known in people.values() if known.face), None),
            decided_at=now,
            elapsed_ms=stopwatch.elapsed_ms,
            line_actions=self._policy.line_actions(outcome.findings, now, carried_out),
        )
        return verdict, facts

    def captured(self, application: Application, about: About) -> Sequence[Captured]:
        """The faces to search for among those of earlier openings; none where the policy does not ask."""
        if not about.templates or not self.asks_faces(application):
            return ()
        from simkyc.gallery import Captured

        subjects = {str(one.role): one for one in application.subjects}
        applicant = person_key(application.document, self._keyring)
        captured = []
        for place, (role, template) in enumerate(about.templates):
            subject = subjects.get(role)
            captured.append(
                Captured(
                    role=role if subject else f"companion-{place}",
                    template=template,
                    person=person_key(subject.document, self._keyring) if subject else applicant,
                    sex=subject.document.sex if subject else None,
                )
            )
        return captured

    def asks_faces(self, application: Application) -> bool:
        """Whether the policy asks for the face among those of earlier openings."""
        return "identity" in self._policy.kinds[application.kind].checks

    @cached_property
    def _windows(self) -> OpeningWindows:
        return opening_windows(self._policy)

    @cached_property
    def gallery(self) -> GallerySearch:
        """Searches the faces of earlier openings."""
        from simkyc.gallery import GallerySearch

        return GallerySearch(self._engine().engine_id, self._keyring, self._policy)

    def _gallery_facts(
        self, searched: Searched, reader: Reader, now: datetime, before: str
    ) -> GalleryFacts | None:
        calibration = self._engine().calibration("live-live")
        return self.gallery.facts(searched, reader, calibration, now, before)

    def _held_line(
        self, application: Application, keys: OpeningKeys, reader: Reader, now: datetime
    ) -> tuple[HeldLine | None, bool]:
        """What the history says of the line, and whether it was cancelled; not asked where a new one is wanted."""
        if keys.msisdn is None or "line" not in self._policy.kinds[application.kind].checks:
            return None, False
        transferor, before = application.transferor, application.application_id
        bindings = reader.bindings(keys.msisdn, now, before=before)
        if line.was_cancelled(bindings):
            return None, True
        steps = reader.steps(keys.msisdn, now, before=before)
        held = line.held_line(
            bindings,
            reader.sightings(keys.msisdn, now),
            keys,
            None if transferor is None else person_key(transferor.document, self._keyring),
            [window.seconds for window in self._policy.line.replacements],
            now,
            reader.frauds(keys.msisdn, now),
            suspended_for_fraud=line.stands(bindings, steps, now, self._policy.steps).is_suspended_for_fraud,
        )
        return held, False

    def _listed(self, document: IdDocument, reader: Reader, now: datetime) -> tuple[Listing, ...] | None:
        keys = listing_keys(document, self._keyring)
        return reader.listings(keys, now) if keys else None


def judge_usage(
    usage: NumberUsage,
    policy: Policy,
    *,
    declared_use: str | None = None,
    decided_at: datetime | None = None,
) -> Verdict:
    """Judge the use of one number; nothing is asked, read or recorded.

    Args:
        usage: What its records say, with the opening's own facts and the model's score where they are known.
        policy: Limits, bands, and what each reason leads to.
        declared_use: What the line was declared to be for: a name of the policy's `usage.declared`. It counts where
            the opening says that a unit is answerable for the line, and nowhere else.
        decided_at: When it is decided, from which measures run; None for the end of the window.

    Raises:
        InputError: The window has no zone or no length, or the policy knows no such declared use.
    """
    if usage.since.tzinfo is None or usage.until.tzinfo is None:
        raise InputError("the window of a usage needs a zone")
    if usage.since >= usage.until:
        raise InputError("the window of a usage ends after it begins")
    if declared_use is not None and declared_use not in policy.usage.declared:
        raise InputError(f"declared_use is one of {', '.join(sorted(policy.usage.declared))}")
    is_units = usage.opening is not None and usage.opening.customer == "unit"
    declared = declared_use if is_units else None
    allowed = policy.usage.declared[declared] if declared else ()
    asked = policy.kinds["usage"].checks
    stopwatch = Stopwatch()
    findings: list[Finding] = []
    for name, check in USAGE_CHECKS:
        if name in asked:
            with stopwatch.lap(name):
                findings.extend(_expected(one, allowed) for one in check(usage, policy))
    outcome = policy.decide(findings, "usage")
    decided_at = usage.until if decided_at is None else decided_at
    return new_verdict(
        outcome,
        policy,
        application_id=None if usage.opening is None else usage.opening.application_id,
        decided_at=decided_at,
        elapsed_ms=stopwatch.elapsed_ms,
        line_actions=policy.line_actions(outcome.findings, decided_at),
        usage=JudgedUse(
            number=usage.number,
            since=usage.since,
            until=usage.until,
            model_id=None if usage.scored is None else usage.scored.model_id,
            declared_use=declared,
        ),
    )


def _expected(finding: Finding, allowed: Sequence[str]) -> Finding:
    """A sign that the declared use explains is said, and holds nothing against the number."""
    if finding.state is not State.FLAGGED or finding.reason not in allowed:
        return finding
    return finding.model_copy(update={"state": State.PASSED, "cause": "declared_use"})


def new_verdict(outcome: Outcome, policy: Policy, **fields: Any) -> Verdict:
    """The verdict of what a policy decided."""
    return Verdict(
        verdict_id=str(uuid.uuid4()),
        decision=outcome.decision,
        final=outcome.decision in {Decision.ACCEPT, Decision.REFUSE},
        reasons=outcome.reasons,
        findings=outcome.findings,
        advice=outcome.advice,
        silent_alert=outcome.silent_alert,
        policy_id=policy.policy_id,
        simkyc_version=__version__,
        **{"engine_id": None, **fields},
    )
