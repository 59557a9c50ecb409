"""Plain values out of data elements that may be absent, empty, or wrong.

An element that cannot be understood is absent: a header is read for what it
says, and one bad value must not lose a study.
"""

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from pydicom.dataset import Dataset

from inference.dicom.files import DAMAGED

_DATETIME = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6}))?([+-]\d{4})?")
_OFFSET = re.compile(r"([+-])(\d{2})(\d{2})")
_AGE = re.compile(r"(\d{1,3})([DWMY])")
_DAYS_PER_YEAR = 365.25
_YEARS_PER_UNIT = {"D": 1 / _DAYS_PER_YEAR, "W": 7 / _DAYS_PER_YEAR, "M": 1 / 12, "Y": 1.0}


def value_of(dataset: Dataset, keyword: str) -> Any:
    """Return the element's value, or None when it is absent, empty or cannot be decoded."""
    try:
        value = dataset.get(keyword)
    except DAMAGED:
        return None
    return None if value is None or value == "" or (hasattr(value, "__len__") and not len(value)) else value


def text_of(dataset: Dataset, keyword: str) -> str:
    """Return the element as text, several values joined by a backslash; empty when absent."""
    value = value_of(dataset, keyword)
    if value is None:
        return ""
    parts = value if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue" else [value]
    return "\\".join(str(part).strip() for part in parts).replace("\x00", "").strip()


def number_of(dataset: Dataset, keyword: str) -> float | None:
    """Return the (first) value as a finite number, or None."""
    numbers = numbers_of(dataset, keyword)
    return numbers[0] if numbers else None


def numbers_of(dataset: Dataset, keyword: str) -> list[float]:
    """Return every value as a finite number; an element with one that is none gives an empty list."""
    value = value_of(dataset, keyword)
    if value is None:
        return []
    parts = list(value) if type(value).__name__ in {"MultiValue", "list", "tuple"} else [value]
    try:
        numbers = [float(part) for part in parts]
    except (ValueError, TypeError):
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence, none when it is absent or not a sequence."""
    value = value_of(dataset, keyword)
    return [item for item in value if isinstance(item, Dataset)] if type(value).__name__ == "Sequence" else []


def moment_of(dataset: Dataset) -> datetime | None:
    """Return when the pixels were made (acquisition, content, series, study); with an offset only if one is given."""
    offset = _offset(text_of(dataset, "TimezoneOffsetFromUTC"))
    for text in _moments(dataset):
        moment = parse_datetime(text)
        if moment is not None:
            return moment if moment.tzinfo or offset is None else moment.replace(tzinfo=offset)
    return None


def _moments(dataset: Dataset) -> Iterator[str]:
    yield text_of(dataset, "AcquisitionDateTime")
    for part in ("Acquisition", "Content", "Series", "Study"):
        date, time = text_of(dataset, f"{part}Date"), text_of(dataset, f"{part}Time")
        if date:
            yield date.replace(".", "")[:8] + time.replace(":", "")


def parse_datetime(text: str) -> datetime | None:
    """Return the moment a DICOM DT value names, missing parts at their lowest; None when it names none."""
    match = _DATETIME.fullmatch(text.strip())
    if match is None or match[3] is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    fraction = int((match[7] or "0").ljust(6, "0"))
    try:
        # PS3.5 allows a leap second, Python does not.
        return datetime(year, month, day, hour, minute, min(second, 59), fraction, _offset(match[8] or ""))
    except ValueError:
        return None


def _offset(text: str) -> timezone | None:
    match = _OFFSET.fullmatch(text.strip())
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes == 0:
        return UTC
    return timezone(timedelta(minutes=minutes if match[1] == "+" else -minutes)) if minutes < 24 * 60 else None


def age_of(dataset: Dataset) -> float | None:
    """Return the age in years: as stated, else from the birth date at the study; None when neither says."""
    match = _AGE.fullmatch(text_of(dataset, "PatientAge"))
    if match:
        return round(int(match[1]) * _YEARS_PER_UNIT[match[2]], 2)
    born, made = parse_datetime(text_of(dataset, "PatientBirthDate")), moment_of(dataset)
    if born is None or made is None or made.replace(tzinfo=None) < born:
        return None
    return float(int((made.replace(tzinfo=None) - born).days / _DAYS_PER_YEAR))


def content_moment(dataset: Dataset, *, zone: str) -> datetime | None:
    """Return when the content of an object was made, in the zone given where it names no offset of its own."""
    date, time = text_of(dataset, "ContentDate"), text_of(dataset, "ContentTime")
    moment = parse_datetime(date.replace(".", "")[:8] + time.replace(":", "")) if date else None
    if moment is None or moment.tzinfo:
        return moment
    return moment.replace(tzinfo=_offset(text_of(dataset, "TimezoneOffsetFromUTC")) or ZoneInfo(zone))
