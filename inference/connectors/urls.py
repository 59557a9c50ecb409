"""Addresses of the intake: the API and its description, the intake and quarantine pages."""

from django.urls import path

from inference.connectors import api, views

app_name = "connectors"

urlpatterns = [
    path("intake/", views.intake, name="intake"),
    path("intake/quarantine/", views.quarantine, name="quarantine"),
    path("intake/quarantine/<int:pk>/", views.set_aside, name="set_aside"),
    path("intake/quarantine/<int:pk>/replay/", views.replay, name="replay"),
    path("intake/quarantine/<int:pk>/discard/", views.discard, name="discard"),
    path("api/", views.documentation, name="documentation"),
    path("api/v1/openapi.json", views.openapi, name="openapi"),
    path("api/v1/<str:plural>", api.receive, name="receive"),
]
