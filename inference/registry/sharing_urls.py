"""Addresses of sharing agreements."""

from django.urls import path

from inference.registry import sharing_views

app_name = "sharing"

urlpatterns = [
    path("sharing/", sharing_views.page, name="page"),
    path("sharing/<int:line>/", sharing_views.agreement, name="agreement"),
]
