"""Photo intake: bytes in, a bounded upright RGB array out. No other room decodes an image.

Each container (JPEG, PNG, BMP, WebP, told apart by content) is first walked here without decoding: its size
against the limits, its completeness, its check sums, its EXIF orientation. The parts that make pixels are then
put together anew and only they reach a codec. So metadata, thumbnails, the further pictures of an MPO and bytes
after the end are dropped unread, and a harmless oddity in them cannot turn a customer away.

A needless refusal costs the clerk another shot, and for a camera that always writes so, every customer; a miss
compares a face on pixels that were never there. So whatever makes no pixels is forgiven, and what does must be
whole: a photo reaches its own end (JPEG EOI, PNG IEND, the lengths a BMP or WebP states), a PNG's check sums
hold, and a JPEG decodes without a single warning of libjpeg-turbo. What no decoder can tell: JPEG, BMP and WebP
carry no check sum, so a few altered bytes may give another valid picture.

Not applied: colour profiles (pixels are taken as sRGB). Transparency is shown on white, as viewers show it, save
in a BMP, whose fourth channel writers leave undefined.

Sources: ITU-T T.81 (JPEG), CIPA DC-008 (EXIF), W3C PNG 3rd edition, RFC 9649 (WebP), Microsoft bitmap headers.
"""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Final, Literal

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.PngImagePlugin import PngImageFile

from simkyc.errors import PhotoError, PolicyError

__all__ = ["DEFAULT_LIMITS", "PhotoCause", "PhotoLimits", "decode"]

PhotoCause = Literal[
    "empty",  # no bytes
    "not_a_photo",  # not bytes, or bytes that begin like no picture
    "unsupported",  # a picture, but of a kind that is not read
    "too_many_bytes",
    "too_many_pixels",
    "too_small",
    "truncated",  # its end is missing
    "corrupt",  # its middle is damaged
    "animated",
]

_ADVICE: Final[dict[PhotoCause, str]] = {
    "empty": "the photo is empty; take it again",
    "not_a_photo": "this is no photo; give the bytes of a JPEG, PNG, BMP or WebP file",
    "unsupported": "this kind of picture is not read; set the camera to plain JPEG",
    "too_many_bytes": "the photo file is too large; set the camera to a smaller picture",
    "too_many_pixels": "the photo has too many pixels; set the camera to a smaller picture",
    "too_small": "the photo has too few pixels; set the camera to a larger picture",
    "truncated": "the end of the photo is missing; send it or take it again",
    "corrupt": "the photo is damaged; send it or take it again",
    "animated": "the picture moves; give a single still photo",
}

# Work bounds beside the pixels: a file of tiny parts must not keep a counter waiting.
_MAX_PARTS: Final = 20_000  # PNG writers cut 8 KiB IDAT chunks; 10 MiB in 512-byte chunks just fit
_MAX_SCANS: Final = 32  # progressive JPEG: 6 to 18 are usual, and each is a pass over all blocks

_EXIF_PREFIX: Final = b"Exif\0\0"


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """What a photo may be, judged by its header before anything is decoded.

    Attributes:
        max_bytes: Length of the file.
        max_pixels: Width times height as stored. 25 million admits the 24-megapixel photos of today's phones. What
            cannot be reduced while it is decoded, which is all but JPEG, may have half of it, and a PNG a quarter
            where its pixels have 8 bytes.
        min_side_px: Shorter side, as stored and as returned. The resident ID card's portrait has 102.
        max_side_px: Longer side as returned; larger photos are reduced to at most this.
    """

    max_bytes: int = 10 * 1024 * 1024
    max_pixels: int = 25_000_000
    min_side_px: int = 48
    max_side_px: int = 2048

    def __post_init__(self) -> None:
        if any(getattr(self, field.name) < 1 for field in fields(self)):
            raise PolicyError("photo limits must be positive")
        if self.min_side_px > self.max_side_px:
            raise PolicyError("photo limits leave no size: min_side_px is above max_side_px")


DEFAULT_LIMITS: Final = PhotoLimits()


