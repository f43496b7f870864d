"""Photo intake on sound, odd, damaged and hostile containers, all of them made here."""

from __future__ import annotations

import io
import random
import struct
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from typing import get_args

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, PngImagePlugin

from simkyc.errors import PhotoError, PolicyError
from simkyc.faces.intake import DEFAULT_LIMITS, PhotoCause, PhotoLimits, decode

Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 203, 151  # odd on purpose: no codec block ends with the picture
PADDING = b"\0" * 8


# --- what the photos are made of ----------------------------------------------------------------------------------


@cache
def scene(width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """Smooth colours with a bright upper left quarter, so that every turn of it can be told."""
    rng = np.random.default_rng(7)
    coarse = rng.normal(110, 40, (height // 16 + 2, width // 16 + 2, 3)).astype(np.float32)
    smooth: NDArray[np.float32] = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    smooth += rng.normal(0, 2, (height, width, 1)).astype(np.float32)
    smooth[: height // 2, : width // 2] += 60
    return np.clip(smooth, 0, 255).astype(np.uint8)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def rgb() -> Image.Image:
    return Image.fromarray(scene())


def rgba() -> Image.Image:
    ramp = np.tile((np.arange(WIDTH) % 256).astype(np.uint8), (HEIGHT, 1))
    return Image.fromarray(np.dstack([scene(), ramp]))


def jpeg(**options: object) -> bytes:
    return saved(rgb(), "JPEG", quality=90, **options)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))


def png(header: bytes, lines: bytes, *between: bytes) -> bytes:
    chunks = (
        png_chunk(b"IHDR", header),
        *between,
        png_chunk(b"IDAT", zlib.compress(lines)),
        png_chunk(b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def png_chunks(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, kind) of every chunk."""
    at = 8
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        yield at, at + 12 + length, kind
        at += 12 + length


def plain_png(pixels: Pixels) -> bytes:
    height, width = pixels.shape[:2]
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    return png(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), lines)


def interlaced_png(pixels: Pixels) -> bytes:
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
        b"\0" + row.tobytes() for left, top, across, down in passes for row in pixels[top::down, left::across]
    )
    height, width = pixels.shape[:2]
    return png(struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 1), lines)


def png_of_16_bits(pixels: Pixels) -> bytes:
    encoded: Pixels = cv2.imencode(".png", pixels.astype(np.uint16) * 257)[1]
    return encoded.tobytes()


def bmp(pixels: Pixels, *, top_down: bool = False, alpha: int | None = None) -> bytes:
    """A 24-bit BMP, or a 32-bit one with bit masks and this alpha everywhere."""
    height, width = pixels.shape[:2]
    bgr = pixels[..., ::-1]
    bits, packing, masks = 24, 0, b""
    if alpha is not None:
        bgr = np.dstack([bgr, np.full((height, width), alpha, np.uint8)])
        bits, packing = 32, 3
        masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    stride = (width * bits + 31) // 32 * 4
    rows = [row.tobytes().ljust(stride, b"\0") for row in (bgr if top_down else bgr[::-1])]
    header_size = 40 + len(masks)
    size = -height if top_down else height
    header = struct.pack("<IiiHHIIiiII", header_size, width, size, 1, bits, packing, 0, 0, 0, 0, 0) + masks
    body = header + b"".join(rows)
    return struct.pack("<2sIII", b"BM", 14 + len(body), 0, 14 + header_size) + body


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    packed = b"".join(
        kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for kind, body in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed


def exif(orientation: int) -> Image.Exif:
    block = Image.Exif()
    block[0x0112], block[0x010F] = orientation, "maker"
    return block


def turned(kind: str, orientation: int) -> bytes:
    return saved(rgb(), kind, exif=exif(orientation))


def as_seen(data: bytes) -> Pixels:
    """What Pillow shows: the reference."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)).copy())
    if image.mode.startswith("I"):
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return np.dstack([grey, grey, grey])
    if "A" in image.mode or "transparency" in image.info:
        page = Image.new("RGBA", image.size, "white")
        page.alpha_composite(image.convert("RGBA"))
        image = page
    return np.asarray(image.convert("RGB"))


def cause_of(data: object, limits: PhotoLimits = DEFAULT_LIMITS) -> str:
    with pytest.raises(PhotoError) as caught:
        decode(data, limits)  # type: ignore[arg-type]  # no bytes on purpose
    assert caught.value.cause in get_args(PhotoCause)
    return caught.value.cause


def check_promises(pixels: Pixels, limits: PhotoLimits = DEFAULT_LIMITS) -> None:
    assert pixels.dtype == np.uint8
    assert pixels.ndim == 3
    assert pixels.shape[2] == 3
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable
    assert max(pixels.shape[:2]) <= limits.max_side_px
    assert min(pixels.shape[:2]) >= limits.min_side_px


# --- sound photos -------------------------------------------------------------------------------------------------

SOUND: dict[str, Callable[[], bytes]] = {
    "jpeg": jpeg,
    "jpeg without chroma subsampling": lambda: jpeg(subsampling=0),
    "jpeg 4:2:2": lambda: jpeg(subsampling=1),
    "jpeg progressive": lambda: jpeg(progressive=True),
    "jpeg with restart markers": lambda: jpeg(restart_marker_blocks=5),
    "jpeg with its own Huffman tables": lambda: jpeg(optimize=True),
    "jpeg stored as RGB": lambda: jpeg(keep_rgb=True),
    "jpeg grey": lambda: saved(rgb().convert("L"), "JPEG"),
    "jpeg cmyk": lambda: saved(rgb().convert("CMYK"), "JPEG"),
    "jpeg cmyk progressive": lambda: saved(rgb().convert("CMYK"), "JPEG", progressive=True),
    "mpo of a phone: only its first picture": lambda: saved(
        rgb(), "MPO", save_all=True, append_images=[rgb().rotate(180)]
    ),
    "png": lambda: saved(rgb(), "PNG"),
    "png grey": lambda: saved(rgb().convert("L"), "PNG"),
    "png 1 bit": lambda: saved(rgb().convert("1"), "PNG"),
    "png palette": lambda: saved(rgb().convert("P"), "PNG"),
    "png palette of 4 bits": lambda: saved(rgb().quantize(12), "PNG", bits=4),
    "png palette with transparency": lambda: saved(rgb().convert("P"), "PNG", transparency=3),
    "png with one transparent colour": lambda: saved(
        rgb(), "PNG", transparency=tuple(scene()[5, 5].tolist())
    ),
    "png 16 bit": lambda: png_of_16_bits(scene()),
    "png 16 bit grey": lambda: png_of_16_bits(scene()[..., 0]),
    "png alpha": lambda: saved(rgba(), "PNG"),
    "png grey with alpha": lambda: saved(rgba().convert("LA"), "PNG"),
    "png interlaced": lambda: interlaced_png(scene()),
    "bmp": lambda: saved(rgb(), "BMP"),
    "bmp palette": lambda: saved(rgb().convert("P"), "BMP"),
    "bmp grey": lambda: saved(rgb().convert("L"), "BMP"),
    "bmp 1 bit": lambda: saved(rgb().convert("1"), "BMP"),
    "bmp top row first": lambda: bmp(scene(), top_down=True),
    "webp": lambda: saved(rgb(), "WEBP"),
    "webp lossless": lambda: saved(rgb(), "WEBP", lossless=True),
    "webp alpha": lambda: saved(rgba(), "WEBP"),
    "webp lossless alpha": lambda: saved(rgba(), "WEBP", lossless=True),
    **{
        f"{kind} exif orientation {orientation}": partial(turned, kind, orientation)
        for kind in ("JPEG", "PNG", "WEBP")
        for orientation in range(1, 9)
    },
}


@pytest.mark.parametrize("kind", SOUND)
def test_a_sound_photo_gives_the_pixels_a_viewer_shows(kind: str) -> None:
    data = SOUND[kind]()
    pixels = decode(data)
    check_promises(pixels)
    expected = as_seen(data)
    assert pixels.shape == expected.shape
    # Two codecs may round a half up or down; a wrong turn, channel or background differs by far more.
    assert np.abs(pixels.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("orientation", "bright_corner"),
    [(1, (0, 0)), (2, (0, 1)), (3, (1, 1)), (4, (1, 0)), (5, (0, 0)), (6, (0, 1)), (7, (1, 1)), (8, (1, 0))],
)
def test_exif_orientation_sets_the_photo_upright(
    kind: str, orientation: int, bright_corner: tuple[int, int]
) -> None:
    pixels = decode(saved(rgb(), kind, exif=exif(orientation)))
    height, width = pixels.shape[:2]
    assert (width > height) == (orientation < 5)
    quarters = {
        (down, right): pixels[down * height // 2 :][: height // 2, right * width // 2 :][
            :, : width // 2
        ].mean()
        for down in (0, 1)
        for right in (0, 1)
    }
    assert max(quarters, key=quarters.__getitem__) == bright_corner


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_object_will_do(kind: Callable[[bytes], bytes]) -> None:
    assert np.array_equal(decode(kind(jpeg())), decode(jpeg()))


def test_transparency_is_shown_on_white_but_a_bmp_has_none() -> None:
    hidden = np.dstack([scene(), np.zeros((HEIGHT, WIDTH), np.uint8)])
    assert (decode(saved(Image.fromarray(hidden), "PNG")) == 255).all()
    for alpha in (0, 255):
        assert np.array_equal(decode(bmp(scene(), alpha=alpha)), scene())


def test_a_larger_photo_is_reduced_by_area_averaging() -> None:
    stripes = np.zeros((1600, 1600, 3), np.uint8)
    stripes[:, ::2] = 200  # any method but averaging gives stripes or moiré
    limits = PhotoLimits(max_side_px=400)
    for data in (plain_png(stripes), bmp(stripes), saved(Image.fromarray(stripes), "WEBP", lossless=True)):
        reduced = decode(data, limits)
        assert reduced.shape == (400, 400, 3)
        assert np.abs(reduced.astype(int) - 100).max() <= 1


@pytest.mark.parametrize("width", [2048, 2049, 2592, 4032, 5712])
def test_a_reduced_jpeg_looks_like_the_whole_one(width: int) -> None:
    height = width * 3 // 40  # as wide as the photos of phones, but quick to make
    data = saved(Image.fromarray(scene(width, height)), "JPEG", quality=95)
    reduced = decode(data)
    check_promises(reduced)
    assert max(reduced.shape) > 0.7 * DEFAULT_LIMITS.max_side_px
    size = reduced.shape[1], reduced.shape[0]
    expected = cv2.resize(scene(width, height), size, interpolation=cv2.INTER_AREA)
    assert np.abs(reduced.astype(int) - expected).mean() < 3


# --- odd, yet nothing is missing: nobody is turned away -----------------------------------------------------------


def between_segments(data: bytes, junk: bytes) -> bytes:
    at = data.index(b"\xff\xdb")
    return data[:at] + junk + data[at:]


def segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + (2 + len(body)).to_bytes(2) + body


def exif_tag(value: bytes, kind: int = 3, count: int = 1) -> bytes:
    return (
        b"II*\0\x08\0\0\0\x01\0"
        + struct.pack("<HHI", 0x0112, kind, count)
        + value.ljust(4, b"\0")
        + b"\0\0\0\0"
    )


def without_huffman_tables(data: bytes) -> bytes:
    while (at := data.find(b"\xff\xc4")) >= 0:
        data = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4]) :]
    return data


def with_ancillary(kind: bytes, body: bytes, *, damage: bool = False) -> bytes:
    data, chunk = saved(rgb(), "PNG"), bytearray(png_chunk(kind, body))
    chunk[-1] ^= damage
    return data[:33] + bytes(chunk) + data[33:]


def packed_lines(data: bytes) -> bytes:
    return b"".join(data[start + 8 : end - 4] for start, end, kind in png_chunks(data) if kind == b"IDAT")


def repacked(data: bytes, packed: bytes, size: int = 1 << 30) -> bytes:
    """The same PNG around other IDAT bytes, cut into chunks of this size."""
    pieces = [packed[at : at + size] for at in range(0, len(packed), size)]
    return data[:33] + b"".join(png_chunk(b"IDAT", piece) for piece in pieces) + png_chunk(b"IEND", b"")


def in_chunks_of(data: bytes, size: int) -> bytes:
    return repacked(data, packed_lines(data), size)


def with_more_lines(data: bytes) -> bytes:
    return repacked(data, zlib.compress(zlib.decompress(packed_lines(data)) + b"\0" * 999))


def webp_picture() -> tuple[bytes, bytes]:
    data = saved(rgb(), "WEBP")
    return b"VP8 ", data[20 : 20 + int.from_bytes(data[16:20], "little")]


def webp_canvas(flags: int, width: int = WIDTH, height: int = HEIGHT) -> tuple[bytes, bytes]:
    return b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(
        3, "little"
    )


ODD: dict[str, Callable[[], bytes]] = {
    "trailing zeros of a block device": lambda: jpeg() + b"\0" * 4096,
    "trailing data of a phone": lambda: jpeg() + b"SEFT\0\0trailer" * 99,
    "a zip behind it": lambda: jpeg() + b"PK\x03\x04" + b"x" * 500,
    "extra bytes before the end": lambda: jpeg()[:-2] + b"\0\0\0\0" + jpeg()[-2:],
    "padding before the end": lambda: jpeg()[:-2] + b"\xff\xff\xff" + jpeg()[-2:],
    "stray bytes between segments": lambda: between_segments(jpeg(), b"\0\0\x12"),
    "padding between segments": lambda: between_segments(jpeg(), b"\xff\xff\xff"),
    "a JFIF version of the future": lambda: jpeg().replace(b"JFIF\0\x01", b"JFIF\0\x09"),
    "a JFIF segment cut short": lambda: between_segments(jpeg(), segment(0xE0, b"JFIF\0")),
    "an unknown Adobe transform": lambda: between_segments(jpeg(), segment(0xEE, b"Adobe\0\x64\0\0\0\0\x09")),
    "a broken colour profile": lambda: between_segments(
        jpeg(), segment(0xE2, b"ICC_PROFILE\0\x05\x02rubbish")
    ),
    "a broken multi-picture index": lambda: between_segments(jpeg(), segment(0xE2, b"MPF\0\xff\xff\xff\xff")),
    "exif of nothing": lambda: between_segments(jpeg(), segment(0xE1, b"Exif\0\0")),
    "exif pointing outside": lambda: between_segments(
        jpeg(), segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff")
    ),
    "exif pointing at itself": lambda: between_segments(jpeg(), segment(0xE1, b"Exif\0\0II*\0\0\0\0\0")),
    "exif orientation 0": lambda: between_segments(jpeg(), segment(0xE1, b"Exif\0\0" + exif_tag(b"\0\0"))),
    "exif orientation 9": lambda: between_segments(jpeg(), segment(0xE1, b"Exif\0\0" + exif_tag(b"\x09\0"))),
    "exif orientation as text": lambda: between_segments(
        jpeg(), segment(0xE1, b"Exif\0\0" + exif_tag(b"abc\0", kind=2, count=4))
    ),
    "XMP where EXIF stands": lambda: between_segments(
        jpeg(), segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x/>")
    ),
    "a comment that is no text": lambda: between_segments(jpeg(), segment(0xFE, b"\xff\xd8\xff\xd9\xff\xda")),
    "an embedded thumbnail": lambda: between_segments(
        jpeg(), segment(0xE1, b"Exif\0\0" + saved(rgb(), "JPEG", quality=10)[:9000])
    ),
    "no Huffman tables, as in motion JPEG": lambda: without_huffman_tables(jpeg()),
    "png with a comment of wrong check sum": lambda: with_ancillary(b"tEXt", b"Comment\0text", damage=True),
    "png with a comment that is a bomb": lambda: with_ancillary(
        b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 24), 9)
    ),
    "png with a broken colour profile": lambda: with_ancillary(b"iCCP", b"name\0\0rubbish"),
    "png with transparency of wrong length": lambda: with_ancillary(b"tRNS", b"\0"),
    "png in chunks of one byte": lambda: in_chunks_of(saved(rgb().convert("1"), "PNG"), 1),
    "png with bytes after the end": lambda: saved(rgb(), "PNG") + b"rubbish" * 9,
    "png with pixels of no picture behind its own": lambda: with_more_lines(saved(rgb(), "PNG")),
    "bmp of stated length zero": lambda: b"BM\0\0\0\0" + saved(rgb(), "BMP")[6:],
    "bmp with bytes after the end": lambda: saved(rgb(), "BMP") + b"\0" * 99,
    "webp with an unknown chunk": lambda: riff((b"JUNK", b"123"), webp_picture()),
    "webp with bytes after the end": lambda: saved(rgb(), "WEBP") + b"rubbish",
    "webp with broken exif": lambda: riff(webp_canvas(flags=0x08), webp_picture(), (b"EXIF", b"MM\0*\0\0")),
}


