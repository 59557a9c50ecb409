"""Naming an algorithm's deployment, and ending that; each is an act in the provider's log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from audit.access.models import User
from audit.log.actions import record_act
from inference.errors import ResultSourceError
from inference.imaging.models import ResultSource
from inference.registry.models import Deployment


def add_source(*, deployment: Deployment, values: Mapping[str, Any], by: User, now: datetime) -> ResultSource:
    """Say whose results an algorithm's are, from now on.

    Raises:
        ResultSourceError: the same algorithm is named already, or a finding is not one of the product's.
    """
    unknown = set(values.get("findings", {}).values()) - set(deployment.product.findings.values_list("key", flat=True))
    if unknown:
        raise ResultSourceError(f"The product has no finding {', '.join(sorted(unknown))}.")
    try:
        with transaction.atomic():
            source = ResultSource.objects.create(site=deployment.site, deployment=deployment, created_at=now, **values)
            record(source, act="result_source.added", by=by, now=now)
    except IntegrityError as error:
        raise ResultSourceError("This algorithm is named already at this site; end that first.") from error
    return source


@transaction.atomic
def end_source(source: ResultSource, *, by: User, now: datetime) -> None:
    """Let an algorithm's results be nobody's from now on; they wait in quarantine."""
    if not ResultSource.objects.filter(pk=source.pk, ended_at=None).update(ended_at=now):
        raise ResultSourceError("It was ended already; reload the page.")
    record(source, act="result_source.ended", by=by, now=now)


def record(source: ResultSource, *, act: str, by: User, now: datetime) -> None:
    names = ("calling_ae", "manufacturer", "algorithm", "findings", "answers")
    said = {name: getattr(source, name) for name in names if getattr(source, name)}
    record_act(
        act,
        organisation=source.site.organisation_id,
        subject=f"result-source/{source.pk}",
        actor=by.actor,
        at=now,
        details=said | {"site": source.site_id, "deployment": source.deployment_id},
    )
