"""Cells of a file that a spreadsheet opens: what somebody sent never runs there as a formula. Pure."""

from datetime import date, datetime
from typing import Any

RISKY = ("=", "+", "-", "@", "\t", "\r")


def plain_cell(value: Any) -> Any:
    """Return a value for a spreadsheet: text that it would run as a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str) and value.startswith(RISKY):
        return f"'{value}"
    return value
