"""Images of a study, and which identifiers the vault can give back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.access.decisions import NotVisibleError, Visitor
from inference.studies.models import Link, StoredImage, Study, VaultValue
from inference.studies.visibility import get_study_for

OPENABLE = {Link.Type.ACCESSION: "accession number", Link.Type.STUDY_UID: "study UID"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An identifier that can be opened: its key, its name in words, and the value's row."""

    key: str
    label: str
    pk: int


def images_of(study: Study) -> Sequence[StoredImage]:
    """Return the stored images of a study, as they hang: view by view, the right side first."""
    return list(study.images.order_by("view_position", "-laterality", "series", "id"))


def get_image_for(user: Visitor, instance: UUID, *, now: datetime) -> StoredImage:
    """Return an image that the user may see; else NotVisibleError, whether or not it exists."""
    image = StoredImage.objects.select_related("study__site").filter(instance=instance).first()
    if image is None:
        raise NotVisibleError
    get_study_for(user, "see_image", image.study_id, now=now)
    return image


def sealed_identifiers(study: Study) -> Sequence[Sealed]:
    """Return what the vault holds of a study's identifiers, without opening anything."""
    values = VaultValue.objects.filter(subject=str(study.pk), name__in=list(OPENABLE)).order_by("name", "id")
    return [Sealed(key=each.name, label=OPENABLE[Link.Type(each.name)], pk=each.pk) for each in values]
