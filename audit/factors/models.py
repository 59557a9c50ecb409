"""What a person proves themselves with besides the password, and the codes for the day when it is lost.

The secret of an app lies sealed under a key outside the database; of a
security key only the public half is here; of a recovery code only a hash.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class FactorKind(models.TextChoices):
    APP = "app", "authenticator app"
    KEY = "key", "passkey or security key"


class FactorQuerySet(models.QuerySet["Factor"]):
    def in_force(self) -> "FactorQuerySet":
        return self.exclude(confirmed_at=None)

    def apps(self) -> "FactorQuerySet":
        return self.filter(kind=FactorKind.APP)

    def keys(self) -> "FactorQuerySet":
        return self.filter(kind=FactorKind.KEY)


class Factor(models.Model):
    """One second factor of a person; in force from `confirmed_at` on.

    `material` is an app's sealed secret or a security key's public key (COSE). `counter` is the last time step
    an app's code was taken of, or the last signature count of a security key: neither is taken twice.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="factors")
    kind = models.CharField(max_length=8, choices=FactorKind.choices)
    name = models.CharField(max_length=80)
    material = models.BinaryField()
    credential = models.BinaryField(null=True, unique=True)
    transports = ArrayField(models.CharField(max_length=20), default=list)
    counter = models.BigIntegerField(default=-1)
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    objects = FactorQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="security_keys_and_they_alone_have_a_credential",
                condition=models.Q(kind="key", credential__isnull=False) | models.Q(kind="app", credential=None),
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(kind="app", confirmed_at=None),
                name="one_app_at_a_time_waits_for_its_first_code",
            ),
        ]


class RecoveryCode(models.Model):
    """One code that stands in for a factor, once. It has 120 bits, so its plain SHA-256 tells nothing of it."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="recovery_codes")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