def decode(data: bytes, limits: PhotoLimits = DEFAULT_LIMITS) -> NDArray[np.uint8]:
    """Decode one photo. Thread-safe; neither reads nor changes Pillow's global switches.

    Args:
        data: A JPEG, PNG, BMP or WebP file. Names and declared types play no part.
        limits: The sizes accepted and the size returned.

    Returns:
        (H, W, 3) uint8 RGB, upright, C-contiguous, writable, `max(H, W) <= limits.max_side_px`. A larger photo is
        reduced by area averaging, a JPEG partly while it is decoded.

    Raises:
        PhotoError: `cause` is one of `PhotoCause`. Nothing else escapes, and no warning is given.
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise _refusal("not_a_photo")
    if memoryview(data).nbytes > limits.max_bytes:
        raise _refusal("too_many_bytes")
    try:
        data = bytes(data)
        pixels, orientation = _reader(data)(data, limits)
        return _upright(_reduced(pixels, limits), orientation)
    except PhotoError:
        raise
    except MemoryError:
        raise _refusal("too_many_pixels") from None
    except Exception:  # codecs raise what they like on damaged bytes
        raise _refusal("corrupt") from None


def _refusal(cause: PhotoCause) -> PhotoError:
    return PhotoError(cause, _ADVICE[cause])


_Reader = Callable[[bytes, PhotoLimits], tuple[NDArray[np.uint8], int]]


def _reader(data: bytes) -> _Reader:
    """Which container this is: its reader gives RGB pixels as stored and the EXIF orientation."""
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg
    if data.startswith(_PNG_SIGNATURE):
        return _png
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return _webp
    if data.startswith(b"BM"):
        return _bmp
    known = (b"GIF8", b"II*\0", b"MM\0*", b"8BPS", b"%PDF", b"\xff\x0a", b"\0\0\0\x0cjP  ", b"\0\0\0\x0cJXL ")
    if data.startswith(known) or data[4:8] == b"ftyp":  # ftyp: HEIC, AVIF and films
        raise _refusal("unsupported")
    raise _refusal("not_a_photo" if data else "empty")


def _admit(width: int, height: int, limits: PhotoLimits, weight: float = 2.0) -> None:
    """Refuse by the size the header states; `weight` is the work of one pixel, 1 for a JPEG."""
    if width < 1 or height < 1:
        raise _refusal("corrupt")
    if width * height * weight > limits.max_pixels:
        raise _refusal("too_many_pixels")
    shrink = min(1.0, limits.max_side_px / max(width, height, 1))
    if min(width, height) * shrink < limits.min_side_px:
        raise _refusal("too_small")


# --- JPEG ---------------------------------------------------------------------------------------------------------

_MARKER: Final = re.compile(rb"\xff[^\x00\xff]")  # steps over padding and stray bytes between segments
# Stuffed bytes and restart markers belong to the scan.
_SCAN_END: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JFIF: Final = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
_SOI, _EOI, _SOS, _APP0, _APP1, _APP14 = 0xD8, 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
_TABLES: Final = frozenset({0xC4, 0xDB, 0xDD})  # Huffman and quantisation tables, restart interval
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended and progressive Huffman
# Lossless, arithmetic and hierarchical ones.
_OTHER_FRAMES: Final = frozenset(range(0xC3, 0xD0)) - _TABLES - {0xC8, 0xCC}
_CMYK_PLANES: Final = 4


def _jpeg(data: bytes, limits: PhotoLimits) -> tuple[NDArray[np.uint8], int]:
    parts = [b"\xff\xd8"]
    frame: bytes | None = None
    planes: set[int] = set()
    exif = b""
    scans = 0
    for marker, segment, scan in _jpeg_segments(data):
        body = segment[4:]
        if marker in _FRAMES:
            if frame is not None:
                raise _refusal("corrupt")
            frame = body
            _admit_jpeg(frame, limits)
            parts.append(segment)
        elif marker in _OTHER_FRAMES:
            raise _refusal("unsupported" if frame is None else "corrupt")
        elif marker == _SOS:
            scans += 1
            if frame is None or scans > _MAX_SCANS:
                raise _refusal("corrupt")
            planes.update(body[1 : 1 + 2 * body[0] : 2])
            parts += (segment, scan)
        elif marker in _TABLES or (marker == _APP14 and _tells_colour(body)):
            parts.append(segment)
        elif marker == _APP0 and body.startswith(b"JFIF\0"):
            parts.append(_JFIF)  # says YCbCr; its version, density and thumbnail say nothing about pixels
        elif marker == _APP1 and body.startswith(_EXIF_PREFIX):
            exif = exif or body
    if frame is None or not planes.issuperset(frame[6::3]):
        raise _refusal("truncated")
    parts.append(b"\xff\xd9")
    width, height = _jpeg_size(frame)
    shrink = min(1.0, limits.max_side_px / max(width, height))
    cmyk = frame[5] == _CMYK_PLANES
    pixels: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        b"".join(parts),
        "CMYK" if cmyk else "RGB",
        # libjpeg scales by eighths; a little below the bound saves decoding twice the pixels to reach it exactly
        min_width=int(0.75 * shrink * width) if shrink < 1 else 0,
        min_height=int(0.75 * shrink * height) if shrink < 1 else 0,
        strict=True,
    )
    # Adobe writes ink upside down (255 is bare paper), and every other writer follows.
    return (_dimmed(pixels[..., :3], pixels[..., 3]) if cmyk else pixels), _exif_orientation(exif)


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """(marker, segment with marker and length, entropy-coded bytes that follow) up to the first EOI."""
    position = 2
    for _ in range(_MAX_PARTS):
        found = _MARKER.search(data, position)
        if found is None:
            raise _refusal("truncated")
        start, marker = found.start(), data[found.start() + 1]
        if marker == _EOI:
            return
        if marker == _SOI or 0x02 <= marker < 0xC0:  # a second picture, or a reserved code: damage
            raise _refusal("corrupt")
        if marker <= 0x01 or 0xD0 <= marker <= 0xD7:  # no length follows TEM and stray restart markers
            position = start + 2
            continue
        if start + 4 > len(data):
            raise _refusal("truncated")
        position = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        if position > len(data):
            raise _refusal("truncated")
        segment, scan = data[start:position], b""
        if marker == _SOS:
            end = _SCAN_END.search(data, position)
            if end is None:
                raise _refusal("truncated")
            scan = data[position : end.start()]
            position = end.start()
        yield marker, segment, scan
    raise _refusal("corrupt")


def _jpeg_size(frame: bytes) -> tuple[int, int]:
    return int.from_bytes(frame[3:5]), int.from_bytes(frame[1:3])


def _admit_jpeg(frame: bytes, limits: PhotoLimits) -> None:
    _admit(*_jpeg_size(frame), limits, weight=1.0)
    if frame[0] != 8 or frame[5] not in {1, 3, _CMYK_PLANES}:
        raise _refusal("unsupported")


def _tells_colour(body: bytes) -> bool:
    """Whether this APP14 is Adobe's, with a colour transform that exists: 0 none, 1 YCbCr, 2 YCCK."""
    return body.startswith(b"Adobe") and body[11:12] in {b"\0", b"\1", b"\2"}


