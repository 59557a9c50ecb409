"""Messages as they came, encrypted; the site's rules that read them; and which facts a report has made."""

from django.db import models

from inference.registry.models import Site


class InboundMessage(models.Model):
    """One message. What it made of facts went through the intake; `waiting` ones need a person or a rule."""

    class State(models.TextChoices):
        TAKEN = "taken"
        WAITING = "waiting"
        REFUSED = "refused"
        DISMISSED = "dismissed"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="messages")
    origin = models.CharField(max_length=64)
    kind = models.CharField(max_length=48)
    digest = models.CharField(max_length=64)
    key_id = models.CharField(max_length=16)
    ciphertext = models.BinaryField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices)
    reason = models.CharField(max_length=300, blank=True)
    rows = models.IntegerField(default=0)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "digest"], name="one_message_per_site_and_content"),
        ]
        indexes = [models.Index(fields=["site", "state", "received_at"], name="messages_by_state")]


class MappingRule(models.Model):
    """What a code, a text or a value in a site's reports means. One in force is not edited: a new one replaces it."""

    class State(models.TextChoices):
        DRAFT = "draft"
        IN_FORCE = "in_force", "in force"
        RETIRED = "retired"

    class Makes(models.TextChoices):
        TRUTH = "truth"
        READ = "read"

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="mapping_rules")
    name = models.CharField(max_length=80)
    finding = models.CharField(max_length=64)
    code = models.CharField(max_length=64, blank=True)
    answer = models.CharField(max_length=64, blank=True)
    low = models.FloatField(null=True, blank=True)
    high = models.FloatField(null=True, blank=True)
    unit = models.CharField(max_length=32, blank=True)
    pattern = models.CharField(max_length=500, blank=True)
    region = models.CharField(max_length=64, blank=True)
    value = models.CharField(max_length=16, default="positive")
    standard = models.CharField(max_length=24, default="report_labeller")
    certainty = models.CharField(max_length=16, default="probable")
    makes = models.CharField(max_length=8, choices=Makes.choices, default=Makes.TRUTH)
    state = models.CharField(max_length=16, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    in_force_from = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(code__gt="", pattern="") | models.Q(code="", pattern__gt=""),
                name="a_rule_looks_for_a_code_or_a_text",
            ),
        ]
        indexes = [models.Index(fields=["site", "state"], name="mapping_rules_of_a_site")]

    def __str__(self) -> str:
        return self.name


class MadeLabel(models.Model):
    """The newest fact that reports of one study made for a finding and region: what a corrected report amends."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    report = models.CharField(max_length=64)
    kind = models.CharField(max_length=16)
    finding = models.CharField(max_length=64)
    region = models.CharField(max_length=64, blank=True)
    uid = models.CharField(max_length=200)
    value = models.CharField(max_length=16)
    message = models.ForeignKey(InboundMessage, on_delete=models.PROTECT, related_name="labels")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "report", "kind", "finding", "region"], name="one_newest_label_per_report_and_finding"
            ),
        ]


class ModelSwitch(models.Model):
    """Whether a language model reads a site's reports: the newest row says."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    is_on = models.BooleanField()
    model = models.CharField(max_length=80)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()


class ModelAnswer(models.Model):
    """What a language model answered to one message: the raw text sealed, and how many labels it made."""

    message = models.ForeignKey(InboundMessage, on_delete=models.PROTECT, related_name="answers")
    model = models.CharField(max_length=80)
    prompt_version = models.CharField(max_length=16)
    ciphertext = models.BinaryField()
    labels = models.IntegerField(default=0)
    problem = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["message", "model", "prompt_version"], name="one_answer_per_message_model_and_prompt"
            ),
        ]
