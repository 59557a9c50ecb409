"""Evidence as a recipient of aggregates may see it: small cells hidden, and what would reveal them.

An agreement's smallest count decides; zero hides nothing.
"""

from typing import Any

from audit.access.scopes import Hidden, hide_small
from audit.access.small_cells import is_small_share


def shown_evidence(evidence: Any, *, minimum_count: int) -> Any:
    """Return the evidence with every share, count and table cell below the smallest count replaced by a reason."""
    if not minimum_count:
        return evidence
    if isinstance(evidence, dict):
        return _shown_cell(evidence, minimum_count=minimum_count)
    if isinstance(evidence, list):
        return without_a_lone_gap([shown_evidence(each, minimum_count=minimum_count) for each in evidence])
    return evidence


def without_a_lone_gap(cells: list[Any]) -> list[Any]:
    """Return a row of shares. One that alone is hidden takes its smallest neighbour with it: the sum would tell it."""
    shares = [cell for cell in cells if isinstance(cell, dict) and ("cases" in cell or "reason" in cell)]
    hidden = [cell for cell in shares if "reason" in cell]
    shown = [cell for cell in shares if cell.get("cases")]
    if len(hidden) != 1 or not shown:
        return cells
    partner = min(shown, key=lambda cell: cell["cases"])
    return [hidden_cell(cell, reason=hidden[0]["reason"]) if cell is partner else cell for cell in cells]


def hidden_cell(cell: dict[str, Any], *, reason: str) -> dict[str, Any]:
    """Return what is left of a cell: its name, and why there is no more."""
    return {name: cell[name] for name in ("month",) if name in cell} | {"reason": reason}


def _shown_cell(cell: dict[str, Any], *, minimum_count: int) -> dict[str, Any]:
    cases = cell.get("cases")
    if isinstance(cases, int):
        told = cell.get("successes")
        hidden = hide_small(cases, minimum_count=minimum_count)
        if isinstance(hidden, Hidden):
            return hidden_cell(cell, reason=hidden.reason)
        if isinstance(told, int) and is_small_share(told, cases, minimum_count=minimum_count):
            return hidden_cell(cell, reason=f"it would tell a count below {minimum_count}, hidden by the agreement")
    kept = {name: value for name, value in cell.items() if name not in ("successes", "daily", "days")}
    if "counts" in kept and isinstance(kept["counts"], dict):
        kept["counts"] = {
            name: shown_count(count, minimum_count=minimum_count) for name, count in kept["counts"].items()
        }
    if isinstance(kept.get("count"), int):
        kept["count"] = shown_count(kept["count"], minimum_count=minimum_count)
    return {name: shown_evidence(value, minimum_count=minimum_count) for name, value in kept.items()}


def shown_count(count: int, *, minimum_count: int) -> int | str:
    hidden = hide_small(count, minimum_count=minimum_count)
    return f"fewer than {minimum_count}" if isinstance(hidden, Hidden) else hidden
