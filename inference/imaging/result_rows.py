"""A result object as one inference of the intake: what was said of one finding and region becomes one prediction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from inference.dicom.headers import StudyHeader
from inference.dicom.results.saying import ResultObject, Said
from inference.imaging.sources import Target
from inference.imaging.study_rows import present, study_row

MEASURED = frozenset({"measurement", "segmentation"})
ORDER = ("positive", "indeterminate", "negative", "")


def inference_row(
    result: ResultObject, header: StudyHeader, *, target: Target, made_at: datetime | None
) -> dict[str, Any]:
    """Return the row of one result object; its SOP instance UID names the run, so that a copy is a duplicate."""
    predictions = predictions_of(result.said, target=target, header=header)
    return present(
        {
            "inference_uid": header.sop_instance_uid,
            "deployment": target.deployment,
            "version": result.algorithm.version[:64],
            "status": result.status,
            "study": study_row(header, with_acquisition=False),
            "finished_at": made_at.isoformat() if made_at else None,
            "inputs": [{"kind": "dicom", "use": "current", "sop_instance_uid": uid} for uid in result.images],
        }
    ) | {"predictions": predictions}


def predictions_of(said: Sequence[Said], *, target: Target, header: StudyHeader) -> list[dict[str, Any]]:
    groups: dict[tuple[str, str], list[Said]] = defaultdict(list)
    for each in said:
        if finding := target.finding_of(each):
            groups[finding, each.region].append(each)
    return [
        prediction_of(finding, region, some, kind=target.kinds.get(finding, ""), header=header)
        for (finding, region), some in groups.items()
    ]


def prediction_of(finding: str, region: str, said: Sequence[Said], *, kind: str, header: StudyHeader) -> dict[str, Any]:
    """Join what was said of one finding: the surest decision, the highest score, all marks; a number if it is one."""
    numbers = [each for each in said if each.measurement is not None]
    single = numbers[0] if len(numbers) == 1 and kind in MEASURED else None
    categories = [each.category for each in said if each.category]
    scores = [each.score for each in said if each.score is not None]
    marks = [mark.as_row() for each in said for mark in each.marks]
    masks = [each.mask for each in said if each.mask]
    return present(
        {
            "finding": finding,
            "region": region,
            "score": max(scores, default=None),
            "decision": min((each.decision for each in said), key=ORDER.index),
            "measurement": single.measurement if single else None,
            "unit": single.unit if single else "",
            "category": categories[0] if categories else "",
            "marks": numbered(marks) or None,
            "mask": {"kind": "seg", "sop_instance_uid": header.sop_instance_uid} if masks else None,
        }
    )


def numbered(marks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give marks without an id one, and make ids unique within the prediction."""
    seen: set[str] = set()
    for number, mark in enumerate(marks, start=1):
        name = mark.get("mark_uid") or f"m{number}"
        mark["mark_uid"] = name if name not in seen else f"{name}/{number}"
        seen.add(mark["mark_uid"])
    return marks
