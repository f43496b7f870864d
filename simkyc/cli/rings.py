"""`simkyc rings`: a history or a table of links in, the rings that it shows out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simkyc.cli.moments import DAY_OR_TIME, moment_or_day
from simkyc.cli.running import needed
from simkyc.errors import InputError
from simkyc.policy import Policy

__all__ = ["rings"]

NO_EXTRA = "rings are found with igraph and DuckDB: pip install 'simkyc[rings]'"


def rings(
    source: Annotated[
        str,
        typer.Argument(
            metavar="HISTORY|LINKS",
            help="URL of a history, e.g. sqlite:///kyc.db, or links in Parquet, a file or folder; see docs/rings.md.",
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Folder; rings that it holds from before keep their names."
        ),
    ],
    window_days: Annotated[
        float | None,
        typer.Option(
            "--window-days", min=1, max=36_500, help="Days before the end; without it, the limits' own."
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help=f"The window begins here instead: {DAY_OR_TIME}.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", help="And ends before here; without it, after what happened last."),
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
    ] = None,
    limits: Annotated[
        Path | None, typer.Option("--limits", help="Limits of rings in TOML; without it, those that ship.")
    ] = None,
    calibration: Annotated[
        list[Path] | None,
        typer.Option(
            "--calibration", help="Of your own face engine, as `simkyc calibrate` makes it; may repeat."
        ),
    ] = None,
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=128, help="What DuckDB may use before it goes to disk.")
    ] = 2048,
) -> None:
    """Find groups of people tied by what they share; leaves a table, JSON and a page in DIR."""
    with needed(NO_EXTRA):
        from simkyc.rings.files import search
        from simkyc.rings.find import Search
        from simkyc.rings.limits import RingLimits
    from simkyc.faces.calibration import Calibration

    try:
        known = tuple(Calibration.from_json(path.read_bytes()) for path in calibration or ())
    except OSError:
        raise InputError("a file of --calibration cannot be read") from None
    if "://" in source:
        _there(source)
    found = search(
        Search(
            source=source,
            out=out,
            policy=Policy.default() if policy is None else Policy.load(policy),
            limits=RingLimits.default() if limits is None else RingLimits.load(limits),
            window_days=window_days,
            since=moment_or_day(since),
            until=moment_or_day(until),
            calibrations=known,
            memory_mb=memory_mb,
        )
    )
    people = sum(len(ring.members) for ring in found.rings)
    typer.echo(
        f"rings: {len(found.rings):,}, people in them: {people:,};"
        f" searched: {found.links:,} links of {found.people:,} people"
    )
    typer.echo(f"{out}/rings.html")


def _there(url: str) -> None:
    """A search makes no history.

    Raises:
        InputError: There is none at this URL.
    """
    from simkyc.history import history_info

    history_info(url)
