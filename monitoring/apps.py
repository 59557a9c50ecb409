"""The monitoring app: what the facts mean."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from monitoring.signals import signing  # noqa: PLC0415 - tables need the apps to be loaded

        signing.register()