@pytest.mark.parametrize("kind", ODD)
def test_a_harmless_oddity_turns_nobody_away(kind: str) -> None:
    data = ODD[kind]()
    sound = saved(rgb(), "PNG")
    if data.startswith(b"\xff\xd8"):
        sound = jpeg()
    elif data.startswith(b"RIFF"):
        sound = saved(rgb(), "WEBP")
    elif kind == "png in chunks of one byte":
        sound = saved(rgb().convert("1"), "PNG")
    assert np.array_equal(decode(data), decode(sound))


# --- refused, and why ---------------------------------------------------------------------------------------------


def frame_at(data: bytes) -> int:
    return next(at for at in range(len(data)) if data[at : at + 2] in {b"\xff\xc0", b"\xff\xc2"})


def with_frame(data: bytes, offset: int, value: bytes) -> bytes:
    """The JPEG with bytes of its frame header replaced: 4 precision, 5 height, 7 width, 9 planes."""
    at = frame_at(data) + offset
    return data[:at] + value + data[at + len(value) :]


def damaged_middle(data: bytes, junk: bytes) -> bytes:
    at = len(data) // 2
    return data[:at] + junk + data[at + len(junk) :]


def scan_of(data: bytes) -> int:
    return data.index(b"\xff\xda") + 14


