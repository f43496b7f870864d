"""The charts of a report, as SVG that stands inside its page.

Words and colours are the page's: text stays text in the page's own fonts, and every colour is one of its variables,
so a chart follows it into the dark and onto paper. Each is drawn twice, for a telephone and for a desk; the same
report gives the same bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simkyc.reverification.report import Distances, Period, Span

__all__ = ["Interval", "distances", "intervals", "sparkline", "timeline"]

WIDTHS: Final = {"narrow": 335, "wide": 860}
"""In CSS pixels: a telephone's column, and a desk's."""
COLOURS: Final = {
    "ink": "#1b2431",
    "muted": "#5c6876",
    "line": "#dde2e9",
    "accept": "#3a8f6c",
    "retry": "#3f7fc0",
    "review": "#d9962c",
    "refuse": "#c8413c",
    "accent": "#274c78",
    "band": "#e4ebf4",
}
"""The page's variables, and what stands for them while a chart is drawn."""
STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 11,
    "text.color": COLOURS["ink"],
    "axes.edgecolor": COLOURS["line"],
    "axes.labelcolor": COLOURS["muted"],
    "xtick.color": COLOURS["line"],
    "ytick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["muted"],
    "ytick.labelcolor": COLOURS["muted"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": COLOURS["line"],
    "grid.linewidth": 0.8,
    "ytick.left": False,
    "text.parse_math": False,
}
DATE_FORMATS: Final[dict[Span, str]] = {"day": "%m-%d", "week": "%m-%d", "month": "%Y-%m", "year": "%Y"}
BAR_DAYS: Final[dict[Span, float]] = {"day": 0.8, "week": 5.8, "month": 25, "year": 300}
LONGEST_LABEL: Final = 40


class Interval(NamedTuple):
    """One line of `intervals`: what it is called, and where its low end, its middle and its high end are."""

    label: str
    low: float
    middle: float
    high: float


