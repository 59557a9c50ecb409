"""Signatures and public keys, append-only; a private key only sealed under its owner's password.

Who may sign is a name here: this package knows no table of users. A sealed key
is the one thing that is replaced, when its owner changes the password.
"""

from django.db import models

from audit.log.models import Fact


class SigningKey(Fact):
    """A person's public key, from its making on; `replaces` names the key that it ends."""

    PAYLOAD = ("username", "printed_name", "public_key", "replaces")

    username = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    public_key = models.BinaryField(max_length=32, unique=True)
    replaces = models.CharField(max_length=64, blank=True)


class SealedKey(models.Model):
    """The private half of a person's key in force, readable with their password alone."""

    username = models.CharField(max_length=150, unique=True)
    key = models.OneToOneField(SigningKey, on_delete=models.PROTECT, related_name="sealed")
    sealed = models.BinaryField()


class Signature(Fact):
    """One signature on one version of one record."""

    PAYLOAD = (
        "subject", "content_sha256", "meaning", "part", "username", "printed_name", "signed_at", "local_time", "key",
        "signature",
    )  # fmt: skip

    subject = models.CharField(max_length=200)
    content_sha256 = models.CharField(max_length=64)
    content = models.JSONField()
    meaning = models.CharField(max_length=64)
    part = models.CharField(max_length=16, blank=True)
    username = models.CharField(max_length=150)
    printed_name = models.CharField(max_length=200)
    signed_at = models.CharField(max_length=40)
    local_time = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    signature = models.BinaryField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "content_sha256", "username", "meaning", "part"],
                name="one_signature_per_person_meaning_and_version",
            ),
        ]
        indexes = [models.Index(fields=["subject"], name="signatures_of_a_subject")]


class Attempt(models.Model):
    """A ceremony that failed: the password was not right, or the name was another's."""

    username = models.CharField(max_length=150)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["username", "at"], name="failed_signings_of_a_person")]
