"""Placeholder until the measures arrive."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def measure(
    image: NDArray[np.uint8], box: tuple[int, int, int, int], landmarks: NDArray[np.float32]
) -> dict[str, float]:
    left, top, right, bottom = (max(0, v) for v in box)
    crop = cv2.cvtColor(image[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    eyes = np.linalg.norm(landmarks[:2].mean(0) - landmarks[2:4].mean(0))
    sharp = float(cv2.Laplacian(cv2.resize(crop, (120, 120), interpolation=cv2.INTER_AREA), cv2.CV_64F).var())
    return {
        "inter_eye_distance": float(eyes),
        "sharpness": min(1.0, sharp / 300),
        "luminance": float(crop.mean() / 255),
        "yaw": 0.0,
        "pitch": 0.0,
    }
