"""Addresses of the intake: the API and its description, the intake and quarantine pages."""

from django.urls import path

from inference.connectors import api, group_views, loss_api, views

app_name = "connectors"

urlpatterns = [
    path("intake/", views.intake, name="intake"),
    path("intake/quarantine/", views.quarantine, name="quarantine"),
    path("intake/quarantine/<int:pk>/", views.set_aside, name="set_aside"),
    path("intake/quarantine/<int:pk>/replay/", views.replay, name="replay"),
    path("intake/quarantine/<int:pk>/discard/", group_views.discard, name="discard"),
    path("intake/quarantine/group/", group_views.group, name="group"),
    path("intake/quarantine/group/repair/", group_views.repair_group, name="repair_group"),
    path("intake/quarantine/group/discard/", group_views.discard_group, name="discard_group"),
    path("intake/quarantine/repairs/<int:pk>/", group_views.repair, name="repair"),
    path("intake/quarantine/repairs/<int:pk>/progress/", group_views.repair_progress, name="repair_progress"),
    path("intake/bell/", group_views.bell, name="bell"),
    path("api/", views.documentation, name="documentation"),
    path("api/v1/openapi.json", views.openapi, name="openapi"),
    path("api/v1/losses", loss_api.losses, name="losses"),
    path("api/v1/<str:plural>", api.receive, name="receive"),
]