# --- PNG ----------------------------------------------------------------------------------------------------------

_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_SAMPLES: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # colour type -> samples a pixel
_PNG_DEPTHS: Final = {0: {1, 2, 4, 8, 16}, 2: {8, 16}, 3: {1, 2, 4, 8}, 4: {8, 16}, 6: {8, 16}}
_PNG_PALETTE: Final = 3
_PNG_LAST_FILTER: Final = 4
_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def _png(data: bytes, limits: PhotoLimits) -> tuple[NDArray[np.uint8], int]:
    chunks: dict[bytes, bytes] = {}
    packed: list[bytes] = []
    rows: list[int] = []
    for kind, body, intact in _png_chunks(data):
        if not intact and kind[0] & 0x20 == 0:  # a capital first letter: the picture needs it
            raise _refusal("corrupt")
        if not chunks and kind != b"IHDR":
            raise _refusal("unsupported" if kind == b"CgBI" else "corrupt")
        if kind == b"IHDR":
            if chunks:
                raise _refusal("corrupt")
            rows = _png_rows(body, limits)
        if kind in {b"acTL", b"fcTL", b"fdAT"}:
            raise _refusal("animated")
        if kind == b"IDAT":
            packed.append(body)
        elif intact and kind in {b"IHDR", b"PLTE", b"tRNS", b"eXIf"}:
            chunks.setdefault(kind, body)
    colour = chunks[b"IHDR"][9]
    if colour == _PNG_PALETTE and b"PLTE" not in chunks:
        raise _refusal("corrupt")
    chunks[b"IDAT"] = b"".join(packed)
    _check_png_lines(chunks[b"IDAT"], rows)
    if colour != _PNG_PALETTE and len(chunks.get(b"tRNS", b"")) != {0: 2, 2: 6}.get(colour):
        chunks.pop(b"tRNS", None)
    chunks[b"IEND"] = b""
    order = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
    whole = _PNG_SIGNATURE + b"".join(_png_chunk(kind, chunks[kind]) for kind in order if kind in chunks)
    image = PngImageFile(io.BytesIO(whole))
    image.load()
    return _flat(image), _exif_orientation(chunks.get(b"eXIf", b""))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    """(kind, body, whether its check sum holds) up to IEND."""
    position = len(_PNG_SIGNATURE)
    for _ in range(_MAX_PARTS):
        if position + 12 > len(data):
            raise _refusal("truncated")
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise _refusal("truncated")
        intact = zlib.crc32(memoryview(data)[position + 4 : end - 4]) == int.from_bytes(data[end - 4 : end])
        if kind == b"IEND" and intact:
            return
        yield kind, data[position + 8 : end - 4], intact
        position = end
    raise _refusal("corrupt")


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return b"".join(
        (struct.pack(">I4s", len(body), kind), body, struct.pack(">I", zlib.crc32(body, zlib.crc32(kind))))
    )


