"""How every chart is drawn: with Vega-Lite, as an SVG element of a page.

Colours are CSS variables of the page, so that one drawing works in light mode, in dark mode and on paper. Every mark
has a tooltip. The text next to a chart says what it shows, and a table has its figures.
"""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence

import altair as alt
import vl_convert

from instrumented_make.layout import duration
from instrumented_make.report.section import Drawing, Rows
from instrumented_make.report.wording import labels, ticks
from instrumented_make.times import begin_of

# Chart widths in CSS pixels: on a laptop or paper, and on a phone or in a row of small charts.
WIDE, NARROW = 720, 340
# More bars than this are unreadable; the tables have everything.
SHOWN_COMMANDS = 15
_ROW = 28
# How wide a character may be in the font of names, in pixels.
_CHARACTER = 7.5
# Room for durations next to an axis, in pixels.
BESIDE = 56
_SVG = "http://www.w3.org/2000/svg"

# Bad endings have the same colours everywhere.
ENDINGS = alt.Scale(domain=["failed", "interrupted"], range=["var(--failed)", "var(--interrupted)"])

# By its types, Altair may also return a facet chart for a layered one.
Chart = alt.Chart | alt.LayerChart | alt.FacetChart


def base(rows: Rows) -> alt.Chart:
    """The marks of a chart, one for each of ``rows``."""
    return alt.Chart(alt.InlineData(values=rows))


def commands(rows: Rows, width: int) -> alt.Y:
    """A line for each command, in the order of first mention in ``rows``; long names are shortened where they agree."""
    names = list(dict.fromkeys(row["command"] for row in rows))
    most = 200 if width == WIDE else 130
    short = labels(names, int(most / _CHARACTER))
    axis = names_axis(list(short.values()), most)
    axis["labelExpr"] = f"({json.dumps(short)})[datum.value]"
    return alt.Y("command:N", sort=names, axis=axis)


def names_axis(names: Sequence[str], most: int) -> alt.Axis:
    """An axis of names that has room for them, up to ``most`` pixels; browsers' fonts may be wider than those here."""
    room = min(max(len(name) for name in names) * _CHARACTER, most)
    return alt.Axis(
        title=None, minExtent=room + 8, labelLimit=most + 8, grid=False, ticks=False, domain=False, labelPadding=8
    )


def weeks(numbers: Sequence[int], width: int, *, end: bool) -> alt.X:
    """Time from the first week to the last; with ``end``, to the end of it."""
    first, last = week_ms(min(numbers)), week_ms(max(numbers) + (1 if end else 0))
    count = max(numbers) - min(numbers)
    pattern = "%b %Y" if count > 70 else "%b" if count > 10 else "%-d %b"
    ticks = 7 if width == WIDE else 4
    axis = alt.Axis(title=None, format=pattern, tickCount=ticks, grid=False, labelOverlap=True, labelSeparation=12)
    scale = alt.Scale(type="utc", domain=[first, last]) if last > first else alt.Scale(type="utc")
    return alt.X("week:T", scale=scale, axis=axis)


def durations(low_ms: float, high_ms: float, count: int, room: int = 0) -> tuple[alt.Scale, alt.Axis]:
    """A logarithmic scale of durations that includes these two, and its axis with at least three labels.

    ``room``: pixels for the labels next to it; browsers' fonts may be wider than those here.
    """
    low, high, marked = ticks(low_ms, high_ms, count)
    texts = {str(value): duration(value).replace(".0 ", " ") for value in marked}
    axis = alt.Axis(
        values=marked, labelExpr=f"({json.dumps(texts)})[datum.value]", title=None, grid=True, minExtent=room
    )
    return alt.Scale(type="log", domain=[low, high], nice=False), axis


def week_ms(number: int) -> int:
    """When a week began, in milliseconds since 1970, as charts count time."""
    return begin_of(number) * 1000


def marker(moment_s: int | None, first: int, text: str = "the change") -> list[Chart]:
    """A line at a moment in seconds since 1970, if there is one and it is not before the week ``first``."""
    if moment_s is None or moment_s * 1000 < week_ms(first):
        return []
    chart = base([{"moment": moment_s * 1000, "text": text}])
    return [chart.mark_rule(stroke="var(--ink)", strokeDash=[4, 3]).encode(x="moment:T", description="text:N")]


