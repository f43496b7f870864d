"""Who is portrayed: the measures of a head and face, and the curated people.

A genome is one digit for each trait, in the order of the fields of `Anatomy`: 0 is the low end of the
trait's range and 9 the high end, or the digit picks a choice. Digits say more than the seed of a generator: one
of them can be changed and the rest of the face stays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Any, Final, cast

from simkyc.testing.portraits.seeds import checked_seed, stream

__all__ = ["GENOMES", "Anatomy", "decode_genome", "genome_of_seed", "person"]

DIGITS: Final = 10


def _between(low: float, high: float) -> float:
    """A trait measured between two ends."""
    return cast(float, field(metadata={"ends": (low, high)}))


def _one_of(**digits: int) -> str:
    """A trait chosen by the digit; each choice is given so many of the ten digits."""
    choices = tuple(choice for choice, count in digits.items() for _ in range(count))
    return cast(str, field(metadata={"choices": choices}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Anatomy:
    """One person. Lengths are mm (`half_` ones from the middle line), heights are above or below the eyes.

    The ranges go a little beyond those of real adults: people drawn from the ends are told apart better.
    """

    texture_seed: int

    # head
    half_width: float = _between(65, 80)
    crown: float = _between(100, 115)
    chin: float = _between(99, 128)
    jaw_squareness: float = _between(2, 4.2)
    jaw_taper: float = _between(0.42, 0.7)
    head_depth: float = _between(75, 98)
    cheekbone: float = _between(-2, 8)
    cheekbone_height: float = _between(22, 40)
    cheek_hollow: float = _between(0, 6)
    chin_relief: float = _between(0, 10)
    chin_cleft: float = _between(0, 2)
    neck_share: float = _between(0.62, 0.8)  # of the width of the head
    ear: float = _between(0, 1)
    asymmetry: float = _between(-1, 1)

    # skin
    tone: float = _between(0, 1)
    warmth: float = _between(-1, 1)
    blush: float = _between(0, 1)
    freckles: float = _between(0, 1)
    age: float = _between(0, 1)

    # eyes
    eye_spacing: float = _between(26, 39)  # from the middle line to the pupil
    half_eye: float = _between(12, 18)
    eye_opening: float = _between(3.6, 7.6)
    eye_tilt: float = _between(-0.16, 0.24)
    lid_hood: float = _between(0, 1)
    lid_crease: float = _between(2, 6)
    socket: float = _between(0, 10)
    iris: float = _between(0, 1)
    lashes: float = _between(0.5, 1.6)
    eye_shadow: float = _between(-1, 1)
    eye_bags: float = _between(0, 1)

    # brows
    brow_height: float = _between(12, 25)
    brow_thickness: float = _between(1.2, 6)
    brow_length: float = _between(15, 25)
    brow_arch: float = _between(-2, 7)
    brow_tilt: float = _between(-0.2, 0.22)
    brow_density: float = _between(0.35, 1)
    brow_start: float = _between(6, 14)
    brow_ridge: float = _between(0, 8)

    # nose
    nose_length: float = _between(34, 57)
    half_nose: float = _between(10, 25)
    nose_height: float = _between(9, 25)
    nose_bridge: float = _between(3.5, 11)
    nose_tip: float = _between(5, 14)
    nose_bump: float = _between(-3, 5)
    nostril: float = _between(0.6, 1.6)

    # mouth
    half_mouth: float = _between(17, 33)
    mouth_place: float = _between(0.28, 0.52)  # of the way from nose to chin
    upper_lip: float = _between(1.4, 10)
    lower_lip: float = _between(2.8, 13)
    lip_redness: float = _between(0, 1)
    lip_relief: float = _between(1, 5)
    smile: float = _between(-4, 6)

    # hair and what is worn
    hairline: float = _between(50, 86)
    hair_side: float = _between(4, 16)
    hair_top: float = _between(4, 26)
    hair_part: float = _between(-38, 38)
    hair_recess: float = _between(-18, 18)
    hair_length: float = _between(0, 1)
    hair_style: str = _one_of(short=2, crop=1, fringe=1, long=2, bob=1, tied=1, receding=1, curly=1)
    hair_color: str = _one_of(black=3, soft_black=3, dark_brown=1, brown=1, grey=1, white=1)
    beard: str = _one_of(none=6, stubble=1, full=1, goatee=1, moustache=1)
    glasses: str = _one_of(none=6, thin=1, thick=1, round=2)
    clothes: str = _one_of(crew=3, shirt=4, jacket=3)
    clothes_hue: float = _between(0, 1)
    clothes_value: float = _between(0, 1)

    @property
    def half_neck(self) -> float:
        """Half the width of the neck, mm."""
        return self.neck_share * self.half_width

    @property
    def mouth(self) -> float:
        """Height of the line between the lips, mm below the eyes."""
        return self.nose_length + (self.chin - self.nose_length) * self.mouth_place

    @property
    def hangs(self) -> bool:
        """Whether hair falls beside and behind the neck."""
        return self.hair_style in {"long", "bob"}

    @property
    def bearded(self) -> bool:
        """Whether a beard is drawn; not with the hair styles of women."""
        return self.beard != "none" and self.hair_style not in {"long", "bob", "tied"}


_TRAITS = tuple(trait for trait in fields(Anatomy) if trait.name != "texture_seed")


def decode_genome(genome: str, texture_seed: int) -> Anatomy:
    """The person a genome describes; `texture_seed` draws freckles and strands of hair."""
    traits: dict[str, Any] = {}
    for trait, digit in zip(_TRAITS, genome, strict=True):
        if "ends" in trait.metadata:
            low, high = trait.metadata["ends"]
            traits[trait.name] = low + (high - low) * int(digit) / (DIGITS - 1)
        else:
            traits[trait.name] = trait.metadata["choices"][int(digit)]
    return Anatomy(texture_seed=texture_seed, **traits)


def genome_of_seed(seed: int) -> str:
    """A genome drawn at random, favouring the ends of each range; choices are drawn evenly."""
    rng = stream(seed)
    digits = []
    for trait in _TRAITS:
        place = rng.uniform(-1, 1)
        if "ends" in trait.metadata:
            place = math.copysign(abs(place) ** 0.6, place)
        digits.append(min(DIGITS - 1, int((place + 1) / 2 * DIGITS)))
    return "".join(map(str, digits))


GENOMES: tuple[str, ...] = (
    "78800296711235102967201969093909910930972117604237089609226695619",
    "11888386813828929691178908948530180828091781139301187826945778729",
    "89690589723029228152896470439495222959002478384257900828639765311",
    "42838497147725969878021010708980889059110912482627771212062065072",
    "03917290851107268708187107357433711466782911090796018847221275212",
    "81359072578582877908019149022996659130021920978008691710286462270",
    "62529183663112331626674997403173887791823179775082699810709396002",
    "09665834036807082905791017782387922839090170835891224832710897339",
    "12997001388659834830120801929029912219018152906441846313732625724",
    "08015082937761307621299565371171920680090578020694510600672612593",
    "60303299692107131139782208984805925032603511988896229390851443801",
    "18680398998538218278120926539683885251807882812089602500900031019",
    "70560711688788621077086901710888011188028199336209318817706148587",
    "12033047788052328911181302908387722691020530270609133141177627078",
    "75272212818982032621810599993768161897281731227937880283116288969",
    "21220187730018126210050381109901391351771993895868310329728615790",
    "80368682824157608670029670410299636401817088907963524805794223871",
    "19801516854864129387951899879822284189387989391776883308797324821",
    "77763832978370092827311833918301916787295907299617578283071811965",
    "18309098220301270014882370888887827681822890098323989876204000690",
)
"""The curated people, mutually far apart for the face network.

Chosen from random genomes, then bred: one of the two nearest people is changed by a few digits, and the change is
kept when the smallest distance to the others grows and every photo is still found and near its fellows. After a
change to the drawing `tests/testing/test_portraits.py` tells whether they still are.
"""


def person(seed: int) -> Anatomy:
    """The curated person of this number, or for larger seeds somebody drawn at random.

    Raises:
        InputError: `seed` is no whole number from 0 to 2**32 - 1.
    """
    genome = GENOMES[seed] if checked_seed(seed) < len(GENOMES) else genome_of_seed(seed)
    return decode_genome(genome, texture_seed=seed)
