"""The demo's hospitals hold their products to the claims that are ready to be tested, from the launch on.

The designs are made with the labels in view, and the pages say so.
"""

from datetime import datetime

from inference.registry.models import Claim, Site
from monitoring.claims.actions import switch_on
from monitoring.claims.designs import not_ready
from monitoring.claims.models import ClaimSwitch

REASON = "The hospital bought the product for this figure"
OFFICERS = {"north-group": "user:quality"}
ACTOR = "command:demo"


def hold_to_claims(*, now: datetime) -> None:
    """Switch on what is ready and not on yet, in each organisation that runs the product."""
    for claim in Claim.objects.select_related("product").order_by("pk"):
        sites = Site.objects.filter(deployments__product=claim.product)
        for organisation in sorted(set(sites.values_list("organisation_id", flat=True))):
            is_known = ClaimSwitch.objects.filter(claim=claim, organisation=organisation).exists()
            if not is_known and not not_ready(claim):
                switch_on(
                    claim=claim,
                    organisation=organisation,
                    by=OFFICERS.get(organisation, ACTOR),
                    reason=REASON,
                    now=now,
                    from_launch=True,
                )
