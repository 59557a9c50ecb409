"""Studies under random ids, the erasable identity store, and where pixels lie.

Facts and entries name patients and studies by the random ids of `Person` and
`Study`. What leads back to somebody are the rows of `Person.salt`, `Link`
and `VaultValue`: they are outside the append-only rule, and deleting them
erases the person while every proof still holds.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.log.models import Fact
from inference.registry.models import Organisation, Site


class Person(models.Model):
    """A patient, or a study whose patient is not known, with the secret that salts commitments."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    salt = models.BinaryField(max_length=32)
    created_at = models.DateTimeField()


class Study(models.Model):
    """One study under a random id. `described` and the columns are what was first said of it, from the facts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="studies")
    person_id = models.UUIDField(db_index=True)
    has_patient = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    modality = models.CharField(max_length=16, blank=True)
    body_part = models.CharField(max_length=64, blank=True)
    acquired_at = models.DateTimeField(null=True, db_index=True)
    described = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.id)[:8]


class Link(models.Model):
    """The keyed pseudonym of one identifier, the random id that stands for it, and whose it is.

    `target` is a person for a patient id, a study for an accession number, a
    study UID or a patient's day, and an id of its own for a series or instance.
    `accession_more` stands beside an accession number that covers several
    studies, and names the second.
    """

    class Type(models.TextChoices):
        PATIENT = "patient"
        ACCESSION = "accession"
        ACCESSION_MORE = "accession_more"
        STUDY_UID = "study_uid"
        SERIES_UID = "series_uid"
        INSTANCE_UID = "instance_uid"
        PATIENT_DAY = "patient_day"

    organisation = models.CharField(max_length=64)
    type = models.CharField(max_length=16, choices=Type.choices)
    pseudonym = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    person_id = models.UUIDField(db_index=True)
    target = models.UUIDField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation", "type", "pseudonym"], name="one_link_per_identifier"),
        ]


class VaultValue(models.Model):
    """An identifier or free text that must be found again, encrypted under a key outside the database."""

    organisation = models.CharField(max_length=64)
    person_id = models.UUIDField(db_index=True)
    name = models.CharField(max_length=80)
    subject = models.CharField(max_length=120, db_index=True)
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()


class SharedOrder(models.Model):
    """Two studies of one order, from when it was known: what names the order alone is about both.

    The order stands for `first`. A study paired with itself answers several orders.
    """

    organisation = models.CharField(max_length=64)
    first = models.UUIDField(db_index=True)
    other = models.UUIDField(db_index=True)
    known_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "other"], name="one_line_per_pair_of_an_order")]


class StudyFact(Fact):
    """Base of the facts about one study.

    `described` keeps what the sender said of the study and its scanner,
    `defaulted` names the columns that were filled in because the sender said nothing.
    """

    study = models.ForeignKey(Study, null=True, on_delete=models.PROTECT, related_name="+")
    person_id = models.UUIDField(null=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    described = models.JSONField(default=dict)
    defaulted = ArrayField(models.CharField(max_length=32), default=list)

    class Meta:
        abstract = True


# In `defaulted`, how a study was found that the sender did not name by its uid.
BY_ORDER, BY_DAY = "study_by_order", "study_by_day"

STUDY_PAYLOAD = ("study_id", "person_id", "site_id", "described", "defaulted")


class StoredImage(models.Model):
    """One DICOM object of the pixel store, de-identified on the way in; `path` is below the store's folder.

    `series` and `instance` are the random ids that inferences' inputs and
    marks name too; `sha256` is that of the stored file. `may_show_text` says
    that writing may be burned into the pixels; `turn` how pictures of it are
    turned (see dicom.orientation), which marks on it must follow.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="images")
    series = models.UUIDField()
    instance = models.UUIDField(unique=True)
    path = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    modality = models.CharField(max_length=16, blank=True)
    laterality = models.CharField(max_length=16, blank=True)
    view_position = models.CharField(max_length=16, blank=True)
    turn = models.CharField(max_length=3, blank=True)
    rows = models.IntegerField()
    columns = models.IntegerField()
    frames = models.IntegerField()
    may_show_text = models.BooleanField()
    stored_at = models.DateTimeField()

    class Meta:
        ordering = ["series", "id"]