def _png_rows(header: bytes, limits: PhotoLimits) -> list[int]:
    """Bytes of each stored line, its filter byte included, in file order."""
    width, height, depth, colour, packing, filtering, interlace = struct.unpack(">IIBBBBB", header)
    if (
        depth not in _PNG_DEPTHS.get(colour, ())
        or packing
        or filtering
        or interlace > 1
        or not (width and height)
    ):
        raise _refusal("corrupt")
    bits = depth * _PNG_SAMPLES[colour]
    _admit(width, height, limits, weight=max(2.0, bits / 16))
    if not interlace:
        return [1 + (width * bits + 7) // 8] * height
    rows: list[int] = []
    for left, top, across, down in _ADAM7:
        columns, lines = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0:
            rows += [1 + (columns * bits + 7) // 8] * lines
    return rows


def _check_png_lines(packed: bytes, rows: list[int]) -> None:
    """Every line must be there and name a filter that exists: Pillow leaves the rest of the picture black."""
    expected = sum(rows)
    unpacker = zlib.decompressobj()
    try:
        lines = unpacker.decompress(packed, expected)
        unpacker.decompress(unpacker.unconsumed_tail, 1)  # reaches the check sum of all that was unpacked
    except zlib.error:
        raise _refusal("corrupt") from None
    if len(lines) < expected:
        raise _refusal("truncated")
    starts = np.cumsum([0, *rows[:-1]])
    if np.frombuffer(lines, np.uint8)[starts].max() > _PNG_LAST_FILTER:
        raise _refusal("corrupt")


# --- BMP ----------------------------------------------------------------------------------------------------------

_BMP_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_BMP_DEPTHS: Final = frozenset({1, 4, 8, 16, 24, 32})
_BMP_PLAIN: Final = frozenset({0, 3})  # rows as they are, or with bit masks; not run lengths, JPEG, PNG


def _bmp(data: bytes, limits: PhotoLimits) -> tuple[NDArray[np.uint8], int]:
    if len(data) < 14 + 40 and len(data) < 14 + int.from_bytes(data[14:18], "little"):
        raise _refusal("truncated")
    offset, size = struct.unpack_from("<II", data, 10)
    if size not in _BMP_HEADERS:
        raise _refusal("corrupt")
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = 0
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
        height = abs(height)
    _admit(width, height, limits)
    if offset < 14 + size:
        raise _refusal("corrupt")
    if bits not in _BMP_DEPTHS or packing not in _BMP_PLAIN:
        raise _refusal("unsupported")
    if offset + (width * bits + 31) // 32 * 4 * height > len(data):
        raise _refusal("truncated")
    image = BmpImageFile(io.BytesIO(data))
    image.load()
    return np.array(image.convert("RGB")), 1


# --- WebP ---------------------------------------------------------------------------------------------------------

_WEBP_ANIMATION: Final = 0x02
_WEBP_ALPHA: Final = 0x10


def _webp(data: bytes, limits: PhotoLimits) -> tuple[NDArray[np.uint8], int]:
    chunks: dict[bytes, bytes] = {}
    for kind, body in _webp_chunks(data):
        if kind in {b"ANIM", b"ANMF"} or (kind == b"VP8X" and body[0] & _WEBP_ANIMATION):
            raise _refusal("animated")
        if kind == b"VP8X":
            _admit(1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"), limits)
        chunks.setdefault(kind, body)
    kind = b"VP8L" if b"VP8L" in chunks else b"VP8 "
    if kind not in chunks:
        raise _refusal("truncated")
    width, height = _webp_size(kind, chunks[kind])
    _admit(width, height, limits)
    parts = [(kind, chunks[kind])]
    if b"ALPH" in chunks and kind == b"VP8 ":
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        parts = [(b"VP8X", bytes([_WEBP_ALPHA, 0, 0, 0]) + canvas), (b"ALPH", chunks[b"ALPH"]), *parts]
    packed = b"".join(struct.pack("<4sI", k, len(b)) + b + b"\0" * (len(b) % 2) for k, b in parts)
    whole = struct.pack("<4sI4s", b"RIFF", 4 + len(packed), b"WEBP") + packed
    pixels = cv2.imdecode(np.frombuffer(whole, np.uint8), cv2.IMREAD_UNCHANGED)
    if pixels is None or pixels.shape[:2] != (height, width):
        raise _refusal("corrupt")
    orientation = _exif_orientation(chunks.get(b"EXIF", b""))
    if pixels.shape[2] == 4:
        return _on_white(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGBA, dst=pixels)), orientation
    return cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB, dst=pixels), orientation


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise _refusal("truncated")
    position = 12
    for _ in range(_MAX_PARTS):
        if position + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, position)
        if position + 8 + length > end:
            raise _refusal("truncated")
        yield kind, data[position + 8 : position + 8 + length]
        position += 8 + length + length % 2
    raise _refusal("corrupt")


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int]:
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack_from("<HH", body, 6)
    return width & 0x3FFF, height & 0x3FFF


