"""Make everything in the repository that a program makes: schemas, the page of reasons, fixtures.

`--check` makes them elsewhere and says what differs: text must be equal, pictures equal but for a few grey
levels, golden verdicts equal but for identifiers, times and the last digits of a distance. Another
processor's vector units may round differently, so neither pictures nor distances are compared bit by bit.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image
from pydantic import BaseModel

from simkyc import REASONS, Application, Policy, Screener, Verdict
from simkyc.cli.application_file import write_application
from simkyc.cli.demo import CASES, STORE_ID, play
from simkyc.leads.lead import Lead, Revocation
from simkyc.reverification.columns import COLUMNS
from simkyc.reverification.verdict_rows import COLUMNS as VERDICT_COLUMNS
from simkyc.steps import LineRecord
from simkyc.testing import STORE_ICCIDS, Clock
from simkyc.usage.flat import feature_words, table_schema
from simkyc.usage.record_columns import CELLS, RECORD_COLUMNS

ROOT = Path(__file__).parents[1]
MODELS: tuple[type[BaseModel], ...] = (Application, Verdict, Policy, LineRecord, Lead, Revocation)
TEXTS = ("docs/schema", "docs/reasons.md", "docs/reverify-columns.md", "docs/usage-columns.md")
PICTURE_TOLERANCE = 2.0
"""Mean difference of two pictures, in grey levels of 255."""
FIGURE_TOLERANCE = 0.02
"""Difference of two figures in a verdict: of a distance or ratio as such, of what is above 1 as a share."""
PASSING = {"verdict_id", "elapsed_ms", "simkyc_version"}
"""Fields of a verdict that no two runs share."""


def build(root: Path) -> None:
    """Write every made file under `root`."""
    write_schemas(root)
    (root / "docs/reasons.md").write_text(reasons_page(), encoding="utf-8")
    (root / "docs/reverify-columns.md").write_text(columns_page(), encoding="utf-8")
    (root / "docs/usage-columns.md").write_text(usage_page(), encoding="utf-8")
    write_fixtures(root / "fixtures")


def write_schemas(root: Path) -> None:
    """The JSON schemas, and the list of everything ever published, which only grows."""
    folder = root / "docs/schema"
    folder.mkdir(parents=True, exist_ok=True)
    for model in MODELS:
        write_json(folder / f"{model.__name__.lower()}.json", model.model_json_schema())
    file = ROOT / "docs/schema/published.json"
    before = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    names = {"reasons": list(REASONS)} | {model.__name__: list(model.model_fields) for model in MODELS}
    write_json(
        folder / "published.json",
        {key: sorted({*before.get(key, []), *current}) for key, current in names.items()},
    )


def columns_page() -> str:
    """`docs/reverify-columns.md`: what goes into a re-verification, and what comes out."""
    lines = [
        "# Columns of a re-verification",
        "",
        "Made by `scripts/rebuild.py` from `simkyc/reverification`. In CSV and JSON Lines days are YYYY-MM-DD, moments",
        "YYYY-MM-DDThh:mm:ss with their zone, and bytes base64.",
        "",
        "## What goes in",
        "",
        "| column | what stands in a cell | fills | needed |",
        "| --- | --- | --- | --- |",
    ]
    for column in COLUMNS.values():
        place = ".".join(column.place) or "what became of it"
        lines.append(f"| `{column.name}` | {column.kind} | {place} | {'yes' if column.required else ''} |")
    lines += ["", "## `verdicts.parquet`", "", "| column | type | what stands in it |", "| --- | --- | --- |"]
    lines += [f"| `{one.name}` | `{one.type}` | {one.says} |" for one in VERDICT_COLUMNS]
    return "\n".join(lines) + "\n"


def usage_page() -> str:
    """`docs/usage-columns.md`: what a record is, and what is counted."""
    lines = [
        "# Columns of usage records and features",
        "",
        "Made by `scripts/rebuild.py` from `simkyc/usage`. Of what is in the clear only what stands instead is kept.",
        "Of a feature, None is an empty cell.",
    ]
    for kind, columns in RECORD_COLUMNS.items():
        lines += [
            "",
            f"## {kind}",
            "",
            "| column | what stands in a cell | means | needed |",
            "| --- | --- | --- | --- |",
        ]
        for column in columns.values():
            clear = next((one.name for one in columns.values() if column.name in one.known_as), None)
            needed = "yes" if column.needed and clear is None else f"instead of `{clear}`" if clear else ""
            says = column.says.replace("|", "\\|")
            lines.append(f"| `{column.name}` | {CELLS[column.kind]} | {says} | {needed} |")
    lines += ["", "## Features", "", "| column | type | means |", "| --- | --- | --- |"]
    lines += [f"| `number` | `{pa.string()}` | keyed hash of the MSISDN |"]
    kinds = table_schema()
    for name, says in feature_words().items():
        lines.append(f"| `{name}` | `{kinds.field(name).type}` | {says} |")
    return "\n".join(lines) + "\n"


def reasons_page() -> str:
    """`docs/reasons.md`: every code, what it leads to, its words and its basis."""
    policy = Policy.default()
    lines = [
        "# Reason codes",
        "",
        "Made by `scripts/rebuild.py` from `simkyc/reasons.py` and the policy that ships. Codes are append-only:",
        "a code keeps its meaning for ever, and readers must tolerate codes they don't know.",
    ]
    check = ""
    for code, reason in REASONS.items():
        if reason.check != check:
            check = reason.check
            lines += ["", f"## {check}", ""]
            lines += ["| code | flagged | not assessed | the clerk reads | the customer hears | basis |"]
            lines += ["|---|---|---|---|---|---|"]
        ruling = policy.reasons[code]
        causes = "".join(f"; {cause}: {decision}" for cause, decision in ruling.causes.items())
        alert = ", silent alert" if ruling.silent_alert else ""
        lines.append(
            f"| `{code}` | {ruling.flagged}{alert} | {ruling.not_assessed}{causes} "
            f"| {reason.clerk.zh}<br>{reason.clerk.en} | {reason.customer.zh}<br>{reason.customer.en} "
            f"| {reason.basis} |"
        )
    return "\n".join(lines) + "\n"


def write_fixtures(folder: Path) -> None:
    """One folder a case of the demo: application, photos, golden verdict."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_dir():
            shutil.rmtree(old)
    clock = Clock()
    with Screener.open("sqlite://", secret=b"fixtures only, not a secret", clock=clock) as screener:
        screener.allocate(STORE_ID, STORE_ICCIDS)
        for case in CASES:
            application, verdict = play(screener, clock, case)
            place = folder / case.name
            place.mkdir()
            write_application(application, place / "application.json")
            write_json(place / "verdict.json", verdict.model_dump(mode="json", exclude=PASSING))


