"""Entries that a browser may prove: which one, whether its words may be shown, and what proves it.

What a page shows carries a signed address of its entry, so that nobody can ask
for another. Whether the asker still reaches it is asked again each time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.urls import reverse

from audit.access.decisions import NotVisibleError
from audit.log.keyhistory import rotations_of
from audit.log.models import Entry, LogKey
from audit.proofs.notes import PublicKey
from monitoring.portal.queries import Reach

SALT = "portal entry"
WITHHELD = "The words of this entry are withheld at the level that was shared; its leaf is proved all the same."


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The way to one entry from a page. `shown` is what the page says of it: field of the entry → value."""

    href: str
    position: int | None
    organisation: str
    shown: dict[str, str]

    @property
    def shown_json(self) -> str:
        """What the page says, for the browser to compare with what the entry says."""
        return json.dumps(self.shown, ensure_ascii=False, sort_keys=True)


def proof_for(
    entry: Entry | None, *, product: str, site: str = "", is_harmless: bool = True, shown: dict[str, Any] | None = None
) -> Proof | None:
    """Return the way to an entry. `is_harmless`: its words may be read by whoever sees that it is there."""
    if entry is None:
        return None
    token = signing.dumps([entry.organisation, entry.pk, product, site, int(is_harmless)], salt=SALT)
    said = {name: "" if value is None else str(value) for name, value in (shown or {}).items()}
    return Proof(
        href=reverse("portal:entry", args=[token]),
        position=entry.position,
        organisation=entry.organisation,
        shown=said,
    )


def entry_of(reach: Reach, token: str) -> tuple[Entry, bool]:
    """Return the entry of a signed address and whether its words may be shown.

    Raises:
        NotVisibleError: the address was not made by us, or its thing is no longer within reach.
    """
    try:
        organisation, pk, product, site, is_harmless = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise NotVisibleError from error
    concerned = [each for each in reach.of(product) if site in ("", each.site_id)]
    if not concerned:
        raise NotVisibleError
    entry = Entry.objects.filter(pk=pk, organisation=organisation).first()
    if entry is None:
        raise NotVisibleError
    return entry, bool(is_harmless) or not any(reach.minimum_count(each) for each in concerned)


def proof_document(entry: Entry, *, has_words: bool) -> dict[str, Any]:
    """Return what the browser needs beside checkpoint and tiles, which the log serves to everybody."""
    log = entry.organisation
    keys = LogKey.objects.filter(organisation=log).order_by("id")
    return {
        "organisation": log,
        "position": entry.position,
        "leaf": bytes(entry.leaf_hash).hex(),
        "body": bytes(entry.body).decode() if has_words else None,
        "withheld": "" if has_words else WITHHELD,
        "keys": [PublicKey(name=key.origin, key=bytes(key.public_key)).text for key in keys],
        "rotations": [each.note for each in rotations_of(log, using="default")],
        "checkpoint": reverse("log:checkpoint", args=[log]),
        "tiles": reverse("log:tile", args=[log, "TILE"]),
    }
