"""What of the registry a user may see: their grants, widened by the agreements in force.

Every page asks here first. What cannot be seen does not exist for the asker:
the answer is 404 either way.
"""

from datetime import datetime

from django.db.models import Q, QuerySet

from audit.access.decisions import NotVisibleError, Scope, Visitor, scope_for
from audit.access.models import User
from inference.registry.models import Deployment, Product, Site
from inference.registry.queries import agreements_in_force


def scope_of(user: Visitor, action: str, *, now: datetime) -> Scope:
    """Return everything that a user may take an action on, what others share included."""
    if not isinstance(user, User):
        return Scope()
    recipients = {grant.organisation for grant in user.live_grants if grant.organisation}
    return scope_for(user, action, sharing=agreements_in_force(to=recipients, at=now) if recipients else ())


def visible_deployments(user: Visitor, action: str, *, now: datetime) -> QuerySet[Deployment]:
    return within(scope_of(user, action, now=now)).select_related("product", "site").order_by("key")


def within(scope: Scope) -> QuerySet[Deployment]:
    """Return the deployments that a scope reaches."""
    if not scope:
        return Deployment.objects.none()
    reach = Q()
    for bound in scope.bounds:
        reach |= _bound_query(organisation=bound.organisation, site=bound.site, product=bound.product)
    return Deployment.objects.filter(reach)


def _bound_query(*, organisation: str, site: str, product: str) -> Q:
    named = Q(pk__isnull=False)
    if organisation:
        named &= Q(site__organisation_id=organisation)
    if site:
        named &= Q(site_id=site)
    if product:
        named &= Q(product_id=product)
    return named


def visible_sites(user: Visitor, action: str, *, now: datetime) -> QuerySet[Site]:
    """Return the sites within reach: those of a grant, and those whose deployment is shared."""
    scope = scope_of(user, action, now=now)
    reach = Q(deployments__in=within(scope))
    for bound in scope.bounds:
        if not bound.product:
            reach |= _site_query(organisation=bound.organisation, site=bound.site)
    return (Site.objects.filter(reach).distinct() if scope else Site.objects.none()).order_by("key")


def _site_query(*, organisation: str, site: str) -> Q:
    named = Q(pk__isnull=False)
    if organisation:
        named &= Q(organisation_id=organisation)
    if site:
        named &= Q(pk=site)
    return named


def visible_products(user: Visitor, action: str, *, now: datetime) -> QuerySet[Product]:
    """Return the products within reach: deployed there, or made by the user's organisation."""
    scope = scope_of(user, action, now=now)
    reach = Q(deployments__in=within(scope))
    for bound in scope.bounds:
        if bound.organisation and not bound.site:
            made = Q(manufacturer_id=bound.organisation)
            reach |= made & Q(pk=bound.product) if bound.product else made
        elif scope.is_everything:
            reach |= Q(pk__isnull=False)
    return (Product.objects.filter(reach).distinct() if scope else Product.objects.none()).order_by("key")


def get_deployment_for(user: Visitor, action: str, key: str, *, now: datetime) -> Deployment:
    found = visible_deployments(user, action, now=now).filter(pk=key).first()
    if found is None:
        raise NotVisibleError
    return found


def get_product_for(user: Visitor, action: str, key: str, *, now: datetime) -> Product:
    found = visible_products(user, action, now=now).filter(pk=key).first()
    if found is None:
        raise NotVisibleError
    return found
