"""Which image, prediction and weights an item means: the run says it, or there is only one answer."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from inference.corrections.persons import opted_out_studies
from inference.registry.models import Version
from inference.rescoring.errors import NotRescorableError
from inference.rescoring.models import RescoreItem
from inference.results.models import Prediction
from inference.studies.models import StoredImage


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One prediction to make again: from one frame of one image, with one file of weights."""

    item: RescoreItem
    prediction: Prediction
    image: StoredImage
    frame: int
    weights_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the items' studies and versions are, loaded once for a batch."""

    images: Mapping[UUID, Sequence[StoredImage]]
    opted_out: frozenset[UUID]
    weights: Mapping[tuple[str, str], str]


def load_items(ids: Sequence[int]) -> Sequence[RescoreItem]:
    items = RescoreItem.objects.filter(pk__in=ids).select_related("run", "inference__deployment")
    return list(items.prefetch_related("inference__predictions").order_by("pk"))


def load_surroundings(items: Sequence[RescoreItem], *, now: datetime) -> Surroundings:
    images = defaultdict(list)
    for image in StoredImage.objects.filter(study__in=[item.inference.study_id for item in items]).order_by("pk"):
        images[image.study_id].append(image)
    sites = {item.inference.site_id for item in items}
    products = {item.inference.deployment.product_id for item in items}
    versions = Version.objects.filter(product__in=products).values_list("product_id", "version", "weights_sha256")
    opted_out = frozenset(opted_out_studies(sites=sites, by=now))
    return Surroundings(
        images=images, opted_out=opted_out, weights={(product, name): sha for product, name, sha in versions}
    )


def tasks_of(item: RescoreItem, *, around: Surroundings) -> Sequence[Task]:
    """Return one task per scored prediction.

    Raises:
        NotRescorableError: the weights, the image or the meaning of the network's one score are not known, or the
            patient opted out after the draw.
    """
    if item.inference.study_id in around.opted_out:
        raise NotRescorableError("the patient opted out")
    weights = weights_of(item, around=around)
    scored = [part for part in item.inference.predictions.all() if part.score is not None]
    if len({part.finding for part in scored}) != 1:
        raise NotRescorableError("the network gives one score, and the run has scores of several findings")
    images = images_of(item, around=around)
    return [task_of(item, prediction=part, images=images, weights=weights) for part in scored]


def weights_of(item: RescoreItem, *, around: Surroundings) -> str:
    version = item.inference.version
    registered = around.weights.get((item.inference.deployment.product_id, version))
    if registered is None:
        raise NotRescorableError(f"version {version or 'without a name'} is not registered")
    if not registered:
        raise NotRescorableError(f"no SHA-256 of weights is registered for version {version}")
    return registered


def images_of(item: RescoreItem, *, around: Surroundings) -> Sequence[tuple[StoredImage, int]]:
    """Return the images that the run names as its current input, else all of the study, with the frame."""
    stored = around.images.get(item.inference.study_id, ()) if item.inference.study_id else ()
    by_instance = {str(image.instance): image for image in stored}
    named = [each for each in item.inference.inputs if each.get("sop_instance_uid") and each.get("use") != "prior"]
    if not named:
        return [(image, 1) for image in stored]
    missing = [each for each in named if each["sop_instance_uid"] not in by_instance]
    if missing:
        raise NotRescorableError(f"{len(missing)} of {len(named)} images that the run used are not in the pixel store")
    return [(by_instance[each["sop_instance_uid"]], int(each.get("frame") or 1)) for each in named]


def task_of(
    item: RescoreItem, *, prediction: Prediction, images: Sequence[tuple[StoredImage, int]], weights: str
) -> Task:
    region = prediction.region
    found = [pair for pair in images if pair[0].laterality == region] if region else list(images)
    if len(found) != 1:
        where = f" of region {region}" if region else ""
        raise NotRescorableError(f"{len(found)} images{where} could be meant, and the network takes one")
    image, frame = found[0]
    return Task(item=item, prediction=prediction, image=image, frame=frame, weights_sha256=weights)
