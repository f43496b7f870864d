"""The walls between the rooms: who may import whom, read from the imports themselves."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import simkyc

PACKAGE = Path(simkyc.__file__).parent
BORDER = {"application", "errors", "reasons", "verdict"}
PURE = BORDER | {"policy", "names", "numbers", "authority", "facts", "lists"}
USED = {"simkyc.usage", "simkyc.usage.number", "simkyc.usage.scored"}
"""What of the room of usage is plain values."""

ALLOWED = {
    "__init__": {"_version", *BORDER, "authority", "policy", "reverification", "screener"},
    "_version": set(),
    "errors": set(),
    "application": {"errors", "numbers", "reasons"},
    "reasons": {"errors"},
    "verdict": {"application", "reasons"},
    "numbers": {"errors"},
    "names": {"numbers"},
    "notice": {"errors", "reasons"},
    "authority": {"errors"},
    "policy": BORDER | {"numbers"},
    "lists": {"application", "errors", "numbers"},
    "facts": {"application", "authority", "errors", "policy", "numbers", "lists", "verdict"},
    "geo": {"application"},
    "line": {"application", "facts", "history", "policy", "steps"},
    "steps": BORDER | {"policy"},
    "treatment": BORDER | {"history", "line", "policy", "steps"},
    "gather": PURE | {"geo", "line", "faces", "history", "usage"},
    "checks": PURE | {"geo", "notice", "usage"},
    "gallery": {"errors", "faces", "facts", "history", "policy"},
    "faces": {"application", "errors"},
    "history": {"application", "errors", "facts", "verdict", "lists", "steps"},
    "monitoring": PURE | {"gather", "history", "judge", "reverification", "usage"},
    "subscriber": BORDER | {"lists", "steps"},
    "judge": PURE | {"gallery", "gather", "line", "_version", "checks", "faces", "history", "rings", "usage"},
    "leads": PURE | {"_version", "history", "line", "rings", "steps"},
    "rings": {"_version", "application", "errors", "faces", "facts", "history", "policy", "reverification"},
    "usage": {"_version", "application", "errors", "history", "lists", "names", "numbers", "reverification"},
    "screener": PURE
    | {"gallery", "gather", "judge", "line", "_version", "checks", "faces", "history", "rings", "usage"}
    | {"leads", "steps", "treatment"},
    "reverification": PURE | {"_version", "checks", "faces", "gallery", "gather", "history", "judge"},
    "testing": PURE | {"faces", "gather", "history", "line", "screener", "usage"},
    "cli": PURE
    | {
        "_version",
        "faces",
        "history",
        "leads",
        "monitoring",
        "notice",
        "reverification",
        "rings",
        "screener",
        "steps",
        "subscriber",
        "testing",
        "usage",
    },
}
"""Room to the rooms it may import. `gather` and the screener open both doors; nobody else does."""

HEAVY = (
    *("cv2", "dlib", "numpy", "sqlalchemy", "onnx", "PIL", "fpdf", "fontTools", "opencc", "rapidfuzz"),
    *("httpx", "httpcore", "stamina", "circuitbreaker", "alembic", "psycopg"),
    *("duckdb", "pyarrow", "pyspark", "matplotlib", "scipy", "jinja2"),
    *("igraph", "lightgbm", "sklearn"),
)
"""What loads slowly, and where it may stand at the top of a file."""
HEAVY_ROOMS = {
    "authority",
    "faces",
    "gallery",
    "history",
    "leads",
    "monitoring",
    "reverification",
    "rings",
    "testing",
    "usage",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_room_imports_only_what_it_may(file: Path) -> None:
    room = room_of(file)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    reached = {name.split(".")[1] for name in imported(tree) if name.startswith("simkyc.")}
    reached -= set(simkyc.__all__) | {room}
    assert reached <= ALLOWED[room]


@pytest.mark.parametrize("file", modules(), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_heavy_parts_stand_in_their_rooms(file: Path) -> None:
    top = ast.Module(ast.parse(file.read_text(encoding="utf-8")).body, [])
    at_top = ast.Module([node for node in top.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    heavy = {name.split(".")[0] for name in imported(at_top)} & set(HEAVY)
    assert not heavy or room_of(file) in HEAVY_ROOMS


def test_checks_know_of_the_notice_only_its_hashes() -> None:
    read = set()
    for file in (PACKAGE / "checks").glob("*.py"):
        names = imported(ast.parse(file.read_text(encoding="utf-8")))
        read |= {name for name in names if name.startswith("simkyc.notice")}
    assert read == {"simkyc.notice.hashes", "simkyc.notice.hashes.TEXT_SHA256"}


@pytest.mark.parametrize("room", ["checks", "gather", "judge", "screener", "testing"])
def test_who_decides_knows_of_usage_only_values(room: str) -> None:
    for file in modules():
        if room_of(file) == room:
            names = imported(ast.parse(file.read_text(encoding="utf-8")))
            parts = {".".join(name.split(".")[:3]) for name in names if name.startswith("simkyc.usage")}
            assert parts <= USED


def test_every_room_is_on_the_plan() -> None:
    assert {room_of(file) for file in modules()} == set(ALLOWED)


def test_no_room_is_called_after_nothing() -> None:
    vague = {"utils", "util", "helpers", "helper", "core", "base", "manager", "misc", "common"}
    assert not {part.removesuffix(".py") for file in modules() for part in file.parts} & vague


@pytest.mark.parametrize(
    "names",
    [
        "simkyc",
        "simkyc.Application, simkyc.Policy, simkyc.Screener, simkyc.Verdict",
        "simkyc.Authority, __import__('simkyc.authority.camara')",
    ],
)
def test_importing_simkyc_loads_nothing_heavy(names: str) -> None:
    code = f"import simkyc, sys; {names}; sys.exit(' '.join(m for m in {HEAVY!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