def write_json(file: Path, value: Any) -> None:
    """Readable JSON with sorted keys."""
    file.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def differences(made: Path, kept: Path) -> Iterator[str]:
    """What in `kept` is not what was made."""
    for part in (*TEXTS, "fixtures"):
        names = {file.relative_to(root) for root in (made, kept) for file in files(root / part)}
        for name in sorted(names):
            if name == Path("fixtures/README.md"):
                continue
            if not (made / name).is_file() or not (kept / name).is_file():
                yield f"{name}: only in one of the two"
            elif not alike(made / name, kept / name):
                yield f"{name}: differs"


def files(part: Path) -> list[Path]:
    """Every file of a folder, or the file itself."""
    return [part] if part.is_file() else [file for file in part.rglob("*") if file.is_file()]


def alike(a: Path, b: Path) -> bool:
    """Whether two made files say the same."""
    if a.suffix == ".jpg":
        return pictures_alike(a, b)
    if a.name == "verdict.json":
        return figures_alike(json.loads(a.read_text("utf-8")), json.loads(b.read_text("utf-8")))
    return a.read_bytes() == b.read_bytes()


def pictures_alike(a: Path, b: Path) -> bool:
    """Whether two pictures, also broken ones, look the same."""
    try:
        with Image.open(a) as left, Image.open(b) as right:
            pixels = [np.asarray(picture.convert("RGB"), np.float64) for picture in (left, right)]
    except OSError:
        return abs(a.stat().st_size - b.stat().st_size) < 1000
    return pixels[0].shape == pixels[1].shape and np.abs(pixels[0] - pixels[1]).mean() < PICTURE_TOLERANCE


def figures_alike(a: Any, b: Any) -> bool:
    """Whether two JSON values are equal but for small differences of fractions."""
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= FIGURE_TOLERANCE * max(1.0, abs(a), abs(b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(figures_alike(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(figures_alike, a, b))
    return bool(a == b)


def main() -> int:
    """Build in place, or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        build(ROOT)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "docs").mkdir()
        build(Path(scratch))
        found = list(differences(Path(scratch), ROOT))
    for line in found:
        print(line)
    if found:
        print("run `make fixtures`, look at the difference, and commit it if it is meant")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
