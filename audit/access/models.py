"""Who is who and may do what: users, their dated grants, sessions and bearer tokens (stored as hashes).

Beside them what logging in needs: identities at a provider of single sign-on,
an organisation's rules, failures counted by the minute, notices to a person.
"""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.functions import Now
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


EXPIRING_ROLES = (Role.REGULATOR.value,)  # whose grants name the moment when they end


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
    email = models.EmailField(blank=True)
    password_set_at = models.DateTimeField(null=True)
    password_is_first = models.BooleanField(default=False)
    logs_in_elsewhere = models.BooleanField(default=False)
    made_for = models.CharField(max_length=64, blank=True, db_default="")  # whose log it is while there is no grant

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
        return list(self.grants.filter(ended_at=None).exclude(expires_at__lte=Now()).order_by("id"))


class Grant(models.Model):
    """One role of a user, bound to an organisation, a site or a product; an empty binding means all of them."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(max_length=32, choices=Role.choices)
    organisation = models.CharField(max_length=64, blank=True)
    site = models.CharField(max_length=64, blank=True)
    product = models.CharField(max_length=64, blank=True)
    level = models.CharField(max_length=16, choices=Level.choices, default=Level.IMAGES)
    group = models.CharField(
        max_length=200, blank=True, db_default=""
    )  # of single sign-on: it ends when the person leaves it
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    is_emergency = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="grant_of_a_regulator_or_in_an_emergency_expires",
                condition=models.Q(expires_at__isnull=False)
                | (~models.Q(role__in=EXPIRING_ROLES) & models.Q(is_emergency=False)),
            ),
        ]


class Emergency(models.Model):
    """Access that somebody took in an emergency, past their own rights: why, and what came of its review."""

    class Verdict(models.TextChoices):
        JUSTIFIED = "justified"
        NOT_JUSTIFIED = "not_justified", "not justified"

    grant = models.OneToOneField(Grant, on_delete=models.PROTECT, related_name="emergency")
    reason = models.CharField(max_length=500)
    verdict = models.CharField(max_length=16, choices=Verdict.choices, blank=True)
    findings = models.CharField(max_length=1000, blank=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=200, blank=True)


class RefusalCount(models.Model):
    """How often somebody was refused for one reason within one window; rows go once their sum is in the log."""

    organisation = models.CharField(max_length=64)
    who = models.CharField(max_length=200)
    reason = models.CharField(max_length=32)
    since = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.IntegerField(default=0)
    routes = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["since", "organisation", "who", "reason"], name="one_refusal_count_per_window"
            ),
        ]


class TokenScope(models.TextChoices):
    SEND = "send", "sends facts"
    READ = "read", "reads what its user may read"
    PROVISION = "provision", "makes and closes log-ins (SCIM)"


class Token(models.Model):
    """A bearer token of a deployment, a site or a user. Only its SHA-256 is stored."""

    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    deployment = models.CharField(max_length=64, blank=True)
    site = models.CharField(max_length=64, blank=True)
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    scope = models.CharField(max_length=16, choices=TokenScope.choices, blank=True)
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

    def is_for(self, scope: str) -> bool:
        """Return whether the token is good for a purpose; made without one, it is for what its holder's kind does."""
        return scope == (self.scope or (TokenScope.READ if self.user_id else TokenScope.SEND))


class Session(AbstractBaseSession):
    """One session; its row is named by the hash of its key, so that a stolen backup opens none."""

    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="sessions")
    opened_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    agent = models.CharField(max_length=200, blank=True)


class Identity(models.Model):
    """Who a user is at a provider of single sign-on: its subject there, which never changes; never an address."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=255)
    linked_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_user_per_subject_of_an_issuer"),
        ]


class AccessRules(models.Model):
    """What an organisation asks of its people's log-ins. An empty value: as the installation has it."""

    organisation = models.CharField(max_length=64, primary_key=True)
    factor_roles = ArrayField(models.CharField(max_length=32), default=list)
    idle_minutes = models.PositiveIntegerField(null=True)
    longest_hours = models.PositiveIntegerField(null=True)
    password_days = models.PositiveIntegerField(null=True)


class Failure(models.Model):
    """How often something failed within a minute; the log is told of the first ones, and of the rest as a count."""

    organisation = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=300)
    kind = models.CharField(max_length=48)
    minute = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)
    told = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "subject", "kind", "minute"], name="one_count_per_failure_and_minute"
            ),
        ]


class Notice(models.Model):
    """What a person must know of their own log-in; shown until they have read it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    text = models.CharField(max_length=500)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
