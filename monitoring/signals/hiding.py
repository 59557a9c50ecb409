"""Evidence as a recipient of aggregates may see it: small cells hidden, and what would reveal them.

An agreement's smallest count decides; zero hides nothing.
"""

from typing import Any

from audit.access.scopes import Hidden, hide_small


def shown_evidence(evidence: Any, *, minimum_count: int) -> Any:
    """Return the evidence with every share, count and table cell below the smallest count replaced by a reason."""
    if not minimum_count:
        return evidence
    if isinstance(evidence, dict):
        return _shown_cell(evidence, minimum_count=minimum_count)
    if isinstance(evidence, list):
        return [shown_evidence(each, minimum_count=minimum_count) for each in evidence]
    return evidence


def _shown_cell(cell: dict[str, Any], *, minimum_count: int) -> dict[str, Any]:
    cases = cell.get("cases")
    if isinstance(cases, int):
        hidden = hide_small(cases, minimum_count=minimum_count)
        if isinstance(hidden, Hidden):
            return {"reason": hidden.reason}
    kept = {name: value for name, value in cell.items() if name not in ("successes", "daily", "days")}
    if "counts" in kept and isinstance(kept["counts"], dict):
        kept["counts"] = {
            name: shown_count(count, minimum_count=minimum_count) for name, count in kept["counts"].items()
        }
    return {name: shown_evidence(value, minimum_count=minimum_count) for name, value in kept.items()}


def shown_count(count: int, *, minimum_count: int) -> int | str:
    hidden = hide_small(count, minimum_count=minimum_count)
    return f"fewer than {minimum_count}" if isinstance(hidden, Hidden) else hidden
