"""The registry: who is responsible for what, and which device runs where under which settings.

Keys are permanent. What may change is a dated row of its own or the last
`Registration` of that key, so a rename or a new threshold rewrites nothing.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from audit.log.models import Fact


class Organisation(models.Model):
    class Kind(models.TextChoices):
        PROVIDER = "provider"
        MANUFACTURER = "manufacturer"
        REGULATOR = "regulator"
        NOTIFIED_BODY = "notified_body", "notified body"
        OPERATOR = "operator"

    key = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True)

    def __str__(self) -> str:
        return self.name


class Site(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="sites")
    name = models.CharField(max_length=200)
    country = models.CharField(max_length=2, blank=True)
    timezone = models.CharField(max_length=64)
    patient_id_issuer = models.CharField(max_length=128, blank=True)
    accession_issuer = models.CharField(max_length=128, blank=True)
    purpose_rules = models.JSONField(default=list)
    lawful_dimensions = ArrayField(models.CharField(max_length=64), default=list)
    opt_out_stops_monitoring = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return self.name


class Scanner(models.Model):
    """One machine of a site, known by what its headers say; software versions are facts of the studies."""

    key = models.CharField(max_length=200, primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="scanners")
    manufacturer = models.CharField(max_length=128, blank=True)
    model = models.CharField(max_length=128, blank=True)
    first_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class Concept(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=200)
    code = models.CharField(max_length=64, blank=True)
    kind = models.CharField(max_length=32, blank=True)
    unit = models.CharField(max_length=32, blank=True)
    classes = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


class TruthRule(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    minimum_certainty = models.CharField(max_length=16)
    follow_up_days = models.IntegerField(null=True)
    standards = ArrayField(models.CharField(max_length=32))


class Product(models.Model):
    key = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=200)
    manufacturer = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="products")
    intended_use = models.TextField(blank=True)
    udi_di = models.CharField(max_length=64, blank=True)
    dimensions = ArrayField(models.CharField(max_length=64), default=list)
    regions = ArrayField(models.CharField(max_length=64), default=list)

    def __str__(self) -> str:
        return self.name


class Market(models.Model):
    """How a product may be sold in one market: pathway, class, certificate or number."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="markets")
    market = models.CharField(max_length=16)
    pathway = models.CharField(max_length=32, blank=True)
    risk_class = models.CharField(max_length=16, blank=True)
    number = models.CharField(max_length=64, blank=True)
    certificate = models.CharField(max_length=128, blank=True)
    certified_on = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "market"], name="one_entry_per_product_and_market")]


class Finding(models.Model):
    class Kind(models.TextChoices):
        BINARY = "binary"
        MULTI_CLASS = "multi_class", "multi-class"
        ORDINAL = "ordinal"
        MULTI_LABEL = "multi_label", "multi-label"
        DETECTION = "detection"
        SEGMENTATION = "segmentation"
        MEASUREMENT = "measurement"
        TRIAGE = "triage"
        CHANGE_FROM_PRIOR = "change_from_prior", "change from prior"
        TIME_TO_EVENT = "time_to_event", "time to event"
        REPORT_TEXT = "report_text", "report text"
        IMAGE_QUALITY = "image_quality", "image quality"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="findings")
    key = models.CharField(max_length=64)
    concept = models.ForeignKey(Concept, on_delete=models.PROTECT, related_name="findings")
    kind = models.CharField(max_length=32, choices=Kind.choices)
    scale = models.CharField(max_length=16)
    unit = models.CharField(max_length=32, blank=True)
    range = models.JSONField(null=True)
    classes = models.JSONField(default=list)
    matching = models.CharField(max_length=32, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["product", "key"], name="one_finding_per_product_and_key")]

    def __str__(self) -> str:
        return self.key


