"""Which studies a user may see: those of a site within reach, or that met a product within reach.

A study of a patient who opted out is shared with nobody: a right bound to a
product does not reach it.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from audit.access.decisions import NotVisibleError, Scope, Visitor
from inference.registry.models import Deployment
from inference.registry.visibility import scope_of
from inference.studies.models import Study

Withheld = Callable[[Study], bool]
WITHHELD: list[Withheld] = []


def withhold_when(check: Withheld) -> None:
    """Let a subject above say which studies are not shared."""
    if check not in WITHHELD:
        WITHHELD.append(check)


def get_study_for(user: Visitor, action: str, study_id: UUID, *, now: datetime) -> Study:
    """Return a study at a site within reach; a right bound to a product sees only studies that met it."""
    study = Study.objects.select_related("site").filter(pk=study_id).first()
    if study is None or not sees_study(user, action, study, now=now):
        raise NotVisibleError
    return study


def sees_study(user: Visitor, action: str, study: Study, *, now: datetime) -> bool:
    """Return whether the user may take the action on a study already loaded."""
    return _reaches_study(scope_of(user, action, now=now), study)


def _reaches_study(scope: Scope, study: Study) -> bool:
    organisation, site = study.site.organisation_id, study.site_id
    if scope.covers(organisation=organisation, site=site):
        return True
    products = {
        bound.product
        for bound in scope.bounds
        if bound.product and bound.touches(organisation=organisation, site=site, product=bound.product)
    }
    if not products or any(check(study) for check in WITHHELD):
        return False
    return _met_product(study, products)


def _met_product(study: Study, products: set[str]) -> bool:
    met = Deployment.objects.filter(site=study.site_id, product__in=products, inferences__study_id=study.pk)
    return met.exists()