# --- pixels -------------------------------------------------------------------------------------------------------


def _flat(image: Image.Image) -> NDArray[np.uint8]:
    """A Pillow image of any mode as RGB, transparency on white."""
    if image.mode.startswith("I"):  # 16-bit grey
        return np.repeat((np.asarray(image) >> 8).astype(np.uint8)[..., np.newaxis], 3, axis=2)
    if image.mode in {"LA", "PA", "RGBA"} or "transparency" in image.info:
        return _on_white(np.asarray(image.convert("RGBA")))
    return np.array(image.convert("RGB"))


def _on_white(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return ~_dimmed(~rgba[..., :3], rgba[..., 3])


def _dimmed(colours: NDArray[np.uint8], by: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, 3) times (H, W) / 255, rounded."""
    return np.asarray(
        cv2.multiply(np.ascontiguousarray(colours), cv2.merge([by, by, by]), scale=1 / 255), np.uint8
    )


def _reduced(pixels: NDArray[np.uint8], limits: PhotoLimits) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    shrink = limits.max_side_px / max(height, width)
    if shrink >= 1:
        return pixels
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Undo the camera's turn: EXIF orientation 1 to 8 (CIPA DC-008, 4.6.5.1.6)."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _exif_orientation(exif: bytes) -> int:
    """Orientation 1 to 8 from an EXIF block; 1 where it has none or makes no sense."""
    tiff = exif.removeprefix(_EXIF_PREFIX)
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, first)
        for entry in range(first + 2, first + 2 + 12 * count, 12):
            tag, kind = struct.unpack_from(order + "HH", tiff, entry)
            if tag == 0x0112:
                (value,) = struct.unpack_from(order + {1: "B", 4: "I"}.get(kind, "H"), tiff, entry + 8)
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
