"""How one value of a row is understood: a type for each field, from JSON or from the cell of a file.

Each parser returns the clean value or raises ValueError with the reason;
checking.py adds the name of the field.
"""

import json
import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

LONGEST_UID = 256
LONGEST_KEY = 128
LONGEST_SHORT = 32
LARGEST_NUMBER = 1e15  # from here on JSON in the database and in an entry would not print alike
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200

Parser = Callable[[Any], Any]

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.+/\\:-]{0,63}")
DIGEST_TEXT = re.compile(r"[0-9a-fA-F]{64}")
NUMBER_TEXT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
TIME_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?\s?(Z|z|[+-]\d{2}:?\d{2})?)?")


def text(value: Any, *, longest: int = LONGEST_KEY) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {kind_of(value)}, not text")
    if len(value) > longest:
        raise ValueError(f"has {len(value)} characters; {longest} is the most")
    if "\x00" in value:
        raise ValueError("holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair") from None
    return value


def uid(value: Any) -> str:
    """Understand a sender's uid: any text up to 256 characters; a number is taken as its digits."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    found = text(value, longest=LONGEST_UID).strip()
    if not found:
        raise ValueError("is empty")
    return found


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"is {kind_of(value)}, not a number")
    try:
        found = float(value)
    except OverflowError:
        raise ValueError("is too large a number") from None
    if not math.isfinite(found):
        raise ValueError("is not a finite number")
    if abs(found) >= LARGEST_NUMBER:
        raise ValueError("is too large a number")
    return found


def boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is {kind_of(value)}, not true or false")
    return value


def moment(value: Any) -> datetime:
    """Understand an ISO 8601 time; one without an offset comes back naive, a day as its midnight."""
    if not isinstance(value, str) or not TIME_TEXT.fullmatch(value.strip()):
        raise ValueError("is not a time like 2026-03-01T08:15:00+01:00")
    try:
        found = datetime.fromisoformat(value.strip().replace(",", "."))
    except ValueError:
        raise ValueError("is not a moment of the calendar") from None
    if not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise ValueError(f"is not between the years {EARLIEST_YEAR} and {LATEST_YEAR}")
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """Understands one word of a list."""

    allowed: tuple[str, ...]

    def __call__(self, value: Any) -> str:
        if not isinstance(value, str) or value not in self.allowed:
            raise ValueError(f"is not one of {', '.join(sorted(self.allowed))}")
        return value


def choice(allowed: Collection[str]) -> Choice:
    return Choice(tuple(allowed))


def code(value: Any) -> str:
    """Understand a coded value: short, and of the characters that DICOM's code strings use."""
    if isinstance(value, bool | int | float):
        value = str(value)
    found = text(value).strip()
    if not CODE.fullmatch(found):
        raise ValueError("is not a short code")
    return found


def short_code(value: Any) -> str:
    return within(code(value), longest=LONGEST_SHORT)


def unit_code(value: Any) -> str:
    """Understand a unit as UCUM writes it."""
    return within(key(value), longest=LONGEST_SHORT)


def within(found: str, *, longest: int) -> str:
    if len(found) > longest:
        raise ValueError(f"has {len(found)} characters; {longest} is the most")
    return found


def day(value: Any) -> date:
    """Understand a day of the calendar; of a moment, its day as written."""
    return moment(value).date()


def key(value: Any) -> str:
    """Understand a key of the registry or of the site; a number is taken as its digits."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return text(value, longest=64).strip()


def point_list(value: Any) -> list[list[float]]:
    """Understand the corners of an outline: pairs or triples of numbers."""
    if not isinstance(value, list) or not all(isinstance(point, list) and len(point) in (2, 3) for point in value):
        raise ValueError("is not a list of points")
    return [[number(part) for part in point] for point in value]


def digest(value: Any) -> str:
    if not isinstance(value, str) or not DIGEST_TEXT.fullmatch(value):
        raise ValueError("is not a SHA-256 in hexadecimal digits")
    return value.lower()


def mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"is {kind_of(value)}, not an object")
    return dict(value)


def objects(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(part, Mapping) for part in value):
        raise ValueError("is not a list of objects")
    return [dict(part) for part in value]


def category(value: Any) -> str | list[str]:
    if isinstance(value, list):
        return [code(part) for part in value]
    return code(value)


def class_scores(value: Any) -> dict[str, float]:
    return {code(name): number(score) for name, score in mapping(value).items()}


def kind_of(value: Any) -> str:
    names = {bool: "true or false", str: "text", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "nothing" if value is None else type(value).__name__)


# --- from the cell of a CSV or Parquet file --------------------------------------------------------------------


def number_cell(cell: str) -> float:
    if not NUMBER_TEXT.fullmatch(cell.strip()):
        raise ValueError("is not a number")
    return float(cell)


def boolean_cell(cell: str) -> bool:
    found = {"true": True, "false": False, "1": True, "0": False}.get(cell.strip().lower())
    if found is None:
        raise ValueError("is not true or false")
    return found


def json_cell(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        raise ValueError("is not JSON") from None


def category_cell(cell: str) -> Any:
    return json_cell(cell) if cell.lstrip().startswith("[") else cell


CELL_PARSERS: Mapping[Parser, Callable[[str], Any]] = {
    number: number_cell,
    boolean: boolean_cell,
    mapping: json_cell,
    objects: json_cell,
    point_list: json_cell,
    class_scores: json_cell,
    category: category_cell,
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind: its name, how it is understood, and whether a row needs it.

    `parts` are the fields of the object, or of each object of the list, that it holds.
    """

    name: str
    parse: Parser
    required: bool = False
    parts: "tuple[Field, ...]" = ()
    part_by_name: "Mapping[str, Field]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "part_by_name", {part.name: part for part in self.parts})
