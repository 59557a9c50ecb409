"""The inference app: what happened, and how it comes in."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    name = "inference"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from audit.access.refusals import tell_owner  # noqa: PLC0415 - tables need the apps to be loaded
        from inference.connectors import discards  # noqa: PLC0415
        from inference.corrections.persons import has_opted_out  # noqa: PLC0415
        from inference.messages import verifying as rules  # noqa: PLC0415
        from inference.registry import agreements  # noqa: PLC0415
        from inference.registry import verifying as registry  # noqa: PLC0415
        from inference.registry.accounts import owner_of  # noqa: PLC0415
        from inference.retention import signing, verifying  # noqa: PLC0415
        from inference.studies.visibility import withhold_when  # noqa: PLC0415

        agreements.register()
        discards.register()
        signing.register()
        tell_owner(owner_of)
        withhold_when(has_opted_out)
        for each in (rules, registry, verifying):
            each.register()
