"""Coverage of every interval, against the textbook interval: exact ones by sums, the others by simulation.

Prints a line per function and regime. The ratio is that of the distances of the average coverage
from 95 %: ours over Wald's interval of a proportion.
"""

from collections.abc import Iterator

from tests.benchmarks import (
    coverage_of_areas,
    coverage_of_calibration,
    coverage_of_proportions,
    coverage_of_samples,
)
from tests.benchmarks.coverage import LEVEL, Coverage
from tests.benchmarks.table import Result

DRAWS = {"proportions": 300, "areas": 150, "calibration": 200, "samples": 800}


def run() -> Result:
    found = []
    for each in coverages():
        print(each, flush=True)
        found.append(each)
    theirs = coverage_of_proportions.wald()
    approximate = [each.average for each in found if each.kind == "approximate"]
    ours = sum(approximate) / len(approximate)
    failing = [each.name for each in found if not each.holds]
    worst = min(found, key=lambda each: each.worst)
    return Result(
        name="coverage",
        ours=ours,
        theirs=theirs.average,
        unit="of 0.95",
        ratio=abs(ours - LEVEL) / abs(theirs.average - LEVEL),
        aim="exact ≥ 95 %, approximate 93.5–97 % on average, below its floor ≥ 95 %",
        reached=not failing,
        note=f"worst {worst.worst:.3f}: {worst.name} at {worst.where}" + (f"; failing: {failing}" if failing else ""),
    )


def coverages() -> Iterator[Coverage]:
    yield from coverage_of_proportions.coverages(draws=DRAWS["proportions"])
    yield from coverage_of_areas.coverages(draws=DRAWS["areas"])
    yield from coverage_of_calibration.coverages(draws=DRAWS["calibration"])
    yield from coverage_of_samples.coverages(draws=DRAWS["samples"])
