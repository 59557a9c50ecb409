"""Claims that a hospital holds a product to, on the small network of tests.factories."""

from typing import Any

from inference.registry.actions import register
from inference.registry.models import Claim
from monitoring.claims.actions import switch_on
from monitoring.claims.models import ClaimSwitch
from tests.factories import REGISTERED
from tests.monitoring.dashboards.watched import LATER


def register_claim(**said: Any) -> Claim:
    """Register one claim of cxr on nodules, ready to be switched on unless said otherwise."""
    fields = {
        "finding": "nodule", "metric": "sensitivity", "value": 0.9, "margin": 0.05, "market": "US", "unit": "study",
        "source": "IFU 1.0 §7", "verified": True,
    } | said  # fmt: skip
    words = ", ".join(f"{name}: {plain(value)}" for name, value in fields.items() if value is not None)
    register(text=f"products: [{{key: cxr, claims: [{{{words}}}]}}]", actor="test", now=REGISTERED)
    return Claim.objects.latest("pk")


def plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) and not value.startswith("{") else str(value)


def hold(claim: Claim, *, organisation: str = "north-group", **said: Any) -> ClaimSwitch:
    """Switch a claim on, from the launch unless said otherwise."""
    options = {"by": "user:quality", "reason": "Bought for this figure", "now": LATER, "from_launch": True} | said
    return switch_on(claim=claim, organisation=organisation, **options)
