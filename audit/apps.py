"""The audit app: what can be proven."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit.access import verifying, ways_in  # noqa: PLC0415 - tables need the apps to be loaded

        verifying.register()
        ways_in.register()