def timeline(periods: Sequence[Period], span: Span, name: str, words: str) -> Markup:
    """The share that was not accepted over time, above the number of openings.

    Args:
        periods: In order of time.
        span: What they are.
        name: Tells this chart from the others of its page.
        words: What it shows, for those who hear a page.
    """

    def draw(figure: Figure, width: int) -> None:
        shares, numbers = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.2))
        figure.subplots_adjust(left=42 / width, right=1 - 8 / width, top=0.93, bottom=0.09, hspace=0.32)
        days = [period.first_day.toordinal() + BAR_DAYS[span] / 2 for period in periods]
        below = [0.0] * len(periods)
        for decision in ("refuse", "review", "retry"):
            heights = [
                100 * getattr(period.decisions, decision) / period.decisions.total for period in periods
            ]
            shares.bar(days, heights, BAR_DAYS[span], bottom=below, color=COLOURS[decision], linewidth=0)
            below = [one + more for one, more in zip(below, heights, strict=True)]
        shares.set_ylim(0, max(*below, 1) * 1.12)
        numbers.bar(
            days,
            [period.decisions.total for period in periods],
            BAR_DAYS[span],
            color=COLOURS["muted"],
            linewidth=0,
        )
        shares.yaxis.set_major_formatter(lambda value, _: f"{value:g}%")
        numbers.yaxis.set_major_formatter(lambda value, _: _short(value))
        shares.locator_params(axis="y", nbins=4)
        numbers.locator_params(axis="y", nbins=2)
        _title(shares, "未通过占比 share not accepted")
        _title(numbers, "开户数 openings")
        step = -(-len(periods) // (4 if width < 500 else 9))
        ticks = list(range(0, len(periods), step))
        numbers.set_xticks(
            [days[place] for place in ticks],
            [periods[place].first_day.strftime(DATE_FORMATS[span]) for place in ticks],
        )
        if len(periods) == 1:
            numbers.set_xlim(days[0] - 4 * BAR_DAYS[span], days[0] + 4 * BAR_DAYS[span])

    return _both(draw, name, words, height=260)


def sparkline(values: Sequence[int], name: str) -> Markup:
    """How one figure went over time, without axes; beside it stands the figure."""

    def draw(figure: Figure, _: int) -> None:
        axes = figure.add_axes((0, 0.04, 1, 0.92))
        axes.axis("off")
        axes.fill_between(range(len(values)), values, step="mid", color=COLOURS["accent"], linewidth=0)
        axes.set_xlim(0, max(len(values) - 1, 1))
        axes.set_ylim(0, max(*values, 1))

    return _svg(draw, 96, 22, name, "")


def distances(found: Distances, name: str, words: str) -> Markup:
    """The histogram of distances with the policy's two distances; its height goes by the square root."""
    accept, review = found.accept_distance, found.review_distance

    def colour(middle: float) -> str:
        if review is not None and middle > review:
            return COLOURS["refuse"]
        return COLOURS["review"] if accept is not None and middle > accept else COLOURS["accept"]

    def draw(figure: Figure, width: int) -> None:
        axes = figure.add_axes((42 / width, 0.14, 1 - 54 / width, 0.68))
        middles = [(place + 0.5) * found.bin_width for place in range(len(found.bins))]
        axes.bar(
            middles, found.bins, found.bin_width * 0.86, color=[colour(one) for one in middles], linewidth=0
        )
        axes.set_yscale("function", functions=(_root, _square))
        most = max(found.bins)
        axes.set_ylim(0, most * 1.05)
        axes.set_yticks([round(most * part) for part in (0, 1 / 16, 1 / 4, 1)])
        axes.yaxis.set_major_formatter(lambda value, _: _short(value))
        first = next(place for place, number in enumerate(found.bins) if number)
        ends = [first * found.bin_width, len(found.bins) * found.bin_width, *filter(None, (accept, review))]
        axes.set_xlim(min(ends) - 0.03, max(ends) + 0.03)
        for limit, said, side in ((accept, "通过 accept", "right"), (review, "复核 review", "left")):
            if limit is None:
                continue
            axes.axvline(limit, color=COLOURS["ink"], linewidth=1.2)
            axes.annotate(
                f"{said} {limit:.3f}" if side == "right" else f"{limit:.3f} {said}",
                (limit, 1),
                xycoords=("data", "axes fraction"),
                xytext=(3 if side == "right" else -3, 7),
                textcoords="offset points",
                ha=side,
            )

    return _both(draw, name, words, height=230)


def intervals(
    lines: Sequence[Interval],
    name: str,
    words: str,
    *,
    everybody: float,
    band: tuple[float, float] | None = None,
    percent: bool = False,
) -> Markup:
    """Each line's interval, its name above it, and where everybody is.

    Args:
        lines: From above.
        name: Tells this chart from the others of its page.
        words: What it shows, for those who hear a page.
        everybody: Where everybody's middle is.
        band: Where everybody's low and high end are.
        percent: Whether these are shares.
    """

    def said(value: float) -> str:
        return f"{100 * value:.3g}%" if percent else f"{value:.3f}"

    def draw(figure: Figure, width: int) -> None:
        height = 72 * figure.get_figheight()
        axes = figure.add_axes((14 / width, 24 / height, 1 - 28 / width, 1 - 44 / height))
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        if band is not None:
            axes.axvspan(*band, color=COLOURS["band"], linewidth=0)
        axes.axvline(everybody, color=COLOURS["ink"], linewidth=1.2)
        ends = [everybody, *(end for line in lines for end in (line.low, line.high)), *(band or ())]
        low, high = (0.0 if percent else min(ends)), max(ends)
        margin = 0.04 * (high - low or 1)
        axes.set_xlim(low if percent else low - margin, high + margin)
        axes.set_ylim(len(lines) - 0.1, -0.4)
        axes.set_yticks([])
        axes.xaxis.set_major_formatter(lambda value, _: f"{100 * value:g}%" if percent else f"{value:.3g}")
        axes.locator_params(axis="x", nbins=5 if width < 500 else 9)
        axes.annotate(
            f"全体 everybody {said(everybody)}",
            (everybody, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 6),
            textcoords="offset points",
            ha="left" if everybody - low < (high - low) / 2 else "right",
        )
        for place, line in enumerate(lines):
            axes.plot(
                (line.low, line.high), (place + 0.35,) * 2, color=COLOURS["refuse"], linewidth=3, alpha=0.45
            )
            axes.plot(line.middle, place + 0.35, "o", color=COLOURS["refuse"], markersize=7)
            right = line.middle - low > (high - low) / 2
            axes.annotate(
                f"{_cut(line.label)} · {said(line.middle)}",
                (line.middle, place + 0.35),
                xytext=(0, 7),
                textcoords="offset points",
                ha="right" if right else "left",
            )

    return _both(draw, name, words, height=48 + 36 * len(lines))


def _cut(label: str) -> str:
    """A name that fits into a telephone's width; in full it stands in the table."""
    return label if len(label) <= LONGEST_LABEL else f"{label[:24]}…{label[-14:]}"


def _short(value: float) -> str:
    """A count as people write it on an axis.

    >>> _short(1500), _short(20000), _short(3e6)
    ('1,500', '20k', '3M')
    """
    for size, letter in ((1e6, "M"), (1e4, "k")):
        if value >= size:
            return f"{value / (1e6 if letter == 'M' else 1e3):.3g}{letter}"
    return f"{value:,.4g}"


def _root(value: Any) -> Any:
    return abs(value) ** 0.5


def _square(value: Any) -> Any:
    return value**2


def _title(axes: Axes, text: str) -> None:
    axes.annotate(
        text,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 5),
        textcoords="offset points",
        color=COLOURS["muted"],
    )


def _both(draw: Callable[[Figure, int], None], name: str, words: str, *, height: int) -> Markup:
    """The chart for a telephone and the one for a desk; the page shows one of them."""
    return Markup("").join(
        Markup('<div class="{}">{}</div>').format(which, _svg(draw, width, height, f"{name}-{which}", words))
        for which, width in WIDTHS.items()
    )


def _svg(draw: Callable[[Figure, int], None], width: int, height: int, name: str, words: str) -> Markup:
    """Draw at one unit a CSS pixel, then leave out what a page does not need."""
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # The font that measures has no Chinese; the page's has.
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        figure = Figure(figsize=(width / 72, height / 72), dpi=72)
        figure.patch.set_alpha(0)
        draw(figure, width)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r"<g id=\"[^\"]*\"", "<g", text)
    text = re.sub(r'(id="|url\(#|href="#)', rf"\1{name}-", text)
    for variable, colour in COLOURS.items():
        text = text.replace(colour, f"var(--{variable})")
    label = Markup('role="img" aria-label="{}"').format(words) if words else Markup('aria-hidden="true"')
    text = re.sub(r"<svg [^>]*?(viewBox=\"[^\"]*\")[^>]*>", rf"<svg \1 {escape(label)}>", text, count=1)
    return Markup(re.sub(r">\s+<", "><", text).strip())  # noqa: S704  # made here, of numbers and escaped names
