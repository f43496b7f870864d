"""How a portrait is taken: pose, light, camera and file."""

from __future__ import annotations

from dataclasses import dataclass

from simkyc.errors import InputError
from simkyc.testing.portraits.seeds import checked_seed, stream

__all__ = ["Capture"]

# Outside these the drawing falls apart, and a picture would be shown that nobody asked for.
_LIMITS = {
    "yaw_deg": (-30, 30),
    "pitch_deg": (-30, 30),
    "roll_deg": (-180, 180),
    "light_x": (-3, 3),
    "light_y": (-3, 3),
    "ambient": (0, 1),
    "gain": (0, 10),
    "temperature": (-1, 1),
    "blur_px": (0, 50),
    "noise": (0, 100),
    "jpeg_quality": (1, 100),
    "scale": (0.2, 5),
    "shift_x_px": (-1000, 1000),
    "shift_y_px": (-1000, 1000),
    "background": (0, 1),
}


@dataclass(frozen=True, slots=True)
class Capture:
    """One way to take a photo; the default is an even, frontal, sharp one.

    Pixels are those of a photo 480 px wide, also where the photo taken is smaller: a chip portrait made
    with `blur_px=2` is as blurred, as part of the face, as the counter photo made with it.

    Attributes:
        yaw_deg: turn of the head, positive towards the right of the picture.
        pitch_deg: nod of the head, positive upwards.
        roll_deg: tilt of the head, positive clockwise in the picture.
        light_x: where the light stands, per unit of distance in front of the face; positive right.
        light_y: the same downwards; negative is a light from above.
        ambient: share of the light that comes from all sides, 0 to 1.
        gain: factor on the linear light that reaches the sensor: 1 is well exposed, 0.1 dark (grey levels of a
            face around 55), 0.02 nearly black, 3 washed out.
        temperature: relative surplus of red over green, and lack of blue.
        blur_px: standard deviation of the blur, px.
        noise: standard deviation of the sensor's noise, grey levels of 255.
        jpeg_quality: 1 to 100.
        scale: size of the head relative to the usual one.
        shift_x_px: how far the head stands right of the middle, px.
        shift_y_px: how far it stands below its usual place, px.
        background: 0 for the white wall of an ID photo to 1 for blue-grey.
        noise_seed: which noise, 0 to 2**32 - 1.

    Raises:
        InputError: a value is outside the limits within which a face can be drawn.
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    roll_deg: float = 0.0
    light_x: float = 0.0
    light_y: float = -0.35
    ambient: float = 0.45
    gain: float = 1.0
    temperature: float = 0.0
    blur_px: float = 0.5
    noise: float = 1.5
    jpeg_quality: int = 90
    scale: float = 1.0
    shift_x_px: float = 0.0
    shift_y_px: float = 0.0
    background: float = 0.2
    noise_seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or not low <= value <= high:  # also refuses NaN
                raise InputError(f"{name} of a capture is a number from {low} to {high}.")
        if not isinstance(self.jpeg_quality, int):
            raise InputError("jpeg_quality of a capture is a whole number.")
        checked_seed(self.noise_seed)

    @classmethod
    def of(cls, k: int, strength: float = 0.7) -> Capture:
        """The ordinary capture number `k`: small pose, some side light, a decent camera.

        Args:
            k: 0 to 2**32 - 1.
            strength: factor on the pose and the side light; 1.0 is up to 8 degrees of yaw.

        Raises:
            InputError: `k` is no such number.
        """
        draw = stream(k).uniform
        return cls(
            yaw_deg=draw(-8, 8) * strength,
            pitch_deg=draw(-5, 5) * strength,
            roll_deg=draw(-4, 4) * strength,
            light_x=draw(-0.45, 0.45) * strength,
            light_y=draw(-0.55, -0.15),
            ambient=draw(0.35, 0.55),
            gain=draw(0.88, 1.1),
            temperature=draw(-0.04, 0.04),
            blur_px=draw(0.3, 1.0),
            noise=draw(1, 4),
            jpeg_quality=int(draw(75, 95)),
            scale=draw(0.94, 1.06),
            shift_x_px=draw(-10, 10),
            shift_y_px=draw(-10, 10),
            background=draw(0, 1),
            noise_seed=k,
        )
