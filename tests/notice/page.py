"""Reads a page back from the PDF that fpdf2 wrote: which characters are drawn where, with which outlines."""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from typing import Any

from fontTools.cffLib import CFFFontSet
from fontTools.pens.boundsPen import BoundsPen
from fontTools.pens.recordingPen import RecordingPen

__all__ = ["Line", "Page"]

OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
SHOWN = re.compile(
    rb"BT /F\d+ (?P<size>[\d.]+) Tf ET|BT (?P<x>[\d.]+) (?P<y>[\d.]+) Td (?:\d Tr [\d.]+ w )?"
    rb"\((?P<codes>(?:[^\\()]|\\.)*)\) Tj",
    re.DOTALL,
)
CODE = re.compile(rb"<([0-9A-F]{4})> (?:<([0-9A-F]+)>|(\d+))")
ESCAPED = {b"r": b"\r", b"n": b"\n"}


@dataclass(frozen=True)
class Line:
    """One line of text: where its base line begins and how high its letters are, in points from below left."""

    x: float
    y: float
    size: float
    text: str


class Page:
    """The page of a PDF with one embedded CID-keyed font.

    Raises:
        AssertionError: A code is drawn that stands for no character or no glyph.
    """

    def __init__(self, data: bytes) -> None:
        self.objects = {int(number): body for number, body in OBJECT.findall(data)}
        self.count = sum(b"/Type /Page\n" in body + b"\n" for body in self.objects.values())
        to_unicode, to_cid = (
            self._codes(self._one(rb"/" + key + rb" (\d+) 0 R")) for key in (b"ToUnicode", b"Encoding")
        )
        self.characters = {code: chr(int(text, 16)) for code, (text, _) in to_unicode.items()}
        self.cids = {self.characters[code]: int(cid) for code, (_, cid) in to_cid.items()}
        self._glyphs = self._font(self._one(rb"/FontFile3 (\d+) 0 R"))
        self.lines = self._lines(self._one(rb"/Contents (\d+) 0 R"))
        self.drawn = set("".join(line.text for line in self.lines))

    def outline(self, character: str) -> list[tuple[str, Any]]:
        """The strokes of a character's glyph."""
        pen = RecordingPen()
        self._glyphs[f"cid{self.cids[character]:05d}"].draw(pen)
        return list(pen.value)

    def ink(self, character: str) -> tuple[float, float, float, float] | None:
        """The smallest box around a glyph, in thousandths of its size; None when it has no ink."""
        pen = BoundsPen(None)
        self._glyphs[f"cid{self.cids[character]:05d}"].draw(pen)
        bounds: tuple[float, float, float, float] | None = pen.bounds
        return bounds

    def _one(self, reference: bytes) -> bytes:
        (number,) = {int(found) for body in self.objects.values() for found in re.findall(reference, body)}
        head, _, rest = self.objects[number].partition(b"stream\n")
        stream = rest.removesuffix(b"endstream").removesuffix(b"\n")
        return zlib.decompress(stream) if b"/FlateDecode" in head else stream

    @staticmethod
    def _codes(table: bytes) -> dict[int, tuple[str, str]]:
        return {
            int(code, 16): (text.decode(), cid.decode())
            for code, text, cid in CODE.findall(table)
            if code != b"0000"  # of no glyph
        }

    @staticmethod
    def _font(data: bytes) -> Any:
        fonts = CFFFontSet()
        fonts.decompile(io.BytesIO(data), None)
        return fonts[fonts.fontNames[0]].CharStrings

    def _lines(self, content: bytes) -> list[Line]:
        lines, size = [], 0.0
        for part in SHOWN.finditer(content):
            if part["size"]:
                size = float(part["size"])
                continue
            codes = re.sub(
                rb"\\(.)", lambda found: ESCAPED.get(found[1], found[1]), part["codes"], flags=re.DOTALL
            )
            assert len(codes) % 2 == 0
            numbers = [int.from_bytes(codes[place : place + 2], "big") for place in range(0, len(codes), 2)]
            missing = [number for number in numbers if number not in self.characters]
            assert not missing, "a glyph is missing"
            text = "".join(self.characters[number] for number in numbers)
            lines.append(Line(float(part["x"]), float(part["y"]), size, text))
        return lines
