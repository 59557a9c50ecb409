"""Which logged inferences a run scores again: those with a score and stored pixels, drawn by a seed."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import MD5, Concat

from inference.corrections.persons import opted_out_studies
from inference.registry.models import Deployment
from inference.results.models import Inference, Prediction
from inference.studies.models import StoredImage

SCORED = ("ok", "partial", "")


def eligible(deployment: Deployment, *, now: datetime) -> QuerySet[Inference]:
    """Return the deployment's inferences that have a score and whose study has stored pixels.

    Scoring again is research on a product: nobody who opted out is drawn.
    """
    out = opted_out_studies(sites=[deployment.site_id], by=now)
    scored = Prediction.objects.filter(inference=OuterRef("pk"), score__isnull=False)
    stored = StoredImage.objects.filter(study=OuterRef("study_id"))
    found = Inference.objects.filter(Exists(scored), Exists(stored), deployment=deployment, status__in=SCORED)
    return found.exclude(study_id__in=out)


def draw_sample(deployment: Deployment, *, size: int, seed: int, now: datetime) -> Sequence[int]:
    """Return the ids of `size` inferences, fewer where there are no more; the same seed draws the same."""
    # An order by a hash of seed and uid is a random order that the database can cut off early.
    lot = MD5(Concat(Value(f"{seed}/"), "entry__uid"))
    return list(
        eligible(deployment, now=now).annotate(lot=lot).order_by("lot", "pk").values_list("pk", flat=True)[:size]
    )
