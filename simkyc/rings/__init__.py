"""Rings: groups of people tied by what they share, found over a whole history at once.

`simkyc.rings.find.find_rings` finds them, `simkyc.rings.index.RingIndex` says how far an opening is from one.
Needs the extra `rings`; `docs/rings.md` tells what a ring is and what it must not be used for.
"""
