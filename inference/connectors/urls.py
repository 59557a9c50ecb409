"""Addresses of the intake: the API and its description, the intake and quarantine pages."""

from django.urls import path

from inference.connectors import api, views

app_name = "connectors"

urlpatterns = [
    path("api/", views.documentation, name="documentation"),
    path("api/v1/openapi.json", views.openapi, name="openapi"),
    path("api/v1/<str:plural>", api.receive, name="receive"),
]