def bars(rows: Rows, field: str, title: str, text: str) -> Drawing:
    """A bar for each command, with the length ``field`` and its ``label``; ``text`` describes the chart."""

    def draw(width: int) -> Chart:
        marks = base(rows).encode(y=commands(rows, width))
        top = max(row[field] for row in rows) * (1.15 if width == WIDE else 1.25) or 1
        x = alt.X(f"{field}:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(title=title, tickCount=5))
        return alt.layer(
            marks.mark_bar(fill="var(--accent)", height=16).encode(x=x, description="text:N"),
            marks.mark_text(align="left", dx=5, fill="var(--ink)", fontSize=12, aria=False).encode(x=x, text="label:N"),
        ).properties(width=width, height=height(rows) + 20)

    return both(draw, text)


def intervals(rows: Rows, title: str, text: str, least: float = -math.inf) -> Drawing:
    """For each command what is in the ``middle``, from ``low`` to ``high``, in a ``colour``; the dashed line is zero.

    ``title``: of the axis, which begins at ``least`` or after it; ``text`` describes the chart.
    """
    reach = max(max(abs(row["low"]), abs(row["high"])) for row in rows) * 1.05 or 1

    def draw(width: int) -> Chart:
        scale = alt.Scale(domain=[max(-reach, least), reach], nice=False)
        axis = alt.Axis(title=title, format="+.3~g", tickCount=7 if width == WIDE else 3)
        marks = base(rows).encode(y=commands(rows, width), description="text:N")
        zero = base([{"x": 0}]).mark_rule(stroke="var(--ink)", strokeWidth=1, strokeDash=[4, 3])
        return alt.layer(
            zero.encode(x=alt.X("x:Q", scale=scale, axis=axis)),
            marks.mark_rule(strokeWidth=3, strokeCap="round").encode(
                x="low:Q", x2="high:Q", stroke=alt.Stroke("colour:N", scale=None)
            ),
            marks.mark_point(filled=True, size=90, strokeWidth=0, shape="diamond").encode(
                x="middle:Q", fill=alt.Fill("colour:N", scale=None)
            ),
        ).properties(width=width, height=height(rows) + 20)

    return both(draw, text)


def effects(
    found: Sequence[tuple[str, tuple[float, float, float], int]], text: str, *, of_failures: bool
) -> Drawing | None:
    """For each command the low end, the middle and the high end of an effect on so many people. None if there is none.

    It is one on the shares of runs that fail, or the logarithm of a ratio of durations.
    """
    rows: Rows = []
    for name, ends, people in found:
        low, middle, high = (value * 100 if of_failures else math.expm1(value) * 100 for value in ends)
        said = f"{middle:+.1f}{' points' if of_failures else '%'}, from {low:+.1f} to {high:+.1f}"
        rows.append(
            {
                "command": name,
                "low": low,
                "middle": middle,
                "high": high,
                "colour": of_interval(low, high),
                "text": f"{name}: {said}, {people:,} people",
            }
        )
    if not rows:
        return None
    title = "percentage points of runs that fail" if of_failures else "per cent of time"
    return intervals(rows, title, text, -math.inf if of_failures else -100)


def of_interval(low: float, high: float) -> str:
    """The colour of a change of something that is better the less it is."""
    return "var(--better)" if high < 0 else "var(--worse)" if low > 0 else "var(--unsure)"


def largest(caption: str, rows: Rows, most: str) -> str:
    """The caption of a chart of the first SHOWN_COMMANDS of ``rows``; says so if it leaves any out."""
    if len(rows) <= SHOWN_COMMANDS:
        return caption
    return f"{caption}; of {len(rows):,} commands, only the {SHOWN_COMMANDS} that {most}"


def height(rows: Rows, *, legend: bool = False) -> int:
    """The height in pixels of a chart with a line for each command."""
    return _ROW * len({row["command"] for row in rows}) + 30 + (30 if legend else 0)


def both(draw: Callable[[int], Chart], text: str) -> Drawing:
    """The chart that ``draw`` makes, in both widths; ``text`` describes it."""
    return Drawing(svg(draw(WIDE), text), svg(draw(NARROW), text))


def svg(chart: Chart, text: str) -> str:
    """An SVG element that scales to fit, is a single image to screen readers, and has tooltips."""
    drawn = chart.configure(
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        background="transparent",
        font="system-ui, sans-serif",
        padding={"left": 2, "top": 2, "right": 16, "bottom": 2},
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelColor="var(--soft)",
            titleColor="var(--soft)",
            gridColor="var(--line)",
            domainColor="var(--line)",
            tickColor="var(--line)",
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
        ),
        axisY=alt.AxisConfig(labelColor="var(--ink)"),
        legend=alt.LegendConfig(
            labelColor="var(--ink)",
            titleColor="var(--soft)",
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            columnPadding=36,
        ),
    )
    ET.register_namespace("", _SVG)
    root = ET.fromstring(vl_convert.vegalite_to_svg(drawn.to_dict()))  # noqa: S314  (drawn here, a line above)
    width, height = root.attrib.pop("width"), root.attrib.pop("height")
    root.attrib |= {"role": "img", "aria-label": text, "style": f"max-width:{width}px;aspect-ratio:{width}/{height}"}
    for mark in root.iter():
        if mark is not root and (said := mark.attrib.pop("aria-label", None)) and "axis" not in said[:6]:
            ET.SubElement(mark, f"{{{_SVG}}}title").text = said
    return ET.tostring(root, encoding="unicode")
