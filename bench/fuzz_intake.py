"""Fuzz photo intake: `python -m bench.fuzz_intake --seconds 600`.

Sound containers of every format are damaged in many ways and decoded in a child process. Reported for each: how
many were accepted and refused, and the slowest. It fails (exit code 1) when anything but `PhotoError` escapes, the
process dies, one decode takes longer than a second on three tries, takes memory beyond the cap, something is
written to stderr, or an accepted photo breaks the promises of `decode`. Every case can be repeated from its number.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import random
import resource
import struct
import sys
import tempfile
import time
import warnings
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from simkyc.errors import PhotoError
from simkyc.faces.intake import DEFAULT_LIMITS, PhotoCause, decode

SLOW_S = 1.0
MEMORY_CAP_MB = 400
STALLED_S = 20.0

Mutator = Callable[[bytes, random.Random], bytes]


# --- sound containers ---------------------------------------------------------------------------------------------


@cache
def containers() -> dict[str, bytes]:
    """One small file of every kind that cameras, phones, scanners and converters write."""
    picture = _picture(160, 120)
    rgb = Image.fromarray(picture)
    ramp = np.tile(np.arange(160, dtype=np.uint8), (120, 1))
    rgba = Image.fromarray(np.dstack([picture, ramp]))
    turned = Image.Exif()
    turned[0x0112], turned[0x010F] = 6, "maker"
    moves = {"save_all": True, "append_images": [rgb.rotate(90)]}
    made = {
        "jpeg": _saved(rgb, "JPEG", quality=85),
        "jpeg big": _saved(Image.fromarray(_picture(2600, 1950)), "JPEG", quality=70),
        "jpeg progressive": _saved(rgb, "JPEG", progressive=True),
        "jpeg progressive big": _saved(
            Image.fromarray(_picture(2600, 1950)), "JPEG", progressive=True, quality=60
        ),
        "jpeg 4:4:4 optimised": _saved(rgb, "JPEG", subsampling=0, optimize=True),
        "jpeg restart": _saved(rgb, "JPEG", restart_marker_blocks=3),
        "jpeg grey": _saved(rgb.convert("L"), "JPEG"),
        "jpeg cmyk": _saved(rgb.convert("CMYK"), "JPEG"),
        "jpeg exif": _saved(rgb, "JPEG", exif=turned),
        "mpo": _saved(rgb, "MPO", **moves),
        "png": _saved(rgb, "PNG"),
        "png palette": _saved(rgb.convert("P"), "PNG", transparency=7),
        "png 1 bit": _saved(rgb.convert("1"), "PNG"),
        "png alpha": _saved(rgba, "PNG", exif=turned),
        "png 16 bit": cv2.imencode(".png", picture.astype(np.uint16) * 257)[1].tobytes(),
        "png 16 bit grey": cv2.imencode(".png", picture[..., 0].astype(np.uint16) * 257)[1].tobytes(),
        "png interlaced": _interlaced(picture),
        "apng": _saved(rgb, "PNG", **moves),
        "bmp": _saved(rgb, "BMP"),
        "bmp palette": _saved(rgb.convert("P"), "BMP"),
        "bmp alpha": _saved(rgba, "BMP"),
        "bmp 1 bit": _saved(rgb.convert("1"), "BMP"),
        "webp": _saved(rgb, "WEBP", exif=turned),
        "webp lossless": _saved(rgb, "WEBP", lossless=True),
        "webp alpha": _saved(rgba, "WEBP"),
        "webp animated": _saved(rgb, "WEBP", **moves),
        "limit: jpeg progressive": _saved(
            Image.new("RGB", (5000, 5000), 7), "JPEG", progressive=True, subsampling=0, quality=50
        ),
        "limit: png alpha": _saved(Image.new("RGBA", (3535, 3535), 7), "PNG"),
        "limit: webp alpha": _saved(Image.new("RGBA", (3535, 3535), 7), "WEBP", lossless=True),
    }
    return {name: bytes(data) for name, data in made.items()}


def _picture(width: int, height: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(width)
    coarse = rng.normal(128, 50, (height // 16 + 2, width // 16 + 2, 3)).astype(np.float32)
    smooth: NDArray[np.float32] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth, 0, 255).astype(np.uint8)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def _interlaced(picture: NDArray[np.uint8]) -> bytes:
    passes = (
        (0, 0, 8, 8),
        (4, 0, 8, 8),
        (0, 4, 4, 8),
        (2, 0, 4, 4),
        (0, 2, 2, 4),
        (1, 0, 2, 2),
        (0, 1, 1, 2),
    )
    lines = b"".join(
        b"\0" + line.tobytes()
        for left, top, across, down in passes
        for line in picture[top::down, left::across]
    )
    height, width = picture.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1)
    return _png([(b"IHDR", header), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")])


# --- damage -------------------------------------------------------------------------------------------------------


def _run(data: bytes, rng: random.Random, longest: int = 2048) -> tuple[int, int]:
    """A stretch of bytes: mostly short, often near the beginning, where headers are."""
    reach = len(data) if rng.random() < 0.6 else min(len(data), 300)
    start = rng.randrange(max(1, reach))
    return start, min(len(data), start + int(longest ** rng.random()))


def flip(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(int(64 ** rng.random())):
        if out:
            out[_run(data, rng)[0]] ^= 1 << rng.randrange(8)
    return bytes(out)


def overwrite(data: bytes, rng: random.Random) -> bytes:
    start, end = _run(data, rng)
    fill = (
        rng.randbytes(end - start)
        if rng.random() < 0.5
        else bytes([rng.choice((0, 255, 0x55))]) * (end - start)
    )
    return data[:start] + fill + data[end:]


def number(data: bytes, rng: random.Random) -> bytes:
    value = rng.choice(
        (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 30_000)
    )
    size = rng.choice((1, 2, 4))
    field_bytes = (value & ((1 << 8 * size) - 1)).to_bytes(size, rng.choice(("big", "little")))
    start, _ = _run(data, rng)
    return data[:start] + field_bytes + data[start + size :]


def truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def cut(data: bytes, rng: random.Random) -> bytes:
    start, end = _run(data, rng)
    return data[:start] + data[end:]


def insert(data: bytes, rng: random.Random) -> bytes:
    start, end = _run(data, rng)
    return data[:start] + rng.randbytes(end - start) + data[start:]


def repeat(data: bytes, rng: random.Random) -> bytes:
    start, end = _run(data, rng)
    return data[:end] + data[start:end] * rng.randrange(1, 9) + data[end:]


def splice(data: bytes, rng: random.Random) -> bytes:
    other = rng.choice(list(containers().values()))
    here, there = _run(data, rng)[0], _run(other, rng)[0]
    return data[:here] + other[there : there + int(len(other) ** rng.random())] + data[here:]


def graft(data: bytes, rng: random.Random) -> bytes:
    """The front of one file with the back of another."""
    other = rng.choice(list(containers().values()))
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)) :]


def parts(data: bytes, rng: random.Random) -> bytes:
    """Drop, repeat, swap or damage whole segments or chunks, with lengths and check sums put right again."""
    if data.startswith(b"\x89PNG"):
        return _png(_shuffled(list(_png_parts(data)), rng, _png_body))
    if data.startswith(b"RIFF"):
        packed = b"".join(
            kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
            for kind, body in _shuffled(list(_riff_parts(data)), rng, _any_body)
        )
        return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed
    if data.startswith(b"\xff\xd8"):
        return b"\xff\xd8" + b"".join(
            kind + body for kind, body in _shuffled(list(_jpeg_parts(data)), rng, _any_body)
        )
    return number(data[:64], rng) + data[64:]


Part = tuple[bytes, bytes]


def _shuffled(
    found: list[Part], rng: random.Random, damage: Callable[[Part, random.Random], bytes]
) -> list[Part]:
    for _ in range(rng.randrange(1, 4)):
        if not found:
            break
        at = rng.randrange(len(found))
        choice = rng.randrange(5)
        if choice == 0:
            del found[at]
        elif choice == 1:
            found.insert(at, found[rng.randrange(len(found))])
        elif choice == 2:
            other = rng.randrange(len(found))
            found[at], found[other] = found[other], found[at]
        else:
            found[at] = (found[at][0], damage(found[at], rng))
    return found


def _any_body(part: Part, rng: random.Random) -> bytes:
    return rng.choice(PLAIN)(part[1], rng)


def _png_body(part: Part, rng: random.Random) -> bytes:
    kind, body = part
    if kind == b"IHDR" and len(body) == 13 and rng.random() < 0.7:
        width, height, *rest = struct.unpack(">IIBBBBB", body)
        sizes = (0, 1, 47, 48, 159, 161, 3535, 5000, 30_000, 2**31 - 1, 2**32 - 1)
        width, height = (rng.choice((*sizes, side)) for side in (width, height))
        if rng.random() < 0.5:
            rest[rng.randrange(5)] = rng.choice((0, 1, 2, 3, 4, 6, 8, 16, 255))
        return struct.pack(">IIBBBBB", width, height, *rest)
    if kind == b"IDAT" and rng.random() < 0.7:
        try:
            lines = zlib.decompress(body)
        except zlib.error:
            return body
        times = rng.choice((1, 1, 1, 40)) if len(lines) < 1 << 20 else 1
        return zlib.compress(rng.choice(PLAIN)(lines, rng) * times, 1)
    return _any_body(part, rng)


def _png_parts(data: bytes) -> Iterator[Part]:
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def _png(found: list[Part]) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in found
    )


def _riff_parts(data: bytes) -> Iterator[Part]:
    at = 12
    while at + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, at)
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _jpeg_parts(data: bytes) -> Iterator[Part]:
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        yield data[at : at + 4], data[at + 4 : end]
        at = end
    yield data[at : at + 4], data[at + 4 :]


PLAIN: tuple[Mutator, ...] = (flip, overwrite, number, truncate, cut, insert, repeat)
MUTATORS: tuple[Mutator, ...] = (*PLAIN, splice, graft, parts, parts, parts)


def case(seed: int, index: int) -> tuple[str, bytes]:
    """The damaged file of this number, the same on every machine with the same codecs."""
    rng = random.Random(f"{seed}/{index}")
    names = list(containers())
    (name,) = rng.choices(names, [0.05 if name.startswith("limit") else 1.0 for name in names])
    data = containers()[name]
    for _ in range(rng.choice((0, 1, 1, 1, 1, 2, 2, 3))):
        data = rng.choice(MUTATORS)(data, rng)
    return name, data


# --- trial --------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """What happened to the damaged files made from one container."""

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    most_mb: float = 0.0


def outcome(data: bytes) -> str:
    """`accepted`, a cause, or what went wrong, marked with an exclamation mark."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            pixels = decode(data)
    except PhotoError as error:
        return error.cause if error.cause in get_args(PhotoCause) else f"!cause {error.cause}"
    except BaseException as error:
        return f"!{type(error).__name__}"
    height, width, *planes = pixels.shape
    kept = (
        pixels.dtype == np.uint8
        and planes == [3]
        and pixels.flags.c_contiguous
        and pixels.flags.writeable
        and max(height, width) <= DEFAULT_LIMITS.max_side_px
        and min(height, width) >= DEFAULT_LIMITS.min_side_px
    )
    return "accepted" if kept else f"!promise {pixels.shape}"


