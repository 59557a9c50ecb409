"""Which sites somebody may take in an emergency: those of their own organisation that their rights do not reach."""

from django.db.models import Q, QuerySet

from audit.access.decisions import Visitor, scope_for
from inference.registry.models import Organisation, Site


def sites_to_take(user: Visitor) -> QuerySet[Site]:
    """Return the sites of the person's own provider that they do not see yet.

    A right bound to a product, as a manufacturer's, takes nothing: an emergency
    is the hospital's own, and another organisation's patients are never reached.
    """
    own = [bound for bound in scope_for(user, "break_glass").bounds if not bound.product]
    organisations = {bound.organisation for bound in own if bound.organisation}
    near = Q(organisation__in=organisations) | Q(organisation__sites__in=[bound.site for bound in own if bound.site])
    sites = Site.objects.filter(near, organisation__kind=Organisation.Kind.PROVIDER).distinct().order_by("key")
    seen = scope_for(user, "see_image")
    out_of_reach = [each.pk for each in sites if not seen.covers(organisation=each.organisation_id, site=each.pk)]
    return sites.filter(pk__in=out_of_reach)
