"""How long one comparison of a customer with their ID takes, and how long `face_recognition` takes for it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from bench import peer
from bench.pairs import Pair, genuine, sources
from bench.run import Run
from bench.table import Result, Table
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc.faces import DlibFaceEngine, distance
from simkyc.faces.intake import decode

__all__ = ["verification"]

TARGET = 8
AIM = 12


@dataclass(frozen=True, slots=True)
class _Subject:
    pair: Pair
    enlarge: bool


def verification(run: Run) -> Table:
    """One 1:1 verification, from photo bytes in memory to the distance, on both sides."""
    engine = DlibFaceEngine()
    engine.warm_up()

    def ours(subject: _Subject) -> None:
        live = engine.examine(decode(subject.pair.live), "live")
        portrait = engine.examine(decode(subject.pair.chip), "portrait")
        if live.template is not None and portrait.template is not None:
            distance(portrait.template, live.template)

    def theirs(subject: _Subject) -> None:
        peer.compare(subject.pair.chip, subject.pair.live, enlarge=subject.enlarge)

    rows, results, enlarged = [], [], []
    for source in sources(run, run.pick(1, 8, 40)):
        subjects = [_Subject(pair, peer.needs_enlarging(pair.chip)) for pair in genuine(source)]
        ours(subjects[0])
        theirs(subjects[0])
        sides = {"ours": ours, "theirs": theirs}
        taken = interleaved(sides, run.track(subjects, f"verifying, {source.name} people"))
        worked = interleaved(
            sides, run.track(subjects[: run.pick(1, 4, 20)], "the same in processor time"), time.process_time
        )
        faster, lighter = (ratios(both["theirs"], both["ours"]) for both in (taken, worked))
        rows.append(
            (
                f"{source.name}, {len(subjects)} pairs",
                seconds_text(Spread.of(taken["ours"])),
                seconds_text(Spread.of(taken["theirs"])),
                times_text(faster),
            )
        )
        enlarged.append(f"{sum(one.enlarge for one in subjects)} of {len(subjects)} ({source.name})")
        results.append(
            Result(
                f"times faster, {source.name} people",
                f"{faster.median:.1f}",
                f"at least {TARGET}, and we aim for {AIM}",
                faster.median >= TARGET,
            )
        )
        results.append(
            Result(f"the same in processor time of all threads, {source.name} people", times_text(lighter))
        )
    return Table(
        title="One verification: the photo of the customer against the portrait of the ID",
        compared=(
            "From the bytes of two JPEGs in memory (photo 640x480, portrait 102x126) to their distance, one pair after "
            "the other: simkyc (decode and examine both, quality measures and mirrored mean included) and "
            "face_recognition with its defaults (load_image_file and face_encodings of both, face_distance)."
        ),
        columns=("people", "simkyc", "face_recognition", "times faster"),
        rows=tuple(rows),
        results=tuple(results),
        note=(
            "Median, smallest and largest of the pairs; both sides take turns and are warm. OpenCV uses every core it "
            "is given, dlib one. Where face_recognition finds no face in the portrait as it is, it was enlarged "
            f"{peer.ENLARGED} times, and what it takes to find that out is not counted against it: "
            f"{', '.join(enlarged)}."
        ),
    )
