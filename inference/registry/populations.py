"""What a version was developed on, as its registry line says: how many cases, and their shares by dimension.

A field of `development_population` that is itself a mapping names a dimension, as cases are sliced, and gives
the share of each value; shares that leave something out leave it to nobody. `n` is the number of cases
(`images` and `studies` say the same). Every other field is kept and shown as it was said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SIZES = ("n", "studies", "images")
SLACK = 0.005  # shares are rounded: they may add up to a little more than all


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Shares by dimension and value, and how many cases they are of, where that was said."""

    size: int | None = None
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.shares)


def population_of(said: Mapping[str, Any]) -> Population:
    """Return the shares that a registry line says."""
    sizes = [said[name] for name in SIZES if isinstance(said.get(name), int) and said[name] > 0]
    shares = {
        name: {value: float(share) for value, share in values.items()}
        for name, values in said.items()
        if isinstance(values, Mapping) and not fault_of(values)
    }
    return Population(size=sizes[0] if sizes else None, shares=shares)


def fault_of(values: Mapping[str, Any]) -> str:
    """Return why these are no shares of a dimension; empty where they are."""
    if not values:
        return "names no value"
    for value, share in values.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
            return f"gives {value!r} the share {share!r}, which is no number from 0 to 1"
    total = sum(values.values())
    return f"has shares that add up to {total:.3f}, more than 1" if total > 1 + SLACK else ""
