"""The monitoring app: what the facts mean."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from monitoring.claims import verifying as claims  # noqa: PLC0415 - tables need the apps to be loaded
        from monitoring.labelling import verifying as plans  # noqa: PLC0415
        from monitoring.signals import signing, verifying  # noqa: PLC0415

        signing.register()
        for each in (claims, plans, verifying):
            each.register()