def timed(data: bytes) -> tuple[str, float]:
    best = float("inf")
    for _ in range(3):  # a busy machine is no fault of the decoder
        start = time.perf_counter()
        result = outcome(data)
        best = min(best, time.perf_counter() - start)
        if best < SLOW_S:
            break
    return result, best


def peak_mb(*, reset: bool = False) -> float:
    """Most memory this process held resident; on Linux since the last reset, elsewhere since it began."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    return next(
        int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM")
    )


def work(seed: int, first: int, seconds: float, pipe: Connection) -> None:
    with tempfile.TemporaryFile() as noise:
        os.dup2(noise.fileno(), 2)
        for data in containers().values():
            outcome(data)
        end = time.monotonic() + seconds
        index = first
        while time.monotonic() < end:
            pipe.send(index)
            name, data = case(seed, index)
            written, before_mb = os.fstat(2).st_size, peak_mb(reset=True)
            result, took_s = timed(data)
            if os.fstat(2).st_size > written:
                result = "!stderr"
            pipe.send((index, name, result, took_s, peak_mb() - before_mb))
            index += 1
    pipe.send(None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    tallies: defaultdict[str, Tally] = defaultdict(Tally)
    faults: list[str] = []
    index, end = 0, time.monotonic() + arguments.seconds
    context = multiprocessing.get_context("spawn")
    while (left := end - time.monotonic()) > 0:
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(target=work, args=(arguments.seed, index, left, sender))
        child.start()
        sender.close()
        try:
            while receiver.poll(STALLED_S):
                message = receiver.recv()
                if message is None:
                    break
                if isinstance(message, int):
                    index = message
                    continue
                _, name, result, took_s, grown_mb = message
                tally = tallies[name]
                tally.outcomes[result] += 1
                tally.slowest_s = max(tally.slowest_s, took_s)
                tally.most_mb = max(tally.most_mb, grown_mb)
                if result.startswith("!") or took_s > SLOW_S or grown_mb > MEMORY_CAP_MB:
                    faults.append(f"case {index} ({name}): {result}, {took_s:.2f} s, {grown_mb:.0f} MB")
            else:
                faults.append(f"case {index}: no answer in {STALLED_S:.0f} s")
                child.terminate()
        except EOFError:
            child.join()
            faults.append(f"case {index}: the process died, exit code {child.exitcode}")
        child.join()
        index += 1
    _print(tallies, faults)
    return 1 if faults else 0


def _print(tallies: dict[str, Tally], faults: list[str]) -> None:
    causes = get_args(PhotoCause)
    print(f"{'container':24}{'tried':>8}{'accepted':>10}{'slowest':>10}{'memory':>10}   refused as")
    for name, tally in sorted(tallies.items()):
        refused = ", ".join(f"{cause} {tally.outcomes[cause]}" for cause in causes if tally.outcomes[cause])
        counts = f"{tally.outcomes.total():8}{tally.outcomes['accepted']:10}"
        print(f"{name:24}{counts}{tally.slowest_s * 1e3:7.0f} ms{tally.most_mb:7.0f} MB   {refused}")
    tried = sum(tally.outcomes.total() for tally in tallies.values())
    print(f"{tried} files, {len(faults)} faults; allowed are {SLOW_S:.0f} s and {MEMORY_CAP_MB} MB a file")
    for fault in faults[:20]:
        print(f"  {fault}")


if __name__ == "__main__":
    sys.exit(main())
