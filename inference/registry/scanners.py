"""Scanners register themselves: their key is derived from what their headers say.

The key is permanent. Software versions change and stay facts of the studies.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from inference.registry.models import Scanner

LONGEST_MODEL_SLUG = 40


def scanner_key(site_key: str, manufacturer: str, model: str, serial: str) -> str:
    """Return the key of a scanner: its model, and six hex digits that tell sites and machines of a model apart."""
    said = "\x1f".join(part.strip().casefold() for part in (site_key, manufacturer, model, serial))
    digest = sha256(said.encode()).hexdigest()[:6]
    slug = re.sub(r"[^a-z0-9]+", "-", model.casefold()).strip("-")[:LONGEST_MODEL_SLUG].rstrip("-")
    return f"{slug or 'scanner'}-{digest}"


def ensure_scanners(rows: Iterable[tuple[str, str, str, str]], now: datetime) -> None:
    """Register scanners given as (key, site key, manufacturer, model); those known already stay as they are."""
    scanners = {
        key: Scanner(key=key, site_id=site_key, manufacturer=manufacturer, model=model, first_seen_at=now)
        for key, site_key, manufacturer, model in rows
    }
    ordered = [scanners[key] for key in sorted(scanners)]
    Scanner.objects.bulk_create(ordered, ignore_conflicts=True)