def damaged_chunk(data: bytes, wanted: bytes) -> bytes:
    out = bytearray(data)
    for start, _, kind in png_chunks(data):
        if kind == wanted:
            out[start + 10] ^= 0x20
            break
    return bytes(out)


def hollow_png(width: int, height: int, bits: int = 8, colour: int = 2, **between: bytes) -> bytes:
    """A PNG of zeros: tiny, whatever it unpacks to."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    packer = zlib.compressobj(1)
    line = bytes(1 + (width * bits * samples + 7) // 8)
    packed = b"".join(packer.compress(line) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + b"".join(png_chunk(kind.encode(), body) for kind, body in between.items())
        + png_chunk(b"IDAT", packed)
        + png_chunk(b"IEND", b"")
    )


def hollow_jpeg(width: int, height: int) -> bytes:
    return with_frame(jpeg(), 5, struct.pack(">HH", height, width))


def moving(kind: str) -> bytes:
    return saved(rgb(), kind, save_all=True, append_images=[rgb().rotate(180)])


def packed_bmp(packing: int) -> bytes:
    data = saved(rgb().convert("P"), "BMP")
    return data[:30] + struct.pack("<I", packing) + data[34:]


def bmp_rest() -> bytes:
    return saved(rgb(), "BMP")[14:]


def bmp_of_size(width: int, height: int) -> bytes:
    data = saved(rgb(), "BMP")
    return data[:18] + struct.pack("<ii", width, height) + data[26:]


def png_of_size(width: int, height: int, bits: int = 8) -> bytes:
    return png(struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0), bytes(9))


def webp_of_size(width: int, height: int) -> bytes:
    return riff(webp_canvas(flags=0, width=width, height=height), webp_picture())


def short_webp() -> bytes:
    kind, body = webp_picture()
    return riff((kind, body[: len(body) // 2]))


def few_lines(count: int) -> bytes:
    return png(struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0), bytes(1 + 3 * WIDTH) * count)


def damaged_lines() -> bytes:
    data = saved(rgb(), "PNG")
    packed = bytearray(packed_lines(data))
    packed[len(packed) // 2] ^= 0x10
    return repacked(data, bytes(packed))


def wrong_filter() -> bytes:
    lines = bytearray((1 + 3 * WIDTH) * HEIGHT)
    lines[(1 + 3 * WIDTH) * 70] = 5
    return png(struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0), bytes(lines))


def progressive_scans(count: int) -> bytes:
    """The first scans of a progressive JPEG, and nothing after them."""
    data = jpeg(progressive=True)
    starts = [at for at, (a, b) in enumerate(pairwise(data)) if a == 0xFF and b == 0xDA]
    return data[: starts[count]]


def without_colours() -> bytes:
    """The luminance scans of a progressive JPEG whose first scan holds one plane only."""
    data = saved(rgb(), "JPEG", progressive=True)
    grey = saved(rgb().convert("L"), "JPEG", progressive=True)
    start = frame_at(data)
    frame = data[start : start + 19]
    inner = frame_at(grey)
    return grey[:inner] + frame + grey[inner + 13 :]


def spliced_jpeg() -> bytes:
    other = saved(Image.fromarray(scene()[::-1].copy()), "JPEG", quality=60)
    return jpeg()[: scan_of(jpeg()) + 3000] + other[scan_of(other) + 1500 :]


REFUSED: dict[str, tuple[PhotoCause, Callable[[], object]]] = {
    "no bytes": ("empty", lambda: b""),
    "a string": ("not_a_photo", lambda: "photo.jpg"),
    "nothing": ("not_a_photo", lambda: None),
    "an array": ("not_a_photo", lambda: np.zeros((99, 99, 3), np.uint8)),
    "text": ("not_a_photo", lambda: b"this is no photo"),
    "base64 that nobody decoded": ("not_a_photo", lambda: b"/9j/4AAQSkZJRgABAQ"),
    "svg": ("not_a_photo", lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    "zeros": ("not_a_photo", lambda: bytes(9999)),
    "a jpeg behind other bytes": ("not_a_photo", lambda: b"\n" + jpeg()),
    "gif": ("unsupported", lambda: saved(rgb(), "GIF")),
    "tiff": ("unsupported", lambda: saved(rgb(), "TIFF")),
    "avif, and by the same mark heic": ("unsupported", lambda: saved(rgb(), "AVIF")),
    "jpeg 2000": ("unsupported", lambda: saved(rgb(), "JPEG2000")),
    "pdf": ("unsupported", lambda: saved(rgb(), "PDF")),
    "jpeg of 12 bits": ("unsupported", lambda: with_frame(jpeg(), 4, b"\x0c")),
    "jpeg of 2 planes": ("unsupported", lambda: with_frame(jpeg(), 9, b"\x02")),
    "jpeg lossless": ("unsupported", lambda: with_frame(jpeg(), 0, b"\xff\xc3")),
    "jpeg arithmetic": ("unsupported", lambda: with_frame(jpeg(), 0, b"\xff\xc9")),
    "png of an Apple app": ("unsupported", lambda: b"\x89PNG\r\n\x1a\n" + png_chunk(b"CgBI", b"\0" * 4)),
    "bmp in run lengths": ("unsupported", lambda: packed_bmp(1)),
    "bmp around a jpeg": ("unsupported", lambda: packed_bmp(4)),
    "many bytes": ("too_many_bytes", lambda: jpeg() + bytes(DEFAULT_LIMITS.max_bytes)),
    "png bomb of 30000x30000": ("too_many_pixels", lambda: hollow_png(30_000, 30_000, bits=1, colour=0)),
    "png of 12000x12000": ("too_many_pixels", lambda: hollow_png(12_000, 12_000, bits=1, colour=0)),
    "png of 2 billion squared": ("too_many_pixels", lambda: png_of_size(2**31 - 1, 2**31 - 1)),
    "png of 16 bits, a little larger than allowed": (
        "too_many_pixels",
        lambda: hollow_png(2600, 2600, 16, 6),
    ),
    "jpeg of 65535x65535": ("too_many_pixels", lambda: hollow_jpeg(65_535, 65_535)),
    "jpeg of 12000x12000": ("too_many_pixels", lambda: hollow_jpeg(12_000, 12_000)),
    "webp of 16384x16384": ("too_many_pixels", lambda: webp_of_size(16_384, 16_384)),
    "bmp of 2 billion squared": ("too_many_pixels", lambda: bmp_of_size(2**31 - 1, -(2**31))),
    "1x1": ("too_small", lambda: saved(Image.new("RGB", (1, 1)), "PNG")),
    "8x8": ("too_small", lambda: saved(Image.new("RGB", (8, 8)), "JPEG")),
    "47 pixels high": ("too_small", lambda: saved(Image.new("RGB", (480, 47)), "WEBP")),
    "so long that reducing leaves no height": ("too_small", lambda: hollow_png(9000, 60)),
    "jpeg without its end mark": ("truncated", lambda: jpeg()[:-2]),
    "jpeg cut in the middle": ("truncated", lambda: jpeg()[: len(jpeg()) // 2]),
    "jpeg cut between two scans": ("truncated", lambda: progressive_scans(3)),
    "jpeg of which only the header is there": ("truncated", lambda: jpeg()[:600]),
    "jpeg whose colours never come": ("truncated", without_colours),
    "png cut in the middle": ("truncated", lambda: saved(rgb(), "PNG")[:20_000]),
    "png without its end mark": ("truncated", lambda: saved(rgb(), "PNG")[:-12]),
    "png whose lines end early, in sound chunks": ("truncated", lambda: few_lines(HEIGHT - 1)),
    "png without lines": ("truncated", lambda: few_lines(0)),
    "bmp cut in the middle": ("truncated", lambda: saved(rgb(), "BMP")[:40_000]),
    "bmp cut in its header": ("truncated", lambda: saved(rgb(), "BMP")[:30]),
    "bmp whose last byte is missing": ("truncated", lambda: bmp(scene())[:-1]),
    "webp cut in the middle": ("truncated", lambda: saved(rgb(), "WEBP")[:2000]),
    "webp whose picture is cut but whose sizes fit": ("corrupt", short_webp),
    "jpeg with garbage in the middle": (
        "corrupt",
        lambda: damaged_middle(jpeg(), random.Random(1).randbytes(512)),
    ),
    "jpeg with zeros in the middle": ("corrupt", lambda: damaged_middle(jpeg(), bytes(512))),
    "jpeg with a stray mark in the middle": ("corrupt", lambda: damaged_middle(jpeg(), b"\xff\x41")),
    "jpeg with a lost stretch": (
        "corrupt",
        lambda: jpeg()[: len(jpeg()) // 2] + jpeg()[len(jpeg()) // 2 + 2000 :],
    ),
    "jpeg cut in the middle, end mark put back": (
        "corrupt",
        lambda: jpeg()[: len(jpeg()) // 2] + b"\xff\xd9",
    ),
    "progressive jpeg cut, end mark put back": (
        "corrupt",
        lambda: jpeg(progressive=True)[: len(jpeg(progressive=True)) * 2 // 3] + b"\xff\xd9",
    ),
    "jpeg taller than its scan": ("corrupt", lambda: with_frame(jpeg(), 5, (HEIGHT + 64).to_bytes(2))),
    "jpeg spliced from two": ("corrupt", spliced_jpeg),
    "jpeg with two frames": ("corrupt", lambda: between_segments(jpeg(), jpeg()[frame_at(jpeg()) :][:19])),
    "jpeg with a second start": ("corrupt", lambda: between_segments(jpeg(), b"\xff\xd8")),
    "jpeg without quantisation tables": ("corrupt", lambda: jpeg().replace(b"\xff\xdb", b"\xff\xee")),
    "jpeg of height 0": ("corrupt", lambda: with_frame(jpeg(), 5, b"\0\0")),
    "jpeg of 99 scans": (
        "corrupt",
        lambda: jpeg()[:-2] + segment(0xDA, b"\3\1\0\2\x11\3\x11\0\x3f\0") * 99 + b"\xff\xd9",
    ),
    "jpeg of a million segments": (
        "corrupt",
        lambda: b"\xff\xd8" + b"\xff\xfe\0\x02" * 1_000_000 + b"\xff\xd9",
    ),
    "png with a damaged header": ("corrupt", lambda: damaged_chunk(saved(rgb(), "PNG"), b"IHDR")),
    "png with damaged pixels": ("corrupt", lambda: damaged_chunk(saved(rgb(), "PNG"), b"IDAT")),
    "png with a damaged palette": (
        "corrupt",
        lambda: damaged_chunk(saved(rgb().convert("P"), "PNG"), b"PLTE"),
    ),
    "png without a palette": ("corrupt", lambda: hollow_png(99, 99, colour=3)),
    "png whose packed lines are damaged, in sound chunks": ("corrupt", damaged_lines),
    "png with a filter that does not exist": ("corrupt", wrong_filter),
    "png of 3 bits": ("corrupt", lambda: png_of_size(99, 99, bits=3)),
    "png of no width": ("corrupt", lambda: png_of_size(0, 99)),
    "png with two headers": ("corrupt", lambda: saved(rgb(), "PNG")[:33] + saved(rgb(), "PNG")[8:]),
    "png of a million chunks": (
        "corrupt",
        lambda: saved(rgb(), "PNG")[:33] + png_chunk(b"IDAT", b"") * 500_000,
    ),
    "bmp whose pixels begin in its header": (
        "corrupt",
        lambda: saved(rgb(), "BMP")[:10] + PADDING[:4] + bmp_rest(),
    ),
    "webp of rubbish": ("corrupt", lambda: riff((b"VP8 ", webp_picture()[1][:10] + b"\x55" * 4000))),
    "webp of a million chunks": ("corrupt", lambda: riff(*[(b"JUNK", b"")] * 30_000)),
    "png that moves": ("animated", lambda: moving("PNG")),
    "webp that moves": ("animated", lambda: moving("WEBP")),
    "webp that says it moves": ("animated", lambda: riff(webp_canvas(flags=0x02), webp_picture())),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_usable_photo_is_refused_with_its_cause(kind: str) -> None:
    cause, make = REFUSED[kind]
    data = make()
    started = time.perf_counter()
    assert cause_of(data) == cause
    assert time.perf_counter() - started < 5  # each takes milliseconds; a hang would take minutes


def test_every_cause_has_a_row_here() -> None:
    assert {cause for cause, _ in REFUSED.values()} == set(get_args(PhotoCause))


@pytest.mark.parametrize(
    "kind", ["jpeg", "jpeg progressive", "png", "png interlaced", "bmp", "webp", "webp lossless"]
)
def test_no_photo_can_be_cut_short_unnoticed(kind: str) -> None:
    data = SOUND[kind]()
    lengths = sorted({*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 20, len(data))})
    tail = 3 if kind == "bmp" else 0  # the last row of a BMP may end in up to 3 bytes of padding
    for length in lengths:
        if length < len(data) - tail:
            assert cause_of(data[:length]) in {"empty", "not_a_photo", "truncated"}


def test_limits_are_read_from_the_header_before_anything_else() -> None:
    jpeg_head = hollow_jpeg(20_000, 20_000)
    jpeg_head = jpeg_head[: frame_at(jpeg_head) + 19]
    png_head = png_of_size(20_000, 20_000)[:33]
    assert cause_of(jpeg_head) == "too_many_pixels"
    assert cause_of(png_head) == "too_many_pixels"


@pytest.mark.parametrize(
    ("limits", "cause"),
    [
        (PhotoLimits(max_bytes=1000), "too_many_bytes"),
        (PhotoLimits(max_pixels=WIDTH * HEIGHT - 1), "too_many_pixels"),
        (PhotoLimits(min_side_px=HEIGHT + 1), "too_small"),
        (PhotoLimits(max_side_px=100, min_side_px=80), "too_small"),
    ],
    ids=["bytes", "pixels", "side", "side after reduction"],
)
def test_limits_can_be_set(limits: PhotoLimits, cause: str) -> None:
    assert cause_of(jpeg(), limits) == cause


def test_a_photo_exactly_at_its_limits_is_taken() -> None:
    data = jpeg()
    limits = PhotoLimits(
        max_bytes=len(data), max_pixels=WIDTH * HEIGHT, min_side_px=HEIGHT, max_side_px=WIDTH
    )
    assert decode(data, limits).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize(
    "limits",
    [{"max_bytes": 0}, {"max_pixels": -1}, {"min_side_px": 0}, {"min_side_px": 50, "max_side_px": 49}],
    ids=str,
)
def test_limits_that_admit_nothing_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(PolicyError):
        PhotoLimits(**limits)


# --- the host -----------------------------------------------------------------------------------------------------


def test_the_hosts_pillow_switches_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = [decode(make()) for make in SOUND.values()]
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1)
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_MEMORY", 1)
    for make, expected in zip(SOUND.values(), sound, strict=True):
        assert np.array_equal(decode(make()), expected)
    for cause, make_damaged in REFUSED.values():
        assert cause_of(make_damaged()) == cause
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    assert Image.MAX_IMAGE_PIXELS == 1


def test_threads_get_the_same_pixels() -> None:
    made = [make() for make in SOUND.values()] * 4
    alone = [decode(data).tobytes() for data in made]
    with ThreadPoolExecutor(8) as pool:
        assert [pixels.tobytes() for pixels in pool.map(decode, made)] == alone


def test_a_message_carries_advice_and_none_of_the_photo() -> None:
    for data in (b"secret words", jpeg()[:-2] + b"secret words"):
        with pytest.raises(PhotoError) as caught:
            decode(data)
        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert len(str(caught.value)) > 20


# --- damage at random ---------------------------------------------------------------------------------------------

SMALL = (
    "jpeg",
    "jpeg progressive",
    "jpeg with restart markers",
    "png palette of 4 bits",
    "webp",
    "webp alpha",
    "bmp 1 bit",
)


@cache
def small(kind: str) -> bytes:
    return SOUND[kind]()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    data = small(draw(st.sampled_from(SMALL)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, min(len(data), 400)) | st.integers(0, len(data)))
        junk = draw(
            st.binary(max_size=9)
            | st.sampled_from([bytes(64), b"\xff" * 64, b"\xff\xd9", b"\xff\xda", b"IEND"])
        )
        gone = draw(st.sampled_from([0, 1, 4, len(junk), 300, len(data)]))
        data = data[:at] + junk + data[at + gone :]
    return data


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(damaged())
@example(b"\xff\xd8\xff")
@example(b"\x89PNG\r\n\x1a\n")
@example(b"RIFF\xff\xff\xff\xffWEBP")
@example(b"BM")
def test_whatever_the_bytes_pixels_or_a_photo_error_come_out(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            pixels = decode(data)
        except PhotoError as error:
            assert error.cause in get_args(PhotoCause)  # noqa: PT017 - either outcome is right
        else:
            check_promises(pixels)


def test_damage_of_a_jpegs_scan_is_mostly_seen() -> None:
    """JPEG has no check sum, so some damage gives another valid picture; long damage rarely does."""
    data, rng = jpeg(), random.Random(3)
    first, last = scan_of(data), len(data) - 2
    seen = 0
    for _ in range(100):
        at = rng.randrange(first, last - 512)
        try:
            decode(data[:at] + rng.randbytes(512) + data[at + 512 :])
        except PhotoError:
            seen += 1
    assert seen >= 95
