"""Detection: the contract's names in one place.

Where marks lie and when they hit is in `mark_places`, which mark takes which lesion in
`mark_matching`, the curves and figures of merit in `free_response`.
"""

from monitoring.statistics.free_readings import as_reading
from monitoring.statistics.free_response import (
    AreaEstimate,
    FrocCurve,
    OperatingPoint,
    afroc_figure_of_merit,
    false_mark_rate,
    froc,
    lesion_sensitivity,
)
from monitoring.statistics.mark_matching import Matching, match_marks
from monitoring.statistics.mark_places import (
    CentreInBox,
    CentreWithin,
    Criterion,
    OverlapAtLeast,
    criterion_named,
    name_of,
)

__all__ = [
    "AreaEstimate",
    "CentreInBox",
    "CentreWithin",
    "Criterion",
    "FrocCurve",
    "Matching",
    "OperatingPoint",
    "OverlapAtLeast",
    "afroc_figure_of_merit",
    "as_reading",
    "criterion_named",
    "false_mark_rate",
    "froc",
    "lesion_sensitivity",
    "match_marks",
    "name_of",
]