class Version(models.Model):
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="versions")
    version = models.CharField(max_length=64)
    weights_sha256 = models.CharField(max_length=64, blank=True)
    base_weights_sha256 = models.CharField(max_length=64, blank=True)
    thresholds = models.JSONField(default=dict)
    preprocessing = models.TextField(blank=True)
    ifu_version = models.CharField(max_length=64, blank=True)
    development_population = models.JSONField(default=dict)
    pccp = models.CharField(max_length=200, blank=True)
    registered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "version"], name="one_release_per_product_and_version")
        ]

    def __str__(self) -> str:
        return self.version


class Claim(models.Model):
    """What a product is labelled with. A `relative` effect, or any comparator, makes `value` a change against it."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="claims")
    finding = models.CharField(max_length=64)
    metric = models.CharField(max_length=32)
    value = models.FloatField()
    margin = models.FloatField(null=True)
    unit = models.CharField(max_length=32, blank=True)
    market = models.CharField(max_length=16, blank=True)
    truth_rule = models.ForeignKey(TruthRule, on_delete=models.PROTECT)
    source = models.CharField(max_length=300, blank=True)
    verified = models.BooleanField(default=False)
    population = models.JSONField(default=dict)
    effect = models.CharField(max_length=16, default="absolute")
    comparator = models.CharField(max_length=32, blank=True)
    comparator_value = models.FloatField(null=True)
    direction = models.CharField(max_length=16, blank=True)
    summary = models.CharField(max_length=16, blank=True)
    limit = models.FloatField(null=True)
    upper = models.FloatField(null=True)
    ifu_version = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return f"{self.metric} {self.value:g}"

    @property
    def terms(self) -> str:
        """What narrows or explains the figure, in words; empty where nothing does."""
        said = [f"{name.replace('_', ' ')} {', '.join(values)}" for name, values in self.population.items()]
        if self.effect == "relative":
            said.append("relative change")
        if self.comparator:
            stands = "" if self.comparator_value is None else f" at {self.comparator_value:g}"
            said.append(f"against {self.comparator.replace('_', ' ')}{stands}")
        if self.summary:
            limit = "" if self.limit is None else f" {self.limit:g}"
            said.append(f"{self.summary.replace('_', ' ')}{limit}")
        if self.ifu_version:
            said.append(f"IFU {self.ifu_version}")
        return "; ".join(said)


class Deployment(models.Model):
    """One product at one site in one workflow. Its settings over time are its configurations.

    `eligible` says which studies the product is meant to see: header fields with the values that count.
    """

    key = models.CharField(max_length=64, primary_key=True)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="deployments")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="deployments")
    eligible = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return self.key


class Configuration(models.Model):
    """What a deployment ran with from `starts_at` until the next configuration starts."""

    class Mode(models.TextChoices):
        LIVE = "live"
        SHADOW = "shadow"
        ACCEPTANCE = "acceptance"
        RESEARCH = "research"
        SUSPENDED = "suspended"

    deployment = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="configurations")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=32)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.LIVE)
    thresholds = models.JSONField(default=dict)
    settings_sha256 = models.CharField(max_length=64, blank=True)
    starts_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=200)
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "starts_at"], name="one_configuration_per_deployment_and_start"
            ),
        ]
        ordering = ["starts_at"]


class Sharing(models.Model):
    """What a site's provider lets a recipient see of a product, from a day on; level `none` ends it."""

    class Level(models.TextChoices):
        NONE = "none"
        AGGREGATE = "aggregate"
        ROWS = "rows"
        IMAGES = "images"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="sharing")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="sharing")
    to = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="received_sharing")
    level = models.CharField(max_length=16, choices=Level.choices)
    minimum_count = models.IntegerField(default=11)
    starts_at = models.DateTimeField()
    legal_basis = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "product", "to", "starts_at"], name="one_sharing_line_per_start"),
        ]
        ordering = ["starts_at"]


class Registration(Fact):
    """One line of a registry as it was registered: the proof of the tables above and their history."""

    PAYLOAD = ("subject", "values")

    subject = models.CharField(max_length=300)
    values = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["subject", "id"], name="registrations_of_a_subject")]

    def describe(self) -> dict[str, Any]:
        """Return the registered values by name."""
        return dict(self.values)
