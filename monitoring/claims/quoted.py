"""The figures that hospitals quote, as templates beside what their primary source says. They are no claims.

A template is not verified and has no source document of a device, so nothing
made from it can be switched on before a person has given both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from monitoring.claims.terms import Terms, not_testable

FILE = Path(__file__).with_name("quoted.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a publication says; `is_known` is false where we have not got it from the publication itself."""

    citation: str
    says: str
    is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """One template: what is quoted, how it would read as a claim, and what stands in the sources."""

    key: str
    quoted: str
    kind: str
    claim: Mapping[str, Any]
    sources: tuple[Source, ...]
    verified: bool = False

    @property
    def terms(self) -> Terms:
        return Terms(**self.claim)

    @property
    def not_testable(self) -> str:
        """Return why no evidence here could test it; empty where it could."""
        return not_testable(self.terms)

    def registry_line(self, finding: str) -> str:
        """Return the line to copy into a registry file: margin, source and verification are left to a person."""
        said = {"finding": finding, **self.claim, "source": "", "verified": False}
        return str(yaml.safe_dump([said], default_flow_style=True, sort_keys=False, width=10_000)).strip()[1:-1]


@cache
def quoted_figures() -> tuple[Quoted, ...]:
    """Return every template.

    Raises:
        ValueError: one passes itself off as verified.
    """
    return tuple(_quoted(each) for each in yaml.safe_load(FILE.read_text(encoding="utf-8")))


def _quoted(said: Mapping[str, Any]) -> Quoted:
    if said["verified"] is not False:
        raise ValueError(f"the template {said['key']} must not be verified: a template is nobody's claim")
    sources = tuple(
        Source(citation=each["citation"], says=each["says"], is_known=each["state"] == "known")
        for each in said["sources"]
    )
    return Quoted(key=said["key"], quoted=said["quoted"], kind=said["kind"], claim=said["claim"], sources=sources)
