"""Addresses of the drift page and its report."""

from django.urls import path

from monitoring.drift import views

app_name = "drift"
urlpatterns = [
    path("drift/report/", views.report, name="report"),
    path("drift/report/download/", views.download, name="download"),
]
