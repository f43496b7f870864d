"""Rings planted in a simulated city: which are found, how pure they are, and whom else they draw in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from simkyc import Screener
from simkyc.faces.calibration import Calibration
from simkyc.rings.find import Search, find_rings
from simkyc.rings.ring import Ring, Rings
from simkyc.testing import Clock
from simkyc.testing.city import Label, Visit, play, world
from simkyc.testing.fakes import FakeCrowdEngine

SECRET = b"secret of a simulated city"
TIED = ("escort", "device", "representative", "resale")
"""Patterns whose people share something whether they are found out at the counter or not."""


def city_calibration() -> Calibration:
    engine = FakeCrowdEngine()
    return engine.calibration("live-live").changed(engine_id=engine.engine_id)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rings, Mapping[str, Label | None]]:
    """A city of a seed that no limit was chosen on, with what every application was."""
    folder = tmp_path_factory.mktemp("city")
    city = world(201, days=60, stores=8, people=700, fraud=0.1)
    clock, labels = Clock(city.start), dict[str, Label | None]()
    url = f"sqlite:///{folder / 'kyc.db'}"
    with Screener.open(url, faces=FakeCrowdEngine(), clock=clock, secret=SECRET) as screener:
        for one in play(screener, city, clock):
            if isinstance(one.event, Visit):
                labels[one.event.application.application_id] = one.event.label
    search = Search(source=url, out=folder, secret=SECRET, calibrations=(city_calibration(),))
    rings = find_rings(search)
    assert find_rings(search) == rings
    return rings, labels


def applications(ring: Ring) -> list[str]:
    return [one for member in ring.members for one in member.application_ids]


def test_rings_whose_people_share_something_are_found_whole(
    played: tuple[Rings, Mapping[str, Label | None]],
) -> None:
    rings, labels = played
    planted = Counter(label.ring for label in labels.values() if label and label.pattern in TIED)
    assert {label.pattern for label in labels.values() if label} >= set(TIED)
    for name, size in planted.items():
        best = max(
            sum(label is not None and label.ring == name for label in map(labels.get, applications(ring)))
            for ring in rings.rings
        )
        assert best >= 0.8 * size, name


def test_hardly_anybody_honest_is_drawn_in(played: tuple[Rings, Mapping[str, Label | None]]) -> None:
    rings, labels = played
    honest = sum(label is None for label in labels.values())
    drawn_in = sum(labels[one] is None for ring in rings.rings for one in applications(ring))
    assert drawn_in <= 0.015 * honest
    in_rings = [one for ring in rings.rings for one in applications(ring)]
    assert sum(labels[one] is not None for one in in_rings) >= 0.8 * len(in_rings)
    # Twice the points that make a ring: those that are looked at first.
    sure = [ring for ring in rings.rings if ring.score >= 8]
    assert sure
    for ring in sure:
        assert sum(labels[one] is None for one in applications(ring)) <= 0.1 * len(applications(ring))


def test_what_a_history_says_of_its_rings(played: tuple[Rings, Mapping[str, Label | None]]) -> None:
    rings, labels = played
    assert rings.faces
    assert rings.faces_missing is None
    assert rings.things_cut > 0
    kinds = {thing.kind for ring in rings.rings for thing in ring.shared}
    assert {"device", "representative", "companion"} <= kinds
    for ring in rings.rings:
        assert ring.harm.applications == len(applications(ring))
        assert ring.harm.fraud <= ring.harm.opened <= ring.harm.applications
        assert rings.since is not None
        assert rings.until is not None
        assert rings.since <= ring.first_at <= ring.last_at < rings.until
        assert set(applications(ring)) <= set(labels)
    assert any(thing.seen >= 3 for ring in rings.rings for thing in ring.shared)
    assert any(ring.harm.fraud for ring in rings.rings)
