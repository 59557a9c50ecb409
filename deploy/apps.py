"""The installation as an application: it brings the queue and the demo's command."""

from django.apps import AppConfig


class DeployConfig(AppConfig):
    name = "deploy"

    def ready(self) -> None:
        from deploy import celery  # noqa: F401, PLC0415 - makes it the application that tasks are sent through
