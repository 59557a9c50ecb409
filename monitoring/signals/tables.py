"""The evidence of a signal as tables in finished words, kind by kind: as it fired, and with what is known today."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitoring.signals.models import Monitor, Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table ready to show."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    note: str = ""


def tables_of(signal: Signal, *, fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    makers = {
        Monitor.Kind.PERFORMANCE: _performance_tables,
        Monitor.Kind.SCORE: _score_tables,
        Monitor.Kind.METADATA: _metadata_tables,
        Monitor.Kind.SILENCE: _silence_tables,
        Monitor.Kind.FLAGGED: _flagged_tables,
        Monitor.Kind.CLAIM: _claim_tables,
        Monitor.Kind.PARTIAL: _silence_tables,
        Monitor.Kind.FAILED: burst_tables,
        Monitor.Kind.LATE: burst_tables,
        Monitor.Kind.STORM: burst_tables,
        Monitor.Kind.LOSSES: loss_tables,
    }
    return makers[Monitor.Kind(signal.monitor.kind)](fired, today)


def share_words(cell: Mapping[str, Any] | None) -> str:
    """Return a share with its interval and count, or why there is none."""
    if not cell:
        return "–"
    if "value" not in cell:
        return str(cell.get("reason", "–"))
    return f"{100 * cell['value']:.1f} % ({100 * cell['low']:.1f}–{100 * cell['high']:.1f} %), n = {cell['cases']}"


BEFORE_AND_SINCE = ("Figure", "Reference", "When it was raised", "With what is known today")


def _performance_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    rows = [
        (
            name.capitalize(),
            share_words(cell),
            share_words(fired["since"].get(name)),
            share_words(today["since"].get(name)),
        )
        for name, cell in fired["before"].items()
    ]
    scanners = [
        (each["scanner"], share_words(each["before"]), share_words(each["since"])) for each in today["scanners"]
    ]
    return [
        Table(
            title="Before and since the change",
            columns=BEFORE_AND_SINCE,
            rows=tuple(rows),
            note="Wilson's 95 % intervals.",
        ),
        Table(
            title=f"{str(today['metric']).capitalize()} by scanner",
            columns=("Scanner", "Reference", "Since the change"),
            rows=tuple(scanners),
        ),
        _mix_table(fired, today),
    ]


def _mix_table(fired: dict[str, Any], today: dict[str, Any]) -> Table:
    before, since, now = fired["case_mix"]["before"], fired["case_mix"]["since"], today["case_mix"]["since"]
    rows = [
        (
            name.replace("_", " ").capitalize(),
            share_words(cell),
            share_words(since.get(name)),
            share_words(now.get(name)),
        )
        for name, cell in before.items()
    ]
    return Table(title="Who was examined", columns=BEFORE_AND_SINCE, rows=tuple(rows))


def _score_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    performance = [
        (
            name.capitalize(),
            share_words(cell),
            share_words(fired["performance"]["since"].get(name)),
            share_words(today["performance"]["since"].get(name)),
        )
        for name, cell in fired["performance"]["before"].items()
    ]
    return [
        *_explanation_tables(today.get("explanation", {})),
        *_distance_tables(today.get("distances", {})),
        _mix_table(fired, today),
        Table(title="Performance meanwhile", columns=BEFORE_AND_SINCE, rows=tuple(performance)),
    ]


def _explanation_tables(found: Mapping[str, Any]) -> list[Table]:
    if found.get("part_within") is None:
        return []
    rows = [
        ("Shift from prevalence", f"{found['part_of_prevalence']:+.2f}", ""),
        ("Shift within the classes", f"{found['part_within']:+.2f}", ""),
    ]
    for name, moved in found["classes"].items():
        words = f"{moved['shift']:+.2f}" if "shift" in moved else moved.get("reason", "–")
        interval = f"{moved['low']:+.2f} to {moved['high']:+.2f}" if "low" in moved else ""
        rows.append((f"Scores of {name} studies", words, interval))
    return [
        Table(
            title="What moved the scores",
            columns=("Part", "Standard deviations of the reference", "99 % interval"),
            rows=tuple(rows),
            note=str(found["words"]),
        )
    ]


def _distance_tables(found: Mapping[str, Any]) -> list[Table]:
    if "psi" not in found:
        return []
    rows = (
        ("Kolmogorov–Smirnov", f"{found['ks']:.3f}", f"p = {found['ks_p']:.2g}"),
        (
            "Population stability index",
            f"{found['psi']:.3f}",
            f"unchanged: {found['psi_expected']:.3f}, below {found['psi_limit']:.3f} in 95 %",
        ),
        ("Wasserstein distance", f"{found['wasserstein']:.3f}", "in units of the score"),
        ("Mean score", f"{found['mean_since']:.3f}", f"reference {found['mean_before']:.3f}"),
    )
    return [Table(title="How far the scores lie apart", columns=("Distance", "Value", "Compare with"), rows=rows)]


def _metadata_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    rows = [
        (each["field"], each["words"], _header_words(each["before"]), _header_words(each["since"]))
        for each in today["fields"]
    ]
    return [
        Table(
            title="Header fields that changed",
            columns=("Field", "Change", "Reference", "Since the change"),
            rows=tuple(rows),
            note=f"{today['charts']} charts over all fields share the designed rate.",
        )
    ]


def _header_words(cell: Mapping[str, Any]) -> str:
    if "median" in cell:
        return f"median {cell['median']:g} ({cell['low']:g} to {cell['high']:g}), n = {cell['cases']}"
    if "counts" in cell:
        return ", ".join(f"{value}: {count}" for value, count in cell["counts"].items())
    return str(cell.get("reason", "–"))


def _claim_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    rows = [
        (words, number_words(fired.get(name)), number_words(today.get(name)))
        for name, words in (("since_launch", "Since launch"), ("since", "Since the change"))
    ]
    return [
        Table(
            title="Held to the claim",
            columns=("Figure", "When it was raised", "With what is known today"),
            rows=(("Claimed", fired["claim"], fired["claim"]), *rows),
            note=f"The line is {fired['line']:g}, the figure less its margin. Intervals hold at every look at once.",
        )
    ]


def number_words(cell: Mapping[str, Any] | None) -> str:
    """Return a figure of a claim with its interval and patients, or why there is none."""
    if not cell:
        return "–"
    if "value" not in cell:
        return str(cell.get("reason", "–"))
    form = "{:.1%}" if cell.get("is_share") else "{:.3g}"
    value, low, high = (form.format(cell[name]).replace("%", " %") for name in ("value", "low", "high"))
    return f"{value} ({low} to {high}), {cell['cases']} patients: {cell['status']}"


def _silence_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    rows = [
        (
            each["first_day"],
            each["last_day"],
            each["count"],
            f"{each['expected']:.1f}",
            f"{max(each['probability'], 1e-12):.1g}" if isinstance(each["count"], int) else "hidden",
        )
        for each in today["spells"]
    ]
    return [Table(title="Quiet spells", columns=("From", "To", "Studies", "Expected", "Probability"), rows=tuple(rows))]


def burst_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    rows = [
        (each["first_day"], each["last_day"], each["count"], each["runs"], f"{each['expected']:.1f}")
        for each in today["spells"]
    ]
    share = f"{100 * today['share']:.2g} % of the runs of the reference"
    return [Table(title="Days", columns=("From", "To", "Counted", "Runs", "Expected"), rows=tuple(rows), note=share)]


def loss_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    rows = [(each["day"], each["lost"], each["refused"], each["damaged"]) for each in today["reports"]]
    return [Table(title="What the recorder said", columns=("Day", "Lost", "Refused", "Damaged"), rows=tuple(rows))]


def _flagged_tables(fired: dict[str, Any], today: dict[str, Any]) -> list[Table]:
    tables = [Table(title="Versions", columns=("Version", "Runs"), rows=tuple(today["versions"]["counts"].items()))]
    if today.get("days"):
        rows = tuple(sorted(today["days"].items()))
        tables.append(Table(title="Days", columns=("Acquired on", "Runs"), rows=rows))
    return tables
