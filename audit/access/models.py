"""Who may do what: users, their dated grants, and bearer tokens (stored as a hash)."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.functional import cached_property


class Role(models.TextChoices):
    QUALITY_OFFICER = "quality_officer", "quality officer"
    RADIOLOGIST = "radiologist"
    ARBITER = "arbiter"
    ML_ENGINEER = "ml_engineer", "ML engineer"
    INTEGRATOR = "integrator"
    REGULATOR = "regulator"
    ADMINISTRATOR = "administrator"
    RESOLVER = "resolver"


class Level(models.TextChoices):
    AGGREGATE = "aggregate"
    ROWS = "rows"
    IMAGES = "images"


class UserManager(BaseUserManager["User"]):
    pass


class User(AbstractBaseUser):
    """A person with a log-in. What they may see and do is in their grants."""

    username = models.CharField(max_length=150, unique=True)
    printed_name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = UserManager()

    USERNAME_FIELD = "username"

    def __str__(self) -> str:
        return self.username

    @property
    def actor(self) -> str:
        """How entries name this person."""
        return f"user:{self.username}"

    @cached_property
    def live_grants(self) -> list["Grant"]:
        """The grants in force, read once per request: a page asks many questions about the same user."""
        return list(self.grants.filter(ended_at=None).order_by("id"))


class Grant(models.Model):
    """One role of a user, bound to an organisation, a site or a product; an empty binding means all of them."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32, choices=Role.choices)
    organisation = models.CharField(max_length=64, blank=True)
    site = models.CharField(max_length=64, blank=True)
    product = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=16, choices=Level.choices, default=Level.IMAGES)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)


class Token(models.Model):
    """A bearer token of a deployment, a site or a user. Only its SHA-256 is stored."""

    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    deployment = models.CharField(max_length=64, blank=True)
    site = models.CharField(max_length=64, blank=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    replaced_by = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="replaces")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="token_belongs_to_one_deployment_site_or_user",
                condition=models.Q(deployment__gt="", site="", user=None)
                | models.Q(deployment="", site__gt="", user=None)
                | models.Q(deployment="", site="", user__isnull=False),
            ),
        ]

    @property
    def actor(self) -> str:
        """How entries name the holder of this token."""
        return f"token:{self.hint}"
