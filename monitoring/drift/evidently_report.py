"""The one door to Evidently: two tables of rows in, one self-contained HTML report out.

Runs as a program of its own (`python -m monitoring.drift.evidently_report`): JSON on standard input, HTML on
standard output. So its imports stay out of the web process, and its telemetry is off before it is imported.
"""

import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

os.environ["DO_NOT_TRACK"] = "1"  # Evidently's own switch; it must be set before the import

Rows = Sequence[Mapping[str, Any]]
LEAST_FILLED = 0.5
MOST_VALUES = 50
MAPS_ADDRESS = "https://cdn.plot.ly/"  # where Plotly would fetch outlines of countries; nothing is fetched here


def report_html(*, reference: Rows, current: Rows) -> str:
    """Return Evidently's drift report of two sets of rows; every script and font it needs is inside."""
    import pandas as pd  # noqa: PLC0415
    from evidently import DataDefinition, Dataset, Report  # noqa: PLC0415
    from evidently.presets import DataDriftPreset  # noqa: PLC0415

    before, since = pd.DataFrame(list(reference)), pd.DataFrame(list(current))
    numbers, categories = columns_of([*reference, *current])
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=categories)
    tables = [
        Dataset.from_pandas(_prepared(each, numbers=numbers, categories=categories), data_definition=definition)
        for each in (since, before)
    ]
    html = str(Report([DataDriftPreset()]).run(*tables).get_html_str(as_iframe=False))
    return html.replace(MAPS_ADDRESS, "")


def columns_of(rows: Rows) -> tuple[list[str], list[str]]:
    """Return the columns to compare, numbers and categories; one that is mostly empty or all different says nothing."""
    numbers, categories = [], []
    for name in sorted({name for row in rows for name in row}):
        values = [row[name] for row in rows if row.get(name) is not None]
        if len(values) < LEAST_FILLED * len(rows):
            continue
        if all(isinstance(value, int | float) for value in values):
            numbers.append(name)
        elif len(set(map(str, values))) <= MOST_VALUES:
            categories.append(name)
    return numbers, categories


def _prepared(table: Any, *, numbers: Sequence[str], categories: Sequence[str]) -> Any:
    kept = table.reindex(columns=[*numbers, *categories])
    kept[list(categories)] = kept[list(categories)].astype(object).fillna("missing").astype(str)
    return kept


def main() -> None:
    warnings.simplefilter("ignore")
    asked = json.load(sys.stdin)
    answer = sys.stdout
    sys.stdout = sys.stderr  # whatever a library prints is not the report
    html = report_html(reference=asked["reference"], current=asked["current"])
    answer.write(html)


if __name__ == "__main__":
    main()
