"""The AI alone beside the reader in the loop, as rows of finished words."""

from collections.abc import Iterable
from dataclasses import dataclass

from audit.templatetags.display import count, number, p_value
from monitoring.dashboards.cells import Cell, cell_of
from monitoring.dashboards.metrics import label_of, style_of
from monitoring.performance.beside import Beside
from monitoring.statistics.results import Estimate, NotEstimable

EXPOSURES = {
    "none": "without the AI",
    "before": "AI seen before the read",
    "concurrent": "with the AI in view",
    "after_locked_read": "AI seen after a locked read",
    "unknown": "not said whether the AI was seen",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideRow:
    """One metric among reads of one exposure; `test` is a p-value in words or why there is none."""

    exposure: str
    label: str
    ai: Cell
    reader: Cell
    difference: str
    interval: str
    test: str
    method: str
    reason: str


def beside_rows(found: Iterable[Beside], *, unit: str) -> list[BesideRow]:
    """Return the table, in the order in which readers know more and more of the AI."""
    places = {name: place for place, name in enumerate(EXPOSURES)}
    ordered = sorted(found, key=lambda each: places.get(each.exposure, len(places)))
    return [row_of(each, unit=unit) for each in ordered]


def row_of(each: Beside, *, unit: str) -> BesideRow:
    difference = each.difference if isinstance(each.difference, Estimate) else None
    test = None if isinstance(each.test, NotEstimable) else each.test
    return BesideRow(
        exposure=EXPOSURES.get(each.exposure, each.exposure.replace("_", " ")),
        label=label_of(each.metric),
        ai=cell_of(each.ai, unit=unit),
        reader=cell_of(each.reader, unit=unit),
        difference=written(difference, each.metric, unit=unit) if difference else "",
        interval=ranged(difference, each.metric) if difference else "",
        test=p_value(test.p_value) if test else getattr(each.test, "reason", ""),
        method=f"{test.method}, {count(test.discordant)} discordant" if test else "",
        reason="" if difference else getattr(each.difference, "reason", ""),
    )


def written(found: Estimate, metric: str, *, unit: str) -> str:
    if style_of(metric).is_share:
        return f"{signed(100 * found.value, 1)} points"
    return f"{signed(found.value, 2)} {unit}".strip()


def ranged(found: Estimate, metric: str) -> str:
    """Return both ends of a difference, in points where it is one of shares."""
    by, decimals = (100, 1) if style_of(metric).is_share else (1, 2)
    return f"{signed(by * found.interval.low, decimals)} to {signed(by * found.interval.high, decimals)}"


def signed(value: float, decimals: int) -> str:
    written = number(value, decimals)
    return written if written.startswith("−") else f"+{written}"
