"""What one deployment ran with at any moment, as plain values.

Loaded once for a batch or a fold by registry.queries; nothing here asks the
database, so intake and counting share the one answer to "in force".
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSettings:
    """What a product reports about a concept. `range` is (lowest, highest) of a raw score.

    `matching` says when a mark is a lesion ("iou_0.5"); empty: when its centre lies in the lesion's box.
    """

    key: str
    concept: str
    kind: str
    scale: str
    unit: str = ""
    range: tuple[float, float] | None = None
    classes: tuple[str, ...] = ()
    matching: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationSettings:
    """What a deployment ran with from `starts_at` until the next configuration starts."""

    starts_at: datetime
    version: str
    mode: str
    role: str
    thresholds: Mapping[str, float]
    settings_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentSettings:
    """One deployment with its product's findings and versions; configurations are sorted by their start."""

    key: str
    product_key: str
    site_key: str
    organisation_key: str
    timezone: str
    dimensions: tuple[str, ...]
    regions: tuple[str, ...]
    findings: Mapping[str, FindingSettings]
    versions: Mapping[str, Mapping[str, float]]
    configurations: tuple[ConfigurationSettings, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def in_force(self, at: datetime) -> ConfigurationSettings | None:
        """Return the configuration in force at a moment, or None before the first one."""
        place = bisect_right(self.configurations, at, key=_start)
        return self.configurations[place - 1] if place else None


def _start(configuration: ConfigurationSettings) -> Any:
    return configuration.starts_at
